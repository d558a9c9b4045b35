"""Vectors first; then the members of the ensemble, one beside the other; judged on dev, rows added to the tables."""

from functools import partial
from pathlib import Path

import numpy as np

from course_lib.batching import caption_batches
from course_lib.checkpoint import Checkpoint
from course_lib.datasets.captions import read_folder
from course_lib.datasets.fetch import fetch
from course_lib.machine import about
from course_lib.memory import held_memory_gb
from course_lib.results import FOLDERS
from experiments.captioning.data import Data, TrainingSet, training_set
from experiments.captioning.judge import judge_run
from experiments.captioning.model import load, member_folder, new_captioner, saved_captioner
from experiments.captioning.recipe import PROCESSES, Recipe, is_stored
from experiments.common.runs import in_processes
from experiments.common.training_loop import TrainingLoop, evenly


def train(recipe: Recipe, data: Path | None, features: Path, out: Path, results: Path | None, restart: bool) -> None:
    """Train the members that are not trained yet. data: a folder with photographs and captions; default: Flickr8k.

    results: the table; left out, the stored one for the runs that it holds, else one in `out`.
    """
    results = results or (FOLDERS[0] if data is None and is_stored(recipe) else out) / "flickr8k.csv"
    for member in range(recipe.members):  # another run is refused before work begins
        with Checkpoint.open(member_folder(out, recipe, member), recipe.identity(member), restart):
            pass
    if data is None and is_stored(recipe):
        task = f"flickr8k train{f' --attention {recipe.attention}' if recipe.attention else ''}"
        print(f"{recipe.members} captioners to train{about(task)}, less if some of it is kept.", flush=True)
    given = Data(read_folder(data or fetch("flickr8k")), recipe, features, ("train", "dev"))
    for problem in given.problems:
        print(problem, flush=True)
    made_by = {"data": given.digest, "extractor": given.extractor.identity}
    missing = []
    for member in range(recipe.members):
        identity = recipe.identity(member) | made_by
        with Checkpoint.open(member_folder(out, recipe, member), identity, restart) as checkpoint:
            if not checkpoint.state.get("done"):
                missing.append((member,))
    if missing:
        run = partial(train_member, training_set(given, recipe), recipe, made_by, out, restart)
        in_processes(missing, run, store=lambda *_: None, processes=min(PROCESSES, len(missing)))
    else:
        print(f"{out}: all {recipe.members} captioners are trained. To train them anew: --restart.")
    judge_run(load(recipe, out), given, "dev", out, results)


def train_member(data: TrainingSet, recipe: Recipe, made_by: dict, out: Path, restart: bool, member: int) -> None:
    """Train one captioner, or go on."""
    from course_lib import training

    identity, seed = recipe.identity(member) | made_by, recipe.seed * recipe.members + member
    with Checkpoint.open(member_folder(out, recipe, member), identity, restart) as checkpoint:
        state, shape = checkpoint.state, data.shape[1:]
        for name, value in {"words": data.words, "shape": shape, "features_seconds": data.seconds}.items():
            state.setdefault(name, value)
        state["processes"] = min(PROCESSES, recipe.members)
        loop = TrainingLoop(checkpoint)
        places, rows = data.train
        steps = max(round(recipe.epochs * len(rows) / recipe.batch), 1)
        model = saved_captioner(checkpoint, recipe)
        if model is None:
            training.set_seed(seed)
            model = new_captioner(recipe, shape, len(data.words), recipe.precision)
            training.compile_for_training(
                model, steps, recipe.learning_rate, warm_up=steps // 20, optimizer=recipe.optimizer
            )
        judged = new_captioner(recipe, shape, len(data.words))  # in 32 bits
        dev_vectors, dev_rows = np.asarray(data.features[data.dev[0]]), data.dev[1]
        training.set_seed(seed + 1000 * state["step"])
        batches = caption_batches(
            data.features, places, rows, recipe.batch, seed + 1000 * state["step"], recipe.captions_per_image
        )

        def dev(stop, loss):
            judged.set_weights(model.get_weights())
            state["memory_gb"] = max(state.get("memory_gb", 0.0), held_memory_gb())
            nats = training.teacher_forced_nats(judged, dev_vectors, dev_rows)
            print(f"member {member}, step {stop} of {steps}: {nats:.3f} nats on dev", flush=True)
            return {"train_loss": round(loss, 4), "dev_nats": round(nats, 4)}

        loop.run(model, batches, evenly(steps, 10), dev)

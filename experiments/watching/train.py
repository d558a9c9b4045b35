"""Rows of the frames first; then settings, chosen on groups that are held out; then the network, on all clips."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from course_lib.checkpoint import Checkpoint
from course_lib.errors import CourseError
from course_lib.memory import held_memory_gb
from experiments.common.training_loop import TrainingLoop, evenly
from experiments.watching.data import Footage, read_listed
from experiments.watching.model import log_probabilities, new_network, saved_network
from experiments.watching.recipe import RIVALS, Choice, Recipe


def train(
    recipe: Recipe, folder: Path, listed: str | None, features: Path, out: Path, alone: bool, restart: bool
) -> None:
    """Train a network and its rivals, in the same way, if they are not trained yet. alone: no rivals.

    folder: with a folder of clips for each class; listed: the list of the clips to train on, else the folder's own,
    else three quarters of its groups. What an earlier process has done is not repeated. CourseError if there is one
    class only.
    """
    clips, names = read_listed(folder, listed, "train")
    kinds = {name.split("/")[0] for name in names}
    footage = Footage(clips, names, recipe, features, [kind for kind in clips.classes if kind in kinds])
    for problem in footage.problems + footage.lonely():
        print(problem, flush=True)
    if len(footage.classes) < 2:
        raise CourseError(f"{folder} has clips of one class only, {footage.classes[0]}: expected two or more.")
    print(f"{len(footage)} clips of {len(set(footage.groups))} groups, {len(footage.classes)} classes.", flush=True)
    readers = [recipe.reader, *(() if alone else (name for name in RIVALS if name != recipe.reader))]
    for reader in readers:
        train_reader(replace(recipe, reader=reader), footage, out / reader, restart)


def train_reader(recipe: Recipe, footage: Footage, folder: Path, restart: bool) -> None:
    """Choose rate and updates on groups held out, if they are not given; then train on all clips, or go on."""
    identity = asdict(recipe) | {"data": footage.digest}
    everything = np.arange(len(footage))
    with Checkpoint.open(folder, identity, restart) as checkpoint:
        state = checkpoint.state
        if state.get("done"):
            print(f"{folder} is trained. To train it anew: --restart.", flush=True)
            return
        choice, trials = recipe.trials()[0], state.get("trials", [])
        if not trials and len(recipe.trials()) > 1:
            out = footage.held_out(recipe.held_out, recipe.seed)
            for one in recipe.trials():
                with Checkpoint.open(folder / "-".join(["trial", *map(str, one)]), identity, restart) as trial:
                    learn(recipe, one, footage, np.flatnonzero(~out), trial, np.flatnonzero(out))
                    trials.append(one._asdict() | trial.state["curve"][-1])
        if trials:
            best = min(trials, key=lambda trial: trial["held_out_nats"])
            choice = Choice(*(best[name] for name in Choice._fields))
            print(
                f"{recipe.reader}: chosen: {choice.vectors}, rate {choice.rate}, {choice.updates} updates.", flush=True
            )
        told = {
            "trials": trials, "choice": choice, "classes": footage.classes, "extractor": footage.extractor.identity,
            "home": str(footage.home.resolve()), "groups": sorted(set(footage.groups)),
            "digests": sorted(set(footage.digests)), "counts": np.bincount(footage.labels, minlength=2).tolist(),
        }  # fmt: skip
        for name, value in told.items():
            state.setdefault(name, value)
        learn(recipe, choice, footage, everything, checkpoint)


def learn(recipe: Recipe, choice: Choice, footage: Footage, chosen, checkpoint: Checkpoint, judged=None) -> None:
    """Train on some clips (n,), or go on; judged: others, whose nats and accuracy are points of the curve."""
    from course_lib import training
    from course_lib.backend import keras

    loop, state, updates = TrainingLoop(checkpoint), checkpoint.state, choice.updates
    if state["done"]:
        return
    network = saved_network(checkpoint)
    if network is None:
        training.set_seed(recipe.seed)
        network = new_network(recipe, choice.vectors, footage, chosen)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        training.compile_for_training(network, updates, choice.rate, warm_up=updates // 20, loss=loss)
    seed = recipe.seed + 1000 * state["step"]
    training.set_seed(seed)
    name = f"{recipe.reader}, {choice.vectors}, rate {choice.rate}, {updates} updates"

    def judge(stop, loss):
        state["memory_gb"] = max(state.get("memory_gb", 0.0), held_memory_gb())
        point = {"train_loss": round(loss, 4)}
        if judged is not None:
            log_p = np.concatenate([log_probabilities(network, footage.read(some)) for some in footage.parts(judged)])
            own = log_p[np.arange(len(judged)), footage.labels[judged]]
            right = (log_p.argmax(axis=-1) == footage.labels[judged]).mean()
            point |= {"held_out_nats": round(float(-own.mean()), 4), "held_out_accuracy": round(float(right), 4)}
        if stop == updates:
            said = "".join(f", {key.replace('_', ' ')} {value:.3f}" for key, value in point.items())
            print(f"{name}: {loop.seconds:.0f} s{said}", flush=True)
        return point

    loop.run(network, footage.batches(chosen, recipe.batch, seed), evenly(updates, 5), judge, name=name)

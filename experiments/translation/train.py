"""Both networks trained side by side, each in a process and a folder of its own, and judged; then the tables."""

import hashlib
import itertools
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

from course_lib import metrics, tables
from course_lib.batching import pair_batches
from course_lib.checkpoint import Checkpoint
from course_lib.datasets.fetch import fetch
from course_lib.datasets.plain_text import read_text
from course_lib.errors import CourseError
from course_lib.machine import about
from course_lib.memory import peak_memory_gb
from course_lib.results import FOLDERS
from experiments.common import provenance
from experiments.common.runs import in_processes
from experiments.common.training_loop import TrainingLoop, evenly
from experiments.translation import data as pairs_of
from experiments.translation.data import Data
from experiments.translation.recipe import NETWORKS, Recipe
from experiments.translation.translator import SubwordTranslator, saved_model

BEAMS = 1, 5


def train(recipe: Recipe, pairs: Path | None, out: Path, results: Path | None, restart: bool) -> None:
    """Train what is not trained yet. pairs: a file with a pair a line; left out, Tatoeba's.

    results: the table; left out, the stored one for the run that it holds, else one in `out`.
    """
    stored = pairs is None and recipe == Recipe()
    results = results or (FOLDERS[0] if stored else out) / "translate.csv"
    path = pairs or fetch("spa-eng")
    made_by = asdict(recipe) | {"pairs": hashlib.sha256(read_text(path).encode()).hexdigest()}
    identities = {name: made_by | {"attention": attention} for name, attention in NETWORKS.items()}
    missing = []
    for name, identity in identities.items():
        with Checkpoint.open(out / name, identity, restart) as checkpoint:  # another run is refused before work begins
            if "rows" not in checkpoint.state:
                missing.append((name,))
    if missing:
        if stored:
            print(f"{out}: {len(missing)} of {len(NETWORKS)} networks to train{about('translate train')}.", flush=True)
        data = pairs_of.read(path, recipe, out, ours=pairs is None)
        for problem in data.problems:
            print(f"{path}: {problem}; left out.", flush=True)
        run = partial(train_network, data, recipe, identities, out, restart)
        in_processes(missing, run, store=lambda *_: None, processes=len(missing))
    else:
        print(f"{out}: both networks are trained and judged. To train them anew: --restart.")
    write_tables(out, results, recipe.seed)


def train_network(data: Data, recipe: Recipe, identities: dict, out: Path, restart: bool, name: str) -> None:
    """Train one network, or go on; its rows of the tables are kept with it."""
    from course_lib import training

    with Checkpoint.open(out / name, identities[name], restart) as checkpoint:
        state = checkpoint.state
        if state.setdefault("subwords", data.names) != data.names:
            raise CourseError(
                f"{out / name} was begun with other pieces (another version of sentencepiece): bring it back, or begin "
                "anew with --restart."
            )
        model = saved_model(checkpoint)
        if model is None:
            training.set_seed(recipe.seed)
            model = new_model(recipe, data, NETWORKS[name])
        loop, cpu_before = TrainingLoop(checkpoint), state.get("cpu_seconds", 0.0) - time.process_time()

        def count_cpu():
            state["cpu_seconds"] = cpu_before + time.process_time()

        def dev(stop, loss):
            count_cpu()
            nats = training.teacher_forced_nats(model, *data.dev)
            print(f"{name}, step {stop} of {recipe.steps}: {nats:.3f} nats on dev", flush=True)
            return {"train_nats": round(loss, 4), "dev_nats": round(nats, 4)}

        training.set_seed(recipe.seed + state["step"])
        batches = itertools.islice(pair_batches(*data.train, recipe.batch, recipe.seed), state["step"], None)
        loop.run(model, batches, evenly(recipe.steps, 20), dev, before_step=count_cpu)
        head = {
            "attention": NETWORKS[name] or "", "parameters": model.count_params(), "steps": state["step"],
            "epochs": round(state["step"] * recipe.batch / len(data.train[0]), 2),
            "train_seconds": round(state["seconds"], 1), "train_cpu_seconds": round(state["cpu_seconds"], 1),
        }  # fmt: skip
        translate = SubwordTranslator(model, data.source, data.target)
        state["rows"] = [head | judge(translate, data.test, beam) for beam in BEAMS]
        said = [best.sentence for best in translate(list(data.examples), 5)]
        state["examples"] = [
            {"source": source, "reference": reference, name: sentence}
            for (source, reference), sentence in zip(data.examples.items(), said, strict=True)
        ]
        checkpoint.save(model)


def new_model(recipe: Recipe, data: Data, attention: str | None):
    """A network of the recipe's sizes, compiled."""
    from course_lib import training
    from course_lib.models.encoder_decoder import encoder_decoder

    words = len(data.source.vocabulary), len(data.target.vocabulary)
    model = encoder_decoder(
        *words, attention=attention, embedding=recipe.embedding, encoder_units=recipe.encoder_units,
        units=recipe.units, dropout=recipe.dropout,
    )  # fmt: skip
    training.compile_for_training(
        model, recipe.steps, recipe.learning_rate, warm_up=recipe.steps // 20, optimizer=recipe.optimizer
    )
    return model


def judge(translate: SubwordTranslator, test: dict[str, list[str]], beam: int) -> dict:
    """BLEU on the test part {source: its translations}: of all, and by thirds of the sources' lengths."""
    begun, lengths = time.monotonic(), np.array([len(source.split()) for source in test])
    hypotheses = [best.sentence for best in translate(list(test), beam)]
    seconds, given = time.monotonic() - begun, list(test.values())
    score, signature = metrics.bleu(hypotheses, given)
    parts = metrics.bleu_by_length(hypotheses, given, lengths)
    return (
        {"beam": beam, "bleu": round(score, 2)}
        | {f"bleu_{name}": round(part, 2) for name, part in parts.items()}
        | {f"words_{name}": round(float(lengths[part].mean()), 1) for name, part in metrics.thirds(lengths).items()}
        | {"sentences": len(test), "search_seconds": round(seconds, 1)}
        | {"memory_gb": round(peak_memory_gb(), 2), "signature": signature}
    )


def write_tables(out: Path, results: Path, seed: int) -> None:
    """What both networks reach, and beside it what they say of the examples."""
    states = [Checkpoint.read(out / name).state for name in NETWORKS]
    rows = [{"seed": seed} | row for state in states for row in state["rows"]]
    made_by = "experiments.translation.train:train"
    provenance.store(results, rows, ["seed", "attention", "beam"], made_by)
    both = [
        {"seed": seed} | without | with_
        for without, with_ in zip(*(state["examples"] for state in states), strict=True)
    ]
    provenance.store(results.with_name(f"{results.stem}_examples.csv"), both, ["seed"], made_by)
    print(f"{results}: written.")
    tables.print_table(["attention", "beam", "BLEU", "long"],
                       [(r["attention"], r["beam"], r["bleu"], r["bleu_long"]) for r in rows])  # fmt: skip

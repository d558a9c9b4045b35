"""Lesson 01's model, a character at a time, on any UTF-8 text file; on Tiny Shakespeare if none is given.

    python -m experiments.language_model --text FILE      about 4 minutes on two cores
    python -m experiments.language_model --steps 300      a first look

Trains on the first 90 % of the text; prints nats per character over the whole last 10 %, and samples. The run is kept
in --out and goes on there after an interruption: give the same command again.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np

from course_lib import tables
from course_lib.checkpoint import Checkpoint
from course_lib.datasets.fetch import fetch
from course_lib.datasets.plain_text import read_text, split
from course_lib.errors import CourseError
from course_lib.machine import about
from course_lib.text import Vocabulary
from experiments.common import provenance
from experiments.common.command_line import CommandLine
from experiments.common.training_loop import TrainingLoop

BATCH, LENGTH, HIDDEN = 32, 100, 256
SHORTEST = 200


def random_windows(ids: np.ndarray, step: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The batch of a step: BATCH windows of LENGTH tokens from anywhere, and the tokens that follow."""
    length = min(LENGTH, len(ids) - 1)
    starts = np.random.default_rng([seed, step]).integers(0, len(ids) - length, size=(BATCH, 1))
    places = starts + np.arange(length)
    return ids[places], ids[places + 1]


def held_out_nats(model, ids: np.ndarray) -> float:
    """Mean cross-entropy over all of a held-out text, nats per token."""
    from course_lib import training

    return float(-training.stream_log_probabilities(model, ids, rows=20).mean())


def train(text: Path | None, steps: int, seed: int, out: Path | None, restart: bool, results: Path | None) -> None:
    """Train to the end; four points on the way: step, seconds, held-out nats, a sample."""
    if steps < 1:
        raise CourseError(f"--steps is {steps}: expected 1 or more.")
    path = text or fetch("shakespeare")
    content = read_text(path)
    if len(content) < SHORTEST:
        raise CourseError(f"{path} has {len(content)} characters: expected at least {SHORTEST} to learn from.")
    identity = {"text": hashlib.sha256(content.encode()).hexdigest(), "steps": steps, "hidden": HIDDEN, "seed": seed}
    with Checkpoint.open(out or Path("runs") / path.stem, identity, restart) as checkpoint:
        left = steps - checkpoint.state.get("step", 0)
        print(f"{checkpoint.folder}: {left} of {steps} updates left{about('language_model', left)}.", flush=True)
        curve = curve_of(TrainingLoop(checkpoint), content, steps, seed)
    if results:
        rows = [{"seed": seed} | point for point in curve]
        order = tables.by_columns("seed", "step")
        provenance.store(results, rows, ["seed"], "experiments.language_model:train", order=order)
    print(f"finished: {curve[-1]['held_out_nats']:.4f} nats per held-out character. The run is in {checkpoint.folder}.")


def curve_of(loop: TrainingLoop, text: str, steps: int, seed: int) -> list[dict]:
    """Train, or go on, and judge -> the points."""
    from course_lib import training
    from course_lib.decoding import TextGenerator
    from course_lib.models.language_model import rnn_language_model

    vocabulary = Vocabulary.from_texts([text])
    train_ids, held_out = (np.array(vocabulary.encode(part), np.int32) for part in split(text))
    model = loop.checkpoint.model()
    if model is None:
        training.set_seed(seed)
        model = rnn_language_model(len(vocabulary), embedding=64, hidden=HIDDEN)
        training.compile_for_training(model, steps, learning_rate=2e-3)
    generate, prompt = TextGenerator(model, vocabulary), text[: text.find("\n") + 1] or text[:1]

    def judge(step, _):
        sample = "".join(*generate([prompt], 300, temperature=0.8, stop=None, seed=step))
        nats = held_out_nats(model, held_out)
        print(f"\nstep {step}: {nats:.3f} nats per held-out character\n{sample}\n", flush=True)
        return {"held_out_nats": round(nats, 4), "sample": sample}

    windows = (random_windows(train_ids, step, seed) for step in range(loop.state["step"], steps))
    loop.run(model, windows, sorted({0, steps // 20, steps // 4, steps}), judge)
    return loop.state["curve"]


def main(arguments=None) -> int:
    """The command line."""
    line = CommandLine(__doc__, train)
    line.option("--text", type=Path, help="a UTF-8 text file (default: Tiny Shakespeare)")
    line.option("--steps", type=int, default=3000)
    line.option("--seed", type=int, default=0)
    line.out(help="the run's folder (default: runs/NAME of the text)")
    line.restart()
    line.results(help="add the points to that table, too")
    return line.run(arguments)


if __name__ == "__main__":
    sys.exit(main())

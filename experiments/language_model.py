"""Lesson 01's model, a character at a time, on any UTF-8 text file; on Tiny Shakespeare if none is given.

    python -m experiments.language_model --text FILE      about 4 minutes on two cores
    python -m experiments.language_model --steps 300      a first look

Trains on the first 90 % of the text; prints nats per character over the whole last 10 %, and samples. The run is kept
in --out and goes on there after an interruption: give the same command again.
"""

import argparse
import hashlib
import sys
import time
from pathlib import Path

import numpy as np

from course_lib import tables
from course_lib.checkpoint import Checkpoint, stoppable
from course_lib.datasets.fetch import fetch
from course_lib.datasets.plain_text import read_text, split
from course_lib.errors import CourseError
from course_lib.text import Vocabulary

BATCH, LENGTH, HIDDEN, SEED = 32, 100, 256, 0
SAVE_EVERY_S = 20
SHORTEST = 200


def random_windows(ids: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
    """The batch of a step: BATCH windows of LENGTH tokens from anywhere, and the tokens that follow."""
    length = min(LENGTH, len(ids) - 1)
    starts = np.random.default_rng([SEED, step]).integers(0, len(ids) - length, size=(BATCH, 1))
    places = starts + np.arange(length)
    return ids[places], ids[places + 1]


def held_out_nats(model, ids: np.ndarray) -> float:
    """Mean cross-entropy over all of a held-out text, nats per token."""
    from course_lib import training

    return float(-training.stream_log_probabilities(model, ids, rows=20).mean())


def begin(folder: Path, text: str, steps: int, restart: bool = False) -> Checkpoint:
    """The run in a folder, as far as it has come: at step 0 if it is new."""
    identity = {"text": hashlib.sha256(text.encode()).hexdigest(), "steps": steps, "hidden": HIDDEN}
    run = Checkpoint(folder, identity, restart)
    run.state = {"step": 0, "seconds": 0.0, "log": []} | run.state
    return run


def model_of(run: Checkpoint, vocabulary_size: int):
    """The model where the run stands: loaded, or new."""
    from course_lib import training
    from course_lib.models.language_model import rnn_language_model

    if model := run.model():
        return model
    training.set_seed(SEED)
    model = rnn_language_model(vocabulary_size, embedding=64, hidden=HIDDEN)
    training.compile_for_training(model, run.state["steps"], learning_rate=2e-3)
    return model


def train(run: Checkpoint, text: str) -> list[dict]:
    """Train to the end; four entries of log on the way: step, seconds of training, held-out nats, a sample."""
    from course_lib import training
    from course_lib.decoding import TextGenerator

    vocabulary = Vocabulary.from_texts([text])
    train_ids, held_ids = (np.array(vocabulary.encode(part), np.int32) for part in split(text))
    model, steps = model_of(run, len(vocabulary)), run.state["steps"]
    writer, prompt = TextGenerator(model, vocabulary), text[: text.find("\n") + 1] or text[:1]
    stops = sorted({0, steps // 20, steps // 4, steps})
    saved = last = time.monotonic()

    def report():
        (written,) = writer([prompt], 300, temperature=0.8, stop=None, seed=run.state["step"])
        sample = "".join(written)
        entry = {
            "step": run.state["step"],
            "seconds": run.state["seconds"],
            "held_out_nats": held_out_nats(model, held_ids),
        }
        run.state["log"].append(entry | {"sample": sample})
        print(
            f"\nstep {entry['step']}: {entry['held_out_nats']:.3f} nats per held-out character\n{sample}\n", flush=True
        )

    try:
        windows = (random_windows(train_ids, step) for step in range(run.state["step"], steps))
        with stoppable(windows) as batches:
            while True:
                reported = [entry["step"] for entry in run.state["log"]]
                if run.state["step"] in stops and run.state["step"] not in reported:
                    report()
                    run.save(model)
                if run.state["step"] == steps:
                    return run.state["log"]
                # In short stretches, so that what is learned is saved between them.
                stretch = min(50, min(stop for stop in stops if stop > run.state["step"]) - run.state["step"])
                last = time.monotonic()
                training.fit(model, batches, stretch, f"step {run.state['step']} of {steps}")
                run.state["step"] += stretch
                run.state["seconds"] += time.monotonic() - last
                if time.monotonic() - saved > SAVE_EVERY_S:
                    run.save(model)
                    saved = time.monotonic()
    except KeyboardInterrupt:
        raise CourseError(
            f"stopped at about step {run.state['step']} of {steps}; what was saved last is in {run.folder}. "
            "Give the same command to go on."
        ) from None


def main(arguments=None) -> int:
    """The command line. Returns 0, or 1 with one sentence about what to mend."""
    parser = argparse.ArgumentParser(prog="python -m experiments.language_model", description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, help="a UTF-8 text file (default: Tiny Shakespeare)")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--out", type=Path, help="the run's folder (default: runs/NAME of the text)")
    parser.add_argument("--restart", action="store_true", help="begin anew, whatever is in the folder")
    parser.add_argument("--results", type=Path, help="write the log there as CSV, too")
    options = parser.parse_args(arguments)
    try:
        if options.steps < 1:
            raise CourseError(f"--steps is {options.steps}: expected 1 or more.")
        path = options.text or fetch("shakespeare")
        text = read_text(path)
        if len(text) < SHORTEST:
            raise CourseError(f"{path} has {len(text)} characters: expected at least {SHORTEST} to learn from.")
        folder = options.out or Path("runs") / path.stem
        log = train(begin(folder, text, options.steps, options.restart), text)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    if options.results:
        rounded = {"seconds": 1, "held_out_nats": 4}
        tables.write(options.results, [row | {k: round(row[k], n) for k, n in rounded.items()} for row in log])
    print(f"finished: {log[-1]['held_out_nats']:.4f} nats per held-out character. The run is in {folder}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

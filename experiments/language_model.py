"""Lesson 01's model, a character at a time, on any UTF-8 text file; on Tiny Shakespeare if none is given.

    python -m experiments.language_model --text FILE      about 4 minutes on two cores
    python -m experiments.language_model --steps 300      a first look

Trains on the first 90 % of the text; prints nats per character over the whole last 10 %, and samples. The run is kept
in --out and goes on there after an interruption: give the same command again.
"""

import argparse
import csv
import hashlib
import json
import sys
import time
from pathlib import Path

import numpy as np

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
    """Mean cross-entropy over all of a held-out text, nats per token; read in up to 20 rows, the state never reset."""
    from course_lib import training
    from course_lib.metrics import log_p_of_targets

    rows = max(1, min(20, (len(ids) - 1) // 100))
    length = (len(ids) - 1) // rows
    inputs, targets = ids[: rows * length].reshape(rows, length), ids[1 : rows * length + 1].reshape(rows, length)
    return float(-log_p_of_targets(training.scores(model, inputs), targets).mean())


class Run:
    """A training run in a folder: the model with its optimizer, and a log. Saved as a whole or not at all."""

    def __init__(self, folder: Path, text: str, steps: int, restart: bool):
        self.folder, self.steps = folder, steps
        self.identity = {"text": hashlib.sha256(text.encode()).hexdigest(), "steps": steps, "hidden": HIDDEN}
        self.state = {"step": 0, "seconds": 0.0, "log": []} | self.identity
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "write_test").touch()
            (folder / "write_test").unlink()
        except OSError as error:
            raise CourseError(f"cannot write to {folder} ({error.strerror}): give another folder with --out.") from None
        if (folder / "state.json").is_file() and not restart:
            saved = json.loads((folder / "state.json").read_text(encoding="utf-8"))
            if any(saved.get(key) != value for key, value in self.identity.items()):
                raise CourseError(
                    f"{folder} holds a run on another text or of other length: give another folder with --out, "
                    "or --restart to write over it."
                )
            self.state = saved

    def model(self, vocabulary_size: int):
        """The model where the run stands: loaded, or new."""
        from course_lib import training
        from course_lib.models.language_model import rnn_language_model

        if self.state["step"]:
            return training.keras.models.load_model(self.folder / self.state["model"])
        training.set_seed(SEED)
        model = rnn_language_model(vocabulary_size, embedding=64, hidden=HIDDEN)
        training.compile_for_training(model, self.steps, learning_rate=2e-3)
        return model

    def save(self, model) -> None:
        """Keep where the run stands. state.json is replaced last and names its model, so both always fit."""
        old, name = self.state.get("model"), f"step-{self.state['step']}.keras"
        temporary = self.folder / "state.tmp"
        try:
            model.save(self.folder / name)
            temporary.write_text(json.dumps(self.state | {"model": name}, indent=1), encoding="utf-8")
            temporary.replace(self.folder / "state.json")
        except OSError as error:
            if old != name:
                (self.folder / name).unlink(missing_ok=True)
            raise CourseError(
                f"cannot save to {self.folder} ({error.strerror or error}): make room there and give the same command "
                "again. What was saved before is kept."
            ) from None
        self.state["model"] = name
        if old and old != name:
            (self.folder / old).unlink(missing_ok=True)


def train(run: Run, text: str) -> list[dict]:
    """Train to the end; four entries of log on the way: step, seconds of training, held-out nats, a sample."""
    from course_lib import training
    from course_lib.decoding import generate

    vocabulary = Vocabulary.from_texts([text])
    train_ids, held_ids = (np.array(vocabulary.encode(part), np.int32) for part in split(text))
    model = run.model(len(vocabulary))
    stops = sorted({0, run.steps // 20, run.steps // 4, run.steps})
    saved = last = time.monotonic()

    def report():
        prompt = vocabulary.encode(text[: text.find("\n") + 1] or text[:1])
        ids = generate(model, prompt, 300, temperature=0.8, forbid=range(4), seed=run.state["step"])
        sample = "".join(vocabulary.decode(ids[0]))
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
        batches = (random_windows(train_ids, step) for step in range(run.state["step"], run.steps))
        while True:
            if run.state["step"] in stops and run.state["step"] not in [entry["step"] for entry in run.state["log"]]:
                report()
                run.save(model)
            if run.state["step"] == run.steps:
                return run.state["log"]
            # In short stretches, so that what is learned is saved between them.
            stretch = min(50, min(stop for stop in stops if stop > run.state["step"]) - run.state["step"])
            last = time.monotonic()
            training.fit(model, batches, stretch, f"step {run.state['step']} of {run.steps}")
            run.state["step"] += stretch
            run.state["seconds"] += time.monotonic() - last
            if time.monotonic() - saved > SAVE_EVERY_S:
                run.save(model)
                saved = time.monotonic()
    except KeyboardInterrupt:
        raise CourseError(
            f"stopped at about step {run.state['step']} of {run.steps}; what was saved last is in {run.folder}. "
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
        log = train(Run(folder, text, options.steps, options.restart), text)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    if options.results:
        with open(options.results, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(log[0]), lineterminator="\n")
            writer.writeheader()
            rows = [
                row | {"seconds": round(row["seconds"], 1), "held_out_nats": round(row["held_out_nats"], 4)}
                for row in log
            ]
            writer.writerows(rows)
    print(f"finished: {log[-1]['held_out_nats']:.4f} nats per held-out character. The run is in {folder}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

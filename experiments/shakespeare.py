"""Tiny Shakespeare, character by character, within a time budget: an LSTM whose memory goes on from batch to batch.

    python -m experiments.shakespeare --budget-seconds 160          about 3 minutes
    python -m experiments.shakespeare --budget-seconds 160 --tune   the same, judged on the part between 80 and 90 %

nanoGPT's split: the first 90 % of the text trains; the last 10 % is held out and looked at once, at the end. Settings
are chosen with --tune, which trains on the first 80 % and never touches the last 10 %. The budget counts everything
after import: reading, building, training, samples, checkpoints, and judging the whole held-out part.

The run is kept in --out and goes on there after an interruption, even a kill: give the same command again.
"""

import argparse
import hashlib
import itertools
import math
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from course_lib import tables
from course_lib.batching import stream_batches
from course_lib.checkpoint import Checkpoint, stoppable
from course_lib.datasets.fetch import fetch
from course_lib.datasets.plain_text import read_text
from course_lib.errors import CourseError
from course_lib.text import Vocabulary, tokenize
from experiments.jobs import read_settings

STAGES = (0.0, 1 / 32, 1 / 8, 1 / 3, 1.0)  # shares of the budget at which it writes
INTERVALS = 10  # how often a run is saved
SAMPLE_LENGTH, SAMPLES = 300, 64


@dataclass(frozen=True)
class Recipe:
    """The settings of a run."""

    hidden: int = 320
    embedding: int = 64
    batch: int = 48
    length: int = 64
    learning_rate: float = 1.2e-2
    warm_up: float = 0.03  # share of the budget in which the rate rises; then it falls to zero in a line
    optimizer: str = "muon"
    ns_steps: int = 4  # of Muon: two fewer, a tenth more steps in the time
    forget: float = 1.0  # the bias of the forget gates at the start; above 8, the longest memory of a chrono start
    dropout: float = 0.15
    clip: float = 1.0
    seed: int = 0

    def rate(self, share: float) -> float:
        """The learning rate when `share` of the budget is spent."""
        return self.learning_rate * max(min(share / self.warm_up, (1 - share) / (1 - self.warm_up)), 0.01)


class Parts:
    """The text as ids: what trains, and what judges (the last 10 %, or with `tune` what stands before it)."""

    def __init__(self, text: str, tune: bool, recipe: Recipe):
        n = len(text)
        begin, end = (int(0.8 * n), int(0.9 * n)) if tune else (int(0.9 * n), n)
        self.vocabulary = Vocabulary.from_texts([text])
        ids = np.array(self.vocabulary.encode(text), np.int32)
        self.train, self.judge = ids[:begin], ids[begin - 1 : end]  # one to read before the first to judge
        self.words = set(tokenize(text[:begin]))
        self.prompt = text[: recipe.length]
        self.recipe = recipe
        next(self.batches(0))  # a text shorter than a batch is refused at once

    def batches(self, step: int):
        """The batches from this step on."""
        r = self.recipe
        epoch = (len(self.train) - 1) // r.batch // r.length  # how many there are before they begin again
        return itertools.islice(stream_batches(self.train, r.batch, r.length), step % max(epoch, 1), None)


class Run:
    """A run on the clock. `spent_s` goes on where an interrupted run was saved."""

    def __init__(self, checkpoint: Checkpoint, parts: Parts, recipe: Recipe, budget_s: float, started: float):
        from course_lib import training
        from course_lib.decoding import TextGenerator
        from course_lib.models.language_model import stateful

        self.checkpoint, self.parts, self.recipe, self.budget_s = checkpoint, parts, recipe, budget_s
        self.state = checkpoint.state
        for name, value in {"step": 0, "spent_s": 0.0, "reserve_s": 0.0, "curve": [], "stages": []}.items():
            self.state.setdefault(name, value)
        self._before_s = self.state["spent_s"] - started  # spent_s = now + this
        self.model = checkpoint.model()
        if self.model is None:
            self.model = self._new_model()
        # The model reads and writes texts of its own; its twin trains, and carries its memory from batch to batch.
        self.trained = stateful(self.model, recipe.batch)
        self.trained.compile(loss=self.model.loss, optimizer=self.model.optimizer)
        self.writer = TextGenerator(self.model, parts.vocabulary)
        self.batches = parts.batches(self.state["step"])  # after an interruption, the memory begins empty
        training.set_seed(recipe.seed + self.state["step"])

    def _new_model(self):
        from course_lib import training
        from course_lib.cells import ChronoBias, ForgetBias, LSTMCell
        from course_lib.models.language_model import language_model

        r = self.recipe
        training.set_seed(r.seed)
        bias = ChronoBias(r.forget) if r.forget > 8 else ForgetBias(r.forget)
        cell = LSTMCell(r.hidden, bias_initializer=bias)
        model = language_model(len(self.parts.vocabulary), cell, r.embedding, r.dropout)
        training.compile_for_training(
            model, steps=None, learning_rate=r.learning_rate, clip=r.clip, optimizer=r.optimizer, ns_steps=r.ns_steps
        )
        return model

    @property
    def spent_s(self) -> float:
        """Seconds since the import, those before an interruption included."""
        return time.monotonic() + self._before_s

    def train(self) -> None:
        """Until the budget is spent but for what judging will take."""
        with stoppable(self.batches) as batches:
            self._train(batches)

    def _train(self, batches) -> None:
        from course_lib import training

        losses, shown_s, bar = [], self.spent_s, training.progress(None, round(self.budget_s), "seconds")
        saved = math.floor(self.spent_s / self.budget_s * INTERVALS)
        while True:
            share = self.spent_s / (self.budget_s - self.state["reserve_s"])
            if len(self.state["stages"]) < len(STAGES) - 1 and share >= STAGES[len(self.state["stages"])]:
                self._stage(losses)
            if share >= 1:
                break
            self.trained.optimizer.learning_rate = self.recipe.rate(share)
            losses.append(float(self.trained.train_on_batch(*next(batches))))
            self.trained.reset_metrics()
            self.state["step"] += 1
            if math.floor(share * INTERVALS) > saved:
                saved = math.floor(share * INTERVALS)
                losses = self._save(losses)
            if self.spent_s - shown_s > 1:
                bar.update(round(self.spent_s - shown_s))
                bar.set_postfix_str(f"loss {losses[-1]:.3f}" if losses else "")
                shown_s = self.spent_s
        bar.close()
        self._save(losses)

    def _save(self, losses):
        """Keep the run; the loss since the last time goes into the curve."""
        if losses:
            mean = float(np.mean(losses))
            if not np.isfinite(mean):
                raise CourseError(f"the loss is {mean} after {self.state['step']} steps: lower the learning rate.")
            point = {"step": self.state["step"], "seconds": round(self.spent_s, 1), "train_nats": round(mean, 4)}
            if not self.state["reserve_s"]:
                self._rehearse()
            self.state["curve"].append(point)
        self.state["spent_s"] = self.spent_s
        self.checkpoint.save(self.model)
        return []

    def _rehearse(self):
        """Time the judging on an eighth of as much training text, and keep that much of the budget for it."""
        for _ in range(2):  # the first time it is compiled, too
            begun = time.monotonic()
            self.nats(self.parts.train[: len(self.parts.judge) // 8])
        self.state["reserve_s"] = 1.5 + 10 * (time.monotonic() - begun)  # and for the last sample and save

    def _stage(self, losses):
        """Let it write: one sample to show, and the share of words in all of them that occur in the training text."""
        texts = self.writer([self.parts.prompt] * SAMPLES, SAMPLE_LENGTH, stop=None, seed=self.recipe.seed)
        words = [word for text in texts for word in tokenize("".join(text))[1:-1] if word.isalpha()]
        self.state["stages"].append(
            {
                "share": STAGES[len(self.state["stages"])],
                "seconds": round(self.spent_s, 1),
                "words": round(float(np.mean([word in self.parts.words for word in words] or [0])), 4),
                "sample": "".join(texts[0]),
            }
        )

    def nats(self, ids) -> float:
        """Mean cross-entropy over a whole part, nats per character."""
        from course_lib import training

        return float(-training.stream_log_probabilities(self.model, ids).mean())

    def finish(self) -> dict:
        """Judge, once, and write the last sample: the result as one row."""
        nats = self.nats(self.parts.judge)
        self._stage([])
        row = {
            "nats": round(nats, 4),
            "seconds": round(self.spent_s, 1),
            "steps": self.state["step"],
            "epochs": round(self.state["step"] * self.recipe.batch * self.recipe.length / len(self.parts.train), 2),
            "parameters": self.model.count_params(),
        }
        self.state["result"] = row
        self.checkpoint.save(self.model)
        return row


def settings(given: list[str]) -> dict:
    """NAME=VALUE pairs as settings of the recipe, each of its own type."""
    result = read_settings(Recipe, given)
    for name, value in result.items():
        if name in ("hidden", "embedding", "batch", "length") and value < 1:
            raise CourseError(f"--set {name}={value}: expected 1 or more.")
        if name == "warm_up" and not 0 < value < 1:
            raise CourseError(f"--set {name}={value}: expected a share of the budget between 0 and 1.")
    return result


def store(path: Path, head: dict, rows: list[dict]) -> None:
    """Put a run's rows into a table, in the place of those it has of the same run (the columns of `head`)."""
    there = [row for row in tables.read_rows(path) if any(row[k] != str(v) for k, v in head.items())]
    tables.write(path, [*there, *(head | row for row in rows)])


def main(arguments=None) -> int:
    """The command line. Returns 0, or 1 with one sentence about what to mend."""
    from course_lib import tables, training  # noqa: F401 - imported before the clock starts

    started = time.monotonic()
    parser = argparse.ArgumentParser(prog="python -m experiments.shakespeare", description=__doc__.splitlines()[0])
    parser.add_argument("--budget-seconds", type=float, default=160.0)
    parser.add_argument("--tune", action="store_true", help="train on the first 80 %%, judge on the part up to 90 %%")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--text", type=Path, help="another UTF-8 text (default: Tiny Shakespeare)")
    parser.add_argument("--out", type=Path, help="the run's folder (default: runs/shakespeare-…)")
    parser.add_argument("--restart", action="store_true", help="begin anew, whatever is in the folder")
    parser.add_argument("--results", type=Path, help="a folder: add the result, curve and stages to its tables")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="another setting of the recipe"
    )
    options = parser.parse_args(arguments)
    part = "tune" if options.tune else "final"
    try:
        recipe = Recipe(seed=options.seed, **settings(options.set))
        if not options.budget_seconds >= 5:
            raise CourseError(f"--budget-seconds is {options.budget_seconds:g}: expected 5 or more.")
        text = read_text(options.text or fetch("shakespeare"))
        parts = Parts(text, options.tune, recipe)
        folder = options.out or Path("runs") / f"shakespeare-{part}-{options.budget_seconds:g}s-seed{options.seed}"
        identity = asdict(recipe) | {
            "text": hashlib.sha256(text.encode()).hexdigest(), "part": part, "budget_s": options.budget_seconds,
        }  # fmt: skip
        run = Run(Checkpoint(folder, identity, options.restart), parts, recipe, options.budget_seconds, started)
        result = run.state.get("result")
        if result is None:
            run.train()
            result = run.finish()
        if options.results:
            head = {"part": part, "budget_s": options.budget_seconds, "seed": options.seed}
            tables = {"": [result], "_curve": run.state["curve"], "_stages": run.state["stages"]}
            for name, rows in tables.items():
                store(options.results / f"shakespeare{name}.csv", head, rows)
    except KeyboardInterrupt:
        print("stopped; give the same command to go on from where it was saved last.", file=sys.stderr)
        return 1
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    print(run.state["stages"][-1]["sample"])
    what = "held-out character" if part == "final" else "character between 80 and 90 %"
    print(f"\n{result['nats']:.4f} nats per {what}, {result['seconds']} s, {result['epochs']} epochs. In {folder}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

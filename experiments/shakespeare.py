"""Tiny Shakespeare, character by character, within a time budget: an LSTM whose memory goes on from batch to batch.

    python -m experiments.shakespeare --budget-seconds 160          about 3 minutes
    python -m experiments.shakespeare --budget-seconds 160 --tune   the same, judged on the part between 80 and 90 %
    python -m experiments.shakespeare --set hidden=320              of this size, on any machine

How large the network is, is chosen by the machine's speed and the budget, unless --set hidden says it: a large one that
reads the text twice learns less than a small one that reads it four times.

nanoGPT's split: the first 90 % of the text trains; the last 10 % is held out and looked at once, at the end. Settings
are chosen with --tune, which trains on the first 80 % and never touches the last 10 %. The budget counts everything
after import: reading, building, training, samples, checkpoints, and judging the whole held-out part.

The run is kept in --out and goes on there after an interruption, even a kill: give the same command again.
"""

import hashlib
import itertools
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from course_lib import machine
from course_lib.batching import stream_batches
from course_lib.checkpoint import Checkpoint
from course_lib.datasets.fetch import fetch
from course_lib.datasets.plain_text import read_text
from course_lib.errors import CourseError
from course_lib.text import Vocabulary, tokenize
from experiments.common import provenance
from experiments.common.command_line import CommandLine
from experiments.common.recipe import from_zero, setting, share
from experiments.common.training_loop import TrainingLoop

STAGES = (0.0, 1 / 32, 1 / 8, 1 / 3)  # shares of the budget at which it writes, and at the end
POINTS = tuple((i + 1) / 10 for i in range(10))  # of the curve
SAMPLE_LENGTH, SAMPLES = 300, 64


@dataclass(frozen=True)
class Recipe:
    """The settings of a run."""

    hidden: int = from_zero(0)  # 0: by what the machine can do in the time, and so are batch, dropout and rate (SIZES)
    embedding: int = 64
    batch: int = 48
    length: int = 64
    learning_rate: float = 1.2e-2
    # The share of the budget in which the rate rises; then it falls to zero in a line.
    warm_up: float = setting(0.03, lambda v: 0 < v < 1, "a share of the budget between 0 and 1")
    optimizer: str = "muon"
    ns_steps: int = 4  # of Muon: two fewer, a tenth more steps in the time
    forget: float = 1.0  # the bias of the forget gates at the start; above 8, the longest memory of a chrono start
    dropout: float = share(0.15)
    clip: float = 1.0
    seed: int = 0

    def rate(self, share: float) -> float:
        """The learning rate when `share` of the budget is spent."""
        return self.learning_rate * max(min(share / self.warm_up, (1 - share) / (1 - self.warm_up)), 0.01)


SIZED = "hidden", "batch", "dropout", "learning_rate"
# Products in the budget (10^12 operations) from which on a size is taken. Chosen with --tune: at 14 of them, 192 units
# leave 1.452 nats, 256 1.459 and 320 1.480; at 25, 320 1.434 and 384 1.441. At 50, 384 are not surely better: 1.419 and
# 1.427, but on the held-out tenth, once, 1.460 and 1.458.
SIZES = [(0, (192, 32, 0.0, 1.6e-2)), (20, (320, 48, 0.15, 1.2e-2))]


def sized(recipe: Recipe, budget_s: float, folder: Path, restart: bool) -> Recipe:
    """The recipe with the size that this machine can train in the budget; of a run that has begun, with its own."""
    if recipe.hidden:
        return recipe
    if not restart and (folder / "state.json").is_file():
        state = Checkpoint.read(folder).state
        return replace(recipe, **{name: state.get(name, getattr(recipe, name)) for name in SIZED})
    work = budget_s * machine.gflops() / 1000
    size = dict(zip(SIZED, [size for least, size in SIZES if work >= least][-1], strict=True))
    print(f"{machine.told_machine()}: {', '.join(f'{name} {value}' for name, value in size.items())}.", flush=True)
    return replace(recipe, **size)


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
    """A run on the clock: what is trained, what it writes at its stages, how it is judged."""

    def __init__(self, loop: TrainingLoop, parts: Parts, recipe: Recipe, budget_s: float):
        from course_lib import training
        from course_lib.decoding import TextGenerator
        from course_lib.models.language_model import stateful

        self.loop, self.state, self.parts, self.recipe, self.budget_s = loop, loop.state, parts, recipe, budget_s
        self.state.setdefault("reserve_s", 0.0)
        self._stage_s = 0.0
        self.state.setdefault("stages", [])
        self.model = loop.checkpoint.model() or self._new_model()
        # The model reads and writes texts of its own; its twin trains, and carries its memory from batch to batch.
        self.trained = stateful(self.model, recipe.batch)
        self.trained.compile(loss=self.model.loss, optimizer=self.model.optimizer)
        self.generate = TextGenerator(self.model, parts.vocabulary)
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

    def train(self) -> None:
        """Until the budget is spent but for what judging will take."""

        def spent():
            return self.loop.seconds / max(self.budget_s - self.state["reserve_s"], 0.1)

        def set_rate():
            self.trained.optimizer.learning_rate = self.recipe.rate(spent())

        def judge(stop, loss):
            if stop in STAGES:
                self._stage(stop)
            if stop not in POINTS:
                return None
            if not self.state["reserve_s"]:
                self._rehearse()
            return {"train_nats": round(loss, 4)} if loss else None

        batches = self.parts.batches(self.state["step"])  # after an interruption, the memory begins empty
        self.loop.run(
            self.model, batches, sorted({*STAGES, *POINTS}), judge, spent, set_rate, self.trained, "Shakespeare"
        )

    def _rehearse(self):
        """Time the judging on an eighth of as much training text, and keep that much of the budget for it."""
        for _ in range(2):  # the first time it is compiled, too
            begun = self.loop.clock()
            self.nats(self.parts.train[: len(self.parts.judge) // 8])
        self.state["reserve_s"] = 1 + 1.5 * self._stage_s + 10 * (self.loop.clock() - begun)

    def _stage(self, share):
        """Let it write: one sample to show, and the share of words in all of them that occur in the training text."""
        begun = self.loop.clock()
        texts = self.generate([self.parts.prompt] * SAMPLES, SAMPLE_LENGTH, stop=None, seed=self.recipe.seed)
        words = [word for text in texts for word in tokenize("".join(text))[1:-1] if word.isalpha()]
        self.state["stages"].append({
            "share": share, "seconds": round(self.loop.seconds, 1),
            "words": round(float(np.mean([word in self.parts.words for word in words] or [0])), 4),
            "sample": "".join(texts[0]),
        })  # fmt: skip
        self._stage_s = self.loop.clock() - begun

    def nats(self, ids) -> float:
        """Mean cross-entropy over a whole part, nats per character."""
        from course_lib import training

        return float(-training.stream_log_probabilities(self.model, ids).mean())

    def finish(self) -> None:
        """Judge, once, and write the last sample: the result as one row."""
        nats = self.nats(self.parts.judge)
        self._stage(1.0)
        self.state["result"] = {
            "nats": round(nats, 4), "seconds": round(self.loop.seconds, 1), "steps": self.state["step"],
            "epochs": round(self.state["step"] * self.recipe.batch * self.recipe.length / len(self.parts.train), 2),
            "parameters": self.model.count_params(),
        }  # fmt: skip
        self.loop.save(self.model)


def train(
    budget_seconds: float, tune: bool, text: Path | None, out: Path | None, restart: bool, results: Path | None,
    recipe: Recipe, clock: Callable[[], float] = time.monotonic, started: float | None = None,
) -> None:  # fmt: skip
    """Train, or go on, or only show what was found."""
    if not budget_seconds >= 5:
        raise CourseError(f"--budget-seconds is {budget_seconds:g}: expected 5 or more.")
    part, content = "tune" if tune else "final", read_text(text or fetch("shakespeare"))
    folder = out or Path("runs") / f"shakespeare-{part}-{budget_seconds:g}s-seed{recipe.seed}"
    recipe = sized(recipe, budget_seconds, folder, restart)
    parts = Parts(content, tune, recipe)
    head = {"part": part, "budget_s": budget_seconds}
    identity = asdict(recipe) | head | {"text": hashlib.sha256(content.encode()).hexdigest()}
    with Checkpoint.open(folder, identity, restart) as checkpoint:
        state = checkpoint.state
        if "result" not in state:
            run = Run(TrainingLoop(checkpoint, clock, started), parts, recipe, budget_seconds)
            run.train()
            run.finish()
    here = {"processor": machine.processor(), "cores": machine.cores(), "hidden": recipe.hidden}
    result, head = state["result"], head | here | {"seed": recipe.seed}
    if results:
        for name, rows in {"": [result], "_curve": state["curve"], "_stages": state["stages"]}.items():
            table, rows = results / f"shakespeare{name}.csv", [head | row for row in rows]
            provenance.store(table, rows, list(head), "experiments.shakespeare:train")
    print(state["stages"][-1]["sample"])
    what = "character between 80 and 90 %" if tune else "held-out character"
    print(f"\n{result['nats']:.4f} nats per {what}, {result['seconds']} s, {result['epochs']} epochs. In {folder}.")


def main(arguments=None, clock: Callable[[], float] = time.monotonic) -> int:
    """The command line."""

    def begin(**given):
        from course_lib import training  # noqa: F401 - imported before the clock starts

        train(**given, clock=clock, started=clock())

    line = CommandLine(__doc__, begin)
    line.option("--budget-seconds", type=float, default=160.0)
    line.option("--tune", action="store_true", help="train on the first 80 %%, judge on the part up to 90 %%")
    line.option("--text", type=Path, help="another UTF-8 text (default: Tiny Shakespeare)")
    line.out(help="the run's folder (default: runs/shakespeare-…)")
    line.restart()
    line.results(help="a folder: add the result, curve and stages to its tables")
    line.recipe(Recipe)
    return line.run(arguments)


if __name__ == "__main__":
    sys.exit(main())

"""Readers of sentences from a file with labels, trained one after another; together they are a committee."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course_lib import batching
from course_lib.datasets.labelled import read_labelled
from course_lib.errors import CourseError
from course_lib.text import Vocabulary, to_rows
from experiments.common.recipe import from_zero, one_of, share

POOLINGS = "last", "mean", "max", "attention"
SHORTEST = 2 * 64  # texts: what two batches take


@dataclass(frozen=True)
class Recipe:
    """The settings of a committee."""

    members: int = 12
    pooling: str = one_of("each in turn", (*POOLINGS, "each in turn"))
    direction: str = one_of("both", ("forward", "backward", "both"))
    cell: str = one_of("lstm", ("lstm", "gru", "rnn"))
    embedding: int = 64
    units: int = 64
    dropout: float = share(0.6)
    word_dropout: float = share(0.3)
    loudness: float = 0.1
    epochs: int = 8
    batch: int = 64
    learning_rate: float = 3e-3
    seed: int = from_zero(0)

    def reader(self, member: int) -> dict:
        """What the VerdictReader of a member is made with, beside its vocabulary's size."""
        names = "pooling", "direction", "cell", "embedding", "units", "dropout", "word_dropout", "loudness"
        settings = {name: value for name, value in asdict(self).items() if name in names}
        turn = POOLINGS[member % len(POOLINGS)]
        return settings | ({"pooling": turn} if self.pooling == "each in turn" else {})


class Labelled(NamedTuple):
    """Texts, each a list of words, and their labels (N,), 1 or 0."""

    texts: list[list[str]]
    labels: np.ndarray

    @classmethod
    def read(cls, path: Path) -> "Labelled":
        """A file; what is odd in it is printed. CourseError as `read_labelled`."""
        texts, labels, problems = read_labelled(path)
        for problem in problems:
            print(f"{path}: {problem}; left out.")
        return cls(texts, labels)

    def part(self, chosen: np.ndarray) -> "Labelled":
        """Those that are chosen: (N,) bool."""
        return Labelled([text for text, there in zip(self.texts, chosen, strict=True) if there], self.labels[chosen])


def train_reader(recipe: Recipe, train: Labelled, vocabulary: Vocabulary, member: int):
    """One trained reader: its start, its order of texts and what it drops are its own."""
    from course_lib import training
    from course_lib.models.reader import VerdictReader

    if len(train.texts) < max(SHORTEST, 2 * recipe.batch):
        raise CourseError(f"{len(train.texts)} texts to train on: expected at least {max(SHORTEST, 2 * recipe.batch)}.")
    seed = 1000 * recipe.seed + member
    rows = to_rows(train.texts, vocabulary, marks=False)
    training.set_seed(seed)
    reader = VerdictReader(len(vocabulary), **recipe.reader(member))
    steps = recipe.epochs * (len(rows) // recipe.batch)
    training.compile_for_training(reader, steps, recipe.learning_rate, loss=training.verdict_loss)
    batches = batching.verdict_batches(rows, train.labels.astype("float32"), recipe.batch, seed)
    training.fit(reader, batches, steps, f"reader {member + 1} of {recipe.members}")
    return reader


def committee_logits(recipe: Recipe, train: Labelled, judged: Sequence[list[str]]) -> tuple[np.ndarray, float]:
    """Train all members -> their logits of the judged texts (members, N), CPU seconds of it all."""
    from course_lib import training

    begun = time.process_time()
    vocabulary = Vocabulary.from_texts(train.texts)
    rows = to_rows(judged, vocabulary, marks=False, unknown="replace")
    found = [training.logits(train_reader(recipe, train, vocabulary, member), rows) for member in range(recipe.members)]
    return np.stack(found).astype(float), time.process_time() - begun

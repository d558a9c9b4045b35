"""A file of pairs: read, split by source, cut into pieces learned from the training part, as rows of ids."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib import subwords
from course_lib.datasets.pairs import read_pairs, references, split_by_source
from course_lib.errors import CourseError
from course_lib.subwords import Subwords
from course_lib.text import pair_rows
from experiments.translation.recipe import Recipe

DEV, TEST = 1000, 3000  # sources
LONGEST = 40  # pieces of a sentence that trains, and words of one that is translated
EXAMPLES = 40
Rows = tuple[np.ndarray, np.ndarray]  # of ids, (N, L) each
OUR_SENTENCES = {  # written for the table of examples, shortest first
    "I am cold.": "Tengo frío.",
    "She never reads newspapers.": "Ella nunca lee periódicos.",
    "Our dog sleeps in the kitchen.": "Nuestro perro duerme en la cocina.",
    "I forgot to buy bread yesterday.": "Ayer olvidé comprar pan.",
    "Why did you sell your old car?": "¿Por qué vendiste tu viejo coche?",
    "They don't like the soup I made.": "No les gusta la sopa que hice.",
    "The teacher is waiting for us at the station.": "El profesor nos está esperando en la estación.",
    "My sister wants to learn how to play the guitar.": "Mi hermana quiere aprender a tocar la guitarra.",
    "If it rains tomorrow, we will stay at home and read.": "Si llueve mañana, nos quedaremos en casa leyendo.",
    "He told me that he had lost his keys on the train.": "Me dijo que había perdido sus llaves en el tren.",
    "The woman who lives next door works in a hospital at night.": (
        "La mujer que vive al lado trabaja en un hospital por la noche."
    ),
    "I didn't go to the party because I was tired and had a headache.": (
        "No fui a la fiesta porque estaba cansado y me dolía la cabeza."
    ),
    "When we were children, we used to spend every summer at my grandfather's house.": (
        "Cuando éramos niños, pasábamos todos los veranos en la casa de mi abuelo."
    ),
}


@dataclass(frozen=True)
class Data:
    """train, dev: rows of source and target; test: {source: its translations}, shortest first.

    source, target: the pieces; names: what they are kept by, in `folder`. examples: {source: one translation}, of every
    length: our own sentences, or of the test part of another file. problems: a sentence for all that was left out.
    """

    source: Subwords
    target: Subwords
    names: list[str]
    train: Rows
    dev: Rows
    test: dict[str, list[str]]
    examples: dict[str, str]
    problems: list[str]


def digest(path: Path) -> str:
    """sha256 of a file of pairs. CourseError if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CourseError(f"cannot read {path}: {error.strerror}.") from None


def read(path: Path, recipe: Recipe, folder: Path, ours: bool) -> Data:
    """The pairs of a file; pieces that were learned are kept in `folder`. ours: whether the examples are."""
    pairs, problems = read_pairs(path)
    held_out = [min(count, len(pairs) // 10) for count in (DEV, TEST)]
    dev, test, train = split_by_source(pairs, recipe.seed, *held_out)
    names, sides = zip(
        *(subwords.kept(folder, (pair[side] for pair in train), recipe.pieces) for side in (0, 1)), strict=True
    )
    found = sorted(references(test).items(), key=lambda item: (len(item[0].split()), item[0]))
    examples = {source: given[0] for source, given in found[:: max(len(found) // EXAMPLES, 1)]}
    return Data(
        *sides, list(names), _rows(train, *sides), _rows(dev, *sides),
        {source: given for source, given in found if len(source.split()) <= LONGEST},
        OUR_SENTENCES if ours else examples, problems,
    )  # fmt: skip


def _rows(pairs, source: Subwords, target: Subwords) -> Rows:
    """Rows of ids, of those that are not too long."""
    cut = [(source.cut(a), target.cut(b)) for a, b in pairs]
    cut = [pair for pair in cut if max(map(len, pair)) <= LONGEST]
    return pair_rows(cut, source.vocabulary, target.vocabulary, unknown="replace")

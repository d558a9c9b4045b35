"""A file of pairs: read, split by source, cut into pieces learned from the training part, as rows of ids."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib import subwords
from course_lib.datasets.pairs import read_pairs, references, split_by_source
from course_lib.subwords import Subwords
from course_lib.text import pair_rows
from experiments.translation.recipe import Recipe

DEV, TEST = 1000, 3000  # sources
LONGEST = 40  # pieces of a sentence that trains, and words of one that is translated
EXAMPLES = 40
Rows = tuple[np.ndarray, np.ndarray]  # of ids, (N, L) each
OUR_SENTENCES = dict(read_pairs(Path(__file__).with_name("examples.tsv"))[0])  # for the table of examples


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

"""Well-nested tags, whose next character has known probabilities."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.worlds.rows import pack
from course_lib.worlds.xml import ALPHABET, XmlWorld

WORLD = XmlWorld(2, 5, turns=12)


def test_texts_are_well_nested():
    texts = WORLD.sample(300, seed=1)
    assert texts == WORLD.sample(300, seed=1) != WORLD.sample(300, seed=2)
    for text in texts:
        assert text[-1] == "."
        tree = ElementTree.fromstring(f"<root>{text[:-1]}</root>")  # a parser that did not write them
        names = [node.tag for node in tree.iter()][1:]
        assert names
        assert all(2 <= len(name) <= 5 for name in names)
        assert len(re.findall("<[a-z]", text)) <= 12
    sizes = [len(node) for text in texts for node in re.findall("<([a-z]+)", text)]
    assert np.allclose(np.bincount(sizes)[2:] / len(sizes), 0.25, atol=0.04)


def test_the_probabilities_are_those_of_the_texts():
    """Summed over many texts, what was foretold is what came, character by character and in each situation."""
    foretold, came = np.zeros((6, 30)), np.zeros((6, 30))
    for text in WORLD.sample(4000, seed=3):
        p = WORLD.next_probabilities(text)
        assert np.allclose(p.sum(axis=1), 1)
        depth = np.cumsum([c == "<" for c in text]) - 2 * np.cumsum([c == "/" for c in text])
        for row, d, c in zip(p, [0, *depth[:-1]], text, strict=True):  # the depth before the character
            foretold[min(d, 5)] += row
            came[min(d, 5), ALPHABET.index(c)] += 1
    frequent = foretold > 500
    assert frequent.sum() > 100
    assert np.allclose(came[frequent], foretold[frequent], rtol=0.2)
    assert not came[foretold == 0].any()


def test_the_best_scores_on_a_text_done_by_hand():
    world = XmlWorld(1, 1, turns=1)  # one tag of one letter: <a></a>.
    right, nats = world.best_scores(["<q></q>."], 8)
    assert right == pytest.approx((7 + 1 / 26) / 8)
    assert nats == pytest.approx(np.log(26) / 8)


def test_no_text_is_more_certain_than_the_floor():
    texts = WORLD.sample(3000, seed=4)
    rows = [(WORLD.next_probabilities(row), [ALPHABET.index(c) for c in row]) for row in pack(texts, 100)]
    chosen = np.concatenate([p[np.arange(100), columns] for p, columns in rows])
    assert -np.log(chosen).mean() == pytest.approx(WORLD.best_scores(texts, 100)[1], rel=0.03)


@pytest.mark.parametrize(
    "text", ["<ab></ba>.", "<a></a>.", "<ab>.", ".", "ab", "<ab></ab>..", "<AB></AB>.", "<abcdef", "<ab></ab></ab>."]
)
def test_texts_that_cannot_be_said(text):
    with pytest.raises(CourseError, match="cannot be said here: its character number"):
        WORLD.next_probabilities(text)


def test_texts_one_behind_the_other():
    first, second = WORLD.sample(2, seed=9)
    both = WORLD.next_probabilities(first + second)
    assert np.array_equal(both[: len(first)], WORLD.next_probabilities(first))
    assert np.array_equal(both[len(first) :], WORLD.next_probabilities(second))
    assert np.array_equal(WORLD.next_probabilities(first[:7]), both[:7])  # cut off


def test_rows_begin_with_a_full_stop():
    texts = ["<ab></ab>.", "<ab><cd></cd></ab>.", "<ef></ef>."]
    inputs, targets = WORLD.rows(texts, 20)
    assert ["".join(ALPHABET[i - 1] for i in row) for row in inputs] == [".<ab></ab>.<ab><cd><"]
    assert ["".join(ALPHABET[i - 1] for i in row) for row in targets] == ["<ab></ab>.<ab><cd></"]


@pytest.mark.parametrize(("settings", "message"), [
    ({"shortest": 3, "longest": 2}, "1 <= shortest"), ({"turns": 0}, "turns >= 1"), ({"close": 0.0}, "0 < close"),
])  # fmt: skip
def test_impossible_worlds(settings, message):
    with pytest.raises(CourseError, match=message):
        XmlWorld(**settings)

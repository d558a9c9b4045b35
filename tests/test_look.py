"""Lesson 09's table: what a region is worth to a word, and where that region is."""

from types import SimpleNamespace

import numpy as np
import pytest

from course_lib import text
from course_lib.vision.small_cnn import concepts
from experiments import look

VOCABULARY = text.Vocabulary(["a", "dog", "cat"])


def spotter(inputs):
    """A captioner by hand: "dog" is as likely as number 3 is large in any region, "cat" as number 5."""
    seen, before = inputs
    seen = seen.reshape(len(seen), -1, seen.shape[-1]).max(axis=1)
    logits = np.zeros((*before.shape, len(VOCABULARY)))
    for word, number in (("dog", 3), ("cat", 5)):
        logits[..., VOCABULARY[word]] = 9 * seen[:, None, number]
    return logits


@pytest.fixture
def grid():
    """A dog in the region of row 2 and column 5; the place and the time are the same everywhere."""
    grid = np.zeros((8, 8, 236), np.float32)
    grid[2, 5, 3] = 1
    grid[..., -1] = 1
    return grid


@pytest.mark.parametrize("pooled", [False, True])
def test_the_region_that_hurts_is_the_one_that_is_read(grid, pooled):
    hurts = look.what_hurts(spotter, VOCABULARY, grid, ["a", "dog"], pooled)
    assert hurts.shape == (64, 2) and hurts[:, 1].argmax() == 2 * 8 + 5
    assert hurts[21, 1] > 1.9 and np.allclose(np.delete(hurts, 21, axis=0), 0)


def test_a_region_that_shows_nothing_keeps_place_and_time(grid):
    def watching(inputs):
        assert (inputs[0][..., -1] == 1).all()
        return spotter(inputs)

    look.what_hurts(watching, VOCABULARY, grid, ["a"], pooled=False)


def test_maps_are_held_to_the_network(grid):
    weights = np.zeros((3, 64))
    weights[:, 21] = 1
    own = {"dog": [np.array([5 / 8, 2 / 8, 2 / 8, 1 / 8])]}  # two regions wide
    found = SimpleNamespace(words=["a", "dog"], weights=weights)
    seen = grid[None].repeat(2, axis=0)
    row = look.held_to_it(spotter, VOCABULARY, seen, [found] * 2, [own] * 2, pooled=False)
    assert row == {"hurt": 1, "hurt_looked_at": 1, "hurt_by_chance": 0.5}
    weights[:, 21], weights[:, 22] = 0, 1
    assert look.held_to_it(spotter, VOCABULARY, seen, [found], [own], pooled=False)["hurt_looked_at"] == 0
    assert look.held_to_it(spotter, VOCABULARY, seen, [found], [own], pooled=True) == {"hurt": 1}


def test_what_the_cnn_knows_by_itself():
    colours = [SimpleNamespace(colour="red", kind="dog"), SimpleNamespace(colour="blue", kind="cat")]
    scene, own = SimpleNamespace(things=colours), {"dog": [[0, 0, 0.25, 0.25]], "cat": [[0.5, 0.5, 0.25, 0.25]]}
    pairs = next(iter(concepts().values()))
    grid = np.zeros((8, 8, 236))
    grid[..., 0] = 1  # "nothing" is no pair
    grid[0, 1, pairs.index("red dog")] = grid[7, 7, pairs.index("blue cat")] = 0.9
    assert look.what_the_cnn_knows([scene], [own], [grid]) == {"cnn_exact": 1, "cnn_points": 0.5}
    grid[3, 3, pairs.index("green dog")] = 0.6
    assert look.what_the_cnn_knows([scene], [own], [grid])["cnn_exact"] == 0

"""The training of the course's CNN: what it is told, and that it learns."""

import csv

import numpy as np

from course_lib import shipped, vision
from tools import pretrain


def test_every_answer_is_there_and_a_thing_fills_its_regions():
    pictures, there, answers = pretrain.pictures(40, seed=5)
    assert pictures.shape == (40, 128, 128, 3) and there.any(axis=(1, 2)).all()
    scenes = pretrain.WORLD.single(40, seed=5)
    names = [list(options) for options in vision.concepts().values()]
    for scene, numbers in zip(scenes, answers, strict=True):
        (thing,) = scene.things
        told = [options[number] for options, number in zip(names, numbers, strict=True)]
        assert told[0] == f"{thing.colour} {thing.kind}" and told[1].split() == [thing.kind, *thing.state.split()]
        assert told[3] == scene.place and told[4] == ("night" if scene.night else "day")
    mask = np.zeros((128, 128), bool)
    mask[20:30, 40:44] = True
    assert np.argwhere(pretrain.covered(mask)).tolist() == [[1, 2]]


def test_a_rectangle_of_the_neighbour_comes_with_its_answers():
    rng = np.random.default_rng(0)
    x = np.stack([np.full((128, 128, 3), value, np.float32) for value in range(6)])
    right = np.stack([np.full((8, 8, 5), value) for value in range(6)])
    mixed, told = pretrain.cut_and_mix(x, right, rng)
    assert np.array_equal(mixed[1::2], x[1::2]) and np.array_equal(told[1::2], right[1::2])
    for i in (0, 2, 4):
        assert set(np.unique(mixed[i])) == {i, i + 1} or (mixed[i] == i + 1).all()
        assert np.array_equal(mixed[i, ::16, ::16, 0], told[i, ..., 0])
        assert len(np.unique(told[i, ..., 3:])) == 1
    assert np.array_equal(x[0], np.zeros((128, 128, 3)))  # the original is left alone


def test_it_learns():
    _, right, losses = pretrain.train(count=256, epochs=6, held_out=40)
    assert losses[-1] < 0.7 * losses[0] and set(right) == set(vision.concepts())


def test_what_ships_is_as_good_as_it_says():
    """On pictures of its own test set's seed: within a point and the chance of a smaller sample."""
    with open(shipped.path("vision/small_cnn.csv"), encoding="utf-8") as file:
        said = {row["question"]: float(row["right"]) for row in csv.DictReader(file)}
    pictures, _, answers = pretrain.pictures(400, pretrain.SEEDS[1])
    vectors = vision.small_cnn().pooled(pictures)
    begin = 0
    for i, (question, options) in enumerate(vision.concepts().items()):
        part = vectors[:, begin : begin + len(options)]
        part[:, [answer == "" for answer in options]] = -1
        assert abs((part.argmax(-1) == answers[:, i]).mean() - said[question]) < 0.01 + 2 * (0.25 / 400) ** 0.5
        begin += len(options)

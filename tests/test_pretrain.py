"""The training of the course's CNN: what it is told, and that it learns."""

import csv

import numpy as np
import pytest

from course_lib import bundled
from course_lib.vision.small_cnn import concepts, small_cnn
from tools import pretrain


def test_every_answer_is_there_and_a_thing_fills_its_regions():
    pictures, masks, answers = pretrain.pictures(40, seed=5)
    assert pictures.shape == (40, 128, 128, 3) and masks.any(axis=(1, 2)).all()
    scenes = pretrain.WORLD.single(40, seed=5)
    names = [list(options) for options in concepts().values()]
    for scene, numbers in zip(scenes, answers, strict=True):
        (thing,) = scene.things
        told = [options[number] for options, number in zip(names, numbers, strict=True)]
        assert told[0] == f"{thing.colour} {thing.kind}" and told[1].split() == [thing.kind, *thing.state.split()]
        assert told[2] == f"{thing.size or 'middle'} {thing.kind}"
        assert told[3] == scene.place and told[4] == ("night" if scene.night else "day")


def test_a_region_is_whose_share_is_largest():
    owners = np.full((128, 128), -1)
    owners[20:30, 40:44] = 0  # a tenth of one region: all it has
    owners[64:96, :16], owners[64:80, :5] = 1, 2
    regions = pretrain.regions_of(owners, 3)
    assert np.argwhere(regions == 0).tolist() == [[1, 2]]
    assert np.argwhere(regions == 1).tolist() == [[4, 0], [5, 0]] or regions[4, 0] == 2
    assert set(np.unique(regions)) == {-1, 0, 1, 2}


def test_things_are_pasted_with_their_answers_the_nearest_last():
    x = np.stack([np.full((128, 128, 3), value, np.uint8) for value in range(4)])
    masks = np.zeros((4, 128, 128), bool)
    masks[0, 32:64, 32:64] = masks[1, 48:80, 48:80] = True  # the second stands nearer, over a quarter of the first
    masks[2, 34:62, 34:62] = True  # it would hide the first
    masks[3, 16:40, 96:128] = True
    answers = np.arange(1, 21).reshape(4, 5)
    answers[:, 3:] = [[1, 0], [2, 1], [3, 1], [4, 1]]
    picture, kept, owners = pretrain.copy_paste(x, masks)
    assert (picture[masks[1]] == 1).all() and (picture[masks[3]] == 3).all() and not (picture == 2).any()
    assert (picture[32:48, 32:64] == 0).all() and (x[0] == 0).all()  # the original is left alone
    told = pretrain.told_by_region(answers, kept, owners)
    assert np.array_equal(told[4, 4, :3], answers[1, :3]) and np.array_equal(told[2, 2, :3], answers[0, :3])
    assert not told[0, 0, :3].any() and (told[..., 3:] == answers[0, 3:]).all()
    parts = [
        np.flatnonzero(part).tolist() for part in pretrain.by_question(pretrain.told_by_picture(answers, kept, owners))
    ]
    assert parts == [*(sorted(answers[[0, 1, 3], i]) for i in range(3)), [1], [0]]  # of the picture pasted on


def test_labels_of_pictures_do_not_tell_where():
    p, right = np.full((1, 8, 8, 236), 0.01, np.float32), np.zeros((1, 236), np.float32)
    right[0, [1, -1]] = 1
    losses = []
    for row, column in ((0, 0), (5, 2)):
        seen = p.copy()
        seen[0, row, column, 1] = 0.9
        losses.append(float(pretrain.loss_by_picture(right, seen)))
    assert losses[0] == losses[1] < float(pretrain.loss_by_picture(right, p)) - 4
    p[..., 0] = 0.9  # "nothing" is not asked
    assert losses[0] < float(pretrain.loss_by_picture(right, p))


@pytest.mark.parametrize("labels", pretrain.LABELS)
def test_it_learns(monkeypatch, labels):
    monkeypatch.setattr(pretrain, "BATCH", 16)
    _, right, losses = pretrain.train(count=64, epochs=8, held_out=40, labels=labels)
    assert losses[-1] < 0.7 * losses[0] and set(right) == set(concepts())


def test_what_ships_is_as_good_as_it_says():
    """On pictures of its own test set's seed: within a point and the chance of a smaller sample."""
    with open(bundled.path("vision/small_cnn.csv"), encoding="utf-8") as file:
        said = {row["question"]: float(row["right"]) for row in csv.DictReader(file)}
    pictures, _, answers = pretrain.pictures(400, pretrain.SEEDS[1])
    vectors = small_cnn().pooled(pictures)
    begin = 0
    for i, (question, options) in enumerate(concepts().items()):
        part = np.array(vectors[:, begin : begin + len(options)])  # Keras hands out what may only be read
        part[:, [answer == "" for answer in options]] = -1
        assert abs((part.argmax(-1) == answers[:, i]).mean() - said[question]) < 0.01 + 2 * (0.25 / 400) ** 0.5
        begin += len(options)

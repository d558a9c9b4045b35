"""The world of gestures: that no frame and no set of frames tells the direction is exact, and tested as such."""

from dataclasses import fields

import numpy as np
import pytest
from scipy import stats

from course_lib.errors import CourseError
from course_lib.worlds.gestures import PAIRS, GestureWorld, ceiling, pose

WORLD = GestureWorld()
CLIPS = WORLD.sample(60, seed=1)
PICTURES = WORLD.draw(CLIPS, 32)
MANY = WORLD.sample(6000, seed=2)


def test_backwards_is_the_opposite_gesture_with_the_same_frames():
    """So the frames without their order are the same, bit for bit."""
    back = CLIPS.backwards()
    assert np.array_equal(back.labels, CLIPS.labels ^ 1)
    assert np.array_equal(WORLD.draw(back, 32), PICTURES[:, ::-1])
    assert np.array_equal(back.poses, CLIPS.poses[:, ::-1]) and np.array_equal(back.stroke, CLIPS.stroke[:, ::-1])
    assert np.array_equal(WORLD.states(back), WORLD.states(CLIPS)[:, ::-1])
    assert not np.array_equal(PICTURES, PICTURES[:, ::-1])
    for label, name in enumerate(WORLD.names):
        assert {name, WORLD.names[label ^ 1]} in [set(pair) for pair in PAIRS.values()]


@pytest.mark.parametrize("steps", [1, 5, -3])
def test_a_cycle_moved_round_is_a_clip_of_the_same_gesture(steps):
    """So a frame has the same law wherever it stands in the clip."""
    moved = CLIPS.rolled(steps)
    assert np.array_equal(moved.labels, CLIPS.labels)
    assert (WORLD.draw(moved, 32) != np.roll(PICTURES, steps, axis=1)).mean() < 1e-3  # phases are rounded
    assert np.allclose(moved.poses, np.roll(CLIPS.poses, steps, axis=1))
    assert np.allclose(WORLD.states(moved), np.roll(WORLD.states(CLIPS), steps, axis=1))


def test_moving_round_and_backwards_leave_the_law_as_it_is():
    """The direction is a fair coin, thrown for itself; phases are uniform; what differs by frame is drawn alike."""
    for pair in range(len(WORLD.pairs)):
        of = MANY.pair == pair
        for name in (field.name for field in fields(MANY) if field.name not in ("pair", "reverse")):
            values = getattr(MANY, name)[of].reshape(of.sum(), -1)
            there, back = values[~MANY.reverse[of]], values[MANY.reverse[of]]
            for k in range(0, values.shape[1], 3):
                assert stats.ks_2samp(there[:, k], back[:, k]).pvalue > 1e-6, name
        assert MANY.reverse[of].mean() == pytest.approx(0.5, abs=4.5 * 0.5 / of.sum() ** 0.5)
    assert stats.kstest(MANY.phase, "uniform").pvalue > 1e-4
    for values in (MANY.shake[..., 0], MANY.shake[..., 1], MANY.noise):
        assert np.abs(np.corrcoef(values.T) - np.eye(12)).max() < 4.5 / len(MANY) ** 0.5
        assert stats.ks_2samp(values[:, 0], values[:, -1]).pvalue > 1e-4
    assert (np.bincount(MANY.pair) > 0.17 * len(MANY)).all()


def test_one_frame_and_a_set_of_frames_are_worth_a_coin():
    for share in (0.2, 0.25, 0.3):
        assert all(ceiling(lambda poses, t=t: poses[t], share=share) == 0.5 for t in range(12))
        assert ceiling(sorted, share=share) == ceiling(lambda poses: 0, share=share) == 0.5
        assert ceiling(lambda poses: sorted(poses[3:5]), share=share) == 0.5
        assert ceiling(lambda poses: poses, share=share) == 1
    assert ceiling(lambda poses: poses[3:5]) == pytest.approx(0.99, abs=0.005)
    assert ceiling(lambda poses: poses[3], share=0.5) == ceiling(lambda poses: poses[3:5], share=0.5) == 0.5


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_a_ceiling_is_that_of_the_best_decision(share):
    """Against a table of what was seen, at random phases, with poses in coarse steps."""
    rng = np.random.default_rng(3)
    starts = rng.integers(240, size=40_000) / 240
    poses = pose(starts[:, None] + np.arange(12) / 12, share)
    reverse = rng.random(len(poses)) < 0.5
    seen = np.round(np.where(reverse[:, None], poses[:, ::-1], poses)[:, 3:5], 1)
    _, kinds = np.unique(seen, axis=0, return_inverse=True)
    right = np.bincount(kinds, reverse), np.bincount(kinds, ~reverse)
    found = ceiling(lambda poses: np.round(poses[3:5], 1), share=share)
    assert np.maximum(*right).sum() / len(poses) == pytest.approx(found, abs=0.015)


def test_who_learns_from_one_frames_state_is_not_above_a_coin():
    """The nearest of 3,000 others: of the whole clip, it tells the way; of a frame, or of sorted ones, it does not."""
    states = (WORLD.states(MANY) / MANY.travel[:, None, None]).astype(np.float32)
    sees = {
        "clip": states.reshape(len(MANY), -1),
        "frame": states[:, 4],
        "set": np.sort(states, axis=1).reshape(len(MANY), -1),
    }
    for name, X in sees.items():
        right = []
        for pair in range(len(WORLD.pairs)):
            rows = np.flatnonzero(MANY.pair == pair)
            train, test = rows[: len(rows) // 2], rows[len(rows) // 2 :]
            nearest = ((X[test][:, None] - X[train]) ** 2).sum(axis=-1).argmin(axis=1)
            right.append(MANY.reverse[train][nearest] == MANY.reverse[test])
        accuracy, n = np.concatenate(right).mean(), sum(map(len, right))
        assert accuracy > 0.9 if name == "clip" else abs(accuracy - 0.5) < 4 * 0.5 / n**0.5, name


def test_the_stroke_is_fast_and_goes_the_way_of_the_name():
    steps = np.diff(MANY.poses, axis=1)
    inside = MANY.stroke[:, 1:] & MANY.stroke[:, :-1]
    for reverse, sign in ((False, 1), (True, -1)):
        some = MANY.reverse == reverse
        assert (sign * steps[some][inside[some]] > 0).all()
        back = ~MANY.stroke[some][:, 1:] & ~MANY.stroke[some][:, :-1]
        assert (sign * steps[some][back] < 0).all()
    assert np.median(abs(steps[inside])) > 2.5 * np.median(abs(steps[~MANY.stroke[:, 1:] & ~MANY.stroke[:, :-1]]))
    assert MANY.stroke.mean() == pytest.approx(0.25, abs=0.01)
    assert MANY.poses.min() >= 0 and MANY.poses.max() <= 1


@pytest.mark.parametrize("pair", PAIRS)
def test_what_is_drawn_moves_as_it_is_said_to(pair):
    """From the pictures: where they differ from the background, without noise and shake."""
    world = GestureWorld((pair,))
    clips = world.sample(30, seed=4)
    for name in ("shake", "level"):
        getattr(clips, name)[:] = 0
    pictures = world.draw(clips, 64).astype(float)
    gone = clips[np.arange(30)]
    for name in ("x", "y"):
        getattr(gone, name)[:] = 9  # out of sight
    if pair == "door":
        behind = (clips.paint[:, None, 2] * 0.3).astype(np.float32).astype(np.uint8)[:, :, None, None]
        open_part = (pictures == behind).all(axis=-1).sum(axis=(2, 3))  # (n, T): how much is seen of what is behind
        assert min(np.corrcoef(a, b)[0, 1] for a, b in zip(open_part, clips.poses, strict=True)) > 0.9
        return
    there = abs(pictures - world.draw(gone, 64)).sum(axis=-1) > 60  # (n, T, 64, 64)
    places = (np.arange(64) + 0.5) / 32 - 1
    weight = there.sum(axis=(2, 3))
    x = (there.sum(axis=2) * places).sum(axis=-1) / weight
    top = there.any(axis=3).argmax(axis=2)
    fingers = there & (np.arange(64)[:, None] < top[..., None, None] + 8)
    tips = (fingers.sum(axis=2) * places).sum(axis=-1) / fingers.sum(axis=(2, 3))
    measured = {"across": x, "upright": -top, "depth": weight, "turn": tips}[pair]
    for clip, values in zip(clips.poses, measured, strict=True):
        assert np.corrcoef(clip, values)[0, 1] > 0.9
    states = world.states(clips)
    if pair == "across":
        assert np.allclose(
            x - x.mean(axis=1, keepdims=True), states[..., 0] - states[..., 0].mean(axis=1, keepdims=True), atol=0.2
        )


def test_the_same_seed_gives_the_same_clips_whatever_is_drawn_with_them():
    again = WORLD.sample(60, seed=1)
    assert np.array_equal(WORLD.draw(again[20:50], 32), PICTURES[20:50])
    assert np.array_equal(np.concatenate(list(WORLD.in_parts(again, 32, 17))), PICTURES)
    assert not np.array_equal(WORLD.sample(60, seed=9).phase, again.phase)
    assert PICTURES.shape == (60, 12, 32, 32, 3) and PICTURES.dtype == np.uint8
    assert np.array_equal(WORLD.draw(CLIPS[3], 32), PICTURES[3:4]) and len(CLIPS[MANY.pair[:60] == 0]) < 60


def test_other_pairs_lengths_and_sizes():
    world = GestureWorld(("door", "across"), frames=20)
    clips = world.sample(8, seed=5)
    assert world.names == ["open a door", "close a door", "swipe right", "swipe left"]
    assert world.draw(clips, 21).shape == (8, 20, 21, 21, 3) and clips.poses.shape == clips.stroke.shape == (8, 20)


@pytest.mark.parametrize(("make", "message"), [
    (lambda: GestureWorld(("wave",)), "pairs: expected some of across, upright"),
    (lambda: GestureWorld(("door", "door")), "each once"),
    (lambda: GestureWorld(()), "pairs: expected"),
    (lambda: GestureWorld(frames=4), "frames must be 6 or more"),
    (lambda: WORLD.draw(CLIPS, 8), "from 16 to 256 pixels a side, got 12 and 8"),
    (lambda: GestureWorld(frames=16).draw(CLIPS), "expected clips of 16 frames .* got 12"),
])  # fmt: skip
def test_what_cannot_be_is_named(make, message):
    with pytest.raises(CourseError, match=message):
        make()

"""A network that forecasts: its loss, its batches, and how near it comes to the best possible."""

import keras
import numpy as np
import pytest
from scipy import stats

from course_lib import batching, metrics, training
from course_lib.errors import CourseError
from course_lib.models.forecaster import forecaster
from course_lib.worlds import signals


def test_the_loss_is_minus_log_p():
    rng = np.random.default_rng(0)
    targets, said = rng.normal(size=(3, 4, 2)), rng.normal(size=(3, 4, 2, 2))
    true = -stats.norm.logpdf(targets, said[..., 0], np.exp(said[..., 1]))
    assert float(training.gaussian_loss(targets, said)) == pytest.approx(true.mean(), abs=1e-5)
    targets[0, 1:] = np.nan
    there = ~np.isnan(targets)
    assert float(training.gaussian_loss(targets, said)) == pytest.approx(true[there].mean(), abs=1e-5)
    assert float(training.gaussian_loss(targets * np.nan, said)) == 0


def test_where_no_target_counts_no_gradient_is_lost():
    said = keras.Variable(np.zeros((1, 2, 1, 1, 2)))
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = training.gaussian_loss(np.array([[[[2.0]], [[np.nan]]]]), said)
    gradient = tape.gradient(loss, said.value).numpy()
    assert gradient[0, 0, 0, 0] == pytest.approx([-2, 1 - 4]) and not gradient[0, 1].any()


def test_targets_are_the_steps_ahead():
    numbers = np.random.default_rng(1).normal(size=(2, 9, 3))
    read, later = batching.ahead_targets(numbers, 4)
    assert read.shape == (2, 5, 3) and later.shape == (2, 5, 4, 3)
    for t in range(5):
        assert (read[:, t] == numbers[:, t]).all()
        for k in range(4):
            assert (later[:, t, k] == numbers[:, t + k + 1]).all()
    with pytest.raises(CourseError, match="longer signals"):
        batching.ahead_targets(numbers, 9)


def test_batches_are_new_each_time_and_the_same_for_a_seed():
    def draw(count, seed):
        return signals.oscillator().sample(count, 12, seed)

    def first(seed):
        batches = batching.signal_batches(draw, 2, seed, ahead=3, at_once=2)
        return [next(batches) for _ in range(5)]

    one, same, other = first(0), first(0), first(1)
    assert all((a[0] == b[0]).all() and (a[1] == b[1]).all() for a, b in zip(one, same, strict=True))
    assert not any((a[0] == b[0]).any() for a, b in zip(one, other, strict=True))
    assert len({batch[0].tobytes() for batch in one}) == 5 and one[0][0].dtype == np.float32


def test_windows_are_of_the_signal_and_noise_is_of_what_is_read():
    read, later = np.arange(20.0)[:, None], np.arange(20.0)[:, None, None] + [[[0.5], [1.5]]]
    starts = set()
    for (seen, targets), _ in zip(batching.window_batches(read, later, 6, 4, 0), range(40), strict=False):
        assert seen.shape == (4, 6, 1) and targets.shape == (4, 6, 2, 1) and seen.dtype == targets.dtype == np.float32
        assert (np.diff(seen[..., 0], axis=1) == 1).all() and (targets[..., 0] - seen == (0.5, 1.5)).all()
        starts |= set(seen[:, 0, 0].astype(int))
    assert starts == set(range(15))  # from the first to the last, none beyond
    noisy, targets = next(batching.window_batches(np.zeros((900, 1)), np.zeros((900, 1, 1)), 300, 50, 1, noise=0.3))
    assert noisy.std() == pytest.approx(0.3, rel=0.03) and not targets.any()
    with pytest.raises(CourseError, match="windows of 21 steps, a signal of 20"):
        next(batching.window_batches(read, later, 21, 4, 0))


def test_shapes_and_errors():
    network = forecaster(2, 5, units=3, cell="gru")
    assert network(np.zeros((4, 7, 2), np.float32)).shape == (4, 7, 5, 2, 2)
    for features, ahead in ((0, 1), (1, 0)):
        with pytest.raises(CourseError, match="1 or more"):
            forecaster(features, ahead)


def test_it_comes_near_the_kalman_filter():
    world = signals.oscillator()
    training.set_seed(3)
    network = forecaster(1, 2, units=24)
    training.compile_for_training(network, 200, 1e-2, warm_up=20, loss=training.gaussian_loss)
    draw = lambda count, seed: world.sample(count, 42, seed)  # noqa: E731
    training.fit(network, batching.signal_batches(draw, 32, 3, ahead=2), 200)
    read, later = batching.ahead_targets(world.sample(400, 42, seed=99)[0], 2)
    mean = training.logits(network, read.astype("float32"))[..., 0]
    for k in (1, 2):
        ours = ((later[:, 15:, k - 1] - mean[:, 15:, k - 1]) ** 2).mean()
        best = ((later[:, 15:, k - 1] - world.predict(read, k)[:, 15:]) ** 2).mean()
        assert best < ours < 1.15 * best < 0.8 * world.variance


# -- how good a forecast is --------------------------------------------------------------------------------------------


def drawn(rng):
    """What came (6, 5, 3, 2), a third of it missing, and what was said of it, with spreads of its own."""
    later, said = rng.normal(size=(6, 5, 3, 2)), rng.normal(size=(6, 5, 3, 2, 2))
    later[rng.random(later.shape) < 1 / 3] = np.nan
    return later, said


def one_by_one(later, of):
    """The mean of of(*index) over all that came, for each step ahead."""
    found = [[of(i) for i in np.ndindex(later.shape) if i[2] == k and not np.isnan(later[i])] for k in range(3)]
    return np.array([np.mean(values) for values in found])


def test_measures_are_means_over_what_came():
    later, said = drawn(np.random.default_rng(4))
    normal = stats.norm(said[..., 0], np.exp(said[..., 1]))
    missed = one_by_one(later, lambda i: (later[i] - said[i][0]) ** 2)
    assert metrics.squared_errors(later, said[..., 0]) == pytest.approx(missed)
    assert metrics.gaussian_nats(later, said) == pytest.approx(one_by_one(later, lambda i: -normal.logpdf(later)[i]))
    p = normal.cdf(later)
    for level in (0.5, 0.9):
        inside = one_by_one(later, lambda i: abs(p[i] - 0.5) <= level / 2)  # noqa: B023
        assert metrics.coverage(later, said, level) == pytest.approx(inside)
        low, high = metrics.interval(said, level)
        assert low == pytest.approx(normal.ppf((1 - level) / 2)) and high == pytest.approx(normal.ppf((1 + level) / 2))


def test_the_loss_and_the_measure_agree():
    later, said = drawn(np.random.default_rng(5))
    counts = (~np.isnan(later)).sum(axis=(0, 1, 3))
    mean = (metrics.gaussian_nats(later, said) * counts).sum() / counts.sum()
    assert float(training.gaussian_loss(later, said)) == pytest.approx(mean, abs=1e-5)


def test_where_nothing_came_there_is_no_measure():
    later, said = drawn(np.random.default_rng(6))
    later[:, :, 1] = np.nan
    for found in (metrics.squared_errors(later, said[..., 0]), metrics.gaussian_nats(later, said),
                  metrics.coverage(later, said)):  # fmt: skip
        assert np.isnan(found).tolist() == [False, True, False]


def test_skill_is_against_a_baseline():
    assert metrics.skill([0, 1, 3], [2, 2, 2]) == pytest.approx([1, 0.5, -0.5])
    for errors, baseline in (([1, 1], [1, 0]), ([1, 1], [1]), ([1], [np.nan])):
        with pytest.raises(CourseError, match="error above 0 of the baseline"):
            metrics.skill(errors, baseline)


def test_what_does_not_fit_is_one_sentence():
    later, said = drawn(np.random.default_rng(7))
    with pytest.raises(CourseError, match=r"mean: expected \(..., K, D\), for what came \(6, 5, 3, 2\), got"):
        metrics.squared_errors(later, said)
    with pytest.raises(CourseError, match=r"said: expected \(..., K, D, 2\)"):
        metrics.gaussian_nats(later, said[..., 0])
    with pytest.raises(CourseError, match="between 0 and 1, got 90"):
        metrics.coverage(later, said, 90)

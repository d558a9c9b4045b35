"""`python -m experiments.series`: what comes next in any column of numbers, judged on what nobody saw."""

import numpy as np
import pytest

from course_lib import batching, training
from course_lib.errors import CourseError
from course_lib.worlds import signals
from experiments import series, sunspots
from experiments.forecasting import judging, networks, rivals
from experiments.forecasting.views import KINDS, View, filled, kinds_for, later

GAPS = [7, 30, 31, 66]


def positive(count=120, seed=0):
    """Numbers that every kind of view takes, with gaps."""
    numbers = np.exp(signals.oscillator().sample(1, count, seed)[0][0, :, 0] / 2)
    numbers[GAPS] = np.nan
    return numbers


# -- views -------------------------------------------------------------------------------------------------------------


def test_gaps_are_filled_from_before_and_targets_are_what_comes():
    assert filled(np.array([2, np.nan, np.nan, 5, np.nan])).tolist() == [2, 2, 2, 5, 5]
    came = later(np.array([1.0, 2, np.nan, 4]), 2)
    assert came == pytest.approx(np.array([[2, np.nan], [np.nan, 4], [4, np.nan], [np.nan, np.nan]]), nan_ok=True)


@pytest.mark.parametrize("kind", [*KINDS, "beside a linear one"])
def test_who_says_the_targets_says_the_numbers(kind):
    numbers = positive()
    linear = rivals.Linear("roots", 3, 1.0) if kind not in KINDS else None
    view = View(linear.kind if linear else kind, numbers[:90], 5, linear)
    targets, came = view.targets(numbers), later(numbers, 5)
    assert np.isnan(targets).tolist() == np.isnan(came).tolist()
    said = np.stack([np.nan_to_num(targets), np.full(targets.shape, -12.0)], axis=-1)
    there = ~np.isnan(came)
    for each in view.forecast(numbers, said):
        assert each[there] == pytest.approx(came[there], rel=1e-3)
    assert np.nanmean(view.targets(numbers[:90]), axis=0) == pytest.approx(np.zeros(5), abs=0.3)
    assert np.nanstd(view.targets(numbers[:90]), axis=0) == pytest.approx(np.ones(5), abs=0.3)


@pytest.mark.parametrize("kind", KINDS)
def test_means_and_intervals_are_those_of_what_is_said(kind):
    numbers = positive()
    view, rng = View(kind, numbers, 2), np.random.default_rng(1)
    said = np.stack([rng.normal(size=(120, 2)) / 4, np.log(rng.uniform(0.1, 0.5, size=(120, 2)))], axis=-1)
    found, drawn = view.forecast(numbers, said), rng.normal(size=(40_000, 1))
    z = said[60, :, 0] + np.exp(said[60, :, 1]) * drawn  # as the model means it, standardised
    bases, units = (each[60] for each in view._bases(numbers))
    back = {"logs": np.exp, "differences of logs": np.exp, "roots": np.square}.get(kind, lambda x: x)(bases + units * z)
    assert found.mean[60] == pytest.approx(back.mean(axis=0), rel=0.01)
    assert found.low[60] == pytest.approx(np.quantile(back, 0.05, axis=0), rel=0.03, abs=0.02)
    assert found.high[60] == pytest.approx(np.quantile(back, 0.95, axis=0), rel=0.03)


def test_some_numbers_allow_no_logs_or_roots():
    assert kinds_for(np.array([1.0, np.nan, 2])) == list(KINDS)
    assert kinds_for(np.array([0.0, 2])) == ["as they are", "differences", "roots"]
    assert kinds_for(np.array([-1.0, 2])) == ["as they are", "differences"]


# -- nobody looks ahead ------------------------------------------------------------------------------------------------


class Reader:
    """In the place of a network: sums of what it reads, so that every number that it is shown counts."""

    def __call__(self, read):
        weights = np.random.default_rng(0).normal(size=(read.shape[2], 10))
        return (np.cumsum(read, axis=1) @ weights).reshape(*read.shape[:2], 5, 1, 2) / 100


@pytest.mark.parametrize("begin", [70, 100])
def test_what_comes_changes_nothing_that_was_said(begin):
    numbers, other = positive(), positive()
    other[begin:] = positive(seed=9)[begin:] * 3
    other[begin] = np.nan

    def all_said(numbers, known=60):
        yield rivals.persistence(numbers, 5)
        yield rivals.seasonal(numbers, 5, 12)
        for kind in KINDS:
            view = View(kind, numbers[:known], 5)
            yield view.inputs(numbers)
            yield view.forecast(numbers, rivals.Linear(kind, 4, 1.0).said(view, numbers, known)).mean
            yield view.forecast(numbers, networks.said([Reader(), Reader()], view, numbers, 16)).mean
        beside = View("roots", numbers[:known], 5, rivals.Linear("roots", 4, 1.0))
        yield beside.forecast(numbers, networks.said([Reader()], beside, numbers, 16)).high

    for one, two in zip(all_said(numbers), all_said(other), strict=True):
        assert (one[:begin] == two[:begin]).all() and not (one[begin + 1 :] == two[begin + 1 :]).all()


def test_what_is_held_out_decides_nothing():
    numbers, other = positive(200), positive(200)
    other[160:] = 50 + np.arange(40)
    one, two = (judging.judge(each, 160, 4, network=False) for each in (numbers, other))
    assert one.chosen == two.chosen and one.period == two.period
    for name in one.forecasts:
        assert one.forecasts[name].mean[:160] == pytest.approx(two.forecasts[name].mean[:160])


def test_each_number_held_out_is_judged_once_for_each_step_ahead():
    numbers = np.arange(30.0)
    came = rivals.judged(numbers, 4, 20, 26)
    for k in range(4):
        assert came[~np.isnan(came[:, k]), k].tolist() == [20, 21, 22, 23, 24, 25]
        assert (came - numbers[:, None])[20 - k, k] == k + 1


# -- rivals ------------------------------------------------------------------------------------------------------------


def test_the_autoregression_is_ridge_regression():
    numbers, lags, known = positive(), 3, 80
    for kind, penalty in (("as they are", 0.0), ("differences of logs", 5.0)):
        view = View(kind, numbers[:known], 4)
        said = rivals.Linear(kind, lags, penalty).said(view, numbers, known)
        x, targets = view.inputs(numbers)[:, 0], view.targets(numbers[:known])
        for k in range(4):
            use = [t for t in range(lags - 1, known) if not np.isnan(targets[t, k])]
            rows = np.array([[1, *x[t - lags + 1 : t + 1]] for t in use])
            free = np.sqrt(penalty) * np.eye(lags + 1)[1:]  # all but the constant are drawn to 0
            weights = np.linalg.lstsq(np.vstack([rows, free]), np.append(targets[use, k], np.zeros(lags)), rcond=None)[
                0
            ]
            every = np.array([[1, *x[t - lags + 1 : t + 1]] for t in range(lags - 1, 120)])
            assert said[lags - 1 :, k, 0] == pytest.approx(every @ weights, abs=1e-5)
            left = ((rows @ weights - targets[use, k]) ** 2).sum() / (len(use) - lags - 1)
            assert np.exp(2 * said[0, k, 1]) == pytest.approx(left, rel=1e-4)


def test_a_period_is_found_where_there_is_one():
    rng, t = np.random.default_rng(2), np.arange(300)
    for period in (7, 11, 40):
        swing = np.sin(2 * np.pi * t / period) + 0.5 * rng.normal(size=300) + 0.01 * t
        assert abs(rivals.period_of(swing) - period) <= 1
        ahead = rivals.seasonal(np.tile(np.arange(period), 5).astype(float), 2 * period, period)
        assert (
            ahead[period:] == (np.arange(5 * period)[:, None] + np.arange(1, 2 * period + 1))[period:] % period
        ).all()
    assert rivals.period_of(rng.normal(size=300)) is None


def test_the_autoregression_that_is_chosen_comes_near_the_best_possible():
    world = signals.oscillator()
    numbers = world.sample(1, 3000, seed=4)[0][0, :, 0]
    found = judging.judge(numbers, 2000, 3, network=False)
    best = np.stack([world.predict(numbers[None, :, None], k)[0, :, 0] for k in (1, 2, 3)], axis=1)
    floor = np.sqrt(np.nanmean((found.came - best) ** 2, axis=0))
    ratio = found.rmse("linear") / floor
    assert (ratio > 0.99).all() and (ratio < 1.05).all() and (found.rmse("persistence") > 1.2 * floor).all()
    assert found.coverage("linear") == pytest.approx(0.9 * np.ones(3), abs=0.04)
    low, high = found.forecasts["linear"].low, found.forecasts["linear"].high
    inside = [low[t - 2, 1] <= numbers[t] <= high[t - 2, 1] for t in range(2000, 3000)]
    assert found.coverage("linear")[1] == pytest.approx(np.mean(inside)) and np.isnan(found.coverage("mean")).all()


# -- judging -----------------------------------------------------------------------------------------------------------


def test_a_committee_says_the_mean_and_the_spread_of_all_it_says():
    rng = np.random.default_rng(3)
    said = rng.normal(size=(4, 2, 3, 2))
    drawn = said[..., 0] + np.exp(said[..., 1]) * rng.normal(size=(100_000, 4, 2, 3))
    found = networks.together(said)
    assert found[..., 0] == pytest.approx(drawn.mean(axis=(0, 1)), abs=0.05)
    assert np.exp(found[..., 1]) == pytest.approx(drawn.std(axis=(0, 1)), rel=0.02)


SMALL = networks.Settings(units=3, updates=4, length=10, members=2)


def kernels_of(seed=5):
    numbers = positive()
    view = SMALL.view(numbers, 2)
    assert view.gaps
    members = networks.train(SMALL, view, numbers, seed)
    assert networks.said(members, view, numbers, 10).shape == (120, 2, 2)
    return [member.get_weights()[0] for member in members]


def test_members_differ_and_are_the_same_for_a_seed():
    (first, second), (same, _) = kernels_of(), kernels_of()
    assert (first == same).all() and not (first == second).any()


def test_each_member_begins_anew(monkeypatch):
    set_seed, batches = training.set_seed, batching.window_batches
    monkeypatch.setattr(training, "set_seed", lambda _: set_seed(7))
    monkeypatch.setattr(batching, "window_batches", lambda *of: batches(*of[:4], 7, of[5]))
    first, second = kernels_of()
    assert (first == second).all()


def test_the_bootstrap_draws_blocks_of_both():
    rng = np.random.default_rng(5)
    first, second = rng.chisquare(1, size=(2, 80))
    second[[3, 50]] = np.nan
    difference, low, high = judging.paired(first, second, 5)
    both = np.stack([first, second])[:, ~np.isnan(second)]
    drawn = []
    for _ in range(3000):  # one by one
        places = [(start + i) % 78 for start in rng.integers(78, size=16) for i in range(5)]
        drawn.append(np.subtract(*np.sqrt(both[:, places].mean(axis=1))))
    assert difference == pytest.approx(np.subtract(*np.sqrt(both.mean(axis=1))))
    assert (low, high) == pytest.approx(np.percentile(drawn, [2.5, 97.5]), abs=0.03) and low < difference < high
    assert judging.paired(first, first, 5) == (0, 0, 0)


def test_neighbours_that_err_together_count_less():
    rng = np.random.default_rng(6)
    slow = np.repeat(rng.chisquare(1, size=40), 10)
    widths = []
    for errors in (slow, rng.permutation(slow)):
        _, low, high = judging.paired(errors, np.ones(400), 12)
        widths.append(high - low)
    assert widths[0] > 2 * widths[1]


def test_spreads_are_widened_until_nine_in_ten_are_inside():
    rng = np.random.default_rng(7)
    numbers = rng.normal(size=4000)
    view = View("as they are", numbers, 2)
    too_sure = np.stack([np.zeros((4000, 2)), np.full((4000, 2), -1.0)], axis=-1)
    wider = networks.widening(view, numbers, too_sure, 2000)
    assert wider == pytest.approx(np.e, rel=0.05)
    _, low, high = view.forecast(numbers, judging.wide(too_sure, wider))
    inside = ((low <= later(numbers, 2)) & (later(numbers, 2) <= high))[2000:-2]
    assert inside.mean() == pytest.approx(0.9, abs=0.005)


# -- the command -------------------------------------------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch):
    """Two settings tried, of small networks."""
    monkeypatch.setattr(networks, "SHORT", 0)
    small = networks.Settings(units=4, updates=20, length=16, members=2)
    monkeypatch.setattr(networks, "start", lambda *_: small)
    monkeypatch.setattr(networks, "kinds_for", lambda _: ["as they are"])
    monkeypatch.setattr(networks, "search", lambda *_: iter(()))


def test_a_column_is_judged_and_goes_on(quick, tmp_path, capsys):
    numbers = 10 + signals.oscillator(noise=0.1).sample(1, 160, seed=3)[0][0, :, 0]
    cells = [f"{number:.4f}".replace(".", ",") for number in numbers]
    cells[40], cells[90] = "", "broken"
    path, picture = tmp_path / "some.csv", tmp_path / "next.svg"
    path.write_text("day;level\n" + "".join(f"{i};{cell}\n" for i, cell in enumerate(cells)), encoding="utf-8")
    assert series.main([str(path), "--column=level", "--horizon=3", f"--picture={picture}"]) == 0
    said = capsys.readouterr().out
    assert "gaps: 2 of 160" in said and "line 92, 'broken'" in said and "158 numbers are read with one" in said
    assert "the last 32 are held out" in said and picture.read_text(encoding="utf-8").count("<path") > 5
    table = [line.split() for line in said.split("by steps ahead")[1].splitlines()[1:5]]
    assert table[0] == ["steps", "mean", "persistence", "seasonal", "linear", "network", "in", "interval"]
    errors = np.array(table[1:], float)
    assert (errors[:, 4] < errors[:, 1]).all()  # the linear one is better than the mean


@pytest.mark.parametrize(
    ("numbers", "options", "expected"),
    [
        (range(20), [], "20 numbers, 4 held out, 12 steps ahead: expected 60 numbers or more"),
        ([5], [], "1 numbers"),
        ([5] * 100, [], "the first 60 numbers are all 5: there is nothing to predict"),
        (range(100), ["--horizon=0"], "--horizon is 0: expected 1 or more"),
        (range(100), ["--horizon=40"], "40 of them held out"),
        (range(100), ["--held-out=1.5"], "--held-out is 1.5: expected a share"),
        (range(100), ["--picture=next.doc"], "expected a name that ends in .png"),
        (range(100), ["--column=price"], "there is no column 'price'; columns with numbers: x"),
        ([*range(20), *["-"] * 60, *range(60)], [], "more than half of the first"),
    ],
)
def test_what_cannot_be_is_one_sentence(numbers, options, expected, tmp_path, capsys):
    path = tmp_path / "some.csv"
    path.write_text("x\n" + "".join(f"{number}\n" for number in numbers), encoding="utf-8")
    assert series.main([str(path), *options]) == 1
    error = capsys.readouterr().err
    assert expected in error and error.count("\n") == 1


def test_the_sunspots_are_the_right_ones(tmp_path):
    with pytest.raises(CourseError, match="--help` says how to make it"):
        sunspots.read(tmp_path / "none.csv")
    path = tmp_path / "sunspots.csv"
    path.write_text("YEAR,SUNACTIVITY\n" + "".join(f"{year},5\n" for year in range(1700, 2009)), encoding="utf-8")
    with pytest.raises(CourseError, match="expected 1700 to 2008, 15373.4 spots in all"):
        sunspots.read(path)

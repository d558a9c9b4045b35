"""Forecasts of the end of a series, which no choice has seen: a network's beside its rivals'."""

import time
from typing import NamedTuple

import numpy as np

from course_lib.errors import CourseError
from experiments.forecasting import networks, rivals
from experiments.forecasting.views import Forecast, View

LEAST, LEAST_JUDGED = 60, 10  # numbers, gaps not counted: in all, and held out


class Judged(NamedTuple):
    """What was found out about one series.

    came (N, K): what is judged, NaN elsewhere. forecasts: of each rival and the network, after every number, each
    (N, K); of some only the mean. chosen: of the linear autoregression and the network, in words.
    """

    came: np.ndarray
    forecasts: dict[str, Forecast]
    chosen: dict[str, str]
    period: int | None
    cpu_seconds: float

    def squared(self, name: str) -> np.ndarray:
        """Squared errors (N, K), NaN where nothing is judged."""
        return (self.came - self.forecasts[name].mean) ** 2

    def rmse(self, name: str) -> np.ndarray:
        """The root of the mean squared error (K,)."""
        return np.sqrt(np.nanmean(self.squared(name), axis=0))

    def coverage(self, name: str) -> np.ndarray:
        """The share of what came that lies in the 90 % interval (K,), NaN for who says none."""
        _, low, high = self.forecasts[name]
        there = ~np.isnan(self.came)
        return np.where(np.isnan(low[-1]), np.nan, ((low <= self.came) & (self.came <= high)).sum(0) / there.sum(0))

    def difference(self, name: str, other: str) -> np.ndarray:
        """RMSE of one less that of another, and its 95 % interval: (K, 3). See `paired`."""
        ahead = self.came.shape[1]
        pairs = zip(self.squared(name).T, self.squared(other).T, strict=True)
        return np.array([paired(a, b, ahead) for a, b in pairs])


def paired(first: np.ndarray, second: np.ndarray, ahead: int, draws: int = 2000) -> tuple[float, float, float]:
    """Squared errors of the same forecasts (N,), NaN where none is -> difference of roots of means, its 95 % interval.

    A bootstrap of blocks that are drawn together for both, circular (Politis & Romano 1992): neighbours err together.
    Blocks are of the cube root of the number of forecasts, and at least as many steps as are forecast ahead.
    """
    there = np.flatnonzero(~(np.isnan(first) | np.isnan(second)))
    both = np.stack([first[there], second[there]])  # (2, n)
    n = both.shape[1]
    block = min(max(ahead, round(n ** (1 / 3))), n)
    wrapped = np.cumsum(np.concatenate([np.zeros((2, 1)), both, both[:, : block - 1]], axis=1), axis=1)
    sums = wrapped[:, block:] - wrapped[:, :-block]  # of the block that begins at each place: (2, n)
    starts = np.random.default_rng(0).integers(n, size=(draws, -(-n // block)))
    means = np.maximum(sums[:, starts].sum(axis=2), 0) / (starts.shape[1] * block)  # (2, draws)
    low, high = np.percentile(np.sqrt(means[0]) - np.sqrt(means[1]), [2.5, 97.5])
    difference = np.sqrt(both[0].mean()) - np.sqrt(both[1].mean())
    return float(difference), float(low), float(high)


def first_held_out(numbers: np.ndarray, ahead: int, held_out: float) -> int:
    """Where the held-out end of numbers (N,) begins. CourseError if there are too few, or nothing to learn from."""
    if not 0 < held_out <= 0.5:
        raise CourseError(f"--held-out is {held_out}: expected a share of the numbers, above 0, at most 0.5.")
    count = int((~np.isnan(numbers)).sum())
    begin = len(numbers) - round(held_out * len(numbers))
    least = max(LEAST_JUDGED, ahead)
    if count < LEAST or np.isfinite(numbers[begin:]).sum() < least or fit_of(begin) < 2 * ahead + 20:
        raise CourseError(
            f"{count} numbers, {len(numbers) - begin} held out, {ahead} steps ahead: expected {LEAST} numbers or more, "
            f"{least} of them held out, and {2 * ahead + 20} in the first {fit_of(begin)}: give a longer series, or a "
            "smaller --horizon."
        )
    if np.nanmax(numbers[: fit_of(begin)]) == np.nanmin(numbers[: fit_of(begin)]):
        raise CourseError(f"the first {fit_of(begin)} numbers are all {numbers[0]:g}: there is nothing to predict.")
    if np.isnan(numbers[: fit_of(begin)]).mean() > 0.5:
        raise CourseError(f"more than half of the first {fit_of(begin)} numbers are missing: expected fewer gaps.")
    return begin


def fit_of(begin: int) -> int:
    """How many numbers before the held-out end settings are tried on; they are chosen on the rest before it."""
    return begin - begin // 4


def judge(
    numbers: np.ndarray,
    begin: int,
    ahead: int,
    seed: int = 0,
    tell=lambda line: None,
    judged_from: int | None = None,
    network: bool = True,
) -> Judged:
    """Choose and train on the numbers before `begin`, judge once on those behind it, or from `judged_from` on.

    numbers (N,), NaN at gaps, the first is there. network: False leaves it out, which takes no time.
    """
    known, fit, started = numbers[:begin], fit_of(begin), time.process_time()
    period = rivals.period_of(known)
    linear, linear_error = rivals.chosen_linear(known, fit, ahead, period)
    view = View(linear.kind, known[:fit], ahead)
    wider = networks.widening(view, known, linear.said(view, known, fit), fit)
    view = View(linear.kind, known, ahead)
    level = np.full((len(numbers), ahead), np.nanmean(known))
    last = rivals.persistence(numbers, ahead)
    none = np.full_like(last, np.nan)
    forecasts = {"mean": Forecast(level, none, none), "persistence": Forecast(last, none, none)}
    if period:
        forecasts["seasonal"] = Forecast(rivals.seasonal(numbers, ahead, period), none, none)
    forecasts["linear"] = view.forecast(numbers, wide(linear.said(view, numbers, begin), wider))

    came = rivals.judged(numbers, ahead, judged_from or begin)
    chosen = {"linear": f"{linear} ({linear_error:.2f} of persistence's squared error where it was chosen)"}
    if not network:
        return Judged(came, forecasts, chosen, period, time.process_time() - started)
    settings, network_error, wider = networks.chosen_network(known, fit, ahead, period, linear, seed, tell)
    view = settings.view(known, ahead)
    members = networks.train(settings, view, known, seed)
    found = networks.said(members, view, numbers, settings.length, begin - ahead)
    forecasts["network"] = view.forecast(numbers, wide(found, wider))
    chosen["network"] = f"{settings} ({network_error:.2f})"
    return Judged(came, forecasts, chosen, period, time.process_time() - started)


def wide(said: np.ndarray, by: float) -> np.ndarray:
    """The same means, spreads `by` times as large."""
    return said + np.array([0, np.log(max(by, 1e-6))])

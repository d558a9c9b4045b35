"""Forecasts without a network: the mean, the last number, that of a period before, a linear autoregression."""

import itertools
from typing import NamedTuple

import numpy as np

from experiments.forecasting.views import View, filled, kinds_for, later

LAGS = (1, 2, 3, 4, 6, 9, 12, 18, 24, 36)
PENALTIES = (0.0, 1.0, 10.0, 100.0, 1000.0)


def persistence(numbers: np.ndarray, ahead: int) -> np.ndarray:
    """Numbers (N,) -> the last one that was seen, for 1 to `ahead` steps later: (N, ahead)."""
    return np.repeat(filled(numbers)[:, None], ahead, axis=1)


def seasonal(numbers: np.ndarray, ahead: int, period: int) -> np.ndarray:
    """Numbers (N,) -> the one a period, or several, before the one to come: (N, ahead); at the start, the last."""
    seen, steps = filled(numbers), np.arange(1, ahead + 1)
    places = np.arange(len(numbers))[:, None] + steps - period * -(-steps // period)  # (N, K)
    return np.where(places >= 0, seen[np.maximum(places, 0)], seen[:, None])


def period_of(known: np.ndarray, least: float = 0.2) -> int | None:
    """The period of numbers (N,): where the autocorrelation, less a straight line, has its highest peak.

    None if no peak is above `least`, or behind the first place where it falls below 0. At most a third of the numbers.
    """
    z = filled(known)
    t = np.arange(len(z))
    z = z - np.polyval(np.polyfit(t, z, 1), t)
    spectrum = np.abs(np.fft.rfft(z, 2 * len(z))) ** 2
    r = np.fft.irfft(spectrum)[: len(z) // 3 + 1]
    r = r / (r[0] or 1.0)
    if not (r < 0).any():
        return None
    peaks = [k for k in range(int((r < 0).argmax()), len(r) - 1) if r[k - 1] < r[k] >= r[k + 1] and r[k] > least]
    return max(peaks, key=lambda k: r[k], default=None)


class Linear(NamedTuple):
    """A linear autoregression: so many numbers are read, as which kind of view, with which ridge penalty."""

    kind: str
    lags: int
    penalty: float

    def __str__(self):
        return f"{self.kind}, {self.lags} lags, penalty {self.penalty:g}"

    def said(self, view: View, numbers: np.ndarray, known: int) -> np.ndarray:
        """Fit on the first `known` of the numbers (N,) -> what it says after each number: (N, K, 2).

        A regression for each step ahead, by ridge (Hoerl & Kennard 1970), of which the constant is free. Spread: of
        what is left over, with the degrees of freedom that are left. The first `lags` are read with zeros before them.
        """
        x = view.inputs(numbers)[:, 0]
        padded = np.concatenate([np.zeros(self.lags - 1), x])
        read = np.lib.stride_tricks.sliding_window_view(padded, self.lags)  # (N, lags)
        targets, result = view.targets(numbers[:known]), np.zeros((len(numbers), view.ahead, 2))
        for k in range(view.ahead):
            use = np.flatnonzero(~np.isnan(targets[:, k]))
            use = use[use >= self.lags - 1]
            X, y = read[use], targets[use, k]
            middle, level = X.mean(axis=0), y.mean()
            gram = (X - middle).T @ (X - middle) + (self.penalty + 1e-9 * len(use)) * np.eye(self.lags)
            weights = np.linalg.solve(gram, (X - middle).T @ (y - level))
            result[:, k, 0] = (read - middle) @ weights + level
            left = ((result[use, k, 0] - y) ** 2).sum() / max(len(use) - self.lags - 1, 1)
            result[:, k, 1] = 0.5 * np.log(max(left, 1e-12))
        return result


def chosen_linear(known: np.ndarray, fit: int, ahead: int, period: int | None) -> tuple[Linear, float]:
    """The linear autoregression that predicts `known` behind its first `fit` numbers best, when fitted on these.

    -> it, and its `relative_error` there.
    """
    lags = {*LAGS, *((period, period + 1, 2 * period) if period else ())}
    lags = sorted(n for n in lags if n <= fit // 5)
    best: tuple[Linear, float] | None = None
    for kind in kinds_for(known[:fit]):
        view = View(kind, known[:fit], ahead)
        for n, penalty in itertools.product(lags, PENALTIES):
            candidate = Linear(kind, n, penalty)
            mean = view.forecast(known, candidate.said(view, known, fit)).mean
            error = relative_error(known, mean, fit)
            if best is None or error < best[1]:
                best = candidate, error
    if best is None:
        raise ValueError("a lag of 1 always fits")
    return best


def relative_error(numbers: np.ndarray, mean: np.ndarray, begin: int) -> float:
    """Squared error of numbers from `begin` on, divided by persistence's: the mean over 1 to K steps. mean (N, K)."""
    came = judged(numbers, mean.shape[1], begin)
    errors = np.nanmean((came - mean) ** 2, axis=0)
    baseline = np.nanmean((came - persistence(numbers, mean.shape[1])) ** 2, axis=0)
    return float(np.mean(errors / np.maximum(baseline, 1e-300)))


def judged(numbers: np.ndarray, ahead: int, begin: int, end: int | None = None) -> np.ndarray:
    """What comes 1 to `ahead` steps after each number, if it is one from `begin` to before `end`, else NaN: (N, ahead).

    So every number is judged as often for each step ahead.
    """
    came = later(numbers, ahead)
    places = np.arange(len(numbers))[:, None] + np.arange(1, ahead + 1)
    return np.where((places >= begin) & (places < (end or len(numbers))), came, np.nan)

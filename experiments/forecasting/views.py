"""A series as a model sees it: standardised, in logs, roots or differences; and what a model says, as numbers again."""

from typing import NamedTuple

import numpy as np

from course_lib import metrics

KINDS = ("as they are", "differences", "logs", "differences of logs", "roots")


def filled(numbers: np.ndarray) -> np.ndarray:
    """Numbers (N,) with each gap, a NaN, filled by the number before it: nobody may look ahead. The first is there."""
    last = np.maximum.accumulate(np.where(np.isnan(numbers), 0, np.arange(len(numbers))))
    return numbers[last]


def later(numbers: np.ndarray, ahead: int) -> np.ndarray:
    """Numbers (N,) -> what comes 1 to `ahead` steps later (N, ahead), NaN behind the end and where there is a gap."""
    padded = np.concatenate([numbers, np.full(ahead, np.nan)])
    return np.stack([padded[k : k + len(numbers)] for k in range(1, ahead + 1)], axis=1)


class Forecast(NamedTuple):
    """What is said of numbers, each (..., K): the mean, and the ends of the 90 % interval."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def kinds_for(known: np.ndarray) -> list[str]:
    """The kinds of view that numbers allow: no logs of 0, no roots below it."""
    least = np.nanmin(known)
    return [kind for kind in KINDS if not ("log" in kind and least <= 0) and not (kind == "roots" and least < 0)]


class View:
    """How numbers are handed to a model, and its answers back: everything measured on the numbers that it may know.

    kind: one of KINDS. known (N,): the numbers to measure on. ahead: K. A model reads `inputs` (N, D) and says means
    and log standard deviations (..., K, 2) of `targets` (N, K): standardised; of differences, how far a number K steps
    later is from the last one. linear: targets are what this autoregression leaves over, fitted on `known`.
    """

    def __init__(self, kind: str, known: np.ndarray, ahead: int, linear=None):
        self.kind, self.ahead, self.gaps = kind, ahead, bool(np.isnan(known).any())
        self.differences = kind.startswith("differences")
        there = known[~np.isnan(known)]
        self.least = there[there > 0].min() / 2 if "log" in kind else 0.0  # of numbers to come, for their logs
        z = self._curved(filled(known))
        self.mean, self.sd = z.mean(), z.std() or 1.0
        steps = later(self._curved(known), ahead) - z[:, None]
        self.units = np.nanstd(steps, axis=0) if self.differences else np.full(ahead, self.sd)
        self.units = np.where(self.units > 0, self.units, 1.0)
        self.drift = np.nanmean(steps, axis=0) if self.differences else np.zeros(ahead)
        self.linear = linear and (linear, View(linear.kind, known, ahead), len(known))

    def _curved(self, numbers):
        if "log" in self.kind:
            return np.log(np.maximum(numbers, self.least))
        return np.sqrt(np.maximum(numbers, 0)) if self.kind == "roots" else numbers

    def inputs(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers (N,) -> what is read (N, D): standardised, and where there were gaps to learn from, 1 at a gap."""
        z = self._curved(filled(numbers))
        if self.differences:
            read = (np.diff(z, prepend=z[0]) - self.drift[0]) / self.units[0]
        else:
            read = (z - self.mean) / self.sd
        return np.stack([read, np.isnan(numbers)], axis=1) if self.gaps else read[:, None]

    def _bases(self, numbers):
        """What targets count from, and in what units: (N, K) twice."""
        if self.linear:
            linear, view, known = self.linear
            (bases, units), said = view._bases(numbers), linear.said(view, numbers, known)
            return bases + units * said[..., 0], units * np.exp(said[..., 1])
        z = self._curved(filled(numbers))[:, None] if self.differences else self.mean
        return z + self.drift + np.zeros((len(numbers), 1)), np.tile(self.units, (len(numbers), 1))

    def targets(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers (N,) -> (N, K), NaN where nothing comes."""
        bases, units = self._bases(numbers)
        return (later(self._curved(numbers), self.ahead) - bases) / units

    def forecast(self, numbers: np.ndarray, said: np.ndarray) -> Forecast:
        """Numbers (N,) and what a model says after each, (N, K, 2) -> the same as numbers, (N, K)."""
        bases, units = self._bases(numbers)
        mean, sd = bases + said[..., 0] * units, np.exp(said[..., 1]) * units
        ends = metrics.interval(np.stack([mean, np.log(sd)], axis=-1))
        if "log" in self.kind:  # a spread beyond one of e is no reason to expect the sky
            return Forecast(np.exp(mean + np.minimum(sd, 1) ** 2 / 2), *map(np.exp, ends))
        if self.kind == "roots":
            return Forecast(mean**2 + sd**2, *(np.maximum(end, 0) ** 2 for end in ends))
        return Forecast(mean, *ends)

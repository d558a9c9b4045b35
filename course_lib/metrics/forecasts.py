"""How good a forecast of numbers is, for each number of steps ahead.

later (..., K, D): what came 1 to K steps later, NaN where nothing did, as `batching.ahead_targets` gives it.
said (..., K, D, 2): means and log standard deviations, as `models.forecaster` gives them. Every answer is (K,), over
all numbers that came; NaN where none did.
"""

from statistics import NormalDist

import numpy as np

from course_lib.errors import CourseError


def _fitting(later, other, what, ends=()):
    later, other = np.asarray(later, float), np.asarray(other, float)
    if later.ndim < 2 or other.shape != (*later.shape, *ends):
        wanted = ", ".join(("..., K, D", *map(str, ends)))
        raise CourseError(f"{what}: expected ({wanted}), for what came {later.shape}, got {other.shape}.")
    return later, other


def _by_step(values, later):
    """The mean of values (..., K, D) for each step ahead, where something came."""
    there = ~np.isnan(later)
    others = tuple(axis for axis in range(later.ndim) if axis != later.ndim - 2)
    counts = there.sum(axis=others)
    return np.where(counts, np.where(there, values, 0).sum(axis=others) / np.maximum(counts, 1), np.nan)


def squared_errors(later, mean) -> np.ndarray:
    """The mean squared error for each step ahead: later, mean (..., K, D) -> (K,). CourseError if they do not fit."""
    later, mean = _fitting(later, mean, "mean")
    return _by_step((later - mean) ** 2, later)


def gaussian_nats(later, said) -> np.ndarray:
    """The mean of -log p under normal distributions, nats a number: (K,). CourseError if they do not fit."""
    later, said = _fitting(later, said, "said", (2,))
    mean, log_sd = said[..., 0], said[..., 1]
    return _by_step(log_sd + 0.5 * ((later - mean) * np.exp(-log_sd)) ** 2 + 0.5 * np.log(2 * np.pi), later)


def interval(said, level: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
    """Said (..., 2) -> the ends (...) of the middle interval that holds so much of the probability.

    CourseError for a level that is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise CourseError(f"level: expected a share between 0 and 1, got {level}.")
    said = np.asarray(said, float)
    half = NormalDist().inv_cdf((1 + level) / 2) * np.exp(said[..., 1])
    return said[..., 0] - half, said[..., 0] + half


def coverage(later, said, level: float = 0.9) -> np.ndarray:
    """The share of numbers that came within their `interval`: (K,). It is the level for who knows how sure to be.

    CourseError if they do not fit, or as of `interval`.
    """
    later, said = _fitting(later, said, "said", (2,))
    low, high = interval(said, level)
    return _by_step((low <= later) & (later <= high), later)


def skill(errors, of_baseline) -> np.ndarray:
    """1 - error / error of a baseline, such as persistence, both (K,): 1 is perfect, 0 as good as it, below 0 worse.

    CourseError if they do not fit, or the baseline never errs.
    """
    errors, of_baseline = np.asarray(errors, float), np.asarray(of_baseline, float)
    if errors.shape != of_baseline.shape or not (of_baseline > 0).all():
        raise CourseError(f"skill: expected an error above 0 of the baseline for each of {errors.shape} errors.")
    return 1 - errors / of_baseline

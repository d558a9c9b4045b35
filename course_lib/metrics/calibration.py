"""Whether a probability means what it says: of a verdict that is yes or no."""

from typing import NamedTuple

import numpy as np

from course_lib.errors import CourseError


class Bin(NamedTuple):
    """Verdicts of like probability: the mean said, the share that came true, and how many cases they are."""

    said: float
    came: float
    cases: int


def _probabilities(values, what="probabilities"):
    values = np.asarray(values, float)
    if values.ndim != 1 or not len(values) or not ((values >= 0) & (values <= 1)).all():
        raise CourseError(f"{what}: expected one or more numbers from 0 to 1, got an array {values.shape}.")
    return values


def _both(first, second, what):
    first, second = _probabilities(first), _probabilities(second, what)
    if len(first) != len(second):
        raise CourseError(f"expected as many {what} as probabilities, got {len(second)} and {len(first)}.")
    return first, second


def reliability(probabilities, verdicts, bins: int = 10, equal: str = "width") -> list[Bin]:
    """The points of a reliability diagram (DeGroot & Fienberg 1983): probabilities (N,), verdicts (N,), 1 or 0 -> bins.

    equal="width": [0, 1] cut into `bins` equal pieces, each closed below, the last above, too; those without a case are
    left out. equal="mass": as many cases in each, as near as can be, in order of probability. CourseError if the arrays
    do not fit, bins is below 1, or equal is neither.
    """
    p, came = _both(probabilities, verdicts, "verdicts")
    if not np.isin(came, (0, 1)).all():
        raise CourseError("verdicts: expected 1 or 0 each.")
    if bins < 1:
        raise CourseError(f"bins: expected 1 or more, got {bins}.")
    if equal == "width":
        number = np.minimum((p * bins).astype(int), bins - 1)
        parts = [np.flatnonzero(number == i) for i in range(bins)]
    elif equal == "mass":
        parts = np.array_split(np.argsort(p, kind="stable"), bins)
    else:
        raise CourseError(f"equal: expected 'width' or 'mass', got {equal!r}.")
    return [Bin(float(p[part].mean()), float(came[part].mean()), len(part)) for part in parts if len(part)]


def expected_calibration_error(probabilities, verdicts, bins: int = 10, equal: str = "width") -> float:
    """The mean distance of what was said from what came, over the bins of `reliability`, weighted by their cases.

    Naeini et al. 2015; Guo et al. 2017, eq. 3, of the probability of yes instead of the chosen class's. What differs
    within a bin cancels, so it may be small where `expected_error` is large. CourseErrors as of `reliability`.
    """
    found = reliability(probabilities, verdicts, bins, equal)
    total = sum(part.cases for part in found)
    return float(sum(part.cases * abs(part.said - part.came) for part in found) / total)


def expected_error(probabilities, true) -> float:
    """The mean distance of probabilities from the true ones, both (N,): what only a world of known answers can tell.

    CourseError if they are no probabilities, or of different lengths.
    """
    p, true = _both(probabilities, true, "true probabilities")
    return float(np.abs(p - true).mean())


def nats_above_floor(logits, true) -> float:
    """Cross-entropy less its floor, nats a verdict: the mean Kullback-Leibler divergence from the true probabilities.

    logits (N,): log odds that a model gives; true (N,): probabilities. What luck drew as verdicts plays no part. 0 is a
    perfect model. CourseError if the arrays do not fit.
    """
    logits, true = np.asarray(logits, float), _probabilities(true, "true probabilities")
    if logits.shape != true.shape:
        raise CourseError(f"expected a logit for each true probability, got {logits.shape} and {true.shape}.")
    cross = np.logaddexp(0, logits) - true * logits  # -p log q - (1 - p) log(1 - q)
    inside = np.clip(true, 1e-300, 1)
    other = np.clip(1 - true, 1e-300, 1)
    return float((cross + true * np.log(inside) + (1 - true) * np.log(other)).mean())


def agreement(logits, true) -> float:
    """The share of verdicts, 0 to 1, that are the best possible: logit and true probability on one side of even odds.

    logits (N,), true (N,). Where the truth is even, both are. CourseError if the arrays do not fit.
    """
    logits, true = np.asarray(logits, float), _probabilities(true, "true probabilities")
    if logits.shape != true.shape:
        raise CourseError(f"expected a logit for each true probability, got {logits.shape} and {true.shape}.")
    return float(((logits > 0) == (true > 0.5))[true != 0.5].sum() + (true == 0.5).sum()) / len(true)

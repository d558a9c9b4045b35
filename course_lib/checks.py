"""Claims that hold for any seed, and the means to check an exercise and give a hint.

A claim is a sentence and a condition. It prints the sentence with a tick or raises with the values, so its output
is the same on every machine. `COURSE_SEED=n` runs a lesson under another seed; `make seeds` runs all lessons under
five and stores every claim's worst margin.
"""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from course_lib.errors import CourseError


class ClaimBroken(CourseError):
    """A lesson says something that does not hold."""


class NotYet(CourseError):
    """An exercise is not solved yet. The message says what to look at."""


@dataclass(frozen=True)
class Comparison:
    """A value beside its bound. True where the bound holds; keeps how far the value is from it."""

    value: float
    relation: str
    bound: float

    def __bool__(self) -> bool:
        # A NaN compares false, so a broken measurement never counts as a claim that holds.
        return bool(self.value <= self.bound if self.relation == "at most" else self.value >= self.bound)

    @property
    def margin(self) -> float:
        """Room left before the bound, as a share of the bound; negative where it is broken."""
        room = self.bound - self.value if self.relation == "at most" else self.value - self.bound
        return room / abs(self.bound) if self.bound else room


def at_most(value, bound) -> Comparison:
    """value <= bound, for `claim`."""
    return Comparison(float(value), "at most", float(bound))


def at_least(value, bound) -> Comparison:
    """value >= bound, for `claim`."""
    return Comparison(float(value), "at least", float(bound))


def claim(sentence: str, condition: Any, **values) -> None:
    """Print `sentence` with a tick if `condition` holds, else raise ClaimBroken with the values.

    condition: a truth (exact things: equal, sorted), or `at_most(value, bound)` / `at_least(value, bound)` for what
    was measured, so that the margin can be recorded. values: shown if the claim breaks. No number that differs
    between machines belongs into the sentence: it is compared strictly. TypeError if the condition is neither.
    """
    if not isinstance(condition, (bool, np.bool_, Comparison)):
        raise TypeError(f"claim: expected a truth or a comparison, got {type(condition).__name__}: {condition!r}")
    if path := os.environ.get("COURSE_CLAIMS"):
        measured = asdict(condition) | {"margin": condition.margin} if isinstance(condition, Comparison) else {}
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"claim": sentence, "holds": bool(condition)} | measured) + "\n")
    if not condition:
        if isinstance(condition, Comparison):
            values = {"measured": condition.value, condition.relation: condition.bound} | values
        shown = "; ".join(f"{name} = {value:.6g}" if isinstance(value, float) else f"{name} = {value}"
                          for name, value in values.items())  # fmt: skip
        raise ClaimBroken(f"✗ {sentence}" + (f" [{shown}]" if shown else ""))
    print(f"✓ {sentence}")


def seed() -> int:
    """The seed of this run: COURSE_SEED, or 0. Every claim of every lesson holds for any.

    CourseError if COURSE_SEED is no whole number.
    """
    value = os.environ.get("COURSE_SEED", "0")
    if not value.isdecimal():
        raise CourseError(f"COURSE_SEED is {value!r}: expected a whole number, such as COURSE_SEED=1.")
    return int(value)


# -- exercises -------------------------------------------------------------------------------------------------------


def run(function: Callable, *args) -> Any:
    """Call a student's function. NotYet if it is blank, returns nothing, or stops with an error of its own."""
    name = getattr(function, "__name__", "your function")
    if not callable(function):
        raise NotYet(f"expected a function, got {type(function).__name__}: keep the line that begins with def.")
    try:
        answer = function(*args)
    except NotImplementedError:
        raise NotYet(f"{name} is still blank: write it in the cell above, run that cell, then this one.") from None
    except Exception as error:
        raise NotYet(f"{name} stopped with {type(error).__name__}: {error}") from None
    if answer is None:
        raise NotYet(f"{name} returned nothing: end it with `return …`.")
    return answer


def as_array(answer, shape: Sequence[int], what: str, hints: dict[tuple, str] | None = None) -> np.ndarray:
    """The answer as a float array of `shape`, or NotYet. hints: a wrong shape -> the likely mistake."""
    try:
        array = np.asarray(answer, float)
    except (TypeError, ValueError):
        raise NotYet(f"{what}: expected numbers of shape {tuple(shape)}, got {type(answer).__name__}.") from None
    if array.shape != tuple(shape):
        hint = (hints or {}).get(array.shape)
        raise NotYet(f"{what}: shape is {array.shape}, expected {tuple(shape)}" + (f": {hint}." if hint else "."))
    if not np.isfinite(array).all():
        raise NotYet(f"{what}: there are values that are not finite (NaN or infinity).")
    return array


def expect_close(answer, expected, what: str, mistakes: Sequence[tuple[Any, str]] = (), tolerance: float = 1e-5):
    """NotYet unless answer equals expected; `mistakes` holds (what a likely mistake gives, the hint for it)."""
    if np.allclose(answer, expected, atol=tolerance, rtol=tolerance):
        return
    for wrong, hint in mistakes:
        if np.shape(wrong) == np.shape(answer) and np.allclose(answer, wrong, atol=tolerance, rtol=tolerance):
            raise NotYet(f"{what}: not yet. {hint}")
    with np.printoptions(precision=4, suppress=True, threshold=8):
        raise NotYet(f"{what}: expected {np.asarray(expected)}, got {np.asarray(answer)}.")


def solved(what: str) -> None:
    """Say that an exercise is right."""
    print(f"✓ {what}")

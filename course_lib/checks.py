"""The means to check an exercise and to give a hint."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_lib.errors import CourseError


class NotYet(CourseError):
    """An exercise is not solved yet. The message says what to look at."""


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
        misfit = isinstance(error, ValueError) and ("matmul" in str(error) or "not aligned" in str(error))
        hint = ". Vectors are rows here: x @ W, where a paper writes W x." if misfit else ""
        raise NotYet(f"{name} stopped with {type(error).__name__}: {error}{hint}") from None
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

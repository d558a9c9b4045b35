"""Settings of a run: a frozen dataclass with defaults, changed by NAME=VALUE pairs; what cannot be is refused here."""

import math
from collections.abc import Callable, Iterable
from dataclasses import field, fields
from typing import TYPE_CHECKING, Any, TypeVar

from course_lib.errors import CourseError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")


def setting(default: Any, allowed: Callable[[Any], bool], expected: str) -> Any:
    """A field with a check of its own; a number without one has to be more than 0. expected: as in "0 or more"."""
    return field(default=default, metadata={"allowed": allowed, "expected": expected})


def from_zero(default: float) -> Any:
    """A number that may be 0."""
    return setting(default, lambda value: value >= 0, "0 or more")


def share(default: float) -> Any:
    """A share that may be 0, such as a dropout's."""
    return setting(default, lambda value: 0 <= value < 1, "0 or more, and less than 1")


def one_of(default: str, choices: Iterable[str]) -> Any:
    """One of a few names."""
    choices = tuple(choices)
    return setting(default, lambda value: value in choices, f"one of {', '.join(choices)}")


def read_settings(recipe: type, given: Iterable[str]) -> dict[str, Any]:
    """NAME=VALUE pairs as fields of a recipe, each of the type of its default. "seed" has an option of its own.

    CourseError for a name that is not there, and for a value that is not of its type.
    """
    types: dict[str, Callable] = {one.name: type(one.default) for one in fields(recipe) if one.name != "seed"}
    result = {}
    for pair in given:
        name, _, value = pair.partition("=")
        try:
            result[name] = types[name](value)
        except (KeyError, ValueError):
            raise CourseError(
                f"--set {pair}: expected NAME=VALUE with a number and one of the names {', '.join(types)}."
            ) from None
    return result


def checked(recipe: R) -> R:
    """The recipe; CourseError if one of its values cannot be."""
    for one in fields(recipe):
        value, check = getattr(recipe, one.name), one.metadata
        if one.name == "seed" or (isinstance(value, str) and not check):
            continue
        finite = isinstance(value, str) or math.isfinite(value)
        if not (finite and (check["allowed"](value) if check else value > 0)):
            raise CourseError(f"--set {one.name}={value}: expected {check['expected'] if check else 'more than 0'}.")
    return recipe


def read_recipe(recipe: type[R], given: Iterable[str], **options: Any) -> R:
    """A recipe with the settings given and what other options say (such as the seed), checked."""
    return checked(recipe(**options | read_settings(recipe, given)))

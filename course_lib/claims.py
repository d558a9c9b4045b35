"""Claims: sentences held to what was measured, under any seed.

A claim is a sentence and a condition. If it holds, the reader sees the sentence, the measured value and its bound; if
not, it raises. There are three kinds, with a mark each:

    ✓   live: measured in this run, under this seed
    ▤   stored: read from a table that a command made; `make reproduce` draws rows of it and runs them again
    ∴   must be: holds by a theorem or by construction; that it does says the code is right, and no more

`COURSE_SEED=n` runs a lesson under another seed; `make seeds` runs all lessons under five and stores every claim's
worst margin. What stands between "[measured" and "]" differs between machines: tests compare all but that.
"""

import html
import json
import os
import sys
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from course_lib.errors import CourseError

LIVE, STORED, MUST_BE = "✓", "▤", "∴"
KINDS = {LIVE: "live", STORED: "stored", MUST_BE: "must be"}


class ClaimBroken(CourseError):
    """A lesson says something that does not hold."""


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


@dataclass(frozen=True)
class Claim:
    """A claim that holds: what a figure's title may say (`plotting.title`)."""

    sentence: str
    mark: str
    measured: str = ""  # such as "0.93, at least 0.9"
    table: str = ""

    def __str__(self) -> str:
        """The line that a reader sees."""
        measured = f" [measured {self.measured}]" if self.measured else ""
        return f"{self.mark} {self.sentence}{measured}" + (f" · {self.table}" if self.table else "")

    def _repr_html_(self) -> str:
        """The same, its number in grey, its kind where the mouse rests on the mark."""
        rest = html.escape(str(self).removeprefix(f"{self.mark} {self.sentence}"))
        mark = f'<span title="{KINDS[self.mark]}" style="color: #009E73">{self.mark}</span>'
        return f'<div>{mark} {html.escape(self.sentence)}<span style="opacity: 0.65">{rest}</span></div>'

    def _show(self) -> None:
        ipython = sys.modules.get("IPython")
        if ipython is None or ipython.get_ipython() is None:
            print(self)
        else:
            ipython.display.publish_display_data({"text/plain": str(self), "text/html": self._repr_html_()})

    def _ipython_display_(self) -> None:
        """Nothing: it was shown when it was made, also where it is a cell's last line."""


def claim(sentence: str, condition: Any, table: str = "", **values) -> Claim:
    """Show `sentence` with what was measured if `condition` holds, else raise ClaimBroken with the values.

    condition: `at_most(value, bound)` / `at_least(value, bound)` for what was measured, so that the reader sees the
    number and its margin is recorded, or a truth (exact things: equal, sorted). table: where the value was read, if a
    command stored it there and this run did not measure it. values: shown beside a truth, or if the claim breaks.
    No number that differs between machines belongs into the sentence: it is compared strictly. TypeError if the
    condition is neither.
    """
    return _held(sentence, STORED if table else LIVE, condition, table, values)


def must_be(sentence: str, condition: Any, **values) -> Claim:
    """As `claim`, of what holds by a theorem or by construction: no finding, but a test of the code."""
    return _held(sentence, MUST_BE, condition, "", values)


def _held(sentence: str, mark: str, condition: Any, table: str, values: dict) -> Claim:
    if not isinstance(condition, (bool, np.bool_, Comparison)):
        raise TypeError(f"claim: expected a truth or a comparison, got {type(condition).__name__}: {condition!r}")
    if path := os.environ.get("COURSE_CLAIMS"):
        measured = asdict(condition) | {"margin": condition.margin} if isinstance(condition, Comparison) else {}
        record = {"claim": sentence, "kind": KINDS[mark], "holds": bool(condition)} | measured
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
    shown = [f"{name} {_number(value)}" for name, value in values.items()]
    if isinstance(condition, Comparison):
        shown = [f"{_number(condition.value)}, {condition.relation} {_number(condition.bound)}", *shown]
    if not condition:
        raise ClaimBroken(f"✗ {sentence}" + (f" [{'; '.join(shown)}]" if shown else ""))
    if isinstance(condition, Comparison):
        shown = shown[:1]
    result = Claim(sentence, mark, "; ".join(shown), table)
    result._show()
    return result


def _number(value: Any) -> str:
    """Three digits of a fraction, all of a number that is whole or large."""
    if not isinstance(value, (int, float, np.number)) or not np.isfinite(value):
        return str(value)
    number = float(value)
    return f"{number:,.0f}" if number.is_integer() or abs(number) >= 1000 else f"{number:.3g}"


def seed() -> int:
    """The seed of this run: COURSE_SEED, or 0. Every claim of every lesson holds for any.

    CourseError if COURSE_SEED is no whole number.
    """
    value = os.environ.get("COURSE_SEED", "0")
    if not value.isdecimal():
        raise CourseError(f"COURSE_SEED is {value!r}: expected a whole number, such as COURSE_SEED=1.")
    return int(value)

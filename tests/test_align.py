"""The study of conditionings and scores: a run of it, and what its stored table says."""

import numpy as np
import pytest

from course_lib.results import read
from experiments import align


def test_a_run_in_small(monkeypatch):
    monkeypatch.setattr(align, "PAIRS", 4000)
    monkeypatch.setattr(align, "TESTED", 60)
    for case in (("initial state", "after", "bilinear", "lstm", "both"), ("initial state", "", "", "gru", "forward")):
        row = align.run(*case, 0, steps=3)
        assert row["steps"] == 3 and 0 <= row["exact"] <= 1 and row["bleu_short"] >= 0
        assert ("alignment_error" in row) == bool(case[2])
        assert set(row) <= set(align.COLUMNS)


@pytest.fixture(scope="module")
def cases():
    """(conditioning, attention, score, cell, direction) -> its rows."""
    found = {}
    for row in read("align.csv"):
        case = tuple(row[name] or "" for name in ("conditioning", "attention", "score", "cell", "direction"))
        found.setdefault(case, []).append(row)
    return found


def column(cases, name, conditioning, attention="", score=""):
    return np.array([row[name] for row in cases[conditioning, attention, score, "gru", "both"]])


def drop(cases, *case):
    """How many points of BLEU the long third loses, in each run."""
    return column(cases, "bleu_short", *case) - column(cases, "bleu_long", *case)


@pytest.mark.stored
def test_the_stored_table(cases):
    assert set(cases) == {*align.CASES, *align.MORE_CASES}
    for case in align.CASES:
        assert sorted(row["seed"] for row in cases[case]) == list(align.SEEDS)
    assert drop(cases, "initial state").min() >= 30
    errors = {score: column(cases, "alignment_error", "initial state", "after", score) for score in align.SCORES}
    assert min(error.max() for error in errors.values()) <= 0.04
    for score, error in errors.items():
        assert error.max() <= 0.06, score
        assert column(cases, "exact", "initial state", "after", score).min() >= 0.97, score


SHORT = pytest.mark.xfail(strict=True, reason="one of the three seeds loses 1.9 points")


@pytest.mark.stored
@pytest.mark.parametrize(
    "score", [pytest.param(score, marks=SHORT if score == "bilinear" else ()) for score in align.SCORES]
)
def test_with_attention_length_costs_nothing(cases, score):
    assert drop(cases, "initial state", "after", score).max() <= 1.5

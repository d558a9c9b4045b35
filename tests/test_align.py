"""The study of hand-overs and scores: a run of it, and what its stored table says."""

import numpy as np
import pytest

from course_lib.results import read
from experiments import align


def test_a_run_in_small(monkeypatch):
    monkeypatch.setattr(align, "PAIRS", 4000)
    monkeypatch.setattr(align, "TESTED", 60)
    for case in (("attention after", "bilinear", "lstm", "both"), ("start", "", "gru", "forward")):
        row = align.run(*case, 0, steps=3)
        assert row["steps"] == 3 and 0 <= row["exact"] <= 1 and row["bleu_short"] >= 0
        assert ("alignment_error" in row) == bool(case[1])
        assert set(row) <= set(align.COLUMNS)


@pytest.fixture(scope="module")
def cases():
    """(hand_over, score, cell, direction) -> its rows."""
    found = {}
    for row in read("align.csv"):
        found.setdefault((row["hand_over"], row["score"] or "", row["cell"], row["direction"]), []).append(row)
    return found


def column(cases, name, hand_over, score=""):
    return np.array([row[name] for row in cases[hand_over, score, "gru", "both"]])


def drop(cases, *case):
    """How many points of BLEU the long third loses, in each run."""
    return column(cases, "bleu_short", *case) - column(cases, "bleu_long", *case)


@pytest.mark.stored
def test_the_stored_table(cases):
    assert set(cases) == {*align.CASES, *align.MORE_CASES}
    for case in align.CASES:
        assert sorted(row["seed"] for row in cases[case]) == list(align.SEEDS)
    assert drop(cases, "start").min() >= 40
    errors = {score: column(cases, "alignment_error", "attention after", score) for score in align.SCORES}
    assert min(error.max() for error in errors.values()) <= 0.05
    for score, error in errors.items():
        assert error.max() <= 0.08, score
        assert column(cases, "exact", "attention after", score).min() >= 0.97, score


SHORT = pytest.mark.xfail(strict=True, reason="one of the five seeds loses 2.4 points")


@pytest.mark.stored
@pytest.mark.parametrize(
    "score", [pytest.param(score, marks=SHORT if score == "bilinear" else ()) for score in align.SCORES]
)
def test_with_attention_length_costs_nothing(cases, score):
    assert drop(cases, "attention after", score).max() <= 1.5

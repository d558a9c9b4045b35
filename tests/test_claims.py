"""A claim: what a reader sees, what nbval compares, and what is kept for `make seeds`."""

import json
import re
from configparser import ConfigParser
from pathlib import Path

import numpy as np
import pytest

from course_lib import claims, plotting
from course_lib.claims import Claim, ClaimBroken, at_least, at_most, claim, must_be
from course_lib.errors import CourseError


def test_a_reader_sees_the_sentence_its_kind_and_what_was_measured(capsys):
    claim("two is at most three", at_most(2, 3))
    claim("it is right", at_least(0.93456, 0.9), table="lag.csv")
    must_be("a half is a half", True, share=0.5)
    claim("many", at_least(118964, 100000))
    assert capsys.readouterr().out.splitlines() == [
        "✓ two is at most three [measured 2, at most 3]",
        "▤ it is right [measured 0.935, at least 0.9] · lag.csv",
        "∴ a half is a half [measured share 0.5]",
        "✓ many [measured 118,964, at least 100,000]",
    ]


def test_what_differs_between_machines_is_not_compared_and_nothing_else(capsys):
    config = ConfigParser(interpolation=None)
    config.read(Path(__file__).with_name("nbval_sanitize.cfg"), encoding="utf-8")
    rules = [(re.compile(config[name]["regex"]), config[name]["replace"]) for name in config.sections()]

    def compared(value):
        made = claim("a < b", at_most(value, 3), table="lag.csv")
        texts = str(made), made._repr_html_()
        for rule, instead in rules:
            texts = tuple(rule.sub(instead, text) for text in texts)
        return texts

    assert compared(1.25) == compared(2.5)
    assert compared(1.25)[0] == "▤ a < b [measured] · lag.csv"
    assert re.sub("<[^>]*>", "", compared(1.25)[1]) == "▤ a &lt; b [measured] · lag.csv"


@pytest.mark.parametrize(
    "broken", [False, np.bool_(False), at_most(4, 3), at_least(float("nan"), 0), at_most(float("nan"), 0)]
)
def test_a_claim_that_does_not_hold_raises(broken, capsys):
    for kind in (claim, must_be):
        with pytest.raises(ClaimBroken, match="✗ a sentence"):
            kind("a sentence", broken)
    assert capsys.readouterr().out == ""


def test_a_broken_claim_shows_its_values_in_one_line_without_paths():
    with pytest.raises(ClaimBroken) as caught:
        claim("a sentence", at_most(4.5, 3), runs=2)
    assert caught.value._render_traceback_() == ["ClaimBroken: ✗ a sentence [4.5, at most 3; runs 2]"]


def test_a_claim_takes_no_other_condition():
    with pytest.raises(TypeError, match="expected a truth"):
        claim("a sentence", np.array([True, True]))
    with pytest.raises(TypeError):
        claim("a sentence", "yes")


def test_margins_and_the_record(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CLAIMS", str(tmp_path / "claims.jsonl"))
    claim("one", at_most(0.9, 1.0))
    claim("two", at_least(1.2, 1.0), table="lag.csv")
    must_be("three", True)
    rows = [json.loads(line) for line in (tmp_path / "claims.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row.get("margin") for row in rows] == [pytest.approx(0.1), pytest.approx(0.2), None]
    assert [row["kind"] for row in rows] == ["live", "stored", "must be"]
    assert at_most(1.1, 1.0).margin < 0


def test_a_title_is_a_claim_or_neutral():
    _, ax = plotting.figure(4, 2)
    plotting.title(ax, Claim("the more one reads, the more one knows about it all", "✓"))
    assert ax.get_title(loc="left") == "The more one reads, the more one knows\nabout it all"
    plotting.title(ax, neutral="loss by step")
    assert ax.get_title(loc="left") == "Loss by step"
    for wrong in ({"claim": "a sentence"}, {"claim": Claim("a", "✓"), "neutral": "b"}, {}):
        with pytest.raises(TypeError, match="expected a claim"):
            plotting.title(ax, **wrong)
    plotting.close(ax.figure)


def test_the_seed(monkeypatch):
    monkeypatch.setenv("COURSE_SEED", "4")
    assert claims.seed() == 4
    monkeypatch.setenv("COURSE_SEED", "four")
    with pytest.raises(CourseError, match="expected a whole number"):
        claims.seed()

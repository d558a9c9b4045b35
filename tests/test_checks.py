"""Claims and exercise checks: right answers pass, plausible wrong ones get the hint that fits."""

import json

import numpy as np
import pytest

from course_lib import checks
from course_lib.checks import ClaimBroken, NotYet, at_least, at_most, claim
from course_lib.errors import CourseError
from course_lib.exercises import lesson_00, lesson_01


def test_a_claim_that_holds_prints_its_sentence(capsys):
    claim("two is at most three", at_most(2, 3))
    assert capsys.readouterr().out == "✓ two is at most three\n"


@pytest.mark.parametrize(
    "broken", [False, np.bool_(False), at_most(4, 3), at_least(float("nan"), 0), at_most(float("nan"), 0)]
)
def test_a_claim_that_does_not_hold_raises(broken, capsys):
    with pytest.raises(ClaimBroken, match="✗ a sentence"):
        claim("a sentence", broken)
    assert capsys.readouterr().out == ""


def test_a_broken_claim_shows_its_values_in_one_line_without_paths():
    with pytest.raises(ClaimBroken) as caught:
        claim("a sentence", at_most(4.5, 3), runs=2)
    assert caught.value._render_traceback_() == ["ClaimBroken: ✗ a sentence [measured = 4.5; at most = 3; runs = 2]"]


def test_a_claim_takes_no_other_condition():
    with pytest.raises(TypeError, match="expected a truth"):
        claim("a sentence", np.array([True, True]))
    with pytest.raises(TypeError):
        claim("a sentence", "yes")


def test_margins_and_the_record(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CLAIMS", str(tmp_path / "claims.jsonl"))
    claim("one", at_most(0.9, 1.0))
    claim("two", at_least(1.2, 1.0))
    claim("three", True)
    rows = [json.loads(line) for line in (tmp_path / "claims.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row.get("margin") for row in rows] == [pytest.approx(0.1), pytest.approx(0.2), None]
    assert at_most(1.1, 1.0).margin < 0


def test_the_seed(monkeypatch):
    monkeypatch.setenv("COURSE_SEED", "4")
    assert checks.seed() == 4
    monkeypatch.setenv("COURSE_SEED", "four")
    with pytest.raises(CourseError, match="expected a whole number"):
        checks.seed()


def softmax(s, axis=-1):
    e = np.exp(s - s.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


GRAMMAR = """
start = "SS"
[sets.a]
cat = { says = "meow" }
dog = { says = "woof" }
[rules]
SS = ["the {x}/k CC and says {x.says}/k! where x in a"]
CC = ["runs home fast", "sleeps at night"]
"""
RIGHT = [
    (lesson_00.check_count_words, lambda s: sum(w.strip(".,!").isalpha() for w in s.split())),
    (lesson_01.check_perplexity, lambda p: np.exp(-np.log(p).mean())),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + h @ U + b)),
    (lesson_01.check_temperature, lambda s, t: softmax(s / t)),
    (lesson_01.check_own_world, lambda: GRAMMAR),
]
WRONG = [
    (lesson_00.check_count_words, len, "number of characters"),
    (lesson_00.check_count_words, lambda s: len(s.replace(".", " .").replace("!", " !").split()), "leave out"),
    (lesson_00.check_count_words, lambda s: 10, "'Yes, yes.' has 2"),
    (lesson_01.check_perplexity, lambda p: -np.log(p).mean(), "take its exponential"),
    (lesson_01.check_perplexity, lambda p: np.exp(np.log(p).mean()), "sign is missing"),
    (lesson_01.check_perplexity, lambda p: np.exp(-np.log(p).sum()), "Divide by the number of words"),
    (lesson_01.check_perplexity, lambda p: 1 / p.mean(), "geometric mean"),
    (lesson_01.check_perplexity, lambda p: np.exp(-np.log(p)), "take the mean over all words"),
    (lesson_01.check_perplexity, lambda p: np.exp(-np.log2(p).mean()), "expected 3.16"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: x @ W + h @ U + b, "Put it through tanh"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + b), "h_prev is not used"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + h @ U.T + b), "transposed"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + h @ U + b)[0], "keep the batch"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: x @ h, "stopped with ValueError"),
    (lesson_01.check_temperature, lambda s, t: softmax(s * t), "do not multiply"),
    (lesson_01.check_temperature, lambda s, t: softmax(s / t, axis=0), "Each row must sum to 1"),
    (lesson_01.check_temperature, lambda s, t: softmax(s), "temperature is not used"),
    (lesson_01.check_temperature, lambda s, t: np.exp(s / t) / np.exp(s / t).sum(-1, keepdims=True), "overflows"),
    (lesson_01.check_own_world, lambda: GRAMMAR.replace("/k!", ""), "no dependency is marked"),
    (lesson_01.check_own_world, lambda: GRAMMAR.replace("CC and", "and"), "expected at least 8"),
    (lesson_01.check_own_world, lambda: GRAMMAR.replace("CC =", "DD ="), "no rule for CC"),
    (lesson_01.check_own_world, lambda: GRAMMAR.replace("CC and says", "CC"), "spans 4 words"),
]


@pytest.mark.parametrize(("check", "answer"), RIGHT)
def test_a_right_answer_passes(check, answer, capsys):
    check(answer)
    assert capsys.readouterr().out.startswith("✓ ")


@pytest.mark.parametrize(("check", "answer", "hint"), WRONG)
def test_a_wrong_answer_gets_its_hint(check, answer, hint, capsys):
    with pytest.raises(NotYet, match=hint):
        check(answer)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("check", [check for check, _ in RIGHT])
def test_blank_and_empty_answers(check):
    def blank(*arguments):
        raise NotImplementedError

    with pytest.raises(NotYet, match="still blank"):
        check(blank)
    with pytest.raises(NotYet, match="returned nothing"):
        check(lambda *arguments: None)
    with pytest.raises(NotYet, match="expected a function"):
        check(3)

"""LaTeX from the grammar closes what it opens and refers to what it has; the marks find what is wrong, as others do."""

import math
import random
import re
from collections import Counter

import pytest

from course_lib.worlds.grammar import GrammarError
from course_lib.worlds.latex import LatexWorld, brackets_close, environments_close, lost_references, references

CLOSING = {"(": ")", "[": "]", "{": "}"}


def brackets_vanish(text: str) -> bool:
    """The same by another way: take out pairs with nothing between them until none is left."""
    signs = re.sub(r"\\.", "", text, flags=re.DOTALL)
    signs = re.sub(r"[^{}()\[\]$]", "", signs)
    rest, before = signs, None
    while rest != before:
        rest, before = re.sub(r"\(\)|\[\]|\{\}|\$\$", "", rest, count=1), rest
    return bool(signs) and not rest


def environments_vanish(text: str) -> bool:
    """The same by another way: take out environments with none inside until none is left."""
    if not re.search(r"\\(begin|end)\b", text):
        return False
    rest, before = text, None
    while rest != before:
        inside = r"(?:(?!\\begin\b|\\end\b).)*"
        rest, before = re.sub(rf"\\begin\{{([^{{}}\n]+)\}}{inside}\\end\{{\1\}}", "", rest, flags=re.DOTALL), rest
    return not re.search(r"\\(begin|end)\b", rest)


@pytest.fixture(scope="module")
def drawn():
    return [each.text for each in LatexWorld().sample(1500, seed=3)]


def test_every_text_closes_what_it_opens_and_refers_to_what_it_has(drawn):
    assert all(brackets_close(text) and environments_close(text) for text in drawn)
    assert not any(lost_references(text) for text in drawn)
    lines = [line for text in drawn for line in text.splitlines() if re.search(r"[{(\[$]", line)]
    assert all(brackets_close(line) for line in lines)  # none is open at the end of a line


def test_they_are_what_the_lesson_says(drawn):
    kinds = Counter(name for text in drawn for name in re.findall(r"\\begin\{(\w+)\}", text))
    assert min(kinds[k] for k in ("lemma", "proof", "equation", "itemize", "enumerate")) > 100
    nested = [text for text in drawn if re.search(r"\\item[^\n]*\n\\begin", text)]
    assert len(nested) > 50
    assert any("}}{" in text for text in drawn) and any("((" in text for text in drawn)
    assert sum(bool(references(text)) for text in drawn) > 0.5 * len(drawn)
    assert len(set(drawn)) > 0.99 * len(drawn)
    assert max(map(len, drawn)) < 1200


def test_a_label_is_given_before_it_is_asked_for_and_once(drawn):
    for text in drawn:
        labels = []
        for line in text.splitlines():
            assert set(references(line)) <= set(labels)
            labels += re.findall(r"\\label\{(\w+)\}", line)
        assert len(set(labels)) == len(labels)


def test_the_marks_agree_with_others_on_spoiled_texts(drawn):
    rng, seen = random.Random(0), Counter()
    for text in drawn[:600]:
        spoiled = list(text)
        for _ in range(rng.choice((1, 1, 2, 3))):
            at = rng.randrange(len(spoiled))
            match rng.choice(("drop", "double", "swap", "sign")):
                case "drop":
                    spoiled[at] = ""
                case "double":
                    spoiled[at] *= 2
                case "swap":
                    at = min(at, len(spoiled) - 2)
                    spoiled[at : at + 2] = spoiled[at + 1], spoiled[at]
                case "sign":
                    spoiled[at] = rng.choice("{}()[]$\\")
        spoiled = "".join(spoiled)
        assert brackets_close(spoiled) == brackets_vanish(spoiled), spoiled
        assert environments_close(spoiled) == environments_vanish(spoiled), spoiled
        seen[brackets_close(spoiled), environments_close(spoiled)] += 1
    assert min(seen[a, b] for a in (True, False) for b in (True, False)) >= 5


@pytest.mark.parametrize("sign", "{}()$")
def test_a_bracket_taken_out_is_found(drawn, sign):
    spoiled = [text.replace(sign, "", 1) for text in drawn if sign in text]
    assert len(spoiled) > 100 and not any(map(brackets_close, spoiled))


def test_an_environment_or_a_label_taken_out_is_found(drawn):
    for text in drawn:
        for part in ("\\begin{lemma}", "\\end{proof}"):
            assert not environments_close(text.replace(part, "", 1))
        assert not environments_close(text.replace("\\end{lemma}", "\\end{proof}", 1))
        used = references(text)
        unnamed = re.sub(r"\\label\{\w+\}", "", text)
        assert lost_references(unnamed) == used


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("", False), ("no bracket", False), ("()", True), ("([)]", False), ("$(x$)", False), ("$x$ and $y$", True),
        ("{$x$}", True), ("$x", False), (")(", False), (r"\{ (x)", True), (r"(\$5)", True), (r"\(x", False),
        ("\\", False), ("{[($x$)]}", True), ("{{}", False),
    ],
)  # fmt: skip
def test_brackets(text, right):
    assert brackets_close(text) == right == brackets_vanish(text)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("", False), ("no environment", False), (r"\begin{a}\end{a}", True), (r"\begin{a}\end{b}", False),
        (r"\begin{a}\begin{b}\end{a}\end{b}", False), (r"\begin{a}\begin{b}\end{b}\end{a}", True),
        (r"\end{a}\begin{a}", False), (r"\begin{a}", False), (r"\begin a", False), (r"\begin{}\end{}", False),
        (r"\begin{a}\end{a}\end", False), ("\\begin{a\n}\\end{a\n}", False), (r"\begin{a}\ending\end{a}", True),
    ],
)  # fmt: skip
def test_environments(text, right):
    assert environments_close(text) == right == environments_vanish(text)


def test_references_and_labels():
    text = r"\label{a} \ref{a} \ref{b} \label{c} \ref{d} \label{d}"
    assert references(text) == ["a", "b", "d"]
    assert lost_references(text) == ["b"]
    assert lost_references(r"\ref{} \label{}") == []
    assert lost_references("") == references(r"\reference{a} \ref a") == []


def only(rule: str, more: str = "") -> LatexWorld:
    """The world's own grammar, of which one rule is drawn, as a line."""
    text = LatexWorld.file.read_text(encoding="utf-8").replace('start = "TEXT"', 'start = "ONLY"')
    return LatexWorld(text.replace("[rules]", f"[rules]\nONLY = ['{rule} <line>']{more}"))


@pytest.mark.parametrize("rule", ["FORMULA", "SUM", "HYPOTHESIS CONCLUSION", "SENTENCE"])
def test_nothing_is_made_in_two_ways(rule):
    found = {}
    for text, log_p in only(rule).sample(6000, seed=1):
        assert found.setdefault(text, log_p) == pytest.approx(log_p, abs=1e-9)
    assert len(found) < 5500  # many came twice


def test_the_stated_probability_is_how_often_a_text_comes():
    texts = only("SIMPLE").sample(20_000, seed=0)
    stated = {each.text: math.exp(each.log_p) for each in texts}
    assert math.isclose(sum(stated.values()), 1)
    counts = Counter(each.text for each in texts)
    assert all(abs(counts[text] / 20_000 - p) < 0.01 for text, p in stated.items())
    assert stated["x^{2}\n"] == pytest.approx(2 / 8 / 5 / 4)


def test_the_same_seed_gives_the_same_texts():
    assert LatexWorld().sample(20, seed=1) == LatexWorld().sample(20, seed=1)
    assert LatexWorld().sample(20, seed=1) != LatexWorld().sample(20, seed=2)


def test_the_bundled_grammar_is_data_and_says_what_is_wrong_with_it():
    text = LatexWorld.file.read_text(encoding="utf-8")
    assert all("theorem" in t.text for t in LatexWorld(text.replace("{ lemma }", "{ theorem }")).sample(50, seed=0))
    with pytest.raises(GrammarError, match="not bound"):
        LatexWorld(text.replace("{ lemma }", "{lemma}")).sample(1, seed=0)
    with pytest.raises(GrammarError, match="every alternative asks for a name"):
        LatexWorld(text.replace("LEMMA LEMMA PROOF", "LEMMA " * 8)).sample(50, seed=0)

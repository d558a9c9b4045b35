"""Guesses: a number is read as a person would, answered in plain words, also when it is typed late; none is kept."""

import IPython.display
import pytest

from course_lib import guesses
from course_lib.guesses import ask, distance, number, reply


@pytest.mark.parametrize(("typed", "read"), [
    (".13", 0.13), ("0.13", 0.13), ("13 %", 0.13), ("13%", 0.13), ("13 percent", 0.13), ("0,13", 0.13), (",13", 0.13),
    ("1,300", 1300), ("1 300", 1300), ("1'300", 1300), ("1,300.5", 1300.5), ("1.300,5", 1300.5), ("1.300.000", 1300000),
    ("1,300,000", 1300000), ("1.3", 1.3), ("1,30", 1.3), ("0,130", 0.13), ("−3", -3), ("-0.5", -0.5), ("1/8", 0.125),
    ("1 / 8", 0.125), ("1e-3", 0.001), ("about 40", 40), ("~40", 40), ("40 words", 40), ("2.6 nats", 2.6), ("7.", 7),
    (" 12 ", 12), ("0", 0), ("1300", 1300), ("100 000", 100000), ("0,13 %", 0.0013), ("12.5", 12.5), ("1.300", 1.3),
])  # fmt: skip
def test_a_number_is_read_as_a_person_would(typed, read):
    assert number(typed) == pytest.approx(read)


@pytest.mark.parametrize("typed", ["a lot", "?", "between 3 and 5", "3 to 5", "3-5", "1/0", "12x3", "1,2,3", "1.2.3",
                                   "nan", "inf", "2^5", "x = 4", "...", "1,30,000", "1e999", "-", "3 * 4", "1 2",
                                   "%"])  # fmt: skip
def test_nonsense_is_answered_by_one_sentence(typed):
    with pytest.raises(ValueError):
        number(typed)
    said = reply("share right", 0.4, typed)
    assert said.startswith("share right: 0.4. Your guess ") and said.endswith(".") and "\n" not in said


def test_per_cent_where_per_cent_is_asked_for_and_shares():
    assert number("49 %", percent=True) == number("49", percent=True) == 49
    assert number("49", share=True) == number("49 %", share=True) == number(".49", share=True) == 0.49
    assert number("1", share=True) == 1
    assert reply("share right", 0.4, "50") == "share right: 0.4. You said 50, read as 0.5: too high by 0.1."
    assert reply("right, in %", 40, "60 %") == "right, in %: 40. You said 60 %, read as 60: too high by 20."


@pytest.mark.parametrize(("guess", "value", "said"), [
    (0.5, 0.13, "too high by 0.37"), (0.1, 0.13, "too low by 0.03"), (0.13, 0.13, "right"), (0.131, 0.13, "right"),
    (100, 1300, "too low by a factor of 13"), (2600, 1300, "too high by a factor of 2"),
    (1250, 1300, "near, too low by 50"),
    (0, 1300, "too low by 1,300"), (-5, 20, "too low by 25"), (-100, -50, "too low by a factor of 2"),
    (-25, -50, "too high by a factor of 2"), (3, 2, "too high by 1"), (0, 0, "right"),
])  # fmt: skip
def test_how_far_off(guess, value, said):
    assert distance(guess, value) == said


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, and what it is changed to, as text."""
    texts = []

    class Handle:
        def update(self, data, raw):
            texts[-1] = data["text/plain"]

    def display(data, raw, display_id=None):
        texts.append(data["text/plain"])
        return Handle() if display_id else None

    monkeypatch.setattr(IPython.display, "display", display)
    return texts


def test_without_anybody_who_types_the_measured_values_are_shown(shown):
    guess = ask("words", "share right")
    assert shown.pop() == "Your guess, before you read on: words?\nYour guess, before you read on: share right?"
    guess.answer(1300, 0.5, because="It counts all of them.")
    assert shown == ["words: 1,300.\nshare right: 0.5.\nIt counts all of them."]


def test_what_is_typed_before_and_after_is_answered_and_html_is_shown_as_text(shown):
    guess = ask("<b>")
    guess.fields[0].value = "12"
    guess.answer(3, because="1 < 2")
    assert shown[-1] == "<b>: 3. You said 12: too high by 9.\n1 < 2"
    guess.fields[0].value = "many"
    assert shown[-1] == "<b>: 3. Your guess 'many' has no number, such as 0.4.\n1 < 2"
    guess.answer(4, because="again")  # the cell is run once more: only the newer one follows
    guess.fields[0].value = "4"
    assert shown[-2:] == [
        "<b>: 3. Your guess 'many' has no number, such as 0.4.\n1 < 2",
        "<b>: 4. You said 4: right.\nagain",
    ]


def test_as_many_values_as_questions():
    with pytest.raises(ValueError):
        guesses.Guess("a", "b").answer(1, because="…")

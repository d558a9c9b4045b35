"""Sums and differences read digit by digit."""

import re
from collections import Counter, defaultdict

import pytest

from course_lib.errors import CourseError
from course_lib.worlds.arithmetic import ALPHABET, ArithmeticWorld


@pytest.mark.parametrize(("digits", "distractors"), [(1, 0), (3, 1), (8, 2)])
def test_every_answer_is_right(digits, distractors):
    world = ArithmeticWorld(digits, distractors)
    exercises = world.sample(500, seed=1)
    assert exercises == world.sample(500, seed=1) != world.sample(500, seed=2)
    seen = Counter()
    for text in exercises:
        question, answer = text.split("=")
        assert max(map(len, re.findall("[a-z]+", question)), default=0) <= distractors
        plain = re.sub("[a-z]", "", question)
        sign, a, operator, b = re.fullmatch(r"(-?)(\d+)([+-])(\d+)", plain).groups()
        value = int(sign + a) + (int(b) if operator == "+" else -int(b))
        assert answer == f"{value}."
        assert all(str(int(number)) == number and len(number) <= digits for number in (a, b))
        seen += Counter([sign, operator, ("length", len(a)), ("length", len(b))])
    assert set(seen) == {"", "-", "+"} | {("length", size) for size in range(1, digits + 1)}
    for size in range(1, digits + 1):  # each length equally often
        assert seen["length", size] == pytest.approx(1000 / digits, rel=0.35)


def test_rows_ask_for_the_answers_and_nothing_else():
    world = ArithmeticWorld(2, 1)
    exercises = world.sample(300, seed=3)
    inputs, targets = world.rows(exercises, 50)
    assert inputs.shape == targets.shape == (len(inputs), 50)
    left = list(exercises)
    for x, y in zip(inputs, targets, strict=True):
        text = "".join(ALPHABET[i - 1] for i in x)
        asked = "".join(ALPHABET[i - 1] if i else " " for i in y)
        place = 0
        while place < 51:  # exercise by exercise; the last target is the 51st character
            exercise = left.pop(0)
            question = exercise.index("=") + 1
            assert text[place:].startswith(exercise[: 50 - place])
            expected = " " * (question - 1) + exercise[question:] + " "  # the first digit is asked for when = is read
            assert asked[place : place + len(exercise)] == expected[: 50 - place]
            place += len(exercise)
    assert len(left) < 10


@pytest.mark.parametrize("digits", [1, 2])
def test_what_a_guesser_scores_against_all_exercises(digits):
    by_size = [range(10), range(10, 100)][:digits]
    numbers = [(n, 1 / digits / len(numbers)) for numbers in by_size for n in numbers]
    follows, characters = defaultdict(Counter), 0.0
    for a, p in numbers:
        for b, q in numbers:
            for value in (a + b, a - b, b - a, -a - b):
                text = f"{value}."
                characters += p * q / 4 * len(text)
                for i, c in enumerate(text):
                    follows[text[:i]][c] += p * q / 4
    best = sum(max(counts.values()) for counts in follows.values()) / characters
    assert ArithmeticWorld(digits).blind_accuracy == pytest.approx(best, abs=1e-9)
    assert ArithmeticWorld(digits, distractors=3).blind_accuracy == pytest.approx(best, abs=1e-9)


def test_a_guesser_on_drawn_exercises():
    world = ArithmeticWorld(3)
    answers = [text.split("=")[1] for text in world.sample(30_000, seed=0)]
    follows = defaultdict(Counter)
    for text in answers:
        for i, c in enumerate(text):
            follows[text[:i]][c] += 1
    right = sum(max(counts.values()) for counts in follows.values()) / sum(map(len, answers))
    assert world.blind_accuracy == pytest.approx(right, abs=0.02)


@pytest.mark.parametrize("settings", [{"digits": 0}, {"digits": 9}, {"distractors": -1}])
def test_impossible_worlds(settings):
    with pytest.raises(CourseError, match=f"{next(iter(settings))}: expected"):
        ArithmeticWorld(**settings)

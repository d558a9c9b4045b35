"""Sums and differences, read digit by digit between distractors: `3e36d9-h1h39f94=-10625.`

After Jozefowicz, Zaremba & Sutskever 2015, where the numbers have up to 8 digits. The text up to `=` is the question,
what follows is the answer: it is a function of the question, so the best score is 1.
"""

from collections import defaultdict
from functools import cached_property

import numpy as np

from course_lib.errors import CourseError
from course_lib.worlds.rows import pack

LETTERS = "abcdefghijklmnopqrstuvwxyz"
ALPHABET = LETTERS + "0123456789+-=."  # the paper's 40 symbols; their numbers are 1 to 40, and 0 is no text
IDS = {character: i for i, character in enumerate(ALPHABET, 1)}


class ArithmeticWorld:
    """Draws exercises `a+b=answer.` and `a-b=answer.`, a also negative, and knows what a guesser would score."""

    best_accuracy = 1.0

    def __init__(self, digits: int = 3, distractors: int = 1):
        """digits: a number has 1 to so many, each length equally often. distractors: 0 to so many letters before each
        character of the question, each count equally often. CourseError if one is out of range.
        """
        if not 1 <= digits <= 8:
            raise CourseError(f"digits: expected 1 to 8, got {digits}.")
        if distractors < 0:
            raise CourseError(f"distractors: expected 0 or more, got {distractors}.")
        self.digits, self.distractors = digits, distractors

    def sample(self, count: int, seed: int) -> list[str]:
        """`count` exercises, drawn independently. The same seed gives the same exercises."""
        rng = np.random.default_rng(seed)
        size = rng.integers(1, self.digits + 1, size=(count, 2))  # how many digits
        smallest = np.where(size == 1, 0, 10 ** (size - 1))
        numbers = rng.integers(smallest, 10**size)
        signs = rng.choice([1, -1], size=(count, 2))
        exercises = []
        for (a, b), (sign, plus) in zip(numbers.tolist(), signs.tolist(), strict=True):
            question = f"{'-' if sign < 0 else ''}{a}{'+' if plus > 0 else '-'}{b}="
            letters = rng.integers(self.distractors + 1, size=len(question))
            noise = "".join(rng.choice(list(LETTERS), size=letters.sum()))
            ends = np.cumsum(letters)
            said = [noise[end - n : end] + c for c, end, n in zip(question, ends, letters, strict=True)]
            exercises.append(f"{''.join(said)}{sign * a + plus * b}.")
        return exercises

    def rows(self, exercises: list[str], length: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets (N, length), int32: exercises one behind the other, as `pack` puts them.

        The network reads the true answer so far (as in the paper), so a target is the next character of the text; it is
        0 where no answer is asked for.
        """
        rows = pack(exercises, length + 1)
        tokens = np.zeros((len(rows), length + 1), np.int32)
        asked = np.zeros_like(tokens)
        for row, said, text in zip(tokens, asked, rows, strict=True):
            row[: len(text)] = [IDS[c] for c in text]
            answering = False
            for place, character in enumerate(text):
                said[place] = answering
                answering = character == "=" or (answering and character != ".")
        return tokens[:, :-1], (tokens * asked)[:, 1:]

    @cached_property
    def blind_accuracy(self) -> float:
        """The share of answer characters right of the best guesser that sees the answer so far, not the question."""
        one = np.zeros(10**self.digits)
        for size in range(1, self.digits + 1):
            low = 0 if size == 1 else 10 ** (size - 1)
            one[low : 10**size] += 1 / self.digits / (10**size - low)
        both = np.concatenate([one[:0:-1] / 2, [one[0]], one[1:] / 2])  # a and ±b, from -(10^d - 1) on
        size = len(one) - 1
        p = _convolve(both, both)  # of answers from -2·size on
        follows, characters = defaultdict(lambda: defaultdict(float)), 0.0
        for value, mass in enumerate(p, -2 * size):
            text = f"{value}."
            characters += mass * len(text)
            for i, c in enumerate(text):
                follows[text[:i]][c] += mass
        return float(sum(max(next_one.values()) for next_one in follows.values()) / characters)


def _convolve(a, b):
    """np.convolve by fast Fourier transform: 10^5 numbers in no time."""
    size = len(a) + len(b) - 1
    return np.maximum(np.fft.irfft(np.fft.rfft(a, size) * np.fft.rfft(b, size), size), 0.0)

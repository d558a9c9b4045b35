"""Tasks with one long dependency of known length, and what a model without a memory would score on them.

After Hochreiter & Schmidhuber 1997 (section 5: long time lags, adding, temporal order) and Le, Jaitly & Hinton 2015.
"""

from collections.abc import Iterator

import numpy as np

from course_lib.errors import CourseError


class LagTask:
    """A generator of (inputs, targets) whose answer lies a known number of steps back."""

    def sample(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """`count` sequences and their answers."""
        raise NotImplementedError

    def batches(self, batch_size: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Endless fresh batches: no sequence is met twice, so there is nothing to memorise but the rule."""
        rng = np.random.default_rng(seed)
        while True:
            yield self.sample(batch_size, rng)


def _at_least(what: str, value: int, least: int) -> int:
    if value < least:
        raise CourseError(f"{what} must be {least} or more, got {value}.")
    return value


class Recall(LagTask):
    """Say at the end which symbol came first; `lag` distractors lie between.

    Tokens 0 … symbols - 1 are symbols, the `distractors` numbers after them come in between, all equally often.
    CourseError if lag or distractors is below 1, or symbols below 2.
    """

    def __init__(self, lag: int, symbols: int = 8, distractors: int = 8):
        self.lag = _at_least("lag", lag, 1)
        self.symbols = _at_least("symbols", symbols, 2)
        self.distractors = _at_least("distractors", distractors, 1)

    @property
    def vocabulary_size(self) -> int:
        """Symbols and distractors."""
        return self.symbols + self.distractors

    @property
    def chance(self) -> float:
        """The share right of whoever has forgotten the first symbol."""
        return 1 / self.symbols

    def sample(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Tokens (count, lag + 1), int32, and the first of each: (count,)."""
        noise = rng.integers(self.symbols, self.vocabulary_size, size=(count, self.lag + 1), dtype=np.int32)
        noise[:, 0] = rng.integers(self.symbols, size=count)
        return noise, noise[:, 0].copy()


class TemporalOrder(LagTask):
    """Which two of X and Y came, and in which order? Hochreiter & Schmidhuber 1997, experiment 6a.

    Token 0 begins, 1 ends, 2 is X, 3 is Y, 4 … 7 are distractors. The first of the two stands between 10 % and 20 % of
    the length, the second between 50 % and 60 %. The answer is one of XX, XY, YX, YY: 0 … 3. CourseError if length is
    below 20.
    """

    vocabulary_size = 8
    symbols = 4
    chance = 0.25
    chance_with_one_remembered = 0.5

    def __init__(self, length: int):
        self.length = _at_least("length", length, 20)

    def sample(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Tokens (count, length), int32, and the answers (count,), int32."""
        tokens = rng.integers(4, 8, size=(count, self.length), dtype=np.int32)
        tokens[:, 0], tokens[:, -1] = 0, 1
        pair, rows = rng.integers(2, size=(2, count), dtype=np.int32), np.arange(count)
        for which, (low, high) in zip(pair, ((0.1, 0.2), (0.5, 0.6)), strict=True):
            places = rng.integers(int(low * self.length), int(high * self.length), size=count)
            tokens[rows, places] = 2 + which
        return tokens, 2 * pair[0] + pair[1]


class Adding(LagTask):
    """Add the two marked numbers: Hochreiter & Schmidhuber 1997, experiment 4, numbers from 0 to 1 (Le et al. 2015).

    Always saying 1, the mean, has a mean squared error of 1/6: the variance of a sum of two uniform numbers.
    CourseError if length is below 2.
    """

    mse_of_the_mean = 1 / 6

    def __init__(self, length: int):
        self.length = _at_least("length", length, 2)

    def sample(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Numbers and marks (count, length, 2), and the sums (count, 1); float32. One mark in each half."""
        inputs = np.zeros((count, self.length, 2), np.float32)
        inputs[..., 0] = rng.random((count, self.length))
        half, rows = self.length // 2, np.arange(count)
        for places in (rng.integers(half, size=count), rng.integers(half, self.length, size=count)):
            inputs[rows, places, 1] = 1
        return inputs, inputs.prod(axis=-1).sum(axis=1, keepdims=True)

"""Counted n-grams: the baseline every network has to beat. NumPy only."""

import numpy as np

from course_lib.errors import CourseError
from course_lib.text import windows


class NGramModel:
    """p(w | the n - 1 tokens before it), counted, and mixed with the shorter n-gram where counts are few.

    p_n(w | c) = (count(c, w) + k · p_{n-1}(w | c')) / (count(c) + k), c' being c without its oldest token and
    p_0 uniform: Dirichlet smoothing, MacKay & Peto 1995. CourseError if the order is below 1.
    """

    def __init__(self, order: int, vocabulary_size: int, strength: float = 2.0):
        if order < 1:
            raise CourseError(f"an n-gram has an order of 1 or more, got {order}.")
        self.order, self.vocabulary_size, self.strength = order, vocabulary_size, strength
        self._counts = [{} for _ in range(order)]  # context -> (V,) counts, one dictionary a length

    def fit(self, rows: np.ndarray) -> "NGramModel":
        """Count every n-gram of rows (N, L) from `to_rows`."""
        contexts, targets = windows(rows, max(self.order - 1, 1))
        size, key = self.vocabulary_size, targets.astype(np.int64)
        for length, table in enumerate(self._counts):
            if length:  # one number for a whole n-gram: numbers are counted much faster than rows
                key = contexts[:, -length].astype(np.int64) * size**length + key
            for packed, count in zip(*(a.tolist() for a in np.unique(key, return_counts=True)), strict=True):
                context = tuple(packed // size**place % size for place in range(length, 0, -1))
                table.setdefault(context, np.zeros(size))[packed % size] = count
        return self

    @property
    def parameters(self) -> int:
        """How many counts are stored."""
        return sum(int((row > 0).sum()) for table in self._counts for row in table.values())

    def distribution(self, context) -> np.ndarray:
        """p(next | context) for the last n - 1 ids of a context: (V,)."""
        p = np.full(self.vocabulary_size, 1 / self.vocabulary_size)
        for length, table in enumerate(self._counts):
            key = tuple(int(i) for i in context[len(context) - length :])
            if key in table:
                p = (table[key] + self.strength * p) / (table[key].sum() + self.strength)
        return p

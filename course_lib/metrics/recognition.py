"""How good a transcript is, and when a letter was heard."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from course_lib.errors import CourseError


def word_error(truth: Sequence[str], said: Sequence[str]) -> float:
    """Words to insert, leave out and change, a word of the truth: word error rate, by jiwer. May be above 1.

    CourseError as `character_error`.
    """
    import jiwer

    return float(jiwer.wer(*_checked(truth, said)))


def character_error(truth: Sequence[str], said: Sequence[str]) -> float:
    """The same with letters, spaces counted: character error rate. Of all texts together, not the mean of each one's.

    CourseError if there is no text, not one said for each, or a true one is empty.
    """
    import jiwer

    return float(jiwer.cer(*_checked(truth, said)))


class ErrorInterval(NamedTuple):
    """An error rate, and the ends of the interval it would be in with other recordings of the kind."""

    rate: float
    low: float
    high: float


def error_interval(
    truth: Sequence[str], said: Sequence[str], of="words", speakers=None, level=0.95, draws=2000, seed=0
) -> ErrorInterval:
    """An error rate with its interval, by a bootstrap over texts: Bisani & Ney 2004.

    of: "words" or "characters". speakers: who said each; whole speakers are drawn then, since the texts of one err
    together. With few of them it is narrower than it should be. CourseError as `character_error`, or for another `of`
    or level, or if there is not a speaker for each text, or only one.
    """
    import jiwer

    truth, said = _checked(truth, said)
    if of not in ("words", "characters") or not 0 < level < 1:
        raise CourseError(f"expected of='words' or 'characters' and a level between 0 and 1, got {of!r} and {level}.")
    compared = jiwer.process_words if of == "words" else jiwer.process_characters
    counts = np.zeros((len(truth), 2))  # errors, and how many there were to make
    for row, true, one in zip(counts, truth, said, strict=True):
        found = compared(true, one)
        missed = found.substitutions + found.deletions
        row[:] = missed + found.insertions, missed + found.hits
    if speakers is not None:
        names, of_speaker = np.unique(list(speakers), return_inverse=True)
        if len(of_speaker) != len(truth) or len(names) < 2:
            raise CourseError(f"speakers: expected one for each of {len(truth)} texts, two or more, got {len(names)}.")
        counts = np.stack([np.bincount(of_speaker, column) for column in counts.T], axis=1)
    rng, even = np.random.default_rng(seed), np.full(len(counts), 1 / len(counts))
    errors, size = np.array([rng.multinomial(len(counts), even) @ counts for _ in range(draws)]).T
    low, high = np.quantile(errors / size, [(1 - level) / 2, (1 + level) / 2])
    return ErrorInterval(float(counts[:, 0].sum() / counts[:, 1].sum()), float(low), float(high))


def _checked(truth, said):
    truth, said = list(truth), list(said)
    if not truth or len(truth) != len(said):
        raise CourseError(f"expected a transcript for each of one or more texts, got {len(truth)} and {len(said)}.")
    for place, text in enumerate(truth):
        if not text.strip():
            raise CourseError(f"text {place} is empty: there is no error rate of nothing; leave it out.")
    return truth, said


class Timing(NamedTuple):
    """Of each letter (U,): late, by how many seconds the middle of its weights is behind the middle of its true span,
    below 0 if it is early; inside, the share of its weights within the span.
    """

    late: np.ndarray
    inside: np.ndarray


def timing(weights, spans, place: float) -> Timing:
    """When letters were heard, beside when they were said: weights (U, T), a row a letter; spans: start and end of each
    letter, seconds; place: seconds that a column stands for.

    A place that is partly in a span counts in part. CourseError if there is not a span for each letter.
    """
    weights, spans = np.asarray(weights, float), np.asarray(spans, float)
    if weights.ndim != 2 or spans.shape != (len(weights), 2):
        raise CourseError(f"timing: expected weights (U, T) and spans (U, 2), got {weights.shape} and {spans.shape}.")
    edges = np.arange(weights.shape[1] + 1) * place
    starts, ends = spans[:, :1], spans[:, 1:]
    within = np.clip(np.minimum(edges[1:], ends) - np.maximum(edges[:-1], starts), 0, place) / place  # (U, T)
    middle = weights @ (edges[:-1] + place / 2) / np.maximum(weights.sum(axis=1), 1e-9)
    return Timing(middle - spans.mean(axis=1), (weights * within).sum(axis=1))

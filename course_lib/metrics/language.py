"""How good a language model is, and how good the stories are that it writes."""

from collections.abc import Sequence

import numpy as np

from course_lib.errors import CourseError
from course_lib.text import tokenize


def perplexity(log_probabilities) -> float:
    """exp of the mean negative log probability (nats) of the words that came: the model hesitates between that many.

    CourseError if there is none.
    """
    values = np.asarray(log_probabilities, float)
    if values.size == 0:
        raise CourseError("perplexity needs at least one word, got none.")
    return float(np.exp(-values.mean()))


def perplexity_ratio(true, model) -> float:
    """Perplexity of a model over the floor, on the same words: exp(mean(log p_true - log p_model)).

    Both (N,), nats. The luck of which words came cancels: 1.00 is a perfect model. CourseError if the shapes differ.
    """
    true, model = np.asarray(true, float), np.asarray(model, float)
    if true.shape != model.shape:
        raise CourseError(f"expected log probabilities of the same words, got shapes {true.shape} and {model.shape}.")
    return float(np.exp((true - model).mean()))


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Log probabilities from logits, over the last axis: (..., V) -> (..., V). The largest is taken out first."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def log_p_of_targets(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """log p a model gives to what came, from its logits: (..., V) and ids (...) -> (...), nats."""
    return np.take_along_axis(log_softmax(logits), np.asarray(targets, int)[..., None], axis=-1)[..., 0]


def accuracy_by_distance(correct, distance, bounds: Sequence[tuple[int, int]]) -> dict[tuple[int, int], float]:
    """The share of correct cases with low <= distance <= high, for every (low, high).

    CourseError if no case lies between two bounds.
    """
    correct, distance = np.asarray(correct, float), np.asarray(distance)
    result = {}
    for low, high in bounds:
        chosen = (distance >= low) & (distance <= high)
        if not chosen.any():
            raise CourseError(f"no case has a distance from {low} to {high}: widen the bounds.")
        result[low, high] = float(correct[chosen].mean())
    return result


def sentences(words):
    """A story's words, cut behind each . ! and ?"""
    ends = [i + 1 for i, word in enumerate(words) if word in (".", "!", "?")]
    return [words[a:b] for a, b in zip([0, *ends], [*ends, len(words)], strict=True) if words[a:b]]


def story_marks(by_word, by_character, stories):
    """Of printed stories, the shares of words that are words, sentences that can be said, and stories that can be told.

    by_word, by_character: the same GrammarWorld by words, and by characters: it sees a missing space, too.
    """
    told, ends = [tokenize(story) for story in stories], (".", "!", "?")
    known, parts = set(by_word.words), [part for words in told for part in sentences(words)]
    right = {
        "words": [word in known for words in told for word in words if word[0].isalpha()],
        "sentences": [p[-1] in (*ends, "”") and by_word.accepts_part(p, after=ends) for p in parts],
        "stories": [by_character.accepts(story) for story in stories],
    }
    return {name: np.mean(answers or [False]) for name, answers in right.items()}

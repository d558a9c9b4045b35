"""Checks of lesson 07."""

import numpy as np

from course_lib import checks
from course_lib.checks import NotYet
from course_lib.metrics import alignment_error_rate, log_softmax


def _softmax(scores):
    return np.exp(log_softmax(scores))


def check_read(read) -> None:
    """(query (D,), keys (T, D), values (T, E), mask (T,)) -> what is read (E,), weights (T,)."""
    rng = np.random.default_rng(7)
    query, keys, values = rng.normal(size=4), rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
    mask = np.array([True, True, True, False, False])
    answer = checks.run(read, query.copy(), keys.copy(), values.copy(), mask.copy())
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise NotYet("read: expected two arrays: what is read (E,), and the weights (T,).")
    c = checks.as_array(answer[0], (3,), "what is read", {
        (5,): "that is the weights: they come second", (4,): "those are the keys: read the values",
    })  # fmt: skip
    weights = checks.as_array(answer[1], (5,), "the weights", {(3,): "keep all T places, 0 where there is no word"})
    scores = keys @ query / 2

    def put(values, where):
        full = np.zeros(5)
        full[where] = values
        return full

    right = put(_softmax(scores[mask]), mask)
    checks.expect_close(weights, right, "the weights", [
        (put(_softmax(2 * scores[mask]), mask), "Divide the scores by the square root of D."),
        (put(_softmax(scores[mask] / 2), mask), "Divide by the square root of D, not by D."),
        (_softmax(scores), "The padding is read, too: no weight where the mask is False."),
        (_softmax(scores) * mask, "They do not sum to 1: leave the padding out before the softmax, not after it."),
        (_softmax(np.where(mask, scores, 0)), "A score of 0 is a score like any other: give padding minus infinity."),
        (put(_softmax(scores[~mask]), ~mask), "The mask is turned round: it is True where there is a word."),
        (put(scores[mask], mask), "Those are the scores: the softmax is missing."),
    ])  # fmt: skip
    checks.expect_close(c, right @ values, "what is read", [
        (right @ values / 5, "The weighted sum, without dividing: the weights sum to 1."),
        (values[scores.argmax()], "The weighted sum of all values, not the best one alone."),
    ])  # fmt: skip
    checks.solved("read looks where the words are")


def check_alignment_error(alignment_error) -> None:
    """(A, S, P), sets of links of one sentence -> its alignment error rate."""
    A, S = {(0, 0), (1, 2), (2, 1), (3, 3), (4, 4)}, {(0, 0), (1, 2), (2, 2), (3, 3)}
    P = S | {(2, 1), (3, 2)}
    answer = checks.as_array(checks.run(alignment_error, set(A), set(S), set(P)), (), "alignment_error")
    both, all_ = len(A & S) + len(A & P), len(A) + len(S)
    checks.expect_close(answer, alignment_error_rate([A], [S], [P]), "the error of five links", [
        (both / all_, "That is the share that is right: 1 minus it."),
        (1 - len(A & P) / len(A), "That counts wrong links alone: links of S that were not found count, too."),
        (1 - len(A & S) / len(S), "That counts missed links alone: links that are not even possible count, too."),
        (1 - both / (len(A) + len(P)), "Divide by |A| + |S|: nobody has to find every possible link."),
        (1 - 2 * len(A & S) / all_, "A possible link is no mistake: the second count is of A and P."),
        (1 - len(A & P) / len(A | P), "That is another measure: take the formula of the lesson."),
        (1 - 2 * len(A & P) / (len(A) + len(P)), "The sure links have to be found: |S| and A & S are missing."),
        (1 - len(A & S) + len(A & P) / all_, "Look at the brackets: both counts are divided."),
    ])  # fmt: skip
    perfect = checks.as_array(checks.run(alignment_error, set(S), set(S), set(P)), (), "alignment_error")
    checks.expect_close(perfect, 0.0, "the error of exactly the sure links")
    checks.solved("alignment_error can be wrong, and says how much")


def check_additive_scores(additive_scores) -> None:
    """(z (J, Q), h (T, K), W (Q, D), U (K, D), v (D,)) -> scores (J, T)."""
    rng = np.random.default_rng(8)
    z, h, W, U, v = (rng.normal(size=s) for s in [(3, 4), (5, 6), (4, 7), (6, 7), (7,)])
    answer = checks.as_array(
        checks.run(additive_scores, *(a.copy() for a in (z, h, W, U, v))), (3, 5), "additive_scores",
        {(5, 3): "a row for each query, a column for each place", (3, 5, 7): "the product with v comes last"},
    )  # fmt: skip
    both = (z @ W)[:, None] + (h @ U)[None]
    checks.expect_close(answer, np.tanh(both) @ v, "the scores", [
        (both @ v, "tanh is missing. Without it z would add the same to all places and change nothing."),
        (np.tanh((z @ W)[:, None]) @ v + np.tanh((h @ U)[None]) @ v, "tanh of the sum, not the sum of two tanh."),
        (np.tanh(both @ v), "tanh before the product with v, not after it."),
        (np.exp(np.tanh(both) @ v) / np.exp(np.tanh(both) @ v).sum(1, keepdims=True), "The scores, before softmax."),
    ])  # fmt: skip
    checks.solved("additive_scores compares every query with every place")


def check_fill_unknown(fill_unknown) -> None:
    """(words, weights (J, T), sentence) -> words, each <unk> replaced by the word it was looked at for."""
    words = ["<unk>", "vive", "en", "<unk>"]
    sentence = ["Wilhelmina", "lives", "in", "the", "old", "Ouagadougou"]
    weights = np.full((5, 6), 0.02)
    for j, t in enumerate((0, 1, 2, 5, 3)):
        weights[j, t] = 0.9
    answer = checks.run(fill_unknown, list(words), weights.copy(), list(sentence))
    if isinstance(answer, str) or not hasattr(answer, "__iter__"):
        raise NotYet(f"fill_unknown: expected a list of words, got {type(answer).__name__}.")
    answer = list(answer)

    def fill(look):
        return [sentence[look(j)] if word == "<unk>" else word for j, word in enumerate(words)]

    right = fill(lambda j: weights[j].argmax())
    mistakes = (
        (words, "`<unk>` is still there."),
        (["Wilhelmina", "lives", "in", "Ouagadougou"], "Replace `<unk>` and leave all other words."),
        (fill(lambda j: j), "Word 3 looks where its weights are largest, not at place 3."),
        (fill(lambda j: weights[j + 1].argmax()), "Row j belongs to word j, not row j + 1."),
        (fill(lambda j: weights[:, j].argmax()), "Rows are words and columns are places: weights[j]."),
        (fill(lambda j: weights[0].argmax()), "Each `<unk>` has a row of its own."),
        (fill(lambda j: weights[j].argmin()), "That is the place it looked at least."),
    )
    if answer != right:
        for wrong, hint in mistakes:
            if answer == wrong:
                raise NotYet(f"fill_unknown: not yet. {hint}")
        if len(answer) != len(words):
            raise NotYet(f"fill_unknown: {len(words)} words went in, {len(answer)} came out: one for one.")
        raise NotYet(f"fill_unknown: expected {right}, got {answer}.")
    checks.solved("fill_unknown copies what it looked at")


def check_own_match(my_match) -> None:
    """(z (J, D), h (T, D)) -> scores (J, T): every vector finds itself; pairs do not see each other; it is new."""
    rng = np.random.default_rng(9)
    h = rng.normal(size=(6, 8)) * np.array([0.5, 1, 1, 2, 1, 3])[:, None]  # of different lengths
    z = rng.normal(size=(3, 8))

    def match(queries, places, shape):
        return checks.as_array(checks.run(my_match, queries.copy(), places.copy()), shape, "my_match", {
            shape[::-1]: "a row for each query, a column for each place", shape[:1]: "a score for every place",
        })  # fmt: skip

    scores, itself = match(z, h, (3, 6)), match(h, h, (6, 6))
    changed = h.copy()
    changed[2] = rng.normal(size=8)
    moved = np.abs(match(z, changed, (3, 6)) - scores) > 1e-9
    if np.delete(moved, 2, axis=1).any():
        raise NotYet(
            "my_match: with another vector at one place the scores of other places change: one pair, one score."
        )
    if not moved[:, 2].any():
        raise NotYet("my_match: another vector at a place, the same score: compare with h.")
    if np.abs(scores - scores[:1]).max() < 1e-9:
        raise NotYet("my_match: every query gets the same scores: compare with z.")
    lost = np.flatnonzero(itself.argmax(axis=1) != np.arange(6))
    if len(lost):
        raise NotYet(
            f"my_match: vector {lost[0]}, asked for itself, finds vector {itself[lost[0]].argmax()}: the score of two "
            "equal vectors must be the largest of its row."
        )
    cosine = z @ h.T / np.linalg.norm(z, axis=1)[:, None] / np.linalg.norm(h, axis=1)
    if abs(np.corrcoef(scores.ravel(), cosine.ravel())[0, 1]) > 0.999999:
        raise NotYet("my_match: that is the cosine. It works, and the lesson has it: find another.")
    checks.solved("my_match: every vector finds itself")

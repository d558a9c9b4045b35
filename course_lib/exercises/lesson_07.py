"""Checks of lesson 07."""

import numpy as np

from course_lib import checks
from course_lib.checks import NotYet
from course_lib.metrics import log_softmax


def _softmax(scores):
    return np.exp(log_softmax(scores))


def check_read(read) -> None:
    """(query (D,), keys (T, D), values (T, E), mask (T,)) -> what is read (E,), weights (T,)."""
    rng = np.random.default_rng(7)
    query, keys, values = rng.normal(size=4), rng.normal(size=(5, 4)), rng.normal(size=(5, 2))
    mask = np.array([True, True, False, True, False])
    _check_one_read(read, query, keys, values, mask, "")
    mask = np.array([True, True, True, False, False, True])
    for scores in ([1400.5, 1399.0, 1401.0, 1403.0, 3.0, 1400.0], [-1400.5, -1399.0, -1401.0, 3.0, -1.0, -1400.0],
                   [1400.0, -1399.0, 1400.7, 0.0, 5.0, 1.0]):  # fmt: skip
        query, keys = rng.normal(size=8), rng.normal(size=(6, 8))
        away = keys - np.outer(keys @ query, query) / (query @ query)
        keys = away + np.outer(scores, query) * np.sqrt(8) / (query @ query)  # whose scores are these
        _check_one_read(read, query, keys, rng.normal(size=(6, 3)), mask, " of large scores")
    query, keys, values = 90 * rng.normal(size=9), 9 * rng.normal(size=(4, 9)), rng.normal(size=(4, 2))
    mask = np.array([False, True, True, True])
    keys[0] = 5 * query  # padding that would match best
    _check_one_read(read, query, keys, values, mask, " of large scores")
    checks.solved("read looks where the words are")


def _check_one_read(read, query, keys, values, mask, which):
    (T, D), E = keys.shape, values.shape[1]
    with np.errstate(all="ignore"):  # what is not finite is told below
        answer = checks.run(read, query.copy(), keys.copy(), values.copy(), mask.copy())
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise NotYet("read: expected two arrays: what is read (E,), and the weights (T,).")
    if which and not all(np.isfinite(np.asarray(part, float)).all() for part in answer):
        raise NotYet(
            "read: with large scores the weights are not finite: subtract the largest score of a *word* before exp, "
            "not that of padding, not the smallest."
        )
    c = checks.as_array(answer[0], (E,), "what is read", {
        (T,): "that is the weights: they come second", (D,): "those are the keys: read the values",
        (T, E): "each value times its weight; add them up over the places, axis 0",
    })  # fmt: skip
    hint = "keep all T places, 0 where there is no word"
    weights = checks.as_array(answer[1], (T,), "the weights", {(mask.sum(),): hint, (E,): "what is read comes first"})
    scores = keys @ query / np.sqrt(D)

    def put(values, where):
        full = np.zeros(T)
        full[where] = values
        return full

    right = put(_softmax(scores[mask]), mask)
    checks.expect_close(weights, right, f"the weights{which}", [
        (put(_softmax(np.sqrt(D) * scores[mask]), mask), "Divide the scores by the square root of D."),
        (put(_softmax(scores[mask] / np.sqrt(D)), mask), "Divide by the square root of D, not by D."),
        (put(_softmax(scores[mask] * D), mask), "Divide by the square root of D; do not multiply by it."),
        (put(_softmax(scores[mask] * np.sqrt(D / E)), mask), "D is the length of the query, not that of a value."),
        (put(np.exp(np.minimum(scores[mask], 700)), mask), "They do not sum to 1: divide by their sum."),
        (put(np.exp(scores[mask] - scores[mask].max()), mask), "They do not sum to 1: divide by their sum."),
        *((_softmax(np.where(mask, scores, fill)), f"A score of {fill} is a score like any other: give padding minus "
           "infinity.") for fill in (-1, -5, -10)),
        (put(_softmax(scores[mask] * np.sqrt(D / T)), mask), "D is the length of the query, not the number of places."),
        (put(_softmax(-scores[mask]), mask), "The sign is turned round: the larger the score, the larger the weight."),
        (_softmax(scores), "The padding is read, too: no weight where the mask is False."),
        (_softmax(scores) * mask, "They do not sum to 1: leave the padding out before the softmax, not after it."),
        (_softmax(np.where(mask, scores, 0)), "A score of 0 is a score like any other: give padding minus infinity."),
        (put(_softmax(scores[~mask]), ~mask), "The mask is turned round: it is True where there is a word."),
        (put(scores[mask], mask), "Those are the scores: the softmax is missing."),
        (put(scores[mask] / scores[mask].sum(), mask), "They sum to 1, but exp comes first: a score may be negative."),
        (np.eye(T)[np.where(mask, scores, -np.inf).argmax()], "Every word gets some weight: softmax, not the largest."),
    ])  # fmt: skip
    checks.expect_close(c, right @ values, f"what is read{which}", [
        (right @ values / T, "The weighted sum, without dividing: the weights sum to 1."),
        (right @ values / mask.sum(), "The weighted sum, without dividing: the weights sum to 1."),
        (values[np.where(mask, scores, -np.inf).argmax()], "The weighted sum of all values, not the best one alone."),
        (values[mask].mean(axis=0), "That is the mean: each value counts by its weight."),
    ])  # fmt: skip


def check_largest_weight(largest_weight) -> None:
    """(gamma, T) -> exp(gamma) / (exp(gamma) + (T - 1) exp(-gamma)), also written otherwise."""
    cases = [(1.0, 5), (4.0, 12), (2.5, 2), (0.3, 40), (7.0, 300), (0.0, 7)]
    gamma, T = np.array(cases).T

    def share(best, others, count=T - 1):
        return np.exp(best) / (np.exp(best) + count * np.exp(others))

    answer = np.array([
        checks.as_array(checks.run(largest_weight, g, t), (), "largest_weight: the answer") for g, t in cases
    ])  # fmt: skip
    checks.expect_close(answer, share(gamma, -gamma), f"six pairs of gamma and T, {cases}", [
        (share(gamma, 0), "The others can be worse than 0: a cosine goes down to -1."),
        (share(gamma, -gamma, T), "Beside the best there are T - 1 other places, not T."),
        (share(gamma, 0, T), "A cosine goes down to -1, and beside the best there are T - 1 places."),
        (share(gamma, -gamma, 1), "All T - 1 other places get some weight, not one of them alone."),
        (share(1, -1), "gamma is missing: the scores are gamma times the cosine."),
        (share(0, -gamma), "The best place has the cosine 1, so its score is gamma, not 0."),
        (share(-gamma, gamma), "That is the smallest weight: the best place has the cosine 1, the others -1."),
        (np.exp(2 * gamma), "That is how many times the worst weight it is. Asked for is its share of all weights."),
        (1 / T, "That is the weight if all cosines are alike: let one be 1 and the others -1."),
        (np.exp(gamma), "That is exp of the score: divide it by the sum over all places."),
        (share(gamma / np.sqrt(T), -gamma / np.sqrt(T)), "A cosine is not divided by a square root."),
        (np.ones(6), "Not 1: exp(-gamma) is small, and never 0."),
        (100 * share(gamma, -gamma), "Right in percent: give it as a number between 0 and 1."),
        (share(gamma, -gamma, T - 2), "Beside the best there are T - 1 other places, not T - 2."),
        (share(gamma, -gamma, T + 1), "Beside the best there are T - 1 other places, not T + 1."),
        (share(gamma**2, -(gamma**2)), "gamma stands once in a score: gamma times the cosine, without a square."),
        (share(gamma * np.log(2), -gamma * np.log(2)), "The softmax has exp, not powers of 2."),
        (share(gamma * np.log(10), -gamma * np.log(10)), "The softmax has exp, not powers of 10."),
        *((wrong, "gamma stands inside exp: it makes the scores, not the weights.") for wrong in (
            gamma * share(1, -1), gamma * np.e / (gamma * np.e + (T - 1) / np.e),
            np.e / (np.e + (T - 1) * gamma / np.e), np.e * gamma / (np.e + (T - 1) / np.e))),
        (gamma / (gamma - (T - 1) * gamma + 1e-300), "Those are the scores: exp is missing."),
    ])  # fmt: skip
    checks.solved("largest_weight says how sharp a cosine can look")


def check_error_on_paper(error_on_paper) -> None:
    """-> the alignment error of one sentence, to two decimals."""
    answer = checks.run(error_on_paper)
    A, S, P, A_S, A_P = 6, 5, 9, 4, 5
    percent = 100 * (1 - (A_S + A_P) / (A + S))
    checks.number(answer, 1 - (A_S + A_P) / (A + S), "error_on_paper", [
        *((percent + off, "Right in percent. Give it as a number between 0 and 1.") for off in (0, -0.18, 0.02)),
        ((A_S + A_P) / (A + S), "That is the share that is right: 1 minus it."),
        (1 - 2 * A_S / (A + S), "A possible link is no mistake: |A ∩ P| counts *le* at *him*, too."),
        (1 - A_P / A, "That counts wrong links alone: links of S that were not found count, too."),
        (1 - A_S / S, "That counts missed links alone: links that are not even possible count, too."),
        (1 - (A_S + A_P) / (A + P), "Divide by |A| + |S|: nobody has to find every possible link."),
        (1 - (A_S + 1) / (A + S), "Every sure link is possible, too, so |A ∩ P| is 5, not 1."),
        (1 - (A_S + A_P) / (A + A), "Count the sure links: *le* has none, so |S| is not the number of words."),
        (1 - 2 * A_P / (A + S), "One link too many: *le* at *him* is not sure, *la* at *truth* not even possible."),
        (1 - A_P / (A + S), "Both counts stand above the line: |A ∩ S| + |A ∩ P|."),
        (1 - A_S / (A + S), "Both counts stand above the line: |A ∩ S| + |A ∩ P|."),
    ], tolerance=4e-3)  # fmt: skip
    checks.solved("error_on_paper: links counted, sure and possible")


def check_fill_unknown(fill_unknown) -> None:
    """(words, weights (J + 1, T), sentence) -> words, each <unk> replaced by the word it was looked at for."""
    words = ["<unk>", "vive", "en", "<unk>"]
    sentence = ["Wilhelmina", "lives", "in", "the", "old", "Ouagadougou"]
    _check_one_filling(fill_unknown, words, sentence, (0, 1, 2, 5, 3))
    words = ["ayer", "la", "<unk>", "nos", "<unk>", "<unk>", "."]  # more words than places
    sentence = ["Wanda", "gave", "us", "Fanta", "."]
    _check_one_filling(fill_unknown, words, sentence, (1, 3, 0, 2, 1, 3, 4, 0))
    checks.solved("fill_unknown copies what it looked at")


def _check_one_filling(fill_unknown, words, sentence, looks):
    weights = np.random.default_rng(8).uniform(0.01, 0.05, (len(looks), len(sentence)))
    weights[np.arange(len(looks)), looks] = 0.9
    mine = list(words)
    answer = checks.run(fill_unknown, mine, weights.copy(), list(sentence))
    if isinstance(answer, str) or not hasattr(answer, "__iter__"):
        raise NotYet(f"fill_unknown: expected a list of words, got {type(answer).__name__}.")
    answer = list(answer)

    def fill(look):
        try:
            return [sentence[look(j)] if word == "<unk>" else word for j, word in enumerate(words)]
        except IndexError:
            return None

    right = fill(lambda j: weights[j].argmax())
    mistakes = (
        (words, "`<unk>` is still there."),
        ([sentence[t] for t in looks[:-1]], "Replace `<unk>` and leave all other words."),
        (fill(lambda j: weights[:, j + 1].argmax()), "Nothing is mended yet: which row or column belongs to word j?"),
        (fill(lambda j: j), "Word 3 looks where its weights are largest, not at place 3."),
        (fill(lambda j: weights[j + 1].argmax()), "Row j belongs to word j, not row j + 1."),
        (fill(lambda j: weights[j - 1].argmax()), "Row j belongs to word j, not row j - 1."),
        (fill(lambda j: weights[:, j].argmax()), "Rows are words and columns are places: weights[j]."),
        (fill(lambda j: weights[0].argmax()), "Each `<unk>` has a row of its own."),
        (fill(lambda j: weights[j].argmin()), "That is the place it looked at least."),
        ([word for word, done in zip(right, words, strict=True) if done == "<unk>"], "Keep the other words, too."),
    )
    if answer != right:
        for wrong, hint in mistakes:
            if answer == wrong:
                raise NotYet(f"fill_unknown: not yet. {hint}")
        if len(answer) != len(words):
            raise NotYet(f"fill_unknown: {len(words)} words went in, {len(answer)} came out: one for one.")
        raise NotYet(f"fill_unknown: expected {right}, got {answer}.")
    if mine != words:
        raise NotYet("fill_unknown: it changes the list it is given: fill a new one.")


def check_own_match(my_match) -> None:
    """(q (J, D), h (T, D)) -> scores (J, T): every vector finds itself; pairs do not see each other; it is new."""
    rng = np.random.default_rng(9)
    h = rng.normal(size=(6, 8)) * np.array([0.5, 1, 1, 2, 1, 3])[:, None]  # of different lengths
    h[4] = np.roll(h[1], 1)  # the same numbers in another order
    q = rng.normal(size=(3, 8))

    def match(queries, places, shape):
        return checks.as_array(checks.run(my_match, queries.copy(), places.copy()), shape, "my_match", {
            shape[::-1]: "a row for each query, a column for each place", shape[:1]: "a score for every place",
        })  # fmt: skip

    scores, itself = match(q, h, (3, 6)), match(h, h, (6, 6))
    changed = h.copy()
    changed[2] = rng.normal(size=8)
    moved = np.abs(match(q, changed, (3, 6)) - scores) > 1e-9
    if np.delete(moved, 2, axis=1).any():
        raise NotYet(
            "my_match: with another vector at one place the scores of other places change: one pair, one score."
        )
    if not moved[:, 2].any():
        raise NotYet("my_match: another vector at a place, the same score: compare with h.")
    if np.abs(scores - scores[:1]).max() < 1e-9:
        raise NotYet("my_match: every query gets the same scores: compare with q.")
    own, others = np.diag(itself), np.where(np.eye(6, dtype=bool), -np.inf, itself)
    tied = np.flatnonzero(np.abs(own - others.max(axis=1)) <= 1e-9 * np.abs(itself).max())
    if len(tied):
        place, other = tied[0], others[tied[0]].argmax()
        how = ", which has the same numbers in another order" if {place, other} == {1, 4} else ""
        raise NotYet(
            f"my_match: vector {place}, asked for itself, finds vector {other} just as good{how}: compare number by "
            "number, not sums or lengths."
        )
    lost = np.flatnonzero(others.max(axis=1) > own)
    if len(lost):
        raise NotYet(
            f"my_match: vector {lost[0]}, asked for itself, finds vector {itself[lost[0]].argmax()}: the score of two "
            "equal vectors must be the largest of its row."
        )
    cosine = q @ h.T / np.linalg.norm(q, axis=1)[:, None] / np.linalg.norm(h, axis=1)
    if abs(np.corrcoef(scores.ravel(), cosine.ravel())[0, 1]) > 0.999999:
        raise NotYet("my_match: that is the cosine. It works, and the lesson has it: find another.")
    checks.solved("my_match: every vector finds itself")

"""Checks of lesson 07."""

import contextlib

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
    scores = keys @ query / np.sqrt(D)
    with contextlib.suppress(TypeError, ValueError):
        if np.shape(answer[1]) == (T,) and checks.is_close(np.asarray(answer[1], float)[mask], scores[mask]):
            raise NotYet("the weights: not yet. Those are the scores: return their softmax, too.")
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

    def put(values, where):
        full = np.zeros(T)
        full[where] = values
        return full

    right, tolerance = put(_softmax(scores[mask]), mask), 2e-3 if which else 1e-5  # float32 will do
    checks.expect_close(weights, right, f"the weights{which}", [
        (put(_softmax(np.sqrt(D) * scores[mask]), mask), "Divide the scores by the square root of D."),
        (put(_softmax(scores[mask] / np.sqrt(D)), mask), "Divide by the square root of D, not by D."),
        (put(_softmax(scores[mask] * D), mask), "Divide by the square root of D; do not multiply by it."),
        (put(_softmax(scores[mask] * np.sqrt(D / E)), mask), "D is the length of the query, not that of a value."),
        (put(np.exp(np.minimum(scores[mask], 700)), mask), "They do not sum to 1: divide by their sum."),
        (put(np.exp(scores[mask] - scores[mask].max()), mask), "They do not sum to 1: divide by their sum."),
        *((_softmax(np.where(mask, scores, fill)), "A score of padding such as -1, or -100, is a score like any other: "
           "give it minus infinity.") for fill in (-1, -5, -10, -20, -50, -100, -1000)),
        *((put(_softmax(scores[mask] * np.log(base)), mask), f"The softmax has exp, not powers of {base}.")
          for base in (2, 10)),
        (put(np.ones(mask.sum()) / mask.sum(), mask),
         "All words get the same weight, as if large scores were cut off: subtract the largest from all."),
        (put(_softmax(scores[mask] * np.sqrt(D) / np.linalg.norm(query) / np.linalg.norm(keys[mask], axis=1)), mask),
         "That is the softmax of a cosine: here the score is the dot product divided by the square root of D."),
        (put(_softmax(scores[: mask.sum()]), np.arange(T) < mask.sum()),
         "Words need not stand at the beginning: the mask says where they are."),
        (put(_softmax(scores[mask] * np.sqrt(D / T)), mask), "D is the length of the query, not the number of places."),
        (put(_softmax(-scores[mask]), mask), "The sign is turned round: the larger the score, the larger the weight."),
        (_softmax(scores), "The padding is read, too: no weight where the mask is False."),
        (_softmax(scores) * mask, "They do not sum to 1: leave the padding out before the softmax, not after it."),
        (_softmax(np.where(mask, scores, 0)), "A score of 0 is a score like any other: give padding minus infinity."),
        (put(_softmax(scores[~mask]), ~mask), "The mask is turned round: it is True where there is a word."),
        (put(scores[mask], mask), "Those are the scores: the softmax is missing."),
        (put(scores[mask] / scores[mask].sum(), mask), "They sum to 1, but exp comes first: a score may be negative."),
        (np.eye(T)[np.where(mask, scores, -np.inf).argmax()], "Every word gets some weight: softmax, not the largest."),
    ], tolerance)  # fmt: skip
    checks.expect_close(c, right @ values, f"what is read{which}", [
        (right @ values / T, "The weighted sum, without dividing: the weights sum to 1."),
        (right @ values / mask.sum(), "The weighted sum, without dividing: the weights sum to 1."),
        (values[np.where(mask, scores, -np.inf).argmax()], "The weighted sum of all values, not the best one alone."),
        (values[mask].mean(axis=0), "That is the mean: each value counts by its weight."),
        (scores @ np.where(mask[:, None], values, 0), "The values are weighed with the scores: take the weights."),
        (right @ values[::-1], "Each weight belongs to the value of the same place: the values are in reversed order."),
    ], tolerance)  # fmt: skip


def _largest(gamma, T, others=-1.0, less=1):
    """The largest weight of T - less + 1 places, one with the cosine 1, the others with another."""
    return np.exp(gamma) / (np.exp(gamma) + (T - less) * np.exp(others * gamma))


NOT_IN_EXP = "gamma stands inside exp: it makes the scores, not the weights."
LARGEST_MISTAKES = [
    (lambda gamma, T: _largest(gamma, T, others=0), "The others can be worse than 0: a cosine goes down to -1."),
    (lambda gamma, T: _largest(gamma, T, less=0), "Beside the best there are T - 1 other places, not T."),
    (lambda gamma, T: _largest(gamma, T, others=0, less=0),
     "A cosine goes down to -1, and beside the best there are T - 1 places."),
    (lambda gamma, T: _largest(gamma, 2), "All T - 1 other places get some weight, not one of them alone."),
    (lambda gamma, T: _largest(1, T), "gamma is missing: the scores are gamma times the cosine."),
    (lambda gamma, T: 1 / (1 + (T - 1) * np.exp(-gamma)), "The others can be worse than 0: a cosine goes down to -1."),
    (lambda gamma, T: 1 / (1 + (T - 1) * np.exp(gamma)), "The best place has the cosine 1: its score is the largest."),
    (lambda gamma, T: _largest(-gamma, T),
     "That is the smallest weight: the best place has the cosine 1, the others -1."),
    (lambda gamma, T: np.exp(2 * gamma),
     "That is how many times the worst weight it is. Asked for is its share of all weights."),
    (lambda gamma, T: 1 / T, "That is the weight if all cosines are alike: let one be 1 and the others -1."),
    (lambda gamma, T: np.exp(gamma), "That is exp of the score: divide it by the sum over all places."),
    (lambda gamma, T: _largest(gamma / np.sqrt(T), T), "A cosine is not divided by a square root."),
    (lambda gamma, T: 1.0, "Not 1: exp(-gamma) is small, and never 0."),
    (lambda gamma, T: 100 * _largest(gamma, T), "Right in percent: give it as a number between 0 and 1."),
    (lambda gamma, T: _largest(gamma, T, less=2), "Beside the best there are T - 1 other places, not T - 2."),
    (lambda gamma, T: _largest(gamma, T, less=-1), "Beside the best there are T - 1 other places, not T + 1."),
    (lambda gamma, T: _largest(gamma**2, T), "gamma stands once in a score: gamma times the cosine, without a square."),
    (lambda gamma, T: _largest(2 * gamma, T), "gamma stands once in a score: gamma times 1, and gamma times -1."),
    (lambda gamma, T: _largest(gamma / 2, T), "The scores are gamma and -gamma, which is 2 gamma apart."),
    (lambda gamma, T: _largest(np.exp(gamma), T), "gamma is the scale itself: exp comes once, in the softmax."),
    (lambda gamma, T: np.exp(gamma) / (np.exp(gamma) + (T - 1) / np.e),
     "gamma scales the score of each place, also of the others: -1 is their cosine."),
    (lambda gamma, T: np.exp(gamma) / (np.exp(gamma) + T - 2 + np.exp(-gamma)),
     "All T - 1 other places can have the cosine -1, not one of them alone."),
    (lambda gamma, T: np.exp(gamma) / (np.exp(gamma) - (T - 1) * np.exp(-gamma)),
     "Below the line the weights of all places are added: all are above 0."),
    (lambda gamma, T: 1 + (T - 1) * np.exp(-gamma), "All that stands below the line needs brackets around it."),
    (lambda gamma, T: np.exp(gamma) / (np.exp(gamma) + T - np.exp(-gamma)), "T - 1 needs brackets: * goes before -."),
    (lambda gamma, T: 1 / (1 + np.exp(-2 * gamma * (T - 1))),
     "T - 1 places have a weight each: T - 1 stands before exp, not inside."),
    (lambda gamma, T: 1 / (1 + (T - 1) * np.exp(2 * gamma)),
     "Below exp of the best score, the others have the score -gamma, which is 2 gamma *less*."),
    (lambda gamma, T: np.tanh(gamma), "T is missing: all places share the weight."),
    (lambda gamma, T: 1 - _largest(gamma, T), "That is what all others get together."),
    (lambda gamma, T: _largest(gamma * np.log(2), T), "The softmax has exp, not powers of 2."),
    (lambda gamma, T: _largest(gamma * np.log(10), T), "The softmax has exp, not powers of 10."),
    (lambda gamma, T: gamma * _largest(1, T), NOT_IN_EXP),
    (lambda gamma, T: gamma * np.e / (gamma * np.e + (T - 1) / np.e), NOT_IN_EXP),
    (lambda gamma, T: np.e / (np.e + (T - 1) * gamma / np.e), NOT_IN_EXP),
    (lambda gamma, T: np.e * gamma / (np.e + (T - 1) / np.e), NOT_IN_EXP),
    (lambda gamma, T: np.divide(gamma, gamma - (T - 1) * gamma), "Those are the scores: exp is missing."),
    (lambda gamma, T: np.divide(gamma, gamma + (T - 1) * gamma), "Those are the scores: exp is missing."),
]  # fmt: skip


def check_largest_weight(largest_weight) -> None:
    """(gamma, T) -> exp(gamma) / (exp(gamma) + (T - 1) exp(-gamma)), also written otherwise."""
    cases = [(1.0, 5), (4.0, 12), (0.3, 40), (7.0, 300), (2.5, 2), (0.0, 7)]
    checks.expect_cases(
        lambda gamma, T: checks.as_array(checks.run(largest_weight, gamma, T), (), "largest_weight: the answer"),
        cases, _largest, "largest_weight", LARGEST_MISTAKES,
    )  # fmt: skip
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
        *((1 - (A_S + n) / (A + S),
           "Every sure link is possible, too: |A ∩ P| counts those that were found, and *le* at *him*.")
          for n in (1, 2, 3)),
        (1 - (A_S + A_P) / (A + A), "Count the sure links: *le* has none, so |S| is not the number of words."),
        (1 - 2 * A_P / (A + S), "One link too many: *le* at *him* is not sure, *la* at *truth* not even possible."),
        (1 - A_P / (A + S), "Both counts stand above the line: |A ∩ S| + |A ∩ P|."),
        (1 - A_S / (A + S), "Both counts stand above the line: |A ∩ S| + |A ∩ P|."),
        (1 - A_S / A,
         "That is the share of the words that do not look at their sure link: what is possible is no mistake, and "
         "links of S that were not found count, too."),
        (1 - A_S / (A + S - A_S),
         "Not the share of all different links: below the line is |A| + |S|, above it are |A ∩ S| + |A ∩ P|."),
        (1 - (A_S + A_P) / (A + S - 1), "Below the line is |A| + |S|: all 6 words look somewhere, 5 have a sure link."),
        (1 - (A_S + A_P) / (A + S + 1), "Below the line is |A| + |S|: all 6 words look somewhere, 5 have a sure link."),
        (1 - (A_S + A_P) / S, "Below the line is |A| + |S|, not |S| alone."),
        (1 - (A_S + A_P) / A, "Below the line is |A| + |S|, not |A| alone."),
        (0, "There are mistakes: *la* looks at *truth*, which is not even possible, and its sure link is not found."),
        (1 - (A_S + A_P) / (S + P), "Divide by |A| + |S|: what was looked at, and what is sure."),
        (0.19, "Nearly: the third decimal says whether the second is rounded up."),
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
        (fill(lambda j: weights[j].argsort()[-2]), "That is the place it looked second most."),
        (
            fill(lambda j: weights[words[:j].count("<unk>")].argmax()),
            "Row j belongs to word j: a row goes by with every word, not with `<unk>` alone.",
        ),
        *(
            (
                fill(lambda j, off=off: (weights[j].argmax() + off) % len(sentence)),
                "One place beside: argmax counts places from 0, and so does the sentence.",
            )
            for off in (-1, 1)
        ),
        *(
            (
                fill(lambda j, cut=cut: weights[j, cut].argmax()),
                "A column is left out: the row for `<eos>` is one too many, the columns are the places.",
            )
            for cut in (slice(None, -1), slice(1, None))
        ),
        (fill(lambda j: weights[::-1][j].argmax()), "Row j belongs to word j, counted from the beginning."),
        (fill(lambda j: weights[-1].argmax()), "Each `<unk>` has a row of its own; the last belongs to `<eos>`."),
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


def _relatives(v, rng):
    """Vectors that are not v, and are taken for it by a score that does not compare all there is."""
    change = rng.choice([-1, 1], size=v.shape) * rng.uniform(0.5, 1, size=v.shape)
    less = rng.uniform(0.1, 1, size=v.shape)
    return {
        "order": np.roll(v, 1), "larger": v + less, "smaller": v - less, "longer": 2 * v, "much longer": 5 * v,
        "shorter": v / 2, "turned": -v, "shifted": v + 0.7,
        **{f"number {n}": v + change * (np.arange(len(v)) == n) for n in range(len(v))},
        "other": rng.normal(size=v.shape), "farther": 3 * rng.normal(size=v.shape),
    }  # fmt: skip


# Of relatives that get the same score as the vector itself, or a larger one: what they are, and what it says.
TURN = "a difference counts in both directions"
ALIKE = {
    "order": "which has the same numbers in another order: compare number by number, not sums or lengths",
    "longer": "which has the same direction and is twice as long: lengths are to be compared, too",
    "turned": "which is the same with all signs turned: compare the signs, too",
    "larger": f"in which every number is larger: {TURN}",
    "smaller": f"in which every number is smaller: {TURN}",
    "shifted": "in which the same is added to every number: it is another vector",
}
BETTER = {
    "larger": f"one in which every number is larger: {TURN}",
    "smaller": f"one in which every number is smaller: {TURN}",
    "longer": "one that has the same direction and is twice as long: as if a longer vector had a larger score",
    "much longer": "one that has the same direction and is longer: as if a longer vector had a larger score",
    "shorter": "one that has the same direction and is half as long: as if a shorter vector had a larger score",
}


def check_own_match(my_match) -> None:
    """(q (J, D), h (T, D)) -> scores (J, T): every vector finds itself; pairs do not see each other; it is new."""
    rng = np.random.default_rng(9)
    pairs = [(rng.normal(size=(J, D)), rng.normal(size=(T, D))) for J, T, D in ((3, 6, 8), (4, 8, 5))]
    for q, h in pairs:
        _scores(my_match, q, h)
    for q, h in pairs:
        _check_pairs(my_match, q, h)
    for seed, D in ((11, 8), (12, 5), (13, 6)):
        rng = np.random.default_rng(seed)
        _check_finds_itself(my_match, rng.normal(size=(4, D)) * [[0.5], [1], [1], [2]], rng)
    checks.solved("my_match: every vector finds itself")


def _scores(my_match, q, h):
    J, T = len(q), len(h)
    hints = {(T, J): "a row for each query, a column for each place", (J,): "a score for every place"}
    hints |= {(n, T): f"a row for each query, of which there are {J} here" for n in range(1, 9)}
    hints |= {(J, n): f"a column for each place, of which there are {T} here" for n in range(1, 9)}
    return checks.as_array(checks.run(my_match, q.copy(), h.copy()), (J, T), "my_match", hints)


def _check_pairs(my_match, q, h):
    """NotYet if a score depends on anything but its query and its place."""
    scores = _scores(my_match, q, h)
    if not checks.is_close(_scores(my_match, q, h), scores):
        raise NotYet("my_match: two calls with the same vectors give different scores: nothing is drawn.")
    if not checks.is_close(_scores(my_match, q[:0:-1], h), scores[:0:-1], 1e-4):
        raise NotYet(
            "my_match: without the first query, the others in reversed order, their scores change: one pair, one score."
        )
    if not checks.is_close(_scores(my_match, q, h[:0:-1]), scores[:, :0:-1], 1e-4):
        raise NotYet(
            "my_match: without the first place, the others in reversed order, their scores change: one pair, one score."
        )


def _check_finds_itself(my_match, q, rng):
    """NotYet if a vector is not the only one with the largest score when it is asked for."""
    families = [_relatives(v, rng) for v in q]
    names = list(families[0])
    h = np.concatenate([q, *(np.array(list(family.values())) for family in families)])
    scores = _scores(my_match, q, h)
    own = np.diag(scores)
    relatives = np.array([row[len(q) :].reshape(len(q), -1)[j] for j, row in enumerate(scores)])  # (J, relatives)
    near = 1e-5 * np.maximum(np.abs(own)[:, None], np.abs(relatives))
    tied, lost = np.abs(relatives - own[:, None]) <= near, relatives > own[:, None] + near
    if not (tied | lost).any() and (scores.argmax(axis=1) == np.arange(len(q))).all():
        return
    lengths = np.linalg.norm(q, axis=1)[:, None], np.linalg.norm(h, axis=1)
    dot = q @ h.T
    for known, name in ((dot / lengths[0] / lengths[1], "the cosine"), (dot, "the dot product")):
        if np.ptp(scores) > 0 and np.corrcoef(scores.ravel(), known.ravel())[0, 1] > 0.999999:
            what = "the same score to a vector twice as long" if name == "the cosine" else "more to a longer vector"
            raise NotYet(f"my_match: that is {name}, which the lesson has, and which gives {what}: find another.")
    if np.ptp(scores, axis=0).max() < 1e-9:
        raise NotYet("my_match: every query gets the same scores: compare with q.")
    if np.ptp(scores, axis=1).max() < 1e-9:
        raise NotYet("my_match: every place gets the same score: compare with h.")
    if (own <= scores.min(axis=1) + 1e-9).all():
        raise NotYet(
            "my_match: where two vectors are equal the score is the smallest of its row, it has to be the largest: "
            "turn the sign round."
        )
    finds = "my_match: a vector, asked for itself, finds"
    for name, what in BETTER.items():
        if lost[:, names.index(name)].all():
            raise NotYet(f"{finds} {what}.")
    for name, what in ALIKE.items():
        if tied[:, names.index(name)].any():
            raise NotYet(f"{finds} another just as good, {what}.")
    numbers = [n for n in range(q.shape[1]) if tied[:, names.index(f"number {n}")].any()]
    if numbers:
        raise NotYet(
            f"{finds} another just as good, in which number {numbers[0]} (of 0 to {q.shape[1] - 1}) is another: "
            "compare all numbers."
        )
    raise NotYet(
        f"{finds} another one: the score of two equal vectors must be the largest, larger than at all others, as if it "
        "said how near they are."
    )

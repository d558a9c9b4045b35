"""Checks of lesson 10."""

import numpy as np

from course_lib import checks
from course_lib.checks import NotYet


def _sigmoid(score):
    return 1 / (1 + np.exp(-np.asarray(score, float)))


def check_p_good(p_good) -> None:
    """-> the true probabilities of two reviews, worked out on paper."""
    answer = checks.as_array(
        checks.run(p_good), (2,), "p_good", {(): "two reviews, two numbers: the first, the second"}
    )
    right = _sigmoid([1.2 * 2.5, -0.75 * 1.7])
    if np.allclose(answer, 100 * right, atol=1):
        raise NotYet("p_good: right in percent. Give numbers between 0 and 1.")
    checks.expect_close(answer, right, "the two probabilities", [
        ([3.0, -1.275], "Those are the scores: put them through the sigmoid."),
        (_sigmoid([-1.7, -1.275]), "The first: the main clause decides, not the one that begins with although."),
        (_sigmoid([-1.7, 2.5]), "The main clause decides beside an although, and what follows a but."),
        (_sigmoid([3.0, 2.5]), "The second: what follows the but decides."),
        (_sigmoid([1.3, 1.225]), "One opinion decides. Others are not added."),
        (_sigmoid([2.5, 1.7]), "What stands before a word counts, too: really, not very."),
        (_sigmoid([2.5, -1.275]), "The first: really multiplies the strength by 1.2."),
        (_sigmoid([3.0, 1.7]), "The second: not very multiplies the strength by -0.75."),
        (_sigmoid([3.0, -1.7]), "The second: not very is -0.75, not -1."),
        (_sigmoid([3.0, 1.275]), "The second: the factor of not very is below 0."),
        (_sigmoid([3.7, 0.95]), "The factor multiplies the strength: it is not added."),
        (right[::-1], "The first review comes first."),
        (1 - right, "Those are the probabilities of a bad verdict."),
        (right > 0.5, "Those are verdicts. Asked for are their probabilities."),
    ], tolerance=6e-3)  # fmt: skip
    checks.solved("p_good: sigmoid(1.2 * 2.5) and sigmoid(-0.75 * 1.7)")


def check_bag_ceiling(bag_ceiling) -> None:
    """(texts, shares, p_good) -> what the best reader of bags gets right, also for other texts than the example's."""
    texts = [["not", "good", "but", "cheap"], ["cheap", "but", "not", "good"], ["good"], ["good", "good"], ["dear"]]
    _check_one_ceiling(bag_ceiling, texts, np.array([0.25, 0.15, 0.15, 0.15, 0.3]), np.array([0.9, 0.3, 0.8, 0.3, 0.1]))
    texts = [list("abc"), list("cab"), list("bca"), list("abb"), list("aab"), list("bba"), list("c")]
    shares = np.array([0.05, 0.3, 0.15, 0.1, 0.2, 0.12, 0.08])
    _check_one_ceiling(bag_ceiling, texts, shares, np.array([0.2, 0.7, 0.05, 0.9, 0.4, 0.3, 0.5]))
    checks.solved("bag_ceiling: one answer for each bag, the more probable one")


def _check_one_ceiling(bag_ceiling, texts, shares, p):
    def reach(key, share=shares):
        good, bad = {}, {}
        for i, words in enumerate(texts):
            which = key(i, words)
            good[which] = good.get(which, 0) + share[i] * p[i]
            bad[which] = bad.get(which, 0) + share[i] * (1 - p[i])
        return sum(max(good[which], bad[which]) for which in good), good, bad

    right, good, bad = reach(lambda _, words: tuple(sorted(words)))
    answer = checks.as_array(
        checks.run(bag_ceiling, [list(words) for words in texts], shares.copy(), p.copy()), (), "bag_ceiling"
    )
    checks.expect_close(answer, right, f"bag_ceiling of {len(texts)} texts", [
        (reach(lambda i, _: i)[0], "That is the best possible reader's. Of bags: one answer for the same words."),
        (reach(lambda _, words: tuple(sorted(set(words))))[0], "A bag knows how often a word stands in a text."),
        (reach(lambda _, words: len(words))[0], "A bag knows which words they are, not only how many."),
        (reach(lambda _, words: tuple(sorted(words)), np.full(len(p), 1 / len(p)))[0], "Count each with its share."),
        (sum(good.values()), "That is the share of good verdicts: a bag may say bad, too."),
        (max(sum(good.values()), sum(bad.values())), "That is one answer for all texts. Each bag has its own."),
        (1 - right, "That is the share it gets wrong."),
        (sum(min(good[b], bad[b]) for b in good), "The more probable verdict of each bag: max, not min."),
        (sum(max(good[b], bad[b]) / (good[b] + bad[b]) for b in good) / len(good), "Weigh each bag by its share."),
        (sum(max(good[b], bad[b]) / (good[b] + bad[b]) for b in good), "Weigh each bag by its share."),
    ])  # fmt: skip


def check_pooled(pooled) -> None:
    """(h (B, T, H), mask (B, T)) -> mean and maximum over the words, (B, H) each; padding counts for nothing."""
    rng = np.random.default_rng(10)
    for (B, T, H), places in (((3, 5, 4), (2, 5, 1)), ((2, 7, 3), (4, 6))):
        h = rng.normal(size=(B, T, H)) * 3 - 2
        mask = np.arange(T)[None] < np.array(places)[:, None]
        if T == 7:
            mask = mask[:, ::-1]  # padding in front
        h[~mask] = rng.choice([-50.0, 50.0], size=(int((~mask).sum()), H))  # whatever stands there
        _check_one_pooling(pooled, h, mask)
    checks.solved("pooled: padding counts for nothing")


def _check_one_pooling(pooled, h, mask):
    answer = checks.run(pooled, h.copy(), mask.copy())
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise NotYet("pooled: expected two arrays (B, H): the mean, then the maximum.")
    (B, T, H), there = h.shape, mask[:, :, None]
    shapes = {
        (B, T): "over the steps, axis 1, not over the units",
        (T, H): "over the steps, axis 1, not over the texts",
    }
    mean = checks.as_array(answer[0], (B, H), "the mean", shapes)
    top = checks.as_array(answer[1], (B, H), "the maximum", shapes)
    total, count = np.where(there, h, 0).sum(axis=1), mask.sum(axis=1)[:, None]
    highest, zeros = np.where(there, h, -np.inf).max(axis=1), np.where(there, h, 0).max(axis=1)
    checks.expect_close(mean, total / count, "the mean", [
        (total / T, "Nothing is mended yet: it divides by T, the padding with it. Divide by the number of words."),
        (h.mean(axis=1), "The padding is in the sum."),
        (h.sum(axis=1) / count, "The padding is in the sum."),
        (total, "That is the sum: divide by the number of words."),
        (total / mask.sum(), "Each text has its own number of words."),
        (highest, "The mean comes first, then the maximum."),
    ])  # fmt: skip
    checks.expect_close(top, highest, "the maximum", [
        (zeros, "A 0 where there is no word wins against numbers below 0: put minus infinity there."),
        (h.max(axis=1), "The padding is among what is compared."),
        (np.where(there, h, np.inf).min(axis=1), "That is the minimum."),
        (np.abs(np.where(there, h, 0)).max(axis=1), "The largest number, not the largest size."),
        (total / count, "That is the mean: it comes first."),
    ])  # fmt: skip


STATEMENTS = {
    "a": (True, "Its mean is over groups of reviews: within a group, too high and too low cancel."),
    "b": (False, "Within a group, one may be said too high and another too low: the points stay on the diagonal."),
    "c": (False, "It says .5 of every review, and half of all verdicts are good: one point, on the diagonal."),
    "d": (True, "Drawn verdicts show frequencies of groups. Nobody draws the verdict of one review many times."),
    "e": (False, "The largest weight says where the network looked. Here it was no deciding word in many reviews."),
    "f": (True, "The score is the logit with all words less the logit without this one."),
    "g": (False, "Without a but, another opinion decides: cues change the verdict, and say no opinion."),
}


def check_what_it_shows(what_it_shows) -> None:
    """-> {letter: True or False} for each of the statements."""
    truth, hints = ({letter: row[i] for letter, row in STATEMENTS.items()} for i in (0, 1))
    checks.marks(checks.run(what_it_shows), truth, hints, "what_it_shows")
    checks.solved("what_it_shows: what calibration and explanations can tell")


def check_leave_out(leave_out) -> None:
    """(verdict, words) -> the logit less that without each word; verdict may care for the order."""
    weights = {"awful": -2.5, "good": 1.7, "fine": 0.8, "dull": -1.1}

    def verdict(words):
        words = list(words)
        if not words:
            raise ValueError("a review without words")
        score, sign = 0.3, 1
        for word in words:
            if word == "but":
                score = 0.1 * score
            elif word == "not":
                sign = -1
            else:
                score += sign * weights.get(word, 0)
                sign = 1
        return score

    for text in ("the food was awful but staff not dull good", "good good fine but not good"):
        words = text.split()
        all_words, T = verdict(words), len(words)
        without = np.array([verdict(words[:t] + words[t + 1 :]) for t in range(T)])
        answer = checks.as_array(checks.run(leave_out, verdict, list(words)), (T,), "leave_out", {
            (): "a number for each word", (T - 1,): "the last word, too, can be left out",
        })  # fmt: skip
        alone = np.array([verdict([word]) for word in words])
        ended = np.array([verdict(words[: t + 1]) for t in range(T)])
        unlike = np.array([verdict([w for w in words if w != word] or ["the"]) for word in words])
        blank = np.array([verdict([*words[:t], "", *words[t + 1 :]]) for t in range(T)])
        checks.expect_close(answer, all_words - without, f"leave_out of {text!r}", [
            (without - all_words, "The sign is turned round: a word that speaks for good gets a number above 0."),
            (without, "Those are the logits without each word: how far are they from the logit with all?"),
            (alone, "That reads each word alone. Read all but it."),
            (ended, "That ends the review behind the word. Take out the one word."),
            (all_words - unlike, "It takes out all words that are alike: take out the one at place t."),
            (all_words - blank, "Take the word out, so that the text closes up."),
            (np.abs(all_words - without), "Keep the sign: it tells which verdict the word speaks for."),
            (all_words / without, "The difference, not the ratio."),
        ])  # fmt: skip
    checks.solved("leave_out: what each word changed")

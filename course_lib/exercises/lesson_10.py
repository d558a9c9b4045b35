"""Checks of lesson 10."""

import itertools
from collections.abc import Callable

import numpy as np

from course_lib import checks
from course_lib.checks import NotYet


def _sigmoid(score):
    return 1 / (1 + np.exp(-np.asarray(score, float)))


REALLY = "What stands before a word counts, too: really multiplies the strength by 1.2"
NOT_VERY = "What stands before a word counts, too: not very multiplies the strength by -0.75"
MAIN = "The main clause decides, not the one that begins with although."
ALONE = "One opinion decides. Others are not added; no product, and no mean, is taken with them."
SCORES = np.array([1.2 * 2.5, -0.75 * 1.7])
READ_AS = (  # of the first review, of the second: the score as a likely mistake has it -> its hint
    {
        2.5: f"{REALLY}.",
        -1.7: MAIN,
        -1.7 * 1.2: MAIN,
        1.3: ALONE, 0.65: ALONE, -5.1: ALONE, 0.8: ALONE,
        4.7: "One opinion decides. The other is not what it is compared with, as in a softmax.",
        3.7: f"{REALLY}: it is not added, nor is it the 1.5 of very.",
        2.5 / 1.2: f"{REALLY}, it does not divide it.",
        -3.0: "That is the probability of a bad verdict: the minus in exp(-y) is one too many, or one too few.",
    },
    {
        2.5: "What follows the but decides.",
        1.7: f"{NOT_VERY}.",
        -1.7: "Not very is -0.75, not -1.",
        1.275: "The factor of not very is below 0; or that is the probability of a bad verdict.",
        0.95: f"{NOT_VERY}: it is not added.",
        1.7 * -0.9 * 1.5: "Not very is one factor of its own, -0.75: it is not the product of not and very.",
        1.7 * -0.9: "Not very is one factor of its own, -0.75: not alone is -0.9.",
        1.7 * 1.5: "Not very is one factor of its own, -0.75: very alone is 1.5.",
        -1.7 * 1.5: "Not very is one factor of its own, -0.75: it is not very with the sign turned round.",
        2.5 * -0.75: "Not very stands before quiet, and belongs to it: lovely is another opinion.",
        -1.7 / 0.75: "Not very multiplies by -0.75, it does not divide.",
        1.225: ALONE, 0.6125: ALONE, -3.1875: ALONE, 4.2: ALONE,
        -3.775: "One opinion decides. The other is not what it is compared with, as in a softmax.",
    },
)  # fmt: skip
INSTEAD: list[tuple[Callable, str]] = [  # of the right scores: what stands in the place of the sigmoid -> its hint
    (lambda y: y, "Those are the scores: put them through the sigmoid."),
    (lambda y: _sigmoid(-y), "Those are the probabilities of a bad verdict: exp(-y) has a minus."),
    (lambda y: y > 0, "Those are verdicts. Asked for are their probabilities."),
    (np.exp, "That is exp(y), the odds: the sigmoid is 1 / (1 + exp(-y))."),
    (lambda y: np.exp(-y), "That is exp(-y): the sigmoid is 1 / (1 + exp(-y))."),
    (lambda y: 1 + np.exp(-y), "That is what stands below the line of the sigmoid: 1 divided by it."),
    (np.tanh, "That is tanh, between -1 and 1: the sigmoid is between 0 and 1."),
    (lambda y: _sigmoid(2 * y), "As if y were taken twice: the sigmoid is 1 / (1 + exp(-y))."),
    (lambda y: (1 + y) / 2, "No sigmoid there: it is 1 / (1 + exp(-y))."),
    (lambda y: 1 / (1 - np.exp(-y)), "1 + exp(-y) stands below the line, not 1 - exp(-y)."),
    (lambda y: 1 / (1 - np.exp(y)), "1 + exp(-y) stands below the line, not 1 - exp(y)."),
    (lambda y: 1 / (1 + 2**-y), "As if 2 stood for e: exp(y) is a power of e = 2.718…."),
    (lambda y: 1 / (1 + 10**-y), "As if 10 stood for e: exp(y) is a power of e = 2.718…."),
    (lambda y: np.round(_sigmoid(y), 1), "One decimal is too coarse: give two."),
    (lambda y: np.floor(100 * _sigmoid(y)) / 100, "As if cut off behind the second decimal: round there."),
    (lambda y: _sigmoid(y)[::-1], "The first review comes first."),
]


def check_p_good(p_good) -> None:
    """-> the true probabilities of two reviews, worked out on paper."""
    answer = checks.as_array(
        checks.run(p_good), (2,), "p_good", {(): "two reviews, two numbers: the first, the second"}
    )
    right, tolerance = _sigmoid(SCORES), 6e-3
    if np.allclose(answer, 100 * right, atol=1, rtol=0):
        raise NotYet("p_good: right in percent. Give numbers between 0 and 1.")
    if not np.allclose(answer, right, atol=tolerance, rtol=0):
        for instead, hint in INSTEAD:
            if checks.is_close(answer, instead(SCORES), tolerance):
                raise NotYet(f"p_good: not yet. {hint}")
    for which, got, p, scores in zip(("first", "second"), answer, right, READ_AS, strict=True):
        if abs(got - p) <= tolerance:
            continue
        score = min(scores, key=lambda score: abs(got - _sigmoid(score)))
        if abs(got - _sigmoid(score)) <= tolerance:
            raise NotYet(f"p_good, the {which}: not yet. {scores[score]}")
        if any(checks.is_close(got, score, 1e-3) for score in (*SCORES, *scores)):
            raise NotYet(f"p_good, the {which}: not yet. That is a score: put it through the sigmoid.")
        what = "which is no probability" if not 0 <= got <= 1 else f"which is too {'large' if got > p else 'small'}"
        raise NotYet(
            f"p_good, the {which}: not yet: {got:.4g}, {what}. Which opinion decides, what multiplies its strength, "
            "and what does the sigmoid make of the product?"
        )
    checks.solved("p_good: sigmoid(1.2 * 2.5) and sigmoid(-0.75 * 1.7)")


def _bags(texts, shares, p, *, key=sorted):
    """A list for each bag, in the order in which they first come: (share, p, number) of each of its texts."""
    bags: dict = {}
    for i, words in enumerate(texts):
        bags.setdefault(str(key(words)), []).append((shares[i], p[i], i))
    return list(bags.values())


def _more_probable(good, bad):
    return max(good, bad)


def _parts(share, p):
    return share * p, share * (1 - p)


def _ceiling(texts, shares, p, *, key=sorted, of_bag=_more_probable, weigh=_parts):
    """What the best reader of bags gets right, or with a mistake: in the key, for a bag, or for a text."""
    return sum(of_bag(*np.sum([weigh(*text[:2]) for text in bag], axis=0)) for bag in _bags(texts, shares, p, key=key))


def _by(key):
    return lambda *case: _ceiling(*case, key=key)


def _answered(says):
    """Of readers that say of a bag, a list of (share, p, number), with which probability it is good."""

    def reach(*case):
        said = [(bag, float(says(bag))) for bag in _bags(*case)]
        return sum(share * (q * p + (1 - q) * (1 - p)) for bag, q in said for share, p, _ in bag)

    return reach


def _side_by_side(texts, shares, p):
    """Only texts that stand side by side come into one bag."""
    groups = itertools.groupby(range(len(texts)), key=lambda i: sorted(texts[i]))
    parts = [list(group) for _, group in groups]
    return sum(max((shares[i] * p[i]).sum(), (shares[i] * (1 - p[i])).sum()) for i in parts)


def _all_good(texts, shares, p):
    return shares @ p


WEIGH = "Weigh each bag by its share."
ADD = "Texts of one bag are added up: as if one alone of each bag were counted"
CEILINGS = [  # what a likely mistake gives -> its hint
    (lambda texts, shares, p: shares @ np.maximum(p, 1 - p),
     "That is the best possible reader's. Of bags: one answer for the same words, in whatever order."),
    (_by(lambda words: sorted(set(words))), "A bag knows how often a word stands in a text."),
    (_by(len), "A bag knows which words they are, not only how many."),
    (_by(lambda words: sorted("".join(words))), "A bag is made of words, not of letters: anagrams are two bags."),
    (_by(lambda words: "".join(sorted(words))),
     "As if the words of a bag were joined with nothing between: *ab c* and *a bc* are two bags."),
    (_by(lambda words: sorted(word[0] for word in words)),
     "As if a bag knew only the first letter of each word: compare whole words."),
    (_by(lambda words: sorted(map(len, words))), "A bag knows which words they are, not only how long."),
    (_by(lambda words: sorted(word[-1] for word in words)),
     "As if a bag knew only the last letter of each word: compare whole words."),
    (_by(lambda words: sorted(words[1:])), "A bag is made of all words of a text: of the first, too."),
    (_by(lambda words: sorted(words[:-1])), "A bag is made of all words of a text: of the last, too."),
    (_by(lambda words: words[0]), "A bag is made of all words of a text, not of the first."),
    (_by(lambda words: words[-1]), "A bag is made of all words of a text, not of the last."),
    (lambda texts, shares, p: _ceiling(texts, 0 * p + 1 / len(p), p), "Count each with its share."),
    (lambda texts, shares, p: _ceiling(texts, 0 * p + 1, p), "Count each with its share."),
    (_all_good, "That is the share of good verdicts: a bag may say bad, too."),
    (lambda *case: 1 - _all_good(*case), "That is the share of bad verdicts: a bag may say good, too."),
    (lambda *case: max(_all_good(*case), 1 - _all_good(*case)), "That is one answer for all: each bag has its own."),
    (lambda *case: 1 - _ceiling(*case), "That is the share it gets wrong: the more probable verdict, max, not min."),
    (lambda *case: _ceiling(*case, of_bag=lambda good, bad: max(good, bad) / (good + bad)), WEIGH),
    (lambda *case: _ceiling(*case, of_bag=lambda good, bad: max(good, bad) / (good + bad)) / len(_bags(*case)), WEIGH),
    (lambda *case: _ceiling(*case) / len(_bags(*case)), "As if divided by the number of bags: shares sum to 1."),
    (lambda *case: _ceiling(*case) / len(case[0]), "As if divided by the number of texts: shares sum to 1."),
    (lambda *case: _ceiling(*case, weigh=lambda share, p: (share * (p > 0.5), share * (p <= 0.5))),
     "A p above .5 is not certain: of a text's share, p of it is good, 1 - p is bad."),
    (lambda *case: _ceiling(*case, weigh=lambda share, p: (share * (p >= 0.5), share * (p < 0.5))),
     "A p above .5 is not certain: of a text's share, p of it is good, 1 - p is bad."),
    (lambda *case: _ceiling(*case, of_bag=lambda good, bad: 0 if np.isclose(good, bad) else max(good, bad)),
     "A bag in which both verdicts are as probable counts, too: half of them are right, whatever it says."),
    (lambda *case: sum(max(bag[-1][0] * bag[-1][1], bag[-1][0] * (1 - bag[-1][1])) for bag in _bags(*case)),
     f"{ADD}, the last: is it written over?"),
    (lambda *case: sum(max(bag[0][0] * bag[0][1], bag[0][0] * (1 - bag[0][1])) for bag in _bags(*case)),
     f"{ADD}, the first."),
    (lambda *case: sum(max(max(share * p, share * (1 - p)) for share, p, _ in bag) for bag in _bags(*case)),
     f"{ADD}, the one that gives most."),
    (_side_by_side, "As if only texts side by side came into one bag: groupby needs them sorted by their bags first."),
    (lambda *case: sum(
        sum(share for share, _, _ in bag) * max(q := np.mean([p for _, p, _ in bag]), 1 - q) for bag in _bags(*case)
     ), "Within a bag, too, a text counts with its share: not the plain mean of p."),
    (_answered(lambda bag: np.mean([p for _, p, _ in bag]) > 0.5),
     "Within a bag, too, a text counts with its share: what it answers is not told by the plain mean of p."),
    (_answered(lambda bag: sum(1 if p > 0.5 else -1 for _, p, _ in bag) > 0),
     "The texts of a bag do not vote: each counts with its share, and with its p."),
    (_answered(lambda bag: sum(1 if p > 0.5 else -1 for _, p, _ in bag) >= 0),
     "The texts of a bag do not vote: each counts with its share, and with its p."),
    (_answered(lambda bag: sum(share * (1 if p > 0.5 else -1) for share, p, _ in bag) > 0),
     "The texts of a bag do not vote: a p of .9 weighs more than one of .6."),
    (_answered(lambda bag: max(bag)[1] > 0.5), "All texts of a bag decide what it answers, not the commonest alone."),
    (_answered(lambda bag: bag[0][1] > 0.5), "All texts of a bag decide what it answers, not the first alone."),
    (_answered(lambda bag: bag[-1][1] > 0.5), "All texts of a bag decide what it answers, not the last alone."),
    (_answered(lambda bag: sum(share * p for share, p, _ in bag) / sum(share for share, _, _ in bag)),
     "As if it drew its answer with the probability: it always gives the more probable one."),
    (lambda *case: sum(
        sum(share for share, _, _ in bag) / 2 if len(bag) > 1 else bag[0][0] * max(bag[0][1], 1 - bag[0][1])
        for bag in _bags(*case)
     ), "A bag of several texts is not a toss of a coin: one of the two verdicts is more probable in it."),
]  # fmt: skip


def check_bag_ceiling(bag_ceiling) -> None:
    """(texts, shares, p_good) -> what the best reader of bags gets right, also for other texts than the example's."""
    rng = np.random.default_rng(10)
    first = [["not", "good", "but", "cheap"], ["dear"], ["cheap", "but", "not", "good"], ["good"], ["good", "good"]]
    cases = [
        (first, np.array([0.22, 0.29, 0.14, 0.17, 0.18]), np.array([0.9, 0.1, 0.35, 0.8, 0.3])),
        ([list("abc"), list("cab"), list("bca"), list("abb"), list("aab"), list("bba"), list("c")],
         np.array([0.05, 0.3, 0.15, 0.1, 0.2, 0.12, 0.08]), np.array([0.2, 0.7, 0.05, 0.9, 0.4, 0.3, 0.5])),
    ]  # fmt: skip
    # words that other words are made of, in every order: what makes one bag of two is found out
    for words in (["a", "bc", "ab", "c", "b"], ["bad", "dab", "bland", "dear", "bad"]):
        texts = [list(order) for n in (2, 3) for order in sorted(set(itertools.permutations(words, n)))]
        chosen = rng.permutation(len(texts))[:30]
        p = np.round(rng.random(30), 2)
        cases.append(([texts[i] for i in chosen], rng.dirichlet(np.ones(30)), p))

    def reach(texts, shares, p):
        answer = checks.run(bag_ceiling, [list(words) for words in texts], shares.copy(), p.copy())
        return checks.as_array(answer, (), "bag_ceiling")

    checks.expect_cases(reach, cases, _ceiling, "bag_ceiling", CEILINGS)
    checks.solved("bag_ceiling: one answer for each bag, the more probable one")


def _there(mask):
    return mask[:, :, None]


def _sum(h, mask):
    return np.where(_there(mask), h, 0).sum(axis=1)


def _count(mask):
    return mask.sum(axis=1)[:, None]


def _mean(h, mask):
    return _sum(h, mask) / _count(mask)


def _largest(h, mask, other=-np.inf):
    return np.where(_there(mask), h, other).max(axis=1)


def _of_texts(pool):
    """Text by text: of its memories (T, H) and its mask (T,)."""
    return lambda h, mask: np.stack([pool(memories, there) for memories, there in zip(h, mask, strict=True)])


COUNT = "Count along axis 1, the words of each text, not along axis 0."
IN_FRONT = "Padding may stand in front, too: the mask says where the words are, its sum only how many."
NO_MEMORY = "The largest of each unit may stand at another word: as if one memory were taken whole"
MEANS = [
    (lambda h, mask: _sum(h, mask) / mask.shape[1],
     "It still divides by T, the padding with it: divide by the number of words."),
    (lambda h, mask: h.mean(axis=1), "The padding is in the sum."),
    (lambda h, mask: h.sum(axis=1) / _count(mask), "The padding is in the sum."),
    (lambda h, mask: h.sum(axis=1), "The padding is in the sum; then divide by the number of words."),
    (_sum, "That is the sum: divide by the number of words."),
    (lambda h, mask: _sum(h, mask) / mask.sum(), "Each text has its own number of words."),
    (lambda h, mask: _sum(h, mask) / mask.sum(axis=1).mean(), "Each text has its own number of words: not their mean."),
    (lambda h, mask: _sum(h, mask) / mask.sum(axis=1).max(), "Each text has its own number of words: not the largest."),
    (lambda h, mask: _sum(h, mask) / mask.sum(axis=0)[:1], COUNT),
    (lambda h, mask: _sum(h, mask) / mask.sum(axis=0)[0], COUNT),
    (lambda h, mask: _sum(h, mask) / (_count(mask) - 1), "Divide by the number of words, not by one less."),
    (lambda h, mask: _sum(h, mask) / (_count(mask) + 1), "Divide by the number of words, not by one more."),
    (lambda h, mask: _sum(h, mask) / (_count(mask) + 1e-3), "Divide by the number of words itself: nothing is added."),
    (lambda h, mask: _sum(h, mask) / len(h) / _count(mask), "Divide by the number of words alone."),
    (lambda h, mask: _sum(h, mask) * len(h) / mask.shape[1] / _count(mask),
     "Divide by the number of words, and by nothing else: the number of texts is no part of it."),
    (lambda h, mask: _sum(h, mask) / mask.shape[1] / _count(mask), "It is divided twice: mean divides by T already."),
    (lambda h, mask: _mean(h, ~mask), "That is the mean of the padding: the mask is True where there is a word."),
    (_of_texts(lambda h, there: np.median(h[there], axis=0)), "That is the median, not the mean."),
    (_of_texts(lambda h, there: h[: there.sum()].mean(axis=0)), IN_FRONT),
    (_of_texts(lambda h, there: h[-there.sum() :].mean(axis=0)), "Padding may stand behind, too: the mask says where."),
    (lambda h, mask: h[:, mask.any(axis=0)].mean(axis=1),
     "As if padding were cut by the longest text of the batch: each text has its own words."),
    (_largest, "The mean comes first, then the maximum."),
]  # fmt: skip
MAXIMA = [
    (lambda h, mask: _largest(h, mask, 0),
     "A 0 where there is no word wins against numbers below 0: put minus infinity there."),
    *((lambda h, mask, low=low: _largest(h, mask, low),
       "What is put where there is no word wins against numbers below it: put minus infinity there.")
      for low in (-1, -1e-9, -2, -3, -5, -10)),
    (lambda h, mask: h.max(axis=1), "The padding is among what is compared."),
    (lambda h, mask: h[:, mask.any(axis=0)].max(axis=1),
     "As if padding were cut by the longest text of the batch: each text has its own words."),
    (lambda h, mask: _largest(h, ~mask), "That is the largest of the padding: the mask is True where there is a word."),
    (lambda h, mask: np.where(_there(mask), h, np.inf).min(axis=1), "That is the minimum."),
    (lambda h, mask: np.where(_there(mask), h, 0).min(axis=1), "That is the minimum."),
    (lambda h, mask: np.abs(np.where(_there(mask), h, 0)).max(axis=1), "The largest number, not the largest size."),
    (_of_texts(lambda h, there: h[there][-1]), f"{NO_MEMORY}, the last."),
    (_of_texts(lambda h, there: h[there.sum() - 1]), f"{NO_MEMORY}, the last."),
    (_of_texts(lambda h, there: h[there][0]), f"{NO_MEMORY}, the first."),
    (_of_texts(lambda h, there: h[there][np.linalg.norm(h[there], axis=1).argmax()]),
     f"{NO_MEMORY}, that of the largest norm."),
    (_of_texts(lambda h, there: h[there][h[there].sum(axis=1).argmax()]), f"{NO_MEMORY}, that of the largest sum."),
    (_of_texts(lambda h, there: h[: there.sum()].max(axis=0)), IN_FRONT),
    (_of_texts(lambda h, there: h[-there.sum() :].max(axis=0)), "Padding may stand behind, too: the mask says where."),
    (_mean, "That is the mean: it comes first."),
    (_sum, "That is the sum."),
]  # fmt: skip


def check_pooled(pooled) -> None:
    """(h (B, T, H), mask (B, T)) -> mean and maximum over the words, (B, H) each; padding counts for nothing."""
    rng = np.random.default_rng(10)
    cases = []
    for (B, T, H), places in (((3, 6, 4), (2, 5, 3)), ((2, 7, 3), (4, 6)), ((3, 5, 4), (5, 2, 1))):
        h = rng.normal(size=(B, T, H)) * 3 - 2
        mask = np.arange(T)[None] < np.array(places)[:, None]
        if T == 7:
            mask = mask[:, ::-1]  # padding in front
        h[~mask] = rng.choice([-50.0, 50.0], size=(int((~mask).sum()), H))  # whatever stands there
        cases.append((h, mask))

    def part(n, what):
        def of(h, mask):
            answer = checks.run(pooled, h.copy(), mask.copy())
            if not isinstance(answer, tuple | list) or len(answer) != 2:
                raise NotYet("pooled: expected two arrays (B, H): the mean, then the maximum.")
            (B, T, H) = h.shape
            return checks.as_array(answer[n], (B, H), what, {
                (B, T): "over the steps, axis 1, not over the units",
                (T, H): "over the steps, axis 1, not over the texts",
                (H,): "a row for each text: as if the words of all texts were taken together, or one text alone",
                (B, B, H): "what is divided by needs the shape (B, 1), or the sum that of h: is an axis too many",
                (B, T, H): "nothing is pooled: the steps, axis 1, go away",
                (B, 1, H): "the axis of the steps goes away: no keepdims, or take [:, 0]",
            })  # fmt: skip

        return of

    checks.expect_cases(part(0, "the mean"), cases, _mean, "the mean", MEANS)
    checks.expect_cases(part(1, "the maximum"), cases, _largest, "the maximum", MAXIMA)
    checks.solved("pooled: padding counts for nothing")


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


OF_WORDS = dict(zip(["the", "food", "was", "awful", "but", "staff", "not", "dull", "good", "fine"],
                    np.random.default_rng(110).normal(size=10), strict=True))  # fmt: skip


def _verdict(*given):
    """A logit of words that cares for their order: the later, the more, and `not` turns the next word round."""
    if len(given) != 1:
        raise NotYet(
            f"leave_out: verdict takes one list of words, got {len(given)} things: hand it the list, without *."
        )
    (words,) = given
    if isinstance(words, set | frozenset | dict):
        raise NotYet(f"leave_out: verdict takes a list of words, in order; a {type(words).__name__} has lost it.")
    if isinstance(words, str):
        raise NotYet("leave_out: verdict takes a list of words, got a text: a list of one word is [word], do not join.")
    score, sign = 0.3, 1
    for word in words:
        if not isinstance(word, str):
            kind = type(word).__name__
            raise NotYet(f"leave_out: verdict takes a list of words, got one with a {kind} in it: + joins two lists.")
        score, sign = 0.8 * score + sign * OF_WORDS.get(word, 0), -1 if word == "not" else 1
    return score


def _less(rest, whole=_verdict):
    """The score of each place, when rest(words, t) is what is read without it."""
    return lambda words: np.array([whole(words) - _verdict(rest(words, t)) for t in range(len(words))])


def _without(words, t):
    return words[:t] + words[t + 1 :]


_left_out = _less(_without)


def _read(rest):
    """The logit of rest(words, t) itself, for each place."""
    return lambda words: np.array([_verdict(rest(words, t)) for t in range(len(words))])


def _prefix(words, t):
    return words[:t]


def _through(words, t):
    return words[: t + 1]


TWICE = "A word that stands there twice: as if its first place were taken out each time. Take out the one at place t."
ENDS = "That ends the review there. Take out the one word, and keep what stands behind it."
BEGINS = "That begins the review there. Take out the one word, and keep what stands before it."
COUNTED = "Places are counted from 0: as if the word before were left out."
ONE = "Take out one word alone"
LEFT_OUT = [
    (lambda words: -_left_out(words), "The sign is turned round: a word that speaks for good gets a number above 0."),
    (_read(_without), "Those are the logits without each word: how far are they from the logit with all?"),
    (_read(lambda words, t: [words[t]]), "That reads each word alone. Read all but it."),
    (_less(lambda words, t: [words[t]]), "That leaves out all but the word. Leave out the word, and read the others."),
    (_read(_through), ENDS), (_read(_prefix), ENDS), (_less(_through), ENDS), (_less(_prefix), ENDS),
    (lambda words: _read(_through)(words) - _read(_prefix)(words),
     "That is what each word changes of the review so far. Take it out of the whole review."),
    (lambda words: _read(lambda words, t: words[t:])(words) - _read(lambda words, t: words[t + 1 :])(words),
     "That is what each word changes of what stands behind it. Take it out of the whole review."),
    (_less(lambda words, t: words[t + 1 :]), BEGINS), (_less(lambda words, t: words[t:]), BEGINS),
    (_read(lambda words, t: words[t:]), BEGINS),
    (_less(lambda words, t: [word for word in words if word != words[t]]),
     "It takes out all words that are alike: take out the one at place t."),
    (_less(lambda words, t: _without(words, words.index(words[t]))), TWICE),
    (_less(lambda words, t: [*words[:t], "", *words[t + 1 :]]), "Take the word out, so that the text closes up."),
    (_less(lambda words, t: words), "Nothing is left out: the text is read whole both times."),
    (_less(lambda words, t: [*words[:t], words[t], *words[t:]]), "The word is read twice there, not left out."),
    (_less(lambda words, t: words[:t] + words[t + 2 :]), f"{ONE}: two go there."),
    (_less(lambda words, t: _without(_without(words, t), max(t - 1, 0))), f"{ONE}: two go there."),
    (_less(lambda words, t: words[:-1]), "It is always the last word that is left out: the one at place t."),
    (_less(lambda words, t: words[1:]), "It is always the first word that is left out: the one at place t."),
    (_less(lambda words, t: _without(words, t + 1)), "Places are counted from 0: as if the word behind were left out."),
    (_less(lambda words, t: _without(words, t - 1) if t else words), COUNTED),
    (_less(lambda words, t: _without(words, (t - 1) % len(words))), COUNTED),
    (_less(lambda words, t: words[: t - 1] + words[t:]), COUNTED),
    (_less(lambda words, t: sorted(_without(words, t))), "Keep the words in their order."),
    (lambda words: np.abs(_left_out(words)), "Keep the sign: it tells which verdict the word speaks for."),
    (lambda words: _left_out(words) ** 2, "No square: it loses the sign."),
    (lambda words: _verdict(words) / _read(_without)(words), "The difference, not the ratio."),
    (lambda words: _left_out(words) / _verdict(words), "The difference itself: it is not divided by the logit."),
    (lambda words: _left_out(words) / _left_out(words).sum(), "The differences themselves: they need not sum to 1."),
    (lambda words: _left_out(words) / len(words), "The differences themselves: not divided by the number of words."),
    (lambda words: _sigmoid(_verdict(words)) - _sigmoid(_read(_without)(words)),
     "The difference of the logits, not of the probabilities: no sigmoid."),
]  # fmt: skip


def check_leave_out(leave_out) -> None:
    """(verdict, words) -> the logit less that without each word; verdict may care for the order."""

    def scores(words):
        answer, T = checks.run(leave_out, _verdict, words), len(words)
        lost = np.delete(_left_out(words), 0)
        return checks.as_array(answer, (T,), "leave_out", {
            (): "a number for each word",
            (T - 1,): f"the {'first' if checks.is_close(answer, lost) else 'last'} word, too, can be left out",
            (len(set(words)),): "a number for each place: a word that stands there twice has two",
        })  # fmt: skip

    cases = [
        (["the", "food", "was", "awful", "but", "not", "dull"],),
        (["good", "good", "fine", "but", "not", "good"],),
    ]
    checks.expect_cases(scores, cases, _left_out, "leave_out", LEFT_OUT)
    checks.solved("leave_out: what each word changed")

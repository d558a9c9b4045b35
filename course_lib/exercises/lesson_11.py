"""Checks of lesson 11."""

import numpy as np

from course_lib import checks
from course_lib.checks import NotYet


def check_gain(gain) -> None:
    """(a, b) -> the gain with which two looks at a place are joined best, and the variance that is left."""

    def answer(a, b):
        return checks.as_array(checks.run(gain, a, b), (2,), "gain", {(): "two numbers, K and the new variance"})

    def right(a, b):
        return np.array([a / (a + b), a * b / (a + b)])

    checks.expect_cases(answer, [(1.0, 1.0), (4.0, 1.0), (0.3, 2.0), (5.0, 0.7)], right, "gain", [
        (lambda a, b: right(b, a), "The two variances are exchanged: an unsure estimate believes what it sees more."),
        (lambda a, b: right(a, b)[::-1], "K comes first, then the variance."),
        (lambda a, b: [np.sqrt(a) / (np.sqrt(a) + np.sqrt(b)), a * b / (a + b)], "Variances, not standard deviations."),
        (lambda a, b: [a / (a + b), np.sqrt(a * b / (a + b))], "The variance, not the standard deviation."),
        (lambda a, b: [a / (a + b), (a + b) / 4], "That is the variance of the plain mean of two looks."),
        (lambda a, b: [0.5, (a + b) / 4], "One half is best only if both are equally sure."),
        (lambda a, b: [a / (a + b), a + b], "That is the variance of the surprise. What is left is less than a and b."),
        (lambda a, b: [a / (a + b), a], "That is the variance before it saw anything."),
        (lambda a, b: [a / (a + b), b], "That is the noise's: the estimate knew something before, too."),
        (lambda a, b: [a / (a + b), a * a / (a + b)], "What is left is a less K times a, not K times a."),
        (lambda a, b: [a / (a + b), (1 - a / (a + b)) ** 2 * a],
         "The noise of what is seen comes in, too: K squared times b."),
        (lambda a, b: [a / b, a * b / (a + b)], "K is a share, 0 to 1: divide by the sum of both variances."),
        (lambda a, b: [1 - a / (a + b), a * b / (a + b)], "That is the weight of the estimate. K is the surprise's."),
    ])  # fmt: skip
    checks.solved("gain: an unsure estimate believes what it sees, a sure one less")


def check_filtered(filtered) -> None:
    """(x, f, K) -> what is predicted after each number; both bugs mended."""

    def steps(x, f, K, rule):
        estimate, said = 0.0, []
        for x_t in x:
            estimate, out = rule(estimate, x_t, f, K)
            said.append(out)
        return np.array(said)

    def cases():
        rng = np.random.default_rng(11)
        return [([1.0, 0.5, -0.2, 2.0], 0.9, 0.4), (rng.normal(size=7).tolist(), -0.6, 0.7),
                (rng.normal(size=5).tolist(), 0.8, 0.25)]  # fmt: skip

    def by(rule):
        return lambda x, f, K: steps(x, f, K, rule)

    def answer(x, f, K):
        return checks.as_array(checks.run(filtered, list(x), f, K), (len(x),), "filtered", {
            (): "a prediction for each number that is seen, not only the last",
            (len(x) + 1,): "the first prediction is made when x[0] has been seen",
            (len(x) - 1,): "after the last number, too, the next is predicted",
        })  # fmt: skip

    def mended(e, x, f, K):
        return (f * (e + K * (x - e)), f * (e + K * (x - e)))

    checks.expect_cases(answer, cases(), by(mended), "filtered", [
        (by(lambda e, x, f, K: (f * (e + K * x), e + K * x)), "Nothing is mended yet."),
        (by(lambda e, x, f, K: (f * (e + K * x), f * (e + K * x))),
         "One bug is left: the estimate is moved by x_t, not by how far x_t was off."),
        (by(lambda e, x, f, K: (f * (e + K * (x - e)), e + K * (x - e))),
         "One bug is left: what is said is the estimate of now. Let it go on by f first."),
        (by(lambda e, x, f, K: (f * (e + K * (x - e)), e)), "It says what was predicted before x_t was seen."),
        (by(lambda e, x, f, K: (f * (e + K * (e - x)),) * 2), "The surprise is x_t less what was expected."),
        (by(lambda e, x, f, K: (f * e + K * (x - f * e), f * (f * e + K * (x - f * e)))),
         "f comes in twice: the estimate was let go on already when x_t came."),
        (by(lambda e, x, f, K: (f * e + K * (x - e),) * 2), "What moved has to go on by f, too: f times the whole."),
        (by(lambda e, x, f, K: ((1 - K) * x + K * e,) * 2), "K is the share of the surprise, not of the estimate."),
        (by(lambda e, x, f, K: (e + K * (x - e),) * 2), "f is missing: what moves goes on in a step."),
        (by(lambda e, x, f, K: (f * x, f * x)), "That believes what it sees wholly: K is not used."),
        (lambda x, f, K: np.array(x), "That returns what was seen."),
    ])  # fmt: skip
    checks.solved("filtered: surprise, gain, and on it goes")


WORLDS = {  # of each: the ways a clip may be shown forwards, as places in its frames
    "A": [(0, 2, 1), (2, 1, 0), (1, 0, 2)],
    "B": [(0, 1, 2)],
    "C": [(0, 1, 2, 1), (1, 2, 1, 0), (2, 1, 0, 1), (1, 0, 1, 2)],
}
VIEWS = {"first": lambda clip: clip[0], "set": lambda clip: tuple(sorted(clip)), "order": lambda clip: clip}


def _ceiling(ways, view):
    seen = {}
    for clips, side in ((ways, 0), ([way[::-1] for way in ways], 1)):
        for clip in clips:
            seen.setdefault(view(clip), [0, 0])[side] += 1
    return sum(map(max, seen.values())) / (2 * len(ways))


def check_ceilings(ceilings) -> None:
    """-> {world: (first frame, set, order)}: the best accuracy on the direction of three little worlds."""
    answer = checks.run(ceilings)
    if not isinstance(answer, dict) or set(answer) != set(WORLDS):
        raise NotYet('ceilings: expected {"A": (…, …, …), "B": …, "C": …}: of each world, first frame, set, order.')
    told = {
        ("A", 0): "A: each place is as often the first frame forwards as backwards.",
        ("A", 1): "A: forwards and backwards, the frames are 0, 1 and 2.",
        ("A", 2): "A: forwards a 0 is followed by a 2, backwards by a 1.",
        ("B", 0): "B: every clip begins at its start: the first frame is 0 forwards, 2 backwards.",
        ("B", 1): "B: the frames are 0, 1 and 2, whichever way.",
        ("B", 2): "B: whoever sees the order sees the first frame.",
        ("C", 0): "C: backwards it is the same movement.",
        ("C", 1): "C: backwards it is the same movement.",
        ("C", 2): "C: 0, 1, 2, 1, round and round, is the same backwards: there is nothing to see, in any order.",
    }
    for world, ways in WORLDS.items():
        row = checks.as_array(answer[world], (3,), f"ceilings of {world}")
        right = [_ceiling(ways, view) for view in VIEWS.values()]
        if np.allclose(row, 100 * np.array(right)):
            raise NotYet("ceilings: right in percent. Give numbers between 0 and 1.")
        for i, name in enumerate(VIEWS):
            if not np.isclose(row[i], right[i], atol=1e-3):
                if row[i] < 0.5:
                    raise NotYet(f"ceilings of {world}, {name}: who guesses is right in one half: no ceiling is lower.")
                raise NotYet(f"ceilings of {world}, {name}: not yet. {told[world, i]}")
    checks.solved("ceilings: what a frame, a set and an order can tell")


STATEMENTS = {
    "a": (
        False,
        "The floor is for who knows the world and has seen the past: it is above 0 since pushes are not known.",
    ),
    "b": (False, "The filter is told F, C and K. The network has found out, from many signals."),
    "c": (True, "Where rules switch, the best prediction is no fixed weighted sum of what was seen."),
    "d": (False, "By theorem, whatever the network: the frames of a clip are those of its opposite."),
    "e": (True, "The GRU reads the same vectors: what the set lacks is their order."),
    "f": (
        False,
        "Of a hand that moves on without coming back, the first frame tells: a network of one frame would do.",
    ),
    "g": (True, "An interval of a forecast is checked by how often what comes lies in it."),
}


def check_what_it_shows(what_it_shows) -> None:
    """-> {letter: True or False} for each of the statements."""
    truth, hints = ({letter: row[i] for letter, row in STATEMENTS.items()} for i in (0, 1))
    checks.marks(checks.run(what_it_shows), truth, hints, "what_it_shows")
    checks.solved("what_it_shows: floors, ceilings, and what a network has to do with them")


def check_mean_place(mean_place) -> None:
    """(map (rows, columns)) -> x, y of what the map answers to, -1 to 1: a softmax over all places."""

    def middles(n):
        return (2 * np.arange(n) + 1) / n - 1

    def softmax(a, axis=None):
        e = np.exp(a - a.max(axis=axis, keepdims=True))
        return e / e.sum(axis=axis, keepdims=True)

    def by(weights, rows=middles, columns=middles):
        def place(a):
            p = weights(a)
            return np.array([(p * columns(a.shape[1])).sum(), (p * rows(a.shape[0])[:, None]).sum()])

        return place

    def ends(n):
        return np.linspace(-1, 1, n)

    def answer(a):
        return checks.as_array(checks.run(mean_place, a.copy()), (2,), "mean_place", {(): "two numbers, x and y"})

    rng = np.random.default_rng(5)
    peak = np.zeros((3, 4))
    peak[0, 3] = 9.0
    cases = [
        (peak,),
        (2 * rng.normal(size=(4, 6)),),
        (rng.normal(size=(5, 2)) + 700.0,),
        (rng.normal(size=(3, 3)) - 4,),
    ]
    checks.expect_cases(answer, cases, by(softmax), "mean_place", [
        (lambda a: by(softmax)(a)[::-1], "x, across, comes first; columns are x, rows are y."),
        (by(softmax, ends, ends), "The middles of the cells: for 4 cells -.75, -.25, .25, .75, not -1 to 1."),
        (by(softmax, np.arange, np.arange), "Places from -1 to 1, not the numbers of cells."),
        (by(lambda a: softmax(a, 0)), "One softmax over all cells, not one for each column."),
        (by(lambda a: softmax(a, 0) / a.shape[1]), "One softmax over all cells, not one for each column."),
        (by(lambda a: softmax(a, 1)), "One softmax over all cells, not one for each row."),
        (by(lambda a: softmax(a, 1) / a.shape[0]), "One softmax over all cells, not one for each row."),
        (by(lambda a: a / a.sum()), "The softmax is missing: weights may not be below 0."),
        (by(lambda a: (a == a.max()).astype(float)), "That is the largest cell alone: weigh all, by a softmax."),
        (by(lambda a: np.full(a.shape, 1 / a.size)), "That is the picture's middle: the map does not count."),
        (lambda a: by(softmax)(a) * [1, -1], "y grows downwards, as the rows do."),
        (by(lambda a: softmax(-a)), "The sign: a large number is a large weight."),
    ])  # fmt: skip
    checks.solved("mean_place: where a map answers, as two numbers")

"""Checks of lesson 12."""

import itertools

import numpy as np

from course_lib import checks
from course_lib.checks import NotYet
from course_lib.ctc import collapse as right_collapse


def check_counts(counts) -> None:
    """-> windows in one second of sound, hertz from one column of its spectrogram to the next, places h_t over it."""
    told = checks.as_array(checks.run(counts), (3,), "counts", {(): "three numbers: windows, hertz, places"})
    windows, hertz, places = (float(number) for number in told)
    hints: dict[float, str] = {
        8000: "8,000 are the samples. A window begins every 80.",
        100: "100 windows begin in a second, but the last two would reach beyond its end: each is 200 samples long.",
        40: "The windows overlap: one begins every 80 samples, not every 200.",
        97: "One more: the first window begins at sample 0.",
        99: "The last one that fits begins at sample 7,760: count the steps of 80 up to there, and the first.",
    }
    if windows != 98:
        rule = "the first begins at 0, the next at 80, and each ends within the 8,000 samples."
        raise NotYet(f"windows: {hints.get(windows, rule)}")
    if not np.isclose(hertz, 31.25):
        hints = {
            15.625: "256 points make columns up to 8,000 Hz, of which the upper half mirrors the lower.",
            40.0: "The transform has 256 points, the window and zeros behind it.",
            round(4000 / 129, 3): "Column 128 is 4,000 Hz and column 0 is 0: 128 steps, not 129.",
        }
        rule = "column k is k times the rate divided by the points of the transform."
        raise NotYet(f"hertz: {hints.get(round(hertz, 3), rule)}")
    if places != 25:
        hints = {
            49: "Both convolutions halve.",
            24: "98 is halved to 49; of an odd number, the larger half is kept: 25.",
            24.5: "A place more or less is a whole one: 49 is halved to 25.",
            12: "There are two convolutions, not three.",
            13: "There are two convolutions, not three.",
        }
        raise NotYet(f"places: {hints.get(places, 'two convolutions, each of which keeps every other place.')}")
    checks.solved("counts: 98 windows, 31.25 Hz, 25 places")


def check_collapse(collapse) -> None:
    """A path, a string with - for the blank -> what it spells."""

    def answer(path):
        said = checks.run(collapse, path)
        if isinstance(said, list | tuple) and all(isinstance(c, str) for c in said):
            raise NotYet(f'collapse: expected a string, got a {type(said).__name__}. "".join(…) makes one of letters.')
        if not isinstance(said, str):
            raise NotYet(f"collapse: expected a string, got {said!r}.")
        return said

    def right(path):
        return "".join("-ab"[k] for k in right_collapse(["-ab".index(c) for c in path]))

    def blanks_first(path):
        return "".join(c for c, _ in itertools.groupby(path.replace("-", "")))

    def merged(path):
        return "".join(c for c, _ in itertools.groupby(path))

    cases = [(path,) for path in ("aab", "a-a", "-a--", "aa-ab-", "---", "", "abba", "b")]
    for case in cases:
        said, wanted = answer(*case), right(*case)
        if said == wanted:
            continue
        for wrong, hint in (
            (blanks_first, "It takes the blanks away first. Then two equal letters with a blank between become one."),
            (merged, "The blanks are still there."),
            (
                lambda path: path.replace("-", ""),
                "Repeats are still there: a letter that is held is one letter.",
            ),
            (lambda path: right(path)[::-1], "It is backwards."),
            (
                lambda path: "".join(dict.fromkeys(path.replace("-", ""))),
                "Each letter once: but a word may have one twice.",
            ),
            (lambda path: path, "That is the path."),
        ):
            if all(answer(*one) == wrong(*one) for one in cases):
                raise NotYet(f"collapse: {hint}")
        raise NotYet(
            f"collapse({case[0]!r}): expected {wanted!r}, got {said!r}: first repeats become one, then blanks go."
        )
    checks.solved("collapse: repeats are one, then blanks go")


def check_spells_a(spells_a) -> None:
    """p (3, 2), of blank and a in three frames -> the probability that they spell "a"."""

    def answer(p):
        return checks.as_array(checks.run(spells_a, np.array(p)), (), "spells_a")

    def total(p, paths):
        return np.array(sum(np.prod([p[t][k] for t, k in enumerate(path)]) for path in paths))

    every = list(itertools.product((0, 1), repeat=3))
    own = [path for path in every if right_collapse(path) == [1]]
    rng = np.random.default_rng(12)
    cases = [([[0.5, 0.5]] * 3,), (rng.dirichlet([1, 1], 3).tolist(),), (rng.dirichlet([2, 1], 3).tolist(),)]
    checks.expect_cases(answer, cases, lambda p: total(p, own), "spells_a", [
        (lambda p: total(p, [path for path in every if sum(path)]),
         "One path too many: a, blank, a spells two letters."),
        (lambda p: total(p, [path for path in every if sum(path) == 1]),
         "A letter may be held: a a blank spells a, too."),
        (lambda p: total(p, [(1, 1, 1)]), "That is one path of six, a held for three frames."),
        (lambda p: max(np.prod([p[t][k] for t, k in enumerate(path)]) for path in own),
         "That is the most probable path. The text's probability is the sum over all that spell it."),
        (lambda p: total(p, [path for path in own if path != (1, 1, 1)]), "a a a spells a, too: held all the time."),
        (lambda p: total(p, [(0, 0, 0)]), "That is the probability of nothing: three blanks."),
        (lambda p: 1 - total(p, own), "That is the probability that they do not."),
        (lambda p: np.log(total(p, own)), "The probability, not its logarithm."),
        (lambda p: total([row[::-1] for row in p], own), "Column 0 is the blank, column 1 is a."),
        (lambda p: total(p, own) / 6, "The sum of the paths, not their mean."),
    ])  # fmt: skip
    checks.solved("spells_a: six paths of eight")


STATEMENTS = {
    "a": (False, "a: CTC's path may say a letter at any place; the loss is the same whichever of the paths is taken."),
    "b": (True, "b: without a blank between, two equal letters are one. So a blank takes a place, too."),
    "c": (False, "c: windows of attention come after training; not a weight changes."),
    "d": (True, "d: given the sound, CTC's letters are independent: nothing but the sound tells the next one."),
    "e": (False, "e: the world draws each word evenly: what came before says nothing about the next word."),
    "f": (
        False,
        "f: it was told the true letters. By itself it reads those it wrote, and may lose its place.",
    ),
    "g": (True, "g: memories in both directions have heard the whole sound at every place, also what comes after."),
}


def check_what_it_shows(what_it_shows) -> None:
    """-> {letter: True or False} for each of the statements."""
    truth, hints = ({letter: row[i] for letter, row in STATEMENTS.items()} for i in (0, 1))
    checks.marks(checks.run(what_it_shows), truth, hints, "what_it_shows")
    checks.solved("what_it_shows: what CTC and attention can know")

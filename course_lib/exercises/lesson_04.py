"""Checks of lesson 04."""

import contextlib
import re
import tomllib
from functools import partial

import numpy as np

from course_lib import checks
from course_lib.batching import stream_batches
from course_lib.checks import NotYet
from course_lib.errors import CourseError
from course_lib.worlds import programs


def _whole(function, *given):
    """checks.run; a place that is no whole number is told as what it is."""
    try:
        return checks.run(function, *given)
    except NotYet as error:
        if re.search(r"must be of integer|integers|as an integer", str(error)):
            raise NotYet(f"{function.__name__}: a place is a whole number, and / makes a fraction: use //.") from None
        raise


EACH_FOLLOWED = "each token that is read has a target, the one that follows it"


def check_batch_of_tape(batch_of_tape) -> None:
    """(ids, batch_size, length, k) -> inputs and targets of batch k."""
    for size, batch_size, length in ((100, 4, 5), (61, 3, 4), (25, 2, 6)):  # two of them to the last token of a row
        ids = np.random.default_rng(size).permutation(size)
        row = (size - 1) // batch_size
        batches = stream_batches(ids, batch_size, length)
        for k in range(row // length):
            given = ids.copy(), batch_size, length, k
            _check_batch(_whole(batch_of_tape, *given), *given, *next(batches))
    checks.solved("batch_of_tape finds its place")


def _check_batch(answer, ids, batch_size, length, k, inputs, targets):
    if not isinstance(answer, (tuple, list, np.ndarray)) or len(answer) != 2:
        raise NotYet("batch_of_tape: expected two arrays: end it with `return inputs, targets`.")
    size, shape = len(ids), (batch_size, length)
    row, whole = (size - 1) // batch_size, size // batch_size
    hints = {
        shape[::-1]: "rows are the first axis: row b is a stretch of the tape",
        (batch_size, 0): "nothing is left: batch 0 is the first, and begins where the row begins",
        (batch_size, length - 1): "one token too few: a slice ends before its last number",
        (batch_size, length + 1): "one token too many: a slice ends before its last number",
        (batch_size * length,): "the rows of a batch stand below each other: batch_size rows of length tokens",
        **dict.fromkeys([(batch_size,), (batch_size, 1)], EACH_FOLLOWED),
        **{(n, row): "rows are cut there: [:, a:z] cuts columns" for n in range(size)},
        **{(n, length): f"there are batch_size rows, here {batch_size}" for n in range(size) if n != batch_size},
    }
    got = [checks.as_array(a, shape, n, hints) for a, n in zip(answer, ("inputs", "targets"), strict=True)]
    if not all(np.isin(each, ids).all() for each in got):
        raise NotYet("batch_of_tape: there are numbers that are no tokens of ids: ids[…] takes them out.")
    place = np.argsort(ids)  # where on the tape a token stands: each stands there once
    read, follow = (place[each.astype(int)] for each in got)
    along, side = np.arange(length), np.arange(batch_size)[:, None]

    def cut(row, begin=k * length):
        return (side * row + begin + along) % size

    begin = cut(row)[:, :1]
    checks.expect_close(read, place[inputs], f"inputs of batch {k}, as places on the tape", [
        (place[cut(row)], "Those are places on the tape: ids[places] are the tokens."),
        *([(cut(row, 0), "That is batch 0 again: where a batch begins depends on k.")] if k else []),
        (place[targets], "Those are the targets: return the inputs first, then the targets."),
        ((k * batch_size * length + side * length + along) % size,
         "Those rows stand one behind the other. Row b begins at b times the length of a whole row."),
        (((along + k * length) * batch_size + side) % size,
         "The tape is cut into batch_size rows: reshape to (batch_size, row)."),
        (cut(row, k * (length + 1)), "Batches do not leave a token out between them."),
        (cut(row, (k + 1) * length), "Batch 0 is the first: it begins at k * length."),
        (cut(row, (k - 1) * length), "Batch 0 is the first: it begins at k * length."),
        (cut(row, k), "Each batch begins `length` tokens after the one before."),
        (cut(whole), "A row has (N - 1) // batch_size tokens: the last one needs a token to follow it."),
        (cut(row // length * length), "A row is not cut to full batches: it has (N - 1) // batch_size tokens."),
        *((cut(n), f"Here row b begins at {n} b: a row has (N - 1) // batch_size tokens, {row} on this tape.")
          for n in range(1, size) if n != row),
    ])  # fmt: skip
    checks.expect_close(follow, place[targets], f"targets of batch {k}, as places on the tape", [
        (read, "Those are the inputs: a target is the token that follows."),
        (read - 1, "Those are the tokens before the inputs: a target is the one that follows."),
        (cut(row, k * length - 1), "Those are the tokens before the inputs: a target is the one that follows."),
        (cut(row, k * length + 2), "One token too far: a target follows at once."),
        (np.roll(read, -1, axis=1), "The last target of a row is the next token of the tape."),
        (cut(row, k * length + length), "A target is the token that follows at once, not the one a batch later."),
        (begin // row * row + (begin % row + along + 1) % row,
         "Behind the last token of a row the tape goes on: its target is the next token, not the row's first."),
    ])  # fmt: skip


def _nucleus(p, top_p, order=None, keep=None, count=None, power=1.0, scale=True):
    """The exercise's function, with one mistake or none."""
    order = np.argsort(-p) if order is None else order(p)
    reached = np.cumsum(p[order])
    inside = order[reached - p[order] < top_p if keep is None else keep(p[order], reached, top_p)]
    if count is not None:
        inside = order[: max(1, count(p, top_p))]
    kept = np.zeros_like(p)
    kept[inside] = p[inside] ** power
    return kept / kept.sum() if scale and kept.sum() else kept


def _with(**mistake):
    return lambda p, top_p: _nucleus(p, top_p, **mistake)


def _softmaxed(p, top_p, scale=False, zeros=True):
    """exp of what is kept, divided by the sum; zeros: what is left out stays 0."""
    kept = _nucleus(p, top_p, scale=scale)
    powers = np.exp(kept) * ((kept > 0) if zeros else 1)
    return powers / powers.sum()


def _in_sorted_places(p, top_p, scale=True):
    """The mask of the sorted probabilities, laid on the unsorted ones."""
    reached = np.cumsum(-np.sort(-p))
    kept = p * (reached + np.sort(-p) < top_p)
    return kept / kept.sum() if scale and kept.sum() else kept


TOO_FEW = "One too few: the one with which top_p is reached belongs to the nucleus."
NO_BAR = "top_p is no bar for each by itself: the kept ones reach it together."
SORTED_MASK = "The mask is in sorted order, p is not: put it back in its places, kept[order[…]] = …"
SHARE_KEPT = "As if top_p were a share of the characters: it is a share of the probability, which the kept ones reach."
NO_LOGITS = "Divide by the sum, without exp: they are no logits."
NUCLEUS_MISTAKES = [
    (_with(keep=lambda p, reached, top_p: reached <= top_p), TOO_FEW),
    (_with(count=lambda p, top_p: (np.cumsum(-np.sort(-p)) <= top_p).sum()), TOO_FEW),
    (_with(scale=False), "Scale what is left so that it sums to 1."),
    (_with(order=lambda p: np.arange(len(p))),
     "Begin with the most probable, not with the first: sort, largest first."),
    (_with(order=lambda p: np.arange(len(p)), keep=lambda p, reached, top_p: reached <= top_p),
     "Begin with the most probable, not with the first; the one with which top_p is reached belongs to it."),
    (_with(order=np.argsort), "Begin with the most probable: largest first."),
    (_with(keep=lambda p, reached, top_p: np.append(0, reached[:-1]) <= top_p),
     "One too many: where top_p is reached exactly, no more is needed."),
    (_with(count=lambda p, top_p: (np.cumsum(-np.sort(-p)) < top_p).sum() + 2),
     "One too many: with the one that reaches top_p the nucleus is full."),
    (_with(keep=lambda p, reached, top_p: p >= 1 - top_p),
     "1 - top_p is no bar for each by itself: add up from the most probable until top_p is reached."),
    (_with(keep=lambda p, reached, top_p: p >= top_p), NO_BAR),
    (_with(count=lambda p, top_p: (p >= top_p).sum()), NO_BAR),
    (_with(keep=lambda p, reached, top_p: p >= top_p, scale=False), NO_BAR),
    (lambda p, top_p: (p >= top_p).astype(float),
     "top_p is no bar for each by itself, and the numbers are probabilities: p where it is kept."),
    (_with(keep=lambda p, reached, top_p: p >= top_p * p.max()),
     "A bar relative to the best is another rule: add up from the most probable until top_p is reached."),
    (_with(keep=lambda p, reached, top_p: p >= (1 - top_p) * p.max()),
     "A bar relative to the best is another rule: add up from the most probable until top_p is reached."),
    (_with(count=lambda p, top_p: 1),
     "Only the most probable stays, always: top_p is a share between 0 and 1, which the kept ones reach together."),
    *((_with(count=lambda p, top_p, k=k: k), f"Always {k} stay, which is top-k: here as many as are needed to reach "
       "top_p.") for k in range(2, 6)),
    *((_with(count=count), SHARE_KEPT) for count in (
        lambda p, top_p: int(top_p * len(p)), lambda p, top_p: round(top_p * len(p)),
        lambda p, top_p: int(np.ceil(top_p * len(p))), lambda p, top_p: int(top_p * len(p)) + 1)),
    (_in_sorted_places, SORTED_MASK),
    (partial(_in_sorted_places, scale=False), SORTED_MASK),
    (lambda p, top_p: (_nucleus(p, top_p) > 0) / (_nucleus(p, top_p) > 0).sum(),
     "The kept ones are not all alike: each keeps its share of what is left."),
    (lambda p, top_p: (_nucleus(p, top_p) > 0).astype(float),
     "That says which ones stay: return their probabilities, scaled to sum to 1."),
    (_with(keep=lambda p, reached, top_p: reached - p >= top_p), "Turned round: that is what is left out."),
    (_with(keep=lambda p, reached, top_p: reached - p >= top_p, scale=False),
     "Turned round: that is what is left out."),
    *((partial(_softmaxed, scale=scale, zeros=zeros), NO_LOGITS) for scale in (False, True) for zeros in (False, True)),
    (_with(power=2), "Scale by the sum of the kept ones: here each is squared first."),
    (_with(power=0.5), "Scale by the sum of the kept ones: here a root is taken first."),
    (lambda p, top_p: _nucleus(p, top_p, scale=False) / top_p,
     "Divide by what the kept ones sum to, which is top_p or more, not by top_p."),
    (lambda p, top_p: np.roll(_nucleus(p, top_p), 1), "Each number one place too far."),
    (lambda p, top_p: _nucleus(p, top_p)[np.argsort(-p)], "The right numbers in sorted order: put each back in its "
     "place."),
    (lambda p, top_p: p, "Nothing is left out: outside the nucleus the probability is 0."),
]  # fmt: skip


def check_nucleus(nucleus) -> None:
    """(p (V,), top_p) -> (V,): renormalised inside the nucleus."""
    rng = np.random.default_rng(4)
    cases = [
        ([0.32, 0.12, 0.16, 0.22, 0.18], 0.65),
        ([0.15, 0.5, 0.1, 0.25], 0.8),
        ([0.12, 0.5, 0.28, 0.1], 0.26),  # of which one stays
        ([0.02, 0.9, 0.03, 0.05], 0.92),  # few reach much
        ([0.23, 0.28, 0.25, 0.24], 0.3),  # many reach little
        *((rng.dirichlet([0.4] * 9), top_p) for top_p in (0.6, 0.8, 0.9, 0.95)),
        ([0.125, 0.5, 0.375], 0.5),
        ([0.2, 0.7, 0.1], 0.5),
        ([0.125, 0.625, 0.25], 1.0),
        ([0.35, 0.05, 0.6], 0.9),
        ([1.0], 0.3),
        ([0.0, 0.25, 0.0, 0.75], 0.9),
    ]

    def answer(p, top_p):
        returned = checks.run(nucleus, p.copy(), top_p)
        right = _nucleus(p, top_p)
        with contextlib.suppress(TypeError, ValueError):
            given = np.asarray(returned, float)
            if p.max() < top_p and given.shape == p.shape and np.isnan(given).all():
                raise NotYet(f"nucleus: 0 / 0, nothing is left. {NO_BAR}")
            if given.shape == p.shape and np.isneginf(given).any() and not np.isnan(given).any():
                raise NotYet("nucleus: what is left out has the probability 0; minus infinity is a score.")
        array = checks.as_array(returned, p.shape, "nucleus", {
            (n,): "all of them are asked for, in their places: 0 for what is left out" for n in range(1, len(p))
        })  # fmt: skip
        there, wanted = (array > 0).sum(), (right > 0).sum()
        if there != wanted and checks.is_close(array, _nucleus(p, top_p, count=lambda p, top_p: there)):
            counted.append((p, top_p, there, wanted))
        return array

    counted: list[tuple] = []  # where the best stay, but not as many as should
    try:
        checks.expect_cases(answer, [(np.array(p), top_p) for p, top_p in cases], _nucleus, "nucleus", NUCLEUS_MISTAKES)
    except NotYet as error:
        if counted and "expected" in str(error):
            p, top_p, there, wanted = counted[0]
            raise NotYet(
                f"nucleus({p.round(3).tolist()}, {top_p}): {there} stay, expected {wanted}: add up from the most "
                "probable, and stop with the one that reaches top_p."
            ) from None
        raise
    p = np.array([0.25, 0.125, 0.25, 0.125, 0.25])  # exactly reached, by any two of three equals
    kept = checks.as_array(checks.run(nucleus, p.copy(), 0.5), p.shape, "nucleus")
    checks.expect_close(np.sort(kept), [0, 0, 0, 0.5, 0.5], f"nucleus({p.tolist()}, 0.5), sorted", [
        ([0, 0, 1 / 3, 1 / 3, 1 / 3], "Of equals, too, no more stay than are needed: two of the three reach top_p."),
    ])  # fmt: skip
    checks.solved("nucleus keeps the fewest that reach top_p")


def _early_stop(losses, patience, below="best", count="row", stop="at", begin=1, waited=0, last=0, end=1, wait=None):
    """The exercise's function, with one mistake or none."""
    keep, patience = 0, wait or patience
    for look in range(begin, len(losses) - last):
        bar = {"last": losses[look - 1], "first": losses[0], "itself": losses[look]}.get(below, losses[keep])
        if (
            (losses[look] > bar)
            if below == "turned"
            else losses[look] < bar or (below == "or equal" and losses[look] == bar)
        ):
            keep, waited = look, waited if count == "all" else 0
        elif count != "rises" or losses[look] > losses[look - 1]:
            waited += 1
        if waited == patience + {"late": 1, "at": 0, "early": -1}[stop]:
            return keep, look
    return keep, len(losses) - end


def _stop(change=None, **mistake):
    """An early_stop with a mistake; change: what is returned in place of (losses, keep, stop, patience)."""

    def stopped(losses, patience):
        keep, stop = _early_stop(losses, patience, **mistake)
        return change(losses, keep, stop, patience) if change else (keep, stop)

    return stopped


STOP_MISTAKES = [
    (_stop(below="last"), "Compare with the lowest loss so far, not with that of the look before."),
    (_stop(below="or equal"), "An equal loss has not fallen: it must be below the lowest."),
    (_stop(count="all"), "`patience` looks in a row: begin to count anew when the loss is lower."),
    (_stop(count="all", below="last"),
     "Compare with the lowest loss so far, and begin to count anew when it is lower."),
    (_stop(count="rises"),
     "A look is waited for unless it is below the lowest, also if it is below the one before."),
    (_stop(stop="late"), "One look too late: stop when `patience` looks were not lower."),
    (_stop(stop="early"), "One look too early: stop when `patience` looks were not lower."),
    (_stop(waited=1), "One look too early: at the start no look has been waited for."),
    (_stop(begin=0), "Look 0 is compared with itself and counted as waited for: begin with look 1."),
    (_stop(last=1), "The last look is never looked at: range ends before its last number."),
    (_stop(below="first"), "Compare with the lowest loss so far, not with the first."),
    (_stop(below="itself"), "No look is ever below the lowest there: compare with the lowest of the looks *before* it, "
     "without itself and those to come."),
    (_stop(below="turned"), "A loss is better when it is lower: <, not >."),
    (_stop(end=0), "The first look is number 0, so the last is len(losses) - 1."),
    (_stop(lambda losses, keep, stop, n: (stop - n, stop)),
     "If it never stops, the lowest loss need not lie `patience` looks back."),
    (_stop(lambda losses, keep, stop, n: (stop, keep)),
     "The right numbers in the wrong order: first the look to keep."),
    (_stop(lambda losses, keep, stop, n: (min(losses), stop)), "Return the number of the look to keep, not its loss."),
    (_stop(lambda losses, keep, stop, n: (losses[keep], stop)), "Return the number of the look to keep, not its loss."),
    (_stop(lambda losses, keep, stop, n: (int(np.argmin(losses)), stop)),
     "What comes after the stop is never seen: keep the best look before it."),
    (_stop(lambda losses, keep, stop, n: (int(np.argmin(losses)), len(losses) - 1)),
     "It never stops: leave the loop once `patience` looks were not lower."),
    (_stop(wait=1000), "It never stops: leave the loop once `patience` looks were not lower."),
    *((_stop(wait=n), f"It waits {n} looks, whatever `patience` says.") for n in range(1, 6)),
    (_stop(lambda losses, keep, stop, n: (stop, stop)), "Keep the look with the lowest loss, not the last one."),
    (_stop(lambda losses, keep, stop, n: (keep + 1, stop + 1)), "The first look is number 0."),
    (_stop(lambda losses, keep, stop, n: (keep, stop - 1)), "One too few: return the look at which it stops."),
    (_stop(lambda losses, keep, stop, n: (keep, stop + 1)), "One too many: return the look at which it stops."),
]  # fmt: skip


def check_early_stop(early_stop) -> None:
    """(losses, patience) -> the look to keep, the look at which training stops."""
    cases = [
        ([2.0, 3.0, 1.0, 2.5, 1.5, 1.75, 2.25], 2),
        ([3.0, 1.25, 2.5, 2.0, 1.5, 1.75], 2),
        ([5.0, 4.0, 4.0, 4.0, 2.0], 2),
        ([3.0, 1.0, 2.5, 2.0, 1.5, 0.5], 3),
        ([5.0, 4.0, 4.0, 3.0, 3.5, 3.0, 3.0, 2.0], 3),
        ([9.0, 8.0, 8.5, 7.0, 7.5, 6.0, 6.5, 5.0], 2),
        ([-1.0, -4.0, -3.0, -3.5, -3.75, -9.0], 3),
        ([9.0, 8.0, 8.5, 8.25, 8.75, 8.5, 8.75, 7.0, 6.0], 3),
        ([400.0, 300.0, 200.0], 1),
        ([2.0, 2.5], 1),
        ([7.0], 2),
    ]

    def answer(losses, patience):
        returned = checks.run(early_stop, list(losses), patience)
        if np.ndim(returned) == 0 and isinstance(returned, int | float | np.number):
            raise NotYet("early_stop: expected two numbers: end it with `return keep, look`, and at the end likewise.")
        return checks.as_array(returned, (2,), f"early_stop({losses}, {patience})")

    checks.expect_cases(answer, cases, _early_stop, "early_stop", STOP_MISTAKES, tolerance=1e-9)
    checks.solved("early_stop keeps the lowest")


FIGURES_SAY = [
    (True, "The full line is the loss on held-out stories, and it rises: to read the 100 again makes it worse."),
    (False, "The weights are the same at every temperature: it only says less of what it holds improbable."),
    (True, "See the table: the probe of the untrained network. A weighted sum of its units tells the brackets."),
    (False, "That a unit goes with the brackets does not show that the network uses it: nothing was done to the unit."),
    (True, "Among 128 units one goes with the brackets by luck on any text: on another half that luck is gone."),
]


def check_figures_say(figures_say) -> None:
    """() -> five times True or False."""
    answer = checks.run(figures_say)
    if not isinstance(answer, list | tuple | np.ndarray) or len(answer) != len(FIGURES_SAY):
        raise NotYet("figures_say: expected a list of five, such as [True, True, True, True, True].")
    checks.marks(list(answer), [right for right, _ in FIGURES_SAY], [why for _, why in FIGURES_SAY], "figures_say")
    checks.solved("figures_say tells what was seen from what was not")


def _check_toml(text):
    """NotYet if a text is no TOML, or has not the parts of a grammar."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        if "[rules]" not in text:
            raise NotYet(
                "my_programs: expected a grammar that makes programs, in TOML, with [rules]: not a program itself, not "
                "the name of a file."
            ) from None
        return  # the world says it, with the line
    if missing := [name for name in ("start", "sets", "rules") if name not in data]:
        part = 'a line start = "…"' if missing[0] == "start" else f"a part [{missing[0]}]"
        raise NotYet(f"my_programs: the grammar has no {part.removeprefix('a ')}: the example above has one.")


def check_own_programs(my_programs) -> None:
    """() -> TOML: 100 programs that parse and define their names, varied, with blocks and a while."""
    text = checks.run(my_programs)
    if not isinstance(text, str):
        raise NotYet(f"my_programs: expected the grammar as a text, got {type(text).__name__}.")
    if not text.strip():
        raise NotYet("my_programs: the text is empty.")
    _check_toml(text)
    try:
        drawn = [program.text for program in programs.ProgramWorld(text).sample(100, seed=0)]
    except CourseError as error:
        hint = ""
        if found := re.search(r"no name left in \[sets\.(\w+)\]", str(error)):
            hint = f" Each <new:{found[1]}> of one program takes another one."
        if "asks for a name, and none is there" in str(error):
            hint = " An <old:…> needs a <new:…> of the same set on a line before, in every program."
        raise NotYet(f"my_programs: {error}{hint}") from None
    for program in drawn:
        if not programs.parses(program):
            raise NotYet(f"my_programs: this one does not parse:\n{program}")
        if missing := programs.undefined_names(program):
            raise NotYet(f"my_programs: this one uses {missing[0]!r} without having defined it:\n{program}")
    if (different := len(set(drawn))) < 50:
        raise NotYet(f"my_programs: only {different} different programs among 100, expected 50: add alternatives.")
    if (blocks := sum("\n    " in program for program in drawn)) < 20:
        raise NotYet(f"my_programs: only {blocks} of 100 have a block, expected 20: use <indent> and <dedent>.")
    if not any("while " in program for program in drawn):
        raise NotYet("my_programs: no `while` in 100 programs: write one, or give it a larger weight.")
    checks.solved("my_programs is a small programming language")

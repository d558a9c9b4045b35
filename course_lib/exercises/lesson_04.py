"""Checks of lesson 04."""

import re
import tomllib

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


def check_batch_of_tape(batch_of_tape) -> None:
    """(ids, batch_size, length, k) -> inputs and targets of batch k."""
    for size, batch_size, length in ((100, 4, 5), (61, 3, 4)):
        ids = np.random.default_rng(size).permutation(size)
        batches = stream_batches(ids, batch_size, length)
        for k in range(3):
            inputs, targets = next(batches)
            answer = _whole(batch_of_tape, ids.copy(), batch_size, length, k)
            if not isinstance(answer, (tuple, list)) or len(answer) != 2:
                raise NotYet("batch_of_tape: expected two arrays: end it with `return inputs, targets`.")
            shape = (batch_size, length)
            turned = {shape[::-1]: "rows are the first axis: row b is a stretch of the tape"}
            got = [checks.as_array(a, shape, n, turned) for a, n in zip(answer, ("inputs", "targets"), strict=True)]
            row, whole = (size - 1) // batch_size, size // batch_size
            along, side = np.arange(length), np.arange(batch_size)[:, None]
            checks.expect_close(got[0], inputs, f"inputs of batch {k}", [
                (targets, "Those are the targets: return the inputs first, then the targets."),
                (ids[(k * batch_size * length + side * length + along) % size],
                 "Those rows stand one behind the other. Row b begins at b times the length of a whole row."),
                (ids[(along + k * length) * batch_size + side],
                 "The tape is cut into batch_size rows: reshape to (batch_size, row)."),
                (ids[(side * row + k * (length + 1) + along) % size], "Batches do not leave a token out between them."),
                (ids[(side * row + (k + 1) * length + along) % size], "Batch 0 is the first: it begins at k * length."),
                (ids[(side * row + (k - 1) * length + along) % size], "Batch 0 is the first: it begins at k * length."),
                (ids[(side * row + k + along) % size], "Each batch begins `length` tokens after the one before."),
                (ids[(side * whole + k * length + along) % size],
                 "A row has (N - 1) // batch_size tokens: the last one needs a token to follow it."),
            ])  # fmt: skip
            checks.expect_close(got[1], targets, f"targets of batch {k}", [
                (inputs, "Those are the inputs: a target is the token that follows."),
                (ids[(side * row + k * length + along - 1) % size],
                 "Those are the tokens before the inputs: a target is the one that follows."),
                (ids[(side * row + k * length + along + 2) % size], "One token too far: a target follows at once."),
                (np.roll(inputs, -1, axis=1), "The last target of a row is the next token of the tape."),
            ])  # fmt: skip
    checks.solved("batch_of_tape finds its place")


def check_nucleus(nucleus) -> None:
    """(p (V,), top_p) -> (V,): renormalised inside the nucleus."""
    cases = [
        ([0.32, 0.12, 0.16, 0.22, 0.18], 0.65),
        ([0.15, 0.5, 0.1, 0.25], 0.8),
        ([0.12, 0.5, 0.28, 0.1], 0.26),  # of which one stays
        ([0.125, 0.5, 0.375], 0.5),
        ([0.2, 0.7, 0.1], 0.5),
        ([0.125, 0.625, 0.25], 1.0),
        ([0.35, 0.05, 0.6], 0.9),
        ([1.0], 0.3),
        ([0.0, 0.25, 0.0, 0.75], 0.9),
    ]
    for given, top_p in cases:
        p = np.array(given)
        order = np.argsort(-p)
        reached = np.cumsum(p[order])
        inside = reached - p[order] < top_p
        answer = checks.run(nucleus, p.copy(), top_p)
        if p.max() < top_p and np.shape(answer) == p.shape and np.isnan(np.asarray(answer, float)).all():
            raise NotYet(
                "nucleus: 0 / 0, nothing is left. top_p is no bar for each by itself: the kept ones reach it together."
            )
        answer = checks.as_array(answer, p.shape, "nucleus", {
            (n,): "all of them are asked for, in their places: 0 for what is left out" for n in range(1, len(p))
        })  # fmt: skip

        def keep(places, p=p, scaled=True):
            kept = np.zeros_like(p)
            kept[places] = p[places]
            return kept / kept.sum() if scaled and kept.sum() else kept

        right = keep(order[inside])
        kept, out = p[order[inside]], p * (right == 0)
        squashed = np.exp(right * (p @ (right > 0))) * (right > 0)  # exp of the kept ones
        all_of_them = np.exp(p * (right > 0))
        checks.expect_close(answer, right, f"nucleus({p.tolist()}, {top_p})", [
            (keep(order[reached <= top_p]), "One too few: the one with which top_p is reached belongs to the nucleus."),
            (keep(order[reached - p[order] < top_p], scaled=False), "Scale what is left so that it sums to 1."),
            (keep(np.flatnonzero(np.cumsum(p) - p < top_p)),
             "Begin with the most probable, not with the first: sort, largest first."),
            (keep(order[::-1][np.cumsum(p[order[::-1]]) - p[order[::-1]] < top_p]),
             "Begin with the most probable: largest first."),
            (keep(order[np.append(0, reached[:-1]) <= top_p]),
             "One too many: where top_p is reached exactly, no more is needed."),
            (keep(np.flatnonzero(p >= 1 - top_p)),
             "1 - top_p is no bar for each by itself: add up from the most probable until top_p is reached."),
            (keep(np.flatnonzero(p >= top_p)),
             "top_p is no bar for each by itself: the kept ones reach it together."),
            ((p >= top_p).astype(float),
             "top_p is no bar for each by itself, and the numbers are probabilities: p where it is kept."),
            (np.where(p >= top_p, p, 0), "top_p is no bar for each by itself: the kept ones reach it together."),
            (p * inside / max((p * inside).sum(), 1e-300),
             "The mask is in sorted order, p is not: put it back in its places, kept[order[…]] = …"),
            (p * inside, "The mask is in sorted order, p is not: put it back in its places, kept[order[…]] = …"),
            ((right > 0) / len(kept), "The kept ones are not all alike: each keeps its share of what is left."),
            ((right > 0).astype(float), "That says which ones stay: return their probabilities, scaled to sum to 1."),
            (out / max(out.sum(), 1e-300), "Turned round: that is what is left out."),
            (squashed / squashed.sum(), "Divide by the sum, without exp: they are no logits."),
            (all_of_them / all_of_them.sum(), "Divide by the sum, without exp: they are no logits."),
            (np.roll(right, 1), "Each number one place too far."),
            (right[order], "The right numbers in sorted order: put each back in its place."),
            (p, "Nothing is left out: outside the nucleus the probability is 0."),
        ])  # fmt: skip
    p = np.array([0.25, 0.125, 0.25, 0.125, 0.25])  # exactly reached, by any two of three equals
    answer = checks.as_array(checks.run(nucleus, p.copy(), 0.5), p.shape, "nucleus")
    checks.expect_close(np.sort(answer), [0, 0, 0, 0.5, 0.5], f"nucleus({p.tolist()}, 0.5), sorted", [
        ([0, 0, 1 / 3, 1 / 3, 1 / 3], "Of equals, too, no more stay than are needed: two of the three reach top_p."),
    ])  # fmt: skip
    checks.solved("nucleus keeps the fewest that reach top_p")


def _early_stop(losses, patience, below="best", count="row", stop="at"):
    """The exercise's function, with one mistake or none."""
    keep, waited = 0, 0
    for look in range(1, len(losses)):
        bar = {"last": losses[look - 1], "first": losses[0], "lowest of all": min(losses)}.get(below, losses[keep])
        if (
            (losses[look] > bar)
            if below == "turned"
            else losses[look] < bar or (below == "or equal" and losses[look] == bar)
        ):
            keep, waited = look, 0 if count == "row" else waited
        else:
            waited += 1
        if waited == patience + (stop == "late"):
            return keep, look
    return keep, len(losses) - 1


def check_early_stop(early_stop) -> None:
    """(losses, patience) -> the look to keep, the look at which training stops."""
    cases = [
        ([2.0, 3.0, 1.0, 2.5, 1.5, 1.75, 2.25], 2),  # on which no two mistakes give the same
        ([3.0, 1.25, 2.5, 2.0, 1.5, 1.75], 2),
        ([5.0, 4.0, 4.0, 4.0, 2.0], 2),
        ([3.0, 1.0, 2.5, 2.0, 1.5, 0.5], 3),
        ([5.0, 4.0, 4.0, 3.0, 3.5, 3.0, 3.0, 2.0], 3),
        ([9.0, 8.0, 8.5, 7.0, 7.5, 6.0, 6.5, 5.0], 2),
        ([-1.0, -4.0, -3.0, -3.5, -3.75, -9.0], 3),
        ([400.0, 300.0, 200.0], 1),
        ([2.0, 2.5], 1),
        ([7.0], 2),
    ]
    for losses, patience in cases:
        answer = checks.run(early_stop, list(losses), patience)
        what = f"early_stop({losses}, {patience})"
        if np.ndim(answer) == 0 and isinstance(answer, int | float | np.number):
            raise NotYet("early_stop: expected two numbers: end it with `return keep, look`, and at the end likewise.")
        answer = checks.as_array(answer, (2,), what)
        keep, stop = right = _early_stop(losses, patience)
        checks.expect_close(answer, right, what, [
            (_early_stop(losses, patience, below="last"),
             "Compare with the lowest loss so far, not with that of the look before."),
            (_early_stop(losses, patience, below="or equal"),
             "An equal loss has not fallen: it must be below the lowest."),
            (_early_stop(losses, patience, count="all"),
             "`patience` looks in a row: begin to count anew when the loss is lower."),
            (_early_stop(losses, patience, stop="late"),
             "One look too late: stop when `patience` looks were not lower."),
            (_early_stop(losses, patience, below="first"), "Compare with the lowest loss so far, not with the first."),
            (_early_stop(losses, patience, below="lowest of all"),
             "min(losses) sees the looks to come: compare with the lowest so far."),
            (_early_stop(losses, patience, below="turned"), "A loss is better when it is lower: <, not >."),
            ((keep, len(losses)), "The first look is number 0, so the last is len(losses) - 1."),
            ((stop - patience, stop), "If it never stops, the lowest loss need not lie `patience` looks back."),
            ((stop, keep), "The right numbers in the wrong order: first the look to keep."),
            ((min(losses), stop), "Return the number of the look to keep, not its loss."),
            ((int(np.argmin(losses)), stop), "What comes after the stop is never seen: keep the best look before it."),
            ((int(np.argmin(losses)), len(losses) - 1),
             "It never stops: leave the loop once `patience` looks were not lower."),
            ((stop, stop), "Keep the look with the lowest loss, not the last one."),
            ((keep + 1, stop + 1), "The first look is number 0."),
        ], tolerance=1e-9)  # fmt: skip
    checks.solved("early_stop keeps the lowest")


FIGURES_SAY = [
    (True, "What is learned there does not help on held-out stories: their loss rises. It holds for the 100 alone."),
    (False, "The weights are the same at every temperature: it only says less of what it holds improbable."),
    (True, "See the table: the probe of the untrained network. A weighted sum of its units tells the brackets."),
    (False, "That a unit goes with the brackets does not show that the network uses it: nothing was done to the unit."),
    (True, "Among 128 units one goes with the brackets by luck on any text: on another half that luck is gone."),
]


def check_figures_say(figures_say) -> None:
    """() -> five times True or False."""
    answer = checks.run(figures_say)
    if not isinstance(answer, (list, tuple)) or len(answer) != len(FIGURES_SAY):
        raise NotYet("figures_say: expected a list of five, such as [True, True, True, True, True].")
    if wrong := [mark for mark in answer if not isinstance(mark, (bool, np.bool_))]:
        raise NotYet(f"figures_say: expected True or False, without quotes, got {wrong[0]!r}.")
    for number, (mark, (right, why)) in enumerate(zip(answer, FIGURES_SAY, strict=True), 1):
        if mark != right:
            raise NotYet(f"figures_say: statement {number}: not yet. {why}")
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

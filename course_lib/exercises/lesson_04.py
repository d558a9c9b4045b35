"""Checks of lesson 04."""

import numpy as np

from course_lib import checks
from course_lib.batching import stream_batches
from course_lib.checks import NotYet
from course_lib.errors import CourseError
from course_lib.worlds import programs


def check_batch_of_tape(batch_of_tape) -> None:
    """(ids, batch_size, length, k) -> inputs and targets of batch k."""
    for size, batch_size, length in ((100, 4, 5), (61, 3, 4)):
        ids = np.random.default_rng(size).permutation(size)
        batches = stream_batches(ids, batch_size, length)
        for k in range(3):
            inputs, targets = next(batches)
            answer = checks.run(batch_of_tape, ids.copy(), batch_size, length, k)
            if not isinstance(answer, (tuple, list)) or len(answer) != 2:
                raise NotYet("batch_of_tape: expected two arrays: end it with `return inputs, targets`.")
            shape = (batch_size, length)
            turned = {shape[::-1]: "rows are the first axis: row b is a stretch of the tape"}
            got = [checks.as_array(a, shape, n, turned) for a, n in zip(answer, ("inputs", "targets"), strict=True)]
            row, whole = (size - 1) // batch_size, size // batch_size
            along, side = np.arange(length), np.arange(batch_size)[:, None]
            checks.expect_close(got[0], inputs, f"inputs of batch {k}", [
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
        ([0.125, 0.5, 0.375], 0.5),
        ([0.2, 0.7, 0.1], 0.5),
        ([0.125, 0.625, 0.25], 1.0),
        ([0.35, 0.05, 0.6], 0.9),
        ([1.0], 0.3),
        ([0.0, 0.25, 0.0, 0.75], 0.9),
    ]
    for given, top_p in cases:
        p = np.array(given)
        answer = checks.as_array(checks.run(nucleus, p.copy(), top_p), p.shape, "nucleus")
        order = np.argsort(-p)
        reached = np.cumsum(p[order])

        def keep(places, p=p, scaled=True):
            kept = np.zeros_like(p)
            kept[places] = p[places]
            return kept / kept.sum() if scaled and kept.sum() else kept

        right = keep(order[reached - p[order] < top_p])
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
            (right[order], "The right numbers in sorted order: put each back in its place."),
            (p, "Nothing is left out: outside the nucleus the probability is 0."),
        ])  # fmt: skip
    checks.solved("nucleus keeps the fewest that reach top_p")


def _early_stop(losses, patience, below="best", count="row", stop="at"):
    """The exercise's function, with one mistake or none."""
    keep, waited = 0, 0
    for look in range(1, len(losses)):
        bar = losses[keep] if below != "last" else losses[look - 1]
        if losses[look] < bar or (below == "or equal" and losses[look] == bar):
            keep, waited = look, 0 if count == "row" else waited
        else:
            waited += 1
        if waited == patience + (stop == "late"):
            return keep, look
    return keep, len(losses) - 1


def check_early_stop(early_stop) -> None:
    """(losses, patience) -> the look to keep, the look at which training stops."""
    cases = [
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


def check_own_programs(my_programs) -> None:
    """() -> TOML: 100 programs that parse and define their names, varied, with blocks and a while."""
    text = checks.run(my_programs)
    if not isinstance(text, str):
        raise NotYet(f"my_programs: expected the grammar as a text, got {type(text).__name__}.")
    try:
        drawn = [program.text for program in programs.ProgramWorld(text).sample(100, seed=0)]
    except CourseError as error:
        raise NotYet(f"my_programs: {error}") from None
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

"""Checks of lesson 04."""

import numpy as np

from course_lib import checks
from course_lib.batching import stream_batches
from course_lib.checks import NotYet
from course_lib.errors import CourseError
from course_lib.worlds import programs


def check_per_character(per_character) -> None:
    """(nats a word, characters a word) -> nats, bits and perplexity a character."""
    for nats_per_word, length in ((1.2, 5.0), (0.5, 4.0)):
        answer = checks.as_array(checks.run(per_character, nats_per_word, length), (3,), "per_character")
        nats = nats_per_word / length
        checks.expect_close(answer[0], nats, "nats a character", [
            (nats_per_word * length, "A word is paid for by all its characters together: divide."),
            (nats_per_word / (length + 1), "The space or full stop is already counted in characters_per_word."),
        ])  # fmt: skip
        checks.expect_close(answer[1], nats / np.log(2), "bits a character", [
            (nats * np.log(2), "A bit is ln 2 = 0.69 nats, so there are more bits than nats: divide by ln 2."),
            (np.log2(nats), "Not the logarithm of the nats: change the unit, divide by ln 2."),
        ])  # fmt: skip
        checks.expect_close(answer[2], np.exp(nats), "perplexity a character", [
            (2**nats, "e to the power of the nats, or 2 to the power of the bits, not 2 to the power of the nats."),
            (np.exp(nats_per_word), "That is the perplexity a word."),
            (np.exp(nats / np.log(2)), "2 to the power of the bits, or e to the power of the nats."),
        ])  # fmt: skip
    checks.solved("per_character changes the unit")


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
                (ids[(side * row + k + along) % size], "Each batch begins `length` tokens after the one before."),
                (ids[(side * whole + k * length + along) % size],
                 "A row has (N - 1) // batch_size tokens: the last one needs a token to follow it."),
            ])  # fmt: skip
            checks.expect_close(got[1], targets, f"targets of batch {k}", [
                (inputs, "Those are the inputs: a target is the token that follows."),
                (np.roll(inputs, -1, axis=1), "The last target of a row is the next token of the tape."),
            ])  # fmt: skip
    checks.solved("batch_of_tape finds its place")


def check_nucleus(nucleus) -> None:
    """(p (V,), top_p) -> (V,): renormalised inside the nucleus."""
    cases = [
        ([0.15, 0.5, 0.1, 0.25], 0.8),
        ([0.125, 0.5, 0.375], 0.5),
        ([0.2, 0.7, 0.1], 0.5),
        ([0.125, 0.625, 0.25], 1.0),
        ([0.35, 0.05, 0.6], 0.9),
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
            (keep(np.flatnonzero(p >= top_p)),
             "top_p is no bar for each by itself: the kept ones reach it together."),
            (right[order], "The right numbers in sorted order: put each back in its place."),
        ])  # fmt: skip
    checks.solved("nucleus keeps the fewest that reach top_p")


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

"""Texts from what a CTC network says of each frame (Graves et al. 2006): the best path, or the best text."""

from collections import defaultdict

import numpy as np

from course_lib.batching import padded_sounds
from course_lib.ctc import collapse
from course_lib.errors import CourseError
from course_lib.text import Vocabulary


def best_path(logits, blank=0) -> list[int]:
    """The text of the most probable symbol of each frame (T, K): section 3.2. Fast, and not always the best text."""
    return collapse(np.asarray(logits).argmax(axis=-1), blank)


def prefix_beam(logits, beam=10, blank=0, bonus=None) -> tuple[list[int], float]:
    """The most probable text found, by prefixes, and log p of it, nats: logits (T, K), the `beam` best prefixes kept.

    Hannun et al. 2014, algorithm 1: of each prefix two sums over paths, those that end in a blank and those that end in
    its last letter; a letter that repeats the last one makes the prefix longer only behind a blank. bonus(prefix,
    letter) -> what a letter behind a prefix (a tuple) adds to log p, such as a language model's; log p has it, then.
    With a beam that holds all prefixes it is exact. CourseError: a beam below 1.
    """
    if beam < 1:
        raise CourseError(f"beam: expected 1 or more, got {beam}.")
    logits = np.asarray(logits, float)
    log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    K = log_p.shape[1]
    beams: dict[tuple, list[float]] = {
        (): [0.0, -np.inf]
    }  # prefix -> log p of its paths that end in a blank, and in its last letter
    for frame in log_p.tolist():
        new: dict[tuple, list[float]] = defaultdict(lambda: [-np.inf, -np.inf])
        for prefix, (blanks, letters) in beams.items():
            total, own = np.logaddexp(blanks, letters), new[prefix]
            own[0] = np.logaddexp(own[0], total + frame[blank])
            if prefix:
                own[1] = np.logaddexp(own[1], letters + frame[prefix[-1]])
            for k in range(K):
                if k == blank:
                    continue
                came = blanks if prefix and k == prefix[-1] else total
                if came > -np.inf:
                    longer = new[(*prefix, k)]
                    more = bonus(prefix, k) if bonus else 0.0
                    longer[1] = np.logaddexp(longer[1], came + frame[k] + more)
        best = sorted(new, key=lambda prefix: np.logaddexp.reduce(new[prefix]), reverse=True)[:beam]
        beams = {prefix: new[prefix] for prefix in best}
    prefix = max(beams, key=lambda prefix: np.logaddexp.reduce(beams[prefix]))
    return list(prefix), float(np.logaddexp.reduce(beams[prefix]))


def ctc_texts(model, vocabulary: Vocabulary, sounds, beam: int | None = None, batch_size=50) -> list[str]:
    """What a CTCReader hears in each sound, frames (T, bands): by the best path, or by prefixes, `beam` of them."""
    order = sorted(range(len(sounds)), key=lambda i: len(sounds[i]))
    found = [""] * len(order)
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        logits = np.array(model(padded_sounds([sounds[i] for i in chosen])))
        for i, row in zip(chosen, logits, strict=True):
            row = row[: -(-len(sounds[i]) // model.encoder.shrinks)]
            letters = best_path(row) if beam is None else prefix_beam(row, beam)[0]
            found[i] = "".join(vocabulary.decode(letters))
    return found

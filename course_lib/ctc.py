"""Connectionist temporal classification (Graves et al. 2006): letters from frames, without being told when.

At each of T frames a network says a letter or the blank: a path of T symbols. What a path spells is left when repeats
and then blanks are taken away, and a text's probability is the sum over all paths that spell it. In NumPy, to be read
beside the equations; all probabilities are logarithms, in nats.
"""

import numpy as np

from course_lib.errors import CourseError


def collapse(path, blank=0):
    """What a path (T,) spells: repeats are one, then blanks go. Graves et al. 2006, section 3.1, the map B."""
    return [int(k) for t, k in enumerate(path) if k != blank and (t == 0 or k != path[t - 1])]


def with_blanks(labels, blank=0):
    """Letters (U,) -> with a blank before, between and behind them (2 U + 1,): section 4.1, l'."""
    states = np.full(2 * len(labels) + 1, blank)
    states[1::2] = labels
    return states


def sweep(emitted, may_skip):
    """From the first state to all: emitted (T, S), log p of each state's symbol -> arrived, alpha, both (T, S).

    alpha_t(s): log p of all ways to be in state s after frame t (eqs 5-7). arrived: before frame t's own symbol is
    counted. From s one may stay, go on to s + 1, or to s + 2 where may_skip (S,) says so.
    """
    T, S = emitted.shape
    before = np.full(S + 2, -np.inf)  # two places more in front, so that shifting is slicing
    before[2] = 0
    arrived, alpha = np.empty((T, S)), np.empty((T, S))
    for t in range(T):
        ways = [before[2:], before[1:-1], np.where(may_skip, before[:-2], -np.inf)]
        arrived[t] = np.logaddexp.reduce(ways)
        alpha[t] = before[2:] = arrived[t] + emitted[t]
    return arrived, alpha


def loss_and_gradient(logits, labels, blank=0):
    """-log p of letters (U,) given logits (T, K), and its gradient with respect to the logits (T, K). Eqs 8 and 16.

    A path's letters are told apart by a blank if they are equal, so skipping is from letter to other letter only.
    CourseError if a letter is the blank or not one of K, a logit is not finite, or there are too few frames.
    """
    logits, labels = _checked(logits, labels, blank)
    log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    states = with_blanks(labels, blank)
    emitted = log_p[:, states]
    _, alpha = sweep(emitted, _may_skip(states, blank))
    arrived, _ = sweep(emitted[::-1, ::-1], _may_skip(states[::-1], blank))
    beta = arrived[::-1, ::-1]  # log p of all ways to the end, from behind frame t on
    total = np.logaddexp.reduce(alpha[-1, -2:])  # eq. 8: after the last frame, in the last letter or the last blank
    here = np.exp(alpha + beta - total)  # (T, S): how probably in state s at frame t, if the text is this one
    wanted = here @ (states[:, None] == np.arange(logits.shape[1]))  # (T, K): of the states with one symbol, the sum
    return -total, np.exp(log_p) - wanted


def align(logits, labels, blank=0):
    """The most probable of the paths that spell letters (U,): path (T,), and for each letter its frames (U, 2).

    From the first frame to behind the last one. As `loss_and_gradient`, with the largest in place of the sum.
    """
    logits, labels = _checked(logits, labels, blank)
    log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    states = with_blanks(labels, blank)
    may_skip, S = _may_skip(states, blank), len(states)
    best, came = np.full(S, -np.inf), np.zeros((len(log_p), S), int)
    best[0] = 0
    for t, row in enumerate(log_p[:, states]):
        ways = np.full((3, S), -np.inf)
        ways[0], ways[1, 1:], ways[2, 2:] = best, best[:-1], np.where(may_skip[2:], best[:-2], -np.inf)
        came[t] = ways.argmax(axis=0)
        best = ways.max(axis=0) + row
    s, path = S - 1 - int(S > 1 and best[-2] > best[-1]), np.empty(len(log_p), int)
    for t in reversed(range(len(log_p))):
        path[t] = s
        s -= came[t, s]
    spans = [
        (np.flatnonzero(path == 2 * u + 1)[0], np.flatnonzero(path == 2 * u + 1)[-1] + 1) for u in range(len(labels))
    ]
    return states[path], np.array(spans).reshape(-1, 2)


def frames_needed(labels) -> int:
    """How many frames a text (U,) takes at least: one a letter, and a blank between two equal ones."""
    labels = np.asarray(labels)
    return len(labels) + int((labels[1:] == labels[:-1]).sum())


def _may_skip(states, blank):
    return (states != blank) & (np.concatenate([[blank, blank], states])[:-2] != states)


def _checked(logits, labels, blank):
    logits, labels = np.asarray(logits, float), np.asarray(labels, int)
    if logits.ndim != 2 or not np.isfinite(logits).all():
        raise CourseError(f"logits: expected finite numbers of shape (T, K), got {logits.shape}.")
    if labels.ndim != 1 or ((labels < 0) | (labels >= logits.shape[1]) | (labels == blank)).any():
        raise CourseError(
            f"labels: expected letters from 0 to {logits.shape[1] - 1} but the blank, {blank}; got {labels}."
        )
    if frames_needed(labels) > len(logits):
        raise CourseError(
            f"{len(labels)} letters take {frames_needed(labels)} frames at least, a blank between equal ones counted; "
            f"there are {len(logits)}: leave the text out, or shrink time less."
        )
    return logits, labels

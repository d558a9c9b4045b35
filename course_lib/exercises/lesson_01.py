"""Checks of lesson 01."""

import itertools
import re
import tomllib
from collections import Counter, defaultdict

import numpy as np

from course_lib import checks
from course_lib.checks import NotYet
from course_lib.errors import CourseError
from course_lib.worlds.grammar import GrammarWorld
from course_lib.worlds.language import GRAMMAR_FILE


def check_perplexity(perplexity_of) -> None:
    """Probabilities (N,) -> exp of the mean negative logarithm."""
    given = np.array([0.5, 0.25, 0.1, 0.8])
    answer = checks.as_array(
        checks.run(perplexity_of, given), (), "perplexity_of", {(4,): "take the mean over all words"}
    )
    negative = -np.log(given)
    checks.expect_close(answer, np.exp(negative.mean()), "perplexity_of", [
        (negative.mean(), "That is the cross-entropy: take its exponential."),
        (np.exp(-negative.mean()), "The sign is missing: a probability below 1 has a negative logarithm."),
        (1 / given.mean(), "Take the logarithm before the mean: perplexity is a geometric mean."),
        (np.exp(negative.sum()), "Divide by the number of words: the mean, not the sum."),
        (2 ** negative.mean(), "With natural logarithms the base of the power is e, not 2."),
        (np.exp(-np.log2(given).mean()), "np.log2 has base 2, and np.exp has base e: take np.log."),
        (np.exp(-np.log10(given).mean()), "np.log10 has base 10, and np.exp has base e: take np.log."),
        (np.mean(1 / given), "That is the mean of 1 / p: take the mean of the logarithms, then its exponential."),
        (np.exp(negative.sum()) / 4, "Divide by N in the exponent, in brackets: divide by N first, then np.exp; and "
         "p ** -1 / N is (p ** -1) / N."),
        (given.prod() / 4, "** goes before /, so p ** 1 / N is p / N: write ** (1 / N); and the sign is missing."),
        (-given.prod() / 4, "** goes before / and before a minus in front: write ** (-1 / N)."),
        (-(given.prod() ** 0.25), "The minus belongs into the exponent: ** (-1 / N), in brackets."),
        (np.exp(negative.sum() // 4), "// cuts off what stands behind the point: divide with /."),
        (np.exp(negative.mean() // 1), "// cuts off what stands behind the point: divide with /."),
        (np.exp(negative.sum() / 3), "Divide by N, the number of words, not by N - 1."),
        (np.exp(negative.sum() / 5), "Divide by N, the number of words, not by N + 1."),
        (np.exp(-given.mean()), "The logarithm is missing: take np.log of the probabilities first."),
        (np.exp(given.mean()), "The logarithm is missing: take np.log of the probabilities first, and turn the sign."),
        (np.exp(-np.log1p(given).mean()), "np.log1p(p) is the logarithm of 1 + p: take np.log."),
        *((np.exp(weighted), "Do not multiply by p once more: each word that came counts the same, in a mean.")
          for weighted in ((given * negative).sum(), (given * negative).mean(), -(given * negative).sum(),
                           (given * negative).sum() / given.sum())),
        ((given * negative).sum(), "Do not multiply by p, each word that came counts the same; then the exponential."),
        (np.exp(-np.median(np.log(given))), "Take the mean, not the median."),
        (1 / given.sum(), "Take the logarithm of each probability, then the mean: not the logarithm of their sum."),
        *_other_perplexities(given),
        (given.prod() ** -1, "Divide by the number of words: the mean of the logarithms, not their sum."),
    ])  # fmt: skip
    long = np.random.default_rng(0).uniform(0.001, 1, size=2000)
    with np.errstate(all="ignore"):
        answer = np.asarray(checks.run(perplexity_of, long), float)
    if answer.shape == () and not 0 < answer < np.inf:
        raise NotYet("perplexity_of: the product of 2,000 probabilities is too small for the computer: add logarithms.")
    checks.expect_close(answer, np.exp(-np.log(long).mean()), "perplexity_of 2,000 words", [
        (np.exp(-np.log(long).sum() / 4), "N is the length of what is given: len(given), not 4."),
    ])  # fmt: skip
    checks.solved("perplexity_of gives the perplexity")


def _other_perplexities(given: np.ndarray) -> list[tuple]:
    """What perplexity_of may give with one or two of its parts wrong."""
    as_given = "given holds probabilities, one for each word that came: they need no softmax, and do not sum to 1."
    e = np.exp(given)
    return checks.mixtures(
        lambda p, log, mean, back: back(-mean(log(p))),
        [(given, ""), (e / e.sum(), as_given), (given / given.sum(), as_given), (1 - given, "p itself, not 1 - p.")],
        [(np.log, ""), (np.log2, "np.log2 has base 2, and np.exp has base e: take np.log."),
         (np.log10, "np.log10 has base 10, and np.exp has base e: take np.log."),
         (np.log1p, "np.log1p(p) is the logarithm of 1 + p: take np.log."),
         (lambda p: p, "The logarithm is missing: take np.log of the probabilities first."),
         (lambda p: -np.log(p), "One minus too many, or one too few: the exponent is above 0."),
         (lambda p: p * np.log(p), "Do not multiply by p: each word that came counts the same, in a mean.")],
        [(np.mean, ""), (np.sum, "Divide by the number of words: the mean, not the sum."),
         (np.median, "Take the mean, not the median."), (np.max, "Take the mean of all words, not the largest."),
         (np.min, "Take the mean of all words, not the smallest."),
         (lambda x: x[-1], "That is of the last word alone: take the mean over all."),
         (lambda x: x[0], "That is of the first word alone: take the mean over all."),
         (lambda x: x.sum() / (len(x) - 1), "Divide by N, the number of words, not by N - 1."),
         (lambda x: x.sum() / (len(x) + 1), "Divide by N, the number of words, not by N + 1.")],
        [(np.exp, ""), (lambda x: x, "That is the cross-entropy: take its exponential."),
         (lambda x: 2**x, "With natural logarithms the base of the power is e, not 2."),
         (lambda x: 10**x, "With natural logarithms the base of the power is e, not 10."),
         (lambda x: 1 / np.exp(x), "That is 1 over the perplexity: the sign in the exponent is turned round."),
         (np.log, "Take the exponential at the end, not a logarithm."),
         (np.sqrt, "Take the exponential at the end, not a root.")],
    )  # fmt: skip


def _places(terms: dict[str, np.ndarray]) -> list[tuple[np.ndarray, str]]:
    """Each way to leave terms out of a tanh, or altogether, with a sentence that names them."""
    found = []
    for places in itertools.product(("in", "outside", "missing"), repeat=len(terms)):
        value, said = np.zeros(()), []
        inside = [term for term, place in zip(terms.values(), places, strict=True) if place == "in"]
        outside = [term for term, place in zip(terms.values(), places, strict=True) if place == "outside"]
        value = np.tanh(sum(inside)) + sum(outside)
        for place, how in (("missing", "not added"), ("outside", "outside the tanh")):
            named = [name for name, where in zip(terms, places, strict=True) if where == place]
            if named:
                said.append(f"{' and '.join(named)} {'is' if len(named) == 1 else 'are'} {how}")
        if said:
            found.append((value, f"{'; '.join(said)}: all three are added, then comes one tanh."))
    return found


def check_rnn_step(rnn_step) -> None:
    """x_t (B, D), h_prev (B, H), W_x (D, H), W_h (H, H), b (H,) -> tanh(x_t W_x + h_prev W_h + b), (B, H)."""
    rng = np.random.default_rng(1)
    x_t, h_prev, W_x, W_h, b = (rng.normal(size=s) for s in [(2, 3), (2, 4), (3, 4), (4, 4), (4,)])
    answer = checks.run(rnn_step, x_t, h_prev, W_x, W_h, b)
    hints = {(4,): "keep the batch: return the memory of every text", (2, 3): "the result has H columns, not D",
             (4, 2): "rows and columns are exchanged: a row for each text, as in x_t"}  # fmt: skip
    answer = checks.as_array(answer, (2, 4), "rnn_step", hints)
    inner = x_t @ W_x + h_prev @ W_h + b
    checks.expect_close(answer, np.tanh(inner), "rnn_step", [
        (np.tanh(x_t @ W_x + b) + h_prev @ W_h.T, "That is the step as it was: two things in it are wrong."),
        (np.tanh(x_t @ W_x + b) + h_prev @ W_h, "One is mended. But the memory has to go through the tanh, too."),
        (inner, "Put it through tanh."),
        (np.tanh(x_t @ W_x + b), "The memory h_prev is not used: add h_prev @ W_h."),
        (np.tanh(x_t @ W_x + h_prev @ W_h), "The bias b is missing."),
        (np.tanh(x_t @ W_x + h_prev @ W_h.T + b), "W_h is transposed: rows are vectors, so it is h_prev @ W_h."),
        (np.tanh(x_t @ W_x + b) + np.tanh(h_prev @ W_h), "Add first, then take one tanh of the sum."),
        (np.tanh(x_t @ W_x + b) + np.tanh(h_prev @ W_h.T), "Add first, then take one tanh; and W_h is transposed."),
        (np.tanh(x_t @ W_x + h_prev @ W_h.T) + b, "The bias goes into the tanh, and W_h is not transposed."),
        (np.tanh(x_t @ W_x + h_prev @ W_h - b), "The bias is added, not subtracted."),
        (np.tanh((x_t @ W_x) * (h_prev @ W_h) + b), "Input and memory are added, not multiplied."),
        (1 / (1 + np.exp(-inner)), "That is the sigmoid: take np.tanh."),
        (np.tanh(x_t @ W_x + h_prev @ W_h) + b, "The bias has to go through the tanh, too."),
        (np.tanh(x_t @ W_x) + np.tanh(h_prev @ W_h) + b, "Add first, then take one tanh of the sum."),
        (np.tanh(x_t @ W_x + h_prev + b), "The memory is added without its weights: it is h_prev @ W_h."),
        (np.tanh(x_t @ W_x + b) + h_prev, "The memory is added without its weights, h_prev @ W_h, and outside tanh."),
        (np.tanh(inner + b), "The bias b is added twice."),
        (np.tanh(inner) + b, "The bias b is added twice, once of them outside the tanh."),
        (np.tanh(np.tanh(inner)), "One tanh is enough."),
        (np.tanh(inner) + h_prev, "h_t takes the place of h_prev: the old memory is not added once more."),
        (np.tanh(np.hstack([h_prev, x_t]) @ np.vstack([W_x, W_h]) + b), "Input and memory are joined in another order "
         "than W_x and W_h."),
        ((np.tanh(x_t @ W_x + b) + np.tanh(h_prev @ W_h + b)) / 2, "Add first, then one tanh: no mean is taken."),
        ((np.tanh(x_t @ W_x) + np.tanh(h_prev @ W_h)) / 2, "Add all three first, then one tanh: no mean is taken."),
        *checks.mixtures(
            lambda squash, x, h, bias: squash(x + h + bias),
            [(np.tanh, ""), (lambda a: a, "Put it through tanh."),
             (lambda a: np.maximum(a, 0), "That is ReLU: take np.tanh."),
             (lambda a: 1 / (1 + np.exp(-a)), "That is the sigmoid: take np.tanh."),
             (np.tan, "That is tan: take np.tanh."), (np.arctan, "That is arctan: take np.tanh."),
             (lambda a: 1 - np.tanh(a) ** 2, "That is the slope of tanh: take np.tanh itself."),
             (lambda a: np.tanh(a / 2), "No mean is taken: add, then tanh."),
             (lambda a: np.exp(a) / np.exp(a).sum(axis=-1, keepdims=True), "That is the softmax: take np.tanh."),
             (lambda a: np.tanh(a.mean(axis=0)) + 0 * a, "Each text keeps its own row: no mean over them."),
             (lambda a: np.tanh(a.sum(axis=0)) + 0 * a, "Each text keeps its own row: no sum over them.")],
            [(x_t @ W_x, ""), (-x_t @ W_x, "What comes from the input is added, not subtracted."),
             (x_t @ W_x + h_prev, "h_prev comes in through W_h alone: it is not added once more."),
             (x_t[:1] @ W_x, "Each text has an input of its own: x_t @ W_x, not x_t[0]."),
             (x_t[-1:] @ W_x, "Each text has an input of its own: x_t @ W_x, not x_t[-1].")],
            [(h_prev @ W_h, ""), (h_prev @ W_h.T, "W_h is transposed: rows are vectors, so it is h_prev @ W_h."),
             (h_prev, "The memory is added without its weights: it is h_prev @ W_h."),
             (-h_prev @ W_h, "What comes from the memory is added, not subtracted."),
             (np.tanh(h_prev) @ W_h, "h_prev has been through its tanh already, a step before: h_prev @ W_h."),
             (np.tanh(h_prev @ W_h), "One tanh, of the sum, is enough."),
             (h_prev[:1] @ W_h, "Each text has a memory of its own: h_prev @ W_h, not h_prev[0]."),
             (h_prev * np.diag(W_h), "Each unit reads all units: h_prev @ W_h, a matrix product.")],
            [(b, ""), (0, "The bias b is missing."), (-b, "The bias is added, not subtracted."),
             (2 * b, "The bias b is added twice."), (b.sum(), "The bias is b, not its sum.")],
        ),
        *_places({"x_t @ W_x": x_t @ W_x, "h_prev @ W_h": h_prev @ W_h, "b": b}),
    ])  # fmt: skip
    checks.solved("rnn_step makes one step of an RNN")


def check_temperature(softmax_with_temperature) -> None:
    """logits (B, V), temperature -> softmax(logits / temperature), (B, V), without overflow."""
    name = "softmax_with_temperature"

    def answer_to(logits, temperature):
        return checks.run(softmax_with_temperature, np.array(logits), temperature)

    logits, T = np.array([[-1.5, 3.0, 1.0], [0.0, 0.5, -2.0]]), 2.0
    answer = checks.as_array(answer_to(logits, T), (2, 3), name, {
        (3,): "keep the batch: one row of probabilities a text",
        (2,): "one number for each text: return all the probabilities, not the largest or its place",
    })  # fmt: skip
    scaled = logits / T
    rows, table = (np.exp(scaled - scaled.max(axis=axis, keepdims=True)) for axis in (-1, None))
    weights = np.exp(scaled)
    columns, all_of_it = (
        "Each row must sum to 1: use axis=-1 in the sum.",
        "Each row must sum to 1, not the whole table.",
    )
    no_sum = "Divide by the sum, so that each row sums to 1."
    checks.expect_close(answer, _softmax(scaled), name, [
        (_softmax(logits * T), "Divide the logits by the temperature, do not multiply."),
        (_softmax(logits), "The temperature is not used."),
        (_softmax(logits) / T, "Divide the logits by the temperature before the softmax, not the result."),
        *((e / e.sum(axis=0), columns) for e in (weights, rows, table)),
        (_softmax(scaled, axis=0), columns),
        *((e / e.sum(), all_of_it) for e in (weights, rows, table)),
        *((e, no_sum) for e in (weights, rows, table)),
        *((e / e.mean(axis=-1, keepdims=True), "Divide by the sum, not by the mean.") for e in (weights,)),
        *((e / e.max(axis=-1, keepdims=True), "Divide by the sum, not by the largest.") for e in (weights,)),
        (scaled / scaled.sum(), "The exponential is missing: np.exp, then divide by the sum of the row."),
        (weights / np.exp(logits).sum(axis=-1, keepdims=True), "Divide by the sum of the same exponentials."),
        (scaled / scaled.sum(axis=-1, keepdims=True), "The exponential is missing: np.exp, then divide by the sum."),
        (_softmax(logits) ** (1 / T), "Divide by the sum once more, so that each row sums to 1."),
        (np.log(_softmax(scaled)), "Those are the logarithms of the probabilities: leave np.log out."),
        (_softmax(logits // T), "// cuts off what stands behind the point: divide with /."),
        (100 * _softmax(scaled), "Those are per cent: a row of probabilities sums to 1, not to 100."),
        (1 / (1 + np.exp(-scaled)), "That is the sigmoid of each logit: divide np.exp by the sum of its row."),
        (np.eye(3)[logits.argmax(-1)], "That is 1 for the most probable: every word gets its probability."),
        *_other_softmaxes(logits, T),
        (_softmax(-scaled), "The sign is turned round: the largest logit gets the largest probability."),
    ])  # fmt: skip
    _check_large_logits(answer_to, name)
    checks.solved("softmax_with_temperature is right, for large logits, too")


def _softmax(s, axis=-1):
    e = np.exp(s - s.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _other_softmaxes(logits: np.ndarray, T: float) -> list[tuple]:
    """What softmax_with_temperature may give with one or two of its parts wrong."""
    by_T = "The logits are divided by the temperature itself: logits / temperature."
    one_row = "Each row has its own largest and its own sum: axis=-1, keepdims=True."

    def by(total, axis=-1):
        return lambda e: e / total(e, axis=axis, keepdims=True)

    return checks.mixtures(
        lambda s, e, share: share(e(s)),
        [(logits / T, ""), (logits * T, "Divide the logits by the temperature, do not multiply."),
         (logits, "The temperature is not used, or it cancels: divide the logits by it, before np.exp."),
         (logits - T, "Divide the logits by the temperature, do not subtract it."), (logits + T, by_T),
         (logits**T, by_T), (logits / T**2, by_T), (logits / T**0.5, by_T + " No root is taken."), (T / logits, by_T),
         (logits / np.abs(logits).max(axis=-1, keepdims=True), "Subtract the largest logit, do not divide by it."),
         (logits / T / np.abs(logits / T).max(axis=-1, keepdims=True), "Subtract the largest, do not divide by it."),
         (logits / logits.max(axis=-1, keepdims=True) / T, "Subtract the largest logit, do not divide by it."),
         (-logits / T, "The sign is turned round: the largest logit gets the largest probability."),
         (logits / (1 + T), by_T), (np.round(logits / T), "What is divided is not rounded."),
         (logits / T - logits.mean(axis=0), "Subtract a number of each row's own: axis=-1."),
         ((logits - logits.max(axis=0)) / T, "Subtract each row's own largest: axis=-1, keepdims=True.")],
        [(np.exp, ""), (lambda s: s, "The exponential is missing: np.exp, then divide by the sum."),
         (lambda s: 2**s, "The base is e: np.exp."), (lambda s: 10**s, "The base is e: np.exp."),
         (np.abs, "The exponential makes numbers above 0, not abs: np.exp."),
         (lambda s: s**2, "The exponential makes numbers above 0, not a square: np.exp."),
         (np.exp2, "The base is e: np.exp."), (np.expm1, "np.expm1 is exp(x) - 1: take np.exp."),
         (lambda s: 1 / (1 + np.exp(-s)), "That is the sigmoid of each logit: np.exp, divided by the sum of its row.")],
        [(by(np.sum), ""), (by(np.sum, 0), one_row), (by(np.sum, None), one_row),
         (by(np.mean), "Divide by the sum, not by the mean."), (by(np.max), "Divide by the sum, not by the largest."),
         (lambda e: e, "Divide by the sum, so that each row sums to 1."),
         (lambda e: by(np.sum)(e) / T, "Divide the logits by the temperature, not the probabilities."),
         (lambda e: by(np.sum)(e) * T, "Divide the logits by the temperature; the probabilities sum to 1."),
         (lambda e: e / np.linalg.norm(e, axis=-1, keepdims=True), "Divide by the sum, not by the length of the row."),
         (lambda e: np.log(by(np.sum)(e)), "Those are the logarithms of the probabilities: leave np.log out."),
         (lambda e: 1 - by(np.sum)(e), "Those are the probabilities of every other word: do not take 1 minus them."),
         (lambda e: np.sort(by(np.sum)(e)), "Each word keeps its place: do not sort.")],
    )  # fmt: skip


def _check_large_logits(answer_to, name: str) -> None:
    """One that overflows or underflows is told by which inputs it does so with."""

    def is_finite(logits, temperature):
        with np.errstate(all="ignore"):
            answer = np.asarray(answer_to(logits, temperature), float)
        return answer.shape == np.shape(logits) and bool(np.isfinite(answer).all())

    if not is_finite([[1000.0, 999.0]], 0.5):
        if is_finite([[1000.0, 999.0]], 1.0):
            raise NotYet(f"{name}: the largest logit is subtracted, but not divided by the temperature: divide first, "
                         "then subtract the largest of what you divided.")  # fmt: skip
        raise NotYet(f"{name}: a logit of 1000 overflows. Subtract each row's largest logit first.")
    if not is_finite([[1000.0, 0.0, -500.0]], 0.5):
        raise NotYet(f"{name}: with the logits 1000, 0 and -500 it overflows. Subtract the largest of the row, max, "
                     "not its mean, its smallest or another number.")  # fmt: skip
    if not is_finite([[1000.0, 0.0, -500.0]], 400.0):
        raise NotYet(f"{name}: with a temperature of 400 all weights become 0, and 0 / 0 is no number: divide by the "
                     "temperature first, then subtract the largest of what you divided.")  # fmt: skip
    large = np.array([[1000.0, 999.0], [0.0, 1.0], [-2000.0, -2001.0]])
    if not is_finite(large, 0.5):
        raise NotYet(
            f"{name}: in a row whose logits lie far below another row's, all weights become 0, and "
            "0 / 0 is no number. Subtract from each row its own largest logit: max(axis=-1, keepdims=True)."
        )
    for given, T in ((large, 0.5), (np.array([[1000.0, 0.0, -500.0], [3.0, -700.0, 800.0]]), 400.0)):
        answer, scaled, cut = np.asarray(answer_to(given, T), float), given / T, "Logits cut to a limit become alike: "
        with np.errstate(all="ignore"):
            plain = np.nan_to_num(np.exp(scaled) / np.exp(scaled).sum(axis=-1, keepdims=True))
            part = _softmax(given) ** (1 / T)
        if (np.abs(answer).sum(axis=-1) < 1e-6).any() and not checks.is_close(answer, plain, 1e-3):
            raise NotYet(f"{name} of large logits: a row is all 0. Subtract from each row its own largest logit before "
                         "np.exp: max(axis=-1, keepdims=True).")  # fmt: skip
        # float32 has seven digits: of a logit of 2000, three behind the point
        checks.expect_close(answer, _softmax(scaled), f"{name} of large logits", [
            (_softmax(np.clip(scaled, -700, 700)), cut + "subtract, do not cut."),
            (_softmax(np.minimum(scaled, 700)), cut + "subtract, do not cut."),
            (plain, "np.nan_to_num hides that np.exp overflowed: subtract each row's largest logit first."),
            (part / part.sum(axis=-1, keepdims=True), "Divide the logits by the temperature before the softmax: a "
             "probability that the computer has rounded to 0 stays 0, whatever its power."),
        ], tolerance=1e-3)  # fmt: skip


SHOWN = {
    "a": (True, "In the table its far words are right at every distance."),
    "b": (False, "Where only the order tells, it is right in about half of the cases: it tosses a coin."),
    "c": (False, "The bag's perplexity is within 3 % of the floor, and it does not know the order."),
    "d": (False, "The country is out of its sight, and even the best possible predictor finds a quarter of them only."),
    "e": (
        True,
        "Each of the three others has a low bar: the window of 16 and the bag have one, the window of 4 has two.",
    ),
    "f": (False, "The figure ends at 26 places, in one kind of story: it says nothing of any other distance."),
}


def check_what_it_shows(what_it_shows) -> None:
    """-> {"a": True or False, …}: what the figure and the table under "What we saw" bear out."""
    right, reasons = ({key: pair[n] for key, pair in SHOWN.items()} for n in (0, 1))
    checks.marks(checks.run(what_it_shows), right, reasons, "what_it_shows")
    checks.solved("what_it_shows reads the figure")


MARK = "mark the cue word/kind and the far word word/kind!"


def check_own_world(my_grammar) -> None:
    """A grammar text with at least 8 words, 0.1 to 1 nat per word, and a marked dependency over 5 words or more."""
    source = checks.run(my_grammar)
    if not isinstance(source, str):
        raise NotYet(f"my_grammar: expected the text of a grammar, got {type(source).__name__}.")
    if "\n" not in source.strip() and re.search(r"\.\w+$|[/\\\\]", source.strip()):
        raise NotYet("my_grammar: that is the name of a file: return the text of the grammar itself.")
    try:
        world = GrammarWorld(source, max_nodes=20_000)
        rate, texts = world.entropy_rate_nats, world.sample(2000, seed=0)
        marked = [(text, d) for text in texts for d in world.dependencies(text)]
    except CourseError as error:
        raise NotYet(f"my_grammar: {error}") from None
    except RecursionError:
        raise NotYet("my_grammar: too much is left to say at once: repeat a rule less often.") from None
    if _is_the_courses(source):
        raise NotYet("my_grammar: that is the grammar of the course: write rules of your own.")
    if said := _said_by_mistake(world):
        raise NotYet(f"my_grammar: {said}")
    if len(world.words) < 8:
        raise NotYet(f"my_grammar: it has {len(world.words)} different words, expected at least 8.")
    if not 0.1 <= rate <= 1.0:
        way = "give some rule more alternatives" if rate < 0.1 else "make some alternatives much more probable (3: …)"
        raise NotYet(f"my_grammar: its entropy rate is {abs(rate):.3f} nats per word, expected 0.1 to 1: {way}.")
    if not marked:
        raise NotYet(f"my_grammar: no dependency is marked: {_why_none_is_marked(source)}.")
    far = [(d.kind, text[d.cue], text[d.target]) for text, d in marked if d.distance >= 5]
    if not far:
        most = max(d.distance for _, d in marked)
        raise NotYet(f"my_grammar: the farthest marked dependency spans {most} words, expected 5 or more: put words "
                     "between the cue and the word that depends on it.")  # fmt: skip
    _check_it_depends(far)
    said_again = [text[d.cue] in text[d.cue + 1 : d.target] for text, d in marked if d.distance >= 5]
    if np.mean(said_again) > 0.5:
        raise NotYet(
            "my_grammar: the cue is said again before the word that depends on it, so that is not far: say it once."
        )
    if {(cue, target) for _, cue, target in far} <= _pairs_of_the_course():
        raise NotYet("my_grammar: those are the lesson's own cues and far words: find others, from another field.")
    checks.solved("my_grammar makes a world of its own")


def _pairs_of_the_course() -> set[tuple[str, str]]:
    """The cues of the course's language, each with what it asks for."""
    world = GrammarWorld(GRAMMAR_FILE.read_text(encoding="utf-8"))
    return {(text[d.cue], text[d.target]) for text in world.sample(2000, seed=1) for d in world.dependencies(text)}


def _is_the_courses(source: str) -> bool:
    """Whether half of the rules are those of the course's language or more."""
    own, course = (tomllib.loads(text)["rules"] for text in (source, GRAMMAR_FILE.read_text(encoding="utf-8")))
    return sum(course.get(head) == alternatives for head, alternatives in own.items()) * 2 >= len(own)


def _said_by_mistake(world: GrammarWorld) -> str:
    """What is said, though it was meant as a rule, a form or a weight, or ""."""
    lines = [line for rules in world.grammar.rules.values() for _, alternatives in rules for line in alternatives]
    for line in lines:
        if re.match(r"\s*(?:[\d.]+\s*%|-[\d.]+:|[\d.]+:\S|[\d.]+\s+:)", line):
            word = line.split()[0]
            return f"{word!r} is said as a word: a weight is a number, a colon and a space, as in '3: garden'."
    for word in world.words:
        if word in world.grammar.rules:
            return f"{word!r} is said as a word: a rule takes no mark with /, mark the words in the rule."
        if any(name in world.grammar.rules for name in re.findall(r"[A-Z][A-Z_]+", word)):
            return f"{word!r} is said as a word: a rule's name stands apart, with a space before a full stop."
        if glued := re.fullmatch(r"(.+/\w+!?)(\W+)", word):
            return f"{word!r} is said as a word: a mark ends its word, so put a space before {glued[2]!r}."
        if re.fullmatch(r"/\w+!?", word):
            return f"{word!r} is said as a word: a mark stands right behind its word, without a space."
        if re.search(r"\w/(\w*[^\w!]|!?$)", word):
            return f"{word!r} is said as a word: a mark is /kind or /kind!, with letters and digits alone."
        if len(word) > 1 and re.search(r"[{}\[\]]", word):
            return f"{word!r} is said as a word: is a bracket missing, or one too many?"
    return ""


def _why_none_is_marked(source: str) -> str:
    """Which of the two marks is missing in a grammar, or does not fit."""
    lines = [line for rules in tomllib.loads(source)["rules"].values() for line in rules]
    said = re.findall(r"\S/(\w+)(!?)(?=\s|$)", " \n".join(lines))
    cues, targets = ({kind for kind, mark in said if mark == which} for which in ("", "!"))
    if not said:
        return MARK
    if not targets:
        return f"the cue has its mark, /{min(cues)}, and the far word has none: write /{min(cues)}! behind it"
    if not cues:
        return f"the far word has its mark, /{min(targets)}!, and the cue has none: write /{min(targets)} behind it"
    if not cues & targets:
        return f"the cue is of kind /{min(cues)}, the far word of kind /{min(targets)}!: give both the same kind"
    return "the far word comes before its cue, or they never come in the same text: put the cue first"


def _check_it_depends(far: list[tuple[str, str, str]]) -> None:
    """NotYet unless, for one kind, other cues make other words come: there are two that share none."""
    follow: dict[str, dict[str, Counter]] = defaultdict(lambda: defaultdict(Counter))
    for kind, cue, target in far:
        follow[kind][cue][target] += 1
    why = [_why_it_does_not_depend(cues) for cues in follow.values()]
    if all(why):
        raise NotYet(f"my_grammar: {why[0]}.")


def _why_it_does_not_depend(cues: dict[str, Counter]) -> str:
    """cue -> how often each word followed it; "" if the word depends on the cue."""
    form = "let it be a form of what the cue names, such as {a.sound}/animal!"
    targets = {target for found in cues.values() for target in found}
    if len(targets) == 1:
        return f"the word that is marked as dependent is always {targets.pop()!r}, so it depends on nothing: {form}"
    seen = sorted((found.total() for found in cues.values()), reverse=True)
    if len(seen) < 2 or seen[1] < 3:
        most = max(cues, key=lambda cue: cues[cue].total())
        return f"the cue is nearly always {most!r}, so nothing depends on it: let it be drawn from a set"
    often = {cue: found for cue, found in cues.items() if found.total() >= min(10, seen[1])}
    if any(not one.keys() & other.keys() for one, other in itertools.combinations(often.values(), 2)):
        return ""
    cue, found = next(iter(often.items()))
    words = " or ".join(map(repr, sorted(found)[:3]))
    return f"after the cue {cue!r} comes {words}, and after any other cue, too, so it does not depend on it: {form}"

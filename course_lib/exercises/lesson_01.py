"""Checks of lesson 01."""

import numpy as np

from course_lib import checks
from course_lib.checks import NotYet
from course_lib.errors import CourseError
from course_lib.worlds.grammar import GrammarWorld


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
        (np.exp(negative.sum()) / 4, "Take the mean inside the exponential: divide by N first, then np.exp."),
        (np.exp(-np.median(np.log(given))), "Take the mean, not the median."),
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
    ])  # fmt: skip
    checks.solved("rnn_step makes one step of an RNN")


def check_temperature(softmax_with_temperature) -> None:
    """logits (B, V), temperature -> softmax(logits / temperature), (B, V), without overflow."""
    logits, temperature = np.array([[-1.5, 3.0, 1.0], [0.0, 0.5, -2.0]]), 2.0
    answer = checks.as_array(
        checks.run(softmax_with_temperature, logits, temperature), (2, 3), "softmax_with_temperature",
        {(3,): "keep the batch: one row of probabilities a text"},
    )  # fmt: skip

    def softmax(s, axis=-1):
        e = np.exp(s - s.max(axis=axis, keepdims=True))
        return e / e.sum(axis=axis, keepdims=True)

    checks.expect_close(answer, softmax(logits / temperature), "softmax_with_temperature", [
        (softmax(logits * temperature), "Divide the logits by the temperature, do not multiply."),
        (softmax(logits), "The temperature is not used."),
        (softmax(logits) / temperature, "Divide the logits by the temperature before the softmax, not the result."),
        (softmax(logits / temperature, axis=0), "Each row must sum to 1: use axis=-1 in the sum."),
        (softmax((logits / temperature).ravel()[None]).reshape(2, 3), "Each row must sum to 1, not the whole table."),
        (np.exp(logits / temperature), "Divide by the sum, so that each row sums to 1."),
        (softmax(logits) ** (1 / temperature), "Divide by the sum once more, so that each row sums to 1."),
        (np.log(softmax(logits / temperature)), "Those are the logarithms of the probabilities: leave np.log out."),
        (softmax(logits // temperature), "// cuts off what stands behind the point: divide with /."),
    ])  # fmt: skip
    large = np.array([[1000.0, 999.0], [0.0, 1.0], [-2000.0, -2001.0]])
    with np.errstate(all="ignore"):
        answer = np.asarray(checks.run(softmax_with_temperature, large.copy(), 0.5), float)
    if answer.shape != large.shape or not np.isfinite(answer[0]).all():
        raise NotYet("softmax_with_temperature: a logit of 1000 overflows. Subtract each row's largest logit first.")
    if not np.isfinite(answer).all():
        raise NotYet(
            "softmax_with_temperature: in a row whose logits lie far below another row's, all weights become 0, and "
            "0 / 0 is no number. Subtract from each row its own largest logit: max(axis=-1, keepdims=True)."
        )
    checks.expect_close(answer, softmax(large / 0.5), "softmax_with_temperature of large logits", [
        (softmax(np.clip(large / 0.5, -700, 700)), "Logits cut to a limit become alike: subtract, do not cut."),
        (softmax(np.minimum(large / 0.5, 700)), "Logits cut to a limit become alike: subtract, do not cut."),
    ])  # fmt: skip
    checks.solved("softmax_with_temperature is right, for large logits, too")


SHOWN = {
    "a": (True, "In the table its far words are right at every distance."),
    "b": (False, "Where only the order tells, it is right in about half of the cases: it tosses a coin."),
    "c": (False, "The bag's perplexity is within 3 % of the floor, and it does not know the order."),
    "d": (False, "The country is out of its sight, and even the best possible predictor finds a quarter of them only."),
    "e": (True, "Each of the three others has one low bar of its two."),
    "f": (False, "The figure ends at 26 places, in one kind of story: it says nothing of any other distance."),
}


def check_what_it_shows(what_it_shows) -> None:
    """-> {"a": True or False, …}: what the figure and the table under "What we saw" bear out."""
    answer = checks.run(what_it_shows)
    if not isinstance(answer, dict) or set(answer) != set(SHOWN):
        raise NotYet(f"what_it_shows: expected a dictionary with the keys {', '.join(SHOWN)}, each True or False.")
    for key, (right, reason) in SHOWN.items():
        if not isinstance(answer[key], (bool, np.bool_)):
            raise NotYet(f"what_it_shows: {key} is {answer[key]!r}, expected True or False.")
        if answer[key] != right:
            raise NotYet(f"what_it_shows: {key} is not {answer[key]}. {reason}")
    checks.solved("what_it_shows reads the figure")


def check_own_world(my_grammar) -> None:
    """A grammar text with at least 8 words, 0.1 to 1 nat per word, and a marked dependency over 5 words or more."""
    source = checks.run(my_grammar)
    if not isinstance(source, str):
        raise NotYet(f"my_grammar: expected the text of a grammar, got {type(source).__name__}.")
    try:
        world = GrammarWorld(source)
        rate, texts = world.entropy_rate_nats, world.sample(200, seed=0)
        far = max((d.distance for text in texts for d in world.dependencies(text)), default=0)
    except CourseError as error:
        raise NotYet(f"my_grammar: {error}") from None
    if len(world.words) < 8:
        raise NotYet(f"my_grammar: it has {len(world.words)} different words, expected at least 8.")
    if not 0.1 <= rate <= 1.0:
        way = "give some rule more alternatives" if rate < 0.1 else "make some alternatives much more probable (3: …)"
        raise NotYet(f"my_grammar: its entropy rate is {rate:.2f} nats per word, expected 0.1 to 1: {way}.")
    if far < 5:
        found = f"the farthest marked dependency spans {far} words" if far else "no dependency is marked"
        raise NotYet(f"my_grammar: {found}, expected 5 or more: mark the cue word/kind and the far word word/kind!.")
    checks.solved("my_grammar makes a world of its own")

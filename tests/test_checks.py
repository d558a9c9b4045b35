"""Exercise checks: right answers pass, plausible wrong ones get the hint that fits."""

from collections import Counter
from functools import reduce

import keras
import numpy as np
import pytest

from course_lib.cells import Cell, LSTMCell
from course_lib.checks import NotYet
from course_lib.exercises import (
    lesson_00,
    lesson_01,
    lesson_02,
    lesson_03,
    lesson_04,
    lesson_05,
    lesson_06,
    lesson_07,
    lesson_08,
    lesson_09,
    lesson_10,
)
from course_lib.numpy_rnn import sigmoid
from course_lib.worlds.nesting import NestingWorld

KINDS_00 = ("must be", "live", "stored", "live", "must be")  # lesson 00, exercise 2
SHOWN_01 = (True, False, False, False, True, False)  # lesson 01, exercise 4


def softmax(s, axis=-1):
    e = np.exp(s - s.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


GRAMMAR = """
start = "SS"
[sets.a]
cat = { says = "meow" }
dog = { says = "woof" }
[rules]
SS = ["the {x}/k CC and says {x.says}/k! where x in a"]
CC = ["runs home fast", "sleeps at night"]
"""


def slope_of(W_h, T, uses=None):
    return (W_h ** (T - 1) - 1) * (T - 1 if uses is None else uses) * W_h ** (T - 2)


def step_back(dh_t, h_t, h_prev, W_h):
    da = dh_t * (1 - h_t**2)
    return da @ W_h.T, h_prev.T @ da


def clip(gradients, limit):
    norm = np.linalg.norm(np.concatenate([g.ravel() for g in gradients]))
    return [g * limit / max(norm, limit) for g in gradients]


def clip_norm(gradients):
    return max(np.linalg.norm(np.concatenate([g.ravel() for g in gradients])), 1e-9)


def orthogonal(H, rng):
    return np.linalg.qr(rng.normal(size=(H, H)))[0]


def lstm_back(dh, dc_next, i, f, g, o, c_prev, c, W_h, slope=lambda c: 1 - np.tanh(c) ** 2, page=None, order="ifgo"):
    dc = dc_next + dh * o * slope(c)
    d = {"i": dc * g * i * (1 - i), "f": dc * c_prev * f * (1 - f), "g": dc * i * (1 - g**2),
         "o": dh * np.tanh(c) * o * (1 - o)}  # fmt: skip
    return sum(d[n] @ W.T for n, W in zip(order, np.split(W_h, 4, axis=1), strict=True)), (page or np.multiply)(dc, f)


def two_bugs(dh, dc_next, i, f, g, o, c_prev, c, W_h):
    return lstm_back(dh, dc_next, i, f, g, o, c_prev, c, W_h, lambda c: 1 - c**2, lambda dc, f: dc_next * f)


def one_bug(dh, dc_next, i, f, g, o, c_prev, c, W_h):
    return lstm_back(dh, dc_next, i, f, g, o, c_prev, c, W_h, page=lambda dc, f: dc_next * f)


def counter(alphabet, down=-10.0, keep=20.0):
    W_x = np.zeros((len(alphabet), 4))
    W_x[alphabet.index("(")], W_x[alphabet.index(")")] = [40, 0, 10, 0], [40, 0, down, 0]
    return W_x, np.zeros((1, 4)), np.array([-20.0, keep, 0, 0])


def batch(ids, batch_size, length, k, row=None, begin=None):
    row = row or (len(ids) - 1) // batch_size
    places = np.arange(batch_size)[:, None] * row + (k * length if begin is None else begin) + np.arange(length)
    return ids[places % len(ids)], ids[(places + 1) % len(ids)]


def gru_step(x_t, h_prev, W_x, W_h, b, order="zrc", reset=True, keep=True, squash=np.tanh):
    x, U = (dict(zip(order, np.split(m, 3, axis=1), strict=True)) for m in (x_t @ W_x + b, W_h))
    z, r = (1 / (1 + np.exp(-x[gate] - h_prev @ U[gate])) for gate in "zr")
    c = squash(x["c"] + (r * h_prev) @ U["c"] if reset else x["c"] + r * (h_prev @ U["c"]))
    return z * h_prev + (1 - z) * c if keep else z * c + (1 - z) * h_prev


FIGURES = {"a": True, "b": False, "c": False, "d": True, "e": False, "f": False, "g": True}


def in_parts(x, layers):
    made = [x]
    for layer in layers:
        made.append(layer(np.sum(made, axis=0)))
    return np.sum(made, axis=0)


def added_in_place(x, layers):
    for layer in layers:
        x += layer(x)
    return x


class OneGate(Cell):
    blocks, bias, bound = 2, 3.0, 1.0

    def call(self, x_t, states):
        (h_prev,) = states
        f, g = keras.ops.split(x_t @ self.W_x + h_prev @ self.W_h + self.b, 2, axis=-1)
        f = keras.ops.sigmoid(f + self.bias)
        h_t = f * h_prev + (1 - f) * self.bound * keras.ops.tanh(g)
        return h_t, [h_t]


class ShortMemory(OneGate):
    bias = -3.0


class Unbounded(OneGate):
    bound = 5.0


class Wasteful(OneGate):
    def build(self, input_shape):
        super().build(input_shape)
        self.unused = self.add_weight(shape=(3,), name="unused")


class DeadBlock(OneGate):
    blocks = 3

    def call(self, x_t, states):
        (h_prev,) = states
        f, g, _ = keras.ops.split(x_t @ self.W_x + h_prev @ self.W_h + self.b, 3, axis=-1)
        f = keras.ops.sigmoid(f + self.bias)
        h_t = f * h_prev + (1 - f) * keras.ops.tanh(g)
        return h_t, [h_t]


def nucleus(p, top_p, scale=True, last=True):
    kept, total = np.zeros_like(p), 0.0
    for i in np.argsort(-p):
        if total < top_p and (last or total + p[i] <= top_p):
            kept[i] = p[i]
        total += p[i]
    return kept / kept.sum() if scale and kept.sum() else kept


def stop_early(losses, patience, best=min, anew=True):
    waits = 0
    for look, loss in enumerate(losses[1:], 1):
        lower = loss < best(losses[:look])
        waits = (waits if not anew else 0) if lower else waits + 1
        if waits == patience:
            break
    else:
        look = len(losses) - 1
    lowest = [i for i in range(look + 1) if i == 0 or losses[i] < best(losses[:i])]
    return lowest[-1], look


def speak(step, state, longest, feed=True, keep=True):
    word, before, said = 2, state, []
    while len(said) < longest:
        log_p, state = step(word, state)
        best = int(log_p.argmax())
        if best == 3:
            break
        said, word, state = [*said, best], best if feed else 2, state if keep else before
    return said


def search(step, state, K, size=len, keep=True):
    beams = [(0.0, [], 2, state)]
    while any(word != 3 for *_, word, _ in beams):
        longer = [beam for beam in beams if beam[2] == 3] if keep else []
        for log_p, words, word, before in beams:
            if word != 3:
                scores, after = step(word, before)
                longer += [(log_p + p, [*words, w], w, after) for w, p in enumerate(scores) if p > -np.inf]
        beams = sorted(longer, key=lambda b: -b[0] / size(b[1]))[:K]
    return beams[0][1][:-1], beams[0][0] / len(beams[0][1])


def scored(step, state, M, score):
    """The right words, and a score made of their log p in all, that of <eos>, and the number of words without it."""
    words, best = search(step, state, M)
    for word in [2, *words]:
        log_p, state = step(word, state)
    return words, score(best * (len(words) + 1), log_p[3], max(len(words), 1))


def words_right(said, truth, more=True):
    return (said == truth)[(truth != 0) & more].mean()


def gathered(h, mask, places):
    return h[np.arange(len(h)), places(mask.sum(axis=1))]


LANGUAGES = """
[rules]
TEXT = ["1: WHO can~1 SEE ANIMAL .~2 => WHO kann~1 ANIMAL SEE .~2"]
[words.WHO]
forms = "word"
"Anna" = "Ana"
"my brother" = "mein Bruder"
[words.SEE]
forms = "word"
"see" = "sehen"
"hear" = "hören"
"find" = "finden"
"catch" = "fangen"
[words.ANIMAL]
forms = "word"
"the dog" = "den Hund"
"a cat" = "eine Katze"
"the horses" = "die Pferde"
"a fish" = "einen Fisch"
"""

RULE = "WHO can~1 SEE ANIMAL .~2 => WHO kann~1 ANIMAL SEE .~2"
WORDS_IN_A_LIST = """
[rules]
TEXT = ["1: WHO can~1 => WHO kann~1"]
[words.WHO]
forms = "word"
words = ["I = ich", "Anna = Anna"]
"""


def read(q, k, v, mask, scale=None, padding=-np.inf, before=True):
    scale = scale or len(q) ** -0.5
    scores = np.where(mask, k @ q * scale, padding) if before else k @ q * scale
    weights = softmax(scores) if before else softmax(scores) * mask
    return weights @ v, weights


def unstable(q, k, v, mask):
    e = np.exp(k @ q / np.sqrt(len(q))) * mask
    return e / e.sum() @ v, e / e.sum()


def largest(gamma, T, others=-1.0, count=-1):
    return 1 / (1 + (T + count) * np.exp((others - 1) * gamma))


def fill(words, weights, sentence, shift=0):
    return [sentence[weights[j + shift].argmax()] if w == "<unk>" else w for j, w in enumerate(words)]


def fill_in_place(words, weights, sentence):
    words[:] = fill(words, weights, sentence)
    return words


PROGRAMS = """
start = "PP"
[sets.v]
a = {}
b = {}
[rules]
PP = ["<new:v> = DD <line> <new:v> = DD <line> while <old:v> < DD : <indent> <old:v> += DD <line> <dedent>"]
DD = ["1", "2", "3", "4", "5"]
"""


def one_to_many(v, captions, pictures=None):
    pictures = np.repeat(v, len(captions[0]), axis=0) if pictures is None else pictures
    flat = [words for given in captions for words in given]
    return pictures, [["<bos>", *words] for words in flat], [[*words, "<eos>"] for words in flat]


def in_turns(v, captions):
    return np.tile(v, (len(captions[0]), 1)), *one_to_many(
        v, [[given[k] for given in captions] for k in range(len(captions[0]))]
    )[1:]


def clipped(words, references, most=max, limit=None):
    counts = Counter(words)
    return sum(min(n, most(ref.count(word) for ref in references), limit or n) for word, n in counts.items()) / len(
        words
    )


KITE = """
[kinds.kite]
size = [0.5, 0.5]
flies = ["flying"]
[kinds.kite.states]
flying = "poly main 0.5 0 1 0.4 0.5 1 0 0.4"
resting = "poly dark 0 0.6 1 0.6 0.8 1 0.2 1"
"""
SAME = KITE.replace('flies = ["flying"]', "").replace(
    "poly dark 0 0.6 1 0.6 0.8 1 0.2 1", "poly main 0.5 0 1 0.4 0.5 1 0 0.4"
)
HIDDEN = KITE.replace("0.5 1 0 0.4", r"0.5 1 0 0.4\nbox #00ff00 0 0 1 1")
THIN = KITE.replace(
    "poly main 0.5 0 1 0.4 0.5 1 0 0.4", r"poly #00ff00 0.5 0 1 0.4 0.5 1 0 0.4\npoly main 0.5 0.5 0.5 0.5 0.5 0.5"
)
HALF = KITE.replace("poly dark", "poly #00ff00")


def hit(weights, box, size, middle=0.5, turned=False, corners=False, find=np.argmax, in_x=True, in_y=True):
    row, column = np.unravel_index(find(weights), weights.shape)
    x, y = (column + middle) * size / weights.shape[1], (row + middle) * size / weights.shape[0]
    if turned:
        x, y = y, x
    right, low = box[2:] if corners else (box[0] + box[2], box[1] + box[3])
    return bool((box[0] <= x <= right or not in_x) and (box[1] <= y <= low or not in_y))


def hit_by_mass(weights, box, size):
    rows, columns = weights.shape
    x = (weights * (np.arange(columns) + 0.5)).sum() * size / columns / weights.sum()
    y = (weights * (np.arange(rows) + 0.5)[:, None]).sum() * size / rows / weights.sum()
    return bool(box[0] <= x <= box[0] + box[2] and box[1] <= y <= box[1] + box[3])


def score_gradient(p, drawn, reward, b, p_less=1, mean=np.mean):
    return mean((reward - b)[:, None] * (np.eye(len(p))[drawn] - p_less * p), axis=0)


MARKS = dict(zip("abcdefg", (True, False, True, False, False, True, False), strict=True))


def sharp(weights):
    return (weights.max() - 1 / len(weights)) / (1 - 1 / len(weights))


def ceiling_of_bags(texts, shares, p, key=sorted, best=max):
    """Lesson 10: what the best reader of bags gets right."""
    good, bad = Counter(), Counter()
    for words, share, each in zip(texts, shares, p, strict=True):
        good[tuple(key(words))] += share * each
        bad[tuple(key(words))] += share * (1 - each)
    return sum(best(good[bag], bad[bag]) for bag in good)


def pool(h, mask, count=None, low=-np.inf):
    """Lesson 10: mean and maximum over the words."""
    there = mask[:, :, None]
    mean = np.where(there, h, 0).sum(1) / (there.sum(1) if count is None else count)
    return mean, np.where(there, h, low).max(1)


def without_each(verdict, words, sign=1):
    """Lesson 10: what a logit loses with each word."""
    return np.array([sign * (verdict(words) - verdict(words[:t] + words[t + 1 :])) for t in range(len(words))])


SHOWN_10 = dict(zip("abcdefg", (True, False, False, True, False, True, False), strict=True))  # lesson 10, exercise 4
RIGHT = [
    (lesson_00.check_count_words, lambda s: sum(w.strip(".,!").isalpha() for w in s.split())),
    (lesson_00.check_count_words, lambda s: len(s.split())),
    (lesson_00.check_which_mark, lambda: dict(zip("abcde", KINDS_00, strict=True))),
    (lesson_00.check_which_mark, lambda: {k: v.title() for k, v in zip("abcde", KINDS_00, strict=True)}),
    (lesson_01.check_perplexity, lambda p: np.exp(-np.log(p).mean())),
    (lesson_01.check_perplexity, lambda p: 2 ** -np.log2(p).mean()),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + h @ U + b)),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(np.hstack([x, h]) @ np.vstack([W, U]) + b)),
    (lesson_01.check_temperature, lambda s, t: softmax(s / t)),
    (lesson_01.check_temperature, lambda s, t: np.exp(s / t - np.logaddexp.reduce(s / t, -1, keepdims=True))),
    (lesson_01.check_what_it_shows, lambda: dict(zip("abcdef", SHOWN_01, strict=True))),
    (lesson_01.check_own_world, lambda: GRAMMAR),
    (lesson_02.check_slope, slope_of),
    (lesson_02.check_slope, lambda W, T: sum(W ** (2 * T - 3) - W ** (T - 2) for _ in range(T - 1))),
    (lesson_02.check_step_back, step_back),
    (lesson_02.check_clip, clip),
    (lesson_02.check_start, lambda H, rng: 1.6 * orthogonal(H, rng)),
    (lesson_03.check_forget_bias, lambda n: -np.log(np.expm1(np.log(2) / n))),
    (lesson_03.check_step_back, lstm_back),
    (lesson_03.check_delta_f, lambda dc, c, f, g: dc * c * f * (1 - f) - dc * g * (f - f**2)),
    (lesson_03.check_figure_says, lambda: (True, False, True, np.True_, False)),
    (lesson_03.check_counter, counter),
    (lesson_04.check_early_stop, stop_early),
    (lesson_04.check_early_stop, lambda losses, n: np.array(stop_early(losses, n), float)),
    (lesson_04.check_figures_say, lambda: (True, False, True, False, True)),
    (lesson_04.check_batch_of_tape, batch),
    (lesson_04.check_nucleus, nucleus),
    (lesson_04.check_own_programs, lambda: PROGRAMS),
    (lesson_05.check_read_figures, lambda: FIGURES),
    (lesson_05.check_read_figures, lambda: {k: np.bool_(v) for k, v in FIGURES.items()}),
    (lesson_05.check_gru_step, gru_step),
    (lesson_05.check_residual, lambda x, layers: reduce(lambda v, f: v + f(v), layers, x)),
    (lesson_05.check_residual, in_parts),
    (lesson_05.check_own_cell, OneGate),
    (lesson_06.check_words_right, words_right),
    (lesson_06.check_words_right, lambda said, truth: ((said == truth) * (truth > 0)).sum() / (truth > 0).sum()),
    (lesson_06.check_last_state, lambda h, m: gathered(h, m, lambda n: n - 1)),
    (lesson_06.check_greedy, speak),
    (lesson_06.check_beam_search, search),
    (lesson_06.check_own_languages, lambda: LANGUAGES),
    (lesson_07.check_read, read),
    (lesson_07.check_read, lambda q, k, v, m: (lambda a: ((a[:, None] * v).sum(0), a))(read(q, k, v, m)[1])),
    (lesson_07.check_largest_weight, largest),
    (lesson_07.check_largest_weight, lambda g, T: np.exp(g) / (np.exp(g) + (T - 1) / np.exp(g))),
    (lesson_07.check_error_on_paper, lambda: 2 / 11),
    (lesson_07.check_error_on_paper, lambda: 0.18),
    (lesson_07.check_fill_unknown, fill),
    (lesson_07.check_fill_unknown, lambda w, a, s: tuple(fill(w, list(a), s))),
    (lesson_07.check_own_match, lambda z, h: -np.abs(z[:, None] - h[None]).sum(-1)),
    (lesson_08.check_heard, lambda W_s, v: np.abs(W_s / v)),
    (lesson_08.check_heard, lambda W_s, v: max(W_s, -W_s) / (v**2) ** 0.5),
    (lesson_08.check_batch, one_to_many),
    (lesson_08.check_batch, lambda v, c: in_turns(v, c)),
    (lesson_08.check_batch, lambda v, c: [one_to_many(v, c)[0].tolist(), *one_to_many(v, c)[1:]]),
    (lesson_08.check_predicted, lambda: (8 / 8, 5 / 7, 2 / 6, 1 / 5)),
    (lesson_08.check_predicted, lambda: [1, 0.714, 0.333, 0.2]),
    (lesson_08.check_precision, clipped),
    (lesson_08.check_own_thing, lambda: KITE),
    (lesson_09.check_least_penalty, lambda J, T, k: k * (T - J) ** 2 / T),
    (lesson_09.check_least_penalty, lambda J, T, k: sum(k * (1 - J / T) ** 2 for _ in range(T))),
    (lesson_09.check_what_it_shows, lambda: MARKS),
    (lesson_09.check_hit, hit),
    (lesson_09.check_score_gradient, score_gradient),
    (lesson_09.check_focus, sharp),
    (lesson_09.check_focus, lambda a: ((a**2).sum() - 1 / len(a)) / (1 - 1 / len(a))),
    (lesson_10.check_p_good, lambda: (0.95, 0.22)),
    (lesson_10.check_p_good, lambda: 1 / (1 + np.exp([-3.0, 1.275]))),
    (lesson_10.check_bag_ceiling, ceiling_of_bags),
    (lesson_10.check_bag_ceiling, lambda t, s, p: ceiling_of_bags([[w[::-1] for w in words] for words in t], s, p)),
    (lesson_10.check_pooled, pool),
    (
        lesson_10.check_pooled,
        lambda h, m: [np.array([f(r[k], 0) for r, k in zip(h, m, strict=True)]) for f in (np.mean, np.max)],
    ),
    (lesson_10.check_what_it_shows, lambda: SHOWN_10),
    (lesson_10.check_leave_out, without_each),
    (lesson_10.check_leave_out, lambda verdict, words: without_each(verdict, words).tolist()),
]
WRONG = [
    (lesson_00.check_count_words, len, "number of characters"),
    (lesson_00.check_count_words, lambda s: len(s.replace(".", " .").replace("!", " !").split()), "leave out"),
    (lesson_00.check_count_words, lambda s: 10, "'Yes, yes.' has 2"),
    (lesson_00.check_count_words, lambda s: s.count(" "), "one word more"),
    (lesson_00.check_count_words, lambda s: s.split(), "how many there are"),
    (lesson_00.check_count_words, lambda s: sum(c.isalpha() for c in s), "number of letters"),
    (lesson_00.check_count_words, lambda s: len(set(s.split())), "counts twice"),
    (lesson_00.check_count_words, lambda s: s.count(" ") + 1, "has no words"),
    (
        lesson_00.check_which_mark,
        lambda: dict.fromkeys("abcde", "live"),
        "a is not .live.. Could it come out otherwise",
    ),
    (lesson_00.check_which_mark, lambda: dict.fromkeys("abcde", "must be"), "b is not .must be.. The network might"),
    (lesson_00.check_which_mark, lambda: dict(zip("abcde", KINDS_00, strict=True)) | {"c": "live"}, "25 minutes"),
    (lesson_00.check_which_mark, lambda: dict(zip("abcde", KINDS_00, strict=True)) | {"d": "must be"}, "how near"),
    (lesson_00.check_which_mark, lambda: dict(zip("abcde", KINDS_00, strict=True)) | {"e": "true"}, "expected .live"),
    (lesson_00.check_which_mark, lambda: KINDS_00, "expected a dictionary"),
    (lesson_01.check_perplexity, lambda p: -np.log(p).mean(), "take its exponential"),
    (lesson_01.check_perplexity, lambda p: np.exp(np.log(p).mean()), "sign is missing"),
    (lesson_01.check_perplexity, lambda p: np.exp(-np.log(p).sum()), "Divide by the number of words"),
    (lesson_01.check_perplexity, lambda p: 1 / p.mean(), "geometric mean"),
    (lesson_01.check_perplexity, lambda p: np.exp(-np.log(p)), "take the mean over all words"),
    (lesson_01.check_perplexity, lambda p: np.exp(-np.log2(p).mean()), "base 2, and np.exp has base e"),
    (lesson_01.check_perplexity, lambda p: 2 ** -np.log(p).mean(), "base of the power is e"),
    (lesson_01.check_perplexity, lambda p: np.prod(p) ** (-1 / len(p)), "too small for the computer"),
    (lesson_01.check_perplexity, lambda p: np.exp(-np.log(p).sum() / 4), "not 4"),
    (lesson_01.check_perplexity, lambda p: np.mean(1 / p), "mean of the logarithms"),
    (lesson_01.check_perplexity, lambda p: np.exp(-np.log(p).sum()) / len(p), "divide by N first"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + h @ U - b), "not subtracted"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: sigmoid(x @ W + h @ U + b), "That is the sigmoid"),
    (lesson_01.check_temperature, lambda s, t: softmax(s) ** (1 / t), "once more"),
    (lesson_01.check_temperature, lambda s, t: softmax(s // t), "divide with /"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: x @ W + h @ U + b, "Put it through tanh"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + b), "h_prev is not used"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + b) + h @ U.T, "as it was"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + b) + h @ U, "One is mended"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + h @ U) + b, "bias has to go through"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + h @ U + b).T, "a row for each text"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + U @ h + b), "rows|Vectors are rows"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + h @ U.T + b), "transposed"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + h @ U + b)[0], "keep the batch"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: x @ h, "stopped with ValueError"),
    (
        lesson_01.check_rnn_step,
        lambda x, h, W, U, b: W @ x,
        "rows and columns are exchanged: a batch is rows here, x @ W",
    ),
    (lesson_01.check_temperature, lambda s, t: softmax(s * t), "do not multiply"),
    (lesson_01.check_temperature, lambda s, t: softmax(s / t, axis=0), "Each row must sum to 1"),
    (lesson_01.check_temperature, lambda s, t: softmax(s), "temperature is not used"),
    (lesson_01.check_temperature, lambda s, t: np.exp(s / t) / np.exp(s / t).sum(-1, keepdims=True), "overflows"),
    (
        lesson_01.check_temperature,
        lambda s, t: np.exp(s / t - s.max() / t) / np.exp(s / t - s.max() / t).sum(-1)[:, None],
        "its own largest logit",
    ),
    (lesson_01.check_temperature, lambda s, t: softmax(np.clip(s / t, -700, 700)), "do not cut"),
    (lesson_01.check_temperature, lambda s, t: softmax(s) / t, "not the result"),
    (
        lesson_01.check_what_it_shows,
        lambda: dict(zip("abcdef", SHOWN_01, strict=True)) | {"a": False},
        "every distance",
    ),
    (lesson_01.check_what_it_shows, lambda: dict.fromkeys("abcdef", True), "b is not True. .*tosses a coin"),
    (lesson_01.check_what_it_shows, lambda: dict(zip("abcdef", SHOWN_01, strict=True)) | {"c": True}, "within 3 %"),
    (
        lesson_01.check_what_it_shows,
        lambda: dict(zip("abcdef", SHOWN_01, strict=True)) | {"d": True},
        "out of its sight",
    ),
    (lesson_01.check_what_it_shows, lambda: dict(zip("abcdef", SHOWN_01, strict=True)) | {"e": False}, "low bar"),
    (lesson_01.check_what_it_shows, lambda: dict(zip("abcdef", SHOWN_01, strict=True)) | {"f": True}, "26 places"),
    (lesson_01.check_what_it_shows, lambda: SHOWN_01, "expected a dictionary"),
    (lesson_01.check_what_it_shows, lambda: dict.fromkeys("abcdef", "yes"), "expected True or False"),
    (lesson_01.check_own_world, lambda: GRAMMAR.replace("/k!", ""), "no dependency is marked"),
    (lesson_01.check_own_world, lambda: GRAMMAR.replace("CC and", "and"), "expected at least 8"),
    (lesson_01.check_own_world, lambda: GRAMMAR.replace("CC =", "DD ="), "no rule for CC"),
    (lesson_01.check_own_world, lambda: GRAMMAR.replace("CC and says", "CC"), "spans 4 words"),
    (lesson_02.check_slope, lambda W, T: slope_of(W, T, uses=1), "every use contributes"),
    (lesson_02.check_slope, lambda W, T: slope_of(W, T, uses=T), "T - 1 times, not T"),
    (lesson_02.check_slope, lambda W, T: (W**T - 1) * T * W ** (T - 1), "h_1 is x_1"),
    (lesson_02.check_slope, lambda W, T: -slope_of(W, T), "sign is turned round"),
    (lesson_02.check_slope, lambda W, T: (T - 1) * W ** (T - 2), "multiply by how E moves"),
    (lesson_02.check_slope, lambda W, T: W * slope_of(W, T), "one less in the derivative"),
    (lesson_02.check_slope, lambda W, T: (W ** (T - 1) - 1) ** 2 / 2, "That is E"),
    (lesson_02.check_slope, lambda W, T: -0.72, "expected -1.04"),
    (lesson_02.check_slope, lambda W, T: slope_of(W, T, uses=T - 2), "at steps 2 to T"),
    (lesson_02.check_slope, lambda W, T: slope_of(W, 5), r"slope_of\(-1.3, 4\)"),
    (lesson_02.check_step_back, lambda d, h, p, W: (d @ W.T * (1 - h**2), p.T @ d), "the last comes first"),
    (lesson_02.check_step_back, lambda d, h, p, W: (d * (1 - h) @ W.T, p.T @ d), "square is missing"),
    (lesson_02.check_step_back, lambda d, h, p, W: (step_back(d, h, p, W)[0], p @ d.T), "rows are texts"),
    (lesson_02.check_step_back, lambda d, h, p, W: (d * (1 - np.tanh(h) ** 2) @ W, h.T @ d), "as it was"),
    (
        lesson_02.check_step_back,
        lambda d, h, p, W: (step_back(d, h, p, W)[0], h.T @ (d * (1 - np.tanh(h) ** 2))),
        "not with h_t; and h_t is tanh",
    ),
    (lesson_02.check_clip, lambda g, n: [a * n / max(n, sum(map(np.linalg.norm, g))) for a in g], "not the lengths"),
    (lesson_02.check_clip, lambda g, n: [a * n / max(n, max(np.abs(b).max() for b in g)) for a in g], "largest number"),
    (lesson_02.check_start, lambda H, rng: 50 * orthogonal(H, rng), "where tanh is flat|explodes"),
    (lesson_02.check_step_back, lambda d, h, p, W: (step_back(d, h, p, W.T)[0], step_back(d, h, p, W)[1]), "W_h.T"),
    (lesson_02.check_step_back, lambda d, h, p, W: (d @ W.T, p.T @ d), "derivative of tanh is missing"),
    (lesson_02.check_step_back, lambda d, h, p, W: (step_back(d, h, p, W)[0], h.T @ (d * (1 - h**2))), "not with h_t"),
    (lesson_02.check_step_back, lambda d, h, p, W: step_back(d, h, p, W)[::-1], "dh_prev comes first"),
    (lesson_02.check_step_back, lambda d, h, p, W: step_back(d, h, p, W)[0], "expected two arrays"),
    (lesson_02.check_clip, lambda g, limit: [np.clip(a, -limit, limit) for a in g], "that turns the gradient"),
    (lesson_02.check_clip, lambda g, limit: [clip([a], limit)[0] for a in g], "one norm over all arrays"),
    (lesson_02.check_clip, lambda g, limit: [a * limit / clip_norm(g) for a in g], "do not scale it up"),
    (lesson_02.check_clip, lambda g, limit: g, "nothing was scaled"),
    (lesson_02.check_start, orthogonal, "vanishes: stretch more"),
    (lesson_02.check_start, lambda H, rng: np.eye(H)[:, :3], "expected .64, 64."),
    (lesson_03.check_step_back, two_bugs, "all of dc_t"),
    (lesson_03.check_step_back, one_bug, "all of dc_t"),
    (lesson_03.check_step_back, lambda *a: lstm_back(*a, slope=lambda c: 1 - c**2), "its slope is"),
    (lesson_03.check_step_back, lambda *a: lstm_back(*a, slope=lambda c: 1 - np.tanh(c)), "square is missing"),
    (lesson_03.check_step_back, lambda *a: lstm_back(*a, page=lambda dc, f: dc), "the forget gate: times f"),
    (lesson_03.check_step_back, lambda *a: lstm_back(*a, order="figo"), "in the order i, f, g, o"),
    (lesson_03.check_step_back, lambda *a: lstm_back(*a)[::-1], "wrong order: to h first"),
    (lesson_03.check_step_back, lambda *a: lstm_back(*a)[0], "expected 2 arrays"),
    (lesson_03.check_step_back, lambda dh, *a: (dh @ a[-1], dh), "times|product with W_h.T"),
    (lesson_03.check_delta_f, lambda dc, c, f, g: dc * (c - g), "Go on through the sigmoid"),
    (lesson_03.check_delta_f, lambda dc, c, f, g: dc * c * f * (1 - f), "used in two places"),
    (lesson_03.check_delta_f, lambda dc, c, f, g: dc * (c + g) * f * (1 - f), "one of them has a minus"),
    (lesson_03.check_delta_f, lambda dc, c, f, g: dc * (c - g) * (1 - f**2), "slope of tanh"),
    (lesson_03.check_delta_f, lambda dc, c, f, g: dc * (g - c) * f * (1 - f), "sign is turned"),
    (lesson_03.check_delta_f, lambda dc, c, f, g: (dc * (c - g) * f * (1 - f)).sum(axis=0), "do not add them up"),
    (lesson_03.check_delta_f, lambda dc, c, f, g: (dc * (c - g) * f * (1 - f)).T, "columns are exchanged"),
    (lesson_03.check_delta_f, lambda dc, c, f, g: (dc * (c - g)) @ (f * (1 - f)).T, "not @"),
    (lesson_03.check_figure_says, lambda: [True] * 5, "statement 2: .*dashed"),
    (lesson_03.check_figure_says, lambda: [True, False, True, True, True], "statement 5: .*before any training"),
    (lesson_03.check_figure_says, lambda: [True, False, False, True, False], "statement 3: .*product of forget gates"),
    (lesson_03.check_figure_says, lambda: [False] * 5, "statement 1: "),
    (lesson_03.check_figure_says, lambda: ["True", "False", "True", "True", "False"], "without quotation marks"),
    (lesson_03.check_figure_says, lambda: [True, False], "list of 5 marks"),
    (lesson_03.check_figure_says, lambda: True, "list of 5 marks"),
    (lesson_03.check_forget_bias, lambda n: 0.5 ** (1 / n), "That is the gate"),
    (lesson_03.check_forget_bias, lambda n: np.log(2 ** (1 / n) - 1), "sign is wrong"),
    (lesson_03.check_forget_bias, lambda n: -np.log(np.expm1(1 / n)), "asked is one half"),
    (lesson_03.check_forget_bias, lambda n: np.log(n - 1), "Exactly"),
    (lesson_03.check_forget_bias, lambda n: np.log(2 * n - 1), "a share of what is left"),
    (lesson_03.check_forget_bias, lambda n: np.log(n), "not exact"),
    (lesson_03.check_counter, lambda a: [m.T for m in counter(a)], "rows and columns are exchanged"),
    (lesson_03.check_counter, lambda a: counter(NestingWorld().alphabet), "use .index"),
    (lesson_03.check_counter, lambda a: counter(a, down=10.0), "at . write -1"),
    (lesson_03.check_counter, lambda a: counter(a, keep=1.0), "open the forget gate"),
    (lesson_04.check_batch_of_tape, lambda i, b, n, k: batch(i, b, n, k)[0], "expected two arrays"),
    (lesson_04.check_batch_of_tape, lambda i, b, n, k: (batch(i, b, n, k)[0],) * 2, "Those are the inputs"),
    (
        lesson_04.check_batch_of_tape,
        lambda i, b, n, k: batch(i, b, n, k, row=n, begin=k * b * n),
        "one behind the other",
    ),
    (lesson_04.check_batch_of_tape, lambda i, b, n, k: batch(i, b, n, k, row=len(i) // b), "needs a token to follow"),
    (
        lesson_04.check_batch_of_tape,
        lambda i, b, n, k: [np.resize(i[j:], ((len(i) - 1) // b, b)).T[:, k * n : k * n + n] for j in (0, 1)],
        "reshape to",
    ),
    (lesson_04.check_batch_of_tape, lambda i, b, n, k: batch(i, b, n, k, begin=k), "`length` tokens after"),
    (lesson_04.check_batch_of_tape, lambda i, b, n, k: batch(i, b, n, k + 1), "Batch 0 is the first"),
    (lesson_04.check_batch_of_tape, lambda i, b, n, k: batch(i, b, n, k - 1), "Batch 0 is the first"),
    (
        lesson_04.check_batch_of_tape,
        lambda i, b, n, k: (
            batch(i, b, n, k)[0],
            np.roll(i, 1)[np.arange(b)[:, None] * ((len(i) - 1) // b) + k * n + np.arange(n)],
        ),
        "tokens before the inputs",
    ),
    (lesson_04.check_batch_of_tape, lambda i, b, n, k: [a.T for a in batch(i, b, n, k)], "rows are the first axis"),
    (lesson_04.check_nucleus, lambda p, q: nucleus(p, q, last=False), "One too few"),
    (lesson_04.check_nucleus, lambda p, q: nucleus(p, q, scale=False), "sums to 1"),
    (lesson_04.check_nucleus, lambda p, q: nucleus(p, q + 1e-9), "One too many"),
    (lesson_04.check_nucleus, lambda p, q: np.where(p >= q, 1.0, 0.0), "no bar for each"),
    (lesson_04.check_nucleus, lambda p, q: -np.sort(-nucleus(p, q)), "put each back in its place"),
    (lesson_04.check_nucleus, lambda p, q: p * (np.cumsum(p) - p < q) / p[np.cumsum(p) - p < q].sum(), "most probable"),
    (lesson_04.check_nucleus, lambda p, q: p * (p >= 1 - q) / max(p[p >= 1 - q].sum(), 0.1), "1 - top_p is no bar"),
    (lesson_04.check_nucleus, lambda p, q: p, "Nothing is left out"),
    (lesson_04.check_early_stop, lambda a, n: stop_early(a, n, best=lambda seen: seen[-1]), "look before"),
    (lesson_04.check_early_stop, lambda a, n: stop_early([x - i / 1e9 for i, x in enumerate(a)], n), "An equal loss"),
    (lesson_04.check_early_stop, lambda a, n: stop_early(a, n)[::-1], "first the look to keep"),
    (lesson_04.check_early_stop, lambda a, n: stop_early(a, n + 1), "One look too late"),
    (lesson_04.check_early_stop, lambda a, n: (min(a), stop_early(a, n)[1]), "not its loss"),
    (lesson_04.check_early_stop, lambda a, n: (int(np.argmin(a)), stop_early(a, n)[1]), "is never seen"),
    (lesson_04.check_early_stop, lambda a, n: (int(np.argmin(a)), len(a) - 1), "It never stops"),
    (lesson_04.check_early_stop, lambda a, n: stop_early(a, n)[0], "expected"),
    (lesson_04.check_early_stop, lambda a, n: stop_early(a, n, anew=False), "in a row"),
    (lesson_04.check_figures_say, lambda: [True] * 5, "statement 2: not yet. The weights are the same"),
    (lesson_04.check_figures_say, lambda: [False] * 5, "statement 1"),
    (lesson_04.check_figures_say, lambda: [True, False, False, False, True], "statement 3"),
    (lesson_04.check_figures_say, lambda: [True, False, True, True, True], "does not show that the network uses it"),
    (lesson_04.check_figures_say, lambda: [True, False, True, False, False], "statement 5"),
    (lesson_04.check_figures_say, lambda: ["True", "False", "True", "False", "True"], "without quotes"),
    (lesson_04.check_figures_say, lambda: [1, 0, 1, 0, 1], "expected True or False"),
    (lesson_04.check_figures_say, lambda: True, "expected a list of five"),
    (lesson_04.check_own_programs, lambda: PROGRAMS.replace("DD :", "DD"), "does not parse"),
    (lesson_04.check_own_programs, lambda: PROGRAMS.replace("+= DD", "+= c"), "uses 'c' without"),
    (
        lesson_04.check_own_programs,
        lambda: PROGRAMS.replace(', "2", "3", "4", "5"', ""),
        "different programs among 100",
    ),
    (lesson_04.check_own_programs, lambda: PROGRAMS.replace("while", "if"), "no `while`"),
    (lesson_04.check_own_programs, lambda: PROGRAMS.replace("<dedent>", ""), "ended inside a line or a block"),
    (lesson_04.check_own_programs, lambda: 7, "expected the grammar as a text, got int"),
    (lesson_05.check_gru_step, lambda *a: gru_step(*a, keep=False), "have changed places"),
    (lesson_05.check_gru_step, lambda *a: gru_step(*a, reset=False), "resets after the product"),
    (lesson_05.check_gru_step, lambda *a: gru_step(*a, order="rzc"), "in another order"),
    (lesson_05.check_gru_step, lambda *a: gru_step(*a, squash=lambda v: v), "goes through tanh"),
    (lesson_05.check_gru_step, lambda x, h, W, U, b: gru_step(x, h, W, U, 0 * b), "bias b is missing"),
    (lesson_05.check_gru_step, lambda *a: np.stack([gru_step(*a)] * 2), "has one state"),
    (lesson_05.check_gru_step, lambda x, h, W, U, b: x @ W + h @ U + b, "split the columns"),
    (lesson_05.check_read_figures, lambda: list(FIGURES.values()), "a dictionary"),
    (
        lesson_05.check_read_figures,
        lambda: FIGURES | {"b": True},
        "one mark is wrong. .+ b again: MUT1 has the highest",
    ),
    (lesson_05.check_read_figures, lambda: dict.fromkeys("abcdefg", True), "4 marks are wrong"),
    (lesson_05.check_read_figures, lambda: dict.fromkeys("abcdefg", False), "a again: the dashed line"),
    (lesson_05.check_read_figures, lambda: FIGURES | {"c": "False"}, "without quotes"),
    (lesson_05.check_read_figures, lambda: {"a": True}, "no mark for b, c"),
    (lesson_05.check_read_figures, lambda: FIGURES | {"h": True}, "no sentence h"),
    (lesson_05.check_residual, lambda x, layers: reduce(lambda v, f: x + f(v), layers, x), "bug is still there"),
    (lesson_05.check_residual, lambda x, layers: reduce(lambda v, f: f(v), layers, x), "plain stack"),
    (lesson_05.check_residual, lambda x, layers: reduce(lambda v, f: v + f(x), layers, x), "reads the sum below"),
    (lesson_05.check_residual, lambda x, layers: x + reduce(lambda v, f: f(v), layers, x), "add at every layer"),
    (lesson_05.check_residual, lambda x, layers: x + layers[0](x), "return after the loop"),
    (lesson_05.check_residual, added_in_place, "chang"),
    (lesson_05.check_own_cell, LSTMCell, "use fewer"),
    (lesson_05.check_own_cell, ShortMemory, "of the gradient is left, expected 0.01"),
    (lesson_05.check_own_cell, Unbounded, "keep it from -1 to 1"),
    (lesson_05.check_own_cell, Wasteful, "change nothing"),
    (lesson_05.check_own_cell, DeadBlock, "columns 32 to 47"),
    (lesson_05.check_own_cell, lambda units: units, "expected a cell"),
    (lesson_06.check_words_right, lambda said, truth: (said == truth)[said != 0].mean(), "bug is still there"),
    (lesson_06.check_words_right, lambda said, truth: (said == truth).mean(), "Padding counts as right"),
    (lesson_06.check_words_right, lambda said, truth: (said == truth)[truth == 0].mean(), "mask is turned round"),
    (lesson_06.check_words_right, lambda said, truth: words_right(said, truth, said != 0), "a word is missing"),
    (
        lesson_06.check_words_right,
        lambda said, truth: (said == truth)[(said + truth) > 0].mean(),
        "behind the last word",
    ),
    (lesson_06.check_words_right, lambda said, truth: 1 - words_right(said, truth), "share wrong"),
    (
        lesson_06.check_words_right,
        lambda said, truth: ((said == truth) & (truth != 0)).mean(),
        "by which it is divided",
    ),
    (
        lesson_06.check_words_right,
        lambda said, truth: np.mean([*map(words_right, said, truth)]),
        "short sentence counts",
    ),
    (lesson_06.check_words_right, lambda said, truth: (said == truth) & (truth != 0), "take the mean"),
    (lesson_06.check_last_state, lambda h, m: h[m], "every place with a word"),
    (lesson_06.check_last_state, lambda h, m: h[:, -1], "after the padding"),
    (lesson_06.check_last_state, lambda h, m: gathered(h, m, lambda n: n % 6), "One place too late"),
    (lesson_06.check_last_state, lambda h, m: h[:, m.sum(1) - 1], "two lists of numbers"),
    (lesson_06.check_last_state, lambda h, m: h, "one memory for each sentence"),
    (lesson_06.check_greedy, lambda *a: speak(*a, feed=False), "Hand the word that was said"),
    (lesson_06.check_greedy, lambda *a: speak(*a, keep=False), "Hand the state"),
    (lesson_06.check_greedy, lambda step, state, n: [2, *speak(step, state, n)][:n], "expected"),
    (lesson_06.check_greedy, lambda step, state, n: speak(step, state, 20), "at most 3 are wanted"),
    (lesson_06.check_beam_search, lambda *a: search(*a, size=lambda w: 1), "in every round"),
    (lesson_06.check_beam_search, lambda *a: search(*a, keep=False), "has ended stays"),
    (lesson_06.check_beam_search, lambda step, state, K: search(step, state, 1), "what greedy finds"),
    (lesson_06.check_beam_search, lambda *a: (search(*a)[0], 3 * search(*a)[1]), "the mean log p"),
    (lesson_06.check_beam_search, lambda *a: scored(*a, lambda total, last, n: total), "That is the sum"),
    (lesson_06.check_beam_search, lambda *a: scored(*a, lambda total, last, n: total / n), "left out of the number"),
    (lesson_06.check_beam_search, lambda *a: scored(*a, lambda total, last, n: (total - last) / n), "out of the score"),
    (lesson_06.check_beam_search, lambda *a: scored(*a, lambda total, last, n: total - last), "is not divided"),
    (lesson_06.check_beam_search, lambda *a: search(*a)[0], "expected two things"),
    (lesson_06.check_beam_search, lambda *a: search(*a)[::-1], "the words come first"),
    (lesson_06.check_beam_search, lambda *a: search(*a, size=lambda w: len(w) + 1), "does not count"),
    (
        lesson_06.check_beam_search,
        lambda *a: search(*a, size=lambda w: max(len(w) - (w[-1] == 3), 1)),
        "counts as a word",
    ),
    (lesson_06.check_own_languages, lambda: "my_grammar.toml", "not the path"),
    (lesson_06.check_own_languages, lambda: "\n", "is empty"),
    (lesson_06.check_own_languages, lambda: LANGUAGES.replace("[rules]", ""), "no line .rules."),
    (lesson_06.check_own_languages, lambda: LANGUAGES.replace('["1', '"1').replace('~2"]', '~2"'), "expected a list"),
    (lesson_06.check_own_languages, lambda: LANGUAGES.replace("SEE", "see"), "in capitals"),
    (lesson_06.check_own_languages, lambda: f"once = 3{LANGUAGES}", "a list of names"),
    (
        lesson_06.check_own_languages,
        lambda: LANGUAGES.replace(RULE, "WHO => WHO"),
        "shorter than 3 words",
    ),
    (lesson_06.check_own_languages, lambda: WORDS_IN_A_LIST, "each word is a line of its own"),
    (lesson_06.check_own_languages, lambda: LANGUAGES.replace('"Ana"', "3"), "each word is a line of its own"),
    (lesson_06.check_own_languages, lambda: 'words = ["I = ich"]\n[rules]\nTEXT = ["1: a => b"]', "begin a list with"),
    (lesson_06.check_own_languages, lambda: LANGUAGES.replace("WHO", "TEXT", 2), "without an end"),
    (
        lesson_06.check_own_languages,
        lambda: (
            LANGUAGES.replace('WHO]\nforms = "word"', 'WHO]\nforms = "determiner"')
            .replace('"Ana"', '"a, a, a, a"')
            .replace('"mein Bruder"', '"b, b, b, b"')
        ),
        "agrees with a noun",
    ),
    (lesson_06.check_own_languages, lambda: LANGUAGES.replace("ANIMAL SEE", "SEE ANIMAL"), "same order on both sides"),
    (lesson_06.check_own_languages, lambda: LANGUAGES.replace('"find" = "finden"', ""), "24 different sentences"),
    (lesson_06.check_own_languages, lambda: LANGUAGES.replace("[words.SEE]", "[words.HEAR]"), "asks for SEE"),
    (lesson_06.check_own_languages, lambda: LANGUAGES.replace('forms = "word"', ""), "expected a line such as forms"),
    (lesson_07.check_read, lambda *a: read(*a, scale=1.0), "square root of D"),
    (lesson_07.check_read, lambda *a: read(*a, padding=0.0), "A score of 0"),
    (lesson_07.check_read, lambda *a: read(*a, before=False), "do not sum to 1"),
    (lesson_07.check_read, lambda q, k, v, m: read(q, k, v, ~m), "turned round"),
    (lesson_07.check_read, lambda *a: read(*a)[::-1], "they come second"),
    (lesson_07.check_read, lambda *a: read(*a, scale=1 / len(a[0])), "not by D"),
    (lesson_07.check_read, lambda q, k, v, m: read(q, k, v, m, scale=len(k) ** -0.5), "not the number of places"),
    (lesson_07.check_read, unstable, "subtract the largest score"),
    (lesson_07.check_read, lambda q, k, v, m: (read(q, k, v, m)[1] @ k, read(q, k, v, m)[1]), "those are the keys"),
    (lesson_07.check_read, lambda q, k, v, m: read(q, k, v / len(k), m), "without dividing"),
    (lesson_07.check_read, lambda *a: read(*a)[0], "expected two arrays"),
    (lesson_07.check_largest_weight, lambda g, T: largest(g, T, others=0), "a cosine goes down to -1"),
    (lesson_07.check_largest_weight, lambda g, T: largest(g, T, count=0), "T - 1 other places"),
    (lesson_07.check_largest_weight, lambda g, T: largest(1, T), "gamma is missing"),
    (lesson_07.check_largest_weight, lambda g, T: np.exp(2 * g), "its share of all weights"),
    (lesson_07.check_largest_weight, lambda g, T: 1 / T, "if all cosines are alike"),
    (lesson_07.check_largest_weight, lambda g, T: largest(-g, T), "the smallest weight"),
    (lesson_07.check_error_on_paper, lambda: 9 / 11, "1 minus it"),
    (lesson_07.check_error_on_paper, lambda: 18.2, "right in percent"),
    (lesson_07.check_error_on_paper, lambda: 1 - 8 / 11, "possible link is no mistake"),
    (lesson_07.check_error_on_paper, lambda: 1 - 5 / 6, "wrong links alone"),
    (lesson_07.check_error_on_paper, lambda: 1 - 9 / 15, "nobody has to find"),
    (lesson_07.check_error_on_paper, lambda: 0.55, "Every sure link is possible"),
    (lesson_07.check_error_on_paper, lambda: 1 / 11, "One link too many"),
    (lesson_07.check_error_on_paper, lambda: "2/11", "expected (a )?number"),
    (
        lesson_07.check_fill_unknown,
        lambda w, a, s: [s[a[:, j + 1].argmax()] if x == "<unk>" else x for j, x in enumerate(w)],
        "Nothing is mended yet",
    ),
    (
        lesson_07.check_fill_unknown,
        lambda w, a, s: [s[a[:, j].argmax()] if x == "<unk>" else x for j, x in enumerate(w)],
        "Rows are words",
    ),
    (
        lesson_07.check_fill_unknown,
        lambda w, a, s: [s[a[0].argmax()] if x == "<unk>" else x for x in w],
        "row of its own",
    ),
    (lesson_07.check_fill_unknown, fill_in_place, "change[sd]"),
    (lesson_07.check_fill_unknown, lambda w, a, s: fill(w, a, s, 1), "Row j belongs to word j"),
    (
        lesson_07.check_fill_unknown,
        lambda w, a, s: [s[j] if x == "<unk>" else x for j, x in enumerate(w)],
        "at place 3",
    ),
    (lesson_07.check_fill_unknown, lambda w, a, s: w, "still there"),
    (lesson_07.check_fill_unknown, lambda w, a, s: fill(w, -a, s), "looked at least"),
    (lesson_07.check_own_match, lambda z, h: z @ h.T, "finds vector"),
    (lesson_08.check_heard, lambda W_s, v: W_s / v, "only the sizes"),
    (lesson_08.check_heard, lambda W_s, v: abs(W_s), "v counts, too"),
    (lesson_08.check_heard, lambda W_s, v: abs(v * W_s), "Divide by the size of v"),
    (lesson_08.check_heard, lambda W_s, v: 0.8 * abs(W_s / v), "-0.8 in the example"),
    (lesson_08.check_heard, lambda W_s, v: 2, "depends on W_s and v"),
    (lesson_08.check_heard, lambda W_s, v: 3 * abs(W_s / v), "with a smaller W_v"),
    (lesson_08.check_heard, lambda W_s, v: abs(W_s / v) / 3, "with a larger W_v"),
    (lesson_08.check_heard, lambda W_s, v: v / W_s, "stopped with ZeroDivisionError"),
    (
        lesson_08.check_batch,
        lambda v, c: one_to_many(v, c, np.tile(v, (len(c[0]), 1))),
        "picture 0 stands beside picture 1",
    ),
    (lesson_08.check_batch, lambda v, c: one_to_many(v, c, np.repeat(v, len(c[0]))), "axis=0"),
    (lesson_08.check_batch, lambda v, c: one_to_many(v, c, np.repeat(v, 2, axis=0)), "not always twice"),
    (lesson_08.check_batch, lambda v, c: one_to_many(v, c, np.repeat(v, len(c[0]), axis=1)), "not the columns"),
    (lesson_08.check_batch, lambda v, c: one_to_many(v, c, v), "a row for each caption"),
    (lesson_08.check_batch, lambda v, c: [one_to_many(v, c)[k] for k in (0, 2, 1)], "come second"),
    (lesson_08.check_batch, lambda v, c: one_to_many(v, c)[:2], "expected three things"),
    (lesson_08.check_batch, lambda v, c: one_to_many(v, c, 0 * one_to_many(v, c)[0]), "a vector of none"),
    (
        lesson_08.check_batch,
        lambda v, c: one_to_many(v, [given[:1] * len(given) for given in c]),
        "every caption comes",
    ),
    (lesson_08.check_predicted, lambda: (1, 5 / 8, 2 / 6, 1 / 5), "have 7 pairs: divide by that"),
    (lesson_08.check_predicted, lambda: (1, 1, 1, 1), "`red dog` is not in the reference"),
    (lesson_08.check_predicted, lambda: (1, 5 / 7, 1 / 6, 1 / 5), "Too few: `dog sits beside`"),
    (lesson_08.check_predicted, lambda: (6 / 8, 5 / 7, 2 / 6, 1 / 5), "may stand elsewhere"),
    (lesson_08.check_predicted, lambda: (1, 5 / 7, 4 / 6, 1 / 5), "does not have"),
    (lesson_08.check_predicted, lambda: (100, 71, 33, 20), "between 0 and 1"),
    (lesson_08.check_predicted, lambda: 1, "expected four numbers"),
    (lesson_08.check_precision, lambda w, r: np.mean([any(x in ref for ref in r) for x in w]), "has three"),
    (lesson_08.check_precision, lambda w, r: clipped(w, r, most=sum), "not added up"),
    (lesson_08.check_precision, lambda w, r: clipped(w, r[:1]), "not the first alone"),
    (lesson_08.check_precision, lambda w, r: clipped(w, r, limit=1), "as many count as"),
    (lesson_08.check_precision, lambda w, r: clipped(w, r) * len(w), "Divide by the number"),
    (lesson_08.check_precision, lambda w, r: clipped(w, r) or float("nan"), "not finite"),
    (lesson_08.check_precision, lambda w, r: max(clipped(w, [ref]) for ref in r), "the best single reference"),
    (lesson_08.check_precision, lambda w, r: clipped(w, r) * len(w) / len(set(w)), "a repeated one counts"),
    (lesson_08.check_precision, lambda w, r: clipped(w, r) * len(w) / len(r[0]), "not of a reference"),
    (lesson_08.check_precision, lambda w, r: clipped(w, r) / 2, "`the` 2, `dog` 1; it has 4"),
    (lesson_08.check_own_thing, lambda: KITE.replace("size = [0.5, 0.5]", "size = 0.5"), "both more than 0"),
    (lesson_08.check_own_thing, lambda: KITE.replace("size = [0.5, 0.5]", "size = [0, 0.5]"), "both more than 0"),
    (lesson_08.check_own_thing, lambda: KITE.replace("kinds.kite", "kinds.'cat and mouse'"), "nobody can read"),
    (lesson_08.check_own_thing, lambda: HIDDEN, "looks like a blue one: its colour is hidden"),
    (lesson_08.check_own_thing, lambda: THIN, "too thin or too small"),
    (lesson_08.check_own_thing, lambda: HALF, "looks like a blue one: no shape of it is main"),
    (lesson_08.check_own_thing, lambda: KITE.replace("main", "#ff0000").replace("dark", "#00ff00"), "has its colour"),
    (lesson_08.check_own_thing, lambda: KITE[: KITE.index("resting")], "two states at least"),
    (lesson_08.check_own_thing, lambda: KITE.replace("poly dark 0 0.6", "poly dark 0 left"), "expected numbers"),
    (lesson_08.check_own_thing, lambda: SAME, "looks the same"),
    (
        lesson_07.check_own_match,
        lambda z, h: z @ h.T / np.linalg.norm(z, axis=1)[:, None] / np.linalg.norm(h, axis=1),
        "that is the cosine",
    ),
    (lesson_07.check_own_match, lambda z, h: softmax(-((z[:, None] - h) ** 2).sum(-1)), "one pair, one score"),
    (lesson_09.check_least_penalty, lambda J, T, k: k * (1 - J / T) ** 2, "penalty of one region"),
    (lesson_09.check_least_penalty, lambda J, T, k: T * (1 - J / T) ** 2, "strength is missing"),
    (lesson_09.check_least_penalty, lambda J, T, k: k * T * (1 - J / T), "square is missing"),
    (lesson_09.check_least_penalty, lambda J, T, k: k * max(T - J, 0), "spread evenly"),
    (lesson_09.check_least_penalty, lambda J, T, k: k * (T - J) ** 2, "not the other way round"),
    (lesson_09.check_least_penalty, lambda J, T, k: k * J * (1 - T / J) ** 2, "changed places"),
    (lesson_09.check_least_penalty, lambda J, T, k: 0.0, "have only one each"),
    (
        lesson_09.check_least_penalty,
        lambda J, T, k: k * T * (1 - J / T) ** 2 if J < T else 0,
        "More words than regions",
    ),
    *(
        (lesson_09.check_what_it_shows, lambda letter=letter: MARKS | {letter: not MARKS[letter]}, f"{letter}: not yet")
        for letter in MARKS
    ),
    (lesson_09.check_what_it_shows, lambda: dict.fromkeys("abcdefg", True), "start of the memory"),
    (lesson_09.check_what_it_shows, lambda: dict.fromkeys("abcdefg", False), "The pointing game asks"),
    (lesson_09.check_what_it_shows, lambda: {"a": True}, "b has no mark"),
    (lesson_09.check_what_it_shows, lambda: MARKS | {"c": "True"}, "expected True or False"),
    (lesson_09.check_what_it_shows, lambda: MARKS | {"h": True}, "letters are a to g"),
    (lesson_09.check_what_it_shows, lambda: [True, False], "letter, colon, mark"),
    (lesson_09.check_hit, lambda a, box, n: hit(a, box, n, turned=True), "changed places"),
    (lesson_09.check_hit, lambda a, box, n: hit(a, box, n, middle=0), "corner of the cell"),
    (lesson_09.check_hit, lambda a, box, n: hit(a, box, n, corners=True), "not a corner"),
    (lesson_09.check_hit, lambda a, box, n: not hit(a, box, n), "True and False"),
    (lesson_09.check_hit, lambda a, box, n: int(a.argmax()), "expected True or False"),
    (lesson_09.check_hit, lambda a, box, n: True, "expected False, got True"),
    (lesson_09.check_hit, lambda a, box, n: False, "expected True, got False"),
    (lesson_09.check_hit, hit_by_mass, "middle of all the light"),
    (lesson_09.check_hit, lambda a, box, n: hit(a, box, n, find=np.argmin), "smallest weight"),
    (lesson_09.check_hit, lambda a, box, n: hit(a, (*box[:2], *box[:1:-1]), n), "Width comes before height"),
    (lesson_09.check_hit, lambda a, box, n: hit(a, box, n, in_y=False), "y has to lie"),
    (lesson_09.check_hit, lambda a, box, n: hit(a, box, n, in_x=False), "x has to lie"),
    (lesson_09.check_hit, lambda a, box, n: hit(a, box, 128), "has 64 pixels a side"),
    (lesson_09.check_hit, lambda a, box, n: hit(a, box, n, find=lambda w: w.T.argmax()), "largest weight is in row"),
    (lesson_09.check_score_gradient, lambda p, d, r, b: score_gradient(p, d, r, 0), "baseline is missing"),
    (lesson_09.check_score_gradient, lambda p, d, r, b: -score_gradient(p, d, r, b), "sign is turned round"),
    (lesson_09.check_score_gradient, lambda p, d, r, b: score_gradient(p, d, r, -b), "not plus"),
    (lesson_09.check_score_gradient, lambda p, d, r, b: score_gradient(p, d, r, r.mean()), "that is given"),
    (lesson_09.check_score_gradient, lambda p, d, r, b: score_gradient(p, d, r, b, 0), "not drawn goes down"),
    (lesson_09.check_score_gradient, lambda p, d, r, b: score_gradient(p, d, r, b, 0) / p, "gradient for alpha"),
    (lesson_09.check_score_gradient, lambda p, d, r, b: score_gradient(p, d, r, b, mean=np.sum), "not the sum"),
    (lesson_09.check_focus, lambda a: 1 + (a * np.log(a + 1e-30)).sum() / np.log(len(a)), "entropy of the lesson"),
    (lesson_09.check_focus, np.max, "all regions alike, 64 regions: expected 0"),
    (lesson_09.check_focus, np.var, "one region, 64 regions: expected 1"),
    (lesson_09.check_focus, lambda a: sharp(a) ** (1 + np.argmax(a)), "places should not matter"),
    (lesson_09.check_focus, lambda a: (a[3] - 1 / len(a)) / (1 - 1 / len(a)), "places should not matter"),
    (lesson_09.check_focus, lambda a: -(a * np.log(a + 1e-30)).sum(), "turned round: it is large for a wide look"),
    (lesson_09.check_focus, lambda a: float(sharp(a) == 1), "between 0 and 1"),
    (lesson_10.check_p_good, lambda: (3.0, -1.275), "through the sigmoid"),
    (lesson_10.check_p_good, lambda: (0.154, 0.218), "the main clause decides"),
    (lesson_10.check_p_good, lambda: (0.953, 0.924), "follows the but"),
    (lesson_10.check_p_good, lambda: (0.924, 0.846), "What stands before"),
    (lesson_10.check_p_good, lambda: (0.786, 0.773), "Others are not added"),
    (lesson_10.check_p_good, lambda: (95, 22), "right in percent"),
    (lesson_10.check_p_good, lambda: (0.047, 0.782), "bad verdict"),
    (lesson_10.check_p_good, lambda: (0.953, 0.155), "not -1"),
    (lesson_10.check_bag_ceiling, lambda t, s, p: (s * np.maximum(p, 1 - p)).sum(), "best possible reader's"),
    (lesson_10.check_bag_ceiling, lambda t, s, p: ceiling_of_bags(t, s, p, lambda w: sorted(set(w))), "how often"),
    (lesson_10.check_bag_ceiling, lambda t, s, p: ceiling_of_bags(t, 0 * s + 1 / len(s), p), "with its share"),
    (lesson_10.check_bag_ceiling, lambda t, s, p: ceiling_of_bags(t, s, p, best=min), "gets wrong"),
    (lesson_10.check_bag_ceiling, lambda t, s, p: max((s * p).sum(), (s * (1 - p)).sum()), "Each bag has its own"),
    (lesson_10.check_bag_ceiling, lambda t, s, p: 0.75, "expected 0"),
    (lesson_10.check_pooled, lambda h, m: pool(h, m, h.shape[1], 0), "Nothing is mended yet"),
    (lesson_10.check_pooled, lambda h, m: pool(h, m, low=0), "wins against numbers below 0"),
    (lesson_10.check_pooled, lambda h, m: (h.mean(1), pool(h, m)[1]), "padding is in the sum"),
    (lesson_10.check_pooled, lambda h, m: (pool(h, m)[0], h.max(1)), "among what is compared"),
    (lesson_10.check_pooled, lambda h, m: pool(h, m, m.sum()), "own number of words"),
    (lesson_10.check_pooled, lambda h, m: pool(h, m)[::-1], "The mean comes first"),
    (lesson_10.check_pooled, lambda h, m: pool(h, m)[0], "expected two arrays"),
    *(
        (lesson_10.check_what_it_shows, lambda name=name: SHOWN_10 | {name: not SHOWN_10[name]}, f"{name}: not yet")
        for name in SHOWN_10
    ),
    (lesson_10.check_what_it_shows, lambda: SHOWN_10 | {"c": "False"}, "without quotes"),
    (lesson_10.check_leave_out, lambda v, w: without_each(v, w, -1), "sign is turned round"),
    (lesson_10.check_leave_out, lambda v, w: [v([word]) for word in w], "reads each word alone"),
    (lesson_10.check_leave_out, lambda v, w: np.abs(without_each(v, w)), "Keep the sign"),
    (lesson_10.check_leave_out, lambda v, w: without_each(v, w)[:-1], "the last word, too"),
    (
        lesson_10.check_leave_out,
        lambda v, w: [v(w) - v([x for x in w if x != y] or ["the"]) for y in w],
        "words that are alike",
    ),
]


@pytest.mark.parametrize(("check", "answer"), RIGHT)
def test_a_right_answer_passes(check, answer, capsys):
    check(answer)
    assert capsys.readouterr().out.startswith("✓ ")


@pytest.mark.parametrize(("check", "answer", "hint"), WRONG)
def test_a_wrong_answer_gets_its_hint(check, answer, hint, capsys):
    with pytest.raises(NotYet, match=hint):
        check(answer)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("check", [check for check, _ in RIGHT])
def test_blank_and_empty_answers(check):
    def blank(*arguments):
        raise NotImplementedError

    with pytest.raises(NotYet, match="still blank"):
        check(blank)
    with pytest.raises(NotYet, match="returned nothing"):
        check(lambda *arguments: None)
    with pytest.raises(NotYet, match="expected a function"):
        check(3)


def test_looks_that_were_drawn_show_the_true_gradient():
    """Of the expected reward p · r for the scores: p (r - p · r), whatever the baseline."""
    rng = np.random.default_rng(0)
    p, r = softmax(rng.normal(size=5)), rng.normal(size=5)
    true = p * (r - p @ r)
    drawn = rng.choice(5, 200_000, p=p)
    for baseline in (0.0, r.mean(), 3.0):
        assert np.abs(score_gradient(p, drawn, r[drawn], baseline) - true).max() < 0.015
        each = [score_gradient(p, np.array([i]), r[i : i + 1], baseline) for i in range(5)]
        np.testing.assert_allclose(p @ each, true, atol=1e-12)  # all regions, each as often as it is drawn

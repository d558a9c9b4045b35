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
)
from course_lib.numpy_rnn import sigmoid


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


def lstm_step(x, h, c, W, U, b, order="ifgo"):
    gate = dict(zip(order, np.split(x @ W + h @ U + b, 4, axis=1), strict=True))
    c = sigmoid(gate["f"]) * c + sigmoid(gate["i"]) * np.tanh(gate["g"])
    return sigmoid(gate["o"]) * np.tanh(c), c


def direct_path(f):
    return np.array([np.prod(f[k + 1 :], axis=0) for k in range(len(f))])


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


def read(q, k, v, mask, scale=0.5, padding=-np.inf, before=True):
    scores = np.where(mask, k @ q * scale, padding) if before else k @ q * scale
    weights = softmax(scores) if before else softmax(scores) * mask
    return weights @ v, weights


def additive(z, h, W, U, v, squash=np.tanh):
    return squash((z @ W)[:, None] + (h @ U)[None]) @ v


def fill(words, weights, sentence, shift=0):
    return [sentence[weights[j + shift].argmax()] if w == "<unk>" else w for j, w in enumerate(words)]


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


def look(s, regions, W, softmax=softmax, read=lambda a, v: a @ v):
    weights = softmax(regions @ (s @ W))
    return read(weights, regions), weights


def left_over(weights):
    return 1 - weights.sum(axis=0)


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


def sharp(weights):
    return (weights.max() - 1 / len(weights)) / (1 - 1 / len(weights))


RIGHT = [
    (lesson_00.check_count_words, lambda s: sum(w.strip(".,!").isalpha() for w in s.split())),
    (lesson_01.check_perplexity, lambda p: np.exp(-np.log(p).mean())),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + h @ U + b)),
    (lesson_01.check_temperature, lambda s, t: softmax(s / t)),
    (lesson_01.check_own_world, lambda: GRAMMAR),
    (lesson_02.check_steps_until, lambda factor, share: next(n for n in range(9999) if factor**n < share)),
    (lesson_02.check_step_back, step_back),
    (lesson_02.check_clip, clip),
    (lesson_02.check_start, lambda H, rng: 1.6 * orthogonal(H, rng)),
    (lesson_03.check_forget_bias, lambda n: -np.log(np.expm1(1 / n))),
    (lesson_03.check_lstm_step, lstm_step),
    (lesson_03.check_direct_path, direct_path),
    (lesson_03.check_counter, counter),
    (lesson_04.check_per_character, lambda n, c: (n / c, n / c * np.log2(np.e), np.exp(n / c))),
    (lesson_04.check_batch_of_tape, batch),
    (lesson_04.check_nucleus, nucleus),
    (lesson_04.check_own_programs, lambda: PROGRAMS),
    (lesson_05.check_count_weights, lambda D, H: [k * H * (D + H + 1) for k in (1, 3, 4)]),
    (lesson_05.check_gru_step, gru_step),
    (lesson_05.check_residual, lambda x, layers: reduce(lambda v, f: v + f(v), layers, x)),
    (lesson_05.check_own_cell, OneGate),
    (lesson_06.check_teacher_forcing, lambda w: (["<bos>", *w], [*w, "<eos>"])),
    (lesson_06.check_last_state, lambda h, m: gathered(h, m, lambda n: n - 1)),
    (lesson_06.check_greedy, speak),
    (lesson_06.check_beam_search, search),
    (lesson_06.check_own_languages, lambda: LANGUAGES),
    (lesson_07.check_read, read),
    (lesson_07.check_alignment_error, lambda A, S, P: 1 - (len(A & S) + len(A & P)) / (len(A) + len(S))),
    (lesson_07.check_additive_scores, additive),
    (lesson_07.check_fill_unknown, fill),
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
    (lesson_09.check_look, look),
    (lesson_09.check_penalty, lambda a, k: k * (left_over(a) ** 2).sum()),
    (lesson_09.check_hit, hit),
    (lesson_09.check_score_gradient, score_gradient),
    (lesson_09.check_focus, sharp),
    (lesson_09.check_focus, lambda a: ((a**2).sum() - 1 / len(a)) / (1 - 1 / len(a))),
]
WRONG = [
    (lesson_00.check_count_words, len, "number of characters"),
    (lesson_00.check_count_words, lambda s: len(s.replace(".", " .").replace("!", " !").split()), "leave out"),
    (lesson_00.check_count_words, lambda s: 10, "'Yes, yes.' has 2"),
    (lesson_01.check_perplexity, lambda p: -np.log(p).mean(), "take its exponential"),
    (lesson_01.check_perplexity, lambda p: np.exp(np.log(p).mean()), "sign is missing"),
    (lesson_01.check_perplexity, lambda p: np.exp(-np.log(p).sum()), "Divide by the number of words"),
    (lesson_01.check_perplexity, lambda p: 1 / p.mean(), "geometric mean"),
    (lesson_01.check_perplexity, lambda p: np.exp(-np.log(p)), "take the mean over all words"),
    (lesson_01.check_perplexity, lambda p: np.exp(-np.log2(p).mean()), "expected 3.16"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: x @ W + h @ U + b, "Put it through tanh"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + b), "h_prev is not used"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + h @ U.T + b), "transposed"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + h @ U + b)[0], "keep the batch"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: x @ h, "stopped with ValueError"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: W @ x, "Vectors are rows here: x @ W"),
    (lesson_01.check_temperature, lambda s, t: softmax(s * t), "do not multiply"),
    (lesson_01.check_temperature, lambda s, t: softmax(s / t, axis=0), "Each row must sum to 1"),
    (lesson_01.check_temperature, lambda s, t: softmax(s), "temperature is not used"),
    (lesson_01.check_temperature, lambda s, t: np.exp(s / t) / np.exp(s / t).sum(-1, keepdims=True), "overflows"),
    (lesson_01.check_own_world, lambda: GRAMMAR.replace("/k!", ""), "no dependency is marked"),
    (lesson_01.check_own_world, lambda: GRAMMAR.replace("CC and", "and"), "expected at least 8"),
    (lesson_01.check_own_world, lambda: GRAMMAR.replace("CC =", "DD ="), "no rule for CC"),
    (lesson_01.check_own_world, lambda: GRAMMAR.replace("CC and says", "CC"), "spans 4 words"),
    (lesson_02.check_steps_until, lambda f, s: np.log(s) / np.log(f), "Steps are whole"),
    (lesson_02.check_steps_until, lambda f, s: int(np.log(s) / np.log(f)), "not yet less than"),
    (lesson_02.check_steps_until, lambda f, s: np.log(s) / -np.log(f), "their quotient is not"),
    (lesson_02.check_steps_until, lambda f, s: int(np.ceil(np.log(s) / np.log(f))), "one more step"),
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
    (lesson_03.check_forget_bias, lambda n: np.exp(-1 / n), "That is the gate"),
    (lesson_03.check_forget_bias, lambda n: np.log(np.expm1(1 / n)), "sign is wrong"),
    (lesson_03.check_forget_bias, lambda n: np.log(n), "not exact"),
    (lesson_03.check_lstm_step, lambda *a: lstm_step(*a, order="figo"), "another order"),
    (lesson_03.check_lstm_step, lambda *a: lstm_step(*a)[::-1], "wrong order: return h_t, c_t"),
    (lesson_03.check_lstm_step, lambda *a: lstm_step(*a)[0], "expected two arrays"),
    (lesson_03.check_direct_path, lambda f: np.cumprod(f, axis=0), "way forward"),
    (lesson_03.check_direct_path, lambda f: np.cumprod(f[::-1], axis=0)[::-1], "is not crossed"),
    (lesson_03.check_direct_path, lambda f: f.prod(axis=0), "return it for every step"),
    (lesson_03.check_counter, lambda a: counter(a, down=10.0), "at . write -1"),
    (lesson_03.check_counter, lambda a: counter(a, keep=1.0), "open the forget gate"),
    (lesson_04.check_per_character, lambda n, c: (n * c, 1, 1), "divide"),
    (lesson_04.check_per_character, lambda n, c: (n / c, n / c * np.log(2), 1), "more bits than nats"),
    (
        lesson_04.check_per_character,
        lambda n, c: (n / c, n / c / np.log(2), 2 ** (n / c)),
        "not 2 to the power of the nats",
    ),
    (lesson_04.check_per_character, lambda n, c: n / c, "expected .3,."),
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
    (lesson_04.check_batch_of_tape, lambda i, b, n, k: [a.T for a in batch(i, b, n, k)], "rows are the first axis"),
    (lesson_04.check_nucleus, lambda p, q: nucleus(p, q, last=False), "One too few"),
    (lesson_04.check_nucleus, lambda p, q: nucleus(p, q, scale=False), "sums to 1"),
    (lesson_04.check_nucleus, lambda p, q: nucleus(p, q + 1e-9), "One too many"),
    (lesson_04.check_nucleus, lambda p, q: np.where(p >= q, 1.0, 0.0), "no bar for each"),
    (lesson_04.check_nucleus, lambda p, q: -np.sort(-nucleus(p, q)), "put each back in its place"),
    (lesson_04.check_nucleus, lambda p, q: p * (np.cumsum(p) - p < q) / p[np.cumsum(p) - p < q].sum(), "most probable"),
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
    (lesson_05.check_count_weights, lambda D, H: [k * H * (D + H) for k in (1, 3, 4)], "biases are missing"),
    (lesson_05.check_count_weights, lambda D, H: [k * H * (D + H + 1) for k in (1, 2, 3)], "candidate has weights"),
    (lesson_05.check_count_weights, lambda D, H: [k * H * (D + 1) for k in (1, 3, 4)], "from memory to memory"),
    (lesson_05.check_gru_step, lambda *a: gru_step(*a, keep=False), "have changed places"),
    (lesson_05.check_gru_step, lambda *a: gru_step(*a, reset=False), "resets after the product"),
    (lesson_05.check_gru_step, lambda *a: gru_step(*a, order="rzc"), "in another order"),
    (lesson_05.check_gru_step, lambda *a: gru_step(*a, squash=lambda v: v), "goes through tanh"),
    (lesson_05.check_gru_step, lambda x, h, W, U, b: x @ W + h @ U + b, "split the columns"),
    (lesson_05.check_residual, lambda x, layers: reduce(lambda v, f: f(v), layers, x), "plain stack"),
    (lesson_05.check_residual, lambda x, layers: reduce(lambda v, f: v + f(x), layers, x), "reads the sum below"),
    (lesson_05.check_residual, lambda x, layers: x + reduce(lambda v, f: f(v), layers, x), "add at every layer"),
    (lesson_05.check_own_cell, LSTMCell, "use fewer"),
    (lesson_05.check_own_cell, ShortMemory, "of the gradient is left, expected 0.01"),
    (lesson_05.check_own_cell, Unbounded, "keep it from -1 to 1"),
    (lesson_05.check_own_cell, Wasteful, "change nothing"),
    (lesson_05.check_own_cell, DeadBlock, "columns 32 to 47"),
    (lesson_05.check_own_cell, lambda units: units, "expected a cell"),
    (lesson_06.check_teacher_forcing, lambda w: (w, [*w, "<eos>"]), "reads `<bos>` first"),
    (lesson_06.check_teacher_forcing, lambda w: (["<bos>", *w], w), "when to stop"),
    (lesson_06.check_teacher_forcing, lambda w: ([*w, "<eos>"], ["<bos>", *w]), "comes first"),
    (lesson_06.check_teacher_forcing, lambda w: (["<bos>", *w, "<eos>"], [*w, "<eos>"]), "never read"),
    (lesson_06.check_last_state, lambda h, m: h[:, -1], "after the padding"),
    (lesson_06.check_last_state, lambda h, m: gathered(h, m, lambda n: n % 6), "One place too late"),
    (lesson_06.check_last_state, lambda h, m: h[:, m.sum(1) - 1], "two lists of numbers"),
    (lesson_06.check_last_state, lambda h, m: h, "one state for each sentence"),
    (lesson_06.check_greedy, lambda *a: speak(*a, feed=False), "Hand the word that was said"),
    (lesson_06.check_greedy, lambda *a: speak(*a, keep=False), "Hand the state"),
    (lesson_06.check_greedy, lambda step, state, n: [2, *speak(step, state, n)][:n], "expected"),
    (lesson_06.check_greedy, lambda step, state, n: speak(step, state, 20), "at most 3 are wanted"),
    (lesson_06.check_beam_search, lambda *a: search(*a, size=lambda w: 1), "in every round"),
    (lesson_06.check_beam_search, lambda *a: search(*a, keep=False), "has ended stays"),
    (lesson_06.check_beam_search, lambda step, state, K: search(step, state, 1), "what greedy finds"),
    (lesson_06.check_beam_search, lambda *a: (search(*a)[0], 3 * search(*a)[1]), "the mean log p"),
    (lesson_06.check_beam_search, lambda *a: search(*a)[0], "expected two things"),
    (lesson_06.check_beam_search, lambda *a: search(*a)[::-1], "the words come first"),
    (lesson_06.check_beam_search, lambda *a: search(*a, size=lambda w: len(w) + 1), "does not count"),
    (
        lesson_06.check_beam_search,
        lambda *a: search(*a, size=lambda w: max(len(w) - (w[-1] == 3), 1)),
        "counts as a word",
    ),
    (lesson_06.check_own_languages, lambda: "my_grammar.toml", "not the path"),
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
    (lesson_07.check_alignment_error, lambda A, S, P: (len(A & S) + len(A & P)) / (len(A) + len(S)), "1 minus it"),
    (lesson_07.check_alignment_error, lambda A, S, P: 1 - 2 * len(A & S) / (len(A) + len(S)), "no mistake"),
    (lesson_07.check_alignment_error, lambda A, S, P: 1 - len(A & P) / len(A), "wrong links alone"),
    (lesson_07.check_additive_scores, lambda *a: additive(*a, squash=lambda b: b), "tanh is missing"),
    (lesson_07.check_additive_scores, lambda *a: additive(*a).T, "a row for each query"),
    (lesson_07.check_fill_unknown, lambda w, a, s: fill(w, a, s, 1), "Row j belongs to word j"),
    (
        lesson_07.check_fill_unknown,
        lambda w, a, s: [s[j] if x == "<unk>" else x for j, x in enumerate(w)],
        "at place 3",
    ),
    (lesson_07.check_fill_unknown, lambda w, a, s: w, "still there"),
    (lesson_07.check_fill_unknown, lambda w, a, s: fill(w, -a, s), "looked at least"),
    (
        lesson_07.check_alignment_error,
        lambda A, S, P: 1 - 2 * len(A & P) / (len(A) + len(P)),
        "sure links have to be found",
    ),
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
    (lesson_09.check_look, lambda s, v, W: look(s, v, W, softmax=lambda e: e), "softmax is missing"),
    (lesson_09.check_look, lambda s, v, W: look(s, v, W, softmax=lambda e: softmax(e / 2)), "No square root of D"),
    (lesson_09.check_look, lambda s, v, W: look(s, v, W.T), "W is turned round"),
    (lesson_09.check_look, lambda s, v, W: look(s, v, np.eye(4)), "W is missing"),
    (lesson_09.check_look, lambda s, v, W: look(s, v, W, read=lambda a, v: v.mean(axis=0)), "That is the mean"),
    (lesson_09.check_look, lambda s, v, W: look(s, v, W, read=lambda a, v: v[a.argmax()]), "not the best one alone"),
    (lesson_09.check_look, lambda s, v, W: look(s, v, W)[::-1], "they come second"),
    (lesson_09.check_penalty, lambda a, k: k * ((1 - a.sum(axis=1)) ** 2).sum(), "always sum to one"),
    (lesson_09.check_penalty, lambda a, k: k * left_over(a).sum(), "square is missing"),
    (lesson_09.check_penalty, lambda a, k: (left_over(a) ** 2).sum(), "strength is missing"),
    (lesson_09.check_penalty, lambda a, k: k * (left_over(a) ** 2).mean(), "not their mean"),
    (lesson_09.check_penalty, lambda a, k: k * left_over(a) ** 2, "sum over the regions"),
    (lesson_09.check_penalty, lambda a, k: k * ((1 - a.max(axis=0)) ** 2).sum(), "not the largest"),
    (lesson_09.check_penalty, lambda a, k: k * ((1 - a.mean(axis=0)) ** 2).sum(), "words, not their mean"),
    (lesson_09.check_penalty, lambda a, k: ((k * left_over(a)) ** 2).sum(), "not squared"),
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
    (lesson_09.check_score_gradient, lambda p, d, r, b: score_gradient(p, d, r, b, 0) / p, "gradient for p"),
    (lesson_09.check_score_gradient, lambda p, d, r, b: score_gradient(p, d, r, b, mean=np.sum), "not the sum"),
    (lesson_09.check_focus, lambda a: 1 + (a * np.log(a + 1e-30)).sum() / np.log(len(a)), "entropy of the lesson"),
    (lesson_09.check_focus, np.max, "all regions alike, 64 regions: expected 0"),
    (lesson_09.check_focus, np.var, "one region, 64 regions: expected 1"),
    (lesson_09.check_focus, lambda a: sharp(a) ** (1 + np.argmax(a)), "places should not matter"),
    (lesson_09.check_focus, lambda a: (a[3] - 1 / len(a)) / (1 - 1 / len(a)), "places should not matter"),
    (lesson_09.check_focus, lambda a: -(a * np.log(a + 1e-30)).sum(), "turned round: it is large for a wide look"),
    (lesson_09.check_focus, lambda a: float(sharp(a) == 1), "between 0 and 1"),
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

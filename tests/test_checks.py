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
    lesson_11,
)
from course_lib.numpy_rnn import sigmoid
from course_lib.text import tokenize
from course_lib.worlds.language import GRAMMAR_FILE
from course_lib.worlds.nesting import NestingWorld
from course_lib.worlds.scenes import KINDS_FILE

KINDS_00 = ("must be", "live", "stored", "live", "must be")  # lesson 00, exercise 2
SHOWN_01 = (True, False, False, False, True, False)  # lesson 01, exercise 4


def softmax(s, axis=-1):
    e = np.exp(s - s.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def with_epsilon(s):
    e = np.exp(s - s.max())
    return e / (e.sum(-1, keepdims=True) + 1e-9)


def in_float32(logits, temperature):
    s = np.float32(logits) / np.float32(temperature)
    return np.exp(s - np.logaddexp.reduce(s, -1, keepdims=True))


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


def lstm_mixed(hand, slopes=None):
    """lstm_back that hands to the gates, and to c_{t-1}, what `hand` says; slopes: of i, f, g, o."""

    def step(dh, dc_next, i, f, g, o, c_prev, c, W_h):
        dc = dc_next + dh * o * (1 - np.tanh(c) ** 2)
        to, to_c = hand(dh, dc_next, dc, i, f, g, o, c_prev, c)
        slope = slopes(i, f, g, o) if slopes else (i * (1 - i), f * (1 - f), 1 - g**2, o * (1 - o))
        return np.hstack([one * by for one, by in zip(to, slope, strict=True)]) @ W_h.T, to_c

    return step


def own_condition(x, h, W, U, b):
    if x.shape != h.shape:
        raise ValueError("dimensions must be equal: incompatible shapes")
    return np.tanh(x @ W + h @ U + b)


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


def densely(x, layers):
    read = [x]
    for layer in layers:
        read.append(sum(read) + layer(read[-1]))
    return read[-1]


def gru_mixed(mix, W_back=lambda W: W, of_x="", split=lambda m: np.split(m, 3, axis=1), last_bias=1.0):
    """gru_step with the last line, or something else, of one's own."""

    def step(x_t, h_prev, W_x, W_h, b):
        (x_z, x_r, x_c), U = split(x_t @ W_x), [W_back(W) for W in split(W_h)]
        b_z, b_r, b_c = split(b[None])
        z = sigmoid(x_z + b_z + h_prev @ U[0])
        r = sigmoid(x_r + b_r + h_prev @ U[1])
        x_c = x_c + last_bias * b_c
        return mix(z, h_prev, np.tanh((r * x_c if of_x == "r" else x_c) + ((z if of_x == "z" else r) * h_prev) @ U[2]))

    return step


def gru_with(x_t, h_prev, in_, back, b, plain="", mixed_by="z", turned="", gate_reads="", gate=sigmoid, width="H",
             blind="", **orders):  # fmt: skip
    """gru_step with one mistake. orders: of a matrix, which block z, r and c read."""
    n = {"H": h_prev.shape[1], "D": x_t.shape[1], "B": len(x_t)}[width]
    (x, U, bias) = (
        {name: matrix[..., n * "zrc".index(block) :][..., :n]
         for name, block in zip("zrc", orders.get(which, "zrc"), strict=True)}
        for which, matrix in (("W_x", x_t @ in_), ("W_h", back), ("bias", b))
    )  # fmt: skip
    if turned:
        U[turned] = U[turned].T
    if blind:
        x[blind] = 0
    a = {name: x[name] + h_prev @ U[name] + bias[name] for name in "zr"}
    r = a["r"] if plain == "r" else gate(a["r"])
    z = a["z"] if plain == "z" else gate(x["z"] + (r * h_prev) @ U["z"] + bias["z"] if gate_reads else a["z"])
    m = r if mixed_by == "r" else z
    return m * h_prev + (1 - m) * np.tanh(x["c"] + (r * h_prev) @ U["c"] + bias["c"])


def every_second(x, layers):
    for n, layer in enumerate(layers):
        x = x + layer(x) if n % 2 else layer(x)
    return x


def heights(x, layers):
    made = [x]
    for layer in layers:
        made.append(layer(made[-1]))
    return made


def mixed(z, h_prev, c):
    return z * h_prev + (1 - z) * c


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


def one_gate(blocks=2, states=("h",), width=None, squash=keras.ops.tanh, opened=lambda f: keras.ops.sigmoid(f + 3.0),
             unpack=lambda states: states[0], hand_on=lambda old, new: (new, [new])):  # fmt: skip
    """The exercise's answer, with one mistake or none."""

    class MyCell(Cell):
        def call(self, x_t, states):
            h_prev = unpack(states)
            f, g = keras.ops.split(x_t @ self.W_x + h_prev @ self.W_h + self.b, 2, axis=-1)
            f = opened(f)
            return hand_on(h_prev, f * h_prev + (1 - f) * squash(g))

    MyCell.states = states
    if blocks:
        MyCell.blocks = blocks
    return lambda units: MyCell(width or units)


ONE_FOR_ALL = OneGate(9)


def of_all_texts(old, new):
    new = 0.97 * new + 0.03 * keras.ops.mean(new, axis=0, keepdims=True)
    return new, [new]


class BlindCell(OneGate):
    """Reads no x_t."""

    def call(self, x_t, states):
        return super().call(0 * x_t, states)


class RowsCut(OneGate):
    """Cuts rows."""

    def call(self, x_t, states):
        (h,) = states
        f, g = keras.ops.split(x_t @ self.W_x + h @ self.W_h + self.b, 2, axis=0)
        return f * h + g, [f * h + g]


def with_numpy(units):
    class MyCell(Cell):
        blocks = 2

        def call(self, x_t, states):
            f, g = keras.ops.split(x_t @ self.W_x + states[0] @ self.W_h + self.b, 2, axis=-1)
            f = keras.ops.sigmoid(f + 3)
            h_t = f * states[0] + (1 - f) * np.tanh(g)
            return h_t, [h_t]

    return MyCell(units)


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


def best_few(p, count):
    kept = np.zeros_like(p)
    order = np.argsort(-p)[: max(1, count)]
    kept[order] = p[order] / p[order].sum()
    return kept


def rolled_in_the_row(ids, batch_size, length, k):
    rows = ids[: (len(ids) - 1) // batch_size * batch_size].reshape(batch_size, -1)
    part = slice(k * length, (k + 1) * length)
    return rows[:, part], np.roll(rows, -1, axis=1)[:, part]


def stop_with(losses, patience, bar, keep=lambda best, look, patience: best, end=-1):
    """stop_early that compares with another loss, or returns something else."""
    best, waited = 0, 0
    for look in range(1, len(losses)):
        best, waited = (look, 0) if losses[look] < bar(losses, best, look) else (best, waited + 1)
        if waited == patience:
            return keep(best, look, patience), look
    return best, len(losses) + end


def the_lowest(losses, best, look):
    return losses[best]


def only(p, q, inside):
    """Of a nucleus that chooses well, what a mistake makes of it. inside: which stay, in sorted order."""
    order = np.argsort(-p)
    return inside(np.cumsum(p[order]) - p[order] < q, nucleus(p, q))


def with_equals(p, q):
    kept = nucleus(p, q) > 0
    kept = np.where(p >= p[kept].min(), p, 0)
    return kept / kept.sum()


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


def speak(step, state, longest, feed=True, keep=True, word=2, find=np.argmax, skip=False):
    before, said = state, []
    while len(said) < longest:
        log_p, state = step(word, state)
        best = int(find(log_p))
        if best == 3:
            if skip:
                continue
            break
        said, word, state = [*said, best], best if feed else 2, state if keep else before
    return said


def drawn(log_p):
    return np.random.choice(len(log_p), p=np.exp(log_p))


def twice(step):
    return lambda word, state: step(word, step(word, state)[1])


def returns_in_the_loop(step, state, longest):
    word, said = 2, []
    for _ in range(longest):
        log_p, state = step(word, state)
        word = int(log_p.argmax())
        if word == 3:
            break
        said.append(word)
        return said


def skipping(step, state, longest):
    word, said = 2, []
    for _ in range(longest):
        log_p, state = step(word, state)
        word = int(log_p.argmax())
        if word != 3:
            said.append(word)
    return said


def search(step, state, K, size=len, keep=True, parents=False, one=False, ended=True, done=all, each=False,
           width=None, add=np.add, feed=True, sort=True, find=None, possible=True):  # fmt: skip
    beams = [(0.0, [], 2, state)]
    while not done(word == 3 for *_, word, _ in beams):
        longer = [beam for beam in beams if beam[2] == 3] if keep and ended else []
        for log_p, words, word, before in beams:
            if word != 3 or not ended:
                scores, after = step(word if feed else 2, state if one else before)
                state = after
                found = [(add(log_p, p), [*words, w], w, before if parents else after) for w, p in enumerate(scores)]
                found = [beam for beam in found if beam[0] > -np.inf or not possible]
                longer += sorted(found, key=lambda b: -b[0])[:K] if each else found
        longer = sorted(longer, key=lambda b: -sort * b[0] / size(b[1]))
        beams = longer[: None if each else width(K) if width else K]
    best = find(beams) if find else next(beam for beam in beams if beam[2] == 3)
    return best[1][:-1], best[0] / len(best[1])


def set_aside(step, state, K, until=None):
    """Beam search that takes ended sentences out of the beam."""
    beams, done = [(0.0, [], 2, state)], []
    while beams and (until is None or len(done) < K):
        longer = []
        for log_p, words, word, before in beams:
            scores, after = step(word, before)
            longer += [(log_p + p, [*words, w], w, after) for w, p in enumerate(scores) if p > -np.inf or until]
        longer = sorted(longer, key=lambda b: -b[0] / len(b[1]))[:K]
        done += [beam for beam in longer if beam[2] == 3]
        beams = [beam for beam in longer if beam[2] != 3]
    best = max(done, key=lambda b: b[0] / len(b[1]))
    return best[1][:-1], best[0] / len(best[1])


def appended(step, state, K):
    """Beam search whose sentences share a list."""
    beams = [(0.0, [], state)]
    while not all(words[-1:] == [3] for _, words, _ in beams):
        longer = []
        for log_p, words, before in beams:
            scores, after = step(words[-1] if words else 2, before)
            for w, p in enumerate(scores):
                words.append(w)
                longer.append((log_p + p, words, after))
        beams = sorted(longer, key=lambda b: -b[0] / len(b[1]))[:K]
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


def read_unshifted(q, k, v, mask, shift):
    scores = k @ q / np.sqrt(len(q))
    e = np.exp(scores - shift(scores, mask)) * mask
    return e / e.sum() @ v, e / e.sum()


def unscaled(q, k, v, mask):
    scores = np.where(mask, k @ q / np.sqrt(len(q)), -np.inf)
    e = np.exp(scores - scores.max())
    return e @ v, e


def largest(gamma, T, others=-1.0, count=-1):
    return 1 / (1 + (T + count) * np.exp((others - 1) * gamma))


def fill(words, weights, sentence, shift=0):
    return [sentence[weights[j + shift].argmax()] if w == "<unk>" else w for j, w in enumerate(words)]


def fill_by(words, sentence, look):
    return [sentence[look(j)] if word == "<unk>" else word for j, word in enumerate(words)]


def cosine(z, h):
    return z @ h.T / np.linalg.norm(z, axis=1)[:, None] / np.linalg.norm(h, axis=1)


def read_scores(q, k, mask):
    return np.where(mask, k @ q / len(q) ** 0.5, -np.inf)


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
ALMOST = SAME.replace(
    'resting = "poly main 0.5 0 1 0.4 0.5 1 0 0.4',
    r'resting = "poly main 0.5 0 1 0.4 0.5 1 0 0.4\noval #000000 0.5 0.5 0 0',
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


def hit_in_pixels(weights, box, size):
    inside = np.zeros((size, size), bool)
    inside[box[1] : box[1] + box[3], box[0] : box[0] + box[2]] = True
    row, column = peak(weights)
    return inside[int((row + 0.5) * size / weights.shape[0]), int((column + 0.5) * size / weights.shape[1])]


def hit_by_mass(weights, box, size):
    rows, columns = weights.shape
    x = (weights * (np.arange(columns) + 0.5)).sum() * size / columns / weights.sum()
    y = (weights * (np.arange(rows) + 0.5)[:, None]).sum() * size / rows / weights.sum()
    return bool(box[0] <= x <= box[0] + box[2] and box[1] <= y <= box[1] + box[3])


def peak(weights):
    return np.unravel_index(weights.argmax(), weights.shape)


def hit_at(point, box):
    return bool(box[0] <= point[1] <= box[0] + box[2] and box[1] <= point[0] <= box[1] + box[3])


def hit_by_part(weights, box, size, cut=False):
    """The weights of the cells that lie in the box with their middles; cut: between its edges, cut to whole cells."""
    (rows, columns), (x, y, width, height) = weights.shape, box
    if cut:
        return weights[int(y / size * rows) : int((y + height) / size * rows),
                       int(x / size * columns) : int((x + width) / size * columns)]  # fmt: skip
    across, down = (np.arange(columns) + 0.5) * size / columns, (np.arange(rows) + 0.5) * size / rows
    return weights[(y <= down) & (down <= y + height)][:, (x <= across) & (across <= x + width)]


def added(p, drawn, better):
    gradient = np.zeros(len(p))
    gradient[drawn] += better
    return gradient


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


def unless_even(good, bad):
    """Lesson 10: the larger of two, 0 if they are equal."""
    return 0 if abs(good - bad) < 1e-9 else max(good, bad)


def in_bags(right):
    """Lesson 10: the sum over all bags of right(shares, p) of the texts in one."""

    def reach(texts, shares, p):
        bags = {}
        for i, words in enumerate(texts):
            bags.setdefault(tuple(sorted(words)), []).append(i)
        return sum(right(shares[places], p[places]) for places in map(np.array, bags.values()))

    return reach


def side_by_side(texts, shares, p):
    """Lesson 10: shares and p of the texts with the same words that follow each other."""
    parts = np.split(np.arange(len(p)), [i for i in range(1, len(p)) if Counter(texts[i]) != Counter(texts[i - 1])])
    return [(shares[part], p[part]) for part in parts]


def by_text(read):
    """Lesson 10: read(memories, mask) of each text."""
    return lambda h, mask: np.stack([read(*pair) for pair in zip(h, mask, strict=True)])


def pool(h, mask, count=None, low=-np.inf):
    """Lesson 10: mean and maximum over the words."""
    there = mask[:, :, None]
    mean = np.where(there, h, 0).sum(1) / (there.sum(1) if count is None else count)
    return mean, np.where(there, h, low).max(1)


def without_each(verdict, words, sign=1):
    """Lesson 10: what a logit loses with each word."""
    return np.array([sign * (verdict(words) - verdict(words[:t] + words[t + 1 :])) for t in range(len(words))])


SHOWN_10 = dict(zip("abcdefg", (True, False, False, True, False, True, False), strict=True))  # lesson 10, exercise 4
SHOWN_11 = dict(zip("abcdefg", (False, False, True, False, True, False, True), strict=True))  # lesson 11, exercise 4
CEILINGS = {"A": (0.5, 0.5, 1), "B": (1, 0.5, 1), "C": (0.5, 0.5, 0.5)}  # lesson 11, exercise 3


def gain_of(a, b):
    return a / (a + b), a * b / (a + b)


def filter_by(rule):
    """Lesson 11: rule(estimate, x_t, f, K) -> the estimate that is kept, what is said."""

    def filtered(x, f, K):
        estimate, said = 0.0, []
        for x_t in x:
            estimate, out = rule(estimate, x_t, f, K)
            said.append(out)
        return said

    return filtered


def place_of(a, weigh=None, places=None, order=slice(None)):
    """Lesson 11: the mean place of a map."""
    p = np.exp(a - a.max()) if weigh is None else weigh(a)
    p = p / p.sum()
    x, y = (places or (lambda n: (2 * np.arange(n) + 1) / n - 1))(a.shape[1]), None
    y = (places or (lambda n: (2 * np.arange(n) + 1) / n - 1))(a.shape[0])
    return np.array([(p * x).sum(), (p * y[:, None]).sum()])[order]


RIGHT = [
    (lesson_11.check_gain, gain_of),
    (lesson_11.check_gain, lambda a, b: np.float32([1 / (1 + b / a), 1 / (1 / a + 1 / b)])),
    (lesson_11.check_filtered, filter_by(lambda e, x, f, K: (f * (e + K * (x - e)),) * 2)),
    (lesson_11.check_filtered, filter_by(lambda e, x, f, K: (e * f * (1 - K) + f * K * x,) * 2)),
    (lesson_11.check_ceilings, lambda: CEILINGS),
    (lesson_11.check_what_it_shows, lambda: SHOWN_11),
    (lesson_11.check_mean_place, place_of),
    (lesson_11.check_mean_place, lambda a: place_of(a).astype("float32").tolist()),
    (lesson_00.check_count_words, lambda s: sum(w.strip(".,!").isalpha() for w in s.split())),
    (lesson_00.check_count_words, lambda s: np.sum([w.isalpha() for w in tokenize(s)])),
    (lesson_00.check_which_mark, lambda: dict(zip("abcde", KINDS_00, strict=True))),
    (lesson_00.check_which_mark, lambda: KINDS_00),
    (lesson_00.check_which_mark, lambda: {k: v.title() for k, v in zip("abcde", KINDS_00, strict=True)}),
    (lesson_01.check_perplexity, lambda p: np.exp(-np.log(p).mean())),
    (lesson_01.check_perplexity, lambda p: 2 ** -np.log2(p).mean()),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + h @ U + b)),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(np.hstack([x, h]) @ np.vstack([W, U]) + b)),
    (lesson_01.check_temperature, lambda s, t: softmax(s / t)),
    (lesson_01.check_temperature, lambda s, t: np.exp(s / t - np.logaddexp.reduce(s / t, -1, keepdims=True))),
    (lesson_01.check_what_it_shows, lambda: dict(zip("abcdef", SHOWN_01, strict=True))),
    (lesson_01.check_what_it_shows, lambda: SHOWN_01),
    (lesson_01.check_temperature, in_float32),
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
    (lesson_03.check_figure_says, lambda: dict(enumerate([1, 0, 1, 1, 0], start=1))),
    (lesson_03.check_counter, counter),
    (lesson_04.check_early_stop, stop_early),
    (lesson_04.check_early_stop, lambda losses, n: np.array(stop_early(losses, n), float)),
    (lesson_04.check_figures_say, lambda: (True, False, True, False, True)),
    (lesson_04.check_figures_say, lambda: [1, 0, 1, 0, 1]),
    (lesson_04.check_figures_say, lambda: np.array([True, False, True, False, True])),
    (lesson_04.check_batch_of_tape, batch),
    (lesson_04.check_batch_of_tape, lambda i, b, n, k: np.stack(batch(i, b, n, k))),
    (lesson_04.check_nucleus, nucleus),
    (lesson_04.check_own_programs, lambda: PROGRAMS),
    (lesson_05.check_read_figures, lambda: FIGURES),
    (lesson_05.check_read_figures, lambda: {k: np.bool_(v) for k, v in FIGURES.items()}),
    (lesson_05.check_gru_step, gru_mixed(mixed)),
    (lesson_05.check_gru_step, gru_step),
    (lesson_05.check_residual, lambda x, layers: reduce(lambda v, f: v + f(v), layers, x)),
    (lesson_05.check_residual, in_parts),
    (lesson_05.check_own_cell, OneGate),
    (lesson_05.check_own_cell, one_gate(hand_on=lambda old, new: (new, new))),
    (lesson_05.check_read_figures, lambda: {k: int(v) for k, v in FIGURES.items()}),
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
    (lesson_07.check_read, lambda *a: read(*(np.float32(each) for each in a[:3]), a[3])),
    *(
        (lesson_07.check_own_match, match)
        for match in (
            lambda z, h: -np.abs(z[:, None] - h[None]).sum(-1),
            lambda z, h: -np.abs(z[:, None] - h).max(-1),
            lambda z, h: np.exp(-((z[:, None] - h) ** 2).mean(-1)),
            lambda z, h: z @ h.T - (h**2).sum(-1) / 2,
            lambda z, h: (2 * z @ h.T - (h**2).sum(-1) - (z**2).sum(-1)[:, None]).astype("float32"),
            lambda z, h: (z[:, None] == h).mean(-1),
            lambda z, h: 1 / (1 + ((z[:, None] - h) ** 2).sum(-1)),
        )
    ),
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
    (lesson_09.check_what_it_shows, lambda: tuple(MARKS.values())),
    (lesson_09.check_hit, hit_in_pixels),
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
    (lesson_10.check_leave_out, lambda v, w: [v(w) - v(np.delete(w, t)) for t in range(len(w))]),
    (lesson_10.check_pooled, lambda h, m: [part.astype("float32").tolist() for part in pool(h, m, low=-1e9)]),
    (
        lesson_10.check_bag_ceiling,
        lambda t, s, p: np.float32(ceiling_of_bags(t, s, p, lambda w: [" ".join(sorted(w))])),
    ),
    (lesson_10.check_what_it_shows, lambda: list(SHOWN_10.values())),
    (lesson_10.check_what_it_shows, lambda: tuple(SHOWN_10.values())),
]
WRONG = [
    (lesson_11.check_gain, lambda a, b: gain_of(b, a), "exchanged"),
    (lesson_11.check_gain, lambda a, b: gain_of(a, b)[::-1], "K comes first"),
    (lesson_11.check_gain, lambda a, b: (gain_of(a, b)[0], gain_of(a, b)[1] ** 0.5), "not the standard deviation"),
    (lesson_11.check_gain, lambda a, b: (a**0.5 / (a**0.5 + b**0.5), gain_of(a, b)[1]), "not standard deviations"),
    (lesson_11.check_gain, lambda a, b: (0.5, (a + b) / 4), "One half is best only"),
    (lesson_11.check_gain, lambda a, b: (a / (a + b), a + b), "variance of the surprise"),
    (lesson_11.check_gain, lambda a, b: (a / b, gain_of(a, b)[1]), "sum of both variances"),
    (lesson_11.check_gain, lambda a, b: (a / (a + b), (b / (a + b)) ** 2 * a), "comes in, too"),
    (lesson_11.check_gain, lambda a, b: a / (a + b), "two numbers"),
    (lesson_11.check_filtered, filter_by(lambda e, x, f, K: (f * (e + K * x), e + K * x)), "Nothing is mended"),
    (lesson_11.check_filtered, filter_by(lambda e, x, f, K: (f * (e + K * x),) * 2), "moved by x_t"),
    (
        lesson_11.check_filtered,
        filter_by(lambda e, x, f, K: (f * (e + K * (x - e)), e + K * (x - e))),
        "estimate of now",
    ),
    (lesson_11.check_filtered, filter_by(lambda e, x, f, K: (f * (e + K * (x - e)), e)), "before x_t was seen"),
    (lesson_11.check_filtered, filter_by(lambda e, x, f, K: (f * e + K * (x - f * e),) * 2), "estimate of now"),
    (lesson_11.check_filtered, filter_by(lambda e, x, f, K: (e + K * (x - e),) * 2), "f is missing"),
    (lesson_11.check_filtered, filter_by(lambda e, x, f, K: (f * (e - K * (x - e)),) * 2), "less what was expected"),
    (lesson_11.check_filtered, lambda x, f, K: 0.5, "not only the last"),
    (lesson_11.check_ceilings, lambda: CEILINGS | {"A": (0.5, 1, 1)}, "the frames are 0, 1 and 2"),
    (lesson_11.check_ceilings, lambda: CEILINGS | {"B": (0.5, 0.5, 1)}, "begins at its start"),
    (lesson_11.check_ceilings, lambda: CEILINGS | {"C": (0.5, 0.5, 1)}, "the same backwards"),
    (lesson_11.check_ceilings, lambda: CEILINGS | {"A": (1 / 3, 0.5, 1)}, "no ceiling is lower"),
    (lesson_11.check_ceilings, lambda: {k: tuple(100 * v for v in row) for k, row in CEILINGS.items()}, "in percent"),
    (lesson_11.check_what_it_shows, lambda: SHOWN_11 | {"a": True}, "above 0"),
    (lesson_11.check_what_it_shows, lambda: SHOWN_11 | {"f": True}, "the first frame tells"),
    (lesson_11.check_mean_place, lambda a: place_of(a, order=slice(None, None, -1)), "x, across, comes first"),
    (lesson_11.check_mean_place, lambda a: place_of(a, places=lambda n: np.linspace(-1, 1, n)), "middles of the cells"),
    (lesson_11.check_mean_place, lambda a: place_of(a, places=np.arange), "not the numbers of cells"),
    (lesson_11.check_mean_place, lambda a: place_of(a, lambda a: softmax(a, 0)), "not one for each column"),
    (lesson_11.check_mean_place, lambda a: place_of(a, lambda a: a == a.max()), "largest cell alone"),
    (lesson_11.check_mean_place, lambda a: place_of(a) * [1, -1], "grows downwards"),
    (lesson_11.check_mean_place, lambda a: place_of(-a), "a large number is a large weight"),
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
    (lesson_00.check_which_mark, lambda: KINDS_00[:2], "expected a dictionary"),
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
    (lesson_01.check_what_it_shows, lambda: dict.fromkeys("abcdef", True), "statement b: .*tosses a coin"),
    (lesson_01.check_what_it_shows, lambda: dict(zip("abcdef", SHOWN_01, strict=True)) | {"c": True}, "within 3 %"),
    (
        lesson_01.check_what_it_shows,
        lambda: dict(zip("abcdef", SHOWN_01, strict=True)) | {"d": True},
        "out of its sight",
    ),
    (lesson_01.check_what_it_shows, lambda: dict(zip("abcdef", SHOWN_01, strict=True)) | {"e": False}, "low bar"),
    (lesson_01.check_what_it_shows, lambda: dict(zip("abcdef", SHOWN_01, strict=True)) | {"f": True}, "26 places"),
    (lesson_01.check_what_it_shows, lambda: SHOWN_01[:3], "expected 6 marks"),
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
    (lesson_02.check_slope, lambda W, T: -0.72, "The same comes whatever is given"),
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
    (lesson_03.check_figure_says, lambda: ["True", "False", "True", "True", "False"], "without quotes"),
    (lesson_03.check_figure_says, lambda: [True, False], "mark statement 3, too"),
    (lesson_03.check_figure_says, lambda: True, "for each of 5 statements"),
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
    (lesson_04.check_early_stop, lambda a, n: stop_with(a, n, lambda a, best, look: a[0]), "not with the first"),
    (
        lesson_04.check_early_stop,
        lambda a, n: stop_with(a, n, lambda a, best, look: min(a)),
        "without itself and those to come",
    ),
    (
        lesson_04.check_early_stop,
        lambda a, n: stop_with([-x for x in a], n, the_lowest),
        "<, not >",
    ),
    (
        lesson_04.check_early_stop,
        lambda a, n: (stop_early(a, n)[1] - n, stop_early(a, n)[1]),
        "need not lie `patience` looks back",
    ),
    (lesson_04.check_early_stop, lambda a, n: stop_with(a, n, the_lowest, end=0), "so the last is len.losses. - 1"),
    (lesson_04.check_early_stop, lambda a, n: stop_early(a, n)[1], "return keep, look"),
    (lesson_04.check_batch_of_tape, lambda i, b, n, k: batch(i, b, n, k)[::-1], "return the inputs first"),
    (
        lesson_04.check_batch_of_tape,
        lambda i, b, n, k: [i[(len(i) - 1) / b * np.arange(b)[:, None] + k * n + np.arange(n) + j] for j in (0, 1)],
        "/ makes a fraction",
    ),
    (lesson_04.check_nucleus, lambda p, q: p * (p >= q) / (p * (p >= q)).sum(), "top_p is no bar"),
    (
        lesson_04.check_nucleus,
        lambda p, q: only(p, q, lambda inside, kept: p * inside / (p @ inside)),
        "in sorted order",
    ),
    (
        lesson_04.check_nucleus,
        lambda p, q: only(p, q, lambda inside, kept: (kept > 0) / (kept > 0).sum()),
        "not all alike",
    ),
    (
        lesson_04.check_nucleus,
        lambda p, q: only(p, q, lambda inside, kept: p * (kept == 0) / max((p * (kept == 0)).sum(), 0.02)),
        "Turned round",
    ),
    (
        lesson_04.check_nucleus,
        lambda p, q: only(p, q, lambda inside, kept: np.exp(p) * (kept > 0) / (np.exp(p) @ (kept > 0))),
        "without exp",
    ),
    (lesson_04.check_nucleus, lambda p, q: nucleus(p, q)[nucleus(p, q) > 0], "0 for what is left out"),
    (lesson_04.check_nucleus, with_equals, "Of equals, too"),
    (lesson_04.check_own_programs, lambda: "", "is empty"),
    (lesson_04.check_own_programs, lambda: "x = 1\nwhile x < 2:\n    x += 1\n", "not a program itself"),
    (lesson_04.check_own_programs, lambda: PROGRAMS.replace("b = {}", ""), "takes another one"),
    (lesson_04.check_own_programs, lambda: PROGRAMS.replace('["<new:v>', '["<old:v>'), "on a line before"),
    (lesson_04.check_own_programs, lambda: PROGRAMS.replace("start", "begin"), "no line start"),
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
    (lesson_04.check_figures_say, lambda: [1, 2, 1, 0, 1], "expected True or False, got 2"),
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
    (lesson_04.check_batch_of_tape, rolled_in_the_row, "not the row's first"),
    (lesson_04.check_batch_of_tape, lambda i, b, n, k: batch(i, b, n, 0), "batch 0 again"),
    (lesson_04.check_batch_of_tape, lambda i, b, n, k: batch(i, b, n, k, row=12), "row b begins at 12 b"),
    (
        lesson_04.check_batch_of_tape,
        lambda i, b, n, k: batch(i, b, n, k, row=(len(i) - 1) // b // n * n),
        "full batches",
    ),
    (lesson_04.check_batch_of_tape, lambda i, b, n, k: [a[:, 1:] for a in batch(i, b, n, k)], "one token too few"),
    (lesson_04.check_batch_of_tape, lambda i, b, n, k: [a[:, :0] for a in batch(i, b, n, k)], "batch 0 is the first"),
    (lesson_04.check_batch_of_tape, lambda i, b, n, k: batch(i, 2, n, k), "batch_size rows, here 4"),
    (lesson_04.check_batch_of_tape, lambda i, b, n, k: batch(i, b, (len(i) - 1) // b, 0), "rows are cut there"),
    (lesson_04.check_batch_of_tape, lambda i, b, n, k: (batch(i, b, n, k)[0], np.arange(b)), "each token that is read"),
    (lesson_04.check_batch_of_tape, lambda i, b, n, k: batch(np.arange(len(i)), b, n, k), "Those are places"),
    (lesson_04.check_nucleus, lambda p, q: best_few(p, int(q * len(p))), "a share of the characters"),
    (lesson_04.check_nucleus, lambda p, q: best_few(p, round(q * len(p))), "a share of the characters"),
    (lesson_04.check_nucleus, lambda p, q: best_few(p, 2), "Always 2 stay"),
    (lesson_04.check_nucleus, lambda p, q: nucleus(p, q / 100), "Only the most probable stays"),
    (lesson_04.check_nucleus, lambda p, q: p * (p >= q * p.max()) / p[p >= q * p.max()].sum(), "relative to the best"),
    (lesson_04.check_nucleus, lambda p, q: nucleus(p, q) ** 2 / (nucleus(p, q) ** 2).sum(), "squared first"),
    (lesson_04.check_nucleus, lambda p, q: np.where(nucleus(p, q) > 0, nucleus(p, q), -np.inf), "infinity is a score"),
    (lesson_04.check_nucleus, lambda p, q: nucleus(p, q, scale=False) / q, "not by top_p"),
    (lesson_04.check_nucleus, lambda p, q: best_few(p, (nucleus(p, q) > 0).sum() + 2), "stay, expected"),
    (lesson_04.check_early_stop, lambda a, n: stop_with(a, n, lambda a, best, look: a[look]), "No look is ever below"),
    (lesson_04.check_early_stop, lambda a, n: stop_early(a, 2), "It waits 2 looks"),
    (lesson_04.check_early_stop, lambda a, n: (stop_early(a, n)[0], stop_early(a, n)[1] - 1), "at which it stops"),
    (lesson_05.check_gru_step, gru_mixed(lambda z, h, c: (1 - z) * c), "z . h_prev is missing"),
    (lesson_05.check_gru_step, gru_mixed(lambda z, h, c: c + (1 - z) * h), "Here z keeps h_prev"),
    (lesson_05.check_gru_step, gru_mixed(lambda z, h, c: z * h + c), "candidate is not multiplied"),
    (lesson_05.check_gru_step, gru_mixed(mixed, last_bias=0), "candidate's part of the bias"),
    (lesson_05.check_gru_step, gru_mixed(mixed, W_back=np.transpose), "is transposed"),
    (lesson_05.check_gru_step, gru_mixed(mixed, of_x="z"), "not z . h_prev"),
    (lesson_05.check_gru_step, gru_mixed(mixed, of_x="r"), "for h_prev alone"),
    (lesson_05.check_gru_step, gru_mixed(mixed, split=lambda m: [m[:, i::3] for i in range(3)]), "not every third"),
    (lesson_05.check_gru_step, gru_mixed(mixed, split=lambda m: np.split(m, 3)), "axis=1. cuts columns"),
    (lesson_05.check_gru_step, lambda *a: gru_step(*a, order="crz"), "in another order"),
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
    (
        lesson_05.check_residual,
        lambda x, layers: layers[-1](reduce(lambda v, f: v + f(v), layers[:-1], x)),
        "highest layer is not summed",
    ),
    (lesson_05.check_residual, lambda x, layers: reduce(lambda v, f: v + f(v), layers[::-1], x), "lowest first"),
    (lesson_05.check_residual, lambda x, layers: reduce(lambda v, f: (v + f(v)) / 2, layers, x), "not the mean"),
    (lesson_05.check_residual, densely, "has that already"),
    (
        lesson_05.check_residual,
        lambda x, layers: reduce(lambda v, f: np.concatenate([v, f(v)], axis=-1), layers, x),
        "side by side",
    ),
    (lesson_05.check_own_cell, LSTMCell, "use fewer"),
    (lesson_05.check_own_cell, with_numpy, "no gradient passes through NumPy"),
    (lesson_05.check_own_cell, one_gate(hand_on=lambda old, new: (new, [old])), "hands on the old state"),
    (lesson_05.check_own_cell, one_gate(hand_on=lambda old, new: new), "return h_t, .h_t"),
    (lesson_05.check_own_cell, one_gate(opened=lambda f: keras.ops.sigmoid(f) + 3.0), "stands inside its sigmoid"),
    (lesson_05.check_own_cell, one_gate(blocks=None), "such as blocks = 2"),
    (lesson_05.check_own_cell, one_gate(unpack=lambda states: states), "take out what is in it"),
    (lesson_05.check_own_cell, one_gate(states=("h", "c")), "has 2 states, h, c, and call hands on 1"),
    (lesson_05.check_own_cell, one_gate(unpack=lambda states: next(h for h, c in [states])), "takes 2 states"),
    (lesson_05.check_own_cell, one_gate(width=16), "hand `units` on"),
    (lesson_05.check_own_cell, lambda units: OneGate, "that is the class"),
    (lesson_05.check_own_cell, ShortMemory, "of the gradient is left, expected 0.01"),
    (lesson_05.check_own_cell, Unbounded, "keep it from -1 to 1"),
    (lesson_05.check_own_cell, Wasteful, "change nothing"),
    (lesson_05.check_own_cell, DeadBlock, "columns 32 to 47"),
    (lesson_05.check_own_cell, lambda units: units, "expected a cell"),
    *(
        (lesson_05.check_gru_step, gru_mixed(mix), hint)
        for mix, hint in (
            (lambda z, h, c: (h + c) / 2, "mean of both"),
            (lambda z, h, c: np.tanh(mixed(z, h, c)), "No tanh around"),
            (lambda z, h, c: mixed(z, h, c)[0], "that is one row"),
            (lambda z, h, c: mixed(z, h, c).sum(1), "nothing is summed"),
            (lambda z, h, c: z * h + z * c, "counts with 1 - z, not with z"),
        )
    ),
    *(
        (lesson_05.check_gru_step, lambda *a, change=change: gru_with(*a, **change), hint)
        for change, hint in (
            ({"plain": "r"}, "r goes through a sigmoid, too"),
            ({"plain": "z"}, "z goes through a sigmoid, too"),
            ({"mixed_by": "r"}, "r is in the mix there"),
            ({"turned": "c"}, "A block of W_h is transposed"),
            ({"W_x": "zrz"}, "the candidate read the block of z in W_x"),
            ({"W_h": "rrc"}, "z read the block of r in W_h"),
            ({"bias": "rzc"}, "The blocks of b are in another order"),
            ({"gate_reads": "r"}, "z reads h_prev itself"),
            ({"gate": lambda a: 1 / 1 + np.exp(-a)}, "brackets around all"),
            ({"width": "D"}, "as many as x_t has columns"),
            ({"width": "B"}, "as many as the batch has rows"),
            ({"blind": "z"}, "z sees x_t, too"),
            ({"blind": "c"}, "The candidate reads x_t, too"),
        )
    ),
    *(
        (lesson_05.check_residual, lambda x, layers, step=step: reduce(step, layers, x), hint)
        for step, hint in (
            (lambda v, f: f(v) + f(f(v)), "asked once"),
            (lambda v, f: v + 2 * f(v), "counts once in the sum"),
            (lambda v, f: np.tanh(v + f(v)), "the tanh is inside"),
        )
    ),
    (
        lesson_05.check_residual,
        lambda x, layers: reduce(lambda v, f: v + f(v), layers[1:], x),
        "lowest layer is missing",
    ),
    (
        lesson_05.check_residual,
        lambda x, layers: reduce(lambda v, f: v + f(v), layers[1:], layers[0](x)),
        "lowest layer is not",
    ),
    (lesson_05.check_residual, lambda x, layers: reduce(lambda v, f: x + v + f(v), layers, x), "x is added once"),
    (lesson_05.check_residual, lambda x, layers: reduce(lambda v, f: f(v + x), layers, x), "comes .out. of the layer"),
    (
        lesson_05.check_residual,
        lambda x, layers: reduce(lambda v, n: v + n, range(len(layers)), x),
        "which no one calls",
    ),
    (lesson_05.check_residual, lambda x, layers: every_second(x, layers), "every second layer only"),
    (lesson_05.check_residual, lambda x, layers: sum(heights(x, layers)), "made alone"),
    (lesson_05.check_residual, lambda x, layers: np.array(heights(x, layers)), "not what stands at every height"),
    (lesson_05.check_own_cell, one_gate(opened=lambda f: keras.ops.sigmoid(f + 30.0)), "as if a gate stood at 1"),
    (lesson_05.check_own_cell, one_gate(hand_on=of_all_texts), "depends on the other texts of the batch"),
    (lesson_05.check_own_cell, BlindCell, "with another x_t"),
    (lesson_05.check_own_cell, RowsCut, "rows are texts, and they are cut"),
    (lesson_05.check_own_cell, lambda units: ONE_FOR_ALL, "the same cell at every call"),
    (lesson_05.check_own_cell, keras.layers.GRU, "GRU is a layer"),
    (
        lesson_05.check_own_cell,
        lambda units: OneGate(units, bias_initializer=lambda shape, dtype=None: keras.ops.zeros(8)),
        "its initializer gives the bias 8 numbers",
    ),
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
    (lesson_06.check_greedy, lambda step, state, n: [2, *speak(step, state, n)][:n], "never said"),
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
    (lesson_06.check_words_right, lambda said, truth: 100 * words_right(said, truth), "in percent"),
    (
        lesson_06.check_words_right,
        lambda said, truth: np.cumprod((said == truth) | (truth == 0), 1)[truth != 0].mean(),
        "stops counting at the first mistake",
    ),
    (
        lesson_06.check_words_right,
        lambda said, truth: np.mean([w in row for words, row in zip(truth, said, strict=True) for w in words if w]),
        "not anywhere",
    ),
    (lesson_06.check_words_right, lambda said, truth: (said == truth).all(axis=1).mean(), "without a mistake"),
    (lesson_06.check_last_state, lambda h, m: (h * m[..., None])[:, -1], "where a sentence is short"),
    (lesson_06.check_last_state, lambda h, m: (h * m[..., None]).sum(1), "the sum of the memories"),
    (lesson_06.check_last_state, lambda h, m: (h * m[..., None]).max(1), "take the last memory"),
    (lesson_06.check_last_state, lambda h, m: h[:, m.sum() - 1], "of the whole batch"),
    (lesson_06.check_last_state, lambda h, m: h[np.arange(len(h)), m.sum()], "of the whole batch"),
    (lesson_06.check_greedy, lambda step, state, n: [2, *speak(step, state, n)], "never said"),
    (lesson_06.check_greedy, lambda *a: speak(*a, word=0), "Begin with"),
    (lesson_06.check_greedy, lambda *a: speak(*a, find=np.argmin), "least likely"),
    (lesson_06.check_greedy, lambda *a: speak(*a, skip=True), "do not only skip it"),
    (lesson_06.check_greedy, lambda step, state, n: skipping(step, state, n), "do not only skip it"),
    (lesson_06.check_greedy, lambda *a: (speak(*a), a[1]), "the list of words alone"),
    (lesson_06.check_greedy, lambda step, state, n: [step(2, state)[0].max()], "argmax says"),
    (lesson_06.check_beam_search, lambda *a: search(*a, parents=True), "the state that `step` returned"),
    (lesson_06.check_beam_search, lambda *a: search(*a, one=True), "state of its own|does not end"),
    (lesson_06.check_beam_search, lambda *a: search(*a, ended=False), "do not lengthen it|does not end"),
    (lesson_06.check_beam_search, lambda *a: search(*a, done=any), "a longer one may be better"),
    (lesson_06.check_beam_search, lambda *a: search(*a, done=lambda over: next(iter(over))), "not the best alone"),
    (lesson_06.check_beam_search, lambda step, state, K: search(step, state, K + 1), "not M . 1"),
    (lesson_06.check_beam_search, lambda *a: search(*a, each=True), "not M for each beginning"),
    (lesson_06.check_own_languages, lambda: LANGUAGES.replace('"hear"', '"see"'), "Each word once"),
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
    (lesson_06.check_own_languages, lambda: LANGUAGES.replace('["1:', '["two:'), "'two' is no number"),
    *(
        (lesson_06.check_last_state, lambda h, mask, where=where: h[np.arange(len(h)), where(mask)], hint)
        for where, hint in (
            (lambda mask: mask.sum(axis=0)[: len(mask)] - 1, "Summed over axis 0"),
            (lambda mask: (~mask).sum(axis=1) - 1, "counts the padding"),
            (lambda mask: -mask.sum(axis=1), "from the end"),
            (lambda mask: [4] * len(mask), "place 4 of every sentence"),
            (lambda mask: [3] * len(mask), "place 3 of"),
        )
    ),
    (lesson_06.check_last_state, lambda h, mask: h[0, mask[0].sum() - 1], "memory of one sentence"),
    *(
        (lesson_06.check_words_right, share, hint)
        for share, hint in (
            (lambda said, truth: (said == truth)[truth > 1].mean(), "1 is a word, too"),
            (lambda said, truth: (said == truth)[truth > 3].mean(), "1 to 3 are words, too"),
            (lambda said, truth: (said == truth)[0][truth[0] > 0].mean(), "That is one row"),
            (lambda said, truth: ((said == truth) & (truth > 0)).sum() // (truth > 0).sum(), "fraction is cut off"),
            (lambda said, truth: (said == truth)[:, 1:][truth[:, 1:] > 0].mean(), "The first word of each row"),
            (lambda said, truth: (said == truth)[:, :-1][truth[:, 1:] > 0].mean(), "The last word of each row"),
            (lambda said, truth: (said == truth)[(said > 0) == (truth > 0)].mean(), "said by truth alone"),
            (
                lambda said, truth: 2 * ((said == truth) & (truth > 0)).sum() / ((said > 0).sum() + (truth > 0).sum()),
                "mean of both numbers",
            ),
            (
                lambda said, truth: (said == truth)[
                    (truth > 0) & ((said > 0).sum(1) == (truth > 0).sum(1))[:, None]
                ].mean(),
                "said by truth alone",
            ),
        )
    ),
    (lesson_06.check_greedy, lambda step, state, n: speak(step, state, n, find=drawn), "do not draw"),
    (lesson_06.check_greedy, lambda step, state, n: speak(twice(step), state, n), "called twice for a word"),
    (
        lesson_06.check_greedy,
        lambda step, state, n: speak(step, state, n, find=lambda p: p.argmax() + 1),
        "both begin at 0",
    ),
    (
        lesson_06.check_greedy,
        lambda step, state, n: speak(step, state, n, find=lambda p: p.argsort()[-2]),
        "second best",
    ),
    (
        lesson_06.check_greedy,
        lambda step, state, n: [w for w in np.argsort(-step(2, state)[0])[:n] if w != 3],
        "from the first step",
    ),
    (lesson_06.check_greedy, returns_in_the_loop, "stand inside a loop"),
    (lesson_06.check_beam_search, set_aside, "sets ended sentences aside"),
    (lesson_06.check_beam_search, lambda *a: set_aside(*a, until="M"), "sets ended sentences aside"),
    (lesson_06.check_beam_search, appended, "shared one list"),
    *(
        (lesson_06.check_beam_search, lambda *a, change=change: search(*a, **change), hint)
        for change, hint in (
            ({"width": lambda K: max(K - 1, 1)}, "not M - 1"),
            ({"width": lambda K: K * K}, "not M times M"),
            ({"width": lambda K: 5}, "It keeps 5, whatever"),
            ({"feed": False}, "Hand the last word of a beginning"),
            ({"add": lambda a, b: b}, "of its last word alone"),
            ({"add": lambda a, b: a + np.exp(b)}, "without exp"),
            ({"sort": -1, "possible": False}, "the largest first"),
            ({"sort": 0, "possible": False}, "the largest first"),
            ({"keep": False, "possible": False}, "What has ended stays"),
            ({"find": lambda beams: beams[-1]}, "the last of the M"),
            ({"find": max}, "At the end, too"),
            ({"done": any, "find": lambda beams: beams[0]}, "until all M have ended"),
            ({"parents": True, "possible": False}, "not with the old one"),
        )
    ),
    (lesson_06.check_beam_search, lambda *a: (search(*a)[0], np.inf), "as if log p were multiplied"),
    (lesson_06.check_beam_search, lambda *a: scored(*a, lambda p, last, n: p / n if n else -np.inf), "counts"),
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
    (lesson_07.check_error_on_paper, lambda: 18.2, "[Rr]ight in percent"),
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
    (lesson_07.check_own_match, lambda z, h: z @ h.T, "that is the dot product"),
    (lesson_07.check_read, lambda q, k, v, m: read_unshifted(q, k, v, m, lambda s, m: 0), "the largest score of a"),
    (lesson_07.check_read, lambda q, k, v, m: read_unshifted(q, k, v, m, lambda s, m: s[m].min()), "not the smallest"),
    (
        lesson_07.check_read,
        lambda q, k, v, m: read_unshifted(q, k, v, m, lambda s, m: np.where(m, s, 0).max()),
        "not that of padding",
    ),
    (lesson_07.check_read, lambda *a: read(*a, scale=len(a[0]) ** 0.5), "do not multiply"),
    (lesson_07.check_read, lambda *a: read(*a, scale=a[2].shape[1] ** -0.5), "not that of a value"),
    (lesson_07.check_read, lambda *a: read(*a, padding=-1.0), "such as -1, or -100"),
    (lesson_07.check_read, lambda *a: read(*a, padding=-100.0), "such as -1, or -100"),
    (lesson_07.check_read, lambda q, k, v, m: (read(q, k, v, m)[0], read_scores(q, k, m)), "Those are the scores"),
    *(
        (lesson_07.check_read, lambda q, k, v, m, weigh=weigh: (weigh(q, k, m) @ v, weigh(q, k, m)), hint)
        for weigh, hint in (
            (lambda q, k, m: softmax(read_scores(q, k, m) * np.log(2)), "not powers of 2"),
            (lambda q, k, m: softmax(np.minimum(read_scores(q, k, m), 50)), "as if large scores were cut off"),
            (
                lambda q, k, m: softmax(
                    read_scores(q, k, m) / np.linalg.norm(k, axis=1) * len(q) ** 0.5 / (q @ q) ** 0.5
                ),
                "softmax of a cosine",
            ),
            (
                lambda q, k, m: softmax(read_scores(q, k, np.arange(len(m)) < m.sum())),
                "need not stand at the beginning",
            ),
        )
    ),
    *(
        (lesson_07.check_largest_weight, formula, hint)
        for formula, hint in (
            (lambda g, T: np.exp(g) / (np.exp(g) + (T - 1) * np.exp(-1)), "gamma scales the score of each place"),
            (lambda g, T: np.exp(g) / (np.exp(g) - (T - 1) * np.exp(-g)), "the weights of all places are added"),
            (lambda g, T: np.exp(g) / (np.exp(g) + T - 2 + np.exp(-g)), "not one of them alone"),
            (lambda g, T: np.exp(g) / np.exp(g) + (T - 1) * np.exp(-g), "needs brackets around it"),
            (lambda g, T: 1 / (1 + np.exp(-2 * g * (T - 1))), "stands before exp"),
            (lambda g, T: np.tanh(g), "T is missing"),
            (lambda g, T: largest(np.exp(g), T), "gamma is the scale itself"),
            (lambda g, T: g / (g + (T - 1) * -g), "exp is"),
            (lambda g, T: largest(2 * g, T), "gamma times 1, and gamma times -1"),
        )
    ),
    *(
        (lesson_07.check_error_on_paper, lambda number=number: number, hint)
        for number, hint in (
            (0.33, "do not look at their sure link"),
            (0.43, "all different links"),
            (0.36, "Every sure link is possible"),
            (0.1, "all 6 words look somewhere"),
            (-0.8, "not .S. alone"),
            (-0.5, "not .A. alone"),
            (0.19, "third decimal"),
            (0, "There are mistakes"),
        )
    ),
    *(
        (lesson_07.check_fill_unknown, lambda w, a, s, look=look: fill_by(w, s, lambda j: look(w, a, j)), hint)
        for look, hint in (
            (lambda w, a, j: a[j].argsort()[-2], "second most"),
            (lambda w, a, j: a[j].argmax() - 1, "One place beside"),
            (lambda w, a, j: a[w[:j].count("<unk>")].argmax(), "a row goes by with every word"),
            (lambda w, a, j: a[j, :-1].argmax(), "A column is left out"),
        )
    ),
    *(
        (lesson_07.check_own_match, match, hint)
        for match, hint in (
            (lambda z, h: np.corrcoef(z, h)[: len(z), len(z) :], "lengths are to be compared, too"),
            (lambda z, h: np.square(cosine(z, h)), "lengths are to be compared, too"),
            (cosine, "that is the cosine"),
            (lambda z, h: np.tanh(z) @ np.tanh(h).T, "a longer vector had a larger score"),
            (lambda z, h: -np.maximum(z[:, None] - h, 0).sum(-1), "counts in both directions"),
            (lambda z, h: -(z[:, None] - h).sum(-1), "counts in both directions"),
            (lambda z, h: -((z[:, :1] - h[:, 0]) ** 2), "compare all numbers"),
            (lambda z, h: -np.abs(np.abs(z[:, None]) - np.abs(h)).sum(-1), "compare the signs"),
            (lambda z, h: -(np.diff(z[:, None] - h) ** 2).sum(-1), "the same is added to every number"),
            (lambda z, h: softmax(-((z[:, None] - h) ** 2).sum(-1), axis=0), "without the first query"),
            (lambda z, h: -((z[:, None] - h) ** 2).sum(-1) - 0.01 * np.arange(len(h)), "without the first place"),
            (lambda z, h: z @ h.T - (h**2).sum(-1), "a shorter vector had a larger score"),
            (lambda z, h: ((z[:, None] - h) ** 2).sum(-1), "turn the sign round"),
            (lambda z, h: np.zeros((len(z), len(h))) + h.sum(-1), "compare with q"),
            (lambda z, h: np.zeros((len(z), len(h))) + z.sum(-1)[:, None], "compare with h"),
            (lambda z, h: np.random.rand(len(z), len(h)), "nothing is drawn"),
            (
                lambda z, h: np.stack([-((z[j] - h) ** 2).sum(-1) for j in range(3)]),
                "a row for each query, of which there are 4",
            ),
            (
                lambda z, h: np.stack([-((z - h[t]) ** 2).sum(-1) for t in range(6)], 1),
                "a column for each place, of which",
            ),
        )
    ),
    (lesson_07.check_read, lambda q, k, v, m: unscaled(q, k, v, m), "divide by their sum"),
    (lesson_07.check_read, lambda *a: (read(*a)[1][:, None] * a[2], read(*a)[1]), "add them up over the places"),
    (lesson_07.check_read, lambda q, k, v, m: read(q, k[m], v[m], m[m]), "keep all T places"),
    (lesson_07.check_largest_weight, lambda g, T: 100 * largest(g, T), "in percent"),
    (lesson_07.check_largest_weight, lambda g, T: largest(g, T, count=-2), "not T - 2"),
    (lesson_07.check_largest_weight, lambda g, T: largest(g**2, T), "without a square"),
    (lesson_07.check_largest_weight, lambda g, T: 2**g / (2**g + (T - 1) / 2**g), "not powers of 2"),
    (lesson_07.check_largest_weight, lambda g, T: g * np.e / (g * np.e + (T - 1) / np.e), "gamma"),
    (lesson_07.check_largest_weight, lambda g, T: g * largest(1, T), "gamma stands inside exp"),
    (lesson_07.check_error_on_paper, lambda: 18, "Right in percent"),
    (lesson_07.check_error_on_paper, lambda: 0.3, "not yet, 0.3 is too large"),
    (lesson_07.check_own_match, lambda z, h: -((z.sum(1)[:, None] - h.sum(1)) ** 2), "same numbers in another order"),
    (
        lesson_07.check_own_match,
        lambda z, h: -np.abs(np.linalg.norm(z, axis=1)[:, None] - np.linalg.norm(h, axis=1)),
        "not sums or lengths",
    ),
    (lesson_08.check_heard, lambda W_s, v: W_s / v, "only the sizes"),
    (lesson_08.check_heard, lambda W_s, v: abs(W_s), "v counts, too"),
    (lesson_08.check_heard, lambda W_s, v: abs(v * W_s), "Divide by the size of v"),
    (lesson_08.check_heard, lambda W_s, v: 0.8 * abs(W_s / v), "-0.8 in the example"),
    (lesson_08.check_heard, lambda W_s, v: 2, "depends on W_s and v"),
    (lesson_08.check_heard, lambda W_s, v: 3 * abs(W_s / v), "is too large: with W_v = 5 and a memory of -1"),
    (lesson_08.check_heard, lambda W_s, v: abs(W_s / v) / 3, "the sum is -0.833, which does not have the sign of v"),
    (lesson_08.check_heard, lambda W_s, v: v / W_s, "upside down"),
    (lesson_08.check_heard, lambda W_s, v: abs(v) / abs(W_s), "upside down"),
    (lesson_08.check_heard, lambda W_s, v: abs(W_s) // abs(v), "fraction is cut off"),
    (lesson_08.check_heard, lambda W_s, v: round(abs(W_s / v)), "No rounding"),
    (lesson_08.check_heard, lambda W_s, v: W_s**2 / v**2, "No squares"),
    (lesson_08.check_heard, lambda W_s, v: abs(W_s) / (2 * abs(v)), "half of what it needs"),
    (lesson_08.check_heard, lambda W_s, v: (1 + abs(W_s)) / abs(v), "no 1 is added"),
    (lesson_08.check_heard, lambda W_s, v: abs(W_s) < abs(v), "got True or False"),
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
    (lesson_08.check_predicted, lambda: {1: 1, 2: 5 / 7, 3: 2 / 6, 4: 1 / 5}, "expected four numbers, with commas"),
    (lesson_08.check_predicted, lambda: ("8/8", "5/7", "2/6", "1/5"), "without quotes"),
    (lesson_08.check_predicted, lambda: (1, 5 / 7, 2 / 7, 1 / 7), "have 6 groups of three: divide by that"),
    (lesson_08.check_predicted, lambda: (1, 0.845, 0.62, 0.467), "asked for is the share of each length alone"),
    (lesson_08.check_predicted, lambda: (1, 0.7, 0.3, 0.2), "One decimal is too coarse"),
    (lesson_08.check_predicted, lambda: (8 // 8, 5 // 7, 2 // 6, 1 // 5), "// cuts"),
    (lesson_08.check_predicted, lambda: (1 / 5, 2 / 6, 5 / 7, 1), "in reversed order"),
    (lesson_08.check_precision, lambda w, r: np.mean([any(x in ref for ref in r) for x in w]), "has three"),
    (lesson_08.check_precision, lambda w, r: clipped(w, r, most=sum), "not added up"),
    (lesson_08.check_precision, lambda w, r: clipped(w, r[:1]), "not the first alone"),
    (lesson_08.check_precision, lambda w, r: clipped(w, r, limit=1), "as many count as"),
    (lesson_08.check_precision, lambda w, r: clipped(w, r) * len(w), "Divide by the number"),
    (lesson_08.check_precision, lambda w, r: clipped(w, r) or float("nan"), "not finite"),
    (lesson_08.check_precision, lambda w, r: max(clipped(w, [ref]) for ref in r), "the best single reference"),
    (lesson_08.check_precision, lambda w, r: clipped(w, r) * len(w) / len(set(w)), "a repeated one counts"),
    (lesson_08.check_precision, lambda w, r: clipped(w, r) * len(w) / len(r[0]), "not of a reference"),
    (lesson_08.check_precision, lambda w, r: int(clipped(w, r)), "fraction is cut off"),
    (
        lesson_08.check_precision,
        lambda w, r: sum(min(w.count(x), max(ref.count(x) for ref in r)) for x in w) / len(w),
        "counted two times over",
    ),
    (lesson_08.check_precision, lambda w, r: clipped(w, r) / 2, "`the` 2, `dog` 1; it has 4"),
    (lesson_08.check_own_thing, lambda: KITE.replace("size = [0.5, 0.5]", "size = 0.5"), "both more than 0"),
    (lesson_08.check_own_thing, lambda: KITE.replace("size = [0.5, 0.5]", "size = [0, 0.5]"), "both more than 0"),
    (
        lesson_08.check_own_thing,
        lambda: KITE.replace("kinds.kite", "kinds.'cat and mouse'"),
        "one word in small letters",
    ),
    (lesson_08.check_own_thing, lambda: KITE.replace("kinds.kite", "kinds.Kite"), "one word in small letters"),
    (lesson_08.check_own_thing, lambda: KITE.replace("kinds.kite", "kinds.and"), "nobody can read"),
    (lesson_08.check_own_thing, lambda: KITE.replace("kite", "dog"), "the world has a dog already"),
    (lesson_08.check_own_thing, lambda: KITE.replace("size = [0.5, 0.5]", "") + "size = [1, 1]", "move it above"),
    (lesson_08.check_own_thing, lambda: KITE.replace("[0.5, 0.5]", "[50, 70]"), "not pixels"),
    (lesson_08.check_own_thing, lambda: KITE.replace('["flying"]', "true"), "expected a list of states"),
    (lesson_08.check_own_thing, lambda: KITE.replace('["flying"]', '["soaring"]'), "no state of a kite"),
    (lesson_08.check_own_thing, lambda: KITE.replace("flies", 'colour = "red"\nflies'), "all eight colours"),
    (lesson_08.check_own_thing, lambda: KITE + 'sitting = """\nbox main 0 0 1 1\n', "ends with three"),
    (lesson_08.check_own_thing, lambda: KITE + 'sitting = "oval main 0 0 1"', "An oval has 4 or 5"),
    (lesson_08.check_own_thing, lambda: KITE + 'sitting = "line main 0 0 1 1"', "its width first, then x and y"),
    (lesson_08.check_own_thing, lambda: "kite.toml", "not the name of a file"),
    (lesson_08.check_own_thing, lambda: "", "no new kind"),
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
    (lesson_09.check_least_penalty, lambda J, T, k: k * (T - J), "a region of its own"),
    (lesson_09.check_least_penalty, lambda J, T, k: k * T * (1 - J // T) ** 2, "// regions cuts"),
    (lesson_09.check_least_penalty, lambda J, T, k: k * ((J - 1) ** 2 + T - 1), "cost most"),
    (lesson_09.check_least_penalty, lambda J, T, k: J / T, "the weight of a region"),
    (lesson_09.check_least_penalty, lambda J, T, k: T * (k * (1 - J / T)) ** 2, "strength is not squared"),
    (
        lesson_09.check_least_penalty,
        lambda J, T, k: k * (J % T * (J // T) ** 2 + (T - J % T) * (1 - J // T) ** 2),
        "may share its weight",
    ),
    (lesson_09.check_least_penalty, lambda J, T, k: 2 * k * T * (1 - J / T) ** 2, "less can be reached"),
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
    (lesson_09.check_what_it_shows, lambda: {"a": True}, "mark statement b, too"),
    (lesson_09.check_what_it_shows, lambda: MARKS | {"c": "True"}, "expected True or False"),
    (lesson_09.check_what_it_shows, lambda: MARKS | {"h": True}, "there is no statement 'h'"),
    (lesson_09.check_what_it_shows, lambda: [True, False], "expected 7 marks, got 2"),
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
    (lesson_09.check_hit, lambda a, box, n: hit(a, box, 128), "not always 128"),
    (lesson_09.check_hit, lambda a, box, n: hit(a, box, n, find=lambda w: w.T.argmax()), "row by row"),
    *(
        (lesson_09.check_hit, lambda a, box, n, place=place: hit_at(place(a, n, *peak(a)), box), hint)
        for place, hint in (
            (lambda a, n, y, x: ((y + 0.5) * n / a.shape[0], (x + 0.5) * n / a.shape[0]), "need not be square"),
            (lambda a, n, y, x: ((y + 0.5) * n / a.shape[1], (x + 0.5) * n / a.shape[1]), "need not be square"),
            (lambda a, n, y, x: ((y + 0.5) * n / a.shape[1], (x + 0.5) * n / a.shape[0]), "need not be square"),
            (lambda a, n, y, x: ((y + 0.5) * n / 8, (x + 0.5) * n / 8), "not always 8 × 8"),
            (lambda a, n, y, x: ((y + 0.5) * (n // a.shape[0]), (x + 0.5) * (n // a.shape[1])), "cut the fraction off"),
            (lambda a, n, y, x: (y + 0.5, x + 0.5), "Count in pixels"),
            (lambda a, n, y, x: (y * n / a.shape[0], (x + 0.5) * n / a.shape[1]), "corner of the cell in y"),
            (lambda a, n, y, x: ((y + 1) * n / a.shape[0], (x + 1) * n / a.shape[1]), "half a cell before"),
            (lambda a, n, y, x: ((a.shape[0] - y - 0.5) * n / a.shape[0], (x + 0.5) * n / a.shape[1]), "from the top"),
            (
                lambda a, n, y, x: (
                    (a.argmax() // a.shape[0] + 0.5) * n / a.shape[0],
                    (a.argmax() % a.shape[0] + 0.5) * n / a.shape[1],
                ),
                "by the number of columns",
            ),
        )
    ),
    (lesson_09.check_hit, lambda a, box, n: hit(a, (box[1], box[0], *box[2:]), n), "x comes before y"),
    (
        lesson_09.check_hit,
        lambda a, box, n: hit(a, (box[0] - box[2] / 2, box[1] - box[3] / 2, *box[2:]), n),
        "upper left corner",
    ),
    (lesson_09.check_hit, lambda a, box, n: hit(a, box, n, in_x=False) or hit(a, box, n, in_y=False), "and, not or"),
    (lesson_09.check_score_gradient, lambda p, d, r, b: score_gradient(p, d, r, 0), "baseline is missing"),
    (lesson_09.check_score_gradient, lambda p, d, r, b: -score_gradient(p, d, r, b), "sign is turned round"),
    (lesson_09.check_score_gradient, lambda p, d, r, b: score_gradient(p, d, r, -b), "not plus"),
    (lesson_09.check_score_gradient, lambda p, d, r, b: score_gradient(p, d, r, r.mean()), "that is given"),
    (lesson_09.check_score_gradient, lambda p, d, r, b: score_gradient(p, d, r, b, 0), "not drawn goes down"),
    (lesson_09.check_score_gradient, lambda p, d, r, b: score_gradient(p, d, r, b, 0) / p, "gradient for alpha"),
    (lesson_09.check_score_gradient, lambda p, d, r, b: score_gradient(p, d, r, b, mean=np.sum), "not the sum"),
    *(
        (lesson_09.check_score_gradient, lambda p, d, r, b, learn=learn: learn(p, d, r - b, np.eye(len(p))[d]), hint)
        for learn, hint in (
            (lambda p, d, r, one: ((p[d] * r)[:, None] * (one - p)).mean(axis=0), "as often as alpha says"),
            (lambda p, d, r, one: (r[:, None] * (one - p[d][:, None])).mean(axis=0), "by its own weight"),
            (lambda p, d, r, one: (r[:, None] * (1 - p)).mean(axis=0), "belongs to the region drawn"),
            (lambda p, d, r, one: (r[:, None] * one * (1 - p)).mean(axis=0), "goes down, too"),
            (lambda p, d, r, one: (r[:, None] * (one - p)).sum(axis=0) / len(p), "not of regions"),
            (lambda p, d, r, one: (r[d][:, None] * (one - p)).mean(axis=0), r"no reward\[drawn\]"),
            (lambda p, d, r, one: (r[:, None] * (one - p)).mean(axis=0) / r.std(), "divide by the spread"),
            (lambda p, d, r, one: added(p, d, r) / len(d) - p * r.mean(), "keeps one of several draws"),
            (lambda p, d, r, one: added(p, d, r) / len(d), "keeps one of several draws"),
        )
    ),
    (lesson_09.check_focus, lambda a: np.diff(np.sort(a)[-2:])[0], "half on one region"),
    (lesson_09.check_focus, lambda a: 1 + (a * np.log(a + 1e-30)).sum() / np.log(len(a)), "entropy of the lesson"),
    (lesson_09.check_focus, np.max, "all regions alike, 64 regions: expected 0"),
    (lesson_09.check_focus, np.var, "one region, 64 regions: expected 1"),
    (lesson_09.check_focus, lambda a: sharp(a) ** (1 + np.argmax(a)), "places should not matter"),
    (lesson_09.check_focus, lambda a: (a[3] - 1 / len(a)) / (1 - 1 / len(a)), "places should not matter"),
    (lesson_09.check_focus, lambda a: -(a * np.log(a + 1e-30)).sum(), "turned round: it is large for a wide look"),
    (lesson_09.check_focus, lambda a: float(sharp(a) == 1), "between 0 and 1"),
    (lesson_10.check_p_good, lambda: (3.0, -1.275), "through the sigmoid"),
    (lesson_10.check_p_good, lambda: (0.154, 0.218), "the first: .* main clause decides"),
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
    (lesson_10.check_bag_ceiling, lambda t, s, p: max((s * p).sum(), (s * (1 - p)).sum()), "each bag has its own"),
    (lesson_10.check_bag_ceiling, lambda t, s, p: 0.75, "The same comes whatever is given"),
    (lesson_10.check_pooled, lambda h, m: pool(h, m, h.shape[1], 0), "still divides by T"),
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


GROUND = """
start = "STORY"
[sets.a]
cat = { says = "meow" }
dog = { says = "woof" }
[sets.b]
meow = {}
woof = {}
[rules]
STORY = ["the {x}/k RUNS and says {x.says}/k! where x in a"]
RUNS = ["runs home fast", "sleeps at night"]
"""


def grammar(*changes):
    """GROUND with some pieces of it replaced."""
    text = GROUND
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return lambda: text


def first_only(sentence):
    for token in tokenize(sentence):
        return int(token.isalpha())
    return 0


def sets_to_one(sentence):
    n = 0
    for token in tokenize(sentence):
        if token.isalpha():
            n = +1
    return n


def shifted(s, t, by, divided=True):
    e = np.exp(s / t - by(s / t if divided else s, axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def powers(s, t):
    p = softmax(s) ** (1 / t)
    return p / p.sum(axis=-1, keepdims=True)


def columns(order):
    """counter, with the columns of its weights in another order."""
    at = ["ifgo".index(gate) for gate in order]
    return lambda a: tuple(part[..., at] for part in counter(a))


def shut(alphabet):
    W_x, W_h, b = counter(alphabet)
    W_x[[alphabet.index("("), alphabet.index(")")], 1] = -40
    return W_x, W_h, b


def scaled_by(norm, compared=None):
    """clip, with another norm."""

    def clip(gradients, limit):
        by = norm(gradients)
        above = (compared or norm)(gradients) > limit
        return [g * limit / by if above else g for g in gradients]

    return clip


def norms(gradients):
    return [np.linalg.norm(g) for g in gradients]


def squares(gradients):
    return sum((g**2).sum() for g in gradients)


def first_of_loop(gradients, limit):
    for g in clip(gradients, limit):
        return [g]


def back_with(d, p, W, da):
    return da @ W.T, p.T @ da


def lstm_back_to_h(change):
    """lstm_back, with other parts (d and slope of each gate) on the way to h."""

    def back(dh, dc_next, i, f, g, o, c_prev, c, W_h):
        dc = dc_next + dh * o * (1 - np.tanh(c) ** 2)
        parts = [dc * g, i * (1 - i)], [dc * c_prev, f * (1 - f)], [dc * i, 1 - g**2], [dh * np.tanh(c), o * (1 - o)]
        change(parts, locals())
        return np.hstack([d * slope for d, slope in parts]) @ W_h.T, dc * f

    return back


def lstm_back_to_c(part):
    """lstm_back, with something else to c: of dc, dc_next, dh, f, o, c."""

    def back(dh, dc_next, i, f, g, o, c_prev, c, W_h):
        dc = dc_next + dh * o * (1 - np.tanh(c) ** 2)
        return lstm_back(dh, dc_next, i, f, g, o, c_prev, c, W_h)[0], part(dc, dc_next, dh, f, o, c)

    return back


MENDED = [  # what was passed, not explained, or told a wrong cause
    (lesson_00.check_count_words, lambda s: len(s.split()), "'Paris – in May .* dash between two spaces"),
    (lesson_00.check_count_words, first_only, "return inside the loop"),
    (lesson_00.check_count_words, sets_to_one, "=. 1 written for .= 1"),
    (lesson_00.check_count_words, lambda s: sum(w.isalpha() for w in s.split()), "text.tokenize takes it apart"),
    (lesson_00.check_count_words, lambda s: sum(map(str.isalpha, tokenize(s))) + 1, "does the count begin at 1"),
    (lesson_00.check_count_words, lambda s: str(len(s)), "without str"),
    (lesson_00.check_count_words, lambda s: len({w for w in tokenize(s) if w.isalpha()}), "'I read and .*counts twice"),
    (lesson_01.check_perplexity, lambda p: p.prod() ** 1 / len(p), r"write \*\* \(1 / N\)"),
    (lesson_01.check_perplexity, lambda p: p.prod() ** -1 / len(p), "in brackets"),
    (lesson_01.check_perplexity, lambda p: np.exp(-p.mean()), "The logarithm is missing"),
    (lesson_01.check_perplexity, lambda p: np.exp(-(p * np.log(p)).sum()), "Do not multiply by p"),
    (lesson_01.check_perplexity, lambda p: -(p * np.log(p)).sum(), "Do not multiply by p"),
    (lesson_01.check_perplexity, lambda p: np.exp(-np.log(p).sum() / (len(p) - 1)), "not by N - 1"),
    (lesson_01.check_perplexity, lambda p: np.exp(-np.log(p).sum() // len(p)), "divide with /"),
    (lesson_01.check_perplexity, lambda p: np.exp(-np.log1p(p).mean()), "log1p"),
    (lesson_01.check_perplexity, lambda p: np.exp(-np.log(p).mean), "function stands there that is not called"),
    (lesson_01.check_perplexity, lambda p: p.mean, r"got a function, mean: call it, with \( \)"),
    (lesson_01.check_perplexity, lambda p: "2.3", "a number stands without quotes"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(h @ U + b), "x_t @ W_x is not added"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + h + b), "without its weights"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + h @ U + b + b), "added twice"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W) + h @ U + b, "h_prev @ W_h and b are outside"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + h * U + b), "a matrix product write @"),
    (lesson_01.check_temperature, lambda s, t: shifted(s, t, np.max, divided=False), "not divided by the temperature"),
    (lesson_01.check_temperature, lambda s, t: shifted(s, t, np.mean), "not its mean, its smallest"),
    (lesson_01.check_temperature, lambda s, t: shifted(s, t, np.min), "overflows"),
    (lesson_01.check_temperature, powers, "rounded to 0 stays 0"),
    (lesson_01.check_temperature, lambda s, t: np.exp(s / t - (s / t).max(-1, keepdims=True)), "Divide by the sum, so"),
    (lesson_01.check_temperature, lambda s, t: np.exp(s / t) / np.exp(s / t).sum(), "not the whole table"),
    (lesson_01.check_temperature, lambda s, t: softmax(s / t) * 100, "per cent"),
    (lesson_01.check_temperature, lambda s, t: np.nan_to_num(np.exp(s / t) / np.exp(s / t).sum(-1)[:, None]), "hides"),
    (lesson_01.check_temperature, lambda s, t: sigmoid(s / t), "That is the sigmoid"),
    (lesson_01.check_temperature, lambda s, t: (s / t).argmax(-1), "not the largest or its place"),
    (lesson_01.check_temperature, lambda s, t: np.exp(s / t) / np.exp(s / t).sum(0), "use axis=-1 in the sum"),
    (lesson_01.check_temperature, lambda s, t: np.exp(s / t) / np.exp(s / t).sum(-1), "keepdims=True keeps it"),
    (lesson_01.check_what_it_shows, lambda: dict(zip("abcdef", SHOWN_01, strict=True)) | {"e": False}, "of 4 has two"),
    (lesson_01.check_own_world, grammar(("fast", "STORY fast")), "rule STORY comes back to itself before its end|RUNS"),
    (lesson_01.check_own_world, grammar(('where x in a"', 'RUNS where x in a"'), ('fast"', 'fast RUNS"'),
                                        ('night"', 'night RUNS"')), "texts without an end|before its end"),
    (lesson_01.check_own_world, grammar(('"runs home fast", "sleeps at night"', '"and RUNS"')), "an end"),
    (lesson_01.check_own_world, grammar(('["runs home fast", "sleeps at night"]', '"garden"')), r"list: \["),
    (lesson_01.check_own_world, grammar(('start = "STORY"', "")), "with which rule a text begins"),
    (lesson_01.check_own_world, lambda: "my_grammar.toml", "the name of a file"),
    (lesson_01.check_own_world, grammar(("[sets.a]", "[a]"), ("[sets.b]", "[b]")), "no set 'a'. The grammar has none"),
    (lesson_01.check_own_world, grammar(("home", "{x}")), r"hand it over: RUNS\[x\]"),
    (lesson_01.check_own_world, grammar(("/k!", ""), ("/k", "")), "no dependency is marked: mark the cue"),
    (lesson_01.check_own_world, grammar(("{x.says}", "meow")), "is always 'meow', so it depends on nothing"),
    (lesson_01.check_own_world, grammar(("{x.says}", "{y}"), ("in a", "in a, y in b")), "does not depend on it"),
    (lesson_01.check_own_world, grammar(("{x}/k", "cat/k")), "the cue is nearly always 'cat'"),
    (lesson_01.check_own_world, grammar(("RUNS and", "RUNS, and")), "'RUNS,' is said as a word: a rule"),
    (lesson_01.check_own_world, grammar(("RUNS and", "did.RUNS and")), "is said as a word: a rule"),
    (lesson_01.check_own_world, grammar(('"runs', '"30%: runs')), "'30%:' is said as a word: a weight"),
    (lesson_01.check_own_world, grammar(('"runs', '"3:runs')), "'3:runs' is said as a word: a weight"),
    (lesson_01.check_own_world, grammar(("RUNS and", "RUNS/k! and")), "takes no mark with /, mark the words"),
    (lesson_01.check_own_world, grammar(("RUNS and", "RUNS*1500 and")), "repeat a rule less often|more than 20000"),
    (lesson_01.check_own_world, GRAMMAR_FILE.read_text, "the grammar of the course"),
    (lesson_01.check_own_world, grammar(('"sleeps', '"9999999: so RUNS", "sleeps'))
     , "more than 100,000 words"),
    (lesson_02.check_slope, lambda W, T: (W ^ (T - 1) - 1) * (T - 1), r"a power is written \*\*"),
    (lesson_02.check_slope, lambda W, T: (W ** (T - 2) - 1) * (T - 1) * W ** (T - 2), "not T - 2"),
    (lesson_02.check_slope, lambda W, T: (W ** (T - 2) - 1) * (T - 2) * W ** (T - 3), "not T - 2"),
    (lesson_02.check_slope, lambda W, T: (W ** (T + 1) - 1) * (T + 1) * W**T, "not T . 1"),
    (lesson_02.check_slope, lambda W, T: (W**T - 1 - 1) * (T - 1) * W ** (T - 2), r"\*\* goes before -"),
    (lesson_02.check_slope, lambda W, T: (W ** (T - 1) - 1) * (T - 1) * W**T - 2, r"goes before -|\*\*"),
    (lesson_02.check_slope, lambda W, T: "-1.04", "without quotes"),
    (lesson_02.check_step_back, lambda d, h, p, W: back_with(d, p, W, d * 1 - h**2), "goes before -"),
    (lesson_02.check_step_back, lambda d, h, p, W: back_with(d, p, W, d / (1 - h**2)), "do not divide"),
    (lesson_02.check_step_back, lambda d, h, p, W: back_with(d, p, W, d * (1 - np.tanh(p) ** 2)), "not of h_prev"),
    (lesson_02.check_step_back, lambda d, h, p, W: (step_back(d, h, p, W)[0], np.outer(p, d * (1 - h**2))), "np.outer"),
    (lesson_02.check_step_back, lambda d, h, p, W: (step_back(d, h, p, W)[0], np.outer(p[0], (d * (1 - h**2))[0])),
     "one text only"),
    (lesson_02.check_step_back, lambda d, h, p, W: back_with(d, p, W, d @ (1 - h**2)), r"number by number write \*"),
    (lesson_02.check_clip, scaled_by(lambda g: max(norms(g))), "largest norm of an array"),
    (lesson_02.check_clip, scaled_by(lambda g: squares(g) / 13), "mean, without a root"),
    (lesson_02.check_clip, scaled_by(lambda g: norms(g)[0]), "norm of the first array"),
    (lesson_02.check_clip, scaled_by(lambda g: squares(g) ** 0.5, squares), "its square compared"),
    (lesson_02.check_clip, lambda g, limit: (a for a in clip(g, limit)), r"write \[ \] around it"),
    (lesson_02.check_clip, lambda g, limit: clip(g, limit)[0], "return inside the loop"),
    (lesson_02.check_clip, first_of_loop, "return inside the loop"),
    (lesson_02.check_clip, lambda g, limit: clip(g, sum(a**2 for a in g)), r"\(…\)\.sum\(\)"),
    (lesson_02.check_clip, lambda g, limit: g**2, "a list has no power"),
    (lesson_02.check_start, lambda H, rng: 1.6 * np.eye(H), "Take another kind of matrix"),
    (lesson_02.check_start, lambda H, rng: 2.0 * np.eye(H), "Take another kind of matrix"),
    (lesson_02.check_start, lambda H, rng: np.eye(H), "Take another kind of matrix"),
    (lesson_03.check_step_back, lstm_back_to_c(lambda dc, n, dh, f, o, c: (n + dh * o * (1 - np.tanh(c**2))) * f),
     r"not 1 - tanh\(c_t\*\*2\)"),
    (lesson_03.check_step_back, lstm_back_to_c(lambda dc, n, dh, f, o, c: dc * f * f), "Once times f"),
    (lesson_03.check_step_back, lstm_back_to_c(lambda dc, n, dh, f, o, c: dc * f + n * f), "holds dc_next already"),
    (lesson_03.check_step_back, lambda *a: lstm_back(*a, order="ifog"), "yours are in the order i, f, o, g"),
    (lesson_03.check_step_back, lambda *a: lstm_back(*a, order="oifg"), "yours are in the order o, i, f, g"),
    (lesson_03.check_step_back, lstm_back_to_h(lambda parts, v: parts[2].__setitem__(1, v["g"] * (1 - v["g"]))),
     "g comes from a tanh"),
    (lesson_03.check_step_back, lstm_back_to_h(lambda parts, v: parts[1].__setitem__(1, 1)), "missing for f"),
    (lesson_03.check_step_back, lstm_back_to_h(lambda parts, v: parts[3].__setitem__(1, 1 - v["o"] ** 2)), "sigmoid"),
    (lesson_03.check_delta_f, lambda dc, c, f, g: dc * (c - g) * f * 1 - f, "goes before -"),
    (lesson_03.check_delta_f, lambda dc, c, f, g: dc * (f * c + (1 - f) * g) * f * (1 - f), "Not c_t itself"),
    (lesson_03.check_delta_f, lambda dc, c, f, g: dc * (c - 1) * f * (1 - f), "its derivative is -g_t"),
    (lesson_03.check_delta_f, lambda dc, c, f, g: dc * (c - g) * (f * (1 - f)) ** 2, "comes in once"),
    (lesson_03.check_delta_f, lambda dc, c, f, g: dc @ (c - g) * f * (1 - f), r"number by number write \*"),
    (lesson_03.check_forget_bias, lambda n: (lambda f: np.log(f / (1 - f)))(0.5**1 / n), "with brackets"),
    (lesson_03.check_forget_bias, lambda n: -np.log10(np.expm1(np.log(2) / n)), "base 10"),
    (lesson_03.check_forget_bias, lambda n: -np.log2(np.expm1(np.log(2) / n)), "base 2"),
    (lesson_03.check_forget_bias, lambda n: -np.log(np.expm1(np.log(2) / (n - 1))), "once: 1 / steps"),
    (lesson_03.check_forget_bias, lambda n: -np.log(np.expm1(np.log(2) / (n + 1))), "once: 1 / steps"),
    (lesson_03.check_forget_bias, lambda n: 100 * 0.5 ** (1 / n), "per cent"),
    (lesson_03.check_forget_bias, lambda n: (lambda f: np.log(f / 1 - f))(0.5 ** (1 / n)), "with both brackets"),
    (lesson_03.check_forget_bias, lambda n: (lambda f: np.log(f) / np.log(1 - f))(0.5 ** (1 / n)), "is a difference"),
    (lesson_03.check_forget_bias, lambda n: round(-np.log(np.expm1(np.log(2) / n)), 2), "rounded"),
    (lesson_03.check_forget_bias, lambda n: 0.5 ^ (1 / n), r"a power is written \*\*"),
    (lesson_00.check_count_words, lambda s: sum(map(len, tokenize(s))), "add 1 for each"),
    (lesson_01.check_temperature, lambda s, t: softmax(s / t).round(3), "It is rounded"),
    (lesson_01.check_temperature, lambda s, t: s / t / (s / t).sum(-1, keepdims=True), "exponential is missing"),
    (lesson_01.check_temperature, lambda s, t: np.exp(s / t) / np.exp(s).sum(-1, keepdims=True), "same exponentials"),
    (lesson_02.check_slope, lambda W, T: W ** (T - 1) * (T - 1) * W ** (T - 2) - 1, "goes before -: write .h_T - 1"),
    (lesson_02.check_slope, lambda W, T: (W ** (T - 1) - 1) ** 2 * (T - 1) * W ** (T - 2), "has no square"),
    (lesson_00.check_count_words, lambda s: sum(w.isalpha() and len(w) > 1 for w in tokenize(s)), "one letter"),
    (lesson_00.check_count_words, lambda s: sum(w.islower() for w in tokenize(s)), "not islower"),
    (lesson_00.check_count_words, lambda s: len({w.lower() for w in tokenize(s) if w.isalpha()}), "counts twice"),
    (lesson_00.check_count_words, lambda s: [w.isalpha() for w in tokenize(s)], "add them up"),
    (lesson_00.check_count_words, lambda s: len([w for w in tokenize(s) if w not in ".,!"]), "a dash is no word"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: h + np.tanh(x @ W + h @ U + b), "not added once more"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(np.hstack([h, x]) @ np.vstack([W, U]) + b), "other order"),
    (lesson_01.check_temperature, lambda s, t: softmax(np.round(s / t)), "not rounded"),
    (lesson_02.check_slope, lambda W, T: (T - 1) * slope_of(W, T), "comes in once"),
    (lesson_02.check_clip, lambda g, n: [a - n / clip_norm(g) * (clip_norm(g) > n) for a in g], "do not subtract"),
    (lesson_02.check_clip, lambda g, n: (clip(g, n), clip_norm(g)), "and nothing else; got 2 things"),
    (lesson_00.check_which_mark, lambda: dict(zip("abcd", KINDS_00, strict=False)), "no 'e' among your keys"),
    (lesson_00.check_which_mark, lambda: dict(zip("abcdef", [*KINDS_00, "live"], strict=True)), "no claim 'f'"),
    (lesson_01.check_perplexity, lambda p: -np.log2(p).mean(), "base 2.*take its exponential"),
    (lesson_01.check_perplexity, lambda p: np.exp(-np.log(softmax(p)).mean()), "need no softmax"),
    (lesson_01.check_perplexity, lambda p: 10 ** -np.log(p).mean(), "is e, not 10"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.maximum(x @ W + h @ U + b, 0), "That is ReLU"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: (np.tanh(x @ W + b) + np.tanh(h @ U + b)) / 2, "no mean is taken"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + np.tanh(h) @ U), "a step before.*b is missing"),
    (lesson_01.check_rnn_step, lambda x, h, W, U, b: np.tanh(x @ W + h @ U + b[:, None]), r"leave \[:, None\] out"),
    (lesson_01.check_rnn_step, own_condition, "that line is your own"),
    (lesson_01.check_temperature, lambda s, t: softmax(s / t**0.5), "No root is taken"),
    (lesson_01.check_temperature, lambda s, t: softmax(s / t / abs(s / t).max(-1, keepdims=True)), "not divide by it"),
    (lesson_01.check_temperature, lambda s, t: with_epsilon(s / t), "a row is all 0"),
    (lesson_01.check_own_world, lambda: GRAMMAR.replace("/k! w", "/k!. w"), "put a space before '.'"),
    (lesson_01.check_own_world, lambda: GRAMMAR.replace("/k", " /k"), "right behind its word"),
    (lesson_01.check_own_world, lambda: GRAMMAR.replace("{x}/k", "{x}"), "the cue has none"),
    (lesson_01.check_own_world, lambda: GRAMMAR.replace("/k!", "/other!"), "give both the same kind"),
    (lesson_01.check_own_world, lambda: GRAMMAR.replace("SS", "S"), "two or more capitals"),
    (lesson_02.check_slope, lambda W, T: (np.tanh(W) ** (T - 1) - 1) * (T - 1) * W ** (T - 2), "no tanh here"),
    (lesson_02.check_slope, lambda W, T: sum(slope_of(W, t) for t in range(2, T + 1)), "at the last step alone"),
    (lesson_02.check_slope, lambda W, T: (W ** (T - 1) - 1) * W ** (T - 1) * np.log(abs(W)), "no logarithm"),
    (lesson_02.check_slope, lambda W, T: (W - 1) * (T - 1) * W ** (T - 2), "error is that of h_T"),
    (lesson_02.check_slope, lambda W, T: (1 - W**T) * T * W ** (T - 1), "not T"),
    (lesson_02.check_step_back, lambda d, h, p, W: (d, p @ d), "write .T behind the first"),
    (lesson_02.check_step_back, lambda d, h, p, W: (step_back(d, h, p, W)[0], p.T * d.T), "adds up over them"),
    (lesson_02.check_step_back, lambda d, h, p, W: (step_back(d, h, p, W)[0] * (1 - p**2), W), "step before, too"),
    (lesson_02.check_step_back, lambda d, h, p, W: (step_back(d, h, p, W)[0] * p, p.T @ d), "W_h.T alone"),
    (lesson_02.check_step_back, lambda d, h, p, W: (step_back(d, h, p, W)[0], p.T @ (d - d * h**2) @ W), "no factor"),
    (lesson_02.check_clip, lambda g, n: np.concatenate([a.ravel() for a in clip(g, n)]), "joined to one"),
    (lesson_02.check_clip, lambda g, n: [a * (n // clip_norm(g)) for a in g], "would cut that to 0"),
    (lesson_02.check_clip, lambda g, n: [a * min(1, n / clip_norm(g)) ** 0.5 for a in g], "without a root"),
    (lesson_02.check_clip, lambda g, n: [a * n / sum(abs(b).sum() for b in g) ** 0.5 for a in g], "absolute values"),
    (lesson_02.check_start, lambda H, rng: rng.normal(size=(H, H)), "stretch less in W_h .its spectral radius is 8"),
    (lesson_02.check_start, lambda H, rng: 0.01 * rng.normal(size=(H, H)), "stretch more"),
    (lesson_02.check_start, lambda H, rng: np.zeros((H, H)), "0 everywhere"),
    (lesson_02.check_start, lambda H, rng: rng.normal(size=H), "that is one row"),
    (lesson_02.check_start, lambda H, rng: 1.6 * orthogonal(64, rng), "use H, not 64"),
    *((lesson_03.check_step_back, lstm_mixed(hand, slopes), hint) for hand, slopes, hint in (
        (lambda dh, n, dc, i, f, g, o, p, c: ((dc * g, dc * p, dc * i, dh * np.tanh(c)), (n * f + dc - n) * f), None,
         "its forget gate included"),
        (lambda dh, n, dc, i, f, g, o, p, c: ((dc * p, dc * g, dc * i, dh * np.tanh(c)), dc * f), None,
         "To i goes dc_t . g.*To f goes"),
        (lambda dh, n, dc, i, f, g, o, p, c: ((dc * g, dc * p, dc * i, dc * o), dc * f), None, "To o goes"),
        (lambda dh, n, dc, i, f, g, o, p, c: ((n * g, n * p, n * i, dh * np.tanh(c)), dc * f), None, "all of dc_t"),
        (lambda dh, n, dc, i, f, g, o, p, c: ((dc * g, dc * p, dc * i, dh * c), dc * f),
         lambda i, f, g, o: (i * (1 - i), f * (1 - f), 1, o * (1 - o)), "To o goes.*Between g and its sum"),
    )),
    (lesson_03.check_step_back, lambda *a: (np.vstack(a[2:6]) @ a[-1].T, a[1]), "side by side is np.hstack"),
    (lesson_03.check_delta_f, lambda dc, c, f, g: dc * (c - g) * f * (1 - f) * (1 - g**2), "tanh is not on the way"),
    (lesson_03.check_delta_f, lambda dc, c, f, g: dc * (c - (1 - f) * g) * f * (1 - f), "derivative of c_t is"),
    (lesson_03.check_delta_f, lambda dc, c, f, g: (c - f * g) * f * (1 - f), "with dE_dc. By f_t the derivative"),
    (lesson_03.check_forget_bias, lambda n: np.arctanh(0.5 ** (1 / n)), "undone by log"),
    (lesson_03.check_forget_bias, lambda n: np.log10(np.exp(-1 / n) / -np.expm1(-1 / n)), "The gate is f.*undone by"),
    (lesson_03.check_forget_bias, lambda n: np.log(0.5 ** (1 // n) / (1 - 0.5 ** (1 // n))), "// above it meant as /"),
    (lesson_03.check_forget_bias, lambda n: 1.3, "The same comes whatever is given"),
    (lesson_03.check_counter, lambda a: tuple(m[..., [1, 0, 2, 3]] for m in counter(a)), "of i and f are exchanged"),
    (lesson_03.check_counter, lambda a: (counter(a)[0], np.zeros((4, 4)), counter(a)[2]), "one unit, so one row"),
    (lesson_03.check_counter, lambda a: (counter(a)[0], np.full((1, 4), 50.0), counter(a)[2]), "W_h is not 0"),
    (lesson_03.check_counter, lambda a: (np.roll(counter(a)[0], 1, axis=0), *counter(a)[1:]), "all 0: alphabet.index"),
    (lesson_03.check_counter, lambda a: counter(a, keep=1.0), "open the forget gate, it is 0.73"),
    (lesson_02.check_slope, lambda W, T: slope_of(W, T) / 2, "half in E and the 2"),
    (lesson_02.check_step_back, lambda d, h, p, W: (step_back(d, h, p, W)[0], 4 * step_back(d, h, p, W)[1]),
     "All numbers are 4 times what they should be"),
    (lesson_02.check_step_back, lambda d, h, p, W: (step_back(d, h, p, W)[0], p.T @ d * (1 - h**2)), "left to right"),
    (lesson_03.check_delta_f, lambda dc, c, f, g: dc * c * f * (1 - f) - dc * g, "both times"),
    (lesson_03.check_delta_f, lambda dc, c, f, g: dc * (c - g) * f - f**2, "goes before -"),
    (lesson_03.check_delta_f, lambda dc, c, f, g: (c - g) * f, "multiplied with dE_dc"),
    (lesson_03.check_forget_bias, lambda n: 0.0, "A bias of 0"),
    (lesson_03.check_forget_bias, lambda n: 0.5**n, "f is 0.5 .. .1 / steps"),
    (lesson_03.check_counter, columns("igfo"), "in the order i, g, f, o: put"),
    (lesson_03.check_counter, columns("oifg"), "in the order o, i, f, g: put"),
    (lesson_03.check_counter, columns("fgio"), "in the order f, g, i, o: put"),
    (lesson_03.check_counter, lambda a: (counter(a)[0][:, [1, 0, 2, 3]], *counter(a)[1:]), "W_x are in the order f, i"),
    (lesson_03.check_counter, lambda a: (*counter(a)[:2], counter(a)[2][[1, 0, 2, 3]]), "of b are in the order f, i"),
    (lesson_03.check_counter, shut, "the forget gate is not open, it is 0.00"),
    (lesson_03.check_counter, lambda a: counter(a)[::-1], "return W_x, W_h, b"),
    (lesson_03.check_counter, lambda a: a["("], "gives the place of a character"),
    *(
        (lesson_10.check_p_good, lambda first=first, second=second: (first, second), hint)
        for first, second, hint in (
            (0.66, 0.22, "the first: not yet. One opinion decides"), (0.95, 0.65, "the second: .* no mean, is taken"),
            (0.98, 0.22, "the first: .*it is not added, nor is it the 1.5"), (0.89, 0.22, "it does not divide it"),
            (0.11, 0.22, "the first: .*main clause"), (0.01, 0.04, "no product"), (0.99, 0.02, "as in a softmax"),
            (0.95, 0.72, "the second: .*it is not added"), (0.95, 0.09, "one factor of its own, -0.75"),
            (0.95, 0.18, "not alone is -0.9"), (0.95, 0.93, "very alone is 1.5"), (0.95, 0.13, "belongs to it: lovely"),
            (0.95, 0.09, "not the product of not and very"), (0.95, 0.04, "no product"),
            (0.05, 3.58, r"That is exp\(-y\)"), (20.09, 0.28, r"the odds: the sigmoid"), (1.0, -0.86, "That is tanh"),
            (1.05, -0.39, r"not 1 - exp\(-y\)"), (0.89, 0.29, "2 stood for e"), (1.0, 0.05, "10 stood for e"),
            (1.0, 0.2, "One decimal is too coarse: give two"), (0.95, 0.21, "cut off behind the second decimal"),
            (1, 0, "Those are verdicts"), (0.95, -1.275, "That is a score"), (0.22, 0.95, "first review comes first"),
            (0.95, 0.5, "the second: not yet: 0.5, which is too large"), (1.5, 0.22, "no probability"),
        )
    ),
    *(
        (lesson_10.check_bag_ceiling, lambda t, s, p, key=key: ceiling_of_bags(t, s, p, key), hint)
        for key, hint in (
            (lambda w: sorted("".join(w)), "not of letters"), (lambda w: "".join(sorted(w)), "with nothing between"),
            (lambda w: sorted(x[0] for x in w), "first letter of each word"), (lambda w: [str(len(w))], "how many"),
            (lambda w: [len(x) for x in sorted(w, key=len)], "not only how long"), (lambda w: w, "best possible"),
            (lambda w: sorted(w[1:]), "the first, too"), (lambda w: sorted(w[:-1]), "the last, too"),
            (lambda w: sorted(x[-1] for x in w), "last letter of each"), (lambda w: w[:1], "not of the first"),
            (lambda w: w[-1:], "not of the last"),
        )
    ),
    *(
        (lesson_10.check_bag_ceiling, answer, hint)
        for answer, hint in (
            (lambda t, s, p: ceiling_of_bags(t, s, p) / len({tuple(sorted(w)) for w in t}), "by the number of bags"),
            (lambda t, s, p: ceiling_of_bags(t, s, p) / len(t), "by the number of texts"),
            (lambda t, s, p: ceiling_of_bags(t, s, p > 0.5), "A p above .5 is not certain"),
            (lambda t, s, p: ceiling_of_bags(t, s, p, best=unless_even), "half of them are right"),
            (in_bags(lambda s, p: max(s[-1] * p[-1], s[-1] * (1 - p[-1]))), "the last: is it written over"),
            (in_bags(lambda s, p: max(np.maximum(s * p, s * (1 - p)))), "the one that gives most"),
            (in_bags(lambda s, p: s.sum() * max(p.mean(), 1 - p.mean())), "not the plain mean of p"),
            (in_bags(lambda s, p: s @ (p if np.sign(p - 0.5).sum() > 0 else 1 - p)), "do not vote"),
            (in_bags(lambda s, p: s @ (p if p[s.argmax()] > 0.5 else 1 - p)), "not the commonest alone"),
            (in_bags(lambda s, p: s @ (p if p[0] > 0.5 else 1 - p)), "not the first alone"),
            (in_bags(lambda s, p: ((s @ p) ** 2 + (s @ (1 - p)) ** 2) / s.sum()), "drew its answer"),
            (in_bags(lambda s, p: s.sum() / 2 if len(s) > 1 else s[0] * max(p[0], 1 - p[0])), "not a toss of a coin"),
            (lambda t, s, p: sum(max(q @ r, q @ (1 - r)) for q, r in side_by_side(t, s, p)), "texts side by side"),
            (lambda t, s, p: 0.583, "The same comes whatever is given"),
        )
    ),
    *(
        (lesson_10.check_pooled, answer, hint)
        for answer, hint in (
            (lambda h, m: pool(h, m, m.sum() / len(h)), "not their mean"),
            (lambda h, m: pool(h, m, m.sum(1).max()), "not the largest"),
            (lambda h, m: pool(h, m, m.sum(1)[:, None] + 1), "not by one more"),
            (lambda h, m: pool(h, m, m.sum(1)[:, None] - 1), "not by one less"),
            (lambda h, m: pool(h, m, m.sum(0)[:1, None]), "not along axis 0"),
            (lambda h, m: pool(h, m, m.sum(1)[:, None] * m.shape[1]), "divided twice"),
            (lambda h, m: pool(h, m, m.sum(1)[:, None, None]), r"shape is \(3, 3, 4\), .*\(B, 1\)"),
            (lambda h, m: pool(h, ~m), "the mean of the padding"),
            (lambda h, m: (np.nanmedian(np.where(m[:, :, None], h, np.nan), axis=1), 0), "the median"),
            (lambda h, m: (by_text(lambda a, n: a[: n.sum()].mean(0))(h, m), 0), "Padding may stand in front"),
            (lambda h, m: (h[m].mean(0), h[m].max(0)), "a row for each text"),
            (lambda h, m: (h * m[:, :, None], h * m[:, :, None]), "nothing is pooled"),
            (lambda h, m: (pool(h, m)[0], pool(h, m, low=-1)[1]), "wins against numbers below it"),
            (lambda h, m: (pool(h, m)[0], pool(h, ~m)[1]), "the largest of the padding"),
            (lambda h, m: (pool(h, m)[0], by_text(lambda a, n: a[n][-1])(h, m)), "taken whole, the last"),
            (lambda h, m: (pool(h, m)[0], by_text(lambda a, n: max(a[n], key=np.linalg.norm))(h, m)), "largest norm"),
            (lambda h, m: (pool(h, m)[0], (h - np.inf * ~m[:, :, None]).max(1)), "0 times infinity"),
            (lambda h, m: [a + n * (a > 0) for n, a in enumerate(pool(h, m))], r"at \[\d, \d\], got .* are wrong"),
        )
    ),
    (lesson_10.check_what_it_shows, lambda: list(SHOWN_10.values())[:5], "expected 7 marks, got 5"),
    (lesson_10.check_what_it_shows, lambda: {n.upper(): mark for n, mark in SHOWN_10.items()}, "no statement 'A'"),
    (lesson_10.check_what_it_shows, lambda: dict.fromkeys(SHOWN_10), "still blank"),
    (lesson_10.check_what_it_shows, lambda: [*list(SHOWN_10.values())[:6], True], "statement g: not yet"),
    *(
        (lesson_10.check_leave_out, lambda v, w, rest=rest: [v(w) - v(rest(w, t)) for t in range(len(w))], hint)
        for rest, hint in (
            (lambda w, t: w[:t] + w[t:], "Nothing is left out"), (lambda w, t: w[:t] + w[t + 2 :], "two go there"),
            (lambda w, t: w[:t], "ends the review"), (lambda w, t: w[: t + 1], "ends the review"),
            (lambda w, t: w[t + 1 :], "begins the review"), (lambda w, t: [w[t]], "leaves out all but the word"),
            (lambda w, t: [*w[:t], w[t], *w[t:]], "read twice"), (lambda w, t: w[:-1], "always the last word"),
            (lambda w, t: w[: w.index(w[t])] + w[w.index(w[t]) + 1 :], "its first place were taken out"),
            (lambda w, t: [*w[:t], "<unk>", *w[t + 1 :]], "closes up"), (lambda w, t: w[1:], "always the first word"),
            (lambda w, t: " ".join(w[:t] + w[t + 1 :]), "got a text"), (lambda w, t: w[t], "got a text"),
            (lambda w, t: [w[:t], w[t + 1 :]], "with a list in it"), (lambda w, t: set(w) - {w[t]}, "set has lost it"),
            (lambda w, t: w[: t + 1] + w[t + 2 :], "the word behind were"), (lambda w, t: w[: t - 1] + w[t:], "from 0"),
            (lambda w, t: [x for x in w if x != w[t]], "words that are alike"),
        )
    ),
    *(
        (lesson_10.check_leave_out, answer, hint)
        for answer, hint in (
            (lambda v, w: [v(w[: t + 1]) - v(w[:t]) for t in range(len(w))], "of the review so far"),
            (lambda v, w: [v(w[t:]) - v(w[t + 1 :]) for t in range(len(w))], "of what stands behind it"),
            (lambda v, w: without_each(v, w)[1:], "the first word, too"),
            (lambda v, w: sigmoid(v(w)) - sigmoid(v(w) - without_each(v, w)), "not of the probabilities"),
            (lambda v, w: without_each(v, w) / v(w), "not divided by the logit"),
            (lambda v, w: without_each(v, w) / without_each(v, w).sum(), "need not sum to 1"),
            (lambda v, w: [v(w) - v(*w[:t], *w[t + 1 :]) for t in range(len(w))], r"hand it the list, without \*"),
            (lambda v, w: [v(w) - v([x for x in w if x != y]) for y in dict.fromkeys(w)], "stands there twice has"),
            (lambda v, w: without_each(v, w)[[w.index(x) for x in dict.fromkeys(w)]], "stands there twice has"),
        )
    ),
]  # fmt: skip


MENDED += [  # lessons 08 to 10
    (lesson_08.check_heard, lambda W_s, v: abs(W_s) / v**2, "without a square"),
    (lesson_08.check_heard, lambda W_s, v: W_s**2 / abs(v), "without a square"),
    (lesson_08.check_heard, lambda W_s, v: 1 / abs(v), "W_s is missing"),
    (lesson_08.check_heard, lambda W_s, v: np.arctanh(min(abs(W_s), 0.999)) / abs(v), "no arctanh"),
    (lesson_08.check_heard, lambda W_s, v: (abs(W_s) - 1) / abs(v), "As if -1 were added"),
    (lesson_08.check_heard, lambda W_s, v: (abs(W_s) + 2) / abs(v), "As if 2 were added"),
    (lesson_08.check_heard, lambda W_s, v: abs(W_s / v) + 0.01, "As if 0.01 were added"),
    (lesson_08.check_heard, lambda W_s, v: round(abs(W_s / v), 1), "No rounding"),
    (lesson_08.check_heard, lambda W_s, v: round(abs(W_s / v), 2), "No rounding"),
    (lesson_08.check_heard, lambda W_s, v: np.ceil(abs(W_s / v)), "No rounding"),
    (lesson_08.check_heard, lambda W_s, v: max(W_s, 0) / abs(v), "a memory of the other sign"),
    (lesson_08.check_heard, lambda W_s, v: max(W_s / v, 0), "may have either sign"),
    (lesson_08.check_heard, lambda W_s, v: max(abs(W_s / v), 1), "may be below 1"),
    (lesson_08.check_heard, lambda W_s, v: min(abs(W_s / v), 1), "may be above 1"),
    (lesson_08.check_batch, lambda v, c: (one_to_many(v, c)[1], *one_to_many(v, c)[::2]), "vectors come first"),
    (lesson_08.check_batch, lambda v, c: one_to_many(v, c, np.repeat(v, len(c[0][0]), axis=0)), "first caption has"),
    (lesson_08.check_batch, lambda v, c: one_to_many(v, c, np.repeat(v[:1], len(c[0]), axis=0)), "all of the pictures"),
    (lesson_08.check_batch,
     lambda v, c: (*one_to_many(v, c)[:1], [row[:-1] for row in one_to_many(v, c)[1]], one_to_many(v, c)[2]),
     "the words before lack 1"),
    (lesson_08.check_batch,
     lambda v, c: (*one_to_many(v, c)[:2], [[*row[:-2], "<eos>"] for row in one_to_many(v, c)[2]]),
     "the words to say lack 1"),
    (lesson_08.check_batch,
     lambda v, c: (*one_to_many(v, c)[:2], one_to_many(v, c[::-1])[2]), "of a row are of the same caption"),
    (lesson_08.check_predicted, lambda: (7 / 8, 5 / 7, 2 / 6, 1 / 5), "`a` stands twice"),
    (lesson_08.check_predicted, lambda: np.cumprod([1, 5 / 7, 2 / 6, 1 / 5]), "not multiplied by those before"),
    (lesson_08.check_predicted, lambda: [(5 / 7) ** 0, (5 / 7) ** 0.5, (1 / 3) ** (1 / 3), 0.2**0.25], "no root"),
    (lesson_08.check_predicted, lambda: (1, 6 / 7, 43 / 63, 0.562), "not the mean with those before"),
    (lesson_08.check_precision, lambda w, r: np.mean([any(x in ref for ref in r) for x in set(w)]), "said twice"),
    (lesson_08.check_precision,
     lambda w, r: sum(min(w.count(x), max(" ".join(ref).count(x) for ref in r)) for x in set(w)) / len(w),
     "not letters"),
    (lesson_08.check_precision,
     lambda w, r: clipped(w, r, most=lambda counts: next((n for n in counts if n), 0)), "Look at every reference"),
    (lesson_08.check_precision, lambda w, r: min(1, sum(clipped(w, [ref]) for ref in r)), "hits in all references"),
    (lesson_08.check_precision, lambda w, r: sum(clipped(w, [ref]) for ref in r), "hits in all references"),
    (lesson_08.check_own_thing, lambda: ALMOST, "almost the same in two states, 0.0"),
    (lesson_08.check_own_thing, lambda: KITE.replace("resting", "and"), "caption such as `a red kite and"),
    (lesson_08.check_own_thing, lambda: KINDS_FILE.read_text(encoding="utf-8") + KITE, "return the new kind alone"),
    *((lesson_09.check_hit, lambda a, box, n, place=place: hit_at(place(a, n, *peak(a)), box), hint)
      for place, hint in (
        (lambda a, n, y, x: (int((y + 0.5) * n / a.shape[0]), int((x + 0.5) * n / a.shape[1])), r"int\(…\) cut"),
        (lambda a, n, y, x: (round((y + 0.5) * n / a.shape[0]), round((x + 0.5) * n / a.shape[1])), "No rounding"),
        (lambda a, n, y, x: ((y + 0.5) * (n - 1) / a.shape[0], (x + 0.5) * (n - 1) / a.shape[1]), "not size - 1"),
        (lambda a, n, y, x: (y * n / (a.shape[0] - 1), x * n / (a.shape[1] - 1)), "the first cell's middle lay at 0"),
        (lambda a, n, y, x: (round(y * n / a.shape[0]), round(x * n / a.shape[1])), "corner of the cell"),
        (lambda a, n, y, x: ((a.sum(1).argmax() + 0.5) * n / a.shape[0], (a.sum(0).argmax() + 0.5) * n / a.shape[1]),
         "not the row and the column with the largest sums"),
        (lambda a, n, y, x: ((a.argmax(1)[0] + 0.5) * n / a.shape[0], (a.argmax(0)[0] + 0.5) * n / a.shape[1]),
         "argmax along an axis"),
    )),
    (lesson_09.check_hit, lambda a, box, n: bool(hit_by_part(a, box, n).sum() > 0.5), "how much light falls"),
    (lesson_09.check_hit, lambda a, box, n: hit_by_part(a, box, n, cut=True).max(initial=0) == a.max(), "cut to whole"),
    (lesson_09.check_hit,
     lambda a, box, n: bool(a[int((box[1] + box[3] / 2) / n * a.shape[0]), int((box[0] + box[2] / 2) / n * a.shape[1])]
                            == a.max()), "not the middle of the box in the cell"),
    (lesson_09.check_least_penalty, lambda J, T, k: k * T * abs(1 - J / T), "The square is missing"),
    (lesson_09.check_least_penalty, lambda J, T, k: k * 64 * (1 - J / 64) ** 2, "not always 64"),
    (lesson_09.check_least_penalty, lambda J, T, k: (k * T * (1 - J / T)) ** 2, "not the whole sum"),
    (lesson_09.check_least_penalty, lambda J, T, k: k * J**2 / T, "the 1 is missing"),
    (lesson_09.check_least_penalty, lambda J, T, k: k * T * (1 + J / T) ** 2, "not plus"),
    (lesson_09.check_least_penalty, lambda J, T, k: k * T * (1 - (J / T) ** 2), "around the whole bracket"),
    (lesson_09.check_least_penalty, lambda J, T, k: k * T * J * (1 - J / T) ** 2, "none stands outside"),
    (lesson_09.check_least_penalty, lambda J, T, k: k * T * J * (1 - 1 / T) ** 2, "inside the square, not outside"),
    (lesson_09.check_least_penalty, lambda J, T, k: k * (T - J + J**2 / T), "the 2 is missing"),
    (lesson_09.check_least_penalty, lambda J, T, k: k * T * (1 - J / T) ** 2 / 2, "No half"),
    (lesson_09.check_least_penalty, lambda J, T, k: round(k * T * (1 - J / T) ** 2, 1), "No rounding"),
    (lesson_09.check_least_penalty, lambda J, T, k: k * (1 - J / T) ** 2 / T, "no mean"),
    *((lesson_09.check_score_gradient, lambda p, d, r, b, learn=learn: learn(p, d, r, b, np.eye(len(p))[d] - p), hint)
      for learn, hint in (
        (lambda p, d, r, b, each: (np.log(p[d])[:, None] * (r - b)[:, None] * each).mean(0), "no other log alpha"),
        (lambda p, d, r, b, each: (r[:, None] * each).mean(0) - b, "stands in the brackets"),
        (lambda p, d, r, b, each: sum((r[d == t].mean() - b) * (np.eye(len(p))[t] - p) for t in set(d.tolist())),
         "not every region once"),
        (lambda p, d, r, b, each: (r[0] - b) * each[0] / len(d), "only the first draw"),
        (lambda p, d, r, b, each: (r[-1] - b) * each[-1], "only the last draw"),
        (lambda p, d, r, b, each: ((r - b) * each).mean(0), r"\[:, None\] adds one at the end"),
    )),
    (lesson_09.check_focus, lambda a: 1 + (a * np.log(a)).sum() / np.log(len(a)), r"0 \* log\(0\)"),
    (lesson_09.check_focus, lambda a: 1 + (a * np.log2(a + 1e-12)).sum() / np.log(len(a)), "logarithms of two bases"),
    (lesson_09.check_focus, lambda a: sharp(softmax(a)), "as if a softmax were taken"),
    (lesson_09.check_focus, lambda a: (a.max() - 1 / 64) / (1 - 1 / 64), "with 64 regions it was right"),
    (lesson_09.check_focus, np.max, "1 / 64, the number of regions turned over"),
    (lesson_09.check_what_it_shows, lambda: {k.upper(): v for k, v in MARKS.items()}, "no statement 'A'"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "answer", "hint"), MENDED)
def test_what_students_wrote_is_told_its_cause(check, answer, hint):
    with pytest.raises(NotYet, match=hint) as error:
        check(answer)
    assert "?." not in str(error.value) and ".." not in str(error.value)


def written_above_the_line(x, h, W, U, b):
    """What a student may forget to delete."""
    h_t = np.tanh(x @ W + h @ U + b)  # noqa: F841
    raise NotImplementedError()


def written_below_the_line(x, h, W, U, b):
    raise NotImplementedError()
    return np.tanh(x @ W + h @ U + b)


def not_written(x, h, W, U, b):
    """What a student begins with."""
    # YOUR CODE HERE
    raise NotImplementedError()


def test_a_line_that_was_not_deleted():
    for answer in (written_above_the_line, written_below_the_line):
        with pytest.raises(NotYet, match="delete that line"):
            lesson_01.check_rnn_step(answer)
    with pytest.raises(NotYet, match="still blank"):
        lesson_01.check_rnn_step(not_written)


def test_marks_as_an_array_pass(capsys):
    lesson_03.check_figure_says(lambda: np.array([True, False, True, True, False]))
    assert capsys.readouterr().out.count("✓") == 1


MANY = "\n".join(f'thing{n} = {{ says = "sound{n}" }}' for n in range(400))


@pytest.mark.parametrize("world", [
    grammar(), grammar(("[sets.b]", f"{MANY}\n[sets.b]"), ('"runs', '"9: runs')),
    grammar(("{x}/k", "{x}/k or {y}/other"), ("{x.says}/k!", "{x.says}/k! {x.says}/other!"), ("in a", "in a, y in b")),
    lambda: 'start = "SS"\n[rules]\nSS = ["one cat/n and more MID sits/n! .", "ten cats/n and more MID sit/n! ."]'
            '\nMID = ["of them", "of those", "of them MORE", "3: of these"]\nMORE = ["and more", "and more MORE"]\n',
])  # fmt: skip
def test_worlds_of_ones_own_pass(world, capsys):
    lesson_01.check_own_world(world)
    assert "✓" in capsys.readouterr().out


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

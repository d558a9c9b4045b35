"""The course's cells under Keras's contract, against Keras's own layers, and on another backend."""

import importlib.util
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib import training
from course_lib.cells import ZOO, ChronoBias, DeepTransitionCell, ForgetBias, GRUCell, LSTMCell, SimpleRNNCell
from course_lib.errors import CourseError
from course_lib.models.reader import reader
from course_lib.numpy_rnn import lstm_backward, lstm_forward, rnn_backward, rnn_forward, softmax_loss

KINDS = {"rnn": (SimpleRNNCell, keras.layers.SimpleRNN), "lstm": (LSTMCell, keras.layers.LSTM)}
B, T, D, H = 3, 6, 4, 5


def random_pair(kind, **options):
    """Our cell in keras.layers.RNN and Keras's layer, with the same random weights."""
    rng = np.random.default_rng(1)
    cell, theirs = KINDS[kind]
    pair = keras.layers.RNN(cell(H), **options), theirs(H, **options)
    weights = None
    for layer in pair:
        layer.build((B, T, D))
        weights = weights or [rng.normal(size=w.shape) for w in layer.weights]
        layer.set_weights(weights)
    return *pair, rng.normal(size=(B, T, D)).astype("float32")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{}, {"return_sequences": True}, {"go_backwards": True}, {"unroll": True}])
def test_a_cell_equals_keras_layer(kind, options):
    ours, theirs, x = random_pair(kind, **options)
    assert np.abs(ours(x) - theirs(x)).max() < 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_equals_keras_layer_with_mask_start_and_state(kind):
    ours, theirs, x = random_pair(kind, return_state=True)
    mask = np.arange(T) < np.array([[T], [3], [1]])
    start = [np.random.default_rng(2).normal(size=(B, H)).astype("float32")] * (2 if kind == "lstm" else 1)
    for a, b in zip(ours(x, mask=mask, initial_state=start), theirs(x, mask=mask, initial_state=start), strict=True):
        assert np.abs(a - b).max() < 1e-5


def test_swapped_gates_do_not_pass():
    ours, theirs, x = random_pair("lstm")
    W_x, W_h, b = ours.get_weights()

    def swapped(w):
        i, f, g, o = np.split(w, 4, axis=-1)
        return np.concatenate([f, i, g, o], axis=-1)

    ours.set_weights([swapped(W_x), swapped(W_h), swapped(b)])
    assert np.abs(ours(x) - theirs(x)).max() > 1e-2


@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_survives_saving(kind, tmp_path):
    cell = KINDS[kind][0]
    options = {"activation": "relu"} if kind == "rnn" else {"bias_initializer": ForgetBias(2.0)}
    model = reader(cell(H, recurrent_initializer="identity", **options) if kind == "rnn" else cell(H, **options), 3, 7)
    tokens = np.random.default_rng(0).integers(7, size=(B, T))
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert np.array_equal(model(tokens), again(tokens))
    assert again.get_layer("memory").cell.get_config() == model.get_layer("memory").cell.get_config()


def test_the_starts_of_the_forget_gate():
    i, f, g, o = np.split(np.array(ForgetBias(2.5)((4 * H,))), 4)
    assert (f == 2.5).all()
    assert not np.concatenate([i, g, o]).any()
    i, f, g, o = np.split(np.array(ChronoBias(200, seed=1)((4 * 5000,))), 4)
    assert np.array_equal(i, -f)
    assert not np.concatenate([g, o]).any()
    memory = np.exp(f)  # uniform from 1 to 199: Tallec & Ollivier 2018
    assert memory.min() >= 1 and memory.max() <= 199
    assert memory.mean() == pytest.approx(100, rel=0.03)
    assert (np.split(np.array(LSTMCell(H).bias_initializer((4 * H,))), 4)[1] == 1).all()
    with pytest.raises(CourseError, match="longest: expected more than 2"):
        ChronoBias(2)


@pytest.mark.parametrize("units", [0, 2.5, "four"])
def test_bad_units(units):
    with pytest.raises(CourseError, match="units: expected a whole number, 1 or more"):
        LSTMCell(units)


# -- every cell ------------------------------------------------------------------------------------------------------

CELLS = ZOO | {
    "ReLU": lambda units: SimpleRNNCell(units, activation="relu"),
    "deep transition": lambda units: DeepTransitionCell(units, depth=3),
}


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def one_step(name, W, x, h, c, tanh=np.tanh):
    """The papers' equations, a block of the weights a letter: W[gate] = (W_x, W_h, b) of that gate -> (h, c)."""

    def line(gate):  # W_x x + W_h h + b
        return x @ W[gate][0] + h @ W[gate][1] + W[gate][2]

    if name in ("Tanh", "ReLU"):
        a = line("c")
        return (np.maximum(a, 0) if name == "ReLU" else tanh(a)), None
    if name in ("LSTM", "LSTM-b", "LSTM-f", "LSTM-i", "LSTM-o", "no output tanh", "coupled gates", "peepholes"):
        p_i, p_f, p_o = W.get("peephole", (0, 0, 0))
        i = 1 if name == "LSTM-i" else sigmoid(line("i") + p_i * c)
        f = 1 if name == "LSTM-f" else 1 - i if name == "coupled gates" else sigmoid(line("f") + p_f * c)
        c = f * c + i * tanh(line("g"))
        o = 1 if name == "LSTM-o" else sigmoid(line("o") + p_o * c)
        return o * (c if name == "no output tanh" else tanh(c)), c
    if name in ("GRU", "GRU, reset after"):
        r, z = sigmoid(line("r")), sigmoid(line("z"))
        W_x, W_h, b = W["c"]
        if name == "GRU":
            new = tanh(x @ W_x + (r * h) @ W_h + b)
        else:
            b_x, b_h = b
            new = tanh(x @ W_x + b_x + r * (h @ W_h + b_h))
        return z * h + (1 - z) * new, None
    if name in ("MUT1", "MUT2", "MUT3"):
        (W_xz, W_hz, b_z), (W_xr, W_hr, b_r), (W_xh, W_hh, b_h) = W["z"], W["r"], W["c"]
        if name == "MUT1":
            z = sigmoid(x @ W_xz + b_z)
            r = sigmoid(x @ W_xr + h @ W_hr + b_r)
            return tanh((r * h) @ W_hh + tanh(x) + b_h) * z + h * (1 - z), None
        if name == "MUT2":
            z = sigmoid(x @ W_xz + h @ W_hz + b_z)
            r = sigmoid(x + h @ W_hr + b_r)
        else:
            z = sigmoid(x @ W_xz + tanh(h) @ W_hz + b_z)
            r = sigmoid(x @ W_xr + h @ W_hr + b_r)
        return tanh((r * h) @ W_hh + x @ W_xh + b_h) * z + h * (1 - z), None
    if name == "NASCell":
        leaf = [x @ W[k][0] for k in range(8)], [h @ W[k][1] + W[k][2] for k in range(8)]
        a = [u + v for u, v in zip(*leaf, strict=True)]
        left = tanh(tanh(sigmoid(a[0]) * np.maximum(a[1], 0)) + c)
        c = left * tanh(sigmoid(a[2]) + np.maximum(leaf[0][3] * leaf[1][3], 0))
        right = tanh(tanh(a[4]) * sigmoid(a[5])) + sigmoid(tanh(a[6]) + sigmoid(a[7]))
        return tanh(c * tanh(right)), c
    for k, (W_x, W_h, b) in W.items():  # deep transition
        h = tanh(h @ W_h + b + (x @ W_x if k == 0 else 0))
    return h, None


LETTERS = {"LSTM-f": "igo", "LSTM-i": "fgo", "LSTM-o": "ifg", "coupled gates": "igo", "Tanh": "c", "ReLU": "c"}
LETTERS |= dict.fromkeys(("LSTM", "LSTM-b", "no output tanh", "peepholes"), "ifgo")
LETTERS |= dict.fromkeys(("GRU", "GRU, reset after", "MUT1", "MUT2", "MUT3"), "zrc") | {"NASCell": range(8)}


def by_gate(name, weights):
    """A cell's weights, a block a gate; zeros where a cell has none."""
    if name == "deep transition":
        W_x, *W_h, b = weights
        return {k: (W_x, W_h[k], b[k]) for k in range(3)}
    gates = LETTERS[name]
    W_x, W_h, b = weights[:3]
    has = {"MUT1": ("zr", "rc", "zrc"), "MUT2": ("zc", "zrc", "zrc")}.get(name, (gates, gates, gates))
    found = {gate: [np.zeros((H, H)), np.zeros((H, H)), np.zeros(H)] for gate in gates}
    for i, (matrix, letters) in enumerate(zip((W_x, W_h, b), has, strict=True)):
        for gate, block in zip(letters, np.split(matrix, len(letters), axis=-1), strict=True):
            found[gate][i] = block
    if name == "GRU, reset after":
        for gate in "zr":
            found[gate][2] = found[gate][2].sum(axis=0)
    return found | ({"peephole": weights[3]} if name == "peepholes" else {})


def random_cell(name, seed=1):
    """A layer with this cell and random weights, and something to read, as wide as the memory."""
    rng = np.random.default_rng(seed)
    layer = keras.layers.RNN(CELLS[name](H), return_sequences=True, return_state=True)
    layer.build((B, T, H))
    layer.set_weights([rng.normal(size=w.shape) for w in layer.weights])
    return layer, rng.normal(size=(B, T, H)).astype("float32"), rng


def transcribed(name, weights, x, start):
    """All h (B, T, H) and the last states, by the papers' equations in NumPy."""
    h, c = (start[0], start[1]) if len(start) == 2 else (start[0], None)
    said, W = [], by_gate(name, [w.astype(float) for w in weights])
    for t in range(x.shape[1]):
        h, c = one_step(name, W, x[:, t], h, c)
        said.append(h)
    return np.stack(said, axis=1), [h] if c is None else [h, c]


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_equals_its_paper_from_any_start(name):
    layer, x, rng = random_cell(name)
    start = [rng.normal(size=(B, H)).astype("float32") for _ in layer.cell.states]
    ours, *last = layer(x, initial_state=start)
    theirs, states = transcribed(name, layer.get_weights(), x.astype(float), start)
    assert np.abs(ours - theirs).max() < 1e-5
    assert len(last) == len(states)
    for a, b in zip(last, states, strict=True):
        assert np.abs(a - b).max() < 1e-5


@pytest.mark.parametrize("name", [name for name in CELLS if len(LETTERS.get(name, "123")) > 1])
def test_every_cell_notices_two_swapped_gates(name):
    layer, x, _ = random_cell(name)
    W = by_gate(name, layer.get_weights())
    first, second = next(pair for pair in ["ig", "fo", "zr", (2, 4), (0, 1)] if set(pair) <= set(W))
    swapped = W | {first: W[second], second: W[first]}
    states = [np.zeros((B, H))] * len(layer.cell.states)
    h, c = states[0], states[-1]
    for t in range(T):
        h, c = one_step(name, swapped, x[:, t], h, c)
    assert np.abs(h - layer(x)[0][:, -1]).max() > 1e-2


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_keeps_its_state_where_there_is_a_mask_and_texts_do_not_meet(name):
    layer, x, _ = random_cell(name)
    lengths = np.array([T, 3, 1])
    whole, *states = layer(x, mask=np.arange(T) < lengths[:, None])
    for b, length in enumerate(lengths):  # each alone and without a mask
        alone, *last = layer(x[b : b + 1, :length])
        assert np.abs(whole[b, :length] - alone[0]).max() < 1e-5
        for a, z in zip(states, last, strict=True):
            assert np.abs(a[b] - z[0]).max() < 1e-5


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_survives_saving(name, tmp_path):
    inputs = keras.Input((None, H))
    model = keras.Model(inputs, keras.layers.RNN(CELLS[name](H), name="memory")(inputs))
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    x = rng.normal(size=(B, T, H))
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert np.array_equal(model(x), again(x))
    assert again.get_layer("memory").cell.get_config() == model.get_layer("memory").cell.get_config()


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_has_the_gradient_of_its_equations(name):
    layer, x, rng = random_cell(name)
    chosen = rng.normal(size=(B, T, H))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(x)[0] * chosen.astype("float32"))
    gradients = tape.gradient(loss, layer.trainable_weights)
    weights = [w.astype(float) for w in layer.get_weights()]
    start = [np.zeros((B, H))] * len(layer.cell.states)

    def error(k, direction, step):
        moved = [w + step * direction if i == k else w for i, w in enumerate(weights)]
        return np.sum(transcribed(name, moved, x.astype(float), start)[0] * chosen)

    for k, (weight, gradient) in enumerate(zip(weights, gradients, strict=True)):
        direction = rng.normal(size=weight.shape)
        measured = (error(k, direction, 1e-6) - error(k, direction, -1e-6)) / 2e-6
        assert np.sum(gradient * direction) == pytest.approx(measured, rel=2e-3, abs=2e-3), k


@pytest.mark.parametrize("reset_after", [False, True])
@pytest.mark.parametrize("options", [{}, {"return_sequences": True}, {"go_backwards": True}])
def test_the_gru_equals_keras(reset_after, options):
    rng = np.random.default_rng(1)
    pair = keras.layers.RNN(GRUCell(H, reset_after), **options), keras.layers.GRU(H, reset_after=reset_after, **options)
    weights, x = None, rng.normal(size=(B, T, D)).astype("float32")
    for layer in pair:
        layer.build((B, T, D))
        weights = weights or [rng.normal(size=w.shape) for w in layer.weights]
        layer.set_weights(weights)
    assert np.abs(pair[0](x) - pair[1](x)).max() < 1e-5


@pytest.mark.parametrize("name", ["MUT1", "MUT2"])
def test_cells_that_add_their_input_say_how_wide_it_must_be(name):
    with pytest.raises(
        CourseError, match=r"Cell\(5\) adds x_t to its memory, so x_t must have 5 numbers, it has 4: put"
    ):
        keras.layers.RNN(CELLS[name](H)).build((B, T, H - 1))


def test_a_deep_transition_of_one_layer_is_the_vanilla_rnn_and_its_matrices_differ():
    x = np.random.default_rng(1).normal(size=(B, T, D)).astype("float32")
    flat, deep = keras.layers.RNN(SimpleRNNCell(H)), keras.layers.RNN(DeepTransitionCell(H, depth=1))
    for layer in (flat, deep):
        layer.build(x.shape)
    W_x, W_h, b = flat.get_weights()
    deep.set_weights([W_x, W_h, b[None]])
    assert np.abs(flat(x) - deep(x)).max() < 1e-6
    three = DeepTransitionCell(H, depth=3)
    three.build((B, D))
    assert np.abs(three.W_h[0] - three.W_h[1]).max() > 0.1
    with pytest.raises(CourseError, match="depth: expected 1 or more"):
        DeepTransitionCell(H, depth=0)


CODE = """
import os; os.environ["COURSE_BACKEND"] = {backend!r}
import numpy as np
from course_lib.backend import keras
from course_lib.cells import LSTMCell, SimpleRNNCell
from course_lib.numpy_rnn import lstm_forward, rnn_forward
assert keras.backend.backend() == {backend!r}
rng = np.random.default_rng(0)
x, zero = rng.normal(size=(2, 6, 3)), np.zeros((2, 4))
for cell, width in ((SimpleRNNCell(4), 4), (LSTMCell(4), 16)):
    layer = keras.layers.RNN(cell, return_sequences=True)
    layer.build(x.shape)
    W = [rng.normal(size=s) for s in ((3, width), (4, width), (width,))]
    layer.set_weights(W)
    ours = rnn_forward(x, *W, zero) if width == 4 else lstm_forward(x, *W, zero, zero)["h"]
    difference = np.abs(keras.ops.convert_to_numpy(layer(x.astype("float32"))) - ours).max()
    assert difference < 1e-5, difference
"""


# Of this Keras, the NumPy backend imports JAX, too.
@pytest.mark.parametrize(("backend", "needs"), [("numpy", "jax"), ("jax", "jax"), ("torch", "torch")])
def test_the_cells_run_on_another_backend(backend, needs):
    if importlib.util.find_spec(needs) is None:
        pytest.skip(f"{needs} is not installed")
    finished = subprocess.run([sys.executable, "-c", CODE.format(backend=backend)], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr[-2000:]


# -- the probes ------------------------------------------------------------------------------------------------------


def cross_entropy(answers):
    return lambda y: keras.losses.sparse_categorical_crossentropy(answers, y, from_logits=True)


@pytest.mark.parametrize("kind", KINDS)
def test_the_probe_measures_what_the_hand_written_pass_gives(kind):
    rng = np.random.default_rng(3)
    model = reader(KINDS[kind][0](H), 3, vocabulary_size=D)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    tokens, answers = rng.integers(D, size=(B, T)), np.array([0, 2, 1])
    norms = training.state_gradient_norms(model, tokens, cross_entropy(answers))["memory"]

    W_x, W_h, b = model.get_layer("memory").get_weights()
    W_y, b_y = model.get_layer("readout").get_weights()
    x, zero = np.eye(D)[tokens], np.zeros((B, H))
    states = rnn_forward(x, W_x, W_h, b, zero) if kind == "rnn" else lstm_forward(x, W_x, W_h, b, zero, zero)
    h = states if kind == "rnn" else states["h"]
    dh_out = np.zeros((B, T, H))
    dh_out[:, -1] = softmax_loss(h[:, -1:] @ W_y + b_y, answers[:, None])[1][:, 0] @ W_y.T
    if kind == "rnn":
        gradients = rnn_backward(dh_out, x, states, W_x, W_h, zero)
    else:
        gradients = lstm_backward(dh_out, x, states, W_x, W_h, zero, zero)
    assert set(norms) == ({"h"} if kind == "rnn" else {"h", "c"})
    for letter, measured in norms.items():
        assert np.allclose(measured, np.linalg.norm(gradients[letter], axis=-1), rtol=1e-4, atol=1e-7)


def test_the_probe_leaves_the_model_as_it_was_and_sees_every_layer():
    inputs = keras.Input((None, D))
    x = keras.layers.Masking()(inputs)
    x = keras.layers.Bidirectional(keras.layers.LSTM(3, return_sequences=True, name="two_way"))(x)
    x = keras.layers.RNN([LSTMCell(4), SimpleRNNCell(2)], return_sequences=True, name="stack")(x)
    model = keras.Model(inputs, keras.layers.GRU(2, name="top")(x))
    numbers = np.random.default_rng(4).normal(size=(B, T, D)).astype("float32")
    numbers[0, 4:] = 0  # the first text ends after four steps
    before = np.array(model(numbers))
    norms = training.state_gradient_norms(model, numbers, lambda y: tf.reduce_sum(y**2, axis=-1))
    assert np.array_equal(before, np.array(model(numbers)))
    assert {name: set(found) for name, found in norms.items()} == {
        "forward_two_way": {"h", "c"}, "backward_two_way": {"h", "c"},
        "stack/0": {"h", "c"}, "stack/1": {"h"}, "top": {"h"},
    }  # fmt: skip
    for found in norms.values():
        for values in found.values():
            assert values.shape == (B, T)
            assert not values[0, 4:].any()
            assert (values[1:] > 0).all()


def test_the_probe_at_the_last_step_is_the_gradient_of_the_output():
    cell = SimpleRNNCell(H)
    inputs = keras.Input((None, D))
    model = keras.Model(inputs, keras.layers.RNN(cell, name="memory")(inputs))
    x = np.random.default_rng(5).normal(size=(B, T, D)).astype("float32")
    norms = training.state_gradient_norms(model, x, lambda h: tf.reduce_sum(h**2, axis=-1) / 2)["memory"]["h"]
    assert np.allclose(norms[:, -1], np.linalg.norm(model(x), axis=-1), rtol=1e-5)


def test_the_probe_and_the_reader_say_what_they_expect():
    plain = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    with pytest.raises(CourseError, match="has no recurrent layer"):
        training.state_gradient_norms(plain, np.zeros((1, 3)), lambda y: y)
    with pytest.raises(CourseError, match=r"cell: expected call\(x_t, states\) and state_size"):
        reader(keras.layers.Dense(3), 2, vocabulary_size=4)
    with pytest.raises(CourseError, match="either vocabulary_size or features"):
        reader(SimpleRNNCell(3), 2)


def test_the_reader_reads_numbers_and_answers_at_every_step():
    assert reader(LSTMCell(3), 1, features=2)(np.zeros((4, 7, 2))).shape == (4, 1)
    tokens = np.zeros((4, 7), int)
    assert reader(LSTMCell(3), 5, vocabulary_size=6, every_step=True)(tokens).shape == (4, 7, 5)
    looked_up = reader(LSTMCell(3), 5, vocabulary_size=6, embedding=2)
    assert looked_up(tokens).shape == (4, 5)
    assert looked_up.get_layer("memory").cell.W_x.shape == (2, 12)

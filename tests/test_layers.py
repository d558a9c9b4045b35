"""The fast recurrent layers against Keras's own: results, gradients, and everything a layer can be asked for."""

import subprocess
import sys

import numpy as np
import pytest

from course_lib import cells, layers, tables
from course_lib.backend import keras
from course_lib.errors import CourseError
from course_lib.machine import WITHOUT_AVX512, processor

tf = pytest.importorskip("tensorflow")
UNITS, WIDTH, TEXTS, STEPS = 5, 3, 4, 7
STYLES = {
    "LSTM": (layers.LSTM, keras.layers.LSTM, {}),
    "GRU": (layers.GRU, keras.layers.GRU, {}),
    "GRU, reset before": (layers.GRU, keras.layers.GRU, {"reset_after": False}),
    "LSTM, no bias": (layers.LSTM, keras.layers.LSTM, {"use_bias": False}),
    "GRU, no bias": (layers.GRU, keras.layers.GRU, {"use_bias": False}),
}


def pair(style, width=WIDTH, units=UNITS, **settings):
    """A fast layer and Keras's, with the same random weights."""
    fast, slow, more = STYLES[style]
    both = [make(units, **more, **settings) for make in (fast, slow)]
    for layer in both:
        layer.build((TEXTS if settings.get("stateful") else None, None, width))
    rng = np.random.default_rng(1)
    both[1].set_weights([rng.normal(0, 1.5 / units**0.5, w.shape) for w in both[1].get_weights()])
    both[0].set_weights(both[1].get_weights())
    return both


def texts(seed=0, texts=TEXTS, steps=STEPS, width=WIDTH):
    """(B, T, D)."""
    return tf.constant(np.random.default_rng(seed).normal(size=(texts, steps, width)), "float32")


def everything(layer, x, graph=True, **call):
    """All that a layer returns, and the gradient of a sum of it, randomly weighted, in the input and every weight."""
    sources = [x, *tf.nest.flatten(call.get("initial_state", [])), *[v.value for v in layer.trainable_variables]]

    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(sources[1:])
            tape.watch(x)
            outputs = tf.nest.flatten(layer(x, **call))
            rng = np.random.default_rng(2)
            E = tf.add_n([tf.reduce_sum(tf.cast(o, "float32") * rng.normal(size=o.shape)) for o in outputs])
        return outputs, tape.gradient(E, [x, *sources[1:]])

    return tf.nest.flatten((tf.function(run) if graph else run)(x))


def same(fast, slow, x, bound=1e-5, **call):
    """Equal to 1e-5, relative to the largest number of each array."""
    ours, theirs = everything(fast, x, **call), everything(slow, x, **call)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=0, atol=bound * max(1.0, np.abs(b).max()))


@pytest.fixture
def lanes(monkeypatch):
    """Every batch in three parts."""
    monkeypatch.setattr(layers, "LANES", 3)
    monkeypatch.setattr(layers, "WORTH_A_LANE", 1)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("every", [True, False])
@pytest.mark.parametrize("state", [True, False])
def test_as_keras(style, every, state):
    """Outputs, states and gradients."""
    same(*pair(style, return_sequences=every, return_state=state), texts())


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("every", [True, False])
@pytest.mark.parametrize("zeros", [True, False])
@pytest.mark.parametrize("back", [True, False])
def test_masks(style, every, zeros, back):
    """Words and none anywhere: at the beginning, in the middle, a whole text."""
    mask = np.random.default_rng(3).random((TEXTS, STEPS)) < 0.6
    mask[0, :2], mask[1, -3:], mask[2] = False, False, False
    fast, slow = pair(style, return_sequences=every, return_state=True, go_backwards=back)
    fast.zero_output_for_mask = slow.zero_output_for_mask = zeros
    states = [texts(5, width=UNITS)[:, 0] for _ in range(2 if "LSTM" in style else 1)]
    same(fast, slow, texts(), mask=tf.constant(mask), initial_state=states)


@pytest.mark.parametrize("style", ["LSTM", "GRU", "GRU, reset before"])
@pytest.mark.parametrize("units", [128, 256, 512])
@pytest.mark.parametrize("masked", [True, False])
def test_with_room(style, units, masked):
    """Widths at which some of the products inside, or all, get idle columns."""
    assert layers._room(tf.zeros((512, 512))) and not layers._room(tf.zeros((5, 20)))
    mask = tf.constant(np.random.default_rng(3).random((TEXTS, STEPS)) < 0.6) if masked else None
    same(*pair(style, units=units, return_sequences=True, return_state=True), texts(), mask=mask)


@pytest.mark.parametrize("style", STYLES)
def test_in_64_bits(style):
    """To the last digits but a few."""
    mask = tf.constant(np.random.default_rng(3).random((TEXTS, STEPS)) < 0.6)
    both = pair(style, units=64, return_sequences=True, return_state=True, dtype="float64")
    same(*both, tf.cast(texts(), "float64"), bound=1e-12, mask=mask)


@pytest.mark.parametrize("style", ["LSTM", "GRU", "GRU, reset before"])
@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("size", [(1, 1), (1, STEPS), (2, 1), (5, STEPS)])
def test_any_size(style, masked, size, lanes):
    """A graph that knows neither texts nor steps; fewer texts than lanes."""
    x, mask = texts(0, *size), np.random.default_rng(3).random(size) < 0.6
    results = []
    for layer in pair(style, return_sequences=True):

        @tf.function(input_signature=[tf.TensorSpec((None, None, WIDTH)), tf.TensorSpec((None, None), tf.bool)])
        def run(x, mask, layer=layer):
            with tf.GradientTape() as tape:
                tape.watch(x)
                E = tf.reduce_sum(tf.sin(3 * layer(x, mask=mask if masked else None)))
            return tape.gradient(E, [x, *[v.value for v in layer.trainable_variables]])

        results.append(run(x, tf.constant(mask)))
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5 * max(1.0, np.abs(b).max()))


@pytest.mark.parametrize("masked", [True, False])
def test_a_gradient_in_slices(masked):
    """What tf.gather hands back is no array; the loop takes it all the same."""
    mask = tf.constant(np.random.default_rng(3).random((TEXTS, STEPS)) < 0.6) if masked else None
    gradients = []
    for layer in pair("LSTM", return_state=True):
        with tf.GradientTape() as tape:
            E = tf.reduce_sum(tf.gather(layer(texts(), mask=mask)[2], [0, 2]))
        gradients.append(tape.gradient(E, [v.value for v in layer.trainable_variables]))
    for a, b in zip(*gradients, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5)


def test_one_state_for_all_texts():
    """Keras spreads it over the batch; so does this, by leaving the loop to Keras."""
    fast, slow = pair("LSTM")
    states = [texts(5, texts=1, width=UNITS)[:, 0] for _ in range(2)]
    same(fast, slow, texts(), graph=False, initial_state=states)


def test_few_graphs(caplog):
    """Layers of one width, asked for different things on batches of many sizes: TensorFlow does not warn."""
    tf.get_logger().addHandler(caplog.handler)
    try:
        for every in (True, False):
            fast, _ = pair("LSTM", return_sequences=every)
            for count in range(2, 6):
                for mask in (None, tf.ones((count, STEPS), "bool")):
                    fast(texts(0, count), mask=mask)
    finally:
        tf.get_logger().removeHandler(caplog.handler)
    assert "retracing" not in caplog.text


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("masked", [True, False])
def test_in_lanes(style, masked, lanes):
    """The parts of a batch, put together; their number need not divide it."""
    mask = tf.constant(np.random.default_rng(3).random((TEXTS, STEPS)) < 0.6) if masked else None
    same(*pair(style, return_sequences=True, return_state=True), texts(), mask=mask)


@pytest.mark.parametrize("style", ["LSTM", "GRU", "GRU, reset before"])
def test_finite_differences(style):
    """The gradient of one weight of each array, in float64, against the slope."""
    layer = pair(style, dtype="float64", return_sequences=True)[0]
    x = tf.cast(texts(), "float64")
    up = np.random.default_rng(4).normal(size=(TEXTS, STEPS, UNITS))
    with tf.GradientTape() as tape:
        E = tf.reduce_sum(layer(x) * up)
    for variable, gradient in zip(
        layer.trainable_variables, tape.gradient(E, [v.value for v in layer.trainable_variables]), strict=True
    ):
        value, place, step = variable.numpy(), tuple(n // 2 for n in variable.shape), 1e-5
        sides = []
        for sign in (1, -1):
            moved = value.copy()
            moved[place] += sign * step
            variable.assign(moved)
            sides.append(float(tf.reduce_sum(layer(x) * up)))
        variable.assign(value)
        np.testing.assert_allclose(gradient[place], (sides[0] - sides[1]) / (2 * step), rtol=1e-6)


@pytest.mark.parametrize("style", ["LSTM", "GRU"])
def test_outside_a_compiled_model(style):
    """The same results one operation after the other."""
    fast, slow = pair(style, return_sequences=True)
    for a, b in zip(everything(fast, texts(), graph=False), everything(slow, texts()), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-4)


@pytest.mark.parametrize("make", [
    lambda: cells.LSTMCell(UNITS), lambda: cells.GRUCell(UNITS), lambda: cells.GRUCell(UNITS, reset_after=True),
    lambda: keras.layers.LSTMCell(UNITS), lambda: keras.layers.GRUCell(UNITS),
    lambda: cells.CoupledGatesCell(UNITS), lambda: keras.layers.StackedRNNCells([cells.LSTMCell(UNITS)] * 1),
])  # fmt: skip
def test_around_a_cell(make):
    """keras.layers.RNN with the same cell; one it does not know runs as it did."""
    cell = make()
    both = [kind(cell, return_sequences=True) for kind in (layers.RNN, keras.layers.RNN)]
    both[0].build((None, None, WIDTH))
    both[1].built = True
    for variable in cell.trainable_variables:
        variable.assign(np.random.default_rng(1).normal(0, 0.7, variable.shape))
    same(*both, texts())


def test_it_is_the_fast_one(monkeypatch):
    """With the cells it knows, Keras's loop is not run."""
    monkeypatch.setattr(keras.layers.RNN, "inner_loop", lambda *_, **__: pytest.fail("Keras's loop"))
    cells_known = [
        cells.LSTMCell(UNITS), cells.GRUCell(UNITS), cells.GRUCell(UNITS, reset_after=True),
        keras.layers.LSTMCell(UNITS), keras.layers.GRUCell(UNITS),
    ]  # fmt: skip
    known = [layers.LSTM(UNITS), layers.GRU(UNITS), layers.GRU(UNITS, reset_after=False)]
    for layer in (*known, *map(layers.RNN, cells_known)):
        layer(texts())
    with pytest.raises(pytest.fail.Exception):
        layers.LSTM(UNITS, activation="relu")(texts())
    with pytest.raises(pytest.fail.Exception):  # a kind of LSTM, with other equations
        layers.RNN(cells.PeepholeLSTMCell(UNITS))(texts())


@pytest.mark.parametrize("settings", [
    {"activation": "relu"}, {"recurrent_activation": "hard_sigmoid"}, {"unroll": True}, {"dropout": 0.5},
    {"recurrent_dropout": 0.5},
])  # fmt: skip
def test_what_it_leaves_to_keras(settings):
    """Other functions, unrolling; dropout between times, when it trains."""
    fast, slow = pair("LSTM", return_sequences=True, **settings)
    same(fast, slow, texts())
    if "dropout" in str(settings):
        assert np.abs(fast(texts(), training=True) - fast(texts())).max() > 0.01


def test_stateful():
    """It goes on from batch to batch, and begins anew when told."""
    fast, slow = pair("LSTM", return_sequences=True, stateful=True)
    for seed in range(3):
        np.testing.assert_allclose(fast(texts(seed)), slow(texts(seed)), atol=1e-5)
    for layer in (fast, slow):
        layer.reset_state()
    np.testing.assert_allclose(fast(texts(9)), slow(texts(9)), atol=1e-5)


@pytest.mark.parametrize("style", ["LSTM", "GRU"])
def test_a_model_of_any_length_saved_and_loaded(style, tmp_path):
    """Batches of other sizes and lengths, one text, one step; an Embedding's mask; training; the file."""
    tokens = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(9, WIDTH, mask_zero=True)(tokens)
    both = keras.layers.Bidirectional(STYLES[style][0](UNITS, return_sequences=True))(x)
    model = keras.Model(tokens, keras.layers.Dense(9)(STYLES[style][0](UNITS)(both)))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    rng = np.random.default_rng(0)
    for size in ((4, 7), (1, 1), (64, 3), (3, 30)):
        model.train_on_batch(rng.integers(9, size=size), rng.integers(9, size=size[:1]))
    model.save(tmp_path / "model.keras")
    again, words = keras.saving.load_model(tmp_path / "model.keras"), rng.integers(9, size=(5, 6))
    np.testing.assert_allclose(model(words), again(words), atol=1e-6)
    assert type(again.layers[-2]) is STYLES[style][0]


def test_in_16_bits():
    """bfloat16 products: near the result in 32."""
    half = pair("LSTM", return_sequences=True, dtype="mixed_bfloat16")[0]
    whole = pair("LSTM", return_sequences=True)[0]
    assert half(texts()).dtype == "bfloat16"
    np.testing.assert_allclose(tf.cast(half(texts()), "float32"), whole(texts()), atol=0.05)


def second_derivative(layer, x, mask):
    """Of a sum of squares, in the input."""
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            E = tf.reduce_sum(layer(x, mask=mask) ** 2)
        first = inner.gradient(E, x)
    return outer.gradient(first, x, texts(8))


def forward_mode(layer, x, mask):
    """The outputs' slope along a direction."""
    with tf.autodiff.ForwardAccumulator(x, texts(8)) as along:
        outputs = layer(x, mask=mask)
    return along.jvp(outputs)


@pytest.mark.parametrize("style", ["LSTM", "GRU", "GRU, reset before"])
@pytest.mark.parametrize("derivative", [second_derivative, forward_mode])
@pytest.mark.parametrize("graph", [False, True])
def test_other_derivatives(style, derivative, graph):
    """A gradient of a gradient, and forward-mode, around a graph or none."""
    x, mask = texts(), tf.constant(np.random.default_rng(3).random((TEXTS, STEPS)) < 0.6)
    found = []
    for layer in pair(style, return_sequences=True):
        call = tf.function(lambda x, mask, layer=layer: layer(x, mask=mask), autograph=False) if graph else layer
        found.append(derivative(call, x, mask))
    np.testing.assert_allclose(*found, rtol=0, atol=1e-5 * max(1.0, np.abs(found[1]).max()))


def test_no_forward_mode_inside_a_graph():
    """One sentence: TensorFlow makes it 0, and of Keras's layer an error."""
    with pytest.raises(CourseError, match=r"around the call of the tf\.function"):
        tf.function(lambda: forward_mode(layers.LSTM(UNITS), texts(), None), autograph=False)()


@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize("shape", [(TEXTS + 1, STEPS), (TEXTS, 1), (STEPS,), (STEPS, TEXTS), (TEXTS, STEPS, 2), ()])
def test_masks_that_do_not_fit(shape, graph):
    """What Keras's layer refuses, this one does, in a sentence."""
    refused(tf.ones(shape), graph)


@pytest.mark.parametrize("graph", [False, True])
def test_masks_of_another_kind(graph):
    """Strings and lists."""
    refused(tf.fill((TEXTS, STEPS), "word"), graph)
    refused([[True] * STEPS] * TEXTS, graph)


def refused(mask, graph):
    """Both layers refuse a mask."""
    errors = (tf.errors.OpError, ValueError, IndexError, AttributeError)
    for layer, kind, message in zip(pair("LSTM"), (CourseError, errors), (r"expected .* \(4, 7\)", None), strict=True):
        with pytest.raises(kind, match=message):
            (tf.function(layer, autograph=False) if graph else layer)(texts(), mask=mask)


def test_a_mask_of_more_steps():
    """Keras's loop does not look at the rest of it in a graph, and refuses it out of one."""
    mask = tf.ones((TEXTS, STEPS + 1))
    fast, slow = (tf.function(layer, autograph=False)(texts(), mask=mask) for layer in pair("LSTM"))
    np.testing.assert_allclose(fast, slow, atol=1e-6)
    with pytest.raises(CourseError, match=r"of shape \(4, 8\)"):
        pair("LSTM")[0](texts(), mask=mask)


@pytest.mark.parametrize("style", ["LSTM", "GRU", "GRU, reset before"])
@pytest.mark.parametrize("settings", [{"return_sequences": True, "zero_output_for_mask": True}, {}], ids=str)
def test_gradients_where_there_is_no_word(style, settings):
    """NaN that comes back for a text without words reaches its own states, no other text and no weight."""
    mask = tf.constant([[False] * STEPS, *[[True] * STEPS] * (TEXTS - 1)])
    states = [texts(5, width=UNITS)[:, 0] for _ in range(2 if "LSTM" in style else 1)]
    spoilt = tf.constant([[np.nan]] + [[1.0]] * (TEXTS - 1))
    found = []
    for layer in pair(style, return_state=True, **settings):
        sources = [texts(), *states, *[v.value for v in layer.trainable_variables]]
        with tf.GradientTape() as tape:
            tape.watch(sources)
            outputs = layer(sources[0], mask=mask, initial_state=states)
        d_outputs = [tf.ones_like(one) * (spoilt if one.shape.rank == 2 else spoilt[:, None]) for one in outputs]
        found.append(tape.gradient(outputs, sources, d_outputs))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    assert np.isfinite(found[0][0]).all() and all(np.isfinite(one).all() for one in found[0][1 + len(states) :])


def test_no_cudnn():
    """It is refused as by Keras, where there is none."""
    for layer in pair("LSTM", use_cudnn=True):
        with pytest.raises(ValueError, match="use_cudnn"):
            layer(texts())


# -- saved -------------------------------------------------------------------------------------------------------------


def models(style, texts=None, steps=None):
    """With this layer, and with Keras's: token ids, of which 0 is none, -> (B, 2). Both have the same weights."""
    made = []
    for kind in STYLES[style][:2]:
        tokens = keras.Input((steps,), batch_size=texts, dtype="int32")
        x = keras.layers.Embedding(9, WIDTH, mask_zero=True)(tokens)
        x = keras.layers.Bidirectional(kind(UNITS, return_sequences=True, **STYLES[style][2]))(x)
        made.append(keras.Model(tokens, keras.layers.Dense(2)(kind(UNITS, **STYLES[style][2])(x))))
    made[1].set_weights(made[0].get_weights())
    return made


TOKENS = np.array([[3, 1, 4, 1, 5, 2, 6], [1, 2, 0, 0, 0, 0, 0], [0, 0, 0, 5, 0, 7, 1], [0] * 7], "int32")


def test_weights_both_ways(tmp_path):
    """A file of weights from one layer into the other."""
    for there, back in ((0, 1), (1, 0)):
        of, into = models("LSTM")[there], models("LSTM")[back]
        of.save_weights(tmp_path / "of.weights.h5")
        into.load_weights(tmp_path / "of.weights.h5")
        np.testing.assert_allclose(of(TOKENS), into(TOKENS), atol=1e-6)


def test_saved_as_keras(tmp_path):
    """A .keras file gives back the fast layer and its numbers."""
    fast, slow = models("GRU, reset before")
    fast.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(TOKENS), slow(TOKENS), atol=1e-6)
    assert type(again.layers[-2]) is layers.GRU


@pytest.mark.parametrize("style", ["LSTM", "GRU"])
@pytest.mark.parametrize("save", ["export", "tf.saved_model.save", "a traced function"])
def test_saved_for_serving(style, save, tmp_path):
    """Other batches are served with their masks, and a gradient in the weights is there for who trains on."""
    fast, slow = models(style)
    if save == "export":
        fast.export(tmp_path / "saved", verbose=False)
        loaded = tf.saved_model.load(tmp_path / "saved")
        serve, weights = loaded.serve, loaded.trainable_variables
    elif save == "tf.saved_model.save":
        tf.saved_model.save(fast, tmp_path / "saved")
        signature = (loaded := tf.saved_model.load(tmp_path / "saved")).signatures["serving_default"]
        serve, weights = lambda ids: next(iter(signature(ids).values())), signature.trainable_variables
    else:  # before anybody knew that it would be saved: the loop written by hand is in the file
        held = tf.Module()
        held.serve = tf.function(lambda ids: fast(ids), autograph=False,
                                 input_signature=[tf.TensorSpec((None, None), tf.int32)])  # fmt: skip
        held.trained = [variable.value for variable in fast.trainable_variables]
        held.serve(tf.constant(TOKENS))
        tf.saved_model.save(held, tmp_path / "saved")
        loaded = tf.saved_model.load(tmp_path / "saved")
        serve, weights = loaded.serve, loaded.trained
    for ids in (TOKENS, TOKENS[:1], TOKENS[2:, :4]):
        np.testing.assert_allclose(serve(tf.constant(ids)), slow(ids), atol=1e-5)
    gradients = []
    for call, sources in ((serve, weights), (slow, [v.value for v in slow.trainable_variables])):
        with tf.GradientTape() as tape:
            E = tf.reduce_sum(call(tf.constant(TOKENS)) ** 2)
        gradients.append([tf.convert_to_tensor(g) for g in tape.gradient(E, sources)])
    norms = [sorted(float(tf.norm(g)) for g in of) for of in gradients]  # a loaded model may list them in another order
    np.testing.assert_allclose(*norms, rtol=1e-4, atol=1e-6)


def test_served_by_another_process(tmp_path):
    """One that has TensorFlow alone: numbers and gradients of a function that was traced before it was saved."""
    fast, slow = pair("GRU")
    held = tf.Module()
    held.weights = [variable.value for variable in fast.trainable_variables]
    held.serve = tf.function(lambda x, mask: fast(x, mask=mask), autograph=False)
    x, mask = texts(), tf.constant(np.random.default_rng(3).random((TEXTS, STEPS)) < 0.6)
    held.serve(x, mask)
    tf.saved_model.save(held, tmp_path / "saved")
    np.savez(tmp_path / "given.npz", x=x, mask=mask)
    code = """if True:
        import numpy as np, sys, tensorflow as tf
        loaded, given = tf.saved_model.load("saved"), np.load("given.npz")
        with tf.GradientTape() as tape:
            outputs = loaded.serve(tf.constant(given["x"]), tf.constant(given["mask"]))
        np.savez("found.npz", outputs, *tape.gradient(outputs, loaded.weights))
        sys.exit("course_lib.layers" in sys.modules)
        """
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    found = np.load(tmp_path / "found.npz")
    with tf.GradientTape() as tape:
        outputs = slow(x, mask=mask)
    right = [outputs, *tape.gradient(outputs, [v.value for v in slow.trainable_variables])]
    for a, b in zip(found.values(), right, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.filterwarnings(r"ignore:\s*Warning. tf.lite.Interpreter is deprecated")
@pytest.mark.parametrize("style", ["LSTM", "GRU"])
def test_for_small_devices(style):
    """TFLite takes what it takes of Keras's layer: texts and steps that are known."""
    fast, slow = models(style, *TOKENS.shape)
    numbers = []
    for model in (fast, slow):
        lite = tf.lite.Interpreter(model_content=tf.lite.TFLiteConverter.from_keras_model(model).convert())
        lite.allocate_tensors()
        lite.set_tensor(lite.get_input_details()[0]["index"], TOKENS)
        lite.invoke()
        numbers.append(lite.get_tensor(lite.get_output_details()[0]["index"]))
    np.testing.assert_allclose(numbers[0], numbers[1], atol=1e-5)
    np.testing.assert_allclose(numbers[0], slow(TOKENS), atol=1e-5)


def test_the_benchmark():
    """Contestants take turns at a size; each has its times and its memory, the medians of two processes."""
    from benchmarks.layers import match

    rows = match(("gru", 4, 3, 2, 5), {"course": sys.executable, "products": sys.executable}, rounds=2)
    assert [row["layer"] for row in rows] == ["course", "products"]
    assert all(row["ms"] > 0 and row["cpu_ms"] >= 0 and 0.1 < row["peak_memory_gb"] < 3 for row in rows)


@pytest.mark.parametrize("avx2", [False, True])
def test_the_benchmarks_table(avx2, monkeypatch, tmp_path):
    """Rows of the other kind of processor stay, as does the figure when AVX-512 is not to be used."""
    from benchmarks import layers as benchmark

    for name in WITHOUT_AVX512:
        monkeypatch.setenv(name, "unset")
    stored = tables.read_rows(benchmark.RESULTS)
    monkeypatch.setattr(benchmark, "RESULTS", tmp_path / "layers.csv")
    tables.write(benchmark.RESULTS, [row | {"processor": kind, "ms": 0} for kind in ("Z80", "AVX2") for row in stored])
    times = {"layer": "course", "ms": 1, "cpu_ms": 1, "peak_memory_gb": 1}
    monkeypatch.setattr(benchmark, "match", lambda size, pythons, rounds: [times])
    monkeypatch.setattr(sys, "argv", ["layers", *["--avx2"] * avx2])
    here = "AVX2" if avx2 else processor()
    benchmark.main()
    rows = tables.read_rows(benchmark.RESULTS)
    assert [row["ms"] for row in rows if row["processor"] == "Z80"] == ["0"] * len(stored)
    assert {row["ms"] for row in rows if row["processor"] == here} == {"1"}
    assert (tmp_path / "layers.svg").exists() != avx2

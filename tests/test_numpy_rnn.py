"""The hand-written backward passes against small changes, Keras, and planted mistakes."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib import numpy_rnn
from course_lib.errors import CourseError
from course_lib.numpy_rnn import SequenceModel, numerical_gradient, relative_error

B, T, D, H, V = 3, 8, 4, 5, 6
BOUND = 1e-7
CASES = {
    "rnn": (numpy_rnn.rnn_forward, numpy_rnn.rnn_backward, 1, ("h_0",)),
    "lstm": (numpy_rnn.lstm_forward, numpy_rnn.lstm_backward, 4, ("h_0", "c_0")),
}


def problem(kind, masked, seed=0):
    """Random arrays for a cell, a loss at every step, and a mask with holes."""
    rng = np.random.default_rng(seed)
    _, _, gates, starts = CASES[kind]
    arrays = {
        "x": rng.normal(size=(B, T, D)),
        "W_x": rng.normal(size=(D, gates * H)),
        "W_h": rng.normal(size=(H, gates * H)),
        "b": rng.normal(size=gates * H),
    } | {name: rng.normal(size=(B, H)) for name in starts}
    return arrays, rng.normal(size=(B, T, H)), (rng.random((B, T)) < 0.6 if masked else None)


def errors_of(kind, masked, backward=None):
    """Relative error of every gradient of a cell against small changes."""
    forward, right, _, starts = CASES[kind]
    arrays, towards, mask = problem(kind, masked)

    def states():
        return forward(**arrays, mask=mask)

    def loss():
        result = states()
        return (towards * (result["h"] if kind == "lstm" else result)).sum()

    start = [arrays[name] for name in starts]
    gradients = (backward or right)(towards, arrays["x"], states(), arrays["W_x"], arrays["W_h"], *start, mask)
    return {name: relative_error(gradients[name], numerical_gradient(loss, array)) for name, array in arrays.items()}


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("kind", CASES)
def test_every_gradient_is_what_small_changes_give(kind, masked):
    errors = errors_of(kind, masked)
    assert set(errors) == {"x", "W_x", "W_h", "b", *CASES[kind][3]}
    assert max(errors.values()) < BOUND, errors


MUTATIONS = [
    ("rnn", "(1 - h[:, t] ** 2)", "(1 - h_prev ** 2)"),
    ("rnn", "dh_out[:, t] + dh_t", "dh_out[:, t]"),
    ("rnn", "da @ W_h.T", "da @ W_h"),
    ("rnn", "h_prev.T @ da", "h[:, t].T @ da"),
    ("rnn", "+ (1 - live) * dh_t", ""),
    ("rnn", "dW_x +=", "dW_x ="),
    ("lstm", "for name in \"ifgo\"", "for name in \"figo\""),  # swapped gates
    ("lstm", "dc_t * g, dc_t * c_prev", "dc_t * c_prev, dc_t * g"),
    ("lstm", "dc_t + live * dh_t * o * (1 - tanh_c**2)", "dc_t"),  # dropped terms
    ("lstm", "dc_t + live", "live"),
    ("lstm", "o * (1 - tanh_c**2)", "o"),
    ("lstm", "d_g * (1 - g**2)", "d_g * g * (1 - g)"),
    ("lstm", "dh_t * tanh_c", "dh_t"),
    ("lstm", "live * dc_t * f + (1 - live) * dc_t", "dc_t * f"),
    ("lstm", "da @ W_h.T + (1 - live) * dh_t", "(1 - live) * dh_t"),  # the direct path alone
]  # fmt: skip


@pytest.mark.parametrize(("kind", "line", "mistake"), MUTATIONS)
def test_a_mistake_in_the_backward_pass_is_caught(kind, line, mistake):
    source = inspect.getsource(inspect.unwrap(CASES[kind][1])).split("\n", 1)[1]  # without the decorator
    assert source.count(line) == 1
    scope = dict(vars(numpy_rnn))
    exec(source.replace(line, mistake), scope)
    assert max(errors_of(kind, True, scope[f"{kind}_backward"]).values()) > 1e-3


@pytest.mark.parametrize("kind", CASES)
def test_keras_gives_the_same_states_and_gradients(kind):
    arrays, towards, _ = problem(kind, False, seed=1)
    forward, backward, _, starts = CASES[kind]
    layer = {"rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM}[kind](H, return_sequences=True, dtype="float64")
    layer.build(arrays["x"].shape)
    layer.set_weights([arrays["W_x"], arrays["W_h"], arrays["b"]])
    inputs = {name: tf.constant(arrays[name]) for name in ("x", *starts)}
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        h = layer(inputs["x"], initial_state=[inputs[name] for name in starts])
        loss = tf.reduce_sum(h * towards)
    names = ("x", *starts, "W_x", "W_h", "b")
    theirs = dict(zip(names, tape.gradient(loss, [*inputs.values(), *layer.trainable_weights]), strict=True))
    states = forward(**arrays)
    ours = states["h"] if kind == "lstm" else states
    assert np.abs(ours - h).max() < 1e-12
    gradients = backward(towards, arrays["x"], states, arrays["W_x"], arrays["W_h"], *(arrays[n] for n in starts))
    for name in names:
        assert relative_error(gradients[name], theirs[name]) < 1e-12


@pytest.mark.parametrize("kind", CASES)
def test_a_mask_gives_what_a_shorter_text_gives(kind):
    arrays, _, _ = problem(kind, False, seed=2)
    forward = CASES[kind][0]
    mask = np.ones((B, T), bool)
    mask[:, T - 3 :] = False
    whole, short = forward(**arrays, mask=mask), forward(**(arrays | {"x": arrays["x"][:, : T - 3]}))
    whole, short = (s["h"] if kind == "lstm" else s for s in (whole, short))
    assert np.array_equal(whole[:, : T - 3], short)
    assert np.array_equal(whole[:, -1], short[:, -1])


def model_problem(kind, masked, seed=3):
    rng = np.random.default_rng(seed)
    model = SequenceModel(kind, D, H, V)
    for value in model.parameters.values():
        value += rng.normal(size=value.shape)
    x, targets = rng.normal(size=(B, T, D)), rng.integers(V, size=(B, T))
    memory = {name: rng.normal(size=(B, H)) for name in model.start(B)}
    return model, x, targets, memory, rng.random((B, T)) < 0.7 if masked else None


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("kind", CASES)
def test_the_model_with_a_loss_at_every_step(kind, masked):
    model, x, targets, memory, mask = model_problem(kind, masked)
    _, gradients, _ = model.loss_and_gradients(x, targets, memory, mask)
    for name, array in model.parameters.items():
        numeric = numerical_gradient(lambda: model.loss_and_gradients(x, targets, memory, mask)[0], array)
        assert relative_error(gradients[name], numeric) < BOUND, name


@pytest.mark.parametrize("kind", CASES)
def test_truncation_hands_the_memory_on_and_freezes_it(kind):
    model, x, targets, memory, _ = model_problem(kind, False)
    whole, gradients_whole, end = model.loss_and_gradients(x, targets, memory)
    first, gradients_1, between = model.loss_and_gradients(x[:, :5], targets[:, :5], memory)
    second, gradients_2, end_2 = model.loss_and_gradients(x[:, 5:], targets[:, 5:], between)
    assert whole == pytest.approx(first + second, rel=1e-12)
    for name in end:
        assert np.array_equal(end[name], end_2[name])
    for name, array in model.parameters.items():
        numeric = numerical_gradient(lambda: model.loss_and_gradients(x[:, 5:], targets[:, 5:], between)[0], array)
        assert relative_error(gradients_2[name], numeric) < BOUND, name
    assert relative_error(gradients_1["W_h"] + gradients_2["W_h"], gradients_whole["W_h"]) > 1e-3


def test_the_first_loss_on_25_characters_of_65():
    for kind in CASES:
        model = SequenceModel(kind, 65, 100, 65, seed=4)
        ids = np.random.default_rng(0).integers(65, size=26)
        losses, _ = numpy_rnn.fit(model, numpy_rnn.windows_of_text(ids, 25, 1), 1, numpy_rnn.Adam())
        assert losses[0] == pytest.approx(104.36, abs=0.005)


@pytest.mark.parametrize("kind", CASES)
def test_the_trainer_learns_a_text_by_heart(kind):
    ids = np.tile([0, 1, 2, 0, 2, 1], 40)  # what follows 0 depends on what stood before it
    model = SequenceModel(kind, 3, 16, 3)
    losses, norms = numpy_rnn.fit(model, numpy_rnn.windows_of_text(ids, 12, 2), 200, numpy_rnn.Adam(1e-2), clip=5.0)
    assert losses[0] == pytest.approx(12 * np.log(3), rel=1e-6)
    assert losses[-1] < 0.5
    assert np.isfinite(norms).all()


def test_adam_is_keras_adam():
    rng = np.random.default_rng(6)
    start, gradients = rng.normal(size=(3, 2)), rng.normal(size=(5, 3, 2))
    mine, theirs = {"w": start.copy()}, keras.Variable(start, dtype="float64")
    ours, optimizer = numpy_rnn.Adam(0.01), keras.optimizers.Adam(0.01, epsilon=1e-8)
    optimizer.build([theirs])
    for g in gradients:
        ours.update(mine, {"w": g})
        optimizer.apply([tf.constant(g)], [theirs])
    assert np.abs(mine["w"] - theirs.numpy()).max() < 1e-5


def test_clipping_keeps_the_direction():
    gradients = {"a": np.array([3.0, 0.0]), "b": np.array([[4.0]])}
    clipped, norm = numpy_rnn.clip_by_norm(gradients, 1.0)
    assert norm == 5
    assert np.allclose(clipped["a"], [0.6, 0]) and np.allclose(clipped["b"], 0.8)
    assert numpy_rnn.clip_by_norm(gradients, 9.0)[0]["a"] is not None
    assert np.array_equal(numpy_rnn.clip_by_norm(gradients, 9.0)[0]["b"], gradients["b"])


def test_a_diverging_run_stops_and_keeps_what_it_has():
    model = SequenceModel("rnn", 3, 4, 3)
    ids = np.random.default_rng(7).integers(3, size=60)  # nothing to learn, and far too large a step
    with np.errstate(all="ignore"):
        losses, _ = numpy_rnn.fit(model, numpy_rnn.windows_of_text(ids, 10, 1), 50, numpy_rnn.GradientDescent(1e200))
    assert 1 < len(losses) < 50
    assert not np.isfinite(losses[-1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.zeros((B, 0, D))}, "x: expected shape .* at least one step, got .3, 0, 4."),
        ({"x": np.zeros((B, D))}, "x: expected shape .B, T, D."),
        ({"W_x": np.zeros((D + 1, H))}, "W_x: expected shape .4, 5., that is .D, H., got .5, 5."),
        ({"b": np.zeros((1, H))}, "b: expected shape .5,., that is .H., got .1, 5."),
        ({"h_0": np.zeros((H, B))}, "h_0: expected shape .3, 5., that is .B, H., got .5, 3."),
        ({"mask": np.ones((B, T + 1))}, "mask: expected shape .3, 8., that is .B, T."),
        ({"x": np.full((B, T, D), np.nan)}, "x: expected finite numbers, got nan at .0, 0, 0."),
    ],
)
def test_bad_input_is_said_in_one_sentence(change, message):
    arrays = problem("rnn", False)[0] | change
    with pytest.raises(CourseError, match=message) as caught:
        numpy_rnn.rnn_forward(**arrays)
    assert "\n" not in str(caught.value)


def test_bad_input_for_an_lstm_and_for_the_model():
    arrays = problem("lstm", False)[0]
    with pytest.raises(CourseError, match=r"W_h: expected shape \(5, 20\), that is \(H, 4H\), got \(5, 5\)"):
        numpy_rnn.lstm_forward(**(arrays | {"W_h": np.zeros((5, 5))}))
    with pytest.raises(CourseError, match="expected 'rnn' or 'lstm', got 'gru'"):
        SequenceModel("gru", 2, 3, 2)
    with pytest.raises(CourseError, match="a text of 4 characters is too short"):
        next(numpy_rnn.windows_of_text([0, 1, 0, 1], 25, 1))

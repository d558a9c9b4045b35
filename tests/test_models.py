"""Networks, training and decoding against independent oracles."""

import itertools

import keras
import numpy as np
import pytest

from course_lib import training
from course_lib.batching import story_batches
from course_lib.cells import GRUCell, LSTMCell
from course_lib.errors import CourseError
from course_lib.metrics import log_softmax
from course_lib.models.deep import deep_language_model
from course_lib.models.fixed_input import bag_of_words_model, window_model
from course_lib.models.language_model import chain, language_model, rnn_language_model, stateful
from course_lib.numpy_rnn import rnn_forward
from course_lib.text import Vocabulary, to_rows


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def random_rnn(rng, B=3, T=6, D=4, H=5):
    shapes = [(B, T, D), (D, H), (H, H), (H,), (B, H)]
    return [rng.normal(size=s).astype("float32") for s in shapes]


def keras_states(x, W_x, W_h, b, h_0):
    layer = keras.layers.SimpleRNN(W_h.shape[0], return_sequences=True)
    layer.build(x.shape)
    layer.set_weights([W_x, W_h, b])
    return np.array(layer(x, initial_state=h_0))


def test_rnn_forward_equals_keras(rng):
    x, W_x, W_h, b, h_0 = random_rnn(rng)
    assert np.abs(rnn_forward(x, W_x, W_h, b, h_0) - keras_states(x, W_x, W_h, b, h_0)).max() < 1e-5


def test_the_comparison_with_keras_sees_a_transposed_matrix_and_a_lost_start(rng):
    x, W_x, W_h, b, h_0 = random_rnn(rng)
    right = keras_states(x, W_x, W_h, b, h_0)
    assert np.abs(rnn_forward(x, W_x, W_h.T, b, h_0) - right).max() > 0.1
    assert np.abs(rnn_forward(x, W_x, W_h, b, 0 * h_0) - right).max() > 0.1


def test_the_language_model_is_the_recurrence_of_the_lesson(rng):
    model = rnn_language_model(9, embedding=4, hidden=5)
    weights = [rng.normal(size=w.shape) for w in model.get_weights()]
    model.set_weights(weights)
    E, W_x, W_h, b, W_y, b_y = weights
    tokens = rng.integers(0, 9, size=(2, 7))
    h = rnn_forward(E[tokens], W_x, W_h, b, np.zeros((2, 5)))
    assert np.abs(model(tokens) - (h @ W_y + b_y)).max() < 1e-4


@pytest.mark.parametrize(("model", "shape"), [(window_model(9, 3), (2, 3)), (bag_of_words_model(9), (2, 9))])
def test_models_without_memory(model, shape):
    assert model(np.ones(shape)).shape == (2, 9)


def test_models_survive_saving(tmp_path, rng):
    model = rnn_language_model(9, embedding=4, hidden=5)
    tokens = rng.integers(0, 9, size=(2, 7))
    model.save(tmp_path / "m.keras")
    assert np.array_equal(model(tokens), keras.models.load_model(tmp_path / "m.keras")(tokens))


def chained(rng, V=11):
    model = language_model(V, LSTMCell(7), embedding=5, dropout=0.5)
    model.set_weights([0.5 * rng.normal(size=w.shape) for w in model.get_weights()])
    return model


def test_a_stateful_twin_goes_on_where_it_ended_and_shares_its_weights(rng):
    model = chained(rng)
    twin = stateful(model, batch_size=3)
    tokens = rng.integers(0, 11, size=(3, 20))
    whole = np.array(model(tokens))
    parts = [np.array(twin(tokens[:, a:b])) for a, b in ((0, 1), (1, 12), (12, 20))]
    assert np.abs(np.concatenate(parts, axis=1) - whole).max() < 1e-5
    twin.get_layer("memory").reset_states()
    assert np.abs(np.array(twin(tokens)) - whole).max() < 1e-5
    assert np.abs(np.array(twin(tokens)) - whole).max() > 1e-2  # the memory was not empty
    assert [w.path for w in twin.trainable_weights] == [w.path for w in model.trainable_weights]
    training.compile_for_training(twin, None, optimizer="muon")
    twin.train_on_batch(tokens[:, :-1], tokens[:, 1:])
    twin.get_layer("memory").reset_states()
    assert np.abs(np.array(twin(tokens)) - np.array(model(tokens))).max() < 1e-5
    assert np.abs(np.array(model(tokens)) - whole).max() > 1e-4


def test_a_chain_is_layer_upon_layer(rng):
    model = chained(rng)
    assert [layer.name for layer in chain(model)] == ["embedding", "memory", "dropout", "readout"]
    assert chain(stateful(model, 2))[1].stateful
    side_by_side = keras.Input((None, 4))
    both = keras.layers.add([keras.layers.LSTM(4, return_sequences=True)(side_by_side), side_by_side])
    for other in (keras.Model(side_by_side, both), window_model(9, 3)):
        with pytest.raises(CourseError, match="expected layer upon layer"):
            chain(other)


@pytest.mark.parametrize("residual", [False, True])
def test_a_deep_stack_layer_by_layer(rng, residual):
    model = deep_language_model(9, [LSTMCell(5), GRUCell(5), LSTMCell(5)], embedding=5, residual=residual)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    tokens = rng.integers(9, size=(2, 6))
    x = model.get_layer("embedding")(tokens)
    for depth in (1, 2, 3):
        h = model.get_layer(f"memory_{depth}")(x)
        x = x + h if residual else h
    assert np.abs(model(tokens) - model.get_layer("readout")(x)).max() < 1e-5


def test_a_sum_needs_equal_widths():
    with pytest.raises(CourseError, match=r"the embedding has 4, the cells have \[5, 6\]"):
        deep_language_model(9, [LSTMCell(5), LSTMCell(6)], embedding=4, residual=True)
    assert deep_language_model(9, [LSTMCell(5), LSTMCell(6)], embedding=4).output_shape == (None, None, 9)
    with pytest.raises(CourseError, match="expected one cell or more"):
        deep_language_model(9, [], embedding=4)


@pytest.mark.parametrize(("size", "rows", "context"), [(2, 4, 3), (57, 1, 5), (57, 8, 100), (57, 8, 0), (200, 16, 10)])
def test_log_probabilities_of_a_tape(rng, size, rows, context):
    model = chained(rng)
    ids = rng.integers(1, 11, size=size)
    got = training.stream_log_probabilities(model, ids, rows, context)
    length = -(-(size - 1) // min(rows, size - 1))
    for place in range(size - 1):  # each by itself, after as much as its row has read
        end = min((place // length + 1) * length, size - 1)
        end = size - 1 if place >= size - 1 - length else end  # the last row may overlap with its neighbour
        begin = max(end - length - context, 0)
        read = ids[begin : place + 1]
        assert len(read) > min(context, place)
        assert got[place] == pytest.approx(log_softmax(np.array(model(read[None])))[0, -1, ids[place + 1]], abs=1e-4)


def test_a_tape_of_one_token():
    with pytest.raises(CourseError, match="needs two tokens"):
        training.stream_log_probabilities(rnn_language_model(4, 2, 2), np.array([1]))


def test_muon_steps_are_orthogonal_for_the_memory_and_adams_elsewhere(rng):
    training.set_seed(0)
    model = chained(rng)
    training.compile_for_training(model, None, learning_rate=0.01, optimizer="muon")
    before = [w.numpy() for w in model.trainable_weights]
    tokens = rng.integers(1, 11, size=(8, 20))
    model.train_on_batch(tokens[:, :-1], tokens[:, 1:])
    for weight, old in zip(model.trainable_weights, before, strict=True):
        step = weight.numpy() - old
        if weight.path.split("/")[-1] in ("W_x", "W_h"):
            lengths = np.linalg.svd(step, compute_uv=False)
            assert lengths.min() > 0.5 * lengths.max()
        else:  # Adam's first step has the size of the learning rate wherever there is a gradient
            moved = np.abs(step[np.abs(step) > 1e-5])
            assert np.median(moved) == pytest.approx(0.01, rel=0.02)
            assert moved.max() < 0.0101
    with pytest.raises(CourseError, match="expected 'adam' or 'muon'"):
        training.compile_for_training(model, 1, optimizer="sgd")


@pytest.fixture
def rows():
    texts = [list("ab" * n) for n in (1, 2, 3, 4)] * 10
    vocabulary = Vocabulary("ab")
    return to_rows(texts, vocabulary), vocabulary


def test_fit_learns_goes_on_and_is_silent(rows, capsys, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", "0")
    rows, vocabulary = rows
    training.set_seed(0)
    model = rnn_language_model(len(vocabulary), embedding=8, hidden=16)
    training.compile_for_training(model, steps=200, learning_rate=1e-2, warm_up=10)
    batches = story_batches(rows, 8, seed=0)
    first = training.fit(model, batches, 100)
    second = training.fit(model, batches, 100)
    assert int(model.optimizer.iterations) == 200
    assert len(first) == 2
    # The entropy: three times in ten texts a choice between going on and ending.
    assert second[-1] < first[0]
    assert capsys.readouterr().out == ""


def test_the_progress_bar_shows_in_a_terminal(rows, capsys, monkeypatch):
    monkeypatch.delenv("COURSE_PROGRESS", raising=False)
    rows, vocabulary = rows
    model = rnn_language_model(len(vocabulary), embedding=8, hidden=16)
    training.compile_for_training(model, steps=50)
    training.fit(model, story_batches(rows, 8, seed=0), 50, description="learning")
    assert "learning" in capsys.readouterr().out


def test_padding_does_not_count(rows):
    rows, vocabulary = rows
    model = rnn_language_model(len(vocabulary), embedding=8, hidden=16)
    training.compile_for_training(model, steps=5)
    log_p = training.log_probabilities(model, rows)
    inputs, targets = rows[:, :-1], rows[:, 1:]
    loss = model.evaluate(inputs, targets, batch_size=len(rows), verbose=0)
    assert loss == pytest.approx(-log_p[targets != 0].mean(), rel=1e-4)
    wider = np.pad(rows, ((0, 0), (0, 5)))
    assert training.log_probabilities(model, wider).sum() == pytest.approx(log_p.sum(), rel=1e-4)


def test_a_diverging_loss_is_said_in_one_sentence(rows):
    rows, vocabulary = rows
    model = rnn_language_model(len(vocabulary), embedding=8, hidden=16)
    training.compile_for_training(model, steps=50)
    model.set_weights([np.full(w.shape, np.nan) for w in model.get_weights()])
    with pytest.raises(CourseError, match="the loss is nan after 50 steps"):
        training.fit(model, itertools.cycle([next(story_batches(rows, 8, seed=0))]), 50)


def test_the_loss_is_kerass_own(rng):
    import tensorflow as tf

    scores, targets = rng.normal(size=(5, 7, 11)).astype(np.float32), rng.integers(0, 11, (5, 7))
    targets[2, 3:] = 0
    theirs = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    values, gradients = [], []
    for loss in (theirs, training.next_token_loss):
        variable = tf.Variable(scores)
        with tf.GradientTape() as tape:
            value = loss(targets, variable)
        values.append(float(value))
        gradients.append(tape.gradient(value, variable).numpy())
    assert np.isclose(*values, rtol=1e-6) and np.allclose(*gradients, atol=1e-7)
    assert float(training.next_token_loss(np.zeros((2, 3), int), scores[:2, :3])) == 0  # nothing to say

"""Networks, training and decoding against independent oracles."""

import itertools

import keras
import numpy as np
import pytest

from course_lib import decoding, training
from course_lib.errors import CourseError
from course_lib.metrics import log_softmax
from course_lib.models.fixed_input import bag_of_words_model, window_model
from course_lib.models.language_model import rnn_language_model
from course_lib.numpy_rnn import rnn_forward
from course_lib.text import Vocabulary, story_batches, to_rows


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


def test_generating_step_by_step_is_the_model_applied_to_the_whole_text(rng):
    training.set_seed(3)
    model = rnn_language_model(12, embedding=6, hidden=8)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    prompt = [2, 5, 7]
    greedy = decoding.generate(model, prompt, 6, count=2, temperature=0)
    assert (greedy[0] == greedy[1]).all()
    whole = np.array(model(np.array([[*prompt, *greedy[0]]])))[0].argmax(axis=-1)
    assert whole[2:-1].tolist() == greedy[0].tolist()


def test_generating_stops_forbids_and_follows_the_seed():
    training.set_seed(3)
    model = rnn_language_model(6, embedding=3, hidden=4)
    ids = decoding.generate(model, [2], 40, count=30, stop=3, forbid=[0, 1, 2], seed=1)
    assert np.array_equal(ids, decoding.generate(model, [2], 40, count=30, stop=3, forbid=[0, 1, 2], seed=1))
    for row in ids.tolist():
        before_end = row[: row.index(3)] if 3 in row else row
        assert set(before_end) <= {4, 5}
        assert not any(row[len(before_end) + 1 :])
    with pytest.raises(CourseError, match="at least one token"):
        decoding.generate(model, [], 3)


def test_sampling_follows_softmax_temperature_and_top_k():
    scores = np.array([0.5, 1.5, -1.0, 1.0])
    many = np.tile(scores, (40_000, 1))
    for temperature, top_k in ((1.0, None), (0.5, None), (2.0, 2)):
        drawn = decoding.sample_token(many, np.random.default_rng(0), temperature, top_k)
        kept = scores if top_k is None else np.where(scores >= 1.0, scores, -np.inf)
        expected = np.exp(log_softmax(kept / temperature))
        assert np.abs(np.bincount(drawn, minlength=4) / len(many) - expected).max() < 0.015
    assert decoding.sample_token(many[:2], np.random.default_rng(0), 0).tolist() == [1, 1]
    with pytest.raises(CourseError, match="temperature >= 0"):
        decoding.sample_token(many, np.random.default_rng(0), -1)


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

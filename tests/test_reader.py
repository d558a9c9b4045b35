"""Readers that give a verdict, their batches and their loss: padding, equations, training."""

import keras
import numpy as np
import pytest

from course_lib import explain, training
from course_lib.batching import verdict_batches
from course_lib.errors import CourseError
from course_lib.models.reader import POOLINGS, VerdictReader
from course_lib.numpy_rnn import rnn_forward

WORDS, D, H = 11, 3, 4
TEXTS = [[4, 9, 1, 7, 3], [2], [5, 5, 10], [6, 8, 2, 2, 9, 4, 1]]


def made(pooling, cell="lstm", direction="forward", seed=0):
    """With random weights, biases too."""
    reader = VerdictReader(WORDS, pooling, cell, direction, embedding=D, units=H)
    rng = np.random.default_rng(seed)
    reader.set_weights([rng.normal(size=w.shape) for w in reader.get_weights()])
    return reader


def padded(texts, before=0, behind=0, inside=False):
    """Rows (B, T): each text with so many places without a word around it at least."""
    width = max(map(len, texts)) * (2 if inside else 1) + before + behind
    rows = np.zeros((len(texts), width), np.int32)
    for row, text in zip(rows, texts, strict=True):
        places = np.arange(len(text)) * (2 if inside else 1) + (before or 0)
        if before and not inside:
            places += width - before - behind - len(text)
        row[places] = text
    return rows


# -- the readers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["forward", "backward", "both"])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_padding_changes_no_answer(pooling, cell, direction):
    reader = made(pooling, cell, direction)
    alone = [np.array(reader(np.array([text], np.int32)))[0] for text in TEXTS]
    assert len({np.round(np.ravel(a)[-1], 4) for a in alone}) == len(TEXTS)
    for rows in (
        padded(TEXTS),
        padded(TEXTS, behind=3),
        padded(TEXTS, before=4),
        padded(TEXTS, 2, 5),
        padded(TEXTS, 1, 1, True),
    ):
        said = np.array(reader(rows))
        if pooling == "every step":
            assert said.shape == rows.shape and not said[rows == 0].any()
            for row, answer, one in zip(rows, said, alone, strict=True):
                assert answer[row != 0] == pytest.approx(one, abs=1e-5)
        else:
            assert said == pytest.approx(np.array(alone), abs=1e-5)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_the_readers_are_their_equations(pooling):
    """Of two directions, in NumPy, text by text."""
    reader = made(pooling, "rnn", "both")
    w = {weight.path.split("/", 1)[-1]: weight.numpy().astype(float) for weight in reader.weights}
    E = next(value for name, value in w.items() if name.startswith("embedding"))
    part = {d: [v for n, v in w.items() if n.startswith(d + "/")] for d in ("forward", "backward")}
    (W_y, b_y), match = ([v for n, v in w.items() if n.startswith(which)] for which in ("readout", "match"))
    for text in TEXTS:
        x = E[text][None]
        forward = rnn_forward(x, *part["forward"], np.zeros((1, H)))[0]
        backward = rnn_forward(x[:, ::-1], *part["backward"], np.zeros((1, H)))[0][::-1]
        h = np.concatenate([forward, backward], axis=1)  # (T, 2H)
        if pooling == "last":
            pooled = np.concatenate([forward[-1], backward[0]])
        elif pooling == "attention":
            score = np.tanh(h @ match[0] + match[1]) @ next(v for n, v in w.items() if n.startswith("score"))[:, 0]
            alpha = np.exp(score) / np.exp(score).sum()
            assert np.array(reader.weights_of_words(np.array([text])))[0] == pytest.approx(alpha, abs=1e-5)
            pooled = alpha @ h
        else:
            pooled = {"mean": h.mean(axis=0), "max": h.max(axis=0), "every step": h}[pooling]
        expected = np.ravel(pooled @ W_y + b_y)
        assert np.ravel(reader(np.array([text]))) == pytest.approx(expected, abs=1e-5)


def test_forward_at_every_step_is_what_the_last_state_says_of_each_beginning():
    every, last = made("every step"), made("last")
    last.set_weights(every.get_weights())
    for text in TEXTS:
        beginnings = padded([text[:n] for n in range(1, len(text) + 1)])
        assert np.array(every(np.array([text])))[0] == pytest.approx(np.array(last(beginnings)), abs=1e-5)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_row_without_a_word_is_refused(pooling):
    rows = padded(TEXTS)
    rows[2] = 0
    for ask in (
        made(pooling),
        lambda r: explain.gradient_norm(made(pooling), r),
        lambda r: explain.leave_one_out(made(pooling), r),
    ):
        with pytest.raises(CourseError, match="row 2 has"):
            ask(rows)
    with pytest.raises(CourseError, match="row 2 has no word"):
        next(verdict_batches(rows, [1, 0, 1, 0], 2, 0))


def test_odd_settings_are_refused():
    for wrong in ({"pooling": "first"}, {"direction": "up"}, {"cell": "tree"}):
        with pytest.raises(CourseError, match=next(iter(wrong))):
            VerdictReader(WORDS, **wrong)
    with pytest.raises(CourseError, match="no attention"):
        made("mean").weights_of_words(padded(TEXTS))


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_reader_is_saved_and_loaded(pooling, tmp_path):
    reader = made(pooling, direction="both")
    reader.save(tmp_path / "reader.keras")
    again = keras.saving.load_model(tmp_path / "reader.keras")
    assert np.array(again(padded(TEXTS))) == pytest.approx(np.array(reader(padded(TEXTS))), abs=1e-6)


# -- training ----------------------------------------------------------------------------------------------------------


def test_the_loss_is_the_cross_entropy_of_what_counts():
    targets = np.array([[1, 0, -1], [0, -1, -1]], np.float32)
    logits = np.array([[2.0, -30, 9], [0.5, 7, 7]], np.float32)
    p = 1 / (1 + np.exp(-logits.astype(float)))
    expected = -(np.log(p[0, 0]) + np.log(1 - p[0, 1]) + np.log(1 - p[1, 0])) / 3
    assert float(training.verdict_loss(targets, logits)) == pytest.approx(expected, rel=1e-5)
    assert float(training.verdict_loss(np.array([0.0]), np.array([100.0]))) == pytest.approx(100)
    assert float(training.verdict_loss(np.array([-1.0]), np.array([100.0]))) == 0


def test_batches_hold_every_text_with_its_verdict():
    rows, verdicts = padded(TEXTS * 3, before=2, behind=3), np.array([1, 0, 1, 0] * 3)
    batches = verdict_batches(rows, verdicts, 4, seed=1)
    seen = [(tuple(row[row != 0]), said) for _ in range(3) for tokens, label in [next(batches)]
            for row, said in zip(tokens, label, strict=True)]  # fmt: skip
    assert sorted(seen) == sorted((tuple(text), said) for text, said in zip(TEXTS * 3, verdicts, strict=True))
    tokens, each = next(verdict_batches(rows, verdicts, 4, seed=1, every_step=True))
    assert ((each == -1) == (tokens == 0)).all() and each.shape == tokens.shape
    for wrong in ([1, 0], [2] * 12, [0.5] * 12):
        with pytest.raises(CourseError, match="verdicts"):
            next(verdict_batches(rows, wrong, 4, seed=1))


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_reader_learns_in_a_compiled_graph(pooling):
    """Whether 3 stands in the text."""
    rng = np.random.default_rng(0)
    rows = rng.integers(4, WORDS, (200, 7)).astype(np.int32)
    y = np.arange(200) % 2
    rows[y == 1, rng.integers(0, 7, 100)] = 3
    rows[:, :2] *= rng.integers(0, 2, (200, 1), dtype=np.int32)  # some begin later
    y = (rows == 3).any(axis=1).astype(int)
    training.set_seed(1)
    reader = VerdictReader(WORDS, pooling, "gru", embedding=8, units=8)
    training.compile_for_training(reader, 60, learning_rate=0.03, warm_up=5, loss=training.verdict_loss)
    losses = training.fit(reader, verdict_batches(rows, y, 50, 0, pooling == "every step"), 60, every=20)
    assert losses[-1] < 0.75 * losses[0]

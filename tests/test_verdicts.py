"""Readers that give a verdict, their batches and loss, what explains them, and whether they are calibrated."""

import math

import keras
import numpy as np
import pytest

from course_lib import explain, training
from course_lib.batching import verdict_batches
from course_lib.errors import CourseError
from course_lib.metrics import (
    agreement,
    expected_calibration_error,
    expected_error,
    nats_above_floor,
    pointing_at_words,
    reliability,
)
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


# -- explanations ------------------------------------------------------------------------------------------------------


READERS = [(pooling, direction) for pooling in POOLINGS[:-1] for direction in ("forward", "both")]


def numeric_gradient(reader, text, step=2e-3):
    """Of the logit in each number of each word's vector, by differences: (T, D)."""
    vectors, mask = reader.embed(np.array([text]))
    vectors = np.array(vectors)
    each = np.eye(vectors.size, dtype=np.float32).reshape(-1, *vectors.shape[1:])
    shifted = np.concatenate([vectors + sign * step * one for one in each for sign in (1, -1)])
    logits = np.array(reader.read(shifted, np.repeat(np.array(mask), len(shifted), axis=0)), float)
    return ((logits[::2] - logits[1::2]) / (2 * step)).reshape(vectors.shape[1:]), vectors[0]


@pytest.mark.parametrize(("pooling", "direction"), READERS)
def test_gradients_are_those_of_differences(pooling, direction):
    reader, rows = made(pooling, direction=direction), padded(TEXTS, 2, 1)
    norm, product = explain.gradient_norm(reader, rows), explain.gradient_times_input(reader, rows)
    for found in (norm, product):
        assert found.shape == rows.shape and not found[rows == 0].any()
    for row, text, n, p in zip(rows, TEXTS, norm, product, strict=True):
        gradient, x = numeric_gradient(reader, text)
        assert n[row != 0] == pytest.approx(np.linalg.norm(gradient, axis=1), abs=0.02)
        assert p[row != 0] == pytest.approx((gradient * x).sum(axis=1), abs=0.02)


@pytest.mark.parametrize(("pooling", "direction"), READERS)
def test_integrated_gradients_are_complete(pooling, direction):
    reader, rows = made(pooling, direction=direction), padded(TEXTS, 1, 2)
    scores = explain.integrated_gradients(reader, rows, steps=60)
    vectors, mask = reader.embed(rows)
    nothing = np.array(reader.read(0 * np.array(vectors), mask))
    assert scores.sum(axis=1) == pytest.approx(np.array(reader(rows)) - nothing, abs=0.04)
    assert not scores[rows == 0].any()
    few = explain.integrated_gradients(reader, rows, steps=1)  # the gradient half way
    half = [(numeric_gradient_at(reader, text, 0.5)).tolist() for text in TEXTS]
    assert few[rows != 0] == pytest.approx(np.concatenate(half), abs=0.03)


def numeric_gradient_at(reader, text, way):
    class Scaled:
        """The reader, of vectors `way` as long."""

        def embed(self, rows):
            vectors, mask = reader.embed(rows)
            return way * np.array(vectors), mask

        read = staticmethod(reader.read)

    gradient, x = numeric_gradient(Scaled(), text)
    return (gradient * x / way).sum(axis=1)


@pytest.mark.parametrize(("pooling", "direction"), READERS)
def test_leaving_out_is_reading_without_the_word(pooling, direction):
    texts = [text for text in TEXTS if len(text) > 1]
    reader, rows = made(pooling, direction=direction), padded(texts, 3, 1)
    found = explain.leave_one_out(reader, rows, batch_size=4)
    assert not found[rows == 0].any()
    for row, text, scores in zip(rows, texts, found, strict=True):
        whole = float(reader(np.array([text]))[0])
        without = [float(reader(np.array([text[:i] + text[i + 1 :]]))[0]) for i in range(len(text))]
        assert scores[row != 0] == pytest.approx(whole - np.array(without), abs=1e-5)
    with pytest.raises(CourseError, match="row 1 has fewer than two words"):
        explain.leave_one_out(reader, padded(TEXTS))


def test_attention_weights_are_the_readers():
    reader, rows = made("attention", direction="both"), padded(TEXTS, 2, 2)
    weights = explain.attention_weight(reader, rows)
    assert weights.sum(axis=1) == pytest.approx(1, abs=1e-6) and not weights[rows == 0].any()
    assert weights.max() > 0.3
    with pytest.raises(CourseError, match="attention"):
        explain.attention_weight(made("last"), rows)
    with pytest.raises(CourseError, match="attention"):
        explain.attention_weight(keras.Sequential(), rows)


def test_what_cannot_be_explained_is_told():
    with pytest.raises(CourseError, match="one logit a text"):
        explain.gradient_norm(made("every step"), padded(TEXTS))
    with pytest.raises(CourseError, match="steps"):
        explain.integrated_gradients(made("last"), padded(TEXTS), steps=0)
    for wrong in ([1, 2], [[1.5]], np.zeros((0, 3), int)):
        with pytest.raises(CourseError, match="rows"):
            explain.gradient_times_input(made("last"), wrong)


def test_pointing_at_words():
    scores = [[0.1, -3, 2], [0, 1, 0], [5, 0, 1]]
    assert pointing_at_words(scores, [(1,), (0, 1), (2,)]) == pytest.approx(2 / 3)
    assert pointing_at_words(scores, [(2,), (), (1, 2)]) == 0
    for wrong in (([], []), (scores, [(1,)]), ([1, 2], [(0,), (0,)])):
        with pytest.raises(CourseError, match="pointing"):
            pointing_at_words(*wrong)


# -- calibration -------------------------------------------------------------------------------------------------------


def test_reliability_by_hand():
    p, came = [0.05, 0.15, 0.19, 0.2, 0.95, 1.0], [0, 1, 0, 1, 1, 0]
    found = reliability(p, came, bins=5)
    assert found == [pytest.approx(bin) for bin in [(0.13, 1 / 3, 3), (0.2, 1.0, 1), (0.975, 0.5, 2)]]
    assert expected_calibration_error(p, came, bins=5) == pytest.approx((3 * (1 / 3 - 0.13) + 0.8 + 2 * 0.475) / 6)
    found = reliability(p[::-1], came[::-1], bins=3, equal="mass")
    assert found == [pytest.approx(bin) for bin in [(0.1, 0.5, 2), (0.195, 0.5, 2), (0.975, 0.5, 2)]]
    assert expected_calibration_error(p, came, 3, "mass") == pytest.approx((0.4 + 0.305 + 0.475) / 3)


def test_each_of_many_has_a_bin():
    rng = np.random.default_rng(0)
    p = np.append(rng.random(1001), [0.0, 1.0])
    came = rng.random(1003) < p
    for equal in ("width", "mass"):
        found = reliability(p, came, 7, equal)
        assert sum(part.cases for part in found) == 1003
        assert sum(part.cases * part.said for part in found) == pytest.approx(p.sum())
        assert sum(part.cases * part.came for part in found) == pytest.approx(came.sum())
    assert {part.cases for part in reliability(p, came, 7, "mass")} <= {143, 144}


def test_a_binned_error_can_flatter():
    """Half of what is said is too low, half too high: in one bin they cancel, beside the true ones they do not."""
    rng = np.random.default_rng(1)
    true = rng.choice([0.62, 0.68], 200_000)
    came = rng.random(len(true)) < true
    said = 1.3 - true
    assert expected_error(said, true) == pytest.approx(0.06)
    assert expected_calibration_error(said, came, 10) < 0.01
    assert expected_calibration_error(said, came, 100) > 0.05


def test_nats_above_the_floor_are_a_divergence():
    true, said = np.array([0.9, 0.25, 0.5]), np.array([0.8, 0.4, 0.5])
    by_hand = np.mean([0.9 * math.log(0.9 / 0.8) + 0.1 * math.log(0.1 / 0.2),
                       0.25 * math.log(0.25 / 0.4) + 0.75 * math.log(0.75 / 0.6), 0])  # fmt: skip
    assert nats_above_floor(np.log(said / (1 - said)), true) == pytest.approx(by_hand)
    assert nats_above_floor(np.log(true / (1 - true)), true) == pytest.approx(0, abs=1e-12)
    assert nats_above_floor([800.0, -800.0], [1.0, 0.0]) == pytest.approx(0, abs=1e-12)
    assert nats_above_floor([-800.0], [1.0]) == pytest.approx(800)


def test_agreement_is_with_the_better_decision():
    assert agreement([2, -1, 0.1, -5], [0.9, 0.8, 0.51, 0.2]) == 0.75
    assert agreement([3, -3], [0.5, 0.5]) == 1


@pytest.mark.parametrize("wrong", [
    lambda: expected_error([0.5], [0.5, 0.5]), lambda: expected_error([1.5], [0.5]), lambda: expected_error([], []),
    lambda: reliability([0.5], [2]), lambda: reliability([0.5], [0.5]), lambda: reliability([0.5], [1], bins=0),
    lambda: reliability([0.5], [1], equal="size"), lambda: expected_calibration_error([math.nan], [1]),
    lambda: nats_above_floor([1, 2], [0.5]), lambda: agreement([1], [7]), lambda: agreement([1], [[0.7]]),
])  # fmt: skip
def test_what_is_no_probability_is_refused(wrong):
    with pytest.raises(CourseError):
        wrong()

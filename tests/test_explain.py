"""What explains a verdict, against differences, readings without a word, and completeness."""

import keras
import numpy as np
import pytest
from test_reader import TEXTS, made, padded

from course_lib import explain
from course_lib.errors import CourseError
from course_lib.metrics import pointing_at_words
from course_lib.models.reader import POOLINGS

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

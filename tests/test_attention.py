"""Score functions and the read, against Keras and by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib.attention import AdditiveScore, BilinearScore, CosineScore, DotScore, ScaledDotScore, attend
from course_lib.errors import CourseError

B, J, T, D = 3, 4, 6, 5
SCORES = {
    "dot": DotScore, "scaled": ScaledDotScore, "cosine": CosineScore, "bilinear": BilinearScore,
    "additive": lambda: AdditiveScore(7),
}  # fmt: skip


def random_inputs(Q=D, K=D, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=s).astype("float32") for s in ((B, J, Q), (B, T, K), (B, T, D))]


def with_random_weights(make, *inputs):
    score = make()
    score(list(inputs))
    rng = np.random.default_rng(5)
    score.set_weights([rng.normal(size=w.shape) for w in score.get_weights()])
    return score


def by_hand(name, weights, z, h):
    if name == "dot":
        return z @ h
    if name == "scaled":
        return z @ h / np.sqrt(len(h))
    if name == "cosine":
        return np.exp(weights[0]) * z @ h / np.linalg.norm(z) / np.linalg.norm(h)
    if name == "bilinear":
        return h @ weights[0].T @ z
    W, U, v = weights
    return v @ np.tanh(W.T @ z + U.T @ h)


@pytest.mark.parametrize("name", SCORES)
def test_a_score_is_what_its_equation_says(name):
    z, h, _ = random_inputs(K=D if name in ("dot", "scaled", "cosine") else 8)
    score = with_random_weights(SCORES[name], z, h)
    got = np.array(score([z, h]))
    assert got.shape == (B, J, T) == tuple(score.compute_output_shape((z.shape, h.shape)))
    for b, j, t in np.ndindex(B, J, T):
        assert got[b, j, t] == pytest.approx(by_hand(name, score.get_weights(), z[b, j], h[b, t]), abs=1e-4)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", ["dot", "additive"])
def test_equal_to_keras(name, masked):
    """Keras's dot score, and its additive one, whose only weight is v: W and U are the identity."""
    z, h, values = random_inputs()
    mask = np.arange(T) < np.array([[T], [2], [4]]) if masked else None
    if name == "dot":
        ours, theirs = DotScore(), keras.layers.Attention()
    else:
        ours, theirs = AdditiveScore(D), keras.layers.AdditiveAttention()
        theirs.build([z.shape, values.shape, h.shape])
        ours([z, h])
        v = np.random.default_rng(2).normal(size=D)
        theirs.set_weights([v])
        ours.set_weights([np.eye(D), np.eye(D), v])
    expected, weights = theirs(
        [z, values, h], mask=[None, mask] if masked else None, return_attention_scores=True
    )  # fmt: skip
    read, w = attend(ours([z, h]), values, mask)
    assert np.abs(read - expected).max() < 1e-5
    assert np.abs(w - weights).max() < 1e-5


def test_padding_changes_nothing_and_an_empty_text_reads_nothing():
    z, h, values = random_inputs()
    score = with_random_weights(SCORES["additive"], z, h)
    lengths = np.array([[T], [2], [0]])
    read, weights = attend(score([z, h]), values, np.arange(T) < lengths)
    for extra in (1, 30):
        noise = np.random.default_rng(1).normal(size=(B, extra, D)).astype("float32")
        more, padded = np.concatenate([h, noise], axis=1), np.concatenate([values, noise], axis=1)
        again, _ = attend(score([z, more]), padded, np.arange(T + extra) < lengths)
        assert np.abs(read - again).max() < 1e-5
    assert np.allclose(np.sum(weights, axis=-1), [[1.0], [1.0], [0.0]] * np.ones((1, J)), atol=1e-5)
    assert not np.any(read[2])


@pytest.mark.parametrize("name", SCORES)
def test_every_weight_has_a_gradient_and_survives_saving(name, tmp_path):
    z, h, values = random_inputs()
    inputs = [keras.Input(v.shape[1:]) for v in (z, h, values)]
    read, weights = attend(SCORES[name]()(inputs[:2]), inputs[2])
    model = keras.Model(inputs, [read, weights])
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=weight.shape) for weight in model.weights])  # some start at 0
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model([z, h, values])[0] ** 2)
    assert all(np.abs(g).max() > 0 for g in tape.gradient(loss, model.trainable_weights))
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert np.array_equal(model([z, h, values])[0], again([z, h, values])[0])


@pytest.mark.parametrize("name", ["dot", "scaled", "cosine"])
def test_vectors_of_different_width_cannot_be_compared(name):
    z, h, _ = random_inputs(Q=4)
    with pytest.raises(CourseError, match="queries have 4 numbers, keys 5: use BilinearScore"):
        SCORES[name]()([z, h])
    with pytest.raises(CourseError, match="units: expected 1 or more"):
        AdditiveScore(0)

"""Writing: the compiled loop against the model applied to whole texts, and what may be drawn against brute force."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from course_lib import training
from course_lib.backend import keras
from course_lib.cells import LSTMCell
from course_lib.decoding import TextGenerator, adjust_logits
from course_lib.errors import CourseError
from course_lib.metrics import log_softmax
from course_lib.models.language_model import language_model, rnn_language_model
from course_lib.text import Vocabulary

VOCABULARY = Vocabulary("abcdefgh")


def randomly(model, seed=0, size=1.0):
    rng = np.random.default_rng(seed)
    model.set_weights([size * rng.normal(size=w.shape) for w in model.get_weights()])
    return model


def two_layers():
    tokens = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(12, 5)(tokens)
    x = keras.layers.GRU(6, return_sequences=True)(x)
    x = keras.layers.Dropout(0.5)(x)
    x = keras.layers.LSTM(7, return_sequences=True)(x)
    return keras.Model(tokens, keras.layers.Dense(12)(x))


MODELS = {
    "rnn": lambda: rnn_language_model(12, embedding=6, hidden=8),
    "lstm, dropout": lambda: language_model(12, LSTMCell(9), embedding=4, dropout=0.5),
    "two layers": two_layers,
}
PROMPTS = ["abc", "a", "hgfedcba", "bb"]


def adjusted_by_hand(scores, temperature=1.0, top_k=None, top_p=None):
    """One row, one rule after the other, with sets."""
    scores = np.asarray(scores, float) / temperature
    order = list(np.argsort(-scores, kind="stable"))
    kept = set(order if top_k is None else order[:top_k])
    if top_p is not None and top_p < 1:
        p = np.exp(log_softmax(np.where([i in kept for i in range(len(scores))], scores, -np.inf)))
        total, nucleus = 0.0, set()
        for i in order:
            if total < top_p:
                nucleus.add(i)
            total += p[i]
        kept &= nucleus
    return np.where([i in kept for i in range(len(scores))], scores, -np.inf)


@settings(deadline=None)
@example([40, -38, -39, -40], 0.2, None, 1.0)  # probabilities that a sum in 32 bits does not see
@given(
    st.lists(st.integers(-40, 40), min_size=2, max_size=9, unique=True),
    st.floats(0.2, 5),
    st.none() | st.integers(1, 9),
    st.none() | st.floats(0.01, 1),
)
def test_what_may_be_drawn_equals_brute_force(numbers, temperature, top_k, top_p):
    scores = np.array([numbers], "float32") / 8
    top_k = top_k and min(top_k, len(numbers))
    ours = np.array(adjust_logits(scores, np.float32(temperature), top_k, top_p))
    exact = adjusted_by_hand(scores[0], temperature, top_k, top_p)
    differ = np.isinf(ours[0]) != np.isinf(exact)
    if differ.any():  # only where the sum of probabilities meets top_p but for rounding
        p = np.sort(np.exp(log_softmax(scores[0] / temperature)))[::-1]
        assert top_p is not None
        assert differ.sum() == 1
        assert np.abs(np.cumsum(p) / (p[:top_k].sum() if top_k else 1) - top_p).min() < 1e-5
    else:
        assert np.allclose(ours[0], exact, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", MODELS)
def test_step_by_step_is_the_model_applied_to_the_whole_text(name):
    training.set_seed(3)
    model = randomly(MODELS[name]())
    written = TextGenerator(model, VOCABULARY)(PROMPTS, 15, top_k=1, stop="<eos>")
    for prompt, text in zip(PROMPTS, written, strict=True):
        ids = VOCABULARY.encode([*prompt, *text])
        scores = np.array(model(np.array([ids])))[0]
        scores[:, :3] = -np.inf  # <pad>, <unk> and <bos> are never written
        expected = scores.argmax(axis=-1)[len(prompt) - 1 :].tolist()
        assert ids[len(prompt) :] == expected[:-1]
        assert len(text) == 15 or expected[-1] == VOCABULARY["<eos>"]  # it stops at the end token, and only there


def test_what_is_drawn_follows_the_probabilities():
    model = randomly(MODELS["lstm, dropout"](), size=0.5)
    scores = np.array(model(np.array([VOCABULARY.encode("ab")])))[0, -1]
    scores[:3] = -np.inf
    for options in ({}, {"temperature": 0.5}, {"temperature": 2.0, "top_k": 4}, {"top_p": 0.7}):
        drawn = TextGenerator(model, VOCABULARY)(["ab"] * 30_000, 1, stop=None, seed=5, **options)
        shares = np.bincount([VOCABULARY[text[0]] if text else 3 for text in drawn], minlength=12) / len(drawn)
        assert np.abs(shares - np.exp(log_softmax(adjusted_by_hand(scores, **options)))).max() < 0.015


def test_the_seed_decides_and_training_is_seen():
    model = randomly(MODELS["rnn"]())
    writer = TextGenerator(model, VOCABULARY)
    first = writer(["a"] * 5, 20, seed=1)
    assert first == writer(["a"] * 5, 20, seed=1)
    assert first != writer(["a"] * 5, 20, seed=2)
    assert len({"".join(text) for text in first}) > 1
    randomly(model, seed=9)
    assert writer(["a"] * 5, 20, seed=1) != first


@pytest.mark.parametrize(
    ("prompts", "options", "sentence"),
    [
        ([], {}, "at least one token"),
        (["a", ""], {}, "at least one token"),
        (["aé"], {}, "'é' is not among the 12 tokens"),
        (["a"], {"temperature": 0}, "expected a temperature above 0, got 0. For the best token each time: top_k=1."),
        (["a"], {"temperature": -1.0}, "expected a temperature above 0"),
        (["a"], {"temperature": float("nan")}, "expected a temperature above 0"),
        (["a"], {"top_k": 0}, "top_k: expected a whole number, 1 or more"),
        (["a"], {"top_k": 2.5}, "top_k: expected a whole number, 1 or more"),
        (["a"], {"top_p": 0.0}, "top_p: expected a probability"),
        (["a"], {"top_p": 1.5}, "top_p: expected a probability"),
        (["a"], {"steps": 0}, "steps: expected"),
        (["a"], {"stop": "Z"}, "'Z' is not among"),
    ],
)
def test_bad_input(prompts, options, sentence):
    writer = TextGenerator(rnn_language_model(12, embedding=3, hidden=4), VOCABULARY)
    with pytest.raises(CourseError, match=sentence) as error:
        writer(prompts, **{"steps": 5} | options)
    assert "\n" not in str(error.value)


def test_models_it_cannot_write_with():
    with pytest.raises(CourseError, match="the model has 9 logits, the vocabulary has 12 tokens"):
        TextGenerator(rnn_language_model(9, embedding=3, hidden=4), VOCABULARY)
    with pytest.raises(CourseError, match="layer upon layer"):
        tokens = keras.Input((None,), dtype="int32")
        x = keras.layers.Embedding(12, 4)(tokens)
        h = keras.layers.LSTM(4, return_sequences=True)(x)
        TextGenerator(keras.Model(tokens, keras.layers.Dense(12)(keras.layers.add([x, h]))), VOCABULARY)
    with pytest.raises(CourseError, match="layer upon layer"):
        tokens = keras.Input((None,), dtype="int32")
        TextGenerator(keras.Model(tokens, keras.layers.Dense(12)(keras.layers.Embedding(12, 4)(tokens))), VOCABULARY)


def test_whole_texts_are_as_probable_as_those_drawn_one_by_one():
    model = randomly(MODELS["lstm, dropout"](), size=0.7)
    drawn = TextGenerator(model, VOCABULARY)(["ab"] * 4000, 12, stop=None, seed=3)
    drawn = [text for text in drawn if len(text) == 12]  # those without an <eos>
    rng, ids = np.random.default_rng(0), np.tile(VOCABULARY.encode("ab"), (4000, 1))
    for _ in range(12):
        scores = np.array(model(ids))[:, -1].astype(float)
        scores[:, :3] = -np.inf
        ids = np.c_[ids, (log_softmax(scores) + rng.gumbel(size=scores.shape)).argmax(axis=-1)]
    ids = ids[(ids[:, 2:] != 3).all(axis=1)]

    def mean_log_p(ids):
        scores = np.array(model(ids))[:, 1:-1].astype(float)
        scores[..., :3] = -np.inf
        log_p = np.take_along_axis(log_softmax(scores), ids[:, 2:, None], axis=-1).sum(axis=(1, 2))
        return log_p.mean(), log_p.std() / np.sqrt(len(log_p))

    (ours, error), (theirs, other) = (
        mean_log_p(np.array([VOCABULARY.encode("ab" + "".join(t)) for t in drawn])),
        mean_log_p(ids),
    )
    assert abs(ours - theirs) < 4 * np.hypot(error, other)

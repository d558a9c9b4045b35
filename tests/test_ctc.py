"""CTC against all paths, one by one; against Keras's and PyTorch's; its gradient against differences; its decoding."""

import itertools

import keras
import numpy as np
import pytest

from course_lib import ctc, training
from course_lib.decoding.ctc import best_path, prefix_beam
from course_lib.errors import CourseError

TEXTS = [[], [1], [1, 1], [2, 1], [1, 2, 1], [2, 2, 1], [1, 1, 1]]


def drawn(T, K, seed=0):
    return np.random.default_rng(seed).normal(size=(T, K), scale=2)


def log_softmax(logits):
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def spelled(logits, blank=0):
    """{text: p}, by all paths."""
    p, found = np.exp(log_softmax(logits)), {}
    for path in itertools.product(range(logits.shape[1]), repeat=len(logits)):
        letters = [k for k, _ in itertools.groupby(path)]
        text = tuple(k for k in letters if k != blank)
        found[text] = found.get(text, 0) + np.prod([p[t, k] for t, k in enumerate(path)])
    return found


def test_collapsing():
    assert ctc.collapse([0, 1, 1, 0, 1, 2, 2, 0]) == [1, 1, 2]
    assert ctc.collapse([3, 3, 1, 3], blank=3) == [1] and ctc.collapse([]) == []


@pytest.mark.parametrize("blank", [0, 2])
def test_a_text_is_the_sum_over_all_its_paths(blank):
    for T, K in ((1, 3), (4, 4), (6, 3), (6, 4)):
        logits = drawn(T, K, T + K)
        table = spelled(logits, blank)
        assert sum(table.values()) == pytest.approx(1)
        for text, p in table.items():
            assert ctc.loss_and_gradient(logits, text, blank)[0] == pytest.approx(-np.log(p), abs=1e-9)


@pytest.mark.parametrize("text", TEXTS, ids=str)
def test_the_gradient_is_that_of_all_paths(text):
    """By central differences of the sum over all paths; each frame's sums to 0."""
    logits = drawn(6, 3, 5)
    _, gradient = ctc.loss_and_gradient(logits, text)
    step, wanted = 1e-5, np.empty_like(logits)
    for place in np.ndindex(logits.shape):
        ends = []
        for sign in (step, -step):
            moved = logits.copy()
            moved[place] += sign
            ends.append(-np.log(spelled(moved)[tuple(text)]))
        wanted[place] = (ends[0] - ends[1]) / (2 * step)
    assert gradient == pytest.approx(wanted, abs=1e-9)
    assert gradient.sum(axis=1) == pytest.approx(0, abs=1e-12)


def test_long_ones_are_as_keras_and_pytorch_have_them():
    import tensorflow as tf

    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    for T, U, K in ((40, 7, 6), (120, 40, 30), (30, 12, 3)):
        logits, labels = drawn(T, K, T), rng.integers(1, K, U)
        if ctc.frames_needed(labels) > T:
            labels = np.tile([1, 2], U)[:U]
        nats, gradient = ctc.loss_and_gradient(logits, labels)
        x = tf.Variable(logits[None].astype("float32"))
        with tf.GradientTape() as tape:
            theirs = keras.ops.ctc_loss(labels[None].astype("int32"), x, [U], [T], mask_index=0)
        assert float(theirs[0]) == pytest.approx(nats, rel=1e-5)
        assert tape.gradient(theirs, x).numpy()[0] == pytest.approx(gradient, abs=1e-4)
        z = torch.tensor(logits[:, None], requires_grad=True)
        loss = torch.nn.functional.ctc_loss(
            z.log_softmax(-1), torch.tensor(labels[None]), torch.tensor([T]), torch.tensor([U]), reduction="sum"
        )
        loss.backward()
        assert float(loss) == pytest.approx(nats, abs=1e-9)
        assert z.grad.numpy()[:, 0] == pytest.approx(gradient, abs=1e-9)


def test_the_training_loss_is_the_same_for_a_batch():
    """Texts of several lengths, behind them 0: nats a letter, and the gradient of their sum."""
    import tensorflow as tf

    rng, K, T = np.random.default_rng(1), 7, 25
    texts = [rng.integers(1, K, U).tolist() for U in (5, 0, 9, 1)] + [[3, 3, 3, 3]]
    targets = np.zeros((5, 9), np.int32)
    for row, text in zip(targets, texts, strict=True):
        row[: len(text)] = text
    logits = np.stack([drawn(T, K, 10 + i) for i in range(5)])
    x = tf.Variable(logits.astype("float32"))
    with tf.GradientTape() as tape:
        loss = training.ctc_loss(targets, x)
    one_by_one = [ctc.loss_and_gradient(row, text) for row, text in zip(logits, texts, strict=True)]
    letters = sum(map(len, texts))
    assert float(loss) == pytest.approx(sum(nats for nats, _ in one_by_one) / letters, rel=1e-5)
    wanted = np.stack([gradient for _, gradient in one_by_one]) / letters
    assert tape.gradient(loss, x).numpy() == pytest.approx(wanted, abs=1e-6)


def test_the_best_path_of_a_text():
    for text in TEXTS:
        logits = drawn(6, 3, 8)
        path, spans = ctc.align(logits, text)
        p = log_softmax(logits)
        fitting = [one for one in itertools.product(range(3), repeat=6) if ctc.collapse(one) == text]
        scores = [p[np.arange(6), one].sum() for one in fitting]
        assert tuple(path) == fitting[int(np.argmax(scores))]
        assert [path[a] for a, _ in spans] == text
        for (a, b), letter in zip(spans, text, strict=True):
            assert b > a and (path[a:b] == letter).all()


def test_what_cannot_be_is_said_in_a_sentence():
    with pytest.raises(CourseError, match="3 letters take 5 frames at least, .* there are 4"):
        ctc.loss_and_gradient(drawn(4, 3), [1, 1, 1])
    with pytest.raises(CourseError, match="but the blank, 0"):
        ctc.loss_and_gradient(drawn(4, 3), [1, 0])
    with pytest.raises(CourseError, match="letters from 0 to 2"):
        ctc.align(drawn(4, 3), [3])
    with pytest.raises(CourseError, match="finite"):
        ctc.loss_and_gradient(np.full((4, 3), np.nan), [1])
    with pytest.raises(CourseError, match="beam"):
        prefix_beam(drawn(4, 3), 0)


def test_a_beam_that_holds_all_finds_the_best_text_and_the_best_path_may_not():
    worse = 0
    for seed in range(30):
        logits = drawn(5, 3, seed) / 2
        table = spelled(logits)
        text, log_p = prefix_beam(logits, beam=1000)
        best = max(table, key=table.__getitem__)
        assert tuple(text) == best and log_p == pytest.approx(np.log(table[best]), abs=1e-9)
        greedy = tuple(best_path(logits))
        assert table[greedy] <= table[best] + 1e-12
        worse += greedy != best
    assert worse > 3


def test_a_narrow_beam_is_never_better_and_says_what_it_counted():
    for seed in range(20):
        logits = drawn(6, 4, 100 + seed)
        text, log_p = prefix_beam(logits, beam=3)
        assert log_p <= -ctc.loss_and_gradient(logits, text)[0] + 1e-9


def test_a_bonus_counts_once_a_letter():
    logits, bonuses = drawn(5, 3, 2) / 2, {1: 0.7, 2: -0.4}
    table = spelled(logits)
    scored = {text: np.log(p) + sum(bonuses[k] for k in text) for text, p in table.items()}
    text, log_p = prefix_beam(logits, 1000, bonus=lambda prefix, k: bonuses[k])
    assert tuple(text) == max(scored, key=scored.__getitem__)
    assert log_p == pytest.approx(scored[tuple(text)], abs=1e-9)

"""Networks that listen: each switch against Keras's layers, attention with a place against NumPy, padding, keeping."""

import keras
import numpy as np
import pytest

from course_lib import training
from course_lib.attention import AdditiveScore
from course_lib.errors import CourseError
from course_lib.models.decoder_parts import LocationAttention
from course_lib.models.listener import CTCReader, Listener, speller

BANDS, LETTERS = 5, 9
SWITCHES = {
    "plain": {},
    "pyramid": {"pyramid": True},
    "convolutions": {"convolutions": 2},
    "both": {"depth": 4, "convolutions": 1, "pyramid": True},
    "forward": {"direction": "forward", "convolutions": 1},
    "gru": {"cell": "gru", "pyramid": True},
}
ALL = pytest.mark.parametrize("switches", SWITCHES.values(), ids=SWITCHES)


def shaken(model, seed=0, size=0.5):
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(size=w.shape, scale=size) for w in model.get_weights()])
    return model


def listener(**switches):
    made = Listener(BANDS, **({"units": 4, "filters": 6} | switches))
    made(made.example())
    return shaken(made)


def sounds(*lengths, seed=1, room=0):
    frames = np.zeros((len(lengths), max(lengths) + room, BANDS), np.float32)
    rng = np.random.default_rng(seed)
    for row, length in zip(frames, lengths, strict=True):
        row[:length] = rng.normal(size=(length, BANDS))
    return frames


def letters_before(*lengths, seed=2):
    rows = np.zeros((len(lengths), max(lengths)), np.int32)
    rng = np.random.default_rng(seed)
    for row, length in zip(rows, lengths, strict=True):
        row[:length] = [2, *rng.integers(4, LETTERS, length - 1)]
    return rows


def as_arrays(encoded):
    return {name: np.array(v) for name, v in encoded.items()}


# -- the listener ------------------------------------------------------------------------------------------------------


def test_a_pyramid_is_keras_lstms_over_pairs():
    made = listener(pyramid=True)
    found = as_arrays(made(sounds(8, 8)))
    x = sounds(8, 8)
    for i, (forward, backward) in enumerate(made.memories):
        x = x.reshape(2, -1, 2 * x.shape[-1]) if i else x
        both = []
        for layer, back in ((forward, False), (backward, True)):
            oracle = keras.layers.LSTM(4, return_sequences=True, go_backwards=back)
            oracle.build(x.shape)
            oracle.set_weights(layer.get_weights())
            h = np.array(oracle(x))
            both.append(h[:, ::-1] if back else h)
        x = np.concatenate(both, axis=-1)
    assert found["annotations"] == pytest.approx(x, abs=1e-5) and x.shape == (2, 2, 8)
    assert made.shrinks == 4 and found["mask"].all()


def test_convolutions_look_at_three_frames_and_halve():
    made = listener(convolutions=1, depth=2)
    x = sounds(6)
    conv = made.convolutions[0]
    W, b = conv.get_weights()
    around = np.pad(x, ((0, 0), (0, 1), (0, 0)))  # a stride of 2 over an even length: "same" pads behind alone
    wanted = [np.einsum("kd,kdf->f", around[0, 2 * t : 2 * t + 3], W) + b for t in range(3)]
    assert np.array(conv(x))[0] == pytest.approx(np.maximum(wanted, 0), abs=1e-5)
    assert made.shrinks == 2 and np.array(made(x)["annotations"]).shape == (1, 3, 8)


@ALL
def test_padding_changes_nothing(switches):
    made = listener(**switches)
    for length in (1, 7, 12, 13):
        alone, among = as_arrays(made(sounds(length))), as_arrays(made(sounds(length, 17, room=6)))
        there = int(among["mask"][0].sum())
        assert there == alone["mask"].sum() == -(-length // made.shrinks)
        assert among["annotations"][0, :there] == pytest.approx(alone["annotations"][0, :there], abs=1e-5)
        assert not among["annotations"][0, there:].any()
        assert among["context"][0] == pytest.approx(alone["context"][0], abs=1e-5)


def test_forward_hears_nothing_ahead_and_both_do():
    x = sounds(12)
    y = x.copy()
    y[0, 8:] += 1
    for direction, alike in (("forward", True), ("both", False)):
        made = listener(direction=direction, pyramid=True)
        a, b = (np.array(made(v)["annotations"])[0, :2] for v in (x, y))
        assert (abs(a - b).max() < 1e-6) == alike


def test_bad_settings():
    with pytest.raises(CourseError, match="direction: expected forward or both, got 'up'"):
        Listener(BANDS, direction="up")
    with pytest.raises(CourseError, match="convolutions: expected 0 to 2 of 3 layers, got 3"):
        Listener(BANDS, convolutions=3)


# -- the speller -------------------------------------------------------------------------------------------------------


def made_speller(attention, **switches):
    return shaken(speller(Listener(BANDS, units=4, filters=6, **switches), LETTERS, attention, 6, 5, 7))


def test_attention_knows_where_it_looked_as_the_paper_says():
    """Chorowski et al. 2015, eqs 5-9, one step after another, in NumPy."""
    rng = np.random.default_rng(3)
    made = LocationAttention(AdditiveScore(7), filters=3, width=5)
    made.build((None, None, 6), (None, None, 4))
    shaken(made)
    T, s, h, last = 9, rng.normal(size=(1, 1, 6)), rng.normal(size=(1, 9, 4)), rng.dirichlet(np.ones(9))[None]
    W, V, v = (w.numpy() for w in (made.score.W, made.score.U, made.score.v))
    F, U = made.places.kernel.numpy()[:, 0], made.told.kernel.numpy()
    around = np.pad(last[0], 2)
    f = np.array([around[t : t + 5] @ F for t in range(T)])
    e = np.array([v @ np.tanh(s[0, 0] @ W + h[0, t] @ V + f[t] @ U) for t in range(T)])
    a = np.exp(e) / np.exp(e).sum()
    encoded = {"annotations": h, "mask": np.ones((1, T), bool), "last": last}
    encoded = {
        name: keras.ops.convert_to_tensor(x, "bool" if name == "mask" else "float32") for name, x in encoded.items()
    }
    c, weights = made.read(keras.ops.convert_to_tensor(s, "float32"), made.prepare(encoded))
    assert np.array(weights)[0, 0] == pytest.approx(a, abs=1e-5)
    assert np.array(c)[0, 0] == pytest.approx(a @ h[0], abs=1e-5)
    made.window = 2
    _, near = made.read(keras.ops.convert_to_tensor(s, "float32"), made.prepare(encoded))
    allowed = abs(np.arange(T) - last.argmax()) <= 2
    assert np.array(near)[0, 0] == pytest.approx(np.where(allowed, a, 0) / a[allowed].sum(), abs=1e-5)


@pytest.mark.parametrize("attention", ["before", "after"])
def test_step_by_step_is_all_at_once(attention):
    made, x, words = made_speller(attention, pyramid=True), sounds(16, 11), letters_before(5, 5)
    logits, weights = made((x, words)), made.align(x, words)
    decoder, encoded = made.decoder, made.encoder(x)
    states, encoded = decoder.start(encoded), decoder.prepare(encoded)
    for j in range(5):
        own, read, states = decoder.step(words[:, j], states, encoded)
        assert np.array(own) == pytest.approx(np.array(logits)[:, j], abs=1e-4)
        assert np.array(read) == pytest.approx(np.array(weights)[:, j], abs=1e-5)
    assert np.array(weights).sum(axis=-1) == pytest.approx(1, abs=1e-5)
    assert not np.array(weights)[1, :, 3:].any()  # the second sound is over


def test_where_it_looked_matters_before_and_not_after():
    for attention, told in (("before", True), ("after", False)):
        made, x = made_speller(attention), sounds(12)
        assert bool(made.decoder.carries) == told
        assert len(made.decoder.start(made.encoder(x))) == 2 + told


@ALL
def test_kept_and_loaded(switches, tmp_path):
    made = made_speller("before", **switches)
    made.save(tmp_path / "it.keras")
    again = keras.saving.load_model(tmp_path / "it.keras")
    x, words = sounds(9, 5), letters_before(4, 3)
    assert np.array(again((x, words))) == pytest.approx(np.array(made((x, words))), abs=1e-6)


def test_it_learns_what_is_said_and_when():
    """Sounds that are letters one after another: after a few updates the weights lie on the letter that is said."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(LETTERS, BANDS))

    def draw(count):
        said = rng.integers(4, LETTERS, (count, 4))
        x = np.repeat(vectors[said], 4, axis=1) + 0.2 * rng.normal(size=(count, 16, BANDS))
        before = np.concatenate([np.full((count, 1), 2), said[:, :-1]], axis=1)
        return (x.astype("float32"), before.astype("int32")), said.astype("int32")

    training.set_seed(0)
    made = speller(Listener(BANDS, 16, 2, convolutions=1, filters=16), LETTERS, "before", 32, 16, 16)
    training.compile_for_training(made, 150, 1e-2)
    (x, before), said = draw(200)
    untrained = float(training.next_token_loss(said, made((x, before))))
    training.fit(made, iter(lambda: draw(16), None), 150)
    assert float(training.next_token_loss(said, made((x, before)))) < 0.1 * untrained
    places = (np.array(made.align(x, before)) * np.arange(8)).sum(axis=-1)
    assert abs(places - (2 * np.arange(4) + 0.5)).mean() < 1.5


# -- CTC ---------------------------------------------------------------------------------------------------------------


@ALL
def test_ctc_says_only_the_blank_where_the_sound_is_over(switches, tmp_path):
    made = shaken(CTCReader(Listener(BANDS, units=4, filters=6, **switches), LETTERS))
    x = sounds(13, 6, room=4)
    logits = np.array(made(x))
    there = [-(-n // made.encoder.shrinks) for n in (13, 6)]
    for row, count, frames in zip(logits, there, (13, 6), strict=True):
        assert (row[count:].argmax(-1) == 0).all() and (np.diff(np.sort(row[count:])[:, -2:]) > 1e3).all()
        alone = np.array(made(x[logits.tolist().index(row.tolist())][None, :frames]))[0]
        assert row[:count] == pytest.approx(alone, abs=1e-4)
    made.save(tmp_path / "it.keras")
    assert np.array(keras.saving.load_model(tmp_path / "it.keras")(x)) == pytest.approx(logits, abs=1e-5)

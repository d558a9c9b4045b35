"""The captioner: the equations of each way in, by hand in NumPy; one reading for many captions; saving; search."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from course_lib import batching, training
from course_lib.attention import BilinearScore, attend
from course_lib.decoding import CaptionGenerator
from course_lib.errors import CourseError
from course_lib.metrics import log_softmax
from course_lib.models.captioner import ATTENTIONS, captioner
from course_lib.models.decoder_parts import Attention
from course_lib.models.decoders import CONDITIONINGS
from course_lib.models.encoder_decoder import Ensemble
from course_lib.models.end_to_end import EndToEnd, two_rates
from course_lib.models.weights import same_weights
from course_lib.text import Vocabulary, to_rows
from tools import build

RNG = np.random.default_rng(0)
WORDS = 11
GRID, POOLED = (2, 3, 5), (5,)
SETTINGS = [*((name, None) for name in CONDITIONINGS), *(("initial state", name) for name in ATTENTIONS)]
ALL = pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: ", ".join(filter(None, setting)))
BEFORE = np.array([[2, 4, 7, 9], [2, 5, 6, 0], [2, 8, 0, 0]])


def random_captioner(conditioning, attention=None, cell="lstm"):
    shape, sizes = GRID if attention else POOLED, {"width": 6, "embedding": 7, "units": 8}
    model = captioner(shape, WORDS, conditioning, attention, cell=cell, **sizes)
    model.set_weights([RNG.normal(size=weight.shape) * 0.5 for weight in model.weights])
    return model


@pytest.mark.parametrize("conditioning", ["initial state", "first input", "every input"])
def test_the_plain_rnn_is_the_equation(conditioning):
    """h_j = tanh(W_xh x_j + W_hh h_{j-1} + W_vh v + b)."""
    model = random_captioner(conditioning, cell="rnn")
    picture = RNG.normal(size=(3, 5)).astype(np.float32)
    encoder, decoder = model.encoder, model.decoder
    W, b = encoder.whole.get_weights()
    v = np.maximum(picture @ W + b, 0)  # (3, 6)
    W_x, W_hh, b = decoder.memory.cell.get_weights()
    table, out, b_out = (*decoder.embedding.get_weights(), *decoder.readout.get_weights())
    h = np.zeros((3, 8))
    if conditioning == "first input":
        W_p, b_p = decoder.conditioning.made_by.get_weights()
        h = np.tanh((v @ W_p + b_p) @ W_x + b)
    else:
        W_0, b_0 = decoder.conditioning.made_by[0].get_weights()
        h = np.tanh(v @ W_0 + b_0)
    W_xh, W_vh = W_x[:7], W_x[7:]
    assert (len(W_vh) == 6) == (conditioning == "every input")
    for j in range(4):
        more = v @ W_vh if conditioning == "every input" else 0
        h = np.tanh(table[BEFORE[:, j]] @ W_xh + h @ W_hh + more + b)
        assert np.allclose(model((picture, BEFORE))[:, j], h @ out + b_out, atol=1e-5)


def test_beside_the_output_the_picture_is_the_equation():
    """scores = W maxout(O_s s_j + O_y y_{j-1} + O_v v + b): Cho et al. 2014, appendix A.1, with v for their c."""
    model = captioner(POOLED, WORDS, "initial state and output", width=6, embedding=7, units=8, cell="rnn", maxout=3)
    model.set_weights([RNG.normal(size=weight.shape) * 0.5 for weight in model.weights])
    picture, decoder = RNG.normal(size=(3, 5)).astype(np.float32), model.decoder
    W, b = model.encoder.whole.get_weights()
    v = np.maximum(picture @ W + b, 0)
    output = decoder.output_layer
    (W_0, b_0), (W_xh, W_hh, b_h) = decoder.conditioning.made_by[0].get_weights(), decoder.memory.cell.get_weights()
    (table,), (O_sy, b_o), (O_v,) = (part.get_weights() for part in (decoder.embedding, output.pairs, output.seen))
    out, b_out = decoder.readout.get_weights()
    s = np.tanh(v @ W_0 + b_0)
    for j in range(4):
        y = table[BEFORE[:, j]]
        s = np.tanh(y @ W_xh + s @ W_hh + b_h)
        t = s @ O_sy[:8] + y @ O_sy[8:] + v @ O_v + b_o  # two numbers a unit, side by side
        assert np.allclose(model((picture, BEFORE))[:, j], np.maximum(t[:, ::2], t[:, 1::2]) @ out + b_out, atol=1e-5)


@ALL
def test_pictures_change_logits_and_many_captions_share_one(setting):
    model = random_captioner(*setting)
    pictures = RNG.normal(size=(2, *model.encoder.settings["shape"])).astype(np.float32)
    before = np.concatenate([BEFORE, BEFORE])
    together = model((pictures, before))
    apart = model((np.repeat(pictures, 3, axis=0), before))
    assert np.allclose(together, apart, atol=1e-6)
    assert np.abs(together[:3] - together[3:]).max() > 0.01


@ALL
def test_one_step_after_another_is_all_at_once(setting):
    model = random_captioner(*setting)
    pictures = RNG.normal(size=(3, *model.encoder.settings["shape"])).astype(np.float32)
    encoded = model.encoder(pictures)
    states, encoded = model.decoder.start(encoded), model.decoder.prepare(encoded)
    for j in range(4):
        scores, _, states = model.decoder.step(BEFORE[:, j], states, encoded)
        assert np.allclose(scores, model((pictures, BEFORE))[:, j], atol=1e-5)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_it_learns_survives_saving_and_is_searched(cell, tmp_path):
    training.set_seed(0)
    vocabulary = Vocabulary("abcdefg")
    texts = ["abc", "bcd", "cde", "def"]
    pictures = np.eye(4, 5, dtype=np.float32)
    model = captioner(POOLED, len(vocabulary), "every input", width=16, embedding=8, units=24, cell=cell)
    training.compile_for_training(model, 200, 1e-2)
    batches = batching.caption_batches(pictures, np.arange(4), to_rows(texts, vocabulary), 4, seed=0)
    training.fit(model, batches, 200)
    describe = CaptionGenerator(model, vocabulary)
    for beam in (1, 3):
        found = describe(pictures, beam=beam)
        assert ["".join(best.words) for best in found] == texts and all(best.finished for best in found)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert np.array_equal(model((pictures, BEFORE[[0, 1, 2, 0]])), again((pictures, BEFORE[[0, 1, 2, 0]])))


def test_beam_one_is_greedy_by_hand():
    model, vocabulary = random_captioner("every input"), Vocabulary("abcdefg")
    pictures = RNG.normal(size=(5, 5)).astype(np.float32)
    for picture, found in zip(pictures, CaptionGenerator(model, vocabulary)(pictures, beam=1, longest=6), strict=True):
        said = [2]
        while len(said) < 8 and said[-1] != 3:
            p = log_softmax(np.array(model((picture[None], np.array([said])))))[0, -1]
            p[:3] = -np.inf
            said.append(int(p.argmax()))
        assert found.words == vocabulary.decode(said)[:7]


def test_an_ensemble_says_the_mean_of_its_members():
    models, vocabulary = [random_captioner(name) for name in ("initial state", "every input")], Vocabulary("abcdefg")
    pictures = RNG.normal(size=(4, 5)).astype(np.float32)
    for picture, found in zip(
        pictures, CaptionGenerator(Ensemble(models), vocabulary)(pictures, longest=6), strict=True
    ):
        said = [2]
        while len(said) < 8 and said[-1] != 3:
            p = sum(np.exp(log_softmax(np.array(m((picture[None], np.array([said]))))[0, -1])) for m in models)
            p[:3] = 0
            said.append(int(p.argmax()))
        assert found.words == vocabulary.decode(said)[:7]
    alone, twice = (CaptionGenerator(m, vocabulary)(pictures, beam=3) for m in (models[0], Ensemble([models[0]] * 2)))
    assert [best.words for best in alone] == [best.words for best in twice]


def test_samples_come_as_often_as_they_are_probable():
    model, vocabulary = random_captioner("initial state"), Vocabulary("abcdefg")
    picture = RNG.normal(size=(1, 5)).astype(np.float32)
    describe = CaptionGenerator(model, vocabulary)
    said = describe.sample(np.repeat(picture, 4000, axis=0), longest=1, seed=3)
    scores = np.array(model((picture, np.array([[2]]))))[0, 0]
    scores[:3] = -np.inf
    p = np.exp(log_softmax(scores))
    for i, word in enumerate(vocabulary.words):
        share = np.mean([words == [word] for words in said]) if i != 3 else np.mean([words == [] for words in said])
        assert abs(share - p[i]) < 0.03
    cold = describe.sample(picture, temperature=1e-3, longest=6)
    assert cold[0] == describe(picture, beam=1, longest=5)[0].words[:6]


def test_batches_give_each_caption_its_own_picture():
    rng = np.random.default_rng(1)
    features = rng.normal(size=(9, 2, 3, 5)).astype(np.float16)
    places = np.repeat(rng.permutation(9), 3)
    rows = to_rows([f"{place}"[:1] for place in places], Vocabulary("012345678"))
    number = dict(zip(rows[:, 1].tolist(), places, strict=True))
    for each in (1, 3):
        batches = batching.caption_batches(features, places, rows, 6, seed=0, captions_per_image=each)
        seen = set()
        for _ in range(20):
            (vectors, before), said = next(batches)
            vectors, said = np.array(vectors), np.array(said)
            assert len(before) == 6 and len(vectors) == 6 // each
            for vector, row in zip(np.repeat(vectors, each, axis=0), said, strict=True):
                assert np.array_equal(vector, features[number[row[0]]].astype(np.float32))
                seen.add(row[0])
        assert len(seen) == 9


def test_bad_input_is_a_sentence():
    model = random_captioner("initial state")
    with pytest.raises(CourseError, match=r"reads vectors of shape \(5,\), got \(6,\): use the network it was trained"):
        model((np.zeros((1, 6), np.float32), BEFORE[:1]))
    with pytest.raises(CourseError, match="conditioning: expected one of 'repeat', 'initial state'"):
        captioner(POOLED, WORDS, "letter")
    with pytest.raises(CourseError, match="the decoder was made for 11 words, this vocabulary has 5"):
        CaptionGenerator(model, Vocabulary("a"))


# -- looking at regions ------------------------------------------------------------------------------------------------


def looking(attention, cell="rnn", **look):
    sizes = {"width": 6, "embedding": 7, "units": 8, "maxout": 3}
    model = captioner(GRID, WORDS, attention=attention, cell=cell, **sizes, **look)
    model.set_weights([RNG.normal(size=weight.shape) * 0.5 for weight in model.weights])
    return model


def seen_alone(decoder, regions, s, encoded):
    """What memories s (1 or B, J, units) see of these regions (B, J), one each."""
    return decoder.attention.gated(decoder.attention.one(regions, encoded), s)


def said_of(decoder, s, y, z):
    """The logits, from memories, words before and what is seen."""
    return decoder.readout(decoder.output_layer(s, y, z))


def softmax(scores):
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("attention", ["after", "before"])
@pytest.mark.parametrize("output", ["maxout", "sum"])
@pytest.mark.parametrize("gate", [True, False])
def test_looking_is_the_equations(attention, output, gate):
    """Xu et al. 2015, section 4.2: a = softmax(s W v), z = beta sum_i a_i v_i; s_j looks, or s_{j-1}."""
    model = looking(attention, score=BilinearScore(), output=output, gate=gate)
    picture, decoder, encoder = RNG.normal(size=(3, *GRID)).astype(np.float32), model.decoder, model.encoder
    (W_v, b_v), where = encoder.regions.get_weights(), encoder.where.numpy()
    v = np.maximum(picture.reshape(3, 6, 5) @ W_v + b_v, 0) + where  # (3, R, 6)
    W, b = encoder.whole.get_weights()
    W_0, b_0 = decoder.conditioning.made_by[0].get_weights()
    s = np.tanh(np.maximum(picture.mean(axis=(1, 2)) @ W + b, 0) @ W_0 + b_0)
    (table,), (W_x, W_h, b_h) = decoder.embedding.get_weights(), decoder.memory.cell.get_weights()
    out, b_out = decoder.readout.get_weights()
    weights = np.array(model.align(picture, BEFORE))

    def look(s):
        a = softmax(np.einsum("bq,qd,brd->br", s, decoder.attention.score.W.numpy(), v))
        z = np.einsum("br,brd->bd", a, v)
        if gate:
            w, b = decoder.attention.gate.get_weights()
            z = z / (1 + np.exp(-(s @ w + b)))
        return a, z

    for j in range(4):
        y = table[BEFORE[:, j]]
        if attention == "before":
            a, z = look(s)
            s = np.tanh(np.concatenate([y, z], axis=1) @ W_x + s @ W_h + b_h)
        else:
            s = np.tanh(y @ W_x + s @ W_h + b_h)
            a, z = look(s)
        if output == "maxout":
            W_t, b_t = decoder.output_layer.pairs.get_weights()
            t = np.concatenate([s, y, z], axis=1) @ W_t + b_t
            t = np.maximum(t[:, ::2], t[:, 1::2])
        else:
            W_z, b_z = decoder.output_layer.seen.get_weights()
            t = s + z @ W_z + b_z
        assert np.allclose(weights[:, j], a, atol=1e-5)
        assert np.allclose(model((picture, BEFORE))[:, j], t @ out + b_out, atol=1e-4)


def test_the_lesson_s_captioner_is_the_library_s():
    """Under random weights; a score that begins near 0 would hide a difference."""
    names = {"keras": keras, "layers": keras.layers, "ops": keras.ops, "attend": attend}
    for cell in build.cells("09_see_where_the_network_looks").cells:
        if cell.source.startswith(("class Where", "def see", "def captioner")):
            exec(cell.source, names)
    ours = names["captioner"](WORDS, BilinearScore(name="score"))
    sizes = {"width": 96, "embedding": 64, "units": 96, "maxout": 128, "pooling": "max"}
    theirs = captioner((8, 8, 236), WORDS, attention="after", score=BilinearScore(name="score"), **sizes)
    theirs.set_weights([RNG.normal(size=weight.shape) * 0.1 for weight in theirs.weights])
    named = {tuple(weight.path.split("/")[-2:]): weight for weight in theirs.weights}  # the layers have the same names
    named["where", "where"] = theirs.encoder.where
    for weight in ours.weights:
        weight.assign(named[tuple(weight.path.split("/")[-2:])])
    read = RNG.uniform(size=(3, 8, 8, 236)).astype("float32"), BEFORE
    np.testing.assert_allclose(ours(read), theirs(read), atol=1e-4)
    assert np.abs(np.diff(ours(read), axis=0)).max() > 0.01  # the pictures matter


def test_the_penalty_is_equation_14():
    model = looking("after", doubly_stochastic=0.7)
    picture = RNG.normal(size=(3, *GRID)).astype(np.float32)
    before = np.array([[2, 4, 7, 9], [2, 5, 6, 0], [2, 8, 3, 0]])  # four words are said, three, two
    model((picture, before), training=False)
    assert not model.losses
    model((picture, before), training=True)
    penalty = sum(model.losses)
    weights = np.array(model.align(picture, before))
    total = sum(((1 - weights[b, :said].sum(axis=0)) ** 2).sum() for b, said in enumerate((4, 3, 2)))
    assert np.allclose(penalty, 0.7 * total / 9, rtol=1e-5)


def test_hard_attention_learns_along_the_true_gradient():
    """Of the expected reward, summed over all looks there could be; the estimate within its standard error."""
    import tensorflow as tf

    training.set_seed(1)
    model, rng = looking("hard", score=BilinearScore()), np.random.default_rng(5)
    model.set_weights([rng.normal(size=weight.shape) * 0.7 for weight in model.weights])
    training.compile_for_training(model, 1)
    decoder, rows = model.decoder, 2000
    picture = rng.normal(size=(1, *GRID)).astype(np.float32)
    before, said = np.array([[2, 4, 7]]), np.array([[4, 7, 9]])
    W = decoder.attention.score.W

    def loss(scores):
        return keras.ops.sparse_categorical_crossentropy(said, scores, from_logits=True)

    with tf.GradientTape() as tape:
        encoded = decoder.prepare(model.encoder(picture))
        y = decoder.embedding(before)
        s, *_ = decoder.memory(y, initial_state=decoder.start(encoded))
        z, a = Attention.read(decoder.attention, s, encoded)  # the soft look
        rewards = [-loss(said_of(decoder, s, y, seen_alone(decoder, np.full((1, 3), i), s, encoded))) for i in range(6)]
        expected = tf.reduce_sum(a * tf.stop_gradient(tf.stack(rewards, axis=-1)), axis=-1)
        entropy = -tf.reduce_sum(a * tf.math.log(a), axis=-1)
        soft = loss(said_of(decoder, s, y, z))
        E = tf.reduce_mean(0.5 * soft - 0.5 * expected - decoder.attention.entropy * entropy)
    true = tape.gradient(E, W).numpy()
    many = [np.repeat(array, rows, axis=0) for array in (picture, before, said)]
    estimates = []
    for _ in range(20):
        with tf.GradientTape() as tape:
            E = model.compute_loss(None, many[2], model((many[0], many[1]), training=True), training=True)
        estimates.append(tape.gradient(E, W).numpy())
    error = np.std(estimates, axis=0, ddof=1) / 20**0.5
    off = np.mean(estimates, axis=0) - true
    assert np.abs(off / error).max() < 5 and np.linalg.norm(off) < 3 * np.linalg.norm(error)
    assert np.linalg.norm(true) > 10 * np.linalg.norm(error)  # so that another gradient would be noticed


def test_the_baseline_of_hard_attention_is_fitted_to_what_was_drawn():
    model, said = looking("hard", score=BilinearScore(), entropy=0.5), np.array([[4, 7, 9, 3]] * 40)
    pictures = RNG.normal(size=(40, *GRID)).astype(np.float32)
    logits = model((pictures, np.array([[2, 4, 7, 9]] * 40)), training=True)
    attention = model.decoder.attention
    drawn = {name: np.array(value) for name, value in attention.drawn.items()}
    reward = np.array(-keras.ops.sparse_categorical_crossentropy(said, logits, from_logits=True))
    better, hard = reward - drawn["expected"], drawn["hard"][:, 0]
    assert 0 < hard.sum() < 40
    of_drawn = ((better**2 - better * drawn["log_p"])[hard]).sum() / said.size  # sentences read softly: none of it
    expected = of_drawn - 0.5 * drawn["entropy"].mean()
    assert float(attention.surrogate_loss(said, logits)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_looks_are_found_again_after_search_and_after_saving(attention, tmp_path):
    model, vocabulary = looking(attention, "lstm", score=BilinearScore()), Vocabulary("abcdefg")
    pictures = RNG.normal(size=(4, *GRID)).astype(np.float32)
    found = CaptionGenerator(model, vocabulary)(pictures, beam=3, longest=6)
    for picture, best in zip(pictures, found, strict=True):
        rows = to_rows([best.words], vocabulary)
        weights = np.array(model.align(picture[None], rows[:, :-1]))[0, : len(best.weights)]
        assert best.weights.shape == (len(best.words) + best.finished, 6)
        assert np.allclose(best.weights, weights, atol=1e-5) and np.allclose(best.weights.sum(axis=1), 1, atol=1e-5)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert type(again) is type(model)
    assert np.array_equal(model((pictures[:3], BEFORE)), again((pictures[:3], BEFORE)))


def test_hard_attention_sees_the_region_of_the_largest_weight():
    model = looking("hard", score=BilinearScore())
    picture = RNG.normal(size=(3, *GRID)).astype(np.float32)
    best = np.array(model.align(picture, BEFORE)).argmax(axis=-1)  # (3, 4)
    encoded = model.decoder.prepare(model.encoder(picture))
    y = model.decoder.embedding(BEFORE)
    s, *_ = model.decoder.memory(y, initial_state=model.decoder.start(encoded))
    by_hand = said_of(model.decoder, s, y, seen_alone(model.decoder, best, s, encoded))
    assert np.allclose(model((picture, BEFORE)), by_hand, atol=1e-5)


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_a_seed_starts_both_outputs_alike(attention):
    found = []
    for output in ("maxout", "sum"):
        training.set_seed(3)
        sizes = {"width": 6, "embedding": 7, "units": 8}
        decoder = captioner(GRID, WORDS, attention=attention, score=BilinearScore(), output=output, **sizes).decoder
        found.append([w.numpy() for part in (decoder.memory, decoder.attention, decoder.readout) for w in part.weights])
    assert len(found[0]) >= 8
    assert all(np.array_equal(a, b) for a, b in zip(*found, strict=True))


def test_looking_needs_regions_and_only_looking_takes_its_settings():
    with pytest.raises(CourseError, match=r"attention looks at regions, .* these vectors are \(5,\): keep grids"):
        captioner(POOLED, WORDS, attention="after")
    with pytest.raises(CourseError, match="gate: only for what looks at regions; attention is None"):
        captioner(GRID, WORDS, gate=False)
    with pytest.raises(CourseError, match="entropy: only for attention 'hard', got 'after'"):
        captioner(GRID, WORDS, attention="after", entropy=0.1)
    with pytest.raises(CourseError, match="output: expected 'maxout' or 'sum', got 'mean'"):
        captioner(GRID, WORDS, attention="after", output="mean")
    with pytest.raises(CourseError, match="attention goes with conditioning 'initial state', got 'every input'"):
        captioner(GRID, WORDS, "every input", "after")


def test_no_model_imports_a_world():
    code = """
import importlib, pkgutil, sys
import course_lib.models as models
for found in pkgutil.iter_modules(models.__path__):
    importlib.import_module(f"course_lib.models.{found.name}")
worlds = [name for name in sys.modules if name.startswith("course_lib.worlds")]
sys.exit(f"imported: {worlds}" if worlds else 0)
"""
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr


# -- the CNN trained with it -------------------------------------------------------------------------------------------


def tiny_cnn():
    inputs = keras.Input((4, 6, 3))
    x = keras.layers.BatchNormalization()(keras.layers.Conv2D(5, 3, padding="same")(inputs))
    return keras.Model(inputs, x)


PICTURES = RNG.normal(2.0, 3.0, size=(3, 4, 6, 3)).astype(np.float32)


def test_end_to_end_is_the_captioner_on_the_largest_numbers():
    cnn, model = tiny_cnn(), random_captioner("initial state and output")
    cnn.set_weights([RNG.normal(size=weight.shape) ** 2 for weight in cnn.weights])
    v = np.array(cnn(PICTURES, training=False)).max(axis=(1, 2))
    for training_now in (False, True):  # batch normalisation keeps to its means
        found = EndToEnd(cnn, model)((PICTURES, BEFORE), training=training_now)
        assert np.allclose(found, model((v, BEFORE)), atol=1e-5)
    v = np.array(cnn(PICTURES, training=True)).max(axis=(1, 2))
    assert np.allclose(
        EndToEnd(cnn, model, batch_means=True)((PICTURES, BEFORE), training=True), model((v, BEFORE)), atol=1e-4
    )


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("batch_means", [True, False])
def test_each_part_moves_at_its_own_rate_and_what_is_frozen_does_not(frozen, batch_means):
    cnn, model = tiny_cnn(), random_captioner("initial state and output")
    cnn.trainable = not frozen
    before = {id(part): [w.numpy() for w in part.weights] for part in (cnn, model)}
    whole = EndToEnd(cnn, model, batch_means)
    fast, slow = keras.optimizers.Adam(0.5), keras.optimizers.Adam(1e-3)
    whole.compile(two_rates(cnn, fast, slow), loss=training.next_token_loss, run_eagerly=True)
    whole.train_on_batch((PICTURES, BEFORE[:, :-1]), BEFORE[:, 1:])

    def moved(part, weights):
        old = dict(zip(map(id, part.weights), before[id(part)], strict=True))
        return max(np.abs(w.numpy() - old[id(w)]).max() for w in weights)

    dense = [w for w in model.trainable_weights if "embedding" not in w.path]
    assert moved(model, dense) == pytest.approx(0.5, rel=0.01)  # Adam's first step is its rate
    if not frozen:
        assert moved(cnn, cnn.trainable_weights) == pytest.approx(1e-3, rel=0.05)
    kept = [w for w in cnn.weights if "moving" in w.path]
    assert (moved(cnn, cnn.weights) == 0) == frozen
    assert (moved(cnn, kept) > 0) == (batch_means and not frozen)


def test_the_same_weights_by_the_names_of_layers():
    one, other = (random_captioner("initial state and output") for _ in range(2))
    picture = RNG.normal(size=(3, 5)).astype(np.float32)
    assert not np.allclose(one((picture, BEFORE)), other((picture, BEFORE)))
    same_weights(other, one)
    assert np.array_equal(one((picture, BEFORE)), other((picture, BEFORE)))
    with pytest.raises(CourseError, match="no weight of that name and shape"):
        same_weights(random_captioner("initial state and output", cell="rnn"), one)

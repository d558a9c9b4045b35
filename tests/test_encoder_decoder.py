"""Encoder–decoders and beam search, against NumPy, step by step against all at once, and brute force."""

import itertools

import keras
import numpy as np
import pytest

from course_lib import attention, cells, training
from course_lib.decoding import Translator
from course_lib.errors import CourseError
from course_lib.layers import RNN
from course_lib.models.decoder_parts import Attention, Conditioning
from course_lib.models.decoders import CONDITIONINGS, Decoder, parts
from course_lib.models.encoder_decoder import Encoder, EncoderDecoder, encoder_decoder
from course_lib.text import Vocabulary
from tools import build

SOURCE, TARGET = Vocabulary("abcdefgh"), Vocabulary("uvwxyz")
RNG = np.random.default_rng(0)
MADE = {}
START, AFTER, BEFORE = (("initial state", attention) for attention in (None, "after", "before"))
SETTINGS = [*((conditioning, None) for conditioning in CONDITIONINGS), AFTER, BEFORE]


def made(setting, cell="gru", direction="both", seed=0, target=TARGET, size=0.5):
    """A model with random weights, none of them 0. setting: conditioning and attention."""
    key = setting, cell, direction, seed, len(target), size
    if key not in MADE:
        model = encoder_decoder(
            len(SOURCE), len(target), *setting, embedding=5, encoder_units=4, units=6, cell=cell, direction=direction
        )
        rng = np.random.default_rng(seed)
        model.set_weights([rng.normal(size=w.shape, scale=size) for w in model.get_weights()])
        MADE[key] = model
    return MADE[key]


def sentences(*lengths, seed=1):
    rng = np.random.default_rng(seed)
    rows = np.zeros((len(lengths), max(lengths)), np.int32)
    for row, length in zip(rows, lengths, strict=True):
        row[:length] = rng.integers(4, len(SOURCE), length)
    return rows


def words_before(B, J, seed=2):
    rows = np.random.default_rng(seed).integers(4, len(TARGET), (B, J)).astype(np.int32)
    rows[:, 0] = 2
    return rows


def named(layer):
    """{the end of its path: its weight}"""
    return {w.path.split(layer.name + "/", 1)[-1]: w.numpy() for w in layer.weights}


ALL, SOME = (
    pytest.mark.parametrize("setting", settings, ids=lambda setting: ", ".join(filter(None, setting)))
    for settings in (SETTINGS, [("repeat", None), START, ("every input and output", None), AFTER, BEFORE])
)
CELLS = pytest.mark.parametrize("cell", ["gru", "lstm"])


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def gru(x, h, kernel, recurrent, bias):
    """Keras's GRU, z = 1 keeps the old; the reset gate after the product."""
    x, h_ = np.split(x @ kernel + bias[0], 3, -1), np.split(h @ recurrent + bias[1], 3, -1)
    z, r = sigmoid(x[0] + h_[0]), sigmoid(x[1] + h_[1])
    return z * h + (1 - z) * np.tanh(x[2] + r * h_[2])


def by_hand(model, setting, sentence, words):
    """The papers' equations, one sentence without padding, one word after another."""

    def cell_of(layer):
        return [w.numpy() for w in layer.cell.weights]

    (conditioning, attention), encoder, decoder = setting, model.encoder, model.decoder
    x = encoder.embedding.weights[0].numpy()[sentence]
    readings = []
    for memory in encoder.memories:
        h, said = np.zeros(4), []
        for x_t in x[::-1] if memory.go_backwards else x:
            h = gru(x_t, h, *cell_of(memory))
            said.append(h)
        readings.append((said[::-1] if memory.go_backwards else said, h))
    annotations, context = (np.concatenate([reading[i] for reading in readings], -1) for i in (0, 1))

    def dense(layer, v):
        W, b = (w.numpy() for w in layer.weights)
        return v @ W + b

    def read(s):
        W, U, v = (w.numpy() for w in decoder.attention.score.weights)
        e = np.array([v @ np.tanh(s @ W + h @ U) for h in annotations])
        a = np.exp(e) / np.exp(e).sum()
        return a @ annotations, a

    def deep(s, y, c):
        out = decoder.output_layer
        if out.separate_context:
            pairs = dense(out.pairs, np.concatenate([s, y])) + c @ out.seen.weights[0].numpy()
        else:
            pairs = dense(out.pairs, np.concatenate([s, y, c]))
        return dense(decoder.readout, pairs.reshape(6, 2).max(axis=1))

    if conditioning == "first input":
        s = gru(dense(decoder.conditioning.made_by, context), np.zeros(6), *cell_of(decoder.memory))
    else:
        s = np.tanh(dense(decoder.conditioning.made_by[0], context))
    logits, weights = [], []
    for y in decoder.embedding.weights[0].numpy()[words]:
        if attention == "before":
            c, a = read(s)
            weights.append(a)
            x_j = np.concatenate([y, c])
        else:
            x_j = context if conditioning == "repeat" else y
            x_j = np.concatenate([y, context]) if conditioning.startswith("every input") else x_j
        s = gru(x_j, s, *cell_of(decoder.memory))
        if attention == "after":
            c, a = read(s)
            weights.append(a)
            logits.append(dense(decoder.readout, np.tanh(dense(decoder.output_layer.combine, np.concatenate([c, s])))))
        elif attention == "before" or conditioning.endswith("and output"):
            logits.append(deep(s, y, c if attention else context))
        else:
            logits.append(dense(decoder.readout, s))
    return np.array(logits), np.array(weights)


@ALL
@pytest.mark.parametrize("direction", ["forward", "backward", "both"])
def test_the_equations_of_the_papers(setting, direction):
    model = made(setting, direction=direction)
    sentence, words = sentences(5), words_before(1, 4)
    scores, weights = by_hand(model, setting, sentence[0], words[0])
    assert np.allclose(model((sentence, words))[0], scores, atol=1e-5)
    if len(weights):
        assert np.allclose(model.align(sentence, words)[0], weights, atol=1e-6)


@ALL
@CELLS
def test_step_by_step_is_all_at_once(setting, cell):
    model = made(setting, cell)
    rows, words = sentences(5, 3, 1), words_before(3, 6)
    encoded = model.decoder.prepare(model.encoder(rows))
    states, together = model.decoder.start(encoded), model((rows, words)).numpy()
    for j in range(6):
        scores, weights, states = model.decoder.step(words[:, j], states, encoded)
        assert np.allclose(scores, together[:, j], atol=1e-5)
        if weights is not None:
            assert np.allclose(weights, model.align(rows, words)[:, j], atol=1e-6)


@SOME
@CELLS
@pytest.mark.parametrize("direction", ["forward", "backward", "both"])
def test_padding_changes_nothing(setting, cell, direction):
    model = made(setting, cell, direction)
    rows, words = sentences(5, 3, 1), words_before(3, 6)
    scores = model((rows, words)).numpy()
    for more in (1, 7, 40):
        longer = np.pad(rows, ((0, 0), (0, more)))
        assert np.abs(model((longer, np.pad(words, ((0, 0), (0, more)))))[:, :6] - scores).max() < 1e-5
        if (weights := model.align(longer, words)) is not None:
            assert np.allclose(np.sum(weights, -1), 1, atol=1e-5)
            assert not np.any(np.array(weights)[(longer == 0)[:, None].repeat(6, 1)])
    for i, length in enumerate((5, 3, 1)):  # as if it were alone
        assert np.abs(model((rows[i : i + 1, :length], words[i : i + 1]))[0] - scores[i]).max() < 1e-5


@ALL
def test_a_word_is_heard_later_and_not_before(setting):
    model, rows, words = made(setting), sentences(5), words_before(1, 6)
    other = words.copy()
    other[0, 3] = 4 + (words[0, 3] - 3) % 6
    differ = np.abs(model((rows, words)) - model((rows, other)))[0].max(axis=-1)
    assert not differ[:3].any()
    assert (differ[3:] > 1e-4).all() if setting[0] != "repeat" else not differ.any()


@SOME
@CELLS
def test_every_word_of_the_sentence_is_heard(setting, cell):
    model, rows, words = made(setting, cell), sentences(5), words_before(1, 1)
    for t in range(5):
        other = rows.copy()
        other[0, t] = 4 + (rows[0, t] - 3) % 8
        assert np.abs(model((rows, words)) - model((other, words))).max() > 1e-4


def test_backward_is_the_reversed_sentence():
    forward = Encoder(12, 5, 4, direction="forward")
    backward = Encoder(12, 5, 4, direction="backward")
    rows = sentences(5, 5)
    for encoder in (forward, backward):
        encoder(rows)
    weights = [RNG.normal(size=w.shape) for w in forward.get_weights()]
    for encoder in (forward, backward):
        encoder.set_weights(weights)
    a, b = forward(rows[:, ::-1]), backward(rows)
    assert np.allclose(a["context"], b["context"], atol=1e-6)
    assert np.allclose(np.flip(a["annotations"], 1), b["annotations"], atol=1e-6)


def configuration(thing):
    """What a part was made with: its config, without the shapes it was built for."""
    if isinstance(thing, list):
        return [configuration(item) for item in thing]
    if isinstance(thing, dict):
        return {name: configuration(value) for name, value in thing.items() if name != "build_config"}
    return thing


@ALL
@CELLS
def test_saved_and_loaded(setting, cell, tmp_path):
    model = made(setting, cell)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    inputs = sentences(5, 3), words_before(2, 4)
    assert np.array_equal(loaded(inputs), model(inputs))
    assert loaded.encoder.settings == model.encoder.settings
    assert configuration(loaded.decoder.get_config()) == configuration(model.decoder.get_config())


@pytest.mark.parametrize("score", [attention.CosineScore, attention.BilinearScore, attention.ScaledDotScore])
@pytest.mark.parametrize("setting", [BEFORE, AFTER])
def test_other_scores_are_kept(score, setting, tmp_path):
    model = encoder_decoder(12, 10, *setting, score(), embedding=5, encoder_units=3, units=6)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded.decoder.attention.score) is score
    inputs = sentences(5, 3), words_before(2, 4)
    assert np.array_equal(loaded(inputs), model(inputs))


def test_other_parts_make_a_decoder_too(tmp_path):
    """A cell of the course, an empty start, a context and a gated read before each step, a plain output."""
    gate = keras.layers.Dense(1, "sigmoid")
    decoder = Decoder(
        embedding=keras.layers.Embedding(10, 5),
        conditioning=Conditioning("both"),
        memory=RNN(cells.LSTMCell(6), return_sequences=True, return_state=True),
        readout=keras.layers.Dense(10),
        dropout=keras.layers.Dropout(0.1),
        attention=Attention(attention.BilinearScore(), "before", gate, doubly_stochastic=0.5),
    )
    model = EncoderDecoder(Encoder(12, 5, 4), decoder)
    assert decoder.attends and model.attends and decoder.words == 10
    model.set_weights([RNG.normal(size=w.shape) for w in model.get_weights()])
    rows, words = sentences(5, 3), words_before(2, 4)
    encoded = decoder.prepare(model.encoder(rows))
    states = decoder.start(encoded)
    assert [state.shape for state in states] == [(2, 6), (2, 6)] and not np.any(states)
    logits, weights = model((rows, words)).numpy(), model.align(rows, words).numpy()
    e = keras.ops.squeeze(decoder.attention.score([states[0][:, None], encoded["annotations"]]), 1)
    a = keras.ops.softmax(keras.ops.where(rows != 0, e, -np.inf))
    assert np.allclose(weights[:, 0], a, atol=1e-6)
    for j in range(4):
        step, read, states = decoder.step(words[:, j], states, encoded)
        assert np.allclose(step, logits[:, j], atol=1e-5) and np.allclose(read, weights[:, j], atol=1e-6)
    gate.set_weights([0 * gate.kernel, np.array([-50.0])])  # shut: what it looks at no longer counts
    shut = model((rows, words)).numpy()
    assert np.abs(shut - logits).max() > 0.01
    dark = encoded | {"annotations": 7 * encoded["annotations"]}
    assert np.allclose(decoder(words, dark)[0], shut, atol=1e-5)
    model((rows, words), training=True)
    assert len(model.losses) == 1
    model.save(tmp_path / "model.keras")
    assert np.array_equal(keras.models.load_model(tmp_path / "model.keras")((rows, words)), shut)


def test_parts_that_do_not_go_together():
    made = parts(10, 5, 6, "gru", 0.0, "initial state")
    with pytest.raises(CourseError, match="attention after the step needs an output layer"):
        Decoder(**made, attention=Attention(attention.DotScore()))
    with pytest.raises(CourseError, match="when: expected before or after, got 'now'"):
        Attention(attention.DotScore(), "now")
    with pytest.raises(CourseError, match="reads: expected words, context or both, got 'all'"):
        Conditioning("all")


def test_a_seed_starts_all_conditionings_alike():
    found = []
    for conditioning in CONDITIONINGS:
        training.set_seed(3)
        model = encoder_decoder(12, 10, conditioning, embedding=5, encoder_units=4, units=6)
        decoder = model.decoder
        found.append([decoder.embedding.embeddings, decoder.memory.cell.recurrent_kernel, decoder.readout.kernel])
    for alike in zip(*found, strict=True):
        assert all(np.array_equal(w, alike[0]) for w in alike)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"conditioning": "letter"}, "conditioning: expected one of 'repeat', 'initial state'"),
        ({"attention": "hard"}, "attention: expected None or one of 'after', 'before', got 'hard'"),
        ({"conditioning": "repeat", "attention": "after"}, "attention goes with conditioning 'initial state'"),
        ({"cell": "elman"}, "cell: expected one of rnn, gru, lstm, got 'elman'"),
        ({"direction": "up"}, "direction: expected forward, backward or both"),
        ({"score": attention.DotScore()}, "a score function needs attention"),
        ({"attention": "after", "score": attention.DotScore(), "units": 7}, "compares vectors of one width"),
    ],
)
def test_bad_settings(options, sentence):
    with pytest.raises(CourseError, match=sentence):
        encoder_decoder(12, 10, **options)


# -- search ------------------------------------------------------------------------------------------------------------

TEXTS = [SOURCE.words[4:][a:b] for a, b in ((0, 5), (2, 3), (1, 7), (4, 8), (0, 8), (6, 8))]


def log_p(model, sentence, words):
    """log p of the words (ids) and nothing else, told the words before."""
    scores = model((np.array([sentence]), np.array([[2, *words[:-1]]])))
    p = keras.ops.log_softmax(scores)[0].numpy()
    return sum(p[j, word] for j, word in enumerate(words))


def greedy_by_hand(model, sentence, steps):
    words = []
    while len(words) < steps and words[-1:] != [3]:
        scores = model((np.array([sentence]), np.array([[2, *words]])))[0, -1].numpy()
        scores[:3] = -np.inf
        words.append(int(scores.argmax()))
    return words


@SOME
@CELLS
def test_a_beam_of_one_is_greedy(setting, cell):
    model = made(setting, cell, size=1.0)
    for text, found in zip(TEXTS, Translator(model, SOURCE, TARGET)(TEXTS, longest=9), strict=True):
        words = greedy_by_hand(model, SOURCE.encode(text), 10)
        assert found.finished == (words[-1] == 3)
        assert found.words == TARGET.decode(words)
        assert found.score == pytest.approx(log_p(model, SOURCE.encode(text), words) / len(words), abs=1e-4)
        if found.weights is not None:
            weights = model.align(np.array([SOURCE.encode(text)]), np.array([[2, *words[:-1]]]))[0]
            assert np.allclose(found.weights, weights, atol=1e-5)


@SOME
@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0])
def test_a_beam_that_holds_everything_finds_the_best(setting, alpha):
    target = Vocabulary("xy")
    model, text = made(setting, target=target, size=1.0, seed=3), TEXTS[0]
    best = {}
    for n in range(1, 5):
        for words in itertools.product((3, 4, 5), repeat=n):
            if 3 not in words[:-1] and (words[-1] == 3 or n == 4):
                best[words] = log_p(model, SOURCE.encode(text), words) / n**alpha
    (found,) = Translator(model, SOURCE, target)([text], beam=40, alpha=alpha, longest=3)
    words = max(best, key=best.get)
    assert found.words == target.decode(words)
    assert found.score == pytest.approx(best[words], abs=1e-4)


@pytest.mark.parametrize("setting", [START, BEFORE, AFTER])
def test_a_wider_beam_finds_better_ones_on_the_whole(setting):
    rng = np.random.default_rng(4)
    texts = [[SOURCE.words[i] for i in rng.integers(4, 12, rng.integers(2, 9))] for _ in range(200)]
    translator = Translator(made(setting, size=0.7, seed=6), SOURCE, TARGET)
    narrow, wide = (translator(texts, beam=beam, longest=12) for beam in (1, 5))
    assert np.mean([t.score for t in wide]) >= np.mean([t.score for t in narrow]) + 0.01
    assert any(a.words != b.words for a, b in zip(narrow, wide, strict=True))
    for text, found in list(zip(texts, wide, strict=True))[:20]:
        ids = TARGET.encode(found.words) + [3] * found.finished
        assert found.score == pytest.approx(log_p(translator.model, SOURCE.encode(text), ids) / len(ids), abs=1e-4)


def test_sentences_do_not_disturb_each_other():
    translator = Translator(made(AFTER, size=1.0), SOURCE, TARGET)
    together = translator(TEXTS, beam=3, longest=9)
    for options in ({}, {"batch_size": 2}):
        for text, found in zip(TEXTS, together, strict=True):
            (alone,) = translator([text], beam=3, longest=9, **options)
            assert alone.words == found.words
            assert np.allclose(alone.weights, found.weights, atol=1e-5)
            assert found.weights.shape == (len(found.words) + found.finished, len(text))
    assert len({tuple(found.words) for found in together}) > 1
    assert translator([]) == []


def test_bad_input_of_a_translator():
    model = made(START)
    with pytest.raises(CourseError, match="the encoder was made for 12 words, this vocabulary has 10"):
        Translator(model, TARGET, TARGET)
    with pytest.raises(CourseError, match="the decoder was made for 10 words, this vocabulary has 12"):
        Translator(model, SOURCE, SOURCE)
    translator = Translator(model, SOURCE, TARGET)
    for arguments, sentence in [
        ({"beam": 0}, "beam: expected a whole number, 1 or more, got 0"),
        ({"longest": 0}, "longest: expected 1 word or more, got 0"),
    ]:
        with pytest.raises(CourseError, match=sentence):
            translator([["a"]], **arguments)
    with pytest.raises(CourseError, match="an empty sentence"):
        translator([["a"], []])
    with pytest.raises(CourseError, match="'q' is not among"):
        translator([["q"]])
    assert translator([["q"]], unknown="replace")[0].words == translator([["<unk>"]])[0].words


@pytest.mark.parametrize("lesson", ["06_translate", "07_align"])
def test_the_lessons_translator_is_the_librarys(lesson):
    source = next(cell.source for cell in build.cells(lesson).cells if cell.source.startswith("def translator"))
    names = {"keras": keras, "layers": keras.layers, "ops": keras.ops, "attend": attention.attend}
    exec(source.split("\n\n\n")[0], names)
    if lesson == "06_translate":
        ours = names["translator"](11, 13, width=8)
        theirs = encoder_decoder(11, 13, embedding=8, encoder_units=8, units=8, direction="forward")
    else:
        ours = names["translator"](11, 13, attention.CosineScore(), width=8)
        sizes = {"embedding": 8, "encoder_units": 4, "units": 8}
        theirs = encoder_decoder(11, 13, "initial state", "after", attention.CosineScore(), **sizes)
    theirs.set_weights([RNG.normal(size=weight.shape) for weight in theirs.weights])
    ours.set_weights(theirs.get_weights())
    said, before = np.array([[4, 5, 6, 7], [8, 4, 0, 0]]), np.array([[2, 4, 5], [2, 6, 0]])
    np.testing.assert_allclose(ours([said, before]), theirs([said, before]), atol=1e-5)

"""What is heard: batches of sounds, transcripts, error rates, and when letters were heard."""

import numpy as np
import pytest

from course_lib import batching, metrics
from course_lib.decoding import Transcriber, best_path, ctc_texts, prefix_beam
from course_lib.errors import CourseError
from course_lib.models.listener import CTCReader, Listener, speller
from course_lib.text import Vocabulary, to_rows

LETTERS = Vocabulary("abc ")
RNG = np.random.default_rng(0)


def sounds(*lengths, bands=5):
    return [np.random.default_rng(n).normal(size=(n, bands)).astype("float32") for n in lengths]


def distance(a, b):
    """Letters to insert, leave out and change, by recursion."""
    if not a or not b:
        return len(a) + len(b)
    return min(distance(a[1:], b) + 1, distance(a, b[1:]) + 1, distance(a[1:], b[1:]) + (a[0] != b[0]))


def test_error_rates_count_edits():
    drawn = ["".join(RNG.choice(list("ab c"), n)).strip() or "a" for n in (3, 5, 4, 6)]
    said = ["".join(RNG.choice(list("ab c"), n)).strip() for n in (4, 3, 5, 2)]
    edits = sum(distance(a, b) for a, b in zip(drawn, said, strict=True))
    assert metrics.character_error(drawn, said) == pytest.approx(edits / sum(map(len, drawn)))
    words = sum(distance(a.split(), b.split()) for a, b in zip(drawn, said, strict=True))
    assert metrics.word_error(drawn, said) == pytest.approx(words / sum(len(a.split()) for a in drawn))
    assert metrics.word_error(["a b"], ["c d e"]) == 1.5 and metrics.character_error(["ab"], [""]) == 1
    for truth, given in (([], []), (["a"], []), (["a", " "], ["a", "b"])):
        with pytest.raises(CourseError):
            metrics.word_error(truth, given)


@pytest.mark.parametrize("of", ["words", "characters"])
def test_an_error_rate_has_an_interval(of):
    """The rate is that of all texts; the interval is as wide as the binomial's where each is right or wrong."""
    rng = np.random.default_rng(1)
    truth = rng.choice(["a", "b", "c"], 2000).tolist()
    said = [one if rng.random() > 0.1 else "x" for one in truth]
    found = metrics.error_interval(truth, said, of)
    wrong = np.mean([a != b for a, b in zip(truth, said, strict=True)])
    sd = np.sqrt(wrong * (1 - wrong) / len(truth))
    assert found.rate == pytest.approx(wrong)
    assert found.low == pytest.approx(wrong - 1.96 * sd, abs=0.25 * sd)
    assert found.high == pytest.approx(wrong + 1.96 * sd, abs=0.25 * sd)
    drawn = [" ".join("".join(rng.choice(list("abc"), 3)) for _ in range(rng.integers(1, 6))) for _ in range(40)]
    other = [" ".join([*text.split()[: rng.integers(0, 6)], *["bca"] * rng.integers(0, 3)]) for text in drawn]
    rate = {"words": metrics.word_error, "characters": metrics.character_error}[of](drawn, other)
    found = metrics.error_interval(drawn, other, of)
    assert found.rate == pytest.approx(rate) and found.low < rate < found.high
    assert metrics.error_interval(drawn, other, of) == found != metrics.error_interval(drawn, other, of, seed=1)
    narrow = metrics.error_interval(drawn, other, of, level=0.5)
    assert narrow.high - narrow.low < 0.6 * (found.high - found.low)


def test_whose_texts_err_together_are_drawn_together():
    """Half of the speakers are always wrong: of texts drawn alone the interval would be far too narrow."""
    speakers = np.repeat(np.arange(20), 50)
    truth, said = ["a"] * 1000, np.where(speakers % 2, "a", "b").tolist()
    alone, together = metrics.error_interval(truth, said), metrics.error_interval(truth, said, speakers=speakers)
    assert together.rate == alone.rate == 0.5
    assert together.high - together.low == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 20), rel=0.2)
    assert alone.high - alone.low == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 1000), rel=0.2)
    for wrong in ({"speakers": speakers[1:]}, {"speakers": ["a"] * 1000}, {"of": "letters"}, {"level": 95}):
        with pytest.raises(CourseError, match="expected"):
            metrics.error_interval(truth, said, **wrong)


def test_timing_of_weights():
    """Against a fine grid; late behind, early in front; even weights have the span's share of the sound inside."""
    weights, spans, place = RNG.dirichlet(np.ones(7), 3), np.array([[0.05, 0.21], [0.2, 0.3], [0.0, 0.7]]), 0.1
    fine = np.repeat(weights, 1000, axis=1) / 1000
    t = (np.arange(7000) + 0.5) * place / 1000
    found = metrics.timing(weights, spans, place)
    for row, (start, end), late, inside in zip(fine, spans, *found, strict=True):
        assert late == pytest.approx(row @ t - (start + end) / 2, abs=1e-3)
        assert inside == pytest.approx(row[(t >= start) & (t < end)].sum(), abs=1e-3)
    even = metrics.timing(np.full((1, 10), 0.1), [(0.2, 0.35)], 0.1)
    assert even.inside[0] == pytest.approx(0.15) and even.late[0] == pytest.approx(0.5 - 0.275)
    with pytest.raises(CourseError, match="expected weights"):
        metrics.timing(weights, spans[:2], place)


def test_batches_of_sounds_belong_together():
    some, texts = sounds(9, 17, 5, 30, 12), ["a", "bb", "abc", "c a", "b"]
    for marks in (True, False):
        rows = to_rows(texts, LETTERS, marks=marks)
        batches = batching.sound_batches(some, rows, 2, seed=1)
        seen = []
        for _ in range(4):
            given, after = next(batches)
            frames, before = given if marks else (given, None)
            assert frames.shape[1] % 8 == 0 and frames.dtype == np.float32
            for k, row in enumerate(frames):
                length = int(np.flatnonzero(row.any(axis=1))[-1]) + 1
                (i,) = [i for i, one in enumerate(some) if len(one) == length]
                assert np.array_equal(row[:length], some[i]) and not row[length:].any()
                own = rows[i][rows[i] != 0]
                if marks:
                    assert before[k][before[k] != 0][: len(own) - 1].tolist() == own[:-1].tolist()
                    assert after[k][after[k] != 0].tolist() == own[1:].tolist()
                else:
                    assert after[k][after[k] != 0].tolist() == own.tolist()
                seen.append(i)
        assert len(set(seen)) > 3
    with pytest.raises(CourseError, match="a row of letters for each sound"):
        next(batching.sound_batches(some, rows[:2], 2, 1))
    with pytest.raises(CourseError, match="a frame in each"):
        batching.padded_sounds([some[0], some[0][:0]])


def shaken(model):
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=w.shape, scale=0.8) for w in model.get_weights()])
    return model


def test_a_ctc_reader_hears_each_sound_as_if_alone():
    reader = shaken(CTCReader(Listener(5, 4, convolutions=1, filters=6), len(LETTERS)))
    some = sounds(11, 30, 6, 23)
    together = ctc_texts(reader, LETTERS, some)
    assert together == [ctc_texts(reader, LETTERS, [one])[0] for one in some] and any(together)
    logits = np.array(reader(some[1][None]))[0]
    assert together[1] == "".join(LETTERS.decode(best_path(logits)))
    assert ctc_texts(reader, LETTERS, some, beam=4)[1] == "".join(LETTERS.decode(prefix_beam(logits, 4)[0]))


@pytest.mark.parametrize("attention", ["before", "after"])
def test_a_speller_hears_each_sound_as_if_alone(attention):
    model = shaken(speller(Listener(5, 4, convolutions=1, filters=6), len(LETTERS), attention, 8, 5, 6))
    some = sounds(11, 30, 6, 23)
    together = Transcriber(model, LETTERS)(some, longest=9)
    for one, best in zip(some, together, strict=True):
        (alone,) = Transcriber(model, LETTERS)([one], longest=9)
        assert alone.words == best.words and alone.score == pytest.approx(best.score, abs=1e-4)
        assert best.weights.shape[1] == -(-len(one) // 2) and len(best.words) <= 10
        assert best.weights.sum(axis=1) == pytest.approx(1, abs=1e-4)
    with pytest.raises(CourseError, match="beam"):
        Transcriber(model, LETTERS)(some, beam=0)


def test_a_window_keeps_attention_near_where_it_was():
    model = shaken(speller(Listener(5, 4, convolutions=1, filters=6), len(LETTERS), "before", 8, 5, 6))
    model.decoder.attention.window = 2
    (best,) = Transcriber(model, LETTERS)(sounds(40), longest=12)
    middles = best.weights.argmax(axis=1)
    assert middles[0] <= 2 and (abs(np.diff(middles)) <= 2).all()
    for before, row in zip([0, *middles[:-1]], best.weights, strict=True):
        assert not row[abs(np.arange(len(row)) - before) > 2].any()

"""The world of speech: what is said when; formants, pitch and noise measured by other means; words told apart."""

import itertools

import numpy as np
import pytest
from scipy import signal

from course_lib.audio.spectra import log_mel
from course_lib.errors import CourseError
from course_lib.worlds import speech
from course_lib.worlds.speech import Speaker, SpeechWorld

WORLD = speech.load()
LOW, HIGH = Speaker(100, 0.95), Speaker(210, 1.15)


@pytest.fixture(scope="module")
def some():
    return WORLD.sample(120, seed=3, words=(1, 4), lexicon="all")


def sustained(phone, speaker, noise_db=60):
    """The middle of a vowel, between the same: no glide."""
    world = SpeechWorld()
    world.words = {"x": [((phone,), "x")]}
    one = world.say([["x"] * 4], [speaker], seed=5, noise_db=noise_db)[0]
    spans = [span for span in one.phones if span.name == phone][1:3]
    return one.sound[int(spans[0].start * 8000) : int(spans[1].end * 8000)].astype(float)


def formants(sound, order=10):
    """By linear prediction (autocorrelation method): frequencies of the sharp poles, Hz."""
    x = signal.lfilter([1, -0.9], [1], sound) * np.hamming(len(sound))
    r = np.correlate(x, x, "full")[len(x) - 1 : len(x) + order]
    from scipy.linalg import solve_toeplitz

    poles = np.roots(np.concatenate([[1], -solve_toeplitz(r[:-1], r[1:])]))
    poles = poles[poles.imag > 0]
    widths = -np.log(abs(poles)) * 8000 / np.pi
    return np.sort(np.angle(poles[widths < 500]) * 8000 / 2 / np.pi)


def test_spans_are_in_order_and_say_the_text(some):
    for one in some:
        assert "".join(letter.name for letter in one.letters) == one.text
        for spans in (one.phones, one.letters):
            edges = [edge for span in spans for edge in (span.start, span.end)]
            assert edges == sorted(edges) and edges[0] > 0 and edges[-1] < one.seconds
        said = [name for word in one.text.split() for names, _ in WORLD.words[word] for name in names]
        assert [span.name for span in one.phones] == said
        assert one.sound.dtype == np.int16 and one.phones[0].start == one.letters[0].start
        gaps = [b.start - a.end for a, b in itertools.pairwise(one.phones)]
        pauses = [letter.end - letter.start for letter in one.letters if letter.name == " "]
        assert np.sum(gaps) == pytest.approx(np.sum(pauses), abs=1e-9)


def test_letters_share_the_time_of_their_sound(some):
    for one in some:
        letters = iter(one.letters)
        phones = iter(one.phones)
        for place, word in enumerate(one.text.split()):
            if place:
                assert next(letters).name == " "
            for names, spelled in WORLD.words[word]:
                heard = [next(phones) for _ in names]
                own = [next(letters) for _ in spelled]
                assert own[0].start == heard[0].start and own[-1].end == pytest.approx(heard[-1].end)
                lengths = [span.end - span.start for span in own]
                assert lengths == pytest.approx([sum(lengths) / len(own)] * len(own))


@pytest.mark.parametrize("speaker", [LOW, HIGH], ids=["low", "high"])
@pytest.mark.parametrize("vowel", WORLD.vowels)
def test_the_throat_resonates_where_the_file_says(vowel, speaker):
    """F1 and F2 by linear prediction, within 90 Hz and a tenth, where two do not merge."""
    found = formants(sustained(vowel, speaker))
    for wanted in np.array(WORLD.phones[vowel][0].formants[:2]) * speaker.tract:
        assert abs(found - wanted).min() < 90 + 0.1 * wanted, (vowel, wanted, found)


@pytest.mark.parametrize("pitch", [90, 140, 230])
def test_the_pitch_is_the_speakers(pitch):
    """By autocorrelation, at the beginning of a sentence; it falls from there."""
    x = sustained("e", Speaker(pitch))
    early, late = x[:1200], x[-1200:]
    found = []
    for part in (early, late):
        part = part - part.mean()
        r = np.correlate(part, part, "full")[len(part) - 1 :]
        lags = np.arange(8000 // 350, 8000 // 60)
        found.append(8000 / lags[r[lags].argmax()])
    assert found[0] == pytest.approx(pitch, rel=0.1) and found[1] < found[0] * 1.03


def test_noise_is_as_much_as_was_asked():
    for db in (0, 10, 25):
        quiet = WORLD.say([["moon", "moon"]], [LOW], seed=2, noise_db=db)[0]
        clean = WORLD.say([["moon", "moon"]], [LOW], seed=2, noise_db=200)[0].sound.astype(float)
        x = quiet.sound.astype(float)
        scale = (x @ clean) / (clean @ clean)
        noise = x - scale * clean
        assert 10 * np.log10((scale * clean).var() / noise.var()) == pytest.approx(db, abs=1.0)


def test_the_same_seed_says_the_same_and_another_does_not():
    a, b, c = (WORLD.sample(5, seed) for seed in (4, 4, 5))
    assert all(np.array_equal(x.sound, y.sound) and x.letters == y.letters for x, y in zip(a, b, strict=True))
    assert [x.text for x in a] != [x.text for x in c]
    assert all(12_000 < abs(x.sound.astype(int)).max() <= 24_000 for x in a)


def test_who_and_what_is_new_was_never_there():
    assert not set(WORLD.training_speakers) & set(WORLD.new_speakers)
    assert not set(WORLD.heard) & set(WORLD.held_back)
    old = WORLD.sample(200, 1)
    assert {x.speaker for x in old} <= set(WORLD.training_speakers)
    assert {w for x in old for w in x.text.split()} <= set(WORLD.heard)
    new = WORLD.sample(60, 1, speakers="new", lexicon="new", words=(2, 2))
    assert {x.speaker for x in new} <= set(WORLD.new_speakers)
    assert {w for x in new for w in x.text.split()} == set(WORLD.held_back)
    pieces = {pair for word in WORLD.heard for pair in WORLD.words[word]}
    assert all(pair in pieces for word in WORLD.held_back for pair in WORLD.words[word])  # their spelling can be known
    assert len({tuple(names for names, _ in pairs) for pairs in WORLD.words.values()}) == len(WORLD.words)


def test_words_are_told_apart_by_their_sound():
    """One speaker's words beside another's by dynamic time warping of their log-mel frames: which is the nearest?"""

    def features(speaker, seed):
        said = WORLD.say([[word] for word in WORLD.words], [speaker] * len(WORLD.words), seed)
        found = [log_mel(one.sound / 32768) for one in said]
        return [f - f.mean(axis=0) for f in found]

    def distance(a, b):
        cost = np.linalg.norm(a[:, None] - b[None], axis=-1)
        best = np.full((len(a) + 1, len(b) + 1), np.inf)
        best[0, 0] = 0
        for i in range(len(a)):
            for j in range(len(b)):
                best[i + 1, j + 1] = cost[i, j] + min(best[i, j], best[i, j + 1], best[i + 1, j])
        return best[-1, -1] / (len(a) + len(b))

    words = list(WORLD.words)[::4]
    mine, theirs = (features(Speaker(pitch), seed)[::4] for pitch, seed in ((120, 1), (150, 2)))
    table = np.array([[distance(a, b) for b in theirs] for a in mine])
    assert (table.argmin(axis=1) == np.arange(len(words))).mean() > 0.8
    shuffled = table[np.random.default_rng(0).permutation(len(words))]
    assert (shuffled.argmin(axis=1) == np.arange(len(words))).mean() < 0.3


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ("[phones]\n[words]\n", r"\[phones\] is missing or empty"),
        ("[phones]\na = { parts = [[0.1, 300, 200, 900, 1, 0]] }\n[words]\na = 'a:a'\n", "formants that rise"),
        ("[phones]\na = { parts = [[0.1, 300]] }\n[words]\na = 'a:a'\n", "six or nine numbers"),
        ("[phones]\na = { parts = [[0.1, 300, 800, 900, 1, 0]] }\n[words]\nab = 'a:a'\n", "its sounds are spelled 'a'"),
        ("[phones]\na = { parts = [[0.1, 300, 800, 900, 1, 0]] }\n[words]\na = 'e:a'\n", "there is no phone 'e'"),
        (
            "[phones]\na = { parts = [[0.1, 300, 800, 900, 1, 0]] }\n[words]\na = 'a'\n",
            "expected phone:letters, got 'a'",
        ),
        ("[phones", "not TOML"),
        (
            "[phones]\na = { parts = [[0.1, 300, 800, 900, 1, 0]] }\n[words]\na = 'a:a'\n[held_back]\nwords = ['b']\n",
            r"\[held_back\] has 'b'",
        ),
    ],
)
def test_a_file_that_cannot_be_spoken_is_refused_in_a_sentence(told, says, tmp_path):
    (tmp_path / "my.toml").write_text(told)
    with pytest.raises(CourseError, match=says):
        SpeechWorld(tmp_path / "my.toml")


def test_one_may_write_a_file(tmp_path):
    (tmp_path / "my.toml").write_text(
        "[phones]\na = { vowel = true, parts = [[0.1, 700, 1200, 2500, 1, 0]] }\n"
        "s = { parts = [[0.1, 300, 1600, 2500, 0, 0, 0.5, 3500, 600]] }\n[words]\nsass = 's:s a:a s:ss'\n"
    )
    one = SpeechWorld(tmp_path / "my.toml").sample(1, 0, words=(2, 2))[0]
    assert one.text == "sass sass" and len(one.letters) == 9


def test_bad_requests():
    for wrong, says in (
        ({"words": (0, 2)}, "at least one"),
        ({"words": (3, 2)}, "at least one"),
        ({"speakers": "all"}, "expected one of training, new"),
        ({"lexicon": "old"}, "expected one of heard, new, all"),
    ):
        with pytest.raises(CourseError, match=says):
            WORLD.sample(1, 0, **wrong)
    with pytest.raises(CourseError, match="'hippo' is not one of the 62 words"):
        WORLD.say([["hippo"]], [LOW])
    with pytest.raises(CourseError, match="an empty sentence"):
        WORLD.say([[]], [LOW])

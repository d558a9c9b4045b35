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
VOWEL = "[phones]\na = { parts = [[0.1, 300, 800, 900, 1, 0]] }\n"
LOW, HIGH = Speaker(100, 0.95), Speaker(210, 1.15)


@pytest.fixture(scope="module")
def some():
    return WORLD.sample(120, seed=3, words=(1, 4), lexicon="all")


def sustained(phone, speaker, noise_db=60):
    """The middle of a vowel, between the same: no glide."""
    one = WORLD.pronounce(" ".join([f"{phone}:x"] * 4), speaker, seed=5, noise_db=noise_db)
    return one.sound[int(one.phones[1].start * 8000) : int(one.phones[2].end * 8000)].astype(float)


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
    """F1 to F3 by linear prediction, within 30 Hz and 4 %: those of no other vowel are."""
    found = formants(sustained(vowel, speaker))[:3]

    def fits(name):
        wanted = np.array(WORLD.phones[name][0].formants) * speaker.tract
        return (abs(found - wanted) < 30 + 0.04 * wanted).all()

    assert [name for name in WORLD.vowels if fits(name)] == [vowel], found


def spectrum_share(sound, span, later=0.0):
    """Of the power of 100 to 4,000 Hz in a span, so many seconds later, how much is above 2,000 Hz."""
    x = sound[int((span.start + later) * 8000) : int((span.end + later) * 8000)].astype(float)
    power, f = abs(np.fft.rfft(x * np.hanning(len(x)))) ** 2, np.fft.rfftfreq(len(x), 1 / 8000)
    return power[f > 2000].sum() / power[f > 100].sum()


def test_sounds_are_where_their_spans_are(some):
    """Hisses are high and vowels low where the spans say, and not 150 ms later."""
    kinds = {"s": True, "sh": True, "o": False, "u": False, "a": False}
    now, then = [], []
    for one in some:
        for span in one.phones:
            if span.name in kinds and span.end + 0.15 < one.seconds:
                now.append((spectrum_share(one.sound, span) > 0.5) == kinds[span.name])
                then.append((spectrum_share(one.sound, span, 0.15) > 0.5) == kinds[span.name])
    assert len(now) > 100 and np.mean(now) > 0.97 and np.mean(then) < 0.8


def test_silence_ends_and_begins_where_the_spans_do():
    """By the loudness of 5 ms pieces; words that begin or end with a stop are left out, whose closure is silent."""
    words = [word for word, pairs in WORLD.words.items() if {pairs[0][0][0], pairs[-1][0][-1]} <= set("iaeoulrmns")]
    assert len(words) > 5
    for one in WORLD.say([[word] for word in words], [LOW, HIGH] * (len(words) // 2) + [LOW] * (len(words) % 2), 1, 50):
        pieces = (one.sound[: len(one.sound) // 40 * 40].astype(float).reshape(-1, 40) ** 2).mean(axis=1)
        loud = np.flatnonzero(pieces > 1e-3 * pieces.max()) * 0.005
        assert loud[0] == pytest.approx(one.phones[0].start, abs=0.015), one.text
        assert loud[-1] == pytest.approx(one.phones[-1].end, abs=0.025), one.text


def pitch_of(sound):
    """By autocorrelation, eight times finer than the samples, Hz."""
    fine = signal.resample_poly(sound - sound.mean(), 8, 1)
    r = signal.correlate(fine, fine, method="fft")[len(fine) - 1 :]
    lags = np.arange(64000 // 350, 64000 // 60)
    return 64000 / lags[r[lags].argmax()]


@pytest.mark.parametrize("pitch", [90, 140, 230])
def test_the_pitch_is_the_speakers(pitch):
    """Where a sentence begins; from there it falls by 10 to 25 % a second, and trembles by 2 %."""
    one = WORLD.pronounce(" ".join(["e:x"] * 8), Speaker(pitch), seed=5, noise_db=60)
    found = []
    for start in (one.phones[0].start, one.phones[-1].end - 0.15):
        middle = start + 0.075
        found.append(pitch_of(one.sound[int(start * 8000) :][:1200].astype(float)))
        assert 0.97 * np.exp(-0.25 * middle) < found[-1] / pitch < 1.03 * np.exp(-0.1 * middle)
    assert found[1] < 0.96 * found[0]


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


def test_a_word_of_ones_own_is_said_as_those_of_the_file():
    for word in ("clock", "box", "glass"):
        spelled = " ".join(f"{'+'.join(names)}:{letters}" for names, letters in WORLD.words[word])
        ours, theirs = WORLD.pronounce(spelled, HIGH, seed=8), WORLD.say([[word]], [HIGH], seed=8)[0]
        assert np.array_equal(ours.sound, theirs.sound) and ours[1:] == theirs[1:]
    creak = WORLD.pronounce("k:c r:r i:ea k:k")
    assert creak.text == "creak" == "".join(letter.name for letter in creak.letters)
    assert [phone.name for phone in creak.phones] == ["k", "r", "i", "k"] and "creak" not in WORLD.words
    slow = WORLD.pronounce("k:c r:r i:ea k:k", Speaker(speed=0.5))
    assert slow.phones[-1].end - slow.phones[0].start == pytest.approx(
        2 * (creak.phones[-1].end - creak.phones[0].start), rel=0.05
    )


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
        ("phones = 3\n[words]\na = 'a:a'\n", r"\[phones\] is missing or empty, or no table"),
        ("[phones]\na = 3\n[words]\na = 'a:a'\n", "expected parts, a list of lists"),
        ("[phones]\na = { parts = 'abcdef' }\n[words]\na = 'a:a'\n", "expected parts, a list of lists"),
        ("[phones]\na = { parts = [3] }\n[words]\na = 'a:a'\n", "six or nine numbers a part, none below 0, got 3"),
        ("[phones]\na = { parts = [[0.1, 300, 800, 900, nan, 0]] }\n[words]\na = 'a:a'\n", "none below 0, got .*nan"),
        ("[phones]\na = { parts = [[0.1, 300, 800, 900, -1, 0]] }\n[words]\na = 'a:a'\n", "none below 0"),
        ("[phones]\na = { parts = [[60, 300, 800, 900, 1, 0]] }\n[words]\na = 'a:a'\n", "up to 5 seconds, got 60"),
        ("[phones]\na = { parts = [[0.1, 300, 800, 900, 0, 0]] }\n[words]\na = 'a:a'\n", "'a' is silent"),
        (
            "[phones]\na = { parts = [[0.1, 300, 800, 900, 0, 0, 1, 3500, 0]] }\n[words]\na = 'a:a'\n",
            "a hiss below 4000 Hz, with a width",
        ),
        (VOWEL + "[words]\na = 3\n", "word 'a': expected its sounds"),
        (VOWEL + "[words]\n'' = ''\n", "word '': expected its sounds"),
        (VOWEL + "[words]\nAa = 'a:A a:a'\n", "expected small letters, got 'A'"),
        (VOWEL + "[words]\na1 = 'a:a a:1'\n", "expected small letters, got '1'"),
        ("held_back = ['a']\n" + VOWEL + "[words]\na = 'a:a'\n", r"\[held_back\]: expected a line such as"),
        (VOWEL + "[words]\na = 'a:a'\n[held_back]\nwords = 'a'\n", r"\[held_back\]: expected a line such as"),
        (VOWEL + "[words]\na = 'a:a'\n[held_back]\nwords = [['a']]\n", "which is not in"),
        (VOWEL + "[words]\na = 'a:a'\n[held_back]\nwords = ['a']\n", "has every word"),
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


def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(CourseError, match="cannot read the words"):
        SpeechWorld(tmp_path / "absent.toml")
    (tmp_path / "my.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CourseError, match="it is not UTF-8"):
        SpeechWorld(tmp_path / "my.toml")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("pitch", 0), ("pitch", float("nan")), ("pitch", "120"), ("tract", 0), ("tract", 5), ("speed", 0),
        ("speed", -1), ("tilt", 1.0), ("tilt", 1.2),
    ],
)  # fmt: skip
def test_who_cannot_speak_is_told_what_is_odd(setting, value):
    with pytest.raises(CourseError, match=f"expected a {setting} from"):
        WORLD.say([["moon"]], [Speaker(**{setting: value})])


def test_at_its_limits_a_voice_still_speaks():
    ends = speech.LIMITS.values()
    for values in itertools.product(*ends):
        one = WORLD.pronounce("s:s p:p i:ee k:k", Speaker(*values), noise_db=60)
        x = one.sound.astype(float)
        assert abs(x).max() > 10_000 and (abs(x) > 1000).mean() > 0.001, values


def test_one_may_write_a_file(tmp_path):
    (tmp_path / "my.toml").write_text(
        "[phones]\na = { vowel = true, parts = [[0.1, 700, 1200, 2500, 1, 0]] }\n"
        "s = { parts = [[0.1, 300, 1600, 2500, 0, 0, 0.5, 3500, 600]] }\n[words]\nsass = 's:s a:a s:ss'\n"
    )
    one = SpeechWorld(tmp_path / "my.toml").sample(1, 0, words=(2, 2))[0]
    assert one.text == "sass sass" and len(one.letters) == 9
    with pytest.raises(CourseError, match="no word is new"):
        SpeechWorld(tmp_path / "my.toml").sample(1, 0, lexicon="new")


def test_bad_requests():
    for wrong, says in (
        ({"words": (0, 2)}, "at least one"),
        ({"words": (3, 2)}, "at least one"),
        ({"words": 2}, "at least one"),
        ({"noise_db": float("nan")}, "expected decibels"),
        ({"noise_db": float("-inf")}, "expected decibels"),
        ({"speakers": "all"}, "expected one of training, new"),
        ({"lexicon": "old"}, "expected one of heard, new, all"),
    ):
        with pytest.raises(CourseError, match=says):
            WORLD.sample(1, 0, **wrong)
    with pytest.raises(CourseError, match="no phone 'zz'"):
        WORLD.pronounce("zz:z")
    with pytest.raises(CourseError, match="a speaker for each of 2 sentences, got 1"):
        WORLD.say([["moon"], ["moon"]], [LOW])
    with pytest.raises(CourseError, match="expected a speaker, such as"):
        WORLD.say([["moon"]], [120])
    with pytest.raises(CourseError, match="'hippo' is not one of the 62 words"):
        WORLD.say([["hippo"]], [LOW])
    with pytest.raises(CourseError, match="an empty sentence"):
        WORLD.say([[]], [LOW])

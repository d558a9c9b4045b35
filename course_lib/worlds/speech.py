"""Spoken sentences, made by formant synthesis (Klatt 1980), with the true time of every sound and every letter.

The sounds and the words are `speech.toml`, beside this file; how to read it is said at its top. A source, pulses of the
vocal cords or noise, goes through resonators whose frequencies glide from sound to sound. Each word of a sentence is
drawn evenly from all, so nothing but the sound tells which one it is.
"""

import math
import random
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course_lib.errors import CourseError

WORDS_FILE = Path(__file__).with_name("speech.toml")
RATE = 8000  # samples a second
STEP = 20  # samples between changes of the throat: 2.5 ms
WIDTHS = 70, 100, 160, 350  # of the four resonances, Hz
FOURTH = 3400  # Hz: the fourth is the speaker's, not the sound's
TOGETHER = 256  # utterances made at once
LIMITS = {"pitch": (20, 1000), "tract": (0.5, 2), "speed": (0.1, 10), "tilt": (0, 0.99)}  # of a speaker
LONGEST = 5  # seconds of a part


class SpeechError(CourseError):
    """A file of words, a sentence or a speaker that cannot be spoken."""


class Speaker(NamedTuple):
    """pitch: Hz, where a sentence begins. tract: formants are so many times those of the file, more for a shorter
    throat. speed: words are so many times shorter. tilt: 0.8 (bright) to 0.97 (dull), how fast high tones fade.
    Beyond LIMITS nobody speaks: who is asked to raises SpeechError.
    """

    pitch: float = 120.0
    tract: float = 1.0
    speed: float = 1.0
    tilt: float = 0.92


class Span(NamedTuple):
    """What is heard, a phone or a letter, from `start` to `end`, seconds."""

    name: str
    start: float
    end: float


class Utterance(NamedTuple):
    """sound (n,): int16, 8,000 a second. text: words, one space between. phones, letters: their true times, in order.

    A space has the time of the pause between two words, none if there is none. The first and the last sound are within
    silence.
    """

    sound: np.ndarray
    text: str
    speaker: Speaker
    phones: tuple[Span, ...]
    letters: tuple[Span, ...]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.sound) / RATE


class _Part(NamedTuple):
    seconds: float
    formants: tuple[float, float, float]
    voice: float
    breath: float
    hiss: float = 0.0
    hiss_at: float = 0.0
    hiss_width: float = 0.0


SILENCE = _Part(0.0, (0, 0, 0), 0, 0)  # formants 0: those of what is beside it


class SpeechWorld:
    """phones: by name, their parts. words: by spelling, [(phones, letters), …]. heard, held_back: the spellings.

    SpeechError for a file that cannot be: what is odd is named.
    """

    def __init__(self, file: Path | str = WORDS_FILE):
        told = _read(Path(file))
        phones, words = (_table(told, name) for name in ("phones", "words"))
        self.phones = {name: _parts(name, one) for name, one in phones.items()}
        self.vowels = [name for name, one in phones.items() if one.get("vowel")]
        self.words = {word: self._spelled(word, said) for word, said in words.items()}
        held = told.get("held_back", {})
        self.held_back = held.get("words", []) if isinstance(held, dict) else held
        if not isinstance(held, dict) or not isinstance(self.held_back, list):
            raise SpeechError(f'[held_back]: expected a line such as words = ["one", "two"], got {self.held_back!r}.')
        for word in self.held_back:
            if word not in list(self.words):
                raise SpeechError(f"[held_back] has {word!r}, which is not in [words].")
        self.heard = [word for word in self.words if word not in self.held_back]
        if not self.heard:
            raise SpeechError("[held_back] has every word: leave one at least to train with.")
        self.letters = sorted(set("".join(self.words)) | {" "})
        self.training_speakers, self.new_speakers = draw_speakers(40, 1), draw_speakers(20, 2)

    def _spelled(self, word, said):
        pairs = self._pairs(word, said)
        if "".join(letters for _, letters in pairs) != word:
            raise SpeechError(f"word {word!r}: its sounds are spelled {''.join(x for _, x in pairs)!r}.")
        return pairs

    def _pairs(self, word, said):
        """Phones and their letters, as the file has them, of a word."""
        if not isinstance(said, str) or not said.split():
            raise SpeechError(f"word {word!r}: expected its sounds, such as 'k:c a:a t:t', got {said!r}.")
        pairs = []
        for one in said.split():
            names, colon, letters = one.partition(":")
            phones = tuple(names.split("+"))
            if not colon or not letters:
                raise SpeechError(f"word {word!r}: expected phone:letters, got {one!r}.")
            for phone in phones:
                if phone not in self.phones:
                    raise SpeechError(f"word {word!r}: there is no phone {phone!r} in [phones].")
            if odd := [c for c in letters if not (c.isalpha() or c == "'") or c != c.lower()]:
                raise SpeechError(f"word {word!r}: expected small letters, got {odd[0]!r} in {one!r}.")
            pairs.append((phones, letters))
        return pairs

    def sample(
        self,
        count: int,
        seed: int,
        words: tuple[int, int] = (1, 3),
        speakers: str = "training",
        lexicon: str = "heard",
        noise_db: float = 25.0,
    ) -> list[Utterance]:
        """Sentences of so many words, at least and at most, each word drawn evenly.

        speakers: "training", or "new", never heard there. lexicon: "heard", "new" (held back in training), or "all".
        noise_db: how much louder the voice is than white noise, decibels. SpeechError if a setting is none of these.
        """
        if not isinstance(words, tuple | list) or len(words) != 2 or not 1 <= words[0] <= words[1]:
            raise SpeechError(f"words: expected at least one, and the most last, such as (1, 3), got {words}.")
        drawn = _one_of("lexicon", lexicon, heard=self.heard, new=self.held_back, all=list(self.words))
        if not drawn:
            raise SpeechError("lexicon: no word is new: name some under [held_back] in the file.")
        people = _one_of("speakers", speakers, training=self.training_speakers, new=self.new_speakers)
        rng = random.Random(seed)
        sentences = [rng.choices(drawn, k=rng.randint(*words)) for _ in range(count)]
        return self.say(sentences, rng.choices(people, k=count), seed, noise_db)

    def say(
        self, sentences: Sequence[Sequence[str]], speakers: Sequence[Speaker], seed: int = 0, noise_db: float = 25.0
    ) -> list[Utterance]:
        """Sentences (lists of words) by speakers, one each. SpeechError for a word that is not in the file.

        The same call gives the same samples, with AVX-512 and without. The noise is drawn for all together: what else
        is said in a call changes a sound's noise, not its times.
        """
        for word in (word for words in sentences for word in words):
            if word not in self.words:
                raise SpeechError(f"{word!r} is not one of the {len(self.words)} words of this world.")
        spelled = [[self.words[word] for word in words] for words in sentences]
        return self._said([" ".join(words) for words in sentences], spelled, speakers, seed, noise_db)

    def pronounce(self, said: str, speaker: Speaker | None = None, seed: int = 0, noise_db: float = 25.0) -> Utterance:
        """A word of one's own, of this world's phones: "k:c r:r i:ea k:k" says creak, spelled as the file spells.

        SpeechError for a phone that is not in the file, or a piece that is not phone:letters.
        """
        pairs = self._pairs(said, said)
        return self._said(
            ["".join(letters for _, letters in pairs)], [[pairs]], [speaker or Speaker()], seed, noise_db
        )[0]

    def _said(self, texts, spelled, speakers, seed, noise_db):
        if len(spelled) != len(speakers):
            raise SpeechError(f"expected a speaker for each of {len(spelled)} sentences, got {len(speakers)}.")
        if not noise_db > -100:  # nor not-a-number
            raise SpeechError(f"noise_db: expected decibels, -100 at least, got {noise_db}.")
        for speaker in speakers:
            _checked(speaker)
        rng = random.Random(seed)
        scores = [_score(words, speaker, rng, self.phones) for words, speaker in zip(spelled, speakers, strict=True)]
        order = sorted(range(len(scores)), key=lambda i: scores[i].samples)  # like lengths together
        made: list = [None] * len(order)
        numbers = np.random.default_rng([seed, 7])
        for begin in range(0, len(order), TOGETHER):
            chosen = order[begin : begin + TOGETHER]
            sounds = _synthesise([scores[i] for i in chosen], [speakers[i] for i in chosen], numbers, noise_db)
            for i, sound in zip(chosen, sounds, strict=True):
                made[i] = Utterance(sound, texts[i], speakers[i], scores[i].phones, scores[i].letters)
        return made


class _Score(NamedTuple):
    parts: list
    samples: int
    phones: tuple
    letters: tuple
    fall: float  # of the pitch, in a second, as a share


@cache
def load() -> SpeechWorld:
    """The world of the course."""
    return SpeechWorld()


def draw_speakers(count: int, seed: int) -> list[Speaker]:
    """Speakers, drawn: deep voices with long throats, high ones with short throats, and between."""
    rng, found = random.Random(seed), []
    for _ in range(count):
        high = rng.random()  # from the deepest to the highest
        pitch = 90 * (230 / 90) ** high * rng.uniform(0.9, 1.1)
        tract = 0.9 + 0.25 * high + rng.uniform(-0.04, 0.04)
        found.append(Speaker(pitch, tract, rng.uniform(0.85, 1.25), rng.uniform(0.86, 0.96)))
    return found


def _checked(speaker):
    """SpeechError for a speaker who cannot be."""
    if not isinstance(speaker, Speaker):
        raise SpeechError(f"expected a speaker, such as Speaker(pitch=120), got {speaker!r}.")
    for name, (least, most) in LIMITS.items():
        value = getattr(speaker, name)
        if not isinstance(value, int | float | np.number) or not least <= value <= most:
            raise SpeechError(f"speaker: expected a {name} from {least} to {most}, got {value!r}.")


def _one_of(name, chosen, **options):
    if chosen not in options:
        raise SpeechError(f"{name}: expected one of {', '.join(options)}, got {chosen!r}.")
    return options[chosen]


def _samples(seconds):
    return max(round(seconds * RATE / STEP), 2) * STEP


def _read(file):
    """A TOML file, as a dictionary."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SpeechError(f"{file.name}: not TOML: {error}.") from None
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise SpeechError(f"cannot read the words {file} ({why}): check it.") from None


def _table(told, name):
    found = told.get(name)
    if not isinstance(found, dict) or not found:
        raise SpeechError(f"[{name}] is missing or empty, or no table.")
    return found


def _parts(name, told):
    parts = told.get("parts") if isinstance(told, dict) else None
    if not isinstance(parts, list) or not parts:
        raise SpeechError(f"phone {name!r}: expected parts, a list of lists of numbers.")
    found = []
    for numbers in parts:
        _check_part(name, numbers)
        seconds, f1, f2, f3, *rest = numbers
        found.append(_Part(seconds, (f1, f2, f3), *rest))
    if not any(part.voice or part.breath or part.hiss for part in found):
        raise SpeechError(f"phone {name!r} is silent: give one of its parts voice, breath or hiss.")
    return found


def _check_part(name, numbers):
    """SpeechError for a part that cannot be said."""
    good = isinstance(numbers, list) and len(numbers) in (6, 9)
    if not good or not all(isinstance(x, int | float) and math.isfinite(x) and x >= 0 for x in numbers):
        raise SpeechError(f"phone {name!r}: expected six or nine numbers a part, none below 0, got {numbers}.")
    seconds, f1, f2, f3, _, _, *hiss = numbers
    if not 0 < seconds <= LONGEST:
        raise SpeechError(f"phone {name!r}: expected a part above 0 and up to {LONGEST} seconds, got {seconds}.")
    if not 0 < f1 < f2 < f3 < RATE / 2:
        raise SpeechError(f"phone {name!r}: expected formants that rise, below {RATE // 2} Hz, got {f1}, {f2}, {f3}.")
    if hiss and not (0 < hiss[1] < RATE / 2 and hiss[2] > 0):
        raise SpeechError(
            f"phone {name!r}: expected a hiss below {RATE // 2} Hz, with a width, got {hiss[1]} and {hiss[2]}."
        )


# -- from words to parts, and when they are said -----------------------------------------------------------------------


def _score(words, speaker, rng, phones_of) -> _Score:
    """When what is said: parts and their samples, spans of phones and letters. words: of each its (phones, letters)."""
    if not words:
        raise SpeechError("an empty sentence cannot be said: give one word at least.")
    parts, phones, letters = [(SILENCE, _samples(rng.uniform(0.04, 0.12)))], [], []
    now = parts[0][1]
    for place, pairs in enumerate(words):
        if place:
            pause = _samples(rng.uniform(0.03, 0.15)) if rng.random() < 0.35 else 0
            letters.append(Span(" ", now / RATE, (now + pause) / RATE))
            if pause:
                parts.append((SILENCE, pause))
                now += pause
        last = place == len(words) - 1
        for k, (names, spelled) in enumerate(pairs):
            begin, slower = now, 1.25 if last and k >= len(pairs) - 2 else 1  # at the end of a sentence
            for name in names:
                start, longer = now, rng.uniform(0.85, 1.15) * slower
                for part in phones_of[name]:
                    n = _samples(part.seconds * longer / speaker.speed)
                    parts.append((part, n))
                    now += n
                phones.append(Span(name, start / RATE, now / RATE))
            edges = [begin + (now - begin) * i / len(spelled) for i in range(len(spelled) + 1)]
            letters += [Span(c, edges[i] / RATE, edges[i + 1] / RATE) for i, c in enumerate(spelled)]
    parts.append((SILENCE, _samples(rng.uniform(0.06, 0.14))))
    return _Score(parts, now + parts[-1][1], tuple(phones), tuple(letters), rng.uniform(-0.25, -0.1))


# -- from parts to sound -----------------------------------------------------------------------------------------------


def _tracks(score, speaker):
    """What changes with time, at every STEP samples: formants (frames, 3), and the rest of a part (frames, 5)."""
    n, now = score.samples // STEP, 0
    times, values, edges, levels = [], [], [], []
    parts = [part for part, _ in score.parts]
    nearest = next(part.formants for part in parts if part.formants[0])
    for place, (part, samples) in enumerate(score.parts):
        long = samples / STEP
        if part.formants[0]:
            nearest = part.formants
            formants = nearest
        else:  # in a pause the throat moves on to what comes
            formants = next((later.formants for later in parts[place:] if later.formants[0]), nearest)
        hissing = [one for one in [*reversed(parts[: place + 1]), *parts[place:]] if one.hiss]
        where = hissing[0][-2:] if hissing else (2000, 500)
        times += [now + 0.35 * long, now + 0.65 * long]
        values += [formants, formants]
        ramp = min(3.0, long / 3)  # 7.5 ms: a burst is shorter
        edges += [now + ramp / 2, now + long - ramp / 2]
        levels += [(*part[2:5], *where)] * 2
        now += long
    frames = np.arange(n)
    glide = np.stack([np.interp(frames, times, column) for column in zip(*values, strict=True)], axis=1)
    rest = np.stack([np.interp(frames, edges, column) for column in zip(*levels, strict=True)], axis=1)
    return np.minimum(glide * speaker.tract, 0.47 * RATE), rest


def _resonator(f, width):
    """Coefficients of y_n = A x_n + B y_{n-1} + C y_{n-2}: Klatt 1980, section I.B. f, width: Hz, any shape."""
    C = -np.exp(-2 * np.pi * width / RATE)
    B = 2 * np.exp(-np.pi * width / RATE) * np.cos(2 * np.pi * f / RATE)
    return 1 - B - C, B, C


def _synthesise(scores, speakers, rng, noise_db):
    """Many at once, sample by sample: a list of int16 (n,)."""
    from scipy.signal import lfilter

    U, frames = len(scores), max(score.samples for score in scores) // STEP
    f, width, level = np.full((frames, 5, U), 500.0), np.full((frames, 5, U), 500.0), np.zeros((frames, 3, U))
    width[:, :4] = np.array(WIDTHS)[None, :, None]
    pulses = np.zeros((frames * STEP, U))
    for u, (score, speaker) in enumerate(zip(scores, speakers, strict=True)):
        glide, rest = _tracks(score, speaker)
        n = len(glide)
        f[:n, :3, u] = glide
        f[:, 3, u] = min(FOURTH * speaker.tract, 0.47 * RATE)
        f[:n, 4, u], width[:n, 4, u] = np.clip(rest[:, 3], 200, 0.47 * RATE), rest[:, 4]
        level[:n, :, u] = rest[:, :3]
        seconds = np.arange(n * STEP) / RATE
        pitch = speaker.pitch * np.exp(score.fall * seconds) * (1 + 0.02 * np.sin(2 * np.pi * 4.7 * seconds))
        turns = np.cumsum(pitch / RATE)
        beats = np.diff(np.floor(turns), prepend=0)
        shaped = lfilter([0.5, 0, -0.5], np.convolve([1, -speaker.tilt], [1, -speaker.tilt]), beats)
        pulses[: n * STEP, u] = shaped / np.sqrt(pitch[0] / RATE)
    loud = np.repeat(level, STEP, axis=0)
    noise = rng.normal(size=(2, frames * STEP, U))
    throat = pulses * loud[:, 0] + noise[0] * loud[:, 1] * 0.3
    hiss = noise[1] * loud[:, 2] * 2
    A, B, C = _resonator(f, width)
    A[:, 4] = np.sqrt(width[:, 4] / 300) * (1 - np.exp(-np.pi * width[:, 4] / RATE))  # as loud at any width
    sound = _through(throat, hiss, A, B, C)
    made = []
    for u, score in enumerate(scores):
        own = sound[: score.samples, u]
        own = own / np.sqrt((own**2).mean())
        own = own + rng.normal(size=len(own)) * 10 ** (-noise_db / 20)
        made.append(np.round(own / max(abs(own).max(), 1e-9) * 24000).astype(np.int16))
    return made


def _through(throat, hiss, A, B, C):
    """Four resonators one behind another, and one beside them: (n, U). Each is a sample later than the one before."""
    n, U = throat.shape
    before, earlier = np.zeros((5, U)), np.zeros((5, U))
    x, out = np.zeros((5, U)), np.empty((n, U))
    for t in range(n):
        a, b, c = A[t // STEP], B[t // STEP], C[t // STEP]
        x[0], x[1:4], x[4] = throat[t], before[:3], hiss[t]
        y = a * x + b * before + c * earlier
        before, earlier = y, before
        out[t] = y[3] + y[4]
    return out


def loudness_db(sound: np.ndarray) -> float:
    """Mean power of a sound, decibels below that of the loudest int16."""
    return 10 * math.log10((np.asarray(sound, float) ** 2).mean() / 32768**2)

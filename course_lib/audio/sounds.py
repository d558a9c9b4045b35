"""Sounds from WAV files, as the course reads them: one channel, 8,000 samples a second, numbers between -1 and 1."""

import io
import threading
import warnings
from math import gcd
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course_lib.audio.spectra import RATE, WINDOW
from course_lib.errors import CourseError

LONGEST = 3600 * 2  # seconds
OTHERS: dict[str, tuple[bytes, ...]] = {  # how files begin that are no WAV
    "an MP3": (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"), "a FLAC": (b"fLaC",), "an Ogg": (b"OggS",),
    "an AIFF": (b"FORM",),
}  # fmt: skip
READING = threading.Lock()  # warnings are caught for all threads alike: one at a time
PART = 2**22  # samples turned into numbers at once


class SoundError(CourseError):
    """A file that is no sound the course can read."""


class Sound(NamedTuple):
    """samples (n,): float32, between -1 and 1; problems: sentences about what is odd, and was read all the same."""

    samples: np.ndarray
    problems: list[str]


def read_sound(source: Path | str | bytes, rate: int = RATE, name: str = "") -> Sound:
    """A WAV file of any rate, 8 to 32 bits or float, any number of channels (their mean is taken).

    source: a path, or a file's bytes with the name it has in messages. It is read in parts, so an hour is not much.
    SoundError, naming the file: no WAV, cut short in its head, silent, shorter than a window (25 ms), longer than two
    hours, or with a rate that cannot be. Cut short in its middle, or clipped: said in `problems`.
    """
    name, problems = name or ("a sound" if isinstance(source, bytes) else str(source)), []
    own_rate, data, cut = _read(source, name)
    if cut:
        problems.append(f"{name} is cut short: what is there is read.")
    if not 1000 <= own_rate <= 400_000:
        raise SoundError(f"{name}: expected 1,000 to 400,000 samples a second, its head says {own_rate}.")
    if len(data) / own_rate > LONGEST:
        raise SoundError(f"{name} is {len(data) / own_rate / 3600:.1f} hours long: cut it into pieces of two at most.")
    if len(data) * rate / own_rate < WINDOW * rate / RATE:
        raise SoundError(
            f"{name} is {1000 * len(data) / own_rate:.0f} ms long: expected {1000 * WINDOW // RATE} at least."
        )
    starts = range(0, len(data), PART)
    with np.errstate(invalid="ignore", over="ignore"):  # of floats that are none: named below
        ends = np.array([(part.min(), part.max()) for k in starts for part in [_numbers(data[k : k + PART])]])
    if not np.isfinite(ends).all():
        raise SoundError(f"{name} has samples that are no numbers.")
    lowest, highest = float(ends[:, 0].min()), float(ends[:, 1].max())
    if lowest == highest:
        raise SoundError(f"{name} is silent: all its samples are the same.")
    loudest = max(-lowest, highest)
    if loudest > 0.9:
        flat = sum(_flat(_numbers(data[k : k + PART]), 0.999 * loudest) for k in starts)
        if flat > 0.001 * len(data):
            problems.append(f"{name} is clipped: its loudest samples are cut off.")
    if loudest > 1:
        problems.append(f"{name} has samples up to {loudest:.1f}; expected 1 at most: made softer.")
    return Sound(resampled(data, own_rate, rate) / np.float32(max(loudest, 1)), problems)


def _read(source, name):
    """-> samples a second, samples as the file has them, whether it is cut short. SoundError, see `read_sound`."""
    from scipy.io import wavfile

    try:
        if isinstance(source, bytes):
            head = source[:4]
        elif not Path(source).is_file():
            raise SoundError(f"{name}: there is no such file.")
        else:
            with open(source, "rb") as opened:
                head = opened.read(4)
    except OSError as error:
        raise SoundError(f"{name} cannot be read: {error.strerror}.") from None
    if not head:
        raise SoundError(f"{name} is empty.")
    if head not in (b"RIFF", b"RIFX", b"RF64"):
        kind = next((kind for kind, starts in OTHERS.items() if head.startswith(starts)), "no sound")
        raise SoundError(f"{name} is {kind} file, not WAV: save it as WAV first.")
    try:
        with READING, warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            try:
                if isinstance(source, bytes):
                    rate, data = wavfile.read(io.BytesIO(source))
                else:
                    rate, data = wavfile.read(source, mmap=True)
            except ValueError:  # 24 bits cannot be mapped; nor what is cut short
                rate, data = wavfile.read(io.BytesIO(source) if isinstance(source, bytes) else source)
    except Exception as error:  # SciPy raises whatever its parser stumbles over
        raise SoundError(f"{name} cannot be read as WAV: {' '.join(str(error).split()).rstrip('.')}.") from None
    cut = any("prematurely" in str(one.message) or "incomplete" in str(one.message).lower() for one in told)
    return rate, data, cut


def _flat(part, least):
    """How many samples, at least so loud, equal the two before them: a clipped top is flat."""
    return int(((abs(part[2:]) >= least) & (part[2:] == part[1:-1]) & (part[2:] == part[:-2])).sum())


def _numbers(part):
    """PCM or float, channels in columns -> float32 (n,), between -1 and 1."""
    if part.dtype == np.uint8:
        part = part.astype(np.float32) / 128 - 1
    elif np.issubdtype(part.dtype, np.integer):
        part = part.astype(np.float32) / -float(np.iinfo(part.dtype).min)
    part = part.astype(np.float32, copy=False)
    return part if part.ndim == 1 else sum(part.T) / np.float32(part.shape[1])  # much faster than mean(axis=1)


def resampled(samples: np.ndarray, rate: int, new_rate: int) -> np.ndarray:
    """At another rate, what would be too high for it filtered out: (n,) -> (n * new_rate / rate,), float32, rounded up.

    Integers are taken as PCM, channels in columns as one, see `read_sound`.
    """
    from scipy.signal import resample_poly

    common = gcd(rate, new_rate)
    up, down = new_rate // common, rate // common
    if up == down:
        return _numbers(samples)
    step = max(PART // down, 1) * down  # so that each part begins on a new sample
    beside = down * (10 * max(up, down) // (up * down) + 2)  # as far as SciPy's filter reaches, or farther
    parts = []
    for start in range(0, len(samples), step):
        before = min(start, beside)
        part = resample_poly(_numbers(samples[start - before : start + step + beside]), up, down)
        count = -(-min(step, len(samples) - start) * up // down)
        parts.append(part[before * up // down :][:count])
    return np.concatenate(parts).astype(np.float32)


def write_wav(path: Path | str, samples: np.ndarray, rate: int = RATE) -> None:
    """Samples between -1 and 1, or int16, (n,) -> a WAV file of 16 bits. SoundError: numbers beyond, or none."""
    from scipy.io import wavfile

    samples = np.asarray(samples)
    if samples.ndim != 1 or not len(samples):
        raise SoundError(f"{path}: expected samples (n,), got an array {samples.shape}.")
    if samples.dtype != np.int16:
        if not np.isfinite(samples).all() or abs(samples).max() > 1:
            raise SoundError(f"{path}: expected samples between -1 and 1.")
        samples = np.round(samples * 32767).astype(np.int16)
    wavfile.write(path, rate, samples)

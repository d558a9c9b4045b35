"""Sounds from WAV files, as the course reads them: one channel, 8,000 samples a second, numbers between -1 and 1."""

import warnings
from math import gcd
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course_lib.audio.spectra import RATE, WINDOW
from course_lib.errors import CourseError

LONGEST = 3600 * 2  # seconds
OTHERS = {b"ID3": "an MP3", b"\xff\xfb": "an MP3", b"fLaC": "a FLAC", b"OggS": "an Ogg", b"FORM": "an AIFF"}
PART = 2**22  # samples turned into numbers at once


class SoundError(CourseError):
    """A file that is no sound the course can read."""


class Sound(NamedTuple):
    """samples (n,): float32, between -1 and 1; problems: sentences about what is odd, and was read all the same."""

    samples: np.ndarray
    problems: list[str]


def read_sound(path: Path | str, rate: int = RATE) -> Sound:
    """A WAV file of any rate, 8 to 32 bits or float, any number of channels (their mean is taken).

    SoundError, naming the file: no WAV, cut short in its head, silent, shorter than a window (25 ms), longer than two
    hours, or with a rate that cannot be. Cut short in its middle, or clipped: said in `problems`.
    """
    from scipy.io import wavfile

    path = Path(path)
    if not path.is_file():
        raise SoundError(f"{path}: there is no such file.")
    with open(path, "rb") as opened:
        head = opened.read(4)
    if not head:
        raise SoundError(f"{path} is empty.")
    if head not in (b"RIFF", b"RIFX", b"RF64"):
        kind = next((name for start, name in OTHERS.items() if head.startswith(start)), "no sound")
        raise SoundError(f"{path} is {kind} file, not WAV: save it as WAV first.")
    problems = []
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            try:
                own_rate, data = wavfile.read(path, mmap=True)
            except ValueError:  # 24 bits cannot be mapped; nor what is cut short
                own_rate, data = wavfile.read(path)
    except Exception as error:  # SciPy raises whatever its parser stumbles over
        raise SoundError(f"{path} cannot be read as WAV: {error}.") from None
    if any("prematurely" in str(one.message) or "incomplete" in str(one.message).lower() for one in told):
        problems.append(f"{path} is cut short: what is there is read.")
    if not 1000 <= own_rate <= 400_000:
        raise SoundError(f"{path}: expected 1,000 to 400,000 samples a second, its head says {own_rate}.")
    if len(data) / own_rate > LONGEST:
        raise SoundError(f"{path} is {len(data) / own_rate / 3600:.1f} hours long: cut it into pieces of two at most.")
    if len(data) * rate / own_rate < WINDOW * rate / RATE:
        raise SoundError(
            f"{path} is {1000 * len(data) / own_rate:.0f} ms long: expected {1000 * WINDOW // RATE} at least."
        )
    samples = np.concatenate([_numbers(data[start : start + PART]) for start in range(0, len(data), PART)])
    if not np.isfinite(samples).all():
        raise SoundError(f"{path} has samples that are no numbers.")
    if samples.max() == samples.min():
        raise SoundError(f"{path} is silent: all its samples are the same.")
    loudest = abs(samples).max()
    if (abs(samples) >= 0.999 * loudest).mean() > 0.001 and loudest > 0.9:
        problems.append(f"{path} is clipped: its loudest samples are cut off.")
    if loudest > 1:
        problems.append(f"{path} has samples up to {loudest:.1f}; expected 1 at most: made softer.")
        samples = samples / loudest
    return Sound(resampled(samples, own_rate, rate), problems)


def _numbers(part):
    """PCM or float, channels in columns -> float32 (n,), between -1 and 1."""
    if part.dtype == np.uint8:
        part = part.astype(np.float32) / 128 - 1
    elif np.issubdtype(part.dtype, np.integer):
        part = part.astype(np.float32) / -float(np.iinfo(part.dtype).min)
    return part.astype(np.float32).reshape(len(part), -1).mean(axis=1)


def resampled(samples: np.ndarray, rate: int, new_rate: int) -> np.ndarray:
    """At another rate, what would be too high for it filtered out: (n,) -> (n * new_rate / rate,), float32."""
    if rate == new_rate:
        return samples.astype(np.float32)
    from scipy.signal import resample_poly

    common = gcd(rate, new_rate)
    return resample_poly(samples, new_rate // common, rate // common).astype(np.float32)


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

"""Recordings made a little different, so that a network that is trained on few of them hears many.

Sounds are samples (n,), see `sounds`; frames are log-mel (T, bands), see `spectra.log_mel`. `Variation` does all of it.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from course_lib.audio.sounds import resampled
from course_lib.audio.spectra import RATE, hertz, log_mel, mel
from course_lib.errors import CourseError

LOWEST = 60.0  # Hz, below the first band: of `spectra.mel_filters`
KNEE = 3000.0  # Hz: what is below is warped by the factor alone; formants are


def faster(samples: np.ndarray, factor: float) -> np.ndarray:
    """Played so many times as fast: (n,) -> (n / factor,), float32; pitch and formants rise by it, too.

    Speed perturbation: Ko et al. 2015, with factors 0.9, 1 and 1.1. The factor is rounded to a fraction with a
    denominator of 100 at most. CourseError if it is not between a half and 2.
    """
    _between("factor", factor, 0.5, 2)
    ratio = Fraction(factor).limit_denominator(100)
    return resampled(np.asarray(samples), ratio.numerator, ratio.denominator)


def warped(frames: np.ndarray, factor: float) -> np.ndarray:
    """As from a throat so many times as short: what was at f Hz is at factor * f; (T, bands) -> the same, float32.

    Vocal tract length perturbation: Jaitly & Hinton 2013, with factors from 0.9 to 1.1. Above `KNEE` the warp is a
    second straight line, which ends where it began, at half the rate. Between bands, levels are interpolated.
    CourseError if the factor is not between a half and 2.
    """
    _between("factor", factor, 0.5, 2)
    frames = np.asarray(frames)
    bands = np.arange(1, frames.shape[1] + 1)
    ends = mel(LOWEST), mel(RATE / 2)
    apart = (ends[1] - ends[0]) / (len(bands) + 1)
    new_knee = KNEE * min(factor, 1)
    heard = hertz(ends[0] + bands * apart)  # of each band, Hz; where it was before:
    before = np.interp(heard, [0, new_knee, RATE / 2], [0, new_knee / factor, RATE / 2])
    place = np.clip((mel(before) - ends[0]) / apart - 1, 0, len(bands) - 1)
    below = np.minimum(place.astype(int), max(len(bands) - 2, 0))
    above, share = np.minimum(below + 1, len(bands) - 1), place - below
    return ((1 - share) * frames[:, below] + share * frames[:, above]).astype(np.float32)


def with_noise(samples: np.ndarray, ratio_db: float, rng: np.random.Generator, noise=None) -> np.ndarray:
    """With noise so many decibels below it, by mean power: (n,) -> (n,), float32.

    noise: a sound, of which a piece is drawn, repeated if it is short; None: white noise. CourseError if the sound or
    the piece of noise is silent, or there is none.
    """
    samples = np.asarray(samples, np.float32)
    if noise is None:
        added = rng.normal(size=len(samples)).astype(np.float32)
    elif not len(noise):
        raise CourseError("with_noise: expected noise of one sample or more, got none.")
    else:
        piece = np.arange(len(samples)) + rng.integers(len(noise))
        added = np.take(noise, piece, mode="wrap").astype(np.float32)
    powers = [float(np.mean(np.square(one, dtype=float))) for one in (samples, added)]
    if not all(powers):
        raise CourseError("with_noise: expected a sound and noise that are not silent.")
    return samples + np.float32(np.sqrt(powers[0] / powers[1] / 10 ** (ratio_db / 10))) * added


def louder(samples: np.ndarray, gain_db: float) -> np.ndarray:
    """So many decibels louder: (n,) -> (n,), float32.

    `log_mel` takes the mean level away: what is left of it is how much stands out of `spectra.QUIET`.
    """
    return np.asarray(samples, np.float32) * np.float32(10 ** (gain_db / 20))


def masked(frames: np.ndarray, rng: np.random.Generator, bands=8, places=40, count=2, most: float = 0.2) -> np.ndarray:
    """With `count` runs of bands and as many of frames at 0, the mean of `log_mel`: (T, bands) -> the same, float32.

    SpecAugment, Park et al. 2019, section 2, without its time warping: each run's width is drawn evenly from 0 to
    `bands`, or to `places` but at most the share `most` of the frames, then where it begins. CourseError if a width or
    the count is below 0, or more bands are to be masked than there are.
    """
    frames = np.array(frames, np.float32)
    length, height = frames.shape
    if min(places, count) < 0 or not 0 <= bands <= height or not 0 <= most <= 1:
        raise CourseError(
            f"masked: expected widths and a count of 0 or more, at most {height} bands and a share of at most 1, got "
            f"bands={bands}, places={places}, count={count}, most={most}."
        )
    for widest, along in ((bands, frames.T), (min(places, int(most * length)), frames)):
        for _ in range(count):
            width = int(rng.integers(widest + 1))
            start = int(rng.integers(len(along) - width + 1))
            along[start : start + width] = 0
    return frames


@dataclass(frozen=True)
class Variation:
    """What is drawn anew each time a recording is read, each evenly between its two ends; None leaves it out.

    speed, tract: factors of `faster` and `warped`. noise_db: of `with_noise`, white. gain_db: of `louder`. masks:
    bands, places and count of `masked`. CourseError as those.
    """

    speed: tuple[float, float] | None = (0.9, 1.1)
    tract: tuple[float, float] | None = (0.9, 1.1)
    noise_db: tuple[float, float] | None = (10.0, 40.0)
    gain_db: tuple[float, float] | None = (-6.0, 6.0)
    masks: tuple[int, int, int] | None = (8, 40, 2)

    def __call__(self, samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A sound (n,) -> its frames (T, bands), varied; T changes with the speed."""
        if self.speed:
            samples = faster(samples, rng.uniform(*self.speed))
        if self.noise_db:
            samples = with_noise(samples, rng.uniform(*self.noise_db), rng)
        if self.gain_db:
            samples = louder(samples, rng.uniform(*self.gain_db))
        frames = log_mel(samples)
        if self.tract:
            frames = warped(frames, rng.uniform(*self.tract))
        return masked(frames, rng, *self.masks) if self.masks else frames


def _between(what, value, low, high):
    if not low <= value <= high:
        raise CourseError(f"{what}: expected a number from {low} to {high}, got {value}.")

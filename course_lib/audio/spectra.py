"""From a sound to what is read of it: the short-time Fourier transform, and the mel scale. NumPy only."""

import functools

import numpy as np

from course_lib.errors import CourseError

RATE = 8000  # samples a second
WINDOW, HOP = 200, 80  # samples: 25 and 10 ms
POINTS = 256  # of a Fourier transform; zeros behind the window
BANDS = 32
QUIET = 1e-5  # power below which all is alike, of samples between -1 and 1


def frames_of(sound, window=WINDOW, hop=HOP):
    """A sound (n,) -> windows that overlap (T, window), T = 1 + (n - window) // hop: the end that fills none is lost.

    CourseError if the sound is shorter than a window.
    """
    if len(sound) < window:
        raise CourseError(f"a sound of {len(sound)} samples is shorter than one window, {window}.")
    return np.lib.stride_tricks.sliding_window_view(sound, window)[::hop]


def spectrogram(sound, window=WINDOW, hop=HOP, points=POINTS):
    """A sound (n,), samples between -1 and 1 -> power of each frequency in each window (T, points / 2 + 1).

    |sum over n of w_n x_n exp(-2 pi i k n / points)|^2 / sum of w^2, w Hann's window; column k is k * rate / points Hz.
    """
    w = np.hanning(window + 1)[:-1]
    return np.abs(np.fft.rfft(frames_of(sound, window, hop) * w, points)) ** 2 / (w**2).sum()


def mel(hertz):
    """Hertz -> mel: 2595 log10(1 + f / 700), about as far apart as tones sound (O'Shaughnessy 1987; as in HTK)."""
    return 2595 * np.log10(1 + np.asarray(hertz) / 700)


def hertz(mels):
    """Mel -> hertz."""
    return 700 * (10 ** (np.asarray(mels) / 2595) - 1)


@functools.lru_cache
def mel_filters(bands=BANDS, rate=RATE, points=POINTS, lowest=60.0, warp=1.0):
    """Triangles, evenly apart in mel, from `lowest` Hz to half the rate: (points / 2 + 1, bands).

    Each rises from the middle of the one before to 1 at its own and falls to 0 at the next one's. warp: all middles
    are moved to warp times their frequency (Jaitly & Hinton 2013), as if heard from a shorter or longer throat.
    """
    middles = hertz(np.linspace(mel(lowest), mel(rate / 2), bands + 2)) * warp
    bins = np.arange(points // 2 + 1)[:, None] * rate / points  # (bins, 1), Hz
    below, own, above = middles[:-2], middles[1:-1], middles[2:]
    return np.maximum(0, np.minimum((bins - below) / (own - below), (above - bins) / (above - own)))


def log_mel(sound, bands=BANDS, rate=RATE, warp=1.0):
    """A sound (n,), samples between -1 and 1 -> log power in each mel band, each window (T, bands), float32.

    25 ms windows every 10 ms; what is below a power of 1e-5 is as if it were so, so that silence is not noise made
    large; then each sound's own mean is taken away, and all is halved: numbers near 0, no more than about 4.
    """
    scale = rate / RATE
    window, hop, points = round(WINDOW * scale), round(HOP * scale), 2 ** int(np.ceil(np.log2(POINTS * scale)))
    power = spectrogram(sound, window, hop, points) @ mel_filters(bands, rate, points, warp=warp)
    logs = np.log(power + QUIET)
    return ((logs - logs.mean()) / 2).astype(np.float32)

"""The spectrogram and the mel bands, against SciPy's and Keras's, and against tones whose frequency is known."""

import keras
import numpy as np
import pytest
from scipy import signal

from course_lib.audio import spectra
from course_lib.errors import CourseError


def tone(hertz, seconds=0.5, rate=8000):
    return np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


def noise(n, seed=0):
    return np.random.default_rng(seed).normal(size=n, scale=0.1)


def test_the_spectrogram_is_scipys():
    x = noise(3000)
    _, _, theirs = signal.spectrogram(x, 8000, "hann", 200, 120, 256, detrend=False)
    theirs = theirs.T * 8000  # theirs is a density, power a hertz; and counts negative frequencies to the positive ones
    theirs[:, 1:-1] /= 2
    assert spectra.spectrogram(x) == pytest.approx(theirs, rel=1e-6) and theirs.shape == (36, 129)


def test_the_filters_are_the_triangles_of_keras_straight_in_hertz():
    """Keras's are straight in mel: between the middles they differ a little, at the middles not."""
    rng = np.random.default_rng(0)
    layer = keras.layers.MelSpectrogram(
        fft_length=2048, sequence_stride=80, sequence_length=200, sampling_rate=8000, num_mel_bins=32, min_freq=60,
        max_freq=4000, power_to_db=False, mag_exp=2.0,
    )  # fmt: skip
    x = rng.normal(size=80000)
    theirs = np.array(layer(x[None].astype("float32")))[0].T.mean(axis=0)
    w = np.hanning(201)[:-1]
    ours = (spectra.spectrogram(x, points=2048) * (w**2).sum()) @ spectra.mel_filters(points=2048)
    assert ours.mean(axis=0) == pytest.approx(theirs, rel=0.02)
    filters = spectra.mel_filters(points=2**15)
    middles = np.argmax(filters, axis=0) * 8000 / 2**15
    assert spectra.mel(middles) == pytest.approx(np.linspace(spectra.mel(60), spectra.mel(4000), 34)[1:-1], abs=0.5)
    first, *_, last = filters.argmax(axis=0)
    assert filters.sum(axis=1)[first + 1 : last] == pytest.approx(1)


@pytest.mark.parametrize("hertz", [200, 440, 1000, 2500, 3700])
def test_a_tone_is_where_it_is(hertz):
    power = spectra.spectrogram(tone(hertz)).mean(axis=0)
    assert abs(power.argmax() * 8000 / 256 - hertz) <= 8000 / 256
    assert power.sum() / 128 == pytest.approx(0.5, rel=0.02)  # Parseval: the mean square of a sine
    middles = spectra.hertz(np.linspace(spectra.mel(60), spectra.mel(4000), 34))[1:-1]
    assert spectra.log_mel(tone(hertz)).mean(axis=0).argmax() == abs(spectra.mel(middles) - spectra.mel(hertz)).argmin()


def test_mel_and_back():
    f = np.linspace(0, 4000, 50)
    assert spectra.hertz(spectra.mel(f)) == pytest.approx(f, abs=1e-9)
    assert spectra.mel(1000) == pytest.approx(1000, abs=0.1)


def test_a_warp_moves_a_tone():
    band = [spectra.log_mel(tone(1200), warp=warp).mean(axis=0).argmax() for warp in (0.85, 1, 1.15)]
    assert band[0] > band[1] > band[2]  # a filter that was moved up hears a tone in a lower band
    moved = spectra.log_mel(tone(1200), warp=1.15).mean(axis=0).argmax()
    assert moved == spectra.log_mel(tone(1200 / 1.15)).mean(axis=0).argmax()


def test_another_rate_sees_the_same_sound():
    for rate in (8000, 16000):
        x = tone(900, rate=rate)
        found = spectra.log_mel(x, rate=rate)
        assert found.shape == (48, 32) and found.dtype == np.float32
        middles = spectra.hertz(np.linspace(spectra.mel(60), spectra.mel(rate / 2), 34))[1:-1]
        assert abs(middles[found.mean(axis=0).argmax()] / 900 - 1) < 0.1


def test_numbers_are_near_zero_and_loudness_is_not_heard():
    x = noise(8000) * np.repeat(noise(80, 1) * 10, 100)
    found = spectra.log_mel(x)
    assert abs(found.mean()) < 1e-5 and abs(found).max() < 5
    assert np.median(abs(spectra.log_mel(2 * x) - found)) < 0.01
    assert np.isfinite(spectra.log_mel(np.zeros(400))).all()


def test_too_short():
    with pytest.raises(CourseError, match="a sound of 150 samples is shorter than one window, 200"):
        spectra.log_mel(np.zeros(150))

"""Sounds made different, each by exactly as much as it says: against tones, powers and counts that are known."""

import numpy as np
import pytest

from course_lib.audio import augment
from course_lib.audio.spectra import hertz, log_mel, mel, mel_filters
from course_lib.errors import CourseError


def tone(hz, seconds=1.0, rate=8000):
    return np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)


def peak(samples):
    """The loudest frequency, Hz: to a tenth of one, by zeros behind."""
    return np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 80_000)).argmax() / 10


@pytest.mark.parametrize("factor", [0.9, 1.0, 1.1, 1.07, 0.5, 2])
def test_faster_is_shorter_and_higher_by_the_factor(factor):
    x = tone(700)
    found = augment.faster(x, factor)
    assert len(found) == int(np.ceil(8000 / factor)) and found.dtype == np.float32
    assert peak(found) == pytest.approx(700 * factor, abs=0.2)
    assert np.sqrt(np.mean(found[200:-200] ** 2)) == pytest.approx(np.sqrt(0.5), rel=0.01)
    assert abs(augment.faster(tone(3500), 1.5)[200:-200]).max() < 0.02  # it is too high now, and not folded back


@pytest.mark.parametrize("factor", [0.85, 0.9, 1.1, 1.15])
@pytest.mark.parametrize("hz", [300, 800, 1500, 2500])
def test_a_throat_moves_a_peak_by_the_factor(factor, hz):
    """A bump on the mel axis, 64 bands: its middle, in Hz. And a tone, as near as 32 bands can tell."""
    middles = np.linspace(mel(60), mel(4000), 66)[1:-1]
    bump = np.exp(-(((middles - mel(hz)) / 80) ** 2))[None].repeat(3, axis=0)
    found = augment.warped(bump, factor)
    assert found.shape == bump.shape and found.dtype == np.float32
    assert found.max() == pytest.approx(1, abs=0.1)
    assert hertz(found[0] @ middles / found[0].sum()) == pytest.approx(hz * factor, rel=0.015)
    middles = hertz(np.linspace(mel(60), mel(4000), 34)[1:-1])
    band = augment.warped(log_mel(tone(hz)), factor).mean(axis=0).argmax()
    assert abs(band - abs(middles - hz * factor).argmin()) <= 1
    moved = augment.warped(log_mel(tone(hz)), 1 / factor).mean(axis=0).argmax()
    assert (moved < band) == (factor > 1)


def test_warping_keeps_the_ends_and_goes_back():
    rng = np.random.default_rng(0)
    frames = np.cumsum(rng.normal(size=(50, 32)), axis=1) / 4  # neighbours are alike, as in speech
    assert augment.warped(frames, 1) == pytest.approx(frames, abs=1e-6)
    for factor in (0.9, 1.1):
        there = augment.warped(frames, factor)
        assert abs(there - frames).mean() > 0.05
        assert abs(augment.warped(there, 1 / factor) - frames).mean() < 0.3 * abs(there - frames).mean()
        assert np.ptp(there) <= np.ptp(frames) + 1e-6
        ramp = augment.warped(np.arange(32.0)[None], factor)[0]
        assert (np.diff(ramp) >= 0).all() and abs(ramp[-1] - 31) < 0.35  # half the rate stays where it is
    bins = mel_filters().argmax(axis=0) * 8000 / 256
    assert bins[0] == pytest.approx(hertz(np.linspace(mel(augment.LOWEST), mel(4000), 34))[1], abs=8000 / 256)


def test_warped_frames_are_those_of_other_filters():
    """Below the knee: as if the filters had been moved, on noise through resonances."""
    rng = np.random.default_rng(0)
    x = sum(tone(f) * rng.uniform(0.1, 1) for f in range(110, 4000, 110)) / 10
    below = slice(0, 20)  # to about 1,800 Hz
    plain, found, other = log_mel(x), augment.warped(log_mel(x), 1.12), log_mel(x, warp=1 / 1.12)
    found, plain, other = (one[:, below] - one[:, below].mean() for one in (found, plain, other))
    assert abs(found - other).mean() < 0.8 * abs(plain - other).mean()


@pytest.mark.parametrize("ratio_db", [-5, 0, 10, 30])
@pytest.mark.parametrize("kind", ["white", "long", "short"])
def test_noise_has_the_stated_power(ratio_db, kind):
    rng = np.random.default_rng(3)
    x = tone(440) * 0.3
    noise = {"white": None, "long": rng.normal(size=20_000), "short": rng.uniform(-1, 1, size=777)}[kind]
    found = augment.with_noise(x, ratio_db, np.random.default_rng(1), noise)
    added = found - x
    assert 10 * np.log10(np.mean(x**2) / np.mean(added**2)) == pytest.approx(ratio_db, abs=1e-3)
    assert found.dtype == np.float32 and len(found) == len(x)
    assert abs(np.corrcoef(added, x)[0, 1]) < 0.05
    assert np.array_equal(found, augment.with_noise(x, ratio_db, np.random.default_rng(1), noise))
    assert not np.array_equal(found, augment.with_noise(x, ratio_db, np.random.default_rng(2), noise))
    for sound, other in ((np.zeros(100), noise), (x, np.zeros(50))):
        with pytest.raises(CourseError, match="not silent"):
            augment.with_noise(sound, 10, rng, other)


def test_louder():
    x = np.random.default_rng(0).normal(size=1000)
    assert augment.louder(x, 6) == pytest.approx(x * 10**0.3, rel=1e-6)
    assert np.mean(augment.louder(x, 20) ** 2) == pytest.approx(100 * np.mean(x**2), rel=1e-5)


def runs(hidden):
    """The lengths of runs of True."""
    ends = np.flatnonzero(np.diff(np.concatenate([[0], hidden.astype(int), [0]])))
    return ends[1::2] - ends[::2]


def test_masks_are_runs_of_the_stated_widths():
    rng, frames = np.random.default_rng(0), np.random.default_rng(1).normal(size=(90, 32)).astype("float32")
    kept, high, wide = frames.copy(), [], []
    for _ in range(600):
        found = augment.masked(frames, rng, bands=5, places=12, count=1)
        hidden = found == 0
        assert np.array_equal(found[~hidden], frames[~hidden])
        in_band, in_time = hidden.all(axis=0), hidden.all(axis=1)
        assert np.array_equal(hidden, in_band[None] | in_time[:, None])
        assert len(runs(in_band)) <= 1 and len(runs(in_time)) <= 1
        high.append(in_band.sum()), wide.append(in_time.sum())
    assert np.array_equal(frames, kept)
    for widths, most in ((high, 5), (wide, 12)):  # evenly: a chi-squared test at about 1 in 10,000
        counts = np.bincount(widths, minlength=most + 1)
        expected = 600 / (most + 1)
        assert len(counts) == most + 1
        assert ((counts - expected) ** 2 / expected).sum() < most + 4 * np.sqrt(2 * most) + 8
    short = [(augment.masked(frames[:20], rng, 0, 100, 1) == 0).all(axis=1).sum() for _ in range(100)]
    assert max(short) == 4  # a fifth of 20
    assert max(len(runs((augment.masked(frames, rng, 4, 9, 3) == 0).all(axis=0))) for _ in range(50)) == 3
    assert np.array_equal(augment.masked(frames, rng, 0, 0), frames)
    for wrong in ({"bands": 33}, {"bands": -1}, {"places": -1}, {"count": -1}, {"most": 2}):
        with pytest.raises(CourseError, match="masked: expected"):
            augment.masked(frames, rng, **wrong)


def test_what_cannot_be_is_refused():
    for change, given in ((augment.faster, tone(300)), (augment.warped, log_mel(tone(300)))):
        for factor in (0, -1, 3, float("nan")):
            with pytest.raises(CourseError, match="factor: expected a number from 0.5 to 2"):
                change(given, factor)


def test_all_of_it_each_can_be_left_out():
    x = tone(500) * np.random.default_rng(0).normal(size=8000) * 0.1
    nothing = augment.Variation(None, None, None, None, None)
    assert np.array_equal(nothing(x, np.random.default_rng(0)), log_mel(x))
    every = augment.Variation()
    lengths = {len(every(x, np.random.default_rng(seed))) for seed in range(20)}
    assert len(lengths) > 10 and min(lengths) >= 88 and max(lengths) <= 109
    assert np.array_equal(every(x, np.random.default_rng(5)), every(x, np.random.default_rng(5)))
    for name in ("speed", "tract", "noise_db", "gain_db", "masks"):
        one = augment.Variation(**(dict.fromkeys(vars(every)) | {name: getattr(every, name)}))
        found = [one(x, np.random.default_rng(seed)) for seed in range(3)]
        assert (found[0].shape != found[1].shape) or not np.array_equal(found[0], found[1])
        assert name == "speed" or all(len(frames) == len(log_mel(x)) for frames in found)

"""Frames of many recordings: from disk as they were computed, or made anew; what cannot be read is named."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.io import wavfile

from course_lib.audio import sounds
from course_lib.audio.augment import Variation
from course_lib.audio.frames import Kept, LogMel, Varied
from course_lib.audio.sounds import SoundError, read_sound, write_wav
from course_lib.audio.spectra import log_mel
from course_lib.batching import sound_batches
from course_lib.errors import CourseError
from course_lib.features import FeatureCache
from course_lib.text import Vocabulary, to_rows


@pytest.fixture
def folder(tmp_path):
    """Recordings of many lengths, one the longest there may be (60 frames), and three that cannot be read."""
    rng = np.random.default_rng(0)
    for k, n in enumerate([400, 900, 4_920, 2_000, 333, 3_000, 200, 1_234]):
        write_wav(tmp_path / f"{k}.wav", rng.normal(size=n).clip(-3, 3) / 4)
    write_wav(tmp_path / "8.wav", rng.normal(size=5_000).clip(-3, 3) / 4)
    (tmp_path / "9.wav").write_bytes(b"Dear Sir or Madam")
    return tmp_path


def test_kept_frames_are_those_of_the_sound(folder):
    paths = [folder / f"{k}.wav" for k in range(11)]
    cache = FeatureCache(folder / "kept", LogMel(60))
    places, problems = cache.add(paths, batch_size=3)
    assert (places < 0).tolist() == [False] * 8 + [True] * 3
    assert [problem.split(".wav")[1] for problem in problems] == [
        " has 61 frames of 10 ms: expected 60 at most.", " is no sound file, not WAV: save it as WAV first.",
        ": No such file or directory.",
    ]  # fmt: skip
    order = [5, 2, 0, 6]
    frames = Kept(FeatureCache(folder / "kept", LogMel(60)), places[order])
    assert len(frames) == 4
    for i, one in zip(order, frames, strict=True):
        true = log_mel(read_sound(paths[i]).samples)
        assert one.dtype == np.float32 and one.shape == true.shape and one == pytest.approx(true, abs=3e-3)
    assert len(frames[1]) == 60 and len(frames[3]) == 1
    with pytest.raises(CourseError, match="recording 8 has no place"):
        Kept(cache, places)
    with pytest.raises(CourseError, match="longest"):
        LogMel(0)


def test_what_is_odd_is_named_when_it_is_computed(folder):
    wavfile.write(folder / "loud.wav", 8000, np.sign(np.random.default_rng(0).normal(size=4000)).astype("float32"))
    extractor = LogMel(60)
    places, problems = FeatureCache(folder / "kept", extractor).add([folder / "loud.wav"])
    assert places.tolist() == [0] and problems == [] and "loud.wav is clipped" in extractor.odd[0]


def test_other_lengths_are_kept_apart(folder):
    FeatureCache(folder / "kept", LogMel(60)).add([folder / "0.wav"])
    assert not FeatureCache(folder / "kept", LogMel(70)).index


def test_both_make_batches(folder):
    paths, vocabulary = [folder / f"{k}.wav" for k in range(8)], Vocabulary("ab ")
    rows = to_rows(["a", "b"] * 4, vocabulary, marks=False)
    cache = FeatureCache(folder / "kept", LogMel(60))
    plain = Variation(None, None, None, None, None)
    kept, anew = Kept(cache, cache.add(paths)[0]), Varied(paths, plain, 0)
    for (some, said), (others, too) in zip(*(sound_batches(one, rows, 4, 1) for one in (kept, anew)), strict=False):
        assert some == pytest.approx(others, abs=3e-3) and np.array_equal(said, too)
        if some.shape[1] > 50:
            break


def test_varied_frames_are_new_each_time_and_the_same_for_a_seed(folder):
    paths = [folder / "3.wav", folder / "5.wav", folder / "9.wav"]
    first, again, other = (Varied(paths, Variation(), seed) for seed in (0, 0, 1))
    once, twice = first[0], first[0]
    assert not np.array_equal(once, twice) and not np.array_equal(once, other[0])
    assert np.array_equal(again[0], once) and np.array_equal(again[0], twice)
    with pytest.raises(SoundError, match="9.wav is no sound file"):
        first[2]


def test_sounds_are_read_side_by_side(folder, monkeypatch):
    """Python keeps the way of warnings for all threads alike: what is cut short is said of it, and of no other."""
    whole = (folder / "5.wav").read_bytes()
    (folder / "cut.wav").write_bytes(whole[:3000])
    names = ["cut.wav", "5.wav", "3.wav", "cut.wav"] * 100
    before = list(warnings.filters), warnings.showwarning
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda name: read_sound(folder / name).problems, names))
    assert [bool(problems) for problems in found] == [name == "cut.wav" for name in names]
    assert (list(warnings.filters), warnings.showwarning) == before
    assert sounds.READING.acquire(timeout=1)
    sounds.READING.release()

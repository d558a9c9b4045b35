"""Sounds from files: every kind of WAV gives the same numbers, and what is none is refused in a sentence."""

import io
import random
import struct

import numpy as np
import pytest
from scipy.io import wavfile

from course_lib.audio import sounds
from course_lib.audio.sounds import SoundError, read_sound, resampled, write_wav

RNG = np.random.default_rng(0)


def chirp(rate=8000, seconds=0.5):
    t = np.arange(int(rate * seconds)) / rate
    return (0.4 * np.sin(2 * np.pi * (300 + 800 * t) * t) + 0.2 * np.sin(2 * np.pi * 90 * t)).astype("float32")


def wav24(path, samples, rate, channels=1):
    """A 24-bit WAV, by hand."""
    numbers = np.repeat(np.round(samples * (2**23 - 1)).astype("<i4"), channels)
    body = numbers.view("u1").reshape(-1, 4)[:, :3].tobytes()
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(body), b"WAVE", b"fmt ", 16, 1, channels, rate,
                       rate * 3 * channels, 3 * channels, 24, b"data", len(body))  # fmt: skip
    path.write_bytes(head + body)


@pytest.mark.parametrize("kind", ["int16", "int32", "float32", "float64", "uint8", "24", "stereo"])
def test_every_kind_gives_the_same_numbers(kind, tmp_path):
    x, path = chirp(), tmp_path / "it.wav"
    if kind == "24":
        wav24(path, x, 8000, channels=2)
    elif kind == "stereo":
        other = RNG.normal(size=len(x), scale=0.05)
        wavfile.write(path, 8000, np.stack([x + other, x - other], axis=1).astype("float32"))
    elif kind == "uint8":
        wavfile.write(path, 8000, np.round(x * 127 + 128).astype("uint8"))
    else:
        scale = np.iinfo(kind).max if kind.startswith("int") else 1
        wavfile.write(path, 8000, (x * scale).astype(kind))
    found = read_sound(path)
    assert found.samples == pytest.approx(x, abs=0.01 if kind == "uint8" else 1e-4) and not found.problems
    assert found.samples.dtype == np.float32


@pytest.mark.parametrize("rate", [44_100, 48_000, 16_000, 11_025])
def test_any_rate_is_brought_to_ours(rate, tmp_path):
    wavfile.write(tmp_path / "it.wav", rate, chirp(rate))
    found = read_sound(tmp_path / "it.wav").samples
    assert len(found) == pytest.approx(4000, abs=1)
    assert np.corrcoef(found[200:3700], chirp()[200:3700])[0, 1] > 0.99


def test_what_is_too_high_for_the_new_rate_does_not_come_back_as_another_tone():
    t = np.arange(44_100) / 44_100
    assert abs(resampled(np.sin(2 * np.pi * 6000 * t), 44_100, 8000)[100:-100]).max() < 0.02


@pytest.mark.parametrize(("rate", "new_rate"), [(44_100, 8000), (8000, 11_025), (48_000, 8000), (16_001, 8000)])
def test_parts_are_as_the_whole(rate, new_rate, monkeypatch):
    x = RNG.normal(size=50_000).astype("float32")
    whole = resampled(x, rate, new_rate)
    assert len(whole) == -(-len(x) * new_rate // rate)
    monkeypatch.setattr(sounds, "PART", 9_001)
    assert resampled(x, rate, new_rate) == pytest.approx(whole, abs=1e-5)


def test_a_file_or_its_bytes(tmp_path):
    wav24(tmp_path / "24.wav", chirp(16_000), 16_000)
    wavfile.write(tmp_path / "16.wav", 22_050, (chirp(22_050) * 32767).astype("int16"))
    for path in sorted(tmp_path.iterdir()):
        assert np.array_equal(read_sound(path).samples, read_sound(path.read_bytes()).samples)
    with pytest.raises(SoundError, match="its name is no sound file"):
        read_sound(b"Dear Sir or Madam", name="its name")


@pytest.mark.parametrize("seed", range(3))
def test_damaged_files_are_read_or_refused_in_a_sentence(seed, tmp_path):
    rng, fates = random.Random(seed), set()
    for k in range(300):
        file = io.BytesIO()
        scale, kind = rng.choice([(1, "float32"), (100, "uint8"), (30_000, "int16")])
        wavfile.write(file, 11_025, (np.stack([chirp()[:600]] * 2, 1) * scale).astype(kind))
        data = bytearray(file.getvalue())
        at = rng.randrange(60)
        if k % 3 == 0:
            data = data[: rng.randrange(len(data))]
        elif k % 3 == 1:
            data[at : at + rng.randrange(4)] = rng.randbytes(rng.randrange(4))
        else:
            data[at] = rng.randrange(256)
        (tmp_path / "it.wav").write_bytes(data)
        try:
            found = read_sound(tmp_path / "it.wav").samples
            assert found.dtype == np.float32 and np.isfinite(found).all()
            fates.add("read")
        except SoundError as error:
            assert "it.wav" in str(error) and "\n" not in str(error)
            fates.add("refused")
    assert fates == {"read", "refused"}


def test_written_and_read(tmp_path):
    write_wav(tmp_path / "it.wav", chirp())
    assert read_sound(tmp_path / "it.wav").samples == pytest.approx(chirp(), abs=1e-4)
    numbers = (1000 * chirp()).astype(np.int16)
    write_wav(tmp_path / "it.wav", numbers)
    assert np.array_equal(wavfile.read(tmp_path / "it.wav")[1], numbers)
    for wrong in (np.zeros((2, 2)), np.array([2.0]), np.array([np.nan]), np.array([])):
        with pytest.raises(SoundError):
            write_wav(tmp_path / "no.wav", wrong)


def test_what_is_odd_is_said_and_read(tmp_path):
    x = chirp()
    wavfile.write(tmp_path / "loud.wav", 8000, np.clip(5 * x, -1, 1).astype("float32"))
    (said,) = read_sound(tmp_path / "loud.wav").problems
    assert "loud.wav is clipped" in said
    for rate in (8000, 44_100):
        t, least = np.arange(rate) / rate, 0.95 * 32767
        for hz in (90, 440):
            for gain, clipped in ((1, False), (1.1, True)):
                wave = np.clip(gain * least * np.sin(2 * np.pi * hz * t), -least, least)
                wavfile.write(tmp_path / "tone.wav", rate, wave.astype("int16"))
                problems = read_sound(tmp_path / "tone.wav").problems
                assert bool(problems) == clipped and all("is clipped" in one for one in problems)
    wavfile.write(tmp_path / "large.wav", 8000, 3 * x)
    found = read_sound(tmp_path / "large.wav")
    assert "up to 1." in found.problems[-1] and abs(found.samples).max() == pytest.approx(1)
    wavfile.write(tmp_path / "cut.wav", 8000, (x * 32767).astype("int16"))
    whole = (tmp_path / "cut.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[:5000])
    found = read_sound(tmp_path / "cut.wav")
    assert "cut.wav is cut short" in found.problems[0] and found.samples == pytest.approx(
        x[: len(found.samples)], abs=1e-3
    )
    assert 2000 < len(found.samples) < 2500


def test_what_is_no_sound_is_refused_in_a_sentence(tmp_path):
    def file(name, data):
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    good = tmp_path / "good.wav"
    wavfile.write(good, 8000, (chirp() * 32767).astype("int16"))
    head = good.read_bytes()
    cases = [
        (tmp_path / "none.wav", "there is no such file"),
        (file("empty.wav", b""), "is empty"),
        (file("song.wav", b"ID3\x04rest"), "is an MP3 file, not WAV"),
        (file("letter.wav", b"Dear Sir or Madam"), "is no sound file, not WAV"),
        (file("head.wav", head[:20]), "cannot be read as WAV"),
        (file("rate.wav", head[:24] + struct.pack("<II", 0, 0) + head[32:]), "its head says 0"),
    ]
    for name, samples, says in (("silent", np.zeros(4000), "is silent"), ("short", chirp()[:80], "is 10 ms long")):
        wavfile.write(tmp_path / f"{name}.wav", 8000, (samples * 32767).astype("int16"))
        cases.append((tmp_path / f"{name}.wav", says))
    for name, number in (("nan", np.nan), ("infinite", np.inf), ("both", [np.inf, -np.inf])):
        wavfile.write(tmp_path / f"{name}.wav", 8000, np.full((4000, 2), number, "float32"))
        cases.append((tmp_path / f"{name}.wav", "no numbers"))
    for path, says in cases:
        with pytest.raises(SoundError, match=says) as caught:
            read_sound(path)
        assert path.name in str(caught.value) and "\n" not in str(caught.value)


def test_an_hour_is_read(tmp_path):
    noise = (RNG.normal(size=8000 * 60) * 3000).astype("int16")
    wavfile.write(tmp_path / "hour.wav", 8000, np.tile(noise, 60))
    assert len(read_sound(tmp_path / "hour.wav").samples) == 8000 * 3600
    rate = 1000
    wavfile.write(tmp_path / "day.wav", rate, np.tile(noise[:1000].astype("uint8"), 3600 * 3))
    with pytest.raises(SoundError, match="3.0 hours"):
        read_sound(tmp_path / "day.wav")

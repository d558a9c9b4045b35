"""Clips as files: what was written comes back, bad ones are a sentence each, and memory does not grow with number."""

import io
import subprocess
import sys
import tracemalloc
import wave

import av
import numpy as np
import pytest

from course_lib.datasets.clip_files import read_folder
from course_lib.errors import CourseError
from course_lib.features import FeatureCache
from course_lib.vision import video
from course_lib.vision.video import ClipError, OfFrames, read_clip, write_clip, write_folder
from course_lib.worlds.gestures import GestureWorld

WORLD = GestureWorld()
CLIPS = WORLD.sample(30, seed=1)
PICTURES = WORLD.draw(CLIPS, 48)


def counting(frames, size=32):
    """A clip whose frames say their number: their grey is 4 times it."""
    return np.broadcast_to((4 * np.arange(frames) % 256).astype(np.uint8)[:, None, None, None], (frames, size, size, 3))


@pytest.fixture
def films(tmp_path):
    """The same clip, as MP4 and as AVI."""
    paths = [tmp_path / f"clip{ending}" for ending in (".mp4", ".avi")]
    for path in paths:
        write_clip(path, PICTURES[0])
    return paths


def test_what_the_world_writes_comes_back(films):
    other = PICTURES[1].astype(float)
    for path in films:
        found = read_clip(path, 12, 48)
        assert found.shape == (12, 48, 48, 3) and found.dtype == np.uint8
        assert np.array_equal(found, read_clip(path.read_bytes(), 12, 48))
        for t, frame in enumerate(found.astype(float)):  # the nearest of all frames is the same one
            distance = abs(PICTURES[0].astype(float) - frame).mean(axis=(1, 2, 3))
            assert distance.argmin() == t and distance.min() < 12 < abs(other - frame).mean()


@pytest.mark.parametrize(
    ("there", "asked"), [(12, 12), (40, 12), (40, 5), (7, 12), (2, 3), (60, 1), (60, 3), (64, 2), (63, 1)]
)
@pytest.mark.parametrize("ending", [".mp4", ".avi"])
def test_frames_are_taken_evenly(tmp_path, there, asked, ending):
    write_clip(tmp_path / f"clip{ending}", counting(there))
    greys = [read_clip(tmp_path / f"clip{ending}", frames, 16).mean(axis=(1, 2, 3)) for frames in (there, asked)]
    assert abs(greys[0] - 4 * np.arange(there)).max() < 3.5  # as many as there are: every one, in order
    numbers = abs(greys[1][:, None] - greys[0]).argmin(axis=1)
    middles = (np.arange(asked) + 0.5) * there / asked - 0.5
    stride = 2 ** ((there - 1) // (16 * asked)).bit_length()  # of those that were kept
    assert (abs(numbers - middles) <= stride / 2).all() and abs(np.diff(numbers, 2)).max(initial=0) <= stride


def test_a_film_that_was_filmed_upright_is_turned(tmp_path):
    pictures = np.zeros((4, 32, 32, 3), np.uint8)
    pictures[:, :16, :16] = 255  # bright above, on the left
    write_clip(tmp_path / "clip.mp4", pictures)
    data = (tmp_path / "clip.mp4").read_bytes()
    place = data.index(b"tkhd") + 4 + 40  # the matrix, 16.16 fixed point (ISO 14496-12, 8.3.2)
    for quarter, matrix in ((1, (0, 1, -1, 0)), (2, (-1, 0, 0, -1)), (3, (0, -1, 1, 0))):
        a, b, c, d = (int(v * 65536).to_bytes(4, "big", signed=True) for v in matrix)
        turned = data[:place] + a + b + bytes(4) + c + d + data[place + 20 :]
        corners = read_clip(turned, 2, 32)[0, 8::16, 8::16, 0] > 128
        clockwise = np.rot90([[True, False], [False, False]], -quarter)
        assert np.array_equal(corners, clockwise), quarter


def test_it_is_squashed_to_a_square(tmp_path):
    pictures = np.zeros((3, 32, 64, 3), np.uint8)
    pictures[:, :, :32] = 255
    write_clip(tmp_path / "clip.avi", pictures)
    found = read_clip(tmp_path / "clip.avi", 2, 16)
    assert (found[:, :, :7] > 200).all() and (found[:, :, 9:] < 60).all()


def truncated(path, share=0.5):
    return path.read_bytes()[: int(share * path.stat().st_size)]


def bad_files(folder):
    """{name: (bytes, what is said)}."""
    write_clip(folder / "good.mp4", WORLD.draw(CLIPS[:3], 48).reshape(36, 48, 48, 3))
    write_clip(folder / "good.avi", WORLD.draw(CLIPS[:3], 48).reshape(36, 48, 48, 3))
    write_clip(folder / "one.mp4", PICTURES[0, :1])
    write_clip(folder / "one.avi", PICTURES[0, :1])
    sound, audio = io.BytesIO(), io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(8000))
    with av.open(audio, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    for name, codec in (("fast.mp4", "libx264"), ("plain.mp4", "mpeg4")):
        with av.open(str(folder / name), "w", options={"movflags": "faststart"}) as container:
            stream = container.add_stream(codec, rate=12)
            stream.height = stream.width = 48
            for picture in PICTURES[:3].reshape(36, 48, 48, 3):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())
    whole = (folder / "fast.mp4").read_bytes()
    start = whole.index(b"mdat")
    mp4 = (folder / "plain.mp4").read_bytes()
    stts = mp4.index(b"stts")  # one entry: so many frames, each so long (ISO 14496-12, 8.6.1.2)
    return {
        "one.mp4": ((folder / "one.mp4").read_bytes(), "expected a clip of 2 frames or more, got 1"),
        "one.avi": ((folder / "one.avi").read_bytes(), "expected a clip of 2 frames or more, got 1"),
        "sound.avi": (sound.getvalue(), r"expected a film, got a file without pictures \(audio\)"),
        "sound.mp4": (audio.getvalue(), r"expected a film, got a file without pictures \(audio\)"),
        "half.mp4": (truncated(folder / "good.mp4"), "cut off"),
        "half.avi": (truncated(folder / "good.avi"), r"cut off: \d+ of 36 frames are there|cut off or damaged"),
        "fast half.mp4": (whole[: (start + len(whole)) // 2], "cut off"),
        "fast start.mp4": (whole[: start + 40], "cut off"),
        "no rate.mp4": (mp4[: stts + 16] + bytes(4) + mp4[stts + 20 :], "its frame rate is 0"),
        "text.avi": (b"hello, this is no film\n" * 40, "not a film that can be read"),
        "empty.mp4": (b"", "not a film that can be read"),
        "list.avi": (b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\ngood.mp4\n#EXT-X-ENDLIST\n", "not a film"),
        "other.avi": (b"ffconcat version 1.0\nfile good.mp4\n", "not a film"),
    }  # fmt: skip


class Mean:
    """In the place of a CNN: the mean colour."""

    identity, shape, size = "mean colour", (3,), 16

    def decode(self, data, name):
        raise NotImplementedError

    def __call__(self, pictures):
        return pictures.mean(axis=(1, 2))


def test_bad_files_are_one_sentence_each_and_the_rest_goes_on(tmp_path):
    bad = bad_files(tmp_path)
    for name, (data, message) in bad.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ClipError, match=message) as found:
            read_clip(tmp_path / name)
        said = str(found.value)
        assert said.startswith(str(tmp_path / name)) and said.endswith(".") and "\n" not in said
    names = [tmp_path / "good.mp4", *(tmp_path / name for name in bad), tmp_path / "good.avi", tmp_path / "gone.avi"]
    cache = FeatureCache(tmp_path / "rows", OfFrames(Mean(), 6))
    places, problems = cache.add(names, batch_size=2)
    assert (places[[0, -2]] >= 0).all() and (places[[*range(1, len(names) - 2), -1]] == -1).all()
    assert len(problems) == len(bad) + 1
    assert all(problem.startswith(str(name)) for problem, name in zip(problems, [*names[1:-2], names[-1]], strict=True))


def test_every_place_where_a_film_can_be_cut_is_a_sentence_or_nearly_all_of_it(tmp_path):
    for data in [
        (tmp_path / name, write_clip(tmp_path / name, counting(20)))[0].read_bytes() for name in ("a.mp4", "a.avi")
    ]:
        for share in np.linspace(0, 0.99, 23):
            try:
                found = read_clip(data[: int(share * len(data))], 5, 16)
            except ClipError:
                continue
            assert abs(found.mean(axis=(1, 2, 3)) / 4 - [1.5, 5.5, 9.5, 13.5, 17.5]).max() < 2.5


def test_a_bad_file_writes_nothing_to_the_terminal(tmp_path):
    (tmp_path / "a.mp4").write_bytes(bad_files(tmp_path)["fast half.mp4"][0])
    code = f"from course_lib.vision.video import *\ntry: read_clip({str(tmp_path / 'a.mp4')!r})\nexcept ClipError: pass"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_pyav_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(CourseError, match=r"PyAV, which is not installed: give `pip install"):
        read_clip(b"")


@pytest.mark.parametrize(("path", "pictures", "rate", "message"), [
    ("a.mkv", PICTURES[0], 12, "a name that ends in .mp4 or .avi"),
    ("a.mp4", PICTURES[0], 0, "a frame rate above 0, below 1000, got 0"),
    ("a.avi", PICTURES[0], -5, "a frame rate above 0"),
    ("a.avi", PICTURES[0], float("nan"), "a frame rate above 0"),
    ("a.avi", PICTURES[0, :, :47], 12, r"both sides even, got \(12, 47, 48, 3\)"),
    ("a.avi", PICTURES[0] / 255, 12, "of uint8, .* of float64"),
    ("a.avi", PICTURES[0, :0], 12, r"got \(0, 48, 48, 3\)"),
    ("nowhere/a.avi", PICTURES[0], 12, "cannot be written"),
])  # fmt: skip
def test_what_cannot_be_written_is_named(tmp_path, path, pictures, rate, message):
    with pytest.raises(ClipError, match=message):
        write_clip(tmp_path / path, pictures, rate)


def test_no_frames_cannot_be_asked_for(films):
    with pytest.raises(CourseError, match="frames must be 1 or more"):
        read_clip(films[0], 0)


@pytest.mark.parametrize("ending", [".avi", ".mp4"])
def test_a_folder_of_the_world_is_read_as_one_of_ucf101(tmp_path, ending):
    write_folder(tmp_path, WORLD.in_parts(CLIPS, 48, 7), CLIPS.labels, WORLD.names, ending)
    clips = read_folder(tmp_path)
    assert clips.problems == [] and sum(map(len, clips.splits.values())) == 30
    told = {"".join(word.capitalize() for word in name.split()): label for label, name in enumerate(WORLD.names)}
    found = {}
    for name in [*clips.splits["train"], *clips.splits["test"]]:
        frames = read_clip(clips.path(name), 12, 48).astype(float)
        nearest = abs(PICTURES - frames).mean(axis=(1, 2, 3, 4)).argmin()
        found[nearest] = name
        assert told[clips.classes[clips.label(name)]] == CLIPS.labels[nearest]
    assert len(found) == 30


def test_rows_of_clips_are_kept_by_content_and_network(tmp_path, films):
    cache = FeatureCache(tmp_path / "rows", OfFrames(Mean(), 6))
    places, problems = cache.add([*films, films[0]])
    assert problems == [] and places[0] == places[2] != places[1]
    assert np.allclose(cache.rows[places[0]], read_clip(films[0], 6, 16).mean(axis=(1, 2)), rtol=2e-3)
    assert cache.rows.shape == (2, 6, 3)
    again = FeatureCache(tmp_path / "rows", OfFrames(Mean(), 6))
    again.extractor.decode = None  # nothing is decoded a second time
    assert np.array_equal(again.add(films)[0], places[:2])
    assert len(FeatureCache(tmp_path / "rows", OfFrames(Mean(), 7)).rows) == 0


def test_memory_does_not_grow_with_the_number_of_clips(tmp_path, monkeypatch):
    monkeypatch.setattr("course_lib.features.WORKERS", 1)
    write_clip(tmp_path / "clip.avi", PICTURES[0])
    data = (tmp_path / "clip.avi").read_bytes()
    paths = []
    for i in range(200):
        paths.append(tmp_path / f"{i}.avi")
        paths[-1].write_bytes(data + bytes([i]))  # what stands behind a film does not count, but in its hash
    peaks, network = [], Mean()
    network.size = 48  # 83 kB a clip
    for count in (10, 50, 200):  # the first warms up
        cache = FeatureCache(tmp_path / str(count), OfFrames(network, 12))
        tracemalloc.start()
        places, problems = cache.add(paths[:count], batch_size=4)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert problems == [] and len(set(places)) == count
    assert (peaks[2] - peaks[1]) / 150 < 500  # bytes a clip: its hash and number
    assert peaks[2] < 20 * PICTURES[0].nbytes


def test_a_long_clip_is_kept_in_parts(tmp_path):
    write_clip(tmp_path / "clip.avi", np.zeros((900, 64, 64, 3), np.uint8))
    tracemalloc.start()
    assert len(read_clip(tmp_path / "clip.avi", 4, 64)) == 4
    assert tracemalloc.get_traced_memory()[1] < 1.5 * video._KEPT * 4 * 64 * 64 * 3
    tracemalloc.stop()

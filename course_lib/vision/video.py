"""Film clips as frames: read one at a time, some frames of each, taken evenly; written; run through a CNN.

Through PyAV, which is needed for nothing else: `pip install av`, or the extra `video`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from course_lib.errors import CourseError
from course_lib.features import Extractor
from course_lib.vision.images import MOST_PIXELS

if TYPE_CHECKING:
    from types import ModuleType

# What a file may be, whatever its name. Not a playlist, which would have other files and addresses opened.
_FORMATS = "avi,mov,mp4,matroska,webm,mpeg,mpegts,mpegvideo,asf,flv,gif,ogg,m4v,h264,hevc,ivf,wav,mp3,flac,aac"
_CODECS = {  # and that they keep what is to be seen
    ".mp4": ("libx264", {"crf": "18"}), ".avi": ("mpeg4", {"flags": "+qscale", "global_quality": str(2 * 118)}),
}  # fmt: skip
_LEAST_WHOLE = 0.9  # of the frames that a file says it has; some formats count frames that are never shown
_KEPT = 16  # times as many frames as are asked for: so many are kept while a clip is read


class ClipError(CourseError):
    """A file is no clip that can be read or written; the message names it."""


def _av() -> ModuleType:
    """PyAV. CourseError if it is not installed."""
    try:
        import av
    except ImportError:
        raise CourseError(
            'clips are read by PyAV, which is not installed: give `pip install "av>=18.1,<19"`.'
        ) from None
    return av


def _decoded(source, name: str) -> Iterator:
    """PyAV's frames of a clip, one after the other. ClipError at the place where it can be read no further."""
    av = _av()
    try:
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
    except OSError as error:
        raise ClipError(f"{name}: cannot be read ({error.strerror}).") from None
    count = 0
    try:
        with av.open(io.BytesIO(data), options={"format_whitelist": _FORMATS}) as container:
            if not container.streams.video:
                there = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
                raise ClipError(f"{name}: expected a film, got a file without pictures ({there}), or one cut off.")
            stream = container.streams.video[0]
            context = stream.codec_context
            if context is None:  # decoding would end the whole process
                raise ClipError(f"{name}: cut off, or in a format that is not known.")
            if not stream.guessed_rate:
                raise ClipError(f"{name}: its frame rate is 0, so nothing says when a frame is shown: write it anew.")
            if context.width * context.height > MOST_PIXELS:
                raise ClipError(f"{name}: {context.width} × {context.height} pixels are too many.")
            stream.thread_type = "NONE"  # several clips are read side by side instead
            for frame in container.decode(stream):
                count += 1
                yield frame
            if count < _LEAST_WHOLE * stream.frames:
                raise ClipError(f"{name}: cut off: {count} of {stream.frames} frames are there.")
    except av.error.FFmpegError as error:
        why = f"cut off or damaged after {count} frames" if count else "not a film that can be read, or cut off"
        raise ClipError(f"{name}: {why} ({error.strerror}).") from None


def _picture(frame, size: int) -> np.ndarray:
    """A frame as a player shows it, squashed to a square: turned as its file says."""
    picture = frame.reformat(size, size, "rgb24", interpolation="BICUBIC").to_ndarray()
    return np.rot90(picture, round(frame.rotation / 90))


def read_clip(source, frames: int = 12, size: int = 48, name: str | None = None) -> np.ndarray:
    """`frames` frames of a clip, a path or its bytes, taken evenly: (frames, size, size, 3), uint8.

    Of N frames, those in the middle of `frames` equal parts; some come twice if N is smaller. While a clip is read, at
    most 16 times as many are kept, evenly, however long it is: of a long one the frames are that close to the middle.
    Squashed to a square, turned as the file says. ClipError, with the name, for what is no film, is cut off, has one
    frame, no frame rate, or frames that are too large. CourseError if fewer than one frame is asked for.
    """
    if frames < 1:
        raise CourseError(f"frames must be 1 or more, got {frames}.")
    name = name or (str(source) if isinstance(source, str | Path) else "the clip")
    kept, stride, count = [], 1, 0
    for frame in _decoded(source, name):
        if count % stride == 0:
            if len(kept) == _KEPT * frames:  # every second one
                kept, stride = kept[::2], 2 * stride
            kept.append(_picture(frame, size))
        count += 1
    if count < 2:
        raise ClipError(f"{name}: expected a clip of 2 frames or more, got {count}: a picture does not move.")
    middles = (np.arange(frames) + 0.5) * count / frames - 0.5
    return np.stack([kept[min(round(place / stride), len(kept) - 1)] for place in middles])


def write_clip(path, pictures: np.ndarray, rate: float = 12) -> None:
    """Write frames (T, height, width, 3), uint8, both sides even, as an .mp4 (H.264) or .avi (MPEG-4), `rate` a second.

    ClipError for another ending, shape or type, a rate of 0 or below, or if it cannot be written.
    """
    av, path = _av(), Path(path)
    if path.suffix not in _CODECS:
        raise ClipError(f"{path}: expected a name that ends in .mp4 or .avi.")
    if not 0 < rate < 1000:
        raise ClipError(f"{path}: expected a frame rate above 0, below 1000, got {rate}.")
    shape, dtype = np.shape(pictures), getattr(pictures, "dtype", None)
    if len(shape) != 4 or shape[3] != 3 or shape[1] % 2 or shape[2] % 2 or not all(shape) or dtype != np.uint8:
        raise ClipError(
            f"{path}: expected frames (T, height, width, 3) of uint8, both sides even, got {shape} of {dtype}."
        )
    codec, options = _CODECS[path.suffix]
    try:
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=Fraction(rate).limit_denominator(1000), options=options)
            stream.height, stream.width = shape[1:3]
            stream.pix_fmt = "yuv420p"
            for picture in pictures:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())
    except (av.error.FFmpegError, OSError) as error:
        raise ClipError(f"{path}: cannot be written ({error.strerror}).") from None


class PictureExtractor(Extractor, Protocol):
    """A network on pictures, as a Backbone or Pooled of backbones.py."""

    size: int  # pixels of a side of its pictures


@dataclass
class OfFrames:
    """A network on pictures as an `Extractor` (features.py) of clips: what it says of each of `frames` frames.

    A cache of it takes clips as it takes pictures: `FeatureCache(folder, OfFrames(Pooled(backbone))).add(paths)`.
    """

    network: PictureExtractor
    frames: int = 12

    @property
    def identity(self) -> str:
        """The network's, and how many frames are taken."""
        return f"{self.network.identity} of {self.frames} frames"

    @property
    def shape(self) -> tuple[int, ...]:
        """frames, and what the network says of one."""
        return self.frames, *self.network.shape

    def decode(self, data: bytes, name: str) -> np.ndarray:
        """The bytes of a clip -> (frames, size, size, 3). ClipError for what is none."""
        return read_clip(data, self.frames, self.network.size, name)

    def __call__(self, clips: np.ndarray) -> np.ndarray:
        """(B, frames, size, size, 3) -> (B, frames, ...)."""
        rows = self.network(clips.reshape(-1, *clips.shape[2:]))
        return rows.reshape(*clips.shape[:2], *rows.shape[1:])


def write_folder(
    folder, parts: Iterable[np.ndarray], labels: Sequence[int], names: Sequence[str], ending: str = ".avi"
) -> None:
    """Write clips as UCF101 is laid out: a folder for each class, and ucfTrainTestlist/ with one split.

    parts: the clips in order, some at a time, (n, T, height, width, 3); labels: the class of each, a number in names.
    The first seven of 25 groups are for testing, as there; the clips of a class go into all in turn. ClipError as
    `write_clip`.
    """
    folder, counts = Path(folder), [0] * len(names)
    classes = ["".join(word[:1].upper() + word[1:] for word in re.findall(r"\w+", name)) for name in names]
    lists = {"trainlist01.txt": [], "testlist01.txt": []}
    numbers = iter(labels)
    for pictures in parts:
        for clip in pictures:
            label = int(next(numbers))
            group, number = (7 + 11 * counts[label]) % 25 + 1, counts[label] // 25 + 1
            counts[label] += 1
            path = f"{classes[label]}/v_{classes[label]}_g{group:02}_c{number:02}{ending}"
            (folder / classes[label]).mkdir(parents=True, exist_ok=True)
            write_clip(folder / path, clip)
            if group <= 7:
                lists["testlist01.txt"].append(path)
            else:
                lists["trainlist01.txt"].append(f"{path} {label + 1}")
    (folder / "ucfTrainTestlist").mkdir(parents=True, exist_ok=True)
    lists["classInd.txt"] = [f"{number} {name}" for number, name in enumerate(classes, 1)]
    for name, lines in lists.items():
        (folder / "ucfTrainTestlist" / name).write_bytes("".join(f"{line}\n" for line in lines).encode())

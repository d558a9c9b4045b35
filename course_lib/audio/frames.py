"""Log-mel frames of many recordings, of which only those asked for are in the memory: kept on disk, or made anew.

    cache = FeatureCache(folder, LogMel(longest=256))
    places, problems = cache.add(paths)  # what cannot be read is named, and has no place
    frames = Kept(cache, places[places >= 0])

Both `Kept` and `Varied` go where `batching.sound_batches` wants a list of frames.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence

import numpy as np

from course_lib.audio import spectra
from course_lib.audio.sounds import SoundError, read_sound
from course_lib.errors import CourseError
from course_lib.features import FeatureCache


class LogMel:
    """A `features.Extractor` of recordings: each a row (longest, bands), log-mel and, behind its end, NaN.

    longest: frames, 10 ms each. A row takes 64 bytes a frame, however short the recording: choose it by the longest.
    `odd` names what was read although it is odd, when it was computed. CourseError if longest is below 1.
    """

    def __init__(self, longest: int):
        if longest < 1:
            raise CourseError(f"longest: expected 1 frame or more, got {longest}.")
        how = spectra.RATE, spectra.WINDOW, spectra.HOP, spectra.POINTS, spectra.QUIET
        self.identity = f"log-mel {how}, {longest} frames, 1"  # count on if log_mel changes
        self.shape: tuple[int, ...] = (longest, spectra.BANDS)
        self.odd: list[str] = []

    def decode(self, data: bytes, name: str) -> np.ndarray:
        """The bytes of a WAV file -> its row, float16. SoundError, naming it: as `read_sound`, or if it is too long."""
        samples, problems = read_sound(data, name=name)
        frames = spectra.log_mel(samples)
        if len(frames) > self.shape[0]:
            raise SoundError(f"{name} has {len(frames)} frames of 10 ms: expected {self.shape[0]} at most.")
        self.odd += problems
        row = np.full(self.shape, np.nan, np.float16)
        row[: len(frames)] = frames
        return row

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Rows as they are: there is no network."""
        return batch


class Kept(Sequence):
    """Frames of recordings from a cache of `LogMel`: item i is (T, bands), float32. places (N,): of `FeatureCache.add`.

    CourseError if a place is below 0: that recording could not be read.
    """

    def __init__(self, cache: FeatureCache, places: Sequence[int] | np.ndarray):
        self.rows, self.places = cache.rows, np.asarray(places, int)
        if len(self.places) and self.places.min() < 0:
            raise CourseError(f"recording {self.places.argmin()} has no place in the cache: leave it out.")

    def __len__(self):
        return len(self.places)

    def __getitem__(self, i):
        row = self.rows[self.places[i]]
        # A search, not a look at all: most of a row stays on disk.
        return row[: bisect_left(range(len(row)), True, key=lambda t: np.isnan(row[t, 0]))].astype(np.float32)


class Varied(Sequence):
    """Frames of recordings, made from their files each time they are asked for: item i is (T, bands), float32.

    vary(samples, rng): makes the frames, such as an `augment.Variation`; with a seed the same ones come in the same
    order. SoundError, when it is asked for, for a file that cannot be read.
    """

    def __init__(self, paths: Sequence, vary: Callable[[np.ndarray, np.random.Generator], np.ndarray], seed: int):
        self.paths, self.vary, self.rng = paths, vary, np.random.default_rng(seed)

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, i):
        return self.vary(read_sound(self.paths[i]).samples, self.rng)

"""Vectors of pictures kept on disk."""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from course_lib.errors import CourseError
from course_lib.files import locked
from course_lib.vision.backbones import Backbone
from course_lib.vision.images import ImageError, decode


def _key(source):
    """sha256 of a picture file or its bytes; None if it cannot be read."""
    try:
        return hashlib.sha256(source if isinstance(source, bytes) else Path(source).read_bytes()).hexdigest()
    except OSError:
        return None


class FeatureCache:
    """Grids of vectors on disk, keyed by the bytes of the picture and by the network.

    folder: holds one file of rows for each network. Rows are added, never changed; a run that was killed loses a batch.
    Reading is memory-mapped: a set larger than memory works.
    """

    def __init__(self, folder, backbone: Backbone, grid: bool = True):
        self.backbone, self.grid = backbone, grid
        self.shape = backbone.shape if grid else backbone.pool(np.zeros((1, *backbone.shape))).shape[1:]
        kept = "grid" if grid else backbone.pooling
        key = hashlib.sha256(f"{backbone.identity} {kept} {self.shape}".encode()).hexdigest()[:16]
        self.rows_file, self.index_file = (Path(folder) / f"{key}.{end}" for end in ("float16", "index"))
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.rows_file.touch()
            self.index_file.touch()
        except OSError as error:
            raise CourseError(f"features cannot be kept in {folder}: {error}. Name another folder.") from None
        self._row_bytes = 2 * int(np.prod(self.shape))
        self.reload()

    def reload(self) -> None:
        """Read the index again, after another process has added rows; mend what a kill has cut off."""
        hashes = self.index_file.read_text(encoding="ascii").split()
        whole = min(len(hashes), self.rows_file.stat().st_size // self._row_bytes)  # the rest was cut off by a kill
        self.index = {digest: row for row, digest in enumerate(hashes[:whole])}
        if whole < len(hashes) or self.rows_file.stat().st_size != whole * self._row_bytes:
            os.truncate(self.rows_file, whole * self._row_bytes)
            self.index_file.write_text("".join(f"{digest}\n" for digest in hashes[:whole]), encoding="ascii")

    @property
    def rows(self) -> np.ndarray:
        """All rows there are, memory-mapped: (N, rows, columns, C) or (N, C), float16."""
        if not self.index:
            return np.zeros((0, *self.shape), np.float16)
        return np.memmap(self.rows_file, np.float16, "r", shape=(len(self.index), *self.shape))

    def missing(self, sources: Sequence) -> list[int]:
        """The numbers of the pictures (paths or bytes) whose vectors are not there; what cannot be read is one."""
        return [i for i, source in enumerate(sources) if _key(source) not in self.index]

    def add(
        self, sources: Sequence, batch_size: int = 32, watch: Callable[[Iterable], Iterable] = iter
    ) -> tuple[np.ndarray, list[str]]:
        """Make sure of all pictures (paths or bytes) -> the row of each (N,), -1 if there is none, and what is wrong.

        What is there already is not computed again. watch: wraps the batches, for a progress bar.
        """
        places, problems = np.full(len(sources), -1), []

        def load(i):
            try:
                data = sources[i] if isinstance(sources[i], bytes) else Path(sources[i]).read_bytes()
                digest = _key(data)
                name = f"picture {i}" if isinstance(sources[i], bytes) else str(sources[i])
                known = digest in self.index
                return i, digest, None if known else decode(data, self.backbone.size, name), None
            except OSError as error:
                return i, None, None, f"{sources[i]}: {error.strerror or error}."
            except ImageError as error:
                return i, None, None, str(error)

        starts = list(range(0, len(sources), batch_size))
        with locked(self.index_file.with_suffix(".lock")), ThreadPoolExecutor(2) as pool:
            self.reload()
            waiting = []  # two batches are decoded while one is computed
            for number in watch(range(len(starts))):
                while len(waiting) < 3 and number + len(waiting) < len(starts):
                    start = starts[number + len(waiting)]
                    waiting.append([pool.submit(load, i) for i in range(start, min(start + batch_size, len(sources)))])
                loaded = [task.result() for task in waiting.pop(0)]
                self._compute({d: new for _, d, new, _ in loaded if new is not None and d not in self.index})
                for i, digest, _, problem in loaded:
                    if problem:
                        problems.append(problem)
                    else:
                        places[i] = self.index[digest]
        return places, problems

    def _compute(self, pictures):
        """Vectors of new pictures {digest: (size, size, 3)}, written at once."""
        if not pictures:
            return
        grid = self.backbone(np.stack(list(pictures.values())))
        rows = grid if self.grid else self.backbone.pool(grid)
        with open(self.rows_file, "ab") as file:
            file.write(rows.astype(np.float16).tobytes())
        with open(self.index_file, "a", encoding="ascii") as file:
            file.write("".join(f"{digest}\n" for digest in pictures))
        for digest in pictures:
            self.index[digest] = len(self.index)

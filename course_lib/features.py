"""Rows of numbers that a network makes of files (pictures, frames, sounds), computed once and kept on disk."""

import contextlib
import hashlib
import json
import math
import os
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np

from course_lib.errors import CourseError
from course_lib.files import CannotWrite, locked, write_atomically

WORKERS = min(os.cpu_count() or 1, 4)  # batches under way at the same time, each in the memory


class Extractor(Protocol):
    """A network and how it wants its input. Its cache asks for `shape` and calls it only where a row is missing."""

    identity: str  # changes with anything that changes the rows
    shape: tuple[int, ...]  # of a row

    def decode(self, data: bytes, name: str) -> np.ndarray:
        """The bytes of a file as the network reads it; CourseError, with the name, for what cannot be read."""

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """What was decoded (B, ...) -> rows (B, *shape)."""


class FeatureCache:
    """Rows of float16 on disk, known by the extractor's identity and by the bytes of each file.

    folder: holds two files for each extractor. Rows are added, never changed; a run that was killed loses a batch.
    Reading is memory-mapped: a set larger than memory works, and a folder that cannot be written does, too. CourseError
    if there can be no such folder.
    """

    def __init__(self, folder, extractor: Extractor):
        self.folder, self.extractor = Path(folder), extractor
        key = hashlib.sha256(extractor.identity.encode()).hexdigest()[:16]
        self.rows_file, self.index_file = (self.folder / f"{key}.{end}" for end in ("float16", "index"))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._cannot_be_kept(error) from None
        self._read()

    def _cannot_be_kept(self, error):
        return CourseError(f"features cannot be kept in {self.folder}: {error}. Name another folder.")

    def _read(self) -> bool:
        """Read the index, which another process may have added to -> whether both files end alike.

        Its first line says what the rows are; then comes the sha256 of the file of each row.
        """
        self.shape: tuple[int, ...] | None = None
        self.index: dict[str, int] = {}
        if not self.index_file.is_file():
            return True
        head, *digests = self.index_file.read_text(encoding="utf-8").splitlines()
        self.shape = tuple(json.loads(head)["shape"])
        row_bytes = 2 * math.prod(self.shape)
        size = self.rows_file.stat().st_size if self.rows_file.is_file() else 0
        self.index = {digest: row for row, digest in enumerate(digests[: size // row_bytes]) if len(digest) == 64}
        return size == len(digests) * row_bytes == len(self.index) * row_bytes

    def _mend(self) -> None:
        """Take away what a kill has left half written; only whoever holds the lock may."""
        try:
            head = self.index_file.read_text(encoding="utf-8").splitlines()[0]
            with open(self.rows_file, "ab") as file:
                file.truncate(len(self.index) * 2 * math.prod(json.loads(head)["shape"]))
            write_atomically(self.index_file, "".join(f"{line}\n" for line in (head, *self.index)))
        except OSError as error:
            raise self._cannot_be_kept(error) from None

    @property
    def rows(self) -> np.ndarray:
        """All rows there are, memory-mapped: (N, *shape), float16."""
        if not self.index or self.shape is None:
            return np.zeros((0, *(self.shape or self.extractor.shape)), np.float16)
        return np.memmap(self.rows_file, np.float16, "r", shape=(len(self.index), *self.shape))

    def add(
        self, sources: Sequence, batch_size: int = 32, watch: Callable[[Iterable], Iterable] = iter
    ) -> tuple[np.ndarray, list[str]]:
        """Make sure of all files (paths or bytes) -> the row of each (N,), -1 if there is none, and what is wrong.

        Each is opened and hashed once; only what is not there yet is decoded and computed, several batches side by
        side. watch: wraps the batches, for a progress bar. CourseError if a row is missing and the folder is read-only.
        """
        places, problems = np.full(len(sources), -1), []

        def load(i):
            """-> sha256, what was decoded (None: the row is there), the problem."""
            name = f"file {i}" if isinstance(sources[i], bytes) else str(sources[i])
            try:
                data = sources[i] if isinstance(sources[i], bytes) else Path(sources[i]).read_bytes()
                digest = hashlib.sha256(data).hexdigest()
                return digest, None if digest in self.index else self.extractor.decode(data, name), None
            except OSError as error:
                return None, None, f"{name}: {error.strerror or error}."
            except CourseError as error:
                return None, None, str(error)

        def compute(start):
            """-> what was loaded, {sha256: new row}."""
            loaded = [load(i) for i in range(start, min(start + batch_size, len(sources)))]
            new = {digest: decoded for digest, decoded, _ in loaded if decoded is not None}
            return loaded, dict(zip(new, self.extractor(np.stack(list(new.values()))), strict=True)) if new else {}

        with contextlib.ExitStack() as held:
            try:
                held.enter_context(locked(self.index_file.with_suffix(".lock")))
                self._refused = None
            except CannotWrite as error:  # a folder to read from: nobody writes
                self._refused = error
            if not self._read() and not self._refused:
                self._mend()
            pool = held.enter_context(ThreadPoolExecutor(WORKERS))
            starts, waiting = iter(range(0, len(sources), batch_size)), deque()
            for number in watch(range(-(-len(sources) // batch_size))):
                while len(waiting) <= WORKERS and (start := next(starts, None)) is not None:
                    waiting.append(pool.submit(compute, start))
                loaded, new = waiting.popleft().result()
                self._write({digest: row for digest, row in new.items() if digest not in self.index})
                for i, (digest, _, problem) in enumerate(loaded, number * batch_size):
                    if problem:
                        problems.append(problem)
                    else:
                        places[i] = self.index[digest]
        return places, problems

    def _write(self, new: dict[str, np.ndarray]) -> None:
        """Rows of new files, at once."""
        if not new:
            return
        rows = np.stack(list(new.values())).astype(np.float16)
        if self._refused:
            raise self._cannot_be_kept(self._refused)
        try:
            if self.shape is None:
                self.rows_file.unlink(missing_ok=True)  # rows whose index is gone
                self.shape = rows.shape[1:]
                head = {"extractor": self.extractor.identity, "shape": self.shape}
                write_atomically(self.index_file, json.dumps(head) + "\n")
            with open(self.rows_file, "ab") as file:
                file.write(rows.tobytes())
            with open(self.index_file, "a", encoding="utf-8") as file:
                file.write("".join(f"{digest}\n" for digest in new))
        except OSError as error:
            raise self._cannot_be_kept(error) from None
        for digest in new:
            self.index[digest] = len(self.index)

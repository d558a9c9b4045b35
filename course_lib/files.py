"""Files that several processes write: one at a time, and whole or not at all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from course_lib.errors import CourseError


class CannotWrite(CourseError):
    """Nothing can be written in a folder."""


@contextlib.contextmanager
def locked(path: Path, refusal: str | None = None) -> Iterator[None]:
    """Holds a lock on the file `path`, which is made and taken away again; a kill releases it, too.

    Waits for who holds it, or raises CourseError(refusal). CannotWrite if nothing can be written there, CourseError if
    nothing can be locked.
    """
    import portalocker

    flags = portalocker.LOCK_EX | (portalocker.LOCK_NB if refusal else 0)
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = open(path, "a", encoding="ascii")  # noqa: SIM115 - closed below
        except OSError as error:
            raise CannotWrite(f"cannot write to {path.parent} ({error.strerror}): give another folder.") from None
        with file:
            try:
                portalocker.lock(file, flags)
            except portalocker.AlreadyLocked:
                if refusal:
                    raise CourseError(refusal) from None
                continue  # Windows itself waits ten seconds, not longer
            except portalocker.LockException as error:
                raise CourseError(f"cannot lock {path} ({error.strerror}): give a folder on another disk.") from None
            if not _is_there(path, file):  # who held it has taken it away while this one waited
                continue
            try:
                yield
            finally:
                if os.name == "nt":  # an open file cannot be taken away there
                    file.close()
                with contextlib.suppress(OSError):  # nor one that another waits for: that one takes it away
                    path.unlink()
            return


def _is_there(path, file):
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: what stood there stays until the new one is complete. OSError if it cannot."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise

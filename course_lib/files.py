"""Files that several processes write: one at a time, and whole or not at all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds a lock on the file `path`, which is made; waits for who holds it. A kill releases it."""
    import portalocker

    with open(path, "a", encoding="ascii") as file:
        portalocker.lock(file, portalocker.LOCK_EX)
        yield  # closing the file releases it


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: what stood there stays until the new one is complete. OSError if it cannot."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise

"""One process at a time: two notebooks that fill the same folder wait for each other."""

import contextlib
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds a lock on the file `path`, which is made; waits for who holds it. A kill releases it."""
    import portalocker

    with open(path, "a", encoding="ascii") as file:
        portalocker.lock(file, portalocker.LOCK_EX)
        yield  # closing the file releases it

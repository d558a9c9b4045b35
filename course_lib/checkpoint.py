"""A training run in a folder, saved as a whole or not at all: it goes on after an interruption, even a kill.

(Not a power cut: nothing here waits for the disk.)
"""

import contextlib
import json
import signal
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.files import locked, write_atomically


class Checkpoint:
    """Where a run stands: `state`, a dictionary that JSON can hold, and a model with its optimizer.

    `Checkpoint.read` for one who wants what was trained; `Checkpoint.open` for one who trains.
    """

    def __init__(self, folder: Path, state: dict):
        self.folder, self.state = Path(folder), state

    @classmethod
    def read(cls, folder: Path) -> "Checkpoint":
        """What was saved in a folder; nothing is written. CourseError if there is nothing, or it is damaged."""
        if not (Path(folder) / "state.json").is_file():
            raise CourseError(f"there is no trained network in {folder}: train one, or say where with --out.")
        try:
            return cls(folder, json.loads((Path(folder) / "state.json").read_text(encoding="utf-8")))
        except ValueError:
            raise CourseError(
                f"{folder}/state.json cannot be read: it was damaged. Begin anew with --restart."
            ) from None

    @classmethod
    @contextlib.contextmanager
    def open(cls, folder: Path, identity: dict, restart: bool = False) -> Iterator["Checkpoint"]:
        """The run in a folder, to go on with, or a new one; other processes are refused until it is left.

        identity: what makes it the same run (settings, sha256 of the text). CourseError if the folder cannot be
        written, if another process trains in it, or if it holds another run and `restart` does not say to write over
        it.
        """
        refusal = f"another process trains in {folder}: wait for it, or give another folder with --out."
        with locked(Path(folder) / ".lock", refusal):
            if restart or not (Path(folder) / "state.json").is_file():
                yield cls(folder, dict(identity))
                return
            saved = cls.read(folder)
            if differ := [key for key, value in identity.items() if saved.state.get(key) != value]:
                raise CourseError(
                    f"{folder} holds another run ({', '.join(differ)} differs): give another folder with --out, or "
                    "--restart to write over it."
                )
            yield saved

    def model(self):
        """The model that was saved, its optimizer with it, or None at the beginning."""
        import course_lib.layers  # and with it, cells
        import course_lib.training  # noqa: F401 - Keras finds the course's own classes once they are imported
        from course_lib.backend import keras  # only now: a wrong folder is refused at once

        name = self.state.get("model")
        return keras.models.load_model(self.folder / name) if name else None

    def save(self, model) -> None:
        """Keep the state and the model. state.json is replaced last and names its model, so both always fit.

        CourseError if there is no room for them; what was saved before is kept.
        """
        saves = self.state.get("saves", 0) + 1
        while (self.folder / f"save-{saves}.keras").exists():  # of the run that --restart writes over
            saves += 1
        name = f"save-{saves}.keras"  # a new name each time: the last one stays whole until state.json names this
        try:
            model.save(self.folder / name)
            state = self.state | {"model": name, "saves": saves}
            write_atomically(self.folder / "state.json", json.dumps(state, indent=1))
        except OSError as error:
            (self.folder / name).unlink(missing_ok=True)
            raise CourseError(
                f"cannot save to {self.folder} ({error.strerror or error}): make room there and give the same command "
                "again. What was saved before is kept."
            ) from None
        self.state |= {"model": name, "saves": saves}
        for other in (*self.folder.glob("save-*.keras"), *self.folder.glob("*.tmp")):
            if other.name != name:  # the one before, and what a kill left half written
                other.unlink(missing_ok=True)


@contextlib.contextmanager
def stoppable(batches: Iterable):
    """The same batches: after Ctrl-C, asking for the next one raises KeyboardInterrupt; at the latest, leaving does.

    So it is not raised inside TensorFlow, which now and then swallows it or ends with an error of its own. Whoever
    presses it twice stops at once.
    """
    asked = told = 0

    def ask(*_):
        nonlocal asked, told
        asked += 1
        if asked > 1:
            told = asked
            raise KeyboardInterrupt

    def tell():
        nonlocal told
        if asked > told:
            told = asked
            raise KeyboardInterrupt

    def until_asked():
        for batch in batches:
            tell()
            yield batch

    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # as in a process that another one started
    if ignored or threading.current_thread() is not threading.main_thread():  # only there can it be asked
        yield batches
        return
    before = signal.signal(signal.SIGINT, ask)
    try:
        yield until_asked()
    finally:
        signal.signal(signal.SIGINT, before)
    tell()

"""A training run in a folder, saved as a whole or not at all: it goes on after an interruption, even a kill.

(Not a power cut: nothing here waits for the disk.)
"""

import contextlib
import json
import signal
import threading
from collections.abc import Iterable
from pathlib import Path

from course_lib.errors import CourseError


class Checkpoint:
    """Where a run stands: `state`, a dictionary that JSON can hold, and a model with its optimizer."""

    def __init__(self, folder: Path, identity: dict, restart: bool = False):
        """Read what is in the folder, if anything. identity: what makes it the same run (settings, sha256 of the text).

        CourseError if the folder cannot be written, or holds another run and `restart` does not say to write over it.
        """
        self.folder, self.state = Path(folder), dict(identity)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "write_test").touch()
            (self.folder / "write_test").unlink()
        except OSError as error:
            raise CourseError(f"cannot write to {folder} ({error.strerror}): give another folder with --out.") from None
        if (self.folder / "state.json").is_file() and not restart:
            try:
                saved = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
            except ValueError:
                raise CourseError(
                    f"{folder}/state.json cannot be read: it was damaged. Begin anew with --restart."
                ) from None
            differ = [key for key, value in identity.items() if saved.get(key) != value]
            if differ:
                raise CourseError(
                    f"{folder} holds another run ({', '.join(differ)} differs): give another folder with --out, or "
                    "--restart to write over it."
                )
            self.state = saved

    def model(self):
        """The model that was saved, its optimizer with it, or None at the beginning."""
        import course_lib.layers  # and with it, cells
        import course_lib.training  # noqa: F401 - Keras finds the course's own classes once they are imported
        from course_lib.backend import keras  # only now: a wrong folder is refused at once

        name = self.state.get("model")
        return keras.models.load_model(self.folder / name) if name else None

    def save(self, model) -> None:
        """Keep the state and the model. state.json is replaced last and names its model, so both always fit."""
        saves = self.state.get("saves", 0) + 1
        name = f"save-{saves}.keras"  # a new name each time: the last one stays whole until state.json names this
        temporary = self.folder / "state.tmp"
        try:
            model.save(self.folder / name)
            state = self.state | {"model": name, "saves": saves}
            temporary.write_text(json.dumps(state, indent=1), encoding="utf-8")
            temporary.replace(self.folder / "state.json")
        except OSError as error:
            (self.folder / name).unlink(missing_ok=True)
            raise CourseError(
                f"cannot save to {self.folder} ({error.strerror or error}): make room there and give the same command "
                "again. What was saved before is kept."
            ) from None
        self.state |= {"model": name, "saves": saves}
        for other in self.folder.glob("save-*.keras"):  # the one before, and any that a kill left half written
            if other.name != name:
                other.unlink(missing_ok=True)


@contextlib.contextmanager
def stoppable(batches: Iterable):
    """The same batches: after Ctrl-C, asking for the next one raises KeyboardInterrupt.

    So it is not raised inside TensorFlow, which now and then swallows it or ends with an error of its own. Whoever
    presses it twice stops at once.
    """
    asked = []

    def ask(*_):
        asked.append(True)
        if len(asked) > 1:
            raise KeyboardInterrupt

    def until_asked():
        for batch in batches:
            if asked:
                raise KeyboardInterrupt
            yield batch

    if threading.current_thread() is not threading.main_thread():  # only there can it be asked
        yield batches
        return
    before = signal.signal(signal.SIGINT, ask)
    try:
        yield until_asked()
    finally:
        signal.signal(signal.SIGINT, before)

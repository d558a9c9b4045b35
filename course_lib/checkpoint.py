"""A training run in a folder, saved as a whole or not at all: it goes on after an interruption, even a kill."""

import json
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
            saved = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
            differ = [key for key, value in identity.items() if saved.get(key) != value]
            if differ:
                raise CourseError(
                    f"{folder} holds another run ({', '.join(differ)} differs): give another folder with --out, or "
                    "--restart to write over it."
                )
            self.state = saved

    def model(self):
        """The model that was saved, its optimizer with it, or None at the beginning."""
        from course_lib.quiet import keras  # only now: a wrong folder is refused at once

        name = self.state.get("model")
        return keras.models.load_model(self.folder / name) if name else None

    def save(self, model, step: int) -> None:
        """Keep the state and the model. state.json is replaced last and names its model, so both always fit."""
        old, name = self.state.get("model"), f"step-{step}.keras"
        temporary = self.folder / "state.tmp"
        try:
            model.save(self.folder / name)
            temporary.write_text(json.dumps(self.state | {"model": name}, indent=1), encoding="utf-8")
            temporary.replace(self.folder / "state.json")
        except OSError as error:
            if old != name:
                (self.folder / name).unlink(missing_ok=True)
            raise CourseError(
                f"cannot save to {self.folder} ({error.strerror or error}): make room there and give the same command "
                "again. What was saved before is kept."
            ) from None
        self.state["model"] = name
        for other in self.folder.glob("step-*.keras"):  # the one before, and any that a kill left half written
            if other.name != name:
                other.unlink(missing_ok=True)

"""Pictures of where a captioner looked for each word, as files."""

import itertools
import tempfile
from pathlib import Path

from course_lib.errors import CourseError

PIXELS = 320  # the longer side of a photograph


def writable(folder: Path) -> Path:
    """The folder, there now; CourseError if nothing can be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise CourseError(f"--maps: cannot write to {folder} ({error.strerror}): give another folder.") from None


def map_files(folder: Path, photos: list[Path]) -> list[Path]:
    """A file for the map of each photograph, no two alike, and none of the photographs."""
    taken, files = {str(photo.resolve()).lower() for photo in photos}, []
    for photo in photos:
        names = (f"{photo.stem}{'' if i == 1 else f'-{i}'}.png" for i in itertools.count(1))
        files.append(next(folder / name for name in names if str((folder / name).resolve()).lower() not in taken))
        taken.add(str(files[-1].resolve()).lower())
    return files


def draw_map(file: Path, image, words: list[str], weights) -> None:
    """Where it looked on an image for each word, up to six side by side: weights (J, rows, columns)."""
    from matplotlib.figure import Figure

    from course_lib import plotting
    from course_lib.vision.images import resized

    width, height = (max(round(PIXELS * side / max(image.size)), 1) for side in image.size)
    columns = min(6, len(words))
    rows = -(-len(words) // columns)
    figure = Figure((2 * columns, rows * (2 * height / width + 0.4)), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    plotting.attention_maps(axes, resized(image, width, height), words, weights)
    try:
        figure.savefig(file, dpi=120)
    except OSError as error:
        raise CourseError(f"--maps: cannot write {file} ({error.strerror}): give another folder.") from None

"""What a trained captioner says of any photographs, and where it looked."""

import itertools
import sys
import tempfile
from pathlib import Path

import numpy as np

from course_lib.errors import CourseError
from experiments.captioning.data import extractor_of
from experiments.captioning.model import load
from experiments.captioning.recipe import Recipe

AT_A_TIME = 32  # photographs in the memory
PIXELS = 320  # the longer side of a photograph in a map


def caption(recipe: Recipe, photos: list[Path], out: Path, beam: int, maps: Path | None) -> None:
    """Print a caption of each photograph, which is opened and decoded once. maps: a folder for where it looked."""
    from course_lib.decoding import CaptionGenerator
    from course_lib.vision.images import ImageError, open_image, resized

    trained = load(recipe, out)
    if maps and not trained.recipe.attention:
        raise CourseError(
            f"--maps: the captioner with conditioning {recipe.conditioning!r} does not look at regions: train one with "
            "--attention after."
        )
    files = iter(map_files(maps, photos) if maps else [None] * len(photos))
    extractor, generate = extractor_of(trained.recipe), CaptionGenerator(trained.model, trained.vocabulary)
    trained.check(extractor)
    size = extractor.size
    for start in range(0, len(photos), AT_A_TIME):
        images = []  # the path, the picture, the file of its map
        for photo, file in zip(photos[start : start + AT_A_TIME], files, strict=False):
            try:
                images.append((photo, open_image(photo, size), file))
            except ImageError as error:
                print(error, file=sys.stderr)
        if not images:
            continue
        vectors = extractor(np.stack([resized(image, size, size) for _, image, _ in images]))
        for (photo, image, file), best in zip(images, generate(vectors, beam, trained.recipe.alpha), strict=True):
            print(f"{photo}: {' '.join(best.words)}", flush=True)
            if file and best.words:
                weights = best.weights[: len(best.words)]  # the row behind them is that of <eos>
                draw_map(file, image, best.words, weights.reshape(-1, *vectors.shape[1:3]))


def map_files(folder: Path, photos: list[Path]) -> list[Path]:
    """A file for the map of each photograph, no two alike, and none of the photographs.

    CourseError if nothing can be written into the folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CourseError(f"--maps: cannot write to {folder} ({error.strerror}): give another folder.") from None
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

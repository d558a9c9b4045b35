"""What a trained captioner says of any photographs, and where it looked."""

import sys
from pathlib import Path

import numpy as np

from course_lib.errors import CourseError
from experiments.captioning.data import extractor_of
from experiments.captioning.maps import draw_map, map_files, writable
from experiments.captioning.model import load
from experiments.captioning.recipe import Recipe

AT_A_TIME = 32  # photographs in the memory


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
    files = iter(map_files(writable(maps), photos) if maps else [None] * len(photos))
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

"""How fast photographs become vectors, and vectors captions.

    python -m benchmarks.vision        about three minutes; writes benchmarks/vision.csv

Photographs: MobileNetV2 at 224 pixels, the bare Keras model on pictures decoded beforehand, against the feature cache,
which reads JPEG files, decodes, computes and writes; they take turns. Captions: beam 5, 1,000 pictures, a captioner of
the Flickr8k experiment's size with random weights, so that hardly a caption ends before the longest.
"""

import os

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(os.cpu_count()))  # convolutions use all cores
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from course_lib import machine, tables
from experiments.common import provenance
from experiments.common.command_line import CommandLine

PHOTOS, BATCH, REPEATS = 512, 32, 5
RESULTS = Path(__file__).with_name("vision.csv")


def photographs(folder: Path) -> list[Path]:
    """Noise that was made smooth, as JPEG files of 224 x 224 pixels."""
    from PIL import Image

    rng = np.random.default_rng(0)
    paths = [folder / f"{i}.jpg" for i in range(PHOTOS)]
    for path in paths:
        small = Image.fromarray(rng.integers(0, 256, (28, 28, 3), dtype=np.uint8))
        small.resize((224, 224), Image.BICUBIC).save(path, quality=90)
    return paths


def measure() -> None:
    """Measure and store."""
    from course_lib import training
    from course_lib.decoding import CaptionGenerator
    from course_lib.features import FeatureCache
    from course_lib.models.captioner import captioner
    from course_lib.text import Vocabulary
    from course_lib.vision import images
    from course_lib.vision.backbones import pretrained

    print(f"{REPEATS} repeats{machine.about('benchmarks.vision')}.", flush=True)
    backbone = pretrained(weights=None)
    rows = []
    with tempfile.TemporaryDirectory() as home:
        paths = photographs(Path(home))
        decoded = np.stack([images.decode(path, 224) for path in paths])
        for part in (decoded[:BATCH], decoded[:BATCH]):
            backbone(part)  # traced
        for repeat in range(REPEATS):
            begun = time.perf_counter()
            for start in range(0, PHOTOS, BATCH):
                backbone.grid.predict_on_batch(decoded[start : start + BATCH].astype(np.float32))
            rows.append(("bare model, pictures/s", repeat, PHOTOS / (time.perf_counter() - begun)))
            cache = FeatureCache(Path(home) / f"features-{repeat}", backbone)
            begun = time.perf_counter()
            cache.add(paths, BATCH)
            rows.append(("files to cache, pictures/s", repeat, PHOTOS / (time.perf_counter() - begun)))
    training.set_seed(0)
    vocabulary = Vocabulary(f"word{i}" for i in range(2500))
    model = captioner((1280,), len(vocabulary), width=256, embedding=256, units=512)
    describe, seen = CaptionGenerator(model, vocabulary), np.random.default_rng(0).random((1000, 1280))
    describe(seen[:100], beam=5)
    for repeat in range(REPEATS):
        begun = time.perf_counter()
        describe(seen, beam=5)
        rows.append(("beam 5, seconds for 1,000 pictures", repeat, time.perf_counter() - begun))
    names = "what", "repeat", "value"
    table = [dict(zip(names, (*row[:2], round(row[2], 2)), strict=True)) for row in rows]
    tables.write(RESULTS, table, names)
    provenance.record(RESULTS, "benchmarks.vision:measure", len(table))
    for what in dict.fromkeys(row["what"] for row in table):
        print(what, np.median([row["value"] for row in table if row["what"] == what]))


main = CommandLine(__doc__, measure).run

if __name__ == "__main__":
    sys.exit(main())

"""Captions of scenes, compared: the CNN, the memory, where the picture enters; five seeds each. Lesson 08's table.

    python -m experiments.captions        about forty minutes; writes experiments/results/captions.csv

A row is one run: the share of captions that are correct (all they say is true, and two of the things are named, or the
only one), BLEU-4 and CIDEr against five true captions, on 500 scenes that were not seen. It may be stopped and goes on.
"""

import io
import sys
import time
from collections.abc import Iterable
from functools import cache, partial
from pathlib import Path

import numpy as np

from course_lib import batching, metrics, results
from course_lib.datasets.captions import caption_words
from course_lib.datasets.fetch import cache_folder
from course_lib.files import write_atomically
from course_lib.text import Vocabulary, detokenize, to_rows, tokenize
from course_lib.worlds.scenes import SceneWorld
from experiments.common.command_line import CommandLine
from experiments.common.runs import fill

TABLE = results.FOLDERS[0] / "captions.csv"
SEEDS = range(5)
TEST, STEPS, BATCH, RATE, UNITS, WIDTH = 500, 1800, 64, 8e-3, 96, 192
BEST = "initial state and output"
WAYS = BEST, "every input", "initial state", "first input"
CASES = [  # CNN, memory, conditioning
    *(("pretrained", cell, way) for cell in ("lstm", "rnn") for way in WAYS),
    ("random", "lstm", BEST),
]
KEYS = [(*case, seed) for seed in SEEDS for case in CASES]
COLUMNS = ["cnn", "cell", "conditioning", "seed", "correct", "bleu_4", "cider", "nats", "parameters", "train_seconds"]


def random_file(backbone) -> Path:
    """Where the vectors of a random CNN are kept: another CNN or other pictures, another file."""
    return cache_folder() / f"random_cnn_{SceneWorld().drawing}_{backbone.identity.split()[-1]}.npy"


def random_cnn(seed: int):
    """A CNN nobody has trained."""
    from course_lib import training
    from course_lib.vision.small_cnn import small_cnn

    training.set_seed(seed)
    return small_cnn(weights=None)


def look_with_random_cnns(seeds: Iterable[int] = SEEDS) -> None:
    """The vectors of the scenes with each seed's random CNN; the pictures are drawn once."""
    from course_lib.vision.small_cnn import look_at_scenes

    backbones = [random_cnn(seed) for seed in seeds]
    if not all(random_file(backbone).is_file() for backbone in backbones):
        cache_folder().mkdir(parents=True, exist_ok=True)
        seen = look_at_scenes(SceneWorld(), [backbone.pooled for backbone in backbones])
        for backbone, vectors in zip(backbones, seen, strict=True):
            content = io.BytesIO()
            np.save(content, vectors)
            write_atomically(random_file(backbone), content.getvalue())


@cache
def told(grids: bool = False):
    """The world, what the CNN has seen of the scenes to learn from, as grids or as vectors, and their captions."""
    from course_lib.vision.small_cnn import scene_grids, scene_vectors

    world = SceneWorld()
    scenes, seen = (scene_grids if grids else scene_vectors)(world)
    return world, seen, [[tokenize(caption) for caption in world.captions(scene, 3)] for scene in scenes]


def learn(seen, said, captions_per_image: int, seed: int, batch=BATCH, steps=STEPS, **settings):
    """Train a captioner on what a CNN has seen of pictures, and what was said of them.

    -> the captioner, its vocabulary, its losses, the seconds it took.
    """
    from course_lib import training
    from course_lib.models.captioner import captioner

    vocabulary = Vocabulary.from_texts(words for given in said for words in given)
    places = np.repeat(np.arange(len(said)), [len(given) for given in said])
    rows = to_rows([words for given in said for words in given], vocabulary)
    training.set_seed(seed)
    model = captioner(seen.shape[1:], len(vocabulary), **{"width": WIDTH, "embedding": 64, "units": UNITS} | settings)
    training.compile_for_training(model, steps, RATE, optimizer="muon")
    begun = time.monotonic()
    losses = training.fit(model, batching.caption_batches(seen, places, rows, batch, seed, captions_per_image), steps)
    return model, vocabulary, losses, time.monotonic() - begun


def run(cnn: str, cell: str, conditioning: str, seed: int) -> dict:
    """Train one captioner, and judge it."""
    from course_lib.decoding import CaptionGenerator
    from course_lib.vision.small_cnn import small_cnn

    world, seen, said = told()
    scenes = world.sample(TEST, 1000 + seed)
    backbone = small_cnn() if cnn == "pretrained" else random_cnn(seed)
    new = backbone.pooled(np.stack([world.draw(scene)[0] for scene in scenes]))
    if cnn == "random":  # its numbers hardly differ from picture to picture: each to mean 0 and spread 1
        look_with_random_cnns([seed])  # if nobody has yet
        seen = np.load(random_file(backbone))
        mean, spread = seen.mean(axis=0), seen.std(axis=0) + 1e-8
        seen, new = (seen - mean) / spread, (new - mean) / spread
    model, vocabulary, losses, seconds = learn(seen, said, 1, seed, conditioning=conditioning, cell=cell, maxout=256)
    found = [detokenize(best.words) for best in CaptionGenerator(model, vocabulary)(new, beam=5, alpha=0)]
    correct = [world.accepts(scene, caption) for scene, caption in zip(scenes, found, strict=True)]
    found = [caption_words(caption) for caption in found]
    true = [[caption_words(caption) for caption in world.captions(scene)] for scene in scenes]
    return {
        "correct": round(float(np.mean(correct)), 4),
        "bleu_4": round(metrics.caption_bleu(found, true)["BLEU-4"], 2),
        "cider": round(float(metrics.cider(found, true)), 3),
        "nats": round(float(losses[-1]), 4), "parameters": model.count_params(), "train_seconds": round(seconds, 1),
    }  # fmt: skip


fills = partial(fill, keys=KEYS, columns=COLUMNS, run=run, prepare=look_with_random_cnns)
main = CommandLine(__doc__, fills).results(TABLE).run

if __name__ == "__main__":
    sys.exit(main())

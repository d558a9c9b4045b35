"""Captions of scenes, compared: the CNN, the memory, where the picture enters; five seeds each. Lesson 08's table.

    python -m experiments.captions        about half an hour; writes experiments/results/captions.csv

A row is one run: the share of captions that are correct (all they say is true, and two of the things are named, or the
only one), BLEU-4 and CIDEr against five true captions, on 400 scenes that were not seen. It may be stopped and goes on.
"""

import sys
import time
from pathlib import Path

import numpy as np

from course_lib import metrics, results
from course_lib.datasets.captions import read_folder
from course_lib.datasets.fetch import cache_folder
from course_lib.text import Vocabulary, to_rows
from course_lib.worlds.scenes import SceneWorld
from experiments.jobs import work_through

RESULT = results.FOLDERS[0] / "captions.csv"
SEEDS = range(5)
TRAIN, TEST, STEPS, BATCH = 4000, 400, 1200, 64
CASES = [  # CNN, memory, way
    ("pretrained", "lstm", "start"),
    ("pretrained", "lstm", "first input"),
    ("pretrained", "lstm", "each step"),
    ("pretrained", "rnn", "start"),
    ("pretrained", "rnn", "each step"),
    ("random", "lstm", "start"),
    ("random", "lstm", "each step"),
]
COLUMNS = ["cnn", "cell", "way", "seed", "correct", "bleu_4", "cider", "nats", "parameters", "train_seconds"]


def scenes(world: SceneWorld, seed: int):
    """Scenes to learn from and to test on, as drawn files -> (folder of the set, {"train": scenes, "test": scenes})."""
    splits = {"train": world.sample(TRAIN, seed), "test": world.sample(TEST, 1000 + seed)}
    folder = cache_folder() / f"scenes-{seed}"
    world.write(folder, splits)
    return folder, splits


def run(cnn: str, cell: str, way: str, seed: int) -> dict:
    """Train one captioner, and judge it."""
    from course_lib import training, vision
    from course_lib.decoding import Describer
    from course_lib.models.captioner import captioner

    world = SceneWorld()
    folder, splits = scenes(world, seed)
    read = read_folder(folder)
    training.set_seed(seed)
    backbone = vision.small_cnn("shipped" if cnn == "pretrained" else None)
    cache = vision.FeatureCache(cache_folder() / "features", backbone, grid=False)
    seen = {}
    for split in splits:
        places, _ = cache.add([read.path(name) for name in read.splits[split]])
        seen[split] = np.asarray(cache.rows[places], np.float32)
    said = {split: [[c.split() for c in read.captions[name]] for name in read.splits[split]] for split in splits}
    vocabulary = Vocabulary.from_texts(words for given in said["train"] for words in given)
    places = np.repeat(np.arange(TRAIN), [len(given) for given in said["train"]])
    rows = to_rows([words for given in said["train"] for words in given], vocabulary)
    model = captioner(seen["train"].shape[1:], len(vocabulary), way, width=256, embedding=128, units=256, cell=cell)
    training.compile_for_training(model, STEPS, 5e-3, optimizer="muon")
    begun = time.monotonic()
    losses = training.fit(model, vision.caption_batches(seen["train"], places, rows, BATCH, seed), STEPS)
    seconds = time.monotonic() - begun
    found = [best.words for best in Describer(model, vocabulary)(seen["test"], beam=3)]
    correct = [world.accepts(scene, " ".join(words)) for scene, words in zip(splits["test"], found, strict=True)]
    return {
        "correct": round(float(np.mean(correct)), 4),
        "bleu_4": round(metrics.caption_bleu(found, said["test"])["BLEU-4"], 2),
        "cider": round(metrics.cider(found, said["test"]), 3),
        "nats": round(float(losses[-1]), 4), "parameters": model.count_params(), "train_seconds": round(seconds, 1),
    }  # fmt: skip


if __name__ == "__main__":
    jobs = [(*case, seed) for seed in SEEDS for case in CASES]
    sys.exit(work_through(jobs, run, Path(RESULT), COLUMNS))

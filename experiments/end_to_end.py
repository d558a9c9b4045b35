"""The CNN and the captioner of lesson 08, trained together; beside them the captioner alone, its CNN as it is.

    python -m experiments.end_to_end        about ten minutes; writes experiments/results/end_to_end.csv

A row is one run. start: "pretrained", or "random", a CNN nobody has trained. cnn_rate: the rate at which its weights
are trained; 0: they stay, and its vectors are computed beforehand. rate: of the captioner. All have the same pictures,
captions and updates. The rates of each case were chosen on a seed of their own; with these there are three more, and
three with a CNN's rate ten times the chosen one. Per run: the share of captions that are correct, on 500 scenes that
were not seen; in how many of these the CNN's pairs above ½ are the true ones. It may be stopped and goes on.
"""

import sys
import time
from functools import cache, partial
from pathlib import Path

import numpy as np

from course_lib import results
from course_lib.datasets.fetch import cache_folder
from course_lib.worlds.scenes import SceneWorld, drawn_in_parts
from experiments.common.command_line import CommandLine
from experiments.common.runs import fill

TABLE = results.FOLDERS[0] / "end_to_end.csv"
PICTURES, STEPS, BATCH, CAPTIONS, TEST = 6_000, 400, 48, 3, 500  # 48 captions a batch: 16 pictures with three each
SELECT_SEED, SEEDS = 100, range(3)
TRIED = {  # start, whether the CNN is trained -> (the captioner's rate, the CNN's)
    ("pretrained", True): [(8e-3, 1e-4), (8e-3, 1e-3)],
    ("random", True): [(8e-3, 1e-3), (8e-3, 3e-3)],
    ("pretrained", False): [(4e-3, 0.0), (8e-3, 0.0)],
}
# Of each case the rates with the most captions correct on SELECT_SEED; beside them a CNN's rate ten times as large.
CHOSEN = [
    ("pretrained", 8e-3, 0.0),
    ("pretrained", 8e-3, 1e-4),
    ("pretrained", 8e-3, 1e-3),
    ("random", 8e-3, 3e-3),
]
KEYS = [
    *((start, *rates, SELECT_SEED) for (start, _), tried in TRIED.items() for rates in tried),
    *((*case, seed) for seed in SEEDS for case in CHOSEN),
]
COLUMNS = ["start", "rate", "cnn_rate", "seed", "correct", "cnn_exact", "nats", "updates", "train_seconds"]


def pictures_file() -> Path:
    """Where the drawn pictures are kept."""
    return cache_folder() / f"pictures_{SceneWorld().drawing}_{PICTURES}.npy"


def draw() -> None:
    """Draw the pictures to learn from, once for all runs: 300 MB."""
    from course_lib.vision.small_cnn import BUNDLED_SCENES, SMALL

    file, world = pictures_file(), SceneWorld()
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        drawn = drawn_in_parts(world, world.sample(PICTURES, BUNDLED_SCENES[1]), SMALL)
        unfinished = file.with_suffix(".part.npy")
        np.save(unfinished, np.concatenate([pictures for pictures, _ in drawn]))
        unfinished.replace(file)


@cache
def told():
    """The world, and the captions of each picture to learn from."""
    from course_lib.text import tokenize
    from course_lib.vision.small_cnn import BUNDLED_SCENES

    world = SceneWorld()
    scenes = world.sample(PICTURES, BUNDLED_SCENES[1])
    return world, [[tokenize(caption) for caption in world.captions(scene, CAPTIONS)] for scene in scenes]


@cache
def vectors() -> np.ndarray:
    """What the bundled CNN says of these pictures: (PICTURES, 236)."""
    from course_lib.vision.small_cnn import scene_vectors

    return scene_vectors(SceneWorld())[1][:PICTURES]


def rising_and_falling(rate: float, steps: int):
    """A rate that rises for a hundred updates, and falls to zero."""
    from course_lib.backend import keras

    return keras.optimizers.schedules.CosineDecay(0.0, steps - 100, warmup_target=rate, warmup_steps=100)


def learn(start: str, rate: float, cnn_rate: float, seed: int, steps: int = STEPS):
    """-> the CNN as a grid model, the captioner, its vocabulary, its losses, the seconds that training took."""
    from course_lib import batching, training
    from course_lib.backend import keras
    from course_lib.models.captioner import captioner
    from course_lib.models.end_to_end import EndToEnd, two_rates
    from course_lib.text import Vocabulary, to_rows
    from course_lib.vision.small_cnn import small_cnn
    from experiments.captions import BEST, UNITS, WIDTH

    _, said = told()
    vocabulary = Vocabulary.from_texts(words for given in said for words in given)
    places = np.repeat(np.arange(len(said)), [len(given) for given in said])
    rows = to_rows([words for given in said for words in given], vocabulary)
    training.set_seed(seed)
    cnn = small_cnn("bundled" if start == "pretrained" else None).grid
    model = captioner((236,), len(vocabulary), BEST, width=WIDTH, embedding=64, units=UNITS, maxout=256)
    training.compile_for_training(model, steps, rate, optimizer="muon")
    if cnn_rate:
        whole, seen = EndToEnd(cnn, model, batch_means=start == "random"), np.load(pictures_file(), mmap_mode="r")
        slow = keras.optimizers.Adam(rising_and_falling(cnn_rate, steps), beta_2=0.99, global_clipnorm=1.0)
        whole.compile(optimizer=two_rates(cnn, model.optimizer, slow), loss=training.next_token_loss)
    else:
        whole, seen = model, vectors()
    begun = time.monotonic()
    losses = training.fit(whole, batching.caption_batches(seen, places, rows, BATCH, seed, CAPTIONS), steps)
    return cnn, model, vocabulary, losses, time.monotonic() - begun


def run(start: str, rate: float, cnn_rate: float, seed: int) -> dict:
    """Train, and judge."""
    from course_lib.decoding import CaptionGenerator
    from course_lib.text import detokenize
    from course_lib.vision.small_cnn import concepts

    cnn, model, vocabulary, losses, seconds = learn(start, rate, cnn_rate, seed)
    world, _ = told()
    scenes = world.sample(TEST, 1000 + seed)
    drawn = np.stack([world.draw(scene)[0] for scene in scenes]).astype(np.float32)
    vectors = np.concatenate([np.array(cnn(part, training=False)).max(axis=(1, 2)) for part in np.split(drawn, 10)])
    found = [detokenize(best.words) for best in CaptionGenerator(model, vocabulary)(vectors, beam=5, alpha=0)]
    names = np.array(concepts()["what in which colour"])
    exact = [
        set(names[vector[: len(names)] > 0.5]) - {""} == {f"{thing.colour} {thing.kind}" for thing in scene.things}
        for scene, vector in zip(scenes, vectors, strict=True)
    ]
    return {
        "correct": float(np.mean([world.accepts(*pair) for pair in zip(scenes, found, strict=True)])),
        "cnn_exact": float(np.mean(exact)), "nats": round(float(losses[-1]), 4), "updates": STEPS,
        "train_seconds": round(seconds, 1),
    }  # fmt: skip


fills = partial(fill, keys=KEYS, columns=COLUMNS, run=run, prepare=draw)
main = CommandLine(__doc__, fills).results(TABLE).run

if __name__ == "__main__":
    sys.exit(main())

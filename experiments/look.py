"""Captions of scenes by looking at regions: soft and hard attention, with a penalty or not; five seeds each.

    python -m experiments.look        about half an hour; writes experiments/results/look.csv, lesson 09's table

A row is one run, judged on 1,000 scenes that were not seen: the share of captions that are correct; of nouns whose
most looked at region has its middle in a box of that kind, beside the middle of the picture and any region; the share
correct where two things are of one kind, and where one is small; the share in which a thing has another's colour. It
may be stopped and goes on.
"""

import sys
from functools import cache, partial

import numpy as np

from course_lib import metrics, results
from course_lib.text import detokenize
from course_lib.worlds.scenes import SceneWorld
from experiments import captions
from experiments.common.command_line import CommandLine
from experiments.common.runs import fill

TABLE = results.FOLDERS[0] / "look.csv"
SEEDS = range(5)
TEST = 1000
STEPS, BATCH = 900, 96  # of those that look: 32 pictures, three captions each
SIZES = {"width": 96, "maxout": 128, "pooling": "max"}
SOFT = SIZES | {"attention": "after"}
CASES = {
    "lesson 08's": {"conditioning": captions.BEST, "maxout": 256},
    "soft": SOFT,
    "soft, with the penalty": SOFT | {"doubly_stochastic": 1.0},
    "hard": SIZES | {"attention": "hard"},
}
KEYS = [(case, seed) for seed in SEEDS for case in CASES]
COLUMNS = [
    "case", "seed", "correct", "pointing", "middle", "any_region", "twins", "small", "astray", "entropy_kind",
    "entropy_article", "unseen", "nats", "parameters", "train_seconds",
]  # fmt: skip


@cache
def unseen(seed: int):
    """Scenes nobody has learned from, the boxes of each, and what the CNN says of them, (N, 8, 8, 236)."""
    from course_lib.vision.small_cnn import small_cnn

    world = SceneWorld()
    scenes = world.sample(TEST, 1000 + seed)
    drawn = [world.draw(scene) for scene in scenes]
    backbone = small_cnn()
    grids = [backbone(np.stack([picture for picture, _ in drawn[i : i + 100]])) for i in range(0, TEST, 100)]
    boxes = [world.boxes(scene, owner) for scene, (_, owner) in zip(scenes, drawn, strict=True)]
    return scenes, boxes, np.concatenate(grids)


def run(case: str, seed: int) -> dict:
    """Train one captioner, and judge it."""
    from course_lib.attention import BilinearScore
    from course_lib.decoding import CaptionGenerator
    from course_lib.vision.small_cnn import evidence

    settings, looks = dict(CASES[case]), "attention" in CASES[case]
    world, seen, said = captions.told(looks)
    scenes, boxes, grids = unseen(seed)
    new = evidence(grids) if looks else grids.max(axis=(1, 2))
    if looks:
        settings |= {"score": BilinearScore(), "steps": STEPS, "batch": BATCH}
    model, vocabulary, losses, seconds = captions.learn(seen, said, 3 if looks else 1, seed, **settings)
    found = CaptionGenerator(model, vocabulary)(new, beam=5, alpha=0)
    texts = [detokenize(best.words) for best in found]
    right = np.array([world.accepts(scene, caption) for scene, caption in zip(scenes, texts, strict=True)])
    twins = np.array([len({thing.kind for thing in scene.things}) < len(scene.things) for scene in scenes])
    small = np.array([any(thing.size == "small" for thing in scene.things) for scene in scenes])
    astray = [world.astray(scene, caption) is not None for scene, caption in zip(scenes, texts, strict=True)]
    row = {
        "correct": right.mean(), "twins": right[twins].mean(), "small": right[small].mean(), "astray": np.mean(astray),
        "nats": losses[-1],
    }  # fmt: skip
    row |= where_it_looked(found, boxes) if looks else {}
    row = {name: round(float(value), 4) for name, value in row.items()}
    return row | {"parameters": model.count_params(), "train_seconds": round(seconds, 1)}


def where_it_looked(found, boxes) -> dict:
    """The pointing game, the entropy of looks by word, and how much of each region stays unseen by a whole caption."""
    points, targets, entropy = [], [], {"kind": [], "article": []}
    for best, own in zip(found, boxes, strict=True):
        for word, weights in zip(best.words, best.weights, strict=False):
            wide = -(weights * np.log(weights + 1e-12)).sum()
            if word in own:
                points.append(metrics.highest(weights.reshape(8, 8)))
                targets.append(own[word])
                entropy["kind"].append(wide)
            elif word in ("a", "an"):
                entropy["article"].append(wide)
    middles = (np.indices((8, 8)).reshape(2, -1).T + 0.5) / 8
    any_region = [metrics.pointing_accuracy([point] * len(targets), targets) for point in middles]
    return {
        "pointing": metrics.pointing_accuracy(points, targets),
        "middle": metrics.pointing_accuracy([(0.5, 0.5)] * len(targets), targets), "any_region": np.mean(any_region),
        "unseen": np.mean([np.abs(1 - best.weights.sum(axis=0)).mean() for best in found]),
    } | {f"entropy_{name}": np.mean(values) for name, values in entropy.items()}  # fmt: skip


fills = partial(fill, keys=KEYS, columns=COLUMNS, run=run)
main = CommandLine(__doc__, fills).results(TABLE).run

if __name__ == "__main__":
    sys.exit(main())

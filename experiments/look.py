"""Captions of scenes by looking at regions: soft and hard attention, and what each is compared with; five seeds each.

    python -m experiments.look        about an hour; writes experiments/results/look.csv, lesson 09's table

A row is one run, judged on 1,000 scenes that were not seen. Of its CNN: how often the pairs of kind and colour above ½
are the true ones, and whether such a pair is likeliest in a box of its kind. Of captions: the share that are correct;
of nouns whose most looked at region has its middle in a box of that kind, beside the middle of the picture and any
region; the share correct where two things are of one kind, and where one is small; the share in which a thing has
another's colour. Of some, the maps are held to the network: the region without which a noun loses most, how often it
has its middle in such a box, how often it is the region most looked at, and how often a region of such a box, drawn by
chance, would be. It may be stopped and goes on.
"""

import sys
from functools import cache, partial
from pathlib import Path

import numpy as np

from course_lib import metrics, results
from course_lib.datasets.fetch import cache_folder
from course_lib.files import locked
from course_lib.text import detokenize, to_rows
from course_lib.worlds.scenes import SceneWorld
from experiments import captions
from experiments.common.command_line import CommandLine
from experiments.common.runs import fill
from tools import pretrain

TABLE = results.FOLDERS[0] / "look.csv"
SEEDS = range(5)
TEST, HELD = 1000, 300  # scenes; of so many the captions' nouns are held to the network
STEPS, BATCH = 900, 96  # of those that look: 32 pictures, three captions each
SIZES = {"width": 96, "maxout": 128, "pooling": "max"}
POOLED = {"conditioning": captions.BEST, "maxout": 256}
SOFT = SIZES | {"attention": "after"}
CASES = {  # what the decoder reads, and its settings
    "lesson 08's": ("probabilities", POOLED),
    "lesson 08's, log odds": ("pooled", POOLED),
    "soft": ("grids", SOFT),
    "soft, with the penalty": ("grids", SOFT | {"doubly_stochastic": 1.0}),
    "lesson 08's, CNN told pictures": ("pooled", POOLED),
    "soft, CNN told pictures": ("grids", SOFT),
    "hard": ("grids", SIZES | {"attention": "hard"}),
    "hard, no entropy bonus": ("grids", SIZES | {"attention": "hard", "entropy": 0.0}),
}
TOLD_PICTURES = [case for case in CASES if "told pictures" in case]  # their CNN was never told where anything is
MAPS_HELD = ["lesson 08's, log odds", "soft", *TOLD_PICTURES]
PICTURES, EPOCHS = 12_000, 8  # that CNN has learned from
KEYS = [(case, seed) for seed in SEEDS for case in CASES]
COLUMNS = [
    "case", "seed", "cnn_exact", "cnn_points", "correct", "pointing", "middle", "any_region", "twins", "small",
    "astray", "entropy_kind", "entropy_article", "unseen", "hurt", "hurt_looked_at", "hurt_by_chance", "nats",
    "parameters", "train_seconds",
]  # fmt: skip


def cnn_told_pictures() -> Path:
    """The folder of a CNN that is told what is in a picture, never where, and of its grids; made if it is not there."""
    folder = cache_folder() / f"told_pictures_{SceneWorld().identity}"
    with locked(folder.with_name(f".{folder.name}.lock")):
        if not folder.is_dir():
            made = folder.with_name(f".{folder.name}.made")
            made.mkdir(parents=True, exist_ok=True)
            pretrain.write_cnn(made, count=PICTURES, epochs=EPOCHS, labels="pictures")
            pretrain.store_vectors(made)
            made.rename(folder)
    return folder


@cache
def told(case: str):
    """The world, what the decoder reads of the scenes to learn from, and their captions."""
    from course_lib.vision.small_cnn import scene_grids

    reads, _ = CASES[case]
    world, seen, said = captions.told(grids=reads != "probabilities")
    if case in TOLD_PICTURES:
        _, seen = scene_grids(world, file=cnn_told_pictures() / "grids.npz")
    if reads == "pooled":
        seen = np.concatenate([seen[i : i + 500].max(axis=(1, 2)) for i in range(0, len(seen), 500)])
    return world, seen, said


@cache
def unseen(seed: int, file=None):
    """Scenes nobody has learned from, the boxes of each, and what a CNN says of them, (N, 8, 8, 236)."""
    from course_lib.vision.small_cnn import small_cnn

    world = SceneWorld()
    scenes = world.sample(TEST, 1000 + seed)
    drawn = [world.draw(scene) for scene in scenes]
    backbone = small_cnn(file) if file else small_cnn()
    grids = [backbone(np.stack([picture for picture, _ in drawn[i : i + 100]])) for i in range(0, TEST, 100)]
    boxes = [world.boxes(scene, owner) for scene, (_, owner) in zip(scenes, drawn, strict=True)]
    return scenes, boxes, np.concatenate(grids)


def run(case: str, seed: int) -> dict:
    """Train one captioner, and judge it."""
    from course_lib.attention import BilinearScore
    from course_lib.decoding import CaptionGenerator
    from course_lib.vision.small_cnn import evidence

    reads, settings = CASES[case]
    looks = reads == "grids"
    world, seen, said = told(case)
    scenes, boxes, grids = unseen(seed, cnn_told_pictures() / "small_cnn.weights.h5" if case in TOLD_PICTURES else None)
    new = grids.max(axis=(1, 2)) if reads == "probabilities" else evidence(grids)
    if looks:
        settings = settings | {"score": BilinearScore(), "steps": STEPS, "batch": BATCH}
    model, vocabulary, losses, seconds = captions.learn(seen, said, 3 if looks else 1, seed, **settings)
    read = new.max(axis=(1, 2)) if reads == "pooled" else new
    found = CaptionGenerator(model, vocabulary)(read, beam=5, alpha=0)
    texts = [detokenize(best.words) for best in found]
    right = np.array([world.accepts(scene, caption) for scene, caption in zip(scenes, texts, strict=True)])
    twins = np.array([len({thing.kind for thing in scene.things}) < len(scene.things) for scene in scenes])
    small = np.array([any(thing.size == "small" for thing in scene.things) for scene in scenes])
    astray = [world.astray(scene, caption) is not None for scene, caption in zip(scenes, texts, strict=True)]
    row = {
        "correct": right.mean(), "twins": right[twins].mean(), "small": right[small].mean(), "astray": np.mean(astray),
        "nats": losses[-1],
    }  # fmt: skip
    row |= what_the_cnn_knows(scenes, boxes, grids)
    row |= where_it_looked(found, boxes) if looks else {}
    row |= held_to_it(model, vocabulary, new, found, boxes, pooled=not looks) if case in MAPS_HELD else {}
    row = {name: round(float(value), 4) for name, value in row.items()}
    return row | {"parameters": model.count_params(), "train_seconds": round(seconds, 1)}


def what_the_cnn_knows(scenes, boxes, grids) -> dict:
    """Of kinds and colours: how often those above 1/2 are the true ones; whether they are likeliest in a true box."""
    from course_lib.vision.small_cnn import concepts

    pairs = next(iter(concepts().values()))  # the first is ""
    exact, points, targets = [], [], []
    for scene, own, grid in zip(scenes, boxes, grids, strict=True):
        true = {f"{thing.colour} {thing.kind}": thing.kind for thing in scene.things if thing.kind in own}
        above = np.flatnonzero(grid[..., 1 : len(pairs)].max(axis=(0, 1)) > 0.5) + 1
        exact.append({pairs[k] for k in above} == set(true))
        points += [metrics.highest(grid[..., pairs.index(pair)]) for pair in true]
        targets += [own[kind] for kind in true.values()]
    return {"cnn_exact": np.mean(exact), "cnn_points": metrics.pointing_accuracy(points, targets)}


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
    any_region = [metrics.pointing_accuracy([point] * len(targets), targets) for point in MIDDLES]
    return {
        "pointing": metrics.pointing_accuracy(points, targets),
        "middle": metrics.pointing_accuracy([(0.5, 0.5)] * len(targets), targets), "any_region": np.mean(any_region),
        "unseen": np.mean([np.abs(1 - best.weights.sum(axis=0)).mean() for best in found]),
    } | {f"entropy_{name}": np.mean(values) for name, values in entropy.items()}  # fmt: skip


MIDDLES = (np.indices((8, 8)).reshape(2, -1).T + 0.5) / 8  # of regions, row and column


def what_hurts(model, vocabulary, grid, words, pooled: bool) -> np.ndarray:
    """How many nats each word of a caption loses if one region shows nothing: (64, words).

    grid: the evidence of its picture, (8, 8, 236). A region that shows nothing keeps the place and the time, as those
    in training do. pooled: the model reads the largest evidence of all regions.
    """
    row = to_rows([words], vocabulary)
    views = np.repeat(grid.reshape(1, 64, -1), 65, axis=0)
    views[np.arange(64), np.arange(64), :-8] = 0  # the last view is whole
    views = views.max(axis=1) if pooled else views.reshape(65, *grid.shape)
    log_p = metrics.log_p_of_targets(np.array(model((views, np.repeat(row[:, :-1], 65, axis=0)))),
                                     np.repeat(row[:, 1:], 65, axis=0))  # fmt: skip
    return (log_p[-1] - log_p[:-1])[:, : len(words)]


def held_to_it(model, vocabulary, seen, found, boxes, pooled: bool) -> dict:
    """Where the region is without which a noun loses most."""
    points, targets, same, by_chance = [], [], [], []
    for grid, best, own in zip(seen[:HELD], found, boxes, strict=False):
        hurts = what_hurts(model, vocabulary, grid, best.words, pooled)
        for j, word in enumerate(best.words):
            if word in own:
                points.append(metrics.highest(hurts[:, j].reshape(8, 8)))
                targets.append(own[word])
                if not pooled:
                    same.append(hurts[:, j].argmax() == best.weights[j].argmax())
                    by_chance.append(1 / max(sum(metrics.pointing_accuracy([p], [own[word]]) for p in MIDDLES), 1))
    looked = {} if pooled else {"hurt_looked_at": np.mean(same), "hurt_by_chance": np.mean(by_chance)}
    return {"hurt": metrics.pointing_accuracy(points, targets)} | looked


fills = partial(fill, keys=KEYS, columns=COLUMNS, run=run, prepare=cnn_told_pictures)
main = CommandLine(__doc__, fills).results(TABLE).run

if __name__ == "__main__":
    sys.exit(main())

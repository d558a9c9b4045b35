"""Train the course's small CNN on pictures of one thing, and ship it: `python -m tools.pretrain`, about half an hour.

It learns to say of each of 8 x 8 regions what is there (which kind in which colour, doing what, of which size, or
nothing), and of the whole picture the place and the time of day. How often it is right on pictures it has not seen,
each answer the one with the largest probability in any region, is written to data/vision/small_cnn.csv.

    python -m tools.pretrain --labels pictures --out FOLDER

trains another that is told what is in a picture, but not where: `experiments.look` sets one beside the first.
"""

import argparse
import os
import sys
import time
from functools import cache
from pathlib import Path

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "2")  # convolutions use both cores

import numpy as np

from course_lib import bundled, tables
from course_lib.machine import about
from course_lib.worlds.scenes import SceneWorld, drawn_in_parts

COUNT, HELD_OUT, EPOCHS, BATCH = 24_000, 2_000, 18, 64
MOST_PASTED = 3  # things beside the picture's own
SEEDS = 30_001, 30_002  # far from those the lessons draw with
WORLD = SceneWorld()
GRID = 8


@cache
def questions() -> dict:
    """What it is asked -> the possible answers."""
    from course_lib.vision.small_cnn import concepts

    return concepts(WORLD)


def truth(scene) -> list[int]:
    """The number of the right answer to each question."""
    (thing,) = scene.things
    answers = (
        f"{thing.colour} {thing.kind}", f"{thing.kind} {thing.state}".strip(),
        f"{thing.size or 'middle'} {thing.kind}", scene.place, "night" if scene.night else "day",
    )  # fmt: skip
    return [options.index(answer) for options, answer in zip(questions().values(), answers, strict=True)]


def regions_of(owners: np.ndarray, things: int) -> np.ndarray:
    """The owner of each pixel, -1 for none -> the owner of each of 8 x 8 regions, -1 for none.

    A region is whose share of it is largest, if that is an eighth; every thing has at least the one it fills most.
    """
    region = np.arange(len(owners)) * GRID // len(owners)
    numbers = (region[:, None] * GRID + region) * (things + 1) + owners + 1
    pixels = np.bincount(numbers.ravel(), minlength=GRID * GRID * (things + 1)).reshape(-1, things + 1)
    shares = pixels[:, 1:] / pixels.sum(axis=1, keepdims=True)  # (64, things)
    regions = np.where(shares.max(axis=1) >= 0.125, shares.argmax(axis=1), -1)
    for thing in set(range(things)) - set(regions):
        regions[shares[:, thing].argmax()] = thing
    return regions.reshape(GRID, GRID)


def pictures(count: int, seed: int):
    """-> (count, 128, 128, 3), uint8; where the thing is (count, 128, 128); the answers (count, questions)."""
    from course_lib.vision.small_cnn import SMALL

    scenes = WORLD.single(count, seed)
    drawn, masks = (np.concatenate(part) for part in zip(*drawn_in_parts(WORLD, scenes, SMALL), strict=True))
    return drawn, masks, np.array([truth(scene) for scene in scenes])


def store_vectors(folder: Path) -> None:
    """What the CNN of this folder says of the scenes: vectors.npz, one a picture; grids.npz, one a region."""
    from course_lib.vision.small_cnn import SparseGrids, evidence, look_at_scenes, small_cnn

    backbone = small_cnn(folder / "small_cnn.weights.h5")

    def both(pictures):
        grid = backbone(pictures)
        pooled, said = (np.rint(255 * v).astype(np.uint8) for v in (backbone.pool(grid), evidence(grid)))
        return np.concatenate([pooled.reshape(len(pooled), 1, -1), said.reshape(len(said), -1, said.shape[-1])], axis=1)

    (found,) = look_at_scenes(WORLD, [both])
    np.savez_compressed(folder / "vectors.npz", vectors=found[:, 0], world=WORLD.identity)  # 255: a probability of 1
    grids = SparseGrids.of(found[:, 1:].reshape(len(found), GRID, GRID, -1) / 255)
    np.savez_compressed(
        folder / "grids.npz", world=WORLD.identity, **{name: getattr(grids, name) for name in grids.PARTS}
    )


def by_question(p) -> list:
    """(..., 236), by numpy or Keras -> the probabilities of each question's answers (..., answers)."""
    ends = np.cumsum([len(answers) for answers in questions().values()])
    return [p[..., end - len(answers) : end] for end, answers in zip(ends, questions().values(), strict=True)]


def copy_paste(x, masks):
    """The first picture with the things of the others pasted on: "copy-paste" (Ghiasi et al. 2021), nearest last.

    So a thing is seen beside others, and partly hidden. One that would hide, or be hidden, by more than two fifths
    stays away. -> the picture; the order in which they were pasted; which of that order each pixel is of, or -1.
    """
    kept = [0]
    for i in range(1, len(x)):
        if all((masks[i] & masks[k]).sum() <= 0.4 * min(masks[i].sum(), masks[k].sum()) for k in kept):
            kept.append(i)
    kept.sort(key=lambda i: np.flatnonzero(masks[i].any(axis=1))[-1])  # whose feet are lowest is nearest
    picture, owners = x[0].copy(), np.full(masks[0].shape, -1)
    for order, i in enumerate(kept):
        np.copyto(picture, x[i], where=masks[i][..., None])
        owners[masks[i]] = order
    return picture, kept, owners


def told_by_region(answers, kept, owners):
    """Which answer is right in each of 8 x 8 regions: (8, 8, questions), 0 where there is nothing."""
    from course_lib.vision.small_cnn import WHOLE

    regions = regions_of(owners, len(kept))
    told = np.where(regions[..., None] >= 0, answers[kept][regions], 0)
    told[..., -len(WHOLE) :] = answers[0, -len(WHOLE) :]
    return told


def told_by_picture(answers, kept, owners):
    """Which answers are right somewhere, and not where: 1 or 0 for each of the CNN's numbers, (236,)."""
    from course_lib.vision.small_cnn import WHOLE

    told = np.zeros(sum(map(len, questions().values())), np.float32)
    for part, numbers in zip(by_question(told), answers[kept].T, strict=True):
        part[numbers] = 1
    for part, number in zip(by_question(told)[-len(WHOLE) :], answers[0, -len(WHOLE) :], strict=True):
        part[:] = np.arange(len(part)) == number  # the place and the time are those of the picture pasted on
    return told


def loss_by_region(right, p):
    """right (B, 8, 8, questions), the number of each answer; where there is a thing it counts three times."""
    from course_lib.backend import keras

    ops = keras.ops
    weight = 1 + 2 * ops.cast(right[..., 0] > 0, "float32")
    total = 0.0
    for i, part in enumerate(by_question(ops.log(p + 1e-7))):
        total -= ops.take_along_axis(part, ops.cast(right[..., i : i + 1], "int32"), axis=-1)[..., 0]
    return ops.mean(weight * total)


def loss_by_picture(right, p):
    """right (B, 236), against the largest probability in any region: the cross-entropy of each yes or no.

    The CNN has to find out by itself which region an answer belongs to (Oquab et al. 2015).
    """
    from course_lib.backend import keras

    ops = keras.ops
    seen = ops.clip(ops.max(p, axis=(1, 2)), 1e-6, 1 - 1e-6)
    asked = np.array([answer != "" for answers in questions().values() for answer in answers], np.float32)
    each = right * ops.log(seen) + (1 - right) * ops.log(1 - seen)
    return -ops.mean(ops.sum(each * asked, axis=-1))


LABELS = {"regions": (told_by_region, loss_by_region), "pictures": (told_by_picture, loss_by_picture)}


def train(count=COUNT, epochs=EPOCHS, seed=0, held_out=HELD_OUT, labels="regions"):
    """-> the CNN, {question: share right}, the loss of each epoch. labels: what it is told, one of LABELS."""
    from course_lib import training
    from course_lib.vision.small_cnn import small_grid

    told, loss = LABELS[labels]
    training.set_seed(seed)
    (x, masks, answers), (x_new, _, answers_new) = pictures(count, SEEDS[0]), pictures(held_out, SEEDS[1])
    model, steps = small_grid(), epochs * (count // BATCH)
    training.compile_for_training(model, steps, 3e-3, warm_up=200, loss=loss)

    def batches():
        rng = np.random.default_rng(seed)
        alike = [np.flatnonzero(answers[:, -1] == time) for time in (0, 1)]  # what is pasted is lit alike
        while True:
            order = rng.permutation(count)
            for start in range(0, count - BATCH + 1, BATCH):
                made = []
                for i in order[start : start + BATCH]:
                    chosen = [i, *rng.choice(alike[answers[i, -1]], rng.integers(0, MOST_PASTED + 1))]
                    picture, kept, owners = copy_paste(x[chosen], masks[chosen])
                    made.append((picture, told(answers[chosen], kept, owners)))
                part, right = (np.stack(arrays) for arrays in zip(*made, strict=True))
                if rng.random() < 0.5:  # nothing that is said of a picture changes in a mirror
                    part, right = part[:, :, ::-1], right[:, :, ::-1] if labels == "regions" else right
                yield part.astype(np.float32), right

    losses = training.fit(model, batches(), steps, "pretraining", every=max(steps // epochs, 1))
    said, right = model.predict(x_new, batch_size=250, verbose=0).max(axis=(1, 2)), {}
    for i, ((name, possible), part) in enumerate(zip(questions().items(), by_question(said), strict=True)):
        part[:, [answer == "" for answer in possible]] = -1  # there is something
        right[name] = float((part.argmax(-1) == answers_new[:, i]).mean())
    return model, right, losses


def main() -> int:
    """Train, and write data/vision."""
    parser = argparse.ArgumentParser(
        "python -m tools.pretrain", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="the folder to write; default, for regions alone: data/vision")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--count", type=int, default=COUNT, help="pictures")
    parser.add_argument("--labels", choices=LABELS, default="regions", help="what it is told the answers of")
    parser.add_argument("--keep", action="store_true", help="keep the weights, compute what they say of the scenes")
    options = parser.parse_args()
    if options.out is None and options.labels != "regions":
        parser.error("--labels pictures: give a folder, --out FOLDER; what ships was told regions.")
    out = options.out or bundled.DATA / "vision"
    out.mkdir(parents=True, exist_ok=True)
    if not options.keep:
        work = options.epochs * options.count / (EPOCHS * COUNT)
        print(f"{options.epochs} epochs{about('tools.pretrain', work)}.", flush=True)
        write_cnn(out, count=options.count, epochs=options.epochs, seed=options.seed, labels=options.labels)
    store_vectors(out)
    return 0


def write_cnn(out: Path, **settings) -> None:
    """Train the CNN, and write its weights and how often it is right. settings: of `train`."""
    from course_lib.vision.small_cnn import small_grid

    begun = time.monotonic()
    grid, right, losses = train(**settings)
    print(losses.round(3), f"{time.monotonic() - begun:.0f} s")
    bundled_grid = small_grid()  # without what the optimizer remembers
    bundled_grid.set_weights(grid.get_weights())
    bundled_grid.save_weights(out / "small_cnn.weights.h5")
    rows = [
        {"question": name, "answers": len(questions()[name]), "right": round(share, 4)} for name, share in right.items()
    ]
    tables.write(out / "small_cnn.csv", rows)
    tables.print_table(["question", "answers", "right"], [row.values() for row in rows])


if __name__ == "__main__":
    sys.exit(main())

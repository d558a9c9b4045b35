"""Train the course's small CNN on pictures of one thing, and ship it: `python -m tools.pretrain`, about half an hour.

It learns to say of each of 8 x 8 regions what is there (which kind in which colour, which kind doing what, how large,
or nothing), and of the whole picture the place and the time of day. How often it is right on pictures it has not seen,
each answer the one with the largest probability in any region, is written to data/vision/small_cnn.csv.
"""

import argparse
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "2")  # convolutions use both cores

import numpy as np

from course_lib import results, shipped
from course_lib.vision import SHIPPED_SCENES, SMALL, concepts, small_cnn
from course_lib.worlds.scenes import SceneWorld

COUNT, HELD_OUT, EPOCHS, BATCH = 24_000, 2_000, 20, 64
SEEDS = 30_001, 30_002  # far from those the lessons draw with
WORLD = SceneWorld()
QUESTIONS = concepts(WORLD)
GRID = 8


def truth(scene) -> list[int]:
    """The number of the right answer to each question."""
    (thing,) = scene.things
    answers = (
        f"{thing.colour} {thing.kind}", f"{thing.kind} {thing.state}".strip(), thing.size or "middle", scene.place,
        "night" if scene.night else "day",
    )  # fmt: skip
    return [options.index(answer) for options, answer in zip(QUESTIONS.values(), answers, strict=True)]


def covered(mask: np.ndarray) -> np.ndarray:
    """A mask of pixels -> which of the 8 x 8 regions it fills to an eighth; at least the one it fills most."""
    side = len(mask) // GRID
    shares = mask.reshape(GRID, side, GRID, side).mean(axis=(1, 3))
    return shares >= min(0.125, shares.max())


def _draw(scenes):
    drawn = [WORLD.draw(scene, SMALL) for scene in scenes]
    return np.stack([picture for picture, _ in drawn]), np.stack([covered(owner >= 0) for _, owner in drawn])


def pictures(count: int, seed: int):
    """-> (count, 128, 128, 3), uint8; the regions with the thing (count, 8, 8); the answers (count, questions)."""
    scenes = WORLD.single(count, seed)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:  # TensorFlow does not survive a fork
        parts = list(pool.map(_draw, [scenes[i : i + 250] for i in range(0, count, 250)]))
    drawn, there = (np.concatenate(part) for part in zip(*parts, strict=True))
    return drawn, there, np.array([truth(scene) for scene in scenes])


def vectors(backbone) -> np.ndarray:
    """What it says of the scenes that lesson 08 learns from, as bytes: (N, 185), 255 for a probability of 1."""
    scenes = WORLD.sample(*SHIPPED_SCENES)
    found = []
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        for drawn, _ in pool.map(_draw, [scenes[i : i + 250] for i in range(0, len(scenes), 250)]):
            found.append(np.rint(255 * backbone.pooled(drawn)).astype(np.uint8))
    return np.concatenate(found)


def cut_and_mix(x, right, rng):
    """A rectangle of every other picture is replaced by its neighbour's, with its regions: CutMix (Yun et al. 2019).

    So a thing is seen cut off, and beside another one. Place and time are those of the larger part.
    """
    x, right, side = x.copy(), right.copy(), SMALL // GRID
    for i in range(0, len(x) - 1, 2):
        height, width = rng.integers(3, GRID + 1, 2)
        top, left = rng.integers(0, GRID - height + 1), rng.integers(0, GRID - width + 1)
        regions = np.s_[top : top + height, left : left + width]
        pixels = np.s_[top * side : (top + height) * side, left * side : (left + width) * side]
        x[i][pixels] = x[i + 1][pixels]
        right[i, ..., :3][regions] = right[i + 1, ..., :3][regions]
        if 2 * height * width > GRID * GRID:
            right[i, ..., 3:] = right[i + 1, ..., 3:]
    return x, right


def train(count=COUNT, epochs=EPOCHS, seed=0, held_out=HELD_OUT):
    """-> the CNN, {question: share right}, the loss of each epoch."""
    from course_lib import training
    from course_lib.quiet import keras
    from course_lib.vision import small_grid

    ops = keras.ops
    training.set_seed(seed)
    (x, there, answers), (x_new, _, answers_new) = pictures(count, SEEDS[0]), pictures(held_out, SEEDS[1])
    model, steps = small_grid(), epochs * (count // BATCH)
    ends = np.cumsum([len(options) for options in QUESTIONS.values()])

    def loss(right, p):
        """right (B, 8, 8, questions), the number of each answer; where there is a thing it counts three times."""
        weight = 1 + 2 * ops.cast(right[..., 0] > 0, "float32")
        total = 0.0
        for i, (end, options) in enumerate(zip(ends, QUESTIONS.values(), strict=True)):
            part = ops.log(p[..., end - len(options) : end] + 1e-7)
            total -= ops.take_along_axis(part, ops.cast(right[..., i : i + 1], "int32"), axis=-1)[..., 0]
        return ops.mean(weight * total)

    training.compile_for_training(model, steps, 3e-3, warm_up=200, loss=loss)

    def batches():
        rng = np.random.default_rng(seed)
        while True:
            order = rng.permutation(count)
            for start in range(0, count - BATCH + 1, BATCH):
                chosen = order[start : start + BATCH]
                part, regions = x[chosen], there[chosen]
                if rng.random() < 0.5:  # nothing that is said of a picture changes in a mirror
                    part, regions = part[:, :, ::-1], regions[:, :, ::-1]
                right = np.repeat(answers[chosen, None], GRID, axis=1)[:, :, None].repeat(GRID, axis=2)
                right[..., :3] *= regions[..., None]  # 0 is "nothing"
                yield cut_and_mix(part.astype(np.float32), right, rng)

    losses = training.fit(model, batches(), steps, "pretraining", every=max(steps // epochs, 1))
    said, right = model.predict(x_new, batch_size=250, verbose=0).max(axis=(1, 2)), {}
    for i, (end, (name, options)) in enumerate(zip(ends, QUESTIONS.items(), strict=True)):
        part = said[:, end - len(options) : end]
        part[:, [answer == "" for answer in options]] = -1  # there is something
        right[name] = float((part.argmax(-1) == answers_new[:, i]).mean())
    return model, right, losses


def main() -> int:
    """Train, and write data/vision."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=shipped.DATA / "vision")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    options = parser.parse_args()
    begun = time.monotonic()
    grid, right, losses = train(epochs=options.epochs, seed=options.seed)
    print(losses.round(3), f"{time.monotonic() - begun:.0f} s")
    options.out.mkdir(parents=True, exist_ok=True)
    grid.save_weights(options.out / "small_cnn.weights.h5")
    backbone = small_cnn(options.out / "small_cnn.weights.h5")
    np.savez_compressed(options.out / "vectors.npz", vectors=vectors(backbone), world=WORLD.identity)
    rows = [
        {"question": name, "answers": len(QUESTIONS[name]), "right": round(share, 4)} for name, share in right.items()
    ]
    results.write(options.out / "small_cnn.csv", rows)
    results.print_table(["question", "answers", "right"], [row.values() for row in rows])
    return 0


if __name__ == "__main__":
    sys.exit(main())

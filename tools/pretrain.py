"""Train the course's small CNN on pictures of one thing, and ship it: `python -m tools.pretrain`, about 15 minutes.

What it learns to say of each of 8 x 8 regions: which kind of thing is there, in which colour, doing what, how large, or
that there is nothing; and of the whole picture: the place and the time of day. The classifiers are thrown away; what is
below them is `vision.small_cnn`. How often it is right on pictures it has not seen, all regions of the thing together,
is written to data/vision/small_cnn.csv.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "2")  # convolutions use both cores

import numpy as np

from course_lib import results, shipped
from course_lib.worlds.scenes import SceneWorld

COUNT, HELD_OUT, EPOCHS, BATCH = 24_000, 2_000, 8, 64
SEEDS = 30_001, 30_002  # far from those the lessons draw with
WORLD = SceneWorld()
PAIRS = {
    "kind_and_colour": [(kind, colour) for kind in WORLD.kinds for colour in WORLD.colours],
    "kind_and_state": [(kind, state) for kind in WORLD.kinds for state in WORLD.kinds[kind]["states"]],
    "size": ["small", "", "big"],
    "place": list(WORLD.places),
    "night": [False, True],
}


REGIONS = ("kind_and_colour", "kind_and_state", "size")  # asked of each region; 0 is "nothing"
GRID = 8


def truth(scene) -> dict[str, int]:
    """The number of the right answer to each question; of a thing, from 1 on."""
    (thing,) = scene.things
    answers = (thing.kind, thing.colour), (thing.kind, thing.state), thing.size, scene.place, scene.night
    return {name: PAIRS[name].index(answer) + (name in REGIONS) for name, answer in zip(PAIRS, answers, strict=True)}


def _draw(scenes):
    from course_lib.vision import SMALL

    drawn = [WORLD.draw(scene, SMALL) for scene in scenes]
    return np.stack([picture for picture, _ in drawn]), np.stack([covered(owner >= 0) for _, owner in drawn])


def covered(mask: np.ndarray) -> np.ndarray:
    """A mask of pixels -> which of the 8 x 8 regions it fills to an eighth; at least the one it fills most."""
    side = len(mask) // GRID
    shares = mask.reshape(GRID, side, GRID, side).mean(axis=(1, 3))
    return shares >= min(0.125, shares.max())


def pictures(count: int, seed: int):
    """-> (count, 128, 128, 3), uint8; the regions with the thing (count, 8, 8); answers {question: (count,)}."""
    scenes = WORLD.single(count, seed)
    with ProcessPoolExecutor(2) as pool:
        parts = list(pool.map(_draw, [scenes[i : i + 250] for i in range(0, count, 250)]))
    drawn, there = (np.concatenate(part) for part in zip(*parts, strict=True))
    answers = [truth(scene) for scene in scenes]
    return drawn, there, {name: np.array([answer[name] for answer in answers]) for name in PAIRS}


def train(count=COUNT, epochs=EPOCHS, seed=0, held_out=HELD_OUT):
    """-> the CNN without classifiers, {question: share right}, the loss of each epoch."""
    from course_lib import training
    from course_lib.quiet import keras
    from course_lib.vision import small_grid

    training.set_seed(seed)
    (x, there, answers), (x_new, there_new, answers_new) = pictures(count, SEEDS[0]), pictures(held_out, SEEDS[1])
    grid = small_grid()
    pooled = keras.layers.GlobalAveragePooling2D()(grid.output)
    heads = {
        name: keras.layers.Dense(len(options) + (name in REGIONS))(grid.output if name in REGIONS else pooled)
        for name, options in PAIRS.items()
    }
    model = keras.Model(grid.input, heads)
    steps = epochs * (count // BATCH)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    training.compile_for_training(model, steps, 2e-3, warm_up=200, loss=dict.fromkeys(PAIRS, loss))

    def targets(chosen, regions):
        """The answer of each region, or of each picture."""
        return {name: regions * a[chosen, None, None] if name in REGIONS else a[chosen] for name, a in answers.items()}

    def batches():
        rng = np.random.default_rng(seed)
        while True:
            order = rng.permutation(count)
            for start in range(0, count - BATCH + 1, BATCH):
                chosen = np.sort(order[start : start + BATCH])
                part, regions = x[chosen], there[chosen]
                if rng.random() < 0.5:  # nothing that is said of a picture changes in a mirror
                    part, regions = part[:, :, ::-1], regions[:, :, ::-1]
                yield part.astype(np.float32), targets(chosen, regions)

    losses = training.fit(model, batches(), steps, "pretraining", every=max(steps // epochs, 1))
    said, right = model.predict(x_new, batch_size=250, verbose=0), {}
    for name in PAIRS:
        scores = said[name]
        if name in REGIONS:  # all regions with the thing, put together; "nothing" is no answer
            scores = (scores * there_new[..., None]).sum(axis=(1, 2))
            scores[:, 0] = -np.inf
        right[name] = float((scores.argmax(-1) == answers_new[name]).mean())
    return grid, right, losses


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
    rows = [
        {"question": name.replace("_", " "), "answers": len(PAIRS[name]), "right": round(share, 4)}
        for name, share in right.items()
    ]
    results.write(options.out / "small_cnn.csv", rows)
    results.print_table(["question", "answers", "right"], [row.values() for row in rows])
    return 0


if __name__ == "__main__":
    sys.exit(main())

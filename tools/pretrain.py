"""Train the course's small CNN on pictures of one thing, and ship it: `python -m tools.pretrain`, about 15 minutes.

What it learns to say of a picture: which kind in which colour, which kind doing what, its size, the place, the time of
day. The classifiers are thrown away; what is below them is `vision.small_cnn`. Accuracies on pictures it has not seen
are written to data/vision/small_cnn.csv.
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

COUNT, HELD_OUT, EPOCHS, BATCH = 24_000, 2_000, 12, 64
SEEDS = 30_001, 30_002  # far from those the lessons draw with
WORLD = SceneWorld()
PAIRS = {
    "kind_and_colour": [(kind, colour) for kind in WORLD.kinds for colour in WORLD.colours],
    "kind_and_state": [(kind, state) for kind in WORLD.kinds for state in WORLD.kinds[kind]["states"]],
    "size": ["small", "", "big"],
    "place": list(WORLD.places),
    "night": [False, True],
}


def truth(scene) -> dict[str, int]:
    """The number of the right answer to each question."""
    (thing,) = scene.things
    answers = (thing.kind, thing.colour), (thing.kind, thing.state), thing.size, scene.place, scene.night
    return {name: PAIRS[name].index(answer) for name, answer in zip(PAIRS, answers, strict=True)}


def _draw(scenes):
    from course_lib.vision import SMALL

    return np.stack([WORLD.draw(scene, SMALL)[0] for scene in scenes])


def pictures(count: int, seed: int):
    """-> (count, 128, 128, 3), uint8, and the answers {question: (count,)}."""
    scenes = WORLD.single(count, seed)
    with ProcessPoolExecutor(2) as pool:
        drawn = np.concatenate(list(pool.map(_draw, [scenes[i : i + 250] for i in range(0, count, 250)])))
    answers = [truth(scene) for scene in scenes]
    return drawn, {name: np.array([answer[name] for answer in answers]) for name in PAIRS}


def train(count=COUNT, epochs=EPOCHS, seed=0, held_out=HELD_OUT):
    """-> the CNN without classifiers, and {question: share right}."""
    from course_lib import training
    from course_lib.quiet import keras
    from course_lib.vision import small_grid

    training.set_seed(seed)
    (x, answers), (x_new, answers_new) = pictures(count, SEEDS[0]), pictures(held_out, SEEDS[1])
    grid = small_grid()
    pooled = keras.layers.GlobalAveragePooling2D()(grid.output)
    heads = {name: keras.layers.Dense(len(options))(pooled) for name, options in PAIRS.items()}
    model = keras.Model(grid.input, heads)
    steps = epochs * (count // BATCH)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    training.compile_for_training(model, steps, 2e-3, warm_up=200, loss=dict.fromkeys(PAIRS, loss))

    def batches():
        rng = np.random.default_rng(seed)
        while True:
            order = rng.permutation(count)
            for start in range(0, count - BATCH + 1, BATCH):
                chosen = np.sort(order[start : start + BATCH])
                part = x[chosen]
                if rng.random() < 0.5:
                    part = part[:, :, ::-1]  # nothing that is said of a picture changes in a mirror
                yield part.astype(np.float32), {name: a[chosen] for name, a in answers.items()}

    losses = training.fit(model, batches(), steps, "pretraining", every=max(steps // epochs, 1))
    said = model.predict(x_new, batch_size=250, verbose=0)
    right = {name: float((said[name].argmax(-1) == answers_new[name]).mean()) for name in PAIRS}
    return grid, right, losses


def main() -> int:
    """Train, and write data/vision."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=shipped.DATA / "vision")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    begun = time.monotonic()
    grid, right, losses = train(seed=options.seed)
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

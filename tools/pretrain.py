"""Train the course's small CNN on pictures of one thing, and ship it: `python -m tools.pretrain`, about 15 minutes.

What it learns to say of a picture, by yes or no: which kind in which colour is there, which kind doing what, which kind
in which size, the place, the time of day. It says this from the largest number of each channel over all regions. So the
vector of two pictures side by side is the larger number of both, and it learns to say of that, too, what is on either.
The classifier is thrown away; what is below it is `vision.small_cnn`. How often it is right on pictures it has not seen
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

COUNT, HELD_OUT, EPOCHS, BATCH = 24_000, 2_000, 10, 64
SEEDS = 30_001, 30_002  # far from those the lessons draw with
WORLD = SceneWorld()
QUESTIONS = {
    "kind and colour": [(kind, colour) for kind in WORLD.kinds for colour in WORLD.colours],
    "kind and state": [(kind, state) for kind in WORLD.kinds for state in WORLD.kinds[kind]["states"]],
    "kind and size": [(kind, size) for kind in WORLD.kinds for size in ("small", "", "big")],
    "place": list(WORLD.places),
    "night": [False, True],
}


def truth(scene) -> np.ndarray:
    """A 1 for the right answer to each question, a 0 for all others: (answers,)."""
    (thing,) = scene.things
    right = (thing.kind, thing.colour), (thing.kind, thing.state), (thing.kind, thing.size), scene.place, scene.night
    return np.concatenate(
        [[option == answer for option in QUESTIONS[name]] for name, answer in zip(QUESTIONS, right, strict=True)]
    ).astype(np.float32)


def _draw(scenes):
    from course_lib.vision import SMALL

    return np.stack([WORLD.draw(scene, SMALL)[0] for scene in scenes])


def pictures(count: int, seed: int):
    """-> (count, 128, 128, 3), uint8, and the answers (count, answers)."""
    scenes = WORLD.single(count, seed)
    with ProcessPoolExecutor(2) as pool:
        drawn = np.concatenate(list(pool.map(_draw, [scenes[i : i + 250] for i in range(0, count, 250)])))
    return drawn, np.stack([truth(scene) for scene in scenes])


def train(count=COUNT, epochs=EPOCHS, seed=0, held_out=HELD_OUT):
    """-> the CNN without its classifier, {question: share right}, the loss of each epoch."""
    from course_lib import training
    from course_lib.quiet import keras
    from course_lib.vision import small_grid

    training.set_seed(seed)
    (x, answers), (x_new, answers_new) = pictures(count, SEEDS[0]), pictures(held_out, SEEDS[1])
    grid = small_grid()
    v = keras.layers.GlobalMaxPooling2D()(grid.output)
    two = keras.ops.maximum(v, keras.ops.roll(v, 1, axis=0))  # each picture and its neighbour
    three = keras.ops.maximum(two, keras.ops.roll(v, 2, axis=0))
    classifier = keras.layers.Dense(answers.shape[1], bias_initializer=keras.initializers.Constant(-3.0))
    model = keras.Model(grid.input, classifier(keras.ops.concatenate([v, two, three], axis=0)))
    steps = epochs * (count // BATCH)
    yes_or_no = keras.losses.BinaryCrossentropy(from_logits=True)
    training.compile_for_training(model, steps, 3e-3, warm_up=200, loss=lambda y, s: answers.shape[1] * yes_or_no(y, s))

    def batches():
        rng = np.random.default_rng(seed)
        while True:
            order = rng.permutation(count)
            for start in range(0, count - BATCH + 1, BATCH):
                chosen = order[start : start + BATCH]
                part, one = x[chosen], answers[chosen]
                if rng.random() < 0.5:
                    part = part[:, :, ::-1]  # nothing that is said of a picture changes in a mirror
                two = np.maximum(one, np.roll(one, 1, axis=0))
                yield part.astype(np.float32), np.concatenate([one, two, np.maximum(two, np.roll(one, 2, axis=0))])

    losses = training.fit(model, batches(), steps, "pretraining", every=max(steps // epochs, 1))
    said = keras.Model(grid.input, classifier(v)).predict(x_new, batch_size=250, verbose=0)
    right, begin = {}, 0
    for name, options in QUESTIONS.items():
        part = slice(begin, begin + len(options))
        right[name] = float((said[:, part].argmax(-1) == answers_new[:, part].argmax(-1)).mean())
        begin += len(options)
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
        {"question": name, "answers": len(QUESTIONS[name]), "right": round(share, 4)} for name, share in right.items()
    ]
    results.write(options.out / "small_cnn.csv", rows)
    results.print_table(["question", "answers", "right"], [row.values() for row in rows])
    return 0


if __name__ == "__main__":
    sys.exit(main())

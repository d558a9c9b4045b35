"""Lesson 11's clips, compared: what a frame is made into, and what reads the frames; five seeds each.

    python -m experiments.gestures        about twenty minutes; writes experiments/results/gestures.csv

A row is one run: the share of 2,500 new clips whose direction is right (the movement being known), and of all that are
named as the opposite when they are played backwards. "where": a CNN of single frames that learned where hand or door
is; "where, no places": the same without the spatial softmax; "what": it learned whether it is a hand or a door, and its
colours; "untrained": as it starts; "together": CNN and reader trained at once, on the labels of clips. 3-D convolutions
read pictures. It may be stopped and goes on.
"""

import sys
import time
from functools import cache, partial

import numpy as np

from course_lib import results
from course_lib.worlds.gestures import GestureWorld
from experiments.common.command_line import CommandLine
from experiments.common.runs import fill

TABLE = results.FOLDERS[0] / "gestures.csv"
SEEDS, SIZE, TRAIN, TEST = range(5), 32, 3000, 2500
POSE_STEPS, READ_STEPS, TOGETHER_STEPS = 400, 800, 600
SCALE = 0.4, 0.4, 0.5, 0.5, 0.5, 0.5  # of the numbers of a pose
CASES = [
    ("where", "gru"), ("where", "lstm"), ("where", "set"), ("where", "frame"), ("where, no places", "gru"),
    ("what", "gru"), ("untrained", "gru"), ("together", "gru"), ("pictures", "3-D convolutions"),
]  # fmt: skip
KEYS = [(*case, seed) for seed in SEEDS for case in CASES]
COLUMNS = ["frames", "reader", "seed", "direction", "movement", "opposite", "updates", "parameters", "cpu_seconds"]


@cache
def clips(seed: int):
    """The world, clips to learn from and to judge on, and the pictures of both."""
    world = GestureWorld(("across", "upright", "depth", "door"))
    train, test = world.sample(TRAIN, seed), world.sample(TEST, 5000 + seed)
    return world, train, test, world.draw(train, SIZE), world.draw(test, SIZE)


def run(frames: str, reader: str, seed: int) -> dict:
    """Train one, and judge it."""
    from course_lib import training

    world, train, test, pictures, test_pictures = clips(seed)
    training.set_seed(seed)
    begun = time.process_time()
    if frames in ("together", "pictures"):
        network, updates = learn_together(reader, pictures, train, len(world.names), seed), TOGETHER_STEPS
        logits, backwards = (training.logits(network, p, 50) for p in (test_pictures, test_pictures[:, ::-1]))
        parameters = network.count_params()
    else:
        network, vectors, parameters = learn_apart(frames, reader, pictures, train, world, test_pictures, seed)
        logits, backwards = (training.logits(network, v) for v in (vectors, vectors[:, ::-1]))
        updates = READ_STEPS
    seconds = time.process_time() - begun
    pair = logits.reshape(TEST, -1, 2)[np.arange(TEST), test.pair]
    return {
        "direction": round(float((pair.argmax(axis=-1) == test.reverse).mean()), 4),
        "movement": round(float((logits.argmax(axis=-1) // 2 == test.pair).mean()), 4),
        "opposite": round(float((backwards.argmax(axis=-1) == test.labels ^ 1).mean()), 4),
        "updates": updates, "parameters": parameters, "cpu_seconds": round(seconds),
    }  # fmt: skip


def told(frames, world, clips):
    """What a CNN of single frames is taught to say of each: (n T, numbers), each of about size 1."""
    said = world.states(clips) / SCALE
    if frames == "what":
        colours = np.concatenate([clips.main, clips.other], axis=1) / 64 - 2
        said = np.concatenate([said[..., -1:], np.repeat(colours[:, None], said.shape[1], axis=1)], axis=-1)
    return said.reshape(-1, said.shape[-1]).astype("float32")


def learn_apart(frames, reader, pictures, train, world, test_pictures, seed):
    """A CNN of frames, then a reader of its vectors -> the reader, the test clips' vectors, parameters of both."""
    from course_lib import training
    from course_lib.backend import keras
    from course_lib.models.clips import clip_reader, frame_cnn, of_frames

    cnn = frame_cnn(SIZE, where="no places" not in frames)
    if frames != "untrained":
        targets = told(frames, world, train)
        poser = keras.Model(cnn.input, keras.layers.Dense(targets.shape[-1])(cnn.output))
        training.compile_for_training(poser, POSE_STEPS, 6e-3, warm_up=20, clip=100, loss="mse")
        flat, rng = pictures.reshape(-1, SIZE, SIZE, 3), np.random.default_rng(seed)
        chosen = (rng.integers(len(flat), size=256) for _ in range(POSE_STEPS))
        training.fit(poser, ((flat[some].astype("float32"), targets[some]) for some in chosen), POSE_STEPS)
    vectors, seen = of_frames(cnn, pictures), of_frames(cnn, test_pictures)
    mean, spread = vectors.mean(axis=(0, 1)), vectors.std(axis=(0, 1)) + 1e-3
    vectors, seen = ((some - mean) / spread for some in (vectors, seen))
    network = clip_reader(reader, vectors.shape[-1], len(world.names))
    _fit(network, vectors, train.labels, READ_STEPS, 1e-2, 64, seed)
    return network, seen.astype("float32"), network.count_params() + cnn.count_params()


def learn_together(reader, pictures, train, classes, seed):
    """One network from pictures to movements."""
    from course_lib.backend import keras
    from course_lib.models.clips import clip_reader, conv_3d, frame_cnn

    frames = pictures.shape[1]
    if reader == "3-D convolutions":
        network = conv_3d(frames, SIZE, classes)
    else:
        clip, cnn = keras.Input(pictures.shape[1:]), frame_cnn(SIZE)
        vectors = keras.layers.TimeDistributed(cnn)(clip)
        network = keras.Model(clip, clip_reader(reader, cnn.output.shape[-1], classes)(vectors))
    _fit(network, pictures, train.labels, TOGETHER_STEPS, 4e-3, 32, seed)
    return network


def _fit(network, inputs, labels, steps, rate, batch, seed):
    from course_lib import training
    from course_lib.backend import keras

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    training.compile_for_training(network, steps, rate, warm_up=50, loss=loss)
    rng = np.random.default_rng(seed)
    chosen = (rng.integers(len(inputs), size=batch) for _ in range(steps))
    training.fit(network, ((inputs[some].astype("float32"), labels[some]) for some in chosen), steps)


fills = partial(fill, keys=KEYS, columns=COLUMNS, run=run, timed=False)
main = CommandLine(__doc__, fills).results(TABLE).run

if __name__ == "__main__":
    sys.exit(main())

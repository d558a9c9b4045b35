"""The course's own CNN, pretrained on pictures of one thing: what it says of each region, and of the bundled scenes."""

import os
import warnings
from pathlib import Path

import numpy as np

from course_lib import bundled
from course_lib.backend import keras
from course_lib.errors import CourseError
from course_lib.vision.backbones import Backbone, file_digest, random_backbone
from course_lib.worlds.scenes import SceneWorld, drawn_in_parts

SMALL = 128  # pixels the course's own network looks at
SMALL_WEIGHTS = "vision/small_cnn.weights.h5"


def concepts(world: SceneWorld | None = None) -> dict[str, list]:
    """What the course's CNN is asked, and the answers there are, in the order of its numbers. "": there is nothing."""
    world = world or SceneWorld()
    return {
        "what in which colour": ["", *(f"{colour} {kind}" for kind in world.kinds for colour in world.colours)],
        "what doing what": [
            "",
            *(f"{kind} {state}".strip() for kind, of in world.kinds.items() for state in of["states"]),
        ],
        "what of which size": ["", *(f"{size} {kind}" for kind in world.kinds for size in ("small", "middle", "big"))],
        "place": list(world.places),
        "time": ["day", "night"],
    }


WHOLE = ("place", "time")  # asked of the whole picture, not of a region


def small_grid(name: str = "small_cnn") -> keras.Model:
    """The course's own CNN, random: (B, 128, 128, 3), 0 to 255 -> (B, 8, 8, 236), the probability of every concept.

    Four convolutions halve the picture each, residual ones (He et al. 2016) between and behind them look at neighbours:
    128 numbers of each of 8 x 8 regions. Batch normalisation (Ioffe & Szegedy 2015) and ReLU behind each. Then a
    softmax for each question, in every region; place and time are asked of the mean of all regions, and are the same in
    each. 0.5 M weights.
    """
    layers = keras.layers

    def convolution(x, filters, strides=1):
        x = layers.Conv2D(filters, 3, strides, padding="same", use_bias=False)(x)
        return layers.BatchNormalization(momentum=0.95)(x)

    inputs = keras.Input((SMALL, SMALL, 3))
    x = layers.Rescaling(1 / 127.5, -1)(inputs)
    for filters, residual in ((16, 0), (32, 1), (64, 1), (128, 2)):
        x = layers.ReLU()(convolution(x, filters, strides=2))
        for _ in range(residual):
            x = layers.ReLU()(layers.Add()([x, convolution(x, filters)]))
    mean = layers.GlobalAveragePooling2D(keepdims=True)(x)
    says = []
    for question, answers in concepts().items():
        p = layers.Dense(len(answers), "softmax")(mean if question in WHOLE else x)
        says.append(layers.UpSampling2D(8)(p) if question in WHOLE else p)
    return keras.Model(inputs, layers.Concatenate(name="concepts")(says), name=name)


def small_cnn(weights: str | os.PathLike | None = "bundled") -> Backbone:
    """The course's own CNN, trained by tools/pretrain.py on pictures of one thing; None: random.

    CourseError if the file has no weights of this CNN.
    """
    if weights is None:
        return random_backbone("small_cnn", SMALL, small_grid(), pooling="max")
    file = bundled.path(SMALL_WEIGHTS) if weights == "bundled" else Path(weights)
    if not file.is_file():
        raise CourseError(f"{file}: no weights of the course's CNN: there is no such file.")

    def build():
        grid = small_grid()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", UserWarning)  # that is how Keras says a layer stays random
                grid.load_weights(file)
        except (OSError, ValueError, UserWarning) as error:
            raise CourseError(f"{file}: no weights of the course's CNN: {str(error).splitlines()[0]}") from None
        return grid

    return Backbone(f"small_cnn {file_digest(file)}", SMALL, build, pooling="max")


BUNDLED_VECTORS, BUNDLED_GRIDS = "vision/vectors.npz", "vision/grids.npz"
BUNDLED_SCENES = 40_000, 40_001  # how many, and their seed: far from those the lessons draw with


def _stored_for(world, file):
    """The arrays of a file by name; CourseError if they are of another world."""
    with np.load(file) as stored:
        if str(stored["world"]) != world.identity:
            raise CourseError(f"{file} belongs to other kinds of things: run `python -m tools.pretrain` for yours.")
        return {name: stored[name] for name in stored.files}


def scene_vectors(world: SceneWorld):
    """Many scenes, and what the course's CNN says of each: -> scenes, (N, 236), float32. Made by tools/pretrain.py.

    CourseError if they were made of another world.
    """
    stored = _stored_for(world, bundled.path(BUNDLED_VECTORS))
    return world.sample(*BUNDLED_SCENES), stored["vectors"].astype(np.float32) / 255


def scene_grids(world: SceneWorld, count: int | None = None, file: str | os.PathLike | None = None):
    """The first `count` of the same scenes, or all; and `evidence` of each region of all: -> scenes, SparseGrids.

    Made by tools/pretrain.py. file: of another CNN's grids, not the bundled one's. CourseError if they were made of
    another world.
    """
    stored = _stored_for(world, file or bundled.path(BUNDLED_GRIDS))
    return world.sample(count or BUNDLED_SCENES[0], BUNDLED_SCENES[1]), SparseGrids(
        *(stored[name] for name in SparseGrids.PARTS)
    )


def look_at_scenes(world: SceneWorld, readers) -> list[np.ndarray]:
    """What each reader, pictures (B, 128, 128, 3) -> (B, ...), says of the bundled scenes: (N, ...)."""
    drawn = drawn_in_parts(world, world.sample(*BUNDLED_SCENES), SMALL)
    found = [[reader(pictures) for reader in readers] for pictures, _ in drawn]
    return [np.concatenate(parts) for parts in zip(*found, strict=True)]


STEPS = 15  # evidence is kept in so many steps
FAINT, SURE = -3.4, 16.0  # log odds: p = 0.03, and all that 32 bits can tell from 1


def evidence(grid: np.ndarray) -> np.ndarray:
    """What the course's CNN says of the regions, so that it can be stored in little room: of the same shape, 0 to 1.

    Log odds, log p/(1 - p), from FAINT to SURE, in fifteenths: probabilities themselves would be 1 all over a thing,
    and not tell its middle from its edge. The answer "nothing" is 0 everywhere: what is left speaks for something.
    """
    nothing = np.array([answer == "" for answers in concepts().values() for answer in answers])
    p = np.clip(np.asarray(grid, float), 1e-7, 1 - 1e-7)
    share = np.clip((np.log(p / (1 - p)) - FAINT) / (SURE - FAINT), 0, 1)
    return np.where(nothing, 0, np.rint(share * STEPS) / STEPS).astype(np.float32)


class SparseGrids:
    """Evidence of many pictures, only what is not 0 kept: grids[rows] -> (len(rows), 8, 8, 236), float32.

    counts (N, 64): how many numbers each region has; numbers: which; values: how large, in fifteenths. whole (N, K):
    the last K numbers, which all regions of a picture share.
    """

    PARTS = "counts", "numbers", "values", "whole"

    def __init__(self, counts, numbers, values, whole):
        self.counts, self.numbers, self.values, self.whole = counts, numbers, values, whole
        self.ends = np.cumsum(counts.sum(axis=1, dtype=np.int64))
        side = round(counts.shape[1] ** 0.5)
        self.shape = len(counts), side, side, sum(map(len, concepts().values()))

    @classmethod
    def of(cls, grids: np.ndarray):
        """From evidence (N, 8, 8, 236)."""
        count = sum(len(answers) for question, answers in concepts().items() if question in WHOLE)
        steps = np.rint(grids.reshape(len(grids), -1, grids.shape[-1]) * STEPS).astype(np.uint8)
        own = steps[..., :-count]
        numbers = np.nonzero(own)[-1].astype(np.uint8)
        return cls((own > 0).sum(axis=-1).astype(np.uint8), numbers, own[own > 0], steps[:, 0, -count:])

    def __len__(self):
        return len(self.counts)

    def __getitem__(self, rows):
        """Rows by their numbers (n,), or a slice."""
        rows = np.arange(len(self))[rows]
        _, height, width, depth = self.shape
        grid = np.zeros((len(rows), height * width, depth), np.float32)
        grid[..., depth - self.whole.shape[1] :] = self.whole[rows][:, None]
        for picture, row in zip(grid, rows, strict=True):
            end = self.ends[row]
            part = slice(end - self.counts[row].sum(dtype=np.int64), end)
            picture[np.repeat(np.arange(height * width), self.counts[row]), self.numbers[part]] = self.values[part]
        return (grid / STEPS).reshape(len(rows), height, width, depth)

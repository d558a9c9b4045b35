"""A network of a recipe's sizes, from what is kept of each frame to a class: new, or as it was trained."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from course_lib.checkpoint import Checkpoint
from course_lib.errors import CourseError
from experiments.watching.data import Footage
from experiments.watching.recipe import OWN, Recipe


def statistics(footage: Footage, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation over some clips (n,), read a few at a time: (C,) each, C the last axis."""
    total = square = count = 0
    for some in footage.parts(chosen):
        flat = footage.read(some).reshape(-1, footage.rows.shape[-1]).astype(float)
        total, square, count = total + flat.sum(axis=0), square + (flat**2).sum(axis=0), count + len(flat)
    mean = total / count
    return mean, np.sqrt(np.maximum(square / count - mean**2, 0)) + 1e-3


def new_network(recipe: Recipe, vectors: str, footage: Footage, chosen: np.ndarray):
    """What was kept of the frames of a clip (B, T, ...) -> logits (B, classes).

    vectors: of the frames, "whole", or "moving": less their mean over the clip, so what stays as it is in a clip is
    taken away. chosen: the clips whose mean and spread scale the vectors.
    """
    from course_lib.backend import keras
    from course_lib.models.clips import clip_reader, frame_cnn

    layers = keras.layers
    clip = keras.Input(footage.rows.shape[1:], name="clip")
    x = clip[:, :1] if recipe.reader == "frame" else clip  # of the others nothing is asked
    if recipe.cnn == OWN:
        x = layers.TimeDistributed(frame_cnn(recipe.size))(x)
    else:
        mean, spread = statistics(footage, chosen)
        x = layers.Normalization(mean=mean.tolist(), variance=(spread**2).tolist(), name="scaled")(x)
    if vectors == "moving":
        x = x - keras.ops.mean(x, axis=1, keepdims=True)
    x = layers.Dropout(recipe.dropout)(x)
    reader = clip_reader(recipe.reader, x.shape[-1], len(footage.classes), recipe.units)
    return keras.Model(clip, reader(x), name="clip_network")


def log_probabilities(network, rows: np.ndarray) -> np.ndarray:
    """log p of each class: rows (B, T, ...) -> (B, classes), nats."""
    from scipy.special import log_softmax

    from course_lib import training

    return log_softmax(training.logits(network, rows, 32).astype(float), axis=-1)


@dataclass(frozen=True)
class Trained:
    """A finished run: its settings, its state, the network."""

    recipe: Recipe
    state: dict
    network: object

    def check(self, extractor) -> None:
        """CourseError if rows of this extractor are not what it was trained with."""
        if extractor.identity != self.state["extractor"]:
            raise CourseError(
                f"this network was trained with other weights of {self.recipe.cnn} ({self.state['extractor']}, now "
                f"{extractor.identity}): bring them back, or train anew with --restart."
            )


def saved_network(checkpoint: Checkpoint):
    """The one that was saved, or None."""
    from course_lib.models import clips  # noqa: F401 - Keras finds the course's classes

    return checkpoint.model()


def load(out: Path, reader: str) -> Trained:
    """The run that was trained with this reader; nothing is written. CourseError if it is not finished."""
    folder = out / reader
    checkpoint = Checkpoint.read(folder) if (folder / "state.json").is_file() else None
    if not (checkpoint and checkpoint.state.get("done")):
        raise CourseError(f"there is no trained network in {folder}: train it, or say where with --out and --reader.")
    state = checkpoint.state
    recipe = replace(Recipe(), **{name: state[name] for name in asdict(Recipe()) if name in state})
    return Trained(recipe, state, saved_network(checkpoint))

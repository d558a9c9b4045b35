"""Pretrained CNNs without their classifiers: pictures -> grids of vectors, or one vector.

From any network of `keras.applications`, or the course's own (small_cnn.py).
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from course_lib.backend import keras
from course_lib.errors import CourseError
from course_lib.vision.pooling import POOLINGS


def _compiled(model):
    """The model as a function whose weights are constants: TensorFlow joins batch normalisation with the convolution
    before it. Half as fast again as `predict_on_batch`.
    """  # fmt: skip
    if keras.backend.backend() != "tensorflow":
        return model.predict_on_batch
    import tensorflow as tf

    weights = [[v.numpy() for v in some] for some in (model.trainable_variables, model.non_trainable_variables)]

    def run(pictures):
        constants = [[tf.constant(v) for v in some] for some in weights]
        return model.stateless_call(*constants, pictures, training=False)[0]

    signature = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)
    return tf.function(run, input_signature=[signature], autograph=False)


@dataclass
class Backbone:
    """A CNN without its classifier. grid: its model, pictures (B, size, size, 3), 0 to 255 -> (B, rows, columns, C).

    identity: changes with anything that changes the vectors. pooling: one of POOLINGS. Weights are taken as they are at
    the first call.
    """

    identity: str
    size: int
    grid: keras.Model
    pooling: str = "mean"
    _run: Callable | None = field(default=None, init=False, repr=False)

    @property
    def shape(self) -> tuple[int, int, int]:
        """rows, columns, C."""
        return self.grid.output_shape[1:]

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """(B, size, size, 3) -> (B, rows, columns, C)."""
        self._run = self._run or _compiled(self.grid)
        return np.asarray(self._run(np.asarray(pictures, np.float32)))

    def pool(self, grid: np.ndarray) -> np.ndarray:
        """(B, rows, columns, C) -> (B, C), or (B, 3 C) for "pyramid"."""
        return np.asarray(POOLINGS[self.pooling](grid))

    def pooled(self, pictures: np.ndarray) -> np.ndarray:
        """(B, size, size, 3) -> (B, C), or (B, 3 C) for "pyramid"."""
        return self.pool(self(pictures))


def pretrained(
    name: str = "MobileNetV2", size: int = 224, weights="imagenet", pooling: str = "mean", layer: str = "", **options
) -> Backbone:
    """Any network of keras.applications, without its classifier, its own preprocessing built in.

    weights: "imagenet": from COURSE_DATA/weights if the file is there, else downloaded by Keras; None: random; a path.
    layer: the name of the layer whose regions are taken; left out, the last one. CourseError if there is no such
    network, layer or pooling, or the weights do not fit or cannot be downloaded.
    """
    homes = (home for home in vars(keras.applications).values() if hasattr(home, "preprocess_input"))
    home = next((home for home in homes if hasattr(home, name)), None)
    if home is None:
        raise CourseError(f"keras.applications has no network {name!r}: write it as there, for example 'MobileNetV2'.")
    if pooling not in POOLINGS:
        raise CourseError(f"pooling: expected one of {', '.join(POOLINGS)}, got {pooling!r}.")
    weights = _weights_file(name, size, options) or weights if weights == "imagenet" else weights
    try:
        model = getattr(home, name)(include_top=False, weights=weights, input_shape=(size, size, 3), **options)
    except (ValueError, OSError) as error:
        raise CourseError(f"{name}: the weights {weights} do not fit: {str(error).splitlines()[0]}") from None
    except Exception as error:  # Keras has no class of its own for a download that failed
        if "URL fetch failure" not in str(error):
            raise
        raise CourseError(
            f"cannot download the weights of {name}: no connection. Try again with a network, or set COURSE_DATA to a "
            f"folder with weights/ in it. ({str(error).splitlines()[0]})"
        ) from None
    if layer:
        if not any(layer == one.name and len(one.output.shape) == 4 for one in model.layers):
            raise CourseError(f"{name} has no layer {layer!r} with regions: one of those in its summary().")
        model = keras.Model(model.input, model.get_layer(layer).output)
    inputs = keras.Input((size, size, 3))
    grid = keras.Model(inputs, model(home.preprocess_input(inputs), training=False))
    of = " ".join([name, str(size), *filter(None, [layer]), str(options)])
    said = f"{of} {weights_digest(model.get_weights()) if weights else 'random'}"
    return Backbone(said, size, grid, pooling)


def _weights_file(name, size, options):
    """The file of ImageNet weights that COURSE_DATA has for this network, or None."""
    folder = Path(os.environ.get("COURSE_DATA", "")) / "weights"
    width = options.get("alpha", 1.0)
    known = {
        "MobileNetV2": f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{width}_{size}_no_top.h5",
        "MobileNet": f"mobilenet_{str(width).replace('0.', '').replace('.', '_')}_{size}_tf_no_top.h5",
    }.get(name)
    return str(folder / known) if os.environ.get("COURSE_DATA") and known and (folder / known).is_file() else None


def weights_digest(arrays) -> str:
    """A hash of all weights of a network: part of what its vectors are known by."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]

"""Pretrained CNNs without their classifiers: pictures -> grids of vectors, or one vector.

From any network of `keras.applications`, or the course's own (small_cnn.py).
"""

import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from course_lib.backend import keras
from course_lib.errors import CourseError
from course_lib.vision import images
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
    """A CNN without its classifier; an `Extractor` of grids (features.py), one vector for each region of a picture.

    identity: changes with anything that changes the vectors. build: makes the model, pictures (B, size, size, 3), 0 to
    255 -> (B, rows, columns, C), when one is first needed: nobody waits for it where all vectors are there. pooling:
    one of POOLINGS. Weights are taken as they are at the first call.
    """

    identity: str
    size: int
    build: Callable[[], keras.Model]
    pooling: str = "mean"
    _run: Callable | None = field(default=None, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    @cached_property
    def grid(self) -> keras.Model:
        """The model."""
        return self.build()

    @property
    def shape(self) -> tuple[int, ...]:
        """rows, columns, C."""
        return self.grid.output_shape[1:]

    def decode(self, data: bytes, name: str) -> np.ndarray:
        """The bytes of a picture -> (size, size, 3). ImageError for what is none."""
        return images.decode(data, self.size, name)

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """(B, size, size, 3) -> (B, rows, columns, C)."""
        with self._lock:  # built once, whichever thread comes first
            self._run = self._run or _compiled(self.grid)
        return np.asarray(self._run(np.asarray(pictures, np.float32)))

    def pool(self, grid: np.ndarray) -> np.ndarray:
        """(B, rows, columns, C) -> (B, C), or (B, 3 C) for "pyramid"."""
        return np.asarray(POOLINGS[self.pooling](grid))

    def pooled(self, pictures: np.ndarray) -> np.ndarray:
        """(B, size, size, 3) -> (B, C), or (B, 3 C) for "pyramid"."""
        return self.pool(self(pictures))


@dataclass
class Pooled:
    """A Backbone as an `Extractor` of one vector for a picture."""

    backbone: Backbone

    @property
    def identity(self) -> str:
        """The backbone's, and how its regions are pooled."""
        return f"{self.backbone.identity} {self.backbone.pooling}"

    @property
    def size(self) -> int:
        """Pixels of a side of its pictures."""
        return self.backbone.size

    @property
    def shape(self) -> tuple[int, ...]:
        """(C,), or (3 C,) for "pyramid"."""
        return self.backbone.pool(np.zeros((1, *self.backbone.shape))).shape[1:]

    def decode(self, data: bytes, name: str) -> np.ndarray:
        """As the backbone's."""
        return self.backbone.decode(data, name)

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """(B, size, size, 3) -> (B, *shape)."""
        return self.backbone.pooled(pictures)


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

    def build():
        try:
            model = getattr(home, name)(include_top=False, weights=weights, input_shape=(size, size, 3), **options)
        except (ValueError, OSError) as error:
            raise CourseError(f"{name}: the weights {weights} do not fit: {str(error).splitlines()[0]}") from None
        except Exception as error:  # Keras has no class of its own for a download that failed
            if "URL fetch failure" not in str(error):
                raise
            raise CourseError(
                f"cannot download the weights of {name}: no connection. Try again with a network, or set COURSE_DATA "
                f"to a folder with weights/ in it. ({str(error).splitlines()[0]})"
            ) from None
        if layer:
            if not any(layer == one.name and len(one.output.shape) == 4 for one in model.layers):
                raise CourseError(f"{name} has no layer {layer!r} with regions: one of those in its summary().")
            model = keras.Model(model.input, model.get_layer(layer).output)
        inputs = keras.Input((size, size, 3))
        return keras.Model(inputs, model(home.preprocess_input(inputs), training=False))

    of = " ".join([name, str(size), *filter(None, [layer]), str(options)])
    if weights is None:
        return random_backbone(of, size, build(), pooling)
    made_by = f"Keras {keras.__version__}'s imagenet" if weights == "imagenet" else file_digest(weights)
    return Backbone(f"{of} {made_by}", size, build, pooling)


def random_backbone(name: str, size: int, grid: keras.Model, pooling: str) -> Backbone:
    """One that was not trained: no file says what its weights are, so its identity is a hash of themselves."""
    digest = hashlib.sha256()
    for array in grid.get_weights():
        digest.update(np.ascontiguousarray(array).tobytes())
    return Backbone(f"{name} random {digest.hexdigest()[:16]}", size, lambda: grid, pooling)


def file_digest(path) -> str:
    """sha256 of a file of weights: what vectors made with it are known by. CourseError if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError as error:
        raise CourseError(f"cannot read the weights {path}: {error.strerror}.") from None


def _weights_file(name, size, options):
    """The file of ImageNet weights that COURSE_DATA has for this network, or None."""
    folder = Path(os.environ.get("COURSE_DATA", "")) / "weights"
    width = options.get("alpha", 1.0)
    known = {
        "MobileNetV2": f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{width}_{size}_no_top.h5",
        "MobileNet": f"mobilenet_{str(width).replace('0.', '').replace('.', '_')}_{size}_tf_no_top.h5",
    }.get(name)
    return str(folder / known) if os.environ.get("COURSE_DATA") and known and (folder / known).is_file() else None

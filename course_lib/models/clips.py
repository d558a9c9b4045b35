"""Networks that say which movement a clip shows: what each frame is made into, and what reads the frames in order."""

import numpy as np

from course_lib.backend import keras
from course_lib.errors import CourseError
from course_lib.models.decoder_parts import recurrent

layers, ops = keras.layers, keras.ops
KINDS = ("lstm", "gru", "set", "frame")


def frame_cnn(size: int, numbers: int = 32, where: bool = True) -> keras.Model:
    """One frame (B, size, size, 3), 0 to 255 -> a vector (B, numbers).

    Three convolutions, batch-normalised (Ioffe & Szegedy 2015). where: each of 32 maps is read as the place of what it
    answers to, by a softmax over the places (Finn et al. 2016, section IV-A), beside its mean; without, the mean alone,
    which does not change when a thing moves. CourseError for a size that is no multiple of 4.
    """
    if size < 8 or size % 4:
        raise CourseError(f"size: expected a multiple of 4, 8 or more, got {size}.")
    frame = keras.Input((size, size, 3), name="frame")
    x = layers.Rescaling(1 / 127.5, -1)(frame)
    for filters, strides in ((16, 2), (32, 2), (32, 1)):
        x = layers.Conv2D(filters, 3, strides, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.Conv2D(32, 1)(x)
    read = [layers.GlobalAveragePooling2D()(x)]
    if where:
        read.append(SpatialSoftmax(name="places")(x))
    vector = layers.Dense(numbers, "relu")(layers.Concatenate()(read) if where else read[0])
    return keras.Model(frame, vector, name="frame_cnn")


@keras.saving.register_keras_serializable(package="course_lib")
class SpatialSoftmax(keras.layers.Layer):
    """Maps (B, rows, columns, C) -> the mean place of each (B, 2 C): x of all, then y, -1 to 1 across the picture.

    The mean is over places, with the softmax of the map as weights (Finn et al. 2016, section IV-A).
    """

    def build(self, shape):
        """The places of the middles of the cells."""
        _, rows, columns, _ = shape
        y, x = ((2 * np.arange(n) + 1) / n - 1 for n in (rows, columns))
        self.places = np.stack([np.tile(x, rows), np.repeat(y, columns)]).astype("float32")  # (2, rows * columns)

    def call(self, maps):
        """The places."""
        _, rows, columns, count = maps.shape
        weights = ops.softmax(ops.reshape(maps, (-1, rows * columns, count)), axis=1)
        found = ops.einsum("kp,bpc->bkc", self.places, weights)  # (B, 2, C)
        return ops.reshape(found, (-1, 2 * count))


def clip_reader(kind: str, features: int, classes: int, units: int = 48) -> keras.Model:
    """Vectors of frames (B, T, features) -> logits (B, classes).

    kind: "lstm" or "gru" reads them in order (Donahue et al. 2015) and answers once, at the end; "set" takes the mean
    of what two layers make of each, so their order changes nothing; "frame" reads the first alone. CourseError for
    another kind.
    """
    if kind not in KINDS:
        raise CourseError(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}.")
    vectors = keras.Input((None, features), name="vectors")
    if kind in ("lstm", "gru"):
        _, h_T, *_ = recurrent(kind, units, name="memory")(vectors)
    else:
        seen = vectors if kind == "set" else vectors[:, :1]
        each = layers.Dense(64, "relu")(layers.Dense(64, "relu")(seen))
        h_T = layers.Dense(64, "relu")(layers.GlobalAveragePooling1D()(each))
    return keras.Model(vectors, layers.Dense(classes, name="readout")(h_T), name="clip_reader")


def conv_3d(frames: int, size: int, classes: int) -> keras.Model:
    """Clips (B, T, size, size, 3), 0 to 255 -> logits (B, classes): 3 x 3 x 3 convolutions (Tran et al. 2015), small.

    Three of them, batch-normalised, the picture halved by each and time by the last two; a layer reads what is left.
    """
    clip = keras.Input((frames, size, size, 3), name="clip")
    x = layers.Rescaling(1 / 127.5, -1)(clip)
    for filters, strides in ((16, (1, 2, 2)), (32, (2, 2, 2)), (32, (2, 2, 2))):
        x = layers.Conv3D(filters, 3, strides, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.Dense(64, "relu")(layers.Flatten()(x))
    return keras.Model(clip, layers.Dense(classes, name="readout")(x), name="conv_3d")


def of_frames(network: keras.Model, clips: np.ndarray, batch_size: int = 500) -> np.ndarray:
    """What a network of single frames says of each frame of clips (n, T, H, W, 3) -> (n, T, ...)."""
    n, T = clips.shape[:2]
    flat = clips.reshape(n * T, *clips.shape[2:])
    parts = [network(flat[i : i + batch_size].astype("float32"), training=False) for i in range(0, n * T, batch_size)]
    found = np.concatenate([ops.convert_to_numpy(part) for part in parts])
    return found.reshape(n, T, *found.shape[1:])

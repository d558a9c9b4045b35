"""Pictures as vectors: files decoded, run once through a pretrained CNN, and kept on disk.

A convolutional network without its classifier hands over a grid of vectors, one for each region of the picture; pooled,
they are one vector. Both come from here, from any network of `keras.applications` or from the course's own.
"""

import hashlib
import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from course_lib import shipped
from course_lib.errors import CourseError
from course_lib.locked import locked
from course_lib.quiet import keras
from course_lib.worlds.scenes import SceneWorld

ops = keras.ops
MOST_PIXELS = 80_000_000  # a larger picture is refused before it fills the memory


class PictureError(CourseError):
    """A file is no picture that can be read; the message names it."""


def decode(source, size: int, name: str | None = None) -> np.ndarray:
    """A picture file, or its bytes, as (size, size, 3), uint8: any mode, turned as its EXIF says, squashed to a square.

    What is transparent becomes white. PictureError, with the name, for what is no picture, is cut off or is too large.
    """
    import io

    from PIL import Image, ImageOps, UnidentifiedImageError

    name = name or (str(source) if isinstance(source, str | os.PathLike) else "the picture")
    try:
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
        with Image.open(io.BytesIO(data)) as picture:
            width, height = picture.size
            if width * height > MOST_PIXELS:
                raise PictureError(f"{name}: {width} × {height} pixels are too many, at most {MOST_PIXELS:,} are read.")
            picture.draft("RGB", (size, size))  # a large JPEG is decoded at a fraction of its size
            picture = ImageOps.exif_transpose(picture)
            if "transparency" in picture.info or picture.mode in ("LA", "PA", "La", "RGBa"):
                picture = picture.convert("RGBA")
            if picture.mode == "RGBA":
                white = Image.new("RGBA", picture.size, "white")
                picture = Image.alpha_composite(white, picture)
            if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):  # more than 8 bits
                values = np.asarray(picture, float)
                values = 255 * (values - values.min()) / max(np.ptp(values), 1e-9)
                picture = Image.fromarray(values.astype(np.uint8))
            return np.asarray(picture.convert("RGB").resize((size, size), Image.BICUBIC))
    except FileNotFoundError:
        raise PictureError(f"{name}: there is no such file.") from None
    except Image.DecompressionBombError:
        raise PictureError(f"{name}: too many pixels, at most {MOST_PIXELS:,} are read.") from None
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        why = "nothing that Pillow knows" if isinstance(error, UnidentifiedImageError) else error
        raise PictureError(f"{name}: not a picture that can be read, or cut off ({why}).") from None


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


def _pyramid(grid):
    """Means of all regions, of the upper and of the lower half: (B, rows, columns, C) -> (B, 3 C)."""
    rows = grid.shape[1]
    parts = grid, grid[:, : (rows + 1) // 2], grid[:, rows // 2 :]  # the middle row is in both
    return ops.concatenate([ops.mean(part, axis=(1, 2)) for part in parts], axis=-1)


# How one vector is made of the regions. A pyramid (Lazebnik, Schmid & Ponce 2006) keeps above and below apart.
POOLINGS = {
    "mean": lambda grid: ops.mean(grid, axis=(1, 2)), "max": lambda grid: ops.max(grid, axis=(1, 2)),
    "pyramid": _pyramid,
}  # fmt: skip


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
        """(B, size, size, 3) -> (B, C)."""
        return self.pool(self(pictures))


def pretrained(
    name: str = "MobileNetV2", size: int = 224, weights="imagenet", pooling: str = "mean", layer: str = "", **options
) -> Backbone:
    """Any network of keras.applications, without its classifier, its own preprocessing built in.

    weights: "imagenet": from COURSE_DATA/weights if the file is there, else downloaded by Keras; None: random; a path.
    layer: the name of the layer whose regions are taken; left out, the last one.
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
    said = f"{of} {_digest(model.get_weights()) if weights else 'random'}"
    return Backbone(said, size, grid, pooling)


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


def small_cnn(weights: str | os.PathLike | None = "shipped") -> Backbone:
    """The course's own CNN, trained by tools/pretrain.py on pictures of one thing; None: random."""
    grid = small_grid()
    if weights is not None:
        file = shipped.path(SMALL_WEIGHTS) if weights == "shipped" else Path(weights)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", UserWarning)  # that is how Keras says a layer stays random
                grid.load_weights(file)
        except (OSError, ValueError, UserWarning) as error:
            raise CourseError(f"{file}: no weights of the course's CNN: {str(error).splitlines()[0]}") from None
    return Backbone("small_cnn " + _digest(grid.get_weights()), SMALL, grid, pooling="max")


SHIPPED_VECTORS, SHIPPED_GRIDS = "vision/vectors.npz", "vision/grids.npz"
SHIPPED_SCENES = 40_000, 40_001  # how many, and their seed: far from those the lessons draw with


def _shipped_for(world, file):
    """The arrays of a shipped file by name; CourseError if they are of another world."""
    with np.load(shipped.path(file)) as stored:
        if str(stored["world"]) != world.identity:
            raise CourseError(
                f"data/{file} belongs to other kinds of things: run `python -m tools.pretrain` for yours."
            )
        return {name: stored[name] for name in stored.files}


def scene_vectors(world: SceneWorld):
    """Many scenes, and what the course's CNN says of each: -> scenes, (N, 236), float32. Made by tools/pretrain.py."""
    stored = _shipped_for(world, SHIPPED_VECTORS)
    return world.sample(*SHIPPED_SCENES), stored["vectors"].astype(np.float32) / 255


def scene_grids(world: SceneWorld, count: int | None = None):
    """The first `count` of the same scenes, or all; and `evidence` of each region of all: -> scenes, Grids.

    Made by tools/pretrain.py.
    """
    stored = _shipped_for(world, SHIPPED_GRIDS)
    return world.sample(count or SHIPPED_SCENES[0], SHIPPED_SCENES[1]), Grids(*(stored[name] for name in Grids.PARTS))


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


class Grids:
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


def _weights_file(name, size, options):
    """The file of ImageNet weights that COURSE_DATA has for this network, or None."""
    folder = Path(os.environ.get("COURSE_DATA", "")) / "weights"
    width = options.get("alpha", 1.0)
    known = {
        "MobileNetV2": f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{width}_{size}_no_top.h5",
        "MobileNet": f"mobilenet_{str(width).replace('0.', '').replace('.', '_')}_{size}_tf_no_top.h5",
    }.get(name)
    return str(folder / known) if os.environ.get("COURSE_DATA") and known and (folder / known).is_file() else None


def _digest(arrays):
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def _key(source):
    """sha256 of a picture file or its bytes; None if it cannot be read."""
    try:
        return hashlib.sha256(source if isinstance(source, bytes) else Path(source).read_bytes()).hexdigest()
    except OSError:
        return None


class FeatureCache:
    """Grids of vectors on disk, keyed by the bytes of the picture and by the network.

    folder: holds one file of rows for each network. Rows are added, never changed; a run that was killed loses a batch.
    Reading is memory-mapped: a set larger than memory works.
    """

    def __init__(self, folder, backbone: Backbone, grid: bool = True):
        self.backbone, self.grid = backbone, grid
        self.shape = backbone.shape if grid else backbone.pool(np.zeros((1, *backbone.shape))).shape[1:]
        kept = "grid" if grid else backbone.pooling
        key = hashlib.sha256(f"{backbone.identity} {kept} {self.shape}".encode()).hexdigest()[:16]
        self.rows_file, self.index_file = (Path(folder) / f"{key}.{end}" for end in ("float16", "index"))
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.rows_file.touch()
            self.index_file.touch()
        except OSError as error:
            raise CourseError(f"features cannot be kept in {folder}: {error}. Name another folder.") from None
        self._row_bytes = 2 * int(np.prod(self.shape))
        self.reload()

    def reload(self) -> None:
        """Read the index again, after another process has added rows; mend what a kill has cut off."""
        hashes = self.index_file.read_text(encoding="ascii").split()
        whole = min(len(hashes), self.rows_file.stat().st_size // self._row_bytes)  # the rest was cut off by a kill
        self.index = {digest: row for row, digest in enumerate(hashes[:whole])}
        if whole < len(hashes) or self.rows_file.stat().st_size != whole * self._row_bytes:
            os.truncate(self.rows_file, whole * self._row_bytes)
            self.index_file.write_text("".join(f"{digest}\n" for digest in hashes[:whole]), encoding="ascii")

    @property
    def rows(self) -> np.ndarray:
        """All rows there are, memory-mapped: (N, rows, columns, C) or (N, C), float16."""
        if not self.index:
            return np.zeros((0, *self.shape), np.float16)
        return np.memmap(self.rows_file, np.float16, "r", shape=(len(self.index), *self.shape))

    def missing(self, sources: Sequence) -> list[int]:
        """The numbers of the pictures (paths or bytes) whose vectors are not there; what cannot be read is one."""
        return [i for i, source in enumerate(sources) if _key(source) not in self.index]

    def add(
        self, sources: Sequence, batch_size: int = 32, watch: Callable[[Iterable], Iterable] = iter
    ) -> tuple[np.ndarray, list[str]]:
        """Make sure of all pictures (paths or bytes) -> the row of each (N,), -1 if there is none, and what is wrong.

        What is there already is not computed again. watch: wraps the batches, for a progress bar.
        """
        places, problems = np.full(len(sources), -1), []

        def load(i):
            try:
                data = sources[i] if isinstance(sources[i], bytes) else Path(sources[i]).read_bytes()
                digest = _key(data)
                name = f"picture {i}" if isinstance(sources[i], bytes) else str(sources[i])
                known = digest in self.index
                return i, digest, None if known else decode(data, self.backbone.size, name), None
            except OSError as error:
                return i, None, None, f"{sources[i]}: {error.strerror or error}."
            except PictureError as error:
                return i, None, None, str(error)

        starts = list(range(0, len(sources), batch_size))
        with locked(self.index_file.with_suffix(".lock")), ThreadPoolExecutor(2) as pool:
            self.reload()
            waiting = []  # two batches are decoded while one is computed
            for number in watch(range(len(starts))):
                while len(waiting) < 3 and number + len(waiting) < len(starts):
                    start = starts[number + len(waiting)]
                    waiting.append([pool.submit(load, i) for i in range(start, min(start + batch_size, len(sources)))])
                loaded = [task.result() for task in waiting.pop(0)]
                self._compute({d: new for _, d, new, _ in loaded if new is not None and d not in self.index})
                for i, digest, _, problem in loaded:
                    if problem:
                        problems.append(problem)
                    else:
                        places[i] = self.index[digest]
        return places, problems

    def _compute(self, pictures):
        """Vectors of new pictures {digest: (size, size, 3)}, written at once."""
        if not pictures:
            return
        grid = self.backbone(np.stack(list(pictures.values())))
        rows = grid if self.grid else self.backbone.pool(grid)
        with open(self.rows_file, "ab") as file:
            file.write(rows.astype(np.float16).tobytes())
        with open(self.index_file, "a", encoding="ascii") as file:
            file.write("".join(f"{digest}\n" for digest in pictures))
        for digest in pictures:
            self.index[digest] = len(self.index)


def caption_batches(features, places, rows, batch_size: int, seed: int, per_picture: int = 1):
    """Endless shuffled batches ((vectors, words before), words to say) for `training.fit`, streamed by tf.data.

    features: rows of vectors, memory-mapped or not (FeatureCache.rows, Grids); places (N,): the row of each caption's
    picture; rows (N, L): the captions, from `text.to_rows`. Captions of like length come together, (batch_size, J), and
    vectors for them: (batch_size // per_picture, ...), where each picture has so many captions that follow one another,
    of like length, too; so a picture is read once for all of them. What is left of a picture's captions waits for the
    next time round.
    """
    import tensorflow as tf

    from course_lib.text import like_batches, next_word_pairs

    places, lengths = np.asarray(places), (rows != 0).sum(axis=1)
    rng = np.random.default_rng(seed)
    if batch_size % per_picture:
        raise CourseError(f"batch_size: expected a multiple of per_picture, {per_picture}, got {batch_size}.")

    def groups():
        """Which captions share a picture: (G, per_picture), those of like length together."""
        order = np.lexsort((rng.random(len(rows)), places))
        rank = np.arange(len(order)) - np.searchsorted(places[order], places[order])
        count = np.bincount(places)[places[order]]
        kept = order[rank < count // per_picture * per_picture]  # in random order, so others are left out each time
        kept = kept[np.lexsort((lengths[kept], places[kept]))]
        if not len(kept):
            raise CourseError(f"per_picture: no picture has {per_picture} captions.")
        return kept.reshape(-1, per_picture)

    def generate():
        while True:
            shared = groups() if per_picture > 1 else np.arange(len(rows))[:, None]
            for chosen in like_batches(lengths[shared].max(axis=1), batch_size // per_picture, rng):
                said = shared[chosen]
                before, after = next_word_pairs(rows[said.ravel(), : lengths[said].max()])
                yield (np.asarray(features[places[said[:, 0]]], np.float32), before), after

    words = tf.TensorSpec((None, None), tf.int32)
    vectors = tf.TensorSpec((None, *features.shape[1:]), tf.float32)
    stream = tf.data.Dataset.from_generator(generate, output_signature=((vectors, words), words)).prefetch(4)
    return iter(stream)

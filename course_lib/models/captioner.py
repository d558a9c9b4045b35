"""A CNN reads a picture into vectors, a decoder says a caption from them: translation, with another encoder.

The CNN is run beforehand (`vision`): its classifier dropped, its vectors kept. What is trained here is the rest.
"""

import math

from course_lib.backend import keras
from course_lib.errors import CourseError
from course_lib.models.encoder_decoder import (
    DECODERS,
    AttentionBeforeDecoder,
    Decoder,
    EachStepDecoder,
    EncoderDecoder,
    EveryStepDecoder,
    _Attentive,
    _Configured,
)
from course_lib.vision.pooling import POOLINGS

layers, ops = keras.layers, keras.ops


@keras.saving.register_keras_serializable(package="course_lib")
class PictureEncoder(_Configured):
    """Region vectors (B, rows, columns, C) or pooled ones (B, C) -> {"places": (B, R, D), "context", "mask"}.

    places: each region by itself through one layer of D = `width` numbers, and D more that say where it is, learned,
    added. context (B, D): all regions pooled (one of vision.POOLINGS) through another layer.
    attended=False: nobody will look at the regions, and the context is the only place.
    Dropout takes the same numbers from all regions of a picture: from one alone, its neighbours would still tell.
    """

    def __init__(self, shape, width, dropout=0.0, attended=True, pooling="mean", **kwargs):
        settings = {"shape": tuple(shape), "width": width, "dropout": dropout, "attended": attended}
        super().__init__(settings | {"pooling": pooling}, **kwargs)
        self.regions = layers.Dense(width, "relu", name="regions") if attended else None
        self.whole = layers.Dense(width, "relu", name="whole")
        self.drop, self.drop_regions = layers.Dropout(dropout), layers.SpatialDropout1D(dropout)

    def example(self):
        """A picture of nothing."""
        return ops.zeros((1, *self.settings["shape"]))

    def build(self, shape):
        """Make every weight."""
        *sides, depth = self.settings["shape"]
        pieces = 3 if sides and self.settings["pooling"] == "pyramid" else 1
        self.whole.build((None, pieces * depth))
        if self.regions:
            self.regions.build((None, None, depth))
            size = math.prod(sides), self.settings["width"]
            self.where = self.add_weight(shape=size, initializer="zeros", name="where")

    def call(self, features, training=None):
        """Pooled vectors are one region."""
        if tuple(features.shape[1:]) != self.settings["shape"]:
            raise CourseError(
                f"this captioner reads vectors of shape {self.settings['shape']}, got {tuple(features.shape[1:])}: "
                "use the network it was trained with."
            )
        pooled = POOLINGS[self.settings["pooling"]](features) if len(features.shape) > 2 else features
        context = self.whole(self.drop(pooled, training=training))
        places = context[:, None]
        if self.regions:
            places = ops.reshape(features, (ops.shape(features)[0], -1, features.shape[-1]))  # (B, R, C)
            places = self.regions(self.drop_regions(places, training=training)) + self.where
        return {"places": places, "context": context, "mask": ops.ones(ops.shape(places)[:2], "bool")}


@keras.saving.register_keras_serializable(package="course_lib")
class FirstInputDecoder(Decoder):
    """The picture is the first word that is read, before <bos>: Vinyals et al. 2015, eqs 10 and 11."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial = []
        self.picture = layers.Dense(self.settings["embedding"], name="picture")

    def start(self, encoded):
        """The states after one step from 0, with the picture as its word."""
        context = encoded["context"]
        nothing = [ops.zeros((ops.shape(context)[0], self.settings["units"]))] * (
            2 if self.settings["cell"] == "lstm" else 1
        )
        _, states = self.memory.cell(self.picture(context), nothing)
        return list(states)

    def inputs(self, y, encoded):
        """(B, J, E)."""
        return y


@keras.saving.register_keras_serializable(package="course_lib")
class StartAndOutputDecoder(EveryStepDecoder):
    """The picture is where the memory starts, and beside every output, as in Cho et al. 2014; x_j = y_{j-1}.

    scores = W maxout(O_s s_j + O_y y_{j-1} + O_v v). O_v v is computed once for a caption.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.seen = layers.Dense(2 * self.settings["maxout"], use_bias=False, name="seen")

    def inputs(self, y, encoded):
        """(B, J, E)."""
        return y

    def outputs(self, s, y, encoded, training=None):
        """With the maxout layer, and without weights."""
        t = self.both(ops.concatenate([s, y], axis=-1)) + self.seen(encoded["context"])[:, None]
        return self.say(t, training), None


def _by_picture(v, encoded):
    """(B, J, D) -> (P, B / P * J, D): all words that look at the same picture in one row."""
    return ops.reshape(v, (ops.shape(encoded["places"])[0], -1, v.shape[-1]))


def _rows(v, like):
    """Back again, for as many rows as in `like` (B, J, ...)."""
    return ops.reshape(v, (*ops.shape(like)[:2], v.shape[-1]))


class _Looks(_Attentive):
    """What all that look at regions share; z_j is what is seen before word j is said. Xu et al. 2015, sections 3 and 4.

    gate: z_j counts beta_j = sigmoid(W_beta s) times, by the memory s that looks (section 4.2.1).
    doubly: lambda of eq. 14, doubly * sum over regions i of (1 - sum over words j of weights_ji)^2, a caption.
    output: "maxout", scores = W maxout(O_s s_j + O_y y_{j-1} + O_z z_j), the paper's deep output (eq. 7) with another
    function; "sum", scores = W (s_j + L z_j), which hears of the word before through the memory alone.
    """

    def __init__(self, *args, gate=True, doubly=0.0, output="maxout", **kwargs):
        super().__init__(*args, **kwargs)
        if output not in ("maxout", "sum"):
            raise CourseError(f"output: expected 'maxout' or 'sum', got {output!r}.")
        self.settings |= {"gate": gate, "doubly": doubly, "output": output}
        self.gate = layers.Dense(1, "sigmoid", name="gate") if gate else None
        small = keras.initializers.RandomNormal(stddev=0.01)
        self.seen = layers.Dense(self.settings["units"], kernel_initializer=small, name="seen")

    def read(self, s, encoded):
        """Memories (B, J, units) -> z_j (B, J, D), weights (B, J, R)."""
        z, weights = (_rows(v, like=s) for v in super().read(_by_picture(s, encoded), encoded))
        return z * self.gate(s) if self.gate else z, weights

    def deep_output(self, s, y, z, training=None):
        """(B, J, units), (B, J, E), (B, J, D) -> scores (B, J, words)."""
        if self.settings["output"] == "maxout":
            return super().deep_output(s, y, z, training)
        return self.readout(self.drop(s + self.seen(z), training=training))

    def call(self, words, encoded, training=None):
        """As every decoder's; in training with the penalty of eq. 14, a word, as the loss is."""
        scores, weights = super().call(words, encoded, training)
        if training and self.settings["doubly"]:
            spoken = ops.cast((words != 0) & (words != 3), weights.dtype)  # behind <eos> nothing is said
            seen = ops.sum(weights * spoken[:, :, None], axis=1)  # (B, R)
            words_said = ops.cast(ops.maximum(ops.sum(spoken), 1), "float32")
            self.add_loss(self.settings["doubly"] * ops.sum(ops.cast((1 - seen) ** 2, "float32")) / words_said)
        return scores, weights


@keras.saving.register_keras_serializable(package="course_lib")
class LookAfterDecoder(_Looks, EveryStepDecoder):
    """x_j = y_{j-1}; then s_j looks, and word j is said. The memory needs no look: all steps are matched at once."""

    def inputs(self, y, encoded):
        """(B, J, E)."""
        return y

    def outputs(self, s, y, encoded, training=None):
        """With the weights of each step."""
        z, weights = self.read(s, encoded)
        return self.deep_output(s, y, z, training), weights


@keras.saving.register_keras_serializable(package="course_lib")
class LookBeforeDecoder(_Looks, AttentionBeforeDecoder):
    """s_{j-1} looks; then x_j = [y_{j-1}; z_j]: the order of Xu et al. 2015. One step after another."""


@keras.saving.register_keras_serializable(package="course_lib")
class HardLookDecoder(LookAfterDecoder):
    """As LookAfterDecoder, but z_j is *one* region, drawn by the weights: Xu et al. 2015, section 4.1.

    In training half of the captions read all regions, weighted, instead (there, too); what was drawn is kept for
    `HardCaptioner`. When it speaks, it takes the region with the largest weight.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.expected = layers.Dense(1, name="expected")  # log p of word j, as s_j expects it: the baseline
        self.dice = keras.random.SeedGenerator()

    def read(self, s, encoded):
        """Always the region of the largest weight; the gate as in all."""
        _, weights = super().read(s, encoded)
        return self.one(ops.argmax(weights, axis=-1), s, encoded), weights

    def one(self, look, s, encoded):
        """Numbers of regions (B, J) -> those regions (B, J, D), gated."""
        places = encoded["places"]
        chosen = ops.one_hot(look, ops.shape(places)[1], dtype=places.dtype)  # (B, J, R)
        chosen = ops.reshape(chosen, (ops.shape(places)[0], -1, ops.shape(places)[1]))
        z = _rows(chosen @ places, like=s)
        return z * self.gate(s) if self.gate else z

    def outputs(self, s, y, encoded, training=None):
        """In training by chance."""
        expected = self.expected(ops.stop_gradient(s))[..., 0]  # (B, J)
        if not training:
            return super().outputs(s, y, encoded)
        z, weights = _Looks.read(self, s, encoded)
        log_p = ops.log(weights + 1e-10)
        chance = keras.random.uniform(ops.shape(log_p), 1e-6, 1 - 1e-6, dtype="float32", seed=self.dice)
        look = ops.argmax(log_p - ops.log(-ops.log(chance)), axis=-1)  # Gumbel: each as often as it is probable
        hard = keras.random.uniform((ops.shape(s)[0], 1), dtype="float32", seed=self.dice) < 0.5  # (B, 1)
        z = ops.where(hard[..., None], self.one(look, s, encoded), z)
        drawn = ops.take_along_axis(log_p, look[..., None], axis=-1)[..., 0]
        entropy = -ops.sum(weights * log_p, axis=-1)
        self.looked = {"log_p": drawn, "hard": hard, "expected": expected, "entropy": entropy}
        return self.deep_output(s, y, z, training), weights


@keras.saving.register_keras_serializable(package="course_lib")
class Captioner(EncoderDecoder):
    """Vectors of pictures (P, ...) and the words before (B, J) -> scores (B, J, words).

    B is P, or a multiple: then each picture belongs to B / P rows of words that follow one another.
    """

    def encode(self, pictures, words_before, training=None):
        """Each picture is read once, for all its captions; its regions are not copied for each of them."""
        encoded = self.encoder(pictures, training=training)
        rows = ops.arange(ops.shape(words_before)[0])
        picture = rows * ops.shape(pictures)[0] // ops.shape(words_before)[0]
        return encoded | {"context": ops.take(encoded["context"], picture, axis=0)}


@keras.saving.register_keras_serializable(package="course_lib")
class HardCaptioner(Captioner):
    """A Captioner whose looks are drawn: Xu et al. 2015, eq. 12. A look that made its word more probable than expected
    gets more probable itself: REINFORCE (Williams 1992) with a learned baseline. In our order a look changes its own
    word only, so log p of that word is all its reward.
    """  # fmt: skip

    ENTROPY = 0.01  # lambda_e of eq. 12: how much it is kept from looking at one place only, too early

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """What the scores cost, and in training what the looks do."""
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        if not training:
            return loss
        looked, counts = self.decoder.looked, ops.cast(ops.not_equal(y, 0), "float32")
        reward = -ops.sparse_categorical_crossentropy(y, ops.cast(y_pred, "float32"), from_logits=True)
        better = ops.stop_gradient(reward) - looked["expected"]
        drawn = ops.stop_gradient(better) * looked["log_p"] * ops.cast(looked["hard"], "float32")
        each = -drawn + better**2 - self.ENTROPY * looked["entropy"]
        return loss + ops.sum(each * counts) / ops.maximum(ops.sum(counts), 1.0)


WAYS = {
    "first input": FirstInputDecoder,
    "start": DECODERS["start"],
    "start, and the output": StartAndOutputDecoder,
    "each step": EachStepDecoder,
    "each step, and the output": DECODERS["every step"],
    "attention after": LookAfterDecoder,
    "attention before": LookBeforeDecoder,
    "hard attention": HardLookDecoder,
}


def way_of(name: str) -> type[Decoder]:
    """The decoder of one of WAYS."""
    if name not in WAYS:
        raise CourseError(f"way: expected one of {', '.join(map(repr, WAYS))}, got {name!r}.")
    return WAYS[name]


def captioner(
    shape, words, way="start", width=256, embedding=128, units=256, cell="lstm", dropout=0.0, maxout=None,
    pooling="mean", **look,
):  # fmt: skip
    """A Captioner from features of this shape. way: where the picture enters, one of WAYS.

    maxout: the width of that layer, in the ways that have one; `units` if it is left out. pooling: of region vectors,
    for what is not looked at. look: score, gate, doubly, output of those that look at regions.
    """
    decoder, more = way_of(way), dict(look)
    attended = issubclass(decoder, _Looks)
    if look and not attended:
        raise CourseError(f"{', '.join(look)}: only for what looks at regions; way is {way!r}.")
    if attended and len(shape) != 3:
        raise CourseError(f"{way} looks at regions, (rows, columns, C); these vectors are {tuple(shape)}: keep grids.")
    more |= {"maxout": maxout} if issubclass(decoder, EveryStepDecoder) else {}
    whole = HardCaptioner if decoder is HardLookDecoder else Captioner
    return whole(
        PictureEncoder(shape, width, dropout, attended, pooling),
        decoder(words, embedding, units, cell, dropout, **more),
    )

"""A CNN reads a picture into vectors, a decoder says a caption from them: translation, with another encoder.

The CNN is run beforehand (`vision`): its classifier dropped, its vectors kept. What is trained here is the rest.
"""

import math

from course_lib.attention import AdditiveScore
from course_lib.backend import keras
from course_lib.errors import CourseError
from course_lib.models.decoder_parts import Attention, HardAttention, Maxout, Sum
from course_lib.models.decoders import Decoder, check_names, parts
from course_lib.models.encoder_decoder import EncoderDecoder
from course_lib.vision.pooling import POOLINGS

layers, ops = keras.layers, keras.ops
ATTENTIONS = "after", "before", "hard"


@keras.saving.register_keras_serializable(package="course_lib")
class PictureEncoder(keras.layers.Layer):
    """Region vectors (B, rows, columns, C) or pooled ones (B, C) -> {"annotations": (B, R, D), "context", "mask"}.

    annotations: each region by itself through one layer of D = `width` numbers, and D more that say where it is,
    learned, added. context (B, D): all regions pooled (one of POOLINGS) through another layer.
    attended=False: nobody will look at the regions, and the context is the only annotation.
    Dropout takes the same numbers from all regions of a picture: from one alone, its neighbours would still tell.
    """

    def __init__(self, shape, width, dropout=0.0, attended=True, pooling="mean", **kwargs):
        super().__init__(**kwargs)
        self.settings = {"shape": tuple(shape), "width": width, "dropout": dropout, "attended": attended}
        self.settings["pooling"] = pooling
        self.regions = layers.Dense(width, "relu", name="regions") if attended else None
        self.whole = layers.Dense(width, "relu", name="whole")
        self.drop, self.drop_regions = layers.Dropout(dropout), layers.SpatialDropout1D(dropout)

    def example(self):
        """A picture of nothing."""
        return ops.zeros((1, *self.settings["shape"]))

    def get_config(self):
        """The arguments it was made with."""
        return super().get_config() | self.settings

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
        """Pooled vectors are one region. CourseError if they have another shape."""
        if tuple(features.shape[1:]) != self.settings["shape"]:
            raise CourseError(
                f"this captioner reads vectors of shape {self.settings['shape']}, got {tuple(features.shape[1:])}: "
                "use the network it was trained with."
            )
        pooled = POOLINGS[self.settings["pooling"]](features) if len(features.shape) > 2 else features
        context = self.whole(self.drop(pooled, training=training))
        annotations = context[:, None]
        if self.regions:
            regions = ops.reshape(features, (ops.shape(features)[0], -1, features.shape[-1]))  # (B, R, C)
            annotations = self.regions(self.drop_regions(regions, training=training)) + self.where
        mask = ops.ones(ops.shape(annotations)[:2], "bool")
        return {"annotations": annotations, "context": context, "mask": mask}


@keras.saving.register_keras_serializable(package="course_lib")
class Captioner(EncoderDecoder):
    """Vectors of pictures (P, ...) and the words before (B, J) -> logits (B, J, words).

    B is P, or a multiple: then each picture belongs to B / P rows of words that follow one another.
    """

    def encode(self, pictures, words_before, training=None):
        """Each picture is read once, for all its captions; its regions are not copied for each of them."""
        encoded = self.encoder(pictures, training=training)
        rows = ops.arange(ops.shape(words_before)[0])
        picture = rows * ops.shape(pictures)[0] // ops.shape(words_before)[0]
        return encoded | {"context": ops.take(encoded["context"], picture, axis=0)}


def captioner(
    shape, words, conditioning="initial state", attention=None, width=256, embedding=128, units=256, cell="lstm",
    dropout=0.0, maxout=None, pooling="mean", **looking,
):  # fmt: skip
    """A Captioner from features of this shape. conditioning: where the picture enters, one of `decoders.CONDITIONINGS`.

    attention: None; regions are looked at "after" the step or "before" it, all of them, weighted (Xu et al. 2015), or
    "hard": after it, one region drawn. maxout: the width of that layer, where there is one; `units` if it is left out.
    pooling: of region vectors, for what is not looked at. looking: settings of an attention. score: a score function
    (AdditiveScore); gate: whether what is seen is multiplied by sigmoid(w s + b) (True); doubly_stochastic: the weight
    of the penalty, eq. 14 (0); output: "maxout", or "sum", the memory and what is seen added ("maxout"); entropy, of
    "hard" alone: the weight of its bonus, eq. 12 (0.01). CourseError if the settings do not go together.
    """
    check_names(conditioning, attention, ATTENTIONS)
    if looking and attention is None:
        raise CourseError(f"{', '.join(looking)}: only for what looks at regions; attention is None.")
    if attention is not None and len(shape) != 3:
        raise CourseError(
            f"attention looks at regions, (rows, columns, C); these vectors are {tuple(shape)}: keep grids."
        )
    encoder = PictureEncoder(shape, width, dropout, attention is not None, pooling)
    made = parts(words, embedding, units, cell, dropout, conditioning, maxout)
    if attention is not None:
        made |= _looking(attention, units, maxout or units, **looking)
    return Captioner(encoder, Decoder(**made))


def _looking(kind, units, maxout, score=None, gate=True, doubly_stochastic=0.0, output="maxout", **drawing):
    """The attention and the output layer of a decoder."""
    outputs = {"maxout": Maxout(maxout)}
    gate = layers.Dense(1, "sigmoid", name="gate") if gate else None
    outputs["sum"] = Sum(units)  # both are made, in this order: a seed starts the same network with either
    if output not in outputs:
        raise CourseError(f"output: expected 'maxout' or 'sum', got {output!r}.")
    settings = {"score": score or AdditiveScore(units), "gate": gate, "doubly_stochastic": doubly_stochastic}
    if drawing and kind != "hard":
        raise CourseError(f"{', '.join(drawing)}: only for attention 'hard', got {kind!r}.")
    attention = HardAttention(**settings, **drawing) if kind == "hard" else Attention(when=kind, **settings)
    return {"attention": attention, "output_layer": outputs[output]}

"""A CNN reads a picture into vectors, a decoder says a caption from them: translation, with another encoder.

The CNN is run beforehand (`vision`): its classifier dropped, its vectors kept. What is trained here is the rest.
"""

from course_lib.errors import CourseError
from course_lib.models.encoder_decoder import (
    DECODERS,
    Decoder,
    EachStepDecoder,
    EncoderDecoder,
    EveryStepDecoder,
    _Configured,
)
from course_lib.quiet import keras

layers, ops = keras.layers, keras.ops


@keras.saving.register_keras_serializable(package="course_lib")
class PictureEncoder(_Configured):
    """Region vectors (B, rows, columns, C) or pooled ones (B, C) -> {"places": (B, R, D), "context", "mask"}.

    places: each region by itself through one layer of D = `width` numbers. context (B, D): their mean through another.
    attended=False: nobody will look at the regions, and the context is the only place.
    """

    def __init__(self, shape, width, dropout=0.0, attended=True, **kwargs):
        settings = {"shape": tuple(shape), "width": width, "dropout": dropout, "attended": attended}
        super().__init__(settings, **kwargs)
        self.regions = layers.Dense(width, "relu", name="regions") if attended else None
        self.whole = layers.Dense(width, "relu", name="whole")
        self.drop = layers.Dropout(dropout)

    def example(self):
        """A picture of nothing."""
        return ops.zeros((1, *self.settings["shape"]))

    def build(self, shape):
        """Make every weight."""
        for layer in filter(None, (self.regions, self.whole)):
            layer.build((None, None, self.settings["shape"][-1]))

    def call(self, features, training=None):
        """Pooled vectors are one region."""
        if tuple(features.shape[1:]) != self.settings["shape"]:
            raise CourseError(
                f"this captioner reads vectors of shape {self.settings['shape']}, got {tuple(features.shape[1:])}: "
                "use the network it was trained with."
            )
        places = ops.reshape(features, (ops.shape(features)[0], -1, features.shape[-1]))  # (B, R, C)
        places = self.drop(places, training=training)
        context = self.whole(ops.mean(places, axis=1))
        places = self.regions(places) if self.regions else context[:, None]
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


@keras.saving.register_keras_serializable(package="course_lib")
class Captioner(EncoderDecoder):
    """Vectors of pictures (P, ...) and the words before (B, J) -> scores (B, J, words).

    B is P, or a multiple: then each picture belongs to B / P rows of words that follow one another.
    """

    def encode(self, pictures, words_before, training=None):
        """Each picture is read once, for all its captions."""
        encoded = self.encoder(pictures, training=training)
        rows = ops.arange(ops.shape(words_before)[0])
        picture = rows * ops.shape(pictures)[0] // ops.shape(words_before)[0]
        return {name: ops.take(v, picture, axis=0) for name, v in encoded.items()}


WAYS = {
    "first input": FirstInputDecoder,
    "start": DECODERS["start"],
    "start, and the output": StartAndOutputDecoder,
    "each step": EachStepDecoder,
    "each step, and the output": DECODERS["every step"],
    "attention after": DECODERS["attention after"],
    "attention before": DECODERS["attention before"],
}


def captioner(
    shape, words, way="start", score=None, width=256, embedding=128, units=256, cell="lstm", dropout=0.0, maxout=None
):
    """A Captioner from features of this shape. way: where the picture enters, one of WAYS.

    maxout: the width of that layer, in the ways that have one; `units` if it is left out.
    """
    if way not in WAYS:
        raise CourseError(f"way: expected one of {', '.join(map(repr, WAYS))}, got {way!r}.")
    attended = way.startswith("attention")
    more = {"score": score} if attended else {}
    more |= {"maxout": maxout} if issubclass(WAYS[way], EveryStepDecoder) else {}
    decoder = WAYS[way](words, embedding, units, cell, dropout, **more)
    return Captioner(PictureEncoder(shape, width, dropout, attended), decoder)

"""Networks that listen: frames of sound to vectors, and from these to letters, one after another or each on its own."""

from course_lib.attention import AdditiveScore
from course_lib.backend import keras
from course_lib.errors import CourseError
from course_lib.models.decoder_parts import Attention, Combine, Conditioning, LocationAttention, Maxout, recurrent
from course_lib.models.decoders import Decoder
from course_lib.models.encoder_decoder import EncoderDecoder
from course_lib.text import PAD_ID

layers, ops = keras.layers, keras.ops
DIRECTIONS = {"forward": (False,), "both": (False, True)}


@keras.saving.register_keras_serializable(package="course_lib")
class Listener(keras.layers.Layer):
    """Frames of sound (B, T, bands), 0 in every band where there is none -> what a decoder reads, T / 2^k places.

    "annotations": (B, places, D), "context": (B, C), "mask": (B, places), as in `models.decoder_parts`.

    depth layers in all, each switch by itself. convolutions: so many at the bottom look at 3 frames each and halve time
    (Chan et al. 2017; text 001, step 5). pyramid: of the recurrent layers, each but the first reads two neighbours as
    one, and so halves time, too (Chan et al. 2016, eq. 5). direction: "forward", or "both" (D twice the units).
    CourseError for another direction, or if no recurrent layer is left.
    """

    any_length = True

    def __init__(
        self, bands, units=64, depth=3, convolutions=0, pyramid=False, direction="both", filters=64, dropout=0.0,
        cell="lstm", **kwargs,
    ):  # fmt: skip
        super().__init__(**kwargs)
        self.settings = {"bands": bands, "units": units, "depth": depth, "convolutions": convolutions}
        self.settings |= {"pyramid": pyramid, "direction": direction, "filters": filters, "dropout": dropout}
        self.settings["cell"] = cell
        if direction not in DIRECTIONS:
            raise CourseError(f"direction: expected forward or both, got {direction!r}.")
        if not 0 <= convolutions < depth:
            raise CourseError(f"convolutions: expected 0 to {depth - 1} of {depth} layers, got {convolutions}.")
        self.convolutions = [
            layers.Conv1D(filters, 3, strides=2, padding="same", activation="relu", name=f"convolution_{i}")
            for i in range(convolutions)
        ]
        self.memories = [
            [recurrent(cell, units, go_backwards=back, name=f"{'backward' if back else 'forward'}_{i}")
             for back in DIRECTIONS[direction]]
            for i in range(depth - convolutions)
        ]  # fmt: skip
        self.pyramid = pyramid
        self.drop = layers.Dropout(dropout)

    @property
    def shrinks(self) -> int:
        """How many frames become one place."""
        return 2 ** (len(self.convolutions) + (len(self.memories) - 1 if self.pyramid else 0))

    def get_config(self):
        """The arguments it was made with."""
        return super().get_config() | self.settings

    def example(self):
        """A moment of silence, not quite."""
        return ops.ones((1, self.shrinks, self.settings["bands"]))

    def build(self, frames_shape):
        """Make every weight."""
        width = self.settings["bands"]
        for layer in self.convolutions:
            layer.build((None, None, width))
            width = layer.filters
        for i, both in enumerate(self.memories):
            for memory in both:
                memory.build((None, None, 2 * width if self.pyramid and i else width))
            width = len(both) * self.settings["units"]

    def call(self, frames, training=None):
        """Listen to all of it; what is behind the end of a sound is never heard."""
        mask = ops.any(ops.not_equal(frames, 0), axis=-1)  # (B, T)
        x = frames
        for layer in self.convolutions:
            x, mask = _even(x), _even(mask)
            x, mask = layer(x) * ops.cast(mask[:, ::2], x.dtype)[:, :, None], mask[:, ::2]
        for i, both in enumerate(self.memories):
            if self.pyramid and i:
                x, mask = _pairs(_even(x)), _even(mask)[:, ::2]
            x = self.drop(x, training=training)
            said, remembered = [], []
            for memory in both:
                h, *states = memory(x, mask=mask, training=training)
                said.append(ops.flip(h, axis=1) if memory.go_backwards else h)
                remembered += states
            x = ops.concatenate(said, -1) * ops.cast(mask, h.dtype)[:, :, None]  # a pair may have one half
        return {"annotations": x, "context": ops.concatenate(remembered, -1), "mask": mask}


def _even(x):
    """(B, T, ...) -> one more of nothing at the end, if T is odd."""
    odd = ops.shape(x)[1] % 2
    return ops.concatenate([x, ops.zeros_like(x[:, :1])[:, :odd]], axis=1)


def _pairs(x):
    """(B, T, D) -> two neighbours as one: (B, T / 2, 2 D)."""
    return ops.concatenate([x[:, ::2], x[:, 1::2]], axis=-1)


def speller(
    listener: Listener, letters: int, attention="before", units=128, embedding=32, attention_units=64, dropout=0.0
):
    """Listen, attend and spell (Chan et al. 2016): frames (B, T, bands) and the letters before (B, J) -> logits.

    attention: "before" each step, told where it looked last (Chorowski et al. 2015); "after" it, all steps at once,
    and not told (Luong et al. 2015). letters: how many there are, <bos> and the like counted.
    """
    score = AdditiveScore(attention_units)
    looks = LocationAttention(score) if attention == "before" else Attention(score, attention)
    decoder = Decoder(
        layers.Embedding(letters, embedding, name="embedding"), Conditioning(), recurrent("lstm", units, name="memory"),
        layers.Dense(letters, name="readout"), layers.Dropout(dropout), looks,
        Maxout(units) if attention == "before" else Combine(units),
    )  # fmt: skip
    return EncoderDecoder(listener, decoder)


@keras.saving.register_keras_serializable(package="course_lib")
class CTCReader(keras.Model):
    """Frames (B, T, bands) -> logits of a letter, or of the blank, at each place (B, places, letters).

    The blank is <pad>, 0. Trained by the sum over all paths that collapse to the text (Graves et al. 2006, eq. 8):
    nats a text, divided by its letters. The texts (B, U) have no <bos> and no <eos>; 0 behind their end.
    """

    def __init__(self, listener, letters, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.readout = listener, layers.Dense(letters, name="readout")
        encoded = listener(listener.example())
        self.readout.build(encoded["annotations"].shape)
        self.built = True

    def call(self, frames, training=None):
        """Where the sound is over, only the blank."""
        encoded = self.encoder(frames, training=training)
        logits = self.readout(encoded["annotations"])
        blank = ops.cast(ops.arange(self.readout.units) == PAD_ID, logits.dtype) * 1e4 - 1e4
        return ops.where(encoded["mask"][:, :, None], logits, blank)

    def get_config(self):
        """The listener and how many letters there are."""
        return {
            "listener": keras.saving.serialize_keras_object(self.encoder), "letters": self.readout.units,
            "name": self.name,
        }  # fmt: skip

    @classmethod
    def from_config(cls, config):
        """From `get_config`."""
        return cls(keras.saving.deserialize_keras_object(config["listener"]), config["letters"], name=config["name"])

"""The fast recurrent layers against Keras's own: options x masks x forms of the mask x modes; a failure names its cell.

Keras's layer runs each cell as it is given, one operation after the other; its gradients, which are not finite where
the input under the mask is not, are those of the same input with zeros there.
"""

import functools

import numpy as np
import pytest

from course_lib import cells, layers
from course_lib.backend import keras

tf = pytest.importorskip("tensorflow")
TEXTS, STEPS, WIDTH, UNITS = 4, 5, 3, 2
ALL = {"return_sequences": True, "return_state": True}

OPTIONS = {
    f"{style}, {name}": (kind, settings | more)
    for style, kind, settings in [
        ("LSTM", "LSTM", {}), ("GRU", "GRU", {}), ("GRU reset before", "GRU", {"reset_after": False})
    ]
    for name, more in {
        "the last output": {}, "outputs and states": ALL, "backwards": ALL | {"go_backwards": True},
        "last and states, backwards": {"return_state": True, "go_backwards": True},
        "zeros": ALL | {"zero_output_for_mask": True}, "zeros, last output": {"zero_output_for_mask": True},
        "no bias": ALL | {"use_bias": False}, "stateful": ALL | {"stateful": True},
        "given states": ALL | {"given": True},
        "in both directions": {"return_sequences": True, "both": True},
    }.items()
    if style != "GRU reset before" or name in ("outputs and states", "backwards", "zeros", "no bias", "given states")
} | {
    "LSTM, one step": ("LSTM", ALL | {"steps": 1}), "GRU, one step": ("GRU", ALL | {"steps": 1}),
    "LSTM, one text": ("LSTM", ALL | {"texts": 1}), "GRU, 64 bits": ("GRU", ALL | {"dtype": "float64"}),
    "LSTM, dropout": ("LSTM", ALL | {"dropout": 0.5, "recurrent_dropout": 0.5}),
    "LSTM, no forget bias": ("LSTM", ALL | {"unit_forget_bias": False}),
    "LSTM, both directions added": ("LSTM", ALL | {"both": True, "merge_mode": "sum"}),
    "RNN of course_lib's LSTM": (cells.LSTMCell, ALL), "RNN of course_lib's GRU": (cells.GRUCell, ALL),
    "RNN of Keras's GRU": (keras.layers.GRUCell, ALL),
    "LSTM, relu": ("LSTM", ALL | {"activation": "relu", "keras": True}),
    "GRU, hard sigmoid": ("GRU", ALL | {"recurrent_activation": "hard_sigmoid", "keras": True}),
    "LSTM, unrolled": ("LSTM", ALL | {"unroll": True, "keras": True}),
}  # fmt: skip
XLA = ["LSTM, outputs and states", "GRU, zeros", "GRU reset before, backwards", "LSTM, given states"]

MASKS = {
    "everywhere words": [[1] * 5] * 4,
    "right": [[1] * 5, [1, 1, 1, 0, 0], [1, 0, 0, 0, 0], [1, 1, 1, 1, 0]],
    "left": [[1] * 5, [0, 0, 1, 1, 1], [0, 0, 0, 0, 1], [0, 1, 1, 1, 1]],
    "in the middle": [[1, 0, 1, 0, 1], [0, 1, 0, 1, 0], [1, 0, 0, 0, 1], [0, 1, 0, 0, 1]],
    "whole texts": [[0] * 5, [1] * 5, [0] * 5, [0, 0, 1, 1, 0]],
    "nowhere words": [[0] * 5] * 4,
}
UNDER = {"a number": [1.0], "NaN and infinity": [np.nan, np.inf, 1.0]}  # what stands under the mask
FORMS = {  # of token ids: 0 is no word
    "none": lambda ids: None, "bool": lambda ids: ids != 0, "ids": lambda ids: ids,
    "column": lambda ids: ids[:, :, None] != 0,
}  # fmt: skip
MORE_FORMS = {  # out of graphs; the last two only a known shape tells apart
    "bytes": lambda ids: tf.cast(ids, "uint8"), "fractions": lambda ids: tf.cast(ids, "float32") / -8,
    "column of ids": lambda ids: ids[:, :, None], "one for all texts": lambda ids: ids[:1],
    "for each unit": lambda ids: tf.repeat(ids[:, :, None], UNITS, 2),
}  # fmt: skip


class Pair:
    """Of one option: a fast layer and Keras's with the same random weights, and what is fed to them."""

    def __init__(self, option):
        kind, settings = OPTIONS[option]
        settings = dict(settings)
        self.is_keras = settings.pop("keras", False)
        self.steps, self.texts = settings.pop("steps", STEPS), settings.pop("texts", TEXTS)
        given, both = settings.pop("given", False), settings.pop("both", False)
        merge = {"merge_mode": settings.pop("merge_mode")} if "merge_mode" in settings else {}
        self.fast, self.slow = (
            getattr(module, kind)(UNITS, **settings) if isinstance(kind, str) else module.RNN(kind(UNITS), **settings)
            for module in (layers, keras.layers)
        )
        if both:
            self.fast, self.slow = (keras.layers.Bidirectional(one, **merge) for one in (self.fast, self.slow))
        rng = np.random.default_rng(1)
        self.dtype = settings.get("dtype", "float32")
        self.x = rng.normal(size=(self.texts, self.steps, WIDTH)).astype(self.dtype)
        for layer in (self.fast, self.slow):
            layer.build((self.texts, self.steps, WIDTH))
        self.slow.set_weights([rng.normal(0, 0.7, w.shape) for w in self.slow.get_weights()])
        self.fast.set_weights(self.slow.get_weights())
        states = [rng.normal(size=(self.texts, UNITS)).astype(self.dtype) for _ in range(2 if kind == "LSTM" else 1)]
        self.states = [tf.constant(state) for state in states] if given else []

    def run(self, layer, form, x, ids):
        """Everything that the layer returns, and the gradient of a random sum of it in all that goes in."""
        if getattr(layer, "stateful", False):
            layer.reset_state()
        sources = [x, *self.states, *(v.value for v in layer.trainable_variables)]
        with tf.GradientTape() as tape:
            tape.watch(sources)
            given = {"initial_state": self.states} if self.states else {}
            outputs = tf.nest.flatten(layer(x, mask=form(ids), **given))
            rng = np.random.default_rng(2)
            E = tf.add_n([tf.reduce_sum(one * rng.normal(size=one.shape)) for one in outputs])
        return outputs, tape.gradient(E, sources, unconnected_gradients="zero")

    def fed(self, mask, under):
        """x and token ids, with a mask's zeros, and what stands there."""
        ids = np.array(MASKS[mask], "int32")[: self.texts, : self.steps] * [[3, 1, 2, 7, 5][: self.steps]]
        x = np.where(ids[:, :, None] == 0, self.x * np.resize(UNDER[under], WIDTH), self.x)
        return tf.constant(x, self.dtype), tf.constant(ids, "int32")


def differences(pair, mode, forms, cells, ours, reference):
    """A line for each cell that is not Keras's."""
    for name in forms:
        for mask, under in cells:
            x, ids = pair.fed(mask, under)
            clean = x if pair.is_keras else pair.fed(mask, "a number")[0]
            theirs = reference(name, x, ids)
            theirs = theirs if under == "a number" else (theirs[0], reference(name, clean, ids)[1])
            for which, mine, right in zip(("output", "gradient"), ours(name, x, ids), theirs, strict=True):
                for place, (a, b) in enumerate(zip(mine, right, strict=True)):
                    a, b = np.asarray(a), np.asarray(b)
                    if a.shape != b.shape or not np.allclose(a, b, rtol=1e-5, atol=1e-5, equal_nan=True):
                        yield f"{mode}; mask {mask}, {under} under it, as {name}: {which} {place}: {a} instead of {b}"


def cells_of(mode, name):
    """Masks and what is under them, for a form of the mask: few of the slow ones."""
    if name == "none":
        return [("everywhere words", "a number")]
    if mode == "eager" and name != "bool":
        return [("in the middle", "a number")]
    return [(mask, under) for mask in MASKS for under in UNDER]


@pytest.fixture(autouse=True, scope="module")
def unoptimised():
    """Graphs as they are written: to optimise them takes longer than all the rest."""
    before = tf.config.optimizer.get_experimental_options().get("disable_meta_optimizer", False)
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": before})


@pytest.mark.parametrize("option", OPTIONS)
def test_as_keras(option):
    """Every mask in every form, one operation after the other, in a graph and, some, in XLA."""
    pair, every = Pair(option), FORMS | MORE_FORMS
    if "unroll" in OPTIONS[option][1]:  # which Keras refuses then
        del every["for each unit"]

    def graph(layer, names, **how):
        @tf.function(autograph=False, **how)
        def run(x, ids):
            return {name: pair.run(layer, every[name], x, ids) for name in names}

        @functools.cache
        def once(x, ids):
            return run(tf.constant(np.frombuffer(x, pair.dtype).reshape(pair.x.shape)),
                       tf.constant(np.frombuffer(ids, "int32").reshape(pair.x.shape[:2])))  # fmt: skip

        return lambda name, x, ids: once(x.numpy().tobytes(), ids.numpy().tobytes())[name]

    keras_graph = graph(pair.slow, ["bool", "none"])
    few = ["bool"]
    modes = {
        "eager": (every, lambda name, x, ids: pair.run(pair.fast, every[name], x, ids)),
        "graph": (FORMS, graph(pair.fast, FORMS)),
        "XLA": (few if option in XLA else [], graph(pair.fast, few, jit_compile=True)),
    }
    wrong = []
    for mode, (forms, ours) in modes.items():
        for name in forms:

            def reference(name, x, ids, mode=mode):
                if mode == "eager" and name != "bool":  # in this very form; in graphs, it is cast to bool
                    return pair.run(pair.slow, every[name], x, ids)
                return keras_graph("none" if name == "none" else "bool", x, ids)

            wrong += differences(pair, mode, [name], cells_of(mode, name), ours, reference)
    assert not wrong, f"{option}: {len(wrong)} differ\n" + "\n".join(wrong[:10])

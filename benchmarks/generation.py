"""How fast a network writes, in characters a second: a call a character, one text in the compiled loop, 64 at once.

    python -m benchmarks.generation        about a minute; writes benchmarks/generation.csv

LSTMs with 160 units, as in lesson 04, and with 256, and a Shakespeare-sized vocabulary. The ways take turns; the CSV
has every repeat.
"""

import sys
import time
from pathlib import Path

import numpy as np

from course_lib import machine, tables
from experiments.common import provenance
from experiments.common.command_line import CommandLine

UNITS, EMBEDDING, STEPS, REPEATS = (160, 256), 32, 1000, 15
RESULTS = Path(__file__).with_name("generation.csv")


def call_per_character(model):
    """What is usually done: one step of the network and the draw, compiled, and called from Python once a character."""
    import tensorflow as tf

    embedding, memory, readout = (model.get_layer(name) for name in ("embedding", "memory", "readout"))

    @tf.function
    def step(token, states):
        output, states = memory.cell(embedding(token), states)
        return tf.random.categorical(readout(output), 1, dtype=tf.int32)[:, 0], states

    def write(characters):
        token, states, written = tf.constant([5]), memory.get_initial_state(1), []
        for _ in range(characters):
            token, states = step(token, states)
            written.append(int(token.numpy()[0]))
        return written

    return write


def measure() -> None:
    """Measure and store."""
    from course_lib import training
    from course_lib.cells import LSTMCell
    from course_lib.decoding import TextGenerator
    from course_lib.models.language_model import language_model
    from course_lib.text import Vocabulary

    print(f"{REPEATS} repeats{machine.about('benchmarks.generation')}.", flush=True)
    training.set_seed(0)
    vocabulary = Vocabulary(chr(33 + i) for i in range(65))
    ways = {}
    for units in UNITS:
        model = language_model(len(vocabulary), LSTMCell(units), EMBEDDING)
        writer, by_call = TextGenerator(model, vocabulary), call_per_character(model)
        ways |= {
            (units, "a call a character"): lambda by_call=by_call: len(by_call(STEPS)),
            (units, "one text"): lambda writer=writer: STEPS * len(writer(["a"], STEPS, stop=None)),
            (units, "64 texts"): lambda writer=writer: STEPS * len(writer(["a"] * 64, STEPS, stop=None)),
        }
    rows = []
    for repeat in range(-2, REPEATS):  # the first two compile
        for (units, how), write in ways.items():
            begun = time.perf_counter()
            speed = write() / (time.perf_counter() - begun)
            if repeat >= 0:
                rows.append({"units": units, "how": how, "repeat": repeat, "characters_per_s": round(speed)})
    tables.write(RESULTS, rows)
    provenance.record(RESULTS, "benchmarks.generation:measure", len(rows))
    for key in ways:
        print(*key, np.median([row["characters_per_s"] for row in rows if (row["units"], row["how"]) == key]))


main = CommandLine(__doc__, measure).run

if __name__ == "__main__":
    sys.exit(main())

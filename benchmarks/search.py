"""How fast a beam of five translates: sentence by sentence in a loop of Python, and all together in the compiled one.

    python -m benchmarks.search        about two minutes; writes benchmarks/search.csv

The network of lesson 07, with random weights: no sentence ends early, so both do the same steps. The loop of Python
calls a compiled step for the five beginnings of one sentence and sorts with NumPy. The ways take turns; the loop
translates a twentieth of the sentences. Both must say the same.
"""

import sys
import time
from pathlib import Path

import numpy as np

from course_lib import machine, metrics, tables
from course_lib.text import BOS_ID, EOS_ID, PAD_ID, UNK_ID, Vocabulary
from experiments.common import provenance
from experiments.common.command_line import CommandLine

BEAM, SENTENCES, LONGEST, REPEATS, SHARE = 5, 1000, 12, 5, 20
RESULTS = Path(__file__).with_name("search.csv")


def sentence_by_sentence(model, source, target):
    """Beam search as tutorials write it -> translate(sentences)."""
    import tensorflow as tf

    begin = tf.function(lambda rows: _begin(model, rows), reduce_retracing=True)
    step = tf.function(model.decoder.step, reduce_retracing=True)

    def translate(sentences):
        found = []
        for sentence in sentences:
            encoded, states = begin(np.array([source.encode(sentence)] * BEAM, np.int32))
            words, log_p = np.zeros((BEAM, 0), np.int32), np.array([0.0] + [-np.inf] * (BEAM - 1))
            word = np.full(BEAM, BOS_ID, np.int32)
            for _ in range(LONGEST + 1):
                logits, _, states = step(tf.constant(word), states, encoded)
                p = metrics.log_softmax(logits.numpy())
                p[:, [PAD_ID, UNK_ID, BOS_ID]] = -np.inf
                p[:, EOS_ID] = -np.inf if not words.shape[1] else p[:, EOS_ID]
                total = (log_p[:, None] + p).ravel()
                best = np.argsort(-total, kind="stable")[:BEAM]
                parent, word = best // p.shape[1], (best % p.shape[1]).astype(np.int32)
                log_p, words = total[best], np.concatenate([words[parent], word[:, None]], axis=1)
                states = [tf.gather(state, parent) for state in states]
            found.append(target.decode(words[0]))
        return found

    return translate


def _begin(model, rows):
    encoded = model.encoder(rows)
    return model.decoder.prepare(encoded), model.decoder.start(encoded)


def measure() -> None:
    """Measure and store."""
    from course_lib import training
    from course_lib.decoding import Translator
    from course_lib.models.encoder_decoder import encoder_decoder
    from course_lib.worlds.translation import TranslationWorld

    print(f"{REPEATS} repeats{machine.about('benchmarks.search')}.", flush=True)
    training.set_seed(0)
    pairs = TranslationWorld().sample(SENTENCES, seed=0)
    source, target = (Vocabulary.from_texts(pair[side] for pair in pairs) for side in (0, 1))
    model = encoder_decoder(len(source), len(target), attention="after", embedding=192, encoder_units=96, units=192)
    rng = np.random.default_rng(0)
    weights = [rng.normal(scale=0.2, size=weight.shape) for weight in model.get_weights()]  # large: no near ties
    weights[-1][EOS_ID] = -20.0  # its bias
    model.set_weights(weights)
    sentences = [pair.english for pair in pairs]
    search, one_by_one = Translator(model, source, target), sentence_by_sentence(model, source, target)
    rows, few = [], sentences[: len(sentences) // SHARE]
    together = [found.words for found in search(sentences, beam=BEAM, longest=LONGEST)]
    if together[: len(few)] != one_by_one(few):
        raise SystemExit("the two ways find different translations: their times must not be compared.")
    for repeat in range(REPEATS):
        for how, translate, texts in (
            ("a loop of Python", one_by_one, few),
            ("all together", lambda texts: search(texts, beam=BEAM, longest=LONGEST), sentences),
        ):
            begun = time.perf_counter()
            translate(texts)
            speed = len(texts) / (time.perf_counter() - begun)
            rows.append({"how": how, "beam": BEAM, "repeat": repeat, "sentences_per_s": round(speed, 1)})
    tables.write(RESULTS, rows)
    provenance.record(RESULTS, "benchmarks.search:measure", len(rows))
    slow, fast = (np.median([r["sentences_per_s"] for r in rows if r["how"] == how])
                  for how in ("a loop of Python", "all together"))  # fmt: skip
    print(f"a loop of Python {slow:.1f}, all together {fast:.1f} sentences a second: {fast / slow:.1f} times")


main = CommandLine(__doc__, measure).run

if __name__ == "__main__":
    sys.exit(main())

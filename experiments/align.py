"""Where a sentence enters the decoder, five score functions, three encoders: lessons 06 and 07's two languages.

    python -m experiments.align          about forty minutes

Every network trains on the same pairs of its seed with the same settings, and is judged on sentences it has not seen:
share of translations that are correct, BLEU by thirds of length, alignment error of what it looked at while it was told
the true words. MORE_CASES have one seed, the others three. Runs that are in the table are not made again.
"""

import sys
import time
from functools import partial

import numpy as np

from course_lib import batching, metrics, results, text
from course_lib.text import Vocabulary
from course_lib.worlds.translation import TranslationWorld
from experiments.common.command_line import CommandLine
from experiments.common.runs import fill

TABLE = results.FOLDERS[0] / "align.csv"
SEEDS = range(3)
PAIRS, TESTED, LONGEST = 50_000, 1000, 14
UNITS, BATCH, STEPS, RATE = 192, 64, 1000, 6e-3  # the encoder has half of the units each way: all widths are equal
SCORES = ("dot", "scaled dot", "cosine", "bilinear", "additive")
GRU = "gru", "both"
CASES = [  # conditioning, attention, score, cell, how the encoder reads
    *((name, "", "", *GRU) for name in ("repeat", "initial state", "every input and output")),
    *(("initial state", "after", score, *GRU) for score in SCORES),
    ("initial state", "before", "additive", *GRU),
]
MORE_CASES = [
    ("initial state", "", "", "gru", "forward"),
    ("initial state", "", "", "gru", "backward"),
    ("initial state", "", "", "lstm", "both"),
    ("initial state", "after", "additive", "gru", "forward"),
    ("initial state", "after", "additive", "lstm", "both"),
]
KEYS = [(*case, seed) for cases, seeds in ((CASES, SEEDS), (MORE_CASES, SEEDS[:1])) for seed in seeds for case in cases]
COLUMNS = [
    "conditioning", "attention", "score", "cell", "direction", "seed", "exact", "bleu", "bleu_short", "bleu_middle",
    "bleu_long", "alignment_error", "parameters", "steps", "train_seconds",
]  # fmt: skip


def bleu(said, pairs):
    """BLEU of translations against all references of the world: of all, and of each third by length."""
    printed = [" ".join(words) for words in said]
    references = [[" ".join(words) for words in pair.references(20)] for pair in pairs]
    row = {"bleu": metrics.bleu(printed, references, tokenize="none")[0]}
    parts = metrics.bleu_by_length(printed, references, [len(pair.english) for pair in pairs], tokenize="none")
    row |= {f"bleu_{name}": score for name, score in parts.items()}
    return {name: round(score, 2) for name, score in row.items()}


def alignments(model, pairs, source, target):
    """The links of each pair, the decoder being told the true words."""
    rows, words = text.pair_rows([(p.english, p.spanish) for p in pairs], source, target)
    weights = np.array(model.align(rows, words[:, :-1]))
    return [metrics.links(w, len(p.spanish), len(p.english)) for w, p in zip(weights, pairs, strict=True)]


def run(conditioning, attention, score, cell, direction, seed, steps=STEPS):
    """Train one network and judge it -> a row."""
    from course_lib import training
    from course_lib.attention import AdditiveScore, BilinearScore, CosineScore, DotScore, ScaledDotScore
    from course_lib.decoding import Translator
    from course_lib.models.encoder_decoder import encoder_decoder

    makes = {
        "": lambda: None, "dot": DotScore, "scaled dot": ScaledDotScore, "cosine": CosineScore,
        "bilinear": BilinearScore, "additive": lambda: AdditiveScore(UNITS),
    }  # fmt: skip
    world = TranslationWorld()
    pairs = world.sample(PAIRS, seed=seed, longest=LONGEST)
    test = world.unseen(pairs, TESTED, 1000 + seed, longest=LONGEST)
    source, target = (Vocabulary.from_texts(pair[side] for pair in pairs) for side in (0, 1))
    rows = text.pair_rows([pair[:2] for pair in pairs], source, target)
    training.set_seed(seed)
    model = encoder_decoder(
        len(source), len(target), conditioning, attention or None, makes[score](), embedding=UNITS,
        encoder_units=UNITS // 2 if direction == "both" else UNITS, units=UNITS, cell=cell, direction=direction,
    )  # fmt: skip
    training.compile_for_training(model, steps, RATE, optimizer="muon")
    begun = time.monotonic()
    name = " ".join(filter(None, (conditioning, attention, score, cell, direction)))
    training.fit(model, batching.pair_batches(*rows, BATCH, seed), steps, name)
    seconds = time.monotonic() - begun
    said = [found.words for found in Translator(model, source, target)([pair.english for pair in test])]
    row = bleu(said, test)
    row["exact"] = np.mean([pair.accepts(words) for pair, words in zip(test, said, strict=True)]).round(4)
    if score:
        truth = [pair.sure for pair in test], [pair.possible for pair in test]
        row["alignment_error"] = round(metrics.alignment_error_rate(alignments(model, test, source, target), *truth), 4)
    return row | {"parameters": model.count_params(), "steps": steps, "train_seconds": round(seconds, 1)}


fills = partial(fill, keys=KEYS, columns=COLUMNS, run=run)
main = CommandLine(__doc__, fills).results(TABLE).run

if __name__ == "__main__":
    sys.exit(main())

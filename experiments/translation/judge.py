"""How well a network translates the test part: BLEU, all of it and by thirds of the sources' lengths."""

import time

import numpy as np

from course_lib import metrics
from course_lib.memory import peak_memory_gb
from experiments.translation.translator import SubwordTranslator

BEAMS = 1, 5


def judge(translate: SubwordTranslator, test: dict[str, list[str]]) -> list[dict]:
    """A row for each width of the beam. test: {source: its translations}."""
    lengths = np.array([len(source.split()) for source in test])
    return [_row(translate, test, lengths, beam) for beam in BEAMS]


def _row(translate, test, lengths, beam):
    begun = time.monotonic()
    hypotheses = [best.sentence for best in translate(list(test), beam)]
    seconds, given = time.monotonic() - begun, list(test.values())
    score, signature = metrics.bleu(hypotheses, given)
    parts = metrics.bleu_by_length(hypotheses, given, lengths)
    return (
        {"beam": beam, "bleu": round(score, 2)}
        | {f"bleu_{name}": round(part, 2) for name, part in parts.items()}
        | {f"words_{name}": round(float(lengths[part].mean()), 1) for name, part in metrics.thirds(lengths).items()}
        | {"sentences": len(test), "search_seconds": round(seconds, 1)}
        | {"memory_gb": round(peak_memory_gb(), 2), "signature": signature}
    )

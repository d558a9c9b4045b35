"""Lesson 12's listeners, compared: how time is halved, in which direction is heard, who spells. Three seeds, or two.

    python -m experiments.listen          32 runs, about forty minutes on two cores

Writes experiments/results/listen.csv. A row is one network of three layers, trained on 4,000 sentences of one to three
words; the listeners have as many numbers as one another, within 5 %. shrinks: "not", "pyramid" (two neighbours as one,
twice), "convolutions" (two, each of stride 2). speller: "attention", before each step, or "ctc". Judged on sentences by
new speakers: character error of one to three words, of six and of eight, of single words never said in training, and of
one to three in noise; window: of attention that may look 5 places to either side of the last (200 ms; 50 where time is
not halved). late, inside: when a letter's weights lie, beside when it was said (`metrics.timing`); of CTC, where its
best path says it. It may be stopped and goes on.
"""

import sys
import time
from functools import cache, partial

import numpy as np

from course_lib import results
from course_lib.worlds import speech
from experiments.common.command_line import CommandLine
from experiments.common.runs import fill

TABLE = results.FOLDERS[0] / "listen.csv"
SEEDS, TRAIN, UPDATES, BATCH, RATE = range(3), 4000, 600, 32, 3e-3
SPELLER_UNITS, WINDOW, FRAME = 96, 5, 0.01  # numbers; places; seconds
UNITS = {  # of the memories, so that all listeners have about 150,000 numbers
    ("not", "forward"): 84, ("not", "both"): 50, ("pyramid", "forward"): 71, ("pyramid", "both"): 40,
    ("convolutions", "forward"): 152, ("convolutions", "both"): 100,
}  # fmt: skip
TESTS = {
    "short": {"words": (1, 3), "count": 200},
    "six": {"words": (6, 6), "count": 60},
    "eight": {"words": (8, 8), "count": 60},
    "known_words": {"words": (1, 1), "count": 200},
    "new_words": {"words": (1, 1), "count": 200, "lexicon": "new"},
    "noise_10": {"words": (1, 3), "count": 100, "noise_db": 10},
    "noise_0": {"words": (1, 3), "count": 100, "noise_db": 0},
}
KEYS = [  # what halves nothing takes longest: two seeds
    (*how, speller, seed)
    for seed in SEEDS
    for how in UNITS
    for speller in ("attention", "ctc")
    if how[0] != "not" or seed < 2
]
COLUMNS = [
    "shrinks", "direction", "speller", "seed", *TESTS, "six_window", "eight_window", "word_error", "late", "inside",
    "listener", "parameters", "cpu_seconds",
]  # fmt: skip


@cache
def heard(name: str, seed: int = 0):
    """Utterances, and their frames: of a test, the same for all networks, or "training"."""
    from course_lib.audio.spectra import log_mel

    world = speech.load()
    if name == "training":
        said = world.sample(TRAIN, seed)
    else:
        how = dict(TESTS[name])
        said = world.sample(how.pop("count"), 1000 + list(TESTS).index(name), speakers="new", **how)
    return said, [log_mel(one.sound / 32768) for one in said]


def run(shrinks: str, direction: str, speller: str, seed: int) -> dict:
    """Train one, and judge it."""
    from course_lib import batching, metrics, training
    from course_lib.decoding import Transcriber, ctc_texts
    from course_lib.models import listener as models
    from course_lib.text import Vocabulary, to_rows

    said, frames = heard("training", seed)
    vocabulary = Vocabulary(speech.load().letters)
    training.set_seed(seed)
    ear = models.Listener(
        frames[0].shape[1], UNITS[shrinks, direction], depth=3, direction=direction, pyramid=shrinks == "pyramid",
        convolutions=2 if shrinks == "convolutions" else 0,
    )  # fmt: skip
    ctc = speller == "ctc"
    if ctc:
        network, loss = models.CTCReader(ear, len(vocabulary)), training.ctc_loss
    else:
        network, loss = models.speller(ear, len(vocabulary), units=SPELLER_UNITS), None
    begun = time.process_time()
    rows = to_rows([one.text for one in said], vocabulary, marks=not ctc)
    training.compile_for_training(network, UPDATES, RATE, loss=loss)
    training.fit(network, batching.sound_batches(frames, rows, BATCH, seed), UPDATES, f"{shrinks}, {speller}")
    seconds = time.process_time() - begun

    def judge(names, measure=metrics.character_error):
        transcribe = None if ctc else Transcriber(network, vocabulary)
        for name in names:
            true, sounds = [one.text for one in heard(name)[0]], heard(name)[1]
            if ctc:
                transcripts = ctc_texts(network, vocabulary, sounds)
            else:
                transcripts = ["".join(best.words) for best in transcribe(sounds)]
            yield name, round(measure(true, transcripts), 4)

    row = dict(judge(TESTS))
    row["word_error"] = dict(judge(["short"], metrics.word_error))["short"]
    if not ctc:
        network.decoder.attention.window = WINDOW
        row |= {f"{name}_window": error for name, error in judge(("six", "eight"))}
        network.decoder.attention.window = None
    late, inside = times(network, vocabulary, ctc)
    return row | {
        "late": round(float(late), 4), "inside": round(float(inside), 4), "listener": ear.count_params(),
        "parameters": network.count_params(), "cpu_seconds": round(seconds),
    }  # fmt: skip


def times(network, vocabulary, ctc):
    """Mean lateness of letters, seconds, and mean share of their weights inside, told the true text."""
    from course_lib import metrics, training
    from course_lib.batching import padded_sounds
    from course_lib.ctc import align
    from course_lib.text import PAD_ID, to_rows

    said, frames = heard("short")
    sounds = padded_sounds(frames)
    rows = to_rows([one.text for one in said], vocabulary)
    if ctc:
        spelled = training.logits(network, sounds, 50)
    else:
        parts = [slice(start, start + 50) for start in range(0, len(rows), 50)]
        spelled = np.concatenate([np.array(network.align(sounds[some], rows[some, :-1])) for some in parts])
    found = []
    for one, row, own in zip(said, rows, spelled, strict=True):
        weights = own[: len(one.text)]
        if ctc:
            _, spans = align(own, row[1 : np.count_nonzero(row != PAD_ID) - 1])
            places = np.arange(len(own))
            weights = ((places >= spans[:, :1]) & (places < spans[:, 1:])) / np.diff(spans)
        spans = [(letter.start, letter.end) for letter in one.letters]
        counted = [letter.name != " " for letter in one.letters]
        found.append(np.array(metrics.timing(weights, spans, FRAME * network.encoder.shrinks))[:, counted])
    return np.concatenate(found, axis=1).mean(axis=1)


fills = partial(fill, keys=KEYS, columns=COLUMNS, run=run, timed=False)
main = CommandLine(__doc__, fills).results(TABLE).run

if __name__ == "__main__":
    sys.exit(main())

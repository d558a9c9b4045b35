"""What do the settings of lesson 04's story-writing network do? One changed at a time, five seeds.

    python -m experiments.characters        40 runs, about 16 minutes on two cores

Same stories, network and number of characters read as in the lesson. Results go to results/characters.csv; runs already
there are not repeated, so it can be stopped at any time.
"""

import sys
import time
from functools import partial

import numpy as np

from course_lib import batching, results, text
from course_lib.metrics import story_marks
from course_lib.worlds import language
from experiments.common.command_line import CommandLine
from experiments.common.runs import fill

TABLE = results.FOLDERS[0] / "characters.csv"
COLUMNS = ["setting", "seed", "ratio", "words", "sentences", "stories", "far", "seconds"]
STORIES, HELD_OUT, BATCH, LENGTH, UNITS, EMBEDDING, STEPS = 20_000, 600, 16, 128, 160, 32, 1000
SETTINGS = {
    "the lesson's": {},
    **{f"Adam instead of Muon, rate {rate}": {"optimizer": "adam", "rate": rate} for rate in (0.003, 0.01, 0.02, 0.04)},
    "forget bias 1 instead of chrono": {"chrono": False},
    "quiet inputs": {"loud": False},
    "windows of 32": {"length": 32},
}
KEYS = [(name, seed) for seed in range(5) for name in SETTINGS]


def run(setting: str, seed: int) -> dict:
    """Train one network and mark what it writes."""
    return _run(seed, **SETTINGS[setting])


def _run(seed, optimizer="muon", rate=0.01, chrono=True, loud=True, length=LENGTH):
    from course_lib import training
    from course_lib.cells import ChronoBias, ForgetBias, LSTMCell
    from course_lib.decoding import TextGenerator
    from course_lib.models.language_model import language_model, stateful

    start = time.monotonic()
    training.set_seed(seed)
    by_word, by_character = language.load(), language.load(spell=text.detokenize)
    stories = [text.detokenize(words) for words in by_word.sample(STORIES, seed)]
    held_out = [text.detokenize(words) for words in by_word.sample(HELD_OUT, 1000 + seed)]
    vocabulary = text.Vocabulary.from_texts(stories)

    cell = LSTMCell(UNITS, bias_initializer=ChronoBias(40) if chrono else ForgetBias(1.0))
    model = language_model(len(vocabulary), cell, EMBEDDING)
    if not loud:  # Keras's own start
        table = model.get_layer("embedding")
        table.set_weights([np.random.default_rng(seed).uniform(-0.05, 0.05, size=w.shape) for w in table.get_weights()])
    trained = stateful(model, BATCH)
    steps = STEPS * LENGTH // length
    training.compile_for_training(trained, steps, learning_rate=rate, optimizer=optimizer)
    tape = text.to_stream(stories, vocabulary)
    training.fit(trained, batching.stream_batches(tape, BATCH, length), steps, f"seed {seed}")

    log_p = training.stream_log_probabilities(model, text.to_stream(held_out, vocabulary))
    log_p_true = np.concatenate([by_character.log_probabilities(story) for story in held_out])
    write = TextGenerator(model, vocabulary)
    warm = [["<eos>", *story, "<eos>"] for story in held_out[:200]]
    marks = story_marks(by_word, by_character, ["".join(t) for t in write(warm, 300, seed=seed)])
    far = [(story, d.target) for story in held_out for d in by_character.dependencies(story)
           if d.kind == "place" and d.distance >= 40][:300]  # fmt: skip
    before = [["<eos>", *held_out[0], "<eos>", *story[:place]] for story, place in far]
    said = [text.tokenize("".join(t))[:1] for t in write(before, 9, top_k=1, stop=None)]
    right = np.mean(
        [words == text.tokenize(story[place:])[:1] for words, (story, place) in zip(said, far, strict=True)]
    )
    row = {"ratio": log_p.sum() / log_p_true.sum()} | marks | {"far": right}
    return {name: round(float(value), 4) for name, value in row.items()} | {"seconds": round(time.monotonic() - start)}


fills = partial(fill, keys=KEYS, columns=COLUMNS, run=run)
main = CommandLine(__doc__, fills).results(TABLE).run

if __name__ == "__main__":
    sys.exit(main())

"""Lesson 01's table: every way to predict the next word, on the language world, five seeds, beside the floor.

    python -m experiments.next_word                        five seeds, about 25 min on two cores
    python -m experiments.next_word --seeds 1 --out runs   one seed, into another folder

Writes results/next_word.csv (one row a model and seed), results/next_word_moved.csv (what happens when a phrase moves
by one place: trained without stories in which exactly MOVED words separate country and language) and
results/next_word_close.csv (the RNN trained without stories that say a fact at close range).
"""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from course_lib import batching, bundled, tables, text
from course_lib.errors import CourseError
from course_lib.metrics import accuracy_by_distance, log_softmax, perplexity, perplexity_ratio
from course_lib.worlds import language
from course_lib.worlds.grammar import GrammarWorld

RESULTS = Path(__file__).parent / "results"
DISTANCES = {"short": (2, 9), "middle": (10, 15), "long": (16, 26)}
SMALL_WINDOW, LARGE_WINDOW, MOVED = 4, 16, 12
STORIES, STEPS, WINDOW_STEPS, BATCH = 60_000, 2700, 3000, 32


class HeldOut:
    """The held-out stories, what is true of them, and how a model does on them."""

    def __init__(self, world, vocabulary):
        stories = [text.tokenize(s) for s in bundled.path("language/heldout.txt").read_text("utf-8").splitlines()]
        self.world, self.vocabulary, self.stories = world, vocabulary, stories
        self.rows = text.to_rows(stories, vocabulary)
        self.targets = self.rows[:, 1:][self.rows[:, 1:] != 0]
        self.true = np.concatenate([world.log_probabilities(story) for story in stories])
        begin = np.cumsum([0, *(len(story) + 1 for story in stories)])
        far = [(i, d) for i, s in enumerate(stories) for d in world.dependencies(s) if d.kind == "place"]
        self.far_place = np.array([begin[i] + d.target for i, d in far])
        self.far_distance = np.array([d.distance for _, d in far])
        self.far_context = [stories[i][: d.target] for i, d in far]
        self.far_word = [stories[i][d.target] for i, d in far]
        order = [begin[i] + d.target for i, s in enumerate(stories) for d in world.dependencies(s) if d.kind == "sense"]
        self.order_place = np.array(order)

    def measure(self, log_p: np.ndarray) -> dict:
        """log_p (all held-out places, V), nats -> perplexity, ratio to the floor, accuracy on the far word."""
        correct = log_p[self.far_place].argmax(axis=-1) == self.targets[self.far_place]
        in_order = log_p[self.order_place].argmax(axis=-1) == self.targets[self.order_place]
        model = log_p[np.arange(len(self.targets)), self.targets]
        by_distance = accuracy_by_distance(correct, self.far_distance, list(DISTANCES.values()))
        return {
            "perplexity": perplexity(model),
            "ratio": perplexity_ratio(self.true, model),
            **{f"far_{name}": by_distance[bounds] for name, bounds in DISTANCES.items()},
            "order": float(in_order.mean()),
        }

    def best_with_window(self, size: int) -> dict:
        """How often the best possible predictor that sees `size` words is right on the far word, by distance."""
        guesses = [self.world.best_guesses(context, size) for context in self.far_context]
        right = [(word in g) / len(g) for word, g in zip(self.far_word, guesses, strict=True)]  # among equals it tosses
        by_distance = accuracy_by_distance(right, self.far_distance, list(DISTANCES.values()))
        return {f"best_{name}": by_distance[bounds] for name, bounds in DISTANCES.items()}


def _of_places(model, view, held_out):
    from course_lib import training

    # A part at a time: the bags of all places at once would take gigabytes.
    parts = [view(held_out.rows[i : i + 250])[0] for i in range(0, len(held_out.rows), 250)]
    return np.concatenate([log_softmax(training.logits(model, part, 4096)) for part in parts])


def _train_places(model, view, rows, seed):
    from course_lib import training

    training.compile_for_training(model, WINDOW_STEPS)
    training.fit(model, batching.position_batches(rows, BATCH, seed, view), WINDOW_STEPS)
    return model


def _train_rnn(vocabulary, rows, seed):
    from course_lib import training
    from course_lib.models.language_model import rnn_language_model

    model = rnn_language_model(len(vocabulary))
    training.compile_for_training(model, STEPS)
    training.fit(model, batching.story_batches(rows, BATCH, seed), STEPS)
    return model


def _of_rnn(model, held_out):
    from course_lib import training

    log_p = log_softmax(training.logits(model, held_out.rows[:, :-1]))
    return log_p[held_out.rows[:, 1:] != 0]


def run(seed: int) -> tuple[list[dict], list[dict]]:
    """All models under one seed: rows of next_word.csv and of next_word_moved.csv."""
    from course_lib import training
    from course_lib.models.fixed_input import bag_of_words_model, window_model
    from course_lib.models.ngram import NGramModel

    world = language.load()
    vocabulary = text.Vocabulary(world.words)
    held_out = HeldOut(world, vocabulary)
    stories = world.sample(STORIES, seed)
    rows, size = text.to_rows(stories, vocabulary), len(vocabulary)
    measured = []

    def keep(name, parameters, log_p, window=None):
        row = {"model": name, "seed": seed, "parameters": parameters} | held_out.measure(log_p)
        measured.append(row | (held_out.best_with_window(window) if window is not None else {}))
        print({k: round(v, 4) if isinstance(v, float) else v for k, v in measured[-1].items()}, flush=True)

    for order, name in ((1, "unigram counts"), (2, "bigram counts"), (3, "trigram counts")):
        counts = NGramModel(order, size).fit(rows)
        seen = text.windows(held_out.rows, max(order - 1, 1))[0]
        contexts = list(map(tuple, seen[:, seen.shape[1] - (order - 1) :].tolist()))
        found = {context: np.log(counts.distribution(context)) for context in set(contexts)}
        log_p = np.stack([found[context] for context in contexts])
        keep(name, counts.parameters, log_p, order - 1)

    for window, name in ((SMALL_WINDOW, "window of 4 words"), (LARGE_WINDOW, "window of 16 words")):
        training.set_seed(seed)
        view = partial(text.windows, size=window)
        model = _train_places(window_model(size, window), view, rows, seed)
        keep(name, model.count_params(), _of_places(model, view, held_out), window)

    training.set_seed(seed)
    view = partial(text.bags, vocabulary_size=size)
    model = _train_places(bag_of_words_model(size), view, rows, seed)
    keep("bag of words", model.count_params(), _of_places(model, view, held_out))

    training.set_seed(seed)
    model = _train_rnn(vocabulary, rows, seed)
    keep("RNN", model.count_params(), _of_rnn(model, held_out))

    # A phrase moves by one place: no training story has exactly MOVED words between country and language.
    def has_moved(story):
        return any(d.kind == "place" and d.distance == MOVED for d in world.dependencies(story))

    without = rows[[not has_moved(story) for story in stories]]
    at_new_place, near = held_out.far_distance == MOVED, np.isin(held_out.far_distance, (MOVED - 1, MOVED + 1))
    moved = []
    for name in ("window of 16 words", "RNN"):
        training.set_seed(seed)
        if name == "RNN":
            log_p = _of_rnn(_train_rnn(vocabulary, without, seed), held_out)
        else:
            view = partial(text.windows, size=LARGE_WINDOW)
            log_p = _of_places(_train_places(window_model(size, LARGE_WINDOW), view, without, seed), view, held_out)
        correct = log_p[held_out.far_place].argmax(axis=-1) == held_out.targets[held_out.far_place]
        moved.append({
            "model": name, "seed": seed, "cases_moved": int(at_new_place.sum()), "cases_seen": int(near.sum()),
            "accuracy_moved": correct[at_new_place].mean(), "accuracy_seen": correct[near].mean(),
        })  # fmt: skip
        print(moved[-1], flush=True)
    return measured, moved


def run_without_close(seed: int) -> dict:
    """The RNN, trained without the stories that say a fact at close range: a row of next_word_close.csv."""
    from course_lib import training

    world = language.load()
    vocabulary = text.Vocabulary(world.words)
    held_out = HeldOut(world, vocabulary)
    grammar = language.GRAMMAR_FILE.read_text(encoding="utf-8")
    if '"10: PEOPLE' not in grammar:
        raise CourseError("language.toml has no rule '10: PEOPLE...' for stories that say the fact at close range.")
    without = GrammarWorld(grammar.replace('"10: PEOPLE', '"0: PEOPLE'))
    rows = text.to_rows(without.sample(STORIES, seed), vocabulary)
    training.set_seed(seed)
    row = {"model": "RNN, no close range", "seed": seed} | held_out.measure(
        _of_rnn(_train_rnn(vocabulary, rows, seed), held_out)
    )
    print(row, flush=True)
    return row


def _write(path, rows):
    rounded = [{k: f"{v:.5g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows]
    tables.write(path, rounded)


def main() -> int:
    """Run the seeds, two at a time, and store the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS, help="the folder for the tables")
    options = parser.parse_args()
    if options.seeds != 5 and options.out == RESULTS:
        parser.error("the stored tables are of five seeds: give --out FOLDER for another number")
    options.out.mkdir(parents=True, exist_ok=True)
    os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "COURSE_PROGRESS": "0"}
    with ProcessPoolExecutor(2, max_tasks_per_child=1) as pool:
        without_close = pool.map(run_without_close, range(options.seeds))
        runs = list(pool.map(run, range(options.seeds)))
    _write(options.out / "next_word.csv", [row for done, _ in runs for row in done])
    _write(options.out / "next_word_moved.csv", [row for _, moved in runs for row in moved])
    _write(options.out / "next_word_close.csv", list(without_close))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Lesson 01's tables: every way to predict the next word, on the language world, five seeds, beside the floor.

    python -m experiments.next_word                        five seeds, about 25 min on two cores
    python -m experiments.next_word --seeds 1 --out runs   one seed, into another folder

Writes next_word.csv (one row a model and seed), next_word_moved.csv (what happens when a phrase moves by one place:
trained without stories in which exactly MOVED words separate country and language) and next_word_close.csv (the RNN
trained without stories that say a fact at close range). Runs that are there are not made again.
"""

import sys
from functools import cache, lru_cache, partial
from pathlib import Path

import numpy as np

from course_lib import batching, bundled, results, text
from course_lib.errors import CourseError
from course_lib.metrics import accuracy_by_distance, log_softmax, perplexity, perplexity_ratio
from course_lib.worlds import language
from course_lib.worlds.grammar import GrammarWorld
from experiments.common.command_line import CommandLine, check_counts
from experiments.common.runs import fill

DISTANCES = {"short": (2, 9), "middle": (10, 15), "long": (16, 26)}
COUNTS = {"unigram counts": 1, "bigram counts": 2, "trigram counts": 3}  # words, the one that is predicted among them
WINDOWS = {"window of 4 words": 4, "window of 16 words": 16}
MODELS, MOVED_MODELS, CLOSE = (
    (*COUNTS, *WINDOWS, "bag of words", "RNN"),
    ("window of 16 words", "RNN"),
    "RNN, no close range",
)
MOVED = 12
STORIES, STEPS, WINDOW_STEPS, BATCH = 60_000, 2700, 3000, 32
MEASURES = ["perplexity", "ratio", *(f"far_{name}" for name in DISTANCES), "order"]
COLUMNS = ["model", "seed", "parameters", *MEASURES, *(f"best_{name}" for name in DISTANCES)]
MOVED_COLUMNS = ["model", "seed", "cases_moved", "cases_seen", "accuracy_moved", "accuracy_seen"]


class HeldOut:
    """The language world and its vocabulary; the held-out stories, what is true of them, how a model does on them."""

    def __init__(self):
        self.world = world = language.load()
        self.vocabulary = text.Vocabulary(world.words)
        stories = [text.tokenize(s) for s in bundled.path("language/heldout.txt").read_text("utf-8").splitlines()]
        self.rows = text.to_rows(stories, self.vocabulary)
        self.targets = self.rows[:, 1:][self.rows[:, 1:] != text.PAD_ID]
        self.true = np.concatenate([world.log_probabilities(story) for story in stories])
        begin = np.cumsum([0, *(len(story) + 1 for story in stories)])
        found = [(begin[i] + d.target, story, d) for i, story in enumerate(stories) for d in world.dependencies(story)]
        self.far = [(story, d) for _, story, d in found if d.kind == "place"]
        self.far_distance = np.array([d.distance for _, d in self.far])
        self.far_place, self.order_place = (
            np.array([place for place, _, d in found if d.kind == kind]) for kind in ("place", "sense")
        )

    def correct(self, log_p: np.ndarray) -> np.ndarray:
        """log_p (all held-out places, V) -> where the best word is the true one."""
        return log_p.argmax(axis=-1) == self.targets

    def measure(self, log_p: np.ndarray) -> dict:
        """log_p (all held-out places, V), nats -> perplexity, ratio to the floor, accuracy on the far word."""
        correct, model = self.correct(log_p), log_p[np.arange(len(self.targets)), self.targets]
        return {
            "perplexity": perplexity(model),
            "ratio": perplexity_ratio(self.true, model),
            **self._by_distance("far", correct[self.far_place]),
            "order": float(correct[self.order_place].mean()),
        }

    def best_with_window(self, size: int) -> dict:
        """How often the best possible predictor that sees `size` words is right on the far word, by distance."""
        guesses = [self.world.best_guesses(story[: d.target], size) for story, d in self.far]
        right = [(s[d.target] in g) / len(g) for (s, d), g in zip(self.far, guesses, strict=True)]  # equals: it tosses
        return self._by_distance("best", right)

    def _by_distance(self, name, correct):
        shares = accuracy_by_distance(correct, self.far_distance, list(DISTANCES.values()))
        return {f"{name}_{distance}": shares[bounds] for distance, bounds in DISTANCES.items()}


held_out_stories = cache(HeldOut)


@lru_cache(maxsize=1)
def stories_of(seed: int):
    """What is trained on under a seed: stories, and their rows of ids (N, L)."""
    held_out = held_out_stories()
    stories = held_out.world.sample(STORIES, seed)
    return stories, text.to_rows(stories, held_out.vocabulary)


def predictions(model: str, rows: np.ndarray, seed: int) -> tuple[int, np.ndarray]:
    """Train one of MODELS on rows -> its parameters; log p of every word at all held-out places (N, V)."""
    from course_lib import training
    from course_lib.models.fixed_input import bag_of_words_model, window_model
    from course_lib.models.language_model import rnn_language_model
    from course_lib.models.ngram import NGramModel

    held_out = held_out_stories()
    size, order = len(held_out.vocabulary), COUNTS.get(model)
    if order:
        counts = NGramModel(order, size).fit(rows)
        seen = text.windows(held_out.rows, max(order - 1, 1))[0]
        contexts = list(map(tuple, seen[:, seen.shape[1] - (order - 1) :].tolist()))
        found = {context: np.log(counts.distribution(context)) for context in set(contexts)}
        return counts.parameters, np.stack([found[context] for context in contexts])
    training.set_seed(seed)
    if model == "RNN":
        network = rnn_language_model(size)
        training.compile_for_training(network, STEPS)
        training.fit(network, batching.story_batches(rows, BATCH, seed), STEPS)
        log_p = log_softmax(training.logits(network, held_out.rows[:, :-1]))[held_out.rows[:, 1:] != text.PAD_ID]
    else:
        window = WINDOWS.get(model)
        view = partial(text.windows, size=window) if window else partial(text.bags, vocabulary_size=size)
        network = window_model(size, window) if window else bag_of_words_model(size)
        training.compile_for_training(network, WINDOW_STEPS)
        training.fit(network, batching.position_batches(rows, BATCH, seed, view), WINDOW_STEPS)
        # A part at a time: the bags of all places at once would take gigabytes.
        parts = [view(held_out.rows[i : i + 250])[0] for i in range(0, len(held_out.rows), 250)]
        log_p = np.concatenate([log_softmax(training.logits(network, part, 4096)) for part in parts])
    return network.count_params(), log_p


def rounded(row: dict) -> dict:
    """Five digits are kept."""
    return {name: f"{value:.5g}" if isinstance(value, float) else value for name, value in row.items()}


def run(model: str, seed: int) -> dict:
    """A row of next_word.csv."""
    held_out = held_out_stories()
    parameters, log_p = predictions(model, stories_of(seed)[1], seed)
    row = {"parameters": parameters} | held_out.measure(log_p)
    sees = COUNTS[model] - 1 if model in COUNTS else WINDOWS.get(model)
    return rounded(row | (held_out.best_with_window(sees) if sees is not None else {}))


def run_moved(model: str, seed: int) -> dict:
    """A row of next_word_moved.csv: no training story has exactly MOVED words between country and language."""
    held_out, (stories, rows) = held_out_stories(), stories_of(seed)

    def has_moved(story):
        return any(d.kind == "place" and d.distance == MOVED for d in held_out.world.dependencies(story))

    _, log_p = predictions(model, rows[[not has_moved(story) for story in stories]], seed)
    at_new_place, near = held_out.far_distance == MOVED, np.isin(held_out.far_distance, (MOVED - 1, MOVED + 1))
    correct = held_out.correct(log_p)[held_out.far_place]
    return rounded({
        "cases_moved": int(at_new_place.sum()), "cases_seen": int(near.sum()),
        "accuracy_moved": correct[at_new_place].mean(), "accuracy_seen": correct[near].mean(),
    })  # fmt: skip


def run_without_close(_model: str, seed: int) -> dict:
    """A row of next_word_close.csv: the RNN, trained without the stories that say a fact at close range."""
    grammar = language.GRAMMAR_FILE.read_text(encoding="utf-8")
    if '"10: PEOPLE' not in grammar:
        raise CourseError("language.toml has no rule '10: PEOPLE...' for stories that say the fact at close range.")
    without = GrammarWorld(grammar.replace('"10: PEOPLE', '"0: PEOPLE'))
    held_out = held_out_stories()
    rows = text.to_rows(without.sample(STORIES, seed), held_out.vocabulary)
    return rounded(held_out.measure(predictions("RNN", rows, seed)[1]))


def make(seeds: int, out: Path) -> None:
    """The three tables, under so many seeds."""
    check_counts(seeds=seeds)
    for name, models, columns, run_one in (
        ("next_word.csv", MODELS, COLUMNS, run),
        ("next_word_moved.csv", MOVED_MODELS, MOVED_COLUMNS, run_moved),
        ("next_word_close.csv", (CLOSE,), ["model", "seed", *MEASURES], run_without_close),
    ):
        fill(out / name, [(model, seed) for seed in range(seeds) for model in models], columns, run_one)


def main(arguments=None) -> int:
    """The command line."""
    line = CommandLine(__doc__, make)
    line.option("--seeds", type=int, default=5)
    line.out(results.FOLDERS[0], "the folder for the tables")
    return line.run(arguments)


if __name__ == "__main__":
    sys.exit(main())

"""Lesson 10's readers on SST-2: sentences of film reviews, good or bad; a committee of them, beside NBSVM.

    python -m experiments.sentiment select              settings, on parts of the training file: sentiment_select.csv
    python -m experiments.sentiment fill                five seeds, judged on dev: sentiment.csv
    python -m experiments.sentiment train               one committee, kept in --out
    python -m experiments.sentiment say "A fine film."  with it: the probability after each word, the deciding words
    python -m experiments.sentiment judge FILE          with it, on any file in the form sentence<TAB>label

Everything is chosen on the training file alone (a fifth of it held out, three times); dev is for `fill`. All trains on
the 6,920 sentences, no phrases, no vectors from elsewhere. About 5 minutes of one core a seed.
"""

import hashlib
import sys
from dataclasses import asdict, replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from course_lib import results
from course_lib.checkpoint import Checkpoint
from course_lib.datasets.fetch import fetch
from course_lib.text import Vocabulary, to_rows
from experiments.common.command_line import CommandLine
from experiments.common.runs import fill
from experiments.verdicts.counting import Settings, nbsvm
from experiments.verdicts.readers import POOLINGS, Labelled, Recipe, committee_logits, train_reader
from experiments.verdicts.say import say

TABLE = results.FOLDERS[0] / "sentiment.csv"
SELECT = results.FOLDERS[0] / "sentiment_select.csv"
OUT = Path("work/sentiment")
NBSVM, CHOSEN = Settings(1, 0.1, 0.25), Recipe()
COUNTING = {str(s): s for s in map(Settings._make, product((1, 2, 3), (0.03, 0.1, 0.3), (0.25, 1)))}
READERS = {
    **{pooling: replace(CHOSEN, pooling=pooling) for pooling in (*POOLINGS, "each in turn")},
    **{
        f"attention, {name} {value}": replace(CHOSEN, pooling="attention", **{name: value})
        for name, value in (("direction", "forward"), ("epochs", 4), ("dropout", 0.4))
    },
}
WEIGHT, WEIGHTS = 16, (4, 8, 16, 32)  # of NBSVM's margin, beside a committee's logit
FOLDS, FIFTH, SEEDS = range(3), 5, range(5)


def mean_nats(logits, labels):
    """Mean cross-entropy, nats."""
    return float((np.logaddexp(0, logits) - labels * logits).mean())


def ahead(right: np.ndarray, other: np.ndarray, draws: int = 10_000) -> tuple[float, float, float]:
    """How much larger a share is right than of another reader, and the 95 % interval of that.

    right, other (N,): bool, of the same texts. A paired bootstrap over them (Efron & Tibshirani 1993, chapter 13).
    """
    difference = right.astype(float) - other
    drawn = np.random.default_rng(0).integers(len(difference), size=(draws, len(difference)))
    low, high = np.percentile(difference[drawn].mean(axis=1), [2.5, 97.5])
    return float(difference.mean()), float(low), float(high)


def run_select(reader: str, setting: str, fold: int) -> dict:
    """One setting, trained on four fifths of the training file and judged on the fifth."""
    data = Labelled.read(fetch("sst2"))
    held_out = np.random.default_rng(0).permutation(len(data.texts)) % FIFTH == fold
    train, judged = data.part(~held_out), data.part(held_out)
    if reader == "NBSVM":
        margins = nbsvm(COUNTING[setting], *train, judged.texts)
        return {"accuracy": share_right(margins, judged.labels)}
    each, seconds = committee_logits(replace(READERS[setting], members=4, seed=100 + fold), train, judged.texts)
    margins = nbsvm(NBSVM, *train, judged.texts)
    both = {f"with_nbsvm_{w}": share_right(each.mean(axis=0) + w * margins, judged.labels) for w in WEIGHTS}
    return _row(each, seconds, judged.labels) | both


def share_right(logits, labels):
    """The share of verdicts that are right, to four decimals."""
    return round(float(((logits > 0) == labels).mean()), 4)


def _row(each, seconds, labels):
    together = each.mean(axis=0)
    return {
        "accuracy": share_right(together, labels), "alone": round(float(((each > 0) == labels).mean()), 4),
        "nats": round(mean_nats(together, labels), 4), "cpu_seconds": round(seconds),
    }  # fmt: skip


def run(reader: str, seed: int) -> dict:
    """One seed, trained on the training file and judged on dev, beside NBSVM."""
    train, dev = Labelled.read(fetch("sst2")), Labelled.read(fetch("sst2-dev"))
    margins = nbsvm(NBSVM, *train, dev.texts)
    if reader == "NBSVM":
        return {"accuracy": share_right(margins, dev.labels)}
    each, seconds = committee_logits(replace(CHOSEN, seed=seed), train, dev.texts)
    difference, low, high = ahead((each.mean(axis=0) > 0) == dev.labels, (margins > 0) == dev.labels)
    told = {"ahead_of_nbsvm": round(difference, 4), "low": round(low, 4), "high": round(high, 4)}
    both = share_right(each.mean(axis=0) + WEIGHT * margins, dev.labels)
    return _row(each, seconds, dev.labels) | told | {"with_nbsvm": both}


def identity(recipe: Recipe, path: Path) -> dict:
    """What makes a committee the same one."""
    return asdict(recipe) | {"text": hashlib.sha256(path.read_bytes()).hexdigest()}


def train(recipe: Recipe, text: Path | None, out: Path, restart: bool) -> None:
    """Train a committee, member by member, and keep it; what an earlier process has done is not repeated."""
    from course_lib.models.reader import Committee

    path = text or fetch("sst2")
    data = Labelled.read(path)
    vocabulary = Vocabulary.from_texts(data.texts)
    with Checkpoint.open(out, identity(recipe, path), restart) as checkpoint:
        checkpoint.state.setdefault("path", str(path.resolve()))
        checkpoint.state.setdefault("words", vocabulary.words)
        committee = checkpoint.model()
        members = committee.members if committee else []
        for member in range(len(members), recipe.members):
            members = [*members, train_reader(recipe, data, vocabulary, member)]
            checkpoint.save(Committee(members))
            print(f"reader {member + 1} of {recipe.members} is trained", flush=True)
    print(f"finished: the committee is in {out}.")


def trained(out: Path):
    """The committee of a folder, its vocabulary, and the file it was trained on. CourseError if there is none."""
    checkpoint = Checkpoint.read(out)
    return checkpoint.model(), Vocabulary(checkpoint.state["words"]), Path(checkpoint.state["path"])


def judge(file: Path, out: Path) -> None:
    """The share of a file's labels that the committee and NBSVM get right."""
    from course_lib import training

    data = Labelled.read(file)
    model, vocabulary, path = trained(out)
    right = (training.logits(model, to_rows(data.texts, vocabulary, marks=False, unknown="replace")) > 0) == data.labels
    counted = (nbsvm(NBSVM, *Labelled.read(path), data.texts) > 0) == data.labels
    for name, found in {"committee": right, "NBSVM": counted}.items():
        print(
            f"{name}: {found.mean():.4f} of {len(found)} right (standard error {found.std() / len(found) ** 0.5:.4f})"
        )
    print("committee less NBSVM: {:+.4f}, 95 % interval {:+.4f} to {:+.4f}".format(*ahead(right, counted)))


def say_sentences(sentences: list[str], out: Path) -> None:
    """What a trained committee makes of sentences that were typed."""
    model, vocabulary, _ = trained(out)
    say(model, vocabulary, sentences)


KEYS = [("NBSVM", 0), *(("committee", seed) for seed in SEEDS)]
COLUMNS = [
    "reader", "seed", "accuracy", "alone", "nats", "ahead_of_nbsvm", "low", "high", "with_nbsvm", "cpu_seconds",
]  # fmt: skip
SELECT_KEYS = [("NBSVM", s, f) for s in COUNTING for f in FOLDS] + [("committee", s, f) for s in READERS for f in FOLDS]
SELECT_COLUMNS = [
    "reader", "setting", "seed", "accuracy", "alone", "nats", *(f"with_nbsvm_{w}" for w in WEIGHTS), "cpu_seconds",
]  # fmt: skip


def main(arguments=None) -> int:
    """The command line."""
    line = CommandLine(__doc__)
    line.command("select", partial(fill, keys=SELECT_KEYS, columns=SELECT_COLUMNS, run=run_select)).results(SELECT)
    line.command("fill", partial(fill, keys=KEYS, columns=COLUMNS, run=run)).results(TABLE)
    line.command("train", train).recipe(Recipe).option(
        "--text", type=Path, help="a file of sentence<TAB>label (default: SST-2's)"
    ).out(OUT).restart()
    line.command("judge", judge).option("file", type=Path).out(OUT)
    line.command("say", say_sentences).option("sentences", nargs="+", metavar="SENTENCE").out(OUT)
    return line.run(arguments)


if __name__ == "__main__":
    sys.exit(main())

"""Caption photographs: Flickr8k, or any set in the layout of Flickr8k, Flickr30k or COCO.

    python -m experiments.flickr8k train                       features, then a captioner: less than ten minutes
    python -m experiments.flickr8k train --seed 1 --way "each step" --data my_folder --out my_run --results my.csv
    python -m experiments.flickr8k judge --split test          BLEU and CIDEr on any split whose photographs are there
    python -m experiments.flickr8k caption holiday.jpg cat.png any photographs

Vectors of the photographs come from MobileNetV2 (ImageNet; Sandler et al. 2018) and are kept in the cache: the next run
starts with training. A run goes on after an interruption, even a kill: give the same command again. What was chosen for
the recipe was chosen on the dev split.
"""

import argparse
import contextlib
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from course_lib import metrics, results
from course_lib.checkpoint import Checkpoint
from course_lib.datasets.captions import caption_words, read_folder
from course_lib.datasets.fetch import cache_folder, fetch
from course_lib.errors import CourseError
from course_lib.text import Vocabulary, to_rows
from experiments.jobs import read_settings

RESULTS = results.FOLDERS[0] / "flickr8k.csv"
OUT = Path("work/flickr8k")
BEAMS = (1, 3, 5)
STARTED = time.monotonic()


@dataclass(frozen=True)
class Recipe:
    """The settings of a run."""

    way: str = "start"  # where the picture enters, as in models/captioner.py
    cell: str = "lstm"
    network: str = "MobileNetV2"
    size: int = 224  # pixels
    width: int = 256
    embedding: int = 256
    units: int = 512
    dropout: float = 0.3
    batch: int = 128
    epochs: float = 8.0
    learning_rate: float = 3e-3
    optimizer: str = "muon"
    precision: str = "mixed_bfloat16"  # products in 16 bits, sums and weights in 32; "float32" on an older processor
    rare: int = 5  # a word that comes less often in the training captions is <unk>
    longest: int = 24  # words of a caption that are trained
    captions_together: int = 1  # of one picture in a batch
    seed: int = 0


def cache_of(recipe: Recipe, folder: Path):
    """The FeatureCache for a recipe: grids for attention, else pooled vectors."""
    from course_lib import vision

    own = recipe.network == "small_cnn"  # the course's
    backbone = vision.small_cnn() if own else vision.pretrained(recipe.network, recipe.size)
    return vision.FeatureCache(folder, backbone, grid=recipe.way.startswith("attention"))


def vectors(recipe: Recipe, folder: Path, pictures: list[Path]):
    """All pictures' vectors -> the cache, the row of each picture (-1: none), what is wrong, seconds.

    What is new is computed in a process of its own, both cores on one picture: a convolution gains from that, a small
    recurrent network does not.
    """
    begun = time.monotonic()
    cache = cache_of(recipe, folder)
    if cache.missing(pictures):
        names = ("network", "size", "way")
        settings = [f"--set={name}={getattr(recipe, name)}" for name in names]
        command = [
            sys.executable,
            "-m",
            "experiments.flickr8k",
            "features",
            "--features",
            str(folder.resolve()),
            *settings,
        ]
        threads = {"TF_NUM_INTRAOP_THREADS": str(os.cpu_count()), "TF_NUM_INTEROP_THREADS": "1"}
        told = "\n".join(str(Path(picture).resolve()) for picture in pictures)
        if subprocess.run(command, env=os.environ | threads, input=told, text=True, cwd=results.ROOT).returncode:
            raise CourseError("not all vectors of the photographs were computed; those that were stay: begin again.")
        cache.reload()
    places, problems = cache.add(pictures)
    return cache, places, problems, time.monotonic() - begun


def features(options) -> None:
    """What `vectors` starts; the pictures' paths come line by line."""
    from course_lib.training import progress

    cache = cache_of(Recipe(**read_settings(Recipe, options.set)), options.features)
    cache.add(sys.stdin.read().split("\n"), watch=lambda batches: progress(batches, len(batches), "vectors"))


class Data:
    """Pictures, their vectors and captions, and the vocabulary of the training captions."""

    def __init__(self, recipe: Recipe, options, splits=("train", "dev")):
        self.set = read_folder(options.data or fetch("flickr8k"))
        self.names = {split: self.set.present(split) for split in splits}
        pictures = [self.set.path(name) for names in self.names.values() for name in names]
        self.cache, places, problems, self.seconds = vectors(recipe, options.features, pictures)
        self.problems = self.set.problems + [f"{problem} Left out." for problem in problems]
        self.places, start = {}, 0
        for split, names in self.names.items():
            found = places[start : start + len(names)]
            start += len(names)
            self.names[split] = [name for name, place in zip(names, found, strict=True) if place >= 0]
            self.places[split] = found[found >= 0]
            if not self.names[split]:
                raise CourseError(f"no photograph of {split!r} can be read; the first: {problems[0]}")

    def words(self, split) -> list[list[list[str]]]:
        """The captions of each picture, as words."""
        return [[caption_words(caption) for caption in self.set.captions[name]] for name in self.names[split]]

    def rows(self, split, vocabulary, longest):
        """Every caption: where its picture's vector is (N,), and its row of ids (N, L)."""
        given = self.words(split)
        places = [place for place, own in zip(self.places[split], given, strict=True) for _ in own]
        texts = [words[:longest] for own in given for words in own]
        return np.array(places), to_rows(texts, vocabulary, unknown="replace")


@contextlib.contextmanager
def policy(name: str):
    """What Keras makes inside computes with this precision."""
    from course_lib.quiet import keras

    keras.mixed_precision.set_global_policy(name)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy("float32")


def new_captioner(recipe: Recipe, shape, words: int, precision: str = "float32"):
    """A captioner of the recipe's sizes."""
    from course_lib.models.captioner import captioner

    with policy(precision):
        return captioner(
            shape, words, recipe.way, width=recipe.width, embedding=recipe.embedding, units=recipe.units,
            cell=recipe.cell, dropout=recipe.dropout,
        )  # fmt: skip


def nats(model, data, vocabulary, longest, split="dev") -> float:
    """Cross-entropy of held-out captions, nats a word, told the true words before."""
    places, rows = data.rows(split, vocabulary, longest)
    total = words = 0
    for start in range(0, len(rows), 250):
        part = rows[start : start + 250]
        seen = np.asarray(data.cache.rows[places[start : start + 250]], np.float32)
        p = metrics.log_p_of_targets(np.array(model((seen, part[:, :-1]))), part[:, 1:])
        total, words = total - p[part[:, 1:] != 0].sum(), words + (part[:, 1:] != 0).sum()
    return float(total / words)


def judge_split(model, vocabulary, data, split, beams=BEAMS, alpha=1.0) -> list[dict]:
    """One row for each width of the beam: BLEU-1 to 4 with and without brevity penalty, CIDEr."""
    from course_lib.decoding import Describer

    describe, given = Describer(model, vocabulary), data.words(split)
    seen = np.asarray(data.cache.rows[data.places[split]])
    rows = []
    for beam in beams:
        begun = time.monotonic()
        said = [found.words for found in describe(seen, beam=beam, alpha=alpha)]
        seconds = time.monotonic() - begun
        scores = metrics.caption_bleu(said, given)
        penalty = scores.pop("penalty")
        scores = {name: round(score, 2) for name, score in scores.items()}
        row = {"split": split, "pictures": len(said), "beam": beam} | scores
        row |= {"penalty": round(penalty, 3), "CIDEr": round(metrics.cider(said, given), 3)}
        rows.append(row | {"different": len(set(map(tuple, said))), "search_seconds": round(seconds, 1)})
    return rows


def run_folder(options, recipe) -> Path:
    """A folder for each way and seed."""
    return options.out / f"{recipe.way.replace(' ', '-')}-{recipe.seed}"


def train(options) -> None:
    """Train, or go on; judge on dev; add rows to the table."""
    recipe = recipe_of(options)
    checkpoint = Checkpoint(run_folder(options, recipe), asdict(recipe), options.restart)
    from course_lib import training, vision

    data, state = Data(recipe, options), checkpoint.state
    for problem in data.problems:
        print(problem)
    if "words" not in state:
        counts = Counter(word for own in data.words("train") for words in own for word in words)
        frequent = [word for word in counts if counts[word] >= recipe.rare]
        state["words"] = sorted(frequent, key=lambda word: (-counts[word], word))
        state |= {"step": 0, "seconds": 0.0, "features_seconds": data.seconds, "curve": []}
    vocabulary = Vocabulary(state["words"])
    places, rows = data.rows("train", vocabulary, recipe.longest)
    steps = round(recipe.epochs * len(rows) / recipe.batch)
    begun = time.monotonic() - state["seconds"]
    with policy(recipe.precision):
        model = checkpoint.model()
    if model is None:
        training.set_seed(recipe.seed)
        model = new_captioner(recipe, data.cache.shape, len(vocabulary), recipe.precision)
        training.compile_for_training(
            model, steps, recipe.learning_rate, warm_up=steps // 20, optimizer=recipe.optimizer
        )
    judged = new_captioner(recipe, data.cache.shape, len(vocabulary))
    training.set_seed(recipe.seed + state["step"])
    batches = vision.caption_batches(
        data.cache.rows, places, rows, recipe.batch, recipe.seed + state["step"], recipe.captions_together
    )
    if state["step"] < steps:
        print(f"training starts {time.monotonic() - STARTED:.1f} s after the command", flush=True)
    while state["step"] < steps:
        count = min(max(steps // 10, 1), steps - state["step"])
        loss = training.fit(model, batches, count, f"{recipe.way}, from step {state['step']}", every=count)[-1]
        state["step"] += count
        point = {"step": state["step"], "seconds": round(time.monotonic() - begun, 1), "train_nats": round(loss, 4)}
        judged.set_weights(model.get_weights())
        state["curve"].append(point | {"dev_nats": round(nats(judged, data, vocabulary, recipe.longest), 4)})
        state["seconds"] = time.monotonic() - begun
        checkpoint.save(model)
    judged.set_weights(model.get_weights())
    state["shape"] = data.cache.shape
    checkpoint.save(model)
    add_rows(options, recipe, state, judged, judge_split(judged, vocabulary, data, "dev"))


def add_rows(options, recipe, state, model, rows):
    """Write rows into the table, in the place of older ones of the same run; and the run's curve."""
    head = {
        "way": recipe.way, "seed": recipe.seed, "parameters": model.count_params(),
        "features_seconds": round(state["features_seconds"], 1), "train_seconds": round(state["seconds"], 1),
        "memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }  # fmt: skip
    for table, new, key in (
        (options.results, [head | row for row in rows], ("way", "seed", "split", "beam")),
        (curve_of(options.results), [{"way": recipe.way, "seed": recipe.seed} | p for p in state["curve"]],
         ("way", "seed", "step")),
    ):  # fmt: skip
        named = {tuple(str(row[k]) for k in key): row for row in [*results.read_rows(table), *new]}
        results.write(table, [named[k] for k in sorted(named)])
    columns = ["split", "beam", "BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "CIDEr"]
    results.print_table(columns, ([row[name] for name in columns] for row in rows))


def curve_of(table: Path) -> Path:
    """The table of the learning curves beside a table of results."""
    return table.with_name(table.stem + "_curve.csv")


def load(options):
    """-> recipe, state, model, vocabulary of a finished run; CourseError if there is none."""
    from course_lib.models import captioner  # noqa: F401 - Keras finds the course's classes

    folder = run_folder(options, recipe_of(options))
    if not (folder / "state.json").is_file():
        raise CourseError(f"there is no trained captioner in {folder}: train it, or say where with --out.")
    checkpoint = Checkpoint(folder, {})
    state = checkpoint.state
    if "shape" not in state:
        raise CourseError(f"the captioner in {folder} is not finished: give the command that trained it again.")
    recipe, vocabulary = Recipe(**{name: state[name] for name in asdict(Recipe())}), Vocabulary(state["words"])
    with policy(recipe.precision):
        trained = checkpoint.model()
    model = new_captioner(recipe, tuple(state["shape"]), len(vocabulary))
    model.set_weights(trained.get_weights())
    return recipe, state, model, vocabulary


def judge(options) -> None:
    """Judge a trained captioner on a split."""
    recipe, state, model, vocabulary = load(options)
    data = Data(recipe, options, (options.split,))
    for problem in data.problems:
        print(problem)
    add_rows(options, recipe, state, model, judge_split(model, vocabulary, data, options.split))


def caption(options) -> None:
    """Say what is on photographs."""
    from course_lib.decoding import Describer

    recipe, _, model, vocabulary = load(options)
    cache, places, problems, _ = vectors(recipe, options.features, [Path(photo) for photo in options.photos])
    for problem in problems:
        print(problem, file=sys.stderr)
    there = np.flatnonzero(places >= 0)
    if len(there):
        for i, found in zip(there, Describer(model, vocabulary)(cache.rows[places[there]], options.beam), strict=True):
            print(f"{options.photos[i]}: {' '.join(found.words)}")


def recipe_of(options) -> Recipe:
    """The recipe that the options ask for; CourseError for what cannot be."""
    recipe = Recipe(**{"way": options.way} | read_settings(Recipe, options.set), seed=options.seed)
    for name, value in asdict(recipe).items():
        if name not in ("seed", "dropout") and not isinstance(value, str) and value <= 0:
            raise CourseError(f"--set {name}={value}: expected more than 0.")
    return recipe


def main(arguments=None) -> int:
    """The command line. Returns 0, or 1 with one sentence about what to mend."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for does in (train, judge, caption, features):
        command = commands.add_parser(does.__name__)
        command.set_defaults(does=does)
        command.add_argument("--features", type=Path, default=None, help="folder of the vectors; default: the cache")
        command.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="another setting")
        if does is not features:
            command.add_argument("--out", type=Path, default=OUT, help="folder of the runs")
            command.add_argument("--way", default=Recipe.way, help="where the picture enters")
            command.add_argument("--seed", type=int, default=0)
        if does in (train, judge):
            command.add_argument("--data", type=Path, help="a folder with photographs and captions; default: Flickr8k")
            command.add_argument("--results", type=Path, default=RESULTS, help="the table to write")
    commands.choices["train"].add_argument("--restart", action="store_true")
    commands.choices["judge"].add_argument("--split", default="dev")
    commands.choices["caption"].add_argument("photos", nargs="+")
    commands.choices["caption"].add_argument("--beam", type=int, default=5)
    options = parser.parse_args(arguments)
    try:
        options.features = options.features or cache_folder() / "features"
        options.does(options)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

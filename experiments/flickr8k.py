"""Caption photographs: Flickr8k, or any set in the layout of Flickr8k, Flickr30k or COCO.

    python -m experiments.flickr8k train                       features, then a captioner: less than ten minutes
    python -m experiments.flickr8k train --seed 1 --way "each step" --data my_folder --out my_run --results my.csv
    python -m experiments.flickr8k judge --split test          BLEU and CIDEr on any split whose photographs are there
    python -m experiments.flickr8k caption holiday.jpg cat.png any photographs
    python -m experiments.flickr8k train --way "attention after"   with regions to look at
    python -m experiments.flickr8k caption holiday.jpg --way "attention after" --maps my_folder   and where it looked

Vectors of the photographs come from MobileNetV2 (ImageNet; Sandler et al. 2018) and are kept in the cache: the next run
starts with training. A run goes on after an interruption, even a kill: give the same command again. What was chosen for
the recipe was chosen on the dev split.
"""

import argparse
import contextlib
import itertools
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from course_lib import batching, metrics, results, tables
from course_lib.checkpoint import Checkpoint
from course_lib.datasets.captions import caption_words, read_folder
from course_lib.datasets.fetch import cache_folder, fetch
from course_lib.errors import CourseError
from course_lib.text import Vocabulary, to_rows
from experiments.jobs import STOPPED, read_settings

RESULTS = results.FOLDERS[0] / "flickr8k.csv"
OUT = Path("work/flickr8k")
BEAMS = (1, 3, 5, 7)
MAP_PIXELS = 320  # the longer side of a photograph in --maps
LANES = os.cpu_count() or 1  # members are trained side by side, one on each core
STARTED = time.monotonic()


@dataclass(frozen=True)
class Recipe:
    """The settings of a run."""

    way: str = "start"  # where the picture enters, as in models/captioner.py
    cell: str = "lstm"
    network: str = "MobileNetV2"
    size: int = 224  # pixels
    layer: str = ""  # of the network, whose regions are taken; the last one, if it is not said
    pooling: str = "pyramid"  # how one vector is made of the regions, as in vision.py
    width: int = 256
    embedding: int = 256
    units: int = 384
    maxout: int = 256  # its width, where there is one
    dropout: float = 0.4
    batch: int = 256
    epochs: float = 5.0
    learning_rate: float = 3e-3
    optimizer: str = "muon"
    precision: str = "mixed_bfloat16"  # products in 16 bits, sums and weights in 32; "float32" on an older processor
    rare: int = 5  # a word that comes less often in the training captions is <unk>
    longest: int = 24  # words of a caption that are trained
    captions_together: int = 1  # of one picture in a batch
    score: str = "additive"  # how well a memory matches a region, one of SCORES; this and the next two: where it looks
    output: str = "sum"  # as in models/captioner.py
    doubly: float = 0.0
    members: int = 2  # captioners that speak together
    alpha: float = 0.8  # of the beam's length normalisation, where captions are searched for
    seed: int = 0


SCORES = {"additive": "AdditiveScore", "bilinear": "BilinearScore"}
# What is different where regions are looked at. They are taken before MobileNetV2's last convolution, a quarter of the
# numbers: as good, and faster. 16-bit products gain nothing. Four captioners, each half as much work as one of the two
# without attention: alone as good, together better. The penalty of eq. 14 helps: after four epochs, captioners had a
# CIDEr of .437 to .470 without it (five of them), of .467 to .475 with it (three).
LOOKS = {
    "layer": "block_16_project_BN", "precision": "float32", "score": "bilinear", "doubly": 1.0, "rare": 20,
    "width": 192, "embedding": 160, "units": 224, "dropout": 0.3, "learning_rate": 4e-3, "members": 4,
    "alpha": 0.9,
}  # fmt: skip


def looks_at_regions(way: str) -> bool:
    """Whether it needs grids."""
    return "attention" in way


def cache_of(recipe: Recipe, folder: Path):
    """The FeatureCache for a recipe: grids for attention, else pooled vectors."""
    from course_lib.features import FeatureCache
    from course_lib.vision.backbones import pretrained
    from course_lib.vision.small_cnn import small_cnn

    if recipe.network == "small_cnn":  # the course's
        backbone = small_cnn()
    else:
        backbone = pretrained(recipe.network, recipe.size, pooling=recipe.pooling, layer=recipe.layer)
    return FeatureCache(folder, backbone, grid=looks_at_regions(recipe.way))


def vectors(recipe: Recipe, folder: Path, pictures: list[Path], tried: bool = False):
    """All pictures' vectors -> the cache, the row of each picture (-1: none), what is wrong, seconds.

    What is new is computed in a process of its own, both cores on one picture: a convolution gains from that, a small
    recurrent network does not. tried: that has just been done, what is still missing cannot be read.
    """
    begun = time.monotonic()
    cache = cache_of(recipe, folder)
    if missing := [] if tried else cache.missing(pictures):
        names = ("network", "size", "layer", "pooling", "way")
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
        told = "\n".join(str(Path(pictures[i]).resolve()) for i in missing)
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

    def __init__(self, recipe: Recipe, options, splits=("train", "dev"), tried=False):
        self.set = read_folder(options.data or fetch("flickr8k"))
        self.names = {split: self.set.present(split) for split in splits}
        pictures = [self.set.path(name) for names in self.names.values() for name in names]
        self.cache, places, problems, self.seconds = vectors(recipe, options.features, pictures, tried)
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
    from course_lib.backend import keras

    keras.mixed_precision.set_global_policy(name)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy("float32")


def saved_captioner(checkpoint: Checkpoint, recipe: Recipe):
    """The one that was saved, or None."""
    from course_lib.models import captioner  # noqa: F401 - Keras finds the course's classes

    with policy(recipe.precision):
        return checkpoint.model()


def new_captioner(recipe: Recipe, shape, words: int, precision: str = "float32"):
    """A captioner of the recipe's sizes."""
    from course_lib import attention
    from course_lib.models.captioner import captioner

    with policy(precision):
        look = {}
        if looks_at_regions(recipe.way):
            score = getattr(attention, SCORES[recipe.score])
            score = score(recipe.units) if recipe.score == "additive" else score()
            look = {"score": score, "output": recipe.output, "doubly": recipe.doubly, "pooling": recipe.pooling}
        return captioner(
            shape, words, recipe.way, width=recipe.width, embedding=recipe.embedding, units=recipe.units,
            cell=recipe.cell, dropout=recipe.dropout, maxout=recipe.maxout, **look,
        )  # fmt: skip


def judge_split(model, vocabulary, data, split, alpha, beams=BEAMS) -> list[dict]:
    """One row for each width of the beam: BLEU-1 to 4 with and without brevity penalty, CIDEr."""
    from course_lib.decoding import CaptionGenerator

    describe, given = CaptionGenerator(model, vocabulary), data.words(split)
    seen = np.asarray(data.cache.rows[data.places[split]])
    rows = []
    for beam in beams:
        begun = time.monotonic()
        with ThreadPoolExecutor(LANES) as pool:  # a search leaves a core idle; two, one for each half, do not
            parts = pool.map(partial(describe, beam=beam, alpha=alpha), np.array_split(seen, LANES))
            said = [found.words for part in parts for found in part]
        seconds = time.monotonic() - begun
        scores = metrics.caption_bleu(said, given)
        penalty = scores.pop("penalty")
        scores = {name: round(score, 2) for name, score in scores.items()}
        row = {"split": split, "pictures": len(said), "beam": beam} | scores
        row |= {"penalty": round(penalty, 3), "CIDEr": round(metrics.cider(said, given), 3)}
        rows.append(row | {"different": len(set(map(tuple, said))), "search_seconds": round(seconds, 1)})
    return rows


def member_folder(options, recipe, member: int) -> Path:
    """A folder for each way, seed and member of the ensemble."""
    return options.out / f"{recipe.way.replace(' ', '-')}-{recipe.seed}-{member}"


def train(options) -> None:
    """Vectors first; then the members of the ensemble, one beside the other; judged on dev, rows added to the table."""
    recipe = recipe_of(options)
    if options.member is not None:
        return train_member(recipe, options, options.member, Data(recipe, options, tried=True))
    Checkpoint(member_folder(options, recipe, 0), identity(recipe, 0), options.restart)  # refused before work begins
    data = Data(recipe, options)
    fewest = min(map(len, data.words("train")))
    if fewest < recipe.captions_together:
        raise CourseError(
            f"a photograph has {fewest} captions only, {recipe.captions_together} are trained together: give "
            "--set captions_together=1."
        )
    for problem in data.problems:
        print(problem)
    options.spent = data.seconds
    environment = os.environ | {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    command = [sys.executable, "-m", "experiments.flickr8k", *sys.orig_argv[sys.orig_argv.index("train") :]]
    command += [f"--spent={data.seconds:.1f}"]
    print(f"training starts {time.monotonic() - STARTED:.1f} s after the command", flush=True)

    def lane(members):
        """One after another, on one core."""
        return [subprocess.run([*command, f"--member={i}"], env=environment).returncode for i in members]

    here, *elsewhere = lanes(range(recipe.members))
    with ThreadPoolExecutor(LANES) as pool:
        codes = pool.map(lane, elsewhere)
        for member in here:  # this process has one core's work, too
            train_member(recipe, options, member, data)
        if any(code for own in codes for code in own):
            raise CourseError("not all members were trained; what was saved is kept: give the same command again.")
    recipe, states, model, vocabulary = load(options)
    add_rows(options, recipe, states, judge_split(model, vocabulary, data, "dev", recipe.alpha))


def lanes(members):
    """Which are trained on each core: every second one, for two."""
    return [members[i::LANES] for i in range(LANES)]


def identity(recipe, member):
    """What makes it the same run; how it looks, where it looks, and a layer, where one was named: runs go on that were
    begun when there was nothing to choose. How captions are searched for changes no training.
    """  # fmt: skip
    unused = {"alpha"} | (set() if looks_at_regions(recipe.way) else {"score", "output", "doubly"})
    if not recipe.layer:
        unused.add("layer")
    return {name: value for name, value in asdict(recipe).items() if name not in unused} | {"member": member}


def memory_gb() -> float:
    """What this process holds now (Linux), without pages of files, which are given back when room is needed; elsewhere
    the most it has held.
    """  # fmt: skip
    try:
        held = Path("/proc/self/smaps_rollup").read_text(encoding="ascii")
        return int(re.search(r"^Anonymous: +(\d+) kB", held, re.MULTILINE)[1]) / 2**20
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def train_member(recipe: Recipe, options, member: int, data: Data) -> None:
    """Train one captioner, or go on."""
    from course_lib import training

    checkpoint = Checkpoint(member_folder(options, recipe, member), identity(recipe, member), options.restart)
    state = checkpoint.state
    if "words" not in state:
        counts = Counter(word for own in data.words("train") for words in own for word in words)
        frequent = [word for word in counts if counts[word] >= recipe.rare]
        state |= {"words": sorted(frequent, key=lambda word: (-counts[word], word)), "shape": data.cache.shape}
        state |= {"step": 0, "seconds": 0.0, "features_seconds": options.spent, "curve": [], "done": False}
        state["memory_gb"] = 0.0
    vocabulary = Vocabulary(state["words"])
    places, rows = data.rows("train", vocabulary, recipe.longest)
    steps = round(recipe.epochs * len(rows) / recipe.batch)
    begun = time.monotonic() - state["seconds"]
    model = saved_captioner(checkpoint, recipe)
    seed = recipe.seed * recipe.members + member
    if model is None:
        training.set_seed(seed)
        model = new_captioner(recipe, data.cache.shape, len(vocabulary), recipe.precision)
        training.compile_for_training(
            model, steps, recipe.learning_rate, warm_up=steps // 20, optimizer=recipe.optimizer
        )
    judged = new_captioner(recipe, data.cache.shape, len(vocabulary))  # in 32 bits, by the first caption of each
    dev_places, dev_rows = data.rows("dev", vocabulary, recipe.longest)
    dev_places, first = np.unique(dev_places, return_index=True)
    dev_vectors, dev_rows = np.asarray(data.cache.rows[dev_places]), dev_rows[first]
    training.set_seed(seed + 1000 * state["step"])
    batches = batching.caption_batches(
        data.cache.rows, places, rows, recipe.batch, seed + 1000 * state["step"], recipe.captions_together
    )
    while state["step"] < steps:
        count = min(max(steps // 10, 1), steps - state["step"])
        name = f"member {member}, from step {state['step']}"
        loss = training.fit(model, batches, count, name, every=count)[-1]
        state["step"] += count
        point = {"step": state["step"], "seconds": round(time.monotonic() - begun, 1), "train_loss": round(loss, 4)}
        judged.set_weights(model.get_weights())
        state["curve"].append(
            point | {"dev_nats": round(training.teacher_forced_nats(judged, dev_vectors, dev_rows), 4)}
        )
        state |= {"seconds": time.monotonic() - begun, "done": state["step"] >= steps}
        state["memory_gb"] = max(state["memory_gb"], memory_gb())
        checkpoint.save(model)


def add_rows(options, recipe, states, rows):
    """Write rows into the table, in the place of older ones of the same run; and the members' learning curves."""
    head = {
        "way": recipe.way, "seed": recipe.seed, "members": recipe.members,
        "features_seconds": round(states[0]["features_seconds"], 1),
        "train_seconds": round(max(sum(state["seconds"] for state in lane) for lane in lanes(states)), 1),
        "train_memory_gb": round(sum(max((s["memory_gb"] for s in lane), default=0) for lane in lanes(states)), 2),
    }  # fmt: skip
    curves = [
        {"way": recipe.way, "seed": recipe.seed, "member": i} | point
        for i, state in enumerate(states)
        for point in state["curve"]
    ]
    for table, new, key in (
        (options.results, [head | row for row in rows], ("way", "seed", "split", "beam")),
        (curve_of(options.results), curves, ("way", "seed", "member", "step")),
    ):  # fmt: skip
        named = {tuple(str(row[k]) for k in key): row for row in [*tables.read_rows(table), *new]}
        tables.write(table, [named[k] for k in sorted(named)])
    columns = ["split", "beam", "BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "CIDEr"]
    tables.print_table(columns, ([row[name] for name in columns] for row in rows))


def curve_of(table: Path) -> Path:
    """The table of the learning curves beside a table of results."""
    return table.with_name(table.stem + "_curve.csv")


def load(options):
    """-> recipe, the members' states, their ensemble, the vocabulary; CourseError if it is not trained."""
    from course_lib.models.encoder_decoder import Ensemble

    states, models = [], []
    recipe = recipe_of(options)
    while len(models) < recipe.members:
        folder = member_folder(options, recipe, len(models))
        checkpoint = Checkpoint(folder, {}) if (folder / "state.json").is_file() else None
        if not (checkpoint and checkpoint.state["done"]):
            raise CourseError(f"there is no trained captioner in {folder}: train it, or say where with --out.")
        state = checkpoint.state
        recipe = replace(recipe, **{name: state[name] for name in asdict(recipe) if name in state})
        trained = saved_captioner(checkpoint, recipe)
        models.append(new_captioner(recipe, tuple(state["shape"]), len(Vocabulary(state["words"]))))
        models[-1].set_weights(trained.get_weights())
        states.append(state)
    return recipe, states, Ensemble(models), Vocabulary(states[0]["words"])


def judge(options) -> None:
    """Judge a trained captioner on a split."""
    recipe, states, model, vocabulary = load(options)
    data = Data(recipe, options, (options.split,))
    for problem in data.problems:
        print(problem)
    add_rows(options, recipe, states, judge_split(model, vocabulary, data, options.split, recipe.alpha))


def caption(options) -> None:
    """Say what is on photographs."""
    from course_lib.decoding import CaptionGenerator

    recipe, _, model, vocabulary = load(options)
    if options.maps:
        if not model.attentive:
            raise CourseError(f"--maps: way {recipe.way!r} does not look at regions; train --way 'attention after'.")
        options.maps = writable(options.maps)
    cache, places, problems, _ = vectors(recipe, options.features, [Path(photo) for photo in options.photos])
    for problem in problems:
        print(problem, file=sys.stderr)
    there = np.flatnonzero(places >= 0)
    photos = [Path(options.photos[i]) for i in there]
    if not photos:
        return
    said = CaptionGenerator(model, vocabulary)(cache.rows[places[there]], options.beam, recipe.alpha)
    files = map_files(options.maps, photos) if options.maps else [None] * len(photos)
    for i, photo, found, file in zip(there, photos, said, files, strict=True):
        print(f"{options.photos[i]}: {' '.join(found.words)}")
        if file and found.words:
            weights = found.weights[: len(found.words)]  # the row behind them is that of <eos>
            draw_map(file, photo, found.words, weights.reshape(-1, *cache.shape[:2]))


def writable(folder: Path) -> Path:
    """The folder, there now; CourseError if nothing can be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise CourseError(f"--maps: cannot write to {folder} ({error.strerror}): give another folder.") from None


def map_files(folder: Path, photos: list[Path]) -> list[Path]:
    """A file for the map of each photograph, no two alike, and none of the photographs."""
    taken, files = {str(photo.resolve()).lower() for photo in photos}, []
    for photo in photos:
        names = (f"{photo.stem}{'' if i == 1 else f'-{i}'}.png" for i in itertools.count(1))
        files.append(next(folder / name for name in names if str((folder / name).resolve()).lower() not in taken))
        taken.add(str(files[-1].resolve()).lower())
    return files


def draw_map(file: Path, photo: Path, words: list[str], weights) -> None:
    """Where it looked for each word, up to six side by side: weights (J, rows, columns)."""
    from matplotlib.figure import Figure
    from PIL import Image, ImageOps

    from course_lib import plotting
    from course_lib.vision import images

    with Image.open(photo) as opened:
        width, height = ImageOps.exif_transpose(opened).size
    longest = max(width, height)
    size = [max(round(MAP_PIXELS * side / longest), 1) for side in (width, height)]  # what was squashed has its shape
    image = np.asarray(Image.fromarray(images.decode(photo, MAP_PIXELS)).resize(size, Image.BICUBIC))
    columns = min(6, len(words))
    rows = -(-len(words) // columns)
    figure = Figure((2 * columns, rows * (2 * size[1] / size[0] + 0.4)), layout="constrained")
    plotting.attention_maps(figure.subplots(rows, columns, squeeze=False), image, words, weights)
    try:
        figure.savefig(file, dpi=120)
    except OSError as error:
        raise CourseError(f"--maps: cannot write {file} ({error.strerror}): give another folder.") from None


def recipe_of(options) -> Recipe:
    """The recipe that the options ask for; CourseError for what cannot be."""
    from course_lib.models.captioner import way_of

    way_of(options.way)  # before the network's weights are asked for
    given = {"way": options.way} | read_settings(Recipe, options.set)
    looks = dict(LOOKS) if looks_at_regions(given["way"]) else {}
    if given.get("network", Recipe.network) != Recipe.network:
        looks.pop("layer", None)  # another network has other layers
    recipe = Recipe(**looks | given, seed=options.seed)
    for name, value in asdict(recipe).items():
        if name not in ("seed", "dropout", "doubly") and not isinstance(value, str) and value <= 0:
            raise CourseError(f"--set {name}={value}: expected more than 0.")
    if recipe.score not in SCORES:
        raise CourseError(f"--set score={recipe.score}: expected one of {', '.join(SCORES)}.")
    if recipe.batch % recipe.captions_together:
        raise CourseError(f"--set batch={recipe.batch}: expected a multiple of {recipe.captions_together}.")
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
    commands.choices["train"].add_argument("--member", type=int, help=argparse.SUPPRESS)
    commands.choices["train"].add_argument("--spent", type=float, default=0.0, help=argparse.SUPPRESS)
    commands.choices["judge"].add_argument("--split", default="dev")
    commands.choices["caption"].add_argument("photos", nargs="+")
    commands.choices["caption"].add_argument("--beam", type=int, default=5)
    commands.choices["caption"].add_argument("--maps", type=Path, help="a folder for pictures of where it looked")
    options = parser.parse_args(arguments)
    try:
        options.features = options.features or cache_folder() / "features"
        options.does(options)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        if options.does is not features and getattr(options, "member", None) is None:  # they leave it to the first
            print(STOPPED, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

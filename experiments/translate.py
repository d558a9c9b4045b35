"""Translate, with and without attention: Tatoeba English-Spanish, or any file of tab-separated pairs.

    python -m experiments.translate train                      both networks, one beside the other: about 50 minutes
    python -m experiments.translate train --pairs my.tsv --out my_run --results my.csv
    python -m experiments.translate say "Where is my book?" "I like it." --picture alignment.png
    python -m experiments.translate file english.txt spanish.txt --beam 5

Each network trains in a process and a folder of its own below --out, and goes on there after an interruption, even a
kill: give the same command again. Pairs are split by source: none is in two parts. BLEU is sacrebleu's, against all
translations that the test part has of a sentence.
"""

import argparse
import hashlib
import itertools
import os
import resource
import subprocess
import sys
import time
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from course_lib import metrics, results, tables
from course_lib.batching import pair_batches
from course_lib.checkpoint import Checkpoint
from course_lib.datasets.fetch import fetch
from course_lib.datasets.pairs import read_pairs, references, split_by_source
from course_lib.errors import CourseError
from course_lib.text import Vocabulary, pair_rows
from experiments.jobs import STOPPED, any_failed, read_settings

RESULTS = results.FOLDERS[0]
OUT = Path("work/translate")
HAND_OVERS = {"none": "start", "attention": "attention after"}
DEV, TEST = 1000, 3000  # sources
LONGEST = 40  # pieces of a sentence that trains, and words of one that is translated
OUR_SENTENCES = {  # written for this table, shortest first
    "I am cold.": "Tengo frío.",
    "She never reads newspapers.": "Ella nunca lee periódicos.",
    "Our dog sleeps in the kitchen.": "Nuestro perro duerme en la cocina.",
    "I forgot to buy bread yesterday.": "Ayer olvidé comprar pan.",
    "Why did you sell your old car?": "¿Por qué vendiste tu viejo coche?",
    "They don't like the soup I made.": "No les gusta la sopa que hice.",
    "The teacher is waiting for us at the station.": "El profesor nos está esperando en la estación.",
    "My sister wants to learn how to play the guitar.": "Mi hermana quiere aprender a tocar la guitarra.",
    "If it rains tomorrow, we will stay at home and read.": "Si llueve mañana, nos quedaremos en casa leyendo.",
    "He told me that he had lost his keys on the train.": "Me dijo que había perdido sus llaves en el tren.",
    "The woman who lives next door works in a hospital at night.": (
        "La mujer que vive al lado trabaja en un hospital por la noche."
    ),
    "I didn't go to the party because I was tired and had a headache.": (
        "No fui a la fiesta porque estaba cansado y me dolía la cabeza."
    ),
    "When we were children, we used to spend every summer at my grandfather's house.": (
        "Cuando éramos niños, pasábamos todos los veranos en la casa de mi abuelo."
    ),
}


@dataclass(frozen=True)
class Recipe:
    """The settings of a run."""

    pieces: int = 4000
    embedding: int = 192
    encoder_units: int = 192
    units: int = 320
    dropout: float = 0.2
    batch: int = 128
    steps: int = 4000
    learning_rate: float = 3e-3
    optimizer: str = "muon"
    seed: int = 0


class Subwords:
    """Pieces of words, learned from a text (Kudo & Richardson 2018): any string can be said with them."""

    def __init__(self, model: bytes):
        import sentencepiece

        self.model = model
        self.processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        self.vocabulary = Vocabulary(self.processor.id_to_piece(i) for i in range(self.processor.get_piece_size()))

    @classmethod
    def learn(cls, sentences, size):
        """At most `size` pieces; fewer for a small text."""
        import io

        import sentencepiece

        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences), model_writer=model, vocab_size=size, model_type="bpe",
            hard_vocab_limit=False, character_coverage=1.0, pad_id=0, unk_id=1, bos_id=2, eos_id=3, pad_piece="<pad>",
            unk_piece="<unk>", bos_piece="<bos>", eos_piece="<eos>", minloglevel=2, num_threads=1,
        )  # fmt: skip
        return cls(model.getvalue())

    def cut(self, sentence: str) -> list[str]:
        """A sentence as pieces; a space is a ▁ before the word."""
        return self.processor.encode(sentence, out_type=str)

    def join(self, pieces: list[str]) -> str:
        """The sentence again."""
        return self.processor.decode(pieces)


class Data:
    """Pairs, split and cut into pieces learned from the training part."""

    def __init__(self, path: Path, recipe: Recipe, out: Path):
        pairs, self.problems = read_pairs(path)
        held_out = [min(count, len(pairs) // 10) for count in (DEV, TEST)]
        self.dev, self.test, self.train = split_by_source(pairs, recipe.seed, *held_out)
        self.sides = []
        for i, name in enumerate(("source", "target")):
            file = out / f"{name}.model"
            if not file.is_file():
                learned = Subwords.learn((pair[i] for pair in self.train), recipe.pieces)
                temporary = file.with_suffix(f".{os.getpid()}")
                temporary.write_bytes(learned.model)
                temporary.replace(file)
            self.sides.append(Subwords(file.read_bytes()))

    def rows(self, pairs):
        """Rows of ids, of those that are not too long."""
        source, target = self.sides
        cut = [(source.cut(a), target.cut(b)) for a, b in pairs]
        cut = [pair for pair in cut if max(map(len, pair)) <= LONGEST]
        return pair_rows(cut, source.vocabulary, target.vocabulary, unknown="replace")


def load(folder: Path):
    """-> model, Subwords of the source, Subwords of the target; CourseError if there is no finished run."""
    from course_lib.models import encoder_decoder  # noqa: F401 - Keras finds the course's classes

    if not (folder / "state.json").is_file():
        raise CourseError(f"there is no trained network in {folder}: train one, or say where with --out.")
    model = Checkpoint(folder, {}).model()
    sides = [Subwords((folder.parent / f"{name}.model").read_bytes()) for name in ("source", "target")]
    return model, *sides


def translator(model, source, target):
    """sentences -> Translations of pieces."""
    from course_lib.decoding import Translator

    search = Translator(model, source.vocabulary, target.vocabulary)

    def translate(sentences, beam):
        cut = [source.cut(sentence) for sentence in sentences]
        return cut, search(cut, beam=beam, unknown="replace")

    return translate


def run(path: Path, out: Path, attention: str, recipe: Recipe, restart: bool) -> list[dict]:
    """Train one network, or go on, and judge it: one row for each width of the beam."""
    from course_lib import training
    from course_lib.models.encoder_decoder import encoder_decoder

    with open(path, "rb") as file:
        identity = asdict(recipe) | {"attention": attention, "pairs": hashlib.file_digest(file, "sha256").hexdigest()}
    checkpoint = Checkpoint(out / attention, identity, restart)
    data, state = Data(path, recipe, out), checkpoint.state
    for name, value in {"step": 0, "seconds": 0.0, "cpu_seconds": 0.0, "curve": []}.items():
        state.setdefault(name, value)
    started, cpu = time.monotonic() - state["seconds"], time.process_time() - state["cpu_seconds"]
    rows, dev = data.rows(data.train), data.rows(data.dev)
    model = checkpoint.model()
    if model is None:
        training.set_seed(recipe.seed)
        words = [len(side.vocabulary) for side in data.sides]
        model = encoder_decoder(
            *words, HAND_OVERS[attention], embedding=recipe.embedding, encoder_units=recipe.encoder_units,
            units=recipe.units, dropout=recipe.dropout,
        )  # fmt: skip
        training.compile_for_training(
            model, recipe.steps, recipe.learning_rate, warm_up=recipe.steps // 20, optimizer=recipe.optimizer
        )
    training.set_seed(recipe.seed + state["step"])
    batches = itertools.islice(pair_batches(*rows, recipe.batch, recipe.seed), state["step"], None)
    interval = max(recipe.steps // 20, 1)
    while state["step"] < recipe.steps:
        count = min(interval, recipe.steps - state["step"])
        loss = training.fit(model, batches, count, f"{attention}, from step {state['step']}", every=count)[-1]
        state["step"] += count
        state |= {"seconds": time.monotonic() - started, "cpu_seconds": time.process_time() - cpu}
        point = {"step": state["step"], "seconds": round(state["seconds"], 1), "train_nats": round(float(loss), 4)}
        state["curve"].append(point | {"dev_nats": round(training.teacher_forced_nats(model, *dev), 4)})
        checkpoint.save(model)
    head = {
        "attention": attention, "parameters": model.count_params(), "steps": state["step"],
        "epochs": round(state["step"] * recipe.batch / len(rows[0]), 2), "train_seconds": round(state["seconds"], 1),
        "train_cpu_seconds": round(state["cpu_seconds"], 1),
    }  # fmt: skip
    table = [head | row for row in judge(translator(model, *data.sides), data)]
    state |= {"rows": table, "problems": data.problems}
    checkpoint.save(model)
    return table


def judge(translate, data):
    """BLEU on the test part, all of it and by thirds of the sources' lengths, for two widths of the beam."""
    wanted = {source: said for source, said in references(data.test).items() if len(source.split()) <= LONGEST}
    sources = sorted(wanted, key=lambda source: (len(source.split()), source))
    given = [wanted[source] for source in sources]
    for beam in (1, 5):
        begun = time.monotonic()
        said = [data.sides[1].join(found.words) for found in translate(sources, beam)[1]]
        seconds = time.monotonic() - begun
        score, signature = metrics.bleu(said, given)
        row = {"beam": beam, "bleu": round(score, 2)}
        for name, part in zip(("short", "middle", "long"), np.array_split(np.arange(len(sources)), 3), strict=True):
            row[f"bleu_{name}"] = round(metrics.bleu([said[i] for i in part], [given[i] for i in part])[0], 2)
        lengths = [len(source.split()) for source in sources]
        row |= {
            f"words_{name}": round(float(np.mean(part)), 1)
            for name, part in zip(("short", "middle", "long"), np.array_split(lengths, 3), strict=True)
        }
        row |= {"sentences": len(sources), "search_seconds": round(seconds, 1)}
        row["memory_gb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)
        yield row | {"signature": signature}


def train(options) -> None:
    """Both networks, each in a process with half of the machine; then the table, and some translations."""
    recipe = Recipe(**read_settings(Recipe, options.set), seed=options.seed)
    small = [
        name for name, value in asdict(recipe).items() if name not in ("seed", "optimizer", "dropout") and value <= 0
    ]
    if small:
        raise CourseError(f"--set {small[0]}={getattr(recipe, small[0])}: expected more than 0.")
    path = Path(options.pairs) if options.pairs else fetch("spa-eng")
    if options.only:
        run(path, options.out, options.only, recipe, options.restart)
        return
    options.out.mkdir(parents=True, exist_ok=True)
    for problem in Data(path, recipe, options.out).problems:
        print(f"{path}: {problem}; left out.")
    environment = os.environ | {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    arguments = [sys.executable, "-m", "experiments.translate", *sys.argv[1:]]
    parts = [subprocess.Popen([*arguments, "--only", name], env=environment) for name in HAND_OVERS]
    if any_failed(parts):
        raise CourseError("a network did not finish; what was saved is kept: give the same command again.")
    rows = [row for name in HAND_OVERS for row in Checkpoint(options.out / name, {}).state["rows"]]
    tables.write(Path(options.results), rows)
    examples(path, recipe, options)
    tables.print_table(["attention", "beam", "BLEU", "long"],
                        [(r["attention"], r["beam"], r["bleu"], r["bleu_long"]) for r in rows])  # fmt: skip


def examples(path, recipe, options, count=40):
    """What both say of sentences of every length, beside the table: of our own, or of the test part of a file given."""
    if options.pairs:
        wanted = {source: said[0] for source, said in references(Data(path, recipe, options.out).test).items()}
        sources = sorted(wanted, key=lambda source: (len(source.split()), source))
        wanted = {source: wanted[source] for source in sources[:: max(len(sources) // count, 1)]}
    else:
        wanted = OUR_SENTENCES
    rows = [{"source": source, "reference": said} for source, said in wanted.items()]
    for name in HAND_OVERS:
        model, source, target = load(options.out / name)
        for row, found in zip(rows, translator(model, source, target)(list(wanted), 5)[1], strict=True):
            row[name] = target.join(found.words)
    tables.write(Path(options.results).with_name(Path(options.results).stem + "_examples.csv"), rows)


def say(options) -> None:
    """Translate what was typed, and show which piece each piece looked at."""
    model, source, target = load(options.out / options.network)
    sentences = [clean(sentence, f"sentence {i}") for i, sentence in enumerate(options.sentences, 1)]
    sentences = [sentence for sentence in sentences if sentence]
    cut, found = translator(model, source, target)(sentences, options.beam)
    for sentence, pieces, best in zip(sentences, cut, found, strict=True):
        unknown = [piece for piece in pieces if piece not in source.vocabulary]
        if unknown:
            print(f"not known, read as <unk>: {' '.join(unknown)}")
        print(f"{sentence} → {target.join(best.words)}")
        if best.weights is not None:
            looked = [f"{word}←{pieces[row.argmax()]}" for word, row in zip(best.words, best.weights, strict=False)]
            print(" ", " ".join(looked).replace("▁", "_"))
    if options.picture and found and found[0].weights is not None:
        import matplotlib

        matplotlib.use("Agg")
        from course_lib import plotting

        fig, ax = plotting.figure(0.6 * len(cut[0]) + 2, 0.4 * len(found[0].words) + 2)
        words = found[0].words
        plotting.attention(ax, found[0].weights[: len(words)], cut[0], words, "Where it looked")
        fig.savefig(options.picture)
        print(f"drawn: {options.picture}")


def clean(sentence: str, name: str) -> str:
    """The sentence in NFC, or "" with a message when it cannot be translated."""
    sentence = unicodedata.normalize("NFC", sentence).strip()
    if not sentence:
        print(f"{name} is empty; it stays empty.", file=sys.stderr)
    elif len(sentence.split()) > LONGEST:
        words = len(sentence.split())
        print(f"{name} has {words} words, at most {LONGEST} are translated; it stays empty.", file=sys.stderr)
        return ""
    return sentence


def translate_file(options) -> None:
    """A line for a line; a line that cannot be translated stays empty, and is named."""
    from course_lib.datasets.plain_text import read_text

    model, source, target = load(options.out / options.network)
    lines = [clean(line, f"line {i}") for i, line in enumerate(read_text(options.source).splitlines(), 1)]
    there = [i for i, line in enumerate(lines) if line]
    said = [""] * len(lines)
    for i, best in zip(
        there, translator(model, source, target)([lines[i] for i in there], options.beam)[1], strict=True
    ):
        said[i] = target.join(best.words)
    Path(options.target).write_text("\n".join(said) + "\n", encoding="utf-8")
    print(f"{len(there)} of {len(lines)} lines translated: {options.target}")


def main(arguments=None) -> int:
    """The command line. Returns 0, or 1 with one sentence about what to mend."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for name, does in (("train", train), ("say", say), ("file", translate_file)):
        command = commands.add_parser(name)
        command.set_defaults(does=does)
        command.add_argument("--out", type=Path, default=OUT, help="folder of the run")
        if name == "train":
            command.add_argument("--pairs", help="a file with a pair a line, a tab between; default: Tatoeba")
            command.add_argument("--results", default=RESULTS / "translate.csv", help="the table to write")
            command.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="another setting")
            command.add_argument("--seed", type=int, default=0)
            command.add_argument("--only", choices=HAND_OVERS)
            command.add_argument("--restart", action="store_true")
        else:
            command.add_argument("--beam", type=int, default=5)
            command.add_argument("--network", choices=HAND_OVERS, default="attention")
        if name == "say":
            command.add_argument("sentences", nargs="+")
            command.add_argument("--picture")
        elif name == "file":
            command.add_argument("source")
            command.add_argument("target")
    options = parser.parse_args(arguments)
    try:
        options.does(options)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        if not getattr(options, "only", None):  # the processes of a part leave it to the first one
            print(STOPPED, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

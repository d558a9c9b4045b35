"""`python -m experiments.translate` on pairs of a world: it learns, survives a kill, and says what is wrong."""

import json
import pickle
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

from course_lib import subwords
from course_lib.checkpoint import Checkpoint
from course_lib.errors import CourseError
from course_lib.results import read
from course_lib.subwords import Subwords
from course_lib.tables import read_rows
from course_lib.worlds.translation import TranslationWorld
from experiments import translate
from experiments.translation import data as translation_data
from experiments.translation.data import OUR_SENTENCES
from experiments.translation.recipe import Recipe
from experiments.translation.train import train_network
from experiments.translation.translator import SubwordTranslator, saved_model
from tools import build

SMALL = [f"--set={name}={value}" for name, value in {
    "pieces": 300, "embedding": 24, "encoder_units": 24, "units": 32, "batch": 32, "steps": 60,
    "learning_rate": 0.01, "dropout": 0.0,
}.items()]  # fmt: skip


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    path = tmp_path_factory.mktemp("pairs") / "pairs.tsv"
    drawn = TranslationWorld().sample(1500, seed=5, longest=7)
    lines = [f"{' '.join(p.english)}\t{' '.join(p.spanish)}\tmore" for p in drawn]
    path.write_text("\n".join([*lines, "", "no tab"]), encoding="utf-8")
    return path


def options(pairs, out, *more):
    return ["train", "--pairs", str(pairs), "--out", str(out), *SMALL, *map(str, more)]


def start(pairs, out, *more):
    """The command as a person gives it."""
    command = [sys.executable, "-m", "experiments.translate", *options(pairs, out, *more)]
    with open(out.with_suffix(".log"), "w", encoding="utf-8") as log:
        return subprocess.Popen(command, cwd=build.ROOT, env=build.environment(1), stdout=log, stderr=log)


@pytest.fixture
def here(pairs, capsys):
    """The command in this process, which has TensorFlow already: its code, and what was printed, errors last."""

    def run(out, *more):
        capsys.readouterr()
        return translate.main(options(pairs, out, *more)), "".join(capsys.readouterr())

    return run


def state(folder):
    path = folder / "state.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


@pytest.fixture(scope="module")
def trained(pairs, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "run"
    assert start(pairs, out, "--results", out.with_suffix(".csv")).wait() == 0, out.with_suffix(".log").read_text()
    return out


def test_both_networks_learn_and_are_judged(trained):
    rows = read_rows(trained.with_suffix(".csv"))
    assert [(row["attention"], row["beam"]) for row in rows] == [(a, b) for a in ("", "after") for b in "15"]
    assert all("version:" in row["signature"] and float(row["memory_gb"]) > 0.1 for row in rows)
    for name in ("none", "attention"):
        curve = [point["dev_nats"] for point in state(trained / name)["curve"]]
        assert len(curve) == 20
        assert curve[-1] < curve[0] - 1
        assert all(np.isfinite(curve))
    log = trained.with_suffix(".log").read_text()
    assert "lines empty: 1, the first is line 1501; left out." in log
    assert "lines without a tab: 1, the first is line 1502; left out." in log
    examples = read_rows(trained.with_name("run_examples.csv"))
    assert len(examples) >= 40
    assert set(examples[0]) == {"seed", "source", "reference", "none", "attention"}


def test_a_finished_run_is_not_made_again(trained, here, tmp_path):
    before = [file.read_bytes() for name in ("none", "attention") for file in (trained / name).iterdir()]
    code, said = here(trained, "--results", tmp_path / "again.csv")
    assert code == 0 and "both networks are trained and judged" in said
    assert (tmp_path / "again.csv").read_bytes() == trained.with_suffix(".csv").read_bytes()
    assert before == [file.read_bytes() for name in ("none", "attention") for file in (trained / name).iterdir()]


def test_other_pairs_never_meet_old_pieces(pairs, trained, tmp_path):
    out = tmp_path / "run"
    out.mkdir()
    for file in trained.glob("subwords-*"):
        (out / file.name).write_bytes(file.read_bytes())
    other = tmp_path / "other.tsv"
    other.write_text(pairs.read_text(encoding="utf-8").replace("e", "q"), encoding="utf-8")
    data = translation_data.read(other, Recipe(pieces=300), out, ours=False)
    assert not any("e" in piece for piece in data.source.vocabulary.words[4:])
    assert len(list(out.glob("subwords-*"))) > len(list(trained.glob("subwords-*")))


def test_a_run_with_pieces_of_another_version_is_refused(tmp_path):
    data, identities = SimpleNamespace(names=["new", "new"]), {"none": {"units": 16}}
    with Checkpoint.open(tmp_path / "none", identities["none"]) as checkpoint:
        (tmp_path / "none" / "state.json").write_text(json.dumps(checkpoint.state | {"subwords": ["old", "old"]}))
    with pytest.raises(CourseError, match="was begun with other pieces"):
        train_network(data, Recipe(), identities, tmp_path, False, "none")


def test_a_killed_run_goes_on(pairs, trained, here, tmp_path):
    run = start(pairs, tmp_path / "run")
    while state(tmp_path / "run" / "attention").get("step", 0) < 15:
        assert run.poll() is None, (tmp_path / "run.log").read_text()
        time.sleep(0.05)
    run.kill()  # both networks' processes end with it
    run.wait()
    with pytest.raises(CourseError, match="is half trained"):
        SubwordTranslator.load(tmp_path / "run" / "attention")
    saved = state(tmp_path / "run" / "attention")["step"]
    assert saved < 60
    while "another process trains in" in (ended := here(tmp_path / "run"))[1]:  # they may outlive it for a moment
        time.sleep(0.1)
    assert ended[0] == 0, ended[1]
    after, whole = (state(folder / "attention") for folder in (tmp_path / "run", trained))
    assert [point["step"] for point in after["curve"]] == [point["step"] for point in whole["curve"]]
    assert after["curve"][-1]["dev_nats"] == pytest.approx(whole["curve"][-1]["dev_nats"], abs=0.1)
    assert len(read_rows(tmp_path / "run" / "translate.csv")) == 4  # never the stored table
    code, said = here(tmp_path / "run", "--set=units=16")
    assert code == 1 and "holds another run (units differs)" in said


def test_sentences_and_files_are_translated_and_the_bad_ones_named(trained, tmp_path, capsys):
    drawn = tmp_path / "drawn.png"
    sentences = ["you sleep .", "  ", "漢 sleep .", "cafe\u0301 " * 41, "שלום ."]
    assert translate.main(["say", *sentences, "--out", str(trained), "--picture", str(drawn)]) == 0
    said, errors = capsys.readouterr()
    assert said.count("→") == 3
    assert "not known, read as <unk>: 漢" in said
    assert "sentence 2 is empty" in errors
    assert "sentence 4 has 41 words, at most 40 are translated" in errors
    assert drawn.read_bytes().startswith(b"\x89PNG")
    (tmp_path / "in.txt").write_text("you sleep .\n\n" + "word " * 10_000 + "\nI\u2028live\x0c.", encoding="utf-8")
    out = tmp_path / "out.txt"
    assert translate.main(["file", str(tmp_path / "in.txt"), str(out), "--out", str(trained), "--beam", "2"]) == 0
    lines = out.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    assert [bool(line) for line in lines] == [True, False, False, True]
    said, errors = capsys.readouterr()
    assert "2 of 4 lines translated" in said
    assert "line 3 has 10000 words" in errors


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train", "--set", "units=0"], "--set units=0: expected more than 0"),
        (["train", "--set", "colour=1"], "expected NAME=VALUE with a number and one of the names pieces"),
        (["train", "--pairs", "nowhere.tsv"], "cannot read nowhere.tsv"),
        (["say", "Hello.", "--out", "nowhere"], "there is no trained network in nowhere/attention"),
    ],
)
def test_bad_arguments(arguments, sentence, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert translate.main(arguments) == 1
    assert sentence in capsys.readouterr().err


def test_a_model_with_another_vocabulary_is_refused(trained, tmp_path):
    translator = SubwordTranslator.load(trained / "attention")
    other = Subwords.learn(["a few other words", "and some more"], 40)
    with pytest.raises(CourseError, match="the encoder was made for .* words, this vocabulary has"):
        SubwordTranslator(saved_model(Checkpoint.read(trained / "attention")), other, translator.target)


def test_subwords_say_any_sentence():
    text = ["the dog runs .", "the cats run .", "a dog and a cat"] * 20
    pieces = Subwords.learn(text, 60)
    assert pieces.vocabulary.words[:4] == ["<pad>", "<unk>", "<bos>", "<eos>"]
    for sentence in (*text[:3], "cats and dogs run"):
        assert pieces.join(pieces.cut(sentence)) == sentence
        assert all(piece in pieces.vocabulary for piece in pieces.cut(sentence))
    again = pickle.loads(pickle.dumps(pieces))  # for another process
    assert again.cut(text[0]) == pieces.cut(text[0])


def test_pieces_are_known_by_what_made_them(tmp_path, monkeypatch):
    text = ["the dog runs .", "the cats run .", "a dog and a cat"] * 20
    name, pieces = subwords.kept(tmp_path, text, 60)
    learned = Subwords.learn
    monkeypatch.setattr(Subwords, "learn", pytest.fail)
    assert subwords.kept(tmp_path, text, 60)[0] == name
    monkeypatch.setattr(Subwords, "learn", learned)
    others = [subwords.kept(tmp_path, given, size)[0] for given, size in ((text[1:], 60), (text[::-1], 60), (text, 50))]
    assert len({name, *others}) == 4
    assert subwords.load(tmp_path, name).model == pieces.model
    with pytest.raises(CourseError, match="subwords-nothing.model"):
        subwords.load(tmp_path, "nothing")


@pytest.mark.stored
def test_the_stored_run():
    rows = {(row["attention"], row["beam"]): row for row in read("translate.csv")}
    for beam in (1, 5):
        without, with_ = rows[None, beam], rows["after", beam]
        assert with_["bleu"] >= without["bleu"] + 3
        assert with_["bleu_long"] - without["bleu_long"] > with_["bleu"] - without["bleu"]
        assert with_["train_seconds"] <= 3600
    assert [row["source"] for row in read("translate_examples.csv")] == list(OUR_SENTENCES)

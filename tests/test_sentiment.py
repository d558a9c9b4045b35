"""`python -m experiments.sentiment` on reviews of the world: files, counting, a committee, sentences that are typed."""

import itertools

import numpy as np
import pytest

from course_lib import explain, training
from course_lib.datasets.labelled import read_labelled
from course_lib.errors import CourseError
from course_lib.models.reader import Committee, VerdictReader
from course_lib.text import Vocabulary
from experiments import sentiment
from experiments.verdicts.counting import Settings, nbsvm
from experiments.verdicts.readers import Labelled, Recipe, train_reader
from experiments.verdicts.say import readable, words_of

SMALL = {"members": 2, "embedding": 16, "units": 16, "dropout": 0.0, "word_dropout": 0.0, "loudness": 1.0, "epochs": 10}
SET = [f"--set={name}={value}" for name, value in SMALL.items()] + ["--set=learning_rate=0.01"]


# -- files -------------------------------------------------------------------------------------------------------------


def file(tmp_path, *lines):
    path = tmp_path / "some.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_what_is_odd_in_a_file_is_named_and_the_rest_is_read(tmp_path):
    lines = [
        "sentence\tlabel", "a fine film\t1", "no label here", "a third kind\t2", "", "\t1", "words \t and a tab\t0",
        "so-so\t", "w " * 10_000 + "\t1", "dull\t0\r",
    ]  # fmt: skip
    texts, labels, problems = read_labelled(file(tmp_path, *lines))
    assert texts == [["a", "fine", "film"], ["words", "and", "a", "tab"], ["dull"]] and labels.tolist() == [1, 0, 0]
    assert problems == [
        "lines without a label behind a tab: 2, the first is line 3",
        "lines with a label that is neither 0 nor 1: 1, the first is line 4",
        "lines that are empty: 1, the first is line 5",
        "lines without a word: 1, the first is line 6",
        "lines with more than 500 words: 1, the first is line 9",
    ]


@pytest.mark.parametrize("lines", [["only one kind\t1", "again\t1"], ["sentence\tlabel"], ["no label at all"]])
def test_a_file_that_nothing_can_be_learned_from_is_refused(tmp_path, lines):
    with pytest.raises(CourseError, match="with both labels, 1 and 0"):
        read_labelled(file(tmp_path, *lines))


# -- counting ----------------------------------------------------------------------------------------------------------


def test_nbsvm_is_what_its_paper_says():
    from sklearn.svm import LinearSVC

    rng = np.random.default_rng(0)
    texts = [list(rng.choice(list("abcdefg"), size=rng.integers(2, 9))) for _ in range(60)]
    labels = np.array([int(text.count("a") > text.count("b")) for text in texts])
    pairs = lambda text: {*text, *(f"{a} {b}" for a, b in itertools.pairwise(text))}  # noqa: E731
    features = sorted({feature for text in texts for feature in pairs(text)})
    presence = np.array([[float(feature in pairs(text)) for feature in features] for text in texts])
    p, q = 1 + presence[labels == 1].sum(axis=0), 1 + presence[labels == 0].sum(axis=0)
    ratio = np.log((p / p.sum()) / (q / q.sum()))
    machine = LinearSVC(C=0.5, random_state=0).fit(presence * ratio, labels)
    w = machine.coef_[0]
    w = (1 - 0.25) * np.abs(w).mean() + 0.25 * w
    margins = nbsvm(Settings(2, 0.5, 0.25), texts, labels, texts)
    assert margins == pytest.approx((presence * ratio) @ w + machine.intercept_[0], abs=1e-3)
    unseen = nbsvm(Settings(2, 0.5, 0.25), texts, labels, [["x", "y"]])
    assert unseen == pytest.approx(machine.intercept_, abs=1e-3)


def test_ahead_is_a_paired_bootstrap():
    rng = np.random.default_rng(1)
    right, other = rng.random(800) < 0.85, rng.random(800) < 0.8
    difference, low, high = sentiment.ahead(right, other)
    spread = np.std(right.astype(float) - other) / np.sqrt(800)  # of a mean of so many
    assert difference == pytest.approx(right.mean() - other.mean())
    assert (low, high) == pytest.approx((difference - 1.96 * spread, difference + 1.96 * spread), abs=0.1 * spread)
    assert sentiment.ahead(right, right) == (0, 0, 0)


# -- the committee -----------------------------------------------------------------------------------------------------


def committee(poolings=("mean", "attention"), words=12):
    readers = [VerdictReader(words, pooling, embedding=3 + i, units=4) for i, pooling in enumerate(poolings)]
    rng = np.random.default_rng(0)
    for reader in readers:
        reader.set_weights([rng.normal(size=w.shape) for w in reader.get_weights()])
    return Committee(readers), readers


def test_a_committee_says_the_mean(tmp_path):
    together, readers = committee()
    rows = np.array([[4, 5, 6, 0], [7, 8, 9, 10]], np.int32)
    mean = np.mean([np.array(reader(rows)) for reader in readers], axis=0)
    assert np.array(together(rows)) == pytest.approx(mean, abs=1e-6)
    assert np.array(together.read(*together.embed(rows))) == pytest.approx(mean, abs=1e-6)
    scores = explain.gradient_times_input(together, rows)
    assert scores == pytest.approx(np.mean([explain.gradient_times_input(r, rows) for r in readers], axis=0), abs=1e-5)
    together.save(tmp_path / "it.keras")
    again = training.keras.models.load_model(tmp_path / "it.keras")
    assert np.array(again(rows)) == pytest.approx(mean, abs=1e-6)


def test_words_are_dropped_in_training_alone_and_never_padding():
    reader = VerdictReader(12, "mean", embedding=3, units=4, word_dropout=0.999)
    rows = np.array([[4, 5, 6, 0]], np.int32)
    unknown = np.where(rows > 0, 1, 0)
    assert np.array(reader(rows, training=True)) == pytest.approx(np.array(reader(unknown)), abs=1e-6)
    assert np.array(reader(rows)) != pytest.approx(np.array(reader(unknown)), abs=1e-4)
    assert VerdictReader.from_config(reader.get_config()).word_dropout == 0.999


GOOD, BAD, THINGS = ["fine", "warm"], ["cold", "grim"], ["room", "food", "bar"]


def drawn(count, seed):
    """Lines of a file: of two opinions the last one decides, so counting is right in three of four at most."""
    rng = np.random.default_rng(seed)
    lines = []
    for _ in range(count):
        (first, second), things = rng.integers(2, size=2), rng.choice(THINGS, size=2)
        words = [rng.choice(GOOD if good else BAD) for good in (first, second)]
        lines.append(f"the {things[0]} was {words[0]} . the {things[1]} was {words[1]} .\t{second}\n")
    return "".join(lines)


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """What the command reads."""
    path = tmp_path_factory.mktemp("texts") / "train.tsv"
    path.write_text(drawn(1000, 3), encoding="utf-8")
    return path


def test_readers_of_other_seeds_are_others(texts):
    data, recipe = Labelled.read(texts), Recipe(**SMALL | {"epochs": 1})
    vocabulary = Vocabulary.from_texts(data.texts)
    one, same, other = (train_reader(recipe, data, vocabulary, member).get_weights()[-2] for member in (0, 0, 1))
    assert (one == same).all() and not (one == other).any()
    with pytest.raises(CourseError, match="100 texts to train on"):
        train_reader(recipe, data.part(np.arange(len(data.texts)) < 100), vocabulary, 0)


def test_a_committee_is_trained_judged_and_asked(texts, tmp_path, capsys):
    out = tmp_path / "out"
    assert sentiment.main(["train", "--text", str(texts), "--out", str(out), *SET]) == 0
    assert sentiment.main(["train", "--text", str(texts), "--out", str(out), *SET]) == 0  # nothing is left to do
    assert capsys.readouterr().out.count("is trained") == 2
    test = tmp_path / "test.tsv"
    test.write_text(drawn(1000, 4) + "odd\n", encoding="utf-8")
    assert sentiment.main(["judge", str(test), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "lines without a label behind a tab: 1, the first is line 1001; left out." in said
    shares = [float(line.split()[1]) for line in said.splitlines() if line.startswith(("committee:", "NBSVM:"))]
    assert shares[0] > 0.95 and shares[1] < 0.75 + 0.05  # order tells, which counting cannot know
    sentences = ["The room was fine. The food was grim.", "", "qwxyz", "room " * 501, "quite warm"]
    assert sentiment.main(["say", *sentences, "--out", str(out)]) == 0
    told = capsys.readouterr()
    assert told.out.count("decided:") == 2 and "grim" in told.out.split("decided:")[1].splitlines()[0]
    assert [line for line in told.err.splitlines() if line.startswith("sentence")] == [
        "sentence 2 has no word: left out.",
        "sentence 3 has no word that was in the training: left out.",
        "sentence 4 has 501 words, expected 500 at most: left out.",
    ]
    first = told.out.splitlines()[0].split()
    assert first[0] == first[-1].split("|")[1] and len(first) == 11  # the last word's is the whole sentence's


def test_what_cannot_be_is_one_sentence(texts, tmp_path, capsys):
    assert sentiment.main(["say", "a film", "--out", str(tmp_path / "nothing")]) == 1
    assert "there is no trained network" in capsys.readouterr().err
    assert sentiment.main(["train", "--text", str(texts), "--out", str(tmp_path), "--set", "pooling=sum"]) == 1
    assert "expected one of last, mean, max, attention, each in turn" in capsys.readouterr().err
    with pytest.raises(CourseError, match="no sentence is left"):
        readable(["", "qwxyz"], Vocabulary(["film"]))


def test_a_typed_sentence_is_cut_as_the_file_is():
    typed = "It’s not well-made, and you'll see it DOESN'T end."
    assert " ".join(words_of(typed)) == "it 's not well made , and you 'll see it does n't end ."

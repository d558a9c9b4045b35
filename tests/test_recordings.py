"""Recordings and their transcripts, in three layouts: what is there is found, what is odd is left out and named."""

import random
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import datasets
from course_lib.datasets import fetch as fetching
from course_lib.datasets.recordings import DIGITS, read_recordings, spelled
from course_lib.errors import CourseError


def touched(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def table(folder, text, name="table.tsv"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def heard(recordings):
    return [(one.path.name, one.text, one.speaker, one.split) for one in recordings.recordings]


def test_spoken_digits_with_the_sets_own_split(tmp_path):
    names = [f"{d}_{who}_{n}.wav" for d in range(10) for who in ("ann", "bob", "cy2") for n in (*range(8), 40)]
    random.Random(0).shuffle(names)
    touched(tmp_path, *(f"free-spoken-digit-dataset-1.0.10/recordings/{name}" for name in names))
    found = read_recordings(tmp_path)
    assert len(found.recordings) == len(names) and found.problems == [] and found.speakers == ["ann", "bob", "cy2"]
    for path, text, speaker, split in found.recordings:
        digit, who, number = path.stem.split("_")
        assert path.is_file() and text == DIGITS[int(digit)] and speaker == who
        assert (split == "test") == (int(number) in range(5))
    splits = found.splits()
    assert len(splits["test"]) == 150 and len(splits["train"]) == 120
    assert [one.path.name for one in splits["test"][:3]] == ["0_ann_0.wav", "0_ann_1.wav", "0_ann_2.wav"]
    assert read_recordings(tmp_path).recordings == found.recordings


def test_what_is_no_digit_is_named(tmp_path):
    touched(tmp_path, "3_ann_0.wav", "3_ann_9.WAV", "33_ann_0.wav", "noise.wav", "._3_ann_1.wav", "3_ann_2.mp3")
    found = read_recordings(tmp_path)
    assert [one.path.name for one in found.recordings] == ["3_ann_0.wav", "3_ann_9.WAV"]
    assert found.problems == [
        f"{tmp_path.name}: files whose name is no digit_speaker_number.wav: 2, the first is 33_ann_0.wav; left out."
    ]


def test_each_speaker_is_left_out_once(tmp_path):
    found = read_recordings(touched(tmp_path, *(f"{d}_{who}_{d}.wav" for d in range(10) for who in ("a", "b", "c"))))
    rotated = list(found.rotations())
    assert [speaker for speaker, *_ in rotated] == ["a", "b", "c"]
    for speaker, others, own in rotated:
        assert {one.speaker for one in own} == {speaker} and speaker not in {one.speaker for one in others}
        assert sorted(others + own) == sorted(found.recordings)
    (tmp_path / "alone").mkdir()
    with pytest.raises(CourseError, match="two speakers or more, all are by a"):
        next(read_recordings(touched(tmp_path / "alone", "1_a_1.wav")).rotations())
    found.recordings[7] = found.recordings[7]._replace(speaker="")
    with pytest.raises(CourseError, match=f"the speaker of {found.recordings[7].path.name} is not known"):
        next(found.rotations())


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("table.tsv", "{0}\tGo home.\n{1}\tDon’t, stop!\n"),
        ("table.csv", "file,transcript\n{0},Go home.\n{1},Don’t, stop!\n"),
        ("list.txt", '{0},Go home.\n{1},"Don’t, stop!"\n'),
        ("validated.tsv", "client_id\tpath\tsentence\tage\nann\t{0}\tGo home.\t30\nbob\t{1}\tDon’t, stop!\t\n"),
        ("my.csv", "audio;speaker;text;split\n{0};ann;Go home.;train\n{1};bob;Don’t, stop!;test\n"),
    ],
)
@pytest.mark.parametrize("below", ["", "clips/"])
def test_a_folder_with_a_table(tmp_path, name, lines, below):
    touched(tmp_path, f"{below}a 1.wav", f"{below}b.wav", "README.txt")
    file = table(tmp_path, lines.format("a 1.wav", below + "b.wav"), name)
    for given_path in (tmp_path, file):
        found = read_recordings(given_path)
        told = "speaker" in lines or "client" in lines
        splits = ("train", "test") if "split" in lines else ("", "")
        assert heard(found) == [
            ("a 1.wav", "go home", "ann" * told, splits[0]), ("b.wav", "don't stop", "bob" * told, splits[1]),
        ]  # fmt: skip
        assert found.problems == [] and all(one.path.is_file() for one in found.recordings)


def test_a_table_below_names_files_beside_it(tmp_path):
    touched(tmp_path, "en/clips/b.wav", "de/clips/b.wav")
    table(tmp_path / "en", "clips/b.wav\thello\n")
    assert read_recordings(tmp_path).recordings[0].path == tmp_path / "en" / "clips" / "b.wav"


def test_what_is_odd_in_a_table_is_left_out_and_named(tmp_path):
    touched(tmp_path, "a.wav", "b.wav", "c.wav", "untold.wav", "x/same.wav", "y/same.wav")
    table(tmp_path, "a.wav\tone\nnone.wav\ttwo\nb.wav\t...\na.wav\tthree\nc\tfour\nno tab\nsame.wav\tfive\n")
    found = read_recordings(tmp_path)
    assert heard(found) == [("a.wav", "one", "", ""), ("c.wav", "four", "", "")]
    left = {problem.split(": ")[1]: problem for problem in found.problems}
    assert set(left) == {
        "lines without a file name and a caption", "files that are not there", "texts without a word",
        "files that are told of before", "names of several files", "files that the table does not tell of",
    }  # fmt: skip
    assert "1, the first is none.wav (line 2)" in left["files that are not there"]
    assert "4, the first is b.wav" in left["files that the table does not tell of"]


def test_what_cannot_be_a_set_is_refused_in_a_sentence(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    twice = touched(tmp_path / "twice", "a.wav")
    table(twice, "a.wav\tone\n", "one.tsv"), table(twice, "a.wav\ttwo\n", "two.csv")
    gone = touched(tmp_path / "gone", "b.wav")
    table(gone, "a.wav\tone\n")
    for path, says in (
        (tmp_path / "nowhere", "is not there"),
        (empty, "expected one table .*, got none"),
        (twice, "got one.tsv, two.csv"),
        (gone, "no recording that can be read.*a.wav"),
    ):
        with pytest.raises(CourseError, match=says) as caught:
            read_recordings(path)
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_librispeechs_layout(tmp_path):
    chapter = "LibriSpeech/dev-clean/84/121123"
    touched(tmp_path, f"{chapter}/84-121123-0000.wav", f"{chapter}/84-121123-0002.flac")
    lines = "84-121123-0000 GO DO YOU HEAR\n84-121123-0001 BUT IN LESS\n84-121123-0002 I'M GONE\n84-121123-0003\n"
    table(tmp_path / chapter, lines, "84-121123.trans.txt")
    touched(tmp_path, "LibriSpeech/train-clean-100/19/198/19-198-0000.wav", "LibriSpeech/SPEAKERS.TXT")
    table(tmp_path / "LibriSpeech/train-clean-100/19/198", "19-198-0000 NORTHANGER ABBEY\n", "19-198.trans.txt")
    found = read_recordings(tmp_path)
    assert heard(found) == [
        ("84-121123-0000.wav", "go do you hear", "84", "dev"), ("19-198-0000.wav", "northanger abbey", "19", "train"),
    ]  # fmt: skip
    assert [problem.split(": ", 1)[1] for problem in found.problems] == [
        "files that are not there: 1, the first is 84-121123-0001.wav; left out.",
        "files that are FLAC and are not read; save them as WAV: 1, the first is 84-121123-0002.flac; left out.",
        "lines without a word: 1, the first is 84-121123.trans.txt, line 4; left out.",
    ]


@pytest.mark.parametrize("seed", range(3))
def test_without_a_split_whole_speakers_are_drawn(tmp_path, seed):
    rng = random.Random(seed)
    who = {f"{n}.wav": rng.choice("abcdefghij") for n in range(100)}
    touched(tmp_path, *who)
    rows = "".join(f"{name}\t{speaker}\thello\n" for name, speaker in who.items())
    table(tmp_path, "file\tspeaker\ttext\n" + rows)
    found = read_recordings(tmp_path)
    splits = found.splits(seed)
    tested = {one.speaker for one in splits["test"]}
    assert len(tested) == 2 and not tested & {one.speaker for one in splits["train"]}
    assert sorted(splits["test"] + splits["train"]) == sorted(found.recordings)
    assert found.splits(seed) == splits and any(found.splits(seed + k) != splits for k in range(1, 5))
    (tmp_path / "table.tsv").write_text("".join(f"{name}\thello\n" for name in who), encoding="utf-8")
    assert len(read_recordings(tmp_path).splits(seed)["test"]) == 20
    alone = touched(tmp_path / "alone", "a.wav")
    table(alone, "a.wav\thello\n")
    with pytest.raises(CourseError, match="no recording for train, of 1"):
        read_recordings(alone).splits()


@given(st.text())
def test_what_is_said_has_letters_and_single_spaces(text):
    found = spelled(text)
    assert spelled(found) == found and found == found.strip() and "  " not in found
    for place, sign in enumerate(found):
        if sign == "'":
            assert 0 < place < len(found) - 1 and " " not in (found[place - 1], found[place + 1])
        else:
            assert sign == " " or unicodedata.category(sign)[0] in "LMN"


def test_what_is_said():
    assert spelled("Don’t -- GO!") == "don't go" and spelled("‘Rock 'n' roll’, dogs'") == "rock n roll dogs"
    assert spelled("Cafe\u0301 – twenty-one; naïve") == "café twenty one naïve" and spelled("?!") == ""
    assert spelled("Room 42, or ٤٢?") == "room 42 or ٤٢"


def test_the_registered_set(monkeypatch, tmp_path):
    """Unpacked by fetching it, it is found in its folder; and the real one, where it is on this machine."""
    entry = datasets.REGISTRY["fsdd"]
    assert entry.archives and all(url.endswith("v1.0.10.zip") for url, *_ in entry.archives)
    monkeypatch.setitem(datasets.REGISTRY, "fsdd", replace(entry, path="digits"))
    monkeypatch.setenv("COURSE_DATA", str(touched(tmp_path, "digits/it-1.0.10/recordings/4_ann_4.wav")))
    assert heard(read_recordings(fetching.fetch("fsdd"))) == [("4_ann_4.wav", "four", "ann", "test")]


def test_the_real_set_if_it_is_here():
    folder = fetching.find("fsdd")
    if folder is None:
        pytest.skip("the spoken digits are not on this machine")
    found = read_recordings(folder)
    assert found.problems == [] and len(found.speakers) >= 4
    counts = {split: len(some) for split, some in found.splits().items()}
    assert counts == {"test": 50 * len(found.speakers), "train": 450 * len(found.speakers)}

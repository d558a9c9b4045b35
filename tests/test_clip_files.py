"""Folders of clips: whole groups on one side of a split, layouts checked, what is odd left out and named."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.datasets.clip_files import group_of, read_folder
from course_lib.errors import CourseError


def clip(kind, group, number, ending=".avi"):
    return f"{kind}/v_{kind}_g{group:02}_c{number:02}{ending}"


ALL = [clip(kind, group, number) for kind in ("Swim", "Archery") for group in range(1, 9) for number in (1, 2)]


def lay_out(folder, names=ALL, where="ucfTrainTestlist", **lists):
    """Files without content, and lists where they belong: train=, test= or index= give other lines."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    given = {
        "train": [f"{name} {1 + name.startswith('Swim')}" for name in names if int(name.split("_g")[1][:2]) > 2],
        "test": [name for name in names if int(name.split("_g")[1][:2]) <= 2],
        "index": ["1 Archery", "2 Swim"],
    } | lists  # fmt: skip
    (folder / where).mkdir(parents=True, exist_ok=True)
    for key, file in (("train", "trainlist01.txt"), ("test", "testlist01.txt"), ("index", "classInd.txt")):
        if given[key]:
            (folder / where / file).write_text("".join(f"{line}\n" for line in given[key]), encoding="utf-8")
    return folder


@pytest.mark.parametrize("where", ["ucfTrainTestlist", "../ucfTrainTestlist", "."])
def test_lists_as_ucf101_has_them(tmp_path, where):
    clips = read_folder(lay_out(tmp_path / "UCF-101", where=where))
    assert clips.classes == ["Archery", "Swim"] and clips.problems == []
    assert len(clips.splits["train"]) == 24 and len(clips.splits["test"]) == 8
    assert all("_g01_" in name or "_g02_" in name for name in clips.splits["test"])
    assert all(clips.path(name).is_file() for name in ALL)
    assert {(clips.label(name), name.split("/")[0]) for name in ALL} == {(0, "Archery"), (1, "Swim")}


def test_the_numbers_of_classes_are_those_of_the_index(tmp_path):
    lists = {"index": ["1 Swim", "2 Archery"], "train": [name for name in ALL if "_g01" not in name], "test": ALL[:2]}
    assert read_folder(lay_out(tmp_path / "a", **lists)).classes == ["Swim", "Archery"]
    lists["index"] = None
    assert read_folder(lay_out(tmp_path / "b", **lists)).classes == ["Archery", "Swim"]


def test_a_group_that_is_in_both_lists_is_refused(tmp_path):
    crossing = [clip("Swim", 1, 2) + " 2"]
    with pytest.raises(CourseError, match=r"1 groups are in both lists, the first is Swim g01 .*put them in one list"):
        read_folder(lay_out(tmp_path, train=[*(f"{n} 1" for n in ALL if "Archery" in n and "_g08" in n), *crossing]))


def test_the_group_is_of_the_folders_class():
    assert group_of("HandstandPushups/v_HandStandPushups_g03_c01.avi") == "HandstandPushups g03"
    assert group_of(clip("Swim", 3, 1)) == group_of(clip("Swim", 3, 2, ".mp4")) != group_of(clip("Archery", 3, 1))
    assert group_of("Swim/my film g3.avi") == "Swim/my film g3.avi"


@pytest.mark.parametrize("seed", range(3))
def test_without_lists_whole_groups_are_drawn_for_testing(tmp_path, seed):
    for name in [*ALL, "Own/a.MP4", "Own/b c.mov", "Own/notes.txt", "Own/.hidden.avi"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    clips = read_folder(tmp_path, seed=seed)
    train, test = clips.splits["train"], clips.splits["test"]
    assert sorted(train + test) == sorted([*ALL, "Own/a.MP4", "Own/b c.mov"])
    assert not set(map(group_of, train)) & set(map(group_of, test))
    assert clips.classes == ["Archery", "Own", "Swim"]
    assert [sum(name.startswith(kind) for name in test) for kind in clips.classes] == [4, 1, 4]
    assert read_folder(tmp_path, seed=seed).splits == clips.splits
    assert any(read_folder(tmp_path, seed=seed + k).splits != clips.splits for k in (1, 2, 3))


def test_what_is_odd_is_left_out_and_named(tmp_path):
    lay_out(tmp_path)
    lists = tmp_path / "ucfTrainTestlist"
    with open(lists / "trainlist01.txt", "a", encoding="utf-8") as file:
        file.write("\nSwim\\my own 7.avi 2\r\nSwim/gone.avi 2\nSwim/gone too.avi 2\nno line\n../Swim/x.avi 2\n")
    for extra in ("Swim/my own 7.avi", "Swim/nobody's.avi"):
        (tmp_path / extra).touch()
    clips = read_folder(tmp_path)
    assert "Swim/my own 7.avi" in clips.splits["train"] and len(clips.splits["train"]) == 25
    assert [re.sub(r".*?: ", "", problem, count=1) for problem in clips.problems] == [
        "lines that are no 'Class/clip.avi 1': 2, the first is line 29.",
        "2 clips are not there, the first is Swim/gone.avi.",
        "1 clips are in no list, the first is Swim/nobody's.avi.",
    ]


@pytest.mark.parametrize(("change", "message"), [
    ({"train": None}, "the other list is not: expected both"),
    ({"index": ["1 Archery", "1 Swim"]}, "line 2: expected a new number and a new class, as '1 Archery', got '1 Swim'"),
    ({"index": ["Archery"]}, "line 1: expected a new number"),
    ({"index": ["2 Archery", "1 Swim"]}, "Swim is number 2, and 1 elsewhere"),
    ({"test": ["Swim/other.avi"]}, "no clip for testing: testlist01.txt: 1 clips are not there"),
])  # fmt: skip
def test_lists_that_do_not_fit_are_refused(tmp_path, change, message):
    with pytest.raises(CourseError, match=message):
        read_folder(lay_out(tmp_path, **change))


def test_folders_that_are_none_are_named(tmp_path):
    with pytest.raises(CourseError, match="is not there: expected a folder with a folder of clips"):
        read_folder(tmp_path / "nowhere")
    with pytest.raises(CourseError, match="has no clips: expected a folder for each class"):
        read_folder(tmp_path)
    for name in ("a/one.avi", "b/two.mp4"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    with pytest.raises(CourseError, match="has no clip for testing: every class needs clips of two groups"):
        read_folder(tmp_path)
    with pytest.raises(CourseError, match=r"has no trainlist03.txt"):
        read_folder(tmp_path, split=3)
    for where in ("x", "y"):
        (tmp_path / where).mkdir()
        (tmp_path / where / "trainlist01.txt").touch()
    with pytest.raises(CourseError, match="there are several lists trainlist01.txt"):
        read_folder(tmp_path)


def test_lists_of_another_set_beside_a_folder_are_not_taken(tmp_path):
    lay_out(tmp_path / "mine", names=[clip("Own", group, 1) for group in (1, 2, 3, 4)])
    for file in (tmp_path / "mine" / "ucfTrainTestlist").iterdir():
        file.unlink()
    lay_out(tmp_path / "other")
    assert read_folder(tmp_path / "mine").classes == ["Own"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return lay_out(tmp_path_factory.mktemp("hostile"))


@settings(deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=12), st.integers(0, 2**32))
def test_hostile_lists_come_out_as_clips_that_are_there_or_a_sentence(folder, lines, seed):
    rng = random.Random(seed)
    lines = [rng.choice((line, line + " 1", f"{line}/v.avi", clip("Swim", rng.randint(1, 9), 1))) for line in lines]
    text = "\n".join(lines).encode("utf-8", "replace")
    (folder / "ucfTrainTestlist" / "trainlist01.txt").write_bytes(text)
    try:
        clips = read_folder(folder)
    except CourseError:
        return
    assert set(clips.splits["train"]) <= set(ALL) and len(set(clips.splits["train"])) == len(clips.splits["train"])
    assert not set(map(group_of, clips.splits["train"])) & set(map(group_of, clips.splits["test"]))

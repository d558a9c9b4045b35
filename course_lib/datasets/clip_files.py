"""Folders of film clips, a class each, in the layout of UCF101 (Soomro, Zamir & Shah 2012) or without its lists.

    ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi ...     a folder for each class; g01: the group, c01: the clip in it
    ucfTrainTestlist/classInd.txt                       1 ApplyEyeMakeup
    ucfTrainTestlist/trainlist01.txt                    ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 1
    ucfTrainTestlist/testlist01.txt                     ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi

The clips of a group are cut from one film, so they are alike: one that is in both lists would be judged on what was
learned by heart.
"""

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from course_lib.datasets.plain_text import read_lines
from course_lib.errors import CourseError

ENDINGS = {".avi", ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".flv", ".gif"}
_GROUP = re.compile(r"(?:.*_)?(g\d+)_c\d+")
_NUMBER = re.compile(r"\s+(?=[0-9]{1,9}$)")  # what stands before it
_TEST_SHARE = 0.25  # of groups, where there are no lists


@dataclass
class ClipFolder:
    """classes: their names, numbered from 0. splits: {"train", "test": names such as "Class/v_Class_g01_c01.avi"}.

    folder: what the names are in. problems: one sentence for everything that was left out.
    """

    folder: Path
    classes: list[str]
    splits: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def path(self, name: str) -> Path:
        """Where a clip is."""
        return self.folder / name

    def label(self, name: str) -> int:
        """The number of a clip's class."""
        return self.classes.index(name.split("/")[0])


def group_of(name: str) -> str:
    """What a clip was cut from: "Class g01" of "Class/v_Class_g01_c02.avi"; of another name, the name itself.

    The class is the folder's: UCF101 has v_HandStandPushups_g01_c01.avi in HandstandPushups.
    """
    found = _GROUP.fullmatch(PurePosixPath(name).stem)
    return f"{name.split('/')[0]} {found[1]}" if found else name


def read_folder(folder, split: int = 1, seed: int = 0) -> ClipFolder:
    """The clips of a folder with class folders in it, and which of them are for training and for testing.

    The lists trainlist01.txt and testlist01.txt (`split` 1) and classInd.txt are looked for in the folder, in those in
    it, and in one beside it that is named ucfTrainTestlist. Without lists, a quarter of each class's groups is for
    testing, drawn with the seed. Left out and named in `problems`: listed clips that are not there, clips that no list
    has, lines that are none. CourseError if there is no class folder, a group is in both lists, a class has two
    numbers, or a split is empty.
    """
    folder = Path(folder)
    home, found = _clips(folder)
    train, test, index = (
        _list(folder, name) for name in (f"trainlist{split:02}.txt", f"testlist{split:02}.txt", "classInd.txt")
    )
    if (train is None) != (test is None):
        raise CourseError(f"{train or test} is there, the other list is not: expected both, or neither.")
    if train is None or test is None:
        if split != 1:
            raise CourseError(
                f"{folder} has no trainlist{split:02}.txt: leave the split out, or choose one that is there."
            )
        clips = ClipFolder(home, sorted({name.split("/")[0] for name in found}))
        clips.splits = _drawn(found, seed)
    else:
        clips = _listed(home, found, {"train": train, "test": test}, index)
        if rest := sorted(set(found).difference(*clips.splits.values())):
            clips.problems.append(f"{home}: {len(rest)} clips are in no list, the first is {rest[0]}.")
    _check_groups(clips.splits)
    for name, names in clips.splits.items():
        if not names:
            hint = "; ".join(clips.problems) or "every class needs clips of two groups or more"
            raise CourseError(f"{folder} has no clip for {name}ing: {hint}")
    return clips


def _clips(folder):
    """The folder of class folders, this one or the one below with most clips, and the names of the clips in it."""
    if not folder.is_dir():
        raise CourseError(f"{folder} is not there: expected a folder with a folder of clips for each class.")
    best, names = folder, []
    for home in (folder, *sorted(sub for sub in folder.iterdir() if sub.is_dir())):
        found = [
            f"{file.parent.name}/{file.name}" for file in sorted(home.glob("*/*"))
            if file.suffix.lower() in ENDINGS and not file.name.startswith(".")
        ]  # fmt: skip
        if len(found) > len(names):
            best, names = home, found
    if not names:
        raise CourseError(
            f"{folder} has no clips: expected a folder for each class with files in it that end in "
            f"{', '.join(sorted(ENDINGS))}."
        )
    return best, names


def _list(folder, name) -> Path | None:
    """The one file of this name in the folder, in those in it, or in UCF101's folder of lists beside it."""
    for places in (folder.glob(name), folder.glob(f"*/{name}"), folder.parent.glob(f"ucfTrainTestlist*/{name}")):
        files = sorted(places)
        if len(files) > 1:
            raise CourseError(f"there are several lists {name}: {', '.join(map(str, files))}. Keep one.")
        if files:
            return files[0]
    return None


def _drawn(names, seed):
    """Splits without lists: whole groups, of every class a quarter for testing, at least one where there are two."""
    groups = defaultdict(lambda: defaultdict(list))
    for name in names:
        groups[name.split("/")[0]][group_of(name)].append(name)
    splits = {"train": [], "test": []}
    rng = random.Random(seed)
    for of_class in groups.values():
        order = sorted(of_class)
        rng.shuffle(order)
        count = max(round(_TEST_SHARE * len(order)), 1) if len(order) > 1 else 0
        for place, group in enumerate(order):
            splits["test" if place < count else "train"] += of_class[group]
    return {name: sorted(names) for name, names in splits.items()}


def read_list(folder, name: str) -> ClipFolder:
    """The clips of a folder that one list names, in its order, as the one split "listed".

    name: a path, or the name of a file that is looked for as `read_folder` does. Left out and named in `problems`:
    listed clips that are not there, lines that are none. CourseError if there is no such list, or no clip of it.
    """
    folder = Path(folder)
    home, found = _clips(folder)
    file = Path(name) if Path(name).is_file() else _list(folder, Path(name).name)
    if file is None:
        raise CourseError(f"the list {name} is not there: expected a path, or the name of a file in {folder}.")
    clips = _listed(home, found, {"listed": file}, _list(folder, "classInd.txt"))
    if not clips.splits["listed"]:
        raise CourseError(f"{file} names no clip of {home}: {'; '.join(clips.problems) or 'it is empty'}")
    return clips


def _listed(home, found, files, index):
    """Splits of lists: files {split: path}."""
    numbers, problems, there = (_numbers(index) if index else {}), [], set(found)
    clips = ClipFolder(home, [], problems=problems)
    for split, file in files.items():
        clips.splits[split], odd, missing = [], [], []
        for line, text in enumerate(read_lines(file), 1):
            if not text.strip():
                continue
            name, *number = _NUMBER.split(text.strip().replace("\\", "/"))
            kind = name.split("/")[0]
            if name.count("/") != 1:
                odd.append(line)
            elif number and numbers.setdefault(kind, int(number[0])) != int(number[0]):
                raise CourseError(f"{file}, line {line}: {kind} is number {number[0]}, and {numbers[kind]} elsewhere.")
            elif name not in there:
                missing.append(name)
            elif name not in clips.splits[split]:
                clips.splits[split].append(name)
        if odd:
            problems.append(
                f"{file.name}: lines that are no 'Class/clip.avi 1': {len(odd)}, the first is line {odd[0]}."
            )
        if missing:
            problems.append(f"{file.name}: {len(missing)} clips are not there, the first is {missing[0]}.")
    listed = {name for names in clips.splits.values() for name in names}
    kinds = {name.split("/")[0] for name in listed}
    clips.classes = sorted(kinds, key=lambda kind: (numbers.get(kind, len(numbers) + len(kinds)), kind))
    return clips


def _numbers(file):
    """{class: number} of classInd.txt."""
    numbers = {}
    for line, text in enumerate(read_lines(file), 1):
        number, _, kind = text.strip().partition(" ")
        if not text.strip():
            continue
        if not number.isdecimal() or not kind or kind in numbers or int(number) in numbers.values():
            raise CourseError(
                f"{file}, line {line}: expected a new number and a new class, as '1 Archery', got {text!r}."
            )
        numbers[kind] = int(number)
    return numbers


def _check_groups(splits: Mapping[str, Iterable[str]]) -> None:
    groups = [{group_of(name): name for name in names} for names in splits.values()]
    if both := sorted(set(groups[0]) & set(groups[1])):
        first = both[0]
        raise CourseError(
            f"{len(both)} groups are in both lists, the first is {first} ({groups[0][first]} and {groups[1][first]}): "
            "clips of a group are cut from one film, put them in one list."
        )

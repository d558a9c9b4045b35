"""Photographs with several captions each, in the layouts of Flickr8k, Flickr30k and COCO."""

import csv
import json
import random
import re
import string
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.datasets.plain_text import read_text
from course_lib.errors import CourseError

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass
class Captioned:
    """captions: {file name: its captions}. images: their folder. splits: {"train" …: file names}, in the files' order.

    problems: one sentence for everything that was left out.
    """

    images: Path
    captions: dict[str, list[str]]
    splits: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def path(self, name: str) -> Path:
        """Where a photograph is."""
        return self.images / name

    def present(self, split: str) -> list[str]:
        """The split's photographs that are there. CourseError if none is."""
        if split not in self.splits:
            raise CourseError(f"there is no split {split!r}: choose one of {', '.join(self.splits)}.")
        found = [name for name in self.splits[split] if self.path(name).is_file()]
        if not found:
            raise CourseError(f"none of the {len(self.splits[split])} photographs of {split!r} is in {self.images}.")
        return found

    def split_randomly(self, seed: int = 0, **counts: int) -> None:
        """Splits of so many photographs each, and "train" with the rest: for sets that come without lists.

        CourseError if that is all there are, or more.
        """
        names = sorted(self.captions)
        if sum(counts.values()) >= len(names):
            raise CourseError(f"{sum(counts.values())} photographs were asked for, there are {len(names)}.")
        random.Random(seed).shuffle(names)
        start = 0
        for split, count in counts.items():
            self.splits[split] = names[start : start + count]
            start += count
        self.splits["train"] = names[start:]


def caption_words(caption: str) -> list[str]:
    """A caption as the literature counts its words: lower case, every punctuation mark taken out."""
    return caption.lower().translate(_NO_PUNCTUATION).split()


def read_captions(path) -> tuple[dict[str, list[str]], list[str]]:
    """{file name: captions}, and one sentence for each kind of line that was left out, with the first one's number.

    The layout is seen from the file: COCO's captions_*.json; Flickr's `name.jpg#0<tab>caption`; a table with `|` or
    commas between (`image_name| comment_number| comment`, `image,caption`). CourseError if no caption is left.
    """
    path = Path(path)
    rows, problems = _coco(path) if path.suffix == ".json" else _lines(path)
    captions, empty = defaultdict(list), []
    for where, name, caption in rows:
        if caption_words(caption):
            captions[name].append(caption.strip())
        else:
            empty.append(f"{where} ({name})")
    if empty:
        problems.append(f"captions without a word: {len(empty)}, the first is {empty[0]}; left out.")
    if not captions:
        raise CourseError(f"{path} has no caption: expected lines such as 'dog.jpg#0<tab>A dog runs.', or COCO's JSON.")
    return dict(captions), [f"{path.name}: {problem}" for problem in problems]


def _lines(path):
    """Flickr's token files, and tables with a head."""
    lines = read_text(path).splitlines()
    head = lines[0] if lines else ""
    mark = "|" if "|" in head else ","
    rows, odd = [], []
    if "\t" not in head and {"image", "image_name"} & {part.strip() for part in head.split(mark)}:
        numbered = enumerate(csv.reader(lines[1:], delimiter=mark, skipinitialspace=True), 2)
        parted = (
            (number, row[0].strip() if row else "", row[-1] if len(row) > 1 else None) for number, row in numbered
        )
    else:
        parted = (
            (number, line.partition("#")[0].strip(), line.partition("\t")[2] if "\t" in line else None)
            for number, line in enumerate(lines, 1)
            if line.strip()
        )
    for number, name, caption in parted:
        if name and caption is not None:
            rows.append((f"line {number}", name, caption))
        else:
            odd.append(number)
    problem = "lines without a file name and a caption: {}, the first is line {}; left out."
    return rows, [problem.format(len(odd), odd[0])] if odd else []


def _coco(path):
    """captions_train2014.json and its like (Chen et al. 2015)."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        names = {image["id"]: image["file_name"] for image in data["images"]}
        given = [(note.get("id"), note["image_id"], str(note["caption"])) for note in data["annotations"]]
    except (ValueError, KeyError, TypeError) as error:
        raise CourseError(
            f"{path}: expected COCO's captions, a JSON object with images (id, file_name) and annotations (image_id, "
            f"caption); {type(error).__name__}: {error}."
        ) from None
    lost = [number for number, image, _ in given if image not in names]
    rows = [(f"annotation {number}", names[image], caption) for number, image, caption in given if image in names]
    problem = "annotations of an image that is not listed: {}, the first is {}; left out."
    return rows, [problem.format(len(lost), lost[0])] if lost else []


def read_folder(folder) -> Captioned:
    """A set in Flickr8k's layout: captions, one folder of photographs and, if there are any, lists of the splits.

    Captions: the one *token*, results.csv, captions.txt or captions_*.json. Photographs: the folder below with most of
    them, or the folder itself. Lists: *trainImages.txt, *devImages.txt, *testImages.txt; without them, a tenth each for
    dev and test, drawn at random. CourseError if there are no captions in it, or they cannot be read.
    """
    folder = Path(folder)
    patterns = ("*token.txt", "*.token", "results.csv", "captions.txt", "captions*.json", "**/captions*.json")
    found = next((file for pattern in patterns for file in sorted(folder.glob(pattern))), None)
    if found is None:
        raise CourseError(f"{folder} has no captions: expected a file such as Flickr8k.token.txt or captions_val.json.")
    captions, problems = read_captions(found)
    some = sorted(captions)[:: max(len(captions) // 200, 1)]
    homes = [folder, *sorted(sub for sub in folder.rglob("*") if sub.is_dir())]
    images = max(homes, key=lambda home: sum((home / name).is_file() for name in some))
    result = Captioned(images, captions, problems=problems)
    for file in sorted(folder.glob("*Images.txt")):
        split = re.sub(r".*[_.]|Images$", "", file.stem)
        names = [name for name in map(str.strip, read_text(file).split("\n")) if name]
        unknown = [name for name in names if name not in captions]
        if unknown:
            result.problems.append(f"{file.name}: {len(unknown)} have no caption, the first is {unknown[0]}; left out.")
        result.splits[split] = [name for name in names if name in captions]
    if not result.splits:
        tenth = len(captions) // 10
        result.split_randomly(dev=tenth, test=tenth)
    for split, names in result.splits.items():
        missing = [name for name in names if not result.path(name).is_file()]
        if missing:
            result.problems.append(
                f"{split}: {len(missing)} of {len(names)} photographs are missing, the first is {missing[0]}; left out."
            )
    return result

"""Photographs with several captions each, in the layouts of Flickr8k, Flickr30k and COCO."""

import random
import re
import string
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.datasets.caption_files import read_records
from course_lib.datasets.plain_text import read_lines
from course_lib.errors import CourseError

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_FILE = re.compile(  # what public sets name their captions
    r"(?!\.)(.*[._-])?(token|tokens?([._-].*)?\.txt|captions([._-].*)?\.(csv|tsv|txt|json)"
    r"|(results|annotations)([._-].*)?\.csv|dataset([._-].*)?\.json)",
    re.IGNORECASE,
)


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
        found = [name for name in self.splits[split] if _is_there(self.path(name))]
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


def _is_there(path):
    try:
        return path.is_file()
    except OSError:  # a name that is too long for a file
        return False


def caption_words(caption: str) -> list[str]:
    """A caption as the literature counts its words: lower case, every punctuation mark taken out."""
    return caption.lower().translate(_NO_PUNCTUATION).split()


def read_captions(path) -> tuple[dict[str, list[str]], list[str]]:
    """{file name: captions}, and one sentence for each kind of line that was left out, with the first one's number.

    The layout is seen from the file: see `caption_files`. CourseError if it is not clear, or no caption is left.
    """
    captions, _, problems = _read(Path(path))
    return captions, problems


def _read(path):
    """{name: captions}, {split: names}, problems."""
    records, problems = read_records(path)
    captions, splits, odd = defaultdict(list), {}, defaultdict(list)
    for where, name, caption, split, _ in records:
        if not caption_words(caption):
            odd["captions without a word"].append(f"{where} ({name})")
        elif not (name + caption).isascii() and _broken(name + caption):
            odd["names or captions with half a character"].append(where)
        else:
            captions[name].append(caption.strip())
            if splits.setdefault(name, split) != split:
                odd["captions of a photograph that is in another split already"].append(f"{where} ({name})")
    problems += [f"{what}: {len(places)}, the first is {places[0]}; left out." for what, places in odd.items()]
    if not captions:
        raise CourseError(
            f"{path} has no caption: expected lines such as 'dog.jpg#0<tab>A dog runs.', a table with the head "
            f"image,caption, or COCO's JSON. {' '.join(problems)}".rstrip()
        )
    return dict(captions), splits, [f"{path.name}: {problem}" for problem in problems]


def _broken(text):
    """Whether it has half of a surrogate pair, which JSON can hold and no file in UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def read_folder(folder) -> Captioned:
    """A set in the layout of Flickr8k, Flickr30k or COCO: captions, a folder of photographs, and lists of the splits.

    Captions: the file `folder` itself, or the one file in it named as such sets do (Flickr8k.token.txt, results.csv,
    captions.txt, captions_val2014.json, dataset_flickr8k.json …), else in folders below; raw before lemmatised.
    Photographs: the folder with most of them: this one, one below, or one beside a file that was named. Splits: those
    of the captions' file, else *trainImages.txt, *devImages.txt, *testImages.txt, else a tenth each for dev and test,
    drawn at random. CourseError if there is none or more than one file of captions, or it cannot be read.
    """
    folder = Path(folder)
    found = folder if folder.is_file() else _captions_file(folder)
    captions, split_of, problems = _read(found)
    if "lemma" in found.name.casefold():
        problems.append(f"{found.name}: these captions are lemmatised; there is no file of the raw ones.")
    result = Captioned(_home(folder, captions), captions, problems=problems)
    for name, split in split_of.items():
        if split:
            result.splits.setdefault(split, []).append(name)
    lists = sorted({*found.parent.glob("*Images.txt"), *folder.glob("*Images.txt")})
    for file in () if result.splits else lists:
        split = re.sub(r".*[_.]|Images$", "", file.stem)
        names = [line if line in captions else line.strip() for line in read_lines(file) if line.strip()]
        unknown = [name for name in names if name not in captions]
        if unknown:
            result.problems.append(f"{file.name}: {len(unknown)} have no caption, the first is {unknown[0]}; left out.")
        result.splits[split] = [name for name in names if name in captions]
    if not result.splits:
        tenth = len(captions) // 10
        result.split_randomly(dev=tenth, test=tenth)
    for split, names in result.splits.items():
        missing = [name for name in names if not _is_there(result.path(name))]
        if missing:
            result.problems.append(
                f"{split}: {len(missing)} of {len(names)} photographs are missing, the first is {missing[0]}; left out."
            )
    return result


def _captions_file(folder):
    """The one file of captions in a folder, or else below it."""
    if not folder.is_dir():
        raise CourseError(f"{folder} is not there: expected a folder with photographs and captions.")
    for depth in (folder.glob, folder.rglob):
        files = [file for file in sorted(depth("*.*")) if _FILE.fullmatch(file.name) and file.is_file()]
        raw = [file for file in files if "lemma" not in file.name.casefold()]
        if raw:
            break
    files = raw or files
    if not files:
        raise CourseError(f"{folder} has no captions: expected a file such as Flickr8k.token.txt or captions_val.json.")
    if len(files) > 1:
        names = ", ".join(str(file.relative_to(folder)) for file in files)
        raise CourseError(f"{folder} has several files of captions: {names}. Give the path of one of them instead.")
    return files[0]


def _home(folder, captions):
    """The folder with most of the photographs: below `folder`; where that is a file, beside it or in the next above."""
    some = sorted(captions)[:: max(len(captions) // 200, 1)]
    top = folder if folder.is_dir() else folder.parent
    homes = [top, *sorted(sub for sub in top.rglob("*") if sub.is_dir())]
    if top != folder:
        homes += [top.parent, *sorted(sub for sub in top.parent.iterdir() if sub.is_dir())]
    return max(homes, key=lambda home: sum(_is_there(home / name) for name in some))

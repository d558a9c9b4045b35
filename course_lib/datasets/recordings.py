"""Recordings with what is said in them, in three layouts. Files are found and named here, none is opened.

recordings/7_jackson_32.wav             the Free Spoken Digit Dataset: digit, speaker, number of the recording
table.tsv: clip.wav<tab>what is said    any folder with a table (see `caption_files`); a head may name its columns,
                                        among them speaker and split
84/121123/84-121123.trans.txt           LibriSpeech (Panayotov et al. 2015): 84-121123-0000 GO DO YOU HEAR, beside
                                        84-121123-0000.wav; the public files are FLAC, to be saved as WAV before
"""

import random
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from course_lib.datasets.caption_files import SPLITS, read_records
from course_lib.datasets.plain_text import read_lines
from course_lib.errors import CourseError

DIGITS = "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"
_DIGIT = re.compile(r"([0-9])_([^\W_]+)_([0-9]+)\.wav", re.IGNORECASE)
_TESTED = 5  # recordings 0 to 4 of each digit and speaker are for testing: the set's own README
_TEST_SHARE = 0.2  # of speakers or recordings, where nothing says the split
_TABLES = {".tsv", ".csv", ".txt", ".json"}
_BESIDE = {"readme", "license", "licence", "speakers", "chapters", "books"}  # texts that are no tables


class Recording(NamedTuple):
    """A file, what is said in it, by whom, and the split its set has it in: "" where that is not known."""

    path: Path
    text: str
    speaker: str = ""
    split: str = ""


@dataclass
class Recordings:
    """recordings: in a fixed order. problems: one sentence for each kind of thing that was left out."""

    folder: Path
    recordings: list[Recording]
    problems: list[str] = field(default_factory=list)

    @property
    def speakers(self) -> list[str]:
        """Who is heard, sorted."""
        return sorted({one.speaker for one in self.recordings if one.speaker})

    def splits(self, seed: int = 0) -> dict[str, list[Recording]]:
        """{"train", "test", …: recordings}, as the set has it.

        Where it has none, a fifth is for testing, drawn with the seed: whole speakers, if there are two or more and all
        are known, else recordings. CourseError if nothing is left to train or test on.
        """
        found = defaultdict(list)
        if not any(one.split for one in self.recordings):
            for one, tested in zip(self.recordings, self._drawn(seed), strict=True):
                found["test" if tested else "train"].append(one)
        else:
            for one in self.recordings:
                found[one.split or "train"].append(one)
        if missing := {"train", "test"} - set(found):
            raise CourseError(
                f"{self.folder} has no recording for {' and '.join(sorted(missing))}, of {len(self.recordings)}: name "
                "train and test in a column split, or add recordings."
            )
        return dict(found)

    def _drawn(self, seed) -> list[bool]:
        known = all(one.speaker for one in self.recordings) and len(self.speakers) > 1
        drawn = [one.speaker if known else str(one.path) for one in self.recordings]
        order = sorted(set(drawn))
        random.Random(seed).shuffle(order)
        tested = set(order[: max(round(_TEST_SHARE * len(order)), 1)])
        return [one in tested for one in drawn]

    def rotations(self) -> Iterator[tuple[str, list[Recording], list[Recording]]]:
        """For each speaker: the name, all recordings of the others, to train on, and all of this one's.

        The set's own split does not count. CourseError if there are not two speakers, or one is not known.
        """
        unknown = next((one.path.name for one in self.recordings if not one.speaker), None)
        if unknown or len(self.speakers) < 2:
            what = f"the speaker of {unknown} is not known" if unknown else f"all are by {self.speakers[0]}"
            raise CourseError(f"{self.folder}: expected recordings by two speakers or more, {what}.")
        for speaker in self.speakers:
            others = [one for one in self.recordings if one.speaker != speaker]
            yield speaker, others, [one for one in self.recordings if one.speaker == speaker]


def spelled(text: str) -> str:
    """What is said, without how it is written: "Don’t -- GO!" -> "don't go".

    Lower case; letters of any script, digits, and apostrophes between letters; all else is a space, one between words.
    """
    text = unicodedata.normalize("NFC", text).lower().replace("’", "'")
    kept = (c if c == "'" or unicodedata.category(c)[0] in "LMN" else " " for c in text)
    return " ".join(re.sub(r"(?<!\w)'|'(?!\w)", " ", "".join(kept)).split())


def read_recordings(path) -> Recordings:
    """A folder of recordings, or the table in one: the layout is seen from the files' names.

    Left out and named in `problems`: files that are not there, files that nothing tells about, texts without a word.
    CourseError if the layout is not clear, or no recording is left.
    """
    path = Path(path)
    if path.is_file():
        return _of_table(path)
    if not path.is_dir():
        raise CourseError(f"{path} is not there: expected a folder of recordings, or a table in one.")
    files = sorted(file for file in path.rglob("*") if not file.name.startswith(".") and file.is_file())
    if transcripts := [file for file in files if file.name.endswith(".trans.txt")]:
        return _librispeech(path, transcripts)
    sounds = [file for file in files if file.suffix.lower() == ".wav"]
    if any(_DIGIT.fullmatch(file.name) for file in sounds):
        return _digits(path, sounds)
    tables = [
        file for file in files if file.suffix.lower() in _TABLES and file.stem.split(".")[0].lower() not in _BESIDE
    ]
    if len(tables) != 1:
        names = ", ".join(file.name for file in tables[:5]) or "none"
        raise CourseError(
            f"{path}: expected one table with lines such as 'clip.wav<tab>what is said', got {names}. Give the path "
            "of the table instead of the folder's."
        )
    return _of_table(tables[0], path)


def _digits(folder, files):
    """The Free Spoken Digit Dataset, or recordings named as its are."""
    recordings, odd = [], defaultdict(list)
    for file in files:
        if not (named := _DIGIT.fullmatch(file.name)):
            odd["files whose name is no digit_speaker_number.wav"].append(file.name)
            continue
        digit, speaker, number = named.groups()
        split = "test" if int(number) < _TESTED else "train"
        recordings.append((speaker, int(digit), int(number), Recording(file, DIGITS[int(digit)], speaker, split)))
    recordings.sort(key=lambda one: (one[:3], str(one[3].path)))
    return _made(folder, [one for *_, one in recordings], odd)


def _librispeech(folder, transcripts):
    recordings, odd = [], defaultdict(list)
    for file in transcripts:
        split = next((SPLITS[k] for part in reversed(file.parts) if (k := part.split("-")[0]) in SPLITS), "")
        for number, line in enumerate(read_lines(file), 1):
            name, _, text = line.strip().partition(" ")
            sound = file.with_name(f"{name}.wav")
            if not name:
                continue
            if not spelled(text):
                odd["lines without a word"].append(f"{file.name}, line {number}")
            elif sound.is_file():
                recordings.append(Recording(sound, spelled(text), name.split("-")[0], split))
            elif sound.with_suffix(".flac").is_file():
                odd["files that are FLAC and are not read; save them as WAV"].append(f"{name}.flac")
            else:
                odd["files that are not there"].append(sound.name)
    return _made(folder, recordings, odd)


def _of_table(table, folder=None):
    """A table and its files: beside it or below; with or without .wav in their names."""
    folder = folder or table.parent
    records, problems = read_records(table)
    below = defaultdict(list)
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() == ".wav" and not file.name.startswith("."):
            below[file.name].append(file)
    recordings, odd, told = [], defaultdict(list), {}
    for record in records:
        name = record.name.strip().replace("\\", "/")
        names = [name] if name.lower().endswith(".wav") else [name, f"{name}.wav"]
        found = [home / one for one in names for home in (table.parent, folder) if _is_there(home / one)]
        found = found or [file for one in names for file in below.get(one, [])]
        if not found:
            odd["files that are not there"].append(f"{name} ({record.where})")
        elif len(found) > 1 and len({file.resolve() for file in found}) > 1:
            odd["names of several files"].append(f"{name} ({record.where})")
        elif not spelled(record.caption):
            odd["texts without a word"].append(f"{name} ({record.where})")
        elif told.setdefault(found[0], record.where) != record.where:
            odd["files that are told of before"].append(f"{name} ({record.where})")
        else:
            recordings.append(Recording(found[0], spelled(record.caption), record.speaker.strip(), record.split))
    if untold := sorted({file for files in below.values() for file in files} - set(told)):
        odd["files that the table does not tell of"] += [file.name for file in untold]
    return _made(folder, recordings, odd, [f"{table.name}: {problem}" for problem in problems])


def _is_there(path):
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long for a file, or holds a zero byte
        return False


def _made(folder, recordings, odd, problems=()):
    problems = [
        *problems,
        *(f"{folder.name}: {what}: {len(names)}, the first is {names[0]}; left out." for what, names in odd.items()),
    ]
    if not recordings:
        raise CourseError(f"{folder} has no recording that can be read. {' '.join(problems)}".rstrip())
    return Recordings(folder, recordings, problems)

"""Files of captions or transcripts, each in its layout, as records: token files, tables, COCO's, Karpathy's JSON."""

import contextlib
import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from course_lib.datasets.plain_text import read_lines
from course_lib.errors import CourseError


class Record(NamedTuple):
    """One caption or transcript. where: its line or its number in the file. split: "train", "dev", "test" …; speaker:
    of a recording; both "" if none is said.
    """

    where: str
    name: str
    caption: str
    split: str = ""
    speaker: str = ""


SPLITS = {
    "train": "train", "restval": "train", "dev": "dev", "val": "dev", "valid": "dev", "validation": "dev",
    "test": "test",
}  # fmt: skip

# Names of columns: letters and digits alone, so that `Image_Name` is imagename.
_NAMES = {
    "image", "imagename", "imagefile", "imagepath", "filename", "filepath", "file", "img", "imgname", "path", "photo",
    "picture", "audio", "audiofile", "audiopath", "recording", "sound", "wav", "wavfile", "wavpath",
}  # fmt: skip
_CAPTIONS = {
    "caption", "captions", "captiontext", "comment", "text", "sentence", "sentences", "description", "transcript",
    "transcription",
}  # fmt: skip
_SPEAKERS = {"speaker", "speakerid", "clientid"}
_NUMBERS = {"commentnumber", "captionnumber", "captionindex", "sentencenumber"}

_FILE = re.compile(r".*\.(jpe?g|png|gif|bmp|webp|tiff?|avif|wav|flac|mp3|ogg)(\.\d+)?", re.IGNORECASE | re.DOTALL)
_NUMBER = re.compile(r"#\d+\t")  # the caption's, behind the file's name


def read_records(path) -> tuple[list[Record], list[str]]:
    """The captions of a file, in its order, and one sentence for each kind of line that was left out.

    The layout is seen from the file: a JSON object, a table whose head names its columns, or lines without a head that
    begin with a file name. CourseError if it is none of these, or the head does not say which column is which.
    """
    path = Path(path)
    odd: dict[str, list[str]] = defaultdict(list)
    if path.suffix.lower() == ".json":
        records = list(_json(path, odd))
    else:
        lines = read_lines(path)
        records = list(_table(lines, table, odd) if (table := _layout(path, lines)) else _token_file(lines, odd))
    return records, [f"{what}: {len(places)}, the first is {places[0]}; left out." for what, places in odd.items()]


class _Layout(NamedTuple):
    """A table: its delimiter, the line of its head (0: it has none), number of columns, and which is what."""

    delimiter: str
    head: int
    columns: int
    name: int
    caption: int
    number: int | None = None
    split: int | None = None
    speaker: int | None = None


def _layout(path, lines):
    """How a file is a table; None if it is a token file. CourseError if a head does not say which column is which."""
    begin, first = next((number, line) for number, line in enumerate(lines, 1) if line.strip())
    delimiter = next((sign for sign in "\t|;," if sign in first), None)
    if delimiter and not _NUMBER.search(first) and not any(_begins_with_file(first, sign) for sign in "\t|;,"):
        head = [re.sub(r"[\W_]+", "", cell.casefold()) for cell in first.split(delimiter)]
        names, captions, numbers, splits, speakers, raw = (
            [place for place, name in enumerate(head) if name in known]
            for known in (_NAMES, _CAPTIONS, _NUMBERS, {"split"}, _SPEAKERS, {"raw"})
        )
        if names or captions or raw:
            if len(names) != 1 or len(raw or captions) != 1 or max(len(numbers), len(splits), len(speakers)) > 1:
                raise CourseError(
                    f"{path}, line {begin}: expected one column with the file's name (image or audio) and one with the "
                    f"caption or transcript (raw, caption, transcript …), got {first.strip()!r}. Rename the columns."
                )
            (caption,) = raw or captions
            others = (places[0] if places else None for places in (numbers, splits, speakers))
            return _Layout(delimiter, begin, len(head), names[0], caption, *others)
    there = [line for line in lines if line.strip()]
    for sign in "\t|;,":
        begins = [line for line in there if (sign in line if sign == "\t" else _begins_with_file(line, sign))]
        if 2 * len(begins) > len(there):
            numbered = re.compile(f"[^{sign}]*[{sign}]\\s*\\d+\\s*[{sign}]")
            if 2 * sum(map(bool, map(numbered.match, begins))) > len(there):
                return _Layout(sign, 0, 3, 0, 2, 1)
            return None if sign == "\t" else _Layout(sign, 0, 2, 0, 1)
    return None


def _begins_with_file(line, delimiter):
    cell, found, _ = line.partition(delimiter)
    return bool(found and _FILE.fullmatch(cell.strip(' "')))


def _token_file(lines, odd) -> Iterator[Record]:
    """`name.jpg#0<tab>caption`, or without the number. The name is what stands before it, whatever it is made of."""
    for number, line in enumerate(lines, 1):
        where = f"line {number}"
        if not line.strip():
            continue
        if found := _NUMBER.search(line):
            name, caption = line[: found.start()], line[found.end() :]
        else:
            name, tab, caption = line.partition("\t")
            name = name if tab else ""
        if not name.strip():
            odd["lines without a file name and a caption"].append(where)
        elif "\t" in caption or ("\t" in name and not _is_file(name)):
            odd["lines with more than one tab"].append(where)
        else:
            yield Record(where, name, caption)


def _table(lines, table: _Layout, odd) -> Iterator[Record]:
    """Rows under a head, or rows as `_layout` took them for."""
    at, head = table.head, lines[table.head - 1].strip() if table.head else None
    while at < len(lines):
        count = 1
        try:
            if lines[at].strip() == head:  # two tables, one behind the other
                raise _Odd("lines that name the columns again")
            count, cells = _row(lines, at, table)
            if cells:
                yield from _captions_of(cells, table, f"line {at + 1}")
        except _Odd as error:
            count = max(count, error.lines)
            odd[str(error)] += [f"line {number}" for number in range(at + 1, at + count + 1)]
        at += count


class _Odd(Exception):
    """What is wrong with a row, of so many lines."""

    def __init__(self, what: str, lines: int = 1):
        super().__init__(what)
        self.lines = lines


def _row(lines, at, table):
    """How many lines the row takes that begins in line `at`, and its cells: none if the line is blank. Else _Odd."""
    line, count, last = lines[at], 1, table.columns - 1
    if not line.strip():
        return 1, []
    if '"' in line:
        taken, cells, exact = _quoted(lines, at, table)
        count, line = len(taken), "\n".join(taken)
    else:
        cells = exact = line.split(table.delimiter)
    if len(cells) > table.columns and table.caption == last:  # a caption with delimiters in it, and no quotes around
        rest, name = exact[last:], exact[table.name].strip()
        whole = table.delimiter.join(rest)
        clear = table.head or (table.delimiter == "," and all(cell.startswith(" ") for cell in rest[1:]))
        clear = clear and line.endswith(whole) and (_is_file(name) or not any(map(_is_file, rest)))
        cells = [*exact[:last], whole] if clear else cells
    if len(cells) != table.columns:
        raise _Odd(f"lines without {table.columns} columns", count)
    return count, [cell if cell == (bare := cell.strip()) or _in_quotes(cell, line) else bare for cell in cells]


def _quoted(lines, at, table):
    """The lines of a row with quotes, its cells, and these with the spaces before them. _Odd if it is not clear.

    A quoted cell may go over several lines, as CSV allows. Where one of them is a row in itself, it was never closed.
    """
    line, taken = lines[at], []
    plain = line.split(table.delimiter)  # a whole row, but for a quote at its caption's end
    whole = table.caption < table.name < len(plain) and _is_file(plain[table.name])

    def take():
        for place in range(at, len(lines)):
            if taken and (whole or _is_row(lines[place], line, table)):
                return
            taken.append(lines[place])
            yield taken[-1] + "\n"

    taking = take()
    try:
        cells = exact = _parsed(taking, table, spaced=False)
        if len(cells) > table.columns:
            with contextlib.suppress(csv.Error):
                exact = _parsed([f"{one}\n" for one in taken], table, spaced=True)
        if len(taken) == 1 and _ends_caption(line, table):
            raise _Odd("lines with the end of a quote that does not begin")
        return taken, cells, exact
    except csv.Error:
        pass
    if line.count('"') % 2:
        raise _Odd("lines of a quote that is not closed", len(taken) + sum(1 for _ in taking))
    # 'a.jpg,"Stop" signs': quotes that are the caption's own.
    if len(plain) < table.columns or table.caption != table.columns - 1 or '"' in "".join(plain[: table.caption]):
        raise _Odd("lines with quotes that are not those of a CSV file")
    caption = table.delimiter.join(plain[table.caption :])
    return [line], [*plain[: table.caption], caption], plain


def _parsed(lines, table, spaced):
    """The first row of lines. spaced: with the spaces behind delimiters. csv.Error if its quotes are not CSV's."""
    return next(csv.reader(lines, delimiter=table.delimiter, skipinitialspace=not spaced, strict=True))


def _is_row(line, before, table):
    """Whether a row begins in a line, with a file's name like that of the row before."""
    if _ends_caption(line, table):
        return False
    try:
        cells = _parsed([line], table, spaced=False)
    except csv.Error:
        try:
            cells = _parsed([line + '"'], table, spaced=False)  # its own quote is not closed here
        except csv.Error:
            return False
    if len(cells) < table.columns:
        return False
    name, names = cells[table.name].strip(), before.split(table.delimiter)
    return _is_file(name) or (len(names) > table.name and _pattern(names[table.name]) == _pattern(name))


def _ends_caption(line, table):
    """Whether a caption in quotes, if it is one row with the lines before, ends here: its name comes behind."""
    return table.caption < table.name and line.count('"') % 2 == 1


def _pattern(name):
    return re.sub(r"\d+", "0", name.strip())


def _is_file(name):
    return bool(_FILE.fullmatch(name.strip()))


def _in_quotes(cell, line):
    return f'"{cell.replace(chr(34), 2 * chr(34))}"' in line


def _captions_of(cells, table, where) -> Iterator[Record]:
    """The captions of a row: one, or a JSON list of them. _Odd if its cells are not what the columns hold."""
    name, caption = cells[table.name], cells[table.caption]
    split = "" if table.split is None else cells[table.split].casefold()
    speaker = "" if table.speaker is None else cells[table.speaker]
    captions = [caption]
    if caption.startswith(('["', "['")):
        try:
            captions = json.loads(caption)
        except ValueError:
            captions = [None]
        if not all(isinstance(one, str) for one in captions):
            raise _Odd("lines with a list of captions that is not JSON")
    if not name.strip():
        raise _Odd("lines without a file name and a caption")
    if not table.head and not _is_file(name):
        raise _Odd("lines that do not begin with the name of a picture or recording")
    if table.number is not None and not cells[table.number].isdecimal():
        raise _Odd("lines without the caption's number")
    if table.split is not None and split not in SPLITS:
        raise _Odd(f"lines whose split is none of {', '.join(SPLITS)}")
    for one in captions:
        yield Record(where, name, one, SPLITS.get(split, ""), speaker)


def _json(path, odd) -> Iterator[Record]:
    """COCO's captions_train2014.json (Chen et al. 2015) or Karpathy's dataset_flickr8k.json, and their like."""
    try:
        data = json.loads("\n".join(read_lines(path)), object_pairs_hook=_no_key_twice)
        images = data["images"]
        if "annotations" in data:
            yield from _coco(images, data["annotations"], odd)
        else:
            yield from _karpathy(images, odd)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CourseError(
            f"{path}: expected COCO's captions, a JSON object with images (id, file_name) and annotations (image_id, "
            "caption), or Karpathy's, with images (filename, split, sentences, each with raw); "
            f"{type(error).__name__}: {error}."
        ) from None


def _no_key_twice(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key comes twice in " + ", ".join(repr(key) for key, _ in pairs))
    return found


def _coco(images, annotations, odd):
    names = {}
    for image in images:
        name = _text(image["file_name"])
        if names.setdefault(image["id"], name) != name:
            raise ValueError(f"two files have the id {image['id']!r}")
    for place, note in enumerate(annotations, 1):
        number = str(note.get("id", f"in place {place}"))
        if note["image_id"] not in names:
            odd["annotations of an image that is not listed"].append(number)
        elif not isinstance(note.get("caption"), str):
            odd["annotations without a caption"].append(number)
        else:
            yield Record(f"annotation {number}", names[note["image_id"]], note["caption"])


def _karpathy(images, odd):
    if not images:
        raise ValueError("no images")
    for image in images:
        name, split = _text(image["filename"]), _text(image["split"])
        if folder := image.get("filepath"):  # where the set has several, as COCO
            name = f"{_text(folder)}/{name}"
        for place, sentence in enumerate(image["sentences"], 1):
            where = f"sentence {sentence.get('sentid', f'in place {place}')} of {name}"
            if isinstance(sentence.get("raw"), str):
                yield Record(where, name, sentence["raw"], SPLITS.get(split.casefold(), split))
            else:
                odd["sentences without raw text"].append(where)


def _text(value):
    if not isinstance(value, str) or not value:
        raise TypeError(f"expected a name, got {value!r}")
    return value

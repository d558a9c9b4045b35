"""Thousands of hostile files: what a person would read off them comes out, and what does not is counted in a sentence.

Each file is written by the test's own writer from records that the test knows; no reader's code is used to say what is
right. A record's fate: it comes out as it is ("exact"), is named as odd ("named"), or one of the two ("either").
"""

import json
import random
import re
import unicodedata
from collections import Counter

import pytest

from course_lib.datasets.captions import read_captions
from course_lib.datasets.pairs import read_pairs
from course_lib.datasets.plain_text import read_lines, read_text
from course_lib.errors import CourseError

FILES = 2_000  # of each kind
# What str.splitlines cuts at and no editor does; quotes, delimiters, marks, letters of many scripts.
NO_NEWLINES = "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e"
PIECES = (
    *NO_NEWLINES, " ", "  ", "\u00a0", "#", "#1 ", "#0", ",", ", ", ";", "|", " | ", "'", "’", "\\", "%", "a", "dog",
    "6", "A dog", "42", "é", "e\u0301", "ß", "किताब", "שלום", "漢字", "👍🏽", "\u200d", "\ufeff", ".", "-", "[", "{",
    "\\n", "null", "image", "caption", "train", "CC-BY", "=1+1",
)  # fmt: skip


def some_text(rng, *more, longest=6):
    return "".join(rng.choices(PIECES + more, k=rng.randint(1, longest)))


def file_name(rng, *more):
    """Whatever a file system can hold, with a picture's suffix."""
    return some_text(rng, *more, "my #1 ", " ", "a\tb"[:1], longest=4) + rng.choice((".jpg", ".JPEG", ".png", ".jpg.1"))


def fresh(path):
    """The path, with no file there: writing over one is slow on ext4."""
    path.unlink(missing_ok=True)
    return path


def written(rng, path, lines):
    """Lines into a file, with any of the three ends, with or without the last one and a byte order mark."""
    end = rng.choice(("\n", "\n", "\r\n", "\r"))
    text = end.join(lines) + rng.choice(("" if lines[-1] else end, end))
    mark = "\ufeff" if text.startswith("\ufeff") else rng.choice(("", "\ufeff"))
    fresh(path).write_bytes((mark + text).encode())
    return path


def counted(problems):
    """How many records are named in problems."""
    return sum(int(number) for problem in problems for number in re.findall(r": ([\d]+), the first is", problem))


def check(read, path, fates, everything):
    """fates: (fate, record) of each. everything: how many lines or records were odd, or came out, all told."""
    must = Counter(record for fate, record in fates if fate == "exact")
    may = must + Counter(record for fate, record in fates if fate == "either")
    try:
        found, problems = read(path)
    except CourseError as error:
        assert not must and path.name in str(error), f"{path.read_bytes()!r}: {error}"
        return "refused"
    found = Counter(found)
    assert must <= found <= may, f"{path.read_bytes()!r}\n{found - may} came out, {must - found} is lost; {problems}"
    assert found.total() + counted(problems) >= everything, f"{path.read_bytes()!r}\n{found}; {problems}"
    return "read"


def captions_read(path):
    found, problems = read_captions(path)
    return [(name, caption) for name, captions in found.items() for caption in captions], problems


def a_caption(rng, *more):
    return some_text(rng, *more) + rng.choice((" dog", "word", "é", "漢")) + some_text(rng, *more, longest=3)


# --- tables ---


def quoted(cell):
    return '"' + cell.replace('"', '""') + '"'


def table_file(rng, path):
    sign = rng.choice(",,,|\t;")
    heads = ["name", "caption", *rng.sample(["number", "split", "other"], rng.randint(0, 3))]
    rng.shuffle(heads)
    if rng.random() < 0.5:
        heads.append(heads.pop(heads.index("caption")))
    last = heads[-1] == "caption"
    said = {
        "name": rng.choice(("image", "image_name", "Filename", '"image"')), "number": "comment_number",
        "caption": rng.choice(("caption", "Comment", "caption_text", "raw")), "split": "split", "other": "sentids",
    }  # fmt: skip
    space = rng.choice(("", "", " "))
    lines, fates, opened = [(sign + space).join(said[head] for head in heads)], [], False
    for _ in range(rng.randint(1, 6)):
        name = file_name(rng, '"', " " if opened else "\n") if rng.random() < 0.6 else f"{rng.randrange(10**6)}.jpg"
        caption = a_caption(rng, '"', "\n", '"Stop" ')
        cells = {"name": name, "number": str(rng.randrange(5)), "split": "train", "other": "7", "caption": caption}
        style = rng.choice(
            ("proper", "proper", "all", "careless", "open", "short", "long", "shifted", "blank", "empty")
        )
        fate = "exact"
        if style == "blank":
            lines.append(rng.choice(("", "  ")))
            continue
        if style in ("careless", "open", "short", "long", "shifted"):
            cells["name"] = name = f"{rng.randrange(10**6)}.jpg"
        if style == "careless":  # as typed, without quotes around
            caption = caption.replace("\n", " ")
            cells["caption"] = caption = f"{caption}." if caption.strip()[-1] == '"' else caption  # else they are CSV's
            fate = "exact" if (last or sign not in caption) and '"' not in caption else "either"
        elif style == "open":
            caption = "A dog " + re.sub('["\n]', " ", caption)
            cells["caption"], fate = '"' + caption, "named"
            if caption.strip().endswith(sign.strip()) or not last:
                fate = "either"
        elif style == "short":
            del cells[rng.choice(heads)]
            cells["caption"], fate = "A dog runs" if "caption" in cells else None, "named"
        elif style == "long":
            cells["caption"], fate = quoted("A dog") + sign + quoted("runs"), "named"
        elif style == "shifted":  # the number is forgotten, and the caption has a delimiter
            if "number" not in heads or not last:
                continue
            cells["number"], cells["caption"], fate = "A dog", " a cat", "named"
        elif style == "empty":
            cells["caption"], fate = rng.choice(("", " . ", "''")), "named"
            caption = ""
        if style in ("proper", "all", "empty"):
            hostile = re.compile(rf'["\n{re.escape(sign)}]|^\s|\s$')
            cells = {h: quoted(c) if style == "all" or hostile.search(c) else c for h, c in cells.items()}
        if caption.strip().startswith(('["', "['")):
            fate = "either"  # a list that is broken off
        if opened and fate == "exact":
            opened = "\n" in caption and not last  # where this row begins is not to be seen
            fate = "either" if opened else "exact"
        opened |= style in ("open", "careless") and '"' in cells["caption"]
        row = [cells[head] for head in heads if cells.get(head) is not None]
        lines.append((sign + space).join(row))
        fates.append((fate, (name, caption.strip())))
    return written(rng, path, lines), fates


# --- token files ---


def token_file(rng, path):
    lines, fates = [], []
    numbered = rng.random() < 0.8
    for place in range(rng.randint(1, 8)):
        name, caption, fate = file_name(rng, '"', "\t"), a_caption(rng, '"', '"Stop" '), "exact"
        if not numbered:
            name = name.replace("\t", " ")
        if re.search(r"#\d+\t", name):  # nobody can tell where it ends
            fate = "either"
        style = rng.choice(("good", "good", "good", "no tab", "no name", "tabs", "blank", "empty"))
        if style == "blank":
            lines.append(rng.choice(("", " ")))
            continue
        if style == "no name":
            name, fate = rng.choice(("", " ")), "named"
        elif style == "tabs":
            caption, fate = caption + "\ttrain", "named"
        elif style == "empty":
            caption, fate = " . ", "named"
        line = f"{name}#{place}\t{caption}" if numbered else f"{name}\t{caption}"
        if style == "no tab":
            line, fate = line.replace("\t", " "), "named"
        lines.append(line)
        fates.append((fate, (name, caption.strip())))
    return written(rng, path, ["first.jpg#0\tA dog"] * 9 + lines), [("exact", ("first.jpg", "A dog"))] * 9 + fates


# --- JSON ---


def coco_file(rng, path):
    images = [{"id": i, "file_name": file_name(rng, '"', "\n", "\t")} for i in rng.sample(range(99), rng.randint(1, 4))]
    notes, fates = [], []
    for number in range(rng.randint(1, 8)):
        image, caption = rng.choice(images), a_caption(rng, '"', "\n", "\t", "\r")
        note = {"id": number, "image_id": image["id"], "caption": caption}
        style = rng.choice(("good", "good", "good", "unlisted", "null", "missing", "empty", "half"))
        if style == "unlisted":
            note["image_id"] = 1000
        elif style == "null":
            note["caption"] = rng.choice((None, 7, ["A dog"]))
        elif style == "missing":
            del note["caption"]
        elif style == "empty":
            note["caption"] = " . "
        elif style == "half":
            note["caption"] += "\ud83d"
        notes.append(note)
        fates.append(("exact" if style == "good" else "named", (image["file_name"], caption.strip())))
    content = json.dumps({"images": images, "annotations": notes}, indent=rng.choice((None, 1)))
    fresh(path).write_text(content, encoding="utf-8")
    return path, fates


def karpathy_file(rng, path):
    images, fates = [], []
    for _ in range(rng.randint(1, 4)):
        name = file_name(rng, '"', "\n", "\t")
        sentences = []
        for _ in range(rng.randint(0, 5)):
            caption, style = a_caption(rng, '"', "\n"), rng.choice(("good", "good", "null", "empty"))
            raw = {"good": caption, "null": None, "empty": ". !"}[style]
            sentences.append({"raw": raw, "tokens": ["lower", "case"], "sentid": len(fates)})
            fates.append(("exact" if style == "good" else "named", (name, caption.strip())))
        images.append({"filename": name, "split": "train", "sentences": sentences, "imgid": 0})
    fresh(path).write_text(
        json.dumps({"images": images, "dataset": "x"}, ensure_ascii=rng.random() < 0.5), encoding="utf-8"
    )
    return path, fates


@pytest.mark.parametrize(("make", "name"), [
    (table_file, "captions.csv"), (token_file, "x.token"), (coco_file, "captions_x.json"),
    (karpathy_file, "dataset_x.json"),
])  # fmt: skip
def test_hostile_files_of_captions(tmp_path, make, name):
    ends = Counter()
    for seed in range(FILES):
        path, fates = make(random.Random(seed), tmp_path / name)
        ends[check(captions_read, path, fates, len(fates))] += 1
    assert ends["read"] > FILES / 2  # the test is not about files that are refused whole


# --- pairs ---


def pairs_file(rng, path):
    layout = rng.choice(("two", "attribution", "tatoeba", "head"))
    lines, fates, others = [], [], 0
    for _ in range(rng.randint(3, 9)):
        a, b = (some_text(rng, '"', "Hola.", "1276") for _ in "ab")
        pair = tuple(unicodedata.normalize("NFC", side).strip() for side in (a, b))
        cells = {"two": [a, b], "attribution": [a, b, "CC-BY 2.0 (France) Attribution: tatoeba.org #1 & #2"],
                 "tatoeba": [str(rng.randrange(10**7)), a, "42", b], "head": ["7", b, a]}[layout]  # fmt: skip
        fate = "exact" if all(pair) else "named"
        style = rng.choice(("good", "good", "good", "good", "blank", "no tab", "side", "long", "other"))
        if style == "blank":
            lines.append(rng.choice(("", " ", "\u2028")))
            fates.append(("named", pair))
            continue
        if style == "no tab":
            cells, fate = [a + "x"], "named"
        elif style == "side":
            cells[cells.index(rng.choice((a, b)))], fate = " ", "named"
        elif style == "long":
            cells[cells.index(a)], fate = "word " * 61, "named"
        elif style == "other":
            others += 1
            cells = {"two": ["1276", a, "2481", b], "attribution": ["7", a, f"Hola.{b}"], "tatoeba": [a, b],
                     "head": [a, b]}[layout]  # fmt: skip
            fate = "named"
        lines.append("\t".join(cells))
        fates.append((fate, pair))
    if 2 * others >= sum("\t" in line for line in lines):  # then it is another layout
        return None, None
    if layout == "head":
        lines.insert(0, "id\tSpanish\tEnglish")
        fates = [(fate, pair[::-1]) for fate, pair in fates]
        fates.append(("named", ("Spanish", "English")))
    return written(rng, path, lines), fates


def test_hostile_files_of_pairs(tmp_path):
    ends, seed = Counter(), 0
    while ends.total() < FILES:
        path, fates = pairs_file(random.Random(seed), tmp_path / "pairs.tsv")
        seed += 1
        if path:
            ends[check(read_pairs, path, fates, len(fates))] += 1
    assert ends["read"] > FILES / 2


# --- plain text ---


def test_hostile_texts(tmp_path):
    path = tmp_path / "text.txt"
    refused = 0
    for seed in range(FILES):
        rng = random.Random(seed)
        pieces = [some_text(rng, "\n", "\r", "\r\n", "\n\n", '"', "\t") for _ in range(rng.randint(1, 8))]
        raw, bad = "".join(pieces).encode(), None
        if rng.random() < 0.2:
            bad = raw[: len(raw) // 2].decode(errors="ignore").encode()
            raw = bad + rng.choice((b"\xff", b"\xc3\x28", b"\x80")) + raw[len(bad) :]
        fresh(path).write_bytes(rng.choice((b"", b"\xef\xbb\xbf")) + raw)
        lines, line, after_return = [], "", False  # an editor's lines, letter by letter
        for letter in (raw if bad is None else bad).decode():
            if letter == "\n" and after_return:
                pass
            elif letter in "\r\n":
                lines.append(line)
                line = ""
            else:
                line += letter
            after_return = letter == "\r"
        if bad is not None:
            with pytest.raises(CourseError, match=rf"text\.txt is not UTF-8 \(byte \d+, in line {len(lines) + 1},"):
                read_lines(path)
            refused += 1
            continue
        lines += [line] if line else []
        if raw.decode().startswith("\ufeff"):
            continue  # two byte order marks
        if not "".join(lines).strip():
            with pytest.raises(CourseError, match=r"text\.txt is empty"):
                read_lines(path)
            continue
        assert read_lines(path) == lines
        if len(set(raw.decode())) > 1:
            assert read_text(path).removesuffix("\n") == "\n".join(lines)
    assert FILES / 10 < refused < FILES / 3

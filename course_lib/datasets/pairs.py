"""Files of sentence pairs, one pair a line with tabs between, as Tatoeba's and those made of it."""

import random
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

from course_lib.datasets.plain_text import read_lines
from course_lib.errors import CourseError

_TEXT_HEADS = {
    "source", "target", "src", "tgt", "english", "spanish", "french", "german", "italian", "portuguese", "russian",
    "chinese", "japanese", "arabic", "hindi", "turkish", "dutch", "polish", "en", "es", "fr", "de", "it", "pt", "eng",
    "spa", "fra", "deu", "ita", "por",
}  # fmt: skip
_OTHER_HEADS = {"", "id", "index", "source_id", "target_id", "attribution", "license", "licence"}
_WORDS_OF_HEADS = re.compile(r"[ _](sentences?|texts?)$|^(sentences?|texts?)[ _]")  # "English sentence", "text_en"
_QUOTED = re.compile(r'".+"', re.DOTALL)
_ATTRIBUTION = re.compile(r"\s*(CC[- ]?(BY|0)\b|\S*tatoeba\.org|attribution|public domain)", re.IGNORECASE)


def read_pairs(path, longest: int = 60) -> tuple[list[tuple[str, str]], list[str]]:
    """The pairs of a file, and one sentence for every kind of line that is odd, with the first one's number.

    The two texts are in the columns that a head names (`english<tab>spanish`), in the second and fourth where most
    lines are Tatoeba's own `id<tab>text<tab>id<tab>text`, else in the first two; what stands behind them is named if it
    is no attribution. Text becomes NFC (a letter and its accent are one character). Left out: lines that are empty, of
    another layout or with an empty side, sentences of more than `longest` words. CourseError if no pair is left, or a
    head names other than two columns of text.
    """
    rows = [unicodedata.normalize("NFC", line).split("\t") for line in read_lines(path)]
    pairs, odd, quoted = [], defaultdict(list), []
    (first, second), unread, wrong = _layout(path, rows)
    for number, cells in enumerate(rows, 1):
        if len(cells) < 2:
            odd["without a tab" if cells[0].strip() else "empty"].append(number)
        elif what := wrong(number, cells):
            odd[what].append(number)
        else:
            pair = cells[first].strip(), cells[second].strip()
            if not all(pair):
                odd["with an empty side"].append(number)
            elif max(len(side.split()) for side in pair) > longest:
                odd[f"with more than {longest} words"].append(number)
            else:
                pairs.append(pair)
                if all(map(_QUOTED.fullmatch, pair)):
                    quoted.append(number)
                if len(cells) > unread and any(
                    cell.strip() and not _ATTRIBUTION.match(cell) for cell in cells[unread:]
                ):
                    odd["with further columns, which are not read"].append(number)
    if 2 * len(quoted) > len(pairs):  # as a spreadsheet writes them; of a few, they are what somebody said
        odd["whose texts are in quotation marks, which are taken for part of them"] = quoted
    problems = [f"lines {what}: {len(lines)}, the first is line {lines[0]}" for what, lines in odd.items()]
    if not pairs:
        raise CourseError(f"{path} has no pair: expected lines such as 'Hello.<tab>Hola.'; {'; '.join(problems)}.")
    return pairs, problems


def _layout(path, rows):
    """The columns of the two texts, where columns begin that are not read, and what says what is wrong with a line."""
    head = [_WORDS_OF_HEADS.sub("", cell.strip().casefold()) for cell in rows[0]]
    if len(_TEXT_HEADS & set(head)) > 1 and set(head) <= _TEXT_HEADS | _OTHER_HEADS:
        texts = [place for place, name in enumerate(head) if name in _TEXT_HEADS]
        if len(texts) > 2:
            raise CourseError(f"{path}, line 1: expected two columns of text, got {', '.join(head)}. Keep two of them.")

        def unlike_head(number, cells):
            if number == 1:
                return "that name the columns"
            return "with other columns than the head" if len(cells) != len(head) else None

        return texts, len(head), unlike_head
    if 2 * sum(map(_has_ids, rows)) > sum(len(cells) > 1 for cells in rows):

        def without_ids(_, cells):
            return None if _has_ids(cells) else "that are not id<tab>text<tab>id<tab>text, as most"

        return (1, 3), 4, without_ids

    def unclear(_, cells):
        first = cells[0].strip().casefold()
        if len(cells) > 2 and not _ATTRIBUTION.match(cells[2]) and (first.isdecimal() or first in _TEXT_HEADS):
            return "with further columns, where the first is an id or a language"
        return None

    return (0, 1), 2, unclear


def _has_ids(cells):
    """A line of Tatoeba's own export."""
    return len(cells) == 4 and cells[0].strip().isdecimal() and cells[2].strip().isdecimal()


def _same(sentence):
    """What makes two sentences the same one, for a split: their letters and digits."""
    return " ".join(re.findall(r"\w+", sentence.casefold())) or sentence


def split_by_source(pairs: Iterable[tuple[str, str]], seed: int, *counts: int) -> list[list[tuple[str, str]]]:
    """Parts with so many different sources each, in random order, and behind them all the rest.

    All pairs of a source are in one part, and so are sources that differ only in capitals and punctuation. CourseError
    if nothing would be left for the rest.
    """
    groups = defaultdict(list)
    for pair in pairs:
        groups[_same(pair[0])].append(pair)
    if sum(counts) >= len(groups):
        raise CourseError(f"{sum(counts)} sources were asked for; the file has {len(groups)}, and some must train.")
    keys = sorted(groups)
    random.Random(seed).shuffle(keys)
    parts, start = [], 0
    for count in (*counts, len(keys)):
        parts.append([pair for key in keys[start : start + count] for pair in groups[key]])
        start += count
    return parts


def references(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """{source: its translations}, in the order of the pairs."""
    found = defaultdict(list)
    for source, target in pairs:
        found[source].append(target)
    return dict(found)

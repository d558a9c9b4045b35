"""Files of sentence pairs, one pair a line with a tab between, as Tatoeba's (more columns are ignored)."""

import random
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from course_lib.datasets.plain_text import read_text
from course_lib.errors import CourseError


def read_pairs(path, longest: int = 60) -> tuple[list[tuple[str, str]], list[str]]:
    """The pairs of a file, and one sentence for every kind of line that was left out, with the first line's number.

    Text becomes NFC (a letter and its accent are one character). Left out: empty lines, lines without a tab or with an
    empty side, sentences of more than `longest` words. CourseError if no pair is left.
    """
    pairs, left_out = [], defaultdict(list)
    for number, line in enumerate(read_text(path).splitlines(), 1):
        sides = [unicodedata.normalize("NFC", side).strip() for side in line.split("\t")[:2]]
        if not line.strip():
            left_out["empty"].append(number)
        elif len(sides) < 2:
            left_out["without a tab"].append(number)
        elif not all(sides):
            left_out["with an empty side"].append(number)
        elif max(len(side.split()) for side in sides) > longest:
            left_out[f"with more than {longest} words"].append(number)
        else:
            pairs.append((sides[0], sides[1]))
    problems = [f"lines {what}: {len(lines)}, the first is line {lines[0]}" for what, lines in left_out.items()]
    if not pairs:
        raise CourseError(
            f"{Path(path)} has no pair: expected lines such as 'Hello.<tab>Hola.'; {'; '.join(problems)}."
        )
    return pairs, problems


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

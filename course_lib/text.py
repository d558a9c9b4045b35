"""From text to integers and back: words, vocabulary, rows, tapes, windows. NumPy only."""

import difflib
import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from course_lib.errors import CourseError

SPECIALS = PAD, UNK, BOS, EOS = "<pad>", "<unk>", "<bos>", "<eos>"
PAD_ID, UNK_ID, BOS_ID, EOS_ID = range(4)  # their numbers in every vocabulary

_WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")  # what it finds in ASCII, `_any_word` finds, too
_SPACE_BEFORE = re.compile(r" ([.,;:?!)”])")
_SPACE_AFTER = re.compile(r"([(“]) ")


def tokenize(text: str) -> list[str]:
    """Words and punctuation marks: 'I speak French.' -> ['I', 'speak', 'French', '.'].

    What combines with a character stays with it: accents, vowel signs, joiners, an emoji's colour.
    """
    return (_WORD if text.isascii() else _any_word()).findall(text)


@functools.cache
def _any_word():
    """`_WORD` for every script. Marks (Unicode's category M) are no \\w, and Python's re has no name for them."""
    places = (*range(0x300, 0x1F000), *range(0xE0100, 0xE01F0))
    ranges: list[list[int]] = []
    for place in (place for place in places if unicodedata.category(chr(place))[0] == "M"):
        if ranges and ranges[-1][1] == place - 1:
            ranges[-1][1] = place
        else:
            ranges.append([place, place])
    marks = "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)
    joined = f"{marks}\u200c\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"  # and joiners, colours of skin, tags
    word, sign = rf"\w[\w{joined}]*", rf"[^\w\s][{joined}]*"
    flag = "[\U0001f1e6-\U0001f1ff]{2}"  # a country's two letters
    return re.compile(rf"{word}(?:['’]{word})*|{flag}|{sign}(?:(?<=\u200d){sign})*")


def detokenize(words: Iterable[str]) -> str:
    """Words as they are printed: no space before a full stop. The inverse of `tokenize` on the course's worlds."""
    return _SPACE_AFTER.sub(r"\1", _SPACE_BEFORE.sub(r"\1", " ".join(words)))


class Vocabulary:
    """The words a model knows, numbered: four special tokens first (<pad> is 0), then words, most frequent first.

    CourseError if a word comes twice.
    """

    def __init__(self, words: Iterable[str]):
        self.words = [*SPECIALS, *(w for w in words if w not in SPECIALS)]
        self.ids = {word: i for i, word in enumerate(self.words)}
        if len(self.ids) != len(self.words):
            twice = [w for w, n in Counter(self.words).items() if n > 1][:3]
            raise CourseError(f"a vocabulary has each word once; {', '.join(map(repr, twice))} came twice.")

    @classmethod
    def from_texts(cls, texts: Iterable[Sequence[str]]) -> "Vocabulary":
        """Every word of the texts (each a list of words, or a string for characters); ties in sorted order."""
        counts = Counter()
        for text in texts:
            counts.update(text)
        return cls(sorted(counts, key=lambda w: (-counts[w], w)))

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self.ids

    def __getitem__(self, word: str) -> int:
        """The number of one word. CourseError names the nearest known word if there is none."""
        if word not in self.ids:
            near = difflib.get_close_matches(word, self.words[len(SPECIALS) :], n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise CourseError(f"{word!r} is not among the {len(self)} tokens of this vocabulary.{hint}")
        return self.ids[word]

    def encode(self, words: Iterable[str], unknown: str = "error") -> list[int]:
        """Numbers for words. unknown='error' raises CourseError for a word that is not known, 'replace' says <unk>."""
        if unknown == "replace":
            return [self.ids.get(word, UNK_ID) for word in words]
        return [self[word] for word in words]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Words for numbers, <pad>, <bos> and <eos> left out."""
        return [self.words[i] for i in ids if i not in (PAD_ID, BOS_ID, EOS_ID)]


def to_rows(
    texts: Sequence[Sequence[str]], vocabulary: Vocabulary, length: int | None = None, marks=True, unknown="error"
) -> np.ndarray:
    """One text a row, <bos> … <eos>, padded with <pad> at the end: (B, longest + 2) or (B, length), int32.

    marks=False: without <bos> and <eos>. unknown: as in `Vocabulary.encode`. CourseError if a text is longer than a
    row, or a word is unknown.
    """
    rows = [vocabulary.encode(text, unknown) for text in texts]
    rows = [[BOS_ID, *row, EOS_ID] for row in rows] if marks else rows
    longest = max(map(len, rows), default=0)
    if length is not None and longest > length:
        said = " with <bos> and <eos>" if marks else ""
        raise CourseError(f"the longest text takes {longest} places{said}, the rows have {length}.")
    result = np.zeros((len(rows), length or longest), np.int32)
    for row, ids in zip(result, rows, strict=True):
        row[: len(ids)] = ids
    return result


def next_word_pairs(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows (B, T + 1) -> what the network reads (B, T) and the word that follows each place (B, T)."""
    return rows[:, :-1], rows[:, 1:]


def to_stream(texts: Iterable[Sequence[str]], vocabulary: Vocabulary) -> np.ndarray:
    """All texts on one long tape, <eos> before, between and behind them: (N,) ids, int32."""
    return np.array([EOS_ID, *(i for text in texts for i in (*vocabulary.encode(text), EOS_ID))], np.int32)


def windows(rows: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Every place of every text with the `size` tokens before it: (N, size) and the token that follows (N,).

    What lies before a text is padded with <bos>.
    """
    before = np.concatenate([np.full((len(rows), size - 1), BOS_ID, rows.dtype), rows], axis=1)
    views = np.lib.stride_tricks.sliding_window_view(before, size, axis=1)[:, :-1]
    real = rows[:, 1:] != PAD_ID
    return views[real], rows[:, 1:][real]


def bags(rows: np.ndarray, vocabulary_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Every place of every text with how often each token came before it: (N, V) counts and the next token (N,)."""
    tokens, targets = next_word_pairs(rows)
    one_hot = np.eye(vocabulary_size, dtype=np.float32)[tokens]  # (B, T, V)
    real = targets != PAD_ID
    return one_hot.cumsum(axis=1)[real], targets[real]


def pair_rows(pairs, source, target, unknown="error"):
    """Pairs of texts (lists of words) -> rows of the first (N, T) and of the second with <bos> and <eos> (N, J)."""
    first = to_rows([a for a, _ in pairs], source, marks=False, unknown=unknown)
    return first, to_rows([b for _, b in pairs], target, unknown=unknown)

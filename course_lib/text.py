"""From text to integers and back: words, vocabulary, rows, windows, batches. NumPy only."""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from course_lib.errors import CourseError

PAD, UNK, BOS, EOS = "<pad>", "<unk>", "<bos>", "<eos>"
SPECIALS = (PAD, UNK, BOS, EOS)

_WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
_SPACE_BEFORE = re.compile(r" ([.,;:?!)”])")
_SPACE_AFTER = re.compile(r"([(“]) ")


def tokenize(text: str) -> list[str]:
    """Words and punctuation marks: 'I speak French.' -> ['I', 'speak', 'French', '.']."""
    return _WORD.findall(text)


def detokenize(words: Iterable[str]) -> str:
    """Words as they are printed: no space before a full stop. The inverse of `tokenize` on the course's worlds."""
    return _SPACE_AFTER.sub(r"\1", _SPACE_BEFORE.sub(r"\1", " ".join(words)))


class Vocabulary:
    """The words a model knows, numbered: four special tokens first (<pad> is 0), then words, most frequent first."""

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
            return [self.ids.get(word, 1) for word in words]
        return [self[word] for word in words]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Words for numbers, <pad>, <bos> and <eos> left out."""
        return [self.words[i] for i in ids if i not in (0, 2, 3)]


def to_rows(
    texts: Sequence[Sequence[str]], vocabulary: Vocabulary, length: int | None = None, marks=True, unknown="error"
) -> np.ndarray:
    """One text a row, <bos> … <eos>, padded with <pad> at the end: (B, longest + 2) or (B, length), int32.

    marks=False: without <bos> and <eos>. unknown: as in `Vocabulary.encode`.
    """
    rows = [vocabulary.encode(text, unknown) for text in texts]
    rows = [[2, *row, 3] for row in rows] if marks else rows
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


def story_batches(rows: np.ndarray, batch_size: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Endless shuffled batches of (inputs, targets), texts of like length together, so little time goes to padding.

    rows: (N, L) from `to_rows`. Each batch is cut to its longest text: (batch_size, T) twice.
    """
    lengths = (rows != 0).sum(axis=1)
    rng = np.random.default_rng(seed)
    while True:
        for chosen in like_batches(lengths, batch_size, rng):
            yield next_word_pairs(rows[chosen, : lengths[chosen].max()])


def like_batches(lengths, batch_size, rng):
    """Which texts are read together, once through all: like lengths, in random order."""
    if len(lengths) < batch_size:
        raise CourseError(f"a batch takes {batch_size} texts, there are only {len(lengths)}: use a smaller batch_size.")
    order, pool = rng.permutation(len(lengths)), batch_size * 50
    for start in range(0, len(order), pool):
        part = order[start : start + pool]
        part = part[np.argsort(lengths[part], kind="stable")]
        batches = [part[i : i + batch_size] for i in range(0, len(part) - batch_size + 1, batch_size)]
        for i in rng.permutation(len(batches)):
            yield batches[i]


def to_stream(texts: Iterable[Sequence[str]], vocabulary: Vocabulary) -> np.ndarray:
    """All texts on one long tape, <eos> before, between and behind them: (N,) ids, int32."""
    return np.array([3, *(i for text in texts for i in (*vocabulary.encode(text), 3))], np.int32)


def stream_batches(ids, batch_size, length):
    """Endless batches of (inputs, targets) from one long tape (N,), both (batch_size, length).

    The tape is cut into batch_size rows that are read side by side: row b of a batch goes on where row b of the batch
    before ended, so that a memory may be carried over. At the end of the rows all begin again.
    """
    row = (len(ids) - 1) // batch_size  # tokens in a row
    if row < length:
        raise CourseError(
            f"{batch_size} rows of {length} tokens and one to follow need a text of {batch_size * length + 1} tokens, "
            f"this one has {len(ids)}: use a longer text, fewer rows or shorter ones."
        )
    inputs = ids[: batch_size * row].reshape(batch_size, row)
    targets = ids[1 : batch_size * row + 1].reshape(batch_size, row)  # the same, one token on
    while True:
        for start in range(0, row - length + 1, length):
            yield inputs[:, start : start + length], targets[:, start : start + length]


def windows(rows: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Every place of every text with the `size` tokens before it: (N, size) and the token that follows (N,).

    What lies before a text is padded with <bos>.
    """
    before = np.concatenate([np.full((len(rows), size - 1), 2, rows.dtype), rows], axis=1)
    views = np.lib.stride_tricks.sliding_window_view(before, size, axis=1)[:, :-1]
    real = rows[:, 1:] != 0
    return views[real], rows[:, 1:][real]


def bags(rows: np.ndarray, vocabulary_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Every place of every text with how often each token came before it: (N, V) counts and the next token (N,)."""
    tokens, targets = next_word_pairs(rows)
    one_hot = np.eye(vocabulary_size, dtype=np.float32)[tokens]  # (B, T, V)
    real = targets != 0
    return one_hot.cumsum(axis=1)[real], targets[real]


def place_batches(rows: np.ndarray, batch_size: int, seed: int, view) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Endless shuffled batches of places for a network without a memory; `view` is windows or bags with its size.

    batch_size counts texts; a batch holds all their places.
    """
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(len(rows))
        for start in range(0, len(order) - batch_size + 1, batch_size):
            yield view(rows[order[start : start + batch_size]])


def pair_rows(pairs, source, target, unknown="error"):
    """Pairs of texts (lists of words) -> rows of the first (N, T) and of the second with <bos> and <eos> (N, J)."""
    first = to_rows([a for a, _ in pairs], source, marks=False, unknown=unknown)
    return first, to_rows([b for _, b in pairs], target, unknown=unknown)


def pair_batches(source, target, batch_size, seed):
    """Endless shuffled batches ((sentences, words before), words to say) of like length, from `pair_rows`.

    Each is cut to its longest: (batch_size, T), (batch_size, J), (batch_size, J).
    """
    lengths = np.stack([(source != 0).sum(axis=1), (target != 0).sum(axis=1)])
    rng = np.random.default_rng(seed)
    while True:
        for chosen in like_batches(lengths.sum(axis=0), batch_size, rng):
            T, J = lengths[:, chosen].max(axis=1)
            before, said = next_word_pairs(target[chosen, :J])
            yield (source[chosen, :T], before), said

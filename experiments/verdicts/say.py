"""What a trained committee says of sentences: word by word, and which words decided."""

import re
import sys

import numpy as np

from course_lib.errors import CourseError
from course_lib.text import to_rows, tokenize

LONGEST, DECIDING = 500, 3
_CLITICS = re.compile(r"(?<=\w)(n't|'(?:s|ve|re|ll|d|m))$")


def words_of(sentence: str) -> list[str]:
    """The words as SST-2 writes them: small letters, no hyphens, what is short for a word apart (does n't, it 's)."""
    words = []
    for word in tokenize(sentence.lower().replace("’", "'").replace("-", " ")):
        words += _CLITICS.sub(r" \1", word).split()
    return words


def readable(sentences: list[str], vocabulary) -> list[tuple[list[str], list[str]]]:
    """(words, those that are not known) of each sentence that can be read; of the others, one sentence says why not.

    CourseError if none can be.
    """
    found = []
    for number, sentence in enumerate(sentences, 1):
        words = words_of(sentence)
        unknown = [word for word in words if word not in vocabulary]
        if not words:
            print(f"sentence {number} has no word: left out.", file=sys.stderr)
        elif len(words) > LONGEST:
            print(f"sentence {number} has {len(words)} words, expected {LONGEST} at most: left out.", file=sys.stderr)
        elif len(unknown) == len(words):
            print(f"sentence {number} has no word that was in the training: left out.", file=sys.stderr)
        else:
            found.append((words, unknown))
    if not found:
        raise CourseError("no sentence is left to judge: expected some words that the committee has read.")
    return found


def say(model, vocabulary, sentences: list[str]) -> None:
    """Print, for each sentence, how probable a good verdict is after each word, and the words that decided."""
    from course_lib import explain, training

    for words, unknown in readable(sentences, vocabulary):
        row = to_rows([words], vocabulary, marks=False, unknown="replace")
        so_far = np.where(np.tri(len(words), dtype=bool), row, 0)  # a row for each beginning
        good = 1 / (1 + np.exp(-training.logits(model, so_far).astype(float)))
        print(f"{good[-1]:.2f}  {' '.join(f'{word}|{p:.2f}' for word, p in zip(words, good, strict=True))}")
        if unknown:
            print(f"      not known, read as <unk>: {' '.join(unknown)}")
        if len(words) > 1:
            without = explain.leave_one_out(model, row)[0]
            first = np.argsort(-np.abs(without))[:DECIDING]
            print(f"      decided: {', '.join(f'{words[i]} ({without[i]:+.2f} nats)' for i in first)}")

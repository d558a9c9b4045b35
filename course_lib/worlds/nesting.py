"""Nested text whose true state is known at every character: how many brackets are open, and whether a speech is.

The grammar is `nesting.toml`, beside this file. Characters, not words: a bracket is one, and so is a quotation mark.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course_lib.errors import CourseError
from course_lib.worlds.grammar import GrammarWorld

GRAMMAR_FILE = Path(__file__).with_name("nesting.toml")
NO_TEXT, NOTHING, BRACKET, SPEECH = range(4)  # what has to be closed next; NO_TEXT behind the end of a text


class State(NamedTuple):
    """What is open after each character of a text: depth (N,) brackets; speech (N,), 1 or 0."""

    depth: np.ndarray
    speech: np.ndarray


def state(text: str) -> State:
    """The true state of a text in which brackets match and straight quotation marks come in pairs.

    CourseError if brackets close before they open, or the text is empty.
    """
    characters = np.array(list(text))
    depth = np.cumsum(characters == "(") - np.cumsum(characters == ")")
    if len(text) == 0 or depth.min() < 0:
        raise CourseError(f"expected a text whose brackets close after they open, got {text!r}.")
    return State(depth, np.cumsum(characters == '"') % 2)


def closes_next(text: str) -> np.ndarray:
    """After each character, what has to be closed next, the last opened first: NOTHING, BRACKET or SPEECH. (N,)."""
    depth, speech = state(text)
    # A bracket may stand inside a speech, never a speech inside a bracket.
    return np.where(depth > 0, BRACKET, np.where(speech, SPEECH, NOTHING))


def render(words: Sequence[str]) -> str:
    """Words as they are printed: brackets and quotation marks cling to what they enclose."""
    text, clings, is_open = "", True, False
    for word in words:
        closes = word in (")", ".", ",") or (word == '"' and is_open)
        is_open ^= word == '"'
        text += word if clings or closes else " " + word
        clings = word == "(" or (word == '"' and is_open)
    return text


class NestingWorld:
    """Draws texts, and numbers their characters: 0 is no text, then the alphabet."""

    def __init__(self, grammar_file: Path = GRAMMAR_FILE):
        self.grammar = GrammarWorld.from_file(grammar_file)

    @cached_property
    def alphabet(self) -> str:
        """All characters that occur, in sorted order."""
        return "".join(sorted({" ", *"".join(self.grammar.words)}))

    def sample(self, count: int, seed: int, longest: int = 240) -> list[str]:
        """`count` texts of at most `longest` characters, drawn independently; longer ones are drawn again.

        CourseError if there are none so short.
        """
        texts, part = [], 0
        while len(texts) < count:
            drawn = [render(words) for words in self.grammar.sample(count, seed=seed + 1_000_003 * part)]
            texts += [text for text in drawn if len(text) <= longest]
            part += 1
            if part == 20 and not texts:
                raise CourseError(f"longest: no text of this world has {longest} characters or fewer.")
        return texts[:count]

    def encode(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Characters as numbers and what closes next, a text a row: (N, L) twice, int32, 0 behind a text's end.

        CourseError if a character is not of this world.
        """
        tokens = np.zeros((len(texts), max(map(len, texts))), np.int32)
        closing = np.full_like(tokens, NO_TEXT)
        for row, text in enumerate(texts):
            if unknown := sorted(set(text) - set(self.alphabet)):
                raise CourseError(f"{unknown[0]!r} is not a character of this world; there are: {self.alphabet}")
            tokens[row, : len(text)] = [1 + self.alphabet.index(character) for character in text]
            closing[row, : len(text)] = closes_next(text)
        return tokens, closing

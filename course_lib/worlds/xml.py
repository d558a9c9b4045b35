"""Well-nested tags with random names: `<abf><kd></kd></abf>`. What can be known about each next character is known.

After Jozefowicz, Zaremba & Sutskever 2015: at every turn, with probability 1/2, the tag opened last is
closed, or, if none is open, the text ends; otherwise a new one is opened. Two differences: a text has at least one tag,
and no blanks.
"""

import random

import numpy as np

from course_lib.errors import CourseError
from course_lib.worlds.rows import pack

LETTERS = "abcdefghijklmnopqrstuvwxyz"
ALPHABET = LETTERS + "</>."  # a full stop ends a text; their numbers are 1 to 30, and 0 is no text
IDS = {character: i for i, character in enumerate(ALPHABET, 1)}


class XmlWorld:
    """Draws texts, and gives the true probabilities of every character."""

    def __init__(self, shortest: int = 2, longest: int = 10, turns: int = 50, close: float = 0.5):
        """A name has `shortest` to `longest` letters, each length equally often; after `turns` turns no tag is opened.

        close: the probability to close a tag rather than to open one. CourseError if one is out of range.
        """
        if not 1 <= shortest <= longest:
            raise CourseError(f"expected 1 <= shortest <= longest, got {shortest} and {longest}.")
        if turns < 1 or not 0 < close <= 1:
            raise CourseError(f"expected turns >= 1 and 0 < close <= 1, got {turns} and {close}.")
        self.shortest, self.longest, self.turns, self.close = shortest, longest, turns, close

    def sample(self, count: int, seed: int) -> list[str]:
        """`count` texts, drawn independently. The same seed gives the same texts."""
        rng = random.Random(seed)
        return [self._text(rng) for _ in range(count)]

    def _text(self, rng):
        open_tags, text, turn = [], "", 0
        while True:
            if turn and (turn >= self.turns or rng.random() < self.close):
                if not open_tags:
                    return text + "."
                text += f"</{open_tags.pop()}>"
            else:
                size = rng.randint(self.shortest, self.longest)
                open_tags.append("".join(rng.choices(LETTERS, k=size)))
                text += f"<{open_tags[-1]}>"
            turn += 1

    def next_probabilities(self, text: str) -> np.ndarray:
        """p of every character at every place of texts one behind the other: (N, 30), columns as in ALPHABET.

        The knowledge of whoever knows the rules: which tags are open, how long names are, how many turns are left. The
        last text may be cut off. CourseError for what cannot be said.
        """
        p = np.zeros((len(text), len(ALPHABET)))
        open_tags, turn, name, inside, closing = [], 0, "", False, ""
        for place, character in enumerate(text):
            column, close = p[place], self.close if turn < self.turns else 1.0
            if closing:  # a name that is known
                column[IDS[closing[0]] - 1] = 1.0
            elif not inside:  # between tags
                ends = close if turn and not open_tags else 0.0
                column[[IDS["."] - 1, IDS["<"] - 1]] = ends, 1 - ends
            else:  # behind < and the letters of `name`
                if not name:
                    stops = close if open_tags else 0.0
                    column[IDS["/"] - 1] = stops
                else:
                    stops = 1 / (self.longest - len(name) + 1) if len(name) >= self.shortest else 0.0
                    column[IDS[">"] - 1] = stops
                column[:26] = (1 - stops) / 26
            if character not in IDS or not column[IDS[character] - 1]:
                raise CourseError(f"{text!r} cannot be said here: its character number {place} is {character!r}.")
            if closing:
                closing = closing[1:]
                turn += not closing
            elif character == "<":
                inside = True
            elif character == "/":
                inside, closing = False, open_tags.pop() + ">"
            elif character == ">":
                open_tags.append(name)
                name, inside, turn = "", False, turn + 1
            elif character == ".":
                turn = 0
            else:
                name += character
        return p

    def rows(self, texts: list[str], length: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets (N, length), int32: texts one behind the other, as `pack` puts them.

        A full stop is read before each row, so that its first character is a target, too.
        """
        tokens = np.array([[IDS[c] for c in "." + row] for row in pack(texts, length)], np.int32)
        return tokens[:, :-1], tokens[:, 1:]

    def best_scores(self, texts: list[str], length: int) -> tuple[float, float]:
        """On the rows of these texts: expected share right of the best predictor, and the entropy in nats a character.

        Both are means over characters of what can be known before each, so no predictor does better in the long run.
        """
        p = np.concatenate([self.next_probabilities(row) for row in pack(texts, length)])
        nats = -np.sum(p * np.log(np.where(p > 0, p, 1.0)), axis=1)
        return float(p.max(axis=1).mean()), float(nats.mean())

"""Well-nested tags with random names: `<abf><kd></kd></abf>`. What can be known about each next character is known.

After Jozefowicz, Zaremba & Sutskever 2015: at every turn, with probability 1/2, the tag opened last is
closed, or, if none is open, the text ends; otherwise a new one is opened. Two differences: a text has at least one tag,
and no blanks.
"""

import numpy as np

from course_lib.errors import CourseError

LETTERS = "abcdefghijklmnopqrstuvwxyz"
ALPHABET = LETTERS + "</>."  # a full stop ends a text; their numbers are 1 to 30, and 0 is no text
IDS = {character: i for i, character in enumerate(ALPHABET, 1)}


class XmlWorld:
    """Draws texts, and gives the true probabilities of every character."""

    def __init__(self, shortest: int = 2, longest: int = 10, turns: int = 50, close: float = 0.5):
        """A name has `shortest` to `longest` letters, each length equally often; after `turns` turns no tag is opened.

        close: the probability to close a tag rather than to open one.
        """
        if not 1 <= shortest <= longest:
            raise CourseError(f"expected 1 <= shortest <= longest, got {shortest} and {longest}.")
        if turns < 1 or not 0 < close <= 1:
            raise CourseError(f"expected turns >= 1 and 0 < close <= 1, got {turns} and {close}.")
        self.shortest, self.longest, self.turns, self.close = shortest, longest, turns, close

    def sample(self, count: int, seed: int) -> list[str]:
        """`count` texts, drawn independently. The same seed gives the same texts."""
        rng = np.random.default_rng(seed)
        return [self._text(rng) for _ in range(count)]

    def _text(self, rng):
        open_tags, text, turn = [], "", 0
        while not text or open_tags or (turn < self.turns and rng.random() >= self.close):
            if text and open_tags and (turn >= self.turns or rng.random() < self.close):
                text += f"</{open_tags.pop()}>"
            else:
                size = rng.integers(self.shortest, self.longest + 1)
                open_tags.append("".join(rng.choice(list(LETTERS), size=size)))
                text += f"<{open_tags[-1]}>"
            turn += 1
        return text + "."

    def next_probabilities(self, text: str) -> np.ndarray:
        """p of every character at every place of a text that can be said: (N, 30), columns as in ALPHABET.

        The knowledge of whoever knows the rules: which tags are open, how long names are, how many turns are left.
        CourseError for a text that cannot be said.
        """
        p = np.zeros((len(text), len(ALPHABET)))
        open_tags, turn, name, closing = [], 0, None, None
        for place, character in enumerate(text):
            column = p[place]
            if name is None and closing is None:  # between tags
                ends = 0.0 if place == 0 or open_tags else (self.close if turn < self.turns else 1.0)
                column[[IDS["."] - 1, IDS["<"] - 1]] = ends, 1 - ends
            elif closing is not None:  # a name that is known
                column[IDS[closing[0]] - 1] = 1.0
            elif name == "":  # behind <
                stops = 0.0 if not open_tags else (self.close if turn < self.turns else 1.0)
                column[:26] = (1 - stops) / 26
                column[IDS["/"] - 1] = stops
            else:
                least = max(len(name), self.shortest)
                stops = 1 / (self.longest - least + 1) if len(name) >= self.shortest else 0.0
                column[:26] = (1 - stops) / 26
                column[IDS[">"] - 1] = stops
            if character not in IDS or not column[IDS[character] - 1]:
                raise CourseError(f"{text!r} cannot be said here: its character number {place} is {character!r}.")
            if closing is not None:
                closing = closing[1:] or None
                turn += closing is None
            elif name is None:
                name = "" if character == "<" else None
            elif character == "/":
                name, closing = None, open_tags.pop() + ">"
            elif character == ">":
                open_tags.append(name)
                name, turn = None, turn + 1
            else:
                name += character
        return p

    def rows(self, texts: list[str], length: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets (N, length), int32, of texts cut off at `length` + 1 characters, filled up with 0.

        A full stop is read before each text, so that its first character is a target, too.
        """
        tokens = np.zeros((len(texts), length + 1), np.int32)
        for row, text in zip(tokens, texts, strict=True):
            said = ("." + text)[: length + 1]
            row[: len(said)] = [IDS[c] for c in said]
        return tokens[:, :-1], tokens[:, 1:]

    def best_scores(self, texts: list[str], length: int | None = None) -> tuple[float, float]:
        """On these texts, cut off as in `rows`: expected share right of the best predictor, and the entropy in nats.

        Both are means over characters of what can be known before each, so no predictor does better in the long run.
        """
        p = np.concatenate([self.next_probabilities(text)[:length] for text in texts])
        nats = -np.sum(p * np.log(np.where(p > 0, p, 1.0)), axis=1)
        return float(p.max(axis=1).mean()), float(nats.mean())

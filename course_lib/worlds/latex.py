"""Small mathematical texts in LaTeX from an editable grammar, and the questions that can be asked of any text.

Do its brackets close, do its environments, and does every reference lead to a label? No text is ever set. The grammar
is `latex.toml`, beside this file, made of the same words as that of the programs: names are given and asked for.
"""

import re
from pathlib import Path

from course_lib.worlds.programs import Draw, ProgramWorld

_BRACKETS = re.compile(r"\\.|[{}()\[\]$]", re.DOTALL)  # behind a backslash, a bracket is a printed sign or a command
_ENVIRONMENTS = re.compile(r"\\(begin|end)(?![A-Za-z])(?:\{([^{}\n]*)\})?")
_REFERENCES = re.compile(r"\\(label|ref)\{([^{}\n]*)\}")
_OPENING = {")": "(", "]": "[", "}": "{"}


class LatexWorld(ProgramWorld):
    """Draws texts, each with log p of how it was made."""

    file = Path(__file__).with_name("latex.toml")

    def _begin(self, rng):
        return _Page(self, rng)


class _Page(Draw):
    """One text while it is written: other spaces than in a program."""

    def _print(self, word, is_name=False):
        glued = self.glued or word[0] in "}).,^_" or word == "$>"
        self.line += ("" if glued else " ") + ("$" if word in ("<$", "$>") else word)
        self.glued = word[-1] in "{(^_" or word == "<$"


def brackets_close(text: str) -> bool:
    """Whether a text has brackets or $, and each is closed by its own kind, the last opened first."""
    found, is_open = _BRACKETS.findall(text), []
    found = [sign for sign in found if sign[0] != "\\"]
    for sign in found:
        if sign in _OPENING or (sign == "$" and is_open[-1:] == ["$"]):
            if is_open[-1:] != [_OPENING.get(sign, "$")]:
                return False
            is_open.pop()
        else:
            is_open.append(sign)
    return bool(found) and not is_open


def environments_close(text: str) -> bool:
    r"""Whether a text has environments, and every \begin{name} has its \end{name}, the last begun first."""
    found, is_open = _ENVIRONMENTS.findall(text), []
    for what, name in found:
        if what == "begin" and name:
            is_open.append(name)
        elif not name or not is_open or is_open.pop() != name:
            return False
    return bool(found) and not is_open


def references(text: str) -> list[str]:
    r"""The names that a text refers to with \ref{name}, in order."""
    return [name for what, name in _REFERENCES.findall(text) if what == "ref"]


def lost_references(text: str) -> list[str]:
    r"""Those of them that no \label{name} of the text has given, before or behind."""
    labels = {name for what, name in _REFERENCES.findall(text) if what == "label"}
    return [name for name in references(text) if name not in labels]

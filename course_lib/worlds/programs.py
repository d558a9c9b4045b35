"""Small Python programs from an editable grammar, and the questions that can be asked of any text.

Does it parse, and does it use a name that is not defined? No program is ever run. The grammar is `programs.toml`,
beside this file. Unlike the language world's, its rules may nest in the middle and names must be remembered, so there
is no automaton; what is known is the probability of every program drawn.
"""

import ast
import math
import random
import re
import warnings
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from course_lib.errors import CourseError
from course_lib.worlds.grammar import Grammar, GrammarError, Terminal

GRAMMAR_FILE = Path(__file__).with_name("programs.toml")
INDENT = "    "
USES = ("new", "local", "old")


class Program(NamedTuple):
    """A program and log p of how it was made, in nats; its own log p if the grammar makes it in one way only."""

    text: str
    log_p: float


class ProgramWorld:
    """Draws programs."""

    file = GRAMMAR_FILE

    def __init__(self, grammar: str | None = None):
        """grammar: TOML as in programs.toml, which is taken if it is left out."""
        self.grammar = Grammar(self.file.read_text(encoding="utf-8") if grammar is None else grammar)

    def sample(self, count: int, seed: int) -> list[Program]:
        """`count` programs, drawn independently. The same seed gives the same programs."""
        rng = random.Random(seed)
        return [self._begin(rng).program() for _ in range(count)]

    def _begin(self, rng):
        return Draw(self, rng)

    @cache  # noqa: B019 - a world lives as long as its cache
    def _choices(self, symbol, available):
        """The alternatives of a rule that can be said now: (bodies, their log p, cumulative weights)."""
        found = [(p, body) for p, body in self.grammar.expand(symbol) if self._can_be_said(body, available)]
        if not found:
            raise GrammarError(
                f"rule {symbol}: every alternative asks for a name, and none is there. Add one that does not."
            )
        total = math.fsum(p for p, _ in found)
        return [b for _, b in found], [math.log(p / total) for p, _ in found], list(accumulate(p for p, _ in found))

    def _can_be_said(self, body, available):
        """Whether every name a body asks for is there, or is defined by a line of the body before it."""
        there, line = set(available), set()
        for item in body:
            if not isinstance(item, Terminal):
                continue
            if name := self._name(item.word):
                if name not in there:
                    return False
                line |= {("old", name[1])} if name[0] != "old" else set()
            elif item.word in ("<line>", "<indent>"):
                there |= line
        return True

    @cache  # noqa: B019
    def _name(self, word):
        """('new' | 'local' | 'old', set) of a word such as <old:number>, else None."""
        if (inside := re.search(r"<\w+(:\w+)?>", word)) and inside[0] != word:
            raise GrammarError(f"{word}: {inside[0]} is a word by itself; put a space before and behind it.")
        use, _, members = word.strip("<>").partition(":")
        if not (word.startswith("<") and word.endswith(">") and use in USES):
            return None
        if members not in self.grammar.sets:
            raise GrammarError(f"{word}: there is no set {members!r}. The grammar has {', '.join(self.grammar.sets)}.")
        return use, members


class Draw:
    """One program while it is written: its lines, and which names are defined in which block."""

    def __init__(self, world: ProgramWorld, rng: random.Random):
        self.world, self.rng, self.log_p = world, rng, 0.0
        self.blocks, self.pending = [[]], []  # (set, name) of each open block; (use, set, name) of this line
        self.lines, self.line, self.glued, self.after_name = [], "", True, False
        self._look_around()

    def program(self) -> Program:
        """Write it whole. GrammarError if the grammar cannot be carried out."""
        stack, steps = [self.world.grammar.start], 0
        while stack:
            item = stack.pop()
            if isinstance(item, Terminal):
                self._say(item.word)
                continue
            bodies, log_p, cumulative = self.world._choices(item, self.available)
            chosen = self.rng.choices(range(len(bodies)), cum_weights=cumulative)[0]
            self.log_p += log_p[chosen]
            stack += reversed(bodies[chosen])
            steps += 1
            if steps > 10_000:
                raise GrammarError(
                    f"rule {item} comes back to itself without an end: count down, as STATEMENT[2] does."
                )
        if self.line or len(self.blocks) > 1:
            raise GrammarError("a program ended inside a line or a block: <line> ends a line, <dedent> each <indent>.")
        return Program("\n".join(self.lines) + "\n", self.log_p)

    def _names(self, use, members) -> list[str]:
        """The names of a set that are defined here ("old"), or that are not in use ("new", "local")."""
        if use == "old":
            return [name for block in self.blocks for kind, name in block if kind == members]
        taken = {name for block in self.blocks for _, name in block} | {name for *_, name in self.pending}
        return [name for name in self.world.grammar.sets[members] if name not in taken]

    def _look_around(self):
        """Which uses of which sets can be said now: kept, since it changes only when names do."""
        self.available = frozenset((u, m) for m in self.world.grammar.sets for u in USES if self._names(u, m))

    def _say(self, word):
        if word == "<line>":
            self._end_line("line")
        elif word == "<indent>":
            self._end_line("indent")
        elif word == "<dedent>":
            if self.line or len(self.blocks) == 1:
                raise GrammarError("<dedent> ends a block: it comes behind a <line>, once for each <indent>.")
            self.blocks.pop()
            self._look_around()
        elif name := self.world._name(word):
            self._print(self._draw_name(*name), is_name=True)
        else:
            self._print(word)

    def _draw_name(self, use, members):
        names = self._names(use, members)
        if not names:
            raise GrammarError(
                f"<{use}:{members}>: there is no name left in [sets.{members}]. Add names there, or ask for fewer."
            )
        name = self.rng.choice(names)
        self.log_p -= math.log(len(names))
        if use != "old":
            self.pending.append((use, members, name))
            self._look_around()
        return name

    def _end_line(self, how):
        self.lines.append(INDENT * (len(self.blocks) - 1) + self.line)
        self.blocks[-1] += [(kind, name) for use, kind, name in self.pending if use == "new"]
        if how == "indent":
            self.blocks.append([(kind, name) for use, kind, name in self.pending if use == "local"])
        self.pending, self.line, self.glued = [], "", True
        self._look_around()

    def _print(self, word, is_name=False):
        glued = self.glued or word[0] in ")],:." or (word in "([" and self.after_name)
        self.line += word if glued else " " + word
        self.glued, self.after_name = word[-1] in "([", is_name


def parses(text: str) -> bool:
    """Whether a text is a Python program of one line or more, as far as `ast.parse` can tell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as: 3 (x) is an odd thing to call
        try:
            return bool(ast.parse(text).body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False


def undefined_names(text: str) -> list[str]:
    """Names a program that parses uses without having defined them, in order; found by pyflakes, not by running it.

    CourseError if it does not parse.
    """
    from pyflakes import checker, messages

    if not parses(text):
        raise CourseError("expected a program that parses, got one that does not: ask `parses` first.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = checker.Checker(ast.parse(text)).messages
    undefined = (messages.UndefinedName, messages.UndefinedLocal)
    return [message.message_args[0] for message in found if isinstance(message, undefined)]

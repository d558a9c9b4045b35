"""The frame of every command line: options, and one sentence for a user's mistake or for Ctrl-C.

    def main(arguments=None) -> int:
        line = CommandLine(__doc__, train)       # train(recipe, out, restart): typed values, never a namespace
        line.recipe(Recipe)                      # --set NAME=VALUE and --seed
        line.out()
        line.restart()
        return line.run(arguments)

Each gives the line back: `main = CommandLine(__doc__, fills).results(TABLE).run`.
A command with commands of its own: `train = line.command("train", does)` for each, and the same methods on it.
"""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from course_lib.errors import CourseError
from experiments.common.recipe import read_recipe

STOPPED = "stopped; what has been saved is kept: give the same command to go on."


class CommandLine:
    """A command: the parser is made of a module's docstring, which has to say `python -m MODULE`.

    does: what it does, called with a keyword argument for each option; what it returns is not looked at.
    """

    def __init__(self, doc: str, does: Callable | None = None):
        (prog, *_) = re.findall(r"python -m [\w.]+", doc)
        self._parser = argparse.ArgumentParser(prog, description=doc, formatter_class=_Help)
        self._parser.set_defaults(_does=does)
        self._commands: Any = None

    def command(self, name: str, does: Callable) -> "CommandLine":
        """A command below this one."""
        if self._commands is None:
            self._commands = self._parser.add_subparsers(required=True, metavar="COMMAND")
        result = CommandLine.__new__(CommandLine)
        result._parser, result._commands = self._commands.add_parser(name, formatter_class=_Help), None
        result._parser.set_defaults(_does=does)
        return result

    def option(self, *flags: str, **settings: Any) -> Self:
        """One option more, as argparse's `add_argument`."""
        self._parser.add_argument(*flags, **settings)
        return self

    def recipe(self, recipe: type, read: Callable[..., Any] = read_recipe, **options: str) -> Self:
        """`--set NAME=VALUE`, `--seed`, and `options` of its other fields, each with its help -> recipe, an instance.

        read(recipe, ["NAME=VALUE", …], seed=…, …) makes and checks it.
        """
        self.option("--set", action="append", default=[], metavar="NAME=VALUE", dest="settings", help="another setting")
        self.option("--seed", type=int, default=0)
        for name, told in options.items():
            self.option(f"--{name}", default=getattr(recipe, name), help=told)
        self._parser.set_defaults(_recipe=(recipe, read, ("seed", *options)))
        return self

    def out(self, default: Path | None = None, help: str = "the folder of the run") -> Self:
        """`--out FOLDER` -> out: Path, or None."""
        return self.option("--out", type=Path, default=default, metavar="FOLDER", help=help)

    def results(self, default: Path | None = None, help: str = "the table to write") -> Self:
        """`--results PATH` -> results: Path, or None."""
        return self.option("--results", type=Path, default=default, metavar="PATH", help=help)

    def restart(self) -> Self:
        """`--restart` -> restart: bool."""
        return self.option("--restart", action="store_true", help="begin anew, whatever is in the folder")

    def run(self, arguments: Sequence[str] | None = None) -> int:
        """Do it: 0, or 1 with one sentence on standard error."""
        given = vars(self._parser.parse_args(arguments))
        does, made_of = given.pop("_does"), given.pop("_recipe", None)
        try:
            if made_of:
                recipe, read, names = made_of
                given["recipe"] = read(recipe, given.pop("settings"), **{name: given.pop(name) for name in names})
            does(**given)
        except CourseError as error:
            print(error, file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print(STOPPED, file=sys.stderr)
            return 1
        return 0


def check_counts(**numbers: int | None) -> None:
    """CourseError if the number that an option was given is less than 1; None: it was not given."""
    for name, number in numbers.items():
        if number is not None and number < 1:
            raise CourseError(f"--{name} is {number}: expected 1 or more.")


class _Help(argparse.RawDescriptionHelpFormatter):
    """The docstring as it stands, and every option's default."""

    def _get_help_string(self, action):
        told = action.help or ""
        shown = action.default not in (None, False, [], argparse.SUPPRESS) and "default" not in told
        return f"{told} (default: %(default)s)".strip() if shown else told

"""The frame of all commands: help, typed values, settings of a recipe, one sentence for what is wrong."""

import importlib
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from course_lib.errors import CourseError
from experiments.common import runs
from experiments.common.command_line import STOPPED, CommandLine
from experiments.common.recipe import from_zero, one_of, read_settings, setting, share

ROOT = Path(__file__).parents[1]
EXPERIMENTS = sorted(path.stem for path in (ROOT / "experiments").glob("[!_]*.py"))


@dataclass(frozen=True)
class Recipe:
    units: int = 8
    rate: float = 0.1
    cell: str = "lstm"
    dropout: float = share(0.2)
    weight: float = from_zero(0.0)
    score: str = one_of("dot", ["dot", "additive"])
    warm_up: float = setting(0.1, lambda v: 0 < v < 1, "a share of all steps")
    seed: int = 0


def command(does):
    line = CommandLine("Do it.\n\n    python -m experiments.it --set units=3    takes 90 % of a minute", does)
    line.recipe(Recipe)
    line.out(Path("here"))
    line.results()
    line.restart()
    return line.run


def test_values_have_their_types():
    found = {}
    run = command(lambda **given: found.update(given))
    assert run(["--set", "units=3", "--set", "cell=gru", "--seed", "7", "--out", "x"]) == 0
    assert found == {"recipe": Recipe(units=3, cell="gru", seed=7), "out": Path("x"), "results": None, "restart": False}


@pytest.mark.parametrize(
    ("pair", "sentence"),
    [
        ("units=0", "--set units=0: expected more than 0."),
        ("rate=-1", "--set rate=-1.0: expected more than 0."),
        ("rate=nan", "--set rate=nan: expected more than 0."),
        ("rate=inf", "--set rate=inf: expected more than 0."),
        ("dropout=1", "--set dropout=1.0: expected 0 or more, and less than 1."),
        ("weight=-0.1", "--set weight=-0.1: expected 0 or more."),
        ("score=best", "--set score=best: expected one of dot, additive."),
        ("warm_up=1", "--set warm_up=1.0: expected a share of all steps."),
        ("units=many", "--set units=many: expected NAME=VALUE with a number and one of the names units, rate, cell"),
        ("size=3", "--set size=3: expected NAME=VALUE"),
        ("seed=3", "--set seed=3: expected NAME=VALUE"),
        ("units", "--set units: expected NAME=VALUE"),
    ],
)
def test_a_setting_that_cannot_be(capsys, pair, sentence):
    assert command(lambda **given: pytest.fail("it was begun"))(["--set", pair]) == 1
    error = capsys.readouterr().err
    assert error.startswith(sentence) and len(error.splitlines()) == 1


def test_what_may_be_zero():
    assert read_settings(Recipe, ["dropout=0", "weight=0"]) == {"dropout": 0.0, "weight": 0.0}
    assert command(lambda **given: None)(["--set", "dropout=0", "--set", "weight=0"]) == 0


def test_a_mistake_and_ctrl_c_are_one_sentence(capsys):
    def mistake(**given):
        raise CourseError("That is wrong.")

    def stop(**given):
        raise KeyboardInterrupt

    assert command(mistake)([]) == 1
    assert command(stop)([]) == 1
    assert capsys.readouterr().err == f"That is wrong.\n{STOPPED}\n"


def test_commands_of_a_command(capsys):
    done = []
    line = CommandLine("Do.\n\n    python -m experiments.it say")
    say = line.command("say", lambda words: done.append(words))
    say.option("words", nargs="+")
    line.command("train", lambda recipe: done.append(recipe)).recipe(Recipe)
    assert line.run(["say", "a", "b"]) == 0
    assert line.run(["train", "--set=units=2"]) == 0
    assert done == [["a", "b"], Recipe(units=2)]
    for arguments in ([], ["sing"]):
        with pytest.raises(SystemExit):
            line.run(arguments)
        assert "python -m experiments.it" in capsys.readouterr().err


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_shows_help_and_begins_nothing(name, capsys):
    module = importlib.import_module(f"experiments.{name}")
    with pytest.raises(SystemExit) as ended:
        module.main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith(f"usage: python -m experiments.{name} ")
    assert module.__doc__.splitlines()[0] in said


TABLES = ["align", "captions", "cell_zoo", "characters", "lag", "look", "next_word"]


@pytest.mark.stored
@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_is_complete_is_said_and_stays(name, capsys, monkeypatch):
    monkeypatch.setattr(runs, "in_processes", lambda *_: pytest.fail("a run was begun"))
    stored = {path: path.read_bytes() for path in (ROOT / "experiments" / "results").iterdir()}
    assert importlib.import_module(f"experiments.{name}").main([]) == 0
    said = capsys.readouterr().out.splitlines()
    assert all("runs are in there. To make them again, move the file away." in line for line in said) and said
    assert {path: path.read_bytes() for path in (ROOT / "experiments" / "results").iterdir()} == stored


@pytest.mark.parametrize(("name", "option"), [("next_word", "seeds"), ("lag", "seeds"), ("lag", "lags")])
def test_a_number_of_runs_that_cannot_be(name, option, capsys):
    assert importlib.import_module(f"experiments.{name}").main([f"--{option}", "0"]) == 1
    assert capsys.readouterr().err == f"--{option} is 0: expected 1 or more.\n"


# -- every command of the tree: help first -----------------------------------------------------------------------------

MODULES = ["course_lib", "tools/set_up.py"]
for _folder in ("experiments", "benchmarks", "tools"):
    MODULES += [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted((ROOT / _folder).rglob("*.py"))
        if '__name__ == "__main__"' in path.read_text(encoding="utf-8") and path.stem != "set_up"
    ]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [(module,) for module in MODULES]
COMMANDS += sorted(set(re.findall(r"python -m (\S+) (train|judge|caption|say|file|doctor|data|fetch)\b", README)))
COMMANDS += [("experiments.flickr8k", "judge"), ("experiments.translate", "file")]
# Runs a command as `python -m` does, and tells what of heavy modules, tables and processes it used.
WATCHED = """
import atexit, os, runpy, sys
touched = set()
def watch(event, given):
    name = str(given[0]) if given else ""
    if event == "open" and (name.endswith((".csv", ".ipynb", ".npz", ".h5")) or set(str(given[1])) & set("wax+")):
        touched.add(name)
    if event in ("subprocess.Popen", "os.mkdir", "os.remove", "os.rename"):
        touched.add(event)
def tell():
    heavy = {"tensorflow", "keras", "matplotlib", "scipy", "jsonschema", "pandas"} & set(sys.modules)
    print("TOUCHED", *sorted(touched | heavy), file=sys.stderr)
atexit.register(tell)
module, *sys.argv[1:] = sys.argv[1:]
sys.addaudithook(watch)
runpy.run_path(module, run_name="__main__") if module.endswith(".py") else runpy.run_module(module, run_name="__main__")
"""


def watched(*command):
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT)}
    environment |= {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}  # a pipe that knows no letter but these
    return subprocess.run(
        [sys.executable, "-c", WATCHED, *command], capture_output=True, encoding="utf-8", cwd=ROOT, env=environment
    )


def test_commands_are_found():
    assert {"course_lib", "tools.lab", "tools.test", "experiments.flickr8k", "benchmarks.vision"} <= set(MODULES)
    assert set(re.findall(r"python -m ([\w.]+)", README)) <= set(MODULES)
    assert ("experiments.translate", "say") in COMMANDS and ("course_lib", "fetch") in COMMANDS


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_comes_first_and_nothing_else(command):
    done = watched(*command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("usage: python " + ("-m " if "/" not in command[0] else "") + " ".join(command) + " ")
    assert done.stderr == "TOUCHED\n"


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if c != ("tools.lab",)], ids=" ".join
)  # lab's go to JupyterLab
def test_an_unknown_option_is_one_sentence(command):
    done = watched(*command, "--nonsense=1")
    assert done.returncode == 2 and done.stdout == ""
    *usage, sentence, touched = done.stderr.splitlines()
    assert usage[0].startswith("usage: ") and ": error: " in sentence
    assert touched == "TOUCHED"

"""The frame of all commands: help, typed values, settings of a recipe, one sentence for what is wrong."""

import importlib
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


def test_help_needs_no_tensorflow():
    code = "import sys; sys.argv[1:] = ['--help']\nimport atexit, runpy\n"
    code += "atexit.register(lambda: print('tensorflow' in sys.modules))\n"
    code += "runpy.run_module('experiments.captions', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "False"

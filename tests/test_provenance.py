"""What made a table: told by the code that writes it, of so many rows, by digests that only what matters changes."""

import datetime
import sys
from functools import partial
from types import SimpleNamespace

import pytest

from course_lib import machine, results, tables
from course_lib.worlds.lag import Recall
from experiments import cell_zoo, lag
from experiments.common import provenance


@pytest.fixture
def write(tmp_path, monkeypatch):
    """(numbers of rows, what the code is, the command) -> what is recorded of the table then."""
    table = tmp_path / "t.csv"

    def write(numbers, code, command="python -m it", whole=False):
        monkeypatch.setattr(provenance, "code", lambda _: code)
        monkeypatch.setattr(provenance, "command", lambda: command)
        rows = [{"number": number, "value": code} for number in numbers]
        tables.write(table, rows) if whole else tables.upsert(table, rows, ["number"])
        provenance.record(table, "it:run", len(rows))
        lines = provenance.lines_of(table)
        assert all(line["table"] == "t.csv" and line["processor"] == machine.processor() for line in lines)
        assert {line["date"] for line in lines} == {f"{datetime.date.today()}"}
        return [(line["command"].split()[-1], line["code"], int(line["rows"])) for line in lines]

    return write


def test_rows_are_counted_by_their_code(write):
    assert write([1], "a") == [("it", "a", 1)]
    assert write([2, 3], "a") == [("it", "a", 3)]
    assert write([4], "b") == [("it", "a", 3), ("it", "b", 1)]
    assert write([5], "a") == [("it", "b", 1), ("it", "a", 4)]


def test_of_rows_that_are_written_over_no_more_is_said(write):
    assert write([1, 2], "a", "it --seed=0") == [("--seed=0", "a", 2)]
    assert write([3, 4], "a", "it --seed=1") == [("--seed=0", "a", 2), ("--seed=1", "a", 2)]
    assert write([3, 4], "b", "it --seed=1") == [("--seed=0", "a", 2), ("--seed=1", "b", 2)]
    assert write([3, 4], "b", "it --seed=1") == [("--seed=0", "a", 2), ("--seed=1", "b", 2)]
    assert write([1, 2, 3], "c", "all", whole=True) == [("all", "c", 3)]


def test_rows_that_stood_there_before_are_not_made_again(tmp_path, monkeypatch):
    for code, value in (("a", 1), ("b", 1), ("c", 2)):
        monkeypatch.setattr(provenance, "code", lambda _, code=code: code)
        provenance.store(tmp_path / "t.csv", [{"number": 1, "value": value}], ["number"], "it:run")
        (line,) = provenance.lines_of(tmp_path / "t.csv")
        assert (line["code"], line["rows"]) == ("c" if value == 2 else "a", "1")


def test_other_tables_stay(write, tmp_path):
    write([1], "a")
    tables.write(tmp_path / "u.csv", [{"number": 1}])
    provenance.record(tmp_path / "u.csv", "it:run", 1)
    assert [line["table"] for line in tables.read_rows(tmp_path / "provenance.csv")] == ["t.csv", "u.csv"]
    assert write([2], "a") == [("it", "a", 2)]
    assert len(provenance.lines_of(tmp_path / "u.csv")) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--seed", "3"], "--seed 3"),
        (["--models", "LSTM, b = 2", "--results=/srv/me/my runs/lag.csv"], "--models 'LSTM, b = 2' --results=lag.csv"),
        (["--out", r"C:\me\runs"], "--out runs"),
    ],
)
def test_a_command_is_told_without_the_folders_of_this_machine(monkeypatch, arguments, said):
    monkeypatch.setitem(sys.modules, "__main__", SimpleNamespace(__spec__=SimpleNamespace(name="experiments.lag")))
    monkeypatch.setattr(sys, "argv", ["/srv/me/experiments/lag.py", *arguments])
    assert provenance.command() == f"python -m experiments.lag {said}"


def test_a_function_has_its_module_s_name_also_where_that_is_the_program(monkeypatch):
    assert provenance.name_of(lag.run) == "experiments.lag:run"
    assert provenance.name_of(partial(cell_zoo.run, validate=True)) == "experiments.cell_zoo:run"
    monkeypatch.setitem(sys.modules, "__main__", SimpleNamespace(__spec__=SimpleNamespace(name="experiments.lag")))
    program = SimpleNamespace(__module__="__main__", __name__="run")
    assert provenance.name_of(program) == "experiments.lag:run"
    monkeypatch.setitem(sys.modules, "__main__", SimpleNamespace(__spec__=None))
    monkeypatch.setattr(sys, "argv", ["/srv/me/squares.py"])
    assert provenance.name_of(program) == "squares:run"


def test_a_digest_is_of_what_can_change_a_row(tmp_path):
    def code(*change):
        provenance.code.cache_clear()
        for name, content in {**files, **dict(change)}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content, encoding="utf-8")
        return provenance.code("experiments.it:run", tmp_path)

    files = {
        "experiments/__init__.py": "",
        "experiments/it.py": (
            'from course_lib import some\n\nTABLE, KEYS = "it.csv", [1]\n\n\ndef run(key):\n    """A row."""\n'
            '    return some.used(key, "words.txt", "it.csv")\n\n\ndef main():\n    return run(KEYS[0])\n'
        ),
        "course_lib/__init__.py": "",
        "course_lib/some.py": "def used(*given):\n    return given\n\n\ndef unused():\n    return 1\n",
        "data/words.txt": "a b",
        "experiments/results/it.csv": "a,b\n",
    }
    it, some, before = files["experiments/it.py"], files["course_lib/some.py"], code()
    for name, same in {
        "experiments/it.py": it.replace("A row.", "One row of the table.").replace("[1]", "[1, 2]"),
        "course_lib/some.py": some.replace("return 1", "return 2"),
        "experiments/results/it.csv": "a,b\n1,2\n",
    }.items():
        assert code((name, same)) == before, name
    for name, other in {
        "experiments/it.py": it.replace("(key, ", "(key + 1, "),
        "course_lib/some.py": some.replace("return given", "return given[1:]"),
        "data/words.txt": "a b c",
    }.items():
        assert code((name, other)) != before, name
    provenance.code.cache_clear()


def test_a_digest_reaches_the_worlds_and_their_files():
    from tools.dependencies import Reach

    reach = Reach(results.ROOT).start("", [("experiments.next_word", "run")])
    assert "heldout.txt" in {path.name for path in reach.files}
    reach = Reach(results.ROOT).start("", [("experiments.lag", "run")])
    assert Recall.__name__ in {getattr(unit.node, "name", "") for unit in reach.units.values()}

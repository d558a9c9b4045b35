"""Rows run again: what comes back and what does not, with the same seed and a new one; kept after an interruption."""

import math
import os
import re
import sys

import pytest

from course_lib import results, tables
from course_lib.errors import CourseError
from experiments.common import provenance
from experiments.common.runs import in_processes
from tools import reproduce

# An experiment of two kinds of run: of "steady" the value differs by seed as the stored ones do, "other" is fixed.
FAKE = '''
import sys
from pathlib import Path

CALLS = Path(__file__).with_name("calls.txt")


def run(kind, seed):
    """A row."""
    with open(CALLS, "a") as file:
        file.write(f"{kind} {seed}\\n")
    return {"value": 10 + SPREAD * ((seed * 7) % 5) / 4, "words": 12, "name": "x", "seconds": 0.1}


SPREAD = 1.0
'''
KINDS = "early", "late"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A folder with a fake experiment, its table and tables.toml -> reproduce it: (code, the report's rows)."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(results.ROOT)]))
    monkeypatch.setattr(reproduce, "in_processes", one_by_one)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fake.py").write_text(FAKE, encoding="utf-8")
    (tmp_path / "tables.toml").write_text('["fake.csv"]\nrun = "fake:run"\nseconds = 1\n', encoding="utf-8")
    forget()
    import fake

    rows = [{"kind": kind, "seed": seed} | fake.run(kind, seed) for kind in KINDS for seed in range(5)]
    tables.write(tmp_path / "fake.csv", rows)
    fake.CALLS.unlink()

    def again(*arguments):
        forget()
        report = tmp_path / "report.csv"
        given = [f"--stored={tmp_path}", f"--out={tmp_path / 'again'}", f"--report={report}", *arguments]
        return reproduce.main(given), tables.read_rows(report)

    yield again
    forget()


def one_by_one(keys, run, store):
    for key in keys:
        store(key, run(*key))


def forget():
    """What was known of the fake experiment, whose file a test changes."""
    sys.modules.pop("fake", None)
    provenance.code.cache_clear()


def change(path, *pairs):
    content = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in content
        content = content.replace(old, new)
    path.write_text(content, encoding="utf-8")


def calls(tmp_path):
    return (tmp_path / "calls.txt").read_text(encoding="utf-8").splitlines()


def test_the_same_seed_and_a_new_one_come_back(course, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(reproduce, "in_processes", in_processes)
    code, report = course("--rows", "3")
    assert code == 0 and {row["back"] for row in report} == {"yes"}
    assert {row["column"] for row in report} == {"value", "words"}  # neither seconds nor a name
    same, new = ([row for row in report if row["with"] == how] for how in ("the same seed", "a new seed"))
    assert len(same) == len(new) == 6
    assert {int(row["seed"]) for row in same} <= set(range(5)) < set(range(200))
    assert all(int(row["seed"]) in reproduce.NEW_SEEDS for row in new)
    assert len(calls(tmp_path)) == 6
    said = capsys.readouterr().out
    assert "With the same seed, 6 of 6 numbers came back." in said
    assert "With a new seed, 6 of 6 numbers came back; by chance alone about 0.1 would not." in said
    assert re.search(r"early +\d+ +a new seed +value +10\.5 ", said)


def test_draws_are_those_of_the_seed(course):
    drawn = [[(row["key"], row["seed"]) for row in course("--seed", seed)[1]] for seed in ("1", "1", "2")]
    assert drawn[0] == drawn[1] != drawn[2]


def test_all_rows_and_a_new_seed_for_each_key(course, tmp_path):
    assert course("--all")[0] == 0
    assert len(set(calls(tmp_path))) == len(calls(tmp_path)) == 5 * len(KINDS) + len(KINDS)


def test_a_changed_value_does_not_come_back(course, tmp_path, capsys):
    change(tmp_path / "fake.csv", ("early,3,10.25,", "early,3,10.4,"))  # seed 3: 21 % 5 = 1
    code, report = course("--all")
    missed = [row for row in report if row["back"] == "no"]
    assert code == 1 and [(row["key"], row["seed"], row["column"], row["with"]) for row in missed] == [
        ("early", "3", "value", "the same seed")
    ]
    assert (missed[0]["stored"], missed[0]["again"]) == ("10.4", "10.25")
    assert capsys.readouterr().err == "fake.csv: early, seed 3: value is 10.25, expected 10.296 to 10.504.\n"


def test_within_the_tolerance_is_back_and_another_may_be_stated(course, tmp_path):
    change(tmp_path / "fake.csv", ("early,3,10.25,", "early,3,10.3,"))
    assert course("--all")[0] == 0
    change(tmp_path / "tables.toml", ("seconds = 1", "seconds = 1\ntolerance = 0.001"))
    assert course("--all")[0] == 1


@pytest.mark.parametrize("code, processor, back", [
    ("", "", "no"), ("0123456789ab", "", "yes"), ("", "another kind", "yes"),
])  # fmt: skip
def test_a_table_of_other_code_is_held_to_the_interval_beyond_the_tolerance(course, tmp_path, code, processor, back):
    change(tmp_path / "fake.csv", ("early,3,10.25,", "early,3,10.4,"))  # of 10 to 11; seed 3 gives 10.25
    line = {"table": "fake.csv", "command": "fake", "code": code or provenance.code("fake:run"), "date": "2026-01-01",
            "processor": processor or reproduce.machine.processor(), "rows": 10}  # fmt: skip
    tables.write(tmp_path / provenance.FILE, [{name: line[name] for name in provenance.COLUMNS}])
    _, report = course("--all")
    (row,) = (row for row in report if (row["key"], row["seed"], row["column"]) == ("early", "3", "value"))
    assert (row["with"], row["back"]) == ("the same seed" + (", other code" if back == "yes" else ""), back)
    assert {row["with"] for row in report if row["again"] == row["stored"]} <= {"the same seed", "a new seed"}
    change(tmp_path / "fake.csv", ("early,3,10.4,", "early,3,25,"))  # now the interval is wide, and 10.25 is in it
    change(tmp_path / "fake.py", ('"value": 10', '"value": -90'))
    _, report = course("--all")
    assert {row["back"] for row in report if (row["key"], row["column"]) == ("early", "value")} == {"no"}


def test_a_count_has_to_be_equal(course, tmp_path):
    change(tmp_path / "fake.csv", (",12,x", ",1200,x"))
    change(tmp_path / "fake.py", ('"words": 12', '"words": 1201'))  # a thousandth more
    code, report = course()
    assert code == 1 and {row["column"] for row in report if row["back"] == "no"} == {"words"}


def test_a_new_seed_outside_the_interval(course, tmp_path):
    change(tmp_path / "fake.py", ("SPREAD * (", "(10 if seed >= 200 else 0) + SPREAD * ("))
    code, report = course("--all")
    assert code == 1
    missed = {(row["key"], row["with"], row["column"]) for row in report if row["back"] == "no"}
    assert missed == {(kind, "a new seed", "value") for kind in KINDS}


def test_the_interval_is_students():
    low, high = reproduce.interval([1.0, 2.0, 3.0, 4.0, 5.0], 0.0)
    half = 4.604094871 * math.sqrt(2.5) * math.sqrt(1.2)  # t of .995 and four degrees, from a printed table
    assert (low, high) == pytest.approx((3 - half, 3 + half))
    assert reproduce.interval([1.0] * 5, 0.01) == pytest.approx((0.99, 1.01))
    assert reproduce.interval([2.0], 0.02) == pytest.approx((1.98, 2.02))
    units = [reproduce.unit(values) for values in (["1", "20"], ["0.25", "1"], ["1e-05"], ["nan"], [])]
    assert units == [1, 0.01, 1e-05, 1, 1]


def test_what_was_run_again_is_kept_after_an_interruption(course, tmp_path, monkeypatch):
    def stopped(keys, run, store):
        one_by_one(list(keys)[:2], run, store)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(reproduce, "in_processes", stopped)
        assert course("--all")[0] == 1
    assert len(calls(tmp_path)) == 2
    assert course("--all")[0] == 0
    assert len(set(calls(tmp_path))) == len(calls(tmp_path)) == 12
    assert course("--all")[0] == 0 and len(calls(tmp_path)) == 12


def test_what_was_run_again_is_kept_while_its_code_is_the_same(course, tmp_path, capsys):
    assert course("--all")[0] == 0
    change(tmp_path / "fake.py", ('"""A row."""', '"""Another word for it."""'))
    assert course("--all")[0] == 0 and len(calls(tmp_path)) == 12
    change(tmp_path / "fake.py", ("SPREAD = 1.0", "SPREAD = 1.001"))
    capsys.readouterr()
    assert course("--all")[0] == 0 and len(calls(tmp_path)) == 24
    assert "its code has changed since; its runs are made again." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("file", "change_of", "sentence"),
    [
        ("fake.py", ('"words": 12', '"letters": 12'), "fake:run makes letters, which fake.csv has not: make the table"),
        (
            "fake.py",
            ('"words": 12, ', ""),
            r"fake.csv: a run of \w+, \d+ makes no words, which is stored.",
        ),
        (
            "fake.py",
            ("run(kind, seed)", "run(kind, rate, seed)"),
            "fake.csv has the key kind, seed, which fake:run does",
        ),
        ("tables.toml", ("fake:run", "fake:walk"), "fake.csv: there is no fake:walk"),
        ("tables.toml", ("fake:run", "fakes:run"), "fake.csv: there is no fakes:run"),
        (
            "tables.toml",
            ("seconds = 1", 'compare = ["letters"]'),
            "tables.toml compares letters of fake.csv, which has",
        ),
        ("tables.toml", ("seconds = 1", "hours = 1"), r".*tables.toml cannot be read: "),
        ("fake.csv", ("kind,seed", "kind,number"), r".*fake.csv has other columns \(kind, number"),
        ("tables.toml", ("fake.csv", "gone.csv"), r".*gone.csv has no rows: `git checkout` brings them back."),
    ],
)
def test_what_does_not_fit_is_one_sentence(course, tmp_path, capsys, file, change_of, sentence):
    change(tmp_path / file, change_of)
    assert course()[0] == 1
    error = capsys.readouterr().err
    assert re.match(sentence, error) and len(error.splitlines()) == 1


def test_one_table_that_does_not_fit_leaves_the_others(course, tmp_path, capsys):
    change(tmp_path / "tables.toml", ('["fake.csv"]', '["gone.csv"]\nrun = "fake:run"\n["fake.csv"]'))
    code, report = course()
    assert code == 1 and {row["table"] for row in report} == {"fake.csv"}
    assert course("--tables", "fake")[0] == 0
    assert course("--tables", "fakes")[0] == 1
    assert "--tables fakes.csv: expected some of gone.csv, fake.csv." in capsys.readouterr().err


def test_keys_of_few_seeds_have_no_interval_and_are_listed(course, tmp_path, capsys):
    rows = tables.read_rows(tmp_path / "fake.csv")
    tables.write(tmp_path / "fake.csv", [row for row in rows if row["kind"] == "early" or row["seed"] in "01"])
    code, report = course("--all")
    assert code == 0 and {row["key"] for row in report if row["with"] == "a new seed"} == {"early"}
    said = capsys.readouterr().out
    assert "fake.csv: fewer than 3 seeds, so no interval for a new one, have 1 of 2 keys, such as late." in said


SLOW = """
import sys
from pathlib import Path

from course_lib import tables
from experiments.common import provenance


def train(seed, out):
    with open("calls.txt", "a") as file:
        file.write(f"{seed}\\n")
    rows = [{"seed": seed, "step": i, "value": 10 + i + int(seed) % 3 / 10} for i in range(2)]
    tables.upsert(Path(out) / "slow.csv", rows, ["seed"])
    provenance.record(Path(out) / "slow.csv", "slow:train", 2)


if __name__ == "__main__":
    train(*sys.argv[1:])
"""


def test_a_run_that_is_a_command_is_drawn_by_name(course, tmp_path, capsys):
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    with open(tmp_path / "tables.toml", "a", encoding="utf-8") as file:
        file.write('["slow.csv"]\nrun = "slow:train"\ncommand = "slow {seed} {out}"\nseconds = 1\n')
    import slow

    for seed in range(3):
        slow.train(seed, tmp_path)
    (tmp_path / "calls.txt").unlink()
    code, report = course()
    assert code == 0 and {row["table"] for row in report} == {"fake.csv"}
    assert "Not drawn, for each run takes minutes to an hour: slow.csv." in capsys.readouterr().out
    (tmp_path / "calls.txt").unlink()
    for _ in range(2):
        code, report = course("--tables", "slow", "--rows", "1")
        own = [(row["key"], row["column"]) for row in report if row["table"] == "slow.csv"]
        assert code == 0 and own == [(f"row {i}", column) for i in (1, 2) for column in ("step", "value")] * 2
    assert len(calls(tmp_path)) == 2  # one with its own seed, one with a new one
    change(tmp_path / "slow.py", ("10 + i", "11.5 + i"))
    assert course("--tables", "slow", "--rows", "1")[0] == 1 and len(calls(tmp_path)) == 4


# -- the stored tables -------------------------------------------------------------------------------------------------

STORED = sorted(path for path in results.FOLDERS[0].glob("*.csv") if path.name != provenance.FILE)
LESSONS = "\n".join(path.read_text(encoding="utf-8") for path in sorted((results.ROOT / "lessons").glob("*.py")))
READ = sorted(set(re.findall(r'results\.read\("(.+?\.csv)"\)', LESSONS)))


def test_tables_that_lessons_read_are_found():
    assert {"lag.csv", "layers.csv", "shakespeare_stages.csv"} <= set(READ)
    assert len(re.findall(r"results\.read\(", LESSONS)) == len(re.findall(r'results\.read\("(.+?\.csv)"\)', LESSONS))


@pytest.mark.stored
@pytest.mark.parametrize("name", sorted({*READ, *(path.name for path in STORED)}))
def test_each_row_has_a_command_a_code_and_a_date(name):
    path = next(folder / name for folder in results.FOLDERS if (folder / name).is_file())
    lines = provenance.lines_of(path)
    assert lines and all(line["command"].startswith("python -m ") and line["processor"] for line in lines)
    assert all(re.fullmatch(r"[0-9a-f]{12}", line["code"]) for line in lines)
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\d", line["date"]) for line in lines)
    assert sum(int(line["rows"]) for line in lines) == len(tables.read_rows(path))


@pytest.mark.stored
def test_every_stored_table_can_be_made_again():
    known = reproduce.known(results.FOLDERS[0])
    assert sorted(known) == [path.name for path in STORED]
    for table in known.values():
        assert table.command or table.function()
        assert table.compared or table.compare == []
        assert reproduce.draw(table, 1, 0)
        assert "{" not in table.command.format(**dict(zip(table.key, next(iter(table.runs)), strict=True)), out="")


def test_tables_of_one_command_are_drawn_the_same_runs_of():
    known = reproduce.known(results.FOLDERS[0])
    assert reproduce.draw(known["shakespeare.csv"], 2, 5) == reproduce.draw(known["shakespeare_curve.csv"], 2, 5)
    with pytest.raises(CourseError, match="tables.toml cannot be read"):
        reproduce.known(results.ROOT / "lessons")

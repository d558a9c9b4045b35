"""What ships is complete, reproducible, and checked by the doctor."""

import shutil

import pytest

from course_lib import __main__ as command
from course_lib import bundled, results, tables
from course_lib.datasets.fetch import sha256
from course_lib.errors import CourseError
from tools import make_data


def test_everything_under_data_is_written_again_byte_for_byte(tmp_path):
    make_data.write(tmp_path)
    here = {p.relative_to(bundled.DATA): p.read_bytes() for p in bundled.DATA.rglob("*") if p.is_file()}
    again = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert again == here
    assert sum(map(len, here.values())) < 25e6


def test_the_table_names_every_file():
    listed = bundled.checksums()
    files = {p.relative_to(bundled.DATA).as_posix() for p in bundled.DATA.rglob("*") if p.is_file()} - {"README.md"}
    assert listed.keys() == files
    assert all(sha256(bundled.DATA / name) == value for name, value in listed.items())


def test_a_missing_file_is_named():
    with pytest.raises(CourseError, match="data/nothing.txt is missing. Run `make data`"):
        bundled.path("nothing.txt")
    with pytest.raises(CourseError, match="no stored result 'nothing.csv'"):
        results.read("nothing.csv")


@pytest.fixture
def broken_data(tmp_path, monkeypatch):
    shutil.copytree(bundled.DATA, tmp_path / "data")
    monkeypatch.setattr(bundled, "DATA", tmp_path / "data")
    return tmp_path / "data"


def test_the_doctor_finds_this_machine_well(capsys):
    assert command.main(["doctor"]) == 0
    assert "✗" not in capsys.readouterr().out


def test_the_doctor_finds_changed_and_missing_files(broken_data, capsys):
    (broken_data / "language" / "heldout.txt").write_text("changed")
    (broken_data / "language" / "train.txt").unlink()
    assert command.main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "language/heldout.txt was changed" in out
    assert "language/train.txt is missing" in out
    assert "run `make data`" in out


def test_the_doctor_survives_a_missing_table(broken_data, capsys):
    (broken_data / "README.md").unlink()
    assert command.main(["doctor"]) == 1
    assert "data/README.md is missing" in capsys.readouterr().out


def test_the_doctor_says_what_python_and_packages_and_memory_lack(monkeypatch, capsys):
    import importlib.metadata

    import psutil

    class Memory:
        available = 1e9

    versions = importlib.metadata.version

    def version(name):
        if name == "pooch":
            raise importlib.metadata.PackageNotFoundError
        return "1.0" if name == "keras" else versions(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setattr(psutil, "virtual_memory", Memory)
    monkeypatch.setattr(command.sys, "version_info", (3, 10, 1))
    assert command.main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "install Python 3.11" in out
    assert "keras is 1.0, tried with" in out
    assert "pooch is missing" in out
    assert "3 GB are needed" in out


def test_medians_and_tables(capsys):
    rows = [{"m": "a", "x": 1.0, "y": None}, {"m": "a", "x": 3.0, "y": None}, {"m": "a", "x": 9.0, "y": 1.0}]
    assert tables.medians(rows, by="m") == {"a": {"x": 3.0}}
    tables.print_table(["name", "n"], [("long name", 1), ("b", None)])
    assert capsys.readouterr().out.splitlines() == ["name       n", "long name  1", "b          –"]

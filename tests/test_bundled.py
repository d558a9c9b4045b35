"""What ships is complete and reproducible."""

import pytest

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


def test_medians_and_tables(capsys):
    rows = [{"m": "a", "x": 1.0, "y": None}, {"m": "a", "x": 3.0, "y": None}, {"m": "a", "x": 9.0, "y": 1.0}]
    assert tables.medians(rows, by="m") == {"a": {"x": 3.0}}
    tables.print_table(["name", "n"], [("long name", 1), ("b", None)])
    assert capsys.readouterr().out.splitlines() == ["name       n", "long name  1", "b          –"]

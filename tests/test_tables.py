"""Tables: rows are put in the place of those with the same key, in order, whole or not at all."""

import pytest

from course_lib import tables
from course_lib.errors import CourseError


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


def test_a_run_stored_twice_is_there_once(tmp_path):
    path, head = tmp_path / "t.csv", {"part": "final", "budget_s": 160.0, "seed": 0}
    tables.upsert(path, [head | {"nats": 1.5}], list(head))
    tables.upsert(path, [head | {"seed": 1, "nats": 1.4}, head | {"seed": 1, "nats": 1.3}], list(head))
    tables.upsert(path, [head | {"nats": 1.6}], list(head))
    assert lines(path) == [
        "part,budget_s,seed,nats", "final,160.0,0,1.6", "final,160.0,1,1.4", "final,160.0,1,1.3",
    ]  # fmt: skip
    tables.upsert(path, [head | {"seed": 1, "nats": 1.2}], list(head))  # one in the place of two
    assert lines(path)[2:] == ["final,160.0,1,1.2"]
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]


def test_rows_in_order_of_numbers(tmp_path):
    path = tmp_path / "t.csv"
    for way, step in (("b", 58), ("a", 522), ("a", 58), ("a", 116)):
        tables.upsert(path, [{"way": way, "step": step}], ["way", "step"], order=tables.by_columns("way", "step"))
    assert lines(path) == ["way,step", "a,58", "a,116", "a,522", "b,58"]


def test_no_value_is_a_key_as_an_empty_field_is(tmp_path):
    path = tmp_path / "t.csv"
    for value in (1, 2):
        tables.upsert(path, [{"score": None, "x": value}], ["score"])
    assert lines(path) == ["score,x", ",2"]


def test_a_table_of_another_kind_is_not_written_over(tmp_path):
    path = tmp_path / "t.csv"
    tables.write(path, [{"a": 1, "other": 2}])
    with pytest.raises(CourseError, match=r"t.csv has other columns .other.: move it away, or give another file"):
        tables.upsert(path, [{"a": 2, "b": 2}], ["a"], ["a", "b"])
    with pytest.raises(CourseError, match=r"t.csv has other columns .a, other.: move it away"):
        tables.upsert(path, [{"b": 2, "a": 1}], ["b"])  # a column of the key is not there
    assert lines(path) == ["a,other", "1,2"]


def test_what_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    for write in (lambda path: tables.write(path, [{"a": 1}]), lambda path: tables.upsert(path, [{"a": 1}], ["a"])):
        with pytest.raises(CourseError, match="cannot write"):
            write(tmp_path / "file" / "t.csv")

"""A column of a file that somebody else wrote."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.datasets.columns import read_column
from course_lib.errors import CourseError


def column(tmp_path, text, name=None):
    path = tmp_path / "some.csv"
    path.write_text(text, encoding="utf-8")
    return read_column(path, name)


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_what_stands_between_columns_is_found(tmp_path, between):
    text = "date,Price,note\n2001-01-01,1.5,up\n2001-01-02,-2e3,down\n2001-01-03,7,\n".replace(",", between)
    for name in ("Price", " price", "2", None):
        found = column(tmp_path, text, name)
        assert found.name == "Price" and found.numbers.tolist() == [1.5, -2000, 7] and not found.problems


def test_one_column_needs_no_name_and_no_head(tmp_path):
    for text in ("3\n1\n\n4\n\n", "\ufeffx\r\n3\r\n1\r\n\r\n4\r\n", "# of mine\n3\n1\nNaN\n4"):
        found = column(tmp_path, text)
        assert found.numbers == pytest.approx([3, 1, np.nan, 4], nan_ok=True)
        assert found.problems == ["gaps: 1 of 4 numbers are missing"]


def test_a_head_may_be_missing(tmp_path):
    text = "2001-01-01,5,8\n2001-01-02,6,9\n"
    assert column(tmp_path, text, "3").numbers.tolist() == [8, 9]
    with pytest.raises(CourseError, match="no column 'price'; columns with numbers: column 2, column 3"):
        column(tmp_path, text, "price")


def test_what_is_odd_is_named_and_the_rest_is_read(tmp_path):
    lines = [
        "day;x",
        "a;NA",
        "b;1,5",
        "c;",
        "d",
        "e;broken",
        "f;n/a",
        "g;2,25",
        "h;-3",
        "i;1.234,5",
        "j;inf",
        "k;?",
        "",
    ]
    found = column(tmp_path, "\n".join(lines), "x")
    nan = np.nan
    assert found.numbers == pytest.approx([1.5, nan, nan, nan, nan, 2.25, -3], nan_ok=True)
    assert found.problems == [
        "lines that are too short: 1, the first is line 5",
        "lines without a number: 3, the first is line 6, 'broken'",
        "decimal commas: 2 numbers are read with one, the first 1,5 in line 3 as 1.5",
        "gaps: 4 of 7 numbers are missing",
    ]


def test_commas_between_columns_and_in_numbers(tmp_path):
    found = column(tmp_path, 'a,b\n"1,5",x\n"2,5",y\n', "a")
    assert found.numbers.tolist() == [1.5, 2.5] and len(found.problems) == 1


def test_newest_first_is_turned_round(tmp_path):
    for dates in (("2001-01-03", "2001-01-02", "2001-01-01"), ("1950", "1949", "1948")):
        rows = "".join(f"{date},{i}\n" for i, date in enumerate(dates))
        found = column(tmp_path, "date,x\n" + rows, "x")
        assert found.numbers.tolist() == [2, 1, 0] and found.problems == ["the newest row comes first: turned round"]
    assert column(tmp_path, "x,y\n1950,0\n1949,1\n1948,2\n", "x").numbers.tolist() == [1950, 1949, 1948]


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("a,b\n1,x\n", "c", "no column 'c'; columns with numbers: a"),
        ("a,b\n1,2\n", None, "say which column, --column NAME; columns with numbers: a, b"),
        ("a,b\n1,x\n2,y\n", "b", "no number in 'b', the first line there says 'x'; columns with numbers: a"),
        ("a,a\n1,2\n", "a", "2 columns are called 'a': give the number of one, 1, 2"),
        ("a,b\n", "a", "one row and no numbers"),
        ("a,b\nx,y\n", "a", "no column has numbers"),
        ("# nothing\n", None, "empty but for comments"),
        ("", None, "is empty"),
        ("a,b\n1,2\n", "3", "no column '3'"),
    ],
)
def test_what_cannot_be_is_one_sentence(tmp_path, text, name, expected):
    with pytest.raises(CourseError, match=expected) as error:
        column(tmp_path, text, name)
    assert str(error.value).count("\n") == 0


numbers = st.one_of(st.none(), st.floats(-1e9, 1e9))


@given(st.lists(st.tuples(numbers, st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=8)),
                min_size=1, max_size=20), st.sampled_from(",;\t"))  # fmt: skip
def test_numbers_come_back_from_any_file(tmp_path_factory, rows, between):
    content = io.StringIO()
    writer = csv.writer(content, delimiter=between, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([["x", "some text"], *[["" if x is None else repr(x), text] for x, text in rows]])
    path = tmp_path_factory.mktemp("any") / "some.csv"
    path.write_text(content.getvalue(), encoding="utf-8")
    expected = np.array([np.nan if x is None else x for x, _ in rows])
    there = np.flatnonzero(~np.isnan(expected))
    try:
        found = read_column(path, "x").numbers
    except CourseError:
        assert not len(there)
    else:
        assert (found == expected[there[0] : there[-1] + 1])[~np.isnan(found)].all()
        assert len(found) == there[-1] + 1 - there[0]


@given(st.text(max_size=60), st.one_of(st.none(), st.text(max_size=3)))
def test_whatever_a_file_holds_is_read_or_refused(tmp_path_factory, text, name):
    path = tmp_path_factory.mktemp("any") / "some.csv"
    path.write_text(text, encoding="utf-8", newline="")
    try:
        found = read_column(path, name)
    except CourseError:
        return
    assert np.isfinite(found.numbers[[0, -1]]).all()

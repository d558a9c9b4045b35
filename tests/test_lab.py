"""`make lab` fills the student's folder and never writes over an answer."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tools import lab


@pytest.fixture
def folders(tmp_path):
    (tmp_path / "notebooks").mkdir()
    write(tmp_path / "notebooks" / "01.ipynb", "x = 1")
    return tmp_path / "work", tmp_path / "notebooks"


def write(path, source, outputs=()):
    cell = new_code_cell(source, outputs=[nbformat.v4.new_output("stream", text=t) for t in outputs], id="a")
    nbformat.write(new_notebook(cells=[cell]), path)


def source_of(path):
    return nbformat.read(path, 4).cells[0].source


def test_a_new_folder_is_filled_and_the_second_time_left_alone(folders):
    work, source = folders
    assert lab.fill(work, source) == ["01.ipynb: new"]
    assert source_of(work / "01.ipynb") == "x = 1"
    assert lab.fill(work, source) == []


def test_an_update_reaches_a_lesson_that_was_only_run(folders):
    work, source = folders
    lab.fill(work, source)
    write(work / "01.ipynb", "x = 1", outputs=["run by the student"])
    write(source / "01.ipynb", "x = 2")
    assert lab.fill(work, source) == ["01.ipynb: updated"]
    assert source_of(work / "01.ipynb") == "x = 2"


def test_an_edited_lesson_is_kept_and_the_new_version_laid_beside_it_once(folders):
    work, source = folders
    lab.fill(work, source)
    write(work / "01.ipynb", "x = my_answer")
    assert lab.fill(work, source) == []
    write(source / "01.ipynb", "x = 2")
    assert lab.fill(work, source) == ["01.ipynb: yours is kept; the new version is 01.new.ipynb"]
    assert source_of(work / "01.ipynb") == "x = my_answer"
    assert source_of(work / "01.new.ipynb") == "x = 2"
    write(work / "01.new.ipynb", "x = answered here instead")
    assert lab.fill(work, source) == []
    assert source_of(work / "01.new.ipynb") == "x = answered here instead"


def test_an_edited_new_version_is_kept_too(folders):
    work, source = folders
    lab.fill(work, source)
    write(work / "01.ipynb", "mine")
    write(source / "01.ipynb", "x = 2")
    lab.fill(work, source)
    write(work / "01.new.ipynb", "mine, too")
    write(source / "01.ipynb", "x = 3")
    lab.fill(work, source)
    assert source_of(work / "01.ipynb") == "mine"
    assert source_of(work / "01.new.ipynb") == "mine, too"


@pytest.mark.parametrize("record", [None, "not json", "[]"])
def test_a_lost_record_loses_no_answer(folders, record):
    work, source = folders
    lab.fill(work, source)
    write(work / "01.ipynb", "mine")
    if record is None:
        (work / lab.RECORD).unlink()
    else:
        (work / lab.RECORD).write_text(record)
    write(source / "01.ipynb", "x = 2")
    lab.fill(work, source)
    assert source_of(work / "01.ipynb") == "mine"


def test_a_notebook_broken_by_hand_is_kept(folders):
    work, source = folders
    lab.fill(work, source)
    (work / "01.ipynb").write_text("{ half a file")
    write(source / "01.ipynb", "x = 2")
    lab.fill(work, source)
    assert (work / "01.ipynb").read_text() == "{ half a file"


def test_a_lesson_deleted_by_the_student_comes_back(folders):
    work, source = folders
    lab.fill(work, source)
    (work / "01.ipynb").unlink()
    assert lab.fill(work, source) == ["01.ipynb: new"]
    assert json.loads((work / lab.RECORD).read_text())

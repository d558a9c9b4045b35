"""`make lab` fills the student's folder and never writes over an answer."""

import json
import os
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tools import lab, test
from tools.build import ROOT


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


def test_pages_go_beside_the_lessons_and_one_with_notes_in_it_is_kept(folders):
    work, source = folders
    (source / "pages").mkdir()
    page, mine = source / "pages" / "glossary.md", work / "pages" / "glossary.md"
    page.write_bytes(b"**nat**\n")
    assert lab.fill(work, source) == ["01.ipynb: new", "pages/glossary.md: new"]
    assert mine.read_bytes() == b"**nat**\n"
    mine.write_bytes(b"**nat**\r\n")  # another system's line ends are no notes
    page.write_bytes(b"**nat** 1.44 bits\n")
    assert lab.fill(work, source) == ["pages/glossary.md: updated"]
    mine.write_text("my note")
    page.write_text("**nat** is 1.44 bits")
    kept = "pages/glossary.md: yours is kept; the new version is glossary.new.md"
    assert lab.fill(work, source) == [kept] and lab.fill(work, source) == []
    assert mine.read_text() == "my note"
    assert (work / "pages" / "glossary.new.md").read_text() == "**nat** is 1.44 bits"


def test_the_solved_lessons_have_the_same_pages(folders):
    work, source = folders
    (source.parent / "pages").mkdir()
    (source.parent / "pages" / "glossary.md").write_text("**nat**")
    assert lab.fill(work, source, source.parent / "pages") == ["01.ipynb: new", "pages/glossary.md: new"]


# -- what is in the way ------------------------------------------------------------------------------------------------


@pytest.fixture
def started(folders, monkeypatch):
    """`make lab` up to JupyterLab: what it would be started with."""
    work, source = folders
    monkeypatch.setattr(lab, "WORK", work)
    monkeypatch.setattr(lab, "NOTEBOOKS", source)
    for name in ("PYTHONPATH", "JUPYTER_PREFER_ENV_PATH", "JUPYTER_CONFIG_PATH"):
        monkeypatch.setenv(name, "/another")  # and set back behind the test
    monkeypatch.setattr(sys, "argv", ["lab"])
    monkeypatch.setattr(lab.doctor, "complaints", lambda: ["Something is wrong. To mend it: do this."])
    found = []
    monkeypatch.setattr(os, "name", "posix")
    monkeypatch.setattr(os, "execv", lambda _, command: found.append((command, dict(os.environ))))
    return found


def test_kernels_get_this_course_and_this_environment_and_complaints_are_said(started, monkeypatch, capsys):
    monkeypatch.setenv("PYTHONHOME", "/another")
    monkeypatch.setenv("PYTHONSTARTUP", "/another")
    assert lab.main() is None
    ((command, environment),) = started
    assert "--LabApp.default_url=/lab/tree/01.ipynb" in command
    assert environment["PYTHONPATH"] == str(ROOT) and environment["JUPYTER_PREFER_ENV_PATH"] == "1"
    assert not {"PYTHONHOME", "PYTHONSTARTUP"} & set(environment)
    assert "Something is wrong. To mend it: do this.\n" in capsys.readouterr().out


@pytest.mark.parametrize("which", ["work", "source", "full", "jupyterlab"])
def test_what_lab_cannot_do_is_one_sentence(started, folders, monkeypatch, capsys, which):
    work, source = folders

    def full(*_):
        raise OSError(28, "No space left on device", str(work / "01.tmp"))

    if which == "work":
        work.touch()
    elif which == "source":
        (source / "01.ipynb").unlink()
    elif which == "full":
        monkeypatch.setattr(lab, "_copy", full)
    else:
        monkeypatch.setattr(lab.importlib.util, "find_spec", lambda _: None)
    assert lab.main() == 1 and not started
    said = capsys.readouterr()
    sentence = {
        "work": f"{work} is a file, where a folder should be",
        "source": "there are none in",
        "full": "No space",
    }
    if which != "jupyterlab":
        assert sentence[which] in said.err and said.err.count("\n") == 1 and "COURSE_WORK" in said.err
        assert said.out == ""


def test_no_test_begins_where_something_is_wrong(monkeypatch, capsys):
    monkeypatch.setattr(test.doctor, "complaints", lambda: ["Something is wrong. To mend it: do this."])
    monkeypatch.setattr(test, "run", lambda *_: pytest.fail("it was begun"))
    monkeypatch.setattr(sys, "argv", ["test"])
    monkeypatch.setenv("PYTHONPATH", "")
    assert test.main() == 1
    assert capsys.readouterr().err == "Something is wrong. To mend it: do this.\n"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="to become somebody else")
def test_a_folder_that_somebody_else_owns(tmp_path):
    (tmp_path / "work").mkdir(mode=0o700)
    code = (
        "import os, sys; from tools import lab; os.setuid(65534); sys.argv[1:] = ['--fill-only']; sys.exit(lab.main())"
    )
    env = os.environ | {"COURSE_WORK": str(tmp_path / "work")}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, encoding="utf-8")
    assert done.returncode == 1 and done.stdout == ""
    assert "Permission denied" in done.stderr and done.stderr.count("\n") == 1

"""A student's first minutes, in a real browser: `make lab`'s server, a lesson opened, Run All to the last cell.

Lessons 00 and 02 (it has a picture to move) always; all lessons with COURSE_BROWSER_ALL=1 (`make browser`). Needs
Chromium (Debian: apt install chromium); skipped without it, unless COURSE_REQUIRE_BROWSER=1.
"""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest

from tools import build

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
LESSONS = build.lessons() if os.environ.get("COURSE_BROWSER_ALL") else build.lessons()[0:3:2]
SCREENSHOTS = os.environ.get("COURSE_SCREENSHOTS")
PATIENCE = 1800  # seconds: ends what hangs, on the slowest machine, too

if CHROMIUM is None and not os.environ.get("COURSE_REQUIRE_BROWSER"):
    pytest.skip("there is no Chromium on this machine", allow_module_level=True)
if CHROMIUM is None:
    pytest.fail("COURSE_REQUIRE_BROWSER is set and there is no Chromium", pytrace=False)


@pytest.fixture(scope="module", params=list(build.EDITIONS))
def lab(request, tmp_path_factory):
    """The server of `make lab` or `make teach`, in a folder and a home of its own: (URL with token, folder)."""
    home = tmp_path_factory.mktemp("home")
    env = build.environment(2) | {"HOME": str(home), "COURSE_WORK": str(home / "work")}
    command = [sys.executable, "-m", "tools.lab", "--no-browser", "--port=0"]
    command += ["--solutions"] if request.param == "solutions" else []
    log = home / "lab.log"  # a file, not a pipe: nobody reads on once the address is known, and a full pipe blocks
    with open(log, "w") as output:
        process = subprocess.Popen(command, cwd=build.ROOT, env=env, stdout=output, stderr=subprocess.STDOUT)
    deadline, url = time.monotonic() + PATIENCE, None
    while not url and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
        url = re.search(r"(http://(?:127\.0\.0\.1|localhost):\d+)/lab\S*\?token=(\w+)", log.read_text(encoding="utf-8"))
    try:
        assert url, log.read_text(encoding="utf-8")
        yield url[1], url[2], home / ("work/solutions" if request.param == "solutions" else "work")
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # The course is read on one machine: nothing is asked of the network.
        options = [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-sync",
            "--no-first-run",
        ]
        with playwright.chromium.launch(executable_path=CHROMIUM, args=options) as chromium:
            yield chromium


HERE = ".jp-NotebookPanel:not(.lm-mod-hidden)"  # JupyterLab opens again, hidden, what was open before
MOVABLE = "img.widget-image, .widget-html-content pre"
CONTENT = "shown => shown.src || shown.textContent"


TYPED = {
    "10": ("the room was awful but the staff were lovely.", "last year the food was lovely. now it is very dirty."),
    "": ('The dog cried "I sang (with the cat)."', "The cat sang (after the owl)."),
}
REFUSED = {"10": ("qwxyz good", "is not among the")}  # typed, and what is said of it; the picture stays


def move_the_picture(page, name):
    """Drag a slider by a key, press buttons, or type a text: the picture or text changes, as often as that is done.

    Of lesson 10, a word that it does not know: a sentence says so, and the picture stays.
    """
    box = page.locator(f"{HERE} .widget-vbox", has=page.locator(MOVABLE)).first
    picture, handle, field = (box.locator(what).first for what in (MOVABLE, ".noUi-handle", ".widget-text input"))
    picture.scroll_into_view_if_needed()

    def changes(do):
        before, deadline = picture.evaluate(CONTENT), time.monotonic() + PATIENCE
        do()
        while picture.evaluate(CONTENT) == before:
            assert time.monotonic() < deadline, "nothing moved"
            time.sleep(0.1)

    def press():
        handle.focus()
        page.keyboard.press("ArrowRight")

    def write(text):
        field.fill(text)
        field.press("Enter")

    if handle.count():
        changes(press)
        changes(press)
    elif field.count():
        for text in TYPED.get(name[:2], TYPED[""]):
            changes(lambda text=text: write(text))
    for button in box.locator(".widget-toggle-button:not(.mod-active)").all() if name.startswith("11") else ():
        changes(button.click)
    if name[:2] in REFUSED:
        typed, said = REFUSED[name[:2]]
        before = picture.evaluate(CONTENT)
        write(typed)
        box.get_by_text(said).first.wait_for(timeout=PATIENCE * 1000)
        assert picture.evaluate(CONTENT) == before


def upload_a_picture(page):
    """Choose a file that is no picture: a sentence says so. Then a scene: it is shown with a caption."""
    from PIL import Image

    from course_lib.worlds.scenes import SceneWorld

    world, png = SceneWorld(), io.BytesIO()
    Image.fromarray(world.draw(world.sample(1, seed=3)[0])[0]).save(png, "png")
    box = page.locator(f"{HERE} .widget-vbox", has=page.locator(".widget-upload")).first
    box.scroll_into_view_if_needed()
    for data, shown in ((b"no picture", "text=not a picture that can be read"), (png.getvalue(), "img.widget-image")):
        with page.expect_file_chooser() as chooser:
            box.locator(".widget-upload").click()
        chooser.value.set_files({"name": "mine.png", "mimeType": "image/png", "buffer": data})
        box.locator(shown).wait_for(state="visible", timeout=PATIENCE * 1000)


def kernel_state(lab, name):
    """What a notebook's kernel is doing; earlier ones' may still be there."""
    base, token, _ = lab
    request = urllib.request.Request(f"{base}/api/sessions", headers={"Authorization": f"token {token}"})
    try:
        sessions = json.load(urllib.request.urlopen(request, timeout=PATIENCE))
    except urllib.error.HTTPError:  # the server cannot list a kernel that is just starting; ask again
        return None
    return next((s["kernel"]["execution_state"] for s in sessions if s["path"] == name), None)


def wait_for_kernel(page, lab, name):
    """Until the kernel is ready, and the page knows."""
    deadline = time.monotonic() + PATIENCE
    while kernel_state(lab, name) != "idle":
        assert time.monotonic() < deadline, "the kernel did not start"
        time.sleep(0.2)
    page.wait_for_selector(f'{HERE} [data-status="idle"]', state="attached", timeout=PATIENCE * 1000)


@pytest.mark.parametrize("name", LESSONS)
def test_run_all_reaches_the_last_cell(lab, browser, name):
    base, token, folder = lab
    path = Path(folder) / f"{name}.ipynb"
    blank = nbformat.read(path, 4)
    for cell in blank.cells:  # handed out with outputs: without them, what is there at the end was run here
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(blank, path)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{base}/lab/tree/{name}.ipynb?token={token}")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=PATIENCE * 1000)

    wait_for_kernel(page, lab, path.name)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^Run All Cells")).click()

    deadline = time.monotonic() + PATIENCE
    while True:
        page.keyboard.press("Control+s")
        time.sleep(1)
        try:
            cells = [c for c in nbformat.read(path, 4).cells if c.cell_type == "code"]
        except nbformat.reader.NotJSONError:  # it is just being written
            assert time.monotonic() < deadline, "the notebook is empty"
            continue
        if (
            kernel_state(lab, path.name) == "idle"
            and cells[-1].execution_count
            and page.locator(".jp-mod-dirty").count() == 0
        ):
            break
        assert time.monotonic() < deadline, [c.execution_count for c in cells]
    here = page.locator(HERE)
    if here.locator(MOVABLE).count():
        move_the_picture(page, name)
    if here.locator(".widget-upload").count():
        upload_a_picture(page)
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}-{Path(folder).name}.png")
    page.close()

    counts = [cell.execution_count for cell in cells]
    assert counts == list(range(counts[0], counts[0] + len(counts)))
    for cell in cells:
        errors = [o.ename for o in cell.outputs if o.output_type == "error"]
        blank = bool(cell.metadata.get("nbgrader", {}).get("grade")) and Path(folder).name != "solutions"
        assert errors == (["NotYet"] if blank else [])  # the only error is a friendly one, at a blank exercise
        assert not any(o.get("name") == "stderr" for o in cell.outputs)


# -- what a student types, and the page of progress -------------------------------------------------------------------


def guesses():
    """A small lesson, as students get it: a guess, what gives it away, the answer, a text behind it."""
    new = nbformat.v4
    cells = [
        new.new_code_cell("from course_lib.guesses import ask"),
        new.new_code_cell('guess = ask("share right", "words in a story")', metadata={"tags": [build.GUESS]}),
        new.new_code_cell('print("measured: 0.13 and 1,300")'),
        new.new_code_cell('guess.answer(0.13, 1300, because="Here is why.")', metadata={"tags": [build.ANSWER]}),
        new.new_markdown_cell("It was 0.13, as you see.", metadata={"tags": [build.ANSWER]}),
    ]
    notebook = new.new_notebook(cells=cells, metadata={"kernelspec": build.KERNEL})
    build.execute(notebook, build.environment(1))
    return build.edition(notebook, "student")


def open_notebook(lab, browser, name):
    """A page with a notebook on it, its kernel ready; and its cells."""
    base, token, _ = lab
    page = browser.new_page(viewport={"width": 1100, "height": 1100})  # narrower, the kernel is not shown
    page.goto(f"{base}/lab/tree/{name}?token={token}&reset", timeout=PATIENCE * 1000)
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=PATIENCE * 1000)
    wait_for_kernel(page, lab, name)
    return page, page.locator(f"{HERE} .jp-Cell")


def run_cell(page, cell, shows):
    """Select a cell and run it, as a student does; wait for what it shows."""
    cell.locator(".jp-InputPrompt").click()
    page.keyboard.press("Shift+Enter")
    cell.locator(".jp-OutputArea").get_by_text(shows).first.wait_for(timeout=PATIENCE * 1000)


def screenshot(page, name):
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png")


def only_students(lab):
    if lab[2].name == "solutions":
        pytest.skip("for students")


def test_a_guess_is_typed_and_answered_and_nothing_gives_it_away(lab, browser):
    only_students(lab)
    nbformat.write(guesses(), lab[2] / "guess.ipynb")
    page, cells = open_notebook(lab, browser, "guess.ipynb")
    text = page.locator(".jp-RenderedMarkdown")
    text.locator("summary").wait_for(timeout=PATIENCE * 1000)
    screenshot(page, "guess-before")
    assert cells.nth(1).get_by_text("Your guess, before you read on: share right?").count() == 1
    assert cells.nth(2).locator(".jp-OutputArea-output").count() == 0
    assert cells.nth(3).locator(".jp-OutputArea-output").count() == 0
    assert not text.get_by_text("as you see").is_visible()

    cells.nth(0).locator(".jp-InputPrompt").click()
    page.keyboard.press("Shift+Enter")
    run_cell(page, cells.nth(1), "words in a story")
    fields = page.locator(".widget-text input")
    fields.nth(1).wait_for(timeout=PATIENCE * 1000)
    fields.nth(0).fill("50 %")
    fields.nth(0).press("Enter")
    run_cell(page, cells.nth(2), "measured: 0.13 and 1,300")
    run_cell(page, cells.nth(3), "share right: 0.13. You said 50 %: too high by 0.37.")
    assert cells.nth(3).get_by_text("words in a story: 1,300.").count() == 1
    for typed, said in (("a lot", "Your guess 'a lot' has no number"), ("100", "too low by a factor of 13")):
        fields.nth(1).fill(typed)  # after the answer was shown: it follows
        fields.nth(1).press("Enter")
        cells.nth(3).get_by_text(said).first.wait_for(timeout=PATIENCE * 1000)
    text.locator("summary").click()
    text.get_by_text("as you see").wait_for(timeout=PATIENCE * 1000)
    screenshot(page, "guess-after")
    page.close()


def test_the_page_of_progress_follows_what_is_saved(lab, browser):
    only_students(lab)
    page, cells = open_notebook(lab, browser, "progress.ipynb")
    run_cell(page, cells.nth(1), "exercises solved")
    first = "1 · How many words?"
    row = cells.nth(1).locator("tr", has_text=first)
    assert f"○ {first}" in row.inner_text() and "0 of" in row.inner_text()

    path = lab[2] / "00_start_here.ipynb"
    notebook = nbformat.read(path, 4)
    at = next(
        i for i, c in enumerate(notebook.cells) if c.metadata.get("nbgrader", {}).get("grade_id") == "count-words"
    )
    notebook.cells[at].source = "def count_words(sentence):\n    return 10"
    notebook.cells[at + 1].outputs = [nbformat.v4.new_output("stream", text="✓ count_words counts words\n")]
    nbformat.write(notebook, path)
    run_cell(page, cells.nth(1), "1 of")
    assert f"✓ {first}" in cells.nth(1).locator("tr", has_text=first).inner_text()
    screenshot(page, "progress")
    cells.nth(1).get_by_role("link", name="Start here").click()
    page.locator(".lm-TabBar-tabLabel", has_text="00_start_here.ipynb").first.wait_for(timeout=PATIENCE * 1000)
    page.close()

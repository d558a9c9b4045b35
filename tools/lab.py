"""`make lab`: fill the student's folder, then open JupyterLab on it. The second start needs no network.

Students work in work/, which git ignores. A lesson they have edited is never written over: a new version of it is
laid beside theirs as NN_name.new.ipynb. The pages around the lessons go into work/pages/, in the same way: a link from
a lesson to a page, or back, is the same there and in notebooks/.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from course_lib import doctor
from course_lib.installation import PYTHON_VARIABLES, ROOT, folder_complaint

NOTEBOOKS = ROOT / "notebooks"
PAGES = "pages"  # the folder beside the lessons, here and there
WORK = doctor.work_folder()
RECORD = ".handed_out.json"


def digest(path: Path) -> str:
    """A hash of what a student can edit: of a lesson the cells' sources, so that running it is not editing it."""
    if path.suffix != ".ipynb":
        return hashlib.sha256(b"\n".join(path.read_bytes().splitlines())).hexdigest()
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = json.dumps([[cell["cell_type"], "".join(cell["source"])] for cell in cells])
    except (ValueError, KeyError, TypeError):  # broken by hand: it counts as edited, and stays
        return "unreadable"
    return hashlib.sha256(text.encode()).hexdigest()


def fill(work: Path, source: Path = NOTEBOOKS, pages: Path | None = None) -> list[str]:
    """Bring `work` up to date with the lessons in `source` and with `pages` (those beside them if None).

    Return one sentence for each thing done. OSError if it cannot be done.
    """
    lessons = sorted(source.glob("*.ipynb"))
    if not lessons:
        raise OSError(f"there are none in {source}; `git checkout notebooks` brings them back")
    work.mkdir(parents=True, exist_ok=True)
    record_file = work / RECORD
    try:
        handed_out = dict(json.loads(record_file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # lost: every lesson there counts as edited, so nothing is written over
        handed_out = {}
    done = []

    def name_of(path):
        return path.relative_to(work).as_posix()

    def untouched(path):
        return digest(path) == handed_out.get(name_of(path))

    for original in [*lessons, *sorted((pages or source / PAGES).glob("*.md"))]:
        folder = work if original.suffix == ".ipynb" else work / PAGES
        folder.mkdir(exist_ok=True)
        mine, new = folder / original.name, digest(original)
        beside = mine.with_name(f"{original.stem}.new{original.suffix}")
        if not mine.exists() or untouched(mine):
            target = mine
        elif handed_out.get(name_of(mine)) == new or digest(mine) == new:
            continue  # edited, and there is nothing newer
        else:
            number = 2
            while beside.exists() and not untouched(beside):
                beside = mine.with_name(f"{original.stem}.new{number}{original.suffix}")
                number += 1
            target = beside
        if not target.exists() or digest(target) != new:
            words = f"yours is kept; the new version is {target.name}"
            done.append(f"{name_of(mine)}: " + (words if target is not mine else "updated" if mine.exists() else "new"))
            _copy(original, target)
        handed_out[name_of(mine)] = handed_out[name_of(target)] = new
    temporary = record_file.with_suffix(".tmp")
    temporary.write_text(json.dumps(handed_out, indent=1), encoding="utf-8")
    temporary.replace(record_file)
    return done


def _copy(source: Path, target: Path) -> None:
    temporary = target.with_suffix(".tmp")
    shutil.copyfile(source, temporary)
    temporary.replace(target)


def main() -> int:
    """Fill the folder and hand over to JupyterLab, which prints its URL."""
    parser = argparse.ArgumentParser("python -m tools.lab", description=__doc__.splitlines()[0])
    parser.add_argument("--fill-only", action="store_true", help="bring the folder up to date and stop")
    parser.add_argument(
        "--solutions", action="store_true", help="for instructors: the solved edition, in work/solutions"
    )
    options, rest = parser.parse_known_args()
    # Kernels take this course's code, and this environment's kernel, whatever others have set or installed.
    for name in PYTHON_VARIABLES:
        os.environ.pop(name, None)
    os.environ |= {"PYTHONPATH": str(ROOT), "JUPYTER_PREFER_ENV_PATH": "1"}
    work = WORK / "solutions" if options.solutions else WORK
    try:
        if wrong := folder_complaint(work):
            raise OSError(wrong)
        done = fill(work, NOTEBOOKS / "solutions" if options.solutions else NOTEBOOKS, NOTEBOOKS / PAGES)
    except OSError as error:
        print(f"The lessons cannot be put into {work}: {error}. COURSE_WORK can name another folder.", file=sys.stderr)
        return 1
    for line in doctor.complaints():
        print(line)
    for line in done:
        print(line)
    if options.fill_only:
        return 0
    if not importlib.util.find_spec("jupyterlab"):
        return 1  # one of the complaints
    print(f"\nThe lessons are in {work.name}/. JupyterLab prints its address below; press Ctrl-C twice to stop it.\n")
    sys.stdout.flush()
    first = min(path.name for path in work.glob("*.ipynb"))
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={work}"]
    command += [f"--LabApp.default_url=/lab/tree/{quote(first)}"]
    # tools/jupyter: no question about news, no search for updates; instructors only see nbgrader's menus.
    if not options.solutions:
        os.environ["JUPYTER_CONFIG_PATH"] = str(ROOT / "tools" / "jupyter")
    command += ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # in a container
        command.append("--allow-root")
    command += [*rest, *os.environ.get("LAB_OPTIONS", "").split()]
    if os.name == "nt":  # execv does not replace the process there
        return subprocess.call(command)
    return os.execv(sys.executable, command)


if __name__ == "__main__":
    sys.exit(main())

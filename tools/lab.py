"""`make lab`: fill the student's folder, then open JupyterLab on it. The second start needs no network.

Students work in work/, which git ignores. A lesson they have edited is never written over: a new version of it is
laid beside theirs as NN_name.new.ipynb.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

from tools.build import NOTEBOOKS, ROOT

WORK = ROOT / "work"
RECORD = ".handed_out.json"


def digest(path: Path) -> str:
    """A hash of what a student can edit: the cells' sources, so that running a lesson is not editing it."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = json.dumps([[cell["cell_type"], "".join(cell["source"])] for cell in cells])
    except (ValueError, KeyError, TypeError):  # broken by hand: it counts as edited, and stays
        return "unreadable"
    return hashlib.sha256(text.encode()).hexdigest()


def fill(work: Path, source: Path = NOTEBOOKS) -> list[str]:
    """Bring `work` up to date with `source`; return one sentence for each thing done."""
    work.mkdir(parents=True, exist_ok=True)
    record_file = work / RECORD
    try:
        handed_out = json.loads(record_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # lost: every lesson there counts as edited, so nothing is written over
        handed_out = {}
    done = []
    for lesson in sorted(source.glob("*.ipynb")):
        mine, new = work / lesson.name, digest(lesson)
        if not mine.exists() or digest(mine) == handed_out.get(lesson.name) != new:
            done.append(f"{lesson.name}: {'updated' if mine.exists() else 'new'}")
            _copy(lesson, mine)
        elif digest(mine) != new and handed_out.get(lesson.name) != new:
            _copy(lesson, mine.with_suffix(".new.ipynb"))
            done.append(f"{lesson.name}: yours is kept; the new version is {mine.stem}.new.ipynb")
        handed_out[lesson.name] = new
    temporary = record_file.with_suffix(".tmp")
    temporary.write_text(json.dumps(handed_out, indent=1), encoding="utf-8")
    temporary.replace(record_file)
    return done


def _copy(source: Path, target: Path) -> None:
    temporary = target.with_suffix(".tmp")
    shutil.copyfile(source, temporary)
    temporary.replace(target)


def main() -> int:
    """Fill work/ and hand over to JupyterLab, which prints its URL."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fill-only", action="store_true", help="bring work/ up to date and stop")
    options, rest = parser.parse_known_args()
    for line in fill(WORK):
        print(line)
    if options.fill_only:
        return 0
    print("Your lessons are in work/. Begin with 00. JupyterLab prints its address below; Ctrl-C twice stops it.\n")
    sys.stdout.flush()
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={ROOT}",
        "--LabApp.default_url=/lab/tree/work",
    ]
    # What JupyterLab would ask the network for is not needed.
    command += ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    os.execv(sys.executable, [*command, *root, *rest, *os.environ.get("LAB_OPTIONS", "").split()])


if __name__ == "__main__":
    sys.exit(main())

"""Build the notebooks: lessons/NN_name.py -> notebooks/ (students) and notebooks/solutions/ (instructors), executed.

    python -m tools.build            those whose lesson, course_lib part or data changed
    python -m tools.build --all      all of them
    python -m tools.build --check    say which are out of date, change nothing

The stages: `cells` reads a lesson, `edition` makes the student edition with nbgrader's preprocessor, `execute` runs it.
"""

import argparse
import ast
import base64
import copy
import hashlib
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
LESSONS, NOTEBOOKS = ROOT / "lessons", ROOT / "notebooks"
EDITIONS = {"student": NOTEBOOKS, "solutions": NOTEBOOKS / "solutions"}
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def lessons() -> list[str]:
    """The lessons' names, in order."""
    return sorted(path.stem for path in LESSONS.glob("[0-9]*.py"))


def cells(name: str) -> nbformat.NotebookNode:
    """A lesson's source as a notebook, solutions in, not executed, with stable cell ids."""
    import jupytext

    notebook = jupytext.read(LESSONS / f"{name}.py", fmt="py:percent")
    for position, cell in enumerate(notebook.cells):
        cell.id = hashlib.sha256(f"{position}\n{cell.source}".encode()).hexdigest()[:12]
        cell.metadata.pop("lines_to_next_cell", None)
        if grade := cell.metadata.get("nbgrader"):
            # Sources say what an author has to choose; the rest of nbgrader's metadata follows from it.
            graded = "points" in grade
            full = {"schema_version": 3, "grade": graded, "solution": not graded, "locked": graded, "task": False}
            cell.metadata.nbgrader = full | dict(grade)
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    return notebook


def edition(notebook: nbformat.NotebookNode, which: str) -> nbformat.NotebookNode:
    """One edition of a lesson: the student's has its solutions cleared, and checks that may fail."""
    notebook = copy.deepcopy(notebook)
    if which == "student":
        from nbgrader.preprocessors import ClearSolutions

        notebook, _ = ClearSolutions().preprocess(notebook, {})
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade"):
                cell.metadata.tags = [*cell.metadata.get("tags", []), "raises-exception"]
    else:
        for cell in notebook.cells:
            # The markers are for the preprocessor, not for readers.
            cell.source = re.sub(r"^\s*### (BEGIN|END) SOLUTION\n?", "", cell.source, flags=re.MULTILINE)
    return notebook


def environment(threads: int) -> dict[str, str]:
    """The environment in which notebooks are built and checked: UTF-8, no progress bars, a given number of threads."""
    count = str(threads)  # operations side by side; inside each, one thread: course_lib/quiet.py
    names = ("TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    # nbgrader calls alembic by its bare name, so the environment's programs must be found.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    fixed = {"COURSE_PROGRESS": "0", "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT), "PATH": path}
    return os.environ | fixed | dict.fromkeys(names, count)


def execute(notebook: nbformat.NotebookNode, env: dict[str, str], **options) -> nbformat.NotebookNode:
    """Run a notebook from top to bottom and keep its outputs, without what differs between runs."""
    from nbclient import NotebookClient

    options = {"timeout": 600, "record_timing": False, "store_widget_state": False, "kernel_name": "python3"} | options
    # The kernel listens on loopback only: its warning about unencrypted traffic is not for us.
    options |= {"extra_arguments": ["--IPKernelApp.log_level=40"], "resources": {"metadata": {"path": str(ROOT)}}}
    client = NotebookClient(notebook, **options)
    client.execute(env=env)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
    notebook.metadata.language_info = {"name": "python"}
    return notebook


# -- what is out of date -----------------------------------------------------------------------------------------------


def _imports(path: Path) -> set[Path]:
    """The course_lib files a Python file imports, whether at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            if name.split(".")[0] == "course_lib":
                base = ROOT / Path(*name.split("."))
                found |= {p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file()}
    return found


def parts(name: str) -> list[Path]:
    """Every file a lesson's outputs depend on: itself, what it imports of course_lib, the data and results it names."""
    source = LESSONS / f"{name}.py"
    seen, waiting = set(), [source, Path(__file__).resolve()]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        if path != Path(__file__).resolve():
            waiting += _imports(path)
    text = source.read_text(encoding="utf-8")
    for folder in ("data", "experiments/results", "benchmarks"):
        seen |= {p for p in (ROOT / folder).rglob("*") if p.is_file() and p.suffix != ".py" and p.name in text}
    return sorted(seen | set((ROOT / "course_lib").rglob("*.toml")))


def fingerprint(name: str) -> str:
    """A hash of all of `parts`, written into the notebook, so that a change is seen on any machine."""
    digest = hashlib.sha256()
    for path in parts(name):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def is_current(name: str) -> bool:
    """Whether both editions of a lesson were built from what is here now."""
    for folder in EDITIONS.values():
        path = folder / f"{name}.ipynb"
        if not path.is_file() or nbformat.read(path, 4).metadata.get("course", {}).get("built_from") != fingerprint(
            name
        ):
            return False
    return True


def build(name: str, which: str, threads: int = 1) -> Path:
    """Build one edition of one lesson and write it."""
    notebook = execute(edition(cells(name), which), environment(threads))
    notebook.metadata.course = {"built_from": fingerprint(name), "edition": which}
    path = EDITIONS[which] / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.validate(notebook)
    nbformat.write(notebook, path)
    if which == "solutions":
        save_pictures(notebook)
    return path


def save_pictures(notebook: nbformat.NotebookNode) -> None:
    """Write the figure of each cell tagged picture-NAME to docs/NAME.png, for the README."""
    for cell in notebook.cells:
        for tag in cell.metadata.get("tags", []):
            if tag.startswith("picture-"):
                (image,) = [o.data["image/png"] for o in cell.outputs if "image/png" in o.get("data", {})]
                (ROOT / "docs").mkdir(exist_ok=True)
                (ROOT / "docs" / f"{tag.removeprefix('picture-')}.png").write_bytes(base64.b64decode(image))


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", help="such as 01; default: all that changed")
    parser.add_argument("--all", action="store_true", help="also what did not change")
    parser.add_argument("--check", action="store_true", help="only say what is out of date")
    options = parser.parse_args()
    chosen = [n for n in lessons() if not options.lessons or any(n.startswith(p) for p in options.lessons)]
    todo = [n for n in chosen if options.all or not is_current(n)]
    if options.check:
        print(
            "\n".join(f"{name} is out of date: run make notebooks" for name in todo) or "all notebooks are up to date"
        )
        return 1 if todo else 0
    with ThreadPoolExecutor(2) as pool:
        jobs = [(n, e, pool.submit(build, n, e)) for n in todo for e in EDITIONS]
        failed = 0
        for name, which, job in jobs:
            try:
                print(f"built {job.result().relative_to(ROOT)}", flush=True)
            except Exception as error:  # one lesson's failure must not hide the others'
                failed += 1
                print(f"FAILED {name} ({which}):\n{error}", file=sys.stderr, flush=True)
    if not todo:
        print("nothing to do: every notebook is up to date")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""A notebook is out of date if something its lesson uses changed, and only then."""

import re
from pathlib import Path

import pytest

from tools import build
from tools.dependencies import Reach

LESSON = """\
import course_lib.numbers as numbers
from course_lib import handed_on, plotting
from course_lib.models import Model
from course_lib.worlds import language

getattr(handed_on, "any" + "thing")
plotting.lines(language.load())


def later():
    from course_lib.inside import deep

    return deep(), numbers.root(4), Model
"""

FILES = {
    "course_lib/__init__.py": "",
    "course_lib/plotting/__init__.py": "from course_lib.plotting.style import bars, lines\n",
    "course_lib/plotting/style.py": (
        '"""Figures."""\n\nRED, BLUE = "#f00", "#00f"\n\n\n'
        "def _axis(text):  # a label\n    return text.title(), RED\n\n\n"
        'def lines(values):\n    """Curves."""\n    return [_axis(v) for v in values]\n\n\n'
        "def bars(values):\n    return values\n\n\n"
        'if __name__ == "__main__":\n    print("shown")\n'
    ),
    "course_lib/starred.py": "def star():\n    return 1\n",
    "course_lib/text.py": "def title():\n    return 1\n",
    "course_lib/handed_on.py": "def anything():\n    return 1\n",
    "course_lib/inside.py": (
        "import course_lib.named as _\nfrom course_lib.starred import *\n\nWAYS = {}\n\n\n"
        "def deep():\n    return sorted(WAYS)\n"
    ),
    "course_lib/named.py": (
        "from course_lib import inside\n\n\ndef way(function):\n    inside.WAYS[function.__name__] = function\n\n\n"
        "@way\ndef first():\n    return 1\n\n\ndef second():\n    return 2\n"
    ),
    "course_lib/numbers.py": (
        "from math import sqrt as power\n\nTABLE = [1]\nTABLE.append(2)\n\n\ndef root(x):\n    return power(x)\n\n\n"
        "def other(x):\n    return x\n"
    ),
    "course_lib/models.py": (
        "import importlib\nimport keras\n\n\nclass Base:\n    size = 1\n\n\n"
        'class Model(Base):\n    def again(self):\n        importlib.import_module("course_lib.by_text")\n'
        '        return keras.models.load_model("m.keras")\n\n\n'
        '@keras.saving.register_keras_serializable(package="course_lib")\nclass Saved:\n    size = 2\n\n\n'
        "class NotSaved:\n    size = 3\n"
    ),
    "course_lib/by_text.py": "def f():\n    return 1\n",
    "course_lib/worlds/__init__.py": "",
    "course_lib/worlds/language.py": (
        "import re\nfrom pathlib import Path\n\nFILE = Path(__file__).with_name('language.toml')\n\n\n"
        'def load(part="dev"):\n    text = (Path("data") / f"stories_{part}.txt").read_text()\n'
        "    return FILE.read_text(), text, MARKS\n\n\n"
        "MARKS = re.compile(r'(marks|notes)_\\d\\.csv|part\\.(txt|tsv)')\n"
    ),
    "course_lib/worlds/language.toml": "a = 1\n",
    "course_lib/worlds/scenes.toml": "a = 1\n",
    "data/stories_dev.txt": "One.\n",
    "data/photos_dev.txt": "One.\n",
    "data/marks_1.csv": "a\n1\n",
    "data/part.tsv": "a\n1\n",
    "data/times.csv": "a\n1\n",
    "data/parts.tsv": "a\n1\n",
}


def hashed(root: Path, lesson: str = LESSON):
    reach = Reach(root).start(lesson)
    return reach.texts(), {path.name: path.read_bytes() for path in reach.files}


@pytest.fixture
def tree(tmp_path):
    for name, source in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source, encoding="utf-8", newline="")
    return tmp_path


USED = {
    "through a re-export": ("plotting/style.py", "for v in values", "for v in values[1:]"),
    "through a function": ("plotting/style.py", "text.title()", "text.upper()"),
    "a constant": ("plotting/style.py", "#f00", "#f01"),
    "another function of that name": ("plotting/__init__.py", "bars, lines", "bars, bars as lines"),
    "a base": ("models.py", "size = 1", "size = 4"),
    "imported inside a function": ("inside.py", "sorted(WAYS)", "list(WAYS)"),
    "what runs on import": ("numbers.py", "TABLE.append(2)", "TABLE.append(3)"),
    "another library's function": ("numbers.py", "import sqrt", "import cbrt"),
    "a module that is handed on": ("handed_on.py", "return 1", "return 2"),
    "a module of which all is imported": ("starred.py", "return 1", "return 2"),
    "a module named in a text": ("by_text.py", "return 1", "return 2"),
    "put into a table by its decorator": ("named.py", "return 1", "return 3"),
    "a class that Keras finds by name": ("models.py", "size = 2", "size = 4"),
    "a file it names": ("worlds/language.toml", "a = 1", "a = 2"),
    "a file named in parts": ("../data/stories_dev.txt", "One.", "Two."),
    "a file that a regular expression matches": ("../data/marks_1.csv", "1", "2"),
    "another that it matches": ("../data/part.tsv", "1", "2"),
}
NOT_USED = {
    "a function": ("plotting/style.py", "return values", "return values[1:]"),
    "a new function": ("plotting/style.py", "def bars", "def more():\n    return _axis(1)\n\n\ndef bars"),
    "a new re-export": ("plotting/__init__.py", "import bars, lines", "import RED, bars, lines"),
    "a module with the name of a parameter": ("text.py", "return 1", "return 2"),
    "a function beside one": ("numbers.py", "return x\n", "return -x\n"),
    "a function beside one in a table": ("named.py", "return 2", "return 3"),
    "a class that Keras does not know": ("models.py", "size = 3", "size = 4"),
    "a docstring": ("plotting/style.py", '"""Curves."""', '"""Curves,\n\n    more of them.\n    """'),
    "a comment": ("plotting/style.py", "# a label", "# the label"),
    "what runs as a program": ("plotting/style.py", '"shown"', '"seen"'),
    "another world": ("worlds/scenes.toml", "a = 1", "a = 2"),
    "another file": ("../data/photos_dev.txt", "One.", "Two."),
    "a file of the kind that a regular expression speaks of": ("../data/times.csv", "1", "2"),
    "a file with more in its name than it matches": ("../data/parts.tsv", "1", "2"),
    "line ends": ("plotting/style.py", "\n", "\r\n"),
}


@pytest.mark.parametrize("case", [*USED, *NOT_USED])
def test_what_a_lesson_uses_counts_and_nothing_else(tree, case):
    before = hashed(tree)
    file, old, new = (USED | NOT_USED)[case]
    path = tree / "course_lib" / file
    source = path.read_bytes().decode()
    assert old in source
    path.write_text(source.replace(old, new), encoding="utf-8", newline="")
    assert (hashed(tree) != before) == (case in USED)


def test_docstrings_count_where_a_lesson_shows_them(tree):
    shows = LESSON + "import inspect\nprint(inspect.getsource(plotting.lines))\n"
    before = hashed(tree, shows)
    style = tree / "course_lib" / "plotting" / "style.py"
    style.write_text(style.read_text(encoding="utf-8").replace("Curves", "Lines"), encoding="utf-8")
    assert hashed(tree, shows) != before


def test_a_registered_class_counts_only_where_a_model_is_loaded(tree):
    lesson = "from course_lib.models import Base\n"
    before = hashed(tree, lesson)
    models = tree / "course_lib" / "models.py"
    models.write_text(models.read_text(encoding="utf-8").replace("size = 2", "size = 4"), encoding="utf-8")
    assert hashed(tree, lesson) == before


# -- the lessons as they are -------------------------------------------------------------------------------------------


@pytest.fixture
def stale(monkeypatch):
    """The lessons that a change of a file's bytes makes stale."""
    before = {name: build.fingerprint(name) for name in build.lessons()}
    read = Path.read_bytes

    def changed(path: Path, change) -> set[str]:
        with monkeypatch.context() as patch:
            patch.setattr(Path, "read_bytes", lambda self: change(read(self)) if self == path else read(self))
            return {name for name in before if build.fingerprint(name) != before[name]}

    return changed


def users(pattern: str) -> set[str]:
    """The lessons whose source has it."""
    return {n for n in build.lessons() if re.search(pattern, (build.LESSONS / f"{n}.py").read_text(encoding="utf-8"))}


@pytest.mark.parametrize("name", build.lessons())
def test_every_name_a_lesson_reaches_in_the_package_is_there(name):
    lesson = (build.LESSONS / f"{name}.py").read_text(encoding="utf-8")
    assert Reach(build.ROOT).start(lesson).missing == set()
    assert Reach(build.ROOT).start(lesson + "from course_lib import checks\nchecks.none()\n").missing == {
        "course_lib.checks.none"
    }


WORLDS = sorted((build.ROOT / "course_lib" / "worlds").glob("*.toml"))
NO_LESSON_YET = {"speech"}


@pytest.mark.parametrize("world", [p for p in WORLDS if p.stem not in NO_LESSON_YET], ids=lambda p: p.stem)
def test_a_worlds_file_counts_for_the_lessons_on_that_world(stale, world):
    used = users(rf"course_lib\.worlds(\.| import ){world.stem}\b")
    assert stale(world, lambda data: data + b"\n") == used
    assert used


@pytest.mark.parametrize("package", ["plotting", "metrics"])
def test_a_new_function_makes_no_lesson_stale(stale, package):
    for module in (build.ROOT / "course_lib" / package).glob("*.py"):
        assert stale(module, lambda data: data + b"\n\ndef new(x):\n    return x\n") == set()


def test_a_changed_function_makes_the_lessons_that_use_it_stale(stale):
    bleu = build.ROOT / "course_lib" / "metrics" / "translation.py"
    used = users(r"\bbleu\(|metrics\.bleu")
    assert used
    assert used <= stale(bleu, lambda data: data.replace(b"def bleu(", b"def bleu(_, ", 1)) < set(build.lessons())

"""What a stranger finds beside the code: well-formed, and true of the tree."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from test_layering import ORDER, RANK

import course_lib
from tools.build import ROOT

SCHEMAS = {
    "vendor.citation-file-format": "CITATION.cff",
    "vendor.dependabot": ".github/dependabot.yml",
    "vendor.github-issue-forms": ".github/ISSUE_TEMPLATE/*.yml",
    "vendor.github-workflows": ".github/workflows/*.yml",
}
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
# The rows of the map's two tables: what | `where` | what is there
TABLES = re.findall(r"^\| What you want to add .+\n\| --- .+\n((?:\|.+\n)+)", CONTRIBUTING, re.MULTILINE)
INSIDE, BESIDE = (dict(re.findall(r"^\| .+ \| `([\w/.]+)` \| (.+) \|$", rows, re.MULTILINE)) for rows in TABLES)
# folder -> what the map has in there
FOLDERS = {f"course_lib/{where}": there for where, there in INSIDE.items() if where.endswith("/")} | BESIDE


@pytest.mark.parametrize("schema", SCHEMAS)
def test_files_for_the_forge_follow_their_schemas(schema):
    files = sorted(map(str, ROOT.glob(SCHEMAS[schema])))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *files]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert files and finished.returncode == 0, finished.stdout


def test_a_linter_of_workflows_finds_nothing(tmp_path):
    command = [str(Path(sys.executable).with_name("zizmor")), "--offline", "--quiet", "--color=never"]
    finished = subprocess.run([*command, ".github"], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert finished.returncode == 0, finished.stdout
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    (tmp_path / ".github" / "workflows" / "test.yml").write_text(
        workflow.replace("run: py -3.12", "run: echo ${{ github.event.issue.title }}; py -3.12"), encoding="utf-8"
    )
    finished = subprocess.run([*command, ".github"], cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert finished.returncode != 0 and "template-injection" in finished.stdout


def test_there_are_templates_for_issues_and_pull_requests():
    assert {path.stem for path in (ROOT / ".github" / "ISSUE_TEMPLATE").iterdir()} == {"bug", "idea", "lesson"}
    assert "make test" in (ROOT / ".github" / "pull_request_template.md").read_text(encoding="utf-8")
    assert "Report a vulnerability" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    packages = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))["updates"]
    assert {update["package-ecosystem"] for update in packages} == {"pip", "github-actions"}


def test_the_version_stands_in_one_place_and_is_the_last_in_the_changelog():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in project["project"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "course_lib.__version__"}
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (.+)$", changelog, re.MULTILINE)
    assert sections[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", section) for section in sections[1:])
    assert sections[1].startswith(f"[{course_lib.__version__}]")
    kinds = set(re.findall(r"^### (.+)$", changelog, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_hooks_run_in_the_environment_and_ask_for_what_is_there():
    subprocess.run([sys.executable, "-m", "pre_commit", "validate-config"], cwd=ROOT, check=True, timeout=600)
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repository["repo"] for repository in config["repos"]] == ["local"]  # no network
    for hook in config["repos"][0]["hooks"]:
        program, module, *arguments = hook["entry"].split()
        assert (program, hook["language"]) == ("tools/hook", "script")
        for argument in arguments:
            assert not argument.endswith(".py") or (ROOT / argument).is_file()
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file() or module in ("ruff", "mypy", "pytest")


def test_mistakes_of_types_are_found(tmp_path):
    planted = {
        "def one(rows: list[int]) -> int:\n    return str(len(rows))": "Incompatible return value type",
        "def two(rows):\n    return len(1)": "Argument 1 to",  # without annotations
        "from course_lib.files import locked\nlocked(3)": "Argument 1 to",  # of the course's own functions
        "from course_lib.files import unlocked": "has no attribute",
        "import unheard_of": "Cannot find implementation",
    }
    (tmp_path / "planted.py").write_text("\n".join(planted), encoding="utf-8")
    command = [sys.executable, "-m", "mypy", str(tmp_path / "planted.py")]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert f"Found {len(planted)} errors" in finished.stdout
    assert all(found in finished.stdout for found in planted.values())


@pytest.mark.skipif(not shutil.which("sh"), reason="git brings its own on Windows")
def test_a_hook_s_program_finds_the_environment():
    finished = subprocess.run(["sh", "tools/hook", "platform"], cwd=ROOT, capture_output=True, timeout=600)
    assert finished.returncode == 0 and finished.stdout


# -- the map of modules ------------------------------------------------------------------------------------------------


def test_the_map_has_every_part_of_the_package_in_the_direction_data_flows():
    parts = [where.rstrip("/").removesuffix(".py") for where in INSIDE]
    assert set(parts) == {part for group in ORDER for part in group} - {"__init__"}
    assert [RANK[part] for part in parts] == sorted(RANK[part] for part in parts)
    for where in INSIDE:
        path = ROOT / "course_lib" / where
        assert path.is_dir() if where.endswith("/") else path.is_file(), where


def test_the_map_has_every_folder_of_code_and_every_module_of_it_and_no_other():
    found = {path.parent.relative_to(ROOT) for top in ("course_lib", *BESIDE) for path in (ROOT / top).rglob("*.py")}
    assert {f"{folder.as_posix()}/" for folder in found} | {"data/", "notebooks/pages/"} == {*FOLDERS, "course_lib/"}
    for folder in found - {Path("course_lib"), Path("course_lib/exercises"), Path("tests")}:
        there = {path.stem for path in (ROOT / folder).glob("*.py")} - {"__init__"}
        assert set(re.findall(r"`(\w+)`", FOLDERS[f"{folder.as_posix()}/"])) == there


def test_the_map_has_all_data_and_tests():
    assert set(re.findall(r"`(\w+)/`", BESIDE["data/"])) == {p.name for p in (ROOT / "data").iterdir() if p.is_dir()}
    pages = {path.stem for path in (ROOT / "notebooks" / "pages").iterdir()}
    assert set(re.findall(r"`(\w+)`", BESIDE["notebooks/pages/"])) == pages
    names = {name for there in FOLDERS.values() for name in re.findall(r"`(\w+)`", there)}
    names |= {where.rstrip("/").removesuffix(".py") for where in INSIDE}
    whole = set(re.findall(r"`test_([a-z]\w+)`", BESIDE["tests/"]))
    there = {path.stem.removeprefix("test_") for path in (ROOT / "tests").glob("test_*.py")}
    assert whole <= there
    strangers = {name for name in there - whole if not set(name.split("_and_")) <= names}
    assert not strangers, "of which module are these tests?"

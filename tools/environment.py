"""Write environment.yml for conda users: the pins of requirements.lock, unchanged, in its pip section."""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def environment(lock: str, with_course: bool) -> str:
    """The text of environment.yml for the text of requirements.lock; with_course: install course_lib itself, too."""
    pins = [line.strip() for line in lock.splitlines() if line.strip() and not line.startswith("#")]
    pins += ["-e ."] if with_course else []
    head = ["# Written by `make lock` from requirements.lock: the same pins for conda users.", "name: sequence-course"]
    head += ["channels:", "  - conda-forge", "dependencies:", "  - python>=3.11,<3.14", "  - pip", "  - pip:"]
    return "\n".join(head + [f'      - "{pin}"' for pin in pins]) + "\n"


def main() -> int:
    """Write both files: Binder reads its own, and installs the course in binder/postBuild."""
    argparse.ArgumentParser("python -m tools.environment", description=__doc__).parse_args()
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    (ROOT / "environment.yml").write_text(environment(lock, with_course=True), encoding="utf-8")
    (ROOT / "binder" / "environment.yml").write_text(environment(lock, with_course=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

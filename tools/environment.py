"""Write environment.yml for conda users: the pins of requirements.lock, unchanged, in its pip section."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def environment(lock: str) -> str:
    """The text of environment.yml for the text of requirements.lock."""
    pins = [line.strip() for line in lock.splitlines() if line.strip() and not line.startswith("#")]
    head = ["# Written by `make lock` from requirements.lock: the same pins for conda users.", "name: sequence-course"]
    head += ["channels:", "  - conda-forge", "dependencies:", "  - python>=3.11,<3.14", "  - pip", "  - pip:"]
    return "\n".join(head + [f'      - "{pin}"' for pin in pins] + ['      - "-e ."']) + "\n"


if __name__ == "__main__":
    text = environment((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    (ROOT / "environment.yml").write_text(text, encoding="utf-8")
    sys.exit(0)

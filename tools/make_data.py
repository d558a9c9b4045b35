"""Write everything under data/ anew. The same on every machine, byte for byte."""

import sys
from pathlib import Path

from course_lib.datasets.fetch import sha256
from course_lib.text import detokenize
from course_lib.worlds import language

ROOT = Path(__file__).resolve().parents[1]
# Seeds far from those the lessons draw their training stories with.
LANGUAGE_FILES = {"language/train.txt": (5_000, 20_001), "language/heldout.txt": (2_500, 20_002)}

README = """# Data that ships with the course

Written by `make data`; nothing here is copied from elsewhere. `python -m course_lib doctor` checks it.
Text: CC BY 4.0.

| file | what | origin | sha256 |
| --- | --- | --- | --- |
"""


def write(folder: Path) -> None:
    """Write the world files and the README that lists them into `folder`."""
    world, table = language.load(), README
    for name, (count, seed) in LANGUAGE_FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        stories = world.sample(count, seed)
        path.write_bytes("".join(detokenize(story) + "\n" for story in stories).encode())
        what = f"{count:,} stories, one a line"
        table += f"| `{name}` | {what} | `course_lib/worlds/language.toml`, seed {seed} | `{sha256(path)}` |\n"
    (folder / "README.md").write_bytes(table.encode())


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "data")

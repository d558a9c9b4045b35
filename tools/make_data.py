"""Write everything under data/ anew, the same on every machine, byte for byte; but for trained weights, which stay.

Training again gives other weights that are as good: tools/pretrain.py, and what it wrote beside them.
"""

import argparse
import shutil
from pathlib import Path

from course_lib import bundled
from course_lib.datasets.fetch import sha256
from course_lib.text import detokenize
from course_lib.worlds import language
from course_lib.worlds.scenes import SceneWorld

ROOT = Path(__file__).resolve().parents[1]
# Seeds far from those the lessons draw their training stories with.
LANGUAGE_FILES = {"language/train.txt": (5_000, 20_001), "language/heldout.txt": (2_500, 20_002)}
SCENES = {"train": (16, 20_003), "dev": (4, 20_004), "test": (4, 20_005)}
TRAINED = {
    "vision/small_cnn.weights.h5": "weights of the course's CNN",
    "vision/vectors.npz": "what it says of 40,000 scenes",
    "vision/grids.npz": "what it says of each region of them",
    "vision/small_cnn.csv": "how often it is right on pictures it has not seen",
}

README = """# Data that ships with the course

Written by `make data`; nothing here is copied from elsewhere. `python -m course_lib doctor` checks it.
Text and pictures: CC BY 4.0. The scenes are in Flickr8k's layout, their boxes in COCO's.

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
    scenes = SceneWorld()
    scenes.write(folder / "scenes", {name: scenes.sample(*of) for name, of in SCENES.items()}, compress=0)
    (folder / "scenes" / "made.txt").unlink()  # how `write` knows what is there
    for path in sorted((folder / "scenes").rglob("*.*")):
        what = "a scene" if path.suffix == ".png" else "captions, splits and boxes of the scenes"
        name = path.relative_to(folder).as_posix()
        table += f"| `{name}` | {what} | `course_lib/worlds/scenes.toml`, seeds 20003 to 20005 | `{sha256(path)}` |\n"
    for name, what in TRAINED.items():
        path = folder / name
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(bundled.path(name), path)
        table += f"| `{name}` | {what} | trained: `tools/pretrain.py` | `{sha256(path)}` |\n"
    (folder / "README.md").write_bytes(table.encode())


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser("python -m tools.make_data", description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "data", help="default: data")
    write(parser.parse_args().folder)


if __name__ == "__main__":
    main()

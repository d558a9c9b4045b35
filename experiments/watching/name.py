"""What a trained network says of any clips, and which of their frames decided."""

import sys
from pathlib import Path

import numpy as np

from course_lib.datasets.clip_files import ENDINGS
from course_lib.errors import CourseError
from experiments.watching.data import extractor_of
from experiments.watching.model import Trained, load, log_probabilities

CLASSES, FRAMES = 3, 3  # that are named


def name(files: list[Path], out: Path, reader: str) -> None:
    """Print the most probable classes of each clip, and the frames that decided. A folder: all clips in it."""
    trained = load(out, reader)
    extractor = extractor_of(trained.recipe)
    trained.check(extractor)
    named = 0
    for path in expanded(files):
        try:
            clip = extractor.decode(path.read_bytes(), str(path))
        except OSError as error:
            print(f"{path}: {error.strerror or error}.", file=sys.stderr)
        except CourseError as error:
            print(error, file=sys.stderr)
        else:
            print(say(trained, str(path), np.asarray(extractor(clip[None])[0], np.float32)), flush=True)
            named += 1
    if not named:
        raise CourseError("no clip is left to name.")


def expanded(files: list[Path]) -> list[Path]:
    """Files as they are, and in the place of a folder the clips below it. A folder without clips is named."""
    found = []
    for path in files:
        inside = sorted(file for file in path.rglob("*") if file.suffix.lower() in ENDINGS) if path.is_dir() else [path]
        if not inside:
            print(f"{path}: no clip is in this folder.", file=sys.stderr)
        found += inside
    return found


def left_out(network, rows: np.ndarray, label: int) -> np.ndarray:
    """What each frame adds to log p of a class, nats: rows of one clip (T, ...) -> (T,).

    A frame is left out by holding the one before it a step longer; the first, by showing the second twice.
    """
    T = len(rows)
    without = np.repeat(rows[None], T, axis=0)  # (T, T, ...)
    for t in range(T):
        without[t, t] = rows[t - 1 if t else 1]
    log_p = log_probabilities(network, np.concatenate([rows[None], without]))[:, label]
    return log_p[0] - log_p[1:]


def say(trained: Trained, name: str, rows: np.ndarray) -> str:
    """A line of classes, and one of frames."""
    p = np.exp(log_probabilities(trained.network, rows[None])[0])
    best = np.argsort(-p)[:CLASSES]
    classes = ", ".join(f"{trained.state['classes'][label]} {p[label]:.2f}" for label in best)
    adds = left_out(trained.network, rows, int(best[0]))
    first = [t for t in np.argsort(-adds)[:FRAMES] if adds[t] >= 0.005]
    frames = ", ".join(f"{t + 1} ({adds[t]:+.2f} nats)" for t in first) or "none by itself"
    return f"{name}: {classes}\n      decided, of {len(rows)} frames: {frames}"

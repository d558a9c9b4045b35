"""Clips of a folder: frames taken, turned into rows of numbers that are kept on disk, with class and group."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.datasets.clip_files import ClipFolder, group_of, read_folder, read_list
from course_lib.errors import CourseError
from course_lib.features import FeatureCache
from experiments.watching.recipe import OWN, PRETRAINED, Recipe

TOGETHER = 8  # clips in a batch of the CNN: 96 frames


@dataclass(frozen=True)
class Pictures:
    """The frames themselves as an `Extractor` (features.py), for a CNN that is trained with its reader."""

    size: int

    @property
    def identity(self) -> str:
        """Which pixels."""
        return f"pictures {self.size}"

    @property
    def shape(self) -> tuple[int, ...]:
        """size, size, 3."""
        return self.size, self.size, 3

    def decode(self, data: bytes, name: str) -> np.ndarray:
        """The bytes of a picture -> (size, size, 3). ImageError for what is none."""
        from course_lib.vision import images

        return images.decode(data, self.size, name)

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """(B, size, size, 3), as they are."""
        return pictures


@dataclass
class Quarters:
    """A Backbone as an `Extractor` of one vector for a picture: the means of four quarters, which may overlap."""

    backbone: Any

    @property
    def identity(self) -> str:
        """The backbone's, and how its regions are pooled."""
        return f"{self.backbone.identity} quarters"

    @property
    def size(self) -> int:
        """Pixels of a side of its pictures."""
        return self.backbone.size

    @property
    def shape(self) -> tuple[int, ...]:
        """(4 C,)."""
        return (4 * self.backbone.shape[-1],)

    def decode(self, data: bytes, name: str) -> np.ndarray:
        """As the backbone's."""
        return self.backbone.decode(data, name)

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """(B, size, size, 3) -> (B, 4 C): upper left, upper right, lower left, lower right."""
        grid = self.backbone(pictures)
        rows, columns = ((slice((n + 1) // 2), slice(n // 2, None)) for n in grid.shape[1:3])
        return np.concatenate([grid[:, i, j].mean(axis=(1, 2)) for i in rows for j in columns], axis=-1)


def extractor_of(recipe: Recipe):
    """What is kept of each frame: of a pretrained CNN its regions, averaged; else the frame itself."""
    from course_lib.vision.backbones import Pooled, pretrained
    from course_lib.vision.video import OfFrames

    if recipe.cnn == OWN:
        return OfFrames(Pictures(recipe.size), recipe.frames)
    quarters = recipe.regions == "quarters"  # MobileNetV2's before its last convolution: 4 x 320 numbers, not 4 x 1280
    layer = "block_16_project_BN" if quarters and recipe.cnn == "mobilenet_v2" else ""
    options = {} if recipe.cnn == "mobilenet_v2" else {"alpha": 0.25}
    backbone = pretrained(PRETRAINED[recipe.cnn], recipe.size, layer=layer, **options)
    return OfFrames(Quarters(backbone) if quarters else Pooled(backbone), recipe.frames)


def read_listed(folder: Path, listed: str | None, split: str) -> tuple[ClipFolder, list[str]]:
    """A folder, and the names that a list of it has; without one, those of its split."""
    clips = read_list(folder, listed) if listed else read_folder(folder)
    return clips, clips.splits["listed" if listed else split]


class Footage:
    """The clips of a folder that can be read, in order: names, labels (N,), groups, and the row of each.

    classes: names of the classes; a clip of another one is left out. Each file is opened and hashed here, once, and
    decoded if its row is not kept yet. rows: all that are kept, on disk; places (N,): where in it; digests: sha256 of
    each file; problems: a sentence for all that was left out; home: what the names are in. CourseError if none is left.
    """

    def __init__(
        self, clips: ClipFolder, names: Sequence[str], recipe: Recipe, features: Path, classes: Sequence[str],
        extractor=None,
    ):  # fmt: skip
        from course_lib.training import progress

        self.extractor = extractor or extractor_of(recipe)
        self.classes, self.home, self.problems = list(classes), clips.folder, list(clips.problems)
        known = [name for name in names if name.split("/")[0] in classes]
        if len(known) < len(names):
            other = next(name for name in names if name not in set(known))
            self.problems.append(
                f"{len(names) - len(known)} clips are of classes that were never trained, the first is {other}. "
                "Left out."
            )
        cache = FeatureCache(features, self.extractor)
        places, problems = cache.add(
            [clips.path(name) for name in known], TOGETHER, lambda parts: progress(parts, len(parts), "clips")
        )
        self.problems += [f"{problem} Left out." for problem in problems]
        there = np.flatnonzero(places >= 0)
        if not len(there):
            raise CourseError(
                f"{clips.folder}: no clip is left of {len(names)}; the first: {[*self.problems, 'none is named'][0]}"
            )
        self.rows, digests = cache.rows, list(cache.index)
        self._keep([known[i] for i in there], places[there], [digests[place] for place in places[there]])

    def _keep(self, names, places, digests):
        self.names, self.places, self.digests = names, places, digests
        self.labels = np.array([self.classes.index(name.split("/")[0]) for name in names])
        self.groups = [group_of(name) for name in names]

    def leave_out(self, chosen: np.ndarray) -> None:
        """Those that are chosen (N,), bool."""
        keep = np.flatnonzero(~chosen)
        self._keep([self.names[i] for i in keep], self.places[keep], [self.digests[i] for i in keep])

    def __len__(self) -> int:
        return len(self.names)

    @property
    def digest(self) -> str:
        """Changes with every clip, its class and its group, and with what is kept of it."""
        told = json.dumps([self.extractor.identity, self.classes, sorted(zip(self.names, self.digests, strict=True))])
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def read(self, chosen: np.ndarray) -> np.ndarray:
        """Rows of some clips, by their numbers (B,): (B, T, ...), float32. Only they come into the memory."""
        return np.asarray(self.rows[self.places[chosen]], np.float32)

    def parts(self, chosen: np.ndarray, count: int = 32) -> Iterator[np.ndarray]:
        """The numbers of some clips (n,), so many at a time."""
        for start in range(0, len(chosen), count):
            yield chosen[start : start + count]

    def batches(self, chosen: np.ndarray, batch: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Endless shuffled batches of some clips: rows (B, T, ...), labels (B,)."""
        rng = np.random.default_rng(seed)
        waiting = np.zeros(0, int)
        while True:
            while len(waiting) < batch:
                waiting = np.concatenate([waiting, rng.permutation(chosen)])
            some, waiting = waiting[:batch], waiting[batch:]
            yield self.read(some), self.labels[some]

    def held_out(self, share: float, seed: int) -> np.ndarray:
        """Which clips are held out (N,), bool: whole groups, about a share of those of each class.

        Of a class with two groups or more, one at least; of a class with one, none. CourseError if that leaves none.
        """
        of_class = defaultdict(set)
        for label, group in zip(self.labels.tolist(), self.groups, strict=True):
            of_class[label].add(group)
        rng, out = np.random.default_rng(seed), set()
        for label in sorted(of_class):
            groups = sorted(of_class[label])
            count = max(round(share * len(groups)), 1) if len(groups) > 1 else 0
            out |= set(rng.permutation(groups)[:count].tolist())
        if not out:
            raise CourseError(
                "every class has clips of one group only, so none can be held out: say how to train with "
                "--set learning_rate=0.003 --set updates=300."
            )
        return np.isin(self.groups, sorted(out))

    def lonely(self) -> list[str]:
        """A sentence for each class of which nothing can be held out."""
        found = []
        for label, kind in enumerate(self.classes):
            own = np.flatnonzero(self.labels == label)
            if len(own) == 1:
                found.append(f"{kind} has one clip: it is trained on, and none is held out.")
            elif len(own) and len({self.groups[i] for i in own}) == 1:
                found.append(f"{kind} has clips of one group only: they are trained on, and none is held out.")
            elif not len(own):
                found.append(f"{kind} has no clip that can be read: it will never be named.")
        return found

"""Photographs and captions: read, turned into vectors and rows of ids."""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from course_lib.datasets.captions import Captioned, caption_words
from course_lib.errors import CourseError
from course_lib.features import FeatureCache
from course_lib.text import Vocabulary, to_rows
from experiments.captioning.recipe import Recipe


def extractor_of(recipe: Recipe):
    """The CNN whose grids are kept for attention, else its pooled vectors. It is not built before it is called."""
    from course_lib.vision.backbones import Pooled, pretrained
    from course_lib.vision.small_cnn import small_cnn

    if recipe.network == "small_cnn":  # the course's
        backbone = small_cnn()
    else:
        backbone = pretrained(recipe.network, recipe.size, pooling=recipe.pooling, layer=recipe.layer)
    return backbone if recipe.attention else Pooled(backbone)


class Data:
    """The photographs of some splits that can be read: where the vector of each is, and its captions as words.

    Each photograph is opened and hashed here, once, and decoded if its vector is not kept yet.
    problems: a sentence for all that was left out; seconds: what that took.
    """

    def __init__(self, given: Captioned, recipe: Recipe, features: Path, splits: Sequence[str]):
        from course_lib.training import progress

        begun = time.monotonic()
        self.extractor = extractor_of(recipe)
        cache = FeatureCache(features, self.extractor)
        names = [(split, name) for split in splits for name in given.present(split)]
        places, problems = cache.add(
            [given.path(name) for _, name in names], watch=lambda batches: progress(batches, len(batches), "vectors")
        )
        self.problems = given.problems + [f"{problem} Left out." for problem in problems]
        self.features, digests = cache.rows, list(cache.index)
        self.places: dict[str, list[int]] = {split: [] for split in splits}
        self.words: dict[str, list[list[list[str]]]] = {split: [] for split in splits}  # of each caption
        told = hashlib.sha256(self.extractor.identity.encode())
        for (split, name), place in zip(names, places, strict=True):
            if place >= 0:
                self.places[split].append(place)
                self.words[split].append([caption_words(caption) for caption in given.captions[name]])
                told.update(json.dumps([split, digests[place], given.captions[name]]).encode())
        self.digest = told.hexdigest()[:16]  # changes with every vector, caption and split
        for split in splits:
            if not self.places[split]:
                raise CourseError(f"no photograph of {split!r} can be read; the first: {problems[0]}")
        self.seconds = time.monotonic() - begun


@dataclass(frozen=True)
class TrainingSet:
    """What a captioner trains on, small enough to be handed to another process, which maps the vectors itself.

    words: the vocabulary. train: where the vector of each caption's picture is (N,), its row of ids (N, L); dev: the
    same, of the first caption of each picture. seconds: what the vectors took.
    """

    file: str
    shape: tuple[int, ...]
    words: list[str]
    train: tuple[np.ndarray, np.ndarray]
    dev: tuple[np.ndarray, np.ndarray]
    seconds: float

    @cached_property
    def features(self) -> np.ndarray:
        """All vectors that are kept (N, ...), float16."""
        return np.memmap(self.file, np.float16, "r", shape=self.shape)


def training_set(data: Data, recipe: Recipe) -> TrainingSet:
    """Of the splits "train" and "dev". CourseError if a photograph has too few captions."""
    fewest = min(map(len, data.words["train"]))
    if fewest < recipe.captions_per_image:
        raise CourseError(
            f"a photograph has {fewest} captions only, {recipe.captions_per_image} are trained together: give "
            "--set captions_per_image=1."
        )
    together = sum(len(own) // recipe.captions_per_image for own in data.words["train"]) * recipe.captions_per_image
    if together < recipe.batch:
        raise CourseError(f"there are {together} captions to train on, fewer than a batch: give --set batch=NUMBER.")
    counts = Counter(word for own in data.words["train"] for words in own for word in words)
    frequent = [word for word in counts if counts[word] >= recipe.rare]
    vocabulary = Vocabulary(sorted(frequent, key=lambda word: (-counts[word], word)))

    def rows(split, captions):
        texts = [words[: recipe.longest] for own in data.words[split] for words in own[:captions]]
        each = [len(own[:captions]) for own in data.words[split]]
        return np.repeat(data.places[split], each), to_rows(texts, vocabulary, unknown="replace")

    return TrainingSet(
        str(data.features.filename), data.features.shape, list(vocabulary.words), rows("train", None), rows("dev", 1),
        data.seconds,
    )  # fmt: skip

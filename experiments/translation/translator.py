"""A trained network and the pieces it was trained with: sentences to sentences."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course_lib import subwords
from course_lib.checkpoint import Checkpoint
from course_lib.errors import CourseError
from course_lib.subwords import Subwords


class Translated(NamedTuple):
    """A sentence and its pieces, read and said. weights: (said + 1, read), of whom looks; the last row is <eos>'s."""

    sentence: str
    read: list[str]
    said: list[str]
    weights: np.ndarray | None


def saved_model(checkpoint: Checkpoint):
    """The network that was saved, or None."""
    from course_lib.models import encoder_decoder  # noqa: F401 - Keras finds the course's classes

    return checkpoint.model()


class SubwordTranslator:
    """sentences -> Translated, by beam search."""

    def __init__(self, model, source: Subwords, target: Subwords):
        from course_lib.decoding import Translator

        self.source, self.target = source, target
        self._search = Translator(model, source.vocabulary, target.vocabulary)

    @classmethod
    def load(cls, folder: Path) -> "SubwordTranslator":
        """The network that was trained in a folder; nothing is written. CourseError if it is not finished."""
        checkpoint = Checkpoint.read(folder)
        if not checkpoint.state["done"]:
            raise CourseError(
                f"the network in {folder} is half trained, {checkpoint.state['step']} steps: give the command that "
                "began it again."
            )
        return cls(
            saved_model(checkpoint), *(subwords.load(folder.parent, name) for name in checkpoint.state["subwords"])
        )

    def __call__(self, sentences: Sequence[str], beam: int) -> list[Translated]:
        """The best translation found of each sentence."""
        read = [self.source.cut(sentence) for sentence in sentences]
        found = self._search(read, beam=beam, unknown="replace")
        return [
            Translated(self.target.join(best.words), pieces, best.words, best.weights)
            for pieces, best in zip(read, found, strict=True)
        ]

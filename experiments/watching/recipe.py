"""The settings of a run, and what is different for each CNN."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from experiments.common.recipe import checked, from_zero, one_of, read_settings, setting, share

READERS = "lstm", "gru", "set", "frame"  # of models/clips.py
RIVALS = "set", "frame"  # which do not know in which order the frames come
PRETRAINED = {"mobilenet_v2": "MobileNetV2", "mobilenet": "MobileNet"}  # on ImageNet; as keras.applications names them
OWN = "frame_cnn"  # trained with its reader
RATES, UPDATES = (1e-3, 3e-3, 1e-2), (300, 900)  # what is tried where it is not given


class Choice(NamedTuple):
    """What is chosen on groups held out."""

    vectors: str
    rate: float
    updates: int


@dataclass(frozen=True)
class Recipe:
    """The settings of a run."""

    cnn: str = one_of("mobilenet_v2", (*PRETRAINED, OWN))
    reader: str = one_of("lstm", READERS)
    regions: str = one_of("quarters", ("quarters", "mean"))  # of a pretrained CNN, averaged in each quarter, or in all
    vectors: str = one_of("chosen", ("chosen", "whole", "moving"))  # "moving": less their mean over the clip
    frames: int = setting(12, lambda value: 2 <= value <= 100, "2 to 100")
    size: int = setting(
        224, lambda value: 32 <= value <= 512 and value % 32 == 0, "a multiple of 32, 32 to 512"
    )  # pixels
    units: int = 64
    dropout: float = share(0.5)  # of the vectors
    batch: int = 32
    learning_rate: float = from_zero(0.0)  # 0: chosen on groups held out, as vectors are
    updates: int = from_zero(0)  # 0: so chosen
    held_out: float = setting(0.2, lambda value: 0 < value <= 0.5, "more than 0, at most 0.5")  # of the training groups
    seed: int = 0

    def trials(self) -> list[Choice]:
        """What is compared on the groups held out; one alone is no trial. In a single frame nothing moves."""
        whole = "whole" if self.reader == "frame" else self.vectors
        return [
            Choice(vectors, rate, updates)
            for vectors in (("whole", "moving") if whole == "chosen" else (whole,))
            for rate in ((self.learning_rate,) if self.learning_rate else RATES)
            for updates in ((self.updates,) if self.updates else UPDATES)
        ]


def read(recipe: type[Recipe], settings: Iterable[str], **options: Any) -> Recipe:
    """As `common.recipe.read_recipe`, with the size that a CNN is made for. CourseError for what cannot be."""
    given = options | read_settings(recipe, settings)
    different = {"size": 32} if given.get("cnn") == OWN else {}
    return checked(recipe(**different | given))

"""The settings of a run, and what is different where regions are looked at."""

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from course_lib.errors import CourseError
from course_lib.machine import fast_precision
from experiments.common.recipe import checked, from_zero, one_of, read_settings, share

PROCESSES = os.cpu_count() or 1  # members are trained side by side, one on each core


@dataclass(frozen=True)
class Recipe:
    """The settings of a run."""

    conditioning: str = "initial state"  # where the picture enters
    attention: str = ""  # "": regions are pooled; or when they are looked at, "after" the step, "before" it, or "hard"
    cell: str = one_of("lstm", ("lstm", "gru", "rnn"))
    network: str = "MobileNetV2"
    size: int = 224  # pixels
    layer: str = ""  # of the network, whose regions are taken; the last one, if it is not said
    pooling: str = one_of("pyramid", ("pyramid", "mean", "max"))  # how one vector is made of the regions
    width: int = 256
    embedding: int = 256
    units: int = 384
    maxout: int = 256  # its width, where there is one
    dropout: float = share(0.4)
    batch: int = 256
    epochs: float = 5.0
    learning_rate: float = 3e-3
    optimizer: str = one_of("muon", ("muon", "adam"))
    # "mixed_bfloat16": products in 16 bits, sums and weights in 32. `read` chooses what is faster here.
    precision: str = one_of("float32", ("mixed_bfloat16", "float32"))
    rare: int = 5  # a word that comes less often in the training captions is <unk>
    longest: int = 24  # words of a caption that are trained
    captions_per_image: int = 1  # that are read together in a batch
    score: str = one_of("additive", ("additive", "bilinear"))  # how well a memory matches a region
    output: str = one_of("sum", ("sum", "maxout"))  # how what was seen joins the state before a word is said
    doubly_stochastic: float = from_zero(0.0)  # weight of the penalty if not every region is looked at as much
    members: int = 2  # captioners that speak together
    alpha: float = 0.8  # of the beam's length normalisation, where captions are searched for
    seed: int = 0

    def identity(self, member: int) -> dict[str, Any]:
        """What makes it the same training; how captions are searched for changes none."""
        return {name: value for name, value in asdict(self).items() if name != "alpha"} | {"member": member}

    def label(self) -> str:
        """Its folder's name: a run for each conditioning or attention, and seed."""
        name = f"attention {self.attention}" if self.attention else self.conditioning
        return f"{name.replace(' ', '-')}-{self.seed}"


# What is different where regions are looked at. They are taken before MobileNetV2's last convolution, a quarter of the
# numbers: as good, and faster. Products in 16 bits gain nothing. Four captioners, each half as much work as one of the
# two without attention: alone as good, together better. The penalty of eq. 14 helps: after four epochs, captioners had
# a CIDEr of .437 to .470 without it (five of them), of .467 to .475 with it (three).
WITH_ATTENTION = {
    "layer": "block_16_project_BN", "score": "bilinear", "doubly_stochastic": 1.0, "rare": 20,
    "width": 192, "embedding": 160, "units": 224, "dropout": 0.3, "learning_rate": 4e-3, "members": 4,
    "alpha": 0.9,
}  # fmt: skip


def read(recipe: type[Recipe], settings: Iterable[str], **options: Any) -> Recipe:
    """As `common.recipe.read_recipe`, for this one. CourseError for what cannot be."""
    from course_lib.models.captioner import ATTENTIONS
    from course_lib.models.decoders import check_names

    given = options | read_settings(recipe, settings)
    check_names(given["conditioning"], given["attention"] or None, ATTENTIONS)  # before the network is asked for
    different = dict(WITH_ATTENTION) if given["attention"] else {"precision": fast_precision()}
    if given.get("network", Recipe.network) != Recipe.network:
        different.pop("layer", None)  # another network has other layers
    made = checked(recipe(**different | given))
    if made.batch % made.captions_per_image:
        raise CourseError(f"--set batch={made.batch}: expected a multiple of {made.captions_per_image}.")
    return made


def is_stored(recipe: Recipe) -> bool:
    """Whether the stored table holds runs of this recipe, whatever their seed."""
    defaults = (read(Recipe, [], conditioning="initial state", attention=name) for name in ("", "after"))
    return replace(recipe, seed=0) in defaults

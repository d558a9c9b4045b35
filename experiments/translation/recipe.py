"""The settings of a run, and the two networks that it compares."""

from dataclasses import dataclass

from experiments.common.recipe import one_of, share

NETWORKS = {"none": None, "attention": "after"}  # name -> attention


@dataclass(frozen=True)
class Recipe:
    """The settings of a run."""

    pieces: int = 4000
    embedding: int = 192
    encoder_units: int = 192
    units: int = 320
    dropout: float = share(0.2)
    batch: int = 128
    steps: int = 4000
    learning_rate: float = 3e-3
    optimizer: str = one_of("muon", ("muon", "adam"))
    seed: int = 0

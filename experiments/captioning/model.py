"""A captioner of a recipe's sizes: new, or as it was saved; and the members of a run as one."""

import contextlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from course_lib.checkpoint import Checkpoint
from course_lib.errors import CourseError
from course_lib.text import Vocabulary
from experiments.captioning.recipe import Recipe


@contextlib.contextmanager
def policy(name: str):
    """What Keras makes inside computes with this precision."""
    from course_lib.backend import keras

    keras.mixed_precision.set_global_policy(name)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy("float32")


def saved_captioner(checkpoint: Checkpoint, recipe: Recipe):
    """The one that was saved, or None."""
    from course_lib.models import captioner  # noqa: F401 - Keras finds the course's classes

    with policy(recipe.precision):
        return checkpoint.model()


def new_captioner(recipe: Recipe, shape, words: int, precision: str = "float32"):
    """For vectors of this shape and so many words."""
    from course_lib.attention import AdditiveScore, BilinearScore
    from course_lib.models.captioner import captioner

    with policy(precision):
        looking = {}
        if recipe.attention:
            score = AdditiveScore(recipe.units) if recipe.score == "additive" else BilinearScore()
            looking = {"score": score, "output": recipe.output, "doubly_stochastic": recipe.doubly_stochastic}
        return captioner(
            shape, words, recipe.conditioning, recipe.attention or None, width=recipe.width,
            embedding=recipe.embedding, units=recipe.units, cell=recipe.cell, dropout=recipe.dropout,
            maxout=recipe.maxout, pooling=recipe.pooling, **looking,
        )  # fmt: skip


def member_folder(out: Path, recipe: Recipe, member: int) -> Path:
    """A folder for each conditioning or attention, seed and member of the ensemble."""
    return out / f"{recipe.label()}-{member}"


@dataclass(frozen=True)
class Trained:
    """A finished run: its settings, the state of each member, their ensemble and vocabulary."""

    recipe: Recipe
    states: list[dict]
    model: object
    vocabulary: Vocabulary

    def check(self, extractor) -> None:
        """CourseError if vectors of this extractor are not what it was trained with."""
        if extractor.identity != self.states[0]["extractor"]:
            raise CourseError(
                f"this captioner was trained with other weights of {self.recipe.network} ({self.states[0]['extractor']}"
                f", now {extractor.identity}): bring them back, or train anew with --restart."
            )


def load(recipe: Recipe, out: Path) -> Trained:
    """The run that was trained with these settings; nothing is written. CourseError if it is not finished."""
    from course_lib.models.encoder_decoder import Ensemble

    states, models = [], []
    while len(models) < recipe.members:
        folder = member_folder(out, recipe, len(models))
        checkpoint = Checkpoint.read(folder) if (folder / "state.json").is_file() else None
        if not (checkpoint and checkpoint.state["done"]):
            raise CourseError(f"there is no trained captioner in {folder}: train it, or say where with --out.")
        state = checkpoint.state
        recipe = replace(recipe, **{name: state[name] for name in asdict(recipe) if name in state})
        trained = saved_captioner(checkpoint, recipe)
        models.append(new_captioner(recipe, tuple(state["shape"]), len(Vocabulary(state["words"]))))
        models[-1].set_weights(trained.get_weights())
        states.append(state)
    return Trained(recipe, states, Ensemble(models), Vocabulary(states[0]["words"]))

"""The style of all figures: sizes, fonts, and colours that readers with any colour vision tell apart."""

import textwrap

import matplotlib.pyplot as plt

from course_lib.claims import Claim

# Okabe & Ito 2008: told apart by readers with any kind of colour vision.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#7F7F7F",
)  # fmt: skip
CYCLE = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY)


def figure(width: float = 7.0, height: float = 3.6, columns: int = 1, rows: int = 1, **options):
    """A figure in the course's style: (figure, axes)."""
    style: dict = {
        "figure.dpi": 110, "font.size": 11, "axes.titlesize": 12, "axes.titleweight": "bold",
        "axes.spines.top": False, "axes.spines.right": False, "axes.prop_cycle": plt.cycler(color=CYCLE),
        "axes.titlelocation": "left", "legend.frameon": False,
    }  # fmt: skip
    plt.rcParams.update(style)
    return plt.subplots(rows, columns, figsize=(width, height), layout="constrained", **options)


def title(ax, claim: Claim | None = None, neutral: str = "") -> None:
    """What stands over a figure: a claim that holds, or `neutral` text, which says what is drawn and not what is found.

    It is broken into lines as wide as its column of the figure. TypeError unless one of them is given.
    """
    if bool(neutral) == isinstance(claim, Claim) or not isinstance(claim, Claim | None):
        raise TypeError(f'title: expected a claim, or neutral="…", got {claim!r}, neutral={neutral!r}')
    columns = ax.get_subplotspec().get_gridspec().ncols
    text = claim.sentence if claim else neutral
    ax.set_title(textwrap.fill(text[:1].upper() + text[1:], int(9.5 * ax.figure.get_figwidth() / columns)))


def close(figure) -> None:
    """Forget a figure that has been drawn elsewhere, so that the notebook does not show it, too."""
    plt.close(figure)

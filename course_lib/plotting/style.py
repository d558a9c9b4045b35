"""The style of all figures: sizes, fonts, and colours that readers with any colour vision tell apart."""

import sys
import textwrap

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from course_lib.claims import Claim

# Okabe & Ito 2008: told apart by readers with any kind of colour vision.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#7F7F7F",
)  # fmt: skip
CYCLE = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY)


def figure(width: float = 7.0, height: float = 3.6, columns: int = 1, rows: int = 1, alt: str = "", **options):
    """A figure in the course's style: (figure, axes). alt: what it shows, for who does not see it."""
    style: dict = {
        "figure.dpi": 110, "font.size": 11, "axes.titlesize": 12, "axes.titleweight": "bold",
        "axes.spines.top": False, "axes.spines.right": False, "axes.prop_cycle": plt.cycler(color=CYCLE),
        "axes.titlelocation": "left", "legend.frameon": False,
    }  # fmt: skip
    plt.rcParams.update(style)
    drawn, axes = plt.subplots(rows, columns, figsize=(width, height), layout="constrained", **options)
    drawn.set_label(alt)
    _show_with_label()
    return drawn, axes


def _show_with_label() -> None:
    """Have notebooks keep a figure's label beside its picture, as the alternative text."""
    ipython = sys.modules.get("IPython")
    if ipython is None or (shell := ipython.get_ipython()) is None:
        return
    formatter = shell.display_formatter.formatters["image/png"]
    if Figure in formatter.type_printers and not isinstance(draw := formatter.lookup_by_type(Figure), _Labelled):
        formatter.for_type(Figure, _Labelled(draw))


class _Labelled:
    """A formatter of figures whose picture has its label as metadata."""

    def __init__(self, draw):
        self.draw = draw

    def __call__(self, drawn: Figure):
        return self.draw(drawn), {"alt": drawn.get_label()}


def title(ax, claim: Claim | None = None, neutral: str = "") -> None:
    """What stands over a figure: a claim that holds, or `neutral` text, which says what is drawn and not what is found.

    It is broken into lines that end before the next axes begin: draw all of them first. TypeError unless one is given.
    """
    if bool(neutral) == isinstance(claim, Claim) or not isinstance(claim, Claim | None):
        raise TypeError(f'title: expected a claim, or neutral="…", got {claim!r}, neutral={neutral!r}')
    ax.figure.draw_without_rendering()  # now it is known where everything is
    left, *rights = (each.get_window_extent().x0 for each in (ax, *ax.figure.axes))
    right = min((x for x in rights if x > left + 1), default=ax.figure.bbox.width)
    text = claim.sentence if claim else neutral
    ax.set_title(textwrap.fill(text[:1].upper() + text[1:], int(10 * (right - left) / ax.figure.dpi)))


def close(figure) -> None:
    """Forget a figure that has been drawn elsewhere, so that the notebook does not show it, too."""
    plt.close(figure)

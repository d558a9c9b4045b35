"""Pictures and texts a lecturer can move: ipywidgets around the course's figures, and around what networks write.

Each is a box with sliders or a text field above one picture or text, made anew when something is moved. Without a
kernel it shows nothing, so a lesson has the same thing standing still in the cell before.
"""

from collections.abc import Callable
from html import escape
from io import BytesIO

import ipywidgets
import traitlets

from course_lib.errors import CourseError
from course_lib.plotting import close


def movable(draw: Callable, **controls) -> ipywidgets.Widget:
    """`draw(**values) -> figure or text`, with a widget for each value; a CourseError is shown as a sentence above it.

    The last good picture or text stays while what was typed cannot be drawn.
    """
    picture, written, message = ipywidgets.Image(format="png"), ipywidgets.HTML(), ipywidgets.HTML()

    def update(_=None):
        try:
            drawn = draw(**{name: control.value for name, control in controls.items()})
        except CourseError as error:
            message.value = f"<b>{error}</b>"
            return
        message.value = ""
        is_text = isinstance(drawn, str)
        picture.layout.display = "none" if is_text else ""
        written.value = f"<pre>{escape(drawn)}</pre>" if is_text else ""
        if is_text:
            return
        png = BytesIO()
        drawn.savefig(png, format="png", dpi=110)
        close(drawn)
        picture.value = png.getvalue()

    for control in controls.values():
        control.observe(update, "value")
    update()
    return ipywidgets.VBox([*controls.values(), message, written, picture])


def slider(label: str, low: float, high: float, step: float, value: float) -> ipywidgets.Widget:
    """A number to slide; whole if the step is."""
    kind = ipywidgets.IntSlider if all(isinstance(v, int) for v in (low, high, step, value)) else ipywidgets.FloatSlider
    wide = {"description_width": "initial"}
    return kind(value, min=low, max=high, step=step, description=label, style=wide, layout={"width": "420px"})


def choice(label: str, options: list[str]) -> ipywidgets.Widget:
    """One of several."""
    return ipywidgets.ToggleButtons(options=options, description=label)


def text_field(label: str, value: str) -> ipywidgets.Widget:
    """A line to type; the picture follows when Enter is pressed."""
    return ipywidgets.Text(value, description=label, continuous_update=False, layout={"width": "760px"})


def menu(label: str, options: list[str], value: str) -> ipywidgets.Widget:
    """One of many."""
    return ipywidgets.Dropdown(options=options, value=value, description=label)


def upload(label: str) -> ipywidgets.Widget:
    """A file of the student's: its value is the bytes of the last one chosen, b"" before."""
    return _Upload(description=label, accept="image/*", multiple=False, layout={"width": "240px"})


class _Upload(ipywidgets.VBox):
    """ipywidgets.FileUpload, with a value that is the file's bytes."""

    value = traitlets.Bytes(b"")

    def __init__(self, **options):
        self.button = ipywidgets.FileUpload(**options)
        super().__init__([self.button])
        self.button.observe(self._chosen, "value")

    def _chosen(self, change):
        if change["new"]:
            self.value = bytes(change["new"][0]["content"])

"""Pictures a lecturer can move: ipywidgets around the course's figures.

Each is a box with sliders or a text field above one picture, drawn anew when something is moved. Without a kernel it
shows nothing, so a lesson has the same figure standing still in the cell before.
"""

from collections.abc import Callable
from io import BytesIO

import ipywidgets

from course_lib.errors import CourseError
from course_lib.plotting import close


def movable(draw: Callable, **controls) -> ipywidgets.Widget:
    """`draw(**values) -> figure`, with a widget for each value; a CourseError is shown as a sentence below the picture.

    The last good picture stays while what was typed cannot be drawn.
    """
    picture, message = ipywidgets.Image(format="png"), ipywidgets.HTML()

    def update(_=None):
        try:
            figure = draw(**{name: control.value for name, control in controls.items()})
        except CourseError as error:
            message.value = f"<b>{error}</b>"
            return
        png = BytesIO()
        figure.savefig(png, format="png", dpi=110)
        close(figure)
        picture.value, message.value = png.getvalue(), ""

    for control in controls.values():
        control.observe(update, "value")
    update()
    return ipywidgets.VBox([*controls.values(), message, picture])


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

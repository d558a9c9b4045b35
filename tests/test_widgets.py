"""The pictures one can move: they draw at once, follow their controls, and survive what cannot be drawn."""

import datetime

import matplotlib

matplotlib.use("Agg")

from course_lib import plotting, widgets
from course_lib.errors import CourseError


def draw(text, size):
    if not text:
        raise CourseError("expected a text.")
    fig, ax = plotting.figure(2, 2)
    ax.plot(range(size))
    return fig


def test_a_moved_control_draws_anew_and_a_mistake_keeps_the_last_picture():
    text, size = widgets.text_field("text", "a"), widgets.slider("size", 2, 9, 1, 3)
    box = widgets.movable(draw, text=text, size=size)
    *_, message, _, picture = box.children
    first = bytes(picture.value)
    assert first.startswith(b"\x89PNG")
    size.value = 8
    second = bytes(picture.value)
    assert second != first
    text.value = ""
    assert "expected a text" in message.value
    assert bytes(picture.value) == second
    text.value = "b"
    assert message.value == ""


def test_a_text_is_shown_as_it_stands():
    number = widgets.slider("n", 1, 5, 1, 2)
    *_, written, picture = widgets.movable(lambda n: "if a < b:\n" * n, n=number).children
    assert written.value == "<pre>if a &lt; b:\nif a &lt; b:\n</pre>"
    number.value = 1
    assert written.value == "<pre>if a &lt; b:\n</pre>" and picture.layout.display == "none"


def test_a_file_is_its_bytes():
    given = widgets.upload("a picture")
    seen = []
    box = widgets.movable(lambda photo: seen.append(photo) or (draw("a", 2) if photo else "choose one"), photo=given)
    *_, written, picture = box.children
    assert "choose one" in written.value and picture.layout.display == "none"
    given.button.value = ({"name": "a.png", "type": "image/png", "size": 3, "content": memoryview(b"abc"),
                           "last_modified": datetime.datetime(2026, 1, 1)},)  # fmt: skip
    assert seen == [b"", b"abc"]
    assert written.value == "" and picture.layout.display != "none" and bytes(picture.value).startswith(b"\x89PNG")


def test_no_figure_is_left_open():
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    widgets.movable(draw, text=widgets.text_field("text", "a"), size=widgets.slider("size", 2, 9, 1, 3))
    assert plt.get_fignums() == before


def test_sliders_are_whole_if_the_step_is():
    assert isinstance(widgets.slider("a", 1, 5, 1, 2).value, int)
    assert isinstance(widgets.slider("a", 0.5, 1.5, 0.1, 1.0).value, float)
    assert widgets.choice("w", ["x", "y"]).value == "x"

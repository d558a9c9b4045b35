"""The demos: each hands its typed values to what draws, and follows its controls."""

import inspect

import ipywidgets
import matplotlib
import pytest

matplotlib.use("Agg")

from course_lib import demos, plotting
from course_lib.worlds.scenes import SceneWorld

seen: list[dict] = []


def remember(**values):
    seen.append(values)
    fig, ax = plotting.figure(2, 2, alt="Two points.")
    ax.plot([0, len(seen)])
    return fig


def write(temperature):
    seen.append({"temperature": temperature})
    return f"at {temperature}"


def explore(radius, length, loudness, start):
    return remember(radius=radius, length=length, loudness=loudness, start=start)


def look(kind, colour, x, other, other_colour, other_x, place, night):
    return remember(kind=kind, colour=colour, x=x, other=other, other_colour=other_colour, other_x=other_x, place=place,
                    night=night)  # fmt: skip


def read(photo):
    seen.append({"photo": photo})
    return "choose one"


CASES = [
    (lambda: demos.gradient_lengths(explore, radius=2.0, start="Gaussian"),
     {"radius": 2.0, "length": 50, "loudness": 0.3, "start": "Gaussian"}),
    (lambda: demos.gates(lambda story: remember(story=story), "I sang."), {"story": "I sang."}),
    (lambda: demos.stories(write), {"temperature": 0.5}),
    (lambda: demos.scene(look, SceneWorld(), first=("cat", "green", 0.2), time="night"),
     {"kind": "cat", "colour": "green", "x": 0.2, "other": "woman", "other_colour": "blue", "other_x": 0.7,
      "place": "beach", "night": "night"}),
    (lambda: demos.review(lambda review: remember(review=review), "it was good."), {"review": "it was good."}),
    (lambda: demos.own_picture(read), {"photo": b""}),
    (lambda: demos.speaker(lambda text, **how: remember(text=text, **how), "a cat"),
     {"text": "a cat", "pitch": 120, "tract": 1.0, "speed": 1.0, "noise": 25}),
    (lambda: demos.clip(lambda which, order: remember(which=which, order=order), 9), {"which": 0, "order": "forwards"}),
]  # fmt: skip


@pytest.mark.parametrize(("make", "values"), CASES)
def test_a_demo_draws_with_the_values_it_is_given(make, values):
    seen.clear()
    assert isinstance(make(), ipywidgets.Widget)
    assert seen == [values]


def test_a_demo_follows_its_controls():
    seen.clear()
    box = demos.stories(write, temperature=1.0)
    box.children[0].value = 1.5
    assert [each["temperature"] for each in seen] == [1.0, 1.5] and "at 1.5" in box.children[-2].value


def test_every_demo_says_which_lesson_shows_it_and_types_its_values():
    found = [f for name, f in inspect.getmembers(demos, inspect.isfunction) if not name.startswith("_")]
    assert len(found) == len(CASES)
    for each in found:
        assert each.__doc__.startswith("Lesson"), each.__name__
        assert all(p.annotation is not p.empty for p in inspect.signature(each).parameters.values())

"""The lessons' pictures and texts that can be moved, each as a function: a lesson shows one, a page of demos several.

A demo is given what draws or writes (a function of the lesson, with its trained network inside) and the values that it
begins with. It returns a widget.
"""

from collections.abc import Callable
from typing import Any

import ipywidgets

from course_lib import widgets
from course_lib.worlds.scenes import SceneWorld

Figure = Any  # matplotlib's, which plotting/ alone imports
Thing = tuple[str, str, float]  # kind, colour, where from left to right, 0 to 1


def gradient_lengths(
    draw: Callable[[float, int, float, str], Figure],
    radius: float = 1.5,
    length: int = 50,
    loudness: float = 0.3,
    start: str = "orthogonal",
) -> ipywidgets.Widget:
    """Lesson 02: how long the gradient is, steps back. draw(radius, length, loudness, start) -> figure."""
    return widgets.movable(
        draw,
        radius=widgets.slider("spectral radius ρ", 0.5, 3.0, 0.05, radius),
        length=widgets.slider("length", 10, 200, 10, length),
        loudness=widgets.slider("loudness of the input", 0.0, 1.5, 0.1, loudness),
        start=_chosen("W_h", ["orthogonal", "Gaussian"], start),
    )


def gates(draw: Callable[[str], Figure], story: str) -> ipywidgets.Widget:
    """Lesson 03: what the gates of a trained cell do over a text that is typed. draw(story) -> figure."""
    return widgets.movable(draw, story=widgets.text_field("text", story))


def stories(write: Callable[[float], str], temperature: float = 0.5) -> ipywidgets.Widget:
    """Lesson 04: what a network writes at a temperature. write(temperature) -> text."""
    return widgets.movable(write, temperature=widgets.slider("temperature", 0.1, 2.0, 0.1, temperature))


def scene(
    draw: Callable[..., Figure],
    world: SceneWorld,
    first: Thing = ("dog", "red", 0.3),
    second: Thing = ("woman", "blue", 0.7),
    place: str = "beach",
    time: str = "day",
) -> ipywidgets.Widget:
    """Lessons 08 and 09: a caption, or where the network looks, for a picture that is composed.

    draw(kind, colour, x, other, other_colour, other_x, place, night) -> figure.
    """
    return widgets.movable(
        draw,
        kind=widgets.menu("first", list(world.kinds), first[0]),
        colour=widgets.menu("colour", list(world.colours), first[1]),
        x=widgets.slider("where", 0.0, 1.0, 0.05, first[2]),
        other=widgets.menu("second", list(world.kinds), second[0]),
        other_colour=widgets.menu("colour", list(world.colours), second[1]),
        other_x=widgets.slider("where", 0.0, 1.0, 0.05, second[2]),
        place=widgets.menu("place", list(world.places), place),
        night=_chosen("time", ["day", "night"], time),
    )


def own_picture(draw: Callable[[bytes], Figure]) -> ipywidgets.Widget:
    """Lesson 08: a caption for a file of the student's. draw(bytes, b"" before one is chosen) -> figure or text."""
    return widgets.movable(draw, photo=widgets.upload("your picture"))


def review(draw: Callable[[str], Figure], text: str) -> ipywidgets.Widget:
    """Lesson 10: the verdict of a review that is typed, and which word changed it. draw(review) -> figure."""
    return widgets.movable(draw, review=widgets.text_field("review", text))


def clip(draw: Callable[[int, str], Figure], count: int) -> ipywidgets.Widget:
    """Lesson 11: which movement a clip shows, its frames forwards, backwards or shuffled. draw(which, order)."""
    return widgets.movable(
        draw,
        which=widgets.slider("clip", 0, count - 1, 1, 0),
        order=_chosen("order", ["forwards", "backwards", "shuffled"], "forwards"),
    )


def speaker(draw: Callable[..., Figure], text: str) -> ipywidgets.Widget:
    """Lesson 12: what a network hears in a voice that is set. draw(text, pitch, tract, speed, noise) -> figure."""
    return widgets.movable(
        draw,
        text=widgets.text_field("text", text),
        pitch=widgets.slider("pitch, Hz", 60, 320, 10, 120),
        tract=widgets.slider("formants, times", 0.7, 1.4, 0.05, 1.0),
        speed=widgets.slider("speed, times", 0.5, 2.0, 0.1, 1.0),
        noise=widgets.slider("voice above noise, dB", -5, 40, 5, 25),
    )


def _chosen(label: str, options: list[str], value: str) -> ipywidgets.Widget:
    """One of several, with one chosen."""
    buttons = widgets.choice(label, options)
    buttons.value = value
    return buttons

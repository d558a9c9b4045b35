"""Shapes as lines of text, and how they are drawn: ovals, boxes, polygons, blobs, lines and bows, in a box of pixels.

What a line may say stands at the top of `scenes.toml`.
"""

import math
import re

import numpy as np

from course_lib.worlds.grammar import GrammarError


def _numbers(words, where):
    try:
        return [float(word) for word in words]
    except ValueError:
        raise GrammarError(f"{where}: expected numbers, got {' '.join(words)!r}.") from None


def read_shapes(text: str, where: str) -> list[tuple]:
    """Lines of shapes -> (what, colour, numbers). GrammarError, which begins with `where`, if a line is no shape."""
    needed = {"oval": (4, 5), "box": (4, 5), "poly": None, "blob": None, "line": None, "bow": None}
    shapes = []
    for line in filter(None, map(str.strip, text.splitlines())):
        what, colour, *rest = line.split()
        numbers = _numbers(rest, f"{where}, {line!r}")
        if what not in needed:
            raise GrammarError(f"{where}: expected {', '.join(needed)}, got {line!r}.")
        if not re.fullmatch(r"main|dark|light|skin|hair|#[0-9a-fA-F]{6}", colour):
            raise GrammarError(f"{where}: {colour!r} is no colour: write main, dark, light, skin, hair or #rrggbb.")
        odd = what in ("line", "bow")  # a width comes first
        counts = needed[what]
        if not (len(numbers) in counts if counts else len(numbers) >= 4 and len(numbers) % 2 == odd):
            raise GrammarError(f"{where}: {line!r} has {len(numbers)} numbers; see the top of scenes.toml.")
        shapes.append((what, colour, numbers))
    return shapes


def _smooth(points, closed):
    """Catmull-Rom: a curve through all points (N, 2)."""
    points = np.asarray(points, float)
    around = np.concatenate([points[-1:], points, points[:2]]) if closed else points[[0, *range(len(points)), -1]]
    t = np.linspace(0, 1, 8, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(around, around[1:], around[2:], around[3:], strict=False):
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate([*pieces, [points[0] if closed else points[-1]]])


def draw_shape(pen, shape, box, paint):
    """One shape in a box (x0, y0, x1, y1) of pixels; paint(colour) -> what the pen takes."""
    what, colour, numbers = shape
    x0, y0, x1, y1 = box
    place = np.array([x1 - x0, y1 - y0])
    fill = paint(colour)
    if what == "oval":
        x, y, rx, ry, *degrees = numbers
        angle, t = math.radians(degrees[0]) if degrees else 0.0, np.linspace(0, 2 * np.pi, 40, endpoint=False)
        dots = np.stack([rx * place[0] * np.cos(t), ry * place[1] * np.sin(t)], -1)
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        pen.polygon([tuple(dot) for dot in dots @ turn + place * (x, y) + (x0, y0)], fill=fill)
    elif what == "box":
        corners = [
            x0 + numbers[0] * place[0],
            y0 + numbers[1] * place[1],
            x0 + numbers[2] * place[0],
            y0 + numbers[3] * place[1],
        ]
        pen.rounded_rectangle(corners, radius=(numbers[4] if len(numbers) > 4 else 0) * place[1], fill=fill)
    else:
        width = numbers[0] * place[1] if what in ("line", "bow") else 0
        dots = np.reshape(numbers[1 if width else 0 :], (-1, 2)) * place + (x0, y0)
        if what in ("blob", "bow"):
            dots = _smooth(dots, closed=what == "blob")
        points = [(float(x), float(y)) for x, y in dots]
        if what in ("poly", "blob"):
            pen.polygon(points, fill=fill)
        else:
            pen.line(points, fill=fill, width=max(round(width), 1), joint="curve")
            for x, y in (points[0], points[-1]):
                pen.ellipse([x - width / 2, y - width / 2, x + width / 2, y + width / 2], fill=fill)


def _rgb(colour):
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], float)


def paint_with(main="#000000", skin="#000000", hair="#000000", night=False, lit=0.62):
    """colour of a shape -> (r, g, b) at this time of day. At night all is darker and bluer."""

    def mixed(colour):
        rgb = {
            "main": lambda: _rgb(main), "dark": lambda: 0.72 * _rgb(main), "light": lambda: 0.5 * _rgb(main) + 127,
            "skin": lambda: _rgb(skin), "hair": lambda: _rgb(hair),
        }.get(colour, lambda: _rgb(colour))()  # fmt: skip
        if night:
            rgb = rgb * lit + np.array([4, 8, 26]) * (1 - lit) * 2
        return tuple(int(v) for v in np.clip(rgb, 0, 255))

    return mixed

"""What drawings of networks are made of: vectors, layers, operations, words, and the ways between them.

Units are inches. Shapes tell what is what, colours only help: a circle is a vector, a box has weights, a circle
with a dark border is an operation, a word stands by itself, a region with a dashed border is a stage of a computation.
"""

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from course_lib.plotting.style import BLUE, GREEN, GREY, ORANGE, figure

INK = "#222222"
SYMBOL = 13  # points: subscripts have seven tenths of it


def tint(colour: str, strength: float = 0.22):
    """A colour so light that dark text can be read on it."""
    return tuple(1 - strength * (1 - np.array(to_rgb(colour))))


@dataclass(eq=False)
class Node:
    """Something an arrow can begin or end at: its middle, its size, what it says."""

    x: float
    y: float
    w: float
    h: float
    round: bool = False
    text: str = ""

    def edge(self, towards) -> tuple[float, float]:
        """Where a way to this point leaves: straight up, down or aside if it can, else in the point's direction."""
        dx, dy = towards[0] - self.x, towards[1] - self.y
        if abs(dx) < self.w / 2:
            up = np.sqrt(self.w**2 / 4 - dx**2) if self.round else self.h / 2
            return towards[0], self.y + np.sign(dy) * up
        if abs(dy) < self.h / 2:
            aside = np.sqrt(self.w**2 / 4 - dy**2) if self.round else self.w / 2
            return self.x + np.sign(dx) * aside, towards[1]
        part = self.w / 2 / np.hypot(dx, dy) if self.round else min(self.w / 2 / abs(dx), self.h / 2 / abs(dy))
        return self.x + part * dx, self.y + part * dy


@dataclass
class Way:
    """What an arrow goes through; source: a node, or None if it leaves another way; target: a node."""

    points: list[tuple[float, float]]
    source: Node | None
    target: Node


@dataclass
class Board:
    """A sheet of width × height inches to draw a network on; it keeps what stands on it. alt: what it shows."""

    width: float
    height: float
    alt: str = ""
    nodes: list[Node] = field(default_factory=list)
    regions: list[Node] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)

    def __post_init__(self):
        """The axes: one unit is one inch."""
        self.figure, self.ax = figure(self.width, self.height, alt=self.alt)
        self.ax.set_position([0, 0, 1, 1])
        self.ax.set(xlim=(0, self.width), ylim=(0, self.height))
        self.ax.axis("off")

    def label(self, x, y, text, size=10.0, **options: Any) -> Node:
        """Text with nothing around it."""
        style: dict[str, Any] = {"ha": "center", "va": "center", "color": INK, "zorder": 4}
        extent = self.ax.text(x, y, text, fontsize=size, **style | options).get_window_extent()
        width, height = (side / self.figure.dpi + 0.1 for side in extent.size)
        return Node(x, y, width, height, text=text)

    def word(self, x, y, text) -> Node:
        """What is read or said, or a number."""
        self.nodes.append(self.label(x, y, text, SYMBOL if "_" in text else 10.5))
        return self.nodes[-1]

    def vector(self, x, y, text, colour=BLUE) -> Node:
        """A circle with the name of a vector."""
        return self._round(x, y, max(0.24, self.label(x, y, text, SYMBOL).w / 2), text, tint(colour), colour)

    def operation(self, x, y, text) -> Node:
        """What is done without weights, by name."""
        return self._round(x, y, self.label(x, y, text, 11).w / 2, text)

    def times(self, x, y) -> Node:
        """The product ⊙, number by number."""
        self.ax.add_patch(Circle((x, y), 0.045, fc=INK, ec="none", zorder=4))
        return self._round(x, y, 0.15, "⊙")

    def plus(self, x, y) -> Node:
        """A sum."""
        self.ax.plot([x - 0.08, x + 0.08], [y, y], [x, x], [y - 0.08, y + 0.08], color=INK, lw=1.6, zorder=4)
        return self._round(x, y, 0.15, "+")

    def box(self, x, y, text, colour=GREY, w=0.0, h=0.4) -> Node:
        """A layer: something with weights of its own."""
        there = self.label(x, y, text, SYMBOL if "_" in text else 11)
        node = Node(x, y, max(w, there.w + 0.06), max(h, there.h), text=text)
        return self._box(node, self.nodes, fc=tint(colour), ec=colour)

    def picture(self, x, y) -> Node:
        """A small picture: a hill and the sun."""
        frame = self._box(Node(x, y, 0.7, 0.5), self.nodes, fc="white", ec=INK)
        self.ax.add_patch(Circle((x + 0.18, y + 0.1), 0.07, fc=ORANGE, ec="none", zorder=3))
        self.ax.fill([x - 0.32, x - 0.1, x + 0.04, x + 0.14, x + 0.32], [y - 0.22, y + 0.1, y - 0.1, y, y - 0.22],
                     color=GREEN, zorder=3)  # fmt: skip
        return frame

    def region(self, left, bottom, right, top, text="") -> Node:
        """A stage: what stands in it belongs together. text: at its left end."""
        if text:
            self.label(left + 0.12, (bottom + top) / 2, text, 10, ha="left")
        node = Node((left + right) / 2, (bottom + top) / 2, right - left, top - bottom, text=text)
        return self._box(node, self.regions, fc="white", ec=GREY, ls="--", lw=1, zorder=0)

    def arrow(self, *points, label="", at=(0.0, 0.0), dashed=False, both=False, thick=False,
              joins=False) -> None:  # fmt: skip
        """A way from a node, or from a point of another way, through points, to a node. label: text at this point.

        It bridges the ways that were drawn before it and cross it, unless it joins one of them.
        """
        middle = [(p.x, p.y) if isinstance(p, Node) else p for p in points]
        first, last = points[0], points[-1]
        if isinstance(first, Node):
            middle[0] = first.edge(middle[1])
        else:  # what goes there, goes on here as well
            self.ax.add_patch(Circle(first, 0.045, fc=INK, ec="none", zorder=3))
        if not isinstance(last, Node):
            raise TypeError(f"arrow: expected a node at its end, got {last!r}")
        middle[-1] = last.edge(middle[-2])
        self.ways.append(Way(middle, first if isinstance(first, Node) else None, last))
        path: dict = {"path": Path(middle), "fc": INK, "joinstyle": "round", "capstyle": "butt", "zorder": 1}
        if not joins:
            self.ax.add_patch(FancyArrowPatch(**path | {"arrowstyle": "-", "ec": "white", "lw": 6}))
        style: dict = {"arrowstyle": "<|-|>" if both else "-|>", "mutation_scale": 11, "ec": INK}
        style |= {"lw": 3 if thick else 1.3}
        self.ax.add_patch(FancyArrowPatch(**path | style, ls=(0, (3, 2)) if dashed else "-"))
        if label:
            self.label(at[0], at[1], label, SYMBOL)

    def chain(self, *nodes, thick=False) -> None:
        """A way from each node to the next."""
        for one, other in itertools.pairwise(nodes):
            self.arrow(one, other, thick=thick)

    def _round(self, x, y, r, text, fill="white", edge=INK) -> Node:
        self.ax.add_patch(Circle((x, y), r, fc=fill, ec=edge, lw=1.5, zorder=2))
        self.nodes.append(Node(x, y, 2 * r, 2 * r, True, text))
        return self.nodes[-1]

    def _box(self, node, kept, **options: Any) -> Node:
        corner = node.x - node.w / 2, node.y - node.h / 2
        style: dict[str, Any] = {"lw": 1.5, "zorder": 2, "boxstyle": "round,pad=0,rounding_size=0.08"}
        self.ax.add_patch(FancyBboxPatch(corner, node.w, node.h, **style | options))
        kept.append(node)
        return node

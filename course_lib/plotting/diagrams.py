"""Drawings of networks: what depends on what."""

from course_lib.plotting.style import BLUE, GREEN, GREY, RED


def unrolled(ax, steps: int, inputs, outputs, feedback=False):
    """The graph of a recurrent network through time: circles for h_0 … h_T, arrows for what depends on what.

    inputs, outputs: the steps (from 1) that read an x, and that give an E. feedback: x_t is what step t - 1 gave.
    """
    node = {"ha": "center", "va": "center", "fontsize": 10}

    def circle(x, y, label, colour):
        ax.text(x, y, label, bbox={"boxstyle": "circle,pad=0.25", "fc": colour, "ec": "none"}, color="white", **node)

    def arrow(start, end, label=None, **style):
        props = {"arrowstyle": "-|>", "color": GREY, "shrinkA": 13, "shrinkB": 13} | style
        ax.annotate("", end, start, arrowprops=props)
        if label:
            middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 + 0.16)
            ax.text(*middle, label, ha="center", fontsize=9, color=GREY)

    for t in range(steps + 1):
        circle(t, 1, f"$h_{t}$", BLUE)
        if t:
            arrow((t - 1, 1), (t, 1), "$W_h$")
        if t in inputs:
            circle(t, 0, f"$x_{t}$", GREEN)
            arrow((t, 0), (t, 1))
        if t in outputs:
            circle(t, 2, f"$E_{t}$", RED)
            arrow((t, 1), (t, 2))
            if feedback and t + 1 in inputs:
                arrow((t, 2), (t + 1, 0), linestyle=":", connectionstyle="arc3,rad=-0.1")
    ax.set(xlim=(-0.4, steps + 0.4), ylim=(-0.4, 2.4))
    ax.axis("off")
    return ax

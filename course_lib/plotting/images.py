"""Pictures with what was said of them, what is in them, and where a network looked."""

import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np

from course_lib.plotting.style import GREEN, ORANGE, RED, SKY


def pictures(axes, images, captions: Sequence[str], correct: Sequence[bool] | None = None):
    """Pictures (H, W, 3) side by side, a caption under each; correct: ticked in green, or crossed in red."""
    flat = np.ravel(axes)
    for i, (ax, image, caption) in enumerate(zip(flat, images, captions, strict=False)):
        ax.imshow(image, interpolation="antialiased")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        wide = ax.get_position().width * ax.figure.get_figwidth()
        said = textwrap.fill(caption, max(int(13 * wide), 12))
        if correct is not None:
            ax.spines[:].set(visible=True, color=GREEN if correct[i] else RED, linewidth=3)
            said = ("✓ " if correct[i] else "✗ ") + said
        ax.set_xlabel(said, fontsize=10, loc="left")
    for ax in flat[len(captions) :]:
        ax.set_visible(False)
    return axes


def film(ax, clip, marked=()):
    """The frames of a clip (T, H, W, 3) side by side; marked (T,): those with a bar above them."""
    gap = np.full((clip.shape[1], max(clip.shape[2] // 16, 1), 3), 255, np.uint8)
    strip = np.concatenate([part for frame in clip for part in (frame, gap)][:-1], axis=1)
    wide, step = clip.shape[2], clip.shape[2] + gap.shape[1]
    ax.imshow(strip, interpolation="antialiased")
    for t in np.flatnonzero(marked):
        ax.plot(
            [t * step, t * step + wide - 1], [-4 * clip.shape[1] / 64] * 2, color=ORANGE, linewidth=3, clip_on=False
        )
    ax.axis("off")
    return ax


def frames(ax, boxes):
    """A frame around each of the boxes (x, y, width, height) of a picture that is drawn already, in pixels."""
    for x, y, wide, high in boxes:
        ax.add_patch(plt.Rectangle((x - 0.5, y - 0.5), wide, high, fill=False, edgecolor=ORANGE, linewidth=2))
    return ax


def attention_maps(axes, image, words: Sequence[str], weights, boxes=(), dots: bool = False):
    """Where a captioner looked for each word: weights (J, rows, columns) as light on the darkened picture (H, W, 3).

    The word stands over each; what was looked at most is as bright as the picture itself. boxes: for each word a list
    of (x, y, width, height) in pixels, framed. dots: mark the middle of the cell with the largest weight.
    """
    from PIL import Image

    image = np.asarray(image, float) / 255
    height, width = image.shape[:2]
    flat, boxes = np.ravel(axes), boxes or [()] * len(words)
    for ax, word, grid, framed in zip(flat, words, np.asarray(weights, np.float32), boxes, strict=False):
        light = Image.fromarray(grid / grid.max()).resize((width, height), Image.Resampling.BICUBIC)
        ax.imshow(image * (0.25 + 0.75 * np.asarray(light).clip(0, 1)[..., None]), interpolation="antialiased")
        frames(ax, framed)
        if dots:
            row, column = np.unravel_index(grid.argmax(), grid.shape)
            middle = (column + 0.5) * width / grid.shape[1], (row + 0.5) * height / grid.shape[0]
            ax.plot(*middle, "o", color=SKY, markeredgecolor="white", markersize=6)
        ax.set_title(word, fontsize=11)
    for ax in flat:
        ax.axis("off")
    return axes

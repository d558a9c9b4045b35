"""Clips of a hand or a door, in which no frame, and no set of frames without their order, says which way it moves.

Every movement goes forth and back: a fast stroke and a slow return, one cycle in a clip, which begins anywhere in it.
Played backwards, the stroke goes the other way: so a gesture and its opposite are the same frames in another order.

What a clip is made of is drawn first, as data; the pictures follow from it. Nothing in it depends on the direction but
the direction: frames of a cycle can be moved round (`Clips.rolled`) or turned round (`Clips.backwards`), and what comes
out is as likely as what went in. Two things follow. A frame at any place in the clip has the same law for a gesture as
for its opposite; so have all frames, shuffled. The best accuracy on the direction is 1/2 for who sees one frame, or a
set: `ceiling` says so by enumeration.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import cache

import numpy as np

from course_lib.errors import CourseError

PAIRS = {  # the way of the stroke, and the same played backwards
    "across": ("swipe right", "swipe left"),
    "upright": ("swipe up", "swipe down"),
    "depth": ("come closer", "go away"),
    "turn": ("turn clockwise", "turn anticlockwise"),
    "door": ("open a door", "close a door"),
}
WAYS = {  # from the middle to the end: x, y and z, in half widths of the picture, angle and angle of the door, rad
    "across": (0.5, 0, 0, 0, 0), "upright": (0, -0.5, 0, 0, 0), "depth": (0, 0, -0.9, 0, 0),
    "turn": (0, 0, 0, 0.8, 0), "door": (0, 0, 0, 0, 0.65),
}  # fmt: skip
STATE = "x", "y", "z", "angle", "angle of the door", "is a door"
HAND = 0.5  # half widths of the picture in a hand's unit, which is half its height
AJAR = 0.75  # rad: a door half way
SKINS = ((242, 208, 177), (224, 172, 132), (185, 127, 86), (124, 79, 51))
WOODS = ((176, 120, 72), (196, 160, 118), (190, 84, 70), (110, 152, 138), (214, 210, 200), (122, 136, 176))
METAL = (214, 178, 84)
MARGIN = 1  # pixels of background beyond every edge: as far as the camera shakes
FOCUS = 3.0  # distance of the camera, in half widths of the picture
DOOR = 1.05, 1.5  # width and height, in half widths of the picture
TEXELS = 48  # of a sheet's unit
AT_A_TIME = 16  # clips
LARGEST = 256  # pixels a side
_NOISE = 1 << 20


def pose(phase: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    """How far along the way, 0 to 1, at a phase of the cycle, 0 to 1: forth in `share` of the time, then back."""
    phase = np.mod(phase, 1)
    out, back = phase / share, (phase - share) / (1 - share)
    return np.where(phase < share, 0.5 - 0.5 * np.cos(np.pi * out), 0.5 + 0.5 * np.cos(np.pi * back))


@dataclass(frozen=True)
class Clips:
    """What n clips of T frames are made of, as arrays; clips[rows] are some of them.

    pair: number in the world's pairs. reverse: played backwards. phase: of the first frame before that, 0 to 1, share:
    of the cycle that the stroke takes. travel: how far it goes, 1 as usual; x, y: the place; size, tilt (rad), mirror:
    of what moves. main, other: its colours (n, 3), 0 to 255. wall (n, 2, 3): above and below; floor: where it begins,
    from -1, above, to 1; boxes (n, 2, 4) on the wall: left, top, right, bottom; paint (n, 4, 3): of both, of what is
    behind a door, of the floor. shake (n, T, 2), pixels, and noise (n, T), where in a long row of noise a frame's
    begins: of each frame, in the order of the cycle. level: of the noise, its standard deviation in shades of 255.
    """

    pair: np.ndarray
    reverse: np.ndarray
    phase: np.ndarray
    share: np.ndarray
    travel: np.ndarray
    x: np.ndarray
    y: np.ndarray
    size: np.ndarray
    tilt: np.ndarray
    mirror: np.ndarray
    main: np.ndarray
    other: np.ndarray
    wall: np.ndarray
    floor: np.ndarray
    boxes: np.ndarray
    paint: np.ndarray
    shake: np.ndarray
    noise: np.ndarray
    level: np.ndarray

    def __len__(self) -> int:
        return len(self.pair)

    def __getitem__(self, rows) -> "Clips":
        rows = np.arange(len(self))[rows]
        return Clips(**{field.name: getattr(self, field.name)[np.atleast_1d(rows)] for field in fields(self)})

    @property
    def frames(self) -> int:
        """T."""
        return self.shake.shape[1]

    @property
    def labels(self) -> np.ndarray:
        """(n,): the number of the gesture in the world's names; its opposite's is labels ^ 1."""
        return 2 * self.pair + self.reverse

    def _shown(self, of_cycle: np.ndarray) -> np.ndarray:
        """(n, T), in the order of the cycle -> in that of the frames."""
        return np.where(self.reverse[:, None], of_cycle[:, ::-1], of_cycle)

    @property
    def _phases(self) -> np.ndarray:
        return np.mod(self.phase[:, None] + np.arange(self.frames) / self.frames, 1)

    @property
    def poses(self) -> np.ndarray:
        """(n, T): how far along the way each frame is, 0 to 1: from left, below, afar, anticlockwise, closed."""
        return self._shown(pose(self._phases, self.share[:, None]))

    @property
    def stroke(self) -> np.ndarray:
        """(n, T): which frames are of the stroke, True, and which of the return."""
        return self._shown(self._phases < self.share[:, None])

    def backwards(self) -> "Clips":
        """The same clips, the last frame first: each is of the opposite gesture, and as likely."""
        return replace(self, reverse=~self.reverse)

    def rolled(self, steps: int) -> "Clips":
        """The same cycles, `steps` frames later: drawn, they are np.roll of these along the frames; as likely."""
        later = np.where(self.reverse, -steps, steps)
        rows, order = np.arange(len(self))[:, None], (np.arange(self.frames) - later[:, None]) % self.frames
        return replace(
            self, phase=np.mod(self.phase - later / self.frames, 1), shake=self.shake[rows, order],
            noise=self.noise[rows, order],
        )  # fmt: skip


class GestureWorld:
    """Draws clips of gestures. pairs: some of PAIRS, all if left out; frames: of a clip, one cycle.

    names: of the gestures, each behind its opposite or before it: 2 i and 2 i + 1. CourseError for a pair that is none,
    or fewer than 6 frames.
    """

    def __init__(self, pairs: tuple[str, ...] | None = None, frames: int = 12):
        self.pairs = tuple(PAIRS) if pairs is None else tuple(pairs)
        if not self.pairs or set(self.pairs) - set(PAIRS) or len(set(self.pairs)) < len(self.pairs):
            raise CourseError(f"pairs: expected some of {', '.join(PAIRS)}, each once, got {self.pairs}.")
        if frames < 6:
            raise CourseError(f"frames must be 6 or more, else the stroke is not seen, got {frames}.")
        self.frames = frames
        self.names = [name for pair in self.pairs for name in PAIRS[pair]]

    def sample(self, count: int, seed: int) -> Clips:
        """`count` clips, as data: every pair and both directions equally likely."""
        rng = np.random.default_rng(seed)
        n, T, uniform = count, self.frames, rng.uniform
        main = np.array(SKINS)[rng.integers(len(SKINS), size=n)]
        other = _muted(rng, (n, 3))  # a sleeve
        pair = rng.integers(len(self.pairs), size=n)
        door = np.array([name == "door" for name in self.pairs])[pair]
        main[door] = np.array(WOODS)[rng.integers(len(WOODS), size=n)][door]
        other[door] = METAL
        light, apart = main.mean(axis=1), uniform(50, 110, n) * rng.choice([-1, 1], n)
        wall = np.where(abs(light + apart - 128) < 100, light + apart, light - apart)[:, None, None]  # seen before it
        wall = wall + uniform(-25, 25, (n, 1, 3)) + uniform(-10, 10, (n, 2, 1))
        middle, half = uniform(-1, 1, (n, 2, 2)) * (1, 0.6) - (0, 0.4), uniform(0.08, 0.35, (n, 2, 2))
        return Clips(
            pair=pair, reverse=rng.integers(2, size=n) == 1, phase=rng.random(n), share=uniform(0.2, 0.3, n),
            travel=uniform(0.85, 1.15, n), x=uniform(-0.15, 0.15, n), y=uniform(-0.15, 0.15, n),
            size=uniform(0.85, 1.15, n), tilt=uniform(-0.2, 0.2, n), mirror=rng.integers(2, size=n) == 1, main=main,
            other=other, wall=np.clip(wall, 0, 255), floor=uniform(0.6, 0.85, n),
            boxes=np.concatenate([middle - half, middle + half], axis=-1), paint=_muted(rng, (n, 4, 3)),
            shake=rng.integers(-MARGIN, MARGIN + 1, (n, T, 2)), noise=rng.integers(_NOISE, size=(n, T)),
            level=uniform(2, 10, n),
        )  # fmt: skip

    def draw(self, clips: Clips, size: int = 48) -> np.ndarray:
        """The pictures: (n, T, size, size, 3), uint8. CourseError for clips of another length."""
        if not 16 <= size <= LARGEST or clips.frames != self.frames:
            raise CourseError(
                f"expected clips of {self.frames} frames and from 16 to {LARGEST} pixels a side, got {clips.frames} "
                f"and {size}."
            )
        pictures = np.empty((len(clips), self.frames, size, size, 3), np.uint8)
        for start in range(0, len(clips), AT_A_TIME):
            part = slice(start, start + AT_A_TIME)
            pictures[part] = self._drawn(clips[part], size)
        return pictures

    def in_parts(self, clips: Clips, size: int = 48, count: int = 100) -> Iterator[np.ndarray]:
        """The pictures of `count` clips at a time, (count, T, size, size, 3): for more than the memory holds."""
        for start in range(0, len(clips), count):
            yield self.draw(clips[start : start + count], size)

    def _drawn(self, clips, size):
        """All at once."""
        n, T = clips.noise.shape
        backs = self._backgrounds(clips, size)
        pictures = np.empty((n, T, size, size, 3), np.float32)
        noise = _noise()
        for i, t in np.ndindex(n, T):
            dx, dy = clips.shake[i, t] + MARGIN
            pictures[i, t] = backs[i, dy : dy + size, dx : dx + size]
        inverse, scale = self._inverse(clips, size)
        for door, sheet in ((False, hand_sheet()), (True, door_sheet())):
            rows = np.flatnonzero(self._is_door(clips) == door)
            if len(rows):
                colours = np.stack([clips.main[rows], clips.other[rows]], axis=1).astype(np.float32)
                sheet.paint_on(pictures, rows, inverse[rows], scale[rows], colours)
        for i, t in np.ndindex(n, T):
            start = clips.noise[i, t]
            pictures[i, t] += clips.level[i] * noise[start : start + size * size * 3].reshape(size, size, 3)
        drawn = np.clip(pictures, 0, 255, out=pictures).astype(np.uint8)
        drawn[clips.reverse] = drawn[clips.reverse, ::-1]
        return drawn

    def _backgrounds(self, clips, size):
        """A wall, a floor, two boxes on the wall, and the door's frame: (n, size + 2 MARGIN, size + 2 MARGIN, 3)."""
        places = _places(size, MARGIN)
        down = places[None, :, None, None]  # (1, rows, 1, 1)
        above, below = (clips.wall[:, None, None, k].astype(np.float32) for k in (0, 1))
        backs = above + (below - above) * (down + 1) / 2
        backs = np.repeat(backs, len(places), axis=2)
        for k in range(clips.boxes.shape[1]):
            _blend(backs, places, clips.boxes[:, k], clips.paint[:, k], size)
        wide = np.full(len(clips), 2.0)
        _blend(backs, places, np.stack([-wide, clips.floor, wide, wide], axis=1), clips.paint[:, 3], size)
        doors = self._is_door(clips)
        if doors.any():
            some = clips[np.flatnonzero(doors)]
            left, top, right, bottom = _doorway(some)
            here = backs[doors]
            frame = 0.5 * some.main + 120
            _blend(here, places, np.stack([left - 0.07, top - 0.07, right + 0.07, bottom], axis=1), frame, size)
            _blend(here, places, np.stack([left, top, right, bottom], axis=1), some.paint[:, 2] * 0.3, size)
            backs[doors] = here
        return backs

    def _is_door(self, clips):
        return np.array([name == "door" for name in self.pairs])[clips.pair]

    def states(self, clips: Clips) -> np.ndarray:
        """Where the hand or door is in every frame, all that a network must see in it: (n, T, 6), as in STATE.

        x, y of the palm or of the hinge's upper end, z away from the camera, in half widths of the picture; angle in
        the picture, and about the hinge from where the door is half open, rad; 1 for a door, 0 for a hand. Without the
        camera's shake.
        """
        door = np.broadcast_to(self._is_door(clips)[:, None, None], (len(clips), self.frames, 1))
        moved = np.concatenate([self._moved(clips), door], axis=-1)
        return np.where(clips.reverse[:, None, None], moved[:, ::-1], moved)

    def _moved(self, clips):
        """The first five of `states`, in the order of the cycle."""
        p = (2 * pose(clips._phases, clips.share[:, None]) - 1) * clips.travel[:, None]  # -1 to 1, about
        left, top, right, _ = _doorway(clips)
        zero = np.zeros(len(clips))
        hand = np.stack([clips.x, clips.y, zero, clips.tilt, zero], axis=1)
        door = np.stack([np.where(clips.mirror, right, left), top, zero, zero, zero], axis=1)
        middle = np.where(self._is_door(clips)[:, None], door, hand)
        way = np.array([WAYS[name] for name in self.pairs])[clips.pair]
        return middle[:, None] + p[..., None] * way[:, None]

    def _inverse(self, clips, size):
        """Of every frame, in the order of the cycle: (n, T, 3, 3), picture -> sheet; (n, T): pixels of a sheet's unit.

        The sheet's points o + u e1 + v e2 are seen by a camera FOCUS in front of the picture.
        """
        x, y, z, angle, yaw = np.moveaxis(self._moved(clips), -1, 0)  # (n, T) each
        x, y = (v + 2 * clips.shake[..., k] / -size for k, v in enumerate((x, y)))
        side, zero = np.where(clips.mirror, -1, 1)[:, None], np.zeros_like(x)
        unit = (np.where(self._is_door(clips), 1, HAND) * clips.size)[:, None]
        yaw = np.where(self._is_door(clips)[:, None], AJAR + yaw, 0)
        e1 = np.stack([side * np.cos(angle) * np.cos(yaw), side * np.sin(angle), -np.sin(yaw)]) * unit
        e2 = np.stack([-np.sin(angle), np.cos(angle), zero]) * unit
        sheet = np.stack([e1, e2, np.stack([x, y, z])], axis=-1)  # (3, n, T, 3)
        sheet[2] = sheet[2] / FOCUS + [0, 0, 1]  # what a point is divided by
        return np.linalg.inv(sheet.transpose(1, 2, 0, 3)), 0.5 * size * unit / sheet[2, ..., 2]


def _places(size, margin=0):
    """Of pixels' middles, -1 to 1 across the picture."""
    return (2 * (np.arange(-margin, size + margin) + 0.5) / size - 1).astype(np.float32)


def _doorway(clips):
    """left, top, right, bottom (n,) of the door when it is closed: it stands on the floor."""
    bottom, middle = clips.floor + 0.02, 2 * clips.x
    wide, high = DOOR
    return middle - wide / 2 * clips.size, bottom - high * clips.size, middle + wide / 2 * clips.size, bottom


def _blend(pictures, places, box, colour, size):
    """Boxes (n, 4) of a colour (n, 3), with smooth edges, on pictures (n, rows, columns, 3), in place."""
    left, top, right, bottom = (box[:, k, None] for k in range(4))
    across = np.clip(np.minimum(places - left, right - places) * size / 2 + 0.5, 0, 1)
    down = np.clip(np.minimum(places - top, bottom - places) * size / 2 + 0.5, 0, 1)
    share = (down[:, :, None] * across[:, None])[..., None].astype(np.float32)
    pictures += share * (colour[:, None, None].astype(np.float32) - pictures)


def _muted(rng, shape):
    """Colours as of clothes and pictures on a wall: greys with some colour."""
    return np.clip(rng.uniform(60, 215, (*shape[:-1], 1)) + rng.uniform(-70, 70, shape), 0, 255)


@cache
def _noise():
    """A long row, normal, which every clip takes its noise from; room behind for the largest picture."""
    return np.random.default_rng(0).standard_normal(_NOISE + 3 * LARGEST**2, np.float32)


@dataclass(frozen=True)
class Sheet:
    """Something flat. texels (rows, columns, 3): how far inside, in its units; the other colour's share; its light.

    corner: u and v of the first texel. What lies beyond the last texel is as that is: an arm goes on.
    """

    texels: np.ndarray
    corner: tuple[float, float]

    def paint_on(self, pictures, rows, inverse, scale, colours):
        """On pictures[rows], in place: inverse (n, T, 3, 3), scale (n, T), colours (n, 2, 3)."""
        size = pictures.shape[2]
        places, flat = _places(size), self.texels.reshape(-1, 3)
        high, wide = self.texels.shape[:2]
        inverse = inverse.astype(np.float32)[..., None, None]
        for row, to_sheet, pixels, (main, other) in zip(rows, inverse, scale.astype(np.float32), colours, strict=True):
            u, v, w = (to_sheet[:, k, 0] * places + (to_sheet[:, k, 1] * places[:, None] + to_sheet[:, k, 2])
                       for k in range(3))  # (T, size, size)  # fmt: skip
            column = np.clip((u / w - self.corner[0]) * TEXELS, 0, wide - 1).astype(np.int32)
            line = np.clip((v / w - self.corner[1]) * TEXELS, 0, high - 1).astype(np.int32)
            inside, share, light = np.moveaxis(flat.take(line * wide + column, axis=0), -1, 0)
            seen = np.clip(inside * pixels[:, None, None] + 0.5, 0, 1)[..., None]
            paint = (main + share[..., None] * (other - main)) * light[..., None]
            pictures[row] += seen * (paint - pictures[row])


class _Pen:
    """Draws on a mask of a sheet, in its units."""

    def __init__(self, box, fine):
        from PIL import Image, ImageDraw

        (self.left, self.top, right, bottom), self.fine = box, fine
        self.mask = Image.new("1", (round((right - self.left) * fine), round((bottom - self.top) * fine)))
        self.pen = ImageDraw.Draw(self.mask)

    def _at(self, *numbers):
        return [(v - (self.top if k % 2 else self.left)) * self.fine for k, v in enumerate(numbers)]

    def limb(self, x0, y0, x1, y1, width):
        """A line with round ends."""
        for x, y in ((x0, y0), (x1, y1)):
            self.pen.ellipse(self._at(x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=1)
        self.pen.line(self._at(x0, y0, x1, y1), fill=1, width=round(width * self.fine))

    def box(self, x0, y0, x1, y1, radius=0.0):
        """A box, which may be round at its corners."""
        self.pen.rounded_rectangle(self._at(x0, y0, x1, y1), radius=radius * self.fine, fill=1)


def _sheet(box, draw) -> Sheet:
    """box: left, top, right, bottom. draw(there, other, dark): what is there, in the other colour, in shadow."""
    from scipy import ndimage

    fine = 4 * TEXELS
    pens = [_Pen(box, fine) for _ in range(3)]
    draw(*pens)
    there, other, dark = (np.asarray(pen.mask, np.float32) for pen in pens)
    inside = (ndimage.distance_transform_edt(there) - ndimage.distance_transform_edt(1 - there)) / fine
    soft = [ndimage.gaussian_filter(mask, 0.02 * fine, mode="nearest") for mask in (other, dark)]
    texels = np.stack([inside, soft[0], 1 - 0.35 * soft[1]], axis=-1).astype(np.float32)[2::4, 2::4]
    return Sheet(np.ascontiguousarray(texels), box[:2])


@cache
def hand_sheet() -> Sheet:
    """An open hand, fingers up, the middle of the palm at 0; the forearm in a sleeve below."""

    def draw(there, other, dark):
        for low, high, tip in ((-0.33, -0.55, -0.72), (-0.11, -0.18, -0.98), (0.11, 0.16, -0.94), (0.32, 0.48, -0.66)):
            there.limb(low, 0.1, high, tip, 0.2)
            dark.limb(low, -0.2, low * 1.1, -0.28, 0.05)
        there.limb(0.3, 0.45, 0.82, -0.02, 0.22)  # the thumb
        there.box(-0.43, -0.25, 0.43, 0.62, 0.2)
        there.limb(0, 0.4, 0, 3, 0.5)
        other.box(-1, 0.95, 1, 3)
        there.box(-0.36, 0.95, 0.36, 3)
        dark.box(-1, 0.9, 1, 0.97)
        dark.limb(-0.3, 0.1, 0.25, 0.0, 0.06)
        dark.limb(-0.25, 0.3, 0.3, 0.22, 0.06)

    return _sheet((-1.1, -1.25, 1.1, 1.6), draw)


@cache
def door_sheet() -> Sheet:
    """A door with two panels and a handle of metal, its hinges at u = 0, its upper edge at v = 0."""
    wide, high = DOOR

    def draw(there, other, dark):
        there.box(0, 0, wide, high)
        for top, bottom in ((0.12, 0.6), (0.78, high - 0.14)):
            dark.box(0.16, top, wide - 0.22, bottom)
        for x, y in ((0.03, 0.12), (0.03, high - 0.2)):
            other.box(x - 0.03, y, x + 0.03, y + 0.1)
        other.limb(wide - 0.08, 0.69, wide - 0.22, 0.69, 0.08)

    return _sheet((-0.1, -0.1, wide + 0.1, high + 0.1), draw)


def ceiling(view: Callable, frames: int = 12, share: float = 0.25, fine: int = 20) -> float:
    """The best possible accuracy on the direction of who sees view(poses) of a clip and nothing else of its order.

    By enumeration of `frames` * fine phases, equally likely. Of lambda poses: poses[3], one frame: 1/2; of sorted, all
    frames without their order: 1/2; of lambda poses: poses[3:5], two neighbours in order: 0.99. What else is in a
    picture does not depend on the direction.
    """
    seen: list[Counter] = [Counter(), Counter()]
    for start in np.arange(frames * fine) / (frames * fine):
        poses = pose(start + np.arange(frames) / frames, share).round(9)
        for found, order in zip(seen, (poses, poses[::-1]), strict=True):
            found[tuple(np.ravel(view(order)).tolist())] += 1
    return sum(max(found[key] for found in seen) for key in seen[0] | seen[1]) / (2 * frames * fine)

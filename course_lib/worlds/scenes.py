"""Pictures whose truth is known: people, animals and things in six places, with boxes, masks and captions.

Kinds and places are `scenes.toml`, beside this file; how to read it is said at its top. A scene is drawn as data first:
what stands where, in which colour, doing what. From the data come the picture, the box and the mask of each object, its
captions, and the answer to whether another caption is correct.
"""

import hashlib
import json
import math
import multiprocessing
import random
import re
import tomllib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from course_lib.files import locked
from course_lib.worlds.grammar import GrammarError
from course_lib.worlds.shapes import draw_shape, paint_with, read_shapes

KINDS_FILE = Path(__file__).with_name("scenes.toml")
SCALES = {"small": 0.68, "": 1.0, "big": 1.4}
SKINS = ("#f2d0b1", "#e0ac84", "#b97f56", "#7c4f33")
HAIRS = ("#2f2620", "#6b4527", "#c99a4b", "#a6a29b")
FINE = 3  # drawn so many times as large, then made smaller: smooth edges
GROWN_UP = 0.48  # height of a grown-up who stands nearest, as a share of the picture
RELATIONS = ("next to", "in front of", "behind", "above")
LEAST_SEEN = 0.75  # of every object, this much stays in sight


def run_lengths(mask: np.ndarray) -> list[int]:
    """COCO's uncompressed run lengths of a mask (height, width): down the columns, the first run is of 0s."""
    values = np.concatenate([[0], mask.T.ravel().astype(int)])
    changes = np.flatnonzero(np.diff(values, prepend=0, append=1 - values[-1]))
    lengths = np.diff(np.concatenate([[1], changes])) if len(changes) else np.array([], int)
    return [int(v) for v in lengths]


def box_of(mask: np.ndarray) -> list[int]:
    """[x, y, width, height] in pixels of what a mask (height, width) covers: the smallest box around it."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1
    return [int(v) for v in box]


def _cells(box, side=48):
    """A box as whole cells of a grid over the picture: (left, top, right, bottom)."""
    x, y, width, height = box
    return tuple(min(max(math.ceil(side * edge - 0.5), 0), side) for edge in (x, y, x + width, y + height))


def _meet(a, b):
    """What two boxes share."""
    return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])


def _area(boxes):
    """Of all the boxes together, what several cover counted once."""
    if not boxes:
        return 0
    (left, top, right, bottom), rest = boxes[0], boxes[1:]
    if right <= left or bottom <= top:
        return _area(rest)
    return (right - left) * (bottom - top) + _area(rest) - _area([_meet(boxes[0], box) for box in rest])


@dataclass(frozen=True)
class Thing:
    """An object of a scene. box: x, y, width, height as shares of the picture, before it is cut at the edges."""

    kind: str
    colour: str
    size: str  # "small", "" or "big"
    state: str
    box: tuple[float, float, float, float]
    flip: bool
    skin: str
    hair: str


@dataclass(frozen=True)
class Scene:
    """things: the farthest first, as they are drawn. decor: (place's scatter, box) behind them. stars: of a night."""

    place: str
    night: bool
    things: tuple[Thing, ...]
    decor: tuple[tuple[int, tuple[float, float, float, float]], ...]
    stars: tuple[tuple[float, float], ...]


class SceneWorld:
    """Draws scenes, and says what is on them."""

    def __init__(self, kinds: str | None = None):
        """kinds: TOML as in scenes.toml, which is taken if it is left out.

        GrammarError if something is missing in it or cannot be drawn.
        """
        self.source = KINDS_FILE.read_text(encoding="utf-8") if kinds is None else kinds
        try:
            data = tomllib.loads(self.source)
        except tomllib.TOMLDecodeError as error:
            raise GrammarError(f"the kinds are not valid TOML: {error}. Mend that line of the file.") from None
        for name in ("colours", "kinds", "places"):
            if not data.get(name):
                raise GrammarError(f"the file has no [{name}...]: expected at least one.")
        self.colours, self.kinds, self.places = data["colours"], data["kinds"], data["places"]
        for name, kind in self.kinds.items():
            where = f"[kinds.{name}]"
            size, states = kind.get("size"), kind.get("states")
            if not (
                isinstance(size, list) and len(size) == 2 and all(isinstance(v, int | float) and v > 0 for v in size)
            ):
                raise GrammarError(f"{where}: expected size = [width, height], both more than 0, got {size!r}.")
            if not (states and all(isinstance(text, str) for text in states.values())):
                raise GrammarError(f"{where}: expected [kinds.{name}.states] with at least one text of shapes.")
            first = kind.get("shapes", "")
            kind["shapes"] = {state: read_shapes(first + "\n" + text, where) for state, text in kind["states"].items()}
        for name, place in self.places.items():
            where = f"[places.{name}]"
            if not {"phrase", "ground", "sky", "back"} <= set(place):
                raise GrammarError(f"{where}: expected phrase, ground, sky and back.")
            place["back"] = read_shapes(place["back"], where)
            for part in place.setdefault("scatter", []):
                part["shapes"] = read_shapes(part["shapes"], where)
        self.states = sorted({state for kind in self.kinds.values() for state in kind["states"] if state})

    @property
    def identity(self) -> str:
        """Changes with the kinds, places and colours."""
        return hashlib.sha256(self.source.encode()).hexdigest()[:16]

    @property
    def drawing(self) -> str:
        """Changes with `identity`, and with the code that makes scenes and pictures of them."""
        code = [Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("scenes.py", "shapes.py")]
        return hashlib.sha256(repr([self.source, *code]).encode()).hexdigest()[:16]

    # -- what is where --

    def sample(self, count: int, seed: int, things: Sequence[int] = (1, 2, 2, 3, 4)) -> list[Scene]:
        """`count` scenes; how many things each has is drawn from `things`. Same seed, same scenes."""
        rng = random.Random(seed)
        return [self._scene(rng, rng.choice(things)) for _ in range(count)]

    def single(self, count: int, seed: int) -> list[Scene]:
        """Scenes with one thing: what the course's CNN is trained on before it sees a caption."""
        return self.sample(count, seed, things=(1,))

    def _scene(self, rng, count):
        name = rng.choice(list(self.places))
        place, night = self.places[name], rng.random() < 0.35
        decor = []
        for number, part in enumerate(place["scatter"]):
            for _ in range(rng.randint(*part["count"])):
                width, height = (side * rng.uniform(0.85, 1.15) for side in part["size"])
                foot = rng.uniform(*part["stand"])
                decor.append((number, (rng.uniform(-0.3 * width, 1 - 0.7 * width), foot - height, width, height)))
        decor.sort(key=lambda each: each[1][1] + each[1][3])
        stars = tuple((rng.random(), rng.uniform(0, 0.4)) for _ in range(25)) if night and place["sky"] else ()
        while True:
            chosen = []
            while len(chosen) < count:
                kind, colour = rng.choice(list(self.kinds)), rng.choice(list(self.colours))
                if (kind, colour) not in chosen:  # nobody has to count
                    chosen.append((kind, colour))
            things = [self._place(rng, place, *each) for each in chosen]
            things.sort(key=lambda thing: thing.box[1] + thing.box[3])
            if count == 1 or self._all_seen(things):
                return Scene(name, night, tuple(things), tuple(decor), stars)

    def _place(self, rng, place, kind, colour):
        data = self.kinds[kind]
        state, size = rng.choice(list(data["states"])), rng.choice(("", "", "small", "big"))
        far, near = place["ground"]
        foot = rng.uniform(far, near)
        scale = GROWN_UP * SCALES[size] * (0.8 + 0.2 * (foot - far) / (near - far))
        scale = min(scale, 0.85 / max(data["size"]))
        width, height = (scale * side for side in data["size"])
        if state in data.get("flies", ()):
            foot = rng.uniform(height + 0.02, max(far - 0.08, height + 0.03))
        left = rng.uniform(-0.06 * width, 1 - 0.94 * width)
        return Thing(kind, colour, size, state, (left, foot - height, width, height), rng.random() < 0.5,
                     rng.choice(SKINS), rng.choice(HAIRS))  # fmt: skip

    def _all_seen(self, things):
        """Whether each thing stays in sight behind the nearer ones. Boxes, not shapes: a little too careful."""
        boxes = [_cells(thing.box) for thing in things]
        for i, box in enumerate(boxes):
            hidden = _area([_meet(box, nearer) for nearer in boxes[i + 1 :]])
            if _area([box]) - hidden < max(LEAST_SEEN * _area([box]), 1):
                return False
        return True

    # -- the picture --

    def draw(self, scene: Scene, size: int = 128) -> tuple[np.ndarray, np.ndarray]:
        """-> the picture (size, size, 3), uint8, and which thing is seen at each pixel (size, size): -1 for none."""
        from PIL import Image, ImageDraw

        whole = size * FINE
        picture, owner = Image.new("RGB", (whole, whole)), Image.new("L", (whole, whole), 255)
        pen, place = ImageDraw.Draw(picture), self.places[scene.place]
        dark = paint_with(night=scene.night, lit=0.34 if place["sky"] else 0.7)
        for shape in place["back"]:
            draw_shape(pen, shape, (0, 0, whole, whole), dark)
        if scene.stars:
            self._night_sky(picture, scene)
            pen = ImageDraw.Draw(picture)
            for shape in place["back"][1:]:  # the first is the sky
                draw_shape(pen, shape, (0, 0, whole, whole), dark)
        for number, (x, y, width, height) in scene.decor:
            part = place["scatter"][number]
            outside = paint_with(night=scene.night, lit=0.3) if part.get("window") else dark
            for shape in part["shapes"]:
                draw_shape(pen, shape, [whole * v for v in (x, y, x + width, y + height)], outside)
        for i, thing in enumerate(scene.things):
            self._draw_thing(picture, owner, thing, i, scene.night)
        small = picture.reduce(FINE)
        return np.asarray(small), np.where((seen := np.asarray(owner)[1::FINE, 1::FINE]) == 255, -1, seen.astype(int))

    def _night_sky(self, picture, scene):
        from PIL import ImageDraw

        pen, whole = ImageDraw.Draw(picture), picture.width
        for x, y in scene.stars:
            radius = 0.0035 * whole
            pen.ellipse(
                [whole * x - radius, whole * y - radius, whole * x + radius, whole * y + radius], fill="#e8ecff"
            )
        x, y = scene.stars[0][0] * 0.8 * whole + 0.1 * whole, 0.12 * whole
        pen.ellipse([x - 0.05 * whole, y - 0.05 * whole, x + 0.05 * whole, y + 0.05 * whole], fill="#f6f1d0")

    def _draw_thing(self, picture, owner, thing, number, night):
        """On the picture; and its number into `owner`."""
        from PIL import Image, ImageDraw

        x, y, width, height = (v * picture.width for v in thing.box)
        edge = int(0.2 * max(width, height)) + 2  # shapes may reach over the box
        room = Image.new("RGBA", (int(width) + 2 * edge, int(height) + 2 * edge))
        pen = ImageDraw.Draw(room)
        paint = paint_with(self.colours[thing.colour], thing.skin, thing.hair, night, lit=0.7)
        for shape in self.kinds[thing.kind]["shapes"][thing.state]:
            draw_shape(pen, shape, (edge, edge, edge + width, edge + height), paint)
        if thing.flip:
            room = room.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        corner = round(x) - edge, round(y) - edge
        if thing.state not in self.kinds[thing.kind].get("flies", ()):
            shadow = Image.new("L", (round(0.92 * width), round(0.08 * width)))
            ImageDraw.Draw(shadow).ellipse([0, 0, shadow.width - 1, shadow.height - 1], fill=60)
            picture.paste((0, 0, 0), (round(x + 0.04 * width), round(y + height - 0.035 * width)), shadow)
        picture.paste(room, corner, room)
        owner.paste(number, corner, room.getchannel("A"))

    def boxes(self, scene: Scene, owner: np.ndarray) -> dict[str, list[np.ndarray]]:
        """Of each kind in a scene, the boxes of its things: x, y, width, height, as shares of the picture, of what is
        in sight. owner (size, size): from `draw`.
        """
        found = {}
        for i, thing in enumerate(scene.things):
            found.setdefault(thing.kind, []).append(np.array(box_of(owner == i)) / len(owner))
        return found

    # -- as files --

    def write(
        self, folder, splits: dict[str, Sequence[Scene]], size: int = 128, captions: int = 5, compress: int = 1
    ) -> None:
        """Scenes in Flickr8k's layout: images/*.png, scenes.token.txt, a list *Images.txt of each split; and COCO's
        instances_*.json of each split with boxes and masks. The same scenes give the same bytes. What is there already
        is not drawn again. compress: as in PNG; 0 gives the same bytes with every version of zlib.
        """  # fmt: skip
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        recipe = self.drawing, splits, size, captions, compress
        made = hashlib.sha256(repr(recipe).encode()).hexdigest()
        with locked(folder / "lock"):
            if (folder / "made.txt").is_file() and (folder / "made.txt").read_text(encoding="ascii") == made:
                return
            self._write(folder, splits, size, captions, compress)
            (folder / "made.txt").write_text(made, encoding="ascii")  # last: all the rest is there

    def _write(self, folder, splits, size, captions, compress):
        from PIL import Image

        (folder / "images").mkdir(exist_ok=True)
        tokens = []
        for split, scenes in splits.items():
            names = [f"{split}_{i:05}.png" for i in range(len(scenes))]
            owners = []
            for name, scene in zip(names, scenes, strict=True):
                picture, owner = self.draw(scene, size)
                Image.fromarray(picture).save(folder / "images" / name, compress_level=compress)
                owners.append(owner)
                tokens += [f"{name}#{n}\t{said}\n" for n, said in enumerate(self.captions(scene, captions))]
            (folder / f"scenes.{split}Images.txt").write_bytes("".join(f"{name}\n" for name in names).encode())
            instances = json.dumps(self.coco(scenes, owners, names), separators=(",", ":"))
            (folder / f"instances_{split}.json").write_bytes(instances.encode())
        (folder / "scenes.token.txt").write_bytes("".join(tokens).encode())

    def coco(self, scenes: Sequence[Scene], owners: Sequence[np.ndarray], names: Sequence[str]) -> dict:
        """Objects in COCO's format (Lin et al. 2014): bbox [x, y, width, height] in pixels, of what is in sight;
        segmentation as run lengths, down the columns. Each with its colour, size and state. owners: from `draw`.
        """  # fmt: skip
        numbers = {kind: i for i, kind in enumerate(self.kinds, 1)}
        images, notes = [], []
        for image, (scene, owner, name) in enumerate(zip(scenes, owners, names, strict=True), 1):
            height, width = owner.shape
            images.append({"id": image, "file_name": name, "width": width, "height": height})
            for i, thing in enumerate(scene.things):
                mask = owner == i
                notes.append({
                    "id": len(notes) + 1, "image_id": image, "category_id": numbers[thing.kind],
                    "bbox": box_of(mask), "area": int(mask.sum()), "iscrowd": 0,
                    "segmentation": {"size": [height, width], "counts": run_lengths(mask)},
                    "colour": thing.colour, "size": thing.size, "state": thing.state,
                })  # fmt: skip
        kinds = [{"id": number, "name": kind, "supercategory": "thing"} for kind, number in numbers.items()]
        return {"info": {"description": "scenes"}, "images": images, "annotations": notes, "categories": kinds}

    # -- what is said --

    def captions(self, scene: Scene, count: int = 5, seed: int = 0) -> list[str]:
        """`count` different correct captions, lower case, as several people might write them."""
        rng, found = random.Random(f"{seed} {scene}"), {}
        seen = self._salient(scene)
        for _ in range(100 * count):
            found.setdefault(self._caption(scene, seen, rng))
            if len(found) == count:
                break
        return list(found)

    def _salient(self, scene):
        """The numbers of the things, the one that catches the eye first at the front."""
        return sorted(range(len(scene.things)), key=lambda i: -math.prod(scene.things[i].box[2:]))

    def _caption(self, scene, seen, rng):
        count = min(len(seen), rng.choice((2, 2, 3)))
        told = seen[:2] + rng.sample(seen[2:], max(count - 2, 0))
        names = [self._name(scene.things[i], rng, alone=len(told) == 1) for i in told]
        if len(told) == 2 and rng.random() < 0.5:
            true = [relation for relation in RELATIONS if self._holds(relation, scene, *told)]
            if true:
                names = [f"{names[0]} {rng.choice(true)} {names[1]}"]
        whole = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
        if rng.random() < 0.15:
            whole = "there is " + whole
        time = "at night" if scene.night and rng.random() < 0.8 else ""
        return " ".join(filter(None, [whole, rng.choice(self.places[scene.place]["phrase"]), time]))

    def _name(self, thing, rng, alone):
        size = thing.size if rng.random() < 0.5 else ""
        state = thing.state if rng.random() < 0.8 else ""
        if state and alone and rng.random() < 0.5:
            state = "is " + state
        words = [size, thing.colour, thing.kind]
        if self.kinds[thing.kind].get("colour") == "in":
            words = [size, thing.kind, "in", thing.colour]
        name = " ".join(filter(None, [*words, state]))
        return ("an " if name[0] in "aeiou" else "a ") + name

    def _holds(self, relation, scene, first, second):
        """Whether thing `first` is next to, in front of … thing `second`."""
        (x, y, width, height), (u, v, wide, high) = (scene.things[i].box for i in (first, second))
        apart = max(x, u) - min(x + width, u + wide)  # below 0: one over the other, seen from the front
        deeper = (v + high) - (y + height)
        if relation == "next to":
            return -0.3 * min(width, wide) < apart < 0.15 and abs(deeper) < 0.15
        flying = [scene.things[i].state in self.kinds[scene.things[i].kind].get("flies", ()) for i in (first, second)]
        if relation == "above":
            return flying == [True, False] and y + height < v and apart < 0
        nearer = first > second if relation == "in front of" else second > first
        return nearer and apart < -0.25 * min(width, wide) and not any(flying)

    def read(self, caption: str) -> dict | None:
        """What a caption says, or None if it is none: things (kind, colour, size, state), relation, place, night."""
        text = " ".join(caption.split())
        text, night = (text.removesuffix(" at night"), text.endswith(" at night"))
        phrases = {phrase: place for place, data in self.places.items() for phrase in data["phrase"]}
        phrase = next((phrase for phrase in phrases if text.endswith(" " + phrase)), None)
        if phrase is None:
            return None
        place = phrases[phrase]
        rest, said = text.removesuffix(" " + phrase).removeprefix("there is "), []
        relation = next((r for r in RELATIONS if f" {r} " in rest), None)
        parts = rest.split(f" {relation} ") if relation else re.split(" and |, ", rest)
        kinds, colours, states = ("|".join(map(re.escape, names)) for names in (self.kinds, self.colours, self.states))
        pattern = rf"an? (?:(small|big) )?(?:({colours}) ({kinds})|({kinds}) in ({colours}))(?: (?:is )?({states}))?"
        for part in parts:
            match = re.fullmatch(pattern, part)
            if not match:
                return None
            size, colour, kind, person, clothes, state = match.groups()
            said.append((kind or person, colour or clothes, size or "", state or ""))
        if relation and len(said) != 2:
            return None
        return {"things": said, "relation": relation, "place": place, "night": night}

    def accepts(self, scene: Scene, caption: str) -> bool:
        """Whether a caption is correct: all it says is true, and it names two of the things, or the only one."""
        said = self.read(caption)
        if not said or said["place"] != scene.place or said["night"] > scene.night:
            return False
        found = []
        for kind, colour, size, state in said["things"]:
            fits = [i for i, t in enumerate(scene.things) if (t.kind, t.colour) == (kind, colour)
                    and size in ("", t.size) and state in ("", t.state)]  # fmt: skip
            if not fits or fits[0] in found:
                return False
            found.append(fits[0])
        if said["relation"] and not self._holds(said["relation"], scene, *found):
            return False
        return len(found) >= min(2, len(scene.things))

    def astray(self, scene: Scene, caption: str) -> tuple[str, str] | None:
        """The first (kind, colour) of a caption that mixes two things of the scene, though both words are true."""
        there = {(thing.kind, thing.colour) for thing in scene.things}
        kinds, colours = (set(names) for names in zip(*there, strict=True))
        for kind, colour, *_ in (self.read(caption) or {"things": []})["things"]:
            if (kind, colour) not in there and kind in kinds and colour in colours:
                return kind, colour
        return None


def compose(world: SceneWorld, things: Sequence[tuple[str, str, float]], place: str, night: bool = False) -> Scene:
    """A scene of one's own: (kind, colour, x from 0, left, to 1, right) of each thing, in its first state.

    GrammarError if two are the same, or one hides the other.
    """
    far, near = world.places[place]["ground"]
    made = []
    for i, (kind, colour, x) in enumerate(things):
        data = world.kinds[kind]
        state = next(iter(data["states"]))
        scale = min(GROWN_UP, 0.85 / max(data["size"]))
        width, height = (scale * side for side in data["size"])
        foot = far + (near - far) * (0.45 + 0.15 * i)
        if state in data.get("flies", ()):
            foot = max(height + 0.03, far - 0.1)
        box = (x * (1 - width), foot - height, width, height)
        made.append(Thing(kind, colour, "", state, box, x > 0.5, SKINS[i % 4], HAIRS[i % 4]))
    made.sort(key=lambda thing: thing.box[1] + thing.box[3])
    if len({(thing.kind, thing.colour) for thing in made}) < len(made):
        raise GrammarError("two things are the same: nobody could tell which one a caption means.")
    if not world._all_seen(made):
        raise GrammarError("one thing hides another: move one of them.")
    return Scene(place, night, tuple(made), (), ((0.3, 0.1),) if night and world.places[place]["sky"] else ())


def drawn_in_parts(world: SceneWorld, scenes: Sequence[Scene], size: int):
    """250 scenes at a time, by both cores: pictures (250, size, size, 3), uint8; where things are (250, size, size)."""
    parts = [scenes[i : i + 250] for i in range(0, len(scenes), 250)]
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:  # TensorFlow does not survive a fork
        yield from pool.map(partial(_draw_part, world, size), parts)


def _draw_part(world, size, scenes):
    drawn = [world.draw(scene, size) for scene in scenes]
    return np.stack([picture for picture, _ in drawn]), np.stack([owner >= 0 for _, owner in drawn])

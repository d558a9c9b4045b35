"""Scenes: same seed, same picture; boxes and masks that fit it; captions that are true, and others that are not."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from course_lib.datasets.captions import read_folder
from course_lib.errors import CourseError
from course_lib.worlds import scenes
from course_lib.worlds.scenes import KINDS_FILE, SCALES, SceneWorld, compose, run_lengths

WORLD = SceneWorld()
SCENES = WORLD.sample(120, seed=3)


def test_the_world_is_as_rich_as_it_says():
    assert len(WORLD.kinds) >= 16 and len(WORLD.colours) == 8 and len(WORLD.places) == 6
    assert {len(scene.things) for scene in SCENES} == {1, 2, 3, 4}
    assert {scene.place for scene in SCENES} == set(WORLD.places) and {scene.night for scene in SCENES} == {True, False}
    assert {"man", "woman", "child", "dog", "cat"} <= set(WORLD.kinds)
    assert {thing.size for scene in SCENES for thing in scene.things} == set(SCALES)


def test_same_seed_same_picture():
    (again,) = WORLD.sample(1, seed=3)
    assert again == SCENES[0]
    assert all(np.array_equal(a, b) for a, b in zip(WORLD.draw(again, 96), WORLD.draw(SCENES[0], 96), strict=True))


@pytest.mark.parametrize("number", range(12))
def test_what_is_drawn_is_where_the_box_says(number):
    scene = SCENES[number]
    picture, owner = WORLD.draw(scene, 128)
    assert picture.shape == (128, 128, 3) and picture.dtype == np.uint8
    for i, thing in enumerate(scene.things):
        rows, columns = np.nonzero(owner == i)
        assert len(rows) > 20
        x, y, width, height = (128 * value for value in thing.box)
        reach = 0.2 * max(width, height) + 2
        assert x - reach <= columns.min() and columns.max() <= x + width + reach
        assert y - reach <= rows.min() and rows.max() <= y + height + reach
        alone, empty = (
            WORLD.draw(dataclasses.replace(scene, things=things), 128)[0].astype(int) for things in ((thing,), ())
        )
        mask = owner == i  # there, it is what one sees: as it is alone, and not what is behind
        assert (np.abs(alone - picture).max(axis=-1)[mask] <= 8).mean() > 0.8
        assert (
            np.abs(alone - empty).max(axis=-1)[mask] > 8
        ).mean() > 0.8  # something green before a tree may hardly differ


@pytest.mark.parametrize("scene", SCENES[:40], ids=range(40))
def test_captions_are_correct_and_false_ones_are_not(scene):
    captions = WORLD.captions(scene)
    assert 3 <= len(captions) == len(set(captions))
    elsewhere = next(place for place in WORLD.places if place != scene.place)
    for caption in captions:
        assert WORLD.accepts(scene, caption), caption
        assert not WORLD.accepts(dataclasses.replace(scene, place=elsewhere), caption)
        assert WORLD.read(caption)["place"] == scene.place
        for thing in scene.things:
            if f"{thing.colour} {thing.kind}" in caption:
                assert not WORLD.accepts(scene, caption.replace(f"{thing.colour} {thing.kind}", f"pink {thing.kind}"))
    kind = next(kind for kind in WORLD.kinds if kind not in {thing.kind for thing in scene.things})
    assert not WORLD.accepts(scene, f"a red {kind} in a park")
    assert not WORLD.accepts(scene, "nothing to see") and not WORLD.accepts(scene, "")


def test_a_relation_that_does_not_hold_is_false():
    held = [(scene, caption) for scene in WORLD.sample(400, seed=5) for caption in WORLD.captions(scene)
            if " in front of " in caption]  # fmt: skip
    assert len(held) > 10
    for scene, caption in held:
        assert not WORLD.accepts(scene, caption.replace(" in front of ", " behind "))


def test_one_of_several_things_is_too_little():
    scene = next(scene for scene in SCENES if len(scene.things) == 2)
    thing = scene.things[0]
    name = (
        f"{thing.kind} in {thing.colour}" if WORLD.kinds[thing.kind].get("colour") else f"{thing.colour} {thing.kind}"
    )
    assert not WORLD.accepts(scene, f"a {name} {WORLD.places[scene.place]['phrase'][0]}")


@pytest.mark.parametrize(("old", "new", "message"), [
    ("oval skin", "egg skin", "expected oval, box, poly, blob, line, bow"),
    ("oval skin 0.14", "oval skin left", "expected numbers"),
    ("oval skin 0.14", "oval face 0.14", "'face' is no colour"),
    ("oval skin 0.14 0.60 0.08 0.035", "oval skin 0.14 0.60", "has 2 numbers"),
    ("size = [0.44, 1.0]", "size = [0.44]", "expected size = "),
    ("[colours]", "[tints]", "has no .colours"),
    ("ground = [0.62, 0.97]", "", "expected phrase, ground"),
    ('red = "#d83a34"', 'red "#d83a34"', "not valid TOML"),
])  # fmt: skip
def test_a_mistake_in_the_file_is_named(old, new, message):
    with pytest.raises(CourseError, match=message):
        SceneWorld(KINDS_FILE.read_text(encoding="utf-8").replace(old, new, 1))


def test_a_kind_can_be_added():
    kite = (
        "[kinds.kite]\nsize = [0.4, 0.4]\nflies = ['']\n[kinds.kite.states]\n'' = 'poly main 0.5 0 1 0.5 0.5 1 0 0.5'\n"
    )
    world = SceneWorld(KINDS_FILE.read_text(encoding="utf-8") + "\n" + kite)
    scene = next(scene for scene in world.single(400, seed=0) if scene.things[0].kind == "kite")
    assert (world.draw(scene, 64)[1] == 0).sum() > 10
    assert all("kite" in caption and world.accepts(scene, caption) for caption in world.captions(scene, 2))


def test_run_lengths_tell_the_mask():
    rng = np.random.default_rng(0)
    for mask in (rng.random((7, 5)) < 0.4, np.ones((3, 2), bool), np.zeros((2, 3), bool)):
        lengths = run_lengths(mask)
        values = np.repeat(np.arange(len(lengths)) % 2, lengths)
        assert np.array_equal(values.reshape(mask.T.shape).T.astype(bool), mask)


def test_a_folder_in_the_layout_of_flickr8k_with_boxes_in_cocos(tmp_path):
    splits = {"train": SCENES[:6], "dev": SCENES[6:9]}
    WORLD.write(tmp_path / "a", splits, size=64)
    WORLD.write(tmp_path / "b", splits, size=64)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len(files) == 9 + 1 + 2 + 2 + 1
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in files)
    (tmp_path / "a" / "images" / "dev_00000.png").unlink()
    WORLD.write(tmp_path / "a", splits, size=64)
    assert not (tmp_path / "a" / "images" / "dev_00000.png").is_file()  # nothing is drawn twice
    WORLD.write(tmp_path / "a", splits, size=64, captions=4)
    read = read_folder(tmp_path / "a")
    assert read.problems == [] and [len(read.present(split)) for split in ("train", "dev")] == [6, 3]
    for name, scene in zip(read.splits["dev"], splits["dev"], strict=True):
        assert all(WORLD.accepts(scene, caption) for caption in read.captions[name])
        assert np.array_equal(np.asarray(Image.open(read.path(name))), WORLD.draw(scene, 64)[0])
    coco = json.loads((tmp_path / "a" / "instances_dev.json").read_text())
    kinds = {kind["id"]: kind["name"] for kind in coco["categories"]}
    told = iter(coco["annotations"])
    for image, scene in zip(coco["images"], splits["dev"], strict=True):
        owner = WORLD.draw(scene, 64)[1]
        for i, thing in enumerate(scene.things):
            note = next(told)
            assert (note["image_id"], kinds[note["category_id"]]) == (image["id"], thing.kind)
            assert (note["colour"], note["state"], note["size"]) == (thing.colour, thing.state, thing.size)
            x, y, width, height = note["bbox"]
            inside = owner[y : y + height, x : x + width] == i
            assert inside.sum() == (owner == i).sum() == note["area"]
            assert all(edge.any() for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1]))
    assert next(told, None) is None


def test_new_drawing_code_never_meets_old_pictures(tmp_path, monkeypatch):
    names, before = ("scenes.py", "shapes.py"), (WORLD.identity, WORLD.drawing)
    for name in names:
        shutil.copy(KINDS_FILE.with_name(name), tmp_path)
    monkeypatch.setattr(scenes, "__file__", str(tmp_path / "scenes.py"))
    assert (WORLD.identity, WORLD.drawing) == before
    for name in names:
        with open(tmp_path / name, "a", encoding="utf-8") as file:
            file.write("# changed")
        assert WORLD.identity == before[0] and WORLD.drawing != before[1]
        before = WORLD.identity, WORLD.drawing


def test_boxes_of_a_kind_hold_what_is_seen_of_it():
    for scene in SCENES[:20]:
        owner = WORLD.draw(scene, 64)[1]
        boxes = WORLD.boxes(scene, owner)
        assert sorted(kind for kind, own in boxes.items() for _ in own) == sorted(t.kind for t in scene.things)
        for kind, own in boxes.items():
            seen = np.isin(owner, [i for i, thing in enumerate(scene.things) if thing.kind == kind])
            covered = np.zeros_like(seen)
            for x, y, width, height in (np.round(64 * box).astype(int) for box in own):
                covered[y : y + height, x : x + width] = True
                assert seen[y : y + height, x : x + width].any()
            assert not (seen & ~covered).any()


def test_a_colour_that_went_astray_is_noticed():
    scene = compose(WORLD, [("dog", "red", 0.1), ("cat", "blue", 0.9)], "beach")
    assert WORLD.astray(scene, "a blue dog and a blue cat on a beach") == ("dog", "blue")
    for caption in ("a red dog and a blue cat on a beach", "a green dog on a beach", "a red bus on a beach", "nothing"):
        assert WORLD.astray(scene, caption) is None

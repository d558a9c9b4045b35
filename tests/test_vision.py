"""Pictures of every kind are decoded or named; features are Keras's own, computed once, and survive a kill."""

import io
import os
import struct
import zlib

import keras
import numpy as np
import pytest
from PIL import Image

from course_lib.errors import CourseError
from course_lib.features import FeatureCache
from course_lib.vision.backbones import Backbone, Pooled, pretrained
from course_lib.vision.images import ImageError, decode, open_image
from course_lib.vision.small_cnn import SMALL, STEPS, SparseGrids, concepts, evidence, scene_grids, small_cnn
from course_lib.worlds.scenes import KINDS_FILE, SceneWorld

RNG = np.random.default_rng(0)


def photo(mode="RGB", size=(40, 30), form="PNG", **options):
    """Bytes of a picture: left half red, right half blue."""
    values = np.zeros((size[1], size[0], 3), np.uint8)
    values[:, : size[0] // 2, 0], values[:, size[0] // 2 :, 2] = 255, 255
    file = io.BytesIO()
    Image.fromarray(values).convert(mode).save(file, form, **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def backbone():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((16, 16, 3))
    model = keras.Model(inputs, keras.layers.Conv2D(5, 4, strides=4)(inputs / 255.0))
    return Backbone("little", 16, lambda: model)


@pytest.mark.parametrize(("mode", "form"), [
    ("RGB", "PNG"), ("RGB", "JPEG"), ("L", "JPEG"), ("CMYK", "JPEG"), ("P", "PNG"), ("RGBA", "PNG"), ("LA", "PNG"),
    ("1", "PNG"), ("RGB", "GIF"), ("RGB", "BMP"), ("RGB", "WEBP"), ("RGB", "TIFF"),
])  # fmt: skip
def test_every_kind_of_picture_is_decoded(mode, form):
    picture = decode(photo(mode, form=form), 16)
    assert picture.shape == (16, 16, 3) and picture.dtype == np.uint8
    if mode in ("RGB", "P", "RGBA", "CMYK") and form != "GIF":
        assert picture[8, 3, 0] > 180 > 80 > picture[8, 3, 2] and picture[8, 12, 2] > 180 > 80 > picture[8, 12, 0]


def test_turned_by_exif():
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees, clockwise: what was left is above
    picture = decode(photo(form="JPEG", exif=exif), 16)
    assert picture[3, 8, 0] > 180 and picture[12, 8, 2] > 180


def test_what_is_transparent_is_white():
    clear = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    palette = Image.new("RGB", (8, 8), "red").quantize(4)
    for picture, options in ((clear, {}), (palette, {"transparency": palette.getpixel((0, 0))})):
        file = io.BytesIO()
        picture.save(file, "PNG", **options)
        assert (decode(file.getvalue(), 4) == 255).all()


def png(pixels, bits, kind, clear=b""):
    """A PNG as the specification has it (section 11), of rows of numbers (H, W, channels). clear: its tRNS chunk."""
    height, width = pixels.shape[:2]
    if bits >= 8:
        rows = [row.astype(f">u{bits // 8}").tobytes() for row in pixels]
    else:
        rows = [np.packbits((row.ravel()[:, None] >> np.arange(bits)[::-1]) & 1).tobytes() for row in pixels]
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)), (b"tRNS", clear),
              (b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))), (b"IEND", b"")]  # fmt: skip
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks if content or name != b"tRNS"
    )  # fmt: skip


@pytest.mark.parametrize("clear", [False, True])
@pytest.mark.parametrize(("bits", "kind"), [
    (1, 0), (2, 0), (4, 0), (8, 0), (16, 0), (8, 2), (16, 2), (8, 4), (16, 4), (8, 6), (16, 6),
])  # fmt: skip
def test_a_png_looks_as_the_specification_says(bits, kind, clear):
    channels, white = {0: 1, 2: 3, 4: 2, 6: 4}[kind], 2**bits - 1
    pixels = RNG.integers(0, white // 3 + 1, (5, 7, channels))  # dark: nothing is stretched
    pixels[0, 0] = pixels[0, 1] = white // 2
    pixels[0, 1, -1] += 1  # as good as the same, but not transparent
    shown = pixels / white
    alpha = shown[..., -1:] if kind in (4, 6) else np.ones((5, 7, 1))
    given = b""
    if clear and kind in (0, 2):
        given = pixels[0, 0].astype(">u2").tobytes()
        alpha = (pixels != pixels[0, 0]).any(axis=-1, keepdims=True)
        assert not alpha[0, 0] and alpha[0, 1]
    colours = shown[..., :-1] if kind in (4, 6) else shown
    expected = 255 * (colours * alpha + 1 - alpha)  # on white
    found = np.asarray(open_image(png(pixels, bits, kind, given), 1)).astype(float)
    assert np.abs(found - expected).max() <= 1.5


def test_a_damaged_png_that_only_one_decoder_takes():
    pixels = RNG.integers(0, 65536, (5, 7, 3))
    with pytest.raises(ImageError, match=r"not a picture that can be read, or cut off \(damaged\)"):
        open_image(png(pixels, 16, 2, pixels[0, 0].astype(">u2").tobytes())[:-12], 1)  # its end is missing


@pytest.mark.parametrize(("values", "options", "expected"), [
    (np.uint16([[0, 257, 32768, 65535]]), {}, [0, 1, 128, 255]),
    (np.uint16([[0, 1, 2, 3]]), {}, [0, 0, 0, 0]),
    (np.uint16([[0, 257, 32768, 65535]]), {262: 0}, [255, 254, 127, 0]),  # 0 is white
    (np.float32([[0, 0.25, 0.5, 1]]), {}, [0, 64, 128, 255]),
    (np.int32([[0, 2**30, 2**31 - 1, 0]]), {}, [0, 128, 255, 0]),
    (np.float32([[0, 12, 99, 255]]), {}, "numbers from 0 to 255, but 0 is black and 1 white"),
    (np.float32([[0, np.nan, 1, 1]]), {}, "numbers from nan to nan"),
    (np.int32([[-5, 0, 1, 9]]), {}, "numbers from -5 to 9, but 0 is black and 2147483647 white"),
])  # fmt: skip
def test_a_tiff_of_more_than_8_bits(values, options, expected):
    file = io.BytesIO()
    Image.fromarray(values).save(file, "TIFF", tiffinfo=options)
    if isinstance(expected, str):
        with pytest.raises(ImageError, match=expected):
            open_image(file.getvalue(), 1)
    else:
        assert np.asarray(open_image(file.getvalue(), 1))[0, :, 1].tolist() == expected


def test_one_with_16_bits_is_turned_and_one_of_a_pixel_is_read():
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees, clockwise
    for form in ("PNG", "TIFF"):
        file = io.BytesIO()
        Image.fromarray(np.uint16([[0, 65535]])).save(file, form, exif=exif)
        assert np.asarray(open_image(file.getvalue(), 1))[:, 0, 0].tolist() == [0, 255]
    assert np.asarray(open_image(b"P5 1 1 65535\n\x80\x00", 1)).tolist() == [[[128] * 3]]
    assert decode(photo(size=(2, 1)), 8).shape == (8, 8, 3)


def test_a_palette_with_half_transparent_colours():
    picture, file = Image.new("P", (2, 1)), io.BytesIO()
    picture.putpalette([255, 0, 0, 0, 0, 255])
    picture.putpixel((1, 0), 1)
    picture.save(file, "PNG", transparency=bytes([128, 255]))
    assert np.asarray(open_image(file.getvalue(), 1))[0].tolist() == [[255, 127, 127], [0, 0, 255]]


@pytest.mark.parametrize(("data", "message"), [
    (photo(form="JPEG", size=(200, 200))[:600], "cut off"),
    (b"no picture", r"not a picture.*\(nothing that Pillow knows\)\.$"),
    (b"", "not a picture"),
])  # fmt: skip
def test_what_is_no_picture_is_named(tmp_path, data, message):
    file = tmp_path / "holiday.jpg"
    file.write_bytes(data)
    with pytest.raises(ImageError, match=f"holiday.jpg: .*{message}"):
        decode(file, 16)


def test_too_many_pixels(tmp_path, monkeypatch):
    file = tmp_path / "huge.png"
    Image.new("1", (20_000, 20_000)).save(file)
    with pytest.raises(ImageError, match=r"huge.png: .*too many"):
        decode(file, 16)
    with pytest.raises(ImageError, match="no such file"):
        decode(tmp_path / "none.png", 16)


def test_features_are_the_models_own(tmp_path, backbone):
    files = []
    for i in range(7):
        files.append(tmp_path / f"{i}.png")
        Image.fromarray(RNG.integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(files[-1])
    grid, pooled = FeatureCache(tmp_path / "kept", backbone), FeatureCache(tmp_path / "kept", Pooled(backbone))
    expected = backbone(np.stack([decode(file, 16) for file in files]))
    for cache, right in ((grid, expected), (pooled, expected.mean(axis=(1, 2)))):
        places, problems = cache.add(files, batch_size=3)
        assert not problems
        assert np.allclose(cache.rows[places], right, atol=2e-3)


def test_one_vector_is_made_of_the_regions_in_three_ways(tmp_path, backbone):
    grid = RNG.normal(size=(2, 5, 3, 4))
    parts = [grid, grid[:, :3], grid[:, 2:]]  # all, the upper three rows, the lower three
    expected = {
        "mean": [np.mean(grid, axis=(1, 2))],
        "max": [np.max(grid, axis=(1, 2))],
        "pyramid": [np.mean(part, axis=(1, 2)) for part in parts],
    }
    for pooling, wanted in expected.items():
        pooled = Backbone("little", 16, backbone.build, pooling).pool(grid)
        np.testing.assert_allclose(pooled, np.concatenate(wanted, axis=1), rtol=1e-12)
    with pytest.raises(CourseError, match="pooling: expected one of mean, max, pyramid, got 'sum'"):
        pretrained(weights=None, pooling="sum")


def test_vectors_pooled_in_another_way_are_kept_apart(tmp_path, backbone):
    for pooling in ("mean", "max", "mean"):
        own = Backbone("little", 16, backbone.build, pooling)
        cache = FeatureCache(tmp_path, Pooled(own))
        places, _ = cache.add([photo()])
        expected = own.pooled(decode(photo(), 16)[None])
        np.testing.assert_allclose(cache.rows[places], expected, atol=1e-3)


def test_a_bad_file_among_good_ones(tmp_path, backbone):
    (tmp_path / "a.png").write_bytes(photo())
    (tmp_path / "b.png").write_bytes(photo()[:60])
    (tmp_path / "c.png").write_bytes(photo(size=(30, 30)))
    cache = FeatureCache(tmp_path / "kept", backbone)
    places, problems = cache.add([tmp_path / name for name in ("a.png", "b.png", "none.png", "c.png", "a.png")])
    assert places.tolist() == [0, -1, -1, 1, 0]
    assert len(problems) == 2 and "b.png" in problems[0] and "none.png" in problems[1]


def test_nothing_is_computed_twice_and_a_kill_loses_a_batch(tmp_path, backbone):
    data = [photo(size=(20 + i, 20)) for i in range(6)]
    cache = FeatureCache(tmp_path, backbone)
    cache.add(data, batch_size=2)
    whole = np.array(cache.rows)
    never = Backbone(backbone.identity, 16, pytest.fail)
    again = FeatureCache(tmp_path, never)
    assert again.add(data)[0].tolist() == list(range(6)) and np.array_equal(again.rows, whole)
    os.truncate(cache.rows_file, cache.rows_file.stat().st_size - 7)  # killed while it wrote
    with open(cache.index_file, "a", encoding="utf-8") as file:
        file.write("0" * 30)
    mended = FeatureCache(tmp_path, backbone)
    assert len(mended.index) == len(mended.rows) == 5
    assert cache.rows_file.stat().st_size == whole.nbytes - 7  # reading wrote nothing
    mended.add(data)
    assert np.array_equal(mended.rows, whole) and np.array_equal(FeatureCache(tmp_path, never).rows, whole)
    assert len(FeatureCache(tmp_path, Backbone("another", 16, backbone.build)).index) == 0


def test_rows_without_an_index_are_not_gone_on_with(tmp_path, backbone):
    FeatureCache(tmp_path, backbone).add([photo(), photo(size=(30, 20))])
    cache = FeatureCache(tmp_path, backbone)
    cache.index_file.unlink()
    cache.add([photo(size=(30, 20))])
    fresh = FeatureCache(tmp_path / "fresh", backbone)
    fresh.add([photo(size=(30, 20))])
    assert np.array_equal(cache.rows, fresh.rows) and cache.rows_file.stat().st_size == fresh.rows.nbytes


def test_a_folder_that_cannot_be_written(tmp_path, backbone):
    (tmp_path / "file").write_text("")
    with pytest.raises(CourseError, match="Name another folder"):
        FeatureCache(tmp_path / "file", backbone)
    cache = FeatureCache(tmp_path, backbone)
    cache.add([photo()])
    lock = cache.index_file.with_suffix(".lock")
    lock.unlink(missing_ok=True)
    lock.mkdir()  # a stand-in for a folder that is only read, which root does not know
    assert FeatureCache(tmp_path, backbone).add([photo()])[0].tolist() == [0]
    with pytest.raises(CourseError, match="Name another folder"):
        FeatureCache(tmp_path, backbone).add([photo(size=(7, 7))])
    lock.rmdir()
    with open(cache.index_file, "a", encoding="utf-8") as file:
        file.write("0" * 30)  # killed while it wrote
    cache.rows_file.unlink()
    cache.rows_file.mkdir()  # a stand-in, too: it cannot be mended
    with pytest.raises(CourseError, match="Name another folder"):
        FeatureCache(tmp_path, backbone).add([photo()])


class Loudness:
    """Sounds, as bytes: how loud each is."""

    identity, shape = "loudness", (1,)

    def __init__(self):
        self.decoded = []

    def decode(self, data, name):
        if not data:
            raise CourseError(f"{name}: an empty sound.")
        self.decoded.append(name)
        return np.frombuffer(data, np.uint8)[:4].astype(float)

    def __call__(self, batch):
        return batch.mean(axis=1, keepdims=True)


def test_the_cache_keeps_what_any_extractor_makes(tmp_path):
    files = [tmp_path / f"{i}.raw" for i in range(5)]
    for i, file in enumerate(files):
        file.write_bytes(bytes([i, i, i + 2, i + 2]) if i < 4 else b"")
    cache = FeatureCache(tmp_path / "kept", Loudness())
    cache.add(files, batch_size=2)
    places, problems = cache.add([*files, files[0]], batch_size=2)
    assert cache.rows[places[:4]].ravel().tolist() == [1, 2, 3, 4]
    assert places.tolist() == [0, 1, 2, 3, -1, 0] and problems == [f"{files[4]}: an empty sound."]
    assert sorted(cache.extractor.decoded) == sorted(map(str, files[:4]))


def test_networks_of_keras_applications():
    with pytest.raises(CourseError, match="has no network 'MobilNet'"):
        pretrained("MobilNet")
    random = pretrained("MobileNetV2", size=96, weights=None, alpha=0.35)
    assert random.shape[:2] == (3, 3)
    earlier = pretrained("MobileNetV2", size=96, weights=None, alpha=0.35, layer="block_15_project_BN")
    assert earlier.shape == (3, 3, 56) and earlier.identity != random.identity
    with pytest.raises(CourseError, match="no layer 'block_99'"):
        pretrained("MobileNetV2", size=96, weights=None, alpha=0.35, layer="block_99")
    with pytest.raises(CourseError, match="do not fit"):
        pretrained("MobileNetV2", size=96, weights=__file__, alpha=0.35).build()


@pytest.mark.skipif("COURSE_DATA" not in os.environ, reason="ImageNet weights are not on this machine")
def test_imagenet_weights_know_something():
    backbone = pretrained("MobileNetV2")
    assert backbone.shape == (7, 7, 1280)
    assert backbone.identity != pretrained("MobileNetV2", weights=None).identity


def test_the_courses_own_network_says_probabilities(tmp_path):
    backbone = small_cnn(weights=None)
    sizes = [len(answers) for answers in concepts().values()]
    assert backbone.shape == (8, 8, sum(sizes)) and backbone.size == 128
    pictures = RNG.integers(0, 256, (2, 128, 128, 3), dtype=np.uint8)
    grid = backbone(pictures)
    for part in np.split(grid, np.cumsum(sizes)[:-1], axis=-1):
        assert np.allclose(part.sum(axis=-1), 1, atol=1e-5)
    assert np.array_equal(backbone.pooled(pictures), grid.max(axis=(1, 2)))
    backbone.grid.save_weights(tmp_path / "w.weights.h5")
    again = small_cnn(tmp_path / "w.weights.h5")
    assert again.identity == small_cnn(tmp_path / "w.weights.h5").identity != small_cnn().identity
    assert np.allclose(again(pictures), grid, atol=1e-6)
    (tmp_path / "broken.weights.h5").write_bytes(b"nothing")
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save_weights(tmp_path / "other.weights.h5")
    for name in ("broken", "other", "missing"):
        with pytest.raises(CourseError, match=f"{name}.weights.h5: no weights of the course's CNN"):
            small_cnn(tmp_path / f"{name}.weights.h5").build()


def test_two_processes_fill_one_cache(tmp_path, backbone):
    pictures = [photo(size=(20 + i, 30)) for i in range(12)]
    first, second = FeatureCache(tmp_path, backbone), FeatureCache(tmp_path, backbone)  # both have seen it empty
    places, _ = first.add(pictures[:8])
    again, _ = second.add(pictures[4:])
    assert places.tolist() == list(range(8)) and again.tolist() == list(range(4, 12))
    assert len(second.rows) == 12 and len(FeatureCache(tmp_path, backbone).index) == 12


def test_evidence_is_log_odds_in_steps():
    p = RNG.random((2, 8, 8, 236)) ** 4
    p[0, 0, 0, 3:6] = 0, 1, 0.5
    said = evidence(p)
    names = np.array([answer for answers in concepts().values() for answer in answers])
    assert not said[..., names == ""].any() and said.min() >= 0 and said.max() <= 1
    assert said[0, 0, 0, 3] == 0 and said[0, 0, 0, 4] == 1
    assert abs(said[0, 0, 0, 5] - 3.4 / 19.4) <= 0.5 / STEPS  # log odds of one half: 0
    assert np.allclose(said * STEPS, np.rint(said * STEPS), atol=1e-4)
    rising = evidence(np.repeat(np.linspace(0, 1, 50)[:, None], 236, axis=1))[:, names != ""]
    assert (np.diff(rising, axis=0) >= 0).all()


def test_grids_keep_all_that_is_not_0():
    sizes = [len(answers) for answers in concepts().values()]
    grids = evidence(RNG.random((5, 8, 8, sum(sizes))) ** 30)
    grids[..., -8:] = grids[:, :1, :1, -8:]  # place and time are asked of the whole picture
    kept = SparseGrids.of(grids)
    assert len(kept) == 5 and kept.shape == grids.shape
    for rows in ([3, 0, 3], slice(1, 4), np.array([4])):
        assert np.allclose(kept[rows], grids[rows], atol=1e-6)
    assert kept[[]].shape == (0, *grids.shape[1:])


def test_the_grids_that_ship_are_these():
    world = SceneWorld()
    scenes, grids = scene_grids(world)
    assert scene_grids(world, 3)[0] == scenes[:3]
    chosen = [0, 17, 39_999]
    drawn = np.stack([world.draw(scenes[i], SMALL)[0] for i in chosen])
    off = np.abs(grids[chosen] - evidence(small_cnn()(drawn)))
    assert off.max() <= 1.01 / STEPS and (off > 1e-3).mean() < 1e-3  # another processor rounds otherwise
    with pytest.raises(CourseError, match="belongs to other kinds of things"):
        scene_grids(SceneWorld(KINDS_FILE.read_text(encoding="utf-8") + "\n# other\n"))

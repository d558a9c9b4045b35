"""Caption files in every layout, and BLEU and CIDEr as the captioning literature computes them."""

import json

import pytest
from PIL import Image

from course_lib import metrics
from course_lib.datasets.captions import Captioned, caption_words, read_captions, read_folder
from course_lib.errors import CourseError

# Drawn at random once; the numbers below are those of pycocoevalcap 1.2 (the COCO server's code) and of NLTK.
SAID = """a a man man|jumps a jumps beach cat dog sits|jumps water sits a water in|man blue runs ball on with on
in jumps cat red dog beach grass cat the|and park the runs water on sits ball|ball water cat with ball
with on red on near the jumps"""
REFERENCES = """on
with a ball runs the/blue on grass runs park/blue near runs a man beach sits cat/cat red dog water water ball
dog/a a man man cat|in man and man cat man/jumps a on beach cat dog sits|jumps water near a water in/jumps on jumps
grass|cat grass grass cat the sits/on park a and/on park near a ball the cat/man blue runs ball on with on
with/ball blue near on jumps the|man in with water/dog in sits and red jumps/in jumps cat red dog jumps grass cat
the|and park the runs water on sits ball/beach dog the the grass in man dog near|beach blue cat beach on dog the
beach jumps/ball water cat with ball|in grass sits jumps grass park dog blue park/cat grass in cat red grass sits
with/with on red on near the jumps on"""


@pytest.fixture(scope="module")
def example():
    said = [caption.split() for caption in SAID.replace("\n", "|").split("|")]
    return said, [[one.split() for one in given.split("/")] for given in REFERENCES.split("|")]


def test_bleu_and_cider_equal_the_reference_implementations(example):
    found = metrics.caption_bleu(*example)
    expected = [90.845969, 87.073228, 82.056384, 76.838002]
    assert [found[f"BLEU-{n}"] for n in (1, 2, 3, 4)] == pytest.approx(expected, abs=1e-5)
    assert found["BLEU-4 without penalty"] * found["penalty"] == pytest.approx(expected[-1], abs=1e-5)
    assert found["penalty"] < 0.97
    assert metrics.cider(*example) == pytest.approx(3.227648144587298, abs=1e-9)


def test_bleu_and_cider_at_their_ends(example):
    said, given = example
    perfect = [one[0] for one in given]
    assert metrics.caption_bleu(perfect, given)["BLEU-4"] == pytest.approx(100)
    assert metrics.cider(perfect, [one[:1] for one in given]) == pytest.approx(10)
    assert metrics.caption_bleu([["x", "y"]], [[["z", "w"]]])["BLEU-1"] == 0
    assert metrics.cider([["x"]] * 8, given) == 0
    for measure in (metrics.caption_bleu, metrics.cider):
        with pytest.raises(CourseError, match="got 8 captions and 7 lists"):
            measure(said, given[:-1])


def test_words_as_the_literature_counts_them():
    assert caption_words("A black-and-white dog 's ball , two .") == ["a", "blackandwhite", "dog", "s", "ball", "two"]


def photos(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.new("RGB", (8, 8), "red").save(folder / name)


def test_flickr8k_layout(tmp_path):
    photos(tmp_path / "Flicker8k_Dataset", "a.jpg", "b.jpg", "d.jpg")
    (tmp_path / "Flickr8k.token.txt").write_text(
        "a.jpg#0\tA dog .\na.jpg#1\tOne dog\n\nb.jpg#0\t . \nno tab\nc.jpg#0\tA cat\nd.jpg#0\tA cow\n", encoding="utf-8"
    )
    (tmp_path / "Flickr_8k.trainImages.txt").write_text("a.jpg\nc.jpg\nx.jpg\n", encoding="utf-8")
    (tmp_path / "Flickr_8k.devImages.txt").write_text("d.jpg\n", encoding="utf-8")
    found = read_folder(tmp_path)
    assert found.captions == {"a.jpg": ["A dog .", "One dog"], "c.jpg": ["A cat"], "d.jpg": ["A cow"]}
    assert found.splits == {"train": ["a.jpg", "c.jpg"], "dev": ["d.jpg"]}
    assert found.present("train") == ["a.jpg"] and found.path("a.jpg").is_file()
    assert found.problems == [
        "Flickr8k.token.txt: lines without a file name and a caption: 1, the first is line 5; left out.",
        "Flickr8k.token.txt: captions without a word: 1, the first is line 4 (b.jpg); left out.",
        "Flickr_8k.trainImages.txt: 1 have no caption, the first is x.jpg; left out.",
        "train: 1 of 2 photographs are missing, the first is c.jpg; left out.",
    ]
    with pytest.raises(CourseError, match="there is no split 'test': choose one of dev, train"):
        found.present("test")
    found.splits["test"] = ["c.jpg"]
    with pytest.raises(CourseError, match="none of the 1 photographs of 'test' is in"):
        found.present("test")


@pytest.mark.parametrize(("file", "text"), [
    ("results_20130124.token", "".join(f"{i}.jpg#{n}\tA dog number {n} .\n" for i in range(30) for n in range(5))),
    ("results.csv", "image_name| comment_number| comment\n"
     + "".join(f"{i}.jpg| {n}| A dog number {n} .\n" for i in range(30) for n in range(5))),
    ("captions.txt", "image,caption\n"
     + "".join(f'{i}.jpg,"A dog, number {n} ."\n' for i in range(30) for n in range(5))),
])  # fmt: skip
def test_flickr30k_layouts(tmp_path, file, text):
    photos(tmp_path / "flickr30k-images", *(f"{i}.jpg" for i in range(30)))
    (tmp_path / file).write_text(text, encoding="utf-8")
    found = read_folder(tmp_path)
    assert found.problems == [] and len(found.captions) == 30
    assert caption_words(found.captions["7.jpg"][4]) == ["a", "dog", "number", "4"]
    assert [len(found.present(split)) for split in ("dev", "test", "train")] == [3, 3, 24]
    assert read_folder(tmp_path).splits == found.splits  # the same every time


def test_coco_layout(tmp_path):
    photos(tmp_path / "val2014", "COCO_val2014_000000000007.jpg", "COCO_val2014_000000000009.jpg")
    data = {
        "images": [{"id": 7, "file_name": "COCO_val2014_000000000007.jpg"},
                   {"id": 9, "file_name": "COCO_val2014_000000000009.jpg"}],
        "annotations": [{"id": 1, "image_id": 7, "caption": "A dog."}, {"id": 2, "image_id": 7, "caption": "Dog!\n"},
                        {"id": 3, "image_id": 8, "caption": "Lost."}, {"id": 4, "image_id": 9, "caption": ""}],
    }  # fmt: skip
    (tmp_path / "annotations").mkdir()
    file = tmp_path / "annotations" / "captions_val2014.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    found = read_folder(tmp_path)
    assert found.captions == {"COCO_val2014_000000000007.jpg": ["A dog.", "Dog!"]}
    assert found.images == tmp_path / "val2014"
    assert found.problems == [
        "captions_val2014.json: annotations of an image that is not listed: 1, the first is 3; left out.",
        "captions_val2014.json: captions without a word: 1, the first is annotation 4 (COCO_val2014_000000000009.jpg); "
        "left out.",
    ]
    for broken in ("{", "[]", '{"images": []}', '{"images": [{}], "annotations": []}'):
        file.write_text(broken, encoding="utf-8")
        with pytest.raises(CourseError, match=r"captions_val2014.json: expected COCO's captions"):
            read_captions(file)


def test_a_folder_without_captions_and_a_file_without_any(tmp_path):
    with pytest.raises(CourseError, match="has no captions: expected a file such as Flickr8k.token.txt"):
        read_folder(tmp_path)
    (tmp_path / "Flickr8k.token.txt").write_text("nothing here\n", encoding="utf-8")
    with pytest.raises(CourseError, match="has no caption: expected lines such as"):
        read_folder(tmp_path)
    with pytest.raises(CourseError, match="3 photographs were asked for, there are 2"):
        Captioned(tmp_path, {"a": ["x"], "b": ["y"]}).split_randomly(dev=3)

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


def test_cider_of_one_picture_says_that_it_is_nothing():
    with pytest.warns(UserWarning, match=r"CIDEr of 1 picture\(s\) is 0 whatever the captions say"):
        assert metrics.cider([["a", "dog"]], [[["a", "dog"]]]) == 0
    with pytest.warns(UserWarning, match=r"CIDEr of 2 picture\(s\) is 0"):
        assert metrics.cider([["a", "dog"]] * 2, [[["a", "dog"]]] * 2) == 0


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


def records(tmp_path, text, name="captions.txt"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return read_captions(tmp_path / name)


@pytest.mark.parametrize(("text", "captions", "odd"), [
    ("image,caption\na.jpg,A dog, a cat and a bird\n", {"a.jpg": ["A dog, a cat and a bird"]}, []),
    ("image,caption,split\na.jpg,A dog,train\n", {"a.jpg": ["A dog"]}, []),
    ("caption,image\nA dog,a.jpg\n", {"a.jpg": ["A dog"]}, []),
    ("image,caption\na.jpg,A dog\nimage,caption\nb.jpg,A cat\n", {"a.jpg": ["A dog"], "b.jpg": ["A cat"]},
     ["lines that name the columns again: 1, the first is line 3"]),
    ("image;caption\na.jpg;A dog; a cat\n", {"a.jpg": ["A dog; a cat"]}, []),
    ("image\tcaption\na.jpg\tA dog, a cat\n", {"a.jpg": ["A dog, a cat"]}, []),
    ('image,caption\na.jpg,"A dog\nb.jpg,A cat\nc.jpg,"A cow"\n', {"b.jpg": ["A cat"], "c.jpg": ["A cow"]},
     ["lines of a quote that is not closed: 1, the first is line 2"]),
    ('image| comment\na.jpg| "A dog\nb.jpg| A cat\n', {"b.jpg": ["A cat"]},
     ["lines of a quote that is not closed: 1, the first is line 2"]),
    ('caption,image\n"A dog,a.jpg\n"A\ncat",b.jpg\n', {"b.jpg": ["A\ncat"]},
     ["lines of a quote that is not closed: 1, the first is line 2"]),
    ('image,caption\na.jpg,"A dog,\nrunning"\nb.jpg,"Stop" signs, two\n',
     {"a.jpg": ["A dog,\nrunning"], "b.jpg": ['"Stop" signs, two']}, []),
    ("image_name| comment_number| comment\na.jpg| 4   A dog\nb.jpg| 0| A cat | a cow\nc.jpg\n",
     {"b.jpg": ["A cat | a cow"]}, ["lines without 3 columns: 2, the first is line 2"]),
    ("image,comment_number,comment\na.jpg,A dog, a cat\nb.jpg,0,A cow\n", {"b.jpg": ["A cow"]},
     ["lines without the caption's number: 1, the first is line 2"]),
    ("image,caption,split\na.jpg,A dog, a cat\nb.jpg,A cow,test\n", {"b.jpg": ["A cow"]},
     ["lines whose split is none of train, restval, dev, val, valid, validation, test: 1, the first is line 2"]),
    ("image,caption,split\na.jpg,A dog, a cat,train\nb.jpg,A cow,test\n", {"b.jpg": ["A cow"]},
     ["lines without 3 columns: 1, the first is line 2"]),
    ("image,caption\ndog, small.jpg,A dog\nb.jpg,A cow\n", {"b.jpg": ["A cow"]},
     ["lines without 2 columns: 1, the first is line 2"]),
    ('raw,sentids,split,filename,img_id\n"[""A dog."", ""Dogs, two""]","[0, 1]",train,a.jpg,0\n',
     {"a.jpg": ["A dog.", "Dogs, two"]}, []),
    ("caption_lemma,caption,image\none dog run,One dog runs,a.jpg\n", {"a.jpg": ["One dog runs"]}, []),
    ("a.jpg,A dog, a cat\nb.jpg,0\nfoto,A cow\nc.jpg,A cow,train\n", {"a.jpg": ["A dog, a cat"], "b.jpg": ["0"]},
     ["lines that do not begin with the name of a picture or recording: 1, the first is line 3",
      "lines without 2 columns: 1, the first is line 4"]),
    ("a.jpg|0|A dog\nb.jpg|1|A cat\n", {"a.jpg": ["A dog"], "b.jpg": ["A cat"]}, []),
    ("my #1 dog.jpg#0\tA #1 dog\nx#.jpg#12\tA cat\nno number.jpg\tA cow\n",
     {"my #1 dog.jpg": ["A #1 dog"], "x#.jpg": ["A cat"], "no number.jpg": ["A cow"]}, []),
    ("a.jpg#0\tA\u2028dog\x0c\x85!\r\nb.jpg#0\tA photo, text, file\r", {"a.jpg": ["A\u2028dog\x0c\x85!"],
     "b.jpg": ["A photo, text, file"]}, []),
])  # fmt: skip
def test_a_table_is_read_as_a_person_reads_it(tmp_path, text, captions, odd):
    found, problems = records(tmp_path, text)
    assert found == captions
    assert problems == [f"captions.txt: {problem}; left out." for problem in odd]


@pytest.mark.parametrize(("text", "message"), [
    ("image,label\na.jpg,dog\n", "line 1: expected one column with the file's name"),
    ("id,caption\n1,A dog\n", "line 1: expected one column with the file's name"),
    ("image,caption,comment\na.jpg,A dog,nice\n", "line 1: expected one column with the file's name"),
    ("a.jpg,A dog,train\nb.jpg,A cat,test\n", "has no caption: .*lines without 2 columns: 2, the first is line 1"),
])  # fmt: skip
def test_a_table_that_is_not_clear_is_refused(tmp_path, text, message):
    with pytest.raises(CourseError, match=rf"captions\.txt.*{message}"):
        records(tmp_path, text)


def test_a_file_of_captions_that_is_not_there(tmp_path):
    for name in ("none.txt", "none.json"):
        with pytest.raises(CourseError, match=f"cannot read .*{name}: No such file"):
            read_captions(tmp_path / name)
    with pytest.raises(CourseError, match="none is not there: expected a folder with photographs and captions"):
        read_folder(tmp_path / "none")


@pytest.mark.parametrize(("raw", "lemma"), [
    ("Flickr8k.token.txt", "Flickr8k.lemma.token.txt"), ("captions.txt", "captions_lemma.txt"),
    ("Flickr8k_text/Flickr8k.token.txt", "Flickr8k_text/Flickr8k.lemma.token.txt"),
    ("Flickr8k_text/Flickr8k.token.txt", "Flickr8k.lemma.token.txt"), ("results.csv", "results_lemmatized.csv"),
])  # fmt: skip
def test_raw_captions_before_lemmatised(tmp_path, raw, lemma):
    for name, caption in ((raw, "Two dogs are running ."), (lemma, "Two dog be run .")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"a.jpg#0\t{caption}\n", encoding="utf-8")
    (tmp_path / f"._{raw.replace('/', '')}").write_bytes(b"\0\5\x16\7")  # macOS puts these beside
    assert read_folder(tmp_path).captions == {"a.jpg": ["Two dogs are running ."]}
    (tmp_path / raw).unlink()
    found = read_folder(tmp_path)
    assert found.captions == {"a.jpg": ["Two dog be run ."]}
    assert "these captions are lemmatised; there is no file of the raw ones" in found.problems[0]


def test_two_files_of_captions_and_one_that_is_named(tmp_path):
    photos(tmp_path / "val2014", "a.jpg")
    (tmp_path / "annotations").mkdir()
    for part, name in (("train", "b.jpg"), ("val", "a.jpg")):
        data = {"images": [{"id": 1, "file_name": name}], "annotations": [{"image_id": 1, "caption": f"A {part}."}]}
        (tmp_path / "annotations" / f"captions_{part}2014.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(CourseError, match="captions_train2014.json, .*captions_val2014.json. Give the path of one"):
        read_folder(tmp_path)
    found = read_folder(tmp_path / "annotations" / "captions_val2014.json")
    assert found.captions == {"a.jpg": ["A val."]} and found.path("a.jpg").is_file()


def test_splits_of_the_captions_file(tmp_path):
    splits = {"a.jpg": "train", "b.jpg": "restval", "c.jpg": "val", "d.jpg": "test"}
    images = [{"filename": name, "split": split, "sentences": [{"raw": "A dog.", "tokens": ["a", "dog"]}]}
              for name, split in splits.items()]  # fmt: skip
    expected = {"train": ["a.jpg", "b.jpg"], "dev": ["c.jpg"], "test": ["d.jpg"]}
    file = tmp_path / "dataset_flickr8k.json"
    file.write_text(json.dumps({"images": images, "dataset": "flickr8k"}), encoding="utf-8")
    assert read_folder(tmp_path).splits == expected
    file.unlink()
    rows = "".join(f"{name},A dog,{split}\n" for name, split in splits.items())
    (tmp_path / "captions.csv").write_text(f"image,caption,split\n{rows}a.jpg,A dog,test\n", encoding="utf-8")
    found = read_folder(tmp_path)
    assert found.splits == expected
    assert "captions of a photograph that is in another split already: 1, the first is line 6" in found.problems[0]


def test_json_that_would_lose_something(tmp_path):
    images = '"images": [{"id": 1, "file_name": "a.jpg"}, {"id": 1, "file_name": "b.jpg"}]'
    for text, message in (
        (f'{{{images}, "annotations": []}}', "two files have the id 1"),
        ('{"images": [], "images": []}', "a key comes twice"),
        ("[" * 100_000, "RecursionError"),
    ):
        with pytest.raises(CourseError, match=rf"captions\.json: expected COCO's captions.*{message}"):
            records(tmp_path, text, "captions.json")


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

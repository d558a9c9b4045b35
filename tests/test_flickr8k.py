"""The captioning experiment, from photographs to captions, on scenes in Flickr8k's layout."""

import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from course_lib import batching, results, tables, training
from course_lib.datasets.captions import read_folder
from course_lib.files import locked
from course_lib.memory import held_memory_gb
from course_lib.models.captioner import captioner
from course_lib.vision import small_cnn
from course_lib.worlds.scenes import SceneWorld
from experiments import flickr8k
from experiments.captioning.data import Data
from experiments.captioning.recipe import Recipe, is_stored, read

WORLD = SceneWorld()
SMALL = ["--set=network=small_cnn", "--set=units=24", "--set=embedding=16", "--set=width=16", "--set=batch=20",
         "--set=rare=1", "--set=epochs=10", "--set=learning_rate=0.02"]  # fmt: skip


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photographs")
    scenes = WORLD.sample(40, seed=1)
    WORLD.write(folder, {"train": scenes[:30], "dev": scenes[30:35], "test": scenes[35:]}, size=128)
    (folder / "images" / "train_00003.png").write_bytes(b"no picture")
    (folder / "images" / "train_00005.png").unlink()
    return folder


@pytest.fixture(scope="module")
def trained(photographs, tmp_path_factory):
    """A folder with a finished run, and what was printed."""
    home = tmp_path_factory.mktemp("home")
    return home, command(home, photographs, "train", *SMALL)


def options(home, photographs, name, *more):
    given = [name, *more, f"--out={home / 'out'}"]
    if name in ("train", "judge"):
        given += [f"--features={home / 'features'}", f"--data={photographs}", f"--results={home / 'table.csv'}"]
    return given


def command(home, photographs, *more):
    """The command as a person gives it: what was printed."""
    finished = subprocess.run(
        [sys.executable, "-m", "experiments.flickr8k", *options(home, photographs, *more)],
        capture_output=True, text=True, cwd=results.ROOT,
    )  # fmt: skip
    assert (finished.returncode, finished.stderr) == (0, "")
    return finished.stdout


@pytest.fixture
def here(photographs, trained, capsys):
    """The command in this process, which has TensorFlow already: what was printed, errors last."""
    home, _ = trained

    def run(*more, data=photographs, code=0):
        capsys.readouterr()
        assert flickr8k.main(options(home, data, *map(str, more))) == code
        return "".join(capsys.readouterr())

    return run


def wait_for_the_lock(folder):
    """Until the process that trained in a folder has ended."""
    with locked(folder / ".lock"):
        pass


def test_it_trains_judges_and_names_what_is_wrong(trained):
    home, said = trained
    assert "train_00003.png: not a picture that can be read" in said
    assert "train: 1 of 30 photographs are missing, the first is train_00005.png; left out." in said
    rows = tables.read_rows(home / "table.csv")
    named = [(row["conditioning"], row["attention"], row["split"], row["beam"]) for row in rows]
    assert named == [("initial state", "", "dev", b) for b in "1357"]
    assert all(0 <= float(row["BLEU-4"]) <= float(row["BLEU-1"]) <= 100 for row in rows)
    curve = tables.read_rows(home / "table_curve.csv")
    for member in "01":
        points = [row for row in curve if row["member"] == member]
        steps = [int(row["step"]) for row in points]
        assert steps == sorted(steps) and len(str(steps[0])) < len(str(steps[-1]))  # as numbers, not as text
        assert float(points[-1]["train_loss"]) < float(points[0]["train_loss"])


def test_it_judges_another_split_without_training_again(trained, here):
    home, _ = trained
    before = tables.read_rows(home / "table.csv")
    here("judge", "--split=test")
    rows = tables.read_rows(home / "table.csv")
    assert [row for row in rows if row["split"] == "dev"] == before
    assert [row["pictures"] for row in rows if row["split"] == "test"] == ["5"] * 4
    said = here("judge", "--split=val", code=1)
    assert "there is no split 'val': choose one of dev, test, train." in said


def test_it_captions_any_photograph(here, photographs, tmp_path):
    good, one = photographs / "images" / "dev_00001.png", tmp_path / "one.png"
    Image.new("RGB", (1, 1), "red").save(one)
    (tmp_path / "cut.jpg").write_bytes(good.read_bytes()[:300])
    lines = here("caption", good, tmp_path / "cut.jpg", one, tmp_path / "no.png").splitlines()
    assert lines[0].startswith(f"{good}: ") and len(lines[0].split()) > 1 and lines[1].startswith(f"{one}: ")
    assert any("cut.jpg: not a picture that can be read" in line for line in lines)
    assert any("no.png: there is no such file." in line for line in lines)


def test_a_finished_run_is_not_made_again(trained, here):
    home, _ = trained
    before = {file: file.read_bytes() for file in home.rglob("*") if file.is_file() and file.suffix != ".lock"}
    assert "all 2 captioners are trained" in here("train", *SMALL)
    assert {file: file.read_bytes() for file in before} == before
    other = [path for path in home.rglob("*") if path.is_file() and path.suffix != ".lock" and path not in before]
    assert not other


def test_other_captions_never_meet_an_old_run(here, photographs, tmp_path):
    shutil.copytree(photographs, tmp_path / "other")
    (file,) = (tmp_path / "other").glob("*token.txt")
    file.write_text(file.read_text(encoding="utf-8").replace(" a ", " one ", 1), encoding="utf-8")
    assert "holds another run (data differs)" in here("train", *SMALL, data=tmp_path / "other", code=1)


def test_a_trial_never_writes_over_the_stored_table(trained, photographs):
    own = {"conditioning": "initial state", "attention": ""}
    assert is_stored(read(Recipe, [], **own, seed=3)) and is_stored(read(Recipe, [], **own | {"attention": "after"}))
    assert not is_stored(read(Recipe, ["units=24"], **own))
    assert not is_stored(read(Recipe, [], **own | {"conditioning": "every input"}))
    home, _ = trained
    arguments = [option for option in options(home, photographs, "train", *SMALL) if "--results" not in option]
    assert flickr8k.main(arguments) == 0
    assert len(tables.read_rows(home / "out" / "flickr8k.csv")) == 4


@pytest.fixture
def counted(monkeypatch):
    """How often each picture is opened and decoded, and the CNN built."""
    counts, read, opened, built = Counter(), Path.read_bytes, Image.open, small_cnn.small_grid

    def read_bytes(path):
        if path.suffix == ".png":
            counts[f"opened {path.name}"] += 1
        return read(path)

    def decoded(*args, **kwargs):
        counts["decoded"] += 1
        return opened(*args, **kwargs)

    def build(*args):
        counts["built"] += 1
        return built(*args)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    monkeypatch.setattr(Image, "open", decoded)
    monkeypatch.setattr(small_cnn, "small_grid", build)
    return counts


def test_a_photograph_is_opened_and_decoded_once(photographs, tmp_path, counted):
    recipe, given = Recipe(network="small_cnn"), read_folder(photographs)
    first = Data(given, recipe, tmp_path, ("dev",))
    once = {f"opened dev_{i:05}.png": 1 for i in range(5)}
    assert {name: n for name, n in counted.items() if name.startswith("opened")} == once
    assert counted["decoded"] == 5 and counted["built"] == 1
    counted.clear()
    again = Data(given, recipe, tmp_path, ("dev",))
    assert counted == once  # nothing decoded, nothing built
    assert again.digest == first.digest and again.places == first.places


def test_a_killed_run_goes_on_and_computes_no_vector_again(trained, here, photographs):
    home, _ = trained
    (file,) = (home / "features").glob("*.index")
    vectors = file.read_bytes()
    assert len(vectors.split()) >= 28 + 5
    begin = [sys.executable, "-m", "experiments.flickr8k",
             *options(home, photographs, "train", *SMALL, "--set=epochs=60", "--seed=7")]  # fmt: skip
    state = home / "out" / "initial-state-7-0" / "state.json"
    with subprocess.Popen(begin, cwd=results.ROOT, stdout=subprocess.DEVNULL) as running:
        while not (state.is_file() and json.loads(state.read_text())["curve"]):
            assert running.poll() is None
            time.sleep(0.02)
        running.kill()  # its members end with it
    for member in (0, 1):
        wait_for_the_lock(home / "out" / f"initial-state-7-{member}")
    reached = json.loads(state.read_text())["step"]
    steps = round(60 * 140 / 20)
    assert 0 < reached < steps
    here("train", *SMALL, "--set=epochs=60", "--seed=7")
    assert file.read_bytes() == vectors
    after = json.loads(state.read_text())
    assert json.loads((home / "out" / "initial-state-7-1" / "state.json").read_text())["done"]
    assert after["step"] == steps and after["curve"][0]["step"] <= reached
    assert float(np.ptp([point["train_loss"] for point in after["curve"]])) > 0


@pytest.mark.parametrize(("more", "sentence"), [
    (["train", "--set=units=0"], "--set units=0: expected more than 0."),
    (["train", "--conditioning=letter", "--seed=98"], "conditioning: expected one of 'repeat', 'initial state'"),
    (["train", "--set=network=Nothing", "--seed=98"], "keras.applications has no network 'Nothing'"),
    (["judge", "--seed=99"], "there is no trained captioner in"),
    (["train", "--set=score=best"], "--set score=best: expected one of additive, bilinear."),
    (["train", "--set=captions_per_image=3"], "--set batch=256: expected a multiple of 3."),
    (["train", *SMALL, "--set=captions_per_image=6", "--set=batch=6", "--seed=97"], "give --set captions_per_image=1."),
    (["train", *SMALL, "--set=batch=200", "--seed=97"], "there are 140 captions to train on, fewer than a batch: give"),
    (["train", "--set=cell=elman"], "--set cell=elman: expected one of lstm, gru, rnn."),
    (["caption", "no.png", "--maps=maps"],
     "--maps: the captioner with conditioning 'initial state' does not look at regions"),
])  # fmt: skip
def test_bad_input_is_a_sentence(here, more, sentence):
    said = here(*more, code=1)
    assert sentence in said and len(said.strip().splitlines()[-1]) > 20


def test_it_draws_where_it_looked(here, photographs, tmp_path, counted):
    way = "--attention=after"
    more = ["--set=captions_per_image=5", "--set=score=bilinear", "--set=doubly_stochastic=0.1", "--set=members=1"]
    here("train", way, *SMALL, *more)
    wide, high = tmp_path / "a" / "one.png", tmp_path / "b" / "one.png"
    for file, size in ((wide, (90, 30)), (high, (30, 60))):
        file.parent.mkdir()
        Image.new("RGB", size, "red").save(file)
    before = wide.read_bytes()
    counted.clear()
    images = [str(photographs / "images" / f"dev_0000{i}.png") for i in (1, 2)]
    here("caption", way, "--set=members=1", *images, f"--maps={tmp_path / 'maps'}")
    assert len(list((tmp_path / "maps").iterdir())) == 2
    assert counted == {"opened dev_00001.png": 1, "opened dev_00002.png": 1, "decoded": 2, "built": 1}
    named = [way, "--set=members=1", wide, high]
    said = here("caption", *named, f"--maps={wide.parent}").splitlines()
    assert [line.split(": ")[0] for line in said] == [str(wide), str(high)]
    assert wide.read_bytes() == before  # a map does not take a photograph's place
    maps = [np.asarray(Image.open(wide.parent / name)) for name in ("one-2.png", "one-3.png")]
    assert len(maps[0]) < len(maps[1]) and np.ptp(maps[0]) > 0
    said = here("caption", *named, f"--maps={wide}", code=1)
    assert f"--maps: cannot write to {wide} (File exists): give another folder." in said


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux tells")
def test_memory_does_not_grow_with_the_set(tmp_path):
    shape, held = (7, 7, 1280), []
    model = captioner(shape, 50, attention="after", width=8, embedding=8, units=8, output="sum")
    training.compile_for_training(model, 100)
    for count in (1000, 4000):  # the larger one is half a gigabyte, in 32 bits a whole one
        rows = np.memmap(tmp_path / str(count), np.float16, "w+", shape=(count, *shape))
        said = np.tile(np.array([2, 5, 6, 7, 3], np.int32), (count, 1))
        rows = np.memmap(tmp_path / str(count), np.float16, "r", shape=rows.shape)
        training.fit(model, batching.caption_batches(rows, np.arange(count), said, 50, seed=0), 20)
        held.append(held_memory_gb())
    assert held[1] < held[0] + 0.2

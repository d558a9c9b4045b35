"""`python -m experiments.clips` on clips of the world, written in UCF101's layout: trained, judged, named."""

import contextlib
import io
import json
import re
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

from course_lib import results, tables
from course_lib.datasets.clip_files import group_of, read_folder
from course_lib.errors import CourseError
from course_lib.features import FeatureCache
from course_lib.vision.video import write_clip, write_folder
from course_lib.worlds.gestures import GestureWorld
from experiments import clips
from experiments.watching import model
from experiments.watching.data import Footage, Pictures, Quarters
from experiments.watching.judge import mean_and_error
from experiments.watching.name import left_out
from experiments.watching.recipe import RATES, UPDATES, Recipe, read

WORLD = GestureWorld(("across",))
SMALL = ["--cnn=frame_cnn", "--set=units=8", "--set=batch=8", "--set=frames=6", "--set=vectors=moving"]


def written(folder, count=50, seed=1):
    """Clips of two classes, a list of 36 to train on and one of 14 to judge."""
    drawn = WORLD.sample(count, seed)
    drawn = drawn[np.argsort(drawn.labels, kind="stable")]
    write_folder(folder, WORLD.in_parts(drawn, 32), drawn.labels, WORLD.names)
    return folder


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    return written(tmp_path_factory.mktemp("films"))


@pytest.fixture(scope="module")
def trained(films, tmp_path_factory):
    """A folder with finished runs, and what was printed."""
    home, said = tmp_path_factory.mktemp("home"), io.StringIO()
    with contextlib.redirect_stdout(said):
        given = options(home, "train", films, *SMALL, "--set=updates=6", "--set=learning_rate=0.01")
        assert clips.main(given) == 0
    return home, said.getvalue()


def options(home, name, *given):
    more = [f"--features={home / 'features'}"] if name != "name" else []
    return [name, *map(str, given), f"--out={home / 'out'}", *more]


@pytest.fixture
def here(capsys):
    """The command in this process, which has TensorFlow already: what was printed, errors last."""

    def run(home, name, *given, code=0):
        capsys.readouterr()
        assert clips.main(options(home, name, *given)) == code
        return "".join(capsys.readouterr())

    return run


def footage(folder, tmp_path, recipe=None, names=None, classes=None):
    given = read_folder(folder)
    return Footage(
        given, names or given.splits["train"], recipe or Recipe(cnn="frame_cnn", size=32, frames=6), tmp_path / "f",
        classes or given.classes,
    )  # fmt: skip


# -- settings and groups -----------------------------------------------------------------------------------------------


def test_settings():
    assert read(Recipe, [], cnn="mobilenet_v2").size == 224 and read(Recipe, [], cnn="frame_cnn").size == 32
    assert read(Recipe, ["size=64"], cnn="frame_cnn").size == 64
    tried = [(rate, updates) for rate in RATES for updates in UPDATES]
    assert Recipe().trials() == [(vectors, *one) for vectors in ("whole", "moving") for one in tried]
    assert Recipe(reader="frame").trials() == [("whole", *one) for one in tried]
    assert Recipe(learning_rate=0.01, vectors="moving").trials() == [("moving", 0.01, updates) for updates in UPDATES]
    assert Recipe(reader="frame", learning_rate=0.01, updates=7, vectors="moving").trials() == [("whole", 0.01, 7)]
    for wrong in ("size=50", "frames=1", "held_out=0", "regions=all", "vectors=x", "updates=-1"):
        with pytest.raises(CourseError, match=f"--set {wrong}"):
            read(Recipe, [wrong])


def test_groups_are_held_out_whole_and_of_every_class(films, tmp_path):
    some = footage(films, tmp_path)
    out = some.held_out(0.2, seed=3)
    groups = np.array(some.groups)
    assert not set(groups[out]) & set(groups[~out])
    for label in range(2):
        own = set(groups[some.labels == label])
        assert len(own & set(groups[out])) == round(0.2 * len(own)) > 0
    assert (some.held_out(0.2, seed=3) == out).all() and (some.held_out(0.2, seed=4) != out).any()
    assert [group_of(name) for name in some.names] == some.groups


def test_a_class_of_one_group_is_trained_and_not_held_out(films, tmp_path):
    given = read_folder(films)
    kind = given.classes[0]
    first = [name for name in given.splits["train"] if name.startswith(kind)][:1]
    rest = [name for name in given.splits["train"] if not name.startswith(kind)]
    some = footage(films, tmp_path, names=first + rest)
    assert some.lonely() == [f"{kind} has one clip: it is trained on, and none is held out."]
    assert not some.held_out(0.5, 0)[0] and some.held_out(0.5, 0).any()
    with pytest.raises(CourseError, match="one group only, so none can be held out"):
        footage(films, tmp_path, names=[first[0], rest[0]]).held_out(0.2, 0)


def test_batches_go_round_evenly_and_rows_are_the_clips(films, tmp_path):
    some = footage(films, tmp_path)
    chosen = np.arange(0, len(some), 3)
    batches = some.batches(chosen, 5, seed=0)
    seen = [next(batches) for _ in range(len(chosen))]
    rows, labels = np.concatenate([b[0] for b in seen]), np.concatenate([b[1] for b in seen])
    assert rows.shape[1:] == (6, 32, 32, 3) and rows.dtype == np.float32 and seen[0][1].shape == (5,)
    keys = {some.read(np.array([i]))[0].tobytes(): i for i in chosen}
    found = [keys[row.tobytes()] for row in rows]
    assert (np.bincount(found)[chosen] == 5).all() and (some.labels[found] == labels).all()
    decoded = some.extractor.decode((films / some.names[4]).read_bytes(), "it")
    assert np.array_equal(some.read(np.array([4]))[0], decoded)


# -- the network -------------------------------------------------------------------------------------------------------


def test_statistics_are_those_of_all_numbers_at_once(films, tmp_path):
    some, chosen = footage(films, tmp_path), np.arange(33)
    mean, spread = model.statistics(some, chosen)
    at_once = some.read(chosen).astype(float)
    assert mean == pytest.approx(at_once.mean(axis=(0, 1, 2, 3)))
    assert spread == pytest.approx(at_once.std(axis=(0, 1, 2, 3)) + 1e-3, rel=1e-6)


def test_quarters_are_means_of_the_regions_in_them():
    grid = np.random.default_rng(0).normal(size=(3, 7, 5, 2))

    class Backbone:
        shape, identity, size = grid.shape[1:], "a grid", 32

        def __call__(self, pictures):
            return grid

    quarters = Quarters(Backbone())
    found = quarters(None)
    assert found.shape == (3, *quarters.shape) == (3, 8)
    for k, (rows, columns) in enumerate([(range(4), range(3)), (range(4), range(2, 5)), (range(3, 7), range(3)),
                                         (range(3, 7), range(2, 5))]):  # fmt: skip
        wanted = sum(grid[:, i, j] for i in rows for j in columns) / 12
        assert found[:, 2 * k : 2 * k + 2] == pytest.approx(wanted)


class Numbers(Pictures):
    """In a pretrained CNN's place: of a frame, some numbers."""

    def __init__(self, *shape):
        super().__init__(32)
        self.__dict__["own"] = shape

    @property
    def shape(self):
        return self.own

    @property
    def identity(self):
        return f"numbers {self.own}"

    def __call__(self, pictures):
        flat = pictures.reshape(len(pictures), -1)
        return flat[:, : np.prod(self.own)].reshape(-1, *self.own) / 2


@pytest.mark.parametrize(("reader", "vectors"), [("lstm", "moving"), ("set", "whole"), ("frame", "whole")])
def test_vectors_are_scaled_and_read_as_they_should(films, tmp_path, reader, vectors):
    """A network of a CNN's rows does what is written, and a set does not know the order, a frame only the first."""
    from course_lib.vision.video import OfFrames

    given, recipe = read_folder(films), Recipe(reader=reader, frames=6)
    some = Footage(given, given.splits["train"], recipe, tmp_path / "f", given.classes, OfFrames(Numbers(5), 6))
    network = model.new_network(recipe, vectors, some, np.arange(len(some)))
    rows, rng = some.read(np.arange(8)), np.random.default_rng(0)
    log_p = model.log_probabilities(network, rows)
    assert np.exp(log_p).sum(axis=-1) == pytest.approx(1)
    moved = model.log_probabilities(network, rows[:, [0, 3, 1, 5, 4, 2]])
    other = model.log_probabilities(network, np.concatenate([rows[:, :1], 0 * rows[:, 1:]], axis=1))
    assert (reader == "lstm") == (abs(moved - log_p).max() > 1e-5)
    assert (reader == "frame") == (abs(other - log_p).max() < 1e-5)
    brighter = model.log_probabilities(network, rows + rng.normal(size=(8, 1, 5)).astype("float32"))
    assert (vectors == "moving") == (abs(brighter - log_p).max() < 1e-4)  # what is added to all frames is not seen
    layer = network.get_layer("scaled")
    everything = some.read(np.arange(len(some)))
    wanted = (rows - everything.mean(axis=(0, 1))) / (everything.std(axis=(0, 1)) + 1e-3)
    assert np.array(layer(rows)) == pytest.approx(wanted, abs=2e-3)


def test_a_frame_is_left_out_by_holding_the_one_before():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(4, 3, 2))

    def network(rows):  # a logit that is a sum over frames
        return np.einsum("btd,tdk->bk", rows, weights)

    rows = rng.normal(size=(4, 3))
    adds = left_out(network, rows, 1)

    def log_p(given):
        logits = np.einsum("td,tdk->k", given, weights)
        return logits[1] - np.log(np.exp(logits).sum())

    for t, order in enumerate(([1, 1, 2, 3], [0, 0, 2, 3], [0, 1, 1, 3], [0, 1, 2, 2])):
        assert adds[t] == pytest.approx(log_p(rows) - log_p(rows[order]), abs=1e-5)


# -- judging -----------------------------------------------------------------------------------------------------------


def test_the_error_is_that_of_groups():
    """Against many draws of groups whose clips are alike; and the usual one where each clip is a group."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 5)

    def draw():
        return rng.random(200) < np.repeat(rng.choice([0.1, 0.9], 40), 5)

    found = [mean_and_error(draw(), groups) for _ in range(2000)]
    true = np.std([mean for mean, _ in found])
    assert np.mean([error for _, error in found]) == pytest.approx(true, rel=0.05) and true > 1.5 * (0.25 / 200) ** 0.5
    x = rng.random(30)
    assert mean_and_error(x, list(map(str, range(30))))[1] == pytest.approx(x.std(ddof=1) / 30**0.5)
    assert np.isnan(mean_and_error(x, ["one"] * 30)[1])


def test_it_trains_and_judges(trained, films, here):
    home, said = trained
    names = read_folder(films).splits["train"]
    assert f"{len(names)} clips of {len(set(map(group_of, names)))} groups, 2 classes." in said
    assert [line.split(",")[0] for line in said.splitlines()[1:]] == ["lstm", "set", "frame"]
    said = here(home, "judge", films)
    table = {row["reader"]: row for row in tables.read_rows(home / "out" / "judged.csv")}
    assert list(table) == ["lstm", "set", "frame", "commonest class"]
    given = read_folder(films)
    one = model.load(home / "out", "lstm")
    some = footage(films, home, one.recipe, given.splits["test"])
    right = np.array(one.network(some.read(np.arange(len(some))))).argmax(-1) == some.labels
    assert float(table["lstm"]["accuracy"]) == pytest.approx(right.mean(), abs=1e-4)
    trained_labels = [given.label(name) for name in given.splits["train"]]
    commonest = np.bincount(trained_labels).argmax()
    assert float(table["commonest class"]["accuracy"]) == pytest.approx((some.labels == commonest).mean(), abs=1e-4)
    by_class = [line.split() for line in said.splitlines() if line.startswith(("SwipeLeft", "SwipeRight"))]
    for name, count, share, *_ in by_class:
        own = some.labels == given.classes.index(name)
        assert int(count) == own.sum() and float(share) == pytest.approx(right[own].mean(), abs=0.006)
    assert len(by_class) == 2


def test_it_names_clips_and_what_cannot_be_read(trained, films, here, tmp_path):
    home, _ = trained
    good = sorted(films.glob("SwipeLeft/*.avi"))
    (tmp_path / "cut.avi").write_bytes(good[0].read_bytes()[:500])
    (tmp_path / "empty").mkdir()
    said = here(
        home, "name", good[0], films / "SwipeRight", tmp_path / "cut.avi", tmp_path / "no.mp4", tmp_path / "empty"
    )
    assert len(re.findall(r"Swipe\w+ [01]\.\d\d, Swipe\w+ [01]\.\d\d$", said, re.M)) == 1 + len(
        list(films.glob("SwipeRight/*.avi"))
    )
    assert len(re.findall("decided, of 6 frames: ", said)) == 1 + len(list(films.glob("SwipeRight/*.avi")))
    assert "cut.avi: " in said and "no.mp4: No such file" in said and "empty: no clip is in this folder." in said
    assert here(home, "name", tmp_path / "no.mp4", code=1).endswith("no clip is left to name.\n")
    assert "there is no trained network in" in here(tmp_path, "name", good[0], code=1)


def test_what_is_odd_is_named_and_the_rest_is_judged(trained, films, here, tmp_path):
    home, _ = trained
    folder = tmp_path / "films"
    shutil.copytree(films, folder)
    lists = folder / "ucfTrainTestlist"
    test = (lists / "testlist01.txt").read_text().split()
    known = (lists / "trainlist01.txt").read_text().split()[0]
    (folder / test[0]).write_bytes(b"no film")
    (folder / "Wave").mkdir()
    shutil.copy(folder / test[1], folder / "Wave" / "v_Wave_g01_c01.avi")
    odd = [*test, known, "Wave/v_Wave_g01_c01.avi", "SwipeLeft/v_SwipeLeft_g99_c01.avi", "what is this"]
    (lists / "mine.txt").write_text("\n".join(odd))
    said = here(home, "judge", folder, "--list=mine.txt")
    assert f"{len(test) - 1} clips of " in said
    assert "mine.txt: 1 clips are not there, the first is SwipeLeft/v_SwipeLeft_g99_c01.avi." in said
    assert "mine.txt: lines that are no 'Class/clip.avi 1': 1, the first is line " in said
    assert "1 clips are of classes that were never trained, the first is Wave/v_Wave_g01_c01.avi. Left out." in said
    assert re.search(rf"{re.escape(test[0])}: .+ Left out\.", said)
    assert f"1 clips are of groups that were trained on, the first is {known}. Left out." in said
    assert "the list no.txt is not there" in here(home, "judge", folder, "--list=no.txt", code=1)
    (lists / "known.txt").write_text(known)
    assert "no clip is left to judge" in here(home, "judge", folder, "--list=known.txt", code=1)


def test_clips_of_a_group_that_was_trained_on_are_known_by_its_name(trained, films, here):
    """Another clip of the same film, in the folder that was trained on."""
    home, _ = trained
    known = (films / "ucfTrainTestlist" / "trainlist01.txt").read_text().split()[0]
    new = films / known.replace("_c01", "_c77")
    write_clip(new, WORLD.draw(WORLD.sample(1, 99), 32)[0])
    (films / "mine.txt").write_text(f"{known.replace('_c01', '_c77')}\n")
    said = here(home, "judge", films, "--list=mine.txt", code=1)
    new.unlink()
    (films / "mine.txt").unlink()
    assert "1 clips are of groups that were trained on" in said


def test_a_folder_without_clips_or_with_one_class_is_refused(films, here, tmp_path):
    (tmp_path / "none").mkdir()
    assert "has no clips" in here(tmp_path, "train", tmp_path / "none", *SMALL, code=1)
    shutil.copytree(films / "SwipeLeft", tmp_path / "one" / "SwipeLeft")
    said = here(tmp_path, "train", tmp_path / "one", *SMALL, code=1)
    assert "has clips of one class only, SwipeLeft: expected two or more." in said
    assert "--set updates=x" in here(tmp_path, "train", films, "--set=updates=x", code=1)
    assert "reader=tree" in here(tmp_path, "train", films, "--reader=tree", code=1)


def test_settings_are_chosen_on_groups_held_out_and_a_run_goes_on(films, here, tmp_path, monkeypatch):
    """The best trial on groups held out is taken; what is there is not made again; another setting is refused."""
    monkeypatch.setattr("experiments.watching.recipe.RATES", (1e-4, 1e-2))
    given = [films, *SMALL, "--reader=frame", "--set=updates=4", "--alone"]
    said = here(tmp_path, "train", *given)
    folder = tmp_path / "out" / "frame"
    state = json.loads((folder / "state.json").read_text())
    assert [(one["rate"], one["updates"]) for one in state["trials"]] == [(1e-4, 4), (1e-2, 4)]
    assert all(one["vectors"] == "whole" for one in state["trials"])  # in one frame nothing moves
    best = min(state["trials"], key=lambda one: one["held_out_nats"])
    assert f"frame: chosen: whole, rate {best['rate']}, {best['updates']} updates." in said
    assert state["choice"] == ["whole", best["rate"], best["updates"]]
    assert state["done"] and state["step"] == best["updates"]
    assert state["trials"][0]["held_out_nats"] != state["trials"][1]["held_out_nats"]
    assert "is trained. To train it anew: --restart." in here(tmp_path, "train", *given)
    assert "holds another run (units differs)" in here(tmp_path, "train", *given, "--set=units=9", code=1)


def test_after_a_kill_it_goes_on(films, tmp_path, here):
    given = options(tmp_path, "train", films, *SMALL, "--alone", "--set=updates=2000", "--set=learning_rate=0.001")
    process = subprocess.Popen([sys.executable, "-m", "experiments.clips", *given], cwd=results.ROOT,
                               stdout=subprocess.DEVNULL)  # fmt: skip
    file = tmp_path / "out" / "lstm" / "state.json"
    deadline = time.monotonic() + 120
    while not file.is_file() and time.monotonic() < deadline:
        time.sleep(0.1)
    process.kill()
    process.wait()
    state = json.loads(file.read_text())
    assert 0 < state["step"] < 2000 and not state["done"]
    assert "there is no trained network" in here(tmp_path, "judge", films, code=1)


def test_features_are_kept_once(films, tmp_path, monkeypatch):
    some = footage(films, tmp_path)
    size = some.rows.nbytes
    monkeypatch.setattr(FeatureCache, "_write", lambda _, new: pytest.fail("computed again") if new else None)
    again = footage(films, tmp_path)
    assert again.rows.nbytes == size and again.digest == some.digest
    assert footage(films, tmp_path, names=some.names[1:]).digest != some.digest

"""A saved run goes on as if nothing had happened, and what is saved is whole."""

import itertools
import json
import signal
import subprocess
import sys

import numpy as np
import pytest

from course_lib import training
from course_lib.batching import stream_batches
from course_lib.cells import LSTMCell
from course_lib.checkpoint import Checkpoint, stoppable
from course_lib.errors import CourseError
from course_lib.models.language_model import language_model, stateful


def test_model_and_twin_go_on_with_the_same_weights_and_the_same_optimizer(tmp_path):
    training.set_seed(0)
    batches = list(zip(range(6), stream_batches(np.random.default_rng(0).integers(1, 9, size=400), 4, 8), strict=False))

    def twin_of(model):
        twin = stateful(model, 4)
        twin.compile(loss=model.loss, optimizer=model.optimizer)
        return twin

    for optimizer in ("adam", "muon"):
        model = language_model(9, LSTMCell(5), embedding=4)
        training.compile_for_training(model, None, learning_rate=0.02, optimizer=optimizer)
        twin = twin_of(model)
        for _, (inputs, targets) in batches[:3]:
            twin.train_on_batch(inputs, targets)
        with Checkpoint.open(tmp_path / optimizer, {"what": "test"}) as run:
            run.state["seen"] = 3
            run.save(model)

        again = Checkpoint.read(tmp_path / optimizer)
        assert again.state["seen"] == 3
        loaded = again.model()
        new = twin_of(loaded)
        twin.get_layer("memory").reset_states()  # the memory itself is not saved: it begins empty
        for _, (inputs, targets) in batches[3:]:
            twin.train_on_batch(inputs, targets)
            new.train_on_batch(inputs, targets)
        for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True):
            assert np.abs(a - b).max() < 1e-5
        assert int(loaded.optimizer.iterations) == 6


@pytest.fixture(scope="module")
def model():
    training.set_seed(0)
    return language_model(5, LSTMCell(2), embedding=2)


def test_another_run_is_not_written_over(tmp_path, model):
    with Checkpoint.open(tmp_path, {"seed": 1, "size": 2}) as run:
        run.save(model)
    with (
        pytest.raises(CourseError, match=r"holds another run .size differs.: give another folder"),
        Checkpoint.open(tmp_path, {"seed": 1, "size": 3}),
    ):
        pass
    with Checkpoint.open(tmp_path, {"seed": 1, "size": 3}, restart=True) as new:
        assert "model" not in new.state
    (tmp_path / "save-9.keras").write_bytes(b"half")  # a kill while saving
    (tmp_path / "state.json.1.tmp").write_bytes(b"half")
    assert Checkpoint.read(tmp_path).model() is not None
    with Checkpoint.open(tmp_path, {"seed": 1, "size": 2}) as run:
        assert run.model() is not None
        run.save(model)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["save-2.keras", "state.json"]
    assert json.loads((tmp_path / "state.json").read_text(encoding="utf-8"))["model"] == "save-2.keras"


def test_a_run_begun_anew_does_not_touch_the_old_one_before_it_is_saved(tmp_path, model):
    with Checkpoint.open(tmp_path, {}) as run:
        run.save(model)
    before = (tmp_path / "save-1.keras").read_bytes()

    class Killed:
        def save(self, path):
            path.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Checkpoint.open(tmp_path, {}, restart=True) as run:
        run.save(Killed())
    assert (tmp_path / "save-1.keras").read_bytes() == before


def test_reading_writes_nothing_and_says_what_is_not_there(tmp_path, model):
    with pytest.raises(CourseError, match="there is no trained network in"):
        Checkpoint.read(tmp_path / "nowhere")
    with Checkpoint.open(tmp_path, {"seed": 1}) as run:
        run.save(model)
        before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
        assert Checkpoint.read(tmp_path).model().count_params() == model.count_params()  # beside who trains
    assert {path: before[path] for path in tmp_path.iterdir()} == {p: p.stat().st_mtime_ns for p in tmp_path.iterdir()}


def test_a_second_process_in_the_same_folder_is_refused(tmp_path):
    code = f"""
from course_lib.checkpoint import Checkpoint
from course_lib.errors import CourseError
try:
    with Checkpoint.open({str(tmp_path)!r}, {{}}):
        print("taken")
except CourseError as error:
    print(error)
"""
    command = {"args": [sys.executable, "-c", code], "capture_output": True, "text": True, "timeout": 120}
    refusal = f"another process trains in {tmp_path}: wait for it, or give another folder with --out."
    with Checkpoint.open(tmp_path, {}):
        assert subprocess.run(**command).stdout.strip() == refusal
    assert subprocess.run(**command).stdout.strip() == "taken"


def test_a_save_that_fails_leaves_the_one_before(tmp_path, model):
    class Full:
        def save(self, path):
            path.write_bytes(b"half")
            raise OSError(28, "No space left on device")

    with Checkpoint.open(tmp_path, {"seed": 1}) as run:
        run.save(model)
        with pytest.raises(CourseError, match="What was saved before is kept"):
            run.save(Full())  # at the same step as before
    assert [p.name for p in tmp_path.glob("*.keras")] == ["save-1.keras"]
    assert Checkpoint.read(tmp_path).model().count_params() == model.count_params()


def test_a_damaged_state_is_said(tmp_path):
    (tmp_path / "state.json").write_text('{"seed": 1', encoding="utf-8")
    with (
        pytest.raises(CourseError, match="was damaged. Begin anew with --restart"),
        Checkpoint.open(tmp_path, {"seed": 1}),
    ):
        pass
    with Checkpoint.open(tmp_path, {"seed": 1}, restart=True) as run:
        assert run.state == {"seed": 1}


def test_a_model_with_the_courses_cells_is_found_by_a_new_process(tmp_path, model):
    with Checkpoint.open(tmp_path, {}) as run:
        run.save(model)
    code = f"from course_lib.checkpoint import Checkpoint; print(Checkpoint.read({str(tmp_path)!r}).model().name)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "language_model", done.stderr


@pytest.fixture
def heard():
    """Ctrl-C is, even if a shell began the tests in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_where_ctrl_c_is_ignored_it_stays_so(heard):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with stoppable(iter("ab")) as batches:
        signal.raise_signal(signal.SIGINT)
        assert list(batches) == ["a", "b"]


def test_ctrl_c_is_raised_between_two_batches_and_twice_at_once(heard):
    taken, ours = [], signal.getsignal(signal.SIGINT)
    with stoppable(itertools.count()) as batches:
        taken += [next(batches), next(batches)]
        signal.raise_signal(signal.SIGINT)  # nothing yet
        with pytest.raises(KeyboardInterrupt):
            next(batches)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert taken == [0, 1] and signal.getsignal(signal.SIGINT) is ours


def test_ctrl_c_behind_the_last_batch_is_raised_at_the_end(heard):
    with pytest.raises(KeyboardInterrupt), stoppable(iter("a")) as batches:
        assert list(batches) == ["a"]
        signal.raise_signal(signal.SIGINT)  # while it is judged
        saved = True
    assert saved

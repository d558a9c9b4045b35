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
        run = Checkpoint(tmp_path / optimizer, {"what": "test"})
        run.state["seen"] = 3
        run.save(model)

        again = Checkpoint(tmp_path / optimizer, {"what": "test"})
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


def test_another_run_is_not_written_over(tmp_path):
    run = Checkpoint(tmp_path, {"seed": 1, "size": 2})
    training.set_seed(0)
    model = language_model(5, LSTMCell(2), embedding=2)
    run.save(model)
    with pytest.raises(CourseError, match=r"holds another run .size differs.: give another folder"):
        Checkpoint(tmp_path, {"seed": 1, "size": 3})
    assert "model" not in Checkpoint(tmp_path, {"seed": 1, "size": 3}, restart=True).state
    (tmp_path / "save-9.keras").write_bytes(b"half")  # a kill while saving
    assert Checkpoint(tmp_path, {"seed": 1, "size": 2}).model() is not None
    run.save(model)
    assert [p.name for p in tmp_path.glob("*.keras")] == ["save-2.keras"]
    assert json.loads((tmp_path / "state.json").read_text(encoding="utf-8"))["model"] == "save-2.keras"


def test_a_save_that_fails_leaves_the_one_before(tmp_path):
    training.set_seed(0)
    model = language_model(5, LSTMCell(2), embedding=2)
    run = Checkpoint(tmp_path, {"seed": 1})
    run.save(model)

    class Full:
        def save(self, path):
            path.write_bytes(b"half")
            raise OSError(28, "No space left on device")

    with pytest.raises(CourseError, match="What was saved before is kept"):
        run.save(Full())  # at the same step as before
    assert [p.name for p in tmp_path.glob("*.keras")] == ["save-1.keras"]
    assert Checkpoint(tmp_path, {"seed": 1}).model().count_params() == model.count_params()


def test_a_damaged_state_is_said(tmp_path):
    (tmp_path / "state.json").write_text('{"seed": 1', encoding="utf-8")
    with pytest.raises(CourseError, match="was damaged. Begin anew with --restart"):
        Checkpoint(tmp_path, {"seed": 1})
    assert Checkpoint(tmp_path, {"seed": 1}, restart=True).state == {"seed": 1}


def test_a_model_with_the_courses_cells_is_found_by_a_new_process(tmp_path):
    run = Checkpoint(tmp_path, {})
    run.save(language_model(5, LSTMCell(2), embedding=2))
    code = f"from course_lib.checkpoint import Checkpoint; print(Checkpoint({str(tmp_path)!r}, {{}}).model().name)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "language_model", done.stderr


def test_ctrl_c_is_raised_between_two_batches_and_twice_at_once():
    taken, ours = [], signal.getsignal(signal.SIGINT)
    with stoppable(itertools.count()) as batches:
        taken += [next(batches), next(batches)]
        signal.raise_signal(signal.SIGINT)  # nothing yet
        with pytest.raises(KeyboardInterrupt):
            next(batches)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert taken == [0, 1] and signal.getsignal(signal.SIGINT) is ours

"""The training loop: judged at its stops, saved on its way, on a clock handed in; killed, it goes on the same."""

import itertools

import numpy as np
import pytest

from course_lib import training
from course_lib.backend import keras
from course_lib.checkpoint import Checkpoint
from course_lib.errors import CourseError
from experiments.common import training_loop
from experiments.common.training_loop import TrainingLoop, evenly


class Clock:
    """Each look takes a tenth of a second."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        self.now += 0.1
        return self.now


def batches(start):
    """The batch of each step from `start` on."""
    for step in itertools.count(start):
        x = np.random.default_rng(step).normal(size=(4, 3)).astype(np.float32)
        yield x, x.sum(axis=1, keepdims=True)


def new_model():
    training.set_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, name="readout")])
    training.compile_for_training(model, None, learning_rate=0.05, loss="mse")
    return model


def train(folder, stops, clock=None, killed_at=None, budget_s=None):
    """-> the state, the weights and the stops judged of a run; killed_at: at this step; budget_s: stops are shares."""
    with Checkpoint.open(folder, {}) as checkpoint:
        model = checkpoint.model() or new_model()
        loop, judged, looks = TrainingLoop(checkpoint, clock or Clock()), [], []

        def until_killed():
            for step, batch in enumerate(batches(loop.state["step"]), loop.state["step"]):
                if step == killed_at:
                    raise SystemExit
                yield batch

        def judge(stop, loss):
            judged.append(stop)
            return {"loss": loss}

        loop.run(
            model, until_killed(), stops, judge, position=budget_s and (lambda: loop.seconds / budget_s),
            before_step=lambda: looks.append(loop.state["step"]),
        )  # fmt: skip
        assert looks == list(range(loop.state["step"] - len(looks), loop.state["step"]))
        return loop.state, model.get_weights(), judged


def test_evenly():
    assert evenly(60, 20) == list(range(3, 61, 3))
    assert evenly(3, 20) == [1, 2, 3]
    assert evenly(25, 10)[-2:] == [24, 25]


@pytest.mark.parametrize("saved_every_s", [1e9, 0.5])
def test_killed_it_ends_as_if_nothing_had_happened(tmp_path, monkeypatch, saved_every_s):
    monkeypatch.setattr(training_loop, "SAVE_EVERY_S", saved_every_s)
    stops = [0, 5, 20, 30]
    whole, weights, judged = train(tmp_path / "whole", stops)
    assert judged == stops and whole["done"] and whole["step"] == 30
    with pytest.raises(SystemExit):
        train(tmp_path / "parts", stops, killed_at=17)
    saved = Checkpoint.read(tmp_path / "parts").state
    assert saved["step"] == 5 if saved_every_s > 1 else 5 < saved["step"] < 17
    assert not saved["done"] and len(saved["curve"]) == 2
    parts, again, judged = train(tmp_path / "parts", stops)
    assert judged == [20, 30]
    assert [p["step"] for p in parts["curve"]] == stops
    assert [p["loss"] for p in parts["curve"][1:]] == pytest.approx([p["loss"] for p in whole["curve"][1:]], rel=1e-4)
    assert np.allclose(weights[0], again[0], atol=1e-5)
    assert train(tmp_path / "parts", stops)[2] == []  # it is done


def test_the_loss_of_a_point_is_the_mean_since_the_one_before(tmp_path):
    state, _, _ = train(tmp_path / "all", [1, 2, 3, 4])
    each = [point["loss"] for point in state["curve"]]
    state, _, _ = train(tmp_path / "two", [2, 4])
    assert [point["loss"] for point in state["curve"]] == pytest.approx([np.mean(each[:2]), np.mean(each[2:])])


def test_a_budget_of_seconds_is_kept_and_an_interruption_costs_none_of_it(tmp_path):
    stops = [0.25, 0.5, 1.0]
    whole, _, judged = train(tmp_path / "whole", stops, budget_s=20)
    assert judged == stops and 20 <= whole["seconds"] < 21
    assert [round(point["seconds"]) for point in whole["curve"]] == [5, 10, 20]
    with pytest.raises(SystemExit):
        train(tmp_path / "parts", stops, killed_at=whole["step"] * 3 // 4, budget_s=20)
    late = Clock()
    late.now = 9000
    parts, _, judged = train(tmp_path / "parts", stops, late, budget_s=20)
    assert judged == [1.0] and 20 <= parts["seconds"] < 21
    assert abs(parts["step"] - whole["step"]) <= 2


def test_no_point_where_the_judge_gives_none(tmp_path):
    with Checkpoint.open(tmp_path, {}) as checkpoint:
        loop, seen = TrainingLoop(checkpoint, Clock()), []

        def judge(stop, loss):
            seen.append(loss)
            return {} if stop == 4 else None

        loop.run(new_model(), batches(0), [2, 4], judge)
    assert [point["step"] for point in loop.state["curve"]] == [4]
    assert len(seen) == 2 and seen[0] != seen[1]


def test_a_loss_without_bounds_is_one_sentence_and_what_was_saved_stays(tmp_path):
    with Checkpoint.open(tmp_path, {}) as checkpoint:
        loop = TrainingLoop(checkpoint, Clock())
        bad = ((x, y * np.float32(np.nan if i == 3 else 1)) for i, (x, y) in enumerate(batches(0)))
        with pytest.raises(CourseError, match="the loss is nan after 2 steps: lower the learning rate"):
            loop.run(new_model(), bad, [2, 4], lambda stop, loss: {"loss": loss})
    assert Checkpoint.read(tmp_path).state["step"] == 2

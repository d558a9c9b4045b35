"""`python -m experiments.shakespeare` on a small text: it keeps its budget, survives a kill, refuses bad input."""

import json
import subprocess
import sys

import numpy as np
import pytest

from course_lib.results import read
from course_lib.text import detokenize
from course_lib.worlds import language
from experiments import shakespeare
from tools import build

SMALL = ["--set", "hidden=48", "--set", "batch=8", "--set", "embedding=16"]
BUDGET = 10
KILLED = """
import os, signal, sys
from experiments import shakespeare

class Clock:
    now = 0.0

    def __call__(self):
        self.now += 0.01
        if self.now > float(sys.argv[1]):
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))  # Windows has no other kill than this one
        return self.now

shakespeare.main(sys.argv[2:], clock=Clock())
"""


class Clock:
    """Each look takes a hundredth of a second."""

    now = 5000.0

    def __call__(self):
        self.now += 0.01
        return self.now


@pytest.fixture(scope="module")
def text_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "t.txt"
    path.write_text("\n".join(detokenize(story) for story in language.load().sample(1200, seed=5)), encoding="utf-8")
    return path


def arguments(text_file, out, *more):
    return ["--text", str(text_file), "--out", str(out), *SMALL, *more, "--budget-seconds", str(BUDGET)]


def state(out):
    return json.loads((out / "state.json").read_text(encoding="utf-8"))


def test_a_killed_run_loses_at_most_an_interval_and_ends_as_well(text_file, tmp_path, capsys):
    given = arguments(text_file, tmp_path / "whole", "--results", str(tmp_path / "results"))
    assert shakespeare.main(given, Clock()) == 0
    result = state(tmp_path / "whole")["result"]
    assert BUDGET - 2 < result["seconds"] <= BUDGET

    given = arguments(text_file, tmp_path / "killed")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(BUDGET / 2), *given], cwd=build.ROOT, env=build.environment(1)
    )
    assert killed.returncode != 0
    before = state(tmp_path / "killed")
    assert 2 <= len(before["curve"]) < 6
    gaps = [b["seconds"] - a["seconds"] for a, b in zip(before["curve"], before["curve"][1:], strict=False)]
    assert max(gaps) < 2 * BUDGET / len(shakespeare.POINTS)  # what a kill can cost
    capsys.readouterr()
    assert shakespeare.main(given, Clock()) == 0
    after = state(tmp_path / "killed")
    assert after["curve"][: len(before["curve"])] == before["curve"]
    assert after["curve"][-1]["step"] > before["step"]
    assert [stage["share"] for stage in after["stages"]] == [*shakespeare.STAGES, 1.0]
    assert BUDGET - 2 < after["result"]["seconds"] <= BUDGET
    # What was learned before the kill was not lost: it goes on where it was, and is as good after as many steps.
    losses = [point["train_nats"] for point in after["curve"]]
    assert losses[len(before["curve"])] < (losses[0] + losses[len(before["curve"]) - 1]) / 2
    half_way = next(p for p in state(tmp_path / "whole")["curve"] if p["step"] > after["curve"][-1]["step"] / 2)
    assert after["result"]["nats"] < half_way["train_nats"]
    assert len(list((tmp_path / "killed").glob("*.keras"))) == 1
    assert capsys.readouterr().out.count("nats per held-out character") == 1

    # A finished run is not trained again, nor its held-out part looked at again.
    assert shakespeare.main(given, Clock()) == 0
    assert state(tmp_path / "killed") == after
    assert f"{after['result']['nats']:.4f} nats per held-out character" in capsys.readouterr().out

    written = {p.name: p.read_text(encoding="utf-8").splitlines() for p in (tmp_path / "results").iterdir()}
    assert set(written) == {"provenance.csv", "shakespeare.csv", "shakespeare_curve.csv", "shakespeare_stages.csv"}
    assert len(written["shakespeare.csv"]) == 2


def test_a_budget_that_judging_alone_takes_ends(text_file, tmp_path):
    class Slow(Clock):
        def __call__(self):
            self.now += 0.6
            return super().__call__()

    assert shakespeare.main(arguments(text_file, tmp_path / "run"), Slow()) == 0


def test_the_split_is_nanogpts_and_tuning_never_sees_the_last_tenth():
    text = "".join(chr(97 + i % 26) for i in range(20_000)) + "Z" * 2000
    recipe = shakespeare.Recipe()
    final, tune = shakespeare.Parts(text, False, recipe), shakespeare.Parts(text, True, recipe)
    assert (len(final.train), len(final.judge)) == (19_800, 2201)  # one to read before the first to judge
    assert (len(tune.train), len(tune.judge)) == (17_600, 2201)
    last = final.vocabulary["Z"]
    assert last in final.judge
    assert last not in final.train
    assert last not in tune.train
    assert last not in tune.judge


def test_a_resumed_run_reads_on_where_it_stopped():
    recipe = shakespeare.Recipe(batch=3, length=5)
    parts = shakespeare.Parts("abcdefghij" * 20, False, recipe)
    first = [next(batches) for batches in [parts.batches(0)] for _ in range(40)]  # some epochs of 11 batches
    for step in (0, 1, 7, 11, 12, 25):
        assert np.array_equal(next(parts.batches(step)), first[step])


def test_the_rate_rises_then_falls_to_nearly_nothing():
    recipe = shakespeare.Recipe()
    rates = [recipe.rate(share / 100) for share in range(101)]
    assert max(rates) == rates[3] == pytest.approx(recipe.learning_rate)
    assert rates[:4] == sorted(rates[:4])
    assert rates[3:] == sorted(rates[3:], reverse=True)
    assert 0 < rates[100] < 0.02 * recipe.learning_rate


@pytest.mark.parametrize(("speed", "hidden"), [(20, 192), (88, 192), (200, 320), (320, 320)])
def test_the_size_is_what_the_machine_can_train_in_the_budget(speed, hidden, tmp_path, monkeypatch):
    monkeypatch.setattr(shakespeare.machine, "gflops", lambda: speed)
    chosen = shakespeare.sized(shakespeare.Recipe(), 160, tmp_path, False)
    assert chosen.hidden == hidden
    told = shakespeare.Recipe(hidden=100, dropout=0.3)
    assert shakespeare.sized(told, 160, tmp_path, False) == told
    (tmp_path / "state.json").write_text(json.dumps({"hidden": 7, "batch": 5, "dropout": 0.4, "learning_rate": 1}))
    begun = shakespeare.sized(shakespeare.Recipe(), 160, tmp_path, False)
    assert (begun.hidden, begun.batch, begun.dropout) == (7, 5, 0.4)  # however fast it is today
    assert shakespeare.sized(shakespeare.Recipe(), 160, tmp_path, True) == chosen


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--budget-seconds", "1"], "--budget-seconds is 1: expected 5 or more"),
        (["--set", "hidden=many"], "--set hidden=many: expected NAME=VALUE"),
        (["--set", "batch=0"], "--set batch=0: expected more than 0"),
        (["--set", "warm_up=1"], "expected a share of the budget"),
        (["--set", "size=3"], "one of the names hidden, embedding"),
        (["--set", "hidden=320", "--set", "length=9000"], "need a text of 432001 tokens"),
    ],
)
def test_bad_input(text_file, tmp_path, capsys, arguments, sentence):
    assert shakespeare.main(["--text", str(text_file), "--out", str(tmp_path / "r"), *arguments]) == 1
    error = capsys.readouterr().err
    assert sentence in error
    assert len(error.strip().splitlines()) == 1
    assert not (tmp_path / "r").exists()


@pytest.mark.stored
def test_the_stored_runs_are_what_the_lesson_says():
    runs = [row for row in read("shakespeare.csv") if row["part"] == "final"]
    stages = [row for row in read("shakespeare_stages.csv") if row["part"] == "final"]
    assert all(row["seconds"] <= row["budget_s"] for row in runs)
    assert {row["seed"] for row in runs} == {row["seed"] for row in stages}

"""The study of all cells: equal sizes, choices on validation data, runs never lost or done twice, a cluster."""

import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from course_lib import results, tables
from course_lib.cells import ZOO
from course_lib.models.language_model import matched_units
from experiments import cell_zoo
from tools import build

SMALL = ["--size", "small", "--steps", "3", "--seeds", "2", "--tasks", "arithmetic", "--cells", "MUT1"]


def command(*more):
    return [sys.executable, "-m", "experiments.cell_zoo", *SMALL, *map(str, more)]


@pytest.mark.parametrize("cell", ZOO)
def test_networks_of_equal_size(cell):
    units = matched_units(lambda units: cell_zoo.network(cell, units, "xml"), 20_000)
    count = cell_zoo.network(cell, units, "xml").count_params()
    assert 0.95 * 20_000 < count <= 20_000 < cell_zoo.network(cell, units + 1, "xml").count_params()


def test_the_learning_rate_is_chosen_by_task_and_cell():
    rows = [{"task": "xml", "cell": "A", "learning_rate": rate, "accuracy": a}
            for rate, a in (("0.1", "0.5"), ("0.2", "0.9"), ("0.2", "0.1"), ("0.3", "0.55"))]  # fmt: skip
    rows.append({"task": "arithmetic", "cell": "A", "learning_rate": "0.1", "accuracy": "0.2"})
    assert cell_zoo.best_rates(rows) == {("xml", "A"): "0.3", ("arithmetic", "A"): "0.1"}


def test_a_run_that_grows_without_bounds_is_a_row():
    size = cell_zoo.replace(cell_zoo.SMALL, steps={"arithmetic": 50, "xml": 50})
    row = cell_zoo.run("arithmetic", "NASCell", float("inf"), 0, validate=True, size=size)
    assert row["accuracy"] == 0 and row["nats"] is None
    assert set(row) == set(cell_zoo.COLUMNS[4:])


def test_training_validation_and_test_data_differ():
    made = [cell_zoo.data("xml", cell_zoo.SMALL, 50, seed)[0] for seed in (0, 1_000_000, 2_000_000)]
    rows = [{row.tobytes() for row in part} for part in made]
    assert not rows[0] & rows[1] and not rows[1] & rows[2]


def keys(path):
    return [tuple(row[name] for name in cell_zoo.KEY) for row in tables.read_rows(path)]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal for a group of processes")
def test_killed_at_any_time_nothing_is_lost_or_done_twice(tmp_path):
    env = build.environment(1)
    process = subprocess.Popen(
        command("--out", tmp_path), cwd=build.ROOT, env=env, stdout=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 2000
    while len(keys(tmp_path / cell_zoo.SELECT)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)  # both runs under way
    process.wait()
    before = tables.read_rows(tmp_path / cell_zoo.SELECT)
    assert 2 <= len(before) < 4
    subprocess.run(command("--out", tmp_path), cwd=build.ROOT, env=env, stdout=subprocess.DEVNULL, check=True)
    after = tables.read_rows(tmp_path / cell_zoo.SELECT)
    for row in before:
        assert row in after  # with its seconds: not run again
    rates = [str(rate) for rate in cell_zoo.SMALL.rates]
    assert keys(tmp_path / cell_zoo.SELECT) == [("arithmetic", "MUT1", rate, "0") for rate in rates]
    best = cell_zoo.best_rates(after)
    assert keys(tmp_path / cell_zoo.FINAL) == [
        ("arithmetic", "MUT1", best["arithmetic", "MUT1"], seed) for seed in "12"
    ]


def test_a_cluster_of_two_workers_one_of_them_killed(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])

    def start(name):
        env = build.environment(1) | {
            "KERASTUNER_ORACLE_IP": "127.0.0.1", "KERASTUNER_ORACLE_PORT": port, "KERASTUNER_TUNER_ID": name,
        }  # fmt: skip
        with open(tmp_path / f"{name}.log", "a") as log:
            return subprocess.Popen(
                command("--cluster", tmp_path, "--seeds", 1), cwd=build.ROOT, env=env, stdout=log, stderr=log
            )

    machines = {name: start(name) for name in ("chief", "worker0", "worker1")}
    try:
        deadline = time.monotonic() + 2000
        while not keys(tmp_path / f"worker1-{cell_zoo.FINAL}"):
            assert time.monotonic() < deadline, (tmp_path / "worker1.log").read_text()[-2000:]
            time.sleep(0.1)
        machines["worker1"].kill()
        machines["worker1"].wait()
        machines["worker1"] = start("worker1")
        for machine in machines.values():
            assert machine.wait(deadline - time.monotonic()) == 0
    finally:
        for machine in machines.values():
            machine.kill()
            machine.wait()
    rows = [set(keys(tmp_path / f"worker{i}-{cell_zoo.SELECT}")) for i in (0, 1)]
    assert all(rows)  # both have worked
    expected = {("arithmetic", "MUT1", str(rate), "0") for rate in cell_zoo.SMALL.rates}
    assert rows[0] | rows[1] == expected
    assert cell_zoo.main(["--collect", str(tmp_path), "--out", str(tmp_path / "tables")]) == 0
    assert len(keys(tmp_path / "tables" / cell_zoo.SELECT)) == len(expected)
    assert len(keys(tmp_path / "tables" / cell_zoo.FINAL)) == 1


@pytest.mark.parametrize(("arguments", "message"), [
    (["--cells", "LSTM", "TLA"], "--cells TLA: expected some of Tanh, LSTM"),
    (["--seeds", "0"], "--seeds is 0: expected 1 or more"),
    (["--steps", "-3"], "--steps is -3: expected 1 or more"),
    (["--steps", "3"], "cell_zoo_select.csv was made with other settings (--size, --steps): give --out FOLDER."),
    (["--size", "full", "--cells", "GRU"], "cell_zoo_select.csv was made with other settings"),
    (["--cluster", "nowhere"], "set KERASTUNER_ORACLE_IP"),
    (["--collect", "nowhere"], "no rows there yet"),
])  # fmt: skip
def test_bad_arguments(arguments, message, capsys, monkeypatch):
    for name in ("IP", "PORT"):
        monkeypatch.delenv(f"KERASTUNER_ORACLE_{name}", raising=False)
    assert cell_zoo.main(arguments) == 1
    assert message in capsys.readouterr().err


@pytest.mark.stored
def test_the_stored_study():
    chosen = cell_zoo.best_rates(tables.read_rows(results.FOLDERS[0] / cell_zoo.SELECT))
    rows = results.read(cell_zoo.FINAL)
    assert {(row["task"], row["cell"], row["seed"]) for row in rows} == {
        (task, cell, seed) for task in ("arithmetic", "xml") for cell in ZOO for seed in range(1, 6)
    }
    for row in rows:
        assert row["learning_rate"] == float(chosen[row["task"], row["cell"]])
        assert 0.95 * cell_zoo.SMALL.parameters < row["parameters"] <= cell_zoo.SMALL.parameters
        assert np.isfinite(row["nats"])

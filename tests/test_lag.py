"""The study of lags: equals are compared, and a rate is chosen by runs that are not reported."""

import numpy as np
import pytest

from course_lib import results, tables
from experiments import lag
from experiments.common import runs


def row(rate, accuracy, loss, model="RNN", start="loud"):
    """As it stands in a table."""
    return {"model": model, "start": start, "learning_rate": rate, "accuracy": accuracy, "loss_nats": loss}


def test_the_best_rate_has_the_best_mean_share_and_among_equals_the_lowest_loss():
    rows = [row("0.001", "1.0", "0.2"), row("0.001", "0.1", "2.1"), row("0.01", "0.5", "1"), row("0.01", "0.5", "1")]
    rows += [row("0.001", "0.998", "0.02", start="quiet"), row("0.01", "1.0", "0.03", start="quiet")]
    assert lag.best_rates(rows) == {("RNN", "loud"): 0.001, ("RNN", "quiet"): 0.001}
    assert lag.best_rates([row("0.01", "0.0", ""), row("0.001", "0.0", ""), row("0.003", "0.0", "3")]) == {
        ("RNN", "loud"): 0.003
    }


def test_each_cell_and_start_is_run_with_the_rate_it_chose(tmp_path, monkeypatch):
    def pretend(name, start, steps, rate, seed):
        """The best rate: 0.01 loud, 0.001 quiet."""
        good = rate == {"loud": 0.01, "quiet": 0.001}[start]
        return {"accuracy": float(good), "loss_nats": 1.0, "updates": 600, "seconds": 1.0}

    monkeypatch.setattr(lag, "run", pretend)
    monkeypatch.setattr(
        runs, "in_processes", lambda keys, run, store, *_: [store(key, run(*key)) for key in keys] and None
    )
    lag.make(None, [20, 30], 2, tmp_path)
    select, final = (tables.read_rows(tmp_path / name) for name in (lag.SELECT, lag.FINAL))
    cases = {(name, start) for name in lag.cells("loud", 10) for start in lag.STARTS}
    for rows, each in ((select, len(lag.RATES) * len(lag.SELECT_LAGS)), (final, 2 * 2)):
        assert [sum((r["model"], r["start"]) == case for r in rows) for case in cases] == [each] * len(cases)
    assert {(r["start"], r["learning_rate"]) for r in final} == {("loud", "0.01"), ("quiet", "0.001")}
    assert not {r["seed"] for r in select} & {r["seed"] for r in final}


def test_loud_and_quiet_differ_in_the_size_of_the_input_weights_alone():
    from course_lib import training

    for name in lag.cells("loud", 10):
        found = {}
        for start in lag.STARTS:
            training.set_seed(0)
            cell = lag.cells(start, 10)[name]()
            cell.build((None, 16))
            found[start] = [w.numpy() for w in cell.weights]
        (loud, *others), (quiet, *same) = found["loud"], found["quiet"]
        assert np.allclose(quiet / lag.STARTS["quiet"], loud / lag.STARTS["loud"], rtol=1e-4)
        assert all(np.array_equal(one, other) for one, other in zip(others, same, strict=True))


def test_a_network_that_grows_without_bounds_is_a_row_that_is_nobodys_choice(monkeypatch):
    monkeypatch.setattr(lag, "UPDATES", 60)
    monkeypatch.setattr(lag, "TEST", 100)
    found = lag.run("RNN, ReLU and identity", "loud", 5, float("inf"), 0)
    assert (found["accuracy"], found["loss_nats"]) == (0.0, None)
    assert lag.run("LSTM, b = 1", "quiet", 3, 1e-2, 0)["loss_nats"] < 3


@pytest.mark.stored
def test_the_stored_runs_have_the_rates_that_the_search_chose():
    select, final = (tables.read_rows(results.FOLDERS[0] / name) for name in (lag.SELECT, lag.FINAL))
    rates = {(r["model"], r["start"]): float(r["learning_rate"]) for r in final}
    assert rates == lag.best_rates(select)
    found = [(r["model"], r["start"], float(r["learning_rate"]), int(r["lag"]), int(r["seed"])) for r in final]
    wanted = [(*case, rate, steps, seed) for case, rate in rates.items() for steps in lag.LAGS for seed in range(5)]
    assert sorted(found) == sorted(wanted)
    assert {r["updates"] for r in select + final} == {str(lag.UPDATES)}

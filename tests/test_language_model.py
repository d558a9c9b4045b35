"""`python -m experiments.language_model` on a small text: it learns, survives an interruption, refuses bad input."""

import csv
import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from course_lib.checkpoint import Checkpoint
from course_lib.errors import CourseError
from experiments import language_model
from experiments.common.command_line import STOPPED
from tools import build

TEXT = "the cat sat on the mat, and the dog sat on the log.\n" * 40


@pytest.fixture
def text_file(tmp_path):
    (tmp_path / "t.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path / "t.txt"


def command(text_file, out, steps=120):
    return ["--text", str(text_file), "--steps", str(steps), "--out", str(out)]


def curve_of(out):
    return json.loads((out / "state.json").read_text(encoding="utf-8"))["curve"]


@pytest.fixture(scope="module")
def small():
    kept = language_model.HIDDEN, language_model.LENGTH, language_model.BATCH
    language_model.HIDDEN, language_model.LENGTH, language_model.BATCH = 24, 20, 8
    yield
    language_model.HIDDEN, language_model.LENGTH, language_model.BATCH = kept


def test_it_learns_and_prints_nats_and_samples(small, text_file, tmp_path, capsys):
    results = tmp_path / "r.csv"
    assert language_model.main([*command(text_file, tmp_path / "run"), "--results", str(results)]) == 0
    out = capsys.readouterr().out
    assert "nats per held-out character" in out
    with open(results, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [0, 6, 30, 120]
    assert float(rows[-1]["held_out_nats"]) < float(rows[0]["held_out_nats"])
    assert set(rows[-1]["sample"]) <= set(TEXT)


def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(small, text_file, tmp_path, monkeypatch):
    assert language_model.main(command(text_file, tmp_path / "whole")) == 0

    # Interrupted between stretches, after the save at step 30.
    windows = language_model.random_windows

    def interrupted(ids, step, seed):
        if step == 40:
            raise KeyboardInterrupt
        return windows(ids, step, seed)

    monkeypatch.setattr(language_model, "random_windows", interrupted)
    assert language_model.main(command(text_file, tmp_path / "parts")) == 1
    assert len(curve_of(tmp_path / "parts")) == 3
    monkeypatch.setattr(language_model, "random_windows", windows)
    assert language_model.main(command(text_file, tmp_path / "parts")) == 0
    whole, parts = curve_of(tmp_path / "whole"), curve_of(tmp_path / "parts")
    assert [e["step"] for e in parts] == [e["step"] for e in whole]
    assert np.allclose([e["held_out_nats"] for e in parts], [e["held_out_nats"] for e in whole], atol=1e-3)
    assert len(list((tmp_path / "parts").glob("*.keras"))) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
def test_interrupting_the_real_process_says_how_to_go_on(tmp_path):
    (tmp_path / "t.txt").write_text(TEXT * 20, encoding="utf-8")
    arguments = [
        sys.executable,
        "-m",
        "experiments.language_model",
        *command(tmp_path / "t.txt", tmp_path / "run", 5000),
    ]
    # Whoever runs the tests in the background may have had Ctrl-C ignored; what is started would inherit that.
    process = subprocess.Popen(arguments, cwd=build.ROOT, env=build.environment(1), stderr=subprocess.PIPE, text=True,
                               stdout=subprocess.DEVNULL,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # fmt: skip
    while not (tmp_path / "run" / "state.json").exists() and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    error = process.communicate()[1]
    assert process.returncode == 1
    assert error.splitlines()[-1] == STOPPED
    assert "Traceback" not in error


def test_a_save_that_fails_half_way_leaves_the_last_one(small, text_file, tmp_path, monkeypatch):
    assert language_model.main(command(text_file, tmp_path / "run", 30)) == 0
    before = (tmp_path / "run" / "state.json").read_text(encoding="utf-8")

    class Full:
        def save(self, path):
            path.write_bytes(b"half")
            raise OSError(28, "No space left on device")

    with (
        pytest.raises(CourseError, match="No space left on device.: make room .* What was saved before is kept"),
        Checkpoint.open(tmp_path / "run", {"steps": 30}) as run,
    ):
        run.save(Full())
    assert len(list((tmp_path / "run").glob("*.keras"))) == 1
    assert (tmp_path / "run" / "state.json").read_text(encoding="utf-8") == before
    assert (tmp_path / "run" / json.loads(before)["model"]).stat().st_size > 1000


def test_a_run_on_another_text_is_not_written_over(small, text_file, tmp_path, capsys):
    assert language_model.main(command(text_file, tmp_path / "run", 10)) == 0
    text_file.write_text(TEXT.upper(), encoding="utf-8")
    assert language_model.main(command(text_file, tmp_path / "run", 10)) == 1
    assert "holds another run (text differs)" in capsys.readouterr().err
    assert language_model.main([*command(text_file, tmp_path / "run", 10), "--restart"]) == 0


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "is empty"),
        (b"a", "only the character 'a'"),
        (b"\x00\x01", "binary"),
        (b"\xfa\xfb\xfc", "not UTF-8"),
        ("a text".encode("utf-16"), "is UTF-16"),
        (b"a short text", "expected at least 200"),
    ],
)
def test_bad_texts(tmp_path, capsys, raw, sentence):
    (tmp_path / "t.txt").write_bytes(raw)
    assert language_model.main(command(tmp_path / "t.txt", tmp_path / "run")) == 1
    error = capsys.readouterr().err
    assert sentence in error
    assert len(error.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_other_bad_input(tmp_path, text_file, capsys):
    assert language_model.main(["--text", str(tmp_path / "none.txt")]) == 1
    assert "cannot read" in capsys.readouterr().err
    assert language_model.main([*command(text_file, text_file / "below-a-file")]) == 1
    assert "cannot write to" in capsys.readouterr().err
    assert language_model.main(command(text_file, tmp_path / "run", 0)) == 1
    assert "expected 1 or more" in capsys.readouterr().err


def test_the_held_out_nats_are_the_models(small):
    from course_lib import training
    from course_lib.metrics import log_softmax
    from course_lib.models.language_model import rnn_language_model

    training.set_seed(1)
    model = rnn_language_model(7, embedding=4, hidden=6)
    ids = np.random.default_rng(0).integers(0, 7, size=90).astype(np.int32)
    whole = log_softmax(np.array(model(ids[None, :-1])))[0]
    expected = -whole[np.arange(89), ids[1:]].mean()
    assert language_model.held_out_nats(model, ids) == pytest.approx(expected, rel=1e-4)

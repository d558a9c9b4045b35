"""The recurrent layers of `course_lib/layers.py` against Keras's, PyTorch's, and what the products alone would take.

    python -m benchmarks.layers                                about 12 minutes
    python -m benchmarks.layers --torch other/bin/python       PyTorch from another environment
    python -m benchmarks.layers --avx2                         as without AVX-512
    python -m benchmarks.layers --sizes standard --layers course keras   two contestants at one size

One training step: forward, and the gradient in the input, the memory at the start and every weight, of a sum of all
outputs, randomly weighted. Every contestant is a process of its own, with the threads it is fastest with (TensorFlow:
one in an operation, two operations side by side; PyTorch: all cores), and they take turns: REPEATS times a few steps
each. A process can be slow or fast all its life, so that this is done ROUNDS times, with new ones; medians of their
medians are kept. "products" is the least there is to do: the six products of matrices of a step, three of W and three
of U, each for all steps at once, by TensorFlow, on all cores. PyTorch is an extra, left out where it is not installed.

Written: benchmarks/layers.csv and layers.svg. Peak memory is that of the whole process, the framework included. Times
depend on the processor: where there is AVX-512, TensorFlow has its products from oneDNN, elsewhere from Eigen, which
suffers where rows are a multiple of 2 KB apart; Keras's loops are made of such products. Rows of the other kind of
processor stay in the table; one that has AVX-512 can be told not to use it.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

REPEATS = 5
ROUNDS = 3
RESULTS = Path(__file__).with_suffix(".csv")
ROOT = RESULTS.parents[1]
# cell, units H, texts B, steps T, numbers a step D
LESSONS = {
    "lesson 03": ("lstm", 64, 32, 20, 32),
    "lesson 04, programs": ("lstm", 128, 32, 128, 32),
    "lesson 04": ("lstm", 160, 32, 128, 32),
    "lesson 06": ("gru", 192, 100, 10, 192),
    "lesson 07": ("gru", 96, 100, 10, 192),
    "lessons 08 and 09": ("lstm", 96, 100, 14, 64),
}
SIZES = LESSONS | {
    "Shakespeare": ("lstm", 320, 48, 64, 64),
    "standard": ("lstm", 256, 64, 100, 64),
    "standard, GRU": ("gru", 256, 64, 100, 64),
    "full": ("lstm", 512, 64, 200, 256),
}
GROWTH = {f"T = {T}": ("lstm", 256, 64, T, 64) for T in (25, 200)}
GROWTH |= {f"B = {B}": ("lstm", 256, B, 100, 64) for B in (16, 128)}
GROWTH |= {f"H = {H}": ("lstm", H, 64, 100, 64) for H in (128, 512)}
CONTESTANTS = ("course", "keras", "keras RNN", "torch", "products")


# -- a contestant, in its own process ----------------------------------------------------------------------------------


def tensorflow_step(contestant, cell, H, B, T, D):
    """A function that makes one step."""
    from course_lib import layers
    from course_lib.backend import keras

    tf = layers.tf
    name = cell.upper()
    layer = {
        "course": lambda: getattr(layers, name)(H, return_sequences=True),
        "keras": lambda: getattr(keras.layers, name)(H, return_sequences=True),
        "keras RNN": lambda: keras.layers.RNN(getattr(keras.layers, f"{name}Cell")(H), return_sequences=True),
    }[contestant]()
    layer.build((None, None, D))
    x, up = tf.random.normal((B, T, D)), tf.random.normal((B, T, H))
    states = [tf.zeros((B, H))] * (2 if cell == "lstm" else 1)
    weights = [variable.value for variable in layer.trainable_variables]

    @tf.function
    def step(x, states):
        with tf.GradientTape() as tape:
            tape.watch([x, states])
            E = tf.reduce_sum(layer(x, initial_state=states) * up)
        return tape.gradient(E, [x, *states, *weights])

    return lambda: [gradient.numpy() for gradient in step(x, states)]


def torch_step(contestant, cell, H, B, T, D):
    """As above."""
    import torch

    torch.set_num_threads(os.cpu_count())
    layer = getattr(torch.nn, cell.upper())(D, H, batch_first=True)
    x, up = torch.randn(B, T, D, requires_grad=True), torch.randn(B, T, H)
    states = [torch.zeros(1, B, H, requires_grad=True) for _ in range(2 if cell == "lstm" else 1)]
    sources = [x, *states, *layer.parameters()]

    def step():
        outputs, _ = layer(x, tuple(states) if cell == "lstm" else states[0])
        torch.autograd.grad((outputs * up).sum(), sources)

    return step


def products_step(contestant, cell, H, B, T, D):
    """The products alone."""
    from course_lib.layers import tf

    rows, columns = H * (4 if cell == "lstm" else 3), T * B
    sizes = [(rows, n, columns) for n in (H, H, H, D, D, D)]  # multiplications are as many in all three of a weight
    pairs = [(tf.random.normal((a, b)), tf.random.normal((b, c))) for a, b, c in sizes]

    @tf.function
    def step():
        return [tf.reduce_sum((a @ b)[:1]) for a, b in pairs]

    return lambda: [one.numpy() for one in step()]


def work(contestant: str) -> None:
    """Read sizes and how often, line by line; answer with seconds, CPU seconds and peak memory."""
    make = {"torch": torch_step, "products": products_step}.get(contestant, tensorflow_step)
    from course_lib.memory import peak_memory_gb

    step = make(contestant, *json.loads(sys.stdin.readline()))
    for _ in range(3):
        step()
    for line in sys.stdin:
        wall, cpu, count = time.perf_counter(), time.process_time(), int(line)
        for _ in range(count):
            step()
        used = (time.perf_counter() - wall) / count, (time.process_time() - cpu) / count
        print(json.dumps([*used, peak_memory_gb()]), flush=True)


# -- the match ---------------------------------------------------------------------------------------------------------


class Contestant:
    """A process that makes steps when asked."""

    def __init__(self, name: str, size: tuple, python: str):
        threads = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": str(os.cpu_count())}
        if name == "products":
            threads = {"TF_NUM_INTRAOP_THREADS": str(os.cpu_count()), "TF_NUM_INTEROP_THREADS": "1"}
        self.process = subprocess.Popen(
            [python, "-m", "benchmarks.layers", "--work", name], env=os.environ | threads, cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        print(json.dumps(size), file=self.process.stdin, flush=True)
        self.turns = []

    def turn(self, count: int) -> float:
        """So many steps -> seconds a step."""
        print(count, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit("a contestant ended; its error stands above.")
        self.turns.append(json.loads(answer))
        return self.turns[-1][0]

    def end(self) -> list[float]:
        """Medians: seconds, CPU seconds, GB."""
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        return [statistics.median(column) for column in zip(*self.turns, strict=True)]


def match(size: tuple, pythons: dict, rounds: int) -> list[dict]:
    """All contestants at one size."""
    medians = {name: [] for name in pythons}
    for _ in range(rounds):
        players = {name: Contestant(name, size, python) for name, python in pythons.items()}
        counts = {name: max(1, round(0.15 / player.turn(1))) for name, player in players.items()}
        for player in players.values():
            player.turns.clear()
        for _ in range(REPEATS):
            for name, player in players.items():
                player.turn(counts[name])
        for name, player in players.items():
            medians[name].append(player.end())
    rows = []
    for name, of_rounds in medians.items():
        wall, cpu, memory = (statistics.median(column) for column in zip(*of_rounds, strict=True))
        times = {"ms": round(1e3 * wall, 2), "cpu_ms": round(1e3 * cpu, 2), "peak_memory_gb": round(memory, 2)}
        rows.append({"layer": name} | times)
    return rows


def draw(rows: list[dict], path: Path) -> None:
    """How the time of a step grows with T, B and H."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    from course_lib.machine import processor

    figure, axes = plt.subplots(1, 3, figsize=(9, 3), sharey=True, layout="constrained")
    for axis, name, what in zip(axes, "TBH", ("steps T", "texts B", "units H"), strict=True):
        for layer in (layer for layer in CONTESTANTS if layer != "keras RNN"):  # it lies upon the other
            own = [row for row in rows if row["layer"] == layer and row["cell"] == "lstm"]
            own = [row for row in own if row["size"] == "standard" or row["size"].startswith(f"{name} =")]
            points = sorted((int(row[name]), float(row["ms"])) for row in own)
            if points:
                axis.loglog(*zip(*points, strict=True), marker="o", label=layer)
                axis.set_xticks([value for value, _ in points], [f"{value}" for value, _ in points])
        axis.set(xlabel=what, yticks=(30, 100, 300, 1000), yticklabels=("30", "100", "300", "1,000"))
        axis.minorticks_off()
    axes[0].set(ylabel="ms a training step")
    axes[0].legend(fontsize=8, loc="upper left")
    figure.suptitle(f"LSTM, H = 256, B = 64, T = 100, but for what grows; {processor()}", fontsize=10)
    plt.rcParams["svg.hashsalt"] = "layers"  # the same file every time
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """The match at every size; table and plot."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.layers", description=__doc__.splitlines()[0])
    parser.add_argument("--torch", default=sys.executable, help="a Python that has PyTorch")
    parser.add_argument("--sizes", nargs="*", help="some of the sizes alone; nothing is stored")
    parser.add_argument("--layers", nargs="*", choices=CONTESTANTS, help="some contestants alone; nothing is stored")
    parser.add_argument("--avx2", action="store_true", help="without AVX-512, though the processor has it")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work)
        return
    from course_lib import machine, tables
    from experiments.common import provenance

    if options.avx2:
        os.environ.update(machine.WITHOUT_AVX512)  # also PyTorch's LSTM is of oneDNN
    pythons = dict.fromkeys(CONTESTANTS, sys.executable)
    if options.torch != sys.executable or importlib.util.find_spec("torch"):
        pythons["torch"] = options.torch
    else:
        del pythons["torch"]
        print("PyTorch is not installed here; give --torch PYTHON to have it, too.")
    if options.layers:
        pythons = {name: python for name, python in pythons.items() if name in options.layers}
    if not (options.sizes or options.layers):
        print(f"All sizes{machine.about('benchmarks.layers')}.", flush=True)
    here, rows = machine.processor(), []
    for which, size in (SIZES | ({} if options.avx2 else GROWTH)).items():
        if options.sizes and which not in options.sizes:
            continue
        head = dict(zip(("processor", "size", "cell", "H", "B", "T", "D"), (here, which, *size), strict=True))
        rows += [head | row for row in match(size, pythons, 1 if which in GROWTH else ROUNDS)]
        print(which, *size, {row["layer"]: row["ms"] for row in rows if row["size"] == which}, flush=True)
    if not (options.sizes or options.layers):
        kept = [row for row in tables.read_rows(RESULTS) if row["processor"] != here]
        tables.write(RESULTS, [*kept, *rows])
        provenance.record(RESULTS, "benchmarks.layers:main", len(rows))
        if not options.avx2:
            draw(rows, RESULTS.with_suffix(".svg"))


if __name__ == "__main__":
    main()

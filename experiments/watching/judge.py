"""How often a trained network names clips rightly, beside its rivals and who always says the commonest class."""

from pathlib import Path

import numpy as np

from course_lib import tables
from course_lib.errors import CourseError
from experiments.watching.data import Footage, extractor_of, read_listed
from experiments.watching.model import Trained, load, log_probabilities
from experiments.watching.recipe import READERS, Choice


def mean_and_error(values: np.ndarray, groups: list[str]) -> tuple[float, float]:
    """The mean of values (N,), and its standard error where those of a group go together (Liang & Zeger 1986).

    With groups of one clip, the usual one. NaN with one group.
    """
    values = np.asarray(values, float)
    kinds, group = np.unique(groups, return_inverse=True)
    mean, G = values.mean(), len(kinds)
    if G < 2:
        return float(mean), float("nan")
    apart = np.bincount(group, values - mean)  # what each group adds to the sum's error
    return float(mean), float(np.sqrt((apart**2).sum() * G / (G - 1)) / len(values))


def judge(folder: Path, listed: str | None, features: Path, out: Path, reader: str) -> None:
    """Print the accuracy of all that is trained in `out`, the reader asked for first, and write it to judged.csv.

    listed: the list of the clips, else the folder's own, else the quarter of its groups that was not trained on. Left
    out and named: what cannot be read, clips of other classes, clips of films that were trained on.
    """
    trained = {reader: load(out, reader)}
    for other in READERS:
        if other != reader and (out / other / "state.json").is_file():
            trained[other] = load(out, other)
    first = trained[reader]
    check_alike(trained, out)
    extractor = extractor_of(first.recipe)
    first.check(extractor)
    clips, names = read_listed(folder, listed, "test")
    footage = Footage(clips, names, first.recipe, features, first.state["classes"], extractor)
    for problem in [*footage.problems, *leave_out_trained(footage, first)]:
        print(problem)
    if not len(footage):
        raise CourseError(f"{folder}: no clip is left to judge.")
    log_p = {name: all_log_probabilities(one, footage) for name, one in trained.items()}
    said = {name: found.argmax(axis=-1) for name, found in log_p.items()}
    said["commonest class"] = np.full(len(footage), int(np.argmax(first.state["counts"])))
    right = {name: found == footage.labels for name, found in said.items()}
    rows = []
    for name, found in right.items():
        mean, error = mean_and_error(found, footage.groups)
        rows.append({"reader": name, "accuracy": f"{mean:.4f}", "standard_error": f"{error:.4f}"})
        if name in log_p:
            nats = -log_p[name][np.arange(len(footage)), footage.labels].mean()
            rows[-1] |= {"nats": f"{nats:.3f}"} | dict(zip(Choice._fields, trained[name].state["choice"], strict=True))
        if name != reader:
            ahead, error = mean_and_error(right[reader].astype(float) - found, footage.groups)
            rows[-1] |= {"behind_by": f"{ahead:+.4f}", "its_error": f"{error:.4f}"}
    print(f"{len(footage)} clips of {len(set(footage.groups))} groups; errors are by groups.")
    columns = ["reader", "accuracy", "standard_error", "behind_by", "its_error", "nats", *Choice._fields]
    rows = [{column: row.get(column, "") for column in columns} for row in rows]
    tables.print_table(columns, [row.values() for row in rows])
    if len(trained) == 1:
        print("no rival is trained: give the command train without --alone.")
    print(f"by class, {reader}:")
    tables.print_table(["class", "clips", *right, "taken for"], by_class(footage, right, said[reader], reader))
    tables.write(out / "judged.csv", rows, columns)


def check_alike(trained: dict[str, Trained], out: Path) -> None:
    """CourseError if networks of a folder were trained on other clips, or frames, than the first."""
    (name, first), *others = trained.items()
    for other, one in others:
        if any(one.state[key] != first.state[key] for key in ("data", "extractor")):
            raise CourseError(
                f"{out / other} was trained on other clips or frames than {name}: train it again with --restart, or "
                "give another folder with --out."
            )


def leave_out_trained(footage: Footage, trained: Trained) -> list[str]:
    """Leave out clips of groups that were trained on -> what there is to say about it."""
    state = trained.state
    groups = set(state["groups"]) if state["home"] == str(footage.home.resolve()) else set()
    digests = set(state["digests"])
    known = np.array([
        group in groups or digest in digests for group, digest in zip(footage.groups, footage.digests, strict=True)
    ])  # fmt: skip
    if not known.any():
        return []
    first = footage.names[int(known.argmax())]
    footage.leave_out(known)
    return [f"{known.sum()} clips are of groups that were trained on, the first is {first}. Left out."]


def all_log_probabilities(trained: Trained, footage: Footage) -> np.ndarray:
    """log p of each class for each clip: (N, classes), nats."""
    parts = footage.parts(np.arange(len(footage)))
    return np.concatenate([log_probabilities(trained.network, footage.read(some)) for some in parts])


def by_class(footage: Footage, right: dict[str, np.ndarray], said: np.ndarray, reader: str) -> list[list]:
    """Of each class that is judged: name, clips, the share that each names rightly, what it is taken for."""
    rows = []
    for label in np.unique(footage.labels):
        own = footage.labels == label
        wrong = np.bincount(said[own & ~right[reader]], minlength=len(footage.classes))
        taken = f"{footage.classes[wrong.argmax()]} ({wrong.max()})" if wrong.any() else ""
        shares = [f"{found[own].mean():.2f}" for found in right.values()]
        rows.append([footage.classes[label], own.sum(), *shares, taken])
    return rows

"""Lesson 11's forecaster on any column of numbers: what comes next, and how good such forecasts were at the end.

    python -m experiments.series FILE.csv --column NAME                        12 steps ahead
    python -m experiments.series FILE.csv --column NAME --picture next.png     and a picture

A line a step, the oldest first; comma, semicolon or tab between columns. The end of the series, --held-out of it, is
judged once. All else is chosen on the numbers before it: how they are handed over (as they are, logs, roots,
differences), the network's size, updates and noise, the lags and the penalty of the linear autoregression, the period.
Beside it stand the last number (persistence), the mean, the number a period before, and the linear autoregression. A
gap is read as the number before it, and not judged. What is forecast at the end is by the committee that was judged: it
reads all numbers, and has learned from those before the held-out ones. One to three minutes of one core.
"""

import sys
from pathlib import Path

import numpy as np

from course_lib import tables
from course_lib.datasets.columns import read_column
from course_lib.errors import CourseError
from experiments.common.command_line import CommandLine, check_counts
from experiments.forecasting.judging import Judged, first_held_out, judge
from experiments.forecasting.views import Forecast


def forecast(
    file: Path, column: str | None, horizon: int, held_out: float, seed: int, picture: Path | None, verbose: bool
) -> None:
    """Read a column, judge forecasts of its end, and say what comes next."""
    check_counts(horizon=horizon)
    if picture and picture.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise CourseError(f"--picture {picture}: expected a name that ends in .png, .svg or .pdf.")
    name, numbers, problems = read_column(file, column)
    for problem in problems:
        print(f"{file}: {problem}.")
    begin = first_held_out(numbers, horizon, held_out)
    print(f"{file}, {name}: {len(numbers)} numbers, the last {len(numbers) - begin} are held out.", flush=True)
    found = judge(numbers, begin, horizon, seed, tell=print if verbose else lambda line: None)
    report(found)
    ahead = Forecast(*(each[-1] for each in found.forecasts["network"]))
    print("\nwhat comes next, by the network, with 90 % intervals:")
    tables.print_table(
        ["step", "mean", "low", "high"],
        [[f"+{k + 1}", *map(short, row)] for k, row in enumerate(zip(*ahead, strict=True))],
    )
    if picture:
        draw(picture, name, numbers, begin, found)
        print(f"{picture} is written.")


def short(value: float) -> str:
    """A number in five digits."""
    return f"{value:.5g}"


def report(found: Judged) -> None:
    """Print errors, coverage and differences."""
    print(f"period found before the held-out end: {found.period or 'none'}")
    for name, settings in found.chosen.items():
        print(f"{name}, as chosen: {settings}")
    print("\nroot mean squared error of the held-out numbers, by steps ahead; share in the network's 90 % interval:")
    errors, inside = {name: found.rmse(name) for name in found.forecasts}, found.coverage("network")
    rows = [[f"{k + 1}", *(short(e[k]) for e in errors.values()), f"{inside[k]:.2f}"] for k in range(len(inside))]
    tables.print_table(["steps", *errors, "in interval"], rows)
    rivals = [name for name in ("persistence", "linear") if name in errors]
    print("\nthe network's error less a rival's, below 0 where it is better; 95 % intervals:")
    differences = {name: found.difference("network", name) for name in rivals}
    rows = [
        [f"{k + 1}", *("{:+.4g} ({:+.4g} to {:+.4g})".format(*differences[name][k]) for name in rivals)]
        for k in range(len(inside))
    ]
    tables.print_table(["steps", *rivals], rows)


def draw(picture: Path, name: str, numbers: np.ndarray, begin: int, found: Judged) -> None:
    """Write a picture: the end of the series, what the network said of it one step before, and what comes next."""
    import matplotlib

    matplotlib.use("Agg")
    from course_lib import plotting

    shown = slice(max(0, min(begin, len(numbers) - 60)), len(numbers))
    one = Forecast(*(np.concatenate([[np.nan], each[:-1, 0]])[shown] for each in found.forecasts["network"]))
    ahead = Forecast(*(each[-1] for each in found.forecasts["network"]))
    alt = (
        f"{name}: its last numbers, forecasts of them one step before, and {len(ahead.mean)} forecasts with intervals."
    )
    fig, ax = plotting.figure(9, 3.4, alt=alt)
    plotting.forecast(ax, numbers[shown], one.mean, ahead, shown.start + 1, name)
    plotting.title(ax, neutral="What was seen, what was forecast one step before, and what comes next")
    try:
        picture.parent.mkdir(parents=True, exist_ok=True)
        fig.savefig(picture)
    except OSError as error:
        raise CourseError(f"cannot write {picture} ({error.strerror}): give another place.") from None


main = (
    CommandLine(__doc__, forecast)
    .option("file", type=Path, help="a file of columns, or of one")
    .option("--column", metavar="NAME", help="its name, or its number from 1 (not needed if only one has numbers)")
    .option("--horizon", type=int, default=12, metavar="K", help="how many steps ahead")
    .option("--held-out", type=float, default=0.2, metavar="SHARE", help="of the numbers, at the end")
    .option("--seed", type=int, default=0)
    .option("--picture", type=Path, metavar="PATH", help="write a picture: .png, .svg or .pdf")
    .option("--verbose", action="store_true", help="say what each setting that was tried gave")
    .run
)

if __name__ == "__main__":
    sys.exit(main())

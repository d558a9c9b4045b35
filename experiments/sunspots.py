"""Yearly sunspot numbers: lesson 11's forecaster beside its rivals, five seeds, on three ends of the series.

    python -m experiments.sunspots --data sunspots.csv        27 runs, about ten minutes on two cores

The file has the columns YEAR and SUNACTIVITY, 1700 to 2008, as the Python package statsmodels ships it:

    pip install statsmodels
    python -c "from statsmodels.datasets import sunspots as s; s.load_pandas().data.to_csv('sunspots.csv', index=False)"

Two of the ends are those on which the series has been predicted since Tong & Lim 1980 and Weigend, Huberman &
Rumelhart 1990: 1921-1955 and 1956-1979, both by models made of 1700-1920, one year ahead. `relative` is the squared
error there divided by the variance of 1700-1979. The third is the last fifth of the series. Each rival is made once: it
has no seed but 0. Results go to results/series.csv.
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np

from course_lib import results
from course_lib.datasets.columns import read_column
from course_lib.errors import CourseError
from experiments.common.command_line import CommandLine
from experiments.common.runs import fill
from experiments.forecasting.judging import judge

TABLE = results.FOLDERS[0] / "series.csv"
DATA = Path("work/sunspots.csv")
FIRST, LAST, TOTAL, AHEAD = 1700, 2008, 15373.4, 12
ENDS = {"1921-1955": (1921, 1921, 1955), "1956-1979": (1921, 1956, 1979), "1947-2008": (1947, 1947, 2008)}
SHOWN = 1, 2, 3, 4, 6, 8, 11, 12  # steps ahead
RIVALS = "mean", "persistence", "seasonal", "linear"
KEYS = [(end, *of) for end in ENDS for of in (*((name, 0) for name in RIVALS), *(("network", s) for s in range(5)))]
COLUMNS = [
    "years", "model", "seed", "relative", *(f"rmse_{k}" for k in SHOWN), *(f"covered_{k}" for k in SHOWN),
    "less_than_linear", "low", "high", "chosen", "cpu_seconds",
]  # fmt: skip


def read(path: Path) -> np.ndarray:
    """The numbers of 1700 to 2008. CourseError if the file is another, or not there."""
    if not path.is_file():
        raise CourseError(f"{path} is not there: `python -m experiments.sunspots --help` says how to make it.")
    years, numbers = (read_column(path, name).numbers for name in ("YEAR", "SUNACTIVITY"))
    if not np.array_equal(years, np.arange(FIRST, LAST + 1)) or round(float(numbers.sum()), 1) != TOTAL:
        raise CourseError(f"{path}: expected {FIRST} to {LAST}, {TOTAL} spots in all, as statsmodels has them.")
    return numbers


def run(years: str, model: str, seed: int, data: Path = DATA) -> dict:
    """One model on one end of the series."""
    numbers = read(data)
    made, begin, last = (year - FIRST for year in ENDS[years])
    found = judge(numbers[: last + 1], made, AHEAD, int(seed), judged_from=begin, network=model == "network")
    steps = np.array(SHOWN) - 1
    errors, inside = found.rmse(model)[steps], found.coverage(model)[steps]
    row: dict = {"relative": round(float(errors[0] ** 2 / numbers[: 1979 - FIRST + 1].var()), 4)}
    row |= {f"rmse_{k}": round(float(e), 2) for k, e in zip(SHOWN, errors, strict=True)}
    if model in found.chosen:
        row |= {f"covered_{k}": round(float(share), 3) for k, share in zip(SHOWN, inside, strict=True)}
        row["chosen"] = found.chosen[model]
    if model == "network":
        less = found.difference("network", "linear")[0]
        row |= dict(zip(("less_than_linear", "low", "high"), (round(float(x), 2) for x in less), strict=True))
        row["cpu_seconds"] = round(found.cpu_seconds)
    return row


def fills(results: Path, data: Path) -> None:
    """Fill the table."""
    read(data)
    fill(results, KEYS, COLUMNS, partial(run, data=data), timed=False)


main = CommandLine(__doc__, fills).results(TABLE).option("--data", type=Path, default=DATA, metavar="PATH").run

if __name__ == "__main__":
    sys.exit(main())

"""`make reproduce`: draw rows of the stored tables, run them again, and say of each number whether it comes back.

    python -m tools.reproduce                               two rows of each table, twice: about 25 minutes
    python -m tools.reproduce --tables lag.csv --rows 10    of these tables; long runs are drawn by name alone
    python -m tools.reproduce --all                         every row of every table: about seven hours

A row that is drawn is run again with its own seed, and has to agree with what is stored, within the tolerance that
experiments/results/tables.toml states. If other code made the table, or another kind of processor, sums are rounded
otherwise, and training amplifies it: a number beyond the tolerance is then held to the interval of a new seed, and the
report says so ("the same seed, other code"). Then the row is run with a seed that nobody has used, and has to fall
within the 99 % prediction interval of the stored seeds of its key (Student's t: mean ± t · s · sqrt(1 + 1/n); at least
as wide as the tolerance). Keys with fewer than three seeds have no interval: they are listed. Seconds and memory are
not compared.

What was run again is kept in --out and not run a second time while its code stays what it is: this can be stopped, even
killed, at any time. The report is a row a number, in --report; 1 is returned if any did not come back.
"""

import importlib
import inspect
import math
import random
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from course_lib import machine, results, tables
from course_lib.errors import CourseError
from experiments.common import provenance
from experiments.common.command_line import CommandLine, check_counts
from experiments.common.runs import in_processes

REPORT = results.FOLDERS[1] / "reproduced.csv"
COLUMNS = ["table", "key", "seed", "with", "column", "stored", "again", "low", "high", "back"]
LEAST_SEEDS, NEW_SEEDS = 3, range(200, 1000)  # no experiment uses these: held-out data begin with 1000 + seed
CONFIDENCE = 0.99
SAME_SEED, OTHER_CODE, NEW_SEED = "the same seed", "the same seed, other code", "a new seed"
NOT_COMPARED = re.compile(r"seconds$|memory_gb$")

Key = tuple[str, ...]  # of a run, as its values stand in the table: the last of them is the seed


@dataclass(frozen=True)
class Table:
    """A stored table, and how a run of it is made: the fields of tables.toml."""

    path: Path
    run: str
    given: dict[str, Any] = field(default_factory=dict)
    command: str = ""
    compare: list[str] | None = None
    tolerance: float = 0.01
    like: str = ""
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """As it is called."""
        return self.path.name

    @cached_property
    def columns(self) -> list[str]:
        """Its columns. CourseError if there are no rows, or no seeds."""
        rows = tables.read_rows(self.path, ["seed"])
        if not rows:
            raise CourseError(f"{self.path} has no rows: `git checkout` brings them back.")
        return list(rows[0])

    @cached_property
    def key(self) -> list[str]:
        """The columns that say which run a row is of."""
        return self.columns[: self.columns.index("seed") + 1]

    @cached_property
    def runs(self) -> dict[Key, list[dict]]:
        """The rows of each run."""
        return by_key(tables.read_rows(self.path, self.columns), self.key)

    @cached_property
    def compared(self) -> list[str]:
        """The columns that are compared. CourseError if one that tables.toml names is not there."""
        if self.compare is not None:
            if strangers := set(self.compare) - set(self.columns):
                raise CourseError(
                    f"tables.toml compares {', '.join(strangers)} of {self.name}, which has no such column."
                )
            return self.compare
        names = [name for name in self.columns if name not in self.key and not NOT_COMPARED.search(name)]
        values = {name: [row[name] for rows in self.runs.values() for row in rows if row[name]] for name in names}
        return [name for name in names if all(isinstance(tables.number(value), float) for value in values[name])]

    @cached_property
    def units(self) -> dict[str, float]:
        """One of the last digit that a compared column has anywhere."""
        return {
            name: unit(row[name] for rows in self.runs.values() for row in rows if row[name]) for name in self.compared
        }

    @cached_property
    def is_of_other_code(self) -> bool:
        """Whether some rows were made by other code than there is now, or on another kind of processor."""
        here = provenance.code(self.run), machine.processor()
        return any((line["code"], line["processor"]) != here for line in provenance.lines_of(self.path))

    def seeds(self, group: Key) -> list[str]:
        """The stored seeds of a key without its seed."""
        return [key[-1] for key in self.runs if key[:-1] == group]

    def function(self) -> Callable[..., dict]:
        """What makes a row of a key. CourseError if there is none, or it is not made for this table's key."""
        module, name = self.run.split(":")
        try:
            function = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise CourseError(f"{self.name}: there is no {self.run} ({error}): mend tables.toml.") from None
        try:
            inspect.signature(function).bind(*self.key, **self.given)
        except TypeError as error:
            raise CourseError(
                f"{self.name} has the key {', '.join(self.key)}, which {self.run} does not take ({error}): make the "
                "table anew, or mend tables.toml."
            ) from None
        return partial(function, **self.given)

    def seconds_here(self) -> float | None:
        """About how long a run takes."""
        return self.seconds or machine.seconds_here(self.like or self.name)


def by_key(rows: Iterable[dict], key: list[str]) -> dict[Key, list[dict]]:
    """Rows by the values of these columns."""
    found: dict[Key, list[dict]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in key), []).append(row)
    return found


def known(folder: Path) -> dict[str, Table]:
    """The tables that tables.toml in a folder tells of. CourseError if it cannot be read."""
    try:
        entries = tomllib.loads((folder / "tables.toml").read_text(encoding="utf-8"))
        return {name: Table(folder / name, **entry) for name, entry in entries.items()}
    except (OSError, tomllib.TOMLDecodeError, TypeError) as error:
        raise CourseError(f"{folder / 'tables.toml'} cannot be read: {error}.") from None


# -- what is run again -------------------------------------------------------------------------------------------------


def draw(table: Table, rows: int | None, seed: int) -> list[Key]:
    """Keys of so many stored runs, and of each a key with a new seed; of all runs, and a new seed a group, if None.

    Tables that the same command makes are drawn the same runs of.
    """
    rng, stored = random.Random(f"{seed} {table.command or table.name}"), sorted(table.runs)
    drawn = stored if rows is None else rng.sample(stored, min(rows, len(stored)))
    groups = [key[:-1] for key in drawn]
    for group in dict.fromkeys(groups) if rows is None else groups:
        used = {key[-1] for key in [*stored, *drawn] if key[:-1] == group}
        if len(table.seeds(group)) >= LEAST_SEEDS:
            new = rng.choice([str(number) for number in NEW_SEEDS if str(number) not in used])
            drawn = [*drawn, (*group, new)]
    return drawn


def run_again(table: Table, keys: list[Key], out: Path) -> dict[Key, list[dict]]:
    """The rows of these runs, made again; what `out` has of them is taken, if today's code made it."""
    kept = run_commands if table.command else run_functions
    return kept(table, list(dict.fromkeys(keys)), out)


def forget_other_code(table: Table, again: Path) -> None:
    """Take away a table of rows made again if something that makes them has changed since."""
    if again.is_file() and {line["code"] for line in provenance.lines_of(again)} != {provenance.code(table.run)}:
        print(f"{again}: its code has changed since; its runs are made again.", flush=True)
        again.unlink()


def run_functions(table: Table, keys: list[Key], out: Path) -> dict[Key, list[dict]]:
    """Runs of which each is a call: two at a time. CourseError if a row has other columns than the table."""
    again, run = out / table.name, table.function()
    forget_other_code(table, again)

    def store(key, row):
        if strangers := set(row) - set(table.columns):
            raise CourseError(f"{table.run} makes {', '.join(sorted(strangers))}, which {table.name} has not: "
                              "make the table anew.")  # fmt: skip
        row = dict(zip(table.key, texts[key], strict=True)) | row
        provenance.store(again, [row], table.key, table.run, table.columns)

    def made():
        return by_key(tables.read_rows(again, table.columns), table.key)

    provenance.code(table.run)  # as it is now, whatever is changed while the runs are made
    texts = {tuple(map(typed, key)): key for key in keys if key not in made()}
    in_processes(texts, run, store)
    return {key: made()[key] for key in keys}


def run_commands(table: Table, keys: list[Key], out: Path) -> dict[Key, list[dict]]:
    """Runs of which each is a command, one after the other. CourseError if one fails."""
    found = {}
    for key in keys:
        folder = out / table.run.split(":")[0] / "-".join(re.sub(r"\W+", "_", value) for value in key)
        again = folder / table.name
        forget_other_code(table, again)
        if not again.is_file():
            values = dict(zip(table.key, key, strict=True)) | {"out": str(folder)}
            command = [part.format(**values) for part in shlex.split(table.command)]
            if (folder / provenance.FILE).is_file():  # a whole run, of other code
                shutil.rmtree(folder)
            print(f"python -m {shlex.join(command)}", flush=True)
            if subprocess.run([sys.executable, "-m", *command]).returncode:
                raise CourseError(f"{table.name}: `python -m {shlex.join(command)}` failed.")
        found[key] = tables.read_rows(again, table.columns)
    return found


def typed(value: str) -> int | float | str:
    """A value of a key as a run takes it."""
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


# -- what comes back ---------------------------------------------------------------------------------------------------


def interval(values: list[float], tolerance: float) -> tuple[float, float]:
    """Where one more value of the kind is expected: 99 of 100 times if they are normal; or, of one value, around it."""
    centre, half = statistics.mean(values), 0.0
    if len(values) > 1:
        from scipy import stats

        t = stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)
        half = float(t) * statistics.stdev(values) * math.sqrt(1 + 1 / len(values))
    half = max(half, tolerance)
    return centre - half, centre + half


def unit(values: Iterable[str]) -> float:
    """One of the last digit that any of these numbers has; 1 for whole numbers."""
    finite = (Decimal(value).as_tuple().exponent for value in values if math.isfinite(float(value)))
    return 10.0 ** min([0, *map(int, finite)])


def judge(table: Table, key: Key, again: list[dict]) -> list[dict]:
    """A row of the report for each number of a run. CourseError if the run makes more or fewer than are stored.

    What is whole is counted, and has to be equal; else the tolerance is a share of the value, or two of its last digit.
    """
    new, group, report = key not in table.runs, key[:-1], []
    stored = [table.runs[*group, seed] for seed in (table.seeds(group) if new else [key[-1]])]
    if any(len(rows) != len(again) for rows in stored):
        raise CourseError(f"{table.name}: a run of {told(key)} made {len(again)} rows, stored are {len(stored[0])}.")
    for place, row in enumerate(again):
        for column in table.compared:
            values = [rows[place][column] for rows in stored if rows[place][column]]
            if not values or (new and len(values) < LEAST_SEEDS):
                continue
            if not row[column]:
                raise CourseError(f"{table.name}: a run of {told(key)} makes no {column}, which is stored.")
            digit = min(table.units[column], unit([row[column]]))
            numbers = [float(value) for value in values]
            centre, value = statistics.mean(numbers), float(row[column])
            tolerance = 0.0 if digit == 1 else max(table.tolerance * abs(centre), 2 * digit)
            how, limits = NEW_SEED if new else SAME_SEED, interval(numbers, tolerance)
            if not (new or within(value, limits)) and digit < 1 and table.is_of_other_code:
                others = [table.runs[*group, seed][place][column] for seed in table.seeds(group)]
                if len(numbers := [float(other) for other in others if other]) >= LEAST_SEEDS:
                    how, limits = OTHER_CODE, interval(numbers, tolerance)
            report.append({
                "table": table.name, "key": told((*group, f"row {place + 1}" if len(again) > 1 else "")),
                "seed": key[-1], "with": how, "column": column, "stored": f"{centre:.6g}", "again": f"{value:.6g}",
                "low": f"{limits[0]:.6g}", "high": f"{limits[1]:.6g}", "back": "yes" if within(value, limits) else "no",
            })  # fmt: skip
    return report


def within(value: float, limits: tuple[float, float]) -> bool:
    """Whether a value lies between two others, rounding apart."""
    rounding = 1e-9 * max(map(abs, limits))
    return limits[0] - rounding <= value <= limits[1] + rounding


def told(key: Key) -> str:
    """A key in words."""
    return ", ".join(filter(None, key))


# -- the command -------------------------------------------------------------------------------------------------------


def reproduce(
    names: list[str] | None, rows: int, everything: bool, seed: int, stored: Path, out: Path, report: Path
) -> None:
    """Draw, run, judge, tell. CourseError at the end if something did not come back."""
    check_counts(rows=rows)
    every, named = known(stored), bool(names)
    names = [name if name.endswith(".csv") else f"{name}.csv" for name in names or every]
    if unknown := [name for name in names if name not in every]:
        raise CourseError(f"--tables {unknown[0]}: expected some of {', '.join(every)}.")
    chosen = [every[name] for name in names if every[name].compare != []]
    if not (everything or named):
        long = [table.name for table in chosen if table.command]
        chosen = [table for table in chosen if not table.command]
        print(f"Not drawn, for each run takes minutes to an hour: {', '.join(long)}. Name them, or give --all.")
    drawn, judged, wrong = {}, [], []
    for table in chosen:
        try:
            drawn[table.name] = draw(table, None if everything else rows, seed)
            tell_origin(table)
        except CourseError as error:
            wrong.append(str(error))
    times = {
        (table.command or table.name, key): table.seconds_here() or 0.0
        for table in chosen
        for key in drawn.get(table.name, [])
    }
    print(f"{len(times)} runs, about {machine.told(sum(times.values()))} here ({machine.told_machine()}), "
          f"less what is kept in {out}.\n", flush=True)  # fmt: skip
    for table in chosen:
        if table.name not in drawn:
            continue
        try:
            again = run_again(table, drawn[table.name], out)
            found = [line for key, own in again.items() for line in judge(table, key, own)]
        except CourseError as error:
            wrong.append(str(error))
            continue
        tables.print_table([table.name, *COLUMNS[2:]], [list(line.values())[1:] for line in found])
        print(flush=True)
        judged += found
        tables.upsert(report, found, ["table"], COLUMNS)
        provenance.record(report, "tools.reproduce:reproduce", len(found))
    tell_seeds(chosen)
    tell_sum(judged, report, wrong)


def tell_origin(table: Table) -> None:
    """Print what made a table, and whether that code is still what it was."""
    lines = provenance.lines_of(table.path)
    as_now = sum(int(line["rows"]) for line in lines if line["code"] == provenance.code(table.run))
    total, dates = sum(int(line["rows"]) for line in lines), sorted(line["date"] for line in lines)
    when = f"made by {dates[-1]}" if dates else "nothing is recorded of what made it"
    print(f"{table.name}: {when}; {as_now} of {total} rows by the code as it is now.", flush=True)


def tell_seeds(chosen: list[Table]) -> None:
    """Print which keys have too few seeds for an interval."""
    for table in chosen:
        groups = dict.fromkeys(key[:-1] for key in table.runs)
        if few := [group for group in groups if len(table.seeds(group)) < LEAST_SEEDS]:
            print(f"{table.name}: fewer than {LEAST_SEEDS} seeds, so no interval for a new one, have {len(few)} of "
                  f"{len(groups)} keys{f', such as {told(few[0])}' if few[0] else ''}.")  # fmt: skip


def tell_sum(judged: list[dict], report: Path, wrong: list[str]) -> None:
    """Print how much came back. CourseError if not all did."""
    for how in (SAME_SEED, OTHER_CODE, NEW_SEED):
        own = [line for line in judged if line["with"] == how]
        if how == OTHER_CODE and not own:
            continue
        back = sum(line["back"] == "yes" for line in own)
        chance = f"; by chance alone about {0.01 * len(own):.1f} would not" if how == NEW_SEED else ""
        print(f"With {how}, {back} of {len(own)} numbers came back{chance}.")
    print(f"The report: {report}")
    wrong += [
        f"{line['table']}: {told((line['key'], 'seed ' + line['seed']))}: {line['column']} is {line['again']}, "
        f"expected {line['low']} to {line['high']}."
        for line in judged
        if line["back"] == "no"
    ]
    if wrong:
        raise CourseError("\n".join(wrong))


def main(arguments=None) -> int:
    """The command line."""
    line = CommandLine(__doc__, reproduce)
    line.option("--tables", nargs="+", metavar="TABLE", dest="names", help="default: all whose runs are short")
    line.option("--rows", type=int, default=2, help="how many rows of a table are drawn")
    line.option("--all", action="store_true", dest="everything", help="every row of every table")
    line.option("--seed", type=int, default=0, help="another seed draws other rows")
    line.option("--stored", type=Path, default=results.FOLDERS[0], metavar="FOLDER", help="tables and tables.toml")
    line.out(Path("work/reproduce"), "what was run again")
    line.option("--report", type=Path, default=REPORT, metavar="PATH", help="the table to write")
    return line.run(arguments)


if __name__ == "__main__":
    sys.exit(main())

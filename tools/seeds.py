"""`make seeds`: run every lesson under five seeds; store each claim's worst margin in benchmarks/claims.csv."""

import argparse
import json
import statistics
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from course_lib import machine
from tools.build import ROOT, cells, edition, environment, execute
from tools.lesson_rows import chosen, update

RESULT = ROOT / "benchmarks" / "claims.csv"
COLUMNS = ["lesson", "claim", "kind", "seeds", "relation", "bound", "worst", "median", "margin", "spread"]


def run(name: str, seed: int, folder: Path) -> list[dict]:
    """The claims of one lesson under one seed, broken ones among them; any other error stops everything."""
    record = folder / f"{name}-{seed}.jsonl"
    record.touch()
    env = environment(1) | {"COURSE_SEED": str(seed), "COURSE_CLAIMS": str(record)}
    notebook = execute(edition(cells(name), "solutions"), env, allow_errors=True)
    outputs = [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]
    for error in (o for o in outputs if o.output_type == "error"):
        print(f"{name}, seed {seed}: {error.ename}: {error.evalue}", file=sys.stderr, flush=True)
        if error.ename != "ClaimBroken":
            raise SystemExit(f"{name} stopped under seed {seed}; mend that first.")
    return [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]


def summary(name: str, runs: list[list[dict]]) -> list[dict]:
    """One row a claim. margin: the worst seed's room before the bound, as a share of it. spread: max - min."""
    rows = []
    by_claim = {}
    for found in (c for claims in runs for c in claims):
        by_claim.setdefault(found["claim"], []).append(found)
    for same in by_claim.values():
        first = same[0]
        row = {"lesson": name, "claim": first["claim"], "kind": first["kind"], "seeds": sum(c["holds"] for c in same)}
        if "value" in first:
            values = [c["value"] for c in same]
            worst = min(same, key=lambda c: c["margin"])
            row |= {"relation": first["relation"], "bound": f"{worst['bound']:.6g}", "worst": f"{worst['value']:.6g}"}
            row |= {"median": f"{statistics.median(values):.6g}", "margin": f"{worst['margin']:.4f}"}
            row["spread"] = f"{max(values) - min(values):.3g}"
        rows.append(row)
    return rows


def main() -> int:
    """Run the chosen lessons, keep the other lessons' rows."""
    parser = argparse.ArgumentParser("python -m tools.seeds", description=__doc__)
    parser.add_argument("lessons", nargs="*", help="such as 01; default: all")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    names, broken = chosen(options.lessons), 0
    seconds = machine.lesson_seconds_here(names, 2) * options.seeds
    print(f"{len(names)} lessons, {options.seeds} seeds{machine.about_seconds(seconds)}.", flush=True)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        jobs = {n: [pool.submit(run, n, seed, Path(folder)) for seed in range(options.seeds)] for n in names}
        for name, runs in jobs.items():
            rows = summary(name, [job.result() for job in runs])
            update(RESULT, COLUMNS, [name], rows)  # now: what another lesson does takes nothing away
            broken += any(row["seeds"] < options.seeds for row in rows)
            print(f"{name}: {len(runs)} seeds", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

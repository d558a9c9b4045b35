"""How good the captions of a split are, for several widths of the beam; kept with the run, and in the tables."""

import contextlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from course_lib import metrics, tables
from course_lib.datasets.captions import read_folder
from course_lib.datasets.fetch import fetch
from course_lib.files import write_atomically
from experiments.captioning.data import Data
from experiments.captioning.model import Trained, load, member_folder
from experiments.captioning.recipe import PROCESSES, Recipe
from experiments.common import provenance

BEAMS = 1, 3, 5, 7
COLUMNS = ["split", "beam", "BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "CIDEr"]  # printed


def judge(recipe: Recipe, split: str, data: Path | None, features: Path, out: Path, results: Path | None) -> None:
    """Judge a trained captioner on a split. data: a folder with photographs and captions; default: Flickr8k."""
    trained = load(recipe, out)
    given = Data(read_folder(data or fetch("flickr8k")), trained.recipe, features, (split,))
    trained.check(given.extractor)
    for problem in given.problems:
        print(problem)
    judge_run(trained, given, split, out, results or out / "flickr8k.csv")


def judge_run(trained: Trained, data: Data, split: str, out: Path, results: Path) -> None:
    """Rows for the tables, made once for a run, in the place of older ones of it; and the members' learning curves."""
    recipe, states = trained.recipe, trained.states
    file = member_folder(out, recipe, 0) / f"judged-{split}.json"
    made_by = [data.digest, recipe.alpha, *([state["step"], state["seconds"]] for state in states)]
    kept = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {"made_by": None}
    if kept["made_by"] != made_by:
        kept = {"made_by": made_by, "rows": judge_split(trained, data, split)}
        with contextlib.suppress(OSError):  # it only saves time
            write_atomically(file, json.dumps(kept))
    own = {"conditioning": recipe.conditioning, "attention": recipe.attention, "seed": recipe.seed}
    processes = side_by_side(states)
    head = own | {
        "members": recipe.members, "features_seconds": round(states[0]["features_seconds"], 1),
        "train_seconds": round(max(sum(state["seconds"] for state in one) for one in processes), 1),
        "train_memory_gb": round(sum(max(state["memory_gb"] for state in one) for one in processes), 2),
    }  # fmt: skip
    curves = [own | {"member": i} | point for i, state in enumerate(states) for point in state["curve"]]
    run = "attention", "conditioning", "seed"
    rows, code = [head | row for row in kept["rows"]], "experiments.captioning.train:train"
    provenance.store(results, rows, [*run, "split"], code, order=tables.by_columns(*run, "split", "beam"))
    curve = results.with_name(f"{results.stem}_curve.csv")
    provenance.store(curve, curves, run, code, order=tables.by_columns(*run, "member", "step"))
    print(f"{results}: written.")
    tables.print_table(COLUMNS, ([row[name] for name in COLUMNS] for row in kept["rows"]))


def judge_split(trained: Trained, data: Data, split: str) -> list[dict]:
    """One row for each width of the beam: BLEU-1 to 4 with and without brevity penalty, CIDEr."""
    from course_lib.decoding import CaptionGenerator

    generate, references = CaptionGenerator(trained.model, trained.vocabulary), data.words[split]
    vectors, rows = np.asarray(data.features[data.places[split]]), []
    for beam in BEAMS:
        begun = time.monotonic()
        with ThreadPoolExecutor(PROCESSES) as pool:  # a search leaves a core idle; two, one for each half, do not
            search = partial(generate, beam=beam, alpha=trained.recipe.alpha)
            hypotheses = [best.words for part in pool.map(search, np.array_split(vectors, PROCESSES)) for best in part]
        seconds = time.monotonic() - begun
        scores = metrics.caption_bleu(hypotheses, references)
        penalty = scores.pop("penalty")
        row = {"split": split, "pictures": len(hypotheses), "beam": beam}
        row |= {name: round(score, 2) for name, score in scores.items()}
        row |= {"penalty": round(penalty, 3), "CIDEr": round(metrics.cider(hypotheses, references), 3)}
        rows.append(row | {"different": len(set(map(tuple, hypotheses))), "search_seconds": round(seconds, 1)})
    return rows


def side_by_side(states: list[dict]) -> list[list[dict]]:
    """The members that each process trained: the next one went to whichever was free."""
    processes = [[] for _ in range(states[0].get("processes", min(PROCESSES, len(states))))]
    for state in states:
        min(processes, key=lambda one: sum(other["seconds"] for other in one)).append(state)
    return processes

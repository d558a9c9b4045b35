"""Caption photographs: Flickr8k, or any set in the layout of Flickr8k, Flickr30k or COCO.

    python -m experiments.flickr8k train                       features, then a captioner: less than ten minutes
    python -m experiments.flickr8k train --seed 1 --conditioning "every input"   the picture read again at each word
    python -m experiments.flickr8k train --data my_folder --out my_run
    python -m experiments.flickr8k judge --split test          BLEU and CIDEr on any split whose photographs are there
    python -m experiments.flickr8k caption holiday.jpg cat.png any photographs
    python -m experiments.flickr8k train --attention after     with regions to look at
    python -m experiments.flickr8k caption holiday.jpg --attention after --maps my_folder   and where it looked

Vectors of the photographs come from MobileNetV2 (ImageNet; Sandler et al. 2018) and are kept in the cache: the next run
starts with training. A run goes on after an interruption, even a kill: give the same command again. What was chosen for
the recipe was chosen on the dev split.
"""

import sys
from pathlib import Path

from course_lib.datasets.fetch import cache_folder
from experiments.captioning.caption import caption
from experiments.captioning.judge import judge
from experiments.captioning.recipe import Recipe, read
from experiments.captioning.train import train
from experiments.common.command_line import CommandLine

OUT = Path("work/flickr8k")


def main(arguments=None) -> int:
    """The command line. Returns 0, or 1 with one sentence about what to mend."""
    line = CommandLine(__doc__)
    trains, judges, says = (line.command(does.__name__, does) for does in (train, judge, caption))
    for command in (trains, judges, says):
        command.recipe(
            Recipe, read, conditioning="where the picture enters",
            attention="regions are looked at: after, before or hard",
        )  # fmt: skip
        command.out(OUT, "folder of the runs")
    for command in (trains, judges):
        command.option(
            "--data",
            type=Path,
            help="a folder with photographs and captions, or the file of captions in it; default: Flickr8k",
        )
        command.option("--features", type=Path, default=cache_folder() / "features", help="folder of the vectors")
    trains.results(help="the table to write; default: the stored one for the runs that it holds, else one below --out")
    judges.results(help="the table to write; default: one below --out")
    trains.restart()
    judges.option("--split", default="dev")
    says.option("photos", type=Path, nargs="+")
    says.option("--beam", type=int, default=5)
    says.option("--maps", type=Path, help="a folder for pictures of where it looked")
    return line.run(arguments)


if __name__ == "__main__":
    sys.exit(main())

"""Translate, with and without attention: Tatoeba English-Spanish, or any file of tab-separated pairs.

    python -m experiments.translate train                      both networks, one beside the other: about 50 minutes
    python -m experiments.translate train --pairs my.tsv --out my_run
    python -m experiments.translate say "Where is my book?" "I like it." --picture alignment.png
    python -m experiments.translate file english.txt spanish.txt --beam 5

Each network trains in a process and a folder of its own below --out, and goes on there after an interruption, even a
kill: give the same command again. Pairs are split by source: none is in two parts. BLEU is sacrebleu's, against all
translations that the test part has of a sentence.
"""

import sys
from pathlib import Path

from experiments.common.command_line import CommandLine
from experiments.translation.recipe import NETWORKS, Recipe
from experiments.translation.say import say, translate_file
from experiments.translation.train import train

OUT = Path("work/translate")


def main(arguments=None) -> int:
    """The command line. Returns 0, or 1 with one sentence about what to mend."""
    line = CommandLine(__doc__)
    trains = line.command("train", train)
    trains.option("--pairs", type=Path, help="a file with a pair a line, a tab between; default: Tatoeba")
    trains.recipe(Recipe)
    trains.results(help="the table to write; default: the stored one for the run that it holds, else one below --out")
    trains.restart()
    says = line.command("say", say)
    says.option("sentences", nargs="+")
    says.option("--picture", type=Path, help="a file for a picture of where it looked, of the first sentence")
    reads = line.command("file", translate_file)
    reads.option("source", type=Path)
    reads.option("target", type=Path)
    for command in (trains, says, reads):
        command.out(OUT)
    for command in (says, reads):
        command.option("--beam", type=int, default=5)
        command.option("--network", choices=NETWORKS, default="attention")
    return line.run(arguments)


if __name__ == "__main__":
    sys.exit(main())

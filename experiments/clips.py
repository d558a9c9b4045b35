"""Name what a film clip shows, from examples: UCF101, or folders of your own clips, one for each class.

    python -m experiments.clips train FOLDER                   frames to vectors, settings chosen, then the networks
    python -m experiments.clips judge FOLDER                   accuracy on clips of other films, beside its rivals
    python -m experiments.clips name holiday.mp4 my_folder     any clips: probable classes, and the frames that decided

Rate, updates, and whether vectors are read whole or less their mean over the clip are chosen on films held out of the
training list. 500 clips of lesson 11's world (`write_folder` of `GestureWorld()`, five movements and their opposites,
358 to train on, 142 to judge): the LSTM names .76 rightly (standard error by films .04), a set of the same vectors .49,
one frame .28, who says the commonest .13; 6 minutes of one core. A set cannot know which of two opposites it sees.

UCF101's three lists, 13,320 clips, in Donahue et al. 2015, table 1: one frame .674, LSTM .682 (with optical flow beside
the pictures, weighted 1 to 2: .789 and .823). With this command: not run; whoever has the set gives its folder.
"""

import sys
from pathlib import Path

from course_lib.datasets.fetch import cache_folder
from experiments.common.command_line import CommandLine
from experiments.watching.judge import judge
from experiments.watching.name import name
from experiments.watching.recipe import PRETRAINED, READERS, Recipe, read
from experiments.watching.train import train

OUT = Path("work/clips")


def main(arguments=None) -> int:
    """The command line. Returns 0, or 1 with one sentence about what to mend."""
    line = CommandLine(__doc__)
    trains, judges, names = (line.command(does.__name__, does) for does in (train, judge, name))
    trains.recipe(
        Recipe, read, cnn=f"what frames are made into: {', '.join(PRETRAINED)}, or frame_cnn, trained with its reader",
        reader=f"what reads the frames: {', '.join(READERS)}",
    )  # fmt: skip
    for command, purpose in ((trains, "train on"), (judges, "judge")):
        command.option("folder", type=Path, metavar="FOLDER", help="a folder with a folder of clips for each class")
        command.option(
            "--list",
            dest="listed",
            metavar="LIST",
            help=f"the list of clips to {purpose}, such as trainlist01.txt; default: its own",
        )
        command.option("--features", type=Path, default=cache_folder() / "features", help="folder of the vectors")
    names.option("files", type=Path, nargs="+", metavar="FILE_OR_FOLDER")
    for command in (judges, names):
        command.option("--reader", default="lstm", choices=READERS, help="which of those that were trained")
    for command in (trains, judges, names):
        command.out(OUT, "folder of the runs")
    trains.option("--alone", action="store_true", help="without the rivals, set and frame")
    trains.restart()
    return line.run(arguments)


if __name__ == "__main__":
    sys.exit(main())

"""python -m course_lib doctor | progress | data | fetch NAME"""

import sys

if __name__ == "__main__":  # a file in this folder that is named like a module hides none while the doctor looks
    sys.path.append(sys.path.pop(0))

import argparse

from course_lib.console import print_utf8
from course_lib.installation import python_complaint


def list_data():
    """Print the public data sets: size, licence, and where the file is on this machine. CourseError as `find`."""
    from course_lib.datasets import REGISTRY
    from course_lib.datasets.fetch import find

    for entry in REGISTRY.values():
        place = find(entry.name)
        print(f"{entry.name:12}  {entry.bytes / 1e6:6.1f} MB  {entry.title} ({entry.licence})")
        print(f"{'':12}  {place or 'not here yet: python -m course_lib fetch ' + entry.name}")
    print("Any UTF-8 text file of yours: python -m experiments.language_model --text FILE")


def main(arguments=None):
    """The command line. Returns 0 if all is well, 1 if something is to be mended."""
    parser = argparse.ArgumentParser(prog="python -m course_lib")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="check this machine and say how to mend what is wrong")
    commands.add_parser("progress", help="say which exercises in work/ are solved, tried, untouched")
    commands.add_parser("data", help="list the public data sets")
    commands.add_parser("fetch", help="download a public data set").add_argument("name")
    options = parser.parse_args(arguments)
    from course_lib.errors import CourseError

    try:
        if options.command == "doctor":
            from course_lib.doctor import doctor

            return 0 if doctor() else 1
        if options.command == "progress":
            from course_lib import progress

            print(progress.read())
        elif options.command == "data":
            list_data()
        else:
            from course_lib.datasets.fetch import fetch

            print(fetch(options.name))
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    except ImportError as error:
        print(f"{error}: run `make lab`, then .venv/bin/python -m course_lib.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    if python_complaint(sys.version_info):
        sys.exit(python_complaint(sys.version_info))
    print_utf8()
    sys.exit(main())

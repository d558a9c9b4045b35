"""Say in one sentence if this Python cannot run the course. Runs on any Python 3, so it uses nothing new."""

import sys

OLDEST, NEWEST = (3, 11), (3, 13)


def complaint(version):
    """What is wrong with a Python version (major, minor), or None."""
    if OLDEST <= tuple(version[:2]) <= NEWEST:
        return None
    return (
        "The course needs Python {}.{} to {}.{}, this is {}.{}. Install one of them and run: make PYTHON=python3.12 lab"
    ).format(*(OLDEST + NEWEST + tuple(version[:2])))


if __name__ == "__main__":
    sys.exit(complaint(sys.version_info))

"""The checks of the lessons' exercises, a module a lesson: each names the likely mistake.

`from course_lib.exercises import lesson_01` puts `checks.guard` around each check of that module, so whatever a student
hands in is answered by one sentence, also where the author of a check did not think of it.
"""

import importlib
from types import ModuleType

from course_lib.checks import guard


def __getattr__(name: str) -> ModuleType:
    """A lesson's checks, guarded."""
    if not name.startswith("lesson_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{name}")
    for each, check in vars(module).copy().items():
        if each.startswith("check_"):
            setattr(module, each, guard(check))
    return module

"""Keras on TensorFlow, imported without TensorFlow's log lines, with threads and memory for small recurrent networks.

`from course_lib.backend import keras`.

The lines come from C++ straight to file descriptor 2, where neither Python nor a notebook can hold them back.
"""

import asyncio
import contextlib
import ctypes
import os
import sys
import sysconfig
from pathlib import Path

from course_lib import installation
from course_lib.errors import CourseError
from course_lib.installation import KERAS, odd_variables


@contextlib.contextmanager
def _descriptor_2_closed():
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _keep_memory():
    """Keep what large arrays leave behind for the next ones (glibc; elsewhere nothing changes).

    By itself, malloc asks the system for each large array and gives it back behind it, and the system writes zeros into
    every page: a fifth of the time of training the captioners, two fifths of that of MobileNetV2.
    `_give_back_when_idle` does that where there is time.
    """
    mapped, trim, more = -4, -1, -2  # malloc.h: M_MMAP_MAX, M_TRIM_THRESHOLD, M_TOP_PAD
    with contextlib.suppress(OSError, AttributeError):
        malloc = ctypes.CDLL("libc.so.6").mallopt
        for what, value in ((mapped, 0), (trim, 2**31 - 1), (more, 2**26)):
            malloc(what, value)


IDLE = 2.0  # seconds without a cell to run


def _give_back_when_idle(shell):
    """Have a notebook's kernel give back what its cells left behind, once it has been idle for a while (glibc)."""
    try:
        trim = ctypes.CDLL("libc.so.6").malloc_trim
    except (OSError, AttributeError):
        return
    waiting = []

    def stop(_):
        while waiting:
            waiting.pop().cancel()

    def begin(_):
        with contextlib.suppress(RuntimeError):  # in a terminal nothing runs between two inputs
            waiting.append(asyncio.get_running_loop().call_later(IDLE, trim, 0))

    shell.events.register("pre_run_cell", stop)
    shell.events.register("post_run_cell", begin)


def _mistake(error):
    """What a person did that keeps Keras from being imported, and what to do; None if it is nothing that is known."""
    if hidden := installation.hiding_complaint(Path(sys.path[0]).absolute(), sysconfig.get_path("purelib")):
        return f"Keras cannot be imported: {hidden}. Give it another name."
    if isinstance(error, (ImportError, ValueError)) and KERAS["backend"] != BACKEND:
        return f"Keras cannot be imported on COURSE_BACKEND={BACKEND} ({error}): unset that variable."
    file = installation.keras_file()
    if isinstance(error, (AttributeError, OSError, ValueError)) and file.exists():
        return f"Keras cannot be imported ({error}). It reads {file}: move that file away."
    return None


BACKEND = installation.backend()
for _name in odd_variables():
    del os.environ[_name]
if "keras" in sys.modules or "tensorflow" in sys.modules:
    import keras
else:
    os.environ["KERAS_BACKEND"] = BACKEND
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Small recurrent networks: two operations side by side, on a core each, hand over less than one operation
    # on both. A training step of lesson 04 takes three quarters of the time.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "2")
    _keep_memory()
    if "IPython" in sys.modules and (_shell := sys.modules["IPython"].get_ipython()):
        _give_back_when_idle(_shell)
    with _descriptor_2_closed():
        try:
            import keras
            import tensorflow as tf

            tf.zeros(1).numpy()  # the first operation logs, too
            for _name in ("floatx", "image_data_format", "epsilon"):
                getattr(keras.config, f"set_{_name}")(KERAS[_name])
        except Exception as error:
            if told := _mistake(error):
                raise CourseError(told) from None
            raise
if keras.config.backend() != BACKEND:
    raise CourseError(f"Keras runs on {keras.config.backend()}, not {BACKEND}: import course_lib.backend before it.")

__all__ = ["keras"]

"""An executor for a cluster: Keras Tuner's chief hands the next run to whichever worker is free."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.files import write_atomically


def through_keras_tuner(
    folder: Path, keys: Sequence[tuple], run: Callable[..., Any], store: Callable[[tuple, Any], None]
) -> None:
    """Be the chief or a worker, as KERASTUNER_TUNER_ID says, until all runs are made; each worker stores what it made.

    folder: one that all machines share. The chief and any worker may be stopped, even killed, and started again.
    """
    me = os.environ.get("KERASTUNER_TUNER_ID")
    if not (me and {"KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT"} <= set(os.environ)):
        raise CourseError(
            "--cluster: set KERASTUNER_ORACLE_IP, KERASTUNER_ORACLE_PORT and KERASTUNER_TUNER_ID (chief, worker0, …)."
        )
    try:
        import keras_tuner
        from keras_tuner.engine.base_tuner import BaseTuner
    except ImportError:
        raise CourseError("--cluster needs Keras Tuner: pip install keras-tuner.") from None

    class InOrder(keras_tuner.Oracle):
        """Hands out the numbers of the runs. (Keras Tuner's own grid knows the next when another has ended.)"""

        def populate_space(self, trial_id):
            if len(self.start_order) >= len(keys):
                return {"status": "STOPPED", "values": None}
            return {"status": "RUNNING", "values": {"run": len(self.start_order)}}

        def save(self):
            """As a whole or not at all, so that the chief may be killed, too."""
            write_atomically(Path(self._get_oracle_fname()), json.dumps(self.get_state()))

    class Worker(BaseTuner):
        """Makes the runs it is given, and stores each before it says that it is done."""

        def run_trial(self, trial):
            key = keys[trial.hyperparameters.values["run"]]
            store(key, run(*key))
            return {"done": 1}

        def save(self):
            """Only the chief has something to keep; a killed worker would leave half a file."""
            if me == "chief":
                super().save()

    space = keras_tuner.HyperParameters()
    space.Choice("run", list(range(len(keys))))
    oracle = InOrder(keras_tuner.Objective("done", "max"), hyperparameters=space, allow_new_entries=False)
    Worker(oracle, directory=str(folder), project_name="keras_tuner").search()

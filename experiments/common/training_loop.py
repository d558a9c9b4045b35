"""One training: in stretches, judged between them, saved as it goes; after a kill it goes on where it stood."""

import time
from collections.abc import Callable, Iterator, Sequence

from course_lib.checkpoint import Checkpoint, stoppable
from course_lib.errors import CourseError

SAVE_EVERY_S = 30.0  # what a kill can cost


class TrainingLoop:
    """A training whose state is a Checkpoint's: its step, its seconds, its curve, and whether it is `done`.

    clock: what tells the seconds; a test hands in its own. begun: when it started on that clock; default: now.
    """

    def __init__(self, checkpoint: Checkpoint, clock: Callable[[], float] = time.monotonic, begun: float | None = None):
        self.checkpoint, self.state, self.clock = checkpoint, checkpoint.state, clock
        if "model" in self.state and "stops" not in self.state:
            raise CourseError(f"{checkpoint.folder} holds a run of an earlier version: begin anew with --restart.")
        new = {"step": 0, "seconds": 0.0, "curve": [], "stops": 0, "losses": [0.0, 0], "done": False}
        for name, value in new.items():
            self.state.setdefault(name, value)
        self._before_s = self.state["seconds"] - (clock() if begun is None else begun)

    @property
    def seconds(self) -> float:
        """Since it began, what it judged and saved included; not what passed while it was interrupted."""
        return self.clock() + self._before_s

    def save(self, model) -> None:
        """Keep the model and the state, whole or not at all."""
        self.state["seconds"] = self.seconds
        self.checkpoint.save(model)
        self._saved_s = self.clock()

    def run(
        self,
        model,
        batches: Iterator,
        stops: Sequence[float],
        judge: Callable[[float, float | None], dict | None],
        position: Callable[[], float] | None = None,
        before_step: Callable[[], None] | None = None,
        trained=None,
        name: str = "training",
    ) -> None:
        """Train to each of `stops` in turn, the last one is the end; what an earlier process has done is not repeated.

        stops: numbers of steps, or of what `position()` says (a share of a budget, seconds). judge(stop, loss) -> what
        joins step and seconds as a point of the curve, or None for no point; loss: the mean since the last point.
        batches: those from step `state["step"]` on. before_step: called before each step, to set a learning rate.
        trained: a twin that shares the model's weights and its optimizer. After Ctrl-C, KeyboardInterrupt comes between
        two steps.
        """
        from course_lib import training

        position = position or (lambda: self.state["step"])
        self._saved_s = self.clock()

        def stretch(stop):
            """The batches up to a stop, or until it is time to save."""
            while position() < stop and self.clock() < self._saved_s + SAVE_EVERY_S:
                batch = next(batches)
                if before_step:
                    before_step()
                self.state["step"] += 1
                yield batch

        with stoppable(batches) as batches:
            for stop in stops[self.state["stops"] :]:
                while position() < stop:
                    losses = training.fit(trained or model, stretch(stop), None, name, every=1)
                    total, count = self.state["losses"]
                    self.state["losses"] = [total + float(losses.sum()), count + len(losses)]
                    if position() < stop:
                        self.save(model)
                total, count = self.state["losses"]
                point = {"step": self.state["step"], "seconds": round(self.seconds, 1)}
                judged = judge(stop, total / count if count else None)
                if judged is not None:
                    self.state["curve"].append(point | judged)
                    self.state["losses"] = [0.0, 0]
                self.state["stops"] += 1
                self.state["done"] = self.state["stops"] == len(stops)
                self.save(model)


def evenly(steps: int, parts: int) -> list[int]:
    """The stops of a training of so many steps, about `parts` of them at equal distances, the last at its end."""
    return [*range(max(steps // parts, 1), steps, max(steps // parts, 1)), steps]

"""One kind of error for a user's mistake: a sentence that says what was expected, what came, and what to do."""


class CourseError(Exception):
    """A mistake the reader can mend. Its message is one sentence (or a short list); no traceback is needed."""

    def _render_traceback_(self) -> list[str]:
        # IPython calls this instead of printing a traceback, so a stored error is the same on every machine.
        return [f"{type(self).__name__}: {self}"]

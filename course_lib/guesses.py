"""Guesses: a number is typed before a cell shows what was measured, and is answered. None is kept.

    guess = ask("share right, bias 1", "share right, bias 3")      fields to type into, under the cell
    ...
    guess.answer(one, three, because="…")                          how far off each was, and why

Where nobody types (nbval, a build, a page on the web), `answer` shows what was measured.
"""

import IPython.display
import ipywidgets


class Guess:
    """Questions with a field each: `answer` compares what was typed."""

    def __init__(self, *questions: str):
        wide = {"description_width": "initial"}
        self.questions = questions
        self.fields = [
            ipywidgets.Text(description=f"{question}:", placeholder="a number", style=wide, layout={"width": "520px"})
            for question in questions
        ]

    def answer(self, *values: float, because: str) -> None:
        """Say of each question what was measured and how far off the guess was, then why. ValueError: not as many."""
        for question, field, value in zip(self.questions, self.fields, values, strict=True):
            try:
                off = f"; you said {field.value}, {abs(float(field.value) - value):.3g} off"
            except ValueError:
                off = ""
            print(f"{question}: {value:.3g}{off}")
        print(because)


def ask(*questions: str) -> Guess:
    """Show a field for each question."""
    guess = Guess(*questions)
    IPython.display.display(ipywidgets.VBox(guess.fields))
    return guess

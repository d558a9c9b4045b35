"""Guesses: a number is typed before a cell shows what was measured, and is answered. None is kept.

    guess = ask("share right with bias 1", "share right with bias 3")      a field for each, under the cell
    ...
    guess.answer(one, three, because="…")                                  what was measured, how far off, and why

Where nobody types (nbval, a build, a page on the web), `answer` shows what was measured. Who types a number after that
gets the answer then.
"""

import html
import math
import re

import IPython.display
import ipywidgets

WIDGET = "application/vnd.jupyter.widget-view+json"
NEAR = 0.02  # a guess that is no further off, as a share of what was measured, is right
LARGE = 10  # above it, how far off is a factor: 100 instead of 1,300 is far, 1,200 is not


class Guess:
    """Questions with a field each: `answer` compares what was typed."""

    def __init__(self, *questions: str):
        self.questions = questions
        self.fields = [
            ipywidgets.Text(
                placeholder="your guess, a number", tooltip=question, continuous_update=False, layout={"width": "200px"}
            )
            for question in questions
        ]
        rows = [part for q, field in zip(questions, self.fields, strict=True)
                for part in (ipywidgets.HTML(html.escape(q)), field)]  # fmt: skip
        self.box = ipywidgets.VBox(rows, layout={"max_width": "100%"})

    def __str__(self) -> str:
        """What stands where nobody can type."""
        return "\n".join(f"Your guess, before you read on: {question}?" for question in self.questions)

    def answer(self, *values: float, because: str) -> None:
        """Say of each question what was measured and how far off the guess was, then why. ValueError: not as many."""
        pairs = list(zip(self.questions, values, self.fields, strict=True))

        def text() -> str:
            return "\n".join([*(reply(question, value, field.value) for question, value, field in pairs), because])

        def bundle() -> dict[str, str]:
            return {"text/plain": text(), "text/html": html.escape(text()).replace("\n", "<br>")}

        shown = IPython.display.display(bundle(), raw=True, display_id=True)
        for field in self.fields:
            field.unobserve_all("value")  # the cell may have been run before
            if shown:
                field.observe(lambda _: shown.update(bundle(), raw=True), "value")


def ask(*questions: str) -> Guess:
    """Show a field for each question."""
    guess = Guess(*questions)
    view = guess.box._repr_mimebundle_() or {}
    IPython.display.display({"text/plain": str(guess)} | {k: v for k, v in view.items() if k == WIDGET}, raw=True)
    return guess


def reply(question: str, value: float, typed: str) -> str:
    """One line: what was measured and, if a number was typed, how far off it was, in plain words."""
    found = f"{question}: {spoken(value)}"
    if not typed.strip():
        return f"{found}."
    percent = bool(re.search(r"%|per ?cent", question))
    try:
        guess = number(typed, percent, share="share" in question)
    except ValueError as error:
        return f"{found}. Your guess {error}."
    said = typed.strip() if _is_plain(typed, guess) else f"{typed.strip()}, read as {spoken(guess)}"
    return f"{found}. You said {said}: {distance(guess, value, factors=not percent)}."


def number(typed: str, percent: bool = False, share: bool = False) -> float:
    """A number as a person writes it: .13, 0,13, 13 %, 1,300, 1/8, about 40 words. ValueError, with a reason, if none.

    percent: what is asked for is counted in per cent, so the sign changes nothing. share: it lies from 0 to 1, so that
    13 means 13 %.
    """
    text = typed.strip().lower().replace("−", "-").replace("–", "-").replace("\u202f", " ").replace("\xa0", " ")
    text = re.sub(r"(?<=\d)[ '’_](?=\d{3}(?!\d))", "", text)  # 1 300, 1'300
    found = re.findall(r"(?<![\d.,/])-?(?:\d[\d.,]*|[.,]\d+)(?:e[-+]?\d+)?(?:\s*/\s*\d+)?", text)
    if len(found) != 1:
        raise ValueError(
            "has more than one number: say one" if found else f"{typed.strip()[:30]!r} has no number, such as 0.4"
        )
    (digits,) = found
    rest = text.replace(digits, " ", 1)
    if re.search(r"[\d/*^=]|[a-z]\d", rest) or len(rest.split()) > 3:
        raise ValueError(f"{typed.strip()[:30]!r} is no number, such as 0.4")
    top, _, bottom = digits.partition("/")
    try:
        result = float(_point(top.strip()))
        result = result / float(bottom) if bottom else result
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{typed.strip()[:30]!r} is no number, such as 0.4") from None
    if not math.isfinite(result):
        raise ValueError(f"{typed.strip()[:30]!r} is no number, such as 0.4")
    has_sign = bool(re.search(r"%|per ?cent", rest))
    if (has_sign and not percent) or (share and not has_sign and 1 < result <= 100):
        return result / 100
    return result


def _point(digits: str) -> str:
    """Digits with one decimal point and no marks of thousands."""
    digits, end = re.fullmatch(r"(.*?)((?:e[-+]?\d+)?)", digits.rstrip(".,")).groups()  # type: ignore[union-attr]
    last = max(digits.rfind("."), digits.rfind(","))
    other = {".": ",", ",": "."}.get(digits[last], "")
    if last < 0:
        return digits + end
    mark, before, after = digits[last], digits[:last], digits[last + 1 :]
    groups = r"-?[1-9]\d{0,2}"  # what stands before a mark of thousands: no zero in front
    if other in before and other:  # 1,300.5 and 1.300,5: the last is the point
        whole = re.fullmatch(rf"{groups}(?:\{other}\d{{3}})+", before)
        return f"{before.replace(other, '')}.{after}{end}" if whole else "none"
    if mark in before or (mark == "," and re.fullmatch(groups, before) and len(after) == 3):
        whole = re.fullmatch(rf"{groups}(?:\{mark}\d{{3}})+", digits)
        return digits.replace(mark, "") + end if whole else "none"
    return f"{before}.{after}{end}"


def _is_plain(typed: str, guess: float) -> bool:
    """Whether what was typed is the number itself, so that it need not be said how it was read."""
    try:
        return float(typed) == guess
    except ValueError:
        return typed.strip() in (spoken(guess), f"{100 * guess:g} %", f"{100 * guess:g}%")


def distance(guess: float, value: float, factors: bool = True) -> str:
    """How far off a guess is: by a factor where a large number was measured, by a difference elsewhere."""
    gap = guess - value
    if abs(gap) <= NEAR * abs(value) or spoken(guess) == spoken(value):
        return "right"
    way = "too high" if gap > 0 else "too low"
    if factors and abs(value) > LARGE and guess * value > 0:
        factor = max(guess / value, value / guess)
        if abs(value) < abs(guess):
            way = "too high" if value > 0 else "too low"
        return f"{way} by a factor of {spoken(factor)}" if factor >= 1.1 else f"near, {way} by {spoken(abs(gap))}"
    return f"{way} by {spoken(abs(gap))}"


def spoken(value: float) -> str:
    """Three digits of a fraction, all of a number that is whole or large."""
    value = float(value)
    if value.is_integer() or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 1e-4 else f"{value:.1e}"

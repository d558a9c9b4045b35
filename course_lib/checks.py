"""The means to check an exercise and to give a hint.

`run` calls what a student wrote, so that whatever goes wrong in it is one sentence, also later, in a function or
generator that it handed over. `guard` is put around every check (course_lib/exercises/__init__.py) for all the rest: a
layer, a class, a grammar that breaks where it is used. Then `as_array`, `as_list` or `results` see that the answer is
of the right kind, and `expect_close`, `expect_cases`, `number` or `marks` whether it is right, with a hint for each
likely mistake; `mixtures` makes
the hints for several at once, `of_cases` turns those of one case into those of several.
"""

import contextlib
import functools
import inspect
import io
import itertools
import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from course_lib.errors import CourseError
from course_lib.mistakes import LONGEST, TURNED, explain, has_more, returns_something

BLANK = (None, ..., NotImplemented)
TOO_MANY = 100_000  # things in a list that a student's code makes: what never ends is stopped there


class NotYet(CourseError):
    """An exercise is not solved yet. The message says what to look at."""


def guard(check: Callable) -> Callable:
    """The check, with an error of any kind in what it was given told as NotYet."""
    (name, *_) = inspect.signature(check).parameters

    @functools.wraps(check)
    def guarded(*answers):
        try:
            with np.errstate(all="ignore"):  # what a mistake would give may be infinite
                check(*answers)
        except NotYet:
            raise
        except Exception as error:
            raise NotYet(explain(error, name, returned=True)) from None

    return guarded


def run(function: Callable, *args) -> Any:
    """Call a student's function. NotYet if it is blank, returns nothing, changes what it is given, or stops."""
    if not callable(function):
        raise NotYet(f"expected a function, got {type(function).__name__}: keep the line that begins with def.")
    name = getattr(function, "__name__", "your function")
    given, printed = [_copy(arg) for arg in args], _Tee(sys.stdout)
    with _sentences(name), contextlib.redirect_stdout(printed):
        answer = function(*args)
    changed = [place for place, (now, before) in enumerate(zip(args, given, strict=True)) if not _same(now, before)]
    if inspect.iscoroutine(answer):
        answer.close()
        raise NotYet(f"{name} begins with async def: leave out async.")
    if answer is ... or answer is NotImplemented:
        raise NotYet(f"{name} is still blank: write it in the cell above, run that cell, then this one.")
    if answer is None:
        how = f": end it with `return {_argument(function, changed[0])}`" if changed else ": end it with `return …`"
        if returns_something(function) and not changed:
            how = ", though there is a `return …` in it: does that stand inside a loop or an if, and is not reached?"
            raise NotYet(f"{name} returned nothing{how}")
        if changed:
            how = f", it changed {_argument(function, changed[0])} in place{how}, of a copy"
        elif printed.text.strip():
            how = ", it printed its answer: write `return …` in place of `print(…)`"
        raise NotYet(f"{name} returned nothing{how}.")
    if changed:
        what = _argument(function, changed[0])
        raise NotYet(f"{name} changed {what}, which it was given: work on a copy, and leave {what} as it was.")
    return _guarded(answer, name)


@contextlib.contextmanager
def _sentences(name: str) -> Iterator[None]:
    """Whatever a student's code raises is NotYet; what floats overflow to is looked at in the answer."""
    try:
        with np.errstate(all="ignore"):
            yield
    except NotImplementedError as error:
        if has_more(error):
            why = (
                f"{name} stops at the line `raise NotImplementedError()`: delete that line, your code stands beside it."
            )
            raise NotYet(why) from None
        raise NotYet(f"{name} is still blank: write it in the cell above, run that cell, then this one.") from None
    except NotYet:
        raise
    except Exception as error:
        raise NotYet(explain(error, name)) from None


def _guarded(answer: Any, name: str) -> Any:
    """What a student's function returned; a function or generator among it tells its errors as NotYet, too."""
    if isinstance(answer, types.GeneratorType):
        steps: Any = _guarded_steps(answer, name)  # Any: a generator's __name__ can be set, and its type says not so
        steps.__name__ = answer.__name__
        return steps
    if isinstance(answer, types.FunctionType | types.MethodType | functools.partial):
        inner = getattr(answer, "__name__", "<lambda>")
        inner = f"what {name} returned" if inner == "<lambda>" else inner

        @functools.wraps(answer)
        def guarded(*args, **options):
            with _sentences(inner):
                result = answer(*args, **options)
            return _guarded(result, inner)

        return guarded
    if type(answer) in (tuple, list) and any(callable(one) or isinstance(one, types.GeneratorType) for one in answer):
        return type(answer)(_guarded(one, name) for one in answer)
    return answer


def _guarded_steps(steps: types.GeneratorType, name: str) -> Iterator:
    while True:
        with _sentences(name):
            try:
                step = next(steps)
            except StopIteration:
                return
        yield step


class _Tee(io.TextIOBase):
    """Standard output that also remembers."""

    def __init__(self, stream):
        self.stream, self.text = stream, ""

    def write(self, text: str) -> int:
        self.text += text[: 1000 - len(self.text)]
        self.stream.write(text)
        return len(text)

    def flush(self) -> None:
        self.stream.flush()


def _copy(value: Any) -> Any:
    """A copy of arrays, and of lists, sets and dicts down to them; anything else itself."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) in (list, tuple, set):
        return type(value)(_copy(one) for one in value)
    if type(value) is dict:
        return {key: _copy(one) for key, one in value.items()}
    return value


def _same(now: Any, before: Any) -> bool:
    """Whether what was given is as it was copied."""
    if isinstance(before, np.ndarray):
        return now.dtype == before.dtype and now.shape == before.shape and now.tobytes() == before.tobytes()
    if type(before) in (list, tuple):
        return len(now) == len(before) and all(_same(*pair) for pair in zip(now, before, strict=True))
    if type(before) is dict:
        return now.keys() == before.keys() and all(_same(now[key], before[key]) for key in before)
    return now == before if type(before) is set else now is before


def _argument(function: Callable, place: int) -> str:
    """The name of an argument."""
    try:
        return list(inspect.signature(function).parameters)[place]
    except (IndexError, TypeError, ValueError):
        return f"argument {place + 1}"


# -- of which kind an answer is ---------------------------------------------------------------------------------------


def results(answer: Any, *names: str, what: str) -> list:
    """The several things a function returns, such as h_t and c_t; NotYet if there are not as many."""
    asked = " and ".join([", ".join(names[:-1]), names[-1]])
    back = f"expected {len(names)} things, {asked}: end it with `return {', '.join(names)}`"
    if isinstance(answer, types.GeneratorType):
        answer = as_list(answer, what)
    if not isinstance(answer, tuple | list):
        raise NotYet(f"{what}: {back}; got one {_kind(answer)}.")
    if len(answer) != len(names):
        raise NotYet(f"{what}: {back}; got {len(answer)}.")
    for name, one in zip(names, answer, strict=True):
        if any(one is blank for blank in BLANK):
            raise NotYet(f"{what}: {name} is {one}: was it computed?")
    return list(answer)


def as_list(answer: Any, what: str, at_most: int = TOO_MANY) -> list:
    """The answer as a list, NotYet if it is none, or has no end; a generator or tuple will do."""
    if isinstance(answer, str | bytes | Mapping | set | frozenset) or not hasattr(answer, "__iter__"):
        raise NotYet(f"{what}: expected a list, got {_kind(answer)}.")
    with _sentences(what):
        made = list(itertools.islice(answer, at_most + 1))
    if len(made) > at_most:
        raise NotYet(f"{what}: more than {at_most:,} things, and no end: when does the loop stop?")
    return made


def as_array(answer: Any, shape: Sequence[int], what: str, hints: dict[tuple, str] | None = None) -> np.ndarray:
    """The answer as a float array of `shape`, or NotYet. hints: a wrong shape -> the likely mistake."""
    shape = tuple(shape)
    array = _numbers(answer, shape, what)
    if array.shape != shape:
        hint = (hints or {}).get(array.shape) or _other_shape(answer, array, shape)
        raise NotYet(f"{what}: shape is {array.shape}, expected {shape}" + (f": {hint}" if hint else "") + ".")
    if np.isnan(array).any():
        raise NotYet(
            f"{what}: there are values that are not finite, NaN: 0 / 0, 0 times infinity (as in 0 * log(0)), infinity "
            "minus infinity, or the logarithm or root of a negative number."
        )
    if not np.isfinite(array).all():
        raise NotYet(
            f"{what}: there are values that are not finite, infinity: division by 0, log(0), or exp of a large number."
        )
    return array


def _numbers(answer: Any, shape: tuple, what: str) -> np.ndarray:
    """An array of numbers, of any shape."""
    wanted = f"expected numbers of shape {shape}" if shape else "expected a number"
    if callable(answer) and not hasattr(answer, "__array__"):
        raise NotYet(f"{what}: {wanted}, got a function, {_named(answer)}: call it, with ( ).")
    if type(answer).__name__ in ("KerasTensor", "SymbolicTensor"):
        raise NotYet(f"{what}: {wanted}, got a tensor without numbers: hand it arrays, not keras.Input.")
    if isinstance(answer, str) and _is_number(answer):
        raise NotYet(f"{what}: {wanted}, got the text {answer!r}: a number stands without quotes, and without str(…).")
    if isinstance(answer, str | bytes | Mapping | set | frozenset | Iterator):
        raise NotYet(f"{what}: {wanted}, got {_kind(answer)}.")
    try:
        array = np.asarray(answer)
    except Exception as error:
        uneven = "inhomogeneous" in str(error)
        why = "its parts have different shapes" if uneven else f"{type(error).__name__}: {str(error).splitlines()[0]}"
        raise NotYet(f"{what}: {wanted}, got {_kind(answer)}: {why}.") from None
    if array.dtype.kind in "US":
        raise NotYet(f"{what}: {wanted}, got texts: numbers stand without quotes.")
    if array.dtype.kind == "c":
        raise NotYet(f"{what}: {wanted}, got complex ones: a root of a negative number.")
    if array.dtype.kind == "O" and any(one is None for one in array.ravel()):
        raise NotYet(
            f"{what}: {wanted}, there is None among them: one is never set, or comes from a function without return."
        )
    try:
        return array.astype(float)
    except (TypeError, ValueError):
        raise NotYet(f"{what}: {wanted}, got {_kind(answer)}.") from None


def _is_number(text: str) -> bool:
    try:
        return bool(text.strip()) and float(text) is not None
    except ValueError:
        return False


def _other_shape(answer: Any, array: np.ndarray, shape: tuple) -> str:
    """Why a shape may be another than expected."""
    if isinstance(answer, tuple):
        return f"a tuple of {len(answer)} was returned; return one array, without a comma"
    if array.ndim > 1 and array.T.shape == shape:
        return TURNED
    if array.size == np.prod(shape) and tuple(n for n in array.shape if n > 1) == tuple(n for n in shape if n > 1):
        way = "many" if array.ndim > len(shape) else "few"
        return f"the numbers may be right, with an axis of length 1 too {way}"
    if array.ndim == 0:
        return "that is one number: is a sum or mean over too many axes, or @ in place of *"
    gone = [axis for axis in range(len(shape)) if array.shape == shape[:axis] + shape[axis + 1 :]]
    if len(gone) == 1:
        return f"the axis of length {shape[gone[0]]} is gone: is there a sum, a mean or an index, such as [0], too many"
    if array.shape[1:] == shape:
        return f"there are {len(array)} of what is wanted once: are all steps returned, in a list"
    if array.ndim == len(shape):
        other = [(n, asked) for n, asked in zip(array.shape, shape, strict=True) if n != asked]
        if len(other) == 1 and abs(other[0][0] - other[0][1]) == 1:
            way = "few" if other[0][0] < other[0][1] else "many"
            return (
                f"one too {way} along an axis: a slice or range begins with its first number and ends before its last"
            )
    return ""


def _kind(answer: Any) -> str:
    """What a thing is, as it is told to a student."""
    if isinstance(answer, types.GeneratorType):
        return "generator (a for in round brackets)" if answer.__name__ == "<genexpr>" else "generator (it has yield)"
    return {str: "str, a text", np.ndarray: "array"}.get(type(answer), type(answer).__name__)


def _named(function: Callable) -> str:
    return getattr(function, "__name__", type(function).__name__)


# -- whether it is right ----------------------------------------------------------------------------------------------


def expect_close(answer, expected, what: str, mistakes: Sequence[tuple[Any, str]] = (), tolerance: float = 1e-5):
    """NotYet unless answer equals expected; `mistakes` holds (what a likely mistake gives, the hint for it)."""
    if is_close(answer, expected, tolerance):
        return
    for wrong, hint in mistakes:
        if is_close(answer, wrong, tolerance):
            raise NotYet(f"{what}: not yet. {hint}")
    if hint := _general_mistake(np.asarray(answer), np.asarray(expected), tolerance):
        raise NotYet(f"{what}: not yet. {hint}")
    raise NotYet(f"{what}: {_difference(np.asarray(answer), np.asarray(expected), tolerance)}.")


def _difference(answer: np.ndarray, expected: np.ndarray, tolerance: float) -> str:
    """What was expected and what came; of a matrix, at the first place where they differ."""
    if answer.shape == expected.shape and expected.ndim > 1:
        wrong = np.argwhere(~np.isclose(answer, expected, atol=tolerance, rtol=tolerance))
        place = tuple(int(n) for n in wrong[0])
        first = f"expected {expected[place]:.4g} at {list(place)}, got {answer[place]:.4g}"
        return f"{first}; {len(wrong)} of {expected.size} numbers are wrong"
    with np.printoptions(precision=4, suppress=True, threshold=8):
        return f"expected {_short(expected)}, got {_short(answer)}"


def _short(array: np.ndarray) -> str:
    return f"{array:.6g}" if array.ndim == 0 and array.dtype.kind == "f" else str(array)


def expect_cases(
    answer: Callable,
    cases: Sequence[tuple],
    right: Callable,
    what: str,
    mistakes: Sequence[tuple[Callable, str]] = (),
    tolerance: float = 1e-5,
):
    """NotYet unless answer(*case) equals right(*case) in every case.

    `mistakes` holds (what a likely mistake gives in a case, a function; the hint for it). The one is told that gives
    what came in all cases, or else in two of three wrong ones: in one case alone, two mistakes may look alike.
    """
    answers: list = []
    stopped = None
    for case in cases:
        try:
            answers.append(answer(*case))
        except NotYet as error:  # what was wrong before it stopped says more
            stopped = error
            break
    expected = [right(*case) for case in cases[: len(answers)]]
    wrong = [n for n, pair in enumerate(zip(answers, expected, strict=True)) if not is_close(*pair, tolerance)]
    if not wrong:
        if stopped:
            raise stopped
        return
    given = [np.round(1 * each, 3).tolist() if isinstance(each, np.ndarray) else each for each in cases[wrong[0]]]
    if len(told := ", ".join(map(str, given))) <= LONGEST:
        what = f"{what}({told})"
    found = []  # of each mistake: whether it gives all answers, how many of the wrong ones
    with np.errstate(all="ignore"):
        for mistake, hint in mistakes:
            same = [is_close(each, mistake(*case), tolerance) for each, case in zip(answers, cases, strict=False)]
            if same[wrong[0]] and 3 * sum(same[n] for n in wrong) > 2 * len(wrong):
                found.append((all(same), sum(same[n] for n in wrong), hint))
    if found:
        raise NotYet(f"{what}: not yet. {max(found, key=lambda each: each[:2])[2]}")
    if len(wrong) > 1 and all(is_close(each, answers[0]) for each in answers):
        raise NotYet(f"{what}: not yet. The same comes whatever is given: are the arguments used?")
    expect_close(answers[wrong[0]], expected[wrong[0]], what, (), tolerance)


def mixtures(build: Callable, *parts: Sequence[tuple[Any, str]], at_most: int = 2) -> list[tuple[Any, str]]:
    """The `mistakes` of expect_close, for an answer made of several parts: one part is wrong, or as many as `at_most`.

    parts: of each the values it may have, with a hint; the first is the right one, its hint empty. build(*values): the
    answer they make. Fewer mistakes come first; the hints of several are joined.
    """
    found = []
    for chosen in itertools.product(*parts):
        hints = [hint for _, hint in chosen if hint]
        if 0 < len(hints) <= at_most:
            value = build(*(value for value, _ in chosen))
            found.append(
                (np.nan if np.size(value) > 2 and np.ptp(value) == 0 else value, hints)
            )  # all alike: no evidence
    return [(value, " ".join(hints)) for value, hints in sorted(found, key=lambda each: len(each[1]))]


def of_cases(table: Callable, *example) -> list[tuple[Callable, str]]:
    """The `mistakes` of expect_cases, from those of expect_close: table(*case) gives them for one case.

    They come in the same number and order for every case; example: any case.
    """
    made = functools.cache(table)
    return [(lambda *case, n=n: made(*case)[n][0], hint) for n, (_, hint) in enumerate(made(*example))]


def is_close(answer, expected, tolerance: float = 1e-5) -> bool:
    """Equal in shape, and in every number."""
    if np.shape(answer) != np.shape(expected):
        return False
    try:
        return bool(np.allclose(answer, expected, atol=tolerance, rtol=tolerance))
    except TypeError:  # no numbers
        return False


def _general_mistake(answer: np.ndarray, expected: np.ndarray, tolerance: float) -> str:
    """What may be wrong with an answer of any exercise, or ""."""

    def close(other):
        return is_close(answer, other, tolerance)

    if answer.dtype.kind not in "fiub" or expected.dtype.kind not in "fiub":
        return ""
    if expected.ndim == 2 and close(expected.T):
        return f"{TURNED[0].upper()}{TURNED[1:]}."
    if answer.shape != expected.shape:
        return ""
    if expected.any() and close(-expected):
        return "The sign is turned round."
    if (expected != np.round(expected)).any() and (close(np.floor(expected)) or close(np.trunc(expected))):
        return "Whole numbers, the fraction is cut off: / divides, // and int(…) cut, an array of whole numbers, too."
    if answer.size > 2 and close(expected[::-1]):
        return "The right numbers, in reversed order."
    if answer.size > 2 and is_close(np.sort(answer, None), np.sort(expected, None), tolerance):
        return "The right numbers, in another order."
    if any((expected != np.round(expected, n)).any() and close(np.round(expected, n)) for n in range(5)):
        return "It is rounded: return all the digits."
    return _times(answer, expected, tolerance)


def _times(answer: np.ndarray, expected: np.ndarray, tolerance: float) -> str:
    """Whether all numbers are too large by the same factor; one number, by a usual one."""
    if not expected.any():
        return ""
    factor = float((answer * expected).sum() / (expected**2).sum())
    is_usual = any(is_close(factor, usual, tolerance) for usual in (2, 0.5, 100, 0.01))
    if (
        min(abs(factor), abs(factor - 1)) < 0.001
        or not (is_usual or answer.size > 2)
        or not is_close(answer, factor * expected, tolerance)
    ):
        return ""
    if answer.size > 1:
        return f"All numbers are {factor:.4g} times what they should be."
    return f"The number is {factor:.4g} times what it should be."


def number(answer, expected: float, what: str, mistakes: Sequence[tuple[Any, str]] = (), tolerance: float = 1e-5):
    """NotYet unless a number (or what a function without arguments returns) is the expected one, which is not told.

    It may be written as an expression, such as 3 * np.log(2). `mistakes` as for `expect_close`.
    """
    if callable(answer):
        answer = run(answer)
    if any(answer is blank for blank in BLANK):
        raise NotYet(f"{what} is still blank: write a number in the cell above, run that cell, then this one.")
    if isinstance(answer, bool | np.bool_):
        raise NotYet(f"{what}: expected a number, got {answer}.")
    if isinstance(answer, str):
        raise NotYet(f"{what}: expected a number, without quotes, got the text {answer!r}.")
    array = _numbers(answer, (), what)
    if array.size != 1:
        raise NotYet(f"{what}: expected one number, got {array.size}.")
    value = float(array.reshape(()))
    if not np.isfinite(value):
        raise NotYet(f"{what}: expected a number, got {value}.")
    if is_close(value, expected, tolerance):
        return
    for wrong, hint in mistakes:
        if is_close(value, wrong, tolerance):
            raise NotYet(f"{what}: not yet. {hint}")
    raise NotYet(f"{what}: not yet, {value:.4g} is too {'large' if value > expected else 'small'}.")


def marks(answer, truth: Mapping | Sequence, hints: Mapping | Sequence, what: str = "your marks") -> None:
    """NotYet unless each statement is marked True or False as in `truth`; the first wrong mark is told its hint.

    truth and hints: of each statement, as dicts with the same keys, or as lists. answer: a dict like them, or a list in
    their order, or a function that returns one.
    """
    if callable(answer):
        answer = run(answer)
    if any(answer is blank for blank in BLANK):
        raise NotYet(f"{what}: still blank: mark each statement True or False.")
    right, why = _by_name(truth), _by_name(hints)
    if isinstance(truth, Mapping) and isinstance(answer, list | tuple | np.ndarray):  # in the order of the statements
        if len(answer) != len(right):
            raise NotYet(f"{what}: expected {len(right)} marks, got {len(answer)}: one for each statement, in order.")
        answer = dict(zip(right, answer, strict=True))
    if right.keys() != why.keys():
        raise ValueError(f"marks: a hint for each statement, got {list(why)} for {list(right)}")
    if isinstance(answer, str | bytes | set) or not isinstance(answer, Mapping | Sequence | np.ndarray):
        raise NotYet(f"{what}: expected True or False for each of {len(right)} statements, got {_kind(answer)}.")
    given = _by_name(answer)
    if extra := [name for name in given if name not in right]:
        raise NotYet(f"{what}: there is no statement {extra[0]!r}: there are {', '.join(map(str, right))}.")
    if missing := [name for name in right if name not in given or any(given[name] is blank for blank in BLANK)]:
        all_of_them = len(missing) == len(right)
        raise NotYet(f"{what}: " + ("still blank: mark each" if all_of_them else f"mark statement {missing[0]}, too:")
                     + (" statement" if all_of_them else "") + " True or False.")  # fmt: skip
    for name, mark in given.items():
        if not is_mark(mark):
            raise NotYet(f"{what}: statement {name}: {no_mark(mark)}.")
    for name, is_true in right.items():
        if bool(given[name]) != is_true:
            raise NotYet(f"{what}: statement {name}: not yet. {why[name]}")


def is_mark(mark: Any) -> bool:
    """Whether it is True or False; 1 and 0 will do."""
    return isinstance(mark, bool | np.bool_) or (isinstance(mark, int | np.integer) and mark in (0, 1))


def no_mark(mark: Any) -> str:
    """What to say of a thing that is no mark."""
    quotes = ", without quotes" if isinstance(mark, str) else ""
    return f"expected True or False{quotes}, got {mark!r}"


def _by_name(values: Any) -> dict:
    """What belongs to each statement: of a list, they are numbered from 1."""
    return dict(values) if isinstance(values, Mapping) else dict(enumerate(values, start=1))


def solved(what: str) -> None:
    """Say that an exercise is right."""
    print(f"✓ {what}")

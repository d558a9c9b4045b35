"""What an error in a student's code most likely means: one sentence, with the piece of code where it came up.

`explain` finds that piece in the traceback, and the shapes of what was multiplied or added there.
"""

import ast
import builtins
import difflib
import inspect
import linecache
import os
import re
import site
import sysconfig
import textwrap
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType, TracebackType

import numpy as np

from course_lib.errors import CourseError

TURNED = "rows and columns are exchanged"
EXCHANGED = f"{TURNED}: a batch is rows here, x @ W, where a paper writes W x"
UNCALLED = "'?(?:builtin_function_or_method|method|function)'?"
LONGEST = 70  # characters of code that are quoted
OTHERS = {
    str(Path(__file__).resolve().parent),
    sysconfig.get_paths()["stdlib"],
    sysconfig.get_paths()["purelib"],
    *site.getsitepackages(),
}
USUAL = {"np": "import numpy as np", "keras": "from course_lib.backend import keras", "tf": "import tensorflow as tf",
         "math": "import math", "plt": "import matplotlib.pyplot as plt"}  # fmt: skip
RETURN_NOTHING = {
    "append",
    "extend",
    "insert",
    "remove",
    "reverse",
    "sort",
    "shuffle",
    "update",
    "add",
    "clear",
    "print",
}
ARRAYS = "the names of NumPy: np.array(…) makes an array of it"

# (kinds of error, what the message says, what it means): the first that fits. \\1 stands for what was found.
CAUSES: list[tuple[type | tuple[type, ...], str, str]] = [
    (RecursionError, "", "it calls itself without an end: one case has to return without a call"),
    (ZeroDivisionError, "", "what stands behind the / is zero there"),
    (StopIteration, "", "next found nothing more: use a for loop, or give next something to return at the end"),
    (RuntimeError, "generator raised StopIteration", "next found nothing more inside a generator: use a for loop"),
    (MemoryError, "", "it asks for more memory than there is: is a shape too large, does a list grow without end?"),
    (KeyError, "(.*)", "there is no entry \\1: look at the keys, and at the spelling"),
    (IndexError, r"index (\d+) is out of bounds for axis (\d+) with size \1$",
     "counting begins at 0, so the last of \\1 places has the number before"),
    (IndexError, r"index (-?\d+) is out of bounds for axis (\d+) with size (\d+)",
     "axis \\2 has \\3 places, counted from 0: are two axes, or a place and a word's number, exchanged?"),
    (IndexError, r"too many indices for array: array is (\d)-dimensional",
     "the array has \\1 axes only: what went in may have lost one in a sum, or in an index before"),
    (IndexError, "only integers, slices", "a place is a whole number: // or int(…) makes one"),
    (IndexError, "boolean index did not match", "a mask needs the shape of what it is laid on"),
    (IndexError, "out of range|empty", "the list is shorter than that: counting begins at 0, and it may be empty"),
    (AttributeError, r"module '([\w.]+)' has no attribute '(\w+)'", "\\1 has nothing named \\2: look at the spelling"),
    (AttributeError, r"'NoneType' object has no attribute '(\w+)'",
     "what stands before .\\1 is None: a function returned nothing, as list.sort and list.append do"),
    (AttributeError, r"'(?:list|tuple|int|float)' object has no attribute '"
     r"(shape|mean|sum|T|max|min|std|dot|reshape|astype|argmax|argsort|ndim|exp|ravel)'",
     f".\\1 is one of {ARRAYS}"),
    (AttributeError, r"'numpy.ndarray' object has no attribute '(append|extend|index|insert|remove|pop)'",
     "an array has no .\\1: a list has; np.concatenate joins arrays"),
    (AttributeError, r"'(?:Eager|Symbolic|Keras)?Tensor' object has no attribute '(\w+)'",
     "a tensor has no .\\1: use keras.ops, or np.array(…) of it"),
    (AttributeError, r"'function' object has no attribute '(\w+)'", "a function stands there: call it first, with ()"),
    (AttributeError, r"'([\w.]+)' object has no attribute '(\w+)'",
     "a value of type \\1 has no .\\2: is it the value you mean?"),
    (AttributeError, "_id'|_keras_history|'_as_graph", "NumPy does not work inside a layer: use keras.ops"),
    (UnboundLocalError, r"variable '(\w+)'",
     "\\1 is read before it has a value: set it before the loop or the if, or give it another name"),
    (ModuleNotFoundError, r"No module named '([\w.]+)'", "the course has no \\1: NumPy and keras.ops are enough"),
    (TypeError, r"operand type\(s\) for \^|bitwise_xor",
     "a power is written **, with two stars: ^ is another operation"),
    (TypeError, rf"(?:operand type|ufunc|not supported between|must be real number).*{UNCALLED}",
     "a function stands there that is not called: .mean() calls it, .mean does not"),
    (TypeError, r"for \*\* or pow\(\): '(list|tuple|generator)'",
     "a \\1 has no power: take the power of each array in it, g**2 for g in …, or make one array of it, np.array(…)"),
    (TypeError, r"string indices must be integers, not 'str'",
     'a text is asked by place: .index("…") of it gives the place of a character'),
    (TypeError, r"(?:only (?:length-1|0-dimensional|size-1) arrays|only integer scalar arrays)",
     "an array stands where one number has to: choose one, or use NumPy's function, np.exp for math.exp"),
    (TypeError, "must be real number, not (?:ndarray|list|tuple)",
     "math works on one number: use NumPy's function, np.exp for math.exp"),
    (TypeError, r"list indices must be integers or slices, not (?:tuple|list)",
     f"a list has one place only; two between [ ] are for {ARRAYS}"),
    (TypeError, r"(\w+) indices must be integers", "a place is a whole number: // or int(…) makes one"),
    (TypeError, r"'float' object cannot be interpreted as an integer|expected a sequence of integers",
     "a count is a whole number: // or int(…) makes one"),
    (TypeError, r"'NoneType' object is not (\w+)",
     "there is None: a function returned nothing, as list.sort and list.append do"),
    (TypeError, r"unsupported operand.*'NoneType'", "there is None: a function returned nothing"),
    (TypeError, r"unsupported operand type\(s\) for (\S+): '(\w+)' and '(\w+)'",
     "\\2 \\1 \\3 is not defined: turn one into the other, with np.array(…), float(…), list(…)"),
    (TypeError, r"bad operand type for unary -: '(\w+)'", "a \\1 has no sign: np.array(…) makes numbers of it"),
    (TypeError, r"can(?:'t|not) multiply sequence by non-int", "a list times a number: np.array(…) first"),
    (TypeError, r"can only concatenate (\w+)|must be str, not|cannot concatenate",
     "+ joins two of the same kind: turn one into the other first"),
    (TypeError, r"object is not subscriptable", "[ ] stands behind what has no places: is a call meant, ( )?"),
    (TypeError, r"'([\w.]+)' object is not callable",
     "( ) stands behind \\1: is [ ] meant, is a * missing, or is a function's name used for a value?"),
    (TypeError, r"'([\w.]+)' object is not iterable", "a \\1 is one thing: put it into [ ], or take another"),
    (TypeError, r"cannot unpack non-iterable (\w+)", "one \\1 stands where several are unpacked"),
    (TypeError, r"missing \d+ required positional arguments?: (.*)", "it is called without \\1"),
    (TypeError, r"takes (\d+|no|from \d+ to \d+) (?:positional )?arguments? but (\d+) (?:was|were) given",
     "it is written for \\1 and is called with \\2: keep the line that begins with def as it was"),
    (TypeError, r"too many positional arguments|missing a required argument",
     "it is called with other arguments than it is written for: keep the line that begins with def as it was"),
    (TypeError, r"unexpected keyword argument '(\w+)'", "it takes nothing named \\1: is it axis, keepdims?"),
    (TypeError, r"unhashable type: '(?:list|numpy.ndarray|set|dict)'", "a set or a key needs a tuple, or a number"),
    (TypeError, r"'str' and|and 'str'|not 'str'|str object|not str\b", "a text stands where a number has to"),
    (TypeError, r"[Cc]annot cast ufunc|same_kind",
     "numbers with a fraction do not go into an array of whole numbers: begin with floats, or write a = a + b"),
    (TypeError, r"loop of ufunc|ufunc '\w+' not supported|ufunc '\w+' did not contain a loop",
     "there is a text, None or a list among the numbers"),
    (TypeError, r"[Kk]erasTensor|[Ss]ymbolic", "a tensor without numbers as yet: use keras.ops, not NumPy"),
    (ValueError, r"not enough values to unpack \(expected (\d+), got (\d+)\)",
     "\\1 names stand on the left, \\2 values come"),
    (ValueError, r"too many values to unpack \(expected (\d+)",
     "\\1 names stand on the left, more values come: an array is unpacked along its first axis"),
    (ValueError, r"truth value of an array",
     "if, and, or, max need one truth, not an array of them: is a .sum() missing, which makes one number? "
     "np.where, &, |, np.maximum take arrays"),
    (ValueError, r"does not have enough dimensions",
     "@ multiplies two arrays, and one of them is a single number there: * multiplies numbers"),
    (ValueError, r"inhomogeneous|setting an array element with a sequence",
     "the parts have different shapes, so they make no array"),
    (ValueError, r"cannot reshape array of size (\d+) into shape (.*)", "\\1 numbers do not fill the shape \\2"),
    (ValueError, r"axis (\d+) is out of bounds for array of dimension (\d+)",
     "the array has \\2 axes, counted from 0: use axis=-1 for the last"),
    (ValueError, r"does not result in an equal division", "the axis has no number of columns that can be split so"),
    (ValueError, r"(?:all the input array|must have (?:the )?same (?:shape|number of dimensions))",
     "what is joined must have equal shapes along all other axes"),
    (ValueError, r"read-only", "it writes into what it was given: work on a copy, x.copy()"),
    (ValueError, r"negative dimensions|Negative dimension", "a shape has a number below zero"),
    (ValueError, r"attempt to get arg\w+ of an empty|zero-size array", "nothing is left there: the list is empty"),
    (ValueError, r"math domain error", "the logarithm or root of a number that is too small"),
    (ValueError, r"invalid literal|could not convert string", "a text stands where a number has to"),
    (ValueError, r"a must be (?:1|non)|'a' cannot be empty|probabilities (?:do not sum|are not non)",
     "what is drawn from needs probabilities that sum to 1"),
    (ValueError, r"assignment destination|could not broadcast input array from shape (\(.*?\)) into shape (\(.*?\))",
     "\\1 does not go into a place of shape \\2"),
    (OverflowError, "", "a number is too large: subtract the largest before exp"),
]  # fmt: skip


def explain(error: Exception, name: str, returned: bool = False) -> str:
    """One sentence: where `name` stopped, with what, and the likely cause. returned: it came up in what it returned."""
    if isinstance(error, CourseError):
        return f"{name}: {error}"
    frame, code = _place(error.__traceback__)
    said, kind = message(error), type(error).__name__
    start = f"{name}: what it returned cannot be used, {kind}" if returned else f"{name} stopped with {kind}"
    start += f" at `{code}`" if code else ""
    if code.startswith("raise "):  # a sentence of the student's own: it may sound like one of NumPy's
        return _sentence(f"{start}: that line is your own, so the condition above it held; is it the right one?")
    if MISFIT.search(said):
        return _sentence(f"{start}{_misfit(said, frame, code)}")
    if isinstance(error, ZeroDivisionError) and frame is not None and "//" in _written_in(frame):
        return _sentence(f"{start}: what stands behind the / is zero there: is a // above it meant as /? // cuts off "
                         "what stands behind the point")  # fmt: skip
    if cause := _meant(error, frame) or _cause(error, said):
        return _sentence(start + (f" ({said}): {cause}" if 0 < len(said) <= 100 else f": {cause}"))
    return _sentence(f"{start}: {said or 'it says no more'}")


def has_more(error: NotImplementedError) -> bool:
    """Whether the function that says it is not written has other lines than that one."""
    frame, _ = _place(error.__traceback__)
    if frame is None:
        return False
    try:
        written = ast.parse(textwrap.dedent(inspect.getsource(frame.f_code))).body[0]
    except (OSError, SyntaxError, TypeError, IndexError):
        return False
    lines = written.body if isinstance(written, ast.FunctionDef) else []
    return (
        len([line for line in lines if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))]) > 1
    )


def returns_something(function: Callable) -> bool:
    """Whether there is a `return` with a value in a function, as far as its lines can be read."""
    try:
        written = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, SyntaxError, TypeError, IndexError):
        return False
    if not isinstance(written, ast.FunctionDef):
        return False
    inner = [
        each for each in ast.walk(written) if isinstance(each, ast.FunctionDef | ast.Lambda) and each is not written
    ]
    theirs = {id(each) for one in inner for each in ast.walk(one)}
    returns = [each for each in ast.walk(written) if isinstance(each, ast.Return) and id(each) not in theirs]
    return any(each.value is not None and not _is_none(each.value) for each in returns)


def _is_none(node: ast.expr) -> bool:
    """Whether a piece of code is None, or a call that returns it."""
    called = node.func if isinstance(node, ast.Call) else None
    name = getattr(called, "attr", getattr(called, "id", ""))
    return name in RETURN_NOTHING or (isinstance(node, ast.Constant) and node.value is None)


def _written_in(frame: FrameType) -> str:
    """The lines of the function a frame belongs to, without what follows a #, or ""."""
    try:
        return re.sub(r"#.*", "", inspect.getsource(frame.f_code))
    except (OSError, TypeError):
        return ""


def _sentence(text: str) -> str:
    return text if text.endswith(("?", "!", "…")) else f"{text}."


def message(error: Exception) -> str:
    """The first line of what an error says, without what Keras and TensorFlow write around it."""
    said = re.sub(r"\x1b\[\d*m", "", str(error))
    while inner := re.match(r"Exception encountered when calling .*?\n\n(.*?)\n\nArguments received", said, re.S):
        said = inner[1].strip()
    said = re.sub(r"\{\{.*?\}\}|\[Op:\w+\]|name: *$", "", said).strip()
    first = next((line.strip() for line in said.splitlines() if line.strip()), "")
    return (first if len(first) <= 160 else first[:160] + " …").rstrip(". ")


def _is_students(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    inside = any(file.startswith(f"{folder}{os.sep}") for folder in OTHERS)
    return not (inside or file.startswith(("<frozen", "<__array_function__")))


def _place(tb: TracebackType | None) -> tuple[FrameType | None, str]:
    """The student's own frame that comes last, and the piece of code that it was at."""
    last, found = None, ""
    for (frame, _), summary in zip(traceback.walk_tb(tb), traceback.extract_tb(tb), strict=True):
        if _is_students(frame):
            last, found = frame, _quoted(summary)
    return last, found


def _quoted(summary: traceback.FrameSummary) -> str:
    """The piece of code of one step of a traceback: the operation, if it stands in one line."""
    line, start, end = linecache.getline(summary.filename, summary.lineno or 0), summary.colno, summary.end_colno
    if start is not None and end is not None and summary.lineno == summary.end_lineno:
        line = line.encode()[start:end].decode(errors="replace") or line
    line = line.strip().replace("`", "'")
    return line if len(line) <= LONGEST else line[:LONGEST] + " …"


def _cause(error: Exception, said: str) -> str:
    """What the table above says."""
    for kinds, pattern, cause in CAUSES:
        if isinstance(error, kinds) and (found := re.search(pattern, said)):
            return re.sub(r"\\(\d)", lambda group: found[int(group[1])] or "", cause)
    return ""


CALLED = re.compile(r"takes (\d+|from \d+ to \d+) (?:positional )?arguments? but (\d+) (?:was|were) given")


def _meant(error: Exception, frame: FrameType | None) -> str:
    """Of a name, an attribute or an argument that is not there: what may be meant."""
    if isinstance(error, AttributeError) and error.obj is not None and error.name:
        near = _near(error.name, dir(error.obj))
        return f"is .{near} meant?" if near else ""
    if isinstance(error, TypeError) and frame is not None and (called := CALLED.search(str(error))):
        return f"it takes {called[1]}, and {called[2]} are handed over: is a * too many there, or are brackets missing?"
    if isinstance(error, ValueError) and frame is None and "values to unpack" in str(error):
        return "another number of things is expected there: a cell, for one, returns h_t, [h_t]"
    if not isinstance(error, NameError) or isinstance(error, UnboundLocalError):
        return ""
    name = error.name or "?"
    if name in USUAL:
        return f"run the first cell of the lesson again, or write {USUAL[name]}"
    if name == "ops":
        return "write keras.ops"
    known = {*vars(builtins), *(frame.f_globals if frame else ()), *(frame.f_locals if frame else ())}
    if near := _near(name, known):
        elsewhere = ", or is it set in another cell, which was not run?" if hasattr(builtins, near) else "?"
        return f"is {near} meant{elsewhere}"
    if hasattr(np, name):
        return f"it is one of NumPy's: write np.{name}"
    return "it has no value here: is it set in another function, or in a cell that was not run?"


def _near(name: str, known: Iterable[str]) -> str:
    """A name that is spelt almost so, or ""; one with the same letters before others."""
    names = [each for each in known if not each.startswith("_")]
    near = difflib.get_close_matches(name, names, 5, 0.7)
    return next((each for each in near if sorted(each) == sorted(name)), near[0] if near else "")


MISFIT = re.compile(
    r"matmul: Input operand \d has a mismatch|not aligned|Matrix size-incompatible|Inner dimensions|In\[0\].*In\[1\]|"
    r"could not be broadcast together|Incompatible shapes|required broadcastable shapes|[Dd]imensions must be equal"
)


def _misfit(said: str, frame: FrameType | None, code: str) -> str:
    """Of two arrays that do not go together: their shapes, and whether rows and columns are exchanged."""
    is_product = not re.search("broadcast|Incompatible shapes", said)
    sizes = _operands(frame, code) or _written(said)
    if not sizes and is_product and "vstack" in code:
        return ": np.vstack puts one below the other, as further rows: side by side is np.hstack"
    if not sizes:
        return f": {EXCHANGED}" if is_product else f": {said}"
    a, b = sizes
    if not is_product:
        return f", shapes {a} and {b}: {_no_pairs(a, b, code)}"
    if a == b:
        return (f", shapes {a} @ {b}: for a product number by number write *, not @; to add up over the rows, the "
                "texts, write .T behind the first of the two")  # fmt: skip
    if any(_fits(*pair) for pair in ((b, a), (b, a[::-1]), (a, b[::-1]))):
        return f", shapes {a} @ {b}: {EXCHANGED}"
    return f", shapes {a} @ {b}: rows of {a[-1]} numbers need a matrix with {a[-1]} rows; do the two belong together?"


def _no_pairs(a: tuple, b: tuple, code: str) -> str:
    """Why two arrays cannot be added or multiplied number by number."""
    if code.startswith("sum("):
        return "sum(…) adds whole arrays to each other: make one number of each first, (…).sum()"
    if a == b[:-1] or b == a[:-1]:
        return (
            "the one has an axis fewer: [:, None] adds one at the end; if a sum, mean or max took it away, "
            "keepdims=True keeps it, with length 1"
        )
    if re.search(r"@.*(?<!\*)\*(?!\*)", code):
        return "@ and * go from left to right: put brackets around what is multiplied number by number first"
    if len(b) == 2 and len(a) == 2 and b[1] == 1 and b[0] == a[1]:
        return f"{b} is a column, and the rows have {a[1]} numbers: leave [:, None] out, one row is added to each"
    if len(a) == len(b) == 2 and a == b[::-1] and "*" not in code:
        return EXCHANGED
    number_by_number = "they do not go together, number by number"
    is_times = re.search(r"(?<!\*)\*(?!\*)|multiply", code)
    return number_by_number + ("; for a matrix product write @, not *" if is_times and _fits(a, b) else "")


def _fits(a: tuple, b: tuple) -> bool:
    return bool(a) and bool(b) and a[-1] == (b[-2] if len(b) > 1 else b[0])


def _written(said: str) -> tuple[tuple, tuple] | None:
    """Two shapes that stand in a message."""
    found = re.findall(r"[(\[](\d+(?:, ?\d+)*),?[)\]]", said)
    shapes = [tuple(int(n) for n in text.replace(" ", "").split(",") if n) for text in found]
    return (shapes[0], shapes[1]) if len(shapes) == 2 else None


def _operands(frame: FrameType | None, code: str) -> tuple[tuple, tuple] | None:
    """The shapes of the two things that a piece of code multiplies or adds, where both have a name."""
    if frame is None:
        return None
    try:
        node = ast.parse(code, mode="eval").body
    except SyntaxError:
        return None
    pair = [node.left, node.right] if isinstance(node, ast.BinOp) else getattr(node, "args", [])
    shapes = [_shape(each, {**frame.f_globals, **frame.f_locals}) for each in pair]
    return (shapes[0], shapes[1]) if len(shapes) == 2 and shapes[0] and shapes[1] else None


def _shape(node: ast.expr, names: dict) -> tuple | None:
    """The shape of a name, its .T, a number, or of what is computed of them number by number."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return ()
    if isinstance(node, ast.UnaryOp):
        return _shape(node.operand, names)
    if isinstance(node, ast.BinOp):
        left, right = _shape(node.left, names), _shape(node.right, names)
        if left is None or right is None or isinstance(node.op, ast.MatMult):
            return None
        try:
            return np.broadcast_shapes(left, right)
        except ValueError:
            return None
    if isinstance(node, ast.Attribute) and node.attr == "T":
        inner = _shape(node.value, names)
        return inner and inner[::-1]
    shape = getattr(names.get(node.id), "shape", None) if isinstance(node, ast.Name) else None
    try:
        return None if shape is None else tuple(int(n) for n in shape)
    except (TypeError, ValueError):  # a symbolic shape
        return None

"""Whatever a student's code does, a check answers in one sentence with the likely cause, and no wrong answer passes."""

import functools
import math
from pathlib import Path

import numpy as np
import pytest

from course_lib import checks, mistakes
from course_lib.checks import NotYet
from course_lib.errors import CourseError
from course_lib.exercises import lesson_01, lesson_02, lesson_06

EXCHANGED = "rows and columns are exchanged: a batch is rows here, x @ W, where a paper writes W x"


def step(x, h, W, U, b):
    return np.tanh(x @ W + h @ U + b)


def reads_before(x, h, W, U, b):
    for _ in ():
        total = 0
    total += 1
    return total


def calls_itself(*given):
    return calls_itself(*given)


def prints(*given):
    print(step(*given))


def in_place(x, h, W, U, b):
    h += 1
    return np.tanh(x @ W + (h - 1) @ U + b)


def in_place_and_nothing(x, h, W, U, b):
    h[:] = step(x, h, W, U, b)


def misspelt(x_t, h_prev, *rest):
    return h_prv  # noqa: F821


def ints(x, h, W, U, b):
    out = np.zeros((2, 4), int)
    out += step(x, h, W, U, b)
    return out


def floors(x, h, W, U, b):
    out = np.zeros((2, 4), int)
    out[:] = step(x, h, W, U, b)
    return out


async def later(*given):
    return 1


def no_numpy(x, *rest):
    return tf.tanh(x)  # noqa: F821


def no_ops(x, *rest):
    return ops.tanh(x)  # noqa: F821


def bare_tanh(x, *rest):
    return tanh(x)  # noqa: F821


def yields(*given):
    yield 1


def unset(*given):
    answer = [None] * 8
    return np.reshape(answer, (2, 4))


# One wrong answer of each kind, to an exercise like any other: (what was written, what has to be said).
STEP = [
    (lambda x, h, W, U, b: np.tanh(W @ x + b), r"at `W @ x`, shapes \(3, 4\) @ \(2, 3\): " + EXCHANGED),
    (lambda x, h, W, U, b: np.tanh(x @ W + U @ h + b), r"at `U @ h`, shapes \(4, 4\) @ \(2, 4\): " + EXCHANGED),
    (lambda x, h, W, U, b: np.tanh(np.dot(W, x)), r"`np.dot\(W, x\)`, shapes .*" + EXCHANGED),
    (lambda x, h, W, U, b: np.tanh(x @ W.T + b), r"`x @ W.T`, shapes \(2, 3\) @ \(4, 3\): " + EXCHANGED),
    (lambda x, h, W, U, b: np.matmul(W.T, x), r"shapes \(4, 3\) @ \(2, 3\): " + EXCHANGED),
    (lambda x, h, W, U, b: (x @ W).T @ (h @ U).T @ x @ x, "stopped with ValueError"),
    (lambda x, h, W, U, b: x @ h, r"shapes \(2, 3\) @ \(2, 4\): rows of 3 numbers need a matrix with 3 rows"),
    (lambda *a: step(*a).T, r"shape is \(4, 2\), expected \(2, 4\): rows and columns are exchanged: a row"),
    (lambda x, h, W, U, b: x @ x, r"\(2, 3\) @ \(2, 3\): for a product number by number write \*, not @"),
    (lambda x, h, W, U, b: h @ (1 - h**2), r"for a product number by number write \*, not @"),
    (lambda x, h, W, U, b: h @ 2, r"\* multiplies numbers"),
    (lambda x, h, W, U, b: x * W, r"for a matrix product write @, not \*"),
    (lambda x, h, W, U, b: x ^ x, r"a power is written \*\*"),
    (lambda x, h, W, U, b: 0.5 ^ 2, r"a power is written \*\*"),
    (lambda x, h, W, U, b: [1, 2] ** 2, r"a list has no power"),
    (lambda x, h, W, U, b: sum(a**2 for a in (x, h)), r"adds whole arrays to each other: make one number of each"),
    (lambda x, h, W, U, b: x / x.sum(axis=1), r"keepdims=True keeps it"),
    (lambda x, h, W, U, b: -x.mean, r"\.mean\(\) calls it"),
    (lambda x, h, W, U, b: np.exp(x.mean), r"\.mean\(\) calls it"),
    (lambda x, h, W, U, b: 2 * x.sum, r"\.mean\(\) calls it"),
    (lambda x, h, W, U, b: "0.5", r"got the text '0.5': a number stands without quotes"),
    (lambda *a: str(a)["b"], r"gives the place of a character"),
    (lambda x, h, W, U, b: x + h, r"shapes \(2, 3\) and \(2, 4\): they do not go together, number by number"),
    (lambda x, h, W, U, b: h + h.T, r"operands could not be broadcast|" + EXCHANGED),
    (lambda x, h, W, U, b: math.tanh(x @ W), r"an array stands where one number has to.*np.exp for math.exp"),
    (lambda x, h, W, U, b: np.tahn(x @ W), r"at `np.tahn`.*is \.tanh meant\?"),
    (lambda x, h, W, U, b: x.append(h), r"an array has no \.append"),
    (lambda x, h, W, U, b: [1, 2].shape, r"\.shape is one of the names of NumPy: np.array"),
    (lambda x, h, W, U, b: [x].append(h).shape, r"what stands before .shape is None"),
    (lambda x, h, W, U, b: {"W_x": W}["W"], r"there is no entry 'W'"),
    (lambda x, h, W, U, b: h[2], r"axis 0 has|counting begins at 0, so the last of 2"),
    (lambda x, h, W, U, b: [x][3], r"counting begins at 0"),
    (lambda x, h, W, U, b: x[:, :, 0], r"the array has 2 axes only"),
    (lambda x, h, W, U, b: x["a"], r"a place is a whole number"),
    (lambda x, h, W, U, b: x[1.0], r"a place is a whole number"),
    (lambda x, h, W, U, b: list(x)[0, 1], r"a list has one place only"),
    (lambda x, h, W, U, b: W(x), r"\( \) stands behind numpy.ndarray"),
    (lambda x, h, W, U, b: step[x], r"is a call meant"),
    (lambda x, h, W, U, b: x if x > 0 else h, r"if, and, or, max need one truth"),
    (lambda x, h, W, U, b: np.concatenate([x, h]), r"what is joined must have equal shapes"),
    (lambda x, h, W, U, b: x.sum(axis=3), r"use axis=-1 for the last"),
    (lambda x, h, W, U, b: (x @ W).reshape(3, 4), r"8 numbers do not fill the shape \(3,4\)"),
    (lambda x, h, W, U, b: x @ W + "b", r"text stands where a number|there is a text"),
    (lambda x, h, W, U, b: 1 / 0, r"what stands behind the / is zero"),
    (lambda x, h, W, U, b: np.zeros(2.5), r"a count is a whole number"),
    (lambda x, h, W, U, b: step(x, h, W, U), r"it is called without 'b'"),
    (lambda x, h, W, U: step(x, h, W, U, 0), r"stopped with TypeError .*keep the line that begins with def"),
    (lambda x, h, W, U, b: np.sum(x, axes=1), r"it takes nothing named axes"),
    (lambda x, h, W, U, b: (lambda: 1) + b, r"stopped with TypeError|there is a text, None"),
    (lambda x, h, W, U, b: (lambda a, c: a)(*[1, 2, 3]), r"it takes 2, and 3 are handed over: is a \* too many"),
    (lambda x, h, W, U, b: Path("no such file").read_text(), r"stopped with FileNotFoundError"),
    (misspelt, r"at `h_prv`.*is h_prev meant\?"),
    (no_numpy, r"import tensorflow as tf"),
    (no_ops, r"write keras\.ops"),
    (bare_tanh, r"it is one of NumPy's: write np\.tanh"),
    (reads_before, r"total is read before it has a value"),
    (calls_itself, r"it calls itself without an end"),
    (prints, r"printed its answer: write `return …` in place of `print"),
    (in_place, r"changed h, which it was given: work on a copy"),
    (in_place_and_nothing, r"returned nothing, it changed h in place: end it with `return h`, of a copy"),
    (ints, r"numbers with a fraction do not go into an array of whole numbers"),
    (floors, r"the fraction is cut off"),
    (later, r"leave out async"),
    (yields, r"got generator \(it has yield\)"),
    (lambda *a: (row for row in step(*a)), r"got generator \(a for in round brackets\)"),
    (lambda *a: last(*a), r"is list meant, or is it set in another cell, which was not run\?"),  # noqa: F821
    (unset, r"there is None among them"),
    (lambda *a: (step(*a), step(*a)), r"a tuple of 2 was returned; return one array, without a comma"),
    (lambda *a: (step(*a),), r"a tuple of 1 was returned"),
    (lambda *a: step(*a)[:, None], r"an axis of length 1 too many"),
    (lambda *a: step(*a).sum(), r"that is one number"),
    (lambda *a: step(*a).astype(str), r"got texts: numbers stand without quotes"),
    (lambda *a: str(step(*a)), r"got str, a text"),
    (lambda *a: {"h": step(*a)}, r"got dict"),
    (lambda *a: step, r"got a function, step: call it, with \( \)"),
    (lambda *a: step(*a) + 0j, r"got complex ones"),
    (lambda *a: [[1, 2], [3]], r"its parts have different shapes"),
    (lambda *a: np.log(-np.exp(step(*a))), r"not finite, NaN"),
    (lambda *a: np.exp(step(*a) + 1e6), r"not finite, infinity"),
    (lambda *a: -step(*a), r"The sign is turned round"),
    (lambda *a: step(*a)[::-1], r"in reversed order"),
    (lambda *a: np.sort(step(*a).ravel()).reshape(2, 4), r"in another order"),
    (lambda *a: ..., r"still blank"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "said"), STEP)
def test_an_error_is_one_sentence_with_its_likely_cause(answer, said):
    with pytest.raises(NotYet, match=said) as error:
        lesson_01.check_rnn_step(answer)
    assert str(error.value).strip()[-1] in ".?" and "\n" not in str(error.value)
    assert str(error.value).count("..") == 0


def test_a_right_answer_written_in_other_ways_passes(capsys):
    stack = lambda x, h, W, U, b: np.tanh(np.hstack([x, h]) @ np.vstack([W, U]) + b)  # noqa: E731
    for answer in (step, stack, lambda *a: step(*a).tolist(), lambda *a: tuple(step(*a)), functools.partial(step)):
        lesson_01.check_rnn_step(answer)
    assert capsys.readouterr().out.count("✓") == 5


def test_the_interrupted_loop_stays_an_interrupt():
    def interrupted(*given):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lesson_01.check_rnn_step(interrupted)


def test_what_is_printed_is_seen(capsys):
    assert checks.run(lambda: print("on the way") or 3) == 3
    assert capsys.readouterr().out == "on the way\n"


def test_inputs_of_every_kind_are_watched():
    given = {"a": [np.zeros(2), (np.ones(2), {3})]}

    def changes(inner):
        inner["a"][1][1].add(4)
        return 1

    with pytest.raises(NotYet, match="changed inner"):
        checks.run(changes, given)
    assert checks.run(lambda inner: len(inner), given) == 1
    assert checks.run(lambda rng: rng.normal(), np.random.default_rng(0)) != 0  # what draws has to change


# -- what is handed over: functions, generators, classes, grammars -----------------------------------------------------


def test_a_function_that_is_handed_over():
    made = checks.run(lambda: lambda x: x @ np.ones((2, 2)) if x.ndim else None)
    with pytest.raises(NotYet, match="what <lambda> returned stopped with ValueError"):
        made(np.ones((2, 3)))
    first, second = checks.run(lambda: (misspelt, 3))
    with pytest.raises(NotYet, match="misspelt stopped with NameError"):
        first(1, 2)
    assert second == 3

    def blank():
        raise NotImplementedError

    with pytest.raises(NotYet, match="still blank"):
        checks.run(lambda: blank)()


def test_a_generator_that_is_handed_over():
    def steps():
        yield 1
        yield [][0]

    made = checks.run(steps)
    assert next(made) == 1
    with pytest.raises(NotYet, match=r"steps stopped with IndexError at `\[\]\[0\]`"):
        next(made)
    assert list(checks.run(yields)) == [1]

    def endless():
        while True:
            yield 1

    with pytest.raises(NotYet, match="no end"):
        checks.as_list(checks.run(endless), "words")


def test_a_check_is_guarded_whatever_breaks_in_it():
    @checks.guard
    def check_thing(thing):
        thing.call(3)

    class Thing:
        def call(self, x):
            return x.shap

    with pytest.raises(NotYet, match=r"thing: what it returned cannot be used, AttributeError at `x.shap`"):
        check_thing(Thing())
    with pytest.raises(NotYet, match="thing: what it returned cannot be used"):
        check_thing(3)

    @checks.guard
    def check_file(file):
        raise CourseError("the file has a mistake in line 3.")

    with pytest.raises(NotYet, match="^file: the file has a mistake in line 3.$"):
        check_file(1)


def test_every_check_of_every_lesson_is_guarded():
    from course_lib import exercises
    from tools.build import lessons

    for name in lessons():
        module = getattr(exercises, f"lesson_{name[:2]}")
        found = [check for each, check in vars(module).items() if each.startswith("check_")]
        assert found and all(hasattr(check, "__wrapped__") for check in found)
    with pytest.raises(AttributeError):
        exercises.anything  # noqa: B018


@pytest.mark.parametrize("line", ['words = ["I = ich"]', '"I" = 3', '"I" = ["ich"]', "forms2 = {}"])
def test_a_grammar_with_things_in_strange_places(line):
    grammar = f'[rules]\nTEXT = ["1: WHO => WHO"]\n[words.WHO]\nforms = "word"\n{line}\n'
    with pytest.raises(NotYet, match=r"^my_languages"):
        lesson_06.check_own_languages(lambda: grammar)


def test_an_error_inside_a_layer_is_told_without_what_keras_writes_around_it():
    import keras

    class Layer(keras.layers.Layer):
        def build(self, shape):
            self.W = self.add_weight(shape=(3, 4))

        def call(self, x):
            return self.W @ x

    @checks.guard
    def check_layer(layer):
        layer(np.ones((2, 3), "float32"))

    with pytest.raises(NotYet, match=r"^layer: .* at `self.W @ x`.*" + EXCHANGED) as error:
        check_layer(Layer())
    assert "Exception encountered" not in str(error.value)
    said = mistakes.message(
        ValueError("Exception encountered when calling A.call().\n\n\x1b[1mbad\x1b[0m\n\nArguments received by A")
    )
    assert said == "bad"
    with pytest.raises(NotYet, match="got a tensor without numbers"):
        checks.as_array(keras.Input((3,)), (2, 3), "x")
    assert checks.as_array(keras.ops.ones((2, 3)), (2, 3), "x").sum() == 6


# -- the kinds of answers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "said"), [
    (3, "expected 2 things, a and b: end it with `return a, b`; got one int"),
    ((1, 2, 3), "got 3"), (np.ones(2), "got one array"), ((1, None), "b is None"), ("ab", "got one str"),
])  # fmt: skip
def test_a_wrong_number_of_results(answer, said):
    with pytest.raises(NotYet, match=said):
        checks.results(answer, "a", "b", what="pair")


def test_results_of_several_kinds():
    assert checks.results((1, 2), "a", "b", what="pair") == checks.results([1, 2], "a", "b", what="pair") == [1, 2]
    assert checks.results((n for n in (1, 2)), "a", "b", what="pair") == [1, 2]


def test_equal_numbers_of_another_shape_are_not_equal():
    with pytest.raises(NotYet):
        checks.expect_close(2.0, np.array([2.0, 2.0]), "x")
    with pytest.raises(NotYet, match="Rows and columns are exchanged"):
        square = np.arange(9.0).reshape(3, 3)
        checks.expect_close(square.T, square, "x")
    checks.expect_close([1, 2], np.array([1.0, 2.0]), "x")


@pytest.mark.parametrize(
    "answer", [0.5, 1 / 2, np.float32(0.5), np.array([0.5]), lambda: 0.5, lambda: np.exp(np.log(0.5))]
)
def test_a_right_number(answer):
    checks.number(answer, 0.5, "the share")


@pytest.mark.parametrize(("answer", "said"), [
    (0.4, "not yet, 0.4 is too small"), (3, "not yet, 3 is too large"), (2, "Turn it round"), ("0.5", "without quotes"),
    (True, "expected a number, got True"), (None, "still blank"), (..., "still blank"),
    ([1, 2], "expected one number, got 2"),
    (float("nan"), "got nan"), (lambda: 1 / 0, "is zero there"), ({}, "expected a number"), (1j, "complex"),
])  # fmt: skip
def test_a_wrong_number_is_not_told_the_right_one(answer, said):
    with pytest.raises(NotYet, match=said) as error:
        checks.number(answer, 0.5, "the share", [(2, "Turn it round.")])
    assert "0.5" not in str(error.value).replace("'0.5'", "")


TRUTH, HINTS = {"a": True, "b": False, "c": True}, {"a": "Look at a.", "b": "Look at b.", "c": "Look at c."}


@pytest.mark.parametrize(("answer", "said"), [
    ({"a": True, "b": True, "c": False}, "statement b: not yet. Look at b"),
    ({"a": False, "b": False, "c": True}, "statement a: not yet. Look at a"),
    ({"a": True, "b": False}, "mark statement c, too"), ({"a": True, "b": False, "c": ...}, "mark statement c, too"),
    ({"a": ..., "b": ..., "c": ...}, "still blank"), (..., "still blank"), (None, "still blank"), ({}, "still blank"),
    ({**TRUTH, "d": True}, "there is no statement 'd'"), ({**TRUTH, "a": "True"}, "without quotes, got 'True'"),
    ({**TRUTH, "a": 2}, "got 2"), ("abc", "expected True or False for each of 3"),
    (3, "expected True or False for each"),
    (lambda: {**TRUTH, "b": True}, "statement b"),
])  # fmt: skip
def test_a_wrong_mark_is_told_its_hint(answer, said):
    with pytest.raises(NotYet, match=said):
        checks.marks(answer, TRUTH, HINTS)


def test_right_marks_and_lists_of_them():
    checks.marks(TRUTH, TRUTH, HINTS)
    checks.marks(lambda: TRUTH, TRUTH, HINTS)
    checks.marks([True, False], [True, False], ["one", "two"])
    checks.marks(np.array([True, False]), [True, False], ["one", "two"])
    with pytest.raises(NotYet, match="statement 2: not yet. two"):
        checks.marks([True, True], [True, False], ["one", "two"])
    with pytest.raises(NotYet, match="mark statement 2"):
        checks.marks([True], [True, False], ["one", "two"])
    with pytest.raises(ValueError):
        checks.marks([True], [True], [])


def test_wrong_answers_that_once_passed_or_were_not_explained():
    with pytest.raises(NotYet, match="overflows|not finite"):  # the largest of the whole table subtracted
        lesson_01.check_temperature(
            lambda s, t: (e := np.exp((s - s.max()) / t)) / e.sum(-1, keepdims=True) / (s.max() < 999)
        )
    with pytest.raises(NotYet, match="changed gradients"):

        def clip(gradients, limit):
            norm = np.sqrt(sum((g**2).sum() for g in gradients))
            for g in gradients:
                g *= min(1, limit / norm) if norm else 1
            return gradients

        lesson_02.check_clip(clip)


def test_two_mistakes_at_once_are_told_after_one():
    rng = np.random.default_rng(11)
    x, y = rng.normal(size=(2, 4))
    rows = checks.mixtures(
        lambda a, b, c: (a + b) * c,
        [(x, ""), (-x, "Minus x.")],
        [(y, ""), (2 * y, "Twice y.")],
        [(1, ""), (3, "Three times.")],
    )
    assert [hint for _, hint in rows[:3]] == ["Three times.", "Twice y.", "Minus x."]
    assert {hint for _, hint in rows[3:]} == {"Twice y. Three times.", "Minus x. Three times.", "Minus x. Twice y."}
    for value, hint in rows:
        expected = (x * (-1) ** ("Minus" in hint) + y * (1 + ("Twice" in hint))) * (3 if "Three" in hint else 1)
        np.testing.assert_allclose(value, expected)
    alike = checks.mixtures(lambda a: a, [(x, ""), (np.zeros(4), "All 0.")])
    assert np.isnan(alike[0][0])  # an answer of zeros may come from anything


def test_a_table_for_one_case_serves_several():
    def table(n):
        return [(n + 1, "One too many."), (n * n, "No square.")]

    def told(answer):
        with pytest.raises(NotYet) as error:
            checks.expect_cases(answer, [(2,), (3,), (5,)], lambda n: n, "f", checks.of_cases(table, 2))
        return str(error.value)

    assert "No square" in told(lambda n: n**2)
    assert "One too many" in told(lambda n: n + 1)
    assert "whatever is given" in told(lambda n: 7)

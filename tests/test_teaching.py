"""What a reader may expect of every lesson: a table of its letters, guesses, slides, pictures described, few words."""

import ast
import inspect
import re

import nbformat
import pytest

from course_lib import exercises
from tools import build

LESSONS = build.lessons()
MOST_WORDS, SLIDES, MOST_ON_A_SLIDE = 2600, (10, 24), 80
PAGE = (build.NOTEBOOKS / "pages" / "symbols.md").read_text(encoding="utf-8")
GREEK = {"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "lambda", "mu", "nu", "xi",
         "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega", "Delta", "Sigma", "Omega", "ell"}  # fmt: skip
WORDS_IN_FORMULAS = r"\\(?:text|mathrm|operatorname|texttt|mathit|begin|end)\*?\{[^{}]*\}"
# What an exercise says that asks for something else than to complete a function.
OTHER_KINDS = r"\b(?:[Mm]end|[Dd]erive|[Pp]redict|on paper|[Mm]istakes?|bug|wrong in it|True|False|must be)\b"


def cells(name, kind):
    return [cell for cell in build.cells(name).cells if cell.cell_type == kind]


def code(name):
    return "\n".join(cell.source for cell in cells(name, "code"))


def without_code(markdown):
    return re.sub(r"```.*?```|`[^`\n]+`", " ", markdown, flags=re.S)


# -- letters ----------------------------------------------------------------------------------------------------------


def formulas(markdown):
    """What stands between dollar signs."""
    return [a or b for a, b in re.findall(r"\$\$(.+?)\$\$|\$([^$\n]+(?:\n[^$\n]+)?)\$", without_code(markdown), re.S)]


def letters(formula):
    """Its base letters: no words, no marks below a letter but the steps t and j, which are letters of their own."""
    rest, found = re.sub(WORDS_IN_FORMULAS, " ", formula), set()
    while (shorter := re.sub(r"_\{((?:[^{}]|\{[^{}]*\})*)\}|_(\\[A-Za-z]+|.)", r" ", rest)) != rest:
        for below in re.findall(r"_\{((?:[^{}]|\{[^{}]*\})*)\}|_(\\[A-Za-z]+|.)", rest):
            if re.fullmatch(r"[jt]'?(?: ?[-+] ?\d)?|jt'?", (below[0] or below[1]).strip()):
                found |= set(re.findall("[jt]", below[0] or below[1]))
        rest = shorter
    found |= {f"\\{name}" for name in re.findall(r"\\([A-Za-z]+)", rest) if name in GREEK}
    return found | set(re.findall(r"[A-Za-z]", re.sub(r"\\[A-Za-z]+", " ", rest)))


def base(formula):
    """The letters that a row of a table is about: of h_t^l it is h, of p(w) it is p."""
    bare = re.sub(r"[_^](?:\{(?:[^{}]|\{[^{}]*\})*\}|\\[A-Za-z]+|.)", " ", re.sub(WORDS_IN_FORMULAS, " ", formula))
    bare = re.sub(r"\\(?!(?:" + "|".join(GREEK) + r")\b)[A-Za-z]+", " ", bare)
    return {found[0] for part in bare.split(",") if (found := re.findall(r"\\[A-Za-z]+|[A-Za-z]", part))}


def rows(markdown):
    """The rows of tables whose first column has letters -> (letters, meaning)."""
    found = re.findall(r"^\| (\$.+?) \| (.+?) \|", markdown, re.M)
    return [(set().union(*map(base, formulas(first))), meaning) for first, meaning in found]


def table(name):
    """A lesson's letters, as its second cell has them."""
    first = build.cells(name).cells[1].source
    assert first.startswith("<details><summary><b>Symbols of this lesson</b></summary>\n\n"), first[:60]
    assert first.rstrip().endswith("</details>")
    return rows(first)


CANON = {next(iter(found)): meaning for found, meaning in rows(PAGE)}


def second_meanings(found):
    """Rows of a lesson that do not begin with the meaning that the page gives."""
    wrong = []
    for several, meaning in found:
        for letter in several:
            said = meaning.lower().replace("$", "")
            if letter not in CANON:
                wrong.append(f"{letter}: pages/symbols.md does not have it")
            elif not said.startswith(CANON[letter].lower().replace("$", "")):
                wrong.append(f"{letter}: {meaning!r}, and {CANON[letter]!r} on the page")
    return wrong


def test_the_page_has_no_letter_twice():
    found = [letter for several, _ in rows(PAGE) for letter in several]
    assert len(found) == len(set(found)) > 40
    assert all(len(several) == 1 for several, _ in rows(PAGE))
    meanings = [meaning for _, meaning in rows(PAGE)]
    assert len(meanings) == len(set(meanings))


@pytest.mark.parametrize("name", LESSONS)
def test_a_letter_has_one_meaning_in_all_lessons(name):
    assert second_meanings(table(name)) == []


@pytest.mark.parametrize("name", LESSONS)
def test_every_letter_of_a_formula_is_in_the_table(name):
    known = set().union(*(several for several, _ in table(name)))
    for cell in cells(name, "markdown"):
        for formula in formulas(cell.source):
            missing = letters(formula) - known
            assert not missing, f"{sorted(missing)} of ${formula}$"


def test_a_planted_second_meaning_is_found():
    head = "| letter | meaning | size |\n| --- | --- | --- |\n"
    assert second_meanings(rows(f"{head}| $h_t$ | memory after step $t$ | $H$ |\n")) == []
    assert second_meanings(rows(f"{head}| $h_t$ | hidden state | $H$ |\n")) == [
        "h: 'hidden state', and 'memory' on the page"
    ]
    assert len(second_meanings(rows(f"{head}| $z_t$ | what goes into a nonlinearity | |\n"))) == 1
    assert len(second_meanings(rows(f"{head}| $Q$ | all queries | |\n"))) == 1


@pytest.mark.parametrize(("formula", "found"), [
    (r"h_t = \mathrm{cell}(h_{t-1}, x_t)", {"h", "x", "t"}), (r"W_{fx} x_t + b_f", {"W", "x", "b", "t"}),
    (r"\alpha_{jt} = \exp(e_{jt}) / \sum_{t'} \exp(e_{jt'})", {"\\alpha", "e", "j", "t"}), (r"\tilde h", {"h"}),
    (r"\frac{\partial E}{\partial h_t}", {"E", "h", "t"}),
    (r"p(w) = \exp(y_w) / \sum_{w'} \exp(y_{w'})", {"p", "w", "y"}),
    (r"\rho^{\,t-k}", {"\\rho", "t", "k"}), (r"T_\text{max}", {"T"}), (r"\lVert W_h \rVert \le 1", {"W"}),
    (r"\delta_{f,t}", {"\\delta"}), (r"\begin{aligned} a &= 1 \end{aligned}", {"a"}), (r"c_\tau", {"c"}),
])  # fmt: skip
def test_letters_of_a_formula(formula, found):
    assert letters(formula) == found


# -- pictures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LESSONS)
def test_every_figure_of_a_lesson_is_described(name):
    for node in ast.walk(ast.parse(code(name))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "plotting.figure":
            alt = next((k.value for k in node.keywords if k.arg == "alt"), None)
            assert alt is not None, f"no alt: {ast.unparse(node)}"
            if isinstance(alt, ast.Name):  # a function's argument: the next test looks at the picture
                continue
            assert isinstance(alt, ast.Constant | ast.JoinedStr), f"no text: {ast.unparse(node)}"
            said = ast.unparse(alt)
            assert len(said.split()) >= 5 and said.strip("f'\"")[0].isupper(), said
            assert re.search(r"[.…?!)]$", said.strip("f'\"")), said


@pytest.mark.parametrize("name", LESSONS)
def test_every_picture_of_a_built_notebook_has_its_description(name):
    notebook = nbformat.read(build.EDITIONS["solutions"] / f"{name}.ipynb", 4)
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                assert output.metadata.get("image/png", {}).get("alt"), cell.source[:80]


# -- words and slides -------------------------------------------------------------------------------------------------


def prose(markdown):
    """Its words: no formulas, no code, no bars of tables, no marks."""
    text = re.sub(r"\$\$.*?\$\$", " ", markdown, flags=re.S)
    text = without_code(re.sub(r"\$[^$\n]+\$", " ", text))
    text = re.sub(r"<[^>]+>", " ", re.sub(r"\]\([^)]*\)", "]", text))
    return [word for word in text.split() if re.search("[A-Za-z]", word)]


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_is_short(name):
    assert sum(len(prose(cell.source)) for cell in cells(name, "markdown")) <= MOST_WORDS


def slides(name):
    """The cells of each slide: what is marked as a slide, or as below one, and the fragments that follow."""
    found = []
    for cell in build.cells(name).cells:
        kind = cell.metadata.slideshow["slide_type"]
        assert kind in ("slide", "subslide", "fragment", "skip"), kind
        if kind in ("slide", "subslide"):
            found.append([cell])
        elif kind == "fragment":
            assert found, f"a fragment before the first slide: {cell.source[:60]}"
            found[-1].append(cell)
    return found


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_can_be_presented(name):
    found = slides(name)
    low, high = SLIDES if name != LESSONS[0] else (4, SLIDES[1])
    assert low <= len(found) <= high
    for slide in found:
        words = sum(len(prose(cell.source)) for cell in slide if cell.cell_type == "markdown")
        assert words <= MOST_ON_A_SLIDE, f"{words} words: {slide[0].source[:60]}"


# -- guesses, what was seen, exercises --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_lets_its_reader_guess_and_answers(name):
    found = [cell for cell in cells(name, "code") if build.GUESS in cell.metadata.get("tags", [])]
    assert found and all(re.search(r"\bask\(", cell.source) for cell in found)
    answers = [cell for cell in cells(name, "code") if build.ANSWER in cell.metadata.get("tags", [])]
    assert len(answers) == len(found) and all(".answer(" in cell.source for cell in answers)
    for cell in [*found, *answers]:
        assert "nbval-ignore-output" in cell.metadata.tags
    for call in ast.walk(ast.parse(code(name))):
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(".answer"):
            assert any(k.arg == "because" for k in call.keywords)


@pytest.mark.parametrize("name", LESSONS[1:])
def test_a_lesson_says_what_was_seen(name):
    headings = re.findall(r"^##+ (.+)$", "\n".join(cell.source for cell in cells(name, "markdown")), re.M)
    assert "What we saw" in headings


@pytest.mark.parametrize("name", LESSONS)
def test_an_exercise_is_not_to_complete_a_function(name):
    kinds, text = [], ""
    module = getattr(exercises, f"lesson_{name[:2]}")
    for cell in build.cells(name).cells:
        if cell.cell_type == "markdown":
            text = cell.source
        elif cell.metadata.get("nbgrader", {}).get("grade"):
            (check,) = re.findall(r"\.(check_\w+)\(", cell.source)
            uses = inspect.getsource(inspect.unwrap(getattr(module, check)))
            asked = re.sub(r"^.*^(?=##+ \d)", "", text, flags=re.S | re.M)
            kinds.append(bool(re.search(OTHER_KINDS, asked) or re.search(r"checks\.(?:marks|number)\(", uses)))
    assert any(kinds), "a bug to find, a number to predict, a formula to derive, statements to mark"

"""The pages around the lessons: what they name is there, what they quote is what is measured, every link leads on."""

import re
from urllib.parse import unquote

import numpy as np
import pytest
from test_words import code, sentences

from course_lib import results
from tools.build import NOTEBOOKS, cells, lessons

RNG = np.random.default_rng(0)
PAGES = NOTEBOOKS / "pages"
GLOSSARY = (PAGES / "glossary.md").read_text(encoding="utf-8")
# id, term, what it means, lesson, section, the lesson's file, anchor in it
ENTRY = re.compile(
    r'<a id="([\w-]+)"></a>\*\*(.+?)\*\*(?: \((.+?)\))?: (.+) \[(\d\d), \*(.+)\*\]\(\.\./(\w+)\.ipynb#(\S+)\)'
)
PARAGRAPHS = [" ".join(part.split("\n")) for part in GLOSSARY.strip().split("\n\n") if part.startswith("<a id=")]
ENTRIES = [match.groups() for part in PARAGRAPHS if (match := ENTRY.fullmatch(part))]


def sections(name: str) -> dict[str, str]:
    """A lesson's headings, and the words below each, up to the next one, in cells of text and of code."""
    found, heading = {}, ""
    for cell in cells(name).cells:
        is_text = cell.cell_type == "markdown"
        parts = re.split(r"^#+ (.+)$", cell.source, flags=re.MULTILINE) if is_text else [cell.source]
        found[heading] = found.get(heading, "") + parts[0]
        for heading, text in zip(parts[1::2], parts[2::2], strict=True):
            found[heading] = found.get(heading, "") + heading + text
    return {heading: " ".join(text.split()).lower() for heading, text in found.items()}


SECTIONS = {name: sections(name) for name in lessons()}
# How a lesson's section says a term, where not in the same words.
WORDS = {
    "additive match": ["additive"],
    "alignment": ["sure", "possible"],
    "alignment error rate": ["AER"],
    "attention": ["match", "softmax", "weighted sum"],
    "attention map": ["where did it look"],
    "backpropagation through time": ["unroll"],
    "bilinear match": ["bilinear"],
    "BLEU": ["BLEU-n"],
    "cell value": ["cell"],
    "calibration": ["calibrated"],
    "clipping": ["norm clipping"],
    "cosine match": ["cosine"],
    "deciding word": ["deciding words"],
    "dot match": ["dot"],
    "entropy of weights": ["entropy"],
    "exploding gradient": ["explode"],
    "fine-tuning": ["fine-tuned"],
    "gate of attention": ["gate"],
    "gradient check": ["check the gradient"],
    "greedy search": ["greedy"],
    "Jacobian": ["Jacobians"],
    "key": ["keys"],
    "logit": ["logits"],
    "long-term dependency": ["long-term dependencies"],
    "loudness": ["loud", "quiet"],
    "LSTM": ["a **gate**"],
    "MUT1, MUT2, MUT3": ["MUT3"],
    "nat": ["nats"],
    "nesting world": ["nesting"],
    "one-hot vector": ["one-hot"],
    "orthogonal matrix": ["orthogonal"],
    "parameter": ["parameters"],
    "parameter sharing": ["share parameters"],
    "pointing game": ["point"],
    "possible link": ["possible"],
    "query": ["queries"],
    "recall world": ["recall"],
    "reset gate": ["reset"],
    "residual network": ["residual"],
    "scaled dot match": ["scaled dot"],
    "seed": ["seeds"],
    "soft attention": ["soft"],
    "sums world": ["sums between distractors"],
    "sure link": ["sure"],
    "t interval": ["t intervals"],
    "update gate": ["update"],
    "validation data": ["validation"],
    "value": ["values"],
    "vanilla RNN": ["RNN"],
    "vanishing gradient": ["vanish"],
    "XML world": ["XML"],
    "doubly stochastic penalty": ["the doubly stochastic penalty", "the penalty"],
}
ADDRESS = re.compile(  # to the reader, and where one has to wait
    r"you (will|need)|run time|sources|(your )?guess|predict|(do .+)?on paper|shift-enter|(this|the next) cell|"
    r"the cell after|which characters|what can it do|check it against|choose the one",
    re.IGNORECASE,
)
NO_TERMS = {
    "a sentence, not a name": """
        given the words so far, say how probable each next word is | never exactly 12 words apart |
        problem 1: a fixed window cannot model long-term dependencies | problem 2: counts do not keep the order |
        problem 3: places do not share weights | a good mean can hide a total failure | one character at a time |
        a product with $f_t$, number by number; no matrix, no tanh | although the input is loud |
        take a cnn that was trained to name things, drop the decision, keep the numbers | plain rnn or lstm |
        where does it enter | it has no word for "i do not know" """,
    "a word of everyday language, in its everyday meaning": """
        and | all | one | the same | before | write | keep | show | ignore | forget | count |
        against | learned nothing | order | any length | row | sky | france | french | necessary | linear | the task |
        backwards | outputs | sentences | stories | brackets | indented | column | the commonest caption |
        the most similar training picture""",
    "short for an entry: what it is said of stands beside it": """
        the best possible predictor | counts | window of 4 | window of 16 | the baseline | gradient | output |
        by other ways | for characters | forward | backward | bits | beam""",
    "one of three remedies, each of which has entries": "activation | initialisation | architecture",
}


def a_term_or_its_words(term: str) -> list[str]:
    return [term.lower(), *(word.lower() for word in WORDS.get(term, []))]


def test_every_entry_of_the_glossary_has_its_form_and_stands_in_its_place():
    assert len(PARAGRAPHS) == GLOSSARY.count("<a id=") > 100
    assert [part for part in PARAGRAPHS if not ENTRY.fullmatch(part)] == []
    anchors = [anchor for anchor, *_ in ENTRIES]
    assert anchors == sorted(set(anchors))
    for anchor, term, *_ in ENTRIES:
        assert anchor == re.sub(r"[^a-z0-9]+", "-", term.lower().replace("'", "")).strip("-")
    initials = re.findall(r"^## (\w)$", GLOSSARY, re.MULTILINE)
    assert initials == sorted({anchor[0].upper() for anchor in anchors})


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry[0])
def test_a_term_stands_in_the_section_that_the_glossary_names(entry):
    _, term, _, _, number, heading, name, _ = entry
    assert name.startswith(number) and name in SECTIONS
    assert heading in SECTIONS[name], f"lesson {number} has no section {heading!r}"
    assert any(word in SECTIONS[name][heading] for word in a_term_or_its_words(term)), (term, heading)


def test_no_other_words_for_a_term_are_left_over():
    assert set(WORDS) <= {term for _, term, *_ in ENTRIES}


def bold_words(name: str) -> set[str]:
    """What a lesson prints in bold, but for what it says to the reader."""
    texts = [cell.source for cell in cells(name).cells if cell.cell_type == "markdown"]
    found = {" ".join(words.split()) for text in texts for words in re.findall(r"\*\*(.+?)\*\*", text, re.DOTALL)}
    return {words.lower().rstrip(".:?") for words in found if not ADDRESS.match(words)}


def no_terms() -> set[str]:
    return {" ".join(words.split()) for each in NO_TERMS.values() for words in each.split("|")}


@pytest.mark.parametrize("name", lessons())
def test_a_bold_term_of_a_lesson_is_in_the_glossary(name):
    known = {word for _, term, *_ in ENTRIES for word in a_term_or_its_words(term)}
    assert bold_words(name) - known - no_terms() == set(), "define it in notebooks/pages/glossary.md, or say why not"


def test_no_exception_is_left_over():
    assert no_terms() - set().union(*map(bold_words, lessons())) == set()


# -- links -------------------------------------------------------------------------------------------------------------

TEXTS = {path.name: path.read_text(encoding="utf-8") for path in sorted(PAGES.glob("*.md"))}
LINKS = [(page, *link) for page, text in TEXTS.items() for link in re.findall(r"\[([^\]]+)\]\(([^)\s]+)\)", text)]


def anchors(page: str) -> set[str]:
    """Where a link into a page can lead: to an `id`, or to a heading that is the same in JupyterLab and on GitHub."""
    text = TEXTS[page]
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {*re.findall(r'<a id="([\w-]+)">', text), *(heading.lower().replace(" ", "-") for heading in headings)}


def test_there_are_the_pages_and_each_links_to_another():
    assert set(TEXTS) == {"before_you_start.md", "cheat_sheet.md", "glossary.md", "symbols.md", "where_to_go_next.md"}
    assert {page for page, _, target in LINKS if target.partition("#")[0] in TEXTS} >= {
        "before_you_start.md",
        "cheat_sheet.md",
    }


@pytest.mark.parametrize("page, words, target", [link for link in LINKS if "://" not in link[2]])
def test_a_link_leads_somewhere(page, words, target):
    file, _, fragment = target.partition("#")
    if file.endswith(".ipynb"):
        # JupyterLab's name of a heading is its text with hyphens for spaces.
        name = file.removeprefix("../").removesuffix(".ipynb")
        assert file == f"../{name}.ipynb" and (NOTEBOOKS / f"{name}.ipynb").is_file()
        assert not fragment or unquote(fragment) in {heading.replace(" ", "-") for heading in SECTIONS[name]}
        numbers = re.findall(r"\b\d\d\b", " ".join(words.split()))
        assert not numbers or numbers[0] == name[:2]
    else:
        assert not file or file in TEXTS
        assert not fragment or fragment in anchors(file or page)


def broken(text: str) -> list[str]:
    """The links of a lesson's text to pages that lead nowhere."""
    links = re.findall(r"\]\((?:\./)?(pages/[^)\s]+)\)", text)
    pairs = [(link, *link.removeprefix("pages/").partition("#")[::2]) for link in links]
    return [link for link, page, to in pairs if page not in TEXTS or (to and to not in anchors(page))]


@pytest.mark.parametrize("name", lessons())
def test_a_lesson_s_link_to_a_page_leads_somewhere(name):
    assert broken(" ".join(cell.source for cell in cells(name).cells)) == []


def test_a_link_that_leads_nowhere_is_found():
    good, lost = "[a](pages/glossary.md#attention) [b](pages/cheat_sheet.md)", "[c](pages/glossary.md#atention)"
    assert broken(f"{good} {lost} [d](pages/glosary.md)") == ["pages/glossary.md#atention", "pages/glosary.md"]


@pytest.mark.parametrize("words, address", [link[1:] for link in LINKS if "://" in link[2]])
def test_an_address_is_secure_and_a_paper_s_is_its_number(words, address):
    assert address.startswith("https://")
    number = re.fullmatch(r"https://arxiv\.org/abs/(\d{4}\.\d{5})", address)
    assert bool(number) == ("arxiv" in address.lower()) == words.startswith("arXiv:")
    assert not number or words == f"arXiv:{number[1]}"


# -- the cheat sheet ---------------------------------------------------------------------------------------------------


def table(page: str, first: str) -> list[list[str]]:
    """The rows of a page's table whose first column has this heading and the others follow."""
    (rows,) = re.findall(rf"^\| {re.escape(first)} \|\n\| --- .+\n((?:\|.+\n)+)", TEXTS[page], re.MULTILINE)
    return [[field.strip() for field in row.strip("|").split(" | ")] for row in rows.splitlines()]


# Formulas of the cheat sheet that a lesson has in other words, and where.
OWN_FORMULAS = {
    "BPTT": "lesson 02 has it for all steps at once, and in code: `rnn_backward`",
    "beam search": "lesson 06 says it in words",
    "BLEU": "lesson 06 says it in words",
}


def bare(formula: str) -> str:
    """A formula without what only moves it about."""
    return re.sub(r"\\[,;!]|\\q?quad|\\[Bb]ig[lr]?|[&\s]", "", formula)


@pytest.mark.parametrize("what, equations, shapes, where", table("cheat_sheet.md", "what | equation | shapes | lesson"))
def test_a_formula_of_the_cheat_sheet_is_that_of_its_lesson(what, equations, shapes, where):
    assert shapes
    names = re.findall(r"\.\./(\w+)\.ipynb#", where)
    text = bare(" ".join(cell.source for name in names for cell in cells(name).cells if cell.cell_type == "markdown"))
    formulas = re.findall(r"\$(.+?)\$", equations)
    missing = [formula for formula in formulas if bare(formula) not in text]
    assert formulas and bool(missing) == bool(OWN_FORMULAS.get(what)), missing


def middle(file: str, column: str, mean: bool = False, **case) -> float:
    """The median, or mean, of a stored table's rows of one case, of which there have to be five seeds, or three."""
    values = [row[column] for row in results.read(file) if all(row[key] == value for key, value in case.items())]
    assert len(values) == (3 if file == "align.csv" else 5), (file, case, len(values))
    return float(np.mean(values) if mean else np.median(values))


def lag(model: str, lag: int, start: str = "loud") -> str:
    return f"{middle('lag.csv', 'accuracy', model=model, lag=lag, start=start):.2f}"


def of(file: str, column: str, mean: bool = False, **case) -> str:
    return f"{middle(file, column, mean, **case):.3f}"


SUMS = {"task": "arithmetic", "file": "cell_zoo.csv", "column": "accuracy", "mean": True}
START = {"conditioning": "initial state", "direction": "both", "cell": "gru", "mean": True, "file": "align.csv"}
CAPTIONS = {"file": "captions.csv", "column": "correct", "cell": "lstm"}
# The beginning of each rule -> the numbers of its row, in their order, read off its table.
MEASURED = {
    "Compare with counts": lambda: [of("next_word.csv", "ratio", model=m) for m in ("trigram counts", "RNN")],
    "Look at the cases": lambda: [of("next_word.csv", c, model="bag of words") for c in ("ratio", "order")],
    "A loud tanh": lambda: ["50", *(lag("RNN, Gaussian", 50, start) for start in ("loud", "quiet"))],
    "ReLU": lambda: ["100", *(lag("RNN, ReLU and identity", 100, start) for start in ("loud", "quiet"))],
    "Where it matters": lambda: ["50", "1", lag("LSTM, b = 1", 50), "3", lag("LSTM, b = 3", 50)],
    "Or spread it": lambda: ["100", lag("LSTM, chrono", 100), "3", lag("LSTM, b = 3", 100)],
    "For characters": lambda: [
        of("characters.csv", "ratio", setting="the lesson's"),
        min(of("characters.csv", "ratio", setting=s) for s in ADAM),
        "32",
        of("characters.csv", "ratio", setting="windows of 32"),
        "1",
        of("characters.csv", "ratio", setting="forget bias 1 instead of chrono"),
    ],
    "Of an LSTM's gates": lambda: [of(**SUMS, cell=c) for c in ("LSTM", "LSTM-f", "LSTM-i", "LSTM-o")],
    "Keep a vector": lambda: [
        f"{middle(**START, column='bleu_long', attention=a, score=s):.1f}"
        for a, s in ((None, None), ("after", "cosine"))
    ],
    "Read after": lambda: [
        of(**START, column="alignment_error", attention=a, score="additive") for a in ("after", "before")
    ],
    "Let the output": lambda: [
        of(**CAPTIONS, cnn="pretrained", conditioning=c) for c in ("first input", "initial state and output")
    ],
    "Take a CNN": lambda: [
        of(**CAPTIONS, cnn=c, conditioning="initial state and output") for c in ("pretrained", "random")
    ],
    "Look at regions": lambda: [of("look.csv", "correct", case=c) for c in LOOKS],
    "Test a penalty": lambda: [of("look.csv", "astray", case=c) for c in ("soft", "soft, with the penalty")],
}
ADAM = [f"Adam instead of Muon, rate {rate}" for rate in (0.003, 0.01, 0.02, 0.04)]
LOOKS = ["soft", "lesson 08's, log odds", "soft, CNN told pictures", "lesson 08's, CNN told pictures"]
RULES = table("cheat_sheet.md", "rule of thumb | measured | table | lesson")


@pytest.mark.stored
@pytest.mark.parametrize("rule, measured, file, number", RULES)
def test_what_the_cheat_sheet_quotes_is_what_the_table_says(rule, measured, file, number):
    (numbers,) = [numbers for begins, numbers in MEASURED.items() if rule.startswith(begins)]
    said = [float(each) for each in re.findall(r"(?<![\w.])\d*\.?\d+", measured)]
    assert said == [float(each) for each in numbers()]
    means = "mean" in measured
    assert means == (file in ("cell_zoo.csv", "align.csv"))
    (name,) = [name for name in lessons() if name.startswith(number)]
    assert f'results.read("{file}")' in " ".join(cell.source for cell in cells(name).cells)


def test_every_rule_of_the_cheat_sheet_is_read_off_a_table():
    assert len(RULES) == len(MEASURED)
    assert all(any(rule.startswith(begins) for rule, *_ in RULES) for begins in MEASURED)


def quoted_claims() -> list[tuple[str, str]]:
    """(lesson's number, sentence) for each claim that a page quotes in italics."""
    found = []
    for _, claims, number in table("cheat_sheet.md", "rule of thumb | claim | lesson"):
        found += [(number, sentence) for sentence in re.findall(r"\*(.+?)\*", claims)]
    text = " ".join(TEXTS["where_to_go_next.md"].split())
    return found + [(number, sentence) for sentence, number in re.findall(r"\*([^*]+)\* \(\[(\d\d)\]\(", text)]


@pytest.mark.parametrize("number, sentence", quoted_claims())
def test_a_claim_that_a_page_quotes_is_one_of_its_lesson(number, sentence):
    (name,) = [name for name in lessons() if name.startswith(number)]
    assert sentence.lower() in sentences(code(name))


def test_the_closing_page_quotes_claims():
    assert len(quoted_claims()) > 20


# -- before you start --------------------------------------------------------------------------------------------------

START_PAGE = TEXTS["before_you_start.md"]


def needed(name: str) -> set[str]:
    """The numbers of the lessons that a lesson says one needs."""
    (line,) = re.findall(r"\*\*You need:\*\*(.+)", cells(name).cells[0].source)
    for first, last in re.findall(r"(\d\d) to (\d\d)", line):
        line += " ".join(f"{n:02d}" for n in range(int(first), int(last)))
    return set(re.findall(r"\b\d\d\b", line))


def test_the_map_says_what_the_lessons_say_and_what_was_measured():
    (graph,) = re.findall(r"```mermaid\ngraph LR\n(.+?)```", START_PAGE, re.DOTALL)
    edges = [tuple(line.split(" --> ")) for line in map(str.strip, graph.splitlines())]
    measured = {(row["lesson"], row["processor"]): row["seconds"] for row in results.read("lesson_times.csv")}
    rows = table("before_you_start.md", "lesson | needs | run time | on a slow machine | exercises")
    assert len(rows) == len(lessons())
    for name, (title, needs, fast, slow, exercises) in zip(lessons(), rows, strict=True):
        assert f"](../{name}.ipynb)" in title and title.startswith(f"[{name[:2]} ")
        assert set(re.findall(r"\d\d", needs)) == needed(name)
        assert {before for before, after in edges if after == name[:2]} == needed(name)
        assert fast == f"{measured[name, 'AVX-512']:.0f} s" and slow == f"{measured[name, 'AVX2']:.0f} s"
        graded = [cell for cell in cells(name).cells if cell.metadata.get("nbgrader", {}).get("grade")]
        assert int(exercises) == len(graded)
    (memory,) = re.findall(r"No lesson took more than ([\d.]+) GB", START_PAGE)
    assert float(memory) == round(max(row["peak_memory_gb"] for row in results.read("lesson_times.csv")) + 0.005, 1)


def test_the_quiz_has_ten_questions_and_says_of_each_wrong_answer_where_to_begin():
    parts = re.split(r"^### Question (\d+)$", START_PAGE.partition("## Which lesson")[0], flags=re.MULTILINE)
    assert parts[1::2] == [str(n) for n in range(1, 11)]
    named = []
    right = {1: np.exp(-np.log(1 / 5)), 2: 64 * 64, 5: 0.5 * 1 + 0 * 1, 9: np.exp(3) / (np.exp(3) + 2 * np.exp(1))}
    for number, part in enumerate(parts[2::2], 1):
        asked, _, answers = part.partition("<details><summary>Answer</summary>")
        options = dict(re.findall(r"^- (\w)\) (.+)$", asked, re.MULTILINE))
        found = re.findall(r"^- (\w)\) ((?:.+\n?)(?:  .+\n)*)", answers, re.MULTILINE)
        said = {letter: " ".join(words.split()) for letter, words in found}
        assert list(options) == list(said) and answers.rstrip().endswith("</details>")
        correct = [letter for letter, words in said.items() if words.startswith("Right")]
        assert len(correct) == 1
        if number in right:
            assert float(options[correct[0]].replace(",", "")) == pytest.approx(right[number], abs=0.005)
        for letter in set(said) - set(correct):
            (lesson,) = re.findall(r"Read \[lesson (\d\d)\]\(\.\./\1_", said[letter])
            named.append((number, lesson))
    ordered = [lesson for _, lesson in named]
    assert ordered == sorted(ordered)  # so the first wrong answer names the earliest lesson
    assert set(ordered) == {name[:2] for name in lessons()[1:9]}
    assert pytest.approx(0.005, abs=0.0002) == 0.9**50  # "about half of a hundredth"


# -- where to go next: what it says of attention and recurrence holds by construction ---------------------------------


def test_self_attention_without_places_does_not_know_the_order():
    x, (W_Q, W_K, W_V) = RNG.normal(size=(5, 3)), RNG.normal(size=(3, 3, 3))

    def attention(x, masked=False):
        scores = (x @ W_Q) @ (x @ W_K).T / np.sqrt(3)
        if masked:
            scores[np.triu_indices(len(x), 1)] = -np.inf
        weights = np.exp(scores)
        return weights / weights.sum(1, keepdims=True) @ (x @ W_V)

    exchanged = [0, 3, 2, 1, 4]
    np.testing.assert_allclose(attention(x[exchanged]), attention(x)[exchanged])
    assert np.abs(attention(x[exchanged], masked=True) - attention(x, masked=True)[exchanged]).max() > 0.01


def test_attention_without_softmax_is_a_recurrence_with_a_matrix():
    q, k, v = RNG.normal(size=(3, 6, 4))
    memory, read = np.zeros((4, 4)), []
    for j in range(6):
        memory = memory + np.outer(v[j], k[j])
        read.append(memory @ q[j])
    np.testing.assert_allclose(read, np.tril(q @ k.T) @ v)


def test_two_steps_of_a_linear_recurrence_are_one_of_the_same_form():
    (a_1, a_2), (b_1, b_2), h = RNG.normal(size=(2, 4)), RNG.normal(size=(2, 4)), RNG.normal(size=4)
    np.testing.assert_allclose(a_2 * (a_1 * h + b_1) + b_2, (a_2 * a_1) * h + (a_2 * b_1 + b_2))

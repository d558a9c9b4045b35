"""Checks of lesson 00."""

import numpy as np

from course_lib import checks, text
from course_lib.checks import NotYet

SENTENCES = {  # a text -> how many words it has
    "The clouds are in the sky. I read a lot!": 10,
    "Yes, yes.": 2,
    "I read and I sleep and I read.": 8,
    "": 0,
    "Paris – in May – is warm.": 5,
}


def check_count_words(count_words) -> None:
    """A text -> how many words it has, punctuation not counted."""
    for sentence, right in SENTENCES.items():
        count = checks.run(count_words, sentence)
        if isinstance(count, (list, tuple, set)):
            raise NotYet("those are the words themselves: return how many there are, len(…).")
        if isinstance(count, str):
            raise NotYet(f"expected a number, got the text {count!r}: return the number itself, without str(…).")
        if isinstance(count, (bool, np.bool_)):
            raise NotYet(
                f"expected a number, got {count}: is return inside the loop? isalpha() tells of one word only."
            )
        if np.shape(count) != () or not isinstance(count, (int, float, np.number)):
            raise NotYet(f"expected a number, got {type(count).__name__}.")
        if count != right:
            raise NotYet(
                f"'{sentence}' has {right} words, your function says {count}.{_why(sentence, float(count), right)}"
            )
    checks.solved("count_words counts words")


def _why(sentence: str, count: float, right: int) -> str:
    """The likely mistake in a count of words, as a sentence, or ""."""
    tokens, parts = text.tokenize(sentence), sentence.split()
    likely = [
        (len(sentence), "That is the number of characters: split the text into words first."),
        (sum(each.isalpha() for each in sentence),
         "That is the number of letters: go through text.tokenize(sentence), which gives words, not letters."),
        (len(tokens), "That counts punctuation, too: leave out what is not a word."),
        (sum(map(len, tokens)), "Those are the letters of all words: add 1 for each word, not its length."),
        (len(tokens) - right, "That is the number of punctuation marks: count the others."),
        (sum(each.isalpha() for each in parts),
         "As many are missing as words stand before a mark: split() leaves 'sky.' whole, text.tokenize takes it apart. "
         "Or are words of one letter, or with a capital, left out?"),
        (len(set(tokens) & {each for each in tokens if each.isalpha()}), "A word that comes twice counts twice."),
        (len(set(parts)), "A word that comes twice counts twice."),
        (len(parts), "split() cuts at spaces, so a dash between two spaces counts: text.tokenize and isalpha tell."),
        (sentence.count(" "), "That is the number of spaces, or the first word is left out: there is one word more."),
        (sentence.count(" ") + 1, "A text without any character has no words: do not count spaces."),
        (1, "Is return inside the loop, or is =+ 1 written for += 1?"),
        (0, "Nothing is counted: does the count start anew in the loop?"),
        (right - 1, "One is missing: is the first or the last left out?"),
        (right + 1, "One too many: does the count begin at 1, or is a punctuation mark counted?"),
    ]  # fmt: skip
    return next((f" {hint}" for wrong, hint in likely if count == wrong), "")


KINDS = ("live", "stored", "must be")
SIGNS = {"✓": "live", "▤": "stored", "∴": "must be"}
MARKS = {"a": "must be", "b": "live", "c": "stored", "d": "live", "e": "must be"}
HINTS = {
    ("a", "live"): "Could it come out otherwise, in any run? One row of the table is all that the product leaves.",
    ("a", "stored"): "No table of results is read, and it could not come out otherwise.",
    ("b", "must be"): "The network might have learned less: nothing but this run tells.",
    ("b", "stored"): "It was trained in the cell above, so it was measured now.",
    ("c", "live"): "Nobody trains for 25 minutes here: what came out was written into a table.",
    ("c", "must be"): "One network of the five did not: no theorem says that they learn it.",
    ("d", "stored"): "It says *in this run*: nothing was read from a table.",
    ("d", "must be"): "Random weights come near log V, and no theorem says how near: it has to be measured.",
    ("e", "live"): "The softmax divides by the sum, so it could not come out otherwise.",
    ("e", "stored"): "No table of results is read, and it could not come out otherwise.",
}


def check_which_mark(which_mark) -> None:
    """-> the kind of each claim: what could it come out otherwise on, and where was it measured?"""
    answer = checks.run(which_mark)
    if isinstance(answer, (list, tuple)) and len(answer) == len(MARKS):  # in the order of the claims
        answer = dict(zip(MARKS, answer, strict=True))
    if not isinstance(answer, dict):
        raise NotYet(f"which_mark: expected a dictionary with the keys {', '.join(MARKS)}, each with a kind.")
    if missing := [key for key in MARKS if key not in answer]:
        raise NotYet(f"which_mark: there is no {missing[0]!r} among your keys: each of {', '.join(MARKS)} has a kind.")
    if more := [key for key in answer if key not in MARKS]:
        raise NotYet(f"which_mark: there is no claim {more[0]!r}: the keys are {', '.join(MARKS)}.")
    for key, right in MARKS.items():
        kind = str(answer[key]).lower().strip().replace("_", " ").replace("-", " ")
        kind = SIGNS.get(kind, kind)
        if kind not in KINDS:
            raise NotYet(f'which_mark: {key} is {answer[key]!r}, expected "live", "stored" or "must be".')
        if kind != right:
            raise NotYet(f'which_mark: {key} is not "{kind}". {HINTS[key, kind]}')
    checks.solved("which_mark knows what claims stand on")

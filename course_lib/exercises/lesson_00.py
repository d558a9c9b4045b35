"""Checks of lesson 00."""

from course_lib import checks
from course_lib.checks import NotYet


def check_count_words(count_words) -> None:
    """A text -> how many words it has, punctuation not counted."""
    text = "The clouds are in the sky. I read a lot!"
    answer = checks.run(count_words, text)
    if isinstance(answer, (list, tuple, set)):
        raise NotYet("those are the words themselves: return how many there are, len(…).")
    if answer == len(text):
        raise NotYet("that is the number of characters: split the text into words first.")
    if answer == 29:
        raise NotYet("29 is the number of letters: go through text.tokenize(sentence), which gives words, not letters.")
    if answer == 12:
        raise NotYet("12 counts the full stop and the exclamation mark, too: leave out what is not a word.")
    if answer == 9:
        raise NotYet("9 is the number of spaces in that text: there is one word more.")
    if answer != 10 or checks.run(count_words, "Yes, yes.") != 2:
        raise NotYet(f"'{text}' has 10 words and 'Yes, yes.' has 2; your function says {answer} for the first.")
    again = "I read and I sleep and I read."
    if (count := checks.run(count_words, again)) != 8:
        hint = " A word that comes twice counts twice." if count == 5 else ""
        raise NotYet(f"'{again}' has 8 words; your function says {count}.{hint}")
    if (count := checks.run(count_words, "")) != 0:
        raise NotYet(f"a text without any character has no words; your function says {count}.")
    checks.solved("count_words counts words")


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
    if not isinstance(answer, dict) or set(answer) != set(MARKS):
        raise NotYet(f"which_mark: expected a dictionary with the keys {', '.join(MARKS)}, each with a kind.")
    for key, right in MARKS.items():
        kind = str(answer[key]).lower().strip().replace("_", " ").replace("-", " ")
        kind = SIGNS.get(kind, kind)
        if kind not in KINDS:
            raise NotYet(f'which_mark: {key} is {answer[key]!r}, expected "live", "stored" or "must be".')
        if kind != right:
            raise NotYet(f'which_mark: {key} is not "{kind}". {HINTS[key, kind]}')
    checks.solved("which_mark knows what claims stand on")

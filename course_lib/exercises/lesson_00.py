"""Checks of lesson 00."""

from collections.abc import Callable

import numpy as np

from course_lib import checks, text
from course_lib.checks import NotYet

SENTENCES = {  # a text -> how many words it has
    "The clouds are in the sky. I read a lot!": 10,
    "Yes, yes.": 2,
    "I read and I sleep and I read.": 8,
    "": 0,
    "Paris – in May – is warm.": 5,
    "Well , then .": 2,
}


def check_count_words(count_words) -> None:
    """A text -> how many words it has, punctuation not counted."""
    counts: dict[str, float] = {}
    for sentence in SENTENCES:
        try:
            count = checks.run(count_words, sentence)
        except NotYet:
            if all(counts[each] == SENTENCES[each] for each in counts):
                raise
            break  # what was wrong before it stopped says more
        if isinstance(count, (list, tuple)) and count and all(isinstance(each, (bool, np.bool_)) for each in count):
            raise NotYet("that is True or False for each of them: add them up, sum(…), a True counts 1.")
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
        counts[sentence] = float(count)
    wrong = [sentence for sentence, count in counts.items() if count != SENTENCES[sentence]]
    if wrong:
        raise NotYet(f"'{wrong[0]}' has {SENTENCES[wrong[0]]} words, your function says {counts[wrong[0]]:g}."
                     + _why(counts, wrong))  # fmt: skip
    checks.solved("count_words counts words")


def _words(sentence: str) -> list[str]:
    return [token for token in text.tokenize(sentence) if token.isalpha()]


SPACES = "That is the number of spaces, or the first word is left out: there is one word more."
ONCE = "A word that comes twice counts twice."
LIKELY: list[tuple[Callable, str]] = [  # what is counted -> its hint
    (len, "That is the number of characters: split the text into words first."),
    (lambda s: sum(each.isalpha() for each in s),
     "That is the number of letters: go through text.tokenize(sentence), which gives words, not letters."),
    (lambda s: len(text.tokenize(s)), "That counts punctuation, too: leave out what is not a word."),
    (lambda s: sum(map(len, text.tokenize(s))), "Those are the letters of all words: add 1 for each, not its length."),
    (lambda s: sum(map(len, _words(s))), "Those are the letters of all words: add 1 for each, not its length."),
    (lambda s: len(text.tokenize(s)) - len(_words(s)), "That is the number of punctuation marks: count the others."),
    (lambda s: sum(each.isalpha() for each in s.split()),
     "As many are missing as words stand before a mark: split() leaves 'sky.' whole, text.tokenize takes it apart."),
    (lambda s: sum(len(each) > 1 for each in _words(s)), "Words of one letter, such as I and a, are words, too."),
    (lambda s: sum(len(each) > 1 for each in text.tokenize(s)), "A word may have one letter, and a sign is no word."),
    (lambda s: sum(each.islower() for each in _words(s)), "With a capital it is a word, too: isalpha, not islower."),
    (lambda s: sum(each.istitle() for each in _words(s)), "Words without a capital count, too: isalpha, not istitle."),
    (lambda s: len(set(_words(s))), ONCE),
    (lambda s: len({each.lower() for each in _words(s)}), ONCE),
    (lambda s: len(set(s.split())), ONCE),
    (lambda s: len(set(text.tokenize(s))), ONCE + " And punctuation does not count."),
    (lambda s: sum(each not in ".,!?;:" for each in text.tokenize(s)),
     "There are other signs than . , ! and ?: a dash is no word. isalpha tells words from signs."),
    (lambda s: len(s.split()), "split() cuts at spaces, so a dash between two spaces counts: text.tokenize and isalpha "
     "tell."),
    (lambda s: s.count(" "), SPACES),
    (lambda s: s.count(" ") + 1, "A text without any character has no words: do not count spaces."),
    (lambda s: 1, "Is return inside the loop, or is =+ 1 written for += 1?"),
    (lambda s: 0, "Nothing is counted: does the count start anew in the loop?"),
    (lambda s: max(len(_words(s)) - 1, 0), "One is missing: is the first or the last left out?"),
    (lambda s: len(_words(s)) - 1, "One is missing: does the count begin at -1, or is 1 taken off?"),
    (lambda s: len(_words(s)) + 1, "One too many: does the count begin at 1, or is a punctuation mark counted?"),
    (lambda s: len(text.tokenize(s)) - 1, "Punctuation is counted, and 1 taken off: leave out what is not a word."),
]  # fmt: skip


def _why(counts: dict[str, float], wrong: list[str]) -> str:
    """The likely mistake in counts of words, as a sentence: the one that gives most of them; or ""."""
    if len(set(counts.values())) == 1 < len(counts) and {1.0, 0.0}.isdisjoint(counts.values()):
        return " It says so of every text: it has to count what it is given."
    fits = [(sum(counts[each] == likely(each) for each in counts), hint)
            for likely, hint in LIKELY if likely(wrong[0]) == counts[wrong[0]]]  # fmt: skip
    return f" {max(fits, key=lambda fit: fit[0])[1]}" if fits else ""


KINDS = ("live", "stored", "must be")
SIGNS = {"✓": "live", "▤": "stored", "∴": "must be"}
MARKS = {"a": "must be", "b": "live", "c": "stored", "d": "live", "e": "must be"}
HINTS = {
    ("a", "live"): "Could it come out otherwise, in any run? All rows but one are multiplied by 0.",
    ("a", "stored"): "No table of results is read, and it could not come out otherwise.",
    ("b", "must be"): "The network might have learned less: nothing but this run tells.",
    ("b", "stored"): "It was trained in the cell above, so it was measured now.",
    ("c", "live"): "Nobody trains for 25 minutes here: what came out was written into a table.",
    ("c", "must be"): "One network of the five did not: no theorem says that they learn it.",
    ("d", "stored"): "It says *in this run*: nothing was read from a table.",
    ("d", "must be"): "Random weights come near to guessing, and no theorem says how near: it has to be measured.",
    ("e", "live"): "Each is divided by that very sum, so it could not come out otherwise.",
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

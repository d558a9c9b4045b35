"""Checks of lesson 00."""

from course_lib import checks
from course_lib.checks import NotYet


def check_count_words(count_words) -> None:
    """A text -> how many words it has, punctuation not counted."""
    text = "The clouds are in the sky. I read a lot!"
    answer = checks.run(count_words, text)
    if answer == len(text):
        raise NotYet("that is the number of characters: split the text into words first.")
    if answer == 12:
        raise NotYet("12 counts the full stop and the exclamation mark, too: leave out what is not a word.")
    if answer != 10 or checks.run(count_words, "Yes, yes.") != 2:
        raise NotYet(f"'{text}' has 10 words and 'Yes, yes.' has 2; your function says {answer} for the first.")
    checks.solved("count_words counts words")

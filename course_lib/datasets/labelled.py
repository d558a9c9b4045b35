"""Files of texts with a yes or no, `sentence<TAB>label` a line, as the binary Stanford Sentiment Treebank (SST-2)."""

from collections import defaultdict

import numpy as np

from course_lib.datasets.plain_text import read_lines
from course_lib.errors import CourseError

LABELS = {"0": 0, "1": 1}
HEAD = "label"  # of the last column, in files that name their columns


def read_labelled(path, longest: int = 500) -> tuple[list[list[str]], np.ndarray, list[str]]:
    """The texts of a file (each a list of words, cut at spaces, as the file has them), their labels (N,), 1 or 0, and
    one sentence for every kind of line that is odd, with the first one's number.

    The label stands behind the last tab; a first line that ends in "label" names the columns. Left out: lines that are
    empty, without a label or with a third kind of it, without a word, of more than `longest` words. CourseError if no
    text is left, or all have the same label.
    """
    texts, labels, odd = [], [], defaultdict(list)
    for number, line in enumerate(read_lines(path), 1):
        text, tab, label = line.rpartition("\t")
        words, label = text.split(), label.strip()
        if not line.strip():
            odd["that are empty"].append(number)
        elif number == 1 and tab and label.casefold() == HEAD:
            continue
        elif not tab or not label:
            odd["without a label behind a tab"].append(number)
        elif label not in LABELS:
            odd["with a label that is neither 0 nor 1"].append(number)
        elif not words:
            odd["without a word"].append(number)
        elif len(words) > longest:
            odd[f"with more than {longest} words"].append(number)
        else:
            texts.append(words)
            labels.append(LABELS[label])
    problems = [f"lines {what}: {len(lines)}, the first is line {lines[0]}" for what, lines in odd.items()]
    if len(set(labels)) < 2:
        found = f"all {len(labels)} labels are {labels[0]}" if labels else "; ".join(problems)
        raise CourseError(f"{path}: expected lines such as 'a fine film<tab>1', with both labels, 1 and 0; {found}.")
    return texts, np.array(labels), problems

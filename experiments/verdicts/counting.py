"""NBSVM: count words and pairs of words, as well as counting can (Wang & Manning 2012), with scikit-learn."""

from typing import NamedTuple

import numpy as np

from course_lib.errors import CourseError


class Settings(NamedTuple):
    """n-grams up to `n` words; C: the support vector machine's; beta: how far its weights are kept (the paper: .25)."""

    n: int
    C: float
    beta: float

    def __str__(self):
        return f"n {self.n}, C {self.C:g}, beta {self.beta:g}"


def nbsvm(settings: Settings, texts: list[list[str]], labels: np.ndarray, judged: list[list[str]]) -> np.ndarray:
    """Train on texts (lists of words) and labels (N,), 1 or 0 -> the margin of each judged text: above 0, a 1.

    Presence of each n-gram times r, its log-count ratio, smoothed by one (Wang & Manning 2012, sections 2.1 and 2.3);
    then a linear support vector machine whose weights are drawn towards their mean size (section 2.4). CourseError
    if scikit-learn is missing.
    """
    try:
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.svm import LinearSVC
    except ImportError:
        raise CourseError("NBSVM needs scikit-learn: make lab installs it, or pip install scikit-learn.") from None
    count = CountVectorizer(binary=True, analyzer=_ngrams(settings.n))
    presence = count.fit_transform(texts)
    p, q = (1 + np.asarray(presence[labels == label].sum(axis=0))[0] for label in (1, 0))
    ratio = np.log(p / p.sum()) - np.log(q / q.sum())
    machine = LinearSVC(C=settings.C, random_state=0).fit(presence.multiply(ratio), labels)
    weights = machine.coef_[0]
    weights = (1 - settings.beta) * np.abs(weights).mean() + settings.beta * weights
    return count.transform(judged).multiply(ratio) @ weights + machine.intercept_[0]


def _ngrams(longest):
    def of(words):
        return [" ".join(words[i : i + n]) for n in range(1, longest + 1) for i in range(len(words) - n + 1)]

    return of

"""How good captions are, as the captioning literature counts."""

import warnings
from collections import Counter

import numpy as np

from course_lib.errors import CourseError


def caption_bleu(captions, references) -> dict[str, float]:
    """BLEU-1 to BLEU-4 of captions, 0 to 100, as the captioning literature counts (Papineni et al. 2002; no smoothing).

    captions: a list of words for each picture; references: for each picture one or more lists of words, in the same
    case and without punctuation (`caption_words`). Over the whole corpus; the brevity penalty takes the closest length.
    -> {"BLEU-1": …, "BLEU-1 without penalty": …, …, "penalty": the brevity penalty, 0 to 1}. Papers differ on it.
    CourseError if there is no caption, or not one or more references for each.
    """
    from sacrebleu.metrics import BLEU

    _same_pictures(captions, references)
    most = max(map(len, references))
    streams: list = [[" ".join(given[i]) if i < len(given) else None for given in references] for i in range(most)]
    score = BLEU(tokenize="none", smooth_method="none", force=True).corpus_score(list(map(" ".join, captions)), streams)
    result = {}
    for n in range(1, 5):
        shares = np.array(score.precisions[:n]) / 100
        without = 100 * float(np.exp(np.log(shares).mean())) if shares.all() else 0.0
        result |= {f"BLEU-{n}": score.bp * without, f"BLEU-{n} without penalty": without}
    return result | {"penalty": score.bp}


def _same_pictures(captions, references):
    if not len(captions) or len(captions) != len(references) or not all(len(given) for given in references):
        raise CourseError(
            f"expected a list of one or more references for each of one or more captions; got {len(captions)} captions "
            f"and {len(references)} lists."
        )


def cider(captions, references) -> float:
    """CIDEr-D, as the COCO server computes it: Vedantam et al. 2015, section 8, times 10.

    For n = 1 to 4, captions are compared as vectors of their n-grams' counts, each weighed by how few pictures have it
    (log of the number of pictures over those whose references have it): what every caption says counts for nothing. The
    comparison is a cosine with counts clipped to the reference's, times exp(-(difference of lengths)² / 72). Mean over
    references, n and pictures. captions, references: as `caption_bleu`'s. CourseError as there. A warning where all
    pictures have the same n-grams, as one alone has: then it is 0 whatever the captions are.
    """
    _same_pictures(captions, references)
    given = [[_ngrams(words) for words in refs] for refs in references]
    seen = Counter(gram for refs in given for gram in set().union(*refs))  # pictures that have it
    if all(count == len(references) for count in seen.values()):
        warnings.warn(
            f"CIDEr of {len(references)} picture(s) is 0 whatever the captions say: it counts words that some pictures "
            "have in their references, and others have not. Give more pictures.",
            stacklevel=2,
        )
    all_pictures = np.log(len(references))

    def vectors(counts):
        """For each n: {n-gram: weight}, and its length."""
        weights = [{}, {}, {}, {}]
        for gram, count in counts.items():
            weights[len(gram) - 1][gram] = count * (all_pictures - np.log(max(seen[gram], 1)))
        return weights, [np.sqrt(sum(w * w for w in part.values())) for part in weights]

    total = 0.0
    for caption, refs, words in zip(captions, given, references, strict=True):
        mine, my_norms = vectors(_ngrams(caption))
        for ref, ref_words in zip(refs, words, strict=True):
            theirs, their_norms = vectors(ref)
            near = np.exp(-((len(caption) - len(ref_words)) ** 2) / 72)
            for a, b, norm_a, norm_b in zip(mine, theirs, my_norms, their_norms, strict=True):
                if norm_a and norm_b:
                    product = sum(min(w, b[gram]) * b[gram] for gram, w in a.items() if gram in b)
                    total += near * product / (norm_a * norm_b) / 4 / len(refs)
    return float(10 * total / len(captions))


def _ngrams(words):
    """How often each n-gram comes, n = 1 to 4."""
    return Counter(tuple(words[i : i + n]) for n in range(1, 5) for i in range(len(words) - n + 1))

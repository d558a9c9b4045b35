"""How good a model is, in numbers. No TensorFlow."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from course_lib.errors import CourseError
from course_lib.text import tokenize


def perplexity(log_probabilities) -> float:
    """exp of the mean negative log probability (nats) of the words that came: the model hesitates between that many."""
    values = np.asarray(log_probabilities, float)
    if values.size == 0:
        raise CourseError("perplexity needs at least one word, got none.")
    return float(np.exp(-values.mean()))


def perplexity_ratio(true, model) -> float:
    """Perplexity of a model over the floor, on the same words: exp(mean(log p_true - log p_model)).

    Both (N,), nats. The luck of which words came cancels: 1.00 is a perfect model.
    """
    true, model = np.asarray(true, float), np.asarray(model, float)
    if true.shape != model.shape:
        raise CourseError(f"expected log probabilities of the same words, got shapes {true.shape} and {model.shape}.")
    return float(np.exp((true - model).mean()))


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Log probabilities from scores, over the last axis: (..., V) -> (..., V). The largest score is taken out first."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def log_p_of_targets(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """log p a model gives to what came, from its scores: (..., V) and ids (...) -> (...), nats."""
    return np.take_along_axis(log_softmax(scores), np.asarray(targets, int)[..., None], axis=-1)[..., 0]


def accuracy_by_distance(correct, distance, bounds: Sequence[tuple[int, int]]) -> dict[tuple[int, int], float]:
    """The share of correct cases with low <= distance <= high, for every (low, high)."""
    correct, distance = np.asarray(correct, float), np.asarray(distance)
    result = {}
    for low, high in bounds:
        chosen = (distance >= low) & (distance <= high)
        if not chosen.any():
            raise CourseError(f"no case has a distance from {low} to {high}: widen the bounds.")
        result[low, high] = float(correct[chosen].mean())
    return result


def sentences(words):
    """A story's words, cut behind each . ! and ?"""
    ends = [i + 1 for i, word in enumerate(words) if word in (".", "!", "?")]
    return [words[a:b] for a, b in zip([0, *ends], [*ends, len(words)], strict=True) if words[a:b]]


def story_marks(by_word, by_character, stories):
    """Of printed stories, the shares of words that are words, sentences that can be said, and stories that can be told.

    by_word, by_character: the same GrammarWorld by words, and by characters: it sees a missing space, too.
    """
    told, ends = [tokenize(story) for story in stories], (".", "!", "?")
    known, parts = set(by_word.words), [part for words in told for part in sentences(words)]
    right = {
        "words": [word in known for words in told for word in words if word[0].isalpha()],
        "sentences": [p[-1] in (*ends, "”") and by_word.accepts_part(p, after=ends) for p in parts],
        "stories": [by_character.accepts(story) for story in stories],
    }
    return {name: np.mean(answers or [False]) for name, answers in right.items()}


def bleu(translations, references, tokenize="13a"):
    """Corpus BLEU-4 of printed sentences, 0 to 100 (Papineni et al. 2002), by sacrebleu (Post 2018).

    references: for each sentence a list of one or more. tokenize: sacrebleu's; "none" for words with spaces between.
    -> (score, sacrebleu's signature: everything that must be equal for two scores to be comparable)
    """
    from sacrebleu.metrics import BLEU

    translations, references = list(translations), list(references)
    if not translations or len(translations) != len(references) or not all(references):
        raise CourseError(
            f"BLEU: expected one list of references, none of them empty, for each of one or more translations; got "
            f"{len(translations)} translations and {len(references)} lists."
        )
    # sacrebleu wants the first references of all, then the second ones, None where there is none
    most = max(map(len, references))
    streams = [[given[i] if i < len(given) else None for given in references] for i in range(most)]
    metric = BLEU(tokenize=tokenize, force=True)
    score = metric.corpus_score(translations, streams).score
    return score, str(metric.get_signature())


def links(weights, words, places) -> set[tuple[int, int]]:
    """Attention as an alignment: (place, word) for every word said, its place the one with the largest weight.

    weights: (J, T), row j of the step that says word j. words, places: so many there are. What lies behind is left out:
    the step that says <eos>, padding, and a mark at the end of the sentence (a word that looks there has no link).
    """
    best = np.asarray(weights)[:words].argmax(axis=1)
    return {(int(place), word) for word, place in enumerate(best) if place < places}


def alignment_error_rate(found, sure, possible) -> float:
    """AER = 1 - (|A∩S| + |A∩P|) / (|A| + |S|), over all sentences: Och & Ney 2003, section 5.

    found (A), sure (S) and possible (P, with the sure ones in it): for each sentence a set of links.
    """
    hits = total = 0
    for A, S, P in zip(found, sure, possible, strict=True):
        if not S <= P:
            raise CourseError(f"every sure link is a possible one, too; {sorted(S - P)[:3]} are not.")
        hits += len(A & S) + len(A & P)
        total += len(A) + len(S)
    if not total:
        raise CourseError("the alignment error rate needs at least one link, got none.")
    return 1 - hits / total


def highest(weights) -> np.ndarray:
    """The middle of the cell with the largest weight: (..., rows, columns) -> (..., 2), x and y, 0 to 1."""
    weights = np.asarray(weights)
    *_, rows, columns = weights.shape
    row, column = np.divmod(weights.reshape(*weights.shape[:-2], -1).argmax(axis=-1), columns)
    return np.stack([(column + 0.5) / columns, (row + 0.5) / rows], axis=-1)


def pointing_accuracy(points, boxes) -> float:
    """The share of points that fall into a box: the pointing game of Zhang et al. 2016, section 4.1, with boxes.

    points (N, 2): x and y; boxes: for each point a list of [x, y, width, height], in the points' unit.
    """
    points, boxes = np.asarray(points, float), list(boxes)
    if not len(points) or len(points) != len(boxes):
        raise CourseError(
            f"pointing: expected a list of boxes for each of one or more points; got {len(points)} points and "
            f"{len(boxes)} lists."
        )
    inside = [
        any(left <= x <= left + width and top <= y <= top + height for left, top, width, height in framed)
        for (x, y), framed in zip(points, boxes, strict=True)
    ]
    return float(np.mean(inside))


def caption_bleu(captions, references) -> dict[str, float]:
    """BLEU-1 to BLEU-4 of captions, 0 to 100, as the captioning literature counts (Papineni et al. 2002; no smoothing).

    captions: a list of words for each picture; references: for each picture one or more lists of words, in the same
    case and without punctuation (`caption_words`). Over the whole corpus; the brevity penalty takes the closest length.
    -> {"BLEU-1": …, "BLEU-1 without penalty": …, …, "penalty": the brevity penalty, 0 to 1}. Papers differ on it.
    """
    from sacrebleu.metrics import BLEU

    _same_pictures(captions, references)
    most = max(map(len, references))
    streams = [[" ".join(given[i]) if i < len(given) else None for given in references] for i in range(most)]
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
    references, n and pictures. captions, references: as `caption_bleu`'s.
    """
    _same_pictures(captions, references)
    given = [[_ngrams(words) for words in refs] for refs in references]
    seen = Counter(gram for refs in given for gram in set().union(*refs))  # pictures that have it
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

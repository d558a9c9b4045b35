"""How good translations are, and how right the alignments."""

import numpy as np

from course_lib.errors import CourseError


def bleu(translations, references, tokenize="13a"):
    """Corpus BLEU-4 of printed sentences, 0 to 100 (Papineni et al. 2002), by sacrebleu (Post 2018).

    references: for each sentence a list of one or more. tokenize: sacrebleu's; "none" for words with spaces between.
    -> (score, sacrebleu's signature: everything that must be equal for two scores to be comparable)
    CourseError if there is no translation, or not one or more references for each.
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
    streams: list = [[given[i] if i < len(given) else None for given in references] for i in range(most)]
    metric = BLEU(tokenize=tokenize, force=True)
    score = metric.corpus_score(translations, streams).score
    return score, str(metric.get_signature())


def thirds(lengths) -> dict[str, np.ndarray]:
    """The numbers of the shortest, the middle and the longest third: {"short", "middle", "long"}."""
    parts = np.array_split(np.argsort(lengths, kind="stable"), 3)
    return dict(zip(("short", "middle", "long"), parts, strict=True))


def bleu_by_length(translations, references, lengths, tokenize="13a") -> dict[str, float]:
    """`bleu` of each of `thirds` of sentences of these lengths."""
    return {
        name: bleu([translations[i] for i in part], [references[i] for i in part], tokenize)[0]
        for name, part in thirds(lengths).items()
    }


def links(weights, words, places) -> set[tuple[int, int]]:
    """Attention as an alignment: (place, word) for every word said, its place the one with the largest weight.

    weights: (J, T), row j of the step that says word j. words, places: so many there are. What lies behind is left out:
    the step that says <eos>, padding, and a mark at the end of the sentence (a word that looks there has no link).
    """
    best = np.asarray(weights)[:words].argmax(axis=1)
    return {(int(place), word) for word, place in enumerate(best) if place < places}


def alignment_error_rate(found, sure, possible) -> float:
    """AER = 1 - (|A∩S| + |A∩P|) / (|A| + |S|), over all sentences: Och & Ney 2003, section 5.

    found (A), sure (S) and possible (P, with the sure ones in it): for each sentence a set of links. CourseError if
    there is no link, or a sure one is not possible.
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

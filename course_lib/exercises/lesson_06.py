"""Checks of lesson 06."""

import numpy as np

from course_lib import checks
from course_lib.checks import NotYet
from course_lib.errors import CourseError
from course_lib.worlds import translation

BOS, EOS = 2, 3


class _Network:
    """A decoder without training: probabilities of 7 words (0 and 1 are never said), given all that was said before.

    Its state counts the words; after five it ends.
    """

    def __init__(self, seed):
        self.seed = seed

    def step(self, word, state):
        """(number of the word before, state) -> log p (7,), state."""
        state = (*state, int(word))
        scores = np.random.default_rng([self.seed, *state]).normal(scale=1.5, size=7)
        scores[[0, 1, BOS]] = -np.inf
        scores[EOS] -= 1.0
        if len(state) > 5:
            scores[[4, 5, 6]] = -np.inf
        return scores - np.log(np.exp(scores).sum()), state


def _words(answer, what):
    if isinstance(answer, str) or not hasattr(answer, "__iter__"):
        raise NotYet(f"{what}: expected a list, got {type(answer).__name__}.")
    return list(answer)


def check_teacher_forcing(teacher_forcing) -> None:
    """words -> what the decoder reads, what it shall say."""
    for words in (["no", "canto", "."], ["hola"]):
        answer = checks.run(teacher_forcing, list(words))
        if not isinstance(answer, tuple | list) or len(answer) != 2:
            raise NotYet("teacher_forcing: expected two lists: what the decoder reads, and what it shall say.")
        read, say = (_words(part, "teacher_forcing") for part in answer)
        if (read, say) == (["<bos>", *words], [*words, "<eos>"]):
            continue
        if (say, read) == (["<bos>", *words], [*words, "<eos>"]):
            raise NotYet("teacher_forcing: what it reads comes first.")
        if read == words:
            raise NotYet("teacher_forcing: not yet. It reads each word one step late, and `<bos>` before the first.")
        if say == words:
            raise NotYet("teacher_forcing: not yet. It must also learn when to stop: `<eos>` is the last it says.")
        if read == ["<bos>", *words, "<eos>"]:
            raise NotYet("teacher_forcing: not yet. After `<eos>` nothing is said, so `<eos>` is never read.")
        raise NotYet(f"teacher_forcing({words}): expected {['<bos>', *words]} and {[*words, '<eos>']}, got {answer}.")
    checks.solved("teacher_forcing shifts by one")


def check_last_state(last_state) -> None:
    """h (B, T, H), mask (B, T) -> what is remembered after the last word (B, H)."""
    rng = np.random.default_rng(6)
    h, lengths = rng.normal(size=(4, 6, 3)), np.array([2, 6, 1, 4])
    mask, rows = np.arange(6) < lengths[:, None], np.arange(4)
    answer = checks.as_array(checks.run(last_state, h.copy(), mask.copy()), (4, 3), "last_state", {
        (4, 6, 3): "one state for each sentence", (4, 4, 3): "choose with two lists of numbers, rows and places",
    })  # fmt: skip
    checks.expect_close(answer, h[rows, lengths - 1], "the context of four sentences", [
        (h[:, -1], "That is what the memory says after the padding."),
        (h[rows, lengths % 6], "That is one place too far: a sentence of 2 words ends at place 1."),
        (h[:, 0], "That is the state after the first word."),
        ((h * mask[..., None]).sum(axis=1) / lengths[:, None], "That is the mean of the states: take the last."),
        (h.max(axis=1), "That is the largest number of each column: take the last state."),
    ])  # fmt: skip
    checks.solved("last_state stops where the sentence stops")


def _greedy(network, longest, feed=True, keep=True, stop=True):
    word, state, said = BOS, (), []
    while len(said) < longest:
        log_p, after = network.step(word, state)
        best = int(log_p.argmax())
        if stop and best == EOS:
            break
        said.append(best)
        word, state = best if feed else BOS, after if keep else ()
    return said


def check_greedy(greedy) -> None:
    """(step, state, longest) -> the numbers of the words said, without <bos> and <eos>."""
    for seed in range(8):
        network = _Network(seed)
        for longest in (20, 3):
            answer = _words(checks.run(greedy, network.step, (), longest), "greedy")
            right = _greedy(network, longest)
            if answer == right:
                continue
            if answer == [*right, EOS]:
                raise NotYet("greedy: not yet. `<eos>` (3) ends the sentence and is no part of it.")
            if answer == [BOS, *right]:
                raise NotYet("greedy: not yet. `<bos>` (2) is read and never said: leave it out.")
            if len(answer) > longest:
                raise NotYet(f"greedy: {len(answer)} words, at most {longest} are wanted: not every network ends.")
            if answer == _greedy(network, longest, stop=False):
                raise NotYet("greedy: not yet. It goes on behind `<eos>` (3).")
            if answer == _greedy(network, longest, feed=False):
                raise NotYet("greedy: not yet. Hand the word that was said to the next step, not `<bos>` again.")
            if answer == _greedy(network, longest, keep=False):
                raise NotYet("greedy: not yet. Hand the state that step returned to the next step.")
            raise NotYet(f"greedy: expected {right}, got {answer}.")
    checks.solved("greedy speaks until it ends")


def _beam(network, K, norm=True, keep=True):
    beams = [(0.0, [], (BOS, ()), False)]  # log p, words with <eos>, where to go on, over
    while not all(over for *_, over in beams):
        longer = []
        for log_p, words, (word, state), over in beams:
            if over:
                longer += [(log_p, words, (word, state), over)] * keep
                continue
            more, after = network.step(word, state)
            longer += [(log_p + p, [*words, w], (w, after), w == EOS) for w, p in enumerate(more) if p > -np.inf]
        beams = sorted(longer, key=lambda b: -b[0] / (len(b[1]) if norm else 1))[:K]
    log_p, words, *_ = beams[0]
    return words[:-1], log_p / len(words)


def check_beam_search(beam_search) -> None:
    """(step, state, K) -> the words of the best finished sentence, its mean log p."""
    cases, answers = [(_Network(100 + seed), K) for seed in range(12) for K in (1, 2, 4)], []
    for network, K in cases:
        answer = checks.run(beam_search, network.step, (), K)
        if not isinstance(answer, tuple | list) or len(answer) != 2:
            raise NotYet("beam_search: expected two things: the list of words, and their mean log p.")
        answers.append((_words(answer[0], "beam_search"), checks.as_array(answer[1], (), "the mean log p")))
    said = [words for words, _ in answers]
    if any(words and words[-1] == EOS for words in said):
        raise NotYet("beam_search: not yet. Leave `<eos>` (3) out of the words, not out of the score.")
    right = [_beam(*case) for case in cases]
    if said != [words for words, _ in right]:
        mistakes = (
            ([_beam(network, 1)[0] for network, _ in cases], "That is what greedy finds: keep the K best each time."),
            (
                [_beam(*case, norm=False)[0] for case in cases],
                "Compare log p divided by the number of words, `<eos>` too.",
            ),
            ([_beam(*case, keep=False)[0] for case in cases], "What has ended stays among the K and is compared, too."),
        )
        for wrong, hint in mistakes:
            if said == wrong:
                raise NotYet(f"beam_search: not yet. {hint}")
        words, (expected, _), (_, K) = next(c for c in zip(said, right, cases, strict=True) if c[0] != c[1][0])
        raise NotYet(f"beam_search: with K = {K} expected the words {expected}, got {words}.")
    for (_, score), (words, best) in zip(answers, right, strict=True):
        total = best * (len(words) + 1)
        checks.expect_close(score, best, f"the mean log p of {words}", [
            (total, "That is the sum: divide by the number of words, `<eos>` counted."),
            (total / max(len(words), 1), "`<eos>` is counted, too: it has a probability."),
            (-best, "The sign: log p is below 0."),
        ])  # fmt: skip
    checks.solved("beam_search keeps the best beginnings")


def check_own_languages(my_languages) -> None:
    """-> a grammar as TOML: 30 or more different sentences, two languages, words in different order."""
    grammar = checks.run(my_languages)
    if not isinstance(grammar, str):
        raise NotYet(f"my_languages: expected the grammar as a text, got {type(grammar).__name__}.")
    try:
        pairs = translation.TranslationWorld(grammar).sample(400, seed=0)
    except CourseError as error:
        raise NotYet(f"my_languages: {error}") from None
    if set(pairs[0].spanish) == set(pairs[0].english):
        raise NotYet(
            f"my_languages: {' '.join(pairs[0].english)!r} has the same words on both sides: use another language."
        )
    count = len({pair.english for pair in pairs})
    if count < 30:
        raise NotYet(f"my_languages: {count} different sentences among 400, expected at least 30: add words or rules.")
    for pair in pairs:
        linked = {place for place, _ in pair.possible}, {word for _, word in pair.possible}
        for words, there in zip((pair.english, pair.spanish), linked, strict=True):
            if len(there) < len(words) / 2:
                raise NotYet(
                    f"my_languages: in {' '.join(words)!r} only {len(there)} of {len(words)} words are aligned: give "
                    "words that belong together one number (can~1 => kann~1), or put them into a list."
                )
    if not any(
        a < c and b > d and not {(a, d), (c, b)} <= pair.possible  # those would be words of one phrase
        for pair in pairs for a, b in pair.possible for c, d in pair.possible
    ):  # fmt: skip
        raise NotYet("my_languages: all words stand in the same order on both sides: translate one that does not.")
    checks.solved(f"my_languages: {count} sentences, and words that change places")

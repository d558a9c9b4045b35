"""Checks of lesson 06."""

import functools
import itertools
import re
import tomllib
from collections.abc import Callable

import numpy as np

from course_lib import checks
from course_lib.checks import NotYet
from course_lib.errors import CourseError
from course_lib.text import BOS_ID, EOS_ID, PAD_ID, UNK_ID
from course_lib.worlds import translation


def little_network(seed: int = 0) -> tuple[Callable, tuple]:
    """A decoder without training, for exercises 3 and 4 -> step, and the state before the first word.

    step(word, state) -> log p of 7 words (7,), an array, and the new state. It never says 0, 1 or 2, and says <eos> (3)
    after five words at the latest. A state is the tuple of all words so far.
    """

    def step(word, state):
        state = (*state, int(word))
        logits = np.random.default_rng([seed, *state]).normal(scale=1.5, size=7)
        logits[[PAD_ID, UNK_ID, BOS_ID]] = -np.inf
        logits[EOS_ID] -= 1.0
        if len(state) > 5:
            logits[[4, 5, 6]] = -np.inf
        return logits - np.log(np.exp(logits).sum()), state

    return step, ()


def _words(answer, what):
    """A list of numbers of words."""
    words = checks.as_list(answer, what)
    if len(words) == 2 and isinstance(words[0], list):
        raise NotYet(f"{what}: return the list of words alone, without what stands beside it.")
    if any(isinstance(word, float | np.floating) and word != int(word) for word in words):
        raise NotYet(f"{what}: a word is a number such as 4, not its log p: argmax says at which place the largest is.")
    return words


def _bounded(step: Callable, most: int, hint: str) -> Callable:
    """A step that can be called so many times, then NotYet: a loop that does not end is stopped there."""
    calls = itertools.count(1)

    def bounded(word, state):
        if next(calls) > most:
            raise NotYet(hint)
        return step(word, state)

    return bounded


def check_last_state(last_state) -> None:
    """h (B, T, H), mask (B, T) -> what is remembered after the last word (B, H)."""
    for seed, T, H, words in ((6, 6, 3, [2, 6, 1, 4]), (7, 5, 2, [5, 3, 1])):
        rng, B, rows, lengths = np.random.default_rng(seed), len(words), np.arange(len(words)), np.array(words)
        h = rng.normal(size=(B, T, H))
        mask = np.arange(T) < lengths[:, None]
        try:
            answer = checks.run(last_state, h.copy(), mask.copy())
        except NotYet as error:
            if f"index {mask.sum() - 1} " in str(error) or f"index {mask.sum()} " in str(error):
                raise NotYet(
                    "last_state: mask.sum() counts the words of the whole batch, mask.sum(axis=1) each sentence's."
                ) from None
            raise
        answer = checks.as_array(answer, (B, H), "last_state", {
            (B, T, H): "one memory for each sentence", (B, B, H): "choose with two lists of numbers, rows and places",
            (lengths.sum(), H): "that is every place with a word: take the last of each sentence",
            (H,): "that is the memory of one sentence: each has one",
        })  # fmt: skip
        masked = h * mask[..., None]
        late = "One place too late: the last of n words stands at place n - 1."
        checks.expect_close(answer, h[rows, lengths - 1], "the context of a padded batch", [
            (h[:, -1], "That is what the memory says after the padding."),
            (h[rows, lengths % T], late),
            (h[rows, np.minimum(lengths, T - 1)], late),
            (h[rows, lengths - 2], "One place too early: the last of n words stands at place n - 1."),
            (h[:, 0], "That is the memory after the first word."),
            ((h * mask[..., None]).sum(axis=1) / lengths[:, None], "That is the mean of the memories: take the last."),
            (masked[:, -1], "With the padding set to 0, the last place is 0 where a sentence is short."),
            (masked.sum(axis=1), "That is the sum of the memories: take the last."),
            (h.sum(axis=1), "That is the sum of the memories: take the last."),
            (h.mean(axis=1), "That is the mean of the memories, padding included: take the last."),
            (masked.max(axis=1), "That is the largest number of each column: take the last memory."),
            (np.where(mask[..., None], h, -np.inf).max(axis=1), "That is the largest number of a column: take the last "
             "memory."),
            (h.max(axis=1), "That is the largest number of each column: take the last memory."),
            (h[np.arange(B), [lengths[0] - 1] * B], "Each sentence has its own length: its row of the mask says it."),
            (h[rows, mask.sum(axis=0)[:B] - 1],
             "Summed over axis 0, the mask counts the sentences that reach a place: axis 1 counts the words of each."),
            (h[rows, T - lengths - 1], "That counts the padding: the mask is True where there is a word."),
            *((h[mask][some], "h[mask] has the words of all sentences in one row: choose a place for each sentence.")
              for some in (slice(B), slice(-B, None))),
            (h[rows, -lengths], "Counted from the end: the words stand at the beginning of a row."),
            (h[rows, lengths - T - 1], "Counted from the end: the words stand at the beginning of a row."),
            *((h[:, place], f"That is place {place} of every sentence: each has its own length, which its row of the "
               "mask says.") for place in range(T)),
        ])  # fmt: skip
    checks.solved("last_state stops where the sentence stops")


def check_words_right(words_right) -> None:
    """said, truth, whole numbers (B, T) -> the share of the words of truth that were said in their places."""
    cases = []
    for seed, B, T in ((1, 4, 6), (2, 3, 9), (3, 5, 8)):
        rng = np.random.default_rng(seed)
        true, own = rng.integers(2, T + 1, size=B), rng.integers(1, T + 1, size=B)
        true[0], own[0], true[1], own[1] = T - 1, 1, 2, T  # one that stops too early, one too late
        true[2] = own[2] = T - 2
        truth, guess = (rng.integers(1, 5, size=(B, T)) for _ in range(2))  # 1 is a word, too
        guess = np.where(rng.random((B, T)) < 0.4, truth, guess)
        guess[2] = truth[2]  # one without a mistake
        truth, said = (np.where(np.arange(T) < n[:, None], words, PAD_ID) for n, words in ((true, truth), (own, guess)))
        cases.append((said, truth))

    def answer(said, truth):
        try:
            return checks.as_array(checks.run(words_right, said.copy(), truth.copy()), (), "words_right", {
                said.shape: "one number for all words: take the mean",
                said.shape[:1]: "one number for all words, not one for each sentence",
            })  # fmt: skip
        except NotYet as error:
            if said.any() or "not finite" not in str(error):
                raise
            raise NotYet(
                "words_right: not yet. The bug is still there: a network that says nothing but <pad> has 0 right."
            ) from None

    nothing = np.zeros((2, 5), int), np.array([[4, 5, 0, 0, 0]] * 2)
    checks.expect_cases(answer, cases, _share, "words_right", WORDS_MISTAKES)
    checks.expect_cases(answer, [nothing], _share, "words_right")
    checks.solved("words_right counts every word that was to be said")


def _share(said, truth):
    return (said == truth)[truth != PAD_ID].mean()


def _of(share):
    """A mistake, as a function of where said is right, where truth has a word, where said has one."""
    return lambda said, truth: share(said == truth, truth != PAD_ID, said != PAD_ID)


def _anywhere(words, rows):
    """Whether each word stands somewhere in its row of the other."""
    return np.array([[word in row for word in each] for each, row in zip(words, rows, strict=True)])


def _in_places(same, asked, spoken):
    """The mean of the shares at each place."""
    there = asked.any(axis=0)
    return ((same & asked).sum(axis=0)[there] / asked.sum(axis=0)[there]).mean()


OWN_PLACE = "A word has to stand in its own place, not anywhere in the sentence."
LONG_BY_TRUTH = "Which words count is said by truth alone, not by how long said is."
WORDS_MISTAKES = [
    (_of(lambda same, asked, spoken: same[spoken].mean()),
     "The bug is still there: a place counts where truth has a word, also if said has none."),
    (_of(lambda same, asked, spoken: same.mean()),
     "Padding counts as right here: only places where truth has a word may count."),
    (_of(lambda same, asked, spoken: same[~asked].mean()),
     "The mask is turned round: it counts the padding and not the words."),
    (_of(lambda same, asked, spoken: same[asked & spoken].mean()),
     "Where truth has a word and said has none, a word is missing: that is wrong."),
    (_of(lambda same, asked, spoken: same[asked | spoken].mean()),
     "Places behind the last word of truth count here, too: only words of truth may."),
    (_of(lambda same, asked, spoken: np.mean([row[words].mean() for row, words in zip(same, asked, strict=True)])),
     "That is the mean of the sentences' shares, in which a word of a short sentence counts more: count all words "
     "alike."),
    (_of(_in_places), "That is the mean of the places' shares, in which words at the end count more: count all alike."),
    (_of(lambda same, asked, spoken: same[:, asked.all(axis=0)].mean()),
     "Only places at which every sentence has a word count there: count all words of truth."),
    (_of(lambda same, asked, spoken: same[asked].sum()), "Divide by the number of words: the mean, not the sum."),
    (_of(lambda same, asked, spoken: 1 - same[asked].mean()), "That is the share wrong."),
    (_of(lambda same, asked, spoken: 100 * same[asked].mean()),
     "Right in percent: give the share, a number between 0 and 1."),
    (_of(lambda same, asked, spoken: same[asked].sum() // asked.sum()),
     "Whole numbers, the fraction is cut off: / divides, // cuts."),
    (_of(lambda same, asked, spoken: np.cumprod(same | ~asked, axis=1).astype(bool)[asked].mean()),
     "It stops counting at the first mistake: words behind it can be right, too."),
    (lambda said, truth: _anywhere(truth, said)[truth != PAD_ID].mean(), OWN_PLACE),
    (lambda said, truth: _anywhere(said, truth)[truth != PAD_ID].mean(), OWN_PLACE),
    (_of(lambda same, asked, spoken: same.all(axis=1).mean()),
     "That is the share of sentences without a mistake: count words."),
    (_of(lambda same, asked, spoken: (same & asked).sum() / spoken.sum()),
     "Divide by the words of truth, not by those that were said."),
    (_of(lambda same, asked, spoken: (same & asked).sum() / max(asked.sum(), spoken.sum())),
     "Divide by the words of truth, not by the longer of the two."),
    (_of(lambda same, asked, spoken: 2 * (same & asked).sum() / (asked.sum() + spoken.sum())),
     "Divide by the words of truth, not by the mean of both numbers of words."),
    (_of(lambda same, asked, spoken: (same & asked).mean()),
     "Padding is among the places by which it is divided: divide by the words of truth."),
    (_of(lambda same, asked, spoken: same[asked == spoken].mean()), LONG_BY_TRUTH),
    (_of(lambda same, asked, spoken: same[asked & (asked.sum(1) == spoken.sum(1))[:, None]].mean()), LONG_BY_TRUTH),
    (_of(lambda same, asked, spoken: same[:, : (n := int((~spoken).any(0).argmax()))][asked[:, :n]].mean()),
     LONG_BY_TRUTH),
    (_of(lambda same, asked, spoken: same[:, :-1][asked[:, 1:]].mean()),
     "The last word of each row of truth is left out, it counts, too."),
    (_of(lambda same, asked, spoken: same[:, 1:][asked[:, 1:]].mean()),
     "The first word of each row is left out, it counts, too."),
    *((_of(lambda same, asked, spoken, row=row: same[row][asked[row]].mean()), "That is one row: count all words.")
      for row in (0, -1)),
    *((lambda said, truth, least=least: (said == truth)[truth > least].mean(),
       f"Only 0 is <pad>: {'1 is a word' if least == 1 else f'1 to {least} are words'}, too.") for least in (1, 2, 3)),
]  # fmt: skip


def _greedy(step, state, longest, feed=True, keep=True, stop=True, word=BOS_ID, find=np.argmax, times=1):
    """The exercise's function, with one mistake or none. times: how often the state goes on for a word."""
    before, said = state, []
    while len(said) < longest:
        log_p, state = step(word, state)
        for _ in range(times - 1):
            state = step(word, state)[1]
        best = int(find(log_p))
        if stop and best == EOS_ID:
            break
        said, word, state = [*said, best], best if feed else BOS_ID, state if keep else before
    return said


def _at_once(step, state, longest, cut=None):
    """The words of the first step alone, the best first."""
    words = np.argsort(-step(BOS_ID, state)[0])[:cut]
    return [int(word) for word in words if word != EOS_ID][:longest]


def _skipping(step, state, longest):
    """`longest` steps, whatever is said; <eos> left out."""
    word, said = BOS_ID, []
    for _ in range(longest):
        log_p, state = step(word, state)
        word = int(log_p.argmax())
        said += [word] * (word != EOS_ID)
    return said


def check_greedy(greedy) -> None:
    """(step, state, longest) -> the numbers of the words said, without <bos> and <eos>."""
    cases = [(*little_network(seed), longest) for seed in range(8) for longest in (20, 3)]
    on = "greedy: it does not end. `<eos>` (3) ends the sentence: leave the loop there, do not only skip it."
    answers = [_words(checks.run(greedy, _bounded(step, 200, on), *rest), "greedy") for step, *rest in cases]
    right = [_greedy(*case) for case in cases]
    if answers != right:
        again = [_words(checks.run(greedy, _bounded(step, 200, on), *rest), "greedy") for step, *rest in cases]
        if answers != again:
            raise NotYet("greedy: not yet. Two calls say different words: take the best each time, do not draw.")
        if any(words[:1] == [BOS_ID] for words in answers):
            raise NotYet("greedy: not yet. `<bos>` (2) is read and never said: leave it out.")
        for answer, (_, _, longest) in zip(answers, cases, strict=True):
            if len(answer) > longest:
                raise NotYet(f"greedy: {len(answer)} words, at most {longest} are wanted: not every network ends.")
        mistakes = (
            ([_greedy(*case, stop=False) for case in cases], "It goes on behind `<eos>` (3)."),
            ([_greedy(*case, feed=False) for case in cases], "Hand the word that was said to the next step."),
            ([_greedy(*case, keep=False) for case in cases], "Hand the state that step returned to the next step."),
            *(([_greedy(*case, word=word) for case in cases], "Begin with `<bos>` (2).") for word in (0, 1, 3, 4)),
            ([_greedy(*case, find=np.argmin) for case in cases], "argmin finds the word that is least likely: argmax."),
            (
                [_greedy(*case, find=lambda log_p: min(log_p.argmax() + 1, 6)) for case in cases],
                "The place that argmax finds is the word's number: both begin at 0, nothing is added.",
            ),
            (
                [_greedy(*case, find=lambda log_p: log_p.argmax() + 1) for case in cases],
                "The place that argmax finds is the word's number: both begin at 0, nothing is added.",
            ),
            ([_greedy(*case, find=lambda log_p: np.argsort(log_p)[-2]) for case in cases], "That is the second best."),
            (
                [_greedy(*case, times=2) for case in cases],
                "step is called twice for a word, so the state goes on twice.",
            ),
            (
                [_greedy(lambda word, s, step=step: step(word, step(word, s)[1]), *rest) for step, *rest in cases],
                "step is called twice for a word, so the state goes on twice.",
            ),
            *(
                (
                    [_at_once(*case, cut=case[2] if cut else None) for case in cases],
                    "All words come from the first step: call step for each.",
                )
                for cut in (False, True)
            ),
            (
                [_skipping(*case) for case in cases],
                "`<eos>` (3) ends the sentence: leave the loop, do not only skip it.",
            ),
        )
        for wrong, hint in mistakes:
            if answers == wrong:
                raise NotYet(f"greedy: not yet. {hint}")
        answer, words, (_, _, longest) = next(c for c in zip(answers, right, cases, strict=True) if c[0] != c[1])
        if answer == [*words, EOS_ID]:
            raise NotYet("greedy: not yet. `<eos>` (3) ends the sentence and is no part of it.")
        if answer == words[:-1]:
            raise NotYet(f"greedy: not yet. It stops a word early: up to {longest} words are wanted, then `<eos>`.")
        raise NotYet(f"greedy: expected {words}, got {answer}.")
    checks.solved("greedy speaks until it ends")


def _beam(step, state, M, size=len, keep=True, patience="all", begin=BOS_ID, states="own", width=lambda M: M,
          each=False, feed=True, add=np.add, start=0.0, order="best", once=False, shared=False, aside="", rounds=20,
          final="first", possible=False):  # fmt: skip
    """The exercise's function, with one mistake or none -> words, mean log p; None if it does not end.

    possible: words of log p = -inf are left out, which changes nothing if there is no mistake.
    """
    beams: list[tuple] = [(start, [], state)]  # log p, words with <eos>, state
    done: list[tuple] = []

    def is_over(beam):
        return beam[1][-1:] == [EOS_ID]

    def rank(beam):
        return -beam[0] / size(beam[1])

    for _ in range(rounds):
        over = [is_over(beam) for beam in beams]
        if (aside and (not beams or (aside != "all" and len(done) >= M))) or not beams:
            break
        if not aside and {"all": all(over), "any": any(over), "best": over[0]}[patience]:
            break
        longer: list[tuple] = []
        for log_p, words, before in beams:
            if words[-1:] == [EOS_ID]:
                longer += [(log_p, words, before)] * keep
                continue
            word = words[-1] if words and feed else begin
            more, after = step(word, state if states == "one" else before)
            state = after
            after = before if states == "parent's" else after
            found = []
            for w, p in enumerate(more):
                if possible and p == -np.inf:
                    continue
                if shared:
                    words.append(w)
                found.append((add(log_p, p), words if shared else [*words, w], after))
            longer += sorted(found, key=rank)[:M] if each else found
        if order == "best":
            longer.sort(key=rank)
        elif order == "worst":
            longer.sort(key=rank, reverse=True)
        if once:  # each last word
            longer = list({beam[1][-1]: beam for beam in reversed(longer)}.values())[::-1]
        if aside == "refilled":
            done += [beam for beam in longer[: width(M)] if is_over(beam)]
            beams = [beam for beam in longer if not is_over(beam)][: width(M)]
        elif aside:
            room = M - len(done) if aside == "shrinking" else width(M)
            done += [beam for beam in longer[:room] if is_over(beam)]
            beams = [beam for beam in longer[:room] if not is_over(beam)]
        else:
            beams = longer[: None if each else width(M)]
    else:
        if rounds == 20:
            return None
    beams = done or beams
    if not beams:
        return None
    if aside:
        best = min(beams, key=rank)
    elif final == "sum":
        best = max(beams, key=lambda beam: beam[0])
    else:
        best = {"first": beams[0], "last": beams[-1], "ended": max(beams, key=is_over)}[final]
    return best[1][:-1], best[0] / max(len(best[1]), 1)


UNTIL_ALL = "Go on until all M have ended: a longer one may be better."
SET_ASIDE = (
    "That is the search which sets ended sentences aside, which is another one: here they stay among the M and take "
    "part in every round, and it stops when all M have ended."
)
SORTED = "Of all, keep the M with the largest log p per word: sort, the largest first."
BEAM_MISTAKES: list[tuple[dict, str]] = [
    ({"size": lambda words: 1}, "Compare log p divided by the number of words, in every round."),
    ({"size": lambda words: max(len(words) - (words[-1] == EOS_ID), 1)}, "`<eos>` counts as a word."),
    ({"size": lambda words: len(words) + 1}, "`<bos>` does not count: it is read, not said."),
    ({"keep": False}, "What has ended stays among the M and is compared, too."),
    *(({"patience": "any", "final": final}, UNTIL_ALL) for final in ("ended", "first")),
    ({"patience": "best"}, "Go on until all M have ended, not the best alone: another may overtake it."),
    *(({"begin": word}, "Begin with `<bos>` (2).") for word in (0, 1, 3, 4)),
    ({"states": "parent's"}, "A longer sentence goes on with the state that `step` returned, not with the old one."),
    ({"states": "one"}, "Each sentence has a state of its own: keep it beside its words."),
    ({"width": lambda M: M + 1}, "Keep M of them, not M + 1."),
    ({"width": lambda M: M - 1}, "Keep M of them, not M - 1."),
    ({"width": lambda M: max(M - 1, 1)}, "Keep M of them, not M - 1."),
    ({"width": lambda M: M * M}, "Keep M of them all, not M times M."),
    ({"width": lambda M: 2 * M}, "Keep M of them, not 2 M."),
    *(({"width": lambda M, n=n: n}, f"It keeps {n}, whatever M says.") for n in range(2, 11)),
    ({"each": True, "possible": True}, "Keep the M best of all, not M for each beginning."),
    ({"feed": False}, "Hand the last word of a beginning to step: `<bos>` is read at the first step alone."),
    ({"order": "worst"}, SORTED),
    ({"order": "none"}, SORTED),
    ({"add": lambda log_p, p: p}, "The log p of all words are added: here a sentence has that of its last word alone."),
    ({"add": lambda log_p, p: log_p + np.exp(p)}, "Add log p as it is, without exp."),
    ({"add": lambda log_p, p: log_p * np.exp(p), "start": 1.0}, "Those are products of probabilities: add log p."),
    *(({"add": np.multiply, "start": start}, "log p are added, not multiplied.") for start in (1.0, 0.0)),
    ({"add": lambda log_p, p: log_p - p}, "log p are added, not subtracted."),
    ({"once": True}, "Two that end with the same word are two sentences: both may be among the M."),
    ({"shared": True}, "As if all lengthened ones shared one list, which append changes: make a new list for each."),
    *(({"aside": aside}, SET_ASIDE) for aside in ("M", "shrinking", "refilled", "all")),
    *(({"rounds": n}, "Not a number of rounds: go on until all M have ended.") for n in range(1, 11)),
    ({"final": "last"}, "That is the last of the M: return the best."),
    ({"final": "sum"}, "At the end, too, the best is the one with the largest log p divided by the number of words."),
]  # fmt: skip


class _Watched:
    """A step that remembers what it was called with, and stops after `most` calls."""

    def __init__(self, step, most):
        self.step, self.most, self.calls = step, most, []

    def __call__(self, word, state):
        if len(self.calls) >= self.most:
            raise _NoEnd
        self.calls.append((int(word), tuple(state)))
        return self.step(word, state)


class _NoEnd(NotYet):
    """More calls than any search needs."""


def check_beam_search(beam_search) -> None:
    """(step, state, M) -> the words of the best finished sentence, its mean log p."""
    cases, answers, endless = [], [], []
    for seed in range(20):
        step, state = little_network(100 + seed)
        step = functools.cache(step)
        for M in (1, 2, 3, 4):
            watched = _Watched(step, 300)
            cases.append((step, state, M))
            try:
                answers.append(_one_search(beam_search, watched, state, M))
            except _NoEnd:
                endless.append((cases[-1], watched.calls))
        if seed == 2 and endless:
            raise NotYet(f"beam_search: it does not end. {_why_no_end(endless)}")
    if endless:
        raise NotYet(f"beam_search: it does not end. {_why_no_end(endless)}")
    said, right = [words for words, _ in answers], [_beam(*case) for case in cases]
    if any(EOS_ID in words[:-1] for words in said):
        raise NotYet("beam_search: not yet. What has ended, with `<eos>` (3), stays as it is: do not lengthen it.")
    if any(words and words[-1] == EOS_ID for words in said):
        raise NotYet("beam_search: not yet. Leave `<eos>` (3) out of the words, not out of the score.")
    if any(words and words[0] == BOS_ID for words in said):
        raise NotYet("beam_search: not yet. `<bos>` (2) is read and never said: leave it out of the words.")
    if said != [words for words, _ in right]:
        if said == [_beam(step, state, 1)[0] for step, state, _ in cases]:
            raise NotYet("beam_search: not yet. That is what greedy finds: keep the M best each time.")
        for wrong, hint in BEAM_MISTAKES:
            if any(_finds(said, cases, {"possible": possible} | wrong) for possible in (False, True)):
                raise NotYet(f"beam_search: not yet. {hint}")
        words, (expected, _), (_, _, M) = next(c for c in zip(said, right, cases, strict=True) if c[0] != c[1][0])
        raise NotYet(f"beam_search: with M = {M} expected the words {expected}, got {words}.")
    _check_scores([score for _, score in answers], right, cases)
    checks.solved("beam_search keeps the best beginnings")


def _one_search(beam_search, step, state, M):
    answer = checks.run(beam_search, step, state, M)
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise NotYet("beam_search: expected two things: the list of words, and their mean log p.")
    if np.ndim(answer[1]) and not np.ndim(answer[0]):
        raise NotYet("beam_search: the words come first, then their mean log p.")
    if np.ndim(answer[1]) == 0 and not np.isfinite(answer[1]):
        if np.isnan(answer[1]) or answer[1] > 0:
            raise NotYet("beam_search: the mean log p is no number below 0: as if log p were multiplied. Add them.")
        if np.size(answer[0]) == 0:
            raise NotYet(
                "beam_search: of `<eos>` alone, too, log p is divided by a number, 1: `<eos>` counts as a word."
            )
        raise NotYet("beam_search: a word that cannot be said (log p = -inf) is among the M: have ended ones left?")
    return _words(answer[0], "beam_search"), checks.as_array(answer[1], (), "the mean log p")


def _finds(said, cases, mistake):
    """Whether a search with this mistake finds just these words."""
    with np.errstate(all="ignore"):
        return all(
            (found := _beam(*case, **mistake)) and found[0] == words for words, case in zip(said, cases, strict=True)
        )


def _why_no_end(endless):
    """The likely cause, from the words and states with which step was called; the little network keeps all words."""
    for mistake, hint in BEAM_MISTAKES:
        if all(_calls_alike(case, calls, mistake) for case, calls in endless):
            return hint
    calls = [call for _, each in endless for call in each]
    if any((*state, word)[0] != BOS_ID for word, state in calls):
        return "Hand on, with each sentence, the state that `step` returned for it."
    if any(EOS_ID in (*state, word) for word, state in calls):
        return "What has ended, with `<eos>` (3), stays as it is: do not lengthen it."
    if any(word in (PAD_ID, UNK_ID, BOS_ID) for word, state in calls if state):
        return (
            "A word that cannot be said (log p = -inf) is among the M: do those that have ended stay among them, and "
            "are the best kept?"
        )
    return "Does it stop when all M have ended, and do those that have ended stay among the M?"


def _calls_alike(case, calls, mistake):
    """Whether a search with this mistake begins with the same calls, and has no end either."""
    step, state, M = case
    watched = _Watched(step, 60)
    try:
        with np.errstate(all="ignore"):
            _beam(watched, state, M, **mistake | {"rounds": 100})
    except _NoEnd:
        return calls[:60] == watched.calls
    return False


def _check_scores(scores, right, cases):
    """The words are right. A wrong score is recognised by all sentences together: alone, one can look like another."""
    words = np.array([len(said) + 1 for said, _ in right])  # <eos> counted
    total = words * [best for _, best in right]
    last = []  # log p of <eos>
    for (said, _), (step, state, _) in zip(right, cases, strict=True):
        for word in [BOS_ID, *said]:
            log_p, state = step(word, state)
        last.append(log_p[EOS_ID])
    spoken, without = np.maximum(words - 1, 1), total - last
    out = "`<eos>` is left out of"
    checks.expect_close(scores, total / words, "the mean log p of the sentences", [
        (total, "That is the sum: divide by the number of words, `<eos>` counted."),
        (total / spoken, f"{out} the number of words: it has a probability and counts."),
        (without / spoken, f"{out} the score: its log p is added, and it counts as a word."),
        (without / words, f"{out} the sum of log p: its probability counts, too."),
        (without, f"{out} the sum of log p, and the sum is not divided by the number of words."),
        (total / (words + 1), "`<bos>` does not count: it is read, not said."),
        (-total / words, "The sign: log p is below 0."),
        (np.exp(total / words), "That is a probability: the mean of log p is wanted, without exp."),
    ])  # fmt: skip


def _check_form(grammar):
    """NotYet if the parts of a grammar are not of the form in which the world reads them."""
    try:
        data = tomllib.loads(grammar)
    except tomllib.TOMLDecodeError as error:
        if "overwrite" in str(error) or "twice" in str(error):
            line = "".join(re.findall(r"\(at line (\d+)", str(error)))
            stands = grammar.splitlines()[int(line) - 1].strip() if line else "a name"
            raise NotYet(
                f"my_languages: line {line}, {stands}: what stands left of = is there already. Each word once."
            ) from None
        return  # the world says it, with the line
    rules, lists = data.get("rules"), data.get("words", {})
    if not isinstance(rules, dict):
        raise NotYet("my_languages: there is no line [rules] with the rules below it.")
    for name, lines in rules.items():
        if not isinstance(lines, list):
            raise NotYet(f'my_languages: rule {name}: expected a list, {name} = ["1: english => other"], with [ and ].')
        for line in lines:
            if isinstance(line, str) and (found := re.match(r"\s*([^\s:]*[^\d\s:][^\s:]*):\s", line)):
                raise NotYet(
                    f"my_languages: rule {name}: {found[1]!r} is no number: a line begins with its weight, such as 2: "
                    "or 0.5:, or with the sentence."
                )
    if not isinstance(lists, dict):
        raise NotYet("my_languages: words = … is no list of words: begin a list with a line such as [words.WHO].")
    for name, entries in lists.items():
        line = f'in [words.{name}] each word is a line of its own, such as "I" = "ich"'
        if not isinstance(entries, dict):
            raise NotYet(f"my_languages: {line}, below a line [words.{name}]; got {name} = {entries!r}.")
        if name != name.upper():
            raise NotYet(
                f"my_languages: [words.{name}]: names of lists are in capitals, also where a rule asks for them."
            )
        for word, other in entries.items():
            if not isinstance(other, str):
                raise NotYet(f"my_languages: {line}; got {word} = {other!r}. A list in [ ] belongs to [rules].")
    if not isinstance(data.get("once", []), list):
        raise NotYet('my_languages: once = … : expected a list of names, once = ["WHO"].')


def check_own_languages(my_languages) -> None:
    """-> a grammar as TOML: 30 or more different sentences, two languages, words in different order."""
    grammar = checks.run(my_languages)
    if not isinstance(grammar, str):
        raise NotYet(f"my_languages: expected the grammar as a text, got {type(grammar).__name__}.")
    if not grammar.strip():
        raise NotYet("my_languages: the text is empty.")
    if "\n" not in grammar.strip():
        raise NotYet("my_languages: expected the grammar itself, many lines of text, not the path of a file.")
    if grammar.strip() == translation.GRAMMAR_FILE.read_text(encoding="utf-8").strip():
        raise NotYet("my_languages: that is the course's grammar. Write a small one of your own.")
    _check_form(grammar)
    try:
        pairs = translation.TranslationWorld(grammar).sample(400, seed=0)
    except CourseError as error:
        rare = "too rare" in str(error)
        hint = (
            "your English sentences are all, or almost all, shorter than 3 words or longer than 12." if rare else error
        )
        raise NotYet(f"my_languages: {hint}") from None
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

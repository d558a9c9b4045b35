"""Checks of lesson 06."""

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
        ])  # fmt: skip
    checks.solved("last_state stops where the sentence stops")


def check_words_right(words_right) -> None:
    """(said, truth), whole numbers (B, T) -> the share of the words of truth that were said in their places."""
    for seed, B, T in ((2, 4, 6), (6, 3, 9)):  # under which no two mistakes give the same number
        rng = np.random.default_rng(seed)
        true, own = rng.integers(2, T + 1, size=B), rng.integers(1, T + 1, size=B)
        true[0], own[0], true[1], own[1] = T - 1, 1, 2, T  # one that stops too early, one too late
        truth, guess = (rng.integers(4, 6, size=(B, T)) for _ in range(2))
        truth, said = (np.where(np.arange(T) < n[:, None], words, PAD_ID) for n, words in ((true, truth), (own, guess)))
        _check_words_right(words_right, said, truth)
    nothing = np.zeros((2, 5), int)
    share = checks.as_array(checks.run(words_right, nothing, np.array([[4, 5, 0, 0, 0]] * 2)), (), "words_right")
    checks.expect_close(share, 0.0, "a network that says nothing but <pad>")
    checks.solved("words_right counts every word that was to be said")


def _check_words_right(words_right, said, truth):
    answer = checks.as_array(checks.run(words_right, said.copy(), truth.copy()), (), "words_right", {
        said.shape: "one number for all words: take the mean",
        said.shape[:1]: "one number for all words, not one for each sentence",
    })  # fmt: skip
    same, asked, spoken = said == truth, truth != PAD_ID, said != PAD_ID
    until = np.cumprod(same | ~asked, axis=1).astype(bool)
    somewhere = np.array([[word in row for word in words] for words, row in zip(truth, said, strict=True)])
    meant = np.array([[word in row for word in words] for words, row in zip(said, truth, strict=True)])
    longest = np.maximum(asked.sum(), spoken.sum())
    checks.expect_close(answer, same[asked].mean(), "the share right", [
        (same[spoken].mean(), "The bug is still there: a place counts where truth has a word, also if said has none."),
        (same.mean(), "Padding counts as right here: only places where truth has a word may count."),
        (same[~asked].mean(), "The mask is turned round: it counts the padding and not the words."),
        (same[asked & spoken].mean(), "Where truth has a word and said has none, a word is missing: that is wrong."),
        (same[asked | spoken].mean(), "Places behind the last word of truth count here, too: only words of truth may."),
        (np.mean([row[words].mean() for row, words in zip(same, asked, strict=True)]), "That is the mean of the "
         "sentences' shares, in which a word of a short sentence counts more: count all words alike."),
        (same[asked].sum(), "Divide by the number of words: the mean, not the sum."),
        (1 - same[asked].mean(), "That is the share wrong."),
        (100 * same[asked].mean(), "Right in percent: give the share, a number between 0 and 1."),
        (until[asked].mean(), "It stops counting at the first mistake: words behind it can be right, too."),
        (somewhere[asked].mean(), "A word has to stand in its own place, not anywhere in the sentence."),
        (meant[asked].mean(), "A word has to stand in its own place, not anywhere in the sentence."),
        (same.all(axis=1).mean(), "That is the share of sentences without a mistake: count words."),
        ((same & asked).sum() / spoken.sum(), "Divide by the words of truth, not by those that were said."),
        ((same & asked).sum() / longest, "Divide by the words of truth, not by the longer of the two."),
        ((same & asked).mean(), "Padding is among the places by which it is divided: divide by the words of truth."),
    ])  # fmt: skip


def _greedy(step, state, longest, feed=True, keep=True, stop=True, word=BOS_ID, find=np.argmax):
    before, said = state, []
    while len(said) < longest:
        log_p, state = step(word, state)
        best = int(find(log_p))
        if stop and best == EOS_ID:
            break
        said, word, state = [*said, best], best if feed else BOS_ID, state if keep else before
    return said


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


def _beam(step, state, M, size=len, keep=True, patient="all", begin=BOS_ID, states="own", widen=0, each=False):
    """The exercise's function, with one mistake or none; None if it does not end."""
    beams: list[tuple] = [(0.0, [], (begin, state), False)]  # log p, words with <eos>, where to go on, over
    done = {"all": all, "any": any, "best": lambda over: next(iter(over))}[patient]
    for _ in range(20):
        if done(over for *_, over in beams):
            break
        longer: list[tuple] = []
        for log_p, words, (word, before), over in beams:
            if over:
                longer += [(log_p, words, (word, before), over)] * keep
                continue
            more, after = step(word, state if states == "one" else before)
            state = after
            after = before if states == "parent's" else after
            found = [(log_p + p, [*words, w], (w, after), w == EOS_ID) for w, p in enumerate(more) if p > -np.inf]
            longer += sorted(found, key=lambda b: -b[0])[:M] if each else found
        beams = sorted(longer, key=lambda b: -b[0] / size(b[1]))[: None if each else M + widen]
    else:
        return None
    if not beams:
        return None
    log_p, words, *_ = max(beams, key=lambda b: b[3])
    return words[:-1], log_p / len(words)


def check_beam_search(beam_search) -> None:
    """(step, state, M) -> the words of the best finished sentence, its mean log p."""
    cases, answers = [(*little_network(100 + seed), M) for seed in range(20) for M in (1, 2, 3, 4)], []
    on = (
        "beam_search: it does not end. Hand on, with each sentence, the state that `step` returned for it, and stop "
        "when all M have ended."
    )
    for step, *rest in cases:
        answer = checks.run(beam_search, _bounded(step, 3000, on), *rest)
        if not isinstance(answer, tuple | list) or len(answer) != 2:
            raise NotYet("beam_search: expected two things: the list of words, and their mean log p.")
        if np.ndim(answer[1]) and not np.ndim(answer[0]):
            raise NotYet("beam_search: the words come first, then their mean log p.")
        if np.ndim(answer[1]) == 0 and not np.isfinite(answer[1]):
            raise NotYet("beam_search: a word that cannot be said (log p = -inf) is among the M: have ended ones left?")
        answers.append((_words(answer[0], "beam_search"), checks.as_array(answer[1], (), "the mean log p")))
    said, right = [words for words, _ in answers], [_beam(*case) for case in cases]
    if any(EOS_ID in words[:-1] for words in said):
        raise NotYet("beam_search: not yet. What has ended, with `<eos>` (3), stays as it is: do not lengthen it.")
    if any(words and words[-1] == EOS_ID for words in said):
        raise NotYet("beam_search: not yet. Leave `<eos>` (3) out of the words, not out of the score.")
    if any(words and words[0] == BOS_ID for words in said):
        raise NotYet("beam_search: not yet. `<bos>` (2) is read and never said: leave it out of the words.")
    if said != [words for words, _ in right]:
        mistakes = (
            ({"size": lambda words: 1}, "Compare log p divided by the number of words, in every round."),
            ({"size": lambda words: max(len(words) - (words[-1] == EOS_ID), 1)}, "`<eos>` counts as a word."),
            ({"size": lambda words: len(words) + 1}, "`<bos>` does not count: it is read, not said."),
            ({"keep": False}, "What has ended stays among the M and is compared, too."),
            ({"patient": "any"}, "Go on until all M have ended: a longer one may be better."),
            ({"patient": "best"}, "Go on until all M have ended, not the best alone: another may overtake it."),
            *(({"begin": word}, "Begin with `<bos>` (2).") for word in (0, 1, 3, 4)),
            (
                {"states": "parent's"},
                "A longer sentence goes on with the state that `step` returned, not with the old one.",
            ),
            ({"states": "one"}, "Each sentence has a state of its own: keep it beside its words."),
            ({"widen": 1}, "Keep M of them, not M + 1."),
            ({"widen": -1}, "Keep M of them, not M - 1."),
            ({"each": True}, "Keep the M best of all, not M for each beginning."),
        )
        if said == [_beam(step, state, 1)[0] for step, state, _ in cases]:
            raise NotYet("beam_search: not yet. That is what greedy finds: keep the M best each time.")
        for wrong, hint in mistakes:
            if _finds(said, cases, wrong):
                raise NotYet(f"beam_search: not yet. {hint}")
        words, (expected, _), (_, _, M) = next(c for c in zip(said, right, cases, strict=True) if c[0] != c[1][0])
        raise NotYet(f"beam_search: with M = {M} expected the words {expected}, got {words}.")
    _check_scores([score for _, score in answers], right, cases)
    checks.solved("beam_search keeps the best beginnings")


def _finds(said, cases, mistake):
    """Whether a search with this mistake finds just these words."""
    return all(
        (found := _beam(*case, **mistake)) and found[0] == words for words, case in zip(said, cases, strict=True)
    )


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

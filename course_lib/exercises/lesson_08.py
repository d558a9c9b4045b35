"""Checks of lesson 08."""

import re
import tomllib

import numpy as np

from course_lib import checks
from course_lib.checks import NotYet
from course_lib.errors import CourseError
from course_lib.worlds import scenes


def _number(function, what, *args) -> float:
    """What a student's function gives, as a number. NotYet if it is none."""
    return float(checks.as_array(checks.run(function, *args), (), what))


def check_heard(heard) -> None:
    """(W_s, v) -> the smallest W_v with which the memory has the sign of v, whatever was remembered."""
    cases = [
        (2.5, 1.0),
        (-3.0, 2.0),
        (0.5, -0.25),
        (-7.0, -14.0),
        (40.0, -0.8),
        (1.37, 0.719),
        (-0.283, 2.61),
        (0.0, 3.0),
    ]
    _check_heard(heard, cases[:-1])
    _check_heard(heard, cases)  # with 0 for W_s only then: what divides by it is told that it is upside down


def _check_heard(heard, cases):
    found = [checks.run(heard, *case) for case in cases]
    if any(isinstance(answer, bool | np.bool_) for answer in found):
        raise NotYet("heard: expected a number, the bound for W_v; got True or False.")
    answer = np.array([float(checks.as_array(value, (), "heard")) for value in found])
    W, v = np.array(cases).T
    right = abs(W / v)
    wrong = [
        (W / v, "A bound is not negative: only the sizes of W_s and v count."),
        (abs(W) / v, "A negative v counts by its size."), (W / abs(v), "A negative W_s counts by its size."),
        (abs(W), "v counts, too: half as large a v needs twice the W_v."),
        (W, "v counts, too, and a negative W_s counts by its size."),
        (abs(W * v), "Divide by the size of v: W_v |v| has to be more than what is remembered."),
        (W * v, "Divide by v: W_v v has to be more than what is remembered; and only sizes count."),
        (abs(0.8 * W / v), "The memory was -0.8 in the example: now it may be anything between -1 and 1."),
        (0.8 * W / v, "The memory was -0.8 in the example: now it may be anything between -1 and 1; only sizes count."),
        (np.tanh(abs(W)) / abs(v), "What is remembered is W_s times at most 1: no tanh of W_s."),
        (np.arctanh(np.minimum(abs(W), 0.999)) / abs(v), "What is remembered is W_s times at most 1: no arctanh."),
        (np.arctanh(np.minimum(right, 0.999)), "The sign of a tanh is that of its argument: no arctanh is needed."),
        (np.tanh(right), "The sign of a tanh is that of its argument: the tanh drops out."),
        (2 * right, "That is twice as much as it needs."), (np.full_like(W, 2), "The bound depends on W_s and v."),
        (abs(W) - abs(v), "W_v multiplies v: divide, do not subtract."),
        (-right, "The bound is positive: the memory has the sign of v."),
        (np.floor(right), "The fraction is cut off: / divides, // and int(…) cut."),
        (abs(W) // abs(v), "The fraction is cut off: / divides, // cuts."),
        *((np.round(right, n), "No rounding: the bound need not be a whole number.") for n in range(4)),
        (np.ceil(right), "No rounding: the bound need not be a whole number."),
        (abs(W) / v**2, "v stands once in the sum, as W_v v: divide by its size, without a square."),
        (W**2 / abs(v), "W_s stands once in what is remembered: its size, without a square."),
        (1 / abs(v), "W_s is missing: the louder what is remembered, the larger W_v has to be."),
        (np.maximum(W, 0) / abs(v), "A negative W_s counts by its size: it may keep a memory of the other sign."),
        (np.maximum(W / v, 0), "A negative quotient counts by its size: the memory may have either sign."),
        (np.maximum(right, 1), "The bound may be below 1: only the size of W_s and that of v count."),
        (np.minimum(right, 1), "The bound may be above 1: only the size of W_s and that of v count."),
        (right**2, "No squares: compare the size of W_v v with that of W_s times the memory."),
        (right / 2, "That is half of what it needs, if the memory is 1 or -1."),
        ((1 + abs(W)) / abs(v), "What is remembered is at most the size of W_s: no 1 is added."),
        (1 + right, "The bound itself: no 1 is added."),
        (right**0.5, "No root: compare the size of W_v v with that of W_s times the memory."),
    ]  # fmt: skip
    if W.all():
        upside_down = "The fraction is upside down: the larger W_s, the larger W_v has to be."
        wrong += [(abs(v / W), upside_down), (v / W, upside_down + " And only sizes count.")]
    if np.allclose(answer, right):
        return checks.solved("heard: from here on no memory drowns the picture") if not W.all() else None
    for values, hint in wrong:
        if np.allclose(answer, values):
            raise NotYet(f"heard: not yet. {hint}")
    for added in (answer * abs(v) - abs(W), answer - right):
        if np.allclose(added, added[0], atol=1e-4):
            raise NotYet(f"heard: not yet. As if {added[0]:.3g} were added: the sizes alone count, as they are.")
    i = int(np.argmax(~np.isclose(answer, right)))
    W_v, worst = (max(answer[i], 0) + right[i]) / 2, -1 if W[i] * v[i] > 0 else 1
    what = f"with W_v = {W_v:.3g} and a memory of {worst} the sum is {W[i] * worst + W_v * v[i]:.3g}"
    if answer[i] < right[i]:
        raise NotYet(
            f"heard({W[i]:g}, {v[i]:g}): {answer[i]:.3g} is too small: {what}, which does not have the sign of v."
        )
    raise NotYet(
        f"heard({W[i]:g}, {v[i]:g}): {answer[i]:.3g} is too large: {what}, of v's sign already; no memory is worse."
    )


def check_batch(batch) -> None:
    """(v, captions of each picture) -> vectors, words before and words to say, a row for each caption."""
    for seed, P, D, count in ((3, 4, 3, 2), (4, 2, 5, 3)):
        rng = np.random.default_rng(seed)
        v = rng.normal(size=(P, D))
        captions = [[[f"a{i}{k}", *"words"[k:], f"z{i}{k}"] for k in range(count)] for i in range(P)]
        _check_batch(batch, v, captions)
    checks.solved("batch: each caption has its own picture")


def _check_batch(batch, v, captions):
    (P, D), count = v.shape, len(captions[0])
    answer = checks.run(batch, v.copy(), [[list(words) for words in given] for given in captions])
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        raise NotYet("batch: expected three things: the vectors, the words before, the words to say.")
    pictures, before, to_say = answer
    if _are_words(pictures):
        raise NotYet("batch: the vectors come first, then the words before, then the words to say.")
    pictures = checks.as_array(pictures, (P * count, D), f"batch, {P} pictures with {count} captions each: vectors", {
        (P * count * D,): "np.repeat takes a matrix apart if it is not told along which axis: axis=0",
        (P, D * count): "repeat the rows, axis 0, not the columns",
        (P, D): "a row for each caption, not for each picture",
        (P, count, D): "one row below the other: reshape to (captions, D)",
        (P * P, D): "each picture as often as it has captions: len(captions[0]), not len(captions)",
        (P * 7, D): "each picture as often as it has captions: len(captions[0]), not as its first caption has words",
        (count, D): "each picture as often as it has captions, and all of the pictures",
        (P * 2, D): "each picture as often as it has captions, not always twice",
        (P * 3, D): "each picture as often as it has captions, not always three times",
    })  # fmt: skip
    rows = []
    for name, words in (("words before", before), ("words to say", to_say)):
        if not _are_words(words):
            raise NotYet(f"batch: {name}: expected a list of lists of words.")
        if len(words) != P * count:
            raise NotYet(f"batch: {name}: {len(words)} rows, but there are {P * count} captions: a row for each.")
        rows.append([list(row) for row in words])
    before, to_say = rows
    if all(row[:1] == ["<bos>"] for row in to_say) and all(row[-1:] == ["<eos>"] for row in before):
        raise NotYet("batch: the words before come second, the words to say third.")
    if not all(row[:1] == ["<bos>"] and "<eos>" not in row for row in before):
        raise NotYet("batch: the words before begin with `<bos>`, and have no `<eos>`. (They were right.)")
    if not all(row[-1:] == ["<eos>"] and "<bos>" not in row for row in to_say):
        raise NotYet("batch: the words to say end with `<eos>`, and have no `<bos>`. (They were right.)")
    for b, s in zip(before, to_say, strict=True):
        if (lost := len(s) - len(b)) and (set(b[1:]) < set(s[:-1]) or set(s[:-1]) < set(b[1:])):
            which = "before" if lost > 0 else "to say"
            raise NotYet(
                f"batch: the words {which} lack {abs(lost)} of their caption's: all of them stand in both lists; it is "
                "`<bos>` in front of the one, and `<eos>` behind the other, that moves them by a place."
            )
    if any(b[1:] != s[:-1] for b, s in zip(before, to_say, strict=True)):
        raise NotYet("batch: the words before and the words to say of a row are of the same caption.")
    owner = {tuple(words): i for i, given in enumerate(captions) for words in given}
    if {tuple(row[:-1]) for row in to_say} != set(owner):
        raise NotYet("batch: every caption comes once, in its own words.")
    for row, vector in zip(to_say, pictures, strict=True):
        i = owner[tuple(row[:-1])]
        if not np.allclose(vector, v[i]):
            other = [k for k in range(P) if np.allclose(vector, v[k])]
            got = f"picture {other[0]}" if other else "a vector of none"
            raise NotYet(
                f"batch: the bug is still there: a caption of picture {i} stands beside {got}. In which order do the "
                "captions come, and in which the pictures?"
            )


def _are_words(rows) -> bool:
    """Whether it is a list of lists of words."""
    return isinstance(rows, tuple | list) and all(
        isinstance(row, tuple | list) and all(isinstance(word, str) for word in row) for row in rows
    )


def _groups(text: str, n: int) -> list[tuple]:
    words = text.split()
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


SAID, REFERENCE = "a red dog sits beside a blue cat", "a blue dog sits beside a red cat"
OF = {1: "words", 2: "pairs", 3: "groups of three", 4: "groups of four"}


def check_predicted(predicted) -> None:
    """-> the shares of the words, pairs, groups of three and of four of SAID that REFERENCE has."""
    answer = checks.run(predicted)
    try:
        if isinstance(answer, dict | str | set):
            raise TypeError
        answer = list(answer)
    except TypeError:
        raise NotYet(
            "predicted: expected four numbers, with commas between them: of words, pairs, threes, fours."
        ) from None
    if any(isinstance(share, str) for share in answer):
        raise NotYet("predicted: expected four numbers, got texts: 5/7 stands without quotes.")
    try:
        shares = [float(share) for share in answer]
    except (TypeError, ValueError):
        raise NotYet("predicted: expected four numbers, each such as 3/8.") from None
    if len(shares) != 4:
        raise NotYet(f"predicted: expected four shares, got {len(shares)}.")
    if not all(0 <= share <= 1 for share in shares):
        raise NotYet("predicted: a share is between 0 and 1, such as 3/8: the number found by the number of groups.")
    parts = {n: (_groups(SAID, n), _groups(REFERENCE, n)) for n in OF}
    # no group occurs twice but "a", and that in both
    founds = {n: [group for group in said if group in given] for n, (said, given) in parts.items()}
    right = np.array([len(founds[n]) / len(parts[n][0]) for n in OF])

    def all_are(values):
        return np.allclose(shares, values, atol=0.005) and not np.allclose(shares, right, atol=0.005)

    if all_are(right[::-1]):
        raise NotYet("predicted: not yet. The right shares in reversed order: words come first, groups of four last.")
    if all_are(np.cumprod(right) ** (1 / np.arange(1, 5))):
        raise NotYet("predicted: not yet. That is BLEU-1 to 4, the means; asked for is the share of each length alone.")
    if all_are(np.cumprod(right)):
        raise NotYet("predicted: not yet. The share of each length alone: it is not multiplied by those before it.")
    if all_are(right ** (1 / np.arange(1, 5))):
        raise NotYet("predicted: not yet. The shares themselves are asked for: no root is taken.")
    if all_are(np.cumsum(right) / np.arange(1, 5)):
        raise NotYet("predicted: not yet. The share of each length alone: not the mean with those before it.")
    if all_are(np.floor(right)):
        raise NotYet(
            "predicted: not yet. Not one pair? `a red` is in the reference. Or the fraction was cut off: / divides, // "
            "cuts."
        )
    for n, share in enumerate(shares, 1):
        (said, given), found, true = parts[n], founds[n], right[n - 1]
        if np.isclose(share, true, atol=0.005):
            continue
        of = f"predicted, {OF[n]}: not yet."
        if np.isclose(share, np.round(true, 1)):
            raise NotYet(f"{of} One decimal is too coarse: write two, or the fraction.")
        if any(share < 1 and np.isclose(share, len(found) / count, atol=0.005) for count in (5, 6, 7, 8)):
            raise NotYet(f"{of} Eight words have {len(said)} {OF[n]}: divide by that.")
        if np.isclose(share, 1 - true, atol=0.005):
            raise NotYet(f"{of} That is the share that the reference does not have.")
        if n == 1 and np.isclose(share, 7 / 8, atol=0.005):
            raise NotYet(f"{of} `a` stands twice in the caption and twice in the reference: it counts twice.")
        if n == 1:
            raise NotYet(f"{of} Which word of the caption does the reference not have? A word may stand elsewhere.")
        lost = " ".join(next(group for group in said if group not in given))
        if share > true:
            raise NotYet(
                f"{of} Too many: for example, `{lost}` is not in the reference, side by side and in this order."
            )
        raise NotYet(f"{of} Too few: `{' '.join(found[0])}` is in the reference; it may stand at another place there.")
    checks.solved("predicted: the longer the group, the more it notices")


def _precision(caption, references, most=max, limit=None, per=lambda caption, references: len(caption)):
    """The right answer, or that of a likely mistake."""
    hits = [min(caption.count(word), most(ref.count(word) for ref in references)) for word in set(caption)]
    return sum(min(hit, limit or hit) for hit in hits) / per(caption, references)


def check_precision(precision) -> None:
    """(caption, references) -> the share of the caption's words that the references have, each counted so often."""
    given = [["the", "dog", "sees", "the", "cat"], ["a", "dog", "sees", "a", "cat"]]
    more = [["two", "men", "run"], ["two", "two", "men"], ["men", "run", "far", "away", "run", "run"]]
    within = [["man", "in", "front", "of", "a", "red", "barn"], ["woman", "near", "the", "man"]]  # words inside words
    cases = [
        (["the", "the", "the", "dog"], given), (["a", "cat"], given), (["dog", "dog"], given), (["no"], given),
        (["a", "a", "the", "the"], given), (["two", "two", "two", "run", "run", "run", "run", "far"], more),
        (["dog"], [["dog"]]), (["the", "the", "no", "dog"], given), (["a", "a", "man", "on", "a", "bar"], within),
    ]  # fmt: skip
    answers = np.array(
        [_number(precision, "precision", list(words), [list(ref) for ref in refs]) for words, refs in cases]
    )
    right = np.array([_precision(*case) for case in cases])

    def of(**settings):
        return [_precision(*case, **settings) for case in cases]

    wrong = [
        ([np.mean([any(word in ref for ref in refs) for word in words]) for words, refs in cases],
         "A word counts no more often than a reference has it: *the the the dog* has three."),
        (of(most=lambda counts: next((count for count in counts if count), 0)),
         "Look at every reference: behind the first that has the word, another may have it more often."),
        ([sum(min(words.count(word), max(" ".join(ref).count(word) for ref in refs)) for word in set(words))
          / len(words) for words, refs in cases],
         "Count words, not letters: as if `a` were found inside *man*. Count in the list, not in a joined text."),
        *(([min(top, sum(_precision(words, [ref]) for ref in refs)) for words, refs in cases],
           "The hits in all references are added up: for each word, take the one that has it most often.")
          for top in (1, np.inf)),
        ([len(set(words) & set().union(*refs)) / len(set().union(*refs)) for words, refs in cases],
         "Divide by the number of words of the caption."),
        (of(most=sum), "The references are not added up: take the one that has the word most often."),
        (of(most=min), "One reference that has the word is enough: the largest of the counts, not the smallest."),
        (of(most=lambda counts: next(iter(counts))), "All references count, not the first alone."),
        (of(most=lambda counts: list(counts)[-1]), "All references count, not the last alone."),
        ([max(_precision(words, [ref]) for ref in refs) for words, refs in cases],
         "That is the best single reference: choose the reference for each word anew."),
        ([np.mean([_precision(words, [ref]) for ref in refs]) for words, refs in cases],
         "That is the mean over the references: for each word, take the one that has it most often."),
        (of(limit=1), "Of several occurrences as many count as a reference has, not one."),
        (of(per=lambda words, refs: 1), "Divide by the number of words of the caption."),
        (of(per=lambda words, refs: len(set(words))), "Divide by all words of the caption: a repeated one counts."),
        (of(limit=1, per=lambda words, refs: len(set(words))),
         "That looks at each different word once: a word that is said twice is two words."),
        (of(per=lambda words, refs: len(refs[0])), "Divide by the words of the caption, not of a reference."),
        (of(per=lambda words, refs: max(map(len, refs))), "Divide by the words of the caption, not of a reference."),
        (of(per=lambda words, refs: min(map(len, refs))), "Divide by the words of the caption, not of a reference."),
        ([sum(min(words.count(word), max(ref.count(word) for ref in refs)) for word in words) / len(words)
          for words, refs in cases],
         "A word that is said twice is counted two times over: go through the different words, set(caption)."),
        (np.floor(right), "The fraction is cut off: / divides, // cuts."),
        (100 * right, "A share, from 0 to 1, not per cent."), (1 - right, "That is the share that no reference has."),
    ]  # fmt: skip
    if np.allclose(answers, right):
        return checks.solved("precision counts no word too often")
    for values, hint in wrong:
        if np.allclose(answers, values):
            raise NotYet(f"precision: not yet. {hint}")
    i = int(np.argmax(~np.isclose(answers, right)))
    words, refs = cases[i]
    counts = ", ".join(
        f"`{word}` {min(words.count(word), max(r.count(word) for r in refs))}" for word in dict.fromkeys(words)
    )
    raise NotYet(
        f"precision({' '.join(words)!r}, {len(refs)} references): expected {right[i]:.3g}, got {answers[i]:.3g}. "
        f"Its words count so often: {counts}; it has {len(words)}."
    )


def _thing(kind, colour, state, box=(0.2, 0.2, 0.6, 0.6)):
    return scenes.Thing(kind, colour, "", state, box, False, scenes.SKINS[0], scenes.HAIRS[0])


def _alone(world, kind, colour, state):
    """The picture of one thing, and where it is seen."""
    scene = scenes.Scene(next(iter(world.places)), False, (_thing(kind, colour, state),), (), ())
    return world.draw(scene, 64)


OWN = "main", "dark", "light"  # colours in which a thing is drawn that is red, or blue
LEAST = 0.005  # of a picture: what is smaller is not seen
SEEN = 16  # of 255: a smaller difference between two pixels is not seen
MOST_HIGH = 10  # grown-ups: what is larger was meant in pixels
PAIRS = "has x and y of each point, two points at least"
FORMS = {
    "oval": "An oval has 4 or 5: x y rx ry, degrees.", "box": "A box has 4 or 5: x0 y0 x1 y1, radius.",
    "poly": f"A poly {PAIRS}.", "blob": f"A blob {PAIRS}.",
    "line": f"A line has its width first, then {PAIRS[4:]}.", "bow": f"A bow has its width first, then {PAIRS[4:]}.",
}  # fmt: skip


def _misread(world, kind):
    """A caption of a scene with it that the world does not read as true; None if there is none."""
    others = next(iter(world.kinds)), kind
    for state in world.kinds[kind]["states"]:
        own = _thing(kind, "red", state)
        known = [_thing(each, "blue", next(iter(world.kinds[each]["states"])), (0.3, 0.1, side, side))
                 for each in others for side in (0.2, 0.9)]  # fmt: skip
        for things in ((own,), *((own, each) for each in known), *((each, own) for each in known)):
            scene = scenes.Scene(next(iter(world.places)), False, things, (), ())
            for caption in world.captions(scene, 20):
                if not world.accepts(scene, caption):
                    return caption
    return None


def _coloured(world, kind, state, shapes=None) -> float:
    """Of a picture of one thing: the share of pixels that tell red from blue. shapes: as if it had these."""
    drawn = world.kinds[kind]["shapes"]
    whole, drawn[state] = drawn[state], drawn[state] if shapes is None else shapes
    red, blue = (_alone(world, kind, colour, state)[0] for colour in ("red", "blue"))
    drawn[state] = whole
    return (red != blue).any(axis=-1).mean()


def _read_own(told, known):
    """NotYet if the text of a new kind is no TOML, or says something that the world would pass over in silence."""
    try:
        data = tomllib.loads(told)
    except tomllib.TOMLDecodeError as error:
        why = f"your text is not valid TOML: {error}."
        if "=" not in told and "[" not in told:
            why = "expected the TOML itself, not the name of a file or anything else."
        elif "Unterminated string" in str(error):
            why = "a text is not closed: one that begins with three quotes ends with three."
        raise NotYet(f"my_thing: {why}") from None
    kinds = data.get("kinds")
    if not isinstance(kinds, dict) or not kinds:
        raise NotYet("my_thing: no new kind: begin with [kinds.NAME], a name the world does not have.")
    if len(known & set(kinds)) > 1:
        raise NotYet(
            "my_thing: that is the world's file with all its kinds: return the new kind alone, from [kinds.NAME] on."
        )
    for kind, own in kinds.items():
        if kind in known:
            raise NotYet(f"my_thing: the world has a {kind} already: choose another name.")
        if not re.fullmatch("[a-z]+", kind):
            raise NotYet(f"my_thing: {kind!r}: the name is one word in small letters from a to z, as in the captions.")
        states = own.get("states") if isinstance(own, dict) else None
        if not isinstance(states, dict):
            continue  # the world says so
        if lost := [key for key in ("size", "flies", "colour") if key in states]:
            raise NotYet(
                f"my_thing: `{lost[0]} = …` stands below [kinds.{kind}.states], so it is taken for a state: move it "
                "above that line."
            )
        size, flies = own.get("size"), own.get("flies", [])
        if isinstance(size, list) and any(isinstance(side, int | float) and side > MOST_HIGH for side in size):
            raise NotYet(f"my_thing: size = {size} counts grown-ups, not pixels: 1.0 is as high as one of them.")
        if not isinstance(flies, list):
            raise NotYet(f"my_thing: flies = {flies!r}: expected a list of states, such as [{next(iter(states))!r}].")
        if unknown := [state for state in flies if state not in states]:
            raise NotYet(f"my_thing: flies names {unknown[0]!r}, which is no state of a {kind}.")
        if own.get("colour", "in") != "in":
            raise NotYet(
                f'my_thing: colour = {own["colour"]!r}: only "in" is known there, for clothes; leave it out. '
                "Every thing comes in all eight colours."
            )


def _numbers_of(error) -> str:
    """How many numbers a shape has, if an error is about that."""
    found = re.search(r"'(\w+) .* numbers; see", error)
    return f" {FORMS[found[1]]}" if found else ""


def check_own_thing(my_thing) -> None:
    """-> TOML of a new kind; it must be drawn, in its colours and states, and be said."""
    told = checks.run(my_thing)
    if not isinstance(told, str):
        raise NotYet(f"my_thing: expected a text in TOML, got {type(told).__name__}.")
    source = scenes.KINDS_FILE.read_text(encoding="utf-8")
    known = set(scenes.SceneWorld().kinds)
    _read_own(told, known)
    try:
        world = scenes.SceneWorld(source + "\n" + told)
    except CourseError as error:
        raise NotYet(f"my_thing: {error}{_numbers_of(str(error))}") from None
    new = [kind for kind in world.kinds if kind not in known]
    if not new:
        raise NotYet("my_thing: no new kind: begin with [kinds.NAME], a name the world does not have.")
    (kind, *_) = new
    data = world.kinds[kind]
    if len(data["states"]) < 2:
        raise NotYet(f"my_thing: a {kind} in two states at least, such as `standing` and `sleeping`.")
    if not any(colour in OWN for state in data["shapes"].values() for _, colour, _ in state):
        raise NotYet(f"my_thing: nothing of a {kind} has its colour: use main, dark or light in some shape.")
    looks = []
    for state in data["states"]:
        if not data["shapes"][state]:
            raise NotYet(f"my_thing: a {kind} {state} has no shape: nothing would be drawn.")
        red = _alone(world, kind, "red", state)
        if (red[1] == 0).mean() < 0.05:
            raise NotYet(f"my_thing: a {kind} {state} hardly covers anything: its box goes from 0 to 1 in x and y.")
        if _coloured(world, kind, state) < LEAST:
            own = [shape for shape in data["shapes"][state] if shape[1] in OWN]
            why = "its colour is hidden under other shapes"
            if not own:
                why = "no shape of it is main, dark or light"
            elif _coloured(world, kind, state, own) < LEAST:
                why = "what is main, dark or light of it is too thin or too small to be seen"
            raise NotYet(f"my_thing: a red {kind} {state} looks like a blue one: {why}.")
        looks.append(red[0])
    for i, look in enumerate(looks):
        for other in looks[:i]:
            seen = (abs(look.astype(int) - other).max(axis=-1) > SEEN).mean()
            if seen < LEAST:
                alike = "the same in two states"
                if seen:
                    alike = f"almost the same in two states, {seen:.2%} of the pixels are seen to differ"
                raise NotYet(f"my_thing: a {kind} looks {alike}: who looks at it could not tell.")
    if caption := _misread(world, kind):
        raise NotYet(
            f"my_thing: nobody can read a caption such as `{caption}`: take plain words for the name and the states."
        )
    checks.solved("my_thing is drawn, and can be told apart")

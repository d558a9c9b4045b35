"""Checks of lesson 08."""

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
    cases = [(2.5, 1.0), (-3.0, 2.0), (0.5, -0.25), (-7.0, -14.0), (0.0, 3.0), (40.0, -0.8)]
    answer = np.array([_number(heard, "heard", *case) for case in cases])
    W, v = np.array(cases).T
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
        (np.tanh(abs(W / v)), "The sign of a tanh is that of its argument: the tanh drops out."),
        (2 * abs(W / v), "That is twice as much as it needs."), (np.full_like(W, 2), "The bound depends on W_s and v."),
        (abs(W) - abs(v), "W_v multiplies v: divide, do not subtract."),
        (-abs(W / v), "The bound is positive: the memory has the sign of v."),
    ]  # fmt: skip
    with np.errstate(divide="ignore"):
        wrong.append((abs(v) / abs(W), "The fraction is upside down: the larger W_s, the larger W_v has to be."))
    right = abs(W / v)
    if not np.allclose(answer, right):
        for values, hint in wrong:
            if np.allclose(answer, values):
                raise NotYet(f"heard: not yet. {hint}")
        i = int(np.argmax(~np.isclose(answer, right)))
        why = (
            "with a smaller W_v" if answer[i] > right[i] else "with a larger W_v and a memory near 1 or -1, not always"
        )
        raise NotYet(
            f"heard({W[i]:g}, {v[i]:g}): not {answer[i]:.3g}. The sign is that of v {why}: when is the size of W_v v "
            "more than that of W_s times the memory?"
        )
    checks.solved("heard: from here on no memory drowns the picture")


def check_batch(batch) -> None:
    """(v, captions of each picture) -> vectors, words before and words to say, a row for each caption."""
    for seed, P, D, count in ((3, 4, 3, 2), (4, 2, 5, 3)):
        rng = np.random.default_rng(seed)
        v = rng.normal(size=(P, D))
        captions = [[[f"picture{i}"] * (k + 1) for k in range(count)] for i in range(P)]
        _check_batch(batch, v, captions)
    checks.solved("batch: each caption has its own picture")


def _check_batch(batch, v, captions):
    (P, D), count = v.shape, len(captions[0])
    answer = checks.run(batch, v.copy(), [[list(words) for words in given] for given in captions])
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        raise NotYet("batch: expected three things: the vectors, the words before, the words to say.")
    pictures, before, to_say = answer
    pictures = checks.as_array(pictures, (P * count, D), f"batch, {P} pictures with {count} captions each: vectors", {
        (P * count * D,): "np.repeat takes a matrix apart if it is not told along which axis: axis=0",
        (P, D * count): "repeat the rows, axis 0, not the columns",
        (P, D): "a row for each caption, not for each picture",
        (P, count, D): "one row below the other: reshape to (captions, D)",
        (P * P, D): "each picture as often as it has captions: len(captions[0]), not len(captions)",
        (P * 2, D): "each picture as often as it has captions, not always twice",
        (P * 3, D): "each picture as often as it has captions, not always three times",
    })  # fmt: skip
    rows = []
    for name, words in (("words before", before), ("words to say", to_say)):
        if not isinstance(words, tuple | list) or not all(isinstance(row, tuple | list) for row in words):
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


def _groups(text: str, n: int) -> list[tuple]:
    words = text.split()
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


SAID, REFERENCE = "a red dog sits beside a blue cat", "a blue dog sits beside a red cat"
OF = {1: "words", 2: "pairs", 3: "groups of three", 4: "groups of four"}


def check_predicted(predicted) -> None:
    """-> the shares of the words, pairs, groups of three and of four of SAID that REFERENCE has."""
    answer = checks.run(predicted)
    try:
        shares = [float(share) for share in answer]
    except (TypeError, ValueError):
        raise NotYet(
            "predicted: expected four numbers, with commas between them: of words, pairs, threes, fours."
        ) from None
    if len(shares) != 4:
        raise NotYet(f"predicted: expected four shares, got {len(shares)}.")
    if not all(0 <= share <= 1 for share in shares):
        raise NotYet("predicted: a share is between 0 and 1, such as 3/8: the number found by the number of groups.")
    for n, share in enumerate(shares, 1):
        said, given = _groups(SAID, n), _groups(REFERENCE, n)
        found = [group for group in said if group in given]  # none occurs twice but "a", and that in both
        if np.isclose(share, len(found) / len(said), atol=0.005):
            continue
        of = f"predicted, {OF[n]}: not yet."
        if n > 1 and np.isclose(share, len(found) / 8, atol=0.005):
            raise NotYet(f"{of} Eight words have {len(said)} {OF[n]}: divide by that.")
        if np.isclose(share, 1 - len(found) / len(said), atol=0.005):
            raise NotYet(f"{of} That is the share that the reference does not have.")
        if n == 1:
            raise NotYet(f"{of} Which word of the caption does the reference not have? A word may stand elsewhere.")
        lost = " ".join(next(group for group in said if group not in given))
        if share > len(found) / len(said):
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
    cases = [
        (["the", "the", "the", "dog"], given), (["a", "cat"], given), (["dog", "dog"], given), (["no"], given),
        (["a", "a", "the", "the"], given), (["two", "two", "two", "run", "run", "run", "run", "far"], more),
        (["dog"], [["dog"]]),
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


def _alone(world, kind, colour, state):
    """The picture of one thing, and where it is seen."""
    thing = scenes.Thing(kind, colour, "", state, (0.2, 0.2, 0.6, 0.6), False, scenes.SKINS[0], scenes.HAIRS[0])
    return world.draw(scenes.Scene(next(iter(world.places)), False, (thing,), (), ()), 64)


OWN = "main", "dark", "light"  # colours in which a thing is drawn that is red, or blue
LEAST = 0.005  # of a picture: what is smaller is not seen


def _coloured(world, kind, state, shapes=None) -> float:
    """Of a picture of one thing: the share of pixels that tell red from blue. shapes: as if it had these."""
    drawn = world.kinds[kind]["shapes"]
    whole, drawn[state] = drawn[state], drawn[state] if shapes is None else shapes
    red, blue = (_alone(world, kind, colour, state)[0] for colour in ("red", "blue"))
    drawn[state] = whole
    return (red != blue).any(axis=-1).mean()


def check_own_thing(my_thing) -> None:
    """-> TOML of a new kind; it must be drawn, in its colours and states, and be said."""
    told = checks.run(my_thing)
    if not isinstance(told, str):
        raise NotYet(f"my_thing: expected a text in TOML, got {type(told).__name__}.")
    source = scenes.KINDS_FILE.read_text(encoding="utf-8")
    known = set(scenes.SceneWorld().kinds)
    try:
        world = scenes.SceneWorld(source + "\n" + told)
    except CourseError as error:
        raise NotYet(f"my_thing: {error}") from None
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
    if any(np.array_equal(a, b) for i, a in enumerate(looks) for b in looks[:i]):
        raise NotYet(f"my_thing: a {kind} looks the same in two states: who looks at it could not tell.")
    scene = scenes.compose(world, [(kind, "red", 0.5)], next(iter(world.places)))
    if not all(world.accepts(scene, caption) for caption in world.captions(scene)):
        raise NotYet(f"my_thing: nobody can read a caption about a {kind}: its name and its states are plain words.")
    checks.solved("my_thing is drawn, and can be told apart")

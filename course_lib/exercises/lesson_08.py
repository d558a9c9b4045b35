"""Checks of lesson 08."""

import numpy as np

from course_lib import checks
from course_lib.checks import NotYet
from course_lib.errors import CourseError
from course_lib.worlds import scenes


def check_pool(pool) -> None:
    """Grid (B, rows, columns, C) -> the mean vector of each picture (B, C)."""
    grid = np.random.default_rng(8).normal(size=(3, 2, 5, 4))
    answer = checks.as_array(checks.run(pool, grid.copy()), (3, 4), "pool", {
        (4,): "one vector for each picture: the first axis stays", (2, 5): "the numbers of a region stay apart: C last",
        (3, 5, 4): "the columns, too", (3, 2, 4): "the rows, too", (3, 2, 5): "the numbers of a region stay apart",
        (3,): "a vector for each picture, not a number",
    })  # fmt: skip
    checks.expect_close(answer, grid.mean(axis=(1, 2)), "three pictures", [
        (grid.sum(axis=(1, 2)), "That is the sum of the regions: divide by their number."),
        (grid.max(axis=(1, 2)), "That is the largest number of each channel: take the mean."),
        (grid[:, 0, 0], "That is the first region alone."),
    ])  # fmt: skip
    checks.solved("pool makes one vector of a grid")


def check_step(step) -> None:
    """(x, h, v, W_xh, W_hh, W_vh) -> h of the next step (B, H)."""
    rng = np.random.default_rng(9)
    x, h, v = rng.normal(size=(2, 3)), rng.normal(size=(2, 4)), rng.normal(size=(2, 5))
    W_xh, W_hh, W_vh = (rng.normal(size=(n, 4)) for n in (3, 4, 5))
    answer = checks.as_array(checks.run(step, x, h, v, W_xh, W_hh, W_vh), (2, 4), "step", {})
    whole = x @ W_xh + h @ W_hh + v @ W_vh
    checks.expect_close(answer, np.tanh(whole), "a step that sees a picture", [
        (whole, "The tanh is missing."),
        (np.tanh(x @ W_xh + h @ W_hh), "The picture is missing: + v W_vh."),
        (np.tanh(x @ W_xh + h @ W_hh) + v @ W_vh, "The picture belongs inside the tanh."),
        (np.tanh(x @ W_xh + v @ W_vh), "What it remembers is missing: + h W_hh."),
        (1 / (1 + np.exp(-whole)), "That is a sigmoid: take the tanh."),
        (np.tanh(x @ W_xh + h @ W_hh.T + v @ W_vh), "Vectors are rows: h @ W_hh, without transposing."),
    ])  # fmt: skip
    checks.solved("step sees words, memory and picture")


def check_examples(examples) -> None:
    """Captions of each picture -> (number of the picture, words before, words to say) for every caption."""
    given = [[["a", "dog"], ["one", "dog", "sits"]], [["a", "cat"]]]
    right = [(i, ["<bos>", *words], [*words, "<eos>"]) for i, own in enumerate(given) for words in own]
    answer = checks.run(examples, [[list(words) for words in own] for own in given])
    if not hasattr(answer, "__iter__") or isinstance(answer, str):
        raise NotYet(f"examples: expected a list, got {type(answer).__name__}.")
    answer = list(answer)
    if len(answer) == 2:
        raise NotYet("examples: two pictures, but three captions: each caption is an example of its own.")
    if len(answer) != 3:
        raise NotYet(f"examples: expected 3, one for each caption, got {len(answer)}.")
    if not all(isinstance(one, tuple | list) and len(one) == 3 for one in answer):
        raise NotYet("examples: each is (number of the picture, words before, words to say).")
    if not all(isinstance(words, tuple | list) for one in answer for words in one[1:]):
        raise NotYet("examples: the picture's number comes first, then two lists of words.")
    found = [(one[0], list(one[1]), list(one[2])) for one in answer]
    if found != right:
        if [one[0] for one in found] == [0, 1, 2]:
            raise NotYet("examples: not yet. The first two captions belong to the same picture: 0, 0, 1.")
        if [one[1:] for one in found] == [(b, a) for _, a, b in right]:
            raise NotYet("examples: not yet. The words before come first, then the words to say.")
        if not all(one[1][:1] == ["<bos>"] for one in found):
            raise NotYet("examples: not yet. The first word before is `<bos>`.")
        if not all(one[2][-1:] == ["<eos>"] for one in found):
            raise NotYet("examples: not yet. The last word to say is `<eos>`.")
        raise NotYet(f"examples: expected {right[0]} first, got {found[0]}.")
    checks.solved("examples: one picture, many captions")


def check_precision(precision) -> None:
    """(caption, references) -> the share of the caption's words that the references have, each counted so often."""
    said = ["the", "the", "the", "dog"]
    given = [["the", "dog", "sees", "the", "cat"], ["a", "dog", "sees", "a", "cat"]]
    cases = [
        (said, given, 0.75),
        (["a", "cat"], given, 1.0),
        (["dog", "dog"], given, 0.5),
        (["no"], given, 0.0),
        (["a", "a", "the", "the"], given, 1.0),
    ]
    answers = [checks.run(precision, list(words), [list(ref) for ref in refs]) for words, refs, _ in cases]
    try:
        answers = [float(answer) for answer in answers]
    except (TypeError, ValueError):
        raise NotYet("precision: expected a number, the share of the words, 0 to 1.") from None
    wrong = [
        (
            [1.0, 1.0, 1.0, 0.0, 1.0],
            "A word counts no more often than a reference has it: *the the the dog* has three.",
        ),
        ([0.75, 1.0, 1.0, 0.0, 1.0], "The references are not added up: take the one that has the word most often."),
        ([0.75, 0.5, 0.5, 0.0, 0.5], "All references count, not the first alone."),
        ([0.5, 1.0, 0.5, 0.0, 0.5], "Of several occurrences as many count as a reference has, not one."),
        ([3.0, 2.0, 1.0, 0.0, 4.0], "Divide by the number of words of the caption."),
    ]
    right = [share for *_, share in cases]
    for values, hint in wrong:
        if answers != right and np.allclose(answers, values):
            raise NotYet(f"precision: not yet. {hint}")
    for (words, _, share), answer in zip(cases, answers, strict=True):
        if not abs(answer - share) <= 1e-6:
            raise NotYet(f"precision({' '.join(words)!r}): expected {share}, got {answer:.3g}.")
    checks.solved("precision counts no word too often")


def _alone(world, kind, colour, state):
    """The picture of one thing, and where it is seen."""
    thing = scenes.Thing(kind, colour, "", state, (0.2, 0.2, 0.6, 0.6), False, scenes.SKINS[0], scenes.HAIRS[0])
    return world.draw(scenes.Scene(next(iter(world.places)), False, (thing,), (), ()), 64)


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
    if not any(colour in ("main", "dark", "light") for state in data["shapes"].values() for _, colour, _ in state):
        raise NotYet(f"my_thing: nothing of a {kind} has its colour: use main, dark or light in some shape.")
    looks = []
    for state in data["states"]:
        if not data["shapes"][state]:
            raise NotYet(f"my_thing: a {kind} {state} has no shape: nothing would be drawn.")
        red, blue = (_alone(world, kind, colour, state) for colour in ("red", "blue"))
        if (red[1] == 0).mean() < 0.05:
            raise NotYet(f"my_thing: a {kind} {state} hardly covers anything: its box goes from 0 to 1 in x and y.")
        if np.array_equal(red[0], blue[0]):
            own = any(colour in ("main", "dark", "light") for _, colour, _ in data["shapes"][state])
            why = "its colour is hidden under other shapes" if own else "no shape of it is main, dark or light"
            raise NotYet(f"my_thing: a red {kind} {state} looks like a blue one: {why}.")
        looks.append(red[0])
    if any(np.array_equal(a, b) for i, a in enumerate(looks) for b in looks[:i]):
        raise NotYet(f"my_thing: a {kind} looks the same in two states: who looks at it could not tell.")
    scene = scenes.compose(world, [(kind, "red", 0.5)], next(iter(world.places)))
    if not all(world.accepts(scene, caption) for caption in world.captions(scene)):
        raise NotYet(f"my_thing: nobody can read a caption about a {kind}: its name and its states are plain words.")
    checks.solved("my_thing is drawn, and can be told apart")

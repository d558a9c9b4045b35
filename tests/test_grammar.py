"""The truth a grammar world states, against brute force."""

import itertools
import math
import re
import textwrap
from collections import defaultdict

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.text import tokenize
from course_lib.worlds import grammar
from course_lib.worlds.grammar import END, Grammar, GrammarError, GrammarWorld

# Ambiguous on purpose: "a b c" has several derivations, "a" is a prefix of everything.
AMBIGUOUS = """
start = "SS"
[sets.x]
p = { form = "b" }
q = { form = "d", weight = 3 }
[rules]
SS = ["2: AA BB CC", "1: a TAIL", "1: a b c", "3: MARK[v] where v in x"]
AA = ["a", "2: a a"]
BB = ["1:", "2: b", "1: b b"]
CC = ["c", "AA"]
TAIL = ["b c", "b", "2: c"]
"MARK[v]" = ["{v}/k BB {v.form}/k!"]
"""
# A tail that goes on for ever with falling probability.
RECURSIVE = """
start = "SS"
[rules]
SS = ["a TT"]
TT = ["1:", "1: b TT", "2: c TT"]
"""


def brute_force(grammar: Grammar) -> dict[tuple, float]:
    """Every text with its probability, by expanding every derivation; nothing shared with GrammarWorld."""
    found = defaultdict(float)
    waiting = [((grammar.start,), 1.0)]
    while waiting:
        symbols, p = waiting.pop()
        place = next((i for i, s in enumerate(symbols) if isinstance(s, str)), None)
        if place is None:
            found[tuple(s.word for s in symbols)] += p
            continue
        for q, body in grammar.expand(symbols[place]):
            waiting.append((symbols[:place] + body + symbols[place + 1 :], p * q))
    return found


@pytest.fixture(scope="module")
def world():
    return GrammarWorld(AMBIGUOUS)


@pytest.fixture(scope="module")
def texts():
    return brute_force(Grammar(AMBIGUOUS))


def test_the_brute_force_is_ambiguous_and_complete(texts):
    assert math.isclose(sum(texts.values()), 1)
    assert len(texts) > 10


def test_entropy_and_length_equal_brute_force(world, texts):
    assert math.isclose(world.entropy_nats, -sum(p * math.log(p) for p in texts.values()), rel_tol=1e-9)
    assert math.isclose(world.expected_length, sum(p * (len(t) + 1) for t, p in texts.items()), rel_tol=1e-9)


def test_the_probability_of_every_text_equals_brute_force(world, texts):
    for text, p in texts.items():
        assert math.isclose(math.exp(world.log_probabilities(text).sum()), p, rel_tol=1e-9)
        assert world.accepts(text)


def test_next_word_equals_brute_force_at_every_prefix(world, texts):
    for prefix in {t[:i] for t in texts for i in range(len(t) + 1)}:
        exact = defaultdict(float)
        for t, p in texts.items():
            if t[: len(prefix)] == prefix:
                exact[t[len(prefix)] if len(t) > len(prefix) else END] += p
        total = sum(exact.values())
        stated = world.next_word(prefix)
        assert stated.keys() == exact.keys()
        assert all(math.isclose(stated[w], exact[w] / total, rel_tol=1e-9) for w in exact)


@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_the_best_window_predictor_equals_brute_force(world, texts, size):
    exact = defaultdict(lambda: defaultdict(float))
    for t, p in texts.items():
        for i in range(len(t) + 1):
            window = t[i - size : i] if i >= size else ("<begin>", *t[:i])
            exact[window][t[i] if i < len(t) else END] += p
    for t, _ in itertools.islice(texts.items(), 40):
        for i in range(len(t) + 1):
            window = t[i - size : i] if i >= size else ("<begin>", *t[:i])
            total = sum(exact[window].values())
            stated = world.window_distribution(t[:i], size)
            assert all(math.isclose(stated[w], p / total, rel_tol=1e-9) for w, p in exact[window].items())


def test_the_best_guesses_are_all_the_most_probable_words():
    world = GrammarWorld('start = "SS"\n[rules]\nSS = ["2: a b", "2: a c", "1: a d"]')
    assert world.best_guesses(["a"], 1) == ["b", "c"]
    assert world.best_guesses([], 3) == ["a"]


def test_recursion_at_the_end_has_a_closed_form():
    world = GrammarWorld(RECURSIVE)
    # After "a": 1/4 end, 1/4 b, 1/2 c, again and again: a geometric number of words, mean 3.
    assert math.isclose(world.expected_length, 1 + 3 + 1, rel_tol=1e-9)
    step = -(0.25 * math.log(0.25) * 2 + 0.5 * math.log(0.5))
    assert math.isclose(world.entropy_nats, 4 * step, rel_tol=1e-9)


def test_samples_follow_the_probabilities_and_the_seed(world, texts):
    samples = world.sample(20_000, seed=3)
    assert samples == world.sample(20_000, seed=3)
    assert samples != world.sample(20_000, seed=4)
    counts = defaultdict(int)
    for sample in samples:
        counts[tuple(sample)] += 1
    assert counts.keys() <= texts.keys()
    chi_squared = sum((counts[t] - 20_000 * p) ** 2 / (20_000 * p) for t, p in texts.items())
    # Mean len - 1, deviation sqrt(2 len): six deviations.
    assert chi_squared < len(texts) + 6 * math.sqrt(2 * len(texts))


def test_a_changed_weight_changes_the_truth(texts):
    world = GrammarWorld(AMBIGUOUS.replace('"2: AA BB CC"', '"1: AA BB CC"'))
    assert not math.isclose(world.entropy_nats, -sum(p * math.log(p) for p in texts.values()), rel_tol=1e-3)


def test_dependencies_are_found(world):
    (found,) = world.dependencies(["q", "b", "b", "d"])
    assert (found.kind, found.cue, found.target, found.distance) == ("k", 0, 3, 3)
    assert world.dependencies(["a", "b", "c"]) == []


def test_the_example_in_the_manual_works():
    manual = textwrap.dedent(grammar.__doc__.split("put together:")[1].split("Words in CAPITALS")[0])
    world = GrammarWorld(manual)
    assert world.next_word(tokenize("I grew up in Spain. I speak")) == {"Spanish": 1.0}
    assert math.isclose(world.next_word(tokenize("I grew up in"))["Spain"], 2 / 3)
    assert {d.distance for text in world.sample(50, 0) for d in world.dependencies(text)} >= {4, 12}


def test_set_weights_can_be_replaced():
    world = GrammarWorld(AMBIGUOUS, x={"p": 1})
    assert "q" not in world.words
    assert np.isclose(sum(world.next_word([]).values()), 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('start = "S"\n[rules]\nS = ["a NOPE"]', "no rule for NOPE"),
        ('start = "S"\n[rules]\nS = ["S a", "b"]', "comes back to itself before any word"),
        ('start = "SS"\n[rules]\nSS = ["a {x}"]', "'x' is not bound"),
        ('start = "SS"\n[rules]\nSS = ["a where c in nothing"]', "there is no set 'nothing'"),
        ('start = "SS"\n[sets.c]\nu = {}\n[rules]\nSS = ["{x.lang} where x in c"]', "has no form 'lang'"),
        ('start = "SS"\n[rules]\nSS = ["0: a"]', "all weights are zero"),
        ('start = "SS"\n[rules]\nSS = ["a"', "not valid TOML"),
        ('start = "SS"\n[rules]\nss = ["a"]', "two or more capitals"),
        ('start = "SS"\n[rules]\nSS = [3]', "expected a text"),
        ('start = "SS"\n[rules]\nSS = ["AB*many"]\nAB = ["a"]', "expected a number of times"),
        ('start = "SS"\n[rules]\nSS = ["a SS b", "c"]', "rule SS comes back to itself before its end"),
        ('start = "SS"\n[rules]\nSS = ["a MID", "c"]\nMID = ["d SS e"]', "comes back to itself before its end"),
        ('start = "SS"\n[rules]\nSS = ["a SS", "b SS"]', "there are texts without an end"),
        ('start = "SS"\n[rules]\nSS = ["a LOOP", "b"]\nLOOP = ["c LOOP"]', "there are texts without an end"),
        ('start = "SS"\n[rules]\nSS = ["CC*600", "x DD*600"]\nCC = ["a"]\nDD = ["b"]', "more than 1000 states"),
        ('start = "SS"\n[rules]\nSS = "a"', 'its texts stand in a list: ["a"]'),
        ('[rules]\nSS = ["a"]', "with which rule a text begins"),
        ('[rules]\nstart = "SS"\nSS = ["a"]', "stands below a line in"),
        ('start = "SS"\n[rules]\nSS = ["a where c in nothing"]', "The grammar has none: write [sets.nothing]"),
        ('start = "SS"\n[sets.c]\nu = {}\n[rules]\nSS = ["AB where c in c"]\nAB = ["{c}"]', "hand it over: AB[c]"),
    ],
)
def test_a_mistake_in_a_grammar_is_one_sentence(text, expected):
    text = text.replace('"S"', '"SS"').replace("\nS =", "\nSS =").replace('"S a"', '"SS a"')
    with pytest.raises(GrammarError, match=re.escape(expected)):
        GrammarWorld(text, max_nodes=1000)


def test_a_word_the_grammar_cannot_say_is_named(world):
    with pytest.raises(CourseError, match="word 2, 'zebra': the grammar does not know this word"):
        world.log_probabilities(["a", "zebra"])
    with pytest.raises(CourseError, match="never says it there"):
        world.next_word(["c"])
    assert not world.accepts(["a", "zebra"])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(GrammarError, match="cannot read the grammar"):
        GrammarWorld.from_file(tmp_path / "none.toml")


# Words of several letters, one the beginning of another, and marks that cling: as characters, it is ambiguous again.
PRINTED = """
start = "SS"
[rules]
SS = ["2: the ( AN ) ran", "1: AN , AN", "1: the"]
AN = ["2: ant", "1: an", "1: ants"]
"""


def spell(words):
    return " ".join(words).replace("( ", "(").replace(" )", ")").replace(" ,", ",")


def test_character_by_character_everything_equals_brute_force():
    world = GrammarWorld(PRINTED, spell=spell)
    texts = defaultdict(float)
    for words, p in brute_force(Grammar(PRINTED)).items():
        texts[spell(words)] += p
    assert {"the (ant) ran", "an, ants", "the"} <= texts.keys()
    assert math.isclose(world.entropy_nats, -sum(p * math.log(p) for p in texts.values()), rel_tol=1e-9)
    assert math.isclose(world.expected_length, sum(p * (len(t) + 1) for t, p in texts.items()), rel_tol=1e-9)
    for text, p in texts.items():
        assert math.isclose(math.exp(world.log_probabilities(text).sum()), p, rel_tol=1e-9)
    for prefix in {t[:i] for t in texts for i in range(len(t) + 1)}:
        exact = defaultdict(float)
        for t, p in texts.items():
            if t.startswith(prefix):
                exact[t[len(prefix)] if len(t) > len(prefix) else END] += p
        total = sum(exact.values())
        stated = world.next_word(prefix)
        assert stated.keys() == exact.keys()
        assert all(math.isclose(stated[c], exact[c] / total, rel_tol=1e-9) for c in exact)
    drawn = ["".join(characters) for characters in world.sample(4000, seed=1)]
    assert all(abs(drawn.count(t) / 4000 - p) < 0.03 for t, p in texts.items())


def test_parts_of_texts_equal_brute_force(world, texts):
    for after in ((), ("b",), ("a", "c")):
        said = {t[i:j] for t in texts for i in range(len(t) + 1) for j in range(i, len(t) + 1)
                if i == 0 or t[i - 1] in after}  # fmt: skip
        for part in {t[i:j] for t in texts for i in range(len(t)) for j in range(i, len(t) + 1)} | {("c", "a", "a")}:
            assert world.accepts_part(part, after) == (part in said)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[sets]\nnumber = ["i", "j"]\n[rules]\nSS = ["a"]', "where a table belongs"),
        ('[sets.n]\ni = 3\n[rules]\nSS = ["a"]', "has 3 where a table belongs"),
        ("rules = 3", "has 3 where a table belongs"),
        ('start = "program"\n[rules]\nSS = ["a"]', "start = 'program': expected the name of a rule"),
        ("start = 7", "expected the name of a rule"),
    ],
)
def test_tables_and_starts_of_the_wrong_kind(text, sentence):
    with pytest.raises(GrammarError, match=sentence):
        GrammarWorld(text)

"""The language world is as lesson 01 says it is."""

import pytest

from course_lib import text
from course_lib.worlds import language
from course_lib.worlds.grammar import END


@pytest.fixture(scope="module")
def world():
    return language.load()


@pytest.fixture(scope="module")
def stories(world):
    return world.sample(5000, seed=7)


def test_size(world, stories):
    assert 150 <= len(world.words) <= 400
    assert max(map(len, stories)) <= 46  # lessons read rows of 48
    assert 20 < world.expected_length < 30


def test_places_decide_languages_at_mixed_distances(world, stories):
    far = [(s, d) for s in stories for d in world.dependencies(s) if d.kind == "place"]
    distances = [d.distance for _, d in far]
    assert (min(distances), max(distances)) == (2, 26)
    for low, high in ((2, 9), (10, 15), (16, 26)):
        assert sum(low <= d <= high for d in distances) > 0.2 * len(distances)
    # About a tenth of the stories say the fact at close range: "People from France speak French."
    close = sum(d.distance <= 4 and s[0] in ("People", "In") for s, d in far)
    assert 0.08 < close / len(stories) < 0.15
    for story, d in far[:300]:
        languages = {w for w in world.next_word(story[: d.target]) if w != END}
        assert languages == {story[d.target]}  # the country leaves no choice


def test_distance_can_be_set():
    far = language.load(gap={6: 1})
    distances = [d.distance for s in far.sample(300, seed=0) for d in far.dependencies(s) if d.kind == "place"]
    assert max(distances) > 26


def test_every_kind_of_dependency_is_there(world, stories):
    kinds = {d.kind for s in stories[:500] for d in world.dependencies(s)}
    assert kinds == {"place", "number", "quote", "sense"}


def test_verbs_agree_across_a_clause(world):
    start = "The boats that my uncle painted last year"
    assert world.next_word(text.tokenize(start)).keys() == {"are"}
    assert world.next_word(text.tokenize(start.replace("boats", "boat"))).keys() == {"is"}


def test_order_decides_the_mood(world):
    good = world.next_word(text.tokenize("The food was good, not bad at all. I was"))
    bad = world.next_word(text.tokenize("The food was bad, not good at all. I was"))
    assert (good, bad) == ({"happy": 1.0}, {"angry": 1.0})


def test_quotes_close(stories):
    for story in stories:
        depth = 0
        for word in story:
            depth += (word == "“") - (word == "”")
            assert depth in (0, 1)
        assert depth == 0


def test_beach_and_sky_and_last(world):
    beach = world.next_word(text.tokenize("Yesterday I went to the beach and I saw a"))
    assert {"dolphin", "boat"} <= beach.keys()
    assert "elephant" not in beach
    assert world.next_word(text.tokenize("The clouds are in the")).keys() == {"sky"}
    assert world.next_word(["Last"]).keys() == {"year", "month", "week"}


def test_stories_survive_printing_and_reading(stories):
    for story in stories:
        assert text.tokenize(text.detokenize(story)) == story


def test_by_character_it_is_the_same_world(world, stories):
    characters = language.load(spell=text.detokenize)
    assert characters.entropy_nats == pytest.approx(world.entropy_nats, rel=1e-9)
    lengths = [len(text.detokenize(story)) + 1 for story in stories]
    assert characters.expected_length == pytest.approx(sum(lengths) / len(lengths), rel=0.02)
    for story in stories[:200]:
        printed = text.detokenize(story)
        exact = world.log_probabilities(story).sum()
        assert characters.log_probabilities(printed).sum() == pytest.approx(exact, abs=1e-6)
        begins = [(d.kind, printed[d.cue], printed[d.target]) for d in characters.dependencies(printed)]
        assert begins == [(d.kind, story[d.cue][0], story[d.target][0]) for d in world.dependencies(story)]

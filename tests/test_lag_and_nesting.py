"""The worlds of lessons 02 and 03: what they say is true, against brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.errors import CourseError
from course_lib.worlds import nesting
from course_lib.worlds.lag import Adding, Recall, TemporalOrder


def test_recall():
    task = Recall(lag=7, symbols=5, distractors=3)
    tokens, answers = task.sample(4000, np.random.default_rng(0))
    assert tokens.shape == (4000, 8)
    assert np.array_equal(tokens[:, 0], answers)
    assert set(answers) == set(range(5))
    assert set(tokens[:, 1:].ravel()) == {5, 6, 7}
    assert task.vocabulary_size == 8
    assert (answers == 0).mean() == pytest.approx(task.chance, abs=0.02)
    # Nothing after the first symbol tells about it: all pairs of answer and distractor are equally frequent.
    together = np.histogram2d(answers, tokens[:, -1], bins=(5, 3))[0] / 4000
    assert np.abs(together - 1 / 15).max() < 0.015


def test_temporal_order():
    task = TemporalOrder(100)
    tokens, answers = task.sample(2000, np.random.default_rng(1))
    assert (tokens[:, 0] == 0).all() and (tokens[:, -1] == 1).all()
    marks = (tokens == 2) | (tokens == 3)
    assert (marks.sum(axis=1) == 2).all()
    places = np.array([np.flatnonzero(row) for row in marks])
    assert places[:, 0].min() >= 10 and places[:, 0].max() < 20
    assert places[:, 1].min() >= 50 and places[:, 1].max() < 60
    pairs = np.take_along_axis(tokens, places, axis=1) - 2
    assert np.array_equal(answers, 2 * pairs[:, 0] + pairs[:, 1])
    assert np.bincount(answers) / 2000 == pytest.approx([task.chance] * 4, abs=0.04)


def test_adding_and_its_baseline():
    inputs, sums = Adding(30).sample(20_000, np.random.default_rng(2))
    assert inputs.shape == (20_000, 30, 2) and sums.shape == (20_000, 1)
    marks = inputs[..., 1] == 1
    assert (marks[:, :15].sum(axis=1) == 1).all() and (marks[:, 15:].sum(axis=1) == 1).all()
    assert sums[3, 0] == pytest.approx(inputs[3, marks[3], 0].sum(), rel=1e-6)
    assert np.mean((sums - 1) ** 2) == pytest.approx(Adding.mse_of_the_mean, rel=0.03)
    assert Adding.mse_of_the_mean == 1 / 6


def test_the_same_seed_gives_the_same_batches_and_they_do_not_repeat():
    one, two = Recall(5).batches(4, seed=3), Recall(5).batches(4, seed=3)
    first = next(one)[0]
    assert np.array_equal(first, next(two)[0])
    assert not np.array_equal(first, next(one)[0])


@pytest.mark.parametrize(
    "wrong", [lambda: Recall(0), lambda: Recall(5, symbols=1), lambda: Adding(1), lambda: TemporalOrder(5)]
)
def test_bad_settings(wrong):
    with pytest.raises(CourseError, match=r"must be \d+ or more, got"):
        wrong()


@pytest.fixture(scope="module")
def world():
    return nesting.NestingWorld()


def closes_by_stack(text):
    """What a reader with a stack says: an independent way to the same answer."""
    stack, answers = [], []
    for character in text:
        if character == "(":
            stack.append(nesting.BRACKET)
        elif character == ")":
            assert stack.pop() == nesting.BRACKET
        elif character == '"':
            if nesting.SPEECH in stack:
                assert stack.pop() == nesting.SPEECH
            else:
                stack.append(nesting.SPEECH)
        answers.append(stack[-1] if stack else nesting.NOTHING)
    assert not stack
    return answers


def test_the_truth_of_the_nesting_world(world):
    texts = world.sample(300, seed=5)
    assert texts == world.sample(300, seed=5)
    assert max(map(len, texts)) <= 240
    deepest = 0
    for text in texts:
        assert nesting.closes_next(text).tolist() == closes_by_stack(text)
        state = nesting.state(text)
        deepest = max(deepest, state.depth.max())
        assert state.depth[-1] == 0 and state.speech[-1] == 0
    assert deepest == 3
    tokens, closing = world.encode(texts)
    assert np.array_equal(tokens > 0, closing > 0)
    for row, text in zip(tokens, texts, strict=True):
        assert "".join(world.alphabet[i - 1] for i in row[row > 0]) == text


def test_where_in_a_story_you_are_does_not_tell_whether_a_speech_is_open(world):
    states = [nesting.state(text).speech for text in world.sample(500, seed=6)]
    place = np.concatenate([np.arange(len(s)) for s in states])
    assert abs(np.corrcoef(place, np.concatenate(states))[0, 1]) < 0.25


def test_rendering():
    words = [
        "The",
        "cat",
        "said",
        '"',
        "I",
        "sang",
        "(",
        "with",
        "you",
        "(",
        "a",
        ")",
        ")",
        ".",
        '"',
        "The",
        "end",
        ".",
    ]
    assert nesting.render(words) == 'The cat said "I sang (with you (a))." The end.'


@given(st.text(alphabet='ab()" ', max_size=30))
def test_any_text_gets_a_state_or_one_sentence(text):
    try:
        depth, speech = nesting.state(text)
    except CourseError as error:
        assert "brackets close after they open" in str(error)
        return
    assert len(depth) == len(speech) == len(text)
    assert depth.min() >= 0
    assert set(speech) <= {0, 1}


def test_an_unknown_character_is_named(world):
    with pytest.raises(CourseError, match="'é' is not a character of this world; there are:"):
        world.encode(["The café."])
    with pytest.raises(CourseError, match="no text of this world has 3 characters"):
        world.sample(2, seed=0, longest=3)

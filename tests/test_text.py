import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import batching, text
from course_lib.errors import CourseError

VOCABULARY = text.Vocabulary(["a", "b", "c"])


@given(st.text())
def test_tokenize_keeps_every_character_that_is_not_space(line):
    assert "".join(text.tokenize(line)) == "".join(line.split()) or any(
        c.isspace() for c in "".join(text.tokenize(line))
    )


@pytest.mark.parametrize("line", [
    "cafe\u0301 , sen\u0303or !", "किताब पढ़ो ।", "क्\u200dष", "می\u200cخواهم", "שָׁלוֹם", "ภาษาไทยที่นี่",
    "z\u0328\u031b\u0316 x", "👩\u200d👩\u200d👧 👍🏽 ❤️ 1️⃣ 🇪🇸 🇫🇷", "isn’t l\u0301'e\u0301te\u0301 .",
    "½ = x² ; « sí » — ¿ no ?",
])  # fmt: skip
def test_marks_stay_with_what_they_combine_with(line):
    assert text.tokenize(line) == line.split()
    assert text.tokenize(f"{line}.")[-1] == "."


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=9), min_size=1, max_size=6))
def test_rows_hold_the_texts(texts):
    rows = text.to_rows(texts, VOCABULARY)
    assert [VOCABULARY.decode(row) for row in rows.tolist()] == texts
    inputs, targets = text.next_word_pairs(rows)
    assert (inputs[:, 0] == 2).all()
    assert ((targets == 3).sum(axis=1) == 1).all()


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=9), min_size=1, max_size=6), st.integers(1, 5))
def test_windows_equal_a_loop(texts, size):
    contexts, targets = text.windows(text.to_rows(texts, VOCABULARY), size)
    expected = []
    for t in texts:
        ids = [2] * size + VOCABULARY.encode(t) + [3]
        expected += [(ids[i - size : i], ids[i]) for i in range(size, len(ids))]
    assert [(c, t) for c, t in zip(contexts.tolist(), targets.tolist(), strict=True)] == expected


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=9), min_size=1, max_size=6))
def test_bags_equal_a_loop(texts):
    counts, targets = text.bags(text.to_rows(texts, VOCABULARY), len(VOCABULARY))
    expected = []
    for t in texts:
        ids = [2, *VOCABULARY.encode(t), 3]
        expected += [np.bincount(ids[:i], minlength=len(VOCABULARY)).tolist() for i in range(1, len(ids))]
    assert counts.tolist() == expected
    assert len(targets) == len(expected)


def test_an_unknown_word_is_named_and_the_nearest_offered():
    vocabulary = text.Vocabulary(["elephant", "tiger"])
    with pytest.raises(CourseError, match=r"'elefant' is not among the 6 tokens .* Did you mean 'elephant'\?"):
        vocabulary.encode(["tiger", "elefant"])
    assert vocabulary.encode(["tiger", "elefant"], unknown="replace") == [vocabulary["tiger"], 1]
    assert "tiger" in vocabulary
    assert "cow" not in vocabulary


def test_a_vocabulary_orders_by_frequency_and_takes_no_word_twice():
    assert text.Vocabulary.from_texts(["abb", "cb"]).words == [*text.SPECIALS, "b", "a", "c"]
    with pytest.raises(CourseError, match="each word once"):
        text.Vocabulary(["a", "a"])


def test_story_batches_give_every_text_once_an_epoch_and_follow_the_seed():
    rows = text.to_rows([["a"] * n for n in range(1, 33)], VOCABULARY)
    batches = list(itertools.islice(batching.story_batches(rows, 4, seed=1), 8))
    seen = sorted(int((targets[i] != 0).sum()) - 1 for _, targets in batches for i in range(4))
    assert seen == list(range(1, 33))
    assert all((inputs[:, -1] != 0).any() for inputs, _ in batches)  # cut to the longest
    again = list(itertools.islice(batching.story_batches(rows, 4, seed=1), 8))
    other = list(itertools.islice(batching.story_batches(rows, 4, seed=2), 8))
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(batches, again, strict=True))
    assert not all(np.array_equal(a[0], b[0]) for a, b in zip(batches, other, strict=True))
    with pytest.raises(CourseError, match="use a smaller batch_size"):
        next(batching.story_batches(rows, 100, seed=0))


def test_too_long_for_its_rows():
    with pytest.raises(CourseError, match="takes 5 places"):
        text.to_rows(["abc"], VOCABULARY, length=4)
    assert text.to_rows(["abc"], VOCABULARY, length=7).shape == (1, 7)


def test_a_stream_has_an_end_before_between_and_behind_its_texts():
    ids = text.to_stream(["ab", "c"], VOCABULARY)
    assert ids.tolist() == [3, VOCABULARY["a"], VOCABULARY["b"], 3, VOCABULARY["c"], 3]


@pytest.mark.parametrize("size", [13, 37, 100])
def test_rows_of_a_stream_go_on_where_they_ended(size):
    ids, batch_size, length = np.arange(size, dtype=np.int32), 3, 4
    row = (size - 1) // batch_size
    batches = list(itertools.islice(batching.stream_batches(ids, batch_size, length), 60))
    ends = None
    for inputs, targets in batches:
        assert inputs.shape == targets.shape == (batch_size, length)
        assert np.array_equal(targets, inputs + 1)
        if ends is not None and not np.array_equal(inputs[:, 0], ends + 1):
            assert inputs[0, 0] == 0  # all rows begin again, and only together
            assert (ends + 1 + length > np.arange(1, batch_size + 1) * row).all()
        assert np.array_equal(inputs[:, 0] - inputs[0, 0], np.arange(batch_size) * row)
        ends = inputs[:, -1]
    assert {int(i) for inputs, _ in batches for i in inputs.ravel()} >= set(range(row - row % length))


def test_a_text_shorter_than_a_batch():
    with pytest.raises(CourseError, match="need a text of 13 tokens, this one has 12: use a longer text"):
        next(batching.stream_batches(np.zeros(12, int), 3, 4))


def test_pairs_of_like_length_come_together():
    rng = np.random.default_rng(0)
    pairs = [["a" * n, "b" * (n + int(rng.integers(3)))] for n in rng.integers(1, 12, 400)]
    source, target = text.pair_rows(pairs, VOCABULARY, VOCABULARY)
    assert [VOCABULARY.decode(row) for row in source.tolist()] == [list(a) for a, _ in pairs]
    assert not (source == 3).any()
    assert (target[:, 0] == 2).all()
    batches, spread, seen = batching.pair_batches(source, target, 20, seed=1), [], 0
    for (sentences, before), said in itertools.islice(batches, 20):
        lengths = (sentences != 0).sum(axis=1)
        assert sentences.shape[1] == lengths.max()
        assert np.array_equal(before[:, 1:][said[:, :-1] != 3], said[:, :-1][said[:, :-1] != 3])
        assert ((said == 3).sum(axis=1) == 1).all()
        spread.append(lengths.max() - lengths.min())
        seen += lengths.sum()
    assert max(spread) <= 4
    assert seen == (source != 0).sum()  # once through is every pair once

import keras
import numpy as np
import pytest

from course_lib import metrics
from course_lib.errors import CourseError
from course_lib.models.ngram import NGramModel
from course_lib.text import Vocabulary, detokenize, to_rows
from course_lib.worlds import language


def test_perplexity_of_equal_chances_is_their_number():
    assert metrics.perplexity(np.log([1 / 7] * 5)) == pytest.approx(7)
    with pytest.raises(CourseError, match="at least one word"):
        metrics.perplexity([])


def test_ratio():
    true, model = np.log([0.5, 0.25]), np.log([0.25, 0.25])
    assert metrics.perplexity_ratio(true, model) == pytest.approx(np.sqrt(2))
    with pytest.raises(CourseError, match="the same words"):
        metrics.perplexity_ratio(true, model[:1])


def test_log_softmax_equals_keras_and_does_not_overflow():
    scores = np.random.default_rng(0).normal(size=(4, 9)).astype("float32") * 5
    assert np.allclose(metrics.log_softmax(scores), keras.ops.log_softmax(scores), atol=1e-5)
    assert np.isfinite(metrics.log_softmax(np.array([1e4, 0.0]))).all()


def test_accuracy_by_distance():
    result = metrics.accuracy_by_distance([1, 0, 1], [2, 3, 9], [(2, 3), (4, 9)])
    assert result == {(2, 3): 0.5, (4, 9): 1.0}
    with pytest.raises(CourseError, match="no case has a distance from 4 to 5"):
        metrics.accuracy_by_distance([1], [2], [(4, 5)])


def test_ngram_equals_counting_by_hand():
    texts = ["ab", "ab", "ac", "b"]
    vocabulary = Vocabulary("abc")
    model = NGramModel(2, len(vocabulary), strength=2.0).fit(to_rows(texts, vocabulary))
    p = model.distribution([vocabulary["a"]])
    uniform = 1 / 7
    unigram_b = (3 + 2 * uniform) / (3 + 3 + 1 + 4 + 2)  # b: 3 of 11 tokens, <eos> among them
    assert p[vocabulary["b"]] == pytest.approx((2 + 2 * unigram_b) / (3 + 2))
    assert p.sum() == pytest.approx(1)
    assert (model.distribution([vocabulary["c"], vocabulary["<unk>"]]) > 0).all()
    with pytest.raises(CourseError, match="order of 1 or more"):
        NGramModel(0, 5)


def test_sentences_end_behind_their_marks():
    words = ["Anna", "said", ":", "“", "I", "am", "late", ".", "I", "want", "to", "eat", ".", "”", "It", "is", "cold"]
    assert [" ".join(s) for s in metrics.sentences(words)] == [
        "Anna said : “ I am late .", "I want to eat .", "” It is cold",
    ]  # fmt: skip
    assert metrics.sentences([]) == []


def test_marks_of_stories_see_spelling_spacing_and_what_is_unfinished():
    by_word, by_character = language.load(), language.load(spell=detokenize)
    good = [detokenize(story) for story in by_word.sample(50, seed=9)]
    assert metrics.story_marks(by_word, by_character, good) == {"words": 1.0, "sentences": 1.0, "stories": 1.0}
    story = "It is cold here. I read a lot."
    for damaged, words, sentences in (
        (story.replace("read", "raed"), 7 / 8, 1 / 2),  # a word that is none
        (story.replace("cold", "blue"), 1, 1 / 2),  # a word that does not stand there
        (story.replace("here.", "here ."), 1, 1),  # a space too many: only the story is wrong
        (story.removesuffix(" lot."), 1, 1 / 2),  # cut off
    ):
        got = metrics.story_marks(by_word, by_character, [damaged])
        assert got == {"words": pytest.approx(words), "sentences": pytest.approx(sentences), "stories": 0.0}
    assert metrics.story_marks(by_word, by_character, [""])["words"] == 0.0


def test_bleu_by_thirds_of_length():
    lengths = [9, 1, 5, 2, 8, 6, 3]
    parts = metrics.thirds(lengths)
    assert {name: [lengths[i] for i in part] for name, part in parts.items()} == {
        "short": [1, 2, 3], "middle": [5, 6], "long": [8, 9],
    }  # fmt: skip
    right, wrong = "a b c d e", "v w x y z"
    said = [right if n < 4 else wrong for n in lengths]
    by_length = metrics.bleu_by_length(said, [[right]] * 7, lengths, tokenize="none")
    assert list(by_length) == ["short", "middle", "long"]
    assert by_length["short"] == pytest.approx(100) and max(by_length["middle"], by_length["long"]) < 20


def test_bleu_of_the_paper_and_of_several_references():
    said = ["the the the the the the the"]
    one, two = "the cat is on the mat", "there is a cat on the mat"
    same, signature = metrics.bleu([one], [[two, one]])
    assert same == pytest.approx(100)
    assert "version:" in signature
    assert metrics.bleu(said, [[one, two]])[0] < 10
    # by hand: precisions 5/6, 3/5, 1/4 and (nothing of 3, smoothed) 1/6; no brevity penalty
    score, _ = metrics.bleu(["the cat was on the mat"], [[one]], tokenize="none")
    assert score == pytest.approx(100 * (5 / 6 * 3 / 5 * 1 / 4 * 1 / 6) ** 0.25, abs=0.01)
    # the number of references may differ from sentence to sentence
    assert metrics.bleu([one, two], [[one], [one, two]])[0] == pytest.approx(100)
    for bad in (([], []), ([one], []), ([one], [[]])):
        with pytest.raises(CourseError, match="BLEU: expected one list of references"):
            metrics.bleu(*bad)


def test_links_are_the_largest_weights_of_words():
    weights = np.array([[0.1, 0.9, 0.0, 0.0], [0.0, 0.2, 0.1, 0.7], [0.6, 0.4, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
    assert metrics.links(weights, words=3, places=4) == {(1, 0), (3, 1), (0, 2)}
    assert metrics.links(weights, words=3, places=3) == {(1, 0), (0, 2)}  # the last column is <eos>: no word


def test_alignment_error_rate_by_hand():
    sure, possible = [{(0, 0), (1, 1)}], [{(0, 0), (1, 1), (1, 2)}]
    assert metrics.alignment_error_rate([{(0, 0), (1, 1)}], sure, possible) == 0
    assert metrics.alignment_error_rate([{(0, 0), (1, 1), (1, 2)}], sure, possible) == 0
    assert metrics.alignment_error_rate([{(0, 0), (2, 1)}], sure, possible) == pytest.approx(1 - 2 / 4)
    assert metrics.alignment_error_rate([{(2, 2)}], sure, possible) == 1
    # over two sentences the counts are added, not the rates
    assert metrics.alignment_error_rate([{(0, 0)}, {(0, 0), (5, 5)}], [{(0, 0)}] * 2, [{(0, 0)}] * 2) == 1 - 4 / 5
    with pytest.raises(CourseError, match="every sure link is a possible one"):
        metrics.alignment_error_rate([set()], [{(0, 0)}], [set()])
    with pytest.raises(CourseError, match="at least one link"):
        metrics.alignment_error_rate([set()], [set()], [set()])


def test_pointing_by_hand():
    weights = np.zeros((2, 2, 4))  # two words, two rows, four columns
    weights[0, 1, 2] = weights[1, 0, 0] = 0.6
    points = metrics.highest(weights)
    assert np.allclose(points, [[0.625, 0.75], [0.125, 0.25]])
    right, wrong = [0.5, 0.5, 0.25, 0.5], [0.0, 0.5, 0.25, 0.5]  # x, y, width, height
    assert metrics.pointing_accuracy(points, [[right], [right, wrong]]) == 0.5
    assert metrics.pointing_accuracy(points, [[wrong, right], [[0, 0, 1, 1]]]) == 1
    assert metrics.pointing_accuracy(points, [[[0.75, 0.625, 1, 1]], []]) == 0  # x and y changed places
    for bad in (([], []), (points, [[right]])):
        with pytest.raises(CourseError, match="expected a list of boxes for each of one or more points"):
            metrics.pointing_accuracy(*bad)

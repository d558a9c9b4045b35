"""Drawings of networks: all can be read, every arrow has two ends, and what is drawn computes what the code does."""

import functools
import itertools
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib import attention as reading
from course_lib.cells import GRUCell, LSTMCell
from course_lib.models import decoders
from course_lib.models.decoder_parts import FirstInput
from course_lib.numpy_rnn import rnn_forward, sigmoid
from course_lib.plotting import diagrams
from course_lib.plotting.board import Board
from course_lib.worlds.translation import TranslationWorld
from tools import build

SHOWN = {
    "rnn": "01", "lstm_cell": "03", "gru_cell": "05", "encoder_decoder": "06", "google_translator": "06",
    "attention": "07", "picture_ways": "08", "picture_attention": "09", "verdict_reader": "10", "clip_reader": "11",
}  # fmt: skip


@pytest.fixture(scope="module", params=SHOWN)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def board(name):
    """To be looked at, not to be changed."""
    yield getattr(diagrams, name)()
    plt.close("all")


# -- what can be wrong with a drawing ----------------------------------------------------------------------------------


def extents(board):
    """Each text, and the rectangle it fills, in inches: (left, bottom, right, top)."""
    return [(text.get_text(), text.get_window_extent().get_points().ravel() / board.figure.dpi)
            for text in board.ax.texts]  # fmt: skip


def rectangle(node):
    return np.array([node.x - node.w / 2, node.y - node.h / 2, node.x + node.w / 2, node.y + node.h / 2])


def meet(one, other):
    return bool((one[:2] < other[2:]).all() and (other[:2] < one[2:]).all())


def along(way):
    """Points of a way, from its first to its last, a hundredth of an inch from one to the next."""
    pieces = itertools.pairwise(np.array(way.points))
    return np.concatenate([np.linspace(a, b, max(2, int(100 * np.abs(b - a).max()))) for a, b in pieces])


def inside(points, rectangle, margin=0.0):
    return ((points > rectangle[:2] + margin) & (points < rectangle[2:] - margin)).all(axis=1).any()


def within(points, node):
    """Whether a way goes through a node, and not only to its border."""
    if node.round:
        return (np.hypot(*(points - [node.x, node.y]).T) < node.w / 2 - 0.02).any()
    return inside(points, rectangle(node), 0.02)


def distance(point, node):
    """From a point to a node's border."""
    away = np.abs(np.subtract(point, (node.x, node.y)))
    if node.round:
        return abs(np.hypot(*away) - node.w / 2)
    return np.abs(away - [node.w / 2, node.h / 2]).min() + (away - [node.w / 2, node.h / 2]).clip(0).max()


def faults(board):
    """What is wrong with a drawing, a line for each."""
    texts, sheet = extents(board), np.array([0, 0, board.width, board.height])
    for (one, here), (other, there) in itertools.combinations(texts, 2):
        if meet(here, there):
            yield f"{one} stands on {other}"
    for text, there in texts:
        if (there[:2] < sheet[:2]).any() or (there[2:] > sheet[2:]).any():
            yield f"{text} is cut off"
    for one, other in itertools.combinations(board.nodes, 2):
        if meet(rectangle(one), rectangle(other)):
            yield f"{one.text} and {other.text} overlap"
    for node in board.nodes + board.regions:
        if (rectangle(node)[:2] < sheet[:2]).any() or (rectangle(node)[2:] > sheet[2:]).any():
            yield f"{node.text} is cut off"
    for way in board.ways:
        points = along(way)
        for node in board.nodes:
            if within(points, node):
                yield f"a way to {way.target.text} goes through {node.text}"
        for text, there in texts:
            if inside(points, there):
                yield f"a way to {way.target.text} goes through the text {text}"
        if distance(way.points[-1], way.target) > 0.01:
            yield f"a way does not reach {way.target.text}"
        if way.source and distance(way.points[0], way.source) > 0.01:
            yield f"a way does not begin at {way.source.text}"
        if not way.source and branched_from(board, way) is None:
            yield f"a way to {way.target.text} comes from nowhere"


def branched_from(board, way):
    """The other way on which this one begins."""
    return next((other for other in board.ways
                 if other is not way and np.hypot(*(along(other) - way.points[0]).T).min() < 0.02), None)  # fmt: skip


def test_nothing_is_wrong_with_a_drawing(board):
    assert list(faults(board)) == []


def test_everything_is_large_enough_to_be_read(board):
    assert board.width <= 10.5
    for text in board.ax.texts:
        smallest = text.get_fontsize() * (0.7 if re.search(r"\$.*[_^].*\$", text.get_text()) else 1)
        assert smallest >= 9, text.get_text()


def plant_a_text(board):
    board.label(board.nodes[0].x + 0.1, board.nodes[0].y, "planted")


def plant_a_node(board):
    board.times(board.nodes[0].x + 0.2, board.nodes[0].y + 0.2)


def plant_a_text_at_the_border(board):
    board.label(board.width - 0.1, board.height - 0.02, "planted")


def plant_a_way_through_a_node(board):
    first = board.times(0.2, 0.2)
    board.plus(0.7, 0.2)
    board.arrow(first, board.plus(1.2, 0.2))


def plant_a_way_through_a_text(board):
    first = board.times(0.2, 0.2)
    board.label(0.7, 0.25, "planted")
    board.arrow(first, board.plus(1.2, 0.2))


def plant_a_way_from_nowhere(board):
    board.arrow((0.1, 0.1), board.plus(1.2, 0.1))


@pytest.mark.parametrize(("plant", "says"), [
    (plant_a_text, "stands on"), (plant_a_node, "overlap"), (plant_a_text_at_the_border, "is cut off"),
    (plant_a_way_through_a_node, "goes through +"), (plant_a_way_through_a_text, "goes through the text planted"),
    (plant_a_way_from_nowhere, "comes from nowhere"),
])  # fmt: skip
def test_a_fault_is_found(plant, says):
    board = Board(4, 2)
    board.vector(2, 1.5, "$h_t$")
    assert list(faults(board)) == []
    plant(board)
    assert any(says in fault for fault in faults(board))
    plt.close("all")


def test_an_arrow_ends_at_something():
    board = Board(2, 2)
    with pytest.raises(TypeError, match="expected a node at its end"):
        board.arrow(board.plus(1, 1), (1.5, 1))
    plt.close("all")


# -- what is drawn stands in the lesson --------------------------------------------------------------------------------


@functools.cache
def lesson(name):
    """What the lesson that shows a drawing says, but for the cell that explains it; and that cell's number."""
    (lesson,) = (lesson for lesson in build.lessons() if lesson.startswith(SHOWN[name]))
    cells = build.cells(lesson).cells
    (shown,) = (i for i, cell in enumerate(cells) if f"diagrams.{name}()" in cell.source)
    return cells, shown


def plain(text):
    """Without what TeX can do without."""
    return re.sub(r"[{}\\]", "", text)


def missing(board, cells, shown):
    """Symbols and words of a drawing that its lesson does not say."""
    said = "\n".join(cell.source for i, cell in enumerate(cells) if i not in (shown - 1, shown))
    words = set(re.findall(r"\w+", said.lower()))
    for text in (text.get_text() for text in board.ax.texts):
        for formula in re.findall(r"\$(.*?)\$", text):
            for symbol in re.findall(r"(?:\\(?:tilde|bar) )?\\?[A-Za-z]+(?:_\{[^}]*\}|_\w)?", formula):
                index = re.sub(r"(?<=[_j])[0-9T]$", "[0-9a-zT]", plain(symbol))  # of h_3 the lesson says h_t
                if not re.search(rf"(?<![A-Za-z_]){index}(?![A-Za-z0-9])", plain(said)):
                    yield symbol
        for word in re.findall(r"[^\W\d_]{2,}", re.sub(r"\$.*?\$", "", text)):
            if word.lower() not in words:
                yield word


def test_symbols_and_words_are_those_of_the_lesson(name, board):
    examples = {
        "encoder_decoder": {"sing", "canto"},
        "attention": {"she", "saw", "us", "ella", "nos"},
    }  # the world's, see below
    assert set(missing(board, *lesson(name))) - examples.get(name, set()) == set()


def test_another_symbol_is_found(name):
    board = Board(2, 2)
    board.label(1, 1, "$q_{t}$ qubit")
    assert {"q_{t}", "qubit"} <= set(missing(board, *lesson(name)))
    plt.close("all")


def test_a_drawing_is_explained_and_shown(name):
    cells, shown = lesson(name)
    assert cells[shown - 1].cell_type == "markdown"
    assert cells[shown].source.endswith(f"diagrams.{name}()\nplt.show()")


@pytest.mark.parametrize(("english", "spanish", "seed"), [
    ("I sing .", "canto .", 4), ("she saw us .", "ella nos vio .", 470)
])  # fmt: skip
def test_the_examples_are_sentences_of_the_world(english, spanish, seed):
    pairs = TranslationWorld().sample(20, seed=seed, longest=len(english.split()))
    said = {(" ".join(pair.english), " ".join(pair.spanish)) for pair in pairs}
    assert (english, spanish) in said, "the world changed: does it still say this, under another seed?"


# -- what is drawn computes what the code computes ---------------------------------------------------------------------


def source(board, way):
    """The node a way comes from, if need be along the way on which it begins."""
    while way.source is None:
        way = branched_from(board, way)
    return way.source


def arriving(board, node):
    """What goes to a node, or to the region it stands in: the nodes there."""
    around = [region for region in board.regions if inside(np.array([[node.x, node.y]]), rectangle(region))]
    return [source(board, way) for way in board.ways if way.target in (node, *around)]


def value(board, node, given, rule):
    """What a node says, from what is given; rule(text, {name: what arrives}) is what its boxes and vectors do."""
    if node.text in given:
        return given[node.text]
    arrives = [(each.text, value(board, each, given, rule)) for each in arriving(board, node)]
    assert arrives, f"nothing goes to {node.text}"
    values = [v for _, v in arrives]
    if node.text in ("⊙", "+"):
        return functools.reduce(np.multiply if node.text == "⊙" else np.add, values)
    if node.text in ("tanh", "$1-z$"):
        (v,) = values
        return np.tanh(v) if node.text == "tanh" else 1 - v
    return rule(node.text, dict(arrives))


def at(board, text, number=0):
    """The node of this text; if there are several, the one of this number."""
    return [node for node in board.nodes if node.text == text][number]


def only(arrives):
    """The one value that arrives."""
    (one,) = arrives.values()
    return one


@pytest.fixture
def rng():
    yield np.random.default_rng(0)
    plt.close("all")


def test_the_drawn_rnn_computes_the_rnn(rng):
    board, names = diagrams.rnn(), ("$W_x$", "$W_h$", "$W_y$")
    W = {name: rng.normal(size=shape) for name, shape in zip(names, [(3, 5), (5, 5), (5, 4)], strict=True)}
    x, h_0, b_h, b_y = (rng.normal(size=shape) for shape in [(1, 3, 3), (1, 5), 5, 4])
    given = {"$h_0$": h_0, "$h_{t-1}$": h_0, "$x_t$": x[:, 0], "$b_h$": np.array([b_h]), "$b_y$": np.array([b_y])}
    given |= {f"$x_{t}$": x[:, t - 1] for t in (1, 2, 3)}

    def rule(text, arrives):
        if text in W:
            return only(arrives) @ W[text]
        if len(arrives) == 2:  # a whole step
            return np.tanh(sum(arrives.values()) + b_h)
        return only(arrives) + (b_y if text in ("$y_1$", "$y_2$", "$y_3$") else 0)

    h = rnn_forward(x, W["$W_x$"], W["$W_h$"], b_h, h_0)
    y = h @ W["$W_y$"] + b_y
    np.testing.assert_allclose(value(board, at(board, "$h_t$"), given, rule), h[:, 0])
    np.testing.assert_allclose(value(board, at(board, "$y_t$"), given, rule), y[:, 0])
    for t in (1, 2, 3):
        np.testing.assert_allclose(value(board, at(board, f"$h_{t}$"), given, rule), h[:, t - 1])
        np.testing.assert_allclose(value(board, at(board, f"$y_{t}$"), given, rule), y[:, t - 1])


BLOCKS = {"lstm_cell": ["input", "forget", "candidate", "output"], "gru_cell": ["update", "reset", "candidate"]}


def largest_difference(board, name, rng):
    """Between the states a drawn cell computes, and those of the cell in the library."""
    blocks, cell = BLOCKS[name], LSTMCell(5) if name == "lstm_cell" else GRUCell(5)
    count = len(blocks)
    x, h, c, W_x, W_h, b = (rng.normal(size=shape).astype("float32") for shape in
                            [(2, 3), (2, 5), (2, 5), (3, 5 * count), (5, 5 * count), 5 * count])  # fmt: skip
    cell.build(x.shape)
    cell.set_weights([W_x, W_h, b])
    W_x, W_h, b = (dict(zip(blocks, np.split(weight, count, axis=-1), strict=True)) for weight in (W_x, W_h, b))

    def rule(text, arrives):
        block = text.split()[0]
        if block not in blocks:
            return only(arrives)
        of_x = arrives.pop("$x_t$")
        total = of_x @ W_x[block] + only(arrives) @ W_h[block] + b[block]
        return np.tanh(total) if "tanh" in text else sigmoid(total)

    given = {"$x_t$": x, "$h_{t-1}$": h, "$c_{t-1}$": c}
    drawn = [value(board, at(board, f"${state}_t$"), given, rule) for state in cell.states]
    return np.abs(np.subtract(drawn, cell(x, [h, c][: len(cell.states)])[1])).max()


@pytest.mark.parametrize("name", BLOCKS)
def test_the_drawn_cell_computes_the_cell(name, rng):
    assert largest_difference(getattr(diagrams, name)(), name, rng) < 1e-5


@pytest.mark.parametrize("name", BLOCKS)
def test_gates_that_are_swapped_are_found(name, rng):
    board = getattr(diagrams, name)()
    first, second = (next(node for node in board.nodes if node.text.startswith(BLOCKS[name][i])) for i in (0, 1))
    first.text, second.text = second.text, first.text
    assert largest_difference(board, name, rng) > 0.01


@pytest.mark.parametrize("name", BLOCKS)
def test_a_sum_in_the_place_of_a_product_is_found(name, rng):
    board = getattr(diagrams, name)()
    at(board, "⊙").text = "+"
    assert largest_difference(board, name, rng) > 0.01


@pytest.mark.parametrize(("name", "places", "read"), [
    ("attention", ["$h_1$", "$h_2$", "$h_3$", "$h_4$"], "tanh $W_m$"),
    ("picture_attention", ["$v_1$", "$v_2$", "$v_3$", "$v_T$"], "maxout"),
])  # fmt: skip
def test_the_drawn_attention_reads_what_the_code_reads(name, places, read, rng):
    board = getattr(diagrams, name)()
    h, s = rng.normal(size=(4, 5)).astype("float32"), rng.normal(size=5).astype("float32")
    given = dict(zip(places, h, strict=True)) | {"$s_j$": s, "red": np.float32(0)}
    expected, weights = reading.attend((h @ s)[None, None], h[None])

    def rule(text, arrives):
        if text.startswith("$e"):
            assert arrives.keys() - set(places) == {"$s_j$"}
            return np.prod([*arrives.values()], axis=0).sum()
        if text.startswith("gate"):
            return sigmoid(only(arrives).sum())
        assert text == read
        assert arrives.keys() == ({"+", "$s_j$"} if name == "attention" else {"⊙", "$s_j$", "red"})
        return arrives.get("+", arrives.get("⊙"))

    subscripts = [place[3] for place in places]
    scores = np.array([value(board, at(board, f"$e_{{j{t}}}$"), given, rule) for t in subscripts])
    drawn = np.exp(scores) / np.exp(scores).sum()
    np.testing.assert_allclose(drawn, np.array(weights)[0, 0], atol=1e-5)
    for t, weight in zip(subscripts, drawn, strict=True):
        assert [each.text for each in arriving(board, at(board, rf"$\alpha_{{j{t}}}$"))] == [f"$e_{{j{t}}}$"]
        given[rf"$\alpha_{{j{t}}}$"] = np.full(5, weight)
    gate = sigmoid(s.sum()) if name == "picture_attention" else 1
    np.testing.assert_allclose(value(board, at(board, read), given, rule), np.array(expected)[0, 0] * gate, atol=1e-5)


def texts_to(board, node):
    return {each.text for each in arriving(board, node)}


def test_the_drawn_translator_reads_what_the_code_reads():
    board = diagrams.encoder_decoder()
    assert texts_to(board, at(board, "$h_T$")) == {"$h_2$", "$x_3$"}
    assert texts_to(board, at(board, "tanh $W_s$")) == {"$h_T$"}
    assert texts_to(board, at(board, "$s_0$")) == {"tanh $W_s$"}
    assert decoders.READS["initial state"] == "words"
    for j in (1, 2, 3):
        assert texts_to(board, at(board, f"$s_{j}$")) == {f"$s_{j - 1}$", f"$w_{j - 1}$"}
    plt.close("all")


def towers(x, word, W, residual_from=3):
    """What Google's system computes in one step, memories left out: eight layers read, eight speak."""
    read = np.tanh(x @ W["LSTM 1 →"]) + np.tanh(x @ W["LSTM 1 ←"])
    for layer in range(2, 9):
        made = np.tanh(read @ W["encoder", layer])
        read = made + read if layer >= residual_from else made
    said = np.tanh(word @ W["decoder", 1])
    seen = read * said  # stands for attention: it needs both
    for layer in range(2, 9):
        made = np.tanh((said + seen) @ W["decoder", layer])
        said = made + said if layer >= residual_from else made
    return said


def drawn_towers(board, x, word, W):
    """The same, along the ways that are drawn; three dots stand for the layers 4 to 7, each with its sum."""

    def layer(node, number, arrives):
        tower = "encoder" if node.x < board.width / 2 else "decoder"
        below = {text: v for text, v in arrives.items() if text != "attention"}
        seen = arrives.get("attention", 0)
        total = sum(below.values())
        if number != "…":
            return np.tanh((total + seen) @ W[tower, int(number)])
        for each in range(4, 8):
            total = np.tanh((total + seen) @ W[tower, each]) + total
        return total

    def of(node):
        if node.text in given:
            return given[node.text]
        arrives = {each.text: of(each) for each in arriving(board, node)}
        if node.text in W:
            return np.tanh(only(arrives) @ W[node.text])
        if node.text == "attention":
            assert arrives.keys() == {"+", "LSTM 1"}
            return np.prod([*arrives.values()], axis=0)
        return sum(arrives.values()) if node.text == "+" else layer(node, node.text.split()[-1], arrives)

    given = {"$x_t$": x, "$w_{j-1}$": word}
    (said,) = arriving(board, at(board, "softmax"))
    assert texts_to(board, at(board, "$w_j$")) == {"softmax"}
    return of(said)


def test_the_drawn_google_system_has_its_sums_and_looks_where_the_paper_has_them(rng):
    names = ["LSTM 1 →", "LSTM 1 ←", ("decoder", 1), *((t, n) for t in ("encoder", "decoder") for n in range(2, 9))]
    W = {name: rng.normal(size=(4, 4)) for name in names}
    x, word = rng.normal(size=(2, 4))
    drawn = drawn_towers(diagrams.google_translator(), x, word, W)
    np.testing.assert_allclose(drawn, towers(x, word, W))
    for other in (2, 4):
        assert np.abs(drawn - towers(x, word, W, residual_from=other)).max() > 0.01


def test_the_drawn_pictures_enter_where_the_code_has_them_enter():
    board = diagrams.picture_ways()
    for i, way in enumerate(("first input", "initial state", "every input", "initial state and output")):
        made = decoders.parts(9, 4, 4, "lstm", 0, way)
        s_0, s_1, s_2 = (at(board, f"$s_{j}$", i) for j in range(3))
        (dense,) = arriving(board, s_0)
        assert (dense.y < s_0.y) == isinstance(made["conditioning"], FirstInput)  # where words are read
        assert texts_to(board, dense) == {"$v$"}
        for s, before, word in ((s_1, "$s_0$", "<bos>"), (s_2, "$s_1$", "a")):
            (out,) = (way.target for way in board.ways if source(board, way) is s and way.target.text[0] in "mr")
            assert texts_to(board, s) == {before, word} | ({"$v$"} if made["conditioning"].reads == "both" else set())
            assert ("maxout" in out.text) == ("output_layer" in made)
            assert len(arriving(board, out)) == (3 if "output_layer" in made else 1)
    plt.close("all")

"""Drawings of networks: what depends on what. Each draws one network as its lesson's code computes it."""

import itertools

from course_lib.plotting.board import SYMBOL, Board
from course_lib.plotting.style import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY


def rnn() -> Board:
    """The vanilla RNN: one step, and three of them, with the same weights in each."""
    alt = (
        "Left, one step of an RNN: the memory times W_h and the input times W_x are added, with a bias, and go through "
        "tanh; the new memory times W_y gives the logits. Right, three such steps in a row, with the same matrices."
    )
    board = Board(9.4, 3.7, alt)
    row = 1.75
    board.label(0.15, 3.45, "one step", 11, ha="left", weight="bold")
    board.label(4.75, 3.45, "unfolded", 11, ha="left", weight="bold")
    board.region(0.85, 0.65, 2.85, 2.5)
    h_prev, W_h, total = board.vector(0.42, row, "$h_{t-1}$"), board.box(1.2, row, "$W_h$"), board.plus(1.8, row)
    tanh, h_t = board.operation(2.4, row, "tanh"), board.vector(3.3, row, "$h_t$")
    x_t, W_x = board.vector(1.8, 0.32, "$x_t$", GREEN), board.box(1.8, 1.0, "$W_x$")
    bias, W_y = board.word(1.8, 2.3, "$b_h$"), board.box(3.3, 2.5, "$W_y$")
    total_y, y_t = board.plus(3.3, 3.02), board.vector(4.0, 3.02, "$y_t$", RED)
    bias_y = board.word(2.65, 3.02, "$b_y$")
    board.chain(h_prev, W_h, total, tanh, h_t, W_y, total_y, y_t)
    board.chain(x_t, W_x, total)
    board.arrow(bias, total)
    board.arrow(bias_y, total_y)
    before = board.vector(5.0, row, "$h_0$")
    for t, (word, after) in enumerate((("<bos>", "France?"), ("France", "is?"), ("is", "where?")), start=1):
        x = 5.0 + 1.3 * t
        h_t, W_h = board.vector(x, row, f"$h_{t}$"), board.box(x - 0.65, row, "$W_h$")
        x_t, W_x = board.vector(x, 0.55, f"$x_{t}$", GREEN), board.box(x, 1.14, "$W_x$")
        W_y, y_t = board.box(x, 2.38, "$W_y$"), board.vector(x, 2.98, f"$y_{t}$", RED)
        board.chain(before, W_h, h_t)
        board.chain(x_t, W_x, h_t, W_y, y_t)
        board.label(x, 0.15, word)
        board.label(x, 3.45, after)
        before = h_t
    return board


def lstm_cell() -> Board:
    """One step of the LSTM; the memory c on a straight line."""
    board = Board(9.0, 4.5)
    board.figure.set_label(
        "One step of an LSTM. On top, the page on a straight line: times the forget gate, plus the input gate times "
        "the candidate. Below, the memory and the input go into all four boxes; the output gate shows the page's tanh."
    )
    top, middle, gates, low = 4.0, 2.6, 1.55, 0.8
    board.region(1.0, 0.5, 8.05, 4.35)
    c_prev, h_prev = board.vector(0.45, top, "$c_{t-1}$", SKY), board.vector(0.45, low, "$h_{t-1}$")
    c_t, h_t = board.vector(8.6, top, "$c_t$", SKY), board.vector(8.6, low, "$h_t$")
    x_t = board.vector(1.4, 0.27, "$x_t$", GREEN)
    asked = {"forget gate\nkeep?": 2.1, "input gate\nwrite?": 3.6, "output gate\nshow?": 6.8}
    f, i, o = (board.box(x, gates, f"{text}  $\\sigma$", ORANGE, 1.2) for text, x in asked.items())
    g = board.box(5.1, gates, "candidate\nwhat?  tanh", PURPLE, 1.2)
    _read(board, h_prev, low, 0.25, f, i, g, o)
    _read(board, x_t, x_t.y, -0.25, f, i, g, o)
    keep, add, write = board.times(f.x, top), board.plus(4.35, top), board.times(4.35, middle)
    show, tanh = board.times(o.x, middle), board.operation(o.x, 3.3, "tanh")
    board.chain(c_prev, keep, add, c_t, thick=True)
    board.arrow(write, add)
    board.arrow((o.x, top), tanh)
    board.arrow(tanh, show)
    board.arrow(show, (7.75, middle), (7.75, low), h_t)
    board.arrow(f, keep, label="$f_t$", at=(f.x + 0.2, 2.15))
    board.arrow(i, (i.x, middle), write, label="$i_t$", at=(i.x - 0.2, 2.15))
    board.arrow(g, (g.x, middle), write, label="$g_t$", at=(g.x + 0.2, 2.15))
    board.arrow(o, show, label="$o_t$", at=(o.x + 0.2, 2.15))
    return board


def gru_cell() -> Board:
    """One step of the GRU, reset before the product."""
    board = Board(9.0, 4.3)
    board.figure.set_label(
        "One step of a GRU. The memory goes along a straight line, times z, plus the candidate times 1 - z. "
        "The candidate reads the input, and the memory times the reset gate."
    )
    top, middle, gates, low = 3.8, 2.5, 1.5, 0.8
    board.region(0.95, 0.5, 8.05, 4.15)
    h_prev, h_t = board.vector(0.45, top, "$h_{t-1}$"), board.vector(8.6, top, "$h_t$")
    x_t = board.vector(0.45, 0.27, "$x_t$", GREEN)
    r, z = (board.box(x, gates, f"{name}  $\\sigma$", ORANGE, 1.2) for x, name in ((2.2, "reset"), (4.2, "update")))
    candidate = board.box(6.7, gates, "candidate  tanh", PURPLE, 1.2)
    _read(board, x_t, x_t.y, -0.25, r, z, candidate)
    _read(board, (1.25, top), low, 0.25, r, z)
    keep, add = board.times(z.x, top), board.plus(candidate.x, top)
    reset, new = board.times(r.x, middle), board.times(candidate.x, 3.0)
    board.chain(h_prev, keep, add, h_t, thick=True)
    board.arrow((r.x, top), reset)
    board.arrow(reset, (5.4, middle), (5.4, gates), candidate)
    board.arrow(new, add)
    board.arrow(r, reset, label="$r$", at=(r.x + 0.17, 2.0))
    board.arrow(z, keep, label="$z$", at=(z.x + 0.17, 2.0))
    rest = board.operation(5.4, 3.0, "$1-z$")
    board.arrow((z.x, 3.0), rest)
    board.arrow(rest, new)
    board.arrow(candidate, new, label="$\\tilde h$", at=(candidate.x + 0.2, 2.2))
    return board


def encoder_decoder() -> Board:
    """A sentence read into one vector, and said again in another language from it alone."""
    board = Board(9.6, 3.85)
    board.figure.set_label(
        "An encoder reads three words, each into the next memory. From the last memory alone a decoder starts; "
        "it says a word at each step, which it reads at the next."
    )
    row, low, high, said = 1.6, 0.62, 3.2, ("<bos>", "canto", ".", "<eos>")
    h = [board.vector(0.6, row, "$h_1$"), board.vector(1.6, row, "$h_2$"), board.vector(2.6, row, "$h_T$", SKY)]
    for t, (h_t, word) in enumerate(zip(h, ("I", "sing", "."), strict=True), start=1):
        board.arrow(board.vector(h_t.x, low, f"$x_{t}$", GREEN), h_t)
        board.label(h_t.x, 0.18, word)
    start = board.box(3.9, row, "tanh $W_s$")
    s = [board.vector(5.2 + 1.2 * j, row, f"$s_{j}$") for j in range(4)]
    told = [board.vector(s_j.x, low, f"$w_{j}$", GREEN) for j, s_j in enumerate(s[1:])]
    says = [board.vector(s_j.x, high, f"$w_{j}$", RED) for j, s_j in enumerate(s[1:], start=1)]
    for w, same in zip(says, told[1:], strict=False):
        board.arrow(w, (w.x + 0.6, high), (w.x + 0.6, low), same, dashed=True)
    for s_j, reads, w in zip(s[1:], told, says, strict=True):
        board.chain(reads, s_j, board.box(s_j.x, 2.43, "$W_y$\nsoftmax"), w)
    for x, word, next_word in zip(s[1:], said, said[1:], strict=False):
        board.label(x.x, 0.18, word)
        board.label(x.x, 3.64, next_word)
    board.chain(*h, start, *s)
    board.label(1.1, 2.1, "encoder")
    board.label(2.6, 2.15, "context")
    board.label(5.2, 2.1, "decoder")
    return board


def google_translator() -> Board:
    """One word of Google's translation system: Wu et al. 2016, the ways through time left out."""
    board = Board(9.4, 6.1)
    board.figure.set_label(
        "Two towers of eight LSTM layers. Left the encoder, whose lowest layer reads in both directions; right the "
        "decoder. From the third layer on, a sum adds what a layer read to what it made. The decoder's lowest layer "
        "asks the attention between the towers; what is read goes to all layers above."
    )
    left, middle, right, top, ways = 2.2, 4.75, 7.3, 4.9, 5.9
    x_t, w = board.vector(left, 0.35, "$x_t$", GREEN), board.vector(right, 0.4, "$w_{j-1}$", GREEN)
    both = [board.box(x, 1.1, f"LSTM 1 {arrow}") for x, arrow in ((left - 0.75, "→"), (left + 0.75, "←"))]
    for lowest in both:
        board.arrow(x_t, (lowest.x, x_t.y), lowest)
    read, asked = board.box(left, 1.85, "LSTM 2"), board.box(right, 1.85, "LSTM 2")
    for lowest in both:
        board.arrow(lowest, (lowest.x, read.y), read)
    first, look = board.box(right, 1.1, "LSTM 1"), board.box(middle, top, "attention", ORANGE)
    board.chain(w, first, asked)
    board.arrow((right, 1.47), (middle, 1.47), look)
    board.arrow(_upper_layers(board, left, read, -0.8)[-1], look)
    *layers, said = _upper_layers(board, right, asked, 0.8)
    board.arrow(look, (ways, top), (ways, asked.y), asked)
    for layer in layers:
        board.arrow((ways, layer.y), layer)
    softmax = board.box(right, top + 0.7, "softmax")
    board.chain(said, softmax, board.vector(right + 1.3, softmax.y, "$w_j$", RED))
    board.label(left - 1.4, 2.6, "encoder")
    board.label(right + 1.45, 2.6, "decoder")
    return board


def _upper_layers(board, x, second, aside):
    """Layers 3 to 8 of a residual stack, on top of the second; layers 4 to 7 are three dots: what stands there."""
    third, rest, eighth = board.box(x, 2.6, "LSTM 3"), board.word(x, 3.6, "…"), board.box(x, 4.2, "LSTM 8")
    sums = board.plus(x, 3.15), board.plus(x, 4.9)
    board.chain(second, third, sums[0], rest, eighth, sums[1])
    for y, total in ((2.22, sums[0]), (3.88, sums[1])):
        board.arrow((x, y), (x + aside, y), (x + aside, total.y), total)
    return third, rest, eighth, sums[1]


def attention() -> Board:
    """One word of a translator that looks back after its step: Luong et al. 2015, without input feeding."""
    board = Board(9.4, 5.35)
    board.figure.set_label(
        "Each vector of the sentence is matched with the memory of the decoder; the scores become weights, and the "
        "weighted sum joins that memory on its way to the output."
    )
    h = [board.vector(1.75 + 1.1 * t, 1.1, f"$h_{t + 1}$") for t in range(4)]
    for h_t, word in zip(h, ("she", "saw", "us", "."), strict=True):
        board.arrow(board.word(h_t.x, 0.3, word), h_t)
    for here, there in itertools.pairwise(h):
        board.arrow(here, there, both=True)
    s_j, read, match = _look(board, h, [f"j{t}" for t in (1, 2, 3, 4)], 7.6)
    before, after = board.vector(6.7, 1.1, "$s_{j-1}$"), board.word(8.5, 1.1, "…")
    combine, out = board.box(7.6, read.y, "tanh $W_m$"), board.box(7.6, 4.5, "Dense, softmax")
    board.chain(before, s_j, after)
    board.chain(board.word(7.6, 0.3, "ella"), s_j, combine, out, board.word(7.6, 5.1, "nos"))
    board.arrow((7.6, match.y), match)
    board.arrow(read, combine, label=r"$\bar h_j$", at=(6.6, read.y + 0.19))
    board.label(7.85, 4.13, "$\\tilde s_j$", SYMBOL)
    board.label(0.6, h[0].y, "encoder")
    board.label(8.6, 0.6, "decoder")
    return board


def picture_ways() -> Board:
    """A picture made into one vector, and four ways in which it enters a decoder."""
    board = Board(10.0, 6.5)
    board.figure.set_label(
        "A CNN and the largest values make one vector of a picture. Below, four decoders: it is the first word, "
        "or the initial state, or beside every word, or the initial state and beside every output."
    )
    y = 6.12
    cnn, regions = board.box(2.6, y, "CNN"), board.word(4.1, y, "8 × 8 regions")
    largest = board.operation(5.7, y, "max")
    board.chain(board.picture(1.4, y), cnn, regions, largest, board.vector(6.9, y, "$v$", SKY))
    for left, bottom, way in ((0.1, 2.95, "first input"), (5.1, 2.95, "initial state"),
                              (0.1, 0.1, "every input"), (5.1, 0.1, "initial state and output")):  # fmt: skip
        board.region(left, bottom, left + 4.8, bottom + 2.75)
        board.label(left + 0.15, bottom + 2.53, way, 11, ha="left", weight="bold")
        _tell(board, left, bottom, way)
    return board


def _tell(board, left, bottom, way):
    """Two words of a decoder to which a picture is given in one of four ways; thick: the picture's."""
    low, row, out, high = (bottom + y for y in (0.3, 1.0, 1.84, 2.5))
    s = [board.vector(left + x, row, f"$s_{j}$") for j, x in enumerate((2.0, 3.0, 4.15))]
    words = [board.word(s_j.x, low, word) for s_j, word in zip(s[1:], ("<bos>", "a"), strict=True)]
    outs = [board.box(s_j.x, out, "maxout\nreadout" if "output" in way else "readout", h=0.35) for s_j in s[1:]]
    says = [board.word(box.x, high, word) for box, word in zip(outs, ("a", "red"), strict=True)]
    v_y = low + 0.05 if way == "first input" else row
    v = board.vector(left + 0.4, v_y, "$v$", SKY)
    board.chain(v, board.box(s[0].x if way == "first input" else left + 1.2, v_y, "Dense"), s[0], thick=True)
    if way == "every input":
        board.arrow(v, (v.x, row - 0.45), (s[2].x - 0.17, row - 0.45), s[2], thick=True)
        board.arrow((s[1].x - 0.17, row - 0.45), s[1], thick=True)
    if way == "initial state and output":
        board.arrow(v, (v.x, high - 0.22), (outs[1].x - 0.25, high - 0.22), outs[1], thick=True)
        board.arrow((outs[0].x - 0.25, high - 0.22), outs[0], thick=True)
        for word, box in zip(words, outs, strict=True):
            board.arrow((word.x, row - 0.4), (word.x + 0.34, row - 0.4), box)
    board.chain(*s)
    for nodes in zip(words, s[1:], outs, says, strict=True):
        board.chain(*nodes)


def picture_attention() -> Board:
    """One word of a captioner that looks at the regions of a picture, after its step, with a gate."""
    board = Board(9.4, 6.2)
    board.figure.set_label(
        "Each region of a picture is matched with the memory of the decoder; the weighted sum of the regions goes "
        "through a gate to the output, beside the memory and the word before."
    )
    row, low, x = 1.85, 1.0, 7.7
    v = [board.vector(1.75 + 1.1 * k, row, f"$v_{t}$", SKY) for k, t in enumerate("123T")]
    cnn, each = board.box(1.17, low, "CNN"), board.box(3.55, low, "8 × 8 regions: Dense, + where", w=3.9)
    board.chain(board.picture(0.45, low), cnn, each)
    for v_t in v:
        board.arrow(each, v_t)
    board.label(4.5, row, "…")
    pooling, start = board.operation(3.55, 0.32, "max"), board.box(6.3, 0.32, "Dense")
    s_0, more = board.vector(6.3, row, "$s_0$"), board.word(6.98, row, "…")
    board.arrow(cnn, (cnn.x, pooling.y), pooling)
    board.chain(pooling, start, s_0)
    s_j, seen, match = _look(board, v, ("j1", "j2", "j3", "jT"), x)
    word, top = board.word(x, low, "red"), row + 2.65
    gate, gated = board.box(6.55, row + 1.75, "gate $\\sigma$", ORANGE), board.times(6.55, top)
    out, readout = board.box(x, top, "maxout"), board.box(x, row + 3.35, "readout")
    board.chain(s_0, more, s_j, out, readout, board.word(x, row + 3.98, "dog"))
    board.arrow(word, s_j)
    board.arrow((x, match.y), match)
    board.arrow((x, gate.y), gate)
    board.arrow(gate, gated, label="$\\beta_j$", at=(6.77, row + 2.2))
    board.arrow(seen, gated, label=r"$\bar v_j$", at=(6.1, top + 0.17))
    board.arrow(gated, out)
    board.arrow((x, row - 0.5), (x + 0.8, row - 0.5), (x + 0.8, top), out)
    return board


def verdict_reader() -> Board:
    """Many to one: words read in order, and one verdict from the last memory, or from all."""
    board = Board(9.4, 3.7)
    board.figure.set_label(
        "An LSTM reads three words, each into the next memory. Left, only the last memory goes to the read-out and the "
        "sigmoid; right, the memories are pooled first."
    )
    for left, title, all_of_them in ((0.1, "the last memory", False), (4.8, "all memories, pooled", True)):
        board.label(left + 0.1, 3.45, title, 11, ha="left", weight="bold")
        words = ("awful", "but", "lovely") if all_of_them else ("great", "but", "awful")
        h = [board.vector(left + 0.75 + 1.05 * t, 1.35, name) for t, name in enumerate(("$h_1$", "$h_2$", "$h_T$"))]
        for h_t, name, word in zip(h, ("$x_1$", "$x_2$", "$x_T$"), words, strict=True):
            board.arrow(board.vector(h_t.x, 0.58, name, GREEN), h_t)
            board.label(h_t.x, 0.14, word)
        board.chain(*h)
        x = h[1].x if all_of_them else h[2].x
        readout = board.box(x + 0.9 if all_of_them else x, 2.9, "$W_y$")
        if all_of_them:
            pool = board.box(x, 2.2, "mean, max or attention", ORANGE, 2.9)
            for h_t in h:
                board.arrow(h_t, pool)
            board.arrow(pool, (x, readout.y), readout)
        else:
            board.arrow(h[2], readout)
        sigmoid = board.operation(readout.x + 0.75, 2.9, "σ")
        board.chain(readout, sigmoid, board.vector(readout.x + 1.45, 2.9, "$p$", RED))
    return board


def clip_reader() -> Board:
    """Frames through one CNN, then a network over time: Donahue et al. 2015, for one answer a clip."""
    board = Board(9.4, 4.0)
    board.figure.set_label(
        "Four frames of a clip each go through the same CNN; its vectors are the inputs of an LSTM; the last memory "
        "gives the probability of each movement."
    )
    h = [board.vector(1.1 + 1.6 * t, 2.75, name) for t, name in enumerate(("$h_1$", "$h_2$", "$h_3$", "$h_T$"))]
    for h_t, name in zip(h, ("$v_1$", "$v_2$", "$v_3$", "$v_T$"), strict=True):
        cnn = board.box(h_t.x, 1.2, "CNN", SKY)
        board.chain(board.picture(h_t.x, 0.42), cnn, board.vector(h_t.x, 1.95, name, GREEN), h_t)
    board.chain(*h)
    readout, softmax = board.box(h[-1].x, 3.5, "$W_y$"), board.box(h[-1].x + 1.1, 3.5, "softmax")
    board.chain(h[-1], readout, softmax, board.word(h[-1].x + 2.3, 3.5, "left or right?"))
    board.label(0.1, 1.2, "the same", ha="left")
    return board


def _look(board, places, names, x):
    """Match, softmax, weighted sum over vectors in a row: the decoder's state, the sum, and the region of the match."""
    left, right, row = 0.15, places[-1].x + 0.75, places[0].y
    match = board.region(left, row + 0.5, right, row + 1.1, "1 match")
    board.region(left, row + 1.2, right, row + 1.8, "2 softmax")
    board.region(left, row + 1.9, right, row + 2.9, "3 weighted\n   sum")
    total = board.plus(right - 0.3, row + 2.65)
    for place, name in zip(places, names, strict=True):
        score, weight = (board.word(place.x, row + y, f"${of}_{{{name}}}$") for of, y in (("e", 0.8), (r"\alpha", 1.5)))
        product = board.times(place.x, row + 2.2)
        board.chain(place, score, weight, product)
        board.arrow((place.x, row + 0.37), (place.x + 0.4, row + 0.37), (place.x + 0.4, product.y), product)
        board.arrow(product, (place.x, total.y), total, joins=True)
    return board.vector(x, row, "$s_j$"), total, match


def _read(board, source, height, aside, *readers):
    """A way from a vector, or from a point, along a height, and up into each of the boxes, beside their middle."""
    *others, last = readers
    way = [source] if not isinstance(source, tuple) else [source, (source[0], height)]
    board.arrow(*way, (last.x + aside, height), last)
    for reader in others:
        board.arrow((reader.x + aside, height), reader)


def unrolled(ax, steps: int, inputs, outputs, feedback=False):
    """The graph of a recurrent network through time: circles for h_0 … h_T, arrows for what depends on what.

    inputs, outputs: the steps (from 1) that read an x, and that give an E. feedback: x_t is read off h_{t-1}.
    """
    node = {"ha": "center", "va": "center", "fontsize": 10}

    def circle(x, y, label, colour):
        ax.text(x, y, label, bbox={"boxstyle": "circle,pad=0.25", "fc": colour, "ec": "none"}, color="white", **node)

    def arrow(start, end, label=None, **style):
        props = {"arrowstyle": "-|>", "color": GREY, "shrinkA": 13, "shrinkB": 13} | style
        ax.annotate("", end, start, arrowprops=props)
        if label:
            middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 + 0.16)
            ax.text(*middle, label, ha="center", fontsize=9, color=GREY)

    for t in range(steps + 1):
        circle(t, 1, f"$h_{t}$", BLUE)
        if t:
            arrow((t - 1, 1), (t, 1), "$W_h$")
        if t in inputs:
            circle(t, 0, f"$x_{t}$", GREEN)
            arrow((t, 0), (t, 1))
        if t in outputs:
            circle(t, 2, f"$E_{t}$", RED)
            arrow((t, 1), (t, 2))
            if feedback and t + 1 in inputs:
                arrow((t, 1), (t + 1, 0), linestyle=":")
    ax.set(xlim=(-0.4, steps + 0.4), ylim=(-0.4, 2.4))
    ax.axis("off")
    return ax

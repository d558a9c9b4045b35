"""Checks of lesson 03."""

import numpy as np

from course_lib import checks
from course_lib.checks import NotYet
from course_lib.numpy_rnn import lstm_forward, sigmoid
from course_lib.worlds import nesting


def check_forget_bias(forget_bias_for) -> None:
    """steps -> b with sigmoid(b)**steps = 1/e."""
    for steps in (2, 10, 100):
        answer = checks.as_array(checks.run(forget_bias_for, steps), (), "forget_bias_for")
        f = np.exp(-1 / steps)
        checks.expect_close(answer, np.log(f / (1 - f)), f"forget_bias_for({steps})", [
            (f, "That is the gate, f: the bias is what the sigmoid makes f of, log(f / (1 - f))."),
            (np.log((1 - f) / f), "The sign is wrong: a long memory needs a gate above 1/2, so a bias above 0."),
            (np.log(1 / steps), "f to the power of steps shall be 1/e, so f = exp(-1 / steps)."),
            (np.log(steps), "Near for long memories, but not exact: f = exp(-1 / steps), then invert the sigmoid."),
        ])  # fmt: skip
    checks.solved("forget_bias_for gives the bias for a memory")


def check_lstm_step(lstm_step) -> None:
    """One step of an LSTM for a batch: -> h_t (B, H), c_t (B, H)."""
    rng = np.random.default_rng(4)
    B, D, H = 2, 3, 4
    x_t, h_prev, c_prev, W_x, W_h, b = (
        rng.normal(size=s) for s in [(B, D), (B, H), (B, H), (D, 4 * H), (H, 4 * H), (4 * H,)]
    )
    answer = checks.run(lstm_step, x_t, h_prev, c_prev, W_x, W_h, b)
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise NotYet("lstm_step: expected two arrays, h_t and c_t: end it with `return h_t, c_t`.")
    h_t, c_t = (checks.as_array(a, (B, H), name, {(B, 4 * H): "split the columns into four blocks, i, f, g, o"})
                for a, name in zip(answer, ("h_t", "c_t"), strict=True))  # fmt: skip

    def step(order="ifgo", candidate=np.tanh, squash=np.tanh):
        blocks = np.split(x_t @ W_x + h_prev @ W_h + b, 4, axis=1)
        gate = dict(zip(order, blocks, strict=True))
        c = sigmoid(gate["f"]) * c_prev + sigmoid(gate["i"]) * candidate(gate["g"])
        return sigmoid(gate["o"]) * squash(c), c

    h, c = step()
    if np.allclose(h_t, c) and np.allclose(c_t, h):
        raise NotYet("lstm_step: the two are right, but in the wrong order: return h_t, c_t.")
    checks.expect_close(c_t, c, "c_t", [
        (step(order="figo")[1], "The blocks are in another order: i, f, g, o."),
        (step(order="fiog")[1], "The blocks are in another order: i, f, g, o."),
        (step(order="ifog")[1], "The blocks are in another order: i, f, g, o."),
        (step(candidate=sigmoid)[1], "The candidate g goes through tanh, not through a sigmoid."),
        (step(candidate=lambda a: np.tanh(sigmoid(a)))[1], "The candidate is tanh alone, no sigmoid inside."),
    ])  # fmt: skip
    checks.expect_close(h_t, h, "h_t", [
        (step(squash=lambda a: a)[0], "The cell goes through tanh before it is shown: o * tanh(c_t)."),
        (h / np.tanh(c) * np.tanh(c_prev), "Show the new cell, not c_prev."),
    ])  # fmt: skip
    checks.solved("lstm_step makes one step of an LSTM")


def check_direct_path(direct_path) -> None:
    """f (T, H) -> the products of all later gates, (T, H)."""
    f = np.random.default_rng(5).uniform(0.2, 1, size=(5, 3))
    answer = checks.as_array(
        checks.run(direct_path, f.copy()),
        (5, 3),
        "direct_path",
        {(3,): "return it for every step, not for the first alone"},
    )
    later = np.array([np.prod(f[k + 1 :], axis=0) for k in range(5)])
    checks.expect_close(answer, later, "direct_path", [
        (np.array([np.prod(f[k:], axis=0) for k in range(5)]), "On the way to c_k, the gate of step k is not crossed."),
        (np.cumprod(f, axis=0), "That is the way forward, from the first step. Begin at the last."),
        (later[::-1], "The order of the steps is turned: row k belongs to step k."),
    ])  # fmt: skip
    checks.solved("direct_path follows the forget gates back")


def check_counter(counter) -> None:
    """alphabet -> W_x (V, 4), W_h (1, 4), b (4,) of an LSTM whose cell is the depth of brackets."""
    world = nesting.NestingWorld()
    answer = checks.run(counter, world.alphabet)
    if not isinstance(answer, (tuple, list)) or len(answer) != 3:
        raise NotYet("counter: expected three arrays: end it with `return W_x, W_h, b`.")
    V = len(world.alphabet)
    shapes = {"W_x": (V, 4), "W_h": (1, 4), "b": (4,)}
    W_x, W_h, b = (checks.as_array(a, s, n) for a, (n, s) in zip(answer, shapes.items(), strict=True))
    for text in sorted(world.sample(50, seed=7), key=lambda text: nesting.state(text).depth.max()):
        tokens, _ = world.encode([text])
        c = lstm_forward(np.eye(V)[tokens - 1], W_x, W_h, b, np.zeros((1, 1)), np.zeros((1, 1)))["c"][0, :, 0]
        depth = nesting.state(text).depth
        if (np.abs(c - depth) > 0.1).any():
            place = int(np.argmax(np.abs(c - depth) > 0.1))
            why = {
                "(": "at ( write +1: open the input gate, candidate tanh(large) = 1",
                ")": "at ) write -1: open the input gate, candidate tanh(-large) = -1",
            }.get(
                text[place],
                "here nothing should change: shut the input gate, open the forget gate",
            )
            raise NotYet(
                f"counter: after {text[: place + 1][-30:]!r} the cell is {c[place]:.2f}, "
                f"the depth {depth[place]}; {why}."
            )
    checks.solved("counter counts brackets, with one unit and no training")

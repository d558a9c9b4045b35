"""The recurrent networks of the lessons in NumPy, forward and backward, written to be read beside the equations.

Rows are vectors, so matrices stand on the right. Everything is float64 if what comes in is. Imports NumPy only.
"""

import functools
import inspect

import numpy as np

from course_lib.errors import CourseError

_SHAPES = {
    "x": "BTD", "mask": "BT", "W_x": "DG", "W_h": "HG", "b": "G", "h_0": "BH", "c_0": "BH",
    "h": "BTH", "dh_out": "BTH",
}  # fmt: skip


def _checked(gates):
    """Check shapes and numbers before the function runs, so that the lessons' functions show the mathematics alone."""

    def decorate(function):
        signature = inspect.signature(function)

        @functools.wraps(function)
        def checking(*args, **kwargs):
            given = signature.bind(*args, **kwargs).arguments
            x, W_h = np.asarray(given["x"]), np.asarray(given["W_h"])
            if x.ndim != 3 or 0 in x.shape:
                raise CourseError(f"x: expected shape (B, T, D) with at least one step, got {x.shape}.")
            sizes = dict(zip("BTD", x.shape, strict=True)) | {"H": W_h.shape[0], "G": gates * W_h.shape[0]}
            for name, value in given.items():
                if name not in _SHAPES or value is None:
                    continue
                expected = tuple(sizes[letter] for letter in _SHAPES[name])
                if np.shape(value) != expected:
                    letters = ", ".join(_SHAPES[name].replace("G", f"{gates}H" if gates > 1 else "H"))
                    letters = letters.replace(f"{gates}, H", f"{gates}H")
                    raise CourseError(f"{name}: expected shape {expected}, that is ({letters}), got {np.shape(value)}.")
                if not np.isfinite(value).all():
                    place = tuple(int(i) for i in np.argwhere(~np.isfinite(value))[0])
                    raise CourseError(f"{name}: expected finite numbers, got {np.asarray(value)[place]} at {place}.")
            return function(*args, **kwargs)

        return checking

    return decorate


# -- the vanilla RNN -------------------------------------------------------------------------------------------------


@_checked(gates=1)
def rnn_forward(x, W_x, W_h, b, h_0, mask=None):
    """The vanilla RNN, h_t = tanh(W_x x_t + W_h h_{t-1} + b), for a batch; Elman 1990, with b as in Keras.

    x (B, T, D), W_x (D, H), W_h (H, H), b (H,), h_0 (B, H) -> h (B, T, H). Rows are vectors, so W stands on the right.
    mask (B, T), optional: where it is False, there is no word, and the memory stays as it was.
    """
    h_t, states = h_0, []
    for t in range(x.shape[1]):
        h_new = np.tanh(x[:, t] @ W_x + h_t @ W_h + b)  # (B, H): the same W_x, W_h, b at every t
        h_t = h_new if mask is None else np.where(mask[:, t, None], h_new, h_t)
        states.append(h_t)
    return np.stack(states, axis=1)  # (B, T, H)


@_checked(gates=1)
def rnn_backward(dh_out, x, h, W_x, W_h, h_0, mask=None):
    """Backpropagation through time: from ∂E/∂h_t along the outputs alone, dh_out (B, T, H), to all gradients.

    h: what rnn_forward returned. -> {"x", "W_x", "W_h", "b", "h_0": the gradients; "h": all of ∂E/∂h_t, (B, T, H)}
    """
    dx, dh = np.zeros_like(x), np.zeros_like(h)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros_like(W_h[0])
    dh_t = np.zeros_like(h_0)  # nothing comes from behind the last step
    for t in reversed(range(x.shape[1])):
        h_prev = h[:, t - 1] if t > 0 else h_0
        live = 1 if mask is None else mask[:, t, None]
        dh_t = dh[:, t] = dh_out[:, t] + dh_t  # from E_t itself, and from step t + 1
        da = live * dh_t * (1 - h[:, t] ** 2)  # through tanh: tanh' = 1 - tanh²
        dW_x += x[:, t].T @ da  # one matrix, used at every step: its gradients add up
        dW_h += h_prev.T @ da
        db += da.sum(axis=0)
        dx[:, t] = da @ W_x.T
        dh_t = da @ W_h.T + (1 - live) * dh_t  # on to step t - 1
    return {"x": dx, "W_x": dW_x, "W_h": dW_h, "b": db, "h_0": dh_t, "h": dh}


# -- the LSTM --------------------------------------------------------------------------------------------------------


def sigmoid(a):
    """1 / (1 + exp(-a)), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * a))


@_checked(gates=4)
def lstm_forward(x, W_x, W_h, b, h_0, c_0, mask=None):
    """The LSTM with forget gate: Hochreiter & Schmidhuber 1997, Gers et al. 2000; no peepholes, as in Keras.

    x (B, T, D), W_x (D, 4H), W_h (H, 4H), b (4H,), h_0 and c_0 (B, H); column blocks i, f, g, o.
    -> {"h", "c", "i", "f", "g", "o"}, each (B, T, H). mask as in rnn_forward.
    """
    h_t, c_t, steps = h_0, c_0, []
    for t in range(x.shape[1]):
        i, f, g, o = np.split(x[:, t] @ W_x + h_t @ W_h + b, 4, axis=1)  # (B, H) each
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        live = True if mask is None else mask[:, t, None]
        c_t = np.where(live, f * c_t + i * g, c_t)
        h_t = np.where(live, o * np.tanh(c_t), h_t)
        steps.append((h_t, c_t, i, f, g, o))
    return dict(zip("hcifgo", (np.stack(s, axis=1) for s in zip(*steps, strict=True)), strict=True))


@_checked(gates=4)
def lstm_backward(dh_out, x, states, W_x, W_h, h_0, c_0, mask=None):
    """Backpropagation through time for the LSTM; dh_out (B, T, H), states: what lstm_forward returned.

    -> {"x", "W_x", "W_h", "b", "h_0", "c_0": the gradients; "h", "c": all of ∂E/∂h_t and ∂E/∂c_t, (B, T, H)}
    A number in a comment is that of a line of the derivation in lesson 03.
    """
    dx, dh, dc = np.zeros_like(x), np.zeros_like(states["h"]), np.zeros_like(states["c"])
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros_like(W_h[0])
    dh_t, dc_t = np.zeros_like(h_0), np.zeros_like(c_0)
    for t in reversed(range(x.shape[1])):
        h_prev, c_prev = (states["h"][:, t - 1], states["c"][:, t - 1]) if t > 0 else (h_0, c_0)
        i, f, g, o, tanh_c = *(states[name][:, t] for name in "ifgo"), np.tanh(states["c"][:, t])
        live = 1 if mask is None else mask[:, t, None]
        dh_t = dh[:, t] = dh_out[:, t] + dh_t  # 1
        dc_t = dc[:, t] = dc_t + live * dh_t * o * (1 - tanh_c**2)  # 3: from step t + 1, and through h_t
        d_i, d_f, d_g, d_o = dc_t * g, dc_t * c_prev, dc_t * i, dh_t * tanh_c  # 5, 4, 6, 2
        da = live * np.hstack([d_i * i * (1 - i), d_f * f * (1 - f), d_g * (1 - g**2), d_o * o * (1 - o)])  # 7, 8
        dW_x += x[:, t].T @ da  # 10, and the next two
        dW_h += h_prev.T @ da
        db += da.sum(axis=0)
        dx[:, t] = da @ W_x.T  # 9
        dh_t = da @ W_h.T + (1 - live) * dh_t  # the four of line 1, for step t - 1
        dc_t = live * dc_t * f + (1 - live) * dc_t  # that of line 3, for step t - 1: no matrix
    return {"x": dx, "W_x": dW_x, "W_h": dW_h, "b": db, "h_0": dh_t, "c_0": dc_t, "h": dh, "c": dc}


# -- losses, checking, training --------------------------------------------------------------------------------------


def softmax_loss(y, targets):
    """Cross-entropy of every step and its gradient: y (B, T, V), targets (B, T) -> E (B, T) in nats, ∂E/∂y (B, T, V).

    ∂E/∂y = p - one_hot(target).
    """
    p = np.exp(y - y.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    one_hot = np.eye(y.shape[-1])[targets]
    with np.errstate(divide="ignore"):  # p may round to 0: the loss is then infinite, and fit says so
        return -np.log((p * one_hot).sum(axis=-1)), p - one_hot


def numerical_gradient(loss, array, step=1e-5):
    """∂loss/∂array by central differences, (L(a + step) - L(a - step)) / 2 step, one number at a time.

    loss() is called with `array` changed in place, and changed back.
    """
    gradient = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        kept = array[place]
        array[place] = kept + step
        above = loss()
        array[place] = kept - step
        below = loss()
        array[place] = kept
        gradient[place] = (above - below) / (2 * step)
    return gradient


def relative_error(a, b):
    """‖a - b‖ / (‖a‖ + ‖b‖): 0 if equal, about 0.7 if unrelated, 1 if opposite."""
    size = np.linalg.norm(a) + np.linalg.norm(b)
    return float(np.linalg.norm(a - b) / size) if size else 0.0


def clip_by_norm(gradients, limit):
    """Scale all gradients together so that their common norm is at most `limit`: Pascanu et al. 2013, algorithm 1.

    -> (the clipped gradients, the norm before).
    """
    norm = np.sqrt(sum(np.sum(g**2) for g in gradients.values()))
    scale = min(1.0, limit / norm) if norm > 0 else 1.0
    return {name: g * scale for name, g in gradients.items()}, norm


class SequenceModel:
    """A recurrent memory and a read-out of every step: y_t = W_y h_t + b_y. Parameters: a dictionary of arrays.

    kind "rnn" or "lstm"; inputs D, hidden H, outputs V. The LSTM's forget gate starts with bias 1. CourseError if kind
    is neither "rnn" nor "lstm".
    """

    def __init__(self, kind, inputs, hidden, outputs, seed=0):
        if kind not in ("rnn", "lstm"):
            raise CourseError(f"kind: expected 'rnn' or 'lstm', got {kind!r}.")
        rng, width = np.random.default_rng(seed), hidden * (4 if kind == "lstm" else 1)
        self.kind, self.hidden = kind, hidden
        self.parameters = {
            "W_x": rng.normal(size=(inputs, width)) / np.sqrt(inputs),
            "W_h": rng.normal(size=(hidden, width)) / np.sqrt(hidden),
            "b": np.zeros(width),
            "W_y": np.zeros((hidden, outputs)),  # all outputs start equally probable
            "b_y": np.zeros(outputs),
        }
        if kind == "lstm":
            self.parameters["b"][hidden : 2 * hidden] = 1

    def start(self, batch_size):
        """An empty memory: {"h_0": (B, H)}, for the LSTM with "c_0"."""
        return {name: np.zeros((batch_size, self.hidden)) for name in ("h_0", "c_0")[: 1 + (self.kind == "lstm")]}

    def loss_and_gradients(self, x, targets, memory, mask=None):
        """Sum of the losses of all steps, over the batch's size; its gradients; the memory after the last step.

        x (B, T, D), targets (B, T). The memory it starts from is a constant: no gradient flows on into it. So calling
        this for one window after another, handing the memory on, is truncated backpropagation through time.
        """
        p = self.parameters
        weights = {name: p[name] for name in ("W_x", "W_h")}
        forward, backward = (lstm_forward, lstm_backward) if self.kind == "lstm" else (rnn_forward, rnn_backward)
        result = forward(x, b=p["b"], mask=mask, **weights, **memory)
        states = result if self.kind == "lstm" else {"h": result}
        h = states["h"]
        losses, dy = softmax_loss(h @ p["W_y"] + p["b_y"], targets)
        if mask is not None:
            losses, dy = losses * mask, dy * mask[..., None]
        dy = dy / len(x)
        gradients = backward(dy @ p["W_y"].T, x, result, mask=mask, **weights, **memory)
        gradients |= {"W_y": np.einsum("bth,btv->hv", h, dy), "b_y": dy.sum(axis=(0, 1))}
        after = {name: states[name[0]][:, -1] for name in memory}
        return losses.sum() / len(x), {name: gradients[name] for name in p}, after


class Adam:
    """Adam, Kingma & Ba 2015, algorithm 1: steps of about the learning rate, whatever the gradient's size."""

    def __init__(self, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.learning_rate, self.beta_1, self.beta_2, self.epsilon = learning_rate, beta_1, beta_2, epsilon
        self.m, self.v, self.steps = {}, {}, 0

    def update(self, parameters, gradients):
        """Change the parameters in place."""
        self.steps += 1
        for name, g in gradients.items():
            self.m[name] = self.beta_1 * self.m.get(name, 0) + (1 - self.beta_1) * g
            self.v[name] = self.beta_2 * self.v.get(name, 0) + (1 - self.beta_2) * g**2
            m = self.m[name] / (1 - self.beta_1**self.steps)
            v = self.v[name] / (1 - self.beta_2**self.steps)
            parameters[name] -= self.learning_rate * m / (np.sqrt(v) + self.epsilon)


class GradientDescent:
    """Plain gradient descent, θ ← θ - η ∂L/∂θ: for seeing what a gradient does when nothing tempers it."""

    def __init__(self, learning_rate):
        self.learning_rate = learning_rate

    def update(self, parameters, gradients):
        """Change the parameters in place."""
        for name, g in gradients.items():
            parameters[name] -= self.learning_rate * g


def windows_of_text(ids, window, batch_size):
    """One long text cut into `batch_size` rows that are read side by side, `window` characters at a time, for ever.

    Yields (inputs, targets, is_start): (B, window) numbers each; is_start says when the rows begin again. CourseError
    if the text is too short for that.
    """
    ids = np.asarray(ids)
    length = (len(ids) - 1) // batch_size
    if window < 1 or length < window:
        raise CourseError(f"a text of {len(ids)} characters is too short for {batch_size} rows of {window}.")
    inputs, targets = (ids[s : s + batch_size * length].reshape(batch_size, length) for s in (0, 1))
    while True:
        for t in range(0, length - window + 1, window):
            yield inputs[:, t : t + window], targets[:, t : t + window], t == 0


def fit(model, batches, steps, optimizer, clip=None):
    """Train with truncated backpropagation through time -> (loss of every step, norm of its gradient before clipping).

    batches yields (inputs (B, T) numbers, targets (B, T), is_start), as `windows_of_text`: the memory is handed on
    until is_start. Stops early if the loss is not finite any more; what was learned until then stays.
    """
    one_hot, losses, norms, memory = np.eye(model.parameters["W_x"].shape[0]), [], [], None
    for _, (inputs, targets, is_start) in zip(range(steps), batches, strict=False):
        memory = model.start(len(inputs)) if is_start or memory is None else memory
        with np.errstate(over="ignore", invalid="ignore"):
            loss, gradients, memory = model.loss_and_gradients(one_hot[inputs], targets, memory)
            gradients, norm = clip_by_norm(gradients, np.inf if clip is None else clip)
        losses.append(loss)
        norms.append(norm)
        if not (np.isfinite(loss) and np.isfinite(norm)):
            break
        optimizer.update(model.parameters, gradients)
    return np.array(losses), np.array(norms)

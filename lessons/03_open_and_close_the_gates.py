# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 03 · Open and close the gates of an LSTM
#
# **You will do:** set an LSTM's weights by hand, derive its gradient, train one, find the cell that knows whether a speech is
# open.
#
# **You will learn:** its gates; why gradients survive; what the forget bias decides; how to read a trained memory.
#
# **You need:** lesson 02.
#
# **Run time:** about 24 seconds on two processor cores with AVX-512, about 29 on one without. One cell trains.

# %% [markdown]
# <details><summary><b>Symbols of this lesson</b></summary>
#
# | letter | meaning | size |
# | --- | --- | --- |
# | $h_t$ | memory after step $t$: what others see | $H$ |
# | $c_t$ | cell state of an LSTM after step $t$: the page | $H$ |
# | $f_t$ | forget gate | $H$ |
# | $i_t$ | input gate | $H$ |
# | $g_t$ | candidate of an LSTM: what to write | $H$ |
# | $o_t$ | output gate | $H$ |
# | $x_t$, $x_l$ | input of a layer: at step $t$, or of layer $l$ | $D$ |
# | $W_{fx}$, $W_{fh}$, … | weights: of the forget gate, from the input and from the memory; so for the others | $H \times D$, $H \times H$ |
# | $W_x$, $W_h$ | weights: the four from the input as one matrix, the four from the memory as one | $4H \times D$, $4H \times H$ |
# | $b_f$, … | bias | $H$ |
# | $\sigma$ | the sigmoid | |
# | $a_{f,t}$, … | what goes into a nonlinearity: here the forget gate's, at step $t$ | $H$ |
# | $E$ | loss, of all outputs | 1 |
# | $\delta_{f,t}$, … | gradient of the loss before the nonlinearity: $\partial E/\partial a_{f,t}$ | $H$ |
# | $t$ | step, or place, of what is read | |
# | $k$ | a step before $t$ | |
# | $T$ | number of steps, or places; $T_\text{max}$: the longest lag | |
# | $n$ | a count: of steps | |
# | $l$ | layer | |
# | $u$ | a number drawn for a unit | |
# | $H$ | units of memory | |
# | $D$ | numbers in an input or key | |
#
# </details>

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_lib.backend import keras
from keras import ops

from course_lib import demos, plotting, results, tables, training
from course_lib.cells import Cell, ForgetBias
from course_lib.claims import at_least, at_most, claim, must_be, seed
from course_lib.exercises import lesson_03
from course_lib.guesses import ask
from course_lib.numpy_rnn import numerical_gradient, relative_error, rnn_backward, rnn_forward, sigmoid

SEED = seed()
training.set_seed(SEED)
rng = np.random.default_rng(SEED)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A question with a number in it
#
# Recall, as in lesson 02: one of 8 symbols, then distractors, at the end say the first. Lag 50, 64 units, 600 updates, a
# loud start (large input weights). Two LSTMs, the network of this lesson, are alike but for one number in their start: 1 in
# the first, as in Keras, 3 in the second. **Guess the share right of each.** (Chance is .125.)

# %% tags=["nbval-ignore-output", "guess"] slideshow={"slide_type": "fragment"}
guess = ask("share right, the number at 1", "share right, the number at 3")

# %% slideshow={"slide_type": "fragment"}
stored = results.read("lag.csv")


def shares(model, start, lag):
    """The share right of five seeds, lowest first."""
    wanted = (model, start, lag)
    return sorted(row["accuracy"] for row in stored if (row["model"], row["start"], row["lag"]) == wanted)


one, three = (shares(f"LSTM, b = {b}", "loud", 50) for b in (1, 3))
print("the number at 1:", *(f"{share:.2f}" for share in one))
print("the number at 3:", *(f"{share:.2f}" for share in three))
claim("the worst at 3 is ahead of the best at 1 by half or more", at_least(three[0] - one[-1], 0.5), table="lag.csv")

# %% tags=["nbval-ignore-output", "answer"] slideshow={"slide_type": "fragment"}
guess.answer(
    np.median(one),
    np.median(three),
    because="Medians of five seeds. The number decides how long a memory is kept at the start.",
)

# %% [markdown]
# **The baseline** is lesson 02's: networks without gates.

# %%
loud = shares("RNN, Gaussian", "loud", 50) + shares("RNN, orthogonal", "loud", 50)
claim("lag 50, plain tanh, loud: in the median chance", at_most(np.median(loud), 0.2), table="lag.csv")
others = shares("RNN, orthogonal", "quiet", 50) + shares("RNN, ReLU and identity", "loud", 50)
claim("but quiet and orthogonal, or ReLU and identity: all learned it", at_least(min(others), 0.99), table="lag.csv")

# %% [markdown]
# So with the number at 1 the network is behind two that have no gates (one of them started quiet; more on that below). With 3 it is
# level with them.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One operation mode, or three gates
#
# A vanilla RNN does one thing: at every step it mixes the whole memory and adds the input. Think of a notebook instead. At each word:
#
# - shall I **keep** what is on the page?
# - shall I **write**, and what?
# - shall I **show** the page now?
#
# Each answer is a number between 0 and 1 for every unit: a [**gate**](pages/glossary.md#gate).

# %% [markdown] slideshow={"slide_type": "subslide"}
# A gate is a small network that ends in a sigmoid. What it guards is multiplied by it: a gate at 1 is open, at 0 shut.
#
# | | answers | equation |
# | --- | --- | --- |
# | forget gate | keep the old value? | $f_t = \sigma(W_{fx} x_t + W_{fh} h_{t-1} + b_f)$ |
# | input gate | write? | $i_t = \sigma(W_{ix} x_t + W_{ih} h_{t-1} + b_i)$ |
# | candidate | what? | $g_t = \tanh(W_{gx} x_t + W_{gh} h_{t-1} + b_g)$ |
# | output gate | show? | $o_t = \sigma(W_{ox} x_t + W_{oh} h_{t-1} + b_o)$ |
# | [**cell**](pages/glossary.md#cell-value) | the page | $c_t = f_t \odot c_{t-1} + i_t \odot g_t$ |
# | **output** | what others see | $h_t = o_t \odot \tanh(c_t)$ |

# %% [markdown]
# The memory is now two vectors, $c_t$ and $h_t$. (One of the lectures puts a sigmoid inside the candidate's $\tanh$. That is
# a slip: $g_t$ could not be negative then, and nothing could be subtracted from a cell.)

# %% [markdown] slideshow={"slide_type": "subslide"}
# The same, drawn. Begin with the thick line, the page: on its way from $c_{t-1}$ to $c_t$ are one product and one sum, and no
# matrix.

# %% [markdown]
# A circle with a dot is $\odot$, one with a plus is a sum; at a black dot a value goes two ways. Where two lines cross without a
# dot, they do not meet. Each box has weights of its own, and a bias.

# %% slideshow={"slide_type": "fragment"}
from course_lib.plotting import diagrams

diagrams.lstm_cell()
plt.show()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One step by hand
#
# One unit; its page says $c_{t-1} = 1$. What goes into the nonlinearities is 2 (forget), −2 (input), 1 (candidate), 0
# (output). $\sigma(2) = 0.88$, $\sigma(-2) = 0.12$, $\sigma(0) = 0.5$, $\tanh(1) = 0.76$. **On paper:** what is on the
# page afterwards? And with −2 for the forget gate?

# %% tags=["nbval-ignore-output", "guess"] slideshow={"slide_type": "fragment"}
guess = ask("on the page afterwards, with 2 for the forget gate", "with −2")

# %% slideshow={"slide_type": "fragment"}
pages = []
for forget_sum in (2, -2):
    f, i, g, o = sigmoid(forget_sum), sigmoid(-2), np.tanh(1), sigmoid(0)
    c_t = f * 1 + i * g
    pages.append(c_t)
    h_t = o * np.tanh(c_t)
    print(f"c_t = {f:.2f} · 1 + {i:.2f} · {g:.2f} = {c_t:.2f},  h_t = {o:.2f} · tanh({c_t:.2f}) = {h_t:.2f}")

# %% tags=["nbval-ignore-output", "answer"] slideshow={"slide_type": "fragment"}
guess.answer(*pages, because="The gate decides how much of the old 1 stays; what is written is the same, .12 · .76.")

# %% [markdown]
# ## In code
#
# The four products are done as one: in the code $W_x$ has four blocks of columns, in the order i, f, g, o.


# %% tags=["lib:numpy_rnn"]
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


# %% [markdown] slideshow={"slide_type": "slide"}
# **What can it do?** Before any training, we set the weights by hand for recall at lag 400, a unit for each symbol. At its
# own symbol it writes a 1 and keeps it: forget gate always open (bias 10), input gate shut (bias −10) unless its symbol opens it
# (weight 20), candidate always 1, output always shown.

# %% slideshow={"slide_type": "fragment"}
from course_lib.worlds.lag import Recall

task = Recall(lag=400)
tokens, answers = task.sample(200, rng)
K, V = task.symbols, task.vocabulary_size
hand_W_x = np.zeros((V, 4 * K))
hand_W_x[:K, :K] = 20 * np.eye(K)  # symbol j opens the input gate of unit j
hand_b = np.repeat([-10.0, 10.0, 10.0, 10.0], K)  # i, f, g, o
nothing = np.zeros((len(tokens), K))
states = lstm_forward(np.eye(V)[tokens], hand_W_x, np.zeros((K, 4 * K)), hand_b, nothing, nothing)

right = (states["h"][:, -1].argmax(axis=-1) == answers).mean()
print(f"after 400 distractors the page still says {states['c'][0, -1].max():.2f}")
must_be("set by hand, an LSTM recalls over 400 steps without an error", right == 1, share=right)

# %% [markdown]
# So an LSTM *can*. Whether gradient descent *finds* such weights is another question.
#
# ## The same as Keras ships it
#
# As a cell for `keras.layers.RNN`, one line an equation:


# %% tags=["lib:cells"]
@keras.saving.register_keras_serializable(package="course_lib")
class LSTMCell(Cell):
    """One step of an LSTM: Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000; no peepholes.

    x_t (B, D), h_prev and c_prev (B, H) -> h_t, c_t (B, H). W_x (D, 4H), W_h (H, 4H), b (4H,); blocks i, f, g, o.
    """

    blocks = 4
    states = ("h", "c")

    def __init__(self, units, bias_initializer=None, **kwargs):
        super().__init__(units, bias_initializer=bias_initializer or ForgetBias(1.0), **kwargs)

    def call(self, x_t, states):
        """The six equations of the LSTM."""
        h_prev, c_prev = states
        i, f, g, o = ops.split(x_t @ self.W_x + h_prev @ self.W_h + self.b, 4, axis=-1)  # (B, H) each
        i = ops.sigmoid(i)  # write?
        f = ops.sigmoid(f)  # keep?
        g = ops.tanh(g)  # what to write
        o = ops.sigmoid(o)  # show?
        c_t = f * c_prev + i * g
        h_t = o * ops.tanh(c_t)
        return h_t, [h_t, c_t]


# %% [markdown]
# Keras calls `W_x`, `W_h`, `b` of its own LSTM `kernel`, `recurrent_kernel`, `bias`, and the page the *carry*. The order of the
# blocks is the same. `unit_forget_bias=True` starts the forget gate's bias at 1.

# %%
B, T, D, H = 3, 12, 4, 5
x, W_x, W_h, b = (rng.normal(size=s) for s in [(B, T, D), (D, 4 * H), (H, 4 * H), (4 * H,)])
zero = np.zeros((B, H))
ours = lstm_forward(x, W_x, W_h, b, zero, zero)["h"]
for name, layer in {
    "keras.layers.LSTM": keras.layers.LSTM(H, return_sequences=True),
    "keras.layers.RNN(LSTMCell)": keras.layers.RNN(LSTMCell(H), return_sequences=True),
}.items():
    layer.build(x.shape)
    layer.set_weights([W_x, W_h, b])
    must_be(f"our loop and {name} agree", at_most(np.abs(ours - layer(x)).max(), 1e-5))

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Backwards, line by line
#
# Four rules give the gradient of the loss $E$:
#
# - What is used in several places gets a part back from each; the parts add up.
# - A product $\odot$ multiplies what comes back by the other factor,
# - a matrix $W$ by $W^\top$,
# - a nonlinearity by its slope: $\sigma' = \sigma (1 - \sigma)$, $\tanh' = 1 - \tanh^2$.
#
# In how many places is $h_{t-1}$ used? And $c_{t-1}$?

# %% tags=["nbval-ignore-output", "guess"] slideshow={"slide_type": "fragment"}
guess = ask("places where the memory h is used", "places where the page c is used")

# %% tags=["nbval-ignore-output", "answer"] slideshow={"slide_type": "fragment"}
guess.answer(
    5,
    2,
    because="h: for the loss at its own step, and in the next step's four sums. c: the next step keeps it, and h shows it.",
)

# %% [markdown]
# Names: $a_{f,t} = W_{fx} x_t + W_{fh} h_{t-1} + b_f$ goes into the forget gate's sigmoid, and
# $\delta_{f,t} = \partial E/\partial a_{f,t}$; the same for $i$, $g$ and $o$. $\partial E/\partial h_t$ says how $E$ changes if
# $h_t$ is moved a little and all that is computed from $h_t$ moves along; the same for $c_t$ and the gates. We walk from the
# last step to the first: when we come to step $t$, the gradients of step $t + 1$ are known.

# %% [markdown] slideshow={"slide_type": "subslide"}
# *Memory and page.* Behind the last step there is nothing: for $t = T$, what has $t + 1$ is 0.
#
# 1. $\dfrac{\partial E}{\partial h_t} = \Big(\text{from the output at } t\Big) + W_{ih}^\top \delta_{i,t+1} + W_{fh}^\top \delta_{f,t+1} + W_{gh}^\top \delta_{g,t+1} + W_{oh}^\top \delta_{o,t+1}$: five places.
# 2. $\dfrac{\partial E}{\partial o_t} = \dfrac{\partial E}{\partial h_t} \odot \tanh(c_t)$: the other factor in $h_t = o_t \odot \tanh(c_t)$.
# 3. $\dfrac{\partial E}{\partial c_t} = \dfrac{\partial E}{\partial h_t} \odot o_t \odot (1 - \tanh^2(c_t)) + \dfrac{\partial E}{\partial c_{t+1}} \odot f_{t+1}$: shown in $h_t$, kept in $c_{t+1}$.

# %% [markdown] slideshow={"slide_type": "subslide"}
# *Gates,* from $c_t = f_t \odot c_{t-1} + i_t \odot g_t$, each time the other factor; then through the nonlinearities.
#
# 4. $\dfrac{\partial E}{\partial f_t} = \dfrac{\partial E}{\partial c_t} \odot c_{t-1}$: what there was to keep.
# 5. $\dfrac{\partial E}{\partial i_t} = \dfrac{\partial E}{\partial c_t} \odot g_t$: what there was to write.
# 6. $\dfrac{\partial E}{\partial g_t} = \dfrac{\partial E}{\partial c_t} \odot i_t$: whether it was written.
# 7. $\delta_{f,t} = \dfrac{\partial E}{\partial f_t} \odot f_t \odot (1 - f_t)$, and so $\delta_{i,t}$ and $\delta_{o,t}$: the sigmoid's slope.
# 8. $\delta_{g,t} = \dfrac{\partial E}{\partial g_t} \odot (1 - g_t \odot g_t)$: the slope of $\tanh$.

# %% [markdown] slideshow={"slide_type": "subslide"}
# *Input and weights.*
#
# 9. $\dfrac{\partial E}{\partial x_t} = W_{ix}^\top \delta_{i,t} + W_{fx}^\top \delta_{f,t} + W_{gx}^\top \delta_{g,t} + W_{ox}^\top \delta_{o,t}$: used in four sums.
# 10. $\dfrac{\partial E}{\partial W_{fx}} = \sum_{t=1}^{T} \delta_{f,t}\, x_t^\top$, $\dfrac{\partial E}{\partial W_{fh}} = \sum_{t=1}^{T} \delta_{f,t}\, h_{t-1}^\top$, $\dfrac{\partial E}{\partial b_f} = \sum_{t=1}^{T} \delta_{f,t}$, and so for $i$, $g$, $o$: the same weights at every step, so the parts add up.
#
# Then step $t - 1$: lines 1 and 3 hand back to $h_{t-1}$ through four matrices, to $c_{t-1}$ by **a product with $f_t$,
# number by number; no matrix, no tanh**.

# %% [markdown]
# The same lines as NumPy. `dh_out` is what comes from the outputs, `da` holds the four $\delta$ side by side. A row is a text's
# vector, so $W^\top \delta$ is `da @ W.T`, and $\delta\, x_t^\top$, summed over the texts, is `x[:, t].T @ da`. Where `mask`
# says that there is no word (`live` is 0), memory and page stay as they were, and so do their gradients.


# %% tags=["lib:numpy_rnn"]
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


# %% [markdown] slideshow={"slide_type": "subslide"}
# Is the derivation right? As in lesson 02, move every number a little, and see how far the loss moves. The loss weighs the outputs
# of all steps with random numbers, so that no line can hide a fault.

# %% slideshow={"slide_type": "fragment"}
parameters = {"W_x": W_x, "W_h": W_h, "b": b}
start = {"h_0": rng.normal(size=(B, H)), "c_0": rng.normal(size=(B, H))}
towards = rng.normal(size=(B, T, H))  # E = sum(towards * h): a loss at every step


def loss():
    """Of the parameters, the input and the start, as they are now."""
    return (towards * lstm_forward(x, **parameters, **start)["h"]).sum()


gradients = lstm_backward(towards, x, lstm_forward(x, **parameters, **start), W_x, W_h, **start)
moved = parameters | start | {"x": x}
errors = {n: relative_error(gradients[n], numerical_gradient(loss, v)) for n, v in moved.items()}
must_be("the gradients of weights, biases, inputs and start are right", at_most(max(errors.values()), 1e-7))

# %% [markdown]
# ### 1 · Find the bug
#
# This step back has two wrong lines. (For one step; `dc_next` is what step $t + 1$ hands to $c_t$.)
#
# ```python
# def step_back(dh_t, dc_next, i, f, g, o, c_prev, c_t, W_h):
#     dc_t = dc_next + dh_t * o * (1 - c_t * c_t)
#     d_i, d_f, d_g, d_o = dc_t * g, dc_t * c_prev, dc_t * i, dh_t * np.tanh(c_t)
#     da = np.hstack([d_i * i * (1 - i), d_f * f * (1 - f), d_g * (1 - g * g), d_o * o * (1 - o)])
#     return da @ W_h.T, dc_next * f
# ```
#
# A check of the last step found $\delta_o$ right and the other three $\delta$ wrong. When that was mended, all four $\delta$ of the
# last step were right, but not all of the step before. Copy the function and mend both.


# %% nbgrader={"grade_id": "step-back"}
def step_back(dh_t, dc_next, i, f, g, o, c_prev, c_t, W_h):
    """All (B, H), but W_h (H, 4H), columns i, f, g, o -> what goes to h_{t-1} and what to c_{t-1}, (B, H) each."""
    ### BEGIN SOLUTION
    dc_t = dc_next + dh_t * o * (1 - np.tanh(c_t) ** 2)
    d_i, d_f, d_g, d_o = dc_t * g, dc_t * c_prev, dc_t * i, dh_t * np.tanh(c_t)
    da = np.hstack([d_i * i * (1 - i), d_f * f * (1 - f), d_g * (1 - g**2), d_o * o * (1 - o)])
    return da @ W_h.T, dc_t * f
    ### END SOLUTION


# %% nbgrader={"grade_id": "step-back-check", "points": 2}
lesson_03.check_step_back(step_back)

# %% [markdown]
# ### 2 · Derive: two gates tied
#
# Greff and others let the input gate be what the forget gate leaves, $i_t = 1 - f_t$. Now
# $c_t = f_t \odot c_{t-1} + (1 - f_t) \odot g_t$. Derive $\delta_{f,t}$ from $\partial E/\partial c_t$ on paper, then type it.


# %% nbgrader={"grade_id": "tied-gates"}
def delta_f(dE_dc, c_prev, f, g):
    """∂E/∂c_t, c_{t-1}, f_t, g_t, all (B, H) -> ∂E/∂a_f, (B, H)."""
    ### BEGIN SOLUTION
    return dE_dc * (c_prev - g) * f * (1 - f)
    ### END SOLUTION


# %% nbgrader={"grade_id": "tied-gates-check", "points": 2}
lesson_03.check_delta_f(delta_f)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### "Uninterrupted gradient flow"?
#
# The usual story: $c_t$ hands $f_t$ back to $c_{t-1}$, the [direct path](pages/glossary.md#direct-path); with open forget gates the
# gradient arrives undiminished. But $c_{t-1}$ is also shown in $h_{t-1}$, which three nonlinearities of step $t$ read on their way to $c_t$:

# %% [markdown] slideshow={"slide_type": "fragment"}
# $$\frac{\mathrm{d} c_t}{\mathrm{d} c_{t-1}} = \underbrace{\operatorname{diag}(f_t)}_{\text{direct path}} +
# \underbrace{\left(\frac{\partial c_t}{\partial f_t}\frac{\partial f_t}{\partial h_{t-1}} +
# \frac{\partial c_t}{\partial i_t}\frac{\partial i_t}{\partial h_{t-1}} +
# \frac{\partial c_t}{\partial g_t}\frac{\partial g_t}{\partial h_{t-1}}\right)
# \frac{\partial h_{t-1}}{\partial c_{t-1}}}_{\text{through the gates}}$$

# %% [markdown]
# Over several steps there is one more way: from $h_{t-1}$ through the output gate to $h_t$, and on into the next step. Lines 1 to 10
# follow all these ways. (Hochreiter and Schmidhuber in 1997 kept the direct path and cut the other ways on purpose; libraries
# today do not.)
#
# We measure all of $\partial E/\partial c_k$ and, beside it, what comes along the direct path alone, a product of forget gates. The start
# is like Keras's ($W_h$ orthogonal), loud or quiet as in lesson 02, with four forget biases; nothing is trained. **Guess** for loud, bias 3:
# the length of what the direct path alone brings, over the length of the whole gradient?

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("share of the direct path, 10 steps back", "share of the direct path, 50 steps back")

# %%
H, T, B = 64, 51, 16
x = np.eye(16)[rng.integers(16, size=(B, T))]  # random tokens, one-hot
W_x, W_h = rng.normal(size=(16, 4 * H)), np.linalg.qr(rng.normal(size=(4 * H, H)))[0].T
Q = np.linalg.qr(rng.normal(size=(H, H)))[0]  # W_h of the vanilla RNN
dh_out, zero = np.zeros((B, T, H)), np.zeros((B, H))
dh_out[:, -1] = rng.normal(size=(B, H))


def reach(bias, loudness):
    """Length of ∂E/∂c_k against lag, the last step = 1: (all paths, the direct path alone)."""
    b, W = np.repeat([0.0, bias, 0.0, 0.0], H), loudness * W_x
    states = lstm_forward(x, W, W_h, b, zero, zero)
    all_paths = lstm_backward(dh_out, x, states, W, W_h, zero, zero)["c"]
    kept = np.cumprod(states["f"][:, :0:-1], axis=1)  # f_T, f_T f_{T-1}, …
    direct = np.concatenate([all_paths[:, -1:], all_paths[:, -1:] * kept], axis=1)
    lengths = (np.linalg.norm(path, axis=-1).mean(axis=0) for path in (all_paths[:, ::-1], direct))
    return np.array(list(lengths)) / np.linalg.norm(all_paths[:, -1], axis=-1).mean()


# %%
def reach_of_rnn(loudness):
    """The same for a vanilla RNN: of ∂E/∂h_k."""
    W = loudness * W_x[:, :H]
    h = rnn_forward(x, W, Q, np.zeros(H), zero)
    norms = np.linalg.norm(rnn_backward(dh_out, x, h, W, Q, zero)["h"], axis=-1).mean(axis=0)[::-1]
    return norms / norms[0]


sizes = {"loud": 0.5, "quiet": 0.01}
both = {start: {bias: reach(bias, size) for bias in (0, 1, 2, 3)} for start, size in sizes.items()}
plain = {start: reach_of_rnn(size) for start, size in sizes.items()}


# %%
(loud, direct_3), quiet = both["loud"][3], both["quiet"][3][0]
claim("loud, forget bias 3: 50 steps back at least a tenth arrives", at_least(loud[50], 0.1))
ratio = np.log10(loud[50] / plain["loud"][50])
kept_loud = claim("loud, bias 3: four powers of ten more than in the vanilla RNN, 50 steps back", at_least(ratio, 4))
worse = np.log10(plain["loud"][50] / both["loud"][0][0][50])
claim("loud, forget bias 0: three powers of ten less than in the vanilla RNN", at_least(worse, 3))
needless = claim("quiet, the vanilla RNN keeps at least half over 50 steps", at_least(plain["quiet"][50], 0.5))
claim("quiet, forget bias 3: 50 steps back the gradient has grown at least threefold", at_least(quiet[50], 3))
claim(
    "loud, bias 3: 10 steps back the direct path is at least .6 as long as the whole",
    at_least((direct_3 / loud)[10], 0.6),
)
claim("loud, bias 3: 50 steps back it is at most a quarter as long", at_most((direct_3 / loud)[50], 0.25))

# %% slideshow={"slide_type": "subslide"}
alt = "The gradient's length against steps back, loud and quiet: the higher the forget bias, the more of it arrives."
fig, axes = plotting.figure(10, 3.8, columns=2, sharey=True, alt=alt)
for ax, start in zip(axes, sizes, strict=True):
    curves = {f"LSTM, forget bias {b}": paths[0] for b, paths in both[start].items()} | {"vanilla RNN": plain[start]}
    direct = {f"LSTM, forget bias {b}": paths[1] for b, paths in both[start].items()}
    plotting.lines(ax, np.arange(T), curves, "steps back", "gradient, last step = 1", log=True, dashed=direct,
                   legend=ax is axes[1], ylim=(1e-16, 1e3))  # fmt: skip
plotting.title(axes[0], kept_loud)
plotting.title(axes[1], needless)
plt.show()

# %% tags=["nbval-ignore-output", "answer"] slideshow={"slide_type": "fragment"}
guess.answer(
    *(direct_3 / loud)[[10, 50]],
    because="The farther back, the more of the gradient comes through the gates, and not along the page.",
)

# %% [markdown]
# Solid: all paths. Dashed, in the same colour: the direct path alone. With bias 0 the gates start half closed, and the
# LSTM forgets faster than the RNN. With bias 3 the gradient arrives **although the input is loud**: a quiet
# RNN needs no gates for that. Ten steps back the direct path alone has most of the length of the whole. Fifty steps back most came
# **by other ways**. And in the quiet network with bias 3 the gradient grows, which the direct path alone never could
# ($f_t \le 1$): an LSTM can explode, too.

# %% [markdown]
# ### 3 · What the figure shows, and what it does not
#
# True or False?
#
# 1. Loud: with forget bias 3 more of the gradient arrives 50 steps back than in the vanilla RNN.
# 2. Loud, bias 3: 50 steps back the direct path brings most of what arrives.
# 3. No dashed line can rise above 1, whatever the weights.
# 4. Quiet, bias 3: the gradient 50 steps back is longer than at the last step.
# 5. An LSTM that starts with bias 3 *learns* a lag of 50: the figure shows it.


# %% nbgrader={"grade_id": "figure-says"}
def figure_says():
    """Five times True or False, in a list."""
    ### BEGIN SOLUTION
    return [True, False, True, True, False]
    ### END SOLUTION


# %% nbgrader={"grade_id": "figure-says-check", "points": 1}
lesson_03.check_figure_says(figure_says)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The forget bias
#
# A gate at $f$ keeps $f^n$ after $n$ steps. So the start of $b_f$, the [forget bias](pages/glossary.md#forget-bias), sets how far
# the direct path reaches before anything is learned.

# %% slideshow={"slide_type": "fragment"}
tables.print_table(
    ["forget bias", "f", "steps until half is left"],
    [(b, f"{sigmoid(b):.2f}", f"{np.log(0.5) / np.log(sigmoid(b)):.1f}") for b in (0, 1, 2, 3, 5)],
)

# %% [markdown]
# Jozefowicz and others (2015) found that a bias of 1 in place of 0 closes the gap between the LSTM and its rival, the GRU (lesson
# 05). The [**chrono**](pages/glossary.md#chrono) start (Tallec and Ollivier 2018) spreads the units over all lags up to a longest
# one, $T_\text{max}$. For each unit a number $u$ is drawn, any between 1 and $T_\text{max} - 1$ as likely as any other. Its forget
# bias is $b_f = \log u$: then $\sigma(b_f) = u / (u + 1)$, so a step loses one part in $u + 1$, and a memory lasts about $u$
# steps. And $b_i = -b_f$: a unit that keeps long should write seldom.

# %% [markdown]
# ### 4 · A bias for a memory
#
# Which bias makes a gate of $\sigma(b)$ keep exactly half of a value after `steps` steps? Return it as a formula gives it:
# the check compares five places behind the point.


# %% nbgrader={"grade_id": "forget-bias"}
def forget_bias_for(steps):
    """A number of steps -> the bias."""
    ### BEGIN SOLUTION
    f = 0.5 ** (1 / steps)
    return np.log(f / (1 - f))
    ### END SOLUTION


# %% nbgrader={"grade_id": "forget-bias-check", "points": 1}
lesson_03.check_forget_bias(forget_bias_for)

# %% [markdown]
# ### The answer to the question
#
# The number was the forget bias. A mark is a seed, the line goes through the medians. Each cell and start was given
# the best of three learning rates, chosen on another seed (`experiments/lag.py`). Chrono is told the lag.

# %%
lag_list = sorted({row["lag"] for row in stored})
names = ["LSTM, b = 1", "LSTM, b = 3", "LSTM, chrono", "RNN, orthogonal"]
table = {start: {name: np.array([shares(name, start, lag) for lag in lag_list]) for name in names} for start in sizes}
at = lag_list.index
best = max(runs["LSTM, b = 1"][at(50) :].max() for runs in table.values())
fails = claim("bias 1: at most half are right from lag 50 on, loud or quiet", at_most(best, 0.5), table="lag.csv")
loud, quiet = table["loud"]["LSTM, b = 3"], table["quiet"]["LSTM, b = 3"]
reaches = claim("quiet, bias 3: every lag, under every seed", at_least(quiet.min(), 0.99), table="lag.csv")
claim("loud, bias 3: up to lag 50 the same", at_least(loud[: at(50) + 1].min(), 0.99), table="lag.csv")
claim("loud, bias 3, lag 100: in the median 80 % or more", at_least(np.median(loud[at(100)]), 0.8), table="lag.csv")
claim("but the worst of five is right half of the time at most", at_most(loud[at(100)].min(), 0.5), table="lag.csv")
chrono = min(runs["LSTM, chrono"].min() for runs in table.values())
claim("chrono: every lag, loud or quiet, under every seed", at_least(chrono, 0.99), table="lag.csv")

# %% slideshow={"slide_type": "slide"}
alt = "Share right against the lag, loud and quiet: bias 1 falls first, bias 3 later or not at all, chrono never."
fig, axes = plotting.figure(10, 3.8, columns=2, sharey=True, alt=alt)
for ax, start in zip(axes, sizes, strict=True):
    plotting.lag_curves(ax, lag_list, table[start], chance=1 / 8, legend=ax is axes[1])
plotting.title(axes[0], fails)
plotting.title(axes[1], reaches)
plt.show()

# %% [markdown]
# Left: loud. Right: quiet. One of the lectures says: *LSTM does not have long-term dependencies (at most 50 time steps)*. With Keras's
# bias of 1 that is generous here. But it is a statement about a start: with a bias of 3 the same cell learns a lag of 50, and of 100 if
# it begins quiet. Chrono learns every lag we tried, but it was told the lag.
#
# What are gates for, if a quiet tanh network without gates does well, too? Recall asks to hold *one* symbol. In lessons 06 and
# 07 a network has to hold a whole sentence.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Read the memory of a trained one
#
# What do the cells of a trained network do? We need text whose true state is known at every character: the
# [**nesting**](pages/glossary.md#nesting-world) world. Speech stands in quotation marks, asides in brackets, up to three deep. The quotation mark is
# the same at both ends.

# %% slideshow={"slide_type": "fragment"}
from course_lib.worlds import nesting

world = nesting.NestingWorld()
texts = world.sample(2000, seed=SEED)
sample = next(t for t in texts if nesting.state(t).depth.max() == 3 and len(t) < 120)
print(sample)
print("".join(str(d) if d else " " for d in nesting.state(sample).depth), " brackets open")
print("".join('"' if s else " " for s in nesting.state(sample).speech), " a speech open")

# %% [markdown]
# **The task**, many to many: after every character, say which mark has to come to close what was opened last: a bracket, a
# quotation mark, or nothing. Inside `(…)` inside `"…"` the answer is *bracket*: nobody asks how *many* brackets are open, nor
# whether there is a speech around them. But whoever does not remember both will be wrong later.
#
# **The baseline:** the best rule that knows only the last mark it met.

# %%
tokens, closing = world.encode(texts)
marks = [0, *(1 + world.alphabet.index(mark) for mark in '"()')]
last = np.zeros_like(tokens)  # the last mark met, 0 … 3
for t in range(tokens.shape[1]):
    last[:, t] = np.where(np.isin(tokens[:, t], marks), np.searchsorted(marks, tokens[:, t]), last[:, t - 1] * (t > 0))
counts = np.zeros((4, 4))
np.add.at(counts, (last[tokens > 0], closing[tokens > 0]), 1)
baseline = counts.max(axis=1).sum() / counts.sum()
claim("whoever knows the last mark only is wrong at least once in ten characters", at_most(baseline, 0.9))

# %% [markdown]
# Now an LSTM, and a copy of its weights before it learns.

# %%
from course_lib.models.reader import reader

H = 64
lstm = reader(LSTMCell(H), 4, vocabulary_size=1 + len(world.alphabet), embedding=32, every_step=True)


def weights_of(model):
    """The table of the embedding, and W_x, W_h, b of the memory."""
    return [w.numpy() for name in ("embedding", "memory") for w in model.get_layer(name).weights]


before = weights_of(lstm)  # to compare with, later

# %% [markdown]
# **This cell trains for about 20 seconds.**


# %%
def batches(size=32):
    """Endless random batches of the texts; the answers behind a text's end (0) do not count in the loss."""
    while True:
        rows = rng.integers(len(tokens), size=size)
        length = (tokens[rows] > 0).sum(axis=1).max()
        yield tokens[rows, :length], closing[rows, :length]


training.compile_for_training(lstm, steps=300, learning_rate=1e-2)
training.fit(lstm, batches(), steps=300, description="what closes next?")

held_out = world.sample(400, seed=1000 + SEED)
held_tokens, held_closing = world.encode(held_out)
answers = training.logits(lstm, held_tokens)[..., 1:].argmax(axis=-1) + 1
right = (answers == held_closing)[held_tokens > 0].mean()
claim("the LSTM is right at 99 of 100 characters of texts drawn anew", at_least(right, 0.99))


# %% [markdown] slideshow={"slide_type": "slide"}
# ### Which cell knows?
#
# Inside a bracket inside a speech nobody asks about the speech, and yet it must not be forgotten. So some cell should hold it.
# For each of the 64 cells, correlate $\tanh(c_t)$ with the true state, *a speech is open*, on the first half of the held-out
# texts, and **choose the one with the largest correlation**.

# %% [markdown]
# Then test it on the *other* half: choosing the best of 64 flatters. And the same with the untrained copy.

# %%
true = {
    "speech": np.concatenate([nesting.state(story).speech for story in held_out]),
    "depth": np.concatenate([nesting.state(story).depth for story in held_out]),
}
half = np.concatenate([np.full(len(story), i < 200) for i, story in enumerate(held_out)])  # is it in the first half?


def states_of(weights, tokens):
    """All states of the memory over tokens (B, T): {"h", "c", "i", "f", "g", "o"}, each (B, T, H)."""
    zero = np.zeros((len(tokens), H))
    embedding, *memory = weights
    return lstm_forward(embedding[tokens], *memory, zero, zero)


def best_cell(weights, what):
    """The cell chosen on the first half, and how its value correlates with the truth on the second."""
    c = states_of(weights, held_tokens)["c"][held_tokens > 0]  # (characters, H)
    value = np.tanh(c) if what == "speech" else c  # open or not; or a count
    correlation = [np.corrcoef(value[half, unit], true[what][half])[0, 1] for unit in range(H)]
    unit = int(np.argmax(np.abs(correlation)))
    return unit, np.corrcoef(value[~half, unit], true[what][~half])[0, 1]


# %%
trained = weights_of(lstm)
unit, correlation = best_cell(trained, "speech")
counter_unit, counting = best_cell(trained, "depth")
_, untrained = best_cell(before, "speech")
_, counting_untrained = best_cell(before, "depth")

# %% tags=["nbval-ignore-output"]
print(f"a speech is open: cell {unit}, correlation {correlation:+.3f}; the best before training {untrained:+.3f}")
print(f"brackets open:    cell {counter_unit}, correlation {counting:+.3f}; before {counting_untrained:+.3f}")

# %% slideshow={"slide_type": "fragment"}
claim("on new text, the chosen cell correlates with the open speech by at least 0.9", at_least(abs(correlation), 0.9))
claim("at least 0.4 more than the best cell before training", at_least(abs(correlation) - abs(untrained), 0.4))

c = states_of(trained, held_tokens)["c"][held_tokens > 0]
inside = ~half & (true["depth"] > 0)  # new text, between brackets: the answer to give is always "a bracket"
held = np.corrcoef(np.tanh(c[inside, unit]), true["speech"][inside])[0, 1]
deep = np.corrcoef(c[inside, counter_unit], true["depth"][inside])[0, 1]
claim("inside brackets, where nobody asks, it holds the speech: at least 0.8", at_least(abs(held), 0.8))
claim("a cell goes with the open brackets: at least 0.9 everywhere", at_least(abs(counting), 0.9))
more = abs(counting) - abs(counting_untrained)
claim("at least 0.1 more than the best cell before training", at_least(more, 0.1))
claim("and at least 0.6 where one is open anyway", at_least(abs(deep), 0.6))

# %% [markdown]
# One cell holds the open speech, and one goes with the **count** of brackets. Look at the first at work, with its gates. (Its
# sign is turned so that up is *open*.) Whether a speech is open changes only at a quotation mark, so the input gate could be
# shut at all other characters. **Guess:** is it?

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("its input gate where there is no quotation mark, on average (0 is shut, 1 is open)")

# %%
states, real = states_of(trained, held_tokens), held_tokens[:, 1:] > 0
to_quote = held_tokens[:, 1:] == 1 + world.alphabet.index('"')
jumps = np.abs(np.diff(states["c"][:, :, unit], axis=1))
ratio = jumps[to_quote].mean() / jumps[real & ~to_quote].mean()
jumps_there = claim("at quotation marks the cell's c jumps at least twice as far as elsewhere", at_least(ratio, 2))
between = {gate: states[gate][:, 1:, unit][real & ~to_quote].mean() for gate in "fi"}
for gate, name in (("f", "forget"), ("i", "input")):
    claim(f"elsewhere its {name} gate is open: 0.5 or more on average", at_least(between[gate], 0.5))

sign = np.sign(correlation)
story = (
    'The owl sang (with the cat (like the dog)). The king said "I left early (after the owl). You sang." The cat sang.'
)


# %% slideshow={"slide_type": "subslide"}
def draw_gates(story):
    """Whether a speech is open, and the chosen cell's value, output and gates over a text."""
    states = {name: values[0, :, unit] for name, values in states_of(trained, world.encode([story])[0]).items()}
    alt = "Six rows over a text: whether a speech is open, the cell's value, which follows it, its output, its three gates."
    fig, axes = plotting.figure(10, 5.2, rows=6, sharex=True, alt=alt)
    values = {"speech open": nesting.state(story).speech, "tanh(c)": sign * np.tanh(states["c"]), "h": sign * states["h"],
              "forget f": states["f"], "input i": states["i"], "output o": states["o"]}  # fmt: skip
    plotting.text_states(axes, story, values, gates=3)
    plotting.title(axes[0], jumps_there)
    return fig


draw_gates(story)
plt.show()


# %% tags=["nbval-ignore-output", "answer"] slideshow={"slide_type": "fragment"}
guess.answer(
    between["i"], because="The loss asks for the right mark alone. Nothing in it asks for a gate that is shut."
)

# %% [markdown]
# The value jumps at the first quotation mark, is held across the bracket, and drops after the second. The same mark, two opposite
# jumps: what the cell writes depends on what it holds. But the input gate is open elsewhere, too: the cell goes on writing.
# Type a text of your own, from the letters of this world, and press Enter.

# %% tags=["nbval-ignore-output"]
demos.gates(draw_gates, story)

# %% [markdown]
# ### How fast c and h move
#
# A lecture says that $c_t$ changes slowly, while $h_t$ and $h_{t-1}$ can be very different. How far does a value move from
# one character to the next, as a share of how much it varies at all?


# %%
def mean_step(values):
    """Mean |v_t - v_{t-1}| over the standard deviation of v, mean over all units."""
    now, then = values[:, 1:][real], values[:, :-1][real]
    return (np.abs(now - then).mean(axis=0) / now.std(axis=0)).mean()


slow, fast = mean_step(states["c"]), mean_step(states["h"])
claim("h moves faster than c, by at least a twentieth", at_least(fast / slow, 1.05))
claim("but less than twice as fast", at_most(fast / slow, 2))


# %% [markdown]
# ### A relative: the residual network
#
# With the forget gate open, $c_t = c_{t-1} + \text{something}$. A residual network does the same from layer to layer:
# $x_{l+1} = x_l + \mathrm{layer}(x_l)$, so that the derivative of $x_{l+1}$ with respect to $x_l$ is $1 + \mathrm{layer}'(x_l)$. That is exact in
# He and others' second paper; their first has a ReLU after the sum. A highway network has gates as well.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What we saw
#
# - *set by hand, an LSTM recalls over 400 steps without an error*
# - Untrained, loud, bias 3: 50 steps back the direct path brings a quarter at most.
# - Learning lag 50, loud, medians: bias 1 chance, bias 3 all right.
# - Trained: a cell holds the open speech, correlation .9 or more on new text.
# - Its input gate is open where it has nothing to write: .5 or more.

# %%
tables.print_table(
    ["share right, median of 5", "start", *(f"lag {lag:g}" for lag in lag_list)],
    [(name, start, *(f"{np.median(shares(name, start, lag)):.2f}" for lag in lag_list))
     for name in dict.fromkeys(row["model"] for row in stored) for start in sizes],
)  # fmt: skip

# %% [markdown]
# ## Exercises
#
# Exercises 1 to 4 stand above. All need the lesson's first cell and nothing else.
#
# ### 5 · Open-ended: a counter by hand
#
# Set the weights of an LSTM with **one** unit so that its cell value is the number of open brackets, within 0.1, after every character.
# No training. Characters are one-hot; `alphabet.index("(")` gives a character's place.


# %% nbgrader={"grade_id": "counter"}
def counter(alphabet):
    """A string of all V characters -> W_x (V, 4), W_h (1, 4), b (4,); columns i, f, g, o."""
    ### BEGIN SOLUTION
    W_x, W_h, b = np.zeros((len(alphabet), 4)), np.zeros((1, 4)), np.array([-20.0, 20.0, 0.0, 0.0])
    for mark, step in (("(", 1), (")", -1)):
        W_x[alphabet.index(mark)] = [40, 0, 10 * step, 0]  # open the input gate, write +1 or -1
    return W_x, W_h, b
    ### END SOLUTION


# %% nbgrader={"grade_id": "counter-check", "points": 3}
lesson_03.check_counter(counter)

# %% [markdown]
# ## In practice
#
# - The forget bias belongs to the task. Keras's 1 is fine where what matters lies a few steps back; where it may lie 50 back, start at
#   3 (here: recall, 64 units, 600 updates), or spread it (chrono): `keras.layers.LSTM(…, bias_initializer=ForgetBias(3), unit_forget_bias=False)`, from `course_lib/cells.py`.
# - Clip gradients with LSTMs, too: gates do not bound the gradient.
# - Before you believe a story about a unit, choose it on one text and test it on another, and look at an untrained network.

# %% [markdown]
# ## Appendix: how fast?
#
# You may skip this section. TensorFlow can find the way back by itself: it goes back through every operation of every step, and at
# each step makes a matrix as large as $W_h$ and adds it to the sum of line 10. But only lines 1 to 8 must be done step by step. With all
# $\delta_{f,t}$ kept, the sum is **one** product of matrices instead of $T$ small ones. `course_lib.layers` does that, and lesson 04 trains
# with it. An LSTM's step back, all of it (`U` is our $W_h$, `dz` our four $\delta$, `_d_sigmoid(y, dy)` is `dy * y * (1 - y)`):

# %%
import inspect

import tensorflow as tf

from course_lib import cells
from course_lib import layers as recurrent

print(inspect.getsource(recurrent.LSTMSteps.back))

# %%
cell, x = cells.LSTMCell(16), keras.random.normal((5, 30, 8))
gradients = []
for loop in (recurrent.RNN(cell, return_sequences=True), keras.layers.RNN(cell, return_sequences=True)):
    with tf.GradientTape() as tape:
        E = ops.sum(ops.sin(loop(x)))
    gradients.append(tape.gradient(E, [weight.value for weight in cell.weights]))
differences = [np.abs(ours - theirs).max() / np.abs(theirs).max() for ours, theirs in zip(*gradients, strict=True)]
must_be("the gradients of W, U and b are Keras's", at_most(max(differences), 1e-5))

# %% [markdown]
# How long does a training step take, forward and back (`python -m benchmarks.layers`)? The two halves are one machine, with
# AVX-512 and told not to use it.

# %%
columns = {"course": "ours", "keras": "Keras", "torch": "PyTorch"}
times = {}  # of each size, on each processor, for every layer
for row in results.read("layers.csv"):
    size = f"{row['H']:.0f} units, {row['B']:.0f} texts of {row['T']:.0f} steps"
    if row["size"] in ("lesson 03", "lesson 04, programs", "lesson 04", "Shakespeare", "standard", "full"):
        times.setdefault((row["processor"], size), {})[row["layer"]] = row["ms"]
tables.print_table(
    ["ms a training step", "", *columns.values()],
    [(*which, *(f"{layers_ms[name]:.3g}" for name in columns)) for which, layers_ms in times.items()],
)
ahead = min(ms["keras"] / ms["course"] for ms in times.values())
claim("ours is faster than Keras's, at each of these sizes", at_least(ahead, 1.02), table="layers.csv")
torch = {which: ms["torch"] / ms["course"] for which, ms in times.items()}
small = max(share for (_, size), share in torch.items() if size.startswith("64 units"))
claim("PyTorch's is faster than ours at the smallest", at_most(small, 0.7), table="layers.csv")
large = min(share for (_, size), share in torch.items() if "64 texts" in size)
claim("ours is faster than PyTorch's with 64 texts of 100 steps or more", at_least(large, 1.1), table="layers.csv")

# %% [markdown]
# ## Going further
#
# - S. Hochreiter, J. Schmidhuber, *Long short-term memory*, 1997, [doi](https://doi.org/10.1162/neco.1997.9.8.1735).
# - F. Gers, J. Schmidhuber, F. Cummins, *Learning to forget*, 2000, [doi](https://doi.org/10.1162/089976600300015015): the forget gate.
# - R. Jozefowicz, W. Zaremba, I. Sutskever, *An empirical exploration of recurrent network
#   architectures*, ICML 2015, [PMLR 37](https://proceedings.mlr.press/v37/jozefowicz15.html).
# - K. Greff et al., *LSTM: a search space odyssey*, 2015, [arXiv:1503.04069](https://arxiv.org/abs/1503.04069): gates left out, or tied.
# - C. Tallec, Y. Ollivier, *Can recurrent neural networks warp time?*, 2018, [arXiv:1804.11188](https://arxiv.org/abs/1804.11188): the chrono start.
# - A. Karpathy, J. Johnson, L. Fei-Fei, *Visualizing and understanding recurrent networks*, 2015, [arXiv:1506.02078](https://arxiv.org/abs/1506.02078): cells that track
#   quotes and brackets.
# - K. He et al., *Deep residual learning*, 2015, [arXiv:1512.03385](https://arxiv.org/abs/1512.03385), and *Identity mappings*, 2016, [arXiv:1603.05027](https://arxiv.org/abs/1603.05027);
#   R. Srivastava et al., *Highway networks*, 2015, [arXiv:1505.00387](https://arxiv.org/abs/1505.00387).
# - The lectures of P. Martínez Olmos (gates, gradient flow, ResNet) and X. Bresson (forget gate at 1; "at most 50 time steps").
#
# Before this: [02 · Backpropagate through time and watch gradients vanish](02_backpropagate_through_time.ipynb).
# Next: [04 · Write text, one character at a time](04_write_text.ipynb).

# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 02 · Backpropagate through time and watch gradients vanish
#
# **You will do:** run a network backwards, by hand and in code; measure how far a gradient reaches.
#
# **You will learn:** backpropagation through time; why gradients vanish or explode; what clipping, better starts, ReLU, truncation do about
# it; how far back a plain RNN learns.
#
# **You need:** lesson 01; the chain rule; matrices.
#
# **Run time:** about 8 seconds on two processor cores with AVX-512, about 9 on one without.

# %% [markdown]
# <details><summary><b>Symbols of this lesson</b></summary>
#
# | letter | meaning | size |
# | --- | --- | --- |
# | $a$, $a_t$, $a^l$ | what goes into a nonlinearity; at step $t$; in layer $l$ | $H$ |
# | $b$ | bias | $H$ |
# | $\delta$ | gradient of the loss before the nonlinearity: $\partial E / \partial a$ | as $a$ |
# | $\eta$ | learning rate | a number |
# | $E$, $E_t$ | loss; its part at step $t$ | a number |
# | $h_t$ | memory after step $t$ | $H$ |
# | $H$ | units of memory | |
# | $k$ | a step before $t$ | |
# | $l$ | layer | |
# | $\rho$ | scale of a matrix: of a rotation times $\rho$, the spectral radius | a number |
# | $t$, $t'$ | step, or place, of what is read; steps between $k$ and $t$ | |
# | $T$ | number of steps, or places | |
# | $W$, $W_x$, $W_h$, $W^l$ | weights; from the input; from the memory | $H \times D$, $H \times H$ |
# | $D$ | numbers in an input or key | |
# | $x_t$, $x^l$ | input of a layer, at step $t$; of layer $l$ | $D$ |
#
# A raised $+$ marks a derivative that holds the memory before it fixed.
#
# </details>

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_lib.backend import keras
import tensorflow as tf

from course_lib import demos, plotting, results, tables, training
from course_lib.cells import Cell
from course_lib.claims import at_least, at_most, claim, must_be, seed
from course_lib.exercises import lesson_02
from course_lib.guesses import ask
from course_lib.numpy_rnn import SequenceModel, numerical_gradient, relative_error, rnn_forward

SEED = seed()
training.set_seed(SEED)
rng = np.random.default_rng(SEED)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A question with a number in it
#
# > The clouds are in the **sky**.
# >
# > I grew up in **France** … I speak fluent **French**.
#
# *France* can stand a hundred words before *French*. To learn this, the error made at *French* has to change what the
# network did at *France*. How much of that error arrives there?

# %% [markdown] slideshow={"slide_type": "slide"}
# We strip the question to its bones. The [**recall**](pages/glossary.md#recall-world) world: first comes one of 8 symbols, then some distractors, at random,
# and at the end the network shall say which symbol came first. The number of steps in between is the [**lag**](pages/glossary.md#lag).

# %% slideshow={"slide_type": "fragment"}
from course_lib.worlds.lag import Recall

task = Recall(lag=6)
tokens, answers = task.sample(3, np.random.default_rng(0))
for row, answer in zip(tokens, answers, strict=True):
    print(" ".join(f"{token:2}" for token in row), "  -> ", answer)

# %% [markdown]
# Numbers below 8 are symbols, the others distractors. A vanilla RNN with 64 units trains on 600 batches of fresh sequences.
# Up to which lag does it learn this? 10? 50? 100? Keep a number in mind: you will be asked.
#
# **The baseline:** whoever has forgotten the first symbol can only guess one of 8, and is right 12.5 % of the time.

# %%
tokens, answers = Recall(lag=100).sample(4000, rng)
only_end = np.bincount(tokens[:, -1] * 8 + answers, minlength=128).reshape(16, 8)  # (last token, answer): how often
right = only_end.max(axis=1).sum() / len(answers)  # the best rule there is for guessing from the last token
claim(
    "the last token says nearly nothing about the first: the best rule is right in a fifth at most", at_most(right, 0.2)
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Backpropagation, recalled
#
# A plain network first goes forward: layer $l$ reads $x^l$, computes $a^l = W^l x^l$, and hands $x^{l+1} = \tanh(a^l)$ to the
# next. At the end stands the loss $E$. Write $\delta^l = \partial E / \partial a^l$: how much $E$ grows with each number
# that goes into the tanh of layer $l$. The chain rule goes backwards:
#
# $$\delta^l = (1 - (x^{l+1})^2) \odot (W^{l+1})^\top \delta^{l+1} \qquad\qquad \frac{\partial E}{\partial W^l} = \delta^l\, (x^l)^\top$$

# %% [markdown]
# Read the first equation from the right. Take the $\delta$ of the layer above. Send it back through the weights: a unit went
# to several units above, so it adds up what each of them sends back, and this sum is the product with $W$ transposed.
# Multiply by the derivative of tanh, which is $1 - \tanh^2$. (Then gradient descent moves each weight,
# $W \leftarrow W - \eta\, \partial E / \partial W$.) In numbers: one layer of two units. `y` is a weighted sum of their outputs,
# and the loss is half the square of `y`.

# %%
x_1, W_1, w_2 = np.array([1.0, -1.0]), np.array([[0.5, 0.0], [1.0, 2.0]]), np.array([1.0, -2.0])
x_2 = np.tanh(W_1 @ x_1)  # a = W_1 x_1
y = w_2 @ x_2  # and E = y² / 2
delta = (1 - x_2**2) * (w_2 * y)  # tanh' = 1 - tanh²; ∂E/∂y = y
print("x_2", x_2.round(3), " y", y.round(3), " δ", delta.round(3))

by_hand, check = np.outer(delta, x_1), numerical_gradient(lambda: (w_2 @ np.tanh(W_1 @ x_1)) ** 2 / 2, W_1)
must_be("δ xᵀ is what small changes of W_1 give", at_most(relative_error(by_hand, check), 1e-7))

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A recurrent network is a deep network
#
# Unroll a recurrent network: draw one copy of its layer for each step, all with **the same** $W_h$ and $W_x$. Which steps
# have a loss $E_t$ depends on the task:

# %% slideshow={"slide_type": "fragment"}
fig, axes = plotting.figure(
    9.5,
    2.6,
    columns=3,
    alt="Three unrolled networks: a loss at each step; at the last only; each step reads what the last gave.",
)
plotting.unrolled(axes[0], 3, {1, 2, 3}, {1, 2, 3})
plotting.unrolled(axes[1], 3, {1, 2, 3}, {3})
plotting.unrolled(axes[2], 3, {1, 2, 3}, {1, 2, 3}, feedback=True)
for ax, kind in zip(
    axes, ("many to many: next word", "many to one: recall", "one to many: reads its own"), strict=True
):
    plotting.title(ax, neutral=kind)
plt.show()

# %% [markdown]
# Every arrow is crossed backwards. Follow $E_3$ in the middle picture back to $x_1$: three times through a tanh, twice
# through $W_h$. One copy more for each step of lag.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three steps by hand
#
# One unit, $h_t = \tanh(W_h h_{t-1} + x_t)$ with $W_h = 0.5$. The unit hears a 1, then silence, and should say 1 at the end:
# $x = (1, 0, 0)$, $E = \frac12 (h_3 - 1)^2$. **On paper first:** what share of the gradient is left two steps back, that is,
# $\partial E/\partial h_1$ over $\partial E/\partial h_3$? $W_h$ alone gives an upper bound; for the number you need
# $h_2 = 0.36$ and $h_3 = 0.18$.

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("∂E/∂h_1 over ∂E/∂h_3")

# %% slideshow={"slide_type": "fragment"}
W_h, x_1 = 0.5, 1.0
h_1 = np.tanh(W_h * 0.0 + x_1)
h_2 = np.tanh(W_h * h_1)
h_3 = np.tanh(W_h * h_2)

dE_dh_3 = h_3 - 1
dE_dh_2 = dE_dh_3 * (1 - h_3**2) * W_h  # through tanh, then through W_h
dE_dh_1 = dE_dh_2 * (1 - h_2**2) * W_h
print(f"h:     {h_1:.3f}  {h_2:.3f}  {h_3:.3f}")
print(f"dE/dh: {dE_dh_1:.3f} {dE_dh_2:.3f} {dE_dh_3:.3f}")
must_be("two steps back, at most W_h² of the gradient is left", at_most(dE_dh_1 / dE_dh_3, W_h**2))

# %% tags=["nbval-ignore-output", "answer"]
guess.answer(
    dE_dh_1 / dE_dh_3,
    because="Two steps back: twice times W_h, which gives a quarter, and twice times tanh', which is below 1.",
)

# %% [markdown]
# And the gradient of $W_h$ itself? It was used three times, so it gets three contributions (the first is 0, as $h_0 = 0$): at each step $k$, the
# gradient of $h_k$, times how much $W_h$ changes $h_k$ *if $h_{k-1}$ is held fixed*. They add up.

# %%
direct = np.array([(1 - h_1**2) * 0.0, (1 - h_2**2) * h_1, (1 - h_3**2) * h_2])  # of step 1, 2, 3: ∂⁺h_k/∂W_h
terms = np.array([dE_dh_1, dE_dh_2, dE_dh_3]) * direct


def error(weight):
    """E after the three steps."""
    return (np.tanh(weight * np.tanh(weight * np.tanh(x_1))) - 1) ** 2 / 2


print("contributions of steps 1, 2, 3:", terms.round(4))
slope = (error(W_h + 1e-6) - error(W_h - 1e-6)) / 2e-6
must_be("their sum is the slope of E", at_most(abs(terms.sum() - slope), 1e-7))

# %% [markdown]
# ### 1 · Derive it
#
# Take the tanh away: $h_t = W_h h_{t-1} + x_t$, one unit, $h_0 = 0$. The unit reads $x = (1, 0, \dots, 0)$, $T$ numbers, and
# $E = \frac12 (h_T - 1)^2$. On paper: what is $h_T$? What is $\partial E / \partial W_h$? Write the last one as a formula of
# $W_h$ and $T$, without a loop.


# %% nbgrader={"grade_id": "slope"}
def slope_of(W_h, T):
    """W_h, a number, and T, how many steps -> ∂E/∂W_h."""
    ### BEGIN SOLUTION
    return (W_h ** (T - 1) - 1) * (T - 1) * W_h ** (T - 2)
    ### END SOLUTION


# %% nbgrader={"grade_id": "slope-check", "points": 2}
lesson_02.check_slope(slope_of)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The general equations
#
# What you did with numbers is, in letters (Pascanu et al. 2013, equations 3 and 4; $\partial^+$ holds $h_{k-1}$ fixed):
#
# $$\frac{\partial E}{\partial W} = \sum_{t} \frac{\partial E_t}{\partial W} \qquad\qquad
# \frac{\partial E_t}{\partial W} = \sum_{k \le t} \frac{\partial E_t}{\partial h_t}\,
# \frac{\partial h_t}{\partial h_k}\, \frac{\partial^+ h_k}{\partial W}$$

# %% [markdown] slideshow={"slide_type": "fragment"}
# Read the second sum from the right: $W$ moves $h_k$ at step $k$; $h_k$ moves $h_t$, through all steps between; $h_t$ moves the
# loss $E_t$. The factor in the middle is a product of [**Jacobians**](pages/glossary.md#jacobian), one for each step $t'$ between. A Jacobian is a table of
# slopes: each row says how one number of $h_{t'}$ moves with every number of $h_{t'-1}$. From $h_{t'} = \tanh(W_h h_{t'-1} + W_x x_{t'} + b)$,
#
# $$\frac{\partial h_t}{\partial h_k} = \prod_{t \ge t' > k} \frac{\partial h_{t'}}{\partial h_{t'-1}}
# = \prod_{t \ge t' > k} \operatorname{diag}(1 - h_{t'}^2)\; W_h$$

# %% [markdown]
# The latest step stands on the left; $\operatorname{diag}$ makes a matrix that multiplies number by number. (Equation 5 of the
# paper prints $W_h$ transposed here.) Move $h_k$ a little and look.

# %%
H, steps = 5, 4
W_h = rng.normal(size=(H, H))  # here as in the equations: columns are vectors
drive = rng.normal(size=(1, steps, H))  # W_x x_t + b
h_k = rng.normal(size=(1, H))
h = rnn_forward(drive, np.eye(H), W_h.T, np.zeros(H), h_k)[0]

product, transposed = np.eye(H), np.eye(H)
for h_i in h:
    product = np.diag(1 - h_i**2) @ W_h @ product
    transposed = np.diag(1 - h_i**2) @ W_h.T @ transposed

moved = 1e-6 * np.eye(H)[:, None]  # one unit of h_k at a time
ends = [rnn_forward(drive, np.eye(H), W_h.T, np.zeros(H), h_k + s * m)[0, -1] for m in moved for s in (1, -1)]
jacobian = (np.array(ends[::2]) - ends[1::2]).T / 2e-6
must_be("the product of diag(1 - h²) W_h is the Jacobian", at_most(relative_error(product, jacobian), 1e-7))
claim("with W_h transposed in each factor it is not", at_least(relative_error(transposed, jacobian), 0.1))

# %% [markdown] slideshow={"slide_type": "slide"}
# ## In code
#
# Two sums, over $t$ and over $k$, have about $T^2 / 2$ terms. But one walk backwards, $T$ steps, is enough if it carries
# $\partial E/\partial h_t$ along. At each step it adds two things: what the loss of this step says, and what comes back
# from step $t + 1$.

# %% [markdown]
# (`dh_out` holds the first, from the read-out. `mask` marks steps without a word, at the end of short texts: the memory
# waits there.)


# %% tags=["lib:numpy_rnn"]
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


# %% [markdown]
# Code like this is easily wrong. So [**check the gradient**](pages/glossary.md#gradient-check). Move every number of every
# parameter by $\pm 10^{-5}$ and compare. The model below reads one-hot letters and has a loss at every step; its
# parameters are random, for with zeros many mistakes stay hidden.

# %%
model = SequenceModel("rnn", inputs=4, hidden=5, outputs=4, seed=SEED)
for value in model.parameters.values():
    value += rng.normal(size=value.shape)
letters = rng.integers(4, size=(3, 9))  # three texts of nine letters
x, targets = np.eye(4)[letters[:, :-1]], letters[:, 1:]
memory = {"h_0": rng.normal(size=(3, 5))}

loss, gradients, _ = model.loss_and_gradients(x, targets, memory)
for name, value in model.parameters.items():
    numeric = numerical_gradient(lambda: model.loss_and_gradients(x, targets, memory)[0], value)
    must_be(f"the gradient of {name} is right", at_most(relative_error(gradients[name], numeric), 1e-7))

# %% [markdown]
# `SequenceModel` is `rnn_forward`, a softmax read-out, and the function above, in `course_lib/numpy_rnn.py`. In
# Keras a step is a [**cell**](pages/glossary.md#cell). Keras runs any cell through time, and finds its gradient by itself:


# %% tags=["lib:cells"]
@keras.saving.register_keras_serializable(package="course_lib")
class SimpleRNNCell(Cell):
    """One step of the vanilla RNN: Elman 1990, with a bias; `activation` is tanh, or ReLU as in Le et al. 2015.

    x_t (B, D), h_prev (B, H) -> h_t (B, H). W_x (D, H), W_h (H, H), b (H,).
    """

    def __init__(self, units, activation="tanh", **kwargs):
        super().__init__(units, **kwargs)
        self.activation = keras.activations.get(activation)

    def call(self, x_t, states):
        """h_t = tanh(W_x x_t + W_h h_{t-1} + b)."""
        (h_prev,) = states
        h_t = self.activation(x_t @ self.W_x + h_prev @ self.W_h + self.b)
        return h_t, [h_t]

    def get_config(self):
        """With the activation."""
        return super().get_config() | {"activation": keras.activations.serialize(self.activation)}


# %% [markdown]
# (`Cell` makes the weights and saves them.) The same weights, the same texts; on one side our twenty lines, on the other
# Keras's automatic differentiation:

# %%
p = model.parameters
layer = keras.layers.RNN(SimpleRNNCell(5, dtype="float64"), return_sequences=True, dtype="float64")
layer.build(x.shape)
layer.set_weights([p["W_x"], p["W_h"], p["b"]])
with tf.GradientTape() as tape:
    y = layer(x, initial_state=[memory["h_0"]]) @ p["W_y"] + p["b_y"]
    E = tf.reduce_sum(keras.losses.sparse_categorical_crossentropy(targets, y, from_logits=True)) / len(x)
automatic = tape.gradient(E, layer.trainable_weights)

for name, theirs in zip(("W_x", "W_h", "b"), automatic, strict=True):
    must_be(f"automatic differentiation agrees on {name}", at_most(relative_error(gradients[name], theirs), 1e-7))

# %% [markdown]
# ### 2 · Mend a step back
#
# One step of a walk back, as somebody wrote it. It runs, and three things in it are wrong:
#
# ```python
# def step_back(dh_t, h_t, h_prev, W_h):
#     da = dh_t * (1 - np.tanh(h_t) ** 2)
#     return da @ W_h, h_t.T @ da
# ```
#
# Given $\partial E/\partial h_t$, it should return the part of $\partial E/\partial h_{t-1}$ that comes through this step,
# and this step's contribution to $\partial E/\partial W_h$. Rows are texts, as in the code above.


# %% nbgrader={"grade_id": "step-back"}
def step_back(dh_t, h_t, h_prev, W_h):
    """dh_t, h_t, h_prev (B, H), W_h (H, H) -> dh_prev (B, H), dW_h (H, H)."""
    ### BEGIN SOLUTION
    da = dh_t * (1 - h_t**2)
    return da @ W_h.T, h_prev.T @ da
    ### END SOLUTION


# %% nbgrader={"grade_id": "step-back-check", "points": 2}
lesson_02.check_step_back(step_back)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How far back does a gradient reach?
#
# Now we can look. Put a loss at the last step only, send a gradient of length 1 into $h_T$, and measure its length at every
# step on the way back.


# %% slideshow={"slide_type": "fragment"}
def norm_against_lag(W_h, drive, seed=0):
    """Mean length of ∂E_T/∂h_{T-lag} for lag 0 … T-1, if ∂E_T/∂h_T has length 1. drive (B, T, H): W_x x_t + b."""
    B, _, H = drive.shape
    start, towards = np.zeros((B, H)), np.random.default_rng(seed).normal(size=(B, H))
    h = rnn_forward(drive, np.eye(H), W_h, np.zeros(H), start)
    dh_out = np.zeros_like(h)
    dh_out[:, -1] = towards / np.linalg.norm(towards, axis=1, keepdims=True)
    back = rnn_backward(dh_out, drive, h, np.eye(H), W_h, start)["h"]
    return np.linalg.norm(back, axis=-1).mean(axis=0)[::-1]


# %% [markdown] slideshow={"slide_type": "slide"}
# Take a matrix we understand: a rotation (an orthogonal matrix: it keeps lengths) times a number $\rho$. Each vector becomes
# $\rho$ times as long.

# %% [markdown]
# An *eigenvector* is a vector that a matrix only stretches; its *eigenvalue* says how much. The largest absolute value of all
# eigenvalues is the [**spectral radius**](pages/glossary.md#spectral-radius), here $\rho$.
#
# First, silence: no input, the memory rests at 0, where the derivative of tanh is 1. Each step back multiplies with $\rho$
# and turns. **Guess:** for $\rho = 0.9$, how much is left after 50 steps?

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("left after 50 steps, of 1")

# %% slideshow={"slide_type": "fragment"}
H, T = 64, 51
lags, rhos = np.arange(T), [0.5, 0.9, 1.0, 1.1, 1.5]
Q = np.linalg.qr(rng.normal(size=(H, H)))[0]
silence = np.zeros((8, T, H))
undriven = {rho: norm_against_lag(rho * Q, silence) for rho in rhos}

print(f"rho = 0.9, 50 steps back: {undriven[0.9][50]:.5f}")
off = max(np.abs(undriven[rho] / rho**lags - 1).max() for rho in rhos)
geometric = must_be("in silence: ρ to the power of the lag, for every ρ", at_most(off, 0.01))

# %% tags=["nbval-ignore-output", "answer"]
guess.answer(undriven[0.9][50], because="Nine tenths of nine tenths of …: it is 0.9 to the power 50.")

# %% [markdown]
# Below 1 gradients [**vanish**](pages/glossary.md#vanishing-gradient), above 1 they [**explode**](pages/glossary.md#exploding-gradient). One might set $\rho = 1$ and go home. But a network that hears nothing
# learns nothing. Let the network read stories of lesson 01, one word a step. Each word adds a Gaussian number of size 1 to every unit; this
# size is the input's [**loudness**](pages/glossary.md#loudness).

# %%
from course_lib import text
from course_lib.worlds import language

world = language.load()
words = [word for story in world.sample(100, seed=SEED) for word in story][: 8 * T]
vocabulary = text.Vocabulary(world.words)
W_x = rng.normal(size=(len(vocabulary), H))
heard = W_x[np.array(vocabulary.encode(words)).reshape(8, T)]  # (8, T, H): x_t one-hot, so x_t W_x is a row
driven = {rho: norm_against_lag(rho * Q, heard) for rho in rhos}

below = max((driven[rho][1:] / rho ** lags[1:]).max() for rho in rhos)
must_be("reading, the gradient is below ρ to the power of the lag", at_most(below, 1.0))  # ‖W_h‖ = ρ, and tanh' ≤ 1
vanished = claim("reading aloud: 50 steps back at most 1 % is left, even at ρ = 1.5", at_most(driven[1.5][50], 0.01))

# %% slideshow={"slide_type": "slide"}
fig, axes = plotting.figure(
    9.5,
    3.6,
    columns=2,
    alt="Gradient length against steps back, five scales: left, straight lines; right, all fall far below.",
)
names = {rho: f"ρ = {rho}" for rho in rhos}
for ax, curves in zip(axes, (undriven, driven), strict=True):
    plotting.lines(ax, lags, {names[r]: c for r, c in curves.items()}, "steps back", "length of the gradient", log=True,
                   dashed={names[r]: r**lags for r in rhos}, legend=ax is axes[1], ylim=(1e-16, 1e10))  # fmt: skip
plotting.title(axes[0], geometric)
plotting.title(axes[1], vanished)
plt.show()

# %% [markdown]
# Dashed: $\rho$ to the power of the lag. Why do the curves on the right fall so far below the dashed lines? Because the derivative of tanh,
# $1 - h^2$, is 1 only at $h = 0$. A unit that heard something is away from 0: there the derivative is below 1, and each step
# back multiplies the gradient by it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### The bound, and what it does not say
#
# A matrix stretches no vector by more than its largest [**singular value**](pages/glossary.md#singular-value) $\lVert W_h \rVert$, and
# the derivative of tanh is at most 1. So over any number of steps
#
# $$\Big\lVert \frac{\partial E_t}{\partial h_k} \Big\rVert \le \lVert W_h \rVert^{\,t-k}\;
# \Big\lVert \frac{\partial E_t}{\partial h_t} \Big\rVert$$

# %% [markdown]
# If $\lVert W_h \rVert < 1$, gradients must vanish. Lectures sometimes turn this round: *largest singular value above 1:
# exploding gradients*. That does not follow. $\lVert W_h \rVert > 1$ is **necessary** for explosion, not sufficient. Here
# is a matrix of independent Gaussian numbers, scaled so that its spectral radius is 0.9. Is its largest singular value 0.9,
# too, or less, or more?

# %%
G = rng.normal(size=(H, H))
G *= 0.9 / np.abs(np.linalg.eigvals(G)).max()
largest = np.linalg.svd(G, compute_uv=False)[0]
in_silence, reading = norm_against_lag(G, silence), norm_against_lag(G, heard)
claim("its largest singular value is well above 1", at_least(largest, 1.3))
yet = claim(
    "a singular value above 1, and yet at most 1 % is left 50 steps back, even in silence",
    at_most(in_silence[50], 0.01),
)

# %% slideshow={"slide_type": "fragment"}
fig, ax = plotting.figure(
    7.5, 3.4, alt="Gradient length against steps back: the bound rises; what was measured falls, faster when reading."
)
curves = {"in silence": in_silence, "reading": reading}
plotting.lines(ax, lags, curves, "steps back", "length of the gradient", log=True,
               dashed={"bound: ‖W_h‖ to the lag": largest**lags}, ylim=(1e-16, 1e14))  # fmt: skip
plotting.title(ax, yet)
plt.show()

# %% [markdown]
# ### Move it
#
# Drag: spectral radius, length, loudness of the input. At loudness 0.3, which ρ lets a gradient of length 1 arrive with about
# length 1? And at loudness 1? (The first picture stands still; the one with sliders needs a running kernel.)


# %%
def explore(radius, length, loudness, start):
    """The figure above for any setting."""
    W = Q if start == "orthogonal" else G / 0.9
    x = W_x[np.random.default_rng(1).integers(len(vocabulary), size=(8, length))]
    measured = norm_against_lag(radius * W, loudness * x)
    lags = np.arange(length)
    bound = (radius * np.linalg.norm(W, 2)) ** lags
    fig, ax = plotting.figure(7.5, 3.4, alt="Length of the gradient against steps back, as measured, and two powers.")
    dashed = {"ρ to the lag": radius**lags, "‖W_h‖ to the lag": bound}
    plotting.lines(ax, lags, {"measured": measured}, "steps back", "length of the gradient", log=True,
                   dashed=dashed, ylim=(1e-12, 1e12))  # fmt: skip
    plotting.title(ax, neutral=f"{length - 1} steps back: {measured[-1]:.2g}")
    return fig


explore(1.5, 50, 0.3, "orthogonal")
plt.show()

# %% tags=["nbval-ignore-output"]
demos.gradient_lengths(explore, radius=1.5, length=50, loudness=0.3)

# %% [markdown]
# ### Near terms and far terms
#
# The gradient of $W_h$ is a *sum* over all steps back. If far terms are tiny, the sum is made by the near ones, and says nothing
# of the far word. We stop the walk back after ten steps and compare with the whole, $\rho = 1$: reading aloud, as above, and at
# a hundredth of that loudness.


# %%
def missing_after(ten, loudness):
    """The share of W_h's gradient that is missing if the walk back from the last step ends after so many steps."""
    x, start = loudness * heard, np.zeros((8, H))
    h = rnn_forward(x, np.eye(H), Q, np.zeros(H), start)
    dh_out = np.zeros_like(h)
    dh_out[:, -1] = np.random.default_rng(SEED).normal(size=(8, H))
    whole = rnn_backward(dh_out, x, h, np.eye(H), Q, start)["W_h"]
    part = rnn_backward(dh_out[:, -ten:], x[:, -ten:], h[:, -ten:], np.eye(H), Q, h[:, -ten - 1])["W_h"]
    return np.linalg.norm(whole - part) / np.linalg.norm(whole)


claim("reading aloud, ten steps of fifty give the gradient but for 5 %", at_most(missing_after(10, loudness=1), 0.05))
claim("reading quietly, at least half is missing", at_least(missing_after(10, loudness=0.01), 0.5))

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Explosion, and clipping
#
# If the gradient's norm, its length, is above a limit, scale the gradient down to the limit: direction
# kept, length cut ([**norm clipping**](pages/glossary.md#clipping), Pascanu et al. 2013, algorithm 1).

# %% [markdown]
# tanh holds explosion back, since loud input saturates the units, but does not prevent explosion (move ρ to 2 above, loudness to 0.1).
# The cleanest case is without tanh. With **linear** units and $\rho = 1.1$ the gradient grows by 1.1 a step, whatever it
# reads. Recall at lag 25, plain gradient descent, without clipping and with the limit 1, from the same start:

# %%
from course_lib.models.reader import reader


def train_linear(clip, steps=150):
    """The losses of linear units on recall, and the share right at the end."""
    training.set_seed(SEED)
    task = Recall(lag=25)
    start = keras.initializers.Orthogonal(gain=1.1)
    cell = SimpleRNNCell(32, activation="linear", recurrent_initializer=start)
    model = reader(cell, task.symbols, vocabulary_size=task.vocabulary_size)
    model.compile(
        keras.optimizers.SGD(0.1, global_clipnorm=clip),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    losses = [model.train_on_batch(*batch) for _, batch in zip(range(steps), task.batches(64, SEED), strict=False)]
    tokens, answers = task.sample(1000, np.random.default_rng(SEED))
    return np.array(losses), (training.logits(model, tokens).argmax(axis=-1) == answers).mean()


losses_free, right_free = train_linear(clip=None)
losses_clipped, right_clipped = train_linear(clip=1.0)

# %% tags=["nbval-ignore-output"]
print("without clipping:", *(f"{loss:.3g}" for loss in losses_free[:5]), "…")
print(
    "with clipping:   ", *(f"{loss:.3g}" for loss in losses_clipped[[0, 1, 10, 50, 149]]), "(steps 1, 2, 11, 51, 150)"
)

# %% slideshow={"slide_type": "fragment"}
claim("the first loss is more than twice that of one who guesses, ln 8", at_least(losses_free[0], 2 * np.log(8)))
claim("without clipping the loss is not a number after ten steps", at_most(np.isfinite(losses_free).sum(), 9))
claim("with clipping it learns recall at lag 25", at_least(right_clipped, 0.9))

# %% [markdown]
# The way *forward* explodes, too: what comes in grows by 1.1 a step, so the first loss is far above $\log 8 = 2.08$. Clipping
# is for the way back; here it was enough. It cannot mend vanishing: nothing can be read off a gradient that is not there.
#
# ### 3 · Clip by norm
#
# `gradients` is a list of arrays. Their common norm is the root of the sum of all squares in all arrays. If it is above
# `limit`, scale **all** arrays by one number, so that it becomes `limit`. If not, leave them as they are.


# %% nbgrader={"grade_id": "clip"}
def clip(gradients, limit):
    """A list of arrays, a number -> a list of arrays."""
    ### BEGIN SOLUTION
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    return [g * min(1.0, limit / norm) for g in gradients] if norm > 0 else gradients
    ### END SOLUTION


# %% nbgrader={"grade_id": "clip-check", "points": 2}
lesson_02.check_clip(clip)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three remedies for vanishing
#
# The lectures name three: **activation**, **initialisation**, **architecture**. A plain RNN can have the first two:
#
# - *Initialisation*: an orthogonal $W_h$ starts with all singular values 1 (Saxe et al. 2014).
# - *Activation*: ReLU has derivative 1 wherever it is on. With the identity as $W_h$ and small inputs, units begin by copying
#   themselves (Le, Jaitly and Hinton 2015).

# %% [markdown]
# Both can begin **loud** (entries of $W_x$ of size 0.5: each token moves a unit far) or **quiet** (0.01). Which of
# these networks reaches back 100 steps when it begins loud, and which when it begins quiet? Before any training, in a Keras
# model, `training.state_gradient_norms` records the length of $\partial E/\partial h_k$ at every step, in one backward pass.

# %%
far = Recall(lag=100)
tokens, answers = far.sample(32, np.random.default_rng(SEED))
kinds = {"tanh, orthogonal": ("tanh", "orthogonal"), "tanh, identity": ("tanh", "identity"),
         "ReLU, orthogonal": ("relu", "orthogonal"), "ReLU, identity": ("relu", "identity")}  # fmt: skip


def reach_of(name, size):
    """Length of ∂E/∂h_k against lag, the last step = 1, for entries of W_x of a size: (101,)."""
    activation, W_h = kinds[name]
    W_x = keras.initializers.RandomNormal(stddev=size)
    cell = SimpleRNNCell(64, activation, kernel_initializer=W_x, recurrent_initializer=W_h)
    model = reader(cell, far.symbols, vocabulary_size=far.vocabulary_size)

    def error(y):
        """E, one number a text."""
        return keras.losses.sparse_categorical_crossentropy(answers, y, from_logits=True)

    norms = training.state_gradient_norms(model, tokens, error)["memory"]["h"].mean(axis=0)  # (T,)
    return norms[::-1] / norms[-1]


# %%
loud, quiet = ({name: reach_of(name, size) for name in kinds} for size in (0.5, 0.01))
rotated, copied = "ReLU, orthogonal", "ReLU, identity"
rest = max(loud[name][100] for name in kinds if name != copied)
lost = claim("loud: 100 steps back less than a millionth is left, but for ReLU with the identity", at_most(rest, 1e-6))
claim("loud, ReLU with the identity: at least a tenth is left", at_least(loud[copied][100], 0.1))
rest = min(quiet[name][100] for name in kinds if name != rotated)
kept = claim("quiet: 100 steps back at least a tenth is left, but for ReLU with a rotation", at_least(rest, 0.1))
claim("quiet, ReLU with a rotation: less than a millionth is left", at_most(quiet[rotated][100], 1e-6))

# %% slideshow={"slide_type": "fragment"}
fig, axes = plotting.figure(
    10,
    3.4,
    columns=2,
    sharey=True,
    alt="Gradients of four starts: loud, only ReLU with the identity stays; quiet, only rotated ReLU falls.",
)
for ax, reach in zip(axes, (loud, quiet), strict=True):
    plotting.lines(ax, np.arange(101), reach, "steps back", "gradient, last step = 1", log=True, legend=ax is axes[1],
                   ylim=(1e-18, 10))  # fmt: skip
plotting.title(axes[0], lost)
plotting.title(axes[1], kept)
plt.show()

# %% [markdown]
# A tanh network with an orthogonal or identity start reached back when it was quiet, and not when it was loud. ReLU reaches
# back with the identity, loud or quiet: a unit that stays on hands its gradient on whole. With a rotation units go off,
# and what passes through a unit that is off is lost.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Truncated backpropagation through time
#
# A book has a million characters. Nobody walks back over all of them. One cuts the text into windows, hands the **memory** on
# from window to window, but stops the **gradient** at the border: the memory a window starts from is treated as a
# constant.

# %% [markdown]
# That is what `loss_and_gradients` returns a memory for. Check the first loss, as always: 25 characters of a 65-letter
# alphabet (Tiny Shakespeare's), nothing learned yet, losses summed. What is it?

# %%
letters = rng.integers(65, size=(1, 51))
model = SequenceModel("rnn", inputs=65, hidden=100, outputs=65, seed=SEED)
x, targets = np.eye(65)[letters[:, :-1]], letters[:, 1:]
first_loss, _, memory = model.loss_and_gradients(x[:, :25], targets[:, :25], model.start(1))
print(f"{first_loss:.2f} nats")
must_be("the first loss is 25 · ln 65", at_most(abs(first_loss - 25 * np.log(65)), 0.01))

# %% [markdown]
# Now the window after it. Its gradient must be what small changes give *if the memory handed on stays as it is*; and it
# must differ from the gradient of both windows in one, which may go further back.

# %%
model = SequenceModel("rnn", inputs=65, hidden=6, outputs=65, seed=SEED)
model.parameters["W_y"] += rng.normal(size=(6, 65))
_, gradients_1, memory = model.loss_and_gradients(x[:, :25], targets[:, :25], model.start(1))
_, gradients_2, _ = model.loss_and_gradients(x[:, 25:], targets[:, 25:], memory)
_, gradients_all, _ = model.loss_and_gradients(x, targets, model.start(1))


def second_window():
    """The loss of the second window, from the memory that was handed on."""
    return model.loss_and_gradients(x[:, 25:], targets[:, 25:], memory)[0]


numeric = numerical_gradient(second_window, model.parameters["W_h"])
must_be("with the memory frozen, the gradient is right", at_most(relative_error(gradients_2["W_h"], numeric), 1e-7))
cut = relative_error(gradients_1["W_h"] + gradients_2["W_h"], gradients_all["W_h"])
claim("and it is not the gradient of the whole text: log10 of the difference", at_least(np.log10(cut), -4))

# %% [markdown]
# How much a truncation costs depends on how much would have come across the border: little in a network whose gradient vanishes
# anyway, as above when it reads aloud; more in one that reaches far back.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Train it, all in sight
#
# The demo of the lecture (after A. Karpathy's *min-char-rnn*, 2015): 100 units, windows of 25 characters, every gradient cut
# to ±5, and [**Adagrad**](pages/glossary.md#adagrad) with rate 0.1, which divides each weight's step by the root of all its squared gradients so far.

# %% [markdown]
# On Tiny Shakespeare its first loss was 104.36, which is $25 \log 65$. Ours reads the stories of lesson 01, letter by
# letter. And how good is it? **The baseline** counts which letter follows which.

# %%
book = "\n".join(text.detokenize(story) for story in world.sample(3000, seed=SEED))
alphabet = sorted(set(book))
V, tape = len(alphabet), np.array([alphabet.index(letter) for letter in book])
pairs = np.zeros((V, V))
np.add.at(pairs, (tape[:-1], tape[1:]), 1)
follows = pairs / np.maximum(pairs.sum(axis=1, keepdims=True), 1)
counted = -25 * np.log(follows[tape[:-1], tape[1:]]).mean()
print(f"{V} letters and signs; 25 · ln {V} = {25 * np.log(V):.2f} nats a window; counting pairs: {counted:.1f}")


def write(model, memory, letter, length):
    """Go on from a memory and a letter: draw one, read it, draw the next."""
    p, h, said = model.parameters, memory["h_0"], [letter]
    for _ in range(length):
        h = rnn_forward(np.eye(V)[[[said[-1]]]], p["W_x"], p["W_h"], p["b"], h)[:, -1]
        y = h[0] @ p["W_y"] + p["b_y"]
        said.append(rng.choice(V, p=np.exp(y - y.max()) / np.exp(y - y.max()).sum()))
    return "".join(alphabet[i] for i in said[1:])


# %% tags=["nbval-ignore-output"]
model = SequenceModel("rnn", inputs=V, hidden=100, outputs=V, seed=SEED)
squares = {name: np.zeros_like(value) for name, value in model.parameters.items()}
memory, losses = model.start(1), []
for step in range(4000):
    window = tape[25 * step : 25 * step + 26]
    x, targets = np.eye(V)[window[None, :-1]], window[None, 1:]
    loss, gradients, memory = model.loss_and_gradients(x, targets, memory)  # forward, and back 25 steps
    losses.append(loss)
    if step in (0, 100, 1000, 3999):
        sample = write(model, memory, window[-1], 80).replace("\n", " / ")
        print(f"step {step:4}, loss {np.mean(losses[-100:]):5.1f}: {sample}")
    for name, value in model.parameters.items():
        g = np.clip(gradients[name], -5, 5)
        squares[name] += g**2
        value -= 0.1 * g / np.sqrt(squares[name] + 1e-8)

# %% slideshow={"slide_type": "fragment"}
must_be("the first loss is 25 · ln V", at_most(abs(losses[0] - 25 * np.log(V)), 0.01))
late = claim("before it learns from them, the last 500 windows cost at most six tenths of the first",
             at_most(np.mean(losses[-500:]) / losses[0], 0.6))  # fmt: skip
claim("and at most nine tenths of what counting pairs costs", at_most(np.mean(losses[-500:]) / counted, 0.9))
fig, ax = plotting.figure(
    7.5, 3, alt="The loss of a window falls with the windows read, below a line for counting pairs."
)
plotting.curve(ax, np.arange(50, 4000, 100), np.reshape(losses, (40, 100)).mean(axis=1), "nats a window of 25",
               line=counted, line_label="counting pairs")  # fmt: skip
plotting.title(ax, late)
plt.show()

# %%
import re


def share_of_words(written):
    """The share of what is written between blanks and punctuation that is a word of the stories."""
    known = set(re.findall(r"\w+", book))
    return np.mean([word in known for word in re.findall(r"\w+", written)])


new = SequenceModel("rnn", inputs=V, hidden=100, outputs=V, seed=SEED)
spelled, before = (share_of_words(write(each, memory, window[-1], 2000)) for each in (model, new))
claim("of what it writes, at least one word in six is a word of the stories", at_least(spelled, 1 / 6))
claim("before training, at most one in twenty was", at_most(before, 0.05))

# %% [markdown]
# At first the loss rises. One explanation, which we did not test: Adagrad's first step moves every weight by 0.1, whatever
# its gradient, and that is as large as the numbers in $W_h$ at the start. Each window is read once, and its loss is taken
# before the network learns from it; some stories come more than once. Lesson 04 trains a network that tells whole stories.
#
# ### How fast is this?
#
# Our NumPy code and Keras, same model, same sizes, forward, backward and update (`benchmarks/numpy_keras.py`):

# %%
speed = [row for row in results.read("numpy_keras.csv") if row["cell"] == "vanilla RNN"]
tables.print_table(
    ["units", "NumPy: tokens/s", "Keras: tokens/s"],
    [(f"{r['units']:.0f}", f"{r['numpy']:,.0f}", f"{r['keras']:,.0f}") for r in speed],
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How far back does it learn?
#
# Back to the question at the beginning, with three kinds of network, each loud and quiet: five seeds, 600 updates on fresh
# sequences each. **Guess:** up to which lag do they learn, the median seed?

# %% [markdown]
# (Each of the six was given the best of three learning rates, chosen on another seed at lags 20 and 100:
# `experiments/lag.py`. The lags tried end at 100. Guess for the two tanh networks.)

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("longest lag, loud", "longest lag, quiet")

# %%
stored = [row for row in results.read("lag.csv") if row["model"].startswith("RNN")]
lag_list = sorted({row["lag"] for row in stored})
names = list(dict.fromkeys(row["model"] for row in stored))


def shares(model, start):
    """Share right: (lags, seeds)."""
    rows = [row for row in stored if (row["model"], row["start"]) == (model, start)]
    return np.array([[row["accuracy"] for row in rows if row["lag"] == lag] for lag in lag_list])


runs = {start: {name: shares(name, start) for name in names} for start in ("loud", "quiet")}
rates = {(row["model"], row["start"]): row["learning_rate"] for row in stored}
tables.print_table(["learning rate chosen", *runs], [(name, *(rates[name, start] for start in runs)) for name in names])

# %%
far = lag_list.index(50)  # the first of the far lags
loud, quiet = np.sort([[runs[start][name] for name in names if "ReLU" not in name] for start in runs])  # seeds sorted
middle, last_but_one = loud[:, far:, 2].max(), quiet[:, :, 1].min()
claim("loud tanh networks learn lag 10, every seed", at_least(loud[:, 0].min(), 0.99), table="lag.csv")
forgets = claim("loud tanh networks are at chance from lag 50 on, in the median", at_most(middle, 0.2), table="lag.csv")
learns = claim("quiet tanh networks learn every lag, four of five", at_least(last_but_one, 0.99), table="lag.csv")
claim("but not every seed: two runs are wrong half of the time or more", (quiet <= 0.5).sum() == 2, table="lag.csv")
claim("and loudly, one seed of the ten learned lag 50", (loud[:, far] >= 0.99).sum() == 1, table="lag.csv")
relu = [runs[start]["RNN, ReLU and identity"].min() for start in runs]
claim("ReLU with the identity learns every lag, loud or quiet, every seed", at_least(min(relu), 0.99), table="lag.csv")

# %% slideshow={"slide_type": "slide"}
fig, axes = plotting.figure(
    10,
    3.6,
    columns=2,
    sharey=True,
    alt="Share right against lag: loud, tanh networks fall to chance; quiet, nearly all stay. ReLU stays.",
)
for ax, start in zip(axes, runs, strict=True):
    plotting.lag_curves(ax, lag_list, runs[start], chance=1 / 8, legend=ax is axes[1])
plotting.title(axes[0], forgets)
plotting.title(axes[1], learns)
plt.show()

# %% tags=["nbval-ignore-output", "answer"]
learned = [start[:, :, 2].min(axis=0) >= 0.99 for start in (loud, quiet)]  # the median seed, of both kinds
longest = [max(np.array(lag_list)[lags]) for lags in learned]
guess.answer(*longest, because="Loud, each step back makes the gradient much shorter; quiet, it arrives.")

# %% [markdown]
# Left: loud. Right: quiet. A mark is a seed, the line goes through the medians. "Plain RNNs forget" is a sentence about a
# start: on both sides the cells are the same; the learning rates, each the best of three, are not. We had looked at the gradients of
# two of these networks before training, orthogonal tanh and ReLU with the identity: where the gradient arrived over 100
# steps, lag 100 was learned in the median, and elsewhere not. But a quiet network begins nearly deaf. Recall, where one
# symbol counts, forgives that; a task where every word counts might not, and we tried none. Can a network hear everything **and** keep something? ReLU
# with the identity does both here: its units begin by adding up what they read. Lesson 03 has another way.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What we saw
#
# - Gradients, 50 steps back: *in silence, ρ to the power of the lag*; *reading aloud, at most 1 %*.
# - *A singular value above 1, and yet at most 1 % is left*.
# - *Without clipping the loss is not a number*; *with clipping it learns*.
# - Trained in sight, *the last 500 windows cost at most six tenths of the first*.
# - *Loud tanh networks are at chance from lag 50 on*; *quiet ones learn every lag, four of five*.

# %% [markdown]
# ## Exercises
#
# Exercises 1 to 3 stand above.
#
# ### 4 · Open-ended: a start that reaches
#
# Find a start $W_h$ for a tanh network of `H` units that reads Gaussian noise (standard deviation 0.5 in every unit, loudness
# 0.5 in the figure with the sliders), so that 50 steps back a gradient of length 1 still has
# a length between 0.01 and 100. The check tries three draws of noise.


# %% nbgrader={"grade_id": "start"}
def my_start(H, rng):
    """H units, a NumPy generator -> W_h (H, H)."""
    ### BEGIN SOLUTION
    return 1.5 * np.linalg.qr(rng.normal(size=(H, H)))[0]
    ### END SOLUTION


# %% nbgrader={"grade_id": "start-check", "points": 3}
lesson_02.check_start(my_start)

# %% [markdown]
# ## In practice
#
# - Check hand-written gradients against small changes, in float64, with random weights.
# - Clip by norm: it is one line, and above it decided between no number at all and a task that is solved.
# - Orthogonal starts for recurrent matrices; Keras does it by default.
# - Plot the gradient against the lag before you train for a day. Before you say that a network cannot learn something, give it
#   another start and another learning rate.
# - The third remedy, architecture, is lesson 03.
#
# ## Going further
#
# - R. Pascanu, T. Mikolov, Y. Bengio, *On the difficulty of training recurrent neural networks*, ICML 2013
#   ([arXiv:1211.5063](https://arxiv.org/abs/1211.5063)): equations 3 to 5 are derived here.
# - Y. Bengio, P. Simard, P. Frasconi, *Learning long-term dependencies with gradient descent is difficult*, IEEE Transactions on
#   Neural Networks 5, 1994 ([doi:10.1109/72.279181](https://doi.org/10.1109/72.279181)).
# - P. Werbos, *Backpropagation through time: what it does and how to do it*, Proceedings of the IEEE 78, 1990
#   ([doi:10.1109/5.58337](https://doi.org/10.1109/5.58337)).
# - R. Williams, J. Peng, *An efficient gradient-based algorithm for on-line training of recurrent network trajectories*,
#   Neural Computation 2, 1990 ([doi:10.1162/neco.1990.2.4.490](https://doi.org/10.1162/neco.1990.2.4.490)): truncation.
# - A. Saxe, J. McClelland, S. Ganguli, *Exact solutions to the nonlinear dynamics of learning in deep linear neural networks*,
#   ICLR 2014 ([arXiv:1312.6120](https://arxiv.org/abs/1312.6120)): orthogonal starts.
# - Q. Le, N. Jaitly, G. Hinton, *A simple way to initialize recurrent networks of rectified linear units*, 2015
#   ([arXiv:1504.00941](https://arxiv.org/abs/1504.00941)).
# - P. Martínez Olmos, *Sequential learning with recurrent neural networks*, lecture: unrolled graphs, vanishing gradients and
#   three remedies; X. Bresson, *Recurrent neural networks*, lecture, 2017: *clouds* and *France*, min-char-rnn.
#
# Before this: [01 · Predict the next word](01_predict_the_next_word.ipynb).
# Next: [03 · Open and close the gates of an LSTM](03_open_and_close_the_gates.ipynb).

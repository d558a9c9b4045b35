# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 11 · Follow what moves
#
# **You will do:** predict the next point of a noisy swing by eye, by the best filter there is, and by an LSTM that has never heard of it; ask how far ahead
# one can see; then put pictures in the place of points, and ask which way a hand moves.
#
# **You will learn:** a network with a real-valued output that says how sure it is; the Kalman filter, a floor nobody can go below; when a linear filter is not
# enough; a CNN for each frame and a memory over them; what no frame and no set of frames can tell.
#
# **You need:** lessons 08 and 10.
#
# **Run time:** about 52 seconds on two processor cores with AVX-512, about 61 on one without. Four cells train and say so.
#
# **Sources.** R. Kalman, *A new approach to linear filtering and prediction problems*, Journal of Basic Engineering 82, 1960,
# [doi:10.1115/1.3662552](https://doi.org/10.1115/1.3662552). J. Donahue et al., *Long-term recurrent convolutional networks for visual recognition and
# description*, CVPR 2015, [arXiv:1411.4389](https://arxiv.org/abs/1411.4389). C. Finn et al., *Deep spatial autoencoders for visuomotor learning*, ICRA 2016,
# [arXiv:1509.06113](https://arxiv.org/abs/1509.06113). More at the end.

# %% [markdown]
# <details><summary><b>Symbols of this lesson</b></summary>
#
# | letter | meaning | size |
# | --- | --- | --- |
# | $\theta_t$ | what moves, hidden: here place and speed at step $t$ | 2 |
# | $\mu$ | mean of what comes, as the network says it | a number |
# | $\nu$ | standard deviation of what comes, as the network says it | a number |
# | $b$ | bias of the read-out | classes |
# | $C$ | what is seen of what moves | a row |
# | $E$ | loss, in nats | a number |
# | $F$ | how what moves goes on, in one step | a matrix |
# | $h_t$ | memory after step, or frame, $t$ | $H$ |
# | $H$ | units of memory | a count |
# | $K$ | gain of a filter: how far a surprise is believed | a column |
# | $n$ | a count: of steps ahead | a count |
# | $p$ | probability of each movement | classes |
# | $t$ | step, or place, of what is read: a point or a frame | a count |
# | $T$ | number of steps, or places: of points or frames | a count |
# | $v_t$ | vector of a picture, or of a region: here, of frame $t$ | 32 |
# | $W_y$ | weights of the read-out | a matrix |
# | $x_t$ | input of a layer: what is seen at step $t$, with noise | a number |
# | $y$ | logit of each movement | classes |
#
# </details>

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_lib.backend import keras
from keras import layers

from course_lib import batching, demos, plotting, results, tables, training
from course_lib.claims import at_least, at_most, claim, must_be, seed
from course_lib.exercises import lesson_11
from course_lib.guesses import ask
from course_lib.models.clips import clip_reader, frame_cnn, of_frames
from course_lib.worlds import gestures, signals

SEED = seed()
training.set_seed(SEED)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A question with a number in it
#
# A mass hangs on a spring. At every step something pushes it a little, to one side or the other. You see where it is, with noise:

# %% slideshow={"slide_type": "fragment"}
world = signals.oscillator()
seen, hidden = world.sample(1, 31, seed=7)
alt = "Thirty noisy points of a swing; the true place is a smooth line between them; the last point is missing."
_, ax = plotting.figure(8.5, 2.8, alt=alt)
plotting.signal(ax, seen[0, :30, 0], hidden[0, :30, 0])
plotting.title(ax, neutral="Thirty points that were seen; the line is the true place, which nobody sees")
plt.show()

# %% [markdown] slideshow={"slide_type": "fragment"}
# Predict the next point. Who always says 0, the mean, has a squared error of 1.25, on average over such signals; the noise alone makes .25 of it. **Guess:** the squared error of the
# best possible predictor.

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("the next point", "mean squared error of the best possible predictor")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The best possible filter, in two lines
#
# What moves is hidden: $\theta_t$, the mass's place and speed. It goes on by a matrix, with a random push. Of it one number is seen, with noise:
#
# $$\theta_{t+1} = F \theta_t + \text{push}, \qquad x_t = C \theta_t + \text{noise}$$

# %% [markdown] slideshow={"slide_type": "fragment"}
# The [**Kalman filter**](pages/glossary.md#kalman-filter) keeps an estimate $\hat\theta$ of it. Each step has two lines: move the estimate by a part of the surprise; let it go on as the mass would.
#
# $$\hat\theta \leftarrow \hat\theta + K (x_t - C \hat\theta)$$
#
# $$\hat\theta \leftarrow F \hat\theta$$
#
# (Kalman 1960, theorem 3, with noise in what is seen.)

# %% [markdown]
# The [**gain**](pages/glossary.md#gain) $K$ is large where the estimate is unsure, small where what is seen is noisy. It depends on the world, not on the points.
#
# By hand: the estimate says the next point is 1. It comes as 2. With a gain of .4 for the place, the new estimate of the place is 1.4: a surprise of 1, believed by four tenths.
#
# The same in code, for many signals at once:


# %% slideshow={"slide_type": "fragment"}
def kalman(x, F, C, K):
    """What is seen (N, T, 1) -> the prediction of the next point, from all before: (N, T, 1)."""
    estimate, said = np.zeros((len(x), len(F))), []
    for t in range(x.shape[1]):
        estimate = estimate + (x[:, t] - estimate @ C.T) @ K[t].T
        estimate = estimate @ F.T
        said.append(estimate @ C.T)
    return np.stack(said, axis=1)


T = 60
test, _ = world.sample(4000, T + 12, seed=1000 + SEED)
best = kalman(test[:, :T], world.A, world.C, world.gains(T))
settled = slice(20, None)  # once the filter has seen some points
kalman_error = ((test[:, 1 : T + 1] - best)[:, settled] ** 2).mean()
next_point = kalman(seen[:, :30], world.A, world.C, world.gains(30))[0, -1, 0]

# %% tags=["nbval-ignore-output", "answer"]
why = f"The next point came as {seen[0, 30, 0]:.2f}. No predictor can know the push to come, nor the noise."
guess.answer(next_point, world.floor(), because=why)

# %% slideshow={"slide_type": "slide"}
must_be("the hand-written filter is the library's", at_most(abs(best - world.predict(test[:, :T])).max(), 1e-9))
must_be(
    "its error is the one that theory gives, up to sampling error", at_most(abs(kalman_error / world.floor() - 1), 0.02)
)
must_be("theory gives .420", at_most(abs(world.floor() - 0.42), 0.0005))
persistence = ((test[:, 1 : T + 1] - test[:, :T])[:, settled] ** 2).mean()
print(f"squared error: mean {world.variance:.2f}, the point before {persistence:.2f}, Kalman filter {kalman_error:.3f}")

# %% [markdown]
# Nobody can do better: with pushes and noise that are normally distributed, as here, this is a theorem, for linear and all other predictors. So .42 is a floor, as the entropy was for words. (In the code, `world.A` is $F$; `world.gains`
# computes each step's $K$ from the variances, as exercise 1 does for one number.)
#
# ### 1 · Derive: the gain
#
# You have an estimate of a place, with variance `a`, and see the place once, with noise of variance `b`. The new estimate is the old one plus $K$ times the
# surprise. Derive on paper the $K$ for which the new estimate's variance is least, and that variance.


# %% nbgrader={"grade_id": "gain"}
def gain(a, b):
    """Variance of the estimate, of the noise -> the best K, the new estimate's variance."""
    ### BEGIN SOLUTION
    return a / (a + b), a * b / (a + b)
    ### END SOLUTION


# %% nbgrader={"grade_id": "gain-check", "points": 2}
lesson_11.check_gain(gain)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## An LSTM that has to find out
#
# It is told nothing of springs: no $F$, no $C$, no $K$. It reads points, and after each it says two numbers for every step ahead: a mean $\mu$ and a standard deviation $\nu$.


# %% slideshow={"slide_type": "fragment"}
def forecaster(features, ahead, units=32):
    """Numbers (B, T, D) -> mean and log standard deviation of what comes 1 to `ahead` steps later: (B, T, n, D, 2)."""
    numbers = keras.Input((None, features))
    h = layers.LSTM(units, return_sequences=True)(numbers)  # (B, T, H)
    said = layers.Dense(ahead * features * 2)(h)
    return keras.Model(numbers, layers.Reshape((-1, ahead, features, 2))(said))


# %% [markdown]
# The loss is $-\ln p$ of what came, under a normal distribution with that mean and that spread:
#
# $$E = \ln \nu + \frac{(x_{t+n} - \mu)^2}{2 \nu^2} + .919$$
#
# Who is too sure pays for a miss; who is never sure always pays a little. (`training.gaussian_loss`; the network gives $\ln \nu$, so $\nu$ is positive.)
#
# **Guess**, then run. It trains for about five seconds, 12 steps ahead at once.

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("its squared error, divided by the Kalman filter's")

# %%
AHEAD = 12


def trained_on(some_world, ahead, steps, rate):
    """A forecaster, trained on signals that are new in every batch."""
    training.set_seed(SEED)
    network = forecaster(some_world.sample(1, 1, 0)[0].shape[-1], ahead)
    training.compile_for_training(network, steps, rate, loss=training.gaussian_loss)
    batches = batching.signal_batches(lambda n, s: some_world.sample(n, T + ahead, s), 32, SEED, ahead)
    training.fit(network, batches, steps)
    return network


swing = trained_on(world, AHEAD, 400, 1e-2)
read, later = batching.ahead_targets(test, AHEAD)
said = training.logits(swing, read.astype("float32")).astype(float)
mean, spread = said[:, settled, :, 0, 0], np.exp(said[:, settled, :, 0, 1])
came = later[:, settled, :, 0]
network_error = ((came - mean) ** 2).mean(axis=(0, 1))  # for 1 to 12 steps ahead
best_error = np.array(
    [((later[:, settled, n] - world.predict(read, n + 1)[:, settled]) ** 2).mean() for n in range(AHEAD)]
)

# %% tags=["nbval-ignore-output", "answer"]
guess.answer(network_error[0] / best_error[0], because="The filter is a recurrence with a matrix. An LSTM can be one.")

# %% slideshow={"slide_type": "slide"}
near = claim(
    "one step ahead, its squared error is within 2 % of the best filter's",
    at_most(network_error[0] / best_error[0], 1.02),
)
claim("and so it is 2 to 12 steps ahead", at_most(max(network_error / best_error), 1.02))
must_be("on the same signals it is not below the filter's", at_least(min(network_error / best_error), 0.999))
inside = (abs(came - mean) < 1.645 * spread).mean()
sure = claim("of what comes, .88 to .92 lie in its 90 % interval", at_most(abs(inside - 0.9), 0.02))
alt = "A signal, and the forecast of twelve steps after it: the network's mean and interval lie on the filter's."
_, ax = plotting.figure(8.5, 3, alt=alt)
one, path = world.sample(1, 72, seed=11)
ahead_said = training.logits(swing, one[:, :T].astype("float32"))[0, -1, :, 0].astype(float)
filtered = np.array([world.predict(one[:, :T], n + 1)[0, -1, 0] for n in range(AHEAD)])
plotting.signal(
    ax,
    one[0, 30:T, 0],
    path[0, 30:, 0],
    ahead_said[:, 0],
    1.645 * np.exp(ahead_said[:, 1]),
    {"Kalman filter": filtered},
)
plotting.title(ax, near)
plt.show()

# %% [markdown] slideshow={"slide_type": "slide"}
# ### How far ahead can one see?
#
# At some distance every forecast is as good as saying the mean. The floor for $n$ steps ahead is exact, too.

# %% slideshow={"slide_type": "fragment"}
floors = np.array([world.floor(n + 1) for n in range(AHEAD)])
alt = "Squared error over steps ahead: the network's lies on the floor, which rises in waves towards the variance."
_, ax = plotting.figure(8, 3, alt=alt)
plotting.lines(ax, range(1, AHEAD + 1), {"the network": network_error}, "steps ahead", "mean squared error",
               dashed={"floor": floors, "always the mean": np.full(AHEAD, world.variance)}, ylim=(0, 1.35))  # fmt: skip
plotting.title(ax, neutral="The floor, the network, and who always says the mean")
plt.show()

# %%
must_be("after one whole swing, 12 steps, the floor is .60 to .65 of the variance",
        at_most(abs(floors[-1] / world.variance - 0.625), 0.025))  # fmt: skip

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A rule that switches
#
# A point goes round and round, and turns back now and then: one rule or the other holds, and nobody says which. The best prediction is no longer linear in what was
# seen: first find out which way it goes, then predict. The best linear predictor must hedge.

# %% slideshow={"slide_type": "fragment"}
turner = signals.turning()
turns, rules = turner.sample(2000, T + 1, seed=2000 + SEED)
read, later = turns[:, :-1], turns[:, 1:]
floor = turner.expected_error(read)[:, settled].mean()
linear = turner.linear_error(T)[settled].mean()
print(f"squared error: best possible {floor:.4f}, best linear {linear:.4f}, variance 1")

# %% [markdown]
# (The best possible predictor weighs the two rules by their probabilities, a hidden Markov model: `SwitchingSignals.rules`.) **Guess**, then train, for about eight seconds.

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("the LSTM's squared error: 0 is as the best possible, 1 as the best linear")

# %%
around = trained_on(turner, 1, 800, 2e-2)
said = training.logits(around, read.astype("float32"))[:, :, 0, :, 0].astype(float)
network_around = ((later - said)[:, settled] ** 2).mean()
between = (network_around - floor) / (linear - floor)

# %% tags=["nbval-ignore-output", "answer"]
guess.answer(between, because="A gate may let one rule or the other through, which no fixed matrix can.")

# %% slideshow={"slide_type": "slide"}
beats = claim("the LSTM is much nearer to the best possible than to the best linear predictor", at_most(between, 0.25))
since = np.full((len(rules), T), T)  # steps since the rule changed
for t in range(1, T):
    since[:, t] = np.where(rules[:, t] != rules[:, t - 1], 0, since[:, t - 1] + 1)
errors = {
    "the LSTM": ((later - said) ** 2).mean(axis=-1), "best linear": ((later - turner.linear_predict(read)) ** 2).mean(axis=-1),
    "best possible": ((later - turner.predict(read)) ** 2).mean(axis=-1),
}  # fmt: skip
after = {name: [e[:, settled][since[:, settled] == n].mean() for n in range(9)] for name, e in errors.items()}
alt = "Squared error over steps since the last turn: all are surprised at the turn; the network and the best recover in two or three steps."
_, ax = plotting.figure(8, 3, alt=alt)
plotting.lines(ax, range(9), {"the LSTM": after["the LSTM"]}, "steps since it turned back", "squared error",
               dashed={name: after[name] for name in ("best linear", "best possible")})  # fmt: skip
plotting.title(ax, beats)
plt.show()

# %% [markdown]
# Nobody foresees a turn: at 0 all three miss, and who was surest misses most. The best possible predictor changes its mind after one surprise. The LSTM needs two or three, and just
# behind a turn it is worse than the linear one; what it gains, it gains in the long stretches between.

# %% [markdown]
# ### 2 · Mend it: a filter that looks too soon
#
# This filter for one number, $x_{t+1} = $ `f` $x_t$ and a push, is meant to give the prediction of $x_{t+1}$ from all up to $x_t$. It has two bugs:
#
# ```python
# def filtered(x, f, K):
#     estimate, said = 0.0, []
#     for x_t in x:
#         estimate = estimate + K * x_t
#         said.append(estimate)
#         estimate = f * estimate
#     return said
# ```
#
# Mend it: the surprise is what was not expected, and a prediction is of the next step.


# %% nbgrader={"grade_id": "filtered"}
def filtered(x, f, K):
    """What is seen, a list of T numbers; f; the gain -> T predictions, the t-th of what comes after x[t]."""
    ### BEGIN SOLUTION
    estimate, said = 0.0, []
    for x_t in x:
        estimate = f * (estimate + K * (x_t - estimate))
        said.append(estimate)
    return said
    ### END SOLUTION


# %% nbgrader={"grade_id": "filtered-check", "points": 2}
lesson_11.check_filtered(filtered)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Frames in the place of points
#
# Now what comes at each step is a picture. A hand swipes to one side, fast, and comes back, slowly; a clip is one such cycle of twelve frames, and may begin anywhere in it.

# %% slideshow={"slide_type": "fragment"}
hands = gestures.GestureWorld(("across", "upright", "depth", "door"))
SIZE = 32
few = hands.sample(200, seed=5)
rows = [np.flatnonzero(few.labels == label)[0] for label in (0, 1, 4, 7)]
alt = "Four clips of twelve frames each: a hand to the right, to the left, coming closer; a door that closes."
_, axes = plotting.figure(11, 4.2, rows=4, columns=hands.frames, alt=alt)
for line, row in zip(axes, rows, strict=True):
    marks = ["▬" if there else "" for there in few.stroke[row]]
    plotting.pictures(line, hands.draw(few[row : row + 1], 64)[0], marks)
    line[0].set_ylabel(hands.names[few.labels[row]].replace(" ", "\n", 1), rotation=0, ha="right", va="center")
plt.show()

# %% [markdown]
# (Marked: the frames of the stroke.) Which way does it go? Cover all frames but one, and you cannot say. Shuffle them: you cannot say either. Played backwards, a swipe to the right is a swipe
# to the left, and exactly as likely: every frame of the one is a frame of the other. Colours, places, light, noise and a shaking camera are drawn the same way for both.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### What can be known without the order
#
# The program enumerates all phases of a cycle: the best accuracy on the direction, of who sees one frame, a set of all frames, or two neighbours in order.

# %% slideshow={"slide_type": "fragment"}
one_frame = gestures.ceiling(lambda poses: poses[3])
as_a_set = gestures.ceiling(np.sort)
neighbours = gestures.ceiling(lambda poses: poses[3:5])
print(f"one frame {one_frame:.2f}, a set of twelve {as_a_set:.2f}, two neighbours {neighbours:.2f}")
must_be("one frame, or twelve without their order, say nothing about the direction",
        at_most(max(abs(one_frame - 0.5), abs(as_a_set - 0.5)), 1e-9))  # fmt: skip

# %% [markdown] slideshow={"slide_type": "slide"}
# ### A CNN for each frame, a memory over them
#
# Donahue et al. 2015: one CNN looks at every frame, with the same weights; its vectors $v_t$ are what a recurrent network reads, theirs an LSTM.
#
# $$h_t = \text{GRU}(h_{t-1}, v_t), \qquad y = W_y h_T + b, \qquad p = \operatorname{softmax}(y)$$

# %% slideshow={"slide_type": "fragment"}
from course_lib.plotting import diagrams

diagrams.clip_reader()
plt.show()

# %% [markdown]
# What must a vector tell? Not only what is in the frame, but *where* it is. So our CNN ends in a [**spatial softmax**](pages/glossary.md#spatial-softmax): each of 32 maps becomes the mean place of what it
# answers to (Finn et al. 2016), as attention over the cells of a picture would look there. It is trained first, on single frames, to say where hand or door is (`frame_cnn`; about fifteen seconds).

# %%
train, test_clips = hands.sample(3000, seed=SEED), hands.sample(2500, seed=5000 + SEED)
pictures, test_pictures = hands.draw(train, SIZE), hands.draw(test_clips, SIZE)


def pose_of(clips):
    """Where hand or door is in each frame, each number of about size 1: (n, T, 6)."""
    return (hands.states(clips) / [0.4, 0.4, 0.5, 0.5, 0.5, 0.5]).astype("float32")


def trained_cnn(where=True, steps=400):
    """A CNN of single frames that has learned to say the pose."""
    training.set_seed(SEED)
    cnn = frame_cnn(SIZE, where=where)
    poser = keras.Model(cnn.input, layers.Dense(6)(cnn.output))
    training.compile_for_training(poser, steps, 6e-3, warm_up=20, clip=100, loss="mse")
    flat, poses, rng = pictures.reshape(-1, SIZE, SIZE, 3), pose_of(train).reshape(-1, 6), np.random.default_rng(SEED)
    chosen = (rng.integers(len(flat), size=256) for _ in range(steps))
    training.fit(poser, ((flat[some].astype("float32"), poses[some]) for some in chosen), steps)
    return cnn


cnn = trained_cnn()
vectors, test_vectors = of_frames(cnn, pictures), of_frames(cnn, test_pictures)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Three networks read the vectors, each trained for the same 800 updates: a GRU, in order (lesson 05); one that takes the mean of all (a set); one that sees one frame. **Guess** the share of clips whose direction is right.

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("direction right, GRU", "direction right, set of frames")

# %%
scale = vectors.mean(axis=(0, 1)), vectors.std(axis=(0, 1)) + 1e-3


def scaled(some):
    """Each number with mean 0 and spread 1 over the training clips."""
    return ((some - scale[0]) / scale[1]).astype("float32")


def trained_reader(kind, steps=800):
    """A network over the frames' vectors."""
    training.set_seed(SEED)
    network = clip_reader(kind, vectors.shape[-1], len(hands.names))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    training.compile_for_training(network, steps, 1e-2, warm_up=50, loss=loss)
    rng, inputs = np.random.default_rng(SEED), scaled(vectors)
    chosen = (rng.integers(len(inputs), size=64) for _ in range(steps))
    training.fit(network, ((inputs[some], train.labels[some]) for some in chosen), steps)
    return network


# %%
def direction_right(logits, clips=test_clips):
    """The share of clips whose direction is right, the pair being known."""
    of_pair = logits.reshape(len(logits), -1, 2)[np.arange(len(clips)), clips.pair]
    return (of_pair.argmax(axis=-1) == clips.reverse).mean()


readers = {kind: trained_reader(kind) for kind in ("gru", "set", "frame")}
logits = {kind: training.logits(network, scaled(test_vectors)) for kind, network in readers.items()}
right = {kind: direction_right(said) for kind, said in logits.items()}

# %% tags=["nbval-ignore-output", "answer"]
why = "The set has all twelve vectors and not their order. With the order, two neighbours are nearly enough."
guess.answer(right["gru"], right["set"], because=why)

# %% slideshow={"slide_type": "slide"}
order = claim("the GRU gets the direction right in at least 93 of 100 clips", at_least(right["gru"], 0.93))
noise = 3 * 0.5 / np.sqrt(len(test_clips))  # three standard errors of a coin
off = max(abs(right[kind] - 0.5) for kind in ("set", "frame"))
must_be("set and frame are at one half, within three standard errors", at_most(off, noise))
flipped = training.logits(readers["gru"], scaled(test_vectors[:, ::-1])).argmax(axis=-1)
opposite = claim(
    "clips played backwards are named as the opposite in 9 of 10",
    at_least((flipped == test_clips.labels ^ 1).mean(), 0.9),
)
alt = (
    "Three bars, the share of clips whose direction is right: the GRU is near 1, set and single frame are at one half."
)
_, ax = plotting.figure(7, 2.2, alt=alt)
plotting.bars(ax, ["GRU", "set of frames", "one frame"], list(right.values()), "direction right", highlight=[0])
plotting.title(ax, order)
plt.show()

# %% tags=["nbval-ignore-output"] slideshow={"slide_type": "fragment"}
kinds = {kind: (said.argmax(axis=-1) // 2 == test_clips.pair).mean() for kind, said in logits.items()}
tables.print_table(
    ["", "which movement", "direction"], [(kind, f"{kinds[kind]:.3f}", f"{right[kind]:.3f}") for kind in right]
)
by_pair = {
    pair: direction_right(logits["gru"][test_clips.pair == i], test_clips[test_clips.pair == i])
    for i, pair in enumerate(hands.pairs)
}
print("GRU, direction by movement:", ", ".join(f"{pair} {value:.2f}" for pair, value in by_pair.items()))

# %% [markdown]
# *Which* movement it is, the set knows, too. All it lacks is the order.
#
# ### 3 · Predict: three little worlds
#
# A thing stands at place 0, 1 or 2. Forwards a clip shows
#
# - world A: 0, 2, 1, beginning at any of the three (0 2 1, 2 1 0, 1 0 2), equally likely;
# - world B: 0, 1, 2, always from the start;
# - world C: 0, 1, 2, 1, beginning at any of the four.
#
# Backwards: the same clips, last frame first. Both are equally likely. What is the best accuracy on the direction of who sees the first frame; the set of frames; all in order? Work on paper.


# %% nbgrader={"grade_id": "ceilings"}
def ceilings():
    """-> {world: (first frame, set, order)}, each a number between 0 and 1."""
    ### BEGIN SOLUTION
    return {"A": (0.5, 0.5, 1), "B": (1, 0.5, 1), "C": (0.5, 0.5, 0.5)}
    ### END SOLUTION


# %% nbgrader={"grade_id": "ceilings-check", "points": 2}
lesson_11.check_ceilings(ceilings)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### What does a frame's vector have to tell?
#
# Stored runs (`python -m experiments.gestures`), five seeds each; medians. *What*: the CNN learned whether it is a hand or a door, and its colours, and not where. *Untrained*: the CNN as it starts.
# *Together*: CNN and GRU trained at once, on the movements' names. *3-D convolutions* read all pictures, over time as over the picture (Tran et al. 2015).

# %% slideshow={"slide_type": "fragment"}
runs = results.read("gestures.csv")
cases = list(dict.fromkeys((row["frames"], row["reader"]) for row in runs))


def column(name):
    """The five numbers of each case."""
    return {case: [row[name] for row in runs if (row["frames"], row["reader"]) == case] for case in cases}


of, which, seconds = column("direction"), column("movement"), column("cpu_seconds")
tables.print_table(
    ["frames", "read by", "direction", "which movement", "CPU s"],
    [
        (*case, f"{np.median(of[case]):.2f}", f"{np.median(which[case]):.2f}", f"{np.median(seconds[case]):.0f}")
        for case in cases
    ],
)

# %% slideshow={"slide_type": "fragment"}
claim(
    "with a CNN that learned where, the GRU gets .95 or more right, in every run",
    at_least(min(of["where", "gru"]), 0.95),
    table="gestures.csv",
)
without = max(of["what", "gru"] + of["untrained", "gru"])
claim("with one that learned what, or nothing, .75 at most", at_most(without, 0.75), table="gestures.csv")
flat = min(of["where", "gru"]) - min(of["where, no places", "gru"])
claim("without the spatial softmax, the same CNN serves nearly as well", at_most(flat, 0.06), table="gestures.csv")
both = max(of["together", "gru"] + of["pictures", "3-D convolutions"])
claim(
    "who learns from the names of movements alone gets .85 at most, in 600 updates",
    at_most(both, 0.85),
    table="gestures.csv",
)

# %% [markdown]
# So it is the teaching that counts here, and not the layer: told to say where, a CNN without a spatial softmax finds a way (perhaps because its padding tells it where the edges are). (Nor are these equals in every
# respect: 400 updates on single frames and 800 on clips, or 600 on clips from the pictures; with more clips and updates *together* may well come further.)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Forwards, backwards, shuffled
#
# Press the buttons: the same frames, in three orders, and what the GRU says.


# %% slideshow={"slide_type": "fragment"}
def draw_clip(which, order="forwards"):
    """A clip of the test set in an order, and the probability of each movement after each frame."""
    steps = np.arange(hands.frames)
    places = {"forwards": steps, "backwards": steps[::-1], "shuffled": np.random.default_rng(0).permutation(steps)}[
        order
    ]
    ordered = scaled(test_vectors[which][places])[None]
    after = np.concatenate([training.logits(readers["gru"], ordered[:, : t + 1]) for t in steps])
    p = np.exp(after) / np.exp(after).sum(axis=-1, keepdims=True)
    alt = "Twelve frames in a row, and below them lines: the probability of each movement after each frame."
    fig, axes = plotting.figure(10, 3.6, rows=2, alt=alt)
    plotting.film(axes[0], hands.draw(test_clips[which : which + 1], 64)[0][places], test_clips.stroke[which][places])
    named = sorted({p[-1].argmax(), test_clips.labels[which], test_clips.labels[which] ^ 1})
    plotting.lines(axes[1], steps + 1, {hands.names[i]: p[:, i] for i in named}, "frames read", "p", ylim=(-0.02, 1.02))
    plotting.title(axes[0], neutral=f"{hands.names[test_clips.labels[which]]}, {order}")
    return fig


draw_clip(0)
plt.show()

# %% tags=["nbval-ignore-output"]
demos.clip(draw_clip, len(test_clips))

# %% [markdown] slideshow={"slide_type": "slide"}
# ### When did it decide?
#
# Hold the film for one frame: put the vector of the frame before in its place. How far does that move the logit of the true direction against the other one? Do it for
# each frame. The world knows which frames are the stroke: 3 of 12, on average. **Guess** in what share of clips the frame that counts most is one of the stroke, or stands beside it.

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("share of clips")

# %%
asked = test_clips[:400]
frames_read = scaled(test_vectors[:400])


def for_the_truth(some):
    """Logit of the true direction less that of the other one: (n,)."""
    said, rows = training.logits(readers["gru"], some), np.arange(len(some))
    return said[rows, asked.labels] - said[rows, asked.labels ^ 1]


effect = np.zeros((len(asked), hands.frames))
for t in range(1, hands.frames):
    held = frames_read.copy()
    held[:, t] = held[:, t - 1]
    effect[:, t] = abs(for_the_truth(frames_read) - for_the_truth(held))
near_stroke = asked.stroke | np.roll(asked.stroke, 1, axis=1) | np.roll(asked.stroke, -1, axis=1)
at_stroke = near_stroke[np.arange(len(asked)), effect.argmax(axis=1)].mean()
by_chance = near_stroke[:, 1:].mean()

# %% tags=["nbval-ignore-output", "answer"]
guess.answer(at_stroke, because=f"A frame chosen by chance is such a one in {by_chance:.2f} of the cases.")

# %% slideshow={"slide_type": "slide"}
decided = claim(
    "the frame that counts most is at the stroke, or beside it, more often than by chance",
    at_least(at_stroke - by_chance, 0.05),
)
phase = np.array(
    [np.roll(e, -np.flatnonzero(s & ~np.roll(s, 1))[0]) for e, s in zip(effect, asked.stroke, strict=True)]
)
alt = "Mean effect of holding a frame, over frames since the stroke began."
_, ax = plotting.figure(8, 2.8, alt=alt)
plotting.lines(
    ax, range(hands.frames), {"effect": phase.mean(axis=0)}, "frames since the stroke began", "nats", legend=False
)
plotting.title(ax, decided)
plt.show()

# %% [markdown]
# There is a second hill, half-way back: a slow return tells the direction, too, and the network cannot know that we call the other one the stroke.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What we saw

# %% tags=["nbval-ignore-output"] slideshow={"slide_type": "fragment"}
print(f"""\
Next point of the swing: always the mean {world.variance:.2f}, the point before {persistence:.2f}, the LSTM {network_error[0]:.3f}, the best filter {best_error[0]:.3f}.
Where the rule switches: best linear {linear:.4f}, the LSTM {network_around:.4f}, the best possible {floor:.4f}.
Direction of a hand or door: one frame {right["frame"]:.2f}, a set {right["set"]:.2f}, in order {right["gru"]:.2f}; by theorem .5, .5.
The frame that counts most is at the stroke in {at_stroke:.2f} of the clips, by chance {by_chance:.2f}.""")

# %% [markdown]
# ## Exercises
#
# These two are the last; the first three stand where they belong. All need the first cell of the lesson and nothing else.
#
# ### 4 · What it shows and does not
#
# Mark each statement True or False.
#
# - a: With more training data the LSTM's squared error, on average over ever more signals, could fall below the floor of .42.
# - b: The LSTM was told how the spring swings.
# - c: Where the rule switches, some predictor that is not linear is better than all linear ones.
# - d: A larger network of single frames would get the direction right more often than one half.
# - e: That the GRU gets the direction from the same vectors shows that they are not at fault where the set does not.
# - f: What was found about single frames holds for a hand that moves on and does not come back.
# - g: If .9 of what comes lies in the 90 % intervals, the network knows how sure it may be, on average.


# %% nbgrader={"grade_id": "what-it-shows"}
def what_it_shows():
    """-> {"a": True or False, …, "g": True or False}."""
    ### BEGIN SOLUTION
    return {"a": False, "b": False, "c": True, "d": False, "e": True, "f": False, "g": True}
    ### END SOLUTION


# %% nbgrader={"grade_id": "what-it-shows-check", "points": 2}
lesson_11.check_what_it_shows(what_it_shows)

# %% [markdown]
# ### 5 · Where does a map answer?
#
# The spatial softmax of one map, an array (rows, columns): a softmax over all its cells gives their weights; the mean place has two numbers, $x$ (across, first) and then
# down. A cell's place is its middle, on a scale from −1 to 1: of four columns −.75, −.25, .25, .75; down it grows, as the rows do.


# %% nbgrader={"grade_id": "mean-place"}
def mean_place(map):
    """(rows, columns) -> across, down: two numbers between -1 and 1."""
    ### BEGIN SOLUTION
    rows, columns = map.shape
    weights = np.exp(map - map.max())
    weights /= weights.sum()
    across, down = ((2 * np.arange(n) + 1) / n - 1 for n in (columns, rows))
    return (weights * across).sum(), (weights * down[:, None]).sum()
    ### END SOLUTION


# %% nbgrader={"grade_id": "mean-place-check", "points": 2}
lesson_11.check_mean_place(mean_place)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## On real data: sunspots, and a folder of clips
#
# The number of spots on the sun, year by year since 1700, swings by itself every 11 years, never twice alike. Forecasts a year ahead are compared since 1980: made of the numbers
# before 1921, judged on two later parts. `python -m experiments.sunspots` made the table; squared error as a share of the variance of 1700 to 1979:

# %% slideshow={"slide_type": "fragment"}
runs = results.read("series.csv")
ends = "1921-1955", "1956-1979", "1947-2008"


def relative(model, years):
    """Squared error a year ahead, one for each seed."""
    return np.array([row["relative"] for row in runs if (row["model"], row["years"]) == (model, years)])


told = [(name, *(f"{relative(name, end)[0]:.3f}" for end in ends)) for name in ("persistence", "linear")]
told.append(("LSTM", *("{:.3f} to {:.3f}".format(*np.sort(relative("network", end))[[0, -1]]) for end in ends)))
told += [("Tong & Lim 1980", "0.097", "0.28", None), ("Weigend et al. 1990", "0.086", "0.35", None)]
tables.print_table(["", *ends], told)

# %% slideshow={"slide_type": "fragment"}
ratio = {end: relative("network", end) / relative("linear", end) for end in ends}
claim("sunspots of 1921 to 1955: each of five LSTMs is within 5 % of the linear autoregression's squared error",
      at_most(max(abs(ratio["1921-1955"] - 1)), 0.05), table="series.csv")  # fmt: skip
claim("sunspots of 1947 to 2008: the worst of five LSTMs has more than twice the linear one's squared error",
      at_least(max(ratio["1947-2008"]), 2), table="series.csv")  # fmt: skip

# %% [markdown]
# The published ones are a linear filter that changes with the level (Tong and Lim) and a network of the last 12 years (Weigend et al.): better than ours on the first part. Ours chose
# its own settings on the last years before 1921. All but two of fifteen chose to *add* an LSTM to the linear forecast, and it added next to nothing: 221 numbers are few. The two that did without it, on the last part, are
# those with twice the error: the cycles after 1947 rise higher than any they were made of. `python -m experiments.series FILE.csv --column NAME` does the same with your numbers.

# %% [markdown]
# The public set that most work on clips has been judged on is UCF101: 13,320 clips of 101 actions (Soomro et al. 2012). In Donahue et al.'s table 1 one frame alone names 67.4 % of
# them, the LSTM over frames 68.2 %; from optical flow, which shows what moves, 74.4 and 77.3 %. So in that set a frame tells most, and the order adds little: a surfer stands on a wave. In our world a
# frame tells nothing. Ask which of the two your own clips are like: `python -m experiments.clips train FOLDER` trains an LSTM over frames, a set and a single frame on them.

# %% [markdown]
# ## In practice
#
# - Ask for the floor first: what would who knows everything get wrong? And for the simplest rival: the last value, the mean, a linear filter.
# - Let the network say how sure it is, and count how often it was.
# - Before you read frames in order, try one frame, and a set. If they do as well, the order is not what you need.
# - A CNN that was trained to say what is in a picture may drop where it is.
# - Play clips backwards. What the network says then tells what it looks at.

# %% [markdown]
# ## Going further
#
# - D. Tran et al., *Learning spatiotemporal features with 3D convolutional networks*, ICCV 2015, [arXiv:1412.0767](https://arxiv.org/abs/1412.0767).
# - K. Soomro, A. Zamir, M. Shah, *UCF101: a dataset of 101 human actions classes from videos in the wild*, 2012, [arXiv:1212.0402](https://arxiv.org/abs/1212.0402).
# - S. Särkkä, *Bayesian filtering and smoothing*, Cambridge 2013, [doi:10.1017/CBO9781139344203](https://doi.org/10.1017/CBO9781139344203): the filter, derived.
# - L. Rabiner, *A tutorial on hidden Markov models*, Proceedings of the IEEE 77, 1989, [doi:10.1109/5.18626](https://doi.org/10.1109/5.18626): who knows the rules, and not which one holds.
# - L. Pickup et al., *Seeing the arrow of time*, CVPR 2014, [doi:10.1109/CVPR.2014.262](https://doi.org/10.1109/CVPR.2014.262): is a film played backwards?
#
# Before this: [10 · Read a review, say one thing](10_read_a_review.ipynb).
# Next: [Where to go next](pages/where_to_go_next.md).

# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 08 · Caption images with a pretrained CNN
#
# **You will do:** take what a convolutional network knows of a picture, train a recurrent network to put it into words, and mark every
# caption against the truth. Then draw a picture yourself and see what it says.
#
# **You will learn:** what the last layers of a CNN know, and what they know it from; captioning as one-to-many; four places for a picture to enter;
# when to train the CNN, too; how captions are marked (BLEU-1 to 4, CIDEr), and what the marks miss.
#
# **You need:** lessons 04 and 06. Of CNNs: that a convolution looks for a pattern everywhere in a picture.
#
# **Run time:** about 73 seconds on two processor cores with AVX-512, about 166 on one without.
#
# **Sources.** O. Vinyals and others, *Show and tell*, CVPR 2015; lecture slides after A. Karpathy and F.-F. Li (image captioning), and H. Lee's (2017).

# %% [markdown]
# <details><summary><b>Symbols of this lesson</b></summary>
#
# | letter | meaning | size |
# | --- | --- | --- |
# | $c_0$ | cell state of an LSTM, before the first word | $H$ |
# | $D$ | numbers in an input or key: here in a word's vector | 64 |
# | $E$ | loss: nats a word | a number |
# | $H$ | units of memory | 96 |
# | $j$ | step of what is said | |
# | $n$ | a count: of words in a group | 1 to 4 |
# | $s_j$ | memory of a decoder after step $j$; $s_0$ before the first word | $H$ |
# | $v$ | vector of a picture, or of a region | 236 |
# | $w_j$ | a word: the one said at step $j$ | |
# | $W_x$, $W_s$, $W_v$ | weights: from the input, the memory, the picture | $H \times D$, $H \times H$, $H \times 236$ |
# | $x_j$ | input of a layer: the word before, as a vector | $D$ |
#
# </details>

# %%
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np

from course_lib.backend import keras
from keras import layers

from course_lib import batching, metrics, plotting, results, tables, text, training
from course_lib.claims import at_least, at_most, claim, must_be, seed
from course_lib.datasets.captions import caption_words, read_folder
from course_lib.datasets.fetch import cache_folder
from course_lib.decoding import CaptionGenerator
from course_lib.exercises import lesson_08
from course_lib.features import FeatureCache
from course_lib.guesses import ask
from course_lib.models.captioner import captioner as library_captioner
from course_lib.models.weights import same_weights
from course_lib.text import Vocabulary
from course_lib.vision import images
from course_lib.vision.backbones import Pooled
from course_lib.vision.small_cnn import concepts, scene_vectors, small_cnn

SEED = seed()
training.set_seed(SEED)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A question with a number in it
#
# A network learns from 40,000 pictures, three captions each, for a minute. Now it is shown 500 new ones. How many of 100 captions are correct? And how
# many if the network that looks at the pictures has never been trained? You will be asked for both numbers before the training.

# %% [markdown]
# A caption counts as correct if *everything* it says is true (who, in which colour, doing what, where, when) and if it names two of the things, or the
# only one. What it leaves out is not held against it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A world: pictures whose truth is known

# %% slideshow={"slide_type": "fragment"}
from course_lib.worlds.scenes import SceneWorld

world = SceneWorld()
shown = world.sample(6, 2)
fig, axes = plotting.figure(
    10, 6.9, columns=3, rows=2,
    alt="Six drawn pictures of people, animals and things outdoors, by day and by night, each with a caption below.",
)  # fmt: skip
said = [world.captions(scene, 1)[0] for scene in shown]
plotting.pictures(axes, [world.draw(scene, 192)[0] for scene in shown], said)
plt.show()

# %% [markdown]
# People, animals and things of 18 kinds, in eight colours, in six places, by day and by night. The world knows what is where. It writes captions as several
# people might, and it can read one of that form and say whether it is true:

# %%
scene = shown[2]
for caption in world.captions(scene, 5):
    print(world.accepts(scene, caption), caption)
wrong = world.captions(scene, 1)[0].replace("blue", "green")
print(world.accepts(scene, wrong), wrong)
must_be("a wrong colour is noticed", not world.accepts(scene, wrong))

# %% [markdown]
# We learn from 40,000 scenes and test on 500 others. They are stored as Flickr8k is: pictures, and a file with lines `name.png#0<tab>caption`.

# %%
learned, v_learned = scene_vectors(world)  # scenes; and what a CNN says of each, see below
scenes = {"train": learned[:600], "test": world.sample(500, 1000 + SEED)}
folder = cache_folder() / f"scenes-{SEED}"
world.write(folder, scenes)
stored = read_folder(folder)
pictures = {split: [stored.path(name) for name in names] for split, names in stored.splits.items()}
captions = [[text.tokenize(caption) for caption in world.captions(scene, 3)] for scene in learned]
vocabulary = Vocabulary.from_texts(words for given in captions for words in given)
print(len(learned), "pictures to learn from,", len(vocabulary) - 4, "words, one of them the comma")


# %%
def marks(said):
    """Whether each caption, a list of words for each test picture, is correct."""
    pairs = zip(scenes["test"], said, strict=True)
    return np.array([world.accepts(scene, text.detokenize(words)) for scene, words in pairs])


# %% [markdown] slideshow={"slide_type": "slide"}
# ## What the last layers of a CNN know
#
# The first layers of a CNN know edges and patches of colour, the next ones parts, the last ones things. At the very end a classifier decides for one class.
# **Take a CNN that was trained to name things, drop the decision, keep the numbers.**

# %% [markdown]
# Vinyals and his colleagues keep the layer before the classifier. We keep the classifier's probabilities, as Q. Wu and others (2016) did. The course's own
# CNN (`course_lib/vision/small_cnn.py`) cuts a picture into 8 × 8 regions. It answers five questions about each region. Every possible answer gets a
# probability: 236 numbers a region.
#
# | question | answers | example |
# | --- | --- | --- |
# | what, in which colour? | 145 | red dog; nothing |
# | what, doing what? | 28 | dog running; nothing |
# | what, of which size? | 55 | small dog; nothing |
# | in which place? (asked of the whole picture) | 6 | beach |
# | at which time? (asked of the whole picture) | 2 | night |
#
# It was told the right answers in *each region*: kinds, colours, states, sizes, place and time, and where each is. Nobody told it what is *behind* or *next to* what,
# as captions say. It has never seen a sentence.

# %% [markdown] slideshow={"slide_type": "slide"}
# For each of the 236 numbers take the largest value in any region: *is there a red dog anywhere?* Making one vector
# of many is called [**pooling**](pages/glossary.md#pooling), and a CNN that is used for its numbers a [**backbone**](pages/glossary.md#backbone).

# %% [markdown]
# Beside our CNN stands a control: the same network, not trained. Vectors are computed once and kept on disk: the CNN costs nothing while the decoder is
# trained. All 40,000 come with the course; the first 600 we compute again.

# %% slideshow={"slide_type": "fragment"}
backbones = {"pretrained": small_cnn(), "random": small_cnn(weights=None)}
v = {}
for name, backbone in backbones.items():
    cache = FeatureCache(cache_folder() / "features", Pooled(backbone))  # one vector for a picture, not 8 × 8
    for split in scenes:
        places, problems = cache.add(pictures[split])
        v[name, split] = np.array(cache.rows[places], np.float32)  # (pictures, 236)
print(backbone.grid.output_shape, "->", v["pretrained", "train"].shape)
must_be("the vectors that ship are these", at_most(np.abs(v_learned[:600] - v["pretrained", "train"]).max(), 0.02))

# %% [markdown]
# Does the vector say what is there? Numbers 1 to 144 are its pairs of a colour and a kind (number 0 is "nothing"). We take those above ½, and compare them
# with the pairs that are on the picture:

# %%
names = np.array([answer for answers in concepts().values() for answer in answers])  # of the 236 numbers
PAIRS = slice(1, 145)
there = [{f"{thing.colour} {thing.kind}" for thing in scene.things} for scene in scenes["test"]]
above = [set(names[PAIRS][vector[PAIRS] > 0.5]) for vector in v["pretrained", "test"]]
exact = claim(
    "in eight of ten pictures the pairs above ½ are the true ones, no more, no fewer",
    at_least(np.mean([said == true for said, true in zip(above, there, strict=True)]), 0.8),
)

# %% slideshow={"slide_type": "slide"}
i = next(i for i, scene in enumerate(scenes["test"]) if len(scene.things) == 2)
vector = v["pretrained", "test"][i, PAIRS]
best = vector.argsort()[::-1][:6]  # the six largest
fig, (left, middle, right) = plotting.figure(
    12, 3.4, columns=3,
    alt="A picture with two things; bars of its six likeliest pairs of colour and kind, the true ones in orange; of all "
    "test pictures, bars of the shares: the true pairs, one missing, one too many. The first is by far the largest.",
)  # fmt: skip
plotting.pictures(left, [world.draw(scenes["test"][i], 256)[0]], [world.captions(scenes["test"][i], 1)[0]])
true = [k for k, name in enumerate(names[PAIRS][best]) if name in there[i]]
plotting.bars(middle, names[PAIRS][best], vector[best], "largest probability in any region", highlight=true)
pairs = list(zip(above, there, strict=True))
shares = [np.mean([s == t for s, t in pairs]), np.mean([t - s != set() for s, t in pairs]),
          np.mean([s - t != set() for s, t in pairs])]  # fmt: skip
plotting.bars(
    right, ["the true pairs", "one missing", "one too many"], shares, "share of all test pictures", highlight=[0]
)
plotting.title(middle, neutral="One picture of the test")
plotting.title(right, exact)
plt.show()

# %% [markdown]
# And what does a random network's vector know? Ask a yes-no question, such as *is it night?* Fit a linear function (least squares, with a small penalty on
# large weights) to the answers of the 600 pictures: 1 for yes, 0 for no. Above the middle
# between the function's two means, of the yes and of the no pictures, counts as yes. The mark is the mean of two shares: right among the yes and right among the no pictures of the test. Guessing gets ½.


# %%
def probe(train, test, question):
    """How well a linear function of the vectors answers a question about the test scenes: ½ is guessing, 1 is always."""
    mean, spread = train.mean(axis=0), train.std(axis=0) + 1e-8
    train, test = (np.c_[(x - mean) / spread, np.ones(len(x))] for x in (train, test))
    told, true = (np.array([question(scene) for scene in scenes[split]]) for split in ("train", "test"))
    w = np.linalg.solve(train.T @ train + 10 * np.eye(train.shape[1]), train.T @ told)
    middle = ((train @ w)[told].mean() + (train @ w)[~told].mean()) / 2
    yes = test @ w > middle
    return (yes[true].mean() + (~yes[~true]).mean()) / 2


QUESTIONS = {
    "is it night?": lambda scene: scene.night,
    "on a beach?": lambda scene: scene.place == "beach",
    "is there a dog?": lambda scene: any(thing.kind == "dog" for thing in scene.things),
    "something red?": lambda scene: any(thing.colour == "red" for thing in scene.things),
    "somebody waving?": lambda scene: any(thing.state == "waving" for thing in scene.things),
}
known = {
    name: [probe(v[name, "train"], v[name, "test"], question) for question in QUESTIONS.values()] for name in backbones
}

# %% slideshow={"slide_type": "slide"}
free = claim("night and beach can be read from a CNN that nobody trained", at_least(min(known["random"][:2]), 0.8))
claim("dogs cannot, not by this probe: next to guessing", at_most(known["random"][2], 0.62))
claim("from the trained one they can", at_least(known["pretrained"][2], 0.85))
fig, ax = plotting.figure(
    10.5, 3,
    alt="Five yes-no questions, two bars each: the pretrained CNN is high at all, the random one at night and beach.",
)  # fmt: skip
series = {"random CNN": known["random"], "pretrained CNN": known["pretrained"]}
plotting.grouped_bars(ax, list(QUESTIONS), series, "right", chance=0.5, grey=1)
plotting.title(ax, free)
plt.show()

# %% [markdown]
# The random vector shows what comes for free: perhaps because night and beach change the colour of large areas.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One picture, many words
#
# Captioning is [**one-to-many**](pages/glossary.md#one-to-many): one input, a sequence of outputs.
#
# 1. Take a CNN that was trained on much data, without the decision.
# 2. Connect the CNN with a recurrent network that says words.
# 3. Train: the recurrent part alone, or the CNN, too, at a small rate. Then it is [**fine-tuned**](pages/glossary.md#fine-tuning).

# %% [markdown] slideshow={"slide_type": "slide"}
# The plain recurrent network read words: $s_j = \tanh(W_x x_j + W_s s_{j-1})$ (the bias is left out). Now it sees, too:
#
# $$s_j = \tanh(W_x x_j + W_s s_{j-1} + W_v v)$$

# %% [markdown]
# (The lecture writes $W_{xh}$, $W_{hh}$ and $W_{vh}$.) The memory of the decoder is $s_j$, and $x_j$ the vector of the word before, $w_{j-1}$.
#
# ### One step by hand
#
# One number each: the picture says "dog" ($v = 1$) or "cat" ($v = -1$). $W_x = 0$, $W_s = 0$, $W_v = 2$. **Predict** $s_j$ for both. Then with $W_s = 2.5$ and
# $s_{j-1} = -0.8$: does the memory still see the dog?

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("memory, dog", "memory, cat", "memory, dog, after -0.8")

# %%
by_hand = []
for v_1, W_s, s_before in ((1, 0, 0), (-1, 0, 0), (1, 2.5, -0.8)):
    whole = W_s * s_before + 2 * v_1
    by_hand.append(np.tanh(whole))
    print(f"v = {v_1:2}, W_s s = {W_s * s_before:2}:  s = tanh({whole}) = {np.tanh(whole):.3f}")

# %% tags=["nbval-ignore-output", "answer"]
guess.answer(*by_hand, because="In the third, 2.5 times -0.8 is -2: what is remembered and the picture cancel.")

# %% [markdown]
# So the memory can drown the picture, though it sees the picture at every step. And a word is chosen at the output: after *a red* only $v$ tells which of
# the things is the red one.
#
# ### 1 · Exercise: derive when the picture is heard
#
# One number each, as above, $W_x = 0$. The memory is between −1 and 1. How large must $W_v$ be at least, so that $s_j$ has the sign of $v$, *whatever* was
# remembered? Derive the bound for any $W_s$ and any $v$ that is not 0 (both may be negative; $W_v$ is positive).


# %% nbgrader={"grade_id": "heard"}
def heard(W_s, v):
    """Two numbers -> the bound: with any larger W_v the sign of the memory is that of v."""
    ### BEGIN SOLUTION
    return abs(W_s) / abs(v)
    ### END SOLUTION


# %% nbgrader={"grade_id": "heard-check", "points": 1}
lesson_08.check_heard(heard)

# %% [markdown]
# ### Where the picture enters
#
# | conditioning | the memory reads | the picture is | whose |
# | --- | --- | --- | --- |
# | first input | $v$, then the words | the first "word" | Vinyals et al. 2015, eqs 10 to 12 |
# | initial state | the words | the initial state $s_0$ | the encoder–decoder of lesson 06 |
# | every input | the words, $v$ beside each | always in the memory's sight | the lecture |
# | initial state and output | the words | $s_0$, and beside every output | Cho et al. 2014; Mao et al. 2015 |

# %% [markdown]
# Drawn for two words of a caption; thick lines are the picture's. Our code adds: $v$ goes through one more layer first (`whole`, 192
# numbers), *every input* begins with $s_0$ from the picture, too, the output layer is given the word before. An LSTM starts with two vectors: $s_0$ with a
# $\tanh$, and $c_0$ without.

# %% slideshow={"slide_type": "slide"}
from course_lib.plotting import diagrams

diagrams.picture_ways()
plt.show()

# %% [markdown]
# Here is the last way, all of it. *Maxout* keeps the larger one of every two numbers (Goodfellow et al.
# 2013): from "I have just said *red*" and "there is a red dog" such a layer can make "*dog*".


# %%
def captioner(words, cell=layers.LSTM, units=96, pieces=256):
    """Vectors (B, 236) and the words before (B, J) -> logits (B, J, words)."""
    picture, before = keras.Input((236,)), keras.Input((None,), dtype="int32")
    whole = layers.Dense(192, "relu", name="whole")(picture)  # (B, 192)
    x = layers.Embedding(words, 64, name="embedding")(before)  # (B, J, 64)
    s_0 = [layers.Dense(units, "tanh", name="h_0")(whole), layers.Dense(units, name="c_0")(whole)]  # plain RNN: no c
    s = cell(units, return_sequences=True, name="memory")(x, initial_state=s_0 if cell is layers.LSTM else s_0[:1])
    out = layers.Dense(2 * pieces, name="maxout")(keras.ops.concatenate([s, x], axis=-1))
    out = out + layers.Dense(2 * pieces, use_bias=False, name="seen")(whole)[:, None]  # the same at each step
    out = keras.ops.max(layers.Reshape((-1, pieces, 2))(out), axis=-1)  # of every two the larger: (B, J, 256)
    return keras.Model([picture, before], layers.Dense(words, name="readout")(out))


# %% [markdown]
# The library's is the same, and can be asked for one step at a time, which beam search needs. We train that one:

# %%
BEST, sizes = "initial state and output", {"width": 192, "embedding": 64, "units": 96, "maxout": 256}
ours, model = captioner(len(vocabulary)), library_captioner((236,), len(vocabulary), BEST, **sizes)
same_weights(ours, model)
example = v_learned[:8], text.to_rows([given[0] for given in captions[:8]], vocabulary)[:, :-1]
must_be(
    "ours and the library's give the same logits", at_most(np.abs(np.array(ours(example) - model(example))).max(), 1e-5)
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two baselines without a decoder
#
# **The commonest caption**, whatever the picture. And the caption of **the most similar training picture**, the one with the nearest vector: it can only repeat
# what somebody wrote.

# %% slideshow={"slide_type": "fragment"}
commonest = Counter(tuple(words) for given in captions for words in given).most_common(1)[0][0]
said = {"the commonest": [list(commonest)] * 500}
near = ((v_learned**2).sum(axis=1) - 2 * v["pretrained", "test"] @ v_learned.T).argmin(axis=1)  # of squared distances
said["the most similar picture's"] = [captions[i][0] for i in near]
for name, words in said.items():
    print(f"{name}: {marks(words).mean():.3f} correct")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Train
#
# About a minute. Each caption is an example of its own, three of them for one picture. 1,800 batches of 64 are 115,200 of the 120,000; none comes twice. **Guess:** of 100 captions, how
# many are correct? And with the CNN that nobody trained?

# %% tags=["nbval-ignore-output", "guess"] slideshow={"slide_type": "fragment"}
guess = ask("correct of 100", "correct of 100, random CNN")

# %% tags=["nbval-ignore-output"] slideshow={"slide_type": "fragment"}
places = np.repeat(np.arange(len(captions)), [len(given) for given in captions])
rows = text.to_rows([words for given in captions for words in given], vocabulary)
STEPS = 1800
training.compile_for_training(model, STEPS, 8e-3, optimizer="muon")
losses = training.fit(model, batching.caption_batches(v_learned, places, rows, 64, SEED), STEPS)
print(f"nats a word: {losses[0]:.2f} in the first fifty steps, {losses[-1]:.2f} in the last")

# %% tags=["nbval-ignore-output"]
describe = CaptionGenerator(model, vocabulary)
for beam in (1, 5):
    said[f"beam {beam}"] = [best.words for best in describe(v["pretrained", "test"], beam=beam, alpha=0)]
said["drawn"] = describe.sample(v["pretrained", "test"], seed=SEED)
rights = {name: marks(words).mean() for name, words in said.items()}
tables.print_table(["captions", "correct"], [(name, f"{share:.2f}") for name, share in rights.items()])

# %% tags=["nbval-ignore-output", "answer"] slideshow={"slide_type": "fragment"}
table = results.read("captions.csv")  # of a random CNN five were tried, see the comparison
random = np.median([row["correct"] for row in table if row["cnn"] == "random"])
guess.answer(
    100 * rights["beam 5"], 100 * random,
    because="In as many updates this decoder found little in the random vector. The probe found night there, but no dogs.",
)  # fmt: skip

# %% slideshow={"slide_type": "fragment"}
claim("four of five captions are correct in every word", at_least(rights["beam 5"], 0.8))
claim(
    "the most similar picture's caption is correct half as often at best",
    at_least(rights["beam 5"] / rights["the most similar picture's"], 2),
)
claim("drawing words by chance costs", at_least(rights["beam 5"] - rights["drawn"], 0.1))

# %% [markdown]
# **Beam** search looks for the most probable caption. A probability is a product over all words, so a short caption has a larger one. Lesson 06 made up for
# that by dividing by the number of words; here we do not (`alpha=0`). Our mark asks for two things only, so a short caption can be correct. Drawing word by word
# says other things each time, true ones and false ones. Both, for one picture:

# %%
i = next(i for i, scene in enumerate(scenes["test"]) if len(scene.things) == 3)
one = np.repeat(v["pretrained", "test"][i : i + 1], 5, axis=0)
fig, ax = plotting.figure(3.2, 3.6, alt="A picture with three things, and the caption that beam search finds for it.")
plotting.pictures(ax, [world.draw(scenes["test"][i], 256)[0]], ["beam 5: " + text.detokenize(said["beam 5"][i])])
plt.show()

# %% tags=["nbval-ignore-output"]
for words in describe.sample(one, seed=SEED):
    said_now = text.detokenize(words)
    print("drawn:", "correct" if world.accepts(scenes["test"][i], said_now) else "  wrong", said_now)

# %% [markdown]
# ### 2 · Exercise: find the bug
#
# This function makes a batch of pictures with several captions each. With it the loss falls, and the captions are nearly all wrong. Find the bug, and write
# the function again without it. (`np.tile(v, (3, 1))` is `v` three times, one below the other.)
#
# ```python
# def batch(v, captions):
#     count = len(captions[0])
#     pictures = np.tile(v, (count, 1))
#     before = [["<bos>", *words] for given in captions for words in given]
#     to_say = [[*words, "<eos>"] for given in captions for words in given]
#     return pictures, before, to_say
# ```
#
# `v` is an array, one row for each picture; `captions[i]` are the captions of picture `i`, lists of words. All pictures have equally many.


# %% nbgrader={"grade_id": "one-to-many"}
def batch(v, captions):
    """Vectors (P, D), the captions of each picture -> a vector, the words before and the words to say for each."""
    ### BEGIN SOLUTION
    count = len(captions[0])
    pictures = np.repeat(v, count, axis=0)
    before = [["<bos>", *words] for given in captions for words in given]
    to_say = [[*words, "<eos>"] for given in captions for words in given]
    return pictures, before, to_say
    ### END SOLUTION


# %% nbgrader={"grade_id": "one-to-many-check", "points": 2}
lesson_08.check_batch(batch)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A gallery, honestly chosen
#
# Papers show their best captions. Here are the first four of the test set that are right, and the first four that are wrong.

# %% slideshow={"slide_type": "fragment"}
right = marks(said["beam 5"])
chosen = [*np.flatnonzero(right)[:4], *np.flatnonzero(~right)[:4]]
fig, axes = plotting.figure(
    11, 6.6, columns=4, rows=2,
    alt="Eight pictures of the test with the network's captions: four are ticked, four are crossed as wrong.",
)  # fmt: skip
drawn = [world.draw(scenes["test"][i], 192)[0] for i in chosen]
plotting.pictures(axes, drawn, [text.detokenize(said["beam 5"][i]) for i in chosen], right[chosen])
plt.show()

# %% [markdown]
# Which part is wrong? Look for captions that give a thing a colour which only *another* thing on the picture has (`astray`). Then ask $v$: is its number
# larger for what was said, or for the true pair?

# %% tags=["nbval-ignore-output"]
number, knew = {name: k for k, name in enumerate(names)}, []
wrong = [i for i in range(500) if not right[i]]
for i in wrong:
    if mixed := world.astray(scenes["test"][i], text.detokenize(said["beam 5"][i])):
        kind, colour = mixed
        true = [number[f"{thing.colour} {kind}"] for thing in scenes["test"][i].things if thing.kind == kind]
        knew.append(v["pretrained", "test"][i, true].max() > v["pretrained", "test"][i, number[f"{colour} {kind}"]])
print(f"{len(wrong)} captions are wrong; in {len(knew)} of them a thing has another thing's colour.")
print(f"In {np.mean(knew):.0%} of these the vector has the larger number for the true pair.")

# %% slideshow={"slide_type": "fragment"}
claim("many mistakes are colours that went astray", at_least(len(knew) / len(wrong), 0.4))
claim("the CNN knew better", at_least(np.mean(knew), 0.8))

# %% [markdown]
# *The CNN knew better* is said of these captions only, few of 500. There the vector had the larger number for the true pair, and the decoder did not use it. Perhaps
# because all things are in one vector at once. Lesson 09 tries another way: to look at regions.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The comparison
#
# One command trains everything five times (`python -m experiments.captions`). All have the same pictures, captions, rate (not searched for each) and number
# of updates; they differ in weights, as the last column says. Medians of five seeds.

# %%
table = results.read("captions.csv")
cases = list(dict.fromkeys((row["cnn"], row["cell"], row["conditioning"]) for row in table))


def of(*case, column="correct"):
    """One number for each seed, of a CNN, a memory and a conditioning."""
    return np.array([row[column] for row in table if (row["cnn"], row["cell"], row["conditioning"]) == case])


columns = ("correct", "bleu_4", "cider")
tables.print_table(
    ["CNN, memory, conditioning", "correct (0–1)", "BLEU-4 (0–100)", "CIDEr (0–10)", "weights"],
    [(", ".join(case), *(f"{np.median(of(*case, column=column)):.2f}" for column in columns),
      f"{of(*case, column='parameters')[0]:,.0f}") for case in cases],
)  # fmt: skip

# %% [markdown]
# (The random CNN's numbers were brought to mean 0 and spread 1 first.)

# %%
WAYS = [BEST, "every input", "initial state", "first input"]
lstm, rnn = ([of("pretrained", cell, way) for way in WAYS] for cell in ("lstm", "rnn"))  # (ways, seeds)
claim(
    "a CNN that was trained is worth sixty points of a hundred, in each of five seeds",
    at_least((lstm[0] - of("random", "lstm", BEST)).min(), 0.6), table="captions.csv",
)  # fmt: skip
claim(
    "the order of the four ways is the same in all five, for both",
    (np.diff([lstm, rnn], axis=1) < 0).all(),
    table="captions.csv",
)
gates = claim(
    "where only the memory sees the picture, the LSTM is ahead of the plain RNN",
    at_least(np.subtract(lstm[1:], rnn[1:]).min(), 0.06), table="captions.csv",
)  # fmt: skip
claim(
    "where the output sees it, too, their medians are within .03",
    at_most(abs(np.median(lstm[0]) - np.median(rnn[0])), 0.03), table="captions.csv",
)  # fmt: skip

# %% slideshow={"slide_type": "fragment"}
fig, ax = plotting.figure(
    10, 3,
    alt="Share correct for four places where the picture enters, LSTM and RNN: both fall from left to right, the RNN more.",
)  # fmt: skip
plotting.grouped_bars(ax, WAYS, {"LSTM": np.median(lstm, axis=1), "RNN": np.median(rnn, axis=1)}, "share correct")
plotting.title(ax, gates)
plt.show()

# %% [markdown]
# **Where does it enter?** Here, the nearer to the word, the better. But a way that is better also has more weights, all four times. So this table does not tell
# which of the two helps. On photographs Vinyals and his colleagues (2015, section 3.1) found the picture at *every* step worse
# than at the first, since the network can then fit its noise; Tanti, Gatt and Camilleri (2018) that the place matters little.
#
# **Plain RNN or LSTM?** With the picture beside the output gates gain little. In the other ways the output hears of the picture only through the memory. (The
# LSTM has 1.2 to 2.1 times the weights.)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Train both
#
# So far the CNN stayed as it was. The lecture's last step trains both. In every update the pictures go through the CNN, and the gradient of the loss,
# $\partial E / \partial v$, goes on from the decoder into the CNN. Does that help?


# %% tags=["lib:models.end_to_end"] slideshow={"slide_type": "fragment"}
@keras.saving.register_keras_serializable(package="course_lib")
class EndToEnd(keras.Model):
    """Pictures (P, 128, 128, 3) and the words before (B, J) -> logits (B, J, words).

    batch_means: whether batch normalisation takes means and spreads from each batch, or those the CNN has kept.
    """

    def __init__(self, cnn, captioner, batch_means=False):
        super().__init__()
        self.cnn, self.captioner, self.batch_means = cnn, captioner, batch_means

    def call(self, inputs, training=False):
        """What the CNN says of the regions, the largest of each number, and the captioner on that."""
        pictures, before = inputs
        regions = self.cnn(pictures, training=training and self.batch_means)  # (P, 8, 8, 236)
        v = keras.ops.max(regions, axis=(1, 2))  # (P, 236)
        return self.captioner((v, before), training=training)


# %% [markdown]
# - `max` hands the gradient of a number to one region alone: the one in which the number is largest.
# - Batch normalisation usually takes means and spreads from the batch; 16 pictures give noisy ones. So the pretrained CNN uses those it has kept.
# - `cnn.trainable = False` freezes the CNN: its weights are no longer among those that the optimizer changes.
# - The two parts get a rate each, the pretrained part the smaller one:


# %% tags=["lib:models.end_to_end"]
def two_rates(cnn, fast, slow):
    """An optimizer: `slow` for the weights of the CNN, `fast` for all others."""
    own = {weight.path for weight in cnn.trainable_weights}
    return keras.optimizers.MultiOptimizer(lambda weight: slow if weight.path in own else fast)


# %% [markdown]
# One update on 16 pictures with three captions each, frozen and not:

# %%
some = np.stack([world.draw(scene)[0] for scene in learned[:16]]).astype(np.float32)
before, to_say = text.next_word_pairs(rows[:48])
moved = {}
for trainable in (False, True):
    cnn = small_cnn().grid
    cnn.trainable, weights = trainable, cnn.get_weights()
    both = EndToEnd(cnn, library_captioner((236,), len(vocabulary), BEST, **sizes))
    adam = (keras.optimizers.Adam(rate) for rate in (3e-3, 1e-4))
    both.compile(two_rates(cnn, *adam), loss=training.next_token_loss, run_eagerly=True)
    both.train_on_batch((some, before), to_say)
    moved[trainable] = max(np.abs(new - old).max() for new, old in zip(cnn.get_weights(), weights, strict=True))
must_be("a frozen CNN stays as it was", at_most(moved[False], 1e-9))
must_be("one that is not frozen has moved", at_least(moved[True], 1e-6))

# %% [markdown]
# Now 400 updates (`python -m experiments.end_to_end`). All have the same batches of 16 pictures with three captions each; rates were chosen on another seed.
# Updates are fewer than above, batches smaller, pictures only 6,000: do not compare the shares with those above. In the last column: in how many pictures the
# CNN's pairs above ½ are the true ones.

# %% slideshow={"slide_type": "slide"}
trained = [row for row in results.read("end_to_end.csv") if row["seed"] < 100]
CASES = {
    "CNN as it is": ("pretrained", 0),
    "fine-tuned": ("pretrained", 1e-4),
    "at ten times the rate": ("pretrained", 1e-3),
    "both from nothing": ("random", 3e-3),
}


def found(name, column):
    """One number for each seed."""
    return np.array([row[column] for row in trained if (row["start"], row["cnn_rate"]) == CASES[name]])


lines = [(name, *(f"{np.median(found(name, column)):.2f}" for column in ("correct", "cnn_exact"))) for name in CASES]
tables.print_table([f"medians of {len(trained) // len(CASES)} seeds", "correct", "pairs exact"], lines)

# %% slideshow={"slide_type": "fragment"}
as_it_is = found("CNN as it is", "correct")
apart = [abs(found(name, "correct") - as_it_is).max() for name in ("fine-tuned", "at ten times the rate")]
claim(
    "training the CNN, too, moves the share correct by .05 at most, at either rate",
    at_most(max(apart), 0.05), table="end_to_end.csv",
)  # fmt: skip
claim(
    "at ten times the rate the CNN's numbers lose their meaning",
    at_most(found("at ten times the rate", "cnn_exact").max(), 0.5), table="end_to_end.csv",
)  # fmt: skip
claim(
    "from nothing, both together learn no captions in so many updates",
    at_most(found("both from nothing", "correct").max(), 0.05), table="end_to_end.csv",
)  # fmt: skip

# %% [markdown]
# Single captions may have changed more than their share. The loss of captions does not ask what a number means. Perhaps the decoder learned to read the new numbers;
# nobody tested that. From nothing, 400 updates show 6,400 pictures, told in words. The pretrained CNN was shown 24,000, 18 times each, and was told each region's
# answers.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How captions are marked when nobody knows the truth
#
# On photographs no world reads the caption. What people wrote are its references.

# %% [markdown] slideshow={"slide_type": "fragment"}
# - **BLEU-n** (lesson 06): the geometric mean of $n$ shares: of the words, pairs, … groups of $n$, how many occur in a reference?
# - [**CIDEr**](pages/glossary.md#cider) (Vedantam et al. 2015): the cosine between the counts of groups in caption and references; rare groups count more.

# %% [markdown]
# **BLEU:** a group counts at most as often as in one reference. If all captions together are shorter than their references, there is a penalty.
#
# **CIDEr** (here CIDEr-D, as on the COCO server) counts groups of 1 to 4 words. Each count is weighed by log(pictures / pictures that have the group): "A man in a" counts
# little, "unicycle" much. The mark is ten times the mean cosine, lowered if lengths differ.
#
# On COCO Vinyals' network gets a CIDEr of 0.85, as people do (2015, table 1); yet human raters put its captions clearly below people's.
# (The scale is ours, the world is not.)
#
# ### 3 · Exercise: predict the marks
#
# A caption is *a red dog sits beside a blue cat*, the one reference *a blue dog sits beside a red cat*. With pencil and paper: which share of the caption's
# words does the reference have? Which share of its pairs of neighbours, of its groups of three, of its groups of four?


# %% nbgrader={"grade_id": "predict-marks"}
def predicted():
    """-> four shares, of words, pairs, groups of three and of four; such as 3/8."""
    ### BEGIN SOLUTION
    return 8 / 8, 5 / 7, 2 / 6, 1 / 5
    ### END SOLUTION


# %% nbgrader={"grade_id": "predict-marks-check", "points": 1}
lesson_08.check_predicted(predicted)

# %% [markdown]
# Does a higher mark mean a truer caption? Two ways of the comparison, and the share of their captions that is correct ("more that is correct" is that share):

# %%
level = [np.median(of("pretrained", "lstm", way, column="bleu_4")) for way in (BEST, "every input")]
shares = [np.median(of("pretrained", "lstm", way)) for way in (BEST, "every input")]
print(f"BLEU-4 {level[0]:.1f} and {level[1]:.1f}, correct {shares[0]:.2f} and {shares[1]:.2f}")
claim("BLEU-4 does not tell the two best ways apart", at_most(abs(np.subtract(*level)), 1), table="captions.csv")
more = (lstm[0] - lstm[1]).min()
claim("though one says more that is correct, in all five", at_least(more, 0.03), table="captions.csv")

# %% [markdown] slideshow={"slide_type": "slide"}
# Take a true caption of each picture that names two colours, exchange the two, and mark both against the picture's other captions. **Guess:** how much of
# BLEU-1 and of BLEU-4 is left to captions of which every one is false?

# %% tags=["nbval-ignore-output", "guess"] slideshow={"slide_type": "fragment"}
guess = ask("% of BLEU-1 that is left", "% of BLEU-4 that is left")

# %%
true, false, others, of_scene = [], [], [], []
for scene in scenes["test"]:
    first, *rest = (caption_words(caption) for caption in world.captions(scene, 5))
    colours = [word for word in first if word in world.colours]
    if len(colours) == 2 and colours[0] != colours[1]:
        exchange = dict(zip(colours, colours[::-1], strict=True))
        changed = [exchange.get(word, word) for word in first]
        if not world.accepts(scene, " ".join(changed)):  # now and then it is true by chance
            true.append(first)
            false.append(changed)
            others.append(rest)
            of_scene.append(scene)
bleu = {}
for name, given in (("true", true), ("false", false)):
    scores = metrics.caption_bleu(given, others)
    bleu[name] = scores
    correct = np.mean([world.accepts(scene, " ".join(words)) for scene, words in zip(of_scene, given, strict=True)])
    line = f"correct {correct:.2f}  BLEU-1 {scores['BLEU-1']:.1f}  BLEU-4 {scores['BLEU-4']:.1f}"
    print(f"{name:5}  {line}  CIDEr {metrics.cider(given, others):.2f}")
must_be("BLEU-1 is the same: no word has come or gone", bleu["false"]["BLEU-1"] == bleu["true"]["BLEU-1"])
kept = bleu["false"]["BLEU-4"] / bleu["true"]["BLEU-4"]
claim("captions of which every one is false keep half of BLEU-4", at_least(kept, 0.5))

# %% tags=["nbval-ignore-output", "answer"] slideshow={"slide_type": "fragment"}
left_of_one = bleu["false"]["BLEU-1"] / bleu["true"]["BLEU-1"]
guess.answer(100 * left_of_one, 100 * kept, because="Two words changed places: only groups of words can notice.")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Your picture
#
# Put two things somewhere, from left to right. The caption is new each time you move something; the world marks it.

# %% [markdown]
# The second cell has controls, and needs a running notebook.

# %% slideshow={"slide_type": "fragment"}
from course_lib import demos
from course_lib.worlds.scenes import compose


def captioned(picture, small, scene=None):
    """A figure: the picture, and what is said of the same with 128 x 128 pixels; marked, if its scene is known."""
    caption = text.detokenize(describe(backbones["pretrained"].pooled(small[None]), beam=5, alpha=0)[0].words)
    fig, ax = plotting.figure(3.6, 4.2, alt="Your picture, with the network's caption below.")
    plotting.pictures(ax, [picture], [caption], scene and [world.accepts(scene, caption)])
    return fig


def look(kind, colour, x, other, other_colour, other_x, place, night):
    """A figure with the picture of two things and its caption."""
    scene = compose(world, [(kind, colour, x), (other, other_colour, other_x)], place, night == "night")
    return captioned(world.draw(scene, 256)[0], world.draw(scene, 128)[0], scene)


look("dog", "red", 0.3, "woman", "blue", 0.7, "beach", "day")
plt.show()

# %% tags=["nbval-ignore-output"]
demos.scene(look, world, first=("dog", "red", 0.3), second=("woman", "blue", 0.7))

# %% [markdown]
# Or a file: something you painted, a photograph. The network will answer in any case, in the words that it knows. **It has no word for "I do not know".**


# %% tags=["nbval-ignore-output"]
def look_at_file(photo):
    """A figure with the picture and its caption."""
    if not photo:
        return "Choose a picture: PNG, JPEG, …"
    return captioned(*(images.decode(photo, size, "your file") for size in (256, 128)))


demos.own_picture(look_at_file)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## On real data: Flickr8k
#
# 8,000 photographs, mostly of people and dogs, each described by five people. The CNN is MobileNetV2, pretrained on ImageNet, its classifier cut off. Two
# captioners of the kind "initial state" are trained; their probabilities are averaged at each word.

# %% [markdown]
# A photograph's vector is made of three means: over all regions, the upper and the lower half. The captioners are wider, with dropout. `python -m experiments.flickr8k train` does all of it on two cores, and
# `python -m experiments.flickr8k caption photo.jpg` describes any photograph.

# %% slideshow={"slide_type": "fragment"}
flickr = [row for row in results.read("flickr8k.csv") if row["split"] == "dev" and not row["attention"]]
marked = [f"BLEU-{n}{end}" for end in ("", " without penalty") for n in (1, 2, 3, 4)]
lines = []
for beam in (1, 5):
    runs = [row for row in flickr if row["beam"] == beam]
    numbers = (f"{np.median([r[n] for r in runs]):.1f}" for n in marked)
    lines.append((f"ours, beam {beam} (median of {len(runs)}, dev)", *numbers))
lines.append(("Show and Tell, published", *[None] * 4, "63", "41", "27", None))
tables.print_table(["", *(name.replace(" without penalty", "*") for name in marked)], lines)
minutes = np.median([row["features_seconds"] + row["train_seconds"] for row in runs]) / 60
print(f"*: without brevity penalty. Vectors and training: {minutes:.0f} minutes on two cores.")

# %% [markdown]
# Published: Vinyals et al. 2015 as quoted by Xu et al. 2015, table 1: an ensemble, another split, a larger CNN. Ours are of the dev split, on which the recipe
# was chosen: that flatters.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What we saw

# %% tags=["nbval-ignore-output"] slideshow={"slide_type": "fragment"}
print(f"""\
Correct of 100: {100 * rights["beam 5"]:.0f} here; five seeds {100 * np.median(lstm[0]):.0f}, with a random CNN {100 * random:.0f}.
The most similar picture's caption: {100 * rights["the most similar picture's"]:.0f} of 100.
Of {len(wrong)} wrong captions {len(knew)} gave a thing another's colour; in {sum(knew)} of these the true pair had the larger number in the vector.
First input {100 * np.median(lstm[3]):.0f} of 100, beside the output, too, {100 * np.median(lstm[0]):.0f}; the latter has more weights.
Training the CNN, too, moved the share correct by {max(apart):.2f} at most, up or down.
False captions kept {kept:.0%} of BLEU-4, and all of BLEU-1.""")

# %% [markdown]
# ## Exercises
#
# The first three stand above. All need the first code cell of the lesson and nothing else.
#
# ### 4 · BLEU's precision
#
# The share of a caption's words that a reference has. But *the the the* must not score 1: each word counts at most as often as it stands in the one reference
# that has it most often; the references are not added up (Papineni et al. 2002, section 2.1). Another word may be counted by another reference.


# %% nbgrader={"grade_id": "clipped-precision"}
def precision(caption, references):
    """A list of words, a list of lists of words -> a number from 0 to 1."""
    ### BEGIN SOLUTION
    hits = 0
    for word in set(caption):
        hits += min(caption.count(word), max(reference.count(word) for reference in references))
    return hits / len(caption)
    ### END SOLUTION


# %% nbgrader={"grade_id": "clipped-precision-check", "points": 2}
lesson_08.check_precision(precision)

# %% [markdown]
# ### 5 · Open-ended: a thing of your own
#
# Invent a kind of thing for the world: a kite, a robot, a whale. A kind with one state, `parked`, looks like this:
#
# ```toml
# [kinds.car]
# size = [1.0, 0.6]
# [kinds.car.states]
# parked = """
# box main 0 0.3 1 0.9
# oval #222222 0.2 0.9 0.1 0.1
# """
# ```
#
# `size` is width and height, a grown-up being 1 high. A state is a name and a text: a line for each shape. `course_lib/worlds/scenes.toml` says at its top how
# shapes are written. Asked for: a new name (one word in small letters), two states that look different, and something in its own colour (`main`). To see it:
# `from course_lib.worlds.scenes import KINDS_FILE, SceneWorld, compose`, then `world = SceneWorld(KINDS_FILE.read_text() + my_thing())` and
# `plt.imshow(world.draw(compose(world, [("kite", "red", 0.5)], "beach"))[0])`.


# %% nbgrader={"grade_id": "own-thing"}
def my_thing():
    """-> the kind as a text, in TOML."""
    ### BEGIN SOLUTION
    return """
[kinds.kite]
size = [0.5, 0.6]
flies = ["flying"]
[kinds.kite.states]
flying = '''
poly main 0.5 0 0.9 0.35 0.5 0.8 0.1 0.35
line dark 0.02 0.5 0 0.5 0.8
bow #444444 0.02 0.5 0.8 0.6 0.9 0.4 1.0
'''
lying = '''
poly main 0 0.8 0.5 0.6 1 0.8 0.5 1
line dark 0.02 0 0.8 1 0.8
'''
"""
    ### END SOLUTION


# %% nbgrader={"grade_id": "own-thing-check", "points": 3}
lesson_08.check_own_thing(my_thing)

# %% [markdown]
# ## In practice
#
# - Preprocess pictures exactly as the CNN's trainers did: each network of `keras.applications` has its own `preprocess_input`.
# - Look at a hundred captions yourself, whatever BLEU and CIDEr say.
# - Fine-tune the CNN last: before the captioner has settled, [Vinyals et al. (2017)](https://arxiv.org/abs/1609.06647) report, its gradients spoil the CNN.
# - Captioners learn what is usual: they guess a man or a woman from a desk or a snowboard ([Hendricks et al. 2018](https://arxiv.org/abs/1803.09797)).
#
# ## Going further
#
# - The model: [Vinyals et al. 2015](https://arxiv.org/abs/1411.4555). Where the picture enters: [Mao et al. 2015](https://arxiv.org/abs/1412.6632),
#   [Tanti et al. 2018](https://arxiv.org/abs/1703.09137). The output layer: [Cho et al. 2014](https://arxiv.org/abs/1406.1078),
#   [Goodfellow et al. 2013](https://arxiv.org/abs/1302.4389).
# - Probabilities as a picture's vector: [Wu et al. 2016](https://arxiv.org/abs/1506.01144).
# - The marks: [CIDEr](https://arxiv.org/abs/1411.5726), [BLEU](https://doi.org/10.3115/1073083.1073135). Data and CNN:
#   [Flickr8k](https://doi.org/10.1613/jair.3994) (Hodosh et al. 2013), [MobileNetV2](https://arxiv.org/abs/1801.04381).
#
# Before this: [07 · Align with attention](07_align.ipynb).
# Next: [09 · See where the network looks](09_see_where_the_network_looks.ipynb).

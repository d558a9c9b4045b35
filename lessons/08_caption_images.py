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
# **You will do:** take the classifier off a convolutional network, put a recurrent network in its place, train it to say what is on a picture, and mark every
# caption against the truth. Then draw a picture yourself and see what it says.
#
# **You will learn:** what the last layers of a CNN know, and what they know it from; captioning as one-to-many; three places for a picture to enter a
# memory; how captions are marked (BLEU-1 to 4, CIDEr), and what the marks miss.
#
# **You need:** lessons 04 and 06. Of CNNs: that a convolution looks for a pattern everywhere in a picture.
#
# **Run time:** about 80 seconds on two processor cores. One cell trains and says so.
#
# **Sources.** O. Vinyals, A. Toshev, S. Bengio, D. Erhan, *Show and tell: a neural image caption generator*, CVPR 2015. The lecture slides on recurrent
# networks after A. Karpathy and F.-F. Li (image captioning: $W_{vh}$), H. Lee's on conditional generation (2017), P. Radhakrishnan's introduction to the
# encoder–decoder. More at the end.

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_lib.quiet import keras
from keras import layers

from course_lib import checks, metrics, plotting, results, text, training, vision
from course_lib.checks import at_least, at_most, claim
from course_lib.datasets.captions import caption_words, read_folder
from course_lib.datasets.fetch import cache_folder
from course_lib.decoding import Describer
from course_lib.exercises import lesson_08
from course_lib.models.captioner import captioner as library_captioner
from course_lib.text import Vocabulary

SEED = checks.seed()
training.set_seed(SEED)

# %% [markdown]
# ## A question with a number in it
#
# A network has seen 40,000 pictures with three captions each, for a minute. Now it is shown 500 new ones. A caption counts as correct if *everything* it
# says is true (who, in which colour, doing what, where, when) and if it names two of the things there are. **Guess:** how many of 100 are correct? And how
# many if the network that reads the pictures has never been trained? Write two numbers down.
#
# ## A world: pictures whose truth is known

# %%
from course_lib.worlds.scenes import SceneWorld

world = SceneWorld()
shown = world.sample(6, 2)
fig, axes = plotting.figure(10, 6.9, columns=3, rows=2)
said = [world.captions(scene, 1)[0] for scene in shown]
plotting.pictures(axes, [world.draw(scene, 192)[0] for scene in shown], said)
plt.show()

# %% [markdown]
# People, animals and things of 18 kinds, in eight colours, in six places, by day and by night. Each scene is drawn from data, so the world knows what is
# where. It writes captions as several people might, and it can read one and say whether it is true:

# %%
scene = shown[0]
for caption in world.captions(scene, 5):
    print(world.accepts(scene, caption), caption)
wrong = world.captions(scene, 1)[0].replace(scene.things[-1].colour, "pink")
print(world.accepts(scene, wrong), wrong)

# %% [markdown]
# 40,000 of them are what we learn from; 500 others are the test. Test pictures and the first 600 of the others are drawn here and stored as Flickr8k is
# (lesson's end): a folder of pictures, and a file with lines `name.png#0<tab>caption`.

# %%
learned, v_learned = vision.scene_vectors(world)  # scenes; what a CNN says of each, below
scenes = {"train": learned[:600], "test": world.sample(500, 1000 + SEED)}
folder = cache_folder() / f"scenes-{SEED}"
world.write(folder, scenes)
stored = read_folder(folder)
pictures = {split: [stored.path(name) for name in names] for split, names in stored.splits.items()}
captions = [[caption.split() for caption in world.captions(scene, 3)] for scene in learned]
test_captions = [[caption_words(c) for c in stored.captions[name]] for name in stored.splits["test"]]
vocabulary = Vocabulary.from_texts(words for given in captions for words in given)
print(len(learned), "pictures to learn from,", len(vocabulary), "words")


# %%
def correct(said):
    """The share of captions, one for each test picture, that are correct."""
    return np.mean([world.accepts(scene, " ".join(words)) for scene, words in zip(scenes["test"], said, strict=True)])


# %% [markdown]
# ## What the last layers of a CNN know
#
# The first layers of a CNN know edges and patches of colour. Layer by layer they become parts, and the last ones know things: that is what it was trained to
# tell apart. At the very end a classifier decides for one class. For captions nobody wants that decision, but all that it was made from. So: **take a CNN that
# was trained for something else, drop the decision, keep the numbers.**
#
# Ours (`tools/pretrain.py`, half an hour) was trained on pictures with *one* thing, or with things of several such pictures pasted onto one; it has never
# read a word. It says of each of 8 × 8 regions with which probability a red dog is there, a blue car, … or nothing; a dog that sleeps; a small dog; and where
# and when the whole picture is. The *decision* is dropped, the probabilities are kept. For one vector $v$ of the picture, take the largest value of each number
# over all regions: *is there a red dog anywhere?* (Q. Wu et al. 2016 do this with photographs.)
#
# Beside it: the same network, not trained at all. Vectors are computed once and kept on disk, so the CNN costs nothing during training. That makes captioning
# possible on a laptop. Those of all 40,000 pictures come with the course; the first 600 we compute again.

# %%
backbones = {"pretrained": vision.small_cnn(), "random": vision.small_cnn(weights=None)}
v = {}
for name, backbone in backbones.items():
    cache = vision.FeatureCache(cache_folder() / "features", backbone, grid=False)
    for split in scenes:
        places, problems = cache.add(pictures[split])
        v[name, split] = np.array(cache.rows[places], np.float32)  # (pictures, 236)
print(backbone.grid.output_shape, "->", v["pretrained", "train"].shape)
claim("the vectors that ship are these", at_most(np.abs(v_learned[:600] - v["pretrained", "train"]).max(), 0.02))

# %%
i = next(i for i, scene in enumerate(scenes["test"]) if len(scene.things) == 2)
names = np.array([answer for answers in vision.concepts().values() for answer in answers])
best = [k for k in v["pretrained", "test"][i].argsort()[::-1] if names[k]][:9]
fig, (left, right) = plotting.figure(9, 3.4, columns=2)
plotting.pictures(left, [world.draw(scenes["test"][i], 256)[0]], [" ".join(test_captions[i][0])])
plotting.bars(
    right, names[best], v["pretrained", "test"][i][best], "What its vector says", "largest probability in any region"
)
plt.show()

# %% [markdown]
# To ask a vector a yes-no question, fit a linear function to the answers of the training pictures (least squares) and see whether it is above ½ on new ones:


# %%
def probe(train, test, question):
    """How often a linear function of the vectors answers the question about the test scenes right."""
    mean, spread = train.mean(axis=0), train.std(axis=0) + 1e-8
    train, test = (train - mean) / spread, (test - mean) / spread
    answers = [np.array([question(scene) for scene in scenes[split]], float) for split in ("train", "test")]
    ones = [np.c_[x, np.ones(len(x))] for x in (train, test)]
    w = np.linalg.solve(ones[0].T @ ones[0] + 10 * np.eye(ones[0].shape[1]), ones[0].T @ answers[0])
    said = ones[1] @ w > 0.5
    return np.mean([said[answers[1] == 1].mean(), (~said[answers[1] == 0]).mean()])  # ½ for guessing


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

# %%
fig, ax = plotting.figure(10.5, 3)
series = {"random CNN": known["random"], "pretrained CNN": known["pretrained"]}
plotting.grouped_bars(
    ax, list(QUESTIONS), series, "What can be read from one vector of a picture", "right", chance=0.5, grey=1
)
plt.show()

# %% [markdown]
# Even random convolutions know night and beach: large patches of colour survive any mixing. *What* there is takes filters that were learned.
#
# ## One picture, many words
#
# Captioning is **one-to-many**: one input, a sequence of outputs. The three steps of the design:
#
# 1. drop the classifier of a CNN that was trained on much data;
# 2. connect it with a recurrent network: a language model as in lesson 04, with the picture in its ear;
# 3. train them together on pictures with captions. Often the CNN stays as it is; with much data it is **fine-tuned** at a small rate.
#
# The plain recurrent network of lesson 02 read words: $h_j = \tanh(W_{xh}\, x_j + W_{hh}\, h_{j-1})$. Now it sees, too:
#
# $$h_j = \tanh(W_{xh}\, x_j + W_{hh}\, h_{j-1} + W_{vh}\, v)$$
#
# $x_j$ (E) is the word before, $h_j$ (H) the memory, $v$ (D) the picture; so $W_{vh}$ is $H \times D$.
#
# ### One step by hand
#
# One number each: the picture says "dog" ($v = 1$) or "cat" ($v = -1$). $W_{xh} = 0$, $W_{hh} = 0$, $W_{vh} = 2$. **Predict** $h$ for both. Then with $W_{hh} = 1$ and
# $h_{j-1} = -2$: does it still see the dog?

# %%
for v_1, W_hh, h_before in ((1, 0, 0), (-1, 0, 0), (1, 1, -2)):
    print(
        f"v = {v_1:2}, W_hh h = {W_hh * h_before:2}:  h = tanh({W_hh * h_before + 2 * v_1}) = {np.tanh(W_hh * h_before + 2 * v_1):.3f}"
    )

# %% [markdown]
# The memory can drown the picture, though it sees it at every step. And the picture is wanted most at the very end: after *a red* only $v$ tells which of the
# things is the red one.
#
# ### Where the picture enters
#
# | name | the memory reads | the picture is | whose |
# | --- | --- | --- | --- |
# | first input | $v$, then $y_0, y_1, \dots$ | the first "word" | Vinyals et al. 2015, eqs 10 to 12 |
# | start | $y_{j-1}$ | the initial state $s_0$ | the encoder–decoder of lesson 06 |
# | each step | $y_{j-1}$ and $v$ | always in the memory's sight | the lecture's $W_{vh}$ |
# | start, and the output | $y_{j-1}$ | $s_0$, and beside every output | Mao et al. 2015 join them at the output |
#
# Vinyals tried the third and left it: it learned the training pictures by heart more easily. Below we count. Here is the last one, all of it. *Maxout* keeps
# the larger one of every two numbers (Goodfellow et al. 2013); from "I have just said *red*" and "there is a red dog" such a layer can make "*dog*".


# %%
def captioner(words, cell=layers.LSTM, units=96, pieces=256):
    """Vectors (B, 236) and the words before (B, J) -> scores (B, J, words)."""
    picture, before = keras.Input((236,)), keras.Input((None,), dtype="int32")
    v = layers.Dense(128, "relu", name="whole")(picture)  # (B, 128)
    y = layers.Embedding(words, 64, name="embedding")(before)  # (B, J, 64)
    s_0 = [layers.Dense(units, "tanh", name="h_0")(v), layers.Dense(units, name="c_0")(v)]
    s = cell(units, return_sequences=True, name="memory")(y, initial_state=s_0 if cell is layers.LSTM else s_0[:1])
    t = layers.Dense(2 * pieces, name="maxout")(keras.ops.concatenate([s, y], axis=-1))
    t = t + layers.Dense(2 * pieces, use_bias=False, name="seen")(v)[:, None]  # (B, J, 512)
    t = keras.ops.max(layers.Reshape((-1, pieces, 2))(t), axis=-1)  # (B, J, 256)
    return keras.Model([picture, before], layers.Dense(words, name="readout")(t))


by_hand = captioner(len(vocabulary))
WAY, sizes = "start, and the output", {"width": 128, "embedding": 64, "units": 96, "maxout": 256}
model = library_captioner((236,), len(vocabulary), WAY, **sizes)
named = {tuple(weight.path.split("/")[-2:]): weight for weight in model.weights}
for weight in by_hand.weights:
    weight.assign(named[tuple(weight.path.split("/")[-2:])])
example = v_learned[:8], text.to_rows([given[0] for given in captions[:8]], vocabulary)[:, :-1]
difference = np.abs(by_hand(example) - model(example)).max()
claim("ours and the library's give the same scores", at_most(difference, 1e-5))

# %% [markdown]
# ## Two baselines that learn nothing
#
# **The most likely words**, whatever the picture; and the caption of **the most similar training picture** (nearest vector). A retriever cannot say
# anything new, but all it says is good English.

# %%
near = ((v_learned**2).sum(axis=1) - 2 * v["pretrained", "test"] @ v_learned.T).argmin(axis=1)  # of squared distances
retrieved = [captions[i][0] for i in near]
print(f"correct: {correct(retrieved):.3f}")

# %% [markdown]
# ## Train
#
# About a minute. Each caption is an example of its own: three of them for one picture.

# %%
places = np.repeat(np.arange(len(captions)), [len(given) for given in captions])
rows = text.to_rows([words for given in captions for words in given], vocabulary)
STEPS = 1700
training.compile_for_training(model, STEPS, 6e-3, optimizer="muon")
losses = training.fit(model, vision.caption_batches(v_learned, places, rows, 64, SEED), STEPS)

# %%
describe = Describer(model, vocabulary)
said = {
    f"beam {beam}": [best.words for best in describe(v["pretrained", "test"], beam=beam, alpha=0)] for beam in (1, 5)
}
said["drawn"] = describe.sample(v["pretrained", "test"], seed=SEED)
said["most similar picture's"] = retrieved
rights = {name: correct(words) for name, words in said.items()}
results.print_table(["captions", "correct"], [(name, f"{share:.2f}") for name, share in rights.items()])
claim("four of five captions are correct in every word", at_least(rights["beam 5"], 0.8))
claim(
    "the most similar picture's caption is correct half as often at best",
    at_least(rights["beam 5"] / rights["most similar picture's"], 2),
)
claim("drawing words by chance costs", at_least(rights["beam 5"] - rights["drawn"], 0.1))

# %% [markdown]
# Look back at your two numbers; the second is answered below. **Beam** search finds the sentence the network holds to be most probable; that says little that
# could be wrong. **Drawing** word by word gives livelier captions, and more mistakes. Here they are for one picture:

# %%
i = next(i for i, scene in enumerate(scenes["test"]) if len(scene.things) == 3)
one = np.repeat(v["pretrained", "test"][i : i + 1], 5, axis=0)
fig, ax = plotting.figure(3.2, 3.6)
plotting.pictures(ax, [world.draw(scenes["test"][i], 256)[0]], ["beam 5: " + " ".join(said["beam 5"][i])])
plt.show()
for words in describe.sample(one, seed=SEED):
    print("drawn:", " ".join(words))

# %% [markdown]
# ## A gallery, honestly chosen
#
# Papers show their best captions. Here are the first four of the test set that are right, and the first four that are wrong.

# %%
marks = np.array(
    [world.accepts(scene, " ".join(words)) for scene, words in zip(scenes["test"], said["beam 5"], strict=True)]
)
chosen = [*np.flatnonzero(marks)[:4], *np.flatnonzero(~marks)[:4]]
fig, axes = plotting.figure(11, 6.6, columns=4, rows=2)
drawn = [world.draw(scenes["test"][i], 192)[0] for i in chosen]
plotting.pictures(axes, drawn, [" ".join(said["beam 5"][i]) for i in chosen], marks[chosen])
plt.show()

# %% [markdown]
# Which part is wrong? Count the captions in which a kind and a colour are joined that are both on the picture, but of two different things:


# %%
def swapped(scene, words):
    """Whether a caption gives one thing the colour of another."""
    there = {(thing.kind, thing.colour) for thing in scene.things}
    kinds, colours = (set(names) for names in zip(*there, strict=True))
    things = (world.read(" ".join(words)) or {"things": []})["things"]
    return any((kind, colour) not in there and kind in kinds and colour in colours for kind, colour, *_ in things)


wrong = [i for i, right in enumerate(marks) if not right]
share = np.mean([swapped(scenes["test"][i], said["beam 5"][i]) for i in wrong])
print(f"{len(wrong)} captions are wrong, {share:.0%} of them for a colour that went to the wrong thing")
claim("most mistakes are colours that went astray", at_least(share, 0.5))

# %% [markdown]
# It is not the CNN's mistake: $v$ has one number for a red boat, another for a red tent. But when 64 regions have become one vector, all things are there at
# once, and for each of 8 × 18 pairs the network must learn from captions alone which number belongs to the word it has just said. Lesson 09 looks at one
# region at a time; there, a colour has nowhere else to go.

# %% [markdown]
# ## The comparison
#
# One command trains everything five times (`python -m experiments.captions`); here is its table, medians of five seeds.

# %%
table = results.read("captions.csv")
cases = list(dict.fromkeys((row["cnn"], row["cell"], row["way"]) for row in table))


def of(cnn, cell, way, column="correct"):
    """One number for each seed."""
    return [row[column] for row in table if (row["cnn"], row["cell"], row["way"]) == (cnn, cell, way)]


columns = ("correct", "bleu_4", "cider")
results.print_table(
    ["CNN, memory, way", "correct", "BLEU-4", "CIDEr"],
    [(", ".join(case), *(f"{np.median(of(*case, column)):.2f}" for column in columns)) for case in cases],
)

# %%
gain = np.array(of("pretrained", "lstm", WAY)) - of("random", "lstm", WAY)
claim("the pretrained CNN is far ahead of the random one, in all five runs", at_least(gain.min(), 0.3))

# %% [markdown]
# **Where does it enter?** It hardly matters which of the three, as long as it does. **Plain RNN or LSTM?** Captions are short, ten words: nothing has to be
# remembered for long, and the picture is in sight.
#
# ## How captions are marked when nobody knows the truth
#
# On photographs no world reads the caption. It is compared with what people wrote:
#
# - **BLEU-n** (lesson 06): how many of its n-grams, up to length n, one of the references has, each counted at most as often as there; times a penalty for
#   captions that are too short. Papers leave the penalty out or in, so both are given below.
# - **CIDEr** (Vedantam et al. 2015): captions as vectors of n-grams, each weighed by how rare it is among all pictures. "A man in a" counts little, "unicycle"
#   much. From 0 to 10; people, marked against each other, get 0.85 on COCO (Vinyals et al. 2015, table 1).
#
# Here both can be compared with the truth. Does a higher mark mean a truer caption?

# %%
values = [[row[name] for row in table] for name in ("correct", "bleu_4", "cider")]
print(f"BLEU-4 and correct, over {len(table)} runs: correlation {np.corrcoef(values[0], values[1])[0, 1]:.2f}")
print(f"CIDEr  and correct: {np.corrcoef(values[0], values[2])[0, 1]:.2f}")
marked = {name: metrics.caption_bleu(words, test_captions)["BLEU-4"] for name, words in said.items()}
results.print_table(["captions", "BLEU-4", "correct"], [(n, f"{marked[n]:.1f}", f"{rights[n]:.2f}") for n in said])

# %% [markdown]
# ## Your picture
#
# Put two things somewhere. The caption is new each time you move something; the world marks it. (Standing still first, then to move.)

# %%
from course_lib import widgets
from course_lib.worlds.scenes import compose


def look(kind, colour, x, other, other_colour, other_x, place, night):
    """A figure with the picture and its caption."""
    scene = compose(world, [(kind, colour, x), (other, other_colour, other_x)], place, night == "night")
    caption = " ".join(
        describe(backbones["pretrained"].pooled(world.draw(scene, 128)[0][None]), beam=5, alpha=0)[0].words
    )
    fig, ax = plotting.figure(3.6, 4.2)
    plotting.pictures(ax, [world.draw(scene, 256)[0]], [caption], [world.accepts(scene, caption)])
    return fig


look("dog", "red", 0.3, "woman", "blue", 0.7, "beach", "day")
plt.show()

# %% tags=["nbval-ignore-output"]
widgets.movable(
    look,
    kind=widgets.menu("first", list(world.kinds), "dog"),
    colour=widgets.menu("colour", list(world.colours), "red"),
    x=widgets.slider("where", 0.0, 1.0, 0.05, 0.3),
    other=widgets.menu("second", list(world.kinds), "woman"),
    other_colour=widgets.menu("colour", list(world.colours), "blue"),
    other_x=widgets.slider("where", 0.0, 1.0, 0.05, 0.7),
    place=widgets.menu("place", list(world.places), "beach"),
    night=widgets.choice("time", ["day", "night"]),
)

# %% [markdown]
# Or a file: something you painted, a photograph. It will answer in any case, in the 98 words it knows. **A captioner does not know what it does not know.**


# %% tags=["nbval-ignore-output"]
def look_at_file(photo):
    """A figure with the picture and its caption."""
    if not photo:
        return "Choose a picture: PNG, JPEG, …"
    picture = vision.decode(photo, 128, "your file")
    fig, ax = plotting.figure(3.6, 4.2)
    caption = " ".join(describe(backbones["pretrained"].pooled(picture[None]), beam=5, alpha=0)[0].words)
    plotting.pictures(ax, [vision.decode(photo, 256, "your file")], [caption])
    return fig


widgets.movable(look_at_file, photo=widgets.upload("your picture"))

# %% [markdown]
# ## On real data: Flickr8k
#
# 8,000 photographs of people and dogs, each described by five people (Hodosh, Young and Hockenmaier 2013). The same captioner, wider; the CNN is MobileNetV2,
# pretrained on ImageNet (Sandler et al. 2018). `python -m experiments.flickr8k train` does all of it on two cores in less than ten minutes, and
# `python -m experiments.flickr8k caption photo.jpg` describes any photograph.

# %%
flickr = [row for row in results.read("flickr8k.csv") if row["split"] == "dev"]
names = [f"BLEU-{n}" for n in (1, 2, 3, 4)]
lines = []
for beam in (1, 5):
    runs = [row for row in flickr if row["beam"] == beam]
    lines.append(
        (f"ours, beam {beam}, median of {len(runs)} (dev)", *(f"{np.median([r[n] for r in runs]):.1f}" for n in names))
    )
lines.append(("Show and Tell, published (test)", "63", "41", "27", None))
results.print_table(["", *names], lines)

# %% [markdown]
# Published: Vinyals et al. 2015 as quoted by Xu et al. 2015, table 1; the network had seen more powerful features, and thirty times our minutes.
#
# ## Exercises
#
# They need the first cell of the lesson and nothing else.
#
# ### 1 · Warm-up: one vector for a picture
#
# The mean over all regions.


# %% nbgrader={"grade_id": "pool"}
def pool(grid):
    """Region vectors (B, rows, columns, C) -> one vector for each picture (B, C)."""
    ### BEGIN SOLUTION
    return grid.mean(axis=(1, 2))
    ### END SOLUTION


# %% nbgrader={"grade_id": "pool-check", "points": 1}
lesson_08.check_pool(pool)

# %% [markdown]
# ### 2 · A step that sees
#
# $h_j = \tanh(W_{xh}\, x_j + W_{hh}\, h_{j-1} + W_{vh}\, v)$ for a batch. Vectors are rows: `x` is (B, E), `W_xh` (E, H).


# %% nbgrader={"grade_id": "seeing-step"}
def step(x, h, v, W_xh, W_hh, W_vh):
    """Word (B, E), memory (B, H), picture (B, D) -> the memory after the step (B, H)."""
    ### BEGIN SOLUTION
    return np.tanh(x @ W_xh + h @ W_hh + v @ W_vh)
    ### END SOLUTION


# %% nbgrader={"grade_id": "seeing-step-check", "points": 1}
lesson_08.check_step(step)

# %% [markdown]
# ### 3 · One to many
#
# Five captions of a picture are five examples. Picture 0 with `["a", "dog"]` becomes `(0, ["<bos>", "a", "dog"], ["a", "dog", "<eos>"])`.


# %% nbgrader={"grade_id": "one-to-many"}
def examples(captions):
    """captions[i]: the captions of picture i, lists of words -> a list of (i, words before, words to say)."""
    ### BEGIN SOLUTION
    return [(i, ["<bos>", *words], [*words, "<eos>"]) for i, given in enumerate(captions) for words in given]
    ### END SOLUTION


# %% nbgrader={"grade_id": "one-to-many-check", "points": 2}
lesson_08.check_examples(examples)

# %% [markdown]
# ### 4 · BLEU's precision
#
# The share of a caption's words that a reference has. But *the the the* must not score 1: each word counts at most as often as the reference that has it most
# often (Papineni et al. 2002, section 2.1).


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
# Invent a kind of thing for the world: a kite, a robot, a whale. `course_lib/worlds/scenes.toml` says at its top how shapes are written, and has 18 examples.
# Asked for: a new name, two states that look different, and something in its own colour (`main`). To see it:
# `world = SceneWorld(KINDS_FILE.read_text() + my_thing())`, both from `course_lib.worlds.scenes`, then `world.draw(scene)`.


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
# - Compute the vectors once, keep them on disk, keyed by the picture's bytes and the network.
# - Preprocess pictures exactly as the CNN's trainers did. Each network of `keras.applications` has its own `preprocess_input`.
# - Captions count as correct what people happened to write. Look at a hundred of them yourself.
# - Fine-tune the CNN last, at a tenth of the rate, when the captioner has stopped getting better; before, its gradients are noise.
# - Captioners learn what is usual. On photographs they guess sex and profession from kitchens and offices (Hendricks et al. 2018).
#
# ## Going further
#
# - J. Mao et al., *Deep captioning with multimodal recurrent neural networks*, ICLR 2015: the picture at each step.
# - A. Karpathy, L. Fei-Fei, *Deep visual-semantic alignments for generating image descriptions*, CVPR 2015; J. Donahue et al., *Long-term recurrent
#   convolutional networks*, CVPR 2015; X. Chen, C. L. Zitnick, *Learning a recurrent visual representation for image caption generation*, 2014.
# - M. Hodosh, P. Young, J. Hockenmaier, *Framing image description as a ranking task*, JAIR 2013: Flickr8k.
# - R. Vedantam, C. L. Zitnick, D. Parikh, *CIDEr: consensus-based image description evaluation*, CVPR 2015.
# - L. A. Hendricks et al., *Women also snowboard: overcoming bias in captioning models*, ECCV 2018.

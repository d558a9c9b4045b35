# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 04 · Write text, one character at a time
#
# **You will do:** train a network that has never been told what a word is until it writes stories, train another until it
# writes programs, and mark everything they write.
#
# **You will learn:** what changes when a model reads characters instead of words; how to train on a text of any length; how
# to draw from a model, boldly or carefully; what a network learns first and what last; and what "it gets better" means,
# measured.
#
# **You need:** lessons 01 to 03.
#
# **Run time:** about 67 seconds on two processor cores with AVX-512, about 98 on one without. Two cells train and say so.
#
# **Sources.** A. Karpathy, *The unreasonable effectiveness of recurrent neural networks*, 2015, whose experiment this is, and X.
# Bresson's lecture on recurrent networks (2017), which shows it at four stages of training; I. Sutskever, J. Martens, G. Hinton,
# *Generating text with recurrent neural networks*, ICML 2011. More at the end.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

from course_lib.backend import keras
import tensorflow as tf
from keras import layers, ops

from course_lib import plotting, results, tables, text, training, widgets
from course_lib import layers as recurrent
from course_lib.claims import at_least, at_most, claim, must_be, seed
from course_lib.errors import CourseError
from course_lib.exercises import lesson_04
from course_lib.layers import RNN
from course_lib.models.language_model import chain
from course_lib.text import tokenize

SEED = seed()
training.set_seed(SEED)

# %% [markdown]
# ## A question with a number in it
#
# A network reads stories as a stream of letters, spaces and full stops. Nobody tells it that there are words. After half a
# minute of training it writes, one character at a time. **Guess:** how many of its words are words? How many of its stories
# could have been told by the author of the others? Write both numbers down.
#
# The stories are those of lesson 01, the language **world**: its grammar is known, so every letter a network writes can be
# marked right or wrong.
#
# ## Characters against words

# %%
from course_lib.worlds import language

by_word, by_character = language.load(), language.load(spell=text.detokenize)
tables.print_table(
    ["the same world", "by word", "by character"],
    [("tokens to choose from", len(by_word.words), len(by_character.words)),
     ("tokens a story, end included", f"{by_word.expected_length:.1f}", f"{by_character.expected_length:.1f}"),
     ("entropy of a story, nats", f"{by_word.entropy_nats:.3f}", f"{by_character.entropy_nats:.3f}"),
     ("entropy of a token, nats", f"{by_word.entropy_rate_nats:.3f}", f"{by_character.entropy_rate_nats:.3f}")],
)  # fmt: skip
difference = by_word.entropy_nats - by_character.entropy_nats
must_be("spelled out, a story is exactly as uncertain as before", at_most(abs(difference), 1e-6))

# %% [markdown]
# A story is a story, however it is cut up. What changes is how its 11.6 nats are spread:
#
# - **For characters:** a small vocabulary, and no unknown word, ever. Names, misprints, numbers, program code: all can be read
#   and written.
# - **Against:** four times as many steps. A country and its language, up to 26 words apart, are up to 110 characters apart.
#   And the network has to learn spelling, too.
#
# Most models today cut texts into pieces between the two: frequent parts of words, called *subwords* or *tokens*.
#
# Where are the nats? Here is a story, with what a perfect model pays for each character. Before you look: **which
# characters are expensive?**

# %%
held_out = [text.detokenize(words) for words in by_word.sample(600, seed=1000 + SEED)]
log_p_true = np.concatenate([by_character.log_probabilities(story) for story in held_out])
begins = np.array([first for story in held_out for first in (True, *(c in " “" for c in story))])
at_beginnings = log_p_true[begins].sum() / log_p_true.sum()
dear = claim("three quarters of all nats are paid at the first letter of a word", at_least(at_beginnings, 0.75))
print(f"{begins.mean():.0%} of the characters begin a word")

# %%
story = "I was born in Poland, but we moved to Boston last month. I speak fluent Polish."
price = -by_character.log_probabilities(story)[:-1]
fig, ax = plotting.figure(10, 2.4)
ax.bar(range(len(story)), price, color=plotting.BLUE, width=0.9)
ax.set_xticks(range(len(story)), list(story), fontsize=9)
ax.set(ylabel="nats", xlim=(-0.6, len(story) - 0.4))
plotting.title(ax, dear)
plt.show()

# %% [markdown]
# *Polish*, the far word, is free: whoever remembers *Poland* knows it. Where a word goes on, there is often only one way.
# This is the **floor**: 0.128 nats a character, on average. No model can pay less.
#
# ## A baseline: count seven characters
#
# In 1948 C. Shannon wrote the first text of this kind, with a book and a pencil: open the book anywhere, read until you meet the
# last letter you wrote, or the last two, and take the letter that follows. We let a computer do it with the last seven characters:
# it counts what followed them, and where they are rare it mixes in what followed the last six, five, … (as in lesson 01).

# %%
from course_lib.models.ngram import NGramModel  # order 8: seven characters, and the one that follows

stories = [text.detokenize(words) for words in by_word.sample(20_000, seed=SEED)]  # to train on
vocabulary = text.Vocabulary.from_texts(stories)
ngram = NGramModel(order=8, vocabulary_size=len(vocabulary)).fit(text.to_rows(stories, vocabulary))


def story_by_counting(rng):
    """Draw characters by their counts after the last seven, until <eos> comes."""
    written = [vocabulary["<bos>"]] * 7
    while written[-1] != vocabulary["<eos>"]:
        written.append(rng.choice(len(vocabulary), p=ngram.distribution(written[-7:])))
    return "".join(vocabulary.decode(written))


rng = np.random.default_rng(SEED)
counted_stories = [story_by_counting(rng) for _ in range(200)]
print(*counted_stories[:3], sep="\n")

# %% [markdown]
# Not bad. With seven characters it spells well, and it forgets after seven characters what it was about to say. We will mark it
# with the same marks as the network.
#
# ## A tape
#
# Characters make long texts: a novel has a million. We cannot run back through a million steps, and a novel is not a heap of
# short stories. So all texts go on one long [**tape**](pages/glossary.md#tape), with `<eos>` between them. The tape is cut into $B$ rows that are read
# side by side, $T$ characters at a time:


# %% tags=["lib:batching"]
def stream_batches(ids, batch_size, length):
    """Endless batches of (inputs, targets) from one long tape (N,), both (batch_size, length).

    The tape is cut into batch_size rows that are read side by side: row b of a batch goes on where row b of the batch
    before ended, so that a memory may be carried over. At the end of the rows all begin again.
    """
    row = (len(ids) - 1) // batch_size  # tokens in a row
    if row < length:
        raise CourseError(
            f"{batch_size} rows of {length} tokens and one to follow need a text of {batch_size * length + 1} tokens, "
            f"this one has {len(ids)}: use a longer text, fewer rows or shorter ones."
        )
    inputs = ids[: batch_size * row].reshape(batch_size, row)
    targets = ids[1 : batch_size * row + 1].reshape(batch_size, row)  # the same, one token on
    while True:
        for start in range(0, row - length + 1, length):
            yield inputs[:, start : start + length], targets[:, start : start + length]


# %% [markdown]
# Try it on something small. The tape is the alphabet, $B = 2$, $T = 4$. **Predict:** what is in the first batch, and in the second?

# %%
alphabet = "abcdefghijklmnopqrstuvwxyz"
small = stream_batches(np.arange(26), batch_size=2, length=4)
for name in ("first ", "second"):
    inputs, targets = next(small)
    shown = ["".join(alphabet[i] for i in row) for row in (*inputs, *targets)]
    print(f"{name} batch: row 0 reads {shown[0]}, row 1 reads {shown[1]}; to say: {shown[2]} and {shown[3]}")

# %% [markdown]
# (25 letters have one that follows; so a row has 12, and row 1 begins at *m*.) Row 0 reads on from *abcd* to *efgh*. So the
# memory must not be emptied between the two batches: what row $b$ knows after one batch, it starts the next one with. Keras calls
# such a layer [**stateful**](pages/glossary.md#stateful). First the network:


# %% tags=["lib:models.language_model"]
def language_model(vocabulary_size, cell, embedding=64, dropout=0.0):
    """Any cell as a language model: tokens (B, T) -> logits of the next token (B, T, V), before the softmax.

    cell: under Keras's contract, such as `cells.LSTMCell(256)`. dropout: on what the memory says, not on the memory
    itself; Zaremba et al. 2014. The vectors of the embedding start with numbers of size 1, far above Keras's 0.05: what
    is read is heard from the first step on.
    """
    tokens = keras.Input((None,), dtype="int32", name="tokens")  # (B, T)
    loud = keras.initializers.RandomNormal(stddev=1.0)
    x = layers.Embedding(vocabulary_size, embedding, embeddings_initializer=loud, name="embedding")(tokens)  # (B, T, D)
    h = RNN(cell, return_sequences=True, name="memory")(x)  # (B, T, H)
    if dropout:
        h = layers.Dropout(dropout, name="dropout")(h)
    logits = layers.Dense(vocabulary_size, name="readout")(h)  # (B, T, V)
    return keras.Model(tokens, logits, name="language_model")


# %% [markdown]
# Its twin is built around the same layers; only the loop around the cell is a new one, which keeps its last state for the next
# batch. (`chain` lists the layers, and refuses a network that is not layer upon layer.)


# %% tags=["lib:models.language_model"]
def stateful(model, batch_size):
    """The same network, with the same weights, whose memory goes on from batch to batch: row b where row b ended.

    model: layer upon layer, as `language_model`. To begin anew: `reset_states()` of its recurrent layers.
    """
    x = tokens = keras.Input((None,), batch_size=batch_size, dtype="int32", name="tokens")
    for layer in chain(model):
        if isinstance(layer, layers.RNN):  # a new loop around the same cell
            layer = RNN(layer.cell, return_sequences=True, stateful=True, name=layer.name)
        x = layer(x)
    return keras.Model(tokens, x, name=f"stateful_{model.name}")


# %% [markdown]
# If the memory is really carried over, reading in two halves must give the same logits as reading in one go:

# %%
from course_lib.cells import ChronoBias, LSTMCell

model = language_model(len(vocabulary), LSTMCell(8))
going_on = stateful(model, batch_size=2)
tokens = np.array([vocabulary.encode(story[:40]) for story in held_out[:2]])
whole = model(tokens)
halves = [going_on(tokens[:, :20]), going_on(tokens[:, 20:])]
must_be(
    "in two halves or in one go: the same logits", at_most(np.abs(whole - ops.concatenate(halves, axis=1)).max(), 1e-5)
)
emptied = np.abs(whole[:, 20:] - model(tokens[:, 20:])).max()
claim("with the memory emptied in between: other logits", at_least(emptied, 1e-3))

# %% [markdown]
# ### What lesson 02's derivation is worth
#
# Training is what we wait for, and much of it is the way back through time. TensorFlow can find that way by itself: it goes back through every operation of
# every step, and at every step makes a matrix as large as $W$ and adds it to the sum, $\partial E/\partial W = \sum_t \delta_t\, x_t^\top$, where
# $\delta_t = \partial E/\partial z_t$ belongs to the four blocks before their sigmoids and tanh. Lesson 02's equations say that only one thing must be done
# step by step: to hand $\partial E/\partial h_t$ on through $U^\top \delta_t$. All $\delta_t$ kept, the sum is **one** product of matrices instead of $T$ small ones.
#
# So `RNN` above is not Keras's, but `course_lib.layers.RNN`: with the same results, and with the backward pass written by hand. An LSTM's step back, all of it:

# %%
print(inspect.getsource(recurrent.LSTMSteps.back))

# %% [markdown]
# (`_d_sigmoid(y, dy)` is $dy\, y (1 - y)$, `_d_tanh(y, dy)` is $dy\, (1 - y^2)$; `together` puts the blocks beside each other; `_product(dz, U_T, H)` is
# $dz\, U^\top$, the same as $U^\top \delta_t$ with each text's numbers in a row.) **Check it against the board in lesson 03.** Is it the same network, forward and back?

# %%
cell, x = LSTMCell(16), keras.random.normal((5, 30, 8))
gradients = []
for loop in (RNN(cell, return_sequences=True), layers.RNN(cell, return_sequences=True)):
    with tf.GradientTape() as tape:
        E = ops.sum(ops.sin(loop(x)))
    gradients.append(tape.gradient(E, [weight.value for weight in cell.weights]))
differences = [np.abs(ours - theirs).max() / np.abs(theirs).max() for ours, theirs in zip(*gradients, strict=True)]
must_be("the gradients of W, U and b are Keras's", at_most(max(differences), 1e-5))

# %% [markdown]
# And how long does a training step take, forward and back (`python -m benchmarks.layers`)? PyTorch stands beside it. The last column is for comparison: the
# six products of matrices of such a step, each in one piece, in TensorFlow, and nothing else; it is no lower
# bound: without AVX-512 our whole step is faster at two of the sizes. Compare the two halves. (The two kinds here are one machine, with AVX-512 and told not to use it.)

# %%
columns = {"course": "ours", "keras": "Keras", "torch": "PyTorch", "products": "products alone"}
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
# **Forward**, the memory reaches back as far as it likes. **Backward**, the gradient stops where the batch begins: after $T$ steps it is
# cut. This is **truncated backpropagation through time** (lesson 02). What is further away than $T$ can still be used, if the network
# happens to carry it; but no gradient asks for it. So $T$ should reach across what matters. A country and its language are up to
# 110 characters apart; with $T = 128$ a cut falls between some pairs, but many stay whole. What happens with 32 stands in the table
# at the end.
#
# ## Drawing a character
#
# The network gives a logit to every character. How do we pick one? Four characters, a to d, with these logits:

# %%
logits = np.log([[0.50, 0.25, 0.15, 0.10]])

# %% [markdown]
# **Temperature.** Divide the logits by $\tau$: the new probabilities are $q_i \propto e^{y_i/\tau} \propto p_i^{1/\tau}$. With
# $\tau = 0.5$ every probability is squared, and then they are scaled to sum to 1. [**Top-k.**](pages/glossary.md#top-k) Only the $k$ best stay. [**Nucleus**](pages/glossary.md#nucleus), or top-p: only the fewest best stay
# whose probabilities reach $p$ together; sometimes that is one character, sometimes twenty.
#
# **On paper:** what are the four probabilities with $\tau = 0.5$? With the two best only? With a nucleus of 0.8?


# %% tags=["lib:decoding.sampling"]
def adjust_logits(logits, temperature=1.0, top_k=None, top_p=None):
    """Logits (B, V) as they are before a token is drawn; what must not be drawn gets -inf.

    First divided by the temperature; then only the top_k best stay (Fan et al. 2018); then only the nucleus: the fewest
    best tokens whose probabilities reach top_p together (Holtzman et al. 2020, eqs 2 and 3). Equals stay together.
    """
    logits = logits / temperature
    if top_k is not None:
        best_first = ops.flip(ops.sort(logits, axis=-1), axis=-1)
        logits = ops.where(logits < best_first[:, top_k - 1 : top_k], -np.inf, logits)
    if top_p is not None:
        best_first = ops.flip(ops.sort(logits, axis=-1), axis=-1)
        p = ops.softmax(best_first)
        before = ops.cumsum(p, axis=-1) - p  # the probability of all that is better
        inside = (before < top_p) | (top_p >= 1)  # of all, also what rounding puts behind 1
        nucleus = ops.where(inside, best_first, np.inf)  # the best is always in it
        logits = ops.where(logits < ops.min(nucleus, axis=-1, keepdims=True), -np.inf, logits)
    return logits


# %%
for how in ({"temperature": 0.5}, {"top_k": 2}, {"top_p": 0.8}):
    p = np.array(ops.softmax(adjust_logits(logits, **how)))[0]
    print(how, p.round(3))

# %% [markdown]
# A story is written by drawing, reading what was drawn, drawing again: a loop. `decoding.TextGenerator` runs that loop for many texts at
# once, inside TensorFlow, so that Python is asked once a text and not once a character. Why it matters, in characters per
# second, measured (`python -m benchmarks.generation`):

# %%
speed = [row for row in results.read("generation.csv") if row["units"] == 160]  # as in this lesson
speed = {how: row["characters_per_s"] for how, row in tables.medians(speed, by="how").items()}
tables.print_table(
    ["LSTM, 160 units, two cores", "characters/s"], [(how, f"{value:,.0f}") for how, value in speed.items()]
)
one_call, one_text, many = speed.values()
claim("the loop inside TensorFlow: at least 3 times as fast", at_least(one_text / one_call, 3), table="generation.csv")
claim("64 texts at once: at least 50 times as fast", at_least(many / one_call, 50), table="generation.csv")

# %% [markdown]
# ## Marks
#
# Three questions to everything that is written. Which of its words are words of this world? Which **sentences** could stand
# somewhere in a story? Which **stories** could be told as a whole, character by character? (A fourth comes with the network: the
# **far word**. Given a story up to the language, "… I speak fluent ", with the country 40 or more characters back, is it right?)


# %% tags=["lib:metrics.language"]
def sentences(words):
    """A story's words, cut behind each . ! and ?"""
    ends = [i + 1 for i, word in enumerate(words) if word in (".", "!", "?")]
    return [words[a:b] for a, b in zip([0, *ends], [*ends, len(words)], strict=True) if words[a:b]]


def story_marks(by_word, by_character, stories):
    """Of printed stories, the shares of words that are words, sentences that can be said, and stories that can be told.

    by_word, by_character: the same GrammarWorld by words, and by characters: it sees a missing space, too.
    """
    told, ends = [tokenize(story) for story in stories], (".", "!", "?")
    known, parts = set(by_word.words), [part for words in told for part in sentences(words)]
    right = {
        "words": [word in known for words in told for word in words if word[0].isalpha()],
        "sentences": [p[-1] in (*ends, "”") and by_word.accepts_part(p, after=ends) for p in parts],
        "stories": [by_character.accepts(story) for story in stories],
    }
    return {name: np.mean(answers or [False]) for name, answers in right.items()}


# %%
must_be("the world itself gets full marks", set(story_marks(by_word, by_character, held_out[:100]).values()) == {1.0})
counted_marks = story_marks(by_word, by_character, counted_stories)
tables.print_table(["counting seven characters", "share"], [(k, f"{v:.2f}") for k, v in counted_marks.items()])

# %%
claim("counting spells: at least 95 % of its words are words", at_least(counted_marks["words"], 0.95))
claim("but at most one story in five is one", at_most(counted_marks["stories"], 0.2))

# %% [markdown]
# ## Train it, and read what it writes
#
# An LSTM of 160 units. Three settings matter. The inputs start **loud**: vectors with numbers of size 1. The forget gates start
# **chrono** (lesson 03), with memories of 2 to 40 steps: a start, not a limit. And one is new: the optimizer
# [**Muon**](pages/glossary.md#muon) (K. Jordan et al. 2024). For the matrices of the memory it takes Adam's place, and turns each step into a nearly
# orthogonal matrix, so that no direction gets a much longer step than another. (You may take it as a black box here.) What each of the
# three does for the result stands at the end.
#
# Two practical points. `trained` is the twin that learns and carries its memory along; `model` has the same weights, and the `TextGenerator`
# begins with an empty memory each time. But in training the memory is never empty: before each story it has read another. So before
# it writes, we let it read one, too.
#
# **The next cell trains for about half a minute.**


# %%
from course_lib.decoding import TextGenerator

B, T, H, STEPS = 16, 128, 160, 850
model = language_model(len(vocabulary), LSTMCell(H, bias_initializer=ChronoBias(40)), embedding=32)
trained = stateful(model, B)  # trains; `model` has the same weights
training.compile_for_training(trained, STEPS, learning_rate=1e-2, optimizer="muon")
batches = stream_batches(text.to_stream(stories, vocabulary), B, T)
write = TextGenerator(model, vocabulary)

warm = [["<eos>", *story, "<eos>"] for story in held_out[:200]]  # each reads another story first
far = [(story, d.target) for story in held_out for d in by_character.dependencies(story)
       if d.kind == "place" and d.distance >= 40][:300]  # fmt: skip
far_before = [["<eos>", *held_out[0], "<eos>", *story[:place]] for story, place in far]
far_word = [text.tokenize(story[place:])[0] for story, place in far]


def look():
    """What it writes now, and its marks."""
    written = ["".join(t) for t in write(warm, 300, seed=SEED)]  # up to <eos>, or to 300 characters
    # The best character each time, nine of them: enough for the longest language. It need not end the story.
    said = [text.tokenize("".join(t)) for t in write(far_before, 9, top_k=1, stop=None)]
    right = np.mean([words[:1] == [word] for words, word in zip(said, far_word, strict=True)])
    return written, story_marks(by_word, by_character, written) | {"far words": right}


# %% tags=["nbval-ignore-output"]
stages, done = {}, 0
for stage in (0, 100, 200, 300, 500, STEPS):
    training.fit(trained, batches, stage - done, f"to step {stage} of {STEPS}") if stage else None
    done, (written, stages[stage]) = stage, look()
    print(f"step {stage}: {written[0][:150]}")

# %%
enough = {"words": 0.5, "sentences": 0.5, "stories": 0.4}
crossed = {
    name: min((step for step in stages if stages[step][name] >= share), default=np.inf)
    for name, share in enough.items()
}
order = [*crossed.values()]
claim("half of the words are right before half of the sentences, and these before two in five of the stories",
      sorted(set(order)) == order, steps=", ".join(map(str, order)))  # fmt: skip
far_off = claim("when half of the words are right, most far words are wrong",
                at_most(stages[crossed["words"]]["far words"], 0.4))  # fmt: skip
fig, ax = plotting.figure(8, 3.2)
series = {name: [row[name] for row in stages.values()] for name in stages[STEPS]}
plotting.lines(ax, list(stages), series, "training step", "share right", ylim=(0, 1.03))
plotting.title(ax, far_off)
plt.show()

# %% tags=["nbval-ignore-output"]
rows = {"counting": counted_marks} | {f"step {step}": row for step, row in stages.items()}
tables.print_table(
    ["", *stages[STEPS]],
    [(name, *(f"{row[m]:.2f}" if m in row else None for m in stages[STEPS])) for name, row in rows.items()],
)

# %%
log_p = training.stream_log_probabilities(model, text.to_stream(held_out, vocabulary))
ratio = log_p.sum() / log_p_true.sum()
claim("at the end at least 95 % of its words are words", at_least(stages[STEPS]["words"], 0.95))
claim("its cross-entropy is within 10 % of the floor", at_most(ratio, 1.1))
claim("at the end at least three quarters of the far words are right", at_least(stages[STEPS]["far words"], 0.75))
more = stages[STEPS]["stories"] - counted_marks["stories"]
claim("of its stories at least three in ten more are possible than of those written by counting", at_least(more, 0.3))

# %% [markdown]
# Compare with your two guesses. Nobody told it what a word is; to know words makes the next character cheaper, and that is all it was
# trained for. That words come before sentences and these before stories must nearly be so: a right story has only right sentences, and
# one wrong letter spoils a story of ninety. The far word has the stricter mark: the right
# word, where the first needs any word there is; chance is one in eight.
#
# ## Programs
#
# The same kind of network, of 128 units, on a text with stricter rules. A second world: small Python programs, from a grammar you can edit
# (`course_lib/worlds/programs.toml`). Blocks stand in blocks, brackets match, and no name is used before it is defined.

# %%
from course_lib.worlds import programs
from course_lib.worlds.programs import parses, undefined_names

drawn = programs.ProgramWorld().sample(6000, seed=SEED)
print(drawn[4].text)

# %% [markdown]
# Marking is easy: Python itself says whether a text is a program, without running it (`ast.parse`; we ask for two lines or more, since
# `x` alone is a program, too). pyflakes, a tool that programmers use, finds names that are nowhere defined before. It is milder than
# our grammar: a name from inside a block may be used behind it. The floor is known, too: each program comes with its probability.
#
# We read in windows of 64 this time: more steps in the same time. **Guess:** after how many of 1,300 steps does half of what it writes
# parse? **The cell after the next trains for about 20 seconds.**


# %%
def weights_of(model):
    """The table of the embedding, and W_x, W_h, b of the memory."""
    return [np.array(w) for name in ("embedding", "memory") for w in model.get_layer(name).weights]


CODE_STEPS = 1300
tape_letters = text.Vocabulary.from_texts(program.text for program in drawn)
coder = language_model(len(tape_letters), LSTMCell(128, bias_initializer=ChronoBias(40)), embedding=32)
code_before, trained_coder = weights_of(coder), stateful(coder, B)
training.compile_for_training(trained_coder, CODE_STEPS, learning_rate=1e-2, optimizer="muon")
batches = stream_batches(text.to_stream((program.text for program in drawn), tape_letters), B, 64)
write_code = TextGenerator(coder, tape_letters)
unseen = programs.ProgramWorld().sample(400, seed=1000 + SEED)
warm_code = [["<eos>", *program.text, "<eos>"] for program in unseen]


def look_at_code():
    """What it writes now; the share that parses, and of these the share that defines its names."""
    written = ["".join(t) for t in write_code(warm_code, 500, seed=SEED)]
    right = [program.count("\n") > 1 and parses(program) for program in written]
    defined = [ok and not undefined_names(program) for ok, program in zip(right, written, strict=True)]
    return written, {"parse": np.mean(right), "of these, define their names": sum(defined) / max(sum(right), 1)}


# %% tags=["nbval-ignore-output"]
code_stages, done = {}, 0
for stage in (0, 100, 200, 400, 800, CODE_STEPS):
    training.fit(trained_coder, batches, stage - done, f"to step {stage} of {CODE_STEPS}") if stage else None
    done, (written_code, code_stages[stage]) = stage, look_at_code()
    if stage in (100, 400, CODE_STEPS):
        print(f"— step {stage} —\n{written_code[0][:250]}")

# %%
parse, defined = code_stages[CODE_STEPS].values()
claim("at the end at least 80 % of its programs parse", at_least(parse, 0.8))
undefined = claim(
    "of those that parse, at least a quarter use a name they have not defined", at_least(1 - defined, 0.25)
)
fig, ax = plotting.figure(8, 3)
series = {name: [row[name] for row in code_stages.values()] for name in code_stages[CODE_STEPS]}
plotting.lines(ax, list(code_stages), series, "training step", "share", ylim=(0, 1.03))
plotting.title(ax, undefined)
plt.show()

# %%
log_p_code = training.stream_log_probabilities(coder, text.to_stream((p.text for p in unseen), tape_letters))
code_ratio = log_p_code.sum() / sum(p.log_p for p in unseen)
claim("before training next to none parses", at_most(code_stages[0]["parse"], 0.05))
claim("its cross-entropy is within 15 % of the floor", at_most(code_ratio, 1.15))
known_programs = {program.text for program in drawn}
faultless = [program for program in written_code if parses(program) and not undefined_names(program)]
copied = np.mean([program in known_programs for program in faultless])
claim("it does not copy: at most one in twenty of its faultless programs is one it has read", at_most(copied, 0.05))

# %% tags=["nbval-ignore-output"]
by = min(step for step in code_stages if code_stages[step]["parse"] >= 0.5)
print(f"half of its programs parse: by step {by}")

# %% tags=["nbval-ignore-output"]
import ast

for program in [p for p in written_code if not parses(p)][:2]:
    try:
        ast.parse(program)
    except SyntaxError as error:
        print(f"{program}line {error.lineno}: {error.msg}\n")

# %% [markdown]
# Perhaps because which brackets are open is a matter of some characters, and which names are defined one of the whole program. We have not tried it.
#
# ## Bold or careful
#
# Back to the stories. At $\tau = 1$ the network writes as it believes. Lower, and it takes fewer risks: more stories are right, and in
# the end more are alike. [**Validity**](pages/glossary.md#validity) is the share of stories that the grammar accepts; [**diversity**](pages/glossary.md#diversity) the share of different ones among 200.


# %%
def by_character_right(written):
    """The share of stories that the grammar accepts, character by character."""
    return np.mean([by_character.accepts(story) for story in written])


trade = {}
for temperature in (0.1, 0.3, 0.5, 0.7, 0.85, 1.0, 1.2):
    written = ["".join(t) for t in write(warm, 300, temperature=temperature, seed=SEED)]
    trade[temperature] = by_character_right(written), len(set(written)) / len(written)
others = {"top-k 3": {"top_k": 3}, "nucleus 0.9": {"top_p": 0.9}}
for name, how in others.items():
    written = ["".join(t) for t in write(warm, 300, **how, seed=SEED)]
    others[name] = by_character_right(written), len(set(written)) / len(written)
others["the world itself"] = 1.0, np.mean([len(set(held_out[i : i + 200])) / 200 for i in (0, 200, 400)])

# %%
careful, bold = trade[0.5], trade[1.0]
claim("at temperature 0.5 more stories are right than at 1", at_least(careful[0] - bold[0], 0.05))
fewer = claim("at temperature 0.5 fewer stories are different than at 1", at_least(bold[1] - careful[1], 0.05))
fig, ax = plotting.figure(8, 3.8)
plotting.trade_off(ax, trade, others, "diversity: share of different stories", "validity: share accepted")
plotting.title(ax, fewer)
plt.show()

# %%
best = {}  # of each diversity, the temperature with more right
for valid, its in trade.values():
    best[its] = max(valid, best.get(its, 0))
different, right = zip(*sorted(best.items()), strict=True)
beyond = {name: right_too - np.interp(its, different, right) for name, (right_too, its) in others.items()}
claim("of right stories, a nucleus of 0.9 has no fewer than temperatures of equal diversity, by .05 (interpolated)",
      at_least(beyond["nucleus 0.9"], -0.05))  # fmt: skip
claim("the three best characters have no more, by .05", at_most(beyond["top-k 3"], 0.05))
star = others["the world itself"][1]
lost = min((1 - valid) + max(star - its, 0) for valid, its in trade.values())
claim("none of these temperatures reaches the world itself", at_least(lost, 0.01))

# %% [markdown]
# The star is where a perfect model would stand, *at temperature 1*. A model that knew the probabilities would have no use for a
# temperature; it is a bandage for one that puts a little probability on what cannot be. Slide it. (Needs a running kernel.)


# %% tags=["nbval-ignore-output"]
def story_at(temperature):
    """Three stories at a temperature, a line each."""
    return "\n".join("".join(t) for t in write(warm[:3], 200, temperature=temperature, seed=SEED))


print(story_at(0.5))
widgets.movable(story_at, temperature=widgets.slider("temperature", 0.1, 2.0, 0.1, 0.5))

# %% [markdown]
# ## What does a single unit track?
#
# In 2015 A. Karpathy, J. Johnson and L. Fei-Fei found cells that knew the indentation of C code, or whether a quotation was open, in
# networks that had only ever predicted the next character. Does our coder have such cells? We know the truth for each character:
# how many **brackets** are open, how deep its line is **indented**, and how far into the line it stands (its **column**).
#
# For each we choose the unit that correlates best on one half of a text, and look at the other half. Beside it a [**probe**](pages/glossary.md#probe): the best
# weighted sum of *all* units, fitted on the first half. And both once more on the network as it was before training. **Guess** for the
# brackets: best unit or probe, trained or untrained, which of the four correlations will be the largest?


# %%
def truth(program):
    """For each character: open brackets, indentation of its line so far, column in the line. (N, 3)."""
    opened = np.cumsum([(c in "([") - (c in ")]") for c in program])
    lines = program.splitlines(keepends=True)
    indent = [min(i + 1, len(line) - len(line.lstrip(" "))) for line in lines for i in range(len(line))]
    column = [i for line in lines for i in range(len(line))]
    return np.stack([opened, np.array(indent) / 4, column], axis=1)


from course_lib.numpy_rnn import lstm_forward

SIZE, code_text = 20_000, "\0".join(program.text for program in unseen) + "\0"  # \0 stands for <eos>
code_tape = text.to_stream((program.text for program in unseen), tape_letters)[1 : SIZE + 1]  # without the first <eos>
facts = np.concatenate([np.append(truth(p.text), np.zeros((1, 3)), axis=0) for p in unseen])[:SIZE]


def cells_of(weights):
    """tanh(c) of every unit at every character of the tape: (SIZE, H)."""
    E, *memory = weights
    zero = np.zeros((1, memory[1].shape[0]))
    return np.tanh(lstm_forward(E[code_tape[None]], *memory, zero, zero)["c"][0])


units, before = cells_of(weights_of(coder)), cells_of(code_before)

# %%
half, found, told = SIZE // 2, {}, {}
for i, name in enumerate(("open brackets", "indentation", "column")):
    first, second = facts[:half, i], facts[half:, i]
    for values in (before, units):  # what stays in `told` is of the trained network
        unit = int(np.argmax([abs(np.corrcoef(u, first)[0, 1]) for u in values[:half].T]))
        all_units = np.c_[values, np.ones(SIZE)]
        weights, *_ = np.linalg.lstsq(all_units[:half], first, rcond=None)
        told[name] = unit, all_units @ weights
        right = [np.corrcoef(v[half:], second)[0, 1] for v in (values[:, unit], told[name][1])]
        found.setdefault(name, []).extend(right)  # unit and probe before training, unit and probe after it

# %% tags=["nbval-ignore-output"]
tables.print_table(
    ["on the second half", "best unit, untrained", "trained", "probe, untrained", "trained"],
    [(name, *(f"{abs(row[i]):.2f}" for i in (0, 2, 1, 3))) for name, row in found.items()],
)

# %%
untrained, probe_untrained, trained_unit, probe_trained = np.abs(found["open brackets"])
closer = claim(
    "the best unit goes with the open brackets more closely after training", at_least(trained_unit - untrained, 0.1)
)
together = claim(
    "all units together tell them better than the best alone", at_least(probe_trained - trained_unit, 0.03)
)
claim("but all units together told them before training, too", at_least(probe_untrained, 0.85))

# %%
fig, (top, bottom) = plotting.figure(9, 5, rows=2)
shown = next(p.text for p in unseen[80:] if "))" in p.text and 4 <= p.text.count("\n") <= 6)
part = slice(code_text.index(shown), code_text.index(shown) + len(shown))
(unit, counted), (_, _, single, _) = told["open brackets"], found["open brackets"]
plotting.coloured_text(top, shown, np.sign(single) * units[part, unit], "tanh(c), sign turned")
plotting.coloured_text(bottom, shown, counted[part], "open brackets: the probe", limit=3)
plotting.title(top, closer)
plotting.title(bottom, together)
plt.show()

# %% [markdown]
# Training makes a unit that goes with the brackets more than the best one chosen before training; which one differs from seed to seed, and it is far from a
# count: see where it is red and no bracket is open. Now look at the probe: it reads the
# brackets from a network that has **learned nothing**. (Perhaps so: a random memory echoes what it has read, every unit in its own
# mixture, and a count of brackets is nearly a weighted sum of that echo.) So a probe that succeeds shows that something *can be read* there. It does not
# show that training put it there, nor that the network uses it. Probe an untrained network, too.
#
# ## What we saw
#
# The settings that make a network learn this in half a minute, one changed at a time (stored, five seeds; the lesson's stories
# and network, 1,000 steps; `python -m experiments.characters`). Adam has the best of four learning rates; windows of 32 have four
# times the steps, and so read as much.

# %%
table = tables.medians(results.read("characters.csv"), by="setting")
adam = min((name for name in table if name.startswith("Adam")), key=lambda name: table[name]["ratio"])
table = {name: row for name, row in table.items() if not name.startswith("Adam") or name == adam}
tables.print_table(
    ["setting", "cross-entropy / floor", "words", "stories", "far words"],
    [(name, *(f"{row[c]:.2f}" for c in ("ratio", "words", "stories", "far"))) for name, row in table.items()],
)
excess = {name: row["ratio"] - 1 for name, row in table.items()}
others = [value for name, value in excess.items() if name != "the lesson's"]
claim(
    "each of the four other settings is at least a quarter further from the floor, in the median",
    at_least(min(others) / excess["the lesson's"], 1.25),
    table="characters.csv",
)

# %% [markdown]
# - Characters need no list of words, and four times as many steps.
# - A tape in rows, a memory that goes on, a gradient that is cut: so one trains on texts of any length.
# - When half of what it writes are words, most far words are still wrong.
# - Temperature, top-k and nucleus trade diversity for validity. None of them adds knowledge.
# - Training makes a unit that goes with the brackets more closely than the best one before it. But what a probe finds, it may find in an untrained network, too.
#
# ## Exercises
#
# They need the first cell of the lesson and nothing else.
#
# ### 1 · Warm-up: nats, bits and perplexity a character
#
# A model pays `nats_per_word` on average, and a word with its space or full stop has `characters_per_word` characters on
# average. Return what it pays a character, in nats and in **bits** ($\log_2$), and its perplexity a character.


# %% nbgrader={"grade_id": "per-character"}
def per_character(nats_per_word, characters_per_word):
    """Two numbers -> nats, bits and perplexity a character."""
    ### BEGIN SOLUTION
    nats = nats_per_word / characters_per_word
    return nats, nats / np.log(2), np.exp(nats)
    ### END SOLUTION


# %% nbgrader={"grade_id": "per-character-check", "points": 1}
lesson_04.check_per_character(per_character)

# %% [markdown]
# ### 2 · The k-th batch of a tape
#
# Return the inputs and targets of batch number $k$ (0 is the first) of `stream_batches`, without a loop over the batches before
# it. The rows are long enough for batch $k$: nothing begins again.


# %% nbgrader={"grade_id": "tape"}
def batch_of_tape(ids, batch_size, length, k):
    """ids (N,) -> inputs (batch_size, length), targets (batch_size, length)."""
    ### BEGIN SOLUTION
    row = (len(ids) - 1) // batch_size
    begins = np.arange(batch_size)[:, None] * row + k * length
    places = begins + np.arange(length)
    return ids[places], ids[places + 1]
    ### END SOLUTION


# %% nbgrader={"grade_id": "tape-check", "points": 2}
lesson_04.check_batch_of_tape(batch_of_tape)

# %% [markdown]
# ### 3 · A nucleus
#
# Given the probabilities of all characters, return them as they are inside the nucleus of `top_p`: 0 for what is left out, and what
# is left scaled to sum to 1. The best character always stays; once `top_p` is reached, exactly or more, no other does. Only NumPy.


# %% nbgrader={"grade_id": "nucleus"}
def nucleus(p, top_p):
    """p (V,), summing to 1; top_p above 0, at most 1 -> (V,), summing to 1."""
    ### BEGIN SOLUTION
    order = np.argsort(-p)
    before = np.cumsum(p[order]) - p[order]
    kept = np.zeros_like(p)
    kept[order[before < top_p]] = p[order[before < top_p]]
    return kept / kept.sum()
    ### END SOLUTION


# %% nbgrader={"grade_id": "nucleus-check", "points": 2}
lesson_04.check_nucleus(nucleus)

# %% [markdown]
# ### 4 · Open-ended: a programming language of your own
#
# Write a small grammar of Python programs. All of them must parse and define their names; among 100 there must be at least 50
# different ones, blocks in at least 20, and a `while` somewhere. (Nothing is run, so a loop may be endless.) Words of a rule stand
# apart by one space, names of rules have two or more capitals, and `<new:number>` is defined from the next line on. To begin with, a
# grammar of a few programs (more: at the top of `course_lib/worlds/programs.toml`):
#
# ```
# start = "PROGRAM"
# [sets.number]
# i = {}
# j = {}
# [rules]
# PROGRAM = ["<new:number> = 1 <line> if <old:number> < 2 : <indent> print( <old:number> ) <line> <dedent>"]
# ```


# %% nbgrader={"grade_id": "own-programs"}
def my_programs():
    """Return the text of a grammar, in TOML."""
    ### BEGIN SOLUTION
    return """
start = "PROGRAM"
[sets.number]
i = {}
j = {}
k = {}
[rules]
PROGRAM = ["<new:number> = DIGIT <line> <new:number> = DIGIT <line> LOOP"]
LOOP = [
  "2: while <old:number> < DIGIT : <indent> STEP <dedent>",
  "1: if <old:number> == <old:number> : <indent> STEP STEP <dedent>",
]
STEP = ["2: <old:number> += DIGIT <line>", "1: print( <old:number> * ( <old:number> + DIGIT ) ) <line>"]
DIGIT = ["1", "2", "3", "4", "5"]
"""
    ### END SOLUTION


# %% nbgrader={"grade_id": "own-programs-check", "points": 3}
lesson_04.check_own_programs(my_programs)

# %% [markdown]
# ## On real data
#
# The same kind of network, with 320 units, on Tiny Shakespeare, trained for 160 seconds, everything after the imports counted
# (`python -m experiments.shakespeare`). Stored, with what it wrote at five moments on two cores with AVX-512. *Words* is the share
# of words it writes that occur in the training text.

# %%
every_run = [row for row in results.read("shakespeare.csv") if row["part"] == "final" and row["budget_s"] == 160]
run = [row for row in every_run if row["processor"] == "AVX-512"]
moments = [
    row for row in results.read("shakespeare_stages.csv")
    if row["part"] == "final" and (row["processor"], row["seed"]) == ("AVX-512", run[0]["seed"])
]  # fmt: skip
for row in moments:
    print(f"— after {row['seconds']:.0f} s, {row['words']:.0%} words —\n{row['sample'][:220]}\n")

# %%
first_model = [row for row in results.read("language_model_shakespeare.csv") if row["seed"] == 0][-1]
nats = [row["nats"] for row in run]
tables.print_table(
    ["Tiny Shakespeare, last 10 %", "nats a character", "time"],
    [("lesson 01's vanilla RNN", f"{first_model['held_out_nats']:.3f}", f"{first_model['seconds']:.0f} s, two cores"),
     *((f"this lesson's LSTM, {row['hidden']:.0f} units, seed {row['seed']:.0f}", f"{row['nats']:.3f}",
        f"{row['seconds']:.0f} s, cores: {row['cores']:.0f}, {row['processor']}") for row in every_run),
     ("nanoGPT, its small model (README)", "1.88", "about 3 min, a laptop"),
     ("nanoGPT, its larger model (README)", "1.4697", "about 3 min, a large GPU")],
)  # fmt: skip
claim("every seed: at most 1.52 nats a character", at_most(max(nats), 1.52), table="shakespeare.csv")
claim("the median seed: at most nanoGPT's figure", at_most(np.median(nats), 1.4697), table="shakespeare.csv")
claim(
    "in this run more words are words from moment to moment",
    sorted(row["words"] for row in moments) == [r["words"] for r in moments],
    table="shakespeare_stages.csv",
)

# %% [markdown]
# nanoGPT's figures are estimates from random blocks, 1.4697 that of the best checkpoint on them; ours is over the whole held-out
# tenth, looked at once. No known floor here: nobody knows the entropy of Shakespeare. In 1951 C. Shannon estimated that of printed
# English, from people who guessed letters: between 0.6 and 1.3 bits, 0.4 to 0.9 nats a character, if they saw 100 before it. (His
# alphabet had 27 signs, ours has capitals and punctuation, too.)
#
# ## In practice
#
# - A memory that was never empty in training: begin with a prompt when you write. (We did not try without.)
# - Carry the memory over from batch to batch if texts are longer than a batch. If each fits into one, as in lesson 01, give each a row
#   and start with an empty memory. (Here we did the first with short texts, to show it.)
# - Mark what a model writes with something that knows, a parser, a grammar, a person. Its loss tells too little.
# - How boldly to draw depends on what a mistake costs; to compare models, draw at temperature 1.
# - Save on the way, weights and optimizer together; delete the last save only when the new one is whole: `course_lib.checkpoint`.
#
# ## Going further
#
# - C. Shannon, *A mathematical theory of communication*, 1948, section 3; *Prediction and entropy of printed English*, Bell System
#   Technical Journal 30, 1951.
# - I. Sutskever, J. Martens, G. Hinton, *Generating text with recurrent neural networks*, ICML 2011.
# - W. Zaremba, I. Sutskever, O. Vinyals, *Recurrent neural network regularization*, arXiv:1409.2329, 2014: dropout in LSTMs.
# - A. Graves, *Generating sequences with recurrent neural networks*, arXiv:1308.0850, 2013.
# - A. Karpathy, *The unreasonable effectiveness of recurrent neural networks*, 2015; A. Karpathy, J. Johnson, L. Fei-Fei,
#   *Visualizing and understanding recurrent networks*, arXiv:1506.02078, 2015.
# - A. Fan, M. Lewis, Y. Dauphin, *Hierarchical neural story generation*, ACL 2018: top-k. A. Holtzman et al., *The curious case of
#   neural text degeneration*, ICLR 2020: the nucleus.
# - K. Jordan et al., *Muon: an optimizer for hidden layers in neural networks*, 2024; J. Liu et al., *Muon is scalable for LLM
#   training*, arXiv:2502.16982, 2025.
# - X. Bresson, *Recurrent neural networks*, lecture, 2017; H. Lee, *Recurrent neural network*, lecture (generation "until <EOS>").
#
# Before this: [03 · Open and close the gates of an LSTM](03_open_and_close_the_gates.ipynb).
# Next: [05 · Compare the cells and go deep](05_compare_the_cells.ipynb).

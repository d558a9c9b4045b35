# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 04 · Write text, one character at a time
#
# **You will do:** train a network that has never been told what a word is until it writes stories, train others until they
# write programs and LaTeX, and mark everything they write.
#
# **You need:** lessons 01 to 03.
#
# **Run time:** about 55 seconds on two processor cores with AVX-512, about 76 on one without. Four cells train and say so.

# %% [markdown]
# <details><summary><b>Symbols of this lesson</b></summary>
#
# | letter | meaning | size |
# | --- | --- | --- |
# | $B$ | texts in a batch; here rows of a tape, read side by side | a count |
# | $p(w)$, $p_\tau(w)$ | probability of $w$; at temperature $\tau$ | $V$ numbers |
# | $T$ | number of steps, or places; here those of a batch | a count |
# | $V$ | words in the vocabulary; here characters | a count |
# | $w$ | a word; here a character | one of $V$ |
# | $y_w$ | logit of $w$ | $V$ numbers |
# | $\tau$ | temperature | above 0 |
#
# </details>

# %% [markdown]
# **You will learn, in six steps:**
#
# 1. what changes when a model reads characters instead of words;
# 2. how to train on a text of any length;
# 3. how to draw from a model, boldly or carefully;
# 4. what a network learns first and what last, measured;
# 5. what helps when texts are few: early stopping and dropout;
# 6. how far brackets, environments and names are learned, and whether a single unit tracks them.
#
# **Sources.** A. Karpathy, *The unreasonable effectiveness of recurrent neural networks*, 2015, whose experiment this is; X.
# Bresson's lecture (2017) shows it at four stages of training. More at the end.

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_lib.backend import keras
from keras import layers, ops

from course_lib import demos, plotting, results, tables, text, training
from course_lib.claims import at_least, at_most, claim, must_be, seed
from course_lib.errors import CourseError
from course_lib.exercises import lesson_04
from course_lib.guesses import ask
from course_lib.layers import RNN
from course_lib.models.language_model import chain
from course_lib.text import tokenize

SEED = seed()
training.set_seed(SEED)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A question with a number in it
#
# A network reads stories as a stream of letters, spaces and full stops. Nobody tells it that there are words. Half a
# minute later it writes, one character at a time. How many of its words are words? How many of its stories
# could have been told by the author of the others?

# %% [markdown]
# The stories are those of lesson 01's language **world**: its grammar is known, so every letter can be marked right or wrong.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Characters against words

# %% slideshow={"slide_type": "fragment"}
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
# What changes is how a story's 11.6 nats are spread:
#
# - **For characters:** a small vocabulary, and no unknown word, ever: names, misprints, numbers, program code.
# - **Against:** four times as many steps. A country and its language, up to 26 words apart, are up to 110 characters apart.
#   And spelling has to be learned, too.
#
# Most models today cut texts into pieces between the two: frequent parts of words, called *subwords* or *tokens*.
#
# A story follows, with what a perfect model pays for each character. Before you look: **which
# characters are expensive?** About one character in five begins a word.

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("share of all nats that is paid at the first letter of a word")

# %% slideshow={"slide_type": "fragment"}
held_out = [text.detokenize(words) for words in by_word.sample(600, seed=1000 + SEED)]
log_p_true = np.concatenate([by_character.log_probabilities(story) for story in held_out])
begins = np.array([first for story in held_out for first in (True, *(c in " “" for c in story))])
at_beginnings = log_p_true[begins].sum() / log_p_true.sum()
dear = claim("three quarters of all nats are paid at the first letter of a word", at_least(at_beginnings, 0.75))

# %% slideshow={"slide_type": "subslide"}
story = "I was born in Poland, but we moved to Boston last month. I speak fluent Polish."
price = -by_character.log_probabilities(story)[:-1]
fig, ax = plotting.figure(
    10,
    2.4,
    alt="A bar for each character of a story: what a perfect model pays for it. High bars stand where a word begins.",
)
ax.bar(range(len(story)), price, color=plotting.BLUE, width=0.9)
ax.set_xticks(range(len(story)), list(story), fontsize=9)
ax.set(ylabel="nats", xlim=(-0.6, len(story) - 0.4))
plotting.title(ax, dear)
plt.show()

# %% tags=["nbval-ignore-output", "answer"]
guess.answer(
    at_beginnings, because="Where a word goes on, there is often only one way; which word comes is the question."
)

# %% [markdown]
# *Polish*, the far word, is free: whoever remembers *Poland* knows it. The mean over all characters is the **floor**: 0.128 nats
# a character. On average over many stories, no model can pay less.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### A baseline: count seven characters
#
# In 1948 C. Shannon wrote text of this kind with a book: open it anywhere, read until you meet the
# last letters you wrote, and take the letter that follows.

# %% [markdown]
# We let a computer count what followed the last seven, and mix in what followed six, five, … where seven are rare (as in lesson 01).

# %%
from course_lib.models.ngram import NGramModel  # order 8: seven characters, and the one that follows

stories = [text.detokenize(words) for words in by_word.sample(20_000, seed=SEED)]  # to train on
vocabulary = text.Vocabulary.from_texts(stories)
ngram = NGramModel(order=8, vocabulary_size=len(vocabulary)).fit(text.to_rows(stories, vocabulary))


def write_by_counting(ngram, vocabulary, rng, longest):
    """Draw characters by their counts after the last seven, until <eos> comes, or there are so many."""
    written = [vocabulary["<bos>"]] * 7
    while written[-1] != vocabulary["<eos>"] and len(written) < longest + 7:
        written.append(rng.choice(len(vocabulary), p=ngram.distribution(written[-7:])))
    return "".join(vocabulary.decode(written))


rng = np.random.default_rng(SEED)
counted_stories = [write_by_counting(ngram, vocabulary, rng, 1000) for _ in range(200)]
print(*counted_stories[:3], sep="\n")

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Marks
#
# Three questions to everything that is written. Which of its words are words of this world? Which **sentences** could stand
# somewhere in a story? Which **stories** could be told as a whole?


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

# %% slideshow={"slide_type": "fragment"}
claim("counting spells: at least 95 % of its words are words", at_least(counted_marks["words"], 0.95))
claim("but at most one story in five is one", at_most(counted_marks["stories"], 0.2))

# %% [markdown]
# It spells well, and forgets after seven characters what it was about to say.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A tape
#
# Characters make long texts. We cannot run back through the million steps of a novel. So all texts go on one long
# [**tape**](pages/glossary.md#tape), with `<eos>` between them. The tape is cut into $B$ rows that are read
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
# Try it on the alphabet, with $B = 2$ and $T = 4$. What is in the first batch, and in the second?

# %% slideshow={"slide_type": "fragment"}
alphabet = "abcdefghijklmnopqrstuvwxyz"
small = stream_batches(np.arange(26), batch_size=2, length=4)
for name in ("first ", "second"):
    inputs, targets = next(small)
    shown = ["".join(alphabet[i] for i in row) for row in (*inputs, *targets)]
    print(f"{name} batch: row 0 reads {shown[0]}, row 1 reads {shown[1]}; to say: {shown[2]} and {shown[3]}")

# %% [markdown]
# (25 letters have one that follows; so a row has 12, and row 1 begins at *m*.) Row 0 reads on from *abcd* to *efgh*. So the
# memory must not be emptied between the two: what row 0 knows after one batch, it starts the next one with. Keras calls
# such a layer [**stateful**](pages/glossary.md#stateful).
#
# First the network. It has a place for [**dropout**](pages/glossary.md#dropout): in training, each number that the memory hands on is set to zero with
# this probability (0 until step 5). `RNN` is the course's own loop, `course_lib/layers.py`: the end of lesson 03 says how fast it is.


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
# Its twin has the same layers; only the loop around the cell is a new one, which keeps its last state for the next
# batch.


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
# If the memory is carried over, reading in two halves gives the same logits as reading in one go:

# %%
from course_lib.cells import ChronoBias, LSTMCell

tiny = language_model(len(vocabulary), LSTMCell(8))
going_on = stateful(tiny, batch_size=2)
tokens = np.array([vocabulary.encode(story[:40]) for story in held_out[:2]])
whole = tiny(tokens)
halves = [going_on(tokens[:, :20]), going_on(tokens[:, 20:])]
must_be(
    "in two halves or in one go: the same logits", at_most(np.abs(whole - ops.concatenate(halves, axis=1)).max(), 1e-5)
)
emptied = np.abs(whole[:, 20:] - tiny(tokens[:, 20:])).max()
claim("with the memory emptied in between: other logits", at_least(emptied, 1e-3))

# %% [markdown] slideshow={"slide_type": "slide"}
# **Forward**, the memory reaches back as far as it likes. **Backward**, the gradient is cut where the batch begins, after $T$ steps.
# This is **truncated backpropagation through time** (lesson 02).

# %% [markdown]
# What is further away than $T$ can still be used; but no gradient asks for it. So $T$ should reach across what matters, here 110
# characters: with $T = 128$ a cut falls between some pairs, but many stay whole. The table in "What we saw" has 32, too.

# %% [markdown]
# ### 1 · The batch in the middle of a tape
#
# Return the inputs and targets of batch number `k` (0 is the first) of `stream_batches`, without a loop over the batches before
# it. The rows are long enough for batch `k`: nothing begins again.


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

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Drawing a character
#
# The network gives each character $w$ a logit $y_w$, and $p(w) = \exp(y_w) / \sum_{w'} \exp(y_{w'})$. How do we pick one? Four
# characters, a to d, with these logits:

# %% slideshow={"slide_type": "fragment"}
logits = np.log([[0.50, 0.25, 0.15, 0.10]])

# %% [markdown] slideshow={"slide_type": "fragment"}
# - **Temperature** $\tau$: $p_\tau(w) \propto \exp(y_w / \tau) \propto p(w)^{1/\tau}$.
# - [**Top-k**](pages/glossary.md#top-k): only the `top_k` best stay.
# - [**Nucleus**](pages/glossary.md#nucleus), or top-p: only the fewest best stay that reach `top_p` together; sometimes that is
#   one character, sometimes twenty.

# %% [markdown]
# **On paper:** with $\tau = 0.5$ every probability is squared, then scaled. What are the four then? With the two best only? With a
# nucleus of 0.8?


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


# %% slideshow={"slide_type": "fragment"}
for how in ({"temperature": 0.5}, {"top_k": 2}, {"top_p": 0.8}):
    p = np.array(ops.softmax(adjust_logits(logits, **how)))[0]
    print(how, p.round(3))

# %% [markdown]
# A story is written by drawing, reading what was drawn, drawing again.
#
# ### 2 · A nucleus
#
# Given the probabilities of all characters, return them as they are inside the nucleus of `top_p`: 0 for what is left out, and what
# is left scaled to sum to 1. From the best on, as many stay as are needed to reach `top_p`: of .5, .3 and .2 one reaches .5, two
# reach .6. Of equal ones, too, no more stay than are needed. (In `adjust_logits` equals stay together.)


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

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Train it, and read what it writes
#
# An LSTM of 160 units. Three of its settings are not the usual ones: inputs that start **loud**, forget gates that start **chrono** (lesson
# 03), and the optimizer [**Muon**](pages/glossary.md#muon).

# %% [markdown]
# Loud: vectors with numbers of size 1. Chrono: with memories of 2 to 40 steps, a start, not a limit. Muon (K. Jordan et al. 2024)
# takes Adam's place for the matrices of the memory. A gradient is a matrix, too: it changes much for vectors of some directions,
# little for others. Muon keeps the directions and makes the changes about equally large: its step is nearly orthogonal.
# "What we saw" has each of the three left out, and what that costs.
#
# In training the memory is never empty: before each story the network has read another. So before it writes, we let it read one, too.
#
# A fourth mark is the **far word**: given a story up to the language, "… I speak fluent ", with the country 40 or more
# characters back, is the word right? Chance is one in eight.
#
# **Guess** now. **The cell after the next trains for about half a minute.**

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("share of its words that are words", "share of its stories that could be told")

# %%
from course_lib.decoding import TextGenerator

B, T, H, STEPS = 16, 128, 160, 950
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
enough = {"words": 0.5, "sentences": 0.5, "stories": 0.3}
crossed = {
    name: min((step for step in stages if stages[step][name] >= share), default=np.inf)
    for name, share in enough.items()
}
order = [*crossed.values()]
claim("half of the words are right before half of the sentences, and these before three in ten of the stories",
      sorted(set(order)) == order, steps=", ".join(map(str, order)))  # fmt: skip
far_off = claim("when half of the words are right, most far words are wrong",
                at_most(stages[crossed["words"]]["far words"], 0.4))  # fmt: skip

# %% slideshow={"slide_type": "fragment"}
fig, ax = plotting.figure(
    8,
    3.2,
    alt="Shares right against training steps. Words rise first, then sentences, then stories; far words rise late.",
)
series = {name: [row[name] for row in stages.values()] for name in stages[STEPS]}
plotting.lines(ax, list(stages), series, "training step", "share right", ylim=(0, 1.03))
plotting.title(ax, far_off)
plt.show()

# %% tags=["nbval-ignore-output"] slideshow={"slide_type": "fragment"}
rows = {"counting": counted_marks} | {f"step {step}": row for step, row in stages.items()}
tables.print_table(
    ["", *stages[STEPS]],
    [(name, *(f"{row[m]:.2f}" if m in row else None for m in stages[STEPS])) for name, row in rows.items()],
)

# %% tags=["nbval-ignore-output", "answer"]
guess.answer(
    stages[STEPS]["words"],
    stages[STEPS]["stories"],
    because="Who knows words pays less for the next character, and nothing else was trained. One wrong letter spoils a story.",
)

# %% slideshow={"slide_type": "subslide"}
log_p = training.stream_log_probabilities(model, text.to_stream(held_out, vocabulary))
ratio = log_p.sum() / log_p_true.sum()
claim("at the end at least nine in ten of its words are words", at_least(stages[STEPS]["words"], 0.9))
claim("its cross-entropy on stories is within 15 % of the floor", at_most(ratio, 1.15))
claim("at the end more than half of the far words are right", at_least(stages[STEPS]["far words"], 0.5))
more = stages[STEPS]["stories"] - counted_marks["stories"]
claim("of its stories at least one in five more are possible than of those written by counting", at_least(more, 0.2))

# %% [markdown]
# Words before sentences, sentences before stories: that must nearly be so, since a right story has only right sentences. The far
# word has a stricter mark than words have: it must be the right one.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Bold or careful
#
# At $\tau = 1$ the network writes as it believes. Lower, and it takes fewer risks. [**Validity**](pages/glossary.md#validity) is the share of
# stories that the grammar accepts; [**diversity**](pages/glossary.md#diversity) the share of stories among 200 that are different from each other.


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

# %% slideshow={"slide_type": "fragment"}
careful, bold = trade[0.5], trade[1.0]
claim("at temperature 0.5 more stories are right than at 1", at_least(careful[0] - bold[0], 0.05))
fewer = claim("at temperature 0.5 fewer stories are different than at 1", at_least(bold[1] - careful[1], 0.05))
fig, ax = plotting.figure(
    8,
    3.8,
    alt="Validity against diversity: along the line of temperatures one falls as the other rises. The world itself stands beyond.",
)
plotting.trade_off(ax, trade, others, "diversity: share of different stories", "validity: share accepted")
plotting.title(ax, fewer)
plt.show()

# %%
best = {}  # of each diversity, the temperature with more right
for valid, its in trade.values():
    best[its] = max(valid, best.get(its, 0))
different, right = zip(*sorted(best.items()), strict=True)
beyond = {name: right_too - np.interp(its, different, right) for name, (right_too, its) in others.items()}
claim(
    "a nucleus of 0.9 writes more right stories than a temperature of the same diversity, or at most .1 fewer",
    at_least(beyond["nucleus 0.9"], -0.1),
)
star = others["the world itself"][1]
lost = min((1 - valid) + max(star - its, 0) for valid, its in trade.values())
claim("none of these temperatures reaches the world itself", at_least(lost, 0.01))

# %% [markdown]
# Between two temperatures, the line that joins them is compared. (Whether top-k 3 is as good differs from seed to seed.) The star is where a perfect
# model would stand, *at temperature 1*. Temperature is a bandage for a model that puts a little
# probability on what cannot be. Slide it (in a running kernel).


# %% tags=["nbval-ignore-output"]
def story_at(temperature):
    """Three stories at a temperature, a line each."""
    return "\n".join("".join(t) for t in write(warm[:3], 200, temperature=temperature, seed=SEED))


print(story_at(0.5))
demos.stories(story_at, temperature=0.5)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Few texts
#
# Here were 20,000 stories. What if there are 100? We watch two losses: on these stories, and on 100 others, held out.

# %% [markdown] slideshow={"slide_type": "subslide"}
# - [**Early stopping**](pages/glossary.md#early-stopping): look at the held-out loss now and then, and keep the weights with which it was lowest.
# - **Dropout**, here of one half: each number that the memory hands to the read-out is set to zero, or else doubled, drawn anew at
#   each step. In use, all stay as they are.

# %% [markdown]
# Why should that help? No unit can rely on another being there, say N. Srivastava et al. (2014). W. Zaremba et al.
# (2014) have dropout where we have it, not on the way from step to step.
#
# Both networks start from the same weights, and read the same batches. **The next cell trains for some ten seconds.**

# %%
FEW, LOOK, LOOKS = 100, 60, 8
few_tape, held_out_tape = (text.to_stream(part[:FEW], vocabulary) for part in (stories, held_out))
curves, start = {}, None
for dropout in (0.0, 0.5):
    model_few = language_model(len(vocabulary), LSTMCell(128, bias_initializer=ChronoBias(40)), 32, dropout)
    start = start or model_few.get_weights()
    model_few.set_weights(start)  # the same for both
    trained_few = stateful(model_few, 8)
    training.compile_for_training(trained_few, None, learning_rate=1e-2, optimizer="muon")
    few_batches, curves[dropout] = stream_batches(few_tape, 8, 64), []
    for number in range(1, LOOKS + 1):
        training.fit(trained_few, few_batches, LOOK, f"dropout {dropout}, look {number} of {LOOKS}")
        curves[dropout].append(
            [-training.stream_log_probabilities(model_few, tape).mean() for tape in (few_tape, held_out_tape)]
        )
(read, unseen_loss), (read_dropout, unseen_dropout) = (np.array(curve).T for curve in curves.values())

# %%
turns = claim(
    "without dropout the held-out loss turns and rises again", at_least(unseen_loss[-1] / unseen_loss.min(), 1.03)
)
claim("meanwhile the loss on what it reads falls below a third of that", at_most(read[-1] / unseen_loss[-1], 1 / 3))
claim(
    "dropout: the lowest held-out loss is lower by a twentieth", at_most(unseen_dropout.min() / unseen_loss.min(), 0.95)
)
later = int(unseen_dropout.argmin()) - int(unseen_loss.argmin())
claim("dropout: the lowest one comes at a later look", at_least(later, 1))

# %% slideshow={"slide_type": "fragment"}
fig, ax = plotting.figure(
    8,
    3.2,
    alt="Losses against training steps. Without dropout the held-out loss falls, turns and rises while the other falls on; "
    "with dropout it falls further.",
)
lines = {"held out": unseen_loss, "held out, dropout": unseen_dropout}
dashed = {"held out": read, "held out, dropout": read_dropout}
plotting.lines(
    ax, LOOK * np.arange(1, LOOKS + 1), lines, "training step", "nats a character", dashed=dashed, ylim=(0, 1.5)
)
ax.plot(LOOK * (unseen_loss.argmin() + 1), unseen_loss.min(), "ko", markersize=7)
plotting.title(ax, turns)
plt.show()

# %% [markdown]
# Dashed: the loss on what it reads. The dot is what early stopping keeps; it was chosen on the held-out stories, so they flatter it
# a little ([validation data](pages/glossary.md#validation-data)).
#
# ### 3 · Find the mistake
#
# This function gets the held-out losses, one a look. Training stops once `patience` looks in a row have not been below the lowest. It
# should return the look to keep and the look at which training stops (0 is the first), or the last if it never does. One line is wrong:
#
# ```python
# def early_stop(losses, patience):
#     keep, waited = 0, 0
#     for look in range(1, len(losses)):
#         if losses[look] < losses[look - 1]:
#             keep, waited = look, 0
#         else:
#             waited = waited + 1
#         if waited == patience:
#             return keep, look
#     return keep, len(losses) - 1
# ```
#
# With `[3, 1, 2.5, 2, 1.5]` and patience 2 it keeps look 4, though look 1 was lower. Copy it and mend it.


# %% nbgrader={"grade_id": "early-stop"}
def early_stop(losses, patience):
    """Losses, one a look, and a number of looks -> the look to keep, and the look at which training stops."""
    ### BEGIN SOLUTION
    keep, waited = 0, 0
    for look in range(1, len(losses)):
        if losses[look] < losses[keep]:
            keep, waited = look, 0
        else:
            waited = waited + 1
        if waited == patience:
            return keep, look
    return keep, len(losses) - 1
    ### END SOLUTION


# %% nbgrader={"grade_id": "early-stop-check", "points": 2}
lesson_04.check_early_stop(early_stop)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Programs and LaTeX
#
# Stricter rules, from two grammars that you can edit: small Python programs (`course_lib/worlds/programs.toml`), and
# mathematics in LaTeX (`course_lib/worlds/latex.toml`).

# %% slideshow={"slide_type": "fragment"}
from course_lib.worlds import latex, programs
from course_lib.worlds.latex import brackets_close, environments_close, lost_references, references
from course_lib.worlds.programs import parses, undefined_names

drawn = programs.ProgramWorld().sample(6000, seed=SEED)
pages = latex.LatexWorld().sample(4000, seed=SEED)
print(drawn[4].text)
print(pages[0].text)

# %% [markdown]
# Python itself says whether a text is a program, without running it (`ast.parse`; we ask
# for two lines or more). pyflakes, a tool of programmers, finds names that are nowhere defined before.
#
# Both networks have 128 units and read in windows of 64. First the programs. **The cell after the next trains for about fifteen seconds.**


# %%
def weights_of(model):
    """The table of the embedding, and W_x, W_h, b of the memory."""
    return [np.array(w) for name in ("embedding", "memory") for w in model.get_layer(name).weights]


def network_for(texts, steps):
    """A network for these texts, its twin that trains, batches, and the vocabulary."""
    letters = text.Vocabulary.from_texts(texts)
    model = language_model(len(letters), LSTMCell(128, bias_initializer=ChronoBias(40)), embedding=32)
    twin = stateful(model, B)
    training.compile_for_training(twin, steps, learning_rate=1e-2, optimizer="muon")
    return model, twin, stream_batches(text.to_stream(texts, letters), B, 64), letters


CODE_STEPS = 750
coder, trained_coder, code_batches, tape_letters = network_for([program.text for program in drawn], CODE_STEPS)
code_before, write_code = weights_of(coder), TextGenerator(coder, tape_letters)
unseen = programs.ProgramWorld().sample(400, seed=1000 + SEED)
warm_code = [["<eos>", *program.text, "<eos>"] for program in unseen[:200]]


# %% tags=["nbval-ignore-output"]
def look_at_code():
    """What it writes now; the share that parses, and of these the share that defines its names."""
    written = ["".join(t) for t in write_code(warm_code, 500, seed=SEED)]
    right = [program.count("\n") > 1 and parses(program) for program in written]
    defined = [ok and not undefined_names(program) for ok, program in zip(right, written, strict=True)]
    return written, {"parse": np.mean(right), "of these, define their names": sum(defined) / max(sum(right), 1)}


code_stages, done = {}, 0
for stage in (0, 100, 200, 400, CODE_STEPS):
    training.fit(trained_coder, code_batches, stage - done, f"to step {stage} of {CODE_STEPS}") if stage else None
    done, (written_code, code_stages[stage]) = stage, look_at_code()
    if stage in (100, CODE_STEPS):
        print(f"— step {stage} —\n{written_code[0][:250]}")

# %% slideshow={"slide_type": "subslide"}
parse, defined = code_stages[CODE_STEPS].values()
claim("at the end at least 60 % of its programs parse", at_least(parse, 0.6))
undefined = claim(
    "of those that parse, at least a quarter use a name they have not defined", at_least(1 - defined, 0.25)
)
fig, ax = plotting.figure(
    8,
    3,
    alt="Shares against training steps: programs that parse rise early; of these, those that define their names stay behind.",
)
series = {name: [row[name] for row in code_stages.values()] for name in code_stages[CODE_STEPS]}
plotting.lines(ax, list(code_stages), series, "training step", "share", ylim=(0, 1.03))
plotting.title(ax, undefined)
plt.show()

# %%
log_p_code = training.stream_log_probabilities(coder, text.to_stream((p.text for p in unseen), tape_letters))
code_ratio = log_p_code.sum() / sum(p.log_p for p in unseen)
claim("before training next to none parses", at_most(code_stages[0]["parse"], 0.05))
claim("its cross-entropy on programs is within 15 % of the floor", at_most(code_ratio, 1.15))
known_programs = {program.text for program in drawn}
faultless = [program for program in written_code if parses(program) and not undefined_names(program)]
copied = np.mean([program in known_programs for program in faultless])
claim("it does not copy: at most one in ten of its faultless programs is one it has read", at_most(copied, 0.1))

# %% [markdown] slideshow={"slide_type": "slide"}
# ### LaTeX
#
# A. Karpathy's network read a book on algebraic geometry, and wrote LaTeX that almost compiled. We ask: do all brackets
# close, and all environments? Does each `\ref` lead to a `\label`?

# %% [markdown]
# A bracket closes if its own kind follows, the last opened first (dollar signs, too); so do `\begin{name}` and `\end{name}`. The
# control is counting seven characters. (A label is one of six words: some are right by luck.) **Guess** for the network,
# of all documents that it writes, and of those with references. **The cell after the next trains for about ten seconds.**

# %% tags=["nbval-ignore-output", "guess"]
guess = ask(
    "share of documents whose brackets close", "whose environments close", "whose references all lead to a label"
)

# %%
LATEX_STEPS = 500
page_texts = [page.text for page in pages]
writer, trained_writer, latex_batches, page_letters = network_for(page_texts, LATEX_STEPS)
write_latex = TextGenerator(writer, page_letters)
warm_latex = [["<eos>", *page.text, "<eos>"] for page in latex.LatexWorld().sample(150, seed=1000 + SEED)]


def latex_marks(written):
    """Shares: of lines with brackets, documents, documents, documents with references."""
    lines = [line for page in written for line in page.splitlines() if set(line) & set("{}()[]$")]
    return {
        "lines: brackets": np.mean([brackets_close(line) for line in lines] or [0]),
        "brackets": np.mean([brackets_close(page) for page in written]),
        "environments": np.mean([environments_close(page) for page in written]),
        "references": np.mean([not lost_references(page) for page in written if references(page)] or [0]),
    }


# %% tags=["nbval-ignore-output"]
latex_stages, done = {}, 0
for stage in (0, 100, 200, LATEX_STEPS):
    training.fit(trained_writer, latex_batches, stage - done, f"to step {stage} of {LATEX_STEPS}") if stage else None
    written_latex = ["".join(t) for t in write_latex(warm_latex, 800, seed=SEED)]
    done, latex_stages[f"step {stage}"] = stage, latex_marks(written_latex)
print(written_latex[0])

page_counts = NGramModel(order=8, vocabulary_size=len(page_letters)).fit(text.to_rows(page_texts, page_letters))
counted_pages = [write_by_counting(page_counts, page_letters, rng, 800) for _ in range(40)]
latex_stages = {"counting": latex_marks(counted_pages)} | latex_stages

# %% tags=["nbval-ignore-output", "answer"]
marks, counted_latex = latex_stages[f"step {LATEX_STEPS}"], latex_stages["counting"]
guess.answer(
    marks["brackets"],
    marks["environments"],
    marks["references"],
    because="Here a bracket closes within its line, an environment some lines on; a label is one of six words, far back.",
)

# %% slideshow={"slide_type": "fragment"}
fig, ax = plotting.figure(
    8,
    3.2,
    alt="Bars for four marks, counting beside the network: both close most brackets of a line; only the network closes environments; neither finds many labels.",
)
plotting.grouped_bars(
    ax, list(marks), {"counting seven characters": [*counted_latex.values()], "network": [*marks.values()]}, "share"
)
closes = claim("the network closes the environments of at least a quarter of all documents more than counting does",
               at_least(marks["environments"] - counted_latex["environments"], 0.25))  # fmt: skip
plotting.title(ax, closes)
plt.show()

# %%
claim("before training no document's environments close", at_most(latex_stages["step 0"]["environments"], 0.01))
claim("at the end the brackets of at least nine lines in ten close", at_least(marks["lines: brackets"], 0.9))
claim("counting closes the brackets of at least seven lines in ten", at_least(counted_latex["lines: brackets"], 0.7))
claim("at most four documents in ten have a label for every reference", at_most(marks["references"], 0.4))

# %% [markdown] slideshow={"slide_type": "slide"}
# ### What does a single unit track?
#
# In 2015 A. Karpathy, J. Johnson and L. Fei-Fei found cells that knew the indentation of C code, or whether a quotation was open.

# %% [markdown]
# Does our network for programs? We know for each character
# how many **brackets** are open, how deep its line is **indented**, and how far into the line it stands (its **column**).
#
# For each we choose the unit that correlates best on one half of a text, and look at the other half. Beside it a [**probe**](pages/glossary.md#probe): the best
# weighted sum of *all* units, fitted on the first half. And both once more on the network before training.


# %%
def truth(program):
    """For each character: open brackets, indentation of its line so far, column in the line. (N, 3)."""
    opened = np.cumsum([(c in "([") - (c in ")]") for c in program])
    lines = program.splitlines(keepends=True)
    indent = [min(i + 1, len(line) - len(line.lstrip(" "))) for line in lines for i in range(len(line))]
    column = [i for line in lines for i in range(len(line))]
    return np.stack([opened, np.array(indent) / 4, column], axis=1)


from course_lib.numpy_rnn import lstm_forward

SIZE, code_text = 12_000, "\0".join(program.text for program in unseen) + "\0"  # \0 stands for <eos>
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

# %% tags=["nbval-ignore-output"] slideshow={"slide_type": "fragment"}
tables.print_table(
    ["on the second half", "best unit, untrained", "trained", "probe, untrained", "trained"],
    [(name, *(f"{abs(row[i]):.2f}" for i in (0, 2, 1, 3))) for name, row in found.items()],
)

# %% slideshow={"slide_type": "fragment"}
gains = [abs(trained) - abs(untrained) for untrained, _, trained, _ in found.values()]
closer = claim(
    "the best units go with what they track more closely after training, on average", at_least(np.mean(gains), 0.05)
)
_, probe_untrained, trained_unit, probe_trained = np.abs(found["open brackets"])
unexplained = (1 - probe_trained**2) / (1 - trained_unit**2)  # shares of the variance
together = claim(
    "all units together leave at most six tenths of what the best alone leaves unexplained of the open brackets",
    at_most(unexplained, 0.6),
)
claim("but all units together told them before training, too", at_least(probe_untrained, 0.85))

# %% slideshow={"slide_type": "subslide"}
fig, (top, bottom) = plotting.figure(
    9,
    5,
    rows=2,
    alt="A program twice, each character on a colour: above what one unit says of it, below the probe. The more brackets are open, the redder the probe.",
)
held = [p.text for p in unseen if half <= code_text.index(p.text) < SIZE - len(p.text)]
shown = next(program for program in held if "))" in program and 4 <= program.count("\n") <= 6)
part = slice(code_text.index(shown), code_text.index(shown) + len(shown))
(unit, counted), (_, _, single, _) = told["open brackets"], found["open brackets"]
plotting.coloured_text(top, shown, np.sign(single) * units[part, unit], "tanh(c), sign turned")
plotting.coloured_text(bottom, shown, counted[part], "open brackets: the probe", limit=3)
plotting.title(top, closer)
plotting.title(bottom, together)
plt.show()

# %% [markdown]
# On average, training makes units that go with these three more closely than the best before. But the probe reads the
# brackets even from a network that has **learned nothing**. So a probe shows that something *can be read* there. It does not
# show that training put it there, nor that the network uses it. Probe an untrained network, too.
#
# ### 4 · What the figures show, and what they do not
#
# True or False?
#
# 1. *Few texts*: where the dashed line falls and the full one rises, more training on the 100 stories makes the loss on new ones worse.
# 2. *Bold or careful*: at temperature 0.5 more stories are right, so at 0.5 the network knows more of the grammar.
# 3. *A single unit*: the number of open brackets can be read from the memory of a network that was never trained.
# 4. *A single unit*: the trained network closes its brackets with the help of the unit that goes with them most.
# 5. *A single unit*: on the half of the text where the best of 128 units is chosen, luck makes it look better.


# %% nbgrader={"grade_id": "figures-say"}
def figures_say():
    """Five times True or False, in a list."""
    ### BEGIN SOLUTION
    return [True, False, True, False, True]
    ### END SOLUTION


# %% nbgrader={"grade_id": "figures-say-check", "points": 1}
lesson_04.check_figures_say(figures_say)

# %% [markdown]
# ## What we saw
#
# The network of "Train it, and read what it writes", with one setting changed at a time (stored, medians of five seeds;
# `python -m experiments.characters`). These runs had 1,000 steps, the one above 950. Adam has the best of four learning rates; windows of 32 have
# four times the steps, and so read as much.

# %%
table = tables.medians(results.read("characters.csv"), by="setting")
adam = min((name for name in table if name.startswith("Adam")), key=lambda name: table[name]["ratio"])
table = {name: row for name, row in table.items() if not name.startswith("Adam") or name == adam}
tables.print_table(
    ["setting", "cross-entropy / floor", "words", "stories", "far words"],
    [(name, *(f"{row[c]:.2f}" for c in ("ratio", "words", "stories", "far"))) for name, row in table.items()],
)
excess = {name: row["ratio"] - 1 for name, row in table.items()}
changed = [value for name, value in excess.items() if name != "the lesson's"]
claim(
    "each of the four other settings is at least a quarter further from the floor, in the median",
    at_least(min(changed) / excess["the lesson's"], 1.25),
    table="characters.csv",
)

# %% [markdown]
# Without Muon the cross-entropy stands 27 % above the floor, without chrono 19 %, with windows of 32 10 %, without loud inputs 7 %; the lesson's
# 5 %. Not by every mark is the lesson's setting ahead: Adam, bias 1 and windows of 32 have a little more right *words*.
# All have fewer right stories.

# %% tags=["nbval-ignore-output"] slideshow={"slide_type": "slide"}
tables.print_table(
    ["this run", "share, or nats a character"],
    [("of all nats, those at the first letter of a word", f"{at_beginnings:.2f}"),
     ("words that are words, at the end", f"{stages[STEPS]['words']:.2f}"),
     ("stories that could be told: counting", f"{counted_marks['stories']:.2f}"),
     ("stories that could be told: network, temperature 1", f"{bold[0]:.2f}"),
     ("stories that could be told: network, temperature 0.5", f"{careful[0]:.2f}"),
     ("100 stories: lowest held-out loss", f"{unseen_loss.min():.2f}"),
     ("100 stories: lowest held-out loss, dropout", f"{unseen_dropout.min():.2f}"),
     ("programs that parse", f"{parse:.2f}"),
     ("LaTeX whose environments close: counting", f"{counted_latex['environments']:.2f}"),
     ("LaTeX whose environments close: network", f"{marks['environments']:.2f}")],
)  # fmt: skip

# %% [markdown]
# - Three quarters of all nats and more (measured: .83) are paid at the first letter of a word.
# - At temperature 0.5 more stories are right than at 1, and fewer are different from each other.
# - With 100 stories the held-out loss turns and rises again; with dropout the lowest is lower.
# - Of the programs that parse, at least a quarter use a name they have not defined; at most four LaTeX documents in ten have a label for
#   every reference.
# - The best units go with what they track more closely after training, on average. But all units together told the open brackets
#   before, too.

# %% [markdown]
# ## Exercises
#
# All five need the first cell of the lesson and nothing else.
#
# ### 5 · Open-ended: a programming language of your own
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

# %% [markdown] slideshow={"slide_type": "slide"}
# ## On real data
#
# The same kind of network, with 320 units, on Tiny Shakespeare, trained for 160 seconds
# (`python -m experiments.shakespeare`). Stored, with what it wrote at five moments. *Words* is the share
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
# tenth, looked at once. Nobody knows the entropy of Shakespeare. In 1951 C. Shannon estimated that of printed
# English, from people who guessed letters: between 0.6 and 1.3 **bits** a character, if they saw 100 before it. A bit is $\ln 2 = 0.69$
# nats, so that is 0.4 to 0.9 nats.
#
# ## In practice
#
# - Carry the memory over from batch to batch if texts are longer than a batch. If each fits into one, as in lesson 01, give each a row.
# - Few texts: hold some out, watch their loss, keep the best weights; then try dropout.
# - Mark what a model writes with something that knows: a parser, a grammar, a person.
# - To compare models, draw at temperature 1.
# - Save on the way, weights and optimizer together: `course_lib/checkpoint.py`.
# - Draw many texts at once, in one loop inside TensorFlow (`python -m benchmarks.generation`; the control is one text, one call from
#   Python for each character):

# %%
speed = [row for row in results.read("generation.csv") if row["units"] == 160]  # as in this lesson
one_call, _, many = (row["characters_per_s"] for row in tables.medians(speed, by="how").values())
claim("64 texts at once: at least 50 times as fast", at_least(many / one_call, 50), table="generation.csv")

# %% [markdown]
# ## Going further
#
# - C. Shannon, *A mathematical theory of communication*, 1948, section 3 ([doi](https://doi.org/10.1002/j.1538-7305.1948.tb01338.x));
#   *Prediction and entropy of printed English*, 1951 ([doi](https://doi.org/10.1002/j.1538-7305.1951.tb01366.x)).
# - I. Sutskever, J. Martens, G. Hinton, *Generating text with recurrent neural networks*, ICML 2011.
# - A. Graves, *Generating sequences with recurrent neural networks*, 2013, [arXiv:1308.0850](https://arxiv.org/abs/1308.0850).
# - N. Srivastava et al., *Dropout: a simple way to prevent neural networks from overfitting*, JMLR 15, 2014. W. Zaremba, I. Sutskever,
#   O. Vinyals, *Recurrent neural network regularization*, 2014, [arXiv:1409.2329](https://arxiv.org/abs/1409.2329).
# - A. Karpathy, J. Johnson, L. Fei-Fei, *Visualizing and understanding recurrent networks*, 2015,
#   [arXiv:1506.02078](https://arxiv.org/abs/1506.02078).
# - A. Fan, M. Lewis, Y. Dauphin, *Hierarchical neural story generation*, ACL 2018, [arXiv:1805.04833](https://arxiv.org/abs/1805.04833): top-k.
#   A. Holtzman et al., *The curious case of neural text degeneration*, ICLR 2020, [arXiv:1904.09751](https://arxiv.org/abs/1904.09751): the nucleus.
# - K. Jordan et al., *Muon: an optimizer for hidden layers in neural networks*, 2024; J. Liu et al., *Muon is scalable for LLM
#   training*, 2025, [arXiv:2502.16982](https://arxiv.org/abs/2502.16982).
#
# Before this: [03 · Open and close the gates of an LSTM](03_open_and_close_the_gates.ipynb).
# Next: [05 · Compare the cells and go deep](05_compare_the_cells.ipynb).

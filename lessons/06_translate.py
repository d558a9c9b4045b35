# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 06 · Translate with an encoder and a decoder
#
# **You will do:** train a network that reads an English sentence, keeps it in one vector, and says it in Spanish.
#
# **You will learn:** encoder, context, decoder; three ways to hand over; what teacher forcing hides; beam search; BLEU; the vector of fixed length, which
# the inventors of attention thought a bottleneck.
#
# **You need:** lessons 04 and 05.
#
# **Run time:** about 60 seconds on two processor cores with AVX-512, about 146 on one without.

# %% [markdown]
# <details><summary><b>Symbols of this lesson</b></summary>
#
# | letter | meaning | size |
# | --- | --- | --- |
# | $x_t$, $x_t^{l}$ | input of a layer; $x_t^{l}$: what layer $l$ hands up | $D$ |
# | $h_t$, $h_T$, $h_t^{l}$ | memory after step $t$ of the encoder; $h_T$ the last, from which the decoder starts | $H$ |
# | $s_j$ | memory of a decoder after step $j$ | $H$ |
# | $w_j$ | a word: the one that is said at step $j$; $w_0$ is `<bos>` | |
# | $y_j$ | logit of each word at step $j$ | $V$ |
# | $p$ | probability | |
# | $W_s, W_y$ | weights: from $h_T$ to the decoder's start, from its memory to the logits | $H \times H$, $V \times H$ |
# | $t$ | step, or place, of what is read | |
# | $T$ | number of steps, or places | |
# | $j$ | step of what is said | |
# | $l$ | layer | |
# | $M$ | sentences a beam keeps | |
# | $D$ | numbers in an input or key | |
# | $H$ | units of memory | |
# | $V$ | words in the vocabulary | |
#
# </details>

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_lib.backend import keras
from keras import layers, ops

from course_lib import batching, metrics, plotting, results, tables, text, training
from course_lib.claims import at_least, at_most, claim, must_be, seed
from course_lib.decoding import Translator
from course_lib.exercises import lesson_06
from course_lib.guesses import ask
from course_lib.models.encoder_decoder import encoder_decoder
from course_lib.text import Vocabulary

SEED = seed()
training.set_seed(SEED)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A question with a number in it
#
# A network reads an English sentence, word by word; then the sentence is taken away. All that is left is one vector of 192 numbers. From it another
# network says the sentence in Spanish.
#
# After a minute of training the second network says most sentences of five words as the grammar has them. (Punctuation counts as words.) How many of
# those with ten?

# %% [markdown]
# ## A world: two languages whose grammar is known

# %% slideshow={"slide_type": "slide"}
from course_lib.worlds.translation import TranslationWorld

world = TranslationWorld()
for example in world.sample(5, seed=SEED, longest=9):
    print(" ".join(example.english), "→", " ".join(example.spanish))

# %% [markdown] slideshow={"slide_type": "fragment"}
# English and Spanish differ where real languages do. The adjective changes sides and agrees with its noun; a verb's ending says who acts, so the
# pronoun may go (*canto*, *I sing*); the pronoun for *him* stands before the verb; *does not* becomes *no*. And often several translations are right:

# %%
pair = max(world.sample(40, seed=SEED, longest=8), key=lambda pair: min(len(pair.references()), 6))
print(" ".join(pair.english))
for words in pair.references(6):
    print("  ", " ".join(words))

# %% [markdown]
# The world knows all that its own grammar can say, so [**correct**](pages/glossary.md#correct) here means: one of those, word for word. In this
# world *I*, *you* and *we* may go in Spanish, *he*, *she* and *they* may not. So *está contento*, good Spanish for *he is happy*, counts as wrong; the
# world wants *él está contento*.

# %%
pairs = world.sample(50_000, seed=SEED, longest=14)
test = world.unseen(pairs, 1000, seed=1000 + SEED, longest=14)
english, spanish = (Vocabulary.from_texts(pair[side] for pair in pairs) for side in (0, 1))
rows = text.pair_rows([pair[:2] for pair in pairs], english, spanish)
print(f"{len(pairs):,} pairs to learn from, {len(english)} English and {len(spanish):,} Spanish words")
print(f"{len(test):,} sentences to test on, none of them among the others")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Encoder, context, decoder, output
#
# [**Encoder.**](pages/glossary.md#encoder) A recurrent network reads the words, as vectors $x_1 \dots x_T$, and says nothing:
# $h_t = \mathrm{cell}(h_{t-1}, x_t)$.
#
# [**Context.**](pages/glossary.md#context) What the encoder remembers at the end, $h_T$, is all that the decoder is told of the sentence.
#
# [**Decoder.**](pages/glossary.md#decoder) A language model whose memory does not begin empty: $s_0 = \tanh(W_s h_T)$ and
# $s_j = \mathrm{cell}(s_{j-1}, w_{j-1})$.
#
# **Output.** A logit for every Spanish word, $y_j = W_y s_j$; a softmax makes probabilities of them.

# %% [markdown]
# The first word that the decoder reads, $w_0$, is `<bos>`; then each word that was said. `<eos>` is a word, too, so the two sentences need not be
# equally long. (The $\tanh$ is Cho's; Sutskever's decoder begins with the encoder's memory itself.)

# %% [markdown] slideshow={"slide_type": "slide"}
# Drawn for *I sing .* and *canto .*: find the one place where all that is known of the sentence passes
# through a single vector. Broken lines: when the network translates, the word said is the next one read. (When the network learns, the true
# word is read there, said or not.)

# %% slideshow={"slide_type": "fragment"}
from course_lib.plotting import diagrams

diagrams.encoder_decoder()
plt.show()

# %% [markdown] slideshow={"slide_type": "slide"}
# In Keras these are two recurrent layers and an arrow between them:


# %% slideshow={"slide_type": "fragment"}
def translator(source_words, target_words, width=192):
    """(B, T) words and (B, J) words before -> logits (B, J, target_words)."""
    sentence = keras.Input((None,), dtype="int32")  # (B, T)
    before = keras.Input((None,), dtype="int32")  # (B, J), from <bos> on
    x = layers.Embedding(source_words, width)(sentence)
    h_T = layers.GRU(width)(x, mask=ops.not_equal(sentence, 0))  # (B, width): the context
    w = layers.Embedding(target_words, width)(before)
    s_0 = layers.Dense(width, "tanh")(h_T)
    s = layers.GRU(width, return_sequences=True)(w, initial_state=s_0)  # (B, J, width)
    return keras.Model([sentence, before], layers.Dense(target_words)(s))


by_hand = translator(len(english), len(spanish))
print(f"{by_hand.count_params():,} parameters")

# %% [markdown]
# The [**mask**](pages/glossary.md#mask) matters. Sentences of a batch are filled up with `<pad>` (0) to equal length; a memory that goes on reading there keeps
# what it read *last*, which is padding. The mask is easily left out. Then a sentence is translated differently when a longer one stands beside it.

# %%
sentences, before = rows[0][:50], rows[1][:50, :-1]
more = np.pad(sentences, ((0, 0), (0, 30)))
difference = np.abs(by_hand([sentences, before]) - by_hand([more, before])).max()
must_be("thirty places of padding change no logit", at_most(difference, 1e-5))

# %% [markdown]
# ### 1 · Exercise: the context of a padded batch
#
# `h[b, t]` is the memory after place `t` of sentence `b`; `mask[b, t]` is True where there is a word. All words stand at the beginning.


# %% nbgrader={"grade_id": "last-state"}
def last_state(h, mask):
    """h (B, T, H), mask (B, T) -> the memory after the last word of each sentence (B, H)."""
    ### BEGIN SOLUTION
    return h[np.arange(len(h)), mask.sum(axis=1) - 1]
    ### END SOLUTION


# %% nbgrader={"grade_id": "last-state-check", "points": 1}
lesson_06.check_last_state(last_state)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Three ways to hand it over
#
# Where the context enters a decoder is called its [**conditioning**](pages/glossary.md#conditioning).
#
# | conditioning | the decoder reads at step $j$ | whose |
# | --- | --- | --- |
# | repeat | $h_T$, at every step again, and not the word it said | the picture in many introductions |
# | initial state | $w_{j-1}$; $h_T$ is the start and nothing else | Sutskever et al. 2014 |
# | every input and output | $w_{j-1}$ and $h_T$, and the output sees both again | Cho et al. 2014 |
#
# All three begin with $s_0 = \tanh(W_s h_T)$.

# %% [markdown]
# The library has all three (`course_lib/models/encoder_decoder.py`), and they can read in either direction or in both. The second is the network above:
# same weights, same logits?

# %%
library = encoder_decoder(
    len(english), len(spanish), "initial state", embedding=192, encoder_units=192, units=192, direction="forward"
)
by_hand.set_weights(library.get_weights())
difference = np.abs(by_hand([sentences, before]) - library([sentences, before])).max()
must_be("the library's network is the one above", at_most(difference, 1e-5))

# %% [markdown]
# We train the second with an encoder that reads in both directions: one memory ends at the last word, the other at the first, and the context is both, 2 × 96
# numbers. **The next cell trains, for about a minute.**

# %%
STEPS = 1000
model = encoder_decoder(len(english), len(spanish), "initial state", embedding=192, encoder_units=96, units=192)
training.compile_for_training(model, STEPS, 6e-3, optimizer="muon")
losses = training.fit(model, batching.pair_batches(*rows, 64, SEED), STEPS, "English to Spanish")
translate = Translator(model, english, spanish)

# %% tags=["nbval-ignore-output"] slideshow={"slide_type": "slide"}
said = translate([pair.english for pair in test])
correct = np.array([pair.accepts(found.words) for pair, found in zip(test, said, strict=True)])
for pair, found, right in list(zip(test, said, correct, strict=True))[:12]:
    print("     " if right else "wrong", " ".join(pair.english), "→", " ".join(found.words))

# %% [markdown] slideshow={"slide_type": "fragment"}
# Look at the wrong ones. Which are Spanish, and say another sentence?

# %% [markdown]
# <details><summary>In our run</summary>
#
# In our run, three of the four wrong ones are. They begin well and go on with words of the right kind in the right order, of another sentence. The fourth,
# *la reina que juega …*, stops before its verb.
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Long sentences, measured
#
# [**BLEU**](pages/glossary.md#bleu) (Papineni et al. 2002) takes the shares of words, pairs, triples and groups of four that occur in a reference, each counted no
# more often than there, over all sentences; their geometric mean, times a penalty if the whole is too short. 100 is a reference itself; a half-right
# sentence gets part of the mark.

# %% [markdown]
# **Guess.** Of the sentences of five words, punctuation counted, this network has most right. Of those with ten?

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("correct of the sentences of five words, %", "correct of those of ten, %")

# %% tags=["nbval-ignore-output"]
lengths = np.array([len(pair.english) for pair in test])
printed = [" ".join(found.words) for found in said]
references = [[" ".join(words) for words in pair.references(20)] for pair in test]


def bleu(chosen):
    """BLEU of the test sentences with these numbers."""
    return metrics.bleu([printed[i] for i in chosen], [references[i] for i in chosen], tokenize="none")[0]


# %% tags=["nbval-ignore-output"]
thirds = metrics.thirds(lengths)
by_length = metrics.bleu_by_length(printed, references, lengths, tokenize="none")
tables.print_table(
    ["third", "words", "correct", "BLEU"],
    [(name, f"{lengths[part].mean():.1f}", f"{correct[part].mean():.2f}", f"{by_length[name]:.1f}")
     for name, part in thirds.items()],
)  # fmt: skip

# %% slideshow={"slide_type": "slide"}
falls = claim("BLEU falls by 30 or more from the shortest third to the longest",
              at_least(by_length["short"] - by_length["long"], 30))  # fmt: skip
words = np.arange(4, 15)
marks = {"BLEU": [bleu(np.flatnonzero(lengths == n)) for n in words],
         "correct, %": [100 * correct[lengths == n].mean() for n in words]}  # fmt: skip
fig, ax = plotting.figure(7.5, 3.2, alt="BLEU and the share of correct sentences, by the words of the English sentence: both "
                          "fall from short to long, the share of correct ones lower.")  # fmt: skip
plotting.lines(ax, words, marks, "words of the English sentence", "of 100")
plotting.title(ax, falls)
plt.show()

# %% tags=["nbval-ignore-output", "answer"]
guess.answer(100 * correct[lengths == 5].mean(), 100 * correct[lengths == 10].mean(),
             because="A sentence is correct only if all its words are: each more word is one more chance to be wrong.")  # fmt: skip

# %% [markdown] slideshow={"slide_type": "slide"} tags=["answer"]
# Some of that must be: if every word is right with probability .97, whatever the others are, a sentence of five is right with .86 and one of ten with .74.
# How much? Take the probability from the sentences of five, and see what it would make of ten.

# %% slideshow={"slide_type": "fragment"}
each_word = correct[lengths == 5].mean() ** (1 / 5)
expected, measured = each_word**10, correct[lengths == 10].mean()
claim("of sentences of ten, at most three quarters as many are correct as the words of short sentences would make it",
      at_most(measured / expected, 0.75), expected=expected)  # fmt: skip

# %% [markdown]
# So a word is right less often in a long sentence. Whether the vector is too small, or what it holds is lost while the decoder speaks, or long sentences
# are built otherwise, this does not say.
#
# Sutskever and others (2014) found a remedy that sounds like a joke: read the sentence **backwards**. Then its first words are near the decoder's first
# words, which, they believe, gives learning a foothold; on English to French BLEU rose from 25.9 to 30.6. The vector does not get any larger.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What teacher forcing hides
#
# While it trains, the decoder is told the true words before each step ([**teacher forcing**](pages/glossary.md#teacher-forcing)): one call for all steps, and no
# mistake spoils the next one. When it translates it is told what it said itself ([**free running**](pages/glossary.md#free-running)).
#
# **Guess**, of the words that come after the first mistake of a sentence: which share is right?

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("share right after the first mistake, told the true words", "share right after it, told its own words")

# %% tags=["nbval-ignore-output"]
told = text.pair_rows([pair[:2] for pair in test], english, spanish)
truth, asked = told[1][:, 1:], told[1][:, 1:] != 0
forced = training.logits(model, [told[0], told[1][:, :-1]]).argmax(axis=-1)  # (1000, J)
free = np.zeros_like(truth)
for row, found in zip(free, said, strict=True):
    ids = [*spanish.encode(found.words), spanish["<eos>"]][: len(row)]
    row[: len(ids)] = ids
wrong = asked & (forced != truth)
after = asked & (np.cumsum(wrong, axis=1) - wrong > 0)  # after the first mistake
share = {"the true words": forced == truth, "its own words": free == truth}
tables.print_table(
    ["before each word it is told", "words right", "until the first mistake", "after it"],
    [
        (name, *(f"{right[where].mean():.2f}" for where in (asked, asked & ~after, after)))
        for name, right in share.items()
    ],
)

# %% tags=["nbval-ignore-output", "answer"]
guess.answer(share["the true words"][after].mean(), share["its own words"][after].mean(),
             because="Told the true words, it needs only the next one; and a free run is marked wrong for a shift, too.")  # fmt: skip

# %% slideshow={"slide_type": "slide"}
said_length = (free != 0).sum(axis=1) == asked.sum(axis=1)  # a word too many would move all that follow
judged = after & (said_length & ~correct)[:, None]  # nor is another right translation a mistake
gap = (forced == truth)[judged].mean() - (free == truth)[judged].mean()
claim("after the first mistake, given the true words, it looks better than it is", at_least(gap, 0.05))

# %% [markdown] slideshow={"slide_type": "fragment"} tags=["answer"]
# Up to the first mistake both ways give the same words. After the mistake, a network that is told the true words is put back on the right sentence,
# word by word. A network that runs free goes on with the sentence it has begun.

# %% [markdown]
# In the last column the two are .39 apart. That is not all for this reason: a word too many moves all that follow to another place, and another right
# translation counts as wrong. The claim leaves both out. It counts only sentences that are wrong and have the right length; in them the two are .09
# apart. What a training curve shows is the first kind. Judge a translator by the second: let it speak.
#
# There is a worse mistake. `asked` is a mask: True where a word is to be said, False after `<eos>`. Invert it by accident, and judge a "network" that says
# nothing but `<pad>`:

# %%
right = truth == 0
tables.print_table(["places that count", "right"], [
    ("words", f"{right[asked].mean():.2f}"), ("all", f"{right.mean():.2f}"), ("the mask inverted", f"{right[~asked].mean():.2f}"),
])  # fmt: skip
must_be("with the mask inverted, saying nothing gets full marks", right[~asked].all())

# %% [markdown]
# A score that is too good is a mistake until you have looked at what the network says. Look at the other end, too: a decoder that did not listen would say
# the same for every sentence.

# %%
different = len(set(printed)) / len(test)
claim("nine in ten of a thousand sentences get a translation of their own", at_least(different, 0.9))

# %% [markdown]
# ### 2 · Exercise: find the bug
#
# This function shall say which share of the words is right. `said` and `truth` are whole numbers (B, T); 0 is `<pad>`, which follows the last word of a row. The
# function runs, and it lets off a network that stops too early. Find the bug, and write the function again without it.
#
# ```python
# def words_right(said, truth):
#     asked = said != 0
#     return (said == truth)[asked].mean()
# ```


# %% nbgrader={"grade_id": "words-right"}
def words_right(said, truth):
    """said (B, T), truth (B, T) -> the share of the words of truth that were said in their places."""
    ### BEGIN SOLUTION
    asked = truth != 0
    return (said == truth)[asked].mean()
    ### END SOLUTION


# %% nbgrader={"grade_id": "words-right-check", "points": 1}
lesson_06.check_words_right(words_right)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Greedy and beam search
#
# Taking the best word each time ([**greedy**](pages/glossary.md#greedy-search)) can miss the best sentence: a good second word may need a first word that was only
# second best. **Beam search** keeps the $M$ best beginnings, lengthens each by every word, and keeps the $M$ best again, until they end with `<eos>`. Long
# sentences collect more factors below one; so beginnings are compared by $\log p$ divided by their length.

# %% tags=["nbval-ignore-output"] slideshow={"slide_type": "fragment"}
beams = {width: translate([pair.english for pair in test], beam=width) for width in (1, 5)}
tables.print_table(
    ["beam", "mean log p a word", "correct", "BLEU"],
    [(width, f"{np.mean([found.score for found in beam]):.4f}",
      f"{np.mean([pair.accepts(found.words) for pair, found in zip(test, beam, strict=True)]):.3f}",
      f"{metrics.bleu([' '.join(found.words) for found in beam], references, tokenize='none')[0]:.1f}")
     for width, beam in beams.items()],
)  # fmt: skip

# %%
score = {width: np.mean([found.score for found in beam]) for width, beam in beams.items()}
claim("a beam of five finds sentences the network itself likes at least as well", at_least(score[5] - score[1], 0.0))

# %% [markdown]
# Compare the columns: did what the network likes better turn out right more often? In our run it did (.610 to .655). It need not: with very wide beams
# translations get worse (Koehn and Knowles 2017), and no search finds what was lost before.

# %% [markdown]
# ### 3 · Exercise: greedy
#
# `step(word, state)` returns log probabilities of all words, an array (V,), and the new state. Words are numbers: 2 is `<bos>`, which the first step reads,
# 3 is `<eos>`. To try: `step, state = lesson_06.little_network()`.


# %% nbgrader={"grade_id": "greedy"}
def greedy(step, state, longest):
    """-> a list of numbers: the best word each time, until <eos> (left out) or until there are `longest`."""
    ### BEGIN SOLUTION
    word, said = 2, []
    while len(said) < longest:
        log_p, state = step(word, state)
        word = int(log_p.argmax())
        if word == 3:
            break
        said.append(word)
    return said
    ### END SOLUTION


# %% nbgrader={"grade_id": "greedy-check", "points": 2}
lesson_06.check_greedy(greedy)

# %% [markdown]
# ### 4 · Exercise: beam search
#
# At first there is one beginning: no words, $\log p = 0$; the word before is `<bos>` (2). Then, round by round:
#
# - Lengthen every beginning that has not ended by every word, each with its own state.
# - Those that have ended, with `<eos>` (3), stay as they are and stay in competition. (Many texts set them aside and stop at `M` of them, which is another
#   search.)
# - Keep the `M` best of them all by $\log p$ divided by the number of words; `<eos>` counts, `<bos>` does not.
# - Stop when all `M` have ended, and return the best.
#
# This network always ends; words it never says have $\log p = -\infty$. (Sort with `key=`: states cannot be compared.)


# %% nbgrader={"grade_id": "beam-search"}
def beam_search(step, state, M):
    """-> the words of the best sentence, without <eos>, and its mean log p."""
    ### BEGIN SOLUTION
    beams = [(0.0, [], 2, state)]  # log p, words with <eos>, the last one, state
    while any(word != 3 for _, _, word, _ in beams):
        longer = [beam for beam in beams if beam[2] == 3]
        for log_p, words, word, before in beams:
            if word != 3:
                log_ps, after = step(word, before)
                longer += [(log_p + p, [*words, w], w, after) for w, p in enumerate(log_ps)]
        beams = sorted(longer, key=lambda beam: beam[0] / len(beam[1]), reverse=True)[:M]
    log_p, words, _, _ = beams[0]
    return words[:-1], log_p / len(words)
    ### END SOLUTION


# %% nbgrader={"grade_id": "beam-search-check", "points": 3}
lesson_06.check_beam_search(beam_search)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The vector, looked at
#
# *Anna visits Peter* and *Peter visits Anna* are the same bag of words. What does the encoder make of them, and of *visited*? A context has 192 numbers.
# [**Principal components**](pages/glossary.md#principal-components) put it on paper: the two directions in which these contexts differ most. (Sutskever and others drew
# such a picture, too.)

# %%
names = "Anna", "Peter", "Mary", "John"
who = [(a, b) for a in names for b in names if a != b]


def contexts(encoder, verb):
    """The contexts of twelve sentences (12, 192): who does it to whom."""
    said = text.to_rows([(a, verb, b, ".") for a, b in who], english, marks=False)
    return np.array(encoder(said)["context"])


untrained = encoder_decoder(len(english), len(spanish), "initial state", embedding=192, encoder_units=96, units=192)
encoders = {"trained": model.encoder, "before training": untrained.encoder}
ends = {name: (contexts(encoder, "visits"), contexts(encoder, "visited")) for name, encoder in encoders.items()}

# %%
alike, apart, swapped = {}, {}, [who.index((b, a)) for a, b in who]
for name, (now, past) in ends.items():
    steps = (past - now) / np.linalg.norm(past - now, axis=1, keepdims=True)
    alike[name] = (steps @ steps.T)[~np.eye(len(who), dtype=bool)].mean()
    apart[name] = np.linalg.norm(now - now[swapped], axis=1).mean() / np.linalg.norm(past - now, axis=1).mean()
says = {
    "trained": claim(
        "trained: the steps into the past go much the same way, mean cosine", at_least(alike["trained"], 0.6)
    ),
    "before training": claim("before training they did so, too, mean cosine", at_least(alike["before training"], 0.8)),
}
for name in encoders:
    claim(f"{name}: who and whom changing places moves the context at least .7 times as far as the tense",
          at_least(apart[name], 0.7))  # fmt: skip

# %% slideshow={"slide_type": "slide"}
fig, axes = plotting.figure(11, 4.2, columns=2, alt="Twelve sentences, now and past, as arrows in the plane of two components: "
                            "left a trained encoder, right an untrained one. In both, the arrows run side by side.")  # fmt: skip
for ax, (name, (now, past)) in zip(axes, ends.items(), strict=True):
    middle = np.concatenate([now, past]).mean(axis=0)
    flat = np.linalg.svd(np.concatenate([now, past]) - middle, full_matrices=False)[2][:2]
    plotting.moves(ax, (now - middle) @ flat.T, (past - middle) @ flat.T, [f"{a} → {b}" for a, b in who],
                   ("visits", "visited"), "first component", "second component")  # fmt: skip
    plotting.title(ax, says[name])
plt.show()

# %% [markdown] slideshow={"slide_type": "fragment"}
# A neat order, and nobody asked for it. But look at the right side: an encoder with random weights has that order, too (mean cosines, 1 for the
# same way: .94 and 1.00; the axes on the right are some 20 times finer). So the parallel steps are no sign of learning. Draw the untrained network beside
# the trained one, always.

# %% [markdown]
# The random encoder reads the same words in the same places, and a change in one word changes its memory in much the same way, whoever acts.
# (Lesson 04's probes taught the same.)

# %% [markdown]
# ## Every way to hand it over, three seeds
#
# `python -m experiments.align` trains them all in the same way. Mean of three seeds; rows of one seed say so:

# %%
study = results.read("align.csv")


def mean(column, **chosen):
    """Mean over the seeds of the runs with these settings."""
    return np.mean([row[column] for row in study if all(row[name] == value for name, value in chosen.items())])


START = {"conditioning": "initial state", "attention": None}  # with attention: the next lesson's
CASES = {
    "repeat": {"conditioning": "repeat"},
    "initial state": START | {"direction": "both", "cell": "gru"},
    "initial state, LSTM (one seed)": START | {"cell": "lstm"},
    "initial state, forward only (one seed)": START | {"direction": "forward"},
    "initial state, backwards only (one seed)": START | {"direction": "backward"},
    "every input and output": {"conditioning": "every input and output"},
}
columns = ("bleu_short", "bleu_middle", "bleu_long")
tables.print_table(
    ["conditioning", "weights", "correct", "BLEU, short", "middle", "long"],
    [(name, f"{mean('parameters', **case):,.0f}", f"{mean('exact', **case):.2f}",
      *(f"{mean(column, **case):.1f}" for column in columns)) for name, case in CASES.items()],
)  # fmt: skip

# %% slideshow={"slide_type": "slide"}
start, every, repeat = (CASES[name] for name in ("initial state", "every input and output", "repeat"))
drop = mean("bleu_short", **start) - mean("bleu_long", **start)
claim("the vector as a start: BLEU falls by 30 or more, mean of three seeds", at_least(drop, 30), table="align.csv")
by_third = {name: [mean(f"bleu_{third}", **case) for third in ("short", "middle", "long")]
            for name, case in zip(("start", "every input and output", "repeat"), (start, every, repeat), strict=True)}  # fmt: skip
better = claim("Cho's decoder, of more weights, is 15 BLEU or more ahead on the long third",
               at_least(by_third["every input and output"][2] - by_third["start"][2], 15), table="align.csv")  # fmt: skip
claim("'repeat', which has the vector at every step and not its own words, loses at most 3 BLEU on any third",
      at_most(np.max(np.subtract(by_third["start"], by_third["repeat"])), 3), table="align.csv")  # fmt: skip
fig, ax = plotting.figure(7.5, 3.2, alt="BLEU by third of the sentences, for three conditionings: all fall, 'every input and "
                          "output' least.")  # fmt: skip
plotting.lines(ax, ["shortest", "middle", "longest"], by_third, "third of the sentences", "BLEU")
plotting.title(ax, better)
plt.show()

# %% [markdown]
# So 192 numbers *can* hold more than our first decoder said. Why Cho's says more, the table does not tell: it reads the vector beside each word, reads it
# again at the output, and has a larger output layer. "Repeat", which has the vector at every step, too, does not decide it: it lacks its own words, and a
# gain and a loss may cancel. And Cho's decoder falls as well.
#
# "Repeat" does without the word it said: here, perhaps, because one Spanish sentence is learned for each English one, so that there is hardly anything to
# choose. Reading backwards is ahead of reading forward, as Sutskever found: one seed, so no more than a hint.
# (An LSTM hands over its memory and its page: 384 numbers.)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## On real sentences
#
# `python -m experiments.translate train` trains `start` on Tatoeba: English sentences and their Spanish translations, written by people for learners. One
# run of 39 minutes; GRUs of 320, subwords.

# %% slideshow={"slide_type": "fragment"}
tatoeba = [row for row in results.read("translate.csv") if not row["attention"]]
tables.print_table(
    ["beam", "BLEU", "short", "middle", "long"],
    [
        (int(row["beam"]), *(f"{row[name]:.1f}" for name in ("bleu", "bleu_short", "bleu_middle", "bleu_long")))
        for row in tatoeba
    ],
)
print("\nSeven sentences of our own, with beam 5:")
for row in results.read("translate_examples.csv")[6:]:
    print(f"\n{row['source']}\n  network:  {row['none']}\n  expected: {row['reference']}")

# %% [markdown]
# Often the network begins well and ends elsewhere: *desnudo* is naked. Test sentences stay out of the training part even when only capitals or commas differ;
# otherwise a good memory would look like a good translator.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Google's translation system
#
# In 2016 Y. Wu and others made an encoder and a decoder large enough for a public service.
#
# - 8 LSTM layers read (the lowest in both directions), 8 speak.
# - From the third layer on: $x_t^{l} = x_t^{l-1} + h_t^{l}$, lesson 05's [residual stack](05_compare_the_cells.ipynb#Deep,-along-depth).
# - Attention (lesson 07): the lowest decoder layer asks, all layers above get the answer.
# - 32,000 pieces of words.

# %% [markdown] slideshow={"slide_type": "slide"}
# The figure shows one step of the encoder, left, and one of the decoder. On both sides LSTM layers stand upon each other; layers 2 to 8 are drawn alike; + is
# the residual sum. The ways from each step to the next are left out. Follow a
# gradient down from the output: as far as layer 2 it has a way that goes through no LSTM.

# %% slideshow={"slide_type": "fragment"}
diagrams.google_translator()
plt.show()

# %% [markdown] slideshow={"slide_type": "slide"}
# | part of it | here |
# | --- | --- |
# | both directions | yes, one layer |
# | residual stack | lesson 05 (`course_lib/models/deep.py`) |
# | attention | lesson 07 |
# | pieces of words | on Tatoeba (`course_lib/subwords.py`, cut by other rules) |
# | beam search | yes; divided by the length, theirs by a power of 5 + length |
# | a penalty for source words that no look fell on (*coverage*) | no |
# | many GPUs, rounded weights, training on the mark itself | no |

# %% [markdown]
# On the news of WMT 2014 one such network reached a BLEU of 38.95 from English to French and 24.61 from English to German. These numbers cannot be set beside ours:
# other languages, other sentences, millions of pairs to learn from. X. Bresson's lecture quotes that some 500,000 lines of code became 500, libraries not counted.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What we saw
#
# - BLEU falls by 30 or more from the shortest third to the longest.
# - After the first mistake, given the true words, a network looks better than it is: by .09.
# - Cho's decoder, which also has a third more weights, holds long sentences better: BLEU 85.1, not 56.1.
# - An untrained encoder orders sentences, too.
# - On Tatoeba: BLEU 43.8 on the shortest third, 25.0 on the longest.
#
# A vector for each word, instead of one for all? That is lesson 07.

# %% [markdown]
# ## Exercises
#
# Four stand in their sections. All need the first code cell of the lesson and nothing else.
#
# ### 5 · Open-ended: two languages of your own
#
# Write a grammar of English and another language you know (or invent one), in which words change places. `course_lib/worlds/translation.toml` says how
# at its top and is an example, far larger than yours need be. The first rule is called `TEXT`; numbers mark words that belong together. Lists with
# `forms = "word"` are the easiest, a line for each word. This says *yes , I can* and *yes , Anna can* in German:
#
# ```toml
# [rules]
# TEXT = ["1: yes~1 ,~2 WHO can~3 => ja~1 ,~2 WHO kann~3"]
# [words.WHO]
# forms = "word"
# "I" = "ich"
# "Anna" = "Anna"
# ```
#
# Asked for: 30 different sentences of 3 to 12 words, so 2 × 3 × 5 words in one rule are enough; at least half of the words of each side linked (two words of one
# line of a list are linked by themselves, as *I* and *ich*); and in some sentence two links that cross.


# %% nbgrader={"grade_id": "own-languages"}
def my_languages():
    """-> the grammar as a text, in TOML."""
    ### BEGIN SOLUTION
    return """
[rules]
TEXT = ["1: WHO can~1 SEE ANIMAL .~2 => WHO kann~1 ANIMAL SEE .~2"]
[words.WHO]
forms = "word"
"Anna" = "Anna"
"my brother" = "mein Bruder"
"the child" = "das Kind"
[words.SEE]
forms = "word"
"see" = "sehen"
"hear" = "hören"
"find" = "finden"
"catch" = "fangen"
[words.ANIMAL]
forms = "word"
"the dog" = "den Hund"
"a cat" = "eine Katze"
"the horses" = "die Pferde"
"a fish" = "einen Fisch"
"""
    ### END SOLUTION


# %% nbgrader={"grade_id": "own-languages-check", "points": 3}
lesson_06.check_own_languages(my_languages)

# %% [markdown]
# ## In practice
#
# - Judge by what the network says, not by its loss under teacher forcing: BLEU with sacrebleu, and its signature beside the number.
# - Mask padding in the encoder, the loss and every score. Test it: add padding, nothing may change.
# - A beam of 4 or 5 with scores divided by length is usual. Much wider ones can be worse.
# - Split pairs by source sentence. Otherwise the same sentence is in two parts.
#
# ## Going further
#
# S. Feng and Z. Zhang's lecture on the encoder–decoder and H. Lee's on conditional generation (2017) tell much of this lesson.
#
# - K. Cho et al., *Learning phrase representations using RNN encoder–decoder for statistical machine translation*, EMNLP 2014.
#   [arXiv:1406.1078](https://arxiv.org/abs/1406.1078)
# - I. Sutskever, O. Vinyals, Q. Le, *Sequence to sequence learning with neural networks*, NeurIPS 2014. [arXiv:1409.3215](https://arxiv.org/abs/1409.3215)
# - N. Kalchbrenner, P. Blunsom, *Recurrent continuous translation models*, EMNLP 2013: before both.
#   [aclanthology.org/D13-1176](https://aclanthology.org/D13-1176)
# - K. Cho, B. van Merriënboer, D. Bahdanau, Y. Bengio, *On the properties of neural machine translation*, 2014: BLEU against length, the curve above.
#   [arXiv:1409.1259](https://arxiv.org/abs/1409.1259)
# - Y. Wu et al., *Google's neural machine translation system*, 2016. [arXiv:1609.08144](https://arxiv.org/abs/1609.08144)
# - K. Papineni, S. Roukos, T. Ward, W.-J. Zhu, *BLEU*, ACL 2002. [doi:10.3115/1073083.1073135](https://doi.org/10.3115/1073083.1073135)
# - M. Post, *A call for clarity in reporting BLEU scores*, 2018. [arXiv:1804.08771](https://arxiv.org/abs/1804.08771)
# - S. Bengio, O. Vinyals, N. Jaitly, N. Shazeer, *Scheduled sampling*, NeurIPS 2015: less teacher, towards the end.
#   [arXiv:1506.03099](https://arxiv.org/abs/1506.03099)
# - P. Koehn, R. Knowles, *Six challenges for neural machine translation*, 2017: why wider beams can be worse.
#   [arXiv:1706.03872](https://arxiv.org/abs/1706.03872)
#
# Before this: [05 · Compare the cells and go deep](05_compare_the_cells.ipynb).
# Next: [07 · Align with attention](07_align.ipynb).

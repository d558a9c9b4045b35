# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 07 · Align with attention
#
# **You will do:** let the decoder of lesson 06 look at the sentence again before each word; train it; and compare where it looked with where it
# should have looked, because here that is known.
#
# **You will learn:** match, softmax, weighted sum; five ways to match; reading before or after the step; how an attention map is read, and how
# wrong it can be; what the heads of today's models owe to this.
#
# **You need:** lesson 06.
#
# **Run time:** about 66 seconds on two processor cores with AVX-512, about 134 on one without. One cell trains and says so.
#
# **Sources.** D. Bahdanau, K. Cho, Y. Bengio, *Neural machine translation by jointly learning to align and translate*, ICLR 2015,
# [arXiv:1409.0473](https://arxiv.org/abs/1409.0473). M.-T. Luong, H. Pham, C. Manning, *Effective approaches to attention-based neural machine
# translation*, EMNLP 2015, [arXiv:1508.04025](https://arxiv.org/abs/1508.04025). H. Lee's lecture (dynamic conditional generation) and X. Bresson's
# (attention networks), 2017. More at the end.

# %% [markdown]
# <details><summary><b>Symbols of this lesson</b></summary>
#
# | letter | meaning | size |
# | --- | --- | --- |
# | $\alpha_{jt}$ | attention weight of place $t$ for word $j$ | a number |
# | $\gamma$ | learned scale of a cosine | a number |
# | $A$ | links an aligner gives | a set |
# | $D$ | numbers in an input or key | a count |
# | $e_{jt}$ | score of a match: word $j$, place $t$ | a number |
# | $h_t, \bar h_j$ | memory of the encoder after place $t$; their weighted mean, for word $j$ | $D$ |
# | $j$ | step of what is said | a count |
# | $P$ | possible links | a set |
# | $q_j$ | query: what looks, before word $j$ | $D$ |
# | $s_j, \tilde s_j$ | memory of a decoder; with what it has read | $D$ |
# | $S$ | sure links | a set |
# | $t, t'$ | step, or place, of what is read | a count |
# | $T$ | number of steps, or places | a count |
# | $w_j$ | a word: the one said at step $j$ | |
# | $W, W_e, W_q, W_k, W_v, W_o, W_m$ | weights: of a match; of its query, its key, what is read, all heads together; $W_m$ mixes memory and reading | matrices |
#
# </details>

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_lib.backend import keras
from keras import layers, ops

from course_lib import attention, batching, metrics, plotting, results, tables, text, training
from course_lib.attention import Score
from course_lib.claims import at_least, at_most, claim, must_be, seed
from course_lib.decoding import Translator
from course_lib.exercises import lesson_07
from course_lib.guesses import ask
from course_lib.models.encoder_decoder import encoder_decoder
from course_lib.text import Vocabulary

SEED = seed()
training.set_seed(SEED)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A question with a number in it
#
# Lesson 06's networks put each sentence into 192 numbers. Short and long sentences (BLEU, mean of three seeds):

# %%
study = results.read("align.csv")


def of_runs(column, **chosen):
    """This number of every run with these settings."""
    return [row[column] for row in study if all(row[name] == value for name, value in chosen.items())]


def mean(column, **chosen):
    """Its mean over the seeds."""
    return np.mean(of_runs(column, **chosen))


# %% slideshow={"slide_type": "fragment"}
THIRDS = ("short", "middle", "long")
WITHOUT = {
    "initial state": {"conditioning": "initial state", "attention": None, "cell": "gru", "direction": "both"},
    "every input and output": {"conditioning": "every input and output"},
}
bleu_without = {name: [mean(f"bleu_{third}", **case) for third in THIRDS] for name, case in WITHOUT.items()}
tables.print_table(["BLEU", *THIRDS], [(name, *(f"{v:.0f}" for v in values)) for name, values in bleu_without.items()])

# %% [markdown] slideshow={"slide_type": "fragment"}
# Now the decoder looks back before every word. How far do long sentences come? For what share of the Spanish words does it look at an unrelated
# English word?

# %% [markdown]
# You will be asked for both numbers. (Same widths, same data, as many updates.)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A world that knows who belongs to whom
#
# English sentences, their Spanish translations, and which word belongs to which.

# %%
from course_lib.worlds.translation import TranslationWorld

world = TranslationWorld()
pairs = world.sample(50_000, seed=SEED, longest=14)
test = world.unseen(pairs, 1000, seed=1000 + SEED, longest=14)
english, spanish = (Vocabulary.from_texts(pair[side] for pair in pairs) for side in (0, 1))
rows = text.pair_rows([pair[:2] for pair in pairs], english, spanish)


# %%
def crossings(pair):
    """How many of the sure links cross another."""
    return sum(a < c and b > d for a, b in pair.sure for c, d in pair.sure)


def choose(condition):
    """Of the test pairs of at most ten words that fulfil it, the one with most links that cross."""
    return max((pair for pair in test if len(pair.english) <= 10 and condition(pair)), key=crossings)


said_twice = choose(lambda p: p.english[0] in ("I", "we") and {"le", "les"} & set(p.spanish))


# %% slideshow={"slide_type": "fragment"}
def draw(pair, weights, alt):
    """Weights as dark squares, true links as frames."""
    _, ax = plotting.figure(6.5, 0.34 * len(pair.spanish) + 1.4, alt=alt)
    return plotting.attention(ax, weights, pair.english, pair.spanish, pair.sure, pair.possible)


alt = "A grid of Spanish words by English words. Frames mark the pairs that belong together; some leave the diagonal."
ax = draw(said_twice, np.zeros((len(said_twice.spanish), len(said_twice.english))), alt)
plotting.title(ax, neutral="Who belongs to whom")
plt.show()

# %% [markdown]
# A row for each Spanish word, a column for each English one. Full frames are [**sure**](pages/glossary.md#alignment) links, which a network is to find.
# Dotted ones are [**possible**](pages/glossary.md#possible-link):
# it need not find them, and they are no mistakes. *le* (or *les*) has no English word,
# because Spanish says twice to whom something is given. So *le* may be linked with the verb, with *to* or with the person. The English pronoun has no Spanish
# word: the ending of the verb says who it is. An article that English leaves out may be linked with each word of its phrase, so it has several dotted
# frames: *el* of *el lápiz de Lucía* with *Lucy*, *'s* and *pencil*. (People who align real texts make the same two marks; Och and Ney 2003.)
#
# The network never sees these frames. It sees sentences. Will it find them?

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Match, softmax, weighted sum
#
# The encoder keeps its memory after every word: $h_1 \dots h_T$. The decoder is about to say word $j$, and looks with a vector, the query $q_j$.
#
# 1. [**Match.**](pages/glossary.md#attention) A score for each place: $e_{jt} = \mathrm{match}(q_j, h_t)$.
# 2. **Softmax.** Weights that sum to one: $\alpha_{jt} = \exp(e_{jt}) / \sum_{t'} \exp(e_{jt'})$.
# 3. **Weighted sum.** What is read: $\bar h_j = \sum_t \alpha_{jt} h_t$.

# %% [markdown]
# Then the decoder says the word, is in a new state, and looks again, until it says `<eos>`. In lesson 06 the condition was one vector for all words. Here each word
# gets its own, so H. Lee calls it [**dynamic conditional generation**](pages/glossary.md#dynamic-conditional-generation). All three steps have derivatives, so where to look is learned with all else.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### By hand
#
# Three places, vectors of two numbers, $\mathrm{match}(q, h) = q \cdot h$. On paper: the three scores, the place that wins, and (roughly, $\exp(2) = 7.4$) its
# weight. **Guess** before you run.

# %% slideshow={"slide_type": "fragment"}
h = np.array([[1.0, 0.0], [1.0, 1.0], [-1.0, 1.0]])  # (T, D)
q = np.array([1.0, 2.0])  # (D,)

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("the place that wins: 1, 2 or 3", "its weight")

# %% slideshow={"slide_type": "fragment"}
scores = h @ q
weights = np.exp(scores) / np.exp(scores).sum()
print("scores ", scores)
print("weights", weights.round(3))
print("read   ", (weights @ h).round(3))

# %% tags=["nbval-ignore-output", "answer"]
why = "exp(3) stands against twice exp(1): 7.4 of 9.4. What is read lies between all places, nearest to the second."
guess.answer(weights.argmax() + 1, weights.max(), because=why)

# %% [markdown]
# ### 1 · Warm-up: read once
#
# One query, the dot product divided by $\sqrt{D}$, and a mask: `True` where there is a word. Return what is read, and the weights. Where there is no word, the
# weight is 0. Scores may be as large as 1,000: before `exp`, subtract the largest score of a word.


# %% nbgrader={"grade_id": "read"}
def read(query, keys, values, mask):
    """query (D,), keys (T, D), values (T, E), mask (T,), True for words -> read (E,), weights (T,)."""
    ### BEGIN SOLUTION
    scores = np.where(mask, keys @ query / np.sqrt(len(query)), -np.inf)
    weights = np.exp(scores - scores.max())
    weights = weights / weights.sum()
    return weights @ values, weights
    ### END SOLUTION


# %% nbgrader={"grade_id": "read-check", "points": 1}
lesson_07.check_read(read)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## In code
#
# For all sentences of a batch (B), all words to be said (J) and all places (T) at once. Padding gets no weight at all. (In `course_lib/attention.py`.)


# %% tags=["lib:attention"] slideshow={"slide_type": "fragment"}
def attend(scores, values, mask=None):
    """scores (B, J, T), values (B, T, D), mask (B, T), True for words -> reads (B, J, D), weights (B, J, T).

    weights = softmax of the scores over the places of the mask; read = sum of the values, weighted: Bahdanau et al.
    2015, eqs 5 and 6. A text without a word reads 0.
    """
    if mask is not None:
        scores = ops.where(mask[:, None, :], scores, -1e9)
    weights = ops.exp(scores - ops.max(scores, axis=-1, keepdims=True))
    if mask is not None:
        weights = weights * ops.cast(mask, scores.dtype)[:, None, :]  # 0 where there is no word
    weights = weights / ops.maximum(ops.sum(weights, axis=-1, keepdims=True), 1e-9)
    return weights @ values, weights


# %% [markdown] slideshow={"slide_type": "slide"}
# ### Five ways to match
#
# | name | $\mathrm{match}(q_j, h_t)$ | learned |
# | --- | --- | --- |
# | dot | $q_j \cdot h_t$ | – |
# | scaled dot | $q_j \cdot h_t / \sqrt{D}$ | – |
# | cosine | $\gamma \, q_j \cdot h_t / (\lvert q_j \rvert \lvert h_t \rvert)$ | $\gamma$, how sharp |
# | bilinear | $q_j^\top W h_t$ | $W$ |
# | additive | $W_e \tanh(W_q q_j + W_k h_t)$, a small network | $W_q, W_k, W_e$ |

# %% [markdown]
# All five for one sentence. Queries are rows, places are rows, and the answer has a row for each query and a column for each place. The first four are products
# of matrices:


# %%
def dot(q, h):
    """q (J, D), h (T, D) -> scores (J, T); so do all five."""
    return q @ h.T


def scaled_dot(q, h):
    """The wider the vectors, the larger their dot: undo that."""
    return q @ h.T / h.shape[-1] ** 0.5


def cosine(q, h, gamma):
    """Only directions count, not lengths."""
    return gamma * q @ h.T / np.linalg.norm(q, axis=-1)[:, None] / np.linalg.norm(h, axis=-1)


def bilinear(q, h, W):
    """W may turn what is asked into what is there."""
    return q @ W @ h.T


# %% [markdown]
# The additive match is a network with one hidden layer, applied to every pair of a query and a place. `[:, None]` copies each query along all places, `[None]`
# each place along all queries, so `both` holds one hidden vector for each pair:


# %%
def additive(q, h, W_q, W_k, W_e):
    """W_q (D, units), W_k (D, units), W_e (units,)."""
    both = (q @ W_q)[:, None] + (h @ W_k)[None]  # (J, 1, units) + (1, T, units) = (J, T, units)
    return np.tanh(both) @ W_e  # (J, T)


# %% [markdown]
# In the library each is a layer (`course_lib/attention.py`); the dot and the additive match are layers of Keras, too, with softmax and sum. Equal numbers?

# %%
rng = np.random.default_rng(SEED)
sizes = (3, 6), (5, 6), (6, 6), (6, 7), (6, 7), 7  # three queries, five places
q, h, W, W_q, W_k, W_e = (rng.normal(size=size).astype("float32") for size in sizes)
mask = np.arange(5)[None] < 4  # the last place is padding
ours = dot(q, h), scaled_dot(q, h), cosine(q, h, 2.0), bilinear(q, h, W), additive(q, h, W_q, W_k, W_e)
library = attention.DotScore(), attention.ScaledDotScore(), attention.CosineScore(), attention.BilinearScore(), attention.AdditiveScore(7)  # fmt: skip
learned = [], [], [np.log(2.0)], [W], [W_q, W_k, W_e]
apart = []
for scores, layer, weights in zip(ours, library, learned, strict=True):
    layer.build([(1, 3, 6), (1, 5, 6)])
    layer.set_weights(weights)
    apart.append(np.abs(layer([q[None], h[None]])[0] - scores).max())
must_be("all five: as the library's", at_most(max(apart), 1e-5))
theirs = layers.Attention()([q[None], h[None]], mask=[None, mask])
must_be("dot: as keras.layers.Attention", at_most(np.abs(attend(ours[0][None], h[None], mask)[0] - theirs).max(), 1e-5))
theirs = layers.AdditiveAttention()
theirs.build([(1, 3, 7), (1, 5, 6), (1, 5, 7)])
theirs.set_weights([W_e])  # the other two are ours to apply
theirs = theirs([(q @ W_q)[None], h[None], (h @ W_k)[None]], mask=[None, mask])
additive_apart = np.abs(attend(ours[4][None], h[None], mask)[0] - theirs).max()
must_be("additive: as keras.layers.AdditiveAttention", at_most(additive_apart, 1e-5))

# %% [markdown]
# One of the five as a layer, the one that we shall train. `prepare` depends on the places alone, so it is computed once for all words. (In the code `z`
# stands for the
# queries, not for an update gate; `log_beta`, which is learned, for $\ln \gamma$, so that $\gamma$ stays positive.)


# %% tags=["lib:attention"]
@keras.saving.register_keras_serializable(package="course_lib")
class CosineScore(Score):
    """gamma cos(q, h): Graves, Wayne & Danihelka 2014, eqs 5 and 6; there each step chooses its own, here it is one.

    A cosine lies between -1 and 1, so by itself the best of T places would get at most e^2 times the weight of the
    worst: a large gamma makes it sharp. It starts at 4. (Here z: the queries; log_beta: log(gamma).)
    """

    same_width = True

    def make(self, queries, keys):
        """log(gamma), one number."""
        self.log_beta = self.add_weight(shape=(), initializer=keras.initializers.Constant(1.386), name="log_beta")

    def prepare(self, h):
        """Length 1; 0 stays 0, with a gradient."""
        return h / ops.sqrt(ops.sum(h * h, axis=-1, keepdims=True) + 1e-12)

    def compare(self, z, h):
        """(B, J, D), (B, T, D) of length 1 -> (B, J, T)."""
        return ops.exp(self.log_beta) * (self.prepare(z) @ ops.transpose(h, (0, 2, 1)))


# %% [markdown]
# ### 2 · Derive: how sharp can a cosine look?
#
# A cosine lies between −1 and 1. With the scale $\gamma$ and $T$ places, what is the largest weight that one place can get? Think of the scores in the best
# case, put them through the softmax, and write the formula as a function.


# %% nbgrader={"grade_id": "largest-weight"}
def largest_weight(gamma, T):
    """A number from 0 on, a whole number from 2 on -> the largest possible weight of one place."""
    ### BEGIN SOLUTION
    return np.exp(gamma) / (np.exp(gamma) + (T - 1) * np.exp(-gamma))
    ### END SOLUTION


# %% nbgrader={"grade_id": "largest-weight-check", "points": 2}
lesson_07.check_largest_weight(largest_weight)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The translator, with a way back
#
# Lesson 06's, and a few lines more. The query is the decoder's memory, which has read the word before: $q_j = s_j$. What is read joins it on the way to the output
# (Luong et al. 2015, eqs 5 and 6): $\tilde s_j = \tanh(W_m\,[\bar h_j; s_j])$.

# %% [markdown]
# Drawn for one word, *nos*, the second of *ella nos vio .*; read it from below. The three regions are the three steps above,
# with $s_j$ as the query: it is matched with every $h_t$. Each $h_t$ goes two ways, to be matched and to be summed. Follow
# $s_j$: it has read the word before, $w_{j-1}$ (here *ella*), and goes to the match, to the output and to the next step; what
# was read, $\bar h_j$, goes to the output and nowhere else. (Double arrows: the encoder reads in both directions.)

# %% slideshow={"slide_type": "fragment"}
from course_lib.plotting import diagrams

diagrams.attention()
plt.show()


# %% slideshow={"slide_type": "slide"}
def translator(source_words, target_words, score, width=192):
    """(B, T) words and (B, J) words before -> logits (B, J, target_words)."""
    sentence = keras.Input((None,), dtype="int32")  # (B, T)
    before = keras.Input((None,), dtype="int32")  # (B, J), from <bos> on
    mask = ops.not_equal(sentence, 0)
    x = layers.Embedding(source_words, width)(sentence)
    both = layers.Bidirectional(layers.GRU(width // 2, return_sequences=True, return_state=True))
    h, *last = both(x, mask=mask)  # (B, T, width) and the last memory of each direction
    told = layers.Embedding(target_words, width)(before)
    s_0 = layers.Dense(width, "tanh")(layers.concatenate(last))
    s = layers.GRU(width, return_sequences=True)(told, initial_state=s_0)  # (B, J, width)
    h_bar, _ = attend(score([s, h]), h, mask)  # match, softmax, weighted sum: all words at once
    s = layers.Dense(width, "tanh")(layers.concatenate([h_bar, s]))
    return keras.Model([sentence, before], layers.Dense(target_words)(s))


# %% [markdown]
# The encoder reads in both directions, half of the width each, so that $h_t$ knows what stands before its word and behind it.
#
# No step waits for a reading: the decoder's memory runs over all words first, and all words of all sentences are matched at once. (In Luong's best networks
# $\tilde s_j$ enters the next step, too, and then a step has to wait. Ours leaves that out.) The library's `encoder_decoder` is this network; a test
# compares them.

# %% [markdown] slideshow={"slide_type": "fragment"}
# Without attention the long sentences came to the BLEU in the table above. With attention? **Guess.** Then run: the cell after trains, for about a minute.

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("BLEU of long sentences, with attention")

# %%
STEPS = 1000
model = encoder_decoder(
    len(english),
    len(spanish),
    "initial state",
    "after",
    CosineScore(),
    embedding=192,
    encoder_units=96,
    units=192,
)
training.compile_for_training(model, STEPS, 6e-3, optimizer="muon")
losses = training.fit(model, batching.pair_batches(*rows, 64, SEED), STEPS, "English to Spanish")
said = Translator(model, english, spanish)([pair.english for pair in test])

# %% tags=["nbval-ignore-output"] slideshow={"slide_type": "slide"}
correct = np.array([pair.accepts(found.words) for pair, found in zip(test, said, strict=True)])
lengths = np.array([len(pair.english) for pair in test])
printed = [" ".join(found.words) for found in said]
references = [[" ".join(words) for words in pair.references(20)] for pair in test]
thirds = metrics.thirds(lengths)
by_length = metrics.bleu_by_length(printed, references, lengths, tokenize="none")
tables.print_table(
    ["third", "words", "correct", "BLEU", *bleu_without],
    [(name, f"{lengths[part].mean():.1f}", f"{correct[part].mean():.3f}", f"{by_length[name]:.1f}", *(f"{v[i]:.1f}" for v in bleu_without.values()))
     for i, (name, part) in enumerate(thirds.items())],
)  # fmt: skip

# %% tags=["nbval-ignore-output", "answer"]
why = "A long sentence has more vectors to read from. That this is the cause, nothing here tests."
guess.answer(by_length["long"], because=why)

# %% slideshow={"slide_type": "fragment"}
claim("97 of 100 sentences it never saw are translated without any mistake", at_least(correct.mean(), 0.97))
claim("BLEU hardly depends on the length", at_most(by_length["short"] - by_length["long"], 1.5))

# %% [markdown]
# The fall is gone, up to the 14 words it was trained on. No width is larger; a layer of 74,000 weights and $\gamma$ were added to a million. But all $h_t$ are kept, not one.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where did it look?
#
# Dark: the weights, while the network is told the true words. Frames: the truth.

# %%
told = text.pair_rows([pair[:2] for pair in test], english, spanish)
weights = np.array(model.align(told[0], told[1][:, :-1]))  # (1000, J, T)
negation = choose(lambda p: "not" in p.english and {"do", "does", "did"} & set(p.english))
question = choose(lambda p: p.english[0] in ("do", "does", "did", "where", "why"))

# %%
looked = weights.argmax(axis=-1)  # (1000, J)
across = [at[b] == a for pair, at in zip(test, looked, strict=True) for a, b in pair.sure
          if any((a - c) * (b - d) < 0 for c, d in pair.sure)]  # fmt: skip
turned = claim(
    "where the order is turned round, it looks at the right word at least eight times in ten",
    at_least(np.mean(across), 0.8),
)
no = [pair.english[at[pair.spanish.index("no")]] for pair, at in zip(test, looked, strict=True)
      if "no" in pair.spanish and "not" in pair.english]  # fmt: skip
share = np.mean([word in ("not", "do", "does", "did") for word in no])
at_not = claim("for 'no' it looks at 'not', or at a do, does or did, at least six times in ten", at_least(share, 0.6))


# %% slideshow={"slide_type": "fragment"}
alt = "Attention weights of one sentence as dark squares: most lie in the frames of the true links, also off the diagonal."
maps = [draw(pair, weights[test.index(pair), : len(pair.spanish), : len(pair.english)], alt)
        for pair in (said_twice, negation, question)]  # fmt: skip
plotting.title(maps[0], turned)
plotting.title(maps[1], at_not)
plotting.title(maps[2], neutral="A question")
plt.show()

# %% [markdown]
# Adjectives change places, *does not* becomes *no*, a question is turned round. Nobody told it what belongs to what.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### How wrong is it?
#
# For each Spanish word take the place with the largest weight: the links $A$. With the sure links $S$ and the possible ones $P$ (sure ones are possible, too), of all sentences
# (Och and Ney 2003):
#
# $$\mathrm{AER} = 1 - \frac{|A \cap S| + |A \cap P|}{|A| + |S|}$$
#
# A link that is not even possible is an error, a sure one that was missed, too; a possible one is none.

# %% [markdown]
# ### 3 · Predict an alignment error
#
# *no le dijo la verdad .* says *she did not tell him the truth .* Work on paper, with the formula above.
#
# | Spanish word | sure link | possible, too | where a network looked |
# | --- | --- | --- | --- |
# | no | not | – | not |
# | le | – | him, tell | him |
# | dijo | tell | she, did | tell |
# | la | the | – | truth |
# | verdad | truth | – | truth |
# | . | . | – | . |
#
# What is its alignment error, to two decimals?


# %% nbgrader={"grade_id": "error-on-paper"}
def error_on_paper():
    """-> the alignment error of this sentence."""
    ### BEGIN SOLUTION
    return 1 - (4 + 5) / (6 + 5)  # A and S share 4 links, A and P share 5
    ### END SOLUTION


# %% nbgrader={"grade_id": "error-on-paper-check", "points": 2}
lesson_07.check_error_on_paper(error_on_paper)

# %% [markdown] slideshow={"slide_type": "slide"}
# And our network? You have seen three maps. **Guess** the share of words for which it looked at something that is not even a possible link.

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("share of words, 0 to 1, that look at what has nothing to do with them")

# %% tags=["nbval-ignore-output"] slideshow={"slide_type": "fragment"}
truth = [pair.sure for pair in test], [pair.possible for pair in test]
found = [metrics.links(w, len(pair.spanish), len(pair.english)) for w, pair in zip(weights, test, strict=True)]
error = metrics.alignment_error_rate(found, *truth)
diagonal = [{(min(j, len(p.english) - 1), j) for j in range(len(p.spanish))} for p in test]
off_by_one = [{(place, j - 1) for place, j in links if j} for links in found]
astray = 1 - sum(len(a & p) for a, p in zip(found, truth[1], strict=True)) / sum(map(len, found))
tables.print_table(["links", "alignment error"], [
    ("where attention is largest", f"{error:.3f}"),
    ("word 1 with word 1, word 2 with word 2, …", f"{metrics.alignment_error_rate(diagonal, *truth):.3f}"),
    ("attention, one row too high", f"{metrics.alignment_error_rate(off_by_one, *truth):.3f}"),
])  # fmt: skip

# %% tags=["nbval-ignore-output", "answer"]
why = "No link was shown. The loss asks for the right word, and what decides a word mostly stands at its own place."
guess.answer(astray, because=why)

# %% slideshow={"slide_type": "fragment"}
claim("it looks where it should: alignment error at most .05", at_most(error, 0.05))

# %% [markdown]
# The last line of the table is an easy mistake: the weights of the step that **outputs** $w_j$ belong to $w_j$, not those of the step that reads it. Without
# the frames a picture does not show it. A number does.
#
# Good attention is no proof, either: the $h_t$ have read the whole sentence, so what belongs to one word *could* be kept at another place. Nothing in the
# loss forbids it. That it mostly is not, is a result. It depends on when the look is
# taken: the next table has a look before the step, and one after it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Before the step or after it, and with which match?
#
# - After the step (ours): $s_j = \mathrm{cell}(s_{j-1}, w_{j-1})$, and then $q_j = s_j$ looks.
# - Before the step (Bahdanau et al.): $q_j = s_{j-1}$ looks, and then $s_j = \mathrm{cell}(s_{j-1}, w_{j-1}, \bar h_j)$.

# %% [markdown]
# Before the step, a look has to wait for the step before it: words cannot be matched all at once. That network's output layer is Cho's, so the two
# differ in more than the order. Mean of three seeds where nothing else is said; the seconds of the fastest, with one thread:

# %%
SCORES = "dot", "scaled dot", "cosine", "bilinear", "additive"
after = {"attention": "after", "cell": "gru", "direction": "both"}
CASES = {score: after | {"score": score} for score in SCORES}
CASES["additive, before the step"] = {"attention": "before"}
CASES["additive, LSTM (one seed)"] = {"attention": "after", "cell": "lstm"}
CASES["additive, forward only (one seed)"] = {"attention": "after", "direction": "forward"}
plain = mean("parameters", **CASES["dot"])

# %% slideshow={"slide_type": "fragment"}
tables.print_table(
    ["match", "its parameters", "seconds", "correct", "BLEU", "alignment error"],
    [(name, f"{mean('parameters', **case) - plain:,.0f}" if "," not in name else "",
      f"{min(of_runs('train_seconds', **case)):.0f}" if "seed" not in name else "",
      *(f"{mean(column, **case):{form}}" for column, form in (("exact", ".3f"), ("bleu", ".1f"), ("alignment_error", ".3f"))))
     for name, case in CASES.items()],
)  # fmt: skip

# %%
right, errors = (
    [v for score in SCORES for v in of_runs(column, **CASES[score])] for column in ("exact", "alignment_error")
)
claim(
    "every match, in each of three seeds: 97 of 100 sentences without a mistake",
    at_least(min(right), 0.97),
    table="align.csv",
)
claim("every match, in each of three seeds: alignment error at most .06", at_most(max(errors), 0.06), table="align.csv")
claim(
    "the best match: .04 at most, mean of the seeds",
    at_most(min(mean("alignment_error", **CASES[s]) for s in SCORES), 0.04),
    table="align.csv",
)
before, same = (mean("alignment_error", **CASES[name]) for name in ("additive, before the step", "additive"))
claim("Bahdanau's way, read before the step, aligns worse", at_least(before - same, 0.04), table="align.csv")

# %% [markdown]
# With which match? BLEU does not decide: all five have 99.3 to 99.7.
#
# Read before the step (and with Cho's output layer), the translations are nearly as good and the maps are not. Which of the two differences does it, is not tested. A likely reason: $s_{j-1}$ has not heard yet which word was said last; so the look stays at
# that word's place, or goes to the next place, and the memory keeps what was read until it is needed. An encoder that reads forward only knows nothing of what follows; in its one run
# the map is worse, too. That is no mistake of the network; it is one of whoever reads the map as an alignment.

# %% slideshow={"slide_type": "slide"}
series = {"attention, additive": [mean(f"bleu_{third}", **CASES["additive"]) for third in THIRDS]} | bleu_without
falls = {name: values[0] - values[2] for name, values in series.items()}
flat = claim("with additive attention BLEU falls by at most 2 from the short third to the long, without by 10 or more",
             at_least(min(falls[name] for name in bleu_without), 10) and at_most(falls["attention, additive"], 2),
             table="align.csv")  # fmt: skip
alt = "BLEU over thirds of sentences by length: with attention the line stays level and high, the two without fall."
fig, ax = plotting.figure(7.5, 3.2, alt=alt)
plotting.lines(ax, ["shortest", "middle", "longest"], series, "third of the sentences", "BLEU")
plotting.title(ax, flat)
plt.show()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Keys, values, queries, heads
#
# In our translator $h_t$ serves twice: it is compared with, and it is what is read. Give each use a matrix of its own: [**keys**](pages/glossary.md#key) $W_k h_t$,
# [**values**](pages/glossary.md#value) $W_v h_t$; and the [**queries**](pages/glossary.md#query) one, too, $W_q q_j$. With the scaled dot:
#
# $$e_{jt} = (W_q q_j) \cdot (W_k h_t) / \sqrt{D}, \qquad \bar h_j = \sum_t \alpha_{jt} W_v h_t$$

# %% [markdown]
# Do it several times side by side, with other matrices, and each [**head**](pages/glossary.md#head) can look somewhere else. What the heads read is put side by side and multiplied
# by $W_o$. That is the attention of today's large models (Vaswani et al. 2017; they write it for all words at once). Keras's own layer, rebuilt from our two
# functions:

# %%
heads, D = 2, 4
theirs = layers.MultiHeadAttention(heads, D)
theirs.build((1, *q.shape), (1, *h.shape))
theirs.set_weights([rng.normal(size=weight.shape) for weight in theirs.weights])
expected = theirs(q[None], h[None], attention_mask=np.repeat(mask[:, None], 3, axis=1))
W_q, b_q, W_k, b_k, W_v, b_v, W_o, b_o = (np.array(w) for w in theirs.weights)  # W_q (6, heads, D), W_o (heads, D, 6)
ours = b_o
for i in range(heads):
    queries, keys, values = q @ W_q[:, i] + b_q[i], h @ W_k[:, i] + b_k[i], h @ W_v[:, i] + b_v[i]
    ours = ours + attend(scaled_dot(queries, keys)[None], values[None], mask)[0] @ W_o[i]
must_be("two heads of Keras's MultiHeadAttention are two of ours", at_most(np.abs(ours - expected).max(), 1e-5))

# %% [markdown]
# Those models drop the recurrence. Each place looks at the places of the sentence itself (in a decoder: at those up to its own), order has to be given
# separately (in 2017 it was added to the word vectors), and between two such layers stand feed-forward networks.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## On real sentences
#
# Tatoeba again (`python -m experiments.translate train`): one run of each network, side by side within an hour on two cores; subwords, GRUs of 320, the
# additive match.

# %% slideshow={"slide_type": "fragment"}
tatoeba = results.read("translate.csv")
tables.print_table(
    ["attention", "beam", "BLEU", "short", "middle", "long"],
    [("with" if row["attention"] else "without", int(row["beam"]), *(f"{row[name]:.1f}" for name in ("bleu", "bleu_short", "bleu_middle", "bleu_long")))
     for row in tatoeba],
)  # fmt: skip
for row in results.read("translate_examples.csv")[-4:]:
    print(f"\n{row['source']}\n  without: {row['none']}\n  with:    {row['attention']}")

# %% [markdown]
# The gain is largest for long sentences (one run each, and the network with attention has more weights, 4.3 against 3.9 million, and took longer, 52 minutes
# against 39). Bahdanau and others (2015, table 1; figure 2 for lengths) report 17.8 without and 26.8 with attention over all lengths, English to French,
# trained on sentences of up to 50 words. And look at *next door*: *la siguiente puerta* is word for word, and wrong; so is *estábamos niños*,
# where Spanish says *éramos*. (Sentences of our own, beam 5.)
#
# On real texts attention aligns less well than here. Luong and others (2015) measured an alignment error of .34 to .39 on sentences aligned by people,
# where a program made for aligning had .32.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What we saw

# %% tags=["nbval-ignore-output"] slideshow={"slide_type": "fragment"}
without = bleu_without["initial state"]
print(f"""\
Long sentences: BLEU {by_length["long"]:.1f} with attention; {without[2]:.1f} without (mean of three seeds).
From the short third to the long, BLEU fell by {by_length["short"] - by_length["long"]:.1f}; without attention by {without[0] - without[2]:.1f}.
No link was shown. Alignment error: {error:.3f}; the same weights, one row too high: {metrics.alignment_error_rate(off_by_one, *truth):.3f}.
Words that looked at what has nothing to do with them: {astray:.1%}.
Five matches, each of three seeds: alignment error {max(errors):.3f} at most.
Read before the step, with Cho's output layer, the additive match: {before:.3f}; after it: {same:.3f} (means). Translations without a mistake:
{mean("exact", **CASES["additive, before the step"]):.1%} and {mean("exact", **CASES["additive"]):.1%}.""")

# %% [markdown]
# ## Exercises
#
# These two are the last; the first three stand where they belong. All need the first cell of the lesson and nothing else.
#
# ### 4 · Mend it: a name nobody knows
#
# A translator with a fixed list of words says `<unk>` for a name it does not know. Attention tells where it came from: copy the word of the sentence with the
# largest weight (Jean et al. 2015; Luong, Pham and Manning 2015). `weights` has a row for each word that is output and one more for `<eos>`, and a column for each
# place. This function is meant to do so, and has two bugs:
#
# ```python
# def fill_unknown(words, weights, sentence):
#     filled = []
#     for j, word in enumerate(words):
#         if word == "<unk>":
#             word = sentence[weights[:, j + 1].argmax()]
#         filled.append(word)
#     return filled
# ```
#
# Copy what is right, and mend the rest.


# %% nbgrader={"grade_id": "fill-unknown"}
def fill_unknown(words, weights, sentence):
    """words (J), weights (J + 1, T), sentence (T) -> words, each "<unk>" replaced by the word it looked at most."""
    ### BEGIN SOLUTION
    filled = []
    for j, word in enumerate(words):
        if word == "<unk>":
            word = sentence[weights[j].argmax()]
        filled.append(word)
    return filled
    ### END SOLUTION


# %% nbgrader={"grade_id": "fill-unknown-check", "points": 2}
lesson_07.check_fill_unknown(fill_unknown)

# %% [markdown]
# ### 5 · Open-ended: a match of your own
#
# "Design by yourself", says H. Lee's slide. Invent a score that the lesson does not have: a number for each pair, which depends on its query and
# its place alone. Where `h[t]` equals `q[j]`, the score must be larger than at every other vector: also at one of the same direction, longer or shorter, at
# one with a number or all signs changed, and at one with the same numbers in another order. (So the dot product fails, and so does the cosine: `2 * q[j]` gets the
# same 1.)


# %% nbgrader={"grade_id": "own-match"}
def my_match(q, h):
    """q (J, D), h (T, D) -> scores (J, T)."""
    ### BEGIN SOLUTION
    return -((q[:, None] - h[None]) ** 2).sum(axis=-1)  # the nearer, the better
    ### END SOLUTION


# %% nbgrader={"grade_id": "own-match-check", "points": 3}
lesson_07.check_own_match(my_match)

# %% [markdown]
# ## In practice
#
# - Give the decoder all places of the encoder and let it match. Scaled dot and cosine need hardly a parameter (none, and one); the dot of very wide vectors, unscaled, can saturate.
# - Mask the padding **before** the softmax. Test it: add padding, and nothing may change.
# - Read after the step if you can: all steps are matched at once.
# - An attention map is a measurement of the network, not a proof. Where you know the truth, count; and check which step a row belongs to.

# %% [markdown]
# ## Going further
#
# - A. Graves, G. Wayne, I. Danihelka, *Neural Turing machines*, 2014, [arXiv:1410.5401](https://arxiv.org/abs/1410.5401): reading by cosine, and writing.
# - F. Och, H. Ney, *A systematic comparison of various statistical alignment models*, Computational Linguistics 29, 2003,
#   [doi:10.1162/089120103321337421](https://doi.org/10.1162/089120103321337421): the alignment error rate.
# - A. Vaswani et al., *Attention is all you need*, NeurIPS 2017, [arXiv:1706.03762](https://arxiv.org/abs/1706.03762).
# - S. Jean, K. Cho, R. Memisevic, Y. Bengio, *On using very large target vocabulary for neural machine translation*, ACL 2015,
#   [arXiv:1412.2007](https://arxiv.org/abs/1412.2007): unknown words, copied.
# - S. Jain, B. Wallace, *Attention is not explanation*, NAACL 2019, [arXiv:1902.10186](https://arxiv.org/abs/1902.10186); S. Wiegreffe, Y. Pinter, *Attention is
#   not not explanation*, EMNLP 2019, [arXiv:1908.04626](https://arxiv.org/abs/1908.04626).
# - W. Chan, N. Jaitly, Q. Le, O. Vinyals, *Listen, attend and spell*, ICASSP 2016, [arXiv:1508.01211](https://arxiv.org/abs/1508.01211): the same for speech.
#   [Lesson 09](09_see_where_the_network_looks.ipynb): the same for pictures, with the same equations.
#
# Before this: [06 · Translate with an encoder and a decoder](06_translate.ipynb).
# Next: [08 · Caption images with a pretrained CNN](08_caption_images.ipynb).

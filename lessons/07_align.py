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
# **Run time:** about SECONDS seconds on two processor cores. One cell trains and says so.
#
# **Sources.** D. Bahdanau, K. Cho, Y. Bengio, *Neural machine translation by jointly learning to align and translate*, ICLR 2015. M.-T. Luong,
# H. Pham, C. Manning, *Effective approaches to attention-based neural machine translation*, EMNLP 2015. H. Lee's lecture (dynamic conditional
# generation) and X. Bresson's (attention networks), 2017. More at the end.

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_lib.quiet import keras
from keras import layers, ops

from course_lib import attention, checks, metrics, plotting, results, text, training
from course_lib.attention import Score
from course_lib.checks import at_least, at_most, claim
from course_lib.decoding import Translator
from course_lib.errors import CourseError
from course_lib.exercises import lesson_07
from course_lib.models.encoder_decoder import encoder_decoder
from course_lib.text import Vocabulary

SEED = checks.seed()
training.set_seed(SEED)

# %% [markdown]
# ## A question with a number in it
#
# Lesson 06's network put each sentence into 192 numbers. Here is what became of sentences of different length (mean of five seeds):

# %%
study = results.read("align.csv")


def mean(column, **chosen):
    """Mean over the seeds of the runs with these settings."""
    return np.mean([row[column] for row in study if all(row[name] == value for name, value in chosen.items())])


bottleneck = {"hand_over": "start", "cell": "gru", "direction": "both"}
print(
    f"BLEU of the shortest third: {mean('bleu_short', **bottleneck):.0f}, of the longest: {mean('bleu_long', **bottleneck):.0f}"
)

# %% [markdown]
# Now the decoder may look back at the sentence, at every word it says. Same widths, same data, as many updates. **Guess** the two numbers. And for a
# second guess: of the Spanish words, for how many will it have looked at an English word that has nothing to do with them?
#
# ## A world that knows who belongs to whom

# %%
from course_lib.worlds.translation import TranslationWorld

world = TranslationWorld()
pairs = world.sample(50_000, seed=SEED, longest=14)
test = world.unseen(pairs, 1000, seed=1000 + SEED, longest=14)
english, spanish = (Vocabulary.from_texts(pair[side] for pair in pairs) for side in (0, 1))
rows = text.pair_rows([pair[:2] for pair in pairs], english, spanish)


def crossings(pair):
    """How many of the sure links cross another."""
    return sum(a < c and b > d for a, b in pair.sure for c, d in pair.sure)


example = max(
    (pair for pair in test if len(pair.english) <= 10), key=lambda pair: (crossings(pair), len(pair.possible))
)
fig, ax = plotting.figure(6.5, 4.2)
plotting.attention(ax, np.zeros((len(example.spanish), len(example.english))), example.english, example.spanish,
                   "Who belongs to whom", example.sure, example.possible)  # fmt: skip
plt.show()

# %% [markdown]
# A row for each Spanish word, a column for each English one. Full frames are **sure** links. Dotted ones are **possible**: *does* has no Spanish word of
# its own, and *le* no English one; who links them with their verb is not wrong. (People who align real texts make the same two marks; Och and Ney 2003.)
#
# The network never sees these frames. It sees sentences. Will it find them?
#
# ## Match, softmax, weighted sum
#
# The encoder keeps what it thought at every place: $h_1 \dots h_T$ (lesson 06 kept the last). The decoder is in state $z$ and is about to say a word.
#
# 1. **Match.** A score for each place: $e_t = \mathrm{match}(z, h_t)$, a number.
# 2. **Softmax.** Weights that sum to one: $a_t = e^{e_t} / \sum_{t'} e^{e_{t'}}$.
# 3. **Weighted sum.** What it reads: $c = \sum_t a_t h_t$.
#
# Then it says the word, is in a new state, and looks again: until `<eos>`. In lesson 06 the condition was one vector for all words; here each word
# gets its own, so H. Lee calls it **dynamic conditional generation**. All three steps have derivatives, so what to look at is learned with all else.
#
# ### By hand
#
# Three places, vectors of two numbers, $\mathrm{match}(z, h) = z \cdot h$. **Predict** the three scores, the place that wins, and (roughly, $e^2 = 7.4$)
# its weight.

# %%
h = np.array([[1.0, 0.0], [1.0, 1.0], [-1.0, 1.0]])  # (T, D)
z = np.array([1.0, 2.0])  # (D,)
scores = h @ z
weights = np.exp(scores) / np.exp(scores).sum()
print("scores ", scores)
print("weights", weights.round(3))
print("read   ", (weights @ h).round(3))

# %% [markdown]
# $e^3$ against twice $e^1$: the second place gets $7.4 / 9.4$. What is read lies between all three, nearest to the second.
#
# ## In code
#
# For all sentences of a batch (B), all words to be said (J) and all places (T) at once. Padding gets no weight at all:


# %% tags=["lib:attention"]
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


# %% [markdown]
# ### Five ways to match
#
# | name | $\mathrm{match}(z, h)$ | learned |
# | --- | --- | --- |
# | dot | $z \cdot h$ | – |
# | scaled dot | $z \cdot h / \sqrt{D}$ | – |
# | cosine | $\beta \, z \cdot h / (\lvert z \rvert \lvert h \rvert)$ | $\beta$, how sharp |
# | bilinear | $h^\top W z$ | $W$ |
# | additive | $v \cdot \tanh(W z + U h)$, a small network | $W, U, v$ |
#
# Two of them in full; the others are as short. `prepare` is the part that depends on $h$ alone, computed once for all words.


# %% tags=["lib:attention"]
@keras.saving.register_keras_serializable(package="course_lib")
class CosineScore(Score):
    """beta cos(z, h), with beta learned: Graves, Wayne & Danihelka 2014, eqs 5 and 6.

    A cosine lies between -1 and 1, so by itself the best of T places would get at most e^2 times the weight of the
    worst: beta > 0 makes it sharp. It starts at 4.
    """

    same_width = True

    def make(self, queries, keys):
        """log(beta), one number."""
        self.log_beta = self.add_weight(shape=(), initializer=keras.initializers.Constant(1.386), name="log_beta")

    def prepare(self, h):
        """Length 1."""
        return h / (ops.norm(h, axis=-1, keepdims=True) + 1e-6)

    def compare(self, z, h):
        """(B, J, D), (B, T, D) of length 1 -> (B, J, T)."""
        z = z / (ops.norm(z, axis=-1, keepdims=True) + 1e-6)
        return ops.exp(self.log_beta) * (z @ ops.transpose(h, (0, 2, 1)))


# %% tags=["lib:attention"]
@keras.saving.register_keras_serializable(package="course_lib")
class AdditiveScore(Score):
    """v · tanh(W z + U h): Bahdanau et al. 2015, appendix A.1.2. W (Q, units), U (K, units), v (units,)."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        if units < 1:
            raise CourseError(f"units: expected 1 or more, got {units}.")
        self.units = units

    def make(self, queries, keys):
        """W, U and v."""
        self.W = self.add_weight(shape=(queries, self.units), initializer="glorot_uniform", name="W")
        self.U = self.add_weight(shape=(keys, self.units), initializer="glorot_uniform", name="U")
        self.v = self.add_weight(shape=(self.units,), initializer="glorot_uniform", name="v")

    def prepare(self, h):
        """U h."""
        return h @ self.U

    def compare(self, z, Uh):
        """(B, J, Q), (B, T, units) -> (B, J, T)."""
        both = ops.tanh((z @ self.W)[:, :, None, :] + Uh[:, None, :, :])  # (B, J, T, units)
        return ops.sum(both * self.v, axis=-1)

    def get_config(self):
        """With the units."""
        return super().get_config() | {"units": self.units}


# %% [markdown]
# Keras has two of the five, as whole layers with softmax and sum. Equal numbers?

# %%
rng = np.random.default_rng(SEED)
z, h = (rng.normal(size=(2, n, 6)).astype("float32") for n in (3, 5))  # queries, places
mask = np.arange(5) < np.array([[5], [3]])  # the second sentence has three words
additive = AdditiveScore(7)
ours = attend(additive([z, h]), h, mask)[0]
theirs = layers.AdditiveAttention()
theirs.build([(2, 3, 7), (2, 5, 6), (2, 5, 7)])
theirs.set_weights([additive.v])  # W and U are ours to apply
theirs = theirs([z @ additive.W, h, h @ additive.U], mask=[None, mask])
claim("additive: as keras.layers.AdditiveAttention", at_most(np.abs(ours - theirs).max(), 1e-5))
ours, theirs = attend(attention.DotScore()([z, h]), h, mask)[0], layers.Attention()([z, h], mask=[None, mask])
claim("dot: as keras.layers.Attention", at_most(np.abs(ours - theirs).max(), 1e-5))

# %% [markdown]
# ## The translator, with a way back
#
# Lesson 06's, and three lines more. The decoder's state $s_j$, which has read the word before, is the query; what it reads joins it on the way to the
# output (Luong et al. 2015, eqs 5 and 6): $\tilde s_j = \tanh(W_c\,[c_j; s_j])$.


# %%
def translator(source_words, target_words, score, width=192):
    """(B, T) words and (B, J) words before -> scores (B, J, target_words)."""
    sentence = keras.Input((None,), dtype="int32")  # (B, T)
    before = keras.Input((None,), dtype="int32")  # (B, J), from <bos> on
    mask = ops.not_equal(sentence, 0)
    x = layers.Embedding(source_words, width)(sentence)
    both = layers.Bidirectional(layers.GRU(width // 2, return_sequences=True, return_state=True))
    h, *last = both(x, mask=mask)  # (B, T, width) and the last state of each direction
    y = layers.Embedding(target_words, width)(before)
    s_0 = layers.Dense(width, "tanh")(layers.concatenate(last))
    s = layers.GRU(width, return_sequences=True)(y, initial_state=s_0)  # (B, J, width)
    c, _ = attend(score([s, h]), h, mask)  # match, softmax, weighted sum: all words at once
    s = layers.Dense(width, "tanh")(layers.concatenate([c, s]))
    return keras.Model([sentence, before], layers.Dense(target_words)(s))


by_hand = translator(len(english), len(spanish), CosineScore())
print(f"{by_hand.count_params():,} parameters")

# %% [markdown]
# The encoder reads in both directions, half of the width each, so that $h_t$ knows what stands before its word and behind it.
#
# No step waits for a reading: the decoder's memory runs over all words first, and all words of all sentences are matched at once. That is why it trains
# as fast as lesson 06's. **The next cell trains it, for about 40 seconds.**

# %%
STEPS = 1000
model = encoder_decoder(
    len(english),
    len(spanish),
    "attention after",
    CosineScore(),
    embedding=192,
    encoder_units=96,
    units=192,
)
training.compile_for_training(model, STEPS, 6e-3, optimizer="muon")
losses = training.fit(model, text.pair_batches(*rows, 64, SEED), STEPS, "English to Spanish")
said = Translator(model, english, spanish)([pair.english for pair in test])

# %%
correct = np.array([pair.accepts(found.words) for pair, found in zip(test, said, strict=True)])
lengths = np.array([len(pair.english) for pair in test])
printed = [" ".join(found.words) for found in said]
references = [[" ".join(words) for words in pair.references(20)] for pair in test]


def bleu(chosen):
    """BLEU of the test sentences with these numbers."""
    return metrics.bleu([printed[i] for i in chosen], [references[i] for i in chosen], tokenize="none")[0]


thirds = np.array_split(np.argsort(lengths, kind="stable"), 3)
results.print_table(
    ["third", "words", "correct", "BLEU", "BLEU without attention"],
    [(name, f"{lengths[part].mean():.1f}", f"{correct[part].mean():.3f}", f"{bleu(part):.1f}",
      f"{mean('bleu_' + short, **bottleneck):.1f}")
     for name, short, part in zip(("shortest", "middle", "longest"), ("short", "middle", "long"), thirds, strict=True)],
)  # fmt: skip

# %%
claim("97 of 100 sentences it never saw are translated without any mistake", at_least(correct.mean(), 0.97))
claim("BLEU hardly depends on the length", at_most(bleu(thirds[0]) - bleu(thirds[2]), 1.5))

# %% [markdown]
# The bottleneck is gone, and nothing was made larger.
#
# ## Where did it look?
#
# Dark: the weights. Frames: the truth.

# %%
told = text.pair_rows([pair[:2] for pair in test], english, spanish)
weights = np.array(model.align(told[0], told[1][:, :-1]))  # (1000, J, T), told the true words
chosen = [
    test.index(example),
    *[i for i in np.argsort([-crossings(pair) for pair in test], kind="stable") if lengths[i] <= 9][:2],
]
for i in dict.fromkeys(chosen):
    J, T = len(test[i].spanish), len(test[i].english)
    fig, ax = plotting.figure(6.5, 0.34 * J + 1.4)
    plotting.attention(
        ax,
        weights[i, :J, :T],
        test[i].english,
        test[i].spanish,
        "Looked at, and belongs to",
        test[i].sure,
        test[i].possible,
    )
    plt.show()

# %% [markdown]
# Adjectives change places, *does not* becomes one word, a dropped *I* is found in its verb. Nobody told it what belongs to what.
#
# ### How wrong is it?
#
# For each Spanish word take the place with the largest weight: the links $A$. With the sure links $S$ and the possible ones $P$ (Och and Ney 2003):
#
# $$\mathrm{AER} = 1 - \frac{|A \cap S| + |A \cap P|}{|A| + |S|}$$
#
# A link that is not even possible costs, a sure one that was missed costs, a possible one is free.

# %%
truth = [pair.sure for pair in test], [pair.possible for pair in test]
found = [metrics.links(w, len(pair.spanish), len(pair.english)) for w, pair in zip(weights, test, strict=True)]
error = metrics.alignment_error_rate(found, *truth)
diagonal = [{(min(j, len(p.english) - 1), j) for j in range(len(p.spanish))} for p in test]
off_by_one = [{(place, j - 1) for place, j in links if j} for links in found]
results.print_table(["links", "alignment error"], [
    ("where attention is largest", f"{error:.3f}"),
    ("word 1 with word 1, word 2 with word 2, …", f"{metrics.alignment_error_rate(diagonal, *truth):.3f}"),
    ("attention, one row too high", f"{metrics.alignment_error_rate(off_by_one, *truth):.3f}"),
])  # fmt: skip

# %%
claim("it looks where it should: alignment error at most .05", at_most(error, 0.05))

# %% [markdown]
# The last line is a mistake that many a published picture contains: the weights of the step that **outputs** $y_j$ belong to $y_j$, not those of the step
# that reads it. A picture alone does not show it. A number does.
#
# Good attention is no proof, either: the $h_t$ have read the whole sentence, so what belongs to one word *could* be kept at another place. Nothing in the
# loss forbids it. That it mostly is not, is a result.
#
# ## Before the step or after it, and with which match?
#
# Bahdanau and others read **before** the step: the query is $s_{j-1}$, and $c_j$ goes into the memory together with $y_{j-1}$. Then a step has to wait
# for the one before it, and cannot be matched with all others at once. Everything else as above; mean of five seeds:

# %%
after = {"hand_over": "attention after", "cell": "gru", "direction": "both"}
CASES = {score: after | {"score": score} for score in ("dot", "scaled dot", "cosine", "bilinear", "additive")}
CASES["additive, before the step"] = {"hand_over": "attention before"}
CASES["additive, LSTM"] = {"hand_over": "attention after", "cell": "lstm"}
CASES["additive, reading forward only"] = {"hand_over": "attention after", "direction": "forward"}
plain = mean("parameters", **CASES["dot"])
results.print_table(
    ["match", "its parameters", "ms an update", "correct", "BLEU", "alignment error"],
    [(name, f"{mean('parameters', **case) - plain:,.0f}" if "," not in name else "",
      f"{1000 * mean('train_seconds', **case) / mean('steps', **case):.0f}",
      *(f"{mean(column, **case):{form}}" for column, form in (("exact", ".3f"), ("bleu", ".1f"), ("alignment_error", ".3f"))))
     for name, case in CASES.items()],
)  # fmt: skip

# %%
flat = {
    case: [mean(f"bleu_{part}", **CASES[case]) for part in ("short", "middle", "long")]
    for case in ("cosine", "additive")
}
series = flat | {"without attention": [mean(f"bleu_{part}", **bottleneck) for part in ("short", "middle", "long")]}
fig, ax = plotting.figure(7.5, 3.2)
plotting.lines(
    ax,
    ["shortest", "middle", "longest"],
    series,
    "With attention, length does not matter",
    "third of the sentences",
    "BLEU",
)
plt.show()

# %% [markdown]
# ## Keys, values, queries, heads
#
# In our translator $h_t$ serves twice: it is compared with, and it is what is read. Separate the two, and give each its own matrix: **keys** $K = hW_K$,
# **values** $V = hW_V$, **queries** $Q = zW_Q$. Do it several times side by side, with matrices of their own, and each **head** can look somewhere else.
# That is the attention of today's large models (Vaswani et al. 2017): scaled dot, softmax, weighted sum,
# $\mathrm{softmax}(QK^\top / \sqrt{d})\,V$. Keras's own layer, with our two functions:

# %%
heads, d = 2, 4
theirs = layers.MultiHeadAttention(heads, d)
expected = theirs(z, h, attention_mask=np.repeat(mask[:, None], 3, axis=1))
W_Q, b_Q, W_K, b_K, W_V, b_V, W_O, b_O = (np.array(w) for w in theirs.weights)  # W_Q (6, heads, d), W_O (heads, d, 6)
ours = b_O
for i in range(heads):
    Q, K, V = z @ W_Q[:, i] + b_Q[i], h @ W_K[:, i] + b_K[i], h @ W_V[:, i] + b_V[i]
    ours = ours + attend(attention.ScaledDotScore()([Q, K]), V, mask)[0] @ W_O[i]
claim("two heads of Keras's MultiHeadAttention are two of ours", at_most(np.abs(ours - expected).max(), 1e-5))

# %% [markdown]
# Those models drop the recurrence: each place of a sentence looks at all others, and order comes in as numbers added to the words. What is left is
# the three steps of this lesson.
#
# ## On real sentences
#
# Tatoeba again (`python -m experiments.translate train`, both networks within an hour on two cores; subwords, GRUs of 320):

# %%
tatoeba = results.read("translate.csv")
results.print_table(
    ["attention", "beam", "BLEU", "short", "middle", "long"],
    [(row["attention"], row["beam"], *(f"{row[name]:.1f}" for name in ("bleu", "bleu_short", "bleu_middle", "bleu_long")))
     for row in tatoeba],
)  # fmt: skip
for row in results.read("translate_examples.csv")[-4:]:
    print(f"\n{row['source']}\n  without: {row['none']}\n  with:    {row['attention']}")

# %% [markdown]
# Words it has hardly ever seen stay hard, with attention and without. Bahdanau and others (2015, table 1) reported 17.8 without and 26.8 with attention for
# English to French, sentences of up to 50 words: there, too, most of the gain is in long sentences.
#
# On real texts attention aligns less well than here. Luong and others (2015) measured an alignment error of .34 to .39 on sentences aligned by people,
# where a program made for aligning had .32.
#
# ## Exercises
#
# They need the first cell of the lesson and nothing else.
#
# ### 1 · Warm-up: read once
#
# One query, scaled dot, with a mask. Return what is read and the weights.


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

# %% [markdown]
# ### 2 · Alignment error
#
# `A`, `S` and `P` are sets of links of one sentence. In Python `A & S` is what both have.


# %% nbgrader={"grade_id": "alignment-error"}
def alignment_error(A, S, P):
    """Found, sure and possible links -> AER."""
    ### BEGIN SOLUTION
    return 1 - (len(A & S) + len(A & P)) / (len(A) + len(S))
    ### END SOLUTION


# %% nbgrader={"grade_id": "alignment-error-check", "points": 1}
lesson_07.check_alignment_error(alignment_error)

# %% [markdown]
# ### 3 · Every query with every place
#
# The additive score for all queries and places of one sentence, without a loop. `a[:, None]` and `b[None]` make an array of all pairs.


# %% nbgrader={"grade_id": "additive-scores"}
def additive_scores(z, h, W, U, v):
    """z (J, Q), h (T, K), W (Q, D), U (K, D), v (D,) -> scores (J, T)."""
    ### BEGIN SOLUTION
    return np.tanh((z @ W)[:, None] + (h @ U)[None]) @ v
    ### END SOLUTION


# %% nbgrader={"grade_id": "additive-scores-check", "points": 2}
lesson_07.check_additive_scores(additive_scores)

# %% [markdown]
# ### 4 · A name nobody knows
#
# A translator with a fixed list of words says `<unk>` for a name it does not know. Attention tells where it came from: copy it (Luong, Sutskever and
# others, 2015). The last row of `weights` belongs to `<eos>`.


# %% nbgrader={"grade_id": "fill-unknown"}
def fill_unknown(words, weights, sentence):
    """words (J), weights (J + 1, T), sentence (T) -> words, each "<unk>" replaced by the word it looked at most."""
    ### BEGIN SOLUTION
    return [sentence[row.argmax()] if word == "<unk>" else word for word, row in zip(words, weights, strict=False)]
    ### END SOLUTION


# %% nbgrader={"grade_id": "fill-unknown-check", "points": 2}
lesson_07.check_fill_unknown(fill_unknown)

# %% [markdown]
# ### 5 · Open-ended: a match of your own
#
# "Design by yourself", says H. Lee's slide. Invent a score that the lesson does not have. Each pair of query and place gets its own; and a vector that
# looks for itself among others, longer and shorter ones, must find itself.


# %% nbgrader={"grade_id": "own-match"}
def my_match(z, h):
    """z (J, D), h (T, D) -> scores (J, T)."""
    ### BEGIN SOLUTION
    return -((z[:, None] - h[None]) ** 2).sum(axis=-1)  # the nearer, the better
    ### END SOLUTION


# %% nbgrader={"grade_id": "own-match-check", "points": 3}
lesson_07.check_own_match(my_match)

# %% [markdown]
# ## In practice
#
# - Give the decoder all places of the encoder and let it match. Scaled dot or cosine cost nothing; the unscaled dot of wide vectors saturates.
# - Mask the padding **before** the softmax. Test it: add padding, and nothing may change.
# - Read after the step if you can: training is faster, and here not worse.
# - An attention map is a measurement of the network, not a proof. Where you know the truth, count; and check which step a row belongs to.
#
# ## Going further
#
# - A. Graves, G. Wayne, I. Danihelka, *Neural Turing machines*, 2014: reading by cosine, and writing.
# - F. Och, H. Ney, *A systematic comparison of various statistical alignment models*, Computational Linguistics 29, 2003: the alignment error rate.
# - A. Vaswani et al., *Attention is all you need*, NeurIPS 2017.
# - M.-T. Luong, I. Sutskever, Q. Le, O. Vinyals, W. Zaremba, *Addressing the rare word problem in neural machine translation*, ACL 2015.
# - S. Jain, B. Wallace, *Attention is not explanation*, NAACL 2019; S. Wiegreffe, Y. Pinter, *Attention is not not explanation*, EMNLP 2019.
# - W. Chan, N. Jaitly, Q. Le, O. Vinyals, *Listen, attend and spell*, ICASSP 2016: the same for speech. Lessons 08 and 09: the same for pictures.

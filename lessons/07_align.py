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
# **Sources.** D. Bahdanau, K. Cho, Y. Bengio, *Neural machine translation by jointly learning to align and translate*, ICLR 2015. M.-T. Luong,
# H. Pham, C. Manning, *Effective approaches to attention-based neural machine translation*, EMNLP 2015. H. Lee's lecture (dynamic conditional
# generation) and X. Bresson's (attention networks), 2017. More at the end.

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_lib.backend import keras
from keras import layers, ops

from course_lib import attention, batching, metrics, plotting, results, tables, text, training
from course_lib.attention import Score
from course_lib.claims import at_least, at_most, claim, must_be, seed
from course_lib.decoding import Translator
from course_lib.errors import CourseError
from course_lib.exercises import lesson_07
from course_lib.models.encoder_decoder import encoder_decoder
from course_lib.text import Vocabulary

SEED = seed()
training.set_seed(SEED)

# %% [markdown]
# ## A question with a number in it
#
# Lesson 06's networks put each sentence into 192 numbers. Here is what became of short and of long ones (BLEU, mean of three seeds):

# %%
study = results.read("align.csv")


def of_runs(column, **chosen):
    """This number of every run with these settings."""
    return [row[column] for row in study if all(row[name] == value for name, value in chosen.items())]


def mean(column, **chosen):
    """Its mean over the seeds."""
    return np.mean(of_runs(column, **chosen))


THIRDS = ("short", "middle", "long")
WITHOUT = {
    "initial state": {"conditioning": "initial state", "attention": None, "cell": "gru", "direction": "both"},
    "every input and output": {"conditioning": "every input and output"},
}
bleu_without = {name: [mean(f"bleu_{third}", **case) for third in THIRDS] for name, case in WITHOUT.items()}
tables.print_table(["BLEU", *THIRDS], [(name, *(f"{v:.0f}" for v in values)) for name, values in bleu_without.items()])

# %% [markdown]
# Now the decoder may look back at the sentence, at every word it says. Same widths, same data, as many updates. **Guess** the number for long sentences. And
# a second guess: of the Spanish words, for what share will it have looked at an English word that has nothing to do with them?
#
# ## A world that knows who belongs to whom

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


def draw(pair, weights):
    """Weights as dark squares, true links as frames."""
    _, ax = plotting.figure(6.5, 0.34 * len(pair.spanish) + 1.4)
    return plotting.attention(ax, weights, pair.english, pair.spanish, pair.sure, pair.possible)


ax = draw(said_twice, np.zeros((len(said_twice.spanish), len(said_twice.english))))
plotting.title(ax, neutral="Who belongs to whom")
plt.show()

# %% [markdown]
# A row for each Spanish word, a column for each English one. Full frames are [**sure**](pages/glossary.md#alignment) links. Dotted ones are [**possible**](pages/glossary.md#possible-link): *le* (or *les*) has no English word,
# Spanish says twice to whom something is given; it may be linked with the verb, with *to* or with the person. The English pronoun has no Spanish word: the
# ending of the verb says who it is. (People who align real texts make the same two marks; Och and Ney 2003.)
#
# The network never sees these frames. It sees sentences. Will it find them?
#
# ## Match, softmax, weighted sum
#
# The encoder keeps what it thought at every place: $h_1 \dots h_T$ (lesson 06 kept the last). The decoder is in state $z_j$ and is about to say word $j$.
#
# 1. [**Match.**](pages/glossary.md#attention) A score for each place: $e_{jt} = \mathrm{match}(z_j, h_t)$, a number.
# 2. **Softmax.** Weights that sum to one: $a_{jt} = \exp(e_{jt}) / \sum_{t'} \exp(e_{jt'})$.
# 3. **Weighted sum.** What it reads: $c_j = \sum_t a_{jt} h_t$.
#
# Then it says the word, is in a new state, and looks again: until `<eos>`. In lesson 06 the condition was one vector for all words; here each word
# gets its own, so H. Lee calls it [**dynamic conditional generation**](pages/glossary.md#dynamic-conditional-generation). All three steps have derivatives, so what to look at is learned with all else.
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
# | bilinear | $z^\top W h$ | $W$ |
# | additive | $v \cdot \tanh(W z + U h)$, a small network | $W, U, v$ |
#
# Two of them in full; the others are as short. `prepare` is the part that depends on $h$ alone, computed once for all words. The weights of bilinear and
# additive start small, so that at first all places count alike.


# %% tags=["lib:attention"]
@keras.saving.register_keras_serializable(package="course_lib")
class CosineScore(Score):
    """beta cos(z, h): Graves, Wayne & Danihelka 2014, eqs 5 and 6; there each step chooses its beta, here it is one.

    A cosine lies between -1 and 1, so by itself the best of T places would get at most e^2 times the weight of the
    worst: beta > 0 makes it sharp. It starts at 4.
    """

    same_width = True

    def make(self, queries, keys):
        """log(beta), one number."""
        self.log_beta = self.add_weight(shape=(), initializer=keras.initializers.Constant(1.386), name="log_beta")

    def prepare(self, h):
        """Length 1; 0 stays 0, with a gradient."""
        return h / ops.sqrt(ops.sum(h * h, axis=-1, keepdims=True) + 1e-12)

    def compare(self, z, h):
        """(B, J, D), (B, T, D) of length 1 -> (B, J, T)."""
        return ops.exp(self.log_beta) * (self.prepare(z) @ ops.transpose(h, (0, 2, 1)))


# %% tags=["lib:attention"]
@keras.saving.register_keras_serializable(package="course_lib")
class AdditiveScore(Score):
    """v · tanh(W z + U h): Bahdanau et al. 2015, appendix A.1.2. W (Q, units), U (K, units), v (units,).

    They start small, v at 0 (appendix B.1): at first all places count alike.
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        if units < 1:
            raise CourseError(f"units: expected 1 or more, got {units}.")
        self.units = units

    def make(self, queries, keys):
        """W, U and v."""
        small = keras.initializers.RandomNormal(stddev=0.001)
        self.W = self.add_weight(shape=(queries, self.units), initializer=small, name="W")
        self.U = self.add_weight(shape=(keys, self.units), initializer=small, name="U")
        self.v = self.add_weight(shape=(self.units,), initializer="zeros", name="v")

    def prepare(self, h):
        """U h."""
        return ops.matmul(h, self.U)  # with `@` the gradient would be one product a sentence

    def compare(self, z, Uh):
        """(B, J, Q), (B, T, units) -> (B, J, T)."""
        both = ops.tanh(ops.matmul(z, self.W)[:, :, None, :] + Uh[:, None, :, :])  # (B, J, T, units)
        return ops.sum(both * self.v, axis=-1)

    def get_config(self):
        """With the units."""
        return super().get_config() | {"units": self.units}


# %% [markdown]
# Two of the five are layers of Keras, with softmax and sum (the scaled dot is inside a third, see below). Equal numbers?

# %%
rng = np.random.default_rng(SEED)
z, h = (rng.normal(size=(2, n, 6)).astype("float32") for n in (3, 5))  # queries, places
mask = np.arange(5) < np.array([[5], [3]])  # the second sentence has three words
additive = AdditiveScore(7)
additive.build([z.shape, h.shape])
additive.set_weights([rng.normal(size=weight.shape) for weight in additive.weights])
theirs = layers.AdditiveAttention()
theirs.build([(2, 3, 7), (2, 5, 6), (2, 5, 7)])
theirs.set_weights([additive.v])  # W and U are ours to apply
ours, theirs = attend(additive([z, h]), h, mask)[0], theirs([z @ additive.W, h, h @ additive.U], mask=[None, mask])
must_be("additive: as keras.layers.AdditiveAttention", at_most(np.abs(ours - theirs).max(), 1e-5))
ours, theirs = attend(attention.DotScore()([z, h]), h, mask)[0], layers.Attention()([z, h], mask=[None, mask])
must_be("dot: as keras.layers.Attention", at_most(np.abs(ours - theirs).max(), 1e-5))

# %% [markdown]
# ## The translator, with a way back
#
# Lesson 06's, and a few lines more. The decoder's state $s_j$, which has read the word before, is the query; what it reads joins it on the way to the
# output (Luong et al. 2015, eqs 5 and 6): $\tilde s_j = \tanh(W_c\,[c_j; s_j])$.

# %% [markdown]
# Drawn for one word, *nos*, the second of *ella nos vio .*; read it from below. The three regions are the three steps above,
# with $s_j$ as the query: it is matched with every $h_t$. Each $h_t$ goes two ways, to be matched and to be summed. Follow
# $s_j$: it has read the word before, $y_{j-1}$ (here *ella*), and goes to the match, to the output and to the next step; what
# was read, $c_j$, goes to the output and nowhere else. (Double arrows: the encoder reads in both directions.)

# %%
from course_lib.plotting import diagrams

diagrams.attention()
plt.show()


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


# %% [markdown]
# The encoder reads in both directions, half of the width each, so that $h_t$ knows what stands before its word and behind it.
#
# No step waits for a reading: the decoder's memory runs over all words first, and all words of all sentences are matched at once. (In Luong's best networks
# $\tilde s_j$ enters the next step, too, and then a step has to wait. Ours leaves that out.) The library's `encoder_decoder` is this network; a test
# compares them. **The next cell trains it, for about a minute.**

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

# %% tags=["nbval-ignore-output"]
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

# %%
claim("97 of 100 sentences it never saw are translated without any mistake", at_least(correct.mean(), 0.97))
claim("BLEU hardly depends on the length", at_most(by_length["short"] - by_length["long"], 1.5))

# %% [markdown]
# The fall is gone, up to the 14 words it was trained on. No width is larger; a layer of 74,000 weights and $\beta$ were added to a million. But all $h_t$ are kept, not one.
#
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


# %%
maps = [draw(pair, weights[test.index(pair), : len(pair.spanish), : len(pair.english)])
        for pair in (said_twice, negation, question)]  # fmt: skip
plotting.title(maps[0], turned)
plotting.title(maps[1], at_not)
plotting.title(maps[2], neutral="A question")
plt.show()

# %% [markdown]
# Adjectives change places, *does not* becomes *no*, a question is turned round. Nobody told it what belongs to what.
#
# ### How wrong is it?
#
# For each Spanish word take the place with the largest weight: the links $A$. With the sure links $S$ and the possible ones $P$, counted over all sentences
# (Och and Ney 2003):
#
# $$\mathrm{AER} = 1 - \frac{|A \cap S| + |A \cap P|}{|A| + |S|}$$
#
# A link that is not even possible is an error, a sure one that was missed is an error, a possible one is none.

# %% tags=["nbval-ignore-output"]
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
print(f"words for which it looked at something that has nothing to do with them: {astray:.3f}")

# %%
claim("it looks where it should: alignment error at most .05", at_most(error, 0.05))

# %% [markdown]
# The last line of the table is an easy mistake: the weights of the step that **outputs** $y_j$ belong to $y_j$, not those of the step that reads it. Without
# the frames a picture does not show it. A number does.
#
# Good attention is no proof, either: the $h_t$ have read the whole sentence, so what belongs to one word *could* be kept at another place. Nothing in the
# loss forbids it. That it mostly is not, is a result, and it depends on the step that looks: see the table.
#
# ## Before the step or after it, and with which match?
#
# Bahdanau and others read **before** the step: the query is $s_{j-1}$, and $c_j$ goes into the memory together with $y_{j-1}$. Then a step has to wait
# for the one before it, and cannot be matched with all others at once. (Its output layer is Cho's, so the two differ in more than the order.) Mean of three
# seeds where nothing else is said; the seconds of the fastest, with one thread:

# %%
SCORES = "dot", "scaled dot", "cosine", "bilinear", "additive"
after = {"attention": "after", "cell": "gru", "direction": "both"}
CASES = {score: after | {"score": score} for score in SCORES}
CASES["additive, before the step"] = {"attention": "before"}
CASES["additive, LSTM (one seed)"] = {"attention": "after", "cell": "lstm"}
CASES["additive, forward only (one seed)"] = {"attention": "after", "direction": "forward"}
plain = mean("parameters", **CASES["dot"])
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
# Read before the step, the translations are nearly as good and the maps are not. A likely reason: $s_{j-1}$ has not heard yet which word was said last; it stays there,
# or looks at the next one, and the memory keeps what was read until it is needed. An encoder that reads forward only knows nothing of what follows; in its one run
# the map is worse, too. That is no mistake of the network; it is one of whoever reads the map as an alignment.

# %%
series = {"attention, additive": [mean(f"bleu_{third}", **CASES["additive"]) for third in THIRDS]} | bleu_without
falls = {name: values[0] - values[2] for name, values in series.items()}
flat = claim("with additive attention BLEU falls by at most 2 from the short third to the long, without by 10 or more",
             at_least(min(falls[name] for name in bleu_without), 10) and at_most(falls["attention, additive"], 2),
             table="align.csv")  # fmt: skip
fig, ax = plotting.figure(7.5, 3.2)
plotting.lines(ax, ["shortest", "middle", "longest"], series, "third of the sentences", "BLEU")
plotting.title(ax, flat)
plt.show()

# %% [markdown]
# ## Keys, values, queries, heads
#
# In our translator $h_t$ serves twice: it is compared with, and it is what is read. Separate the two, and give each its own matrix: [**keys**](pages/glossary.md#key) $K = hW_K$,
# [**values**](pages/glossary.md#value) $V = hW_V$, [**queries**](pages/glossary.md#query) $Q = zW_Q$. Do it several times side by side, with matrices of their own, and each [**head**](pages/glossary.md#head) can look somewhere else; what
# they read is put side by side and multiplied by $W_O$. That is the attention of today's large models (Vaswani et al. 2017): scaled dot, softmax, weighted
# sum, $\mathrm{softmax}(QK^\top / \sqrt{d})\,V$. Keras's own layer, rebuilt from our two functions:

# %%
heads, d = 2, 4
theirs = layers.MultiHeadAttention(heads, d)
theirs.build(z.shape, h.shape)
theirs.set_weights([rng.normal(size=weight.shape) for weight in theirs.weights])
expected = theirs(z, h, attention_mask=np.repeat(mask[:, None], 3, axis=1))
W_Q, b_Q, W_K, b_K, W_V, b_V, W_O, b_O = (np.array(w) for w in theirs.weights)  # W_Q (6, heads, d), W_O (heads, d, 6)
ours = b_O
for i in range(heads):
    Q, K, V = z @ W_Q[:, i] + b_Q[i], h @ W_K[:, i] + b_K[i], h @ W_V[:, i] + b_V[i]
    ours = ours + attend(attention.ScaledDotScore()([Q, K]), V, mask)[0] @ W_O[i]
must_be("two heads of Keras's MultiHeadAttention are two of ours", at_most(np.abs(ours - expected).max(), 1e-5))

# %% [markdown]
# Those models drop the recurrence. Each place looks at the places of the sentence itself (in a decoder: at those up to its own), order has to be given
# separately (in 2017 it was added to the word vectors), and between two such layers stand feed-forward networks.
#
# ## On real sentences
#
# Tatoeba again (`python -m experiments.translate train`): one run of each network, side by side within an hour on two cores; subwords, GRUs of 320, the
# additive match.

# %%
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
#
# ## Exercises
#
# They need the first cell of the lesson and nothing else.
#
# ### 1 · Warm-up: read once
#
# One query, scaled dot, with a mask. Return what is read and the weights; the weight of padding is 0.


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
# $1 - (|A \cap S| + |A \cap P|) / (|A| + |S|)$, for sets of links of one sentence. `A & S` is the set of what both have, `len(A & S)` counts it.


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
# The additive score $v \cdot \tanh(z_j W + h_t U)$ for all queries and places of one sentence. A loop works; without one it is a line: `a[:, None] + b[None]`
# makes an array of all pairs.


# %% nbgrader={"grade_id": "additive-scores"}
def additive_scores(z, h, W, U, v):
    """z (J, Q), h (T, K), W (Q, H), U (K, H), v (H,) -> scores (J, T)."""
    ### BEGIN SOLUTION
    return np.tanh((z @ W)[:, None] + (h @ U)[None]) @ v
    ### END SOLUTION


# %% nbgrader={"grade_id": "additive-scores-check", "points": 2}
lesson_07.check_additive_scores(additive_scores)

# %% [markdown]
# ### 4 · A name nobody knows
#
# A translator with a fixed list of words says `<unk>` for a name it does not know. Attention tells where it came from: copy the word of the sentence with the
# largest weight in its row (Jean et al. 2015; Luong, Pham and Manning 2015). The last row of `weights` belongs to `<eos>`.


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
# "Design by yourself", says H. Lee's slide. Invent a score that the lesson does not have. Each pair of query and place gets its own; and where `h[t]` equals
# `z[j]`, the score must be the largest of row `j`, even if other vectors are longer. (So the dot product fails; and the cosine we have.)


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
# - Give the decoder all places of the encoder and let it match. Scaled dot or cosine cost nothing; the dot of very wide vectors, unscaled, can saturate.
# - Mask the padding **before** the softmax. Test it: add padding, and nothing may change.
# - Read after the step if you can: all steps are matched at once.
# - An attention map is a measurement of the network, not a proof. Where you know the truth, count; and check which step a row belongs to.
#
# ## Going further
#
# - A. Graves, G. Wayne, I. Danihelka, *Neural Turing machines*, 2014: reading by cosine, and writing.
# - F. Och, H. Ney, *A systematic comparison of various statistical alignment models*, Computational Linguistics 29, 2003: the alignment error rate.
# - A. Vaswani et al., *Attention is all you need*, NeurIPS 2017.
# - S. Jean, K. Cho, R. Memisevic, Y. Bengio, *On using very large target vocabulary for neural machine translation*, ACL 2015: unknown words, copied.
# - S. Jain, B. Wallace, *Attention is not explanation*, NAACL 2019; S. Wiegreffe, Y. Pinter, *Attention is not not explanation*, EMNLP 2019.
# - W. Chan, N. Jaitly, Q. Le, O. Vinyals, *Listen, attend and spell*, ICASSP 2016: the same for speech. Lessons 08 and 09: the same for pictures.
#
# Before this: [06 · Translate with an encoder and a decoder](06_translate.ipynb).
# Next: [08 · Caption images with a pretrained CNN](08_caption_images.ipynb).

# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 12 · Listen and spell
#
# **You will do:** read a word in a spectrogram; make that spectrogram with ten lines; train two networks that write what they hear, one a letter at a time with attention, one a letter a frame;
# break the first with a long sentence, and mend it.
#
# **You will learn:** the short-time Fourier transform and the mel scale; a listener of convolutions and memories in both directions; CTC, the sum over all paths; attention that knows where it
# looked last; what each can and cannot do.
#
# **You need:** lessons 06, 07 and 10.
#
# **Run time:** about 70 seconds on two processor cores with AVX-512. Two cells train and say so.
#
# **Sources.** W. Chan et al., *Listen, attend and spell*, ICASSP 2016, [arXiv:1508.01211](https://arxiv.org/abs/1508.01211). A. Graves et al., *Connectionist temporal
# classification*, ICML 2006, [doi:10.1145/1143844.1143891](https://doi.org/10.1145/1143844.1143891). J. Chorowski et al., *Attention-based models for speech recognition*, NeurIPS 2015,
# [arXiv:1506.07503](https://arxiv.org/abs/1506.07503). More at the end.

# %% [markdown]
# <details><summary><b>Symbols of this lesson</b></summary>
#
# | letter | meaning | size |
# | --- | --- | --- |
# | $\alpha_{jt}$ | attention weight of place $t$ at step $j$; $\alpha_j[t]$: of the places around $t$ | a number; a row |
# | $\pi$ | path: a letter or the blank for each place | $T$ |
# | $e_{jt}$ | score of a match: of step $j$ with place $t$ | a number |
# | $E$ | loss, in nats | a number |
# | $h_t$ | memory after step, or place, $t$ | $H$ |
# | $H$ | units of memory | a count |
# | $j$ | step of what is said: a letter | a count |
# | $n$ | a count: of samples | a count |
# | $p_t$ | probability of each letter, and of the blank, at place $t$ | letters |
# | $s_j$ | memory of a decoder: after letter $j$ | units |
# | $t$ | step, or place, of what is read | a count |
# | $T$ | number of steps, or places | a count |
# | $W_e, W_s, W_h, W_\alpha$ | weights | matrices |
#
# </details>

# %%
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Audio

from course_lib.backend import keras
from course_lib import batching, demos, metrics, plotting, results, tables, training
from course_lib.audio.spectra import log_mel
from course_lib.claims import at_least, at_most, claim, must_be, seed
from course_lib.decoding import Transcriber, ctc_texts
from course_lib.exercises import lesson_12
from course_lib.guesses import ask
from course_lib.models.listener import CTCReader, Listener, speller
from course_lib.text import Vocabulary, to_rows
from course_lib.worlds import speech

SEED = seed()
training.set_seed(SEED)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A question with a number in it
#
# This is one word, seen: time runs to the right, frequency upwards, dark is loud. Beside it what four sounds look like. Which word is it: *stop*, *sheep*, *moon* or *glass*?

# %% slideshow={"slide_type": "fragment"}
world = speech.load()
voice = speech.Speaker(pitch=120)
word, *sounds = world.say([["sheep"], ["see"], ["top"], ["fresh"]], [voice] * 4, seed=3)
alt = "Four spectrograms: the word to guess, then see, top and fresh with their sounds marked."
_, axes = plotting.figure(11, 2.6, columns=4, alt=alt)
for ax, one in zip(axes, [word, *sounds], strict=True):
    spans = [] if one is word else [(phone.name, phone.start, phone.end) for phone in one.phones]
    plotting.spectrogram(ax, log_mel(one.sound / 32768), 0.01, spans=spans)
plotting.title(axes[0], neutral="Which word?")
plt.show()

# %% tags=["nbval-ignore-output"]
Audio(word.sound, rate=speech.RATE)

# %% [markdown]
# A hiss around the middle bands, then a vowel with one dark band low and two high, then silence and a short burst: *sh*, *ee*, *p*. The voice is made by a program (pulses or noise through four resonators, as Klatt did in 1980), so the
# world knows when each sound is said. It has 62 words; 12 of them are never said in training. There are 40 voices to learn from and 20 others to be judged on.
#
# **Guess:** a network hears 3,000 sentences of one to three words. Of 100 letters that new voices say, how many does it then write wrong?

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("letters wrong, of 100")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## From a sound to a picture
#
# A sound is a row of numbers, here 8,000 a second. Cut out 200 of them every 80 (25 ms every 10 ms), fade their ends out, and ask how much of each frequency there is: the [**short-time Fourier
# transform**](pages/glossary.md#short-time-fourier-transform).


# %% slideshow={"slide_type": "fragment"}
def spectrum(sound, window=200, hop=80, points=256):
    """A sound (n,) -> power of each frequency in each window (T, 129)."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, window)[::hop]
    fade = np.hanning(window + 1)[:-1]
    return np.abs(np.fft.rfft(frames * fade, points)) ** 2 / (fade**2).sum()


# %% [markdown] slideshow={"slide_type": "slide"}
# We hear 200 and 300 Hz as further apart than 3,200 and 3,300. The [**mel scale**](pages/glossary.md#mel-scale) follows the ear: 32 overlapping triangles, evenly apart in mel, sum up the 129 frequencies.


# %% slideshow={"slide_type": "fragment"}
def mel_triangles(bands=32, points=256, rate=8000, lowest=60):
    """(129, bands): how much of each frequency goes to each band."""
    low, high = 2595 * np.log10(1 + np.array([lowest, rate / 2]) / 700)
    middles = 700 * (10 ** (np.linspace(low, high, bands + 2) / 2595) - 1)
    f = np.arange(points // 2 + 1)[:, None] * rate / points
    rising = (f - middles[:-2]) / (middles[1:-1] - middles[:-2])
    falling = (middles[2:] - f) / (middles[2:] - middles[1:-1])
    return np.maximum(0, np.minimum(rising, falling))


by_hand = np.log(spectrum(word.sound / 32768) @ mel_triangles() + 1e-5)
by_hand = (by_hand - by_hand.mean()) / 2
must_be("these few lines are the library's log_mel", at_most(abs(by_hand - log_mel(word.sound / 32768)).max(), 1e-5))

# %% [markdown]
# ### 1 · Predict: three numbers
#
# One second of sound, 8,000 samples; windows of 200 samples, one every 80; 256 points in each transform. How many windows are there? How many hertz lie between one column of the spectrum and the next? And how many places
# are left when two convolutions have each kept every other place (of an odd number, the larger half)?


# %% nbgrader={"grade_id": "counts"}
def counts():
    """-> windows, hertz, places."""
    ### BEGIN SOLUTION
    return 98, 31.25, 25
    ### END SOLUTION


# %% nbgrader={"grade_id": "counts-check", "points": 2}
lesson_12.check_counts(counts)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A listener
#
# One second has 98 frames, and about ten letters. Two convolutions look at three frames each and keep every other place; then a memory reads forwards and another backwards (lesson 06).

# %% slideshow={"slide_type": "fragment"}
from course_lib.plotting import diagrams

diagrams.listener()
plt.show()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A letter at every place: CTC
#
# Nobody says when each letter was spoken. So let the network say, at each of the $T$ places, a letter or a [**blank**](pages/glossary.md#blank), –: a path $\pi$. What the path spells is left when repeats become one and blanks
# go: *ttoo–p–* spells *top*; *d–ol–l* spells *doll*. The probability of a text is the sum over **all** paths that spell it (Graves et al. 2006, eqs 2 and 3):
#
# $$p(\text{text}) = \sum_{\pi \text{ spells text}} \; \prod_{t=1}^{T} p_t(\pi_t), \qquad E = -\ln p(\text{text})$$

# %% [markdown]
# ### 2 · Collapse a path


# %% nbgrader={"grade_id": "collapse"}
def collapse(path):
    """A path, such as "d-ol-l" -> what it spells, "doll"."""
    ### BEGIN SOLUTION
    return "".join(c for t, c in enumerate(path) if c != "-" and (t == 0 or c != path[t - 1]))
    ### END SOLUTION


# %% nbgrader={"grade_id": "collapse-check", "points": 2}
lesson_12.check_collapse(collapse)

# %% [markdown]
# ### 3 · Three places by hand
#
# Three places, one letter, *a*, and the blank: eight paths. `p[t]` is (probability of the blank, probability of *a*). With .5 everywhere each path has probability 1/8. How probable is the text *a*? Write it for any `p`.


# %% nbgrader={"grade_id": "spells-a"}
def spells_a(p):
    """(3, 2): of blank and a at each place -> the probability of the text a."""
    ### BEGIN SOLUTION
    paths = ["a--", "-a-", "--a", "aa-", "-aa", "aaa"]
    return sum(np.prod([p[t]["-a".index(c)] for t, c in enumerate(path)]) for path in paths)
    ### END SOLUTION


# %% nbgrader={"grade_id": "spells-a-check", "points": 2}
lesson_12.check_spells_a(spells_a)

# %% [markdown] slideshow={"slide_type": "slide"}
# ### All paths, without listing them
#
# A sentence has more paths than there are atoms. But all that have reached the same letter at the same place go on alike, so sum them: the states of *top* are – t – o – p –, and one step on, one stays, goes to
# the next, or skips a blank between two different letters. From the left the sums are called alpha, from the right beta (eqs 6 to 11); together they give the gradient (eq. 16).

# %% slideshow={"slide_type": "fragment"}
import itertools

from course_lib import ctc

logits = np.random.default_rng(1).normal(size=(6, 3))
p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
paths = [path for path in itertools.product(range(3), repeat=6) if ctc.collapse(path) == [1, 2, 2]]
listed = sum(np.prod([p[t, k] for t, k in enumerate(path)]) for path in paths)
nats, gradient = ctc.loss_and_gradient(logits, [1, 2, 2])
must_be("the sums by states are the sum over all paths that were listed", at_most(abs(np.exp(-nats) - listed), 1e-12))
theirs = keras.ops.ctc_loss(np.array([[1, 2, 2]]), logits[None].astype("float32"), [3], [6], mask_index=0)
must_be("and Keras's", at_most(abs(float(theirs[0]) - nats), 1e-5))
print(f"{len(paths)} of {3**6} paths spell it; {nats:.3f} nats")

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Train it
#
# About fifteen seconds.

# %%
said = world.sample(3000, SEED)
heard = [log_mel(one.sound / 32768) for one in said]
letters = Vocabulary(world.letters)
tests = {
    name: world.sample(60, 900 + SEED, words=words, speakers="new", lexicon=lexicon)
    for name, words, lexicon in (
        ("1 to 3 words", (1, 3), "heard"),
        ("8 words", (8, 8), "heard"),
        ("new words", (1, 1), "new"),
    )
}
test_frames = {name: [log_mel(one.sound / 32768) for one in some] for name, some in tests.items()}


def trained(network, loss=None, marks=False, steps=500):
    """A network, trained on the sentences."""
    rows = to_rows([one.text for one in said], letters, marks=marks)
    training.compile_for_training(network, steps, 3e-3, loss=loss)
    training.fit(network, batching.sound_batches(heard, rows, 32, SEED), steps)
    return network


training.set_seed(SEED)
framewise = trained(CTCReader(Listener(32, convolutions=2), len(letters)), training.ctc_loss)


# %%
def errors(transcribe):
    """Character error of each test."""
    true = {name: [one.text for one in some] for name, some in tests.items()}
    return {name: metrics.character_error(true[name], transcribe(test_frames[name])) for name in tests}


ctc_error = errors(lambda frames: ctc_texts(framewise, letters, frames))

# %% tags=["nbval-ignore-output", "answer"]
guess.answer(100 * ctc_error["1 to 3 words"], because="Fifty words, said by forty voices: enough to know a new one.")

# %% slideshow={"slide_type": "slide"}
good = claim(
    "of 100 letters that new voices say, CTC writes fewer than 8 wrong", at_most(ctc_error["1 to 3 words"], 0.08)
)
one = tests["1 to 3 words"][np.argmax([len(one.text) for one in tests["1 to 3 words"]])]
frames = log_mel(one.sound / 32768)
said_p = np.array(keras.ops.softmax(framewise(batching.padded_sounds([frames]))))[0, : -(-len(frames) // 4)]
shown = list(dict.fromkeys(one.text))
alt = "A spectrogram with its true letters; below, a row for the blank and for each letter: dark where CTC says it."
fig, axes = plotting.figure(10, 5, rows=2, alt=alt)
plotting.spectrogram(axes[0], frames, 0.01, spans=[(span.name, span.start, span.end) for span in one.letters])
chosen = [0, *letters.encode(shown)]
plotting.listening(axes[1], said_p[:, chosen].T, ["–", *shown], [], 0.04)
axes[1].set_xlim(axes[0].get_xlim())
plotting.title(axes[1], good)
plt.show()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A letter at a time: attention that knows where it looked
#
# The decoder of lesson 07, with the sound's places for words. A long sound has places that sound alike, so Chorowski et al. (2015, eqs 8 and 9) let the score see where the last step's weights lay:
#
# $$e_{jt} = W_e \tanh(W_s s_{j-1} + W_h h_t + W_\alpha\, \alpha_{j-1}[t])$$
#
# ($\alpha_{j-1}[t]$: the last weights of 31 places around $t$.) It trains for about half a minute.

# %%
training.set_seed(SEED)
attending = trained(speller(Listener(32, convolutions=2), len(letters), units=96), marks=True)


def transcripts(frames):
    """What it writes, with the attention as it is set."""
    return ["".join(best.words) for best in Transcriber(attending, letters)(frames)]


# %% [markdown]
# **Guess**, before it is asked: the same new voices, sentences of 8 words (none had more than 3 in training). Letters wrong of 100, by CTC, by attention?

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("CTC, 8 words", "attention, 8 words")

# %%
attention_error = errors(transcripts)

# %% tags=["nbval-ignore-output", "answer"]
why = "CTC decides at each place from what is near. Attention has to find its place in a sound longer than any it knew."
guess.answer(100 * ctc_error["8 words"], 100 * attention_error["8 words"], because=why)

# %% slideshow={"slide_type": "slide"}
claim("on sentences as long as in training, attention writes fewer than 8 of 100 letters wrong",
      at_most(attention_error["1 to 3 words"], 0.08))  # fmt: skip
claim("on 8 words, it writes at least 15 of 100 letters wrong", at_least(attention_error["8 words"], 0.15))
claim("that is three times as many as CTC, or more", at_least(attention_error["8 words"] / ctc_error["8 words"], 3))
claim("of words never heard in training, attention writes at least 1.3 times as many letters wrong as CTC",
      at_least(attention_error["new words"] / ctc_error["new words"], 1.3))  # fmt: skip
tables.print_table(["character error", "CTC", "attention"],
                   [(name, f"{ctc_error[name]:.3f}", f"{attention_error[name]:.3f}") for name in tests])  # fmt: skip

# %% tags=["nbval-ignore-output"] slideshow={"slide_type": "fragment"}
tables.print_table(
    ["said", "CTC", "attention"],
    [
        (one.text, *both)
        for name in ("8 words", "new words")
        for one, *both in list(zip(
            tests[name], ctc_texts(framewise, letters, test_frames[name]), transcripts(test_frames[name]), strict=True
        ))[:4]
    ],
)  # fmt: skip

# %% [markdown]
# Read the new words. CTC misspells by the sound; attention likes to write words it knows: its decoder has read the letters before, and only fifty words.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### What it looks at
#
# Told the true letters, where do the weights of each letter lie? The world knows when it was said: the frames. Even weights, the same at every place, would lie in a letter's span by one tenth or less.

# %% slideshow={"slide_type": "fragment"}
short = tests["1 to 3 words"]
rows = to_rows([one.text for one in short], letters)
weights = np.array(attending.align(batching.padded_sounds(test_frames["1 to 3 words"]), rows[:, :-1]))


def timing(one, weights):
    """Of a sentence: seconds late and share inside, each letter."""
    return metrics.timing(weights[: len(one.text)], [span[1:] for span in one.letters], 0.04)


inside = np.mean([timing(one, some).inside.mean() for one, some in zip(short, weights, strict=True)])
even = np.mean(
    [
        timing(one, np.full_like(some, 0.04 / one.seconds)).inside.mean()
        for one, some in zip(short, weights, strict=True)
    ]
)
hits = claim("told the letters, at least a quarter of the weights lie inside the true spans", at_least(inside, 0.25))
claim("that is at least 2.5 times as much as of even weights", at_least(inside / even, 2.5))
which = np.argmax([len(one.text) for one in short])
alt = "A row for each letter, time to the right: dark squares, the weights, go down a staircase along the frames of the true spans."
_, ax = plotting.figure(9, 4, alt=alt)
plotting.listening(
    ax, weights[which, : len(short[which].text)], short[which].text, [span[1:] for span in short[which].letters], 0.04
)
plotting.title(ax, hits)
plt.show()

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Mend it: a window
#
# What comes next is said next. So let it look at most five places, a fifth of a second, to either side of where most of the last step's weight was (Chorowski et al. 2015, section 2.3, there with another middle). Nothing is trained again.

# %% slideshow={"slide_type": "fragment"}
attending.decoder.attention.window = 5
windowed_error = errors(transcripts)
attending.decoder.attention.window = None
share = windowed_error["8 words"] / attention_error["8 words"]
mended = claim("with a window, its error on 8 words is less than half", at_most(share, 0.5))
claim("and on short sentences it stays below 8 of 100", at_most(windowed_error["1 to 3 words"], 0.08))
alt = "Three groups of bars: character error of CTC, attention, attention with a window, on short sentences, 8 words, new words."
_, ax = plotting.figure(8, 3, alt=alt)
plotting.grouped_bars(ax, list(tests), {"CTC": list(ctc_error.values()), "attention": list(attention_error.values()),
                                        "attention, window": list(windowed_error.values())}, "character error")  # fmt: skip
plotting.title(ax, mended)
plt.show()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Set the voice
#
# Type words of this world; move the voice away from all that the network has heard.


# %% slideshow={"slide_type": "fragment"}
def draw_voice(text, pitch=120, tract=1.0, speed=1.0, noise=25):
    """A sentence by a voice, and what CTC writes."""
    one = world.say([text.split()], [speech.Speaker(pitch, tract, speed)], 1, noise)[0]
    frames = log_mel(one.sound / 32768)
    alt = "The spectrogram of what is said, its true letters above it."
    fig, ax = plotting.figure(9, 2.6, alt=alt)
    plotting.spectrogram(ax, frames, 0.01, spans=[(span.name, span.start, span.end) for span in one.letters])
    ax.set_xlabel(f"seconds. CTC writes: {ctc_texts(framewise, letters, [frames])[0] or '(nothing)'}")
    return fig


draw_voice("black cat")
plt.show()

# %% tags=["nbval-ignore-output"]
demos.speaker(draw_voice, "black cat")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Step by step
#
# Five steps led to such networks: a spectrogram; a memory that reads and one that spells; time halved by layers; memories in both directions; convolutions before them. Here each is a switch by itself.

# %% [markdown]
# All have three layers, about 150,000 numbers in the listener, 600 updates, 4,000 sentences (`python -m experiments.listen`). Medians of three seeds, of two where nothing is halved; *late*: how far the middle of a letter's weights lies behind the middle
# of its true span; of CTC, the frames of its best path.

# %% slideshow={"slide_type": "fragment"}
runs = results.read("listen.csv")
how = list(dict.fromkeys((row["shrinks"], row["direction"], row["speller"]) for row in runs))


def column(name):
    """The numbers of each network, one for each seed."""
    return {
        one: [row[name] for row in runs if (row["shrinks"], row["direction"], row["speller"]) == one] for one in how
    }


short, long, new, late, seconds = (column(name) for name in ("short", "eight", "new_words", "late", "cpu_seconds"))
tables.print_table(
    ["time halved by", "heard", "speller", "1 to 3 words", "8 words", "new words", "late, ms", "CPU s"],
    [
        (
            *one,
            *(f"{np.median(of[one]):.3f}" for of in (short, long, new)),
            f"{1000 * np.median(late[one]):.0f}",
            f"{np.median(seconds[one]):.0f}",
        )
        for one in how
    ],
)

# %% slideshow={"slide_type": "fragment"}
one_way, two_ways = (
    np.concatenate([late[one] for one in how if one[1:] == (direction, "attention")])
    for direction in ("forward", "both")
)
claim("attention over memories that hear only forwards is 50 ms late or more, in every run",
      at_least(min(one_way), 0.05), table="listen.csv")  # fmt: skip
claim("over memories in both directions it is at most 80 ms off", at_most(max(abs(two_ways)), 0.08), table="listen.csv")
pairs = [(new[one], new[*one[:2], "ctc"]) for one in how if one[2] == "attention"]
claim("of new words attention writes more letters wrong than CTC over the same listener, in every run",
      at_least(min(min(np.subtract(*pair)) for pair in pairs), 0.01), table="listen.csv")  # fmt: skip
slow = [np.median(seconds["not", *rest]) / np.median(seconds["convolutions", *rest]) for _, *rest in how[:4]]
claim("with two convolutions before it, training takes half the time or less of a listener that halves nothing",
      at_least(min(slow), 2), table="listen.csv")  # fmt: skip

# %% [markdown]
# A memory that hears only forwards must wait until a sound is over before it knows the letter. What each step brings: halving saves time, and CTC learns within 600 updates; hearing in both directions saves errors.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What we saw

# %% tags=["nbval-ignore-output"] slideshow={"slide_type": "fragment"}
print(f"""\
Character error, new voices, one to three words: CTC {ctc_error["1 to 3 words"]:.3f}, attention {attention_error["1 to 3 words"]:.3f}.
Eight words: CTC {ctc_error["8 words"]:.3f}, attention {attention_error["8 words"]:.3f}, with a window {windowed_error["8 words"]:.3f}.
Words never heard: CTC {ctc_error["new words"]:.3f}, attention {attention_error["new words"]:.3f}.
Weights inside the true spans, told the letters: {inside:.2f}; even ones {even:.2f}.""")

# %% [markdown]
# ## Exercises
#
# This is the last; the first three stand where they belong. It needs the first cell of the lesson and nothing else.
#
# ### 4 · What it shows and does not
#
# Mark each statement True or False.
#
# - a: CTC is trained on one path, the most probable one.
# - b: For *doll* CTC needs five places at least.
# - c: The window changes the network's weights.
# - d: Given the sound, CTC's letters at two places are independent of each other.
# - e: Attention wrote known words because the sentences of this world follow a grammar.
# - f: The picture of the weights shows what attention does when it writes by itself.
# - g: A memory in both directions may answer a letter before it was said.


# %% nbgrader={"grade_id": "what-it-shows"}
def what_it_shows():
    """-> {"a": True or False, …, "g": True or False}."""
    ### BEGIN SOLUTION
    return {"a": False, "b": True, "c": False, "d": True, "e": False, "f": False, "g": True}
    ### END SOLUTION


# %% nbgrader={"grade_id": "what-it-shows-check", "points": 2}
lesson_12.check_what_it_shows(what_it_shows)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## On real data: where people stand
#
# In 2017 a system wrote 5.1 % of the words of the Switchboard telephone calls wrong (Xiong et al. 2017). Professional transcribers, measured by the same team on such calls, had 5.9 % (Xiong et al. 2016).

# %% [markdown]
# "As good as humans" was in the news. What was compared: calls between strangers who were given a subject, in English, transcribed once by paid people. On calls between friends and within families, in the same papers, both
# had about twice as many wrong. Our voices are made by a program and say 62 words: a person who speaks differs from them in every way that was left out.

# %% [markdown]
# ## In practice
#
# - Look at the sound, and listen to it, before you train.
# - Judge on voices that were never heard, and say so.
# - Try sentences longer than those in training.
# - Where the order of what is said is the order in which it is heard, tell the network: CTC does, a window does.
# - Given letters, ask when: the world's spans show whether attention looks at what it writes.

# %% [markdown]
# ## Going further
#
# - A. Hannun, *Sequence modeling with CTC*, Distill 2017, [doi:10.23915/distill.00008](https://doi.org/10.23915/distill.00008): CTC in pictures.
# - D. Klatt, *Software for a cascade/parallel formant synthesizer*, JASA 67, 1980, [doi:10.1121/1.383940](https://doi.org/10.1121/1.383940): how such voices are made.
# - W. Xiong et al., *Achieving human parity in conversational speech recognition*, 2016, [arXiv:1610.05256](https://arxiv.org/abs/1610.05256); *The Microsoft 2017 conversational speech recognition system*,
#   [arXiv:1708.06073](https://arxiv.org/abs/1708.06073).
#
# Before this: [11 · Follow what moves](11_follow_what_moves.ipynb).
# Next: [Where to go next](pages/where_to_go_next.md).

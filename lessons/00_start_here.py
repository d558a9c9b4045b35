# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 00 · Start here
#
# **You will do:** check that your set-up works, run cells, make a claim, solve a first exercise.
#
# **You will learn:** how a lesson is made, what the ticks mean, and the notation all lessons share.
#
# **You need:** to have this notebook open. Nothing else.
#
# **Run time:** about 6 seconds on two processor cores with AVX-512, about 6 on one without.
#
# ## Is everything there?
#
# A notebook consists of cells. Click the next one and press **Shift-Enter**: it runs, and the one after it is selected.
# This first one checks your machine. A tick is good; with a cross it says what to do.

# %% tags=["nbval-ignore-output"]
from course_lib import text
from course_lib.doctor import doctor
from course_lib.exercises import lesson_00

all_well = doctor()

# %% [markdown]
# ## How a lesson works
#
# Every lesson asks a question with a number in it, tries something simple first, derives an idea, builds it in code, and
# then measures whether it works. It trains on a [**world**](pages/glossary.md#world): data made by a program, whose truth is known. Here is the
# first of them, a language:

# %%
from course_lib.worlds import language

world = language.load()
for story in world.sample(3, seed=0):
    print(text.detokenize(story))

# %% [markdown]
# ### Claims
#
# What a lesson finds out is said as a [**claim**](pages/glossary.md#claim): a sentence and a condition. If the condition holds, you see the sentence,
# and in grey, if there is a number, what was measured and the bound it had to keep. If not, the lesson stops there, with the values. So you need
# not take our word for it. There are three kinds:
#
# | mark | kind | what it means |
# | --- | --- | --- |
# | ✓ | live | measured just now, in this run |
# | ▤ | stored | read from a table, whose name stands behind: its runs took too long to make them here. `make reproduce` draws some of them and makes them again |
# | ∴ | must be | follows from a theorem, or from how a thing is built: no finding, but a test of the code |

# %%
from course_lib.claims import at_most, claim, must_be, seed

after = world.next_word(["The", "clouds", "are", "in", "the"])
must_be("the clouds are in the sky, and nowhere else", after == {"sky": 1.0})

# %% [markdown]
# **Predict first.** Lessons often ask you to guess before you run a cell. Do it, and say the number aloud: you learn more
# from being wrong about a guess than from reading a right answer. Try it now: how many words does a story of this
# language have on average, punctuation and the end sign counted? Then run:

# %%
lengths = [len(story) + 1 for story in world.sample(5000, seed=seed())]
mean_length = sum(lengths) / len(lengths)
print(f"measured on 5,000 stories: {mean_length:.2f}; computed from the grammar: {world.expected_length:.2f}")
claim(
    "the mean of 5,000 stories is within 3 % of the exact value",
    at_most(abs(mean_length / world.expected_length - 1), 0.03),
)

# %% [markdown]
# ### Seeds
#
# Networks start from random weights. A claim must not hang on one lucky start, so each live one was tried under five
# [**seeds**](pages/glossary.md#seed); a stored one stands on the runs in its table. You can try another: start the lab with `COURSE_SEED=7 make lab`.
# The ticks should stay; most numbers in grey behind ✓ change.
#
# ### Exercises
#
# Lessons end with exercises. They need the first cell of their lesson, nothing else. You complete a function; the cell below it checks your answer, and if it is not
# right yet says what the likely mistake is. Nothing later in a lesson depends on your answers, so you can skip them and
# come back. Try this one, and try it wrong first: return the number of characters, and see what the check says.
#
# #### 1 · How many words?
#
# `text.tokenize("I read a lot!")` gives `['I', 'read', 'a', 'lot', '!']`. Return the number of *words*: punctuation does
# not count. (`"lot".isalpha()` is true, `"!".isalpha()` is not.)


# %% nbgrader={"grade_id": "count-words"}
def count_words(sentence):
    """A string -> the number of words in it, punctuation not counted."""
    ### BEGIN SOLUTION
    return sum(token.isalpha() for token in text.tokenize(sentence))
    ### END SOLUTION


# %% nbgrader={"grade_id": "count-words-check", "points": 1}
lesson_00.check_count_words(count_words)

# %% [markdown]
# ### When something goes wrong
#
# - A cell seems stuck: the square button above stops it; what was computed stays.
# - Everything is confused: *Kernel → Restart Kernel and Run All Cells*.
# - You want the original of a lesson back: rename yours in `work/` and run `make lab` again. It never writes over a lesson
#   you edited.
#
# ## Notation, on one page
#
# Most letters mean the same in every lesson. Where one does not (in 06 and 08 $y_j$ is a word; $z$ is the update gate in 05, who
# looks in 07, what is seen in 09), the lesson says so.
#
# | symbol | meaning |
# | --- | --- |
# | $B$ | batch: how many sequences at once |
# | $T$, $t$ | number of time steps; one of them, counted from 1 |
# | $D$ | width of an input vector |
# | $H$ | width of the memory, the number of hidden units |
# | $V$ | size of the vocabulary |
# | $x_t$ | input at step $t$: $D$ numbers; in code, `(B, T, D)` for all of them |
# | $h_t$ | memory (hidden state) after step $t$: $H$ numbers |
# | $y_t$ | output at step $t$: logits, the scores before the softmax |
# | $p_t$ | probabilities of the word that comes after $x_t$: $V$ numbers, summing to 1 |
# | $W_x, W_h, W_y$ | weights from the input, from the memory, to the output |
# | $b$ | bias |
# | $\sigma$, $\tanh$ | sigmoid $1/(1 + e^{-a})$, from 0 to 1; hyperbolic tangent, from −1 to 1 |
# | $\odot$ | product element by element |
# | $\log$ | natural logarithm; information is measured in [**nats**](pages/glossary.md#nat): 1 nat = 1.44 bits |
# | $L$, $E_t$ | loss; its part at step $t$ |
# | $\partial L / \partial W$ | gradient of $L$ with respect to $W$ |
#
# More letters, and every technical term with the lesson that explains it: the [glossary](pages/glossary.md#symbols). All
# equations on one page: the [cheat sheet](pages/cheat_sheet.md).
#
# Vectors are columns in equations. In code a vector is a **row** of a batch, so a product is written `x @ W`: the matrix
# is transposed against the equation.
#
# Now open lesson 01: [*Predict the next word*](01_predict_the_next_word.ipynb). Not sure where to begin?
# [Before you start](pages/before_you_start.md) has ten questions that tell you.

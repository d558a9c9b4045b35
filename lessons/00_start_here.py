# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 00 · Start here
#
# **You will do:** check your set-up, run cells, guess a number, solve two exercises.
#
# **You will learn:** how a lesson is made, what the ticks mean, and the notation all lessons share.
#
# **You need:** to have this notebook open. Nothing else.
#
# **Run time:** about 6 seconds on two processor cores with AVX-512, about 6 on one without.

# %% [markdown]
# <details><summary><b>Symbols of this lesson</b></summary>
#
# | letter | meaning | size |
# | --- | --- | --- |
# | $a$ | what goes into a nonlinearity | |
# | $b$ | bias | |
# | $B$ | texts in a batch | |
# | $D$ | numbers in an input or key | |
# | $E_t$, $E$ | loss at step $t$; that of all steps | a number |
# | $h_t$ | memory after step $t$; elsewhere: hidden state | $H$ |
# | $H$ | units of memory | |
# | $p_t$ | probability of each word to come after $x_t$; all sum to 1 | $V$ |
# | $\sigma$ | the sigmoid, $1 / (1 + \exp(-a))$ | |
# | $t$ | step, or place, of what is read; counted from 1 | |
# | $T$ | number of steps, or places | |
# | $V$ | words in the vocabulary | |
# | $W_x, W_h, W_y$ | weights: from the input, from the memory, to the output | $H \times D$, $H \times H$, $V \times H$ |
# | $x_t$ | input of a layer, at step $t$; in code, `(B, T, D)` for all of them | $D$ |
# | $y_t$ | logit of each word, at step $t$: the scores before the softmax | $V$ |
#
# </details>

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Is everything there?
#
# A notebook consists of cells. Click the next one and press **Shift-Enter**: it runs, and the one after it is selected.
# This first one checks your machine. A tick is good; with a cross it says what to do.

# %% tags=["nbval-ignore-output"] slideshow={"slide_type": "fragment"}
from course_lib import text
from course_lib.doctor import doctor
from course_lib.exercises import lesson_00
from course_lib.guesses import ask

all_well = doctor()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How a lesson works
#
# Every lesson asks a question with a number in it, tries something simple first, derives an idea, builds it in code, and
# then measures whether it works. Its networks learn from a [**world**](pages/glossary.md#world): data made by a program, so that the
# truth about them is known. Here are three stories of the first world, a language:

# %% slideshow={"slide_type": "fragment"}
from course_lib.worlds import language

world = language.load()
for story in world.sample(3, seed=0):
    print(text.detokenize(story))

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Claims
#
# What a lesson finds out is said as a [**claim**](pages/glossary.md#claim): a sentence and a condition. If the condition holds, you see the sentence,
# and in grey what was measured and the bound it had to keep. If not, the lesson stops there, with the values.

# %% [markdown] slideshow={"slide_type": "slide"}
# There are three kinds of claims:
#
# | mark | kind | what it means |
# | --- | --- | --- |
# | ✓ | live | measured just now, in this run |
# | ▤ | stored | read from a table, which is named: making it took too long for a lesson |
# | ∴ | must be | follows from a theorem, or from how a thing is built: a test of the code |
#
# An example of the last kind: `next_word` gives the probability of every word that may come next.

# %% slideshow={"slide_type": "fragment"}
from course_lib.claims import at_most, claim, must_be, seed

after = world.next_word(["The", "clouds", "are", "in", "the"])
must_be("the clouds are in the sky, and nowhere else", after == {"sky": 1.0})

# %% [markdown]
# Stored results need not be taken on trust: `make reproduce`, typed in a terminal, runs some of them again and compares.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Guess first
#
# Lessons ask you for a number before they show it. Type it: a wrong guess teaches more than a right answer that you
# read. **Guess:** how many words does a story of this language have on average, if commas, full stops and the sign for
# its end are counted, too?

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("words in a story")

# %%
lengths = [len(story) + 1 for story in world.sample(5000, seed=seed())]
mean_length = sum(lengths) / len(lengths)
claim(
    "the mean of 5,000 stories is within 3 % of the exact value",
    at_most(abs(mean_length / world.expected_length - 1), 0.03),
)

# %% tags=["nbval-ignore-output", "answer"] slideshow={"slide_type": "fragment"}
print(f"measured on 5,000 stories: {mean_length:.2f}; computed from the grammar: {world.expected_length:.2f}")
guess.answer(
    world.expected_length,
    because="A story has about three sentences, and about five of its words are commas, full stops and the end.",
)

# %% [markdown]
# Nobody keeps your guess. What follows a guess is folded in your copy until you run it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Seeds
#
# Networks start from random weights. All random numbers of a run follow from one number, its [**seed**](pages/glossary.md#seed). A claim
# must not hang on one lucky start, so each live claim was tried under five seeds; a stored claim stands on the runs in
# its table. You can try another seed: start the lab with `COURSE_SEED=7 make lab`. The ticks should stay; most numbers in
# grey behind ✓ change.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Exercises
#
# Exercises need the first cell of their lesson, nothing else. You complete a function; the cell below it checks your
# answer, and if it is not right yet says what the likely mistake is. Nothing later in a lesson depends on your answers:
# you can skip them and come back.

# %% [markdown] slideshow={"slide_type": "slide"}
# #### 1 · How many words?
#
# `text.tokenize("I read a lot!")` gives `['I', 'read', 'a', 'lot', '!']`. Return the number of *words*: punctuation does
# not count. (`"lot".isalpha()` is true, `"!".isalpha()` is not.) Try it wrong first: return the number of characters, and
# see what the check says.


# %% nbgrader={"grade_id": "count-words"}
def count_words(sentence):
    """A string -> the number of words in it, punctuation not counted."""
    ### BEGIN SOLUTION
    return sum(token.isalpha() for token in text.tokenize(sentence))
    ### END SOLUTION


# %% nbgrader={"grade_id": "count-words-check", "points": 1}
lesson_00.check_count_words(count_words)

# %% [markdown]
# #### 2 · Which mark?
#
# Not all exercises are code. Claims like these stand in later lessons. Which kind is each: `"live"`, `"stored"` or
# `"must be"`?
#
# - a: a row of zeros with a single 1, times a matrix, is one row of that matrix
# - b: the network that you have trained in the cell above is right nine times in ten
# - c: so were four of five networks, trained for 25 minutes on another machine
# - d: in this run, a network that has learned nothing yet is right as often as one who guesses, within 5 %
# - e: numbers above 0, each divided by the sum of all, sum to 1


# %% nbgrader={"grade_id": "which-mark"}
def which_mark():
    """-> {"a": …, "b": …, "c": …, "d": …, "e": …}, each of them "live", "stored" or "must be"."""
    ### BEGIN SOLUTION
    return {"a": "must be", "b": "live", "c": "stored", "d": "live", "e": "must be"}
    ### END SOLUTION


# %% nbgrader={"grade_id": "which-mark-check", "points": 1}
lesson_00.check_which_mark(which_mark)

# %% [markdown]
# ### When something goes wrong
#
# - A cell seems stuck: the square button above stops it; what was computed stays.
# - Everything is confused: *Kernel → Restart Kernel and Run All Cells*.
# - You want the original of a lesson back: rename yours in `work/` and run `make lab` again. It never writes over a lesson
#   you edited.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Notation, on one page
#
# A letter means the same in every lesson. Each lesson begins with its letters, folded: unfold those of this one, above.
# [All letters](pages/symbols.md) are on one page. The signs between them:

# %% [markdown] slideshow={"slide_type": "fragment"}
# | sign | meaning |
# | --- | --- |
# | $\tanh(a)$, $\sigma(a)$ | hyperbolic tangent, from −1 to 1; sigmoid, from 0 to 1 |
# | $\odot$ | product number by number |
# | $\partial E / \partial W$ | gradient: how much the loss $E$ grows with each weight in $W$ |
# | $\log$ | natural logarithm; information is measured in [**nats**](pages/glossary.md#nat): 1 nat = 1.44 bits |

# %% [markdown] slideshow={"slide_type": "slide"}
# Shapes: networks read a batch of $B$ texts at once. In equations a vector is a column, and the matrix stands on its
# left: $W_x x_t$, with $W_x$ of size $H \times D$. In code a vector is a **row** of the batch, and the matrix stands on its
# right: `x @ W`, shapes `(B, D)` and `(D, H)`. So the matrix in code is the transpose of that in the equation.

# %% [markdown]
# Every technical term, with the lesson that explains it, is in the [glossary](pages/glossary.md). All equations are on
# the [cheat sheet](pages/cheat_sheet.md).
#
# ## What we saw
#
# - The world is known: *the clouds are in the sky, and nowhere else*, by how its grammar is built (∴).
# - What is measured agrees with what is computed: *the mean of 5,000 stories is within 3 % of the exact value* (✓).
#
# Now open lesson 01: [*Predict the next word*](01_predict_the_next_word.ipynb). Not sure where to begin?
# [Before you start](pages/before_you_start.md) has ten questions that tell you.

"""The world of reviews: what it says is true is compared with brute force, what it writes with a reader's eye."""

import math
import random
import re
import time
from collections import Counter, defaultdict

import numpy as np
import pytest

from course_lib.metrics import agreement
from course_lib.text import tokenize
from course_lib.worlds.grammar import GrammarError
from course_lib.worlds.reviews import GRAMMAR_FILE, ReviewWorld, load, same_bag

WORLD = load()
MANY = WORLD.sample(20_000, seed=3)
TOML = GRAMMAR_FILE.read_text(encoding="utf-8")

SMALL = """
[registers]
review = 1
[subjects.inn]
kinds = ["room", "cook"]
[kinds.room]
number = "singular"
opinions = ["any"]
nouns = ["room"]
[kinds.cook]
number = "plural"
opinions = ["any"]
nouns = ["cooks"]
[opinions.any.plain]
good = 1
bad = -1
[degrees.plain]
"" = [1, 1]
[texts]
review = ["CORE"]
[constructions.but]
review = ["the {A} {A.was} {a:opposite} but the {B} {B.was} {b!}"]
"""


# -- brute force -------------------------------------------------------------------------------------------------------


class Every:
    """In the place of random.Random: goes every way that a draw can take, each with its probability."""

    def __init__(self):
        self.path, self.at, self.p = [], 0, 1.0

    def ways(self, draw):
        while True:
            self.at, self.p = 0, 1.0
            yield draw(self), self.p
            while self.path and self.path[-1][0] == self.path[-1][1] - 1:
                self.path.pop()
            if not self.path:
                return
            self.path[-1][0] += 1

    def _next(self, shares):
        if self.at == len(self.path):
            self.path.append([0, len(shares)])
        number = self.path[self.at][0]
        self.at += 1
        self.p *= shares[number]
        return number

    def choices(self, things, cum_weights):
        shares = np.diff([0, *cum_weights]) / cum_weights[-1]
        return [things[self._next(shares.tolist())]]

    def choice(self, things):
        return things[self._next([1 / len(things)] * len(things))]

    def random(self):
        return 0.5


def by_brute_force(world, most=400_000):
    """Bayes accuracy, entropy and the bag's ceiling, from every review that can be drawn; and how many there are."""
    bags, right, nats, count, total = defaultdict(lambda: [0.0, 0.0]), 0.0, 0.0, 0, 0.0
    for review, p in Every().ways(lambda rng: world._draw(rng, 0)):
        good = 1 / (1 + math.exp(-review.score))
        total += p
        right += p * max(good, 1 - good)
        nats -= p * (good * math.log(good) + (1 - good) * math.log(1 - good))
        bag = bags[tuple(sorted(review.words))]
        bag[0] += p * good
        bag[1] += p * (1 - good)
        count += 1
        assert count < most
    assert total == pytest.approx(1, abs=1e-9)
    return right, nats, sum(map(max, bags.values())), count


def test_a_small_world_by_hand():
    """Two good or bad words in two orders: each bag comes with either verdict, so no bag tells anything."""
    world = ReviewWorld(SMALL)
    right = 1 / (1 + math.exp(-1))
    assert world.truth.accuracy == pytest.approx(right)
    assert world.truth.nats == pytest.approx(-right * math.log(right) - (1 - right) * math.log(1 - right))
    assert world.bag_accuracy == pytest.approx(0.5)
    assert world.lengths == (9, 9)
    only = ReviewWorld(SMALL.replace("{a:opposite}", "{a}"))  # now a half have two words alike, which tell all
    assert only.bag_accuracy == pytest.approx((0.5 + right) / 2)
    told = ReviewWorld(SMALL.replace("good = 1", "good = 1\nfine = 3"))  # P(good | good, bad): of (1, -1) or (3, -1)
    strong = 1 / (1 + math.exp(-3))
    assert told.bag_accuracy == pytest.approx((0.5 + (strong + 1 - right) / 2) / 2)


def some_grammar(rng):
    """A grammar in which words stand in several places, so that few of them tell where they are from."""
    words = ["good", "bad", "fine", "ill", "old", "not", "the", "so good", "an eye", "room", "bar", "was"]

    def pick(count):
        return rng.sample(words, count)

    def strengths():
        found = dict(zip(pick(3), rng.sample([1, -1, 2, -0.5, 1.5], 3), strict=True))
        first, second, _ = found
        found[first], found[second] = 1, -1
        return "\n".join(f'"{word}" = {value}' for word, value in found.items())

    def listed(count):
        return "[" + ", ".join(f'"{word}"' for word in pick(count)) + "]"

    flag = rng.choice([":opposite", ":same", "", ":bare", ":good"])
    aside = rng.choice(['"so a {x@cook}"', '"{x:bare@room} {city}"', '"2: it was {x@cook}", "ok {city}"'])
    core = rng.choice([
        '"the {A} {A.was} {a FLAG} but {B} {b!}", "2: the {B} {b!} but {A} {A.was} {a FLAG}"',
        '"a {a!} {A} {city}", "not! {A} {a!*-1.5:bare}"',
        '"{A} a {a FLAG} now {A.it} {A.is} {b!@A}", "{b!:good@cook}"',
    ]).replace(" FLAG", flag)  # fmt: skip
    more = rng.choice(['"so {a!@room} was {city} {subject.stay}"', '"{A} {B} {a!} a {b FLAG}"']).replace(" FLAG", flag)
    return f"""
[registers]
review = {rng.choice([1, 2])}
post = 1
[subjects.inn]
kinds = ["room", "cook"]
words = {{ stay = "{rng.choice(words)}" }}
[subjects.pub]
weight = 2
kinds = ["cook", "bar"]
words = {{ stay = "{rng.choice(words)}" }}
[kinds.room]
number = "singular"
opinions = ["first"]
nouns = {listed(1)}
[kinds.cook]
number = "plural"
opinions = ["first", "second"]
nouns = {listed(2)}
[kinds.bar]
number = "singular"
opinions = ["second"]
nouns = {listed(2)}
[opinions.first.plain]
{strengths()}
[opinions.second.plain]
{strengths()}
[degrees.plain]
"" = [1, 2]
{rng.choice(["not = [-0.5, 1]", "old = [1.5, 1]"])}
[lists]
city = {listed(2)}
[texts]
review = ["CORE", "2: SOME CORE"]
post = ["CORE SOME"]
[parts.SOME.review]
any = [{aside}]
inn = ["we came from {{city}}", "zero was here", "one was there {{city}}"]
[parts.SOME.post]
any = [{aside}]
[constructions.one]
review = [{core}]
post = [{more}]
[constructions.two]
weight = {rng.choice([1, 3])}
review = [{more}]
"""


@pytest.mark.parametrize("seed", range(14))
def test_what_is_true_equals_brute_force(seed):
    world = ReviewWorld(some_grammar(random.Random(seed)))
    right, nats, bag, count = by_brute_force(world)
    assert count > 100
    assert world.truth[:2] == pytest.approx((right, nats), abs=1e-9)
    assert world.bag_accuracy == pytest.approx(bag, abs=1e-9)


def test_the_shipped_world_with_fewer_words_equals_brute_force():
    """Every construction and part, one noun of each kind, few adjectives, so that all reviews can be enumerated."""
    fewer = re.sub(r'(?m)^(nouns|city|person|month|day|name|friend) = \["([^"]*)".*\]$', r'\1 = ["\2"]', TOML)
    keep = {"good", "bad", "lovely", "awful", "fair", "steep"}
    i, j = fewer.index("\n[opinions.general.plain]\n"), fewer.index("\n[degrees.plain]\n")
    lines = [x for x in fewer[i:j].splitlines() if not re.match(r"\w+ = ", x) or x.split()[0] in keep]
    fewer = (
        fewer[:i]
        + re.sub(r"(?m)^\[opinions\.(room|food|people|surroundings|drink)\.\w+\]\n", "", "\n".join(lines) + "\n")
        + fewer[j:]
    )
    fewer = re.sub(r'\["general", "\w+"\]', '["general"]', fewer)
    fewer = re.sub(r'(?m)^("not at all"|"far from"|rather|absolutely|really|very) = .*\n', "", fewer)
    fewer = re.sub(r'(?m)^kinds = \["(\w+)", "(\w+)", "(\w+)",.*$', r'kinds = ["\1", "\2", "\3"]', fewer)
    fewer = re.sub(
        r"(?ms)^\[texts\].*?(?=^\[parts)",
        '[texts]\nreview = ["2: CORE", "START CORE ASIDE"]\npost = ["CORE END"]\n\n',
        fewer,
    )
    fewer = re.sub(
        r"(?ms)^(\[parts\.START\.review\]\n).*?(?=^\[)", r'\1any = ["we left on {day} .", "again ."]\n\n', fewer
    )
    fewer = re.sub(
        r"(?ms)^(\[parts\.ASIDE\.review\]\n).*?(?=^\[)",
        r'\1any = ["I had heard that it was {x:bare@whole} ."]\n\n',
        fewer,
    )
    world = ReviewWorld(fewer)
    right, nats, bag, count = by_brute_force(world)
    assert count > 10_000
    assert world.truth[:2] == pytest.approx((right, nats), abs=1e-9)
    assert world.bag_accuracy == pytest.approx(bag, abs=1e-9)


def test_the_order_of_words_is_worth_a_quarter_of_all_verdicts():
    assert 0.87 <= WORLD.truth.accuracy <= 0.89
    assert WORLD.bag_accuracy <= 0.63
    assert WORLD.truth.p_good == pytest.approx(0.5, abs=0.01)
    assert WORLD.truth.share == pytest.approx(1)
    assert {*WORLD.truth_by_construction} == {*WORLD.constructions}


def test_no_bag_of_words_that_learns_from_reviews_is_above_the_ceiling():
    """The best line through how often each word stands there, by least squares."""
    words = sorted({word for review in MANY for word in review.words})
    places = {word: i for i, word in enumerate(words)}
    X = np.zeros((len(MANY), len(words)), np.float32)
    for row, review in zip(X, MANY, strict=True):
        for word, n in Counter(review.words).items():
            row[places[word]] = n
    y = np.array([r.good for r in MANY]) - 0.5
    train, test = slice(0, 14_000), slice(14_000, None)
    w = np.linalg.solve(X[train].T @ X[train] + np.eye(len(words)), X[train].T @ y[train])
    accuracy = ((X[test] @ w > 0) == (y[test] > 0)).mean()
    assert 0.52 < accuracy < WORLD.bag_accuracy + 3 * 0.5 / 6000**0.5


# -- drawing -----------------------------------------------------------------------------------------------------------


def test_what_is_drawn_is_as_it_is_said_to_be():
    p = np.array([r.p_good for r in MANY])
    good = np.array([r.good for r in MANY])
    assert np.maximum(p, 1 - p).mean() == pytest.approx(WORLD.truth.accuracy, abs=0.004)
    assert ((p > 0.5) == good).mean() == pytest.approx(WORLD.truth.accuracy, abs=0.012)
    for low in (0, 0.2, 0.7, 0.9):  # verdicts come with their probability
        chosen = (p >= low) & (p < low + 0.1)
        assert good[chosen].mean() == pytest.approx(p[chosen].mean(), abs=4 * 0.5 / chosen.sum() ** 0.5)
    for name, truth in WORLD.truth_by_construction.items():
        share = np.mean([r.construction == name for r in MANY])
        assert share == pytest.approx(truth.share, abs=0.015)


def test_drawing_is_fast():
    """20,000 a second; how long other processes wait for the processor does not count."""

    def seconds():
        begun = time.process_time()
        WORLD.sample(4000, 1)
        return time.process_time() - begun

    assert min(seconds() for _ in range(5)) < 0.2


def test_the_same_seed_gives_the_same_reviews():
    assert WORLD.sample(50, 1) == load().sample(50, 1) != WORLD.sample(50, 2)


def test_reviews_are_of_5_to_60_words():
    lengths = [len(r.words) for r in MANY]
    shortest, longest = WORLD.lengths
    assert 5 <= shortest <= min(lengths) and max(lengths) <= longest <= 60
    assert min(lengths) == shortest and max(lengths) >= longest - 8


def test_sentences_behind_change_the_length_only():
    assert [r.words for r in WORLD.sample(200, 4, behind=0)] == [r.words for r in WORLD.sample(200, 4)]
    for review in WORLD.sample(300, 5, behind=20):
        assert 100 < len(review.words) < 300
        assert not set(review.words[60:]) & SAID
    with pytest.raises(GrammarError, match="without an opinion"):
        ReviewWorld(SMALL).sample(1, 0, behind=1)


def test_a_typed_review_has_the_words_of_a_drawn_one():
    for review in MANY[:3000]:
        assert tuple(tokenize(review.text)) == review.words
        assert not re.search(r"\s[.,;!]|@ |# |: [()/]$|\s\s", review.text)


# What an opinion is worth, written down once more.
STRONG = (
    {"lovely", "wonderful", "excellent", "great", "delicious"},
    {"awful", "terrible", "dreadful", "horrible", "disgusting"},
)
PLAIN = (
    {"good", "nice", "pleasant", "clean", "spacious", "tidy", "bright", "tasty", "flavourful", "friendly", "helpful",
     "polite", "attentive", "quiet", "pretty", "relaxing", "refreshing", "affordable", "fair", "reasonable", "modest"},
    {"bad", "unpleasant", "disappointing", "dirty", "cramped", "shabby", "dark", "bland", "overcooked", "tasteless",
     "rude", "careless", "unfriendly", "impatient", "noisy", "crowded", "ugly", "watery", "overpriced", "steep",
     "excessive", "unreasonable"},
)  # fmt: skip
SAID = set().union(*STRONG, *PLAIN)
NOT = {"not", "far"}


def verdict(words):
    """1 or -1: of an opinion with what stands before it."""
    adjective = words[-1]
    sign = 1 if adjective in STRONG[0] | PLAIN[0] else -1
    return -sign if NOT & set(words[:-1]) else sign


def opinions(words):
    """Where the opinions of a text stand: [(first, last)]."""
    before = {"very", "rather", "not", "at", "all", "really", "absolutely", "far", "from"}
    found = []
    for last, word in enumerate(words):
        if word in SAID:
            first = last
            while words[first - 1] in before and first:
                first -= 1
            found.append((first, last))
    return found


def read(review):
    """The verdict of a review and the places of the opinion that decides, by a reader who knows English only."""
    text, found = review.words, opinions(review.words)
    joined = " ".join(text)
    aside = re.search(
        r"(heard that it was|online looked|next door was|next door looked|at the bar called it|elsewhere had been|"
        r"calls the neighbourhood|before was|had told me it was|had read it was) ", joined + " ")  # fmt: skip
    if aside:
        start = len(joined[: aside.end()].split())
        found = [(i, j) for i, j in found if i != start]

    def behind(words):
        place = len(re.split(rf"(?<!\S){words}(?!\S)", joined)[0].split())
        return next((i, j) for i, j in found if i > place)

    kind = review.construction
    if kind == "plain":
        best = found[0]
    elif kind == "but":
        best = behind("but")
    elif kind == "although":
        cut = text.index("although" if "although" in text else "though")
        first_clause = [f for f in found if f[0] < cut]
        best = first_clause[0] if first_clause else found[1]
    elif kind == "speaker":
        best = behind("[Ii] found")
    elif kind == "time":
        best = behind("now")
    elif kind == "summary":
        best = behind("overall|=")
    else:
        ((_, last),) = found
        denied = re.search(r"\b(it|they) (is|are) not\b", joined)
        said = verdict((text[last],))
        return (-said if denied else said), (last,)
    return verdict(text[best[0] : best[1] + 1]), tuple(range(best[0], best[1] + 1))


def test_a_reader_of_english_comes_to_the_same_verdict():
    """By rules that know nothing of the grammar's scores."""
    for review in MANY[:8000]:
        sign, places = read(review)
        assert sign == (1 if review.score > 0 else -1), review.text
        assert set(places) <= set(review.deciding), review.text
        more = [review.words[i] for i in set(review.deciding) - set(places)]
        assert more == (["not"] if review.construction == "reported" and more else []), review.text


CUES = {
    "plain": (), "but": ("but",), "although": ("although", "though"), "speaker": ("I", "i"), "time": ("now",),
    "reported": ("not",), "summary": ("overall", "="),
}  # fmt: skip


def test_the_words_are_told_that_say_which_opinion_decides():
    for review in MANY[:4000]:
        said = [review.words[i] for i in review.cues]
        assert set(said) <= set(CUES[review.construction]) and not set(review.cues) & set(review.deciding)
        denied = review.construction == "reported" and len(review.deciding) == 2  # "it is not" decides itself
        assert len(said) == (review.construction != "plain" and not denied), review.text


def test_an_aside_is_told():
    for review in MANY[:3000]:
        inside = 2 if review.construction in ("but", "although", "speaker", "time") else 1
        if review.construction != "summary":
            assert review.aside == (len(opinions(review.words)) > inside), review.text


def test_the_same_words_carry_either_verdict():
    pairs = same_bag(MANY)
    assert len(pairs) >= 5
    for one, other in pairs:
        assert sorted(one.words) == sorted(other.words) and one.score > 0 > other.score
    clear = [min(one.score, -other.score) for one, other in pairs]
    assert clear == sorted(clear, reverse=True) and clear[0] > 1.2


PLURAL = (
    "staff|receptionists|porters|owners|prices|rates|waiters|waitresses|bartenders|hosts|drinks|cocktails|wines|juices"
)
MEAL = "breakfast|lunch|dinner|food|soup|fish|pasta|stew|steak|curry"
SPOT = "pool|garden|terrace|lounge|courtyard|balcony|veranda|patio"
SINGULAR = f"room|bathroom|suite|bedroom|{MEAL}|{SPOT}"
OF = {
    "clean|spacious|tidy|bright|dirty|cramped|shabby|dark": "room|bathroom|suite|bedroom",
    "tasty|flavourful|bland|overcooked|tasteless|delicious|disgusting": MEAL,
    "friendly|helpful|polite|attentive|rude|careless|unfriendly|impatient":
        "staff|receptionists|porters|owners|waiters|waitresses|bartenders|hosts",
    "quiet|pretty|relaxing|noisy|crowded|ugly": SPOT,
    "refreshing|affordable|watery|overpriced": "drinks|cocktails|wines|juices",
    "fair|reasonable|modest|steep|excessive|unreasonable": "prices|rates",
}  # fmt: skip
ANY = "|".join(SAID)
FAULTS = {  # kind: what must not be found, an example
    "the rooms was": (rf"\b({PLURAL}) (was|is)\b|\b({SINGULAR}) (were|are)\b", "the rates was steep ."),
    "it for many, they for one": (
        rf"\b({PLURAL}) (was|were|is|are|found)?[^.]*[.,] (but |now |last year |well )?(it|they say it) (is|was)\b|"
        rf"\b({SINGULAR}) [^.]*[.,] (but |now |last year |well )?they (is|are|was|were)\b",
        "last year the rates were bad . now it is good ."),
    "they is": (r"\bthey (is|was)\b|\bit (are|were)\b", "they is not ."),
    "a before a vowel, an before none": (r"\ba [aeio]|\ban [^aeiou ]", "a awful stay"),
    "last year it is": (r"last year [\w ]*\b(is|are)\b|\bnow [\w ]*\b(was|were)\b", "last year it is nice ."),
    "a word twice": (r"\b(\w+) \1\b", "the the room was good ."),
    "very lovely": (
        rf"\b(very|rather|not|all) ({'|'.join(STRONG[0] | STRONG[1])})\b"
        r"(?! [,.]? ?(but |well )?\w* ?(it|they) (is|are))",
        "the room was very lovely ."),
    "really good": (rf"\b(really|absolutely|far from) ({'|'.join(PLAIN[0] | PLAIN[1])})\b", "it was absolutely good ."),
    "the same noun twice": (rf"\b({PLURAL}|{SINGULAR})\b.*\b\1\b", "the room was good but the room was bad ."),
    "two of one name": (r"@ (\w+) .*@ \1 had\b", "hi @ anna ! @ anna had told me it was good ."),
    "a small i in a review": (r"(?=.*\bI\b).*\bi\b", "I think i am ."),
}  # fmt: skip
for _adjectives, _nouns in OF.items():
    FAULTS[f"only {_nouns.split('|')[0]} is {_adjectives.split('|')[0]}"] = (
        rf"\bthe (?!(?:{_nouns})\b)\w+ (was|were|is|are) (not |very |rather |not at all |not very )?({_adjectives})\b|"
        rf"[:,+-] ({_adjectives}) (?!(?:{_nouns})\b)\w+",
        f"the sky was {_adjectives.split('|')[0]} .",
    )


@pytest.mark.parametrize("kind", FAULTS)
def test_faults_a_reader_would_mark(kind):
    """Looked for without the grammar in thousands of reviews."""
    pattern, example = FAULTS[kind]
    assert re.search(pattern, example)
    for review in MANY[:6000]:
        joined = " ".join(review.words)
        assert not re.search(pattern, joined), review.text


# -- the user's own grammar --------------------------------------------------------------------------------------------

WRONG = {  # what is wrong: what is replaced in SMALL, by what, what the sentence says
    "no TOML": ("good = 1", "good = = 1", "not valid TOML"),
    "an odd table": ("[texts]", "[text]", "[text]"),
    "a weight of 0": ("review = 1", "review = 0", "registers.review"),
    "a weight that is a word": ("review = 1", 'review = "often"', "registers.review"),
    "a factor of 0": ('"" = [1, 1]', '"" = [1, 1]\nvery = [0, 1]', "[degrees.plain], 'very'"),
    "nothing before a word": ('"" = [1, 1]', "very = [1, 1]", "[degrees.plain]"),
    "a strength of 0": ("bad = -1", "bad = 0", "'bad'"),
    "a strength that is no number": ("bad = -1", "bad = nan", "'bad'"),
    "no such degree": ("[opinions.any.plain]", "[opinions.any.strong]", "[opinions.any.strong]"),
    "no such opinions": ('opinions = ["any"]', 'opinions = ["all"]', "[opinions.all]"),
    "no opinion of one verdict": ("bad = -1", "bad = 1", "both verdicts"),
    "no number": ('number = "plural"', 'number = "many"', "[kinds.cook]"),
    "no such kind": ('kinds = ["room", "cook"]', 'kinds = ["room", "cow"]', "[kinds.cow]"),
    "too few kinds": ('kinds = ["room", "cook"]', 'kinds = ["room"]', "2 nouns"),
    "a slot that is glued": ("{B.was} {b!}", "{B.was} {b!}.", "put a space"),
    "no such form": ("{B.was}", "{B.has}", "{B.has}"),
    "no such list": ("but the", "but {town} the", "{town}"),
    "nothing decides": ("{b!}", "{b}", "decides"),
    "two decide": ("{a:opposite}", "{a!}", "decides"),
    "an odd flag": ("{a:opposite}", "{a:often}", "{a:often}"),
    "opposite to itself": ("{b!}", "{b!:opposite}", "{b!:opposite}"),
    "a letter twice": ("{a:opposite}", "{b:opposite}", "stands twice"),
    "an opinion on nothing": ("{b!}", "{c!}", "C"),
    "factor 0 in a text": ("{b!}", "{b!*0}", "factor of 0"),
    "no core": ('review = ["CORE"]', 'review = ["PART"]', "CORE once"),
    "no such part": ('review = ["CORE"]', 'review = ["PART CORE"]', "[parts.PART.review]"),
    "an odd register": ("[constructions.but]", "[constructions.but]\npost = []", "post"),
    "an empty text": ('"the {A} {A.was} {a:opposite} but the {B} {B.was} {b!}"', '""', "[constructions.but], review"),
    "no text": ('["the {A} {A.was} {a:opposite} but the {B} {B.was} {b!}"]', "[]", "[constructions.but], review"),
    "a list that is none": ('nouns = ["room"]', 'nouns = "room"', "[kinds.room]"),
    "an empty noun": ('nouns = ["room"]', 'nouns = [" "]', "[kinds.room]"),
    "a part that wants the verdict":
        ("[texts]", '[parts.P.review]\nany = ["so {x:opposite@room}"]\n[texts]', "P does not"),
    "an odd subject": ("[texts]", '[parts.P.review]\nbar = ["so"]\n[texts]', "[parts.P.review], bar"),
    "parts that are a list": ("[texts]", '[parts]\nP = ["so"]\n[texts]', "[parts.P]"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_in_a_grammar_is_told_in_a_sentence(mistake, tmp_path):
    before, after, told = WRONG[mistake]
    assert SMALL.count(before) >= 1
    (tmp_path / "mine.toml").write_text(SMALL.replace(before, after), encoding="utf-8")
    with pytest.raises(GrammarError) as caught:
        ReviewWorld.from_file(tmp_path / "mine.toml")
    message = str(caught.value)
    assert "mine.toml" in message and told in message and message.endswith(".") and "\n" not in message


def test_no_table_may_be_missing_or_of_another_kind():
    for name in re.findall(r"(?m)^\[([\w.]+)\]", SMALL):
        part = re.search(rf"(?ms)^\[{re.escape(name)}\]\n.*?(?=^\[|\Z)", SMALL)[0]
        for other in ("", f"[{name}]\n", part.replace("[", "[[", 1).replace("]", "]]", 1)):
            with pytest.raises(GrammarError):
                ReviewWorld(SMALL.replace(part, other)).sample(1, 0)


WHOLE = SMALL.replace(
    'kinds = ["room", "cook"]', 'kinds = ["room", "cook"]\nwords = { stay = "stay" }\nweight = 2'
).replace("[texts]", '[lists]\ncity = ["rome", "oslo"]\n[parts.START.review]\nany = ["2: from {city}"]\n[texts]')


@pytest.mark.parametrize("line", [line for line in WHOLE.splitlines() if " = " in line])
def test_a_value_of_another_kind_is_used_or_told(line):
    """Nothing but a GrammarError, or a world that can be drawn from and knows what is true."""
    assert ReviewWorld(WHOLE).sample(3, 0)
    name, told = line.split(" = ")[0], 0
    for odd in (
        "0",
        "1",
        "-1",
        '""',
        '"x"',
        "true",
        "[]",
        "[1]",
        '["x"]',
        "[[]]",
        "{}",
        "{ x = 1 }",
        "[1, 0]",
        "inf",
        "[{}]",
    ):
        try:
            world = ReviewWorld(WHOLE.replace(line, f"{name} = {odd}"))
            assert world.sample(3, 0) and world.truth and world.bag_accuracy and world.lengths
        except GrammarError as error:
            assert str(error).endswith(".") and "\n" not in str(error)
            told += 1
    assert told >= 9


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(GrammarError, match="none.toml"):
        ReviewWorld.from_file(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes("é".encode("latin-1"))
    with pytest.raises(GrammarError, match="UTF-8"):
        ReviewWorld.from_file(tmp_path / "latin.toml")


def test_a_grammar_of_ones_own_is_used(tmp_path):
    (tmp_path / "mine.toml").write_text(SMALL, encoding="utf-8")
    world = ReviewWorld.from_file(tmp_path / "mine.toml")
    assert {r.text for r in world.sample(100, 0)} == {
        f"the {a} {b} {x} but the {c} {d} {y}"
        for (a, b), (c, d) in ((("room", "was"), ("cooks", "were")), (("cooks", "were"), ("room", "was")))
        for x, y in (("good", "bad"), ("bad", "good"))
    }
    an = ReviewWorld(SMALL.replace("{B.was} {b!}", "{B.was} a {b!} one").replace("bad = -1", "awful = -1"))
    texts = {r.text for r in an.sample(100, 0)}
    assert any("an awful one" in t for t in texts) and any("a good one" in t for t in texts)
    assert not any("a awful" in t or "an good" in t for t in texts)


def test_the_best_decision_agrees_with_itself():
    score = np.array([r.score for r in MANY])
    assert agreement(score, [r.p_good for r in MANY]) == 1.0
    assert agreement(-score, [r.p_good for r in MANY]) == 0.0

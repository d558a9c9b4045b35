"""Short reviews of hotels and restaurants, each with its true probability of a good verdict and the words that decide.

The grammar is `reviews.toml`, beside this file; how to read it is said at its top. One opinion in each review decides:
what follows a "but", the main clause beside an "although", what is so now, what the speaker finds. Its score, the
strength of the word times the factor of what stands before it, is the log odds of a good verdict, which is drawn with
probability sigmoid(score). All other opinions count for nothing.

What is known of the world is exact, by enumeration: what the best possible reader reaches, and what the best reader
reaches that sees only how often each word stands in a review.
"""

import itertools
import math
import random
import re
import tomllib
from collections import defaultdict
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

from course_lib.worlds.grammar import GrammarError

GRAMMAR_FILE = Path(__file__).with_name("reviews.toml")
CORE = "CORE"
FORMS = {"was": ("was", "were"), "is": ("is", "are"), "it": ("it", "they"), "them": ("it", "them")}
_WEIGHT = re.compile(r"(\d+(?:\.\d+)?):\s+")
_NOUN = re.compile(r"([A-Z])(?:\.(\w+))?")
_OPINION = re.compile(r"([a-z])(!?)(?:\*(-?\d+(?:\.\d+)?))?(?::([a-z]+(?:,[a-z]+)*))?(?:@(\w+))?")
_FLAGS = {"good", "bad", "opposite", "same", "bare"}
_TOKEN = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
_JOINED = re.compile(r" ([.,;?!]|:(?! [()/]))|(?<=[@#]) |(?<=:) (?=[()/])")


def spell(words) -> str:
    """Words as they are printed: no space before a full stop, nor inside of @anna, #lisbon and :)."""
    return _JOINED.sub(lambda found: found[1] or "", " ".join(words))


class Review(NamedTuple):
    """A review and what is true of it.

    words: its tokens. construction, register, subject: as the grammar names them. score: the log odds of a good
    verdict, nats. deciding: the places of the words that decide, from 0. cues: the places of words that tell which
    opinion decides, such as a "but". aside: whether it has opinions around the construction, which do not count. good:
    the verdict that was drawn.
    """

    words: tuple[str, ...]
    construction: str
    register: str
    subject: str
    score: float
    deciding: tuple[int, ...]
    cues: tuple[int, ...]
    aside: bool
    good: bool

    @property
    def text(self) -> str:
        """As it is printed."""
        return spell(self.words)

    @property
    def p_good(self) -> float:
        """The true probability of a good verdict, sigmoid(score)."""
        return _sigmoid(self.score)


class Truth(NamedTuple):
    """What can be reached on reviews. All exact, by enumeration of every score.

    accuracy: of the best possible decision. nats: the entropy of the verdict of a review that was read, the floor under
    every cross-entropy. p_good: the share of good verdicts. share: of these reviews among all.
    """

    accuracy: float
    nats: float
    p_good: float
    share: float


def _sigmoid(score):
    return 1 / (1 + math.exp(-score)) if score >= 0 else math.exp(score) / (1 + math.exp(score))


def _begins_with_vowel(word):
    return word[0] in "aeiouAEIOU"


class _Opinion(NamedTuple):
    """A slot: which verdict it speaks for, good, bad, opposite, same or any; target: a noun's letter or a kind."""

    decides: bool
    factor: float
    verdict: str | None
    bare: bool
    target: str


class _Item(NamedTuple):
    """A piece of a text. what: word, an, noun, form, list, subject or opinion. mark: of a word, "!" or "^"."""

    what: str
    name: str
    form: str = ""
    mark: str = ""


class _Text(NamedTuple):
    """One text of the grammar: nouns, its letters for them; opinions, {letter: slot}; origin, the list it is from."""

    items: tuple
    nouns: tuple
    opinions: dict
    entry: str
    origin: str


class ReviewWorld:
    """Draws reviews, and knows what any reader of them can reach."""

    def __init__(self, grammar: str | None = None):
        """grammar: TOML as in reviews.toml, which is taken if it is left out. GrammarError names what is wrong."""
        self.path = GRAMMAR_FILE.name if grammar is None else "the grammar"
        text = GRAMMAR_FILE.read_text(encoding="utf-8") if grammar is None else grammar
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise self._error("", f"is not valid TOML: {error}. Mend that line") from None
        self._read_words(data)
        self._read_texts(data)
        self._check_opinions()
        settings = list(itertools.product(self.registers, self.subjects))
        weights = [self.registers[r] * self.subjects[s]["weight"] for r, s in settings]
        self._settings = dict(zip(settings, _shares(weights), strict=True))

    @classmethod
    def from_file(cls, path) -> "ReviewWorld":
        """Read a grammar file. GrammarError says what is wrong in it, and where."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise GrammarError(
                f"cannot read the grammar {path} ({getattr(error, 'strerror', None) or 'it is not UTF-8'}): check it."
            ) from None
        try:
            return cls(text)
        except GrammarError as error:
            raise GrammarError(str(error).replace("the grammar", str(path), 1)) from None

    # -- reading the grammar ---------------------------------------------------------------------------------------

    def _error(self, entry, what):
        return GrammarError(f"{self.path}{', ' + entry if entry else ''}: {what}.")

    def _table(self, data, name, entry=None):
        """data[name], a table with something in it."""
        found = data.get(name)
        if not isinstance(found, dict) or not found:
            raise self._error(entry or f"[{name}]", "expected a table with one entry or more, got none")
        return found

    def _number(self, value, entry, what="a weight above 0", least=0.0):
        good = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not good or value <= least:
            raise self._error(entry, f"expected {what}, got {value!r}")
        return float(value)

    def _phrase(self, text, entry):
        """A word or several, as tokens."""
        if not isinstance(text, str) or not _TOKEN.findall(text) or "{" in text:
            raise self._error(entry, f"expected a word or several, got {text!r}")
        return tuple(_TOKEN.findall(text))

    def _names(self, names, entry, key):
        """Names, each once."""
        good = isinstance(names, list) and names and all(isinstance(name, str) for name in names)
        if not good or len(set(names)) < len(names):
            raise self._error(entry, f'expected a line such as {key} = ["one", "two"], each once, got {names!r}')
        return names

    def _phrases(self, texts, entry):
        if not isinstance(texts, list) or not texts:
            raise self._error(entry, f'expected a list such as ["one", "two"], got {texts!r}')
        return [self._phrase(text, entry) for text in texts]

    def _read_words(self, data):
        known = {"registers", "subjects", "kinds", "opinions", "degrees", "lists", "texts", "parts", "constructions"}
        if odd := sorted(set(data) - known):
            raise self._error(f"[{odd[0]}]", f"there is no such table; expected {', '.join(sorted(known))}")
        registers = self._table(data, "registers")
        self.registers = {name: self._number(value, f"registers.{name}") for name, value in registers.items()}
        self._degrees = {}
        for grade in self._table(data, "degrees"):
            entry = f"[degrees.{grade}]"
            self._degrees[grade] = []
            for before, value in self._table(data["degrees"], grade, entry).items():
                if not isinstance(value, list) or len(value) != 2 or value[0] == 0:
                    raise self._error(f"{entry}, {before!r}", f"expected [factor, weight], no factor 0, got {value!r}")
                factor = self._number(value[0], f"{entry}, {before!r}", "a number as factor", -math.inf)
                words = self._phrase(before, entry) if before else ()
                self._degrees[grade].append((words, factor, self._number(value[1], f"{entry}, {before!r}")))
            if () not in [words for words, *_ in self._degrees[grade]]:
                raise self._error(entry, 'expected a line "" = [1, 1], for nothing before the word')
        self._adjectives = {}
        for name in self._table(data, "opinions"):
            self._adjectives[name] = []
            for grade, words in self._table(data["opinions"], name, f"[opinions.{name}]").items():
                entry = f"[opinions.{name}.{grade}]"
                if grade not in self._degrees or not isinstance(words, dict):
                    raise self._error(entry, f"expected one of [degrees], {', '.join(self._degrees)}, with words below")
                for word, strength in words.items():
                    value = self._number(strength, f"{entry}, {word!r}", "a strength", -math.inf)
                    if value == 0:
                        raise self._error(f"{entry}, {word!r}", "a strength of 0 speaks for nothing: give it a sign")
                    self._adjectives[name].append((self._phrase(word, entry), value, grade))
        self.kinds = {}
        for name, kind in self._table(data, "kinds").items():
            entry = f"[kinds.{name}]"
            kind = self._table(data["kinds"], name, entry)
            for asked in self._names(kind.get("opinions"), entry, "opinions"):
                if asked not in self._adjectives:
                    raise self._error(entry, f"there is no [opinions.{asked}]")
            nouns = self._phrases(kind["nouns"], entry) if "nouns" in kind else []
            if nouns and kind.get("number") not in ("singular", "plural"):
                raise self._error(entry, f'expected number = "singular" or "plural", got {kind.get("number")!r}')
            self.kinds[name] = {"opinions": kind["opinions"], "nouns": nouns, "plural": kind.get("number") == "plural"}
        self.subjects = {}
        for name in self._table(data, "subjects"):
            entry = f"[subjects.{name}]"
            subject = self._table(data["subjects"], name, entry)
            kinds = self._names(subject["kinds"], entry, "kinds") if "kinds" in subject else []
            for kind in kinds:
                if kind not in self.kinds or not self.kinds[kind]["nouns"]:
                    raise self._error(entry, f"there is no [kinds.{kind}] with nouns")
            words = self._table(subject, "words", entry) if "words" in subject else {}
            said = {key: self._phrase(value, entry) for key, value in words.items()}
            weight = self._number(subject.get("weight", 1), entry)
            self.subjects[name] = {"kinds": kinds, "words": said, "weight": weight}
        lists = self._table(data, "lists") if "lists" in data else {}
        self._lists = {name: self._phrases(value, f"[lists], {name}") for name, value in lists.items()}
        if short := [name for name in self._lists if len(name) < 2]:
            raise self._error(f"[lists], {short[0]}", "a list's name has two letters or more")

    def _read_texts(self, data):
        """The orders of parts, the parts' texts and the constructions', by (register, subject)."""
        self._parts, self._orders, self._cores = {}, {}, {}
        settings = list(itertools.product(self.registers, self.subjects))
        for name, by_register in (self._table(data, "parts") if "parts" in data else {}).items():
            if not isinstance(by_register, dict) or not all(isinstance(by_register[r], dict) for r in by_register):
                raise self._error(f"[parts.{name}]", "expected tables by register, with texts by subject")
            for register, by_subject in by_register.items():
                for subject in by_subject:
                    if register not in self.registers or subject not in ("any", *self.subjects):
                        raise self._error(f"[parts.{name}.{register}], {subject}", "no such register or subject")
            for register, subject in settings:
                found = []
                for which in ("any", subject):
                    entry = f"[parts.{name}.{register}], {which}"
                    lines = by_register.get(register, {}).get(which, [])
                    found += self._texts(lines, entry, subject) if lines else []
                self._parts[name, register, subject] = found
        orders = self._table(data, "texts")
        for register in self.registers:
            entry = f"[texts], {register}"
            lines = [self._weighted(line, entry) for line in self._lines(orders.get(register), entry)]
            self._orders[register] = [(weight, tuple(line.split())) for weight, line in lines]
            for _, parts in self._orders[register]:
                if parts.count(CORE) != 1:
                    raise self._error(entry, f"expected CORE once in {' '.join(parts)!r}")
                for part, subject in itertools.product(parts, self.subjects):
                    if part != CORE and not self._parts.get((part, register, subject)):
                        raise self._error(entry, f"there is no text of [parts.{part}.{register}] for a {subject}")
        self.constructions = list(self._table(data, "constructions"))
        for register, subject in settings:
            cores = self._cores[register, subject] = []
            for name in self.constructions:
                table = self._table(data["constructions"], name, f"[constructions.{name}]")
                entry, weight = f"[constructions.{name}]", self._number(table.get("weight", 1), f"constructions.{name}")
                if odd := [key for key in table if key not in ("weight", *self.registers)]:
                    raise self._error(entry, f"{odd[0]} is neither weight nor a register")
                if register not in table:
                    continue
                texts = self._texts(table[register], f"{entry}, {register}", subject)
                for text in texts:
                    if sum(slot.decides for slot in text[1].opinions.values()) != 1:
                        raise self._error(text[1].entry, "expected one opinion that decides, such as {a!}")
                total = sum(w for w, _ in texts)
                cores += [(weight * w / total, name, text) for w, text in texts]
            if not cores:
                raise self._error("[constructions]", f"there is no text for the register {register}")
        for (name, *_), texts in self._parts.items():
            for _, text in texts:
                if text.nouns or any(s.decides or s.verdict in ("opposite", "same") for s in text.opinions.values()):
                    raise self._error(
                        text.entry, f"{name} does not know what decides: no {{A}}, {{a!}}, opposite, same"
                    )

    def _lines(self, lines, entry):
        if not isinstance(lines, list) or not lines or not all(isinstance(line, str) and line for line in lines):
            raise self._error(entry, f'expected a list of texts such as ["3: …", "…"], got {lines!r}')
        return lines

    def _weighted(self, line, entry):
        match = _WEIGHT.match(line)
        return (self._number(float(match[1]), entry), line[match.end() :]) if match else (1.0, line)

    def _texts(self, lines, entry, subject):
        """[(weight, _Text), …]"""
        weighted = [self._weighted(line, entry) for line in self._lines(lines, entry)]
        return [(weight, self._text(line, entry, subject)) for weight, line in weighted]

    def _text(self, line, origin, subject):
        entry = f"{origin}, {line!r}"
        items, nouns, opinions = [], {}, {}
        for piece in line.split():
            inside = re.fullmatch(r"\{(.*)\}", piece)
            if not inside and ("{" in piece or "}" in piece):
                raise self._error(entry, f"{piece}: a slot is a word by itself; put a space before and behind it")
            if not inside:
                mark = piece[-1] if len(piece) > 1 and piece[-1] in "!^" else ""
                items += [_Item("word", word, mark=mark) for word in _TOKEN.findall(piece.removesuffix(mark))]
                continue
            name = inside[1]
            if match := _NOUN.fullmatch(name):
                letter, form = match.groups()
                if form and form not in FORMS:
                    raise self._error(entry, f"{piece}: expected one of {', '.join(FORMS)} behind the point")
                nouns[letter] = True
                items.append(_Item("form" if form else "noun", letter, form or ""))
            elif match := _OPINION.fullmatch(name):
                if match[1] in opinions:
                    raise self._error(entry, f"{{{match[1]}}} stands twice: take another letter")
                opinions[match[1]] = self._slot(match, piece, entry)
                items.append(_Item("opinion", match[1]))
            elif name.startswith("subject.") and name[8:] in self.subjects[subject]["words"]:
                items.append(_Item("subject", name[8:]))
            elif name in self._lists:
                items.append(_Item("list", name))
            else:
                raise self._error(entry, f"{piece}: there is no such noun, opinion or list")
        if not items:
            raise self._error(entry, "expected a text, got nothing")
        for slot in opinions.values():
            if slot.target not in nouns and slot.target not in self.kinds:
                raise self._error(entry, f"an opinion on {slot.target}: there is no such noun in the text, nor a kind")
        if len(nouns) > len(self.subjects[subject]["kinds"]):
            raise self._error(entry, f"it has {len(nouns)} nouns, but a {subject} has fewer kinds of things")
        for i, after in enumerate(items[1:]):
            if items[i][:2] == ("word", "a") and after.what in ("opinion", "list", "noun", "subject"):
                items[i] = _Item("an", "a")
        return _Text(tuple(items), tuple(nouns), opinions, entry, origin)

    def _slot(self, match, piece, entry):
        letter, decides, factor, flags, target = match.groups()
        flags = set(flags.split(",")) if flags else set()
        verdicts = flags - {"bare"}
        if not flags <= _FLAGS or len(verdicts) > 1 or (decides and verdicts & {"opposite", "same"}):
            raise self._error(entry, f"{piece}: expected bare, and one of good, bad, opposite, same (not with !)")
        if factor and float(factor) == 0:
            raise self._error(entry, f"{piece}: a factor of 0 would make it decide nothing")
        verdict = verdicts.pop() if verdicts else None
        return _Opinion(bool(decides), float(factor or 1), verdict, "bare" in flags, target or letter.upper())

    def _check_opinions(self):
        """Whether each opinion that may be asked for can be said."""
        for (register, subject), cores in self._cores.items():
            parts = [
                text for (_, r, s), texts in self._parts.items() if (r, s) == (register, subject) for _, text in texts
            ]
            for text in (*parts, *(text for *_, text in cores)):
                for slot in text.opinions.values():
                    for kind in self.subjects[subject]["kinds"] if slot.target in text.nouns else [slot.target]:
                        signs = {"good": [1], "bad": [-1]}.get(slot.verdict, [1, -1])
                        if not all(self._said(kind, slot.factor, slot.bare, sign)[0] for sign in signs):
                            raise self._error(text.entry, f"[kinds.{kind}] has no such opinion for both verdicts")

    # -- drawing ---------------------------------------------------------------------------------------------------

    @cache  # noqa: B019 - a world lives as long as its cache
    def _said(self, kind, factor, bare, sign):
        """Opinions on a kind of things that speak for a verdict: ([(words, score)], cumulative weights)."""
        found, weights = [], []
        for name in self.kinds[kind]["opinions"]:
            for word, strength, grade in self._adjectives[name]:
                for before, times, weight in self._degrees[grade]:
                    score = strength * times * factor
                    if score * sign > 0 and not (bare and before):
                        found.append(((*before, *word), score))
                        weights.append(weight)
        return found, list(itertools.accumulate(weights))

    @cached_property
    def _plans(self):
        """What `sample` draws from, as (things, cumulative weights)."""

        def plan(weighted):
            weights, *things = zip(*weighted, strict=True)
            return list(zip(*things, strict=True)), list(itertools.accumulate(weights))

        orders = {register: plan(lines) for register, lines in self._orders.items()}
        parts = {key: plan(texts) for key, texts in self._parts.items() if texts}
        cores = {key: plan(texts) for key, texts in self._cores.items()}
        return list(self._settings), list(itertools.accumulate(self._settings.values())), orders, parts, cores

    def sample(self, count: int, seed: int, behind: int = 0) -> list[Review]:
        """`count` reviews, each with a verdict drawn with its true probability. The same seed gives the same reviews.

        behind: so many sentences more stand behind each, without an opinion; what decides stays the same. GrammarError
        if the grammar has no such sentences.
        """
        rng = random.Random(seed)
        return [self._draw(rng, behind) for _ in range(count)]

    def _draw(self, rng, behind):
        settings, running, orders, parts, cores = self._plans
        register, subject = setting = rng.choices(settings, cum_weights=running)[0]
        lines, running = orders[register]
        words, deciding, cues, aside, score = [], (), (), False, 0.0
        for part in rng.choices(lines, cum_weights=running)[0][0]:
            if part == CORE:
                texts, running = cores[setting]
                construction, text = rng.choices(texts, cum_weights=running)[0]
                score, deciding, cues = self._say(text, subject, rng, words)
            else:
                texts, running = parts[part, register, subject]
                text = rng.choices(texts, cum_weights=running)[0][0]
                aside = aside or bool(text.opinions)
                self._say(text, subject, rng, words)
        if behind:
            for text in rng.choices(self._neutral(register, subject), k=behind):
                self._say(text, subject, rng, words)
        good = rng.random() < _sigmoid(score)
        return Review(tuple(words), construction, register, subject, score, deciding, cues, aside, good)

    @cache  # noqa: B019
    def _neutral(self, register, subject):
        found = [text for key, texts in self._parts.items() if key[1:] == (register, subject) for _, text in texts]
        found = [text for text in found if not text.opinions]
        if not found:
            raise self._error("[parts]", f"there is no text without an opinion for {register}, {subject}")
        return found

    def _say(self, text, subject, rng, words):
        """Say a text behind `words` -> the score of what decides, the places of its words and of cues."""
        score, places, opinions, article = 0.0, {"!": [], "^": []}, text.opinions, False
        if text.nouns:
            letters, running = self._letters(subject, text.nouns)
            kinds = rng.choices(letters, cum_weights=running)[0]
        verdict = 0
        for slot in opinions.values():
            if slot.decides:
                verdict = 1 if slot.verdict == "good" else -1 if slot.verdict == "bad" else rng.choice((1, -1))
        for what, name, form, mark in text.items:
            if what == "word":
                if mark:
                    places[mark].append(len(words))
                words.append(name)
                continue
            if what == "form":
                words.append(FORMS[form][self.kinds[kinds[name]]["plural"]])
                continue
            if what == "an":
                article = True
                continue
            if what == "opinion":
                slot = opinions[name]
                sign = verdict if slot.decides else _sign(slot.verdict, verdict) or rng.choice((1, -1))
                kind = kinds[slot.target] if slot.target in text.nouns else slot.target
                options, running = self._said(kind, slot.factor, slot.bare, sign)
                said, value = rng.choices(options, cum_weights=running)[0]
            elif what == "noun":
                said = rng.choice(self.kinds[kinds[name]]["nouns"])
            elif what == "list":
                said = rng.choice(self._lists[name])
            else:
                said = self.subjects[subject]["words"][name]
            if article:
                words.append("an" if _begins_with_vowel(said[0]) else "a")
                article = False
            if what == "opinion" and slot.decides:
                score = value
                places["!"] += range(len(words), len(words) + len(said))
            words += said
        return score, tuple(places["!"]), tuple(places["^"])

    @cache  # noqa: B019
    def _letters(self, subject, nouns):
        """Which kinds the letters of a text may stand for: [{letter: kind}], cumulative weights."""
        ways = itertools.permutations(self.subjects[subject]["kinds"], len(nouns))
        found = [dict(zip(nouns, kinds, strict=True)) for kinds in ways]
        return found, list(range(1, len(found) + 1))

    # -- what is true ----------------------------------------------------------------------------------------------

    @cached_property
    def truth_by_construction(self) -> dict[str, Truth]:
        """What can be reached on the reviews of each construction."""
        scores = {name: defaultdict(float) for name in self.constructions}
        for setting, share in self._settings.items():
            cores = self._cores[setting]
            for (_, name, text), chance in zip(cores, _shares([w for w, *_ in cores]), strict=True):
                ways = self._letters(setting[1], text.nouns)[0] if text.nouns else [{}]
                slot = next(slot for slot in text.opinions.values() if slot.decides)
                signs = {"good": [1], "bad": [-1]}.get(slot.verdict, [1, -1])
                for kinds, sign in itertools.product(ways, signs):
                    options, running = self._said(kinds.get(slot.target, slot.target), slot.factor, slot.bare, sign)
                    for (_, score), p in zip(options, _shares(_differences(running)), strict=True):
                        scores[name][score] += share * chance * p / len(ways) / len(signs)
        return {name: _truth(found) for name, found in scores.items() if found}

    @cached_property
    def truth(self) -> Truth:
        """What can be reached on all reviews."""
        parts = self.truth_by_construction.values()
        accuracy, nats, p_good = (math.fsum(part[i] * part.share for part in parts) for i in range(3))
        return Truth(accuracy, nats, p_good, math.fsum(part.share for part in parts))

    @cached_property
    def bag_accuracy(self) -> float:
        """The share of verdicts that the best reader gets right that sees only how often each word stands in a review.

        Exact: for every multiset of words, the more probable verdict, by enumeration. Words that no reader of a bag
        could use to tell verdicts apart are one in it (see `_Bags`).
        """
        return _Bags(self).accuracy()

    @cached_property
    def lengths(self) -> tuple[int, int]:
        """The words of the shortest and of the longest review."""
        short, long = [], []
        for register, subject in self._settings:
            reach = {CORE: self._reach([text for *_, text in self._cores[register, subject]], subject)}
            for _, parts in self._orders[register]:
                for part in parts:
                    texts = [text for _, text in self._parts.get((part, register, subject), [])]
                    reach[part] = reach.get(part) or self._reach(texts, subject)
                short.append(sum(reach[part][0] for part in parts))
                long.append(sum(reach[part][1] for part in parts))
        return min(short), max(long)

    def _reach(self, texts, subject):
        """The fewest and the most words of texts."""
        ends = []
        for text, end in itertools.product(texts, (min, max)):
            best = []
            for kinds in self._letters(subject, text.nouns)[0] if text.nouns else [{}]:
                count = 0
                for what, name, *_ in text.items:
                    if what == "opinion":
                        slot = text.opinions[name]
                        kind = kinds.get(slot.target, slot.target)
                        sign = _sign(slot.verdict, 0)
                        said = [w for s in (sign,) if s for w, _ in self._said(kind, slot.factor, slot.bare, s)[0]]
                        said = said or [w for s in (1, -1) for w, _ in self._said(kind, slot.factor, slot.bare, s)[0]]
                    elif what == "noun":
                        said = self.kinds[kinds[name]]["nouns"]
                    elif what == "list":
                        said = self._lists[name]
                    else:
                        said = [self.subjects[subject]["words"][name] if what == "subject" else (name,)]
                    count += end(map(len, said))
                best.append(count)
            ends.append(end(best))
        return min(ends), max(ends)


def load() -> ReviewWorld:
    """The world of reviews that comes with the course."""
    return ReviewWorld()


def same_bag(reviews) -> list[tuple[Review, Review]]:
    """Pairs of the same words in another order, for which the better verdict is not the same; the clearest first."""
    bags = defaultdict(dict)
    for review in reviews:
        best = bags[tuple(sorted(review.words))]
        side = review.score > 0
        if side not in best or abs(review.score) > abs(best[side].score):
            best[side] = review
    pairs = [(best[True], best[False]) for best in bags.values() if len(best) == 2]
    return sorted(pairs, key=lambda pair: -min(pair[0].score, -pair[1].score))


def _shares(weights):
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def _differences(running):
    return [after - before for before, after in itertools.pairwise([0, *running])]


def _sign(flag, verdict):
    """1 for good, -1 for bad, 0 for either."""
    return {"good": 1, "bad": -1, "opposite": -verdict, "same": verdict}.get(flag, 0)


def _truth(scores):
    """Of reviews with these scores, {score: share of all}."""
    total = math.fsum(scores.values())
    p = {score: (_sigmoid(score), share / total) for score, share in scores.items()}
    accuracy = math.fsum(share * max(good, 1 - good) for good, share in p.values())
    nats = -math.fsum(share * (good * math.log(good) + (1 - good) * math.log1p(-good)) for good, share in p.values())
    return Truth(accuracy, nats, math.fsum(share * good for good, share in p.values()), total)


# -- the best reader of bags -------------------------------------------------------------------------------------------


class _Bags:
    """Enumerates the multisets of words that reviews can be, each with the probability of either verdict.

    There are too many of them, so three steps make them fewer, none of which changes what a bag tells of the verdict.

    1. An entry of a list is *marked* if one of its words stands in no other entry of the grammar: then a bag tells how
       often it was said. Marked entries that are drawn from one list in one proportion wherever it is used, and of one
       strength, are one word here: which of them was said is independent of everything else. So are marked texts
       without an opinion of one part.
    2. What stands around the construction is drawn independently of it, given register and subject. Words that no
       construction has tell which of these surroundings are there. What is left then is how opinions and common words
       of the surroundings mix with the construction's.
    3. Surroundings that leave the same to mix, but for words that are always there, are one.

    A bag is an integer: WIDTH bits for how often each word stands in it. To join bags is to add them.
    """

    def __init__(self, world):
        self.world, self.places = world, {}
        self.width = world.lengths[1].bit_length()
        owners = defaultdict(set)
        for entry, words in self._entries():
            for word in words:
                owners[word].add(entry)
        self.marks = {word for word, found in owners.items() if len(found) == 1}
        texts = [*world._parts.values(), *world._cores.values()]
        self.articles = any(item.what == "an" for found in texts for *_, text in found for item in text.items)

    def _entries(self):
        """Everything that is said as a whole, (which, words)."""
        world = self.world
        for name, kind in world.kinds.items():
            yield from (((name, noun), noun) for noun in kind["nouns"])
        for name, found in world._adjectives.items():
            yield from (((name, word, grade), word) for word, _, grade in found)
        for grade, found in world._degrees.items():
            yield from (((grade, before), before) for before, *_ in found)
        for name, found in world._lists.items():
            yield from (((name, words), words) for words in found)
        for subject, found in world.subjects.items():
            yield from (((subject, name), words) for name, words in found["words"].items())
        texts = [text for found in world._parts.values() for _, text in found]
        for text in (*texts, *(text for found in world._cores.values() for *_, text in found)):
            said = {"word": lambda item: (item.name,), "an": lambda _: ("a", "an"), "form": lambda i: FORMS[i.form]}
            yield text.entry, [word for item in text.items if item.what in said for word in said[item.what](item)]

    def bag(self, *words):
        """A multiset as an integer. A word may be anything that can be compared."""
        return sum(1 << self.width * self.places.setdefault(word, len(self.places)) for word in words)

    def _entry(self, words, one):
        """The bag of an entry: `one` for all like it if it is marked, else its words."""
        return self.bag(one) if self.marks.intersection(words) and len(set(words)) == len(words) else self.bag(*words)

    def _vowel(self, words):
        """Whether "a" before these words is "an", if the grammar has such a place."""
        return self.articles and _begins_with_vowel(words[0])

    @cache  # noqa: B019 - as long as this object
    def _list(self, name):
        """{(bag, whether its first word begins with a vowel): probability}"""
        found = self.world._lists[name]
        return self._alike(found, "list", name)

    @cache  # noqa: B019
    def _nouns(self, kind):
        return self._alike(self.world.kinds[kind]["nouns"], "noun", kind)

    def _alike(self, entries, *which):
        found = [(words, self._vowel(words)) for words in entries]
        return _merged(((self._entry(words, (*which, vowel)), vowel), 1 / len(found)) for words, vowel in found)

    @cache  # noqa: B019
    def _opinions(self, kind, factor, bare, sign):
        """{(bag, vowel, score): probability}"""
        found = []
        for name in self.world.kinds[kind]["opinions"]:
            for word, strength, grade in self.world._adjectives[name]:
                adjective = self._entry(word, ("opinion", name, grade, strength, self._vowel(word)))
                for before, times, weight in self.world._degrees[grade]:
                    score = strength * times * factor
                    if score * sign > 0 and not (bare and before):
                        vowel = self._vowel((*before, *word))
                        found.append(((adjective + self.bag(*before), vowel, score), weight))
        total = math.fsum(weight for _, weight in found)
        return _merged((key, weight / total) for key, weight in found)

    def _ways(self, text, subject):
        """Every bag a text can be: yields (bag, score of what decides or 0, probability)."""
        kinds_of_letters = self.world._letters(subject, text.nouns)[0] if text.nouns else [{}]
        slots = text.opinions
        decider = next((slot for slot in slots.values() if slot.decides), None)
        verdicts = {"good": [1], "bad": [-1]}.get(decider.verdict, [1, -1]) if decider else [0]
        free = [letter for letter, s in slots.items() if not s.decides and _sign(s.verdict, 1) == 0]
        fixed = self.bag(*(item.name for item in text.items if item.what == "word"))
        for kinds, verdict in itertools.product(kinds_of_letters, verdicts):
            for signs in itertools.product((1, -1), repeat=len(free)):
                chance = 1 / len(kinds_of_letters) / len(verdicts) / 2 ** len(free)
                ways, article = {(fixed, 0.0): chance}, False
                for what, name, form, _ in text.items:
                    if what == "an":
                        article = True
                        continue
                    if what == "word":
                        continue
                    options = self._options(
                        what, name, form, text, kinds, subject, verdict, dict(zip(free, signs, strict=True))
                    )
                    if article:
                        options = {(b + self.bag("an" if v else "a"), v, s): p for (b, v, s), p in options.items()}
                        article = False
                    ways = _merged(
                        ((bag + more, score + s), p * q)
                        for (bag, score), p in ways.items()
                        for (more, _, s), q in options.items()
                    )
                yield from ((bag, score, p) for (bag, score), p in ways.items())

    def _options(self, what, name, form, text, kinds, subject, verdict, signs):
        """{(bag, vowel, score): probability} of an item; the score is 0 but for the opinion that decides."""
        if what == "form":
            return {(self.bag(FORMS[form][self.world.kinds[kinds[name]]["plural"]]), False, 0.0): 1.0}
        if what == "opinion":
            slot = text.opinions[name]
            sign = verdict if slot.decides else _sign(slot.verdict, verdict) or signs[name]
            found = self._opinions(kinds.get(slot.target, slot.target), slot.factor, slot.bare, sign)
            return found if slot.decides else _merged(((bag, vowel, 0.0), p) for (bag, vowel, _), p in found.items())
        if what == "subject":
            words = self.world.subjects[subject]["words"][name]
            return {(self.bag(*words), self._vowel(words), 0.0): 1.0}
        found = self._list(name) if what == "list" else self._nouns(kinds[name])
        return {(bag, vowel, 0.0): p for (bag, vowel), p in found.items()}

    def _core(self, setting):
        """{bag: [probability with a good verdict, with a bad one]}"""
        found = defaultdict(lambda: [0.0, 0.0])
        cores = self.world._cores[setting]
        for (*_, text), chance in zip(cores, _shares([weight for weight, *_ in cores]), strict=True):
            for bag, score, p in self._ways(text, setting[1]):
                both, good = found[bag], _sigmoid(score)
                both[0] += chance * p * good
                both[1] += chance * p * (1 - good)
        return found

    def _part(self, name, register, subject):
        """{bag: probability}"""
        found = []
        texts = self.world._parts[name, register, subject]
        for (_, text), chance in zip(texts, _shares([weight for weight, _ in texts]), strict=True):
            literal = [item.name for item in text.items if item.what == "word"]
            if (
                self.marks.intersection(literal)
                and not text.opinions
                and all(i.what in ("word", "list") for i in text.items)
            ):
                lists = [item.name for item in text.items if item.what == "list"]
                ways = _merged(
                    (sum(bags), math.prod(p))
                    for options in itertools.product(*(self._list(name).items() for name in lists))
                    for bags, p in [([bag for (bag, _), _ in options], [q for _, q in options])]
                )
                one = self.bag(("text", text.origin, tuple(sorted(lists))))
                found += [(bag + one, p * chance) for bag, p in ways.items()]
            else:
                found += [(bag, p * chance) for bag, _, p in self._ways(text, subject)]
        return _merged(found)

    def _around(self, setting):
        """What stands around the construction: {bag: probability}."""
        orders = self.world._orders[setting[0]]
        found = []
        for (_, parts), chance in zip(orders, _shares([weight for weight, _ in orders]), strict=True):
            ways = {0: chance}
            for part in parts:
                if part != CORE:
                    more = self._part(part, *setting)
                    ways = _merged((a + b, p * q) for a, p in ways.items() for b, q in more.items())
            found += ways.items()
        return _merged(found)

    def accuracy(self):
        """Of the best decision for each bag."""
        settings = self.world._settings
        cores = {setting: self._core(setting) for setting in settings}
        around = {setting: self._around(setting) for setting in settings}
        inside = self._union(bag for core in cores.values() for bag in core)
        weighted = [((s, share * p), bag) for s, share in settings.items() for bag, p in around[s].items()]
        mixing = self._union(bag for _, bag in weighted) & inside
        right, found = [], {}
        for members, chance in self._apart([(bag, (s,), (p,)) for (s, p), bag in weighted], inside):
            asked = frozenset(setting for _, (setting,), _ in members)
            if asked not in found:
                found[asked] = self._apart(
                    ((b, (s,), tuple(both)) for s in asked for b, both in cores[s].items()), mixing
                )
            by_setting = defaultdict(list)
            for bag, (setting,), (p,) in members:
                by_setting[setting].append((bag, p))
            for core, share in found[asked]:
                pool = defaultdict(lambda: [0.0, 0.0])
                for bag, (setting,), (good, bad) in core:
                    for more, p in by_setting[setting]:
                        both = pool[bag + more]
                        both[0] += p * good
                        both[1] += p * bad
                right.append(chance * share * math.fsum(map(max, pool.values())))
        return math.fsum(right)

    def _union(self, bags):
        """All bits of the fields of the words that are in any of the bags."""
        bits = 0
        for bag in bags:
            bits |= bag
        field = (1 << self.width) - 1
        return sum(field << self.width * i for i in self.places.values() if bits >> self.width * i & field)

    def _apart(self, bags, shared):
        """[(bag, labels, probabilities)] -> [(some of them, share), …]: no bag of one can become one of another by
        adding words of `shared`. Those alike, but for words that are always there and for their share, are one.
        """  # fmt: skip
        groups, alike = defaultdict(list), defaultdict(float)
        for bag, labels, p in bags:
            groups[bag & ~shared].append((bag & shared, labels, p))
        shifts = [self.width * i for i in self.places.values() if shared >> self.width * i & 1]
        for members in groups.values():
            common = self._common([bag for bag, *_ in members], shifts)
            total = sum([sum(p) for *_, p in members])
            key = frozenset(
                (bag - common, labels, tuple(round(x / total, 13) for x in p)) for bag, labels, p in members
            )
            alike[key] += total
        return list(alike.items())

    def _common(self, bags, shifts):
        """What is in all bags."""
        field, first = (1 << self.width) - 1, bags[0]
        present = [shift for shift in shifts if first >> shift & field]
        return sum(min(bag >> shift & field for bag in bags) << shift for shift in present)


def _merged(weighted):
    found = defaultdict(float)
    for key, p in weighted:
        found[key] += p
    return found

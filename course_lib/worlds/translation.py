"""English and Spanish sentences from an editable grammar, with true word alignments and all translations it can say.

The grammar and the words are `translation.toml`, beside this file; how to read it is said at its top. A sentence is
drawn as a tree. English is said from it in one way, Spanish perhaps in several: a pronoun may be dropped, an adjective
may stand on either side, a speaker may be a woman. These are not all that are correct: for "he is happy" it says
"él está contento" and refuses "está contento". Words that come from the same leaf of the tree are aligned.
"""

import contextlib
import gc
import itertools
import random
import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from course_lib.worlds.grammar import GrammarError

GRAMMAR_FILE = Path(__file__).with_name("translation.toml")
_ITEM = re.compile(
    r"(?P<name>[A-Z][A-Z_]+)(?P<number>\d?)(?P<head>\*?)(:(?P<takes>[A-Za-z0-9_^,]+))?(~(?P<maybe>[A-Z0-9_,^]+))?$"
)
_GIVEN: dict[str, dict] = {
    "past": {"tense": "past"}, "present": {"tense": "present"}, "base": {"base": True},
    "plural": {"number": "p"}, "singular": {"number": "s"}, "third": {"person": 3, "number": "s"},
    "definite": {"DEFINITE": True}, "later": {"LATER": True},
}  # fmt: skip
_HANDED = ("person", "number", "gender", "leaf")  # what a head hands up
_numbers = itertools.count()
_PERSONS = [(1, "s"), (2, "s"), (3, "s"), (1, "p"), (3, "p")]


# -- Spanish verbs -----------------------------------------------------------------------------------------------------


def conjugate(entry: str) -> tuple[str, list[str], list[str]]:
    """A Spanish verb as written in the grammar -> infinitive, five forms of the present, five of the past.

    "hablar": regular, with the spelling changes of -car, -gar and -zar. "pensar(ie)": the last vowel of the stem
    changes where it is stressed. "ser: soy eres … / era eras …": all forms. The forms: I, you, he, we, they.
    GrammarError if it is not written so.
    """
    infinitive, _, forms = entry.partition(":")
    if forms:
        present, past = (part.split() for part in forms.split("/"))
    else:
        match = re.fullmatch(r"(\w+)(?:\((\w+)\))?", infinitive)
        if not match:
            raise GrammarError(f"{entry!r} is not a verb: expected an infinitive such as pensar(ie).")
        infinitive, change = match.groups()
        stem, kind = infinitive[:-2], infinitive[-2:]
        stressed = stem
        if change:
            place = max(stem.rfind(vowel) for vowel in "aeiou")
            stressed = stem[:place] + change + stem[place + 1 :]
        ends = {"ar": "o as a amos an", "er": "o es e emos en", "ir": "o es e imos en"}[kind].split()
        present = [(stem if i == 3 else stressed) + end for i, end in enumerate(ends)]
        ends = ("é aste ó amos aron" if kind == "ar" else "í iste ió imos ieron").split()
        past = [stem + end for end in ends]
        if kind == "ar":  # the sound stays, so the spelling changes
            past[0] = re.sub("(c|g|z)é$", lambda m: {"c": "qué", "g": "gué", "z": "cé"}[m[1]], past[0])
    return infinitive, present, past


# -- leaves and trees --------------------------------------------------------------------------------------------------


@dataclass
class _Leaf:
    """A word of the lists, with the features it is said with."""

    forms: str
    english: list[str]
    spanish: list[str]
    features: dict = field(default_factory=dict)
    key: int = field(default_factory=_numbers.__next__)

    def handed(self) -> dict:
        """What whoever agrees with it takes from it."""
        return {k: v for k, v in self.features.items() if k in _HANDED}

    def say_english(self) -> list[str]:
        f, forms = self.features, self.english
        if self.forms in ("noun", "determiner"):
            said = forms[-1] if f["number"] == "p" else forms[0]
        elif self.forms == "verb":
            place = _PERSONS.index((f.get("person", 3), f.get("number", "s"))) if not f.get("base") else 0
            if len(forms) == 10:
                said = forms[place + 5 * (f["tense"] == "past")]
            elif f.get("base"):
                said = forms[0]
            else:
                said = forms[2] if f["tense"] == "past" else forms[1] if place == 2 else forms[0]
        else:
            said = forms[0]
        return said.split()

    def say_spanish(self, genders) -> list[str]:
        """genders: {id of a leaf of two genders: "m" or "f"}."""
        f, forms = self.features, self.spanish
        gender = genders.get(f.get("gender"), f.get("gender"))
        if self.forms == "noun":
            said = forms[(f["number"] == "p") + (2 if gender == "f" and len(forms) == 4 else 0)]
        elif self.forms in ("adjective", "determiner"):
            said = forms[2 * (f["number"] == "p") + (gender == "f")]
        elif self.forms == "pronoun":
            said = forms[-1] if gender == "f" else forms[0]
        elif self.forms == "verb":
            place = _PERSONS.index((f.get("person", 3), f.get("number", "s")))
            said = forms[1 + place + 5 * (f["tense"] == "past")] if len(forms) > 1 else ""
        else:
            said = forms[0]
        return said.split()


class _Word(NamedTuple):
    """A word of a rule; words of one rule with the same key are aligned."""

    word: str
    key: object


@dataclass
class _Node:
    """A rule as it was used: parts in English order, and in the order of each Spanish alternative.

    maybe: keys of Spanish words, each with the English words that it may be aligned with.
    """

    english: list
    spanish: list[list]
    features: dict
    maybe: list[tuple[object, list]]

    def handed(self) -> dict:
        """What whoever agrees with it takes from it."""
        return self.features


def _say(node, genders):
    """Every way to say a tree in Spanish: lists of (word, key)."""
    if isinstance(node, _Word):
        return [[(node.word, node.key)]]
    if isinstance(node, _Leaf):
        return [[(word, node.key) for word in node.say_spanish(genders)]]
    ways = []
    for parts in node.spanish:
        for said in itertools.product(*(_say(part, genders) for part in parts)):
            ways.append(list(itertools.chain.from_iterable(said)))
    return ways


def _leaves(node):
    if isinstance(node, _Leaf):
        yield node
    elif isinstance(node, _Node):
        for part in node.english:
            yield from _leaves(part)


def _contract(said):
    """a el -> al, de el -> del; y -> e before the sound i. (word, keys) for each word."""
    result = []
    for word, key in said:
        if word == "el" and result and result[-1][0] in ("a", "de"):
            before, keys = result.pop()
            result.append(("al" if before == "a" else "del", (*keys, key)))
        else:
            if result and result[-1][0] == "y" and re.match("h?i(?!e)", word):
                result[-1] = ("e", result[-1][1])
            result.append((word, (key,)))
    return result


def _an(said):
    words = [word for word, _ in said]
    return [
        ("an" if word == "a" and re.match("[aeiouAEIOU]", after) and not after.startswith("uni") else word, (key,))
        for (word, key), after in zip(said, [*words[1:], ""], strict=True)
    ]


def _maybe(node):
    if isinstance(node, _Node):
        yield from node.maybe
        for part in node.english:
            yield from _maybe(part)


class _Pair(NamedTuple):
    english: tuple[str, ...]
    spanish: tuple[str, ...]
    tree: _Node


class Pair(_Pair):
    """An English sentence, the Spanish one to learn, the tree that both come from, and their alignment.

    The alignment: links (place in English, place in Spanish), found when they are asked for. sure: a word and those
    that stand for it. possible: the sure ones; phrases, word by word with all words (as in Och & Ney 2003), such as
    "last week" and "la semana pasada"; a dropped pronoun with its verb, whose form says it; a word that English has not
    with those it goes with, such as the "a" before a person whom one sees, or "¿" with a question's first word and "?".
    """

    @property
    def sure(self) -> frozenset:
        """Sure links."""
        return self._links[0]

    @property
    def possible(self) -> frozenset:
        """Possible links, the sure ones among them."""
        return self._links[1]

    @cached_property
    def _links(self):
        return _align(self.tree)

    def references(self, most: int = 100) -> list[tuple[str, ...]]:
        """The translations that the grammar can say, the one to learn first; at most so many."""
        found = dict.fromkeys([self.spanish])
        for genders in self._genders():
            for said in _say(self.tree, genders):
                found.setdefault(tuple(word for word, _ in _contract(said)))
                if len(found) >= most:
                    return list(found)
        return list(found)

    def accepts(self, spanish) -> bool:
        """Whether a translation is one of all references, however many there are."""
        whole = " ".join(spanish)
        loose = re.sub(r"\bal\b", "a el", re.sub(r"\bdel\b", "de el", whole))
        words = [("y" if word == "e" else word) for word in loose.split()]
        for genders in self._genders():
            if len(words) in _ends(self.tree, words, {0}, genders):
                return [word for word, _ in _contract([(word, None) for word in words])] == whole.split()
        return False

    def _genders(self):
        leaves = {
            f["gender"] for leaf in _leaves(self.tree) if (f := leaf.features).get("gender") not in ("m", "f", None)
        }
        for choice in itertools.product("mf", repeat=len(leaves)):
            yield dict(zip(sorted(leaves), choice, strict=True))


def _ends(node, words, starts, genders):
    """Where the words of a tree can end if they begin at one of `starts`."""
    if isinstance(node, _Node):
        found = set()
        for parts in node.spanish:
            places = starts
            for part in parts:
                places = _ends(part, words, places, genders)
            found |= places
        return found
    said = [node.word] if isinstance(node, _Word) else node.say_spanish(genders)
    return {start + len(said) for start in starts if words[start : start + len(said)] == said}


@contextlib.contextmanager
def _kept():
    """For drawing what is kept. Python's collector of garbage would walk over all trees again and again: it rests, and
    those that stand at the end count as old, which it looks at least often.
    """  # fmt: skip
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.unfreeze()  # into the oldest generation
        if was:
            gc.enable()


class TranslationWorld:
    """Draws sentence pairs."""

    def __init__(self, grammar: str | None = None):
        """grammar: TOML as in translation.toml, which is taken if it is left out. GrammarError if it has a mistake."""
        try:
            data = tomllib.loads(GRAMMAR_FILE.read_text(encoding="utf-8") if grammar is None else grammar)
        except tomllib.TOMLDecodeError as error:
            raise GrammarError(f"the grammar is not valid TOML: {error}. Mend that line of the file.") from None
        self.start, self.words = data.get("start", "TEXT"), {}
        for name, entries in data.get("words", {}).items():
            kind = entries.pop("forms", None)
            if kind not in ("noun", "name", "adjective", "determiner", "pronoun", "verb", "word"):
                raise GrammarError(f'[words.{name}]: expected a line such as forms = "noun", got {kind!r}.')
            self.words[name] = [_entry(name, kind, *entry) for entry in entries.items()]
        self.rules = {name: [_rule(name, line) for line in lines] for name, lines in data.get("rules", {}).items()}
        self._check(data.get("once", []))
        self._variants = {tuple(name.rsplit("_", 1)): name for name in (*self.rules, *self.words)}
        self._once = {(entry[0], entry[1][0]) for name in data.get("once", []) for entry in self.words[name]}
        self._lines = {
            name: [(_order(name, english), english, spanish, _maybes(spanish)) for _, english, spanish in lines]
            for name, lines in self.rules.items()
        }
        self._weights = {n: list(itertools.accumulate(w for w, *_ in lines)) for n, lines in self.rules.items()}

    def _check(self, once):
        known = set(self.rules) | set(self.words) | {f"{name}_INF" for name in self.words}
        for name, rules in self.rules.items():
            for _, english, spanish in rules:
                for item in (*english, *itertools.chain(*spanish)):
                    if not isinstance(item, dict):
                        continue
                    kinds = [source.upper() for source in item["takes"] if source.islower() and source not in _GIVEN]
                    for asked in (item["name"], *kinds):
                        if asked not in known and "KIND" not in asked:
                            raise GrammarError(f"rule {name} asks for {asked}: there is no such rule or list of words.")
        for name in once:
            if name not in self.words:
                raise GrammarError(f"once = … asks for {name}: there is no such list of words.")
        if self.start not in self.rules:
            raise GrammarError(f"start = {self.start!r}: there is no such rule.")

    def sample(self, count: int, seed: int, shortest: int = 3, longest: int = 12) -> list[Pair]:
        """`count` pairs whose English has `shortest` to `longest` words and signs. Same seed, same pairs.

        GrammarError if such sentences are too rare, or a rule has no end.
        """
        rng, pairs, tried = random.Random(seed), [], 0
        with _kept():
            while len(pairs) < count:
                try:
                    tree = self._draw(self.start, {}, rng)
                except RecursionError:
                    raise GrammarError("a rule asks for itself without an end: give it a line that does not.") from None
                tried += 1
                parts = list(_parts(tree))
                length = sum(len(_english(part)) for part in parts)
                if shortest <= length <= longest and not self._repeats(parts):
                    pairs.append(_pair(tree))
                if tried > 1000 * (len(pairs) + 10):
                    raise GrammarError(f"sentences of {shortest} to {longest} words are too rare: widen the range.")
        return pairs

    def _repeats(self, parts):
        words = [(part.forms, part.english[0]) for part in parts if isinstance(part, _Leaf)]
        once = [word for word in words if word in self._once]
        return len(set(once)) < len(once)

    def unseen(self, pairs: list[Pair], count: int, seed: int, **lengths) -> list[Pair]:
        """`count` more pairs: their English is not among `pairs`, but each of their words is.

        GrammarError if there are not so many.
        """
        seen = {pair.english for pair in pairs}
        english = {word for pair in pairs for word in pair.english}
        spanish = {word for pair in pairs for word in pair.spanish}
        found = {}
        for part in range(20):  # most sentences of two or three words have been seen
            for pair in self.sample(count, seed + 10_000 * part, **lengths):
                known = english.issuperset(pair.english) and spanish.issuperset(pair.spanish)
                if known and pair.english not in seen:
                    found.setdefault(pair.english, pair)
            if len(found) >= count:
                return list(found.values())[:count]
        raise GrammarError(f"only {len(found)} other sentences were found, not {count}: widen the range of lengths.")

    def _draw(self, name, given, rng):
        for variant in ("DEFINITE", "LATER"):
            if variant in given:
                name = self._variants.get((name, variant), name)
        if name in self.words:
            forms, english, spanish, features = rng.choice(self.words[name])
            leaf = _Leaf(forms, english, spanish, {"tense": "present"} | given | features)
            if forms == "noun":
                leaf.features |= {"person": 3, "number": given.get("number") or ("p" if rng.random() < 0.3 else "s")}
            if forms in ("adjective", "determiner") and not {"number", "gender"} <= set(leaf.features):
                raise GrammarError(f'{name} agrees with a noun: write {name}:NOUN, where NOUN has forms = "noun".')
            if leaf.features.get("gender") == "mf":  # either, but the same wherever it is agreed with
                person = leaf.features.get("person", 3)
                leaf.features["gender"] = leaf.key if person == 3 else -person  # and I am one person, wherever I stand
            leaf.features.setdefault("leaf", leaf.key)
            return leaf
        if name.endswith("_INF") and name not in self.rules:
            _, english, spanish, _ = rng.choice(self.words[name.removesuffix("_INF")])
            return _Leaf("word", [f"to {english[0]}"], spanish[:1])
        if name not in self.rules:
            raise GrammarError(f"{name}: there is no such rule or list of words; add it, or hand another kind down.")
        order, english, spanish, maybes = rng.choices(self._lines[name], cum_weights=self._weights[name])[0]
        drawn, head = {}, {}
        for item in order:
            taken = {}
            for source in item["takes"]:
                if source in drawn:
                    taken |= drawn[source].handed()
                elif source == "^":
                    taken |= given
                else:
                    taken |= _GIVEN.get(source) or {"kind": source.upper()}
            asked = item["name"]
            if "KIND" in asked and "kind" in given:
                asked = asked.replace("KIND", given["kind"])
            part = drawn[item["as"]] = self._draw(asked, taken, rng)
            if item["head"]:
                head = part.handed()
        here = next(_numbers)  # words of different uses of a rule are not aligned

        def part_of(item):
            if isinstance(item, dict):
                return drawn[item["as"]]
            return _Word(item[0], (here, item[1][0]) if item[1] else None)

        maybe = []
        for item, names in maybes:
            with_ = []
            for name in names:
                if name.isdecimal():
                    with_.append(_Word("", (here, name)))
                elif name.endswith("^"):
                    with_.append(next(_parts(drawn[name[:-1]])))
                else:
                    with_ += _parts(drawn[name])
            maybe.append((part_of(item).key, with_))
        return _Node([part_of(i) for i in english], [[part_of(i) for i in side] for side in spanish], head, maybe)


def _parts(node):
    if isinstance(node, _Node):
        for part in node.english:
            yield from _parts(part)
    else:
        yield node


def _entry(name, forms, english, spanish):
    """A line of a list of words -> forms, English forms, Spanish forms, features of its own."""
    features = {}
    try:
        if forms in ("noun", "name"):
            gender, spanish = spanish.split(" ", 1)
            features = {"gender": gender} if forms == "noun" else {"gender": gender, "person": 3, "number": "s"}
        elif forms == "pronoun":
            person, number, gender, spanish = spanish.split(" ", 3)
            features = {"person": int(person), "number": number, "gender": gender}
        if forms == "verb":
            infinitive, present, past = conjugate(spanish) if spanish else ("", [], [])
            said = [infinitive, *present, *past]
            expected: tuple[int, ...] = (1, 11)
        else:
            said = [form.strip() for form in spanish.split(", ")] if forms != "word" else [spanish]
            expected = {"noun": (2, 4), "name": (1,), "pronoun": (1, 2), "word": (1,)}.get(forms, (4,))
        if len(said) not in expected or features.get("gender", "m") not in ("m", "f", "mf"):
            raise ValueError
    except (ValueError, KeyError, GrammarError):
        raise GrammarError(
            f'[words.{name}]: "{english}" = "{spanish}" is not a {forms}: see the top of translation.toml.'
        ) from None
    if "/" in english:
        return forms, english.replace("/", " ").split(), said, features
    return forms, english.split(", ") if forms in ("noun", "determiner", "verb") else [english], said, features


def _rule(name, line):
    """A line of a rule -> weight, English items, Spanish alternatives. An item: a dict for a name, (word, key)."""
    match = re.fullmatch(r"\s*(?:([\d.]+):\s+)?(.*?)\s+=>\s+(.*?)\s*", line) if isinstance(line, str) else None
    if not match:
        raise GrammarError(f'rule {name}: {line!r}: expected "weight: english => spanish" or "english => spanish".')

    def item(text):
        found = _ITEM.match(text)
        if found:
            takes = (found["takes"] or "").split(",") if found["takes"] else []
            called = found["name"] + found["number"]
            return {
                "name": found["name"],
                "as": called,
                "head": bool(found["head"]),
                "takes": takes,
                "maybe": found["maybe"].split(",") if found["maybe"] else [],
            }
        word, _, names = text.partition("~")
        return word, names.split(",") if names else []

    english = [item(text) for text in match[2].split()]
    spanish = [[item(text) for text in side.split()] for side in re.split(r"(?:^|\s+)\|\|\s+", match[3])]
    there = {i["as"] for i in english if isinstance(i, dict)}
    for i in itertools.chain(*spanish):
        named = [i["as"], *i["maybe"]] if isinstance(i, dict) else i[1]
        for other in (n.rstrip("^") for n in named if n[:1].isupper()):
            if other not in there:
                raise GrammarError(f"rule {name}: {other} stands in Spanish and not in English.")
    return float(match[1] or 1), english, spanish


def _order(name, english):
    """The names of a line, what is agreed with before what agrees."""
    waiting, order = [item for item in english if isinstance(item, dict)], []
    while waiting:
        there = {item["as"] for item in order}
        item = next((i for i in waiting if all(t in there or t == "^" or t.islower() for t in i["takes"])), None)
        if item is None:
            raise GrammarError(f"rule {name}: {waiting[0]['as']} agrees with a name that is not in its English side.")
        waiting.remove(item)
        order.append(item)
    return order


def _maybes(spanish):
    """Spanish items that may be aligned with others, and with which."""
    named = [(item, item["maybe"] if isinstance(item, dict) else item[1]) for item in itertools.chain(*spanish)]
    return [(item, names) for item, names in named if names and not (len(names) == 1 and names[0].isdecimal())]


def _told(tree):
    """A tree -> English and Spanish, the first alternative everywhere: lists of (word, keys)."""
    english = _an([(word, part.key) for part in _parts(tree) for word in _english(part)])
    either = {f["gender"] for leaf in _leaves(tree) if (f := leaf.features).get("gender") not in ("m", "f", None)}
    return english, _contract(_first(tree, dict.fromkeys(either, "m")))


def _english(part):
    return [part.word] if isinstance(part, _Word) else part.say_english()


def _pair(tree):
    english, spanish = (tuple(word for word, _ in said) for said in _told(tree))
    return Pair(english, spanish, tree)


def _align(tree):
    """The sure and the possible links of a tree."""
    english, spanish = _told(tree)
    leaves, places = list(_leaves(tree)), defaultdict(list)
    for i, (_, keys) in enumerate(english):
        for key in keys:
            places[key].append(i)
    sure, possible, said_keys = set(), set(), {key for _, keys in spanish for key in keys}
    for j, (_, keys) in enumerate(spanish):
        for key in set(keys) - {None}:
            possible |= {(i, j) for i in places[key]}
            if len(places[key]) == 1:
                sure.add((places[key][0], j))
    for verb in leaves:  # its form says who is meant: a pronoun that is dropped, an auxiliary that Spanish has not
        if verb.forms == "verb" and verb.key in said_keys:
            whose = [
                leaf
                for leaf in leaves
                if leaf.key not in said_keys and leaf.features.get("leaf") == verb.features.get("leaf")
            ]
            there = [j for j, (_, keys) in enumerate(spanish) if verb.key in keys]
            possible |= {(i, j) for leaf in whose for i in places[leaf.key] for j in there}
    for key, parts in _maybe(tree):
        there = [j for j, (_, keys) in enumerate(spanish) if key in keys]
        possible |= {(i, j) for part in parts for i in places[part.key] for j in there}
    return frozenset(sure), frozenset(possible)


def _first(node, genders):
    """The first Spanish alternative everywhere."""
    if isinstance(node, _Word):
        return [(node.word, node.key)]
    if isinstance(node, _Leaf):
        return [(word, node.key) for word in node.say_spanish(genders)]
    return [said for part in node.spanish[0] for said in _first(part, genders)]

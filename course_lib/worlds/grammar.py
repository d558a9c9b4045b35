"""Probabilistic grammars whose next-word distribution is exact: written as data, compiled to an automaton.

A grammar file is TOML. ``[sets.NAME]`` lists things and their forms, ``[rules]`` says how a text is put together:

    start = "STORY"

    [sets.country]
    France = { language = "French" }
    Spain = { language = "Spanish", weight = 2 }

    [sets.gap]
    0 = {}
    2 = {}

    [rules]
    STORY = ["3: FROM[c] FILLER*n SPEAK[c] where c in country, n in gap", "1: FILLER"]
    "FROM[c]" = ["I grew up in {c}/place ."]
    "SPEAK[c]" = ["I speak {c.language}/place! ."]
    FILLER = ["Life is good .", "2: It is cold here ."]

Words in CAPITALS (two or more) are rules, everything else is said as it stands; words and punctuation stand apart.
``3:`` is a weight, ``{c.language}`` a form, ``FILLER*n`` n times FILLER. ``where c in country`` makes one alternative a
member, in proportion to the members' ``weight``. ``word/kind`` marks a cue and ``word/kind!`` the word that depends on
it: they are said without the mark. A rule may come back to itself only at its end.
"""

import itertools
import math
import re
import tomllib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from course_lib.errors import CourseError

END = "<eos>"
MOST_STEPS = 100_000  # words of a text


class GrammarError(CourseError):
    """A grammar file says something that cannot be carried out."""


class Terminal(NamedTuple):
    """A word to say; kind and is_target mark its part in a dependency."""

    word: str
    kind: str | None = None
    is_target: bool = False


class Dependency(NamedTuple):
    """Word number `target` of a text is decided by word number `cue` (both count from 0)."""

    kind: str
    cue: int
    target: int

    @property
    def distance(self) -> int:
        """How many words on from the cue the target stands: 1 for the next word."""
        return self.target - self.cue


_RULE = re.compile(r"(?P<name>[A-Z][A-Z_]+)(\[(?P<args>[^\]]*)\])?(\*(?P<times>\w+))?")
_WEIGHT = re.compile(r"(\d+(?:\.\d+)?):(?:\s+|$)")
_WHERE = re.compile(r"\s+where\s+(\w+ in \w+(?:\s*,\s*\w+ in \w+)*)\s*$")
_MARK = re.compile(r"(?P<word>.+)/(?P<kind>\w+)(?P<target>!?)")


class Grammar:
    """A probabilistic context-free grammar, expanded rule by rule as it is needed."""

    def __init__(self, text: str, **set_weights: dict):
        """text: the TOML above. set_weights: a set's members and weights to use instead, e.g. gap={0: 1, 3: 2}.

        GrammarError if the text cannot be read as a grammar, or has no such set.
        """
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise GrammarError(f"the grammar is not valid TOML: {error}. Mend that line of the file.") from None
        sets, rules, self.start = data.get("sets", {}), data.get("rules", {}), data.get("start", "START")
        tables = [sets, rules, *(sets.values() if isinstance(sets, dict) else [])]
        tables += [forms for members in tables[2:] if isinstance(members, dict) for forms in members.values()]
        if wrong := [table for table in tables if not isinstance(table, dict)]:
            raise GrammarError(
                f"the grammar has {wrong[0]!r} where a table belongs: write [sets.NAME] with lines such as cat = {{}}, "
                "and [rules]."
            )
        if "start" not in data and "START" not in rules:
            below = any("start" in table for table in tables if isinstance(table, dict))
            raise GrammarError(
                "start = … stands below a line in [ ]: it has to be the first line of the grammar." if below else
                'the grammar does not say with which rule a text begins: write start = "STORY" as its first line, with '
                "the name of a rule."
            )  # fmt: skip
        if not isinstance(self.start, str) or not _RULE.fullmatch(self.start):
            raise GrammarError(f"start = {self.start!r}: expected the name of a rule, two or more capitals.")
        self.sets = {name: dict(members) for name, members in sets.items()}
        self._members_named = {member for members in self.sets.values() for member in members}
        for name, weights in set_weights.items():
            if name not in self.sets:
                raise GrammarError(f"the grammar has no set {name!r} to change; it has {', '.join(self.sets)}.")
            known = self.sets[name]
            self.sets[name] = {str(m): {**known.get(str(m), {}), "weight": w} for m, w in weights.items()}
        self.rules = {}
        for head, alternatives in rules.items():
            match = _RULE.fullmatch(head)
            if match and isinstance(alternatives, str):
                raise GrammarError(f'rule {head}: its texts stand in a list: ["{alternatives}"].')
            if not match or not isinstance(alternatives, list):
                raise GrammarError(f'rule {head!r}: expected NAME = ["…", …] with a NAME of two or more capitals.')
            args = tuple(a.strip() for a in match["args"].split(",")) if match["args"] else ()
            self.rules.setdefault(match["name"], []).append((args, alternatives))
        self._expanded = {}

    def expand(self, symbol: str) -> list[tuple[float, tuple]]:
        """The alternatives of a rule such as 'SPEAK[France]': (probability, symbols), probabilities summing to 1.

        GrammarError if there is no such rule, or it cannot be carried out.
        """
        if symbol not in self._expanded:
            alternatives, bound = self._find(symbol)
            bodies = [found for line in alternatives for found in self._alternatives(symbol, line, bound)]
            total = math.fsum(weight for weight, _ in bodies)
            if total <= 0:
                raise GrammarError(f"rule {symbol}: all weights are zero. Give at least one a positive weight.")
            self._expanded[symbol] = [(weight / total, body) for weight, body in bodies if weight > 0]
        return self._expanded[symbol]

    def _find(self, symbol):
        match, candidates, values = _RULE.fullmatch(symbol), [], ()
        if match:
            values = tuple(match["args"].split(",")) if match["args"] else ()
            candidates = [rule for rule in self.rules.get(match["name"], []) if len(rule[0]) == len(values)]
        for args, alternatives in candidates:  # a rule for exactly these values goes before a general one
            if args == values and values:
                return alternatives, {}
        for args, alternatives in candidates:
            if all(a == v or not self._is_member(a) for a, v in zip(args, values, strict=True)):
                return alternatives, dict(zip(args, values, strict=True))
        raise GrammarError(f"no rule for {symbol}. Write one under [rules], or write the word in small letters.")

    def _is_member(self, argument):
        return argument.isdecimal() or argument in self._members_named

    def _alternatives(self, symbol, line, bound):
        if not isinstance(line, str):
            raise GrammarError(f"rule {symbol}: expected a text, got {line!r}.")
        weight, choices = 1.0, [(1.0, bound)]
        if match := _WEIGHT.match(line):
            weight, line = float(match[1]), line[match.end() :]
        if match := _WHERE.search(line):
            line = line[: match.start()]
            for part in match[1].split(","):
                variable, name = part.split(" in ")
                members = self._members(symbol, name.strip())
                choices = [(w * p, {**b, variable.strip(): m}) for w, b in choices for m, p in members]
        for probability, variables in choices:
            yield (
                weight * probability,
                tuple(s for item in line.split() for s in self._symbols(symbol, item, variables)),
            )

    def _members(self, symbol, name):
        if name not in self.sets:
            has = f"The grammar has {', '.join(self.sets)}" if self.sets else "The grammar has none"
            raise GrammarError(f"rule {symbol}: there is no set {name!r}. {has}: write [sets.{name}].")
        weights = {member: forms.get("weight", 1.0) for member, forms in self.sets[name].items()}
        total = sum(weights.values())
        if total <= 0:
            raise GrammarError(f"set {name!r}: all weights are zero. Give at least one member a positive weight.")
        return [(member, weight / total) for member, weight in weights.items() if weight > 0]

    def _symbols(self, symbol, item, variables):
        if match := _RULE.fullmatch(item):
            times = variables.get(match["times"], match["times"]) or "1"
            if not times.isdecimal():
                raise GrammarError(f"rule {symbol}: {item}: expected a number of times, got {times!r}.")
            args = [variables.get(a.strip(), a.strip()) for a in match["args"].split(",")] if match["args"] else []
            return [match["name"] + (f"[{','.join(args)}]" if args else "")] * int(times)
        mark = _MARK.fullmatch(item)
        filled = re.sub(r"\{([^}]*)\}", lambda m: self._form(symbol, m[1], variables), mark["word"] if mark else item)
        words = [Terminal(word) for word in filled.split()]
        if mark and words:
            words[-1] = Terminal(words[-1].word, mark["kind"], bool(mark["target"]))
        return words

    def _form(self, symbol, path, variables):
        name, *forms = path.split(".")
        if name not in variables:
            head = symbol.split("[")[0]
            raise GrammarError(
                f"rule {symbol}: {{{path}}}: {name!r} is not bound. Add 'where {name} in …', or hand it over: "
                f"{head}[{name}], in the rule's name and where the rule is used."
            )
        value = variables[name]
        if not forms:
            return value
        form = variables.get(forms[0], forms[0])
        for members in self.sets.values():
            if value in members and form in members[value]:
                return str(members[value][form])
        raise GrammarError(f"rule {symbol}: {{{path}}}: {value!r} has no form {form!r}. Add it under [sets].")


def _comes_back_inside(grammar: Grammar) -> str:
    """A rule that leads back to itself with something left to say behind, or "". One that does so at its very beginning
    is left to the reader, which never gets past it.
    """
    bodies, waiting = {}, [grammar.start]
    for symbol in waiting:  # grows while we go through it
        if symbol not in bodies:
            bodies[symbol] = [body for _, body in grammar.expand(symbol)]
            waiting += [item for body in bodies[symbol] for item in body if isinstance(item, str)]
    leads = {symbol: {item for body in found for item in body if isinstance(item, str)}
             for symbol, found in bodies.items()}  # fmt: skip
    while ends := [symbol for symbol, to in leads.items() if not to]:  # what leads to no circle
        for symbol in ends:
            del leads[symbol]
        leads = {symbol: to & leads.keys() for symbol, to in leads.items()}
    for symbol in leads:
        for body in bodies[symbol]:
            for item in body[1:-1]:
                reached, waiting = {item}, [item]
                for each in waiting if item in leads else ():
                    new = leads[each] - reached
                    reached |= new
                    waiting += new
                if item in leads and symbol in reached:
                    return symbol
    return ""


class _Reader:
    """Reads a grammar from left to right. A stack is what is left to say: () or (symbol, stack)."""

    def __init__(self, grammar: Grammar):
        self.grammar = grammar
        self._moves = {}

    def moves(self, stack, depth=0):
        """Every first word a stack can begin with: [(probability, Terminal, stack left), …]."""
        if stack == ():
            return [(1.0, Terminal(END), None)]
        symbol, rest = stack
        if isinstance(symbol, Terminal):
            return [(1.0, symbol, rest)]
        if depth > 100:
            raise GrammarError(f"rule {symbol} comes back to itself before any word is said. Put a word in front.")
        if stack not in self._moves:
            found = []
            for probability, body in self.grammar.expand(symbol):
                pushed = rest
                for item in reversed(body):
                    pushed = (item, pushed)
                found += [(probability * p, word, left) for p, word, left in self.moves(pushed, depth + 1)]
            self._moves[stack] = found
        return self._moves[stack]


class _Letters(NamedTuple):
    """On a stack: letters still to be said; the word's mark, until its first letter is; clings: no space follows."""

    letters: str
    mark: tuple
    clings: bool


class _CharacterReader:
    """Reads the same grammar a character at a time, with the spaces that `spell` prints between words."""

    def __init__(self, grammar: Grammar, spell: Callable[[list[str]], str]):
        self._words, self._spell = _Reader(grammar), spell

    @cache  # noqa: B019 - lives as long as the world does
    def _clings(self, before, word):
        return " " not in self._spell([before, word])

    def moves(self, stack):
        """Every first character a stack can begin with, as `_Reader.moves` has it for words."""
        clings, rest = True, stack  # at the beginning
        if stack and isinstance(stack[0], _Letters):
            (letters, mark, clings), rest = stack
            if letters:
                return [(1.0, Terminal(letters[0], *mark), (_Letters(letters[1:], (), clings), rest))]
        found: list[tuple] = []
        for probability, (word, *mark), left in self._words.moves(rest):
            if left is None:
                found.append((probability, Terminal(END), None))
                continue
            after = _Letters(word, tuple(mark), self._clings(word, "x"))
            if clings or self._clings("x", word):
                found += [(probability * p, letter, more) for p, letter, more in self.moves((after, left))]
            else:
                found.append((probability, Terminal(" "), (after, left)))
        return found


@dataclass(frozen=True)
class _Edges:
    """The automaton as arrays, one entry an edge, sorted by source node."""

    source: np.ndarray
    word: np.ndarray
    target: np.ndarray
    probability: np.ndarray


class GrammarWorld:
    """A grammar and everything that is true of the texts it makes.

    The grammar becomes a deterministic automaton: a node is the exact posterior over what is left to say, given
    the words so far (hidden derivations are summed over), so that the probabilities on a node's edges *are* the
    next-word distribution: the ratios of successive prefix probabilities of Stolcke 1995.
    """

    def __init__(self, text: str, max_nodes: int = 500_000, spell: Callable | None = None, **set_weights: dict):
        """text: the grammar in TOML. spell: how a list of words is printed; with it, the world is one of characters:
        wherever this class says word, read character, and everything stays exact. GrammarError if the grammar has a
        mistake, or more than max_nodes states.
        """
        self.grammar = Grammar(text, **set_weights)
        self._reader = _CharacterReader(self.grammar, spell) if spell else _Reader(self.grammar)
        self._next = []  # node -> {word: (probability, node)}; the end has node -1
        self._build(max_nodes)

    @classmethod
    def from_file(cls, path, **settings) -> "GrammarWorld":
        """Read a grammar file; settings as for the class. GrammarError says what is wrong in it."""
        try:
            return cls(Path(path).read_text(encoding="utf-8"), **settings)
        except OSError as error:
            raise GrammarError(f"cannot read the grammar {path}: {error.strerror}. Check the path.") from None

    def _build(self, max_nodes):
        if rule := _comes_back_inside(self.grammar):
            raise GrammarError(
                f"rule {rule} comes back to itself before its end. A rule may do that at its very end only, since "
                "otherwise what is left to say grows without limit."
            )
        start: tuple = (((self.grammar.start, ()), 1.0),)
        numbers, waiting = {start: 0}, [start]
        for belief in waiting:  # grows while we go through it
            found = defaultdict(lambda: defaultdict(float))
            for stack, weight in belief:
                for probability, terminal, left in self._reader.moves(stack):
                    found[terminal.word][left] += weight * probability
            edges = {}
            for word in sorted(found):
                stacks = found[word]
                probability = math.fsum(stacks.values())
                if word == END:
                    edges[word] = (probability, -1)
                    continue
                # A weight is rounded so that the same belief, reached on two ways, is one node.
                target = tuple(sorted(((s, round(w / probability, 12)) for s, w in stacks.items()), key=repr))
                if target not in numbers:
                    if len(numbers) >= max_nodes:
                        raise GrammarError(
                            f"the grammar has more than {max_nodes} states. Recursion is allowed at the end of a rule "
                            "only; use shorter texts or fewer members that must be remembered at once."
                        )
                    numbers[target] = len(numbers)
                    waiting.append(target)
                edges[word] = (probability, numbers[target])
            self._next.append(edges)
        if self._can_be_caught():
            raise GrammarError(
                "there are texts without an end: some rule leads back to itself, and to nothing else. Give it an "
                "alternative that ends."
            )

    def _can_be_caught(self):
        """Whether there is a node from which no way leads to the end."""
        before = defaultdict(list)
        for node, edges in enumerate(self._next):
            for _, target in edges.values():
                before[target].append(node)
        found, waiting = {-1}, [-1]
        for node in waiting:  # grows while we go through it
            new = set(before[node]) - found
            found |= new
            waiting += new
        return len(found) <= len(self._next)

    @cached_property
    def words(self) -> list[str]:
        """Every word the grammar can say, sorted, the end token not among them."""
        return sorted({word for edges in self._next for word in edges} - {END})

    @cached_property
    def _ids(self):
        return {word: i for i, word in enumerate([*self.words, END])}

    @cached_property
    def _edges(self) -> _Edges:
        rows = [(n, self._ids[w], t, p) for n, edges in enumerate(self._next) for w, (p, t) in edges.items()]
        source, word, target, probability = zip(*rows, strict=True)
        return _Edges(np.array(source), np.array(word), np.array(target), np.array(probability))

    # -- what is true ------------------------------------------------------------------------------------------

    def next_word(self, words) -> dict[str, float]:
        """The exact distribution of the next word after `words` (the text so far), END included.

        CourseError if the grammar cannot say them.
        """
        return {word: probability for word, (probability, _) in self._next[self._node(words)].items()}

    def log_probabilities(self, words) -> np.ndarray:
        """log p(word | words before it), in nats, for every word of a whole text and its END: (len + 1,).

        CourseError if the grammar cannot say the text.
        """
        node, found = 0, []
        for position, word in enumerate([*words, END]):
            if word not in self._next[node]:
                raise CourseError(self._impossible(words, position))
            probability, node = self._next[node][word]
            found.append(math.log(probability))
        return np.array(found)

    def accepts(self, words) -> bool:
        """Whether the grammar can say this whole text."""
        node = 0
        for word in [*words, END]:
            if word not in self._next[node]:
                return False
            node = self._next[node][word][1]
        return True

    def accepts_part(self, words, after=()) -> bool:
        """Whether the grammar can say these words in a row somewhere: at the beginning or behind one of `after`."""
        nodes = self._nodes_after(tuple(after))
        for word in words:
            nodes = {self._next[node][word][1] for node in nodes if word in self._next[node]} - {-1}
        return bool(nodes)

    @cache  # noqa: B019 - a world lives as long as its cache
    def _nodes_after(self, after):
        return {0} | {node for edges in self._next for word, (_, node) in edges.items() if word in after}

    def _node(self, words):
        node = 0
        for position, word in enumerate(words):
            if word == END or word not in self._next[node]:
                raise CourseError(self._impossible(words, position))
            node = self._next[node][word][1]
        return node

    def _impossible(self, words, position):
        word = [*words, END][position]
        known = "never says it there" if word in self._ids else "does not know this word"
        return f"word {position + 1}, {word!r}: the grammar {known}. `world.next_word(words)` shows what it could say."

    @cached_property
    def _visits(self):
        """How often a text visits each node on average: (N,)."""
        e, total = self._edges, np.zeros(len(self._next))
        front: np.ndarray = np.zeros(len(self._next))
        front[0] = 1.0
        inner = e.target >= 0
        for step in itertools.count():
            if front.sum() <= 1e-13:
                break
            if step == MOST_STEPS:
                raise GrammarError(f"some texts have more than {MOST_STEPS:,} words: make their end more probable.")
            total += front
            flow = front[e.source[inner]] * e.probability[inner]
            front = np.bincount(e.target[inner], flow, minlength=len(total))
        return total

    @cached_property
    def entropy_nats(self) -> float:
        """Entropy of a whole text, in nats: what is left of it when everything that can be known is known."""
        e = self._edges
        return float(-(self._visits[e.source] * e.probability * np.log(e.probability)).sum())

    @cached_property
    def expected_length(self) -> float:
        """Mean number of words of a text, END included."""
        return float(self._visits.sum())

    @property
    def entropy_rate_nats(self) -> float:
        """Nats per word, END included: the floor under every model's cross-entropy."""
        return self.entropy_nats / self.expected_length

    def window_distribution(self, words, size: int) -> dict[str, float]:
        """The best any predictor can do that sees only the last `size` words: p(next | those words).

        A window that reaches back to the beginning knows that the text begins there, as a padded window does.
        CourseError if size is negative, or the grammar cannot say the words.
        """
        if size < 0:
            raise CourseError(f"a window has 0 words or more, got {size}.")
        if size > len(words):
            return self.next_word(words)
        e, belief = self._edges, self._visits
        for word in words[len(words) - size :]:
            part = self._edges_of_word[self._ids[word]]
            belief = np.bincount(e.target[part], belief[e.source[part]] * e.probability[part], minlength=len(belief))
        weights = belief[e.source] * e.probability
        totals = np.bincount(e.word, weights, minlength=len(self._ids))
        return {w: float(totals[i] / totals.sum()) for w, i in self._ids.items() if totals[i] > 0}

    def best_guesses(self, words, size: int) -> list[str]:
        """The most probable next words for a predictor that sees the last `size` words; several if they are equal."""
        p = self.window_distribution(words, size)
        best = max(p.values())
        return [word for word in p if math.isclose(p[word], best, rel_tol=1e-6)]

    @cached_property
    def _edges_of_word(self):
        e = self._edges
        return [np.flatnonzero((e.word == i) & (e.target >= 0)) for i in range(len(self._ids))]

    def dependencies(self, words) -> list[Dependency]:
        """The marked dependencies of a text, in its most probable derivation.

        CourseError if the grammar cannot say the text.
        """
        beam: dict[tuple, tuple[float, tuple]] = {(self.grammar.start, ()): (1.0, ())}
        for word in words:
            found = {}
            for stack, (weight, marks) in beam.items():
                for probability, terminal, left in self._reader.moves(stack):
                    if terminal.word == word and left is not None:
                        score = weight * probability
                        if left not in found or found[left][0] < score:
                            found[left] = (score, (*marks, terminal))
            if not found:
                raise CourseError("the grammar cannot say this text, so it has no dependencies there.")
            beam = found
        _, terminals = max(beam.values(), key=lambda item: item[0])
        cues, result = {}, []
        for position, terminal in enumerate(terminals):
            if terminal.is_target and terminal.kind in cues:
                result.append(Dependency(terminal.kind, cues[terminal.kind], position))
            elif terminal.kind:
                cues[terminal.kind] = position
        return result

    # -- texts -------------------------------------------------------------------------------------------------

    def sample(self, count: int, seed: int) -> list[list[str]]:
        """`count` texts, each a list of words without END. The same seed gives the same texts."""
        e, rng = self._edges, np.random.default_rng(seed)
        # Edges are sorted by node, so node + cumulative probability grows from edge to edge: one search does all.
        starts = np.searchsorted(e.source, np.arange(len(self._next)))
        running = np.cumsum(e.probability)
        before = (running - e.probability)[starts]
        ends = e.source + np.minimum(running - before[e.source], 1.0)
        last = np.append(starts[1:], len(e.source)) - 1
        ends[last] = np.arange(len(starts)) + 1.0
        texts, nodes, alive = [[] for _ in range(count)], np.zeros(count, int), np.arange(count)
        vocabulary = [*self.words, END]
        while len(alive):
            chosen = np.searchsorted(ends, nodes + rng.random(len(nodes)), side="right")
            going = e.target[chosen] >= 0
            alive, chosen = alive[going], chosen[going]
            nodes = e.target[chosen]
            for text, word in zip(alive.tolist(), e.word[chosen].tolist(), strict=True):
                texts[text].append(vocabulary[word])
        return texts

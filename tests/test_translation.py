"""English and Spanish from one tree: agreement, alignment, references."""

import contextlib
import gc
import itertools
import re

import pytest

from course_lib.metrics import alignment_error_rate
from course_lib.worlds.grammar import GrammarError
from course_lib.worlds.translation import GRAMMAR_FILE, TranslationWorld, conjugate

WORLD = TranslationWorld()
PAIRS = WORLD.sample(1500, seed=1)


def only(rule, words="", start="TEXT"):
    return TranslationWorld(f'start = "{start}"\n[rules]\n{rule}\n{words}')


def test_the_same_seed_gives_the_same_pairs():
    again = WORLD.sample(1500, seed=1)
    assert [(p[:2], p.sure, p.possible) for p in again] == [(p[:2], p.sure, p.possible) for p in PAIRS]
    assert [pair.references(20) for pair in again[:100]] == [pair.references(20) for pair in PAIRS[:100]]
    assert [pair.english for pair in WORLD.sample(50, seed=2)] != [pair.english for pair in PAIRS[:50]]


@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("lengths", [{}, {"shortest": 90, "longest": 90}])
def test_the_collector_rests_and_goes_on_as_before(on, lengths):
    """Drawn trees are old, even after an error: no young collection walks over them."""
    world, walks = TranslationWorld(), []
    was, count = gc.isenabled(), lambda phase, info: walks.append(phase)
    (gc.enable if on else gc.disable)()
    gc.callbacks.append(count)
    try:
        with contextlib.suppress(GrammarError):
            pairs = world.sample(500, seed=0, **lengths)
            assert any(old is pairs[-1].tree for old in gc.get_objects(generation=2))
        assert not walks
        assert gc.isenabled() == on
    finally:
        gc.callbacks.remove(count)
        (gc.enable if was else gc.disable)()


def test_there_are_more_than_300_words_a_side():
    many = WORLD.sample(6000, seed=3)
    assert len({word for pair in many for word in pair.english}) > 400
    assert len({word for pair in many for word in pair.spanish}) > 700


@pytest.mark.parametrize(("shortest", "longest"), [(3, 5), (10, 12), (25, 30)])
def test_length_can_be_set(shortest, longest):
    lengths = [len(pair.english) for pair in WORLD.sample(100, 0, shortest, longest)]
    assert min(lengths) >= shortest and max(lengths) <= longest
    assert len(set(lengths)) >= 3
    with pytest.raises(GrammarError, match="too rare"):
        WORLD.sample(1, 0, 500, 501)


def test_every_reference_is_accepted_and_nothing_with_a_word_changed():
    words = sorted({word for pair in PAIRS for word in pair.spanish})
    for k, pair in enumerate(PAIRS[:400]):
        references = pair.references()
        assert references[0] == pair.spanish
        assert len(set(references)) == len(references)
        assert all(pair.accepts(reference) for reference in references)
        place = k % len(pair.spanish)
        for wrong in (
            pair.spanish[:-1],
            (*pair.spanish, "."),
            (*pair.spanish[:place], words[k % len(words)], *pair.spanish[place + 1 :]),
            pair.spanish[::-1],
        ):
            assert pair.accepts(wrong) == (wrong in references)


def find(english):
    """The pair of this English sentence, from a world with few words besides."""
    lists = re.split(r"(?m)^(?=\[words)", GRAMMAR_FILE.read_text(encoding="utf-8"))
    for i, part in enumerate(lists[1:], 1):
        entries = re.findall(r'(?m)^"([^"]*)" = .*$', part)
        kept = [e for e in entries if any(f" {form} " in f" {english} " for form in e.split(", "))]
        for entry in set(entries) - set(kept if kept else entries[:2]):
            lists[i] = re.sub(rf'(?m)^"{re.escape(entry)}" = .*\n', "", lists[i])
    wanted = english.split()
    pairs = TranslationWorld("".join(lists)).sample(3000, 0, len(wanted), len(wanted))
    return next(pair for pair in pairs if list(pair.english) == wanted)


@pytest.mark.parametrize(("english", "spanish", "wrong"), [
    ("we know him .", ["lo conocemos .", "nosotras lo conocemos ."], ["conocemos lo .", "la conocemos ."]),
    ("I am tired .", ["estoy cansado .", "yo estoy cansada ."], ["soy cansado .", "estoy cansados ."]),
    ("does Mary sing ?", ["¿ canta María ?", "¿ María canta ?"], ["canta María ?", "¿ cantas María ?"]),
    ("they opened it .", ["ellos lo abrieron .", "ellas la abrieron ."], ["ellos abrieron lo .", "la abrieron ."]),
])  # fmt: skip
def test_sentences_a_speaker_would_say(english, spanish, wrong):
    pair = find(english)
    for right in spanish:
        assert pair.accepts(right.split()), right
    for no in wrong:
        assert not pair.accepts(no.split()), no


def links(pair):
    return {(pair.english[i], pair.spanish[j]) for i, j in pair.sure}


def test_links_of_a_sentence_done_by_hand():
    world = only(
        'TEXT = ["WHO AUX:WHO,past not~1 VERB:WHO,past,base to~2 ART:NOUN NOUN* ADJ:NOUN .~3'
        ' => no~1 VERB a~2 ART NOUN ADJ .~3"]',
        '''[words.WHO]\nforms = "pronoun"\n"I" = "1 s mf yo, yo"\n[words.AUX]\nforms = "verb"\n"do, does, did" = ""
[words.VERB]\nforms = "verb"\n"wait for, waits for, waited for" = "esperar"\n[words.ART]\nforms = "determiner"
"the" = "el, la, los, las"\n[words.NOUN]\nforms = "noun"\n"king, kings" = "m rey, reyes"
[words.ADJ]\nforms = "adjective"\n"old" = "viejo, vieja, viejos, viejas"''',
    )
    pair = next(pair for pair in world.sample(20, 0, 3, 20) if "king" in pair.english)
    assert " ".join(pair.english) == "I did not wait for to the king old ."
    assert " ".join(pair.spanish) == "no esperé al rey viejo ."
    assert links(pair) == {
        ("not", "no"), ("to", "al"), ("the", "al"), ("king", "rey"), ("old", "viejo"), (".", "."),
    }  # fmt: skip
    more = {(pair.english[i], pair.spanish[j]) for i, j in pair.possible - pair.sure}
    # the ending says who, and when; a phrase of several words is not linked surely
    assert more == {("I", "esperé"), ("did", "esperé"), ("wait", "esperé"), ("for", "esperé")}


def test_every_word_is_aligned_perhaps_and_one_aligner_is_right():
    best = []
    for pair in PAIRS:
        assert pair.sure <= pair.possible
        assert all(i < len(pair.english) and j < len(pair.spanish) for i, j in pair.possible)
        assert {i for i, _ in pair.possible} == set(range(len(pair.english)))
        assert {j for _, j in pair.possible} == set(range(len(pair.spanish)))
        chosen = {j: i for i, j in sorted(pair.possible)} | {j: i for i, j in sorted(pair.sure)}
        best.append({(i, j) for j, i in chosen.items()})
    truth = [pair.sure for pair in PAIRS], [pair.possible for pair in PAIRS]
    assert alignment_error_rate(best, *truth) < 0.005  # "al" has two sure links and one place for the eye
    first = [{(0, j) for j in range(len(pair.spanish))} for pair in PAIRS]
    diagonal = [{(min(j, len(pair.english) - 1), j) for j in range(len(pair.spanish))} for pair in PAIRS]
    assert alignment_error_rate(first, *truth) > 0.6
    assert 0.3 < alignment_error_rate(diagonal, *truth) < 0.8


def test_words_english_has_not_go_with_what_they_mark():
    for pair in PAIRS:
        for j, word in enumerate(pair.spanish):
            with_ = {pair.english[i] for i, k in pair.possible - pair.sure if k == j}
            if word in ("le", "les"):
                assert "to" in with_
            if word == "a" and j not in {k for _, k in pair.sure}:  # the person one sees comes next
                assert {i for i, k in pair.sure if k == j + 1} <= {i for i, k in pair.possible if k == j}


def test_agreement_in_every_sentence():
    """Every article, and what stands beside it, has the gender and number of its noun."""
    nouns, adjectives = {}, {}
    for entries in WORLD.words.values():
        for forms, _, spanish, features in entries:
            if forms == "noun" and features["gender"] != "mf":
                nouns |= {form: (features["gender"], "sp"[i]) for i, form in enumerate(spanish) if " " not in form}
            if forms == "adjective" and len(set(spanish)) == 4:
                adjectives |= {form: ("mf"[i % 2], "sp"[i // 2]) for i, form in enumerate(spanish)}
    articles = {"el": ("m", "s"), "la": ("f", "s"), "los": ("m", "p"), "las": ("f", "p"), "una": ("f", "s"),
                "al": ("m", "s"), "del": ("m", "s"), "estas": ("f", "p"), "nuestros": ("m", "p")}  # fmt: skip
    seen = 0
    for pair in PAIRS:
        for before, word in itertools.pairwise(pair.spanish):
            for one, other in ((articles, nouns), (nouns, adjectives), (adjectives, nouns)):
                if before in one and word in other and "paraguas" not in (before, word):
                    seen += 1
                    assert one[before] == other[word], " ".join(pair.spanish)
        assert not re.search(r"\b(a el|de el|y i)\b", " ".join(pair.spanish))
    assert seen > 700


@pytest.mark.parametrize(("entry", "present", "past"), [
    ("hablar", "hablo hablas habla hablamos hablan", "hablé hablaste habló hablamos hablaron"),
    ("comer", "como comes come comemos comen", "comí comiste comió comimos comieron"),
    ("vivir", "vivo vives vive vivimos viven", "viví viviste vivió vivimos vivieron"),
    ("buscar", "busco buscas busca buscamos buscan", "busqué buscaste buscó buscamos buscaron"),
    ("pagar", "pago pagas paga pagamos pagan", "pagué pagaste pagó pagamos pagaron"),
    ("encontrar(ue)", "encuentro encuentras encuentra encontramos encuentran",
     "encontré encontraste encontró encontramos encontraron"),
    ("perder(ie)", "pierdo pierdes pierde perdemos pierden", "perdí perdiste perdió perdimos perdieron"),
    ("volver(ue)", "vuelvo vuelves vuelve volvemos vuelven", "volví volviste volvió volvimos volvieron"),
    ("recordar(ue)", "recuerdo recuerdas recuerda recordamos recuerdan",
     "recordé recordaste recordó recordamos recordaron"),
])  # fmt: skip
def test_verbs(entry, present, past):
    assert conjugate(entry)[1:] == (present.split(), past.split())


@pytest.mark.parametrize(("grammar", "message"), [
    ('start = "TEXT"\n[rules]\nTEXT = ["a b"]', "expected .weight: english => spanish"),
    ('start = "TEXT"\n[rules]\nTEXT = ["NN => NN"]', "asks for NN: there is no such rule"),
    ('start = "TEXT"\n[rules]\nTEXT = ["a => TEXT"]', "stands in Spanish and not in English"),
    ('start = "NO"\n[rules]\nTEXT = ["a => b"]', "there is no such rule"),
    ('[words.X]\n"a" = "b"', "expected a line such as forms"),
    ('[words.X]\nforms = "noun"\n"cat" = "gato"', "is not a noun"),
    ('[words.X]\nforms = "noun"\n"cat, cats" = "m gato, gatos, gatas"', "is not a noun"),
    ('[words.X]\nforms = "noun"\n"cat, cats" = "x gato, gatos"', "is not a noun"),
    ('[words.X]\nforms = "adjective"\n"red" = "rojo, roja"', "is not a adjective"),
    ('[words.X]\nforms = "verb"\n"go" = "ir: voy"', "is not a verb"),
    ("[words", "not valid TOML"),
])  # fmt: skip
def test_grammars_with_a_mistake(grammar, message):
    with pytest.raises(GrammarError, match=message):
        TranslationWorld(grammar)


def test_an_agreement_with_nobody():
    with pytest.raises(GrammarError, match="agrees with a name that is not in its English side"):
        only('TEXT = ["NN:TEXT => NN"]', '[words.NN]\nforms = "noun"\n"cat, cats" = "m gato, gatos"')


def test_the_grammar_file_is_bundled():
    assert GRAMMAR_FILE.is_file()


def test_unseen_sentences_are_new_and_have_known_words():
    world = TranslationWorld()
    pairs = world.sample(2000, seed=1, longest=8)
    test = world.unseen(pairs, 200, seed=2, longest=8)
    assert len({pair.english for pair in test}) == 200
    assert not {pair.english for pair in test} & {pair.english for pair in pairs}
    assert {w for pair in test for w in pair.english} <= {w for pair in pairs for w in pair.english}
    with pytest.raises(GrammarError, match="only 0 other sentences were found, not 5"):
        world.unseen([], 5, seed=2, longest=8)  # no word is known

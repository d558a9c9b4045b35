"""The language world: short English stories whose next-word distribution is known exactly.

The grammar is `language.toml`, beside this file: edit it, or hand your own to `GrammarWorld.from_file`.
"""

from pathlib import Path

from course_lib.worlds.grammar import GrammarWorld

GRAMMAR_FILE = Path(__file__).with_name("language.toml")


def load(**settings) -> GrammarWorld:
    """The language world. `load(gap={0: 1, 5: 1})`: 0 or 5 sentences between a country and its language;
    `load(spell=text.detokenize)`: character by character.
    """
    return GrammarWorld.from_file(GRAMMAR_FILE, **settings)

"""What a trained network makes of sentences that were typed, or of a file."""

import sys
import unicodedata
from pathlib import Path

from course_lib.datasets.plain_text import read_lines
from course_lib.errors import CourseError
from experiments.translation.data import LONGEST
from experiments.translation.translator import SubwordTranslator, Translated


def say(sentences: list[str], out: Path, network: str, beam: int, picture: Path | None) -> None:
    """Translate what was typed, and show which piece each piece looked at."""
    translate = SubwordTranslator.load(out / network)
    sentences = [clean(sentence, f"sentence {i}") for i, sentence in enumerate(sentences, 1)]
    sentences = [sentence for sentence in sentences if sentence]
    found = translate(sentences, beam)
    for sentence, best in zip(sentences, found, strict=True):
        unknown = [piece for piece in best.read if piece not in translate.source.vocabulary]
        if unknown:
            print(f"not known, read as <unk>: {' '.join(unknown)}")
        print(f"{sentence} → {best.sentence}")
        if best.weights is not None:
            looked = [f"{p}←{best.read[row.argmax()]}" for p, row in zip(best.said, best.weights, strict=False)]
            print(" ", " ".join(looked).replace("▁", "_"))
    if picture and found and found[0].weights is not None:
        draw(picture, found[0])
        print(f"drawn: {picture}")


def draw(picture: Path, best: Translated) -> None:
    """Where it looked for each piece, into a file."""
    import matplotlib

    matplotlib.use("Agg")
    from course_lib import plotting

    fig, ax = plotting.figure(0.6 * len(best.read) + 2, 0.4 * len(best.said) + 2)
    plotting.attention(ax, best.weights[: len(best.said)], best.read, best.said)
    plotting.title(ax, neutral="Where it looked")
    try:
        fig.savefig(picture)
    except (OSError, ValueError) as error:
        raise CourseError(f"--picture: cannot write {picture} ({error}): give another name, such as a.png.") from None


def translate_file(source: Path, target: Path, out: Path, network: str, beam: int) -> None:
    """A line for a line; a line that cannot be translated stays empty, and is named."""
    translate = SubwordTranslator.load(out / network)
    lines = [clean(line, f"line {i}") for i, line in enumerate(read_lines(source), 1)]
    there = [i for i, line in enumerate(lines) if line]
    said = [""] * len(lines)
    for i, best in zip(there, translate([lines[i] for i in there], beam), strict=True):
        said[i] = best.sentence
    try:
        target.write_text("\n".join(said) + "\n", encoding="utf-8")
    except OSError as error:
        raise CourseError(f"cannot write {target} ({error.strerror}): give another name.") from None
    print(f"{len(there)} of {len(lines)} lines translated: {target}")


def clean(sentence: str, name: str) -> str:
    """The sentence in NFC, or "" with a message when it cannot be translated."""
    sentence = unicodedata.normalize("NFC", sentence).strip()
    if not sentence:
        print(f"{name} is empty; it stays empty.", file=sys.stderr)
    elif len(sentence.split()) > LONGEST:
        words = len(sentence.split())
        print(f"{name} has {words} words, at most {LONGEST} are translated; it stays empty.", file=sys.stderr)
        return ""
    return sentence

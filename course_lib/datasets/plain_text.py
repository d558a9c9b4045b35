"""Any UTF-8 text file: as training data, or as lines."""

import codecs
from pathlib import Path

from course_lib.errors import CourseError

# How files begin that look like text to nobody but a program, and what to do.
_OTHERS = {
    codecs.BOM_UTF32_LE: "UTF-32: save it as UTF-8 in your editor",
    codecs.BOM_UTF32_BE: "UTF-32: save it as UTF-8 in your editor",
    codecs.BOM_UTF16_LE: "UTF-16: save it as UTF-8 in your editor",  # UTF-32 begins so, too
    codecs.BOM_UTF16_BE: "UTF-16: save it as UTF-8 in your editor",
    b"%PDF-": "a PDF: save its text as a plain text file",
    b"{\\rtf": "a word processor's document (RTF): save it there as plain text",
    b"PK\x03\x04": "a ZIP archive, or a document that is one: unpack it, or save it as plain text",
    b"\x1f\x8b": "compressed with gzip: unpack it",
}


def read_text(path) -> str:
    """The text of a file to train on, every line ended by "\\n" alone.

    CourseError if it is missing, empty, binary, not UTF-8, or one character repeated.
    """
    text = _decoded(Path(path))
    if len(set(text)) < 2:
        raise CourseError(f"{path} has only the character {text[0]!r}: there is nothing to predict. Use another text.")
    return text


def read_lines(path) -> list[str]:
    """The lines of a file, as a text editor numbers them: only "\\n", "\\r\\n" or "\\r" ends one.

    Not so str.splitlines, for which U+2028, U+0085, form feed and four others end one, too. CourseError if the file is
    missing, empty, binary or not UTF-8.
    """
    return _decoded(Path(path)).removesuffix("\n").split("\n")


def _decoded(path):
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CourseError(f"cannot read {path}: {error.strerror}. Check the path.") from None
    if kind := next((kind for begins, kind in _OTHERS.items() if raw.startswith(begins)), None):
        raise CourseError(f"{path} is {kind} and try again.")
    if b"\0" in raw:
        raise CourseError(f"{path} is a binary file; expected plain text in UTF-8.")
    try:
        text = _plain(raw.decode("utf-8").removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        line = _plain(raw[: error.start].decode()).count("\n") + 1
        raise CourseError(
            f"{path} is not UTF-8 (byte {error.start}, in line {line}, cannot be read): save it as UTF-8 in your "
            "editor and try again."
        ) from None
    if not text.strip():
        raise CourseError(f"{path} is empty: expected some text.")
    return text


def _plain(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")


def split(text: str, held_out: float = 0.1) -> tuple[str, str]:
    """Training part and held-out part: the last `held_out` of the text is held out."""
    cut = int(len(text) * (1 - held_out))
    return text[:cut], text[cut:]

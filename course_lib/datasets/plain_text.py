"""Any UTF-8 text file as training data."""

from pathlib import Path

from course_lib.errors import CourseError


def read_text(path) -> str:
    """The text of a file. CourseError if it is missing, empty, binary, not UTF-8, or one character repeated."""
    path = Path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CourseError(f"cannot read {path}: {error.strerror}. Check the path.") from None
    if b"\0" in raw:
        raise CourseError(f"{path} is a binary file; expected plain text in UTF-8.")
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise CourseError(
            f"{path} is not UTF-8 (byte {error.start} cannot be read): save it as UTF-8 in your editor and try again."
        ) from None
    if not text.strip():
        raise CourseError(f"{path} is empty: expected some text.")
    if len(set(text)) < 2:
        raise CourseError(f"{path} has only the character {text[0]!r}: there is nothing to predict. Use another text.")
    return text


def split(text: str, held_out: float = 0.1) -> tuple[str, str]:
    """Training part and held-out part: the last `held_out` of the text is held out."""
    cut = int(len(text) * (1 - held_out))
    return text[:cut], text[cut:]

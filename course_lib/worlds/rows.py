"""Short texts one behind the other, in rows of equal length."""


def pack(texts: list[str], length: int) -> list[str]:
    """Rows of `length` characters. Each begins where a text begins; the text that does not fit any more is cut off.

    So nothing is asked in a row that is not in it; and what is behind has to be forgotten when a new text begins.
    """
    rows, row = [], ""
    for text in texts:
        row += text
        if len(row) >= length:
            rows.append(row[:length])
            row = ""
    return rows

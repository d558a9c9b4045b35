"""Public data: what there is and where it comes from. Getting it: `fetch.py`; reading text files: `plain_text.py`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dataset:
    """One public data set that is one file. path: its place below a data folder, in COURSE_DATA and in the cache."""

    name: str
    title: str
    path: str
    url: str
    bytes: int
    sha256: str
    licence: str


REGISTRY = {
    entry.name: entry
    for entry in [
        Dataset(
            name="shakespeare",
            title="Tiny Shakespeare: 1,115,394 characters of his plays",
            path="shakespeare/shakespeare.txt",
            url="https://storage.googleapis.com/download.tensorflow.org/data/shakespeare.txt",
            bytes=1_115_394,
            sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            licence="public domain",
        ),
    ]
}

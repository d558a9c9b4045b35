"""Public data: what there is and where it comes from. Getting it: `fetch.py`; reading text files: `plain_text.py`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dataset:
    """One public data set. path: its place below a data folder, in COURSE_DATA and in the cache.

    One file, with its bytes and sha256; member: its name in the archive, where `url` is one. Or a folder, unpacked from
    `archives`: (url, bytes, checksum as "md5:…"; "" if none is published) of each.
    """

    name: str
    title: str
    path: str
    url: str
    bytes: int
    sha256: str
    licence: str
    member: str = ""
    archives: tuple[tuple[str, int, str], ...] = ()


_FLICKR8K = "https://github.com/jbrownlee/Datasets/releases/download/Flickr8k/"
_FSDD = "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/v1.0.10.zip"
_SST2 = "https://raw.githubusercontent.com/clairett/pytorch-sentiment-classification/master/data/SST2/"

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
        Dataset(
            name="spa-eng",
            title="Tatoeba English-Spanish: 118,964 pairs of sentences",
            path="spa-eng/spa.txt",
            url="https://storage.googleapis.com/download.tensorflow.org/data/spa-eng.zip",
            bytes=8_042_772,
            sha256="6ec60e212f812ee3430f7568ea6f33b6fb080e32193c5952e8da0ee8ba45574c",
            licence="CC-BY 2.0, sentences from tatoeba.org",
            member="spa-eng/spa.txt",
        ),
        Dataset(
            name="sst2",
            title="Stanford Sentiment Treebank, binary: 6,920 sentences of film reviews to train on",
            path="sst2/train.tsv",
            url=_SST2 + "train.tsv",
            bytes=720_259,
            sha256="ec192f833a64da08f475488a77b0d0b47db47acd0f458bd18433fc793b569920",
            licence="research use; cite Socher et al. 2013",
        ),
        Dataset(
            name="sst2-dev",
            title="the same: 872 sentences to judge on",
            path="sst2/dev.tsv",
            url=_SST2 + "dev.tsv",
            bytes=92_057,
            sha256="eddea6b39e601dd4e7a672b53cc40fdf6019fa80522f351206c24340ca5d9359",
            licence="research use; cite Socher et al. 2013",
        ),
        Dataset(
            name="flickr8k",
            title="Flickr8k: 8,091 photographs with five captions each",
            path="flickr8k",
            url=_FLICKR8K,
            bytes=1_117_760_547,
            sha256="",
            licence="research and teaching only; photographs belong to their authors (Hodosh, Young, Hockenmaier 2013)",
            archives=(
                (_FLICKR8K + "Flickr8k_text.zip", 2_340_801, "md5:bf6c1abcb8e4a833b7f922104de18627"),
                (_FLICKR8K + "Flickr8k_Dataset.zip", 1_115_419_746, "md5:f18a1e2920de5bd84dae7cf08ec78978"),
            ),
        ),
        Dataset(
            name="fsdd",
            title="Free Spoken Digit Dataset: 3,000 recordings of digits by six speakers",
            path="fsdd",
            url=_FSDD,
            bytes=17_000_000,
            sha256="",
            licence="CC-BY-SA 4.0, Jakobovski et al., github.com/Jakobovski/free-spoken-digit-dataset",
            archives=((_FSDD, 17_000_000, ""),),  # packed when asked for: so many bytes about, no sum
        ),
    ]
}

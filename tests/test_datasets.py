"""Fetching against a server on loopback, and everything that can go wrong with it."""

import errno
import functools
import hashlib
import http.server
import io
import threading
import zipfile
from dataclasses import replace

import pytest

from course_lib import datasets
from course_lib.__main__ import main
from course_lib.datasets import fetch as fetching
from course_lib.datasets.fetch import DataError, fetch, find
from course_lib.datasets.pairs import read_pairs, references, split_by_source
from course_lib.datasets.plain_text import read_lines, read_text, split
from course_lib.errors import CourseError

CONTENT = b"To be, or not to be.\n" * 400


def packed(files):
    """An archive, the same bytes each time, with one member that wants to lie outside."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writing:
        for name, content in {"../outside.txt": b"no", **files}.items():
            writing.writestr(zipfile.ZipInfo(name), content)
    return archive.getvalue()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        kind = self.path.strip("/")
        self.server.requests.append(kind)
        if kind == "missing":
            self.send_error(404)
            return
        body = CONTENT.replace(b"be", b"me", 1) if kind.endswith("altered") else CONTENT
        if kind.startswith("zip"):
            body = packed({} if kind == "zip-empty" else {"in/it.txt": body})
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if kind.endswith("truncated") else body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.requests = []
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSE_DATA", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def serve(server, monkeypatch, cache):
    def as_kind(kind):
        url = f"http://127.0.0.1:{server.server_port}/{kind}"
        digest = hashlib.sha256(CONTENT).hexdigest()
        entry = replace(datasets.REGISTRY["shakespeare"], url=url, bytes=len(CONTENT), sha256=digest)
        monkeypatch.setitem(datasets.REGISTRY, "shakespeare", entry)
        return functools.partial(fetch, "shakespeare", progress=False)

    return as_kind


def files_below(folder):
    return [p for p in folder.rglob("*") if p.is_file()]


def test_a_download_is_checked_kept_and_not_repeated(serve, server, cache):
    get = serve("good")
    path = get()
    assert path.read_bytes() == CONTENT
    assert path.is_relative_to(cache)
    assert get() == path == find("shakespeare")
    assert server.requests == ["good"]
    assert files_below(cache) == [path]


def test_a_damaged_file_in_the_cache_is_fetched_again(serve, server):
    get = serve("good")
    path = get()
    path.write_bytes(CONTENT[:50])
    assert find("shakespeare") is None
    assert get().read_bytes() == CONTENT
    assert server.requests == ["good", "good"]


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("altered", "is not the public file .sha256 differs.; it was thrown away"),
        ("truncated", "is not the public file|no connection, or it broke off"),
        ("missing", "answered 404"),
    ],
)
def test_a_bad_download_leaves_nothing_behind(serve, cache, kind, sentence):
    with pytest.raises(DataError, match=sentence) as caught:
        serve(kind)()
    assert "put it at" in str(caught.value)
    assert files_below(cache) == []


def test_a_bad_download_leaves_the_good_file_of_another_run_alone(serve, cache):
    path = serve("good")()
    path.write_bytes(b"half")
    with pytest.raises(DataError):
        serve("altered")()
    assert path.read_bytes() == b"half"


def test_no_network(monkeypatch, cache):
    entry = replace(datasets.REGISTRY["shakespeare"], url="http://127.0.0.1:9/nothing")
    monkeypatch.setitem(datasets.REGISTRY, "shakespeare", entry)
    with pytest.raises(DataError) as caught:
        fetch("shakespeare", progress=False)
    sentence = str(caught.value)
    assert "no connection" in sentence
    for part in ("http://127.0.0.1:9/nothing", "1.1 MB", str(cache), "COURSE_DATA"):
        assert part in sentence


def test_a_cache_folder_that_cannot_be_written(serve, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "file"))
    with pytest.raises(DataError, match="cannot write to the cache folder .* Set COURSE_CACHE"):
        serve("good")()


def test_a_full_disk(serve, cache, monkeypatch):
    import pooch

    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pooch, "retrieve", full)
    with pytest.raises(DataError, match="No space left on device.*Make room there, or set COURSE_CACHE"):
        serve("good")()


def test_course_data_goes_first_and_says_if_the_file_differs(serve, server, tmp_path, monkeypatch):
    get = serve("good")
    mine = tmp_path / "mine" / "shakespeare" / "shakespeare.txt"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(CONTENT)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "mine"))
    assert get() == mine
    mine.write_bytes(b"another text")
    with pytest.warns(UserWarning, match="differs from the public file"):
        assert get() == mine
    assert server.requests == []
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="not a folder"):
        get()


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("zip", None),
        ("zip-altered", "is not the public file"),
        ("zip-empty", "is not the public file"),
        ("zip-truncated", "is not the public file|broke off"),
        ("good", "is not the public file"),
    ],
)
def test_a_file_in_an_archive(server, cache, monkeypatch, kind, sentence):
    url, digest = f"http://127.0.0.1:{server.server_port}/{kind}", hashlib.sha256(CONTENT).hexdigest()
    entry = replace(datasets.REGISTRY["spa-eng"], url=url, bytes=len(CONTENT), sha256=digest, member="in/it.txt")
    monkeypatch.setitem(datasets.REGISTRY, "spa-eng", entry)
    if sentence is None:
        path = fetch("spa-eng", progress=False)
        assert path.read_bytes() == CONTENT
        assert files_below(cache) == [path]  # neither the archive nor what else was in it
        assert fetch("spa-eng") == path
    else:
        with pytest.raises(DataError, match=sentence):
            fetch("spa-eng", progress=False)
        assert files_below(cache) == []


@pytest.mark.parametrize(
    ("second", "sentence"),
    [
        ("zip", None),
        ("zip-altered", "is not the public file"),
        ("zip-truncated", "is not the public file|broke off"),
        ("missing", "answered 404"),
    ],
)
def test_a_folder_of_two_archives(server, cache, monkeypatch, second, sentence):
    address = f"http://127.0.0.1:{server.server_port}/"
    checksum = "md5:" + hashlib.md5(packed({"in/it.txt": CONTENT})).hexdigest()
    archives = ((address + "zip", 1, checksum), (address + second, 1, checksum))
    monkeypatch.setitem(datasets.REGISTRY, "flickr8k", replace(datasets.REGISTRY["flickr8k"], archives=archives))
    assert find("flickr8k") is None
    if sentence is None:
        folder = fetch("flickr8k", progress=False)
        assert (folder / "in" / "it.txt").read_bytes() == CONTENT
        assert folder.is_relative_to(cache) and all(path.is_relative_to(folder) for path in files_below(cache))
        assert fetch("flickr8k") == folder
    else:
        with pytest.raises(DataError, match=sentence) as raised:
            fetch("flickr8k", progress=False)
        assert "(1118 MB) yourself and unpack them in" in str(raised.value)
        assert files_below(cache) == [] and find("flickr8k") is None


@pytest.mark.parametrize(
    ("archive", "sentence"), [("zip", None), ("zip-truncated", "is not the public file|broke off")]
)
def test_an_archive_of_which_no_sum_is_published(server, cache, monkeypatch, archive, sentence):
    archives = ((f"http://127.0.0.1:{server.server_port}/{archive}", 1, ""),)
    monkeypatch.setitem(datasets.REGISTRY, "fsdd", replace(datasets.REGISTRY["fsdd"], archives=archives))
    if sentence is None:
        assert (fetch("fsdd", progress=False) / "in" / "it.txt").read_bytes() == CONTENT
    else:
        with pytest.raises(DataError, match=sentence):
            fetch("fsdd", progress=False)
        assert files_below(cache) == [] and find("fsdd") is None


def test_an_unknown_name_lists_the_known():
    with pytest.raises(DataError, match="Choose one of: shakespeare"):
        fetch("shakespear")


def test_the_real_file_if_it_is_here():
    # With COURSE_DATA set to a folder of public data, its Tiny Shakespeare is the registered one.
    path = find("shakespeare")
    if path is None:
        pytest.skip("Tiny Shakespeare is not on this machine")
    entry = datasets.REGISTRY["shakespeare"]
    assert fetching.sha256(path) == entry.sha256
    assert len(read_text(path)) == entry.bytes


def test_the_command_line(serve, cache, capsys):
    serve("good")
    assert main(["data"]) == 0
    assert "not here yet" in capsys.readouterr().out
    assert main(["fetch", "shakespeare"]) == 0
    assert str(cache) in capsys.readouterr().out
    assert main(["data"]) == 0
    listed = capsys.readouterr().out
    assert str(cache) in listed
    assert "public domain" in listed
    assert main(["fetch", "nothing"]) == 1
    assert "there is no data set 'nothing'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"aaaa", "only the character 'a'"),
        (b"abc\0def", "binary file"),
        ("Grüße".encode("latin-1"), r"not UTF-8 \(byte 2"),
        ("Hola".encode("utf-32"), "is UTF-32: save it as UTF-8"),
        (b"%PDF-1.7\n%\xe2\xe3", "is a PDF: save its text as a plain text file and try again"),
        (rb"{\rtf1\ansi To be, or not to be.}", "word processor's document .RTF.: save it there as plain text"),
        (b"PK\x03\x04\x14\0", "is a ZIP archive, or a document that is one: unpack it"),
        (b"\x1f\x8b\x08\0", "is compressed with gzip: unpack it and try again"),
    ],
)
def test_a_text_that_cannot_be_used(tmp_path, raw, sentence):
    (tmp_path / "t.txt").write_bytes(raw)
    with pytest.raises(CourseError, match=sentence):
        read_text(tmp_path / "t.txt")


def test_a_text_that_can(tmp_path):
    (tmp_path / "t.txt").write_bytes("\ufeffzwei\r\nZeilen ü".encode())
    assert read_text(tmp_path / "t.txt") == "zwei\nZeilen ü"
    assert split("0123456789") == ("012345678", "9")
    with pytest.raises(CourseError, match="cannot read"):
        read_text(tmp_path / "none.txt")


def test_pairs_are_read_and_bad_lines_named(tmp_path):
    path = tmp_path / "pairs.tsv"
    long = "word " * 10_000
    cafe = "Cafe\u0301"  # a letter and a combining accent
    lines = [
        "Hello.\tHola.\tCC-BY",
        "",
        "no tab",
        "x\t ",
        f"{long}\tHola.",
        f"{cafe}\tCafé",
        "שלום\tHola.",
        "Hi!\tHola.",
    ]
    path.write_text("\ufeff" + "\r\n".join(lines), encoding="utf-8")
    pairs, problems = read_pairs(path)
    assert pairs == [("Hello.", "Hola."), ("Café", "Café"), ("שלום", "Hola."), ("Hi!", "Hola.")]
    assert problems == [
        "lines empty: 1, the first is line 2", "lines without a tab: 1, the first is line 3",
        "lines with an empty side: 1, the first is line 4", "lines with more than 60 words: 1, the first is line 5",
    ]  # fmt: skip
    path.write_text("one\ntwo\n", encoding="utf-8")
    with pytest.raises(CourseError, match="has no pair: expected lines such as .* lines without a tab: 2"):
        read_pairs(path)


@pytest.mark.parametrize(("text", "pairs", "odd"), [
    ("1276\tLet's try.\t2481\tIntentemos.\n1277\tI sleep.\t2482\tDuermo.\n",
     [("Let's try.", "Intentemos."), ("I sleep.", "Duermo.")], []),
    ("1276\tLet's try.\t2481\tIntentemos.\n1277\tI sleep.\t2482\tDuermo.\nHi.\tHola.\n",
     [("Let's try.", "Intentemos."), ("I sleep.", "Duermo.")],
     ["that are not id<tab>text<tab>id<tab>text, as most: 1, the first is line 3"]),
    ("Hi.\tHola.\n1276\tLet's try.\t2481\tIntentemos.\nGo.\tVe.\tCC-BY 2.0 (France) Attribution: tatoeba.org #1\n",
     [("Hi.", "Hola."), ("Go.", "Ve.")],
     ["with further columns, where the first is an id or a language: 1, the first is line 2"]),
    ("Hi.\tHola.\tSalut.\nGo.\tVe.\t\n", [("Hi.", "Hola."), ("Go.", "Ve.")],
     ["with further columns, which are not read: 1, the first is line 1"]),
    ("1\tuno\n2\tdos\n", [("1", "uno"), ("2", "dos")], []),
    ("id\tspanish\tenglish\n7\tHola.\tHi.\n8\tVe.\n", [("Hola.", "Hi.")],
     ["that name the columns: 1, the first is line 1", "with other columns than the head: 1, the first is line 3"]),
    ("text_en\tSpanish sentence\nHi.\tHola.\n", [("Hi.", "Hola.")],
     ["that name the columns: 1, the first is line 1"]),
    ('"Hi."\t"Hola."\n"Go ""on""."\t"Sigue."\n', [('"Hi."', '"Hola."'), ('"Go ""on""."', '"Sigue."')],
     ["whose texts are in quotation marks, which are taken for part of them: 2, the first is line 1"]),
    ('"Hi."\t"Hola."\nGo.\tVe.\n', [('"Hi."', '"Hola."'), ("Go.", "Ve.")], []),
    ("One\u2028line\tUna\x0cl\x85nea\rHi.\tHola.", [("One\u2028line", "Una\x0cl\x85nea"), ("Hi.", "Hola.")], []),
])  # fmt: skip
def test_columns_of_pairs_are_known_by_their_content(tmp_path, text, pairs, odd):
    path = tmp_path / "pairs.tsv"
    path.write_bytes(text.encode())
    assert read_pairs(path) == (pairs, [f"lines {problem}" for problem in odd])


@pytest.mark.parametrize(("text", "message"), [
    ("1276\teng\tLet's try.\n1277\teng\tHi.\n", "where the first is an id or a language: 2, .* line 1"),
    ("eng\tHi.\tHola.\neng\tGo.\tVe.\n", "where the first is an id or a language: 2, .* line 1"),
    ("english\tspanish\tfrench\nHi.\tHola.\tSalut.\n", "line 1: expected two columns of text, got english, spanish"),
    ("Hi.,Hola.\n", "lines without a tab: 1, the first is line 1"),
])  # fmt: skip
def test_columns_of_pairs_that_are_not_clear(tmp_path, text, message):
    (tmp_path / "pairs.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match=rf"pairs\.tsv.*{message}"):
        read_pairs(tmp_path / "pairs.tsv")


def test_a_line_is_what_ends_in_a_newline(tmp_path):
    path = tmp_path / "t.txt"
    path.write_bytes("a\u2028b\n\x85\x0c\x0b\x1c\r\n\rc\rd\n\n".encode())
    assert read_lines(path) == ["a\u2028b", "\x85\x0c\x0b\x1c", "", "c", "d", ""]
    path.write_text("I", encoding="utf-8")  # one sentence of one letter: nothing to train on, but a line
    assert read_lines(path) == ["I"]
    path.write_text("Hola\n", encoding="utf-16")
    with pytest.raises(CourseError, match="is UTF-16: save it as UTF-8"):
        read_lines(path)


def test_no_source_is_in_two_parts():
    pairs = [(f"Sentence {i // 3}{mark}", f"Frase {i}.") for i in range(300) for mark in ".!"]
    dev, test, train = split_by_source(pairs, 0, 10, 20)
    keys = [{a[:-1] for a, _ in part} for part in (dev, test, train)]
    assert [len(k) for k in keys] == [10, 20, 70]
    assert not keys[0] & keys[1] | keys[0] & keys[2] | keys[1] & keys[2]
    assert sorted(dev + test + train) == sorted(pairs)
    assert split_by_source(reversed(pairs), 0, 10, 20)[0] != split_by_source(pairs, 1, 10, 20)[0]
    assert len(references(test)) == 40
    assert all(len(said) == 3 for said in references(test).values())
    with pytest.raises(CourseError, match="100 sources were asked for; the file has 100"):
        split_by_source(pairs, 0, 90, 10)

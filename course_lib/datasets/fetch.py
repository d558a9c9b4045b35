"""Get a public data set: from COURSE_DATA, from the cache, or from its public address. Checked by its published sum."""

import hashlib
import os
import tempfile
import warnings
import zipfile
from pathlib import Path

from course_lib.datasets import REGISTRY, Dataset
from course_lib.errors import CourseError


class DataError(CourseError):
    """A data set cannot be had; the message says what to do."""


def cache_folder() -> Path:
    """Where fetched sets are kept: COURSE_CACHE, or the system's cache folder for this course."""
    import pooch

    return Path(os.environ.get("COURSE_CACHE") or pooch.os_cache("sequence-course")).expanduser()


def sha256(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def lookup(name: str) -> Dataset:
    """The registry's entry, or DataError with the names there are."""
    if name not in REGISTRY:
        raise DataError(f"there is no data set {name!r}. Choose one of: {', '.join(REGISTRY)}.")
    return REGISTRY[name]


def find(name: str) -> Path | None:
    """The file if it is on this machine, in COURSE_DATA or, with the right sha256, in the cache; else None.

    DataError if COURSE_DATA is no folder, or nothing is registered under the name.
    """
    entry = lookup(name)
    if folder := os.environ.get("COURSE_DATA"):
        if not Path(folder).is_dir():
            raise DataError(f"COURSE_DATA is {folder!r}, which is not a folder: correct it or unset it.")
        path = Path(folder) / entry.path
        if entry.archives and path.is_dir():
            return path
        if path.is_file():
            if sha256(path) != entry.sha256:
                warnings.warn(f"{path} differs from the public file of {name!r} (sha256); it is used all the same.")
            return path
    path = cache_folder() / entry.path
    if entry.archives:
        return path if path.is_dir() else None  # put in place only when it was whole
    return path if path.is_file() and sha256(path) == entry.sha256 else None


def fetch(name: str, progress: bool = True) -> Path:
    """The path of a data set's file or folder, downloaded if it is not on this machine yet.

    Errors (DataError, one sentence): no network; a download that is not the public file; a cache folder that is
    read-only or full. A download is put in place only when it is whole and its sha256 is right.
    """
    import pooch
    import requests

    entry = lookup(name)
    if path := find(name):
        return path
    folder = cache_folder()
    target = folder / entry.path
    by_hand = f"Or download {entry.url} ({entry.bytes / 1e6:.1f} MB) yourself and put it at {target}"
    if entry.archives:
        names = " and ".join(url for url, *_ in entry.archives)
        by_hand = f"Or download {names} ({entry.bytes / 1e6:.0f} MB) yourself and unpack them in {target}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # A try of our own: pooch reports a read-only folder only after it has downloaded.
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise DataError(
            f"cannot write to the cache folder {target.parent} ({error.strerror}). Set COURSE_CACHE to a folder that "
            "can be written."
        ) from None
    try:
        downloader = pooch.HTTPDownloader(progressbar=progress, timeout=30)
        if entry.archives:
            with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
                whole = Path(temporary) / "whole"
                for url, _, checksum in entry.archives:
                    archive = pooch.retrieve(
                        url, checksum or None, fname="archive.zip", path=temporary, downloader=downloader
                    )
                    with zipfile.ZipFile(archive) as packed:
                        packed.extractall(whole)  # never outside: zipfile drops ".." and absolute paths
                    Path(archive).unlink()
                whole.replace(target)
        elif entry.member:
            with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
                archive = pooch.retrieve(entry.url, None, fname="archive.zip", path=temporary, downloader=downloader)
                unpacked = Path(temporary) / "file"
                with zipfile.ZipFile(archive) as packed:
                    unpacked.write_bytes(packed.read(entry.member))  # this one file, and where we say
                if sha256(unpacked) != entry.sha256:
                    raise ValueError("another file")
                unpacked.replace(target)
        else:
            # pooch downloads to a temporary file beside the target and moves it only if the hash is right.
            pooch.retrieve(
                entry.url, f"sha256:{entry.sha256}", fname=target.name, path=target.parent, downloader=downloader
            )
    except requests.HTTPError as error:
        code = getattr(error.response, "status_code", "no code")
        raise DataError(f"the server of {name!r} answered {code}. Try later. {by_hand}.") from None
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
        raise DataError(
            f"cannot download {name!r}: no connection, or it broke off. Try again with a network. {by_hand}; "
            "or set COURSE_DATA to a folder that has it."
        ) from None
    except (ValueError, KeyError, zipfile.BadZipFile):
        raise DataError(
            f"what came for {name!r} is not the public file (sha256 differs); it was thrown away. Try again. {by_hand}."
        ) from None
    except OSError as error:
        raise DataError(
            f"cannot store {name!r} in {target.parent} ({error.strerror or error}). Make room there, or set "
            "COURSE_CACHE to another folder."
        ) from None
    return target

"""Locks: whoever waits goes on waiting, what cannot be locked is a sentence, and no file stays."""

import portalocker
import pytest

from course_lib.errors import CourseError
from course_lib.files import CannotWrite, locked


def test_a_lock_is_waited_for_or_refused_and_leaves_no_file(tmp_path, monkeypatch):
    lock, tried = portalocker.lock, []

    def held_twice(file, flags):  # as on Windows, where waiting ends after ten seconds
        tried.append(flags)
        if len(tried) < 3:
            raise portalocker.AlreadyLocked(1, "held")
        lock(file, flags)

    monkeypatch.setattr(portalocker, "lock", held_twice)
    with locked(tmp_path / "folder" / "lock"):
        assert len(tried) == 3
    tried.clear()
    with pytest.raises(CourseError, match="another writes"), locked(tmp_path / "folder" / "lock", "another writes."):
        pass
    with locked(tmp_path / "other"):
        pass
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("refusal", [None, "another writes."])
def test_what_cannot_be_locked_or_written_is_a_sentence(tmp_path, monkeypatch, refusal):
    def without_locks(file, flags):
        raise portalocker.LockException(1, "No locks available")

    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CannotWrite, match="cannot write to"), locked(tmp_path / "file" / "lock", refusal):
        pass
    monkeypatch.setattr(portalocker, "lock", without_locks)
    with pytest.raises(CourseError, match="cannot lock .*No locks") as caught, locked(tmp_path / "lock", refusal):
        pass
    assert not isinstance(caught.value, CannotWrite)

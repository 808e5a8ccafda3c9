from __future__ import annotations

import errno
from pathlib import Path

import pytest

from containerizers.cgroups.tree import CgroupError, MissingError, Tree


def test_what_is_not_there_is_missing_and_can_be_read_as_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "no")
    with pytest.raises(MissingError, match=r"control group .*/no: cannot be read: No such file"):
        Tree().read(path)
    with pytest.raises(MissingError, match="cannot be set to '1'") as caught:
        Tree().write(path, "1")
    assert caught.value.errno == errno.ENOENT
    assert Tree().read_if(path) == b""
    assert Tree().below(path) == ()
    assert Tree().remove(path)


def test_a_long_file_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "procs"
    file.write_bytes(b"12345\n" * 100_000)
    assert Tree().read(str(file)) == file.read_bytes()


def test_a_group_with_something_in_it_stays(tmp_path: Path) -> None:
    Tree().make(str(tmp_path / "a" / "b"))
    Tree().make(str(tmp_path / "a" / "b"))
    assert not Tree().remove(str(tmp_path / "a"))
    assert Tree().below(str(tmp_path)) == ("a",)
    assert Tree().remove(str(tmp_path / "a" / "b"))
    assert Tree().remove(str(tmp_path / "a"))


def test_errors_say_what_was_tried_and_why_it_failed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CgroupError, match=r"/file/group: cannot be made: Not a directory"):
        Tree().make(str(tmp_path / "file" / "group"))
    with pytest.raises(CgroupError, match=r"/file: cannot be removed: Not a directory"):
        Tree().remove(str(tmp_path / "file"))
    with pytest.raises(CgroupError, match="cannot be read: Is a directory"):
        Tree().read(str(tmp_path))

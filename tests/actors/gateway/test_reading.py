from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from actors.gateway import reading
from actors.gateway.attached import AttachedPath, BadPathError, NoSuchPathError
from actors.gateway.reading import MOST_BYTES, Portion, list_folder, open_file, read_file


def attach(folder: Path) -> list[AttachedPath]:
    return [AttachedPath("/box", folder)]


def names(folder: Path) -> list[str]:
    return [one.path for one in list_folder(attach(folder), "/box")]


def test_a_folder_is_listed_by_name_as_stat_tells_it(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"12345")
    (tmp_path / "a").mkdir(mode=0o750)
    os.utime(tmp_path / "b", ns=(0, 1_500_000_000_123_456_789))
    folder, file = list_folder(attach(tmp_path), "/box/")
    assert (folder.path, file.path) == ("/box/a", "/box/b")
    assert folder.mode is not None
    assert stat.S_ISDIR(folder.mode)
    assert (file.size, file.nlink) == (5, 1)
    assert file.mtime is not None
    assert file.mtime.nanoseconds == 1_500_000_000_123_456_789
    owner = (tmp_path / "b").owner()
    assert (file.uid, file.gid) == (owner, (tmp_path / "b").group())


def test_what_no_name_is_known_of_is_told_by_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(number: int) -> str:
        raise KeyError(number)

    monkeypatch.setattr(reading, "_user", nobody)
    (tmp_path / "file").touch()
    assert list_folder(attach(tmp_path), "/box")[0].uid == str(os.getuid())


def test_of_a_link_its_target_is_told_if_that_is_shown_too(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_bytes(b"x" * 1_000)
    (root / "file").write_bytes(b"12345")
    for name, target in (("in", "file"), ("out", "../secret"), ("dangling", "none")):
        (root / name).symlink_to(target)
    told = {one.path: one for one in list_folder(attach(root), "/box")}
    assert told["/box/in"].size == 5
    for name in ("/box/out", "/box/dangling"):
        mode = told[name].mode
        assert mode is not None
        assert stat.S_ISLNK(mode)
        assert told[name].size != 1_000


def test_names_that_are_no_text_are_listed_all_the_same(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff")).touch()
    assert names(tmp_path) == ["/box/\ufffd"]


def test_a_file_has_nothing_in_it_and_a_folder_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    assert list_folder(attach(tmp_path), "/box/file") == ()
    with pytest.raises(BadPathError, match="folder"):
        read_file(attach(tmp_path), "/box", 0, None)
    with pytest.raises(BadPathError, match="folder"):
        open_file(attach(tmp_path), "/box")


def test_a_folder_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_MOST_ENTRIES", 2)
    for name in "ab":
        (tmp_path / name).touch()
    assert names(tmp_path) == ["/box/a", "/box/b"]
    (tmp_path / "c").touch()
    with pytest.raises(BadPathError, match="more than 2 entries"):
        list_folder(attach(tmp_path), "/box")


@pytest.mark.parametrize(
    ("offset", "length", "data"),
    [
        (0, None, b"\x00\xff\r\n67"),
        (None, None, b""),
        (None, 3, b""),
        (2, 2, b"\r\n"),
        (4, 100, b"67"),
        (6, 1, b""),
        (2**62, None, b""),
        (1, 0, b""),
    ],
)
def test_bytes_are_read_as_they_are(
    tmp_path: Path, offset: int | None, length: int | None, data: bytes
) -> None:
    (tmp_path / "file").write_bytes(b"\x00\xff\r\n67")
    assert read_file(attach(tmp_path), "/box/file", offset, length) == Portion(6, data)


def test_a_huge_file_is_read_in_portions_from_anywhere(tmp_path: Path) -> None:
    size = 5 << 40  # sparse: it has five bytes on the disk
    with (tmp_path / "file").open("wb") as file:
        file.seek(size - 5)
        file.write(b"12345")
    whole = read_file(attach(tmp_path), "/box/file", 0, size)
    assert (whole.size_bytes, len(whole.data)) == (size, MOST_BYTES)
    assert read_file(attach(tmp_path), "/box/file", size - 3, None) == Portion(size, b"345")


def test_a_file_that_grows_is_read_without_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    lines = [b"line %d\n" % number for number in range(2_000)]

    def write() -> None:
        with path.open("ab", buffering=0) as file:
            for line in lines:
                file.write(line)

    writer = threading.Thread(target=write)
    writer.start()
    read = b""
    while writer.is_alive() or len(read) < path.stat().st_size:
        portion = read_file(attach(tmp_path), "/box/file", len(read), 1_000)
        assert len(portion.data) <= portion.size_bytes - len(read)
        read += portion.data
    writer.join()
    assert read == b"".join(lines)


def test_an_open_file_is_the_callers_to_close(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    file = open_file(attach(tmp_path), "/box/file")
    try:
        assert (file.name, file.size_bytes, os.read(file.descriptor, 100)) == ("file", 7, b"content")
    finally:
        os.close(file.descriptor)
    with pytest.raises(NoSuchPathError):
        open_file(attach(tmp_path), "/box/none")

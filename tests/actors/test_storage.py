"""What the real disk does beyond the contract that it shares with the simulated one."""

from __future__ import annotations

import contextlib
import os
import resource
from pathlib import Path

import pytest

from actors.storage import FileDisk


def links_below(folder: Path) -> list[Path]:
    """The files below the folder that this process has open."""
    links = []
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            links.append(link.readlink())
    return [link for link in links if link.is_relative_to(folder)]


def open_files_below(folder: Path) -> int:
    return len(links_below(folder))


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../b", "a//b", "./a", "a/", "a/.", "a\0b"])
def test_a_path_that_could_leave_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    disk = FileDisk(tmp_path)
    for call in (
        lambda: disk.read(path),
        lambda: disk.write(path, b""),
        lambda: disk.append(path, b""),
        lambda: disk.truncate(path, 0),
        lambda: disk.sync(path),
        lambda: disk.remove(path),
        lambda: disk.size(path),
        lambda: disk.rename(path, "b"),
        lambda: disk.rename("b", path),
    ):
        with pytest.raises(ValueError, match="must be relative"):
            call()
    disk.close()


def test_no_symbolic_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_bytes(b"secret")
    disk = FileDisk(tmp_path / "root")
    (tmp_path / "root" / "folder").symlink_to(tmp_path / "outside")
    (tmp_path / "root" / "file").symlink_to(tmp_path / "outside" / "file")
    for path in ("folder/file", "file"):
        with pytest.raises(OSError, match=r"symbolic|directory"):
            disk.read(path)
        with pytest.raises(OSError, match=r"symbolic|directory"):
            disk.write(path, b"changed")
    with pytest.raises(OSError, match=r"symbolic|directory"):
        disk.list("folder")
    assert (tmp_path / "outside" / "file").read_bytes() == b"secret"
    disk.close()


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    disk = FileDisk(tmp_path)
    with pytest.raises(OSError, match="'pipe' is not a regular file"):
        disk.read("pipe")
    disk.close()


def test_the_next_process_reads_what_was_written(tmp_path: Path) -> None:
    disk = FileDisk(tmp_path / "new" / "root")
    disk.append("log/0", b"one")
    disk.append("log/0", b"two")
    disk.sync("log/0")
    disk.close()
    again = FileDisk(tmp_path / "new" / "root")
    assert again.read("log/0") == b"onetwo"
    again.close()


def test_a_change_after_a_rename_goes_to_the_renamed_file(tmp_path: Path) -> None:
    disk = FileDisk(tmp_path)
    disk.write("old", b"a")
    disk.write("new", b"replaced")
    disk.rename("old", "new")
    disk.append("new", b"b")
    disk.write("old", b"another")
    disk.sync("new")
    assert (disk.read("new"), disk.read("old")) == (b"ab", b"another")
    disk.close()


def test_a_change_after_a_removal_goes_to_a_new_file(tmp_path: Path) -> None:
    disk = FileDisk(tmp_path)
    disk.write("a", b"gone")
    disk.remove("a")
    disk.append("a", b"new")
    assert disk.read("a") == b"new"
    disk.close()


def test_files_that_nobody_syncs_do_not_use_up_descriptors(tmp_path: Path) -> None:
    disk = FileDisk(tmp_path)
    for number in range(300):
        disk.write(str(number), b"x")
    assert 0 < open_files_below(tmp_path) < 100
    disk.append("0", b"y")
    assert disk.read("0") == b"xy"
    disk.close()
    assert open_files_below(tmp_path) == 0


def test_two_processes_cannot_share_a_folder(tmp_path: Path) -> None:
    first, second = FileDisk(tmp_path), FileDisk(tmp_path)
    first.lock()
    with pytest.raises(BlockingIOError, match="in use by another process"):
        second.lock()
    first.close()
    second.lock()
    second.close()


def test_a_synced_file_stays_open_for_the_next_change_until_others_need_its_place(tmp_path: Path) -> None:
    disk = FileDisk(tmp_path)
    disk.append("log", b"a")
    disk.sync("log")
    assert open_files_below(tmp_path) == 2  # and the folder itself
    disk.append("log", b"b")
    disk.sync("log")
    assert (disk.read("log"), open_files_below(tmp_path)) == (b"ab", 2)
    for number in range(64):
        disk.write(str(number), b"x")
    assert not any(link == tmp_path / "log" for link in links_below(tmp_path))
    disk.append("log", b"c")
    disk.sync("log")
    assert disk.read("log") == b"abc"
    disk.close()
    assert open_files_below(tmp_path) == 0


def test_an_error_names_the_file(tmp_path: Path) -> None:
    disk = FileDisk(tmp_path)
    disk.append("log/one", b"x" * 100)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(OSError, match="File too large") as raised:
            disk.append("log/one", b"x")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert raised.value.filename == str(tmp_path / "log/one")
    disk.close()

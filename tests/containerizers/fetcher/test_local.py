from __future__ import annotations

import os
from pathlib import Path

import pytest

from containerizers.fetcher.failure import FetchError
from containerizers.fetcher.local import LocalFile


def test_a_file_is_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    file = LocalFile(str(tmp_path / "a"), None, ())
    assert file.size == 3_000_000
    read = b""
    while more := file.read():
        read += more
    file.close()
    assert read == b"x" * 3_000_000


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    for name, reason in [
        ("fifo", "is no regular file"),
        (".", "is a folder"),
        ("none", "No such file"),
        ("loop", "Too many levels"),
        ("a\0b", "embedded null"),
    ]:
        with pytest.raises(FetchError, match=reason):
            LocalFile(f"{tmp_path}/{name}", None, ())


@pytest.mark.parametrize(
    "path", ["/proc/self/environ", "/proc/self/status", "/dev/null", "/sys/kernel/uevent_seqnum"]
)
def test_nothing_of_the_kernel_is_read(path: str) -> None:
    with pytest.raises(FetchError, match=r"nothing may be fetched from|no regular file"):
        LocalFile(path, None, ())


def test_what_is_hidden_is_hidden_whatever_leads_there(tmp_path: Path) -> None:
    for name in ("agent", "agents"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    (tmp_path / "link").symlink_to("agent/file")
    (tmp_path / "around").symlink_to("agent")
    hidden = (str(tmp_path / "agent"),)
    for name in ("agent/file", "link", "around/file", "agents/../agent/file"):
        with pytest.raises(FetchError, match="nothing may be fetched from"):
            LocalFile(str(tmp_path / name), None, hidden)
    LocalFile(str(tmp_path / "agents" / "file"), None, hidden).close()


def test_where_folders_are_named_files_lie_below_them(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "file").touch()
    (tmp_path / "file").touch()
    (tmp_path / "open" / "link").symlink_to("../file")
    prefixes = (f"{tmp_path}/open/",)
    LocalFile(str(tmp_path / "open" / "file"), prefixes, ()).close()
    for name in ("file", "open/link", "open/../file"):
        with pytest.raises(FetchError, match="none of the folders"):
            LocalFile(str(tmp_path / name), prefixes, ())
    with pytest.raises(FetchError, match="none of the folders"):
        LocalFile(str(tmp_path / "open" / "file"), (), ())

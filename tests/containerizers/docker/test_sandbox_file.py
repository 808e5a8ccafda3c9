"""A file of the sandbox, and what a container may do to it."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path

import pytest

from containerizers.docker.sandbox_file import SandboxFile


def opened(folder: Path, name: str = "stdout", most_bytes: int | None = None, files: int = 0) -> SandboxFile:
    return SandboxFile(str(folder), str(folder / name), most_bytes, files)


def test_what_is_written_comes_behind_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "stdout").write_bytes(b"fetched\n")
    file = opened(tmp_path)
    assert file.append(b"written\n")
    assert file.size == 16
    file.close()
    assert (tmp_path / "stdout").read_bytes() == b"fetched\nwritten\n"


def test_a_pipe_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "stdout")
    with pytest.raises(ValueError, match="is not a regular file"):
        opened(tmp_path)
    reader = os.open(tmp_path / "stdout", os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(ValueError, match="is not a regular file"):
        opened(tmp_path)
    os.close(reader)


def test_links_and_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"")
    (tmp_path / "stdout").symlink_to(tmp_path / "secret")
    with pytest.raises(ValueError, match="is not a regular file"):
        opened(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match="is not a regular file"):
        opened(tmp_path, "folder")


def test_no_link_leads_out_of_the_sandbox_on_the_way(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    sandbox = tmp_path / "sandbox"
    outside.mkdir()
    sandbox.mkdir()
    (sandbox / "containers").symlink_to(outside)
    with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
        opened(sandbox, "containers/stdout")
    with pytest.raises(ValueError, match="is not in"):
        SandboxFile(str(sandbox), str(outside / "stdout"))
    assert not list(outside.iterdir())


def test_what_takes_the_place_of_a_file_later_gets_nothing(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"")
    file = opened(tmp_path)
    (tmp_path / "stdout").rename(tmp_path / "moved")
    (tmp_path / "stdout").symlink_to(tmp_path / "victim")
    file.append(b"text")
    file.close()
    assert (tmp_path / "victim").read_bytes() == b""
    assert (tmp_path / "moved").read_bytes() == b"text"


def test_a_full_disk_costs_the_rest(tmp_path: Path) -> None:
    file = opened(tmp_path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        assert not file.append(b"0123456789abc")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert file.append(b"later")
    file.close()
    assert (tmp_path / "stdout").read_bytes() == b"0123456789later"


def test_a_file_is_rotated_before_it_is_too_large(tmp_path: Path) -> None:
    file = opened(tmp_path, most_bytes=10, files=2)
    for number in range(5):
        data = str(number).encode() * 8
        if not file.has_room(len(data)):
            file.rotate()
        file.append(data)
    file.close()
    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert found == {"stdout": "4" * 8, "stdout.1": "3" * 8, "stdout.2": "2" * 8}


def test_with_no_file_to_keep_rotation_begins_anew(tmp_path: Path) -> None:
    file = opened(tmp_path, most_bytes=10, files=0)
    file.append(b"0" * 8)
    file.rotate()
    file.append(b"1")
    file.close()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"stdout": "1"}


def test_more_than_a_file_may_have_is_written_to_an_empty_one(tmp_path: Path) -> None:
    file = opened(tmp_path, most_bytes=10)
    assert file.has_room(1000)
    file.append(b"0")
    assert not file.has_room(10)
    file.close()


def test_whoever_is_in_the_way_of_rotation_loses_what_was_written(tmp_path: Path) -> None:
    (tmp_path / "stdout.1").mkdir()
    (tmp_path / "stdout.1/x").touch()
    file = opened(tmp_path, most_bytes=10, files=1)
    file.append(b"0" * 8)
    file.rotate()
    assert file.size == 0
    file.append(b"1" * 8)
    file.close()
    assert (tmp_path / "stdout").read_text() == "1" * 8

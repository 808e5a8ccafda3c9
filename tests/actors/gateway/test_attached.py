"""Whatever a task does to its sandbox, nothing outside of it is read."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from actors.gateway.attached import (
    AttachedPath,
    BadPathError,
    NoSuchPathError,
    Place,
    attached_log,
    held,
    parts_of,
)


def box(tmp_path: Path) -> tuple[Path, AttachedPath]:
    """A root attached at /box, beside a secret."""
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("secret")
    (root / "file").write_text("content")
    return root, AttachedPath("/box", root)


def content(attached: AttachedPath, path: str) -> bytes:
    with held([attached], path) as file, file.opened() as descriptor:
        return os.read(descriptor, 100)


def test_a_file_is_found_however_its_path_is_written(tmp_path: Path) -> None:
    _, attached = box(tmp_path)
    for path in ("/box/file", "box/file", "//box///file/", "/box/./file"):
        assert content(attached, path) == b"content"


def test_of_several_roots_the_one_that_fits_is_meant(tmp_path: Path) -> None:
    assert AttachedPath("/a/b", tmp_path).place(("a", "b", "c")) == Place(tmp_path, ("c",))
    assert AttachedPath("/a/b", tmp_path).place(("a", "bc")) is None
    assert AttachedPath("/a/b", tmp_path).place(("a",)) is None
    assert list(AttachedPath("/a/b", tmp_path).roots()) == [("/a/b", tmp_path)]


def test_a_daemon_without_a_log_file_attaches_none(tmp_path: Path) -> None:
    assert list(attached_log("/master/log", None)) == []
    log = tmp_path / "log"
    log.write_text("line")
    (attached,) = attached_log("/master/log", log)
    assert content(attached, "/master/log") == b"line"
    with pytest.raises(NoSuchPathError), held([attached], "/master/log/more"):
        pass


@pytest.mark.parametrize("path", ["/box/../secret", "..", "/box/file\0", "/box/\ud800", "/box/" + "x" * 5000])
def test_paths_that_must_not_be_followed_are_refused(tmp_path: Path, path: str) -> None:
    _, attached = box(tmp_path)
    with pytest.raises(BadPathError, match=r"^path: must"), held([attached], path):
        pass


@pytest.mark.parametrize("path", ["", "/", "/other", "/boxes/file", "/box/none", "/box/file/below"])
def test_paths_that_lead_to_nothing_are_not_found(tmp_path: Path, path: str) -> None:
    _, attached = box(tmp_path)
    with pytest.raises(NoSuchPathError), held([attached], path):
        pass


def test_symbolic_links_are_followed_inside_of_the_root_only(tmp_path: Path) -> None:
    root, attached = box(tmp_path)
    (root / "inside").symlink_to("file")
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "up").symlink_to("..")
    (root / "process").symlink_to("/proc/self/environ")
    (root / "loop").symlink_to("loop")
    assert content(attached, "/box/inside") == b"content"
    for path in ("/box/out", "/box/up", "/box/up/secret", "/box/process", "/box/loop"):
        with pytest.raises(BadPathError), held([attached], path):
            pass


def test_a_root_whose_name_begins_another_folder_does_not_show_that(tmp_path: Path) -> None:
    root, attached = box(tmp_path)
    other = tmp_path / "root-of-others"
    other.mkdir()
    (root / "link").symlink_to(other)
    with pytest.raises(BadPathError, match="leads out"), held([attached], "/box/link"):
        pass


def test_what_is_held_stays_the_same_file_when_its_name_is_given_to_another(tmp_path: Path) -> None:
    root, attached = box(tmp_path)
    with held([attached], "/box/file") as file:
        (root / "file").unlink()
        (root / "file").symlink_to(tmp_path / "secret")
        with file.opened() as descriptor:
            assert os.read(descriptor, 100) == b"content"


def test_pipes_sockets_and_devices_are_not_opened(tmp_path: Path) -> None:
    root, attached = box(tmp_path)
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "socket"))
        for name in ("pipe", "socket"):
            with held([attached], f"/box/{name}") as file:
                assert not file.is_folder
                with pytest.raises(BadPathError, match="neither"), file.opened():
                    pass


def test_the_root_may_be_reached_by_a_link(tmp_path: Path) -> None:
    root, _ = box(tmp_path)
    (tmp_path / "link").symlink_to(root)
    assert content(AttachedPath("/box", tmp_path / "link"), "/box/file") == b"content"


def test_parts_of_a_path() -> None:
    assert parts_of("/a//b/./c/") == ("a", "b", "c")
    assert parts_of("/...") == ("...",)

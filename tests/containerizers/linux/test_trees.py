from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from containerizers.linux import trees


@pytest.fixture(autouse=True)
def nothing_is_left_open() -> Iterator[None]:
    before = sorted(Path("/proc/self/fd").iterdir())
    yield
    assert sorted(Path("/proc/self/fd").iterdir()) == before


def path_of(place: int) -> str:
    path = Path(f"/proc/self/fd/{place}").readlink()
    os.close(place)
    return str(path)


def test_a_place_is_opened_by_its_path_straight_or_by_links(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert path_of(trees.opened(f"{tmp_path}/link")) == f"{tmp_path}/real"
    assert path_of(trees.opened_straight(f"{tmp_path}/real")) == f"{tmp_path}/real"
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        trees.opened_straight(f"{tmp_path}/link")


def test_links_of_the_kernel_are_never_followed() -> None:
    with pytest.raises(OSError) as caught:
        trees.opened("/proc/self/root/etc")
    assert caught.value.errno == errno.ELOOP


def test_what_is_in_a_folder_stays_there(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/file").touch()
    (tmp_path / "in/up").symlink_to("..")
    (tmp_path / "in/here").symlink_to("file")
    assert path_of(trees.opened_in(f"{tmp_path}/in", "here")) == f"{tmp_path}/in/file"
    for path in ("up", "..", "/etc", "up/in/file"):
        with pytest.raises(OSError, match="leads out of"):
            trees.opened_in(f"{tmp_path}/in", path)
    with pytest.raises(FileNotFoundError):
        trees.opened_in(f"{tmp_path}/in", "nothing")


def test_what_is_missing_is_made_for_its_owner(tmp_path: Path) -> None:
    assert path_of(trees.made_beneath(str(tmp_path), "a/b/c", "file", (65534, 65533))) == f"{tmp_path}/a/b/c"
    for path in ("a", "a/b", "a/b/c"):
        found = (tmp_path / path).stat()
        assert (found.st_uid, found.st_gid) == (65534, 65533)
    (tmp_path / "a").chmod(0o700)
    assert path_of(trees.made_beneath(str(tmp_path), "/a//./d/", "folder", None)) == f"{tmp_path}/a/d"
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("path", "kind", "text"),
    [
        ("link", "folder", "'link' is a symbolic link"),
        ("link/x", "file", "'link' is a symbolic link"),
        ("file", "folder", "'file' is no folder"),
        ("file/x", "file", "'file' is no folder"),
        ("folder", "file", "'folder' is no file"),
    ],
)
def test_nothing_else_is_taken_for_what_is_to_be_made(
    path: str, kind: str, text: str, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to("/etc")
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=text):
        trees.made_beneath(str(tmp_path), path, kind, None)


def test_a_file_system_that_the_kernel_has_not_got_is_an_error() -> None:
    with pytest.raises(OSError, match="No such device"):
        trees.made("nosuchfs", 0)
    with pytest.raises(OSError, match="Invalid argument"):
        trees.made("tmpfs", 0, (("size", "nonsense"),))


def test_a_tree_is_attached_nowhere_and_can_be_looked_into(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    place = trees.opened(str(tmp_path))
    tree = trees.cloned(place, trees.READ_ONLY)
    try:
        assert trees.kind_of(tree) == "folder"
        os.close(os.open("file", os.O_RDONLY, dir_fd=tree))
        with pytest.raises(OSError, match="Read-only file system"):
            os.open("other", os.O_WRONLY | os.O_CREAT, dir_fd=tree)
    finally:
        os.close(tree)
        os.close(place)

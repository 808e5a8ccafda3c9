from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from containerizers.fetcher.failure import FetchError
from containerizers.fetcher.folder import Folder, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder, beside one that nothing must get into."""
    (tmp_path / "root").mkdir()
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_bytes(b"precious")
    return tmp_path / "root"


@pytest.fixture
def folder(root: Path) -> Iterator[Folder]:
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    yield Folder(descriptor)
    os.close(descriptor)
    assert (root.parent / "precious" / "file").read_bytes() == b"precious"
    assert [path.name for path in (root.parent / "precious").iterdir()] == ["file"]


def fill(folder: Folder, *parts: str) -> None:
    file = folder.create(parts)
    write(file, b"new")
    os.close(file)


def test_files_get_the_folders_that_they_lie_in(folder: Folder, root: Path) -> None:
    for parts in [("a", "b", "c"), ("a", "d"), ("e",), ("a", "b", "f")]:
        fill(folder, *parts)
        assert (root / "/".join(parts)).read_bytes() == b"new"


@pytest.mark.parametrize("made", ["symlink", "hard link", "FIFO", "file"])
def test_what_has_a_file_s_name_is_replaced_and_never_written_to(
    folder: Folder, root: Path, made: str
) -> None:
    precious = root.parent / "precious" / "file"
    match made:
        case "symlink":
            (root / "a").symlink_to(precious)
        case "hard link":
            (root / "a").hardlink_to(precious)
        case "FIFO":
            os.mkfifo(root / "a")
        case "file":
            (root / "a").write_bytes(b"old and longer")
    fill(folder, "a")
    assert (root / "a").read_bytes() == b"new"
    assert not (root / "a").is_symlink()


def test_no_link_is_followed_on_the_way(folder: Folder, root: Path) -> None:
    (root / "a").symlink_to(root.parent / "precious")
    (root / "here").mkdir()
    (root / "inside").symlink_to("here")
    for parts in [("a", "file"), ("a", "b", "c"), ("inside", "file")]:
        with pytest.raises(FetchError, match="leads over a link"):
            folder.create(parts)
        with pytest.raises(FetchError, match="leads over a link"):
            folder.remove(parts)
    for name in ("a", "inside"):
        with pytest.raises(FetchError, match="leads over a link"):
            folder.make((name,), 0o755)
    with pytest.raises(FetchError, match="leads over a link"):
        folder.link(("b",), ("a", "file"))


def test_a_folder_that_became_a_link_is_not_entered_again(folder: Folder, root: Path) -> None:
    fill(folder, "a", "one")
    (root / "a").rename(root / "moved")
    (root / "a").symlink_to(root.parent / "precious")
    # That of the file before is still open, and is no other one now.
    fill(folder, "a", "two")
    assert (root / "moved" / "two").exists()
    fill(folder, "b")
    with pytest.raises(FetchError, match="leads over a link"):
        folder.create(("a", "three"))


def test_who_swaps_folders_for_links_all_the_time_gets_nothing_out(folder: Folder, root: Path) -> None:
    over = threading.Event()

    def swap() -> None:
        while not over.is_set():
            shutil.rmtree(root / "aside", ignore_errors=True)
            for step in (
                lambda: (root / "a").rename(root / "aside"),
                lambda: (root / "a").symlink_to(root.parent / "precious"),
                (root / "a").unlink,
                lambda: (root / "aside").rename(root / "a"),
            ):
                with contextlib.suppress(OSError):
                    step()

    thread = threading.Thread(target=swap)
    thread.start()
    refused = 0
    try:
        for number in range(4000):
            try:
                fill(folder, "a", "file")
                fill(folder, f"other{number % 2}")
            except FetchError:
                refused += 1
    finally:
        over.set()
        thread.join()
    assert refused < 4000


def test_a_folder_is_not_replaced_by_a_file(folder: Folder, root: Path) -> None:
    (root / "a").mkdir()
    with pytest.raises(FetchError, match="'a': Is a directory"):
        folder.create(("a",))
    fill(folder, "b")
    with pytest.raises(FetchError, match="leads over"):
        folder.create(("b", "c"))
    folder.make(("a",), 0o700)
    with pytest.raises(FetchError, match="leads over"):
        folder.make(("b",), 0o700)


@pytest.mark.parametrize(
    ("name", "target"),
    [("a", "b"), ("a", "./b/c"), ("a/b", "../c"), ("a/b/c", "../.././d"), ("a", "not there"), ("a", ".")],
)
def test_a_link_may_lead_to_anything_in_the_folder(
    folder: Folder, root: Path, name: str, target: str
) -> None:
    folder.symlink(tuple(name.split("/")), target)
    assert str((root / name).readlink()) == str(Path(target))


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("a", "/etc/passwd"),
        ("a", ".."),
        ("a", "../precious"),
        ("a/b", "../../precious"),
        ("a/b", ".././../precious"),
        # Where a link stands before it, `..` is not where it seems to be.
        ("a", "b/.."),
        ("a/b", "c/../../.."),
        ("a", ""),
        ("a", "b\0c"),
    ],
)
def test_a_link_does_not_lead_out(folder: Folder, root: Path, name: str, target: str) -> None:
    with pytest.raises(FetchError, match="must not lead"):
        folder.symlink(tuple(name.split("/")), target)
    assert not os.path.lexists(root / name)


def test_another_name_is_given_to_files_alone(folder: Folder, root: Path) -> None:
    fill(folder, "a", "b")
    folder.link(("c", "d"), ("a", "b"))
    folder.link(("c", "d"), ("c", "d"))
    assert (root / "c" / "d").samefile(root / "a" / "b")
    (root / "link").symlink_to(root.parent / "precious" / "file")
    os.mkfifo(root / "fifo")
    for name in ("link", "fifo", "a"):
        with pytest.raises(FetchError, match="is no regular file"):
            folder.link(("e",), (name,))
    with pytest.raises(FetchError, match="No such file"):
        folder.link(("e",), ("not", "there"))
    assert not (root / "not").exists()
    assert not os.path.lexists(root / "e")


def test_a_link_that_is_swapped_meanwhile_is_taken_back(
    folder: Folder, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder, "a")
    link = os.link

    def swapped(*arguments: object, **options: object) -> None:
        (root / "a").unlink()
        (root / "a").symlink_to("../../precious/file")
        link(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "link", swapped)
    with pytest.raises(FetchError, match="is no regular file"):
        folder.link(("b",), ("a",))
    assert not os.path.lexists(root / "b")


def test_a_disk_that_is_full_says_so() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(FetchError, match="cannot write: No space left on device"):
        write(full, b"much")
    os.close(full)

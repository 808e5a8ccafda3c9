from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from containerizers import disk
from containerizers.disk import FolderCount, count, mount_points

MIB = 2**20


def write(path: Path, size_bytes: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size_bytes)
    return path


def blocks(*paths: Path) -> int:
    """What these take up by themselves."""
    return sum(path.lstat().st_blocks * 512 for path in paths)


@contextmanager
def mounted(*arguments: str) -> Iterator[None]:
    subprocess.run(["mount", *arguments], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", arguments[-1]], check=True)


def test_files_and_folders_count_with_their_blocks(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one", MIB), write(tmp_path / "inner/two", 3 * MIB)
    assert count(str(tmp_path)) == blocks(tmp_path, one, two.parent, two) >= 4 * MIB


def test_holes_take_up_nothing(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1024 * MIB)
        file.seek(512 * MIB)
        file.write(b"x" * MIB)
    assert MIB <= count(str(tmp_path)) < 2 * MIB


def test_a_file_counts_once_however_many_names_it_has(tmp_path: Path) -> None:
    file = write(tmp_path / "a/file", MIB)
    (tmp_path / "b").mkdir()
    for name in ("a/again", "b/again", "b/more"):
        (tmp_path / name).hardlink_to(file)
    assert MIB <= count(str(tmp_path)) < 2 * MIB


def test_names_beyond_what_is_remembered_count_for_their_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "_LINKED", 1)
    for name in ("one", "two", "three"):
        write(tmp_path / name, MIB)
        (tmp_path / f"{name}-again").hardlink_to(tmp_path / name)
    assert count(str(tmp_path)) == blocks(tmp_path) + blocks(tmp_path / "one") * 3
    monkeypatch.setattr(disk, "_LINKED", 0)
    assert count(str(tmp_path)) == blocks(tmp_path) + blocks(tmp_path / "one") * 3


def test_links_are_not_followed_and_may_lead_in_circles(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside/big", 8 * MIB)
    box = tmp_path / "box"
    box.mkdir()
    (box / "file").symlink_to(outside)
    (box / "folder").symlink_to(outside.parent)
    (box / "self").symlink_to(box / "self")
    (box / "up").symlink_to("..")
    assert count(str(box)) < MIB
    (tmp_path / "link").symlink_to(box)
    with pytest.raises(NotADirectoryError):
        count(str(tmp_path / "link"))


def test_nothing_but_folders_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert count(str(tmp_path)) == blocks(tmp_path, tmp_path / "pipe")


@contextmanager
def deep_tree(above: Path, name: str, depth: int) -> Iterator[None]:
    """Folders in folders, of which every tenth has another beside it, and at the bottom a file of a MiB."""
    try:
        inner = os.open(above, os.O_RDONLY)
        for level in range(depth):
            os.mkdir(name, dir_fd=inner)
            if level % 10 == 9:
                os.mkdir("side", dir_fd=inner)
            outer, inner = inner, os.open(name, os.O_RDONLY, dir_fd=inner)
            os.close(outer)
        with os.fdopen(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=inner), "wb") as file:
            file.write(b"x" * MIB)
        os.close(inner)
        yield
    finally:
        subprocess.run(["rm", "-rf", str(above / name)], check=True)


def descriptors() -> int:
    """How many this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_tree_deeper_than_any_path_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "_STEPS", 4)
    depth, name, before = 50, "folder" * 40, descriptors()
    with deep_tree(tmp_path, name, depth), FolderCount(str(tmp_path)) as counting:
        while counting.go_on(2) == 2:
            assert descriptors() <= before + 5
        assert counting.used_bytes == MIB + (depth + 6) * blocks(tmp_path / name)
    assert descriptors() == before


def test_other_file_systems_are_not_entered(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with mounted("-t", "tmpfs", "-o", "size=16m", "pion-test", str(tmp_path / "other")):
        write(tmp_path / "other/big", 8 * MIB)
        assert count(str(tmp_path)) < MIB
        assert count(str(tmp_path / "other")) >= 8 * MIB
        assert str(tmp_path / "other") in mount_points()


def test_what_is_mounted_from_the_same_file_system_is_left_out_by_name(tmp_path: Path) -> None:
    write(tmp_path / "volume/big", 4 * MIB)
    box = tmp_path / "a box"
    (box / "inner/volume").mkdir(parents=True)
    write(box / "volume", MIB)  # it has the same name, but is another
    with mounted("--bind", str(tmp_path / "volume"), str(box / "inner/volume")):
        assert count(str(box)) > 5 * MIB
        assert MIB <= count(str(box), mount_points()) < 2 * MIB


def test_what_is_left_out_may_be_a_file(tmp_path: Path) -> None:
    write(tmp_path / "one", MIB)
    write(tmp_path / "two", 2 * MIB)
    assert MIB <= count(str(tmp_path), [str(tmp_path / "two")]) < 2 * MIB


def test_a_count_goes_on_while_what_it_counts_grows_and_vanishes(tmp_path: Path) -> None:
    for number in range(20):
        write(tmp_path / f"{number}/file", 4096)
    with FolderCount(str(tmp_path)) as counting:
        assert counting.go_on(22) == 22
        for number in range(20):
            (tmp_path / f"{number}/file").unlink(missing_ok=True)
            (tmp_path / f"{number}").rmdir()
        write(tmp_path / "late/file", MIB)
        assert counting.go_on(1000) < 1000
        assert counting.used_bytes < MIB
    assert count(str(tmp_path)) >= MIB


def test_a_folder_that_is_moved_away_with_the_count_in_it_does_not_lead_it_astray(tmp_path: Path) -> None:
    box, outside = tmp_path / "box", tmp_path / "outside"
    for name in ("a", "b", "c"):
        write(box / name / "inner/file", 4096)
    write(outside / "big", 8 * MIB)
    (outside / "waits").mkdir()
    with FolderCount(str(box)) as counting:
        inner = [str(box / name / "inner") for name in ("a", "b", "c")]
        while not set(inner) & set(opened_folders()):
            assert counting.go_on(1) == 1
        (present,) = set(inner) & set(opened_folders())
        Path(present).rename(outside / "inner")
        assert counting.go_on(1000) < 1000
        assert counting.used_bytes < MIB
        assert counting.used_bytes >= 3 * 4096


def opened_folders() -> list[str]:
    """What this process has open."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # its path may be too long to be told
            found.append(str(link.readlink()))
    return found


def test_folders_beyond_what_may_wait_count_by_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        write(tmp_path / f"{number}/file", MIB)
    monkeypatch.setattr(disk, "_WAITING", 2)
    assert 2 * MIB <= count(str(tmp_path)) < 3 * MIB


def test_a_folder_that_is_not_there_cannot_be_counted(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        count(str(tmp_path / "none"))


def test_a_folder_that_may_not_be_looked_into_counts_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "closed/file", MIB)
    write(tmp_path / "open/file", MIB)
    opened = os.open

    def closed(path: str, flags: int, *, dir_fd: int | None = None) -> int:
        if path == "closed":
            raise PermissionError
        return opened(path, flags, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", closed)
    own = blocks(tmp_path, tmp_path / "open", tmp_path / "open/file", tmp_path / "closed")
    assert count(str(tmp_path)) == own

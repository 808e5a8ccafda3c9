from __future__ import annotations

import os
from pathlib import Path

import pytest

from actors.agent.trees import _DEEP, Tree, mounts_below
from tests.actors.agent.kept import names


def grow(root: Path, *files: str) -> None:
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_a_folder_and_all_that_is_in_it_goes(tmp_path: Path) -> None:
    grow(tmp_path, "a/b/c/file", "a/b/other", "a/.hidden", "stays")
    (tmp_path / "a/empty").mkdir()
    assert Tree(tmp_path).remove("a")
    assert names(tmp_path) == ["stays"]


def test_a_folder_that_is_not_there_is_gone_already(tmp_path: Path) -> None:
    assert Tree(tmp_path).remove("a/b/c")


def test_links_are_deleted_and_never_followed(tmp_path: Path) -> None:
    grow(tmp_path, "outside/precious", "root/a/file")
    (tmp_path / "root/a/link").symlink_to(tmp_path / "outside")
    (tmp_path / "root/a/file-link").symlink_to(tmp_path / "outside/precious")
    assert Tree(tmp_path / "root").remove("a")
    assert (tmp_path / "outside/precious").read_text() == "outside/precious"


def test_a_link_on_the_way_or_in_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    grow(tmp_path, "outside/a/precious", "root/file")
    (tmp_path / "root/link").symlink_to(tmp_path / "outside")
    for path in ("link/a", "link"):
        with pytest.raises(OSError, match="link"):
            Tree(tmp_path / "root").remove(path)
    assert (tmp_path / "outside/a/precious").exists()


def test_work_is_done_in_bounded_steps(tmp_path: Path) -> None:
    grow(tmp_path, *(f"a/{folder}/{file}" for folder in range(5) for file in range(10)))
    tree = Tree(tmp_path)
    steps = 1
    before = 50
    while not tree.remove("a", 10):
        left = sum(len(files) for _, _, files in os.walk(tmp_path / "a"))
        assert before - 10 <= left <= before
        before = left
        steps += 1
    assert 5 <= steps <= 20
    assert not (tmp_path / "a").exists()


def test_folders_nested_deeper_than_it_keeps_descriptors_go_too(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    for name in ("a", *["d"] * 3 * _DEEP):
        os.mkdir(name, dir_fd=folder)
        inner = os.open(name, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    assert Tree(tmp_path).remove("a")
    assert names(tmp_path) == []


def test_folders_are_made_on_the_way_and_links_are_not_followed(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "root")
    with tree.folder("x/y", make=True) as folder:
        os.mkdir("z", dir_fd=folder)
    assert (tmp_path / "root/x/y/z").is_dir()
    (tmp_path / "root/x/link").symlink_to(tmp_path)
    with pytest.raises(OSError, match="link"), tree.folder("x/link/new", make=True):
        pass
    assert not (tmp_path / "new").exists()


def test_what_is_mounted_below_a_folder_is_known() -> None:
    assert "/proc" in mounts_below(Path("/"))
    assert "/proc" not in mounts_below(Path("/proc"))


def test_nothing_is_deleted_where_something_is_mounted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(tmp_path, "a/volume with blank/precious")
    table = tmp_path / "mountinfo"
    table.write_text(f"36 35 98:0 / {tmp_path}/a/volume\\040with\\040blank rw - ext4 /dev/sda rw\n")
    monkeypatch.setattr("actors.agent.trees._MOUNTS", table)
    with pytest.raises(OSError, match="mounted below"):
        Tree(tmp_path).remove("a")
    assert (tmp_path / "a/volume with blank/precious").exists()

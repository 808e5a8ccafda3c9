from __future__ import annotations

from pathlib import Path

from actors.agent.folders import LocalFolders


def test_the_time_that_is_noted_in_a_folder_is_told(tmp_path: Path) -> None:
    folders = LocalFolders(tmp_path)
    (tmp_path / "a/b").mkdir(parents=True)
    folders.touch("a/b", 1_000_000.0)
    assert folders.touched("a/b") == 1_000_000.0


def test_a_folder_that_is_not_there_has_no_time_and_gets_none(tmp_path: Path) -> None:
    folders = LocalFolders(tmp_path)
    folders.touch("a/b", 1_000_000.0)
    assert folders.touched("a/b") is None
    assert not (tmp_path / "a").exists()


def test_the_disk_is_between_empty_and_full(tmp_path: Path) -> None:
    assert 0.0 <= LocalFolders(tmp_path).usage() <= 1.0


def test_a_folder_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/file").touch()
    assert LocalFolders(tmp_path).remove("a/b", 10)
    assert not (tmp_path / "a/b").exists()

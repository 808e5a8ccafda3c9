from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

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


@pytest.mark.parametrize(
    ("blocks", "files", "usage"), [((10, 4), (10, 9), 0.6), ((10, 9), (10, 2), 0.8), ((10, 4), (0, 0), 0.6)]
)
def test_a_disk_is_as_full_as_its_blocks_or_its_inodes(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    blocks: tuple[int, int],
    files: tuple[int, int],
    usage: float,
) -> None:
    told = SimpleNamespace(f_blocks=blocks[0], f_bfree=blocks[1], f_files=files[0], f_ffree=files[1])
    folders = LocalFolders(tmp_path)
    monkeypatch.setattr("os.statvfs", lambda _path: told)
    assert folders.usage() == pytest.approx(usage)


def test_the_disk_is_between_empty_and_full(tmp_path: Path) -> None:
    assert 0.0 <= LocalFolders(tmp_path).usage() <= 1.0


def test_a_folder_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/file").touch()
    assert LocalFolders(tmp_path).remove("a/b", 10)
    assert not (tmp_path / "a/b").exists()

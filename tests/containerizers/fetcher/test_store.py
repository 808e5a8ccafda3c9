from __future__ import annotations

import os
from pathlib import Path

import pytest

from containerizers.fetcher.store import Store, clear


def fill(store: Store, name: str, content: bytes) -> None:
    file = store.create(name)
    os.write(file, content)
    os.close(file)


def test_a_file_is_read_only_once_it_is_sealed_and_nobody_else_may_reach_it(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "above" / "cache"))
    fill(store, "one", b"abc")
    store.seal("one", 3)
    (folder,) = (tmp_path / "above" / "cache").iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "one").stat().st_mode & 0o777 == 0o444
    file = store.open("one", 3)
    assert os.read(file, 10) == b"abc"
    os.close(file)
    store.close()
    assert list((tmp_path / "above" / "cache").iterdir()) == []


def test_what_has_changed_or_is_gone_is_no_file_of_it(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    fill(store, "one", b"abc")
    with pytest.raises(OSError, match="has changed"):
        store.seal("one", 4)
    with pytest.raises(OSError, match="has changed"):
        store.open("one", 2)
    store.remove("one")
    store.remove("one")
    with pytest.raises(FileNotFoundError):
        store.open("one", 3)
    store.close()


def test_what_others_left_is_cleared_away_and_what_lives_is_not(tmp_path: Path) -> None:
    (tmp_path / "pool-dead").mkdir()
    (tmp_path / "pool-dead" / "c1").write_bytes(b"old")
    (tmp_path / "mine").mkdir()
    (tmp_path / "pool-link").symlink_to(tmp_path / "mine")
    (tmp_path / "mine" / "precious").touch()
    one = Store(str(tmp_path))
    fill(one, "c1", b"abc")
    two = Store(str(tmp_path))
    os.close(one.open("c1", 3))
    assert not (tmp_path / "pool-dead").exists()
    assert (tmp_path / "mine" / "precious").exists()
    one.close()
    two.close()


def test_what_is_left_is_cleared_without_a_store_too(tmp_path: Path) -> None:
    clear(str(tmp_path / "none"))
    assert not (tmp_path / "none").exists()
    (tmp_path / "pool-dead").mkdir()
    store = Store(str(tmp_path / "other"))
    clear(str(tmp_path))
    clear(str(tmp_path / "other"))
    assert not (tmp_path / "pool-dead").exists()
    fill(store, "one", b"abc")
    store.close()


def test_a_place_that_others_may_change_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(PermissionError, match="others may write"):
        Store(str(tmp_path / "open"))
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(OSError, match="Not a directory"):
        Store(str(tmp_path / "link"))
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        Store(str(tmp_path / "file"))

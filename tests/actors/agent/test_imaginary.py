from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.agent import paths
from actors.agent.folders import Folders, LocalFolders
from actors.agent.imaginary import ImaginaryFolders, ImaginarySandboxes
from actors.agent.sandboxes import LocalSandboxes, SandboxError, Sandboxes
from actors.simulation import SimulatedDisk
from tests.actors.agent.kept import volume

_PATH = paths.sandboxes("a", "f", "e", "c1")


def imaginary(_root: Path) -> tuple[Sandboxes, Folders]:
    disk = SimulatedDisk(random.Random(1))
    return ImaginarySandboxes(disk), ImaginaryFolders(disk)


def local(root: Path) -> tuple[Sandboxes, Folders]:
    return LocalSandboxes(root), LocalFolders(root)


both = pytest.mark.parametrize("make", [imaginary, local])
Make = Callable[[Path], tuple[Sandboxes, Folders]]


@both
def test_a_sandbox_is_there_until_it_is_removed(make: Make, tmp_path: Path) -> None:
    sandboxes, folders = make(tmp_path)
    assert folders.touched(_PATH) is None
    assert sandboxes.make(_PATH, None, (volume(),)).endswith(_PATH)
    assert folders.touched(_PATH) is not None
    while not folders.remove(_PATH, 1):
        assert folders.touched(_PATH) is not None
    assert folders.touched(_PATH) is None
    sandboxes.prune(_PATH)
    assert folders.touched(paths.sandboxes("a", "f")) is None


@both
def test_a_folder_tells_when_it_was_touched(make: Make, tmp_path: Path) -> None:
    sandboxes, folders = make(tmp_path)
    sandboxes.make(_PATH, None, ())
    folders.touch(_PATH, 1_000_000.0)
    assert folders.touched(_PATH) == 1_000_000.0
    folders.touch(paths.sandboxes("other"), 1.0)
    assert folders.touched(paths.sandboxes("other")) is None


@both
def test_an_unknown_user_is_an_error(make: Make, tmp_path: Path) -> None:
    sandboxes, folders = make(tmp_path)
    with pytest.raises(SandboxError, match="user 'no-such-user'"):
        sandboxes.make(_PATH, "no-such-user", ())
    assert folders.touched(_PATH) is None


@both
def test_a_volume_is_there_until_it_is_removed(make: Make, tmp_path: Path) -> None:
    sandboxes, folders = make(tmp_path)
    sandboxes.make(_PATH, None, (volume(),))
    assert folders.touched(paths.volume(volume())) is not None
    sandboxes.remove_volumes((volume(), volume("never there")))
    assert folders.touched(paths.volume(volume())) is None


@both
def test_a_disk_is_between_empty_and_full(make: Make, tmp_path: Path) -> None:
    assert 0.0 <= make(tmp_path)[1].usage() <= 1.0

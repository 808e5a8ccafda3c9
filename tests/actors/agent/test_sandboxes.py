from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.agent import paths
from actors.agent.sandboxes import LocalSandboxes, SandboxError
from tests.actors.agent.kept import names, volume
from transport.records.resource import Resource
from transport.records.volume import Volume

_ME = pwd.getpwuid(os.getuid()).pw_name
_PATH = paths.sandboxes("a", "f", "e", "c1")
_Source = Resource.DiskInfo.Source


def seen_as(container_path: str) -> Resource:
    plain = volume()
    assert plain.disk is not None
    place = Volume(container_path=container_path, mode=Volume.Mode.RW)
    return replace(plain, disk=replace(plain.disk, volume=place))


def on_mount(root: Path) -> Resource:
    plain = volume()
    assert plain.disk is not None
    source = _Source(type=_Source.Type.MOUNT, mount=_Source.Mount(root=str(root)))
    return replace(plain, disk=replace(plain.disk, source=source))


def test_a_sandbox_is_for_its_user_and_group_alone(tmp_path: Path) -> None:
    made = Path(LocalSandboxes(tmp_path).make(_PATH, _ME, ()))
    assert made == tmp_path / _PATH
    assert stat.S_IMODE(made.stat().st_mode) == 0o750
    assert made.owner() == _ME


def test_latest_leads_to_the_newest_sandbox(tmp_path: Path) -> None:
    sandboxes = LocalSandboxes(tmp_path)
    sandboxes.make(_PATH, None, ())
    newest = sandboxes.make(paths.sandboxes("a", "f", "e", "c2"), None, ())
    runs = tmp_path / paths.folder_of(_PATH)
    assert (runs / "latest").readlink() == Path("c2")
    assert (runs / "latest").resolve() == Path(newest)
    assert names(runs) == ["c1", "c2", "latest"]


def test_making_a_sandbox_again_does_nothing(tmp_path: Path) -> None:
    sandboxes = LocalSandboxes(tmp_path)
    made = Path(sandboxes.make(_PATH, None, (volume(),)))
    (made / "file").touch()
    assert sandboxes.make(_PATH, None, (volume(),)) == str(made)
    assert names(made) == ["data", "file"]


def test_an_unknown_user_is_an_error_and_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="user 'no-such-user'"):
        LocalSandboxes(tmp_path).make(_PATH, "no-such-user", ())
    assert names(tmp_path) == []


def test_a_sandbox_is_not_made_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "work/slaves").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "work/slaves/a").symlink_to(tmp_path / "outside")
    with pytest.raises(SandboxError, match="sandbox slaves/a"):
        LocalSandboxes(tmp_path / "work").make(_PATH, None, ())
    assert names(tmp_path / "outside") == []


def test_a_volume_is_made_once_and_seen_in_each_sandbox(tmp_path: Path) -> None:
    sandboxes = LocalSandboxes(tmp_path)
    first = Path(sandboxes.make(_PATH, _ME, (volume(),)))
    (first / "data/kept").write_text("by the volume")
    second = Path(sandboxes.make(paths.sandboxes("a", "f", "e", "c2"), _ME, (volume(),)))
    assert (second / "data/kept").read_text() == "by the volume"
    assert (tmp_path / "volumes/roles/web/v1/kept").exists()


@pytest.mark.parametrize("place", ["", ".", "..", "a/b", "/etc"])
def test_a_volume_is_seen_nowhere_but_in_its_sandbox(tmp_path: Path, place: str) -> None:
    with pytest.raises(SandboxError, match="container_path"):
        LocalSandboxes(tmp_path).make(_PATH, None, (seen_as(place),))


def test_volumes_are_deleted_with_what_is_in_them(tmp_path: Path) -> None:
    sandboxes = LocalSandboxes(tmp_path)
    made = Path(sandboxes.make(_PATH, None, (volume(), replace(seen_as("other"), name="disk"))))
    (made / "data/file").touch()
    sandboxes.remove_volumes((volume(), volume("never there")))
    assert not (tmp_path / "volumes/roles/web/v1").exists()


def test_a_disk_that_is_a_volume_as_a_whole_is_emptied(tmp_path: Path) -> None:
    (tmp_path / "mnt/folder").mkdir(parents=True)
    (tmp_path / "mnt/folder/file").touch()
    LocalSandboxes(tmp_path / "work").remove_volumes((on_mount(tmp_path / "mnt"),))
    assert names(tmp_path / "mnt") == []


def test_a_volume_that_is_a_link_is_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "volumes/roles/web").mkdir(parents=True)
    (tmp_path / "volumes/roles/web/v1").symlink_to(tmp_path / "precious")
    with pytest.raises(SandboxError, match="volume"):
        LocalSandboxes(tmp_path).remove_volumes((volume(),))
    assert (tmp_path / "precious").exists()


def test_empty_folders_go_up_to_the_framework(tmp_path: Path) -> None:
    sandboxes = LocalSandboxes(tmp_path)
    Path(sandboxes.make(_PATH, None, ())).rmdir()
    sandboxes.prune(_PATH)
    assert names(tmp_path / "slaves/a/frameworks") == []


def test_folders_with_anything_in_them_stay(tmp_path: Path) -> None:
    sandboxes = LocalSandboxes(tmp_path)
    Path(sandboxes.make(_PATH, None, ())).rmdir()
    sandboxes.make(paths.sandboxes("a", "f", "e", "c2"), None, ())
    sandboxes.prune(_PATH)
    assert names(tmp_path / paths.folder_of(_PATH)) == ["c2", "latest"]
    meta = tmp_path / "meta/slaves/a/frameworks/f"
    (meta / "executors/e/runs").mkdir(parents=True)
    (meta / paths.FRAMEWORK_INFO).touch()
    sandboxes.prune(paths.meta("a", "f", "e", "c1"))
    assert names(meta) == [paths.FRAMEWORK_INFO]


def test_an_executor_may_have_any_legal_name(tmp_path: Path) -> None:
    sandboxes = LocalSandboxes(tmp_path)
    for name in ("frameworks", "runs", "latest", "ä ö"):
        path = paths.sandboxes("a", "f", name, "c1")
        Path(sandboxes.make(path, None, ())).rmdir()
        sandboxes.prune(path)
    assert names(tmp_path / "slaves/a/frameworks") == []

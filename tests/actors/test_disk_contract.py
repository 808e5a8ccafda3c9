"""What every disk promises, the real one and the simulated one."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.disk import Disk
from actors.simulation import SimulatedDisk
from actors.storage import FileDisk


@pytest.fixture(params=["real", "simulated"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    return FileDisk(tmp_path) if request.param == "real" else SimulatedDisk(random.Random(0))


def test_what_is_written_is_read(disk: Disk) -> None:
    disk.write("registry", b"first")
    disk.write("registry", b"2nd")
    assert (disk.read("registry"), disk.size("registry")) == (b"2nd", 3)


def test_what_is_appended_follows_what_was_there(disk: Disk) -> None:
    disk.append("log", b"one,")
    disk.append("log", b"two")
    assert disk.read("log") == b"one,two"


def test_a_file_is_truncated_or_extended_with_zeros(disk: Disk) -> None:
    disk.write("log", b"12345")
    disk.truncate("log", 2)
    assert disk.read("log") == b"12"
    disk.truncate("log", 4)
    assert disk.read("log") == b"12\0\0"


def test_syncing_changes_nothing_that_is_seen(disk: Disk) -> None:
    disk.write("meta/agent", b"id")
    disk.sync("meta/agent")
    disk.sync("meta/agent")
    disk.sync_folder("meta")
    disk.sync_folder("")
    assert disk.read("meta/agent") == b"id"


def test_a_renamed_file_replaces_what_bore_the_name(disk: Disk) -> None:
    disk.write("meta/agent", b"old")
    disk.write("meta/agent.new", b"new")
    disk.rename("meta/agent.new", "meta/agent")
    assert disk.read("meta/agent") == b"new"
    assert disk.list("meta") == ("agent",)


def test_a_file_renamed_to_its_own_name_stays(disk: Disk) -> None:
    disk.write("a", b"1")
    disk.rename("a", "a")
    assert disk.read("a") == b"1"


def test_a_file_may_be_renamed_into_a_new_folder(disk: Disk) -> None:
    disk.write("tasks/1", b"state")
    disk.rename("tasks/1", "completed/tasks/1")
    assert disk.read("completed/tasks/1") == b"state"
    assert disk.list("tasks") == ()


def test_a_removed_file_is_gone_and_its_name_free(disk: Disk) -> None:
    disk.write("a", b"1")
    disk.remove("a")
    with pytest.raises(FileNotFoundError):
        disk.read("a")
    disk.append("a", b"2")
    assert disk.read("a") == b"2"


def test_a_folder_lists_its_files_and_folders_by_name(disk: Disk) -> None:
    for path in ("b", "meta/slaves/latest", "meta/boot_id", "a"):
        disk.write(path, b"")
    assert disk.list("") == ("a", "b", "meta")
    assert disk.list("meta") == ("boot_id", "slaves")


def test_a_folder_that_never_was_has_nothing_in_it(disk: Disk) -> None:
    assert disk.list("nowhere/at/all") == ()


def test_a_folder_stays_when_its_last_file_is_gone(disk: Disk) -> None:
    disk.write("meta/boot_id", b"")
    disk.remove("meta/boot_id")
    assert disk.list("") == ("meta",)


OPERATIONS: list[Callable[[Disk, str], object]] = [
    lambda disk, path: disk.read(path),
    lambda disk, path: disk.size(path),
    lambda disk, path: disk.truncate(path, 0),
    lambda disk, path: disk.sync(path),
    lambda disk, path: disk.remove(path),
    lambda disk, path: disk.rename(path, "other"),
]
NAMES = ["read", "size", "truncate", "sync", "remove", "rename"]


@pytest.mark.parametrize("operate", OPERATIONS, ids=NAMES)
def test_a_missing_file_is_not_found(disk: Disk, operate: Callable[[Disk, str], object]) -> None:
    with pytest.raises(FileNotFoundError):
        operate(disk, "missing")
    with pytest.raises(FileNotFoundError):
        operate(disk, "no/such/folder")


def test_a_missing_folder_cannot_be_synced(disk: Disk) -> None:
    with pytest.raises(FileNotFoundError):
        disk.sync_folder("missing")


@pytest.mark.parametrize("operate", OPERATIONS, ids=NAMES)
@pytest.mark.parametrize("path", ["", "/etc/passwd", "a//b", "../outside", "a/./b", "a/", "a\0b"])
def test_a_path_that_could_leave_the_disk_is_refused(
    disk: Disk, operate: Callable[[Disk, str], object], path: str
) -> None:
    with pytest.raises(ValueError, match="must be relative"):
        operate(disk, path)


def test_a_file_is_no_folder_and_a_folder_no_file(disk: Disk) -> None:
    disk.write("meta/agent", b"id")
    with pytest.raises(NotADirectoryError):
        disk.write("meta/agent/id", b"")
    with pytest.raises(IsADirectoryError):
        disk.write("meta", b"")
    assert disk.read("meta/agent") == b"id"

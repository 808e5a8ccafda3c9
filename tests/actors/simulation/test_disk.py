"""What is special about the simulated disk; what it promises like any disk is in test_disk_contract.py."""

import errno
import random
from collections.abc import Callable

import pytest

from actors.simulation.disk import Operation, SimulatedDisk
from actors.simulation.platter import SECTOR_BYTES


def disk_of(seed: int = 0, capacity_bytes: int | None = None) -> SimulatedDisk:
    return SimulatedDisk(random.Random(seed), capacity_bytes=capacity_bytes)


def outcomes(prepare: Callable[[SimulatedDisk], None], path: str) -> set[bytes | None]:
    """What the file may hold after a loss of power, None for no file, as far as 300 seeds tell."""
    found: set[bytes | None] = set()
    for seed in range(300):
        disk = disk_of(seed)
        prepare(disk)
        disk.lose_power()
        found.add(disk.read(path) if path in disk.list("") else None)
    return found


def test_what_is_synced_survives() -> None:
    def prepare(disk: SimulatedDisk) -> None:
        disk.append("log", b"one")
        disk.append("log", b"two")
        disk.sync("log")
        disk.sync_folder("")

    assert outcomes(prepare, "log") == {b"onetwo"}


def test_what_was_appended_since_the_sync_is_lost_kept_or_torn() -> None:
    record = b"x" * (2 * SECTOR_BYTES)

    def prepare(disk: SimulatedDisk) -> None:
        disk.append("log", record)
        disk.sync("log")
        disk.sync_folder("")
        disk.append("log", record)

    found = outcomes(prepare, "log")
    assert {record, record + record[:SECTOR_BYTES], record + record} <= found
    assert all(content is not None and content.startswith(record) for content in found)
    assert all(content is not None and not content.rstrip(b"\0").strip(b"x") for content in found)


def test_a_torn_write_may_leave_zeros_in_place_of_its_end() -> None:
    def prepare(disk: SimulatedDisk) -> None:
        disk.write("log", b"")
        disk.sync("log")
        disk.sync_folder("")
        disk.append("log", b"x" * 100)

    assert any(content and not content.strip(b"\0") for content in outcomes(prepare, "log"))


def test_a_torn_write_ends_with_a_sector_of_the_file() -> None:
    def prepare(disk: SimulatedDisk) -> None:
        disk.append("log", b"a" * 100)
        disk.sync("log")
        disk.sync_folder("")
        disk.append("log", b"b" * 1000)

    lengths = {len(content.rstrip(b"\0")) for content in outcomes(prepare, "log") if content is not None}
    assert lengths == {100, SECTOR_BYTES, 2 * SECTOR_BYTES, 1100}


def test_an_overwritten_file_may_have_the_old_content_or_none_or_the_new() -> None:
    def prepare(disk: SimulatedDisk) -> None:
        disk.write("a", b"old")
        disk.sync("a")
        disk.sync_folder("")
        disk.write("a", b"new")

    assert {b"old", b"", b"new"} <= outcomes(prepare, "a") <= {b"old", b"", b"new", b"\0", b"\0\0", b"\0\0\0"}


def test_a_file_whose_folder_was_not_synced_may_be_missing_however_often_it_was_synced() -> None:
    def prepare(disk: SimulatedDisk) -> None:
        disk.write("a", b"1")
        disk.sync("a")

    assert outcomes(prepare, "a") == {None, b"1"}


def test_a_removed_file_may_come_back() -> None:
    def prepare(disk: SimulatedDisk) -> None:
        disk.write("a", b"1")
        disk.sync("a")
        disk.sync_folder("")
        disk.remove("a")

    assert outcomes(prepare, "a") == {None, b"1"}


def replace(disk: SimulatedDisk) -> None:
    """What a careful program does."""
    disk.write("a.new", b"new")
    disk.sync("a.new")
    disk.rename("a.new", "a")
    disk.sync_folder("")


def test_a_file_replaced_with_care_is_the_new_one() -> None:
    def prepare(disk: SimulatedDisk) -> None:
        disk.write("a", b"old")
        disk.sync("a")
        disk.sync_folder("")
        replace(disk)

    assert outcomes(prepare, "a") == {b"new"}


def test_a_file_replaced_without_a_sync_of_the_new_one_may_be_empty() -> None:
    def prepare(disk: SimulatedDisk) -> None:
        disk.write("a.new", b"new")
        disk.rename("a.new", "a")
        disk.sync_folder("")

    assert b"" in outcomes(prepare, "a")


def test_the_changes_of_a_folder_happen_in_order() -> None:
    for seed in range(100):
        disk = disk_of(seed)
        for name in ("1", "2", "3"):
            disk.write(name, b"")
        disk.lose_power()
        assert disk.list("") in ((), ("1",), ("1", "2"), ("1", "2", "3"))


def test_after_a_loss_of_power_the_cache_agrees_with_the_platter() -> None:
    disk = disk_of(3)
    disk.append("log", b"x" * 5000)
    disk.sync_folder("")
    disk.lose_power()
    content = disk.read("log")
    disk.lose_power()
    assert disk.read("log") == content


def test_a_full_disk_refuses_to_write_and_keeps_what_it_has() -> None:
    disk = disk_of(capacity_bytes=10)
    disk.write("old", b"12345")
    with pytest.raises(OSError, match="No space left") as refusal:
        disk.append("new", b"123456")
    assert refusal.value.errno == errno.ENOSPC
    assert disk.read("old") == b"12345"
    assert disk.read("new") == b"12345"
    disk.remove("new")
    disk.append("new", b"12345")


OPERATIONS: dict[Operation, Callable[[SimulatedDisk, str], object]] = {
    "read": lambda disk, path: disk.read(path),
    "write": lambda disk, path: disk.write(path, b"1"),
    "append": lambda disk, path: disk.append(path, b"1"),
    "truncate": lambda disk, path: disk.truncate(path, 0),
    "sync": lambda disk, path: disk.sync(path),
    "rename": lambda disk, path: disk.rename(path, "renamed"),
    "remove": lambda disk, path: disk.remove(path),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_nth_operation_on_a_path_fails_and_no_other(operation: Operation) -> None:
    operate = OPERATIONS[operation]
    disk = disk_of()
    for path in ("other", "log/1", "log/2", "log/3"):
        disk.write(path, b"0")
    disk.fail(operation, "log/", nth=2)
    operate(disk, "other")
    operate(disk, "log/1")
    with pytest.raises(OSError, match="Input/output error"):
        operate(disk, "log/2")
    operate(disk, "log/3")


def test_a_failed_append_leaves_a_part_of_it() -> None:
    lengths = set()
    for seed in range(50):
        disk = disk_of(seed)
        disk.append("log", b"12")
        disk.fail("append", error=errno.ENOSPC)
        with pytest.raises(OSError, match="No space left"):
            disk.append("log", b"345")
        lengths.add(disk.read("log"))
    assert lengths == {b"12", b"123", b"1234", b"12345"}


def test_what_a_failed_sync_left_out_no_later_sync_brings_to_the_platter() -> None:
    lost = 0
    for seed in range(50):
        disk = disk_of(seed)
        disk.append("log", b"1")
        disk.sync_folder("")
        disk.fail("sync")
        with pytest.raises(OSError, match="Input/output error"):
            disk.sync("log")
        disk.sync("log")
        assert disk.read("log") == b"1"
        disk.lose_power()
        lost += disk.read("log") != b"1"
    assert 0 < lost < 50


def test_a_bit_rots_in_cache_and_on_platter() -> None:
    disk = disk_of()
    disk.write("a", b"\x00\x00")
    disk.sync("a")
    disk.sync_folder("")
    assert disk.flip_bit("a", 9) == 9
    assert disk.read("a") == b"\x00\x02"
    disk.lose_power()
    assert disk.read("a") == b"\x00\x02"
    rotten = disk.flip_bit("a")
    assert disk.read("a")[rotten // 8] != b"\x00\x02"[rotten // 8]


def test_an_old_copy_of_a_disk_can_be_put_in_its_place() -> None:
    disk = disk_of()
    replace(disk)
    image = disk.snapshot()
    disk.append("a", b"er")
    disk.sync("a")
    disk.write("b", b"")
    disk.restore(image)
    assert (disk.read("a"), disk.list("")) == (b"new", ("a",))


def test_a_copy_has_what_is_durable_alone() -> None:
    disk = disk_of()
    disk.write("a", b"unsynced")
    disk.restore(disk.snapshot())
    assert disk.list("") == ()


def test_a_wiped_disk_is_empty() -> None:
    disk = disk_of()
    replace(disk)
    disk.wipe()
    assert disk.list("") == ()


def test_mending_makes_it_a_good_disk() -> None:
    disk = disk_of(capacity_bytes=0)
    disk.fail("append")
    disk.mend()
    disk.append("a", b"1")
    assert disk.read("a") == b"1"


def test_every_change_passes_a_fault_point_before_and_after() -> None:
    points: list[str] = []
    disk = SimulatedDisk(random.Random(0), fault=points.append)
    replace(disk)
    names = ("write", "sync", "rename", "sync_folder")
    assert points == [f"disk.{name}.{when}" for name in names for when in ("before", "after")]

from __future__ import annotations

import errno
import random
from pathlib import Path

import pytest

from actors.disk import Disk
from actors.log.journal import Journal, Restored
from actors.log.records import Begins, Identity, LogRecord
from actors.log.segment import MARKS, segment_name
from actors.simulation import SimulatedDisk
from actors.simulation.disk import Operation
from actors.storage import FileDisk


class CountingDisk(SimulatedDisk):
    """Knows what was done to it."""

    def __init__(self) -> None:
        self.done: list[str] = []
        super().__init__(random.Random(1), fault=self.done.append)

    def count(self, operation: Operation) -> int:
        return self.done.count(f"disk.{operation}.after")


@pytest.fixture(params=["real", "simulated"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    return FileDisk(tmp_path) if request.param == "real" else SimulatedDisk(random.Random(0))


def opened(disk: Disk, **options: int) -> Journal:
    journal = Journal(disk, "log", **options)
    assert journal.open().damage is None
    return journal


def put(journal: Journal, *records: LogRecord) -> None:
    for record in records:
        journal.append(record)
    journal.sync()


def restored(disk: Disk) -> tuple[LogRecord, ...]:
    found = Journal(disk, "log").open()
    assert found.damage is None
    return found.records


def test_what_was_synced_is_restored_in_its_order(disk: Disk) -> None:
    journal = opened(disk)
    put(journal, Identity("a"), Begins(1))
    put(journal, Begins(2))
    assert restored(disk) == (Identity("a"), Begins(1), Begins(2))


def test_what_was_not_synced_is_lost(disk: Disk) -> None:
    journal = opened(disk)
    put(journal, Begins(1))
    journal.append(Begins(2))
    assert restored(disk) == (Begins(1),)


def test_a_journal_that_was_opened_again_goes_on(disk: Disk) -> None:
    for number in range(20):
        journal = opened(disk, segment_bytes=200)
        put(journal, Begins(number))
    assert restored(disk) == tuple(map(Begins, range(20)))


def test_long_journals_have_several_segments_of_bounded_size(disk: Disk) -> None:
    journal = opened(disk, segment_bytes=256)
    for number in range(10):
        put(journal, Begins(number))
    names = [segment_name(number) for number in (1, 2, 3)]
    assert disk.list("log") == (MARKS, *names)
    assert [disk.size(f"log/{name}") for name in names] == [256, 256, 128]
    assert journal.size_bytes == 640
    again = opened(disk)
    assert again.size_bytes == 640


def test_a_sum_replaces_all_before_it(disk: Disk) -> None:
    journal = opened(disk, segment_bytes=256)
    for number in range(10):
        put(journal, Begins(number))
    journal.append(Begins(10))
    journal.compact((Begins(11),))
    assert disk.list("log") == (MARKS, segment_name(4))
    assert journal.size_bytes == disk.size(f"log/{segment_name(4)}")
    put(journal, Begins(12))
    assert restored(disk) == (Begins(11), Begins(12))


def test_many_records_cost_one_sync_and_none_cost_none() -> None:
    disk = CountingDisk()
    journal = opened(disk)
    put(journal, Begins(1))
    syncs, folders = disk.count("sync"), disk.count("sync_folder")
    put(journal, *map(Begins, range(100)))
    assert disk.count("sync") == syncs + 1
    journal.sync()
    assert (disk.count("sync"), disk.count("sync_folder")) == (syncs + 1, folders)


def test_damage_gives_nothing_and_leaves_the_files_alone() -> None:
    disk = SimulatedDisk(random.Random(1))
    put(opened(disk), Identity("a"))
    disk.flip_bit(f"log/{segment_name(1)}", 300)
    before = disk.read(f"log/{segment_name(1)}")
    journal = Journal(disk, "log")
    reason = f"log/{segment_name(1)}, byte 0: the checksum of a frame's records is wrong"
    assert journal.open() == Restored((), reason)
    assert disk.read(f"log/{segment_name(1)}") == before
    journal.append(Begins(1))
    with pytest.raises(AssertionError, match="after damage compacted"):
        journal.sync()


def test_after_damage_a_sum_begins_anew() -> None:
    disk = SimulatedDisk(random.Random(1))
    put(opened(disk), Identity("a"))
    disk.flip_bit(f"log/{segment_name(1)}", 300)
    journal = Journal(disk, "log")
    journal.open()
    journal.compact((Identity("b"),))
    put(journal, Begins(1))
    assert restored(disk) == (Identity("b"), Begins(1))
    assert disk.list("log") == (MARKS, segment_name(2))


def test_damage_stays_damage_until_the_sum_is_durable() -> None:
    for step in range(40):
        disk = SimulatedDisk(random.Random(step))
        put(opened(disk), Identity("a"))
        disk.remove(f"log/{segment_name(1)}")
        disk.sync_folder("log")
        journal = Journal(disk, "log")
        journal.open()
        disk.fail(random.Random(step).choice(("write", "sync", "rename", "sync_folder")))
        with pytest.raises(OSError, match="Input/output"):
            journal.compact((Identity("b"),))
        disk.lose_power()
        found = Journal(disk, "log").open()
        assert found.damage is not None or found.records == (Identity("b"),)


def test_a_journal_is_opened_first() -> None:
    journal = Journal(SimulatedDisk(random.Random(1)), "log")
    journal.append(Begins(1))
    with pytest.raises(AssertionError, match="opened first"):
        journal.sync()


def test_a_disk_that_fails_is_heard_of() -> None:
    disk = SimulatedDisk(random.Random(1))
    journal = opened(disk)
    put(journal, Begins(1))
    disk.fail("sync", error=errno.EIO)
    journal.append(Begins(2))
    with pytest.raises(OSError, match="Input/output"):
        journal.sync()


def test_drafts_of_a_life_before_are_cleared_away(disk: Disk) -> None:
    put(opened(disk), Begins(1))
    disk.write(f"log/{segment_name(2)}.new", b"half")
    assert restored(disk) == (Begins(1),)
    assert disk.list("log") == (MARKS, segment_name(1))

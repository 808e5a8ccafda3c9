from __future__ import annotations

import random

import pytest

from actors.agent.checkpoints import encode
from actors.agent.retained import StreamRecord
from actors.agent.stream_files import StreamFiles
from actors.simulation import SimulatedDisk
from tests.actors.agent.kept import status

_PATH = "a/b/task.updates"
_RECORDS = (
    StreamRecord(update=status(b"u1")),
    StreamRecord(acknowledged=b"u1"),
    StreamRecord(update=status(b"u2")),
)


def kept() -> SimulatedDisk:
    disk = SimulatedDisk(random.Random(1))
    files = StreamFiles(disk)
    for number, record in enumerate(_RECORDS):
        files.append(_PATH, record, is_new=number == 0)
    files.sync()
    return disk


def test_what_was_synced_is_there_when_the_power_failed() -> None:
    disk = kept()
    disk.lose_power()
    opened = StreamFiles(disk).open(_PATH)
    assert opened is not None
    assert opened.cut_bytes == 0
    assert opened.stream.head == status(b"u2")


def test_there_is_something_to_sync_until_it_is_synced() -> None:
    files = StreamFiles(SimulatedDisk(random.Random(1)))
    assert not files
    files.append(_PATH, _RECORDS[0], is_new=True)
    assert files
    files.sync()
    assert not files


def test_what_a_failed_sync_left_in_the_cache_alone_is_durable_once_it_was_opened_again() -> None:
    for seed in range(20):
        disk = SimulatedDisk(random.Random(seed))
        files = StreamFiles(disk)
        files.append(_PATH, _RECORDS[0], is_new=True)
        disk.fail("sync")
        with pytest.raises(OSError, match="error"):
            files.sync()
        again = StreamFiles(disk)
        assert again.open(_PATH) is not None
        again.append(_PATH, _RECORDS[1], is_new=False)
        again.sync()
        disk.lose_power()
        opened = StreamFiles(disk).open(_PATH)
        assert opened is not None
        assert opened.cut_bytes == 0
        assert opened.stream.head is None


def test_where_there_is_no_file_there_is_no_stream() -> None:
    assert StreamFiles(SimulatedDisk(random.Random(1))).open(_PATH) is None


def test_a_torn_tail_is_cut_off() -> None:
    disk = kept()
    size = disk.size(_PATH)
    disk.append(_PATH, encode(_RECORDS[0])[:9])
    files = StreamFiles(disk)
    opened = files.open(_PATH)
    assert opened is not None
    assert opened.cut_bytes == 9
    assert disk.size(_PATH) == size


def test_what_a_killed_writer_left_unsynced_is_synced_before_it_counts() -> None:
    disk = SimulatedDisk(random.Random(1))
    StreamFiles(disk).append(_PATH, _RECORDS[0], is_new=True)
    files = StreamFiles(disk)
    opened = files.open(_PATH)
    assert opened is not None
    assert opened.stream.head == status(b"u1")
    assert files
    files.sync()
    disk.lose_power()
    assert disk.read(_PATH) == encode(_RECORDS[0])

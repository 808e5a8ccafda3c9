from __future__ import annotations

import random

import pytest

from actors.agent.batch import Batch
from actors.simulation import SimulatedDisk


def counted() -> tuple[SimulatedDisk, list[str]]:
    points: list[str] = []
    return SimulatedDisk(random.Random(1), fault=points.append), points


class NoPowerError(Exception):
    pass


class Fuse:
    """Called at every step of a disk; burns after so many once it is lit."""

    def __init__(self) -> None:
        self.steps_left: int | None = None

    def __call__(self, _point: str) -> None:
        if self.steps_left is not None:
            if not self.steps_left:
                raise NoPowerError
            self.steps_left -= 1


def test_a_file_is_replaced_as_a_whole_wherever_the_power_fails() -> None:
    old, new = b"old" * 400, b"new" * 500
    for step in range(8):
        fuse = Fuse()
        disk = SimulatedDisk(random.Random(step), fault=fuse)
        disk.write("a/file", old)
        disk.sync("a/file")
        disk.sync_folder("a")
        batch = Batch()
        batch.replace("a/file", new)
        fuse.steps_left = step
        with pytest.raises(NoPowerError):
            batch.flush(disk)
        disk.lose_power()
        assert disk.read("a/file") in ((old, new) if step < 7 else (new,))


def test_what_is_flushed_is_durable_and_nothing_is_left_to_flush() -> None:
    disk, points = counted()
    batch = Batch()
    batch.replace("a/one", b"1")
    batch.replace("a/empty", b"")
    assert batch
    batch.flush(disk)
    assert not batch
    disk.lose_power()
    assert (disk.read("a/one"), disk.read("a/empty")) == (b"1", b"")
    assert disk.list("a") == ("empty", "one")
    points.clear()
    batch.flush(disk)
    assert points == []


def test_of_two_changes_of_a_file_the_later_counts() -> None:
    disk, _ = counted()
    batch = Batch()
    batch.replace("a", b"1")
    batch.remove("a")
    batch.remove("b")
    batch.replace("b", b"2")
    batch.flush(disk)
    assert disk.list("") == ("b",)


def test_a_file_that_is_not_there_is_removed_without_a_sync() -> None:
    disk, points = counted()
    batch = Batch()
    batch.remove("a/file")
    batch.flush(disk)
    assert points == ["disk.remove.before"]


def test_each_folder_is_synced_once() -> None:
    disk, points = counted()
    batch = Batch()
    for number in range(10):
        batch.replace(f"{number % 2}/{number}", b"x")
    batch.flush(disk)
    assert points.count("disk.sync_folder.after") == 2

from __future__ import annotations

import errno

import pytest

from actors.executor import begun as module
from actors.executor.begun import Begun
from actors.simulation import SimulatedDisk, Simulation

FILE = "begun.log"


@pytest.fixture
def disk() -> SimulatedDisk:
    return Simulation(1).node("host").disk


def test_the_next_one_knows_what_was_begun_and_what_never_was(disk: SimulatedDisk) -> None:
    first = Begun(disk, "boot-1")
    for container_id in ("a", "b", "a"):
        first.add(container_id)
    first.forget("b")
    first.forget("c")
    second = Begun(disk, "boot-1")
    assert second.ids == ("a",)
    assert (second.never("a"), second.never("b")) == (False, True)
    second.add("d")
    assert Begun(disk, "boot-1").ids == ("a", "d")


def test_where_nothing_is_known_nothing_is_certain(disk: SimulatedDisk) -> None:
    assert not Begun(disk, "boot-1").never("a")
    assert Begun(disk, "boot-1").never("a")


def test_after_a_boot_nothing_is_known(disk: SimulatedDisk) -> None:
    Begun(disk, "boot-1").add("a")
    later = Begun(disk, "boot-2")
    assert (later.ids, later.never("b")) == ((), False)
    assert Begun(disk, "boot-2").never("a")


def test_of_a_line_that_is_there_in_part_nothing_had_followed(disk: SimulatedDisk) -> None:
    Begun(disk, "boot-1").add("a")
    disk.append(FILE, b"+b")
    later = Begun(disk, "boot-1")
    assert later.ids == ("a",)
    assert later.never("b")
    later.add("c")
    assert Begun(disk, "boot-1").ids == ("a", "c")


def test_what_cannot_be_written_is_not_begun(disk: SimulatedDisk) -> None:
    begun = Begun(disk, "boot-1")
    disk.fail("append", error=errno.ENOSPC)
    with pytest.raises(OSError, match="No space"):
        begun.add("a")
    assert begun.ids == ()
    begun.add("b")
    assert Begun(disk, "boot-1").ids == ("b",)


def test_the_file_does_not_grow_without_end(disk: SimulatedDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_GROWTH_LINES", 10)
    begun = Begun(disk, "boot-1")
    begun.add("stays")
    for number in range(100):
        begun.add(f"c-{number}")
        begun.forget(f"c-{number}")
    assert disk.size(FILE) < 300
    assert Begun(disk, "boot-1").ids == ("stays",)

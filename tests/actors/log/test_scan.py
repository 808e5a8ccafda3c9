"""Each kind of damage has its own plain reason, which names the file and the byte."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from actors.log.journal import Journal
from actors.log.records import Begins, Identity
from actors.log.scan import DamageError, Scan, scan
from actors.log.segment import MARKS, segment_name
from actors.simulation import SimulatedDisk

#: 64 bytes each, four of them in a segment.
SYNCS = 10


def written_log() -> SimulatedDisk:
    disk = SimulatedDisk(random.Random(1))
    journal = Journal(disk, "log", segment_bytes=256)
    journal.open()
    for number in range(SYNCS):
        journal.append(Begins(number))
        journal.sync()
    return disk


def replace(disk: SimulatedDisk, name: str, change: Callable[[bytes], bytes]) -> None:
    disk.write(f"log/{name}", change(disk.read(f"log/{name}")))


def reason_of(disk: SimulatedDisk) -> str:
    with pytest.raises(DamageError) as damage:
        scan(disk, "log")
    return str(damage.value)


def test_a_log_is_read_from_all_its_segments() -> None:
    found = scan(written_log(), "log")
    assert found.records == tuple(map(Begins, range(SYNCS)))
    assert found.sizes == {1: 256, 2: 256, 3: 128}
    assert found.is_clean


def test_a_folder_with_nothing_in_it_is_no_log() -> None:
    assert scan(SimulatedDisk(random.Random(1)), "log") == Scan(has_marks=False)


def test_reading_changes_nothing() -> None:
    disk = written_log()
    disk.append(f"log/{segment_name(3)}", b"PLF1")
    before = {name: disk.read(f"log/{name}") for name in disk.list("log")}
    scan(disk, "log")
    assert {name: disk.read(f"log/{name}") for name in disk.list("log")} == before


LAST = segment_name(3)
FOREIGN = SimulatedDisk(random.Random(2))
_foreign = Journal(FOREIGN, "log")
_foreign.open()
_foreign.append(Identity("other"))
_foreign.sync()

DAMAGES: list[tuple[str, Callable[[bytes], bytes], str]] = [
    (LAST, lambda content: content[:-64], f"{LAST}, byte 64: the file ends after 0 bytes of a frame's head"),
    (LAST, lambda content: content[:-1], f"{LAST}, byte 64: the file ends after 63 of a frame's 64 bytes"),
    (LAST, lambda _: b"", f"{LAST}, byte 0: the file ends after 0 bytes of a frame's head"),
    (LAST, lambda content: content[:70] + b"!" + content[71:], f"{LAST}, byte 64: the checksum of a frame's"),
    (LAST, lambda content: content[64:], f"{LAST}, byte 0: the frame does not follow the one before it"),
    (LAST, lambda content: content + content[:64], f"{LAST}, byte 128: the frame does not follow"),
    (LAST, lambda content: content + b"x" * 40, f"{LAST}, byte 128: the checksum of a frame's head is wrong"),
    (segment_name(2), lambda content: content[:-64], f"{LAST}, byte 0: the frame does not follow"),
    (segment_name(1), lambda _: FOREIGN.read(f"log/{segment_name(1)}"), f"{segment_name(2)}, byte 0: the fr"),
    (MARKS, lambda content: content[:40] + b"!" + content[41:], "marks, byte 32: the checksum of a mark"),
    (MARKS, lambda _: b"", "marks, byte 0: the first mark is missing"),
    (
        MARKS,
        lambda _: FOREIGN.read(f"log/{MARKS}"),
        f"{segment_name(1)}, byte 64: what was synced up to here",
    ),
]


@pytest.mark.parametrize(("name", "change", "reason"), DAMAGES)
def test_damage_is_named(name: str, change: Callable[[bytes], bytes], reason: str) -> None:
    disk = written_log()
    replace(disk, name, change)
    assert reason_of(disk).startswith(reason)


@pytest.mark.parametrize("name", [segment_name(1), segment_name(2), LAST, MARKS])
def test_a_missing_file_is_named(name: str) -> None:
    disk = written_log()
    disk.remove(f"log/{name}")
    assert reason_of(disk) == f"{name} is missing"


def test_a_segment_of_another_log_beside_the_others_is_damage() -> None:
    disk = written_log()
    disk.write(f"log/{segment_name(4)}", FOREIGN.read(f"log/{segment_name(1)}"))
    assert reason_of(disk).startswith(f"{segment_name(4)}, byte 0: the frame does not follow")


def test_a_last_frame_without_its_mark_is_relied_on_and_not_clean() -> None:
    disk = written_log()
    replace(disk, MARKS, lambda content: content[:-32])
    found = scan(disk, "log")
    assert (len(found.records), found.is_clean, found.synced.sequence) == (SYNCS, False, SYNCS - 1)


def test_a_last_frame_that_is_gone_with_its_mark_is_taken_for_torn() -> None:
    disk = written_log()
    replace(disk, MARKS, lambda content: content[:-32])
    replace(disk, LAST, lambda content: content[:-32])
    found = scan(disk, "log")
    assert (len(found.records), found.is_clean, found.sizes[3]) == (SYNCS - 1, False, 64)

"""Damages the files of a replica's log in all the ways of disks and people, to see whether it is noticed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from actors.log.journal import Journal
from actors.log.records import Chosen, Identity, LogRecord, Promised, StatusChanged, Written
from actors.log.segment import MARKS
from actors.simulation import SimulatedDisk
from actors.simulation.disk import Image
from transport.messages.replication import Accepted, Action, Ballot, Kind, Status

FOLDER: Final = "replicated_log"
SEGMENT_BYTES: Final = 3_000
#: What issue 5 asks to be detected in 10,000 of 10,000 cases.
COUNTED: Final = ("bit flip", "truncation")
_BLOCKS: Final = (512, 4096)

Files = Mapping[str, bytes]


class Specimen(NamedTuple):
    """A log that was written to for a while."""

    records: tuple[LogRecord, ...]
    #: What its files were like in the end, as the operating system shows them.
    files: Files
    #: The same, as the disk alone has them: unsynced marks are not there.
    platter: Files
    #: What they were like before, after each sync.
    earlier: tuple[Files, ...]


class Outcome(NamedTuple):
    """What came of one trial."""

    damage: str
    #: The journal said so.
    detected: bool
    #: All that was acknowledged was restored, and nothing else.
    whole: bool


def records_of(rng: random.Random) -> Iterator[LogRecord]:
    """What a replica writes, without end."""
    yield Identity(f"{rng.getrandbits(128):032x}")
    yield StatusChanged(Status.VOTING)
    yield Promised(Ballot(rng.randint(1, 9), 1))
    position = 0
    while True:
        position += 1
        content = rng.randbytes(rng.choice((0, 20, 100, 700)))
        yield Written(Accepted(Ballot(1, 1), Action(position, Kind.APPEND, content)))
        if rng.random() < 0.5:
            yield Chosen(position, None, ("one", "other"))


def specimen(rng: random.Random, syncs: int = 40) -> Specimen:
    """A log of a few segments, some of which may have been summed up."""
    disk = SimulatedDisk(rng)
    journal = Journal(disk, FOLDER, segment_bytes=SEGMENT_BYTES)
    journal.open()
    endless = records_of(rng)
    kept: list[LogRecord] = []
    earlier: list[Files] = []
    for number in range(syncs):
        if number and rng.random() < 0.03:
            kept = [*kept[:2], *kept[-3:]]
            journal.compact(kept)
        else:
            for _ in range(rng.randint(1, 4)):
                kept.append(next(endless))
                journal.append(kept[-1])
            journal.sync()
        earlier.append({path: disk.read(path) for path in _paths(disk)})
    disk.sync_folder(FOLDER)
    return Specimen(tuple(kept), earlier.pop(), dict(disk.snapshot().files), tuple(earlier))


def examine(damage: str, files: Files, records: tuple[LogRecord, ...]) -> Outcome:
    """Open a log with those files, which once held those records."""
    disk = SimulatedDisk(random.Random(0))
    disk.restore(Image(tuple(files.items()), ("", FOLDER)))
    restored = Journal(disk, FOLDER).open()
    assert restored.damage is None or not restored.records
    return Outcome(damage, restored.damage is not None, restored.records == records)


def flip(rng: random.Random, files: Files) -> Files:
    """Turn round a few bits of one file."""
    path = _any(rng, files)
    content = bytearray(files[path])
    for bit in rng.sample(range(8 * len(content)), rng.choice((1, 1, 1, 2, 3))):
        content[bit // 8] ^= 1 << bit % 8
    return {**files, path: bytes(content)}


def truncate(rng: random.Random, files: Files) -> Files:
    """Cut off the end of one segment."""
    path = _any(rng, _segments(files))
    return {**files, path: files[path][: rng.randrange(len(files[path]))]}


def truncate_marks(rng: random.Random, files: Files) -> Files:
    """Cut off marks, but for the first of the file."""
    path = f"{FOLDER}/{MARKS}"
    return {**files, path: files[path][: rng.randrange(32, max(33, len(files[path])))]}


def remove(rng: random.Random, files: Files) -> Files:
    """Take away one file."""
    path = rng.choice(sorted(files))
    return {other: content for other, content in files.items() if other != path}


def blank(rng: random.Random, files: Files) -> Files:
    """Put zeros in place of a block, or of all from there on."""
    path = _any(rng, _segments(files))
    content, size = files[path], rng.choice(_BLOCKS)
    begin = rng.randrange(0, len(content), size)
    end = rng.choice((begin + size, len(content)))
    zeros = bytes(len(content[begin:end]))
    return {**files, path: content[:begin] + zeros + content[end:]}


def insert(rng: random.Random, files: Files) -> Files:
    """Put garbage between, or a second time what is there."""
    path = _any(rng, _segments(files))
    content = files[path]
    at = rng.randrange(0, len(content) + 1, 32)
    length = 32 * rng.randint(1, 4)
    garbage = rng.choice((rng.randbytes(length), content[at : at + length], content[:at]))
    return {**files, path: content[:at] + garbage + content[at:]}


def swap(rng: random.Random, files: Files) -> Files:
    """Give two segments each other's names, or one the content of another."""
    segments = sorted(_segments(files))
    one, other = rng.choice(segments), rng.choice(segments)
    exchanged = {**files, one: files[other]}
    return exchanged if rng.random() < 0.5 else {**exchanged, other: files[one]}


def set_back(one: Specimen) -> Callable[[random.Random, Files], Files]:
    """Put an older copy in place of a segment, or of one of its blocks."""

    def damage(rng: random.Random, files: Files) -> Files:
        path = _any(rng, _segments(files))
        old = next((older[path] for older in rng.sample(one.earlier, len(one.earlier)) if path in older), b"")
        if rng.random() < 0.5:
            return {**files, path: old}
        size = rng.choice(_BLOCKS)
        begin = rng.randrange(0, len(files[path]), size)
        return {**files, path: files[path][:begin] + old[begin : begin + size] + files[path][begin + size :]}

    return damage


def mistake(other: Specimen) -> Callable[[random.Random, Files], Files]:
    """Put a file of another replica in place of one, or beside them."""

    def damage(rng: random.Random, files: Files) -> Files:
        path = rng.choice(sorted(other.files))
        return {**files, path: other.files[path]}

    return damage


def trials(rng: random.Random, count: int) -> Iterator[Outcome]:
    """Damage logs that many times; each is damaged anew from what it was.

    Three in four are what issue 5 counts, bit flips and truncations.
    """
    specimens = [specimen(rng) for _ in range(20)]
    for number in range(count):
        one, other = rng.sample(specimens, 2)
        ways: Mapping[str, Callable[[random.Random, Files], Files]] = {
            "bit flip": flip,
            "truncation": truncate,
            "zeroed block": blank,
            "garbage": insert,
            "swapped segments": swap,
            "older copy of a segment or block": set_back(one),
            "another replica's file": mistake(other),
            "removed file": remove,
        }
        files = one.files
        while files == one.files:
            damage = rng.choice(COUNTED if number % 4 else tuple(ways))
            files = ways[damage](rng, one.files)
        yield examine(damage, files, one.records)


def _any(rng: random.Random, files: Files) -> str:
    """A file; the longer, the more likely."""
    paths = sorted(files)
    return rng.choices(paths, [len(files[path]) for path in paths])[0]


def _segments(files: Files) -> Files:
    return {path: content for path, content in files.items() if not path.endswith(MARKS)}


def _paths(disk: SimulatedDisk) -> list[str]:
    return [f"{FOLDER}/{name}" for name in disk.list(FOLDER)]

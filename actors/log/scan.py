"""Reads the log's files, and tells what a power cut left of an unsynced write from what was damaged since.

Nothing here changes a file. What is damage, and what is not:

- A write that was never synced may be there in part: the file ends within the frame, or in zeros. Only the
  last frame of the last segment can be such a *torn tail*; it was acknowledged to nobody, and is given up.
- That a frame was synced is known from any that follows it, from its being the first of a file (which gets
  its name when it is durable), and from the mark, which is written after each sync, before anybody is told.
  Nothing of what was synced can be torn: a fault there is damage.
- Marks are not synced themselves, which would cost a second sync each time. The kernel writes them within
  half a minute or so; a process that dies loses none. So after a *power cut* the last frame of all may be
  without its mark. A changed bit in it is damage all the same, as no tear looks like that; but if it is
  missing, as after a truncation, that cannot be told here from a tear. The like holds for a disk that lost
  both synced frames and marks: a liar's, or one set back to an older copy. There the other replicas know
  better, see `transport.messages.replication.Learned.acceptors`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec
from crc32c import crc32c

from actors.disk import Disk
from actors.log.records import LogRecord
from actors.log.segment import (
    FRAME_MAGIC,
    KNOWN_BYTES,
    MARKS,
    UNIT_BYTES,
    Kind,
    Link,
    Mark,
    decode_head,
    decode_mark,
    known_bytes,
    segment_name,
    segment_numbers,
)

_decode: Final = msgspec.msgpack.Decoder(tuple[LogRecord, ...]).decode


class DamageError(Exception):
    """The files are not as they were synced; the text names the file, the byte and what is wrong."""


class Frame(NamedTuple):
    """One frame of a segment."""

    kind: int
    records: tuple[LogRecord, ...]
    #: Where it ends in the file.
    end: int
    #: What the next one must follow.
    link: Link


class Scan(NamedTuple):
    """What the files hold."""

    records: tuple[LogRecord, ...] = ()
    #: The segments that hold it, in order.
    segments: tuple[int, ...] = ()
    #: Of those segments together, and of the last one, without a torn tail.
    size_bytes: int = 0
    last_bytes: int = 0
    link: Link = Link()
    #: Bytes of an unsynced write that was cut short.
    torn_bytes: int = 0
    #: Whether the newest mark vouches for all of it, and nothing else is in the folder's files.
    is_marked: bool = True
    #: Without them, this is no log yet.
    has_marks: bool = True


class _Fault(NamedTuple):
    reason: str
    #: Whether a write that was cut short can look so.
    like_torn: bool = False


def scan(disk: Disk, folder: str) -> Scan:
    """Read the whole log in that folder; raises DamageError, and what the disk raises."""
    names = disk.list(folder)
    numbers = segment_numbers(names)
    if MARKS not in names:
        if numbers:
            raise DamageError(f"{MARKS} is missing")
        return Scan(has_marks=False)
    mark, all_read = _last_mark(disk.read(f"{folder}/{MARKS}"))
    contents = _contents(disk, folder, numbers, mark)
    if not contents:
        return Scan()
    found = _read_all(contents, mark)
    exact = mark == Mark(found.segments[-1], found.last_bytes, found.link.check)
    return found._replace(is_marked=all_read and exact and numbers[0] == found.segments[0])


def _last_mark(content: bytes) -> tuple[Mark, bool]:
    """The newest mark, and whether it is the end of the file."""
    mark = None
    whole = len(content) // UNIT_BYTES * UNIT_BYTES
    for at in range(0, whole, UNIT_BYTES):
        read = decode_mark(content[at : at + UNIT_BYTES])
        if read is None:
            if any(content[at:]):
                raise DamageError(f"{MARKS}, byte {at}: the checksum of a mark is wrong")
            whole = at
            break
        mark = read
    if mark is None:
        raise DamageError(f"{MARKS}, byte 0: the first mark is missing")
    return mark, whole == len(content)


def _contents(disk: Disk, folder: str, numbers: list[int], mark: Mark) -> dict[int, bytes]:
    """The segments that count: from the marked one, or an earlier one that needs none before it, on."""
    first = max(mark.segment, 1)
    last = max([mark.segment, *numbers])
    contents: dict[int, bytes] = {}
    for number in range(first, last + 1):
        contents[number] = _read(disk, folder, number)
    while contents and not _begins(first, contents[first]):
        first -= 1
        contents = {first: _read(disk, folder, first), **contents}
    return contents


def _read(disk: Disk, folder: str, number: int) -> bytes:
    try:
        return disk.read(f"{folder}/{segment_name(number)}")
    except FileNotFoundError:
        raise DamageError(f"{segment_name(number)} is missing") from None


def _begins(number: int, content: bytes) -> bool:
    first = _next_frame(content, 0, None)
    if isinstance(first, _Fault):
        raise _damage(number, 0, first.reason)
    return first.kind == Kind.BEGINS


def _read_all(contents: dict[int, bytes], mark: Mark) -> Scan:
    records: list[LogRecord] = []
    counted: list[int] = []
    # The first segment of all has nothing before it; what another one followed may be gone.
    link = None if mark.segment else Link()
    end = 0
    for number, content in contents.items():
        synced = mark.size_bytes if number == mark.segment else 0 if number > mark.segment else len(content)
        is_last = number == next(reversed(contents))
        vouched = number != mark.segment
        for frame in _frames(number, content, link, synced, is_last=is_last):
            if frame.kind == Kind.BEGINS:
                records.clear()
                counted.clear()
            if frame.kind != Kind.FOLLOWS:
                counted.append(number)
            records += frame.records
            link, end = frame.link, frame.end
            vouched |= end == synced and link.check == mark.check
        if not vouched:
            raise _damage(number, synced, "the frame that was synced up to here is another one")
    assert link is not None
    size_bytes = sum(len(contents[number]) for number in counted)
    torn_bytes = len(content) - end
    return Scan(tuple(records), tuple(counted), size_bytes - torn_bytes, end, link, torn_bytes)


def _frames(number: int, content: bytes, link: Link | None, synced: int, *, is_last: bool) -> Iterator[Frame]:
    """The frames of a segment, up to a torn tail; a `link` of None fits whatever the first one is.

    `synced` bytes of it are known to have been synced.
    """
    at = 0
    while at < len(content) or at < synced or not at:
        frame = _next_frame(content, at, link)
        if isinstance(frame, _Fault):
            if frame.like_torn and is_last and at and at >= synced:
                return
            raise _damage(number, at, frame.reason)
        if (frame.kind == Kind.FOLLOWS) != (at > 0):
            raise _damage(number, at, "a frame that belongs elsewhere")
        yield frame
        at, link = frame.end, frame.link


def _next_frame(content: bytes, at: int, link: Link | None) -> Frame | _Fault:
    if len(content) < at + UNIT_BYTES:
        return _cut_off_head(content[at:], link)
    decoded = decode_head(content, at)
    if decoded is None:
        return _Fault("the checksum of a frame's head is wrong", like_torn=not any(content[at:]))
    head, check = decoded
    if head.magic != FRAME_MAGIC:
        return _Fault("not a frame, or one of another version's")
    if link is not None and link != (head.sequence, head.previous):
        return _Fault(
            f"the frame does not follow the one before it: its first record is number {head.sequence}, "
            f"here belongs number {link.sequence}; it was moved, or comes from another log"
        )
    end = at + head.size_bytes
    if len(content) < end:
        return _Fault(
            f"the file ends after {len(content) - at} of a frame's {end - at} bytes", like_torn=True
        )
    begin = at + UNIT_BYTES
    if crc32c(content[begin:end]) != head.body:
        # The last byte of a whole frame is not zero.
        torn = end == len(content) and not content[-1]
        return _Fault("the checksum of a frame's records is wrong", like_torn=torn)
    try:
        records = _decode(content[begin : begin + head.length])
    except msgspec.DecodeError as error:
        return _Fault(f"records that this version cannot read: {error}")
    return Frame(head.kind, records, end, Link(head.sequence + len(records), check))


def _cut_off_head(rest: bytes, link: Link | None) -> _Fault:
    """The file ends within a head: was it one, or garbage?"""
    reason = f"the file ends after {len(rest)} bytes of a frame's head"
    if link is None:
        return _Fault(reason)
    known = known_bytes(Kind.FOLLOWS, link)
    return _Fault(reason, like_torn=not any(rest) or rest[:KNOWN_BYTES] == known[: len(rest)])


def _damage(number: int, at: int, reason: str) -> DamageError:
    return DamageError(f"{segment_name(number)}, byte {at}: {reason}")

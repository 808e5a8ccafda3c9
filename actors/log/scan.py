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
- In doubt it is damage: a file system that shows stale blocks after a power cut (ext4 with data=writeback)
  makes a torn tail look like that. A replica that has others copies them then, and loses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from actors.disk import Disk
from actors.log.frame import Fault, Frame, read_frame
from actors.log.records import LogRecord
from actors.log.segment import (
    MARKS,
    UNIT_BYTES,
    Kind,
    Link,
    Mark,
    decode_mark,
    segment_name,
    segment_numbers,
)


class DamageError(Exception):
    """The files are not as they were synced; the text names the file, the byte and what is wrong."""


class Scan(NamedTuple):
    """What the files hold."""

    records: tuple[LogRecord, ...] = ()
    #: The segments that hold them and how much of each does, in order.
    sizes: Mapping[int, int] = {}
    #: Where the log goes on.
    link: Link = Link()
    #: Up to where it is certain that it was synced.
    synced: Link = Link()
    #: All of it was synced, and the newest mark says so; the files hold nothing else.
    is_clean: bool = True
    #: Without them, this is no log yet.
    has_marks: bool = True


def scan(disk: Disk, folder: str) -> Scan:
    """Read the whole log in that folder; raises DamageError, and what the disk raises."""
    names = disk.list(folder)
    numbers = segment_numbers(names)
    if MARKS not in names:
        if numbers:
            raise DamageError(f"{MARKS} is missing")
        return Scan(has_marks=False)
    content = disk.read(f"{folder}/{MARKS}")
    mark, marks_bytes = _last_mark(content)
    contents = _contents(disk, folder, mark, numbers)
    if not contents:
        return Scan()
    found = _read_all(contents, mark)
    is_clean = (
        marks_bytes == len(content)
        and found.link == found.synced
        and list(found.sizes) == numbers
        and sum(found.sizes.values()) == sum(map(len, contents.values()))
    )
    return found._replace(is_clean=is_clean)


def _last_mark(content: bytes) -> tuple[Mark, int]:
    """The newest mark, and where it ends."""
    mark, end = None, 0
    while end + UNIT_BYTES <= len(content):
        read = decode_mark(content[end : end + UNIT_BYTES])
        if read is None:
            if any(content[end:]):
                raise DamageError(f"{MARKS}, byte {end}: the checksum of a mark is wrong")
            break
        mark = read
        end += UNIT_BYTES
    if mark is None:
        raise DamageError(f"{MARKS}, byte 0: the first mark is missing")
    return mark, end


def _contents(disk: Disk, folder: str, mark: Mark, numbers: list[int]) -> dict[int, bytes]:
    """The segments that count: from the marked one, or an earlier one that needs none before it, on."""
    first = max(mark.segment, 1)
    last = max([mark.segment, *numbers])
    contents = {number: _read(disk, folder, number) for number in range(first, last + 1)}
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
    """Whether the segment needs none before it."""
    first = read_frame(content, 0, None)
    if isinstance(first, Fault):
        raise _damage(number, 0, first.reason)
    return first.kind == Kind.BEGINS


def _read_all(contents: Mapping[int, bytes], mark: Mark) -> Scan:
    chain = _Chain(mark)
    last = max(contents)
    for number, content in contents.items():
        is_replaced = number < last and _begins(number + 1, contents[number + 1])
        chain.read(number, content, is_last=number == last, is_replaced=is_replaced)
    return chain.result()


class _Chain:
    """Follows the frames from segment to segment."""

    def __init__(self, mark: Mark) -> None:
        self._mark = mark
        self._records: list[LogRecord] = []
        self._sizes: dict[int, int] = {}
        #: The first segment of all follows nothing; what another one followed may be gone.
        self._link = None if mark.segment else Link()
        #: The links from the marked one on. What was written anew when the log was opened follows that one,
        #: because what came after it may be gone by now.
        self._since_mark: list[Link] = [] if mark.segment else [Link()]

    def read(self, number: int, content: bytes, *, is_last: bool, is_replaced: bool) -> None:
        """Take in the next segment; `is_replaced`: the one after it needs none before it."""
        follows: Sequence[Link] | None = None if self._link is None else (self._link,)
        if _begins(number, content):
            follows = follows and self._since_mark
            self._records.clear()
            self._sizes.clear()
        at, synced = 0, self._synced_bytes(number, content)
        while at < len(content) or at < synced:
            frame = read_frame(content, at, follows)
            if isinstance(frame, Fault):
                if at >= synced and (is_replaced or (is_last and frame.like_torn)):
                    break
                raise _damage(number, at, frame.reason)
            if (frame.kind == Kind.FOLLOWS) != (at > 0):
                raise _damage(number, at, "a frame that belongs elsewhere")
            self._take(number, frame)
            at, follows = frame.end, (frame.link,)
        self._sizes[number] = at
        if number == self._mark.segment and not self._since_mark:
            raise _damage(number, synced, "what was synced up to here was something else")

    def result(self) -> Scan:
        """What was found."""
        assert self._link is not None
        return Scan(tuple(self._records), self._sizes, self._link, self._since_mark[0])

    def _synced_bytes(self, number: int, content: bytes) -> int:
        """How much of it was certainly synced: of each segment at least the first frame."""
        if number == self._mark.segment:
            return self._mark.size_bytes
        return len(content) if number < self._mark.segment else 1

    def _take(self, number: int, frame: Frame) -> None:
        self._records += frame.records
        self._link = frame.link
        if self._since_mark or Mark(number, frame.end, frame.link.check) == self._mark:
            self._since_mark.append(frame.link)


def _damage(number: int, at: int, reason: str) -> DamageError:
    return DamageError(f"{segment_name(number)}, byte {at}: {reason}")

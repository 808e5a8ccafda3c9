"""The form of the log's files: frames of records in segments, and marks (reliability.md R11, C3).

A frame holds the records that were made durable by one sync. It is what a disk has or has not: nobody was
told of any of them before all were there.

    offset  bytes  a frame; numbers are little-endian
    0       4      `PLF1`: frame, format 1
    4       4      kind: 0 follows in its segment; 1 begins a segment; 2 begins one that needs none before it
    8       8      number of its first record, which goes on from the frame before
    16      4      the check of the frame before
    20      4      length of the records, in bytes
    24      4      CRC-32C of all from offset 32 to the end
    28      4      the check: CRC-32C of bytes 0 to 27
    32             the records: one msgpack array
                   zeros up to one byte before a multiple of 32, and one byte A5

As each check covers the one before it, a frame that was lost, doubled, moved, or taken from another log or an
older life of this one does not fit its neighbours. Frames begin at multiples of 32 so that a head never lies
across two sectors, and their last byte is never zero: what a power cut leaves of an unsynced write, its first
sectors and then nothing or zeros, is told from a frame that has changed since.

    offset  bytes  a mark
    0       4      `PLM1`
    4       4      the check of the last frame that it vouches for
    8       8      number of the segment
    16      8      how many bytes of that segment have been synced
    24      4      zeros
    28      4      CRC-32C of bytes 0 to 27

CRC-32C rather than zlib's CRC-32, because the Castagnoli polynomial finds any three wrong bits in frames of
up to 256 MiB, where the other is sure of them up to 11 KiB only, and processors have an instruction for it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from enum import IntEnum
from typing import Final, NamedTuple

import msgspec
from crc32c import crc32c

from actors.log.records import LogRecord

FRAME_MAGIC: Final = b"PLF1"
MARK_MAGIC: Final = b"PLM1"
#: What heads of frames, and marks, are long, and what frames are aligned to.
UNIT_BYTES: Final = 32
#: A head up to and without the length: what is known of the next frame before it is read.
KNOWN_BYTES: Final = 20
MARKS: Final = "marks"
END: Final = b"\xa5"

_HEAD: Final = struct.Struct("<4sIQIII")
_MARK: Final = struct.Struct("<4sIQQI")
_CHECK: Final = struct.Struct("<I")
_SEGMENT: Final = re.compile(r"segment-([0-9]{10})")
_PADDING: Final = tuple(bytes(-(length + 1) % UNIT_BYTES) + END for length in range(UNIT_BYTES))

_encode = msgspec.msgpack.Encoder().encode


class Kind(IntEnum):
    """How a frame stands to what is before it."""

    FOLLOWS = 0
    #: The first of a segment; as with all first frames, the file gets its name when it is durable.
    CONTINUES = 1
    #: The same, and what was recorded before counts no more: these records say all of it.
    BEGINS = 2


class Link(NamedTuple):
    """A place in the chain of frames: how many records come before, and the check of the frame before."""

    sequence: int = 0
    check: int = 0


class Head(NamedTuple):
    """The first 32 bytes of a frame."""

    magic: bytes
    kind: int
    sequence: int
    previous: int
    #: Of the records, in bytes.
    length: int
    body: int

    @property
    def size_bytes(self) -> int:
        """Of the whole frame."""
        return UNIT_BYTES + self.length + len(_PADDING[self.length % UNIT_BYTES])


class Mark(NamedTuple):
    """So much of a segment was synced; `check` is that of the last frame in it."""

    segment: int
    size_bytes: int
    check: int


def encode_frame(records: Sequence[LogRecord], kind: Kind, link: Link) -> tuple[bytes, Link]:
    """The frame that follows `link`, and the link after it."""
    body = _encode(records)
    padding = _PADDING[len(body) % UNIT_BYTES]
    head = _HEAD.pack(FRAME_MAGIC, kind, link.sequence, link.check, len(body), crc32c(padding, crc32c(body)))
    check = crc32c(head)
    return b"".join((head, _CHECK.pack(check), body, padding)), Link(link.sequence + len(records), check)


def decode_head(content: bytes, at: int) -> tuple[Head, int] | None:
    """The head that begins there, and its check; None when the check is wrong."""
    check: int = _CHECK.unpack_from(content, at + _HEAD.size)[0]
    if crc32c(content[at : at + _HEAD.size]) != check:
        return None
    return Head._make(_HEAD.unpack_from(content, at)), check


def known_bytes(kind: Kind, link: Link) -> bytes:
    """What the head of a frame at `link` begins with, whatever its records are."""
    return _HEAD.pack(FRAME_MAGIC, kind, *link, 0, 0)[:KNOWN_BYTES]


def encode_mark(mark: Mark) -> bytes:
    """The 32 bytes of a mark."""
    content = _MARK.pack(MARK_MAGIC, mark.check, mark.segment, mark.size_bytes, 0)
    return content + _CHECK.pack(crc32c(content))


def decode_mark(content: bytes) -> Mark | None:
    """Read the 32 bytes of a mark; None when they are none."""
    magic, check, segment, size_bytes, _ = _MARK.unpack_from(content)
    if magic != MARK_MAGIC or _CHECK.unpack_from(content, _MARK.size)[0] != crc32c(content[: _MARK.size]):
        return None
    return Mark(segment, size_bytes, check)


def segment_name(number: int) -> str:
    """The name of the segment's file; segments count from 1, and no number is used twice."""
    return f"segment-{number:010}"


def segment_numbers(names: Sequence[str]) -> list[int]:
    """The numbers of the segments among the files of those names, sorted."""
    return sorted(int(found[1]) for name in names if (found := _SEGMENT.fullmatch(name)))

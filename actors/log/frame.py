"""Reads one frame, and says what is wrong with it: could a write that was cut short look so, or not?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
from crc32c import crc32c

from actors.log.records import LogRecord
from actors.log.segment import FRAME_MAGIC, KNOWN_BYTES, UNIT_BYTES, Kind, Link, decode_head, known_bytes
from transport import decoders

_decode: Final = decoders.of_msgpack(tuple[LogRecord, ...]).decode


class Frame(NamedTuple):
    """One frame of a segment."""

    kind: int
    records: tuple[LogRecord, ...]
    #: Where it ends in the file.
    end: int
    #: What the next one must follow.
    link: Link


class Fault(NamedTuple):
    """Why there is no frame."""

    reason: str
    #: A write that the power failed in can leave this: the file ends early, or in zeros.
    like_torn: bool = False


def read_frame(content: bytes, at: int, follows: Sequence[Link] | None) -> Frame | Fault:
    """The frame that begins there and must follow one of these links; None where that is not known."""
    if len(content) < at + UNIT_BYTES:
        return _cut_off_head(content[at:], follows)
    decoded = decode_head(content, at)
    if decoded is None:
        return Fault("the checksum of a frame's head is wrong", like_torn=not any(content[at:]))
    head, check = decoded
    if head.magic != FRAME_MAGIC:
        return Fault("not a frame, or one of another version's")
    if follows is not None and (head.sequence, head.previous) not in follows:
        return Fault(
            "the frame does not follow the one before it, which was lost or replaced, or this one comes from "
            f"elsewhere: its first record is number {head.sequence}, here belongs number "
            f"{follows[-1].sequence}"
        )
    end = at + head.size_bytes
    if len(content) < end:
        reason = f"the file ends after {len(content) - at} of a frame's {end - at} bytes"
        return Fault(reason, like_torn=True)
    begin = at + UNIT_BYTES
    if crc32c(content[begin:end]) != head.body:
        # The last byte of a whole frame is not zero.
        torn = end == len(content) and not content[-1]
        return Fault("the checksum of a frame's records is wrong", like_torn=torn)
    try:
        records = _decode(content[begin : begin + head.length])
    except msgspec.DecodeError as error:
        return Fault(f"records that this version cannot read: {error}")
    return Frame(head.kind, records, end, Link(head.sequence + len(records), check))


def _cut_off_head(rest: bytes, follows: Sequence[Link] | None) -> Fault:
    """The file ends within a head: was it one, or garbage?"""
    reason = f"the file ends after {len(rest)} bytes of a frame's head"
    if not follows:
        return Fault(reason)
    known = known_bytes(Kind.FOLLOWS, follows[-1])
    return Fault(reason, like_torn=not any(rest) or rest[:KNOWN_BYTES] == known[: len(rest)])

"""What checkpoint files are made of: records that can be told from torn and from rotten ones.

    length (4 bytes) | crc32 of these 4 | the record in msgpack | crc32 of it | one byte 0x0A

Numbers are in the machine's own byte order. Several records may follow each other in a file. Power that
fails while one is appended leaves it cut off, or with zeros in place of its last part; such a *torn tail*
was never acknowledged to anybody and is passed over. Whatever else does not fit is *damage*: the check
of the length and the last byte, which one flipped bit cannot turn into a zero, tell the two apart.
"""

from __future__ import annotations

import struct
import zlib
from typing import Generic, NamedTuple, TypeVar

import msgspec

from transport import decoders
from transport.record import Record

R = TypeVar("R", bound=Record)

_HEAD = struct.Struct("=II")
_CHECK = struct.Struct("=I")
_END = b"\n"
_TAIL_BYTES = _CHECK.size + len(_END)


class Reading(NamedTuple, Generic[R]):
    """What a file of records holds, up to where it cannot be read."""

    records: tuple[R, ...]
    #: Bytes of these records; what comes after them is a torn tail unless `damage` says otherwise.
    size_bytes: int
    #: Where and why the rest is no record and no torn tail; None when there is no such rest.
    damage: str | None = None


def encode(record: Record) -> bytes:
    """The bytes of one record, to be written to a file or appended to it."""
    body = msgspec.msgpack.encode(record)
    length = _CHECK.pack(len(body))
    return b"".join((length, _CHECK.pack(zlib.crc32(length)), body, _CHECK.pack(zlib.crc32(body)), _END))


def read(content: bytes, kind: type[R]) -> Reading[R]:
    """Read all records of a file that records are appended to."""
    decoder = decoders.of_msgpack(kind)
    records: list[R] = []
    offset = 0
    while offset < len(content):
        body = _next(content, offset)
        if body is None:
            break
        if isinstance(body, str):
            return Reading(tuple(records), offset, f"at offset {offset}: {body}")
        try:
            records.append(decoder.decode(body))
        except msgspec.DecodeError as error:
            return Reading(tuple(records), offset, f"at offset {offset}: no {kind.__name__}: {error}")
        offset += _HEAD.size + len(body) + _TAIL_BYTES
    return Reading(tuple(records), offset)


def read_one(content: bytes, kind: type[R]) -> R:
    """The record of a file that is always replaced as a whole; raises ValueError with offset and reason."""
    reading = read(content, kind)
    if reading.damage is not None:
        raise ValueError(reading.damage)
    if len(reading.records) != 1 or reading.size_bytes != len(content):
        raise ValueError(f"at offset {reading.size_bytes}: not one whole record")
    return reading.records[0]


def seal(text: str) -> bytes:
    """One line of text that people can read, with its crc32 after a blank."""
    return f"{text} {zlib.crc32(text.encode()):08x}\n".encode()


def unseal(content: bytes) -> str:
    """The text that was sealed; raises ValueError when it is not what was written."""
    text = content[:-10].decode("utf-8", "replace")
    if content != seal(text):
        raise ValueError("at offset 0: text and checksum do not belong together")
    return text


def _next(content: bytes, offset: int) -> bytes | str | None:
    """The body of the record at `offset`; what is wrong with it; or None for a torn tail."""
    begin = offset + _HEAD.size
    if len(content) < begin:
        return None
    length, length_check = _HEAD.unpack_from(content, offset)
    if zlib.crc32(content[offset : offset + _CHECK.size]) != length_check:
        return None if not any(content[begin:]) else "the length does not match its checksum"
    end = begin + length + _TAIL_BYTES
    if len(content) < end:
        return None
    body = content[begin : begin + length]
    if content[end - 1 : end] == _END and _CHECK.unpack_from(content, begin + length)[0] == zlib.crc32(body):
        return body
    torn = end == len(content) and content[-1] == 0
    return None if torn else "the record does not match its checksum"

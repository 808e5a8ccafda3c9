"""What the log's values hold: one version of one variable, whole, as Mesos' SNAPSHOT operation does.

A content is a msgpack array: "SNAPSHOT", the variable's name, its version (16 bytes of a uuid), its value,
and the value's size in bytes if it is compressed by zlib, else 0.
"""

from __future__ import annotations

import zlib
from typing import Final

import msgspec

from actors.state.variable import Variable
from transport import decoders
from transport.limits import Limits

#: Longer values are compressed.
COMPRESS_BYTES: Final = 16 << 10
#: Of a content: with what goes around it, it must fit into one frame between nodes.
MAX_CONTENT_BYTES: Final = Limits().frame_bytes - (64 << 10)


class EntryError(Exception):
    """A value of the log is not what this program writes, or cannot be written."""


class _Snapshot(msgspec.Struct, frozen=True, array_like=True, tag="SNAPSHOT", gc=False):
    name: str
    version: bytes
    value: bytes
    size_bytes: int = 0


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = decoders.of_msgpack(_Snapshot)


def encode(name: str, variable: Variable) -> bytes:
    """The content that keeps a variable; raises EntryError when that is too long to be sent."""
    value, size_bytes = variable.value, 0
    if len(value) > COMPRESS_BYTES:
        value, size_bytes = zlib.compress(value, 1), len(value)
    content = _ENCODER.encode(_Snapshot(name, variable.version, value, size_bytes))
    if len(content) > MAX_CONTENT_BYTES:
        raise EntryError(
            f"variable {name}: {len(content)} bytes, but at most {MAX_CONTENT_BYTES} can be kept in the log"
        )
    return content


def decode(content: bytes) -> tuple[str, Variable]:
    """The variable that a content keeps, and its name; raises EntryError saying what is wrong."""
    try:
        snapshot = _DECODER.decode(content)
        value = zlib.decompress(snapshot.value) if snapshot.size_bytes else snapshot.value
    except (msgspec.DecodeError, zlib.error) as error:
        raise EntryError(f"not written by this program or a version like it: {error}") from error
    return snapshot.name, Variable(snapshot.version, value)

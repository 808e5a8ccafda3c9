"""The two forms in which the v1 APIs say the same, alone or in a stream (mesos-protocol.md §1.4)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from transport import json_v1, protobuf
from transport.http.exchange import JSON
from transport.record import Record

_Record = TypeVar("_Record", bound=Record)

RECORDIO: Final = "application/recordio"


class Encoding(enum.Enum):
    """A form of records; its value is its media type."""

    JSON = JSON
    PROTOBUF = "application/x-protobuf"

    def encode(self, record: Record) -> bytes:
        """Write a record."""
        return json_v1.encode(record) if self is Encoding.JSON else protobuf.encode(record)

    def decode(self, data: bytes, record: type[_Record]) -> _Record:
        """Read a record; raises ValueError naming the field and what was expected of it."""
        return json_v1.decode(data, record) if self is Encoding.JSON else protobuf.decode(data, record)


class MediaType(msgspec.Struct, frozen=True):
    """What a body is: one record, or a stream of them that is declared to be one.

    The streams of schedulers, executors and the master's operators are not declared: their media type is that
    of the records.
    """

    encoding: Encoding
    is_stream: bool = False

    @property
    def content_type(self) -> str:
        """The header of that name."""
        return RECORDIO if self.is_stream else self.encoding.value

    @property
    def headers(self) -> Mapping[str, str]:
        """What the body is said to be, besides its `content_type`."""
        return {"Message-Content-Type": self.encoding.value} if self.is_stream else {}

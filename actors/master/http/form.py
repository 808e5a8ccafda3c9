"""Bodies of the older endpoints: forms with JSON in them, and lists of records (mesos-protocol.md §5.1)."""

from __future__ import annotations

import re
import urllib.parse
from typing import Final, TypeVar

import msgspec

from transport import json_v1
from transport.http.exchange import refusal
from transport.record import Record

_Record = TypeVar("_Record", bound=Record)

#: So many fields may a form have.
_MAX_FIELDS: Final = 100
_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Form:
    """The fields of a body such as `slaveId=a&resources=[...]`; of several of one name the last counts.

    Old clients send JSON as it is, and newer ones percent-encoded: both are read. Methods raise HttpError.
    """

    def __init__(self, body: bytes) -> None:
        parts = [part for part in body.split(b"&") if part]
        if len(parts) > _MAX_FIELDS:
            raise refusal(400, f"body: more than {_MAX_FIELDS} fields")
        pairs = (part.partition(b"=") for part in parts)
        self._fields = {_decoded(name): _decoded(value) for name, _, value in pairs}

    def text(self, name: str) -> str:
        """A field that must be there."""
        value = self._fields.get(name)
        if value is None:
            raise refusal(400, f"{name}: must be given in the body, as in {name}=...")
        return value

    def records(self, name: str, record: type[_Record]) -> tuple[_Record, ...]:
        """A field that must be there, and be a list of such records."""
        return read_records(self.text(name).encode(), record, name)

    def records_if_any(self, name: str, record: type[_Record]) -> tuple[_Record, ...]:
        """The same of a field that may be left out."""
        return self.records(name, record) if name in self._fields else ()


def read_records(data: bytes, record: type[_Record], name: str = "body") -> tuple[_Record, ...]:
    """Read a JSON array of records; raises HttpError, in which it is called by `name`."""
    try:
        elements = msgspec.json.decode(data, type=list[msgspec.Raw])
    except (ValueError, RecursionError) as error:
        raise refusal(400, f"{name}: must be a JSON array: {error}") from None
    return tuple(
        read_record(bytes(element), record, f"{name}[{index}]") for index, element in enumerate(elements)
    )


def read_record(data: bytes, record: type[_Record], name: str = "body") -> _Record:
    """Read a JSON object; raises HttpError, in which it is called by `name`."""
    try:
        return json_v1.decode(data, record)
    except ValueError as error:
        raise refusal(400, f"{name}: {error}") from None


def _decoded(field: bytes) -> str:
    try:
        text = field.decode()
        if _BROKEN_ESCAPE.search(text):
            raise refusal(400, "body: a % must be followed by two hexadecimal digits")
        return urllib.parse.unquote_plus(text, errors="strict")
    except UnicodeDecodeError:
        raise refusal(400, "body: must be UTF-8") from None

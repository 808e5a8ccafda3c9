"""Calls that nobody would think of: made of the records' declarations, and damaged now and then."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from transport import json_v1, protobuf
from transport.record import Record
from transport.records.enumeration import Enumeration
from transport.schema import Field, fields_of

_TEXTS = (
    "",
    "a",
    "*",
    "r",
    "r/s",
    ".",
    "..",
    "a/b",
    "/",
    "\0",
    "\n",
    "é\u202e",
    "a" * 300,
    "true",
    "exit 3",
    "1",
)
#: Of some fields, other texts: those that mean something, or what does no harm when it is done.
_OWN_TEXTS: Mapping[str, Sequence[str]] = {
    "name": ("cpus", "mem", "disk", "ports", "gpus", *_TEXTS),
    "role": ("*", "r", "fuzz", "r/s", *_TEXTS),
    "user": ("root", "nobody", "", "no such user"),
    "host_path": ("a", "b/c", ""),
    "path": ("a", "b/c", "", ".."),
    "source": ("a", "b", ""),
}
_INTEGERS = (0, 1, 2, 5, 31, 64, 31_005, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64, -1, -(2**63))
_DOUBLES: tuple[Any, ...] = (0.0, 1, 0.1, 0.0004, 1.5, 16, 64, 1e15, 1e308, -1, "NaN", "Infinity", 1e-320)
_ODD: tuple[Any, ...] = (
    None,
    [],
    {},
    [[]],
    "",
    "x",
    0,
    -1,
    1.5,
    True,
    {"value": {"value": None}},
    [None, {}],
)
_DEEPEST = 5
#: Of requests.
_HEADERS = (
    b"Host: mesos\r\n",
    b"Content-Type: application/json\r\n",
    b"Accept: application/json\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Expect: 100-continue\r\n",
    b"Accept-Encoding: gzip\r\n",
    b"Upgrade: websocket\r\n",
    b"Content-Type: application/recordio\r\nMessage-Content-Type: application/json\r\n",
)
#: What takes the place of bytes in one.
_PIECES = (
    b"",
    b"\r\n",
    b"\r",
    b"\n",
    b"\0",
    b":",
    b" ",
    b"%",
    b"/",
    b"?",
    b";",
    b"0",
    b"-1",
    b"\xff",
    b"chunked",
)

Names = Mapping[str, Sequence[str]]


class Imagination:
    """Makes values from a source of chance; `names` are ids that somebody has, by their message's name."""

    def __init__(self, random: Random, names: Names) -> None:
        self._random = random
        self._names = names

    def call(self, call: type[Record], kind: Enumeration) -> dict[str, Any]:
        """A call of that type: with what belongs to it, and now and then with what does not."""
        made: dict[str, Any] = {"type": kind.value}
        for field in fields_of(call):
            wanted = field.name == kind.value.lower() or field.name in ("framework_id", "executor_id")
            if field.name != "type" and self._chance(0.95 if wanted else 0.01):
                made[field.name] = self._value(field, 1)
        return made

    def json(self, value: Any) -> bytes:
        """As JSON, of which some bytes may be others."""
        return self._damaged(msgspec.json.encode(value))

    def protobuf(self, value: Any, record: type[Record]) -> bytes:
        """As protobuf where it is valid, or else some bytes that are not."""
        try:
            written = protobuf.encode(json_v1.decode(msgspec.json.encode(value), record))
        except ValueError:
            return self._random.randbytes(self._random.randrange(64))
        return self._damaged(written)

    def raw(self, path: str, body: bytes) -> bytes:
        """A whole request, of which some bytes are missing, others, or too many."""
        headers = self._random.sample(_HEADERS, 3)
        length = b"Content-Length: %d\r\n" % len(body)
        head = b"POST " + path.encode() + b" HTTP/1.1\r\n" + b"".join(headers) + length
        request = bytearray(head + b"Connection: close\r\n\r\n" + body)
        for _ in range(self._random.choice((1, 1, 2, 4))):
            at = self._random.randrange(len(request))
            request[at : at + self._random.choice((0, 1, 4))] = self._random.choice(_PIECES)
        return bytes(request)

    def _record(self, record: type[Record], depth: int) -> Any:
        names = self._names.get(record.__name__)
        if names and self._chance(0.8):
            return {"value": self._random.choice(names)}
        made = {}
        for field in fields_of(record):
            likely = 0.97 if field.label == "required" else 0.5 / depth
            wanted = depth < _DEEPEST or field.label == "required"
            if wanted and self._chance(likely):
                made[field.name] = self._value(field, depth + 1)
        return made

    def _value(self, field: Field, depth: int) -> Any:
        if self._chance(0.01):
            return self._random.choice(_ODD)
        if field.label == "repeated":
            return [self._one(field, depth) for _ in range(self._random.choice((0, 1, 1, 2, 3)))]
        if field.label == "map":
            return {self._random.choice(("cpus", "mem", *_TEXTS)): self._one(field, depth)}
        return self._one(field, depth)

    def _one(self, field: Field, depth: int) -> Any:
        declared = field.declared
        if declared is not None and issubclass(declared, Enumeration):
            return self._random.choice([*(one.value for one in declared), "NO_SUCH"])
        if declared is not None and issubclass(declared, Record):
            return self._record(declared, depth) if depth < 2 * _DEEPEST else {}
        return self._scalar(field)

    def _scalar(self, field: Field) -> Any:
        match field.type_name:
            case "string":
                return self._random.choice(_OWN_TEXTS.get(field.name, _TEXTS))
            case "bytes":
                return base64.b64encode(
                    self._random.randbytes(self._random.choice((0, 1, 15, 16, 17)))
                ).decode()
            case "bool":
                return self._chance(0.5)
            case "double" | "float":
                return self._random.choice(_DOUBLES)
            case _:
                return self._random.choice(_INTEGERS)

    def _damaged(self, data: bytes) -> bytes:
        if not data or self._chance(0.85):
            return data
        at = self._random.randrange(len(data))
        match self._random.randrange(4):
            case 0:
                return data[:at]
            case 1:
                return data[:at] + self._random.randbytes(1) + data[at + 1 :]
            case 2:
                return data[:at] + self._random.randbytes(3) + data[at:]
            case _:
                return data[:at] + data[at:] * 2

    def _chance(self, part: float) -> bool:
        return self._random.random() < part

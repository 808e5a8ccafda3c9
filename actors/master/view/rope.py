"""Answers in pieces: large ones as they are, small ones joined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from actors.master.view.forms import Form
from transport import json_v1, protobuf
from transport.record import Record

#: A piece of at least so many bytes is not copied.
_LARGE: Final = 16 * 1024
#: Small pieces are joined until they are so large together.
_ENOUGH: Final = 64 * 1024


def compact(pieces: Iterable[bytes]) -> tuple[bytes, ...]:
    """The same bytes in few pieces."""
    found: list[bytes] = []
    small: list[bytes] = []
    size = 0
    for piece in pieces:
        if len(piece) >= _LARGE:
            if small:
                found.append(b"".join(small))
                small, size = [], 0
            found.append(piece)
            continue
        small.append(piece)
        size += len(piece)
        if size >= _ENOUGH:
            found.append(b"".join(small))
            small, size = [], 0
    if small:
        found.append(b"".join(small))
    return tuple(found)


def message(form: Form, record: Record, fields: Mapping[str, Sequence[bytes]]) -> list[bytes]:
    """A record of the v1 API, and besides some fields of it that are records, and written already."""
    head = protobuf.encode(record) if form is Form.PROTOBUF else json_v1.encode(record)
    found: list[bytes] = [head] if form is Form.PROTOBUF else [b",", head[1:-1]] if head != b"{}" else []
    for name, pieces in fields.items():
        if form is Form.PROTOBUF:
            found += (protobuf.heading(type(record), name, sum(map(len, pieces))), *pieces)
        else:
            found += (b',"%b":' % name.encode(), *pieces)
    return found if form is Form.PROTOBUF else _object(found)


def repeated(form: Form, fields: Mapping[str, Sequence[bytes]]) -> list[bytes]:
    """A record whose fields are lists of objects, as rolls join them; lists without any are left out."""
    if form is Form.PROTOBUF:
        return [piece for pieces in fields.values() for piece in pieces]
    found: list[bytes] = []
    for name, pieces in fields.items():
        if any(pieces):
            found += (b',"%b":[' % name.encode(), *_without_comma(pieces), b"]")
    return _object(found)


def v0_lists(head: bytes, lists: Mapping[str, Sequence[bytes]]) -> list[bytes]:
    """An object of the v0 endpoints, and lists that are to stand in it besides."""
    assert head.endswith(b"}")
    found = [head[:-1]]
    separator = b"" if head == b"{}" else b","
    for name, pieces in lists.items():
        found += (separator + b'"%b":[' % name.encode(), *_without_comma(pieces), b"]")
        separator = b","
    found.append(b"}")
    return found


def _object(fields: list[bytes]) -> list[bytes]:
    if not fields:
        return [b"{}"]
    return [b"{" + fields[0][1:], *fields[1:], b"}"]


def _without_comma(pieces: Sequence[bytes]) -> list[bytes]:
    """List elements with a comma before each but the first."""
    found = [piece for piece in pieces if piece]
    if found:
        found[0] = found[0][1:]
    return found

"""Where something listens."""

from __future__ import annotations

from typing import Annotated

from transport.record import Int32, Record, number
from transport.records.labels import Parameter


class Address(Record):
    """A port of a host, named by `hostname`, `ip` or both."""

    hostname: Annotated[str | None, number(1)] = None
    ip: Annotated[str | None, number(2)] = None
    port: Annotated[Int32, number(3)]


class URL(Record):
    """A URL in its parts."""

    scheme: Annotated[str, number(1)]
    address: Annotated[Address, number(2)]
    path: Annotated[str | None, number(3)] = None
    query: Annotated[tuple[Parameter, ...], number(4)] = ()
    fragment: Annotated[str | None, number(5)] = None

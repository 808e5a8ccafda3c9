"""Credentials and secrets."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, number
from transport.records.enumeration import Enumeration


class Credential(Record):
    """A principal and the secret it proves itself by."""

    principal: Annotated[str, number(1)]
    secret: Annotated[str | None, number(2)] = None


class Credentials(Record):
    """What is known of every principal."""

    credentials: Annotated[tuple[Credential, ...], number(1)] = ()


class Secret(Record):
    """A secret: either the value itself, or where to find it."""

    class Type(Enumeration):
        """Which field holds the secret."""

        UNKNOWN = auto(), 0
        REFERENCE = auto(), 1
        VALUE = auto(), 2

    class Reference(Record):
        """A secret kept by a secret resolver."""

        name: Annotated[str, number(1)]
        key: Annotated[str | None, number(2)] = None

    class Value(Record):
        """The secret itself."""

        data: Annotated[bytes, number(1)]

    type: Annotated[Type | None, number(1)] = None
    reference: Annotated[Reference | None, number(2)] = None
    value: Annotated[Value | None, number(3)] = None

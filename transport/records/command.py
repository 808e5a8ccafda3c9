"""Commands and the environment they run in."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, number
from transport.records.enumeration import Enumeration
from transport.records.secret import Secret


class Environment(Record):
    """Environment variables."""

    class Variable(Record):
        """A variable with its value, or with a secret as value."""

        class Type(Enumeration):
            """Whether the value stands in `value` or in `secret`."""

            UNKNOWN = auto(), 0
            VALUE = auto(), 1
            SECRET = auto(), 2

        name: Annotated[str, number(1)]
        type: Annotated[Type | None, number(3, "VALUE")] = None
        value: Annotated[str | None, number(2)] = None
        secret: Annotated[Secret | None, number(4)] = None

    variables: Annotated[tuple[Variable, ...], number(1)] = ()


class CommandInfo(Record):
    """A command: `value` for the shell, or (with `shell` false) a program and its arguments."""

    class URI(Record):
        """A file to fetch into the sandbox first."""

        value: Annotated[str, number(1)]
        executable: Annotated[bool | None, number(2)] = None
        extract: Annotated[bool | None, number(3, True)] = None
        cache: Annotated[bool | None, number(4)] = None
        output_file: Annotated[str | None, number(5)] = None

    uris: Annotated[tuple[URI, ...], number(1)] = ()
    environment: Annotated[Environment | None, number(2)] = None
    shell: Annotated[bool | None, number(6, True)] = None
    value: Annotated[str | None, number(3)] = None
    arguments: Annotated[tuple[str, ...], number(7)] = ()
    user: Annotated[str | None, number(5)] = None

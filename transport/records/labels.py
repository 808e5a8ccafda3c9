"""Free-form key and value pairs: labels on anything, parameters for a tool."""

from __future__ import annotations

from typing import Annotated

from transport.record import Record, number


class Label(Record):
    """One label; `value` is optional."""

    key: Annotated[str, number(1)]
    value: Annotated[str | None, number(2)] = None


class Labels(Record):
    """Labels, in the order in which they were given."""

    labels: Annotated[tuple[Label, ...], number(1)] = ()


class Parameter(Record):
    """One option of a tool, such as `docker run`."""

    key: Annotated[str, number(1)]
    value: Annotated[str, number(2)]


class Parameters(Record):
    """Options of a tool, in order."""

    parameter: Annotated[tuple[Parameter, ...], number(1)] = ()

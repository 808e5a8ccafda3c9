"""How others find a task."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport import record
from transport.record import Record, UInt32, number
from transport.records.enumeration import Enumeration
from transport.records.labels import Labels


class Port(Record):
    """A port that a task serves."""

    # One of the fields is itself called number.
    number: Annotated[UInt32, record.number(1)]
    name: Annotated[str | None, record.number(2)] = None
    protocol: Annotated[str | None, record.number(3)] = None
    visibility: Annotated[DiscoveryInfo.Visibility | None, record.number(4)] = None
    labels: Annotated[Labels | None, record.number(5)] = None


class Ports(Record):
    """The ports that a task serves."""

    ports: Annotated[tuple[Port, ...], number(1)] = ()


class DiscoveryInfo(Record):
    """What a task is known by, and to whom."""

    class Visibility(Enumeration):
        """Who is to find the task: its framework, the cluster, or everybody."""

        FRAMEWORK = auto(), 0
        CLUSTER = auto(), 1
        EXTERNAL = auto(), 2

    visibility: Annotated[Visibility, number(1)]
    name: Annotated[str | None, number(2)] = None
    environment: Annotated[str | None, number(3)] = None
    location: Annotated[str | None, number(4)] = None
    version: Annotated[str | None, number(5)] = None
    ports: Annotated[Ports | None, number(6)] = None
    labels: Annotated[Labels | None, number(7)] = None

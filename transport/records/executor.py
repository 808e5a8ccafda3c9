"""What runs tasks."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, number
from transport.records.command import CommandInfo
from transport.records.container import ContainerInfo
from transport.records.discovery import DiscoveryInfo
from transport.records.enumeration import Enumeration
from transport.records.ids import ExecutorID, FrameworkID
from transport.records.labels import Labels
from transport.records.resource import Resource
from transport.records.time_info import DurationInfo


class ExecutorInfo(Record):
    """An executor: the built-in one, or a framework's own and how to start it."""

    class Type(Enumeration):
        """Built in, or the framework's own."""

        UNKNOWN = auto(), 0
        DEFAULT = auto(), 1
        CUSTOM = auto(), 2

    type: Annotated[Type | None, number(15)] = None
    executor_id: Annotated[ExecutorID, number(1)]
    framework_id: Annotated[FrameworkID | None, number(8)] = None
    command: Annotated[CommandInfo | None, number(7)] = None
    container: Annotated[ContainerInfo | None, number(11)] = None
    resources: Annotated[tuple[Resource, ...], number(5)] = ()
    name: Annotated[str | None, number(9)] = None
    source: Annotated[str | None, number(10, deprecated=True)] = None
    data: Annotated[bytes | None, number(4)] = None
    discovery: Annotated[DiscoveryInfo | None, number(12)] = None
    shutdown_grace_period: Annotated[DurationInfo | None, number(13)] = None
    labels: Annotated[Labels | None, number(14)] = None

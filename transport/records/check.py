"""Checks and health checks of tasks."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Int32, Record, UInt32, number
from transport.records.command import CommandInfo
from transport.records.enumeration import Enumeration
from transport.records.network import NetworkInfo
from transport.records.time_info import DurationInfo


class CheckInfo(Record):
    """A look at a task from time to time, whose results the framework is told."""

    class Type(Enumeration):
        """Which field says how to look."""

        UNKNOWN = auto(), 0
        COMMAND = auto(), 1
        HTTP = auto(), 2
        TCP = auto(), 3

    class Command(Record):
        """Run a command in the task's container; the result is its exit code."""

        command: Annotated[CommandInfo, number(1)]

    class Http(Record):
        """GET a path on a port of the task; the result is the status code."""

        port: Annotated[UInt32, number(1)]
        path: Annotated[str | None, number(2)] = None

    class Tcp(Record):
        """Connect to a port of the task; the result is whether that succeeded."""

        port: Annotated[UInt32, number(1)]

    type: Annotated[Type | None, number(1)] = None
    command: Annotated[Command | None, number(2)] = None
    http: Annotated[Http | None, number(3)] = None
    tcp: Annotated[Tcp | None, number(7)] = None
    delay_seconds: Annotated[float | None, number(4, 15.0)] = None
    interval_seconds: Annotated[float | None, number(5, 10.0)] = None
    timeout_seconds: Annotated[float | None, number(6, 20.0)] = None


class CheckStatusInfo(Record):
    """The last result of a check; the field of its `type` is empty until there is one."""

    class Command(Record):
        """What the command exited with."""

        exit_code: Annotated[Int32 | None, number(1)] = None

    class Http(Record):
        """What the HTTP status was."""

        status_code: Annotated[UInt32 | None, number(1)] = None

    class Tcp(Record):
        """Whether a connection could be made."""

        succeeded: Annotated[bool | None, number(1)] = None

    type: Annotated[CheckInfo.Type | None, number(1)] = None
    command: Annotated[Command | None, number(2)] = None
    http: Annotated[Http | None, number(3)] = None
    tcp: Annotated[Tcp | None, number(4)] = None


class HealthCheck(Record):
    """A look at a task from time to time that decides whether it lives.

    Failures in the first `grace_period_seconds` do not count; after `consecutive_failures` it is killed.
    """

    class Type(Enumeration):
        """Which field says how to look."""

        UNKNOWN = auto(), 0
        COMMAND = auto(), 1
        HTTP = auto(), 2
        TCP = auto(), 3

    class HTTPCheckInfo(Record):
        """GET a path on a port of the task; any status from 200 to 399 is healthy."""

        protocol: Annotated[NetworkInfo.Protocol | None, number(5, "IPv4")] = None
        scheme: Annotated[str | None, number(3)] = None
        port: Annotated[UInt32, number(1)]
        path: Annotated[str | None, number(2)] = None
        statuses: Annotated[tuple[UInt32, ...], number(4)] = ()

    class TCPCheckInfo(Record):
        """Connect to a port of the task."""

        protocol: Annotated[NetworkInfo.Protocol | None, number(2, "IPv4")] = None
        port: Annotated[UInt32, number(1)]

    delay_seconds: Annotated[float | None, number(2, 15.0)] = None
    interval_seconds: Annotated[float | None, number(3, 10.0)] = None
    timeout_seconds: Annotated[float | None, number(4, 20.0)] = None
    consecutive_failures: Annotated[UInt32 | None, number(5, 3)] = None
    grace_period_seconds: Annotated[float | None, number(6, 10.0)] = None
    type: Annotated[Type | None, number(8)] = None
    command: Annotated[CommandInfo | None, number(7)] = None
    http: Annotated[HTTPCheckInfo | None, number(1)] = None
    tcp: Annotated[TCPCheckInfo | None, number(9)] = None


class KillPolicy(Record):
    """How long a task has between being asked to end and being killed."""

    grace_period: Annotated[DurationInfo | None, number(1)] = None

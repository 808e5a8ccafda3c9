"""What a daemon tells of itself: version, flags, metrics, files; and the state of a scheduler's driver."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Int32, Record, UInt32, UInt64, number
from transport.records.enumeration import Enumeration
from transport.records.time_info import TimeInfo


class Status(Enumeration):
    """How far a scheduler's or executor's driver is."""

    DRIVER_NOT_STARTED = auto(), 1
    DRIVER_RUNNING = auto(), 2
    DRIVER_ABORTED = auto(), 3
    DRIVER_STOPPED = auto(), 4


class VersionInfo(Record):
    """What was built, and when (seconds since 1970)."""

    version: Annotated[str, number(1)]
    build_date: Annotated[str | None, number(2)] = None
    build_time: Annotated[float | None, number(3)] = None
    build_user: Annotated[str | None, number(4)] = None
    git_sha: Annotated[str | None, number(5)] = None
    git_branch: Annotated[str | None, number(6)] = None
    git_tag: Annotated[str | None, number(7)] = None


class Flag(Record):
    """A flag and its value."""

    name: Annotated[str, number(1)]
    value: Annotated[str | None, number(2)] = None


class Metric(Record):
    """A metric and its value."""

    name: Annotated[str, number(1)]
    value: Annotated[float | None, number(2)] = None


class FileInfo(Record):
    """A file or folder as `stat` tells it."""

    path: Annotated[str, number(1)]
    nlink: Annotated[Int32 | None, number(2)] = None
    size: Annotated[UInt64 | None, number(3)] = None
    mtime: Annotated[TimeInfo | None, number(4)] = None
    mode: Annotated[UInt32 | None, number(5)] = None
    uid: Annotated[str | None, number(6)] = None
    gid: Annotated[str | None, number(7)] = None

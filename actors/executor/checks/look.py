"""One look at a task: how it is done, when, and what came of it (mesos-protocol.md §3.9)."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from transport.records.check import CheckInfo, HealthCheck
from transport.records.command import CommandInfo
from transport.records.network import NetworkInfo

_IPV6 = NetworkInfo.Protocol.IPv6


class CommandLook(msgspec.Struct, frozen=True):
    """Run a command in the task's container."""

    command: CommandInfo


class HttpLook(msgspec.Struct, frozen=True):
    """GET a path on a port of this host."""

    host: str
    port: int
    path: str
    scheme: Literal["http", "https"] = "http"


class TcpLook(msgspec.Struct, frozen=True):
    """Connect to a port of this host."""

    host: str
    port: int


Look: TypeAlias = CommandLook | HttpLook | TcpLook


class Schedule(msgspec.Struct, frozen=True):
    """When to look, in seconds; the interval is counted from the end of one look to the next."""

    delay_seconds: float
    interval_seconds: float
    #: The longest that a look may take; None for no limit.
    timeout_seconds: float | None

    @classmethod
    def of(cls, info: HealthCheck | CheckInfo) -> Schedule:
        """The schedule that is asked for, with Mesos' defaults."""
        timeout = _or(info.timeout_seconds, 20.0)
        return cls(_or(info.delay_seconds, 15.0), _or(info.interval_seconds, 10.0), timeout or None)


class Seen(msgspec.Struct, frozen=True):
    """What a look showed: the field of its kind, or `error` when it showed nothing."""

    exit_code: int | None = None
    status_code: int | None = None
    connected: bool | None = None
    error: str | None = None


def health_look(check: HealthCheck) -> Look:
    """How a health check looks; raises ValueError when it does not say."""
    kind = check.type
    if check.command is not None and kind in (HealthCheck.Type.COMMAND, None):
        return CommandLook(check.command)
    if check.http is not None and kind in (HealthCheck.Type.HTTP, None):
        http = check.http
        return HttpLook(_host(http.protocol), http.port, http.path or "", _scheme(http.scheme))
    if check.tcp is not None and kind in (HealthCheck.Type.TCP, None):
        return TcpLook(_host(check.tcp.protocol), check.tcp.port)
    raise ValueError(f"health_check: its type is {_name(kind)}, and what belongs to that is not set")


def check_look(check: CheckInfo) -> Look:
    """How a check looks; raises ValueError when it does not say."""
    if check.type is CheckInfo.Type.COMMAND and check.command is not None:
        return CommandLook(check.command.command)
    if check.type is CheckInfo.Type.HTTP and check.http is not None:
        return HttpLook(_host(None), check.http.port, check.http.path or "")
    if check.type is CheckInfo.Type.TCP and check.tcp is not None:
        return TcpLook(_host(None), check.tcp.port)
    raise ValueError(f"check: its type is {_name(check.type)}, and what belongs to that is not set")


def _or(seconds: float | None, default: float) -> float:
    return default if seconds is None else max(0.0, seconds)


def _host(protocol: NetworkInfo.Protocol | None) -> str:
    return "::1" if protocol is _IPV6 else "127.0.0.1"


def _scheme(scheme: str | None) -> Literal["http", "https"]:
    if scheme in (None, "http"):
        return "http"
    if scheme == "https":
        return "https"
    raise ValueError(f"health_check.http.scheme: {scheme!r} must be http or https")


def _name(kind: HealthCheck.Type | CheckInfo.Type | None) -> str:
    return "not set" if kind is None else kind.value

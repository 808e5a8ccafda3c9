"""Rules for checks and health checks (mesos-protocol.md §3.9)."""

from __future__ import annotations

import math

from actors.master.validation.command import command_error
from transport.records.check import CheckInfo, HealthCheck
from transport.records.command import CommandInfo

_Check = CheckInfo.Type
_Health = HealthCheck.Type


def check_error(check: CheckInfo) -> str | None:
    """Which rule a check breaks, or None."""
    if check.type is None or check.type is _Check.UNKNOWN:
        return "check.type: must be COMMAND, HTTP or TCP"
    command = None if check.command is None else check.command.command
    path = None if check.http is None else check.http.path
    bodies = {_Check.COMMAND: command, _Check.HTTP: check.http, _Check.TCP: check.tcp}
    if bodies[check.type] is None:
        return f"check.{check.type.value.lower()}: must be set for a check of type {check.type.value}"
    error = _command_error(command) if check.type is _Check.COMMAND and command is not None else None
    if check.type is _Check.HTTP:
        error = _path_error(path)
    error = error or _pauses_error(check)
    return None if error is None else f"check.{error}"


def health_check_error(check: HealthCheck) -> str | None:
    """Which rule a health check breaks, or None."""
    if check.type is None or check.type is _Health.UNKNOWN:
        return "health_check.type: must be COMMAND, HTTP or TCP"
    bodies = {_Health.COMMAND: check.command, _Health.HTTP: check.http, _Health.TCP: check.tcp}
    if bodies[check.type] is None:
        kind = check.type.value
        return f"health_check.{kind.lower()}: must be set for a health check of type {kind}"
    error = None
    if check.type is _Health.COMMAND and check.command is not None:
        error = _command_error(check.command)
    elif check.type is _Health.HTTP and check.http is not None:
        error = _scheme_error(check.http.scheme) or _path_error(check.http.path)
    error = error or _pauses_error(check)
    return None if error is None else f"health_check.{error}"


def _command_error(command: CommandInfo) -> str | None:
    if command.value is None:
        return "command.value: must be set"
    return command_error(command)


def _scheme_error(scheme: str | None) -> str | None:
    if scheme not in (None, "http", "https"):
        return f"http.scheme: must be http or https, not {scheme!r}"
    return None


def _path_error(path: str | None) -> str | None:
    if path is not None and not path.startswith("/"):
        return f"http.path: must begin with a slash, not {path!r}"
    return None


def _pauses_error(check: CheckInfo | HealthCheck) -> str | None:
    seconds = {
        "delay_seconds": check.delay_seconds,
        "interval_seconds": check.interval_seconds,
        "timeout_seconds": check.timeout_seconds,
    }
    if isinstance(check, HealthCheck):
        seconds["grace_period_seconds"] = check.grace_period_seconds
    for name, value in seconds.items():
        if value is not None and not (math.isfinite(value) and value >= 0):
            return f"{name}: must be a number and not negative, not {value}"
    return None

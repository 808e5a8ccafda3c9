"""Checks and health checks."""

from __future__ import annotations

import pytest

from actors.master.validation.checks import check_error, health_check_error
from transport.records.check import CheckInfo, HealthCheck
from transport.records.command import CommandInfo, Environment

Http, Tcp = HealthCheck.HTTPCheckInfo, HealthCheck.TCPCheckInfo
TRUE = CommandInfo(value="true")
BAD_ENVIRONMENT = CommandInfo(
    value="true", environment=Environment(variables=(Environment.Variable(name="A"),))
)


def check(kind: str | None, **fields: object) -> CheckInfo:
    return CheckInfo(type=None if kind is None else CheckInfo.Type[kind], **fields)  # type: ignore[arg-type]


def health(kind: str | None, **fields: object) -> HealthCheck:
    return HealthCheck(type=None if kind is None else HealthCheck.Type[kind], **fields)  # type: ignore[arg-type]


def test_sound_checks_break_no_rule() -> None:
    assert check_error(check("COMMAND", command=CheckInfo.Command(command=TRUE))) is None
    assert check_error(check("HTTP", http=CheckInfo.Http(port=80), delay_seconds=0.0)) is None
    assert check_error(check("TCP", tcp=CheckInfo.Tcp(port=80), interval_seconds=0.5)) is None
    assert health_check_error(health("COMMAND", command=TRUE)) is None
    assert health_check_error(health("HTTP", http=Http(port=80, scheme="https", path="/ok"))) is None
    assert health_check_error(health("TCP", tcp=Tcp(port=80), grace_period_seconds=0.0)) is None


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (check(None), "check.type: must be COMMAND, HTTP or TCP"),
        (check("UNKNOWN"), "check.type: must be"),
        (check("COMMAND"), "check.command: must be set for a check of type COMMAND"),
        (check("HTTP", tcp=CheckInfo.Tcp(port=1)), "check.http: must be set"),
        (check("TCP"), "check.tcp: must be set"),
        (
            check("COMMAND", command=CheckInfo.Command(command=CommandInfo())),
            "check.command.value: must be set",
        ),
        (check("COMMAND", command=CheckInfo.Command(command=BAD_ENVIRONMENT)), "check.command.environment"),
        (check("HTTP", http=CheckInfo.Http(port=1, path="ok")), "check.http.path: must begin with a slash"),
        (check("TCP", tcp=CheckInfo.Tcp(port=1), delay_seconds=-1.0), "check.delay_seconds: must be"),
        (check("TCP", tcp=CheckInfo.Tcp(port=1), interval_seconds=-1.0), "check.interval_seconds: must be"),
        (
            check("TCP", tcp=CheckInfo.Tcp(port=1), timeout_seconds=float("nan")),
            "check.timeout_seconds: must",
        ),
    ],
)
def test_the_rule_that_a_check_breaks_is_told(broken: CheckInfo, told: str) -> None:
    error = check_error(broken)
    assert error is not None
    assert error.startswith(told)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (health(None), "health_check.type: must be COMMAND, HTTP or TCP"),
        (health("UNKNOWN"), "health_check.type: must be"),
        (health("COMMAND"), "health_check.command: must be set for a health check of type COMMAND"),
        (health("HTTP", tcp=Tcp(port=1)), "health_check.http: must be set"),
        (health("TCP"), "health_check.tcp: must be set"),
        (health("COMMAND", command=CommandInfo()), "health_check.command.value: must be set"),
        (health("COMMAND", command=BAD_ENVIRONMENT), "health_check.command.environment"),
        (health("HTTP", http=Http(port=1, scheme="ftp")), "health_check.http.scheme: must be http or https"),
        (health("HTTP", http=Http(port=1, path="ok")), "health_check.http.path: must begin with a slash"),
        (health("TCP", tcp=Tcp(port=1), delay_seconds=-1.0), "health_check.delay_seconds: must be"),
        (health("TCP", tcp=Tcp(port=1), timeout_seconds=float("inf")), "health_check.timeout_seconds: must"),
        (
            health("TCP", tcp=Tcp(port=1), grace_period_seconds=-0.1),
            "health_check.grace_period_seconds: must",
        ),
    ],
)
def test_the_rule_that_a_health_check_breaks_is_told(broken: HealthCheck, told: str) -> None:
    error = health_check_error(broken)
    assert error is not None
    assert error.startswith(told)

from __future__ import annotations

import pytest

from actors.executor.checks.look import (
    CommandLook,
    HttpLook,
    Look,
    Schedule,
    TcpLook,
    check_look,
    health_look,
)
from transport.records.check import CheckInfo, HealthCheck
from transport.records.command import CommandInfo
from transport.records.network import NetworkInfo

TRUE = CommandInfo(value="true")
IPV6 = NetworkInfo.Protocol.IPv6
_Health, _Check = HealthCheck, CheckInfo


@pytest.mark.parametrize(
    ("check", "look"),
    [
        (_Health(type=_Health.Type.COMMAND, command=TRUE), CommandLook(TRUE)),
        (_Health(command=TRUE), CommandLook(TRUE)),
        (
            _Health(type=_Health.Type.HTTP, http=_Health.HTTPCheckInfo(port=80)),
            HttpLook("127.0.0.1", 80, "", "http"),
        ),
        (
            _Health(
                type=_Health.Type.HTTP,
                http=_Health.HTTPCheckInfo(port=1, path="/a", scheme="https", protocol=IPV6),
            ),
            HttpLook("::1", 1, "/a", "https"),
        ),
        (_Health(type=_Health.Type.TCP, tcp=_Health.TCPCheckInfo(port=5)), TcpLook("127.0.0.1", 5)),
        (_Health(type=_Health.Type.TCP, tcp=_Health.TCPCheckInfo(port=5, protocol=IPV6)), TcpLook("::1", 5)),
    ],
)
def test_how_a_health_check_looks(check: HealthCheck, look: Look) -> None:
    assert health_look(check) == look


@pytest.mark.parametrize(
    ("check", "look"),
    [
        (_Check(type=_Check.Type.COMMAND, command=_Check.Command(command=TRUE)), CommandLook(TRUE)),
        (
            _Check(type=_Check.Type.HTTP, http=_Check.Http(port=80, path="/b")),
            HttpLook("127.0.0.1", 80, "/b", "http"),
        ),
        (_Check(type=_Check.Type.TCP, tcp=_Check.Tcp(port=5)), TcpLook("127.0.0.1", 5)),
    ],
)
def test_how_a_check_looks(check: CheckInfo, look: Look) -> None:
    assert check_look(check) == look


@pytest.mark.parametrize(
    "check",
    [
        _Health(),
        _Health(type=_Health.Type.TCP, command=TRUE),
        _Health(type=_Health.Type.HTTP, http=_Health.HTTPCheckInfo(port=1, scheme="ftp")),
    ],
)
def test_a_health_check_that_does_not_say_how_is_refused(check: HealthCheck) -> None:
    with pytest.raises(ValueError, match="health_check"):
        health_look(check)


@pytest.mark.parametrize("check", [_Check(), _Check(type=_Check.Type.TCP, http=_Check.Http(port=1))])
def test_a_check_that_does_not_say_how_is_refused(check: CheckInfo) -> None:
    with pytest.raises(ValueError, match="check: its type is"):
        check_look(check)


def test_the_schedule_has_the_defaults_of_mesos() -> None:
    assert Schedule.of(CheckInfo()) == Schedule.of(HealthCheck()) == Schedule(15.0, 10.0, 20.0)
    check = CheckInfo(delay_seconds=0.0, interval_seconds=1.5, timeout_seconds=0.0)
    assert Schedule.of(check) == Schedule(0.0, 1.5, None)

from __future__ import annotations

import pytest

from actors.executor.settings import ExecutorSettings
from transport.pid import Pid

LEAST = {
    "PION_AGENT_PID": "agent@10.0.0.7:6051",
    "MESOS_FRAMEWORK_ID": "f",
    "MESOS_EXECUTOR_ID": "e",
    "MESOS_DIRECTORY": "/sandbox",
}


def test_what_is_not_said_has_the_defaults_of_mesos() -> None:
    assert ExecutorSettings.read(LEAST) == ExecutorSettings(
        agent=Pid("agent", "10.0.0.7", 6051),
        framework_id="f",
        executor_id="e",
        directory="/sandbox",
        checkpoint=False,
        recovery_timeout_seconds=900.0,
        pause_max_seconds=0.5,
        shutdown_grace_seconds=5.0,
    )


def test_durations_are_read_as_mesos_writes_them() -> None:
    settings = ExecutorSettings.read(
        LEAST
        | {
            "MESOS_CHECKPOINT": "1",
            "MESOS_RECOVERY_TIMEOUT": "15mins",
            "MESOS_SUBSCRIPTION_BACKOFF_MAX": "500ms",
            "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD": "1.5mins",
        }
    )
    assert settings.checkpoint
    assert settings.recovery_timeout_seconds == 900.0
    assert settings.pause_max_seconds == 0.125
    assert settings.shutdown_grace_seconds == 90.0


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("PION_AGENT_PID", "", "PION_AGENT_PID: .*must be in the environment"),
        ("PION_AGENT_PID", "agent", "PION_AGENT_PID: pid 'agent': must be name@host:port"),
        ("MESOS_EXECUTOR_ID", "", "MESOS_EXECUTOR_ID: must be in the environment"),
        ("MESOS_CHECKPOINT", "yes", "MESOS_CHECKPOINT=yes: must be 0 or 1"),
        ("MESOS_RECOVERY_TIMEOUT", "long", "MESOS_RECOVERY_TIMEOUT: duration 'long'"),
        ("MESOS_RECOVERY_TIMEOUT", "-1secs", "must not be negative"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_name(name: str, value: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        ExecutorSettings.read(LEAST | {name: value})

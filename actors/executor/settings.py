"""What an executor is told when it is started (mesos-protocol.md §3.4)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from actors.units import Duration
from transport.pid import Pid

#: Where an executor finds its agent: `name@host:port` of the agent's actor. Mesos' own MESOS_SLAVE_PID names
#: the agent's HTTP port.
AGENT_PID = "PION_AGENT_PID"
#: What begins so concerns the executor alone, and is kept from the tasks that it runs.
PRIVATE_PREFIX = "PION_"
#: How often to try, at least, in the time that a restarted agent waits for its executors.
_TRIES = 4
_SHORTEST_PAUSE_SECONDS = 0.05


class ExecutorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Who an executor is, where its agent is, and how long it waits for it."""

    #: Whoever bears the name of the agent's actor.
    agent: Pid
    framework_id: str
    executor_id: str
    #: The sandbox.
    directory: str
    #: Whether it outlives its agent, and waits for it to come back: at most `recovery_timeout_seconds`.
    checkpoint: bool = False
    recovery_timeout_seconds: float = 15 * 60.0
    #: The longest pause between two tries to subscribe.
    pause_max_seconds: float = 0.5
    #: From ShutdownNow to the end.
    shutdown_grace_seconds: float = 5.0

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> ExecutorSettings:
        """Read them from an executor's environment; raises ValueError naming the variable and the rule."""
        return_seconds = _seconds(environment, "MESOS_SUBSCRIPTION_BACKOFF_MAX", 2.0)
        return cls(
            agent=_agent(environment),
            framework_id=_required(environment, "MESOS_FRAMEWORK_ID"),
            executor_id=_required(environment, "MESOS_EXECUTOR_ID"),
            directory=_required(environment, "MESOS_DIRECTORY"),
            checkpoint=_yes(environment, "MESOS_CHECKPOINT"),
            recovery_timeout_seconds=_seconds(environment, "MESOS_RECOVERY_TIMEOUT", 15 * 60.0),
            pause_max_seconds=max(_SHORTEST_PAUSE_SECONDS, return_seconds / _TRIES),
            shutdown_grace_seconds=_seconds(environment, "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD", 5.0),
        )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise ValueError(f"{name}: must be in the environment of an executor, which an agent starts")
    return value


def _agent(environment: Mapping[str, str]) -> Pid:
    try:
        return Pid.parse(_required(environment, AGENT_PID))
    except ValueError as error:
        raise ValueError(f"{AGENT_PID}: {error}") from None


def _yes(environment: Mapping[str, str], name: str) -> bool:
    value = environment.get(name, "0")
    if value not in ("0", "1"):
        raise ValueError(f"{name}={value}: must be 0 or 1")
    return value == "1"


def _seconds(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name)
    if text is None:
        return default
    try:
        seconds = Duration.parse(text).seconds
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if seconds < 0:
        raise ValueError(f"{name}={text}: must not be negative")
    return seconds

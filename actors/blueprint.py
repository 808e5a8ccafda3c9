"""How to make an actor, now and after each crash."""

from __future__ import annotations

from collections.abc import Callable

from actors.process import Process
from actors.system import Restart
from transport.messages.supervision import ActorCrashed
from transport.pid import Pid


class Blueprint:
    """What was given to `spawn`, and how often it went wrong since."""

    def __init__(self, make: Callable[[], Process], name: str, restart: Restart, vital: bool) -> None:
        self.make = make
        self.name = name
        self.restart = restart
        self.vital = vital
        #: Crashes under this name since the node started.
        self.crashes = 0

    def crashed(self, pid: Pid, error: BaseException) -> ActorCrashed:
        """Count a crash of the incarnation `pid`; returns what the supervisor is to hear."""
        self.crashes += 1
        return ActorCrashed(
            pid=pid,
            error=describe(error),
            intensity=self.restart.intensity,
            period_seconds=self.restart.period_seconds,
            backoff_seconds=self.restart.backoff_seconds,
            vital=self.vital,
        )


def describe(error: BaseException) -> str:
    """An exception's type and text in one line."""
    return f"{type(error).__name__}: {error}"

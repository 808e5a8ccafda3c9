"""How to make an actor, now and after each crash."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from actors.process import Process
from actors.system import Restart
from transport.messages.supervision import ActorCrashed
from transport.pid import Pid

if TYPE_CHECKING:
    from actors.stage import Stage

#: Longer texts of exceptions are cut: they travel and are logged.
_MAX_DESCRIPTION = 1_000


class Blueprint:
    """What was given to `spawn`, and how often it went wrong since."""

    def __init__(
        self,
        make: Callable[[], Process],
        name: str,
        restart: Restart,
        vital: bool,
        stage: Stage | None = None,
    ) -> None:
        self.make = make
        self.name = name
        self.restart = restart
        self.vital = vital
        #: Where its turns are; None for a thread of its own.
        self.stage = stage
        #: Crashes since it was spawned.
        self.crashes = 0
        #: Nobody has told its actor to end.
        self.wanted = True

    @property
    def restarts(self) -> bool:
        """Whether a crash may be followed by a successor."""
        return self.wanted and self.restart.intensity > 0

    def crashed(self, pid: Pid, error: BaseException) -> ActorCrashed:
        """Count a crash of the incarnation `pid`; returns what the supervisor is to hear."""
        self.crashes += 1
        return ActorCrashed(
            pid=pid,
            error=describe(error),
            intensity=self.restart.intensity if self.wanted else 0,
            period_seconds=self.restart.period_seconds,
            backoff_seconds=self.restart.backoff_seconds,
            vital=self.vital and self.wanted,
        )


def describe(error: BaseException) -> str:
    """An exception's type and text in one line, whatever its `__str__` does."""
    text = " ".join(str(traceback.TracebackException(type(error), error, None)).split())
    return f"{type(error).__name__}: {text[:_MAX_DESCRIPTION]}"

"""One executor of an executor node, as the node's host knows it."""

from __future__ import annotations

from transport.messages.hosting import LaunchExecutor
from transport.pid import Pid
from transport.records.executor import ExecutorInfo


class HostedExecutor:
    """One that was launched and has not ended."""

    __slots__ = ("actor", "destroyed", "forgotten", "launch", "process", "recovered")

    def __init__(self, launch: LaunchExecutor) -> None:
        self.launch = launch
        #: Of a built-in one.
        self.actor: Pid | None = None
        #: Of any other, once it runs.
        self.process: int | None = None
        #: Whether the agent wants it to end.
        self.destroyed = False
        #: Whether nobody wants to know how it ends.
        self.forgotten = False
        #: Whether it was launched by a host before this one.
        self.recovered = False

    @property
    def is_built_in(self) -> bool:
        """Whether it is an actor."""
        return self.launch.generated or self.launch.executor.type is ExecutorInfo.Type.DEFAULT

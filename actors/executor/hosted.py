"""One executor of an executor node, as the node's host knows it, and how those are made that are actors."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Protocol, TypeAlias

from actors.process import Process
from transport.messages.containing import ContainerEnded
from transport.messages.hosting import LaunchExecutor
from transport.pid import Pid
from transport.records.executor import ExecutorInfo
from transport.records.task import TaskInfo

#: Makes an executor of task groups: from what is to be launched, its agent, and the containerizer to use.
MakeDefault: TypeAlias = Callable[[LaunchExecutor, Pid, Pid], Process]


class MakeCommand(Protocol):
    """Makes the executor of a command, likewise; `adopted` is what runs in its container already, if so."""

    def __call__(  # noqa: D102
        self, launch: LaunchExecutor, agent: Pid, containerizer: Pid, adopted: TaskInfo | None = None, /
    ) -> Process: ...


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

    def wait_status(self, ended: ContainerEnded) -> int | None:
        """How it ended, as `waitpid` tells it: an actor as a process would have."""
        if ended.status is not None or ended.error or not self.is_built_in or self.recovered:
            return ended.status
        return int(signal.SIGKILL) if self.destroyed else 0

    @property
    def is_built_in(self) -> bool:
        """Whether it is an actor."""
        return self.launch.generated or self.launch.executor.type is ExecutorInfo.Type.DEFAULT

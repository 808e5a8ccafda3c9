"""One executor of an executor node, as the node's host knows it, and how those are made that are actors."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable
from typing import Protocol, TypeAlias

from actors.executor.command_task import exceeded_resources, limitation_reason
from actors.executor.containment.containment import Containment
from actors.process import Process
from transport.messages.containing import AdoptContainer, ContainerEnded, UpdateContainer
from transport.messages.hosting import ExecutorEnding, LaunchExecutor
from transport.pid import Pid
from transport.records.executor import ExecutorInfo
from transport.records.resource import Resource
from transport.records.task import TaskInfo
from transport.records.task_status import TaskStatus

#: Makes an executor of task groups: from what is to be launched, its agent, and the containerizer to use.
MakeDefault: TypeAlias = Callable[[LaunchExecutor, Pid, Pid], Process]


class MakeCommand(Protocol):
    """Makes the executor of a command, likewise; `adopted` is what runs in its container already, if so."""

    def __call__(  # noqa: D102
        self, launch: LaunchExecutor, agent: Pid, containerizer: Pid, adopted: TaskInfo | None = None, /
    ) -> Process: ...


class HostedExecutor:
    """One that was launched and has not ended."""

    __slots__ = ("actor", "again", "destroyed", "forgotten", "launch", "process", "recovered")

    def __init__(self, launch: LaunchExecutor) -> None:
        self.launch = launch
        #: Of a built-in one.
        self.actor: Pid | None = None
        #: Makes the actor anew, should that of a host before this one be no more; None: it would be too late.
        self.again: Callable[[], Process] | None = None
        #: Of any other, once it runs.
        self.process: int | None = None
        #: Whether the agent wants it to end.
        self.destroyed = False
        #: Whether nobody wants to know how it ends.
        self.forgotten = False
        #: Whether it was launched by a host before this one.
        self.recovered = False

    @property
    def names(self) -> dict[str, str | None]:
        """How a log tells it from others."""
        framework_id = self.launch.framework.id
        return {
            "container_id": self.launch.container_id,
            "executor_id": self.launch.executor.executor_id.value,
            "framework_id": None if framework_id is None else framework_id.value,
        }

    def update(self, containment: Containment, resources: Iterable[Resource]) -> UpdateContainer:
        """What has it use so much."""
        launch = self.launch
        return UpdateContainer(launch.container_id, containment.limits(resources, {}), launch.sandbox)

    def adoption(self, containment: Containment) -> AdoptContainer:
        """What takes on one that is a container: begun now if it is certain that it never was."""
        launch = self.launch
        try:
            spec = containment.executor(launch)
        except ValueError:  # by flags of another agent than that which launched it
            spec = None
        launches = bool(launch.framework.checkpoint)
        return AdoptContainer(launch.container_id, spec, launches=launches)

    def ending(self, ended: ContainerEnded) -> ExecutorEnding:
        """What the agent is told when nothing is left in its container."""
        text, reason, limitation = "", None, ended.limitation
        if limitation is not None:
            text, reason = limitation.message, limitation_reason(limitation)
        elif ended.error:
            text, reason = ended.error, TaskStatus.Reason.REASON_CONTAINER_LAUNCH_FAILED
        elif self.destroyed:
            text = "destroyed by the agent"
        elif self.recovered and ended.status is None:
            text = "ended after its node had; how cannot be learned"
        return ExecutorEnding(
            container_id=ended.container_id,
            status=self._wait_status(ended),
            reason=reason,
            message=text,
            limitation=None if limitation is None else exceeded_resources(limitation),
        )

    def _wait_status(self, ended: ContainerEnded) -> int | None:
        """How it ended, as `waitpid` tells it: an actor as a process would have."""
        if ended.status is not None or ended.error or not self.is_built_in or self.recovered:
            return ended.status
        return int(signal.SIGKILL) if self.destroyed else 0

    @property
    def is_built_in(self) -> bool:
        """Whether it is an actor."""
        return self.launch.generated or self.launch.executor.type is ExecutorInfo.Type.DEFAULT

"""The actor `executors` of an executor node: starts executors, and sees to it that their ends are known.

A built-in executor is an actor here, any other a container. Each end is told to the present agent, again and
again until that forgets it; the present agent is the last one that asked for something.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from actors.executor.container_spec import PATH, container_spec
from actors.executor.containerizer import CONTAINERIZER
from actors.process import Process, handles
from actors.system import Timer
from containerizers.paths import check_id
from transport.messages.containing import (
    ContainerEnded,
    ContainerLaunched,
    DestroyContainer,
    LaunchContainer,
)
from transport.messages.hosting import (
    DestroyExecutor,
    ExecutorEnded,
    ExecutorEnding,
    ExecutorLaunched,
    ExecutorsRecovered,
    ForgetExecutor,
    LaunchExecutor,
    RecoverExecutors,
)
from transport.messages.node import StopNode
from transport.pid import Pid
from transport.records.executor import ExecutorInfo
from transport.records.task_status import TaskStatus

#: Makes a built-in executor: from what is to be launched, its agent, and the containerizer to use.
MakeExecutor: TypeAlias = Callable[[LaunchExecutor, Pid, Pid], Process]

#: The name of this actor on every executor node.
EXECUTORS = "executors"
#: An end that the agent has not dealt with is told again after pauses that double.
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0

_Reason = TaskStatus.Reason


class _Executor:
    """One that was launched and has not ended."""

    __slots__ = ("actor", "destroyed", "forgotten", "launch", "process")

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


class ExecutorHost(Process):
    """Hosts the executors of one agent; answers as `hosting` says.

    `command` and `default` make the built-in executors. Without any agent for `recovery_timeout_seconds` it
    has the whole node stop.
    """

    def __init__(self, command: MakeExecutor, default: MakeExecutor, recovery_timeout_seconds: float) -> None:
        self._command = command
        self._default = default
        self._recovery_timeout_seconds = recovery_timeout_seconds

    def initialize(self) -> None:
        """Wait for the agent."""
        self._containerizer = Pid(CONTAINERIZER, *self.pid.address)
        self._agent: Pid | None = None
        self._executors: dict[str, _Executor] = {}
        #: Container ids of the built-in ones, by their actors.
        self._actors: dict[Pid, str] = {}
        #: Ends that the agent has not dealt with.
        self._endings: dict[str, ExecutorEnding] = {}
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._retry: Timer | None = None
        self._patience: Timer | None = None
        self._lose_patience_in_time()

    # What the agent asks for.

    @handles(LaunchExecutor)
    def launch(self, sender: Pid, message: LaunchExecutor) -> None:
        """Start an executor, once."""
        self._meet(sender)
        container_id = message.container_id
        executor = self._executors.get(container_id)
        if executor is not None:
            self._tell_launched(executor)
        elif container_id in self._endings:
            self._tell_ended(self._endings[container_id])
        else:
            self._launch(message, sender)

    @handles(DestroyExecutor)
    def destroy(self, sender: Pid, message: DestroyExecutor) -> None:
        """Kill an executor, and everything in its container."""
        self._meet(sender)
        container_id = message.container_id
        if container_id in self._executors:
            self._destroy(container_id)
        else:
            self._tell_ended(self._endings.get(container_id, ExecutorEnding(container_id=container_id)))

    @handles(ForgetExecutor)
    def forget(self, sender: Pid, message: ForgetExecutor) -> None:
        """The agent has dealt with an end."""
        self._meet(sender)
        self._endings.pop(message.container_id, None)

    @handles(RecoverExecutors)
    def recover(self, sender: Pid, message: RecoverExecutors) -> None:
        """Tell a new agent how things stand, and end what it knows nothing of."""
        self._meet(sender)
        known = frozenset(message.known)
        for container_id in tuple(self._executors):
            if container_id not in known:
                self.log.info("unknown executor destroyed", container_id=container_id)
                self._executors[container_id].forgotten = True
                self._destroy(container_id)
        for container_id in tuple(self._endings):
            if container_id not in known:
                del self._endings[container_id]
        running = {
            container_id: executor.actor
            for container_id, executor in self._executors.items()
            if container_id in known
        }
        self.log.info("executors recovered", running=len(running), ended=len(self._endings))
        self.send(sender, ExecutorsRecovered(running, tuple(self._endings.values())))

    # What became of them.

    @handles(ContainerLaunched)
    def container_launched(self, sender: Pid, message: ContainerLaunched) -> None:
        """An executor that is a container runs."""
        executor = self._executors.get(message.container_id)
        if executor is not None:
            executor.process = message.process
            self._tell_launched(executor)

    @handles(ContainerEnded)
    def container_ended(self, sender: Pid, message: ContainerEnded) -> None:
        """Nothing is left in an executor's container."""
        executor = self._executors.get(message.container_id)
        if executor is None:
            return
        if message.error:
            reason: TaskStatus.Reason | None = _Reason.REASON_CONTAINER_LAUNCH_FAILED
            text = message.error
        else:
            reason = None
            text = "destroyed by the agent" if executor.destroyed else ""
        self._ended(
            ExecutorEnding(
                container_id=message.container_id, status=message.status, reason=reason, message=text
            )
        )

    def exited(self, pid: Pid) -> None:
        """An executor's actor has ended, or the agent is gone."""
        container_id = self._actors.pop(pid, None)
        if container_id is not None:
            # Its containers are destroyed for having lost their owner; the end is told when they are gone.
            self.send(self._containerizer, DestroyContainer(container_id))
        elif pid == self._agent:
            self.log.info("agent gone", agent=str(pid))
            self._agent = None
            self._lose_patience_in_time()

    # How it works.

    def _launch(self, launch: LaunchExecutor, agent: Pid) -> None:
        container_id = launch.container_id
        executor = _Executor(launch)
        try:
            check_id(container_id)
            if launch.generated or launch.executor.type is ExecutorInfo.Type.DEFAULT:
                make = self._command if launch.generated else self._default
                executor.actor = self.spawn(
                    lambda: make(launch, agent, self._containerizer), f"executor-{container_id}"
                )
                self._actors[executor.actor] = container_id
                self.link(executor.actor)
            else:
                spec = container_spec(
                    launch.executor.command,
                    environment={"PATH": PATH, **launch.environment},
                    directory=launch.sandbox,
                    user=launch.user,
                )
                self.send(self._containerizer, LaunchContainer(container_id, spec))
        except (ValueError, RuntimeError) as error:  # a bad executor, or no more threads
            ending = ExecutorEnding(
                container_id=container_id,
                reason=_Reason.REASON_CONTAINER_LAUNCH_FAILED,
                message=str(error),
            )
            self._ended(ending)
            return
        self.log.info(
            "executor launched",
            container_id=container_id,
            executor_id=launch.executor.executor_id.value,
            framework_id=launch.framework.id.value if launch.framework.id else None,
        )
        self._executors[container_id] = executor
        self._tell_launched(executor)

    def _destroy(self, container_id: str) -> None:
        executor = self._executors[container_id]
        executor.destroyed = True
        if executor.actor is None:
            self.send(self._containerizer, DestroyContainer(container_id))
        else:
            self.terminate(executor.actor)

    def _ended(self, ending: ExecutorEnding) -> None:
        container_id = ending.container_id
        executor = self._executors.pop(container_id, None)
        self.log.info(
            "executor ended", container_id=container_id, status=ending.status, reason=ending.message
        )
        if executor is not None and executor.forgotten:
            return
        self._endings[container_id] = ending
        self._tell_ended(ending)
        if self._retry is None:
            self._retry = self.delay(self._pause_seconds, self._tell_again)

    def _tell_launched(self, executor: _Executor) -> None:
        if self._agent is not None and (executor.actor is not None or executor.process is not None):
            self.send(self._agent, ExecutorLaunched(executor.launch.container_id, executor.process))

    def _tell_ended(self, ending: ExecutorEnding) -> None:
        if self._agent is not None:
            self.send(self._agent, ExecutorEnded(ending))

    def _tell_again(self) -> None:
        self._retry = None
        if not self._endings:
            self._pause_seconds = _FIRST_PAUSE_SECONDS
            return
        for ending in self._endings.values():
            self._tell_ended(ending)
        self._pause_seconds = min(2 * self._pause_seconds, _LONGEST_PAUSE_SECONDS)
        self._retry = self.delay(self._pause_seconds, self._tell_again)

    def _meet(self, agent: Pid) -> None:
        if agent == self._agent:
            return
        self.log.info("agent here", agent=str(agent))
        if self._agent is not None:
            self.unlink(self._agent)
        self._agent = agent
        self.link(agent)
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _lose_patience_in_time(self) -> None:
        self._patience = self.delay(self._recovery_timeout_seconds, self._give_up)

    def _give_up(self) -> None:
        self.log.warning("no agent came back", waited_seconds=self._recovery_timeout_seconds)
        self.send(Pid("node", *self.pid.address), StopNode())

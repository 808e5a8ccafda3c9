"""What an executor or its node was told and shows no sign of having heard is told again.

Not what was written to an executor's stream of HTTP: it arrives there, or the stream breaks, and whoever
subscribes anew tells what it has got. To such an executor each event is one thing to do.
"""

from __future__ import annotations

from typing import Final

from actors.agent.executor import ExecutorEntry, ExecutorState
from actors.agent.task import Launch, Stage, TaskEntry
from actors.agent.world import World
from transport.message import Message
from transport.messages.executing import (
    KillExecutorTask,
    LaunchTask,
    LaunchTaskGroup,
    ReconnectExecutor,
)
from transport.messages.hosting import DestroyExecutor
from transport.pid import Pid
from transport.records.check import KillPolicy
from transport.records.executor import ExecutorInfo
from transport.records.task_status import TaskState

#: How often to look. What is new waits for the look after the next: its effect is on its way.
SWEEP_SECONDS: Final = 5.0


class Repeats:
    """Sends what must arrive, now and every few seconds until that shows; whoever takes it knows it again."""

    def __init__(self, world: World) -> None:
        self._world = world
        #: Where executors run, once that is known.
        self.executors: Pid | None = None
        # Executors that may miss something, by container id: since the last look, and before it.
        self._new: dict[str, ExecutorEntry] = {}
        self._old: dict[str, ExecutorEntry] = {}

    # --- sent for the first time ---

    def start(self, executor: ExecutorEntry) -> None:
        """Have an executor started; shows by ExecutorLaunched, or that it subscribes."""
        assert executor.request is not None
        self._tell_node(executor.request)
        self._new[executor.container_id] = executor

    def destroy(self, executor: ExecutorEntry) -> None:
        """Have an executor's container destroyed; shows by ExecutorEnded."""
        executor.destroying = True
        self._tell_node(DestroyExecutor(executor.container_id))
        self._new[executor.container_id] = executor

    def launch(self, executor: ExecutorEntry, launch: Launch) -> None:
        """Have an executor run tasks; shows by their first update."""
        self._tell(executor, _launch_message(launch))
        self._new[executor.container_id] = executor

    def kill(self, task: TaskEntry, policy: KillPolicy | None) -> None:
        """Have an executor kill a task; shows by its end."""
        task.kill_policy = policy
        self._tell(task.executor, KillExecutorTask(task.task_id, policy))
        self._new[task.executor.container_id] = task.executor

    def watch(self, executor: ExecutorEntry) -> None:
        """Look at an executor that has less to do than before."""
        self._new[executor.container_id] = executor

    # --- and again ---

    def sweep(self) -> list[ExecutorEntry]:
        """Look who still misses something; returns built-in executors that have nothing to do."""
        due, self._old = self._old, self._new
        self._new = {}
        idle = []
        for container_id, executor in due.items():
            if _lingers(executor):
                idle.append(executor)
                continue
            missed = self._missed(executor)
            if missed:
                self._old[container_id] = executor
                self._world.log.info("told again", executor_id=executor.executor_id, messages=len(missed))
            for to, message in missed:
                self._world.send(to, message)
        return idle

    def _missed(self, executor: ExecutorEntry) -> list[tuple[Pid, Message]]:
        if executor.state is ExecutorState.TERMINATED:
            return []
        missed: list[tuple[Pid, Message]] = []
        if self.executors is not None:
            if executor.destroying:
                missed.append((self.executors, DestroyExecutor(executor.container_id)))
            elif executor.request is not None and not executor.launched:
                missed.append((self.executors, executor.request))
        if executor.connected and executor.pid is not None and not executor.over_http:
            missed.extend((executor.pid, message) for message in _missed_by(executor))
        return missed

    def _tell(self, executor: ExecutorEntry, message: Message) -> None:
        if executor.connected and executor.pid is not None:
            self._world.send(executor.pid, message)

    def _tell_node(self, message: Message) -> None:
        if self.executors is not None:
            self._world.send(self.executors, message)


def _lingers(executor: ExecutorEntry) -> bool:
    """Whether a built-in executor has nothing to do any more, and goes on."""
    built_in = executor.generated or executor.info.type is ExecutorInfo.Type.DEFAULT
    return built_in and executor.state is ExecutorState.RUNNING and executor.idle


def _missed_by(executor: ExecutorEntry) -> list[Message]:
    """What a subscribed executor should have been told."""
    live = [task for task in executor.tasks.values() if task.stage is Stage.LAUNCHED and not task.terminal]
    silent = [task for task in live if task.state is TaskState.TASK_STAGING]
    launches = dict.fromkeys(task.launch for task in silent if not task.killed)
    missed: list[Message] = [_launch_message(launch) for launch in launches if launch is not None]
    missed.extend(KillExecutorTask(task.task_id, task.kill_policy) for task in live if task.killed)
    if any(task.killed for task in silent):
        # Such a task may never have reached it, and is not launched after its kill.
        executor.doubted = True
        missed.append(ReconnectExecutor())
    return missed


def _launch_message(launch: Launch) -> LaunchTask | LaunchTaskGroup:
    return LaunchTaskGroup(launch.group) if launch.grouped else LaunchTask(launch.infos[0])

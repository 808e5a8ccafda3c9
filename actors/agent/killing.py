"""Kills: of a task wherever it is on its way, and of all tasks when the agent is drained."""

from __future__ import annotations

from typing import Final

from actors.agent.books import Books
from actors.agent.executors import ExecutorDesk
from actors.agent.repeats import Repeats
from actors.agent.statuses import Reason, StatusDesk
from actors.agent.task import Stage, TaskEntry
from actors.agent.world import World
from transport.messages.checkpointing import Archived, SaveDrain
from transport.messages.launching import KillTask
from transport.records.agent import DrainConfig
from transport.records.check import KillPolicy
from transport.records.ids import TaskID
from transport.records.task_status import TaskState
from transport.records.time_info import DurationInfo

#: What executors grant a task without a kill policy (mesos-protocol.md §3.6).
_DEFAULT_GRACE: Final = 3 * 10**9


class KillDesk:
    """Sees to it that what is to be killed dies, and is never launched after its kill (I15)."""

    def __init__(
        self,
        world: World,
        books: Books,
        statuses: StatusDesk,
        executors: ExecutorDesk,
        repeats: Repeats,
    ) -> None:
        self._world = world
        self._books = books
        self._statuses = statuses
        self._executors = executors
        self._repeats = repeats

    # --- one task ---

    def kill_task(self, message: KillTask) -> None:
        """The scheduler, or the master, wants a task dead."""
        task = self._books.task(message.framework_id, message.task_id)
        if task is None:
            self._answer_unknown(message)
            return
        self.kill(task, message.kill_policy)

    def kill(self, task: TaskEntry, policy: KillPolicy | None) -> None:
        """Kill a task where it is."""
        task.killed = True
        self._world.log.info(
            "task is killed",
            task_id=task.task_id,
            framework_id=task.executor.framework.id,
            stage=task.stage.name,
            state=task.state.name,
        )
        if task.terminal or task.stage is Stage.PENDING:
            return  # over, or looked at again once its checkpoint is made
        if task.stage is Stage.QUEUED:
            self._take_from_queue(task)
        else:
            self.pass_on(task, policy)

    def pass_on(self, task: TaskEntry, policy: KillPolicy | None = None) -> None:
        """Have its executor kill it, by this policy or by that of the drain."""
        drain = self._books.drain
        if policy is None and drain is not None:
            policy = drain_policy(drain, task.record.kill_policy)
        self._repeats.kill(task, policy)

    def _take_from_queue(self, task: TaskEntry) -> None:
        executor = task.executor
        launch = task.launch
        assert launch is not None
        executor.queue.remove(launch)
        for info in launch.infos:
            self._statuses.kill_early(executor.tasks[info.task_id.value])
        if executor.idle and not executor.used:
            self._executors.shut_down(executor)

    def _answer_unknown(self, message: KillTask) -> None:
        framework = self._books.frameworks.get(message.framework_id)
        memory = self._books.memory
        if memory.ended(message.framework_id) or memory.knows_task(message.framework_id, message.task_id):
            return
        aware = framework is not None and framework.partition_aware
        self._statuses.report_unknown(
            message.framework_id,
            TaskID(value=message.task_id),
            TaskState.TASK_DROPPED if aware else TaskState.TASK_LOST,
            Reason.REASON_EXECUTOR_TERMINATED,
            "the agent does not know the task that is to be killed",
        )

    # --- draining ---

    def drain(self, config: DrainConfig) -> None:
        """Kill everything as the config says, and take nothing new; survives a restart."""
        if config != self._books.drain:
            self._books.drain = config
            self._world.archive((SaveDrain(config),), self._drained)
        self._world.log.info("agent is drained", tasks=sum(self._books.task_counts.values()))
        self.kill_all()

    def kill_all(self) -> None:
        """Kill every task that is not over."""
        for framework in list(self._books.frameworks.values()):
            for task in list(framework.tasks.values()):
                if not task.terminal:
                    self.kill(task, None)

    def reactivate(self) -> None:
        """Draining is over."""
        if self._books.drain is not None:
            self._books.drain = None
            self._world.log.info("agent is reactivated")
            self._world.archive((SaveDrain(None),), self._drained)

    def _drained(self, _archived: Archived) -> None:
        pass


def drain_policy(config: DrainConfig, own: KillPolicy | None) -> KillPolicy | None:
    """How a task is killed when its agent is drained: by its own policy, but in time."""
    longest = config.max_grace_period
    if longest is None:
        return None
    grace = own.grace_period if own is not None else None
    nanoseconds = _DEFAULT_GRACE if grace is None else grace.nanoseconds
    if nanoseconds <= longest.nanoseconds:
        return None
    return KillPolicy(grace_period=DurationInfo(nanoseconds=longest.nanoseconds))

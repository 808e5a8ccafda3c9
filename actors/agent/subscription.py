"""Executors that subscribe: for the first time, again, or when nobody waits for them (§3.3, §3.5)."""

from __future__ import annotations

from actors.agent.books import Books
from actors.agent.executor import ExecutorEntry, ExecutorState
from actors.agent.executor_node import ExecutorNode
from actors.agent.executors import ExecutorDesk
from actors.agent.killing import KillDesk
from actors.agent.launching import LaunchDesk
from actors.agent.statuses import Reason, StatusDesk
from actors.agent.task import Stage, TaskEntry
from actors.agent.world import World
from transport.messages.executing import (
    ExecutorFound,
    ExecutorSubscribed,
    ExecutorUpdate,
    FindExecutor,
    KillExecutorTask,
    ShutdownNow,
    SubscribeExecutor,
)
from transport.pid import Pid
from transport.records.task_status import TaskState


class SubscriptionDesk:
    """Lets executors in, and finds out what got lost while they were away."""

    def __init__(
        self,
        world: World,
        books: Books,
        statuses: StatusDesk,
        node: ExecutorNode,
        executors: ExecutorDesk,
        launches: LaunchDesk,
        kills: KillDesk,
    ) -> None:
        self._world = world
        self._books = books
        self._statuses = statuses
        self._node = node
        self._executors = executors
        self._launches = launches
        self._kills = kills

    def subscribe(self, sender: Pid, message: SubscribeExecutor) -> ExecutorEntry | None:
        """An executor is there, or there again; returns the one that is running now."""
        executor = self._books.executor(message.framework_id, message.executor_id)
        if executor is None or executor.state is ExecutorState.TERMINATED or not executor.sent:
            self._world.log.info(
                "executor is not expected",
                framework_id=message.framework_id,
                executor_id=message.executor_id,
                sender=str(sender),
            )
            self._world.send(sender, ShutdownNow())
            return None
        again = executor.connected and executor.pid == sender and not executor.doubted
        executor.doubted = False
        executor.over_http = message.over_http
        self._node.join(executor, sender)
        executor.launched = True
        self._executors.make_room(executor)
        if executor.state is ExecutorState.REGISTERING:
            executor.cancel()
            self._books.move(executor, ExecutorState.RUNNING)
        ends = executor.state is ExecutorState.TERMINATING
        if not (ends and executor.over_http):  # there SHUTDOWN is all that follows (§3.3)
            self._welcome(executor, sender)
        if ends:
            self._world.send(sender, ShutdownNow())
        self._hear(executor, message)
        if executor.ends:
            return None
        if not again:
            self._make_up(executor, message)
        self._launches.deliver(executor)
        return executor

    def _welcome(self, executor: ExecutorEntry, sender: Pid) -> None:
        framework, agent = executor.framework.info, self._books.info
        self._world.send(sender, ExecutorSubscribed(executor.info, framework, agent, executor.container_id))

    def update(self, sender: Pid, message: ExecutorUpdate) -> None:
        """An executor tells what became of a task; for what it may not say it is shut down."""
        offender = self._statuses.update(sender, message)
        if offender is not None:
            self._executors.shut_down(offender)

    def find(self, message: FindExecutor, opened: bool, recovered: bool) -> ExecutorFound:
        """Whether an executor may say something to an agent that is so far."""
        executor = self._books.executor(message.framework_id, message.executor_id)
        return ExecutorFound(
            open=opened,
            recovered=recovered,
            framework_known=message.framework_id in self._books.frameworks,
            executor_known=executor is not None,
            subscribed=executor is not None and executor.over_http,
        )

    def _hear(self, executor: ExecutorEntry, message: SubscribeExecutor) -> None:
        for status in message.unacknowledged_updates:
            if not self._statuses.hear(executor, status):
                self._executors.shut_down(executor)

    def _make_up(self, executor: ExecutorEntry, message: SubscribeExecutor) -> None:
        """See what the executor missed: tasks it was sent and does not tell of, and kills."""
        recovered, executor.recovered = executor.recovered, False
        listed = {task.task_id.value for task in message.unacknowledged_tasks}
        missed = [
            task
            for task in executor.tasks.values()
            if task.stage is Stage.LAUNCHED
            and task.state is TaskState.TASK_STAGING
            and task.task_id not in listed
        ]
        if recovered:
            self._lose(executor, missed)
        else:
            self._launch_again(executor, [task for task in missed if not task.killed])
            for task in missed:
                if task.killed:
                    self._statuses.kill_early(task)
                    if executor.generated:
                        self._executors.shut_down(executor)
        for task in list(executor.tasks.values()):
            if task.killed and not task.terminal and task.stage is Stage.LAUNCHED:
                self._kills.pass_on(task)

    def _lose(self, executor: ExecutorEntry, missed: list[TaskEntry]) -> None:
        """After a restart of the agent (§3.5); should such a task be on its way still, it must not run.

        Over HTTP it cannot be: the way ended with the agent before.
        """
        assert executor.pid is not None
        for task in missed:
            state = self._statuses.lost_state(executor.framework, TaskState.TASK_DROPPED)
            if not executor.over_http:
                self._world.send(executor.pid, KillExecutorTask(task.task_id))
            self._statuses.conclude(
                task,
                state,
                Reason.REASON_AGENT_RESTARTED,
                "the agent was restarted before the task reached its executor",
            )
        if len(missed) == len(executor.tasks) and not executor.used:
            self._executors.shut_down(executor)

    def _launch_again(self, executor: ExecutorEntry, missed: list[TaskEntry]) -> None:
        launches = dict.fromkeys(task.launch for task in missed if task.launch is not None)
        for launch in reversed(launches):
            for info in launch.infos:
                executor.tasks[info.task_id.value].stage = Stage.QUEUED
            executor.queue.appendleft(launch)

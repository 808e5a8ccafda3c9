"""An agent in the hand of a test, and what it tells executors."""

from __future__ import annotations

from actors.process import Process, handles
from transport.message import Message
from transport.messages.executing import (
    ExecutorSubscribed,
    ExecutorUpdate,
    KillExecutorTask,
    LaunchTask,
    LaunchTaskGroup,
    ShutdownNow,
    SubscribeExecutor,
    UpdateAcknowledged,
)
from transport.messages.scheduling import ExecutorMessage
from transport.pid import Pid
from transport.records.agent import AgentInfo
from transport.records.check import KillPolicy
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, ExecutorID, FrameworkID
from transport.records.task import TaskGroupInfo, TaskInfo
from transport.records.task_status import TaskState, TaskStatus


class FakeAgent(Process):
    """Lets every executor in, launches what it is given, and acknowledges updates unless told not to.

    Its books outlive it when `books` are given to its successor.
    """

    def __init__(self, framework: FrameworkInfo, books: Books | None = None) -> None:
        self.framework = framework
        self.books = books or Books()
        self.executor: Pid | None = None
        self.gone: list[Pid] = []

    @handles(SubscribeExecutor)
    def subscribe(self, sender: Pid, message: SubscribeExecutor) -> None:
        self.books.subscriptions.append(message)
        self.link(sender)
        self.send(
            sender,
            ExecutorSubscribed(
                ExecutorInfo(executor_id=ExecutorID(value=message.executor_id)),
                self.framework,
                AgentInfo(hostname="host", id=AgentID(value="agent-1")),
                "container-1",
            ),
        )
        for status in message.unacknowledged_updates:
            self._take(sender, status)
        known = [task.task_id.value for task in message.unacknowledged_tasks]
        known += self.books.started
        for task in self.books.tasks:
            if task.task_id.value not in known:
                self.send(sender, LaunchTask(task))
        for group in self.books.groups:
            if group[0].task_id.value not in known:
                self.send(sender, LaunchTaskGroup(TaskGroupInfo(tasks=group)))
        # Last, so that what a test's own thread tells it from now on comes after all this.
        self.executor = sender

    @handles(ExecutorUpdate)
    def updated(self, sender: Pid, message: ExecutorUpdate) -> None:
        self._take(sender, message.status)

    @handles(ExecutorMessage)
    def message(self, sender: Pid, message: ExecutorMessage) -> None:
        self.books.messages.append(message)

    def exited(self, pid: Pid) -> None:
        self.gone.append(pid)

    def tell(self, message: Message) -> None:
        """Send the executor something."""
        assert self.executor is not None
        self.send(self.executor, message)

    def launch(self, task: TaskInfo) -> None:
        self.books.tasks.append(task)
        self.tell(LaunchTask(task))

    def kill(self, task_id: str, policy: KillPolicy | None = None) -> None:
        self.tell(KillExecutorTask(task_id, policy))

    def shut_down(self) -> None:
        self.tell(ShutdownNow())

    def _take(self, sender: Pid, status: TaskStatus) -> None:
        assert status.uuid is not None
        self.books.take(status)
        if self.books.acknowledges:
            self.send(sender, UpdateAcknowledged(status.task_id.value, status.uuid))


class Books:
    """What an agent has durably."""

    def __init__(self) -> None:
        self.tasks: list[TaskInfo] = []
        #: Tasks that are launched together.
        self.groups: list[tuple[TaskInfo, ...]] = []
        self.started: dict[str, None] = {}
        self.acknowledges = True
        self.subscriptions: list[SubscribeExecutor] = []
        self.messages: list[ExecutorMessage] = []
        #: Each update once, as it came first.
        self.updates: dict[bytes, TaskStatus] = {}
        #: How often each came.
        self.times: dict[bytes, int] = {}

    def take(self, status: TaskStatus) -> None:
        assert status.uuid is not None
        self.started[status.task_id.value] = None
        self.updates.setdefault(status.uuid, status)
        self.times[status.uuid] = self.times.get(status.uuid, 0) + 1

    def states(self, task_id: str | None = None) -> list[TaskState]:
        """The states of a task, or of all, in the order in which they came first."""
        return [status.state for status in self.statuses(task_id)]

    def statuses(self, task_id: str | None = None) -> list[TaskStatus]:
        return [
            status for status in self.updates.values() if task_id is None or status.task_id.value == task_id
        ]


def framework(*, checkpoint: bool = True, has_killing: bool = False) -> FrameworkInfo:
    """A framework."""
    killing = FrameworkInfo.Capability(type=FrameworkInfo.Capability.Type.TASK_KILLING_STATE)
    return FrameworkInfo(
        user="alice",
        name="test",
        id=FrameworkID(value="framework-1"),
        checkpoint=checkpoint,
        capabilities=(killing,) if has_killing else (),
    )

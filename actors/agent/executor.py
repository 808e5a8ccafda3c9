"""An executor as its agent keeps it."""

from __future__ import annotations

import enum
from collections import deque
from typing import TYPE_CHECKING, Final

from actors.agent.task import Launch, TaskEntry
from actors.system import Timer
from transport.messages.hosting import ExecutorEnding, LaunchExecutor
from transport.pid import Pid
from transport.records.container import ContainerStatus
from transport.records.executor import ExecutorInfo
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.task import Task
from transport.records.task_status import TaskState, TaskStatus

if TYPE_CHECKING:
    from actors.agent.framework import FrameworkEntry

#: Tasks that are over and acknowledged, remembered of each executor.
_COMPLETED_TASKS: Final = 200


class ExecutorState(enum.Enum):
    """How far an executor is (mesos-protocol.md §3.5)."""

    #: It is being started, and has not subscribed yet.
    REGISTERING = "registering"
    RUNNING = "running"
    #: It was asked to end, or is being killed.
    TERMINATING = "terminating"
    #: Its container is no more; updates of its tasks may still be unacknowledged.
    TERMINATED = "terminated"


class Verdict:
    """What its tasks are told when an executor ends that the agent destroyed."""

    __slots__ = ("aware", "message", "reason", "unaware")

    def __init__(self, aware: TaskState, unaware: TaskState, reason: TaskStatus.Reason, message: str) -> None:
        #: The state for frameworks that are partition-aware, and for others.
        self.aware = aware
        self.unaware = unaware
        self.reason = reason
        self.message = message


class ExecutorEntry:
    """An executor, its container and its tasks, until all their updates are acknowledged."""

    __slots__ = (
        "bounds",
        "completed_tasks",
        "connected",
        "container_id",
        "container_status",
        "destroying",
        "doubted",
        "ending",
        "forgotten",
        "framework",
        "generated",
        "holding",
        "info",
        "launched",
        "over",
        "over_http",
        "pending",
        "pid",
        "process",
        "queue",
        "recovered",
        "request",
        "sandbox",
        "sent",
        "state",
        "streaming",
        "tasks",
        "timer",
        "used",
        "verdict",
    )

    def __init__(
        self,
        framework: FrameworkEntry,
        info: ExecutorInfo,
        container_id: str,
        *,
        generated: bool = False,
        recovered: bool = False,
    ) -> None:
        self.framework = framework
        self.info = info
        self.container_id = container_id
        #: Made up for a command task.
        self.generated = generated
        #: It was started by the agent before this one, and has not subscribed with this one yet.
        self.recovered = recovered
        self.state = ExecutorState.REGISTERING
        #: Who subscribed, and whether messages reach it.
        self.pid: Pid | None = None
        self.connected = False
        #: It subscribed over HTTP: `pid` is its stream, an actor of the agent's own node.
        self.over_http = False
        #: It was asked what it has got.
        self.doubted = False
        #: Tasks that are not forgotten, by id.
        self.tasks: dict[str, TaskEntry] = {}
        #: How many launches are on their way into the archive; those that come meanwhile follow them.
        self.pending = 0
        #: What it is to run once it has subscribed, in order.
        self.queue: deque[Launch] = deque()
        #: How it is started, once its sandbox is there; and whether its node was told.
        self.request: LaunchExecutor | None = None
        self.sent = recovered
        #: Its node has answered that it was started, or it has subscribed.
        self.launched = recovered
        #: The operating system's number of its process, where it is one.
        self.process: int | None = None
        #: Its node was told to destroy its container.
        self.destroying = False
        self.sandbox = ""
        #: Whether any task was sent to it.
        self.used = False
        #: Of its registration, or of its grace period.
        self.timer: Timer | None = None
        #: The uuids of updates that are on their way into their streams.
        self.streaming: set[bytes | None] = set()
        self.verdict: Verdict | None = None
        self.ending: ExecutorEnding | None = None
        #: It has ended, no restart of the agent can bring it back, and the master was told.
        self.over = False
        #: Its node was told that it need not tell the end again.
        self.forgotten = False
        #: What it takes of the agent's total; nothing when generated.
        self.holding = Resources()
        #: What its node was told that it may use with its tasks.
        self.bounds: tuple[Resource, ...] | None = None
        #: What is added to statuses that say nothing of their container.
        self.container_status: ContainerStatus | None = None
        self.completed_tasks: deque[Task] = deque(maxlen=_COMPLETED_TASKS)

    @property
    def executor_id(self) -> str:
        """The value of its ExecutorID."""
        return self.info.executor_id.value

    @property
    def ends(self) -> bool:
        """Whether it takes no tasks any more."""
        return self.state in (ExecutorState.TERMINATING, ExecutorState.TERMINATED)

    @property
    def idle(self) -> bool:
        """Whether all its tasks are over."""
        return all(task.terminal for task in self.tasks.values())

    def says(self, sender: Pid) -> bool:
        """Whether what `sender` tells is this executor's word: that of the actor that subscribed.

        Over HTTP a call needs no stream, only that there was one with this agent (mesos-protocol.md §3.1).
        """
        if self.pid is None:
            return False
        if self.over_http:
            return sender.address == self.pid.address
        return self.connected and sender == self.pid

    def cancel(self) -> None:
        """Stop its timer."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

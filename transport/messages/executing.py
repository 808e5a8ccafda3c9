"""An executor and its agent: the calls and events of the v1 executor API (mesos-protocol.md §3).

FrameworkMessage and ExecutorMessage (`scheduling`) pass between them too. Both link each other.
"""

from __future__ import annotations

from transport.message import DomesticMessage, Message
from transport.records.agent import AgentInfo
from transport.records.check import KillPolicy
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.task import TaskGroupInfo, TaskInfo
from transport.records.task_status import TaskStatus

# --- from the executor ---


class SubscribeExecutor(Message):
    """An executor is there, or there again: it tells what was not acknowledged to it.

    Repeated until answered by ExecutorSubscribed or ShutdownNow.
    """

    framework_id: str
    executor_id: str
    unacknowledged_tasks: tuple[TaskInfo, ...] = ()
    unacknowledged_updates: tuple[TaskStatus, ...] = ()
    #: The sender is the executor's stream of HTTP, an actor of the agent's own node: what it is told arrives
    #: in order unless the stream breaks, and other connections may speak for the executor, too.
    over_http: bool = False


class ExecutorUpdate(Message):
    """What became of a task; repeated after reconnection until UpdateAcknowledged. `uuid` is set."""

    framework_id: str
    executor_id: str
    status: TaskStatus


# --- from the agent ---


class ExecutorSubscribed(Message):
    """The executor is known; tasks follow."""

    executor: ExecutorInfo
    framework: FrameworkInfo
    agent: AgentInfo
    container_id: str


class ReconnectExecutor(Message):
    """The agent came back under a new incarnation: subscribe again."""


class LaunchTask(Message):
    """Run a task."""

    task: TaskInfo


class LaunchTaskGroup(Message):
    """Run tasks together."""

    group: TaskGroupInfo


class KillExecutorTask(Message):
    """End a task."""

    task_id: str
    kill_policy: KillPolicy | None = None


class UpdateAcknowledged(Message):
    """The agent has the update, durably if it must be: the executor may forget it."""

    task_id: str
    uuid: bytes


class ShutdownNow(Message):
    """End all tasks and exit; after the grace period the container is destroyed."""


class ExecutorError(Message):
    """What the executor did cannot be; nothing follows."""

    message: str


# --- the agent's HTTP server and the agent ---


class FindExecutor(DomesticMessage):
    """Ask whether an executor may say something; answered by ExecutorFound."""

    framework_id: str
    executor_id: str


class ExecutorFound(DomesticMessage):
    """How far the agent is, and what it knows of the executor (mesos-protocol.md §3.1)."""

    #: Whether the agent has read what the one before it left: from then on executors may subscribe.
    open: bool
    #: Whether the executors of the agent before it are back, or given up.
    recovered: bool
    framework_known: bool
    executor_known: bool
    #: Whether the executor has subscribed with this agent, be it connected just now or not.
    subscribed: bool

"""The master and an agent about what runs there: tasks, executors, operations on resources."""

from __future__ import annotations

from transport.message import Message
from transport.records.check import KillPolicy
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.offer import Offer
from transport.records.operation import OperationStatus
from transport.records.task import TaskGroupInfo, TaskInfo
from transport.records.task_status import TaskState, TaskStatus

# --- from the master ---


class RunTask(Message):
    """Run a task. Whatever happens, the agent answers with updates that end in a terminal one.

    `launch_executor` tells whether the master thinks that the executor must be started; None for command
    tasks.
    """

    framework: FrameworkInfo
    task: TaskInfo
    launch_executor: bool | None = None


class RunTaskGroup(Message):
    """Run tasks together under one executor, all or none."""

    framework: FrameworkInfo
    executor: ExecutorInfo
    group: TaskGroupInfo
    launch_executor: bool = True


class KillTask(Message):
    """End a task; for one the agent does not know it sends an update that says so."""

    framework_id: str
    task_id: str
    kill_policy: KillPolicy | None = None


class ShutdownExecutor(Message):
    """End an executor and what it runs."""

    framework_id: str
    executor_id: str


class ShutdownFramework(Message):
    """End all executors of a framework."""

    framework_id: str


class FrameworkChanged(Message):
    """What a framework says about itself, after it subscribed or was updated."""

    framework: FrameworkInfo


class AcknowledgeUpdate(Message):
    """The scheduler has dealt with an update."""

    framework_id: str
    task_id: str
    uuid: bytes


class ApplyOperation(Message):
    """Change the agent's resources; answered by OperationApplied.

    `framework_id` is None for an operator's.
    """

    operation: Offer.Operation
    operation_uuid: bytes
    framework_id: str | None = None
    resource_version: bytes | None = None


class AcknowledgeOperationUpdate(Message):
    """The scheduler (or, for an operation without id, the master) has dealt with an operation's update."""

    operation_uuid: bytes
    status_uuid: bytes


class ReconcileAgentOperations(Message):
    """Which of these operations does the agent know? For others it sends OPERATION_DROPPED."""

    operation_uuids: tuple[bytes, ...]


# --- from the agent ---


class StatusUpdate(Message):
    """An update, repeated until it is acknowledged; one at a time for each task.

    `latest_state` is the newest that the agent knows, of which the master may free the resources early.
    """

    framework_id: str
    agent_id: str
    status: TaskStatus
    latest_state: TaskState
    executor_id: str | None = None


class OperationApplied(Message):
    """An operation's update, repeated until it is acknowledged."""

    agent_id: str
    operation_uuid: bytes
    status: OperationStatus
    framework_id: str | None = None


class ExecutorExited(Message):
    """A custom or default executor ended; `status` is as `waitpid` gives it, or -1 when it is not known."""

    framework_id: str
    agent_id: str
    executor_id: str
    status: int

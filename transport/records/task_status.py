"""What became of a task."""

from __future__ import annotations

from enum import auto
from typing import Annotated, Final

from transport.record import Record, number
from transport.records.check import CheckStatusInfo
from transport.records.container import ContainerStatus
from transport.records.enumeration import Enumeration
from transport.records.ids import AgentID, ExecutorID, TaskID
from transport.records.labels import Labels
from transport.records.resource import Resource
from transport.records.time_info import TimeInfo


class TaskState(Enumeration):
    """The states of a task (mesos-protocol.md §3.10)."""

    TASK_STAGING = auto(), 6
    TASK_STARTING = auto(), 0
    TASK_RUNNING = auto(), 1
    TASK_KILLING = auto(), 8
    TASK_FINISHED = auto(), 2
    TASK_FAILED = auto(), 3
    TASK_KILLED = auto(), 4
    TASK_ERROR = auto(), 7
    TASK_LOST = auto(), 5
    TASK_DROPPED = auto(), 9
    TASK_UNREACHABLE = auto(), 10
    TASK_GONE = auto(), 11
    TASK_GONE_BY_OPERATOR = auto(), 12
    TASK_UNKNOWN = auto(), 13

    @property
    def terminal(self) -> bool:
        """Whether nothing more happens to a task that is in this state."""
        return self in TERMINAL


#: States after which nothing more happens to a task (mesos-protocol.md §3.10).
TERMINAL: Final = frozenset(
    {
        TaskState.TASK_FINISHED,
        TaskState.TASK_FAILED,
        TaskState.TASK_KILLED,
        TaskState.TASK_ERROR,
        TaskState.TASK_LOST,
        TaskState.TASK_DROPPED,
        TaskState.TASK_GONE,
        TaskState.TASK_GONE_BY_OPERATOR,
    }
)


class TaskResourceLimitation(Record):
    """The resources whose limits a task exceeded."""

    resources: Annotated[tuple[Resource, ...], number(1)] = ()


class TaskStatus(Record):
    """One update on a task. With a `uuid` it is repeated until acknowledged.

    `timestamp` is in seconds since 1970.
    """

    class Source(Enumeration):
        """Who made the update."""

        SOURCE_MASTER = auto(), 0
        SOURCE_AGENT = auto(), 1
        SOURCE_EXECUTOR = auto(), 2

    class Reason(Enumeration):
        """Why the task is in this state."""

        REASON_COMMAND_EXECUTOR_FAILED = auto(), 0
        REASON_CONTAINER_LAUNCH_FAILED = auto(), 21
        REASON_CONTAINER_LIMITATION = auto(), 19
        REASON_CONTAINER_LIMITATION_DISK = auto(), 20
        REASON_CONTAINER_LIMITATION_MEMORY = auto(), 8
        REASON_CONTAINER_PREEMPTED = auto(), 17
        REASON_CONTAINER_UPDATE_FAILED = auto(), 22
        REASON_MAX_COMPLETION_TIME_REACHED = auto(), 33
        REASON_EXECUTOR_REGISTRATION_TIMEOUT = auto(), 23
        REASON_EXECUTOR_REREGISTRATION_TIMEOUT = auto(), 24
        REASON_EXECUTOR_TERMINATED = auto(), 1
        REASON_EXECUTOR_UNREGISTERED = auto(), 2
        REASON_FRAMEWORK_REMOVED = auto(), 3
        REASON_GC_ERROR = auto(), 4
        REASON_INVALID_FRAMEWORKID = auto(), 5
        REASON_INVALID_OFFERS = auto(), 6
        REASON_IO_SWITCHBOARD_EXITED = auto(), 27
        REASON_MASTER_DISCONNECTED = auto(), 7
        REASON_RECONCILIATION = auto(), 9
        REASON_RESOURCES_UNKNOWN = auto(), 18
        REASON_AGENT_DISCONNECTED = auto(), 10
        REASON_AGENT_DRAINING = auto(), 34
        REASON_AGENT_REMOVED = auto(), 11
        REASON_AGENT_REMOVED_BY_OPERATOR = auto(), 31
        REASON_AGENT_REREGISTERED = auto(), 32
        REASON_AGENT_RESTARTED = auto(), 12
        REASON_AGENT_UNKNOWN = auto(), 13
        REASON_TASK_KILLED_DURING_LAUNCH = auto(), 30
        REASON_TASK_CHECK_STATUS_UPDATED = auto(), 28
        REASON_TASK_HEALTH_CHECK_STATUS_UPDATED = auto(), 29
        REASON_TASK_GROUP_INVALID = auto(), 25
        REASON_TASK_GROUP_UNAUTHORIZED = auto(), 26
        REASON_TASK_INVALID = auto(), 14
        REASON_TASK_UNAUTHORIZED = auto(), 15
        REASON_TASK_UNKNOWN = auto(), 16

    task_id: Annotated[TaskID, number(1)]
    state: Annotated[TaskState, number(2)]
    message: Annotated[str | None, number(4)] = None
    source: Annotated[Source | None, number(9)] = None
    reason: Annotated[Reason | None, number(10)] = None
    data: Annotated[bytes | None, number(3)] = None
    agent_id: Annotated[AgentID | None, number(5)] = None
    executor_id: Annotated[ExecutorID | None, number(7)] = None
    timestamp: Annotated[float | None, number(6)] = None
    uuid: Annotated[bytes | None, number(11)] = None
    healthy: Annotated[bool | None, number(8)] = None
    check_status: Annotated[CheckStatusInfo | None, number(15)] = None
    labels: Annotated[Labels | None, number(12)] = None
    container_status: Annotated[ContainerStatus | None, number(13)] = None
    unreachable_time: Annotated[TimeInfo | None, number(14)] = None
    limitation: Annotated[TaskResourceLimitation | None, number(16)] = None

"""What an agent tells an executor: the events of the v1 executor API (mesos-protocol.md §3.3)."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, number
from transport.records.agent import AgentInfo
from transport.records.check import KillPolicy
from transport.records.enumeration import Enumeration
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import ContainerID, TaskID
from transport.records.task import TaskGroupInfo, TaskInfo

#: The protobuf package of the messages declared here.
PROTO_PACKAGE = "mesos.v1.executor"


class Event(Record):
    """One event; the field of its `type` says the rest."""

    class Type(Enumeration):
        """What happened."""

        UNKNOWN = auto(), 0
        SUBSCRIBED = auto(), 1
        LAUNCH = auto(), 2
        LAUNCH_GROUP = auto(), 8
        KILL = auto(), 3
        ACKNOWLEDGED = auto(), 4
        MESSAGE = auto(), 5
        ERROR = auto(), 6
        SHUTDOWN = auto(), 7
        HEARTBEAT = auto(), 9

    class Subscribed(Record):
        """The first event of every stream."""

        executor_info: Annotated[ExecutorInfo, number(1)]
        framework_info: Annotated[FrameworkInfo, number(2)]
        agent_info: Annotated[AgentInfo, number(3)]
        container_id: Annotated[ContainerID | None, number(4)] = None

    class Launch(Record):
        """Start a task."""

        task: Annotated[TaskInfo, number(1)]

    class LaunchGroup(Record):
        """Start tasks together, all or none."""

        task_group: Annotated[TaskGroupInfo, number(1)]

    class Kill(Record):
        """Kill a task."""

        task_id: Annotated[TaskID, number(1)]
        kill_policy: Annotated[KillPolicy | None, number(2)] = None

    class Acknowledged(Record):
        """A status update that may be forgotten."""

        task_id: Annotated[TaskID, number(1)]
        uuid: Annotated[bytes, number(2)]

    class Message(Record):
        """Data from the scheduler."""

        data: Annotated[bytes, number(1)]

    class Error(Record):
        """Why the stream ends."""

        message: Annotated[str, number(1)]

    type: Annotated[Type | None, number(1)] = None
    subscribed: Annotated[Subscribed | None, number(2)] = None
    acknowledged: Annotated[Acknowledged | None, number(3)] = None
    launch: Annotated[Launch | None, number(4)] = None
    launch_group: Annotated[LaunchGroup | None, number(8)] = None
    kill: Annotated[Kill | None, number(5)] = None
    message: Annotated[Message | None, number(6)] = None
    error: Annotated[Error | None, number(7)] = None

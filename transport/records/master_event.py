"""What a master tells operators that subscribed (mesos-protocol.md §4.2)."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, number
from transport.records.enumeration import Enumeration
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, FrameworkID
from transport.records.master_response import Response
from transport.records.task import Task
from transport.records.task_status import TaskState, TaskStatus

#: The protobuf package of the messages declared here.
PROTO_PACKAGE = "mesos.v1.master"


class Event(Record):
    """One event; the field of its `type` says the rest."""

    class Type(Enumeration):
        """What happened."""

        UNKNOWN = auto(), 0
        SUBSCRIBED = auto(), 1
        TASK_ADDED = auto(), 2
        TASK_UPDATED = auto(), 3
        AGENT_ADDED = auto(), 4
        AGENT_REMOVED = auto(), 5
        FRAMEWORK_ADDED = auto(), 6
        FRAMEWORK_UPDATED = auto(), 7
        FRAMEWORK_REMOVED = auto(), 8
        HEARTBEAT = auto(), 9

    class Subscribed(Record):
        """The first event of every stream: the cluster as it is now."""

        get_state: Annotated[Response.GetState | None, number(1)] = None
        heartbeat_interval_seconds: Annotated[float | None, number(2)] = None

    class TaskAdded(Record):
        """A task that was launched or has come back."""

        task: Annotated[Task, number(1)]

    class TaskUpdated(Record):
        """A status of a task, and the latest `state` that the master knows of."""

        framework_id: Annotated[FrameworkID, number(1)]
        status: Annotated[TaskStatus, number(2)]
        state: Annotated[TaskState, number(3)]

    class FrameworkAdded(Record):
        """A framework that subscribed for the first time."""

        framework: Annotated[Response.GetFrameworks.Framework, number(1)]

    class FrameworkUpdated(Record):
        """A framework that changed."""

        framework: Annotated[Response.GetFrameworks.Framework, number(1)]

    class FrameworkRemoved(Record):
        """A framework that is over."""

        framework_info: Annotated[FrameworkInfo, number(1)]

    class AgentAdded(Record):
        """An agent that registered."""

        agent: Annotated[Response.GetAgents.Agent, number(1)]

    class AgentRemoved(Record):
        """An agent that is not there any more."""

        agent_id: Annotated[AgentID, number(1)]

    type: Annotated[Type | None, number(1)] = None
    subscribed: Annotated[Subscribed | None, number(2)] = None
    task_added: Annotated[TaskAdded | None, number(3)] = None
    task_updated: Annotated[TaskUpdated | None, number(4)] = None
    agent_added: Annotated[AgentAdded | None, number(5)] = None
    agent_removed: Annotated[AgentRemoved | None, number(6)] = None
    framework_added: Annotated[FrameworkAdded | None, number(7)] = None
    framework_updated: Annotated[FrameworkUpdated | None, number(8)] = None
    framework_removed: Annotated[FrameworkRemoved | None, number(9)] = None

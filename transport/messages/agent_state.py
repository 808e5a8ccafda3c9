"""What an agent finds on its disk when it starts again (mesos-protocol.md §8)."""

from __future__ import annotations

from transport.messages.hosting import ExecutorEnding
from transport.record import Record
from transport.records.agent import AgentInfo, DrainConfig
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.operation import Operation
from transport.records.resource import Resource
from transport.records.task import Task
from transport.records.task_status import TaskStatus


class TaskCheckpoint(Record):
    """A task and its stream of updates: those before `acknowledged` need no more be sent."""

    task: Task
    updates: tuple[TaskStatus, ...] = ()
    #: How many of the updates are acknowledged.
    acknowledged: int = 0


class RunCheckpoint(Record):
    """One container of an executor."""

    container_id: str
    tasks: tuple[TaskCheckpoint, ...] = ()
    #: How it ended, of which the master may have been told; None for one that may still be there.
    ending: ExecutorEnding | None = None
    #: The executor is over and all its updates are acknowledged.
    completed: bool = False


class ExecutorCheckpoint(Record):
    """An executor and its latest container, if it had one."""

    info: ExecutorInfo
    #: Made up by the agent for a command task.
    generated: bool = False
    run: RunCheckpoint | None = None


class FrameworkCheckpoint(Record):
    """A framework that has executors here."""

    info: FrameworkInfo
    executors: tuple[ExecutorCheckpoint, ...] = ()


class AgentCheckpoint(Record):
    """Everything that survived. `info` is None when the agent never registered, or its id was removed."""

    info: AgentInfo | None = None
    #: The host was booted since: nothing runs any more.
    rebooted: bool = False
    frameworks: tuple[FrameworkCheckpoint, ...] = ()
    #: The total with reservations and volumes; None when no operation changed it.
    resources: tuple[Resource, ...] | None = None
    operations: tuple[Operation, ...] = ()
    drain_config: DrainConfig | None = None
    #: Files that could not be read and were passed over (`--no-strict`), and why.
    errors: tuple[str, ...] = ()

"""A framework as an agent keeps it."""

from __future__ import annotations

from collections import deque

from actors.agent.executor import ExecutorEntry
from actors.agent.task import TaskEntry
from transport.records.framework import FrameworkInfo

_Capability = FrameworkInfo.Capability.Type


class FrameworkEntry:
    """A framework, as long as it has executors here."""

    __slots__ = (
        "completed_executors",
        "executors",
        "id",
        "info",
        "partition_aware",
        "saved",
        "tasks",
        "terminating",
    )

    def __init__(self, info: FrameworkInfo, completed_executors_limit: int = 150) -> None:
        assert info.id is not None, "a framework without id"
        self.id = info.id.value
        self.change(info)
        self.executors: dict[str, ExecutorEntry] = {}
        #: Those of all executors, by id.
        self.tasks: dict[str, TaskEntry] = {}
        #: The master ended it.
        self.terminating = False
        #: Its description was given to the archive.
        self.saved = False
        self.completed_executors: deque[ExecutorEntry] = deque(maxlen=completed_executors_limit)

    def change(self, info: FrameworkInfo) -> None:
        """Take in what the framework says of itself now."""
        self.info = info
        self.partition_aware = partition_aware(info)

    @property
    def checkpoint(self) -> bool:
        """Whether its executors outlive the agent."""
        return bool(self.info.checkpoint)


def partition_aware(info: FrameworkInfo) -> bool:
    """Whether the framework knows more states than LOST of a task that is not there any more."""
    return any(capability.type is _Capability.PARTITION_AWARE for capability in info.capabilities)

"""Tasks, executors and operations as readers see them."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from actors.master.view import v0
from actors.master.view.forms import Form, Shown
from actors.master.view.roll import Place
from transport.records.executor import ExecutorInfo
from transport.records.ids import AgentID, FrameworkID
from transport.records.master_response import Response
from transport.records.operation import Operation
from transport.records.task import Task

LIVE: Final = Place(Response.GetTasks, "tasks")
UNREACHABLE: Final = Place(Response.GetTasks, "unreachable_tasks")
COMPLETED: Final = Place(Response.GetTasks, "completed_tasks")
EXECUTORS: Final = Place(Response.GetExecutors, "executors")
OPERATIONS: Final = Place(Response.GetOperations, "operations")


class ShownTask(Shown):
    """A task; another record is another task."""

    __slots__ = ("record",)

    def __init__(self, record: Task) -> None:
        super().__init__()
        self.record = record

    def v1(self) -> Task:
        """The record."""
        return self.record

    def v0(self, form: Form) -> Any:
        """See `v0.task`."""
        return v0.task(self.record)


class ShownExecutor(Shown):
    """An executor on an agent."""

    __slots__ = ("agent_id", "framework_id", "info")

    def __init__(self, info: ExecutorInfo, framework_id: str, agent_id: str) -> None:
        super().__init__()
        self.info = info
        self.framework_id = framework_id
        self.agent_id = agent_id

    def v1(self) -> Response.GetExecutors.Executor:
        """As in GET_EXECUTORS."""
        info = self.info
        if info.framework_id is None:
            info = _owned(info, self.framework_id)
        return Response.GetExecutors.Executor(executor_info=info, agent_id=AgentID(value=self.agent_id))

    def v0(self, form: Form) -> Any:
        """See `v0.executor`."""
        return v0.executor(self.info, self.framework_id, self.agent_id)


class ShownOperation(Shown):
    """An operation under way."""

    __slots__ = ("record",)

    def __init__(self, record: Operation) -> None:
        super().__init__()
        self.record = record

    def v1(self) -> Operation:
        """The record."""
        return self.record


def _owned(info: ExecutorInfo, framework_id: str) -> ExecutorInfo:
    return replace(info, framework_id=FrameworkID(value=framework_id))

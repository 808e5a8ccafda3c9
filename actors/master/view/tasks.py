"""Tasks, executors and operations as readers see them."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec.structs import replace

from actors.gateway import v0
from actors.master.view.endpoint_parts import executor
from actors.master.view.forms import Form, Shown
from actors.master.view.roll import Place
from transport import json_v1, protobuf
from transport.records.endpoint_format import shown
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


class ShownTask(msgspec.Struct, gc=False, eq=False):
    """A task; another record is another task.

    There are very many: so it is one object, at which Python need not look for garbage.
    """

    record: Task
    as_v0: bytes | None = None
    as_json: bytes | None = None
    as_protobuf: bytes | None = None

    def changed(self, *_forms: Form) -> None:
        """Only what is around it changed: its forms stay as they are."""

    def piece(self, form: Form) -> bytes:
        """The task in that form."""
        if form is Form.V0:
            if self.as_v0 is None:
                self.as_v0 = msgspec.json.encode(v0.task(self.record))
            return self.as_v0
        if form is Form.JSON:
            if self.as_json is None:
                self.as_json = json_v1.encode(shown(self.record))
            return self.as_json
        if self.as_protobuf is None:
            self.as_protobuf = protobuf.encode(shown(self.record))
        return self.as_protobuf


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
        """See `executor`."""
        return executor(self.info, self.framework_id, self.agent_id)


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

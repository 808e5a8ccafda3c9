"""Which message a call of the v1 executor API is, unless it is refused before (mesos-protocol.md §3.2)."""

from __future__ import annotations

from typing import Final

from transport.messages.executing import ExecutorUpdate, SubscribeExecutor
from transport.messages.scheduling import ExecutorMessage
from transport.records.executor_call import Call
from transport.records.task_status import TaskStatus

_UUID_BYTES: Final = 16


def call_error(call: Call) -> str | None:
    """Which rule a call breaks whose type and field are there, or None; names the field."""
    if call.update is not None and call.type is Call.Type.UPDATE:
        return _status_error("update.status", call, call.update.status)
    if call.subscribe is not None and call.type is Call.Type.SUBSCRIBE:
        for place, update in enumerate(call.subscribe.unacknowledged_updates):
            error = _status_error(f"subscribe.unacknowledged_updates[{place}].status", call, update.status)
            if error is not None:
                return error
    return None


def _status_error(field: str, call: Call, status: TaskStatus) -> str | None:
    if status.uuid is None:
        return f"{field}.uuid: must be given"
    if len(status.uuid) != _UUID_BYTES:
        return f"{field}.uuid: must have {_UUID_BYTES} bytes, not {len(status.uuid)}"
    if status.executor_id is not None and status.executor_id != call.executor_id:
        return f"{field}.executor_id: must be executor_id, or absent"
    if status.source is not None and status.source is not TaskStatus.Source.SOURCE_EXECUTOR:
        return f"{field}.source: must be SOURCE_EXECUTOR, or absent"
    return None


def subscription_of(call: Call) -> SubscribeExecutor:
    """What a valid SUBSCRIBE tells the agent."""
    assert call.subscribe is not None
    return SubscribeExecutor(
        call.framework_id.value,
        call.executor_id.value,
        call.subscribe.unacknowledged_tasks,
        tuple(update.status for update in call.subscribe.unacknowledged_updates),
        over_http=True,
    )


def message_of(call: Call) -> ExecutorUpdate | ExecutorMessage:
    """What a valid UPDATE or MESSAGE tells the agent, which knows its own id."""
    framework_id, executor_id = call.framework_id.value, call.executor_id.value
    if call.type is Call.Type.UPDATE:
        assert call.update is not None
        return ExecutorUpdate(framework_id, executor_id, call.update.status)
    assert call.message is not None
    return ExecutorMessage(framework_id, "", executor_id, call.message.data)

"""Which message a call of the v1 scheduler API is, unless it is refused before (mesos-protocol.md §2.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from transport.message import Message
from transport.messages import scheduling
from transport.messages.scheduling import OperationReference, TaskReference
from transport.records.framework import FrameworkInfo
from transport.records.ids import FrameworkID, OfferID
from transport.records.scheduler_call import Call

_Type = Call.Type
_UUID_BYTES: Final = 16


def call_error(call: Call) -> str | None:
    """Which rule a call breaks whose type and field are there, or None; names the field (§2.1, §2.3)."""
    framework_id = call.framework_id
    if call.type is _Type.SUBSCRIBE:
        return _subscribe_error(call)
    if framework_id is None:
        return f"framework_id: must be given if type is {'' if call.type is None else call.type.value}"
    rule = None if call.type is None else _RULES.get(call.type)
    return None if rule is None else rule(framework_id, call)


def message_of(call: Call) -> Message:
    """What a valid call tells the master."""
    assert call.type is not None
    framework_id = "" if call.framework_id is None else call.framework_id.value
    body: Any = getattr(call, call.type.value.lower(), None)
    return _MESSAGES[call.type](framework_id, body)


# --- the rules ---


def _subscribe_error(call: Call) -> str | None:
    assert call.subscribe is not None
    own, said = call.framework_id, call.subscribe.framework_info.id
    if own is not None and own.value != ("" if said is None else said.value):
        return "framework_id: must be subscribe.framework_info.id, or absent"
    return None


def _update_framework_error(framework_id: FrameworkID, call: Call) -> str | None:
    assert call.update_framework is not None
    if call.update_framework.framework_info.id == framework_id:
        return None
    return "update_framework.framework_info.id: must be framework_id"


def _acknowledge_error(_framework_id: FrameworkID, call: Call) -> str | None:
    assert call.acknowledge is not None
    return _uuid_error("acknowledge", call.acknowledge.uuid)


def _acknowledge_operation_error(_framework_id: FrameworkID, call: Call) -> str | None:
    acknowledged = call.acknowledge_operation_status
    assert acknowledged is not None
    if acknowledged.agent_id is None:
        return "acknowledge_operation_status.agent_id: must be given"
    return _uuid_error("acknowledge_operation_status", acknowledged.uuid)


def _uuid_error(field: str, uuid: bytes) -> str | None:
    if len(uuid) == _UUID_BYTES:
        return None
    return f"{field}.uuid: must have {_UUID_BYTES} bytes, not {len(uuid)}"


_RULES: Final[Mapping[Call.Type, Callable[[FrameworkID, Call], str | None]]] = {
    _Type.ACKNOWLEDGE: _acknowledge_error,
    _Type.ACKNOWLEDGE_OPERATION_STATUS: _acknowledge_operation_error,
    _Type.UPDATE_FRAMEWORK: _update_framework_error,
}


# --- the messages ---


def _subscribe(_framework_id: str, body: Call.Subscribe) -> Message:
    return scheduling.Subscribe(
        _identified(body.framework_info), body.suppressed_roles, body.offer_constraints
    )


def _identified(info: FrameworkInfo) -> FrameworkInfo:
    """An empty id is none: the framework is new."""
    return replace(info, id=None) if info.id is not None and not info.id.value else info


def _teardown(framework_id: str, _body: None) -> Message:
    return scheduling.Teardown(framework_id)


def _accept(framework_id: str, body: Call.Accept) -> Message:
    return scheduling.AcceptOffers(framework_id, _values(body.offer_ids), body.operations, body.filters)


def _decline(framework_id: str, body: Call.Decline) -> Message:
    return scheduling.DeclineOffers(framework_id, _values(body.offer_ids), body.filters)


def _accept_inverse(framework_id: str, body: Call.AcceptInverseOffers) -> Message:
    return scheduling.AcceptInverseOffers(framework_id, _values(body.inverse_offer_ids), body.filters)


def _decline_inverse(framework_id: str, body: Call.DeclineInverseOffers) -> Message:
    return scheduling.DeclineInverseOffers(framework_id, _values(body.inverse_offer_ids), body.filters)


def _revive(framework_id: str, body: Call.Revive | None) -> Message:
    return scheduling.Revive(framework_id, () if body is None else body.roles)


def _suppress(framework_id: str, body: Call.Suppress | None) -> Message:
    return scheduling.Suppress(framework_id, () if body is None else body.roles)


def _kill(framework_id: str, body: Call.Kill) -> Message:
    return scheduling.Kill(framework_id, body.task_id.value, _optional(body.agent_id), body.kill_policy)


def _shutdown(framework_id: str, body: Call.Shutdown) -> Message:
    return scheduling.Shutdown(framework_id, body.executor_id.value, body.agent_id.value)


def _acknowledge(framework_id: str, body: Call.Acknowledge) -> Message:
    return scheduling.Acknowledge(framework_id, body.agent_id.value, body.task_id.value, body.uuid)


def _acknowledge_operation(framework_id: str, body: Call.AcknowledgeOperationStatus) -> Message:
    assert body.agent_id is not None
    return scheduling.AcknowledgeOperation(
        framework_id,
        body.operation_id.value,
        body.uuid,
        body.agent_id.value,
        _optional(body.resource_provider_id),
    )


def _reconcile(framework_id: str, body: Call.Reconcile) -> Message:
    tasks = (TaskReference(task_id=task.task_id, agent_id=task.agent_id) for task in body.tasks)
    return scheduling.Reconcile(framework_id, tuple(tasks))


def _reconcile_operations(framework_id: str, body: Call.ReconcileOperations) -> Message:
    operations = (
        OperationReference(
            operation_id=one.operation_id.value,
            agent_id=_optional(one.agent_id),
            resource_provider_id=_optional(one.resource_provider_id),
        )
        for one in body.operations
    )
    return scheduling.ReconcileOperations(framework_id, tuple(operations))


def _message(framework_id: str, body: Call.Message) -> Message:
    return scheduling.FrameworkMessage(framework_id, body.agent_id.value, body.executor_id.value, body.data)


def _request(framework_id: str, body: Call.Request) -> Message:
    return scheduling.RequestResources(framework_id, body.requests)


def _update_framework(framework_id: str, body: Call.UpdateFramework) -> Message:
    return scheduling.UpdateFrameworkInfo(
        framework_id, body.framework_info, body.suppressed_roles, body.offer_constraints
    )


_MESSAGES: Final[Mapping[Call.Type, Callable[[str, Any], Message]]] = {
    _Type.SUBSCRIBE: _subscribe,
    _Type.TEARDOWN: _teardown,
    _Type.ACCEPT: _accept,
    _Type.DECLINE: _decline,
    _Type.ACCEPT_INVERSE_OFFERS: _accept_inverse,
    _Type.DECLINE_INVERSE_OFFERS: _decline_inverse,
    _Type.REVIVE: _revive,
    _Type.SUPPRESS: _suppress,
    _Type.KILL: _kill,
    _Type.SHUTDOWN: _shutdown,
    _Type.ACKNOWLEDGE: _acknowledge,
    _Type.ACKNOWLEDGE_OPERATION_STATUS: _acknowledge_operation,
    _Type.RECONCILE: _reconcile,
    _Type.RECONCILE_OPERATIONS: _reconcile_operations,
    _Type.MESSAGE: _message,
    _Type.REQUEST: _request,
    _Type.UPDATE_FRAMEWORK: _update_framework,
}


def _values(ids: tuple[OfferID, ...]) -> tuple[str, ...]:
    return tuple(one.value for one in ids)


def _optional(name: Any) -> str | None:
    return None if name is None else name.value

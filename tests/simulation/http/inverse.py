"""The other way round than `actors.master.http.scheduler_calls` and `scheduler_events`: a client's part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from transport.message import Message
from transport.messages import scheduling
from transport.records.ids import (
    AgentID,
    ExecutorID,
    FrameworkID,
    OfferID,
    OperationID,
    ResourceProviderID,
    TaskID,
)
from transport.records.scheduler_call import Call
from transport.records.scheduler_event import Event

_Type = Call.Type
_Event = Event.Type


def call_of(message: Message) -> Call:
    """The call that says this."""
    kind, field, body = _CALLS[type(message)](message)
    framework_id = getattr(message, "framework_id", "")
    fields: dict[str, Any] = {} if body is None else {field: body}
    return Call(type=kind, framework_id=FrameworkID(value=framework_id) if framework_id else None, **fields)


def message_of(event: Event, framework_id: str) -> Message:
    """The message that a native scheduler would have got instead."""
    assert event.type is not None
    body = getattr(event, event.type.value.lower(), None)
    return _MESSAGES[event.type](body, framework_id)


_Said = tuple[Call.Type, str, Any]


def _ids(values: tuple[str, ...]) -> tuple[OfferID, ...]:
    return tuple(OfferID(value=value) for value in values)


def _agent(value: str | None) -> AgentID | None:
    return None if value is None else AgentID(value=value)


def _provider(value: str | None) -> ResourceProviderID | None:
    return None if value is None else ResourceProviderID(value=value)


def _subscribe(one: scheduling.Subscribe) -> _Said:
    body = Call.Subscribe(
        framework_info=one.framework,
        suppressed_roles=one.suppressed_roles,
        offer_constraints=one.constraints,
    )
    return _Type.SUBSCRIBE, "subscribe", body


def _update_framework(one: scheduling.UpdateFrameworkInfo) -> _Said:
    body = Call.UpdateFramework(
        framework_info=one.framework,
        suppressed_roles=one.suppressed_roles,
        offer_constraints=one.constraints,
    )
    return _Type.UPDATE_FRAMEWORK, "update_framework", body


def _accept(one: scheduling.AcceptOffers) -> _Said:
    body = Call.Accept(offer_ids=_ids(one.offer_ids), operations=one.operations, filters=one.filters)
    return _Type.ACCEPT, "accept", body


def _decline(one: scheduling.DeclineOffers) -> _Said:
    return _Type.DECLINE, "decline", Call.Decline(offer_ids=_ids(one.offer_ids), filters=one.filters)


def _accept_inverse(one: scheduling.AcceptInverseOffers) -> _Said:
    body = Call.AcceptInverseOffers(inverse_offer_ids=_ids(one.inverse_offer_ids), filters=one.filters)
    return _Type.ACCEPT_INVERSE_OFFERS, "accept_inverse_offers", body


def _decline_inverse(one: scheduling.DeclineInverseOffers) -> _Said:
    body = Call.DeclineInverseOffers(inverse_offer_ids=_ids(one.inverse_offer_ids), filters=one.filters)
    return _Type.DECLINE_INVERSE_OFFERS, "decline_inverse_offers", body


def _kill(one: scheduling.Kill) -> _Said:
    body = Call.Kill(
        task_id=TaskID(value=one.task_id), agent_id=_agent(one.agent_id), kill_policy=one.kill_policy
    )
    return _Type.KILL, "kill", body


def _shutdown(one: scheduling.Shutdown) -> _Said:
    executor_id = ExecutorID(value=one.executor_id)
    body = Call.Shutdown(executor_id=executor_id, agent_id=AgentID(value=one.agent_id))
    return _Type.SHUTDOWN, "shutdown", body


def _acknowledge(one: scheduling.Acknowledge) -> _Said:
    agent_id, task_id = AgentID(value=one.agent_id), TaskID(value=one.task_id)
    body = Call.Acknowledge(agent_id=agent_id, task_id=task_id, uuid=one.uuid)
    return _Type.ACKNOWLEDGE, "acknowledge", body


def _acknowledge_operation(one: scheduling.AcknowledgeOperation) -> _Said:
    body = Call.AcknowledgeOperationStatus(
        agent_id=AgentID(value=one.agent_id),
        resource_provider_id=_provider(one.resource_provider_id),
        uuid=one.uuid,
        operation_id=OperationID(value=one.operation_id),
    )
    return _Type.ACKNOWLEDGE_OPERATION_STATUS, "acknowledge_operation_status", body


def _reconcile(one: scheduling.Reconcile) -> _Said:
    tasks = (Call.Reconcile.Task(task_id=task.task_id, agent_id=task.agent_id) for task in one.tasks)
    return _Type.RECONCILE, "reconcile", Call.Reconcile(tasks=tuple(tasks))


def _reconcile_operations(one: scheduling.ReconcileOperations) -> _Said:
    operations = (
        Call.ReconcileOperations.Operation(
            operation_id=OperationID(value=operation.operation_id),
            agent_id=_agent(operation.agent_id),
            resource_provider_id=_provider(operation.resource_provider_id),
        )
        for operation in one.operations
    )
    body = Call.ReconcileOperations(operations=tuple(operations))
    return _Type.RECONCILE_OPERATIONS, "reconcile_operations", body


def _message(one: scheduling.FrameworkMessage) -> _Said:
    agent_id, executor_id = AgentID(value=one.agent_id), ExecutorID(value=one.executor_id)
    body = Call.Message(agent_id=agent_id, executor_id=executor_id, data=one.data)
    return _Type.MESSAGE, "message", body


_CALLS: Final[Mapping[type[Message], Callable[[Any], _Said]]] = {
    scheduling.Subscribe: _subscribe,
    scheduling.UpdateFrameworkInfo: _update_framework,
    scheduling.Teardown: lambda _one: (_Type.TEARDOWN, "", None),
    scheduling.AcceptOffers: _accept,
    scheduling.DeclineOffers: _decline,
    scheduling.AcceptInverseOffers: _accept_inverse,
    scheduling.DeclineInverseOffers: _decline_inverse,
    scheduling.Revive: lambda one: (_Type.REVIVE, "revive", Call.Revive(roles=one.roles)),
    scheduling.Suppress: lambda one: (_Type.SUPPRESS, "suppress", Call.Suppress(roles=one.roles)),
    scheduling.RequestResources: lambda one: (
        _Type.REQUEST,
        "request",
        Call.Request(requests=one.requests),
    ),
    scheduling.Kill: _kill,
    scheduling.Shutdown: _shutdown,
    scheduling.Acknowledge: _acknowledge,
    scheduling.AcknowledgeOperation: _acknowledge_operation,
    scheduling.Reconcile: _reconcile,
    scheduling.ReconcileOperations: _reconcile_operations,
    scheduling.FrameworkMessage: _message,
}


def _subscribed(body: Event.Subscribed, _framework_id: str) -> Message:
    assert body.heartbeat_interval_seconds is not None
    assert body.master_info is not None
    return scheduling.Subscribed(body.framework_id.value, body.heartbeat_interval_seconds, body.master_info)


def _failure(body: Event.Failure, _framework_id: str) -> Message:
    assert body.agent_id is not None
    executor_id = None if body.executor_id is None else body.executor_id.value
    return scheduling.Failure(body.agent_id.value, executor_id, body.status)


def _executor_message(body: Event.Message, framework_id: str) -> Message:
    return scheduling.ExecutorMessage(framework_id, body.agent_id.value, body.executor_id.value, body.data)


_MESSAGES: Final[Mapping[Event.Type, Callable[[Any, str], Message]]] = {
    _Event.SUBSCRIBED: _subscribed,
    _Event.HEARTBEAT: lambda _body, _id: scheduling.Heartbeat(),
    _Event.ERROR: lambda body, _id: scheduling.SchedulerError(body.message),
    _Event.OFFERS: lambda body, _id: scheduling.ResourceOffers(body.offers),
    _Event.RESCIND: lambda body, _id: scheduling.RescindOffer(body.offer_id.value),
    _Event.INVERSE_OFFERS: lambda body, _id: scheduling.InverseOffers(body.inverse_offers),
    _Event.RESCIND_INVERSE_OFFER: lambda body, _id: scheduling.RescindInverseOffer(
        body.inverse_offer_id.value
    ),
    _Event.UPDATE: lambda body, _id: scheduling.TaskUpdate(body.status),
    _Event.UPDATE_OPERATION_STATUS: lambda body, _id: scheduling.OperationUpdate(body.status),
    _Event.MESSAGE: _executor_message,
    _Event.FAILURE: _failure,
}

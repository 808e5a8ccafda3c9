"""Which event of the v1 scheduler API a message of the master is (mesos-protocol.md §2.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from transport.messages import scheduling
from transport.records.ids import AgentID, ExecutorID, FrameworkID, OfferID
from transport.records.scheduler_event import Event

_Type = Event.Type


def event_of(message: object) -> Event | None:
    """The event; None for what schedulers are not told over HTTP."""
    translate = _EVENTS.get(type(message))
    return None if translate is None else translate(message)


def _subscribed(message: scheduling.Subscribed) -> Event:
    subscribed = Event.Subscribed(
        framework_id=FrameworkID(value=message.framework_id),
        heartbeat_interval_seconds=message.heartbeat_interval_seconds,
        master_info=message.master,
    )
    return Event(type=_Type.SUBSCRIBED, subscribed=subscribed)


def _heartbeat(_message: scheduling.Heartbeat) -> Event:
    return Event(type=_Type.HEARTBEAT)


def _error(message: scheduling.SchedulerError) -> Event:
    return Event(type=_Type.ERROR, error=Event.Error(message=message.message))


def _offers(message: scheduling.ResourceOffers) -> Event:
    return Event(type=_Type.OFFERS, offers=Event.Offers(offers=message.offers))


def _rescind(message: scheduling.RescindOffer) -> Event:
    return Event(type=_Type.RESCIND, rescind=Event.Rescind(offer_id=OfferID(value=message.offer_id)))


def _inverse_offers(message: scheduling.InverseOffers) -> Event:
    inverse_offers = Event.InverseOffers(inverse_offers=message.inverse_offers)
    return Event(type=_Type.INVERSE_OFFERS, inverse_offers=inverse_offers)


def _rescind_inverse(message: scheduling.RescindInverseOffer) -> Event:
    rescind = Event.RescindInverseOffer(inverse_offer_id=OfferID(value=message.inverse_offer_id))
    return Event(type=_Type.RESCIND_INVERSE_OFFER, rescind_inverse_offer=rescind)


def _update(message: scheduling.TaskUpdate) -> Event:
    return Event(type=_Type.UPDATE, update=Event.Update(status=message.status))


def _operation_update(message: scheduling.OperationUpdate) -> Event:
    update = Event.UpdateOperationStatus(status=message.status)
    return Event(type=_Type.UPDATE_OPERATION_STATUS, update_operation_status=update)


def _message(message: scheduling.ExecutorMessage) -> Event:
    said = Event.Message(
        agent_id=AgentID(value=message.agent_id),
        executor_id=ExecutorID(value=message.executor_id),
        data=message.data,
    )
    return Event(type=_Type.MESSAGE, message=said)


def _failure(message: scheduling.Failure) -> Event:
    executor_id = message.executor_id
    failure = Event.Failure(
        agent_id=AgentID(value=message.agent_id),
        executor_id=None if executor_id is None else ExecutorID(value=executor_id),
        status=message.status,
    )
    return Event(type=_Type.FAILURE, failure=failure)


_EVENTS: Final[Mapping[type, Callable[[Any], Event]]] = {
    scheduling.Subscribed: _subscribed,
    scheduling.Heartbeat: _heartbeat,
    scheduling.SchedulerError: _error,
    scheduling.ResourceOffers: _offers,
    scheduling.RescindOffer: _rescind,
    scheduling.InverseOffers: _inverse_offers,
    scheduling.RescindInverseOffer: _rescind_inverse,
    scheduling.TaskUpdate: _update,
    scheduling.OperationUpdate: _operation_update,
    scheduling.ExecutorMessage: _message,
    scheduling.Failure: _failure,
}

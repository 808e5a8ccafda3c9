"""What a framework asked for, was told, and what came of it: counted for its metrics (mesos-metrics.tsv)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from transport.messages import scheduling
from transport.records.offer import Offer
from transport.records.scheduler_call import Call
from transport.records.scheduler_event import Event
from transport.records.task_status import TaskState

_Call = Call.Type
_Event = Event.Type

#: What schedulers say, as calls of the v1 API.
CALLS: Final[Mapping[type, Call.Type]] = {
    scheduling.Subscribe: _Call.SUBSCRIBE,
    scheduling.UpdateFrameworkInfo: _Call.UPDATE_FRAMEWORK,
    scheduling.Teardown: _Call.TEARDOWN,
    scheduling.AcceptOffers: _Call.ACCEPT,
    scheduling.DeclineOffers: _Call.DECLINE,
    scheduling.AcceptInverseOffers: _Call.ACCEPT_INVERSE_OFFERS,
    scheduling.DeclineInverseOffers: _Call.DECLINE_INVERSE_OFFERS,
    scheduling.Revive: _Call.REVIVE,
    scheduling.Suppress: _Call.SUPPRESS,
    scheduling.RequestResources: _Call.REQUEST,
    scheduling.Kill: _Call.KILL,
    scheduling.Shutdown: _Call.SHUTDOWN,
    scheduling.Acknowledge: _Call.ACKNOWLEDGE,
    scheduling.AcknowledgeOperation: _Call.ACKNOWLEDGE_OPERATION_STATUS,
    scheduling.Reconcile: _Call.RECONCILE,
    scheduling.ReconcileOperations: _Call.RECONCILE_OPERATIONS,
    scheduling.FrameworkMessage: _Call.MESSAGE,
}
#: What they are told, as its events.
EVENTS: Final[Mapping[type, Event.Type]] = {
    scheduling.Subscribed: _Event.SUBSCRIBED,
    scheduling.Heartbeat: _Event.HEARTBEAT,
    scheduling.ResourceOffers: _Event.OFFERS,
    scheduling.InverseOffers: _Event.INVERSE_OFFERS,
    scheduling.RescindOffer: _Event.RESCIND,
    scheduling.RescindInverseOffer: _Event.RESCIND_INVERSE_OFFER,
    scheduling.TaskUpdate: _Event.UPDATE,
    scheduling.OperationUpdate: _Event.UPDATE_OPERATION_STATUS,
    scheduling.ExecutorMessage: _Event.MESSAGE,
    scheduling.Failure: _Event.FAILURE,
    scheduling.SchedulerError: _Event.ERROR,
}


class Tally:
    """Counts since this master knows the framework; one thread counts, any may read."""

    __slots__ = (
        "calls",
        "events",
        "offers_accepted",
        "offers_declined",
        "offers_rescinded",
        "offers_sent",
        "operations",
        "task_ends",
    )

    def __init__(self) -> None:
        self.calls: dict[Call.Type, int] = {}
        self.events: dict[Event.Type, int] = {}
        self.operations: dict[Offer.Operation.Type, int] = {}
        #: Tasks that ended, by their last state.
        self.task_ends: dict[TaskState, int] = {}
        self.offers_sent = 0
        self.offers_accepted = 0
        self.offers_declined = 0
        self.offers_rescinded = 0

    def called(self, kind: type) -> None:
        """It sent a message of that type."""
        call = CALLS[kind]
        self.calls[call] = self.calls.get(call, 0) + 1

    def told(self, event: Event.Type) -> None:
        """It was sent that event."""
        self.events[event] = self.events.get(event, 0) + 1

    def asked(self, operation: Offer.Operation.Type | None) -> None:
        """An ACCEPT of it held that operation."""
        kind = operation or Offer.Operation.Type.UNKNOWN
        self.operations[kind] = self.operations.get(kind, 0) + 1

    def ended(self, state: TaskState) -> None:
        """A task of it ended so."""
        self.task_ends[state] = self.task_ends.get(state, 0) + 1

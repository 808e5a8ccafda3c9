"""What the master tells a scheduler: the events of the v1 scheduler API (mesos-protocol.md §2.4)."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Int32, Record, number
from transport.records.enumeration import Enumeration
from transport.records.ids import AgentID, ExecutorID, FrameworkID, OfferID
from transport.records.master import MasterInfo
from transport.records.offer import InverseOffer, Offer
from transport.records.operation import OperationStatus
from transport.records.task_status import TaskStatus

#: The protobuf package of the messages declared here.
PROTO_PACKAGE = "mesos.v1.scheduler"


class Event(Record):
    """One event; the field of its `type` says the rest."""

    class Type(Enumeration):
        """What happened."""

        UNKNOWN = auto(), 0
        SUBSCRIBED = auto(), 1
        OFFERS = auto(), 2
        INVERSE_OFFERS = auto(), 9
        RESCIND = auto(), 3
        RESCIND_INVERSE_OFFER = auto(), 10
        UPDATE = auto(), 4
        UPDATE_OPERATION_STATUS = auto(), 11
        MESSAGE = auto(), 5
        FAILURE = auto(), 6
        ERROR = auto(), 7
        HEARTBEAT = auto(), 8

    class Subscribed(Record):
        """The first event of every stream."""

        framework_id: Annotated[FrameworkID, number(1)]
        heartbeat_interval_seconds: Annotated[float | None, number(2)] = None
        master_info: Annotated[MasterInfo | None, number(3)] = None

    class Offers(Record):
        """Resources that may be used now."""

        offers: Annotated[tuple[Offer, ...], number(1)] = ()

    class InverseOffers(Record):
        """Requests to give resources back."""

        inverse_offers: Annotated[tuple[InverseOffer, ...], number(1)] = ()

    class Rescind(Record):
        """An offer that no longer holds."""

        offer_id: Annotated[OfferID, number(1)]

    class RescindInverseOffer(Record):
        """An inverse offer that no longer holds."""

        inverse_offer_id: Annotated[OfferID, number(1)]

    class Update(Record):
        """A status of a task, to be acknowledged if it has a `uuid`."""

        status: Annotated[TaskStatus, number(1)]

    class UpdateOperationStatus(Record):
        """A status of an operation, to be acknowledged if it has a `uuid`."""

        status: Annotated[OperationStatus, number(1)]

    class Message(Record):
        """Data from an executor."""

        agent_id: Annotated[AgentID, number(1)]
        executor_id: Annotated[ExecutorID, number(2)]
        data: Annotated[bytes, number(3)]

    class Failure(Record):
        """An executor that ended with `status`, or without `executor_id` a lost agent."""

        agent_id: Annotated[AgentID | None, number(1)] = None
        executor_id: Annotated[ExecutorID | None, number(2)] = None
        status: Annotated[Int32 | None, number(3)] = None

    class Error(Record):
        """Why the stream ends."""

        message: Annotated[str, number(1)]

    type: Annotated[Type | None, number(1)] = None
    subscribed: Annotated[Subscribed | None, number(2)] = None
    offers: Annotated[Offers | None, number(3)] = None
    inverse_offers: Annotated[InverseOffers | None, number(9)] = None
    rescind: Annotated[Rescind | None, number(4)] = None
    rescind_inverse_offer: Annotated[RescindInverseOffer | None, number(10)] = None
    update: Annotated[Update | None, number(5)] = None
    update_operation_status: Annotated[UpdateOperationStatus | None, number(11)] = None
    message: Annotated[Message | None, number(6)] = None
    failure: Annotated[Failure | None, number(7)] = None
    error: Annotated[Error | None, number(8)] = None

"""What a scheduler tells the master: the calls of the v1 scheduler API (mesos-protocol.md §2.3)."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, number
from transport.records.check import KillPolicy
from transport.records.enumeration import Enumeration
from transport.records.framework import FrameworkInfo
from transport.records.ids import (
    AgentID,
    ExecutorID,
    FrameworkID,
    OfferID,
    OperationID,
    ResourceProviderID,
    TaskID,
)
from transport.records.offer import Filters, Offer
from transport.records.offer import Request as ResourceRequest
from transport.records.offer_constraints import OfferConstraints

#: The protobuf package of the messages declared here.
PROTO_PACKAGE = "mesos.v1.scheduler"


class Call(Record):
    """One call; the field of its `type` says the rest. Every type but SUBSCRIBE needs `framework_id`."""

    class Type(Enumeration):
        """What is asked."""

        UNKNOWN = auto(), 0
        SUBSCRIBE = auto(), 1
        TEARDOWN = auto(), 2
        ACCEPT = auto(), 3
        DECLINE = auto(), 4
        ACCEPT_INVERSE_OFFERS = auto(), 13
        DECLINE_INVERSE_OFFERS = auto(), 14
        REVIVE = auto(), 5
        KILL = auto(), 6
        SHUTDOWN = auto(), 7
        ACKNOWLEDGE = auto(), 8
        ACKNOWLEDGE_OPERATION_STATUS = auto(), 15
        RECONCILE = auto(), 9
        RECONCILE_OPERATIONS = auto(), 16
        MESSAGE = auto(), 10
        REQUEST = auto(), 11
        SUPPRESS = auto(), 12
        UPDATE_FRAMEWORK = auto(), 17

    class Subscribe(Record):
        """Open the stream of events, as a new framework or as one that was here before."""

        framework_info: Annotated[FrameworkInfo, number(1)]
        suppressed_roles: Annotated[tuple[str, ...], number(2)] = ()
        offer_constraints: Annotated[OfferConstraints | None, number(3)] = None

    class Accept(Record):
        """Use offers together, for operations in their order; what is left over is declined."""

        offer_ids: Annotated[tuple[OfferID, ...], number(1)] = ()
        operations: Annotated[tuple[Offer.Operation, ...], number(2)] = ()
        filters: Annotated[Filters | None, number(3)] = None

    class Decline(Record):
        """Leave offers unused."""

        offer_ids: Annotated[tuple[OfferID, ...], number(1)] = ()
        filters: Annotated[Filters | None, number(2)] = None

    class AcceptInverseOffers(Record):
        """Promise to give back what inverse offers ask for."""

        inverse_offer_ids: Annotated[tuple[OfferID, ...], number(1)] = ()
        filters: Annotated[Filters | None, number(2)] = None

    class DeclineInverseOffers(Record):
        """Not promise it."""

        inverse_offer_ids: Annotated[tuple[OfferID, ...], number(1)] = ()
        filters: Annotated[Filters | None, number(2)] = None

    class Revive(Record):
        """Forget the filters of these roles and offer to them again, or to all if none is named."""

        roles: Annotated[tuple[str, ...], number(1)] = ()

    class Kill(Record):
        """Kill a task."""

        task_id: Annotated[TaskID, number(1)]
        agent_id: Annotated[AgentID | None, number(2)] = None
        kill_policy: Annotated[KillPolicy | None, number(3)] = None

    class Shutdown(Record):
        """Shut an executor down, with all its tasks."""

        executor_id: Annotated[ExecutorID, number(1)]
        agent_id: Annotated[AgentID, number(2)]

    class Acknowledge(Record):
        """Confirm a status update, so that its agent sends the next one; `uuid` has 16 bytes."""

        agent_id: Annotated[AgentID, number(1)]
        task_id: Annotated[TaskID, number(2)]
        uuid: Annotated[bytes, number(3)]

    class AcknowledgeOperationStatus(Record):
        """Confirm an operation's status update; `uuid` has 16 bytes."""

        agent_id: Annotated[AgentID | None, number(1)] = None
        resource_provider_id: Annotated[ResourceProviderID | None, number(2)] = None
        uuid: Annotated[bytes, number(3)]
        operation_id: Annotated[OperationID, number(4)]

    class Reconcile(Record):
        """Ask for the latest status of these tasks, or of all if there are none."""

        class Task(Record):
            """A task to reconcile, and the agent where it should be."""

            task_id: Annotated[TaskID, number(1)]
            agent_id: Annotated[AgentID | None, number(2)] = None

        tasks: Annotated[tuple[Task, ...], number(1)] = ()

    class ReconcileOperations(Record):
        """Ask for the latest status of these operations, or of all if there are none."""

        class Operation(Record):
            """An operation to reconcile, and where it should be."""

            operation_id: Annotated[OperationID, number(1)]
            agent_id: Annotated[AgentID | None, number(2)] = None
            resource_provider_id: Annotated[ResourceProviderID | None, number(3)] = None

        operations: Annotated[tuple[Operation, ...], number(1)] = ()

    class Message(Record):
        """Pass data on to an executor; it may get lost."""

        agent_id: Annotated[AgentID, number(1)]
        executor_id: Annotated[ExecutorID, number(2)]
        data: Annotated[bytes, number(3)]

    class Request(Record):
        """Hint at what could be used; ignored by the allocator."""

        requests: Annotated[tuple[ResourceRequest, ...], number(1)] = ()

    class Suppress(Record):
        """Make no more offers to these roles, or to all if none is named."""

        roles: Annotated[tuple[str, ...], number(1)] = ()

    class UpdateFramework(Record):
        """Replace what is known of the framework, its suppressed roles and its constraints."""

        framework_info: Annotated[FrameworkInfo, number(1)]
        suppressed_roles: Annotated[tuple[str, ...], number(2)] = ()
        offer_constraints: Annotated[OfferConstraints | None, number(3)] = None

    framework_id: Annotated[FrameworkID | None, number(1)] = None
    type: Annotated[Type | None, number(2)] = None
    subscribe: Annotated[Subscribe | None, number(3)] = None
    accept: Annotated[Accept | None, number(4)] = None
    decline: Annotated[Decline | None, number(5)] = None
    accept_inverse_offers: Annotated[AcceptInverseOffers | None, number(13)] = None
    decline_inverse_offers: Annotated[DeclineInverseOffers | None, number(14)] = None
    revive: Annotated[Revive | None, number(15)] = None
    kill: Annotated[Kill | None, number(6)] = None
    shutdown: Annotated[Shutdown | None, number(7)] = None
    acknowledge: Annotated[Acknowledge | None, number(8)] = None
    acknowledge_operation_status: Annotated[AcknowledgeOperationStatus | None, number(17)] = None
    reconcile: Annotated[Reconcile | None, number(9)] = None
    reconcile_operations: Annotated[ReconcileOperations | None, number(18)] = None
    message: Annotated[Message | None, number(10)] = None
    request: Annotated[Request | None, number(11)] = None
    suppress: Annotated[Suppress | None, number(16)] = None
    update_framework: Annotated[UpdateFramework | None, number(19)] = None

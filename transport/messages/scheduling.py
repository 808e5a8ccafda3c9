"""A scheduler and the master: the calls and events of the v1 scheduler API (mesos-protocol.md §2).

A scheduler links the master it subscribed with, and the master links it: a broken link is a disconnection
(§2.6). Ids are the values of FrameworkID, AgentID and so on. Calls other than Subscribe that come from
anyone but the framework's subscribed scheduler are dropped.
"""

from __future__ import annotations

from transport.message import DomesticMessage, Message
from transport.record import Record
from transport.records.check import KillPolicy
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, TaskID
from transport.records.master import MasterInfo
from transport.records.offer import Filters, InverseOffer, Offer, Request
from transport.records.offer_constraints import OfferConstraints
from transport.records.operation import OperationStatus
from transport.records.task_status import TaskStatus

# --- subscription ---


class Subscribe(Message):
    """A scheduler wants to be told of offers and updates: a new framework, or (with an id) one that is back.

    Answered by Subscribed or SchedulerError; sent again until then. With `force` unset (v0 drivers alone) a
    framework that is connected elsewhere is not taken over.
    """

    framework: FrameworkInfo
    suppressed_roles: tuple[str, ...] = ()
    constraints: OfferConstraints | None = None
    force: bool = True


class Subscribed(Message):
    """The framework is known by this id from now on; events follow."""

    framework_id: str
    heartbeat_interval_seconds: float
    master: MasterInfo


class Heartbeat(Message):
    """The master lives; the first one follows Subscribed at once."""


class SchedulerError(Message):
    """The subscription cannot be, or ends here; nothing follows."""

    message: str


class UpdateFrameworkInfo(Message):
    """Replace what the framework said of itself; answered by FrameworkInfoUpdated."""

    framework_id: str
    framework: FrameworkInfo
    suppressed_roles: tuple[str, ...] = ()
    constraints: OfferConstraints | None = None


class FrameworkInfoUpdated(Message):
    """The answer: why it could not be replaced, or None when it was."""

    error: str | None = None


class Teardown(Message):
    """End the framework, and all that it runs."""

    framework_id: str


class FindFramework(DomesticMessage):
    """Is there such a framework, and is it subscribed? Answered by FrameworkFound."""

    framework_id: str


class FrameworkFound(DomesticMessage):
    """The answer; a framework that is over is not `known`, one that is subscribed is `connected`."""

    known: bool
    connected: bool = False


# --- offers ---


class ResourceOffers(Message):
    """Resources that the framework may use until it accepts, declines, or they are rescinded."""

    offers: tuple[Offer, ...]


class RescindOffer(Message):
    """An offer is no longer valid."""

    offer_id: str


class OffersOutstanding(Message):
    """Offers that were made a while ago: those that the scheduler never got, it gives back."""

    offer_ids: tuple[str, ...]


class AcceptOffers(Message):
    """Perform operations on what was offered, in order; the rest counts as declined."""

    framework_id: str
    offer_ids: tuple[str, ...]
    operations: tuple[Offer.Operation, ...] = ()
    filters: Filters | None = None


class DeclineOffers(Message):
    """Give offers back."""

    framework_id: str
    offer_ids: tuple[str, ...]
    filters: Filters | None = None


class Revive(Message):
    """Offer again what was refused, and to roles that were suppressed: those given, or (none) all."""

    framework_id: str
    roles: tuple[str, ...] = ()


class Suppress(Message):
    """Make no offers to the roles given, or (none) to any."""

    framework_id: str
    roles: tuple[str, ...] = ()


class RequestResources(Message):
    """A hint at what could be used; the built-in allocator ignores it."""

    framework_id: str
    requests: tuple[Request, ...] = ()


class InverseOffers(Message):
    """The master asks for resources back: their machines will be away."""

    inverse_offers: tuple[InverseOffer, ...]


class RescindInverseOffer(Message):
    """An inverse offer is no longer valid."""

    inverse_offer_id: str


class AcceptInverseOffers(Message):
    """The framework will be gone from these machines in time."""

    framework_id: str
    inverse_offer_ids: tuple[str, ...]
    filters: Filters | None = None


class DeclineInverseOffers(Message):
    """The framework may not be gone from these machines in time."""

    framework_id: str
    inverse_offer_ids: tuple[str, ...]
    filters: Filters | None = None


# --- tasks ---


class TaskUpdate(Message):
    """What became of a task; to be acknowledged when the status has a uuid."""

    status: TaskStatus


class Acknowledge(Message):
    """The framework has dealt with an update, durably if it must be."""

    framework_id: str
    agent_id: str
    task_id: str
    uuid: bytes


class Kill(Message):
    """End a task; an unknown one is answered like Reconcile."""

    framework_id: str
    task_id: str
    agent_id: str | None = None
    kill_policy: KillPolicy | None = None


class TaskReference(Record):
    """A task that the framework asks about, and where it ran if that is known."""

    task_id: TaskID
    agent_id: AgentID | None = None


class Reconcile(Message):
    """Tell the latest state of these tasks, or (none given) of all that are not over."""

    framework_id: str
    tasks: tuple[TaskReference, ...] = ()


# --- executors and agents ---


class Shutdown(Message):
    """End an executor and what it runs."""

    framework_id: str
    executor_id: str
    agent_id: str


class FrameworkMessage(Message):
    """Bytes for an executor, at most once; goes on to the agent and the executor as it is."""

    framework_id: str
    agent_id: str
    executor_id: str
    data: bytes


class ExecutorMessage(Message):
    """Bytes from an executor for its scheduler, at most once; goes by agent and master as it is."""

    framework_id: str
    agent_id: str
    executor_id: str
    data: bytes


class Failure(Message):
    """An executor ended (`status` is its wait status) or, without executor, an agent is lost."""

    agent_id: str
    executor_id: str | None = None
    status: int | None = None


# --- operations ---


class OperationUpdate(Message):
    """What became of an operation that has an id; to be acknowledged when the status has a uuid."""

    status: OperationStatus


class AcknowledgeOperation(Message):
    """The framework has dealt with an operation's update."""

    framework_id: str
    operation_id: str
    uuid: bytes
    agent_id: str
    resource_provider_id: str | None = None


class OperationReference(Record):
    """An operation that the framework asks about."""

    operation_id: str
    agent_id: str | None = None
    resource_provider_id: str | None = None


class ReconcileOperations(Message):
    """Tell the latest state of these operations, or (none given) of all with an id."""

    framework_id: str
    operations: tuple[OperationReference, ...] = ()

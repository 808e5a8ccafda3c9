"""Every call and every event of the v1 scheduler API, beside the message that it is."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from transport.message import Message
from transport.messages import scheduling
from transport.messages.scheduling import OperationReference, TaskReference
from transport.records.check import KillPolicy
from transport.records.framework import FrameworkInfo
from transport.records.ids import (
    UUID,
    AgentID,
    ExecutorID,
    FrameworkID,
    OfferID,
    OperationID,
    ResourceProviderID,
    TaskID,
)
from transport.records.master import MasterInfo
from transport.records.offer import Filters, InverseOffer, Offer
from transport.records.offer import Request as ResourceRequest
from transport.records.offer_constraints import OfferConstraints
from transport.records.operation import OperationState, OperationStatus
from transport.records.resources import Resources
from transport.records.scheduler_call import Call
from transport.records.scheduler_event import Event
from transport.records.task_status import TaskState, TaskStatus
from transport.records.time_info import DurationInfo, TimeInfo, Unavailability

F: Final = "m-0000"
FRAMEWORK: Final = FrameworkID(value=F)
AGENT: Final = AgentID(value="m-S0")
EXECUTOR: Final = ExecutorID(value="shop")
TASK: Final = TaskID(value="t1")
UUID_BYTES: Final = bytes(range(16))
#: With what JSON tells of it even if it is not set.
INFO: Final = FrameworkInfo(
    user="root", name="jobs", id=FRAMEWORK, roles=("a", "b"), failover_timeout=0.0, checkpoint=False
)
NEW: Final = replace(INFO, id=None)
MASTER_INFO: Final = MasterInfo(id="m", ip=16777343, port=5050, hostname="here")
_CONSTRAINTS: Final = OfferConstraints(role_constraints={"a": OfferConstraints.RoleConstraints()})
_FILTERS: Final = Filters(refuse_seconds=2.0)
_POLICY: Final = KillPolicy(grace_period=DurationInfo(nanoseconds=5))
_LAUNCH: Final = Offer.Operation(type=Offer.Operation.Type.LAUNCH, launch=Offer.Operation.Launch())
_REQUEST: Final = ResourceRequest(agent_id=AGENT, resources=tuple(Resources.parse("cpus:1")))
_IDS: Final = (OfferID(value="m-O1"), OfferID(value="m-O2"))
_TYPE = Call.Type

#: Each type once at least; UNKNOWN is none.
CALLS: Final[tuple[tuple[Call, Message], ...]] = (
    (
        Call(
            type=_TYPE.SUBSCRIBE,
            subscribe=Call.Subscribe(
                framework_info=INFO, suppressed_roles=("b",), offer_constraints=_CONSTRAINTS
            ),
            framework_id=FRAMEWORK,
        ),
        scheduling.Subscribe(INFO, ("b",), _CONSTRAINTS),
    ),
    (
        Call(
            type=_TYPE.SUBSCRIBE,
            subscribe=Call.Subscribe(framework_info=replace(INFO, id=FrameworkID(value=""))),
        ),
        scheduling.Subscribe(NEW),
    ),
    (Call(type=_TYPE.TEARDOWN, framework_id=FRAMEWORK), scheduling.Teardown(F)),
    (
        Call(
            type=_TYPE.ACCEPT,
            framework_id=FRAMEWORK,
            accept=Call.Accept(offer_ids=_IDS, operations=(_LAUNCH,), filters=_FILTERS),
        ),
        scheduling.AcceptOffers(F, ("m-O1", "m-O2"), (_LAUNCH,), _FILTERS),
    ),
    (
        Call(type=_TYPE.DECLINE, framework_id=FRAMEWORK, decline=Call.Decline(offer_ids=_IDS[:1])),
        scheduling.DeclineOffers(F, ("m-O1",)),
    ),
    (
        Call(
            type=_TYPE.ACCEPT_INVERSE_OFFERS,
            framework_id=FRAMEWORK,
            accept_inverse_offers=Call.AcceptInverseOffers(inverse_offer_ids=_IDS, filters=_FILTERS),
        ),
        scheduling.AcceptInverseOffers(F, ("m-O1", "m-O2"), _FILTERS),
    ),
    (
        Call(
            type=_TYPE.DECLINE_INVERSE_OFFERS,
            framework_id=FRAMEWORK,
            decline_inverse_offers=Call.DeclineInverseOffers(inverse_offer_ids=_IDS),
        ),
        scheduling.DeclineInverseOffers(F, ("m-O1", "m-O2")),
    ),
    (
        Call(type=_TYPE.REVIVE, framework_id=FRAMEWORK, revive=Call.Revive(roles=("a",))),
        scheduling.Revive(F, ("a",)),
    ),
    (Call(type=_TYPE.REVIVE, framework_id=FRAMEWORK), scheduling.Revive(F)),
    (
        Call(type=_TYPE.SUPPRESS, framework_id=FRAMEWORK, suppress=Call.Suppress(roles=("a",))),
        scheduling.Suppress(F, ("a",)),
    ),
    (Call(type=_TYPE.SUPPRESS, framework_id=FRAMEWORK), scheduling.Suppress(F)),
    (
        Call(
            type=_TYPE.KILL,
            framework_id=FRAMEWORK,
            kill=Call.Kill(task_id=TASK, agent_id=AGENT, kill_policy=_POLICY),
        ),
        scheduling.Kill(F, "t1", "m-S0", _POLICY),
    ),
    (
        Call(type=_TYPE.KILL, framework_id=FRAMEWORK, kill=Call.Kill(task_id=TASK)),
        scheduling.Kill(F, "t1"),
    ),
    (
        Call(
            type=_TYPE.SHUTDOWN,
            framework_id=FRAMEWORK,
            shutdown=Call.Shutdown(executor_id=EXECUTOR, agent_id=AGENT),
        ),
        scheduling.Shutdown(F, "shop", "m-S0"),
    ),
    (
        Call(
            type=_TYPE.ACKNOWLEDGE,
            framework_id=FRAMEWORK,
            acknowledge=Call.Acknowledge(agent_id=AGENT, task_id=TASK, uuid=UUID_BYTES),
        ),
        scheduling.Acknowledge(F, "m-S0", "t1", UUID_BYTES),
    ),
    (
        Call(
            type=_TYPE.ACKNOWLEDGE_OPERATION_STATUS,
            framework_id=FRAMEWORK,
            acknowledge_operation_status=Call.AcknowledgeOperationStatus(
                agent_id=AGENT,
                resource_provider_id=ResourceProviderID(value="disks"),
                uuid=UUID_BYTES,
                operation_id=OperationID(value="o1"),
            ),
        ),
        scheduling.AcknowledgeOperation(F, "o1", UUID_BYTES, "m-S0", "disks"),
    ),
    (
        Call(
            type=_TYPE.RECONCILE,
            framework_id=FRAMEWORK,
            reconcile=Call.Reconcile(tasks=(Call.Reconcile.Task(task_id=TASK, agent_id=AGENT),)),
        ),
        scheduling.Reconcile(F, (TaskReference(task_id=TASK, agent_id=AGENT),)),
    ),
    (
        Call(
            type=_TYPE.RECONCILE_OPERATIONS,
            framework_id=FRAMEWORK,
            reconcile_operations=Call.ReconcileOperations(
                operations=(
                    Call.ReconcileOperations.Operation(operation_id=OperationID(value="o1"), agent_id=AGENT),
                    Call.ReconcileOperations.Operation(
                        operation_id=OperationID(value="o2"),
                        resource_provider_id=ResourceProviderID(value="disks"),
                    ),
                )
            ),
        ),
        scheduling.ReconcileOperations(
            F,
            (
                OperationReference(operation_id="o1", agent_id="m-S0"),
                OperationReference(operation_id="o2", resource_provider_id="disks"),
            ),
        ),
    ),
    (
        Call(
            type=_TYPE.MESSAGE,
            framework_id=FRAMEWORK,
            message=Call.Message(agent_id=AGENT, executor_id=EXECUTOR, data=b"\x00hi"),
        ),
        scheduling.FrameworkMessage(F, "m-S0", "shop", b"\x00hi"),
    ),
    (
        Call(type=_TYPE.REQUEST, framework_id=FRAMEWORK, request=Call.Request(requests=(_REQUEST,))),
        scheduling.RequestResources(F, (_REQUEST,)),
    ),
    (
        Call(
            type=_TYPE.UPDATE_FRAMEWORK,
            framework_id=FRAMEWORK,
            update_framework=Call.UpdateFramework(
                framework_info=INFO, suppressed_roles=("a",), offer_constraints=_CONSTRAINTS
            ),
        ),
        scheduling.UpdateFrameworkInfo(F, INFO, ("a",), _CONSTRAINTS),
    ),
)

_OFFER: Final = Offer(id=_IDS[0], framework_id=FRAMEWORK, agent_id=AGENT, hostname="here")
_UNAVAILABILITY: Final = Unavailability(start=TimeInfo(nanoseconds=1))
_INVERSE: Final = InverseOffer(id=_IDS[1], framework_id=FRAMEWORK, unavailability=_UNAVAILABILITY)
_STATUS: Final = TaskStatus(task_id=TASK, state=TaskState.TASK_RUNNING, uuid=UUID_BYTES)
_OPERATION_STATUS: Final = OperationStatus(
    operation_id=OperationID(value="o1"), state=OperationState.OPERATION_FINISHED, uuid=UUID(value=UUID_BYTES)
)
_EVENT = Event.Type

#: Each type once at least; UNKNOWN is none.
EVENTS: Final[tuple[tuple[Message, Event], ...]] = (
    (
        scheduling.Subscribed(F, 15.0, MASTER_INFO),
        Event(
            type=_EVENT.SUBSCRIBED,
            subscribed=Event.Subscribed(
                framework_id=FRAMEWORK, heartbeat_interval_seconds=15.0, master_info=MASTER_INFO
            ),
        ),
    ),
    (scheduling.Heartbeat(), Event(type=_EVENT.HEARTBEAT)),
    (
        scheduling.SchedulerError("Framework failed over"),
        Event(type=_EVENT.ERROR, error=Event.Error(message="Framework failed over")),
    ),
    (
        scheduling.ResourceOffers((_OFFER,)),
        Event(type=_EVENT.OFFERS, offers=Event.Offers(offers=(_OFFER,))),
    ),
    (
        scheduling.RescindOffer("m-O1"),
        Event(type=_EVENT.RESCIND, rescind=Event.Rescind(offer_id=_IDS[0])),
    ),
    (
        scheduling.InverseOffers((_INVERSE,)),
        Event(type=_EVENT.INVERSE_OFFERS, inverse_offers=Event.InverseOffers(inverse_offers=(_INVERSE,))),
    ),
    (
        scheduling.RescindInverseOffer("m-O2"),
        Event(
            type=_EVENT.RESCIND_INVERSE_OFFER,
            rescind_inverse_offer=Event.RescindInverseOffer(inverse_offer_id=_IDS[1]),
        ),
    ),
    (scheduling.TaskUpdate(_STATUS), Event(type=_EVENT.UPDATE, update=Event.Update(status=_STATUS))),
    (
        scheduling.OperationUpdate(_OPERATION_STATUS),
        Event(
            type=_EVENT.UPDATE_OPERATION_STATUS,
            update_operation_status=Event.UpdateOperationStatus(status=_OPERATION_STATUS),
        ),
    ),
    (
        scheduling.ExecutorMessage(F, "m-S0", "shop", b"\xffyo"),
        Event(
            type=_EVENT.MESSAGE, message=Event.Message(agent_id=AGENT, executor_id=EXECUTOR, data=b"\xffyo")
        ),
    ),
    (
        scheduling.Failure("m-S0", "shop", 256),
        Event(type=_EVENT.FAILURE, failure=Event.Failure(agent_id=AGENT, executor_id=EXECUTOR, status=256)),
    ),
    (scheduling.Failure("m-S0"), Event(type=_EVENT.FAILURE, failure=Event.Failure(agent_id=AGENT))),
)

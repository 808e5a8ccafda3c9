"""What the master answers to questions about operations (mesos-protocol.md §2.11)."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from actors.master.cluster import Cluster
from actors.master.framework import FrameworkEntry
from actors.master.operation import OperationEntry
from transport.messages.scheduling import OperationReference
from transport.records.ids import AgentID, OperationID, ResourceProviderID
from transport.records.operation import OperationState, OperationStatus

_State = OperationState


def operation_answers(
    cluster: Cluster, framework: FrameworkEntry, operations: Iterable[OperationReference]
) -> tuple[OperationStatus, ...]:
    """The states of the operations asked about, or (none given) of all of the framework's that have ids.

    An answer has no uuid: it is not to be acknowledged.
    """
    asked = tuple(operations)
    if not asked:
        return tuple(_latest(entry) for entry in framework.operations.values())
    return tuple(_answer(cluster, framework, reference) for reference in asked)


def _answer(cluster: Cluster, framework: FrameworkEntry, reference: OperationReference) -> OperationStatus:
    entry = framework.operations.get(reference.operation_id)
    if entry is not None:
        return _latest(entry)
    agent_id, provider = reference.agent_id, reference.resource_provider_id
    state, message = _unknown(cluster, agent_id)
    return OperationStatus(
        operation_id=OperationID(value=reference.operation_id),
        state=state,
        message=f"Reconciliation: {message}",
        agent_id=None if agent_id is None else AgentID(value=agent_id),
        resource_provider_id=None if provider is None else ResourceProviderID(value=provider),
    )


def _latest(entry: OperationEntry) -> OperationStatus:
    status = replace(entry.record.latest_status, uuid=None)
    return (
        status if status.message is not None else replace(status, message="Reconciliation: the latest state")
    )


def _unknown(cluster: Cluster, agent_id: str | None) -> tuple[OperationState, str]:
    """The state of an operation that is not known, by where its agent is."""
    if agent_id is None:
        if cluster.recovered:
            return _State.OPERATION_RECOVERING, "agents have yet to come back"
        return _State.OPERATION_UNKNOWN, "the operation is unknown"
    if agent_id in cluster.recovered:
        return _State.OPERATION_RECOVERING, "the agent has yet to come back"
    if agent_id in cluster.unreachable:
        return _State.OPERATION_UNREACHABLE, "the agent is unreachable"
    if agent_id in cluster.gone:
        return _State.OPERATION_GONE_BY_OPERATOR, "the agent is gone"
    if agent_id in cluster.agents:
        return _State.OPERATION_UNKNOWN, "the operation is unknown to the agent"
    return _State.OPERATION_UNKNOWN, "the agent is unknown"

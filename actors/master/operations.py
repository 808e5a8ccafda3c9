"""The desk for operations on resources that are under way, and for those who want to know of them."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from actors.master.agent import AgentEntry
from actors.master.cluster import Cluster
from actors.master.commissions import CommissionDesk
from actors.master.framework import FrameworkEntry
from actors.master.gauges import MasterMetrics
from actors.master.offers import OfferDesk
from actors.master.operation import OperationEntry
from actors.master.operation_answers import operation_answers
from actors.master.settlement import Settlement, effect_of
from actors.master.world import World
from transport.messages.allocation import (
    AvailableConverted,
    UpdateAgent,
)
from transport.messages.launching import (
    AcknowledgeOperationUpdate,
    ApplyOperation,
    OperationApplied,
    ReconcileAgentOperations,
)
from transport.messages.operating import OperateOnAgent
from transport.messages.scheduling import AcknowledgeOperation, OperationUpdate, ReconcileOperations
from transport.pid import Pid
from transport.records.ids import UUID, AgentID, FrameworkID
from transport.records.offer import Offer
from transport.records.operation import Operation, OperationState, OperationStatus
from transport.records.resource_conversion import ResourceConversion
from transport.records.resources import Resources

_State = OperationState

#: Operations whose outcome is taken for granted as soon as they are sent to the agent.
SPECULATIVE = frozenset(
    {
        Offer.Operation.Type.RESERVE,
        Offer.Operation.Type.UNRESERVE,
        Offer.Operation.Type.CREATE,
        Offer.Operation.Type.DESTROY,
    }
)


class OperationDesk:
    """Has agents change their resources, and keeps the books in step with what they make of it.

    An operation is kept until its end is acknowledged: by its framework when it has an id, else by the
    master. An agent that comes back tells its true total, in which is what it tells to be finished.
    """

    def __init__(
        self, world: World, cluster: Cluster, offers: OfferDesk, metrics: MasterMetrics | None = None
    ) -> None:
        self._world = world
        self._cluster = cluster
        self._metrics = metrics or MasterMetrics()
        self._ends = self._metrics.by_operation_end()
        self._settlement = Settlement(world, offers)
        self._commissions = CommissionDesk(world, cluster, offers, self._start_commission)

    # --- towards the agent ---

    def start(
        self,
        agent: AgentEntry,
        operation: Offer.Operation,
        conversion: ResourceConversion,
        framework: FrameworkEntry | None,
        *,
        granted: bool,
    ) -> None:
        """Have a completed, valid operation done; if `granted`, the agent's total is changed at once.

        An operator's operation has no framework.
        """
        uuid = self._world.rng.randbytes(16)
        status = OperationStatus(
            operation_id=operation.id, state=_State.OPERATION_PENDING, agent_id=AgentID(value=agent.id)
        )
        record = Operation(
            framework_id=None if framework is None else FrameworkID(value=framework.id),
            agent_id=AgentID(value=agent.id),
            info=operation,
            latest_status=status,
            uuid=UUID(value=uuid),
        )
        if granted:
            self._settlement.grant(agent, uuid, conversion)
        entry = OperationEntry(record, Resources() if granted else conversion.consumed)
        self._cluster.add_operation(entry)
        framework_id = None if framework is None else framework.id
        self._log("operation started", entry)
        self._world.send(agent.pid, ApplyOperation(operation, uuid, framework_id, agent.resource_version))

    def refuse(self, framework: FrameworkEntry, operation: Offer.Operation, message: str) -> None:
        """An operation is not done; a framework that gave it an id is told."""
        self._world.log.info(
            "operation refused",
            framework_id=framework.id,
            operation=None if operation.type is None else operation.type.value,
            operation_id=None if operation.id is None else operation.id.value,
            reason=message,
        )
        self._metrics.operations_error.increment()
        if operation.id is not None:
            status = OperationStatus(operation_id=operation.id, state=_State.OPERATION_ERROR, message=message)
            self._report(framework, status)

    # --- from the agent ---

    def update(self, agent: AgentEntry, message: OperationApplied) -> None:
        """Take in what became of an operation; told again by the agent until it is acknowledged."""
        entry = agent.operations.get(message.operation_uuid)
        if entry is None:
            # Its end was acknowledged before: that acknowledgement was lost, or is still under way.
            self._metrics.invalid_operation_status_updates.increment()
            self._acknowledge(agent, message.operation_uuid, message.status)
            return
        self._metrics.valid_operation_status_updates.increment()
        # Of an operation that never came to it an agent knows no more than the uuid.
        status = replace(message.status, operation_id=entry.record.info.id, agent_id=entry.record.agent_id)
        self._note(agent, entry, status)
        framework = self._audience(entry)
        if framework is not None:
            self._report(framework, status)
        if status.uuid is None or not self._is_awaited(entry):
            self._acknowledge(agent, entry.uuid, status)
            self._forget_if_over(entry, status)

    def acknowledge(self, framework: FrameworkEntry, message: AcknowledgeOperation) -> None:
        """Pass an acknowledgement on; an operation whose end is acknowledged is forgotten."""
        entry = framework.operations.get(message.operation_id)
        agent = self._cluster.agents.get(message.agent_id)
        if agent is None or not agent.connected:
            fault = "the agent is not there"
        elif entry is None or entry.uuid not in agent.operations:
            fault = "the agent has no such operation"
        else:
            status = _status_of(entry, message.uuid)
            if status is not None:
                self._metrics.valid_operation_status_update_acknowledgements.increment()
                self._acknowledge(agent, entry.uuid, status)
                self._forget_if_over(entry, status)
                return
            fault = "no such update was sent"
        self._metrics.invalid_operation_status_update_acknowledgements.increment()
        self._world.log.warning(
            "acknowledgement of an operation dropped",
            reason=fault,
            framework_id=framework.id,
            operation_id=message.operation_id,
            agent_id=message.agent_id,
        )

    def reconcile(self, framework: FrameworkEntry, message: ReconcileOperations) -> None:
        """Tell the latest state of these operations, or (none given) of all that have ids."""
        for status in operation_answers(self._cluster, framework, message.operations):
            self._report(framework, status)

    # --- agents come and go ---

    def agent_lost(self, agent: AgentEntry, *, gone: bool) -> None:
        """An agent is about to be removed, as unreachable or as gone: its operations are forgotten.

        Frameworks are told of those of which they do not know the end.
        """
        state = _State.OPERATION_GONE_BY_OPERATOR if gone else _State.OPERATION_UNREACHABLE
        self._settlement.forget(agent)
        for entry in tuple(agent.operations.values()):
            framework = self._audience(entry)
            if framework is not None and not entry.terminal:
                status = OperationStatus(
                    operation_id=entry.record.info.id,
                    state=state,
                    message="the agent is gone" if gone else "the agent is unreachable",
                    agent_id=entry.record.agent_id,
                )
                self._report(framework, status)
            if gone and not entry.terminal:
                self._ends[state].increment()
            self._cluster.remove_operation(entry)

    def agent_returned(self, agent: AgentEntry, told: Iterable[Operation]) -> None:
        """An agent told its total, which is in the books, and its operations.

        To be called before the allocator is told what is used of a new agent.
        """
        known = {record.uuid.value: record for record in told}
        self._settlement.restart(agent, known)
        for uuid, entry in agent.operations.items():
            record = known.get(uuid)
            if record is not None and not entry.terminal:
                self._catch_up(agent, entry, record)
        for uuid, record in known.items():
            if uuid not in agent.operations:
                self._adopt(agent, record)

    def ask(self, agent: AgentEntry, told: Iterable[Operation]) -> None:
        """Ask an agent that is back, and was answered, about operations that it did not tell.

        They may never have come there, or their outcome was forgotten before it was acknowledged.
        """
        known = {record.uuid.value: record for record in told}
        missing = tuple(uuid for uuid in agent.operations if uuid not in known)
        if missing:
            self._world.log.info("agent asked about operations", agent_id=agent.id, count=len(missing))
            self._world.send(agent.pid, ReconcileAgentOperations(missing))

    def _catch_up(self, agent: AgentEntry, entry: OperationEntry, record: Operation) -> None:
        """The agent's total is newer than the books: what is over there needs no converting."""
        entry.record = replace(entry.record, latest_status=record.latest_status, statuses=record.statuses)
        if entry.terminal:
            self._settlement.release(agent, entry)

    def _adopt(self, agent: AgentEntry, record: Operation) -> None:
        """An operation that another master started."""
        record = replace(record, agent_id=AgentID(value=agent.id))
        entry = OperationEntry(record, Resources())
        if not entry.terminal and record.framework_id is not None and record.info.type not in SPECULATIVE:
            parts = effect_of(record.info).consumed.allocations
            # What is not allocated to one role cannot be charged.
            entry.holding = next(iter(parts.values())) if len(parts) == 1 else Resources()
        self._cluster.add_operation(entry)

    # --- operators ---

    def operate(self, sender: Pid, message: OperateOnAgent) -> None:
        """An operator wants resources changed that nobody is allocated."""
        self._commissions.operate(sender, message)

    def converted(self, message: AvailableConverted) -> None:
        """The allocator changed them, or could not."""
        self._commissions.converted(message)

    def _start_commission(
        self, agent: AgentEntry, operation: Offer.Operation, conversion: ResourceConversion
    ) -> None:
        self.start(agent, operation, conversion, None, granted=True)
        # The allocator may have been told another total since it was asked.
        self._world.allocate(UpdateAgent(agent.id, agent.info, total=agent.total))

    # --- the books ---

    def _note(self, agent: AgentEntry, entry: OperationEntry, status: OperationStatus) -> None:
        """Keep a status that is new; settle what the operation holds when it is over by that."""
        record, was_over = entry.record, entry.terminal
        if status.uuid is not None and _status_of(entry, status.uuid.value) is not None:
            return
        entry.record = replace(record, latest_status=status, statuses=(*record.statuses, status))
        if entry.terminal and not was_over:
            self._ends[status.state].increment()
            self._log("operation over", entry)
            self._settlement.end(agent, entry)

    def _forget_if_over(self, entry: OperationEntry, status: OperationStatus) -> None:
        if entry.terminal and status == entry.record.latest_status:
            self._cluster.remove_operation(entry)

    # --- who is told ---

    def _audience(self, entry: OperationEntry) -> FrameworkEntry | None:
        """The framework that wants to be told what becomes of an operation, connected or not."""
        owner = entry.record.framework_id
        if owner is None or entry.operation_id is None:
            return None
        return self._cluster.frameworks.get(owner.value)

    def _is_awaited(self, entry: OperationEntry) -> bool:
        """Whether a framework wants to be told; one that the master has not heard of may yet come back."""
        owner = entry.record.framework_id
        if owner is None or entry.operation_id is None:
            return False
        return not self._cluster.is_over(owner.value)

    def _report(self, framework: FrameworkEntry, status: OperationStatus) -> None:
        if framework.connected:
            assert framework.pid is not None
            self._world.send(framework.pid, OperationUpdate(status))

    def _acknowledge(self, agent: AgentEntry, uuid: bytes, status: OperationStatus) -> None:
        if status.uuid is not None and agent.connected:
            self._world.send(agent.pid, AcknowledgeOperationUpdate(uuid, status.uuid.value))

    def _log(self, event: str, entry: OperationEntry) -> None:
        record = entry.record
        self._world.log.info(
            event,
            operation=None if record.info.type is None else record.info.type.value,
            operation_id=entry.operation_id,
            framework_id=None if record.framework_id is None else record.framework_id.value,
            agent_id=None if record.agent_id is None else record.agent_id.value,
            state=record.latest_status.state.value,
            reason=record.latest_status.message,
        )


def _status_of(entry: OperationEntry, uuid: bytes) -> OperationStatus | None:
    """The status of that uuid among those that the agent told."""
    told = (one for one in entry.record.statuses if one.uuid is not None and one.uuid.value == uuid)
    return next(told, None)

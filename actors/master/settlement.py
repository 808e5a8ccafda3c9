"""What an agent has, in step with how the operations on it end."""

from __future__ import annotations

from collections.abc import Container
from typing import NamedTuple

from actors.master.agent import AgentEntry
from actors.master.offers import OfferDesk
from actors.master.operation import OperationEntry
from actors.master.world import World
from transport.messages.allocation import ConvertAllocated, RecoverResources, UpdateAgent
from transport.records.offer import Offer
from transport.records.operation import OperationState
from transport.records.resource_conversion import ResourceConversion, conversion_of
from transport.records.resources import Resources


class _Debt(NamedTuple):
    """A change of an agent's total that has to wait for others, and what is charged to whom until then."""

    conversion: ResourceConversion
    framework_id: str | None = None
    held: Resources = Resources()


class Settlement:
    """Keeps the totals of agents; tells the allocator where that does not know by itself."""

    def __init__(self, world: World, offers: OfferDesk) -> None:
        self._world = world
        self._offers = offers
        #: By operation: what is in an agent's total though the agent has not said that it is so.
        self._granted: dict[bytes, ResourceConversion] = {}
        #: By agent id: what will be possible when the agent has told of other operations.
        self._debts: dict[str, list[_Debt]] = {}

    def grant(self, agent: AgentEntry, uuid: bytes, conversion: ResourceConversion) -> None:
        """Take an operation's success for granted; whoever asks for that tells the allocator."""
        self._granted[uuid] = conversion
        if not _exchange(agent, conversion):
            self._debts.setdefault(agent.id, []).append(_Debt(conversion))

    def end(self, agent: AgentEntry, entry: OperationEntry) -> None:
        """Bring the books in line with how an operation ended."""
        granted = self._granted.pop(entry.uuid, None)
        finished = entry.record.latest_status.state is OperationState.OPERATION_FINISHED
        if granted is not None:
            if not finished:
                self._take_back(agent, granted)
        elif finished:
            self._carry_out(agent, entry)
        else:
            self.release(agent, entry)

    def forget(self, agent: AgentEntry) -> None:
        """The agent is about to be removed."""
        for uuid in agent.operations:
            self._granted.pop(uuid, None)
        self._debts.pop(agent.id, None)

    def restart(self, agent: AgentEntry, told: Container[bytes]) -> None:
        """The agent's total is what it told, with these operations as far as they are finished."""
        for debt in self._debts.pop(agent.id, ()):
            self._free(agent, debt.framework_id, debt.held)
        for uuid in agent.operations:
            granted = self._granted.pop(uuid, None)
            if granted is not None and uuid not in told:
                agent.doubtful += granted.converted.unallocate()

    def _carry_out(self, agent: AgentEntry, entry: OperationEntry) -> None:
        """What was waited for is so: resources that were held for it are free, as what became of them."""
        conversion, framework_id = effect_of(entry.record.info), _owner(entry)
        held, entry.holding = entry.holding, Resources()
        agent.doubtful = agent.doubtful.without(conversion.converted.unallocate())
        if framework_id is None or not held or self._debts.get(agent.id) or not _exchange(agent, conversion):
            self._owe(agent, _Debt(conversion, framework_id, held))
            return
        (role,) = held.allocations
        self._world.allocate(ConvertAllocated(framework_id, agent.id, role, (conversion,)))
        self._free(agent, framework_id, conversion.converted)

    def _take_back(self, agent: AgentEntry, conversion: ResourceConversion) -> None:
        """What was taken for granted is not so: nobody may be offered it any more."""
        agent.doubtful += conversion.converted.unallocate()
        self._offers.rescind_holders(agent, conversion.converted)
        self._owe(agent, _Debt(ResourceConversion(conversion.converted, conversion.consumed)))

    def _owe(self, agent: AgentEntry, debt: _Debt) -> None:
        """Change an agent's total as soon as it has what that takes.

        Operations build on each other: when one in their midst failed, the books are right again only after
        the agent has told of all.
        """
        debts = self._debts.setdefault(agent.id, [])
        debts.append(debt)
        paid = []
        while (due := next((one for one in debts if _exchange(agent, one.conversion)), None)) is not None:
            debts.remove(due)
            paid.append(due)
        self._world.allocate(UpdateAgent(agent.id, agent.info, total=agent.total))
        for one in paid:
            self._free(agent, one.framework_id, one.held)

    def release(self, agent: AgentEntry, entry: OperationEntry) -> None:
        """What the operation holds is free as it is."""
        held, entry.holding = entry.holding, Resources()
        self._free(agent, _owner(entry), held)

    def _free(self, agent: AgentEntry, framework_id: str | None, resources: Resources) -> None:
        if resources and framework_id is not None:
            self._world.allocate(RecoverResources(framework_id, agent.id, resources))


def _owner(entry: OperationEntry) -> str | None:
    return None if entry.record.framework_id is None else entry.record.framework_id.value


def _exchange(agent: AgentEntry, conversion: ResourceConversion) -> bool:
    """Change an agent's total; returns whether it has what that takes."""
    consumed, converted = conversion.consumed.unallocate(), conversion.converted.unallocate()
    if not agent.total.contains(consumed):
        return False
    agent.total = agent.total - consumed + converted
    return True


def effect_of(operation: Offer.Operation) -> ResourceConversion:
    """What an operation does that an agent told of; nothing, if that cannot be."""
    try:
        return conversion_of(operation)
    except ValueError:
        return ResourceConversion(Resources(), Resources())

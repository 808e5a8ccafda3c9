"""The desk for agents that an operator wants empty, or not used (mesos-protocol.md §4.1)."""

from __future__ import annotations

from typing import Final

from actors.master.agent import AgentEntry
from actors.master.agents import AgentDesk
from actors.master.cluster import Cluster
from actors.master.offers import OfferDesk
from actors.master.world import World
from transport.messages import allocation, membership
from transport.messages.operating import (
    DeactivateAgentRequest,
    DrainAgentRequest,
    OperatorAnswer,
    ReactivateAgentRequest,
)
from transport.messages.registry import (
    DeactivateAdmittedAgent,
    DrainAdmittedAgent,
    MarkAgentDrained,
    ReactivateAdmittedAgent,
    RegistryApplied,
)
from transport.pid import Pid
from transport.records.agent import AgentInfo, DrainConfig, DrainInfo, DrainState
from transport.records.registry import Registry

_BAD_REQUEST: Final = 400
_CONFLICT: Final = 409

_Request = DrainAgentRequest | DeactivateAgentRequest | ReactivateAgentRequest


class DrainDesk:
    """Keeps agents from being used, and sees when they are empty; all of it survives a failover."""

    def __init__(self, world: World, cluster: Cluster, offers: OfferDesk, agents: AgentDesk) -> None:
        self._world = world
        self._cluster = cluster
        self._offers = offers
        self._removals = agents.removals
        self._members = agents.members
        self._withdrawn = agents.members.withdrawn
        #: Agents whose draining is being noted as complete.
        self._completing: dict[str, None] = {}
        agents.returns.when_back = self._back

    def recover(self, registry: Registry) -> None:
        """Know which agents were withdrawn under the masters before."""
        for agent in (registry.slaves or Registry.Slaves()).slaves:
            if agent.deactivated:
                assert agent.info.id is not None
                self._withdrawn[agent.info.id.value] = agent.drain_info
        for absent in (registry.unreachable or Registry.UnreachableSlaves()).slaves:
            if absent.deactivated:
                self._withdrawn[absent.id.value] = absent.drain_info

    # --- what operators ask for ---

    def drain(self, sender: Pid, message: DrainAgentRequest) -> None:
        """Have an agent's tasks killed gracefully, and offer it no more."""
        error = self._unknown(message.agent_id) or self._undrainable(message.agent_id, message.config)
        if error is not None:
            self._answer(sender, message, _BAD_REQUEST, error)
        elif self._members.under_way.get(message.agent_id) == "marked gone":
            self._answer(sender, message, _CONFLICT, f"agent {message.agent_id}: is just being marked gone")
        else:
            self._world.save(
                DrainAdmittedAgent(message.agent_id, message.config),
                lambda applied: self._draining(sender, message, applied),
            )

    def deactivate(self, sender: Pid, message: DeactivateAgentRequest) -> None:
        """Offer an agent no more; what runs there goes on."""
        error = self._unknown(message.agent_id)
        if error is not None:
            self._answer(sender, message, _BAD_REQUEST, error)
        else:
            self._world.save(
                DeactivateAdmittedAgent(message.agent_id),
                lambda applied: self._deactivated(sender, message, applied),
            )

    def reactivate(self, sender: Pid, message: ReactivateAgentRequest) -> None:
        """Offer an agent again that was deactivated or is drained."""
        agent_id = message.agent_id
        error = self._unknown(agent_id)
        if error is None and agent_id not in self._withdrawn:
            error = f"agent {agent_id}: is not deactivated"
        if error is None and self._is_draining(agent_id):
            error = f"agent {agent_id}: is still draining"
        if error is not None:
            self._answer(sender, message, _BAD_REQUEST, error)
        else:
            self._world.save(
                ReactivateAdmittedAgent(agent_id),
                lambda applied: self._reactivated(sender, message, applied),
            )

    def _unknown(self, agent_id: str) -> str | None:
        return None if self._members.knows(agent_id) else f"agent {agent_id!r}: there is no such agent"

    def _undrainable(self, agent_id: str, config: DrainConfig) -> str | None:
        period = config.max_grace_period
        if period is not None and period.nanoseconds < 0:
            return "max_grace_period: must not be negative"
        agent = self._cluster.agents.get(agent_id)
        if agent is None:
            return None
        if not agent.capable(AgentInfo.Capability.Type.AGENT_DRAINING):
            return f"agent {agent_id}: is not capable of draining"
        if agent.unavailability is not None:
            return f"agent {agent_id}: its machine is in the maintenance schedule"
        return None

    # --- once it is durable ---

    def _draining(self, sender: Pid, message: DrainAgentRequest, applied: RegistryApplied) -> None:
        if not self._refused(sender, message, applied):
            drain = DrainInfo(state=DrainState.DRAINING, config=message.config)
            self._withdraw(message.agent_id, drain)
            self._world.log.info(
                "agent is draining", agent_id=message.agent_id, mark_gone=bool(message.config.mark_gone)
            )
            self._answer(sender, message)
            agent = self._cluster.agents.get(message.agent_id)
            if agent is not None and agent.connected:
                self._world.send(agent.pid, membership.DrainAgent(message.config))
            self.idle(message.agent_id)

    def _deactivated(self, sender: Pid, message: DeactivateAgentRequest, applied: RegistryApplied) -> None:
        if not self._refused(sender, message, applied):
            self._withdraw(message.agent_id, self._withdrawn.get(message.agent_id))
            self._world.log.info("agent deactivated", agent_id=message.agent_id)
            self._answer(sender, message)

    def _reactivated(self, sender: Pid, message: ReactivateAgentRequest, applied: RegistryApplied) -> None:
        if self._refused(sender, message, applied):
            return
        agent_id = message.agent_id
        drain = self._withdrawn.pop(agent_id, None)
        agent = self._cluster.agents.get(agent_id)
        if agent is not None:
            agent.deactivated, agent.drain, agent.drain_started_at = False, None, None
            if agent.connected:
                self._world.allocate(allocation.ActivateAgent(agent_id))
                if drain is not None:
                    self._world.send(agent.pid, membership.ReactivateAgent())
        self._world.log.info("agent reactivated", agent_id=agent_id)
        self._answer(sender, message)

    def _refused(self, sender: Pid, message: _Request, applied: RegistryApplied) -> bool:
        """Whether the registrar refused it, as it does for an agent that was removed meanwhile."""
        if applied.error is None:
            return False
        self._answer(sender, message, _CONFLICT, f"agent {message.agent_id}: was removed meanwhile")
        return True

    def _withdraw(self, agent_id: str, drain: DrainInfo | None) -> None:
        self._withdrawn[agent_id] = drain
        agent = self._cluster.agents.get(agent_id)
        if agent is None:
            return
        if agent.active:
            self._world.allocate(allocation.DeactivateAgent(agent_id))
        agent.withdraw(drain, self._world.wall())
        self._offers.rescind_all(agent)

    # --- the course of draining ---

    def idle(self, agent_id: str) -> None:
        """Something on the agent ended: if nothing is left, and it is draining, it is drained."""
        drain = self._withdrawn.get(agent_id)
        if drain is None or drain.state is not DrainState.DRAINING or agent_id in self._completing:
            return
        agent = self._cluster.agents.get(agent_id)
        if agent is None or not agent.connected or agent.tasks or agent.operations:
            return
        if drain.config.mark_gone:
            self._removals.mark_gone(agent_id, lambda _status, _text: None)
            return
        self._completing[agent_id] = None
        self._world.save(
            MarkAgentDrained(agent_id), lambda applied: self._drained(agent_id, drain.config, applied)
        )

    def _drained(self, agent_id: str, config: DrainConfig, applied: RegistryApplied) -> None:
        del self._completing[agent_id]
        if applied.error is not None:
            # Reactivated or removed meanwhile.
            self._world.log.info("agent is not drained", agent_id=agent_id, reason=applied.error)
            return
        drained = DrainInfo(state=DrainState.DRAINED, config=config)
        self._withdrawn[agent_id] = drained
        agent = self._cluster.agents.get(agent_id)
        if agent is not None:
            agent.drain = drained
        self._world.log.info("agent is drained", agent_id=agent_id)

    def _back(self, agent: AgentEntry, told: DrainConfig | None) -> None:
        """An agent re-registered that may believe otherwise: an order may have been lost."""
        drain = self._withdrawn.get(agent.id)
        if drain is not None:
            self._world.send(agent.pid, membership.DrainAgent(drain.config))
            self.idle(agent.id)
        elif told is not None:
            self._world.send(agent.pid, membership.ReactivateAgent())

    def _is_draining(self, agent_id: str) -> bool:
        drain = self._withdrawn.get(agent_id)
        return drain is not None and drain.state is DrainState.DRAINING

    def _answer(self, to: Pid, message: _Request, status: int = 200, text: str = "") -> None:
        if text:
            self._world.log.warning("request refused", agent_id=message.agent_id, reason=text)
        self._world.send(to, OperatorAnswer(message.request_id, status, text))

"""What each operation does to the registry (mesos-protocol.md §11.1).

An operation is all or nothing: an error, told as text, changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final, TypeAlias

from msgspec.structs import replace

from actors.master.machines import Machines
from transport.messages import registry as operations
from transport.messages.registry import KnownFramework
from transport.records.agent import AgentInfo, DrainInfo, DrainState
from transport.records.ids import AgentID
from transport.records.maintenance import Schedule
from transport.records.quota import QuotaConfig
from transport.records.registry import Registry
from transport.records.role import WeightInfo

#: Whether the registry was changed, or the error for which it was not.
Outcome: TypeAlias = bool | str

#: What a master must know to read drained agents, or quotas, right.
AGENT_DRAINING: Final = "AGENT_DRAINING"
QUOTA_V2: Final = "QUOTA_V2"


class RegistryBooks:
    """The registry with its agents by id, so that an operation costs the same however many there are."""

    def __init__(
        self,
        registry: Registry,
        frameworks: Iterable[KnownFramework] = (),
        removed_frameworks: Iterable[str] = (),
        removed_frameworks_limit: int = 50,
    ) -> None:
        #: Frameworks that are not over, by id.
        self.frameworks = {one.framework_id: one for one in frameworks}
        #: Ids of those that are, the latest last.
        self.removed_frameworks = dict.fromkeys(removed_frameworks)
        self._removed_frameworks_limit = removed_frameworks_limit
        self.master = registry.master
        self.admitted = {_id(one.info): one for one in (registry.slaves or Registry.Slaves()).slaves}
        unreachable = (registry.unreachable or Registry.UnreachableSlaves()).slaves
        #: The longest absent first.
        self.unreachable = {one.id.value: one for one in unreachable}
        gone = (registry.gone or Registry.GoneSlaves()).slaves
        self.gone = {one.id.value: one for one in gone}
        self.machines = machines_of(registry)
        self.weights = {one.info.role or "*": one.info.weight for one in registry.weights}
        self.quotas = {one.role: one for one in registry.quota_configs}

    def apply(self, operation: operations.RegistryOperation) -> Outcome:
        """Perform one operation."""
        return self._OPERATIONS[type(operation)](self, operation)

    def registry(self) -> Registry:
        """All of it, as it is stored."""
        schedule = self.machines.schedule
        return Registry(
            master=self.master,
            slaves=Registry.Slaves(slaves=tuple(self.admitted.values())),
            machines=Registry.Machines(machines=tuple(Registry.Machine(info=info) for info in self.machines)),
            schedules=(schedule,) if schedule.windows else (),
            weights=tuple(
                Registry.Weight(info=WeightInfo(role=role, weight=weight))
                for role, weight in self.weights.items()
            ),
            unreachable=Registry.UnreachableSlaves(slaves=tuple(self.unreachable.values())),
            gone=Registry.GoneSlaves(slaves=tuple(self.gone.values())),
            minimum_capabilities=tuple(
                Registry.MinimumCapability(capability=one) for one in self._minimum_capabilities()
            ),
            quota_configs=tuple(self.quotas.values()),
        )

    def check_invariants(self) -> None:
        """Raise AssertionError when an agent is in two states at once."""
        known = len(self.admitted) + len(self.unreachable) + len(self.gone)
        assert known == len({*self.admitted, *self.unreachable, *self.gone}), "an agent is in two states"
        assert self.frameworks.keys().isdisjoint(self.removed_frameworks), "a framework is over and is not"

    def _minimum_capabilities(self) -> list[str]:
        needed = []
        if any(one.deactivated or one.drain_info is not None for one in self.admitted.values()) or any(
            one.deactivated or one.drain_info is not None for one in self.unreachable.values()
        ):
            needed.append(AGENT_DRAINING)
        if self.quotas:
            needed.append(QUOTA_V2)
        return needed

    # --- agents that come and go ---

    def _admit(self, operation: operations.AdmitAgent) -> Outcome:
        agent_id = _id(operation.info)
        if agent_id in self.admitted or agent_id in self.unreachable or agent_id in self.gone:
            return f"agent {agent_id} is admitted already"
        self.admitted[agent_id] = Registry.Slave(info=operation.info)
        return True

    def _replace_info(self, operation: operations.ReplaceAgentInfo) -> Outcome:
        agent_id = _id(operation.info)
        agent = self.admitted.get(agent_id)
        if agent is None:
            return f"agent {agent_id} is not admitted"
        if agent.info == operation.info:
            return False
        self.admitted[agent_id] = replace(agent, info=operation.info)
        return True

    def _mark_unreachable(self, operation: operations.MarkAgentUnreachable) -> Outcome:
        agent_id = _id(operation.info)
        agent = self.admitted.pop(agent_id, None)
        if agent is None:
            return f"agent {agent_id} is not admitted"
        self.unreachable[agent_id] = Registry.UnreachableSlave(
            id=AgentID(value=agent_id),
            timestamp=operation.since,
            drain_info=agent.drain_info,
            deactivated=agent.deactivated,
        )
        return True

    def _mark_reachable(self, operation: operations.MarkAgentReachable) -> Outcome:
        agent_id = _id(operation.info)
        if agent_id in self.admitted:
            return False
        if agent_id in self.gone:
            return f"agent {agent_id} was marked gone"
        absent = self.unreachable.pop(agent_id, None)
        self.admitted[agent_id] = (
            Registry.Slave(info=operation.info)
            if absent is None
            else Registry.Slave(
                info=operation.info, drain_info=absent.drain_info, deactivated=absent.deactivated
            )
        )
        return True

    def _prune(self, operation: operations.PruneAgents) -> Outcome:
        unreachable = [one for one in operation.unreachable if self.unreachable.pop(one, None) is not None]
        gone = [one for one in operation.gone if self.gone.pop(one, None) is not None]
        return bool(unreachable or gone)

    def _remove(self, operation: operations.RemoveAdmittedAgent) -> Outcome:
        if self.admitted.pop(operation.agent_id, None) is None:
            return f"agent {operation.agent_id} is not admitted"
        return True

    def _mark_gone(self, operation: operations.MarkAgentGone) -> Outcome:
        agent_id = operation.agent_id
        if agent_id in self.gone:
            return f"agent {agent_id} is gone already"
        if self.admitted.pop(agent_id, None) is None and self.unreachable.pop(agent_id, None) is None:
            return f"agent {agent_id} is not known"
        self.gone[agent_id] = Registry.GoneSlave(id=AgentID(value=agent_id), timestamp=operation.since)
        return True

    # --- agents that are not to be used ---

    def _drain(self, operation: operations.DrainAdmittedAgent) -> Outcome:
        drain = DrainInfo(state=DrainState.DRAINING, config=operation.config)
        return self._withdraw(operation.agent_id, drain, deactivated=True)

    def _mark_drained(self, operation: operations.MarkAgentDrained) -> Outcome:
        agent = self._agent(operation.agent_id)
        if agent is None:
            return f"agent {operation.agent_id} is not known"
        if agent.drain_info is None:
            return f"agent {operation.agent_id} is not draining"
        drained = replace(agent.drain_info, state=DrainState.DRAINED)
        return self._withdraw(operation.agent_id, drained, deactivated=agent.deactivated)

    def _deactivate(self, operation: operations.DeactivateAdmittedAgent) -> Outcome:
        agent = self._agent(operation.agent_id)
        drain = None if agent is None else agent.drain_info
        return self._withdraw(operation.agent_id, drain, deactivated=True)

    def _reactivate(self, operation: operations.ReactivateAdmittedAgent) -> Outcome:
        return self._withdraw(operation.agent_id, None, deactivated=None)

    def _agent(self, agent_id: str) -> Registry.Slave | Registry.UnreachableSlave | None:
        return self.admitted.get(agent_id) or self.unreachable.get(agent_id)

    def _withdraw(self, agent_id: str, drain: DrainInfo | None, *, deactivated: bool | None) -> Outcome:
        if (agent := self.admitted.get(agent_id)) is not None:
            self.admitted[agent_id] = now = replace(agent, drain_info=drain, deactivated=deactivated)
            return now != agent
        if (absent := self.unreachable.get(agent_id)) is not None:
            self.unreachable[agent_id] = then = replace(absent, drain_info=drain, deactivated=deactivated)
            return then != absent
        return f"agent {agent_id} is not known"

    # --- frameworks ---

    def _remember_framework(self, operation: operations.RememberFramework) -> Outcome:
        framework_id = operation.framework_id
        if framework_id in self.removed_frameworks:
            return f"framework {framework_id} has been removed"
        before = self.frameworks.get(framework_id)
        now = KnownFramework(framework_id, operation.failover_timeout_seconds)
        self.frameworks[framework_id] = now
        return now != before

    def _remove_framework(self, operation: operations.MarkFrameworkRemoved) -> Outcome:
        framework_id = operation.framework_id
        known = self.frameworks.pop(framework_id, None) is not None
        if framework_id in self.removed_frameworks or not self._removed_frameworks_limit:
            return known
        self.removed_frameworks[framework_id] = None
        while len(self.removed_frameworks) > self._removed_frameworks_limit:
            del self.removed_frameworks[next(iter(self.removed_frameworks))]
        return True

    # --- roles ---

    def _update_quotas(self, operation: operations.UpdateQuotas) -> Outcome:
        before = dict(self.quotas)
        for config in operation.configs:
            if config == QuotaConfig(role=config.role):
                self.quotas.pop(config.role, None)
            else:
                self.quotas[config.role] = config
        return self.quotas != before

    def _update_weights(self, operation: operations.UpdateWeights) -> Outcome:
        before = dict(self.weights)
        self.weights.update(operation.weights)
        return self.weights != before

    # --- machines ---

    def _update_maintenance(self, operation: operations.UpdateMaintenance) -> Outcome:
        return self.machines.plan(operation.schedule)

    def _start_maintenance(self, operation: operations.StartMaintenance) -> Outcome:
        return self.machines.start(operation.machines)

    def _stop_maintenance(self, operation: operations.StopMaintenance) -> Outcome:
        return self.machines.stop(operation.machines)

    _OPERATIONS: ClassVar[Mapping[type, Callable[[RegistryBooks, Any], Outcome]]] = MappingProxyType(
        {
            operations.AdmitAgent: _admit,
            operations.ReplaceAgentInfo: _replace_info,
            operations.MarkAgentUnreachable: _mark_unreachable,
            operations.MarkAgentReachable: _mark_reachable,
            operations.PruneAgents: _prune,
            operations.RemoveAdmittedAgent: _remove,
            operations.MarkAgentGone: _mark_gone,
            operations.DrainAdmittedAgent: _drain,
            operations.MarkAgentDrained: _mark_drained,
            operations.DeactivateAdmittedAgent: _deactivate,
            operations.ReactivateAdmittedAgent: _reactivate,
            operations.RememberFramework: _remember_framework,
            operations.MarkFrameworkRemoved: _remove_framework,
            operations.UpdateQuotas: _update_quotas,
            operations.UpdateWeights: _update_weights,
            operations.UpdateMaintenance: _update_maintenance,
            operations.StartMaintenance: _start_maintenance,
            operations.StopMaintenance: _stop_maintenance,
        }
    )


def machines_of(registry: Registry) -> Machines:
    """The machines in maintenance."""
    windows = tuple(window for schedule in registry.schedules for window in schedule.windows)
    machines = (registry.machines or Registry.Machines()).machines
    return Machines(Schedule(windows=windows), (machine.info for machine in machines))


def _id(info: AgentInfo) -> str:
    assert info.id is not None
    return info.id.value

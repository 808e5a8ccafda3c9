"""The desk for agents: joining, coming back, being away (mesos-features.md §4)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from msgspec.structs import replace

from actors.master.agent import AgentEntry
from actors.master.cluster import Cluster
from actors.master.flags import MasterFlags
from actors.master.frameworks import FrameworkDesk
from actors.master.gauges import MasterMetrics
from actors.master.mandate import ReignOverError
from actors.master.membership import Membership
from actors.master.offers import OfferDesk
from actors.master.operations import OperationDesk
from actors.master.removals import RemovalDesk
from actors.master.retention import Retention
from actors.master.returning import registration_error
from actors.master.returns import ReturnDesk
from actors.master.tasks import TaskDesk
from actors.master.world import World
from transport.messages import allocation
from transport.messages.membership import (
    AgentRegistered,
    RegisterAgent,
    ReregisterAgent,
    ShutdownAgent,
    UpdateAgentResources,
)
from transport.messages.observing import AgentHeard, AgentSilent
from transport.messages.operating import MarkAgentGoneRequest, OperatorAnswer
from transport.messages.registry import (
    AdmitAgent,
    MarkAgentReachable,
    RegistryApplied,
    RegistryOperation,
    ReplaceAgentInfo,
)
from transport.pid import Pid
from transport.records.agent import AgentInfo
from transport.records.ids import AgentID
from transport.records.machine import MachineInfo
from transport.records.registry import Registry
from transport.records.resources import Resources
from transport.records.task_status import TaskStatus

_Reason = TaskStatus.Reason


class RecoveryLimitError(ReignOverError):
    """More agents than may be given up did not come back after a failover: a person should look."""


class AgentDesk:
    """Knows which agents there are; nobody is told of one before it is durable (reliability.md I21)."""

    def __init__(
        self,
        world: World,
        cluster: Cluster,
        flags: MasterFlags,
        offers: OfferDesk,
        tasks: TaskDesk,
        frameworks: FrameworkDesk,
        operations: OperationDesk,
        metrics: MasterMetrics | None = None,
    ) -> None:
        self._world = world
        self._cluster = cluster
        self._offers = offers
        self._operations = operations
        self._metrics = metrics or MasterMetrics()
        self._patience_seconds = flags.agent_reregister_timeout.seconds
        self._missing_limit = flags.recovery_removal_share
        self.members = Membership(world, cluster)
        self.removals = RemovalDesk(
            world, cluster, flags, self.members, offers, tasks, operations, self._metrics
        )
        self.returns = ReturnDesk(
            world, cluster, flags, self.members, offers, tasks, frameworks, operations, self._metrics
        )
        self._retention = Retention(world, cluster, flags, self.members)
        self._numbers = count()
        #: Actors that are being admitted.
        self._admitting: dict[Pid, None] = {}

    # --- after a failover ---

    def recover(self, registry: Registry) -> None:
        """Expect the agents of the masters before; quotas must be recovered already."""
        cluster = self._cluster
        for one in (registry.slaves or Registry.Slaves()).slaves:
            cluster.recovered[_id(one.info)] = one.info
        for absent in (registry.unreachable or Registry.UnreachableSlaves()).slaves:
            cluster.unreachable[absent.id.value] = absent.timestamp
        for gone in (registry.gone or Registry.GoneSlaves()).slaves:
            cluster.gone[gone.id.value] = gone.timestamp
        expected = len(cluster.recovered)
        if expected:
            self._world.allocate(allocation.ExpectAgents(expected))
            self._world.delay(self._patience_seconds, self._end_recovery, expected)
        self._retention.begin()

    def _end_recovery(self, expected: int) -> None:
        missing = tuple(one for one in self._cluster.recovered if one not in self.members.under_way)
        if len(missing) > expected * self._missing_limit:
            raise RecoveryLimitError(
                f"{len(missing)} of {expected} agents did not come back after the failover: more than "
                f"--recovery_agent_removal_limit allows to give up"
            )
        for agent_id in missing:
            self.removals.suspect(agent_id, "it did not come back after the master's failover")

    # --- joining ---

    def register(self, sender: Pid, message: RegisterAgent) -> None:
        """Admit a new agent; said again until it is answered."""
        if sender in self._admitting or self._refused(sender, message):
            return
        known = self.members.at(sender)
        if known is not None and known.pid == sender and known.connected:
            self._welcome(known)
            return
        if known is not None:
            # An agent without an id has taken its place.
            self.returns.disconnect(known, "another agent is at its address")
            self.removals.displace(known)
        agent_id = f"{self._world.info.id}-S{next(self._numbers)}"
        info = replace(message.info, id=AgentID(value=agent_id))
        self._admitting[sender] = None
        self._world.save(AdmitAgent(info), lambda applied: self._admitted(sender, info, message, applied))

    def _admitted(
        self, sender: Pid, info: AgentInfo, message: RegisterAgent, applied: RegistryApplied
    ) -> None:
        del self._admitting[sender]
        assert applied.error is None, applied.error
        agent = self.returns.entry(info, sender, message)
        self._cluster.add_agent(agent)
        self._metrics.slave_registrations.increment()
        self._world.log.info(
            "agent registered", agent_id=agent.id, hostname=info.hostname, resources=str(agent.total)
        )
        self.returns.introduce(agent)
        self._welcome(agent)
        self.members.settle(agent)
        self._take_down_late(agent)

    def _welcome(self, agent: AgentEntry) -> None:
        self._world.send(agent.pid, AgentRegistered(agent.id, self.returns.silence_seconds))

    def _refused(self, sender: Pid, message: RegisterAgent | ReregisterAgent) -> bool:
        error = registration_error(message)
        if error is not None:
            self._world.log.warning("registration is not valid", agent=str(sender), reason=error)
            return True
        machine = self.members.machines.of(message.info.hostname, sender.host)
        if machine is None or machine.mode is not MachineInfo.Mode.DOWN:
            return False
        self._send_away(sender, "Machine is DOWN")
        return True

    def _send_away(self, sender: Pid, reason: str) -> None:
        self._world.log.warning("agent refused", agent=str(sender), reason=reason)
        self._world.send(sender, ShutdownAgent(reason))

    # --- coming back ---

    def reregister(self, sender: Pid, message: ReregisterAgent) -> None:
        """Take an agent in again; said again until it is answered."""
        if self._refused(sender, message):
            return
        agent_id, info = _id(message.info), message.info
        if agent_id in self._cluster.gone:
            self._send_away(sender, "Agent has been marked gone")
            return
        if agent_id in self.members.under_way:
            # It says it again, and then that will be over.
            self._world.log.info(
                "agent has to wait", agent_id=agent_id, reason=self.members.under_way[agent_id]
            )
            return
        agent = self._cluster.agents.get(agent_id)
        if agent is not None and agent.connected and not _may_succeed(agent.pid, sender):
            # Should the one that is connected end, it says it again.
            self._world.log.warning(
                "agent has to wait for another", agent_id=agent_id, agent=str(sender), other=str(agent.pid)
            )
            return
        self.removals.reprieve(agent_id, "it re-registers")
        known = self._cluster.recovered.get(agent_id) if agent is None else agent.info
        if known == info:
            self._take_in(sender, message, lost=False)
            return
        self._save(
            agent_id,
            MarkAgentReachable(info) if known is None else ReplaceAgentInfo(info),
            lambda: self._take_in(sender, message, lost=known is None),
        )

    def _take_in(self, sender: Pid, message: ReregisterAgent, *, lost: bool) -> None:
        self.returns.take_in(sender, message, lost=lost)
        self._take_down_late(self._cluster.agents[_id(message.info)])

    def _take_down_late(self, agent: AgentEntry) -> None:
        """The agent's machine may have gone down while it was being registered."""
        if self.members.is_down(agent):
            self.removals.take_down(agent)

    def _save(self, agent_id: str, operation: RegistryOperation, then: Callable[[], None]) -> None:
        def saved(applied: RegistryApplied) -> None:
            assert applied.error is None, applied.error
            del self.members.under_way[agent_id]
            then()

        self.members.under_way[agent_id] = "re-registered"
        self._world.save(operation, saved)

    # --- being there ---

    def update_resources(self, agent: AgentEntry, message: UpdateAgentResources) -> None:
        """The agent has more or less than before."""
        try:
            total = Resources(message.resources)
        except ValueError as error:
            self._world.log.warning("resources are not valid", agent_id=agent.id, reason=str(error))
            return
        agent.resource_version = message.resource_version
        changed, agent.total = agent.total != total, total
        self._operations.agent_returned(agent, message.operations)
        self._operations.ask(agent, message.operations)
        if changed:
            self._world.log.info("agent has other resources", agent_id=agent.id, resources=str(total))
            self._offers.rescind_all(agent)
            self._world.allocate(allocation.UpdateAgent(agent.id, agent.info, total=total))

    def unregister(self, agent: AgentEntry) -> None:
        """The agent leaves for good."""
        self.removals.unregister(agent)

    def mark_gone(self, sender: Pid, message: MarkAgentGoneRequest) -> None:
        """MARK_AGENT_GONE."""
        request_id = message.request_id
        self.removals.mark_gone(
            message.agent_id,
            lambda status, text: self._world.send(sender, OperatorAnswer(request_id, status, text)),
        )

    # --- being away ---

    def exited(self, pid: Pid) -> None:
        """An agent cannot be reached; other actors do not matter."""
        agent = self.members.by_pid(pid)
        if agent is not None and agent.connected:
            self.returns.disconnect(agent, "its connection broke")
            agent.deadline = self._world.delay(self._patience_seconds, self._miss, agent.id)
            self.members.watch(agent)

    def _miss(self, agent_id: str) -> None:
        self._cluster.agents[agent_id].deadline = None
        self.removals.suspect(agent_id, "it did not re-register in time")

    # --- being alive ---

    def accept_observer(self, sender: Pid) -> None:
        """An actor of this node pings the agents from now on."""
        self.members.accept_observer(sender)

    def silent(self, sender: Pid, message: AgentSilent) -> None:
        """An agent leaves its pings unanswered."""
        if self.members.is_observer(sender) and message.agent_id in self._cluster.agents:
            self.removals.suspect(message.agent_id, "it does not answer pings")

    def heard(self, sender: Pid, message: AgentHeard) -> None:
        """An agent answers again; that is not enough for one that was to re-register and did not."""
        agent = self._cluster.agents.get(message.agent_id)
        if agent is None or not self.members.is_observer(sender):
            return
        if agent.connected or agent.deadline is not None:
            self.removals.reprieve(agent.id, "it answers pings again")


def _may_succeed(known: Pid, sender: Pid) -> bool:
    """Whether a sender can be the known actor, or its next life."""
    return known.address == sender.address and known.incarnation <= sender.incarnation


def _id(info: AgentInfo) -> str:
    assert info.id is not None
    return info.id.value

"""The master: knows all agents and frameworks, and leads each call and message to a desk that deals with it.

A desk is a plain class that reads and writes the books (`cluster`) and asks the world (`world`) to send and
to save. The master is that world, and itself decides nothing but who is heard.
"""

from __future__ import annotations

from actors.master.acceptance import AcceptanceDesk
from actors.master.agent_gate import AgentGate
from actors.master.agents import AgentDesk
from actors.master.cluster import Cluster
from actors.master.draining import DrainDesk
from actors.master.executors import ExecutorDesk
from actors.master.flags import MasterFlags
from actors.master.frameworks import HEARTBEAT_SECONDS, FrameworkDesk
from actors.master.gauges import MasterMetrics
from actors.master.maintenance import MaintenanceDesk
from actors.master.mandate import UNLIMITED, Mandate
from actors.master.offers import OfferDesk
from actors.master.operations import OperationDesk
from actors.master.overdue import OverdueDesk
from actors.master.quotas import QuotaDesk
from actors.master.tally import EVENTS
from actors.master.tasks import TaskDesk
from actors.master.view.desk import ViewDesk
from actors.process import handles
from transport.envelope import Envelope
from transport.messages import operating
from transport.messages.allocation import AvailableConverted
from transport.messages.registry import RegistryRecovered
from transport.messages.viewing import TellChanges
from transport.pid import Pid
from transport.records.master import MasterInfo


class Master(AgentGate):
    """One reign of a leading master, `info.id` its name; another reign is another Master."""

    def __init__(
        self,
        flags: MasterFlags,
        info: MasterInfo,
        allocator: Pid,
        registrar: Pid,
        metrics: MasterMetrics | None = None,
        mandate: Mandate = UNLIMITED,
    ) -> None:
        super().__init__(info, allocator, registrar, metrics or MasterMetrics(), mandate)
        cluster = self.cluster = Cluster(completed_frameworks_limit=flags.max_completed_frameworks)
        self.offers = OfferDesk(self, cluster, flags)
        self.tasks = TaskDesk(self, cluster, self.metrics)
        self.executors = ExecutorDesk(self, cluster, self.metrics)
        self.frameworks = FrameworkDesk(self, cluster, flags, self.offers, self.tasks, self.metrics)
        self.operations = OperationDesk(self, cluster, self.offers, self.metrics)
        self.acceptance = AcceptanceDesk(self, cluster, self.offers, self.tasks, self.operations)
        self.agents = AgentDesk(
            self, cluster, flags, self.offers, self.tasks, self.frameworks, self.operations, self.metrics
        )
        self.draining = DrainDesk(self, cluster, self.offers, self.agents)
        self.frameworks.when_ended = self.ended
        self.maintenance = MaintenanceDesk(self, cluster, self.offers, self.agents)
        self.quotas = QuotaDesk(self, cluster, flags, self.offers)
        self.view = ViewDesk(self, cluster)
        self.metrics.read_from(cluster)

    def initialize(self) -> None:
        """Ask for the registry."""
        super().initialize()
        self.view.begin()

    def receive(self, envelope: Envelope) -> None:
        """Run one turn; those who watch the cluster hear what it changed."""
        super().receive(envelope)
        self.view.turn_over()

    def send(self, to: Pid, message: object) -> None:
        """Send a message; what schedulers are told is counted."""
        event = EVENTS.get(type(message))
        framework = None if event is None else self.frameworks.of(to)
        if event is not None and framework is not None:
            framework.tally.told(event)
        super().send(to, message)

    @handles(TellChanges)
    def tell_changes(self, sender: Pid, message: TellChanges) -> None:
        """The read model wants to know what changed."""
        self.view.tell(sender, message)

    def begin(self, recovered: RegistryRecovered) -> None:
        """Give each desk its part of the registry."""
        registry = recovered.registry
        self.frameworks.register.recover(recovered.frameworks, recovered.removed_frameworks)
        self.quotas.recover(registry)
        self.maintenance.recover(registry)
        self.draining.recover(registry)
        self.agents.recover(registry)
        self.every(HEARTBEAT_SECONDS, self.frameworks.beat)
        self.every(HEARTBEAT_SECONDS, OverdueDesk(self, self.cluster).look)

    def check_invariants(self) -> None:
        """Raise AssertionError when the books contradict themselves."""
        self.cluster.check_invariants()
        self.agents.members.check_invariants()
        self.frameworks.register.check_invariants()

    def ended(self, agent_id: str) -> None:
        """Something on the agent may have come to its end: is it drained?"""
        self.draining.idle(agent_id)

    def exited(self, pid: Pid) -> None:
        """A scheduler or an agent cannot be reached any more."""
        self.frameworks.exited(pid)
        self.agents.exited(pid)

    # --- operators ---

    @handles(operating.TeardownRequest)
    def teardown_request(self, sender: Pid, message: operating.TeardownRequest) -> None:
        """TEARDOWN."""
        self.frameworks.teardown_request(sender, message)

    @handles(operating.DrainAgentRequest)
    def drain_agent(self, sender: Pid, message: operating.DrainAgentRequest) -> None:
        """DRAIN_AGENT."""
        self.draining.drain(sender, message)

    @handles(operating.DeactivateAgentRequest)
    def deactivate_agent(self, sender: Pid, message: operating.DeactivateAgentRequest) -> None:
        """DEACTIVATE_AGENT."""
        self.draining.deactivate(sender, message)

    @handles(operating.ReactivateAgentRequest)
    def reactivate_agent(self, sender: Pid, message: operating.ReactivateAgentRequest) -> None:
        """REACTIVATE_AGENT."""
        self.draining.reactivate(sender, message)

    @handles(operating.MarkAgentGoneRequest)
    def mark_agent_gone(self, sender: Pid, message: operating.MarkAgentGoneRequest) -> None:
        """MARK_AGENT_GONE."""
        self.agents.mark_gone(sender, message)

    @handles(operating.UpdateMaintenanceRequest)
    def update_maintenance(self, sender: Pid, message: operating.UpdateMaintenanceRequest) -> None:
        """UPDATE_MAINTENANCE_SCHEDULE."""
        self.maintenance.update(sender, message)

    @handles(operating.StartMaintenanceRequest)
    def start_maintenance(self, sender: Pid, message: operating.StartMaintenanceRequest) -> None:
        """START_MAINTENANCE."""
        self.maintenance.start(sender, message)

    @handles(operating.StopMaintenanceRequest)
    def stop_maintenance(self, sender: Pid, message: operating.StopMaintenanceRequest) -> None:
        """STOP_MAINTENANCE."""
        self.maintenance.stop(sender, message)

    @handles(operating.ReadMaintenance)
    def read_maintenance(self, sender: Pid, message: operating.ReadMaintenance) -> None:
        """GET_MAINTENANCE_SCHEDULE and GET_MAINTENANCE_STATUS."""
        self.maintenance.read(sender, message)

    @handles(operating.UpdateQuotasRequest)
    def update_quotas(self, sender: Pid, message: operating.UpdateQuotasRequest) -> None:
        """UPDATE_QUOTA."""
        self.quotas.update(sender, message)

    @handles(operating.SetQuotaRequest)
    def set_quota(self, sender: Pid, message: operating.SetQuotaRequest) -> None:
        """SET_QUOTA."""
        self.quotas.set(sender, message)

    @handles(operating.RemoveQuotaRequest)
    def remove_quota(self, sender: Pid, message: operating.RemoveQuotaRequest) -> None:
        """REMOVE_QUOTA."""
        self.quotas.remove(sender, message)

    @handles(operating.ReadQuotas)
    def read_quotas(self, sender: Pid, message: operating.ReadQuotas) -> None:
        """GET_QUOTA."""
        self.quotas.read(sender, message)

    @handles(operating.ReadWeights)
    def read_weights(self, sender: Pid, message: operating.ReadWeights) -> None:
        """GET_WEIGHTS."""
        self.quotas.read_weights(sender, message)

    @handles(operating.UpdateWeightsRequest)
    def update_weights(self, sender: Pid, message: operating.UpdateWeightsRequest) -> None:
        """UPDATE_WEIGHTS."""
        self.quotas.weigh(sender, message)

    @handles(operating.OperateOnAgent)
    def operate_on_agent(self, sender: Pid, message: operating.OperateOnAgent) -> None:
        """RESERVE_RESOURCES, CREATE_VOLUMES and the like."""
        self.operations.operate(sender, message)

    @handles(AvailableConverted)
    def available_converted(self, sender: Pid, message: AvailableConverted) -> None:
        """The allocator's answer to an operator's wish."""
        self.operations.converted(message)

"""The desk for the maintenance of machines (mesos-features.md §10)."""

from __future__ import annotations

from typing import Final

from actors.master.agents import AgentDesk
from actors.master.cluster import Cluster
from actors.master.machines import Machines
from actors.master.offers import OfferDesk
from actors.master.registrar.changes import machines_of
from actors.master.validation.registered import registered_error
from actors.master.world import World
from transport.messages.allocation import SetUnavailability
from transport.messages.operating import (
    MaintenanceRead,
    OperatorAnswer,
    ReadMaintenance,
    StartMaintenanceRequest,
    StopMaintenanceRequest,
    UpdateMaintenanceRequest,
)
from transport.messages.registry import (
    RegistryApplied,
    RegistryOperation,
    StartMaintenance,
    StopMaintenance,
    UpdateMaintenance,
)
from transport.pid import Pid
from transport.records.inverse_offer_status import InverseOfferStatus
from transport.records.machine import MachineID, MachineInfo
from transport.records.maintenance import ClusterStatus
from transport.records.registry import Registry

_BAD_REQUEST: Final = 400
_Mode = MachineInfo.Mode

_Request = UpdateMaintenanceRequest | StartMaintenanceRequest | StopMaintenanceRequest


class MaintenanceDesk:
    """Tells agents, frameworks and the allocator which machines are going to be away, and for how long."""

    def __init__(self, world: World, cluster: Cluster, offers: OfferDesk, agents: AgentDesk) -> None:
        self._world = world
        self._cluster = cluster
        self._offers = offers
        self._removals = agents.removals
        self._members = agents.members

    def recover(self, registry: Registry) -> None:
        """Know the schedule of the masters before."""
        self._members.machines = machines_of(registry)

    # --- what operators ask for ---

    def update(self, sender: Pid, message: UpdateMaintenanceRequest) -> None:
        """Replace the schedule."""
        error = registered_error("schedule", message.schedule)
        if error is not None:
            self._refuse(sender, message.request_id, error)
            return
        self._change(sender, message, UpdateMaintenance(message.schedule))

    def start(self, sender: Pid, message: StartMaintenanceRequest) -> None:
        """Take machines down; their agents are removed, and refused."""
        self._change(sender, message, StartMaintenance(message.machines))

    def stop(self, sender: Pid, message: StopMaintenanceRequest) -> None:
        """Machines are back, and out of the schedule."""
        self._change(sender, message, StopMaintenance(message.machines))

    def read(self, sender: Pid, message: ReadMaintenance) -> None:
        """Tell the schedule, and how far machines and frameworks are."""
        machines = self._members.machines
        statuses = self._statuses()
        status = ClusterStatus(
            draining_machines=tuple(
                ClusterStatus.DrainingMachine(id=one.id, statuses=tuple(statuses.get(one.id, ())))
                for one in machines
                if one.mode is _Mode.DRAINING
            ),
            down_machines=tuple(one.id for one in machines if one.mode is _Mode.DOWN),
        )
        self._world.send(sender, MaintenanceRead(message.request_id, machines.schedule, status))

    def _statuses(self) -> dict[MachineID, list[InverseOfferStatus]]:
        """How frameworks answered, by the machine that they shall leave."""
        found: dict[MachineID, list[InverseOfferStatus]] = {}
        for agent in self._cluster.agents.values():
            machine = self._members.machine_of(agent)
            if machine is not None and agent.inverse_answers:
                found.setdefault(machine.id, []).extend(agent.inverse_answers.values())
        return found

    # --- once it is durable ---

    def _change(self, sender: Pid, message: _Request, operation: RegistryOperation) -> None:
        """The registrar knows the rules: what it refuses the operator hears."""

        def changed(applied: RegistryApplied) -> None:
            if applied.error is not None:
                self._refuse(sender, message.request_id, applied.error)
                return
            outcome = _perform(self._members.machines, message)
            assert not isinstance(outcome, str), outcome
            self._world.log.info("maintenance changed", request=type(message).__name__)
            self._spread()
            self._world.send(sender, OperatorAnswer(message.request_id))

        self._world.save(operation, changed)

    def _refuse(self, to: Pid, request_id: int, reason: str) -> None:
        self._world.log.warning("maintenance refused", reason=reason)
        self._world.send(to, OperatorAnswer(request_id, _BAD_REQUEST, reason))

    def _spread(self) -> None:
        for agent in tuple(self._cluster.agents.values()):
            unavailability = self._members.unavailability(agent)
            if unavailability != agent.unavailability:
                agent.unavailability = unavailability
                agent.inverse_answers.clear()
                # Offers say when the agent will be away.
                self._offers.rescind_all(agent)
                self._world.allocate(SetUnavailability(agent.id, unavailability))
            if self._members.is_down(agent):
                self._removals.take_down(agent)


def _perform(machines: Machines, message: _Request) -> bool | str:
    if isinstance(message, UpdateMaintenanceRequest):
        return machines.plan(message.schedule)
    if isinstance(message, StartMaintenanceRequest):
        return machines.start(message.machines)
    return machines.stop(message.machines)

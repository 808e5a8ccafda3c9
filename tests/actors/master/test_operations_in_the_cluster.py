"""Reservations and volumes in a whole simulated cluster: real master, allocator, agents and executors."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.master.allocator.hierarchical import HierarchicalAllocator
from actors.master.allocator.process import AllocatorProcess
from actors.simulation import Plan
from frameworks.scheduler import Scheduler
from frameworks.testing import SimulatedCluster
from tests.actors.master.market import (
    Ability,
    create,
    destroy,
    grow,
    launch,
    named,
    reserve,
    shrink,
    task,
    unreserve,
)
from tests.actors.master.town import framework_info
from tests.transport.records.samples import dynamic, scalar, volume
from transport.messages.launching import ApplyOperation, OperationApplied
from transport.messages.operating import OperateOnAgent, OperatorAnswer
from transport.messages.scheduling import OperationReference
from transport.pid import Pid
from transport.records.framework import FrameworkInfo
from transport.records.offer import Filters, Offer
from transport.records.operation import OperationState, OperationStatus
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState, TaskStatus

State = OperationState
CPU = scalar("cpus", 1, (dynamic("a"),))
DISK = scalar("disk", 100, (dynamic("a"),))
MORE = scalar("disk", 50, (dynamic("a"),))
VOLUME = volume("v", 100)
EVERYTHING = Resources.parse("cpus:4;mem:1024;disk:1000")
AT_ONCE = Filters(refuse_seconds=0.0)


class Tenant(Scheduler):
    """Keeps its offers until the test uses them, and everything that it is told."""

    def __init__(self, detector: Pid) -> None:
        abilities = (Ability.RESERVATION_REFINEMENT, Ability.PARTITION_AWARE, Ability.SHARED_RESOURCES)
        info: FrameworkInfo = framework_info(
            None, *abilities, roles=("a",), failover_timeout=3600.0, checkpoint=True
        )
        super().__init__(info, detector)
        self.offers: dict[str, Offer] = {}
        self.statuses: list[TaskStatus] = []
        self.feedback: list[OperationStatus] = []

    def subscribed(self, framework_id: str, master: object) -> None:
        self.offers.clear()

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        self.offers.update((offer.id.value, offer) for offer in offers)

    def rescinded(self, offer_id: str) -> None:
        self.offers.pop(offer_id, None)

    def update(self, status: TaskStatus) -> None:
        self.statuses.append(status)

    def operation_update(self, status: OperationStatus) -> None:
        self.feedback.append(status)

    @property
    def offered(self) -> Resources:
        """All that it is offered, allocated to nobody."""
        parts = (Resources(offer.resources).unallocate() for offer in self.offers.values())
        return sum(parts, Resources())

    def use(self, *operations: Offer.Operation) -> None:
        """Accept all offers, which are of one agent."""
        offers = tuple(self.offers.values())
        self.offers.clear()
        self.accept(offers, operations, AT_ONCE)

    def states(self, operation_id: str) -> list[OperationState]:
        """What it was told of an operation, oldest first."""
        return [
            one.state for one in self.feedback if one.operation_id and one.operation_id.value == operation_id
        ]


class Estate:
    """A cluster with one agent and a tenant that is offered everything."""

    def __init__(self, seed: int = 1, kind: type[Tenant] = Tenant) -> None:
        self.cluster = SimulatedCluster(seed, cpus=4.0, mem=1024.0, resources="disk:1000")
        self.sim = self.cluster.sim
        self.cluster.wait_until_registered()
        self.node = self.cluster.start(kind)
        if kind is Tenant:
            self.until_offered(EVERYTHING)

    @property
    def tenant(self) -> Tenant:
        return self.node.process("scheduler", Tenant)

    @property
    def host_total(self) -> Resources:
        """What the agent believes to have."""
        return self.cluster.hosts[0].agent.books.total

    @property
    def agent_id(self) -> str:
        (agent_id,) = self.cluster.master.cluster.agents
        return agent_id

    def use(self, *operations: Offer.Operation) -> None:
        """Have the tenant use its offers, as a turn of its own."""
        self.tenant.delay(0.0, self.tenant.use, *operations)

    def until_offered(self, resources: Resources, timeout_seconds: float = 60.0) -> None:
        self.sim.run_until(lambda: self.tenant.offered == resources, timeout_seconds)

    def until_settled(self, timeout_seconds: float = 120.0) -> None:
        """Run until no operation is under way, and everybody agrees on what the agent has."""
        self.sim.run_until(self.is_settled, timeout_seconds)

    def is_settled(self) -> bool:
        if not self.cluster.all_registered() or not self.cluster.hosts[0].node.up:
            return False
        allocator = self.cluster.master_node.process("allocator", AllocatorProcess)._allocator
        assert isinstance(allocator, HierarchicalAllocator)
        ledger = allocator._ledger.agents
        agents = self.cluster.master.cluster.agents
        return (
            ledger.keys() == agents.keys()
            and all(agent.connected and not agent.operations for agent in agents.values())
            and [agent.total for agent in agents.values()] == [self.host_total]
            and [agent.total.resources for agent in ledger.values()] == [self.host_total]
        )


def with_resources(name: str, *resources: Resource, agent_id: str) -> TaskInfo:
    return replace(task(name, agent_id=agent_id), resources=resources)


def without(*resources: str) -> Resources:
    return EVERYTHING.without(Resources.parse(";".join(resources)))


def test_a_volume_is_made_used_kept_and_destroyed() -> None:
    estate = Estate()
    using = with_resources("t", scalar("cpus", 1), VOLUME, agent_id=estate.agent_id)
    estate.use(named(reserve(DISK), "r"), named(create(VOLUME), "c"), launch(using))
    estate.sim.run_until(
        lambda: [one.state for one in estate.tenant.statuses][-1:] == [TaskState.TASK_FINISHED]
    )
    estate.until_settled()
    with_volume = without("disk:100") + Resources([VOLUME])
    assert estate.host_total == with_volume
    estate.until_offered(with_volume)
    estate.use(destroy(VOLUME), unreserve(DISK))
    estate.until_offered(EVERYTHING)
    estate.until_settled()
    assert estate.host_total == EVERYTHING
    assert estate.tenant.states("r") == estate.tenant.states("c") == [State.OPERATION_FINISHED]


def test_a_volume_grows_and_shrinks() -> None:
    estate = Estate()
    estate.use(reserve(DISK), reserve(MORE), create(VOLUME))
    estate.until_offered(without("disk:150") + Resources([VOLUME, MORE]))
    estate.use(named(grow(VOLUME, MORE)))
    estate.until_offered(without("disk:150") + Resources([volume("v", 150)]))
    estate.use(named(shrink(volume("v", 150), 149), "s"))
    estate.until_offered(
        without("disk:150") + Resources([volume("v", 1), scalar("disk", 149, (dynamic("a"),))])
    )
    estate.until_settled()
    assert estate.tenant.states("o") == estate.tenant.states("s") == [State.OPERATION_FINISHED]


def test_reservations_and_volumes_survive_the_loss_of_power() -> None:
    """I5: of an agent, and of the master."""
    estate = Estate()
    estate.use(reserve(CPU), reserve(DISK), named(create(VOLUME)))
    estate.sim.run_until(lambda: estate.tenant.states("o"))
    kept = without("cpus:1", "disk:100") + Resources([CPU, VOLUME])
    estate.cluster.hosts[0].lose_power()
    estate.cluster.hosts[0].executor_node.start()
    estate.cluster.hosts[0].node.start()
    estate.sim.run_until(lambda: estate.cluster.hosts[0].agent.books.total == kept)
    estate.until_settled()
    estate.until_offered(kept)
    estate.cluster.master_node.crash()
    estate.cluster.master_node.start()
    estate.sim.run_until(estate.cluster.all_registered, 120.0)
    estate.until_settled()
    estate.until_offered(kept)


def test_feedback_that_a_master_did_not_live_to_give_is_given_by_the_next() -> None:
    """As in Mesos' UnackedAgentOperationAfterMasterFailover."""
    estate = Estate()
    lost = estate.sim.drop(OperationApplied)
    estate.use(named(reserve(CPU)))
    estate.sim.run_until(lambda: estate.host_total.contains(Resources([CPU])))
    estate.cluster.master_node.crash()
    lost.stop()
    estate.cluster.master_node.start()
    estate.sim.run_until(lambda: estate.tenant.states("o"), 120.0)
    estate.until_settled()
    assert estate.tenant.states("o") == [State.OPERATION_FINISHED]


def test_an_operation_that_got_lost_on_its_way_is_dropped_and_so_is_the_task_that_needs_it() -> None:
    """As in Mesos' DroppedOperationStatusUpdate."""
    estate = Estate()
    using = with_resources("t", CPU, agent_id=estate.agent_id)
    lost = estate.sim.drop(ApplyOperation)
    estate.use(named(reserve(CPU)), launch(using))
    estate.sim.run_until(lambda: lost.dropped)
    lost.stop()
    estate.sim.disconnect("master", "agent1")
    estate.sim.run_until(lambda: estate.tenant.states("o"), 120.0)
    estate.sim.run_until(lambda: estate.tenant.statuses, 120.0)
    estate.until_settled()
    assert estate.tenant.states("o") == [State.OPERATION_DROPPED]
    assert estate.tenant.statuses[-1].state in (TaskState.TASK_DROPPED, TaskState.TASK_LOST)
    assert estate.host_total == EVERYTHING
    estate.until_offered(EVERYTHING)


def test_an_operation_on_an_agent_that_is_given_up_is_unreachable_and_told_in_the_end() -> None:
    estate = Estate()
    estate.sim.drop(OperationApplied)
    estate.use(named(reserve(CPU)))
    estate.sim.run_until(lambda: estate.host_total.contains(Resources([CPU])))
    agent_id = estate.agent_id
    estate.sim.partition(["agent1", "agent1-executors"])
    estate.sim.run_until(lambda: estate.tenant.states("o"), 900.0)
    assert estate.tenant.states("o") == [State.OPERATION_UNREACHABLE]
    reference = OperationReference(operation_id="o", agent_id=agent_id)
    estate.tenant.delay(0.0, estate.tenant.reconcile_operations, (reference,))
    estate.sim.run_until(lambda: len(estate.tenant.states("o")) == 2)
    assert estate.tenant.states("o")[-1] is State.OPERATION_UNREACHABLE


def test_an_operator_takes_what_is_offered_and_reserves_it() -> None:
    estate = Estate()
    operator = estate.sim.node("operator").probe()
    wish = scalar("cpus", 2, (dynamic("b", "ops"),))
    master = estate.cluster.master_pid
    operator.send(master, OperateOnAgent(7, estate.agent_id, reserve(wish), "ops"))
    estate.sim.run_until(lambda: operator.received)
    assert operator.received == [OperatorAnswer(7, 202)]
    estate.until_settled()
    estate.until_offered(without("cpus:2"))
    operator.send(master, OperateOnAgent(8, estate.agent_id, unreserve(wish), "ops"))
    estate.until_offered(EVERYTHING)
    estate.until_settled()


# --- under faults ---


class Whimsical(Tenant):
    """Uses every offer at once, for whatever comes to its mind, until it is told to stop."""

    stopped = False

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        super().resource_offers(offers)
        for offer in offers:
            del self.offers[offer.id.value]
            operations = () if self.stopped else self._whims(offer)
            self.accept((offer,), operations, Filters(refuse_seconds=self.system.rng.choice((0.2, 2.0))))

    def _whims(self, offer: Offer) -> tuple[Offer.Operation, ...]:
        rng, there = self.system.rng, tuple(Resources(offer.resources).unallocate())
        whims: list[Offer.Operation] = []
        for _ in range(rng.randint(0, 4)):
            mine = [one for one in there if one.reservations]
            name = f"n{rng.getrandbits(64):x}"
            disk = scalar("disk", rng.randint(1, 50), (dynamic("a"),))
            choices = [
                reserve(CPU),
                reserve(disk),
                create(volume(name, rng.randint(1, 50), shared=rng.random() < 0.3)),
                launch(with_resources(name, scalar("cpus", 0.5), agent_id=offer.agent_id.value)),
            ]
            for one in mine:
                choices.append(launch(with_resources(name, one, agent_id=offer.agent_id.value)))
                choices.append(unreserve(one))
                if one.disk is not None:
                    choices += [destroy(one), shrink(one, 1), grow(one, disk)]
            whim = rng.choice(choices)
            whims.append(whim if whim.launch is not None or rng.random() < 0.5 else named(whim, name))
        return tuple(whims)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_befalls_a_cluster_all_agree_in_the_end_on_what_an_agent_has(seed: int) -> None:
    estate = Estate(seed, Whimsical)
    plan = Plan(
        kill_seconds=10.0,
        crash_seconds=25.0,
        partition_seconds=20.0,
        disconnect_seconds=3.0,
        pause_seconds=20.0,
        lasting_seconds=(0.05, 5.0),
        spared=("framework",),
    )
    estate.sim.chaos(plan)
    estate.sim.run(30.0)
    estate.sim.quiet()
    estate.node.process("scheduler", Whimsical).stopped = True
    estate.until_settled(1500.0)
    assert estate.host_total.quantities == EVERYTHING.quantities
    operations = [status for status in estate.tenant.feedback if status.state is State.OPERATION_FINISHED]
    assert operations


def test_an_operation_that_got_lost_while_the_link_held_is_dropped_in_the_end() -> None:
    estate = Estate()
    estate.sim.drop(ApplyOperation, times=1)
    estate.use(named(reserve(CPU), "r"))
    estate.sim.run_until(lambda: estate.tenant.states("r"), 120.0)
    assert estate.tenant.states("r") == [State.OPERATION_DROPPED]
    estate.until_settled()
    estate.until_offered(EVERYTHING)

from __future__ import annotations

from actors.master.agent import AgentEntry
from tests.actors.master.county import (
    AGENT,
    ELSEWHERE,
    HERE,
    OPERATOR,
    RESTARTED,
    County,
    registration,
    registry,
    reregistration,
)
from tests.actors.master.town import SCHEDULER, Capability, State
from transport.messages import allocation
from transport.messages.membership import ShutdownAgent
from transport.messages.operating import (
    MaintenanceRead,
    ReadMaintenance,
    StartMaintenanceRequest,
    StopMaintenanceRequest,
    UpdateMaintenanceRequest,
)
from transport.messages.registry import RemoveAdmittedAgent, StartMaintenance, UpdateMaintenance
from transport.messages.scheduling import Failure, InverseOffers, RescindInverseOffer
from transport.records.ids import FrameworkID
from transport.records.inverse_offer_status import InverseOfferStatus
from transport.records.machine import MachineID, MachineInfo
from transport.records.maintenance import ClusterStatus, Schedule, Window
from transport.records.registry import Registry
from transport.records.task_status import TaskStatus
from transport.records.time_info import TimeInfo, Unavailability

SOON = Unavailability(start=TimeInfo(nanoseconds=1))
LATER = Unavailability(start=TimeInfo(nanoseconds=2))
MACHINE = MachineID(hostname="HOST0", ip="10.0.1.0")
OTHER = MachineID(hostname="host1", ip="10.0.1.7")


def schedule(*machines: MachineID, unavailability: Unavailability = SOON) -> Schedule:
    if not machines:
        return Schedule()
    return Schedule(windows=(Window(machine_ids=machines, unavailability=unavailability),))


def plan(county: County, *machines: MachineID, unavailability: Unavailability = SOON) -> None:
    request = UpdateMaintenanceRequest(1, schedule(*machines, unavailability=unavailability))
    county.maintenance.update(OPERATOR, request)


def read(county: County) -> MaintenanceRead:
    county.maintenance.read(OPERATOR, ReadMaintenance(9))
    return county.world.told_of(OPERATOR, MaintenanceRead)[-1]


def asked_back(county: County) -> AgentEntry:
    """An agent that is to be away, and a framework that was asked to leave it."""
    framework, agent = county.checkpointing(Capability.PARTITION_AWARE), county.join()
    plan(county, MACHINE)
    county.offers.make(allocation.MakeOffers({}, {framework.id: {agent.id: SOON}}))
    assert county.world.told_of(SCHEDULER, InverseOffers)
    return agent


# --- the schedule ---


def test_a_schedule_is_followed_once_it_is_durable() -> None:
    county = County()
    framework, agent = county.checkpointing(), county.join()
    other = county.join(ELSEWHERE, "host1")
    county.offer(framework, agent)
    county.offer(framework, other)
    county.world.forget()
    plan(county, MACHINE)
    assert not county.world.allocated
    assert county.world.commit() == UpdateMaintenance(schedule(MACHINE))
    assert [one.unavailability for one in county.cluster.agents.values()] == [SOON, None]
    assert county.world.asked(allocation.SetUnavailability) == [allocation.SetUnavailability(AGENT, SOON)]
    assert [one.agent_id for one in county.cluster.offers.values()] == [other.id]
    assert county.answers() == [(200, "")]


def test_an_agent_that_registers_on_a_scheduled_machine_is_known_to_be_away_soon() -> None:
    county = County(prompt=True)
    plan(county, MACHINE)
    agent = county.join()
    assert agent.unavailability == SOON
    (added,) = county.world.asked(allocation.AddAgent)
    assert added.unavailability == SOON


def test_a_change_of_the_schedule_makes_answers_and_inverse_offers_void() -> None:
    county = County(prompt=True)
    agent = asked_back(county)
    (inverse,) = agent.inverse_offers
    agent.inverse_answers["m1-0009"] = InverseOfferStatus(
        status=InverseOfferStatus.Status.ACCEPT,
        framework_id=FrameworkID(value="m1-0009"),
        timestamp=TimeInfo(nanoseconds=0),
    )
    plan(county, MACHINE, unavailability=LATER)
    assert county.world.told_of(SCHEDULER, RescindInverseOffer) == [RescindInverseOffer(inverse)]
    assert not agent.inverse_answers
    plan(county)
    assert county.world.asked(allocation.SetUnavailability)[-1] == allocation.SetUnavailability(AGENT, None)


def test_a_schedule_that_breaks_a_rule_is_refused_by_the_registrar_and_told_why() -> None:
    county = County()
    county.join()
    plan(county, MACHINE)
    county.world.refuse("windows[0].machine_ids: must not be empty")
    assert county.answers() == [(400, "windows[0].machine_ids: must not be empty")]
    assert read(county).schedule == Schedule()


def test_the_schedule_survives_a_failover() -> None:
    county = County(prompt=True)
    machine = MachineInfo(id=MACHINE, mode=MachineInfo.Mode.DOWN, unavailability=SOON)
    county.recover(
        registry(
            schedules=(schedule(MACHINE),),
            machines=Registry.Machines(machines=(Registry.Machine(info=machine),)),
        )
    )
    county.agents.register(HERE, registration())
    assert county.world.told(HERE) == [ShutdownAgent("Machine is DOWN")]
    assert read(county).status == ClusterStatus(down_machines=(MACHINE,))


# --- down and up ---


def test_agents_on_a_machine_that_goes_down_are_removed_and_refused() -> None:
    county = County(prompt=True)
    agent = asked_back(county)
    county.task(county.framework_of(SCHEDULER), agent, state=State.TASK_RUNNING)
    county.world.forget()
    county.world.prompt = False
    county.maintenance.start(OPERATOR, StartMaintenanceRequest(2, (MACHINE,)))
    assert county.world.commit() == StartMaintenance((MACHINE,))
    assert county.world.commit() == RemoveAdmittedAgent(AGENT)
    assert county.world.told(HERE) == [ShutdownAgent("Operator initiated 'Machine DOWN'")]
    (status,) = county.statuses()
    assert status.state is State.TASK_GONE_BY_OPERATOR
    assert status.reason is TaskStatus.Reason.REASON_AGENT_REMOVED_BY_OPERATOR
    assert county.world.told(SCHEDULER)[-1] == Failure(AGENT)
    assert not county.cluster.agents
    county.world.forget()
    county.agents.reregister(RESTARTED, reregistration())
    assert county.world.told(RESTARTED) == [ShutdownAgent("Machine is DOWN")]
    assert not county.world.operations
    county.check()


def test_an_agent_that_was_registering_when_its_machine_went_down_is_removed() -> None:
    county = County(prompt=True)
    plan(county, MACHINE)
    county.world.prompt = False
    county.agents.register(HERE, registration())
    county.maintenance.start(OPERATOR, StartMaintenanceRequest(2, (MACHINE,)))
    county.world.commit_all()
    assert not county.cluster.agents
    assert county.world.told(HERE)[-1] == ShutdownAgent("Operator initiated 'Machine DOWN'")


def test_an_agent_that_was_coming_back_when_its_machine_went_down_is_removed() -> None:
    county = County(prompt=True)
    county.join()
    plan(county, MACHINE)
    county.agents.exited(HERE)
    county.world.prompt = False
    county.maintenance.start(OPERATOR, StartMaintenanceRequest(2, (MACHINE,)))
    county.agents.reregister(RESTARTED, reregistration(resources="cpus:8;mem:4096"))
    county.world.commit_all()
    assert not county.cluster.agents


def test_a_machine_that_is_up_again_takes_its_agent_back() -> None:
    county = County(prompt=True)
    county.join()
    plan(county, MACHINE, OTHER)
    county.maintenance.start(OPERATOR, StartMaintenanceRequest(2, (MACHINE,)))
    county.maintenance.stop(OPERATOR, StopMaintenanceRequest(3, (MACHINE,)))
    assert county.answers() == [(200, "")] * 3
    assert read(county).schedule == schedule(OTHER)
    agent = county.join(RESTARTED)
    assert agent.unavailability is None


# --- how far it is ---


def test_what_frameworks_answered_is_shown_beside_the_machine() -> None:
    county = County(prompt=True)
    agent = asked_back(county)
    framework = county.framework_of(SCHEDULER)
    county.offers.answer_inverse(framework, tuple(agent.inverse_offers), accepted=True, filters=None)
    (machine,) = read(county).status.draining_machines
    assert machine.id == MACHINE
    assert [one.status for one in machine.statuses] == [InverseOfferStatus.Status.ACCEPT]
    assert read(county).schedule == schedule(MACHINE)

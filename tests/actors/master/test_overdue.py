"""What got lost is asked for, once it should have shown some effect."""

from __future__ import annotations

from actors.simulation import Simulation
from containerizers.fake import Course
from frameworks.scheduler import Scheduler
from frameworks.testing import SimulatedCluster
from transport.messages.launching import RunTask
from transport.messages.scheduling import AcceptOffers, DeclineOffers, OffersOutstanding, ResourceOffers
from transport.pid import Pid
from transport.records.command import CommandInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import TaskID
from transport.records.offer import Offer
from transport.records.resources import Resources
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState, TaskStatus

_AWARE = FrameworkInfo.Capability(type=FrameworkInfo.Capability.Type.PARTITION_AWARE)


class OneTask(Scheduler):
    """Launches a task on the first offer, and holds all others."""

    def __init__(self, detector: Pid, *, launches: bool = True) -> None:
        super().__init__(FrameworkInfo(user="root", name="one", capabilities=(_AWARE,)), detector)
        self.launches = launches
        self.offers = 0
        self.told: list[TaskStatus] = []

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        self.offers += len(offers)
        if self.launches:
            self.launches = False
            task = TaskInfo(
                name="one",
                task_id=TaskID(value="one"),
                agent_id=offers[0].agent_id,
                resources=tuple(Resources.parse("cpus:1;mem:32")),
                command=CommandInfo(value="sleep 1000"),
            )
            self.launch(offers, [task])

    def update(self, status: TaskStatus) -> None:
        self.told.append(status)


def cluster(sim: Simulation) -> SimulatedCluster:
    return SimulatedCluster(sim=sim, commands={"sleep 1000": Course(seconds=1000.0)})


def test_a_launch_that_never_reached_its_agent_is_dropped_in_the_end() -> None:
    sim = Simulation(1)
    lost = sim.drop(RunTask)
    node = cluster(sim).start(OneTask)
    scheduler = node.process("scheduler", OneTask)

    sim.run_until(lambda: scheduler.told)

    assert lost.dropped
    assert [status.state for status in scheduler.told] == [TaskState.TASK_DROPPED]
    assert scheduler.told[0].reason is TaskStatus.Reason.REASON_RECONCILIATION


def test_a_launch_that_takes_its_time_is_left_alone() -> None:
    sim = Simulation(2)
    node = cluster(sim).start(OneTask)
    scheduler = node.process("scheduler", OneTask)

    sim.run(120.0)

    assert [status.state for status in scheduler.told] == [TaskState.TASK_STARTING, TaskState.TASK_RUNNING]


def test_an_offer_that_never_reached_its_scheduler_is_made_again() -> None:
    sim = Simulation(3)
    sim.drop(ResourceOffers, times=1)
    node = cluster(sim).start(lambda detector: OneTask(detector, launches=False))
    scheduler = node.process("scheduler", OneTask)

    sim.run(15.0)
    assert scheduler.offers == 0
    sim.run_until(lambda: scheduler.offers)


def test_an_offer_that_its_scheduler_holds_stays_its_own() -> None:
    sim = Simulation(4)
    declined = sim.drop(DeclineOffers)
    node = cluster(sim).start(lambda detector: OneTask(detector, launches=False))

    sim.wait_for(OffersOutstanding)
    sim.run(60.0)

    assert node.process("scheduler", OneTask).offers == 1
    assert not declined.dropped


def test_an_accept_that_comes_twice_does_not_tell_the_end_of_what_it_launched() -> None:
    sim = Simulation(5)
    again = sim.hold(AcceptOffers)
    one = cluster(sim)
    node = one.start(OneTask)
    scheduler = node.process("scheduler", OneTask)
    sim.run_until(lambda: again.held)
    message = again.held[0]
    again.release()
    sim.run_until(lambda: len(scheduler.told) == 2)

    scheduler.send(one.master_pid, message.message)
    sim.run(5.0)

    assert [status.state for status in scheduler.told] == [TaskState.TASK_STARTING, TaskState.TASK_RUNNING]

"""A scheduler, and a probe in the master's place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
from msgspec.structs import replace

from actors.election.standalone import StandaloneDetector
from actors.simulation import Probe, SimulatedNode, Simulation
from actors.system import Restart
from frameworks.scheduler import Scheduler
from transport.message import Message
from transport.messages import scheduling
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.messages.scheduling import Subscribe, Subscribed, TaskReference, TaskUpdate
from transport.pid import Pid
from transport.records.framework import FrameworkInfo
from transport.records.ids import UUID, AgentID, FrameworkID, OfferID, OperationID, TaskID
from transport.records.master import MasterInfo
from transport.records.offer import Filters, InverseOffer, Offer
from transport.records.operation import OperationState, OperationStatus
from transport.records.task_status import TaskState, TaskStatus
from transport.records.time_info import TimeInfo, Unavailability

M = TypeVar("M")

INFO = FrameworkInfo(user="root", name="test", roles=("a", "b"))
MULTI_ROLE = FrameworkInfo.Capability(type=FrameworkInfo.Capability.Type.MULTI_ROLE)
OFFER = Offer(
    id=OfferID(value="o1"),
    framework_id=FrameworkID(value="f1"),
    agent_id=AgentID(value="a1"),
    hostname="h",
)
INVERSE = InverseOffer(
    id=OfferID(value="i1"),
    framework_id=FrameworkID(value="f1"),
    unavailability=Unavailability(start=TimeInfo(nanoseconds=1)),
)


class Recorder(Scheduler):
    """Keeps what it is told, by the name of the hook."""

    def __init__(self, framework: FrameworkInfo, detector: Pid | str) -> None:
        super().__init__(framework, detector)
        self.told: list[tuple[object, ...]] = []
        self.asks_for: tuple[TaskReference, ...] = ()

    def subscribed(self, framework_id: str, master: MasterInfo) -> None:
        self.told.append(("subscribed", framework_id))

    def disconnected(self) -> None:
        self.told.append(("disconnected",))

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        self.told.append(("offers", *(offer.id.value for offer in offers)))

    def rescinded(self, offer_id: str) -> None:
        self.told.append(("rescinded", offer_id))

    def inverse_offer_rescinded(self, inverse_offer_id: str) -> None:
        self.told.append(("inverse rescinded", inverse_offer_id))

    def update(self, status: TaskStatus) -> None:
        self.told.append(("update", status.task_id.value, status.state, status.uuid))

    def operation_update(self, status: OperationStatus) -> None:
        self.told.append(("operation", status.state))

    def framework_message(self, agent_id: str, executor_id: str, data: bytes) -> None:
        self.told.append(("message", agent_id, executor_id, data))

    def failure(self, agent_id: str, executor_id: str | None, status: int | None) -> None:
        self.told.append(("failure", agent_id, executor_id, status))

    def framework_updated(self, error: str | None) -> None:
        self.told.append(("updated", error))

    def error(self, message: str) -> None:
        self.told.append(("error", message))

    def torn_down(self) -> None:
        self.told.append(("torn down",))

    def unsettled(self) -> tuple[TaskReference, ...]:
        return self.asks_for


class Careful(Recorder):
    acknowledges_automatically = False


class Asking(Recorder):
    reconcile_every_seconds = 60.0


class World:
    """A scheduler on one node, and a probe as master on another."""

    def __init__(self, kind: type[Recorder] = Recorder, info: FrameworkInfo = INFO, seed: int = 0) -> None:
        self.sim = Simulation(seed)
        self.master_node = self.sim.node("master")
        self.master = self.master_node.probe("master")
        self.here = self.sim.node("here", lambda node: self._boot(node, kind, info))

    def _boot(self, node: SimulatedNode, kind: type[Recorder], info: FrameworkInfo) -> None:
        detector = node.spawn(lambda: StandaloneDetector(self.master_node.pid_of("master")), "detector")
        node.spawn(lambda: kind(info, detector), "scheduler")

    @property
    def scheduler(self) -> Recorder:
        return self.here.process("scheduler", Recorder)

    @property
    def told(self) -> list[tuple[object, ...]]:
        return self.scheduler.told

    def received(self, kind: type[M]) -> list[M]:
        return [message for message in self.master.received if isinstance(message, kind)]

    def answer(self, message: Message, sender: Probe | None = None) -> None:
        """Send something to the scheduler, as the master does."""
        (sender or self.master).send(self.scheduler.pid, message)

    def until(self, condition: Callable[[], object]) -> None:
        self.sim.run_until(condition)

    def until_told(self, *what: object) -> None:
        self.until(lambda: what in self.told)

    def subscribe(self, framework_id: str = "f1") -> None:
        """Answer the scheduler's next try."""
        tries = len(self.received(Subscribe))
        self.until(lambda: len(self.received(Subscribe)) > tries or tries)
        count = len(self.told)
        self.answer(make_subscribed(framework_id))
        self.until(lambda: ("subscribed", framework_id) in self.told[count:])


def make_subscribed(framework_id: str = "f1") -> Subscribed:
    return Subscribed(framework_id, 15.0, MasterInfo(id="m1", ip=1, port=5050))


def make_status(
    state: TaskState = TaskState.TASK_RUNNING, uuid: bytes | None = b"u" * 16, task_id: str = "t1"
) -> TaskStatus:
    return TaskStatus(task_id=TaskID(value=task_id), state=state, uuid=uuid, agent_id=AgentID(value="a1"))


def subscribed(kind: type[Recorder] = Recorder, info: FrameworkInfo = INFO) -> World:
    world = World(kind, info)
    world.subscribe()
    return world


# --- subscribing ---


def test_a_scheduler_subscribes_and_is_told_its_id() -> None:
    world = subscribed()
    assert world.told == [("subscribed", "f1")]
    assert world.received(Subscribe) == [Subscribe(INFO)]
    assert world.scheduler.framework_id == "f1"


def test_it_tries_again_until_it_is_answered_ever_more_seldom_and_then_stops() -> None:
    world = World()
    world.sim.run(60.0)
    tries = len(world.received(Subscribe))
    assert 8 <= tries <= 20
    world.subscribe()
    world.sim.run(14.0)
    assert len(world.received(Subscribe)) == tries


def test_a_master_that_comes_later_is_found() -> None:
    sim = Simulation(0)
    master = Pid("master", "late", 5050)

    def boot(node: SimulatedNode) -> None:
        detector = node.spawn(lambda: StandaloneDetector(master), "detector")
        node.spawn(lambda: Recorder(INFO, detector), "scheduler")

    here = sim.node("here", boot)
    sim.run(20.0)
    probe = sim.node("late").probe("master")
    sim.run_until(lambda: probe.received)
    probe.send(here.pid_of("scheduler"), make_subscribed())
    sim.run_until(lambda: here.process("scheduler", Recorder).told)


def test_when_the_connection_breaks_it_subscribes_again_with_its_id() -> None:
    world = subscribed()
    world.sim.disconnect("here", "master")
    world.until(lambda: len(world.received(Subscribe)) == 2)
    assert world.told == [("subscribed", "f1"), ("disconnected",)]
    assert world.received(Subscribe)[1].framework == replace(INFO, id=FrameworkID(value="f1"))
    world.subscribe()
    assert world.told[2:] == [("subscribed", "f1")]


def test_when_the_master_restarts_it_subscribes_with_the_new_one() -> None:
    world = subscribed()
    world.sim.crash("master")
    world.until_told("disconnected")
    world.sim.restart("master")
    world.master = world.master_node.probe("master")
    world.subscribe()
    assert world.told[-1] == ("subscribed", "f1")


def test_five_missed_heartbeats_end_a_connection() -> None:
    world = subscribed()
    world.answer(scheduling.Heartbeat())
    world.sim.run(74.0)
    assert ("disconnected",) not in world.told
    world.sim.run(20.0)
    assert world.told[-1] == ("disconnected",)
    assert len(world.received(Subscribe)) >= 2


def test_heartbeats_keep_a_connection() -> None:
    world = subscribed()
    world.master.every(15.0, lambda: world.answer(scheduling.Heartbeat()))
    world.sim.run(600.0)
    assert world.told == [("subscribed", "f1")]


def test_a_successor_of_the_scheduler_takes_over_by_the_id_that_it_is_given() -> None:
    known = replace(INFO, id=FrameworkID(value="f1"))
    world = World(info=known)
    world.until(lambda: world.received(Subscribe))
    assert world.received(Subscribe)[0].framework == known
    world.answer(make_subscribed("f2"))
    world.sim.run(0.2)
    assert not world.told
    world.subscribe()
    assert world.told == [("subscribed", "f1")]


def test_a_refused_scheduler_does_not_try_again() -> None:
    world = World()
    world.until(lambda: world.received(Subscribe))
    world.answer(scheduling.SchedulerError("no such role"))
    world.until_told("error", "no such role")
    tries = len(world.received(Subscribe))
    world.sim.run(120.0)
    assert len(world.received(Subscribe)) == tries
    assert len(world.told) == 1


def test_a_scheduler_that_was_taken_over_does_not_fight() -> None:
    world = subscribed()
    world.answer(scheduling.SchedulerError("Framework failed over"))
    world.until_told("error", "Framework failed over")
    world.answer(TaskUpdate(make_status()))
    world.sim.run(120.0)
    assert len(world.received(Subscribe)) == 1
    assert not world.received(scheduling.Acknowledge)
    assert world.told[2:] == []


def test_a_refused_scheduler_that_has_no_idea_ends() -> None:
    sim = Simulation(0)
    master = sim.node("master").probe("master")

    def boot(node: SimulatedNode) -> None:
        detector = node.spawn(lambda: StandaloneDetector(master.pid.whoever()), "detector")
        node.spawn(lambda: Scheduler(INFO, detector), "scheduler")

    here = sim.node("here", boot)
    sim.run_until(lambda: master.received)
    master.send(here.pid_of("scheduler"), scheduling.SchedulerError("no"))
    sim.run_until(lambda: "scheduler" not in {actor.pid.name for actor in here.actors()})
    assert not sim.crashes


def test_a_scheduler_that_knows_its_master_by_name_finds_it_also_after_a_crash() -> None:
    sim = Simulation(0)
    there = sim.node("master")
    master = there.probe("master")
    there.spawn(lambda: StandaloneDetector(there.pid_of("master")), "detector")
    here = sim.node(
        "here",
        lambda node: node.spawn(lambda: Recorder(INFO, "master@master:5050"), "scheduler", restart=Restart()),
    )
    sim.run_until(lambda: master.received)
    first = master.senders[0]
    here.kill("scheduler")
    sim.run_until(lambda: any(sender not in (first,) for sender in master.senders))
    assert [actor.pid.name for actor in here.actors()].count("scheduler-detector") == 1
    here.kill("scheduler-detector")
    here.terminate(here.pid_of("scheduler"))
    sim.run_until(lambda: [actor.pid.name for actor in here.actors()] == ["supervisor"])


def test_a_detector_that_crashed_is_asked_again_when_its_successor_is_there() -> None:
    sim = Simulation(0)
    there = sim.node("master")
    there.spawn(lambda: StandaloneDetector(there.pid_of("master")), "detector")
    here = sim.node(
        "here", lambda node: node.spawn(lambda: Recorder(INFO, "master@master:5050"), "scheduler")
    )
    for _ in range(3):
        told = sim.wait_for(LeaderDetected, sender="scheduler-detector")
        assert told.master == there.pid_of("master")
        here.kill("scheduler-detector")


# --- the leader changes ---


class Changing:
    """A scheduler whose detector is a probe, and two masters."""

    def __init__(self) -> None:
        self.sim = Simulation(0)
        self.anna = self.sim.node("anna").probe("master")
        self.ben = self.sim.node("ben").probe("master")
        self.here = self.sim.node("here")
        self.detector = self.here.probe("detector")
        self.here.spawn(lambda: Recorder(INFO, self.detector.pid.whoever()), "scheduler")
        self.sim.run_until(lambda: WatchLeader() in self.detector.received)

    @property
    def scheduler(self) -> Recorder:
        return self.here.process("scheduler", Recorder)

    def lead(self, master: Probe | None, epoch: int) -> None:
        pid = None if master is None else master.pid.whoever()
        self.detector.send(self.scheduler.pid, LeaderDetected(pid, epoch))

    def subscribe(self, master: Probe, framework_id: str = "f1") -> None:
        self.sim.run_until(lambda: any(isinstance(message, Subscribe) for message in master.received))
        told = len(self.scheduler.told)
        master.send(self.scheduler.pid, make_subscribed(framework_id))
        self.sim.run_until(lambda: ("subscribed", framework_id) in self.scheduler.told[told:])


def test_who_hears_of_a_newer_epoch_hears_no_master_until_the_detector_has_looked() -> None:
    world = Changing()
    world.lead(world.anna, 1)
    world.subscribe(world.anna)
    world.sim.run(1.0)
    world.anna.received.clear()
    world.here.epoch = 5
    world.anna.send(world.scheduler.pid, scheduling.ResourceOffers((OFFER,)))
    world.sim.run_until(lambda: WatchLeader(doubted=True) in world.detector.received)
    assert world.scheduler.told[-1] == ("disconnected",)
    world.sim.run(60.0)
    assert world.anna.received == []
    world.lead(world.anna, 1)
    world.subscribe(world.anna)
    world.anna.send(world.scheduler.pid, scheduling.ResourceOffers((OFFER,)))
    world.sim.run_until(lambda: world.scheduler.told[-1][0] == "offers")
    assert world.detector.received.count(WatchLeader(doubted=True)) == 1


def test_a_new_leader_is_followed_and_the_former_one_ignored() -> None:
    world = Changing()
    world.lead(world.anna, 1)
    world.subscribe(world.anna)
    world.lead(world.ben, 2)
    world.subscribe(world.ben)
    told = [("subscribed", "f1"), ("disconnected",), ("subscribed", "f1")]
    assert world.scheduler.told == told
    for message in (TaskUpdate(make_status()), scheduling.SchedulerError("bye"), make_subscribed()):
        world.anna.send(world.scheduler.pid, message)
    world.sim.run(1.0)
    assert world.scheduler.told == told


def test_an_answer_of_a_former_leader_comes_too_late() -> None:
    world = Changing()
    world.lead(world.anna, 1)
    world.sim.run_until(lambda: world.anna.received)
    world.lead(world.ben, 2)
    world.sim.run_until(lambda: world.ben.received)
    world.anna.send(world.scheduler.pid, make_subscribed("f9"))
    world.sim.run(0.2)
    assert not world.scheduler.told
    world.subscribe(world.ben)


def test_while_nobody_leads_nothing_is_tried() -> None:
    world = Changing()
    world.lead(world.anna, 1)
    world.subscribe(world.anna)
    world.lead(None, 1)
    world.sim.run_until(lambda: ("disconnected",) in world.scheduler.told)
    tries = len(world.anna.received)
    world.sim.run(60.0)
    assert len(world.anna.received) == tries
    world.lead(world.anna, 2)
    world.sim.run_until(lambda: len(world.anna.received) > tries)


def test_a_detector_that_was_restarted_is_asked_again() -> None:
    world = Changing()
    world.here.kill("detector")
    world.sim.run(0.5)
    world.detector = world.here.probe("detector")
    world.sim.run_until(lambda: WatchLeader() in world.detector.received)


# --- events ---


def test_every_event_reaches_its_hook_in_order() -> None:
    world = subscribed()
    del world.told[:]
    for event in (
        scheduling.ResourceOffers((OFFER,)),
        scheduling.RescindOffer("o1"),
        scheduling.RescindInverseOffer("i1"),
        scheduling.ExecutorMessage("f1", "a1", "e1", b"data"),
        scheduling.Failure("a1", "e1", 9),
        scheduling.FrameworkInfoUpdated("why not"),
    ):
        world.answer(event)
    world.until(lambda: len(world.told) == 6)
    assert world.told == [
        ("offers", "o1"),
        ("rescinded", "o1"),
        ("inverse rescinded", "i1"),
        ("message", "a1", "e1", b"data"),
        ("failure", "a1", "e1", 9),
        ("updated", "why not"),
    ]


def test_what_is_not_overridden_takes_nothing_and_holds_up_nobody() -> None:
    sim = Simulation(0)
    master = sim.node("master").probe("master")
    here = sim.node("here")
    here.spawn(lambda: StandaloneDetector(master.pid.whoever()), "detector")
    here.spawn(lambda: Scheduler(INFO, here.pid_of("detector")), "scheduler")
    sim.run_until(lambda: master.received)
    for event in (
        make_subscribed(),
        scheduling.ResourceOffers((OFFER,)),
        scheduling.InverseOffers((INVERSE,)),
        scheduling.RescindOffer("o1"),
        scheduling.RescindInverseOffer("i1"),
        TaskUpdate(make_status()),
        scheduling.Failure("a1"),
        scheduling.ExecutorMessage("f1", "a1", "e1", b""),
    ):
        master.send(here.pid_of("scheduler"), event)
    sim.run(1.0)
    assert master.received[1:] == [
        scheduling.DeclineOffers("f1", ("o1",)),
        scheduling.AcceptInverseOffers("f1", ("i1",)),
        scheduling.Acknowledge("f1", "a1", "t1", b"u" * 16),
    ]


def test_events_before_the_subscription_and_from_strangers_do_not_count() -> None:
    world = World()
    world.until(lambda: world.received(Subscribe))
    world.answer(TaskUpdate(make_status()))
    world.subscribe()
    world.answer(TaskUpdate(make_status()), sender=world.master_node.probe("stranger"))
    world.sim.run(1.0)
    assert world.told == [("subscribed", "f1")]


def test_offers_that_got_lost_are_given_back() -> None:
    world = subscribed()
    offers = tuple(replace(OFFER, id=OfferID(value=f"o{number}")) for number in range(4))
    world.answer(scheduling.ResourceOffers(offers))
    world.answer(scheduling.RescindOffer("o0"))
    world.until_told("rescinded", "o0")
    world.scheduler.decline(offers[1:2])
    world.answer(scheduling.OffersOutstanding(("o0", "o1", "o2", "o3", "o9")))
    world.until(lambda: len(world.received(scheduling.DeclineOffers)) == 2)
    assert world.received(scheduling.DeclineOffers)[1].offer_ids == ("o0", "o1", "o9")


# --- updates ---


def test_an_update_that_is_repeated_is_delivered_once_and_acknowledged_each_time() -> None:
    world = subscribed()
    for _ in range(3):
        world.answer(TaskUpdate(make_status()))
    world.until(lambda: len(world.received(scheduling.Acknowledge)) == 3)
    assert world.told[1:] == [("update", "t1", TaskState.TASK_RUNNING, b"u" * 16)]
    assert set(world.received(scheduling.Acknowledge)) == {
        scheduling.Acknowledge("f1", "a1", "t1", b"u" * 16)
    }


def test_an_update_is_delivered_once_through_a_failover_of_the_master() -> None:
    world = subscribed()
    world.answer(TaskUpdate(make_status(TaskState.TASK_FINISHED)))
    world.until(lambda: len(world.told) == 2)
    world.sim.disconnect("here", "master")
    world.until_told("disconnected")
    world.subscribe()
    before = len(world.received(scheduling.Acknowledge))
    world.answer(TaskUpdate(make_status(TaskState.TASK_FINISHED)))
    world.until(lambda: len(world.received(scheduling.Acknowledge)) > before)
    assert [entry for entry in world.told if entry[0] == "update"] == [
        ("update", "t1", TaskState.TASK_FINISHED, b"u" * 16)
    ]


def test_answers_without_uuid_are_always_delivered_and_never_acknowledged() -> None:
    world = subscribed()
    for _ in range(2):
        world.answer(TaskUpdate(make_status(uuid=None)))
    world.until(lambda: len(world.told) == 3)
    world.sim.run(1.0)
    assert not world.received(scheduling.Acknowledge)


def test_who_acknowledges_by_hand_has_time() -> None:
    world = subscribed(Careful)
    status = make_status()
    world.answer(TaskUpdate(status))
    world.answer(TaskUpdate(status))
    world.sim.run(1.0)
    assert len(world.told) == 2
    assert not world.received(scheduling.Acknowledge)
    world.scheduler.acknowledge(status)
    world.until(lambda: len(world.received(scheduling.Acknowledge)) == 1)
    world.answer(TaskUpdate(status))
    world.until(lambda: len(world.received(scheduling.Acknowledge)) == 2)
    assert len(world.told) == 2


def test_updates_of_operations_are_delivered_once_too() -> None:
    world = subscribed()
    status = OperationStatus(
        operation_id=OperationID(value="op1"),
        state=OperationState.OPERATION_FINISHED,
        uuid=UUID(value=b"v" * 16),
        agent_id=AgentID(value="a1"),
    )
    for one in (status, status, replace(status, uuid=None)):
        world.answer(scheduling.OperationUpdate(one))
    world.until(lambda: len(world.told) == 3 and len(world.received(scheduling.AcknowledgeOperation)) == 2)
    acknowledgement = scheduling.AcknowledgeOperation("f1", "op1", b"v" * 16, "a1")
    assert world.received(scheduling.AcknowledgeOperation) == [acknowledgement] * 2


# --- reconciliation ---


def test_a_new_framework_has_nothing_to_reconcile_one_that_is_back_has() -> None:
    world = subscribed()
    world.sim.run(1.0)
    assert not world.received(scheduling.Reconcile)
    world.scheduler.asks_for = (TaskReference(task_id=TaskID(value="t1")),)
    world.sim.disconnect("here", "master")
    world.until_told("disconnected")
    world.subscribe()
    world.until(lambda: world.received(scheduling.Reconcile))
    assert world.received(scheduling.Reconcile) == [
        scheduling.Reconcile("f1", (TaskReference(task_id=TaskID(value="t1")),))
    ]


def test_what_a_new_leader_is_silent_about_is_asked_for_again_until_it_is_heard_of() -> None:
    world = subscribed()
    one, two = (TaskReference(task_id=TaskID(value=name)) for name in ("t1", "t2"))
    world.scheduler.asks_for = (one, two)
    world.sim.disconnect("here", "master")
    world.until_told("disconnected")
    world.subscribe()
    world.until(lambda: world.received(scheduling.Reconcile))
    world.answer(scheduling.TaskUpdate(TaskStatus(task_id=one.task_id, state=TaskState.TASK_RUNNING)))
    world.until(lambda: len(world.received(scheduling.Reconcile)) == 3)
    assert [message.tasks for message in world.received(scheduling.Reconcile)] == [(one, two), (two,), (two,)]
    world.scheduler.asks_for = ()
    world.sim.run(10.0)
    assert len(world.received(scheduling.Reconcile)) == 3, "what is settled is not asked for"


def test_who_wants_to_reconciles_again_and_again() -> None:
    world = subscribed(Asking)
    world.master.every(15.0, lambda: world.answer(scheduling.Heartbeat()))
    world.sim.run(200.0)
    assert world.received(scheduling.Reconcile) == [scheduling.Reconcile("f1")] * 3


# --- calls ---


def test_calls_reach_the_master_as_messages() -> None:
    world = subscribed()
    scheduler, skip = world.scheduler, len(world.master.received)
    scheduler.launch((OFFER,), ())
    scheduler.decline((OFFER,), refuse_seconds=0.0)
    scheduler.decline(())
    scheduler.decline_inverse_offers((INVERSE,))
    scheduler.kill("t1", "a1")
    scheduler.message("a1", "e1", b"data")
    scheduler.shutdown("e1", "a1")
    scheduler.request(())
    scheduler.reconcile_operations()
    scheduler.update_framework(replace(INFO, name="other"))
    world.until(lambda: len(world.master.received) == skip + 9)
    launch = Offer.Operation(type=Offer.Operation.Type.LAUNCH, launch=Offer.Operation.Launch())
    assert world.master.received[skip:] == [
        scheduling.AcceptOffers("f1", ("o1",), (launch,)),
        scheduling.DeclineOffers("f1", ("o1",), Filters(refuse_seconds=0.0)),
        scheduling.DeclineInverseOffers("f1", ("i1",)),
        scheduling.Kill("f1", "t1", "a1"),
        scheduling.FrameworkMessage("f1", "a1", "e1", b"data"),
        scheduling.Shutdown("f1", "e1", "a1"),
        scheduling.RequestResources("f1"),
        scheduling.ReconcileOperations("f1"),
        scheduling.UpdateFrameworkInfo("f1", replace(INFO, name="other", id=FrameworkID(value="f1"))),
    ]


def test_calls_without_a_subscription_are_dropped() -> None:
    world = World()
    world.until(lambda: world.received(Subscribe))
    world.scheduler.kill("t1")
    world.sim.run(1.0)
    assert not world.received(scheduling.Kill)


@pytest.mark.parametrize(
    ("info", "everything"),
    [
        (replace(INFO, capabilities=(MULTI_ROLE,)), ("a", "b")),
        (FrameworkInfo(user="u", name="n", role="r"), ("r",)),
        (FrameworkInfo(user="u", name="n"), ("*",)),
    ],
)
def test_what_is_suppressed_stays_so_when_it_subscribes_again(
    info: FrameworkInfo, everything: tuple[str, ...]
) -> None:
    world = subscribed(info=info)
    world.scheduler.suppress()
    world.sim.disconnect("here", "master")
    world.until(lambda: len(world.received(Subscribe)) == 2)
    assert world.received(Subscribe)[1].suppressed_roles == everything
    world.subscribe()
    world.scheduler.revive(everything[0])
    world.sim.disconnect("here", "master")
    world.until(lambda: world.received(Subscribe)[-1].suppressed_roles == everything[1:])
    world.scheduler.revive()
    assert world.scheduler.suppressed_roles == ()


# --- the end ---


def test_a_teardown_is_over_when_the_master_knows_the_framework_no_more() -> None:
    world = subscribed()
    world.scheduler.teardown()
    world.until(lambda: len(world.received(Subscribe)) == 2)
    assert world.received(scheduling.Teardown) == [scheduling.Teardown("f1")]
    assert ("torn down",) not in world.told
    world.answer(scheduling.SchedulerError("Framework has been removed"))
    world.until_told("torn down")
    assert ("disconnected",) not in world.told
    tries = len(world.received(Subscribe))
    world.sim.run(60.0)
    assert len(world.received(Subscribe)) == tries


def test_a_teardown_that_got_lost_is_repeated() -> None:
    world = subscribed()
    world.sim.disconnect("here", "master")
    world.scheduler.teardown()
    world.until(lambda: len(world.received(Subscribe)) == 2)
    world.answer(make_subscribed())
    world.until(lambda: world.received(scheduling.Teardown))
    world.answer(scheduling.SchedulerError("Framework has been removed"))
    world.until_told("torn down")


def test_a_framework_that_never_was_is_torn_down_at_once() -> None:
    world = World()
    world.until(lambda: world.received(Subscribe))
    world.scheduler.teardown()
    assert world.told == [("torn down",)]

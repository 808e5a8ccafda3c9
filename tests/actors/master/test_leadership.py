from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

import pytest

from actors.election.address import MASTER
from actors.master.court import ALLOCATOR, OBSERVER, REGISTRAR, STORE, Court
from actors.master.flags import MasterFlags
from actors.master.leadership import LEADERSHIP, Leadership, Pauses
from actors.master.mandate import Mandate
from actors.master.master import Master
from actors.metrics import Registry
from actors.process import Process, handles
from actors.simulation import SimulatedNode, Simulation
from actors.simulation.probe import Probe
from actors.state.memory import MemoryStore
from actors.state.variable import Variable
from transport.message import Message
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.messages.election import CandidacyLost, Contend, Elected, LeaseExtended, Withdraw
from transport.messages.registry import AdmitAgent, ApplyToRegistry, StateStored
from transport.messages.replication import Ballot, Demoted
from transport.messages.scheduling import Subscribe
from transport.pid import Pid
from transport.records.agent import AgentInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID
from transport.records.master import MasterInfo

REIGN = (STORE, REGISTRAR, ALLOCATOR, MASTER, OBSERVER)
M = TypeVar("M", bound=Message)


class PlayedContender(Process):
    """Does what the test says, and takes back a candidacy at once."""

    def __init__(self) -> None:
        self.received: list[Message] = []
        self.owner: Pid | None = None

    def say(self, message: Message) -> None:
        assert self.owner is not None
        self.send(self.owner, message)

    def of(self, kind: type[M]) -> list[M]:
        return [one for one in self.received if isinstance(one, kind)]

    @handles(Contend)
    def contend(self, sender: Pid, message: Contend) -> None:
        self.owner = sender
        self.received.append(message)

    @handles(Withdraw)
    def withdraw(self, sender: Pid, message: Withdraw) -> None:
        self.received.append(message)
        self.say(CandidacyLost(message.reason))


class PlayedDetector(Process):
    """Says what the test put into its mouth."""

    def __init__(self) -> None:
        self.says = LeaderDetected(None)
        self.doubted = 0

    @handles(WatchLeader)
    def watch(self, sender: Pid, message: WatchLeader) -> None:
        self.doubted += message.doubted
        self.send(sender, self.says)


class House:
    """A master's node, whose contender and detector are in the test's hand; or without a contender."""

    def __init__(
        self,
        *,
        elects: bool = True,
        loss: Literal["rejoin", "exit"] = "rejoin",
        seed: int = 1,
        limit: str = "100%",
    ) -> None:
        self.sim = Simulation(seed)
        self.flags = MasterFlags(
            work_dir=Path("/master"),
            hostname="master",
            on_leadership_loss=loss,
            recovery_agent_removal_limit=limit,
        )
        self.contender, self.detector = PlayedContender(), PlayedDetector()
        self.metrics = Registry()
        self.mandates: list[Mandate] = []
        self._elects = elects
        #: What outlives a reign.
        self.kept: dict[str, Variable] = {}
        self.node = self.sim.node("master", self._boot)
        self.sim.run(1.0)

    def _boot(self, node: SimulatedNode) -> None:
        identity = MasterInfo(id="", ip=1, port=5050, hostname="master")
        court = Court(self.flags, identity, self._store, self.metrics)
        contender = node.spawn(lambda: self.contender, "contender") if self._elects else None
        detector = node.spawn(lambda: self.detector, "detector")
        rejoin = self.flags.on_leadership_loss == "rejoin"
        node.spawn(lambda: Leadership(court, contender, detector, rejoin=rejoin), LEADERSHIP, vital=True)

    def _store(self, mandate: Mandate) -> Process:
        self.mandates.append(mandate)
        return MemoryStore(self.kept)

    @property
    def leadership(self) -> Leadership:
        return self.node.process(LEADERSHIP, Leadership)

    @property
    def master(self) -> Master:
        return self.node.process(MASTER, Master)

    @property
    def living(self) -> tuple[str, ...]:
        """The actors of a reign that live."""
        return tuple(actor.pid.name for actor in self.node.actors() if actor.pid.name in REIGN)

    def elect(self, epoch: int = 7, lasts_seconds: float = 1000.0) -> Master:
        """Have the node lead, and wait for the registry."""
        self.contender.say(Elected(epoch, self.node.now() + lasts_seconds))
        self.sim.run_until(self.leads)
        return self.master

    def leads(self) -> bool:
        return MASTER in self.living and self.master.reigns

    def over(self) -> bool:
        return not self.living

    def master_answers(self) -> bool:
        """Whether a scheduler may subscribe."""
        scheduler: Probe = self.sim.node("scheduler").probe()
        scheduler.send(self.node.pid_of(MASTER), Subscribe(FrameworkInfo(user="", name="one")))
        self.sim.run(1.0)
        return bool(scheduler.received)

    def wait(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        self.sim.run_until(lambda: bool(condition()), seconds)

    def logged(self, event: str) -> list[object]:
        """The reasons that were logged with this event."""
        lines = [line for line in self.sim.log if line.event == event and line.pid.name == LEADERSHIP]
        return [line.values.get("reason") for line in lines]


def infos(house: House) -> list[str]:
    """The ids under which the node stood for election."""
    return [one.info.id for one in house.contender.of(Contend) if one.info is not None]


# --- reigns ---


def test_nobody_reigns_before_the_election() -> None:
    house = House()
    assert not house.living
    assert len(infos(house)) == 1
    assert house.metrics.snapshot()["master/elected"] == 0


def test_who_is_elected_reigns_as_what_it_stood_for_election_as() -> None:
    house = House()
    master = house.elect(epoch=7)
    assert house.living == REIGN
    assert [master.info.id] == infos(house)
    assert master.info.hostname == "master"
    assert [(one.epoch, one.leadership and one.leadership.name) for one in house.mandates] == [
        (7, LEADERSHIP)
    ]
    assert house.metrics.snapshot()["master/elected"] == 1


def test_the_next_reign_begins_when_the_one_before_is_gone_and_is_another() -> None:
    house = House()
    first = house.elect(epoch=7)
    house.contender.say(CandidacyLost("the session is over", 7))
    house.wait(lambda: len(infos(house)) == 2)
    assert house.over()
    assert house.metrics.snapshot()["master/elected"] == 0
    second = house.elect(epoch=9)
    assert second is not first
    assert second.info.id != first.info.id
    assert house.logged("reign is over") == ["the session is over"]
    assert house.metrics.snapshot()["master/elected"] == 1
    assert not house.contender.of(Withdraw)
    assert not house.sim.crashes


def test_a_candidacy_that_is_lost_is_begun_again() -> None:
    house = House()
    house.contender.say(CandidacyLost("the session is over"))
    house.wait(lambda: len(infos(house)) == 2)
    assert not house.logged("reign is over")


def test_an_election_that_comes_while_a_reign_is_being_ended_is_taken_back() -> None:
    house = House()
    house.elect(epoch=7)
    house.node.kill(ALLOCATOR)
    house.wait(lambda: not house.leadership.reigns)
    house.contender.say(Elected(8, house.node.now() + 1000.0))
    house.wait(lambda: len(infos(house)) == 2)
    assert house.over()
    assert len(house.contender.of(Withdraw)) == 1


def test_a_detector_on_another_node_has_no_say() -> None:
    house = House()
    stranger = house.sim.node("stranger").probe()
    house.elect(epoch=7)
    stranger.send(house.node.pid_of(LEADERSHIP), LeaderDetected(Pid("master", "stranger", 5050), 8))
    house.sim.run(5.0)
    assert house.leads()


def test_without_a_contender_a_master_leads_at_once_and_for_ever() -> None:
    house = House(elects=False)
    house.wait(house.leads)
    assert [(one.epoch, one.until) for one in house.mandates] == [(0, float("inf"))]
    house.sim.run(86400.0)
    assert house.leads()
    assert len(house.mandates) == 1


# --- why a reign is over ---


@pytest.mark.parametrize("name", REIGN)
def test_a_reign_is_over_when_one_of_its_actors_crashes(name: str) -> None:
    house = House()
    house.elect()
    house.node.kill(name)
    house.wait(lambda: len(infos(house)) == 2)
    (reason,) = house.logged("reign is over")
    assert reason in (f"its {name} ended", "the registry's store is gone")
    assert house.elect(epoch=9).info.id == infos(house)[1]


def test_a_log_that_has_a_later_writer_ends_the_reign_and_wants_a_later_epoch() -> None:
    house = House()
    house.elect(epoch=7)
    store = house.node.process(STORE, MemoryStore)
    store.send(house.node.pid_of(LEADERSHIP), Demoted(Ballot(50, 3), "the log has a writer of epoch 50"))
    house.wait(lambda: len(infos(house)) == 2)
    assert house.logged("reign is over") == ["the log has a writer of epoch 50"]
    assert [one.above for one in house.contender.of(Contend)] == [0, 50]
    assert len(house.contender.of(Withdraw)) == 1


def test_a_master_alone_outbids_whoever_wrote_its_log_before() -> None:
    house = House(elects=False)
    house.wait(house.leads)
    store = house.node.process(STORE, MemoryStore)
    store.send(house.node.pid_of(LEADERSHIP), Demoted(Ballot(50, 3), "the log has a writer of epoch 50"))
    house.wait(lambda: len(house.mandates) == 2 and house.leads())
    assert house.mandates[1].epoch == 51


def test_a_registry_that_cannot_be_written_ends_the_reign_and_not_the_daemon() -> None:
    house = House()
    house.sim.drop(StateStored)
    house.contender.say(Elected(7, house.node.now() + 1000.0))
    house.wait(lambda: len(infos(house)) == 2)
    assert house.logged("reign is over") == ["the registry could not be written within 20secs"]
    assert house.node.up
    assert not house.sim.crashes


def test_a_leader_to_whom_too_few_agents_came_back_gives_way_instead_of_giving_them_up() -> None:
    house = House(limit="50%")
    house.elect(epoch=7, lasts_seconds=1e6)
    clerk = house.node.probe()
    operation = AdmitAgent(AgentInfo(hostname="host", id=AgentID(value="S0")))
    clerk.send(house.node.pid_of(REGISTRAR), ApplyToRegistry(1, operation))
    house.wait(lambda: clerk.received)
    house.contender.say(CandidacyLost("the session is over", 7))
    house.wait(lambda: len(infos(house)) == 2)
    house.elect(epoch=8, lasts_seconds=1e6)
    house.wait(lambda: len(infos(house)) == 3, 610.0)
    assert "1 of 1 agents did not come back" in str(house.logged("reign is over")[-1])
    assert "S0" in house.elect(epoch=9, lasts_seconds=1e6).cluster.recovered
    assert not house.sim.crashes


def test_leaving_the_daemon_at_the_end_of_a_reign_is_what_mesos_does() -> None:
    house = House(loss="exit")
    house.elect()
    house.contender.say(CandidacyLost("the session is over", 7))
    house.wait(lambda: not house.node.up)
    assert house.node.failure == "leadership is over: the session is over"


# --- the lease ---


def test_a_lease_that_nobody_extends_ends_the_reign() -> None:
    house = House()
    house.elect(epoch=7, lasts_seconds=5.0)
    house.sim.run(3.0)
    assert house.leads()
    house.wait(house.over, 4.0)
    (reason,) = house.logged("reign is over")
    assert "lease" in str(reason)


def test_a_lease_that_is_extended_in_time_goes_on() -> None:
    house = House()
    house.elect(epoch=7, lasts_seconds=5.0)
    for _ in range(5):
        house.sim.run(4.0)
        house.contender.say(LeaseExtended(7, house.node.now() + 5.0))
        house.contender.say(LeaseExtended(6, house.node.now() - 5.0))
    assert house.leads()


def test_a_lease_may_be_cut_short() -> None:
    house = House()
    house.elect(epoch=7, lasts_seconds=100.0)
    house.contender.say(LeaseExtended(7, house.node.now() + 2.0))
    house.sim.run(3.0)
    assert not house.master_answers()


def test_what_was_said_of_a_lease_before_the_election_was_heard_counts() -> None:
    house = House()
    house.contender.say(LeaseExtended(7, house.node.now() + 2.0))
    house.contender.say(Elected(7, house.node.now() + 100.0))
    house.sim.run(3.0)
    assert not house.master_answers()


def test_a_leader_that_was_stopped_for_longer_than_its_lease_orders_nothing_any_more() -> None:
    """R2: what came meanwhile is not answered, though the election's loss is not known yet."""
    house = House()
    house.elect(epoch=7, lasts_seconds=5.0)
    scheduler = house.sim.node("scheduler").probe()
    house.sim.pause("master")
    for _ in range(20):
        scheduler.send(house.node.pid_of(MASTER), Subscribe(FrameworkInfo(user="", name="late")))
    house.sim.run(10.0)
    house.sim.resume("master")
    house.sim.run(5.0)
    assert not scheduler.received
    assert house.over()


# --- doubts ---


def test_who_hears_of_a_newer_epoch_asks_whether_that_is_so() -> None:
    house = House()
    house.elect(epoch=7)
    house.detector.says = LeaderDetected(house.node.pid_of(MASTER), 7)
    house.node.epoch = 8
    house.sim.run(5.0)
    assert house.detector.doubted == 1
    assert house.leads()


def test_a_leader_that_was_succeeded_steps_down() -> None:
    house = House()
    house.elect(epoch=7)
    house.detector.says = LeaderDetected(Pid("master", "other", 5050), 8)
    house.node.epoch = 8
    house.wait(lambda: len(infos(house)) == 2)
    assert house.logged("reign is over") == ["master@other:5050 leads, since epoch 8"]


# --- pauses ---


def test_reigns_that_end_again_and_again_begin_ever_later() -> None:
    pauses = Pauses(random.Random(1))
    waits = [pauses.after(1.0) for _ in range(10)]
    assert all(0.25 * 2**n <= wait <= 0.5 * 2**n for n, wait in enumerate(waits[:6]))
    assert all(15.0 <= wait <= 30.0 for wait in waits[6:])
    assert pauses.after(60.0) <= 0.5

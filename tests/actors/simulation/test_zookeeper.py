"""The simulated ZooKeeper, seen through the actor that has a session with it."""

from __future__ import annotations

from typing import TypeVar

import pytest

from actors.simulation import SimulatedNode, Simulation
from actors.simulation.probe import Probe
from actors.simulation.znodes import Refusal
from actors.simulation.zookeeper import SimulatedZooKeeper
from actors.simulation.zookeeper_client import Told
from transport.message import Message
from transport.messages.zookeeper import (
    ChildrenChanged,
    ChildrenListed,
    CreateNode,
    DeleteNode,
    Failure,
    ListChildren,
    MakePath,
    NodeCreated,
    NodeDeleted,
    NodeRead,
    ReadNode,
    RequestFailed,
    SessionAlive,
    SessionChanged,
    SessionState,
    WatchSession,
)
from transport.pid import Pid

CONNECTED, SUSPENDED, EXPIRED = SessionState.CONNECTED, SessionState.SUSPENDED, SessionState.EXPIRED

M = TypeVar("M")


class World:
    """Two nodes with sessions of 6 seconds, and a probe on each that is told of them."""

    def __init__(self, seed: int = 1) -> None:
        self.sim = Simulation(seed)
        self.zookeeper = SimulatedZooKeeper(self.sim)
        self.here, self.there = self._node("here"), self._node("there")
        self.probe, self.other = self._probe(self.here), self._probe(self.there)
        self.sim.run_until(lambda: self.states() == self.states(self.other) == [CONNECTED])

    def _node(self, name: str) -> SimulatedNode:
        return self.sim.node(name, lambda node: node.spawn(self.zookeeper.session(node, 6.0), "zookeeper"))

    def _probe(self, node: SimulatedNode) -> Probe:
        probe = node.probe()
        probe.send(node.pid_of("zookeeper"), WatchSession())
        return probe

    def ask(self, request: Message, probe: Probe | None = None) -> object:
        """Ask for something on the first node, and return the answer."""
        probe = probe or self.probe
        told = len(probe.received)
        probe.send(Pid("zookeeper", *probe.pid.address), request)

        def answers() -> list[object]:
            kinds = (SessionAlive, SessionChanged, ChildrenChanged)
            return [one for one in probe.received[told:] if not isinstance(one, kinds)]

        self.sim.run_until(answers, 10.0)
        return answers()[0]

    def heard(self, kind: type[M], probe: Probe | None = None) -> list[M]:
        return [one for one in (probe or self.probe).received if isinstance(one, kind)]

    def states(self, probe: Probe | None = None) -> list[SessionState]:
        """What was told of the session, without its beginning."""
        states = [told.state for told in self.heard(SessionChanged, probe)]
        return [state for state in states if state is not SessionState.CONNECTING]

    def until(self, *states: SessionState, seconds: float = 10.0) -> None:
        self.sim.run_until(lambda: self.states()[-len(states) :] == list(states), seconds)


def test_a_session_has_the_time_out_that_was_agreed_and_is_shown_to_be_alive_a_few_times_in_it() -> None:
    world = World()
    (connected,) = [told for told in world.heard(SessionChanged) if told.state is CONNECTED]
    assert connected.timeout_seconds == 6.0
    assert connected.session_id
    world.ask(MakePath(1, "/a"))
    world.ask(CreateNode(2, "/a/", b""))  # before, nobody relies on its being alive
    world.sim.run(60.0)
    alive = world.heard(SessionAlive)
    assert len(alive) >= 30
    assert all(told.session_id == connected.session_id for told in alive)
    assert 0 <= world.here.now() - alive[-1].alive_at < 3.0


@pytest.mark.parametrize(("wanted", "agreed"), [(0.1, 1.0), (3600.0, 60.0)])
def test_a_time_out_out_of_bounds_is_not_agreed_to(wanted: float, agreed: float) -> None:
    sim = Simulation(1)
    zookeeper = SimulatedZooKeeper(sim)
    node = sim.node("here", lambda node: node.spawn(zookeeper.session(node, wanted), "zookeeper"))
    probe = node.probe()
    probe.send(node.pid_of("zookeeper"), WatchSession())
    sim.wait_for(SessionChanged, where=lambda told: told.state is CONNECTED)
    sim.run(0.1)
    assert [told.timeout_seconds for told in probe.received if isinstance(told, SessionChanged)][-1] == agreed


def test_nodes_are_made_numbered_listed_read_and_removed() -> None:
    world = World()
    assert world.ask(CreateNode(1, "/a/x_", b"1")) == RequestFailed(1, Failure.NO_NODE, "there is no /a")
    assert world.ask(MakePath(2, "/a")) == NodeCreated(2, "/a")
    assert world.ask(MakePath(3, "/a")) == NodeCreated(3, "/a")
    assert world.ask(CreateNode(4, "/a/x_", b"1")) == NodeCreated(4, "/a/x_0000000000")
    assert world.ask(CreateNode(5, "/a/", b"2")) == NodeCreated(5, "/a/0000000001")
    assert world.ask(ListChildren(6, "/a")) == ChildrenListed(6, ("0000000001", "x_0000000000"))
    session_id = world.heard(SessionChanged)[-1].session_id
    assert world.ask(ReadNode(7, "/a/0000000001")) == NodeRead(7, b"2", session_id)
    assert world.ask(ReadNode(8, "/a")) == NodeRead(8, b"", 0)
    assert world.ask(DeleteNode(9, "/a/0000000001")) == NodeDeleted(9)
    assert world.ask(DeleteNode(10, "/a/0000000001")) == NodeDeleted(10)
    read = world.ask(ReadNode(11, "/a/0000000001"))
    assert isinstance(read, RequestFailed)
    assert read.failure is Failure.NO_NODE


def test_numbers_only_grow_whatever_is_removed_and_whoever_counts() -> None:
    world = World()
    world.zookeeper.create("/a/log_replicas")
    world.ask(CreateNode(1, "/a/x_", b""))
    world.ask(DeleteNode(2, "/a/x_0000000001"))
    assert world.ask(CreateNode(3, "/a/x_", b""), world.other) == NodeCreated(3, "/a/x_0000000002")


def test_a_change_is_told_once_to_each_that_watches() -> None:
    world = World()
    world.zookeeper.create("/a/log_replicas")
    world.ask(ListChildren(1, "/a"))
    world.ask(ListChildren(1, "/a", watch=False), world.other)
    for request_id in (2, 3):
        world.ask(CreateNode(request_id, "/a/x_", b""), world.other)
    world.sim.run(1.0)
    assert world.heard(ChildrenChanged) == [ChildrenChanged("/a")]
    assert world.heard(ChildrenChanged, world.other) == []


def test_a_group_that_is_removed_is_a_change() -> None:
    world = World()
    world.zookeeper.create("/a")
    world.ask(ListChildren(1, "/a"))
    world.zookeeper.delete("/a")
    world.sim.run(1.0)
    assert world.heard(ChildrenChanged) == [ChildrenChanged("/a")]


def test_a_node_with_children_stays() -> None:
    world = World()
    world.zookeeper.create("/a/b")
    answer = world.ask(DeleteNode(1, "/a"))
    assert isinstance(answer, RequestFailed)
    assert answer.failure is Failure.OTHER


def test_a_broken_connection_loses_watches_and_what_was_asked_but_not_the_nodes() -> None:
    world = World()
    world.zookeeper.create("/a")
    world.ask(CreateNode(1, "/a/x_", b""))
    world.ask(ListChildren(2, "/a"))
    world.sim.disconnect("here", "zookeeper")
    world.until(SUSPENDED, CONNECTED)
    first, *_, last = [told for told in world.heard(SessionChanged) if told.state is CONNECTED]
    assert first.session_id == last.session_id
    assert world.zookeeper.children("/a") == ("x_0000000000",)
    world.ask(CreateNode(3, "/a/x_", b""), world.other)
    world.sim.run(1.0)
    assert world.heard(ChildrenChanged) == []


@pytest.mark.parametrize("seed", range(5))
def test_what_became_of_a_request_whose_answer_is_lost_is_unknown(seed: int) -> None:
    world = World(seed)
    world.zookeeper.create("/a")
    world.sim.drop(Told, times=1, where=lambda told: told.answer.path.startswith("/a/"))
    answer = world.ask(CreateNode(1, "/a/x_", b""))
    assert isinstance(answer, RequestFailed)
    assert answer.failure is Failure.CONNECTION_LOSS
    assert world.zookeeper.children("/a") == ("x_0000000000",)
    world.until(SUSPENDED, CONNECTED)


def test_who_is_cut_off_for_its_time_out_has_lost_the_session_and_gets_another() -> None:
    world = World()
    world.zookeeper.create("/a")
    world.ask(CreateNode(1, "/a/x_", b""))
    world.sim.partition(["here"])
    world.until(SUSPENDED)
    assert world.ask(ReadNode(2, "/a")) == RequestFailed(
        2, Failure.CONNECTION_LOSS, world.heard(SessionChanged)[-1].reason
    )
    assert world.zookeeper.children("/a") == ("x_0000000000",)
    world.until(SUSPENDED, EXPIRED)
    assert world.zookeeper.children("/a") == ()
    world.sim.heal()
    world.until(EXPIRED, CONNECTED, seconds=15.0)
    ids = [told.session_id for told in world.heard(SessionChanged) if told.state is CONNECTED]
    assert ids[0] != ids[-1]


def test_a_session_that_zookeeper_ended_is_told_at_once() -> None:
    world = World()
    world.zookeeper.create("/a")
    world.ask(CreateNode(1, "/a/x_", b""))
    world.zookeeper.expire("here")
    assert world.zookeeper.children("/a") == ()
    world.until(EXPIRED, CONNECTED)


@pytest.mark.parametrize("seed", range(5))
def test_the_end_of_a_node_is_the_end_of_its_session_at_once(seed: int) -> None:
    world = World(seed)
    world.zookeeper.create("/a")
    world.ask(CreateNode(1, "/a/x_", b""))
    world.here.stop()
    world.sim.run_until(lambda: not world.zookeeper.children("/a"), 0.1)


def test_the_death_of_a_node_ends_its_session_after_the_time_out() -> None:
    world = World()
    world.zookeeper.create("/a")
    world.ask(CreateNode(1, "/a/x_", b""))
    world.sim.crash("here")
    world.sim.run(5.0)
    assert world.zookeeper.children("/a")
    world.sim.run_until(lambda: not world.zookeeper.children("/a"), 2.0)


def test_servers_that_come_back_have_kept_all_and_give_sessions_their_time_anew() -> None:
    world = World()
    world.zookeeper.create("/a")
    world.ask(CreateNode(1, "/a/x_", b""))
    world.zookeeper.stop()
    world.sim.run(4.0)
    world.zookeeper.start()
    world.until(SUSPENDED, CONNECTED)
    assert world.zookeeper.children("/a") == ("x_0000000000",)


def test_servers_that_were_wiped_know_no_session() -> None:
    world = World()
    world.zookeeper.create("/a")
    world.zookeeper.stop()
    world.zookeeper.wipe()
    world.zookeeper.start()
    world.until(EXPIRED, CONNECTED)
    assert world.zookeeper.children("/") == ()


def test_what_is_not_permitted_fails_whatever_it_is() -> None:
    world = World()
    world.zookeeper.create("/a/b")
    world.zookeeper.deny("/a")
    for request in (
        MakePath(1, "/a/c"), CreateNode(1, "/a/x_", b""), ListChildren(1, "/a"), ReadNode(1, "/a/b"),
        DeleteNode(1, "/a/b"),
    ):  # fmt: skip
        answer = world.ask(request)
        assert isinstance(answer, RequestFailed)
        assert answer.failure is Failure.NO_AUTH
    world.zookeeper.permit("/a")
    assert world.ask(ListChildren(2, "/a")) == ChildrenListed(2, ("b",))


def test_a_hand_can_look_and_write() -> None:
    world = World()
    assert world.zookeeper.create("/a/x_", b"1", sequence=True) == "/a/x_0000000000"
    assert (world.zookeeper.data("/a/x_0000000000"), world.zookeeper.owner("/a/x_0000000000")) == (b"1", 0)
    assert world.zookeeper.children("/b") == ()
    with pytest.raises(Refusal):
        world.zookeeper.create("/a/x_0000000000")
    with pytest.raises(Refusal):
        world.zookeeper.data("/b")


def test_the_same_seed_has_the_same_history() -> None:
    digests = []
    for _ in range(2):
        world = World(5)
        world.sim.chaos()
        world.sim.run(60.0)
        digests.append(world.sim.digest())
    assert digests[0] == digests[1]

"""The one session of a node, with a client in the hand of the test."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias, TypeVar

import pytest

from actors.election.session import ZOOKEEPER, ZooKeeperSession
from actors.simulation import Simulation
from actors.simulation.probe import Probe as Actor
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
from transport.session import (
    Answered,
    Changed,
    Connected,
    Ended,
    Event,
    Probe,
    Probed,
    Request,
    Suspended,
    Unreachable,
)

CONNECTING, CONNECTED = SessionState.CONNECTING, SessionState.CONNECTED
SUSPENDED, EXPIRED, REFUSED = SessionState.SUSPENDED, SessionState.EXPIRED, SessionState.REFUSED
TIMEOUT_SECONDS = 8.0

M = TypeVar("M")

ActorsReply: TypeAlias = NodeCreated | ChildrenListed | NodeRead | NodeDeleted | RequestFailed


class Hand:
    """A client that does what the test says; `answers` probes by itself until told otherwise."""

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self.tell = tell
        self.answers_probes = True
        self.asked: dict[int, Request] = {}
        self.probes: list[Probe] = []
        self.interruptions = 0
        self.closed: list[float] = []

    def ask(self, number: int, request: Request) -> None:
        if isinstance(request, Probe):
            self.probes.append(request)
            if self.answers_probes:
                self.tell(Answered(number, Probed()))
        else:
            self.asked[number] = request

    def interrupt(self) -> None:
        self.interruptions += 1

    def close(self, wait_seconds: float = 0.0) -> None:
        self.closed.append(wait_seconds)

    def answer(self, reply: ActorsReply) -> None:
        """Answer the request with the reply's id."""
        number = next(n for n, request in self.asked.items() if request.request_id == reply.request_id)
        del self.asked[number]
        self.tell(Answered(number, reply))


class World:
    """A node with a session, its clients in the order in which they were made, and an actor that asks."""

    def __init__(self) -> None:
        self.sim = Simulation(0)
        self.clients: list[Hand] = []
        self.node = self.sim.node("here", lambda node: node.spawn(self._session, ZOOKEEPER, vital=True))
        self.asker = self.actor("asker")
        self.tell(self.asker, WatchSession())

    def _session(self) -> ZooKeeperSession:
        def make(tell: Callable[[Event], None]) -> Hand:
            self.clients.append(Hand(tell))
            return self.clients[-1]

        return ZooKeeperSession(make)

    @property
    def client(self) -> Hand:
        return self.clients[-1]

    def actor(self, name: str) -> Actor:
        actor = self.node.probe(name)
        self.sim.run(0.01)
        return actor

    def run(self, seconds: float = 0.01) -> None:
        self.sim.run(seconds)

    def tell(self, actor: Actor, *messages: object) -> None:
        """Have an actor tell the session, one thing after the other."""
        for message in messages:
            actor.send(self.node.pid_of(ZOOKEEPER), message)
        self.run()

    def ask(self, *requests: Request) -> None:
        self.tell(self.asker, *requests)

    def happens(self, *events: Event) -> None:
        for event in events:
            self.client.tell(event)
        self.run()

    def connect(self, session_id: int = 7) -> None:
        self.happens(Connected(session_id, TIMEOUT_SECONDS, self.node.now()))

    def states(self, actor: Actor | None = None) -> list[SessionState]:
        return [change.state for change in told(actor or self.asker, SessionChanged)]

    def replies(self) -> list[object]:
        """What the asker was told but for the session."""
        return [
            message
            for message in self.asker.received
            if not isinstance(message, SessionChanged | SessionAlive)
        ]


def told(actor: Actor, kind: type[M]) -> list[M]:
    return [message for message in actor.received if isinstance(message, kind)]


def failures(replies: Iterable[object]) -> list[tuple[int, Failure]]:
    return [(reply.request_id, reply.failure) for reply in replies if isinstance(reply, RequestFailed)]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def connected(world: World) -> World:
    world.connect()
    return world


# --- how it stands with the session ---


def test_who_watches_the_session_is_told_at_once_and_at_each_change(world: World) -> None:
    assert world.states() == [CONNECTING]
    began = world.node.now()
    world.connect()
    latest = told(world.asker, SessionChanged)[-1]
    assert latest == SessionChanged(CONNECTED, 7, TIMEOUT_SECONDS, latest.alive_at)
    assert latest.alive_at == pytest.approx(began, abs=0.1)
    world.happens(Suspended("cut"))
    late = world.actor("late")
    world.tell(late, WatchSession(), WatchSession())
    assert world.states(late) == [SUSPENDED, SUSPENDED]
    world.connect()
    assert world.states() == [CONNECTING, CONNECTED, SUSPENDED, CONNECTED]
    assert world.states(late) == [SUSPENDED, SUSPENDED, CONNECTED]


def test_what_is_in_the_way_of_a_connection_is_told_but_not_at_every_attempt(world: World) -> None:
    for _ in range(20):
        world.happens(Unreachable("anna:2181: Connection refused"))
    assert [change.reason for change in told(world.asker, SessionChanged)] == [
        "",
        "anna:2181: Connection refused",
    ]
    world.run(11.0)
    world.happens(Unreachable("anna:2181: serves nobody"))
    assert told(world.asker, SessionChanged)[-1].reason == "anna:2181: serves nobody"
    assert world.states() == [CONNECTING] * 3


def test_a_session_that_zookeeper_ended_is_over_for_all_and_another_one_begins(connected: World) -> None:
    connected.happens(Suspended("cut"), Ended("the session has expired"))
    assert connected.states()[-2:] == [SUSPENDED, EXPIRED]
    assert connected.clients[0].closed == [0.0]
    connected.run(1.0)
    assert len(connected.clients) == 2
    connected.connect(8)
    latest = told(connected.asker, SessionChanged)[-1]
    assert (latest.state, latest.session_id) == (CONNECTED, 8)


def test_without_a_connection_for_the_time_out_the_session_is_over_whatever_the_client_says(
    connected: World,
) -> None:
    connected.happens(Suspended("cut"))
    connected.run(TIMEOUT_SECONDS - 0.1)
    assert connected.states()[-1] is SUSPENDED
    connected.run(0.2)
    assert connected.states()[-1] is EXPIRED
    assert "no connection with ZooKeeper for 8 s: cut" in told(connected.asker, SessionChanged)[-1].reason
    assert connected.clients[0].closed
    connected.connect(8)
    assert connected.states()[-1] is CONNECTED


def test_a_connection_in_time_saves_the_session(connected: World) -> None:
    connected.happens(Suspended("cut"))
    connected.run(TIMEOUT_SECONDS - 0.1)
    connected.connect(7)
    connected.run(3 * TIMEOUT_SECONDS)
    assert connected.states() == [CONNECTING, CONNECTED, SUSPENDED, CONNECTED]
    assert len(connected.clients) == 1


def test_each_break_of_the_connection_counts_anew(connected: World) -> None:
    for _ in range(4):
        connected.happens(Suspended("cut"))
        connected.run(0.6 * TIMEOUT_SECONDS)
        connected.connect(7)
    assert EXPIRED not in connected.states()


def test_a_node_that_stood_still_for_longer_than_the_time_out_keeps_the_session_or_loses_it_altogether(
    connected: World,
) -> None:
    connected.happens(Suspended("cut"))
    connected.sim.pause("here")
    connected.run(3 * TIMEOUT_SECONDS)
    connected.client.tell(Connected(7, TIMEOUT_SECONDS, 0.0))
    connected.sim.resume("here")
    connected.run(0.1)
    # Whichever comes first, its timer or what the client told.
    expired = connected.states()[-1] is EXPIRED
    assert expired or connected.states()[-2:] == [SUSPENDED, CONNECTED]
    assert len(connected.clients) == (2 if expired else 1)


def test_a_fast_clock_ends_the_session_early_and_never_late(connected: World) -> None:
    connected.node.drift(1.1)
    connected.happens(Suspended("cut"))
    connected.run(TIMEOUT_SECONDS / 1.1 + 0.1)
    assert connected.states()[-1] is EXPIRED


def test_what_comes_of_a_former_session_is_dropped(connected: World) -> None:
    connected.ask(ReadNode(1, "/a"))
    former = connected.clients[0]
    connected.happens(Suspended("cut"))
    connected.run(TIMEOUT_SECONDS + 0.1)
    before = list(connected.asker.received)
    former.tell(Connected(7, TIMEOUT_SECONDS, 0.0))
    former.answer(NodeRead(1, b"late"))
    former.tell(Changed("/a"))
    former.tell(Suspended("again"))
    former.tell(Ended("late"))
    connected.run(1.0)
    assert connected.asker.received == before
    assert len(connected.clients) == 2


def test_what_a_client_told_after_its_end_is_dropped_though_it_is_in_the_queue_already(
    connected: World,
) -> None:
    connected.happens(Ended("expired"), Connected(9, TIMEOUT_SECONDS, 0.0))
    assert connected.states() == [CONNECTING, CONNECTED, EXPIRED]


def test_credentials_that_are_not_accepted_end_it_all(world: World) -> None:
    world.happens(Unreachable("anna: refuses"), Ended("anna: does not accept the credentials", refused=True))
    latest = told(world.asker, SessionChanged)[-1]
    assert (latest.state, latest.reason) == (REFUSED, "anna: does not accept the credentials")
    world.ask(ReadNode(1, "/a"))
    assert failures(world.replies()) == [(1, Failure.NO_AUTH)]
    world.run(100.0)
    assert len(world.clients) == 1, "nothing is tried any more"


def test_sessions_that_end_as_soon_as_they_begin_do_not_keep_the_node_busy(world: World) -> None:
    for _ in range(500):
        world.connect()
        world.happens(Ended("nonsense"))
    assert 10 <= len(world.clients) <= 12, "after ten seconds"


def test_the_end_of_the_actor_waits_a_moment_for_the_end_of_the_session(connected: World) -> None:
    connected.node.terminate(connected.node.pid_of(ZOOKEEPER))
    connected.run()
    assert connected.client.closed == [1.0]


def test_who_is_gone_is_told_nothing_any_more(connected: World) -> None:
    other = connected.actor("other")
    connected.tell(other, WatchSession())
    connected.node.terminate(other.pid)
    connected.run()
    assert list(connected.node.process(ZOOKEEPER, ZooKeeperSession)._watchers) == [connected.asker.pid]


# --- requests ---


def test_requests_are_passed_on_and_their_answers_returned(connected: World) -> None:
    connected.ask(
        ReadNode(1, "/a"), CreateNode(2, "/a/", b"x"), DeleteNode(3, "/b"), ListChildren(4, "/a", watch=False)
    )
    assert list(connected.client.asked.values()) == [
        ReadNode(1, "/a"),
        CreateNode(2, "/a/", b"x"),
        DeleteNode(3, "/b"),
        ListChildren(4, "/a", watch=False),
    ]
    answers: list[ActorsReply] = [
        NodeRead(1, b"data", 7),
        NodeCreated(2, "/a/0000000001"),
        NodeDeleted(3),
        RequestFailed(4, Failure.NO_NODE, "/a: there is no such node"),
    ]
    for answer in answers:
        connected.client.answer(answer)
    connected.run()
    assert connected.replies() == answers


def test_each_asker_gets_its_own_answer_though_the_ids_are_the_same(connected: World) -> None:
    other = connected.actor("other")
    connected.tell(other, ReadNode(1, "/other"))
    connected.ask(ReadNode(1, "/asker"))
    (first, _), (second, _) = connected.client.asked.items()
    connected.happens(Answered(second, NodeRead(1, b"asker")), Answered(first, NodeRead(1, b"other")))
    assert connected.replies() == [NodeRead(1, b"asker")]
    assert other.received == [NodeRead(1, b"other")]


def test_an_answer_counts_once(connected: World) -> None:
    connected.ask(ReadNode(1, "/a"))
    (number,) = connected.client.asked
    connected.happens(Answered(number, NodeRead(1, b"once")), Answered(number, NodeRead(1, b"twice")))
    assert connected.replies() == [NodeRead(1, b"once")]


def test_what_follows_the_making_of_a_path_waits_for_it(connected: World) -> None:
    connected.ask(MakePath(1, "/a/b"), CreateNode(2, "/a/b/", b""))
    assert list(connected.client.asked.values()) == [MakePath(1, "/a/b")]
    connected.client.answer(NodeCreated(1, "/a/b"))
    connected.run()
    assert list(connected.client.asked.values()) == [CreateNode(2, "/a/b/", b"")]


def test_what_is_under_way_when_the_connection_breaks_fails_once_its_outcome_unknown(
    connected: World,
) -> None:
    connected.ask(CreateNode(1, "/a/", b""), MakePath(2, "/c"), ReadNode(3, "/a"))
    numbers = list(connected.client.asked)
    connected.happens(Suspended("cut"))
    lost = [(number, Failure.CONNECTION_LOSS) for number in (1, 2, 3)]
    assert failures(connected.replies()) == lost
    connected.connect()
    connected.happens(*(Answered(number, NodeCreated(1, "/late")) for number in numbers))
    assert len(connected.replies()) == 3


def test_who_is_told_of_a_broken_connection_knows_it_before_its_requests_fail(connected: World) -> None:
    connected.ask(ReadNode(1, "/a"))
    connected.happens(Suspended("cut"))
    kinds = [type(message) for message in connected.asker.received]
    assert kinds[-2:] == [SessionChanged, RequestFailed]


def test_without_a_connection_requests_fail_at_once(world: World) -> None:
    world.ask(ReadNode(1, "/a"))
    world.connect()
    world.happens(Suspended("cut"))
    world.ask(CreateNode(2, "/a/", b""))
    assert failures(world.replies()) == [(1, Failure.CONNECTION_LOSS), (2, Failure.CONNECTION_LOSS)]
    assert not world.client.asked


def test_what_is_under_way_when_the_session_ends_fails_too(connected: World) -> None:
    connected.ask(ReadNode(1, "/a"))
    connected.happens(Ended("the session has expired"))
    assert failures(connected.replies()) == [(1, Failure.SESSION_EXPIRED)]


# --- watches ---


def test_a_watch_fires_once_for_each_who_listed(connected: World) -> None:
    other = connected.actor("other")
    connected.ask(ListChildren(1, "/a"))
    connected.tell(other, ListChildren(2, "/a"))
    connected.client.answer(ChildrenListed(1, ("x",)))
    connected.client.answer(ChildrenListed(2, ("x",)))
    connected.happens(Changed("/a"), Changed("/a"), Changed("/b"))
    assert connected.replies() == [ChildrenListed(1, ("x",)), ChildrenChanged("/a")]
    assert other.received == [ChildrenListed(2, ("x",)), ChildrenChanged("/a")]


def test_who_did_not_ask_for_a_watch_or_did_not_get_a_list_has_none(connected: World) -> None:
    connected.ask(ListChildren(1, "/a", watch=False), ListChildren(2, "/b"))
    connected.client.answer(ChildrenListed(1, ()))
    connected.client.answer(RequestFailed(2, Failure.NO_NODE, "none"))
    connected.happens(Changed("/a"), Changed("/b"))
    assert not told(connected.asker, ChildrenChanged)


def test_a_change_before_the_answer_belongs_to_those_who_listed_before(connected: World) -> None:
    other = connected.actor("other")
    connected.tell(other, ListChildren(1, "/a"))
    connected.client.answer(ChildrenListed(1, ()))
    connected.ask(ListChildren(2, "/a"))
    connected.happens(Changed("/a"))
    assert told(other, ChildrenChanged)
    assert not told(connected.asker, ChildrenChanged)
    connected.client.answer(ChildrenListed(2, ("x",)))
    connected.happens(Changed("/a"))
    assert told(connected.asker, ChildrenChanged)


def test_watches_are_gone_when_the_connection_breaks(connected: World) -> None:
    connected.ask(ListChildren(1, "/a"))
    connected.client.answer(ChildrenListed(1, ()))
    connected.happens(Suspended("cut"))
    connected.connect()
    connected.happens(Changed("/a"))
    assert not told(connected.asker, ChildrenChanged)


# --- whether it is alive ---


def test_the_connection_is_probed_several_times_in_each_time_out(connected: World) -> None:
    connected.run(TIMEOUT_SECONDS)
    assert 8 <= len(connected.client.probes) <= 9
    assert len(told(connected.asker, SessionAlive)) == len(connected.client.probes)
    assert not any(probe.through_quorum for probe in connected.client.probes), "nobody relies on it"


def test_a_session_that_owns_nodes_is_alive_as_far_as_the_quorum_knows(connected: World) -> None:
    connected.run(4.0)
    connected.ask(CreateNode(1, "/a/", b""))
    connected.client.answer(NodeCreated(1, "/a/0000000001"))
    connected.run()
    kinds = [type(message) for message in connected.asker.received]
    assert kinds[-2:] == [SessionAlive, NodeCreated], "who owns a node knows until when it is its own"
    assert told(connected.asker, SessionAlive)[-1].alive_at == pytest.approx(
        connected.node.now() - 1.5, abs=0.6
    )
    connected.run(TIMEOUT_SECONDS)
    assert connected.client.probes[-1].through_quorum
    latest = told(connected.asker, SessionAlive)[-1]
    assert latest.session_id == 7
    assert connected.node.now() - 3.1 < latest.alive_at < connected.node.now() - 1.0
    alive = [message.alive_at for message in told(connected.asker, SessionAlive)]
    assert alive == sorted(alive)


def test_a_creation_of_which_nothing_is_known_may_have_made_a_node(connected: World) -> None:
    connected.ask(CreateNode(1, "/a/", b""))
    connected.happens(Suspended("cut"))
    connected.connect()
    assert connected.client.probes[-1].through_quorum


def test_a_request_that_failed_is_no_sign_of_life(connected: World) -> None:
    connected.run(4.0)
    connected.ask(CreateNode(1, "/a/", b""))
    connected.client.answer(RequestFailed(1, Failure.CONNECTION_LOSS, "the connection broke"))
    connected.run()
    began = told(connected.asker, SessionChanged)[-1].alive_at
    assert all(alive.alive_at == began for alive in told(connected.asker, SessionAlive))


def test_another_connection_is_a_sign_of_life_from_when_it_was_asked_for(connected: World) -> None:
    connected.ask(CreateNode(1, "/a/", b""))
    connected.run(4.0)
    connected.happens(Suspended("cut"))
    connected.run(4.0)
    asked_at = connected.node.now()
    connected.happens(Connected(7, TIMEOUT_SECONDS, asked_at))
    assert told(connected.asker, SessionChanged)[-1].alive_at < asked_at - 4.0, "one server says nothing"
    assert told(connected.asker, SessionAlive)[-1].alive_at == asked_at, "but all of them do, at once"


def test_another_session_owns_nothing(connected: World) -> None:
    connected.ask(CreateNode(1, "/a/", b""))
    connected.happens(Ended("expired"))
    connected.run(1.0)
    connected.connect(8)
    connected.run(TIMEOUT_SECONDS)
    assert not any(probe.through_quorum for probe in connected.client.probes)


def test_a_connection_that_does_not_answer_is_given_up_before_the_session_ends(connected: World) -> None:
    connected.client.answers_probes = False
    connected.run(TIMEOUT_SECONDS * 0.6)
    assert connected.client.interruptions == 1, "once: it takes the client a moment"
    assert connected.states()[-1] is CONNECTED
    connected.happens(Suspended("interrupted"))
    connected.client.answers_probes = True
    connected.connect()
    connected.run(2 * TIMEOUT_SECONDS)
    assert connected.client.interruptions == 1
    assert connected.states()[-1] is CONNECTED
    connected.client.answers_probes = False
    connected.run(TIMEOUT_SECONDS * 0.6)
    assert connected.client.interruptions == 2, "and so is the next one"


def test_the_request_of_an_actor_that_is_not_answered_counts_as_well(connected: World) -> None:
    connected.ask(ReadNode(1, "/a"))
    connected.run(TIMEOUT_SECONDS / 2)
    assert connected.client.interruptions == 1


def test_a_client_that_says_nothing_any_more_has_no_session_any_more(connected: World) -> None:
    connected.client.answers_probes = False
    connected.run(1.2 * TIMEOUT_SECONDS)
    assert connected.states()[-1] is EXPIRED
    assert connected.clients[0].closed
    assert len(connected.clients) == 2


def test_only_one_probe_is_under_way(connected: World) -> None:
    connected.client.answers_probes = False
    before = len(connected.client.probes)
    connected.run(0.9 * TIMEOUT_SECONDS)
    assert len(connected.client.probes) == before + 1

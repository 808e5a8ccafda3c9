"""The `node` actor starts and stops actors for those who may ask, and tells who the node is."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event
from typing import ClassVar

import pytest

from actors import __version__
from actors.logging import Logs
from actors.node.control import NODE, NodeControl
from actors.process import Process
from actors.pykka_system import PykkaSystem
from actors.system import Restart
from transport.messages.node import (
    ActorSpawned,
    ActorStopped,
    DescribeNode,
    NodeDescription,
    NodeMetricsRead,
    NodePeer,
    NodeRefusal,
    NodeStopping,
    ReadMetrics,
    ReadVerbosity,
    SetVerbosity,
    SpawnActor,
    StopActor,
    StopNode,
    Verbosity,
)
from transport.messages.supervision import ActorStatus
from transport.pid import Address

TIMEOUT_SECONDS = 20.0


class Greeter(Process):
    finalized: ClassVar[list[str]] = []

    def __init__(self, word: str = "hello") -> None:
        self.word = word

    def finalize(self) -> None:
        self.finalized.append(self.word)


class Unmakeable(Process):
    def __init__(self, count: int = 0) -> None:
        raise ValueError("count: must be positive")


class Broken(Process):
    def __init__(self) -> None:
        raise LookupError("a bug")


class Sick(Process):
    def initialize(self) -> None:
        raise LookupError("a bug")


class FakeHost:
    """A node with one system and no network."""

    incarnation = 7
    process = 42
    verbosity = 0

    def __init__(self, system: PykkaSystem) -> None:
        self._system = system
        self.finished = Event()

    @property
    def address(self) -> Address:
        return self._system.address

    def actors(self) -> tuple[ActorStatus, ...]:
        return self._system.actors()

    def peers(self) -> tuple[NodePeer, ...]:
        return (NodePeer(address=Address("h", 1), state="up", incarnation=1, queued=0, sent=2, received=3),)

    def metrics(self) -> Mapping[str, float]:
        return {"node/uptime_secs": 1.5}

    def log_with(self, verbosity: int) -> None:
        self.verbosity = verbosity

    def finish(self) -> None:
        self.finished.set()


class ControlledNode:
    def __init__(self, system: PykkaSystem, host: FakeHost) -> None:
        self.system = system
        self.host = host

    def ask(self, message: object) -> object:
        return self.system.ask(self.system.pid_of(NODE), message, TIMEOUT_SECONDS)

    def names(self) -> list[str]:
        return [actor.pid.name for actor in self.system.actors()]


@contextmanager
def node(refusal: str | None = None) -> Iterator[ControlledNode]:
    system = PykkaSystem(logger=Logs(stream=io.StringIO()).actor)
    host = FakeHost(system)
    system.start()
    try:
        system.spawn(lambda: NodeControl(host, refusal), NODE, vital=True)
        yield ControlledNode(system, host)
    finally:
        system.stop()


def greeter(name: str, **settings: str) -> SpawnActor:
    return SpawnActor(name, f"{__name__}:Greeter", settings)


def test_a_node_tells_who_it_is() -> None:
    with node() as one:
        description = one.ask(DescribeNode())
        assert isinstance(description, NodeDescription)
        assert (description.address, description.incarnation) == (one.system.address, 7)
        assert (description.version, description.process) == (__version__, 42)
        assert description.uptime_seconds >= 0
        assert [actor.pid.name for actor in description.actors] == ["supervisor", "node"]
        assert [peer.address for peer in description.peers] == [Address("h", 1)]


def test_a_node_tells_its_metrics() -> None:
    with node() as one:
        assert one.ask(ReadMetrics()) == NodeMetricsRead({"node/uptime_secs": 1.5})


def test_a_node_logs_more_for_a_while() -> None:
    with node() as one:
        assert one.ask(ReadVerbosity()) == Verbosity(0)
        assert one.ask(SetVerbosity(2, seconds=3600.0)) == Verbosity(2)
        assert one.ask(ReadVerbosity()) == Verbosity(2)
        assert one.ask(SetVerbosity(1, seconds=0.01)) == Verbosity(1)
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while one.host.verbosity != 0:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_an_actor_is_started_with_its_settings_and_stopped() -> None:
    Greeter.finalized.clear()
    with node() as one:
        spawned = one.ask(greeter("a", word="moin"))
        assert isinstance(spawned, ActorSpawned)
        assert spawned.pid.whoever() == one.system.pid_of("a")
        assert "a" in one.names()
        assert one.ask(StopActor("a")) == ActorStopped("a")
        assert Greeter.finalized == ["moin"]
        assert "a" not in one.names()


def test_who_asks_twice_is_granted_twice_and_gets_one_actor() -> None:
    with node() as one:
        assert one.ask(greeter("a")) == one.ask(greeter("a"))
        assert one.ask(StopActor("a")) == one.ask(StopActor("a"))


def test_a_name_is_not_given_twice() -> None:
    with node() as one:
        one.ask(greeter("a"))
        other = SpawnActor("a", f"{__name__}:Broken")
        reason = f"actor a: the name is taken by {__name__}:Greeter"
        assert one.ask(other) == NodeRefusal(reason)


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (SpawnActor("a", "no_such:C"), "actor a: no_such:C cannot be loaded: No module named 'no_such'"),
        (greeter("a", wrod="x"), "actor a: setting wrod: Greeter has no such setting; did you mean word"),
        (SpawnActor("a", f"{__name__}:Unmakeable"), "actor a: count: must be positive"),
        (SpawnActor("a b", f"{__name__}:Greeter"), "actor name 'a b': must be 1 to 255 characters"),
        (SpawnActor("a", f"{__name__}:Broken"), "actor a: its code crashed while it was loaded"),
    ],
)
def test_an_actor_that_cannot_be_made_is_refused_with_the_reason(wanted: SpawnActor, reason: str) -> None:
    with node() as one:
        refusal = one.ask(wanted)
        assert isinstance(refusal, NodeRefusal)
        assert refusal.reason.startswith(reason)
        assert isinstance(one.ask(greeter("a")), ActorSpawned)


def test_an_actor_that_is_stopped_in_the_pause_before_its_restart_stays_stopped() -> None:
    made: list[Sick] = []

    def make() -> Sick:
        made.append(Sick())
        return made[-1]

    with node() as one:
        one.system.spawn(make, "a", restart=Restart(backoff_seconds=3600.0))
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while len(made) < 2 or "a" in one.names():
            assert time.monotonic() < deadline
            time.sleep(0.001)
        assert one.ask(StopActor("a")) == ActorStopped("a")
        one.system.respawn("a")  # as the supervisor does at the end of the pause
        assert len(made) == 2


@pytest.mark.parametrize("name", ["node", "trace", "supervisor"])
def test_what_is_part_of_every_node_stays(name: str) -> None:
    with node() as one:
        assert one.ask(StopActor(name)) == NodeRefusal(f"actor {name}: is part of every node and stays")


def test_a_node_is_told_to_stop() -> None:
    with node() as one:
        assert one.ask(StopNode()) == NodeStopping()
        assert one.host.finished.wait(TIMEOUT_SECONDS)


def test_actors_of_the_node_itself_may_always_ask() -> None:
    with node(refusal="it is closed to others") as one:
        assert isinstance(one.ask(greeter("a")), ActorSpawned)

"""What every ZooKeeper promises to the actors of a node: a real one, and the one of simulations."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

import pytest

from actors.simulation import SimulatedNode, Simulation
from actors.simulation.zookeeper import SimulatedZooKeeper
from tests.zookeeper.ensemble import Ensemble
from tests.zookeeper.node import Node, Watcher, wait_until
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
    SessionChanged,
    SessionState,
)

TIMEOUT_SECONDS = 20.0
#: The owner of a persistent node.
NOBODY = 0

_paths = itertools.count()

T = TypeVar("T")


class Host(Protocol):
    """A node with a session."""

    def say(self, request: object) -> None:
        """Have its watcher ask for something."""

    def told(self, kind: type[T]) -> list[T]:
        """What the watcher was told, of that type."""
        ...

    def end(self) -> None:
        """End the node, as SIGTERM does."""


class Rig(Protocol):
    """Makes nodes with sessions at one ZooKeeper."""

    def host(self) -> Host: ...

    def wait(self, true: Callable[[], object]) -> None: ...


class SimulatedHost:
    def __init__(self, node: SimulatedNode) -> None:
        self._node = node
        self._zookeeper = node.pid_of("zookeeper")
        self._watcher = Watcher(self._zookeeper)
        node.spawn(lambda: self._watcher, "watcher")

    def say(self, request: object) -> None:
        self._watcher.send(self._zookeeper, request)

    def told(self, kind: type[T]) -> list[T]:
        return [message for message in self._watcher.told if isinstance(message, kind)]

    def end(self) -> None:
        self._node.stop()


class SimulatedRig:
    def __init__(self) -> None:
        self._sim = Simulation(3)
        self._zookeeper = SimulatedZooKeeper(self._sim)

    def host(self) -> Host:
        name = f"n{len(self._sim.nodes)}"
        session = self._zookeeper.session
        return SimulatedHost(
            self._sim.node(name, lambda node: node.spawn(session(node, TIMEOUT_SECONDS), "zookeeper"))
        )

    def wait(self, true: Callable[[], object]) -> None:
        self._sim.run_until(true, TIMEOUT_SECONDS / 2)


class RealHost:
    def __init__(self, node: Node) -> None:
        self._node = node
        self._ended = False

    def say(self, request: object) -> None:
        self._node.watcher.send(self._node.zookeeper, request)

    def told(self, kind: type[T]) -> list[T]:
        return self._node.told(kind)

    def end(self) -> None:
        if not self._ended:
            self._ended = True
            self._node.__exit__(None, None, None)


class RealRig:
    def __init__(self, ensemble: Ensemble) -> None:
        self._ensemble = ensemble
        self.hosts: list[Host] = []

    def host(self) -> Host:
        host = RealHost(Node([self._ensemble.servers[0].address], TIMEOUT_SECONDS).__enter__())
        self.hosts.append(host)
        return host

    def wait(self, true: Callable[[], object]) -> None:
        wait_until(true, lambda: f"{[host.told(object) for host in self.hosts]}")


@pytest.fixture(params=["simulated", "real"])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    if request.param == "simulated":
        yield SimulatedRig()
        return
    real = RealRig(request.getfixturevalue("zookeeper"))
    yield real
    for host in real.hosts:
        host.end()


@pytest.fixture
def path() -> str:
    return f"/contract-{os.getpid()}-{next(_paths)}"


class Asker:
    """Asks one thing after the other."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.host = rig.host()
        self._ids = itertools.count(1)
        rig.wait(lambda: any(told.state is SessionState.CONNECTED for told in self.host.told(SessionChanged)))

    def ask(self, make: Callable[[int], object], kind: type[T]) -> T:
        number = next(self._ids)
        self.host.say(make(number))
        self.rig.wait(lambda: self._answers(number))
        (answer,) = self._answers(number)
        assert isinstance(answer, kind), answer
        return answer

    def _answers(self, number: int) -> list[object]:
        return [told for told in self.host.told(object) if getattr(told, "request_id", None) == number]

    def make_path(self, path: str) -> None:
        assert self.ask(lambda number: MakePath(number, path), NodeCreated).path == path

    def create(self, path: str, data: bytes = b"") -> str:
        return self.ask(lambda number: CreateNode(number, path, data), NodeCreated).path

    def children(self, path: str, *, watch: bool = False) -> tuple[str, ...]:
        return self.ask(lambda number: ListChildren(number, path, watch), ChildrenListed).names

    def read(self, path: str) -> NodeRead:
        return self.ask(lambda number: ReadNode(number, path), NodeRead)

    def delete(self, path: str) -> None:
        self.ask(lambda number: DeleteNode(number, path), NodeDeleted)

    def fails(self, make: Callable[[int], object]) -> Failure:
        return self.ask(make, RequestFailed).failure

    @property
    def session_id(self) -> int:
        return self.host.told(SessionChanged)[-1].session_id


def test_nodes_are_numbered_in_the_order_of_their_making_whatever_their_labels(rig: Rig, path: str) -> None:
    one, other = Asker(rig), Asker(rig)
    one.make_path(path)
    assert one.create(f"{path}/json.info_") == f"{path}/json.info_0000000000"
    assert other.create(f"{path}/") == f"{path}/0000000001"
    one.make_path(f"{path}/log_replicas")
    assert one.create(f"{path}/a-") == f"{path}/a-0000000003"
    assert other.children(path) == ("0000000001", "a-0000000003", "json.info_0000000000", "log_replicas")


def test_a_number_is_not_given_again_after_its_node_is_gone(rig: Rig, path: str) -> None:
    asker = Asker(rig)
    asker.make_path(path)
    for number in range(3):
        made = asker.create(f"{path}/")
        assert made == f"{path}/{number:010d}"
        asker.delete(made)
    assert asker.children(path) == ()


def test_a_path_is_made_with_all_above_it_and_made_again_without_harm(rig: Rig, path: str) -> None:
    asker = Asker(rig)
    for _ in range(2):
        asker.make_path(f"{path}/a/b")
    assert asker.children(f"{path}/a") == ("b",)
    assert asker.read(f"{path}/a/b").owner == NOBODY


def test_a_node_tells_what_it_holds_and_whose_it_is(rig: Rig, path: str) -> None:
    one, other = Asker(rig), Asker(rig)
    one.make_path(path)
    made = one.create(f"{path}/", b"\0\xffdata")
    read = other.read(made)
    assert (read.data, read.owner) == (b"\0\xffdata", one.session_id)
    assert one.session_id not in (NOBODY, other.session_id)


def test_without_the_node_there_is_nothing_to_list_to_read_or_to_make_below(rig: Rig, path: str) -> None:
    asker = Asker(rig)
    assert asker.fails(lambda number: ListChildren(number, path)) is Failure.NO_NODE
    assert asker.fails(lambda number: ReadNode(number, path)) is Failure.NO_NODE
    assert asker.fails(lambda number: CreateNode(number, f"{path}/", b"")) is Failure.NO_NODE
    asker.delete(path)


def test_a_node_with_children_cannot_be_removed(rig: Rig, path: str) -> None:
    asker = Asker(rig)
    asker.make_path(f"{path}/a")
    assert asker.fails(lambda number: DeleteNode(number, path)) is Failure.OTHER
    asker.delete(f"{path}/a")
    asker.delete(path)
    asker.delete(path)


def test_a_change_of_the_children_is_told_once_and_only_to_who_watches(rig: Rig, path: str) -> None:
    one, other = Asker(rig), Asker(rig)
    one.make_path(path)
    for _ in range(2):
        one.children(path, watch=True)
    other.children(path)
    made = other.create(f"{path}/")
    rig.wait(lambda: one.host.told(ChildrenChanged))
    other.delete(made)
    one.children(path)
    assert one.host.told(ChildrenChanged) == [ChildrenChanged(path)]
    one.children(path, watch=True)
    other.create(f"{path}/")
    rig.wait(lambda: len(one.host.told(ChildrenChanged)) == 2)
    assert other.host.told(ChildrenChanged) == []


def test_the_end_of_what_is_watched_is_told(rig: Rig, path: str) -> None:
    asker = Asker(rig)
    asker.make_path(path)
    asker.children(path, watch=True)
    asker.delete(path)
    rig.wait(lambda: asker.host.told(ChildrenChanged))


def test_what_a_node_made_goes_when_it_ends_long_before_its_time_out(rig: Rig, path: str) -> None:
    one, other = Asker(rig), Asker(rig)
    one.make_path(path)
    one.create(f"{path}/")
    assert other.children(path, watch=True)
    one.host.end()
    rig.wait(lambda: other.host.told(ChildrenChanged))
    assert other.children(path) == ()


def test_answers_come_in_the_order_of_the_requests(rig: Rig, path: str) -> None:
    asker = Asker(rig)
    asker.make_path(path)
    for number in range(100, 150):
        request = CreateNode(number, f"{path}/", b"") if number % 2 else ListChildren(number, path, False)
        asker.host.say(request)

    def answered() -> list[int]:
        answers = [one for one in asker.host.told(object) if isinstance(one, NodeCreated | ChildrenListed)]
        return [answer.request_id for answer in answers if answer.request_id >= 100]

    rig.wait(lambda: len(answered()) == 50)
    assert answered() == list(range(100, 150))
    listed = [told for told in asker.host.told(ChildrenListed) if told.request_id >= 100]
    assert [len(told.names) for told in listed] == list(range(25))

"""The session of a node with three real ZooKeepers, some of which fail."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator

import pytest

from tests.zookeeper.ensemble import Ensemble
from tests.zookeeper.node import Node
from tests.zookeeper.server import Server
from transport.messages.zookeeper import SessionAlive, SessionState

CONNECTED, SUSPENDED, EXPIRED = SessionState.CONNECTED, SessionState.SUSPENDED, SessionState.EXPIRED
#: Sessions that tests wait for the end of, those of which a part has to pass, and those that outlive a test.
SHORT_SECONDS, MIDDLE_SECONDS, LONG_SECONDS = 1.0, 4.0, 60.0

_paths = itertools.count()


@pytest.fixture
def path() -> str:
    """A path of the test's own: the servers are not."""
    return f"/test-{os.getpid()}-{next(_paths)}"


@pytest.fixture
def node(zookeepers: Ensemble) -> Iterator[Node]:
    with session(zookeepers, LONG_SECONDS) as node:
        node.wait(CONNECTED)
        yield node


def session(zookeepers: Ensemble, timeout_seconds: float) -> Node:
    return Node([server.address for server in zookeepers.servers], timeout_seconds)


def others(zookeepers: Ensemble, node: Node) -> list[Server]:
    return [server for server in zookeepers.servers if server.address != node.server]


def test_a_session_moves_to_another_server_when_its_own_is_killed(
    zookeepers: Ensemble, node: Node, path: str
) -> None:
    node.make_path(path)
    created = node.create(f"{path}/")
    session_id, former = node.session.session_id, node.server
    zookeepers.server(former).kill()
    assert node.wait(SUSPENDED, CONNECTED).session_id == session_id
    assert node.server != former
    assert node.read(created).owner == session_id


def test_a_session_moves_to_another_server_in_time_when_its_own_hangs(
    zookeepers: Ensemble, path: str
) -> None:
    with session(zookeepers, MIDDLE_SECONDS) as node:
        former = node.wait(CONNECTED)
        node.make_path(path)
        created = node.create(f"{path}/")
        hung = node.server
        zookeepers.server(hung).stop()
        assert node.wait(SUSPENDED, CONNECTED).session_id == former.session_id
        assert node.server != hung
        assert node.read(created).owner == former.session_id


def test_a_session_outlives_an_election_of_the_zookeepers(
    zookeepers: Ensemble, node: Node, path: str
) -> None:
    node.make_path(path)
    created = node.create(f"{path}/")
    session_id = node.session.session_id
    zookeepers.leader().kill()
    # Those that elect another one serve nobody meanwhile.
    assert node.wait(SUSPENDED, CONNECTED).session_id == session_id
    assert node.read(created).owner == session_id


def test_without_a_majority_there_is_no_connection_until_it_is_there_again(zookeepers: Ensemble) -> None:
    with session(zookeepers, SHORT_SECONDS) as node:
        node.wait(CONNECTED)
        one, other = others(zookeepers, node)
        one.kill()
        other.kill()
        node.wait(SUSPENDED, EXPIRED)
        one.start()
        node.wait(EXPIRED, CONNECTED)


def test_a_session_that_lost_all_zookeepers_is_over_and_a_new_one_begins_with_them(
    zookeepers: Ensemble, path: str
) -> None:
    with session(zookeepers, SHORT_SECONDS) as node:
        former = node.wait(CONNECTED)
        node.make_path(path)
        node.create(f"{path}/")
        zookeepers.kill()
        node.wait(SUSPENDED, EXPIRED)
        zookeepers.start()
        assert node.wait(EXPIRED, CONNECTED).session_id != former.session_id
        node.wait_for_children(path)


def test_a_session_of_which_the_majority_hears_nothing_gives_no_sign_of_life(
    zookeepers: Ensemble, path: str
) -> None:
    leader = zookeepers.leader()
    follower = next(server for server in zookeepers.servers if server is not leader)
    with Node([follower.address], MIDDLE_SECONDS / 2) as node:
        node.wait(CONNECTED)
        node.make_path(path)
        node.create(f"{path}/")
        node.wait_for_life()
        for server in zookeepers.servers:
            if server is not follower:
                server.stop()
        stopped_at = time.monotonic()
        node.wait(SUSPENDED)
        assert all(alive.alive_at < stopped_at for alive in node.told(SessionAlive))


def test_children_are_listed_as_the_leader_has_them(zookeepers: Ensemble, path: str) -> None:
    one, other, _ = zookeepers.servers
    with Node([one.address]) as writer, Node([other.address]) as reader:
        writer.wait(CONNECTED)
        reader.wait(CONNECTED)
        writer.make_path(path)
        for count in range(1, 31):
            writer.create(f"{path}/")
            assert len(reader.children(path)) == count

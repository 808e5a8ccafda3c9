"""The session of a node with real ZooKeepers, as far as one of them is enough."""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from kazoo.client import KazooClient

from tests.zookeeper.ensemble import Ensemble
from tests.zookeeper.node import Node, wait_until
from tests.zookeeper.proxy import Proxy
from transport.messages.zookeeper import (
    ChildrenChanged,
    CreateNode,
    DeleteNode,
    Failure,
    ListChildren,
    MakePath,
    ReadNode,
    SessionState,
)

CONNECTING, CONNECTED = SessionState.CONNECTING, SessionState.CONNECTED
SUSPENDED, EXPIRED = SessionState.SUSPENDED, SessionState.EXPIRED
#: Sessions that tests wait for the end of, and those that outlive a test.
SHORT_SECONDS, LONG_SECONDS = 1.0, 60.0

_paths = itertools.count()


@pytest.fixture
def path() -> str:
    """A path of the test's own: the servers are not."""
    return f"/test-{os.getpid()}-{next(_paths)}"


@pytest.fixture
def node(zookeeper: Ensemble) -> Iterator[Node]:
    with Node([zookeeper.servers[0].address]) as node:
        node.wait(CONNECTED)
        yield node


@pytest.fixture
def proxy(zookeeper: Ensemble) -> Iterator[Proxy]:
    with Proxy(zookeeper.servers[0].address) as proxy:
        yield proxy


def end_session(node: Node) -> None:
    """End it at ZooKeeper, by another client that has its id and password."""
    other = KazooClient(hosts=str(node.server), client_id=node.clients[-1]._kazoo.client_id)
    other.start()
    other.stop()
    other.close()


def test_without_the_package_the_test_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _command: None)
    with pytest.raises(AssertionError, match="apt-get install --no-install-recommends libzookeeper-java"):
        Ensemble(tmp_path).start()


# --- sessions ---


@pytest.mark.parametrize(("wanted", "agreed"), [(0.1, 0.4), (7.0, 7.0), (1000.0, LONG_SECONDS)])
def test_the_time_out_is_what_zookeeper_agrees_to(zookeeper: Ensemble, wanted: float, agreed: float) -> None:
    with Node([zookeeper.servers[0].address], wanted) as node:
        assert node.wait(CONNECTED).timeout_seconds == agreed


def test_the_end_of_a_node_ends_its_session_at_once(node: Node, zookeeper: Ensemble, path: str) -> None:
    node.make_path(path)
    with Node([zookeeper.servers[0].address], LONG_SECONDS) as other:
        other.wait(CONNECTED)
        other.create(f"{path}/")
        assert node.watch(path)
    wait_until(lambda: node.told(ChildrenChanged), lambda: "a change, long before the session would expire")
    assert node.children(path) == ()


def test_a_session_that_was_ended_at_zookeeper_is_over_and_its_nodes_are_gone(node: Node, path: str) -> None:
    node.make_path(path)
    node.create(f"{path}/")
    before = node.session.session_id
    end_session(node)
    assert "the session has expired" in node.wait(EXPIRED).reason
    assert node.wait(EXPIRED, CONNECTED).session_id != before
    assert node.children(path) == ()


def test_others_are_told_when_a_session_ends_with_its_nodes(
    node: Node, zookeeper: Ensemble, path: str
) -> None:
    with Node([zookeeper.servers[0].address], LONG_SECONDS) as other:
        other.wait(CONNECTED)
        node.make_path(path)
        for _ in range(2):
            other.create(f"{path}/")
        node.watch(path)
        end_session(other)
        wait_until(lambda: node.told(ChildrenChanged), lambda: "a change")
        node.wait_for_children(path)


def test_a_zookeeper_that_hangs_costs_the_session_though_its_host_accepts_connections(
    zookeeper: Ensemble, path: str
) -> None:
    with Node([zookeeper.servers[0].address], SHORT_SECONDS) as node:
        node.wait(CONNECTED)
        node.make_path(path)
        node.create(f"{path}/")
        zookeeper.servers[0].stop()
        assert "does not answer" in node.wait(SUSPENDED, EXPIRED).reason
        zookeeper.servers[0].resume()
        node.wait(EXPIRED, CONNECTED)
        node.wait_for_children(path)


def test_a_zookeeper_that_comes_back_in_time_finds_the_session_as_it_was(
    zookeeper: Ensemble, path: str
) -> None:
    with Node([zookeeper.servers[0].address], LONG_SECONDS) as node:
        before = node.wait(CONNECTED)
        node.make_path(path)
        created = node.create(f"{path}/", b"mine")
        zookeeper.servers[0].kill()
        node.wait(SUSPENDED)
        assert node.fails(ReadNode(1, path)).failure is Failure.CONNECTION_LOSS
        zookeeper.servers[0].start()
        assert node.wait(SUSPENDED, CONNECTED).session_id == before.session_id
        assert node.read(created).owner == before.session_id


def test_a_zookeeper_that_lost_its_data_is_used_from_scratch(tmp_path: Path, path: str) -> None:
    with Ensemble(tmp_path) as ensemble:
        (server,) = ensemble.servers
        with Node([server.address], SHORT_SECONDS) as node:
            node.wait(CONNECTED)
            node.make_path(path)
            node.create(f"{path}/")
            server.kill()
            server.wipe()
            server.start()
            node.wait(EXPIRED, CONNECTED)
            wait_until(
                lambda: node.fails(ListChildren(1, path)).failure is Failure.NO_NODE,
                lambda: "an empty server",
            )


def test_what_is_in_the_way_is_said(proxy: Proxy, zookeeper: Ensemble) -> None:
    proxy.refuses = True
    with Node([proxy.address]) as node:
        wait_until(lambda: node.watcher.told and node.session.reason, lambda: "a reason")
        assert node.session.reason.startswith(f"{proxy.address}: serves nobody")
        proxy.refuses = False
        node.wait(CONNECTED)


# --- nodes ---


def test_a_path_is_made_with_all_that_is_above_it(node: Node, path: str) -> None:
    for _ in range(2):
        node.make_path(f"{path}/a/b/c")
    assert node.children(f"{path}/a/b") == ("c",)
    assert node.read(f"{path}/a/b/c").owner == 0
    assert node.read(f"{path}/a").data == b""


def test_nodes_are_numbered_in_their_order_with_a_label_or_without(node: Node, path: str) -> None:
    node.make_path(path)
    names = [node.create(f"{path}/{label}") for label in ("", "json.info_", "", "info_")]
    assert names == [
        f"{path}/0000000000",
        f"{path}/json.info_0000000001",
        f"{path}/0000000002",
        f"{path}/info_0000000003",
    ]
    node.delete(names[3])
    assert node.create(f"{path}/") == f"{path}/0000000004"


def test_a_node_holds_its_data_and_names_its_session(node: Node, path: str) -> None:
    node.make_path(path)
    created = node.create(f"{path}/", bytes(range(256)))
    assert (node.read(created).data, node.read(created).owner) == (bytes(range(256)), node.session.session_id)


def test_a_node_that_is_gone_is_gone_however_often_it_is_deleted(node: Node, path: str) -> None:
    node.make_path(path)
    created = node.create(f"{path}/")
    for _ in range(2):
        node.delete(created)
    assert node.fails(ReadNode(1, created)).failure is Failure.NO_NODE


def test_what_cannot_be_done_fails_with_its_reason(node: Node, path: str) -> None:
    for request in (ReadNode(1, path), ListChildren(1, path), CreateNode(1, f"{path}/", b"")):
        failed = node.fails(request)
        assert (failed.failure, failed.reason) == (Failure.NO_NODE, f"{request.path}: there is no such node")
    node.make_path(f"{path}/a")
    assert node.fails(DeleteNode(1, path)).failure is Failure.OTHER, "it has a child"
    assert node.fails(CreateNode(1, f"{path}/", bytes(1_000_000))).failure is Failure.OTHER
    assert node.session.state is CONNECTED, "a node that is too big breaks no connection"


def test_requests_need_not_wait_for_one_another(node: Node, path: str) -> None:
    node.watcher.send(node.zookeeper, MakePath(1, path))
    for number in range(2, 52):
        node.watcher.send(node.zookeeper, CreateNode(number, f"{path}/", b""))
    node.watcher.send(node.zookeeper, ListChildren(52, path, watch=False))
    wait_until(lambda: len(answers(node)) == 52, lambda: "all answers")
    assert answers(node) == list(range(1, 53)), "in their order"
    assert len(node.children(path)) == 50


def answers(node: Node) -> list[int]:
    return [
        getattr(message, "request_id", 0)
        for message in list(node.watcher.told)
        if hasattr(message, "request_id")
    ]


# --- watches ---


def test_a_watch_tells_the_next_change_and_only_that(node: Node, zookeeper: Ensemble, path: str) -> None:
    with Node([zookeeper.servers[0].address]) as other:
        other.wait(CONNECTED)
        node.make_path(path)
        for _ in range(2):
            told = len(node.told(ChildrenChanged))
            node.watch(path)
            node.watch(path)
            other.create(f"{path}/")
            other.create(f"{path}/")
            wait_until(functools.partial(_more_changes, node, told), lambda: "a change")
            assert node.children(path) == other.children(path)
        assert node.told(ChildrenChanged) == [ChildrenChanged(path)] * 2


def _more_changes(node: Node, count: int) -> bool:
    return len(node.told(ChildrenChanged)) > count


def test_after_a_break_of_the_connection_watches_are_set_anew_by_listing(
    proxy: Proxy, node: Node, path: str
) -> None:
    with Node([proxy.address], LONG_SECONDS) as cut:
        cut.wait(CONNECTED)
        node.make_path(path)
        cut.watch(path)
        cut.clients[-1].interrupt()
        cut.wait(SUSPENDED, CONNECTED)
        node.create(f"{path}/")
        assert cut.watch(path) == ("0000000000",)
        assert not cut.told(ChildrenChanged)
        node.create(f"{path}/")
        wait_until(lambda: cut.told(ChildrenChanged), lambda: "a change")


# --- when the connection breaks ---


def test_nodes_outlive_a_break_of_the_connection(node: Node, path: str) -> None:
    node.make_path(path)
    created = node.create(f"{path}/", b"mine")
    before = node.session.session_id
    node.clients[-1].interrupt()
    assert node.wait(SUSPENDED, CONNECTED).session_id == before
    assert node.read(created).owner == before


def test_a_creation_whose_answer_is_lost_may_have_made_the_node(proxy: Proxy, path: str) -> None:
    with Node([proxy.address], LONG_SECONDS) as node:
        node.wait(CONNECTED)
        node.make_path(path)
        proxy.lose_answer_to(b"my own data")
        assert node.fails(CreateNode(1, f"{path}/", b"my own data")).failure is Failure.CONNECTION_LOSS
        assert proxy.lost.is_set()
        session = node.wait(SUSPENDED, CONNECTED)
        (name,) = node.children(path)
        found = node.read(f"{path}/{name}")
        assert (found.data, found.owner) == (b"my own data", session.session_id)


def test_a_deletion_whose_answer_is_lost_may_have_removed_the_node(proxy: Proxy, path: str) -> None:
    with Node([proxy.address], LONG_SECONDS) as node:
        node.wait(CONNECTED)
        node.make_path(path)
        created = node.create(f"{path}/")
        proxy.lose_answer_to(created.encode())
        assert node.fails(DeleteNode(1, created)).failure is Failure.CONNECTION_LOSS
        node.wait(SUSPENDED, CONNECTED)
        assert node.children(path) == ()
        node.delete(created)


# --- who may do what ---


def test_with_credentials_all_may_read_and_only_who_has_them_may_change(
    zookeeper: Ensemble, node: Node, path: str
) -> None:
    address = zookeeper.servers[0].address
    with Node([address], credentials="user:secret") as owner:
        owner.wait(CONNECTED)
        owner.make_path(f"{path}/group")
        created = owner.create(f"{path}/group/", b"mine")
        assert node.read(created).data == b"mine"
        assert node.children(f"{path}/group") == owner.children(f"{path}/group")
        for request in (
            CreateNode(1, f"{path}/group/", b""),
            MakePath(1, f"{path}/other"),
            DeleteNode(1, created),
        ):
            failed = node.fails(request)
            assert failed.failure is Failure.NO_AUTH
            assert "not permitted" in failed.reason
        node.make_path(f"{path}/group")  # which is there
        with Node([address], credentials="user:other secret") as stranger:
            stranger.wait(CONNECTED)
            assert stranger.fails(CreateNode(1, f"{path}/group/", b"")).failure is Failure.NO_AUTH
        with Node([address], credentials="user:secret") as friend:
            friend.wait(CONNECTED)
            friend.create(f"{path}/group/")
            friend.delete(created)


def test_credentials_are_told_again_on_every_connection(zookeeper: Ensemble, path: str) -> None:
    with Node([zookeeper.servers[0].address], LONG_SECONDS, credentials="user:secret") as node:
        node.wait(CONNECTED)
        node.make_path(path)
        node.clients[-1].interrupt()
        node.wait(SUSPENDED, CONNECTED)
        node.create(f"{path}/")

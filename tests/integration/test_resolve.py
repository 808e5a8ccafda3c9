"""The leader in a real ZooKeeper, as Pion, Mesos and old Mesos wrote it, is found by `mesos-resolve`."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from actors.cli.parser import CommandError
from actors.cli.resolve import resolve
from actors.election.url import ZooKeeperUrl
from tests.zookeeper.ensemble import Ensemble
from tests.zookeeper.node import Node
from transport.messages.zookeeper import SessionState
from transport.pid import Address, Pid

SECONDS = 60.0
#: What Mesos 1.11 writes, but for its capabilities.
JSON = (
    b'{"address":{"hostname":"anna","ip":"10.0.0.1","port":5050},"capabilities":[{"type":"AGENT_UPDATE"}],'
    b'"hostname":"anna","id":"m1","ip":16777226,"pid":"master@10.0.0.1:5050","port":5050,"version":"1.11.0"}'
)
#: id m2, ip, port 5051, pid: the protobuf of the first Mesos with a MasterInfo.
BINARY = b"\x0a\x02m2\x10\x8a\x80\x80\x08\x18\xbb\x27\x22\x14master@10.0.0.2:5051"

_paths = itertools.count()


@pytest.fixture
def path() -> str:
    """A path of the test's own: the server is not."""
    return f"/resolve-{os.getpid()}-{next(_paths)}"


@pytest.fixture
def node(zookeeper: Ensemble, path: str) -> Iterator[Node]:
    """Writes what masters would."""
    with Node([zookeeper.servers[0].address], 60.0) as node:
        node.wait(SessionState.CONNECTED)
        node.make_path(path)
        yield node


@pytest.fixture
def url(zookeeper: Ensemble, path: str) -> ZooKeeperUrl:
    return ZooKeeperUrl.parse(zookeeper.url(path))


def test_the_leader_is_the_first_whatever_the_labels(node: Node, path: str, url: ZooKeeperUrl) -> None:
    node.create(f"{path}/json.info_", JSON)
    node.create(f"{path}/info_", BINARY)
    node.create(f"{path}/", b"master@10.0.0.3:5052")
    node.make_path(f"{path}/log_replicas")
    found = []
    for number, label in enumerate(("json.info_", "info_", "")):
        leader = resolve(url, SECONDS)
        found.append((str(leader.address), leader.pid, leader.epoch))
        node.delete(f"{path}/{label}{number:010}")
    assert found == [
        ("10.0.0.1:5050", Pid("master", "10.0.0.1", 6050), 1),
        ("10.0.0.2:5051", Pid("master", "10.0.0.2", 6051), 2),
        ("10.0.0.3:5052", Pid("master", "10.0.0.3", 6052), 3),
    ]


def test_a_leader_that_is_yet_to_be_elected_is_waited_for(node: Node, path: str, url: ZooKeeperUrl) -> None:
    with ThreadPoolExecutor(1) as pool:
        resolved = pool.submit(resolve, url, SECONDS)
        node.create(f"{path}/json.info_", JSON)
        leader = resolved.result(SECONDS)
    assert leader.address == Address("10.0.0.1", 5050)
    assert (leader.id, leader.hostname, leader.version) == ("m1", "anna", "1.11.0")


def obstacle(url: ZooKeeperUrl) -> str:
    """What stands in the way, once ZooKeeper was reached: on a busy machine that takes a while."""
    for seconds in (0.5, 2.0, SECONDS):
        with pytest.raises(CommandError) as error:
            resolve(url, seconds)
        if "no connection" not in str(error.value) and "not asked" not in str(error.value):
            break
    return str(error.value).partition(": ")[2]


def test_no_leader_is_said_with_the_place(node: Node, url: ZooKeeperUrl) -> None:
    assert obstacle(url) == f"no master is elected at {url}"


def test_a_leader_that_cannot_be_read_is_said_with_what_is_wrong(
    node: Node, path: str, url: ZooKeeperUrl
) -> None:
    created = node.create(f"{path}/json.info_", b"nonsense")
    assert obstacle(url).startswith(f"not a master's node at {created}: ")

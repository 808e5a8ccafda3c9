"""Masters that stand for election, detectors and members of the log, with a real ZooKeeper."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import pytest
from kazoo.client import KazooClient

from actors.election.contender import Contender
from actors.election.detector import Detector
from actors.election.membership import GROUP, LogMembers
from actors.process import Process
from tests.zookeeper.ensemble import Ensemble
from tests.zookeeper.node import Node, wait_until
from tests.zookeeper.proxy import Proxy
from transport.message import Message
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.messages.election import CandidacyLost, Contend, Elected, LeaseExtended
from transport.messages.replication import MembersChanged, WatchMembers
from transport.messages.zookeeper import SessionState
from transport.pid import Address, Pid
from transport.records.master import MasterInfo

CONNECTED, SUSPENDED, EXPIRED = SessionState.CONNECTED, SessionState.SUSPENDED, SessionState.EXPIRED
#: Sessions that tests wait for the end of, those of which a part has to pass, and those that outlive a test.
SHORT_SECONDS, MIDDLE_SECONDS, LONG_SECONDS = 2.0, 4.0, 60.0

_paths = itertools.count()

T = TypeVar("T")


@pytest.fixture
def path() -> str:
    """A path of the test's own: the server is not."""
    return f"/election-{os.getpid()}-{next(_paths)}"


class Owner(Process):
    """Asks one actor of its node for something, and keeps what it is told, for the test's thread to see."""

    def __init__(self, asked: Pid, request: Message) -> None:
        self._asked = asked
        self.request = request
        self.told: list[object] = []

    def initialize(self) -> None:
        self.ask()

    def ask(self) -> None:
        self.send(self._asked, self.request)

    def unhandled(self, sender: Pid, message: object) -> None:
        self.told.append(message)

    def count(self, kind: type[T]) -> int:
        return len(self.all(kind))

    def all(self, kind: type[T]) -> list[T]:
        return [message for message in list(self.told) if isinstance(message, kind)]

    def wait(self, kind: type[T], count: int = 1) -> T:
        """The message of that type and number."""
        wait_until(lambda: self.count(kind) >= count, lambda: f"{count} {kind.__name__}, but {self.told}")
        return self.all(kind)[count - 1]


class Master(Node):
    """What a master's node has of all this: a contender, a detector, and a member of the log's group."""

    def __init__(
        self,
        number: int,
        path: str,
        servers: Sequence[Address],
        timeout_seconds: float = LONG_SECONDS,
        credentials: str | None = None,
    ) -> None:
        super().__init__(servers, timeout_seconds, credentials)
        self.pid = Pid("master", f"10.0.0.{number}", 1)
        self.info = MasterInfo(
            id=f"m{number}", ip=number << 24 | 10, port=5050, pid=f"master@10.0.0.{number}:5050"
        )
        self.replica = Pid("log-replica(1)", f"10.0.0.{number}", 6050)
        self.path = path
        self.contending = Owner(self.system.pid_of("contender"), Contend(0, self.info))
        self.detecting = Owner(self.system.pid_of("detector"), WatchLeader())
        self.membership = Owner(self.system.pid_of("log-members"), WatchMembers())

    def joins(self) -> None:
        """Be a member of the log's group."""
        replicas = f"{self.path}/{GROUP}"
        self.system.spawn(lambda: LogMembers(self.zookeeper, replicas, self.replica), "log-members")
        self.system.spawn(lambda: self.membership, "membership")

    def contends(self) -> None:
        """Stand for election."""
        self.system.spawn(lambda: Contender(self.zookeeper, self.path), "contender")
        self.system.spawn(lambda: self.contending, "contending")

    def detects(self) -> None:
        """Look for the leader."""
        self.system.spawn(lambda: Detector(self.zookeeper, self.path), "detector")
        self.system.spawn(lambda: self.detecting, "detecting")

    def leader(self) -> str | None:
        """What the one that it found says it is."""
        found = self.detecting.all(LeaderDetected)
        return found[-1].info.id if found and found[-1].info is not None and found[-1].master else None

    def wait_for_leader(self, name: str | None) -> None:
        wait_until(
            lambda: self.detecting.told and self.leader() == name,
            lambda: f"leader {name}: {self.detecting.told}",
        )


def end_session(node: Node) -> None:
    """End it at ZooKeeper, by another client that has its id and password."""
    other = KazooClient(hosts=str(node.server), client_id=node.clients[-1]._kazoo.client_id)
    other.start()
    other.stop()
    other.close()


def test_masters_lead_in_the_order_in_which_they_came_each_with_a_greater_epoch(
    zookeeper: Ensemble, path: str
) -> None:
    servers = [zookeeper.servers[0].address]
    with Master(3, path, servers) as third:
        third.detects()
        with Master(2, path, servers) as second:
            with Master(1, path, servers) as first:
                first.contends()
                assert first.contending.wait(Elected).epoch == 1
                third.wait_for_leader("m1")
                second.contends()
                wait_until(lambda: len(second.children(path)) == 2, lambda: "a candidate that waits")
                assert not second.contending.told
            assert second.contending.wait(Elected).epoch == 2
            third.wait_for_leader("m2")
        third.wait_for_leader(None)
        assert third.detecting.all(LeaderDetected)[-1].epoch == 2


def test_a_leader_whose_session_was_ended_knows_it_and_may_lead_again_in_a_later_epoch(
    zookeeper: Ensemble, path: str
) -> None:
    with Master(1, path, [zookeeper.servers[0].address]) as master:
        master.contends()
        master.detects()
        first = master.contending.wait(Elected)
        end_session(master)
        lost = master.contending.wait(CandidacyLost)
        assert lost.epoch == first.epoch
        master.contending.ask()
        second = master.contending.wait(Elected, 2)
        assert second.epoch > first.epoch
        wait_until(
            lambda: master.children(path) == (f"json.info_{second.epoch - 1:010}",), lambda: "one node alone"
        )
        master.wait_for_leader("m1")


def test_a_candidate_whose_joining_was_not_answered_has_one_node_all_the_same(
    zookeeper: Ensemble, path: str
) -> None:
    with Proxy(zookeeper.servers[0].address) as proxy, Master(1, path, [proxy.address]) as master:
        master.wait(CONNECTED)
        master.make_path(path)
        proxy.lose_answer_to(b'"pid":"master@10.0.0.1:5050"')
        master.contends()
        elected = master.contending.wait(Elected)
        assert proxy.lost.is_set()
        assert elected.epoch == 1, "it is the node that was made when the answer was lost"
        assert master.children(path) == ("json.info_0000000000",)


def test_a_leader_that_hears_nothing_of_zookeeper_stops_before_its_session_can_have_ended(
    zookeeper: Ensemble, path: str
) -> None:
    (server,) = zookeeper.servers
    with Master(1, path, [server.address], MIDDLE_SECONDS) as master:
        master.contends()
        epoch = master.contending.wait(Elected).epoch
        master.contending.wait(LeaseExtended, 4)
        server.stop()
        stopped_at = time.monotonic()
        assert master.contending.wait(CandidacyLost).epoch is not None
        promised = [message.until for message in master.contending.all(LeaseExtended)]
        assert max(promised) < stopped_at + MIDDLE_SECONDS
        server.resume()
        master.contending.ask()
        assert master.contending.wait(Elected, 2).epoch > epoch


def test_a_detector_that_lost_zookeeper_knows_no_leader_until_it_is_back(
    zookeeper: Ensemble, path: str
) -> None:
    with Proxy(zookeeper.servers[0].address) as proxy:
        with (
            Master(1, path, [zookeeper.servers[0].address]) as master,
            Master(2, path, [proxy.address], SHORT_SECONDS) as watching,
        ):
            master.contends()
            watching.detects()
            watching.wait_for_leader("m1")
            proxy.refuses = True
            watching.clients[-1].interrupt()
            watching.wait(SUSPENDED, EXPIRED)
            watching.wait_for_leader(None)
            proxy.refuses = False
            watching.wait_for_leader("m1")
        assert not master.contending.count(CandidacyLost)


def test_a_detector_whose_session_was_ended_finds_the_leader_that_there_is_by_then(
    zookeeper: Ensemble, path: str
) -> None:
    servers = [zookeeper.servers[0].address]
    with Master(2, path, servers) as second, Master(3, path, servers) as watching:
        with Master(1, path, servers) as first:
            first.contends()
            first.contending.wait(Elected)
            second.contends()
            watching.detects()
            watching.wait_for_leader("m1")
            end_session(watching)
            watching.wait(EXPIRED, CONNECTED)
            watching.wait_for_leader("m1")
            end_session(watching)
        watching.wait(EXPIRED, CONNECTED)
        watching.wait_for_leader("m2")


def test_who_has_no_right_to_stand_for_election_is_told_why(zookeeper: Ensemble, path: str) -> None:
    servers = [zookeeper.servers[0].address]
    with Master(1, path, servers, credentials="user:secret") as owner, Master(2, path, servers) as stranger:
        owner.contends()
        owner.contending.wait(Elected)
        stranger.wait(CONNECTED)
        stranger.contends()
        stranger.detects()
        assert "not permitted with these credentials" in stranger.contending.wait(CandidacyLost).reason
        stranger.wait_for_leader("m1")


def test_the_logs_members_come_and_go_and_come_again_though_zookeeper_lost_all(
    tmp_path: Path, path: str
) -> None:
    with Ensemble(tmp_path) as ensemble:
        servers = [ensemble.servers[0].address]
        with Master(1, path, servers, SHORT_SECONDS) as one, Master(2, path, servers, SHORT_SECONDS) as other:
            with Master(3, path, servers, SHORT_SECONDS) as third:
                for master in (one, other, third):
                    master.joins()
                wait_for_members(one, one, other, third)
            wait_for_members(one, one, other)
            ensemble.servers[0].kill()
            ensemble.servers[0].wipe()
            ensemble.servers[0].start()
            for master in (one, other):
                master.wait(EXPIRED, CONNECTED)
                wait_for_members(master, one, other)


def wait_for_members(asked: Master, *members: Master) -> None:
    """Wait until a master knows these members, and that they are registered."""
    expected = MembersChanged(tuple(master.replica for master in members), len(members))
    wait_until(
        lambda: asked.membership.told[-1:] == [expected], lambda: f"{expected}: {asked.membership.told}"
    )

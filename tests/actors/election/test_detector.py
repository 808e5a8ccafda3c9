"""Finding the leader in ZooKeeper; mirrors Mesos' master_contender_detector_tests."""

from __future__ import annotations

import pytest

from actors.election import leader_data
from actors.simulation import SimulatedNode
from actors.simulation.probe import Probe
from tests.actors.election.candidates import PATH, Election, Watcher, master_info
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.messages.zookeeper import ChildrenChanged, ChildrenListed
from transport.pid import Pid

ANNA = Pid("master", "anna", 5050)


class Cluster(Election):
    """No real masters but what a test writes into ZooKeeper, and one node that watches."""

    def __init__(self, seed: int = 1) -> None:
        super().__init__(seed, masters=0)
        self.agent = self.watcher("agent")

    def write(self, label: str = "json.info", data: bytes | None = None, host: str = "anna") -> str:
        """Make a master's node."""
        if data is None:
            data = leader_data.write(master_info(host), 5050)
        return self.zookeeper.create(f"{PATH}/{label}_", data, sequence=True)

    def until_seen(self, leader: Pid | None, timeout_seconds: float = 1.0) -> None:
        self.until(lambda: self.heard and self.heard[-1].master == leader, timeout_seconds)

    def told(self) -> Pid | None:
        return self.heard[-1].master

    @property
    def heard(self) -> list[LeaderDetected]:
        return self.agent.process("watcher", Watcher).heard


def detector_of(node: SimulatedNode) -> Pid:
    return node.pid_of("detector")


def test_that_nobody_leads_is_told_once_it_is_known() -> None:
    cluster = Cluster()
    cluster.until(lambda: cluster.heard)
    assert cluster.heard == [LeaderDetected(None)]


def test_that_the_leader_is_not_known_yet_is_not_told_for_nobody_leading() -> None:
    cluster = Cluster()
    cluster.write()
    cluster.until_seen(ANNA)
    cluster.zookeeper.stop()
    other = cluster.watcher("other")
    cluster.sim.run(60.0)
    heard = other.process("watcher", Watcher).heard
    assert heard == []
    cluster.zookeeper.start()
    cluster.until(lambda: heard, 10.0)
    assert [told.master for told in heard] == [ANNA]


def test_the_path_of_the_group_is_made_where_it_is_missing() -> None:
    cluster = Cluster()
    cluster.until(lambda: "mesos" in cluster.zookeeper.children("/"))


def test_a_leader_is_told_with_its_epoch_and_what_it_says_about_itself() -> None:
    cluster = Cluster()
    cluster.write()
    cluster.until_seen(ANNA)
    assert cluster.heard[-1] == LeaderDetected(ANNA, 1, master_info("anna"))
    assert cluster.agent.epoch == 1


def test_leaders_are_told_one_after_the_other_and_nobody_after_the_last() -> None:
    cluster = Cluster()
    first, second = cluster.write(host="anna"), cluster.write(host="ben")
    cluster.until_seen(ANNA)
    cluster.zookeeper.delete(first)
    cluster.until_seen(Pid("master", "ben", 5050))
    cluster.zookeeper.delete(second)
    cluster.until_seen(None)
    assert [told.epoch for told in cluster.heard[-3:]] == [1, 2, 2]
    cluster.write()
    cluster.until_seen(ANNA)
    assert cluster.heard[-1].epoch == 3


def test_a_further_candidate_is_no_news() -> None:
    cluster = Cluster()
    cluster.write()
    cluster.until_seen(ANNA)
    told = len(cluster.heard)
    cluster.write(host="ben")
    cluster.sim.run(60.0)
    assert len(cluster.heard) == told


@pytest.mark.parametrize(
    ("label", "data"),
    [
        ("info", b"\x0a\x01m\x10\x01\x18\xba\x27\x22\x10master@anna:4050"),
        ("json.info", b'{"id":"m","ip":1,"port":4050,"pid":"master@anna:4050"}'),
    ],
)
def test_masters_of_mesos_are_found(label: str, data: bytes) -> None:
    cluster = Cluster()
    cluster.write(label, data)
    cluster.until_seen(ANNA)


def test_a_bare_pid_is_found() -> None:
    cluster = Cluster()
    cluster.zookeeper.create(f"{PATH}/", b"master@anna:4050", sequence=True)
    cluster.until_seen(ANNA)


@pytest.mark.parametrize("data", [b"", b"\0", b"{", b"x" * 2**20, b'{"id":"m"}'])
def test_bad_data_leaves_the_last_good_leader_until_its_node_is_gone(data: bytes) -> None:
    cluster = Cluster()
    cluster.write(data=data)
    bad = cluster.zookeeper.children(PATH)[0]
    good = cluster.write()
    cluster.sim.run(1.0)
    # The bad one came first, and with a smaller number: it stands where the leader should.
    assert cluster.told() is None
    assert f"{PATH}/{bad} in ZooKeeper has the smallest number and is no master's" in cluster.heard[-1].reason
    cluster.zookeeper.delete(f"{PATH}/{bad}")
    cluster.until_seen(ANNA)
    cluster.zookeeper.create(f"{PATH}/{bad}", data)
    cluster.sim.run(60.0)
    assert cluster.told() == ANNA
    cluster.zookeeper.delete(good)
    cluster.until_seen(None)
    complaints = [line for line in cluster.sim.log if line.event == "not a master's node"]
    assert len(complaints) == 2


def test_a_session_that_breaks_for_a_moment_is_no_news() -> None:
    cluster = Cluster()
    cluster.write()
    cluster.until_seen(ANNA)
    told = len(cluster.heard)
    cluster.sim.disconnect("agent", "zookeeper")
    cluster.sim.run(5.0)
    cluster.zookeeper.expire("agent")
    cluster.sim.run(5.0)
    assert {told.master for told in cluster.heard[told:]} <= {None, ANNA}
    assert cluster.told() == ANNA


def test_who_is_cut_off_for_the_time_out_knows_no_leader() -> None:
    cluster = Cluster()
    cluster.write()
    cluster.until_seen(ANNA)
    cluster.sim.partition(["agent"])
    cluster.sim.run(10.0)
    assert cluster.told() == ANNA
    cluster.until_seen(None, 10.0)
    assert cluster.heard[-1].epoch == 1
    cluster.sim.heal()
    cluster.until_seen(ANNA, 15.0)


def test_a_leader_that_changed_meanwhile_is_found_after_the_connection_is_back() -> None:
    cluster = Cluster()
    first = cluster.write()
    cluster.write(host="ben")
    cluster.until_seen(ANNA)
    cluster.sim.partition(["agent"])
    cluster.sim.run(5.0)
    cluster.zookeeper.delete(first)
    cluster.sim.heal()
    cluster.until_seen(Pid("master", "ben", 5050), 10.0)
    assert None not in {told.master for told in cluster.heard[1:]}


def test_remote_actors_are_told_too_and_forgotten_when_they_are_gone() -> None:
    cluster = Cluster()
    there = cluster.sim.node("there")
    probe = there.probe()
    probe.send(detector_of(cluster.agent), WatchLeader())
    cluster.write()
    cluster.until(lambda: len(probe.received) == 1)
    probe.terminate()
    cluster.sim.run(1.0)
    other = there.probe("other")
    second = cluster.write(host="ben")
    cluster.zookeeper.delete(f"{PATH}/{cluster.zookeeper.children(PATH)[0]}")
    cluster.until_seen(Pid("master", "ben", 5050))
    assert len(probe.received) == 1
    assert other.received == []
    assert second


def hidden_change(cluster: Cluster) -> None:
    """Another leader, which the detector is not told of."""
    first = cluster.write()
    cluster.write(host="ben")
    cluster.until_seen(ANNA)
    drop = cluster.sim.drop(ChildrenChanged)
    cluster.zookeeper.delete(first)
    cluster.sim.run(0.5)
    assert drop.dropped
    assert cluster.told() == ANNA


def test_a_change_that_no_watch_told_is_found_within_half_a_minute() -> None:
    cluster = Cluster()
    hidden_change(cluster)
    cluster.until_seen(Pid("master", "ben", 5050), 31.0)


def test_who_doubts_is_told_only_after_looking_anew() -> None:
    cluster = Cluster()
    hidden_change(cluster)
    doubter = cluster.agent.probe("doubter")
    doubter.send(detector_of(cluster.agent), WatchLeader(doubted=True))
    cluster.until(lambda: doubter.received, 0.5)
    assert [told.master for told in received(doubter)] == [Pid("master", "ben", 5050)]
    doubter.send(detector_of(cluster.agent), WatchLeader(doubted=True))
    cluster.until(lambda: len(doubter.received) == 2, 0.5)
    assert doubter.received[0] == doubter.received[1]


def received(probe: Probe) -> list[LeaderDetected]:
    return [message for message in probe.received if isinstance(message, LeaderDetected)]


def test_a_doubt_that_arises_without_connection_waits_for_it() -> None:
    cluster = Cluster()
    cluster.write()
    cluster.until_seen(ANNA)
    cluster.sim.disconnect("agent", "zookeeper")
    doubter = cluster.agent.probe("doubter")
    doubter.send(detector_of(cluster.agent), WatchLeader(doubted=True))
    cluster.until(lambda: doubter.received, 2.0)
    assert received(doubter)[0].master == ANNA


def test_a_newer_epoch_that_others_tell_of_makes_it_look() -> None:
    cluster = Cluster()
    hidden_change(cluster)
    cluster.agent.epoch = 2
    cluster.until_seen(Pid("master", "ben", 5050), 4.0)


def test_an_epoch_that_nobody_has_is_set_right() -> None:
    cluster = Cluster()
    cluster.write()
    cluster.until_seen(ANNA)
    cluster.agent.epoch = 1_000
    cluster.until(lambda: cluster.agent.epoch == 1, 4.0)


def test_what_others_tell_of_a_newer_epoch_while_it_looks_stands_until_it_looks_again() -> None:
    cluster = Cluster()
    cluster.until(lambda: cluster.heard)
    cluster.sim.run(1.0)
    hold = cluster.sim.hold(ChildrenListed)
    cluster.write()
    cluster.until(lambda: hold.held, 1.0)
    cluster.agent.epoch = 9
    hold.release()
    cluster.until_seen(ANNA, 0.5)
    assert cluster.agent.epoch == 9
    cluster.until(lambda: cluster.agent.epoch == 1, 4.0)


def test_a_group_that_may_not_be_read_is_said_plainly_and_read_when_it_may_be() -> None:
    cluster = Cluster()
    cluster.zookeeper.deny(PATH)
    cluster.sim.run(60.0)
    complaints = [line for line in cluster.sim.log if line.event == "zookeeper does not permit this"]
    assert len(complaints) == 1
    assert cluster.heard == []
    cluster.zookeeper.permit(PATH)
    cluster.write()
    cluster.until_seen(ANNA, 3.0)


def test_a_leaders_node_that_may_not_be_read_leaves_nobody() -> None:
    cluster = Cluster()
    path = cluster.write()
    cluster.zookeeper.deny(path)
    cluster.sim.run(1.0)
    assert cluster.told() is None
    cluster.zookeeper.permit(path)
    cluster.zookeeper.delete(path)
    cluster.write(host="ben")
    cluster.until_seen(Pid("master", "ben", 5050))


def test_a_session_whose_actor_crashed_is_watched_again() -> None:
    cluster = Cluster()
    cluster.write()
    cluster.until_seen(ANNA)
    cluster.agent.kill("zookeeper")
    cluster.until_seen(None)
    cluster.agent.spawn(cluster.zookeeper.session(cluster.agent), "zookeeper")
    cluster.until_seen(ANNA, 3.0)


def test_zookeeper_that_counts_anew_is_believed() -> None:
    cluster = Cluster()
    for _ in range(5):
        cluster.zookeeper.delete(cluster.write())
    cluster.write()
    cluster.until_seen(ANNA)
    assert cluster.heard[-1].epoch == 6
    cluster.zookeeper.stop()
    cluster.zookeeper.wipe()
    cluster.write(host="ben")
    cluster.zookeeper.start()
    cluster.until_seen(Pid("master", "ben", 5050), 15.0)
    assert cluster.heard[-1].epoch == 1
    assert cluster.agent.epoch == 1

"""Who takes part in the replicated log; mirrors Mesos' group_tests."""

from __future__ import annotations

import pytest

from actors.election.membership import LogMembers
from actors.simulation import SimulatedNode, Simulation
from actors.simulation.probe import Probe
from actors.simulation.zookeeper import SimulatedZooKeeper
from actors.simulation.zookeeper_client import Told
from transport.messages.replication import MembersChanged, WatchMembers
from transport.pid import Pid

PATH = "/mesos/log_replicas"


def replica(host: str) -> Pid:
    return Pid("log-replica(1)", host, 5050)


class Group:
    """Nodes m1, m2, … each with a member; a probe on each keeps what it is told."""

    def __init__(self, seed: int = 1, members: int = 3) -> None:
        self.sim = Simulation(seed)
        self.zookeeper = SimulatedZooKeeper(self.sim)
        self.probes: dict[str, Probe] = {}
        self.nodes = [self.sim.node(f"m{number}", self.boot) for number in range(1, members + 1)]

    def boot(self, node: SimulatedNode) -> None:
        node.spawn(self.zookeeper.session(node), "zookeeper")
        members = node.spawn(
            lambda: LogMembers(node.pid_of("zookeeper"), PATH, node.pid_of("log-replica(1)")), "log-members"
        )
        self.probes[node.name] = node.probe()
        self.probes[node.name].send(members, WatchMembers())

    def told(self, node: str = "m1") -> list[MembersChanged]:
        return [told for told in self.probes[node].received if isinstance(told, MembersChanged)]

    def until(
        self, node: str, hosts: list[str], registered: int | None, timeout_seconds: float = 5.0
    ) -> None:
        expected = MembersChanged(tuple(map(replica, hosts)), registered)
        self.sim.run_until(lambda: self.told(node)[-1:] == [expected], timeout_seconds)

    def all_together(self) -> None:
        for node in self.nodes:
            self.until(node.name, ["m1", "m2", "m3"], 3)


def test_a_member_knows_itself_before_it_is_registered() -> None:
    group = Group(members=0)
    group.zookeeper.stop()
    group.nodes.append(group.sim.node("m1", group.boot))
    group.sim.run(30.0)
    assert group.told() == [MembersChanged((replica("m1"),), None)]


@pytest.mark.parametrize("seed", range(5))
def test_all_who_join_see_each_other_in_the_same_order(seed: int) -> None:
    Group(seed).all_together()


def test_a_member_has_one_node_with_the_pid_of_its_replica_and_no_label() -> None:
    group = Group()
    group.all_together()
    names = group.zookeeper.children(PATH)
    assert names == ("0000000000", "0000000001", "0000000002")
    assert {group.zookeeper.data(f"{PATH}/{name}") for name in names} == {
        f"log-replica(1)@m{number}:5050".encode() for number in (1, 2, 3)
    }


def test_a_member_that_dies_is_gone_when_its_session_is() -> None:
    group = Group()
    group.all_together()
    group.sim.crash("m3")
    group.until("m1", ["m1", "m2"], 2, 12.0)


def test_a_member_that_comes_back_is_one_member_and_its_old_node_is_removed() -> None:
    group = Group()
    group.all_together()
    group.sim.crash("m3")
    group.sim.restart("m3")
    group.sim.run(1.0)
    assert len(group.zookeeper.children(PATH)) == 3
    group.all_together()


def test_members_stay_known_while_zookeeper_is_out_of_reach() -> None:
    group = Group()
    group.all_together()
    group.zookeeper.stop()
    group.until("m1", ["m1", "m2", "m3"], None, 20.0)
    group.sim.run(300.0)
    assert group.told()[-1] == MembersChanged(tuple(map(replica, ["m1", "m2", "m3"])), None)
    group.zookeeper.start()
    group.sim.run(1.0)
    group.all_together()


def test_a_member_whose_node_was_removed_joins_again() -> None:
    group = Group()
    group.all_together()
    group.zookeeper.delete(f"{PATH}/0000000000")
    group.sim.run(1.0)
    assert group.zookeeper.children(PATH) == ("0000000001", "0000000002", "0000000003")
    group.all_together()


@pytest.mark.parametrize("seed", range(5))
def test_a_join_whose_answer_is_lost_leaves_one_node(seed: int) -> None:
    group = Group(seed, members=0)
    lost = group.sim.drop(Told, times=1, where=lambda told: told.answer.path.startswith(f"{PATH}/"))
    group.nodes.append(group.sim.node("m1", group.boot))
    group.until("m1", ["m1"], 1)
    group.sim.run(5.0)
    assert lost.dropped
    assert len(group.zookeeper.children(PATH)) == 1


def test_two_that_claim_to_be_the_same_do_not_remove_each_other_for_ever() -> None:
    group = Group(members=1)
    there = group.sim.node("there")
    there.spawn(group.zookeeper.session(there), "zookeeper")
    there.spawn(lambda: LogMembers(there.pid_of("zookeeper"), PATH, replica("m1")), "log-members")
    group.sim.run(5.0)
    names = group.zookeeper.children(PATH)
    group.sim.run(120.0)
    assert group.zookeeper.children(PATH) == names
    assert group.told()[-1] == MembersChanged((replica("m1"),), 1)


@pytest.mark.parametrize("data", [b"", b"nonsense", b"\xff\0", b"log-replica(1)@anna", b"x" * 2**20])
def test_what_names_no_replica_is_passed_over_and_said_once(data: bytes) -> None:
    group = Group()
    group.zookeeper.create(f"{PATH}/", data, sequence=True)
    group.sim.run(100.0)
    group.all_together()
    complaints = [line for line in group.sim.log if line.event == "not a replica's node"]
    assert len(complaints) == 3

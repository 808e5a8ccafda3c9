"""Standing for election, with a simulated ZooKeeper; mirrors Mesos' master_contender_detector_tests."""

from __future__ import annotations

import pytest

from actors.election.leader_data import write
from actors.simulation.zookeeper_client import Told
from tests.actors.election.candidates import PATH, Election, master_info
from transport.messages.election import CandidacyLost, Contend, Elected
from transport.messages.zookeeper import ChildrenChanged, SessionChanged, SessionState, WatchSession
from transport.pid import Pid

SEEDS = range(5)


def candidates(election: Election) -> list[str]:
    return [name for name in election.zookeeper.children(PATH) if name.startswith("json.info_")]


def test_the_oldest_candidate_leads_and_all_know_it() -> None:
    election = Election()
    leader = election.leader()
    watcher = election.watcher("agent")
    election.until(lambda: election.seen_by(watcher) == leader.pid_of("master"))
    assert candidates(election)[0] == "json.info_0000000000"
    assert len(candidates(election)) == 3
    assert election.owner(leader).heard[0] == Elected(1, election.owner(leader).until)


def test_the_epoch_is_one_more_than_the_number_of_the_leaders_node() -> None:
    election = Election(masters=2)
    first = election.leader()
    first.crash()
    second = election.leader()
    assert election.owner(second).epoch == 2
    assert [node.epoch for node in election.masters if node.up] == [2]


@pytest.mark.parametrize("timeout_seconds", [10.0, 2.0])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_dead_leader_is_replaced_within_its_session_and_2_seconds(
    seed: int, timeout_seconds: float
) -> None:
    election = Election(seed, timeout_seconds=timeout_seconds)
    leader = election.leader()
    leader.crash()
    election.successor(leader, timeout_seconds + 2.0)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_leader_that_is_told_to_end_is_replaced_within_2_seconds(seed: int) -> None:
    election = Election(seed)
    leader = election.leader()
    leader.stop()
    election.successor(leader, 2.0)
    assert len(candidates(election)) == 2


@pytest.mark.parametrize("seed", SEEDS)
def test_a_leader_that_comes_back_at_once_goes_to_the_end_without_waiting_for_its_old_session(
    seed: int,
) -> None:
    election = Election(seed)
    leader = election.leader()
    leader.kill_process()
    leader.restart()
    election.successor(leader, 2.0)
    election.until(lambda: len(candidates(election)) == 3, 2.0)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_leader_that_loses_sight_of_zookeeper_stops_before_another_can_lead(seed: int) -> None:
    election = Election(seed)
    leader = election.leader()
    watching = leader.probe("session")
    watching.send(leader.pid_of("zookeeper"), WatchSession())
    election.sim.partition(["zookeeper", *(node.name for node in election.masters if node is not leader)])

    def is_suspended() -> bool:
        states = [told.state for told in watching.received if isinstance(told, SessionChanged)]
        return SessionState.SUSPENDED in states

    election.until(is_suspended)
    election.until(lambda: not election.leads(leader), 10 / 3 - 0.5 + 0.1)
    election.sim.run_until(election.leaders, 10.0)
    assert election.leaders() != [leader]
    election.until(lambda: election.owner(leader).epoch is None)


def test_a_leader_whose_connection_breaks_for_a_moment_leads_on() -> None:
    election = Election()
    leader = election.leader()
    for _ in range(5):
        election.sim.disconnect(leader, "zookeeper")
        election.sim.run(3.0)
    assert election.leader() is leader
    assert [type(told) for told in election.owner(leader).heard] == [Elected]


def test_a_leader_that_was_stopped_leads_no_more_in_its_first_turn() -> None:
    election = Election()
    leader = election.leader()
    leader.pause()
    election.until(lambda: [node for node in election.leaders() if node is not leader])
    assert not election.leads(leader)
    election.sim.run(30.0)
    leader.resume()
    election.until(lambda: election.owner(leader).epoch is None, 1.0)
    election.leader()


def test_a_leader_whose_node_was_removed_by_hand_is_told() -> None:
    election = Election()
    leader = election.leader()
    election.zookeeper.delete(f"{PATH}/{candidates(election)[0]}")
    election.until(lambda: CandidacyLost in map(type, election.owner(leader).heard), 1.0)
    election.successor(leader)


def test_a_candidate_whose_node_was_removed_by_hand_joins_again_unasked() -> None:
    election = Election()
    leader = election.leader()
    election.zookeeper.delete(f"{PATH}/{candidates(election)[1]}")
    election.until(lambda: len(candidates(election)) == 3, 1.0)
    assert election.leader() is leader
    assert all(election.owner(node).candidacies == 1 for node in election.masters)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_join_whose_answer_is_lost_makes_one_candidate_all_the_same(seed: int) -> None:
    election = Election(seed, masters=0)
    lost = election.sim.drop(
        Told, times=1, where=lambda told: told.answer.path.startswith(f"{PATH}/json.info_")
    )
    election.masters.append(election.master("m1"))
    election.leader()
    assert len(lost.dropped) == 1
    election.sim.run(5.0)
    assert len(candidates(election)) == 1


def test_an_expired_session_ends_the_reign_and_the_candidate_is_back_in_another() -> None:
    election = Election()
    leader = election.leader()
    election.zookeeper.expire(leader)
    election.successor(leader, 2.0)
    assert CandidacyLost("the session has expired", 1) in election.owner(leader).heard
    election.until(lambda: len(candidates(election)) == 3)


def test_the_expired_session_of_a_candidate_goes_unnoticed() -> None:
    election = Election()
    leader = election.leader()
    election.zookeeper.expire(election.masters[election.masters[0] is leader])
    election.until(lambda: len(candidates(election)) == 2, 1.0)
    election.until(lambda: len(candidates(election)) == 3)
    assert election.leader() is leader


@pytest.mark.parametrize("seed", SEEDS)
def test_five_minutes_without_zookeeper_leave_nobody_leading_and_one_soon_after(seed: int) -> None:
    election = Election(seed)
    election.leader()
    election.zookeeper.stop()
    election.until(lambda: not election.leaders(), 10.0)
    election.sim.run(300.0)
    assert not election.leaders()
    assert all(election.seen_by(node) is None for node in election.masters)
    election.zookeeper.start()
    election.leader(15.0)


def test_who_withdraws_is_replaced_at_once_and_stands_at_the_end_afterwards() -> None:
    election = Election()
    leader = election.leader()
    election.owner(leader).withdraw()
    election.successor(leader, 2.0)
    assert CandidacyLost("asked to", 1) in election.owner(leader).heard
    election.until(lambda: len(candidates(election)) == 3)


def test_who_withdraws_and_contends_in_one_breath_does_not_keep_its_place() -> None:
    election = Election()
    leader = election.leader()
    owner = election.owner(leader)
    owner.withdraw()
    owner.contend()
    election.successor(leader, 2.0)
    election.until(lambda: len(candidates(election)) == 3)


def test_the_end_of_the_owner_is_the_end_of_its_candidacy() -> None:
    election = Election()
    leader = election.leader()
    leader.terminate(leader.pid_of("owner"))
    election.until(lambda: len(candidates(election)) == 2, 2.0)


def test_a_leader_is_told_again_when_it_asks_again() -> None:
    election = Election()
    owner = election.owner(election.leader())
    owner.send(owner.contender, Contend(0, master_info(owner.pid.host, "1")))
    election.until(lambda: len(owner.heard) == 2, 1.0)
    assert [told.epoch for told in owner.heard if isinstance(told, Elected)] == [1, 1]


@pytest.mark.parametrize("above", [1, 2, 3, 150])
def test_an_epoch_above_another_one_is_reached_by_raising_zookeepers_counter(above: int) -> None:
    election = Election(masters=1)
    leader = election.leader()
    election.owner(leader).epoch = None
    election.owner(leader).contend(above)
    election.leader()
    assert election.owner(leader).epoch == above + 1
    election.sim.run(1.0)
    assert len(election.zookeeper.children(PATH)) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_raising_the_counter_survives_lost_connections(seed: int) -> None:
    election = Election(seed, masters=1)
    leader = election.leader()
    election.owner(leader).epoch = None
    election.owner(leader).contend(500)
    for _ in range(4):
        election.sim.run(0.004)
        election.sim.disconnect(leader, "zookeeper")
    election.leader()
    assert election.owner(leader).epoch == 501


def test_who_withdraws_while_the_counter_is_raised_does_not_stand() -> None:
    election = Election(masters=1)
    leader = election.leader()
    election.owner(leader).contend(10_000)
    election.sim.run(0.05)
    election.owner(leader).again_seconds = None
    election.owner(leader).withdraw()
    election.sim.run(5.0)
    assert candidates(election) == []


@pytest.mark.parametrize("above", [-1, 2**31])
def test_an_epoch_that_no_counter_reaches_is_refused(above: int) -> None:
    election = Election(masters=1)
    owner = election.owner(election.leader())
    owner.again_seconds = None
    owner.contend(above)
    election.until(lambda: isinstance(owner.heard[-1], CandidacyLost), 1.0)


def test_a_master_of_mesos_with_a_smaller_number_leads() -> None:
    election = Election(masters=0)
    path = election.zookeeper.create(f"{PATH}/info_", b"", sequence=True)
    election.masters += [election.master("m1"), election.master("m2")]
    election.until(lambda: len(candidates(election)) == 2)
    election.sim.run(5.0)
    assert election.leaders() == []
    election.zookeeper.delete(path)
    election.leader(1.0)


def test_what_bears_no_number_is_no_candidate() -> None:
    election = Election(masters=0)
    election.zookeeper.create(f"{PATH}/log_replicas")
    election.masters.append(election.master("m1"))
    assert election.owner(election.leader()).epoch == 2


def test_a_missed_change_is_found_by_looking_again() -> None:
    election = Election(masters=2)
    leader = election.leader()
    election.sim.drop(ChildrenChanged)
    leader.stop()
    election.successor(leader, 31.0)


def test_who_is_not_permitted_to_stand_is_told_why_once_and_stands_when_it_is() -> None:
    election = Election(masters=0)
    election.zookeeper.deny(PATH)
    node = election.master("m1", again_seconds=0.01)
    election.masters.append(node)
    election.sim.run(60.0)
    (lost,) = election.owner(node).heard
    assert isinstance(lost, CandidacyLost)
    assert "does not permit it at /mesos" in lost.reason
    assert lost.epoch is None
    election.zookeeper.permit(PATH)
    election.leader(5.0)


def test_credentials_that_are_refused_are_told() -> None:
    election = Election(masters=0)
    election.zookeeper.refused[""] = None
    node = election.master("m1", again_seconds=None)
    election.until(lambda: election.owner(node).heard)
    (lost,) = election.owner(node).heard
    assert isinstance(lost, CandidacyLost)
    assert "authentication failed" in lost.reason


def test_zookeeper_with_an_empty_disk_elects_anew_and_older_nodes_are_forgotten() -> None:
    election = Election()
    leader = election.leader()
    election.zookeeper.stop()
    election.zookeeper.wipe()
    election.zookeeper.start()
    election.until(lambda: election.owner(leader).epoch is None, 10.0)
    election.leader(20.0)
    election.until(lambda: len(candidates(election)) == 3)


def test_a_node_of_an_earlier_life_that_cannot_be_removed_is_waited_for() -> None:
    election = Election()
    leader = election.leader()
    leader.kill_process()
    election.zookeeper.protect(f"{PATH}/{candidates(election)[0]}")
    leader.restart()
    election.sim.run(5.0)
    assert election.leaders() == []
    election.leader(10.0)
    assert all(CandidacyLost not in map(type, election.owner(node).heard) for node in election.masters)


def test_a_group_that_was_removed_and_made_again_in_an_instant_has_no_leader_of_before() -> None:
    election = Election()
    leader = election.leader()
    for name in candidates(election):
        election.zookeeper.delete(f"{PATH}/{name}")
    election.zookeeper.delete(PATH)
    other = election.zookeeper.create(f"{PATH}/json.info_", write(master_info("anna"), 5050), sequence=True)
    assert other == f"{PATH}/json.info_0000000000"
    election.until(lambda: election.owner(leader).epoch is None, 1.0)
    election.until(lambda: election.seen_by(leader) == Pid("master", "anna", 5050), 1.0)
    assert election.leaders() == []
    election.zookeeper.delete(other)
    election.leader()

from __future__ import annotations

import itertools

import pytest

from tests.actors.log.ensemble import Ensemble, replica_of
from transport.messages.replication import (
    ChangeStatus,
    Learned,
    LearnedRequest,
    LearnedResponse,
    RecoverResponse,
    Settled,
    Status,
)

HOSTS = ("m1", "m2", "m3")


def lose_disk(ensemble: Ensemble, host: str) -> None:
    """Let a master lose its power and its disk, and start again."""
    ensemble.nodes[host].crash()
    ensemble.nodes[host].disk.wipe()
    ensemble.nodes[host].start()


# --- cold starts ---


@pytest.mark.parametrize("size", [1, 3, 5])
def test_masters_that_start_together_vote_well_within_a_second(size: int) -> None:
    ensemble = Ensemble(size, quorum=size // 2 + 1)
    ensemble.wait_votes(timeout_seconds=0.5)


@pytest.mark.parametrize("order", list(itertools.permutations(HOSTS)))
def test_masters_that_start_in_any_order_vote_as_soon_as_the_last_is_there(order: tuple[str, ...]) -> None:
    ensemble = Ensemble(start=False, seed=7)
    for host, pause in zip(order, (0.0, 3.0, 40.0), strict=True):
        ensemble.sim.run(pause)
        assert not any(ensemble.votes(started) for started in ensemble.nodes)
        ensemble.start(host)
    ensemble.wait_votes(timeout_seconds=0.5)


@pytest.mark.parametrize("seed", range(10))
def test_a_master_that_is_restarted_in_the_middle_of_a_cold_start_does_not_disturb_it(seed: int) -> None:
    ensemble = Ensemble(start=False, seed=seed)
    ensemble.start(*HOSTS[:2])
    ensemble.sim.run(seed * 0.001)
    ensemble.start("m3")
    ensemble.sim.run(seed * 0.001)
    ensemble.nodes["m2"].crash()
    ensemble.sim.run(2.0)
    ensemble.nodes["m2"].restart()
    ensemble.wait_votes(timeout_seconds=5.0)


def test_a_crash_at_any_step_of_a_cold_start_does_not_disturb_it() -> None:
    for step, nth in itertools.product(("after_append", "after_sync"), range(1, 8)):
        ensemble = Ensemble(start=False, seed=nth)
        ensemble.sim.arm(f"log.replica.{step}", node="m2", nth=nth)
        ensemble.start(*HOSTS)
        ensemble.sim.run(2.0)
        ensemble.nodes["m2"].recover()
        ensemble.wait_votes(timeout_seconds=5.0)


def test_two_of_three_masters_do_not_start_a_log_and_say_what_they_wait_for() -> None:
    ensemble = Ensemble(start=False)
    ensemble.start("m1", "m2")
    ensemble.sim.run(30.0)
    status = ensemble.log_status("m1")
    assert status.status is Status.EMPTY
    assert [member.status for member in status.members] == [Status.EMPTY, Status.EMPTY]
    assert "first start needs all 2*quorum-1 = 3 masters" in status.diagnosis
    warnings = [line for line in ensemble.sim.log if line.event == "log does not fare well"]
    assert 4 <= len(warnings) <= 8


def test_without_auto_initialisation_nothing_starts_until_it_is_done_by_hand() -> None:
    ensemble = Ensemble(auto_initialize=False)
    ensemble.sim.run(5.0)
    assert {ensemble.status(host) for host in HOSTS} == {Status.EMPTY}
    for host in HOSTS:
        probe = ensemble.nodes[host].probe()
        probe.send(replica_of(host), ChangeStatus(Status.EMPTY, Status.VOTING))
    ensemble.wait_votes(timeout_seconds=5.0)


def test_more_masters_than_the_quorum_is_for_do_not_start() -> None:
    ensemble = Ensemble(3, quorum=1)
    ensemble.sim.run(5.0)
    assert {ensemble.status(host) for host in HOSTS} == {Status.EMPTY}
    ensemble.set_members(["m1"])
    ensemble.wait_votes("m1", timeout_seconds=1.0)


def test_questions_that_are_lost_are_asked_again() -> None:
    ensemble = Ensemble(start=False)
    ensemble.sim.drop(RecoverResponse, times=20)
    ensemble.start(*HOSTS)
    ensemble.wait_votes(timeout_seconds=2.0)


# --- restarts ---


@pytest.mark.parametrize("size", [1, 3])
def test_masters_that_are_all_restarted_vouch_for_each_other(size: int) -> None:
    ensemble = Ensemble(size)
    ensemble.wait_votes()
    ensemble.sim.run(1.0)
    for node in ensemble.nodes.values():
        node.crash()
    for node in ensemble.nodes.values():
        node.start()
    ensemble.wait_votes(timeout_seconds=1.0)


def test_a_master_that_is_restarted_alone_waits_for_another_that_votes() -> None:
    ensemble = Ensemble()
    ensemble.wait_votes()
    ensemble.sim.run(1.0)
    for node in ensemble.nodes.values():
        node.crash()
    ensemble.nodes["m1"].start()
    ensemble.sim.run(10.0)
    assert not ensemble.votes("m1")
    ensemble.nodes["m2"].start()
    ensemble.wait_votes("m1", "m2", timeout_seconds=3.0)


# --- lost disks ---


def filled(values: int = 60) -> Ensemble:
    """Three masters with something in their log."""
    ensemble = Ensemble()
    ensemble.wait_votes()
    reign = ensemble.lead("m1", 1)
    reign.fetch()
    for number in range(values):
        assert reign.store(b"%d" % number)
    return ensemble


def test_a_master_that_lost_its_disk_copies_what_the_others_know_and_votes_under_another_id() -> None:
    ensemble = filled()
    former = ensemble.replica("m3").replica.identity
    lose_disk(ensemble, "m3")
    ensemble.wait_votes(timeout_seconds=2.0)
    here, there = ensemble.replica("m3").replica, ensemble.replica("m1").replica
    assert here.identity != former
    assert (here.begin, here.learned) == (there.begin, there.learned)
    assert list(here.holdings.read(1, 1 << 30)) == list(there.holdings.read(1, 1 << 30))


def test_a_master_that_lost_its_disk_does_not_vote_while_too_few_others_do() -> None:
    ensemble = filled(3)
    ensemble.nodes["m2"].crash()
    lose_disk(ensemble, "m3")
    ensemble.sim.run(30.0)
    assert not ensemble.votes("m3")
    ensemble.nodes["m2"].start()
    ensemble.wait_votes(timeout_seconds=3.0)


def test_masters_of_which_too_many_lost_their_disks_do_not_begin_anew() -> None:
    ensemble = filled(3)
    lose_disk(ensemble, "m2")
    lose_disk(ensemble, "m3")
    ensemble.sim.run(60.0)
    assert not any(ensemble.votes(host) for host in ("m2", "m3"))
    assert "m1" in ensemble.log_status("m2").diagnosis


def test_a_disk_that_was_set_back_is_noticed_at_the_start_and_copied_anew() -> None:
    ensemble = filled(3)
    node = ensemble.nodes["m3"]
    image = node.disk.snapshot()
    reign = ensemble.lead("m2", 2)
    reign.fetch()
    for number in range(20):
        assert reign.store(b"%d" % number)
    ensemble.sim.run(3.0)
    former = ensemble.replica("m3").replica.identity
    node.crash()
    node.disk.restore(image)
    node.start()
    ensemble.wait_votes(timeout_seconds=3.0)
    assert ensemble.replica("m3").replica.identity > former
    assert ensemble.replica("m3").replica.learned == ensemble.replica("m1").replica.learned


def test_a_disk_of_an_earlier_life_is_noticed_at_the_start() -> None:
    ensemble = filled(3)
    node = ensemble.nodes["m3"]
    image = node.disk.snapshot()
    lose_disk(ensemble, "m3")
    ensemble.wait_votes()
    former = ensemble.replica("m3").replica.identity
    node.crash()
    node.disk.restore(image)
    node.start()
    ensemble.wait_votes(timeout_seconds=3.0)
    assert ensemble.replica("m3").replica.identity > former


# --- catching up ---


def test_what_a_voting_replica_has_missed_is_copied_while_nobody_writes() -> None:
    ensemble = Ensemble()
    ensemble.wait_votes()
    reign = ensemble.lead("m1", 1)
    reign.fetch()
    ensemble.sim.partition(["m3"])
    for number in range(20):
        assert reign.store(b"%d" % number)
    ensemble.sim.heal()
    ensemble.sim.run_until(lambda: ensemble.replica("m3").replica.learned == 20, 30.0)
    assert ensemble.status("m3") is Status.VOTING


def test_a_replica_that_is_far_behind_takes_over_where_the_others_begin() -> None:
    ensemble = Ensemble()
    ensemble.wait_votes()
    reign = ensemble.lead("m1", 1)
    reign.fetch()
    ensemble.nodes["m3"].crash()
    for number in range(100):
        assert reign.store(b"%d" % number)
    ensemble.nodes["m3"].start()
    there = ensemble.replica("m1").replica
    ensemble.sim.run_until(lambda: ensemble.replica("m3").replica.learned == there.learned, 30.0)
    assert ensemble.replica("m3").replica.begin == there.begin > 1


def test_values_that_do_not_fit_into_one_answer_are_copied_in_several() -> None:
    ensemble = filled(0)
    reign = ensemble.lead("m2", 2)
    reign.fetch()
    for name in "abc":
        reign.version = b""
        assert reign.store(ensemble.sim.nodes[0].rng.randbytes(700_000), name)
    asked: list[object] = []
    ensemble.sim.observe(lambda _node, envelope: asked.append(type(envelope.message)))
    lose_disk(ensemble, "m3")
    ensemble.wait_votes(timeout_seconds=5.0)
    assert asked.count(LearnedRequest) >= 2
    assert ensemble.replica("m3").replica.learned == 3


def test_who_does_not_answer_is_replaced_by_another() -> None:
    ensemble = filled(5)
    lost = ensemble.sim.drop(LearnedResponse, times=3)
    lose_disk(ensemble, "m3")
    ensemble.wait_votes(timeout_seconds=15.0)
    assert len(lost.dropped) == 3


def test_what_nobody_has_learned_is_waited_for_until_a_writer_settles_it() -> None:
    ensemble = filled(0)
    losses = [ensemble.sim.drop(kind) for kind in (Learned, Settled)]
    reign = ensemble.lead("m2", 2)
    reign.fetch()
    assert reign.store(b"one")
    reign.probe.terminate(reign.pid)
    lose_disk(ensemble, "m3")
    ensemble.sim.run(10.0)
    assert ensemble.status("m3") is Status.RECOVERING
    for loss in losses:
        loss.stop()
    other = ensemble.lead("m1", 3)
    assert other.fetch() == b"one"
    ensemble.wait_votes(timeout_seconds=2.0)


# --- what it tells ---


def test_the_status_tells_how_each_member_fares() -> None:
    ensemble = filled(3)
    ensemble.sim.run(3.0)
    ensemble.nodes["m3"].crash()
    ensemble.sim.run(30.0)
    status = ensemble.log_status("m1")
    assert (status.status, status.quorum, status.recovering_seconds) == (Status.VOTING, 2, 0.0)
    assert (status.begin, status.end, status.connected) == (1, 3, True)
    mine, other, gone = status.members
    assert (mine.silent_seconds, mine.end) == (0.0, 3)
    assert other.silent_seconds is not None
    assert other.silent_seconds < 3.0
    assert gone.silent_seconds is not None
    assert gone.silent_seconds > 25.0
    assert gone.unreachable


def test_a_node_that_is_not_registered_yet_says_so() -> None:
    ensemble = Ensemble(start=False)
    ensemble.start("m1", "m2")
    ensemble.set_members(["m2"])
    ensemble.sim.run(1.0)
    members = {member.pid.host: member for member in ensemble.log_status("m1").members}
    assert (members["m1"].registered, members["m2"].registered) == (False, True)


def test_the_metrics_tell_whether_it_votes_and_how_many_there_are() -> None:
    ensemble = Ensemble(start=False)
    ensemble.start("m1")
    metrics = ensemble.metrics["m1"]
    ensemble.sim.run(1.0)
    assert (metrics.recovered.read(), metrics.ensemble_size.read()) == (0.0, 1.0)
    ensemble.start("m2", "m3")
    ensemble.wait_votes()
    ensemble.sim.run(1.0)
    assert (metrics.recovered.read(), metrics.ensemble_size.read()) == (1.0, 3.0)

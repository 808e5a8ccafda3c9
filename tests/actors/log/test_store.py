from __future__ import annotations

import pytest

from actors.log.entry import EntryError
from actors.log.process import REPLICA
from tests.actors.log.ensemble import Ensemble
from transport.messages.replication import (
    PromiseRequest,
    PromiseResponse,
    Settled,
    Status,
    WriteRequest,
    WriteResponse,
)


def formed(size: int = 3, seed: int = 1) -> Ensemble:
    """Masters whose replicas vote."""
    ensemble = Ensemble(size, seed=seed)
    ensemble.wait_votes()
    ensemble.sim.run(1.0)
    return ensemble


# --- Elect ---


def test_the_first_reign_finds_nothing_and_stores_something() -> None:
    reign = formed().lead("m1", 1)
    assert reign.fetch() == b""
    assert reign.version == b""
    assert reign.store(b"one")
    assert reign.fetch() == b"one"
    assert len(reign.version) == 16


def test_it_waits_until_the_log_has_formed() -> None:
    ensemble = Ensemble(start=False)
    ensemble.start("m1")
    reign = ensemble.lead("m1", 1)
    reign.ask_fetch()
    ensemble.sim.run(50.0)
    assert reign.answer() is None
    ensemble.start("m2", "m3")
    ensemble.sim.run_until(reign.answer, 1.0)


def test_it_waits_for_a_quorum_and_is_elected_when_there_is_one() -> None:
    ensemble = formed()
    ensemble.nodes["m2"].crash()
    ensemble.nodes["m3"].crash()
    reign = ensemble.lead("m1", 1)
    reign.ask_fetch()
    ensemble.sim.run(50.0)
    assert reign.answer() is None
    ensemble.nodes["m3"].start()
    ensemble.sim.run_until(reign.answer, 5.0)


def test_it_is_not_elected_while_there_are_more_members_than_the_quorum_is_for() -> None:
    ensemble = formed()
    ensemble.set_members([*ensemble.hosts, "m4"])
    reign = ensemble.lead("m1", 1)
    reign.ask_fetch()
    ensemble.sim.run(20.0)
    assert reign.answer() is None
    ensemble.set_members(ensemble.hosts)
    ensemble.sim.run_until(reign.answer, 1.0)


def test_when_members_become_too_many_in_the_middle_it_waits_and_goes_on_when_they_are_not() -> None:
    ensemble = formed()
    hold = ensemble.sim.hold(PromiseResponse)
    reign = ensemble.lead("m1", 1)
    reign.ask_fetch()
    ensemble.sim.run(0.1)
    ensemble.set_members([*ensemble.hosts, "m4"])
    hold.release()
    ensemble.sim.run(10.0)
    assert reign.answer() is None
    ensemble.set_members(ensemble.hosts)
    ensemble.sim.run_until(reign.answer, 3.0)


def test_who_writes_already_goes_on_when_members_become_too_many() -> None:
    ensemble = formed()
    reign = ensemble.lead("m1", 1)
    reign.fetch()
    ensemble.set_members([*ensemble.hosts, "m4"])
    assert reign.store(b"one")


def test_the_answer_of_who_is_no_member_counts_for_nothing() -> None:
    ensemble = formed()
    ensemble.set_members(["m1"])
    reign = ensemble.lead("m1", 1)
    reign.ask_fetch()
    ensemble.sim.run(5.0)
    assert reign.answer() is None


# --- what is stored ---


@pytest.mark.parametrize("size", [1, 3, 5])
def test_the_next_reign_reads_what_the_last_one_stored(size: int) -> None:
    ensemble = formed(size)
    value = b""
    for epoch, host in enumerate(ensemble.hosts * 2, start=1):
        reign = ensemble.lead(host, epoch)
        assert reign.fetch() == value
        value = b"by %d" % epoch
        assert reign.store(value)
        reign.probe.terminate(reign.pid)


def test_a_value_survives_the_loss_of_power_of_all_masters() -> None:
    ensemble = formed()
    reign = ensemble.lead("m1", 1)
    reign.fetch()
    assert reign.store(b"one")
    for node in ensemble.nodes.values():
        node.crash()
    for node in ensemble.nodes.values():
        node.start()
    assert ensemble.lead("m2", 2).fetch() == b"one"


def test_a_value_survives_the_loss_of_any_one_disk() -> None:
    for host in ("m1", "m2", "m3"):
        ensemble = formed()
        reign = ensemble.lead("m1", 1)
        reign.fetch()
        assert reign.store(b"one")
        ensemble.nodes[host].crash()
        ensemble.nodes[host].disk.wipe()
        ensemble.nodes[host].start()
        other = ensemble.lead("m3", 2)
        assert other.fetch(timeout_seconds=5.0) == b"one"
        ensemble.wait_votes(timeout_seconds=5.0)


def test_a_leader_whose_own_replica_does_not_vote_reads_and_writes_by_the_others() -> None:
    ensemble = formed()
    first = ensemble.lead("m1", 1)
    first.fetch()
    assert first.store(b"one")
    hold = ensemble.sim.hold(to=ensemble.nodes["m3"].pid_of("log-recovery"))
    ensemble.nodes["m3"].crash()
    ensemble.nodes["m3"].disk.wipe()
    ensemble.nodes["m3"].start()
    second = ensemble.lead("m3", 2)
    assert second.fetch() == b"one"
    assert second.store(b"two")
    assert ensemble.status("m3") is Status.EMPTY
    hold.release()


def test_only_who_knows_the_newest_version_replaces_a_value() -> None:
    reign = formed().lead("m1", 1)
    reign.fetch()
    former = reign.version
    assert reign.store(b"one")
    newest, reign.version = reign.version, former
    assert not reign.store(b"two")
    reign.version = newest
    assert reign.store(b"two")


def test_variables_have_names_and_versions_of_their_own() -> None:
    ensemble = formed()
    reign = ensemble.lead("m1", 1)
    for name, value in (("registry", b"one"), ("quota", b"two")):
        assert reign.fetch(name) == b""
        assert reign.store(value, name)
    other = ensemble.lead("m2", 2)
    assert other.fetch("quota") == b"two"
    assert other.fetch("registry") == b"one"


def test_what_is_asked_at_the_same_time_is_done_in_its_order() -> None:
    reign = formed().lead("m1", 1)
    reign.fetch()
    reign.ask_store(b"one")
    reign.ask_store(b"two")
    reign.ask_fetch()
    reign.sim.run_until(reign.answer)
    kinds = [type(message).__name__ for message in reign.probe.received]
    assert kinds == ["StateFetched", "StateStored", "StateStored", "StateFetched"]
    assert reign.fetch() == b"one"


def test_the_log_stays_short_however_much_is_stored() -> None:
    ensemble = formed()
    reign = ensemble.lead("m1", 1)
    assert reign.fetch("quota") == b""
    assert reign.store(b"kept", "quota")
    assert reign.fetch() == b""
    for number in range(200):
        assert reign.store(b"%d" % number)
        if number == 100:
            assert reign.fetch("quota") == b"kept"
            assert reign.store(b"still kept", "quota")
            assert reign.fetch() == b"100"
    ensemble.sim.run(5.0)
    for host in ensemble.hosts:
        replica = ensemble.replica(host).replica
        assert 100 < replica.begin <= 104
        assert replica.learned == replica.end
    other = ensemble.lead("m2", 2)
    assert other.fetch("quota") == b"still kept"
    assert other.fetch() == b"199"


def test_a_large_value_is_stored_and_read_and_gives_up_the_one_before() -> None:
    ensemble = formed()
    reign = ensemble.lead("m1", 1)
    reign.fetch()
    for number in range(4):
        value = ensemble.sim.nodes[number % 3].rng.randbytes(2_000_000)
        assert reign.store(value)
    ensemble.sim.run(5.0)
    assert ensemble.replica("m2").replica.begin >= 5
    assert ensemble.lead("m2", 2).fetch() == value


def test_values_that_fit_into_a_message_each_but_not_together_are_copied_one_by_one() -> None:
    ensemble = formed()
    reign = ensemble.lead("m1", 1)
    reign.fetch()
    rng = ensemble.sim.nodes[0].rng
    values = {"small": rng.randbytes(900_000), "large": rng.randbytes(8_200_000)}
    ensemble.nodes["m3"].crash()
    for name, value in values.items():
        reign.version = b""
        assert reign.store(value, name)
    ensemble.nodes["m3"].start()
    ensemble.sim.run_until(lambda: ensemble.replica("m3").replica.learned == 2, 30.0)
    other = ensemble.lead("m3", 2)
    assert {name: other.fetch(name) for name in values} == values


def test_a_value_that_cannot_be_sent_ends_the_store() -> None:
    ensemble = formed()
    reign = ensemble.lead("m1", 1)
    reign.fetch()
    reign.ask_store(ensemble.sim.nodes[0].rng.randbytes(9_000_000))
    ensemble.sim.run(1.0)
    assert isinstance(ensemble.sim.crashes[-1].error, EntryError)
    assert reign.probe.gone == [reign.pid]


# --- a reign's end ---


def test_a_reign_that_another_follows_is_demoted_when_it_writes_and_stores_nothing_more() -> None:
    ensemble = formed()
    first = ensemble.lead("m1", 1)
    first.fetch()
    second = ensemble.lead("m2", 2)
    assert second.fetch() == b""
    first.ask_store(b"late")
    ensemble.sim.run(5.0)
    assert first.answer() is None
    assert first.demoted is not None
    assert first.demoted.promised.epoch == 2
    assert first.probe.gone == [first.pid]
    assert second.store(b"mine")
    assert ensemble.lead("m3", 3).fetch() == b"mine"


def test_a_reign_of_an_epoch_that_is_over_is_demoted_at_once() -> None:
    ensemble = formed()
    ensemble.lead("m2", 5).fetch()
    late = ensemble.lead("m1", 4)
    late.ask_fetch()
    ensemble.sim.run(1.0)
    assert late.demoted is not None
    assert late.demoted.promised.epoch == 5


def test_an_epoch_that_comes_again_after_zookeeper_was_wiped_has_no_second_writer() -> None:
    ensemble = formed()
    first = ensemble.lead("m1", 3)
    first.fetch()
    assert first.store(b"one")
    for host in ("m1", "m2", "m3"):
        again = ensemble.lead(host, 3)
        again.ask_fetch()
        ensemble.sim.run(1.0)
        assert again.demoted is not None
        assert again.demoted.promised.epoch == 3
    assert ensemble.lead("m2", 4).fetch() == b"one"


def test_without_elections_the_next_store_of_the_node_takes_over() -> None:
    ensemble = formed(1)
    for number in range(3):
        reign = ensemble.lead("m1", 0)
        assert int(reign.fetch() or b"0") == number
        assert reign.store(b"%d" % (number + 1))
        reign.probe.terminate(reign.pid)
        ensemble.sim.run(0.1)


def test_a_reign_whose_replica_is_gone_is_over() -> None:
    ensemble = formed()
    reign = ensemble.lead("m1", 1)
    reign.fetch()
    reign.probe.terminate(ensemble.nodes["m1"].pid_of(REPLICA))
    ensemble.sim.run(1.0)
    assert reign.demoted is not None


def test_a_leader_that_is_cut_off_stores_nothing_and_is_demoted_when_it_is_back() -> None:
    ensemble = formed()
    first = ensemble.lead("m1", 1)
    first.fetch()
    ensemble.sim.partition(["m1"])
    first.ask_store(b"lost")
    second = ensemble.lead("m2", 2)
    assert second.fetch() == b""
    assert second.store(b"mine")
    ensemble.sim.heal()
    ensemble.sim.run_until(lambda: first.demoted, 10.0)
    assert first.answer() is None


# --- messages that are lost ---


@pytest.mark.parametrize("kind", [PromiseRequest, PromiseResponse, WriteRequest, WriteResponse, Settled])
def test_any_single_loss_is_made_good(kind: type) -> None:
    for times in (1, 3):
        ensemble = formed()
        first = ensemble.lead("m1", 1)
        first.fetch()
        assert first.store(b"zero")
        first.probe.terminate(first.pid)
        lost = ensemble.sim.drop(kind, times=times)
        reign = ensemble.lead("m2", 2)
        assert reign.fetch(timeout_seconds=5.0) == b"zero"
        assert reign.store(b"one", timeout_seconds=5.0)
        assert len(lost.dropped) == times
        ensemble.sim.run(8.0)
        assert {ensemble.replica(host).replica.learned for host in ensemble.hosts} == {2}


def test_a_connection_that_breaks_in_the_middle_of_a_write_costs_half_a_second() -> None:
    ensemble = formed()
    reign = ensemble.lead("m1", 1)
    reign.fetch()
    ensemble.nodes["m3"].crash()
    reign.ask_store(b"one")
    ensemble.sim.disconnect("m1", "m2")
    ensemble.sim.run_until(reign.answer, 1.0)


def test_a_value_that_was_stored_before_the_crash_of_the_writer_is_there_or_not_for_good() -> None:
    for seed in range(4):
        ensemble = formed(seed=seed)
        first = ensemble.lead("m1", 1)
        first.fetch()
        assert first.store(b"before")
        ensemble.sim.arm("log.store.after_chosen", node="m1")
        first.ask_store(b"after")
        ensemble.sim.run(1.0)
        assert not ensemble.nodes["m1"].up
        assert ensemble.lead("m2", 2).fetch(timeout_seconds=5.0) == b"after"
        ensemble.nodes["m1"].start()
        assert ensemble.lead("m1", 3).fetch(timeout_seconds=5.0) == b"after"


def test_a_write_takes_one_round_trip_and_one_sync() -> None:
    ensemble = formed()
    reign = ensemble.lead("m1", 1)
    reign.fetch()
    began = ensemble.sim.now
    for number in range(20):
        assert reign.store(b"%d" % number)
    # Two ways of 0.2 to 1 ms each, the faster of two peers.
    assert (ensemble.sim.now - began) / 20 < 0.002

from __future__ import annotations

from typing import Literal

import pytest

from actors.log.gauges import LogMetrics
from actors.log.process import FOLDER, REPLICA, ReplicaProcess
from actors.log.segment import segment_name
from actors.simulation import Probe, SimulatedNode, Simulation
from tests.actors.log.parliament import append
from transport.messages.replication import (
    Action,
    Ballot,
    ChangeStatus,
    Kind,
    Learned,
    LearnedResponse,
    PromiseRequest,
    ReadLog,
    RecoverRequest,
    Status,
    Verdict,
    Vouch,
    WriteRequest,
    WriteResponse,
)

BALLOT = Ballot(1, 1)


class Desk:
    """One replica on a node, and a probe that plays everybody else."""

    def __init__(self, seed: int = 1, compact_bytes: int = 8 << 20, quorum: int = 1) -> None:
        self.compact_bytes = compact_bytes
        self.quorum = quorum
        self.sim = Simulation(seed)
        self.node = self.sim.node("here", self._boot)
        self.probe = self.node.probe()
        self.tell(ChangeStatus(Status.EMPTY, Status.VOTING))

    def _boot(self, node: SimulatedNode) -> None:
        self.metrics = LogMetrics()
        node.spawn(
            lambda: ReplicaProcess(self.quorum, self.metrics, compact_bytes=self.compact_bytes),
            REPLICA,
            vital=True,
        )

    @property
    def process(self) -> ReplicaProcess:
        """The replica."""
        return self.node.process(REPLICA, ReplicaProcess)

    def tell(self, *messages: object, probe: Probe | None = None) -> list[object]:
        """Send messages at the same time; what is answered within a second."""
        probe = probe or self.probe
        before = len(probe.received)
        for message in messages:
            probe.send(self.node.pid_of(REPLICA), message)
        self.sim.run(1.0)
        return probe.received[before:]

    def restart(self) -> None:
        """Start the node again, and let the replica be vouched for."""
        self.node.start()
        self.probe = self.node.probe()
        self.tell(Vouch())


def writes(count: int, size_bytes: int = 1) -> list[WriteRequest]:
    """Writes at the first positions."""
    return [WriteRequest(BALLOT, append(position, bytes(size_bytes))) for position in range(1, count + 1)]


def test_writes_that_wait_together_share_one_sync_and_are_answered_in_order() -> None:
    desk = Desk()
    before = desk.metrics.syncs.value
    told = desk.tell(*writes(20))
    assert [answer.position for answer in told if isinstance(answer, WriteResponse)] == list(range(1, 21))
    assert desk.metrics.syncs.value - before <= 3
    assert desk.metrics.requests.value >= 20


@pytest.mark.parametrize("harm", ["crash", "kill"])
@pytest.mark.parametrize("step", ["after_append", "after_sync"])
def test_what_was_answered_outlives_every_crash(step: str, harm: Literal["crash", "kill"]) -> None:
    for seed in range(3):
        desk = Desk(seed)
        desk.sim.arm(f"log.replica.{step}", action=harm, nth=3)
        told: list[object] = []
        for write in writes(8):
            told += desk.tell(write) if desk.node.up else []
        assert not desk.node.up
        desk.restart()
        accepted = [answer.position for answer in told if isinstance(answer, WriteResponse)]
        assert all(desk.process.replica.holdings.get(position) for position in accepted)
        desk.process.check_invariants()


def test_nothing_is_answered_before_it_is_on_the_disk() -> None:
    desk = Desk()
    desk.sim.arm("log.replica.after_append", action="crash")
    assert desk.tell(WriteRequest(BALLOT, append(1, b"one"))) == []
    desk.restart()
    desk.sim.arm("log.replica.after_sync", action="crash")
    assert desk.tell(WriteRequest(BALLOT, append(1, b"one"))) == []
    desk.restart()
    assert desk.process.replica.end == 1


@pytest.mark.parametrize("operation", ["append", "sync"])
def test_a_disk_that_fails_ends_the_node_and_no_sync_is_repeated(
    operation: Literal["append", "sync"],
) -> None:
    desk = Desk()
    desk.node.disk.fail(operation, FOLDER)
    assert desk.tell(WriteRequest(BALLOT, append(1, b"one"))) == []
    assert not desk.node.up
    desk.node.disk.mend()
    desk.restart()
    (answer,) = desk.tell(WriteRequest(BALLOT, append(1, b"one")))
    assert isinstance(answer, WriteResponse)
    assert answer.verdict is Verdict.ACCEPT


def test_damage_on_the_disk_makes_it_recover_with_nothing_and_under_another_id() -> None:
    desk = Desk(quorum=2)
    desk.tell(*writes(5, 2_000))
    former = desk.process.replica.identity
    desk.node.kill_process()
    (segment,) = (name for name in desk.node.disk.list(FOLDER) if name != "marks")
    desk.node.disk.flip_bit(f"{FOLDER}/{segment}", 5_000)
    damaged = desk.node.disk.read(f"{FOLDER}/{segment}")
    desk.restart()
    assert desk.node.disk.read(f"{FOLDER}_damaged/{segment}") == damaged
    replica = desk.process.replica
    assert (replica.status, replica.end, replica.votes) == (Status.RECOVERING, 0, False)
    assert replica.identity != former
    desk.node.kill_process()
    desk.restart()
    assert desk.process.replica.status is Status.RECOVERING


def test_damage_of_the_only_copy_ends_the_node_and_changes_nothing() -> None:
    desk = Desk(quorum=1)
    desk.tell(*writes(5, 2_000))
    desk.node.kill_process()
    path = f"{FOLDER}/{segment_name(1)}"
    desk.node.disk.flip_bit(path, 5_000)
    before = desk.node.disk.read(path)
    desk.node.start()
    desk.sim.run(1.0)
    assert not desk.node.up
    assert "restore the folder replicated_log in the work directory" in (desk.node.failure or "")
    assert desk.node.disk.read(path) == before


def test_an_id_is_kept_over_restarts_unless_what_it_said_may_be_lost() -> None:
    desk = Desk()
    former = desk.process.replica.identity
    desk.node.kill_process()
    desk.restart()
    assert desk.process.replica.identity == former
    desk.tell(ChangeStatus(Status.VOTING, Status.RECOVERING))
    desk.node.kill_process()
    desk.restart()
    assert desk.process.replica.identity > former


def test_files_that_have_grown_are_summed_up_and_hold_the_same() -> None:
    desk = Desk(compact_bytes=100_000)
    sizes = []
    for position in range(1, 100):
        truncate = Action(position, Kind.TRUNCATE, to=position)
        action = append(position, bytes(10_000)) if position % 10 else truncate
        desk.tell(WriteRequest(BALLOT, action), Learned(action, BALLOT))
        sizes.append(desk.metrics.size_bytes.read())
    assert max(sizes) < 300_000
    records = desk.process.replica.snapshot()
    desk.node.kill_process()
    desk.restart()
    assert desk.process.replica.begin == 90
    assert desk.process.replica.snapshot()[2:] == records[2:]


def test_what_only_this_nodes_recovery_may_say_is_not_heeded_from_elsewhere() -> None:
    desk = Desk()
    there = desk.sim.node("there").probe()
    assert desk.tell(LearnedResponse(1, 9, ()), probe=there) == []
    replica = desk.process.replica
    assert (replica.status, replica.begin, replica.promised) == (Status.VOTING, 1, Ballot())


def test_nobody_asks_in_the_name_of_another() -> None:
    desk = Desk()
    there = desk.sim.node("there").probe()
    assert desk.tell(RecoverRequest("r1", "elsewhere:5050", Status.VOTING), probe=there) == []
    assert len(desk.tell(RecoverRequest("r1", "there:5050", Status.VOTING), probe=there)) == 1
    assert desk.process.replica.met == {"there:5050": "r1"}


def test_what_needs_no_disk_is_answered_without_it() -> None:
    desk = Desk()
    desk.tell(PromiseRequest(BALLOT))
    before = desk.metrics.syncs.value
    assert desk.tell(ReadLog(1)) == [LearnedResponse(1, 1)]
    desk.tell(Learned(append(1, b"one"), BALLOT))
    assert desk.metrics.syncs.value == before
    assert desk.metrics.end.read() == 1


def test_what_it_has_learned_is_kept_when_it_is_told_to_end() -> None:
    desk = Desk()
    desk.tell(PromiseRequest(BALLOT), Learned(append(1, b"one"), BALLOT))
    desk.node.stop()
    desk.sim.run_until(lambda: not desk.node.up)
    desk.restart()
    assert desk.process.replica.learned == 1

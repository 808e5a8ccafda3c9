from __future__ import annotations

import pytest

from actors.agent import paths
from actors.agent.updates import Updates
from actors.simulation import Simulation
from tests.actors.agent.kept import AGENT_ID, FRAMEWORK_ID, RUN, SAVES, Host, status, task, update
from transport.messages.agent_state import AgentCheckpoint
from transport.messages.checkpointing import (
    EndStreams,
    HoldUpdates,
    RecoverUpdates,
    SaveTask,
    SendUpdates,
    StreamAcknowledge,
    StreamAdvanced,
    UpdateStreamed,
)
from transport.messages.launching import StatusUpdate
from transport.records.task_status import TaskState, TaskStatus

_RUNNING = status(b"u1")
_FINISHED = status(b"u2", TaskState.TASK_FINISHED)
_FILE = f"{paths.meta(AGENT_ID, FRAMEWORK_ID, 'e1', RUN, 't1')}/{paths.TASK_UPDATES}"


def listening(*, admitted: bool = False, seed: int = 1) -> Host:
    """A host whose `updates` have a master; with `admitted`, and the task's checkpoint."""
    host = Host(Simulation(seed))
    if admitted:
        host.admit()
        host.archive(*SAVES)
    host.tell("updates", SendUpdates(host.probe.pid))
    return host


def put(host: Host, told: TaskStatus, container_id: str | None = RUN) -> UpdateStreamed:
    host.tell("updates", update(told, container_id))
    return host.sim.wait_for(UpdateStreamed)


def acknowledge(host: Host, uuid: bytes, task_id: str = "t1") -> None:
    host.tell("updates", StreamAcknowledge(FRAMEWORK_ID, task_id, uuid))
    host.sim.run(1.0)


def sent(host: Host) -> list[bytes | None]:
    return [told.status.uuid for told in host.answers(StatusUpdate)]


def advanced(host: Host) -> list[bytes | None]:
    return [told.status.uuid for told in host.answers(StreamAdvanced)]


def again(host: Host) -> AgentCheckpoint:
    """Let the power fail, and an agent recover and find a master."""
    checkpoint = host.recovered()
    host.tell("updates", RecoverUpdates(checkpoint))
    host.tell("updates", SendUpdates(host.probe.pid))
    host.sim.run(1.0)
    return checkpoint


def kept_tasks(checkpoint: AgentCheckpoint) -> list[str]:
    """The tasks of the one run; each has all its updates, or never had one."""
    (run,) = (ran.run for ran in checkpoint.frameworks[0].executors)
    assert run is not None
    for kept in run.tasks:
        assert (kept.task.task_id.value == "t1") == (kept.updates == ())
    return [kept.task.task_id.value for kept in run.tasks]


# Mesos' TaskStatusUpdateManagerTest, by its names: CheckpointStatusUpdate and so on.


def test_an_update_is_durable_before_its_executor_may_forget_it() -> None:
    host = listening(admitted=True)
    assert put(host, _RUNNING) == UpdateStreamed(FRAMEWORK_ID, "t1", "e1", _RUNNING)
    again(host)
    assert sent(host) == [b"u1"]


def test_an_update_is_sent_again_after_10_seconds_20_and_so_on_until_it_is_acknowledged() -> None:
    host = listening()
    put(host, _RUNNING)
    host.sim.run(100.0)
    assert sent(host) == [b"u1"] * 4  # after 0, 10, 30 and 70 seconds
    acknowledge(host, b"u1")
    assert host.answers(StreamAdvanced) == [StreamAdvanced(FRAMEWORK_ID, "t1", _RUNNING, over=False)]
    host.sim.run(10_000.0)
    assert len(sent(host)) == 4


def test_an_acknowledgement_that_comes_twice_counts_once() -> None:
    host = listening()
    put(host, _RUNNING)
    put(host, _FINISHED)
    acknowledge(host, b"u1")
    acknowledge(host, b"u1")
    assert advanced(host) == [b"u1"]
    assert sent(host) == [b"u1", b"u2"]


@pytest.mark.parametrize("uuid", [b"u2", b"never"])
def test_an_acknowledgement_of_anything_but_what_was_sent_changes_nothing(uuid: bytes) -> None:
    host = listening()
    put(host, _RUNNING)
    put(host, _FINISHED)
    acknowledge(host, uuid)
    acknowledge(host, b"u1", task_id="another")
    assert advanced(host) == []
    assert sent(host) == [b"u1"]


@pytest.mark.parametrize("container_id", [RUN, None])
def test_a_terminal_update_that_comes_again_after_its_acknowledgement_begins_no_stream(
    container_id: str | None,
) -> None:
    host = listening()
    put(host, _FINISHED, container_id)
    acknowledge(host, b"u2")
    assert host.answers(StreamAdvanced)[-1].over
    assert not put(host, _FINISHED, container_id).accepted
    host.sim.run(100.0)
    assert sent(host) == [b"u2"]


def test_that_a_stream_is_over_is_known_after_a_restart() -> None:
    host = listening(admitted=True)
    put(host, _FINISHED)
    acknowledge(host, b"u2")
    again(host)
    assert not put(host, _FINISHED).accepted
    assert not put(host, status(b"other", TaskState.TASK_FAILED)).accepted
    host.sim.run(100.0)
    assert sent(host) == []


def test_an_update_that_comes_again_before_its_acknowledgement_is_the_same_update() -> None:
    host = listening(admitted=True)
    put(host, _RUNNING)
    assert put(host, _RUNNING).accepted
    acknowledge(host, b"u1")
    assert put(host, _RUNNING).accepted
    host.sim.run(5.0)
    assert sent(host) == [b"u1"]
    assert len(again(host).frameworks[0].executors[0].run.tasks[0].updates) == 1  # type: ignore[union-attr]


def test_the_latest_state_is_told_with_an_older_update() -> None:
    host = listening()
    put(host, _RUNNING)
    put(host, _FINISHED)
    host.sim.run(11.0)
    assert [told.latest_state for told in host.answers(StatusUpdate)] == [
        TaskState.TASK_RUNNING,
        TaskState.TASK_FINISHED,
    ]
    assert sent(host) == [b"u1", b"u1"]


def test_of_two_terminal_updates_the_first_counts() -> None:
    host = listening(admitted=True)
    put(host, _FINISHED)
    assert not put(host, status(b"second", TaskState.TASK_FAILED)).accepted
    acknowledge(host, b"u2")
    assert host.answers(StreamAdvanced)[-1].over
    assert sent(host) == [b"u2"]


# Masters come and go.


def test_without_a_master_updates_are_kept_and_not_sent() -> None:
    host = Host(Simulation(1))
    assert put(host, _RUNNING).accepted
    host.sim.run(1000.0)
    assert sent(host) == []
    host.tell("updates", SendUpdates(host.probe.pid))
    host.sim.run(1.0)
    assert sent(host) == [b"u1"]


def test_a_master_that_comes_gets_every_head_at_once_and_then_anew_after_10_seconds() -> None:
    host = listening()
    put(host, _RUNNING)
    host.sim.run(500.0)
    host.tell("updates", HoldUpdates())
    host.sim.run(5000.0)
    before = len(sent(host))
    host.tell("updates", SendUpdates(host.probe.pid))
    host.sim.run(1.0)
    assert len(sent(host)) == before + 1
    host.sim.run(10.0)
    assert len(sent(host)) == before + 2


def test_each_task_has_a_stream_of_its_own() -> None:
    host = listening()
    put(host, _RUNNING)
    put(host, status(b"v1", task_id="t2"))
    acknowledge(host, b"v1", "t2")
    assert sent(host) == [b"u1", b"v1"]
    assert advanced(host) == [b"v1"]
    host.sim.run(10.0)
    assert sent(host) == [b"u1", b"v1", b"u1"]


def test_streams_of_a_framework_that_was_removed_are_forgotten() -> None:
    host = listening()
    put(host, _RUNNING)
    host.tell("updates", EndStreams(FRAMEWORK_ID))
    host.sim.run(100.0)
    acknowledge(host, b"u1")
    assert sent(host) == [b"u1"]
    assert advanced(host) == []


def test_an_update_without_uuid_is_refused() -> None:
    host = listening()
    assert not put(host, status(None)).accepted
    assert sent(host) == []


def test_a_stream_that_can_have_no_file_is_sent_all_the_same() -> None:
    host = listening()
    host.tell("updates", update(_FINISHED, RUN, "../../.."))
    assert host.sim.wait_for(UpdateStreamed).accepted
    acknowledge(host, b"u2")
    assert host.answers(StreamAdvanced)[-1].over


# Crashes; every one of them is in test_durability.


def test_what_is_acknowledged_is_not_sent_again_and_what_is_not_is() -> None:
    host = listening(admitted=True)
    put(host, _RUNNING)
    put(host, _FINISHED)
    acknowledge(host, b"u1")
    again(host)
    (told,) = host.answers(StatusUpdate)
    assert (told.status, told.latest_state, told.agent_id, told.executor_id) == (
        _FINISHED, TaskState.TASK_FINISHED, AGENT_ID, "e1",
    )  # fmt: skip


def test_a_stream_that_survives_takes_up_where_it_was() -> None:
    host = listening(admitted=True)
    put(host, _RUNNING)
    acknowledge(host, b"u1")
    again(host)
    assert put(host, _RUNNING).accepted  # its executor had not heard of it
    put(host, _FINISHED)
    host.sim.run(1.0)
    assert sent(host) == [b"u2"]


def test_an_update_without_a_container_does_not_survive() -> None:
    host = listening(admitted=True)
    put(host, _RUNNING, None)
    again(host)
    assert sent(host) == []


def test_a_torn_tail_is_cut_off_before_anything_is_appended() -> None:
    host = listening(admitted=True)
    put(host, _RUNNING)
    disk = host.node.disk
    disk.append(_FILE, b"\x40\0\0")
    disk.sync(_FILE)
    again(host)
    put(host, _FINISHED)
    acknowledge(host, b"u1")
    checkpoint = again(host)
    assert checkpoint.errors == ()
    assert sent(host) == [b"u2"]


def test_after_damage_that_was_passed_over_a_stream_goes_on_from_what_is_whole() -> None:
    host = Host(Simulation(1), strict=False)
    host.admit()
    host.archive(*SAVES)
    put(host, _RUNNING)
    size = host.node.disk.size(_FILE)
    put(host, _FINISHED)
    host.node.disk.flip_bit(_FILE, 8 * size + 100)
    again(host)
    assert sent(host) == [b"u1"]
    put(host, _FINISHED)
    acknowledge(host, b"u1")
    assert again(host).errors == ()
    assert sent(host) == [b"u2"]


def test_a_flood_of_updates_costs_one_sync_for_each_file() -> None:
    host = listening()
    for number in range(50):
        host.tell("updates", update(status(f"u{number}".encode())))
    host.sim.run(1.0)
    assert len(host.answers(UpdateStreamed)) == 50
    (synced,) = (place.times for place in host.sim.fault_points() if place.point == "disk.sync.after")
    assert synced == 1


@pytest.mark.parametrize("seed", range(4))
def test_of_an_executor_that_lives_long_the_oldest_tasks_are_forgotten(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr("actors.agent.forgetting.TASKS_KEPT", 5)
    host = listening(admitted=True, seed=seed)
    ids = [f"x{number}" for number in range(10)]
    for task_id in ids:
        host.archive(SaveTask("e1", RUN, task(task_id)))
        put(host, status(task_id.encode(), TaskState.TASK_FINISHED, task_id))
        acknowledge(host, task_id.encode(), task_id)
        if task_id == ids[3]:
            again(host)  # those from before a restart count too
    assert kept_tasks(host.recover().checkpoint) == ["t1", *ids[5:]]
    # Not that it matters: what the power failure brings back is as it was, and soon forgotten again.
    checkpoint = again(host)
    assert set(kept_tasks(checkpoint)) >= {"t1", *ids[5:]}
    assert sent(host) == []
    assert kept_tasks(host.recover().checkpoint) in (kept_tasks(checkpoint), ["t1", *ids[5:]])


def test_streams_that_are_over_leave_nothing_behind() -> None:
    host = listening()
    for number in range(20):
        told = status(f"u{number}".encode(), TaskState.TASK_FINISHED, f"t{number}")
        put(host, told, None)
        acknowledge(host, told.uuid or b"", f"t{number}")
    process = host.node.process("updates", Updates)
    assert process._entries == {}
    assert process._retries.next() is None

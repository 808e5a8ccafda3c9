from __future__ import annotations

import errno

import pytest

from actors.executor import launches as module
from actors.executor.launches import Launch, Launches, strays
from actors.simulation import SimulatedDisk, Simulation
from transport.messages.hosting import KeepTask, LaunchExecutor
from transport.pid import Pid
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, ExecutorID, TaskID
from transport.records.task import TaskInfo

AGENT = Pid("agent", "host", 5051, incarnation=7)
TASK = TaskInfo(name="t", task_id=TaskID(value="t-1"), agent_id=AgentID(value="a-1"))
FILE = "executors.log"


def launch(container_id: str) -> LaunchExecutor:
    executor = ExecutorInfo(executor_id=ExecutorID(value="e"))
    return LaunchExecutor(container_id, FrameworkInfo(user="u", name="f"), executor, "/s", {"A": "b"})


def kept(container_id: str, task: TaskInfo | None = None) -> Launch:
    return Launch(agent=AGENT.whoever(), launch=launch(container_id), task=task)


def make(disk: SimulatedDisk, *container_ids: str) -> Launches:
    launches = Launches(disk)
    launches.load()
    for container_id in container_ids:
        launches.keep(AGENT, launch(container_id))
    return launches


@pytest.fixture
def disk() -> SimulatedDisk:
    return Simulation(1).node("host").disk


def test_what_was_kept_is_known_to_the_next_one(disk: SimulatedDisk) -> None:
    launches = make(disk, "a", "b", "c")
    launches.keep_task(KeepTask("b", TASK))
    launches.forget("c")
    assert Launches(disk).load() == {"a": kept("a"), "b": kept("b", TASK)}
    assert Launches(disk).load() == {"a": kept("a"), "b": kept("b", TASK)}


def test_that_a_task_is_to_end_is_known_to_all_that_follow(disk: SimulatedDisk) -> None:
    launches = make(disk, "a")
    launches.keep_task(KeepTask("a", TASK))
    launches.keep_task(KeepTask("a", TASK, killed=True))
    for _ in range(2):
        assert Launches(disk).load()["a"].launch.killed


def test_nothing_is_known_where_nothing_was_kept(disk: SimulatedDisk) -> None:
    assert Launches(disk).load() == {}


def test_the_next_one_goes_on(disk: SimulatedDisk) -> None:
    make(disk, "a", "b").keep_task(KeepTask("a", TASK))
    later = make(disk, "c")
    later.keep_task(KeepTask("b", TASK))
    later.forget("a")
    assert Launches(disk).load() == {"b": kept("b", TASK), "c": kept("c")}


def test_what_was_never_kept_is_nothing_to_write_about(disk: SimulatedDisk) -> None:
    launches = make(disk, "a")
    size = disk.size(FILE)
    launches.keep_task(KeepTask("b", TASK))
    launches.forget("b")
    assert disk.size(FILE) == size


def test_what_was_written_in_part_is_left_out(disk: SimulatedDisk) -> None:
    make(disk, "a", "b").keep_task(KeepTask("a", TASK))
    whole = disk.read(FILE)
    seen = []
    for size in range(len(whole)):
        disk.write(FILE, whole[:size])
        found = make(disk).load()
        assert found in ({}, {"a": kept("a")}, {"a": kept("a"), "b": kept("b")})
        if found not in seen:
            seen.append(found)
    assert len(seen) == 3


def test_zeros_and_noise_at_the_end_are_left_out(disk: SimulatedDisk) -> None:
    make(disk, "a")
    whole = disk.read(FILE)
    for noise in (bytes(100), b"\0\0\0\x01\xc1", b"\xff" * 9):
        disk.write(FILE, whole + noise)
        launches = make(disk, "b")
        assert Launches(disk).load() == {"a": kept("a"), "b": kept("b")}
        launches.forget("b")


def test_the_file_is_written_anew_before_it_is_large(
    disk: SimulatedDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_GROWTH_BYTES", 10_000)
    launches = make(disk, "stays")
    launches.keep_task(KeepTask("stays", TASK))
    for number in range(500):
        launches.keep(AGENT, launch(f"c-{number}"))
        launches.forget(f"c-{number}")
        assert disk.size(FILE) < 11_000
    assert Launches(disk).load() == {"stays": kept("stays", TASK)}


def test_what_a_full_disk_refuses_is_not_kept_and_spoils_nothing(disk: SimulatedDisk) -> None:
    launches = make(disk, "a")
    for operation in ("append", "write"):
        disk.fail("append", error=errno.ENOSPC)
        with pytest.raises(OSError, match="No space left"):
            launches.keep(AGENT, launch("b"))
        if operation == "write":
            disk.fail("write", error=errno.ENOSPC)
            with pytest.raises(OSError, match="No space left"):
                launches.keep(AGENT, launch("b"))
        launches.keep(AGENT, launch("c"))
        assert Launches(disk).load() == {"a": kept("a"), "c": kept("c")}
        launches = make(disk)
        launches.forget("c")


def test_a_full_disk_does_not_keep_the_next_one_from_starting(disk: SimulatedDisk) -> None:
    make(disk, "a")
    disk.truncate(FILE, disk.size(FILE) + 2)
    disk.fail("write", error=errno.ENOSPC)
    launches = Launches(disk)
    assert launches.load() == {"a": kept("a")}
    launches.keep(AGENT, launch("b"))
    assert Launches(disk).load() == {"a": kept("a"), "b": kept("b")}


def test_strays_are_what_nobody_waits_for_and_checks_of_commands() -> None:
    found = ("kept", "kept.check", "gone", "gone.check", "group.a", "guest")
    assert strays(found, {"kept"}, {"guest", "kept"}) == ("kept.check", "gone", "group")

"""Checks of tasks, at work in a command executor in virtual time."""

from __future__ import annotations

import pytest

from tests.actors.executor.containers import ScriptedContainerizer
from tests.actors.executor.hosts import CONTAINER, Host
from tests.actors.executor.tasks import command_task, environment
from transport.records.check import CheckInfo, CheckStatusInfo, HealthCheck
from transport.records.command import CommandInfo
from transport.records.task_status import TaskState, TaskStatus

STARTING, RUNNING = TaskState.TASK_STARTING, TaskState.TASK_RUNNING
KILLED, FINISHED = TaskState.TASK_KILLED, TaskState.TASK_FINISHED
HEALTH = TaskStatus.Reason.REASON_TASK_HEALTH_CHECK_STATUS_UPDATED
CHECK = TaskStatus.Reason.REASON_TASK_CHECK_STATUS_UPDATED
COMMAND = CommandInfo(value="test -e up", environment=environment({"B": "check"}))


def by_command(*, timeout: float = 20.0, failures: int = 3, delay: float = 5.0) -> HealthCheck:
    return HealthCheck(
        type=HealthCheck.Type.COMMAND,
        command=COMMAND,
        delay_seconds=delay,
        interval_seconds=10.0,
        timeout_seconds=timeout,
        consecutive_failures=failures,
        grace_period_seconds=0.0,
    )


def by_http() -> HealthCheck:
    return HealthCheck(
        type=HealthCheck.Type.HTTP,
        http=HealthCheck.HTTPCheckInfo(port=8080, path="/health"),
        delay_seconds=1.0,
        interval_seconds=1.0,
        timeout_seconds=2.0,
        grace_period_seconds=0.0,
    )


def checked(
    health: HealthCheck | None = None,
    check: CheckInfo | None = None,
    containers: ScriptedContainerizer | None = None,
) -> Host:
    """A host whose task runs."""
    host = Host(containers=containers)
    command = CommandInfo(value="serve", environment=environment({"A": "task", "B": "task"}))
    host.launch(command_task(command=command, health=health, check=check))
    host.until(STARTING, RUNNING)
    return host


def looks(host: Host) -> list[str]:
    """The containers of looks so far."""
    return [container_id for container_id in host.containers.specs if ".check-" in container_id]


def healths(host: Host) -> list[bool | None]:
    return [status.healthy for status in host.books.statuses()]


def test_a_command_looks_from_a_container_nested_in_the_tasks() -> None:
    host = checked(by_command())
    host.sim.run(4.9)
    assert looks(host) == []
    host.sim.run(0.2)
    assert looks(host) == [f"{CONTAINER}.check-1"]
    spec = host.containers.specs[f"{CONTAINER}.check-1"]
    assert spec.arguments == ("/bin/sh", "-c", "test -e up")
    assert spec.directory == "/sandbox"
    assert (spec.environment["A"], spec.environment["B"]) == ("task", "check")


def test_the_interval_counts_from_the_end_of_one_look_to_the_next() -> None:
    host = checked(by_command())
    host.sim.run(8.0)
    host.containers.end(f"{CONTAINER}.check-1", 0)
    host.sim.run(9.9)
    assert len(looks(host)) == 1
    host.sim.run(0.2)
    assert len(looks(host)) == 2
    assert healths(host) == [None, None, True]
    assert host.last.reason is HEALTH


def test_a_look_that_takes_too_long_is_ended_and_is_a_failure() -> None:
    host = checked(by_command(timeout=2.0))
    host.sim.run(7.5)
    assert host.containers.destroyed == [f"{CONTAINER}.check-1"]
    assert healths(host) == [None, None, False]
    assert host.last.message == "it took longer than 2 s"
    host.sim.run(10.0)
    assert looks(host) == [f"{CONTAINER}.check-1", f"{CONTAINER}.check-2"]


def test_a_task_that_stays_unhealthy_is_killed_and_says_so() -> None:
    host = checked(by_command(failures=2))
    for number in (1, 2):
        host.sim.run_until(lambda number=number: len(looks(host)) == number)  # type: ignore[misc]
        host.containers.end(f"{CONTAINER}.check-{number}", 1 << 8)
    host.until(STARTING, RUNNING, RUNNING, RUNNING, KILLED)
    assert healths(host) == [None, None, False, False, False]
    assert host.last.message == "Command terminated with signal Terminated"
    host.ended()


def test_the_look_that_kills_is_the_last() -> None:
    host = Host(containers=ScriptedContainerizer(obeys=False))
    host.launch(command_task(health=by_command(failures=1), grace=60.0))
    host.sim.run_until(lambda: looks(host))
    host.containers.end(f"{CONTAINER}.check-1", 1 << 8)
    host.sim.run(50.0)
    assert looks(host) == [f"{CONTAINER}.check-1"]


def test_a_command_ended_by_a_signal_or_never_started_is_a_failure() -> None:
    host = checked(by_command())
    host.sim.run(6.0)
    host.containers.end(f"{CONTAINER}.check-1", 9)
    host.sim.run(1.0)
    assert host.last.message == "the command was ended by signal 9"
    host.sim.run(10.0)
    host.containers.end(f"{CONTAINER}.check-2", None, "no such program")
    host.sim.run(1.0)
    assert host.last.message == "no such program"


def test_nothing_is_looked_at_once_the_task_is_to_end() -> None:
    host = checked(by_command(), containers=ScriptedContainerizer(obeys=False))
    host.sim.run(6.0)
    host.agent.kill("task-1")
    host.sim.run(0.1)
    assert host.containers.destroyed == [f"{CONTAINER}.check-1"]
    host.until(STARTING, RUNNING, KILLED)
    assert healths(host) == [None, None, None]
    host.sim.run(30.0)
    assert len(looks(host)) == 1


def test_nothing_is_looked_at_after_the_task_is_over() -> None:
    host = checked(by_command())
    host.containers.end(CONTAINER)
    host.until(STARTING, RUNNING, FINISHED)
    host.sim.run(30.0)
    assert looks(host) == []


def test_http_is_looked_at_by_the_prober() -> None:
    host = checked(by_http())
    host.probes.answers = (204, None)
    host.sim.run(3.5)
    assert host.probes.asked == ["http://127.0.0.1:8080/health"] * 3
    assert healths(host) == [None, None, True]
    host.probes.answers = (500, None)
    host.sim.run_until(lambda: not host.containers.running)
    host.sim.run(1.0)
    assert healths(host) == [None, None, True, False, False, False, False]
    assert host.books.states()[-1] is KILLED


def test_an_answer_that_comes_after_its_time_does_not_count() -> None:
    host = checked(by_http())
    host.sim.run_until(lambda: host.probes.waiting)
    host.sim.run(2.5)
    assert healths(host) == [None, None, False]
    host.probes.waiting.pop()[1](200, None)
    host.sim.run(0.1)
    assert healths(host) == [None, None, False]


def test_no_prober_is_like_no_answer() -> None:
    host = checked(by_http())
    host.node.kill("prober")
    host.sim.run(4.0)
    assert healths(host) == [None, None, False]


@pytest.mark.parametrize(("answer", "healthy"), [((None, None), True), ((None, "refused"), False)])
def test_tcp_is_whether_there_is_a_connection(answer: tuple[int | None, str | None], healthy: bool) -> None:
    tcp = HealthCheck.TCPCheckInfo(port=7000)
    host = checked(
        HealthCheck(type=HealthCheck.Type.TCP, tcp=tcp, delay_seconds=0.5, grace_period_seconds=0.0)
    )
    host.probes.answers = answer
    host.sim.run(1.0)
    assert host.probes.asked == ["127.0.0.1:7000"]
    assert healths(host) == [None, None, healthy]


def test_a_check_tells_whenever_its_result_changes_and_every_update_carries_it() -> None:
    check = CheckInfo(
        type=CheckInfo.Type.COMMAND,
        command=CheckInfo.Command(command=COMMAND),
        delay_seconds=1.0,
        interval_seconds=1.0,
    )
    host = checked(check=check)
    for number, code in enumerate((0, 0, 4, 4), 1):
        host.sim.run_until(lambda number=number: len(looks(host)) == number)  # type: ignore[misc]
        host.containers.end(f"{CONTAINER}.check-{number}", code << 8)
    host.sim.run(0.1)
    host.containers.end(CONTAINER)
    host.until(STARTING, RUNNING, RUNNING, RUNNING, FINISHED)
    results = [status.check_status for status in host.books.statuses()]
    assert results == [
        CheckStatusInfo(type=CheckInfo.Type.COMMAND, command=CheckStatusInfo.Command(exit_code=code))
        for code in (None, None, 0, 4, 4)
    ]
    assert [status.reason for status in host.books.statuses()] == [None, None, CHECK, CHECK, None]


def test_a_task_may_have_both_and_each_update_has_what_both_know() -> None:
    check = CheckInfo(
        type=CheckInfo.Type.TCP, tcp=CheckInfo.Tcp(port=1), delay_seconds=2.0, interval_seconds=60.0
    )
    host = checked(by_http(), check)
    host.probes.answers = (200, None)
    host.sim.run(3.0)
    last = host.last
    assert last.reason is CHECK
    assert last.healthy is True
    assert last.check_status is not None and last.check_status.tcp == CheckStatusInfo.Tcp(succeeded=True)


def test_a_check_that_does_not_say_how_fails_the_task() -> None:
    host = Host()
    host.launch(command_task(health=HealthCheck(type=HealthCheck.Type.TCP)))
    host.until(TaskState.TASK_FAILED)
    assert host.last.message == "health_check: its type is TCP, and what belongs to that is not set"

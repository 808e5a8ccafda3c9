from __future__ import annotations

import pytest

from actors.executor.command_task import (
    Adopt,
    CommandTask,
    Destroy,
    Escalate,
    Finish,
    Report,
    Run,
    Terminate,
    Watch,
    describe,
)
from tests.actors.executor.tasks import command_task
from transport.records.task_status import TaskState, TaskStatus

STARTING, RUNNING, KILLING = TaskState.TASK_STARTING, TaskState.TASK_RUNNING, TaskState.TASK_KILLING
FINISHED, FAILED, KILLED = TaskState.TASK_FINISHED, TaskState.TASK_FAILED, TaskState.TASK_KILLED
LAUNCH_FAILED = TaskStatus.Reason.REASON_CONTAINER_LAUNCH_FAILED
OVERDUE = TaskStatus.Reason.REASON_MAX_COMPLETION_TIME_REACHED


def task(
    *, grace: float | None = None, completion: float | None = None, has_killing: bool = False
) -> CommandTask:
    return CommandTask(command_task(grace=grace, completion=completion), has_killing=has_killing)


def running(
    *, grace: float | None = None, completion: float | None = None, has_killing: bool = False
) -> CommandTask:
    started = task(grace=grace, completion=completion, has_killing=has_killing)
    started.start()
    started.launched()
    return started


def test_a_task_is_told_to_start_before_its_container_and_to_run_after() -> None:
    course = task()
    assert course.start() == (Report(STARTING), Run())
    assert course.launched() == (Report(RUNNING), Watch(None))


def test_the_time_to_complete_counts_from_the_start_of_the_container() -> None:
    course = task(completion=7.5)
    course.start()
    assert course.launched() == (Report(RUNNING), Watch(7.5))


@pytest.mark.parametrize(
    ("status", "error", "state", "message"),
    [
        (0, "", FINISHED, "Command exited with status 0"),
        (1 << 8, "", FAILED, "Command exited with status 1"),
        (255 << 8, "", FAILED, "Command exited with status 255"),
        (9, "", FAILED, "Command terminated with signal Killed"),
        (11 | 0x80, "", FAILED, "Command terminated with signal Segmentation fault (core dumped)"),
        (None, "", FAILED, "Command's exit status is not known"),
        (None, "too much memory", FAILED, "too much memory"),
        (0, "too much disk", FAILED, "too much disk"),
    ],
)
def test_how_the_command_ended_is_the_state(
    status: int | None, error: str, state: TaskState, message: str
) -> None:
    assert running().ended(status, error) == (Report(state, message), Finish(state))


def test_a_container_that_never_ran_failed_to_launch() -> None:
    course = task()
    course.start()
    assert course.ended(None, "no such program") == (
        Report(FAILED, "no such program", LAUNCH_FAILED),
        Finish(FAILED),
    )


def test_a_task_that_was_started_by_others_is_asked_after_and_runs_or_has_failed() -> None:
    course = task()
    assert course.adopted() == (Adopt(),)
    assert course.launched() == (Report(RUNNING), Watch(None))
    course = task()
    course.adopted()
    assert course.ended(None, "")[0] == Report(FAILED, "Command's exit status is not known")


def test_a_short_command_whose_start_was_not_heard_of_has_its_own_state() -> None:
    course = task()
    course.start()
    assert course.ended(0, "")[0] == Report(FINISHED, "Command exited with status 0")


def test_a_task_that_is_refused_fails() -> None:
    assert task().refused("bad") == (Report(FAILED, "bad", LAUNCH_FAILED), Finish(FAILED))


@pytest.mark.parametrize(
    ("grace", "override", "seconds"),
    [(None, None, 3.0), (8.0, None, 8.0), (8.0, 1.0, 1.0), (8.0, 20.0, 20.0)],
)
def test_the_grace_is_that_of_the_kill_or_of_the_task_or_3_seconds(
    grace: float | None, override: float | None, seconds: float
) -> None:
    assert running(grace=grace).kill(100.0, override) == (Terminate(), Escalate(seconds))


def test_killing_is_told_to_those_who_know_it() -> None:
    assert running(has_killing=True).kill(0.0) == (Report(KILLING), Terminate(), Escalate(3.0))


def test_another_kill_shortens_the_grace_and_never_lengthens_it() -> None:
    course = running(grace=10.0, has_killing=True)
    course.kill(100.0)
    assert course.kill(101.0) == ()
    assert course.kill(101.0, 60.0) == ()
    assert course.kill(102.0, 4.0) == (Escalate(2.0),)
    assert course.kill(102.5, 5.0) == ()
    assert course.kill(103.0, 1.0) == (Escalate(0.0),)


def test_after_the_grace_everything_is_killed_and_the_task_was_killed() -> None:
    course = running()
    course.kill(0.0)
    assert course.grace_over() == (Destroy(),)
    assert course.ended(9, "") == (Report(KILLED, "Command terminated with signal Killed"), Finish(KILLED))


def test_a_killed_task_was_killed_even_if_its_command_ends_well() -> None:
    course = running()
    course.kill(0.0)
    assert course.ended(0, "")[0] == Report(KILLED, "Command exited with status 0")


def test_a_kill_before_the_start_is_the_end() -> None:
    course = task()
    reason = TaskStatus.Reason.REASON_TASK_KILLED_DURING_LAUNCH
    assert course.kill(0.0) == (Report(KILLED, "killed before it was started", reason), Finish(KILLED))
    assert course.start() == ()


def test_a_kill_during_the_start_waits_for_it_but_no_longer_than_its_grace() -> None:
    course = task(has_killing=True)
    course.start()
    assert course.kill(0.0) == (Report(KILLING), Terminate(), Escalate(3.0))
    assert course.launched() == (Terminate(),)
    assert course.grace_over() == (Destroy(),)
    assert course.ended(9, "")[-1] == Finish(KILLED)


def test_a_task_that_takes_too_long_fails_for_that_reason_however_it_ends() -> None:
    course = running(completion=1.0, grace=2.0, has_killing=True)
    assert course.overdue(50.0) == (Report(KILLING, None, OVERDUE), Terminate(), Escalate(2.0))
    assert course.kill(51.0, 0.5) == (Escalate(0.0),)
    assert course.ended(0, "")[0] == Report(FAILED, "Command exited with status 0", OVERDUE)


def test_a_killed_task_does_not_take_too_long() -> None:
    course = running(completion=1.0)
    course.kill(0.0)
    assert course.overdue(1.0) == ()
    assert course.ended(15, "")[-1] == Finish(KILLED)


def test_an_unhealthy_task_is_killed_and_its_last_update_says_why() -> None:
    course = running(has_killing=True)
    assert course.unhealthy(0.0) == (Report(KILLING, healthy=False), Terminate(), Escalate(3.0))
    assert course.unhealthy(0.0) == ()
    ended = course.ended(15, "")
    assert ended[0] == Report(KILLED, "Command terminated with signal Terminated", healthy=False)


def test_nothing_happens_after_the_end() -> None:
    course = running()
    course.ended(0, "")
    assert course.over
    assert course.ended(9, "") == course.kill(0.0) == course.grace_over() == course.launched() == ()
    assert course.overdue(0.0) == course.unhealthy(0.0) == course.refused("late") == ()


def test_ends_are_described_in_the_words_of_mesos() -> None:
    assert describe(2 << 8) == "Command exited with status 2"
    assert describe(15) == "Command terminated with signal Terminated"

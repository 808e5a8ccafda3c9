"""The verdict of the rig of containers: it finds what must never happen, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from tests.chaos.containers import points
from tests.chaos.containers.crowd import Story, Told
from tests.chaos.containers.judge import Evidence, given_up, violations
from tests.chaos.containers.work import Kind, Shape, Slot, Work
from transport.records.task_status import TaskState

NAME = "task"
RUNNING, KILLING = TaskState.TASK_RUNNING, TaskState.TASK_KILLING
FINISHED, FAILED, KILLED = TaskState.TASK_FINISHED, TaskState.TASK_FAILED, TaskState.TASK_KILLED
UNKNOWN = "Command's exit status is not known"


def story(
    *told: tuple[TaskState, str],
    shape: Shape = Shape.SHORT,
    kind: Kind = Kind.PLAIN,
    status: int = 0,
    killed: bool = False,
    healthy: bool | None = None,
) -> Story:
    """A task that was launched at 0 and told of once a second; it has three lines to write."""
    return Story(
        Work(NAME, Slot(kind, shape), 0 if shape.lasts else 3, status),
        "agent",
        0.0,
        killed=0.5 if killed else None,
        told=tuple(
            Told(float(second + 1), state, "", message, healthy, is_answer=False)
            for second, (state, message) in enumerate(told)
        ),
    )


def evidence(
    of: Story,
    *,
    starts: int = 1,
    ends: int = 1,
    processes: Sequence[int] = (),
    output: Sequence[int] = (1, 2, 3),
    deaths: Sequence[float] = (),
) -> Evidence:
    return Evidence(
        stories={NAME: of},
        starts={NAME: starts},
        ends={NAME: ends},
        processes={NAME: processes} if processes else {},
        output={NAME: output},
        node_deaths=deaths,
    )


DONE = story((RUNNING, ""), (FINISHED, "Command exited with status 0"))
LASTS = story((RUNNING, ""), shape=Shape.LONG)


@pytest.mark.parametrize(
    "fine",
    [
        evidence(DONE),
        evidence(story((FAILED, "Command exited with status 3"), status=3)),
        evidence(LASTS, ends=0, processes=[7]),
        evidence(story((RUNNING, ""), shape=Shape.HEALTHY, healthy=True), ends=0, processes=[7]),
        evidence(story((RUNNING, ""), (KILLED, ""), shape=Shape.LONG, killed=True), ends=0),
        evidence(story((FAILED, UNKNOWN)), deaths=[0.7]),
        evidence(story((FAILED, "the executor ended")), starts=0, ends=0, output=(), deaths=[0.7]),
        evidence(story((TaskState.TASK_DROPPED, "")), starts=0, ends=0, output=()),
    ],
)
def test_what_may_be_is_no_violation(fine: Evidence) -> None:
    assert violations(fine) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (evidence(DONE, starts=2), "was started 2 times"),
        (evidence(DONE, processes=[7]), "and runs"),
        (evidence(DONE, ends=0, output=(1,)), "did not come to its end"),
        (evidence(DONE, output=(1, 3)), "not whole"),
        (evidence(DONE, output=(1, 2, 2, 3)), "not whole"),
        (evidence(DONE, output=(1, 2)), "2 of 3 lines"),
        (evidence(LASTS, ends=0), "is said to run, and does not"),
        (evidence(LASTS, ends=0, processes=[7], output=()), "has no output"),
        (evidence(story((FAILED, "Command exited with status 0"))), "was to end with status 0"),
        (evidence(story((FAILED, "Command exited with status 1"), status=3)), "was to end with status 3"),
        (evidence(story((FAILED, "lost"), shape=Shape.LONG), ends=0), "nobody had asked for that"),
        (evidence(story((FAILED, "137"), shape=Shape.LONG, killed=True), ends=0), "was to be killed"),
        (evidence(story((FAILED, UNKNOWN))), "was to end with status 0"),
        (evidence(story((FAILED, UNKNOWN), kind=Kind.DOCKER), deaths=[0.7]), "was to end with status 0"),
        (evidence(story((FAILED, "the executor ended")), starts=0, ends=0, output=()), "it started 0 times"),
        (evidence(story((TaskState.TASK_DROPPED, ""))), "and was started"),
        (evidence(story()), "nothing is all that was told of it"),
        (evidence(story((RUNNING, ""), shape=Shape.HEALTHY), ends=0, processes=[7]), "said to be healthy"),
        (evidence(story((FINISHED, ""), (RUNNING, ""))), "TASK_RUNNING was told after a later state"),
        (evidence(story((FINISHED, ""), (FINISHED, ""))), "TASK_FINISHED was told after a later state"),
    ],
)
def test_what_must_never_be_is_found(wrong: Evidence, words: str) -> None:
    assert words in "\n".join(violations(wrong))


def test_what_nobody_launched_is_found() -> None:
    stray = msgspec.structs.replace(evidence(DONE), processes={"stray": [7]})
    assert violations(stray) == ["stray: runs, and nobody had launched it"]


def test_a_task_that_never_began_is_given_up_only_if_something_died() -> None:
    one = story((FAILED, "the executor ended"))
    assert given_up(NAME, one, evidence(one, starts=0, deaths=[0.7]))
    assert not given_up(NAME, one, evidence(one, starts=0))
    assert not given_up(NAME, one, evidence(one, starts=1, deaths=[0.7]))


def test_the_points_of_both_daemons_are_found_in_their_code() -> None:
    assert {"agent.updates.after_sync", "agent.sandbox.made"} <= set(points.of_agent())
    assert {"executors.keep.after", "docker.create.after", "linux.clone.after"} <= set(
        points.of_executor_node()
    )
    assert len(points.of_agent()) + len(points.of_executor_node()) >= 40

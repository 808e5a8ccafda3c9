"""What must never happen to a task, whatever dies around it: none lost, none doubled, none misreported.

It is about what was told, and what tasks did; it knows nothing of how the product works.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from tests.chaos.containers.crowd import Story
from tests.chaos.containers.work import Kind, Shape
from transport.records.task_status import TaskState

#: A task of which this is told was never started, and its framework may launch it again.
_NEVER = (TaskState.TASK_DROPPED, TaskState.TASK_LOST, TaskState.TASK_ERROR, TaskState.TASK_GONE)
#: How a daemon says that nobody saw how a process ended.
_UNKNOWN = re.compile("not known|cannot be learned")
_RANKS = {
    TaskState.TASK_STAGING: 0,
    TaskState.TASK_STARTING: 1,
    TaskState.TASK_RUNNING: 2,
    TaskState.TASK_KILLING: 3,
}
_OVER = 4


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a run at rest."""

    stories: Mapping[str, Story]
    #: How often each task has started, and come to its end, by its own word.
    starts: Mapping[str, int]
    ends: Mapping[str, int]
    #: The processes of each task that run.
    processes: Mapping[str, Sequence[int]]
    #: What each task wrote to its output: the numbers of its lines, in order.
    output: Mapping[str, Sequence[int]]
    #: When the agent died, and its executor node, in monotonic seconds.
    agent_deaths: Sequence[float] = ()
    node_deaths: Sequence[float] = ()


def violations(evidence: Evidence) -> list[str]:
    """Everything that must never happen and did."""
    found = [
        f"{name}: {violation}"
        for name, story in evidence.stories.items()
        for violation in _violations(name, story, evidence)
    ]
    found += [
        f"{name}: runs, and nobody had launched it" for name in evidence.processes.keys() - evidence.stories
    ]
    return sorted(found)


def _violations(name: str, story: Story, evidence: Evidence) -> Iterator[str]:
    starts, runs = evidence.starts.get(name, 0), bool(evidence.processes.get(name))
    if starts > 1:
        yield f"was started {starts} times"
    if story.is_over:
        if runs:
            yield f"{_last(story)}, and runs"
        yield from _end(name, story, evidence)
    elif story.state is not TaskState.TASK_RUNNING:
        yield f"{_last(story)} is all that was told of it"
    elif not runs:
        yield "is said to run, and does not"
    yield from _order(story)
    yield from _output(name, story, evidence, runs=runs)
    if story.work.slot.shape is Shape.HEALTHY and runs and not any(told.healthy for told in story.told):
        yield "was never said to be healthy"


def _end(name: str, story: Story, evidence: Evidence) -> Iterator[str]:
    """Whether what was told of its end is true."""
    last, starts = story.told[-1], evidence.starts.get(name, 0)
    if last.state in _NEVER:
        if starts:
            yield f"{_last(story)}, and was started"
        return
    if given_up(name, story, evidence) or _is_unknown(story, evidence):
        return
    if story.killed is not None:
        if last.state not in (TaskState.TASK_KILLED, *_planned(story)):
            yield f"{_last(story)}, and was to be killed"
    elif story.work.slot.shape.lasts:
        yield f"{_last(story)}, and nobody had asked for that"
    elif last.state not in _planned(story) or (
        story.work.status and str(story.work.status) not in last.message
    ):
        yield f"{_last(story)}, and was to end with status {story.work.status}; it started {starts} times"
    elif not evidence.ends.get(name):
        yield f"{_last(story)}, and did not come to its end"


def given_up(name: str, story: Story, evidence: Evidence) -> bool:
    """Whether something died while it was being launched, so that it never began, as was told."""
    return (
        story.told[-1].state is TaskState.TASK_FAILED
        and not evidence.starts.get(name)
        and _fell(story, [*evidence.agent_deaths, *evidence.node_deaths])
    )


def _planned(story: Story) -> tuple[TaskState, ...]:
    if story.work.slot.shape.lasts:
        return ()
    return (TaskState.TASK_FAILED if story.work.status else TaskState.TASK_FINISHED,)


def _is_unknown(story: Story, evidence: Evidence) -> bool:
    """Whether it is said that nobody knows how it ended, and may be so: its parent was dead.

    Docker tells even then.
    """
    last = story.told[-1]
    return (
        last.state in (TaskState.TASK_FAILED, TaskState.TASK_KILLED)
        and _UNKNOWN.search(last.message) is not None
        and story.work.slot.kind is not Kind.DOCKER
        and _fell(story, evidence.node_deaths)
    )


def _fell(story: Story, deaths: Sequence[float]) -> bool:
    """Whether one of the deaths was in its life."""
    return any(story.launched < death < story.told[-1].at + 1.0 for death in deaths)


def _order(story: Story) -> Iterator[str]:
    """No update goes back, and an end is told once."""
    rank = 0
    for told in story.told:
        if told.is_answer:
            continue
        now = _OVER if told.state.terminal else _RANKS.get(told.state, rank)
        if now < rank or (rank == _OVER == now):
            yield f"{told.state.name} was told after a later state"
        rank = max(rank, now)


def _output(name: str, story: Story, evidence: Evidence, *, runs: bool) -> Iterator[str]:
    """Each line is there once, and in its place."""
    output = list(evidence.output.get(name, ()))
    if output != list(range(1, len(output) + 1)):
        wrong = next((index + 1 for index, number in enumerate(output) if number != index + 1), 0)
        yield f"its output is not whole: {len(output)} lines, of which line {wrong} is {output[wrong - 1]}"
    if evidence.ends.get(name) and len(output) != story.work.lines:
        yield f"its output has {len(output)} of {story.work.lines} lines"
    if runs and not output:
        yield "runs, and has no output"


def _last(story: Story) -> str:
    if not story.told:
        return "nothing"
    last = story.told[-1]
    return f"{last.state.name} ({last.reason}: {last.message})"

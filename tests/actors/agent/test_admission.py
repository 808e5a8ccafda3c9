"""Whether an agent may launch what it is asked to."""

from __future__ import annotations

import pytest

from actors.agent.admission import Refusal, refusal
from actors.agent.books import Books
from actors.agent.executor import ExecutorEntry, ExecutorState
from tests.actors.agent.stage import agent_info, custom, default, framework
from transport.records.agent import DrainConfig
from transport.records.resources import Resources
from transport.records.task_status import TaskStatus

_Reason = TaskStatus.Reason


def books(state: ExecutorState | None = None, *, generated: bool = False) -> Books:
    """An agent, with an executor in that state."""
    made = Books(agent_info("cpus:4;mem:128"))
    if state is not None:
        executor = ExecutorEntry(made.framework(framework()), custom(), "c1", generated=generated)
        made.add_executor(executor)
        made.move(executor, state)
    return made


def asked(
    made: Books,
    needs: str = "cpus:1",
    *,
    generated: bool = False,
    launch_executor: bool | None = True,
) -> Refusal | None:
    return refusal(
        made,
        made.executor("m1-0000", "e1"),
        custom(),
        Resources.parse(needs),
        generated=generated,
        launch_executor=launch_executor,
    )


def reason(found: Refusal | None) -> TaskStatus.Reason | None:
    return None if found is None else found.reason


def test_what_fits_is_launched() -> None:
    assert asked(books()) is None
    assert asked(books(), "cpus:4;mem:128", generated=True, launch_executor=None) is None


def test_a_custom_executor_needs_room_too_but_only_once() -> None:
    assert reason(asked(books(), "cpus:3.6")) is _Reason.REASON_RESOURCES_UNKNOWN
    assert asked(books(), "cpus:3.5") is None
    running = books(ExecutorState.RUNNING)
    assert asked(running, "cpus:3.5", launch_executor=False) is None
    assert reason(asked(running, "cpus:3.6", launch_executor=False)) is _Reason.REASON_RESOURCES_UNKNOWN


def test_a_drained_agent_launches_nothing() -> None:
    made = books()
    made.drain = DrainConfig()
    assert reason(asked(made)) is _Reason.REASON_AGENT_DRAINING


@pytest.mark.parametrize("state", [ExecutorState.TERMINATING, ExecutorState.TERMINATED])
def test_an_executor_that_ends_takes_no_tasks(state: ExecutorState) -> None:
    found = asked(books(state), launch_executor=False)
    assert found == (_Reason.REASON_EXECUTOR_TERMINATED, f"the executor e1 is {state.value}")


def test_a_missing_executor_is_not_started_unless_the_master_wants_it() -> None:
    assert reason(asked(books(), launch_executor=False)) is _Reason.REASON_EXECUTOR_TERMINATED


def test_made_up_executors_share_their_ids_with_nobody() -> None:
    made = books(ExecutorState.RUNNING, generated=True)
    assert reason(asked(made)) is _Reason.REASON_EXECUTOR_TERMINATED
    made = books(ExecutorState.RUNNING)
    assert reason(asked(made, generated=True)) is _Reason.REASON_EXECUTOR_TERMINATED


def test_what_an_executor_held_is_free_once_it_is_over() -> None:
    made = books(ExecutorState.TERMINATED)
    found = refusal(
        made,
        None,
        default(),
        Resources.parse("cpus:3.9;mem:96"),
        generated=False,
        launch_executor=True,
    )
    assert found is None

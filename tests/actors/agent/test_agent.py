"""The main path of a task through an agent, and what becomes of it when agents die at every step."""

from __future__ import annotations

import pytest

from actors.simulation import Plan
from tests.actors.agent.play import Play
from tests.actors.agent.stage import AGENT_ID, FRAMEWORK_ID, Stage, framework, task
from transport.messages import executing
from transport.messages.checkpointing import DiscardExecutor, DiscardFramework, KeepFramework
from transport.messages.launching import ExecutorExited
from transport.records.task_status import TaskStatus


def test_a_command_task_runs_and_is_forgotten_once_its_end_is_acknowledged() -> None:
    stage = Stage()
    stage.run_task()
    (launch,) = stage.executors.launched
    assert launch.generated
    assert launch.executor.executor_id.value == "t1"
    executor = stage.executor()
    assert executor.launched == ["t1"]
    for state in ("STARTING", "RUNNING", "FINISHED"):
        executor.update(state)
        stage.acknowledge()
    assert stage.states() == ["STARTING", "RUNNING", "FINISHED"]
    assert len(executor.heard(executing.UpdateAcknowledged)) == 3
    stage.end()
    assert not stage.agent.books.frameworks
    assert stage.executors.forgotten == [launch.container_id]
    assert stage.garbage.received[-2:] == [
        DiscardExecutor(FRAMEWORK_ID, "t1", launch.container_id),
        DiscardFramework(FRAMEWORK_ID),
    ]
    assert KeepFramework(FRAMEWORK_ID) in stage.garbage.received
    assert not stage.heard(ExecutorExited)


def test_an_update_is_completed_with_what_the_agent_knows() -> None:
    stage = Stage()
    stage.run_task()
    stage.executor().update("RUNNING")
    (status,) = stage.statuses()
    assert status.source is TaskStatus.Source.SOURCE_EXECUTOR
    assert status.agent_id is not None
    assert status.agent_id.value == AGENT_ID
    assert status.executor_id is not None
    assert status.executor_id.value == "t1"
    assert status.timestamp is not None
    container = status.container_status
    assert container is not None
    assert container.container_id is not None
    assert container.container_id.value == stage.container()
    assert container.network_infos[0].ip_addresses[0].ip_address == "agent"


def test_what_a_subscribed_executor_is_told() -> None:
    stage = Stage()
    stage.run_task()
    executor = stage.executor()
    (subscribed,) = executor.heard(executing.ExecutorSubscribed)
    assert subscribed.container_id == stage.container()
    assert subscribed.framework == framework()
    assert subscribed.agent.id is not None
    assert executor.heard(executing.LaunchTask) == [executing.LaunchTask(task())]


# --- deaths ---

#: Where power may fail, and how often each is passed on the way of one task.
STEPS = (
    *(("agent.archive.before_flush", nth) for nth in (1, 2, 3)),
    *(("agent.archive.after_flush", nth) for nth in (1, 2, 3)),
    *(("agent.updates.before_sync", nth) for nth in (1, 2, 3, 4)),
    *(("agent.updates.after_sync", nth) for nth in (1, 2, 3, 4)),
    ("agent.sandbox.made", 1),
)


def test_a_task_runs_when_nobody_dies() -> None:
    play = Play(tasks=5)
    play.finish()
    assert play.master.ends == {f"t{number}": ["FINISHED"] for number in range(5)}
    play.check()


@pytest.mark.parametrize(("point", "nth"), STEPS)
def test_wherever_the_agent_dies_its_task_runs_at_most_once_and_has_one_end(point: str, nth: int) -> None:
    play = Play()
    armed = play.stage.sim.arm(point, node=play.stage.node, nth=nth)
    play.stage.sim.run_until(lambda: armed.struck)
    play.stage.run(1.0)
    play.stage.restart()
    play.finish()
    play.check()


def survive(seed: int, plan: Plan) -> None:
    play = Play(seed, tasks=30)
    play.stage.sim.chaos(plan)
    play.stage.run(20.0)
    play.stage.sim.quiet()
    play.finish()
    play.check()


@pytest.mark.parametrize("seed", range(15))
def test_agents_that_die_and_connections_that_break_at_any_time(seed: int) -> None:
    spared = ("leader", "hosts")
    survive(seed, Plan(kill_seconds=3.0, strike_seconds=3.0, disconnect_seconds=2.0, spared=spared))


@pytest.mark.parametrize("seed", range(15))
def test_messages_that_get_lost_or_come_twice_or_late_besides(seed: int) -> None:
    survive(
        seed,
        Plan(
            kill_seconds=3.0,
            strike_seconds=3.0,
            disconnect_seconds=2.0,
            weather_seconds=2.0,
            pause_seconds=5.0,
            spared=("leader",),
        ),
    )

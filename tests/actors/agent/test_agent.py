"""The main path of a task through an agent."""

from __future__ import annotations

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

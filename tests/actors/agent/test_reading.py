"""What an agent tells of itself to operators."""

from __future__ import annotations

from typing import TypeVar

from tests.actors.agent.stage import AGENT_ID, FRAMEWORK_ID, Stage, custom, task
from transport.messages.agent_reading import (
    AgentRead,
    ContainerFound,
    ExecutorRead,
    FindContainer,
    ReadAgent,
)
from transport.records.resources import Resources
from transport.records.task import Task

M = TypeVar("M")


def asked(stage: Stage, question: object, kind: type[M]) -> M:
    """What the agent answers to its HTTP server."""
    probe = stage.node.probe(f"asker-{len(stage.node.actors())}")
    probe.send(stage.pid, question)
    stage.run()
    (answer,) = probe.received
    assert isinstance(answer, kind)
    return answer


def read(stage: Stage) -> AgentRead:
    return asked(stage, ReadAgent(), AgentRead)


def only(stage: Stage) -> ExecutorRead:
    """The one executor."""
    ((executor,),) = (framework.executors for framework in read(stage).frameworks)
    return executor


def ids(tasks: tuple[Task, ...]) -> list[str]:
    return [one.task_id.value for one in tasks]


def test_an_agent_tells_what_it_is_and_has() -> None:
    found = read(Stage())
    assert found.recovered
    assert found.info.id is not None
    assert found.info.id.value == AGENT_ID
    assert found.total == Resources(found.info.resources)
    assert found.allocated == Resources()
    assert (found.frameworks, found.completed, found.operations, found.drain) == ((), (), (), None)


def test_it_names_its_master_and_its_executor_node() -> None:
    stage = Stage()
    found = read(stage)
    assert found.master == stage.master.pid
    assert found.node is not None
    assert found.node.name == "executors"


def test_a_task_is_queued_until_its_executor_subscribes_and_launched_then() -> None:
    stage = Stage()
    stage.run_task()
    waiting = only(stage)
    assert (ids(waiting.queued), ids(waiting.launched)) == (["t1"], [])
    assert [one.task_id.value for one in waiting.queued_infos] == ["t1"]
    stage.executor().update("RUNNING")
    running = only(stage)
    assert (ids(running.queued), ids(running.launched), running.queued_infos) == ([], ["t1"], ())
    assert running.launched[0].statuses[-1].state.name == "TASK_RUNNING"
    assert running.container_id == stage.container()
    assert running.sandbox.endswith(f"/executors/t1/runs/{running.container_id}")
    assert read(stage).allocated != Resources()


def test_a_task_that_is_over_is_terminated_until_that_is_acknowledged_and_completed_then() -> None:
    stage = Stage()
    info = task("t1", executor=custom())
    stage.run_task(info)
    executor = stage.executor("e1")
    executor.update("FINISHED")
    over = only(stage)
    assert (ids(over.launched), ids(over.terminated), ids(over.completed)) == ([], ["t1"], [])
    assert read(stage).allocated == Resources(info.executor.resources if info.executor else ())
    stage.acknowledge()
    done = only(stage)
    assert (ids(done.terminated), ids(done.completed)) == ([], ["t1"])


def test_executors_and_frameworks_that_are_over_are_told_apart() -> None:
    stage = Stage()
    stage.run_task()
    stage.executor().update("FINISHED")
    stage.acknowledge()
    stage.end()
    found = read(stage)
    assert found.frameworks == ()
    (framework,) = found.completed
    assert framework.info.id is not None
    assert framework.info.id.value == FRAMEWORK_ID
    assert [ids(one.completed) for one in framework.completed] == [["t1"]]
    assert not framework.completed[0].runs


def test_a_container_is_found_where_it_runs() -> None:
    stage = Stage()
    stage.run_task(task("t1", executor=custom()))
    stage.executor("e1").update("RUNNING")
    found = asked(stage, FindContainer(stage.container("e1")), ContainerFound)
    assert (found.recovered, found.known, found.host) == (True, True, None)
    assert found.user == "root"
    assert found.sandbox == only(stage).sandbox
    assert found.node == read(stage).node
    other = asked(stage, FindContainer("other"), ContainerFound)
    assert (other.known, other.node) == (False, found.node)


def test_of_an_executor_of_groups_the_actor_is_told_that_its_container_stands_for() -> None:
    stage = Stage()
    stage.run_group(task("t1"))
    executor = stage.executor(group_of(stage))
    found = asked(stage, FindContainer(stage.container(group_of(stage))), ContainerFound)
    assert found.host == executor.probe.pid


def group_of(stage: Stage) -> str:
    return stage.executors.launched[-1].executor.executor_id.value


def test_a_container_that_ended_is_not_found() -> None:
    stage = Stage()
    stage.run_task()
    stage.executor().update("RUNNING")
    container = stage.container()
    stage.end()
    assert not asked(stage, FindContainer(container), ContainerFound).known


def test_nothing_counts_before_executors_are_back_after_a_restart() -> None:
    stage = Stage()
    stage.run_task()
    executor = stage.executor()
    executor.update("RUNNING")
    before = only(stage)
    stage.start_again()
    stage.run(0.1)
    assert not read(stage).recovered
    assert not asked(stage, FindContainer(stage.container()), ContainerFound).recovered
    executor.subscribe()
    after = only(stage)
    assert read(stage).recovered
    assert after.sandbox.endswith(before.sandbox)
    assert ids(after.launched) == ["t1"]
    assert asked(stage, FindContainer(stage.container()), ContainerFound).known


def test_how_an_agent_is_drained_is_told() -> None:
    stage = Stage()
    stage.drain(5.0, mark_gone=True)
    drain = read(stage).drain
    assert drain is not None
    assert drain.mark_gone

from __future__ import annotations

import random
from signal import SIGTERM

import pytest

from actors.executor.default import DefaultExecutor
from tests.actors.executor.agents import framework
from tests.actors.executor.containers import ScriptedContainerizer
from tests.actors.executor.hosts import CONTAINER, Host
from tests.actors.executor.tasks import command_task, policy
from transport.messages.executing import LaunchTaskGroup
from transport.messages.nesting import NestedSandboxMade
from transport.records.check import CheckInfo, HealthCheck
from transport.records.command import CommandInfo
from transport.records.task import TaskGroupInfo, TaskInfo
from transport.records.task_status import TaskState, TaskStatus

STARTING, RUNNING, KILLING = TaskState.TASK_STARTING, TaskState.TASK_RUNNING, TaskState.TASK_KILLING
FINISHED, FAILED, KILLED = TaskState.TASK_FINISHED, TaskState.TASK_FAILED, TaskState.TASK_KILLED
DURING_LAUNCH = TaskStatus.Reason.REASON_TASK_KILLED_DURING_LAUNCH


class Pod(Host):
    """A host with a default executor."""

    def __init__(
        self,
        *,
        seed: int = 1,
        containers: ScriptedContainerizer | None = None,
        environment: dict[str, str] | None = None,
        has_killing: bool = False,
    ) -> None:
        super().__init__(
            DefaultExecutor,
            seed=seed,
            containers=containers,
            environment=environment,
            framework_info=framework(has_killing=has_killing),
            user="alice",
        )

    def group(self, *tasks: TaskInfo | str) -> None:
        """Launch tasks together."""
        self.subscribed()
        infos = tuple(command_task(task) if isinstance(task, str) else task for task in tasks)
        self.books.groups.append(infos)
        self.agent.tell(LaunchTaskGroup(TaskGroupInfo(tasks=infos)))

    def runs(self, *task_ids: str) -> None:
        for task_id in task_ids:
            self.until(STARTING, RUNNING, task_id=task_id)

    def container(self, task_id: str) -> str:
        """Where a task runs."""
        name = next(name for _, name, of, _ in self.sandboxes if of == task_id)
        return f"{CONTAINER}.{name}"

    def ends(self, task_id: str, status: int = 0) -> None:
        self.containers.end(self.container(task_id), status)


def test_each_task_runs_in_a_container_and_a_sandbox_of_its_own() -> None:
    pod = Pod(environment={"MESOS_SANDBOX": "/sandbox", "A": "executor"})
    pod.group("one", "two")
    pod.runs("one", "two")
    assert [(sandbox, task_id, user) for sandbox, _, task_id, user in pod.sandboxes] == [
        ("/sandbox", "one", "alice"),
        ("/sandbox", "two", "alice"),
    ]
    name = pod.sandboxes[0][1]
    spec = pod.containers.specs[f"{CONTAINER}.{name}"]
    assert spec.directory == f"/sandbox/containers/{name}"
    assert spec.stdout == f"/sandbox/containers/{name}/stdout"
    assert spec.user == "alice"
    assert spec.environment["MESOS_SANDBOX"] == f"/sandbox/containers/{name}"
    assert spec.environment["MESOS_CONTAINER_IP"] == "agent"
    assert spec.environment["A"] == "executor"
    status = pod.books.statuses("one")[1].container_status
    assert status is not None and status.container_id is not None and status.container_id.parent is not None
    assert (status.container_id.value, status.container_id.parent.value) == (name, CONTAINER)


def test_the_executor_ends_when_no_task_is_left() -> None:
    pod = Pod()
    pod.group("one", "two")
    pod.runs("one", "two")
    pod.ends("one")
    pod.until(STARTING, RUNNING, FINISHED, task_id="one")
    pod.sim.run(5.0)
    assert pod.lives
    assert pod.books.states("two") == [STARTING, RUNNING]
    pod.ends("two")
    pod.until(STARTING, RUNNING, FINISHED, task_id="two")
    pod.ended()


def test_a_task_that_fails_takes_its_group_with_it_and_no_other() -> None:
    pod = Pod(has_killing=True)
    pod.group("one", "two", "three")
    pod.group("four")
    pod.runs("one", "two", "three", "four")
    pod.ends("two", 1 << 8)
    pod.until(STARTING, RUNNING, FAILED, task_id="two")
    pod.until(STARTING, RUNNING, KILLING, KILLED, task_id="one")
    pod.until(STARTING, RUNNING, KILLING, KILLED, task_id="three")
    assert pod.containers.signals == [(pod.container("one"), SIGTERM), (pod.container("three"), SIGTERM)]
    pod.sim.run(5.0)
    assert pod.books.states("four") == [STARTING, RUNNING]
    assert pod.lives


def test_a_kill_of_one_task_is_the_end_of_its_group() -> None:
    pod = Pod(containers=ScriptedContainerizer(obeys=False))
    pod.group("one", command_task("two", grace=6.0))
    pod.runs("one", "two")
    pod.agent.kill("one", policy(1.0))
    pod.until(STARTING, RUNNING, KILLED, task_id="one")
    killed_at = pod.sim.now
    pod.until(STARTING, RUNNING, KILLED, task_id="two")
    assert pod.sim.now - killed_at == pytest.approx(6.0, abs=0.1)
    pod.ended()


def test_a_shutdown_ends_all_groups() -> None:
    pod = Pod(environment={"MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD": "5secs"})
    pod.group("one", "two")
    pod.group("three")
    pod.runs("one", "two", "three")
    pod.agent.shut_down()
    for task_id in ("one", "two", "three"):
        pod.until(STARTING, RUNNING, KILLED, task_id=task_id)
    pod.ended()


def test_a_task_that_cannot_be_run_is_the_end_of_its_group_before_anything_ran() -> None:
    pod = Pod()
    pod.group("one", command_task("two", CommandInfo(value="")), "three")
    pod.until(FAILED, task_id="two")
    for task_id in ("one", "three"):
        pod.until(KILLED, task_id=task_id)
        assert pod.books.statuses(task_id)[0].reason is DURING_LAUNCH
    pod.ended()
    assert pod.containers.specs == {}
    assert pod.sandboxes == []


def test_a_sandbox_that_cannot_be_made_fails_the_task() -> None:
    pod = Pod()
    pod.sandbox_error = "No space left on device"
    pod.group("one")
    pod.until(FAILED)
    assert pod.last.message is not None and pod.last.message.endswith(": No space left on device")
    pod.ended()


def test_a_kill_while_the_sandbox_is_made_is_the_end_of_the_task() -> None:
    pod = Pod()
    held = pod.sim.hold(NestedSandboxMade)
    pod.node.terminate(pod.node.pid_of("sandboxes"))
    pod.group("one")
    pod.sim.run(0.5)
    pod.agent.kill("one")
    pod.until(KILLED)
    assert pod.last.reason is DURING_LAUNCH
    pod.ended()
    held.release()
    pod.sim.run(10.0)
    assert pod.containers.specs == {}


def test_sandboxes_are_asked_for_until_they_are_made() -> None:
    pod = Pod()
    dropped = pod.sim.drop(NestedSandboxMade, times=1)
    pod.group("one")
    pod.runs("one")
    assert dropped is not None
    assert len(pod.containers.specs) == 1


def test_a_group_that_comes_while_the_last_update_waits_is_run() -> None:
    pod = Pod()
    pod.group("one")
    pod.runs("one")
    pod.books.acknowledges = False
    pod.ends("one")
    pod.until(STARTING, RUNNING, FINISHED, task_id="one")
    pod.books.acknowledges = True
    pod.group("two")
    pod.runs("two")
    pod.sim.run(120.0)
    assert pod.lives


def test_a_group_told_twice_is_run_once() -> None:
    pod = Pod()
    pod.group("one", "two")
    pod.runs("one", "two")
    pod.group("one", "two")
    pod.sim.run(5.0)
    assert len(pod.containers.specs) == 2


def test_a_task_that_comes_alone_is_a_group_of_one() -> None:
    pod = Pod()
    pod.launch(command_task("one"))
    pod.runs("one")
    pod.ends("one")
    pod.ended()


def test_tasks_are_checked_each_by_itself() -> None:
    pod = Pod()
    health = HealthCheck(
        type=HealthCheck.Type.COMMAND,
        command=CommandInfo(value="ok"),
        delay_seconds=1.0,
        consecutive_failures=1,
        grace_period_seconds=0.0,
    )
    check = CheckInfo(type=CheckInfo.Type.TCP, tcp=CheckInfo.Tcp(port=7), delay_seconds=2.0)
    pod.probes.answers = (None, None)
    pod.group(command_task("one", health=health), command_task("two", check=check))
    pod.sim.run_until(lambda: [name for name in pod.containers.specs if ".check-" in name])
    look = next(name for name in pod.containers.specs if ".check-" in name)
    assert look.startswith(pod.container("one") + ".check-")
    pod.sim.run(2.0)
    assert pod.books.statuses("two")[-1].check_status is not None
    pod.containers.end(look, 1 << 8)
    pod.until(STARTING, RUNNING, RUNNING, KILLED, task_id="one")
    assert pod.books.statuses("one")[-1].healthy is False
    pod.sim.run_until(lambda: pod.books.states("two")[-1] is KILLED)
    assert pod.books.statuses("two")[-1].healthy is None
    pod.ended()


@pytest.mark.parametrize("seed", range(30))
def test_whenever_the_agent_dies_each_task_of_a_group_has_its_updates_once(seed: int) -> None:
    rng = random.Random(seed)
    pod = Pod(seed=seed)
    pod.group("one", "two")
    for _ in range(3):
        pod.sim.run(rng.choice([0.001, 0.004, 0.5]) * rng.random())
        rng.choice([pod.agent_node.kill_process, pod.agent_node.crash])()
        pod.sim.run(rng.random() * 3)
        pod.agent_node.restart()
    pod.sim.run_until(lambda: len(pod.containers.running) == 2)
    pod.ends("one", rng.choice([0, 1 << 8]))
    pod.sim.run(rng.random())
    pod.ends("two")
    pod.sim.run_until(lambda: not pod.lives)
    for task_id in ("one", "two"):
        states = pod.books.states(task_id)
        assert states[:2] == [STARTING, RUNNING]
        assert [state.terminal for state in states] == [False, False, True]
    assert pod.sim.crashes == ()

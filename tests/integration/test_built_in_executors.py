"""The built-in executors on a node of threads, with processes for containers and probes over the network."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from actors.executor.checks.prober import PROBER, Prober
from actors.executor.command import CommandExecutor
from actors.executor.containerizer import CONTAINERIZER, ContainerizerProcess
from actors.executor.containerizers import Containerizers
from actors.executor.default import DefaultExecutor
from actors.executor.host import EXECUTORS
from actors.executor.sandboxes import SANDBOXES, NestedSandboxes
from actors.pykka_system import PykkaSystem
from actors.storage import FileDisk
from containerizers.probe import ProbePool
from containerizers.sandbox import make_nested, remove_nested
from tests.actors.executor.agents import FakeAgent, framework
from tests.actors.executor.hosts import TaskKeeper
from tests.actors.executor.tasks import command_task, environment, policy
from tests.transport.routers import wait
from transport.messages.executing import LaunchTaskGroup
from transport.messages.hosting import LaunchExecutor
from transport.records.check import CheckInfo, HealthCheck
from transport.records.command import CommandInfo
from transport.records.executor import ExecutorInfo
from transport.records.ids import ExecutorID
from transport.records.task import TaskGroupInfo
from transport.records.task_status import TaskState

STARTING, RUNNING = TaskState.TASK_STARTING, TaskState.TASK_RUNNING
FINISHED, FAILED, KILLED = TaskState.TASK_FINISHED, TaskState.TASK_FAILED, TaskState.TASK_KILLED


class Host:
    """An executor node that is its own agent's, with one executor."""

    def __init__(self, kind: type[CommandExecutor | DefaultExecutor], folder: Path) -> None:
        self.sandbox = folder / "sandbox"
        self.sandbox.mkdir()
        self.system = PykkaSystem(disk=FileDisk(folder / "node"))
        self.system.start()
        self.agent = FakeAgent(framework())
        self.books = self.agent.books
        self.system.spawn(lambda: self.agent, "agent")
        make = Containerizers(folder / "runtime")
        self.system.spawn(lambda: ContainerizerProcess(make), CONTAINERIZER)
        self.system.spawn(lambda: TaskKeeper([]), EXECUTORS)
        self.system.spawn(lambda: Prober(ProbePool), PROBER)
        self.system.spawn(lambda: NestedSandboxes(make_nested, remove_nested), SANDBOXES)
        launch = LaunchExecutor(
            "container-1",
            framework(),
            ExecutorInfo(executor_id=ExecutorID(value="executor-1")),
            str(self.sandbox),
            {"MESOS_EXECUTOR_ID": "executor-1"},
        )
        agent, containerizer = self.system.pid_of("agent"), self.system.pid_of(CONTAINERIZER)
        self.system.spawn(lambda: kind(launch, agent, containerizer), "executor")
        wait(lambda: self.agent.executor)

    def until(self, *states: TaskState, task_id: str = "task-1") -> None:
        wait(lambda: self.books.states(task_id) == list(states), f"{states} of {task_id}")

    def gone(self) -> None:
        wait(lambda: "executor" not in [actor.pid.name for actor in self.system.actors()])


@contextlib.contextmanager
def host(kind: type[CommandExecutor | DefaultExecutor], folder: Path) -> Iterator[Host]:
    here = Host(kind, folder)
    try:
        yield here
    finally:
        here.system.stop()


def test_a_command_writes_to_its_sandbox_with_its_environment(tmp_path: Path) -> None:
    command = CommandInfo(
        value='echo "$WORD from $MESOS_EXECUTOR_ID"; pwd >&2; exit 3',
        environment=environment({"WORD": "hello"}),
    )
    with host(CommandExecutor, tmp_path) as here:
        here.agent.launch(command_task(command=command))
        here.until(STARTING, RUNNING, FAILED)
        assert here.books.statuses()[-1].message == "Command exited with status 3"
        assert (here.sandbox / "stdout").read_text() == "hello from executor-1\n"
        assert (here.sandbox / "stderr").read_text() == f"{here.sandbox}\n"
        here.gone()


def test_a_program_with_arguments_needs_no_shell(tmp_path: Path) -> None:
    command = CommandInfo(value="printf", shell=False, arguments=("printf", "%s-", "a b", "$HOME"))
    with host(CommandExecutor, tmp_path) as here:
        here.agent.launch(command_task(command=command))
        here.until(STARTING, RUNNING, FINISHED)
        assert (here.sandbox / "stdout").read_text() == "a b-$HOME-"


def test_a_program_that_is_not_there_fails_the_task_with_words(tmp_path: Path) -> None:
    with host(CommandExecutor, tmp_path) as here:
        here.agent.launch(command_task(command=CommandInfo(value="no-such-program", shell=False)))
        here.until(STARTING, FAILED)
        assert here.books.statuses()[-1].message == "program 'no-such-program': No such file or directory"


def test_a_task_that_ignores_sigterm_is_killed_with_its_children(tmp_path: Path) -> None:
    command = CommandInfo(value="trap '' TERM; (sleep 600 & wait) & echo up; while :; do sleep 600; done")
    with host(CommandExecutor, tmp_path) as here:
        here.agent.launch(command_task(command=command))
        wait(lambda: (here.sandbox / "stdout").exists() and (here.sandbox / "stdout").read_text())
        here.until(STARTING, RUNNING)
        here.agent.kill("task-1", policy(0.2))
        here.until(STARTING, RUNNING, KILLED)
        assert here.books.statuses()[-1].message == "Command terminated with signal Killed"


def test_a_health_check_kills_a_task_whose_file_is_gone(tmp_path: Path) -> None:
    health = HealthCheck(
        type=HealthCheck.Type.COMMAND,
        command=CommandInfo(value="test -e up"),
        delay_seconds=0.05,
        interval_seconds=0.05,
        grace_period_seconds=0.0,
        consecutive_failures=2,
    )
    with host(CommandExecutor, tmp_path) as here:
        (here.sandbox / "up").touch()
        here.agent.launch(command_task(command=CommandInfo(value="sleep 600"), health=health))
        here.until(STARTING, RUNNING, RUNNING)
        assert here.books.statuses()[-1].healthy is True
        (here.sandbox / "up").unlink()
        here.until(STARTING, RUNNING, RUNNING, RUNNING, RUNNING, KILLED)
        assert [status.healthy for status in here.books.statuses()[-3:]] == [False, False, False]


def test_tasks_of_a_group_run_side_by_side_in_nested_sandboxes_and_end_together(tmp_path: Path) -> None:
    check = CheckInfo(type=CheckInfo.Type.TCP, tcp=CheckInfo.Tcp(port=1), delay_seconds=0.05)
    one = command_task("one", CommandInfo(value="echo one; sleep 600"), check=check)
    two = command_task("two", CommandInfo(value="while ! test -e end; do sleep 0.02; done; exit 1"))
    with host(DefaultExecutor, tmp_path) as here:
        here.agent.tell(LaunchTaskGroup(TaskGroupInfo(tasks=(one, two))))
        wait(lambda: len(here.books.states("one")) == 3)
        refused = here.books.statuses("one")[2].check_status
        assert refused is not None and refused.tcp is not None and refused.tcp.succeeded is False
        assert (here.sandbox / "tasks" / "one" / "stdout").read_text() == "one\n"
        (here.sandbox / "tasks" / "two" / "end").touch()
        here.until(STARTING, RUNNING, FAILED, task_id="two")
        here.until(STARTING, RUNNING, RUNNING, KILLED, task_id="one")
        here.gone()

"""A framework's own executor as a child process, and an agent that starts it, dies and comes back."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from actors.cli.pion import main
from actors.executor.settings import AGENT_PID
from actors.pykka_system import PykkaSystem
from tests.actors.executor.agents import Books, FakeAgent, framework
from tests.transport.routers import DEADLINE_SECONDS, wait
from transport.messages.executing import ShutdownNow
from transport.messages.scheduling import FrameworkMessage
from transport.pid import Address
from transport.records.ids import AgentID, TaskID
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState
from transport.secret import Secret, read_secret

ROOT = Path(__file__).parents[2]
PROGRAM = "tests.integration.custom_executor"


class Host:
    """A node with an agent, which can be started again at the same address."""

    def __init__(self, secret: Secret | None = None) -> None:
        self.books = Books()
        self.port = 0
        self.secret = secret
        self.start()

    def start(self) -> None:
        self.agent = FakeAgent(framework(), self.books)
        self.system = PykkaSystem(bind=Address("127.0.0.1", self.port), secret=self.secret)
        self.system.start()
        self.port = self.system.address.port
        self.system.spawn(lambda: self.agent, "agent")

    def stop(self) -> None:
        self.system.stop()

    def environment(self, **values: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "MESOS_FRAMEWORK_ID": "framework-1",
            "MESOS_EXECUTOR_ID": "executor-1",
            "MESOS_DIRECTORY": str(ROOT),
            "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD": "5secs",
            AGENT_PID: str(self.system.pid_of("agent")),
            **values,
        }

    @contextlib.contextmanager
    def executor(self, *command: str, **values: str) -> Iterator[subprocess.Popen[str]]:
        arguments = [sys.executable, "-m", *(command or (PROGRAM,))]
        with subprocess.Popen(
            arguments, cwd=ROOT, env=self.environment(**values), stderr=subprocess.PIPE, text=True
        ) as child:
            try:
                yield child
            finally:
                child.kill()


@contextlib.contextmanager
def host(secret: Secret | None = None) -> Iterator[Host]:
    here = Host(secret)
    try:
        yield here
    finally:
        here.stop()


def task(task_id: str, data: bytes = b"run") -> TaskInfo:
    return TaskInfo(name="t", task_id=TaskID(value=task_id), agent_id=AgentID(value="agent-1"), data=data)


def test_a_child_process_runs_tasks_and_ends_with_status_0_when_told_to() -> None:
    with host() as here, here.executor() as child:
        here.books.tasks += [task("one"), task("two")]
        wait(lambda: len(here.books.updates) == 4)
        assert here.books.states("one") == here.books.states("two")
        assert here.books.states("one") == [TaskState.TASK_RUNNING, TaskState.TASK_FINISHED]
        here.agent.tell(ShutdownNow())
        assert child.wait(DEADLINE_SECONDS) == 0


def test_an_executor_named_by_its_class_needs_no_program() -> None:
    with host() as here, here.executor("actors.executor.driver", f"{PROGRAM}:Clerk") as child:
        wait(lambda: here.agent.executor)
        here.agent.tell(FrameworkMessage("framework-1", "agent-1", "executor-1", b"echo"))
        wait(lambda: here.books.messages)
        assert [message.data for message in here.books.messages] == [b"ECHO"]
        here.agent.tell(ShutdownNow())
        assert child.wait(DEADLINE_SECONDS) == 0


def test_a_crash_of_the_executor_is_its_exit_status() -> None:
    with host() as here, here.executor() as child:
        wait(lambda: here.agent.executor)
        here.agent.tell(FrameworkMessage("framework-1", "agent-1", "executor-1", b"crash"))
        _, errors = child.communicate(timeout=DEADLINE_SECONDS)
        assert child.returncode == 1
        assert "told to crash" in errors


def test_a_checkpointing_executor_outlives_its_agent_and_tells_the_next_what_is_not_acknowledged() -> None:
    with host() as here, here.executor(MESOS_CHECKPOINT="1", MESOS_RECOVERY_TIMEOUT="60secs") as child:
        here.books.acknowledges = False
        here.books.tasks.append(task("one", b"stay"))
        wait(lambda: here.books.states("one") == [TaskState.TASK_RUNNING])
        here.stop()
        here.books.acknowledges = True
        here.start()
        wait(lambda: here.agent.executor)
        assert here.books.subscriptions[-1].unacknowledged_tasks == (task("one", b"stay"),)
        wait(lambda: here.books.states("one") == [TaskState.TASK_RUNNING])
        here.agent.kill("one")
        wait(lambda: here.books.states("one")[1:] == [TaskState.TASK_KILLED])
        assert child.poll() is None


def test_one_that_does_not_checkpoint_ends_with_its_agent() -> None:
    with host() as here, here.executor() as child:
        wait(lambda: here.agent.executor)
        here.stop()
        assert child.wait(DEADLINE_SECONDS) == 0


def test_an_agent_with_a_secret_talks_to_executors_that_have_it(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    assert main(("secret", f"--output={path}")) == 0
    with host(read_secret(path)) as here, here.executor(PION_SECRET_FILE=str(path)) as child:
        here.books.tasks.append(task("one"))
        wait(lambda: len(here.books.updates) == 2)
        here.agent.tell(ShutdownNow())
        assert child.wait(DEADLINE_SECONDS) == 0


def test_what_is_missing_in_the_environment_is_said() -> None:
    with host() as here, here.executor(MESOS_FRAMEWORK_ID="") as child:
        _, errors = child.communicate(timeout=DEADLINE_SECONDS)
        assert child.returncode == 1
        assert "MESOS_FRAMEWORK_ID: must be in the environment of an executor" in errors

"""An executor node as an agent runs it: a process of its own, which is killed, replaced and told to end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from actors.executor import whereabouts
from actors.executor.child_node import ChildNode
from actors.executor.keeper import KEEPER, Keeper
from actors.pykka_system import PykkaSystem
from actors.simulation import Probe
from containerizers import groups
from containerizers.census import Census
from containerizers.paths import RuntimePaths
from containerizers.stamp import Stamp
from transport.messages.executing import (
    ExecutorSubscribed,
    ExecutorUpdate,
    KillExecutorTask,
    LaunchTask,
    SubscribeExecutor,
    UpdateAcknowledged,
)
from transport.messages.hosting import (
    DestroyExecutor,
    ExecutorEnded,
    ExecutorLaunched,
    ExecutorNodeFound,
    ExecutorsRecovered,
    FindExecutorNode,
    ForgetExecutor,
    LaunchExecutor,
    RecoverExecutors,
)
from transport.messages.node import NodeStopping, StopNode
from transport.pid import Address, Pid
from transport.records.agent import AgentInfo
from transport.records.command import CommandInfo
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, ExecutorID, FrameworkID, TaskID
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState

DEADLINE_SECONDS = 60.0
ROOT = Path(__file__).parents[2]
FRAMEWORK = FrameworkInfo(user="u", name="f", id=FrameworkID(value="f-1"), checkpoint=True)
EXECUTOR = ExecutorInfo(executor_id=ExecutorID(value="e-1"), type=ExecutorInfo.Type.CUSTOM)
UNKNOWN = "Command's exit status is not known"

M = TypeVar("M")


def wait_until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"still not so: {what}"
        time.sleep(0.01)


class Agent:
    """A node with an agent in the hand of the test, and the keeper of its executor node."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self.folder = folder
        self.runtime_dir = folder / "runtime"
        self.node = ChildNode(self.runtime_dir, ["--ip=127.0.0.1", *flags])
        self.system = PykkaSystem(bind=Address("127.0.0.1", 0))
        self.system.start()
        self.probe = Probe()
        self.system.spawn(lambda: Keeper(self.node), KEEPER)
        self.system.spawn(lambda: self.probe, "agent")

    def find(self) -> None:
        self.probe.send(self.system.pid_of(KEEPER), FindExecutorNode())
        self.found()

    def found(self) -> None:
        self.executors = self.hear(ExecutorNodeFound)[1].executors

    def tell(self, message: object) -> None:
        self.probe.send(self.executors, message)

    def hear(self, kind: type[M], matches: Callable[[M], bool] = lambda _: True) -> tuple[Pid, M]:
        """Wait for a message of that kind, which is then forgotten with those before it; who sent it."""
        found: list[tuple[int, Pid, M]] = []

        def look() -> bool:
            received = list(zip(self.probe.senders, self.probe.received, strict=False))
            found.extend(
                (index, sender, one)
                for index, (sender, one) in enumerate(received)
                if isinstance(one, kind) and matches(one)
            )
            return bool(found)

        wait_until(look, f"a {kind.__name__}; there are {self.probe.received}")
        index, sender, message = found[0]
        del self.probe.received[: index + 1], self.probe.senders[: index + 1]
        return sender, message

    def launch(self, container_id: str, *, command: str | None = None) -> None:
        """Launch an executor: the one of a command task, or a program."""
        sandbox = self.folder / container_id
        sandbox.mkdir()
        executor = EXECUTOR
        if command is not None:
            executor = ExecutorInfo(executor_id=EXECUTOR.executor_id, command=CommandInfo(value=command))
        self.tell(
            LaunchExecutor(container_id, FRAMEWORK, executor, str(sandbox), {}, generated=command is None)
        )

    def let_in(self) -> Pid:
        """Let an executor that subscribes in; returns it."""
        executor, _ = self.hear(SubscribeExecutor)
        info = AgentInfo(hostname="h", id=AgentID(value="agent-1"))
        self.probe.send(executor, ExecutorSubscribed(EXECUTOR, FRAMEWORK, info, "c"))
        return executor

    def update(self) -> tuple[TaskState | None, str | None]:
        """Acknowledge the next update; returns its state and its message."""
        executor, message = self.hear(ExecutorUpdate)
        status = message.status
        assert status.uuid is not None
        self.probe.send(executor, UpdateAcknowledged(status.task_id.value, status.uuid))
        return status.state, status.message

    @property
    def node_stamp(self) -> Stamp:
        """The process of the executor node."""
        found = Stamp.of(int(whereabouts_process(self.runtime_dir)))
        assert found is not None
        return found

    def first_process(self, container_id: str) -> Stamp:
        path = RuntimePaths(self.runtime_dir).pid(container_id)
        wait_until(lambda: path.exists() and Stamp.parse(path.read_text()), f"{path} is written")
        stamp = Stamp.parse(path.read_text())
        assert stamp is not None
        return stamp

    def end(self) -> None:
        """End everything: the executor node too, with its containers."""
        self.system.terminate(self.system.pid_of(KEEPER))
        running = whereabouts.read(self.runtime_dir)
        if running is not None:
            stamp = self.node_stamp
            os.kill(stamp.process, signal.SIGTERM)
            wait_until(lambda: not stamp.runs, "the executor node ends")
        wait_until(lambda: not self.node.starting(), "the executor node is reaped")
        self.system.stop()


def whereabouts_process(runtime_dir: Path) -> str:
    text = (runtime_dir / "executor_node.json").read_text()
    return text.partition('"process":')[2].partition(",")[0]


def task(task_id: str, command: str) -> TaskInfo:
    return TaskInfo(
        name=task_id,
        task_id=TaskID(value=task_id),
        agent_id=AgentID(value="agent-1"),
        command=CommandInfo(value=command),
    )


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agent]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    made = Agent(tmp_path)
    try:
        yield made
    finally:
        made.end()


def test_a_command_runs_from_its_launch_to_its_end(agent: Agent) -> None:
    agent.find()
    agent.launch("c-1")
    agent.hear(ExecutorLaunched)
    executor = agent.let_in()
    agent.probe.send(executor, LaunchTask(task("t-1", "echo hello; exit 3")))
    assert agent.update()[0] is TaskState.TASK_STARTING
    assert agent.update()[0] is TaskState.TASK_RUNNING
    assert agent.update() == (TaskState.TASK_FAILED, "Command exited with status 3")
    _, ended = agent.hear(ExecutorEnded)
    assert ended.ending.container_id == "c-1"
    agent.tell(ForgetExecutor("c-1"))
    assert (agent.folder / "c-1/stdout").read_text() == "hello\n"
    wait_until(lambda: RuntimePaths(agent.runtime_dir).containers() == (), "nothing is left")
    wait_until(lambda: b"c-1" in (agent.runtime_dir / "executors.log").read_bytes(), "it is remembered")


def test_an_executor_that_is_a_program_runs_and_ends(agent: Agent) -> None:
    agent.find()
    agent.launch("c-1", command="echo out; echo err >&2; exit 4")
    _, launched = agent.hear(ExecutorLaunched)
    assert launched.process is not None
    _, ended = agent.hear(ExecutorEnded)
    assert ended.ending.status == 4 << 8
    assert (agent.folder / "c-1/stdout").read_text() == "out\n"
    assert (agent.folder / "c-1/stderr").read_text() == "err\n"


def test_tasks_outlive_the_node_and_obey_the_next_one(agent: Agent) -> None:
    agent.find()
    for container_id in ("c-1", "c-2"):
        agent.launch(container_id)
        executor = agent.let_in()
        agent.probe.send(executor, LaunchTask(task(f"t-{container_id}", "exec sleep 1000")))
        assert agent.update()[0] is TaskState.TASK_STARTING
        assert agent.update()[0] is TaskState.TASK_RUNNING
    agent.launch("c-3", command="sleep 1000")
    agent.hear(ExecutorLaunched, lambda one: one.process is not None)
    first, second, third = (agent.first_process(f"c-{number}") for number in (1, 2, 3))

    killed = agent.node_stamp
    os.kill(killed.process, signal.SIGKILL)
    # One task ends while nobody looks.
    os.kill(second.process, signal.SIGKILL)
    agent.found()
    assert agent.node_stamp != killed
    assert first.runs
    assert third.runs
    agent.tell(RecoverExecutors(("c-1", "c-2", "c-3")))
    _, recovered = agent.hear(ExecutorsRecovered)
    assert set(recovered.running) == {"c-1", "c-2", "c-3"}
    executors = {executor.name: executor for executor in (agent.let_in(), agent.let_in())}
    assert set(executors) == {pid.name for pid in recovered.running.values() if pid is not None}
    told = {agent.update(), agent.update()}
    assert told == {(TaskState.TASK_RUNNING, None), (TaskState.TASK_FAILED, UNKNOWN)}

    agent.probe.send(executors["executor-c-1"], KillExecutorTask("t-c-1"))
    assert agent.update() == (TaskState.TASK_KILLED, UNKNOWN)
    wait_until(lambda: not first.runs, "the task is gone")
    agent.tell(DestroyExecutor("c-3"))
    agent.hear(ExecutorEnded, lambda one: one.ending.container_id == "c-3")
    wait_until(lambda: not third.runs, "the program is gone")


def test_whenever_the_node_is_killed_the_next_one_finds_all_that_it_left(agent: Agent) -> None:
    census = Census(str(agent.runtime_dir.resolve()))

    def running() -> int:
        """How many containers have something that runs."""
        return sum(any(map(groups.runs, processes)) for processes in census.take({}).values())

    agent.find()
    for launched, least in ((3, 0), (10, 4)):
        for number in range(launched):
            agent.launch(f"c-{launched}-{number}", command="setsid sleep 1000 & sleep 1000")
        wait_until(partial(lambda least: running() >= least, least), f"{least} run")
        os.kill(agent.node_stamp.process, signal.SIGKILL)
        agent.found()
        # An agent that forgot them all wants to see none of them again.
        agent.tell(RecoverExecutors(()))
        agent.hear(ExecutorsRecovered)
        wait_until(lambda: not running(), "they are gone")


def test_a_node_that_is_told_to_stop_ends_with_all_that_runs_on_it(agent: Agent) -> None:
    agent.find()
    agent.launch("c-1", command="setsid sleep 1000 & sleep 1000")
    agent.hear(ExecutorLaunched)
    first, node = agent.first_process("c-1"), agent.node_stamp
    agent.system.terminate(agent.system.pid_of(KEEPER))
    agent.probe.send(Pid("node", *agent.executors.address), StopNode())
    agent.hear(NodeStopping)
    wait_until(lambda: not node.runs, "the node has ended")
    wait_until(lambda: not first.runs, "so has what ran on it")


def test_a_second_node_on_the_same_folder_refuses_to_start(agent: Agent) -> None:
    agent.find()
    before = (agent.runtime_dir / "executor_node.json").read_text()
    second = ChildNode(agent.runtime_dir, ["--ip=127.0.0.1"])
    second.start()
    wait_until(lambda: not second.starting(), "it ends")
    log = (agent.runtime_dir / "executor_node.log").read_text()
    assert "is in use by another process" in log
    assert (agent.runtime_dir / "executor_node.json").read_text() == before


def test_another_keeper_finds_the_node_that_lives(agent: Agent) -> None:
    agent.find()
    later = ChildNode(agent.runtime_dir, [])
    assert later.find() == agent.executors
    assert not later.starting()


def test_a_node_that_no_agent_comes_back_to_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    agent = Agent(tmp_path, "--recovery_timeout=100ms")
    try:
        agent.node.start()
        wait_until(lambda: "no agent came back" in _log(agent), "it gives up")
        wait_until(lambda: not agent.node.starting(), "it ends")
        assert agent.node.find() is None
    finally:
        agent.end()


def test_a_node_that_is_starting_can_be_given_up(agent: Agent) -> None:
    agent.node.start()
    assert agent.node.starting()
    agent.node.give_up()
    wait_until(lambda: not agent.node.starting(), "it ends")
    agent.node.give_up()


def test_a_log_that_has_grown_long_is_put_aside(agent: Agent) -> None:
    log = agent.runtime_dir / "executor_node.log"
    agent.runtime_dir.mkdir()
    with log.open("wb") as file:
        file.truncate(17 * 2**20)
    agent.find()
    assert log.stat().st_size < 2**20
    assert (agent.runtime_dir / "executor_node.log.1").stat().st_size == 17 * 2**20


def test_an_idle_node_is_small(agent: Agent) -> None:
    agent.find()
    agent.launch("c-1")
    agent.hear(ExecutorLaunched)
    statm = Path(f"/proc/{agent.node_stamp.process}/statm").read_text()
    assert int(statm.split()[1]) * os.sysconf("SC_PAGE_SIZE") < 60 * 2**20


def _log(agent: Agent) -> str:
    path = agent.runtime_dir / "executor_node.log"
    return path.read_text() if path.exists() else ""

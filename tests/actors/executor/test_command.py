from __future__ import annotations

from actors.executor.command import CommandExecutor
from actors.simulation import SimulatedNode, Simulation
from tests.actors.executor.agents import Books, FakeAgent, framework
from tests.actors.executor.containers import ScriptedContainerizer
from transport.messages.hosting import LaunchExecutor
from transport.records.check import KillPolicy
from transport.records.command import CommandInfo
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, ExecutorID, TaskID
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState, TaskStatus
from transport.records.time_info import DurationInfo

STARTING, RUNNING, KILLING = TaskState.TASK_STARTING, TaskState.TASK_RUNNING, TaskState.TASK_KILLING
FINISHED, FAILED, KILLED = TaskState.TASK_FINISHED, TaskState.TASK_FAILED, TaskState.TASK_KILLED


class Host:
    """An agent's host: the agent's node, and the executor node with one command executor."""

    def __init__(
        self,
        seed: int = 1,
        framework_info: FrameworkInfo | None = None,
        environment: dict[str, str] | None = None,
        *,
        holds: bool = False,
        obeys: bool = True,
    ) -> None:
        self.framework = framework_info or framework()
        self.books = Books()
        self.containers = ScriptedContainerizer(holds=holds, obeys=obeys)
        self.sim = Simulation(seed)
        self.agent_node = self.sim.node("agent", self._boot_agent)
        self.node = self.sim.node("host")
        self.node.spawn(lambda: self.containers, "containerizer")
        launch = LaunchExecutor(
            "container-1",
            self.framework,
            ExecutorInfo(executor_id=ExecutorID(value="task-1")),
            "/sandbox",
            environment or {"MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD": "5secs"},
            generated=True,
        )
        pid = self.agent_node.pid_of("agent")
        containerizer = self.node.pid_of("containerizer")
        self.node.spawn(lambda: CommandExecutor(launch, pid, containerizer), "executor")

    def _boot_agent(self, node: SimulatedNode) -> None:
        node.spawn(lambda: FakeAgent(self.framework, self.books), "agent")

    @property
    def agent(self) -> FakeAgent:
        return self.agent_node.process("agent", FakeAgent)

    @property
    def lives(self) -> bool:
        return any(actor.pid.name == "executor" for actor in self.node.actors())

    def launch(self, task: TaskInfo | None = None) -> None:
        self.sim.run_until(lambda: self.agent.executor)
        self.agent.launch(task or command_task())

    def until(self, *states: TaskState) -> None:
        self.sim.run_until(lambda: self.books.states() == list(states))

    @property
    def last(self) -> TaskStatus:
        return self.books.statuses()[-1]


def command_task(task_id: str = "task-1", value: str = "true", grace: float | None = None) -> TaskInfo:
    policy = None if grace is None else KillPolicy(grace_period=DurationInfo(nanoseconds=int(grace * 1e9)))
    return TaskInfo(
        name="a task",
        task_id=TaskID(value=task_id),
        agent_id=AgentID(value="agent-1"),
        command=CommandInfo(value=value),
        kill_policy=policy,
    )


def test_a_command_that_exits_with_0_is_finished_and_its_executor_ends() -> None:
    host = Host()
    host.launch()
    host.until(STARTING, RUNNING)
    host.containers.end("container-1", 0)
    host.until(STARTING, RUNNING, FINISHED)
    assert host.last.message == "Command exited with status 0"
    host.sim.run_until(lambda: not host.lives)
    host.sim.run_until(lambda: host.agent.gone)
    assert host.sim.crashes == ()


def test_another_status_or_a_signal_is_a_failure() -> None:
    for status, message in (
        (3 << 8, "Command exited with status 3"),
        (11, "Command terminated with signal Segmentation fault"),
    ):
        host = Host()
        host.launch()
        host.until(STARTING, RUNNING)
        host.containers.end("container-1", status)
        host.until(STARTING, RUNNING, FAILED)
        assert host.last.message == message

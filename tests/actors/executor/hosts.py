"""A simulated host with an executor of its own: the agent's node, and the executor's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from actors.executor.checks.prober import PROBER, Prober
from actors.executor.command import CommandExecutor
from actors.executor.executor import Executor
from actors.executor.host import EXECUTORS
from actors.executor.sandboxes import SANDBOXES, NestedSandboxes
from actors.process import Process, handles
from actors.simulation import SimulatedNode, Simulation
from tests.actors.executor.agents import Books, FakeAgent, framework
from tests.actors.executor.containers import ScriptedContainerizer, ScriptedProbes
from transport.messages.hosting import KeepTask, LaunchExecutor, TaskKept
from transport.pid import Pid
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import ExecutorID
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState, TaskStatus

CONTAINER = "container-1"


class TaskKeeper(Process):
    """What a command executor needs of its host; the test says what it cannot do."""

    def __init__(self, kept: list[KeepTask]) -> None:
        self.kept = kept
        #: Whether it answers, and the error that it gives, if any.
        self.answers = True
        self.error = ""

    @handles(KeepTask)
    def keep(self, sender: Pid, message: KeepTask) -> None:
        self.kept.append(message)
        if self.answers:
            self.send(sender, TaskKept(self.error, message.killed))


class Host:
    """One executor, its agent, and what the executor uses, in the hand of a test."""

    def __init__(
        self,
        make: Callable[[LaunchExecutor, Pid, Pid], Executor] = CommandExecutor,
        *,
        seed: int = 1,
        framework_info: FrameworkInfo | None = None,
        environment: dict[str, str] | None = None,
        user: str | None = None,
        containers: ScriptedContainerizer | None = None,
        trace: bool = False,
    ) -> None:
        self.framework = framework_info or framework()
        self.books = Books()
        self.containers = containers or ScriptedContainerizer()
        self.probes = ScriptedProbes()
        #: What nested sandboxes were asked for, and the error that is given instead, if any.
        self.sandboxes: list[tuple[str, str, str, str | None]] = []
        #: By task id, what its sandbox shares with that of the executor.
        self.shared: dict[str, Mapping[str, str]] = {}
        self.sandbox_error: str | None = None
        #: What was asked to be kept.
        self.kept: list[KeepTask] = []
        self.sim = Simulation(seed)
        self.agent_node = self.sim.node("agent", self._boot_agent)
        self.node = self.sim.node("host")
        self.node.spawn(lambda: self.containers, "containerizer")
        self.node.spawn(lambda: TaskKeeper(self.kept), EXECUTORS)
        self.node.spawn(lambda: Prober(lambda: self.probes), PROBER)
        self.node.spawn(lambda: NestedSandboxes(self._make_sandbox, lambda _sandbox, _name: None), SANDBOXES)
        launch = LaunchExecutor(
            CONTAINER,
            self.framework,
            ExecutorInfo(executor_id=ExecutorID(value="executor-1")),
            "/sandbox",
            environment or {},
            user=user,
        )
        agent, containerizer = self.agent_node.pid_of("agent"), self.node.pid_of("containerizer")
        self.node.spawn(lambda: make(launch, agent, containerizer), "executor")

    def _boot_agent(self, node: SimulatedNode) -> None:
        node.spawn(lambda: FakeAgent(self.framework, self.books), "agent")

    def _make_sandbox(
        self, sandbox: str, name: str, task_id: str | None, user: str | None, shared: Mapping[str, str]
    ) -> None:
        if self.sandbox_error is not None:
            raise OSError(self.sandbox_error)
        assert task_id is not None
        self.shared[task_id] = shared
        self.sandboxes.append((sandbox, name, task_id, user))

    @property
    def agent(self) -> FakeAgent:
        """The agent of now."""
        return self.agent_node.process("agent", FakeAgent)

    @property
    def lives(self) -> bool:
        """Whether the executor does."""
        return any(actor.pid.name == "executor" for actor in self.node.actors())

    def launch(self, *tasks: TaskInfo) -> None:
        """Have the agent launch tasks, as soon as the executor subscribed."""
        self.subscribed()
        for task in tasks:
            self.agent.launch(task)

    def subscribed(self) -> None:
        """Wait until the executor has subscribed with the present agent."""
        self.sim.run_until(lambda: self.agent.executor)

    def until(self, *states: TaskState, task_id: str | None = None) -> None:
        """Wait until these are the updates that the agent got of a task, or of all."""
        self.sim.run_until(lambda: self.books.states(task_id) == list(states))

    def ended(self) -> None:
        """Wait until the executor has ended, without any actor's crash."""
        self.sim.run_until(lambda: not self.lives)
        assert self.sim.crashes == ()

    @property
    def last(self) -> TaskStatus:
        """The newest update."""
        return self.books.statuses()[-1]

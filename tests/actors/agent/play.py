"""A cluster of one agent that plays itself: a master and executors that do what is due of them."""

from __future__ import annotations

from actors.executor.executor import Executor
from actors.executor.settings import ExecutorSettings
from actors.process import Process, handles
from tests.actors.agent.stage import (
    AGENT_ID,
    FRAMEWORK_ID,
    PING_TIMEOUT_SECONDS,
    ExecutorsDouble,
    Stage,
    framework,
    task,
)
from transport.messages import hosting
from transport.messages.launching import AcknowledgeUpdate, RunTask, StatusUpdate
from transport.messages.membership import (
    AgentReconciliation,
    AgentRegistered,
    AgentReregistered,
    RegisterAgent,
    ReregisterAgent,
)
from transport.pid import Pid
from transport.records.ids import TaskID
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState, TaskStatus

_ENDS = ("FINISHED", "FAILED", "LOST", "GONE", "DROPPED")


class Quick(Executor):
    """Runs one task for a moment."""

    #: How often each task was run, by any of them.
    runs: dict[str, int]
    _used = False

    def launch_task(self, task: TaskInfo) -> None:
        task_id = task.task_id.value
        if self._used:
            return  # a launch that came twice, the second time after the task's end
        self._used = True
        self.runs[task_id] = self.runs.get(task_id, 0) + 1
        self.update(task_id, TaskState.TASK_RUNNING)
        self.delay(0.3, self._finish, task_id)

    def _finish(self, task_id: str) -> None:
        self.update(task_id, TaskState.TASK_FINISHED)
        self.stop()


class LivingExecutors(ExecutorsDouble):
    """Executors that live."""

    def __init__(self, runs: dict[str, int]) -> None:
        super().__init__()
        self._runs = runs
        self._actors: dict[Pid, str] = {}

    def initialize(self) -> None:
        self.every(1.0, self._tell_again)

    def _tell_again(self) -> None:
        for ending in self.ended.values():
            if self.agent is not None:
                self.send(self.agent, hosting.ExecutorEnded(ending))

    @handles(hosting.LaunchExecutor)
    def launch(self, sender: Pid, message: hosting.LaunchExecutor) -> None:
        if message.container_id in self.running or message.container_id in self.ended:
            return
        super().launch(sender, message)
        pid = self.spawn(lambda: self.make(message), f"executor-{message.container_id}")
        self._actors[pid] = message.container_id
        self.link(pid)

    def make(self, launch: hosting.LaunchExecutor) -> Process:
        """What is started."""
        executor = Quick(ExecutorSettings.read(launch.environment))
        executor.runs = self._runs
        return executor

    @handles(hosting.DestroyExecutor)
    def destroy(self, sender: Pid, message: hosting.DestroyExecutor) -> None:
        self.terminate(self._pid(message.container_id))
        super().destroy(sender, message)

    def exited(self, pid: Pid) -> None:
        container_id = self._actors.pop(pid, None)
        if container_id in self.running:
            self.end(container_id)

    def _pid(self, container_id: str) -> Pid:
        return Pid(f"executor-{container_id}", *self.pid.address)


class LivingMaster(Process):
    """A master with a scheduler in one: launches tasks once, acknowledges everything, notes their ends."""

    def __init__(self, tasks: int) -> None:
        self.waiting = [f"t{number}" for number in range(tasks)]
        self.live: dict[str, TaskState] = {}
        self.ends: dict[str, list[str]] = {}
        self.agent: Pid | None = None
        self._heard: set[bytes | None] = set()

    def initialize(self) -> None:
        self.every(0.5, self._launch)

    def exited(self, pid: Pid) -> None:
        if pid == self.agent:
            self.agent = None

    @handles(RegisterAgent)
    def register(self, sender: Pid, message: RegisterAgent) -> None:
        self._welcome(sender)
        self.send(sender, AgentRegistered(AGENT_ID, PING_TIMEOUT_SECONDS))

    @handles(ReregisterAgent)
    def reregister(self, sender: Pid, message: ReregisterAgent) -> None:
        self._welcome(sender)
        told = {one.task_id.value for one in message.tasks}
        unknown = tuple(
            TaskStatus(task_id=TaskID(value=task_id), state=state)
            for task_id, state in self.live.items()
            if task_id not in told
        )
        asked = (AgentReconciliation(framework_id=FRAMEWORK_ID, statuses=unknown, partition_aware=True),)
        self.send(sender, AgentReregistered(AGENT_ID, PING_TIMEOUT_SECONDS, asked if unknown else ()))

    def _welcome(self, agent: Pid) -> None:
        self.agent = agent
        self.link(agent)

    def _launch(self) -> None:
        if self.agent is not None and self.waiting:
            task_id = self.waiting.pop()
            self.live[task_id] = TaskState.TASK_STAGING
            self.send(self.agent, RunTask(framework(), self.info(task_id)))

    def info(self, task_id: str) -> TaskInfo:
        """A task to launch."""
        return task(task_id, "cpus:0.5;mem:64")

    @handles(StatusUpdate)
    def update(self, sender: Pid, message: StatusUpdate) -> None:
        status = message.status
        task_id = status.task_id.value
        state = status.state.name.removeprefix("TASK_")
        if state in _ENDS and task_id in self.live:
            del self.live[task_id]
            self.ends.setdefault(task_id, []).append(state)
        elif task_id in self.live:
            self.live[task_id] = status.state
        else:
            assert state in _ENDS or status.uuid in self._heard, f"{task_id} is {state} after its end"
        self._heard.add(status.uuid)
        if self.agent is not None and status.uuid is not None:
            self.send(self.agent, AcknowledgeUpdate(FRAMEWORK_ID, task_id, status.uuid))

    @property
    def done(self) -> bool:
        return not self.waiting and not self.live


class Play:
    """A cluster of one agent that plays itself."""

    master_type = LivingMaster

    def __init__(self, seed: int = 1, tasks: int = 1) -> None:
        self.runs: dict[str, int] = {}
        self.stage = Stage(seed, registered=False, executors=self.executors, restart_seconds=1.0)
        leader = self.stage.sim.node(
            "leader", lambda node: node.spawn(lambda: self.master_type(tasks), "master")
        )
        self.master = leader.process("master", LivingMaster)
        self.stage.leader = leader.pid_of("master")
        self.stage.crash()
        self.stage.restart()

    def executors(self) -> LivingExecutors:
        """What the executor node has."""
        return LivingExecutors(self.runs)

    def finish(self) -> None:
        """Everything comes to its end, and nothing is left."""
        self.stage.sim.run_until(lambda: self.master.done, timeout_seconds=300.0)
        self.stage.sim.run_until(self.forgotten, timeout_seconds=900.0)

    def forgotten(self) -> bool:
        stage = self.stage
        return stage.node.up and not stage.agent.books.frameworks and not stage.executors.ended

    def check(self) -> None:
        assert all(len(ends) == 1 for ends in self.master.ends.values()), self.master.ends
        assert all(count == 1 for count in self.runs.values()), self.runs
        finished = [name for name, ends in self.master.ends.items() if ends == ["FINISHED"]]
        assert all(name in self.runs for name in finished), (self.master.ends, self.runs)

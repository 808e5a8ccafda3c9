"""An agent in simulation, between a master, an executor node and executors that a test plays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from actors.agent.agent import Agent
from actors.agent.archive import Archivist
from actors.agent.flags import AgentFlags
from actors.agent.imaginary import ImaginarySandboxes
from actors.agent.updates import Updates
from actors.process import Process, handles
from actors.simulation import Probe, SimulatedNode, Simulation
from transport.messages import executing, hosting, launching
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.messages.membership import (
    AgentRegistered,
    AgentReregistered,
    DrainAgent,
    PingAgent,
    RegisterAgent,
    ReregisterAgent,
)
from transport.pid import Pid
from transport.records.agent import AgentInfo, DrainConfig
from transport.records.command import CommandInfo
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, ExecutorID, FrameworkID, TaskID
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.task import TaskGroupInfo, TaskInfo
from transport.records.task_status import TaskState, TaskStatus
from transport.records.time_info import DurationInfo

AGENT_ID = "m1-S0"
FRAMEWORK_ID = "m1-0000"
TOTAL = "cpus:4;mem:4096;disk:1024;ports:[31000-31999]"
PING_TIMEOUT_SECONDS = 75.0

M = TypeVar("M")
_Type = FrameworkInfo.Capability.Type


def flags(**others: object) -> AgentFlags:
    return AgentFlags(master="master:5050", work_dir=Path("work"), **others)  # type: ignore[arg-type]


def agent_info(resources: str = TOTAL, **others: object) -> AgentInfo:
    return AgentInfo(hostname="host", resources=tuple(Resources.parse(resources)), **others)  # type: ignore[arg-type]


def framework(
    *, aware: bool = True, checkpoint: bool = True, user: str = "root", **others: object
) -> FrameworkInfo:
    capabilities = (FrameworkInfo.Capability(type=_Type.PARTITION_AWARE),) if aware else ()
    return FrameworkInfo(
        user=user,
        name="shop",
        id=FrameworkID(value=FRAMEWORK_ID),
        checkpoint=checkpoint,
        capabilities=capabilities,
        **others,  # type: ignore[arg-type]
    )


def resources(text: str) -> tuple[Resource, ...]:
    return tuple(Resources.parse(text).allocate("*"))


def task(task_id: str = "t1", needs: str = "cpus:1;mem:64", **others: object) -> TaskInfo:
    """A command task, unless an executor is given."""
    if "executor" not in others:
        others.setdefault("command", CommandInfo(value="sleep 1000"))
    return TaskInfo(
        name=f"task {task_id}",
        task_id=TaskID(value=task_id),
        agent_id=AgentID(value=AGENT_ID),
        resources=resources(needs),
        **others,  # type: ignore[arg-type]
    )


def custom(executor_id: str = "e1", needs: str = "cpus:0.5;mem:32", **others: object) -> ExecutorInfo:
    others.setdefault("command", CommandInfo(value="./run"))
    return ExecutorInfo(
        type=ExecutorInfo.Type.CUSTOM,
        executor_id=ExecutorID(value=executor_id),
        framework_id=FrameworkID(value=FRAMEWORK_ID),
        resources=resources(needs),
        **others,  # type: ignore[arg-type]
    )


def default(executor_id: str = "group") -> ExecutorInfo:
    return ExecutorInfo(
        type=ExecutorInfo.Type.DEFAULT,
        executor_id=ExecutorID(value=executor_id),
        framework_id=FrameworkID(value=FRAMEWORK_ID),
        resources=resources("cpus:0.1;mem:32"),
    )


class ExecutorsDouble(Process):
    """The actor `executors`, which starts nothing; a test says how containers end."""

    def __init__(self) -> None:
        self.agent: Pid | None = None
        self.running: dict[str, hosting.LaunchExecutor] = {}
        self.ended: dict[str, hosting.ExecutorEnding] = {}
        #: Every launch, by container id, also after its end.
        self.launched: list[hosting.LaunchExecutor] = []
        #: What executors may use, by container id.
        self.bounds: dict[str, str] = {}
        self.destroyed: list[str] = []
        self.forgotten: list[str] = []
        #: Whether it takes longer than any test to start something.
        self.slow = False

    @handles(hosting.LaunchExecutor)
    def launch(self, sender: Pid, message: hosting.LaunchExecutor) -> None:
        self.agent = sender
        self.launched.append(message)
        self.running[message.container_id] = message
        if not self.slow:
            self.send(sender, hosting.ExecutorLaunched(message.container_id))

    @handles(hosting.UpdateExecutor)
    def update(self, sender: Pid, message: hosting.UpdateExecutor) -> None:
        self.bounds[message.container_id] = str(Resources(message.resources).unallocate())

    @handles(hosting.DestroyExecutor)
    def destroy(self, sender: Pid, message: hosting.DestroyExecutor) -> None:
        self.destroyed.append(message.container_id)
        self.end(message.container_id, 9)

    @handles(hosting.ForgetExecutor)
    def forget(self, sender: Pid, message: hosting.ForgetExecutor) -> None:
        self.forgotten.append(message.container_id)
        self.ended.pop(message.container_id, None)

    @handles(hosting.RecoverExecutors)
    def recover(self, sender: Pid, message: hosting.RecoverExecutors) -> None:
        self.agent = sender
        for container_id in list(self.running):
            if container_id not in message.known:
                del self.running[container_id]
                self.destroyed.append(container_id)
        running: dict[str, Pid | None] = dict.fromkeys(self.running)
        processes = dict.fromkeys(self.running, 4712)
        self.send(sender, hosting.ExecutorsRecovered(running, tuple(self.ended.values()), processes))

    def end(self, container_id: str, status: int | None = 0, **others: object) -> None:
        """The container ends."""
        self.running.pop(container_id, None)
        ending = hosting.ExecutorEnding(container_id=container_id, status=status, **others)  # type: ignore[arg-type]
        self.ended[container_id] = ending
        if self.agent is not None:
            self.send(self.agent, hosting.ExecutorEnded(ending))


class _Keeper(Process):
    """Knows where the executor node is."""

    def __init__(self, executors: Pid) -> None:
        self._executors = executors

    @handles(hosting.FindExecutorNode)
    def find(self, sender: Pid, message: hosting.FindExecutorNode) -> None:
        self.send(sender, hosting.ExecutorNodeFound(self._executors))


class _Detector(Probe):
    """Names the leader, if it is given one, or has the test do so."""

    def __init__(self, leader: Pid | None) -> None:
        super().__init__()
        self._leader = leader

    def unhandled(self, sender: Pid, message: object) -> None:
        super().unhandled(sender, message)
        if self._leader is not None:
            self.send(sender, LeaderDetected(self._leader, 1))


class Stage:
    """One agent with its real archive and streams; the test is everybody else."""

    def __init__(
        self,
        seed: int = 1,
        *,
        info: AgentInfo | None = None,
        boot_id: str = "boot-1",
        registered: bool = True,
        executors: Callable[[], ExecutorsDouble] | None = None,
        restart_seconds: float | None = None,
        **others: object,
    ) -> None:
        """`executors` makes another double; an agent that dies comes back after `restart_seconds`."""
        self.sim = Simulation(seed)
        self.info = info or agent_info()
        self.boot_id = boot_id
        self.flags = flags(**others)
        self.epoch = 1
        self.master_node = self.sim.node("master")
        self.master = self.master_node.probe("master")
        self.hosts = self.sim.node(
            "hosts", lambda node: node.spawn(executors or ExecutorsDouble, "executors")
        )
        self.detector = _Detector(None)
        self.garbage = Probe()
        #: Whom the detector names by itself.
        self.leader: Pid | None = None
        self.node = self.sim.node("agent", self._boot, restart_seconds=restart_seconds)
        if registered:
            self.register()

    def _boot(self, node: SimulatedNode) -> None:
        self.garbage, self.detector = Probe(), _Detector(self.leader)
        garbage = node.spawn(lambda: self.garbage, "garbage")
        detector = node.spawn(lambda: self.detector, "detector")
        executors = self.hosts.pid_of("executors")
        keeper = node.spawn(lambda: _Keeper(executors), "keeper")
        sandboxes = ImaginarySandboxes(node.disk)
        archive = node.spawn(lambda: Archivist(self.flags, sandboxes, self.boot_id), "archive", vital=True)
        updates = node.spawn(Updates, "updates", vital=True)
        node.spawn(
            lambda: Agent(self.flags, self.info, detector, archive, updates, garbage, keeper),
            "agent",
            vital=True,
        )

    # --- who is there ---

    @property
    def pid(self) -> Pid:
        return self.node.pid_of("agent")

    @property
    def agent(self) -> Agent:
        return self.node.process("agent", Agent)

    @property
    def executors(self) -> ExecutorsDouble:
        return self.hosts.process("executors", ExecutorsDouble)

    def run(self, seconds: float = 0.5) -> None:
        self.sim.run(seconds)

    # --- the master ---

    def tell(self, message: object) -> None:
        """The master says something, and has it dealt with."""
        self.master.send(self.pid, message)
        self.run()

    def heard(self, kind: type[M]) -> list[M]:
        """What the master was told of this kind, oldest first."""
        return [message for message in self.master.received if isinstance(message, kind)]

    def detect(self, master: Pid | None = None) -> None:
        """The detector tells who leads, once it is asked."""
        self.sim.run_until(lambda: any(isinstance(one, WatchLeader) for one in self.detector.received))
        self.detector.send(self.pid, LeaderDetected(master or self.master.pid, self.epoch))

    def register(self) -> None:
        """Let the agent register for the first time."""
        self.detect()
        self.sim.run_until(lambda: self.heard(RegisterAgent))
        self.tell(AgentRegistered(AGENT_ID, PING_TIMEOUT_SECONDS))

    def reregister(self, **others: object) -> ReregisterAgent:
        """Let the agent register again, and return what it told."""
        before = len(self.heard(ReregisterAgent))
        self.sim.run_until(lambda: len(self.heard(ReregisterAgent)) > before)
        self.tell(AgentReregistered(AGENT_ID, PING_TIMEOUT_SECONDS, **others))  # type: ignore[arg-type]
        return self.heard(ReregisterAgent)[-1]

    def ping(self, *, connected: bool = True) -> None:
        self.master.send(self.pid, PingAgent(connected))

    def run_task(
        self, info: TaskInfo | None = None, *, launch_executor: bool | None = None, **others: object
    ) -> None:
        self.tell(launching.RunTask(framework(**others), info or task(), launch_executor))  # type: ignore[arg-type]

    def run_group(self, *infos: TaskInfo, **others: object) -> None:
        group = TaskGroupInfo(tasks=infos)
        self.tell(launching.RunTaskGroup(framework(**others), default(), group))  # type: ignore[arg-type]

    def statuses(self, task_id: str = "t1") -> list[TaskStatus]:
        """The statuses of a task, each once, in the order in which the master first heard of them."""
        found = {
            update.status.uuid: update.status
            for update in self.heard(launching.StatusUpdate)
            if update.status.task_id.value == task_id
        }
        return list(found.values())

    def states(self, task_id: str = "t1") -> list[str]:
        """The same, as words."""
        return [status.state.name.removeprefix("TASK_") for status in self.statuses(task_id)]

    def last(self, task_id: str = "t1") -> tuple[str, str]:
        """The last state and its reason, as words."""
        status = self.statuses(task_id)[-1]
        reason = "" if status.reason is None else status.reason.name.removeprefix("REASON_")
        return status.state.name.removeprefix("TASK_"), reason

    def acknowledge(self, task_id: str = "t1") -> None:
        """The scheduler acknowledges the last update that was heard of."""
        uuid = self.statuses(task_id)[-1].uuid
        assert uuid is not None
        self.tell(launching.AcknowledgeUpdate(FRAMEWORK_ID, task_id, uuid))

    def kill(self, task_id: str = "t1") -> None:
        self.tell(launching.KillTask(FRAMEWORK_ID, task_id))

    def shut_down_executor(self, executor_id: str) -> None:
        self.tell(launching.ShutdownExecutor(FRAMEWORK_ID, executor_id))

    def drain(self, grace_seconds: float | None = None, *, mark_gone: bool = False) -> None:
        grace = None if grace_seconds is None else DurationInfo(nanoseconds=int(grace_seconds * 1e9))
        self.tell(DrainAgent(DrainConfig(max_grace_period=grace, mark_gone=mark_gone)))

    # --- executors ---

    def executor(self, executor_id: str = "t1") -> ExecutorDouble:
        """An executor that subscribes now."""
        double = ExecutorDouble(self, executor_id)
        double.subscribe()
        return double

    def container(self, executor_id: str = "t1") -> str:
        """The container of an executor that was launched last."""
        found = [one for one in self.executors.launched if one.executor.executor_id.value == executor_id]
        return found[-1].container_id

    def end(self, executor_id: str = "t1", status: int | None = 0, **others: object) -> None:
        self.executors.end(self.container(executor_id), status, **others)
        self.run()

    # --- the agent's death ---

    def crash(self) -> None:
        """Lose power; executors and their node go on."""
        self.node.crash()

    def restart(self) -> None:
        self.node.restart()

    def start_again(self) -> None:
        """Crash, restart, and tell who leads as soon as it is asked."""
        self.crash()
        self.restart()


class ExecutorDouble:
    """An executor in the hand of a test."""

    def __init__(self, stage: Stage, executor_id: str) -> None:
        self.stage = stage
        self.executor_id = executor_id
        number = len(stage.hosts.actors())
        self.name = f"{executor_id}-{number}"
        self.probe = stage.hosts.probe(f"executor-{self.name}")
        self._updates = 0

    def subscribe(self, tasks: tuple[TaskInfo, ...] = (), updates: tuple[TaskStatus, ...] = ()) -> None:
        self.tell(executing.SubscribeExecutor(FRAMEWORK_ID, self.executor_id, tasks, updates))

    def tell(self, message: object) -> None:
        self.probe.send(self.stage.pid, message)
        self.stage.run()

    def status(self, state: str, task_id: str = "t1", **others: object) -> TaskStatus:
        self._updates += 1
        uuid = f"{self.name}-{self._updates}".ljust(16, "-").encode()
        return TaskStatus(
            task_id=TaskID(value=task_id),
            state=TaskState[f"TASK_{state}"],
            uuid=uuid,
            **others,  # type: ignore[arg-type]
        )

    def update(self, state: str, task_id: str = "t1", **others: object) -> TaskStatus:
        """Tell what became of a task."""
        status = self.status(state, task_id, **others)
        self.tell(executing.ExecutorUpdate(FRAMEWORK_ID, self.executor_id, status))
        return status

    def heard(self, kind: type[M]) -> list[M]:
        return [message for message in self.probe.received if isinstance(message, kind)]

    @property
    def launched(self) -> list[str]:
        """The tasks that it was given, in order."""
        return [
            info.task_id.value
            for message in self.probe.received
            if isinstance(message, executing.LaunchTask | executing.LaunchTaskGroup)
            for info in (
                (message.task,) if isinstance(message, executing.LaunchTask) else message.group.tasks
            )
        ]

    @property
    def killed(self) -> list[str]:
        return [message.task_id for message in self.heard(executing.KillExecutorTask)]

    @property
    def asked_again(self) -> bool:
        """Whether the agent wants it to subscribe again."""
        return bool(self.heard(executing.ReconnectExecutor))

    @property
    def shut_down(self) -> bool:
        return bool(self.heard(executing.ShutdownNow))

"""A market whose agents join, leave and come back: all desks of a master, with a Recorder for a world."""

from __future__ import annotations

from msgspec.structs import replace

from actors.master.agent import AgentEntry
from actors.master.agents import AgentDesk
from actors.master.draining import DrainDesk
from actors.master.flags import MasterFlags
from actors.master.framework import FrameworkEntry
from actors.master.maintenance import MaintenanceDesk
from actors.master.quotas import QuotaDesk
from tests.actors.master.market import ABILITIES, Market
from tests.actors.master.town import SCHEDULER, framework_info
from transport.messages.membership import RegisterAgent, ReregisterAgent
from transport.messages.operating import OperatorAnswer
from transport.messages.scheduling import TaskUpdate
from transport.pid import Pid
from transport.records.agent import AgentInfo, DrainConfig
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, ExecutorID, FrameworkID, TaskID
from transport.records.master import MasterInfo
from transport.records.quota import QuotaConfig
from transport.records.registry import Registry
from transport.records.resources import Resources
from transport.records.task import Task
from transport.records.task_status import TaskState, TaskStatus
from transport.records.value import Value

AGENT = "m1-S0"
#: Where the first agent is, at first and after a restart.
HERE = Pid("agent", "10.0.1.0", 6051, 1)
RESTARTED = replace(HERE, incarnation=2)
#: Another host.
ELSEWHERE = Pid("agent", "10.0.1.7", 6051, 3)
OPERATOR = Pid("operator", "10.0.0.1", 7000, 1)
HAS = "cpus:4;mem:4096"

_ALL = tuple(AgentInfo.Capability(type=one) for one in ABILITIES)


class County(Market):
    """Changes of the registry wait for `commit`, unless `prompt`."""

    def __init__(self, flags: MasterFlags | None = None, *, prompt: bool = False) -> None:
        super().__init__()
        self.flags = flags or self.flags
        self.world.prompt = prompt
        self.agents = AgentDesk(
            self.world,
            self.cluster,
            self.flags,
            self.offers,
            self.tasks,
            self.frameworks,
            self.operations,
            self.metrics,
        )
        self.draining = DrainDesk(self.world, self.cluster, self.offers, self.agents)
        self.maintenance = MaintenanceDesk(self.world, self.cluster, self.offers, self.agents)
        self.quotas = QuotaDesk(self.world, self.cluster, self.flags, self.offers)

    def recover(self, registry: Registry) -> None:
        """Take over, as a master does."""
        self.quotas.recover(registry)
        self.maintenance.recover(registry)
        self.draining.recover(registry)
        self.agents.recover(registry)

    def join(self, pid: Pid = HERE, hostname: str = "host0", resources: str = HAS) -> AgentEntry:
        """An agent that has registered."""
        self.agents.register(pid, registration(hostname, resources))
        self.world.commit_all()
        return self.agent_at(pid)

    def agent_at(self, pid: Pid) -> AgentEntry:
        """The agent that this actor is."""
        (agent,) = [one for one in self.cluster.agents.values() if one.pid == pid]
        return agent

    def checkpointing(self, *capabilities: FrameworkInfo.Capability.Type) -> FrameworkEntry:
        """A subscribed framework that checkpoints."""
        return self.subscribe(replace(framework_info(None, *capabilities), checkpoint=True))

    def check(self) -> None:
        """The books hold."""
        self.cluster.check_invariants()
        self.agents.members.check_invariants()

    def statuses(self, pid: Pid = SCHEDULER) -> list[TaskStatus]:
        """What the scheduler was told of tasks."""
        return [one.status for one in self.world.told_of(pid, TaskUpdate)]

    def answers(self) -> list[tuple[int, str]]:
        """What the operator was answered."""
        return [(one.status, one.message) for one in self.world.told_of(OPERATOR, OperatorAnswer)]


# --- what agents say ---


def registration(hostname: str = "host0", resources: str = HAS) -> RegisterAgent:
    records = tuple(Resources.parse(resources))
    return RegisterAgent(AgentInfo(hostname=hostname, port=5051, resources=records), "1.12.0", records, _ALL)


def agent_info(agent_id: str = AGENT, hostname: str = "host0", resources: str = HAS) -> AgentInfo:
    return replace(registration(hostname, resources).info, id=AgentID(value=agent_id))


def reregistration(
    agent_id: str = AGENT,
    *,
    hostname: str = "host0",
    resources: str = HAS,
    frameworks: tuple[FrameworkInfo, ...] = (),
    executors: tuple[ExecutorInfo, ...] = (),
    tasks: tuple[Task, ...] = (),
    drain_config: DrainConfig | None = None,
) -> ReregisterAgent:
    return ReregisterAgent(
        agent_info(agent_id, hostname, resources),
        "1.12.0",
        tuple(Resources.parse(resources)),
        _ALL,
        frameworks=frameworks,
        executors=executors,
        tasks=tasks,
        drain_config=drain_config,
    )


def told_task(
    task_id: str = "t",
    framework_id: str = "m1-0000",
    agent_id: str = AGENT,
    *,
    resources: str = "cpus:1;mem:512",
    state: TaskState = TaskState.TASK_RUNNING,
    forwarded: TaskState | None = TaskState.TASK_RUNNING,
) -> Task:
    """A task as its agent tells of it; `forwarded` is what its scheduler was sent last."""
    return Task(
        name=task_id,
        task_id=TaskID(value=task_id),
        framework_id=FrameworkID(value=framework_id),
        agent_id=AgentID(value=agent_id),
        state=state,
        resources=tuple(Resources.parse(resources).allocate("*")),
        status_update_state=forwarded,
    )


def told_executor(executor_id: str = "e", framework_id: str = "m1-0000") -> ExecutorInfo:
    return ExecutorInfo(
        executor_id=ExecutorID(value=executor_id),
        framework_id=FrameworkID(value=framework_id),
        resources=tuple(Resources.parse("cpus:0.5").allocate("*")),
    )


# --- what operators want ---


def quota(
    role: str, *, guarantees: dict[str, float] | None = None, limits: dict[str, float] | None = None
) -> QuotaConfig:
    def scalars(amounts: dict[str, float] | None) -> dict[str, Value.Scalar]:
        return {name: Value.Scalar(value=each) for name, each in (amounts or {}).items()}

    return QuotaConfig(role=role, guarantees=scalars(guarantees), limits=scalars(limits))


# --- what masters before have left ---


def registry(*admitted: AgentInfo, **parts: object) -> Registry:
    """A registry with these agents, and whatever else there is."""
    slaves = Registry.Slaves(slaves=tuple(Registry.Slave(info=info) for info in admitted))
    master = Registry.Master(info=MasterInfo(id="m0", ip=1, port=5050))
    return replace(Registry(master=master, slaves=slaves), **parts)

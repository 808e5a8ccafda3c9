"""A master's books and the desks for frameworks, offers, tasks and executors, with a Recorder for a world."""

from __future__ import annotations

from actors.master.agent import AgentEntry
from actors.master.cluster import Cluster
from actors.master.executors import ExecutorDesk
from actors.master.flags import MasterFlags
from actors.master.framework import FrameworkEntry
from actors.master.frameworks import FrameworkDesk
from actors.master.gauges import MasterMetrics
from actors.master.offer import OfferEntry
from actors.master.offers import OfferDesk
from actors.master.task import TaskEntry
from actors.master.tasks import TaskDesk
from tests.actors.master.recorder import Recorder
from transport.messages.allocation import MakeOffers
from transport.messages.launching import StatusUpdate
from transport.messages.scheduling import Subscribe
from transport.pid import Pid
from transport.records.agent import AgentInfo
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, ExecutorID, FrameworkID, TaskID
from transport.records.resources import Resources
from transport.records.task import Task
from transport.records.task_status import TaskState, TaskStatus

State = TaskState
Capability = FrameworkInfo.Capability.Type

SCHEDULER = Pid("scheduler", "10.0.0.9", 6000, 11)
SUCCESSOR = Pid("scheduler", "10.0.0.10", 6000, 12)


def framework_info(
    framework_id: str | None = None,
    *capabilities: FrameworkInfo.Capability.Type,
    roles: tuple[str, ...] = (),
    role: str | None = None,
    failover_timeout: float | None = None,
    principal: str | None = None,
    user: str = "nobody",
    checkpoint: bool | None = None,
) -> FrameworkInfo:
    """A framework; with `roles` it is MULTI_ROLE."""
    if roles:
        capabilities = (*capabilities, Capability.MULTI_ROLE)
    return FrameworkInfo(
        user=user,
        name="test",
        id=None if framework_id is None else FrameworkID(value=framework_id),
        roles=roles,
        role=role,
        failover_timeout=failover_timeout,
        principal=principal,
        checkpoint=checkpoint,
        capabilities=tuple(FrameworkInfo.Capability(type=one) for one in capabilities),
    )


def update(
    task: TaskEntry, state: TaskState, uuid: bytes | None, latest: TaskState | None = None
) -> StatusUpdate:
    """What the task's agent says of it."""
    status = TaskStatus(
        task_id=task.record.task_id, state=state, agent_id=task.record.agent_id, uuid=uuid, data=b"long"
    )
    return StatusUpdate(task.framework_id, task.agent_id, status, latest or state)


class Town:
    """Desks around one table."""

    def __init__(self, flags: MasterFlags | None = None) -> None:
        self.world = Recorder(prompt=True)
        self.flags = flags or MasterFlags()
        self.cluster = Cluster(completed_frameworks_limit=self.flags.max_completed_frameworks)
        self.metrics = MasterMetrics()
        self.metrics.read_from(self.cluster)
        self.offers = OfferDesk(self.world, self.cluster, self.flags)
        self.tasks = TaskDesk(self.world, self.cluster, self.metrics)
        self.executors = ExecutorDesk(self.world, self.cluster, self.metrics)
        self.frameworks = FrameworkDesk(
            self.world, self.cluster, self.flags, self.offers, self.tasks, self.metrics
        )

    def subscribe(
        self, info: FrameworkInfo | None = None, pid: Pid = SCHEDULER, *, force: bool = True
    ) -> FrameworkEntry:
        """Subscribe a framework, which must succeed."""
        self.frameworks.subscribe(pid, Subscribe(info or framework_info(), force=force))
        return self.framework_of(pid)

    def framework_of(self, pid: Pid) -> FrameworkEntry:
        """The framework that this scheduler speaks for."""
        (framework,) = [one for one in self.cluster.frameworks.values() if one.pid == pid and one.connected]
        return framework

    def agent(self, agent_id: str = "m1-S0", resources: str = "cpus:4;mem:4096") -> AgentEntry:
        """A registered agent."""
        number = agent_id.rpartition("S")[2]
        info = AgentInfo(hostname=f"host{number}", port=5051, id=AgentID(value=agent_id))
        pid = Pid("agent", f"10.0.1.{number}", 6051, 1)
        agent = AgentEntry(info, pid, total=Resources.parse(resources))
        self.cluster.add_agent(agent)
        return agent

    def task(
        self,
        framework: FrameworkEntry,
        agent: AgentEntry,
        task_id: str = "t",
        resources: str = "cpus:1;mem:512",
        state: TaskState = State.TASK_STAGING,
        executor_id: str | None = None,
    ) -> TaskEntry:
        """A task on the agent."""
        held = Resources.parse(resources).allocate("*")
        record = Task(
            name=task_id,
            task_id=TaskID(value=task_id),
            framework_id=FrameworkID(value=framework.id),
            agent_id=AgentID(value=agent.id),
            executor_id=None if executor_id is None else ExecutorID(value=executor_id),
            state=state,
            resources=tuple(held),
        )
        task = TaskEntry(record, held)
        self.cluster.add_task(task)
        return task

    def executor(self, framework: FrameworkEntry, agent: AgentEntry, executor_id: str = "e") -> None:
        """A custom executor on the agent."""
        info = ExecutorInfo(
            executor_id=ExecutorID(value=executor_id),
            framework_id=FrameworkID(value=framework.id),
            resources=tuple(Resources.parse("cpus:0.5").allocate("*")),
        )
        self.cluster.add_executor(agent, framework.id, info)

    def offer(
        self, framework: FrameworkEntry, agent: AgentEntry, resources: str = "cpus:1;mem:512", role: str = "*"
    ) -> OfferEntry:
        """An offer that the allocator decided, and the framework was sent."""
        before = set(framework.offers)
        held = Resources.parse(resources).allocate(role)
        self.offers.make(MakeOffers({framework.id: {role: {agent.id: held}}}))
        (offer_id,) = framework.offers.keys() - before
        return framework.offers[offer_id]

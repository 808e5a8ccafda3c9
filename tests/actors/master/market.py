"""A town in which offers are accepted, and the requests that frameworks make."""

from __future__ import annotations

from msgspec.structs import replace

from actors.master.acceptance import AcceptanceDesk
from actors.master.agent import AgentEntry
from actors.master.framework import FrameworkEntry
from actors.master.offer import OfferEntry
from actors.master.operations import OperationDesk
from tests.actors.master.town import SCHEDULER, Town, framework_info
from transport.messages.scheduling import AcceptOffers, OperationUpdate, TaskUpdate
from transport.pid import Pid
from transport.records.agent import AgentInfo
from transport.records.command import CommandInfo
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, ExecutorID, OperationID, TaskID
from transport.records.offer import Filters, Offer
from transport.records.operation import OperationStatus
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.task import TaskGroupInfo, TaskInfo
from transport.records.task_status import TaskState, TaskStatus
from transport.records.value import Value

Operation = Offer.Operation
Type = Offer.Operation.Type
Ability = FrameworkInfo.Capability.Type
AgentAbility = AgentInfo.Capability.Type
Reason = TaskStatus.Reason
State = TaskState

#: Everything that an agent can do.
ABILITIES = tuple(one for one in AgentAbility if one is not AgentAbility.UNKNOWN)
AGENT = "m1-S0"
OTHER_SCHEDULER = Pid("scheduler", "10.0.0.8", 6000, 13)


class Market(Town):
    """Desks for what frameworks do with offers, beside the others."""

    def __init__(self) -> None:
        super().__init__()
        self.operations = OperationDesk(self.world, self.cluster, self.offers, self.metrics)
        self.acceptance = AcceptanceDesk(self.world, self.cluster, self.offers, self.tasks, self.operations)

    def stall(
        self,
        resources: str = "cpus:4;mem:4096;disk:1000;ports:[31000-32000]",
        *capabilities: FrameworkInfo.Capability.Type,
        role: str = "*",
        principal: str | None = None,
    ) -> tuple[FrameworkEntry, AgentEntry, OfferEntry]:
        """A framework in one role, an agent, and an offer of all that the agent has."""
        framework = self.framework(*capabilities, role=role, principal=principal)
        agent = self.capable_agent(resources)
        return framework, agent, self.offer(framework, agent, resources, role)

    def framework(
        self,
        *capabilities: FrameworkInfo.Capability.Type,
        role: str = "*",
        principal: str | None = None,
        pid: Pid = SCHEDULER,
    ) -> FrameworkEntry:
        """A subscribed framework that knows refined reservations."""
        refining = Ability.RESERVATION_REFINEMENT
        return self.subscribe(
            framework_info(None, refining, *capabilities, roles=(role,), principal=principal), pid
        )

    def capable_agent(
        self, resources: str = "cpus:4;mem:4096;disk:1000;ports:[31000-32000]", agent_id: str = AGENT
    ) -> AgentEntry:
        """A registered agent that can do everything."""
        agent = self.agent(agent_id, resources)
        agent.capabilities = ABILITIES
        return agent

    def accept(
        self,
        framework: FrameworkEntry,
        offers: OfferEntry | tuple[OfferEntry, ...],
        *operations: Offer.Operation,
        filters: Filters | None = None,
    ) -> None:
        """Have the framework accept offers; the books are checked afterwards."""
        chosen = offers if isinstance(offers, tuple) else (offers,)
        offer_ids = tuple(offer.offer_id for offer in chosen)
        self.acceptance.accept(framework, AcceptOffers(framework.id, offer_ids, operations, filters))
        self.cluster.check_invariants()

    def updates(self, pid: Pid = SCHEDULER) -> list[TaskStatus]:
        """What the scheduler was told of tasks."""
        return [update.status for update in self.world.told_of(pid, TaskUpdate)]

    def feedback(self, pid: Pid = SCHEDULER) -> list[OperationStatus]:
        """What the scheduler was told of operations."""
        return [update.status for update in self.world.told_of(pid, OperationUpdate)]


# --- requests ---


def records(resources: str) -> tuple[Resource, ...]:
    return tuple(Resources.parse(resources))


def task(task_id: str = "t", resources: str = "cpus:1;mem:512", agent_id: str = AGENT) -> TaskInfo:
    """A task that runs a command."""
    return TaskInfo(
        name=task_id,
        task_id=TaskID(value=task_id),
        agent_id=AgentID(value=agent_id),
        resources=records(resources),
        command=CommandInfo(value="true"),
    )


def executor(
    executor_id: str = "e",
    resources: str = "cpus:0.1;mem:32",
    kind: ExecutorInfo.Type | None = ExecutorInfo.Type.CUSTOM,
) -> ExecutorInfo:
    """An executor, with a command unless it is the default one."""
    is_default = kind is ExecutorInfo.Type.DEFAULT
    return ExecutorInfo(
        type=kind,
        executor_id=ExecutorID(value=executor_id),
        command=None if is_default else CommandInfo(value="./executor"),
        resources=records(resources),
    )


def under(info: ExecutorInfo, *tasks: TaskInfo) -> tuple[TaskInfo, ...]:
    """The same tasks, run by an executor."""
    return tuple(replace(one, executor=info, command=None) for one in tasks)


def default_executor(executor_id: str = "e", resources: str = "cpus:0.1;mem:32;disk:32") -> ExecutorInfo:
    return executor(executor_id, resources, ExecutorInfo.Type.DEFAULT)


def launch(*tasks: TaskInfo) -> Offer.Operation:
    return Operation(type=Type.LAUNCH, launch=Operation.Launch(task_infos=tasks))


def launch_group(info: ExecutorInfo, *tasks: TaskInfo) -> Offer.Operation:
    body = Operation.LaunchGroup(executor=info, task_group=TaskGroupInfo(tasks=tasks))
    return Operation(type=Type.LAUNCH_GROUP, launch_group=body)


def reserve(*resources: Resource, source: tuple[Resource, ...] = ()) -> Offer.Operation:
    return Operation(type=Type.RESERVE, reserve=Operation.Reserve(resources=resources, source=source))


def unreserve(*resources: Resource) -> Offer.Operation:
    return Operation(type=Type.UNRESERVE, unreserve=Operation.Unreserve(resources=resources))


def create(*volumes: Resource) -> Offer.Operation:
    return Operation(type=Type.CREATE, create=Operation.Create(volumes=volumes))


def destroy(*volumes: Resource) -> Offer.Operation:
    return Operation(type=Type.DESTROY, destroy=Operation.Destroy(volumes=volumes))


def grow(volume: Resource, addition: Resource) -> Offer.Operation:
    body = Operation.GrowVolume(volume=volume, addition=addition)
    return Operation(type=Type.GROW_VOLUME, grow_volume=body)


def shrink(volume: Resource, less: float) -> Offer.Operation:
    body = Operation.ShrinkVolume(volume=volume, subtract=Value.Scalar(value=less))
    return Operation(type=Type.SHRINK_VOLUME, shrink_volume=body)


def named(operation: Offer.Operation, operation_id: str = "o") -> Offer.Operation:
    """The same operation, whose outcome the framework wants to be told."""
    return replace(operation, id=OperationID(value=operation_id))

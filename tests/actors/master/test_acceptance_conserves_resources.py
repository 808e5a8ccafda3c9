"""Whatever is done to resources, none is lost and none is given twice (reliability.md I1, I2)."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace

from actors.master.agent import AgentEntry
from actors.master.allocator.constraints import compile_constraints
from actors.master.allocator.hierarchical import HierarchicalAllocator
from actors.master.framework import FrameworkEntry
from actors.master.task import TaskEntry
from tests.actors.master.market import (
    AGENT,
    OTHER_SCHEDULER,
    Ability,
    Market,
    Type,
    create,
    default_executor,
    destroy,
    executor,
    grow,
    launch,
    launch_group,
    named,
    reserve,
    shrink,
    task,
    under,
    unreserve,
)
from tests.transport.records.samples import dynamic, scalar, volume
from transport.message import Message
from transport.messages import allocation
from transport.messages.allocation import MakeOffers
from transport.messages.launching import (
    ApplyOperation,
    ExecutorExited,
    OperationApplied,
    RunTask,
    RunTaskGroup,
)
from transport.messages.operating import OperateOnAgent
from transport.messages.scheduling import AcceptOffers, AcknowledgeOperation
from transport.pid import Pid
from transport.records.ids import UUID
from transport.records.offer import Filters, Offer
from transport.records.operation import OperationState, OperationStatus
from transport.records.resource import Resource
from transport.records.resource_conversion import conversion_of
from transport.records.resources import Resources
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState, TaskStatus

OPERATOR = Pid("http", "127.0.0.1", 5050, 1)
NO_FILTER = Filters(refuse_seconds=0.0)


class Bourse(Market):
    """A market whose allocator is the real one, told all that the desks tell it, in order."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.rng = random.Random(seed)
        self.allocator = HierarchicalAllocator()
        self.now = 0.0
        self._told = 0

    def settle(self) -> None:
        """Tell the allocator what it has not heard yet, and the desks its answers."""
        while self._told < len(self.world.allocated):
            message = self.world.allocated[self._told]
            self._told += 1
            self._tell(message)
        self.allocator.check_invariants()
        self.cluster.check_invariants()

    def _tell(self, message: Message) -> None:
        if isinstance(message, allocation.AddFramework):
            self.allocator.add_framework(
                message.framework_id, message.info, constraints=compile_constraints(message.constraints)
            )
        elif isinstance(message, allocation.RecoverResources):
            self.allocator.recover(
                message.framework_id, message.agent_id, message.resources, message.filters, self.now
            )
        elif isinstance(message, allocation.ConvertAllocated):
            self.allocator.update_allocation(
                message.framework_id, message.agent_id, message.role, message.conversions
            )
        elif isinstance(message, allocation.ConvertAvailable):
            error = self.allocator.update_available(message.agent_id, message.conversions)
            self.operations.converted(allocation.AvailableConverted(message.request_id, error))
        else:
            assert isinstance(message, allocation.UpdateAgent)
            self.allocator.update_agent(message.agent_id, message.info, message.capabilities, message.total)

    def add(self, agent: AgentEntry) -> None:
        self.settle()
        self.allocator.add_agent(agent.id, agent.info, agent.capabilities, agent.total)

    def run(self) -> None:
        """One allocation run."""
        self.settle()
        self.now += 1.0
        made = self.allocator.allocate(self.now, self.rng)
        self.offers.make(MakeOffers(made.offers, made.inverse_offers))
        self.settle()


class Host:
    """What the agent really has; it refuses some operations, and whatever cannot be."""

    def __init__(self, bourse: Bourse, agent: AgentEntry) -> None:
        self.bourse = bourse
        self.agent = agent
        self.total = agent.total
        self.done: set[Type] = set()
        self._inbox: list[Message] = []

    def work(self) -> None:
        """Deal with some of what the master sent, in order."""
        sent = self.bourse.world.sent
        self._inbox += [one.message for one in sent if one.to == self.agent.pid]
        sent.clear()
        while self._inbox and self.bourse.rng.random() < 0.8:
            message = self._inbox.pop(0)
            if isinstance(message, ApplyOperation):
                self._apply(message)
            elif isinstance(message, RunTask):
                self._run(message.task)
            elif isinstance(message, RunTaskGroup):
                for info in message.group.tasks:
                    self._run(info)
            self.bourse.settle()

    def _apply(self, message: ApplyOperation) -> None:
        conversion = conversion_of(message.operation)
        consumed, converted = conversion.consumed.unallocate(), conversion.converted.unallocate()
        state = OperationState.OPERATION_DROPPED
        if self.total.contains(consumed) and self.bourse.rng.random() < 0.9:
            self.total = self.total - consumed + converted
            assert message.operation.type is not None
            self.done.add(message.operation.type)
            state = OperationState.OPERATION_FINISHED
        status = OperationStatus(state=state, uuid=UUID(value=self.bourse.rng.randbytes(16)))
        told = OperationApplied(self.agent.id, message.operation_uuid, status, message.framework_id)
        self.bourse.operations.update(self.agent, told)
        for framework in self.bourse.cluster.frameworks.values():
            for entry in tuple(framework.operations.values()):
                if entry.uuid == message.operation_uuid and status.uuid is not None:
                    assert entry.operation_id is not None
                    self.bourse.operations.acknowledge(
                        framework,
                        AcknowledgeOperation(
                            framework.id, entry.operation_id, status.uuid.value, self.agent.id
                        ),
                    )

    def _run(self, info: TaskInfo) -> None:
        entries = [one for one in self.agent.tasks.values() if one.task_id == info.task_id.value]
        for entry in entries:
            if self.total.contains(entry.holding.unallocate()):
                running = TaskStatus(task_id=info.task_id, state=TaskState.TASK_RUNNING)
                self.bourse.cluster.update_task(entry, running, TaskState.TASK_RUNNING)
            else:
                self._end(entry)

    def _end(self, entry: TaskEntry) -> None:
        self.bourse.tasks.conclude(
            entry, TaskState.TASK_LOST, TaskStatus.Reason.REASON_RESOURCES_UNKNOWN, "test"
        )

    def rest(self) -> None:
        """Let some tasks and executors end that run."""
        for entry in tuple(self.agent.tasks.values()):
            if entry.record.state is TaskState.TASK_RUNNING and self.bourse.rng.random() < 0.5:
                self._end(entry)
        for framework_id, executor_id in tuple(self.agent.executors):
            if self.bourse.rng.random() < 0.5:
                self.bourse.executors.exited(
                    self.agent, ExecutorExited(framework_id, self.agent.id, executor_id, 0)
                )
        self.bourse.settle()


class Whims:
    """Draws operations, sound and unsound, of what there is in an offer."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.count = 0

    def operations(self, offered: Resources) -> tuple[Offer.Operation, ...]:
        return tuple(self._operation(offered) for _ in range(self.rng.randint(0, 6)))

    def _operation(self, offered: Resources) -> Offer.Operation:
        there = tuple(offered.unallocate())
        reserved = [one for one in there if one.reservations and one.disk is None]
        disks = [one for one in reserved if one.name == "disk"]
        volumes = [one for one in there if one.disk is not None and one.disk.persistence is not None]
        draws = [self._launch(there), self._group(), reserve(self._fresh())]
        if reserved:
            draws.append(unreserve(self._part(self.rng.choice(reserved))))
        draws.append(create(self._volume()))
        if volumes:
            draws += [destroy(self.rng.choice(volumes)), shrink(self.rng.choice(volumes), 1)]
        if volumes and disks:
            draws.append(grow(self.rng.choice(volumes), self._part(self.rng.choice(disks))))
        operation = self.rng.choice(draws)
        launches = operation.launch is not None or operation.launch_group is not None
        return operation if launches or self.rng.random() < 0.5 else named(operation, self._name())

    def _name(self) -> str:
        self.count += 1
        return f"n{self.count}"

    def _fresh(self) -> Resource:
        name, most = self.rng.choice((("cpus", 4), ("mem", 512), ("disk", 40)))
        return scalar(name, self.rng.randint(1, most), (dynamic("a"),))

    def _volume(self) -> Resource:
        shared = self.rng.random() < 0.4
        return volume(self.rng.choice("uvwxyz"), self.rng.randint(2, 20), shared=shared)

    def _part(self, resource: Resource) -> Resource:
        assert resource.scalar is not None
        less = self.rng.choice((1.0, 0.5, 0.25)) * resource.scalar.value
        return replace(resource, scalar=replace(resource.scalar, value=round(less, 1) or 0.1))

    def _task(self, there: tuple[Resource, ...]) -> TaskInfo:
        parts = self.rng.sample(there, min(len(there), self.rng.randint(1, 3)))
        used = [self._part(one) if one.scalar is not None and one.disk is None else one for one in parts]
        return replace(task(self._name()), resources=tuple(used) or (scalar("cpus", 1),))

    def _launch(self, there: tuple[Resource, ...]) -> Offer.Operation:
        tasks = tuple(self._task(there) for _ in range(self.rng.randint(0, 3)))
        return launch(*under(executor(self.rng.choice("pq")), *tasks) if self.rng.random() < 0.4 else tasks)

    def _group(self) -> Offer.Operation:
        tasks = (task(self._name(), "cpus:0.3;mem:8") for _ in range(self.rng.randint(1, 2)))
        return launch_group(default_executor(self.rng.choice("gh")), *tasks)

    def commission(self) -> Offer.Operation:
        return self.rng.choice((reserve(self._fresh()), unreserve(self._fresh()), create(self._volume())))


def accept_some(bourse: Bourse, framework: FrameworkEntry, whims: Whims) -> None:
    offers = tuple(framework.offers.values())
    if not offers:
        return
    operations = whims.operations(offers[0].resources)
    filters = bourse.rng.choice((None, NO_FILTER))
    ids = tuple(offer.offer_id for offer in offers)
    bourse.acceptance.accept(framework, AcceptOffers(framework.id, ids, operations, filters))
    bourse.settle()


def play(seed: int, rounds: int) -> tuple[Bourse, Host]:
    """Two frameworks and an operator do what comes to their minds."""
    bourse = Bourse(seed)
    whims = Whims(bourse.rng)
    frameworks = [
        bourse.framework(Ability.SHARED_RESOURCES, role="a"),
        bourse.framework(Ability.SHARED_RESOURCES, role="a", pid=OTHER_SCHEDULER),
    ]
    agent = bourse.capable_agent("cpus:8;mem:2048;disk:100;disk(a):100;ports:[31000-31009]")
    bourse.add(agent)
    host = Host(bourse, agent)
    for _ in range(rounds):
        bourse.run()
        for framework in frameworks:
            accept_some(bourse, framework, whims)
        host.work()
        host.rest()
        if bourse.rng.random() < 0.2:
            bourse.operations.operate(OPERATOR, OperateOnAgent(1, AGENT, whims.commission()))
            bourse.settle()
    return bourse, host


@pytest.mark.parametrize("seed", range(6))
def test_resources_are_conserved(seed: int) -> None:
    bourse, host = play(seed, 40)
    agent = host.agent
    for offer in tuple(agent.offers.values()):
        bourse.offers.discard(offer)
    for _ in range(100):
        host.work()
        host.rest()
    assert not agent.tasks
    assert not agent.executors
    assert not agent.operations
    assert agent.total == host.total
    assert agent.total.quantities == Resources.parse("cpus:8;mem:2048;disk:200;ports:[1-10]").quantities
    books = bourse.allocator._ledger.agents[agent.id]
    assert books.total.resources == agent.total
    assert books.available.resources == agent.total


def test_operations_of_every_kind_succeed_in_these_plays() -> None:
    done: set[Type] = set()
    for seed in range(2):
        done |= play(seed, 40)[1].done
    assert {one.value for one in done} == {
        "RESERVE",
        "UNRESERVE",
        "CREATE",
        "DESTROY",
        "GROW_VOLUME",
        "SHRINK_VOLUME",
    }

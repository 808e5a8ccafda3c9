"""What the master knows of its cluster: agents, frameworks, tasks and offers, by every index at once."""

from __future__ import annotations

from actors.master.agent import AgentEntry
from actors.master.changes import Changes, Shelf
from actors.master.framework import FrameworkEntry
from actors.master.offer import InverseOfferEntry, OfferEntry
from actors.master.operation import OperationEntry
from actors.master.task import TaskEntry
from transport.records.agent import AgentInfo
from transport.records.executor import ExecutorInfo
from transport.records.quantities import Quantities
from transport.records.quota import QuotaConfig
from transport.records.resources import Resources
from transport.records.task_status import TaskState, TaskStatus
from transport.records.time_info import TimeInfo


class Cluster:
    """The books. Methods keep the indexes together, and say what an agent gets back; they tell nobody."""

    def __init__(self, *, completed_frameworks_limit: int = 50) -> None:
        #: What the read model has not been told.
        self.changes = changes = Changes()
        #: Registered agents by id; connected or within their deadline.
        self.agents: Shelf[str, AgentEntry] = Shelf("agent", changes=changes)
        #: Admitted agents that have not come back since this master took over.
        self.recovered: Shelf[str, AgentInfo] = Shelf("recovered_agent", changes=changes)
        #: Ids of agents out of reach, and since when; the longest absent first.
        self.unreachable: Shelf[str, TimeInfo] = Shelf("unreachable_agent", changes=changes)
        #: Ids of agents that never come back, and since when.
        self.gone: dict[str, TimeInfo] = {}
        self.frameworks: Shelf[str, FrameworkEntry] = Shelf("framework", changes=changes)
        #: The longest over first.
        self.completed_frameworks: Shelf[str, FrameworkEntry] = Shelf("completed_framework", changes=changes)
        #: Ids of frameworks that were removed and of which nothing else is known, most of them by the masters
        #: before.
        self.removed_frameworks: dict[str, None] = {}
        self._completed_frameworks_limit = completed_frameworks_limit
        #: By framework id and task id, launches that nothing was heard of yet.
        self.staging: dict[tuple[str, str], TaskEntry] = {}
        self.offers: Shelf[str, OfferEntry] = Shelf("offer", changes=changes)
        self.inverse_offers: Shelf[str, InverseOfferEntry] = Shelf("inverse_offer", changes=changes)
        #: By role: what was set for it, and is durable.
        self.quotas: Shelf[str, QuotaConfig] = Shelf("quota", changes=changes)
        self.weights: Shelf[str, float] = Shelf("weight", changes=changes)

    # --- agents and frameworks ---

    def is_over(self, framework_id: str) -> bool:
        """Whether it is remembered that the framework was removed: it never comes back (I27)."""
        return framework_id in self.completed_frameworks or framework_id in self.removed_frameworks

    def add_agent(self, agent: AgentEntry) -> None:
        """A registered agent; it is nowhere else any more."""
        assert agent.id not in self.agents
        self.agents[agent.id] = agent
        self.recovered.pop(agent.id, None)
        self.unreachable.pop(agent.id, None)

    def remove_agent(self, agent_id: str) -> AgentEntry:
        """Its tasks and offers must have been removed before; raises KeyError."""
        agent = self.agents.pop(agent_id)
        assert not agent.tasks
        assert not agent.offers
        return agent

    def add_framework(self, framework: FrameworkEntry) -> None:
        """A framework that subscribed, or that an agent told of; its operations may be known from agents."""
        assert framework.id not in self.frameworks
        self.frameworks[framework.id] = framework
        for agent in self.agents.values():
            for operation in agent.operations.values():
                if operation.operation_id is not None and self._framework_of(operation) is framework:
                    framework.operations[operation.operation_id] = operation

    def complete_framework(self, framework_id: str) -> FrameworkEntry:
        """A framework is over; its tasks and offers must have been removed before; raises KeyError."""
        framework = self.frameworks.pop(framework_id)
        assert not framework.tasks
        assert not framework.offers
        self.completed_frameworks[framework_id] = framework
        while len(self.completed_frameworks) > self._completed_frameworks_limit:
            del self.completed_frameworks[next(iter(self.completed_frameworks))]
        return framework

    # --- tasks and executors ---

    def add_task(self, task: TaskEntry) -> None:
        """A task on a registered agent, of a framework that is there."""
        framework, agent = self.frameworks[task.framework_id], self.agents[task.agent_id]
        assert task.task_id not in framework.tasks
        framework.tasks[task.task_id] = task
        framework.unreachable_tasks.pop(task.task_id, None)
        agent.tasks[task.framework_id, task.task_id] = task
        if task.record.state is TaskState.TASK_STAGING:
            self.staging[task.framework_id, task.task_id] = task

    def update_task(self, task: TaskEntry, status: TaskStatus, latest: TaskState) -> Resources:
        """Note an update; returns what the agent gets back, which is something only the first time."""
        task.note(status, latest)
        self.staging.pop((task.framework_id, task.task_id), None)
        return self.release_task(task) if task.terminal else Resources()

    def release_task(self, task: TaskEntry) -> Resources:
        """The task holds nothing any more; returns what it held."""
        held, task.holding = task.holding, Resources()
        return held

    def remove_task(self, task: TaskEntry, *, unreachable: bool = False) -> Resources:
        """Forget a live task, as completed or as unreachable; returns what it still held."""
        framework = self.frameworks[task.framework_id]
        del framework.tasks[task.task_id]
        del self.agents[task.agent_id].tasks[task.framework_id, task.task_id]
        self.staging.pop((task.framework_id, task.task_id), None)
        if unreachable:
            framework.note_unreachable(task.record)
        else:
            framework.completed_tasks.append(task.record)
        return self.release_task(task)

    def add_executor(self, agent: AgentEntry, framework_id: str, executor: ExecutorInfo) -> None:
        """A custom or default executor, whose resources (allocated) it holds until it is removed."""
        agent.executors[framework_id, executor.executor_id.value] = executor

    def remove_executor(self, agent: AgentEntry, framework_id: str, executor_id: str) -> Resources:
        """Forget an executor; returns what it held, nothing where it was not known."""
        executor = agent.executors.pop((framework_id, executor_id), None)
        return Resources() if executor is None else Resources(executor.resources)

    # --- offers and operations ---

    def add_offer(self, offer: OfferEntry) -> None:
        """An offer that a framework was sent."""
        self.offers[offer.offer_id] = offer
        self.frameworks[offer.framework_id].offers[offer.offer_id] = offer
        self.agents[offer.agent_id].offers[offer.offer_id] = offer

    def remove_offer(self, offer: OfferEntry) -> None:
        """An offer that was used or is not valid any more; its timeout is cancelled."""
        del self.offers[offer.offer_id]
        del self.frameworks[offer.framework_id].offers[offer.offer_id]
        del self.agents[offer.agent_id].offers[offer.offer_id]
        if offer.timeout is not None:
            offer.timeout.cancel()

    def add_inverse_offer(self, offer: InverseOfferEntry) -> None:
        """An inverse offer that a framework was sent."""
        self.inverse_offers[offer.inverse_offer_id] = offer
        self.frameworks[offer.framework_id].inverse_offers[offer.inverse_offer_id] = offer
        self.agents[offer.agent_id].inverse_offers[offer.inverse_offer_id] = offer

    def remove_inverse_offer(self, offer: InverseOfferEntry) -> None:
        """An inverse offer that was answered or is not valid any more; its timeout is cancelled."""
        del self.inverse_offers[offer.inverse_offer_id]
        del self.frameworks[offer.framework_id].inverse_offers[offer.inverse_offer_id]
        del self.agents[offer.agent_id].inverse_offers[offer.inverse_offer_id]
        if offer.timeout is not None:
            offer.timeout.cancel()

    def add_operation(self, operation: OperationEntry) -> None:
        """An operation that was sent to its agent, or that the agent told of."""
        record = operation.record
        assert record.agent_id is not None
        self.agents[record.agent_id.value].operations[operation.uuid] = operation
        framework = self._framework_of(operation)
        if framework is not None and operation.operation_id is not None:
            framework.operations[operation.operation_id] = operation

    def remove_operation(self, operation: OperationEntry) -> Resources:
        """An operation that nobody asks about any more; returns what it still held."""
        assert operation.record.agent_id is not None
        self.agents[operation.record.agent_id.value].operations.pop(operation.uuid, None)
        framework = self._framework_of(operation)
        if framework is not None and operation.operation_id is not None:
            framework.operations.pop(operation.operation_id, None)
        held, operation.holding = operation.holding, Resources()
        return held

    def _framework_of(self, operation: OperationEntry) -> FrameworkEntry | None:
        owner = operation.record.framework_id
        return None if owner is None else self.frameworks.get(owner.value)

    # --- what must hold ---

    def check_invariants(self) -> None:
        """Raise AssertionError when indexes disagree, or an agent's resources are given twice (I1)."""
        for agent in self.agents.values():
            for (framework_id, task_id), task in agent.tasks.items():
                assert self.frameworks[framework_id].tasks[task_id] is task, f"{task_id}: indexes disagree"
                assert not (task.terminal and task.holding), f"{task_id}: is over and holds {task.holding}"
            for offer_id, offer in agent.offers.items():
                assert self.offers[offer_id] is offer, f"{offer_id}: indexes disagree"
            _check_taken(agent)
        counted = sum(len(agent.tasks) for agent in self.agents.values())
        assert counted == sum(len(one.tasks) for one in self.frameworks.values()), "a task without agent"
        assert len(self.offers) == sum(len(agent.offers) for agent in self.agents.values())
        twice = [
            agent_id for agent_id in self.agents if agent_id in self.gone or agent_id in self.unreachable
        ]
        assert not twice, f"{twice}: registered, and gone or unreachable"


def _check_taken(agent: AgentEntry) -> None:
    """Nothing is given twice but shared volumes (I1); of ports and words, no two have the same."""
    parts = [offer.resources for offer in agent.offers.values()]
    parts += [task.holding for task in agent.tasks.values()]
    parts += [Resources(executor.resources) for executor in agent.executors.values()]
    parts += [operation.holding for operation in agent.operations.values()]
    total = agent.total + agent.doubtful
    taken = sum(parts, Resources()).unallocate()
    counted = sum((part.non_shared.quantities for part in parts), Quantities())
    assert total.contains(taken.non_shared), f"{agent.id}: {taken} taken of {total}"
    assert total.non_shared.quantities.contains(counted), f"{agent.id}: {counted} taken of {total}"
    assert frozenset(total.shared.identities).issuperset(taken.shared.identities), f"{agent.id}: {taken}"

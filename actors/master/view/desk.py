"""The desk for the read model: tells it what changed in the books, never much in one turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from actors.master.changes import Key
from actors.master.cluster import Cluster
from actors.master.framework import FrameworkState
from actors.master.world import World
from transport.messages.viewing import (
    AgentFact,
    ChangesTold,
    CompletedTasksFact,
    FrameworkFact,
    InverseOfferFact,
    OfferFact,
    OperationFact,
    TaskFact,
    TellChanges,
)
from transport.pid import Pid

#: So many objects are told in one turn, which takes about a millisecond.
PORTION: Final = 500
#: An answer should be the books at one moment, when nothing is noted that was not told. Where more changes
#: than can be told, it is given after so much more than was noted when it was asked for.
_PATIENCE: Final = 20 * PORTION


class ViewDesk:
    """Serves one view, the one that asked last."""

    def __init__(self, world: World, cluster: Cluster) -> None:
        self._world = world
        self._cluster = cluster
        self._changes = cluster.changes
        self._view: Pid | None = None
        self._elected_at = 0.0
        #: How many portions were told.
        self._told = 0
        #: The question that is being answered, and how much may be told before it is.
        self._number: int | None = None
        self._most = 0
        #: What is told to a view that knows nothing, before what is noted.
        self._known: Iterator[Key] | None = None
        #: Whether the next portion is on its way already.
        self._goes_on = False

    def begin(self) -> None:
        """The master was elected just now."""
        self._elected_at = self._world.wall()

    def tell(self, sender: Pid, message: TellChanges) -> None:
        """Tell all that has changed by now."""
        self._view, self._number = sender, message.number
        if message.heard == 0 and self._told:
            self._retell()
        self._changes.watched = message.watches
        self._most = len(self._changes) + _PATIENCE
        if not self._goes_on:
            self._go_on()

    def _retell(self) -> None:
        """The view crashed, and another one asks."""
        self._known, self._told = all_keys(self._cluster), 0
        for framework in (*self._cluster.frameworks.values(), *self._cluster.completed_frameworks.values()):
            framework.completed_tasks.retell()

    def turn_over(self) -> None:
        """A turn of the master is over: those who watch hear at once what it changed."""
        if self._changes.watched and len(self._changes) and not self._goes_on:
            self._go_on()

    def _go_on(self) -> None:
        self._goes_on = False
        facts = self._portion()
        self._told += 1
        settled = self._known is None and not self._changes
        answers = self._number if settled or self._most <= 0 else None
        if answers is not None:
            self._number = None
        assert self._view is not None
        told = ChangesTold(self._world.info, self._elected_at, facts, settled, answers)
        self._world.send(self._view, told)
        if self._number is not None or (self._changes.watched and not settled):
            self._goes_on = True
            self._world.delay(0.0, self._go_on)

    def _portion(self) -> tuple[tuple[Key, object], ...]:
        facts: list[tuple[Key, object]] = []
        while len(facts) < PORTION and self._known is not None:
            key = next(self._known, None)
            if key is None:
                self._known, self._most = None, len(self._changes) + _PATIENCE
            else:
                self._changes.told(key)
                facts.append((key, self.look_up(key)))
        keys = self._changes.take(PORTION - len(facts))
        self._most -= len(keys)
        return (*facts, *((key, self.look_up(key)) for key in keys))

    # --- what is there ---

    def look_up(self, key: Key) -> object:
        """What the view is told of an object; None if it is not there."""
        return fact_of(self._cluster, key)


def fact_of(cluster: Cluster, key: Key) -> object:
    """What a reader sees of an object; of a framework's tasks that ended, those that were not told yet."""
    return _FACTS[key[0]](cluster, *key[1:])


def all_keys(cluster: Cluster) -> Iterator[Key]:
    """The keys of all that readers see but tasks that ended; what comes meanwhile is noted."""
    shelves = (cluster.agents, cluster.recovered, cluster.unreachable, cluster.quotas, cluster.weights)
    for shelf in (*shelves, cluster.frameworks, cluster.completed_frameworks):
        yield from shelf.keys_noted()
    for framework in (*cluster.frameworks.values(), *cluster.completed_frameworks.values()):
        yield from framework.tasks.keys_noted()
        yield from framework.unreachable_tasks.keys_noted()
    for agent in tuple(cluster.agents.values()):
        yield from agent.executors.keys_noted()
        yield from agent.operations.keys_noted()
    for offers in (cluster.offers, cluster.inverse_offers):
        yield from offers.keys_noted()


def _agent(cluster: Cluster, agent_id: str) -> AgentFact | None:
    agent = cluster.agents.get(agent_id)
    if agent is None:
        return None
    return AgentFact(
        info=agent.info,
        pid=agent.pid,
        connected=agent.connected,
        deactivated=agent.deactivated,
        version=agent.version,
        capabilities=agent.capabilities,
        total=agent.total,
        registered_at=agent.registered_at,
        reregistered_at=agent.reregistered_at,
        drain=agent.drain,
        drain_started_at=agent.drain_started_at,
    )


def _framework(cluster: Cluster, framework_id: str) -> FrameworkFact | None:
    return _framework_of(cluster.frameworks, framework_id)


def _completed_framework(cluster: Cluster, framework_id: str) -> FrameworkFact | None:
    return _framework_of(cluster.completed_frameworks, framework_id)


def _framework_of(frameworks: Mapping[str, Any], framework_id: str) -> FrameworkFact | None:
    framework = frameworks.get(framework_id)
    if framework is None:
        return None
    return FrameworkFact(
        info=framework.info,
        roles=framework.roles,
        pid=framework.pid,
        connected=framework.connected,
        recovered=framework.state is FrameworkState.RECOVERED,
        registered_at=framework.registered_at,
        reregistered_at=framework.reregistered_at,
        unregistered_at=framework.unregistered_at,
        constraints=framework.constraints,
    )


def _task(cluster: Cluster, framework_id: str, task_id: str) -> TaskFact | None:
    framework = cluster.frameworks.get(framework_id)
    task = None if framework is None else framework.tasks.get(task_id)
    return None if task is None else TaskFact(task.record, task.holding)


def _unreachable_task(cluster: Cluster, framework_id: str, task_id: str) -> object:
    framework = cluster.frameworks.get(framework_id)
    return None if framework is None else framework.unreachable_tasks.get(task_id)


def _completed_tasks(cluster: Cluster, framework_id: str) -> CompletedTasksFact | None:
    framework = cluster.frameworks.get(framework_id) or cluster.completed_frameworks.get(framework_id)
    if framework is None:
        return None
    first, tasks = framework.completed_tasks.untold()
    return CompletedTasksFact(first, tasks, framework.completed_tasks.forgotten)


def _executor(cluster: Cluster, agent_id: str, key: tuple[str, str]) -> object:
    agent = cluster.agents.get(agent_id)
    return None if agent is None else agent.executors.get(key)


def _operation(cluster: Cluster, agent_id: str, uuid: bytes) -> OperationFact | None:
    agent = cluster.agents.get(agent_id)
    operation = None if agent is None else agent.operations.get(uuid)
    return None if operation is None else OperationFact(operation.record, operation.holding)


def _offer(cluster: Cluster, offer_id: str) -> OfferFact | None:
    offer = cluster.offers.get(offer_id)
    return None if offer is None else OfferFact(offer.role, offer.resources, offer.record)


def _inverse_offer(cluster: Cluster, offer_id: str) -> InverseOfferFact | None:
    offer = cluster.inverse_offers.get(offer_id)
    return None if offer is None else InverseOfferFact(offer.framework_id, offer.record)


_FACTS: Final[Mapping[str, Callable[..., object]]] = {
    "agent": _agent,
    "completed_framework": _completed_framework,
    "completed_tasks": _completed_tasks,
    "executor": _executor,
    "framework": _framework,
    "inverse_offer": _inverse_offer,
    "offer": _offer,
    "operation": _operation,
    "quota": lambda cluster, role: cluster.quotas.get(role),
    "recovered_agent": lambda cluster, agent_id: cluster.recovered.get(agent_id),
    "task": _task,
    "unreachable_agent": lambda cluster, agent_id: cluster.unreachable.get(agent_id),
    "unreachable_task": _unreachable_task,
    "weight": lambda cluster, role: cluster.weights.get(role),
}

"""The cluster as the view knows it: objects by their keys, brought up to date by what the master tells."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

from actors.master.view import events
from actors.master.view.agents import AGENTS, RECOVERED, ShownAgent, ShownRecoveredAgent
from actors.master.view.forms import Form
from actors.master.view.frameworks import COMPLETED_FRAMEWORKS, FRAMEWORKS, ShownFramework
from actors.master.view.roll import Roll
from actors.master.view.shares import NOTHING, Share
from actors.master.view.tasks import EXECUTORS, OPERATIONS, ShownExecutor, ShownOperation, ShownTask
from transport.messages.viewing import (
    AgentFact,
    CompletedTasksFact,
    FrameworkFact,
    InverseOfferFact,
    OfferFact,
    OperationFact,
    TaskFact,
)
from transport.records.agent import AgentInfo
from transport.records.executor import ExecutorInfo
from transport.records.master import MasterInfo
from transport.records.master_event import Event
from transport.records.quota import QuotaConfig
from transport.records.resources import Resources
from transport.records.task import Task
from transport.records.time_info import TimeInfo

V = TypeVar("V")


class Model:
    """One reign's cluster. `happened` takes the events of those who watch."""

    def __init__(
        self, info: MasterInfo, elected_at: float, happened: Callable[[Event], None] = lambda _event: None
    ) -> None:
        self.info = info
        self.elected_at = elected_at
        #: Whether somebody wants to know the events.
        self.watched = False
        #: How often anything changed.
        self.version = 0
        self.agents: Roll[str, ShownAgent] = Roll(AGENTS)
        self.recovered: Roll[str, ShownRecoveredAgent] = Roll(RECOVERED)
        self.unreachable: dict[str, TimeInfo] = {}
        self.frameworks: Roll[str, ShownFramework] = Roll(FRAMEWORKS)
        self.completed_frameworks: Roll[str, ShownFramework] = Roll(COMPLETED_FRAMEWORKS)
        #: By agent id, framework id and executor id.
        self.executors: Roll[tuple[str, str, str], ShownExecutor] = Roll(EXECUTORS)
        #: By agent id and uuid.
        self.operations: Roll[tuple[str, bytes], ShownOperation] = Roll(OPERATIONS)
        self.offers: dict[str, OfferFact] = {}
        self.inverse_offers: dict[str, InverseOfferFact] = {}
        self.quotas: dict[str, QuotaConfig] = {}
        self.weights: dict[str, float] = {}
        #: By agent id and framework id; also of agents that are not there any more.
        self.shares: dict[str, dict[str, Share]] = {}
        #: By agent id, as long as there are any.
        self._offers_of: dict[str, dict[str, OfferFact]] = {}
        #: By framework id and task id: tasks that are not live any more, until it is told what they are.
        self._leaving: dict[tuple[str, str], ShownTask] = {}
        #: Frameworks that are over, until it is told whether they are remembered.
        self._gone: dict[str, ShownFramework] = {}
        #: By framework id: tasks of frameworks that are not known yet, as they came and went unheard.
        self._early: dict[str, list[CompletedTasksFact]] = {}
        self._happened = happened
        self._take: Mapping[str, Callable[..., None]] = {
            "agent": self._agent,
            "completed_framework": self._completed_framework,
            "completed_tasks": self._completed_tasks,
            "executor": self._executor,
            "framework": self._framework,
            "inverse_offer": self._inverse_offer,
            "offer": self._offer,
            "operation": self._operation,
            "quota": self._quota,
            "recovered_agent": self._recovered_agent,
            "task": self._task,
            "unreachable_agent": self._unreachable_agent,
            "unreachable_task": self._unreachable_task,
            "weight": self._weight,
        }

    def take(self, key: tuple[Any, ...], value: object) -> None:
        """What an object is by now; None if it is not there."""
        self.version += 1
        self._take[key[0]](*key[1:], value)

    def settle(self) -> None:
        """All that happened until some moment has been told."""
        for told in (self._leaving, self._gone, self._early):
            told.clear()

    def _tell(self, make: Callable[..., Event], *arguments: Any) -> None:
        if self.watched:
            self._happened(make(*arguments))

    # --- agents ---

    def _agent(self, agent_id: str, fact: AgentFact | None) -> None:
        agent = self.agents.get(agent_id)
        if fact is None:
            if self.agents.pop(agent_id) is not None:
                self._agent_changed(agent_id)
                self._tell(events.agent_removed, agent_id)
        elif agent is None:
            shares, offers = self.shares.setdefault(agent_id, {}), self._offers_of.setdefault(agent_id, {})
            agent = ShownAgent(fact, shares, offers)
            self.agents.put(agent_id, agent)
            self._tell(events.agent_added, agent)
        else:
            agent.fact = fact
            self.agents.changed(agent_id)

    def _recovered_agent(self, agent_id: str, info: AgentInfo | None) -> None:
        if info is None:
            self.recovered.pop(agent_id)
        else:
            self.recovered.put(agent_id, ShownRecoveredAgent(info))

    def _unreachable_agent(self, agent_id: str, since: TimeInfo | None) -> None:
        _put(self.unreachable, agent_id, since)

    def _agent_changed(self, agent_id: str, *forms: Form) -> None:
        if agent_id in self.agents:
            self.agents.changed(agent_id, *forms)
        elif not self.shares.get(agent_id) and not self._offers_of.get(agent_id):
            self.shares.pop(agent_id, None)
            self._offers_of.pop(agent_id, None)

    # --- frameworks ---

    def _framework(self, framework_id: str, fact: FrameworkFact | None) -> None:
        framework = self.frameworks.get(framework_id)
        if fact is None:
            if framework is not None:
                self.frameworks.pop(framework_id)
                self._gone[framework_id] = framework
                self._release(framework)
                self._tell(events.framework_removed, framework)
        elif framework is None:
            framework = ShownFramework(fact)
            self.frameworks.put(framework_id, framework)
            self._tell(events.framework_added, framework)
        else:
            framework.fact = fact
            self.frameworks.changed(framework_id)
            self._tell(events.framework_updated, framework)

    def _release(self, framework: ShownFramework) -> None:
        """The framework has nothing any more."""
        for agent_id in tuple(framework.shares):
            del framework.shares[agent_id], self.shares[agent_id][framework.id]
            self._agent_changed(agent_id)
        framework.used_changed()

    def _completed_framework(self, framework_id: str, fact: FrameworkFact | None) -> None:
        if fact is None:
            self.completed_frameworks.pop(framework_id)
            return
        framework = self._any(framework_id) or ShownFramework(fact)
        framework.fact = fact
        self.completed_frameworks.put(framework_id, framework)
        self.completed_frameworks.changed(framework_id)
        for tasks in self._early.pop(framework_id, ()):
            self._completed_tasks(framework_id, tasks)

    def _any(self, framework_id: str) -> ShownFramework | None:
        """The framework of that id, over or not."""
        there = self.frameworks.get(framework_id) or self._gone.get(framework_id)
        return there or self.completed_frameworks.get(framework_id)

    def _framework_changed(self, framework: ShownFramework, *forms: Form) -> None:
        framework.changed(*forms)
        for roll in (self.frameworks, self.completed_frameworks):
            if roll.get(framework.id) is framework:
                roll.changed(framework.id, *forms)

    # --- what frameworks have on agents ---

    def _count(self, framework: ShownFramework, before: Task | None, now: Task | None) -> None:
        """A task is in another state, or another list."""
        for record, by in ((before, -1), (now, 1)):
            if record is not None and framework.id in self.frameworks:
                share = self._share(framework, record.agent_id.value)
                share.count(record.state, by)
                self._share_changed(framework, record.agent_id.value, Form.SUMMARY)
        self._framework_changed(framework, Form.SUMMARY)

    def _hold(self, framework_id: str, agent_id: str, holder: Hashable, resources: Resources) -> None:
        """What a task, an executor or an operation has."""
        framework = self.frameworks.get(framework_id)
        if framework is None or not (resources or agent_id in framework.shares):
            return
        if self._share(framework, agent_id).hold(holder, resources):
            framework.used_changed()
            self._framework_changed(framework)
            self._share_changed(framework, agent_id)

    def _share(self, framework: ShownFramework, agent_id: str) -> Share:
        share = framework.shares.get(agent_id)
        if share is None:
            share = framework.shares[agent_id] = Share()
            self.shares.setdefault(agent_id, {})[framework.id] = share
        return share

    def _share_changed(self, framework: ShownFramework, agent_id: str, *forms: Form) -> None:
        if not framework.shares[agent_id]:
            del framework.shares[agent_id], self.shares[agent_id][framework.id]
        self._agent_changed(agent_id, *forms)

    # --- tasks ---

    def _task(self, framework_id: str, task_id: str, fact: TaskFact | None) -> None:
        framework = self._any(framework_id)
        if framework is None:
            return
        before = framework.tasks.get(task_id)
        if fact is None:
            if before is not None:
                framework.tasks.pop(task_id)
                self._leaving[framework_id, task_id] = before
                self._hold(framework_id, before.record.agent_id.value, task_id, NOTHING)
                self._count(framework, before.record, None)
            return
        record = fact.record
        if before is None or before.record is not record:
            framework.tasks.put(task_id, ShownTask(record))
            self._count(framework, None if before is None else before.record, record)
        self._hold(framework_id, record.agent_id.value, task_id, fact.holding)
        if before is None:
            self._tell(events.task_added, record)
        else:
            self._updated(before.record, record)

    def _unreachable_task(self, framework_id: str, task_id: str, record: Task | None) -> None:
        framework = self._any(framework_id)
        if framework is None:
            return
        before = framework.unreachable.get(task_id)
        if record is not None:
            framework.unreachable.put(task_id, self._ended(framework, record))
        elif before is not None:
            framework.unreachable.pop(task_id)
            self._leaving[framework_id, task_id] = before
        self._count(framework, None if before is None else before.record, record)

    def _completed_tasks(self, framework_id: str, fact: CompletedTasksFact | None) -> None:
        framework = self._any(framework_id)
        if fact is None:
            return
        if framework is None:
            self._early.setdefault(framework_id, []).append(fact)
            return
        for number, record in enumerate(fact.tasks, fact.first):
            if number not in framework.completed:
                framework.completed.put(number, self._ended(framework, record))
                self._count(framework, None, record)
        while len(framework.completed) and (oldest := next(iter(framework.completed))) < fact.forgotten:
            forgotten = framework.completed.pop(oldest)
            assert forgotten is not None
            self._count(framework, forgotten.record, None)

    def _ended(self, framework: ShownFramework, record: Task) -> ShownTask:
        """A task that is not live any more; its forms are those it had when it was, if nothing changed."""
        task_id = record.task_id.value
        before = self._leaving.pop((framework.id, task_id), None) or framework.tasks.get(task_id)
        if before is None:
            before = framework.unreachable.get(task_id)
        if before is None or before.record is record:
            return before or ShownTask(record)
        self._updated(before.record, record)
        return ShownTask(record)

    def _updated(self, before: Task, now: Task) -> None:
        if self.watched and events.is_news(before, now):
            self._happened(events.task_updated(now))

    # --- what is on agents ---

    def _executor(self, agent_id: str, key: tuple[str, str], info: ExecutorInfo | None) -> None:
        framework_id, executor_id = key
        framework = self._any(framework_id)
        if info is None:
            self.executors.pop((agent_id, *key))
        else:
            executor = ShownExecutor(info, framework_id, agent_id)
            self.executors.put((agent_id, *key), executor)
        if framework is not None:
            if info is None:
                framework.executors.pop((agent_id, executor_id))
            else:
                framework.executors.put((agent_id, executor_id), executor)
            self._framework_changed(framework, Form.SUMMARY)
        held = NOTHING if info is None else Resources(info.resources)
        self._hold(framework_id, agent_id, ("executor", executor_id), held)

    def _operation(self, agent_id: str, uuid: bytes, fact: OperationFact | None) -> None:
        before = self.operations.get((agent_id, uuid))
        if fact is None:
            self.operations.pop((agent_id, uuid))
        else:
            self.operations.put((agent_id, uuid), ShownOperation(fact.record))
        record = fact.record if fact is not None else None if before is None else before.record
        if record is not None and record.framework_id is not None:
            held = NOTHING if fact is None else fact.holding
            self._hold(record.framework_id.value, agent_id, ("operation", uuid), held)

    def _offer(self, offer_id: str, fact: OfferFact | None) -> None:
        known = fact or self.offers.get(offer_id)
        if known is None:
            return
        record = known.record
        _put(self.offers, offer_id, fact)
        _put(self._offers_of.setdefault(record.agent_id.value, {}), offer_id, fact)
        self._agent_changed(record.agent_id.value)
        framework = self._any(record.framework_id.value)
        if framework is not None:
            _put(framework.offers, offer_id, fact)
            framework.offers_changed()
            self._framework_changed(framework)

    def _inverse_offer(self, offer_id: str, fact: InverseOfferFact | None) -> None:
        known = fact or self.inverse_offers.get(offer_id)
        if known is None:
            return
        _put(self.inverse_offers, offer_id, fact)
        framework = self._any(known.framework_id)
        if framework is not None:
            _put(framework.inverse_offers, offer_id, None if fact is None else fact.record)
            self._framework_changed(framework)

    # --- roles ---

    def _quota(self, role: str, config: QuotaConfig | None) -> None:
        _put(self.quotas, role, config)

    def _weight(self, role: str, weight: float | None) -> None:
        _put(self.weights, role, weight)


def _put(objects: dict[str, V], key: str, value: V | None) -> None:
    if value is None:
        objects.pop(key, None)
    else:
        objects[key] = value

"""A master's books to which anything that may happen does, by chance."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec.structs import replace

from actors.master.agent import AgentEntry
from actors.master.flags import MasterFlags
from actors.master.framework import FrameworkEntry
from actors.master.offer import InverseOfferEntry
from actors.master.operation import OperationEntry
from actors.master.task import TaskEntry
from tests.actors.master.town import State, Town, framework_info, update
from transport.messages.launching import ExecutorExited
from transport.pid import Pid
from transport.records.agent import AgentInfo, DrainConfig, DrainInfo, DrainState
from transport.records.ids import UUID, AgentID, FrameworkID, OfferID, OperationID
from transport.records.labels import Label, Labels
from transport.records.offer import InverseOffer, Offer
from transport.records.operation import Operation, OperationState, OperationStatus
from transport.records.quota import QuotaConfig
from transport.records.resources import Resources
from transport.records.task_status import TaskStatus
from transport.records.time_info import TimeInfo, Unavailability
from transport.records.value import Value

T = TypeVar("T")
_GOES_ON = (State.TASK_STARTING, State.TASK_RUNNING, State.TASK_RUNNING, State.TASK_KILLING)
_ENDS = (State.TASK_FINISHED, State.TASK_FAILED, State.TASK_KILLED, State.TASK_LOST)
_SINCE = TimeInfo(nanoseconds=5 * 10**9)
_FLAGS = MasterFlags(
    max_completed_frameworks=2, max_completed_tasks_per_framework=4, max_unreachable_tasks_per_framework=2
)


class Whims(Town):
    """A town with little memory, so that much is forgotten; what is done there keeps the books sound."""

    def __init__(self, seed: int, flags: MasterFlags = _FLAGS) -> None:
        super().__init__(flags)
        self.rng = random.Random(seed)
        self._number = 0
        self._acts: tuple[Callable[[], None], ...] = (
            self._agent_comes,
            self._agent_changes,
            self._agent_goes,
            self._agent_is_expected,
            self._framework_comes,
            self._framework_comes,
            self._framework_changes,
            self._framework_goes,
            *[self._task_comes] * 6,
            *[self._task_changes] * 8,
            self._task_is_lost,
            self._task_is_given_up,
            self._executor_comes,
            self._executor_goes,
            self._offer_comes,
            self._offer_comes,
            self._offer_goes,
            self._operation_comes,
            self._operation_changes,
            self._operation_goes,
            self._role_changes,
        )

    def act(self) -> None:
        """Something happens, if it can."""
        self.rng.choice(self._acts)()

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _one(self, objects: Sequence[T]) -> T | None:
        return self.rng.choice(objects) if objects else None

    @property
    def _some_agent(self) -> AgentEntry | None:
        return self._one(tuple(self.cluster.agents.values()))

    @property
    def _some_framework(self) -> FrameworkEntry | None:
        return self._one(tuple(self.cluster.frameworks.values()))

    @property
    def _some_task(self) -> TaskEntry | None:
        return self._one([task for agent in self.cluster.agents.values() for task in agent.tasks.values()])

    # --- agents ---

    def _agent_comes(self) -> None:
        if len(self.cluster.agents) < 4:
            agent_id = f"m1-S{self._next()}"
            agent = self.agent(agent_id, "cpus:1000;mem:100000;disk:1000;ports:[31000-32000]")
            agent.registered_at = self.rng.uniform(1.0, 9.0)

    def _agent_changes(self) -> None:
        agent = self._some_agent
        if agent is None:
            return
        drain = DrainInfo(state=DrainState.DRAINING, config=DrainConfig(mark_gone=True))
        self.rng.choice(
            (
                lambda: setattr(agent, "connected", not agent.connected),
                lambda: setattr(agent, "deactivated", not agent.deactivated),
                lambda: agent.withdraw(None if agent.drain else drain, 3.0),
                lambda: setattr(agent, "total", agent.total + Resources.parse("disk(a):5;gpus:1")),
                lambda: setattr(agent, "reregistered_at", self.rng.uniform(1.0, 9.0)),
                lambda: setattr(agent, "info", replace(agent.info, hostname=f"host{self._next()}")),
            )
        )()

    def _agent_goes(self) -> None:
        agent = self._some_agent
        if agent is None:
            return
        for offer in tuple(agent.offers.values()):
            self.cluster.remove_offer(offer)
        for inverse in tuple(agent.inverse_offers.values()):
            self.cluster.remove_inverse_offer(inverse)
        for task in tuple(agent.tasks.values()):
            self._lose(task)
        for framework_id, executor_id in tuple(agent.executors):
            self.cluster.remove_executor(agent, framework_id, executor_id)
        for operation in tuple(agent.operations.values()):
            self.cluster.remove_operation(operation)
        self.cluster.remove_agent(agent.id)
        self.cluster.unreachable[agent.id] = _SINCE

    def _agent_is_expected(self) -> None:
        recovered, unreachable = self.cluster.recovered, self.cluster.unreachable
        if self.rng.random() < 0.5:
            name = f"m0-S{self._next()}"
            recovered[name] = AgentInfo(hostname=name, id=AgentID(value=name))
        elif recovered:
            recovered.pop(next(iter(recovered)))
        elif unreachable:
            del unreachable[next(iter(unreachable))]

    # --- frameworks ---

    def _framework_comes(self) -> None:
        if len(self.cluster.frameworks) >= 4:
            return
        number = self._next()
        pid = Pid("scheduler", "10.0.0.9", 6000, number)
        roles = self.rng.choice(((), ("a",), ("a/b", "c")))
        if self.rng.random() < 0.2:
            self.frameworks.recover(framework_info(f"m0-{number}", roles=roles))
        else:
            self.subscribe(framework_info(roles=roles), pid)

    def _framework_changes(self) -> None:
        framework = self._some_framework
        if framework is None:
            return
        labels = Labels(labels=(Label(key="k", value=str(self._next())),))
        self.rng.choice(
            (
                lambda: framework.describe(replace(framework.info, labels=labels)),
                lambda: setattr(framework, "reregistered_at", self.rng.uniform(1.0, 9.0)),
                lambda: self._framework_leaves(framework),
            )
        )()

    def _framework_leaves(self, framework: FrameworkEntry) -> None:
        if framework.pid is not None and framework.connected:
            self.frameworks.exited(framework.pid)

    def _framework_goes(self) -> None:
        framework = self._some_framework
        if framework is not None:
            self.frameworks.remove(framework, "chance")

    # --- tasks ---

    def _task_comes(self) -> None:
        framework, agent = self._some_framework, self._some_agent
        if framework is not None and agent is not None:
            port = 31000 + self._next()
            self.task(framework, agent, f"t{port}", f"cpus:1;mem:64;ports:[{port}-{port}]")

    def _task_changes(self) -> None:
        task = self._some_task
        if task is None:
            return
        agent = self.cluster.agents[task.agent_id]
        state = self.rng.choice(_GOES_ON if self.rng.random() < 0.6 else _ENDS)
        message = update(task, state, b"%16d" % self._next())
        status = replace(
            message.status, timestamp=self.rng.uniform(1.0, 9.0), healthy=self.rng.choice((None, True, False))
        )
        self.tasks.update(agent, replace(message, status=status))
        if task.terminal and self.rng.random() < 0.7:
            self.cluster.remove_task(task)

    def _task_is_lost(self) -> None:
        task = self._some_task
        if task is not None:
            self._lose(task)

    def _lose(self, task: TaskEntry) -> None:
        since = _SINCE if self.rng.random() < 0.6 else None
        reason = TaskStatus.Reason.REASON_AGENT_REMOVED
        self.tasks.conclude(task, State.TASK_UNREACHABLE, reason, "chance", unreachable_time=since)

    def _task_is_given_up(self) -> None:
        framework = self._some_framework
        task = None if framework is None else self._one(tuple(framework.unreachable_tasks.values()))
        if framework is not None and task is not None:
            reason = TaskStatus.Reason.REASON_AGENT_REMOVED_BY_OPERATOR
            self.tasks.end_unreachable(framework, task, State.TASK_GONE_BY_OPERATOR, reason, "chance")

    # --- what else is on agents ---

    def _executor_comes(self) -> None:
        framework, agent = self._some_framework, self._some_agent
        if framework is not None and agent is not None:
            self.executor(framework, agent, f"e{self._next()}")

    def _executor_goes(self) -> None:
        agent = self._some_agent
        key = None if agent is None else self._one(tuple(agent.executors))
        if agent is not None and key is not None:
            self.executors.exited(agent, ExecutorExited(key[0], agent.id, key[1], 0))

    def _offer_comes(self) -> None:
        framework, agent = self._some_framework, self._some_agent
        if framework is None or agent is None or not framework.connected:
            return
        if self.rng.random() < 0.3:
            inverse_id = f"I{self._next()}"
            record = InverseOffer(
                id=OfferID(value=inverse_id),
                framework_id=FrameworkID(value=framework.id),
                unavailability=Unavailability(start=_SINCE),
            )
            entry = InverseOfferEntry(inverse_id, framework.id, agent.id, record)
            self.cluster.add_inverse_offer(entry)
        elif agent.active:
            self.offer(framework, agent, "cpus:2;mem:10", framework.roles[0])

    def _offer_goes(self) -> None:
        offer = self._one(tuple(self.cluster.offers.values()))
        inverse = self._one(tuple(self.cluster.inverse_offers.values()))
        if offer is not None and self.rng.random() < 0.6:
            self.offers.rescind(offer)
        elif inverse is not None:
            self.cluster.remove_inverse_offer(inverse)

    def _operation_comes(self) -> None:
        framework, agent = self._some_framework, self._some_agent
        if agent is None:
            return
        uuid, reserved = b"%16d" % self._next(), Resources.parse("cpus(a):1").allocate("a")
        named = OperationID(value=f"o{self._number}") if self.rng.random() < 0.5 else None
        info = Offer.Operation(
            type=Offer.Operation.Type.RESERVE,
            id=named,
            reserve=Offer.Operation.Reserve(resources=tuple(reserved)),
        )
        record = Operation(
            framework_id=None if framework is None else FrameworkID(value=framework.id),
            agent_id=AgentID(value=agent.id),
            info=info,
            latest_status=OperationStatus(state=OperationState.OPERATION_PENDING),
            uuid=UUID(value=uuid),
        )
        self.cluster.add_operation(OperationEntry(record, reserved if framework is not None else Resources()))

    @property
    def _some_operation(self) -> OperationEntry | None:
        agents = self.cluster.agents.values()
        return self._one([one for agent in agents for one in agent.operations.values()])

    def _operation_changes(self) -> None:
        operation = self._some_operation
        if operation is not None:
            status = OperationStatus(state=OperationState.OPERATION_FINISHED)
            operation.record = replace(operation.record, latest_status=status, statuses=(status,))
            operation.holding = Resources()

    def _operation_goes(self) -> None:
        operation = self._some_operation
        if operation is not None:
            self.cluster.remove_operation(operation)

    # --- roles ---

    def _role_changes(self) -> None:
        role = self.rng.choice(("a", "c", "d"))
        if self.rng.random() < 0.5:
            self.cluster.weights[role] = self.rng.uniform(1.0, 3.0)
        elif role in self.cluster.quotas:
            del self.cluster.quotas[role]
        else:
            limits = {"cpus": Value.Scalar(value=10.0)}
            self.cluster.quotas[role] = QuotaConfig(role=role, limits=limits)

"""What becomes of an ACCEPT: tasks are launched, operations applied, the rest is given back (§2.7).

The section is of mesos-protocol.md; its numbered items are done here in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from actors.master.agent import AgentEntry
from actors.master.cluster import Cluster
from actors.master.framework import FrameworkEntry
from actors.master.offers import OfferDesk
from actors.master.operations import SPECULATIVE, OperationDesk
from actors.master.pool import Pool
from actors.master.requests import (
    ExecutorRequest,
    TaskRequest,
    complete,
    request_executor,
    request_task,
)
from actors.master.task import TaskEntry
from actors.master.tasks import TaskDesk
from actors.master.validation.group import group_error
from actors.master.validation.offers import offers_error
from actors.master.validation.operation import Claimant, operation_error, operation_id_error
from actors.master.validation.task import task_error
from actors.master.world import World
from transport.codec import EncodeError
from transport.messages.allocation import ConvertAllocated, RecoverResources
from transport.messages.launching import RunTask, RunTaskGroup
from transport.messages.scheduling import AcceptOffers
from transport.records.ids import FrameworkID
from transport.records.offer import Filters, Offer
from transport.records.resource_conversion import conversion_of
from transport.records.resources import Resources
from transport.records.task import Task, TaskGroupInfo, TaskInfo
from transport.records.task_status import TaskState, TaskStatus

_Type = Offer.Operation.Type
_Reason = TaskStatus.Reason
_REMOVED = _Reason.REASON_AGENT_REMOVED, "the agent was removed"


class _Order(NamedTuple):
    """One operation of an ACCEPT, completed; for launches, with what is to be launched."""

    operation: Offer.Operation
    tasks: tuple[TaskRequest, ...] = ()
    executor: ExecutorRequest | None = None


class _Deal(NamedTuple):
    """Who deals with whom, about what."""

    framework: FrameworkEntry
    agent: AgentEntry
    pool: Pool


class AcceptanceDesk:
    """Performs what frameworks do with offers."""

    def __init__(
        self,
        world: World,
        cluster: Cluster,
        offers: OfferDesk,
        tasks: TaskDesk,
        operations: OperationDesk,
    ) -> None:
        self._world = world
        self._cluster = cluster
        self._offers = offers
        self._tasks = tasks
        self._operations = operations
        self._performers: Mapping[_Type, Callable[[_Deal, _Order], None]] = {
            _Type.LAUNCH: self._launch,
            _Type.LAUNCH_GROUP: self._launch_group,
        }

    def accept(self, framework: FrameworkEntry, message: AcceptOffers) -> None:
        """Perform the operations of an ACCEPT, and give back what they leave."""
        error = offers_error(message.offer_ids, self._cluster.offers, framework.id)
        # Another framework's offer stays with it, whoever lists it.
        offers = [
            framework.offers[offer_id]
            for offer_id in dict.fromkeys(message.offer_ids)
            if offer_id in framework.offers
        ]
        if error is not None:
            for offer in offers:
                self._offers.discard(offer)
            self._refuse_all(framework, message.operations, _Reason.REASON_INVALID_OFFERS, error)
            return
        framework.tally.offers_accepted += len(offers)
        for operation in message.operations:
            framework.tally.asked(operation.type)
        role, agent_id = offers[0].role, offers[0].agent_id
        agent = self._cluster.agents.get(agent_id)
        orders = self._orders(framework, agent, message.operations, role)
        obstacle = _obstacle(agent)
        if agent is None or obstacle is not None:
            for offer in offers:
                self._offers.discard(offer)
            reason, why = obstacle or _REMOVED
            self._refuse_all(framework, [order.operation for order in orders], reason, why)
            return
        offered = Resources()
        for offer in offers:
            self._offers.take(offer)
            offered += offer.resources
        deal = _Deal(framework, agent, Pool(offered))
        for order in orders:
            perform = self._performers.get(order.operation.type or _Type.UNKNOWN, self._operate)
            perform(deal, order)
        self._give_back(deal, role, message.filters or Filters())

    # --- before anything is done ---

    def _orders(
        self,
        framework: FrameworkEntry,
        agent: AgentEntry | None,
        operations: tuple[Offer.Operation, ...],
        role: str,
    ) -> list[_Order]:
        """Complete the operations; those that cannot be are refused."""
        orders = []
        for operation in operations:
            try:
                order = _order(operation, FrameworkID(value=framework.id), role)
                error = None if agent is None else operation_id_error(operation, agent, framework)
            except ValueError as invalid:
                error = str(invalid)
            if error is None:
                orders.append(order)
            else:
                self._refuse(framework, operation, TaskState.TASK_ERROR, _invalid(operation), error)
        return orders

    def _refuse_all(
        self,
        framework: FrameworkEntry,
        operations: tuple[Offer.Operation, ...] | list[Offer.Operation],
        reason: TaskStatus.Reason,
        why: str,
    ) -> None:
        state = TaskState.TASK_DROPPED if framework.partition_aware else TaskState.TASK_LOST
        for operation in operations:
            self._refuse(framework, operation, state, reason, why)

    def _refuse(
        self,
        framework: FrameworkEntry,
        operation: Offer.Operation,
        state: TaskState,
        reason: TaskStatus.Reason,
        why: str,
    ) -> None:
        tasks = _tasks_of(operation)
        if not tasks:
            self._operations.refuse(framework, operation, why)
        for task in tasks:
            # An ACCEPT that came twice must not tell of the end of what the first one launched.
            if reason is not _Reason.REASON_INVALID_OFFERS or not framework.knows(task.task_id.value):
                self._tasks.refuse(framework, task, state, reason, why)

    # --- launches ---

    def _launch(self, deal: _Deal, order: _Order) -> None:
        launched = []
        for task in order.tasks:
            error = self._launch_task(deal, task)
            if error is None:
                launched.append(task.info.task_id.value)
            else:
                reason = _Reason.REASON_TASK_INVALID
                self._tasks.refuse(deal.framework, task.info, TaskState.TASK_ERROR, reason, error)
        if launched:
            self._log_launch(deal, launched)

    def _launch_task(self, deal: _Deal, task: TaskRequest) -> str | None:
        """Launch a task, or return why it cannot be."""
        executor = task.executor
        error = task_error(task, deal.framework, deal.agent, deal.pool.available)
        if error is None:
            launch_executor = None if executor is None else not _has_executor(deal, executor)
            error = self._instruct(deal, RunTask(deal.framework.info, task.info, launch_executor))
        if error is None:
            if executor is not None:
                self._charge_executor(deal, executor)
            self._charge_task(deal, task)
        return error

    def _launch_group(self, deal: _Deal, order: _Order) -> None:
        executor = order.executor
        assert executor is not None
        error = group_error(executor, order.tasks, deal.framework, deal.agent, deal.pool.available)
        if error is None:
            group = TaskGroupInfo(tasks=tuple(task.info for task in order.tasks))
            launch_executor = not _has_executor(deal, executor)
            message = RunTaskGroup(deal.framework.info, executor.info, group, launch_executor)
            error = self._instruct(deal, message)
        if error is not None:
            reason = _Reason.REASON_TASK_GROUP_INVALID
            self._refuse(deal.framework, order.operation, TaskState.TASK_ERROR, reason, error)
            return
        self._charge_executor(deal, executor)
        for task in order.tasks:
            self._charge_task(deal, task)
        self._log_launch(deal, [task.info.task_id.value for task in order.tasks])

    def _instruct(self, deal: _Deal, message: RunTask | RunTaskGroup) -> str | None:
        """Have the agent launch something; returns why that cannot be said to it, or None."""
        try:
            self._world.send(deal.agent.pid, message)
        except EncodeError as error:
            return str(error)
        return None

    def _charge_executor(self, deal: _Deal, executor: ExecutorRequest) -> None:
        """Account for an executor, if the agent does not have it."""
        if not _has_executor(deal, executor):
            deal.pool.take(executor.resources)
            self._cluster.add_executor(deal.agent, deal.framework.id, executor.info)

    def _charge_task(self, deal: _Deal, task: TaskRequest) -> None:
        deal.pool.take(task.resources)
        self._cluster.add_task(TaskEntry(_record(task.info, deal.framework), task.resources))

    def _log_launch(self, deal: _Deal, task_ids: list[str]) -> None:
        self._world.log.info(
            "tasks launched",
            framework_id=deal.framework.id,
            agent_id=deal.agent.id,
            count=len(task_ids),
            task_id=", ".join(task_ids[:5]) + (", …" if len(task_ids) > 5 else ""),
        )

    # --- operations on resources ---

    def _operate(self, deal: _Deal, order: _Order) -> None:
        operation = order.operation
        error = operation_error(operation, deal.agent, Claimant.of(deal.framework))
        if error is None and operation.id is not None:
            # An operation before it in this ACCEPT may have taken the id.
            error = operation_id_error(operation, deal.agent, deal.framework)
        if error is None:
            error = self._apply(deal, operation)
        if error is not None:
            self._operations.refuse(deal.framework, operation, error)

    def _apply(self, deal: _Deal, operation: Offer.Operation) -> str | None:
        """Apply a valid operation, or return why the resources are not there."""
        try:
            conversion = conversion_of(operation)
            if not deal.agent.total.contains(conversion.consumed.unallocate()):
                return f"agent {deal.agent.id} does not have {conversion.consumed} any more"
            if operation.type in SPECULATIVE:
                deal.pool.convert(conversion)
            else:
                deal.pool.take(conversion.consumed)
        except ValueError as invalid:
            return str(invalid)
        if operation.type is _Type.DESTROY:
            # What is destroyed may not be used by who else was offered it.
            self._offers.rescind_holders(deal.agent, conversion.consumed)
        self._operations.start(
            deal.agent, operation, conversion, deal.framework, granted=operation.type in SPECULATIVE
        )
        return None

    # --- the rest ---

    def _give_back(self, deal: _Deal, role: str, filters: Filters) -> None:
        framework_id, agent_id, pool = deal.framework.id, deal.agent.id, deal.pool
        if pool.conversions:
            self._world.allocate(ConvertAllocated(framework_id, agent_id, role, tuple(pool.conversions)))
        rest = pool.remainder()
        if rest.converted:
            self._world.allocate(RecoverResources(framework_id, agent_id, rest.converted))
        if rest.declined:
            self._world.allocate(RecoverResources(framework_id, agent_id, rest.declined, filters))


def _has_executor(deal: _Deal, executor: ExecutorRequest) -> bool:
    return (deal.framework.id, executor.info.executor_id.value) in deal.agent.executors


def _order(operation: Offer.Operation, framework_id: FrameworkID, role: str) -> _Order:
    """Complete an operation; raises ValueError naming the rule that it breaks."""
    if operation.type is _Type.LAUNCH:
        tasks = tuple(request_task(task, framework_id, role) for task in _tasks_of(operation))
        return _Order(operation, tasks)
    if operation.type is not _Type.LAUNCH_GROUP:
        return _Order(complete(operation, role))
    if operation.launch_group is None:
        raise ValueError("LAUNCH_GROUP: the field launch_group must be set")
    executor = request_executor(operation.launch_group.executor, framework_id, role)
    tasks = tuple(request_task(task, framework_id, role, executor) for task in _tasks_of(operation))
    return _Order(operation, tasks, executor)


def _tasks_of(operation: Offer.Operation) -> tuple[TaskInfo, ...]:
    if operation.type is _Type.LAUNCH and operation.launch is not None:
        return operation.launch.task_infos
    if operation.type is _Type.LAUNCH_GROUP and operation.launch_group is not None:
        return operation.launch_group.task_group.tasks
    return ()


def _invalid(operation: Offer.Operation) -> TaskStatus.Reason:
    grouped = operation.type is _Type.LAUNCH_GROUP
    return _Reason.REASON_TASK_GROUP_INVALID if grouped else _Reason.REASON_TASK_INVALID


def _obstacle(agent: AgentEntry | None) -> tuple[TaskStatus.Reason, str] | None:
    """Why nothing can be done on an agent at present, or None."""
    if agent is None:
        return _REMOVED
    if not agent.connected:
        return _Reason.REASON_AGENT_DISCONNECTED, f"agent {agent.id} is disconnected"
    if agent.drain is not None:
        return _Reason.REASON_AGENT_DRAINING, f"agent {agent.id} is being drained"
    return None


def _record(info: TaskInfo, framework: FrameworkEntry) -> Task:
    """The task as master and agent keep it from now on."""
    executor = info.executor
    command = info.command if executor is None else executor.command
    return Task(
        name=info.name,
        task_id=info.task_id,
        framework_id=FrameworkID(value=framework.id),
        executor_id=None if executor is None else executor.executor_id,
        agent_id=info.agent_id,
        state=TaskState.TASK_STAGING,
        resources=info.resources,
        labels=info.labels,
        discovery=info.discovery,
        container=info.container,
        health_check=info.health_check,
        kill_policy=info.kill_policy,
        user=(command.user if command is not None else None) or framework.info.user or None,
        limits=info.limits,
    )

"""What a scheduler may ask of its master: the calls of the v1 scheduler API (mesos-protocol.md §2.3)."""

from __future__ import annotations

from collections.abc import Iterable

from actors.process import Process
from transport.message import Message
from transport.messages import scheduling
from transport.messages.scheduling import OperationReference, TaskReference
from transport.records.check import KillPolicy
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.offer import Filters, InverseOffer, Offer, Request
from transport.records.offer_constraints import OfferConstraints
from transport.records.task import TaskGroupInfo, TaskInfo

_Operation = Offer.Operation


class Calls(Process):
    """The calls, as methods. One made while there is no subscription is dropped, as is one that gets lost.

    So whatever matters must be seen to happen: an update comes of a launch or a kill, and reconciliation
    tells of the launch that got lost.
    """

    #: The framework as it describes itself; its id is set once the master has given it one.
    framework: FrameworkInfo
    suppressed_roles: tuple[str, ...] = ()
    constraints: OfferConstraints | None = None
    #: Ids of offers that are neither used, given back nor rescinded.
    held: dict[str, None]

    def call(self, message: Message) -> None:
        """Send a message to the master, if subscribed."""
        raise NotImplementedError

    @property
    def framework_id(self) -> str:
        """The framework's id; empty while the master has not given it one."""
        return "" if self.framework.id is None else self.framework.id.value

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that the framework has subscribed to."""
        capabilities = [capability.type for capability in self.framework.capabilities]
        if FrameworkInfo.Capability.Type.MULTI_ROLE in capabilities:
            return self.framework.roles
        return (self.framework.role or "*",)

    # --- offers ---

    def __let_go(self, offers: Iterable[Offer]) -> tuple[str, ...]:
        offer_ids = _ids(offers)
        for offer_id in offer_ids:
            self.held.pop(offer_id, None)
        return offer_ids

    def accept(
        self, offers: Iterable[Offer], operations: Iterable[Offer.Operation], filters: Filters | None = None
    ) -> None:
        """Use offers of one agent: perform the operations in order; the rest counts as declined."""
        offer_ids = self.__let_go(offers)
        self.call(scheduling.AcceptOffers(self.framework_id, offer_ids, tuple(operations), filters))

    def launch(
        self, offers: Iterable[Offer], tasks: Iterable[TaskInfo], filters: Filters | None = None
    ) -> None:
        """Start tasks on offers of one agent; the rest counts as declined."""
        launch = _Operation.Launch(task_infos=tuple(tasks))
        self.accept(offers, (_Operation(type=_Operation.Type.LAUNCH, launch=launch),), filters)

    def launch_group(
        self,
        offers: Iterable[Offer],
        executor: ExecutorInfo,
        tasks: Iterable[TaskInfo],
        filters: Filters | None = None,
    ) -> None:
        """Start tasks together on offers of one agent, all or none; the rest counts as declined."""
        group = _Operation.LaunchGroup(executor=executor, task_group=TaskGroupInfo(tasks=tuple(tasks)))
        operation = _Operation(type=_Operation.Type.LAUNCH_GROUP, launch_group=group)
        self.accept(offers, (operation,), filters)

    def decline(self, offers: Iterable[Offer], refuse_seconds: float | None = None) -> None:
        """Give offers back, and want nothing like them for so long (5 s unless given)."""
        offer_ids = self.__let_go(offers)
        if offer_ids:
            self.call(scheduling.DeclineOffers(self.framework_id, offer_ids, _filters(refuse_seconds)))

    def accept_inverse_offers(
        self, offers: Iterable[InverseOffer], refuse_seconds: float | None = None
    ) -> None:
        """Promise to be gone from these machines in time."""
        filters = _filters(refuse_seconds)
        self.call(scheduling.AcceptInverseOffers(self.framework_id, _ids(offers), filters))

    def decline_inverse_offers(
        self, offers: Iterable[InverseOffer], refuse_seconds: float | None = None
    ) -> None:
        """Say that the framework may not be gone from these machines in time."""
        filters = _filters(refuse_seconds)
        self.call(scheduling.DeclineInverseOffers(self.framework_id, _ids(offers), filters))

    def revive(self, *roles: str) -> None:
        """Want offers again, also those that were refused: for the roles given, or (none) all."""
        if roles:
            self.suppressed_roles = tuple(role for role in self.suppressed_roles if role not in roles)
        else:
            self.suppressed_roles = ()
        self.call(scheduling.Revive(self.framework_id, roles))

    def suppress(self, *roles: str) -> None:
        """Want no offers until `revive`: for the roles given, or (none) all."""
        self.suppressed_roles = tuple(dict.fromkeys((*self.suppressed_roles, *(roles or self.roles))))
        self.call(scheduling.Suppress(self.framework_id, roles))

    def request(self, requests: Iterable[Request]) -> None:
        """Hint at what could be used."""
        self.call(scheduling.RequestResources(self.framework_id, tuple(requests)))

    # --- tasks, executors, operations ---

    def kill(self, task_id: str, agent_id: str | None = None, kill_policy: KillPolicy | None = None) -> None:
        """End a task; an update follows, also for one that nobody knows."""
        self.call(scheduling.Kill(self.framework_id, task_id, agent_id, kill_policy))

    def reconcile(self, tasks: Iterable[TaskReference] = ()) -> None:
        """Have the latest states of these tasks told, or (none given) of all that the master knows."""
        self.call(scheduling.Reconcile(self.framework_id, tuple(tasks)))

    def reconcile_operations(self, operations: Iterable[OperationReference] = ()) -> None:
        """Have the latest states of these operations told, or (none given) of all with an id."""
        self.call(scheduling.ReconcileOperations(self.framework_id, tuple(operations)))

    def shutdown(self, executor_id: str, agent_id: str) -> None:
        """End an executor and what it runs."""
        self.call(scheduling.Shutdown(self.framework_id, executor_id, agent_id))

    def message(self, agent_id: str, executor_id: str, data: bytes) -> None:
        """Send bytes to an executor; they may get lost."""
        self.call(scheduling.FrameworkMessage(self.framework_id, agent_id, executor_id, data))


def _ids(offers: Iterable[Offer] | Iterable[InverseOffer]) -> tuple[str, ...]:
    return tuple(offer.id.value for offer in offers)


def _filters(refuse_seconds: float | None) -> Filters | None:
    return None if refuse_seconds is None else Filters(refuse_seconds=refuse_seconds)

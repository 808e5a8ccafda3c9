"""A framework's scheduler: subclass it, override what it is told, and call the master by its methods.

    class Greeter(Scheduler):
        def resource_offers(self, offers: tuple[Offer, ...]) -> None:
            first = Offered(offers[0])
            self.launch([first.offer], [command_task("one", first, Resources.parse("cpus:1"), "echo hello")])
            self.decline(offers[1:])
            self.suppress()

        def update(self, status: TaskStatus) -> None:
            if status.state is TaskState.TASK_FINISHED:
                self.teardown()

It is an actor like any other, on any node that has a detector of the leading master
(`actors.election`), and is tested in a simulated cluster first (`frameworks.testing`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from actors.process import handles
from actors.system import Timer
from frameworks.deliveries import Deliveries, Delivery
from frameworks.subscriber import Subscriber
from transport.messages import scheduling
from transport.messages.scheduling import TaskReference
from transport.pid import Pid
from transport.records.framework import FrameworkInfo
from transport.records.master import MasterInfo
from transport.records.offer import Filters, InverseOffer, Offer
from transport.records.offer_constraints import OfferConstraints
from transport.records.operation import TERMINAL_OPERATION, OperationStatus
from transport.records.task_status import TERMINAL, TaskStatus

#: Until tasks are asked about once more that the master said nothing of; doubled each time, up to the last.
_FIRST_PAUSE_SECONDS: Final = 1.0
_LAST_PAUSE_SECONDS: Final = 16.0


class Scheduler(Subscriber):
    """Stays subscribed with the leading master, whatever becomes of it, and is told what happens.

    What a subclass overrides is called in turns of this actor, and need not call `super()`; `initialize` and
    `exited` must. Events come in the master's order. An update that is repeated, because its
    acknowledgement got lost, is acknowledged again and delivered once; what this actor knew is lost with
    it, so a successor is told again what was not acknowledged.

    To take over a framework, give its id in `framework.id`; `subscribed` tells the id to be kept.
    """

    #: Acknowledge an update when `update` has returned; else the subclass calls `acknowledge`.
    acknowledges_automatically: ClassVar[bool] = True
    #: Ask after each subscription but a new framework's first for what the updates left out.
    reconciles_when_subscribed: ClassVar[bool] = True
    #: Ask again and again while subscribed; None: never.
    reconcile_every_seconds: float | None = None

    def __init__(
        self,
        framework: FrameworkInfo,
        detector: Pid | str,
        *,
        suppressed_roles: tuple[str, ...] = (),
        constraints: OfferConstraints | None = None,
    ) -> None:
        """`detector` knows who leads; it may be the master's address instead, as in --master=host:port."""
        super().__init__(framework, detector, suppressed_roles=suppressed_roles, constraints=constraints)
        self.__updates = Deliveries()
        self.__operation_updates = Deliveries()
        #: What was asked about since the subscription began, and was not heard of.
        self.__unheard: dict[str, None] = {}
        self.__asking: Timer | None = None

    # --- what a subclass is told ---

    def subscribed(self, framework_id: str, master: MasterInfo) -> None:
        """The framework is known by this id, anew or again; offers from before are not valid any more."""

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        """Resources that can be used now; declined unless overridden."""
        self.decline(offers)

    def rescinded(self, offer_id: str) -> None:
        """An offer is not valid any more."""

    def inverse_offers(self, offers: tuple[InverseOffer, ...]) -> None:
        """The master wants resources back; accepted unless overridden."""
        self.accept_inverse_offers(offers)

    def inverse_offer_rescinded(self, inverse_offer_id: str) -> None:
        """An inverse offer is not valid any more."""

    def update(self, status: TaskStatus) -> None:
        """What became of a task. The answers to `reconcile` come here too, and may repeat what is known."""

    def operation_update(self, status: OperationStatus) -> None:
        """What became of an operation that was given an id."""

    def framework_message(self, agent_id: str, executor_id: str, data: bytes) -> None:
        """Bytes from an executor."""

    def failure(self, agent_id: str, executor_id: str | None, status: int | None) -> None:
        """An executor ended (`status` is as `waitpid` gives it) or, without executor, an agent is lost."""

    def framework_updated(self, error: str | None) -> None:
        """The answer to `update_framework`: why it was refused, or None."""

    def unsettled(self) -> Iterable[TaskReference]:
        """The tasks to reconcile; none: all that the master knows of.

        A framework that remembers its tasks should name those that are not over: only then is it told of
        launches that never reached the master.
        """
        return ()

    # --- calls ---

    def acknowledge(self, status: TaskStatus) -> None:
        """Say that an update is dealt with; only where that is not automatic. Others have no uuid."""
        if status.uuid is not None and status.agent_id is not None:
            task_id = status.task_id.value
            self.__updates.acknowledge(task_id, status.uuid)
            self.call(scheduling.Acknowledge(self.framework_id, status.agent_id.value, task_id, status.uuid))

    def acknowledge_operation(self, status: OperationStatus) -> None:
        """Say that an operation's update is dealt with; only where that is not automatic."""
        if status.uuid is None or status.operation_id is None or status.agent_id is None:
            return
        provider = status.resource_provider_id
        self.__operation_updates.acknowledge(status.operation_id.value, status.uuid.value)
        self.call(
            scheduling.AcknowledgeOperation(
                self.framework_id,
                status.operation_id.value,
                status.uuid.value,
                status.agent_id.value,
                None if provider is None else provider.value,
            )
        )

    def initialize(self) -> None:
        """Look for the master."""
        super().initialize()
        if self.reconcile_every_seconds is not None:
            self.every(self.reconcile_every_seconds, self.__reconcile)

    def begun(self, message: scheduling.Subscribed, *, is_new: bool) -> None:
        """Tell the subclass, and ask for what it may have missed."""
        self.subscribed(message.framework_id, message.master)
        if self.reconciles_when_subscribed and not is_new:
            tasks = tuple(self.unsettled())
            self.reconcile(tasks)
            self.__unheard = dict.fromkeys(task.task_id.value for task in tasks)
            self.__ask_after(_FIRST_PAUSE_SECONDS)

    def __reconcile(self) -> None:
        if self.is_subscribed:
            self.reconcile(self.unsettled())

    def __ask_after(self, seconds: float) -> None:
        if self.__asking is not None:
            self.__asking.cancel()
        if self.__unheard and seconds <= _LAST_PAUSE_SECONDS:
            self.__asking = self.delay(seconds, self.__ask_again, seconds)

    def __ask_again(self, waited_seconds: float) -> None:
        """A master that has just begun to lead is silent about tasks of agents that are not back yet."""
        tasks = tuple(task for task in self.unsettled() if task.task_id.value in self.__unheard)
        if tasks and self.is_subscribed:
            self.reconcile(tasks)
            self.__ask_after(2 * waited_seconds)

    # --- events ---

    @handles(scheduling.OffersOutstanding)
    def __outstanding(self, sender: Pid, message: scheduling.OffersOutstanding) -> None:
        lost = tuple(offer_id for offer_id in message.offer_ids if offer_id not in self.held)
        if lost and self.hears(sender):
            self.log.warning("offers got lost", offers=len(lost))
            self.call(scheduling.DeclineOffers(self.framework_id, lost, Filters(refuse_seconds=0.0)))

    @handles(scheduling.ResourceOffers)
    def __offered(self, sender: Pid, message: scheduling.ResourceOffers) -> None:
        if self.hears(sender):
            self.held |= dict.fromkeys(offer.id.value for offer in message.offers)
            self.resource_offers(message.offers)

    @handles(scheduling.RescindOffer)
    def __offer_rescinded(self, sender: Pid, message: scheduling.RescindOffer) -> None:
        if self.hears(sender):
            self.held.pop(message.offer_id, None)
            self.rescinded(message.offer_id)

    @handles(scheduling.InverseOffers)
    def __inversely_offered(self, sender: Pid, message: scheduling.InverseOffers) -> None:
        if self.hears(sender):
            self.inverse_offers(message.inverse_offers)

    @handles(scheduling.RescindInverseOffer)
    def __inverse_offer_rescinded(self, sender: Pid, message: scheduling.RescindInverseOffer) -> None:
        if self.hears(sender):
            self.inverse_offer_rescinded(message.inverse_offer_id)

    @handles(scheduling.TaskUpdate)
    def __updated(self, sender: Pid, message: scheduling.TaskUpdate) -> None:
        if not self.hears(sender):
            return
        status = message.status
        self.__unheard.pop(status.task_id.value, None)
        over = status.state in TERMINAL
        delivery = self.__updates.take(status.task_id.value, status.uuid, over=over)
        if delivery is Delivery.NEW:
            self.update(status)
        if delivery is Delivery.REPEATED or (delivery is Delivery.NEW and self.acknowledges_automatically):
            self.acknowledge(status)

    @handles(scheduling.OperationUpdate)
    def __operation_updated(self, sender: Pid, message: scheduling.OperationUpdate) -> None:
        if not self.hears(sender):
            return
        status = message.status
        subject = "" if status.operation_id is None else status.operation_id.value
        uuid = None if status.uuid is None else status.uuid.value
        delivery = self.__operation_updates.take(subject, uuid, over=status.state in TERMINAL_OPERATION)
        if delivery is Delivery.NEW:
            self.operation_update(status)
        if delivery is Delivery.REPEATED or (delivery is Delivery.NEW and self.acknowledges_automatically):
            self.acknowledge_operation(status)

    @handles(scheduling.ExecutorMessage)
    def __executor_said(self, sender: Pid, message: scheduling.ExecutorMessage) -> None:
        if self.hears(sender):
            self.framework_message(message.agent_id, message.executor_id, message.data)

    @handles(scheduling.Failure)
    def __failed(self, sender: Pid, message: scheduling.Failure) -> None:
        if self.hears(sender):
            self.failure(message.agent_id, message.executor_id, message.status)

    @handles(scheduling.FrameworkInfoUpdated)
    def __framework_info_updated(self, sender: Pid, message: scheduling.FrameworkInfoUpdated) -> None:
        if self.hears(sender):
            self.framework_updated(message.error)

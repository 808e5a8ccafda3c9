"""What schedulers may ask of a master: each call goes to the desk that deals with it."""

from __future__ import annotations

from typing import Protocol

from actors.master.acceptance import AcceptanceDesk
from actors.master.cluster import Cluster
from actors.master.executors import ExecutorDesk
from actors.master.framework import FrameworkEntry
from actors.master.frameworks import FrameworkDesk
from actors.master.offers import OfferDesk
from actors.master.operations import OperationDesk
from actors.master.reign import Reign
from actors.master.tasks import TaskDesk
from actors.process import handles
from transport.messages import scheduling
from transport.messages.allocation import MakeOffers
from transport.pid import Pid


class _Call(Protocol):
    """What a framework says."""

    @property
    def framework_id(self) -> str: ...


class SchedulerGate(Reign):
    """Only Subscribe is obeyed from anyone but the framework's subscribed scheduler (I25)."""

    cluster: Cluster
    offers: OfferDesk
    tasks: TaskDesk
    executors: ExecutorDesk
    operations: OperationDesk
    frameworks: FrameworkDesk
    acceptance: AcceptanceDesk

    def ended(self, agent_id: str) -> None:
        """Something on the agent may have come to its end: is it drained?"""
        raise NotImplementedError

    def _caller(self, sender: Pid, message: _Call) -> FrameworkEntry | None:
        framework_id = message.framework_id
        framework = self.cluster.frameworks.get(framework_id)
        if framework is not None and framework.pid == sender and framework.connected:
            framework.tally.called(type(message))
            return framework
        self.log.warning(
            "call not from a subscribed scheduler", framework_id=framework_id, sender=str(sender)
        )
        return None

    # --- subscription ---

    @handles(scheduling.Subscribe)
    def subscribe(self, sender: Pid, message: scheduling.Subscribe) -> None:
        """A framework is new, or back."""
        self.frameworks.subscribe(sender, message)

    @handles(scheduling.UpdateFrameworkInfo)
    def update_framework_info(self, sender: Pid, message: scheduling.UpdateFrameworkInfo) -> None:
        """A framework describes itself anew."""
        if framework := self._caller(sender, message):
            self.frameworks.update_info(framework, message)

    @handles(scheduling.Teardown)
    def teardown(self, sender: Pid, message: scheduling.Teardown) -> None:
        """A framework ends."""
        if framework := self._caller(sender, message):
            self.frameworks.teardown(framework)

    @handles(scheduling.FindFramework)
    def find_framework(self, sender: Pid, message: scheduling.FindFramework) -> None:
        """A client of the HTTP API, which has no stream here, speaks for a framework."""
        framework = self.cluster.frameworks.get(message.framework_id)
        found = scheduling.FrameworkFound(known=False)
        if framework is not None:
            found = scheduling.FrameworkFound(known=True, connected=framework.connected)
        self.send(sender, found)

    # --- offers ---

    @handles(MakeOffers)
    def make_offers(self, sender: Pid, message: MakeOffers) -> None:
        """The allocator decided what to offer to whom."""
        self.offers.make(self.current(message))

    @handles(scheduling.AcceptOffers)
    def accept_offers(self, sender: Pid, message: scheduling.AcceptOffers) -> None:
        """A framework uses offers."""
        if framework := self._caller(sender, message):
            self.acceptance.accept(framework, message)

    @handles(scheduling.DeclineOffers)
    def decline_offers(self, sender: Pid, message: scheduling.DeclineOffers) -> None:
        """A framework gives offers back."""
        if framework := self._caller(sender, message):
            self.offers.decline(framework, message.offer_ids, message.filters)

    @handles(scheduling.Revive)
    def revive(self, sender: Pid, message: scheduling.Revive) -> None:
        """A framework wants offers."""
        if framework := self._caller(sender, message):
            self.frameworks.revive(framework, message.roles)

    @handles(scheduling.Suppress)
    def suppress(self, sender: Pid, message: scheduling.Suppress) -> None:
        """A framework wants no offers."""
        if framework := self._caller(sender, message):
            self.frameworks.suppress(framework, message.roles)

    @handles(scheduling.RequestResources)
    def request_resources(self, sender: Pid, message: scheduling.RequestResources) -> None:
        """A hint, which the built-in allocator does not take."""

    @handles(scheduling.AcceptInverseOffers)
    def accept_inverse_offers(self, sender: Pid, message: scheduling.AcceptInverseOffers) -> None:
        """A framework will be gone in time."""
        if framework := self._caller(sender, message):
            self.offers.answer_inverse(
                framework, message.inverse_offer_ids, accepted=True, filters=message.filters
            )

    @handles(scheduling.DeclineInverseOffers)
    def decline_inverse_offers(self, sender: Pid, message: scheduling.DeclineInverseOffers) -> None:
        """A framework may not be gone in time."""
        if framework := self._caller(sender, message):
            self.offers.answer_inverse(
                framework, message.inverse_offer_ids, accepted=False, filters=message.filters
            )

    # --- tasks ---

    @handles(scheduling.Acknowledge)
    def acknowledge(self, sender: Pid, message: scheduling.Acknowledge) -> None:
        """A framework has dealt with an update."""
        if framework := self._caller(sender, message):
            self.tasks.acknowledge(framework, message)
            self.ended(message.agent_id)

    @handles(scheduling.Kill)
    def kill(self, sender: Pid, message: scheduling.Kill) -> None:
        """A task is to end."""
        if framework := self._caller(sender, message):
            self.tasks.kill(framework, message)

    @handles(scheduling.Reconcile)
    def reconcile(self, sender: Pid, message: scheduling.Reconcile) -> None:
        """What became of tasks?"""
        if framework := self._caller(sender, message):
            self.tasks.reconcile(framework, message.tasks)

    # --- executors ---

    @handles(scheduling.Shutdown)
    def shutdown(self, sender: Pid, message: scheduling.Shutdown) -> None:
        """An executor is to end."""
        if framework := self._caller(sender, message):
            self.executors.shutdown(framework, message)

    @handles(scheduling.FrameworkMessage)
    def framework_message(self, sender: Pid, message: scheduling.FrameworkMessage) -> None:
        """Bytes for an executor."""
        if framework := self._caller(sender, message):
            self.executors.tell(framework, message)

    # --- operations ---

    @handles(scheduling.AcknowledgeOperation)
    def acknowledge_operation(self, sender: Pid, message: scheduling.AcknowledgeOperation) -> None:
        """A framework has dealt with an operation's update."""
        if framework := self._caller(sender, message):
            self.operations.acknowledge(framework, message)
            self.ended(message.agent_id)

    @handles(scheduling.ReconcileOperations)
    def reconcile_operations(self, sender: Pid, message: scheduling.ReconcileOperations) -> None:
        """What became of operations?"""
        if framework := self._caller(sender, message):
            self.operations.reconcile(framework, message)

"""The allocator as an actor: the master tells it what changes, and gets offers."""

from __future__ import annotations

from typing import Final

from actors.master.allocator.allocator import Allocator
from actors.master.allocator.constraints import compile_constraints
from actors.master.allocator.gauges import AllocatorMetrics
from actors.master.allocator.quota import Quota
from actors.process import Process, handles
from actors.system import Timer
from transport.messages import allocation
from transport.pid import Pid

#: Runs that are not batches begin at least so long after the end of the one before.
_PAUSE_SECONDS: Final = 0.02
#: Who declines for no time at all is asked again after so long, then twice as long, up to a batch's interval.
_FIRST_REST_SECONDS: Final = 0.02


class AllocatorProcess(Process):
    """Runs an allocator for a master.

    Whatever makes a run worth while queues one, and only one, for the agents it concerns; a batch considers
    all agents every `interval_seconds`. A queued run begins at once when the last one ended some time
    ago, else after a pause as long as that took: what is freed is offered within milliseconds, yet events
    that come in floods, and frameworks that give back all they get, cost at most half of a core.
    """

    def __init__(
        self,
        allocator: Allocator,
        master: Pid,
        interval_seconds: float = 1.0,
        metrics: AllocatorMetrics | None = None,
    ) -> None:
        """Offers go to `master`."""
        self._allocator = allocator
        self._master = master
        self._interval_seconds = interval_seconds
        self._metrics = metrics or AllocatorMetrics()
        self._queued: Timer | None = None
        self._queued_at = 0.0
        self._rested_at = 0.0
        #: Ids of agents that somebody declined for no time at all, and when they are offered again.
        self._resting: dict[str, None] = {}
        self._rest: Timer | None = None
        self._rest_seconds = _FIRST_REST_SECONDS
        self._mark = 0

    def initialize(self) -> None:
        """Begin the batches."""
        self._rested_at = self.system.now()
        self.every(self._interval_seconds, self._batch)

    def check_invariants(self) -> None:
        """Raise when the allocator's books contradict themselves; slow."""
        self._allocator.check_invariants()

    # --- runs ---

    def _wake(self) -> None:
        """Queue a run, unless one is queued or there is nothing to consider."""
        if self._queued is None and self._allocator.candidates:
            self._queued_at = self.system.now()
            self._queued = self.delay(max(0.0, self._rested_at - self._queued_at), self._run)

    def _run(self) -> None:
        self._queued = None
        self._metrics.allocation_run_latency.record(self.system.now() - self._queued_at)
        self._allocate(tuple(self._allocator.candidates))

    def _batch(self) -> None:
        if self._queued is not None:
            self._queued.cancel()
            self._queued = None
        self._allocate(None)

    def _allocate(self, candidates: tuple[str, ...] | None) -> None:
        system = self.system
        begin = system.now()
        decided = self._allocator.allocate(begin, system.rng, candidates)
        end = system.now()
        self._rested_at = end + max(_PAUSE_SECONDS, end - begin)
        self._metrics.note_run(end - begin, self._allocator)
        if decided.offers or decided.inverse_offers:
            offers = allocation.MakeOffers(decided.offers, decided.inverse_offers, self._mark)
            self.send(self._master, offers)

    def _rest_from(self, agent_id: str) -> None:
        """Offer the agent again to who declined it for no time at all, but not so soon as to spin."""
        self._resting[agent_id] = None
        if self._rest is None:
            self._rest = self.delay(min(self._rest_seconds, self._interval_seconds), self._end_rest)
            self._rest_seconds = min(2 * self._rest_seconds, self._interval_seconds)

    def _end_rest(self) -> None:
        self._rest = None
        agents, self._resting = self._resting, {}
        self._allocator.end_rest(agents)
        self._wake()

    @handles(allocation.Mark)
    def mark(self, sender: Pid, message: allocation.Mark) -> None:
        """The master numbers what it told so far."""
        self._mark = message.number

    # --- agents ---

    @handles(allocation.AddAgent)
    def add_agent(self, sender: Pid, message: allocation.AddAgent) -> None:
        """An agent (re-)registered."""
        self._allocator.add_agent(
            message.agent_id,
            message.info,
            message.capabilities,
            message.total,
            message.used,
            message.unavailability,
        )
        self._wake()

    @handles(allocation.UpdateAgent)
    def update_agent(self, sender: Pid, message: allocation.UpdateAgent) -> None:
        """What is known of an agent changed."""
        self._allocator.update_agent(message.agent_id, message.info, message.capabilities, message.total)
        self._wake()

    @handles(allocation.RemoveAgent)
    def remove_agent(self, sender: Pid, message: allocation.RemoveAgent) -> None:
        """An agent is gone."""
        self._allocator.remove_agent(message.agent_id)

    @handles(allocation.ActivateAgent)
    def activate_agent(self, sender: Pid, message: allocation.ActivateAgent) -> None:
        """An agent may be offered again."""
        self._allocator.activate_agent(message.agent_id)
        self._wake()

    @handles(allocation.DeactivateAgent)
    def deactivate_agent(self, sender: Pid, message: allocation.DeactivateAgent) -> None:
        """An agent may not be offered."""
        self._allocator.deactivate_agent(message.agent_id)

    @handles(allocation.SetWhitelist)
    def set_whitelist(self, sender: Pid, message: allocation.SetWhitelist) -> None:
        """The whitelist was replaced."""
        self._allocator.set_whitelist(message.hostnames)
        self._wake()

    # --- frameworks ---

    @handles(allocation.AddFramework)
    def add_framework(self, sender: Pid, message: allocation.AddFramework) -> None:
        """A framework subscribed or was recovered."""
        self._allocator.add_framework(
            message.framework_id,
            message.info,
            active=message.active,
            suppressed_roles=message.suppressed_roles,
            constraints=compile_constraints(message.constraints),
        )
        self._wake()

    @handles(allocation.UpdateFramework)
    def update_framework(self, sender: Pid, message: allocation.UpdateFramework) -> None:
        """What a framework says about itself changed."""
        self._allocator.update_framework(
            message.framework_id,
            message.info,
            message.suppressed_roles,
            compile_constraints(message.constraints),
        )
        self._wake()

    @handles(allocation.RemoveFramework)
    def remove_framework(self, sender: Pid, message: allocation.RemoveFramework) -> None:
        """A framework is gone."""
        self._allocator.remove_framework(message.framework_id)
        self._wake()

    @handles(allocation.ActivateFramework)
    def activate_framework(self, sender: Pid, message: allocation.ActivateFramework) -> None:
        """A framework's scheduler is connected again."""
        self._allocator.activate_framework(message.framework_id)
        self._wake()

    @handles(allocation.DeactivateFramework)
    def deactivate_framework(self, sender: Pid, message: allocation.DeactivateFramework) -> None:
        """A framework's scheduler is not connected any more."""
        self._allocator.deactivate_framework(message.framework_id)

    @handles(allocation.SuppressOffers)
    def suppress_offers(self, sender: Pid, message: allocation.SuppressOffers) -> None:
        """A framework wants no offers."""
        self._allocator.suppress(message.framework_id, message.roles)

    @handles(allocation.ReviveOffers)
    def revive_offers(self, sender: Pid, message: allocation.ReviveOffers) -> None:
        """A framework wants offers again."""
        self._allocator.revive(message.framework_id, message.roles)
        self._wake()

    # --- roles and resources ---

    @handles(allocation.SetWeights)
    def set_weights(self, sender: Pid, message: allocation.SetWeights) -> None:
        """Roles were weighed anew; that takes effect with the next run."""
        self._allocator.set_weights(message.weights)

    @handles(allocation.SetQuota)
    def set_quota(self, sender: Pid, message: allocation.SetQuota) -> None:
        """A role's quota was replaced."""
        self._allocator.set_quota(message.config.role, Quota.of(message.config))
        self._wake()

    @handles(allocation.RecoverResources)
    def recover_resources(self, sender: Pid, message: allocation.RecoverResources) -> None:
        """What was offered or allocated is free."""
        self._allocator.recover(
            message.framework_id, message.agent_id, message.resources, message.filters, self.system.now()
        )
        if message.filters is None:
            # Something ran and is over: this is no loop of offers and refusals.
            self._rest_seconds = _FIRST_REST_SECONDS
        elif message.filters.refuse_seconds == 0:
            self._rest_from(message.agent_id)
        self._wake()

    @handles(allocation.ConvertAllocated)
    def convert_allocated(self, sender: Pid, message: allocation.ConvertAllocated) -> None:
        """A framework's operations changed what is allocated to it."""
        self._allocator.update_allocation(
            message.framework_id, message.agent_id, message.role, message.conversions
        )

    @handles(allocation.ConvertAvailable)
    def convert_available(self, sender: Pid, message: allocation.ConvertAvailable) -> None:
        """An operator wants to change what nobody is allocated."""
        error = self._allocator.update_available(message.agent_id, message.conversions)
        self.send(sender, allocation.AvailableConverted(message.request_id, error))
        self._wake()

    # --- maintenance ---

    @handles(allocation.SetUnavailability)
    def set_unavailability(self, sender: Pid, message: allocation.SetUnavailability) -> None:
        """An agent will be away, or will not."""
        self._allocator.set_unavailability(message.agent_id, message.unavailability)
        self._wake()

    @handles(allocation.AnswerInverseOffer)
    def answer_inverse_offer(self, sender: Pid, message: allocation.AnswerInverseOffer) -> None:
        """A framework answered an inverse offer."""
        self._allocator.answer_inverse_offer(
            message.agent_id, message.framework_id, message.status, message.filters, self.system.now()
        )

    # --- runs and questions ---

    @handles(allocation.ExpectAgents)
    def expect_agents(self, sender: Pid, message: allocation.ExpectAgents) -> None:
        """So many agents are in the registry."""
        self._allocator.expect_agents(message.count, self.system.now())

    @handles(allocation.PauseAllocation)
    def pause(self, sender: Pid, message: allocation.PauseAllocation) -> None:
        """Make no offers for now."""
        self._allocator.pause()

    @handles(allocation.ResumeAllocation)
    def resume(self, sender: Pid, message: allocation.ResumeAllocation) -> None:
        """Make offers again."""
        self._allocator.resume()
        self._wake()

    @handles(allocation.ExplainOffers)
    def explain_offers(self, sender: Pid, message: allocation.ExplainOffers) -> None:
        """Somebody asks why an agent is not offered."""
        now = self.system.now()
        try:
            reasons = self._allocator.why(message.agent_id, message.framework_id, message.role, now)
        except KeyError as error:
            answer: tuple[tuple[str, str, float | None], ...] = (("unknown", f"{error} is not there", None),)
        else:
            answer = tuple(
                (reason.rule, reason.detail, None if reason.until is None else reason.until - now)
                for reason in reasons
            )
        self.send(sender, allocation.OffersExplained(message.request_id, answer))

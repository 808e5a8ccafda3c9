"""One allocation run: agents are offered, one after another, to whoever's turn it is.

First the guarantees that are not met yet, then everything else by fair share (mesos-protocol.md §10).
Whatever is offered counts as allocated at once, so each decision sees those before it. To be quick, a
run leaves out beforehand who is sure to get nothing: sets of subscriptions are integers, so that costs
as much for one as for a thousand. What is left out so never changes what is offered.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable

from actors.master.allocator.agent import Agent
from actors.master.allocator.capability import REVOCABLE, SHARED
from actors.master.allocator.framework import Subscription
from actors.master.allocator.ledger import Ledger
from actors.master.allocator.portion import Portion
from actors.master.allocator.sorter import Client
from transport.records.resources import Resources


class Round:
    """One allocation run over some agents."""

    def __init__(self, ledger: Ledger, rng: random.Random, now: float, *, is_batch: bool) -> None:
        """In a batch, those who refused something for no time at all are offered it again."""
        self._ledger = ledger
        self._sorter = ledger.sorter
        self._headroom = ledger.headroom
        self._takers = ledger.sorter.mask
        self._has_quotas = ledger.headroom.has_quotas
        self._nothing = ledger.portions.nothing
        self._rng = rng
        self._now = now
        self._is_batch = is_batch
        self._seed = rng.getrandbits(64)
        self._leaves_to_chance = ledger.settings.leaves_to_chance
        self._turn = ""
        self._guaranteed = False
        # Shared volumes are offered at most once in a run.
        self._shared: dict[str, Portion] = {}
        self._offers: defaultdict[Subscription, dict[str, Resources]] = defaultdict(dict)

    def run(self, agents: Iterable[Agent]) -> None:
        """Offer what is available on these agents; the answer is in `offers`."""
        order = list(agents)
        self._guaranteed = bool(self._headroom.with_credit.bits)
        if self._guaranteed:
            self._rng.shuffle(order)
            for agent in order:
                self._visit(agent)
            self._guaranteed = False
        self._rng.shuffle(order)
        for agent in order:
            self._visit(agent)

    @property
    def offers(self) -> dict[str, dict[str, dict[str, Resources]]]:
        """What to offer, by framework id, role and agent id."""
        offers: dict[str, dict[str, dict[str, Resources]]] = {}
        for subscription, agents in self._offers.items():
            offers.setdefault(subscription.framework.id, {})[subscription.role.path] = agents
        return offers

    def _visit(self, agent: Agent) -> None:
        """Offer what is available on one agent, to one role after another."""
        remaining = agent.available
        if self._shared and agent.id in self._shared:
            remaining = remaining.minus(self._shared[agent.id])
        takers = self._prepare(agent, remaining)
        while takers:
            client = self._sorter.first(takers, self._turn)
            if client is None:
                break
            rest = self._offer(agent, client.subject, remaining)
            if rest.is_empty:
                break
            takers &= ~client.mask
            if rest is remaining:
                client, takers, rest = self._walk(agent, takers, remaining)
            takers, remaining = self._finish_role(agent, client, takers, rest)
            # What was just offered may have changed the order, so it is asked for anew.
            takers = self._hopeful(takers, remaining)
        if agent.total.kinds & SHARED:
            self._ledger.reckon_available(agent)

    def _walk(
        self, agent: Agent, takers: int, remaining: Portion
    ) -> tuple[Client[Subscription] | None, int, Portion]:
        """Let all have their turn until one takes something; returns who that was, who is left, and what."""
        for client in self._sorter.order(takers, self._turn):
            rest = self._offer(agent, client.subject, remaining)
            takers &= ~client.mask
            if rest is not remaining:
                return client, takers, rest
        return None, 0, remaining

    def _finish_role(
        self, agent: Agent, client: Client[Subscription] | None, takers: int, remaining: Portion
    ) -> tuple[int, Portion]:
        """Offer what somebody left to the others of his role, before other roles have their turn."""
        if client is None or client.parent is None:
            return 0, remaining
        role = client.parent.mask
        others = takers & role
        while not remaining.is_empty:
            if not (remaining.is_worthwhile or remaining.is_reserved_for(client.subject.role.path)):
                others &= self._ledger.choosy
            if not others:
                break
            _who, others, remaining = self._walk(agent, others, remaining)
        return takers & ~role, remaining

    def _offer(self, agent: Agent, subscription: Subscription, remaining: Portion) -> Portion:
        """Offer to one subscription all that it may have; returns what is left."""
        role = subscription.role
        offer = remaining if remaining.is_plain else remaining.seen_by(role.path, subscription.kinds)
        if not offer.meets(subscription.minimum):
            return remaining
        if self._has_quotas:
            bound = self._bound(subscription, offer)
            if bound is None:
                return remaining
            offer = bound
        refusals = agent.refusals
        bit = subscription.bit
        if refusals is not None and refusals.mask & bit and refusals.covers(bit, offer):
            return remaining
        rest = self._nothing if offer is remaining else remaining.minus(offer)
        agent.available = rest if remaining is agent.available else agent.available.minus(offer)
        self._headroom.free -= offer.free
        self._ledger.hold(agent, subscription, offer)
        if offer.shared:
            self._note_shared(agent, offer)
        agents = self._offers[subscription]
        resources = offer.tagged(role.path)
        agents[agent.id] = agents[agent.id] + resources if agent.id in agents else resources
        return rest

    def _bound(self, subscription: Subscription, offer: Portion) -> Portion | None:
        """What quotas let be offered of it; None where that is not worth an offer."""
        role = subscription.role
        room = self._headroom.room(role, offer, guaranteed=self._guaranteed)
        if room:
            if not offer.could_meet(subscription.minimum, room):
                return None
            offer = offer.limited(room)
            if not offer.meets(subscription.minimum):
                return None
        if self._guaranteed and not any(role.credit(name) for name in offer.free_thousandths):
            return None
        return offer

    def _note_shared(self, agent: Agent, offer: Portion) -> None:
        shared = self._ledger.portions.of(offer.resources.shared)
        offered = self._shared.get(agent.id)
        self._shared[agent.id] = shared if offered is None else offered.plus(shared)

    # --- who is sure to get nothing ---

    def _prepare(self, agent: Agent, remaining: Portion) -> int:
        """All who may get something of an agent."""
        if self._is_batch:
            agent.resting = 0
        if remaining.is_empty:
            return 0
        if self._leaves_to_chance:
            self._turn = f"{self._seed}/{self._guaranteed}/{agent.id}"
        takers = self._takers
        excluded = agent.kind.barred | agent.barred | agent.resting
        if excluded:
            takers &= ~excluded
        refusals = agent.refusals
        if refusals is not None:
            if refusals.end <= self._now:
                refusals.expire(self._now)
            takers &= ~refusals.uninterested(remaining, self._beneficiaries(remaining))
        return (
            takers if remaining.is_worthwhile and not self._has_quotas else self._hopeful(takers, remaining)
        )

    def _hopeful(self, takers: int, remaining: Portion) -> int:
        """Leave out who is sure to get nothing of what is left."""
        if not takers or remaining.is_empty:
            return 0
        headroom = self._headroom
        if self._guaranteed:
            takers &= headroom.with_credit.bits
        if not remaining.is_worthwhile:
            return takers & (self._beneficiaries(remaining) | self._ledger.choosy)
        if headroom.required or headroom.exhausted.bits:
            takers &= ~self._curbed(remaining) | self._beneficiaries(remaining) | self._ledger.choosy
        return takers

    def _curbed(self, remaining: Portion) -> int:
        """Those for whom quotas leave too little of what nobody has reserved."""
        if remaining.kinds & REVOCABLE:
            return 0
        if self._headroom.required and not self._guaranteed:
            surplus = {name: self._headroom.surplus(name) for name in remaining.free_thousandths}
            if not remaining.unreserved.could_meet(self._ledger.minimum, surplus):
                return -1
        return self._headroom.exhausted.bits

    def _beneficiaries(self, portion: Portion) -> int:
        """Those who may see any of the reservations in a portion."""
        bits = 0
        for path, _packed in portion.reservations:
            role = self._ledger.roles.find(path)
            bits |= role.bits if role is not None else 0
        return bits

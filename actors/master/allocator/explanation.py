"""Why a framework is not offered an agent: for pages, the API and people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from actors.master.allocator.agent import Agent
from actors.master.allocator.capability import EVERYTHING
from actors.master.allocator.framework import Framework, Subscription
from actors.master.allocator.ledger import Ledger
from actors.master.allocator.portion import Portion
from transport.records.scalar import format_thousandths

#: Of those whose turn is before, so many are named.
_MOST_NAMED: Final = 5


class Reason(NamedTuple):
    """One rule that keeps an offer away, or leaves it to somebody else."""

    #: A fixed word: agent, available, capability, constraints, framework, headroom, limit, minimum, order,
    #: paused, refused, role, suppressed or whitelist.
    rule: str
    #: What the rule found, for people.
    detail: str
    #: Monotonic seconds at which it ends by itself, where that is known.
    until: float | None = None


def explain(ledger: Ledger, agent: Agent, framework: Framework, role: str, now: float) -> list[Reason]:
    """Everything that stands between an agent and a framework in a role, as things are now."""
    subscription = framework.subscriptions.get(role)
    if subscription is None or not subscription.is_subscribed:
        return [Reason("role", f"the framework is not subscribed to role {role}")]
    reasons = [*_closed(agent, subscription), *_unsuitable(agent, subscription)]
    offer = agent.available.seen_by(role, subscription.kinds)
    if offer.is_empty:
        return [*reasons, _nothing(agent, subscription)]
    reasons += _too_little(ledger, subscription, offer)
    reasons += _refused(agent, subscription, offer, now)
    return reasons or list(_others_first(ledger, agent, subscription))


def _closed(agent: Agent, subscription: Subscription) -> Iterator[Reason]:
    """Nobody else, or no other agent, is concerned."""
    framework, role = subscription.framework, subscription.role.path
    if not agent.is_active:
        yield Reason("agent", "the agent is deactivated")
    if not framework.active:
        yield Reason("framework", "the framework's scheduler is not connected")
    if role in framework.suppressed:
        yield Reason("suppressed", f"the framework suppressed offers for role {role}")


def _unsuitable(agent: Agent, subscription: Subscription) -> Iterator[Reason]:
    """The two do not go together, whatever is available."""
    for lack in subscription.lacks(agent.kind.traits):
        yield Reason("capability", lack)
    if not subscription.wants(agent.info):
        yield Reason("constraints", "the agent satisfies no group of the framework's offer constraints")


def _nothing(agent: Agent, subscription: Subscription) -> Reason:
    role = subscription.role.path
    if not agent.available.seen_by(role, EVERYTHING).is_empty:
        return Reason(
            "capability",
            "what is available is revocable, shared or a refined reservation, and the framework lacks the "
            "capability for it",
        )
    reserved = ", ".join(reservation for reservation, _packed in agent.available.reservations)
    if reserved:
        return Reason("available", f"what is available is reserved for {reserved}")
    return Reason("available", "everything is offered or allocated")


def _too_little(ledger: Ledger, subscription: Subscription, offer: Portion) -> Iterator[Reason]:
    """What could be offered is not worth an offer, by itself or after quotas had their share."""
    minimum = subscription.minimum
    if not offer.meets(minimum):
        yield Reason("minimum", f"{_text(offer.thousandths)} is available, an offer must hold {minimum}")
        return
    role, headroom = subscription.role, ledger.headroom
    guaranteed = any(role.credit(name) for name in offer.free_thousandths)
    room = headroom.room(role, offer, guaranteed=guaranteed)
    if offer.limited(room).meets(minimum):
        return
    for name, amount in room.items():
        rule = "limit" if headroom.room_below_limits(role, name, amount + 1) <= amount else "headroom"
        source = "the limits of the role leave" if rule == "limit" else "guarantees of other roles leave"
        yield Reason(rule, f"{source} {format_thousandths(amount)} of {name}")


def _refused(agent: Agent, subscription: Subscription, offer: Portion, now: float) -> Iterator[Reason]:
    refusals = () if agent.refusals is None else agent.refusals.of(subscription.bit)
    for resources, until in refusals:
        if until > now and resources.contains(offer.resources):
            yield Reason("refused", f"the framework refused {resources}", until)
    if agent.resting & subscription.bit:
        yield Reason("refused", "the framework declined it just now; it is offered again in the next batch")


def _others_first(ledger: Ledger, agent: Agent, subscription: Subscription) -> Iterator[Reason]:
    """Others who can have the agent come before."""
    if ledger.settings.leaves_to_chance:
        yield Reason("order", "chance decides whose turn it is")
        return
    takers = ledger.sorter.mask & ~(agent.kind.barred | agent.barred | agent.resting)
    first: list[str] = []
    for client in ledger.sorter.order(takers, ""):
        other = client.subject
        if other is subscription:
            break
        first.append(f"{other.framework.id} in {other.role.path}")
    if first:
        names = ", ".join(first[:_MOST_NAMED])
        yield Reason("order", f"{len(first)} with smaller shares come first, such as {names}")


def _text(thousandths: Mapping[str, int]) -> str:
    return ";".join(f"{name}:{format_thousandths(amount)}" for name, amount in thousandths.items())

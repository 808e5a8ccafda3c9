"""Agents that will be away, and inverse offers: who has something there is asked to give it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from transport.records.inverse_offer_status import InverseOfferStatus
from transport.records.time_info import Unavailability

if TYPE_CHECKING:
    from actors.master.allocator.agent import Agent
    from actors.master.allocator.framework import Framework


class Maintenance:
    """That an agent will be away, and what the frameworks on it answered."""

    def __init__(self, unavailability: Unavailability) -> None:
        self.unavailability = unavailability
        #: By framework id.
        self.statuses: dict[str, InverseOfferStatus] = {}
        # Frameworks that have an inverse offer and did not answer yet.
        self._outstanding: dict[str, None] = {}

    def ask(self, framework_id: str) -> bool:
        """Note that a framework gets an inverse offer; False when it already has one."""
        if framework_id in self._outstanding:
            return False
        self._outstanding[framework_id] = None
        return True

    def answer(self, framework_id: str, status: InverseOfferStatus | None) -> None:
        """Note an answer, or (None) that the inverse offer was taken back; an answer to none is ignored."""
        if framework_id in self._outstanding:
            del self._outstanding[framework_id]
            if status is not None:
                self.statuses[framework_id] = status

    def forget(self, framework_id: str) -> None:
        """Forget a framework."""
        self._outstanding.pop(framework_id, None)
        self.statuses.pop(framework_id, None)


def inverse_offers(
    agents: Iterable[Agent], frameworks: Mapping[str, Framework], now: float
) -> dict[str, dict[str, Unavailability]]:
    """Ask every active framework that has something on an agent under maintenance, and was not asked yet."""
    offers: dict[str, dict[str, Unavailability]] = {}
    for agent in agents:
        maintenance = agent.maintenance
        if maintenance is None:
            continue
        for framework_id in dict.fromkeys(subscription.framework.id for subscription in agent.held):
            framework = frameworks[framework_id]
            if not framework.active or framework.inverse_refusals.get(agent.id, now) > now:
                continue
            if maintenance.ask(framework_id):
                offers.setdefault(framework_id, {})[agent.id] = maintenance.unavailability
    return offers

"""Offers that are outstanding."""

from __future__ import annotations

import msgspec

from actors.system import Timer
from transport.records.offer import InverseOffer, Offer
from transport.records.resources import Resources


class OfferEntry(msgspec.Struct, frozen=True, eq=False):
    """An offer, and what it holds of its agent, allocated to `role`."""

    offer_id: str
    framework_id: str
    agent_id: str
    role: str
    resources: Resources
    #: As the framework was sent it.
    record: Offer
    #: Rescinds it, where offers do not last.
    timeout: Timer | None = None


class InverseOfferEntry(msgspec.Struct, frozen=True, eq=False):
    """An inverse offer."""

    inverse_offer_id: str
    framework_id: str
    agent_id: str
    record: InverseOffer
    timeout: Timer | None = None

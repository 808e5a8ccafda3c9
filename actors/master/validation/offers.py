"""Which offers may be accepted together (mesos-protocol.md §2.7.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from actors.master.offer import OfferEntry


def offers_error(offer_ids: Sequence[str], offers: Mapping[str, OfferEntry], framework_id: str) -> str | None:
    """Why a framework cannot use these offers together, or None; `offers` are all that are outstanding."""
    if not offer_ids:
        return "no offers specified"
    if len(set(offer_ids)) < len(offer_ids):
        twice = next(offer_id for offer_id in offer_ids if offer_ids.count(offer_id) > 1)
        return f"offer {twice} is listed twice"
    for offer_id in offer_ids:
        if offer_id not in offers:
            return f"offer {offer_id} is not valid any more"
        if offers[offer_id].framework_id != framework_id:
            return f"offer {offer_id} was not made to framework {framework_id}"
    return _difference_error([offers[offer_id] for offer_id in offer_ids])


def _difference_error(offers: Sequence[OfferEntry]) -> str | None:
    first = offers[0]
    for offer in offers:
        if offer.role != first.role:
            return f"offers {first.offer_id} and {offer.offer_id} are for different roles"
    for offer in offers:
        if offer.agent_id != first.agent_id:
            return f"offers {first.offer_id} and {offer.offer_id} are of different agents"
    return None

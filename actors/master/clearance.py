"""Which offers have to be taken back when quotas have changed (mesos-protocol.md §4.1)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

from actors.master.allocator.quota import Quota
from actors.master.cluster import Cluster
from actors.master.consumption import consumed, countable, free, top_of
from actors.master.offer import OfferEntry
from transport.records.quantities import NOTHING, Quantities


class Clearance:
    """What top-level roles with new quotas have and are offered, just now.

    The allocator may have made other offers meanwhile: they break limits at most until they are used or
    declined.
    """

    def __init__(self, cluster: Cluster, quotas: Mapping[str, Quota]) -> None:
        self._cluster = cluster
        self._offers: dict[str, list[OfferEntry]] = {}
        for offer in cluster.offers.values():
            self._offers.setdefault(top_of(offer.role), []).append(offer)
        # Who has what takes long to find out, and matters only where there is something to take back.
        self._quotas = {
            role: quota
            for role, quota in quotas.items()
            if (quota.limits and role in self._offers) or (quota.guarantees and self._offers)
        }
        self._consumed = consumed(cluster, self._quotas) if self._quotas else {}

    def obstacles(self) -> Iterable[OfferEntry]:
        """The offers to take back, each once: as few as it takes, one after the other."""
        unwanted: dict[str, OfferEntry] = {}
        for role, quota in self._quotas.items():
            for offer in self._beyond(role, quota):
                unwanted[offer.offer_id] = offer
        for offer in self._in_the_way(unwanted):
            unwanted[offer.offer_id] = offer
        return unwanted.values()

    def _beyond(self, role: str, quota: Quota) -> Iterable[OfferEntry]:
        """Offers with which a role would have more than its limits."""
        held = self._consumed[role]
        for offer in self._offers.get(role, ()):
            held += countable(offer.resources)
        for offer in self._offers.get(role, ()):
            offered = countable(offer.resources)
            if any(held[name] > limit and name in offered for name, limit in quota.limits.items()):
                held -= offered
                yield offer

    def _in_the_way(self, unwanted: Mapping[str, OfferEntry]) -> Iterable[OfferEntry]:
        """Offers to others, without which the guarantees can be met of what is free then."""
        missing = NOTHING
        for role, quota in self._quotas.items():
            missing += Quantities(quota.guarantees).without(self._consumed[role])
        if not missing:
            return
        missing = missing.without(free(self._cluster))
        for offer in unwanted.values():
            missing = missing.without(countable(offer.resources))
        guaranteed = [role for role, quota in self._quotas.items() if quota.guarantees]
        others = (offers for role, offers in self._offers.items() if role not in guaranteed)
        for offer in itertools.chain.from_iterable(others):
            offered = countable(offer.resources)
            if offer.offer_id not in unwanted and any(name in offered for name in missing):
                missing = missing.without(offered)
                yield offer

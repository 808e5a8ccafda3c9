"""Frameworks as readers see them (mesos-protocol.md §5.3)."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec.structs import replace

from actors.gateway import v0
from actors.master.view.agents import time_info
from actors.master.view.endpoint_parts import counts, offer
from actors.master.view.forms import Form, Shown
from actors.master.view.roll import Place, Roll
from actors.master.view.rope import compact, v0_lists
from actors.master.view.shares import Share, states, total
from actors.master.view.tasks import COMPLETED, EXECUTORS, LIVE, UNREACHABLE, ShownExecutor, ShownTask
from transport.messages.viewing import FrameworkFact, OfferFact
from transport.records.framework import FrameworkInfo
from transport.records.master_response import Response
from transport.records.offer import InverseOffer, Offer
from transport.records.offer_constraints import OfferConstraints
from transport.records.resource import Resource
from transport.records.resources import Resources

FRAMEWORKS: Final = Place(Response.GetFrameworks, "frameworks")
COMPLETED_FRAMEWORKS: Final = Place(Response.GetFrameworks, "completed_frameworks")
_MULTI_ROLE: Final = FrameworkInfo.Capability.Type.MULTI_ROLE


class ShownFramework(Shown):
    """A framework, what it runs, and what it has and is offered."""

    __slots__ = (
        "_offered",
        "_used",
        "_whole",
        "completed",
        "executors",
        "fact",
        "inverse_offers",
        "offers",
        "shares",
        "tasks",
        "unreachable",
    )

    def __init__(self, fact: FrameworkFact) -> None:
        super().__init__()
        self.fact = fact
        self.tasks: Roll[str, ShownTask] = Roll(LIVE)
        self.unreachable: Roll[str, ShownTask] = Roll(UNREACHABLE)
        #: By number, the oldest first.
        self.completed: Roll[int, ShownTask] = Roll(COMPLETED)
        #: By agent id and executor id.
        self.executors: Roll[tuple[str, str], ShownExecutor] = Roll(EXECUTORS)
        self.offers: dict[str, OfferFact] = {}
        self.inverse_offers: dict[str, InverseOffer] = {}
        #: By agent id.
        self.shares: dict[str, Share] = {}
        self._used: Resources | None = None
        self._offered: Resources | None = None
        self._whole: tuple[bytes, ...] | None = None

    def changed(self, *forms: Form) -> None:
        """It is not what it was, in these forms or in all, or what it runs is not."""
        super().changed(*forms)
        self._whole = None

    def used_changed(self) -> None:
        """It has more or less than before."""
        self._used = None

    def offers_changed(self) -> None:
        """It is offered more or less than before."""
        self._offered = None

    @property
    def id(self) -> str:
        """The value of its FrameworkID."""
        assert self.fact.info.id is not None
        return self.fact.info.id.value

    @property
    def used(self) -> Resources:
        """What it has on all agents."""
        if self._used is None:
            self._used = total(share.used for share in self.shares.values())
        return self._used

    @property
    def offered(self) -> Resources:
        """What its outstanding offers hold."""
        if self._offered is None:
            self._offered = total(offer.resources for offer in self.offers.values())
        return self._offered

    def v1(self) -> Response.GetFrameworks.Framework:
        """As in GET_FRAMEWORKS."""
        fact = self.fact
        unset = fact.constraints == OfferConstraints()
        return Response.GetFrameworks.Framework(
            framework_info=fact.info,
            active=fact.connected,
            connected=fact.connected,
            recovered=fact.recovered,
            registered_time=time_info(fact.registered_at),
            reregistered_time=time_info(fact.reregistered_at or fact.registered_at),
            unregistered_time=time_info(fact.unregistered_at),
            offers=tuple(map(_offer, self.offers.values())),
            inverse_offers=tuple(self.inverse_offers.values()),
            allocated_resources=tuple(self.used),
            offered_resources=tuple(self.offered),
            offer_constraints=None if unset else fact.constraints,
        )

    def whole(self) -> tuple[bytes, ...]:
        """As in /state, with all that it runs."""
        if self._whole is None:
            offers = [b"," + msgspec.json.encode(offer(one)) for one in self.offers.values()]
            lists = {
                "tasks": self.tasks.joined(Form.V0),
                "unreachable_tasks": self.unreachable.joined(Form.V0),
                "completed_tasks": self.completed.joined(Form.V0),
                "offers": offers,
                "executors": self.executors.joined(Form.V0),
            }
            self._whole = compact(v0_lists(self.piece(Form.V0), lists))
        return self._whole

    def v0(self, form: Form) -> Any:
        """As in /state, without what it runs; or with counts of that."""
        found = self._base()
        if form is Form.SUMMARY:
            found |= counts(states(self.shares))
            found["slave_ids"] = tuple(self.shares)
        else:
            found |= self._more()
        return found

    def _base(self) -> dict[str, Any]:
        fact, info = self.fact, self.fact.info
        return {
            "id": self.id,
            "name": info.name,
            "used_resources": v0.resources(self.used),
            "offered_resources": v0.resources(self.offered),
            "capabilities": [one.type.value for one in info.capabilities if one.type is not None],
            "hostname": info.hostname or "",
            "webui_url": info.webui_url or "",
            "active": fact.connected,
            "connected": fact.connected,
            "recovered": fact.recovered,
        }

    def _more(self) -> dict[str, Any]:
        fact, info = self.fact, self.fact.info
        found: dict[str, Any] = {
            "user": info.user,
            "failover_timeout": info.failover_timeout or 0.0,
            "checkpoint": bool(info.checkpoint),
            "registered_time": fact.registered_at,
            "unregistered_time": fact.unregistered_at or 0.0,
            "resources": v0.resources(self.used + self.offered),
        }
        if info.principal is not None:
            found["principal"] = info.principal
        if fact.reregistered_at is not None:
            found["reregistered_time"] = fact.reregistered_at
        if any(one.type is _MULTI_ROLE for one in info.capabilities):
            found["roles"] = info.roles
        else:
            found["role"] = info.role or "*"
        if info.labels is not None:
            found["labels"] = info.labels.labels
        if fact.constraints != OfferConstraints():
            found["offer_constraints"] = v0.raw(fact.constraints)
        return found


def _offer(fact: OfferFact) -> Offer:
    """An offer as it is counted: that a scheduler was sent may leave out what that does not know."""
    allocation = Resource.AllocationInfo(role=fact.role)
    return replace(fact.record, allocation_info=allocation, resources=tuple(fact.resources))

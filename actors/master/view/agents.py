"""Agents as readers see them (mesos-protocol.md §5.4)."""

from __future__ import annotations

from typing import Any, Final

from actors.gateway import v0
from actors.master.view.endpoint_parts import counts
from actors.master.view.forms import Form, Shown
from actors.master.view.roll import Place
from actors.master.view.shares import Share, states, total
from transport.messages.viewing import AgentFact, OfferFact
from transport.records.agent import AgentInfo
from transport.records.master_response import Response
from transport.records.resources import Resources
from transport.records.time_info import TimeInfo

AGENTS: Final = Place(Response.GetAgents, "agents")
RECOVERED: Final = Place(Response.GetAgents, "recovered_agents")
_DEFAULT_PORT: Final = 5051


class ShownAgent(Shown):
    """An agent, and what frameworks have and are offered of it."""

    __slots__ = ("fact", "offers", "shares")

    def __init__(self, fact: AgentFact, shares: dict[str, Share], offers: dict[str, OfferFact]) -> None:
        """`shares` are by framework id, and change with the cluster, as do the offers."""
        super().__init__()
        self.fact = fact
        self.shares = shares
        self.offers = offers

    @property
    def id(self) -> str:
        """The value of its AgentID."""
        assert self.fact.info.id is not None
        return self.fact.info.id.value

    @property
    def active(self) -> bool:
        """Whether its resources may be offered."""
        return self.fact.connected and not self.fact.deactivated

    @property
    def pid(self) -> str:
        """Where its HTTP server is, as old tools take it apart."""
        return f"slave(1)@{self.fact.pid.host}:{_port(self.fact.info)}"

    @property
    def used(self) -> Resources:
        """What frameworks have."""
        return total(share.used for share in self.shares.values())

    @property
    def offered(self) -> Resources:
        """What outstanding offers hold."""
        return total(offer.resources for offer in self.offers.values())

    def v1(self) -> Response.GetAgents.Agent:
        """As in GET_AGENTS."""
        fact = self.fact
        return Response.GetAgents.Agent(
            agent_info=fact.info,
            active=self.active,
            deactivated=fact.deactivated,
            version=fact.version,
            pid=self.pid,
            registered_time=time_info(fact.registered_at),
            reregistered_time=time_info(fact.reregistered_at),
            total_resources=tuple(fact.total),
            allocated_resources=tuple(self.used),
            offered_resources=tuple(self.offered),
            capabilities=tuple(AgentInfo.Capability(type=one) for one in fact.capabilities),
            drain_info=fact.drain,
            estimated_drain_start_time=time_info(fact.drain_started_at),
        )

    def v0(self, form: Form) -> Any:
        """As in /state; with more of its resources, or with counts of tasks."""
        found = self._base()
        if form is Form.FULL:
            total = self.fact.total
            reserved = total.reservations.items()
            found["reserved_resources_full"] = {role: v0.full(part) for role, part in reserved}
            found["unreserved_resources_full"] = v0.full(total.unreserved)
            found["used_resources_full"] = v0.full(self.used)
            found["offered_resources_full"] = v0.full(self.offered)
        elif form is Form.SUMMARY:
            found |= counts(states(self.shares))
            found["framework_ids"] = tuple(self.shares)
        return found

    def _base(self) -> dict[str, Any]:
        fact, info = self.fact, self.fact.info
        found: dict[str, Any] = {
            "id": self.id,
            "hostname": info.hostname,
            "port": _port(info),
            "attributes": v0.attributes(info.attributes),
            "pid": self.pid,
            "registered_time": fact.registered_at,
            "resources": v0.resources(fact.total),
            "used_resources": v0.resources(self.used),
            "offered_resources": v0.resources(self.offered),
            "reserved_resources": {
                role: v0.resources(part) for role, part in fact.total.reservations.items()
            },
            "unreserved_resources": v0.resources(fact.total.unreserved),
            "active": self.active,
            "deactivated": fact.deactivated,
            "version": fact.version,
            "capabilities": [one.value for one in fact.capabilities],
        }
        if info.domain is not None:
            found["domain"] = v0.raw(info.domain)
        if fact.reregistered_at is not None:
            found["reregistered_time"] = fact.reregistered_at
        if fact.drain is not None:
            found["drain_info"] = v0.raw(fact.drain)
        if fact.drain_started_at is not None:
            found["estimated_drain_start_time_seconds"] = fact.drain_started_at
        return found


class ShownRecoveredAgent(Shown):
    """An agent that is expected back after a failover."""

    __slots__ = ("info",)

    def __init__(self, info: AgentInfo) -> None:
        super().__init__()
        self.info = info

    def v1(self) -> AgentInfo:
        """What the registry knows of it."""
        return self.info

    def v0(self, form: Form) -> Any:
        """As in /state."""
        info = self.info
        found: dict[str, Any] = {
            "id": "" if info.id is None else info.id.value,
            "hostname": info.hostname,
            "port": _port(info),
            "attributes": v0.attributes(info.attributes),
        }
        if info.domain is not None:
            found["domain"] = v0.raw(info.domain)
        return found


def time_info(seconds: float | None) -> TimeInfo | None:
    """A time that may not have come."""
    return None if seconds is None else TimeInfo(nanoseconds=round(seconds * 1e9))


def _port(info: AgentInfo) -> int:
    return _DEFAULT_PORT if info.port is None else info.port

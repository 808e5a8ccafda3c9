"""Where a request goes that only the leading master can answer (mesos-protocol.md §1.6)."""

from __future__ import annotations

from actors.node.ports import ACTOR_PORT_OFFSET
from transport.http.exchange import Request, Response, say, unavailable
from transport.messages.detection import LeaderDetected
from transport.pid import Address


def web_address(leader: LeaderDetected) -> Address | None:
    """Where people reach the leader; None while there is none.

    A leader of which no more is known than its actor's address is looked for at the usual distance from it.
    """
    if leader.master is None:
        return None
    info = leader.info
    if info is None:
        return Address(leader.master.host, leader.master.port - ACTOR_PORT_OFFSET)
    if info.hostname:
        return Address(info.hostname, info.port)
    advertised = info.address
    known = None if advertised is None else advertised.hostname or advertised.ip
    return Address(known or leader.master.host, info.port)


def to_leader(leader: LeaderDetected, target: str = "") -> Response:
    """Lead a client to the leader, whatever it calls this master; 503 while there is none."""
    address = web_address(leader)
    if address is None:
        return unavailable("No leader elected" + (f": {leader.reason}" if leader.reason else ""))
    return say(307, f"the leading master is at {address}", {"Location": f"//{address}{target}"})


def answer_elsewhere(leader: LeaderDetected, own: Address, request: Request) -> Response | None:
    """What a master that does not lead answers; None when the one at `own` leads."""
    if leader.master is not None and leader.master.address == own:
        return None
    return to_leader(leader, request.target)

"""The master and its observer, on one node: which agents are to be pinged, and which keep silent.

The observer says ObserverStarted until it is accepted; then it is told all agents, and what changes.
"""

from __future__ import annotations

from transport.message import DomesticMessage
from transport.pid import Pid


class ObserverStarted(DomesticMessage):
    """An observer has no agents yet."""


class ObserverAccepted(DomesticMessage):
    """The master will tell its agents; forget all others."""


class ObserveAgent(DomesticMessage):
    """Ping this agent, and tell it whether it is `connected`; instead of what was said of it before."""

    agent_id: str
    pid: Pid
    connected: bool


class ForgetAgent(DomesticMessage):
    """Ping this agent no more."""

    agent_id: str


class AgentSilent(DomesticMessage):
    """So many pings in a row were not answered; said again with each further one."""

    agent_id: str


class AgentHeard(DomesticMessage):
    """An agent that was silent has answered."""

    agent_id: str

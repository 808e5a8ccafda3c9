"""Which of the allocator's decisions are older than what it was told since.

The allocator may decide on an agent while the master tells it that the agent was replaced. To offer such a
decision would give resources twice, because the allocator has forgotten that it gave them (reliability.md
I1). So whatever makes earlier decisions void is followed by a mark, and each decision bears the last mark
heard.
"""

from __future__ import annotations

from typing import TypeGuard

from transport.message import Message
from transport.messages.allocation import (
    AddAgent,
    ConvertAllocated,
    ConvertAvailable,
    MakeOffers,
    Mark,
    RecoverResources,
    RemoveAgent,
    UpdateAgent,
)
from transport.records.resources import Resources


class Marks:
    """Counts marks, and knows the latest of each agent."""

    def __init__(self) -> None:
        self._last = 0
        #: By agent id, when it was added and when something of it ended.
        self._added: dict[str, int] = {}
        self._changed: dict[str, int] = {}

    def follow(self, message: Message) -> Mark | None:
        """The mark that is to follow what the allocator is told, if one is."""
        if isinstance(message, AddAgent):
            self._last += 1
            self._added[message.agent_id] = self._last
        elif _ends_something(message):
            self._last += 1
            self._changed[message.agent_id] = self._last
        else:
            if isinstance(message, RemoveAgent):
                self._added.pop(message.agent_id, None)
                self._changed.pop(message.agent_id, None)
            return None
        return Mark(self._last)

    def sift(self, message: MakeOffers) -> tuple[MakeOffers, list[RecoverResources]]:
        """What of a decision still holds, and what the allocator gets back.

        Of an agent that was added since it gets nothing back: removing the agent has freed everything.
        """
        if message.mark == self._last:
            return message, []
        held: dict[str, dict[str, dict[str, Resources]]] = {}
        returned = []
        for framework_id, roles in message.offers.items():
            for role, agents in roles.items():
                for agent_id, resources in agents.items():
                    if message.mark < self._added.get(agent_id, 0):
                        continue
                    if message.mark < self._changed.get(agent_id, 0):
                        returned.append(RecoverResources(framework_id, agent_id, resources))
                    else:
                        held.setdefault(framework_id, {}).setdefault(role, {})[agent_id] = resources
        return MakeOffers(held, message.inverse_offers, message.mark), returned


def _ends_something(
    message: Message,
) -> TypeGuard[UpdateAgent | ConvertAllocated | ConvertAvailable]:
    """Whether the agent may lack what was offered: even a shared volume that others hold can be destroyed."""
    if isinstance(message, UpdateAgent):
        return message.total is not None
    if isinstance(message, ConvertAllocated | ConvertAvailable):
        return any(conversion.consumed.shared for conversion in message.conversions)
    return False

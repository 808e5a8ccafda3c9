"""What was chosen, by a count of what was said."""

from __future__ import annotations

from typing import Any

from tests.simulation.paxos.violation import violated
from transport.messages.replication import (
    Action,
    Ballot,
    Kind,
    Learned,
    Verdict,
    WriteRequest,
    WriteResponse,
)

QUORUM = 2


class Tally:
    """What was proposed, accepted and called chosen."""

    def __init__(self) -> None:
        self._proposals: dict[tuple[int, Ballot], Action] = {}
        self._votes: dict[tuple[int, Ballot], set[int]] = {}
        self._learned: list[Action] = []

    def ask(self, message: Any) -> None:
        """Take note of what a writer says."""
        if isinstance(message, WriteRequest):
            place = (message.action.position, message.ballot)
            if self._proposals.setdefault(place, message.action) != message.action:
                violated("I18", message.ballot, "proposes two values at", place[0])
        elif isinstance(message, Learned):
            self._learned.append(message.action)

    def answer(self, seat: int, message: Any) -> None:
        """Count a replica's vote."""
        if isinstance(message, WriteResponse) and message.verdict is Verdict.ACCEPT:
            self._votes.setdefault((message.position, message.ballot), set()).add(seat)

    def judge(self, epochs: tuple[int, ...]) -> None:
        """Raise Violation if this may not be."""
        chosen: dict[int, Action] = {}
        for (position, ballot), seats in sorted(self._votes.items()):
            if len(seats) < QUORUM:
                continue
            action = self._proposals[position, ballot]
            if chosen.setdefault(position, action) != action:
                violated("I18", "chosen at", position, chosen[position], "and", action)
            for (place, later), proposal in self._proposals.items():
                if place == position and later > ballot and proposal != action:
                    violated("I18", later, "proposes", proposal, "where was chosen", action)
        for action in self._learned:
            if chosen.get(action.position) != action:
                violated("I18", "learned", action, "of", chosen.get(action.position))
        order = [
            epochs[int(action.content.split()[0])]
            for _, action in sorted(chosen.items())
            if action.kind is Kind.APPEND
        ]
        if order != sorted(order):
            violated("I17", "epochs follow as", order)

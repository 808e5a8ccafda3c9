"""Whom to ask for values that a replica misses: one that knows further than it does."""

from __future__ import annotations

import random
from collections.abc import Mapping

from transport.messages.replication import LearnedRequest, RecoverResponse
from transport.pid import Pid


class CatchUp:
    """One question at a time; who does not answer in time is not asked next."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._asked: Pid | None = None
        self._avoided: Pid | None = None

    def ask(
        self, mine: RecoverResponse, others: Mapping[Pid, RecoverResponse], goal: int
    ) -> tuple[Pid, LearnedRequest] | None:
        """The next question to bring `mine` to know everything up to `goal`, if one is due and of use."""
        if self._asked is not None or mine.learned >= goal:
            return None
        able = [member for member, answer in others.items() if answer.learned > mine.learned]
        if not able:
            return None
        choice = [member for member in able if member != self._avoided] or able
        self._asked = self._rng.choice(choice)
        return self._asked, LearnedRequest(mine.learned + 1)

    def answered(self, sender: Pid) -> bool:
        """Whether that was the answer waited for."""
        if self._asked != sender.whoever():
            return False
        self._asked = self._avoided = None
        return True

    def late(self, member: Pid) -> None:
        """An answer did not come in time, if it still has not."""
        if self._asked == member:
            self._asked, self._avoided = None, member

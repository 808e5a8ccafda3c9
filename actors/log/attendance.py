"""Who takes part in the log, what each of them said last, and when: the table that people are shown."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from transport.messages.replication import MembersChanged, MemberStatus, RecoverResponse
from transport.pid import Pid


class _Said(msgspec.Struct, frozen=True):
    response: RecoverResponse
    at: float


class Attendance:
    """One node's view: `own` is its replica. Times are those of the node's clock."""

    def __init__(self, own: Pid) -> None:
        self.own = own.whoever()
        #: This node's own is always among them.
        self.members: tuple[Pid, ...] = ()
        #: How many of them ZooKeeper lists; None while that is not known.
        self.registered: int | None = None
        self._said: dict[Pid, _Said] = {}

    @property
    def others(self) -> tuple[Pid, ...]:
        """All members but this node's own."""
        return tuple(member for member in self.members if member != self.own)

    def change(self, message: MembersChanged) -> None:
        """Members came or went."""
        self.members = tuple(member.whoever() for member in message.members)
        self.registered = message.registered
        self._said = {member: said for member, said in self._said.items() if member in self.members}

    def hear(self, member: Pid, response: RecoverResponse, now: float, *, silence_seconds: float) -> bool:
        """Take what another member said; whether that is news.

        It is when its status is another one, or it has been silent for longer than `silence_seconds`.
        """
        before = self._said.get(member)
        self._said[member] = _Said(response, now)
        if before is None or now - before.at > silence_seconds:
            return True
        return before.response.status is not response.status

    def silent(self, now: float, seconds: float) -> tuple[Pid, ...]:
        """Those that have said nothing for longer than that."""
        return tuple(member for member, said in self._said.items() if now - said.at > seconds)

    def statuses(
        self, mine: RecoverResponse | None, now: float, trouble: Callable[[Pid], str]
    ) -> tuple[MemberStatus, ...]:
        """How each member fares; `trouble` says why one cannot be reached."""
        return tuple(
            self._own_status(mine) if member == self.own else self._status(member, now, trouble(member))
            for member in self.members
        )

    def _own_status(self, mine: RecoverResponse | None) -> MemberStatus:
        # All that ZooKeeper lists are members; when those are one more, that one is this node's own.
        registered = self.registered is None or self.registered >= len(self.members)
        if mine is None:
            return MemberStatus(self.own, registered=registered)
        return MemberStatus(
            self.own, mine.status, 0.0, mine.begin, mine.end, mine.quorum, registered=registered
        )

    def _status(self, member: Pid, now: float, trouble: str) -> MemberStatus:
        said = self._said.get(member)
        if said is None:
            return MemberStatus(member, unreachable=trouble)
        response, silent_seconds = said.response, now - said.at
        return MemberStatus(
            member, response.status, silent_seconds, response.begin, response.end, response.quorum, trouble
        )

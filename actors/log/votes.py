"""Who said yes to one request, and how many of them count."""

from __future__ import annotations

from transport.messages.replication import PromiseResponse, WriteResponse
from transport.pid import Pid


class Votes:
    """The votes of distinct members, given by distinct replicas.

    A replica that lost its disk comes back under another id, after it told a quorum so. What its old self
    said may be lost: a vote counts only while none of the others was given by a replica that has met another
    one at the same member (see `Peer`).
    """

    def __init__(self) -> None:
        self._votes: dict[Pid, PromiseResponse | WriteResponse] = {}

    def add(self, sender: Pid, response: PromiseResponse | WriteResponse) -> None:
        """Take a member's yes; its newest stands."""
        self._votes[sender.whoever()] = response

    def __contains__(self, sender: Pid) -> bool:
        return sender.whoever() in self._votes

    @property
    def members(self) -> tuple[Pid, ...]:
        """Who said yes."""
        return tuple(self._votes)

    @property
    def replicas(self) -> tuple[str, ...]:
        """The ids of the replicas whose yes counts."""
        disputed = self._disputed()
        return tuple(
            dict.fromkeys(vote.replica for member, vote in self._votes.items() if member not in disputed)
        )

    @property
    def contradict(self) -> bool:
        """Whether some of them do not count."""
        return bool(self._disputed())

    def dismiss(self) -> None:
        """Drop the votes that contradict each other, to ask those members anew."""
        for member in self._disputed(with_witnesses=True):
            del self._votes[member]

    def _disputed(self, *, with_witnesses: bool = False) -> dict[Pid, None]:
        by_address = {str(member.address): member for member in self._votes}
        disputed: dict[Pid, None] = {}
        for witness, vote in self._votes.items():
            for peer in vote.peers:
                member = by_address.get(peer.member)
                if member is None or member == witness or self._votes[member].replica == peer.replica:
                    continue
                disputed[member] = None
                if with_witnesses:
                    disputed[witness] = None
        return disputed

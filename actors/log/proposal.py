"""One position on the way to its value: promised by a quorum where something may stand, then written."""

from __future__ import annotations

from actors.log.effects import Broadcast
from actors.log.votes import Votes
from transport.messages.replication import (
    Accepted,
    Action,
    Ballot,
    Kind,
    PromiseRequest,
    PromiseResponse,
    WriteRequest,
)
from transport.pid import Pid


class Proposal:
    """What is asked of the members for one position, under one ballot."""

    def __init__(self, ballot: Ballot, position: int, action: Action | None = None) -> None:
        self.position = position
        #: What is being written; None as long as it is being found out what must be.
        self.action = action
        self.votes = Votes()
        self._ballot = ballot
        self._found: Accepted | None = None

    @property
    def size_bytes(self) -> int:
        """Of the value that is being written."""
        return 0 if self.action is None else len(self.action.content)

    def found(self, sender: Pid, response: PromiseResponse) -> None:
        """Take a promise, and the value that came with it if its ballot is the greatest."""
        self.votes.add(sender, response)
        accepted = response.accepted
        if accepted is not None and (self._found is None or accepted.ballot > self._found.ballot):
            self._found = accepted

    def write(self) -> Broadcast:
        """A quorum has promised: write what was found, or nothing."""
        self.action = Action(self.position, Kind.NOP) if self._found is None else self._found.action
        self.votes = Votes()
        return self.again()

    def again(self) -> Broadcast:
        """Ask those that have not answered, or whose answers contradict each other."""
        self.votes.dismiss()
        if self.action is None:
            return Broadcast(PromiseRequest(self._ballot, self.position), self.votes.members)
        return Broadcast(WriteRequest(self._ballot, self.action), self.votes.members)

"""The members of a log that has no group: this node's replica alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from actors.process import Process, handles
from transport.messages.replication import MembersChanged, WatchMembers
from transport.pid import Pid

#: What the actor is called that knows the members, whichever it is.
MEMBERS: Final = "log-members"


class FixedMembers(Process):
    """Tells whoever asks the same members for ever."""

    def __init__(self, members: Sequence[Pid]) -> None:
        if not members:
            raise ValueError("members: must not be empty")
        self._changed = MembersChanged(tuple(members))

    @handles(WatchMembers)
    def watch(self, sender: Pid, _message: WatchMembers) -> None:
        """Tell them."""
        self.send(sender, self._changed)

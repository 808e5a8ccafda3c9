"""Who leads: an actor of the node knows, whichever way it learns of it."""

from __future__ import annotations

from transport.message import Message
from transport.pid import Pid


class WatchLeader(Message):
    """Tell me the leading master, now and whenever it changes."""


class LeaderDetected(Message):
    """The leading master, or None while there is none. A greater epoch is a later reign."""

    master: Pid | None
    epoch: int = 0

"""Who leads: an actor of the node knows, whichever way it learns of it."""

from __future__ import annotations

from transport.message import Message
from transport.pid import Pid
from transport.records.master import MasterInfo


class WatchLeader(Message):
    """Tell me the leading master, now and whenever it changes.

    `doubted`: what was told before may be out of date; look anew, and tell then, changed or not.
    """

    doubted: bool = False


class LeaderDetected(Message):
    """The leading master, or None while there is none. A greater epoch is a later reign.

    The epoch is 0 where nobody was elected, because there is one master only; else it is one more than the
    sequence number of the leader's node in ZooKeeper (mesos-protocol.md §6). `info` is what the leader says
    about itself, where that is known. `reason` says why nobody leads,
    where more is known than that nobody was elected.
    """

    master: Pid | None
    epoch: int = 0
    info: MasterInfo | None = None
    reason: str = ""

"""One master's candidacy: between what leads (or waits to) on a node, and what stands for election there."""

from __future__ import annotations

from transport.message import Message


class Contend(Message):
    """Stand for election; again after a loss. `above`: with an epoch greater than this one."""

    above: int = 0


class Elected(Message):
    """This node leads, from now on; a greater epoch is a later reign.

    It must not act any more after `until`, a time by the node's monotonic clock, unless that is put off by
    LeaseExtended: another master may lead then (reliability.md R2, K1).
    """

    epoch: int
    until: float


class LeaseExtended(Message):
    """The reign of this epoch may go on until then."""

    epoch: int
    until: float


class CandidacyLost(Message):
    """This node does not stand for election any more; if it led, as the leader of `epoch`, that is over."""

    reason: str
    epoch: int | None = None


class Withdraw(Message):
    """Do not stand for election any more, and let others know at once; answered by CandidacyLost."""

    reason: str

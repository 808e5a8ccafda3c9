"""One master's candidacy: between what leads (or waits to) on a node, and what stands for election there."""

from __future__ import annotations

from typing import ClassVar

from transport.message import DomesticMessage
from transport.records.master import MasterInfo


class Contend(DomesticMessage):
    """Stand for election; again after a loss. `above`: with an epoch greater than this one.

    `info` is what the master will say about itself when it leads; its id is new with each candidacy.
    """

    above: int = 0
    info: MasterInfo | None = None


class Elected(DomesticMessage):
    """This node leads, from now on; a greater epoch is a later reign.

    It must not act any more after `until`, a time by the node's monotonic clock, unless that is put off by
    LeaseExtended: another master may lead then (reliability.md R2, K1).
    """

    epoch: int
    until: float


class LeaseExtended(DomesticMessage):
    """The reign of this epoch may go on until then, which may be sooner than was said before.

    Urgent, for a master with much to do must not believe that its time is over while this waits its turn.
    """

    urgent: ClassVar[bool] = True

    epoch: int
    until: float


class CandidacyLost(DomesticMessage):
    """This node does not stand for election any more; if it led, as the leader of `epoch`, that is over."""

    reason: str
    epoch: int | None = None


class Withdraw(DomesticMessage):
    """Do not stand for election any more, and let others know at once; answered by CandidacyLost."""

    reason: str


# --- between what leads on a node, and the actors of its reign ---


class ReignOver(DomesticMessage):
    """One of the actors of a reign cannot go on, and does nothing any more: so the reign is over."""

    reason: str


class LeadershipDoubted(DomesticMessage):
    """The master heard of a newer epoch than its own: does it still lead? If not, its reign ends."""

    epoch: int

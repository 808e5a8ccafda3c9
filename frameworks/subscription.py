"""A scheduler's standing with its master: whom it follows, whose events count, when to try again."""

from __future__ import annotations

import random
from typing import Final

from actors.election.doubt import Doubt
from transport.pid import Pid

#: The pause after the first try to subscribe, at most; each next one is twice as long.
FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 10.0
#: Without this many heartbeats in a row the connection is taken for dead (mesos-protocol.md §2.6).
MISSED_HEARTBEATS: Final = 5


class Subscription:
    """Subscribed with the actor `master`, or (None) trying to with whoever leads."""

    def __init__(self) -> None:
        #: Who leads, by the detector's word.
        self.leader: Pid | None = None
        #: The very actor that answered; its successor knows nothing of us.
        self.master: Pid | None = None
        self._epoch = 0
        self._doubt = Doubt()
        #: Whether no other leader was ever named.
        self._only = True
        self._tries = 0
        self._missed = 0

    def lead(self, leader: Pid | None, epoch: int) -> bool:
        """The detector names a leader; whether that changes anything, so that we are not subscribed now.

        It knows best, even when it names an older epoch.
        """
        if leader is not None:
            self._doubt.settle(epoch)
        if (leader, epoch) == (self.leader, self._epoch):
            return False
        self._only = self.leader in (None, leader) and self._only
        self.leader, self._epoch = leader, epoch
        self._tries = 0
        return True

    def doubts(self, newest: int) -> bool:
        """Whether, by the newest epoch that was heard of, another may lead; then nobody does for now."""
        if not self._doubt.arises(self._epoch, newest):
            return False
        self.leader = None
        return True

    def is_leader(self, sender: Pid) -> bool:
        """Whether that actor may answer our subscription.

        A master that is named by hand may call its host by another name than we do. Where leaders change,
        they name themselves, and a late answer of a former one does not count.
        """
        leader = self.leader
        if leader is None:
            return False
        return leader in (sender, sender.whoever()) or (self._only and leader.name == sender.name)

    def begin(self, master: Pid) -> None:
        """Be subscribed."""
        self.master = master
        self._tries = self._missed = 0

    def end(self) -> Pid | None:
        """Be subscribed no more; returns with whom that was."""
        master, self.master = self.master, None
        return master

    def pause_seconds(self, rng: random.Random) -> float:
        """How long to wait before the next try; counts it."""
        longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0**self._tries)
        self._tries = min(self._tries + 1, 32)
        return longest * rng.uniform(0.5, 1.0)

    def heard(self) -> None:
        """The master's heart beats."""
        self._missed = 0

    def missed(self) -> bool:
        """A heartbeat's interval is over; whether that is one too many since the last that was heard."""
        self._missed += 1
        return self._missed > MISSED_HEARTBEATS

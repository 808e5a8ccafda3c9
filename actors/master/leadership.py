"""The leadership of a master's node: begins and ends reigns, and stands for election again in between.

    RESTING -> STANDING -> REIGNING -> CLOSING -> WITHDRAWING -> RESTING

A reign's actors live and die together: should one of them end, or the election be lost, or the lease run out,
or the log be taken over by another writer, all are ended, and only when they are gone does anything follow.
The log's replica on this node is none of them: it goes on voting through every change of leaders.
"""

from __future__ import annotations

import math
import random
from enum import Enum, auto
from typing import Final, Protocol

from actors.election.address import MASTER
from actors.master.mandate import Mandate
from actors.process import Process, handles
from actors.system import System
from transport.envelope import Envelope
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.messages.election import (
    CandidacyLost,
    Contend,
    Elected,
    LeadershipDoubted,
    LeaseExtended,
    ReignOver,
    Withdraw,
)
from transport.messages.replication import Demoted
from transport.pid import Address, Pid
from transport.records.master import MasterInfo

#: The name of the leadership on a master's node.
LEADERSHIP: Final = "leadership"
#: How long an actor that ended has to be explained: its node may be about to end, or the reason on its way.
_EXPLANATION_SECONDS: Final = 0.2
#: The pause before the next candidacy, doubled each time up to the longest.
_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 30.0
#: After a candidacy or a reign that lasted so long, the next pause is the shortest again.
_SETTLED_SECONDS: Final = 60.0


class Actors(Protocol):
    """What a reign is made of; see `actors.master.court.Court`."""

    def candidate(self, reign: str) -> MasterInfo:
        """What the master says about itself in a reign of that id."""
        ...

    def open(self, system: System, here: Address, info: MasterInfo, mandate: Mandate) -> tuple[Pid, ...]:
        """Start the actors of a reign."""
        ...

    def close(self) -> None:
        """Show that nobody reigns here."""
        ...


class Pauses:
    """How long to wait before the next candidacy: reigns that end again and again get in others' way."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._hasty = 0

    def after(self, lasted_seconds: float) -> float:
        """The pause after a candidacy that lasted so long, its reign included."""
        if lasted_seconds >= _SETTLED_SECONDS:
            self._hasty = 0
        pause: float = min(_LONGEST_PAUSE_SECONDS, _PAUSE_SECONDS * 2 ** min(self._hasty, 16))
        self._hasty += 1
        return pause * self._rng.uniform(0.5, 1.0)


class _Phase(Enum):
    #: Until the next candidacy.
    RESTING = auto()
    #: Waits to be elected.
    STANDING = auto()
    REIGNING = auto()
    #: The actors of the reign are being ended.
    CLOSING = auto()
    #: Has the contender take the candidacy back.
    WITHDRAWING = auto()


class Leadership(Process):
    """Owns the reigns of one node.

    Without a `contender` it leads at once, and for ever: there is no other master. `detector` says who leads,
    for a second opinion. Unless it is to `rejoin`, the end of a reign is the end of the daemon.
    """

    def __init__(
        self, court: Actors, contender: Pid | None = None, detector: Pid | None = None, *, rejoin: bool = True
    ) -> None:
        self._court = court
        self._contender = contender
        self._detector = detector
        self._rejoin = rejoin
        self._phase = _Phase.RESTING
        #: What the master says about itself in the reign that is, or comes next.
        self._info: MasterInfo | None = None
        self._epoch = 0
        self._until = math.inf
        #: The newest that was said about the lease of an epoch.
        self._lease: LeaseExtended | None = None
        #: The log has seen a writer of this epoch: a lesser one is not worth an election.
        self._above = 0
        #: The actors of the reign that are not gone yet.
        self._actors: dict[Pid, None] = {}
        #: Why the reign is over.
        self._reason = ""
        #: Whether the contender may still stand for election.
        self._candidate = False
        self._stood_at = 0.0

    def initialize(self) -> None:
        """Stand for election."""
        self._pauses = Pauses(self.system.rng)
        self._court.close()
        if self._detector is not None:
            self.send(self._detector, WatchLeader())
        self._stand()

    def receive(self, envelope: Envelope) -> None:
        """Run one turn; nobody on another node has anything to say."""
        if envelope.sender.address == self.pid.address:
            super().receive(envelope)
        else:
            self.log.warning("message from another node dropped", sender=str(envelope.sender))

    @property
    def reigns(self) -> bool:
        """Whether this node's master leads."""
        return self._phase is _Phase.REIGNING

    def check_invariants(self) -> None:
        """Raise AssertionError when actors of a reign live outside of it."""
        reign = (_Phase.REIGNING, _Phase.CLOSING)
        assert not self._actors or self._phase in reign, f"{self._phase}: {list(self._actors)} still live"

    # --- standing for election ---

    def _stand(self) -> None:
        self._phase, self._stood_at = _Phase.STANDING, self.system.now()
        # Ids of agents, frameworks and offers begin with it: it is never used twice.
        self._info = self._court.candidate(f"{self.system.rng.getrandbits(128):032x}")
        if self._contender is None:
            # Nobody else leads; a log that was written under elections before wants a greater epoch still.
            self._begin(self._above + 1 if self._above else 0, math.inf)
        else:
            self._candidate = True
            self.send(self._contender, Contend(self._above, self._info))

    @handles(Elected)
    def elected(self, sender: Pid, message: Elected) -> None:
        """Lead."""
        if self._phase is _Phase.STANDING:
            # What was said later is urgent, and may have come sooner.
            newer = self._lease if self._lease is not None and self._lease.epoch == message.epoch else message
            self._begin(message.epoch, newer.until)
        elif self.reigns and message.epoch != self._epoch:
            self._end(f"it was elected anew, for epoch {message.epoch}")

    def _begin(self, epoch: int, until: float) -> None:
        assert self._info is not None
        self._phase, self._epoch, self._until = _Phase.REIGNING, epoch, until
        self.log.info("reign begins", epoch=epoch, master_id=self._info.id)
        mandate = Mandate(epoch, until, self.pid)
        for pid in self._court.open(self.system, self.pid.address, self._info, mandate):
            self._actors[pid] = None
            self.link(pid)
        self._watch_lease()

    # --- the lease ---

    @handles(LeaseExtended)
    def lease_extended(self, sender: Pid, message: LeaseExtended) -> None:
        """Lead on for a while, or for a shorter one than was thought."""
        self._lease = message
        if self.reigns and message.epoch == self._epoch:
            self._until = message.until
            self.send(Pid(MASTER, *self.pid.address), message)

    def _watch_lease(self) -> None:
        left = self._until - self.system.now()
        if math.isfinite(left):
            self.delay(max(0.0, left), self._check_lease, self._epoch)

    def _check_lease(self, epoch: int) -> None:
        if not self.reigns or epoch != self._epoch:
            return
        if self.system.now() > self._until:
            self._end("its lease ran out: ZooKeeper did not answer in time, another master may lead by now")
        else:
            self._watch_lease()

    # --- doubts ---

    @handles(LeadershipDoubted)
    def doubted(self, sender: Pid, message: LeadershipDoubted) -> None:
        """Somebody has heard of a newer epoch: the detector knows better than hearsay."""
        if self.reigns and self._detector is not None and message.epoch > self._epoch:
            self.log.warning("a newer epoch is heard of", epoch=self._epoch, heard=message.epoch)
            self.send(self._detector, WatchLeader(doubted=True))

    @handles(LeaderDetected)
    def leader_detected(self, sender: Pid, message: LeaderDetected) -> None:
        """A later leader than this one is the end of its reign."""
        if self.reigns and message.master is not None and message.epoch > self._epoch:
            self._end(f"{message.master} leads, since epoch {message.epoch}")

    # --- the end of a reign ---

    @handles(CandidacyLost)
    def candidacy_lost(self, sender: Pid, message: CandidacyLost) -> None:
        """The contender does not stand any more; stand again, after the reign if there is one."""
        self._candidate = False
        if self.reigns:
            self._end(message.reason)
        elif self._phase is _Phase.STANDING:
            self.log.info("candidacy lost", reason=message.reason)
            self._rest()
        elif self._phase is _Phase.WITHDRAWING:
            self._rest()

    @handles(Demoted)
    def demoted(self, sender: Pid, message: Demoted) -> None:
        """The log has, or had, a later writer."""
        if sender in self._actors:
            self._above = max(self._above, message.promised.epoch)
            self._end(message.reason)

    @handles(ReignOver)
    def reign_over(self, sender: Pid, message: ReignOver) -> None:
        """One of the reign's actors cannot go on."""
        if sender in self._actors:
            self._end(message.reason)

    def exited(self, pid: Pid) -> None:
        """One of the reign's actors is gone."""
        if pid not in self._actors:
            return
        del self._actors[pid]
        if self.reigns:
            self.delay(_EXPLANATION_SECONDS, self._miss, pid, self._info)
        elif self._phase is _Phase.CLOSING and not self._actors:
            self._close()

    def _miss(self, pid: Pid, info: MasterInfo) -> None:
        """Nobody has explained it."""
        if info is self._info:
            self._end(f"its {pid.name} ended")

    def _end(self, reason: str) -> None:
        if not self.reigns:
            return
        self.log.warning("reign is over", epoch=self._epoch, reason=reason)
        self._phase, self._reason = _Phase.CLOSING, reason
        for pid in reversed(self._actors):
            self.terminate(pid)
        if not self._actors:
            self._close()

    def _close(self) -> None:
        """Nobody acts for the reign any more."""
        self._court.close()
        if not self._rejoin:
            self.system.abort(f"leadership is over: {self._reason}")
        if self._candidate and self._contender is not None:
            self._phase = _Phase.WITHDRAWING
            self.send(self._contender, Withdraw(self._reason))
        else:
            self._rest()

    def _rest(self) -> None:
        self._phase = _Phase.RESTING
        if self._rejoin:
            pause = self._pauses.after(self.system.now() - self._stood_at)
            self.delay(pause, self._stand)

"""Stands for election in ZooKeeper, for one master at a time (reliability.md R1, R2, K1, K4, K5)."""

from __future__ import annotations

from typing import Final

from actors.election import leader_data
from actors.election.lease import Lease
from actors.election.member import Member
from actors.process import handles
from actors.system import Timer
from transport.messages import zookeeper
from transport.messages.election import CandidacyLost, Contend, Elected, LeaseExtended, Withdraw
from transport.messages.zookeeper import Failure, SessionState
from transport.pid import Pid
from transport.records.master import MasterInfo

#: Nodes that are made to raise ZooKeeper's counter are named so; nobody takes them for members.
_RAISING: Final = "raise-"
#: So many of them at a time.
_RAISED_AT_ONCE: Final = 64
#: ZooKeeper's counter is a number of 32 bits.
_GREATEST_EPOCH: Final = 2**31 - 1


class Contender(Member):
    """The node with the least number leads; the epoch of its reign is that number plus one.

    Losses before the election are its own affair: it gets another node, at the end of the queue. A leader
    that loses its node, its session or sight of ZooKeeper is told, and must contend again.
    """

    def __init__(self, zookeeper: Pid, path: str) -> None:
        super().__init__(zookeeper, path, leader_data.JSON_LABEL)
        #: What its node tells others of this node's master, in this candidacy.
        self._info: MasterInfo | None = None
        #: Whom it stands for; None while it does not.
        self._owner: Pid | None = None
        self._above = 0
        #: The epoch of the reign, since the owner was told of it.
        self._epoch: int | None = None
        #: Whether it was, since it asked last.
        self._told = False
        self._lease = Lease()
        self._end_of_lease: Timer | None = None
        #: Nodes that are yet to be made to raise the counter.
        self._to_raise = 0
        self._raising = 0

    # --- its owner ---

    @handles(Contend)
    def contend(self, sender: Pid, message: Contend) -> None:
        """Stand for election, or, if it does so already, with this very `info`, make sure of it."""
        if self._owner != sender:
            if self._owner is not None:
                self._step_down()
            self._owner = sender
            self.link(sender)
        if message.info is None or not 0 <= message.above < _GREATEST_EPOCH:
            self._lose(f"it says nothing about itself, or there is no epoch above {message.above}")
            return
        is_another = message.info != self._info or (self._epoch or message.above + 1) <= message.above
        self._above, self._info, self._told = message.above, message.info, False
        if is_another:
            self._epoch = None
            self.leave()
        self.doubt()

    @handles(Withdraw)
    def withdraw(self, sender: Pid, message: Withdraw) -> None:
        """Do not stand any more; the node goes at once."""
        if sender == self._owner:
            self._lose(message.reason)
        else:
            self.send(sender, CandidacyLost(message.reason))

    def finalize(self) -> None:
        """Let another lead at once."""
        self._step_down()

    def exited(self, pid: Pid) -> None:
        """The owner is gone, and needs no election; or the session's actor."""
        if pid == self._owner:
            self._step_down()
        super().exited(pid)

    # --- the election ---

    def is_former(self, data: bytes) -> bool:
        """An earlier life of this daemon left it: it had the same address, so it is no more."""
        try:
            former = leader_data.read(f"{leader_data.JSON_LABEL}_0", data).info
        except ValueError:
            return False
        return self._info is not None and former.pid == self._info.pid

    def grouped(self) -> None:
        """See who leads."""
        if self._owner is None or self._raising:
            return
        if not self.joins and self._info is not None:
            self.join(leader_data.write(self._info, self.pid.port))
        number, names = self.number, self.names
        if number is None or names is None or self.seat not in names:
            return
        epoch = number + 1
        if epoch <= self._above:
            self._raise(self._above - epoch)
        elif names[0] == self.seat:
            self._elect(epoch)
        elif self._epoch is not None:
            self._lose(f"{names[0]} is before this master's node {self.seat}")

    def _elect(self, epoch: int) -> None:
        if self._told or self._lease.until <= self.system.now():
            return
        self._epoch, self._told = epoch, True
        self.log.info("elected", epoch=epoch, node=self.seat)
        self._tell(Elected(epoch, self._lease.until))
        self._watch_lease()

    def unseated(self) -> None:
        """Somebody removed its node."""
        if self._epoch is not None:
            self._lose("this master's node in ZooKeeper was removed")

    def denied(self, reason: str) -> None:
        """It cannot stand for election."""
        self._lose(reason)

    # --- the lease ---

    def session_changed(self) -> None:
        """See how long the lease is now."""
        session = self.session
        if session.state is SessionState.CONNECTED:
            self._lease.connected(session.alive_at, session.timeout_seconds)
            self._extend()
        elif session.state is SessionState.SUSPENDED:
            self._lease.suspended(self.system.now())
            self._extend()
        else:
            self._lease.end()
            if self._epoch is not None or session.state is SessionState.REFUSED:
                self._lose(session.reason or "the session with ZooKeeper is over")

    def session_alive(self, alive_at: float) -> None:
        """The lease is longer."""
        self._lease.alive(alive_at)
        if self._epoch is None:
            if self.is_complete:
                self.grouped()  # the lease may have been over when this one was to be elected
        else:
            if self.system.epoch > self._epoch:
                self.refresh()  # somebody says that another leads
            self._extend()

    def _extend(self) -> None:
        if self._epoch is not None:
            self._tell(LeaseExtended(self._epoch, self._lease.until))
            self._watch_lease()

    def _watch_lease(self) -> None:
        if self._end_of_lease is not None:
            self._end_of_lease.cancel()
        seconds = self._lease.until - self.system.now()
        self._end_of_lease = self.delay(seconds, self._lease_ended)

    def _lease_ended(self) -> None:
        if self._epoch is None:
            return
        if self.system.now() < self._lease.until:
            self._watch_lease()
        else:
            self._lose(f"ZooKeeper was not heard for too long: the session is {self.session.state}")

    # --- the end ---

    def _lose(self, reason: str) -> None:
        owner, epoch = self._owner, self._epoch
        if owner is None:
            return
        self.log.warning("candidacy lost", epoch=epoch, reason=reason)
        self._step_down()
        self.send(owner, CandidacyLost(reason, epoch))

    def _step_down(self) -> None:
        owner, self._owner, self._epoch = self._owner, None, None
        if self._end_of_lease is not None:
            self._end_of_lease.cancel()
        self._to_raise = 0
        self.leave()
        if owner is not None:
            self.unlink(owner)

    def _tell(self, message: Elected | LeaseExtended) -> None:
        if self._owner is not None:
            self.send(self._owner, message)

    # --- raising ZooKeeper's counter ---

    def _raise(self, count: int) -> None:
        """Make its counter greater by so many, and join again."""
        self.log.warning("zookeeper counts anew: its counter is raised", above=self._above, nodes=count)
        self.leave()
        self._to_raise = count
        self._raise_more()

    def _raise_more(self) -> None:
        while self._to_raise and self._raising < _RAISED_AT_ONCE:
            self._to_raise -= 1
            self._raising += 1
            self.questions.ask(
                lambda number: zookeeper.CreateNode(number, f"{self.path}/{_RAISING}", b""),
                self._raised,
                self._not_raised,
            )
        if not self._raising:
            self.refresh()

    def _raised(self, answer: zookeeper.NodeCreated) -> None:
        self._raising -= 1
        self.questions.ask(
            lambda number: zookeeper.DeleteNode(number, answer.path), _ignore, _ignore
        )  # should that fail, it goes with the session
        self._raise_more()

    def _not_raised(self, failure: Failure, reason: str) -> None:
        self._raising -= 1
        self._to_raise = 0
        self.failed("the counter cannot be raised", failure, reason)

    def forgotten(self) -> None:
        """How far the counter was raised must be looked up."""
        super().forgotten()
        self._to_raise = self._raising = 0


def _ignore(*_answer: object) -> None:
    pass

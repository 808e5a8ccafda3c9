"""Learns of the leader from another node, by name or address: any master's will do."""

from __future__ import annotations

from typing import Final

from actors.election.watchers import Watchers
from actors.process import Process, handles
from actors.system import Timer
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.pid import Pid

#: The name of the actor that knows the leader, on every node that does.
DETECTOR: Final = "detector"
#: The pause before a node that does not answer is asked again; it doubles up to the greater one.
_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 5.0
#: One that did answer is asked again after this, in case that a change got lost.
_REFRESH_SECONDS: Final = 30.0


class AskingDetector(Process):
    """Passes on what the detector of one master's node says, and asks it again for ever when it is gone.

    Meanwhile the leader is who it was: that a node cannot be reached says nothing of the others.
    """

    def __init__(self, master: Pid) -> None:
        """`master` is the actor of that node, whether it leads or not, at the address that people know."""
        self._master = master
        self._asked = Pid(DETECTOR, master.host, master.port)
        self._watchers = Watchers(self)
        self._pause_seconds = _PAUSE_SECONDS
        self._next: Timer | None = None
        self._complained = False

    def initialize(self) -> None:
        """Ask."""
        self._ask()

    @handles(WatchLeader)
    def watch_leader(self, sender: Pid, message: WatchLeader) -> None:
        """Somebody wants to know."""
        if message.doubted:
            self._watchers.doubt(sender)
            self._ask()
        else:
            self._watchers.add(sender)

    def exited(self, pid: Pid) -> None:
        """The node cannot be reached, or is none of a master; or somebody does not want to know any more."""
        if pid != self._asked:
            self._watchers.gone(pid)
            return
        if not self._complained:
            self._complained = True
            self.log.warning("no master there tells who leads; it is asked again", asked=str(self._asked))
        self._ask_again()

    @handles(LeaderDetected)
    def leader_detected(self, sender: Pid, message: LeaderDetected) -> None:
        """The leader, as that node knows it."""
        self._pause_seconds = _PAUSE_SECONDS
        self._complained = False
        leader = LeaderDetected(self._reachable(sender, message), message.epoch, message.info, message.reason)
        if leader != self._watchers.leader:
            self.log.info("leader detected", master=str(leader.master), epoch=leader.epoch)
        if message.master is not None:
            told = self._watchers.leader.epoch
            self.system.epoch = (
                max(self.system.epoch, message.epoch) if message.epoch >= told else message.epoch
            )
        self._watchers.tell(leader)
        self._watchers.confirm()
        self._ask_after(_REFRESH_SECONDS)

    def _ask(self) -> None:
        self.link(self._asked)
        self.send(self._asked, WatchLeader(self._watchers.has_doubters))
        self._ask_again()

    def _ask_again(self) -> None:
        self._ask_after(self._pause_seconds)
        self._pause_seconds = min(2 * self._pause_seconds, _LONGEST_PAUSE_SECONDS)

    def _ask_after(self, seconds: float) -> None:
        if self._next is not None:
            self._next.cancel()
        self._next = self.delay(seconds * self.system.rng.uniform(0.5, 1.0), self._ask)

    def _reachable(self, sender: Pid, message: LeaderDetected) -> Pid | None:
        """The leader by an address that leads to it from here.

        A master that stands alone need not know by which name others reach it: ours for it does. Where
        masters are elected, each is known to all by the address that it gives.
        """
        leader = message.master
        if leader is None or message.epoch or leader.address != sender.address:
            return leader
        return Pid(leader.name, self._master.host, self._master.port)

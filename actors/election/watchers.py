"""Who wants to know the leader, on this node or elsewhere; a detector tells them."""

from __future__ import annotations

from actors.process import Process
from transport.messages.detection import LeaderDetected
from transport.pid import Pid


class Watchers:
    """The actors that asked one detector, each linked, so that those gone are forgotten."""

    def __init__(self, detector: Process) -> None:
        self._detector = detector
        self._watchers: dict[Pid, None] = {}
        #: Those that are to be told once it was looked anew.
        self._doubters: dict[Pid, None] = {}
        #: What was told last; before it was looked for the first time nothing is, for that it is not known
        #: who leads does not mean that nobody does.
        self.leader = LeaderDetected(None)
        self._looked = False

    @property
    def has_doubters(self) -> bool:
        """Whether anybody waits for `confirm`."""
        return bool(self._doubters)

    def add(self, watcher: Pid) -> None:
        """Tell somebody, now and from now on."""
        if self._looked:
            self._keep(watcher)
            self._detector.send(watcher, self.leader)
        else:
            self.doubt(watcher)

    def doubt(self, watcher: Pid) -> None:
        """Tell somebody from now on, and in any case at the next `confirm`."""
        self._keep(watcher)
        self._doubters[watcher] = None

    def tell(self, leader: LeaderDetected) -> None:
        """Tell everybody, if that is news."""
        if leader == self.leader:
            return
        self.leader, self._looked = leader, True
        for watcher in self._watchers:
            self._detector.send(watcher, leader)
            self._doubters.pop(watcher, None)

    def confirm(self) -> None:
        """It was looked: tell those who waited for it that it is as it was told last."""
        self._looked = True
        for watcher in self._doubters:
            self._detector.send(watcher, self.leader)
        self._doubters.clear()

    def gone(self, pid: Pid) -> None:
        """An actor is gone; harmless for one that did not ask."""
        self._watchers.pop(pid, None)
        self._doubters.pop(pid, None)

    def _keep(self, watcher: Pid) -> None:
        if watcher not in self._watchers:
            self._watchers[watcher] = None
            self._detector.link(watcher)

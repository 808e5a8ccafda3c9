"""The detector of a cluster whose one master is named by its flags."""

from __future__ import annotations

from actors.process import Process, handles
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.pid import Pid


class StandaloneDetector(Process):
    """Says that the given master leads, whether it lives or not: there is no other.

    All its reigns have epoch 0; those who follow it tell them apart by the incarnation of its actor.
    """

    def __init__(self, master: Pid) -> None:
        self._master = master

    @handles(WatchLeader)
    def watch(self, sender: Pid, message: WatchLeader) -> None:
        """Tell; it will never change."""
        self.send(sender, LeaderDetected(self._master))

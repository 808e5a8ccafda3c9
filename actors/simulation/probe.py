"""An actor in the hand of a test."""

from __future__ import annotations

from actors.process import Process
from transport.pid import Pid


class Probe(Process):
    """Keeps every message that it gets, and `exited`; a test calls `send` and `link` on it from outside.

    It does not outlive its node.
    """

    def __init__(self) -> None:
        #: Messages, oldest first.
        self.received: list[object] = []
        #: Who sent each of them.
        self.senders: list[Pid] = []
        #: What `exited` was called with.
        self.gone: list[Pid] = []

    def unhandled(self, sender: Pid, message: object) -> None:
        """Keep a message."""
        self.received.append(message)
        self.senders.append(sender)

    def exited(self, pid: Pid) -> None:
        """Keep who is gone."""
        self.gone.append(pid)

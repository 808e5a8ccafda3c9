"""Actors that tests plug into real nodes; what they do stands in the node's log."""

from __future__ import annotations

import threading

from actors.process import Process
from transport.pid import Pid


class Tidy(Process):
    """Says when it finishes."""

    def finalize(self) -> None:
        self.log.info("finalized", name=self.pid.name)


class Crasher(Process):
    """Never lives for long."""

    def initialize(self) -> None:
        raise RuntimeError("born to crash")


class Stuck(Process):
    """Breaks the rule that no turn blocks."""

    def initialize(self) -> None:
        threading.Event().wait()


class Watcher(Process):
    """Says when the actor that it watches is gone."""

    def __init__(self, watched: Pid) -> None:
        self._watched = watched

    def initialize(self) -> None:
        self.link(self._watched)

    def exited(self, pid: Pid) -> None:
        self.log.info("watched actor is gone", gone=str(pid))


class Keeper(Process):
    """Passes a fault point."""

    def initialize(self) -> None:
        self.system.fault("keeper.kept")
        self.log.info("survived")

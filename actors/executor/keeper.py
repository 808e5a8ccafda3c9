"""The actor `keeper` of an agent: sees to it that there is an executor node, and never two of them."""

from __future__ import annotations

from typing import Protocol

from actors.process import Process, handles
from actors.system import Timer
from transport.messages.hosting import (
    EndExecutorNode,
    ExecutorNodeEnds,
    ExecutorNodeFound,
    FindExecutorNode,
)
from transport.pid import Pid

#: The name of this actor on every agent's node.
KEEPER = "keeper"
#: How often to look for a node that is starting.
_LOOK_SECONDS = 0.05
#: How long after its loss to look for a node; each one that must be started doubles it.
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 30.0
#: One that was there so long is forgiven its end.
_SETTLED_SECONDS = 60.0


class ExecutorNode(Protocol):
    """The one executor node of this host; nothing here blocks for long."""

    def find(self) -> Pid | None:
        """Its actor `executors`, if it lives and says where, whoever started it."""
        ...

    def starting(self) -> bool:
        """Whether one that `start` started lives."""
        ...

    def differs(self) -> bool:
        """Whether the one that was found was told something else of containers than one would be now."""
        ...

    def start(self) -> None:
        """Start one; it ends by itself if there is another. Raises OSError."""
        ...

    def give_up(self) -> None:
        """End the one that is starting, if any."""
        ...


class Keeper(Process):
    """Answers FindExecutorNode, and tells those who asked again when the node had to be replaced."""

    def __init__(self, node: ExecutorNode) -> None:
        self._node = node

    def initialize(self) -> None:
        """Know of none."""
        self._askers: dict[Pid, None] = {}
        self._found: Pid | None = None
        self._found_at = 0.0
        self._timer: Timer | None = None
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._next_start = self.system.now()
        #: Whether the agent leaves, and needs none any more.
        self._ends = False

    @handles(EndExecutorNode)
    def end(self, sender: Pid, message: EndExecutorNode) -> None:
        """Have it end, or not start at all."""
        self._ends = True
        if self._found is None:
            self._node.give_up()
        else:
            self.send(self._found, message)
        self.send(sender, ExecutorNodeEnds())

    @handles(FindExecutorNode)
    def find(self, sender: Pid, message: FindExecutorNode) -> None:
        """Tell where it is as soon as that is known."""
        for asker in tuple(self._askers):
            if asker.name == sender.name and asker.address == sender.address:
                del self._askers[asker]
        self._askers[sender] = None
        if self._found is not None:
            self.send(sender, ExecutorNodeFound(self._found))
        elif self._timer is None:
            self._look()

    def exited(self, pid: Pid) -> None:
        """It is gone, or only the connection is."""
        if pid != self._found:
            return
        self._found = None
        if self.system.now() - self._found_at >= _SETTLED_SECONDS:
            self._pause_seconds = _FIRST_PAUSE_SECONDS
        self.log.warning("executor node lost", executors=str(pid), retry_seconds=self._pause_seconds)
        self._next_start = self.system.now() + self._pause_seconds
        self._look_after(self._pause_seconds)

    def _look(self) -> None:
        self._timer = None
        if self._ends:
            return
        executors = self._node.find()
        if executors is not None:
            self._tell(executors)
        else:
            if not self._node.starting() and self.system.now() >= self._next_start:
                self._start()
            self._look_after(_LOOK_SECONDS)

    def _look_after(self, seconds: float) -> None:
        self._timer = self.delay(seconds, self._look)

    def _start(self) -> None:
        self._next_start = self.system.now() + self._pause_seconds
        self._pause_seconds = min(2 * self._pause_seconds, _LONGEST_PAUSE_SECONDS)
        try:
            self._node.start()
        except OSError as error:
            self.log.error("executor node not started", reason=str(error))
        else:
            self.log.info("executor node starts")

    def _tell(self, executors: Pid) -> None:
        self.log.info("executor node found", executors=str(executors))
        if self._node.differs():
            self.log.warning(
                "executor node has other flags of containers",
                reason="it was started by an agent with others, which count until all that it runs has ended",
            )
        self._found = executors
        self._found_at = self.system.now()
        self.link(executors)
        for asker in self._askers:
            self.send(asker, ExecutorNodeFound(executors))

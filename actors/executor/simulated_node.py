"""The executor node of a simulated host."""

from __future__ import annotations

from actors.executor.host import EXECUTORS
from actors.simulation import SimulatedNode
from transport.pid import Pid


class SimulatedExecutorNode:
    """`keeper.ExecutorNode` whose process is a node of the simulation."""

    def __init__(self, node: SimulatedNode) -> None:
        self._node = node

    def find(self) -> Pid | None:
        """See `ExecutorNode.find`."""
        return self._node.pid_of(EXECUTORS) if self._node.up else None

    def starting(self) -> bool:
        """See `ExecutorNode.starting`: it takes no time."""
        return False

    def differs(self) -> bool:
        """See `ExecutorNode.differs`: it never does."""
        return False

    def start(self) -> None:
        """See `ExecutorNode.start`."""
        self._node.restart()

    def give_up(self) -> None:
        """See `ExecutorNode.give_up`: it starts at once, so there is none."""

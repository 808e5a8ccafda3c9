"""The agent's executor node: found, asked what runs there, found again when it is lost."""

from __future__ import annotations

from typing import Final

from actors.agent.books import Books
from actors.agent.executor import ExecutorEntry
from actors.agent.repeats import Repeats
from actors.agent.world import World
from transport.messages.hosting import (
    ExecutorNodeFound,
    FindExecutorNode,
    ForgetExecutor,
    RecoverExecutors,
    UpdateExecutor,
)
from transport.pid import Pid
from transport.records.executor import ExecutorInfo

#: How often a question that is not answered is repeated.
_RETRY_SECONDS: Final = 1.0
#: Before it is looked for again; whoever knows where it is learns of its loss meanwhile.
_PAUSE_SECONDS: Final = 0.2
#: An executor node takes as long as an interpreter to start.
_FIND_SECONDS: Final = 10.0


class ExecutorNode:
    """What the agent knows of its executor node, and the executors that subscribed, by their actors."""

    def __init__(self, world: World, books: Books, repeats: Repeats) -> None:
        self._world = world
        self._books = books
        self._repeats = repeats
        self._executors: Pid | None = None
        #: Whether it told what runs there; nothing is started or destroyed before.
        self.ready = False
        self._subscribed: dict[Pid, ExecutorEntry] = {}
        self._round = 0

    # --- the node ---

    @property
    def executors(self) -> Pid | None:
        """Its actor, while it is known where that is."""
        return self._executors

    def find(self) -> None:
        """Ask where it is, until that is answered."""
        self._round += 1
        self._find(self._round)

    def _find(self, turn: int) -> None:
        if self._executors is None and turn == self._round:
            self._world.send(self._world.keeper, FindExecutorNode())
            self._world.delay(_FIND_SECONDS, self._find, turn)

    def found(self, message: ExecutorNodeFound) -> None:
        """It is there: ask what runs there."""
        if message.executors == self._executors:
            return
        if self._executors is not None:
            self._world.unlink(self._executors)
        self._close()
        self._executors = message.executors
        self._world.link(message.executors)
        self._recover(message.executors)

    def _recover(self, executors: Pid) -> None:
        if self._executors != executors or self.ready:
            return
        known = [
            executor.container_id
            for executor in self._books.containers.values()
            if executor.sent and not executor.forgotten
        ]
        self._world.send(executors, RecoverExecutors(tuple(known)))
        self._world.delay(_RETRY_SECONDS, self._recover, executors)

    def answers(self, sender: Pid) -> bool:
        """Whether a message comes from the node that was found."""
        found = self._executors
        return found is not None and found in (sender, sender.whoever())

    def lost(self, pid: Pid) -> list[ExecutorEntry] | None:
        """The node is gone; returns the executors on it that were subscribed. None: `pid` is not it."""
        if pid != self._executors:
            return None
        self._world.log.warning("executor node lost", executors=str(pid))
        self._close()
        self._world.delay(_PAUSE_SECONDS, self.find)
        return [executor for who, executor in self._subscribed.items() if who.address == pid.address]

    def open(self) -> None:
        """It told what runs there."""
        self.ready = True
        self._repeats.executors = self._executors

    def _close(self) -> None:
        self._executors = None
        self.ready = False
        self._repeats.executors = None

    def bound(self, executor: ExecutorEntry) -> None:
        """Let a framework's own executor use what it and its tasks were given; of others their node knows."""
        if executor.generated or executor.info.type is ExecutorInfo.Type.DEFAULT or executor.ends:
            return
        live = (task for task in executor.tasks.values() if not task.terminal)
        bounds = tuple(one for task in live for one in task.record.resources)
        bounds = (*executor.info.resources, *bounds)
        if self._executors is not None and bounds != executor.bounds:
            executor.bounds = bounds
            self._world.send(self._executors, UpdateExecutor(executor.container_id, bounds))

    def forget(self, container_id: str) -> None:
        """The end of a container has been dealt with; should this get lost, the end is told again."""
        if self._executors is not None:
            self._world.send(self._executors, ForgetExecutor(container_id))

    # --- the executors' actors ---

    def join(self, executor: ExecutorEntry, pid: Pid) -> None:
        """An executor subscribed."""
        if executor.pid != pid:
            self.leave(executor)
        executor.pid, executor.connected = pid, True
        self._subscribed[pid] = executor
        if self._executors is None or pid.address != self._executors.address:
            self._world.link(pid)

    def leave(self, executor: ExecutorEntry) -> None:
        """An executor is over, or another actor speaks for it."""
        pid = executor.pid
        executor.connected = False
        if pid is not None and self._subscribed.get(pid) is executor:
            del self._subscribed[pid]
            if self._executors is None or pid.address != self._executors.address:
                self._world.unlink(pid)

    def subscribed(self, pid: Pid) -> ExecutorEntry | None:
        """Whose actor it is."""
        return self._subscribed.get(pid)

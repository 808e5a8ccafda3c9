"""The end of an agent that leaves on purpose: first all that runs, then itself."""

from __future__ import annotations

from actors.agent.books import Books
from actors.agent.executors import ExecutorDesk
from actors.agent.registration import Registration
from actors.agent.world import World
from actors.node.control import NODE
from transport.messages.checkpointing import Archived, ForgetAgentId
from transport.messages.hosting import EndExecutorNode
from transport.messages.membership import UnregisterAgent
from transport.messages.node import StopNode
from transport.pid import Pid

#: How long the keeper of the executor node may take to answer.
_KEEPER_SECONDS = 1.0


class Leaving:
    """Shuts everything down, and ends the node once nothing is left."""

    def __init__(
        self,
        world: World,
        books: Books,
        executors: ExecutorDesk,
        registration: Registration,
    ) -> None:
        self._world = world
        self._books = books
        self._executors = executors
        self._registration = registration
        #: Whether the agent is on its way out, and takes nothing on any more.
        self.leaves = False
        self._unregister = False
        self._forget = False
        self._ended = False

    def begin(self, reason: str, *, unregister: bool = False, forget: bool = False) -> None:
        """Leave: `unregister` tells the master in the end, and `forget` (or that) gives up the agent's id."""
        if self.leaves:
            return
        self.leaves = True
        self._unregister, self._forget = unregister, forget or unregister
        self._world.log.warning("agent leaves", reason=reason)
        self._registration.close()
        for framework_id in list(self._books.frameworks):
            self._executors.shut_down_framework(framework_id)
        self.go_on()

    def go_on(self) -> None:
        """See whether nothing is left."""
        if not self.leaves or self._ended or self._books.frameworks:
            return
        self._ended = True
        if self._unregister and self._books.info.id is not None:
            self._world.report(UnregisterAgent(self._books.agent_id))
        if self._forget:
            self._world.archive((ForgetAgentId(),), self._end)
        else:
            self._end(None)

    def _end(self, _archived: Archived | None) -> None:
        self._world.send(self._world.keeper, EndExecutorNode())
        self._world.delay(_KEEPER_SECONDS, self.stop)

    def stop(self) -> None:
        """End the agent's node, once the executor node was told to end, or its keeper took too long."""
        if self._ended:
            self._world.send(Pid(NODE, *self._world.pid.address), StopNode())

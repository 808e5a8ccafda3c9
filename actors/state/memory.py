"""A store that keeps nothing beyond the life of its node (`--registry=in_memory`)."""

from __future__ import annotations

import uuid

from actors.process import Process, handles
from actors.state.variable import Variable
from transport.messages.registry import FetchState, StateFetched, StateStored, StoreState
from transport.pid import Pid


class MemoryStore(Process):
    """Keeps variables in memory: in `variables`, if others are to find them there after it."""

    def __init__(self, variables: dict[str, Variable] | None = None) -> None:
        self._variables: dict[str, Variable] = {} if variables is None else variables

    @handles(FetchState)
    def fetch(self, sender: Pid, message: FetchState) -> None:
        """Read a variable."""
        variable = self._variables.get(message.name, Variable())
        self.send(sender, StateFetched(message.request_id, variable.version, variable.value))

    @handles(StoreState)
    def store(self, sender: Pid, message: StoreState) -> None:
        """Replace a variable, unless another version came between."""
        if self._variables.get(message.name, Variable()).version != message.version:
            self.log.warning("version is not the newest, nothing stored", variable=message.name)
            self.send(sender, StateStored(message.request_id))
            return
        version = uuid.UUID(int=self.system.rng.getrandbits(128), version=4).bytes
        self._variables[message.name] = Variable(version, message.value)
        self.send(sender, StateStored(message.request_id, version))

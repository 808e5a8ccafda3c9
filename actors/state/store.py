"""What all stores have in common: compare the version, then swap."""

from __future__ import annotations

import uuid

import msgspec

from actors.process import Process, handles
from transport.messages.registry import FetchState, StateFetched, StateStored, StoreState
from transport.pid import Pid


class Variable(msgspec.Struct, frozen=True):
    """A variable's newest value; both are empty when it was never stored."""

    version: bytes = b""
    value: bytes = b""


class Store(Process):
    """Answers FetchState and StoreState; a subclass says where variables are kept.

    A subclass that cannot read or keep a variable raises, which ends the actor: who asks again would not
    know what is on the disk.
    """

    def load(self, name: str) -> Variable:
        """The variable; an empty one when there is none."""
        raise NotImplementedError

    def keep(self, name: str, variable: Variable) -> None:
        """Replace the variable; it must be durable when this returns."""
        raise NotImplementedError

    @handles(FetchState)
    def fetch(self, sender: Pid, message: FetchState) -> None:
        """Read a variable."""
        variable = self.load(message.name)
        self.send(sender, StateFetched(message.request_id, variable.version, variable.value))

    @handles(StoreState)
    def store(self, sender: Pid, message: StoreState) -> None:
        """Replace a variable, unless another version came between."""
        if self.load(message.name).version != message.version:
            self.log.warning("version is not the newest, nothing stored", variable=message.name)
            self.send(sender, StateStored(message.request_id))
            return
        version = uuid.UUID(int=self.system.rng.getrandbits(128), version=4).bytes
        self.keep(message.name, Variable(version, message.value))
        self.send(sender, StateStored(message.request_id, version))

"""What the switchboard stands between: the wire that moves its frames, and the host that it serves."""

from __future__ import annotations

import enum
from typing import Protocol

from transport.envelope import Envelope
from transport.pid import Address


class Outcome(enum.Enum):
    """What became of a frame given to a connection."""

    SENT = enum.auto()
    FULL = enum.auto()
    GONE = enum.auto()


class Wire(Protocol):
    """Moves frames over connections; each is named by a channel that is never used again."""

    def dial(self, address: Address) -> bytes:
        """Begin to connect; frames may be given to the channel at once."""
        ...

    def transmit(self, channel: bytes, header: bytes, body: bytes) -> Outcome:
        """Hand over one header and body; never blocks."""
        ...

    def close(self, channel: bytes, *, abruptly: bool) -> None:
        """End a connection, once its last words are out unless `abruptly`; harmless when it is gone."""
        ...


class Host(Protocol):
    """Whom the switchboard serves; nothing here may block or raise."""

    def receive(self, envelope: Envelope) -> None:
        """Take a message from another node."""
        ...

    def opened(self, address: Address) -> None:
        """Learn that there is a pair with that node."""
        ...

    def broken(self, address: Address, reason: str) -> None:
        """Learn that the pair with that node is broken, or could not be made."""
        ...

    def refused(self, reason: str) -> None:
        """Learn that a connection was turned away."""
        ...

    def dropped(self, envelope: Envelope, reason: str) -> None:
        """Learn that a message of this node did not leave it."""
        ...

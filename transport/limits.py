"""How much a node grants its peers: sizes, counts and times, all in one place."""

from __future__ import annotations

import msgspec

MIB = 1024 * 1024

#: What libzmq adds to a frame when it is encrypted, and more.
FRAME_OVERHEAD_BYTES = 64
#: A message costs one unit of credit, and one more for each of these many bytes.
UNIT_BYTES = 16 * 1024


class Limits(msgspec.Struct, frozen=True):
    """What a peer may do before it is slowed down, warned or disconnected (reliability.md §3.2, §4.1)."""

    #: No frame is larger, neither header nor body; libzmq drops the connection of a peer that tries.
    frame_bytes: int = 8 * MIB
    #: Units of credit that may be under way to one node and not yet dealt with there.
    window: int = 2_048
    #: What waits for one peer; more disconnects it.
    queue_messages: int = 16_384
    queue_bytes: int = 16 * MIB
    #: Many small messages share a frame up to these sizes.
    batch_messages: int = 512
    batch_bytes: int = 64 * 1024
    #: From the connection to its HELLO.
    hello_seconds: float = 5.0
    #: Without a word for so long the peer is asked for one ...
    ping_seconds: float = 5.0
    #: ... and after so long it is lost.
    silence_seconds: float = 15.0
    #: Messages that cannot be read, within a minute, that end the connection.
    offences_per_minute: int = 10
    #: The pause before a dial that follows a failure doubles from the first to the second figure.
    backoff_seconds: float = 0.1
    backoff_max_seconds: float = 4.0
    #: How long a peer that broke the rules is not spoken to.
    penalty_seconds: float = 10.0

    def __post_init__(self) -> None:
        largest = units(self.frame_bytes)
        if self.window < largest + self.grant_step:
            raise ValueError(
                f"window {self.window}: must be at least {largest + self.grant_step}, or a message of "
                f"frame_bytes ({self.frame_bytes}) could never be sent"
            )

    @property
    def grant_step(self) -> int:
        """Credit is given back whenever so many more units were dealt with."""
        return max(1, self.window // 8)


def units(size: int) -> int:
    """The credit that a message of `size` bytes costs."""
    return 1 + size // UNIT_BYTES

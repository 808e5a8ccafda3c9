"""One connection to another node, as a state machine without I/O: what may be said when, and is it alive.

    dialed   -> open     the other side answered our HELLO with its own
    accepted -> open     the other side began with a HELLO
    open     -> closed   BYE, silence, a broken rule, or the connection broke

Before HELLO nothing else is accepted. Whoever dialed says HELLO at once, but no message before the answer.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from transport.frame import Batch, Bye, Frame, FrameError, Grant, Hello, Ping, Pong
from transport.limits import Limits

if TYPE_CHECKING:
    from transport.peer import Peer


class State(enum.Enum):
    """How far a connection has come."""

    DIALED = "dialed"
    ACCEPTED = "accepted"
    OPEN = "open"
    CLOSED = "closed"


#: What each kind of frame does in each state; whatever is not listed breaks the rules.
TRANSITIONS: Mapping[State, Mapping[type[Frame], State]] = MappingProxyType(
    {
        State.DIALED: {Hello: State.OPEN, Bye: State.CLOSED},
        State.ACCEPTED: {Hello: State.OPEN},
        State.OPEN: {
            Batch: State.OPEN,
            Grant: State.OPEN,
            Ping: State.OPEN,
            Pong: State.OPEN,
            Bye: State.CLOSED,
        },
        State.CLOSED: {},
    }
)


class Due(enum.Enum):
    """What the passing of time asks of a connection."""

    NOTHING = enum.auto()
    PING = enum.auto()
    LOST = enum.auto()


class Link:
    """One connection, from dial or acceptance to its end.

    `channel` names it towards whoever moves the bytes; `peer` is the node at its other end, known from the
    start for a connection that was dialed and since its HELLO for one that was accepted.
    """

    __slots__ = (
        "_limits",
        "_pinged",
        "_transitions",
        "carried",
        "channel",
        "heard",
        "offences",
        "opened",
        "peer",
        "state",
        "unsent",
    )

    def __init__(self, channel: bytes, peer: Peer | None, limits: Limits, now: float) -> None:
        self.channel = channel
        self.peer = peer
        #: Both sides have said HELLO.
        self.opened = False
        self._enter(State.ACCEPTED if peer is None else State.DIALED)
        #: When the other side last said something.
        self.heard = now
        #: Frames that the connection had no room for, oldest first; before anything else is sent they are.
        self.unsent: list[tuple[bytes, bytes]] = []
        self.offences: list[float] = []
        #: The bytes of all that was heard, with what libzmq adds.
        self.carried = 0
        self._pinged = now
        self._limits = limits

    def hear(self, frame: Frame, now: float) -> None:
        """Take note of a frame; raises FrameError when it may not be said now."""
        state = self._transitions.get(type(frame))
        if state is None:
            raise FrameError("order", f"{type(frame).__name__} on a connection that is {self.state.value}")
        if state is not self.state:
            self._enter(state)
        self.heard = now

    def offend(self, now: float) -> bool:
        """Note a message that could not be read; true when there were too many within a minute."""
        self.offences = [when for when in self.offences if when > now - 60.0]
        self.offences.append(now)
        return len(self.offences) > self._limits.offences_per_minute

    def due(self, now: float) -> Due:
        """What to do about it at this time; asks for each ping only once."""
        silence = now - self.heard
        if self.state is State.CLOSED:
            return Due.NOTHING
        if self.state is not State.OPEN:
            return Due.LOST if silence >= self._limits.hello_seconds else Due.NOTHING
        if silence >= self._limits.silence_seconds:
            return Due.LOST
        if silence >= self._limits.ping_seconds and now - self._pinged >= self._limits.ping_seconds:
            self._pinged = now
            return Due.PING
        return Due.NOTHING

    def close(self) -> None:
        """Nothing is heard or said on it any more."""
        self._enter(State.CLOSED)
        self.unsent.clear()

    def _enter(self, state: State) -> None:
        self.state = state
        self.opened = self.opened or state is State.OPEN
        # Looked up once: to hash a member of an enumeration takes longer than all the rest of `hear`.
        self._transitions = TRANSITIONS[state]

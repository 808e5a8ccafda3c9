"""Picks single messages out of the traffic, to lose, hold back or await them, as the tests of Mesos do.

A filter sees a message when it reaches the mailbox of its actor. Timers (`Fired`) and `Exited` are seen as
messages that an actor sends to itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from transport.envelope import Envelope
from transport.pid import Pid

if TYPE_CHECKING:
    from actors.simulation.node import SimulatedNode

#: Whom a filter means: one actor, all of a node, all of a name, or those whom a function accepts.
Whom: TypeAlias = Union[Pid, "SimulatedNode", str, Callable[[Pid], bool], None]
#: Looks into a message; true for those that a filter means.
Where: TypeAlias = Callable[[Any], bool] | None


class Filter:
    """Matches messages by type, ends and content; what is None matches everything."""

    def __init__(
        self, message_type: type | None, sender: Whom = None, to: Whom = None, where: Where = None
    ) -> None:
        self._type = message_type
        self._sender = _matcher(sender)
        self._to = _matcher(to)
        self._where = where
        ends = (("from", sender), ("to", to))
        words = [f"{word} {_describe(whom)}" for word, whom in ends if whom is not None]
        self._description = " ".join(
            ["any message" if message_type is None else message_type.__name__, *words]
        )

    def matches(self, envelope: Envelope) -> bool:
        """Whether the filter means this message."""
        return (
            (self._type is None or isinstance(envelope.message, self._type))
            and (self._sender is None or self._sender(envelope.sender))
            and (self._to is None or self._to(envelope.to))
            and (self._where is None or self._where(envelope.message))
        )

    def __str__(self) -> str:
        return self._description


class Drop:
    """Loses the first so many messages that a filter means, or all."""

    def __init__(self, means: Filter, times: int | None) -> None:
        #: What was lost, oldest first.
        self.dropped: list[Envelope] = []
        self._means = means
        self._times = times

    def takes(self, envelope: Envelope) -> bool:
        """Whether this message is lost."""
        if self._times is not None and len(self.dropped) >= self._times:
            return False
        if not self._means.matches(envelope):
            return False
        self.dropped.append(envelope)
        if envelope.credit is not None:
            envelope.credit.spend()
        return True

    def stop(self) -> None:
        """Lose nothing more."""
        self._times = 0


class Hold:
    """Keeps back the messages that a filter means, until it is told to let go of them."""

    def __init__(self, means: Filter, deliver: Callable[[Envelope], None]) -> None:
        #: What waits, oldest first.
        self.held: list[Envelope] = []
        self._means = means
        self._deliver = deliver
        self._released = False

    def takes(self, envelope: Envelope) -> bool:
        """Whether this message is kept back."""
        if self._released or not self._means.matches(envelope):
            return False
        self.held.append(envelope)
        return True

    def release(self) -> None:
        """Deliver what is held, in order, and hold nothing more."""
        self._released = True
        held, self.held = self.held, []
        for envelope in held:
            self._deliver(envelope)


def _matcher(whom: Whom) -> Callable[[Pid], bool] | None:
    if whom is None:
        return None
    if isinstance(whom, str):
        return lambda pid: pid.name == whom
    if isinstance(whom, Pid):
        return lambda pid: _is_same(pid, whom)
    if callable(whom):
        return whom
    address = whom.address
    return lambda pid: pid.address == address


def _is_same(one: Pid, other: Pid) -> bool:
    """Whether two Pids can mean the same actor; incarnation 0 is whoever bears the name."""
    lives = (one.incarnation, other.incarnation)
    return one.whoever() == other.whoever() and (0 in lives or lives[0] == lives[1])


def _describe(whom: Whom) -> str:
    if isinstance(whom, (str, Pid)):
        return str(whom)
    return getattr(whom, "__name__", "") or str(getattr(whom, "name", whom))

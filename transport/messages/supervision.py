"""What a system tells the supervisor of its node, and what it can say of its actors."""

from __future__ import annotations

from typing import ClassVar

from transport.message import Message
from transport.pid import Pid
from transport.record import Record


class ActorCrashed(Message):
    """A turn of `pid` raised, or its process could not be made again; the actor is gone."""

    urgent: ClassVar[bool] = True

    pid: Pid
    #: The exception's type and text.
    error: str
    intensity: int
    period_seconds: float
    backoff_seconds: float
    vital: bool


class ActorStatus(Record):
    """One actor of a node, as it is now."""

    pid: Pid
    #: `module:Class` of its process.
    kind: str
    #: Messages waiting in its mailbox.
    depth: int
    #: Turns run by this incarnation.
    turns: int
    #: Crashes under this name since the node started.
    crashes: int
    #: Messages dropped because the mailbox was full.
    overflows: int
    longest_turn_seconds: float

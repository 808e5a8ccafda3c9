"""What a node's `node` actor is asked: who it is, and to start and stop its actors.

Every request may be repeated until it is answered. A request that is not granted is answered with
`NodeRefusal`, whose reason is for people. What only looks at a node leaves no trace, so that a dashboard
does not push the work of others out of memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from transport.message import Message
from transport.messages.supervision import ActorStatus
from transport.pid import Address, Pid
from transport.record import Record


class NodePeer(Record):
    """Another node, as seen from the one that has a connection with it."""

    address: Address
    #: How the connection is doing, in a word.
    state: str
    incarnation: int
    #: Messages waiting to be sent there.
    queued: int
    sent: int
    received: int


class DescribeNode(Message):
    """Answered by `NodeDescription`."""

    traced: ClassVar[bool] = False


class NodeDescription(Message):
    """Who a node is and what lives on it."""

    traced: ClassVar[bool] = False

    address: Address
    #: Differs between the lives of a node on one address.
    incarnation: int
    version: str
    #: The operating system's number of its process.
    process: int
    uptime_seconds: float
    actors: tuple[ActorStatus, ...]
    peers: tuple[NodePeer, ...]


class ReadMetrics(Message):
    """Answered by `NodeMetricsRead`."""

    traced: ClassVar[bool] = False


class NodeMetricsRead(Message):
    """All metrics of a node, by Mesos' names."""

    traced: ClassVar[bool] = False

    values: Mapping[str, float]


class ReadVerbosity(Message):
    """Answered by `Verbosity`."""

    traced: ClassVar[bool] = False


class SetVerbosity(Message):
    """Log so much for a while, instead of what was asked for before; answered by `Verbosity`."""

    verbosity: int
    seconds: float


class Verbosity(Message):
    """How much a node logs: 0 for what its flags say, more for all lines."""

    traced: ClassVar[bool] = False

    verbosity: int


class SpawnActor(Message):
    """Start `kind`, given as `module:Class`, under `name`; answered by `ActorSpawned`.

    `settings` are the keyword arguments of the class, as text that its annotations say how to read.
    Asking again for an actor that lives with just this kind is granted again.
    """

    name: str
    kind: str
    settings: Mapping[str, str] = msgspec.field(default_factory=dict)
    #: Whether the node ends when the actor cannot be kept alive.
    vital: bool = False


class ActorSpawned(Message):
    """The actor lives."""

    pid: Pid


class StopActor(Message):
    """Finish the actor of that name; answered by `ActorStopped` once it is gone."""

    name: str


class ActorStopped(Message):
    """No actor bears that name any more."""

    name: str


class StopNode(Message):
    """Finish the node and all its actors; answered by `NodeStopping`."""


class NodeStopping(Message):
    """The node begins to finish."""


class NodeRefusal(Message):
    """The request is not granted."""

    reason: str

"""What the benchmarks of the runtime send."""

from __future__ import annotations

import msgspec

from transport.message import Message
from transport.pid import Pid


class Value(msgspec.Struct, frozen=True):
    value: str


class Resource(msgspec.Struct, frozen=True, omit_defaults=True):
    name: str
    type: str
    role: str
    scalar: float | None = None
    ranges: tuple[tuple[int, int], ...] = ()


class SampleOffer(Message, frozen=True):
    """About 500 bytes on the wire, in the shape of an offer."""

    id: Value
    framework_id: Value
    agent_id: Value
    hostname: str
    address: str
    resources: tuple[Resource, ...]
    attributes: tuple[tuple[str, str], ...]


class Note(Message, frozen=True):
    """A small message with the moment it was sent (monotonic seconds of this machine)."""

    sent: float = 0.0


class Begin(Message, frozen=True):
    """Have a sender send `count` messages to `to`."""

    to: Pid
    count: int


class Received(Message, frozen=True):
    """So many messages have arrived since the beginning."""

    count: int


OFFER = SampleOffer(
    id=Value("b1a9e5a4-4a6f-4f0f-9a3e-2f6d6a1c0b77-O123456"),
    framework_id=Value("b1a9e5a4-4a6f-4f0f-9a3e-2f6d6a1c0b77-0001"),
    agent_id=Value("b1a9e5a4-4a6f-4f0f-9a3e-2f6d6a1c0b77-S42"),
    hostname="agent-42.rack-7.example.org",
    address="agent-42.rack-7.example.org:5051",
    resources=(
        Resource("cpus", "SCALAR", "*", scalar=7.5),
        Resource("mem", "SCALAR", "*", scalar=14336.0),
        Resource("disk", "SCALAR", "*", scalar=102400.0),
        Resource("ports", "RANGES", "*", ranges=((31000, 31999), (32100, 32500))),
    ),
    attributes=(("rack", "7"), ("zone", "eu-central-1b")),
)
OFFER_AS_DICT = msgspec.to_builtins(OFFER)

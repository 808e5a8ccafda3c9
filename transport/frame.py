"""What two nodes say to each other, byte by byte.

Everything is exactly two ZeroMQ frames. The first, the header, is a msgpack array that begins with the
protocol's version and the kind; the second, the body, holds the messages of a `Batch` end to end and is
empty otherwise. A kind may get further fields at its end without a new version: readers ignore them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, ClassVar

import msgspec

from transport import decoders
from transport.codec import EncodeError
from transport.pid import Address, Pid

PROTOCOL = 1

#: More messages in one batch than anybody sends, and longer names than anybody bears.
_MAX_NAME = 255
_Name = Annotated[str, msgspec.Meta(max_length=_MAX_NAME)]
_Port = Annotated[int, msgspec.Meta(ge=1, le=65_535)]
_Count = Annotated[int, msgspec.Meta(ge=0)]
_Epoch = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_MAX_MESSAGES = 4_096
_MAX_REASON = 500
_Reason = Annotated[str, msgspec.Meta(max_length=_MAX_REASON)]


class FrameError(ValueError):
    """A header that breaks the rules; `reason` is a short fixed word to count it by."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class KnownAsError(FrameError):
    """A connection that is refused because the two nodes have one under another name of the same node."""

    def __init__(self, address: Address) -> None:
        super().__init__("alias", f"this is {address}, to which you are connected already")
        self.address = address


class Frame(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The head of every header; `session` is the sender's name for what it says to this peer in order."""

    kind_code: ClassVar[int] = 0

    version: int
    kind: int
    session: int


class Hello(Frame, frozen=True, gc=False):
    """The first word of either side: who speaks, and to whom it believes to speak."""

    kind_code: ClassVar[int] = 1

    host: _Name
    port: _Port
    #: Which life of the node at that address.
    incarnation: int
    #: Units of credit that the other side may have under way to this one.
    window: _Count
    #: The address as the other side knows it, which may be another name of the same node.
    to_host: _Name
    to_port: _Port

    @property
    def address(self) -> Address:
        """Where the speaker listens."""
        return Address(self.host, self.port)

    @property
    def to(self) -> Address:
        """Where the speaker believes this node to listen."""
        return Address(self.to_host, self.to_port)


class Route(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """From whom to whom, and what. Hosts and ports are those of the two nodes."""

    sender: _Name
    sender_incarnation: int
    to: _Name
    to_incarnation: int
    type_name: _Name


class Batch(Frame, frozen=True):
    """Messages in order, column by column; their bytes are in the body, end to end."""

    kind_code: ClassVar[int] = 2

    #: How many messages of the session went before.
    sequence: _Count
    #: The newest leader's epoch that the sender knows.
    epoch: _Epoch
    routes: Annotated[list[Route], msgspec.Meta(min_length=1, max_length=_MAX_MESSAGES)]
    #: The number of bytes of each message.
    sizes: Annotated[list[_Count], msgspec.Meta(max_length=_MAX_MESSAGES)]
    #: Each message's place in `routes`; empty when all take the first.
    places: list[_Count] = []
    #: Trace, span and parent of each message; empty when there are none.
    spans: list[int] = []

    def check(self, size: int) -> None:
        """Raise FrameError unless the columns fit each other and a body of `size` bytes."""
        count = len(self.sizes)
        if sum(self.sizes) != size:
            raise FrameError("garbage", f"{size} bytes, but its messages take {sum(self.sizes)}")
        if self.places and (len(self.places) != count or max(self.places) >= len(self.routes)):
            raise FrameError("garbage", "a message without a route")
        if self.spans and len(self.spans) != 3 * count:
            raise FrameError("garbage", "a message without its place in a trace")


class Grant(Frame, frozen=True, gc=False):
    """How many units of the other side's session were dealt with so far, all together."""

    kind_code: ClassVar[int] = 3

    units: _Count


class Ping(Frame, frozen=True, gc=False):
    """Asks for a Pong."""

    kind_code: ClassVar[int] = 4


class Pong(Frame, frozen=True, gc=False):
    """The answer to a Ping."""

    kind_code: ClassVar[int] = 5


class Bye(Frame, frozen=True, gc=False):
    """The last word: the connection ends, for a reason that people can read."""

    kind_code: ClassVar[int] = 6

    reason: _Reason
    #: The name by which the two nodes are connected already; empty if that is not the reason.
    host: str = ""
    port: int = 0


_ENCODER = msgspec.msgpack.Encoder()
_DECODERS: dict[int, msgspec.msgpack.Decoder[Frame]] = {
    kind.kind_code: decoders.of_msgpack(kind) for kind in (Hello, Batch, Grant, Ping, Pong, Bye)
}


def write(frame: Frame) -> bytes:
    """The header that says `frame`."""
    return _ENCODER.encode(frame)


def hello(session: int, address: Address, incarnation: int, window: int, to: Address) -> bytes:
    """The header of a Hello."""
    return write(Hello(PROTOCOL, Hello.kind_code, session, *address, incarnation, window, *to))


def route(sender: Pid, to: Pid, type_name: str) -> bytes:
    """A Route, ready for `batch`; raises EncodeError where the other side would refuse it."""
    if max(len(sender.name), len(to.name), len(type_name)) > _MAX_NAME:
        raise EncodeError(
            f"{type_name[:80]!r} to {to.name[:80]!r}: names have at most {_MAX_NAME} characters"
        )
    try:
        return _ENCODER.encode((sender.name, sender.incarnation, to.name, to.incarnation, type_name))
    except (ValueError, OverflowError) as error:
        raise EncodeError(f"{type_name!r} to {to.name!r}: {error}") from error


def batch(
    session: int,
    sequence: int,
    epoch: int,
    routes: Iterable[bytes],
    sizes: Sequence[int],
    places: Sequence[int],
    spans: Sequence[int],
) -> bytes:
    """The header of a Batch of routes made by `route`."""
    lines = list(map(msgspec.Raw, routes))
    if len(lines) == 1:
        places = ()
    return _ENCODER.encode((PROTOCOL, Batch.kind_code, session, sequence, epoch, lines, sizes, places, spans))


def grant(session: int, units: int) -> bytes:
    """The header of a Grant."""
    return write(Grant(PROTOCOL, Grant.kind_code, session, units))


def ping(session: int) -> bytes:
    """The header of a Ping."""
    return write(Ping(PROTOCOL, Ping.kind_code, session))


def pong(session: int) -> bytes:
    """The header of a Pong."""
    return write(Pong(PROTOCOL, Pong.kind_code, session))


def bye(session: int, reason: str, known_as: Address | None = None) -> bytes:
    """The header of a Bye; a reason that is too long is cut."""
    return write(Bye(PROTOCOL, Bye.kind_code, session, reason[:_MAX_REASON], *(known_as or ("", 0))))


def read(header: bytes) -> Frame:
    """What a header says; raises FrameError, and nothing else, whatever the bytes are.

    A Bye is understood from any version of the protocol, so that the two sides of a mismatch both learn why.
    """
    # A fixarray, then two positive fixints: version and kind are known without parsing.
    if len(header) < 4 or header[0] & 0xF0 != 0x90 or header[1] > 0x7F:
        raise FrameError("garbage", "no header of this protocol")
    version, kind = header[1], header[2]
    if version != PROTOCOL and kind != Bye.kind_code:
        raise FrameError("version", f"protocol version {version}, but this node speaks version {PROTOCOL}")
    decoder = _DECODERS.get(kind)
    if decoder is None:
        raise FrameError("garbage", f"unknown kind of frame {kind}")
    try:
        return decoder.decode(header)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise FrameError("garbage", f"malformed header: {error}") from error

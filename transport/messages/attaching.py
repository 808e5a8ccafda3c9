"""Whoever attaches to the input or output of containers, and the actor `consoles` of their node.

Each attachment has a number, given by whoever asks, and not used again. Both sides grant each other bytes:
no more is sent than was granted and not taken, so that nothing piles up in between. An attachment ends by
Detached, or when either actor does.
"""

from __future__ import annotations

from transport.message import Message

#: What may be sent of one stream and not be taken yet, in bytes.
WINDOW_BYTES = 262_144


class AttachOutput(Message):
    """Send me what a container writes from now on; answered by Attached or Detached."""

    attachment: int
    container_id: str


class AttachInput(Message):
    """I write what a container reads, nobody else does; answered by Attached or Detached."""

    attachment: int
    container_id: str


class Attached(Message):
    """It is so."""

    attachment: int


class ConsoleOutput(Message):
    """A container wrote this."""

    attachment: int
    data: bytes
    #: Whether it was to stderr; what a terminal shows never is.
    is_error: bool = False


class OutputTaken(Message):
    """So many bytes of what was sent are dealt with."""

    attachment: int
    size: int


class ConsoleInput(Message):
    """A container is to read this; empty: the end of its input, unless that is a terminal."""

    attachment: int
    data: bytes


class InputTaken(Message):
    """So many bytes of what was sent are dealt with."""

    attachment: int
    size: int


class ResizeConsole(Message):
    """A container's terminal is to be so large."""

    attachment: int
    rows: int
    columns: int


class Detach(Message):
    """I am not interested any more."""

    attachment: int


class Detached(Message):
    """There is, or will be, nothing more: `status` is as in HTTP, and 200 when the container has ended."""

    attachment: int
    status: int = 200
    message: str = ""


class DismissConsole(Message):
    """Nobody comes any more to listen to a container that waits for that."""

    container_id: str

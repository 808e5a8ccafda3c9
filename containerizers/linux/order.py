"""What the launcher's process is asked for: plain data, as JSON, with descriptors."""

from __future__ import annotations

import json
import os
import socket
import struct
from typing import Any, NamedTuple, TypeAlias

from containerizers.linux.privileges import Capabilities, User

_LENGTH = struct.Struct("=I")
_INT = struct.Struct("@i")
#: Most descriptors that come with one order: there are not so many hierarchies of control groups.
_DESCRIPTORS = 64

#: What `mounting` and `limits` take.
Steps: TypeAlias = "tuple[Any, ...]"


class Order(NamedTuple):
    """A container's first process. With it come descriptors.

    These are a socket that says when to go on, and takes what goes wrong until the program is executed; three
    streams; the process whose namespaces are entered, if there are any; and files to write 0 to, in order to
    be in the container's control groups.
    """

    #: Namespaces that are made, as flags; and those that are entered.
    namespaces: int
    entered: int
    hostname: str | None
    mounts: Steps
    directory: str
    arguments: tuple[str, ...]
    #: Names and values.
    environment: tuple[tuple[str, str], ...]
    #: Limits of descriptors, where not those of this process; limits of other kinds.
    open_files: tuple[int, int] | None
    rlimits: Steps
    #: Whether the first stream is a terminal, to be that of the session.
    has_terminal: bool
    user: User
    capabilities: Capabilities
    no_new_privileges: bool
    seccomp: bytes | None


class Answer(NamedTuple):
    """Numbers of the container's first process, and of its namespace's; or an error."""

    process: int
    idler: int | None
    error: str = ""


def send(connection: socket.socket, content: tuple[Any, ...], descriptors: tuple[int, ...] = ()) -> None:
    """Send an order or an answer; raises OSError."""
    data = json.dumps(content, default=_from_bytes, separators=(",", ":")).encode("ascii")
    data = _LENGTH.pack(len(data)) + data
    sent = socket.send_fds(connection, [data], descriptors) if descriptors else connection.send(data)
    if sent < len(data):
        connection.sendall(data[sent:])


def receive(connection: socket.socket) -> tuple[list[Any], list[int]] | None:
    """The next order or answer, with the descriptors that came with it; None at the end of it all.

    Raises OSError. What was a tuple is a list.
    """
    # Not `recv_fds`, which takes flags and forgets them.
    room = socket.CMSG_SPACE(_DESCRIPTORS * _INT.size)
    data, others, _, _ = connection.recvmsg(_LENGTH.size, room, socket.MSG_CMSG_CLOEXEC)
    descriptors = [number for _, _, content in others for (number,) in _INT.iter_unpack(content)]
    try:
        while len(data) < _LENGTH.size:
            data += _more(connection, _LENGTH.size - len(data))
        (left,) = _LENGTH.unpack(data)
        pieces = []
        while left:
            pieces.append(_more(connection, left))
            left -= len(pieces[-1])
    except (EOFError, ConnectionError):
        for descriptor in descriptors:
            os.close(descriptor)
        return None
    return json.loads(b"".join(pieces), object_hook=_to_bytes), descriptors


def _from_bytes(value: bytes) -> dict[str, str]:
    return {"bytes": value.decode("latin-1")}


def _to_bytes(value: dict[str, str]) -> bytes:
    return value["bytes"].encode("latin-1")


def _more(connection: socket.socket, most_bytes: int) -> bytes:
    data = connection.recv(min(most_bytes, 1 << 20))
    if not data:
        raise EOFError
    return data

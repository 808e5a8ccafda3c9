"""The sockets of a node: the only file that imports zmq.

Two ROUTER sockets: the *listener* is bound, and numbers the connections that it accepts; the *dialer*
connects, each time under an identity of its own choice that is never used again. A connection that broke is
ended long before libzmq would reconnect, so one dial is one TCP connection, and nothing is ever replayed to
whoever answers next (reliability.md Z4).

libzmq 4.3.5 aborts the process (fq.cpp, `!_more`) when an endpoint is ended while a message of it is half
read, and polling a ROUTER reads the first half. It does so on its own when told never to reconnect. Hence the
long interval in its place, and endpoints are ended only just before the next poll, when nothing is half read.

libzmq's heartbeats stay off: they abort the process, too (stream_engine_base.cpp, `!_io_error`), when one is
due after the other side has gone while libzmq waits for us to read what it sent before. The switchboard's own
questions find a silent peer (`Limits.ping_seconds`).
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import struct
from collections.abc import Iterator, Mapping

import zmq

from transport import zap
from transport.connections import Connections
from transport.limits import FRAME_OVERHEAD_BYTES, Limits
from transport.pid import Address
from transport.secret import Secret, decode_key
from transport.switchboard import Switchboard
from transport.wire import Outcome

if zmq.zmq_version_info() < (4, 3, 5):
    raise ImportError(f"libzmq {zmq.zmq_version()}: versions before 4.3.5 are not safe to expose (Z15)")

#: How long a socket that is closed may still send its last words.
LINGER_SECONDS = 1.0
#: Taken from one socket before the others get their turn, whichever is reached first. Not much, since only in
#: between is credit given back, without which a peer that sends much stands still.
_BURST_MESSAGES = 64
_BURST_BYTES = 128 * 1024
#: A connection that broke is reported after what had arrived over it, unless reading that takes so long.
_LAST_FRAMES_SECONDS = 0.5

_OPTIONS: Mapping[int, int] = {
    zmq.LINGER: int(LINGER_SECONDS * 1_000),
    zmq.ROUTER_MANDATORY: 1,
    zmq.SNDHWM: 1_000,
    # libzmq counts frames, each of up to 8 MiB; what a peer that heeds its credit sends is far fewer.
    zmq.RCVHWM: 100,
    zmq.TCP_KEEPALIVE: 1,
    zmq.TCP_KEEPALIVE_IDLE: 30,
    zmq.TCP_KEEPALIVE_INTVL: 5,
    zmq.TCP_KEEPALIVE_CNT: 3,
    zmq.TCP_MAXRT: 15_000,
    zmq.BACKLOG: 1_024,
    zmq.RECONNECT_IVL: 3_600_000,
}
#: An event and its value, as libzmq describes them. pyzmq has a function for this, but it brings all of
#: asyncio along.
_EVENT = struct.Struct("=hi")
# As plain numbers: to combine two flags of an enumeration takes as long as to send a frame.
_DONTWAIT = int(zmq.DONTWAIT)
_MORE_TO_COME = int(zmq.DONTWAIT | zmq.SNDMORE)
#: pyzmq has no name for it: without an answer from our ZAP handler nobody is let in (Z7).
_ZAP_ENFORCE_DOMAIN = 93
_FAILURES: Mapping[int, str] = {
    zmq.EVENT_CLOSED: "cannot connect",
    zmq.EVENT_DISCONNECTED: "the connection broke",
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: "the other side does not speak this protocol, or not with this key",
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: "the other side does not speak this protocol",
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: "the other side does not accept this node's key",
}


class Sockets:
    """The sockets of a node, as the `Wire` of its switchboard. One thread makes, uses and ends them."""

    def __init__(
        self, context: zmq.Context[zmq.Socket[bytes]], secret: Secret | None, limits: Limits, wake: int
    ) -> None:
        self._context = context
        self._context.set(zmq.BLOCKY, 0)
        self._context.set(zmq.MAX_SOCKETS, 1_024)
        self._wake = wake
        self._limits = limits
        self._allowed = _allowed_keys(secret)
        self._connections = Connections(limits.hello_seconds)
        self._dials = itertools.count(1)
        self._endpoints: dict[bytes, str] = {}
        self._channels: dict[str, bytes] = {}
        #: Endpoints of the dialer to be ended, and how long their last words may take.
        self._disconnecting: list[tuple[str, float]] = []
        self._ended: list[tuple[bytes, str]] = []
        self._ended_since = 0.0
        self._now = 0.0
        self._crowded = 0
        self._zap = self._context.socket(zmq.REP)
        self._zap.linger = 0
        self._zap.bind("inproc://zeromq.zap.01")
        self._listener = self._open(secret, server=True)
        self._dialer = self._open(secret, server=False)
        self._listener_events = self._monitor(self._listener, zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED)
        self._dialer_events = self._monitor(self._dialer, sum(_FAILURES))
        # In the order in which they are heeded. The seldom ones by their descriptors, which cost less to ask,
        # and tell of what comes after their sockets were found empty.
        rare = (self._zap, self._listener_events, self._dialer_events)
        self._poller = zmq.Poller()
        for source in (wake, *(socket.getsockopt(zmq.FD) for socket in rare), self._listener, self._dialer):
            self._poller.register(source, zmq.POLLIN)
        self._readable: list[tuple[object, int]] = []
        self._let_in()
        self._heed_events()

    def bind(self, address: Address) -> None:
        """Listen there; port 0 picks a free one."""
        self._listener.ipv6 = ":" in address.host
        # Address writes an IPv6 host in brackets.
        self._listener.bind(f"tcp://{address}" if address.port else f"tcp://{address}"[:-1] + "*")

    @property
    def port(self) -> int:
        """Where this node listens."""
        return int(self._listener.getsockopt_string(zmq.LAST_ENDPOINT).rpartition(":")[2])

    def poll(self, timeout_seconds: float) -> None:
        """Sleep until something comes, or somebody writes to the wake descriptor."""
        self._disconnect()
        timeout_seconds = 0.0 if self._ended else max(0.0, timeout_seconds)
        self._readable = self._poller.poll(math.ceil(timeout_seconds * 1_000))

    def receive(self, board: Switchboard, now: float) -> None:
        """Take what has come since `poll`, and give it to the switchboard."""
        self._now = now
        ended = len(self._ended)
        read_all = True
        for source, _event in self._readable:
            if source is self._listener:
                read_all &= self._read(self._listener, board, now)
            elif source is self._dialer:
                read_all &= self._read(self._dialer, board, now)
            elif source == self._wake:
                os.eventfd_read(self._wake)
            else:
                self._let_in()
                self._heed_events()
        if ended and (read_all or now - self._ended_since > _LAST_FRAMES_SECONDS):
            # What had arrived before these connections ended has now been read.
            for channel, reason in self._ended[:ended]:
                board.lost(channel, reason, now)
            del self._ended[:ended]

    def tick(self, board: Switchboard, now: float) -> None:
        """End the connections whose time has come."""
        mute, endless = self._connections.tick(now, board.links)
        board.counts["no_hello"] += mute
        board.counts["crowded"] += self._crowded
        self._crowded = 0
        for channel in endless:
            board.refuse(channel, "endless", "a message without end", now)

    def end(self) -> None:
        """Close everything, leaving the last words a moment to go out."""
        self._disconnect()
        self._context.destroy()

    # As the switchboard's wire.

    def dial(self, address: Address) -> bytes:
        """Begin to connect."""
        channel = b"%x" % next(self._dials)
        endpoint = f"tcp://{address}"
        self._dialer.ipv6 = ":" in address.host
        self._dialer.setsockopt(zmq.CONNECT_ROUTING_ID, channel)
        try:
            self._dialer.connect(endpoint)
        except zmq.ZMQError:
            return channel  # which nobody knows, so the first frame for it finds it gone
        self._endpoints[channel] = endpoint
        self._channels[endpoint] = channel
        return channel

    def transmit(self, channel: bytes, header: bytes, body: bytes) -> Outcome:
        """Hand a frame to libzmq."""
        socket = self._dialer if _is_dialed(channel) else self._listener
        try:
            socket.send(channel, _MORE_TO_COME)
            socket.send(header, _MORE_TO_COME)
            socket.send(body, _DONTWAIT)
        except zmq.Again:
            return Outcome.FULL
        except zmq.ZMQError:
            return Outcome.GONE
        return Outcome.SENT

    def close(self, channel: bytes, *, abruptly: bool) -> None:
        """End a connection."""
        if not _is_dialed(channel):
            self._connections.close(channel, self._now, abruptly=abruptly)
            return
        endpoint = self._endpoints.pop(channel, None)
        if endpoint is not None:
            del self._channels[endpoint]
            self._disconnecting.append((endpoint, 0.0 if abruptly else LINGER_SECONDS))

    # Within.

    def _disconnect(self) -> None:
        """End endpoints of the dialer; only between reading and polling, see above."""
        if not self._disconnecting:
            return
        for endpoint, linger_seconds in self._disconnecting:
            self._dialer.linger = int(linger_seconds * 1_000)
            with contextlib.suppress(zmq.ZMQError):  # libzmq has ended it already
                self._dialer.disconnect(endpoint)
        self._disconnecting.clear()
        self._dialer.linger = int(LINGER_SECONDS * 1_000)

    def _read(self, socket: zmq.Socket[bytes], board: Switchboard, now: float) -> bool:
        """Take up to a burst of messages; true when no more were there."""
        size = 0
        for _ in range(_BURST_MESSAGES):
            try:
                channel = socket.recv(_DONTWAIT)
            except zmq.Again:
                return True
            header, body = _two_frames(socket)
            if channel not in board.links and not self._admits(channel, header, board):
                continue
            if body is None:
                board.refuse(channel, "frames", "a message must have two frames", now)
                continue
            board.received(channel, header.bytes, body.bytes, now)
            size += len(body)
            if size >= _BURST_BYTES:
                break
        return False

    def _admits(self, channel: bytes, first: zmq.Frame, board: Switchboard) -> bool:
        """Whether to listen to a connection that is not open, after a look at where its frames come from."""
        if board.was_closed(channel):
            return False  # its last frames; the descriptor may be another connection's already
        if not _is_dialed(channel):
            try:
                fd = first.get(zmq.SRCFD)
            except zmq.ZMQError:
                return False  # it speaks a ZMTP from before 3.0, and stays as mute as it was
            if not self._connections.knows(fd):
                self._heed_events()
            self._connections.spoke(fd, channel)
            if self._allowed and _user_id(first) not in self._allowed:
                self._connections.close(channel, self._now, abruptly=True)
                return False
        return True

    def _let_in(self) -> None:
        """Answer libzmq's questions who may connect."""
        while self._zap.poll(0):
            self._zap.send_multipart(zap.answer(self._zap.recv_multipart(), self._allowed))

    def _heed_events(self) -> None:
        """Note which connections libzmq says have come and gone."""
        for event, _endpoint, fd in _events(self._listener_events):
            if event == zmq.EVENT_ACCEPTED:
                self._crowded += not self._connections.accepted(fd, self._now)
            else:
                self._note_end(self._connections.ended(fd), _FAILURES[event])
        for event, endpoint, _value in _events(self._dialer_events):
            self._note_end(self._channels.get(endpoint), _FAILURES[event])

    def _note_end(self, channel: bytes | None, reason: str) -> None:
        if channel is not None:
            if not self._ended:
                self._ended_since = self._now
            self._ended.append((channel, reason))

    def _open(self, secret: Secret | None, *, server: bool) -> zmq.Socket[bytes]:
        socket = self._context.socket(zmq.ROUTER)
        for option, value in _OPTIONS.items():
            socket.setsockopt(option, value)
        socket.setsockopt(zmq.MAXMSGSIZE, self._limits.frame_bytes + FRAME_OVERHEAD_BYTES)
        socket.setsockopt(zmq.HANDSHAKE_IVL, int(self._limits.hello_seconds * 1_000))
        if secret is None:
            return socket
        own_public = zmq.curve_public(secret.secret.encode())
        if server:
            socket.setsockopt_string(zmq.ZAP_DOMAIN, zap.DOMAIN)
            socket.setsockopt(_ZAP_ENFORCE_DOMAIN, 1)
            socket.curve_server = True
        else:
            socket.curve_publickey = own_public
            socket.curve_serverkey = own_public if secret.server is None else secret.server.encode()
        socket.curve_secretkey = secret.secret.encode()
        return socket

    def _monitor(self, socket: zmq.Socket[bytes], events: int) -> zmq.Socket[bytes]:
        """A socket that brings the events of another, any number of them: libzmq never waits for us."""
        endpoint = f"inproc://events-{id(socket)}"
        monitor = self._context.socket(zmq.PAIR)
        monitor.linger = 0
        monitor.rcvhwm = 0
        socket.monitor(endpoint, events)
        monitor.connect(endpoint)
        return monitor


def _two_frames(socket: zmq.Socket[bytes]) -> tuple[zmq.Frame, zmq.Frame | None]:
    """Header and body of the message that is being read; no body unless there are exactly two frames."""
    # A Frame knows whether more follow; to ask the socket takes longer.
    header = socket.recv(_DONTWAIT, copy=False)
    if not header.more:
        return header, None
    body, count = socket.recv(_DONTWAIT, copy=False), 2
    while body.more:
        body, count = socket.recv(_DONTWAIT, copy=False), count + 1
    return header, body if count == 2 else None


def open_sockets(bind: Address, secret: Secret | None, limits: Limits, wake: int) -> Sockets:
    """Make the sockets of a node and listen; raises OSError when the system refuses a socket or the port."""
    context: zmq.Context[zmq.Socket[bytes]] | None = None
    try:
        context = zmq.Context()
        sockets = Sockets(context, secret, limits, wake)
        sockets.bind(bind)
    except zmq.ZMQError as error:
        if context is not None:
            context.destroy(linger=0)
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise OSError(error.errno, f"cannot listen on {bind}: {reason}") from error
    return sockets


def _is_dialed(channel: bytes) -> bool:
    return channel[0] != 0  # libzmq begins the identities that it makes with a zero


def _events(monitor: zmq.Socket[bytes]) -> Iterator[tuple[int, str, int]]:
    """All that a monitor has to say: event, endpoint and value of each."""
    while monitor.poll(0):
        described, endpoint = monitor.recv_multipart(_DONTWAIT)
        event, value = _EVENT.unpack(described)
        yield event, endpoint.decode(errors="replace"), value


def _allowed_keys(secret: Secret | None) -> dict[bytes, str]:
    """The public keys that may connect, and their owners; the node's own is always one of them."""
    if secret is None:
        return {}
    own_public = zmq.curve_public(secret.secret.encode()).decode()
    return {decode_key(key): name for key, name in {own_public: "this node", **secret.allow}.items()}


def _user_id(frame: zmq.Frame) -> bytes:
    """The public key that libzmq authenticated the sender of a frame by; empty if it did not."""
    try:
        return bytes.fromhex(str(frame.get("User-Id")))
    except (zmq.ZMQError, ValueError):
        return b""

"""Routers to test with: one that remembers all that it is told, and a proxy that may hurt a connection."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

import zmq

from transport import frame
from transport.envelope import Envelope
from transport.frame import Frame
from transport.limits import Limits
from transport.message import Message
from transport.pid import Address, Pid
from transport.router import Router
from transport.secret import Secret

#: Long enough for the slowest machine: reached only when something is wrong.
DEADLINE_SECONDS = 30
LOOPBACK = Address("127.0.0.1", 0)


class Parcel(Message):
    number: int = 0
    data: bytes = b""


def wait(condition: Callable[[], object], what: str = "") -> None:
    """Wait until `condition` holds; fails the test at the deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"never came true: {what or condition.__code__.co_names}"
        time.sleep(0.002)


class Home:
    """A node's router and what it was told; `echo` sends every message back."""

    def __init__(
        self,
        *,
        bind: Address = LOOPBACK,
        incarnation: int = 1,
        secret: Secret | None = None,
        limits: Limits | None = None,
        echo: bool = False,
        advertise_host: str | None = None,
    ) -> None:
        self.received: list[Envelope] = []
        self.breaks: list[tuple[Address, str]] = []
        self.drops: list[tuple[object, str]] = []
        self.failures = 0
        #: Whether what was received counts as dealt with at once.
        self.spends = True
        self._echo = echo
        self.router = Router(
            bind,
            advertise_host,
            incarnation,
            self._receive,
            lambda address, reason: self.breaks.append((address, reason)),
            secret,
            limits,
            lambda envelope, reason: self.drops.append((envelope.message, reason)),
            self._fail,
        )
        self.address = self.router.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.router.stop(0.2)
        assert self.failures == 0, "the router's thread ended by a bug"

    @property
    def messages(self) -> list[object]:
        return [envelope.message for envelope in self.received]

    def count(self, word: str) -> int:
        return self.router.counts()[word]

    def send(self, to: Home | Address, message: object) -> None:
        address = to if isinstance(to, Address) else to.address
        self.router.send(Envelope(Pid("a", *self.address, 7), Pid("b", *address), message))

    def connect(self, to: Home) -> None:
        """Have a pair with another node, and wait for it."""
        self.router.connect(to.address)
        wait(lambda: any(status.state == "open" for status in self.router.peers()), "connected")

    def _fail(self) -> None:
        self.failures += 1

    def _receive(self, envelope: Envelope) -> None:
        self.received.append(envelope)
        if self._echo:
            self.router.send(Envelope(envelope.to, envelope.sender, envelope.message))
        if self.spends and envelope.credit is not None:
            envelope.credit.spend()


class Stranger:
    """Speaks ZeroMQ to a router, and may say anything."""

    def __init__(
        self, to: Address, *, port: int = 999, prepare: Callable[[zmq.Socket[bytes]], None] | None = None
    ):
        self._context = zmq.Context()
        self._context.set(zmq.BLOCKY, 0)
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.linger = 0
        self._socket.setsockopt(zmq.RECONNECT_IVL, -1)
        if prepare is not None:
            prepare(self._socket)
        self._monitor = self._socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self._to = to
        self.port = port
        self._socket.connect(f"tcp://{to}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.disable_monitor()
        self._monitor.close()
        self._context.destroy(linger=0)

    def say(self, *frames: bytes) -> None:
        """Send a message of these frames; it is lost when the connection is."""
        with contextlib.suppress(zmq.Again):
            self._socket.send_multipart(frames, zmq.DONTWAIT)

    def hello(self, *, session: int = 5, incarnation: int = 1) -> None:
        self.say(frame.hello(session, Address("127.0.0.1", self.port), incarnation, 2_048, self._to), b"")

    def batch(self, sequence: int, payloads: list[bytes], *, session: int = 5) -> None:
        route = frame.route(Pid("a", "x", 1), Pid("b", "x", 1), Parcel.type_name)
        sizes = [len(payload) for payload in payloads]
        header = frame.batch(session, sequence, 0, [route], sizes, [0] * len(sizes), [])
        self.say(header, b"".join(payloads))

    def hear(self) -> Frame:
        """The next thing that is said to it."""
        assert self._socket.poll(DEADLINE_SECONDS * 1_000), "nothing was said"
        return frame.read(self._socket.recv_multipart()[0])

    def hears_nothing(self, milliseconds: int) -> bool:
        return not self._socket.poll(milliseconds)

    def wait_for_the_end(self) -> None:
        """Wait until the other side closes the connection."""
        assert self._monitor.poll(DEADLINE_SECONDS * 1_000), "the connection was never closed"


class Proxy:
    """Carries TCP connections to an address, remembers what went there, and cuts them on demand."""

    def __init__(self, to: Address) -> None:
        self._to = to
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        #: What each connection carried to the address, in the order in which they came.
        self.carried: list[bytearray] = []
        #: Cut every connection once it carried so many bytes.
        self.cut_after: int | None = None
        #: Carry nothing any more, without telling anybody.
        self.frozen = threading.Event()
        self._thaw = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thaw.set()
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """Break all connections."""
        with self._lock:
            for connection in self._sockets:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()
            self._sockets.clear()

    def _accept(self) -> None:
        while True:
            try:
                near, _address = self._server.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._to)
            except OSError:
                near.close()
                continue
            carried = bytearray()
            with self._lock:
                self._sockets += (near, far)
                self.carried.append(carried)
            threading.Thread(target=self._carry, args=(near, far, carried), daemon=True).start()
            threading.Thread(target=self._carry, args=(far, near, None), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, carried: bytearray | None) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                if self.frozen.is_set():
                    self._thaw.wait()
                if carried is not None:
                    limit = self.cut_after
                    if limit is not None and len(carried) + len(data) > limit:
                        target.sendall(data[: max(0, limit - len(carried))])
                        break
                    carried += data
                target.sendall(data)
        self.cut()


@contextlib.contextmanager
def raw_connection(to: Address) -> Iterator[socket.socket]:
    """A TCP connection to a router."""
    with socket.create_connection(to, timeout=DEADLINE_SECONDS) as connection:
        yield connection


#: How a DEALER without authentication begins to speak ZMTP 3.0 (ZeroMQ RFC 23).
_GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
_READY = b"\x04\x1c\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER"


@contextlib.contextmanager
def zmtp_connection(to: Address) -> Iterator[socket.socket]:
    """A connection that is ready for frames, without libzmq at this end."""
    with raw_connection(to) as connection:
        connection.sendall(_GREETING + _READY)
        heard = b""
        while len(heard) < len(_GREETING) or b"READY" not in heard:
            data = connection.recv(4_096)
            if not data:
                raise ConnectionError("no READY")
            heard += data
        yield connection


def zmtp_frame(data: bytes, *, more: bool) -> bytes:
    """One frame of a message as ZMTP writes it."""
    return bytes([2 | more]) + len(data).to_bytes(8, "big") + data

"""A client for commands, which may wait: requests one after the other, and bodies that go on, in and out."""

from __future__ import annotations

import contextlib
import http.client
import socket
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

from transport.pid import Address

#: So many times a client is led elsewhere before it gives up.
_MOST_REDIRECTS: Final = 3
_PIECE_BYTES: Final = 64 * 1024
_REDIRECTS: Final = (307, 308)


class HttpFailureError(Exception):
    """Nobody answered, or not as HTTP is spoken; the text names who was asked."""


class Reply(msgspec.Struct, frozen=True):
    """What a server answered."""

    status: int
    #: By name, in lower case.
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as words for people."""
        return self.body.decode("utf-8", "replace").strip()


class HttpClient:
    """Asks one server, on one connection that is kept; raises HttpFailureError.

    A server that leads elsewhere is followed, and not asked again. A request that finds the kept connection
    closed is sent once more, so it must do no harm twice.
    """

    def __init__(self, address: Address, timeout_seconds: float) -> None:
        #: Who is asked now.
        self.address = address
        self._timeout_seconds = timeout_seconds
        self._connection: http.client.HTTPConnection | None = None

    def close(self) -> None:
        """Give up the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def ask(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send one request; returns what the last one asked has answered."""
        for _ in range(_MOST_REDIRECTS + 1):
            reply = self._ask(method, target, body, headers or {})
            if reply.status not in _REDIRECTS:
                return reply
            self._turn(reply.headers.get("location", ""))
        raise HttpFailureError(f"{self.address}: leads elsewhere again and again")

    def stream(
        self, target: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float | None
    ) -> Stream:
        """Post a request whose answer comes late, or goes on, on a connection of its own.

        Something of it must come within the time-out, if there is one, and again and again. The caller closes
        what is returned.
        """
        connection = self._connect()
        with _failing(self.address, connection):
            connection.request("POST", target, body, dict(headers))
            connection.sock.settimeout(timeout_seconds)
        return Stream(self.address, connection)

    def upload(self, target: str, headers: Mapping[str, str]) -> Upload:
        """Begin a request whose body goes on, on a connection of its own."""
        connection = self._connect()
        with _failing(self.address, connection):
            connection.putrequest("POST", target)
            for name, value in {**headers, "Transfer-Encoding": "chunked"}.items():
                connection.putheader(name, value)
            connection.endheaders()
        return Upload(self.address, connection)

    def _connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(*self.address, timeout=self._timeout_seconds)
        with _failing(self.address, connection):
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return connection

    def _ask(self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        with _failing(self.address):
            if self._connection is not None:
                with contextlib.suppress(ConnectionError):
                    return self._exchange(self._connection, method, target, body, headers)
            self._connection = self._connect()
            return self._exchange(self._connection, method, target, body, headers)

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> Reply:
        with contextlib.ExitStack() as failed:
            failed.callback(self.close)
            connection.request(method, target, body, dict(headers))
            reply = _read(connection.getresponse())
            failed.pop_all()
        return reply

    def _turn(self, location: str) -> None:
        try:
            parts = urlsplit(location)
            address = Address(parts.hostname or "", parts.port or 80)
        except ValueError:
            address = Address("", 0)
        if not address.host or parts.scheme not in ("", "http"):
            raise HttpFailureError(f"{self.address}: leads to {location!r}, which is no address of HTTP")
        self.close()
        self.address = address


class Stream:
    """An answer that comes late, or goes on."""

    def __init__(self, address: Address, connection: http.client.HTTPConnection) -> None:
        self._address = address
        self._connection = connection
        self._socket = connection.sock
        self._response: http.client.HTTPResponse | None = None

    def status(self) -> int:
        """Its status, once it has come; raises HttpFailureError."""
        return self._begun().status

    def read(self) -> bytes:
        """What has come meanwhile, or comes next; nothing at the end. Raises HttpFailureError."""
        response = self._begun()
        with _failing(self._address):
            return response.read1(_PIECE_BYTES)

    def rest(self) -> Reply:
        """All that comes; raises HttpFailureError."""
        response = self._begun()
        with _failing(self._address):
            return _read(response)

    def _begun(self) -> http.client.HTTPResponse:
        if self._response is None:
            with _failing(self._address):
                self._response = self._connection.getresponse()
        return self._response

    def cut(self) -> None:
        """End it for another thread that reads."""
        _cut(self._socket)

    def close(self) -> None:
        """Let go of it, when nobody reads any more."""
        if self._response is not None:
            self._response.close()
        self._connection.close()


class Upload:
    """The body of a request that goes on."""

    def __init__(self, address: Address, connection: http.client.HTTPConnection) -> None:
        self._address = address
        self._connection = connection

    def write(self, piece: bytes) -> None:
        """Send a piece, as a chunk of its own; raises HttpFailureError."""
        with _failing(self._address):
            self._connection.send(b"%x\r\n%b\r\n" % (len(piece), piece))

    def end(self) -> None:
        """Say that it is complete; raises HttpFailureError."""
        with _failing(self._address):
            self._connection.send(b"0\r\n\r\n")

    def fileno(self) -> int:
        """What can be read from when there is an answer, which may be before the end."""
        return self._connection.sock.fileno()

    def answer(self) -> Reply:
        """The answer; raises HttpFailureError."""
        with _failing(self._address):
            return _read(self._connection.getresponse())

    def close(self) -> None:
        """Break it off."""
        _cut(self._connection.sock)
        self._connection.close()


def _read(response: http.client.HTTPResponse) -> Reply:
    headers = {name.lower(): value for name, value in response.getheaders()}
    with response:
        return Reply(response.status, headers, response.read())


def _cut(connected: socket.socket | None) -> None:
    if connected is not None:
        with contextlib.suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def _failing(address: Address, connection: http.client.HTTPConnection | None = None) -> Iterator[None]:
    """Name who was asked where something fails, and give the connection up then, if one is given."""
    try:
        with contextlib.ExitStack() as parts:
            if connection is not None:
                parts.callback(connection.close)
            yield
            parts.pop_all()
    except TimeoutError:
        raise HttpFailureError(f"{address}: does not answer in time") from None
    except OSError as error:
        raise HttpFailureError(f"{address}: {error.strerror or error}") from None
    except http.client.IncompleteRead:
        raise HttpFailureError(f"{address}: the connection broke off") from None
    except http.client.HTTPException as error:
        raise HttpFailureError(f"{address}: does not speak HTTP as it should: {error!r}") from None
    except ValueError:  # http.client's word for a body that another thread has closed
        raise HttpFailureError(f"{address}: the connection was closed") from None

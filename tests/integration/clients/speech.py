"""HTTP as those tests speak it that are clients themselves: plain requests, event streams, and raw bytes."""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import msgspec

from tests.actors.gateway.browser import Answer
from transport.pid import Address

JSON = "application/json"
PROTOBUF = "application/x-protobuf"
DEADLINE_SECONDS = 30.0


def ask(
    address: Address,
    method: str,
    target: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request on a connection of its own; raises OSError."""
    connection = http.client.HTTPConnection(address.host, address.port, timeout=DEADLINE_SECONDS)
    try:
        connection.request(method, target, body, dict(headers or {}))
        response = connection.getresponse()
        told = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, told, response.read())
    finally:
        connection.close()


def call(
    address: Address,
    body: object,
    target: str = "/api/v1",
    *,
    content_type: str = JSON,
    accept: str = JSON,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """A v1 call: bytes as they are, anything else as JSON."""
    written = body if isinstance(body, bytes) else msgspec.json.encode(body)
    kinds = {"Content-Type": content_type, "Accept": accept}
    return ask(address, "POST", target, written, {**kinds, **(headers or {})})


def listening(address: Address) -> bool:
    """Whether a daemon takes requests there."""
    with contextlib.suppress(OSError):
        return ask(address, "GET", "/health").status == 200
    return False


class Stream:
    """An event stream, open for as long as its `with` block runs; iterates over what comes."""

    def __init__(
        self,
        address: Address,
        body: object,
        target: str,
        *,
        kind: str = JSON,
        seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._connection = http.client.HTTPConnection(address.host, address.port, timeout=seconds)
        written = body if isinstance(body, bytes) else msgspec.json.encode(body)
        self._connection.request("POST", target, written, {"Content-Type": kind, "Accept": kind})
        self.response = self._connection.getresponse()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Break it off."""
        self.response.close()
        self._connection.close()

    @property
    def id(self) -> str:
        """What calls beside this stream name it by."""
        return self.response.headers["Mesos-Stream-Id"]

    def records(self) -> Iterator[bytes]:
        """Each record as it was sent, until the stream ends; raises TimeoutError."""
        while line := self.response.readline():
            size = int(line)
            record = self.response.read(size)
            assert len(record) == size, "the stream ended within a record"
            yield record

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return map(msgspec.json.decode, self.records())

    def event(self, kind: str) -> dict[str, Any]:
        """The next event of that type; others before it are passed over."""
        for event in self:
            if event["type"] == kind:
                return event
        raise AssertionError(f"the stream ended before {kind}")


def exchange(address: Address, segments: Sequence[bytes], seconds: float = DEADLINE_SECONDS) -> bytes:
    """What a server says to these bytes, sent one after another, until it closes or is silent for a while.

    Segments are sent apart, each when the one before has gone. Raises nothing when the server closes early.
    """
    with socket.create_connection(address, seconds) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for segment in segments:
                connection.sendall(segment)
                time.sleep(0.005)
        except (ConnectionResetError, BrokenPipeError):
            pass
        return _read(connection)


def _read(connection: socket.socket) -> bytes:
    told = b""
    try:
        while piece := connection.recv(65536):
            told += piece
    except (TimeoutError, ConnectionResetError):
        pass
    return told

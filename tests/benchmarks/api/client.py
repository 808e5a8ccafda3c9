"""Clients of HTTP that cost so little that the server is what is measured."""

from __future__ import annotations

import selectors
import socket
import time
from typing import NamedTuple, Self

import msgspec

DEADLINE_SECONDS = 60.0
_END = b"\r\n\r\n"


def post(path: str, body: object, *headers: str) -> bytes:
    """A call in JSON, as it goes over the wire."""
    content = msgspec.json.encode(body)
    lines = (
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        "Accept: application/json",
        f"Content-Length: {len(content)}",
        *headers,
    )
    return "\r\n".join(lines).encode() + _END + content


class Address(NamedTuple):
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        host, _, port = text.rpartition(":")
        return cls(host, int(port))


class Subscriber:
    """One stream of records."""

    def __init__(self, address: Address, request: bytes) -> None:
        self.socket = socket.create_connection(address, timeout=DEADLINE_SECONDS)
        self.socket.sendall(request)
        self._rest = b""
        head = self._until(_END).decode()
        status, *lines = head.split("\r\n")
        assert " 200 " in status, head + self._rest.decode()
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    def record(self) -> dict[str, object]:
        """The next record, each of which is a chunk."""
        size = int(self._until(b"\r\n"), 16)
        chunk = self._exactly(size + 2)[:-2]
        record: dict[str, object] = msgspec.json.decode(chunk.partition(b"\n")[2])
        return record

    def close(self) -> None:
        self.socket.close()

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._rest:
            self._receive()
        found, _, self._rest = self._rest.partition(mark)
        return found

    def _exactly(self, size: int) -> bytes:
        while len(self._rest) < size:
            self._receive()
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def _receive(self) -> None:
        piece = self.socket.recv(65_536)
        assert piece, "the server ended the stream"
        self._rest += piece


def call_rate(address: Address, request: bytes, connections: int, count: int) -> float:
    """Requests a second: each connection sends the next one when it has the answer, which has no body."""
    selector = selectors.DefaultSelector()
    sockets = [socket.create_connection(address, timeout=DEADLINE_SECONDS) for _ in range(connections)]
    try:
        for each in sockets:
            selector.register(each, selectors.EVENT_READ)
        started = time.perf_counter()
        for each in sockets:
            each.sendall(request)
        sent, answered = len(sockets), 0
        while answered < count:
            for key, _events in selector.select(DEADLINE_SECONDS):
                connection = key.fileobj
                assert isinstance(connection, socket.socket)
                answer = connection.recv(4_096)
                assert answer.startswith(b"HTTP/1.1 202"), answer
                assert answer.endswith(_END), answer
                answered += 1
                if sent < count:
                    connection.sendall(request)
                    sent += 1
        return count / (time.perf_counter() - started)
    finally:
        selector.close()
        for each in sockets:
            each.close()

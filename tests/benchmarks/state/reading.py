"""A reader of a master, on one connection that it keeps."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple, Self

import msgspec

from tests.benchmarks.api.client import Address

DEADLINE_SECONDS = 60.0
_CHUNK = 4 * 1024 * 1024
PROTOBUF = "application/x-protobuf"
JSON = "application/json"


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.2)


class Answer(NamedTuple):
    milliseconds: float
    size_bytes: int


class Reader:
    """Reads an answer to its end, and keeps none of it but its first bytes."""

    def __init__(self, address: Address) -> None:
        self._socket = socket.create_connection(address, timeout=DEADLINE_SECONDS)
        self._buffer = bytearray(_CHUNK)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def get(self, path: str) -> Answer:
        return self._ask(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())

    def call(self, kind: str, accept: str = JSON) -> Answer:
        body = msgspec.json.encode({"type": kind})
        lines = (
            "POST /api/v1 HTTP/1.1",
            "Host: 127.0.0.1",
            "Content-Type: application/json",
            f"Accept: {accept}",
            f"Content-Length: {len(body)}",
        )
        return self._ask("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def metric(self, name: str) -> float:
        """The value of a metric."""
        self._socket.sendall(b"GET /metrics/snapshot HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        size, body = self._head()
        while len(body) < size:
            body += self._received()
        value: float = msgspec.json.decode(body)[name]
        return value

    def _ask(self, request: bytes) -> Answer:
        begin = time.perf_counter()
        self._socket.sendall(request)
        size, rest = self._head()
        left = size - len(rest)
        while left:
            count = self._socket.recv_into(self._buffer)
            assert count, "the master ended the connection"
            left -= count
        return Answer((time.perf_counter() - begin) * 1000, size)

    def _head(self) -> tuple[int, bytes]:
        """The size of the body that comes, and what of it is there."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._received()
        head, _, rest = data.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        assert " 200 " in status, status
        return int(dict(line.split(": ", 1) for line in lines)["Content-Length"]), rest

    def _received(self) -> bytes:
        data = self._socket.recv(65_536)
        assert data, "the master ended the connection"
        return data

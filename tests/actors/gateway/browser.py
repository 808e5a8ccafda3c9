"""Asks a daemon over HTTP, as a browser that follows no redirects."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from transport.pid import Address

DEADLINE_SECONDS = 30.0


class Answer(NamedTuple):
    """What came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> object:
        return msgspec.json.decode(self.body)


def fetch(
    address: Address,
    target: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request on a connection of its own; raises OSError."""
    connection = http.client.HTTPConnection(address.host, address.port, timeout=DEADLINE_SECONDS)
    try:
        connection.request(method, target, body, headers or {})
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())
    finally:
        connection.close()

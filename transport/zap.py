"""Who may connect: the answers to libzmq's questions by the ZeroMQ Authentication Protocol (RFC 27)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

VERSION = b"1.0"
#: Every socket of ours authenticates in this domain; libzmq lets nobody in when nobody answers for it.
DOMAIN = "pion"


def answer(request: Sequence[bytes], allowed: Mapping[bytes, str]) -> list[bytes]:
    """The reply to one request; `allowed` names the owners of the public keys (32 bytes) that may connect.

    Whatever is not exactly a CURVE request of our domain by an allowed key is refused.
    """
    request_id = request[1] if len(request) > 1 else b""
    refusal = _refusal(request)
    if refusal:
        return [VERSION, request_id, b"400", refusal, b"", b""]
    key = request[6]
    if key not in allowed:
        return [VERSION, request_id, b"400", b"key not allowed", b"", b""]
    return [VERSION, request_id, b"200", b"OK", key.hex().encode(), b""]


def _refusal(request: Sequence[bytes]) -> bytes:
    if len(request) < 6 or request[0] != VERSION:
        return b"malformed request"
    if request[2] != DOMAIN.encode():
        return b"unknown domain"
    if request[5] != b"CURVE" or len(request) != 7:
        return b"only CURVE is accepted"
    return b""

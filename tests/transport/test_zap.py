"""Who may connect."""

from __future__ import annotations

import pytest

from transport.zap import answer

KEY = bytes(range(32))
GOOD = [b"1.0", b"id", b"pion", b"127.0.0.1", b"", b"CURVE", KEY]


def test_an_allowed_key_is_let_in_under_its_own_name() -> None:
    assert answer(GOOD, {KEY: "a node"}) == [b"1.0", b"id", b"200", b"OK", KEY.hex().encode(), b""]


@pytest.mark.parametrize(
    "request_frames",
    [
        [],
        [b"1.0"],
        GOOD[:5],
        GOOD[:6],
        [*GOOD, b"more"],
        [b"2.0", *GOOD[1:]],
        [*GOOD[:2], b"", *GOOD[3:]],
        [*GOOD[:2], b"other", *GOOD[3:]],
        [*GOOD[:5], b"NULL"],
        [*GOOD[:5], b"PLAIN", b"user", b"password"],
        [*GOOD[:5], b"GSSAPI", KEY],
        [*GOOD[:6], KEY[:31]],
        [*GOOD[:6], bytes(32)],
    ],
)
def test_everything_else_is_refused(request_frames: list[bytes]) -> None:
    reply = answer(request_frames, {KEY: "a node"})
    assert reply[2] == b"400"
    assert reply[1] == (request_frames[1] if len(request_frames) > 1 else b"")
    assert len(reply) == 6


def test_nobody_is_let_in_when_nobody_is_allowed() -> None:
    assert answer(GOOD, {})[2] == b"400"

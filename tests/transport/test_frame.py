"""What two nodes say to each other, byte by byte."""

from __future__ import annotations

import random

import pytest

from transport import frame
from transport.codec import EncodeError
from transport.frame import Batch, Bye, Frame, FrameError, Grant, Hello, Ping, Pong, Route
from transport.pid import Address, Pid

HOME = Address("h", 1)
ROUTE = frame.route(Pid("a", "h", 1, 7), Pid("b", "h", 2), "Note")


@pytest.mark.parametrize(
    ("header", "meaning"),
    [
        (frame.hello(5, HOME, 9, 2_048, Address("::1", 2)), Hello(1, 1, 5, "h", 1, 9, 2_048, "::1", 2)),
        (
            frame.batch(5, 3, 4, [ROUTE], [10, 20], [0, 0], [1, 2, 3, 4, 5, 6]),
            Batch(1, 2, 5, 3, 4, [Route("a", 7, "b", 0, "Note")], [10, 20], [], [1, 2, 3, 4, 5, 6]),
        ),
        (
            frame.batch(5, 3, 4, [ROUTE, ROUTE], [1, 2], [0, 1], []),
            Batch(1, 2, 5, 3, 4, [Route("a", 7, "b", 0, "Note")] * 2, [1, 2], [0, 1], []),
        ),
        (frame.grant(5, 77), Grant(1, 3, 5, 77)),
        (frame.ping(5), Ping(1, 4, 5)),
        (frame.pong(5), Pong(1, 5, 5)),
        (frame.bye(5, "enough"), Bye(1, 6, 5, "enough")),
        (frame.bye(5, "enough", HOME), Bye(1, 6, 5, "enough", "h", 1)),
    ],
)
def test_a_header_is_read_as_it_was_written(header: bytes, meaning: Frame) -> None:
    assert frame.read(header) == meaning


def test_a_hello_tells_both_addresses() -> None:
    hello = frame.read(frame.hello(5, HOME, 9, 1, Address("::1", 2)))
    assert isinstance(hello, Hello)
    assert hello.address == HOME
    assert hello.to == Address("::1", 2)


def test_a_session_takes_all_63_bits() -> None:
    assert frame.read(frame.ping(2**63 - 1)).session == 2**63 - 1


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"\x90",
        b"GET / HTTP/1.1\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x93\xcc\x01\x04\x05",
        b"\xdc\x00\x03\x01\x04\x05",
        b"\x93\x01\x00\x05\x00",
        b"\x93\x01\x07\x05\x00",
        b"\x93\x01\x04\xa1x\x00",
        frame.hello(5, HOME, 9, 1, HOME)[:-1],
        frame.hello(5, Address("h", 0), 9, 1, HOME),
        frame.hello(5, Address("h", 65_536), 9, 1, HOME),
        frame.hello(5, Address("h" * 256, 1), 9, 1, HOME),
        frame.hello(5, HOME, 9, -1, HOME),
        frame.grant(5, -1),
        frame.batch(5, -1, 0, [ROUTE], [1], [], []),
        frame.batch(5, 0, -1, [ROUTE], [1], [], []),
        frame.batch(5, 0, 2**63, [ROUTE], [1], [], []),
        frame.batch(5, 0, 0, [ROUTE], [-1], [], []),
        frame.batch(5, 0, 0, [], [], [], []),
        frame.batch(5, 0, 0, [ROUTE], [0] * 4_097, [], []),
        frame.batch(5, 0, 0, [ROUTE] * 4_097, [0], [0], []),
        frame.write(Bye(1, 6, 5, "x" * 501)),
        b"\x96\x01\x02\x05\x00\x00\xdd\xff\xff\xff\xff",
        b"\x96\x01\x02\x05\x00\x00" + b"\x91" * 100_000,
    ],
)
def test_a_header_that_breaks_a_rule_is_refused(header: bytes) -> None:
    with pytest.raises(FrameError) as caught:
        frame.read(header)
    assert caught.value.reason == "garbage"


def test_another_version_is_named() -> None:
    header = b"\x93\x02" + frame.ping(5)[2:]
    with pytest.raises(FrameError, match="protocol version 2, but this node speaks version 1") as caught:
        frame.read(header)
    assert caught.value.reason == "version"


def test_a_long_reason_is_cut() -> None:
    bye = frame.read(frame.bye(5, "x" * 100_000))
    assert isinstance(bye, Bye)
    assert bye.reason == "x" * 500


def test_goodbye_is_understood_from_any_version() -> None:
    bye = bytearray(frame.bye(5, "too old"))
    bye[1] = 9
    assert isinstance(frame.read(bytes(bye)), Bye)


@pytest.mark.parametrize(
    ("batch", "size"),
    [
        (Batch(1, 2, 5, 0, 0, [], [1, 2]), 4),
        (Batch(1, 2, 5, 0, 0, [Route("a", 1, "b", 1, "N")], [1, 2], [0]), 3),
        (Batch(1, 2, 5, 0, 0, [Route("a", 1, "b", 1, "N")], [1, 2], [0, 1]), 3),
        (Batch(1, 2, 5, 0, 0, [Route("a", 1, "b", 1, "N")], [1, 2], [], [1, 2, 3]), 3),
    ],
)
def test_columns_that_do_not_fit_each_other_are_refused(batch: Batch, size: int) -> None:
    with pytest.raises(FrameError):
        batch.check(size)


def test_names_that_nobody_could_read_are_refused_where_they_are_sent() -> None:
    here = Pid("a", "h", 1)
    with pytest.raises(EncodeError, match="at most 255"):
        frame.route(here, Pid("b" * 256, "h", 1), "Note")
    with pytest.raises(EncodeError, match="surrogates"):
        frame.route(here, Pid("\ud800", "h", 1), "Note")
    with pytest.raises(EncodeError, match="Note"):
        frame.route(here, Pid("b", "h", 1, 2**64), "Note")


def test_damaged_headers_never_do_worse_than_be_refused() -> None:
    rng = random.Random(7)
    good = [
        frame.hello(5, HOME, 9, 2_048, HOME),
        frame.batch(5, 3, 4, [ROUTE], [10, 20], [0, 0], [1, 2, 3, 4, 5, 6]),
        frame.bye(5, "enough"),
        frame.grant(5, 1_000),
    ]
    refused = 0
    for number in range(5_000):
        header = bytearray(good[number % len(good)])
        for _ in range(rng.randint(1, 4)):
            header[rng.randrange(len(header))] = rng.randrange(256)
        try:
            heard = frame.read(bytes(header[: rng.randint(0, len(header))] if number % 2 else header))
            if isinstance(heard, Batch):
                heard.check(30)
        except FrameError:
            refused += 1
    assert refused > 2_500

"""What waits for a peer, and how it is put into frames."""

from __future__ import annotations

import pytest

from transport import frame
from transport.codec import encode
from transport.envelope import Envelope
from transport.frame import Batch, FrameError, Hello
from transport.limits import Limits
from transport.link import Link
from transport.peer import Outgoing, Peer
from transport.pid import Address, Pid

HOME, THERE = Address("h", 1), Address("h", 2)


def peer(limits: Limits | None = None) -> Peer:
    """A peer that has said HELLO."""
    limits = limits or Limits()
    made = Peer(THERE, HOME, 5, limits, lambda _peer: None)
    hello = frame.read(frame.hello(9, THERE, 3, limits.window, HOME))
    assert isinstance(hello, Hello)
    assert made.opened(Link(b"1", made, limits, 0.0), hello, 1.0)
    return made


def outgoing(size: int = 10, name: str = "b", span: int = 0) -> Outgoing:
    envelope = Envelope(Pid("a", *HOME, 7), Pid(name, *THERE), ["x" * size], span, span, span)
    type_name, payload = encode(envelope.message)
    return Outgoing(envelope, frame.route(envelope.sender, envelope.to, type_name), payload)


def batches(of: Peer) -> list[tuple[Batch, bytes]]:
    found = []
    while (pair := of.next_batch(4)) is not None:
        header, body = pair
        batch = frame.read(header)
        assert isinstance(batch, Batch)
        batch.check(len(body))
        found.append((batch, body))
    return found


def test_many_small_messages_share_a_frame_up_to_a_number() -> None:
    one = peer(Limits(batch_messages=100))
    for _ in range(250):
        one.push(outgoing())
    assert [len(batch.sizes) for batch, _body in batches(one)] == [100, 100, 50]
    assert [batch.sequence for batch, _body in batches(one)] == []
    assert not one.waiting


def test_batches_are_numbered_by_the_messages_before() -> None:
    one = peer(Limits(batch_messages=100))
    for _ in range(250):
        one.push(outgoing())
    assert [(batch.session, batch.sequence, batch.epoch) for batch, _body in batches(one)] == [
        (5, 0, 4),
        (5, 100, 4),
        (5, 200, 4),
    ]


def test_a_frame_takes_so_many_bytes_and_at_least_one_message() -> None:
    one = peer(Limits(batch_bytes=1_000))
    for size in (400, 400, 400, 5_000, 100):
        one.push(outgoing(size))
    assert [len(batch.sizes) for batch, _body in batches(one)] == [2, 1, 1, 1]


def test_routes_are_written_once_and_traces_only_where_there_are_any() -> None:
    one = peer()
    for number in range(6):
        one.push(outgoing(name="bc"[number % 2]))
    [(batch, _body)] = batches(one)
    assert [route.to for route in batch.routes] == ["b", "c"]
    assert batch.places == [0, 1, 0, 1, 0, 1]
    assert batch.spans == []
    one.push(outgoing())
    one.push(outgoing(span=8))
    [(batch, _body)] = batches(one)
    assert batch.places == []
    assert batch.spans == [0, 0, 0, 8, 8, 8]


def test_what_waits_is_counted() -> None:
    one = peer(Limits(queue_messages=2))
    assert [one.push(outgoing(100)) for _ in range(3)] == [False, False, True]
    status = one.status()
    assert (status.state, status.incarnation, status.queued_messages) == ("open", 3, 3)
    assert status.queued_bytes > 300
    assert len(one.drain()) == 3
    assert one.status().queued_bytes == 0


def test_a_peer_without_hello_gets_nothing() -> None:
    one = Peer(THERE, HOME, 5, Limits(), lambda _peer: None)
    one.push(outgoing())
    assert one.next_batch(0) is None
    assert one.status().state == "waiting"


def test_a_connection_of_another_life_is_refused() -> None:
    one = peer()
    for session, incarnation in ((10, 3), (9, 4)):
        hello = frame.read(frame.hello(session, THERE, incarnation, 10, HOME))
        assert isinstance(hello, Hello)
        with pytest.raises(FrameError, match="another life"):
            one.opened(Link(b"2", one, Limits(), 0.0), hello, 2.0)


def test_credit_is_granted_once_for_the_same_messages() -> None:
    one = peer()
    assert one.grant() is None
    one.credit.spend()
    header = one.grant()
    assert header is not None
    assert frame.read(header) == frame.Grant(1, 3, 5, 1)
    assert one.grant() is None

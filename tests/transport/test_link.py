"""One connection: what may be said when, and is it alive."""

from __future__ import annotations

import pytest

from transport.frame import Batch, Bye, Frame, FrameError, Grant, Hello, Ping, Pong
from transport.limits import Limits
from transport.link import Due, Link, State
from transport.peer import Peer
from transport.pid import Address

FRAMES: tuple[Frame, ...] = (
    Hello(1, 1, 5, "h", 1, 9, 2_048, "h", 2),
    Batch(1, 2, 5, 0, 0, [], []),
    Grant(1, 3, 5, 0),
    Ping(1, 4, 5),
    Pong(1, 5, 5),
    Bye(1, 6, 5, "enough"),
)
#: What may be said, and where it leads: state, kind of frame, next state.
ALLOWED = """
    dialed    Hello  open
    dialed    Bye    closed
    accepted  Hello  open
    open      Batch  open
    open      Grant  open
    open      Ping   open
    open      Pong   open
    open      Bye    closed
"""
NEXT = {
    (state, kind): State(following) for state, kind, following in map(str.split, ALLOWED.split("\n")[1:-1])
}


def link(state: State, now: float = 0.0) -> Link:
    peer = Peer(Address("h", 1), Address("h", 2), 5, Limits(), lambda _peer: None)
    link = Link(b"1", None if state is State.ACCEPTED else peer, Limits(), now)
    if state is State.OPEN:
        link.hear(FRAMES[0], now)
    elif state is State.CLOSED:
        link.close()
    return link


@pytest.mark.parametrize("heard", FRAMES, ids=lambda frame: type(frame).__name__)
@pytest.mark.parametrize("state", State)
def test_every_frame_in_every_state(state: State, heard: Frame) -> None:
    connection = link(state)
    assert connection.state is state
    following = NEXT.get((state.value, type(heard).__name__))
    if following is None:
        with pytest.raises(FrameError, match=f"connection that is {state.value}") as caught:
            connection.hear(heard, 1.0)
        assert caught.value.reason == "order"
        assert connection.state is state
        assert connection.heard == 0.0
    else:
        connection.hear(heard, 1.0)
        assert connection.state is following
        assert connection.heard == 1.0


def test_a_connection_counts_as_opened_after_its_end() -> None:
    connection = link(State.OPEN)
    connection.hear(FRAMES[-1], 1.0)
    assert connection.opened
    refused = link(State.DIALED)
    refused.hear(FRAMES[-1], 1.0)
    assert not refused.opened


@pytest.mark.parametrize("state", [State.DIALED, State.ACCEPTED])
def test_hello_has_its_time(state: State) -> None:
    connection = link(state)
    assert connection.due(4.9) is Due.NOTHING
    assert connection.due(5.0) is Due.LOST


def test_silence_is_asked_about_each_five_seconds_and_ends_after_fifteen() -> None:
    connection = link(State.OPEN)
    due = [connection.due(seconds / 2) for seconds in range(31)]
    assert [seconds / 2 for seconds in range(31) if due[seconds] is Due.PING] == [5.0, 10.0]
    assert [seconds / 2 for seconds in range(31) if due[seconds] is Due.LOST] == [15.0]


def test_whoever_speaks_is_not_asked() -> None:
    connection = link(State.OPEN)
    for seconds in range(1, 100):
        connection.hear(Pong(1, 5, 5), float(seconds))
        assert connection.due(seconds + 0.9) is Due.NOTHING


def test_offences_are_forgotten_after_a_minute() -> None:
    connection = link(State.OPEN)
    assert not any(connection.offend(float(second)) for second in range(10))
    assert connection.offend(10.0)
    assert not connection.offend(75.0)


def test_a_closed_connection_says_nothing_more() -> None:
    connection = link(State.OPEN)
    connection.unsent.append((b"header", b"body"))
    connection.close()
    assert connection.state is State.CLOSED
    assert not connection.unsent

"""Who is let in when a node has a secret: CURVE, by keys that are allowed, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from unittest.mock import patch

import pytest
import zmq

from tests.transport.routers import Home, Parcel, Proxy, Stranger, raw_connection, wait
from transport.codec import MAX_BYTES, encode
from transport.limits import Limits
from transport.pid import Address
from transport.secret import Secret
from transport.sockets import Sockets

HASTY = Limits(hello_seconds=0.5)


def make_keys() -> tuple[str, str]:
    public, private = zmq.curve_keypair()
    return public.decode(), private.decode()


PUBLIC, PRIVATE = make_keys()
OTHER_PUBLIC, OTHER_PRIVATE = make_keys()
CLUSTER = Secret(PRIVATE)


def curve(public: str, private: str, server: str = PUBLIC) -> Callable[[zmq.Socket[bytes]], None]:
    def prepare(socket: zmq.Socket[bytes]) -> None:
        socket.curve_publickey = public.encode()
        socket.curve_secretkey = private.encode()
        socket.curve_serverkey = server.encode()

    return prepare


def plain(socket: zmq.Socket[bytes]) -> None:
    socket.plain_username = b"admin"
    socket.plain_password = b"admin"


def null(_socket: zmq.Socket[bytes]) -> None:
    """No authentication at all."""


def test_nodes_that_share_a_key_talk() -> None:
    with Home(secret=CLUSTER) as one, Home(secret=CLUSTER, echo=True) as two:
        one.send(two, Parcel(1))
        wait(lambda: one.messages == [Parcel(1)])


def test_nodes_with_keys_of_their_own_talk_when_each_allows_the_other() -> None:
    first = Secret(PRIVATE, server=OTHER_PUBLIC, allow={OTHER_PUBLIC: "second"})
    second = Secret(OTHER_PRIVATE, server=PUBLIC, allow={PUBLIC: "first"})
    with Home(secret=first) as one, Home(secret=second, echo=True) as two:
        one.send(two, Parcel(1))
        wait(lambda: one.messages == [Parcel(1)])
    with Home(secret=first, echo=True) as one, Home(secret=second) as two:
        two.send(one, Parcel(2))
        wait(lambda: two.messages == [Parcel(2)])


def test_a_stranger_with_an_allowed_key_is_heard() -> None:
    with Home(secret=CLUSTER) as one, Stranger(one.address, prepare=curve(PUBLIC, PRIVATE)) as stranger:
        stranger.hello()
        stranger.hear()
        stranger.batch(0, [b"\x80"])
        wait(lambda: one.messages == [Parcel()])


@pytest.mark.parametrize(
    "prepare",
    [null, plain, curve(OTHER_PUBLIC, OTHER_PRIVATE), curve(PUBLIC, PRIVATE, server=OTHER_PUBLIC)],
    ids=["no authentication", "user and password", "unknown key", "another server's key"],
)
def test_a_stranger_without_an_allowed_key_is_not_heard(
    prepare: Callable[[zmq.Socket[bytes]], None],
) -> None:
    with (
        Home(secret=CLUSTER, limits=HASTY) as one,
        Home(secret=CLUSTER) as honest,
        Stranger(one.address, prepare=prepare) as stranger,
    ):
        stranger.hello()
        stranger.batch(0, [b"\x80"])
        stranger.wait_for_the_end()
        honest.send(one, Parcel(1))
        wait(lambda: one.messages == [Parcel(1)])
        assert [status.address for status in one.router.peers()] == [honest.address]


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (None, CLUSTER),
        (CLUSTER, None),
        (Secret(OTHER_PRIVATE), CLUSTER),
        (Secret(OTHER_PRIVATE, PUBLIC), CLUSTER),
    ],
    ids=[
        "only the other has a key",
        "only this one has a key",
        "another cluster",
        "a key that is not allowed",
    ],
)
def test_nodes_whose_keys_do_not_fit_do_not_talk(mine: Secret | None, theirs: Secret | None) -> None:
    with Home(secret=mine, limits=HASTY) as one, Home(secret=theirs, limits=HASTY) as two:
        one.send(two, Parcel(1))
        wait(lambda: one.drops)
        assert one.breaks[0][0] == two.address
        assert not two.received


def test_the_largest_message_there_may_be_crosses_encrypted() -> None:
    with Home(secret=CLUSTER) as one, Home(secret=CLUSTER) as two:
        largest = Parcel(1, bytes(MAX_BYTES - len(encode(Parcel(1, bytes(70_000)))[1]) + 70_000))
        assert len(encode(largest)[1]) == MAX_BYTES
        one.send(two, largest)
        wait(lambda: two.received)
        assert two.messages == [largest]


def test_a_recorded_conversation_cannot_be_replayed() -> None:
    with (
        Home(secret=CLUSTER, limits=HASTY) as one,
        Home(secret=CLUSTER) as honest,
        Proxy(one.address) as proxy,
    ):
        honest.send(Address("127.0.0.1", proxy.port), Parcel(1))
        wait(lambda: one.received)
        recorded = bytes(proxy.carried[0])
        assert len(recorded) > 500
        with raw_connection(one.address) as connection:
            connection.sendall(recorded)
            try:
                while connection.recv(4_096):
                    pass
            except ConnectionResetError:
                pass
        honest.send(Address("127.0.0.1", proxy.port), Parcel(2))
        wait(lambda: len(one.received) == 2)
        assert one.messages == [Parcel(1), Parcel(2)]
        assert not one.breaks


def test_a_recorded_conversation_shows_no_message() -> None:
    with Home(secret=CLUSTER) as one, Home(secret=CLUSTER) as two, Proxy(one.address) as proxy:
        two.send(Address("127.0.0.1", proxy.port), Parcel(1, b"nobody may read this"))
        wait(lambda: one.received)
        assert b"nobody may read this" not in proxy.carried[0]


def test_heartbeats_of_libzmq_which_abort_the_process_are_off() -> None:
    """One that is due after its peer has gone, while libzmq does not read because we do not."""
    readable, writable = os.pipe()
    try:
        with zmq.Context[zmq.Socket[bytes]]() as context:
            made: list[zmq.Socket[bytes]] = []
            with patch.object(context, "socket", side_effect=recording(context, made)):
                Sockets(context, None, Limits(), readable)
            routers = [one for one in made if one.type == zmq.ROUTER]
            assert [one.getsockopt(zmq.HEARTBEAT_IVL) for one in routers] == [0, 0]
            context.destroy()
    finally:
        os.close(readable)
        os.close(writable)


def recording(
    context: zmq.Context[zmq.Socket[bytes]], made: list[zmq.Socket[bytes]]
) -> Callable[[int], zmq.Socket[bytes]]:
    open_socket = context.socket

    def record(kind: int) -> zmq.Socket[bytes]:
        made.append(open_socket(kind))
        return made[-1]

    return record

"""A router with real sockets: its peers, and strangers that mean no good."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading

import pytest

from tests.transport.routers import (
    DEADLINE_SECONDS,
    Home,
    Parcel,
    Proxy,
    Stranger,
    raw_connection,
    wait,
    zmtp_connection,
    zmtp_frame,
)
from transport import frame, router
from transport.codec import EncodeError
from transport.frame import Bye, Hello
from transport.limits import Limits
from transport.pid import Address, Pid
from transport.router import Router

HASTY = Limits(hello_seconds=0.4, ping_seconds=0.3, silence_seconds=1.0, penalty_seconds=0.3)
SMALL = Limits(frame_bytes=64 * 1024, window=64, queue_messages=100)


def test_messages_cross_in_order_both_ways_over_one_connection() -> None:
    with Home() as one, Home(echo=True) as two:
        for number in range(3_000):
            one.send(two, Parcel(number))
        wait(lambda: len(one.received) == 3_000)
        expected = [Parcel(number) for number in range(3_000)]
        assert two.messages == expected
        assert one.messages == expected
        assert two.received[0].sender == Pid("a", *one.address, 7)
        assert one.received[0].sender == Pid("b", *two.address)
        assert [status.address for status in one.router.peers()] == [two.address]
        status = two.router.peers()[0]
        assert (status.state, status.sent, status.received, status.queued_messages) == (
            "open",
            3_000,
            3_000,
            0,
        )
        assert not one.breaks


def test_messages_of_many_threads_keep_each_threads_order() -> None:
    with Home() as one, Home() as two:

        def send(base: int) -> None:
            for number in range(base, base + 500):
                one.send(two, Parcel(number))

        threads = [threading.Thread(target=send, args=(base,)) for base in (0, 1_000, 2_000, 3_000)]
        for thread in threads:
            thread.start()
        wait(lambda: len(two.received) == 2_000)
        numbers = [message.number for message in two.messages if isinstance(message, Parcel)]
        for base in (0, 1_000, 2_000, 3_000):
            assert [number for number in numbers if base <= number < base + 1_000] == list(
                range(base, base + 500)
            )


def test_large_messages_cross() -> None:
    with Home() as one, Home() as two:
        parcels = [Parcel(number, bytes([number]) * 3_000_000) for number in range(5)]
        for parcel in parcels:
            one.send(two, parcel)
        wait(lambda: len(two.received) == len(parcels))
        assert two.messages == parcels


def test_a_message_that_cannot_be_encoded_is_refused_at_once() -> None:
    with Home() as one, pytest.raises(EncodeError, match="object cannot be sent"):
        one.send(Address("127.0.0.1", 1), object())
    with Home(limits=SMALL) as one, pytest.raises(EncodeError, match="bytes exceed 65536"):
        one.send(Address("127.0.0.1", 1), Parcel(1, bytes(SMALL.frame_bytes)))


def test_a_port_that_is_taken_is_an_error_at_start() -> None:
    with Home() as one:
        second = Router(one.address, None, 1, lambda _envelope: None, lambda _address, _reason: None)
        with pytest.raises(OSError, match=f"cannot listen on {one.address}: Address already in use"):
            second.start()
        second.stop(1.0)


@pytest.mark.parametrize("descriptors", [10, 12, 14])
def test_a_start_without_enough_descriptors_is_an_error_too(descriptors: int) -> None:
    script = (
        "import os, resource\n"
        "from transport.pid import Address\n"
        "from transport.router import Router\n"
        "router = Router(Address('127.0.0.1', 0), None, 1, print, print)\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({descriptors}, {descriptors}))\n"
        "try:\n"
        "    router.start()\n"
        "except OSError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert "Too many open files" in done.stdout


def test_a_wildcard_needs_an_address_to_advertise() -> None:
    with pytest.raises(ValueError, match="advertise a host"):
        Home(bind=Address("*", 0))
    with Home(bind=Address("*", 0), advertise_host="127.0.0.1") as one, Home() as two:
        two.send(one, Parcel(1))
        wait(lambda: one.received)


def test_ipv6_works_where_the_host_has_it() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return  # nothing to be shown on this host
    with Home(bind=Address("::1", 0)) as one, Home(echo=True) as two:
        one.send(two, Parcel(1))
        wait(lambda: one.received)
        two.send(one, Parcel(2))
        wait(lambda: len(one.received) == 2)


def test_nobody_there_is_reported_with_what_was_queued() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = Address("127.0.0.1", server.getsockname()[1])
    with Home() as one:
        one.send(nobody, Parcel(1))
        wait(lambda: one.drops)
        assert one.breaks == [(nobody, "cannot connect")]
        assert one.drops == [(Parcel(1), "cannot connect")]
        one.router.connect(nobody)
        wait(lambda: len(one.breaks) == 2)


def test_a_host_that_has_no_address_is_reported() -> None:
    with Home() as one:
        one.router.connect(Address("no such host", 1))
        wait(lambda: one.breaks)


def test_a_stopped_router_says_goodbye_and_reports_what_comes_later() -> None:
    with Home() as one, Home() as two:
        one.connect(two)
        wait(two.router.peers)
        two.router.stop(5.0)
        wait(lambda: one.breaks)
        assert one.breaks == [(two.address, "the peer said: the node stops")]
        two.send(one, Parcel(1))
        assert two.drops == [(Parcel(1), "the node stops")]


def test_last_words_are_sent_before_a_router_stops() -> None:
    with Home() as one, Home() as two:
        for number in range(1_000):
            one.send(two, Parcel(number))
        one.router.stop(DEADLINE_SECONDS)
        wait(lambda: two.breaks)
        assert two.messages == [Parcel(number) for number in range(1_000)]


def test_two_nodes_that_dial_each_other_at_once_have_one_pair() -> None:
    for _ in range(5):
        with Home() as one, Home() as two:
            for number in range(200):
                one.send(two, Parcel(number))
                two.send(one, Parcel(number))
            wait(lambda: len(one.received) == len(two.received) == 200)
            assert one.messages == two.messages == [Parcel(number) for number in range(200)]
            assert not one.breaks
            assert not two.breaks


def test_a_slow_peer_makes_the_queue_overflow_and_only_that_peer_is_lost() -> None:
    with Home(limits=SMALL) as one, Home(limits=SMALL) as slow, Home(limits=SMALL, echo=True) as quick:
        slow.spends = False
        one.connect(quick)
        for number in range(300):
            one.send(slow, Parcel(number))
        wait(lambda: one.breaks)
        assert {address for address, _reason in one.breaks} == {slow.address}
        assert "too many messages waited" in one.breaks[0][1]
        assert one.count("overflow") >= 1
        received = len(slow.received)
        assert slow.messages == [Parcel(number) for number in range(received)]
        one.send(quick, Parcel(1))
        wait(lambda: one.messages == [Parcel(1)])


def test_a_cut_in_the_middle_of_a_message_breaks_the_pair_and_delivers_no_half() -> None:
    with Home() as one, Home() as two, Proxy(two.address) as proxy:
        proxy.cut_after = 1_000_000
        by_proxy = Address("127.0.0.1", proxy.port)
        for number in range(4):
            one.send(by_proxy, Parcel(number, bytes(400_000)))
        wait(lambda: one.breaks)
        wait(lambda: two.breaks)
        assert two.messages == [Parcel(number, bytes(400_000)) for number in range(2)]
        proxy.cut_after = None
        one.send(by_proxy, Parcel(9))
        wait(lambda: Parcel(9) in two.messages)
        assert len(two.received) == 3


def test_a_connection_that_carries_nothing_any_more_is_noticed_by_both() -> None:
    with Home(limits=HASTY) as one, Home(limits=HASTY) as two, Proxy(two.address) as proxy:
        one.send(Address("127.0.0.1", proxy.port), Parcel(1))
        wait(lambda: two.received)
        proxy.frozen.set()
        wait(lambda: one.breaks and two.breaks)
        assert one.count("silent") + two.count("silent") >= 1


def test_nothing_meant_for_one_life_of_a_node_reaches_the_next() -> None:
    with Home() as one:
        two = Home(incarnation=1)
        one.connect(two)
        for number in range(100):
            one.send(two, Parcel(number))
        two.router.stop(0.0)
        with Home(bind=two.address, incarnation=2) as reborn:
            reborn.send(one, Parcel(1_000))
            wait(lambda: one.received)
            one.send(reborn, Parcel(2_000))
            wait(lambda: Parcel(2_000) in reborn.messages)
            assert one.breaks
            later = [message.number for message in reborn.messages if isinstance(message, Parcel)]
            # Whatever was queued anew after the break was meant for whoever is there; nothing came twice.
            assert later[-1] == 2_000
            assert set(later).isdisjoint(m.number for m in two.messages if isinstance(m, Parcel))


def test_a_new_incarnation_breaks_the_connection_to_the_old_at_once() -> None:
    with Home() as one, Stranger(one.address) as old, Stranger(one.address) as new:
        old.hello(incarnation=1)
        old.hear()
        new.hello(incarnation=2, session=3)
        assert isinstance(new.hear(), Hello)
        bye = old.hear()
        assert isinstance(bye, Bye)
        assert "new incarnation" in bye.reason
        old.wait_for_the_end()
        assert len(one.breaks) == 1
        new.batch(0, [b"\x80"], session=3)
        wait(lambda: one.messages == [Parcel()])


# Strangers.


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
        bytes(range(256)) * 64,
        b"\xff" + bytes(8) + b"\x7f" + b"\x03\x00NULL" + bytes(48) + b"\xff" * 1_000,
        b"\x00" * 10_000,
        b"\xff\xff\xff\xff" * 10,
        # Older revisions of ZeroMQ's protocol, whose messages do not tell over which connection they came.
        b"\xff" + bytes(7) + b"\x01\x7f" + b"\x01\x05\x00\x00" + b"\x01\x01a" + b"\x00\x01b",
        b"\x01\x00" + b"\x02\x01a" + b"\x02\x00b",
    ],
    ids=["http", "tls", "all bytes", "zmtp, then garbage", "zeros", "ones", "zmtp 2.0", "zmtp 1.0"],
)
def test_what_does_not_speak_zeromq_is_dropped_without_harm(data: bytes) -> None:
    with Home(limits=HASTY, echo=True) as one, Home() as honest:
        with raw_connection(one.address) as connection:
            connection.sendall(data)
            try:
                while connection.recv(4_096):
                    pass
            except ConnectionResetError:
                pass
        honest.send(one, Parcel(1))
        wait(lambda: honest.received)
        assert [status.address for status in one.router.peers()] == [honest.address]


def test_a_connection_that_never_says_hello_is_dropped() -> None:
    with Home(limits=HASTY) as one, Stranger(one.address) as stranger:
        stranger.wait_for_the_end()
        wait(lambda: one.count("no_hello") == 1)


def test_a_stranger_that_says_hello_is_greeted() -> None:
    with Home() as one, Stranger(one.address) as stranger:
        stranger.hello()
        hello = stranger.hear()
        assert isinstance(hello, Hello)
        assert hello.address == one.address
        stranger.batch(0, [b"\x81\xa6number\x05"])
        wait(lambda: one.messages == [Parcel(5)])


@pytest.mark.parametrize(
    "frames",
    [
        (b"",),
        (b"", b""),
        (b"garbage", b""),
        (frame.ping(5), b""),
        (frame.ping(5),),
        (frame.ping(5), b"", b""),
        (b"",) * 1_000,
    ],
    ids=["one empty", "two empty", "garbage", "ping first", "one frame", "three frames", "a thousand frames"],
)
def test_a_stranger_that_begins_wrongly_is_told_and_dropped(frames: tuple[bytes, ...]) -> None:
    with Home() as one, Stranger(one.address) as stranger:
        stranger.say(*frames)
        assert isinstance(stranger.hear(), Bye)
        stranger.wait_for_the_end()


def test_a_frame_beyond_the_limit_drops_its_connection_only() -> None:
    with Home(limits=SMALL) as one, Home(limits=SMALL) as honest, Stranger(one.address) as stranger:
        honest.connect(one)
        stranger.hello()
        stranger.hear()
        stranger.say(frame.ping(5), bytes(2 * SMALL.frame_bytes))
        stranger.wait_for_the_end()
        wait(lambda: one.breaks)
        honest.send(one, Parcel(1))
        wait(lambda: one.messages == [Parcel(1)])


def test_an_endless_message_is_cut_off() -> None:
    with Home() as one, Home() as honest, zmtp_connection(one.address) as connection:
        honest.connect(one)
        connection.sendall(zmtp_frame(frame.hello(5, Address("x", 1), 1, 1, one.address), more=True))
        connection.sendall(zmtp_frame(b"", more=False))
        connection.settimeout(0.1)
        part = zmtp_frame(bytes(100_000), more=True)
        while not one.count("endless"):
            with contextlib.suppress(OSError):
                connection.sendall(part)
        wait(lambda: one.count("endless") == 1)
        honest.send(one, Parcel(1))
        wait(lambda: one.messages == [Parcel(1)])


def test_a_flooder_is_cut_off_and_refused_while_others_are_served() -> None:
    with Home(limits=SMALL) as one, Home(limits=SMALL) as honest, Stranger(one.address) as stranger:
        honest.connect(one)
        one.spends = False
        stranger.hello()
        stranger.hear()
        for number in range(1_000):
            stranger.batch(number, [b"\x80"])
        stranger.wait_for_the_end()
        assert one.count("flood") == 1
        assert len(one.received) == SMALL.window
        with Stranger(one.address) as again:
            again.hello(session=6)
            bye = again.hear()
            assert isinstance(bye, Bye)
            assert "refused for another" in bye.reason
        honest.send(one, Parcel(1))
        wait(lambda: one.messages[-1] == Parcel(1))


def test_a_stopped_socket_of_a_peer_does_not_make_the_router_spin_or_grow() -> None:
    with Home(limits=HASTY) as one, Stranger(one.address) as stranger:
        stranger.hello()
        stranger.hear()
        one.send(Address("127.0.0.1", stranger.port), Parcel(1))
        wait(lambda: one.breaks)
        assert "silent" in one.breaks[0][1]
        stranger.wait_for_the_end()


def test_connections_that_come_and_go_do_not_fill_the_log() -> None:
    lines: list[str] = []
    host = router._Host(
        lambda _envelope: None,
        lambda _address, _reason: None,
        lambda _envelope, _reason: None,
        lambda event, **_values: lines.append(event),
    )
    for _ in range(10_000):
        host.refused("garbage")
    assert lines[:199] == ["connection refused"] * 199
    assert lines[199:] == ["too much to log, the rest of this minute is left out"]


def test_a_peer_that_stays_away_is_logged_once_however_often_it_is_called() -> None:
    lines: list[str] = []
    breaks: list[str] = []
    host = router._Host(
        lambda _envelope: None,
        lambda _address, reason: breaks.append(reason),
        lambda _envelope, _reason: None,
        lambda event, **values: lines.append(f"{event}: {values.get('reason', '')}"),
    )
    peer = Address("h", 1)
    for _ in range(2):
        host.opened(peer)
        for reason in ["the connection broke", *["cannot connect"] * 50]:
            host.broken(peer, reason)
    assert len(breaks) == 2 * 51
    assert lines == 2 * ["peer connected: ", "peer lost: the connection broke", "peer lost: cannot connect"]
    for port in range(1_000):
        host.broken(Address("h", port), "cannot connect")
    assert len(host._lost) <= 256


def test_the_epoch_travels() -> None:
    with Home() as one, Home() as two:
        one.router.epoch = 7
        assert one.router.epoch == 7
        one.send(two, Parcel(1))
        wait(lambda: two.received)
        assert two.received[0].epoch == 7
        with pytest.raises(ValueError, match="epoch -1"):
            one.router.epoch = -1

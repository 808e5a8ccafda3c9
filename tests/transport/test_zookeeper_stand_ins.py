"""What kazoo is given in place of its own queue, sockets and log."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from transport.zookeeper_stand_ins import HeadSocket, TurnQueue, WarningLog


def test_what_a_call_adds_comes_before_what_waited_already() -> None:
    calls = TurnQueue()
    called: list[str] = []

    def note(name: str) -> Callable[[], None]:
        return lambda: called.append(name)

    def answer() -> None:
        called.append("answer")
        calls.put(note("the same answer, seen through"))

    def others() -> None:
        for function in (answer, note("next answer"), note("end of the connection")):
            calls.put(function)

    thread = threading.Thread(target=others)
    thread.start()
    thread.join()
    while not calls.empty():
        calls.get()()
    assert called == ["answer", "the same answer, seen through", "next answer", "end of the connection"]


def test_a_socket_keeps_the_beginning_of_what_it_received() -> None:
    one, other = socket.socketpair()
    with one, HeadSocket(fileno=other.detach()) as reader:
        one.sendall(b"0123456789abcdefghi")
        assert [reader.recv(5), reader.recv(5), reader.recv(5), reader.recv(5)] == [
            b"01234",
            b"56789",
            b"abcde",
            b"fghi",
        ]
        assert reader.head == b"0123456789abcde"


@pytest.mark.parametrize(
    ("message", "heeded"),
    [
        ("Connection dropped: socket connection error: %s", ["Connection refused"]),
        ("Connection time-out: %s", ["Connection time-out: Connection refused"]),
        ("Transition to %s", []),
        ("Session has expired %s", []),
    ],
)
def test_warnings_that_say_what_is_in_the_way_are_heeded_without_kazoos_words(
    message: str, heeded: list[str]
) -> None:
    noted: list[str] = []
    warned: list[str] = []
    log = WarningLog(noted.append, warned.append)
    log.warning(message, "Connection refused")
    assert warned == heeded
    assert noted == [message % "Connection refused"]


def test_all_that_could_be_secret_is_forgotten() -> None:
    noted: list[str] = []
    log = WarningLog(noted.append, noted.append)
    log.debug("Sending request(xid=%s): %s", -4, "Auth(auth='user:secret')")
    log.log(5, "session_passwd: %s", "secret")
    assert noted == []
    log.info("100% of it")
    assert noted == ["100% of it"]

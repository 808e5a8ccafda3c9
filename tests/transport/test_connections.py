"""Accepted connections by their file descriptors: closed late, at once, or because nothing good comes."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from transport import connections
from transport.connections import Connections
from transport.limits import Limits
from transport.link import Link


@contextlib.contextmanager
def accepted() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a connection: that of the one who dialed, and the accepted one."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        dialed = socket.create_connection(server.getsockname(), timeout=30)
        near, _address = server.accept()
        with dialed, near:
            yield dialed, near


def is_open(dialed: socket.socket) -> bool:
    """Whether the other end has not been shut down; takes what has come."""
    dialed.setblocking(False)
    try:
        return dialed.recv(1_000) != b""
    except BlockingIOError:
        return True
    finally:
        dialed.settimeout(30)


def test_a_connection_is_known_until_it_ended() -> None:
    with accepted() as (_dialed, near):
        table = Connections(5.0)
        table.accepted(near.fileno(), 0.0)
        assert table.knows(near.fileno())
        table.spoke(near.fileno(), b"a")
        assert table.ended(near.fileno()) == b"a"
        assert not table.knows(near.fileno())
        assert table.ended(near.fileno()) is None


def test_a_connection_that_never_spoke_has_no_channel() -> None:
    with accepted() as (_dialed, near):
        table = Connections(5.0)
        table.accepted(near.fileno(), 0.0)
        assert table.ended(near.fileno()) is None


@pytest.mark.parametrize("first", [1, 2**31 - 1, 2**32 - 1])
def test_frames_of_a_dead_connection_do_not_take_the_descriptor_from_its_successor(first: int) -> None:
    dead, alive = (b"\0" + (number % 2**32).to_bytes(4) for number in (first, first + 1))
    for order in ((dead, alive), (alive, dead)):
        with accepted() as (_dialed, near):
            table = Connections(5.0)
            table.accepted(near.fileno(), 0.0)
            for channel in order:
                table.spoke(near.fileno(), channel)
            assert table.ended(near.fileno()) == alive


def test_closing_leaves_time_for_last_words() -> None:
    with accepted() as (dialed, near):
        table = Connections(5.0, last_words_seconds=0.5)
        table.accepted(near.fileno(), 0.0)
        table.spoke(near.fileno(), b"a")
        table.close(b"a", 1.0, abruptly=False)
        table.tick(1.4, {})
        assert is_open(dialed)
        table.tick(1.5, {})
        assert dialed.recv(1) == b""


def test_closing_abruptly_does_not_wait() -> None:
    with accepted() as (dialed, near):
        table = Connections(5.0)
        table.accepted(near.fileno(), 0.0)
        table.spoke(near.fileno(), b"a")
        table.close(b"a", 1.0, abruptly=True)
        assert dialed.recv(1) == b""


def test_a_process_without_a_descriptor_left_looks_at_its_connections_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(connections, "_STATM", tmp_path / "none")
    with accepted() as (dialed, near):
        table = Connections(5.0)
        table.accepted(near.fileno(), 0.0)
        assert table.tick(4.9, {}) == (0, [])
        assert is_open(dialed)
        assert table.tick(5.0, {}) == (1, [])


def test_closing_what_is_unknown_does_nothing() -> None:
    Connections(5.0).close(b"nobody", 1.0, abruptly=True)


def test_a_descriptor_that_was_given_to_another_connection_is_left_alone() -> None:
    with accepted() as (_first, old), accepted() as (second, new):
        table = Connections(5.0)
        table.accepted(old.fileno(), 0.0)
        table.spoke(old.fileno(), b"a")
        os.dup2(new.fileno(), old.fileno())
        table.close(b"a", 1.0, abruptly=True)
        assert is_open(second)


def test_a_connection_without_a_word_is_closed_in_time() -> None:
    with accepted() as (dialed, near):
        table = Connections(5.0)
        table.accepted(near.fileno(), 10.0)
        assert table.tick(14.9, {}) == (0, [])
        assert is_open(dialed)
        assert table.tick(15.0, {}) == (1, [])
        assert dialed.recv(1) == b""
        assert table.tick(15.1, {}) == (0, [])


def test_one_connection_too_many_is_turned_away() -> None:
    with accepted() as (first, near), accepted() as (second, another):
        table = Connections(5.0, most=1)
        assert table.accepted(near.fileno(), 0.0)
        assert not table.accepted(another.fileno(), 0.0)
        assert second.recv(1) == b""
        assert is_open(first)


def test_a_descriptor_that_is_no_connection_is_survived() -> None:
    table = Connections(5.0)
    table.accepted(0, 0.0)
    table.accepted(999_999, 0.0)
    assert table.tick(6.0, {}) == (2, [])


def test_more_bytes_than_the_messages_that_came_of_them_are_an_endless_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "ENDLESS_BYTES", 50_000)
    monkeypatch.setattr(connections, "_GROWTH_BYTES", 0)
    with accepted() as (dialed, near):
        table = Connections(5.0)
        table.accepted(near.fileno(), 0.0)
        table.spoke(near.fileno(), b"a")
        link = Link(b"a", None, Limits(), 0.0)
        for _ in range(10):
            dialed.sendall(bytes(10_000))
            assert len(near.recv(10_000, socket.MSG_WAITALL)) == 10_000
            link.carried += 10_000
            assert table.tick(0.0, {b"a": link}) == (0, [])
        for _ in range(6):
            dialed.sendall(bytes(10_000))
            assert len(near.recv(10_000, socket.MSG_WAITALL)) == 10_000
        assert table.tick(0.0, {b"a": link}) == (0, [b"a"])
        assert dialed.recv(1) == b""

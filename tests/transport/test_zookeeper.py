"""A session by kazoo, with ZooKeepers that follow a script; real ones are in tests/integration."""

from __future__ import annotations

import contextlib
import functools
import itertools
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Self, TypeVar

import pytest
from kazoo.retry import ForceRetryError

from transport.messages.zookeeper import CreateNode, Failure, ReadNode
from transport.pid import Address
from transport.session import Answered, Connected, Ended, Event, Suspended, Unreachable
from transport.zookeeper import ZooKeeperClient

DEADLINE_SECONDS = 30.0
AUTH_FAILED = -115

T = TypeVar("T")


class Scripted:
    """Listens as a ZooKeeper would; `serve` is called with each connection, on its thread."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = Address(*self._listener.getsockname())
        self.connections = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        with contextlib.suppress(OSError), socket.create_connection(self.address):
            pass
        self._thread.join()

    def _run(self) -> None:
        with self._listener, contextlib.ExitStack() as open_ones:
            while True:
                connection, _ = self._listener.accept()
                open_ones.enter_context(connection)
                if self._ended.is_set():
                    return
                self.connections += 1
                connection.settimeout(DEADLINE_SECONDS)
                with contextlib.suppress(OSError):
                    self._serve(connection)


def frame(*parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">i", len(content)) + content


def receive(connection: socket.socket) -> bytes:
    """One frame."""
    head = connection.recv(4, socket.MSG_WAITALL)
    if len(head) < 4:
        raise ConnectionResetError
    (length,) = struct.unpack(">i", head)
    return connection.recv(length, socket.MSG_WAITALL)


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not true():
        assert time.monotonic() < deadline, "still not so"
        time.sleep(0.01)


def begin(connection: socket.socket, milliseconds: int = 2000, session_id: int = 7) -> None:
    """Answer who asks for a session, in the smallest of pieces."""
    receive(connection)
    for byte in frame(struct.pack(">iiqi", 0, milliseconds, session_id, 16), bytes(16), b"\0"):
        connection.sendall(bytes([byte]))


def silent(_connection: socket.socket) -> None:
    """Accept, and hang."""


class Told:
    """The events that a client told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def wait(self, kind: type[T], count: int = 1) -> T:
        """The event of that type and number."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while len(found := [event for event in list(self.events) if isinstance(event, kind)]) < count:
            assert time.monotonic() < deadline, f"no {kind.__name__}, but {self.events}"
            time.sleep(0.01)
        return found[count - 1]


@pytest.fixture
def told() -> Told:
    return Told()


@contextlib.contextmanager
def client(
    told: Told, servers: Sequence[Address], timeout_seconds: float = 2.0, credentials: str | None = None
) -> Iterator[ZooKeeperClient]:
    threads = threading.active_count()
    made = ZooKeeperClient(servers, timeout_seconds, told, credentials=credentials)
    try:
        yield made
    finally:
        made.close(0.1)
        deadline = time.monotonic() + DEADLINE_SECONDS
        while threading.active_count() > threads:
            assert time.monotonic() < deadline, f"left behind: {threading.enumerate()}"
            time.sleep(0.01)


def test_a_session_is_what_the_server_says(told: Told) -> None:
    before = time.monotonic()
    with (
        Scripted(lambda connection: begin(connection, 7000, -5)) as server,
        client(told, [server.address]),
    ):
        connected = told.wait(Connected)
    assert (connected.session_id, connected.timeout_seconds) == (-5, 7.0)
    assert before <= connected.asked_at <= time.monotonic()


def _has(numbers: list[int], count: int) -> bool:
    return len(numbers) == count


def test_requests_are_numbered_on_through_all_connections_of_a_session(told: Told) -> None:
    """ZooKeeper knows answers by these: the second connection must not get what the first one asked for."""
    numbers: list[int] = []

    def count(connection: socket.socket) -> None:
        begin(connection)
        numbers.extend(struct.unpack(">i", receive(connection)[:4])[0] for _ in range(2))

    with Scripted(count) as server, client(told, [server.address]) as zk:
        for number in range(1, 3):
            told.wait(Connected, number)
            for _ in range(2):
                zk.ask(1, ReadNode(1, "/mesos"))
            wait_until(functools.partial(_has, numbers, 2 * number))
            zk.interrupt()
            told.wait(Suspended, number)
    assert numbers == [1, 2, 3, 4]


def test_a_server_that_does_not_accept_the_credentials_ends_it_all(told: Told) -> None:
    def refuse(connection: socket.socket) -> None:
        begin(connection)
        receive(connection)
        connection.sendall(frame(struct.pack(">iqi", -4, 0, AUTH_FAILED)))

    with Scripted(refuse) as server, client(told, [server.address], credentials="user:secret"):
        ended = told.wait(Ended)
        assert ended == Ended(f"{server.address}: does not accept the credentials", refused=True)
        assert server.connections == 1
    assert told.events[-1] is ended, "nothing is told after the end"
    assert "secret" not in repr(told.events)


def test_a_session_that_the_server_does_not_know_any_more_is_over(told: Told) -> None:
    sessions = itertools.chain((2000, 0), itertools.repeat(2000))

    def expire(connection: socket.socket) -> None:
        begin(connection, next(sessions))
        connection.close()

    with Scripted(expire) as server, client(told, [server.address]) as zk:
        assert told.wait(Ended) == Ended(f"{server.address}: the session has expired")
        tried_at = zk._handler.asked_at
        wait_until(lambda: zk._handler.asked_at > tried_at)
        kinds = [type(event) for event in told.events if isinstance(event, Connected | Suspended | Ended)]
        assert kinds == [Connected, Suspended, Ended]
    assert server.connections == 2, "no other session is begun by this client"


def test_servers_that_cannot_be_reached_are_named_and_tried_again(told: Told) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = Address(*listener.getsockname())
    with client(told, [address]):
        assert told.wait(Unreachable, 3) == Unreachable(f"{address}: Connection refused")


def test_a_name_that_nobody_knows_is_said(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_arguments: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with client(told, [Address("anna", 2181)]):
        assert told.wait(Unreachable).reason.startswith("Cannot resolve anna")


def test_a_server_that_hangs_does_not_hold_up_the_others(told: Told) -> None:
    with (
        Scripted(silent) as hung,
        Scripted(begin) as good,
        client(told, [hung.address, good.address], 2.0),
    ):
        told.wait(Connected)
        assert Unreachable(f"{hung.address}: does not answer") in told.events or not hung.connections


def test_a_server_that_breaks_the_connection_without_a_word_serves_nobody(told: Told) -> None:
    with Scripted(lambda connection: connection.close()) as server, client(told, [server.address]):
        assert told.wait(Unreachable).reason.startswith(f"{server.address}: serves nobody")


@pytest.mark.parametrize(
    "nonsense",
    [frame(b"?"), frame(struct.pack(">iqi", 1, 0, 0)), frame(struct.pack(">iqi", -1, 0, 0), b"\0")],
)
def test_a_server_that_talks_nonsense_costs_the_connection_but_not_the_session(
    told: Told, nonsense: bytes
) -> None:
    def talk(connection: socket.socket) -> None:
        begin(connection)
        connection.sendall(nonsense)

    with Scripted(talk) as server, client(told, [server.address]):
        told.wait(Connected, 3)
    assert not [event for event in told.events if isinstance(event, Ended)]


def test_the_answer_of_a_later_request_breaks_the_connection_and_leaves_the_outcome_of_the_first_open(
    told: Told,
) -> None:
    """A server that finds the session moved leaves a write unanswered, though not always what comes after."""

    def skip(connection: socket.socket) -> None:
        begin(connection)
        receive(connection)
        receive(connection)
        connection.sendall(frame(struct.pack(">iqi", 2, 7, 0), bytes(4)))

    with Scripted(skip) as server, client(told, [server.address]) as zk:
        told.wait(Connected)
        zk.ask(1, CreateNode(11, "/mesos/", b""))
        zk.ask(2, ReadNode(12, "/mesos"))
        told.wait(Connected, 2)
    answers = [event for event in told.events if isinstance(event, Answered)]
    assert [(answer.number, getattr(answer.reply, "failure", None)) for answer in answers] == [
        (1, Failure.CONNECTION_LOSS),
        (2, Failure.CONNECTION_LOSS),
    ]


@pytest.mark.parametrize("greeting", [bytes(4), b"\xff" * 64])
def test_a_server_of_another_kind_is_told_and_tried_again(told: Told, greeting: bytes) -> None:
    def talk(connection: socket.socket) -> None:
        receive(connection)
        connection.sendall(greeting)
        connection.close()

    with Scripted(talk) as server, client(told, [server.address]):
        reason = told.wait(Unreachable, 2).reason
    assert reason == f"{server.address}: answers what no ZooKeeper would"
    assert server.connections >= 2
    assert not [event for event in told.events if isinstance(event, Connected)]


def test_a_web_server_serves_nobody_like_a_zookeeper_either(told: Told) -> None:
    def talk(connection: socket.socket) -> None:
        receive(connection)
        connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
        connection.close()

    with Scripted(talk) as server, client(told, [server.address]):
        assert told.wait(Unreachable).reason.startswith(str(server.address))


def test_a_connection_that_was_given_up_leads_to_another_server(told: Told) -> None:
    served: list[str] = []

    def serve(name: str) -> Callable[[socket.socket], None]:
        def begin_and_note(connection: socket.socket) -> None:
            served.append(name)
            begin(connection)

        return begin_and_note

    with (
        Scripted(serve("one")) as one,
        Scripted(serve("other")) as other,
        client(told, [one.address, other.address], 60.0) as zk,
    ):
        for number in range(1, 13):
            told.wait(Connected, number)
            zk.interrupt()
            assert "does not answer" in told.wait(Suspended, number).reason
    assert all(former != later for former, later in itertools.pairwise(served)), served


def test_to_connect_takes_only_a_part_of_the_time_out_so_that_another_server_may_be_tried_in_time(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience: list[float] = []

    def refuse(_address: object, timeout: float) -> None:
        patience.append(timeout)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)
    servers = [Address("127.0.0.1", port) for port in (1, 2, 3)]
    with client(told, servers, 18.0):
        wait_until(lambda: len(patience) >= 3)
    assert max(patience) <= 2.0


def test_it_connects_for_ever_and_soon(told: Told) -> None:
    """K7: kazoo's own pauses grow to an hour."""
    pauses = [0.0]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = Address(*listener.getsockname())
    with client(told, [address]) as zk:
        retry = zk._kazoo._connection.retry_sleeper.copy()
    retry.interrupt = None
    retry.sleep_func = pauses.append

    def fail_for_long() -> str:
        if len(pauses) < 500:
            raise ForceRetryError
        return "connected"

    assert retry(fail_for_long) == "connected"
    assert max(pauses) <= 5.0
    assert len({round(pause, 6) for pause in pauses}) > 400, "spread by chance"


def test_a_client_that_is_closed_says_nothing_any_more(told: Told) -> None:
    with Scripted(begin) as server:
        with client(told, [server.address]) as zk:
            told.wait(Connected)
            zk.close()
            zk.close()
            before = list(told.events)
        assert told.events == before

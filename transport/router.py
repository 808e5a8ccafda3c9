"""A node's door to other nodes: a thread that owns its sockets, and queues by which other threads reach it.

What is said, and what follows from it, is decided in `switchboard`; the bytes are moved by `sockets`.
"""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
import weakref
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future

from transport import frame
from transport.codec import EncodeError, encode
from transport.envelope import Envelope
from transport.limits import Limits
from transport.peer import Outgoing, Peer, PeerStatus
from transport.pid import Address, Pid
from transport.secret import Secret
from transport.sockets import LINGER_SECONDS, Sockets, open_sockets
from transport.switchboard import Switchboard

__all__ = ["Limits", "PeerStatus", "Router"]

_WILDCARDS = frozenset(("*", "0.0.0.0", "::"))  # noqa: S104  names them, binds to none
#: So many routes between actors are remembered as they are written on the wire.
_KNOWN_ROUTES = 4_096
_STOPPING = "the node stops"
_MAX_LINES_PER_MINUTE = 200
#: Of so many lost peers it is remembered that they were logged.
_MOST_LOST = 256
_TICK_SECONDS = 0.2
#: How soon to try again when a connection had no room; the pause doubles up to the greater figure.
_RETRY_SECONDS = 0.001
_RETRY_MAX_SECONDS = 0.05
#: Our own thread standing still (a stopped process, a suspended host) is not the silence of others.
_PATIENCE_SECONDS = 1.0


class Router:
    """The node's door to other nodes; see `switchboard` for its manners.

    `receive`, `broken` and `dropped` are called on the router's own thread; they must be quick and must
    not raise. `broken` comes once for each loss of the pair with a node, by each name that it is known by;
    nothing that was under way then arrives later. `failed` is called if that thread ends by a bug. `log`
    takes the lines of the router's log: an event, and values by name.
    """

    def __init__(
        self,
        bind: Address,
        advertise_host: str | None,
        incarnation: int,
        receive: Callable[[Envelope], None],
        broken: Callable[[Address, str], None],
        secret: Secret | None = None,
        limits: Limits | None = None,
        dropped: Callable[[Envelope, str], None] = lambda _envelope, _reason: None,
        failed: Callable[[], None] = lambda: None,
        log: Callable[..., object] | None = None,
    ) -> None:
        if advertise_host is None and bind.host in _WILDCARDS:
            raise ValueError(f"bind {bind.host}: others need an address to connect to, so advertise a host")
        self._bind = bind
        self._advertise_host = advertise_host or bind.host
        self._incarnation = incarnation
        self._secret = secret
        self._limits = limits or Limits()
        self._host = _Host(receive, broken, dropped, log or _log_info)
        self._failed = failed
        self._outgoing: deque[Outgoing] = deque()
        self._routes: dict[tuple[Pid, Pid, str], bytes] = {}
        self._wanted: deque[Address] = deque()
        self._grants: deque[Peer] = deque()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        weakref.finalize(self, os.close, self._wake)
        self._asleep = False
        self._ended = False
        self._stop_by: float | None = None
        self._started: Future[Switchboard] = Future()
        self._thread = threading.Thread(target=self._run, name="router", daemon=True)

    # For any thread.

    def start(self) -> Address:
        """Listen; returns the advertised address. Raises OSError when the port cannot be had."""
        self._thread.start()
        return self._started.result().address

    def stop(self, timeout_seconds: float) -> None:
        """Send what is queued as far as peers take it in that time, say goodbye, and close all sockets."""
        if self._thread.is_alive():
            self._stop_by = time.monotonic() + timeout_seconds
            self._rouse()
            self._thread.join(timeout_seconds + 2 * LINGER_SECONDS)

    def send(self, envelope: Envelope) -> None:
        """Send a message to another node; raises EncodeError, a TypeError, when it cannot travel."""
        type_name, payload = encode(envelope.message)
        if len(payload) > self._limits.frame_bytes:
            raise EncodeError(f"{type_name}: {len(payload)} bytes exceed {self._limits.frame_bytes}")
        way = (envelope.sender, envelope.to, type_name)
        route = self._routes.get(way) or self._new_route(way)
        self._outgoing.append(Outgoing(envelope, route, payload))
        if self._asleep:
            self._rouse()
        elif self._ended:
            self._host.dropped(self._outgoing.pop().envelope, _STOPPING)

    def connect(self, address: Address) -> None:
        """Make sure that there is a pair with the node there, or that `broken` is called."""
        self._wanted.append(address)
        if self._asleep:
            self._rouse()

    def peers(self) -> tuple[PeerStatus, ...]:
        """A snapshot of all peers, by address."""
        board = self._started.result()
        return tuple(sorted((peer.status() for peer in board.peers), key=lambda status: status.address))

    def counts(self) -> Counter[str]:
        """What happened so far, by a fixed word each."""
        return Counter(self._started.result().counts)

    @property
    def epoch(self) -> int:
        """The newest leader's epoch that this node knows; it goes with every message."""
        return self._started.result().epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        if not 0 <= epoch < 2**63:
            raise ValueError(f"epoch {epoch}: must be from 0 to 2^63-1")
        self._started.result().epoch = epoch

    def _new_route(self, way: tuple[Pid, Pid, str]) -> bytes:
        if len(self._routes) >= _KNOWN_ROUTES:
            self._routes.clear()
        route = self._routes[way] = frame.route(*way)
        return route

    def _rouse(self) -> None:
        self._asleep = False
        os.eventfd_write(self._wake, 1)

    def _want_grant(self, peer: Peer) -> None:
        self._grants.append(peer)
        if self._asleep:
            self._rouse()

    # For the router's own thread.

    def _run(self) -> None:
        sockets = None
        try:
            try:
                sockets = open_sockets(self._bind, self._secret, self._limits, self._wake)
                board = self._make_board(sockets)
            except OSError as error:
                self._started.set_exception(error)
                return
            self._started.set_result(board)
            self._loop(sockets, board)
            self._end(board)
        finally:
            self._ended = True
            if not self._started.done():  # a bug; whoever waits for the start must not wait for ever
                self._started.set_exception(OSError(f"cannot listen on {self._bind}: see the log"))
            if sockets is not None:
                sockets.end()
            if self._stop_by is None and self._started.exception() is None:
                self._failed()

    def _end(self, board: Switchboard) -> None:
        self._ended = True
        board.farewell(_STOPPING)
        while self._outgoing:
            self._host.dropped(self._outgoing.popleft().envelope, _STOPPING)

    def _make_board(self, sockets: Sockets) -> Switchboard:
        return Switchboard(
            Address(self._advertise_host, sockets.port),
            self._incarnation,
            wire=sockets,
            host=self._host,
            limits=self._limits,
            rng=random.Random(),  # noqa: S311  spreads dials and tells sessions apart; no secret
            wants_grant=self._want_grant,
        )

    def _loop(self, sockets: Sockets, board: Switchboard) -> None:
        clock, now, next_tick, retry_seconds = time.monotonic(), 0.0, 0.0, 0.0
        while self._stop_by is None or (clock < self._stop_by and self._busy(board)):
            self._asleep = True
            pause_seconds = min(retry_seconds or _TICK_SECONDS, next_tick - now)
            if self._outgoing or self._wanted or self._grants:
                self._asleep = False
                pause_seconds = 0.0
            sockets.poll(pause_seconds)
            self._asleep = False
            before, clock = clock, time.monotonic()
            now += min(clock - before, _PATIENCE_SECONDS)
            sockets.receive(board, now)
            self._hand_over(board, now)
            room = board.pump(now)
            retry_seconds = min(max(2 * retry_seconds, _RETRY_SECONDS), _RETRY_MAX_SECONDS)
            if room and self._stop_by is None:
                retry_seconds = 0.0
            if now >= next_tick:
                next_tick = now + _TICK_SECONDS
                board.tick(now)
                sockets.tick(board, now)

    def _hand_over(self, board: Switchboard, now: float) -> None:
        """Pass on what other threads left here so far."""
        if self._outgoing:
            for _ in range(len(self._outgoing)):
                board.submit(self._outgoing.popleft(), now)
        if self._grants or self._wanted:
            for _ in range(len(self._grants)):
                board.grant(self._grants.popleft(), now)
            for _ in range(len(self._wanted)):
                board.connect(self._wanted.popleft(), now)

    def _busy(self, board: Switchboard) -> bool:
        return bool(self._outgoing) or any(peer.waiting and peer.links for peer in board.peers)


class _Host:
    """Passes on what the switchboard reports, and logs it."""

    def __init__(
        self,
        receive: Callable[[Envelope], None],
        broken: Callable[[Address, str], None],
        dropped: Callable[[Envelope, str], None],
        log: Callable[..., object],
    ) -> None:
        self.receive = receive
        self.dropped = dropped
        self._broken = broken
        self._log = log
        self._minute = -60.0
        self._lines = 0
        #: Why peers are lost, as logged: one that is down is called for as long as somebody wants it.
        self._lost: dict[Address, str] = {}

    def opened(self, address: Address) -> None:
        self._lost.pop(address, None)
        self._note("peer connected", peer=str(address))

    def broken(self, address: Address, reason: str) -> None:
        if self._lost.get(address) != reason:
            if len(self._lost) >= _MOST_LOST:
                self._lost.clear()
            self._lost[address] = reason
            self._note("peer lost", peer=str(address), reason=reason)
        self._broken(address, reason)

    def refused(self, reason: str) -> None:
        self._note("connection refused", reason=reason)

    def _note(self, event: str, **values: str) -> None:
        """Log a line, unless so many came of late that somebody may want to fill the disk with them."""
        now = time.monotonic()
        if now - self._minute >= 60.0:
            self._minute, self._lines = now, 0
        self._lines += 1
        if self._lines > _MAX_LINES_PER_MINUTE:
            return
        if self._lines == _MAX_LINES_PER_MINUTE:
            event, values = "too much to log, the rest of this minute is left out", {}
        with contextlib.suppress(OSError, ValueError):  # the log's file is full or closed: go on without
            self._log(event, **values)


def _log_info(event: str, **values: str) -> None:
    import structlog  # noqa: PLC0415  commands that log otherwise start a tenth of a second sooner

    structlog.get_logger("router").info(event, **values)

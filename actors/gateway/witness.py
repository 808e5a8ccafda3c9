"""Tells of each HTTP request: one line in the log, and the first span of its trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import msgspec

from actors.system import Log
from actors.trace.record import hexadecimal
from actors.trace.tracer import OUTER_CAUSE, Tracer
from transport.envelope import Envelope
from transport.pid import Address, Pid

#: Stands in traces for whoever sends requests from an address.
CLIENT: Final = "client"
#: Of a request's target that is told.
_TARGET_LENGTH: Final = 200
_READS: Final = ("GET", "HEAD")
_FAILURE: Final = 500
#: What the types of calls that only read begin with.
_READING: Final = ("GET_", "LIST_", "READ_")


class HttpRequest(msgspec.Struct, frozen=True):
    """The first message of a trace: a client's request, whose handling is the gateway's turn."""

    method: str
    target: str


class Seen(NamedTuple):
    """A request that is being handled."""

    method: str
    target: str
    client: Address
    #: Monotonic seconds.
    began: float
    #: None while tracing is off.
    cause: Envelope | None


class RequestWitness:
    """Sees the requests of one server: see `transport.http.witness.Witness`.

    What handlers send while a request is theirs is caused by it.
    """

    def __init__(self, gateway: Pid, log: Log, now: Callable[[], float], tracer: Tracer | None) -> None:
        self._gateway = gateway
        self._log = log
        self._now = now
        self._tracer = tracer

    def began(self, method: str, target: str, client: Address) -> Seen:
        """Begin its trace."""
        cause = None
        if self._tracer is not None:
            message = HttpRequest(method, target[:_TARGET_LENGTH])
            cause = self._tracer.envelope(Pid(CLIENT, *client), self._gateway, message, None)
            OUTER_CAUSE.set(cause)
        return Seen(method, target, client, self._now(), cause)

    def ended(self, seen: object, status: int, notes: Mapping[str, str], *, quiet: bool) -> None:
        """Note its span, and log it."""
        assert isinstance(seen, Seen)
        now, traced = self._now(), {}
        if self._tracer is not None and seen.cause is not None:
            self._tracer.handled(seen.cause, seen.began, now)
            traced = {"trace": hexadecimal(seen.cause.trace)}
        self._line(seen, status, notes, quiet=quiet)(
            "http request",
            method=seen.method,
            target=seen.target[:_TARGET_LENGTH],
            **notes,
            status=status,
            milliseconds=round((now - seen.began) * 1000, 3),
            client=seen.client,
            **traced,
        )

    def _line(self, seen: Seen, status: int, notes: Mapping[str, str], *, quiet: bool) -> Callable[..., None]:
        """Where a request is logged: what changes something is worth more than what is one of many."""
        if status == _FAILURE:
            return self._log.warning
        reads = seen.method in _READS or notes.get("type", "").startswith(_READING)
        return self._log.debug if reads or quiet or status >= 300 else self._log.info

"""Responses that go on: each is written by an actor of its own, on the server's thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from actors.gateway.front import Front
from actors.process import Process
from actors.system import StoppingError
from transport.http.exchange import Outlet, PacedOutlet, Streaming


class StreamActor(Process):
    """Writes the body of one response."""

    def close(self, reason: str) -> None:
        """End it, also because the client is gone."""
        raise NotImplementedError


S = TypeVar("S", bound=StreamActor)


def streamed_by(
    front: Front,
    name: str,
    make: Callable[[PacedOutlet], S],
    content_type: str,
    *,
    headers: Mapping[str, str] | None = None,
    begun: Callable[[S], None] = lambda _stream: None,
) -> Streaming:
    """A response that the actor writes which `make` gives; `begun` is called as soon as that runs.

    On a node that stops there is no such actor, and the response ends at once.
    """
    opened: list[S] = []

    def begin(outlet: Outlet) -> None:
        assert isinstance(outlet, PacedOutlet)
        stream = make(outlet)
        try:
            front.spawn(lambda: stream, name)
        except StoppingError:
            outlet.end()
        else:
            opened.append(stream)
            begun(stream)

    def ended(reason: str) -> None:
        for stream in opened:
            stream.close(reason)

    return Streaming(content_type=content_type, headers=headers or {}, begin=begin, ended=ended)

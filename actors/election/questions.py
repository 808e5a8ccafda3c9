"""What an actor has asked ZooKeeper: each with what is to happen when it is answered, or fails."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from transport.message import Message
from transport.messages.zookeeper import Failure

#: Makes a request that bears this id.
Make = Callable[[int], Message]
Answered = Callable[[Any], None]
Failed = Callable[[Failure, str], None]


class Questions:
    """Those that are under way. What is forgotten is not heard of any more, whatever became of it."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._ids = itertools.count(1)
        self._waiting: dict[int, tuple[Answered, Failed]] = {}

    def ask(self, make: Make, answered: Answered, failed: Failed) -> None:
        """Send a request."""
        request_id = next(self._ids)
        self._waiting[request_id] = answered, failed
        self._send(make(request_id))

    def answer(self, request_id: int, message: object) -> None:
        """One is answered."""
        waiting = self._waiting.pop(request_id, None)
        if waiting is not None:
            waiting[0](message)

    def fail(self, request_id: int, failure: Failure, reason: str) -> None:
        """One failed."""
        waiting = self._waiting.pop(request_id, None)
        if waiting is not None:
            waiting[1](failure, reason)

    def forget(self) -> None:
        """Wait for none of them any more."""
        self._waiting.clear()

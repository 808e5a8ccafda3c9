"""What was asked of a session and is not answered yet."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator

import msgspec

from transport.messages.zookeeper import MakePath
from transport.pid import Pid
from transport.session import Request


class Asked(msgspec.Struct, frozen=True):
    """A request, and whose it is: None is the session itself. `sent_at` is monotonic; 0 before that."""

    request: Request
    asker: Pid | None
    sent_at: float = 0.0


class Requests:
    """Requests in their order; what follows the making of a path waits for it, for it may be made there."""

    def __init__(self) -> None:
        self._waiting: deque[Asked] = deque()
        #: Oldest first.
        self._sent: dict[int, Asked] = {}
        self._numbers = itertools.count(1)
        self._making: int | None = None

    def add(self, asker: Pid | None, request: Request) -> None:
        """Take one; `to_send` says when it is its turn."""
        self._waiting.append(Asked(request, asker))

    def to_send(self, now: float) -> Iterator[tuple[int, Request]]:
        """Those whose turn has come, each with the number by which its answer is to be known."""
        while self._waiting and self._making is None:
            asked = self._waiting.popleft()
            number = next(self._numbers)
            self._sent[number] = msgspec.structs.replace(asked, sent_at=now)
            if isinstance(asked.request, MakePath):
                self._making = number
            yield number, asked.request

    def answered(self, number: int) -> Asked | None:
        """What this is the answer of; None where it is too late, or came already."""
        if number == self._making:
            self._making = None
        return self._sent.pop(number, None)

    def give_up(self) -> tuple[Asked, ...]:
        """All of them, in order; their answers come too late from now on."""
        asked = (*self._sent.values(), *self._waiting)
        self._sent.clear()
        self._waiting.clear()
        self._making = None
        return asked

    def oldest_sent_at(self) -> float | None:
        """Since when the session waits for an answer, if it does."""
        return next((asked.sent_at for asked in self._sent.values()), None)

"""What kazoo is given in place of its own queue, sockets and log; none of them knows kazoo."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Sequence


class HeadSocket(socket.socket):
    """Remembers the beginning of what it received: ZooKeeper's answer to who asks for a session."""

    head = b""

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Receive as ever."""
        data = super().recv(size, flags)
        if len(self.head) < 12:
            self.head += data
        return data


class TurnQueue(queue.Queue[Callable[[], None]]):
    """What is added by one who was taken from it comes next: some answers of kazoo go round twice."""

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self._taker = 0

    def _put(self, item: Callable[[], None]) -> None:
        if threading.get_ident() == self._taker:
            self.queue.appendleft(item)
        else:
            self.queue.append(item)

    def _get(self) -> Callable[[], None]:
        self._taker = threading.get_ident()
        item: Callable[[], None] = self.queue.popleft()
        return item


class WarningLog:
    """What kazoo takes for a logger."""

    def __init__(self, note: Callable[[str], None], heed: Callable[[str], None]) -> None:
        self._note = note
        self._heed = heed

    def log(self, level: int, message: str, *values: object) -> None:
        """Forget what is below kazoo's `debug`."""

    def debug(self, message: str, *values: object) -> None:
        """Forget every request and answer: the trace has them."""

    def info(self, message: str, *values: object) -> None:
        """Note it."""
        self._note(_text(message, values))

    def warning(self, message: str, *values: object) -> None:
        """Heed what stands in the way of a connection."""
        text = _text(message, values)
        self._note(text)
        if not text.startswith(("Transition", "Session has", "AUTH_FAILED")):
            for beginning in ("Connection dropped: ", "socket connection error: "):
                text = text.removeprefix(beginning)
            self._heed(text)

    warn = warning
    error = exception = info


def _text(message: str, values: Sequence[object]) -> str:
    return message % tuple(values) if values else message

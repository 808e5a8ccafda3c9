"""Moves what all containers write to their sandboxes, on one thread."""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections import deque
from collections.abc import Callable

from containerizers.docker.inotify import Inotify
from containerizers.docker.transcript import Transcript

#: Where the kernel does not tell of what was written, it is looked for so often.
_PAUSE_SECONDS = 0.5


class _Followed:
    """A transcript, and whether it is at its end."""

    __slots__ = ("done", "number", "transcript")

    def __init__(self, transcript: Transcript, number: int | None) -> None:
        self.transcript = transcript
        #: By which the kernel tells of it; None when it does not.
        self.number = number
        #: Told when all is moved, once the container has ended.
        self.done: Callable[[], None] | None = None


class Logs:
    """Follows journals; may be called by any thread. `broken` is told should its thread end by a bug."""

    def __init__(self, broken: Callable[[str], None]) -> None:
        self._broken = broken
        self._followed: dict[str, _Followed] = {}
        self._by_number: dict[int, str] = {}
        #: Those of which something may be there to be moved.
        self._dirty: dict[str, None] = {}
        self._wishes: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._closed = False
        self._inotify = Inotify()
        self._epoll = select.epoll()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        for descriptor in (self._wake, self._inotify.descriptor):
            self._epoll.register(descriptor, select.EPOLLIN)
        self._thread = threading.Thread(target=self._run, name="docker logs", daemon=True)
        self._thread.start()

    def follow(self, container_id: str, transcript: Transcript) -> None:
        """Move what comes."""
        self._wish(lambda: self._follow(container_id, transcript))

    def finish(self, container_id: str, done: Callable[[], None]) -> None:
        """Move the rest, and tell, on the thread of the logs; at once when it is not followed."""
        self._wish(lambda: self._finish(container_id, done))

    def close(self) -> None:
        """Move no more; where it was left is kept."""
        self._wish(self._close)
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _wish(self, act: Callable[[], None]) -> None:
        with self._lock:
            if not self._closed:
                self._wishes.append(act)
                os.eventfd_write(self._wake, 1)

    # On its own thread.

    def _run(self) -> None:
        try:
            while not self._closed:
                self._wait()
                while self._wishes and not self._closed:
                    self._wishes.popleft()()
                self._move()
        finally:
            if not self._closed:
                self._broken("the thread of the logs has ended")

    def _wait(self) -> None:
        blind = len(self._by_number) < len(self._followed)
        pause = 0 if self._dirty else _PAUSE_SECONDS if blind else None
        found = self._epoll.poll(pause)
        for descriptor, _ in found:
            if descriptor == self._wake:
                os.eventfd_read(self._wake)
            else:
                numbers = self._inotify.read()
                for container_id in self._followed if numbers is None else self._told_by(numbers):
                    self._dirty[container_id] = None
        if blind and not found:
            for container_id, followed in self._followed.items():
                if followed.number is None:
                    self._dirty[container_id] = None

    def _told_by(self, numbers: set[int]) -> list[str]:
        return [self._by_number[number] for number in sorted(numbers) if number in self._by_number]

    def _move(self) -> None:
        """A piece of each that has one, so that one that writes a lot holds up nobody else."""
        for container_id in tuple(self._dirty):
            followed = self._followed.get(container_id)
            if followed is None or not _moved(followed.transcript):
                del self._dirty[container_id]
                if followed is not None and followed.done is not None:
                    self._forget(container_id)
                    followed.done()

    def _follow(self, container_id: str, transcript: Transcript) -> None:
        number = None
        with contextlib.suppress(OSError):
            number = self._inotify.add(transcript.folder)
            self._by_number[number] = container_id
        self._followed[container_id] = _Followed(transcript, number)
        self._dirty[container_id] = None

    def _finish(self, container_id: str, done: Callable[[], None]) -> None:
        followed = self._followed.get(container_id)
        if followed is None:
            done()
        else:
            followed.done = done
            self._dirty[container_id] = None

    def _forget(self, container_id: str) -> None:
        followed = self._followed.pop(container_id)
        if followed.number is not None and self._by_number.pop(followed.number, None) is not None:
            self._inotify.remove(followed.number)
        followed.transcript.close()

    def _close(self) -> None:
        for container_id in tuple(self._followed):
            self._forget(container_id)
        with self._lock:
            self._closed = True
            self._epoll.close()
            self._inotify.close()
            os.close(self._wake)


def _moved(transcript: Transcript) -> bool:
    """Whether there was something; of a disk that cannot be read nothing comes."""
    try:
        return transcript.move()
    except OSError:
        return False

"""What a fetch may still take: bytes, and time in which nothing comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable

from containerizers.fetcher.failure import FetchError


class Budget:
    """Counts what is written; `tick` is called whenever there is progress."""

    def __init__(self, most_bytes: int, tick: Callable[[], None] = lambda: None) -> None:
        self._most_bytes = most_bytes
        self.left_bytes = most_bytes
        self.tick = tick

    def spend(self, count: int) -> None:
        """Take so many bytes; raises FetchError when they are not there."""
        self.left_bytes -= count
        if self.left_bytes < 0:
            raise FetchError(f"it is larger than {self._most_bytes} bytes in all")
        self.tick()


class Allowance:
    """What one archive may become: so many bytes, each so often, and so many files."""

    def __init__(self, budget: Budget, most_bytes: int, most_files: int) -> None:
        self._budget = budget
        self._most_bytes = most_bytes
        self._left_bytes = most_bytes
        self._most_files = most_files
        self._files = 0

    def unpack(self, count: int) -> None:
        """Take so many unpacked bytes."""
        self._left_bytes -= count
        if self._left_bytes < 0:
            raise FetchError(f"it unpacks to more than {self._most_bytes} bytes, too many for its own size")
        self._budget.tick()

    def write(self, count: int) -> None:
        """Take so many bytes of a file."""
        self._budget.spend(count)

    def add(self) -> None:
        """Take one file or folder."""
        self._files += 1
        if self._files > self._most_files:
            raise FetchError(f"it has more than {self._most_files} files")


class Pace:
    """Demands a byte a second of a server, over periods of `stall_seconds`."""

    def __init__(self, stall_seconds: float) -> None:
        self._stall_seconds = stall_seconds
        self.restart()

    def restart(self) -> None:
        """Begin a period."""
        self._ends = time.monotonic() + self._stall_seconds
        self._missing = max(1, int(self._stall_seconds))

    def advance(self, count: int) -> None:
        """So many bytes came."""
        self._missing -= count
        if self._missing <= 0:
            self.restart()

    def rest(self) -> float:
        """How long to wait for more, in seconds; raises FetchError when that is over."""
        rest = self._ends - time.monotonic()
        if rest <= 0:
            raise FetchError(f"the server sends nothing, or next to nothing, for {self._stall_seconds:g} s")
        return rest

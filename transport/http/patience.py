"""How long a handler may take."""

from __future__ import annotations

import asyncio
import math


class Patience:
    """Watches over the handler of one connection's present request.

    Whoever holds many of them calls `check` now and then, which costs a request less than a timer of its own.
    """

    def __init__(self) -> None:
        self._until = math.inf
        self._task: asyncio.Task[object] | None = None
        #: Whether the handler was cancelled because its time was over.
        self.is_over = False
        #: Whether it ends with its client.
        self.ends_with_client = False
        #: The client sends no more: what it waits for is finished, but it is not waited for.
        self.is_deserted = False

    def begin(self, until: float) -> None:
        """The task that runs has time until then."""
        self._until = until
        self._task = asyncio.current_task()

    def relax(self) -> None:
        """The handler has as long as its client waits."""
        self._until = math.inf
        self.ends_with_client = True
        if self.is_deserted:
            self.lose()

    def end(self) -> None:
        """The handler has answered."""
        self._until = math.inf
        self.ends_with_client = False
        if self.is_over and self._task is not None:
            self.is_over = False
            self._task.uncancel()
        self._task = None

    def check(self, now: float) -> None:
        """Cancel the handler if its time is over."""
        if now >= self._until:
            self.lose()

    def lose(self) -> None:
        """Cancel the handler, whose client is told to try again."""
        if self._task is not None and not self.is_over:
            self.is_over = True
            self._task.cancel()

    def leave(self) -> None:
        """The client is gone."""
        if self.ends_with_client and self._task is not None:
            self._task.cancel()

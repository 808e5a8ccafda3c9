"""Processes that fetch, a few at a time, and what waits for its turn."""

from __future__ import annotations

import os
import selectors
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Protocol

from containerizers.fetcher.child import Child
from containerizers.fetcher.settings import FetchSettings


class Work(Protocol):
    """What one process does; every method is called on the thread of `Workers`."""

    #: The folder that it writes to, in which there is but one at a time.
    place: str

    def job(self) -> tuple[Mapping[str, object], list[int]]:
        """What to do, and the descriptors that it needs, which are closed then; raises OSError."""
        ...

    def sized(self, size: int) -> bool:
        """Whether there is room in the cache for a file of that size."""
        ...

    def over(self, kind: str, text: str) -> None:
        """It has ended, as `Child.reap` says, or (`unstarted`) could not begin; not called once dropped."""
        ...

    def gone(self) -> None:
        """Nothing of it runs any more, though it was dropped."""
        ...


class Workers:
    """Starts work in the order in which it comes, but for what waits for another one's folder.

    Not to be used by several threads. `selector` is waited on by its owner, who calls what comes with each
    key, then `start`, and waits no longer than `pause` says.
    """

    def __init__(self, settings: FetchSettings, selector: selectors.BaseSelector) -> None:
        self._settings = settings
        self._selector = selector
        self._waiting: deque[Work] = deque()
        self._running: dict[Work, Child] = {}
        self._dropped: dict[Work, None] = {}

    def add(self, work: Work) -> None:
        """Do this when there is room for it."""
        self._waiting.append(work)

    def drop(self, work: Work) -> None:
        """Do it no more."""
        child = self._running.get(work)
        if child is None:
            self._waiting.remove(work)
            work.gone()
        else:
            self._dropped[work] = None
            child.kill("nobody wants it any more")

    def pause(self) -> float | None:
        """When there is something to do that nobody tells, in seconds."""
        now, settings = time.monotonic(), self._settings
        times = [child.began + settings.limit_seconds for child in self._running.values()]
        if self._waiting:
            times += [child.began + settings.slow_after_seconds for child in self._running.values()]
        return min((when - now for when in times if when > now), default=None)

    def start(self) -> None:
        """Begin what there is room for, and end what takes too long."""
        now, settings = time.monotonic(), self._settings
        slow = 0
        for child in self._running.values():
            slow += child.began + settings.slow_after_seconds <= now
            if child.began + settings.limit_seconds <= now:
                child.kill(f"it takes longer than {settings.limit_seconds:g} s")
        most = settings.parallel + min(slow, settings.parallel_slow)
        while len(self._running) < most and (work := self._next()) is not None:
            self._begin(work)

    def end(self) -> None:
        """Kill everything, and tell nobody."""
        for child in self._running.values():
            child.kill("the fetcher ends")
        for child in self._running.values():
            child.reap()

    def _next(self) -> Work | None:
        places = {work.place for work in self._running}
        work = next((work for work in self._waiting if work.place not in places), None)
        if work is not None:
            self._waiting.remove(work)
        return work

    def _begin(self, work: Work) -> None:
        try:
            job, descriptors = work.job()
            try:
                child = Child(job, descriptors)
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)
        except OSError as error:
            work.over("unstarted", error.strerror or str(error))
            return
        self._running[work] = child
        self._selector.register(child.channel, selectors.EVENT_READ, self._hearing(work, child))
        self._selector.register(child.descriptor, selectors.EVENT_READ, lambda: self._ended(work, child))

    def _hearing(self, work: Work, child: Child) -> Callable[[], None]:
        def hear() -> None:
            # It may have ended in the same moment.
            if work not in self._running:
                return
            size = child.hear()
            if size is not None and work not in self._dropped:
                child.answer(granted=work.sized(size))
            if not child.speaks:
                self._selector.unregister(child.channel)

        return hear

    def _ended(self, work: Work, child: Child) -> None:
        if child.speaks:
            self._selector.unregister(child.channel)
        self._selector.unregister(child.descriptor)
        del self._running[work]
        kind, text = child.reap()
        if work in self._dropped:
            del self._dropped[work]
            work.gone()
        else:
            work.over(kind, text)

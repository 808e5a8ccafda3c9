"""The actor `fetcher` of an executor node: fills the folders of containers before they are started.

It keeps nothing that must survive: should it crash, who asked learns that by their links, and asks again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

import msgspec

from actors.process import Process, handles
from actors.system import Timer
from containerizers.fetcher.order import Order
from containerizers.fetcher.settings import FetchStatistics
from transport.decoders import convert
from transport.messages.fetching import (
    FetcherMeasured,
    FetchFiles,
    FilesFetched,
    MeasureFetcher,
    StopFetching,
)
from transport.pid import Pid

#: Its name.
FETCHER: Final = "fetcher"

#: Takes why a fetch failed, "" if it did not.
Done: TypeAlias = Callable[[str], None]
#: Ends a fetch; it may have ended just then.
Stop: TypeAlias = Callable[[], None]


class Fetches(Protocol):
    """What fetches files, and calls `done` once for each order, by any thread; never blocks."""

    @property
    def statistics(self) -> FetchStatistics:
        """How much was fetched, and is kept."""
        ...

    def fetch(self, order: Order, done: Done) -> Stop:
        """Work on an order, as soon as there is room for it."""
        ...

    def clear(self) -> None:
        """Stop working on all orders."""
        ...

    def close(self) -> None:
        """End everything, and tell nobody."""
        ...


Delay: TypeAlias = Callable[[float, Callable[[], None]], object]
#: Gives what does the work: for each incarnation of the actor anew, or always the same.
Make: TypeAlias = Callable[[Delay], Fetches]


class _Over(msgspec.Struct, frozen=True):
    """A fetch is over: a turn of this actor."""

    number: int
    error: str


class _Fetch:
    """One that is under way."""

    __slots__ = ("asker", "container_id", "stop")

    def __init__(self, container_id: str, asker: Pid) -> None:
        self.container_id = container_id
        self.asker = asker
        self.stop: Stop = lambda: None


class Fetcher(Process):
    """Glue between actors and the `Fetches` that `make` gives; answers as `fetching` says."""

    def __init__(self, make: Make) -> None:
        self._make = make

    def initialize(self) -> None:
        """Nobody has asked yet; who asked a fetcher before this one asks again."""
        self._number = 0
        self._fetches = self._make(self._later)
        self._fetches.clear()
        #: By container, and by number.
        self._under_way: dict[str, int] = {}
        self._numbered: dict[int, _Fetch] = {}
        self._asked: dict[Pid, dict[str, None]] = {}

    def finalize(self) -> None:
        """End all fetches."""
        self._fetches.close()

    def check_invariants(self) -> None:
        """The tables agree with each other."""
        named = {container_id: self._numbered[number] for container_id, number in self._under_way.items()}
        assert len(named) == len(self._numbered)
        assert all(container_id == fetch.container_id for container_id, fetch in named.items())
        asked = {container_id: asker for asker, ids in self._asked.items() for container_id in ids}
        assert asked == {container_id: fetch.asker for container_id, fetch in named.items()}

    @handles(FetchFiles)
    def _on_fetch(self, sender: Pid, message: FetchFiles) -> None:
        container_id = message.container_id
        present = self._under_way.get(container_id)
        if present is not None:
            if self._numbered[present].asker == sender:
                return
            # Whoever asked before is gone, or knows better by now.
            self._end(present)
        self._number += 1
        number, cause = self._number, self._cause
        fetch = _Fetch(container_id, sender)
        self._under_way[container_id] = number
        self._numbered[number] = fetch
        if sender not in self._asked:
            self.link(sender)
        self._asked.setdefault(sender, {})[container_id] = None
        self.log.info("files fetched for a container", container_id=container_id, files=len(message.files))
        self.system.fault("fetch.begin")

        def done(error: str) -> None:
            # Called on whatever thread; only the system may be touched there.
            self.system.send(self.pid, self.pid, _Over(number, error), cause)

        fetch.stop = self._fetches.fetch(convert(message, Order, from_attributes=True), done)

    @handles(StopFetching)
    def _on_stop(self, sender: Pid, message: StopFetching) -> None:
        number = self._under_way.get(message.container_id)
        if number is not None:
            self.log.info("fetch stopped", container_id=message.container_id)
            self._end(number)

    @handles(MeasureFetcher)
    def _on_measure(self, sender: Pid, message: MeasureFetcher) -> None:
        self.send(sender, convert(self._fetches.statistics, FetcherMeasured, from_attributes=True))

    @handles(_Over)
    def _on_over(self, sender: Pid, message: _Over) -> None:
        fetch = self._numbered.get(message.number)
        if fetch is None:
            return
        self.system.fault("fetch.done")
        self._forget(message.number)
        self.log.info("fetch over", container_id=fetch.container_id, reason=message.error)
        self.send(fetch.asker, FilesFetched(fetch.container_id, message.error))

    def exited(self, pid: Pid) -> None:
        """Nobody waits any more for what this one asked for."""
        for container_id in tuple(self._asked.get(pid, ())):
            self._end(self._under_way[container_id])

    def _end(self, number: int) -> None:
        self._numbered[number].stop()
        self._forget(number)

    def _forget(self, number: int) -> None:
        fetch = self._numbered.pop(number)
        del self._under_way[fetch.container_id]
        asked = self._asked[fetch.asker]
        del asked[fetch.container_id]
        if not asked:
            del self._asked[fetch.asker]
            self.unlink(fetch.asker)

    def _later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        return self.delay(seconds, callback)

"""Orders, the cache and the processes that fetch: who waits for what, and what follows when it is there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec

from containerizers.fetcher.cache import Cache, Entry, Key
from containerizers.fetcher.order import Order
from containerizers.fetcher.plan import Step, plan
from containerizers.fetcher.settings import FetchSettings, FetchStatistics
from containerizers.fetcher.store import Store
from containerizers.fetcher.workers import Workers

#: Takes why an order failed, "" if it did not.
Done: TypeAlias = Callable[[str], None]


class Wish:
    """An order that is worked on, and what it needs of the cache; a `Work`."""

    def __init__(self, desk: Desk, order: Order, done: Done) -> None:
        self._desk = desk
        self.place = order.directory
        self.order = order
        self.done = done
        self.steps: list[Step] = []
        #: By the number of a step.
        self.entries: dict[int, Entry] = {}
        #: Of those entries, the ones that are under way.
        self.missing: dict[Key, None] = {}

    def job(self) -> tuple[Mapping[str, object], list[int]]:
        """See `Work`."""
        copies = self._desk.copies(self)
        order = self.order
        return self._desk.job(
            order.user, self.steps, directory=order.directory, log=order.log, errors=order.errors
        ), copies

    def sized(self, size: int) -> bool:
        """See `Work`: it never asks."""
        return False

    def over(self, kind: str, text: str) -> None:
        """See `Work`."""
        if kind == "unstarted":
            text = f"no process can be started that fetches: {text}"
        self._desk.finish(self, "" if kind == "done" else text or kind)

    def gone(self) -> None:
        """See `Work`."""
        self._desk.let_go(self)


class Download:
    """A file on its way into the cache, which orders wait for; a `Work`."""

    def __init__(self, desk: Desk, entry: Entry, step: Step, user: str | None) -> None:
        self._desk = desk
        self.place = f"cache/{entry.name}"
        self.entry = entry
        self.step = step
        self.user = user
        self.waiting: dict[Wish, None] = {}

    def job(self) -> tuple[Mapping[str, object], list[int]]:
        """See `Work`."""
        file = self._desk.store.create(self.entry.name)
        return self._desk.job(self.user, [self.step], into=file), [file]

    def sized(self, size: int) -> bool:
        """See `Work`."""
        return self._desk.reserve(self.entry, size)

    def over(self, kind: str, text: str) -> None:
        """See `Work`."""
        if kind == "unstarted":
            kind, text = "unfit", f"the cache: {text}"
        self._desk.downloaded(self, kind, text)

    def gone(self) -> None:
        """See `Work`."""
        self._desk.forget(self.entry)


class Desk:
    """Where orders, the cache and the processes meet; all on one thread."""

    def __init__(self, settings: FetchSettings, workers: Workers, fault: Callable[[str], None]) -> None:
        self._settings = settings
        self._workers = workers
        self._fault = fault
        self._cache = Cache(settings.cache_bytes)
        self._store, self._no_store = _store(settings)
        hidden = [os.path.realpath(path) for path in (*settings.hidden, settings.cache_dir)]
        self._limits = msgspec.structs.asdict(settings) | {"hidden": hidden}
        self._wishes: dict[Wish, None] = {}
        self._downloads: dict[Key, Download] = {}
        self._succeeded = 0
        self._failed = 0

    @property
    def statistics(self) -> FetchStatistics:
        """How much was fetched, and is kept."""
        return FetchStatistics(
            cache_total_bytes=self._cache.limit_bytes,
            cache_used_bytes=self._cache.used_bytes,
            succeeded=self._succeeded,
            failed=self._failed,
        )

    @property
    def store(self) -> Store:
        """Where files of the cache are; there is one if anything is to be cached."""
        assert self._store is not None
        return self._store

    # Orders.

    def admit(self, wish: Wish) -> None:
        """Begin with an order."""
        self._wishes[wish] = None
        wish.steps = [plan(wanted, self._settings.frameworks_home) for wanted in wish.order.files]
        for number, wanted in enumerate(wish.order.files):
            if wanted.cache and wish.steps[number].error is None:
                self._ask_cache(wish, number, (wish.order.user, wanted.uri.lstrip()))
        if not wish.missing:
            self._workers.add(wish)

    def stop(self, wish: Wish) -> None:
        """Go on with an order no more, if it is not over yet."""
        if wish not in self._wishes:
            return
        del self._wishes[wish]
        if not wish.missing:
            self._workers.drop(wish)
            return
        for key in wish.missing:
            download = self._downloads[key]
            del download.waiting[wish]
            if not download.waiting:
                del self._downloads[key]
                # Who asks from now on has another one.
                self._cache.drop(download.entry)
                self._workers.drop(download)
        self.let_go(wish)

    def clear(self) -> None:
        """Stop all."""
        for wish in tuple(self._wishes):
            self.stop(wish)

    def fail(self, reason: str) -> None:
        """All orders fail."""
        for wish in self._wishes:
            wish.done(reason)

    def finish(self, wish: Wish, error: str) -> None:
        """An order is over."""
        self._fault("fetch.over")
        self.let_go(wish)
        del self._wishes[wish]
        if error:
            self._failed += 1
        else:
            self._succeeded += 1
        wish.done(error)

    def let_go(self, wish: Wish) -> None:
        """An order needs nothing of the cache any more."""
        for entry in wish.entries.values():
            self._cache.release(entry)
        wish.entries.clear()

    def copies(self, wish: Wish) -> list[int]:
        """Open what an order needs of the cache; what is not there any more is fetched anew."""
        copies: list[int] = []
        for number, entry in wish.entries.items():
            try:
                copies.append(self.store.open(entry.name, entry.size))
            except OSError as error:
                self.forget(entry)
                wish.steps[number] = _changed(wish.steps[number], note=f"the cache: {error}")
            else:
                wish.steps[number] = _changed(wish.steps[number], copy=copies[-1])
        return copies

    def job(self, user: str | None, steps: list[Step], **where: object) -> Mapping[str, object]:
        """What `program` reads."""
        self._fault("fetch.begun")
        nowhere: dict[str, object] = {"directory": None, "log": None, "errors": None, "into": None}
        told = [msgspec.structs.asdict(step) for step in steps]
        return {**nowhere, **where, "user": user, "steps": told, "limits": self._limits}

    # The cache.

    def _ask_cache(self, wish: Wish, number: int, key: Key) -> None:
        if self._store is None:
            wish.steps[number] = _changed(wish.steps[number], note=self._no_store)
            return
        entry = self._cache.find(key)
        if entry is None:
            entry = self._cache.add(key)
            self._downloads[key] = Download(self, entry, wish.steps[number], wish.order.user)
            self._workers.add(self._downloads[key])
        self._cache.hold(entry)
        wish.entries[number] = entry
        if not entry.is_complete:
            self._downloads[key].waiting[wish] = None
            wish.missing[key] = None

    def reserve(self, entry: Entry, size: int) -> bool:
        """Keep room for a file that is under way."""
        evicted = None if entry.size else self._cache.reserve(entry, size)
        for victim in evicted or ():
            self._remove(victim)
        self._fault("fetch.reserved")
        return evicted is not None

    def downloaded(self, download: Download, kind: str, text: str) -> None:
        """A file is in the cache, or will not be."""
        entry = download.entry
        if kind == "done":
            try:
                self.store.seal(entry.name, entry.size)
            except OSError as error:
                kind, text = "unfit", str(error)
        if kind != "done":
            self.forget(entry)
        del self._downloads[entry.key]
        entry.is_complete = kind == "done"
        self._fault("fetch.cached")
        for wish in download.waiting:
            self._continue(wish, entry, kind, text)

    def _continue(self, wish: Wish, entry: Entry, kind: str, text: str) -> None:
        """Go on with an order: something that it waited for is there, or is not."""
        del wish.missing[entry.key]
        if kind != "done":
            for number in [one for one, other in wish.entries.items() if other is entry]:
                self._cache.release(wish.entries.pop(number))
                said = {"note": text} if kind == "unfit" else {"error": text}
                wish.steps[number] = _changed(wish.steps[number], **said)
        if not wish.missing:
            self._workers.add(wish)

    def forget(self, entry: Entry) -> None:
        """A file is of no use, or not there."""
        self._cache.drop(entry)
        self._remove(entry)

    def _remove(self, entry: Entry) -> None:
        # Else it is of no use to anybody, and goes with the folder.
        with contextlib.suppress(OSError):
            self.store.remove(entry.name)

    def close(self) -> None:
        """Remove the cache."""
        if self._store is not None:
            self._store.close()


def _changed(step: Step, **values: object) -> Step:
    return msgspec.structs.replace(step, **values)


def _store(settings: FetchSettings) -> tuple[Store | None, str]:
    """Where the cache is kept; or why nowhere."""
    if settings.cache_bytes <= 0:
        return None, "the cache is turned off"
    try:
        return Store(settings.cache_dir), ""
    except OSError as error:
        return None, f"the cache: {error}"

"""Orders that are worked on: a process for each, a few at a time, and the cache between them."""

from __future__ import annotations

import os
import selectors
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec

from containerizers.fetcher.cache import Cache, Entry, Key
from containerizers.fetcher.child import Child
from containerizers.fetcher.order import Order
from containerizers.fetcher.plan import Step, plan
from containerizers.fetcher.settings import FetchSettings, FetchStatistics
from containerizers.fetcher.store import Store

#: Takes why an order failed, "" if it did not; called once, by whatever thread, unless it is stopped before.
Done: TypeAlias = Callable[[str], None]
Stop: TypeAlias = Callable[[], None]
_CLOSING_SECONDS = 10.0
_BROKEN = "the fetcher does not work any more"


def no_fault(point: str) -> None:
    """Nothing is armed."""


class _Wish:
    """An order that is worked on, and what it needs of the cache."""

    def __init__(self, order: Order, done: Done) -> None:
        self.order = order
        self.done = done
        self.steps: list[Step] = []
        #: By the number of a step.
        self.entries: dict[int, Entry] = {}
        #: Of those entries, the ones that are under way.
        self.missing: dict[Key, None] = {}
        self.is_stopped = False
        self.child: Child | None = None


class _Download:
    """A file on its way into the cache; who needs it waits."""

    def __init__(self, entry: Entry, step: Step, user: str | None) -> None:
        self.entry = entry
        self.step = step
        self.user = user
        self.waiting: dict[_Wish, None] = {}
        self.is_stopped = False
        self.file: int | None = None
        self.child: Child | None = None


class FetchPool:
    """Works on orders, with one thread; its methods may be called by any."""

    def __init__(self, settings: FetchSettings, fault: Callable[[str], None] = no_fault) -> None:
        self._settings = settings
        self._fault = fault
        self._hidden = tuple(os.path.realpath(path) for path in (*settings.hidden, settings.cache_dir))
        self._cache = Cache(settings.cache_bytes)
        self._store, self._no_store = _store(settings)
        self._succeeded = 0
        self._failed = 0
        self._commands: deque[Callable[[], None]] = deque()
        self._queue: deque[_Wish | _Download] = deque()
        self._downloads: dict[Key, _Download] = {}
        #: By the number of their process.
        self._running: dict[int, _Wish | _Download] = {}
        self._wishes: dict[_Wish, None] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._is_broken = False
        self._selector = selectors.DefaultSelector()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._selector.register(self._wake, selectors.EVENT_READ, lambda: os.eventfd_read(self._wake))
        self._thread = threading.Thread(target=self._run, name="fetches", daemon=True)
        self._thread.start()

    @property
    def statistics(self) -> FetchStatistics:
        """How much was fetched, and is kept."""
        return FetchStatistics(
            cache_total_bytes=self._cache.limit_bytes,
            cache_used_bytes=self._cache.used_bytes,
            succeeded=self._succeeded,
            failed=self._failed,
        )

    def fetch(self, order: Order, done: Done) -> Stop:
        """Work on an order; returns what ends that, with all its processes."""
        wish = _Wish(order, done)
        self._command(lambda: self._admit(wish))
        return lambda: self._command(lambda: self._stop(wish))

    def close(self) -> None:
        """End everything, and tell nobody."""
        self._closed = True
        with self._lock:
            if not self._is_broken:
                os.eventfd_write(self._wake, 1)
        self._thread.join(_CLOSING_SECONDS)

    # On the thread.

    def _run(self) -> None:
        try:
            while not self._closed:
                for key, _ in self._selector.select(self._pause()):
                    key.data()
                while self._commands:
                    self._commands.popleft()()
                self._start()
        finally:
            self._end()

    def _end(self) -> None:
        with self._lock:
            self._is_broken = True
            self._selector.close()
            os.close(self._wake)
        for work in tuple(self._running.values()):
            if work.child is not None:
                work.child.kill("the fetcher ends")
                work.child.reap()
        if self._store is not None:
            self._store.close()
        if not self._closed:
            while self._commands:
                self._commands.popleft()()
            for wish in self._wishes:
                wish.done(_BROKEN)

    def _command(self, command: Callable[[], None]) -> None:
        with self._lock:
            self._commands.append(command)
            if not self._is_broken:
                os.eventfd_write(self._wake, 1)

    def _admit(self, wish: _Wish) -> None:
        self._wishes[wish] = None
        wish.steps = [plan(wanted, self._settings.frameworks_home) for wanted in wish.order.files]
        for number, wanted in enumerate(wish.order.files):
            if wanted.cache and wish.steps[number].error is None:
                self._ask_cache(wish, number, (wish.order.user, wanted.uri.strip()))
        if not wish.missing:
            self._queue.append(wish)

    def _ask_cache(self, wish: _Wish, number: int, key: Key) -> None:
        if self._no_store:
            wish.steps[number] = msgspec.structs.replace(wish.steps[number], note=self._no_store)
            return
        entry = self._cache.find(key)
        if entry is None:
            entry = self._cache.add(key)
            self._downloads[key] = download = _Download(entry, wish.steps[number], wish.order.user)
            self._queue.append(download)
        self._cache.hold(entry)
        wish.entries[number] = entry
        if not entry.is_complete:
            self._downloads[key].waiting[wish] = None
            wish.missing[key] = None

    def _stop(self, wish: _Wish) -> None:
        if self._wishes.pop(wish, 0) == 0:
            return
        wish.is_stopped = True
        for key in wish.missing:
            download = self._downloads[key]
            del download.waiting[wish]
            if not download.waiting:
                self._give_up(download)
        if wish.child is not None:
            wish.child.kill("nobody wants it any more")
            return
        if not wish.missing:
            self._queue.remove(wish)
        self._let_go(wish)

    def _give_up(self, download: _Download) -> None:
        download.is_stopped = True
        del self._downloads[download.entry.key]
        self._cache.drop(download.entry)
        if download.child is not None:
            download.child.kill("nobody wants it any more")
        else:
            self._queue.remove(download)

    # Processes.

    def _pause(self) -> float | None:
        """When there is something to do that nobody tells, in seconds."""
        now, settings = time.monotonic(), self._settings
        began = [work.child.began for work in self._running.values() if work.child is not None]
        times = [one + settings.limit_seconds for one in began]
        if self._queue:
            times += [one + settings.slow_after_seconds for one in began]
        return min((max(0.0, when - now) for when in times if when > now), default=None)

    def _start(self) -> None:
        now, settings = time.monotonic(), self._settings
        slow = 0
        for work in self._running.values():
            assert work.child is not None
            slow += work.child.began + settings.slow_after_seconds <= now
            if work.child.began + settings.limit_seconds <= now:
                work.child.kill(f"it takes longer than {settings.limit_seconds:g} s")
        while self._queue and len(self._running) - min(slow, settings.parallel_slow) < settings.parallel:
            work = self._queue.popleft()
            if isinstance(work, _Wish):
                self._begin(work)
            else:
                self._begin_download(work)

    def _begin(self, wish: _Wish) -> None:
        copies: list[int] = []
        for number, entry in wish.entries.items():
            step = wish.steps[number]
            assert self._store is not None
            try:
                copies.append(self._store.open(entry.name, entry.size))
            except OSError as error:
                self._forget(entry)
                wish.steps[number] = msgspec.structs.replace(step, note=f"the cache: {error}")
            else:
                wish.steps[number] = msgspec.structs.replace(step, copy=copies[-1])
        order = wish.order
        job = self._job(order.user, wish.steps, directory=order.directory, log=order.log, errors=order.errors)
        try:
            wish.child = Child(job, copies)
        except OSError as error:
            self._finish(wish, f"no process to fetch with can be started: {error.strerror}")
            return
        finally:
            for copy in copies:
                os.close(copy)
        self._watch(wish.child, wish, lambda _size: None, lambda kind, text: self._fetched(wish, kind, text))
        self._fault("fetch.begun")

    def _begin_download(self, download: _Download) -> None:
        assert self._store is not None
        try:
            download.file = self._store.create(download.entry.name)
            job = self._job(download.user, [download.step], into=download.file)
            download.child = Child(job, [download.file])
        except OSError as error:
            self._downloaded(download, "unfit", f"the cache: {error.strerror}")
            return
        self._watch(
            download.child,
            download,
            lambda size: self._reserve(download, size),
            lambda kind, text: self._downloaded(download, kind, text),
        )

    def _watch(
        self,
        child: Child,
        work: _Wish | _Download,
        sized: Callable[[int], None],
        over: Callable[[str, str], None],
    ) -> None:
        def hear() -> None:
            size = child.hear()
            if size is not None:
                sized(size)

        def end() -> None:
            self._selector.unregister(child.channel)
            self._selector.unregister(child.descriptor)
            del self._running[child.process]
            over(*child.reap())

        self._running[child.process] = work
        self._selector.register(child.channel, selectors.EVENT_READ, hear)
        self._selector.register(child.descriptor, selectors.EVENT_READ, end)

    def _job(self, user: str | None, steps: list[Step], **where: object) -> Mapping[str, object]:
        """What `program` reads."""
        limits = msgspec.structs.asdict(self._settings) | {"hidden": self._hidden}
        job = {"directory": None, "log": None, "errors": None, "into": None}
        return (
            job
            | where
            | {"user": user, "steps": [msgspec.structs.asdict(step) for step in steps], "limits": limits}
        )

    # What came of it.

    def _fetched(self, wish: _Wish, kind: str, text: str) -> None:
        self._finish(wish, "" if kind == "done" else text)

    def _finish(self, wish: _Wish, error: str) -> None:
        self._let_go(wish)
        if wish.is_stopped:
            return
        del self._wishes[wish]
        if error:
            self._failed += 1
        else:
            self._succeeded += 1
        self._fault("fetch.over")
        wish.done(error)

    def _let_go(self, wish: _Wish) -> None:
        for entry in wish.entries.values():
            self._cache.release(entry)
        wish.entries.clear()

    def _reserve(self, download: _Download, size: int) -> None:
        if download.child is None or download.is_stopped or download.entry.size:
            return
        evicted = self._cache.reserve(download.entry, size)
        for victim in evicted or ():
            self._remove(victim)
        download.child.answer(granted=evicted is not None)
        self._fault("fetch.reserved")

    def _downloaded(self, download: _Download, kind: str, text: str) -> None:
        entry = download.entry
        if kind == "done" and not download.is_stopped:
            assert self._store is not None and download.file is not None
            try:
                self._store.seal(entry.name, download.file, entry.size)
            except OSError as error:
                kind, text = "unfit", str(error)
        if download.file is not None:
            os.close(download.file)
        if kind != "done" or download.is_stopped:
            self._forget(entry)
        if download.is_stopped:
            return
        del self._downloads[entry.key]
        entry.is_complete = kind == "done"
        self._fault("fetch.cached")
        for wish in download.waiting:
            self._continue(wish, entry, kind, text)

    def _continue(self, wish: _Wish, entry: Entry, kind: str, text: str) -> None:
        """Go on with an order: something that it waited for is there, or is not."""
        del wish.missing[entry.key]
        for number in [one for one, other in wish.entries.items() if other is entry]:
            if kind == "done":
                continue
            self._cache.release(wish.entries.pop(number))
            said = {"note": text} if kind == "unfit" else {"error": text}
            wish.steps[number] = msgspec.structs.replace(wish.steps[number], **said)
        if not wish.missing:
            self._queue.append(wish)

    def _forget(self, entry: Entry) -> None:
        self._cache.drop(entry)
        self._remove(entry)

    def _remove(self, entry: Entry) -> None:
        assert self._store is not None
        try:
            self._store.remove(entry.name)
        except OSError:
            # It is of no use to anybody, and goes with the folder.
            return


def _store(settings: FetchSettings) -> tuple[Store | None, str]:
    """Where the cache is kept; or why nowhere."""
    if settings.cache_bytes <= 0:
        return None, "the cache is turned off"
    try:
        return Store(settings.cache_dir), ""
    except OSError as error:
        return None, f"the cache: {error}"

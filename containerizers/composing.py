"""Several containerizers as one: each container is made by the one that it is for.

What Docker is to make is for the one called `docker`, whatever else for `mesos`, and what is nested for the
one that has what is around it. One that breaks is replaced, and its successor adopts what it had; the
containers of the others never know.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from containerizers.containerizer import Broken, Containerizer, Ended, Event, Notify, Usage
from containerizers.paths import check_id
from containerizers.spec import Limits, Spec

#: Makes one containerizer, or the successor of a broken one.
MakeOne: TypeAlias = Callable[[Notify], Containerizer]
#: Runs what may take a while on another thread.
Aside: TypeAlias = Callable[[Callable[[], None]], object]

DOCKER: Final = "docker"
MESOS: Final = "mesos"
#: A containerizer that breaks so often is beyond repair.
_MOST_REPAIRS: Final = 5


def on_a_thread(work: Callable[[], None]) -> None:
    """Do it on a thread of its own."""
    threading.Thread(target=work, name="containerizer repair", daemon=True).start()


class ComposingContainerizer:
    """`Containerizer` of others, which `makers` make by their names; may be called by any thread.

    While one is being replaced, what is asked of it waits.
    """

    def __init__(self, makers: Mapping[str, MakeOne], notify: Notify, aside: Aside = on_a_thread) -> None:
        self._notify = notify
        #: In Mesos' order, which is that of their names, whatever was said on the command line.
        self._parts = {name: _Part(name, makers[name], self._happened, aside) for name in sorted(makers)}
        #: Who has a container, from its launch or adoption to its end.
        self._homes: dict[str, _Part] = {}
        self._lock = threading.Lock()
        #: What was found, and by whom.
        self._found: dict[str, _Part] = {}

    def launch(self, container_id: str, spec: Spec) -> None:
        """See `Containerizer.launch`; Ended at once where there is nobody for it."""
        check_id(container_id)
        with self._lock:
            if container_id in self._homes:
                raise ValueError(f"container {container_id}: is there already")
            part, error = self._choose(container_id, spec)
            if part is not None:
                self._homes[container_id] = part
        if part is None:
            self._notify(Ended(container_id, None, error))
        else:
            part.launch(container_id, spec)

    def update(self, container_id: str, limits: Limits) -> None:
        """See `Containerizer.update`; nested containers alone are always those of `mesos`."""
        part = self._homes.get(container_id) or self._parts.get(MESOS)
        if part is not None:
            part.do(lambda one: one.update(container_id, limits))

    def signal(self, container_id: str, signal: int) -> None:
        """See `Containerizer.signal`."""
        part = self._homes.get(container_id)
        if part is not None:
            part.do(lambda one: one.signal(container_id, signal))

    def destroy(self, container_id: str) -> None:
        """See `Containerizer.destroy`."""
        home = self._homes.get(container_id)
        for part in self._parts.values() if home is None else (home,):
            part.destroy(container_id)

    def recover(self) -> tuple[str, ...]:
        """See `Containerizer.recover`."""
        found: dict[str, _Part] = {}
        for part in self._parts.values():
            for container_id in part.present.recover():
                found.setdefault(container_id, part)
        with self._lock:
            self._found = {one: part for one, part in found.items() if one not in self._homes}
            return tuple(sorted(self._found))

    def adopt(self, container_id: str) -> None:
        """See `Containerizer.adopt`."""
        check_id(container_id)
        with self._lock:
            if container_id in self._homes:
                raise ValueError(f"container {container_id}: is there already")
            part = self._found.pop(container_id, None)
            if part is not None:
                self._homes[container_id] = part
        if part is None:
            self._notify(Ended(container_id))
        else:
            part.adopt(container_id)

    def environment(self, container_id: str) -> Mapping[str, str]:
        """See `Containerizer.environment`."""
        part = self._homes.get(container_id)
        return {} if part is None else part.present.environment(container_id)

    def usage(self) -> Mapping[str, Usage]:
        """See `Containerizer.usage`."""
        return {name: usage for part in self._parts.values() for name, usage in part.present.usage().items()}

    def processes(self) -> Mapping[str, tuple[int, ...]]:
        """See `Containerizer.processes`."""
        return {
            name: processes
            for part in self._parts.values()
            for name, processes in part.present.processes().items()
        }

    def close(self) -> None:
        """See `Containerizer.close`."""
        for part in self._parts.values():
            part.close()

    def end(self) -> None:
        """See `Containerizer.end`."""
        for part in self._parts.values():
            part.end()

    def _choose(self, container_id: str, spec: Spec) -> tuple[_Part | None, str]:
        """Who makes a container; or why nobody does."""
        around = container_id.rpartition(".")[0]
        while around:
            part = self._homes.get(around)
            if part is not None:
                if spec.docker is None or part.name == DOCKER:
                    return part, ""
                return None, f"container {container_id}: Docker makes none in one that is not Docker's"
            around = around.rpartition(".")[0]
        name = DOCKER if spec.docker is not None else MESOS
        part = self._parts.get(name)
        known = ",".join(self._parts)
        return part, f"container {container_id}: is for the containerizer {name}, and there is only {known}"

    def _happened(self, event: Event) -> None:
        if isinstance(event, Ended):
            with self._lock:
                self._homes.pop(event.container_id, None)
        self._notify(event)


class _Part:
    """One of the containerizers, which may be replaced by another of its kind."""

    def __init__(self, name: str, make: MakeOne, happened: Notify, aside: Aside) -> None:
        self.name = name
        self._make = make
        self._happened = happened
        self._aside = aside
        self._lock = threading.RLock()
        #: What it launched or adopted and has not ended; and those of which it was told that they run.
        self._mine: dict[str, None] = {}
        self._launched: set[str] = set()
        #: Those that were told to end.
        self._doomed: dict[str, None] = {}
        #: What is to be done when it has been replaced; None: it works.
        self._waiting: deque[Callable[[Containerizer], None]] | None = None
        self._repairs = 0
        self._closed = False
        self.present = make(self._take)

    def launch(self, container_id: str, spec: Spec) -> None:
        """Have it launch a container."""

        def work(one: Containerizer) -> None:
            self._mine[container_id] = None
            one.launch(container_id, spec)

        self.do(work)

    def adopt(self, container_id: str) -> None:
        """Have it adopt a container."""

        def work(one: Containerizer) -> None:
            self._mine[container_id] = None
            one.adopt(container_id)

        self.do(work)

    def destroy(self, container_id: str) -> None:
        """Have it destroy a container, and its successor, should it break over that."""

        def work(one: Containerizer) -> None:
            if container_id in self._mine:
                self._doomed[container_id] = None
            one.destroy(container_id)

        self.do(work)

    def do(self, work: Callable[[Containerizer], None]) -> None:
        """Have it do something, now or when it is whole again."""
        with self._lock:
            if self._waiting is not None:
                self._waiting.append(work)
                return
        work(self.present)

    def close(self) -> None:
        """Be of no use any more."""
        self._closed = True
        self.present.close()

    def end(self) -> None:
        """End all of it."""
        self._closed = True
        self.present.end()

    def _take(self, event: Event) -> None:
        """Pass an event on; called by any thread."""
        if isinstance(event, Broken):
            self._break(event)
            return
        container_id = event.container_id
        with self._lock:
            known = container_id in self._mine
            if isinstance(event, Ended):
                self._mine.pop(container_id, None)
                self._doomed.pop(container_id, None)
                self._launched.discard(container_id)
            elif container_id in self._launched:
                return  # by a successor, which adopted it
            else:
                self._launched.add(container_id)
        if known:
            self._happened(event)

    def _break(self, broken: Broken) -> None:
        with self._lock:
            if self._closed or self._waiting is not None:
                return
            self._repairs += 1
            if self._repairs > _MOST_REPAIRS:
                self._happened(broken)
                return
            self._waiting = deque()
        self._aside(self._repair)

    def _repair(self) -> None:
        """Replace it. What cannot be replaced is broken for good, and all of them with it."""
        reason = "cannot be replaced"
        try:
            self._replace()
            reason = ""
        except OSError as error:
            reason = str(error)
        finally:
            if reason and not self._closed:
                self._happened(Broken(f"containerizer {self.name}: {reason}"))

    def _replace(self) -> None:
        """What it had and still runs is adopted, of what does not run the end was missed."""
        self.present.close()
        self.present = successor = self._make(self._take)
        running = set(successor.recover())
        with self._lock:
            mine = tuple(self._mine)
        for container_id in mine:
            if container_id in running:
                successor.adopt(container_id)
                if container_id in self._doomed:
                    successor.destroy(container_id)
            elif container_id in self._launched:
                self._take(Ended(container_id, None, "its end was missed: what it ran in broke down"))
            else:
                self._take(Ended(container_id, None, "what was to make it broke down"))
        while (work := self._next()) is not None:
            # Limits that cannot be set stay as they were, and who asked for them has gone on.
            with contextlib.suppress(ValueError):
                work(successor)

    def _next(self) -> Callable[[Containerizer], None] | None:
        """What is to be done next; with nothing left to do it works again."""
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._waiting = None
            return None

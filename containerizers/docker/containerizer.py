"""Containers that dockerd makes (mesos-protocol.md §3.7)."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from containerizers.census import environment
from containerizers.containerizer import Broken, Ended, Event, Launched, Notify, Usage
from containerizers.docker.calls import Calls
from containerizers.docker.container import Container, Phase
from containerizers.docker.dock import Dock
from containerizers.docker.ledger import Ledger
from containerizers.docker.logs import Logs
from containerizers.docker.pulls import Pulls
from containerizers.docker.removal import Removal
from containerizers.docker.settings import DockerSettings
from containerizers.docker.strays import Strays
from containerizers.docker.watch import Watch
from containerizers.paths import check_id
from containerizers.spec import Limits, Spec

#: Together with those that pull, no more than 16 threads wait for dockerd.
_CALLS = 12
_PULLS = 4


def no_fault(_point: str) -> None:
    """Nothing happens here."""


class DockerContainerizer:
    """`Containerizer` of Docker containers; may be called by any thread, and never waits for dockerd.

    A status is `code << 8` with the exit code as Docker tells it: 137 for one that was killed.
    """

    def __init__(
        self,
        runtime_dir: Path,
        notify: Notify,
        settings: DockerSettings,
        fault: Callable[[str], None] = no_fault,
    ) -> None:
        self._notify = notify
        self._settings = settings
        self._closed = False
        self._containers: dict[str, Container] = {}
        calls = Calls("docker calls", _CALLS, settings, self._broken)
        self._pull_calls = Calls("docker pulls", _PULLS, settings, self._broken)
        pulls = Pulls(self._pull_calls, settings)
        #: How long the last pulls took.
        self.pull_seconds = pulls.seconds
        self._dock = Dock(
            settings=settings,
            place=str(runtime_dir.resolve()),
            host_memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            ledger=Ledger(runtime_dir),
            calls=calls,
            pulls=pulls,
            watch=Watch(self._broken),
            logs=Logs(self._broken),
            lock=threading.RLock(),
            fault=fault,
        )
        self._removal = Removal(self._dock)
        self._strays = Strays(self._dock, self._removal, self._is_known, self._look_at_all)

    # Containerizer.

    def launch(self, container_id: str, spec: Spec) -> None:
        """See `Containerizer.launch`."""
        check_id(container_id)
        self._add(container_id).launch(spec)

    def update(self, container_id: str, limits: Limits) -> None:
        """See `Containerizer.update`."""
        container = self._containers.get(container_id)
        if container is not None:
            container.update(limits)

    def signal(self, container_id: str, signal: int) -> None:
        """See `Containerizer.signal`; Docker has only the first process get it."""
        container = self._containers.get(container_id)
        if container is not None:
            container.signal(signal)

    def destroy(self, container_id: str) -> None:
        """See `Containerizer.destroy`."""
        container = self._containers.get(container_id)
        if container is not None:
            container.destroy()

    def recover(self) -> tuple[str, ...]:
        """See `Containerizer.recover`; those are among them that ended and whose end was not told."""
        self._strays.look_for()
        return tuple(one for one in self._dock.ledger.containers() if one not in self._containers)

    def adopt(self, container_id: str) -> None:
        """See `Containerizer.adopt`; raises ValueError for one that this containerizer has."""
        check_id(container_id)
        self._add(container_id).adopt()

    def environment(self, container_id: str) -> Mapping[str, str]:
        """See `Containerizer.environment`."""
        container = self._containers.get(container_id)
        try:
            born_with = environment(container.process) if container is not None and container.process else b""
        except OSError:
            return {}
        pairs = (os.fsdecode(variable).partition("=") for variable in born_with.split(b"\0") if variable)
        return {name: value for name, _, value in pairs}

    def usage(self) -> Mapping[str, Usage]:
        """See `Containerizer.usage`."""
        return {}

    def processes(self) -> Mapping[str, tuple[int, ...]]:
        """See `Containerizer.processes`."""
        return {}

    def close(self) -> None:
        """See `Containerizer.close`."""
        self._closed = True
        for part in (self._dock.calls, self._pull_calls, self._dock.watch, self._dock.logs):
            part.close()
        for container in tuple(self._containers.values()):
            container.let_go()

    # How it works.

    def _add(self, container_id: str) -> Container:
        with self._dock.lock:
            if container_id in self._containers:
                raise ValueError(f"container {container_id}: is there already")
            container = Container(container_id, self._dock, self._launched, self._over)
            self._containers[container_id] = container
            return container

    def _launched(self, event: Launched) -> None:
        self._tell(event)

    def _over(self, event: Ended) -> None:
        container_id = event.container_id
        with self._dock.lock:
            container = self._containers.pop(container_id)
        self._removal.schedule(container.name)
        self._tell(event)
        # Not before: somebody who comes after a crash is to hear of it.
        self._dock.ledger.remove(container_id)
        self._dock.fault("docker.ended.after")

    def _tell(self, event: Event) -> None:
        if not self._closed:
            self._notify(event)

    def _broken(self, reason: str) -> None:
        self._tell(Broken(reason))

    def _is_known(self, container_id: str) -> bool:
        return container_id in self._containers

    def _look_at_all(self) -> None:
        for container in tuple(self._containers.values()):
            if container.phase is Phase.RUNNING:
                container.look_again()

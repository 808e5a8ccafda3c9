"""Containers that dockerd makes (mesos-protocol.md §3.7)."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from containerizers.census import environment
from containerizers.containerizer import Broken, Ended, Event, Notify, Usage
from containerizers.docker.attachments import Attachments
from containerizers.docker.calls import Calls
from containerizers.docker.container import Container
from containerizers.docker.dock import Dock
from containerizers.docker.exec import Exec
from containerizers.docker.figures import Figures
from containerizers.docker.ledger import Ledger
from containerizers.docker.logs import Logs
from containerizers.docker.names import name
from containerizers.docker.pulls import Pulls
from containerizers.docker.removal import Removal
from containerizers.docker.settings import DockerSettings
from containerizers.docker.statistics import ask
from containerizers.docker.strays import Strays
from containerizers.docker.tenant import Phase, Tenant
from containerizers.docker.watch import Watch
from containerizers.paths import check_id, parent_of
from containerizers.spec import Limits, Spec
from containerizers.switchboard import Switchboard

#: Together with those that pull, no more than 16 threads wait for dockerd.
_CALLS = 12
_PULLS = 4
_ENDING_SECONDS = 8.0


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
        switchboard: Switchboard | None = None,
    ) -> None:
        self._notify = notify
        self._closed = False
        self._containers: dict[str, Tenant] = {}
        self._nested: dict[str, dict[str, None]] = {}
        #: Ends of containers in which something nested has not ended yet.
        self._held: dict[str, Ended] = {}
        calls = Calls("docker calls", _CALLS, settings, self._broken)
        self._pull_calls = Calls("docker pulls", _PULLS, settings, self._broken)
        watch = Watch(self._broken)
        self._dock = Dock(
            settings=settings,
            place=str(runtime_dir.resolve()),
            host_memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            ledger=Ledger(runtime_dir),
            calls=calls,
            pulls=Pulls(self._pull_calls, settings),
            watch=watch,
            logs=Logs(self._broken),
            attachments=Attachments(calls, watch, switchboard, self._broken),
            figures=Figures(),
            lock=threading.RLock(),
            fault=fault,
        )
        #: How long the last pulls took.
        self.pull_seconds = self._dock.pulls.seconds
        self._removal = Removal(self._dock)
        self._strays = Strays(self._dock, self._removal, self._containers.__contains__, self._look_at_all)

    # Containerizer.

    def launch(self, container_id: str, spec: Spec) -> None:
        """See `Containerizer.launch`; a nested one is run in the container around it."""
        tenant = self._add(container_id)
        if tenant is not None:
            tenant.launch(spec)

    def update(self, container_id: str, limits: Limits) -> None:
        """See `Containerizer.update`."""
        tenant = self._containers.get(container_id)
        if tenant is not None:
            tenant.update(limits)

    def signal(self, container_id: str, signal: int) -> None:
        """See `Containerizer.signal`; Docker has only the first process get it."""
        tenant = self._containers.get(container_id)
        if tenant is not None:
            tenant.signal(signal)

    def destroy(self, container_id: str) -> None:
        """See `Containerizer.destroy`."""
        tenant = self._containers.get(container_id)
        if tenant is not None:
            tenant.destroy()

    def recover(self) -> tuple[str, ...]:
        """See `Containerizer.recover`; also those that have ended, if that was not told or not long ago."""
        self._strays.look_for()
        return tuple(one for one in self._dock.ledger.containers() if one not in self._containers)

    def adopt(self, container_id: str) -> None:
        """See `Containerizer.adopt`; raises ValueError for one that this containerizer has."""
        tenant = self._add(container_id, waits=True)
        if tenant is not None:
            tenant.adopt()

    def environment(self, container_id: str) -> Mapping[str, str]:
        """See `Containerizer.environment`."""
        tenant = self._containers.get(container_id)
        try:
            born_with = environment(tenant.process) if tenant is not None and tenant.process else b""
        except OSError:
            return {}
        pairs = (os.fsdecode(variable).partition("=") for variable in born_with.split(b"\0") if variable)
        return {name: value for name, _, value in pairs}

    def usage(self) -> Mapping[str, Usage]:
        """See `Containerizer.usage`."""
        found: dict[str, Usage] = {}
        unseen: dict[str, str] = {}
        for container_id, process in self._first_processes().items():
            usage = self._dock.figures.usage(process)
            if usage is not None:
                found[container_id] = usage
            elif not process:
                unseen[container_id] = name(container_id)
        return found | ask(self._dock.calls, unseen) if unseen else found

    def processes(self) -> Mapping[str, tuple[int, ...]]:
        """See `Containerizer.processes`."""
        first = self._first_processes()
        return {name: self._dock.figures.processes(process) for name, process in first.items()}

    def close(self) -> None:
        """See `Containerizer.close`."""
        self._closed = True
        dock = self._dock
        for part in (dock.calls, self._pull_calls, dock.watch, dock.logs, dock.attachments):
            part.close()
        for tenant in tuple(self._containers.values()):
            tenant.let_go()

    def end(self) -> None:
        """See `Containerizer.end`; a dockerd that does not answer is not waited for."""
        self._closed = True  # nobody is told of these ends
        # Those that run are killed whether dockerd answers or not.
        for tenant in tuple(self._containers.values()):
            tenant.destroy()
        self._removal.sweep(_ENDING_SECONDS)
        self.close()
        self._dock.ledger.clear()

    # How it works.

    def _add(self, container_id: str, *, waits: bool = False) -> Tenant | None:
        """One more; None when it cannot be, which was told then.

        What is around a nested one must run, or (`waits`) be about to.
        """
        check_id(container_id)
        parent = parent_of(container_id)
        with self._dock.lock:
            if container_id in self._containers:
                raise ValueError(f"container {container_id}: is there already")
            if not parent:
                self._containers[container_id] = tenant = Container(
                    container_id, self._dock, self._tell, self._over
                )
                return tenant
            around = self._containers.get(parent)
            phases = (Phase.STAGING, Phase.RUNNING) if waits else (Phase.RUNNING,)
            if isinstance(around, Container) and around.phase in phases:
                self._nested.setdefault(parent, {})[container_id] = None
                self._containers[container_id] = inner = Exec(
                    container_id, self._dock, self._tell, self._over, around
                )
                return inner
        self._tell(Ended(container_id, None, f"container {parent}: does not run"))
        return None

    def _over(self, event: Ended) -> None:
        """One has ended; what it is nested in may have before."""
        container_id = event.container_id
        parent = parent_of(container_id)
        with self._dock.lock:
            if self._nested.get(container_id):
                self._held[container_id] = event
                nested = [self._containers[one] for one in self._nested[container_id]]
            else:
                nested = []
                del self._containers[container_id]
                self._nested.pop(container_id, None)
                self._nested.get(parent, {}).pop(container_id, None)
        for tenant in nested:
            tenant.destroy()
        if nested:
            return
        self._tell_end(event)
        with self._dock.lock:
            held = self._held.pop(parent) if parent in self._held and not self._nested.get(parent) else None
        if held is not None:
            self._over(held)

    def _tell_end(self, event: Ended) -> None:
        self._tell(event)
        # Not before: somebody who comes after a crash is to hear of it.
        self._strays.remember(event)
        self._dock.fault("docker.ended.after")
        if not parent_of(event.container_id):
            self._removal.schedule(name(event.container_id))

    def _tell(self, event: Event) -> None:
        if not self._closed:
            self._notify(event)

    def _broken(self, reason: str) -> None:
        self._tell(Broken(reason))

    def _first_processes(self) -> dict[str, int]:
        with self._dock.lock:
            tenants = tuple(self._containers.items())
        return {
            container_id: one.process
            for container_id, one in tenants
            if isinstance(one, Container) and one.phase is Phase.RUNNING
        }

    def _look_at_all(self) -> None:
        for tenant in tuple(self._containers.values()):
            tenant.look_again()

"""Containers that nobody needs: removed some time after their end, whoever saw that end."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import time
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from containerizers.docker import names
from containerizers.docker.dock import Dock
from containerizers.docker.errors import DockerError, RefusedError, UnansweredError
from containerizers.docker.seen import Listed, see

if TYPE_CHECKING:
    from containerizers.docker.client import Client

_RETRY_SECONDS = 30.0
#: All that a container can be in.
_STATES = ("created", "restarting", "running", "removing", "paused", "exited", "dead")
#: dockerd tells times with more digits than Python reads.
_DAY = "2000-01-01T00:00:00"
_SECONDS_LENGTH = len(_DAY)


class Removal:
    """Removes containers when it is time; may be called by any thread."""

    def __init__(self, dock: Dock) -> None:
        self._dock = dock
        self._due: set[str] = set()

    def schedule(self, name: str, seconds: float | None = None) -> None:
        """Remove this one in so many seconds; None: after the usual delay. A second time changes nothing."""
        with self._dock.lock:
            if name in self._due:
                return
            self._due.add(name)
        delay = self._dock.settings.remove_delay_seconds if seconds is None else seconds
        self._dock.watch.later(
            delay, lambda: self._dock.calls.submit(lambda client: self._remove(client, name))
        )

    def find(self, client: Client, is_needed: Callable[[str], bool]) -> None:
        """Schedule those that ended before this process began, if nobody needs them; raises DockerError."""
        now = seconds_of(client.date())
        for one in client.containers({names.PLACE: self._dock.place}, ("exited", "dead")):
            container_id = one.labels.get(names.RUN, "")
            if one.name and one.name not in self._due and not is_needed(container_id):
                finished = _finished_at(client, one.name)
                age = 0.0 if finished is None else now - finished
                self.schedule(one.name, max(0.0, self._dock.settings.remove_delay_seconds - age))

    def sweep(self, seconds: float) -> None:
        """Remove all of this runtime directory now, whether they run or not; waits no longer than that."""
        deadline = time.monotonic() + seconds
        listed: SimpleQueue[list[str]] = SimpleQueue()
        removed: SimpleQueue[str] = SimpleQueue()

        def list_them(client: Client) -> None:
            found: list[Listed] = []
            with contextlib.suppress(DockerError):
                found = client.containers({names.PLACE: self._dock.place}, _STATES)
            listed.put([one.docker_id for one in found])

        def remove(client: Client, docker_id: str) -> None:
            with contextlib.suppress(DockerError):
                client.remove(docker_id)
            removed.put(docker_id)

        self._dock.calls.submit(list_them, first=True)
        with contextlib.suppress(Empty):
            found = listed.get(timeout=seconds)
            for docker_id in found:
                self._dock.calls.submit(partial(remove, docker_id=docker_id))
            for _ in found:
                removed.get(timeout=max(0.0, deadline - time.monotonic()))

    def _remove(self, client: Client, name: str) -> None:
        self._dock.fault("docker.remove.before")
        try:
            client.remove(name)
        except UnansweredError:
            self._due.discard(name)
            self.schedule(name, _RETRY_SECONDS)
            return
        except RefusedError:
            pass
        self._dock.fault("docker.remove.after")
        self._due.discard(name)


def _finished_at(client: Client, name: str) -> float | None:
    """When it ended; raises UnansweredError."""
    try:
        return seconds_of(see(client.inspect(name)).finished_at)
    except (ValueError, RefusedError):
        return None


def seconds_of(moment: str) -> float:
    """What time that is, in seconds of the epoch, as dockerd writes it; 0 for what is no time."""
    with contextlib.suppress(ValueError):
        seconds = dt.datetime.fromisoformat(moment[:_SECONDS_LENGTH])
        offset = re.search(r"[+-]\d\d:\d\d$", moment)
        zone = dt.UTC if offset is None else dt.datetime.fromisoformat(f"{_DAY}{offset[0]}").tzinfo
        return seconds.replace(tzinfo=zone).timestamp()
    return 0.0

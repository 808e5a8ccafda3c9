"""Containers that nobody needs: removed some time after their end, whoever saw that end."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from containerizers.docker import names
from containerizers.docker.dock import Dock
from containerizers.docker.errors import RefusedError, UnansweredError

if TYPE_CHECKING:
    from containerizers.docker.client import Client

_RETRY_SECONDS = 30.0
#: dockerd tells times with more digits than Python reads.
_SECONDS_LENGTH = len("2000-01-01T00:00:00")


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
        for one in client.containers({names.PLACE: self._dock.place}, ("exited", "dead")):
            name = (one.get("Names") or [""])[0].removeprefix("/")
            container_id = (one.get("Labels") or {}).get(names.RUN, "")
            if name and name not in self._due and not is_needed(container_id):
                age = time.time() - _finished_at(client, name)
                self.schedule(name, max(0.0, self._dock.settings.remove_delay_seconds - age))

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


def _finished_at(client: Client, name: str) -> float:
    """When it ended, in seconds of the epoch; raises DockerError."""
    try:
        return seconds_of(client.inspect(name)["State"]["FinishedAt"])
    except (KeyError, TypeError, ValueError, RefusedError):
        return time.time()


def seconds_of(moment: str) -> float:
    """What time that is, as dockerd writes it; raises ValueError."""
    seconds = moment[:_SECONDS_LENGTH]
    return dt.datetime.fromisoformat(seconds).replace(tzinfo=dt.UTC).timestamp()

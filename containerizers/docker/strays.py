"""Containers of this agent that run though nobody knows them: looked for now and then, and ended."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from containerizers.containerizer import Ended
from containerizers.docker import names
from containerizers.docker.dock import Dock
from containerizers.docker.errors import DockerError, RefusedError
from containerizers.docker.ledger import Record
from containerizers.docker.removal import Removal
from containerizers.docker.seen import Listed, see

if TYPE_CHECKING:
    from containerizers.docker.client import Client

_ALIVE = ("created", "running", "paused", "restarting")


def _now() -> float:
    """Seconds since this machine was started, when it slept among them: nothing is kept for longer."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Strays:
    """Looks at all containers every `resync_seconds`, should something have been missed."""

    def __init__(
        self,
        dock: Dock,
        removal: Removal,
        is_known: Callable[[str], bool],
        look_at_all: Callable[[], None],
    ) -> None:
        self._dock = dock
        self._removal = removal
        self._is_known = is_known
        self._look_at_all = look_at_all
        self._looks = False
        #: Whether those are found that ended before.
        self._has_found = False

    def look_for(self) -> None:
        """Begin; and forget what was told long ago."""
        ledger = self._dock.ledger
        for container_id in ledger.containers():
            record = ledger.read(container_id)
            if record is not None and record.told is not None and not self._is_known(container_id):
                self._forget_later(container_id, record.told - _now())
        if not self._looks:
            self._looks = True
            self._dock.calls.submit(self._look)

    def remember(self, event: Ended) -> None:
        """The end of a container was told: somebody may ask again, but not for ever."""
        ledger, container_id = self._dock.ledger, event.container_id
        record = ledger.read(container_id) or Record()
        try:
            ledger.write(container_id, record.ended(event, _now()))
        except OSError:
            ledger.remove(container_id)
        else:
            self._forget_later(container_id, 0.0)

    def _forget_later(self, container_id: str, age_seconds: float) -> None:
        rest = self._dock.settings.remembered_seconds + age_seconds
        if rest <= 0 or age_seconds > 0:  # or by the clock of an earlier start
            self._forget(container_id)
        else:
            self._dock.watch.later(rest, lambda: self._forget(container_id))

    def _forget(self, container_id: str) -> None:
        if not self._is_known(container_id):
            self._dock.ledger.remove(container_id)

    def _look(self, client: Client) -> None:
        settings = self._dock.settings
        try:
            if not self._has_found:
                self._removal.find(client, self._is_needed)
                self._has_found = True
            if settings.kills_orphans:
                for found in client.containers({names.PLACE: self._dock.place}, _ALIVE):
                    self._judge(client, found)
                self._end_old_ones(client, settings.labels.get("agent"))
            self._look_at_all()
        except DockerError:
            pass
        self._dock.watch.later(settings.resync_seconds, lambda: self._dock.calls.submit(self._look))

    def _judge(self, client: Client, found: Listed) -> None:
        container_id = found.labels.get(names.RUN)
        if not container_id or self._is_needed(container_id):
            return
        # It may have ended since it was listed, with somebody looking.
        with contextlib.suppress(RefusedError, ValueError):
            seen = see(client.inspect(found.docker_id))
            if seen.exit_code is None:
                self._dock.fault("docker.stray.before")
                client.remove(seen.docker_id)

    def _end_old_ones(self, client: Client, agent_id: str | None) -> None:
        """Those of this agent from before it was Pion, which know nothing of labels."""
        if agent_id is None:
            return
        for found in client.containers({}, _ALIVE):
            origin = names.origin(found.name)
            if (
                origin is not None
                and origin.agent_id == agent_id
                and not self._is_needed(origin.container_id)
            ):
                self._dock.fault("docker.stray.before")
                client.remove(found.docker_id)

    def _is_needed(self, container_id: str) -> bool:
        """Whether it is somebody's, or may be adopted: then it is in the ledger."""
        if self._is_known(container_id):
            return True
        with contextlib.suppress(ValueError):
            record = self._dock.ledger.read(container_id)
            return record is not None and record.told is None
        return False

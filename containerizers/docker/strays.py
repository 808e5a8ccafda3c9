"""Containers of this agent that run though nobody knows them: looked for now and then, and ended."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from containerizers.docker import names
from containerizers.docker.dock import Dock
from containerizers.docker.errors import DockerError, RefusedError
from containerizers.docker.removal import Removal
from containerizers.docker.seen import see

if TYPE_CHECKING:
    from containerizers.docker.client import Client

_ALIVE = ("created", "running", "paused", "restarting")


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
        #: Left by a process before this one, and not adopted yet.
        self._left: tuple[str, ...] = ()
        self._looks = False

    def look_for(self) -> None:
        """Begin."""
        self._left = self._dock.ledger.containers()
        if not self._looks:
            self._looks = True
            self._dock.calls.submit(self._look)

    def _look(self, client: Client) -> None:
        settings = self._dock.settings
        try:
            self._removal.find(client)
            if settings.kills_orphans:
                for found in client.containers({names.PLACE: self._dock.place}, _ALIVE):
                    self._judge(client, found)
            self._look_at_all()
        except DockerError:
            pass
        self._dock.watch.later(settings.resync_seconds, lambda: self._dock.calls.submit(self._look))

    def _judge(self, client: Client, found: dict[str, Any]) -> None:
        container_id = (found.get("Labels") or {}).get(names.RUN)
        if not container_id or self._is_known(container_id) or self._waits(container_id):
            return
        # It may have ended since it was listed, with somebody looking.
        with contextlib.suppress(RefusedError, ValueError):
            seen = see(client.inspect(str(found["Id"])))
            if seen.exit_code is None:
                self._dock.fault("docker.stray.before")
                client.remove(seen.docker_id)

    def _waits(self, container_id: str) -> bool:
        """Whether it may still be adopted: then it has a folder."""
        return container_id in self._left and self._dock.ledger.read(container_id) is not None

"""Images that are being pulled, each once however many containers wait for it."""

from __future__ import annotations

import base64
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from containerizers.docker.calls import Calls
from containerizers.docker.errors import DockerError
from containerizers.docker.settings import DockerSettings

if TYPE_CHECKING:
    from containerizers.docker.client import Client

_DEFAULT_REGISTRY = "https://index.docker.io/v1/"
_REMEMBERED = 1000


class Pulls:
    """May be called by any thread."""

    def __init__(self, calls: Calls, settings: DockerSettings) -> None:
        self._calls = calls
        self._settings = settings
        self._lock = threading.Lock()
        self._waiting: dict[str, dict[str, Callable[[str], None]]] = {}
        #: How long the last ones took that were successful.
        self.seconds: deque[float] = deque(maxlen=_REMEMBERED)

    def want(self, image: str, container_id: str, done: Callable[[str], None]) -> None:
        """Pull an image; `done` is told why it could not be, or nothing, on another thread."""
        with self._lock:
            waiting = self._waiting.get(image)
            if waiting is not None:
                waiting[container_id] = done
                return
            self._waiting[image] = {container_id: done}
        self._calls.submit(lambda client: self._pull(client, image))

    def forget(self, image: str, container_id: str) -> None:
        """This container does not wait any more; a pull that nobody waits for is given up."""
        with self._lock:
            self._waiting.get(image, {}).pop(container_id, None)

    def _pull(self, client: Client, image: str) -> None:
        started = time.monotonic()
        deadline = started + self._settings.pull_timeout_seconds
        error = ""
        try:
            with contextlib.closing(client.pull(image, authority(image, self._settings.config))) as steps:
                for _ in steps:
                    if time.monotonic() > deadline:
                        error = f"it took longer than {self._settings.pull_timeout_seconds:g} seconds"
                        break
                    if not self._waiting[image]:
                        error = "nobody waits for it any more"
                        break
        except DockerError as refusal:
            error = str(refusal)
        with self._lock:
            waiting = self._waiting.pop(image)
        if error:
            error = f"image {image}: could not be pulled: {error}"
        else:
            self.seconds.append(time.monotonic() - started)
        for done in waiting.values():
            done(error)


def authority(image: str, config: Mapping[str, Any] | None) -> dict[str, str]:
    """What the registry of an image is to be told of who asks, from `config.json`; nothing if unknown."""
    registry, slash, _ = image.partition("/")
    if not slash or not (registry == "localhost" or "." in registry or ":" in registry):
        registry = _DEFAULT_REGISTRY
    entries = (config or {}).get("auths") or {}
    for key in (registry, f"https://{registry}", f"http://{registry}", f"https://{registry}/v1/"):
        entry = entries.get(key)
        if isinstance(entry, Mapping):
            return {"serveraddress": registry, **_credentials(entry)}
    return {}


def _credentials(entry: Mapping[str, Any]) -> dict[str, str]:
    if entry.get("identitytoken"):
        return {"identitytoken": str(entry["identitytoken"])}
    if entry.get("auth"):
        with contextlib.suppress(ValueError):
            user, _, password = base64.b64decode(entry["auth"]).decode().partition(":")
            return {"username": user, "password": password.rstrip("\0")}
    return {"username": str(entry.get("username", "")), "password": str(entry.get("password", ""))}

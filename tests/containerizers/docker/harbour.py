"""What tests of Docker containers need: a containerizer on some dockerd, and what it told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from docker import errors

from containerizers.containerizer import Broken, Ended, Event, Launched
from containerizers.docker.containerizer import DockerContainerizer, no_fault
from containerizers.docker.settings import DockerSettings
from containerizers.spec import DockerSpec, Spec
from containerizers.switchboard import Switchboard
from tests.containerizers.docker.fake_dockerd import FakeDockerd
from tests.dockerd import client

#: Longer than anything takes on a loaded machine.
PATIENCE_SECONDS = 60.0


class Harbour:
    """A containerizer, with a folder for its sandboxes; another one may take its place."""

    def __init__(
        self, folder: Path, settings: DockerSettings, image: str = "busybox", *, consoles: bool = False
    ) -> None:
        self.folder = folder
        self.settings = settings
        self.image = image
        self.sandbox = folder / "sandbox"
        self.sandbox.mkdir(exist_ok=True)
        self.events: SimpleQueue[Event] = SimpleQueue()
        self.switchboard = Switchboard() if consoles else None
        self.fault: Callable[[str], None] = no_fault
        self.docker = self._make()

    def _make(self) -> DockerContainerizer:
        return DockerContainerizer(
            self.folder / "run",
            self.events.put,
            self.settings,
            self._pass,
            switchboard=self.switchboard,
        )

    def _pass(self, point: str) -> None:
        self.fault(point)

    def close(self) -> None:
        """Have nobody report on containers any more."""
        self.docker.close()
        if self.switchboard is not None:
            self.switchboard.close()

    def restart(self) -> tuple[str, ...]:
        """Have another one come after this one; returns what it finds."""
        self.docker.close()
        self.events = SimpleQueue()
        self.docker = self._make()
        return self.docker.recover()

    def spec(self, *arguments: str, **more: Any) -> Spec:
        """Something to run; `docker` are fields of DockerSpec."""
        docker = {"image": self.image, **more.pop("docker", {})}
        files = {name: str(self.sandbox / name) for name in ("stdout", "stderr")}
        return Spec(
            **{
                "arguments": arguments,
                "directory": str(self.sandbox),
                "docker": DockerSpec(**docker),
                **files,
                **more,
            }
        )

    def launch(self, container_id: str, *arguments: str, **more: Any) -> Launched:
        """Launch something, and wait until it runs."""
        self.docker.launch(container_id, self.spec(*arguments, **more))
        return self.launched()

    def event(self) -> Event:
        """The next thing that is told."""
        event = self.events.get(timeout=PATIENCE_SECONDS)
        assert not isinstance(event, Broken), event
        return event

    def launched(self) -> Launched:
        """Of a container that runs."""
        event = self.event()
        assert isinstance(event, Launched), event
        return event

    def ended(self) -> Ended:
        """Of a container that is no more."""
        event = self.event()
        assert isinstance(event, Ended), event
        return event

    def silent(self) -> bool:
        """Whether nothing is told that was not asked for."""
        try:
            self.events.get_nowait()
        except Empty:
            return True
        return False

    def written(self, name: str = "stdout") -> str:
        """What is in a file of the sandbox."""
        path = self.sandbox / name
        return path.read_text() if path.exists() else ""


def eventually(holds: Callable[[], object], what: str = "it") -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"{what} does not come about"
        time.sleep(0.01)


def descriptors() -> int:
    """How many this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def threads() -> list[str]:
    """Those of a containerizer that there are now."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("docker ")]


@contextmanager
def on_dockerd(socket: str, image: str, folder: Path, **settings: Any) -> Iterator[Harbour]:
    """A containerizer on a real dockerd, with consoles; its containers are gone at the end."""
    one = Harbour(folder, DockerSettings(socket=socket, **settings), image, consoles=True)
    one.docker.recover()
    try:
        yield one
    finally:
        one.close()
        with closing(client(socket)) as api:
            for left in api.containers(all=True, filters={"label": f"pion.place={folder / 'run'}"}):
                with suppress(errors.NotFound):
                    api.remove_container(left["Id"], force=True)


@contextmanager
def harbour(dockerd: FakeDockerd, folder: Path, **settings: Any) -> Iterator[Harbour]:
    """A containerizer on a fake dockerd, which looks often, and waits for little."""
    quick: dict[str, Any] = {
        "socket": dockerd.socket,
        "resync_seconds": 0.05,
        "answer_timeout_seconds": 5.0,
        "launch_timeout_seconds": 20.0,
        **settings,
    }
    one = Harbour(folder, DockerSettings(**quick))
    one.docker.recover()
    try:
        yield one
    finally:
        one.close()

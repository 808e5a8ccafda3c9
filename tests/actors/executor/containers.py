"""A containerizer in the hand of a test."""

from __future__ import annotations

from actors.process import Process, handles
from transport.messages.containing import (
    AdoptContainer,
    ContainerEnded,
    ContainerLaunched,
    ContainerSpec,
    DestroyContainer,
    LaunchContainer,
    SignalContainer,
)
from transport.pid import Pid


class ScriptedContainerizer(Process):
    """Starts containers at once unless `holds`; they end when the test says so, or a signal does.

    `obeys` says whether SIGTERM ends a container.
    """

    def __init__(self, *, holds: bool = False, obeys: bool = True) -> None:
        self.holds = holds
        self.obeys = obeys
        #: By container id, what was launched and not over, and for whom.
        self.running: dict[str, Pid] = {}
        self.specs: dict[str, ContainerSpec] = {}
        self.signals: list[tuple[str, int]] = []
        self.destroyed: list[str] = []

    @handles(LaunchContainer)
    def launch(self, sender: Pid, message: LaunchContainer) -> None:
        assert message.container_id not in self.specs, message.container_id
        self.specs[message.container_id] = message.spec
        self.running[message.container_id] = sender
        if not self.holds:
            self.start(message.container_id)

    @handles(SignalContainer)
    def signal(self, sender: Pid, message: SignalContainer) -> None:
        self.signals.append((message.container_id, message.signal))
        if self.obeys:
            self.end(message.container_id, message.signal)

    @handles(DestroyContainer)
    def destroy(self, sender: Pid, message: DestroyContainer) -> None:
        self.destroyed.append(message.container_id)
        for container_id in list(self.running):
            if f"{container_id}.".startswith(f"{message.container_id}."):
                self.end(container_id, 9)

    @handles(AdoptContainer)
    def adopt(self, sender: Pid, message: AdoptContainer) -> None:
        if message.container_id in self.running:
            self.running[message.container_id] = sender
            self.start(message.container_id)
        else:
            self.send(sender, ContainerEnded(message.container_id))

    def start(self, container_id: str) -> None:
        """Say that a container runs."""
        self.send(self.running[container_id], ContainerLaunched(container_id, 4711))

    def end(self, container_id: str, status: int | None = 0, error: str = "") -> None:
        """End a container with a status as `waitpid` gives it."""
        if container_id in self.running:
            self.send(self.running.pop(container_id), ContainerEnded(container_id, status, error))

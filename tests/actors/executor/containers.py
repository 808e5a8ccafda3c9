"""A containerizer in the hand of a test."""

from __future__ import annotations

from actors.executor.checks.prober import Answer
from actors.process import Process, handles
from transport.messages.container_spec import ContainerSpec, Limits
from transport.messages.containing import (
    AdoptContainer,
    ContainerEnded,
    ContainerLaunched,
    DestroyContainer,
    LaunchContainer,
    Limitation,
    SignalContainer,
    UpdateContainer,
)
from transport.pid import Pid


class ScriptedContainerizer(Process):
    """Starts containers at once unless `holds`; they end when the test says so, or a signal does.

    `obeys` says whether SIGTERM ends a container.
    """

    def __init__(
        self,
        *,
        holds: bool = False,
        obeys: bool = True,
        addresses: tuple[str, ...] = (),
        described: bytes = b"",
    ) -> None:
        """All containers have these `addresses`, and are `described` so."""
        self.addresses = addresses
        self.described = described
        #: What containers may use together, as it was told last.
        self.limits: dict[str, Limits] = {}
        self.adopted: list[AdoptContainer] = []
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

    @handles(UpdateContainer)
    def update(self, sender: Pid, message: UpdateContainer) -> None:
        self.limits[message.container_id] = message.limits

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
        self.adopted.append(message)
        if message.container_id in self.running:
            self.running[message.container_id] = sender
            self.start(message.container_id)
        else:
            self.send(sender, ContainerEnded(message.container_id))

    def start(self, container_id: str) -> None:
        """Say that a container runs."""
        told = ContainerLaunched(container_id, 4711, self.addresses, self.described)
        self.send(self.running[container_id], told)

    def end(
        self,
        container_id: str,
        status: int | None = 0,
        error: str = "",
        limitation: Limitation | None = None,
    ) -> None:
        """End a container with a status as `waitpid` gives it."""
        if container_id in self.running:
            ended = ContainerEnded(container_id, status, error, limitation)
            self.send(self.running.pop(container_id), ended)


class ScriptedProbes:
    """`Probes` that answer when the test says so, or (`answers` set) at once."""

    def __init__(self) -> None:
        #: Address of each probe that waits, and what takes its answer.
        self.waiting: list[tuple[str, Answer]] = []
        self.asked: list[str] = []
        self.answers: tuple[int | None, str | None] | None = None

    def http(self, url: str, timeout_seconds: float, answer: Answer) -> None:
        self._take(url, answer)

    def tcp(self, host: str, port: int, timeout_seconds: float, answer: Answer) -> None:
        self._take(f"{host}:{port}", answer)

    def close(self) -> None:
        self.waiting.clear()

    def _take(self, where: str, answer: Answer) -> None:
        self.asked.append(where)
        if self.answers is None:
            self.waiting.append((where, answer))
        else:
            answer(*self.answers)

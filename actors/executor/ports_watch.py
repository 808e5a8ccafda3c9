"""The actor `ports_watch` of an executor node: looks which ports containers listen on, and may end those that
listen on others than they were given (isolator network/ports: `--container_ports_watch_interval`,
`--check_agent_port_range_only`, `--enforce_container_ports`, `--container_ports_isolated_range`).

Beside that it tells of ports that the agent offers while something else on the host listens on them: a task
that is given one of these cannot use it. They are offered all the same, as Mesos does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace

from actors.executor.containerizer import CONTAINERIZER
from actors.executor.gauges import PortsMetrics
from actors.process import Process, handles
from containerizers.ports import Listening, Stranger, ephemeral_ports
from transport.messages.containing import (
    ContainersListed,
    Limitation,
    LimitContainer,
    ListContainers,
)
from transport.pid import Pid

#: Its name.
PORTS_WATCH: Final = "ports_watch"

#: Both ends included.
Ranges: TypeAlias = tuple[tuple[int, int], ...]
#: Looks who listens on ports for which the first is true, and which strangers on those that the second names.
Look: TypeAlias = Callable[[Callable[[int], bool], Callable[[int], bool]], Listening]


class PortsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What counts."""

    interval_seconds: float = 30.0
    #: Whether a container that listens on others' ports is ended, or only told of.
    enforces: bool = False
    #: What the agent offers.
    agent_ports: Ranges = ()
    #: Whether only ports count that the agent offers; or (not None) only those.
    agent_range_only: bool = False
    isolated_ports: Ranges | None = None

    def counts(self, port: int) -> bool:
        """Whether it matters who listens on a port."""
        if self.agent_range_only and not within(port, self.agent_ports):
            return False
        return self.isolated_ports is None or within(port, self.isolated_ports)

    def offers(self, port: int) -> bool:
        """Whether the agent may give it to a task."""
        return within(port, self.agent_ports)


class PortsWatch(Process):
    """Looks, again and again."""

    def __init__(
        self,
        look: Look,
        settings: PortsSettings,
        metrics: PortsMetrics | None = None,
        ephemeral: Callable[[], Ranges] = ephemeral_ports,
    ) -> None:
        self._look = look
        self._ephemeral = ephemeral
        self._settings = settings
        self._metrics = metrics or PortsMetrics()

    def initialize(self) -> None:
        """Nobody was found yet."""
        #: By container id, ports that do not seem to be its own; None while nobody was looked at.
        self._suspects: Mapping[str, list[int]] | None = None
        #: By container id, ports that were found not to be its own.
        self._misused: dict[str, Ranges] = {}
        self._strangers: dict[Stranger, None] = {}
        self._containerizer = replace(self.pid.whoever(), name=CONTAINERIZER)
        self.every(self._settings.interval_seconds, self._begin)
        doubtful = _common(self._settings.agent_ports, self._ephemeral())
        if doubtful:
            self.log.warning(
                "offered ports may be taken by connections",
                ports=text(doubtful),
                reason="the kernel gives them to any connection: see net.ipv4.ip_local_port_range",
            )

    def _begin(self) -> None:
        self._suspects = None
        self.send(self._containerizer, ListContainers())

    @handles(ContainersListed)
    def listed(self, sender: Pid, message: ContainersListed) -> None:
        """What there is, and which ports each may listen on.

        That may have changed while everybody was looked at: so who is suspected is asked for again.
        """
        given = {
            one.container_id: one.limits.ports
            for one in message.containers
            if one.limits is not None and one.limits.ports is not None
        }
        if self._suspects is not None:
            self._judge(_others(self._suspects, given))
            return
        try:
            self._suspects = self._find(given)
        except OSError as error:
            self.log.warning("ports not looked at", reason=str(error))
            return
        if self._suspects:
            self.send(self._containerizer, ListContainers())
        else:
            self._judge({})

    def _find(self, given: Mapping[str, Ranges]) -> dict[str, list[int]]:
        settings = self._settings
        found = self._look(settings.counts, settings.offers)
        self._tell_strangers(
            one for one in found.strangers if not any(within(one.port, some) for some in given.values())
        )
        return _others(_of_families(found.containers, given), given)

    def _judge(self, found: Mapping[str, Iterable[int]]) -> None:
        misused, self._misused = self._misused, {}
        for container_id, ports in found.items():
            others = self._misused[container_id] = ranges(ports)
            if misused.get(container_id) != others:
                self._metrics.unallocated.increment()
                self._log(container_id, others)
            if self._settings.enforces:
                self._limit(container_id, others)

    def _log(self, container_id: str, others: Ranges) -> None:
        self.log.warning(
            "container listens on ports that are not its own",
            container_id=container_id,
            ports=text(others),
            enforced=self._settings.enforces,
        )

    def _limit(self, container_id: str, others: Ranges) -> None:
        message = f"Container {container_id} is listening on unallocated port(s): {text(others)}"
        used = sum(end - begin + 1 for begin, end in others)
        limitation = Limitation(kind="ports", message=message, used=used, ports=others)
        self.send(self._containerizer, LimitContainer(container_id, limitation))

    def _tell_strangers(self, strangers: Iterable[Stranger]) -> None:
        before, self._strangers = self._strangers, dict.fromkeys(strangers)
        self._metrics.taken.set(len({one.port for one in self._strangers}))
        for one in self._strangers:
            if one not in before:
                self.log.warning(
                    "offered port is taken by another process",
                    port=one.port,
                    process=one.process,
                    name=one.name,
                )


def within(port: int, some: Ranges) -> bool:
    """Whether a port is in one of these ranges."""
    return any(begin <= port <= end for begin, end in some)


def ranges(ports: Iterable[int]) -> Ranges:
    """The same ports, in as few ranges as can be."""
    found: list[tuple[int, int]] = []
    for port in sorted(ports):
        if found and port <= found[-1][1] + 1:
            found[-1] = (found[-1][0], port)
        else:
            found.append((port, port))
    return tuple(found)


def text(some: Ranges) -> str:
    """Ranges as Mesos writes them: `[80-80, 8080-8081]`."""
    return "[" + ", ".join(f"{begin}-{end}" for begin, end in some) + "]"


def _common(some: Ranges, others: Ranges) -> Ranges:
    """The ports that are in both."""
    pairs = ((max(begin, first), min(end, last)) for begin, end in some for first, last in others)
    return tuple((begin, end) for begin, end in pairs if begin <= end)


def _of_families(found: Mapping[str, Iterable[int]], given: Mapping[str, Ranges]) -> dict[str, list[int]]:
    """The ports of each container that is held to some; of nested ones those of the nearest around them."""
    families: dict[str, list[int]] = {}
    for container_id, ports in found.items():
        holder = container_id
        while holder and holder not in given:
            holder = holder.rpartition(".")[0]
        if holder:
            families.setdefault(holder, []).extend(ports)
    return families


def _others(found: Mapping[str, Iterable[int]], given: Mapping[str, Ranges]) -> dict[str, list[int]]:
    """Of each container that is held to some ports, those that it was found on and was not given."""
    others = {
        container_id: [port for port in ports if not within(port, given[container_id])]
        for container_id, ports in found.items()
        if container_id in given
    }
    return {container_id: ports for container_id, ports in others.items() if ports}

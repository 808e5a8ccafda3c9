"""Which containers listen on which TCP ports of the host.

The kernel tells what listens in this process's network (proc_net_tcp: that comes first), and which sockets a
process has open. A container with a network of its own has none of these.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

_PROC: Final = Path("/proc")
_TABLES: Final = ("net/tcp", "net/tcp6")
_EPHEMERAL: Final = "sys/net/ipv4/ip_local_port_range"
_RESERVED: Final = "sys/net/ipv4/ip_local_reserved_ports"
#: The state of a socket that listens.
_LISTENS: Final = "0A"

#: The numbers of the processes of all containers, by id.
Processes: TypeAlias = Callable[[], Mapping[str, tuple[int, ...]]]


class Stranger(msgspec.Struct, frozen=True):
    """What listens on a port and is no container; of who cannot be found only the port is known."""

    port: int
    process: int | None = None
    name: str = ""


class Listening(msgspec.Struct, frozen=True):
    """Who listened, at one time."""

    #: By container id, in order.
    containers: Mapping[str, tuple[int, ...]]
    #: In order of their ports.
    strangers: tuple[Stranger, ...] = ()


class PortScan:
    """Looks who listens; to look takes it a while."""

    def __init__(self, processes: Processes, proc: Path = _PROC) -> None:
        self._processes = processes
        self._proc = proc
        #: Sockets of strangers, and who they are: to find out means to look at every process of the host.
        self._strangers: dict[str, Stranger] = {}

    def __call__(self, counts: Callable[[int], bool], concerns: Callable[[int], bool]) -> Listening:
        """Who listens on ports that count; and who else on those that concern us no matter whose they are."""
        ports = {socket: port for socket, port in self._listening() if counts(port) or concerns(port)}
        if not ports:
            return Listening({})
        # What listens was listed before who runs, so nothing of a new container is taken for a stranger's.
        found: dict[str, dict[int, None]] = {}
        taken: dict[str, None] = {}
        for container_id, processes in self._processes().items():
            for socket in self._held(processes, ports):
                taken[socket] = None
                if counts(ports[socket]):
                    found.setdefault(container_id, {})[ports[socket]] = None
        left = {socket: port for socket, port in ports.items() if socket not in taken and concerns(port)}
        containers = {container_id: tuple(sorted(some)) for container_id, some in found.items()}
        return Listening(containers, tuple(sorted(self._name(left), key=lambda one: one.port)))

    def _listening(self) -> Iterator[tuple[str, int]]:
        """Sockets that listen, as links to them are written, and their ports."""
        for table in _TABLES:
            with contextlib.suppress(FileNotFoundError), (self._proc / table).open(encoding="ascii") as lines:
                next(lines)  # the heading
                for line in lines:
                    # Its number, its own address, the other's, and its state; the tenth is the socket's.
                    fields = line.split(maxsplit=10)
                    if fields[3] != _LISTENS:
                        break
                    yield f"socket:[{fields[9]}]", int(fields[1].rpartition(":")[2], 16)

    def _held(self, processes: Iterable[int], wanted: Mapping[str, int]) -> Iterator[str]:
        """Which of these sockets these processes have open."""
        for process in processes:
            # It may have ended, or belong to somebody else.
            with contextlib.suppress(OSError):
                folder = os.open(
                    self._proc / str(process) / "fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
                )
                try:
                    yield from _open_files(folder, wanted)
                finally:
                    os.close(folder)

    def _name(self, sockets: Mapping[str, int]) -> list[Stranger]:
        """Whose these are, as far as that can be told."""
        known = {socket: self._strangers[socket] for socket in sockets if socket in self._strangers}
        unknown = {socket: port for socket, port in sockets.items() if socket not in known}
        if unknown:
            known.update((socket, Stranger(port)) for socket, port in unknown.items())
            for process in self._all():
                for socket in self._held((process,), unknown):
                    known[socket] = Stranger(unknown[socket], process, self._called(process))
        self._strangers = known
        return list(dict.fromkeys(known.values()))

    def _all(self) -> list[int]:
        return sorted(int(name) for name in os.listdir(self._proc) if name.isdecimal())  # noqa: PTH208

    def _called(self, process: int) -> str:
        with contextlib.suppress(OSError):
            return (self._proc / str(process) / "comm").read_text(errors="replace").strip()
        return ""


def ephemeral_ports(proc: Path = _PROC) -> tuple[tuple[int, int], ...]:
    """The ranges that the kernel takes a port from for whoever does not care which one it has."""
    try:
        first, last = map(int, (proc / _EPHEMERAL).read_text(encoding="ascii").split())
        reserved = (proc / _RESERVED).read_text(encoding="ascii").strip()
    except OSError:
        return ()
    found = []
    for part in sorted(reserved.split(","), key=_begin) if reserved else ():
        begin, _, end = part.partition("-")
        if first < int(begin) <= last:
            found.append((first, int(begin) - 1))
        first = max(first, int(end or begin) + 1)
    if first <= last:
        found.append((first, last))
    return tuple(found)


def _begin(part: str) -> int:
    return int(part.partition("-")[0])


def _open_files(folder: int, wanted: Mapping[str, int]) -> Iterator[str]:
    for name in os.listdir(folder):
        with contextlib.suppress(OSError):
            target = os.readlink(name, dir_fd=folder)
            if target in wanted:
                yield target

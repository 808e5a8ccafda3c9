"""What an agent's flags say of its containers, read."""

from __future__ import annotations

from typing import Final

import msgspec

from transport.messages.container_spec import Device
from transport.records.container import ContainerInfo

#: A grant, or a prefix, of everything.
EVERYTHING: Final = "*"
#: Places of every host that no container may see parts of unless that is granted: what is there the host
#: trusts, or has root run later.
SYSTEM_PLACES: Final = (
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/var/cache",
    "/var/lib",
    "/var/run",
    "/var/spool",
)


class Dns(msgspec.Struct, frozen=True):
    """How names are looked up in a container."""

    nameservers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """By default: plain processes, kept from nothing."""

    containerizers: tuple[str, ...] = ("mesos",)
    #: Names as in --isolation; those of Linux only where its launcher is used.
    isolators: tuple[str, ...] = ()
    #: Where the agent keeps all it has: persistent volumes are below it.
    work_dir: str = "/"
    #: Whether what a container asks for of CPUs is also the most that it gets.
    caps_cpus: bool = False
    #: Where a container of Docker finds its sandbox.
    sandbox_directory: str = "/mnt/mesos/sandbox"
    #: For those that say nothing of their container.
    default_container: ContainerInfo | None = None
    #: By the name of Docker's network.
    dns: dict[str, Dns] = {}
    shm_bytes: int | None = None
    #: Names in small letters.
    effective_capabilities: tuple[str, ...] | None = None
    bounding_capabilities: tuple[str, ...] | None = None
    devices: tuple[Device, ...] = ()
    #: The folder of seccomp profiles, and which of them is for those that name none; None: ours.
    seccomp_dir: str | None = None
    seccomp_profile: str | None = None
    #: Whether outermost containers may not see the agent's processes, or its shared memory.
    denies_agent_pids: bool = False
    denies_agent_ipc: bool = False
    #: Host paths below which folders are made for volumes.
    makes_below: tuple[str, ...] = ()
    #: Options of Docker that are granted besides the safe ones, and `privileged`.
    docker_grants: tuple[str, ...] = ()
    #: Host paths below which volumes may lie wherever they are; `*`: everywhere.
    host_volumes: tuple[str, ...] = ()
    #: Places that no volume may show, and that are hidden where that can be: what agents and dockerd keep.
    private: tuple[str, ...] = ()

    def isolates(self, isolator: str) -> bool:
        """Whether an isolator is on."""
        return isolator in self.isolators

    def grants(self, option: str) -> bool:
        """Whether an option of Docker is granted that is not safe."""
        return option in self.docker_grants or EVERYTHING in self.docker_grants


#: Plain processes.
PLAIN: Final = Rules()

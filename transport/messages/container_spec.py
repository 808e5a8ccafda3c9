"""What is to run in a container, what it may use, and what keeps it from the rest of the host.

The names are those of `containerizers.spec`, which knows no messages; paths are absolute, sizes in bytes.
"""

from __future__ import annotations

from collections.abc import Mapping

from transport.record import Record


class ConsoleSpec(Record):
    """That a container's input and output go through this process, so that others can attach to them."""

    #: Rows and columns of its pseudo terminal, 0 where that does not matter; None: it has three pipes.
    terminal: tuple[int, int] | None = None
    #: Whether nothing is read of what it writes before somebody listens.
    waits: bool = False


class VolumeLimit(Record):
    """A persistent volume of a container, which lies outside of the folder that it works in."""

    #: Absolute, on the host.
    path: str
    #: How much may be in it.
    limit_bytes: int
    persistence_id: str = ""


class Limits(Record):
    """What a container may use; None: as much as there is."""

    #: Processors that are its own when others want them, too; and how many it never exceeds.
    cpus: float | None = None
    cpus_limit: float | None = None
    #: Memory that is taken from it last; and what it is ended above.
    memory_bytes: int | None = None
    memory_limit_bytes: int | None = None
    #: Of the folder it works in.
    disk_bytes: int | None = None
    #: Of what lies elsewhere.
    volumes: tuple[VolumeLimit, ...] = ()
    #: Ranges, both ends included, of the ports of the host it may listen on; none where there are no ranges.
    ports: tuple[tuple[int, int], ...] | None = None


class Mount(Record):
    """Something of the host, or made up, that a container sees."""

    #: Where: absolute, or below the folder it works in.
    target: str
    #: A file or folder of the host; None when it is made up.
    source: str | None = None
    #: `source` is relative to this folder, out of which no symbolic link may lead.
    beneath: str | None = None
    #: Whether to make a folder where there is no `source`.
    makes_source: bool = False
    #: Made up: a file in memory, which only the container's user may read.
    content: bytes | None = None
    read_only: bool = False
    #: Whether mounts that are made on the host later are seen, and the other way round, too.
    follows_host: bool = False
    shared_with_host: bool = False


class RLimit(Record):
    """A limit of each process; `name` as in `RLIMIT_…`, small letters. None: unlimited."""

    name: str
    soft: int | None = None
    hard: int | None = None


class Device(Record):
    """A device that may be used; `access` is made of r, w and m (making its node)."""

    path: str
    access: str = "rwm"


class Isolation(Record):
    """What keeps a container from the rest of the host; only on Linux, most of it only for root."""

    #: Of `pid`, `ipc`, `uts`, `net`, `cgroup` and `mount`, those that are its own.
    namespaces: tuple[str, ...] = ()
    #: Needs a namespace `uts`.
    hostname: str | None = None
    #: Size of a /dev/shm of its own; None: it has none. Needs `mount`.
    shm_bytes: int | None = None
    #: Need `mount`.
    mounts: tuple[Mount, ...] = ()
    #: Whether /tmp and /var/tmp are its own, and are gone with it. Needs `mount`.
    private_tmp: bool = False
    #: Folders and files of the host that are hidden from it: what agents and dockerd keep. Needs `mount`.
    hidden: tuple[str, ...] = ()
    #: Whether it can write to no files of the host but those in its folder, in mounts and in its own /tmp:
    #: for programs of root, whom else nothing keeps from what the host runs. Needs `mount`.
    read_only_host: bool = False
    rlimits: tuple[RLimit, ...] = ()
    #: Names in small letters, without `cap_`; None: those of the process that makes it, for root.
    effective_capabilities: tuple[str, ...] | None = None
    bounding_capabilities: tuple[str, ...] | None = None
    no_new_privileges: bool = False
    #: `default`, or the path of a profile in Docker's format; None: every system call may be made.
    seccomp: str | None = None
    #: None: all of the host.
    devices: tuple[Device, ...] | None = None


class PortMapping(Record):
    """A port of the host that leads to one of the container; `protocol` is tcp or udp."""

    host: int
    container: int
    protocol: str = "tcp"


class DockerVolume(Record):
    """What Docker mounts: `source` is an absolute path of the host, or a volume's name."""

    source: str
    target: str
    read_only: bool = False
    driver: str | None = None
    options: Mapping[str, str] = {}


class DockerSpec(Record):
    """That Docker makes the container, and from what."""

    image: str
    #: Whether to ask the registry even if the image is there.
    pulls: bool = False
    #: None: that of the image.
    entrypoint: tuple[str, ...] | None = None
    #: `host`, `bridge`, `none`, or the name of a network that was made by the user.
    network: str = "host"
    ports: tuple[PortMapping, ...] = ()
    volumes: tuple[DockerVolume, ...] = ()
    #: Where in the container the folder is that it works in on the host.
    sandbox: str = "/mnt/mesos/sandbox"
    hostname: str | None = None
    privileged: bool = False
    #: Further options of `docker run`, without `--`, that were granted.
    options: tuple[tuple[str, str], ...] = ()
    dns: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()
    dns_options: tuple[str, ...] = ()
    labels: Mapping[str, str] = {}


class WantedFile(Record):
    """A file to fetch (mesos-protocol.md §12, CommandInfo.URI)."""

    uri: str
    executable: bool = False
    extract: bool = True
    cache: bool = False
    #: Its name in the folder; None: as the URI ends.
    output_file: str | None = None


class ContainerSpec(Record):
    """What is to run in a container; paths are absolute."""

    #: The program and its arguments; the program is looked up in PATH of `environment`. With Docker there may
    #: be none: then the image says what runs.
    arguments: tuple[str, ...]
    directory: str
    environment: Mapping[str, str] = {}
    #: A user's name; None: that of this process. With Docker it does not count: an image has its own users.
    user: str | None = None
    #: Files that take what it writes, appended to; None: /dev/null.
    stdout: str | None = None
    stderr: str | None = None
    #: None: it has no input, and only files take its output.
    console: ConsoleSpec | None = None
    #: None: a nested container shares what the one around it may use, any other uses what there is.
    limits: Limits | None = None
    #: None: nothing keeps it from the host.
    isolation: Isolation | None = None
    #: Whether a nested container runs in all that the one around it is kept in: a check, or a session.
    inside: bool = False
    #: None: it is made of processes of this host.
    docker: DockerSpec | None = None
    #: What must be in its folder before it is started.
    files: tuple[WantedFile, ...] = ()

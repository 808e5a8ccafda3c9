"""The flags of an agent that say how containers are made: it gives them to its executor node, too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec

from actors.executor.containment.isolators import read_isolators
from actors.flags import Flags, declared, flag
from actors.units import Bytes, Duration
from actors.values import write_value

_CONTAINERIZERS = ("mesos", "docker")
#: May hold secrets, which the list of processes would show.
SECRET = ("docker_config",)


def _containerizers(text: str) -> str | None:
    names = text.split(",")
    strange = [name for name in names if name not in _CONTAINERIZERS]
    if strange:
        return f"{strange[0]!r}: must be mesos, docker, or both with a comma between them"
    return None if len(set(names)) == len(names) else "must name each once"


def _isolation(text: str) -> str | None:
    try:
        read_isolators(text)
    except ValueError as error:
        return str(error)
    return None


def _at_least(least: int) -> Callable[[int], str | None]:
    return lambda number: None if number >= least else f"must be at least {least}"


def _positive(value: Duration) -> str | None:
    return None if value.seconds > 0 else "must be more than 0"


def _not_negative(value: Duration) -> str | None:
    return None if value.seconds >= 0 else "must not be negative"


def _absolute(text: str) -> str | None:
    return None if text.startswith("/") and ":" not in text else "must be an absolute path without ':'"


def _absolute_if_given(text: str | None) -> str | None:
    return None if text is None else _absolute(text)


def _json(text: str | None) -> str | None:
    try:
        value: Any = {} if text is None else msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        return f"must be JSON: {error}"
    return None if isinstance(value, dict) else "must be a JSON object"


def _group(text: str) -> str | None:
    parts = text.split("/")
    return None if all(parts) and ".." not in parts and "." not in parts else "must be a relative path"


class ContainerFlags(Flags):
    """How containers are made."""

    containerizers: str = flag(
        "mesos",
        "Who makes containers: mesos, docker, or both; each is made by the one that its type names.",
        check=_containerizers,
    )
    isolation: str = flag(
        "posix/cpu,posix/mem",
        "What keeps containers of Mesos apart, as in cgroups/cpu,cgroups/mem,filesystem/linux.",
        check=_isolation,
    )
    launcher: Literal["linux", "posix"] | None = flag(
        None,
        "How containers of Mesos are started; unless given, linux if --isolation needs that, else posix.",
    )
    container_processes: int = flag(
        1024, "How many processes a container may have; 0 for as many as it likes.", check=_at_least(0)
    )

    cgroups_hierarchy: Path = flag(Path("/sys/fs/cgroup"), "Where control groups are mounted.")
    cgroups_root: str = flag("mesos", "The control group below which those of containers are.", check=_group)
    cgroups_enable_cfs: bool = flag(False, "Whether a container never gets more CPU than it asked for.")
    cgroups_limit_swap: bool = flag(False, "Whether what a container swaps out counts as its memory.")

    docker: str = flag("docker", "Docker's client, which is not used: dockerd is spoken to by its socket.")
    docker_socket: str = flag("/var/run/docker.sock", "The socket of dockerd.", check=_absolute)
    docker_config: str | None = flag(
        None, "JSON of Docker's config file, for registries that ask who is there.", check=_json
    )
    docker_remove_delay: Duration = flag(
        Duration.of(6 * 3600), "How long Docker keeps a container that has ended.", check=_not_negative
    )
    docker_kill_orphans: bool = flag(
        True, "Whether Docker's containers of this agent are killed that it knows nothing of."
    )
    docker_stop_timeout: Duration = flag(
        Duration.of(0),
        "From SIGTERM to SIGKILL, when a container of Docker is destroyed.",
        check=_not_negative,
    )
    docker_grants: str = flag(
        "",
        "What containers may ask of Docker though it can lead out of them: options of docker run, and "
        "privileged, as in privileged,cap-add,pid; * for all.",
    )
    sandbox_directory: str = flag(
        "/mnt/mesos/sandbox", "Where a container of Docker finds its sandbox.", check=_absolute
    )

    default_container_dns: str | None = flag(
        None,
        "JSON of how names are looked up in containers of Docker with networks of their own.",
        check=_json,
    )
    default_container_info: str | None = flag(
        None, "JSON of the ContainerInfo of what has none.", check=_json
    )
    default_container_shm_size: Bytes | None = flag(
        None, "Size of the shared memory of a container that has its own, and says nothing of it."
    )
    effective_capabilities: str | None = flag(
        None,
        "JSON of the CapabilityInfo of what containers of Mesos can do.",
        aliases=("allowed_capabilities",),
        check=_json,
    )
    bounding_capabilities: str | None = flag(
        None, "JSON of the CapabilityInfo of what containers of Mesos can ever do.", check=_json
    )
    allowed_devices: str | None = flag(
        None,
        "JSON of the DeviceWhitelist of what containers of Mesos may use besides /dev/null and such.",
        check=_json,
    )
    seccomp_config_dir: Path | None = flag(None, "Folder of seccomp profiles.")
    seccomp_profile_name: str | None = flag(
        None, "The profile of containers that name none; ours unless given."
    )
    disallow_sharing_agent_pid_namespace: bool = flag(
        False, "Whether no container may see the agent's processes, though it asks to."
    )
    disallow_sharing_agent_ipc_namespace: bool = flag(
        False, "Whether no container may see the agent's shared memory, though it asks to."
    )
    host_path_volume_force_creation: str | None = flag(
        None, "Folders below which volumes' host paths are made if they are not there, with : between them."
    )
    host_volumes: str = flag(
        "",
        "Folders below which volumes may lie though they are the system's, with commas between them; * for "
        "everywhere.",
    )

    fetcher_cache_size: Bytes = flag(Bytes(2 * 2**30), "How much fetched files may take that are kept.")
    fetcher_cache_dir: Path | None = flag(None, "Where they are; <tmp>/mesos/fetch unless given.")
    fetcher_stall_timeout: Duration = flag(
        Duration.of(60), "How long a server may send nothing before a fetch is given up.", check=_positive
    )
    frameworks_home: str | None = flag(
        None,
        "Folder that relative paths of files to fetch are in.",
        check=_absolute_if_given,
    )

    enforce_container_disk_quota: bool = flag(
        False, "Whether a container that has more in its sandbox than its disk is ended (disk/du)."
    )
    container_disk_watch_interval: Duration = flag(
        Duration.of(15), "How often sandboxes are looked at (disk/du).", check=_positive
    )
    enforce_container_ports: bool = flag(
        False, "Whether a container that listens on a port that is not its own is ended (network/ports)."
    )
    container_ports_watch_interval: Duration = flag(
        Duration.of(30), "How often ports are looked at (network/ports).", check=_positive
    )
    check_agent_port_range_only: bool = flag(
        False, "Whether only ports count that the agent offers (network/ports)."
    )
    container_ports_isolated_range: str | None = flag(
        None, "The ports that count, as in [8000-9000] (network/ports)."
    )
    container_log_max_size: Bytes | None = flag(
        None, "How large stdout and stderr of a container of Docker become before they are rotated."
    )
    container_log_files: int = flag(2, "How many of them are kept then.", check=_at_least(1))


def given(flags: ContainerFlags) -> tuple[list[str], dict[str, str]]:
    """What was given of them: as words of a command line, and as an environment without its prefix."""
    words, secrets = [], {}
    for one in declared(ContainerFlags):
        value = getattr(flags, one.name)
        if value == one.default:
            continue
        if one.name in SECRET:
            secrets[one.name.upper()] = write_value(value)
        else:
            words.append(f"--{one.name}={write_value(value)}")
    return words, secrets

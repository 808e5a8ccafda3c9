"""From an agent's flags to the rules of its containers; FlagErrors name the flag and the rule."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import msgspec

from actors.agent.container_flags import ContainerFlags
from actors.executor.containment.isolation import capability_names
from actors.executor.containment.isolators import FOR_ROOT, LINUX, read_isolators
from actors.executor.containment.rules import Dns, Rules
from actors.flags import FlagError
from transport import json_v1
from transport.messages.container_spec import Device
from transport.record import Record
from transport.records.container import ContainerInfo
from transport.records.linux import CapabilityInfo, DeviceAccess, DeviceWhitelist
from transport.records.value_text import parse_value

R = TypeVar("R", bound=Record)
Launcher = Literal["linux", "posix"]
_DOCKER_ROOTS: Final = ("/var/lib/docker", "/var/lib/containerd", "/run/containerd", "/run/docker")


def launcher_of(flags: ContainerFlags) -> Launcher:
    """How containers of Mesos are started: by Linux's means where --isolation needs one of them."""
    wanted = [one for one in read_isolators(flags.isolation) if one in LINUX]
    if flags.launcher == "posix" and wanted:
        raise FlagError(f"--launcher=posix: --isolation: {', '.join(wanted)}: needs the launcher linux")
    if sys.platform != "linux" and (wanted or flags.launcher == "linux"):
        raise FlagError(f"--isolation: {', '.join(wanted)}: needs Linux")
    return flags.launcher or ("linux" if wanted else "posix")


def left_out(flags: ContainerFlags) -> tuple[str, ...]:
    """What --isolation names and this user cannot do."""
    isolators = read_isolators(flags.isolation)
    if launcher_of(flags) == "posix" or not any(one in FOR_ROOT for one in isolators):
        return ()
    from containerizers.linux.abilities import Abilities  # noqa: PLC0415  only where it is asked for

    own = Abilities.own()
    if own.makes_namespaces and own.switches_users:
        return ()
    return tuple(one for one in isolators if one in FOR_ROOT)


def cache_dir(flags: ContainerFlags) -> Path:
    """Where fetched files are kept."""
    return flags.fetcher_cache_dir or Path(tempfile.gettempdir()) / "mesos" / "fetch"


def rules_of(flags: ContainerFlags, work_dir: Path, runtime_dir: Path) -> Rules:
    """The rules by which containers are made of an agent that keeps what it has in these folders."""
    absent = left_out(flags)
    isolators = tuple(one for one in read_isolators(flags.isolation) if one not in absent)
    container = _record("default_container_info", flags.default_container_info, ContainerInfo)
    shm = flags.default_container_shm_size
    return Rules(
        containerizers=tuple(flags.containerizers.split(",")),
        isolators=isolators,
        work_dir=str(work_dir),
        caps_cpus=flags.cgroups_enable_cfs,
        sandbox_directory=flags.sandbox_directory,
        default_container=container,
        dns=_dns(flags.default_container_dns),
        shm_bytes=None if shm is None else shm.bytes,
        effective_capabilities=_capabilities("effective_capabilities", flags.effective_capabilities),
        bounding_capabilities=_capabilities("bounding_capabilities", flags.bounding_capabilities),
        devices=_devices(flags.allowed_devices),
        seccomp_dir=None if flags.seccomp_config_dir is None else str(flags.seccomp_config_dir.absolute()),
        seccomp_profile=flags.seccomp_profile_name,
        denies_agent_pids=flags.disallow_sharing_agent_pid_namespace,
        denies_agent_ipc=flags.disallow_sharing_agent_ipc_namespace,
        makes_below=_paths("host_path_volume_force_creation", flags.host_path_volume_force_creation, ":"),
        docker_grants=tuple(filter(None, (one.strip() for one in flags.docker_grants.split(",")))),
        host_volumes=_paths("host_volumes", flags.host_volumes, ","),
        private=(
            *_DOCKER_ROOTS,
            flags.docker_socket,
            str(work_dir),
            str(runtime_dir),
            str(cache_dir(flags).absolute()),
        ),
    )


def _record(name: str, text: str | None, kind: type[R]) -> R | None:
    if text is None:
        return None
    try:
        return json_v1.decode(text.encode(), kind)
    except ValueError as error:
        raise FlagError(f"--{name}: {error}") from None


def _capabilities(name: str, text: str | None) -> tuple[str, ...] | None:
    info = _record(name, text, CapabilityInfo)
    try:
        return None if info is None else capability_names(info)
    except ValueError as error:
        raise FlagError(f"--{name}: {error}") from None


def _devices(text: str | None) -> tuple[Device, ...]:
    allowed = _record("allowed_devices", text, DeviceWhitelist)
    found = []
    for one in () if allowed is None else allowed.allowed_devices:
        if one.device.path is None or not one.device.path.startswith("/dev/"):
            raise FlagError("--allowed_devices: each must have a path in /dev")
        found.append(Device(path=one.device.path, access=_access(one.access)))
    return tuple(found)


def _access(access: DeviceAccess.Access) -> str:
    letters = (("r", access.read), ("w", access.write), ("m", access.mknod))
    text = "".join(letter for letter, is_granted in letters if is_granted)
    if not text:
        raise FlagError("--allowed_devices: each must be readable, writable or makeable")
    return text


def _dns(text: str | None) -> dict[str, Dns]:
    """By network's name, from `{"docker": [{"network_mode": "BRIDGE", "dns": {"nameservers": […]}}]}`."""
    found: dict[str, Dns] = {}
    told: Any = {} if text is None else msgspec.json.decode(text)
    try:
        for one in told.get("docker", ()):
            mode = one.get("network_mode", "BRIDGE")
            network = one["network_name"] if mode == "USER" else mode.lower()
            dns = one["dns"]
            if network in found or mode not in ("BRIDGE", "USER"):
                raise FlagError(f"--default_container_dns: {network}: must be BRIDGE or USER, and there once")
            parts = (dns.get(key, []) for key in ("nameservers", "search", "options"))
            found[network] = Dns(*(tuple(str(item) for item in part) for part in parts))
    except (KeyError, AttributeError, TypeError) as error:
        raise FlagError(f"--default_container_dns: is no ContainerDNSInfo: {error!r}") from None
    return found


def _paths(name: str, text: str | None, divider: str) -> tuple[str, ...]:
    paths = tuple(filter(None, (one.strip() for one in (text or "").split(divider))))
    for path in paths:
        if path != "*" and (not path.startswith("/") or ".." in path.split("/")):
            raise FlagError(f"--{name}: {path!r}: must be an absolute path that leads nowhere up")
    return tuple(path if path == "*" else "/" + path.strip("/") for path in paths)


def docker_config(flags: ContainerFlags) -> dict[str, Any] | None:
    """What Docker's config file would say."""
    config: dict[str, Any] | None = (
        None if flags.docker_config is None else msgspec.json.decode(flags.docker_config)
    )
    return config


def isolated_ports(flags: ContainerFlags) -> tuple[tuple[int, int], ...] | None:
    """The ports that network/ports is about; None: all."""
    text = flags.container_ports_isolated_range
    if text is None:
        return None
    if flags.check_agent_port_range_only:
        raise FlagError(
            "--container_ports_isolated_range: must not be given with --check_agent_port_range_only"
        )
    return read_ports("container_ports_isolated_range", text)


def read_ports(name: str, text: str) -> tuple[tuple[int, int], ...]:
    """Ranges of ports, as in `[31000-32000]`."""
    try:
        ranges = parse_value(text).ranges
    except ValueError as error:
        raise FlagError(f"--{name}={text}: {error}") from None
    if ranges is None or any(not 0 < one.begin <= one.end < 65536 for one in ranges.range):
        raise FlagError(f"--{name}={text}: must be ranges of ports, as in [31000-32000]")
    return tuple((one.begin, one.end) for one in ranges.range)

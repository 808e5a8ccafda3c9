"""What keeps a container of Linux from the rest of the host, by --isolation and what it asks for itself."""

from __future__ import annotations

from typing import Final

from actors.executor.containment.docker import hostname_of
from actors.executor.containment.rules import EVERYTHING, Rules
from transport.messages.container_spec import Isolation, Mount, RLimit
from transport.records.container import ContainerInfo
from transport.records.linux import CapabilityInfo, LinuxInfo, RLimitInfo

_Ipc = LinuxInfo.IpcMode
_MIB: Final = 2**20
#: Of a /dev/shm whose size nobody says: as much as Docker gives.
_SHM_BYTES: Final = 64 * _MIB
#: What root may do in a container where nobody says: as in Docker, but for raw sockets.
DEFAULT_CAPABILITIES: Final = (
    "audit_write",
    "chown",
    "dac_override",
    "fowner",
    "fsetid",
    "kill",
    "mknod",
    "net_bind_service",
    "setfcap",
    "setgid",
    "setpcap",
    "setuid",
    "sys_chroot",
)
_FILESYSTEM: Final = "filesystem/linux"


def isolation_of(
    container: ContainerInfo | None,
    rules: Rules,
    mounts: tuple[Mount, ...],
    *,
    nested: bool,
    is_root: bool = True,
) -> Isolation | None:
    """The isolation of a container of type MESOS; raises ValueError naming what cannot be had.

    None: nothing keeps it from the host.
    """
    linux = (container.linux_info if container is not None else None) or LinuxInfo()
    hostname = None if container is None else hostname_of(container)
    rlimits = None if container is None else container.rlimit_info
    _check_asked(linux, rlimits, hostname, rules)
    bounding, effective = _capabilities(linux, rules)
    private_ipc = _private_ipc(linux, rules, nested=nested)
    of_its_own = {
        "mount": rules.isolates(_FILESYSTEM),
        "pid": _private_pids(linux, rules, nested=nested),
        "ipc": private_ipc,
        "uts": hostname is not None,
    }
    isolation = Isolation(
        read_only_host=_read_only_host(effective, bounding, rules, is_root=is_root),
        namespaces=tuple(name for name, own in of_its_own.items() if own),
        hostname=hostname,
        shm_bytes=_shm_bytes(linux, rules) if private_ipc else None,
        mounts=mounts,
        private_tmp=rules.isolates(_FILESYSTEM),
        hidden=rules.private if rules.isolates(_FILESYSTEM) else (),
        rlimits=_rlimits(rlimits),
        effective_capabilities=effective,
        bounding_capabilities=bounding,
        no_new_privileges=rules.isolates("linux/nnp"),
        seccomp=_seccomp(linux, rules),
        devices=rules.devices if rules.isolates("cgroups/devices") else None,
    )
    return None if isolation == Isolation() else isolation


def _check_asked(linux: LinuxInfo, rlimits: RLimitInfo | None, hostname: str | None, rules: Rules) -> None:
    """What is asked for must be had: its isolator is on."""
    capabilities = linux.capability_info or linux.effective_capabilities or linux.bounding_capabilities
    asked: tuple[tuple[str, object, str], ...] = (
        ("linux_info: capabilities", capabilities, "linux/capabilities"),
        ("linux_info.seccomp", linux.seccomp, "linux/seccomp"),
        ("linux_info.ipc_mode", linux.ipc_mode is _Ipc.PRIVATE, "namespaces/ipc"),
        ("linux_info.shm_size", linux.shm_size, "namespaces/ipc"),
        ("linux_info.share_pid_namespace", linux.share_pid_namespace is False, "namespaces/pid"),
        ("rlimit_info", rlimits is not None and rlimits.rlimits, "posix/rlimits"),
        ("hostname", hostname, _FILESYSTEM),
    )
    for field, value, isolator in asked:
        if value and not rules.isolates(isolator):
            raise ValueError(f"container.{field}: needs {isolator} in the agent's --isolation")


def _private_pids(linux: LinuxInfo, rules: Rules, *, nested: bool) -> bool:
    if not rules.isolates("namespaces/pid"):
        return False
    if not linux.share_pid_namespace:
        return True
    if rules.denies_agent_pids and not nested:
        raise ValueError(
            "container.linux_info.share_pid_namespace: sharing the agent's is not allowed "
            "(--disallow_sharing_agent_pid_namespace)"
        )
    return False


def _private_ipc(linux: LinuxInfo, rules: Rules, *, nested: bool) -> bool:
    if not rules.isolates("namespaces/ipc"):
        return False
    if linux.ipc_mode is not _Ipc.SHARE_PARENT:
        return True
    if linux.shm_size is not None:
        raise ValueError("container.linux_info.shm_size: must not be set where ipc_mode is SHARE_PARENT")
    if rules.denies_agent_ipc and not nested:
        raise ValueError(
            "container.linux_info.ipc_mode: sharing the agent's is not allowed "
            "(--disallow_sharing_agent_ipc_namespace)"
        )
    return False


def _shm_bytes(linux: LinuxInfo, rules: Rules) -> int:
    if linux.shm_size is not None:
        return linux.shm_size * _MIB
    return _SHM_BYTES if rules.shm_bytes is None else rules.shm_bytes


def _capabilities(linux: LinuxInfo, rules: Rules) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """The bounding and the effective set: what the container asks for, else what the flags say."""
    if not rules.isolates("linux/capabilities"):
        return None, None
    asked = linux.effective_capabilities or linux.capability_info
    effective = rules.effective_capabilities if asked is None else capability_names(asked)
    highest = rules.bounding_capabilities
    if linux.bounding_capabilities is not None:
        bounding: tuple[str, ...] | None = capability_names(linux.bounding_capabilities)
    elif highest is not None:
        bounding = highest
    else:
        bounding = DEFAULT_CAPABILITIES if effective is None else effective
    assert bounding is not None
    _check_within("bounding_capabilities", bounding, highest, "the agent's --bounding_capabilities")
    _check_within("effective_capabilities", effective or (), bounding, "the bounding capabilities")
    return bounding, effective


def _read_only_host(
    effective: tuple[str, ...] | None, bounding: tuple[str, ...] | None, rules: Rules, *, is_root: bool
) -> bool:
    """Whether the host's own files cannot be changed: else root could have the host do what it wants.

    Not where the agent grants all of the host's places, nor to who could mount them anew.
    """
    if not (is_root and rules.isolates(_FILESYSTEM) and rules.isolates("linux/capabilities")):
        return False
    held = bounding if effective is None else effective
    return EVERYTHING not in rules.host_volumes and "sys_admin" not in (held or ())


def _check_within(field: str, asked: tuple[str, ...], most: tuple[str, ...] | None, whose: str) -> None:
    beyond = [] if most is None else [name for name in asked if name not in most]
    if beyond:
        raise ValueError(f"container.linux_info.{field}: {', '.join(beyond).upper()}: not allowed by {whose}")


def capability_names(info: CapabilityInfo) -> tuple[str, ...]:
    """Names in small letters; raises ValueError for a capability that nobody knows."""
    if CapabilityInfo.Capability.UNKNOWN in info.capabilities:
        raise ValueError("container.linux_info: UNKNOWN is no capability")
    return tuple(dict.fromkeys(one.value.lower() for one in info.capabilities))


def _seccomp(linux: LinuxInfo, rules: Rules) -> str | None:
    if not rules.isolates("linux/seccomp"):
        return None
    asked = linux.seccomp
    name = None if asked is None else asked.profile_name
    if asked is not None and asked.unconfined:
        if name:
            raise ValueError("container.linux_info.seccomp: has a profile_name and is unconfined")
        return None
    name = name or rules.seccomp_profile
    if name is None:
        return "default"
    if rules.seccomp_dir is None:
        raise ValueError(f"container.linux_info.seccomp: {name!r}: the agent has no --seccomp_config_dir")
    if "/" in name or "\0" in name or name in (".", ".."):
        raise ValueError(f"container.linux_info.seccomp.profile_name: {name!r}: must be a file's name")
    return f"{rules.seccomp_dir.rstrip('/')}/{name}"


def _rlimits(info: RLimitInfo | None) -> tuple[RLimit, ...]:
    return tuple(_rlimit(one) for one in (() if info is None else info.rlimits))


def _rlimit(limit: RLimitInfo.RLimit) -> RLimit:
    kind = limit.type
    if kind is None or kind is RLimitInfo.RLimit.Type.UNKNOWN:
        raise ValueError("container.rlimit_info: a limit must have a type")
    name = kind.value.removeprefix("RLMT_").lower()
    if (limit.soft is None) != (limit.hard is None):
        raise ValueError(f"container.rlimit_info: {kind.value}: must have both hard and soft, or neither")
    if limit.soft is not None and limit.hard is not None and limit.soft > limit.hard:
        raise ValueError(f"container.rlimit_info: {kind.value}: soft must not be more than hard")
    return RLimit(name=name, soft=limit.soft, hard=limit.hard)

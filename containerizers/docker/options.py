"""Options of `docker run` that users give as parameters, and what they are in Docker's API."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

#: What a request to create a container holds: `HostConfig` and others in it are such mappings, too.
Body: TypeAlias = dict[str, Any]
_Apply: TypeAlias = Callable[[Body, str], None]

#: Options that let nobody out of a container, nor take from others; for an agent that grants nothing else.
SAFE_OPTIONS: Final = frozenset(
    {
        "add-host",
        "cap-drop",
        "cpuset-cpus",
        "cpuset-mems",
        "dns",
        "dns-opt",
        "dns-option",
        "dns-search",
        "domainname",
        "e",
        "entrypoint",
        "env",
        "expose",
        "group-add",
        "h",
        "health-cmd",
        "health-interval",
        "health-retries",
        "health-start-period",
        "health-timeout",
        "hostname",
        "init",
        "ip",
        "ip6",
        "l",
        "label",
        "memory-swap",
        "memory-swappiness",
        "net-alias",
        "network-alias",
        "no-healthcheck",
        "read-only",
        "shm-size",
        "stop-signal",
        "stop-timeout",
        "tmpfs",
        "u",
        "ulimit",
        "user",
        "w",
        "workdir",
    }
)

#: Limits by which a program would come before those of others.
_PRIORITIES: Final = frozenset({"nice", "rtprio", "rttime"})

_REFUSED: Final = {
    "a": "the container's output goes to its sandbox",
    "attach": "the container's output goes to its sandbox",
    "cidfile": "it names a file of the host",
    "d": "every container is detached",
    "detach": "every container is detached",
    "env-file": "it names a file of the host",
    "i": "input is a matter of the task's tty_info",
    "interactive": "input is a matter of the task's tty_info",
    "label-file": "it names a file of the host",
    "name": "the container's name follows from its id",
    "p": "use docker.port_mappings",
    "platform": "it is not supported",
    "publish": "use docker.port_mappings",
    "publish-all": "use docker.port_mappings",
    "P": "use docker.port_mappings",
    "pull": "use docker.force_pull_image",
    "restart": "whether a task is started again is the scheduler's decision",
    "rm": "the container is removed after --docker_remove_delay",
    "sig-proxy": "signals are sent to the container alone",
    "t": "a terminal is a matter of the task's tty_info",
    "tty": "a terminal is a matter of the task's tty_info",
}

_UNITS = {"": 1, "b": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_DIGITS = r"[0-9]{1,18}(?:\.[0-9]{1,18})?"
_NUMBER = re.compile(_DIGITS)
_SIZE = re.compile(rf"({_DIGITS})\s*([bkmgt]?)(?:i?b)?", re.IGNORECASE)
_PART = re.compile(rf"({_DIGITS})(ns|us|ms|s|m|h)")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")
_NANOSECONDS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}


def is_safe(key: str, value: str) -> bool:
    """Whether an option is one of `SAFE_OPTIONS`, and so is what it says."""
    return key in SAFE_OPTIONS and (key != "ulimit" or value.partition("=")[0] not in _PRIORITIES)


def apply_options(body: Body, options: Iterable[tuple[str, str]]) -> None:
    """Put options of `docker run`, without `--`, into a request; later ones count.

    Raises ValueError, naming the option, for one that is unknown, refused or has a bad value.
    """
    for key, value in options:
        if key in _REFUSED:
            raise ValueError(f"docker parameter {key!r}: is refused: {_REFUSED[key]}")
        apply = _OPTIONS.get(key)
        if apply is None:
            raise ValueError(f"docker parameter {key!r}: there is no such option, or it is not supported")
        try:
            apply(body, value)
        except ValueError as error:
            raise ValueError(f"docker parameter {key!r}: {value!r} {error}") from None


def _at(body: Body, path: str) -> tuple[Body, str]:
    """The mapping that holds the last part of a path, made if it is not there; and that part."""
    *above, last = path.split(".")
    for part in above:
        body = body.setdefault(part, {})
    return body, last


def _put(path: str, read: Callable[[str], object]) -> _Apply:
    def apply(body: Body, value: str) -> None:
        holder, key = _at(body, path)
        holder[key] = read(value)

    return apply


def _append(path: str, read: Callable[[str], object] = str) -> _Apply:
    def apply(body: Body, value: str) -> None:
        holder, key = _at(body, path)
        holder.setdefault(key, []).append(read(value))

    return apply


def _set(path: str, divider: str = "=") -> _Apply:
    def apply(body: Body, value: str) -> None:
        holder, key = _at(body, path)
        name, _, content = value.partition(divider)
        holder.setdefault(key, {})[_text(name)] = content

    return apply


def _text(value: str) -> str:
    if not value:
        raise ValueError("must not be empty")
    return value


def _integer(value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise ValueError("must be a whole number") from None


def _number(value: str) -> float:
    if not _NUMBER.fullmatch(value):
        raise ValueError("must be a number")
    return float(value)


def _size(value: str) -> int:
    found = _SIZE.fullmatch(value.strip())
    if found is None:
        if value.strip() == "-1":
            return -1
        raise ValueError("must be a size, such as 64m")
    return int(float(found[1]) * _UNITS[found[2].lower()])


def _flag(value: str) -> bool:
    if value.lower() not in ("", "true", "false", "1", "0"):
        raise ValueError("must be true or false")
    return value.lower() in ("", "true", "1")


def _nanoseconds(value: str) -> int:
    if not _DURATION.fullmatch(value):
        raise ValueError("must be a duration, such as 30s")
    return int(sum(float(number) * _NANOSECONDS[unit] for number, unit in _PART.findall(value)))


def _nano_cpus(value: str) -> int:
    return int(_number(value) * 1e9)


def _environment(body: Body, value: str) -> None:
    """The last of a name counts; Docker itself would keep both."""
    name, _, content = value.partition("=")
    _text(name)
    kept = [one for one in body.get("Env", ()) if one.partition("=")[0] != name]
    body["Env"] = [*kept, f"{name}={content}"]


def _ulimit(value: str) -> Body:
    name, _, numbers = value.partition("=")
    soft, _, hard = numbers.partition(":")
    try:
        return {"Name": _text(name), "Soft": int(soft), "Hard": int(hard or soft)}
    except ValueError:
        raise ValueError("must be name=soft or name=soft:hard") from None


def _device(value: str) -> Body:
    host, _, rest = value.partition(":")
    inside, _, access = rest.partition(":")
    if inside and not inside.startswith("/"):
        inside, access = "", inside
    if not host.startswith("/") or not set(access) <= set("rwm"):
        raise ValueError("must be /dev/host[:/dev/container][:rwm]")
    return {"PathOnHost": host, "PathInContainer": inside or host, "CgroupPermissions": access or "rwm"}


def _tmpfs(body: Body, value: str) -> None:
    place, _, options = value.partition(":")
    if not place.startswith("/"):
        raise ValueError("must be a path, or path:options")
    body.setdefault("HostConfig", {}).setdefault("Tmpfs", {})[place] = options


def _volume(body: Body, value: str) -> None:
    if ":" not in value:
        body.setdefault("Volumes", {})[_text(value)] = {}
    else:
        body.setdefault("HostConfig", {}).setdefault("Binds", []).append(value)


def _expose(body: Body, value: str) -> None:
    port, _, protocol = value.partition("/")
    if not port.isdecimal() or protocol not in ("", "tcp", "udp", "sctp"):
        raise ValueError("must be a port, or port/protocol")
    body.setdefault("ExposedPorts", {})[f"{port}/{protocol or 'tcp'}"] = {}


def _add_host(value: str) -> str:
    name, separator, address = value.partition(":")
    if not name or not separator or not address:
        raise ValueError("must be name:address")
    return value


def _entrypoint(body: Body, value: str) -> None:
    """As the client of Docker does: one word, or what a shell would make of it."""
    body["Entrypoint"] = shlex.split(value) if value else [""]


def _no_healthcheck(body: Body, value: str) -> None:
    if _flag(value):
        body["Healthcheck"] = {"Test": ["NONE"]}


def _health_command(value: str) -> list[str]:
    return ["CMD-SHELL", _text(value)]


def _security(value: str) -> str:
    """`name:value` is an older form of `name=value`."""
    name, colon, rest = value.partition(":")
    return f"{name}={rest}" if colon and "=" not in name else value


def _all_gpus(body: Body, value: str) -> None:
    count = -1 if value == "all" else _integer(value)
    request = {"Driver": "", "Count": count, "Capabilities": [["gpu"]]}
    body.setdefault("HostConfig", {}).setdefault("DeviceRequests", []).append(request)


#: In a request they are at this place until it is known which network they are for.
_ALIASES, _IPV4, _IPV6 = (
    "Endpoint.Aliases",
    "Endpoint.IPAMConfig.IPv4Address",
    "Endpoint.IPAMConfig.IPv6Address",
)

_OPTIONS: Final[Mapping[str, _Apply]] = {
    "add-host": _append("HostConfig.ExtraHosts", _add_host),
    "blkio-weight": _put("HostConfig.BlkioWeight", _integer),
    "cap-add": _append("HostConfig.CapAdd", _text),
    "cap-drop": _append("HostConfig.CapDrop", _text),
    "cgroup-parent": _put("HostConfig.CgroupParent", _text),
    "cgroupns": _put("HostConfig.CgroupnsMode", _text),
    "cpu-period": _put("HostConfig.CpuPeriod", _integer),
    "cpu-quota": _put("HostConfig.CpuQuota", _integer),
    "cpu-shares": _put("HostConfig.CpuShares", _integer),
    "cpus": _put("HostConfig.NanoCpus", _nano_cpus),
    "cpuset-cpus": _put("HostConfig.CpusetCpus", _text),
    "cpuset-mems": _put("HostConfig.CpusetMems", _text),
    "device": _append("HostConfig.Devices", _device),
    "device-cgroup-rule": _append("HostConfig.DeviceCgroupRules", _text),
    "dns": _append("HostConfig.Dns", _text),
    "dns-opt": _append("HostConfig.DnsOptions", _text),
    "dns-option": _append("HostConfig.DnsOptions", _text),
    "dns-search": _append("HostConfig.DnsSearch", _text),
    "domainname": _put("Domainname", _text),
    "e": _environment,
    "entrypoint": _entrypoint,
    "env": _environment,
    "expose": _expose,
    "gpus": _all_gpus,
    "group-add": _append("HostConfig.GroupAdd", _text),
    "h": _put("Hostname", _text),
    "health-cmd": _put("Healthcheck.Test", _health_command),
    "health-interval": _put("Healthcheck.Interval", _nanoseconds),
    "health-retries": _put("Healthcheck.Retries", _integer),
    "health-start-period": _put("Healthcheck.StartPeriod", _nanoseconds),
    "health-timeout": _put("Healthcheck.Timeout", _nanoseconds),
    "hostname": _put("Hostname", _text),
    "init": _put("HostConfig.Init", _flag),
    "ip": _put(_IPV4, _text),
    "ip6": _put(_IPV6, _text),
    "ipc": _put("HostConfig.IpcMode", _text),
    "l": _set("Labels"),
    "label": _set("Labels"),
    "link": _append("HostConfig.Links", _text),
    "log-driver": _put("HostConfig.LogConfig.Type", _text),
    "log-opt": _set("HostConfig.LogConfig.Config"),
    "mac-address": _put("MacAddress", _text),
    "memory": _put("HostConfig.Memory", _size),
    "memory-reservation": _put("HostConfig.MemoryReservation", _size),
    "memory-swap": _put("HostConfig.MemorySwap", _size),
    "memory-swappiness": _put("HostConfig.MemorySwappiness", _integer),
    "net": _put("HostConfig.NetworkMode", _text),
    "net-alias": _append(_ALIASES, _text),
    "network": _put("HostConfig.NetworkMode", _text),
    "network-alias": _append(_ALIASES, _text),
    "no-healthcheck": _no_healthcheck,
    "oom-kill-disable": _put("HostConfig.OomKillDisable", _flag),
    "oom-score-adj": _put("HostConfig.OomScoreAdj", _integer),
    "pid": _put("HostConfig.PidMode", _text),
    "pids-limit": _put("HostConfig.PidsLimit", _integer),
    "privileged": _put("HostConfig.Privileged", _flag),
    "read-only": _put("HostConfig.ReadonlyRootfs", _flag),
    "runtime": _put("HostConfig.Runtime", _text),
    "security-opt": _append("HostConfig.SecurityOpt", _security),
    "shm-size": _put("HostConfig.ShmSize", _size),
    "stop-signal": _put("StopSignal", _text),
    "stop-timeout": _put("StopTimeout", _integer),
    "storage-opt": _set("HostConfig.StorageOpt"),
    "sysctl": _set("HostConfig.Sysctls"),
    "tmpfs": _tmpfs,
    "u": _put("User", _text),
    "ulimit": _append("HostConfig.Ulimits", _ulimit),
    "user": _put("User", _text),
    "userns": _put("HostConfig.UsernsMode", _text),
    "uts": _put("HostConfig.UTSMode", _text),
    "v": _volume,
    "volume": _volume,
    "volume-driver": _put("HostConfig.VolumeDriver", _text),
    "volumes-from": _append("HostConfig.VolumesFrom", _text),
    "w": _put("WorkingDir", _text),
    "workdir": _put("WorkingDir", _text),
}

#: All options that are understood.
OPTIONS: Final = frozenset(_OPTIONS)
